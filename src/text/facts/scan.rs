//! The characters of a text with what the readers of facts ask of them.

use std::ops::Range;

use crate::text::numerals::{self, Number};

/// A number and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) number: Number,
}

/// Characters of a text, and the numbers in it, found once for all readers.
pub(super) struct Scan<'a> {
    pub(super) characters: &'a [char],
    numbers: Vec<Found>,
    digits: bool,
    latin: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(characters: &'a [char]) -> Self {
        let mut numbers = Vec::new();
        let (mut digits, mut latin) = (false, false);
        let mut at = 0;
        while let Some(&c) = characters.get(at) {
            latin |= c.is_ascii_lowercase();
            digits |= c.is_ascii_digit();
            if numerals::begins(c)
                && let Some(number) = numerals::parse(&characters[at..])
            {
                digits |= number.arabic;
                numbers.push(Found { start: at, end: at + number.len, number });
                at += number.len;
            } else if c.is_ascii_digit() {
                // Too long a run to be a number: skip all of it, not a digit at a time.
                at += characters[at..].iter().take_while(|c| c.is_ascii_digit()).count();
            } else {
                at += 1;
            }
        }
        Self { characters, numbers, digits, latin }
    }

    pub(super) fn has_digits(&self) -> bool {
        self.digits
    }

    pub(super) fn has_latin(&self) -> bool {
        self.latin
    }

    pub(super) fn numbers(&self) -> &[Found] {
        &self.numbers
    }

    /// The number that begins at a position.
    pub(super) fn number_at(&self, at: usize) -> Option<&Found> {
        self.numbers.binary_search_by_key(&at, |found| found.start).ok().map(|i| &self.numbers[i])
    }

    pub(super) fn get(&self, at: usize) -> Option<char> {
        self.characters.get(at).copied()
    }

    /// The character before a position.
    pub(super) fn before(&self, at: usize) -> Option<char> {
        at.checked_sub(1).and_then(|i| self.get(i))
    }

    /// The length of `word` if it stands at a position.
    pub(super) fn word(&self, at: usize, word: &str) -> Option<usize> {
        let mut length = 0;
        for c in word.chars() {
            if self.get(at + length) != Some(c) {
                return None;
            }
            length += 1;
        }
        Some(length)
    }

    /// The first of the words that stands at a position, with its length. Order longer ones first.
    pub(super) fn any<'w>(&self, at: usize, words: &[&'w str]) -> Option<(&'w str, usize)> {
        words.iter().find_map(|word| self.word(at, word).map(|length| (*word, length)))
    }

    /// Whether one of the words ends just before a position.
    pub(super) fn ends_with(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| {
            let length = word.chars().count();
            length <= at && self.word(at - length, word).is_some()
        })
    }

    /// Whether one of the words stands within `distance` characters before a position, in the same clause.
    pub(super) fn near_before(&self, at: usize, distance: usize, words: &[&str]) -> bool {
        let start = at.saturating_sub(distance);
        let clause = (start..at).rev().find(|&i| matches!(self.characters[i], ',' | '。' | ';' | '!' | '?' | '\n'));
        (clause.map_or(start, |i| i + 1)..at).any(|i| self.any(i, words).is_some_and(|(_, length)| i + length <= at))
    }

    pub(super) fn is_digit(&self, at: usize) -> bool {
        self.get(at).is_some_and(|c| c.is_ascii_digit())
    }

    pub(super) fn is_alphanumeric(&self, at: usize) -> bool {
        self.get(at).is_some_and(|c| c.is_ascii_alphanumeric())
    }

    /// Whether a letter or digit stands before a position.
    pub(super) fn alphanumeric_before(&self, at: usize) -> bool {
        self.before(at).is_some_and(|c| c.is_ascii_alphanumeric())
    }

    /// The end of the run of characters that satisfy a test.
    pub(super) fn run(&self, at: usize, test: impl Fn(char) -> bool) -> usize {
        at + self.characters.get(at..).unwrap_or_default().iter().take_while(|c| test(**c)).count()
    }

    /// The position after blanks.
    pub(super) fn skip_blank(&self, at: usize) -> usize {
        if self.get(at) == Some(' ') { at + 1 } else { at }
    }

    pub(super) fn string(&self, range: Range<usize>) -> String {
        self.characters[range].iter().collect()
    }

    /// The characters of a range in upper case, without separators.
    pub(super) fn compact(&self, range: Range<usize>) -> String {
        let kept = self.characters[range].iter().filter(|c| !matches!(c, ' ' | '-' | '·' | '.' | '•' | '・'));
        kept.map(char::to_ascii_uppercase).collect()
    }
}
