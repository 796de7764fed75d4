//! Past cases, in the exchange format: one JSON object a line.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::too_long;
use crate::say;
use crate::source::{Code, Date, Diagnostic, Message, SourceText, read_json_lines};

/// The longest id or label, in characters.
const MAX_LABEL: usize = 200;
/// The longest text, title or reply, in characters.
const MAX_TEXT: usize = 20_000;
/// Findings of one file, at the most; a file that is wrong throughout is not worth more.
const MAX_FINDINGS: usize = 20;

/// Where a case comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It happened: it may teach, and bars may be earned on it.
    #[default]
    Real,
    /// It was made up to show something: it may be found, and teaches nothing about accuracy.
    Example,
}

/// A past complaint with its outcome. Keys that are not known are ignored; labels are ids of the bundle or names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// Unique among the cases of a bundle.
    pub id: String,
    /// What the citizen said or wrote.
    pub text: String,
    /// Its title, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The scenario it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Its category, a path such as `a/b/c`, at any depth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The department that handled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The unit of that department, where it has units by district.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The day it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_on: Option<Date>,
    /// Real, or made up.
    #[serde(default)]
    pub origin: Origin,
}

impl Case {
    /// What is wrong with it, if anything is.
    fn wrong(&self) -> Option<(Code, Message)> {
        if self.id.trim().is_empty() || self.id.contains(char::is_control) {
            return Some((
                Code::InvalidId,
                say!("案例的 id 为空或含控制字符", "the id is empty or has control characters"),
            ));
        }
        if self.text.trim().is_empty() {
            return Some((Code::EmptyContent, say!("案例没有文本", "a case needs a text")));
        }
        let labels = [&self.scenario, &self.category, &self.department, &self.unit, &self.district];
        let labels = labels.into_iter().flatten().chain([&self.id]).map(|label| (label, MAX_LABEL));
        let texts = [&self.title, &self.reply].into_iter().flatten().chain([&self.text]).map(|text| (text, MAX_TEXT));
        labels
            .chain(texts)
            .find(|(text, most)| text.len() > *most && text.chars().count() > *most)
            .map(|(_, most)| (Code::LimitExceeded, too_long(most)))
    }
}

/// Reads files of cases, given as path and text, into one list in order of id. What cannot be read, has no text, is too
/// long or repeats an id becomes a diagnostic (for one file at most twenty) and is left out.
pub fn read_cases<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Case> {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_unstable();
    let mut seen: FxHashMap<String, (&str, usize)> = FxHashMap::default();
    let mut cases = Vec::new();
    for (path, text) in files {
        let mut findings = 0;
        for (line, case) in read_json_lines::<Case>(path, text, diagnostics) {
            let wrong = case.wrong().or_else(|| {
                let (other, at) = seen.get(&case.id)?;
                Some((Code::DuplicateId, say!("id 与 {other} 第 {at} 行重复", "the id is that of {other} line {at}")))
            });
            if let Some((code, message)) = wrong {
                findings += 1;
                if findings <= MAX_FINDINGS {
                    diagnostics.push(at_line(path, text, line, code, message));
                }
                continue;
            }
            seen.insert(case.id.clone(), (path, line));
            cases.push(case);
        }
    }
    cases.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    cases
}

/// A finding at a line, which shows that line alone: a file of cases may be very large.
fn at_line(path: &str, text: &str, line: usize, code: Code, message: Message) -> Diagnostic {
    let shown: String = text.lines().nth(line - 1).unwrap_or_default().chars().take(200).collect();
    let text = format!("{}{shown}", "\n".repeat(line - 1));
    let source = Arc::new(SourceText::new(path, text));
    let end = source.text.len();
    Diagnostic::at(&source, line - 1..end, code, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut diagnostics = Vec::new();
        let cases = read_cases(files.iter().copied(), &mut diagnostics);
        let ids = cases.into_iter().map(|case| case.id).collect();
        (ids, diagnostics.iter().map(|d| format!("{} {}", d.code.id(), d.location())).collect())
    }

    #[test]
    fn a_case_is_read() {
        let line = r#"{"id":"1","text":"水管漏水","department":"water","opened_on":"2026-03-01","origin":"example","x":1,"reply":null}"#;
        let case = read_cases([("a", line)], &mut Vec::new()).remove(0);
        assert_eq!(case.department.as_deref(), Some("water"));
        assert_eq!((case.origin, case.reply), (Origin::Example, None));
        let case = read_cases([("a", r#"{"id":"1","text":"水管漏水"}"#)], &mut Vec::new()).remove(0);
        assert_eq!(case.origin, Origin::Real);
    }

    #[test]
    fn wrong_cases_are_reported_and_left_out() {
        let lines = [
            r#"{"id":"b","text":"水管漏水"}"#,
            r#"{"id":"","text":"水管漏水"}"#,
            "",
            r#"{"id":"c","text":"  "}"#,
            r#"{"text":"水管漏水"}"#,
            r#"{"id":"b","text":"再来一次"}"#,
            r#"{"id":"d","text":"水管漏水","opened_on":"昨天"}"#,
            r#"{"id":"e","text":"水管漏水","origin":"maybe"}"#,
        ]
        .join("\n");
        let long = format!(r#"{{"id":"f","text":"{}"}}"#, "长".repeat(MAX_TEXT + 1));
        let (ids, found) = read(&[("b.jsonl", &long), ("a.jsonl", &lines), ("c.jsonl", r#"{"id":"a","text":"停电"}"#)]);
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(
            found,
            [
                "J012 a.jsonl:5:1",
                "J012 a.jsonl:7:1",
                "J012 a.jsonl:8:1",
                "J022 a.jsonl:2:1",
                "J062 a.jsonl:4:1",
                "J020 a.jsonl:6:1",
                "J029 b.jsonl:1:1",
            ]
        );
    }

    #[test]
    fn findings_of_one_file_are_bounded() {
        let lines = r#"{"id":"","text":"水"}"#.to_owned() + "\n";
        assert_eq!(read(&[("a.jsonl", &lines.repeat(1_000))]).1.len(), MAX_FINDINGS);
    }

    #[test]
    fn order_of_files_changes_nothing() {
        let (a, b) = (("a", r#"{"id":"2","text":"甲"}"#), ("b", r#"{"id":"1","text":"乙"}"#));
        assert_eq!(read(&[a, b]), read(&[b, a]));
    }
}
