//! Approximate hits: terms that a recogniser or a keyboard has damaged, found by their sound.
//!
//! A term takes part when it is all Han characters, at least [`SHORTEST`] of them (a character that repeats the one
//! before counts once), holds no filler, and its editor did not ask for whole words. It is found where the text has its
//! syllables ([`crate::text::pinyin`]) in order, with
//!
//! - fillers between them (呃, 那个 …), up to [`MOST_SKIPPED`] characters;
//! - one error in each four of its characters: another character, or typed pinyin, of the same folded syllable;
//! - as one of these errors, from [`SHORTEST_EDITED`] characters on a character that stands twice, or once where the term
//!   has it twice; from [`SHORTEST_MISSING`] on one (not at an end) that is missing.
//!
//! Characters that turn the sense around ([`KEPT`]) are never wrong or missing: 补发工资 is not 不发工资. A hit lies in one
//! clause, since nothing but Han characters, fillers and typed pinyin may stand in it.
//!
//! What is a word in its own right is no damaged other word (`is_sound`): without this, four of five hits on texts that
//! nobody had damaged were wrong. It costs the errors of recognisers that are words themselves (工商保险 for 工伤保险),
//! which editors can write into the terms where they are frequent.
//!
//! One automaton runs over the syllables of the text. Its patterns are the terms and, for those that may lack a
//! character, the term without each (the deletions of Mor and Fraenkel 1982, as in SymSpell), so the work is in
//! proportion to the text and its hits; what a pattern found is then held against the term, character by character.

use std::ops::Range;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::matcher::crosses_a_word;
use super::program::{Lists, Symbol};
use crate::text::pinyin::{Syllable, syllable};
use crate::text::{Segmenter, Text};

/// Characters that a term needs to be matched approximately.
pub(super) const SHORTEST: usize = 4;
/// Characters that a term needs to be matched with one missing or doubled.
const SHORTEST_EDITED: usize = 5;
/// Characters that a term needs to be matched with one missing: 没签合同 is said for 没签订合同.
const SHORTEST_MISSING: usize = 6;
/// Of so many characters one may be wrong.
const ONE_ERROR_IN: usize = 4;
/// Characters of fillers in one hit, at the most.
const MOST_SKIPPED: u32 = 8;
/// What says nothing and may stand between the characters of a term, longest first.
const FILLERS: &[&str] = &["就是说", "那个", "这个", "呃", "嗯", "唔", "哦", "啊"];
/// Characters that must be the same in term and text: denials, opposites of one sound, and numerals.
const KEPT: &str = "不没未无非别勿莫买卖收售授受一二三四五六七八九十百千万亿";
/// Characters that are never missing beside these: whoever says 申请劳动仲裁 has not swallowed the 了 of 申请了劳动仲裁.
const ASPECTS: &str = "了着过";
/// A character that stands for a word of its own at least this often (nats of rarity: about 1 in 5,000 words) has not
/// taken the place of an end of a term: it belongs to what stands beside.
const COMMON: f32 = 8.5;
/// Stands in the syllables of a text for all that no term has. Two bytes, as all of [`letter`] are.
const BREAK: char = '\u{80}';

/// Approximate terms of a program.
#[derive(Default)]
pub(super) struct Fuzzy {
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// Pattern → its [`Meaning`]s.
    meanings: Lists,
    terms: Vec<Term>,
}

/// A term with the symbols that it is a hit of.
struct Term {
    runs: Vec<Run>,
    symbols: Vec<Symbol>,
}

/// A character and how often it stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    character: char,
    count: u32,
}

/// What a pattern is: a term, whole or without one of its runs. In one number: 24 bits of term, 8 of the run.
#[derive(Clone, Copy)]
struct Meaning {
    term: u32,
    missing: Option<usize>,
}

impl Meaning {
    const WHOLE: u32 = 0xFF;

    fn packed(self) -> u32 {
        self.term << 8 | self.missing.map_or(Self::WHOLE, |run| run as u32)
    }

    fn unpacked(packed: u32) -> Meaning {
        let run = packed & 0xFF;
        Meaning { term: packed >> 8, missing: (run != Self::WHOLE).then_some(run as usize) }
    }
}

impl Fuzzy {
    /// Takes the terms (normalised) that are long enough, each with the symbols it is a hit of. `Err` says why the
    /// automaton cannot be built.
    pub(super) fn new<'a>(terms: impl Iterator<Item = (&'a str, Vec<Symbol>)>) -> Result<Fuzzy, String> {
        let mut fuzzy = Fuzzy::default();
        let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
        let mut meanings: Vec<Vec<u32>> = Vec::new();
        for (term, symbols) in terms {
            let Some(runs) = taking_part(term).filter(|_| !symbols.is_empty()) else { continue };
            let term = fuzzy.terms.len() as u32;
            let mut add = |missing: Option<usize>| {
                let left = (0..runs.len()).filter(|run| Some(*run) != missing);
                let pattern: String = left.filter_map(|run| syllable(runs[run].character)).map(letter).collect();
                let number = *numbers.entry(pattern).or_insert(meanings.len() as u32);
                if number as usize == meanings.len() {
                    meanings.push(Vec::new());
                }
                meanings[number as usize].push(Meaning { term, missing }.packed());
            };
            add(None);
            (1..runs.len() - 1).filter(|run| may_miss(&runs, *run)).for_each(|run| add(Some(run)));
            fuzzy.terms.push(Term { runs, symbols });
        }
        fuzzy.meanings = Lists::new(&meanings);
        let mut patterns: Vec<(String, u32)> = numbers.into_iter().collect();
        patterns.sort_unstable();
        if !patterns.is_empty() {
            let built = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(patterns);
            fuzzy.automaton = Some(built.map_err(|error| error.to_string())?);
        }
        Ok(fuzzy)
    }

    /// Every approximate hit in a text, without those that are sound words and not damaged ones.
    pub(super) fn find(&self, text: &Text, segmenter: &Segmenter) -> Vec<Damaged<'_>> {
        let mut found = self.sounding_alike(text);
        found.retain(|hit| !is_sound(hit, text, segmenter));
        found
    }

    /// Every stretch of the text that is close to a term. Exact hits are left out.
    fn sounding_alike(&self, text: &Text) -> Vec<Damaged<'_>> {
        let mut found = Vec::new();
        let Some(automaton) = &self.automaton else { return found };
        let heard = Heard::new(text.normalised());
        for hit in automaton.find_overlapping_iter(&heard.syllables) {
            let runs = &heard.runs[hit.start() / 2..hit.end() / 2];
            for meaning in self.meanings.get(hit.value()) {
                let meaning = Meaning::unpacked(*meaning);
                let term = &self.terms[meaning.term as usize];
                let close = heard.close(&term.runs, meaning.missing, runs);
                found.extend(close.map(|(range, wrong)| Damaged {
                    range,
                    wrong,
                    is_short: meaning.missing.is_some(),
                    symbols: &term.symbols,
                }));
            }
        }
        found
    }
}

/// An approximate hit.
#[derive(Debug)]
pub(super) struct Damaged<'a> {
    /// Normalised characters.
    pub(super) range: Range<u32>,
    /// The characters that stand where the term has another.
    wrong: SmallVec<[u32; 4]>,
    /// Whether a character of the term is missing.
    is_short: bool,
    /// What the term is a hit of.
    pub(super) symbols: &'a [Symbol],
}

/// Whether the text means what it says. The segmenter
///
/// - sees a word across an end of the hit (超生费都没有 has no damaged 生活费都没有),
/// - knows the word that a wrong character is in (住房补贴 is not a damaged 租房补贴),
/// - finds a common word of one character in place of an end (多少家出租车 has no damaged 假出租车),
/// - or knows all words of a hit that lacks a character (工资不到三千 is not a damaged 工资拿不到).
fn is_sound(hit: &Damaged<'_>, text: &Text, segmenter: &Segmenter) -> bool {
    let words = text.words(segmenter);
    let word_at = |place: u32| words.partition_point(|word| word.end <= place);
    let is_known = |word: &Range<u32>| word.len() > 1 && segmenter.knows(text.slice(word.clone()));
    let (first, last) = (hit.range.start, hit.range.end - 1);
    let is_beside = |place: u32| {
        let word = words.get(word_at(place)).filter(|word| word.len() == 1);
        (place == first || place == last)
            && word.is_some_and(|word| segmenter.rarity(text.slice(word.clone())) < COMMON)
    };
    let inside = word_at(first)..=word_at(last);
    crosses_a_word(hit.range.clone(), words)
        || hit.wrong.iter().any(|place| is_beside(*place))
        || hit.wrong.iter().any(|place| words.get(word_at(*place)).is_some_and(is_known))
        || (hit.is_short && words.get(inside).is_some_and(|words| words.iter().all(is_known)))
}

/// The runs of a term that may be matched approximately.
fn taking_part(term: &str) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, character) in term.char_indices() {
        syllable(character).filter(|_| filler(&term[at..], character).is_none())?;
        match runs.last_mut() {
            Some(run) if run.character == character => run.count += 1,
            _ => runs.push(Run { character, count: 1 }),
        }
    }
    (runs.len() >= SHORTEST).then_some(runs)
}

/// Whether an inner run may be missing. Where its neighbours are the same character, they would run together, and the
/// text would have another pattern.
fn may_miss(runs: &[Run], run: usize) -> bool {
    let Run { character, count } = runs[run];
    runs.len() >= SHORTEST_MISSING
        && count == 1
        && !KEPT.contains(character)
        && !ASPECTS.contains(character)
        && runs[run - 1].character != runs[run + 1].character
}

/// The filler that a text begins with. `first` is its first character.
fn filler(text: &str, first: char) -> Option<&'static str> {
    // Nearly every text character is passed over here.
    if !matches!(first, '就' | '那' | '这' | '呃' | '嗯' | '唔' | '哦' | '啊') {
        return None;
    }
    FILLERS.iter().copied().find(|filler| text.starts_with(filler))
}

/// A syllable as a character of the automaton's alphabet: two bytes in UTF-8.
fn letter(syllable: Syllable) -> char {
    char::from_u32(0x100 + u32::from(syllable.id())).unwrap_or(BREAK)
}

/// A text as it sounds.
struct Heard {
    /// One letter a run.
    syllables: String,
    runs: Vec<HeardRun>,
    /// Where each character that counts stands: first normalised character and past the last.
    places: Vec<(u32, u32)>,
}

struct HeardRun {
    /// `None` for typed pinyin and for what no term has.
    character: Option<char>,
    /// Its characters in `places`.
    first: u32,
    count: u32,
}

impl Heard {
    fn new(text: &str) -> Heard {
        let mut heard = Heard {
            syllables: String::with_capacity(text.len()),
            runs: Vec::with_capacity(text.len() / 3 + 1),
            places: Vec::with_capacity(text.len() / 3 + 1),
        };
        let (mut rest, mut at) = (text, 0);
        while let Some(c) = rest.chars().next() {
            // Bytes and characters taken; typed pinyin is ASCII.
            let (bytes, characters) = if let Some(filler) = filler(rest, c) {
                (filler.len(), filler.len() / 3)
            } else if c.is_ascii_lowercase() {
                let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
                heard.push(None, typed(&rest[..letters]), at, letters as u32);
                (letters, letters)
            } else {
                let syllable = syllable(c);
                heard.push(syllable.and(Some(c)), syllable, at, 1);
                (c.len_utf8(), 1)
            };
            rest = &rest[bytes..];
            at += characters as u32;
        }
        heard
    }

    fn push(&mut self, character: Option<char>, syllable: Option<Syllable>, at: u32, length: u32) {
        let place = self.places.len() as u32;
        self.places.push((at, at + length));
        match self.runs.last_mut() {
            Some(run) if character.is_some() && run.character == character => run.count += 1,
            _ => {
                self.runs.push(HeardRun { character, first: place, count: 1 });
                self.syllables.push(syllable.map_or(BREAK, letter));
            }
        }
    }

    /// Where the runs, which have the term's syllables, are close enough to the term: the place of the hit, without
    /// repetitions at its ends that the term does not have, and the characters that are others. `None` for an exact hit
    /// too.
    fn close(
        &self,
        term: &[Run],
        missing: Option<usize>,
        heard: &[HeardRun],
    ) -> Option<(Range<u32>, SmallVec<[u32; 4]>)> {
        let last = heard.len() - 1;
        let mut wrong = SmallVec::new();
        let (mut errors, mut edits) = (0, usize::from(missing.is_some()));
        let wanted = term.iter().enumerate().filter(|(run, _)| Some(*run) != missing).map(|(_, run)| run);
        let (mut first_place, mut last_place) = (0, 0);
        for (index, (wanted, heard)) in wanted.zip(heard).enumerate() {
            if heard.character != Some(wanted.character) {
                if KEPT.contains(wanted.character) || heard.character.is_some_and(|c| KEPT.contains(c)) {
                    return None;
                }
                errors += 1;
                if heard.character.is_some() {
                    wrong.push(self.places[heard.first as usize].0);
                }
            }
            // More at an end belongs to what stands before or after.
            let count = if index == 0 || index == last { heard.count.min(wanted.count) } else { heard.count };
            edits += count.abs_diff(wanted.count) as usize;
            if index == 0 {
                first_place = heard.first + heard.count - count;
            }
            last_place = heard.first + count - 1;
        }
        errors += edits;
        if errors > term.len() / ONE_ERROR_IN || edits > usize::from(term.len() >= SHORTEST_EDITED) {
            return None;
        }
        let (start, end) = (self.places[first_place as usize].0, self.places[last_place as usize].1);
        let places = &self.places[first_place as usize..=last_place as usize];
        let skipped = (end - start) - places.iter().map(|place| place.1 - place.0).sum::<u32>();
        let is_exact = errors == 0 && skipped == 0;
        (!is_exact && skipped <= MOST_SKIPPED).then_some((start..end, wrong))
    }
}

/// The syllable of a run of Latin letters; one letter is a name or a number more often than a sound.
fn typed(letters: &str) -> Option<Syllable> {
    if letters.len() < 2 { None } else { Syllable::of_pinyin(letters) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn find(terms: &[&str], text: &str) -> Vec<(Range<u32>, Symbol)> {
        let fuzzy = Fuzzy::new(terms.iter().zip(0..).map(|(term, symbol)| (*term, vec![symbol])));
        let text = Text::new(None, text);
        let mut found: Vec<(Range<u32>, Symbol)> = fuzzy
            .iter()
            .flat_map(|fuzzy| fuzzy.sounding_alike(&text))
            .flat_map(|hit| hit.symbols.iter().map(move |symbol| (hit.range.clone(), *symbol)))
            .collect();
        found.sort_by_key(|(range, symbol)| (range.start, range.end, *symbol));
        found.dedup();
        found
    }

    #[test]
    fn what_is_close_enough() {
        for (term, text, expect) in [
            // One character of another spelling, the same sound.
            ("水管爆裂", "家里睡管爆裂了", Some("睡管爆裂")),
            ("水管爆裂", "家里水管抱裂了", Some("水管抱裂")),
            ("水管爆裂", "家里水光爆裂了", Some("水光爆裂")),
            ("水管爆裂", "家里shui管爆裂了", Some("shui管爆裂")),
            ("自来水管爆裂", "自来shui管爆裂", Some("自来shui管爆裂")),
            // Two in four, another sound, or a term of three.
            ("水管爆裂", "家里睡管抱裂了", None),
            ("水管爆裂", "家里火管爆裂了", None),
            ("水管爆", "家里睡管爆了", None),
            // Two in eight.
            ("小区自来水管爆裂", "小区自来睡管抱裂", Some("小区自来睡管抱裂")),
            ("小区自来水管爆裂", "小去自来睡管抱裂", None),
            // Fillers.
            ("水管爆裂", "水管呃爆裂了", Some("水管呃爆裂")),
            ("水管爆裂", "水管那个就是说爆裂了", Some("水管那个就是说爆裂")),
            ("水管爆裂", "水管呃抱裂", Some("水管呃抱裂")),
            ("水管爆裂", "水管然后爆裂", None),
            ("水管爆裂", "水管，爆裂", None),
            ("水管爆裂", "水呃管呃爆呃裂", Some("水呃管呃爆呃裂")),
            ("水管爆裂", "水那个这个那个这个那个管爆裂", None),
            // Exact hits are not approximate ones.
            ("水管爆裂", "水管爆裂", None),
            ("水管爆裂", "呃水管爆裂嗯", None),
            // Doubled and missing, from five characters on.
            ("水管爆裂了", "水管管爆裂了", Some("水管管爆裂了")),
            ("水管爆裂了", "水管爆爆裂了", Some("水管爆爆裂了")),
            ("水管爆裂了", "水管爆爆爆裂了", None),
            ("我家水管爆裂", "我家水管裂", Some("我家水管裂")),
            ("我家水管爆裂", "家水管爆裂", None),
            ("水管爆裂了", "水管爆了", None),
            ("水管爆裂", "水管管爆裂", None),
            ("水管爆裂", "水爆裂", None),
            ("水管爆裂了", "水管管抱裂了", None),
            // Doubled at an end: the exact hit is there.
            ("水管爆裂了", "水水管爆裂了了", None),
            ("水管爆裂", "水水管抱裂裂", Some("水管抱裂")),
            ("天天晚上扰民", "天晚上扰民", Some("天晚上扰民")),
            ("天天晚上扰民", "天天晚上绕民", Some("天天晚上绕民")),
            // The sense must not turn around.
            ("补发工资", "不发工资", None),
            ("不发工资", "补发工资", None),
            ("一直不退款", "一直退款", None),
            ("申请了劳动仲裁", "申请劳动仲裁", None),
            ("违规卖房", "违规买房", None),
            ("第四中学", "第十中学", None),
            // Terms that take no part.
            ("wifi信号很差", "wifi新号很差", None),
            ("呃水管爆裂", "水管抱裂", None),
        ] {
            let found = find(&[term], text);
            let shown: Vec<String> = found
                .iter()
                .map(|(range, _)| text.chars().skip(range.start as usize).take(range.len()).collect())
                .collect();
            assert_eq!(
                shown.iter().map(String::as_str).collect::<Vec<_>>(),
                Vec::from_iter(expect),
                "{term} in {text}"
            );
        }
    }

    #[test]
    fn sound_words_are_not_damaged() {
        let segmenter = Segmenter::new([]);
        for (term, text, expect) in [
            ("租房补贴", "咨询人才住房补贴的问题", false),
            ("职业资格", "取得执业资格以后", false),
            ("生活费都没有", "超生费都没有收上来", false),
            ("每月工资拿不到", "人均每月工资不到三千", false),
            ("假出租车", "本市有多少家出租车", false),
            ("机动车堵路口", "有机动堵路口", true),
            ("占道经营", "有人占到经营", true),
            ("停车场收费", "对面亭车场收费", true),
        ] {
            let fuzzy = Fuzzy::new([(term, vec![0])].into_iter()).unwrap();
            let text = Text::new(None, text);
            assert_eq!(fuzzy.sounding_alike(&text).len(), 1, "{term}: proves nothing");
            assert_eq!(!fuzzy.find(&text, &segmenter).is_empty(), expect, "{term} in {}", text.normalised());
        }
    }

    /// Reads the definition at the top of the file word for word: every stretch of the text against every term.
    fn naive(terms: &[&str], text: &str) -> Vec<(Range<u32>, Symbol)> {
        let tokens = tokens(text);
        let mut found = Vec::new();
        for (term, symbol) in terms.iter().zip(0..) {
            let wanted = runs_of(&term.chars().map(|c| (Some(c), syllable(c))).collect::<Vec<_>>());
            if wanted.len() < 4 || wanted.iter().any(|run| run.1.is_none()) {
                continue;
            }
            for a in 0..tokens.len() {
                for b in a + 1..=tokens.len() {
                    let stretch: Vec<Sound> = tokens[a..b].iter().map(|token| token.0).collect();
                    let heard = runs_of(&stretch);
                    let (Some(first), Some(last)) = (heard.first(), heard.last()) else { continue };
                    let (wanted_first, wanted_last) = (wanted[0].2, wanted[wanted.len() - 1].2);
                    let longer_before = a > 0 && first.0.is_some() && tokens[a - 1].0.0 == first.0;
                    let longer_after = b < tokens.len() && last.0.is_some() && tokens[b].0.0 == last.0;
                    if first.2 > wanted_first
                        || last.2 > wanted_last
                        || (first.2 < wanted_first && longer_before)
                        || (last.2 < wanted_last && longer_after)
                    {
                        continue;
                    }
                    let (start, end) = (tokens[a].1, tokens[b - 1].2);
                    let skipped = end - start - tokens[a..b].iter().map(|token| token.2 - token.1).sum::<u32>();
                    let errors = errors(&wanted, &heard);
                    if errors.is_some_and(|errors| errors > 0 || skipped > 0) && skipped <= 8 {
                        found.push((start..end, symbol));
                    }
                }
            }
        }
        found.sort_by_key(|(range, symbol)| (range.start, range.end, *symbol));
        found.dedup();
        found
    }

    type Sound = (Option<char>, Option<Syllable>);

    /// Sounds with their places; fillers are gone.
    fn tokens(text: &str) -> Vec<(Sound, u32, u32)> {
        let characters: Vec<char> = text.chars().collect();
        let (mut tokens, mut at) = (Vec::new(), 0);
        while at < characters.len() {
            let rest: String = characters[at..].iter().collect();
            if let Some(filler) = FILLERS.iter().find(|filler| rest.starts_with(**filler)) {
                at += filler.chars().count();
                continue;
            }
            let letters = rest.chars().take_while(char::is_ascii_lowercase).count();
            let length = letters.max(1);
            let sound = match letters {
                0 => (syllable(characters[at]).map(|_| characters[at]), syllable(characters[at])),
                1 => (None, None),
                _ => (None, Syllable::of_pinyin(&rest[..letters])),
            };
            tokens.push((sound, at as u32, (at + length) as u32));
            at += length;
        }
        tokens
    }

    fn runs_of(sounds: &[Sound]) -> Vec<(Option<char>, Option<Syllable>, usize)> {
        let mut runs: Vec<(Option<char>, Option<Syllable>, usize)> = Vec::new();
        for (c, syllable) in sounds {
            match runs.last_mut() {
                Some(run) if c.is_some() && run.0 == *c => run.2 += 1,
                _ => runs.push((*c, *syllable, 1)),
            }
        }
        runs
    }

    /// The fewest errors that make the one the other, where they are few enough.
    fn errors(
        wanted: &[(Option<char>, Option<Syllable>, usize)],
        heard: &[(Option<char>, Option<Syllable>, usize)],
    ) -> Option<usize> {
        let length = wanted.len();
        let kept = |c: Option<char>| c.is_some_and(|c| KEPT.contains(c));
        let inner = (1..length - 1)
            .filter(|run| length >= 6 && wanted[*run].2 == 1 && !kept(wanted[*run].0))
            .filter(|run| !wanted[*run].0.is_some_and(|c| ASPECTS.contains(c)))
            .filter(|run| wanted[run - 1].0 != wanted[run + 1].0);
        let ways = std::iter::once(None).chain(inner.map(Some));
        let errors = ways.filter_map(|missing| {
            let left: Vec<_> = (0..length).filter(|run| Some(*run) != missing).map(|run| wanted[run]).collect();
            let sounds_alike =
                left.len() == heard.len() && left.iter().zip(heard).all(|(w, h)| h.1.is_some() && w.1 == h.1);
            if !sounds_alike {
                return None;
            }
            let differ: Vec<_> = left.iter().zip(heard).filter(|(w, h)| w.0 != h.0).collect();
            if differ.iter().any(|(w, h)| kept(w.0) || kept(h.0)) {
                return None;
            }
            let counts: usize = left.iter().zip(heard).map(|(w, h)| w.2.abs_diff(h.2)).sum();
            let edits = counts + usize::from(missing.is_some());
            let allowed = if length >= 5 { 1 } else { 0 };
            (edits <= allowed && edits + differ.len() <= length / 4).then_some(edits + differ.len())
        });
        errors.min()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// Over characters of few sounds, so that they meet: shui, guan, dian, bu, with fillers and typed pinyin.
        #[test]
        fn compiled_and_naive_agree(
            terms in prop::collection::hash_set("[水睡管光电店不补了a]{3,9}", 1..6),
            text in "([水睡管光电店不补了]|呃|那个|shui|guan|a|，){0,16}",
        ) {
            let mut terms: Vec<&str> = terms.iter().map(String::as_str).collect();
            terms.sort_unstable();
            prop_assert_eq!(find(&terms, &text), naive(&terms, &text), "{:?} in {}", terms, text);
        }

        /// A term with its characters damaged one at a time.
        #[test]
        fn damaged_terms_agree(
            term in "[水睡管光电店不补路录]{4,9}",
            damage in prop::collection::vec((0_usize..12, 0_usize..5), 0..4),
            around in "[水管电呃，]{0,3}",
        ) {
            let mut text: Vec<String> = term.chars().map(String::from).collect();
            for (at, what) in damage {
                let at = at % text.len();
                text[at] = match what {
                    0 => String::new(),
                    1 => text[at].repeat(2),
                    2 => format!("{}呃", text[at]),
                    3 => text[at].replace('水', "睡").replace('管', "光").replace('电', "店"),
                    _ => text[at].replace('路', "lu"),
                };
            }
            let text = format!("{around}{}{around}", text.concat());
            prop_assert_eq!(find(&[&term], &text), naive(&[&term], &text), "{} in {}", term, text);
        }
    }
}
