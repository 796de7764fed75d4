//! What is read out of regular expressions before they are compiled: their characters normalised, and which literals
//! one requires, a set of strings of which every match contains at least one.
//!
//! Literals gate the expression: it runs only on sentences in which one of them was seen. Unlike the extractor of
//! `regex-syntax`, which gives prefixes and suffixes, inner literals are found too (`.*停电.*`).

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::text::normalise;

/// Strings in one set, at the most; a larger set gates nothing worth having.
const MAX_SET: usize = 32;
/// Characters of a class that are still taken one by one.
const MAX_CLASS: usize = 6;

/// The literals (lower case) one of which every match of `hir` contains; `None` when there are no such.
pub(super) fn required(hir: &Hir) -> Option<Vec<String>> {
    if let Some(set) = exact(hir) {
        return useful(set);
    }
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => required_of_sequence(parts),
        HirKind::Alternation(parts) => {
            let mut union = Vec::new();
            for part in parts {
                union.extend(required(part)?);
            }
            useful(union)
        }
        _ => None,
    }
}

/// The best set that a run of parts, or one part alone, requires.
fn required_of_sequence(parts: &[Hir]) -> Option<Vec<String>> {
    let mut candidates = Vec::new();
    let mut run: Option<Vec<String>> = None;
    for part in parts {
        let product = exact(part).and_then(|set| product(run.as_deref(), &set));
        match product {
            Some(longer) => run = Some(longer),
            None => {
                candidates.extend(run.take().and_then(useful));
                match exact(part) {
                    Some(set) => run = Some(set),
                    None => candidates.extend(required(part)),
                }
            }
        }
    }
    candidates.extend(run.and_then(useful));
    candidates.into_iter().max_by_key(|set| {
        let shortest = set.iter().map(|s| s.chars().count()).min().unwrap_or(0);
        (shortest, std::cmp::Reverse(set.len()))
    })
}

/// Every string of the left followed by every string of the right, unless there are too many.
fn product(left: Option<&[String]>, right: &[String]) -> Option<Vec<String>> {
    let Some(left) = left else { return Some(right.to_vec()) };
    (left.len() * right.len() <= MAX_SET)
        .then(|| left.iter().flat_map(|a| right.iter().map(move |b| format!("{a}{b}"))).collect())
}

/// All strings that `hir` matches, where they are few.
fn exact(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![String::new()]),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(|text| vec![text.to_lowercase()]),
        HirKind::Class(Class::Unicode(class)) => {
            let mut characters = Vec::new();
            for range in class.iter() {
                if (range.end() as usize - range.start() as usize) >= MAX_CLASS {
                    return None;
                }
                characters.extend((range.start()..=range.end()).flat_map(char::to_lowercase));
            }
            characters.sort_unstable();
            characters.dedup();
            (!characters.is_empty() && characters.len() <= MAX_CLASS)
                .then(|| characters.iter().map(char::to_string).collect())
        }
        HirKind::Class(Class::Bytes(_)) | HirKind::Look(_) => None,
        HirKind::Repetition(repetition) => {
            let set = exact(&repetition.sub)?;
            match (repetition.min, repetition.max) {
                (0, Some(1)) => Some([vec![String::new()], set].concat()),
                (1, Some(1)) => Some(set),
                _ => None,
            }
        }
        HirKind::Capture(capture) => exact(&capture.sub),
        HirKind::Concat(parts) => {
            let mut run: Option<Vec<String>> = None;
            for part in parts {
                run = Some(product(run.as_deref(), &exact(part)?)?);
            }
            run
        }
        HirKind::Alternation(parts) => {
            let mut union = Vec::new();
            for part in parts {
                union.extend(exact(part)?);
            }
            (union.len() <= MAX_SET).then_some(union)
        }
    }
}

/// A set in which no string is empty, each once.
fn useful(mut set: Vec<String>) -> Option<Vec<String>> {
    set.sort_unstable();
    set.dedup();
    (!set.is_empty() && set.len() <= MAX_SET && set.iter().all(|text| !text.is_empty())).then_some(set)
}

/// The pattern with its own characters normalised as texts are; what becomes punctuation is escaped, so that a
/// full-width bracket stays a character.
pub(super) fn normalised_pattern(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        if character.is_ascii() {
            written.push(character);
            continue;
        }
        let normalised = normalise(character.encode_utf8(&mut [0; 4]));
        match normalised.is_empty() {
            true => written.push(character),
            false => written.push_str(&regex_syntax::escape(&normalised)),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use regex_syntax::ParserBuilder;

    fn of(pattern: &str) -> Option<Vec<String>> {
        required(&ParserBuilder::new().case_insensitive(true).build().parse(pattern).unwrap())
    }

    #[test]
    fn inner_literals_are_found() {
        for (pattern, expect) in [
            ("停电", Some(vec!["停电"])),
            (".*停电.*", Some(vec!["停电"])),
            ("(爆|裂)了?管", Some(vec!["爆了管", "爆管", "裂了管", "裂管"])),
            ("停[电水]", Some(vec!["停水", "停电"])),
            ("第\\d+号楼", Some(vec!["号楼"])),
            ("(停电|停水)\\d", Some(vec!["停水", "停电"])),
            ("WiFi信号", Some(vec!["wifi信号"])),
            ("(停电)+", Some(vec!["停电"])),
            ("(停电)*", None),
            ("\\d{3}", None),
            ("停电|\\d", None),
            ("a?", None),
        ] {
            let expect = expect.map(|set| set.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(of(pattern), expect, "{pattern}");
        }
    }

    proptest! {
        /// Every match contains one of the required literals.
        #[test]
        fn every_match_contains_one(pattern in "([ab漏水](\\.|\\?|\\*|\\+)?|\\([ab漏|水]{1,4}\\)\\??|\\[ab漏\\]){1,5}", text in "[ab漏水]{0,12}") {
            let (Ok(regex), Ok(hir)) = (regex::Regex::new(&pattern), regex_syntax::parse(&pattern)) else { return Ok(()) };
            let Some(literals) = required(&hir) else { return Ok(()) };
            for found in regex.find_iter(&text) {
                prop_assert!(literals.iter().any(|l| found.as_str().contains(l.as_str())), "{pattern} {text} {literals:?}");
            }
        }
    }
}
