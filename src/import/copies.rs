//! Rows that are there already: the same id, the same text with the same labels, nearly the same text.
//!
//! Near copies are found by MinHash (Broder 1997) over pieces of four characters, with locality-sensitive hashing: the
//! signature is cut into bands, and only texts that share a band are compared. Each band keeps the first text it saw, so
//! a text is compared with twelve others at the most, and time is in proportion to the number of texts. It is an estimate:
//! two texts with a share s of their pieces in common meet with probability 1 − (1 − s⁴)¹², 0.998 at s = 0.8.

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

/// Bands of a signature.
const BANDS: usize = 12;
/// Hashes in a band.
const ROWS: usize = 4;
/// Hashes of a signature.
const HASHES: usize = BANDS * ROWS;
/// Characters of a piece.
const PIECE: usize = 4;
/// Of the hashes, how many must be the same: an estimate of 0.8 for the share of pieces that two texts have in common.
const SAME: usize = HASHES * 4 / 5;
/// Characters of a text that are looked at.
const LOOKED_AT: usize = 2_000;
/// The shortest text that can be a near copy, in characters; 路灯不亮 is said by many.
const SHORTEST: usize = 12;

/// What a text is compared by: sixteen bits of each of its smallest hashes.
pub(super) type Signature = [u16; HASHES];

/// A name for what several texts say together; the same texts give the same.
pub(super) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> u128 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    u128::from_be_bytes(bytes)
}

/// The signature of a text of letters; `None` where it is too short to be compared.
pub(super) fn signature(letters: &str) -> Option<Signature> {
    let characters: Vec<u32> = letters.chars().take(LOOKED_AT).map(u32::from).collect();
    if characters.len() < SHORTEST {
        return None;
    }
    let mut least = [u32::MAX; HASHES];
    for piece in characters.windows(PIECE) {
        let mut base = piece.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, c| mix(hash ^ u64::from(*c)));
        for least in &mut least {
            base = mix(base);
            *least = (*least).min((base >> 32) as u32);
        }
    }
    Some(least.map(|hash| mix(u64::from(hash)) as u16))
}

/// Spreads the bits of a number (the finaliser of SplitMix64, Steele et al. 2014).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All that was seen so far.
#[derive(Default)]
pub(super) struct Copies {
    ids: FxHashSet<u128>,
    texts: FxHashSet<u128>,
    signatures: Vec<Signature>,
    bands: FxHashMap<(u8, [u16; ROWS]), u32>,
}

impl Copies {
    /// Whether an id is new.
    pub(super) fn is_new_id(&mut self, id: &str) -> bool {
        self.ids.insert(fingerprint([id]))
    }

    /// Whether a text with its labels is new.
    pub(super) fn is_new_text(&mut self, fingerprint: u128) -> bool {
        self.texts.insert(fingerprint)
    }

    /// Whether nearly the same text was seen before; if not, it is remembered.
    pub(super) fn is_near_copy(&mut self, signature: &Signature) -> bool {
        let mut bands = [[0; ROWS]; BANDS];
        for (band, hashes) in bands.iter_mut().zip(signature.chunks_exact(ROWS)) {
            band.copy_from_slice(hashes);
        }
        let keys = || bands.iter().zip(0u8..).map(|(band, number)| (number, *band));
        let is_same = |other: &u32| {
            let other = self.signatures[*other as usize].iter().zip(signature);
            other.filter(|(a, b)| a == b).count() >= SAME
        };
        if keys().filter_map(|key| self.bands.get(&key)).any(is_same) {
            return true;
        }
        let own = self.signatures.len() as u32;
        self.signatures.push(*signature);
        for key in keys() {
            self.bands.entry(key).or_insert(own);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const TEXT: &str = "人民路和解放路交叉口的自来水管漏水已经三天了水一直流到马路上行人过不去打了好几次电话也没有人来修希望有关部门尽快派人处理一下谢谢";

    fn near(a: &str, b: &str) -> bool {
        let mut copies = Copies::default();
        assert!(!copies.is_near_copy(&signature(a).unwrap()));
        copies.is_near_copy(&signature(b).unwrap())
    }

    #[test]
    fn near_copies_are_found() {
        for (other, expect) in [
            (TEXT.to_owned(), true),
            (TEXT.replace("谢谢", "感谢"), true),
            (format!("{TEXT}急"), true),
            (TEXT.replace("人民路", "中山路").replace("三天", "五天"), true),
            (TEXT.chars().take(30).collect(), false),
            ("小区楼下的烧烤店每天晚上营业到凌晨两点油烟和噪音严重影响居民休息多次投诉没有结果请城管部门依法查处并答复".to_owned(), false),
        ] {
            assert_eq!(near(TEXT, &other), expect, "{other}");
        }
        assert!(signature("路灯不亮").is_none());
    }

    #[test]
    fn ids_and_texts() {
        let mut copies = Copies::default();
        assert!(copies.is_new_id("1") && copies.is_new_id("2") && !copies.is_new_id("1"));
        let one = fingerprint(["ab", "c"]);
        assert_ne!(one, fingerprint(["a", "bc"]));
        assert!(copies.is_new_text(one) && !copies.is_new_text(one));
    }

    /// The share of pieces that two texts have in common (Jaccard 1912), counted.
    fn common(a: &str, b: &str) -> f64 {
        let pieces = |text: &str| {
            let characters: Vec<char> = text.chars().collect();
            characters.windows(PIECE).map(<[char]>::to_vec).collect::<BTreeSet<_>>()
        };
        let (a, b) = (pieces(a), pieces(b));
        a.intersection(&b).count() as f64 / a.union(&b).count() as f64
    }

    proptest! {
        /// Against counting: clearly the same is found, clearly different is not.
        #[test]
        fn estimates_are_near_the_truth(a in "[一-三甲乙丙丁水电路灯]{60,120}", cut in 0usize..60, b in "[一-三甲乙丙丁水电路灯]{0,60}") {
            let other: String = a.chars().skip(cut).collect::<String>() + &b;
            if other.chars().count() >= SHORTEST {
                let truth = common(&a, &other);
                let found = near(&a, &other);
                prop_assert!(truth < 0.95 || found, "{truth}");
                prop_assert!(truth > 0.5 || !found, "{truth}");
            }
        }
    }
}
