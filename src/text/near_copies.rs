//! Texts that are nearly the same: forwarded twice, sent again with a word changed, typed from one form letter.
//!
//! Two texts are near-copies when their sets of five-character shingles overlap by 0.8 or more (Jaccard: what both have,
//! divided by what either has). Method: MinHash with banding (Broder, On the resemblance and containment of documents,
//! 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3). Signatures of 128 minima in 32 bands
//! of four propose candidates, and the real overlap decides: no pair is named that is none, and of those with an overlap
//! of 0.8 one in twenty million is missed (the chance that no band agrees is (1 − 0.8⁴)³²), fewer of closer ones.
//!
//! Hashes are fixed, so the same texts give the same answer everywhere. Time is in proportion to the characters, also on
//! floods of texts that share most of their words: what is looked at and compared for one text is bounded. Beyond these
//! bounds (more than 128 texts with the same shingles in a band, or 64 closer candidates that are no copies) a copy may
//! be missed.

use rustc_hash::FxHashMap;

/// Characters of a shingle; a shorter text is one shingle.
const SHINGLE: usize = 5;
/// Bands of a signature, of which one must agree for two texts to be compared.
const BANDS: usize = 32;
/// Minima of a band.
const ROWS: usize = 4;
/// Minima of a signature.
const MINIMA: usize = BANDS * ROWS;
/// Minima that must agree for the overlap to be computed: 0.6 of them, five standard deviations below 0.8.
const AGREEING: usize = 77;
/// Texts with an agreeing band that are looked at, for each band.
const LOOKED_AT: usize = 128;
/// Texts compared in vain, after which no more are.
const IN_VAIN: usize = 64;

/// Finds near-copies of a text among many. Texts should be [normalised](super::normalise).
pub struct NearCopies<'a, T> {
    texts: &'a [T],
    signatures: Vec<Signature>,
    /// For each band its value in every text that has any shingle, sorted.
    bands: Vec<Vec<(u64, u32)>>,
}

type Signature = [u32; MINIMA];

impl<T> std::fmt::Debug for NearCopies<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NearCopies").field("texts", &self.texts.len()).finish_non_exhaustive()
    }
}

impl<'a, T: AsRef<str>> NearCopies<'a, T> {
    /// Takes the texts among which to look. Memory: about a kilobyte a text.
    pub fn new(texts: &'a [T]) -> NearCopies<'a, T> {
        let hashing = Hashing::new();
        let signatures: Vec<Signature> = texts.iter().map(|text| hashing.signature(text.as_ref())).collect();
        let sorted = |band: usize| {
            let named = (0u32..).zip(&signatures).zip(texts).filter(|(_, text)| !text.as_ref().is_empty());
            let mut values: Vec<(u64, u32)> =
                named.map(|((index, signature), _)| (band_value(signature, band), index)).collect();
            values.sort_unstable();
            values
        };
        let bands = (0..BANDS).map(sorted).collect();
        NearCopies { texts, signatures, bands }
    }

    /// A near-copy of a normalised text, by index, among those that `keep` lets pass (all but the text itself, where it is
    /// one of them); the closest by signature, of equal ones the first. An empty text has none.
    pub fn find(&self, text: &str, keep: impl Fn(u32) -> bool) -> Option<u32> {
        let signature = Hashing::new().signature(text);
        let own = shingles(text);
        let candidates = self.candidates(&signature, keep);
        candidates.into_iter().take(IN_VAIN).find(|&other| overlap(&own, &shingles(self.text(other))))
    }

    fn text(&self, index: u32) -> &'a str {
        self.texts[index as usize].as_ref()
    }

    /// Texts whose signature agrees well with this one, the best first, of equal ones the first.
    fn candidates(&self, signature: &Signature, keep: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut seen = Vec::new();
        for (band, values) in self.bands.iter().enumerate() {
            let value = band_value(signature, band);
            let first = values.partition_point(|(other, _)| *other < value);
            let same = values[first..].iter().take_while(|(other, _)| *other == value).map(|(_, index)| *index);
            seen.extend(same.filter(|&index| keep(index)).take(LOOKED_AT));
        }
        seen.sort_unstable();
        seen.dedup();
        let agreeing = |&index: &u32| {
            let other = &self.signatures[index as usize];
            signature.iter().zip(other).filter(|(one, other)| one == other).count()
        };
        let mut candidates: Vec<(usize, u32)> = seen.iter().map(|index| (agreeing(index), *index)).collect();
        candidates.retain(|(agreeing, _)| *agreeing >= AGREEING);
        candidates.sort_by_key(|(agreeing, _)| std::cmp::Reverse(*agreeing));
        candidates.into_iter().map(|(_, index)| index).collect()
    }
}

/// Groups texts so that near-copies are in one group, and so are copies of copies (union–find). The result has for each
/// text the index of the first text of its group; a text without copies is its own. Texts should be normalised; an empty
/// one is alone.
pub fn groups<T: AsRef<str>>(texts: &[T]) -> Vec<u32> {
    let mut groups = Groups((0..texts.len() as u32).collect());
    // Exact copies are joined at once, so that a thousand times the same text costs what one costs.
    let mut first_of: FxHashMap<&str, u32> = FxHashMap::default();
    let mut distinct: Vec<(u32, &str)> = Vec::new();
    for (index, text) in (0u32..).zip(texts.iter().map(AsRef::as_ref)).filter(|(_, text)| !text.is_empty()) {
        let first = *first_of.entry(text).or_insert(index);
        groups.join(first, index);
        if first == index {
            distinct.push((index, text));
        }
    }
    let only_texts: Vec<&str> = distinct.iter().map(|(_, text)| *text).collect();
    let known = NearCopies::new(&only_texts);
    for (place, (index, text)) in (0u32..).zip(&distinct) {
        let earlier = known.candidates(&known.signatures[place as usize], |other| other < place);
        let own = if earlier.is_empty() { Vec::new() } else { shingles(text) };
        let mut in_vain = 0;
        for other in earlier {
            let other_index = distinct[other as usize].0;
            if groups.first(other_index) == groups.first(*index) {
                continue;
            }
            if overlap(&own, &shingles(known.text(other))) {
                groups.join(other_index, *index);
            } else {
                in_vain += 1;
            }
            if in_vain == IN_VAIN {
                break;
            }
        }
    }
    (0..texts.len() as u32).map(|index| groups.first(index)).collect()
}

/// Union–find whose representative is the smallest index, with path halving (Tarjan and van Leeuwen, 1984).
struct Groups(Vec<u32>);

impl Groups {
    fn first(&mut self, mut index: u32) -> u32 {
        while self.0[index as usize] != index {
            let above = self.0[self.0[index as usize] as usize];
            self.0[index as usize] = above;
            index = above;
        }
        index
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}

/// Mixes 64 bits so that each depends on all (the finaliser of `SplitMix64`: Steele, Lea and Flood, 2014).
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Hashes of the shingles in the order of the text, repeated ones too.
fn shingle_hashes(text: &str) -> impl Iterator<Item = u64> {
    // A character takes 21 bits, so five of them fit into one number without loss, which is then hashed.
    const KEPT: u128 = (1 << (21 * SHINGLE)) - 1;
    let short = text.chars().count().min(SHINGLE);
    let mut window: u128 = 0;
    text.chars().enumerate().filter_map(move |(index, character)| {
        // One is added so that a text of `\0`s differs from a shorter one.
        window = (window << 21 | u128::from(u32::from(character) + 1)) & KEPT;
        (index + 1 >= short).then(|| mixed(mixed((window >> 64) as u64 ^ 0x9E37_79B9_7F4A_7C15) ^ window as u64))
    })
}

/// The set of shingles, sorted.
fn shingles(text: &str) -> Vec<u64> {
    let mut shingles: Vec<u64> = shingle_hashes(text).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// The shingles of a normalised text, to compare it with a few others: a signature of each would cost more than it saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shingles(Vec<u64>);

impl Shingles {
    /// Takes time in proportion to the characters.
    pub fn of(text: &str) -> Shingles {
        Shingles(if text.is_empty() { Vec::new() } else { shingles(text) })
    }

    /// Whether the two texts are near-copies; an empty one is of none.
    pub fn near(&self, other: &Shingles) -> bool {
        overlap(&self.0, &other.0)
    }
}

/// Whether two sorted sets overlap by 0.8 or more.
fn overlap(one: &[u64], other: &[u64]) -> bool {
    let (small, large) = (one.len().min(other.len()), one.len().max(other.len()));
    if small * 5 < large * 4 || small == 0 {
        return false;
    }
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        both += usize::from(one[i] == other[j]);
        let (left, right) = (one[i], other[j]);
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    both * 5 >= (small + large - both) * 4
}

/// The fixed hash functions of the signatures: linear permutations of 32 bits (Bohman, Cooper and Frieze, Min-wise
/// independent linear permutations, 2000), applied to shingles that are hashed already.
struct Hashing {
    factors: [u32; MINIMA],
    summands: [u32; MINIMA],
}

impl Hashing {
    fn new() -> Hashing {
        // An odd factor makes each a permutation.
        let factors = std::array::from_fn(|at| mixed(2 * at as u64 + 1) as u32 | 1);
        let summands = std::array::from_fn(|at| mixed(2 * at as u64 + 2) as u32);
        Hashing { factors, summands }
    }

    fn signature(&self, text: &str) -> Signature {
        let mut minima = [u32::MAX; MINIMA];
        for shingle in shingle_hashes(text) {
            let shingle = shingle as u32;
            for ((minimum, factor), summand) in minima.iter_mut().zip(&self.factors).zip(&self.summands) {
                *minimum = (*minimum).min(shingle.wrapping_mul(*factor).wrapping_add(*summand));
            }
        }
        minima
    }
}

/// What two texts must have in common in a band.
fn band_value(signature: &Signature, band: usize) -> u64 {
    let rows = &signature[band * ROWS..(band + 1) * ROWS];
    rows.iter().fold(0, |value, row| mixed(value ^ u64::from(*row)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The definition, in so many words.
    fn naive_overlap(one: &str, other: &str) -> bool {
        let set = |text: &str| -> BTreeSet<Vec<char>> {
            let characters: Vec<char> = text.chars().collect();
            match characters.len() {
                0 => BTreeSet::new(),
                1..SHINGLE => [characters].into(),
                _ => characters.windows(SHINGLE).map(<[char]>::to_vec).collect(),
            }
        };
        let (one, other) = (set(one), set(other));
        let both = one.intersection(&other).count();
        let either = one.union(&other).count();
        either > 0 && both * 5 >= either * 4
    }

    /// Every pair compared, groups joined until nothing moves.
    fn naive_groups(texts: &[String]) -> Vec<u32> {
        let mut groups: Vec<u32> = (0..texts.len() as u32).collect();
        loop {
            let before = groups.clone();
            for i in 0..texts.len() {
                for j in 0..texts.len() {
                    if naive_overlap(&texts[i], &texts[j]) {
                        groups[i] = groups[i].min(groups[j]);
                    }
                }
            }
            if groups == before {
                return groups;
            }
        }
    }

    const LEAK: &str = "小区门口的自来水管爆裂已经三天，水流到马路上没有人来修理，请尽快派人处理。";

    #[test]
    fn what_is_a_near_copy() {
        let long = LEAK.repeat(300);
        for (one, other, expected) in [
            (LEAK, LEAK, true),
            (LEAK, "小区门口的自来水管爆裂已经三天，水流到马路上没有人来修理，请尽快派人处理。谢谢", true),
            (LEAK, "小区门口的自来水管爆裂已经五天，水流到马路上没有人来修理，请尽快派人处理。", false),
            (LEAK, "路灯一整排都不亮，晚上出门看不见路。", false),
            (&long, &format!("{long}。"), true),
            ("路灯坏", "路灯坏", true),
            ("路灯坏", "路灯坏了", false),
            ("路灯坏了一排", "路灯坏了一", false),
            ("", "", false),
            ("", "路灯", false),
            ("\0\0\0", "\0\0", false),
        ] {
            let (shown, other_shown) = (one.chars().count(), other.chars().count());
            assert_eq!(naive_overlap(one, other), expected, "naive: {shown} and {other_shown} characters: {other:.90}");
            assert_eq!(NearCopies::new(&[one]).find(other, |_| true).is_some(), expected, "{other:.90}");
            assert_eq!(groups(&[one, other]) == [0, 0], expected, "{other:.90}");
        }
    }

    #[test]
    fn the_closest_is_named_and_a_text_can_be_left_out() {
        let nearly = format!("{LEAK}谢谢");
        let texts = ["路灯一整排都不亮。", &nearly, LEAK, LEAK];
        let known = NearCopies::new(&texts);
        assert_eq!(known.find(LEAK, |_| true), Some(2));
        assert_eq!(known.find(LEAK, |index| index != 2), Some(3));
        assert_eq!(known.find(LEAK, |index| index < 2), Some(1));
        assert_eq!(known.find(LEAK, |index| index < 1), None);
    }

    #[test]
    fn a_flood_of_texts_of_one_form_letter_ends_soon() {
        // All share a letter of 60 characters, and each says something else in 12 more: 0.7 and less.
        let letter = "关于小区物业管理问题的投诉，本人为该小区业主，现就以下事项向贵单位反映，请依法调查处理并书面答复本人，谢谢。";
        let own = |seed: u64| -> String {
            (0..12).filter_map(|at| char::from_u32(0x4E00 + (mixed(seed * 16 + at) % 20_000) as u32)).collect()
        };
        let texts: Vec<String> = (0..600).map(|seed| format!("{letter}{}", own(seed))).collect();
        assert!(!naive_overlap(&texts[0], &texts[1]));
        let alone: Vec<u32> = (0..600).collect();
        assert_eq!(groups(&texts), alone);
        assert_eq!(NearCopies::new(&texts).find(&format!("{letter}{}", own(600)), |_| true), None);
        assert_eq!(NearCopies::new(&texts).find(&texts[400], |_| true), Some(400));
        assert_eq!(groups(&vec![LEAK; 600]), vec![0; 600]);
    }

    /// Texts that are edits of one another, so that many overlap by about 0.8, by more and by less.
    fn families() -> impl Strategy<Value = Vec<String>> {
        let base = prop::collection::vec("[一-十]{0,60}", 1..4);
        let edits =
            prop::collection::vec((0..4usize, prop::collection::vec((0..60usize, "[甲-癸a]{0,2}"), 0..4)), 0..14);
        (base, edits).prop_map(|(mut texts, edits)| {
            for (from, changes) in edits {
                let mut characters: Vec<char> = texts[from % texts.len()].chars().collect();
                for (at, inserted) in changes {
                    let at = at % (characters.len() + 1);
                    let removed = (at + 1).min(characters.len());
                    characters.splice(at..removed, inserted.chars());
                }
                texts.push(characters.into_iter().collect());
            }
            texts
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn agrees_with_comparing_every_pair(texts in families()) {
            prop_assert_eq!(groups(&texts), naive_groups(&texts));
            let (queries, known) = texts.split_at(texts.len() / 2);
            let index = NearCopies::new(known);
            for query in queries {
                let expected = known.iter().any(|text| naive_overlap(query, text));
                let found = index.find(query, |_| true);
                prop_assert_eq!(found.is_some(), expected, "{}", query);
                prop_assert!(found.is_none_or(|found| naive_overlap(query, &known[found as usize])));
            }
        }
    }
}
