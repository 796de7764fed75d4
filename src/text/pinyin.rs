//! How characters sound: the toneless syllable of each Han character, with the sounds that speakers and recognisers
//! confuse made one, as small numbers; and the characters that sound alike.
//!
//! Readings come from the `pinyin` crate (the Unihan readings as kept by the pinyin-data project). Each character has one
//! here: the first that the data lists, which is the most usual; 长 is always *zhang* and 都 always *dou*. A reading that
//! follows the word (长期, 首都) would have to know the words, and a text that a recogniser has damaged has lost them.
//! The same character always gets the same syllable, so this costs something only where another character took its place.
//!
//! **What is folded**, as the usual input methods' "fuzzy sounds" have it:
//!
//! | confused | folded to | |
//! |---|---|---|
//! | zh, ch, sh with z, c, s | z, c, s | no retroflex in the south |
//! | n with l as the initial | l | south-west, Hunan, Hubei, Jianghuai |
//! | ang with an (uang with uan too), eng with en, ing with in | an, en, in | south and east |
//!
//! **What is not**: f with h (fewer speakers, and 飞 would be 灰), r with l, iang with ian and ong with eng: too many
//! words would meet.

use std::sync::LazyLock;

use encoding_rs::GBK;
use pinyin::ToPinyin;
use rustc_hash::FxHashMap;

use super::segment::Segmenter;

/// The toneless sound of a character with near-homophones folded: [`syllable`] says of which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Syllable(u16);

impl Syllable {
    /// A number below [`Syllable::count`]: the same for all sounds that are folded together, and for as long as the
    /// readings stay the same.
    pub fn id(self) -> u16 {
        self.0
    }

    /// How many there are.
    pub fn count() -> usize {
        TABLES.folded.len()
    }

    /// The syllable that somebody typed as toneless pinyin, in lower case, `ü` also as `v`; `None` when it is none.
    pub fn of_pinyin(spelling: &str) -> Option<Syllable> {
        TABLES.typed.get(spelling).copied().map(Syllable)
    }
}

/// The syllable of a Han character; `None` for any other character, and for those that have no reading. One look into a
/// table.
pub fn syllable(c: char) -> Option<Syllable> {
    let entry = TABLES.characters.get((c as usize).wrapping_sub(FIRST))?;
    (entry.syllable != NONE).then_some(Syllable(entry.syllable))
}

/// The toneless pinyin of a Han character, nothing folded, `ü` as `v` (as it is typed): 女 is `nv`.
pub fn spelling(c: char) -> Option<&'static str> {
    let entry = TABLES.characters.get((c as usize).wrapping_sub(FIRST))?;
    TABLES.spellings.get(entry.spelling as usize).map(String::as_str)
}

/// The common characters that sound like this one or nearly so (one folded syllable), this one among them when it is
/// common, the most frequent first. Common are the 3,755 of the first level of GB/T 2312-1980; how frequent is how often
/// the segmenter's dictionary has seen them as words. Empty for what is no Han character. The first call may take as
/// long as loading that dictionary.
pub fn homophones(c: char) -> &'static [char] {
    let group = syllable(c).and_then(|syllable| COMMON.get(syllable.0 as usize));
    group.map_or(&[], Vec::as_slice)
}

/// The Han characters with a table entry: the basic block, where all of GB 18030's common ones are.
const FIRST: usize = 0x4E00;
const LAST: usize = 0x9FFF;
/// No syllable or spelling.
const NONE: u16 = u16::MAX;

/// Readings that the data lists as interjections without a vowel, and people say with one.
const INSTEAD: &[(char, &str)] =
    &[('嗯', "en"), ('唔', "wu"), ('呒', "wu"), ('呣', "mu"), ('哼', "heng"), ('噷', "heng")];

#[derive(Clone, Copy)]
struct Character {
    syllable: u16,
    spelling: u16,
}

struct Tables {
    /// From [`FIRST`] on.
    characters: Vec<Character>,
    /// Toneless spellings, by the alphabet.
    spellings: Vec<String>,
    /// Folded spellings, by the alphabet: the index is the syllable's number.
    folded: Vec<String>,
    /// Spelling, as typed → syllable.
    typed: FxHashMap<String, u16>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let read: Vec<Option<String>> = (FIRST..=LAST).map(|code| char::from_u32(code as u32).and_then(reading)).collect();
    let mut spellings: Vec<String> = read.iter().flatten().cloned().collect();
    spellings.sort_unstable();
    spellings.dedup();
    let mut folded: Vec<String> = spellings.iter().map(|spelling| fold(spelling)).collect();
    folded.sort_unstable();
    folded.dedup();
    let number =
        |of: &[String], text: &str| of.binary_search_by(|one| one.as_str().cmp(text)).map_or(NONE, |i| i as u16);
    let mut typed = FxHashMap::default();
    for spelling in &spellings {
        let syllable = number(&folded, &fold(spelling));
        typed.insert(spelling.replace('v', "ü"), syllable);
        typed.insert(spelling.clone(), syllable);
    }
    let characters = read.iter().map(|spelling| match spelling {
        Some(spelling) => {
            Character { syllable: number(&folded, &fold(spelling)), spelling: number(&spellings, spelling) }
        }
        None => Character { syllable: NONE, spelling: NONE },
    });
    Tables { characters: characters.collect(), spellings, folded, typed }
});

/// Common characters of each syllable, the most frequent first.
static COMMON: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let segmenter = Segmenter::new([]);
    let mut common: Vec<(f32, char)> =
        common_characters().into_iter().map(|c| (segmenter.rarity(c.encode_utf8(&mut [0; 4])), c)).collect();
    common.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut groups = vec![Vec::new(); Syllable::count()];
    for (_, c) in common {
        if let Some(group) = syllable(c).and_then(|syllable| groups.get_mut(syllable.0 as usize)) {
            group.push(c);
        }
    }
    groups
});

/// The first level of GB/T 2312: rows 16 to 55, which the encoding GBK keeps in their places.
fn common_characters() -> Vec<char> {
    let bytes: Vec<u8> = (0xB0..=0xD7_u8)
        .flat_map(|row| (0xA1..=0xFE_u8).map(move |cell| [row, cell]))
        // The last row has five cells without a character.
        .filter(|[row, cell]| *row < 0xD7 || *cell <= 0xF9)
        .flatten()
        .collect();
    GBK.decode(&bytes).0.chars().collect()
}

/// The usual reading of a character, toneless, `ü` as `v`.
fn reading(c: char) -> Option<String> {
    if let Some((_, instead)) = INSTEAD.iter().find(|(one, _)| *one == c) {
        return Some((*instead).to_owned());
    }
    let plain = c.to_pinyin()?.plain().replace('ü', "v");
    // A few dialect characters are listed with syllables such as `ê` or `ng`.
    let is_syllable = plain.bytes().all(|b| b.is_ascii_lowercase()) && plain.contains(['a', 'e', 'i', 'o', 'u', 'v']);
    is_syllable.then_some(plain)
}

/// The spelling with confused sounds made one; the table at the top says which.
fn fold(spelling: &str) -> String {
    let (initial, rest) = match spelling.as_bytes() {
        [b'z' | b'c' | b's', b'h', ..] => spelling[..].split_at(2),
        _ => spelling.split_at(1),
    };
    let initial = if initial == "n" { "l" } else { &initial[..1] };
    let nasal = ["ang", "eng", "ing"].iter().any(|end| spelling.ends_with(end)) && !spelling.ends_with("iang");
    format!("{initial}{}", if nasal { &rest[..rest.len() - 1] } else { rest })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn spellings_and_what_is_folded() {
        for (a, b, same) in [
            ('是', '四', true),
            ('张', '脏', true),
            ('吃', '次', true),
            ('宁', '林', true),
            ('女', '绿', true),
            ('南', '狼', true),
            ('风', '分', true),
            ('星', '新', true),
            ('光', '关', true),
            ('英', '因', true),
            ('安', '昂', true),
            ('翁', '温', true),
            ('路', '录', true),
            ('江', '坚', false),
            ('东', '登', false),
            ('飞', '灰', false),
            ('人', '林', false),
            ('女', '路', false),
            ('金', '进', true),
            ('水', '税', true),
            ('水', '睡', true),
            ('管', '光', true),
            ('电', '店', true),
            ('电', '天', false),
        ] {
            assert_eq!(syllable(a).unwrap() == syllable(b).unwrap(), same, "{a} {b}");
        }
        for (c, expect) in [
            ('水', Some("shui")),
            ('女', Some("nv")),
            ('略', Some("lve")),
            ('嗯', Some("en")),
            ('都', Some("dou")),
            ('的', Some("de")),
            ('行', Some("xing")),
            ('厦', Some("sha")),
            ('a', None),
            ('，', None),
            ('7', None),
            ('😀', None),
            ('\u{10FFFF}', None),
            ('\0', None),
        ] {
            assert_eq!(spelling(c), expect, "{c}");
            assert_eq!(syllable(c).is_some(), expect.is_some(), "{c}");
        }
    }

    #[test]
    fn typed_pinyin_is_the_characters_syllable() {
        for (typed, c) in [("shui", '水'), ("zi", '知'), ("nv", '女'), ("lü", '绿'), ("liang", '粮')] {
            assert_eq!(Syllable::of_pinyin(typed), syllable(c), "{typed}");
        }
        for typed in ["", "b", "wifi", "shuiguan", "ok", "水"] {
            assert_eq!(Syllable::of_pinyin(typed), None, "{typed}");
        }
    }

    #[test]
    fn every_character_has_a_number_below_the_count() {
        let count = Syllable::count();
        // Standard Chinese has about 400 syllables without tones.
        assert!((200..350).contains(&count), "{count}");
        assert!((390..440).contains(&TABLES.spellings.len()), "{:?}", TABLES.spellings);
        for c in common_characters() {
            let syllable = syllable(c).unwrap();
            assert!((syllable.id() as usize) < count, "{c}");
            assert_eq!(Syllable::of_pinyin(spelling(c).unwrap()), Some(syllable), "{c}");
        }
    }

    #[test]
    fn homophones_are_common_and_by_frequency() {
        assert_eq!(common_characters().len(), 3755);
        for (c, some) in [('水', "税睡"), ('电', "店点"), ('路', "录奴"), ('机', "及级")] {
            let found = homophones(c);
            assert!(some.chars().all(|one| found.contains(&one)), "{c}: {found:?}");
            assert!(found.contains(&c));
        }
        let first = |c| homophones(c).first().copied();
        assert_eq!(first('得'), Some('的'));
        assert_eq!(first('试'), Some('是'));
        // A rare character has common ones that sound like it.
        assert!(!homophones('龘').is_empty() && !homophones('龘').contains(&'龘'));
        for c in ['a', '1', '。', '😀'] {
            assert!(homophones(c).is_empty());
        }
    }
}
