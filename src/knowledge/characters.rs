//! Which neighbouring characters a text has, in so few bits that texts can be passed over without being read: a filter
//! after Bloom (*Space/time trade-offs in hash coding with allowable errors*, 1970) with one bit for each pair.

/// Words of 64 bits. A text of 430 characters sets about a seventh of the bits, so that a word of three characters that
/// it has not is looked for in vain one time in fifty.
const WORDS: usize = 64;

/// The characters and pairs of neighbouring characters of a text; now and then it takes one for there that is not, and
/// never the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Characters([u64; WORDS]);

impl Characters {
    /// The characters of all parts of a text; characters of two parts are no neighbours.
    pub(super) fn of(parts: &[&str]) -> Characters {
        let mut bits = [0; WORDS];
        for part in parts {
            let mut before = None;
            for c in part.chars() {
                for (word, bit) in
                    [Some(place(None, c)), before.map(|before| place(Some(before), c))].into_iter().flatten()
                {
                    bits[word] |= bit;
                }
                before = Some(c);
            }
        }
        Characters(bits)
    }

    /// Whether the text may have the word: it has not, where a pair of it, or its only character, is missing.
    pub(super) fn may_have(&self, word: &str) -> bool {
        let has = |(word, bit): (usize, u64)| self.0[word] & bit != 0;
        let (mut pairs, first) = (word.chars().zip(word.chars().skip(1)).peekable(), word.chars().next());
        match pairs.peek() {
            Some(_) => pairs.all(|(before, c)| has(place(Some(before), c))),
            None => first.is_none_or(|only| has(place(None, only))),
        }
    }
}

/// The bit of a character, or of it and the one before it: by multiplicative hashing (Knuth, *The Art of Computer
/// Programming*, volume 3, section 6.4).
fn place(before: Option<char>, c: char) -> (usize, u64) {
    let key = (before.map_or(0, u32::from) << 16) ^ u32::from(c);
    let hash = key.wrapping_mul(0x9E37_79B1) >> (32 - 6 - WORDS.trailing_zeros());
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_missing_is_seen() {
        let characters = Characters::of(&["水管", "爆裂"]);
        for (word, expected) in
            [("水管", true), ("水", true), ("管爆", false), ("路灯", false), ("水管漏", false), ("", true)]
        {
            assert_eq!(characters.may_have(word), expected, "{word}");
        }
    }

    proptest! {
        #[test]
        fn what_is_there_is_never_missed(before in "\\PC{0,9}", word in "\\PC{1,4}", after in "\\PC{0,9}") {
            let text = format!("{before}{word}{after}");
            prop_assert!(Characters::of(&[&text]).may_have(&word));
        }
    }
}
