//! A naive reading of conditions, straight from their trees, and random conditions to hold something against it.
#![allow(dead_code)] // each test file uses some of it

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use jiesu::rules::{Clause, Compiled, Form, Group, Scenario, Scope, Vocabulary, denied};
use jiesu::source::{Diagnostic, Document, Lang, render_plain};
use jiesu::text::{Segmenter, Text};
use proptest::prelude::*;

/// Rules in memory.
pub(crate) struct Bundle {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) compiled: Compiled,
}

impl Bundle {
    pub(crate) fn new(terms: &str, conditions: &str, scenarios: &[String]) -> Bundle {
        let mut diagnostics = Vec::new();
        let read = |path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>| {
            let document = Document::parse(path, text, diagnostics);
            document.unwrap_or_else(|| panic!("{}", shown(diagnostics)))
        };
        let terms = read("rules/terms/a.yaml", terms, &mut diagnostics);
        let conditions = read("rules/conditions/a.yaml", conditions, &mut diagnostics);
        let vocabulary = Vocabulary::read(&[&terms], &[&conditions], &mut diagnostics);
        let mut read_scenarios = Vec::new();
        for (index, yaml) in scenarios.iter().enumerate() {
            let document = read(&format!("rules/scenarios/a/{index}.yaml"), yaml, &mut diagnostics);
            let scenario = Scenario::read(&document, &mut diagnostics);
            read_scenarios.push(Arc::new(scenario.unwrap_or_else(|| panic!("{yaml}\n{}", shown(&diagnostics)))));
        }
        let segmenter = Segmenter::new([]);
        let compiled = Compiled::new(read_scenarios, &vocabulary, &segmenter, None, &mut diagnostics);
        let compiled = compiled.unwrap_or_else(|| panic!("{}", shown(&diagnostics)));
        Bundle { vocabulary, compiled }
    }

    pub(crate) fn compiled(&self, text: &Text) -> Vec<Found> {
        let found = self.compiled.matches(text).into_iter().map(|found| {
            let id = self.compiled.scenarios()[found.scenario].id.clone();
            (id, found.evidence.iter().map(|e| (e.start, e.end, self.compiled.leaf(e.leaf).what.clone())).collect())
        });
        found.collect()
    }

    pub(crate) fn naive(&self, text: &Text) -> Vec<Found> {
        let naive = Naive::new(&self.vocabulary, text);
        let whole = 0..text.len();
        let scenarios = self.compiled.scenarios().iter();
        scenarios.filter_map(|scenario| Some((scenario.id.clone(), naive.evidence(&scenario.when, &whole)?))).collect()
    }
}

pub(crate) fn shown(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|d| render_plain(d, Lang::En)).collect::<Vec<_>>().join("\n")
}

/// A scenario and its evidence: first character, past the last, what was looked for.
pub(crate) type Found = (String, BTreeSet<(u32, u32, String)>);
pub(crate) type Hits = BTreeSet<(u32, u32, String)>;

/// Reads conditions straight from their trees, with no index, no candidates and no automaton.
pub(crate) struct Naive<'a> {
    vocabulary: &'a Vocabulary,
    text: &'a Text,
    characters: Vec<char>,
    words: Vec<Range<u32>>,
}

impl<'a> Naive<'a> {
    pub(crate) fn new(vocabulary: &'a Vocabulary, text: &'a Text) -> Self {
        let words = text.words(&Segmenter::new([])).to_vec();
        Naive { vocabulary, text, characters: text.normalised().chars().collect(), words }
    }

    /// The evidence of a clause in a window; `None` when it does not hold there.
    pub(crate) fn evidence(&self, clause: &Clause, window: &Range<u32>) -> Option<Hits> {
        let hits = match &clause.form {
            Form::Term { text, whole_word, even_negated } => self.term(text, *whole_word, *even_negated, text, window),
            Form::Reference { name, whole_word, even_negated } => match self.vocabulary.condition(name) {
                Some(condition) => return self.evidence(condition, window),
                None => {
                    let terms = self.vocabulary.terms(name).unwrap();
                    let what = format!("${name}");
                    terms.iter().flat_map(|t| self.term(t, *whole_word, *even_negated, &what, window)).collect()
                }
            },
            Form::Group(group) => return self.group(group, window),
            Form::Near { members, within } => self.near(members, *within, window),
            Form::Regex(pattern) => self.regex(pattern, window),
            Form::Fact(kind) => {
                let facts = self.text.facts().iter().filter(|fact| fact.kind == *kind && inside(&fact.range, window));
                facts.map(|fact| (fact.range.start, fact.range.end, kind.as_str().to_owned())).collect()
            }
        };
        (!hits.is_empty()).then_some(hits)
    }

    fn term(&self, term: &str, whole_word: bool, even_negated: bool, what: &str, window: &Range<u32>) -> Hits {
        let term: Vec<char> = term.chars().collect();
        let mut hits = Hits::new();
        for start in window.start..window.end {
            let range = start..start + term.len() as u32;
            let is_here = range.end <= window.end && self.characters[start as usize..].starts_with(&term);
            let is_word =
                || self.words.iter().any(|w| w.start == range.start) && self.words.iter().any(|w| w.end == range.end);
            if is_here && (even_negated || !self.denied(&range)) && (!whole_word || is_word()) {
                hits.insert((range.start, range.end, what.to_owned()));
            }
        }
        hits
    }

    fn denied(&self, hit: &Range<u32>) -> bool {
        let clause = self.text.clauses().iter().find(|c| c.contains(&hit.start)).unwrap();
        let part =
            |range: Range<u32>| self.characters[range.start as usize..range.end as usize].iter().collect::<String>();
        denied(&part(clause.start..hit.start), &part(hit.clone()), &part(hit.end..clause.end.max(hit.end)))
    }

    fn group(&self, group: &Group, window: &Range<u32>) -> Option<Hits> {
        let title = [self.text.title()];
        let units = match group.scope {
            Scope::Text => std::slice::from_ref(window),
            Scope::Title => &title,
            Scope::Sentence => self.text.sentences(),
            Scope::Clause => self.text.clauses(),
        };
        let mut all = None;
        for unit in units {
            let unit = unit.start.max(window.start)..unit.end.min(window.end);
            if unit.start >= unit.end {
                continue;
            }
            let of = |clauses: &[Clause]| clauses.iter().map(|c| self.evidence(c, &unit)).collect::<Vec<_>>();
            let (some, every, none) = (of(&group.some), of(&group.every), of(&group.none));
            if every.iter().all(Option::is_some)
                && some.iter().flatten().count() >= group.minimum as usize
                && none.iter().all(Option::is_none)
            {
                all.get_or_insert_with(Hits::new).extend(some.into_iter().chain(every).flatten().flatten());
            }
        }
        all
    }

    fn near(&self, members: &[Clause], within: u32, window: &Range<u32>) -> Hits {
        let mut found = Hits::new();
        for sentence in self.text.sentences() {
            let unit = sentence.start.max(window.start)..sentence.end.min(window.end);
            if unit.start >= unit.end {
                continue;
            }
            let mut hits = Vec::new();
            for (member, clause) in members.iter().enumerate() {
                let of_member = self.evidence(clause, &unit).unwrap_or_default();
                hits.extend(of_member.into_iter().map(|(start, end, what)| (start, end, member, what)));
            }
            hits.sort();
            // Chains by joining neighbours, one hit after the other.
            let mut chains: Vec<Vec<(u32, u32, usize, String)>> = Vec::new();
            for hit in hits {
                match chains.last_mut() {
                    Some(chain) if hit.0 <= chain.iter().map(|h| h.1).max().unwrap() + within => chain.push(hit),
                    _ => chains.push(vec![hit]),
                }
            }
            for chain in chains {
                if (0..members.len()).all(|member| chain.iter().any(|hit| hit.2 == member)) {
                    found.extend(chain.into_iter().map(|(start, end, _, what)| (start, end, what)));
                }
            }
        }
        found
    }

    fn regex(&self, pattern: &str, window: &Range<u32>) -> Hits {
        let regex = regex::RegexBuilder::new(pattern).case_insensitive(true).build().unwrap();
        let mut hits = Hits::new();
        for sentence in self.text.sentences() {
            let part: String = self.characters[sentence.start as usize..sentence.end as usize].iter().collect();
            for found in regex.find_iter(&part) {
                let count = |end: usize| sentence.start + part[..end].chars().count() as u32;
                let range = count(found.start())..count(found.end());
                if inside(&range, window) {
                    hits.insert((range.start, range.end, format!("/{pattern}/")));
                }
            }
        }
        hits
    }
}

pub(crate) fn inside(inner: &Range<u32>, outer: &Range<u32>) -> bool {
    inner.start >= outer.start && inner.end <= outer.end
}

pub(crate) const TERMS: &str = "水管: [水管, 管, 自来水]\n坏: [漏, 漏水, 爆, 坏了]\n都: [$水管, $坏, 停电]\n";
pub(crate) const CONDITIONS: &str = "夜间: {any: [夜里, [晚, 上]]}\n漏在夜间: {all: [$坏, $夜间], in: clause}\n";

pub(crate) fn scenario(index: usize, when: &str) -> String {
    format!("id: a/s{index}\ntitle: t\ncategory: c\nwhen: {when}\nreply: r\n")
}

/// Terms over a small alphabet, so that they overlap, repeat and are denied.
pub(crate) fn any_entry() -> impl Strategy<Value = String> {
    let term = prop_oneof![
        "[漏水管停电没晚a1]{1,3}",
        Just("$水管".to_owned()),
        Just("$坏".to_owned()),
        Just("$都".to_owned())
    ];
    let leaf = prop_oneof![
        6 => term.clone(),
        1 => Just("$夜间".to_owned()),
        1 => Just("$漏在夜间".to_owned()),
        1 => (term.clone(), any::<bool>(), any::<bool>()).prop_map(|(term, whole, even)| {
            format!("{{term: {term}, whole_word: {whole}, even_negated: {even}}}")
        }),
        1 => prop_oneof![Just("(漏|爆)了?水"), Just("管.{0,3}漏"), Just("[停漏][电水]+"), Just("\\d电")]
            .prop_map(|regex| format!("{{regex: '{regex}'}}")),
        1 => prop_oneof![Just("amount"), Just("duration")].prop_map(|fact| format!("{{fact: {fact}}}")),
        2 => (prop::collection::vec(near_member(term), 2..4), 0u32..5)
            .prop_map(|(members, within)| format!("{{near: [{}], within: {within}}}", members.join(", "))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4).prop_map(|items| format!("[{}]", items.join(", ")));
        prop_oneof![
            list(),
            (
                list(),
                prop::option::of(list()),
                prop::option::of(list()),
                prop::option::of("clause|sentence|text|title")
            )
                .prop_map(|(first, all, none, scope)| {
                    let mut keys = vec![format!("any: {first}")];
                    keys.extend(all.map(|all| format!("all: {all}")));
                    keys.extend(none.map(|none| format!("none: {none}")));
                    keys.extend(scope.map(|scope| format!("in: {scope}")));
                    format!("{{{}}}", keys.join(", "))
                }),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|items| format!("{{at_least: 2, of: [{}]}}", items.join(", "))),
        ]
    })
}

pub(crate) fn near_member(term: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let choice = prop::collection::vec(term.clone(), 1..3).prop_map(|terms| format!("{{any: [{}]}}", terms.join(", ")));
    prop_oneof![3 => term, 1 => choice]
}

pub(crate) fn any_when() -> impl Strategy<Value = String> {
    let list = || prop::collection::vec(any_entry(), 1..4).prop_map(|items| format!("[{}]", items.join(", ")));
    (list(), any::<bool>(), prop::option::of(list())).prop_map(|(first, all, none)| {
        let key = if all { "all" } else { "any" };
        let none = none.map(|none| format!(", none: {none}")).unwrap_or_default();
        format!("{{{key}: {first}{none}}}")
    })
}
