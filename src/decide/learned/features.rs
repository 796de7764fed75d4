//! What the linear model sees of a text: words, short runs of characters, the title as a field of its own, facts.
//!
//! Each kind of feature is a block. Within a block a feature weighs (1 + ln n) × idf for n occurrences, with
//! idf = ln((1 + N) / (1 + n_d)) + 1 for n_d of N cases (Salton and Buckley: *Term-weighting approaches in automatic
//! text retrieval*, 1988); the block is brought to length 1 and multiplied by its weight, so that a long text counts as
//! much as a short one and the title is not drowned by the body.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHasher};
use serde::{Deserialize, Serialize};

use super::level::Level;
use super::passages;
use crate::text::{Segmenter, Text};

/// A kind of feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Block {
    /// Words of title and body.
    Words,
    /// Runs of one or two characters of title and body.
    Characters,
    /// Words of the title.
    TitleWords,
    /// Runs of one or two characters of the title.
    TitleCharacters,
    /// Which kinds of facts there are.
    Facts,
    /// How the text begins: words, pairs and triples of characters.
    Lead,
    /// Whom it asks for: words, pairs of characters, the whole and its ends.
    Asked,
    /// Names of bodies and places.
    Names,
}

impl Block {
    const ALL: [Block; 8] = [
        Block::Words,
        Block::Characters,
        Block::TitleWords,
        Block::TitleCharacters,
        Block::Facts,
        Block::Lead,
        Block::Asked,
        Block::Names,
    ];

    /// Those that tell what a complaint is about, and, where owners are looked for, who it goes to.
    fn of(owners: bool) -> impl Iterator<Item = Block> {
        Block::ALL.into_iter().filter(move |block| owners || !block.is_about_owner())
    }

    /// Whether the block tells who a complaint goes to and not what it is about: it is left out where a scenario or
    /// category is looked for, as there it only adds noise.
    fn is_about_owner(self) -> bool {
        matches!(self, Block::Lead | Block::Asked | Block::Names)
    }

    /// How much the block counts, as its length.
    fn weight(self) -> f32 {
        match self {
            Block::Words => 0.8,
            Block::Characters => 1.0,
            Block::TitleWords | Block::TitleCharacters | Block::Asked => 0.5,
            Block::Lead | Block::Names => 0.4,
            Block::Facts => 0.2,
        }
    }
}

/// Characters of a text that are read; what a complaint is about stands before.
const MOST_CHARACTERS: usize = 4_000;
/// A feature counts from so many cases on: what one case alone has teaches nothing about others.
const LEAST_CASES: u32 = 2;

/// One feature as it stands in a text.
struct Occurrence {
    key: u64,
    /// Characters of the normalised text; empty for a fact.
    range: Range<u32>,
}

/// A text as its features are read from it.
struct Reading<'a> {
    text: &'a Text,
    segmenter: &'a Segmenter,
    characters: Vec<char>,
    /// Where the body begins, in characters.
    body: usize,
}

impl<'a> Reading<'a> {
    fn new(text: &'a Text, segmenter: &'a Segmenter) -> Self {
        let characters: Vec<char> = text.normalised().chars().take(MOST_CHARACTERS).collect();
        let body = (text.body().start as usize).min(characters.len());
        Reading { text, segmenter, characters, body }
    }

    /// Calls back for every feature of a block.
    fn each(&self, block: Block, mut found: impl FnMut(Occurrence)) {
        let title = 0..(self.text.title().end as usize).min(self.characters.len());
        let body = &self.characters[self.body..];
        let in_body = |range: Range<usize>| range.start + self.body..range.end + self.body;
        match block {
            Block::Words => self.words(block, 0..self.characters.len(), &mut found),
            Block::TitleWords => self.words(block, title, &mut found),
            Block::Characters => self.runs(block, 0..self.characters.len(), 1..=2, &mut found),
            Block::TitleCharacters => self.runs(block, title, 1..=2, &mut found),
            Block::Lead => {
                let lead = in_body(passages::lead(body));
                self.words(block, lead.clone(), &mut found);
                self.runs(block, lead, 2..=3, &mut found);
            }
            Block::Asked => {
                let Some(asked) = passages::asked(body).map(in_body) else { return };
                self.words(block, asked.clone(), &mut found);
                self.runs(block, asked.clone(), 2..=2, &mut found);
                for start in asked.clone() {
                    found(self.whole(block, start..asked.end, u64::from(start == asked.start)));
                }
            }
            Block::Names => passages::names(&self.characters).for_each(|name| found(self.whole(block, name, 0))),
            Block::Facts => {
                for fact in self.text.facts() {
                    found(Occurrence { key: hash(block, fact.kind as u64), range: 0..0 });
                }
            }
        }
    }

    fn words(&self, block: Block, part: Range<usize>, found: &mut impl FnMut(Occurrence)) {
        let words = self.text.words(self.segmenter);
        let first = words.partition_point(|word| (word.start as usize) < part.start);
        for word in words[first..].iter().take_while(|word| word.end as usize <= part.end) {
            let slice = self.text.slice(word.clone());
            if slice.chars().any(char::is_alphanumeric) {
                found(Occurrence { key: hash(block, slice), range: word.clone() });
            }
        }
    }

    fn runs(
        &self,
        block: Block,
        part: Range<usize>,
        lengths: std::ops::RangeInclusive<usize>,
        found: &mut impl FnMut(Occurrence),
    ) {
        for start in part.clone() {
            let mut run = 0_u64;
            for end in start + 1..=part.end.min(start + lengths.end()) {
                // A character takes 21 bits, so three of them are one number.
                run = run << 21 | u64::from(self.characters[end - 1]);
                if end - start >= *lengths.start() {
                    found(Occurrence { key: hash(block, run), range: start as u32..end as u32 });
                }
            }
        }
    }

    /// A span as one feature; `mark` tells spans of the same characters apart.
    fn whole(&self, block: Block, span: Range<usize>, mark: u64) -> Occurrence {
        let key = hash(block, (mark, &self.characters[span.clone()]));
        Occurrence { key, range: span.start as u32..span.end as u32 }
    }
}

fn hash(block: Block, what: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    (block as u64).hash(&mut hasher);
    what.hash(&mut hasher);
    hasher.finish()
}

/// The features of one text.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// Those that tell what it is about, then those that tell who it goes to.
    entries: Vec<(u32, f32)>,
    /// Where each entry's occurrences end in `places`; they begin where those of the entry before end.
    ends: Vec<u32>,
    /// Characters of the normalised text; empty for a fact.
    places: Vec<Range<u32>>,
    /// How many tell what it is about.
    about_matter: usize,
    /// Squared lengths of what tells what it is about, and of everything.
    matter: f32,
    owner: f32,
}

impl Features {
    /// Those that count at a level, with values whose squares sum up to 1.
    pub(super) fn of(&self, level: Level) -> impl Iterator<Item = (u32, f32)> + '_ {
        let is_about_owner = is_about_owner(level);
        let squared = if is_about_owner { self.owner } else { self.matter };
        let count = if is_about_owner { self.entries.len() } else { self.about_matter };
        let length = squared.sqrt().max(f32::MIN_POSITIVE);
        self.entries[..count].iter().map(move |(feature, value)| (*feature, value / length))
    }

    /// The same, each with where it stands in the text.
    fn with_places(&self, level: Level) -> impl Iterator<Item = ((u32, f32), &[Range<u32>])> + '_ {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let places = begins.zip(&self.ends).map(|(begin, end)| &self.places[begin as usize..*end as usize]);
        self.of(level).zip(places)
    }
}

/// Whether it is looked for who a complaint goes to, and not what it is about.
fn is_about_owner(level: Level) -> bool {
    matches!(level, Level::Department | Level::Unit)
}

/// The features that cases have, and how rare each is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Vocabulary {
    /// Whether anything is learned of owners: where not, what tells only of them is not looked for.
    owners: bool,
    /// Keys in ascending order; the place of a key is its feature.
    keys: Vec<u64>,
    rarities: Vec<f32>,
    #[serde(skip)]
    places: FxHashMap<u64, u32>,
}

impl Vocabulary {
    /// Counts the features of texts that count at any of the levels.
    pub(super) fn new<'a>(
        texts: impl IntoIterator<Item = &'a Text>,
        segmenter: &Segmenter,
        levels: &[Level],
    ) -> Vocabulary {
        let owners = levels.iter().any(|level| is_about_owner(*level));
        // How many texts have the feature, and the last of them.
        let mut seen: FxHashMap<u64, (u32, u32)> = FxHashMap::default();
        let mut count = 0_u32;
        for text in texts {
            count += 1;
            let reading = Reading::new(text, segmenter);
            for block in Block::of(owners) {
                reading.each(block, |occurrence| {
                    let entry = seen.entry(occurrence.key).or_default();
                    if entry.1 != count {
                        *entry = (entry.0 + 1, count);
                    }
                });
            }
        }
        let mut kept: Vec<(u64, u32)> = seen
            .into_iter()
            .filter(|(_, (cases, _))| *cases >= LEAST_CASES)
            .map(|(key, (cases, _))| (key, cases))
            .collect();
        kept.sort_unstable();
        let rarity = |cases: u32| ((1.0 + count as f32) / (1.0 + cases as f32)).ln() + 1.0;
        let keys = kept.iter().map(|(key, _)| *key).collect();
        let rarities = kept.iter().map(|(_, cases)| rarity(*cases)).collect();
        Vocabulary { owners, keys, rarities, places: FxHashMap::default() }.ready()
    }

    /// With the table to look features up in, which is not kept in files.
    pub(super) fn ready(mut self) -> Vocabulary {
        self.places = self.keys.iter().enumerate().map(|(place, key)| (*key, place as u32)).collect();
        self
    }

    /// Whether everything in it fits together, for one that was read from a file.
    pub(super) fn is_sound(&self) -> bool {
        self.keys.len() == self.rarities.len() && self.rarities.iter().all(|rarity| rarity.is_finite())
    }

    /// How many features there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The features of a text with their values, block after block.
    pub(super) fn features(&self, text: &Text, segmenter: &Segmenter) -> Features {
        let mut features = Features::default();
        let mut own: Vec<(u32, Range<u32>)> = Vec::with_capacity(256);
        let reading = Reading::new(text, segmenter);
        for block in Block::of(self.owners) {
            own.clear();
            reading.each(block, |occurrence| {
                let feature = self.places.get(&occurrence.key);
                own.extend(feature.map(|feature| (*feature, occurrence.range)));
            });
            own.sort_unstable_by_key(|(feature, range)| (*feature, range.start));
            let start = features.entries.len();
            for same in own.chunk_by(|a, b| a.0 == b.0) {
                let feature = same[0].0;
                let value = (1.0 + (same.len() as f32).ln()) * self.rarities[feature as usize];
                features.entries.push((feature, value));
                features.places.extend(same.iter().map(|(_, range)| range.clone()));
                features.ends.push(features.places.len() as u32);
            }
            let added = &mut features.entries[start..];
            let length = added.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
            let factor = if length > 0.0 { block.weight() / length } else { 0.0 };
            added.iter_mut().for_each(|(_, value)| *value *= factor);
            let squared = if length > 0.0 { block.weight() * block.weight() } else { 0.0 };
            features.owner += squared;
            if !block.is_about_owner() {
                features.matter += squared;
                features.about_matter = features.entries.len();
            }
        }
        features
    }
}

/// The words of a text that count most, where a feature of value 1 counts `weight`: what a word counts is the sum over
/// the features that stand in it (the word and its characters), wherever in the text it occurs. The strongest come
/// first, and only those that speak for it.
pub(super) fn words(
    features: &Features,
    text: &Text,
    segmenter: &Segmenter,
    level: Level,
    weight: impl Fn(u32) -> f32,
    most: usize,
) -> Vec<(Range<u32>, f32)> {
    let read = (text.len() as usize).min(MOST_CHARACTERS);
    let mut of_character = vec![0.0_f32; read];
    for ((feature, value), places) in features.with_places(level) {
        let part = weight(feature) * value / places.len().max(1) as f32;
        for range in places {
            let share = part / range.len().max(1) as f32;
            range.clone().for_each(|at| of_character[at as usize] += share);
        }
    }
    let words = text.words(segmenter).iter().filter(|word| (word.end as usize) <= read);
    let sum = |word: &Range<u32>| of_character[word.start as usize..word.end as usize].iter().sum::<f32>();
    let mut sums: FxHashMap<&str, (Range<u32>, f32)> = FxHashMap::default();
    for word in words.filter(|word| text.slice((*word).clone()).chars().all(char::is_alphanumeric)) {
        let entry = sums.entry(text.slice(word.clone())).or_insert_with(|| (word.clone(), 0.0));
        entry.1 += sum(word);
    }
    let mut sums: Vec<(Range<u32>, f32)> = sums.into_values().filter(|(_, sum)| *sum > 0.0).collect();
    sums.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.start.cmp(&b.0.start)));
    sums.truncate(most);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segmenter() -> Segmenter {
        Segmenter::new([])
    }

    /// The features of one block of a text as they are written.
    fn written(block: Block, title: &str, body: &str) -> Vec<String> {
        let (text, segmenter) = (Text::new(Some(title), body), segmenter());
        let mut written = Vec::new();
        Reading::new(&text, &segmenter).each(block, |o| written.push(text.slice(o.range).to_owned()));
        written
    }

    /// A vocabulary of bodies, each there twice, so that all they have counts.
    fn vocabulary(bodies: &[&str]) -> Vocabulary {
        let texts: Vec<Text> = bodies.iter().flat_map(|body| [Text::new(None, body), Text::new(None, body)]).collect();
        Vocabulary::new(&texts, &segmenter(), &Level::ALL)
    }

    fn length(features: &[(u32, f32)]) -> f32 {
        features.iter().map(|(_, value)| value * value).sum::<f32>().sqrt()
    }

    #[test]
    fn each_block_sees_its_part() {
        let cases: &[(Block, &str, &str, &[&str])] = &[
            (Block::Words, "路灯", "噪音,扰民。", &["路灯", "噪音", "扰民"]),
            (Block::TitleWords, "路灯", "噪音扰民", &["路灯"]),
            (Block::TitleWords, "", "噪音扰民", &[]),
            (Block::Characters, "", "漏水了", &["漏", "漏水", "水", "水了", "了"]),
            (Block::TitleCharacters, "漏水", "路灯", &["漏", "漏水", "水"]),
            (Block::TitleCharacters, " ", "路灯", &[]),
            (Block::Lead, "灯", "反映:路灯", &["反映", "反映"]),
            (Block::Asked, "", "灯坏了,请市政局处理", &["市政局", "市政", "政局", "市政局", "政局", "局"]),
            (Block::Asked, "", "灯坏了", &[]),
            (Block::Names, "", "在人民路", &["人民路", "在人民路"]),
            (Block::Facts, "", "电话13800000000,坐5路公交车", &["", ""]),
            (Block::Facts, "", "路灯不亮", &[]),
        ];
        for (block, title, body, expected) in cases {
            assert_eq!(written(*block, title, body), *expected, "{block:?} of {title:?} {body:?}");
        }
    }

    /// All features, as those see them that look for an owner.
    fn seen(vocabulary: &Vocabulary, text: &Text, segmenter: &Segmenter) -> Vec<(u32, f32)> {
        vocabulary.features(text, segmenter).of(Level::Unit).collect()
    }

    /// The words that count most for an owner.
    fn pushing(
        vocabulary: &Vocabulary,
        text: &Text,
        weight: impl Fn(u32) -> f32,
        most: usize,
    ) -> Vec<(Range<u32>, f32)> {
        words(&vocabulary.features(text, &segmenter()), text, &segmenter(), Level::Unit, weight, most)
    }

    #[test]
    fn what_tells_only_the_owner_is_not_looked_for_where_no_owner_is() {
        let body = "市民来电:人民路路灯不亮,请市政局处理";
        let text = Text::new(None, body);
        let texts = [Text::new(None, body), Text::new(None, body)];
        let [all, matter] =
            [&Level::ALL[..], &[Level::Category]].map(|levels| Vocabulary::new(&texts, &segmenter(), levels));
        assert!(matter.len() < all.len());
        let values = |vocabulary: &Vocabulary| {
            let features = vocabulary.features(&text, &segmenter());
            let mut values: Vec<f32> = features.of(Level::Category).map(|(_, value)| value).collect();
            values.sort_by(f32::total_cmp);
            values
        };
        assert_eq!(values(&matter), values(&all));
    }

    #[test]
    fn what_tells_the_owner_does_not_tell_the_matter() {
        let vocabulary = vocabulary(&["市民来电:人民路路灯不亮,请市政局处理"]);
        let features = vocabulary.features(&Text::new(None, "市民来电:人民路路灯不亮,请市政局处理"), &segmenter());
        let of = |level| features.of(level).map(|(feature, _)| feature).collect::<Vec<_>>();
        assert_eq!(of(Level::Scenario), of(Level::Category));
        assert_eq!(of(Level::Department), of(Level::Unit));
        assert!(of(Level::Category).len() < of(Level::Unit).len());
        for level in Level::ALL {
            let length: f32 = features.of(level).map(|(_, value)| value * value).sum();
            assert!((length - 1.0).abs() < 1e-4, "{level:?}");
        }
    }

    #[test]
    fn nothing_in_a_text_is_nothing_to_see() {
        let vocabulary = vocabulary(&["路灯不亮"]);
        for (title, body) in [("", ""), (" ", "\u{200b}"), ("", "。。。!!"), ("", "🙂"), ("", "xyz")] {
            let features = seen(&vocabulary, &Text::new(Some(title), body), &segmenter());
            assert!(features.is_empty(), "{title:?} {body:?}: {features:?}");
            let words = pushing(&vocabulary, &Text::new(Some(title), body), |_| 1.0, 9);
            assert!(words.is_empty(), "{title:?} {body:?}: {words:?}");
        }
    }

    #[test]
    fn what_one_case_alone_has_does_not_count() {
        let texts = ["路灯不亮", "路灯坏了"].map(|body| Text::new(None, body));
        let vocabulary = Vocabulary::new(&texts, &segmenter(), &Level::ALL);
        let count = |body: &str| seen(&vocabulary, &Text::new(None, body), &segmenter()).len();
        assert!(count("路灯") > 0);
        assert_eq!(count("坏"), 0);
        assert_eq!(Vocabulary::new(&texts[..1], &segmenter(), &Level::ALL).len(), 0);
    }

    #[test]
    fn rare_features_weigh_more() {
        let texts = ["噪音", "噪音", "噪音", "噪音", "噪音漏水", "噪音漏水"].map(|body| Text::new(None, body));
        let vocabulary = Vocabulary::new(&texts, &segmenter(), &Level::ALL);
        let text = Text::new(None, "噪音漏水");
        let value = |word: &str| {
            let place = vocabulary.places[&hash(Block::Words, word)];
            let all = seen(&vocabulary, &text, &segmenter());
            all.into_iter().find(|(feature, _)| *feature == place).map_or(0.0, |(_, value)| value)
        };
        // idf = ln(7 / 3) + 1 and ln(7 / 7) + 1; both stand in the text once.
        assert!((value("漏水") / value("噪音") - (7.0_f32 / 3.0).ln() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn features_have_length_one_and_each_is_there_once() {
        let long = "路灯不亮,请市政局处理。".repeat(400);
        let vocabulary = vocabulary(&["路灯不亮,请市政局处理。", "漏水,电话13800000000"]);
        for (title, body) in [("", "路灯"), ("漏水", "路灯不亮"), ("路灯", &*long), ("", "打13800000000")] {
            let features = seen(&vocabulary, &Text::new(Some(title), body), &segmenter());
            assert!((length(&features) - 1.0).abs() < 1e-4, "{title} {body}");
            let mut columns: Vec<u32> = features.iter().map(|(column, _)| *column).collect();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), features.len(), "{title} {body}");
            assert!(features.iter().all(|(column, value)| (*column as usize) < vocabulary.len() && *value > 0.0));
        }
    }

    #[test]
    fn the_same_words_as_a_title_are_something_else() {
        let texts: Vec<Text> = (0..2)
            .flat_map(|_| {
                [Text::new(Some("路灯"), "不亮"), Text::new(Some("不亮"), "路灯"), Text::new(None, "路灯不亮")]
            })
            .collect();
        let vocabulary = Vocabulary::new(&texts, &segmenter(), &Level::ALL);
        let seen: Vec<Vec<(u32, f32)>> = texts[..3].iter().map(|t| seen(&vocabulary, t, &segmenter())).collect();
        assert_ne!(seen[0], seen[1]);
        assert_ne!(seen[0], seen[2]);
    }

    #[test]
    fn what_stands_far_behind_is_not_read() {
        let vocabulary = vocabulary(&["路灯", "噪音"]);
        let features = |body: &str| seen(&vocabulary, &Text::new(None, body), &segmenter());
        let (short, filler) = ("路灯".repeat(100), "路灯".repeat(MOST_CHARACTERS / 2));
        assert_eq!(features(&filler), features(&format!("{filler}{}", "噪音".repeat(10_000))));
        assert_ne!(features(&short), features(&format!("{short}噪音")));
        let noise = vocabulary.places[&hash(Block::Words, "噪音")];
        let far = Text::new(None, &format!("{filler}噪音"));
        assert!(pushing(&vocabulary, &far, |feature| f32::from(u8::from(feature == noise)), 9).is_empty());
    }

    #[test]
    fn the_words_that_push_are_found_where_they_stand() {
        let vocabulary = vocabulary(&["小区路灯不亮", "夜间施工噪音", "噪音扰民"]);
        let words = |title: &str, body: &str, pushing: &[&str], most: usize| {
            let text = Text::new(Some(title), body);
            let places: Vec<u32> = pushing.iter().map(|word| vocabulary.places[&hash(Block::Words, *word)]).collect();
            let weight =
                |feature: u32| places.iter().position(|own| *own == feature).map_or(-0.01, |at| 2.0 - at as f32);
            let found =
                words(&vocabulary.features(&text, &segmenter()), &text, &segmenter(), Level::Unit, weight, most);
            assert!(found.is_sorted_by(|a, b| a.1 >= b.1) && found.iter().all(|(_, sum)| *sum > 0.0));
            for (at, (range, _)) in found.iter().enumerate() {
                assert!(range.start < range.end && range.end <= text.len(), "{range:?}");
                let apart = |other: &Range<u32>| other.end <= range.start || range.end <= other.start;
                assert!(found[..at].iter().all(|(other, _)| apart(other)), "{found:?}");
            }
            found.into_iter().map(|(range, _)| text.slice(range).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(words("", "小区夜间有噪音", &["噪音", "夜间"], 9), ["噪音", "夜间"]);
        assert_eq!(words("", "小区夜间有噪音", &["噪音", "夜间"], 1), ["噪音"]);
        assert_eq!(words("噪音", "路灯不亮,噪音", &["噪音"], 9), ["噪音"], "once, however often it stands there");
        assert_eq!(words("", "小区", &["噪音"], 9), [""; 0]);
    }

    #[test]
    fn what_was_kept_in_a_file_sees_the_same() {
        let vocabulary = vocabulary(&["路灯不亮", "噪音扰民"]);
        let kept = serde_json::to_string(&vocabulary).ok();
        let read: Option<Vocabulary> = kept.and_then(|kept| serde_json::from_str(&kept).ok()).map(Vocabulary::ready);
        let text = Text::new(None, "路灯噪音");
        let own = read.map(|read| seen(&read, &text, &segmenter()));
        assert_eq!(own, Some(seen(&vocabulary, &text, &segmenter())));
    }
}
