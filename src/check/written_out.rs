//! Conditions written out: lists become their terms, shared conditions their parts. For comparing what they look for, whatever
//! the order and the names in which it is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::rules::{Clause, Form, Scope, Term, Vocabulary};
use crate::text::FactKind;

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
