//! The cases as proposals look at them: words sentence by sentence, what fires, what their labels stand for.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::SUPPORT;
use crate::bundle::Bundle;
use crate::knowledge::Case;
use crate::text::{Text, groups, normalise};

/// Characters of a term that is proposed.
const TERM: RangeInclusive<usize> = 2..=8;

/// All cases, with the words that at least [`SUPPORT`] of them have.
pub(super) struct Corpus {
    /// Words by number.
    pub(super) words: Vec<Box<str>>,
    /// In the order of the cases given.
    pub(super) cases: Vec<One>,
}

/// A case.
pub(super) struct One {
    /// Which of the cases given it is.
    pub(super) place: u32,
    /// Its words, sentence by sentence, each sorted.
    pub(super) sentences: Vec<Vec<u32>>,
    /// All of them, sorted.
    pub(super) words: Vec<u32>,
    /// Scenarios that fire on it.
    pub(super) fired: Vec<u32>,
    /// Scenarios that its label may mean, sorted; empty where it means none of them. `None` where the bundle does not know
    /// the label.
    pub(super) label: Option<Vec<u32>>,
    /// Its label as it is written: the category, else the department.
    pub(super) written: Option<String>,
    /// Held back, to measure on.
    pub(super) held: bool,
    /// Its near-copies and it have one number.
    pub(super) group: u32,
}

/// What a case's label says of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// It is this scenario.
    Right,
    /// It may be this or another, and no rule that the label allows fires.
    Open,
    /// It is another.
    Wrong,
    /// It has no label that the bundle knows.
    Unknown,
}

impl One {
    /// Whether all words stand in one sentence.
    pub(super) fn has(&self, words: &[u32]) -> bool {
        let inside = |all: &[u32]| words.iter().all(|word| all.binary_search(word).is_ok());
        inside(&self.words) && (words.len() == 1 || self.sentences.iter().any(|sentence| inside(sentence)))
    }

    /// What the label says of a scenario. A label that several scenarios share is narrowed to those that fire.
    pub(super) fn stand(&self, scenario: u32) -> Stand {
        let Some(label) = &self.label else { return Stand::Unknown };
        let allowed = |scenario: &u32| label.binary_search(scenario).is_ok();
        match allowed(&scenario) {
            false => Stand::Wrong,
            true if label.len() == 1 || self.fired.contains(&scenario) => Stand::Right,
            true if self.fired.iter().any(allowed) => Stand::Wrong,
            true => Stand::Open,
        }
    }
}

impl Corpus {
    /// Reads the cases on all cores.
    pub(super) fn read(
        bundle: &Bundle,
        cases: &[Case],
        on: civil::Date,
        tell: &(dyn Fn(usize, usize) + Sync),
    ) -> Corpus {
        let done = AtomicUsize::new(0);
        let read = |case: &Case| {
            let done = done.fetch_add(1, Ordering::Relaxed);
            if done.is_multiple_of(64) {
                tell(done, cases.len());
            }
            read_one(bundle, case)
        };
        let read = super::measure::on_all_cores(cases, &read);
        let mut known: FxHashMap<&str, u32> = FxHashMap::default();
        for (sentences, _) in &read {
            let mut own: Vec<&str> = sentences.iter().flatten().map(String::as_str).collect();
            own.sort_unstable();
            own.dedup();
            own.into_iter().for_each(|word| *known.entry(word).or_default() += 1);
        }
        let mut words: Vec<Box<str>> =
            known.into_iter().filter(|(_, count)| *count as usize >= SUPPORT).map(|(word, _)| word.into()).collect();
        words.sort_unstable();
        let labels = Labels::new(bundle, on);
        let texts: Vec<String> = cases.iter().map(|case| normalise(&case.text)).collect();
        let groups = groups(&texts);
        let cases = (0..).zip(cases).zip(read).map(|((place, case), (sentences, fired))| {
            let number =
                |word: &String| words.binary_search_by(|known| (**known).cmp(word.as_str())).ok().map(|at| at as u32);
            let numbered = |sentence: &Vec<String>| sorted(sentence.iter().filter_map(number).collect());
            let sentences: Vec<Vec<u32>> = sentences.iter().map(numbered).collect();
            let group = groups[place as usize];
            One {
                place,
                words: sorted(sentences.concat()),
                sentences,
                fired,
                label: labels.of(case),
                written: case.category.clone().or_else(|| case.department.clone()),
                held: is_held_back(&cases[group as usize].id),
                group,
            }
        });
        Corpus { cases: cases.collect(), words }
    }

    /// The label that more than half of the labelled of some cases have; the first in order of two.
    pub(super) fn majority(&self, places: &[u32]) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let written = places.iter().filter_map(|place| self.cases[*place as usize].written.as_deref());
        written.for_each(|label| *counts.entry(label).or_default() += 1);
        let all: usize = counts.values().sum();
        counts.into_iter().find(|(_, count)| count * 2 > all).map(|(label, _)| label.to_owned())
    }
}

fn sorted(mut words: Vec<u32>) -> Vec<u32> {
    words.sort_unstable();
    words.dedup();
    words
}

/// One half of all ids, the same everywhere and always.
fn is_held_back(id: &str) -> bool {
    Sha256::digest(id.as_bytes())[0] % 2 == 1
}

/// The words of a case, sentence by sentence, and the scenarios that fire on it.
fn read_one(bundle: &Bundle, case: &Case) -> (Vec<Vec<String>>, Vec<u32>) {
    let engine = &bundle.engine;
    let text = Text::new(case.title.as_deref(), &case.text);
    let fired = engine.rules().matches(&text).iter().map(|found| found.scenario as u32).collect();
    let mut sentences: Vec<Vec<String>> = vec![Vec::new(); text.sentences().len()];
    let words = text.words(engine.segmenter());
    // What is about one place or person alone is no term.
    let about_one =
        |start: u32, end: u32| text.facts().iter().any(|fact| fact.range.start < end && start < fact.range.end);
    for (at, word) in words.iter().enumerate() {
        // What the dictionary does not know is more often a wrong cut than a word: 根灯 in 有根灯杆.
        let is_word = |range: &Range<u32>| range.len() > 1 && engine.segmenter().knows(text.slice(range.clone()));
        if !is_word(word) {
            continue;
        }
        let pair = words.get(at + 1).filter(|next| is_word(next)).map(|next| word.start..next.end);
        for range in std::iter::once(word.clone()).chain(pair) {
            let term = text.slice(range.clone());
            if is_term(term) && !about_one(range.start, range.end) && engine.catalog().regions_in(term).is_empty() {
                sentences[text.sentence_of(range.start) as usize].push(term.to_owned());
            }
        }
    }
    (sentences, fired)
}

/// Whether a run of characters may be proposed: Chinese, not too short or long, nothing masked.
fn is_term(term: &str) -> bool {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c) && c != '某';
    TERM.contains(&term.chars().count())
        && term.chars().all(|c| chinese(c) || c.is_ascii_alphabetic())
        && term.chars().any(chinese)
}

/// Which scenarios a label may mean, by the bundle's names.
struct Labels<'a> {
    bundle: &'a Bundle,
    /// For each scenario the department that leads in the whole city.
    leads: Vec<Option<&'a str>>,
}

impl<'a> Labels<'a> {
    fn new(bundle: &'a Bundle, on: civil::Date) -> Labels<'a> {
        let engine = &bundle.engine;
        let lead = |scenario: &std::sync::Arc<crate::rules::Scenario>| {
            let row = engine.catalog().responsible(&scenario.id, Some(&scenario.category), None, on)?;
            Some(row.lead.as_str())
        };
        Labels { bundle, leads: engine.rules().scenarios().iter().map(lead).collect() }
    }

    /// By its scenario, else its category, else its department. A category is known where a scenario has one of the same
    /// top level: others are another city's.
    fn of(&self, case: &Case) -> Option<Vec<u32>> {
        let engine = &self.bundle.engine;
        let all = engine.rules().scenarios();
        if let Some(found) = case.scenario.as_deref().and_then(|id| engine.rules().position(id)) {
            return Some(vec![found as u32]);
        }
        let those = |fits: &dyn Fn(usize) -> bool| {
            (0..all.len()).filter(|at| fits(*at)).map(|at| at as u32).collect::<Vec<u32>>()
        };
        if let Some(category) = &case.category {
            let within = |inner: &str, outer: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let top = category.split('/').next();
            let known = all.iter().any(|scenario| Some(scenario.top_category()) == top);
            let fits = |at: usize| within(&all[at].category, category) || within(category, &all[at].category);
            return known.then(|| those(&fits));
        }
        let department = case.department.as_deref().and_then(|name| engine.catalog().department_named(name))?;
        let own = |lead: &str| lead == department.id || Some(lead) == department.parent.as_deref();
        Some(those(&|at| self.leads[at].is_some_and(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(label: Option<&[u32]>, fired: &[u32], sentences: &[&[u32]]) -> One {
        let sentences: Vec<Vec<u32>> = sentences.iter().map(|words| words.to_vec()).collect();
        One {
            place: 0,
            words: sorted(sentences.concat()),
            sentences,
            fired: fired.to_vec(),
            label: label.map(<[u32]>::to_vec),
            written: None,
            held: false,
            group: 0,
        }
    }

    #[test]
    fn a_label_that_several_share_is_narrowed_by_what_fires() {
        for (label, fired, expect) in [
            (None, &[1][..], Stand::Unknown),
            (Some(&[][..]), &[1], Stand::Wrong),
            (Some(&[1]), &[], Stand::Right),
            (Some(&[1]), &[2], Stand::Right),
            (Some(&[2]), &[1], Stand::Wrong),
            (Some(&[1, 2]), &[], Stand::Open),
            (Some(&[1, 2]), &[3], Stand::Open),
            (Some(&[1, 2]), &[1, 2], Stand::Right),
            (Some(&[1, 2]), &[2], Stand::Wrong),
            (Some(&[2, 3]), &[], Stand::Wrong),
        ] {
            assert_eq!(one(label, fired, &[]).stand(1), expect, "{label:?} {fired:?}");
        }
    }

    #[test]
    fn two_words_stand_in_one_sentence() {
        let case = one(None, &[], &[&[1, 2], &[3]]);
        for (words, expect) in [(&[1][..], true), (&[3], true), (&[4], false), (&[1, 2], true), (&[2, 3], false)] {
            assert_eq!(case.has(words), expect, "{words:?}");
        }
    }

    #[test]
    fn about_half_of_all_ids_are_held_back() {
        let held = (0..1_000).filter(|at| is_held_back(&format!("case-{at}"))).count();
        assert!((450..550).contains(&held), "{held}");
        assert!(is_held_back("case-1") == is_held_back("case-1"));
    }

    #[test]
    fn terms_are_chinese_words_that_name_nobody() {
        for (term, expect) in [
            ("漏水", true),
            ("wifi信号", true),
            ("wifi", false),
            ("水", false),
            ("某某", false),
            ("138****", false),
            ("，漏水", false),
            ("城市生活垃圾分类管理", false),
        ] {
            assert_eq!(is_term(term), expect, "{term}");
        }
    }
}
