//! Positions as the protocol counts them (lines from 0, columns in UTF-16 units) and bytes of a text.

use std::ops::Range;

use lsp_types::{Position, Range as Place, TextDocumentContentChangeEvent as Change};

/// Where the lines of a text begin. Lines end at `\n`, with or without a `\r` before it.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// The lines of a text.
    pub(super) fn of(text: &'t str) -> Lines<'t> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// A line without its end; empty past the last.
    pub(super) fn line(&self, line: usize) -> &'t str {
        let Some(start) = self.starts.get(line) else { return "" };
        let end = self.starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        self.text[*start..end].trim_end_matches('\r')
    }

    /// How many there are, at least one.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The position of a byte; of one inside a character, that of the character.
    pub(super) fn position(&self, byte: usize) -> Position {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte) - 1;
        let column: usize = self.text[self.starts[line]..byte].chars().map(char::len_utf16).sum();
        Position::new(line as u32, column as u32)
    }

    /// The byte of a position. Past the end of a line it is the line's end, past the last line the text's; inside a
    /// surrogate pair it is the character's first byte.
    pub(super) fn byte(&self, position: Position) -> usize {
        let Some(start) = self.starts.get(position.line as usize) else { return self.text.len() };
        let line = self.line(position.line as usize);
        let mut column = 0;
        for (at, character) in line.char_indices() {
            column += character.len_utf16();
            if column > position.character as usize {
                return start + at;
            }
        }
        start + line.len()
    }

    /// The place of a range of bytes.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        Place::new(self.position(range.start), self.position(range.end.max(range.start)))
    }

    /// The bytes of a place; empty where it ends before it begins.
    pub(super) fn range(&self, place: Place) -> Range<usize> {
        let start = self.byte(place.start);
        start..self.byte(place.end).max(start)
    }
}

/// A text after a change: a part of it replaced, or all.
pub(super) fn changed(text: &str, change: &Change) -> String {
    let Some(place) = change.range else { return change.text.clone() };
    let range = Lines::of(text).range(place);
    [&text[..range.start], &change.text, &text[range.end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_utf16_units() {
        let text = "水管:\r\n  - 𠮷漏a\n";
        let lines = Lines::of(text);
        for (byte, line, column) in [(0, 0, 0), (3, 0, 1), (7, 0, 3), (9, 1, 0), (13, 1, 4), (17, 1, 6), (20, 1, 7)] {
            assert_eq!(lines.position(byte), Position::new(line, column), "byte {byte}");
            assert_eq!(lines.byte(Position::new(line, column)), byte, "{line}:{column}");
        }
        assert_eq!(lines.byte(Position::new(1, 5)), 13, "inside a surrogate pair");
        assert_eq!(lines.byte(Position::new(0, 99)), 7, "past the end of the line");
        assert_eq!(lines.byte(Position::new(99, 0)), text.len());
        assert_eq!((lines.count(), lines.line(1), lines.line(9)), (3, "  - 𠮷漏a", ""));
    }

    /// A text as UTF-16 units, replaced there.
    fn naive(text: &str, range: &Range<usize>, new: &str) -> String {
        let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        let (start, end) = (units(&text[..range.start]).len(), units(&text[..range.end]).len());
        let mut all = units(text);
        all.splice(start..end, units(new));
        String::from_utf16_lossy(&all)
    }

    proptest! {
        #[test]
        fn positions_lead_back_and_changes_are_those_of_a_naive_editor(
            text in "[a水𠮷\n]{0,30}", from in 0usize..40, length in 0usize..10, new in "[b管\n]{0,4}"
        ) {
            let boundary = |mut at: usize| { at = at.min(text.len()); while !text.is_char_boundary(at) { at -= 1; } at };
            let (start, end) = (boundary(from), boundary(from + length));
            let lines = Lines::of(&text);
            prop_assert_eq!(lines.byte(lines.position(start)), start);
            let place = lines.place(&(start..end));
            let change = Change { range: Some(place), range_length: None, text: new.clone() };
            prop_assert_eq!(changed(&text, &change), naive(&text, &(start..end), &new));
        }

        #[test]
        fn no_position_is_too_wild(text in "[a水𠮷\r\n]{0,12}", line in 0u32..9, column in proptest::num::u32::ANY) {
            let byte = Lines::of(&text).byte(Position::new(line, column));
            prop_assert!(text.is_char_boundary(byte));
        }
    }
}
