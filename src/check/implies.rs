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
