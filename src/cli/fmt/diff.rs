//! What changes in a file, line by line.

use std::fmt::Write;

use crate::say;
use crate::source::Lang;

/// Lines of one file that are shown, at the most.
const MAX_SHOWN: usize = 12;
/// Characters of a line that are shown.
const MAX_WIDTH: usize = 100;
/// Of these, how many before the first that differs.
const BEFORE: usize = 20;
/// Pairs of lines that are held against each other, at the most; beyond, all lines between the first and the last that
/// differ count as changed.
const MAX_PAIRS: usize = 4_000_000;

/// A line that goes or comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Whether it goes; else it comes.
    pub(super) removed: bool,
    /// Its number from 1: of one that goes in the old text, of one that comes in the new.
    pub(super) number: usize,
    /// The line.
    pub(super) text: &'a str,
}

/// The lines that differ: a longest common subsequence stays (Wagner and Fischer, *The String-to-String Correction
/// Problem*, 1974).
pub(super) fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    // Line ends count: a file with those of Windows differs in every line.
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (a, b) = (&old[start..], &new[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let lengths = (a.len() * b.len() <= MAX_PAIRS).then(|| common(a, b));
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let both = i < a.len() && j < b.len();
        if both && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let removes = match &lengths {
            Some(lengths) if both => lengths[i + 1][j] >= lengths[i][j + 1],
            _ => i < a.len(),
        };
        let (at, text) = if removes { (i, a[i]) } else { (j, b[j]) };
        found.push(Line { removed: removes, number: start + at + 1, text });
        (i, j) = if removes { (i + 1, j) } else { (i, j + 1) };
    }
    found
}

/// For each pair of places the length of the longest common subsequence from there on.
fn common(a: &[&str], b: &[&str]) -> Vec<Vec<u32>> {
    let mut lengths = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i][j] =
                if a[i] == b[j] { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    lengths
}

/// The first lines that differ, for people; of a long line the part where it differs from the one beside it.
pub(super) fn shown(lines: &[Line<'_>], lang: Lang) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate().take(MAX_SHOWN) {
        let beside = lines[at.saturating_sub(1)..].iter().take(3).find(|other| other.removed != line.removed);
        let part = part(line.text, beside.map_or("", |other| other.text));
        let sign = if line.removed { '-' } else { '+' };
        let _ = writeln!(text, "  {:>4} {sign} {part}", line.number);
    }
    if let Some(more) = lines.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        let message = say!("另有 {more} 行", "{more} more lines");
        let _ = writeln!(text, "       {}", message.in_lang(lang));
    }
    text
}

/// A line, where it is long around the first character that is another in `beside`; what cannot be seen is shown.
fn part(line: &str, beside: &str) -> String {
    let length = line.chars().count();
    let same = line.chars().zip(beside.chars()).take_while(|(one, other)| one == other).count();
    let from = if length <= MAX_WIDTH { 0 } else { same.saturating_sub(BEFORE) };
    let mut shown = if from > 0 { "…".to_owned() } else { String::new() };
    shown.extend(line.chars().skip(from).take(MAX_WIDTH).flat_map(|c| match c {
        '\r' => "\\r".chars().collect::<Vec<_>>(),
        '\t' => "\\t".chars().collect(),
        c if c.is_control() => vec!['\u{fffd}'],
        c => vec![c],
    }));
    if length > from + MAX_WIDTH {
        shown.push('…');
    }
    // A blank at the end would not be seen.
    let seen = shown.trim_end_matches(' ').len();
    let blanks = shown.len() - seen;
    shown.truncate(seen);
    shown.push_str(&"·".repeat(blanks));
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let long = |c: char| format!("a: [{}{c}{}]", "水管，".repeat(50), "漏".repeat(100));
        for (old, new, expect) in [
            ("a\nb\n", "a\nb\n", ""),
            ("a\nb \nc\n", "a\nb\nc\n", "     2 - b·\n     2 + b\n"),
            ("a\r\n", "a\n", "     1 - a\\r\n     1 + a\n"),
            ("a\nc\n", "a\nb\nc\n", "     2 + b\n"),
            ("a", "a\n", "     2 + \n"),
        ] {
            assert_eq!(shown(&lines(old, new), Lang::En), expect, "{old:?} {new:?}");
        }
        let (old, new) = (long('x'), long('y'));
        let text = shown(&lines(&old, &new), Lang::En);
        assert!(
            text.contains('x') && text.contains('y') && text.lines().all(|line| line.chars().count() < 120),
            "{text}"
        );
        let many = "a\n".repeat(100);
        assert!(shown(&lines(&many, ""), Lang::En).ends_with("more lines\n"));
    }

    proptest! {
        /// Without what goes the old text is the new one without what comes.
        #[test]
        fn what_differs_is_all_that_differs(old in "[ab\n]{0,20}", new in "[ab\n]{0,20}") {
            let found = lines(&old, &new);
            let kept = |text: &str, removed: bool| {
                let is_found = |number: usize, line: &str| {
                    found.iter().any(|l| (l.removed, l.number, l.text) == (removed, number, line))
                };
                let lines = text.split('\n').enumerate().filter(|(at, line)| !is_found(at + 1, line));
                lines.map(|(_, line)| line.to_owned()).collect::<Vec<_>>()
            };
            prop_assert_eq!(kept(&old, true), kept(&new, false));
        }
    }
}
