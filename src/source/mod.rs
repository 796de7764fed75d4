//! Reading what editors write: YAML, front matter and JSON Lines, with the position of every value, and diagnostics
//! that show the place.
//!
//! This is the only folder that knows YAML. It reads text that it is handed (never files), and knows nothing of
//! scenarios, articles or departments: those folders describe their files as plain structs and get them back filled.

mod code;
mod dates;
mod diagnostic;
mod differences;
mod document;
mod format;
mod json_lines;
mod message;
mod read;
mod render;
mod shape;
mod syntax_errors;
mod tree;
mod write;

pub use code::{Code, Level};
pub use dates::{Date, Minute};
pub use diagnostic::{Diagnostic, Edit, Fix, Position, Severity, SourceText};
pub use differences::{Line, differences, patch};
pub use document::{Document, Step};
pub use format::{format_front_matter, format_yaml};
pub use json_lines::read_json_lines;
pub use message::{Lang, Message};
pub use read::{Unread, schema_of};
pub use render::{render, render_plain};
pub use tree::{Entry, Node, Value};
pub use write::write;

/// Bytes of an id, at the most.
pub const MAX_ID: usize = 100;

/// Whether a text is an id of the bundle: lower-case ASCII letters, digits and `-`, in parts joined by `/`, at most
/// [`MAX_ID`] bytes.
pub fn is_id(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= MAX_ID && text.split('/').all(part)
}

/// Characters up to which a word is held against all others: the distance costs the product of both lengths.
const LONGEST: usize = 200;

/// The nearest of `known` to a misspelt `word`, when it is near enough to be meant (Damerau-Levenshtein distance of at
/// most a third of its length, at least one).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().take(LONGEST + 1).count();
    if length > LONGEST {
        return None;
    }
    let allowed = (length / 3).max(1);
    known
        .into_iter()
        // The distance is at least the difference of the lengths.
        .filter(|candidate| candidate.chars().take(2 * LONGEST).count().abs_diff(length) <= allowed)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}
