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

use crate::text::pinyin::syllable;
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
    /// Syllables and pairs of them, as characters sound: what a recogniser got wrong often sounds right.
    Syllables,
    /// Which kinds of facts there are.
    Facts,
}

impl Block {
    const ALL: [Block; 6] = [
        Block::Words,
        Block::Characters,
        Block::TitleWords,
        Block::TitleCharacters,
        Block::Syllables,
        Block::Facts,
    ];

    /// How much the block counts, as its length.
    fn weight(self) -> f32 {
        match self {
            Block::Words | Block::Characters => 1.0,
            Block::TitleWords | Block::TitleCharacters | Block::Syllables => 0.5,
            Block::Facts => 0.2,
        }
    }
}

/// The longest run of characters that is a feature.
const LONGEST_RUN: usize = 2;
/// Characters of a text that are read; what a complaint is about stands before.
const MOST_CHARACTERS: u32 = 4_000;
/// A feature counts from so many cases on: what one case alone has teaches nothing about others.
const LEAST_CASES: u32 = 2;

/// One feature as it stands in a text.
struct Occurrence {
    key: u64,
    /// Characters of the normalised text; empty for a fact.
    range: Range<u32>,
}

/// Calls back for every feature of a block.
fn each(block: Block, text: &Text, segmenter: &Segmenter, mut found: impl FnMut(Occurrence)) {
    let end = text.len().min(MOST_CHARACTERS);
    let part = match block {
        Block::TitleWords | Block::TitleCharacters => text.title(),
        Block::Words | Block::Characters | Block::Syllables | Block::Facts => 0..end,
    };
    match block {
        Block::Words | Block::TitleWords => {
            for word in text.words(segmenter) {
                if word.end > part.end {
                    break;
                }
                let slice = text.slice(word.clone());
                if slice.chars().any(char::is_alphanumeric) {
                    found(Occurrence { key: hash(block, slice), range: word.clone() });
                }
            }
        }
        Block::Characters | Block::TitleCharacters => {
            let normalised = text.slice(part.clone());
            let characters: Vec<char> = normalised.chars().collect();
            for start in 0..characters.len() {
                let mut run = 0_u64;
                for length in 1..=LONGEST_RUN.min(characters.len() - start) {
                    // A character takes 21 bits, so two of them are one number.
                    run = run << 21 | u64::from(characters[start + length - 1]);
                    let from = part.start + start as u32;
                    found(Occurrence { key: hash(block, run), range: from..from + length as u32 });
                }
            }
        }
        Block::Syllables => {
            let mut before = None;
            for (at, character) in (0..).zip(text.slice(part).chars()) {
                let Some(own) = syllable(character) else {
                    // What is between two clauses sounds like nothing and parts them.
                    before = None;
                    continue;
                };
                let own = u64::from(own.id()) + 1;
                found(Occurrence { key: hash(block, own), range: at..at + 1 });
                if let Some(before) = before {
                    found(Occurrence { key: hash(block, before << 21 | own), range: at - 1..at + 1 });
                }
                before = Some(own);
            }
        }
        Block::Facts => {
            for fact in text.facts() {
                found(Occurrence { key: hash(block, fact.kind as u64), range: 0..0 });
            }
        }
    }
}

fn hash(block: Block, what: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    (block as u64).hash(&mut hasher);
    what.hash(&mut hasher);
    hasher.finish()
}

/// The features that cases have, and how rare each is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Vocabulary {
    /// Keys in ascending order; the place of a key is its feature.
    keys: Vec<u64>,
    rarities: Vec<f32>,
    #[serde(skip)]
    places: FxHashMap<u64, u32>,
}

impl Vocabulary {
    /// Counts the features of texts.
    pub(super) fn new<'a>(texts: impl IntoIterator<Item = &'a Text>, segmenter: &Segmenter) -> Vocabulary {
        // How many texts have the feature, and the last of them.
        let mut seen: FxHashMap<u64, (u32, u32)> = FxHashMap::default();
        let mut count = 0_u32;
        for text in texts {
            count += 1;
            for block in Block::ALL {
                each(block, text, segmenter, |occurrence| {
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
        Vocabulary { keys, rarities, places: FxHashMap::default() }.ready()
    }

    /// With the table to look features up in, which is not kept in files.
    pub(super) fn ready(mut self) -> Vocabulary {
        self.places = self.keys.iter().enumerate().map(|(place, key)| (*key, place as u32)).collect();
        self
    }

    /// How many features there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The features of a text with their values, block after block.
    pub(super) fn features(&self, text: &Text, segmenter: &Segmenter) -> Vec<(u32, f32)> {
        let mut features = Vec::with_capacity(256);
        let mut own: Vec<u32> = Vec::with_capacity(256);
        for block in Block::ALL {
            own.clear();
            each(block, text, segmenter, |occurrence| own.extend(self.places.get(&occurrence.key)));
            own.sort_unstable();
            let start = features.len();
            for same in own.chunk_by(|a, b| a == b) {
                let value = (1.0 + (same.len() as f32).ln()) * self.rarities[same[0] as usize];
                features.push((same[0], value));
            }
            let block_features = &mut features[start..];
            let length = block_features.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
            let factor = if length > 0.0 { block.weight() / length } else { 0.0 };
            block_features.iter_mut().for_each(|(_, value)| *value *= factor);
        }
        let length = features.iter().map(|(_, value)| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        features.iter_mut().for_each(|(_, value)| *value /= length);
        features
    }
}
