//! How texts become index terms: words as the segmenter cuts them, and pairs of neighbouring Chinese characters.
//!
//! Words carry meaning; pairs find what the segmenter cut differently here and there. The text is expected to be
//! normalised. Numbers are left out of both: a phone number or a house number says nothing about the matter.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::text::Segmenter;

/// The longest word that is a term, in bytes. What is longer is no word, and tantivy has a limit of its own.
const MAX_WORD: usize = 96;
/// The most digits in a term: `5g` and `k12` are words, a plate or an order number is not.
const MAX_DIGITS: usize = 3;

/// Whether a character is a Chinese one (CJK unified and compatibility ideographs, and 〇).
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '〇')
}

/// Whether a word says something as an index term: it has a letter or a Chinese character, and is no number or code.
pub(super) fn is_term(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.len() <= MAX_WORD && digits <= MAX_DIGITS && word.chars().any(char::is_alphabetic)
}

/// The byte ranges of all pairs of neighbouring Chinese characters, in order; a Chinese character with no such neighbour
/// stands alone.
pub(super) fn bigrams(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut characters = text.char_indices().map(|(at, c)| (at, c.len_utf8(), is_han(c))).peekable();
    let mut paired = false;
    std::iter::from_fn(move || {
        loop {
            let (at, length, han) = characters.next()?;
            let before = std::mem::replace(&mut paired, false);
            if !han {
                continue;
            }
            if let Some(&(_, next, true)) = characters.peek() {
                paired = true;
                return Some(at..at + length + next);
            }
            if !before {
                return Some(at..at + length);
            }
        }
    })
}

/// Cuts words with the segmenter it shares.
#[derive(Clone)]
pub(super) struct WordTokenizer(pub(super) Segmenter);

/// Cuts pairs of Chinese characters.
#[derive(Clone)]
pub(super) struct BigramTokenizer;

/// Terms at known places of a text.
pub(super) struct Terms<'a> {
    text: &'a str,
    ranges: std::vec::IntoIter<Range<usize>>,
    token: Token,
}

impl<'a> Terms<'a> {
    fn new(text: &'a str, ranges: Vec<Range<usize>>) -> Terms<'a> {
        Terms { text, ranges: ranges.into_iter(), token: Token::default() }
    }
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        let Some(range) = self.ranges.next() else { return false };
        // The first token's position wraps around from `usize::MAX` to 0, as tantivy's own tokenizers do.
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = range.start;
        self.token.offset_to = range.end;
        self.token.text.clear();
        self.token.text.push_str(&self.text[range]);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        let mut words = self.0.cut(text);
        words.retain(|range| is_term(&text[range.clone()]));
        Terms::new(text, words)
    }
}

impl Tokenizer for BigramTokenizer {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        Terms::new(text, bigrams(text).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn terms(mut tokenizer: impl Tokenizer, text: &str) -> Vec<Token> {
        let mut terms = Vec::new();
        tokenizer.token_stream(text).process(&mut |token| terms.push(token.clone()));
        terms
    }

    fn texts(tokenizer: impl Tokenizer, text: &str) -> Vec<String> {
        terms(tokenizer, text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn pairs() {
        for (text, expected) in [
            ("水管爆裂", vec!["水管", "管爆", "爆裂"]),
            ("水", vec!["水"]),
            ("", vec![]),
            ("a水b管c", vec!["水", "管"]),
            ("停水,停电!", vec!["停水", "停电"]),
            ("漏😀水管", vec!["漏", "水管"]),
            ("二〇二六", vec!["二〇", "〇二", "二六"]),
            ("wifi 5g 123", vec![]),
            ("𠮷家", vec!["𠮷家"]),
        ] {
            assert_eq!(texts(BigramTokenizer, text), expected, "{text}");
        }
    }

    #[test]
    fn words() {
        let tokenizer = || WordTokenizer(Segmenter::new([]));
        for (text, expected) in [
            ("小区停电了", vec!["小区", "停电", "了"]),
            ("停电!停水", vec!["停电", "停水"]),
            ("电话 13800001234", vec!["电话"]),
            ("wifi太慢", vec!["wifi", "太慢"]),
            ("😀", vec![]),
        ] {
            assert_eq!(texts(tokenizer(), text), expected, "{text}");
        }
        for (word, expected) in [
            ("水管", true),
            ("水", true),
            ("5g", true),
            ("12345", false),
            ("a12345", false),
            (",", false),
            (" ", false),
            ("", false),
            ("①", false),
        ] {
            assert_eq!(is_term(word), expected, "{word}");
        }
        assert!(!is_term(&"啊".repeat(100)));
    }

    /// Chinese, letters, digits, emoji and combining marks in any order.
    const ANY_TEXT: &str = "([水管爆裂停电小区的了]{0,5}|[a-z0-9 ]{0,4}|[😀👨‍👩‍👧é〇𠮷，。\n]{0,3}|\\PC{0,4}){0,8}";

    proptest! {
        #[test]
        fn offsets_and_positions_are_right(text in ANY_TEXT) {
            for found in [terms(BigramTokenizer, &text), terms(WordTokenizer(Segmenter::new([])), &text)] {
                for (position, token) in found.iter().enumerate() {
                    prop_assert_eq!(token.position, position);
                    prop_assert_eq!(token.position_length, 1);
                    prop_assert_eq!(text.get(token.offset_from..token.offset_to).unwrap(), &token.text);
                }
                prop_assert!(found.is_sorted_by(|a, b| a.offset_from < b.offset_from));
            }
        }

        #[test]
        fn pairs_agree_with_a_naive_count(text in ANY_TEXT) {
            let characters: Vec<char> = text.chars().collect();
            let mut expected = Vec::new();
            for (at, &c) in characters.iter().enumerate() {
                let han = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|&c| is_han(c));
                if is_han(c) && han(Some(at + 1)) {
                    expected.push(format!("{c}{}", characters[at + 1]));
                } else if is_han(c) && !han(at.checked_sub(1)) {
                    expected.push(c.to_string());
                }
            }
            prop_assert_eq!(texts(BigramTokenizer, &text), expected);
        }
    }
}
