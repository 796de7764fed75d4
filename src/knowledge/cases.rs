//! Past cases with their index: perhaps a hundred thousand, in memory or mapped from files as the caller decides.

use std::sync::OnceLock;

use tantivy::directory::{Directory, RamDirectory};

use super::case::Case;
use super::characters::Characters;
use super::index::{Asked, IndexError, Part, TermIndex};
use super::query::Query;
use super::search::Hit;
use crate::text::{Segmenter, normalise};

/// How often the title counts for each time the text does.
const TITLE: usize = 2;

/// The cases, in order of id, with their index.
///
/// Beside the cases as they are, only what normalising them changed is kept, and which characters they have, once a case
/// has been found: where it changed no letter and no character, the text itself serves for measuring similarity.
#[derive(Debug)]
pub struct Cases {
    cases: Vec<Case>,
    normalised: Vec<OnceLock<Normalised>>,
    index: TermIndex,
}

impl Cases {
    /// Indexes cases (no two of the same id) into an empty directory: one in memory, or a fresh folder of the cache.
    /// `key` names all that the index depends on, the segmenter's words included; [`open`](Cases::open) asks for it.
    /// Takes about 50 µs a case; opening takes about 8 µs.
    ///
    /// # Errors
    /// The directory cannot be written, or has an index already.
    pub fn build(
        directory: &dyn Directory,
        key: &str,
        mut cases: Vec<Case>,
        segmenter: &Segmenter,
    ) -> Result<Cases, IndexError> {
        cases.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let index = TermIndex::build(directory, key, segmenter, cases.iter().map(parts))?;
        Ok(Cases::of(cases, index))
    }

    /// Indexes cases in memory.
    ///
    /// # Errors
    /// The index cannot be built.
    pub fn in_memory(cases: Vec<Case>, segmenter: &Segmenter) -> Result<Cases, IndexError> {
        Cases::build(&RamDirectory::create(), "", cases, segmenter)
    }

    /// Opens what [`build`](Cases::build) wrote into the directory for the same cases and key.
    ///
    /// # Errors
    /// [`IndexError::OtherContent`] when it was written for others, and [`IndexError::Failed`] when it is damaged; in
    /// both cases it is to be built again.
    pub fn open(directory: &dyn Directory, key: &str, mut cases: Vec<Case>) -> Result<Cases, IndexError> {
        let index = TermIndex::open(directory, key)?;
        if index.documents() as usize != cases.len() {
            return Err(IndexError::OtherContent);
        }
        cases.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(Cases::of(cases, index))
    }

    fn of(cases: Vec<Case>, index: TermIndex) -> Cases {
        let normalised = cases.iter().map(|_| OnceLock::new()).collect();
        Cases { cases, normalised, index }
    }

    /// The cases, in order of id.
    pub fn all(&self) -> &[Case] {
        &self.cases
    }

    /// The cases nearest to a query, at most `limit`, best first; of equal ones the smaller id. Only those that `keep`
    /// lets pass: a [`Filter`](super::Filter), or all but a case that is itself being decided.
    pub fn nearest(&self, query: &Query, limit: usize, keep: impl Fn(&Case) -> bool) -> Vec<Hit<'_, Case>> {
        self.nearest_places(query, limit, |place| keep(&self.cases[place as usize]))
            .into_iter()
            .map(|(_, hit)| hit)
            .collect()
    }

    /// The same, with the place of each case in [`all`](Cases::all); `keep` is asked by place.
    pub fn nearest_places(&self, query: &Query, limit: usize, keep: impl Fn(u32) -> bool) -> Vec<(u32, Hit<'_, Case>)> {
        let asked = self.index.ask(query);
        let found = self.index.search(&asked, limit, keep);
        let hit = |(document, score): (u32, f32)| {
            let item = &self.cases[document as usize];
            let similarity =
                self.normalised[document as usize].get_or_init(|| Normalised::of(item)).asked(&asked, item);
            (document, Hit { item, score, similarity })
        };
        found.into_iter().map(hit).collect()
    }
}

/// A case as its similarity is measured.
#[derive(Debug)]
struct Normalised {
    /// Title and text, where normalising changed more than punctuation and blanks.
    text: Option<Box<str>>,
    characters: Characters,
}

impl Normalised {
    fn of(case: &Case) -> Normalised {
        let text = changed(case);
        let characters = match &text {
            Some(text) => Characters::of(&[text]),
            None => Characters::of(&as_it_is(case)),
        };
        Normalised { text, characters }
    }

    fn asked(&self, asked: &Asked<'_>, case: &Case) -> f32 {
        match &self.text {
            Some(text) => asked.similarity(&[text], &self.characters),
            None => asked.similarity(&as_it_is(case), &self.characters),
        }
    }
}

fn as_it_is(case: &Case) -> [&str; 2] {
    [case.title.as_deref().unwrap_or_default(), &case.text]
}

fn parts(case: &Case) -> Vec<Part<'_>> {
    let title = case.title.as_deref().map(|title| (title, TITLE));
    title.into_iter().chain([(case.text.as_str(), 1)]).collect()
}

/// Title and text normalised, where that changes more than punctuation and blanks.
fn changed(case: &Case) -> Option<Box<str>> {
    let own = format!("{}\n{}", case.title.as_deref().unwrap_or_default(), case.text);
    let normalised = normalise(&own);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    (letters(&own) != letters(&normalised)).then(|| normalised.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::case::read_cases;
    use super::*;
    use crate::text::Text;

    const CASES: &str = r#"
        {"id": "c3", "text": "小区水管爆裂，水漫到马路上。", "department": "water"}
        {"id": "c1", "text": "路灯一整排都不亮。", "department": "lights"}
        {"id": "c2", "title": "水管爆裂", "text": "楼下漏水。", "department": "water"}
        {"id": "c4", "text": "小區路燈不亮，ＷＩＦＩ也沒有。", "department": "lights"}
        {"id": "c5", "text": "路灯一整排都不亮。", "department": "lights"}
    "#;

    fn cases() -> Vec<Case> {
        let mut diagnostics = Vec::new();
        let cases = read_cases([("cases.jsonl", CASES)], &mut diagnostics);
        assert!(diagnostics.is_empty());
        cases
    }

    fn ids(cases: &Cases, text: &str, keep: impl Fn(&Case) -> bool) -> Vec<String> {
        let query = Query::from_text(&Text::new(None, text), &Segmenter::new([]));
        cases.nearest(&query, 3, keep).into_iter().map(|hit| hit.item.id.clone()).collect()
    }

    #[test]
    fn the_nearest_cases_come_first() {
        let segmenter = Segmenter::new([]);
        let mut shuffled = cases();
        shuffled.reverse();
        let directory = RamDirectory::create();
        let built = Cases::build(&directory, "key", shuffled, &segmenter).unwrap();
        let opened = Cases::open(&directory, "key", cases()).unwrap();
        for cases in [&built, &opened] {
            assert!(cases.all().is_sorted_by(|a, b| a.id < b.id));
            for (text, expected) in [
                ("水管爆裂", vec!["c2", "c3"]),
                ("路灯一整排不亮", vec!["c1", "c5", "c4"]),
                ("小区路灯", vec!["c4", "c3", "c1"]),
                ("wifi", vec!["c4"]),
                ("停电", vec![]),
            ] {
                assert_eq!(ids(cases, text, |_| true), expected, "{text}");
            }
            assert_eq!(ids(cases, "路灯一整排不亮", |case| case.id != "c1"), ["c5", "c4"]);
        }
    }

    #[test]
    fn similarity_sees_through_full_width_and_traditional_characters() {
        let segmenter = Segmenter::new([]);
        let cases = Cases::build(&RamDirectory::create(), "", cases(), &segmenter).unwrap();
        let changed: Vec<bool> = cases.cases.iter().map(|case| changed(case).is_some()).collect();
        assert_eq!(changed, [false, false, false, true, false]);
        let query = Query::from_text(&Text::new(None, "路灯wifi"), &segmenter);
        assert_eq!(cases.nearest(&query, 1, |_| true)[0].similarity, 1.0);
    }

    #[test]
    fn an_index_of_other_cases_is_refused() {
        let directory = RamDirectory::create();
        Cases::build(&directory, "key", cases(), &Segmenter::new([])).unwrap();
        assert!(matches!(Cases::open(&directory, "other", cases()), Err(IndexError::OtherContent)));
        let fewer = cases().split_off(1);
        assert!(matches!(Cases::open(&directory, "key", fewer), Err(IndexError::OtherContent)));
    }

    #[test]
    fn no_cases_at_all() {
        let directory = RamDirectory::create();
        let none = Cases::build(&directory, "", Vec::new(), &Segmenter::new([])).unwrap();
        assert!(ids(&none, "水管爆裂", |_| true).is_empty());
        assert!(Cases::open(&directory, "", Vec::new()).is_ok());
    }
}
