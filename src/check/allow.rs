//! Comments that allow a finding at the spot: `# jiesu: allow J070 理由`, on the line or on one above it; in the text of
//! a Markdown file `<!-- jiesu: allow J100 理由 -->`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::bundle::FileContent;
use crate::say;
use crate::source::{Code, Diagnostic, Document, Node, Severity, SourceText, Value};

use super::config::near;

/// What a comment begins with, after its sign.
const WORDS: &str = "jiesu: allow";

/// A comment that allows findings of some codes on one line.
struct Allowance {
    source: Arc<SourceText>,
    /// The comment (bytes).
    range: Range<usize>,
    codes: Vec<Code>,
    /// Words after `allow` that begin like codes and are none.
    unknown: Vec<String>,
    has_reason: bool,
    /// The line it speaks of, from 1.
    line: usize,
    used: bool,
}

/// All comments of a bundle that allow something.
pub(super) struct Allowances(BTreeMap<String, Vec<Allowance>>);

impl Allowances {
    /// Reads them from all YAML and Markdown files.
    pub(super) fn read(
        files: &BTreeMap<String, Arc<FileContent>>,
        documents: &BTreeMap<String, Document>,
    ) -> Allowances {
        let with_any = files.iter().filter(|(_, content)| content.text.contains(WORDS));
        let read = with_any.filter_map(|(path, _)| {
            let document = documents.get(path)?;
            let found = of_document(document);
            (!found.is_empty()).then(|| (path.clone(), found))
        });
        Allowances(read.collect())
    }

    /// Whether a warning is allowed where it stands. Errors never are.
    pub(super) fn allow(&mut self, finding: &Diagnostic) -> bool {
        if finding.code.severity() == Severity::Error {
            return false;
        }
        let (Some(position), Some(allowances)) = (finding.position(), self.0.get_mut(&finding.path)) else {
            return false;
        };
        let mut allowed = false;
        for allowance in allowances {
            if allowance.line == position.line && allowance.codes.contains(&finding.code) && allowance.has_reason {
                allowance.used = true;
                allowed = true;
            }
        }
        allowed
    }

    /// What is wrong with the comments themselves. That one allows nothing is only known when all checks have run.
    pub(super) fn findings(&self, all_ran: bool) -> Vec<Diagnostic> {
        self.0.values().flatten().filter_map(|allowance| allowance.finding(all_ran)).collect()
    }
}

impl Allowance {
    fn finding(&self, all_ran: bool) -> Option<Diagnostic> {
        let at = |code, message| Diagnostic::at(&self.source, self.range.clone(), code, message);
        if let Some(word) = self.unknown.first() {
            let message = say!("没有“{word}”这项检查", "there is no check `{word}`");
            return Some(at(Code::UnusedAllowance, message).note(near(word)));
        }
        if let Some(code) = self.codes.iter().find(|code| code.severity() == Severity::Error) {
            let id = code.id();
            let message = say!("{id} 是错误，不能用注释放行", "{id} is an error, which no comment allows");
            return Some(at(Code::UnusedAllowance, message));
        }
        if !self.has_reason {
            let message = say!("放行没有写理由，不起作用", "no reason is given, so nothing is allowed");
            return Some(at(Code::AllowanceWithoutReason, message).note(say!(
                "在编号后面写为什么可以这样：# jiesu: allow J070 两种说法都要统计",
                "write after the code why it is fine: # jiesu: allow J070 both are counted"
            )));
        }
        if self.used || !all_ran {
            return None;
        }
        let message = say!("这条放行没有放行任何东西", "this comment allows nothing");
        Some(at(Code::UnusedAllowance, message).note(say!(
            "它管的是同一行，单独成行时管下一行；问题已经改好的话删掉它",
            "it speaks of its own line, or of the next where it stands alone: delete it if all is well"
        )))
    }
}

fn of_document(document: &Document) -> Vec<Allowance> {
    let source = document.source();
    let mut scalars = Vec::new();
    scalar_ranges(document.root(), &mut scalars);
    let front = match source.path.ends_with(".md") {
        true => document.root().range.end,
        false => source.text.len(),
    };
    let mut found = Vec::new();
    for (at, words) in source.text.match_indices(WORDS) {
        let line_start = source.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source.text[at..].find('\n').map_or(source.text.len(), |length| at + length);
        let before = &source.text[line_start..at];
        let (sign, end) = match (before.rfind('#'), before.rfind("<!--")) {
            (Some(sign), _) if at < front && before[sign + 1..].trim().is_empty() => (sign, line_end),
            (_, Some(sign)) if at >= front && before[sign + 4..].trim().is_empty() => {
                (sign, source.text[at..line_end].find("-->").map_or(line_end, |length| at + length))
            }
            _ => continue,
        };
        let start = line_start + sign;
        // Inside a block of text a `#` is a character like any other.
        if at < front && scalars.iter().any(|range| range.start < at && at < range.end) {
            continue;
        }
        let alone = source.text[line_start..start].trim().is_empty();
        let line = source.position(start).line;
        let line = if alone { next_line(&source.text, line) } else { line };
        let (codes, unknown, has_reason) = codes(&source.text[at + words.len()..end]);
        let range = start..start + source.text[start..end].trim_end().len();
        found.push(Allowance { source: Arc::clone(source), range, codes, unknown, has_reason, line, used: false });
    }
    found
}

/// The first line after a comment that is neither blank nor a comment.
fn next_line(text: &str, line: usize) -> usize {
    let is_content = |text: &str| {
        let text = text.trim();
        !(text.is_empty() || text.starts_with('#') || text.starts_with("<!--"))
    };
    let after = text.lines().enumerate().skip(line).find(|(_, text)| is_content(text));
    after.map_or(line, |(at, _)| at + 1)
}

/// Codes, words that look like codes and are none, and whether anything else follows.
fn codes(text: &str) -> (Vec<Code>, Vec<String>, bool) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut words = text.split([' ', ',', '，', '、', '\t']).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.peek() {
        let looks_like_one =
            word.len() > 1 && word.starts_with(['J', 'j']) && word[1..].bytes().all(|b| b.is_ascii_digit());
        match Code::find(word) {
            Some(code) => known.push(code),
            None if looks_like_one || (known.is_empty() && unknown.is_empty()) => unknown.push((*word).to_owned()),
            None => break,
        }
        words.next();
    }
    let has_reason = words.any(|word| word.chars().any(char::is_alphanumeric));
    if known.is_empty() && unknown.is_empty() {
        unknown.push(text.trim().to_owned());
    }
    (known, unknown, has_reason)
}

fn scalar_ranges(node: &Node, ranges: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Scalar { .. } => ranges.push(node.range.clone()),
        Value::List(items) => items.iter().for_each(|item| scalar_ranges(item, ranges)),
        Value::Map(entries) => entries.iter().for_each(|entry| scalar_ranges(&entry.value, ranges)),
    }
}
