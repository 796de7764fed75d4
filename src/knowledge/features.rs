//! What a text is told apart by when an answer is looked for: words, single characters and pairs of characters.
//!
//! Unlike the terms of the index of cases, these leave nothing out: 怎么办理 and 能否办理 are different questions, and
//! only words that every second call has tell them apart. Characters stand beside words because people who ask the same
//! thing share more characters than words; what each is worth is weighed in [`answers`](super::answers).

use std::hash::Hash;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::tokenizers::is_han;
use crate::text::{Segmenter, Text};

/// The longest feature, in bytes: what is longer is no word.
const LONGEST: usize = 96;
/// The bytes of a text that are read, its title first: some two thousand Chinese characters. A longer letter has said
/// what it is about by then.
const MOST_BYTES: usize = 6_000;

/// The kinds of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A word as the segmenter cuts it.
    Word,
    /// A Chinese character, or a run of letters and digits.
    Character,
    /// Two neighbouring Chinese characters, or two neighbouring letters or digits.
    Pair,
}

impl Kind {
    /// How many kinds there are.
    pub(super) const COUNT: usize = 3;
}

/// A distinct feature of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Feature {
    /// What it is.
    pub(super) kind: Kind,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    /// How often it begins in the title.
    pub(super) in_title: u32,
    /// How often it begins in the rest.
    pub(super) in_body: u32,
}

/// A normalised text with its distinct features, in order of where each is first seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Features {
    text: Box<str>,
    list: Vec<Feature>,
}

impl Features {
    /// The features of a complaint.
    #[cfg(test)]
    pub(super) fn of_text(text: &Text, segmenter: &Segmenter) -> Features {
        Wording::of(text, segmenter).features()
    }

    /// The features of a normalised text without a title.
    pub(super) fn of_normalised(text: &str, segmenter: &Segmenter) -> Features {
        Features::new(text, 0, segmenter.cut(text).into_iter())
    }

    fn new(text: &str, title: usize, words: impl Iterator<Item = Range<usize>>) -> Features {
        let mut end = MOST_BYTES.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        let mut counter = Counter { text, title, numbers: FxHashMap::default(), list: Vec::new() };
        for word in words.take_while(|word| word.end <= text.len()) {
            if text[word.clone()].contains(char::is_alphanumeric) {
                counter.add(Kind::Word, word);
            }
        }
        for run in runs(text) {
            counter.add_run(run);
        }
        Features { text: text.into(), list: counter.list }
    }

    /// The features.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.list.iter()
    }

    /// How many distinct ones there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The characters of a feature.
    pub(super) fn str(&self, feature: &Feature) -> &str {
        &self.text[feature.range.clone()]
    }

    /// The letters, digits and Chinese characters of the text, all else left out: equal for the same question however
    /// it is punctuated.
    pub(super) fn letters(&self) -> String {
        letters(&self.text)
    }
}

/// A complaint as its features are read from it, for whoever asks for them later or never.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wording {
    text: Box<str>,
    /// Where the title ends, in bytes.
    title: usize,
    words: Vec<Range<usize>>,
}

impl Wording {
    /// The normalised text and its words.
    pub(super) fn of(text: &Text, segmenter: &Segmenter) -> Wording {
        let bytes = |range: &Range<u32>| text.byte_at_char(range.start)..text.byte_at_char(range.end);
        Wording {
            text: text.normalised().into(),
            title: text.byte_at_char(text.title().end),
            words: text.words(segmenter).iter().map(bytes).collect(),
        }
    }

    /// Its features.
    pub(super) fn features(&self) -> Features {
        Features::new(&self.text, self.title, self.words.iter().cloned())
    }
}

/// A text without punctuation and blanks.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

struct Counter<'a> {
    text: &'a str,
    /// Where the title ends.
    title: usize,
    numbers: FxHashMap<(Kind, &'a str), usize>,
    list: Vec<Feature>,
}

impl<'a> Counter<'a> {
    fn add(&mut self, kind: Kind, range: Range<usize>) {
        if range.len() > LONGEST {
            return;
        }
        let text: &'a str = self.text;
        let next = self.list.len();
        let number = *self.numbers.entry((kind, &text[range.clone()])).or_insert(next);
        let in_title = range.start < self.title;
        if number == next {
            self.list.push(Feature { kind, range, in_title: 0, in_body: 0 });
        }
        let feature = &mut self.list[number];
        match in_title {
            true => feature.in_title += 1,
            false => feature.in_body += 1,
        }
    }

    /// Adds the characters and pairs of a run of one script.
    fn add_run(&mut self, run: Range<usize>) {
        let mut characters = self.text[run.clone()].char_indices().map(|(at, c)| (run.start + at, c)).peekable();
        let chinese = characters.peek().is_some_and(|(_, c)| is_han(*c));
        if !chinese {
            self.add(Kind::Character, run.clone());
        }
        while let Some((at, c)) = characters.next() {
            if chinese {
                self.add(Kind::Character, at..at + c.len_utf8());
            }
            if let Some((next, other)) = characters.peek() {
                self.add(Kind::Pair, at..next + other.len_utf8());
            }
        }
    }
}

/// The longest stretches of Chinese characters, and those of other letters and digits.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = rest.find(|(_, c)| c.is_alphanumeric() || is_han(*c))?;
        let mut end = start + first.len_utf8();
        while let Some((at, c)) =
            rest.next_if(|(_, c)| is_han(*c) == is_han(first) && (is_han(*c) || c.is_alphanumeric()))
        {
            end = at + c.len_utf8();
        }
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(features: &Features, kind: Kind) -> Vec<&str> {
        features.iter().filter(|feature| feature.kind == kind).map(|feature| features.str(feature)).collect()
    }

    #[test]
    fn words_characters_and_pairs() {
        let features = Features::of_normalised("怎么办5g卡,停电!", &Segmenter::new([]));
        assert_eq!(shown(&features, Kind::Word), ["怎么办", "5g", "卡", "停电"]);
        assert_eq!(shown(&features, Kind::Character), ["怎", "么", "办", "5g", "卡", "停", "电"]);
        assert_eq!(shown(&features, Kind::Pair), ["怎么", "么办", "5g", "停电"]);
    }

    #[test]
    fn title_and_text_are_counted_apart() {
        let text = Text::new(Some("停电"), "停电停水");
        let features = Features::of_text(&text, &Segmenter::new([]));
        let counts: Vec<_> = features
            .iter()
            .filter(|feature| feature.kind == Kind::Character)
            .map(|feature| (features.str(feature), feature.in_title, feature.in_body))
            .collect();
        assert_eq!(counts, [("停", 1, 2), ("电", 1, 1), ("水", 0, 1)]);
    }

    #[test]
    fn letters_leave_punctuation_out() {
        for (one, other) in [("IC卡，怎么办？", "ic卡怎么办"), (" 停 电 ", "停电"), ("！？", "")] {
            let one = Features::of_text(&Text::new(None, one), &Segmenter::new([]));
            assert_eq!(one.letters(), other);
        }
    }

    proptest! {
        #[test]
        fn every_feature_stands_in_the_text(
            title in "\\PC{0,9}",
            text in "(\\PC|[停电水管]{1,3}|[a-z0-9]{1,3}|\n){0,40}",
        ) {
            let text = Text::new(Some(&title), &text);
            let features = Features::of_text(&text, &Segmenter::new([]));
            for (at, feature) in features.iter().enumerate() {
                prop_assert!(text.normalised().contains(features.str(feature)));
                prop_assert!(feature.in_title + feature.in_body > 0);
                let same = |other: &Feature| other.kind == feature.kind && features.str(other) == features.str(feature);
                prop_assert_eq!(features.iter().position(same), Some(at));
            }
            let characters: usize = features
                .iter()
                .filter(|feature| feature.kind == Kind::Character && features.str(feature).chars().all(is_han))
                .map(|feature| (feature.in_title + feature.in_body) as usize)
                .sum();
            prop_assert_eq!(characters, text.normalised().chars().filter(|c| is_han(*c)).count());
        }
    }
}
