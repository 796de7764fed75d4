//! Texts that are nearly the same as others: a question whose copy is known is no test of anything.

use rustc_hash::FxHashMap;

/// From this share of common character pairs on, of all pairs of both (Jaccard), two texts are near-copies.
const NEAR: f64 = 0.9;
/// The texts that share a rare pair with a text and are held against it, at the most.
const MOST_COMPARED: usize = 500;

/// For each text, whether it is nearly the same as another of them or one of `others`: equal but for punctuation and
/// case, or nine tenths of their pairs of characters in common.
///
/// Two sets this near share one of the rarest tenth of either (prefix filtering: Chaudhuri, Ganti, Kaushik, "A Primitive
/// Operator for Similarity Joins", 2006), so only texts that do are compared.
pub(super) fn near_copies(texts: &[String], others: &[String]) -> Vec<bool> {
    let mut sets: Vec<Vec<(char, char)>> = texts.iter().chain(others).map(|text| pairs(text)).collect();
    let mut frequencies: FxHashMap<(char, char), u32> = FxHashMap::default();
    for pair in sets.iter().flatten() {
        *frequencies.entry(*pair).or_default() += 1;
    }
    for set in &mut sets {
        set.sort_unstable_by_key(|pair| (frequencies.get(pair).copied().unwrap_or(0), *pair));
    }
    let prefix =
        |set: &[(char, char)]| set.len() - (set.len() as f64 * NEAR).ceil() as usize + usize::from(!set.is_empty());
    let mut by_pair: FxHashMap<(char, char), Vec<usize>> = FxHashMap::default();
    for (number, set) in sets.iter().enumerate() {
        for pair in &set[..prefix(set)] {
            by_pair.entry(*pair).or_default().push(number);
        }
    }
    let sorted: Vec<Vec<(char, char)>> = sets
        .iter()
        .map(|set| {
            let mut set = set.clone();
            set.sort_unstable();
            set
        })
        .collect();
    let copied = |number: usize| {
        let candidates = sets[number][..prefix(&sets[number])].iter().filter_map(|pair| by_pair.get(pair)).flatten();
        candidates
            .filter(|other| **other != number)
            .take(MOST_COMPARED)
            .any(|other| jaccard(&sorted[number], &sorted[*other]) >= NEAR)
    };
    (0..texts.len()).map(copied).collect()
}

/// The distinct pairs of neighbouring letters; a text of one letter has that letter twice.
fn pairs(text: &str) -> Vec<(char, char)> {
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let mut pairs: Vec<_> = letters.windows(2).map(|pair| (pair[0], pair[1])).collect();
    if let [only] = letters[..] {
        pairs.push((only, only));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The share of what two sorted sets have in common.
fn jaccard(one: &[(char, char)], other: &[(char, char)]) -> f64 {
    let (mut at, mut common) = (0, 0);
    for pair in one {
        while other.get(at).is_some_and(|found| found < pair) {
            at += 1;
        }
        common += usize::from(other.get(at) == Some(pair));
    }
    let all = one.len() + other.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn near_copies_are_found() {
        for (texts, others, expected) in [
            (vec!["停电了怎么报修", "停电了，怎么报修？"], vec![], vec![true, true]),
            (vec!["停电了怎么报修", "停水了怎么报修"], vec![], vec![false, false]),
            (vec!["IC卡怎么办", "路灯不亮"], vec!["ic卡怎么办！"], vec![true, false]),
            (vec!["", "。"], vec![""], vec![false, false]),
            (vec!["水"], vec!["水。"], vec![true]),
        ] {
            assert_eq!(near_copies(&owned(&texts), &owned(&others)), expected, "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_comparing_all(texts in prop::collection::vec("[停电水]{0,14}", 0..9), others in prop::collection::vec("[停电水]{0,14}", 0..5)) {
            let all: Vec<_> = texts.iter().chain(&others).map(|text| pairs(text)).collect();
            let copied = |number: usize| {
                (0..all.len()).any(|other| other != number && jaccard(&all[number], &all[other]) >= NEAR)
            };
            let expected: Vec<bool> = (0..texts.len()).map(copied).collect();
            prop_assert_eq!(near_copies(&texts, &others), expected);
        }
    }
}
