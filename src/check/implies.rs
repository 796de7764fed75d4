//! Which part of a condition holds wherever another does.
//!
//! Conditions are written out (lists become their terms, shared conditions their parts) and compared by a few sound rules:
//! what is said to follow does follow on every text; what follows for other reasons is not seen. All parts are held
//! against one window, as members of one group are. Sub-windows lie inside it, so a hit found in one is a hit in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::rules::{Clause, Form, Scope, Vocabulary, denied};
use crate::text::FactKind;

/// A term with how it is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term {
    pub(super) text: String,
    pub(super) whole_word: bool,
    pub(super) even_negated: bool,
}

/// A part of a condition, written out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// One of these.
    Terms(Arc<[Term]>),
    Group {
        scope: Scope,
        some: Vec<Part>,
        minimum: usize,
        every: Vec<Part>,
        none: Vec<Part>,
    },
    Near {
        members: Vec<Part>,
        within: u32,
    },
    Regex(String),
    Fact(FactKind),
}

/// Conditions in conditions, at the most; the compiler refuses more.
const DEEPEST: usize = 12;
/// Pairs of terms that are compared for two lists, at the most: beyond it the lists count as unrelated.
const MOST_PAIRS: usize = 250_000;

/// Writes conditions out, keeping the lists it has read.
pub(super) struct Resolver<'a> {
    vocabulary: &'a Vocabulary,
    lists: FxHashMap<(String, bool, bool), Arc<[Term]>>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary) -> Resolver<'a> {
        Resolver { vocabulary, lists: FxHashMap::default() }
    }

    /// The clause written out; `None` where a name means nothing (an error elsewhere).
    pub(super) fn part(&mut self, clause: &Clause) -> Option<Part> {
        self.deep(clause, 0)
    }

    fn deep(&mut self, clause: &Clause, depth: usize) -> Option<Part> {
        if depth > DEEPEST * 4 {
            return None;
        }
        Some(match &clause.form {
            Form::Term { text, whole_word, even_negated } => {
                let term = Term { text: text.clone(), whole_word: *whole_word, even_negated: *even_negated };
                Part::Terms([term].into())
            }
            Form::Reference { name, whole_word, even_negated } => match self.vocabulary.condition(name) {
                Some(inner) => self.deep(inner, depth + 4)?,
                None => Part::Terms(self.list(name, *whole_word, *even_negated)?),
            },
            Form::Group(group) => Part::Group {
                scope: group.scope,
                some: self.all(&group.some, depth)?,
                minimum: group.minimum as usize,
                every: self.all(&group.every, depth)?,
                none: self.all(&group.none, depth)?,
            },
            Form::Near { members, within } => Part::Near { members: self.all(members, depth)?, within: *within },
            Form::Regex(pattern) => Part::Regex(pattern.clone()),
            Form::Fact(kind) => Part::Fact(*kind),
        })
    }

    fn all(&mut self, clauses: &[Clause], depth: usize) -> Option<Vec<Part>> {
        clauses.iter().map(|clause| self.deep(clause, depth + 1)).collect()
    }

    fn list(&mut self, name: &str, whole_word: bool, even_negated: bool) -> Option<Arc<[Term]>> {
        let key = (name.to_owned(), whole_word, even_negated);
        if let Some(known) = self.lists.get(&key) {
            return Some(Arc::clone(known));
        }
        let terms = self.vocabulary.terms(name)?;
        let terms: Arc<[Term]> =
            terms.into_iter().map(|text| Term { text: text.to_owned(), whole_word, even_negated }).collect();
        self.lists.insert(key, Arc::clone(&terms));
        Some(terms)
    }
}

/// Whether a hit of `one` is always, or has in it, a hit of `other`.
pub(super) fn term_implies(one: &Term, other: &Term) -> bool {
    if one.text == other.text {
        return (one.whole_word || !other.whole_word) && (other.even_negated || !one.even_negated);
    }
    if other.whole_word || one.text.len() <= other.text.len() {
        return false;
    }
    if other.even_negated {
        return one.text.contains(&other.text);
    }
    // What is denied inside the longer term is no hit: 没有停水 has 停水 in it, and not its hit.
    !one.even_negated
        && one.text.match_indices(&other.text).any(|(at, found)| {
            let (before, rest) = one.text.split_at(at);
            !denied(before, found, &rest[found.len()..])
        })
}

/// Whether `other` holds in every window in which `one` does.
pub(super) fn implies(one: &Part, other: &Part) -> bool {
    if one == other || follows_from_inside(one, other) {
        return true;
    }
    match (one, other) {
        (Part::Terms(ones), Part::Terms(others)) => {
            ones.len() * others.len() <= MOST_PAIRS
                && ones.iter().all(|one| others.iter().any(|other| term_implies(one, other)))
        }
        (Part::Near { members, within }, Part::Near { members: others, within: wider }) => {
            within <= wider && members == others
        }
        (_, Part::Group { .. }) => implies_group(one, other),
        _ => false,
    }
}

/// Whether a member of `one` that must hold, or each of those of which one must, implies `other`.
fn follows_from_inside(one: &Part, other: &Part) -> bool {
    match one {
        Part::Group { some, minimum, every, .. } => {
            every.iter().any(|member| implies(member, other))
                || (*minimum > 0 && !some.is_empty() && some.iter().all(|member| implies(member, other)))
        }
        Part::Near { members, .. } => members.iter().any(|member| implies(member, other)),
        Part::Terms(_) | Part::Regex(_) | Part::Fact(_) => false,
    }
}

fn implies_group(one: &Part, other: &Part) -> bool {
    let Part::Group { scope, some, minimum, every, none } = other else { return false };
    if *scope == Scope::Title {
        return false;
    }
    let together = every.len() + minimum;
    // One hit lies in one sentence or clause, whichever; more of them must lie in the same.
    if together == 1 && none.is_empty() && is_one_hit(one) {
        return every.iter().chain(some).any(|member| implies(one, member));
    }
    match one {
        Part::Group { scope: own, some: own_some, minimum: own_minimum, every: own_every, none: own_none } => {
            let needs = |wanted: &Part| {
                own_every.iter().any(|member| implies(member, wanted))
                    || (*own_minimum > 0 && own_some.iter().all(|member| implies(member, wanted)))
            };
            let enough = match minimum {
                0 => true,
                1 => {
                    some.iter().any(needs)
                        || own_every.iter().any(|member| some.iter().any(|wanted| implies(member, wanted)))
                        || (*own_minimum > 0
                            && own_some.iter().all(|member| some.iter().any(|wanted| implies(member, wanted))))
                }
                _ => own_minimum >= minimum && own_some.iter().all(|member| some.contains(member)),
            };
            is_within(*own, *scope)
                && every.iter().all(needs)
                && enough
                && (none.is_empty() || own == scope)
                && none.iter().all(|wanted| own_none.iter().any(|member| implies(wanted, member)))
        }
        Part::Near { members, .. } if none.is_empty() && matches!(scope, Scope::Sentence | Scope::Text) => {
            let needs = |wanted: &Part| members.iter().any(|member| implies(member, wanted));
            every.iter().all(needs)
                && match minimum {
                    0 => true,
                    1 => some.iter().any(needs),
                    _ => false,
                }
        }
        _ => false,
    }
}

/// Whether what holds because of it is a single hit, not several in different places.
fn is_one_hit(part: &Part) -> bool {
    matches!(part, Part::Terms(_) | Part::Regex(_) | Part::Fact(_))
}

/// Whether every window of a scope lies in one of the other.
fn is_within(one: Scope, other: Scope) -> bool {
    let size = |scope| match scope {
        Scope::Clause => 0,
        Scope::Sentence => 1,
        Scope::Text => 2,
        Scope::Title => 3,
    };
    one == other || (one != Scope::Title && other != Scope::Title && size(one) <= size(other))
}

/// All terms that must or may be found for a part to hold; not those that forbid it.
pub(super) fn positive_terms(part: &Part, found: &mut BTreeSet<String>) {
    match part {
        Part::Terms(terms) => found.extend(terms.iter().map(|term| term.text.clone())),
        Part::Group { some, every, .. } => some.iter().chain(every).for_each(|member| positive_terms(member, found)),
        Part::Near { members, .. } => members.iter().for_each(|member| positive_terms(member, found)),
        Part::Regex(pattern) => {
            found.insert(format!("/{pattern}/"));
        }
        Part::Fact(kind) => {
            found.insert(format!("<{kind}>"));
        }
    }
}

/// A part in words that do not depend on the order of what is written side by side.
pub(super) fn canonical(part: &Part) -> String {
    let sorted = |parts: &[Part]| {
        let mut words: Vec<String> = parts.iter().map(canonical).collect();
        words.sort_unstable();
        words.join(",")
    };
    match part {
        Part::Terms(terms) => {
            let mut terms: Vec<String> = terms.iter().map(|term| format!("{term:?}")).collect();
            terms.sort_unstable();
            terms.dedup();
            terms.join("|")
        }
        Part::Group { scope, some, minimum, every, none } => {
            format!("({scope:?} {minimum} {} & {} - {})", sorted(some), sorted(every), sorted(none))
        }
        Part::Near { members, within } => format!("near {within} {}", sorted(members)),
        Part::Regex(pattern) => format!("/{pattern}/"),
        Part::Fact(kind) => format!("<{kind}>"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::rules::{Compiled, Scenario};
    use crate::source::Document;
    use crate::text::{Segmenter, Text};

    /// A scenario with one member of `any`.
    fn scenario(id: &str, member: &str) -> Option<Arc<Scenario>> {
        let yaml = format!("id: a/{id}\ntitle: 甲\ncategory: 乙\nwhen: {{any: [{member}]}}\nreply: 丙\n");
        let document = Document::parse("a.yaml", &yaml, &mut Vec::new())?;
        Scenario::read(&document, &mut Vec::new()).map(Arc::new)
    }

    fn part(scenario: &Scenario) -> Part {
        let vocabulary = Vocabulary::default();
        let Form::Group(group) = &scenario.when.form else { unreachable!() };
        Resolver::new(&vocabulary).part(&group.some[0]).unwrap()
    }

    #[test]
    fn what_follows_from_what() {
        for (one, other, expected) in [
            ("水管漏", "水管", true),
            ("水管", "水管漏", false),
            ("没有停水", "停水", false),
            ("没有停水", "{term: 停水, even_negated: true}", true),
            ("水管", "{term: 水管, whole_word: true}", false),
            ("[水管, 漏]", "漏", true),
            ("[水管, 漏]", "[漏]", true),
            ("漏", "[水管, 漏]", false),
            ("[水管, 漏, 马路]", "[水管, 漏]", true),
            ("{near: [水管, 漏], within: 3}", "[水管, 漏]", true),
            ("[水管, 漏]", "{near: [水管, 漏], within: 3}", false),
            ("{all: [水管, 漏], in: clause}", "[水管, 漏]", true),
            ("{all: [水管, 漏], in: text}", "[水管, 漏]", false),
            ("{any: [水管漏, 爆管漏]}", "漏", true),
            ("{any: [漏], none: [暖气]}", "漏", true),
            ("漏", "{any: [漏], none: [暖气]}", false),
            ("{any: [漏], none: [气]}", "{any: [漏], none: [暖气]}", true),
            ("{any: [漏], none: [暖气]}", "{any: [漏], none: [气]}", false),
            ("{fact: phone}", "{fact: phone}", true),
            ("{fact: phone}", "{fact: plate}", false),
        ] {
            let (first, second) = (scenario("x", one).unwrap(), scenario("y", other).unwrap());
            assert_eq!(implies(&part(&first), &part(&second)), expected, "{one} → {other}");
        }
    }

    fn term() -> impl Strategy<Value = String> {
        prop_oneof![
            "[水管漏没不]{1,3}",
            "[水管漏]{1,2}".prop_map(|term| format!("{{term: {term}, even_negated: true}}")),
            "[水管漏]{1,2}".prop_map(|term| format!("{{term: {term}, whole_word: true}}")),
        ]
    }

    fn clause() -> impl Strategy<Value = String> {
        let scope = prop_oneof![Just(""), Just(", in: clause"), Just(", in: text"), Just(", in: sentence")];
        term().prop_recursive(2, 12, 3, move |inner| {
            let list = |least| prop::collection::vec(inner.clone(), least..4).prop_map(|parts| parts.join(", "));
            let near = (prop::collection::vec("[水管漏]{1,2}", 2..4), 0..4_u32);
            prop_oneof![
                list(1).prop_map(|list| format!("[{list}]")),
                (list(1), scope.clone()).prop_map(|(list, scope)| format!("{{any: [{list}]{scope}}}")),
                (list(1), list(1), scope.clone())
                    .prop_map(|(list, none, scope)| format!("{{all: [{list}], none: [{none}]{scope}}}")),
                list(2).prop_map(|list| format!("{{at_least: 2, of: [{list}]}}")),
                near.prop_map(|(terms, within)| format!("{{near: [{}], within: {within}}}", terms.join(", "))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Whatever is said to follow does, on every text that the matcher is run on.
        #[test]
        fn what_is_said_to_follow_does(
            one in clause(), other in clause(), texts in prop::collection::vec("[水管漏没不，。]{0,12}", 20),
        ) {
            let (Some(first), Some(second)) = (scenario("x", &one), scenario("y", &other)) else { return Ok(()) };
            let (forth, back) = (implies(&part(&first), &part(&second)), implies(&part(&second), &part(&first)));
            if !forth && !back {
                return Ok(());
            }
            let segmenter = Segmenter::new([]);
            let vocabulary = Vocabulary::default();
            let compiled = Compiled::new(vec![first, second], &vocabulary, &segmenter, None, &mut Vec::new());
            let Some(compiled) = compiled else { return Ok(()) };
            for text in &texts {
                let fired: Vec<usize> =
                    compiled.matches(&Text::new(None, text)).iter().map(|found| found.scenario).collect();
                prop_assert!(!forth || !fired.contains(&0) || fired.contains(&1), "{one} → {other}: {text}");
                prop_assert!(!back || !fired.contains(&1) || fired.contains(&0), "{other} → {one}: {text}");
            }
        }
    }
}
