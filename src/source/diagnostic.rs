//! One finding about one place in what an editor wrote.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::{Code, Lang, Message};

/// How much a finding weighs: errors refuse a bundle, warnings never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The bundle is loaded all the same.
    Warning,
    /// The bundle is refused.
    Error,
}

/// A file's path (relative to the bundle's folder) and what stands in it.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Relative to the bundle's folder, with `/` between parts.
    pub path: String,
    /// The whole file.
    pub text: String,
    /// Where lines begin (bytes), once somebody has asked.
    lines: OnceLock<Vec<usize>>,
}

/// Line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl SourceText {
    /// A file's text under its path.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> SourceText {
        SourceText { path: path.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// Line and column of a byte offset (clamped to the text, and to a character's start).
    pub fn position(&self, byte: usize) -> Position {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let lines = self.lines.get_or_init(|| {
            let after_breaks = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(after_breaks).collect()
        });
        let line = lines.partition_point(|start| *start <= byte);
        Position { line, column: self.text[lines[line - 1]..byte].chars().count() + 1 }
    }
}

/// One change to a file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file the range counts in, as it was read.
    pub source: Arc<SourceText>,
    /// Bytes that are replaced; empty where something is put in.
    pub range: Range<usize>,
    /// What stands there afterwards.
    pub new_text: String,
}

/// A change that mends a finding, safe to apply without looking: all its edits together or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, such as “删除重复的词”.
    pub title: Message,
    /// The changes; they do not overlap.
    pub edits: Vec<Edit>,
}

/// A finding: what is wrong (with a stable code), where, and what to do.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which kind of finding.
    pub code: Code,
    /// Whether it refuses the bundle.
    pub severity: Severity,
    /// What is wrong.
    pub message: Message,
    /// The file's path, also where the file itself could not be read.
    pub path: String,
    /// The file and the place in it (bytes), where there is one.
    pub place: Option<(Arc<SourceText>, Range<usize>)>,
    /// What to say at the place; nothing repeats the message.
    pub label: Option<Message>,
    /// Further words: why it matters, what to do.
    pub notes: Vec<Message>,
    /// A change that mends it, where there is one that needs no thought.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding about a file as a whole, with the code's own severity.
    pub fn about(path: impl Into<String>, code: Code, message: Message) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message,
            path: path.into(),
            place: None,
            label: None,
            notes: Vec::new(),
            fix: None,
        }
    }

    /// A finding at a place (a range of bytes) in a file, with the code's own severity.
    pub fn at(source: &Arc<SourceText>, range: Range<usize>, code: Code, message: Message) -> Diagnostic {
        let place = Some((Arc::clone(source), range));
        Diagnostic { place, ..Diagnostic::about(source.path.clone(), code, message) }
    }

    /// The same with words at the place.
    #[must_use]
    pub fn label(mut self, label: Message) -> Diagnostic {
        self.label = Some(label);
        self
    }

    /// The same with one more note.
    #[must_use]
    pub fn note(mut self, note: Message) -> Diagnostic {
        self.notes.push(note);
        self
    }

    /// The same with a change that mends it.
    #[must_use]
    pub fn fix(mut self, title: Message, edits: Vec<Edit>) -> Diagnostic {
        self.fix = Some(Fix { title, edits });
        self
    }

    /// Line and column, where the finding has a place.
    pub fn position(&self) -> Option<Position> {
        self.place.as_ref().map(|(source, range)| source.position(range.start))
    }

    /// Line and column just past the place.
    pub fn end(&self) -> Option<Position> {
        self.place.as_ref().map(|(source, range)| source.position(range.end.max(range.start)))
    }

    /// Whether it refuses the bundle.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `path:line:column`, or the path alone.
    pub fn location(&self) -> String {
        match self.position() {
            Some(Position { line, column }) => format!("{}:{line}:{column}", self.path),
            None => self.path.clone(),
        }
    }

    /// The finding as one JSON object, in one language.
    pub fn to_json(&self, lang: Lang) -> serde_json::Value {
        let position = self.position();
        serde_json::json!({
            "code": self.code.id(),
            "name": self.code.name(),
            "severity": match self.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "message": self.message.in_lang(lang),
            "path": self.path,
            "line": position.map(|p| p.line),
            "column": position.map(|p| p.column),
            "end": self.end().map(|p| serde_json::json!({"line": p.line, "column": p.column})),
            "label": self.label.as_ref().map(|label| label.in_lang(lang)),
            "notes": self.notes.iter().map(|note| note.in_lang(lang)).collect::<Vec<_>>(),
            "fix": self.fix.as_ref().map(|fix| fix.to_json(lang)),
        })
    }
}

impl Fix {
    /// The change as one JSON object: its title and its edits by line and column.
    pub fn to_json(&self, lang: Lang) -> serde_json::Value {
        let edits = self.edits.iter().map(|edit| {
            let place = |byte| {
                let position = edit.source.position(byte);
                serde_json::json!({"line": position.line, "column": position.column})
            };
            serde_json::json!({
                "path": edit.source.path,
                "from": place(edit.range.start),
                "to": place(edit.range.end),
                "new_text": edit.new_text,
            })
        });
        serde_json::json!({ "title": self.title.in_lang(lang), "edits": edits.collect::<Vec<_>>() })
    }
}
