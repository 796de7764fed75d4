//! Lines of a log, which may be anything.

use std::io::{self, BufRead, Read};

use crate::report::replay::{Entry, MOST_LINE};
use crate::say;
use crate::source::Message;

/// What a line is.
pub(super) enum Line {
    /// Nothing.
    Blank,
    /// A decision.
    Entry(Box<Entry>),
    /// No decision: why, and whether it only ends too early.
    Wrong(Message, bool),
}

/// The next line; none at the end. Of a line that is too long no more than that is held.
pub(super) fn next(reader: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    reader.by_ref().take(MOST_LINE as u64 + 1).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let is_ended = line.last() == Some(&b'\n');
    if !is_ended && line.len() > MOST_LINE {
        reader.skip_until(b'\n')?;
        let most = MOST_LINE >> 20;
        let message = say!("这一行超过 {most} MB", "the line has more than {most} MB");
        return Ok(Some(Line::Wrong(message, false)));
    }
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(Some(Line::Blank));
    }
    Ok(Some(match Entry::read(&line) {
        Ok(entry) => Line::Entry(Box::new(entry)),
        Err((message, is_torn)) => Line::Wrong(message, is_torn),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const WHOLE: &str = r#"{"id":"a","at":"","revision":"r","engine":"1","masked":false,
        "request":{"text":"漏水","at":"2026-11-22"},"decision":{"outcome":"auto"}}"#;

    fn kinds(bytes: &[u8]) -> Vec<&'static str> {
        let mut reader = bytes;
        let mut kinds = Vec::new();
        while let Some(line) = next(&mut reader).unwrap() {
            kinds.push(match line {
                Line::Blank => "blank",
                Line::Entry(_) => "entry",
                Line::Wrong(_, true) => "torn",
                Line::Wrong(_, false) => "wrong",
            });
        }
        kinds
    }

    #[test]
    fn whatever_stands_in_a_log_is_told_apart() {
        let whole = WHOLE.replace("\n        ", "");
        for (text, expect) in [
            (String::new(), vec![]),
            (format!("{whole}\n{whole}\n"), vec!["entry", "entry"]),
            (format!("{whole}\n{whole}"), vec!["entry", "entry"]),
            (format!("{whole}\n{}", &whole[..40]), vec!["entry", "torn"]),
            // After a restart the torn line was ended, and others follow.
            (format!("{}\n{whole}\n", &whole[..80]), vec!["torn", "entry"]),
            (format!("\n \r\n{whole}\r\n"), vec!["blank", "blank", "entry"]),
            ("{}\n[]\n\"a\"\nnonsense\n".to_owned(), vec!["wrong", "wrong", "wrong", "wrong"]),
            (whole.replace("\"id\":\"a\"", "\"id\":1"), vec!["wrong"]),
            (format!("{{\"id\":\"{}\"}}\n{whole}\n", "长".repeat(MOST_LINE)), vec!["wrong", "entry"]),
        ] {
            assert_eq!(kinds(text.as_bytes()), expect, "{}", text.chars().take(200).collect::<String>());
        }
        assert_eq!(kinds(b"\xff\xfe\n{\"id\":\"\xff\"}\n"), ["wrong", "wrong"]);
        assert_eq!(kinds("[".repeat(200_000).as_bytes()), ["wrong"], "deeper than is read");
    }
}
