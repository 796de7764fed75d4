//! The keys of the outermost mapping in the order in which everybody writes them, each with the comments right above it.

use std::ops::Range;

use super::super::{Document, Entry, Value};

/// What a comment for the language server of YAML begins with; it stands at the top, whatever comes below it.
const MODELINE: &str = "# yaml-language-server:";

/// The text with its keys in order. `None` when they are already, or when a comment might come to stand at a key that it
/// does not speak of.
pub(super) fn in_order(document: &Document, keys: &[&str]) -> Option<String> {
    let Value::Map(entries) = &document.root().value else { return None };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|at| keys.iter().position(|key| *key == entries[*at].key).unwrap_or(usize::MAX));
    if order.is_sorted() {
        return None;
    }
    let lines: Vec<&str> = document.yaml().split_inclusive('\n').collect();
    let first_lines = first_lines(document, entries, &lines)?;
    let (header, segments) = segments(&lines, &first_lines)?;
    // A comment right above the first key may speak of the file or of the key, and so may one below the last.
    let top_comment = lines[..header].last().is_some_and(|line| is_comment(line) && !line.starts_with(MODELINE));
    let moved_first = order.first() != Some(&0);
    let moved_last = order.last() != Some(&(entries.len() - 1));
    let end_comment = lines[*first_lines.last()?..].iter().any(|line| is_comment(line));
    if (top_comment && moved_first) || (end_comment && moved_last) {
        return None;
    }
    let mut text = lines[..header].concat();
    for at in order {
        text.push_str(&lines[segments[at].clone()].concat());
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Some(text)
}

/// For each key the line on which it stands, from 0; `None` unless each begins its line.
fn first_lines(document: &Document, entries: &[Entry], lines: &[&str]) -> Option<Vec<usize>> {
    let starts: Vec<usize> = lines
        .iter()
        .scan(document.yaml_start(), |next, line| {
            let start = *next;
            *next += line.len();
            Some(start)
        })
        .collect();
    let no_document =
        !lines.iter().any(|line| line.starts_with("---") || line.starts_with("...") || line.starts_with('%'));
    let first_lines = || entries.iter().map(|entry| starts.binary_search(&entry.key_range.start).ok()).collect();
    no_document.then(first_lines).flatten()
}

/// How many lines stand above the first key, and the lines of each key: those of its value, and above it comments and
/// then blank lines. `None` when a comment stands alone between two keys.
fn segments(lines: &[&str], first_lines: &[usize]) -> Option<(usize, Vec<Range<usize>>)> {
    let mut begins = Vec::new();
    for (at, &first) in first_lines.iter().enumerate() {
        let Some(&previous) = at.checked_sub(1).and_then(|before| first_lines.get(before)) else {
            begins.push(first);
            continue;
        };
        let comments = lines[previous + 1..first].iter().rev().take_while(|line| is_comment(line)).count();
        let above = &lines[previous + 1..first - comments];
        if above.iter().any(|line| is_comment(line)) {
            return None;
        }
        let blank = above.iter().rev().take_while(|line| line.trim().is_empty()).count();
        begins.push(first - comments - blank);
    }
    let ends = begins.iter().skip(1).copied().chain([lines.len()]);
    let segments = begins.iter().copied().zip(ends).map(|(begin, end)| begin..end).collect();
    Some((*begins.first()?, segments))
}

/// Whether a line is a comment that is not indented: an indented one belongs to the value above it.
fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}
