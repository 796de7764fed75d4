//! What agents and citizens read, character by character: width and traditional characters.

use std::ops::Range;
use std::sync::Arc;

use crate::say;
use crate::source::{Code, Diagnostic, Document, Edit, SourceText, Value};
use crate::text::Text;

use super::edits::edit;
use super::given::{Given, scalars};

/// Findings in scenarios, articles and notices: one for each text and kind, with all places in its fix.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    for folder in ["rules/scenarios/", "knowledge/articles/", "knowledge/notices/"] {
        for document in given.in_folder(folder) {
            for range in read_texts(document) {
                width(document.source(), &range, findings);
                traditional(document.source(), &range, findings);
            }
        }
    }
}

/// Where the texts stand that people read; ids, terms and examples are not among them.
fn read_texts(document: &Document) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    scalars(document.root(), &mut Vec::new(), &mut |way, node| {
        let is_read = matches!(
            way,
            ["title" | "reply" | "deadline_basis"] | ["steps" | "questions", "[]"] | ["slots", _, "ask" | "else"]
        );
        if is_read {
            ranges.push(node.range.clone());
        }
    });
    if document.path().ends_with(".md")
        && let Value::Map(_) = document.root().value
    {
        let text = &document.source().text;
        let body = text.get(document.root().range.end..).and_then(|rest| rest.find("\n---\n"));
        ranges.extend(body.map(|at| document.root().range.end + at + 5..text.len()));
    }
    ranges
}

fn is_han(character: char) -> bool {
    ('\u{3400}'..='\u{9FFF}').contains(&character)
}

/// The character that should stand there, when this one has the wrong width.
fn other_width(before: Option<char>, character: char, after: Option<char>) -> Option<char> {
    if matches!(character, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ') {
        return char::from_u32(character as u32 - 0xFEE0);
    }
    let ends = after.is_none_or(|after| is_han(after) || after.is_whitespace());
    if !(before.is_some_and(is_han) && ends) {
        return None;
    }
    match character {
        ',' => Some('，'),
        '?' => Some('？'),
        '!' => Some('！'),
        ';' => Some('；'),
        ':' => Some('：'),
        _ => None,
    }
}

fn width(source: &Arc<SourceText>, range: &Range<usize>, findings: &mut Vec<Diagnostic>) {
    let text = &source.text[range.clone()];
    let mut edits: Vec<Edit> = Vec::new();
    let mut before = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|(_, next)| *next);
        if let Some(other) = other_width(before, character, after) {
            let start = range.start + at;
            edits.push(edit(source, start..start + character.len_utf8(), other));
        }
        before = Some(character);
    }
    let Some(first) = edits.first() else { return };
    let (place, written, right) = (first.range.clone(), &source.text[first.range.clone()], first.new_text.clone());
    let message = say!("全角半角混用：“{written}”应写“{right}”", "mixed width: `{written}` should be `{right}`");
    let title = say!("改成统一的全角半角", "write it in one width");
    findings.push(Diagnostic::at(source, place, Code::MixedWidth, message).fix(title, edits));
}

fn traditional(source: &Arc<SourceText>, range: &Range<usize>, findings: &mut Vec<Diagnostic>) {
    let written = &source.text[range.clone()];
    if written.is_ascii() {
        return;
    }
    let text = Text::new(None, written);
    let starts: Vec<usize> = written.char_indices().map(|(at, _)| at).collect();
    let mut edits: Vec<Edit> = Vec::new();
    for (at, simplified) in (0u32..).zip(text.normalised().chars()) {
        let span = text.original(at..at + 1);
        let Some(start) = starts.get(span.start as usize).filter(|_| span.end == span.start + 1) else { continue };
        let Some(original) = written[*start..].chars().next() else { continue };
        if is_han(original) && is_han(simplified) && original != simplified {
            let start = range.start + start;
            edits.push(edit(source, start..start + original.len_utf8(), simplified));
        }
    }
    let Some(first) = edits.first() else { return };
    let (place, character, right) = (first.range.clone(), &source.text[first.range.clone()], first.new_text.clone());
    let message =
        say!("繁体字“{character}”，应写“{right}”", "the traditional character `{character}` should be `{right}`");
    let title = say!("改成简体字", "write simplified characters");
    findings.push(Diagnostic::at(source, place, Code::TraditionalCharacters, message).fix(title, edits));
}
