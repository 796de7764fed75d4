//! A short sentence on which two scenarios both fire: put together from what their conditions ask for, confirmed by the
//! matcher, and then cut down until no character can go.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::rules::{Clause, Compiled, Form, Group, Vocabulary};
use crate::text::{FactKind, Text, normalise};

/// Ways to make one condition hold that are tried.
const RECIPES: usize = 12;
/// Sentences that are tried for a pair.
const TRIES: usize = 200;
/// Characters of a sentence, at the most.
const LONGEST: usize = 60;
/// Named conditions in each other.
const MAX_OPEN: usize = 12;

/// Runs of characters that together make a condition hold.
type Recipe = Vec<String>;

/// Makes sentences for a bundle's rules.
pub struct Maker<'a> {
    rules: &'a Compiled,
    vocabulary: &'a Vocabulary,
}

impl<'a> Maker<'a> {
    /// For compiled rules and what their names stand for.
    pub fn new(rules: &'a Compiled, vocabulary: &'a Vocabulary) -> Maker<'a> {
        Maker { rules, vocabulary }
    }

    /// A sentence on which both scenarios fire, from which no single character can be taken; `None` where none was found.
    pub fn sentence(&self, one: usize, other: usize) -> Option<String> {
        let scenarios = self.rules.scenarios();
        let (first, second) = (&scenarios[one].when, &scenarios[other].when);
        let wanted = (self.terms(first), self.terms(second));
        let shared: BTreeSet<&str> = wanted.0.intersection(&wanted.1).copied().collect();
        let (own, others) = (self.recipes(first, &shared, 0), self.recipes(second, &shared, 0));
        let mut plans: Vec<Vec<&str>> = Vec::new();
        for own in &own {
            for other in &others {
                plans.push(together(own.iter().chain(other)));
            }
        }
        plans.sort_by_key(|plan| plan.iter().map(|piece| piece.chars().count()).sum::<usize>());
        let joined = plans.iter().flat_map(|plan| [overlapped(plan), plan.join("的"), plan.join("，")]);
        let short = joined.filter(|sentence| sentence.chars().count() <= LONGEST).take(TRIES);
        let found = short.into_iter().find(|sentence| self.fires(sentence, one, other))?;
        Some(self.shortened(&found, one, other))
    }

    /// Whether both fire.
    pub fn fires(&self, sentence: &str, one: usize, other: usize) -> bool {
        let found = self.rules.matches(&Text::new(None, sentence));
        [one, other].iter().all(|scenario| found.iter().any(|found| found.scenario == *scenario))
    }

    fn shortened(&self, sentence: &str, one: usize, other: usize) -> String {
        let mut characters: Vec<char> = sentence.chars().collect();
        let mut at = 0;
        while at < characters.len() {
            let mut shorter = characters.clone();
            shorter.remove(at);
            if self.fires(&shorter.iter().collect::<String>(), one, other) {
                characters = shorter;
                // What was needed before may not be any more.
                at = 0;
            } else {
                at += 1;
            }
        }
        characters.into_iter().collect()
    }

    /// All terms that a condition looks for, those of its `none` left out.
    pub(super) fn terms(&self, clause: &'a Clause) -> BTreeSet<&'a str> {
        let mut terms = BTreeSet::new();
        self.collect(clause, 0, &mut terms);
        terms
    }

    fn collect(&self, clause: &'a Clause, open: usize, terms: &mut BTreeSet<&'a str>) {
        match &clause.form {
            Form::Term { text, .. } => {
                terms.insert(text);
            }
            Form::Reference { name, .. } => match self.vocabulary.condition(name) {
                Some(condition) if open < MAX_OPEN => self.collect(condition, open + 1, terms),
                Some(_) => {}
                None => terms.extend(self.vocabulary.terms(name).unwrap_or_default()),
            },
            Form::Group(group) => {
                group.some.iter().chain(&group.every).for_each(|part| self.collect(part, open, terms));
            }
            Form::Near { members, .. } => members.iter().for_each(|part| self.collect(part, open, terms)),
            Form::Regex(_) | Form::Fact(_) => {}
        }
    }

    /// Ways to make a clause hold, the shortest first; those with terms that are `shared` before others.
    fn recipes(&self, clause: &Clause, shared: &BTreeSet<&str>, open: usize) -> Vec<Recipe> {
        let mut found: Vec<Recipe> = match &clause.form {
            Form::Term { text, .. } => vec![vec![text.clone()]],
            Form::Reference { name, .. } => match self.vocabulary.condition(name) {
                Some(condition) if open < MAX_OPEN => self.recipes(condition, shared, open + 1),
                Some(_) => Vec::new(),
                None => {
                    let terms = self.vocabulary.terms(name).unwrap_or_default();
                    terms.into_iter().map(|term| vec![term.to_owned()]).collect()
                }
            },
            Form::Near { members, .. } => {
                let ways = self.all_of(members, shared, open);
                ways.into_iter().map(|pieces| vec![pieces.concat()]).collect()
            }
            Form::Group(group) => self.group(group, shared, open),
            Form::Regex(pattern) => sample(pattern).map(|text| vec![normalise(&text)]).into_iter().collect(),
            Form::Fact(kind) => vec![vec![example(*kind).to_owned()]],
        };
        let length = |recipe: &Recipe| recipe.iter().map(|piece| piece.chars().count()).sum::<usize>();
        let strange = |recipe: &Recipe| recipe.iter().filter(|piece| !shared.contains(piece.as_str())).count();
        found.sort_by_key(|recipe| (strange(recipe), length(recipe)));
        found.truncate(RECIPES);
        found
    }

    fn group(&self, group: &Group, shared: &BTreeSet<&str>, open: usize) -> Vec<Recipe> {
        let every = self.all_of(&group.every, shared, open);
        let some: Vec<Recipe> = match group.minimum {
            0 => vec![Vec::new()],
            1 => group.some.iter().flat_map(|part| self.recipes(part, shared, open)).collect(),
            // Any so many that follow one another.
            several => {
                group.some.windows(several as usize).flat_map(|parts| self.all_of(parts, shared, open)).collect()
            }
        };
        let mut all = Vec::new();
        for every in &every {
            all.extend(some.iter().map(|some| [every.as_slice(), some.as_slice()].concat()));
        }
        all
    }

    /// Ways to make all of some clauses hold.
    fn all_of(&self, clauses: &[Clause], shared: &BTreeSet<&str>, open: usize) -> Vec<Recipe> {
        let mut all: Vec<Recipe> = vec![Vec::new()];
        for clause in clauses {
            let own = self.recipes(clause, shared, open);
            let longer = all.iter().flat_map(|begun| own.iter().map(|own| [begun.as_slice(), own.as_slice()].concat()));
            all = longer.take(RECIPES * RECIPES).collect();
        }
        all
    }
}

/// The pieces, without those that stand in others.
fn together<'p>(pieces: impl Iterator<Item = &'p String>) -> Vec<&'p str> {
    let mut kept: Vec<&str> = Vec::new();
    for piece in pieces {
        if kept.iter().any(|other| other.contains(piece.as_str())) {
            continue;
        }
        kept.retain(|other| !piece.contains(other));
        kept.push(piece);
    }
    kept
}

/// The pieces one after another, each beginning in the end of the one before where they are the same there.
fn overlapped(pieces: &[&str]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let ends = piece.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
        let common = ends.into_iter().find(|end| out.ends_with(&piece[..*end])).unwrap_or(0);
        out.push_str(&piece[common..]);
    }
    out
}

/// A text that an expression matches, as far as it can be read off: the first of every choice, as few as may be.
fn sample(pattern: &str) -> Option<String> {
    let hir = regex_syntax::ParserBuilder::new().nest_limit(30).build().parse(pattern).ok()?;
    let mut out = String::new();
    read_off(&hir, &mut out)?;
    Some(out)
}

fn read_off(hir: &Hir, out: &mut String) -> Option<()> {
    if out.len() > LONGEST * 4 {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = || class.iter();
            let readable = |c: char| c.is_alphanumeric();
            let first = ranges().map(regex_syntax::hir::ClassUnicodeRange::start).find(|c| readable(*c));
            let common = ['一', '1', 'a'].into_iter().find(|c| ranges().any(|r| (r.start()..=r.end()).contains(c)));
            out.push(common.or(first)?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                read_off(&repetition.sub, out)?;
            }
        }
        HirKind::Capture(capture) => read_off(&capture.sub, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| read_off(part, out))?,
        HirKind::Alternation(parts) => read_off(parts.first()?, out)?,
    }
    Some(())
}

/// A fact of a kind, made up.
fn example(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Phone => "400-123-4567",
        FactKind::IdCard => "11010519491231002X",
        FactKind::BankCard => "6222021234567890128",
        FactKind::Plate => "粤A12345",
        FactKind::Amount => "三百元",
        FactKind::Date => "昨天",
        FactKind::Time => "22:30",
        FactKind::Duration => "三天",
        FactKind::OrderNumber => "订单号20261122334455",
        FactKind::Url => "https://example.com/a",
        FactKind::Address => "幸福路12号",
        FactKind::BusLine => "12路公交",
    }
}
