//! A file put into its one layout, as `jiesu fmt` does it.

use lsp_types::{DocumentFormattingParams, TextEdit};

use super::position::Lines;
use super::session::Session;
use crate::bundle::formatted;

/// The change that puts a text that is open into its layout: the lines from the first to the last that differ, so that a
/// cursor elsewhere stays. None for a file without a layout, and for one that is half written: its findings say why.
pub(super) fn layout(session: &Session, asked: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let path = session.workspace.relative(&asked.text_document.uri)?;
    let text = &session.workspace.open_files().get(&path)?.content.text;
    let new = formatted(&path, text)?.ok()?;
    Some(edit(text, &new).into_iter().collect())
}

/// The lines that differ, as one edit; none where all are the same.
fn edit(text: &str, new: &str) -> Option<TextEdit> {
    if text == new {
        return None;
    }
    let same = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> usize {
        pairs.take_while(|(own, other)| own == other).map(|(own, _)| own.len()).sum()
    };
    let before = same(&mut text.split_inclusive('\n').zip(new.split_inclusive('\n')));
    let rest = (&text[before..], &new[before..]);
    let after = same(&mut rest.0.split_inclusive('\n').rev().zip(rest.1.split_inclusive('\n').rev()));
    let range = Lines::of(text).place(&(before..text.len() - after));
    Some(TextEdit { range, new_text: rest.1[..rest.1.len() - after].to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lsp_types::TextDocumentContentChangeEvent as Change;
    use proptest::prelude::*;

    use super::super::position::changed;
    use super::*;

    #[test]
    fn only_lines_that_differ_are_replaced() {
        for (text, new, expect) in [
            ("a\nb\nc\n", "a\nb\nc\n", None),
            ("a\nb\nc\n", "a\nx\nc\n", Some((1, 2, "x\n"))),
            ("a\nb\n", "a\nb\nc\n", Some((2, 2, "c\n"))),
            ("a\na\n", "a\n", Some((1, 2, ""))),
            ("a", "a\n", Some((0, 0, "a\n"))),
            ("", "a\n", Some((0, 0, "a\n"))),
        ] {
            let found = edit(text, new);
            let found = found.as_ref().map(|it| (it.range.start.line, it.range.end.line, it.new_text.as_str()));
            assert_eq!(found, expect, "{text:?} {new:?}");
        }
    }

    proptest! {
        #[test]
        fn the_edit_gives_the_new_text(text in "[ab水\n]{0,12}", new in "[ab水\n]{0,12}") {
            let edited = edit(&text, &new).map(|it| {
                let change = Change { range: Some(it.range), range_length: None, text: it.new_text };
                changed(&text, &change)
            });
            prop_assert_eq!(edited.unwrap_or(text), new);
        }
    }
}
