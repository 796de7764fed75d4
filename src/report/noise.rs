//! Texts as a recogniser or a hurried hand would have left them, and texts of which only the beginning has been said:
//! for measuring how a decision stands errors, and how early in a call it is right.
//!
//! **The model.** Every Han character is struck with probability `rate`, independently; what befalls it:
//!
//! | share | what | why |
//! |---|---|---|
//! | 50 % | another character of the same sound (70 %) or nearly so (30 %), the more frequent the likelier | a recogniser, or an input method, chose the wrong word |
//! | 15 % | it is gone | swallowed, or the key was missed |
//! | 10 % | it stands twice | stammering, a key that bounced |
//! | 15 % | a filler before it (呃, 那个, 就是说 …) | speech |
//! | 6 % | its pinyin, toneless, in its place | an input method left in the wrong mode |
//! | 4 % | a Latin word or letter before it | the same, and mixed speech |
//!
//! Digits, letters, punctuation and blanks stay as they are, and nothing is inserted beside them except before a Han
//! character: recognisers keep numbers well, and facts in them are another matter. A character without a common
//! homophone is dropped instead of replaced. Shares are set by
//! judgement, not counted from one recogniser's output.
//!
//! Characters of the same sound come from [`crate::text::pinyin`], which the rules' approximate matching uses too. That
//! flatters the rules where real errors are confusions of another kind.

use crate::text::pinyin::{homophones, spelling, syllable};

/// Fillers with which callers gain time.
const FILLERS: &[&str] =
    &["呃", "嗯", "那个", "这个", "就是说", "就是", "啊", "然后", "怎么说呢", "哎呀", "反正", "哦"];
/// What slips in from a keyboard or mixed speech.
const LATIN: &[&str] = &["ok", "e", "app", "en", "a", "ne", "call", "h", "yes", "de"];

/// What may befall a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Error {
    Replaced,
    Dropped,
    Doubled,
    Filler,
    Spelled,
    Latin,
}

/// Parts of 100 of all errors.
const SHARES: [(Error, u64); 6] = [
    (Error::Replaced, 50),
    (Error::Dropped, 15),
    (Error::Doubled, 10),
    (Error::Filler, 15),
    (Error::Spelled, 6),
    (Error::Latin, 4),
];
/// Of the replacements, those with exactly the same sound where there are such.
const SAME_SOUND: f64 = 0.7;

/// The text with errors in about `rate` (0 to 1; what is no number counts as 0) of its Han characters, as the model at
/// the top of this file says. The same text, rate and seed give the same result; of two texts with one seed each has its
/// own errors. The result may be empty where the text is short.
pub fn corrupt(text: &str, rate: f64, seed: u64) -> String {
    let mut random = Random::new(seed, text);
    let mut written = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        if syllable(c).is_some() && random.part() < rate {
            strike(c, random.error(), &mut random, &mut written);
        } else {
            written.push(c);
        }
    }
    written
}

/// Writes what an error leaves of a character.
fn strike(c: char, error: Error, random: &mut Random, written: &mut String) {
    match error {
        Error::Replaced => written.extend(replacement(c, random)),
        Error::Dropped => {}
        Error::Doubled => written.extend([c, c]),
        Error::Filler => {
            written.push_str(random.choose(FILLERS).unwrap_or(&""));
            written.push(c);
        }
        Error::Spelled => written.push_str(spelling(c).unwrap_or_default()),
        Error::Latin => {
            written.push_str(random.choose(LATIN).unwrap_or(&""));
            written.push(c);
        }
    }
}

/// Another common character that sounds like this one.
fn replacement(c: char, random: &mut Random) -> Option<char> {
    let others = homophones(c).iter().copied().filter(|other| *other != c);
    let (same, near): (Vec<char>, Vec<char>) = others.partition(|other| spelling(*other) == spelling(c));
    let wants_same = random.part() < SAME_SOUND;
    let from = if near.is_empty() || (wants_same && !same.is_empty()) { &same } else { &near };
    random.choose_early(from)
}

/// The first part of a text: so many of its characters, rounded up and at least one, as `part` (more than 0, at most 1;
/// anything else counts as 1) says. Empty only for an empty text.
pub fn prefix(text: &str, part: f64) -> &str {
    let length = text.chars().count();
    let end = text.char_indices().nth(share(length, part)).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The first part of a complaint with a title: of the characters of both together, the title's first, as if it were the
/// first thing that the caller said. Gives what is left of title and text. A title of a web form sums up the whole, so
/// figures for early calls are kinder with it than a call would be: to measure calls, leave it out and use [`prefix`].
pub fn prefix_with_title<'a>(title: &'a str, text: &'a str, part: f64) -> (&'a str, &'a str) {
    let of_title = title.chars().count();
    let wanted = share(of_title + text.chars().count(), part);
    let cut = |text: &'a str, most: usize| {
        let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
        &text[..end]
    };
    (cut(title, wanted), cut(text, wanted.saturating_sub(of_title)))
}

/// How many of `length` characters a part is.
fn share(length: usize, part: f64) -> usize {
    if part > 0.0 && part < 1.0 { ((length as f64 * part).ceil() as usize).clamp(1, length.max(1)) } else { length }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): small, and the same on every
/// machine.
struct Random(u64);

impl Random {
    /// Begins with the seed and the text (by the hash FNV-1a), so that texts with one seed have errors of their own.
    fn new(seed: u64, text: &str) -> Random {
        let hash = text
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        let mut random = Random(seed);
        Random(random.next() ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn error(&mut self) -> Error {
        let mut at = self.next() % SHARES.iter().map(|(_, share)| share).sum::<u64>();
        for (error, share) in SHARES {
            match at.checked_sub(share) {
                Some(rest) => at = rest,
                None => return error,
            }
        }
        Error::Dropped
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get((self.next() % from.len().max(1) as u64) as usize)
    }

    /// One of a list whose likelier items come first: the earlier of two drawn evenly.
    fn choose_early(&mut self, from: &[char]) -> Option<char> {
        let count = from.len().max(1) as u64;
        let (a, b) = (self.next() % count, self.next() % count);
        from.get(a.min(b) as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const LONG: &str =
        "小区门口的自来水管昨天晚上爆裂了，水一直流到马路上，拨打供水公司的电话没有人接，希望有关部门尽快安排抢修。";

    #[test]
    fn what_each_error_leaves() {
        for (error, check) in [
            (Error::Dropped, (|left| left.is_empty()) as fn(&str) -> bool),
            (Error::Doubled, |left| left == "水水"),
            (Error::Filler, |left| left.chars().count() > 1 && left.ends_with('水')),
            (Error::Spelled, |left| left == "shui"),
            (Error::Latin, |left| left.ends_with('水') && left.starts_with(|c: char| c.is_ascii_lowercase())),
            (Error::Replaced, |left| {
                let other = left.chars().next().unwrap();
                left.chars().count() == 1 && other != '水' && syllable(other) == syllable('水')
            }),
        ] {
            for seed in 0..50 {
                let mut left = String::new();
                strike('水', error, &mut Random(seed), &mut left);
                assert!(check(&left), "{error:?}: {left}");
            }
        }
    }

    #[test]
    fn replacements_are_mostly_the_same_sound_and_frequent() {
        let mut random = Random(1);
        let drawn: Vec<char> = (0..2000).map(|_| replacement('时', &mut random).unwrap()).collect();
        let same = drawn.iter().filter(|c| spelling(**c) == Some("shi")).count();
        assert!((1300..1500).contains(&same), "{same}");
        let of = |c: char| drawn.iter().filter(|one| **one == c).count();
        assert!(of('是') > 3 * of('嗜').max(1), "{} {}", of('是'), of('嗜'));
    }

    #[test]
    fn errors_come_in_their_shares() {
        let mut random = Random(7);
        let drawn: Vec<Error> = (0..10_000).map(|_| random.error()).collect();
        for (error, share) in SHARES {
            let part = drawn.iter().filter(|one| **one == error).count() as f64 / 100.0;
            assert!((part - share as f64).abs() < 1.5, "{error:?}: {part}");
        }
    }

    #[test]
    fn about_the_rate_of_characters_is_struck() {
        let text = LONG.repeat(40);
        let han = text.chars().filter(|c| syllable(*c).is_some()).count() as f64;
        // What an error changes on the average, in characters: three quarters of them one, fillers and spellings more.
        let each = 0.75 + 0.15 * 2.0 + 0.06 * 3.0 + 0.04 * 2.0;
        for rate in [0.02, 0.1, 0.2] {
            let distance = strsim::levenshtein(&text, &corrupt(&text, rate, 3)) as f64;
            let struck = distance / each / han;
            assert!((struck / rate - 1.0).abs() < 0.2, "{rate}: {struck}");
        }
    }

    #[test]
    fn first_parts() {
        for (text, part, expect) in [
            ("一二三四", 0.5, "一二"),
            ("一二三四五", 0.5, "一二三"),
            ("一二三四", 0.25, "一"),
            ("一二三四", 1e-9, "一"),
            ("一二三四", 1.0, "一二三四"),
            ("一二三四", 2.0, "一二三四"),
            ("一二三四", f64::NAN, "一二三四"),
            ("", 0.5, ""),
        ] {
            assert_eq!(prefix(text, part), expect, "{text} {part}");
        }
        for (title, text, part, expect) in [
            ("停水", "一二三四五六", 0.5, ("停水", "一二")),
            ("停水", "一二", 0.25, ("停", "")),
            ("", "一二", 0.5, ("", "一")),
            ("停水", "一二", 1.0, ("停水", "一二")),
            ("", "", 0.5, ("", "")),
        ] {
            assert_eq!(prefix_with_title(title, text, part), expect, "{title} {text} {part}");
        }
    }

    proptest! {
        #[test]
        fn rate_0_changes_nothing_and_nothing_panics(text in "(\\PC|[一-龥，。0-9a-z]){0,60}", rate in -1.0..2.0_f64, seed: u64) {
            prop_assert_eq!(corrupt(&text, 0.0, seed), text.clone());
            prop_assert_eq!(corrupt(&text, f64::NAN, seed), text.clone());
            prop_assert_eq!(corrupt(&text, rate, seed), corrupt(&text, rate, seed));
            prop_assert!(text.starts_with(prefix(&text, rate)));
            prop_assert_eq!(prefix(&text, rate).is_empty(), text.is_empty());
        }

        #[test]
        fn digits_letters_and_punctuation_stay(text in "[0-9A-Z，。:/ ]{0,40}", seed: u64) {
            prop_assert_eq!(corrupt(&text, 1.0, seed), text);
        }

        /// In order, whatever becomes of the characters around them.
        #[test]
        fn numbers_stay_whole(before in "[一-龥]{1,9}", number in "[0-9]{1,11}", after in "[一-龥]{1,9}", seed: u64) {
            let text = format!("{before}{number}{after}");
            prop_assert!(corrupt(&text, 1.0, seed).contains(&number));
        }

        #[test]
        fn seeds_and_texts_have_errors_of_their_own(seed in 0..u64::MAX) {
            prop_assert_ne!(corrupt(LONG, 0.5, seed), corrupt(LONG, 0.5, seed + 1));
            let twice = corrupt(&LONG.repeat(2), 0.5, seed);
            prop_assert!(!twice.starts_with(&corrupt(LONG, 0.5, seed)));
        }
    }
}
