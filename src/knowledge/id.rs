//! Ids: what they may look like, and that no two are the same.

use std::sync::Arc;

use crate::say;
use crate::source::{Code, Diagnostic, Document, MAX_ID, Message, Step, is_id};

/// Something with an id that was read from a document.
pub trait Identified {
    /// The id.
    fn id(&self) -> &str;
    /// The document it was read from, where there is one.
    fn document(&self) -> Option<&Arc<Document>>;
}

/// Reports an id that is none.
pub(super) fn check_id(document: &Document, id: &str, diagnostics: &mut Vec<Diagnostic>) {
    if !is_id(id) {
        let message = say!(
            "id 只用小写英文字母、数字和 -，各段之间用 /，最长 {MAX_ID} 个字符",
            "an id is made of lower-case letters, digits and `-`, with `/` between parts, at most {MAX_ID} characters"
        );
        diagnostics.push(document.diagnostic_at(&[Step::Key("id")], Code::InvalidId, message));
    }
}

/// Reports a text with more characters than it may have.
pub(super) fn check_length(
    document: &Document,
    steps: &[Step<'_>],
    text: &str,
    most: usize,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // Bytes first: no text with fewer bytes than characters.
    if text.len() > most && text.chars().count() > most {
        diagnostics.push(document.diagnostic_at(steps, Code::LimitExceeded, too_long(most)));
    }
}

pub(super) fn too_long(most: usize) -> Message {
    say!("太长，最多 {most} 个字符", "too long: at most {most} characters")
}

/// Puts things in order of id and reports every one whose id another one already has (J020); of those with the same id,
/// the one of the first path stays.
pub fn unique<T: Identified>(mut items: Vec<T>, diagnostics: &mut Vec<Diagnostic>) -> Vec<T> {
    fn path<T: Identified>(item: &T) -> &str {
        item.document().map_or("", |document| document.path())
    }
    items.sort_by(|a, b| (a.id(), path(a)).cmp(&(b.id(), path(b))));
    items.dedup_by(|later, first| {
        let same = later.id() == first.id();
        if same {
            let (id, other) = (later.id(), path(first));
            let message = say!("id {id} 已经用在 {other} 里", "the id {id} is already that of {other}");
            diagnostics.push(match later.document() {
                Some(document) => document.diagnostic_at(&[Step::Key("id")], Code::DuplicateId, message),
                None => Diagnostic::about("", Code::DuplicateId, message),
            });
        }
        same
    });
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (text, expected) in [
            ("water/repair", true),
            ("a", true),
            ("a-1/b/c", true),
            ("", false),
            ("/a", false),
            ("a//b", false),
            ("Water", false),
            ("水", false),
            ("a b", false),
            ("a_b", false),
        ] {
            assert_eq!(is_id(text), expected, "{text}");
        }
        assert!(!is_id(&"a".repeat(MAX_ID + 1)));
    }
}
