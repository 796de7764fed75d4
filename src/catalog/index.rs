//! Ids and names to positions in a list, and the findings that come of them.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::say;
use crate::source::{Code, Diagnostic, Document, Message, Step, is_id, nearest};
use crate::text::normalise;

/// After so many findings the nearest known id is no longer looked for: a file that is wrong throughout must not cost
/// its square in time.
const MAX_SUGGESTIONS: usize = 100;

/// Where findings about one document go.
pub(super) struct Findings<'a> {
    document: Option<&'a Document>,
    pub(super) all: &'a mut Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(document: Option<&'a Document>, all: &'a mut Vec<Diagnostic>) -> Findings<'a> {
        Findings { document, all }
    }

    /// Reports at the end of the steps. Without a document there is nothing to report on.
    pub(super) fn at(&mut self, steps: &[Step<'_>], code: Code, message: Message) {
        if let Some(document) = self.document {
            self.all.push(document.diagnostic_at(steps, code, message));
        }
    }

    /// The same with a note.
    pub(super) fn with_note(&mut self, steps: &[Step<'_>], code: Code, message: Message, note: Message) {
        if let Some(document) = self.document {
            self.all.push(document.diagnostic_at(steps, code, message).note(note));
        }
    }

    /// Reports a reference to something that is not there, with the nearest that is.
    pub(super) fn unknown<'k>(
        &mut self,
        steps: &[Step<'_>],
        message: Message,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let Some(document) = self.document else { return };
        let finding = document.diagnostic_at(steps, Code::UnknownReference, message);
        let finding = suggest(finding, word, known, self.all.len());
        self.all.push(finding);
    }

    fn range(&self, steps: &[Step<'_>]) -> Range<usize> {
        self.document.map_or(0..0, |document| document.range(steps))
    }

    /// `path:line:column` of an earlier place in the same document.
    fn location(&self, range: &Range<usize>) -> String {
        self.document.map_or_else(String::new, |document| {
            let position = document.source().position(range.start);
            format!("{}:{}:{}", document.path(), position.line, position.column)
        })
    }
}

/// Adds “did you mean” where something known is near and there are not too many findings already.
pub(super) fn suggest<'k>(
    finding: Diagnostic,
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
    findings: usize,
) -> Diagnostic {
    let near = (findings < MAX_SUGGESTIONS).then(|| nearest(word, known)).flatten();
    match near {
        Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
        None => finding,
    }
}

/// What two ways to write one name have in common: normalised, without blanks around it.
pub(super) fn key_of(name: &str) -> String {
    normalise(name).trim().to_owned()
}

/// Texts, each of one thing, with the place of each.
#[derive(Debug, Default)]
pub(super) struct Index {
    positions: FxHashMap<Box<str>, (u32, Range<usize>)>,
}

impl Index {
    /// The position in its list of the thing with this text.
    pub(super) fn get(&self, text: &str) -> Option<u32> {
        self.positions.get(text).map(|(position, _)| *position)
    }

    /// Each text with the position of its thing, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.positions.iter().map(|(text, (position, _))| (&**text, *position))
    }

    /// Takes an id, unless it is not one or is taken.
    pub(super) fn add_id(&mut self, id: &str, position: u32, steps: &[Step<'_>], findings: &mut Findings<'_>) {
        if !is_id(id) {
            findings.with_note(
                steps,
                Code::InvalidId,
                say!("“{id}”不能作编号", "`{id}` cannot be an id"),
                say!("编号由小写字母、数字和 - 组成，层级之间用 /", "ids are of a-z, 0-9 and -, with / between parts"),
            );
            return;
        }
        if let Some((_, first)) = self.insert(id, position, findings.range(steps)) {
            let first = findings.location(&first);
            findings.with_note(
                steps,
                Code::DuplicateId,
                say!("编号“{id}”重复", "id `{id}` is taken"),
                say!("第一次出现在 {first}", "it first stands at {first}"),
            );
        }
    }

    /// Takes a name or alias in its normalised form, unless nothing is left of it or another thing has it.
    pub(super) fn add_name(&mut self, name: &str, position: u32, steps: &[Step<'_>], findings: &mut Findings<'_>) {
        let normalised = key_of(name);
        if normalised.is_empty() {
            findings.at(steps, Code::EmptyTerm, say!("名称是空的", "a name with nothing in it"));
            return;
        }
        match self.insert(&normalised, position, findings.range(steps)) {
            Some((other, first)) if other != position => {
                let first = findings.location(&first);
                findings.with_note(
                    steps,
                    Code::DuplicateName,
                    say!("名称“{name}”已属于别处", "the name `{name}` belongs to another"),
                    say!(
                        "另一处在 {first}；在其中一处前面加上属地即可区分",
                        "the other is at {first}; put the place before one of them"
                    ),
                );
            }
            _ => {}
        }
    }

    /// Keeps the first of two; gives the one that was there.
    fn insert(&mut self, text: &str, position: u32, range: Range<usize>) -> Option<(u32, Range<usize>)> {
        if let Some(taken) = self.positions.get(text) {
            return Some(taken.clone());
        }
        self.positions.insert(text.into(), (position, range));
        None
    }
}
