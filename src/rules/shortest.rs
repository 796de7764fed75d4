//! The fewest words that make a clause hold: what to add to a text to see whether it would.
//!
//! They are made from the clause alone and promise nothing: whoever uses them runs the matcher on the result.

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

use super::condition::{Clause, Form, Group};
use super::vocabulary::{Meaning, Vocabulary};
use super::{MAX_TERM, literals};
use crate::text::FactKind;

/// Ways that are kept for one clause.
const MOST_WAYS: usize = 4;
/// Conditions in conditions that are followed.
const MAX_DEPTH: usize = 20;

/// Words that should make a clause hold, the shortest first, four at the most. Nothing is found for some regular
/// expressions.
pub fn shortest(clause: &Clause, vocabulary: &Vocabulary) -> Vec<String> {
    ways(clause, vocabulary, 0)
}

fn ways(clause: &Clause, vocabulary: &Vocabulary, depth: usize) -> Vec<String> {
    if depth > MAX_DEPTH {
        return Vec::new();
    }
    match &clause.form {
        Form::Term { text, .. } => vec![text.clone()],
        Form::Reference { name, .. } => match vocabulary.get(name).map(|definition| &definition.meaning) {
            Some(Meaning::Condition(inner)) => ways(inner, vocabulary, depth + 1),
            _ => best(vocabulary.terms(name).unwrap_or_default().into_iter().map(str::to_owned).collect()),
        },
        Form::Regex(pattern) => of_expression(pattern).into_iter().collect(),
        Form::Fact(kind) => vec![sample(*kind).to_owned()],
        Form::Near { members, .. } => joined(members, vocabulary, depth),
        Form::Group(group) => of_group(group, vocabulary, depth),
    }
}

fn of_group(group: &Group, vocabulary: &Vocabulary, depth: usize) -> Vec<String> {
    let every = joined(&group.every, vocabulary, depth);
    if group.minimum == 0 {
        return every;
    }
    let mut some: Vec<Vec<String>> = group.some.iter().map(|clause| ways(clause, vocabulary, depth + 1)).collect();
    some.retain(|ways| !ways.is_empty());
    if group.minimum == 1 {
        return product(&every, &best(some.into_iter().flatten().collect()));
    }
    some.sort_by_key(|ways| ways[0].chars().count());
    if some.len() < group.minimum as usize {
        return Vec::new();
    }
    some.iter().take(group.minimum as usize).fold(every, |all, ways| product(&all, ways))
}

/// All clauses one after the other; the empty text where there are none.
fn joined(clauses: &[Clause], vocabulary: &Vocabulary, depth: usize) -> Vec<String> {
    let none = vec![String::new()];
    clauses.iter().fold(none, |all, clause| product(&all, &ways(clause, vocabulary, depth + 1)))
}

fn product(left: &[String], right: &[String]) -> Vec<String> {
    best(left.iter().flat_map(|left| right.iter().map(move |right| format!("{left}{right}"))).collect())
}

/// The shortest, in an order that depends on nothing else.
fn best(mut ways: Vec<String>) -> Vec<String> {
    ways.sort_by_cached_key(|way| (way.chars().count(), way.clone()));
    ways.dedup();
    ways.truncate(MOST_WAYS);
    ways
}

/// A fact of a kind as people write it.
fn sample(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Phone => "13800138000",
        FactKind::IdCard => "11010519491231002X",
        FactKind::BankCard => "6222021234567890128",
        FactKind::Plate => "粤A12345",
        FactKind::Amount => "5元",
        FactKind::Date => "昨天",
        FactKind::Time => "8点",
        FactKind::Duration => "三天",
        FactKind::OrderNumber => "订单号20261122334455",
        FactKind::Url => "https://example.com",
        FactKind::Address => "幸福路12号",
        FactKind::BusLine => "地铁2号线",
    }
}

/// A short text that an expression matches, from its structure.
fn of_expression(pattern: &str) -> Option<String> {
    let written = literals::normalised_pattern(pattern);
    let hir = regex_syntax::ParserBuilder::new().build().parse(&written).ok()?;
    of_part(&hir).filter(|text| !text.is_empty() && text.chars().count() <= MAX_TERM)
}

fn of_part(part: &Hir) -> Option<String> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(str::to_owned),
        HirKind::Class(class) => of_class(class).map(String::from),
        HirKind::Repetition(repetition) => {
            let times = repetition.min as usize;
            if times > MAX_TERM {
                return None;
            }
            if times == 0 { Some(String::new()) } else { of_part(&repetition.sub).map(|text| text.repeat(times)) }
        }
        HirKind::Capture(capture) => of_part(&capture.sub),
        HirKind::Concat(parts) => {
            let texts: Option<Vec<String>> = parts.iter().map(of_part).collect();
            texts.map(|texts| texts.concat())
        }
        HirKind::Alternation(parts) => parts.iter().filter_map(of_part).min_by_key(|text| text.chars().count()),
    }
}

/// A character of a class: a digit or the Chinese 的 where it may be, else the first that can be seen.
fn of_class(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let has = |c: char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c));
    let usual = ['1', '的'].into_iter().find(|c| has(*c));
    let seen = || class.iter().map(ClassUnicodeRange::start).find(|c| !c.is_control() && !c.is_whitespace());
    usual.or_else(seen)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn expressions_match_what_is_made_for_them() {
        for pattern in ["(爆|裂)了?管", "管.{0,3}漏", "[停漏][电水]+", "20[0-9][0-9]年", "(楼|家).{2,8}着火", "a{3}b"]
        {
            let text = of_expression(pattern).unwrap();
            assert!(regex::Regex::new(pattern).unwrap().is_match(&text), "{pattern}: {text}");
        }
        assert_eq!(of_expression("(爆|裂)了?管").as_deref(), Some("爆管"));
        assert_eq!(of_expression("a{4000}"), None, "longer than any term");
    }

    #[test]
    fn samples_are_facts_of_their_kind() {
        for kind in FactKind::ALL {
            let text = crate::text::Text::new(None, sample(kind));
            assert!(text.facts().iter().any(|fact| fact.kind == kind), "{kind:?}: {}", sample(kind));
        }
    }
}
