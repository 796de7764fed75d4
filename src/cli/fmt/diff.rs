//! What changes in a file, line by line, for people.

use std::fmt::Write;

use crate::say;
use crate::source::{Lang, Line};

/// Lines of one file that are shown, at the most.
const MAX_SHOWN: usize = 12;
/// Characters of a line that are shown.
const MAX_WIDTH: usize = 100;
/// Of these, how many before the first that differs.
const BEFORE: usize = 20;

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
    use super::*;
    use crate::source::differences;

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
            assert_eq!(shown(&differences(old, new), Lang::En), expect, "{old:?} {new:?}");
        }
        let (old, new) = (long('x'), long('y'));
        let text = shown(&differences(&old, &new), Lang::En);
        assert!(
            text.contains('x') && text.contains('y') && text.lines().all(|line| line.chars().count() < 120),
            "{text}"
        );
        let many = "a\n".repeat(100);
        assert!(shown(&differences(&many, ""), Lang::En).ends_with("more lines\n"));
    }
}
