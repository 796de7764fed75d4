//! The characters of a text with what the readers of facts ask of them.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::address_words;
use crate::text::numerals::{self, Number};

/// A number and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) number: Number,
}

/// What a character may begin or end; readers look only at characters that are marked for them.
pub(super) mod mark {
    /// An ASCII digit.
    pub(in super::super) const DIGIT: u8 = 1;
    /// A lower case ASCII letter.
    pub(in super::super) const LETTER: u8 = 1 << 1;
    /// The first character of a number.
    pub(in super::super) const NUMBER: u8 = 1 << 2;
    /// The first character of a day that is said in words (`昨天`).
    pub(in super::super) const DAY: u8 = 1 << 3;
    /// The first character of a part of the day (`晚上`).
    pub(in super::super) const HOUR: u8 = 1 << 4;
    /// The last character of a part of an address (`路`).
    pub(in super::super) const PLACE: u8 = 1 << 5;
    /// The last character of what a number is filed under (`单号`).
    pub(in super::super) const LABEL: u8 = 1 << 6;
    /// A bracket or plus that a telephone number may begin with.
    pub(in super::super) const DIAL: u8 = 1 << 7;
}

/// Marks of the characters of the basic plane, one byte each: a character costs one look-up, whatever is read.
static MARKS: LazyLock<Box<[u8]>> = LazyLock::new(|| {
    let classes: [(u8, &str); 5] = [
        (mark::DAY, "大前昨今明后上这本下去周星礼"),
        (mark::HOUR, "凌半深清早上中下午傍晚夜"),
        (mark::PLACE, &address_words::last_characters()),
        (mark::LABEL, "号"),
        (mark::DIAL, "+("),
    ];
    let mut marks = vec![0; 0x10000];
    for (bit, characters) in classes {
        for c in characters.chars() {
            if let Some(marks) = marks.get_mut(c as usize) {
                *marks |= bit;
            }
        }
    }
    for (code, marks) in marks.iter_mut().enumerate() {
        let Some(c) = char::from_u32(code as u32) else { continue };
        *marks |= if c.is_ascii_digit() { mark::DIGIT } else { 0 };
        *marks |= if c.is_ascii_lowercase() { mark::LETTER } else { 0 };
        *marks |= if numerals::begins(c) { mark::NUMBER } else { 0 };
    }
    marks.into_boxed_slice()
});

/// Characters of a text, their marks, and the numbers in it, found once for all readers.
pub(super) struct Scan<'a> {
    pub(super) characters: &'a [char],
    marks: Vec<u8>,
    all_marks: u8,
    numbers: Vec<Found>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(characters: &'a [char]) -> Self {
        let table = &**MARKS;
        let marks: Vec<u8> = characters.iter().map(|&c| table.get(c as usize).copied().unwrap_or(0)).collect();
        let all_marks = marks.iter().fold(0, |all, marks| all | marks);
        let mut scan = Self { characters, marks, all_marks, numbers: Vec::new() };
        scan.numbers = scan.read_numbers();
        scan
    }

    fn read_numbers(&self) -> Vec<Found> {
        let mut numbers = Vec::new();
        let mut from = 0;
        while let Some(at) = self.next(from, mark::NUMBER) {
            if let Some(number) = numerals::parse(&self.characters[at..]) {
                numbers.push(Found { start: at, end: at + number.len, number });
                from = at + number.len;
            } else {
                // Too long a run of digits to be a number: skip all of it, not a digit at a time.
                from = self.run(at, |c| c.is_ascii_digit()).max(at + 1);
            }
        }
        numbers
    }

    /// Whether any character has one of these marks.
    pub(super) fn has(&self, marks: u8) -> bool {
        self.all_marks & marks != 0
    }

    /// The first position from `from` on whose character has one of these marks.
    pub(super) fn next(&self, from: usize, marks: u8) -> Option<usize> {
        self.marks.get(from..)?.iter().position(|m| m & marks != 0).map(|offset| from + offset)
    }

    /// Whether the character at a position has one of these marks.
    pub(super) fn is(&self, at: usize, marks: u8) -> bool {
        self.marks.get(at).is_some_and(|m| m & marks != 0)
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

/// Words to be looked for at many positions, by their first or last character.
pub(super) struct Lexicon {
    words: FxHashMap<char, Vec<Box<[char]>>>,
}

impl Lexicon {
    /// Words, between blanks, to be found where they begin.
    pub(super) fn beginning(words: &str) -> Self {
        Self::by(words, |word| word.chars().next())
    }

    /// Words, between blanks, to be found where they end.
    pub(super) fn ending(words: &str) -> Self {
        Self::by(words, |word| word.chars().next_back())
    }

    fn by(list: &str, key: impl Fn(&str) -> Option<char>) -> Self {
        let mut words: FxHashMap<char, Vec<Box<[char]>>> = FxHashMap::default();
        for word in list.split_whitespace() {
            if let Some(key) = key(word) {
                words.entry(key).or_default().push(word.chars().collect());
            }
        }
        for list in words.values_mut() {
            list.sort_by_key(|word| std::cmp::Reverse(word.len()));
        }
        Self { words }
    }

    /// The length of the longest word that begins at a position.
    pub(super) fn at(&self, scan: &Scan<'_>, position: usize) -> Option<usize> {
        let words = self.words.get(&scan.get(position)?)?;
        words.iter().find(|word| scan.characters[position..].starts_with(word)).map(|word| word.len())
    }

    /// Whether one of the words ends before a position.
    pub(super) fn before(&self, scan: &Scan<'_>, position: usize) -> bool {
        let words = scan.before(position).and_then(|c| self.words.get(&c));
        words.is_some_and(|words| words.iter().any(|word| scan.characters[..position].ends_with(word)))
    }

    /// Whether these characters are one of the words.
    pub(super) fn has(&self, characters: &[char]) -> bool {
        let words = characters.first().and_then(|c| self.words.get(c));
        words.is_some_and(|words| words.iter().any(|word| **word == *characters))
    }
}
