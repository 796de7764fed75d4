//! Which characters a text has, in so few bits that texts can be passed over without being read.

/// Words of 64 bits: one bit for each value of a character's last eleven bits.
const WORDS: usize = 32;

/// The characters of a text; now and then it takes one for there that is not, and never the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Characters([u64; WORDS]);

impl Characters {
    /// The characters of all parts of a text.
    pub(super) fn of(parts: &[&str]) -> Characters {
        let mut bits = [0; WORDS];
        for c in parts.iter().flat_map(|part| part.chars()) {
            let (word, bit) = place(c);
            bits[word] |= bit;
        }
        Characters(bits)
    }

    /// Whether the text may have the word: it has not, where a character of it is missing.
    pub(super) fn may_have(&self, word: &str) -> bool {
        word.chars().all(|c| {
            let (word, bit) = place(c);
            self.0[word] & bit != 0
        })
    }
}

fn place(c: char) -> (usize, u64) {
    let low = c as usize;
    ((low >> 6) & (WORDS - 1), 1 << (low & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_missing_is_seen() {
        let characters = Characters::of(&["水管", "爆裂"]);
        for (word, expected) in [("水爆", true), ("路灯", false), ("水管漏", false), ("", true)] {
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
