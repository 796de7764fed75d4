//! What is looked for: the words and pairs of characters of a complaint that say something.

use std::ops::Range;
use std::sync::OnceLock;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::features::{Features, Kind, Wording};
use super::tokenizers::{bigrams, is_han, is_term};
use crate::text::{FactKind, Segmenter, Text};

/// Words of a query at most. A complaint of ten thousand characters is asked for what it says most often.
const MOST_WORDS: usize = 64;
/// Pairs of a query at most.
const MOST_BIGRAMS: usize = 128;
/// Words more common than this (minus the logarithm of their share of all words) tell no matters apart.
const COMMON: f32 = 7.2;
/// A single character counts as a word from this rarity on.
const TELLING_CHARACTER: f32 = 9.5;

/// Words that every second call has, whatever it is about, and which the rarity in a dictionary made from newspapers
/// does not tell.
const FUNCTION_WORDS: &[&str] = &[
    "为什么",
    "之前",
    "之后",
    "以及",
    "但是",
    "你好",
    "再次",
    "办法",
    "反应",
    "反映",
    "可否",
    "哪些",
    "哪里",
    "因为",
    "如何",
    "如果",
    "就是",
    "尽快",
    "左右",
    "市民",
    "希望",
    "怎么",
    "怎么办",
    "怎样",
    "您好",
    "情况",
    "所以",
    "打电话",
    "拨打",
    "描述",
    "时候",
    "望",
    "来电",
    "来电人",
    "核实",
    "核查",
    "现在",
    "的话",
    "相关",
    "而且",
    "能否",
    "诉求",
    "请",
    "请问",
    "谢谢",
    "还是",
    "这样",
    "进行",
    "那个",
    "部门",
    "需要",
    "非常",
    "麻烦",
];

/// A word of a query.
#[derive(Clone, Debug, PartialEq)]
struct Word {
    text: Box<str>,
    /// Minus the natural logarithm of its share of all words.
    rarity: f32,
}

/// What is looked for; made once from a complaint and asked of every index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    words: Vec<Word>,
    bigrams: Vec<Box<str>>,
    /// The words by their first character, so that a text is gone through once for all of them.
    by_first: FirstCharacters,
    /// All that is asked, for articles: read when the first of them is looked for, as cases alone need it not.
    wording: Wording,
    features: OnceLock<Features>,
}

/// Numbers of words by their first character.
#[derive(Clone, Debug, Default, PartialEq)]
struct FirstCharacters {
    /// One bit for each value of a character's last twelve bits: nearly all characters begin no word, which one look at
    /// a bit then tells.
    seen: Vec<u64>,
    words: FxHashMap<char, Vec<u32>>,
}

impl FirstCharacters {
    fn of(words: &[Word]) -> FirstCharacters {
        let mut first = FirstCharacters { seen: vec![0; 64], words: FxHashMap::default() };
        for (number, word) in (0..).zip(words) {
            let character = word.text.chars().next().unwrap_or_default();
            first.seen[(character as usize >> 6) & 63] |= 1 << (character as usize & 63);
            first.words.entry(character).or_default().push(number);
        }
        first
    }

    /// The words that begin with a character.
    fn words(&self, first: char) -> &[u32] {
        let may =
            self.seen.get((first as usize >> 6) & 63).is_some_and(|bits| bits & (1 << (first as usize & 63)) != 0);
        if may { self.words.get(&first).map_or(&[], Vec::as_slice) } else { &[] }
    }
}

impl Query {
    /// The query of a complaint, or of what somebody typed into a search box. Numbers, phones, dates and the like, and
    /// words that say nothing about the matter, are left out; the result may be empty, and then nothing is found.
    pub fn from_text(text: &Text, segmenter: &Segmenter) -> Query {
        let numbers = numbers(text);
        let normalised = text.normalised();
        let mut rarities: FxHashMap<&str, Option<f32>> = FxHashMap::default();
        let mut words = Counter::with_room(text.words(segmenter).len());
        let mut silent = Vec::new();
        for range in text.words(segmenter) {
            let word = text.slice(range.clone());
            let tells = !overlaps(&numbers, range)
                && rarities.entry(word).or_insert_with(|| telling_rarity(word, segmenter)).is_some();
            if tells {
                words.add(word);
            } else {
                silent.push(text.byte_at_char(range.start)..text.byte_at_char(range.end));
            }
        }
        let mut pairs = Counter::with_room(text.len() as usize);
        for range in bigrams(normalised) {
            if !inside(&silent, &range) {
                pairs.add(&normalised[range]);
            }
        }
        let word = |text: &str| {
            let rarity = rarities.get(text).copied().flatten()?;
            Some(Word { text: text.into(), rarity })
        };
        let words: Vec<Word> = words.most(MOST_WORDS).filter_map(word).collect();
        let by_first = FirstCharacters::of(&words);
        let bigrams = pairs.most(MOST_BIGRAMS).map(Box::from).collect();
        Query { words, bigrams, by_first, wording: Wording::of(text, segmenter), features: OnceLock::new() }
    }

    /// Gives every occurrence of the query's words in a normalised text, as the word's number and its bytes there, from
    /// left to right.
    pub(super) fn each_word(&self, text: &str, mut give: impl FnMut(usize, Range<usize>)) {
        for (start, first) in text.char_indices() {
            for number in self.by_first.words(first) {
                let word = &self.words[*number as usize].text;
                if text.as_bytes()[start..].starts_with(word.as_bytes()) {
                    give(*number as usize, start..start + word.len());
                }
            }
        }
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.bigrams.is_empty()
    }

    /// The distinct words, most frequent in the text first, then first in the text first.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| &*word.text)
    }

    /// All that is asked, the words that every call has included.
    pub(super) fn features(&self) -> &Features {
        self.features.get_or_init(|| self.wording.features())
    }

    /// Tells whether a feature says something about the matter.
    pub(super) fn telling(&self) -> impl Fn(Kind, &str) -> bool {
        let words: FxHashSet<&str> = self.words().collect();
        let pairs: FxHashSet<&str> = self.bigrams().collect();
        move |kind, text| match kind {
            Kind::Word => words.contains(text),
            Kind::Pair => pairs.contains(text),
            Kind::Character => false,
        }
    }

    /// Words and pairs together.
    #[cfg(test)]
    pub(super) fn terms(&self) -> impl Iterator<Item = &str> {
        self.words().chain(self.bigrams())
    }

    /// The words with their rarity.
    pub(super) fn weighted_words(&self) -> impl Iterator<Item = (&str, f32)> {
        self.words.iter().map(|word| (&*word.text, word.rarity))
    }

    /// The distinct pairs of characters.
    pub(super) fn bigrams(&self) -> impl Iterator<Item = &str> {
        self.bigrams.iter().map(|pair| &**pair)
    }
}

/// Counts texts, remembering which came first.
#[derive(Default)]
struct Counter<'a> {
    counts: FxHashMap<&'a str, (u32, u32)>,
}

impl<'a> Counter<'a> {
    fn with_room(different: usize) -> Counter<'a> {
        Counter { counts: FxHashMap::with_capacity_and_hasher(different, FxBuildHasher) }
    }

    fn add(&mut self, text: &'a str) {
        let first = self.counts.len() as u32;
        self.counts.entry(text).or_insert((0, first)).0 += 1;
    }

    /// The most frequent ones; of equal ones those that came first.
    fn most(self, most: usize) -> impl Iterator<Item = &'a str> {
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort_unstable_by_key(|&(_, (count, first))| (std::cmp::Reverse(count), first));
        counts.into_iter().take(most).map(|(text, _)| text)
    }
}

/// The rarity of a word that says something about the matter; `None` for any other.
fn telling_rarity(word: &str, segmenter: &Segmenter) -> Option<f32> {
    if !is_term(word) || FUNCTION_WORDS.binary_search(&word).is_ok() {
        return None;
    }
    let mut characters = word.chars();
    let least = match (characters.next(), characters.next()) {
        (Some(c), None) if is_han(c) => TELLING_CHARACTER,
        (_, None) => return None,
        _ => COMMON,
    };
    Some(segmenter.rarity(word)).filter(|rarity| *rarity >= least)
}

/// Where the text has facts that are numbers, in order. An address is not among them: the names in it are telling.
fn numbers(text: &Text) -> Vec<Range<u32>> {
    let is_number = |kind: &FactKind| !matches!(kind, FactKind::Address | FactKind::BusLine);
    text.facts().iter().filter(|fact| is_number(&fact.kind)).map(|fact| fact.range.clone()).collect()
}

/// Whether a range overlaps one of those in order.
fn overlaps(ranges: &[Range<u32>], range: &Range<u32>) -> bool {
    let next = ranges.partition_point(|other| other.end <= range.start);
    ranges.get(next).is_some_and(|other| other.start < range.end)
}

/// Whether a range lies wholly in one of those in order.
fn inside(ranges: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = ranges.partition_point(|other| other.end <= range.start);
    ranges.get(next).is_some_and(|other| other.start <= range.start && range.end <= other.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query(text: &str) -> Query {
        Query::from_text(&Text::new(None, text), &Segmenter::new([]))
    }

    #[test]
    fn function_words_can_be_searched() {
        assert!(FUNCTION_WORDS.is_sorted());
    }

    #[test]
    fn what_says_something_is_looked_for() {
        for (text, expected) in [
            ("小区水管爆裂了", vec!["小区", "水管", "爆裂"]),
            ("我们这个小区，请问停电了怎么办？", vec!["小区", "停电"]),
            ("停电停水停电", vec!["停电", "停水"]),
            ("电话13800001234，2026年3月5日投诉，拖欠3500元", vec!["电话", "投诉", "拖欠"]),
            ("请问您好，希望尽快核实", vec![]),
            ("WIFI和5G", vec!["wifi", "5g"]),
            ("", vec![]),
            ("12345", vec![]),
        ] {
            let query = query(text);
            assert_eq!(query.words().collect::<Vec<_>>(), expected, "{text}");
            assert_eq!(query.is_empty(), query.terms().count() == 0);
        }
    }

    #[test]
    fn pairs_inside_silent_words_are_left_out() {
        let query = query("我们水管爆裂");
        let pairs: Vec<_> = query.bigrams().collect();
        assert_eq!(pairs, ["们水", "水管", "管爆", "爆裂"]);
    }

    #[test]
    fn a_long_text_asks_for_what_it_says_most() {
        let many: String = (0..5_000).filter_map(|n| char::from_u32(0x4E00 + n * 3)).collect();
        let query = query(&format!("{many}，{}", "水管爆裂，".repeat(9)));
        assert!(query.words().count() <= MOST_WORDS && query.bigrams().count() <= MOST_BIGRAMS);
        assert_eq!(query.words().take(2).collect::<Vec<_>>(), ["水管", "爆裂"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(\\PC|\n|[\u{4E00}-\u{9FA5}0-9]{1,4}){0,60}") {
            let (first, second) = (query(&text), query(&text));
            prop_assert_eq!(&first, &second);
            let normalised = crate::text::normalise(&text);
            for term in first.terms() {
                prop_assert!(normalised.contains(term));
            }
        }
    }
}
