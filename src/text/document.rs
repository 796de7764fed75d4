//! A complaint's title and text together, normalised, with the way back to the original characters.

use std::ops::Range;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{self, Fact};
use super::normalise::{Normalised, with_sources};
use super::segment::Segmenter;
use super::sentences::{Partition, split};

/// Which field of the complaint something lies in.
#[derive(Serialize, Deserialize, JsonSchema, ToSchema, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The title.
    Title,
    /// The text itself.
    Text,
}

/// Where in the original a stretch of text lies. Offsets count characters (Unicode scalar values) of that field's
/// original text.
#[derive(Serialize, Deserialize, JsonSchema, ToSchema, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Span {
    /// The field that the offsets count in.
    pub field: Field,
    /// The first character.
    pub start: u32,
    /// The character after the last.
    pub end: u32,
}

/// A complaint's text: title, line break, body, normalised as [`normalise`](super::normalise()) does, with offsets back
/// to the original. Positions and ranges count characters of the normalised text unless they say otherwise; a position
/// past the end is taken as the end, so no range can panic.
#[derive(Debug)]
pub struct Text {
    original_title: Box<str>,
    original_body: Box<str>,
    normalised: String,
    /// Original range of each character, in its own field.
    sources: Vec<(u32, u32)>,
    /// Byte offset of each character, and of the end.
    bytes: Vec<u32>,
    /// Character that each byte belongs to, and that after the last.
    characters: Vec<u32>,
    /// Length of the title, and where the body begins.
    title_end: u32,
    body_start: u32,
    sentences: Partition,
    clauses: Partition,
    words: OnceLock<Vec<Range<u32>>>,
    facts: OnceLock<Vec<Fact>>,
}

impl Text {
    /// Normalises a complaint. Never fails; time and memory are proportional to the input, whose size the caller
    /// bounds. A title of nothing but blanks is no title.
    pub fn new(title: Option<&str>, body: &str) -> Self {
        let title = title.filter(|t| !t.trim().is_empty()).unwrap_or_default();
        let Normalised { mut text, mut sources } = with_sources(title);
        let title_end = sources.len() as u32;
        if !text.is_empty() {
            // The line break comes from nowhere: an empty source at the end of the title.
            let end = title.chars().count() as u32;
            text.push('\n');
            sources.push((end, end));
        }
        let body_start = sources.len() as u32;
        let body_normalised = with_sources(body);
        text.push_str(&body_normalised.text);
        sources.extend_from_slice(&body_normalised.sources);

        let mut bytes = Vec::with_capacity(sources.len() + 1);
        let mut characters = vec![sources.len() as u32; text.len() + 1];
        let mut scalars = Vec::with_capacity(sources.len());
        for (number, (byte, c)) in text.char_indices().enumerate() {
            bytes.push(byte as u32);
            characters[byte..byte + c.len_utf8()].fill(number as u32);
            scalars.push(c);
        }
        bytes.push(text.len() as u32);
        let (sentences, clauses) = split(&scalars, body_start as usize);
        Self {
            original_title: title.into(),
            original_body: body.into(),
            normalised: text,
            sources,
            bytes,
            characters,
            title_end,
            body_start,
            sentences,
            clauses,
            words: OnceLock::new(),
            facts: OnceLock::new(),
        }
    }

    /// The normalised text: title, `\n`, body; without a title just the body.
    pub fn normalised(&self) -> &str {
        &self.normalised
    }

    /// Length of the normalised text, in characters.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u32 {
        self.sources.len() as u32
    }

    /// Whether nothing is left of the text after normalising.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The character that a byte of [`normalised`](Self::normalised) belongs to. Constant time.
    pub fn char_at_byte(&self, byte: usize) -> u32 {
        self.characters.get(byte).copied().unwrap_or(self.len())
    }

    /// The byte of [`normalised`](Self::normalised) where a character begins. Constant time.
    pub fn byte_at_char(&self, c: u32) -> usize {
        self.bytes.get(c as usize).map_or(self.normalised.len(), |&byte| byte as usize)
    }

    /// The normalised characters of a range.
    pub fn slice(&self, range: Range<u32>) -> &str {
        let start = self.byte_at_char(range.start);
        &self.normalised[start..self.byte_at_char(range.end).max(start)]
    }

    /// The smallest span of the original that covers a normalised range. A range that crosses from the title into the
    /// body is clipped to the field it starts in; an empty one gives an empty span.
    pub fn original(&self, range: Range<u32>) -> Span {
        let (field, limit) =
            if range.start < self.body_start { (Field::Title, self.body_start) } else { (Field::Text, self.len()) };
        let end = range.end.min(limit);
        let own = self.sources.get(range.start as usize..end as usize).unwrap_or_default();
        match (own.first(), own.last()) {
            (Some(first), Some(last)) => Span { field, start: first.0, end: last.1.max(first.0) },
            _ => {
                let at = self.sources.get(range.start as usize).map_or_else(|| self.end_of(field), |source| source.0);
                Span { field, start: at, end: at }
            }
        }
    }

    /// The citizen's own characters of a span. Time is proportional to the length of the field.
    pub fn original_str(&self, span: Span) -> &str {
        let text = match span.field {
            Field::Title => &self.original_title,
            Field::Text => &self.original_body,
        };
        let start = byte_of(text, span.start);
        &text[start..start + byte_of(&text[start..], span.end.saturating_sub(span.start))]
    }

    /// Where the title is; empty when there is none. Its line break belongs to neither title nor body.
    pub fn title(&self) -> Range<u32> {
        0..self.title_end
    }

    /// Where the body is.
    pub fn body(&self) -> Range<u32> {
        self.body_start..self.len()
    }

    /// Sentences end at 。！？；!?; or a line break, and the title is one of its own. What ends a sentence belongs to it, so
    /// together they cover the text.
    pub fn sentences(&self) -> &[Range<u32>] {
        &self.sentences.ranges
    }

    /// Clauses end where sentences do and at ，、, too (not at the comma of `3,500`). They cover the text.
    pub fn clauses(&self) -> &[Range<u32>] {
        &self.clauses.ranges
    }

    /// The number of the sentence that a character is in. Constant time.
    pub fn sentence_of(&self, c: u32) -> u32 {
        self.sentences.of(c)
    }

    /// The number of the clause that a character is in. Constant time.
    pub fn clause_of(&self, c: u32) -> u32 {
        self.clauses.of(c)
    }

    /// The words of the text in order, covering it, blanks and punctuation included. Cut once, by the segmenter of the
    /// first call, and kept: a text is read under one bundle.
    pub fn words(&self, segmenter: &Segmenter) -> &[Range<u32>] {
        self.words.get_or_init(|| {
            let words = segmenter.cut(&self.normalised);
            words.into_iter().map(|word| self.char_at_byte(word.start)..self.char_at_byte(word.end)).collect()
        })
    }

    /// The facts in the text, in order and apart from one another. Read once and kept.
    pub fn facts(&self) -> &[Fact] {
        self.facts.get_or_init(|| facts::extract(self))
    }

    fn end_of(&self, field: Field) -> u32 {
        let last = match field {
            Field::Title => self.sources.get(..self.title_end as usize),
            Field::Text => self.sources.get(self.body_start as usize..),
        };
        last.and_then(<[_]>::last).map_or(0, |source| source.1)
    }
}

/// The byte where a character of a text begins; its length when there are fewer.
fn byte_of(text: &str, character: u32) -> usize {
    text.char_indices().nth(character as usize).map_or(text.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the original says where the normalised text says `needle`.
    fn original_of<'a>(text: &'a Text, needle: &str) -> &'a str {
        let byte = text.normalised().find(needle).map_or(usize::MAX, |b| b);
        let range = text.char_at_byte(byte)..text.char_at_byte(byte.saturating_add(needle.len()));
        assert_eq!(text.slice(range.clone()), needle);
        text.original_str(text.original(range))
    }

    #[test]
    fn finds_the_citizens_own_characters() {
        for (title, body, needle, original) in [
            (None, "小區自來水爆裂", "自来水", "自來水"),
            (None, "水\u{200B}管爆了", "水管", "水\u{200B}管"),
            (None, "拨打１３８００１３８０００", "13800138000", "１３８００１３８０００"),
            (None, "a&amp;b公司", "a&b", "a&amp;b"),
            (None, "很  多   空格", "多 空", "多   空"),
            (Some("停電通知"), "今天停電", "停电通知", "停電通知"),
            (Some("標題"), "停電了", "停电了", "停電了"),
        ] {
            let text = Text::new(title, body);
            assert_eq!(original_of(&text, needle), original, "{body}");
        }
    }

    #[test]
    fn title_and_body() {
        let text = Text::new(Some("停水?急"), "一天了。没人管");
        assert_eq!(text.normalised(), "停水?急\n一天了。没人管");
        assert_eq!(text.slice(text.title()), "停水?急");
        assert_eq!(text.slice(text.body()), "一天了。没人管");
        assert_eq!(text.sentences(), [0..5, 5..9, 9..12]);
        // Across the border: clipped to where it starts.
        assert_eq!(text.original(2..8), Span { field: Field::Title, start: 2, end: 4 });
        assert_eq!(text.original(5..7), Span { field: Field::Text, start: 0, end: 2 });
        // The line break came from nowhere.
        assert_eq!(text.original(4..5), Span { field: Field::Title, start: 4, end: 4 });

        for title in [None, Some(""), Some(" \n ")] {
            assert_eq!(Text::new(title, "停水").normalised(), "停水");
        }
    }

    #[test]
    fn out_of_range_is_harmless() {
        let reversed = Range { start: 5, end: 1 };
        for text in [Text::new(None, ""), Text::new(Some("题"), ""), Text::new(None, "停水了")] {
            for range in [0..0, 0..99, 98..99, u32::MAX..u32::MAX, reversed.clone()] {
                text.slice(range.clone());
                text.original_str(text.original(range));
            }
            text.sentence_of(99);
            text.clause_of(0);
            assert_eq!(text.char_at_byte(999), text.len());
            assert_eq!(text.byte_at_char(999), text.normalised().len());
            for field in [Field::Title, Field::Text] {
                text.original_str(Span { field, start: 7, end: 3 });
            }
        }
    }

    #[test]
    fn spans_are_read_and_written() {
        let span = Span { field: Field::Text, start: 1, end: 3 };
        let json = serde_json::json!({"field": "text", "start": 1, "end": 3});
        assert_eq!(serde_json::to_value(span).ok(), Some(json.clone()));
        assert_eq!(serde_json::from_value::<Span>(json).ok(), Some(span));
    }

    proptest! {
        #[test]
        fn offsets_agree_with_counting(title in proptest::option::of("\\PC{0,6}"), body in "(\\PC|&#65;|\r\n|[一-龥。，]){0,30}") {
            let text = Text::new(title.as_deref(), &body);
            let normalised = text.normalised();
            prop_assert_eq!(text.len() as usize, normalised.chars().count());
            for (number, (byte, c)) in normalised.char_indices().enumerate() {
                for inside in byte..byte + c.len_utf8() {
                    prop_assert_eq!(text.char_at_byte(inside), number as u32);
                }
                prop_assert_eq!(text.byte_at_char(number as u32), byte);
            }
            for partition in [text.sentences(), text.clauses(), text.words(&Segmenter::new([]))] {
                prop_assert!(partition.iter().all(|r| r.start < r.end));
                prop_assert!(partition.windows(2).all(|pair| pair[0].end == pair[1].start));
                prop_assert_eq!(partition.first().map_or(0, |r| r.start), 0);
                prop_assert_eq!(partition.last().map_or(0, |r| r.end), text.len());
            }
            let whole = text.original(text.body());
            prop_assert!(whole.end as usize <= body.chars().count());
            for fact in text.facts() {
                prop_assert!(fact.range.start < fact.range.end && fact.range.end <= text.len());
            }
        }
    }
}
