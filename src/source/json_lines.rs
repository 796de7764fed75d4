//! JSON Lines: one JSON object a line.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Code, Diagnostic, SourceText};
use crate::say;

/// Findings of one file, at the most; a file that is wrong throughout is not worth more.
const MAX_FINDINGS: usize = 20;

/// Reads each line that is not blank as a `T`, with its line number from 1. Every line that is no such object becomes
/// a diagnostic (at most 20 for one file) and is left out.
pub fn read_json_lines<T: DeserializeOwned>(
    path: &str,
    text: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(usize, T)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut values = Vec::new();
    let mut wrong = 0;
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(value) => values.push((index + 1, value)),
            Err(error) => {
                wrong += 1;
                if wrong <= MAX_FINDINGS {
                    diagnostics.push(finding(path, index + 1, line, &error));
                }
            }
        }
    }
    values
}

/// The finding shows the line alone: a file of cases may be very large.
fn finding(path: &str, number: usize, line: &str, error: &serde_json::Error) -> Diagnostic {
    let shown: String = line.chars().take(200).collect();
    let blank_lines = "\n".repeat(number - 1);
    let source = Arc::new(SourceText::new(path, format!("{blank_lines}{shown}")));
    let error = error.to_string();
    let what = error.split(" at line").next().unwrap_or(&error);
    let message = say!("第 {number} 行读不懂：{what}", "cannot read line {number}: {what}");
    Diagnostic::at(&source, number - 1..source.text.len(), Code::InvalidJsonLine, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lines_are_reported_and_left_out() {
        let mut diagnostics = Vec::new();
        let values: Vec<(usize, Vec<u8>)> = read_json_lines("a.jsonl", "[1]\n\n[300]\n{\n[2]\n", &mut diagnostics);
        assert_eq!(values, [(1, vec![1]), (5, vec![2])]);
        let places: Vec<_> = diagnostics.iter().map(Diagnostic::location).collect();
        assert_eq!(places, ["a.jsonl:3:1", "a.jsonl:4:1"]);
    }
}
