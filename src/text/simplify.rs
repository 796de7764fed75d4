//! Traditional to simplified characters, one for one, so that no offset moves.

use std::borrow::Cow;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use rustc_hash::FxHashMap;

/// Words whose characters do not simplify as they would alone: `乾` is `干` but `乾隆` stays. The pairs follow OpenCC's
/// `TSPhrases`, kept to words that occur in ordinary writing; a test holds each to OpenCC itself.
///
/// Each result is a fixed point of [`simplify`] (also held by a test), so that simplifying twice changes nothing.
const WORDS: &[(&str, &str)] = &[
    ("一目瞭然", "一目了然"),
    ("不瞭解", "不了解"),
    ("乾元", "乾元"),
    ("乾嘉", "乾嘉"),
    ("乾坤", "乾坤"),
    ("乾宅", "乾宅"),
    ("乾清宮", "乾清宫"),
    ("乾清宫", "乾清宫"),
    ("乾縣", "乾县"),
    ("乾县", "乾县"),
    ("乾道", "乾道"),
    ("乾陵", "乾陵"),
    ("乾隆", "乾隆"),
    ("傢俱", "家具"),
    ("函覆", "函复"),
    ("反反覆覆", "反反复复"),
    ("反覆", "反复"),
    ("哪吒", "哪吒"),
    ("回覆", "回复"),
    ("康乾", "康乾"),
    ("彷彿", "仿佛"),
    ("憑藉", "凭借"),
    ("手鍊", "手链"),
    ("拉鍊", "拉链"),
    ("據瞭解", "据了解"),
    ("明瞭", "明了"),
    ("木吒", "木吒"),
    ("沈沒", "沉没"),
    ("沈積", "沉积"),
    ("沈船", "沉船"),
    ("沈默", "沉默"),
    ("牴觸", "抵触"),
    ("毕昇", "毕昇"),
    ("畢昇", "毕昇"),
    ("瞭如指掌", "了如指掌"),
    ("瞭然", "了然"),
    ("瞭解", "了解"),
    ("答覆", "答复"),
    ("籌畫", "筹划"),
    ("蒜薹", "蒜薹"),
    ("藉助", "借助"),
    ("藉口", "借口"),
    ("藉故", "借故"),
    ("藉機", "借机"),
    ("藉此", "借此"),
    ("藉由", "借由"),
    ("衹得", "只得"),
    ("覆信", "复信"),
    ("覆電", "复电"),
    ("計畫", "计划"),
    ("重覆", "重复"),
    ("金鍊", "金链"),
    ("鍊條", "链条"),
    ("鎖鍊", "锁链"),
    ("鐵鍊", "铁链"),
    ("項鍊", "项链"),
];

/// The Han characters of the basic plane; all of them are three bytes long, and so are the characters they simplify to
/// save for a few hundred rare ones of the supplementary planes.
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9FFF;

/// Stands in the table for a character that one of [`WORDS`] begins with: then the words must be looked at.
const BEGINS_WORD: char = '\0';

struct Tables {
    /// What each character from [`FIRST`] to [`LAST`] becomes, or [`BEGINS_WORD`].
    basic: Box<[char]>,
    /// What those characters become alone.
    alone: FxHashMap<char, char>,
    /// The same for the supplementary planes, where few characters change.
    supplementary: FxHashMap<char, char>,
    /// Words by their first character, the longest first.
    words: FxHashMap<char, Vec<(&'static str, &'static str)>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::build);

impl Tables {
    fn build() -> Self {
        let basic: Vec<char> = (FIRST..=LAST).filter_map(char::from_u32).collect();
        let rare: Vec<char> = (0x20000..0x2FA20).filter_map(char::from_u32).collect();
        let (mut basic, supplementary) = match OpenCC::from_config(BuiltinConfig::T2s) {
            Ok(converter) => {
                let changed = convert_each(&converter, &rare);
                let pairs = rare.iter().copied().zip(changed).filter(|(from, to)| from != to).collect();
                (convert_each(&converter, &basic), pairs)
            }
            // The dictionary is compiled into the binary; were it unreadable, text would simply stay as it is.
            Err(_) => (basic, FxHashMap::default()),
        };
        let mut words: FxHashMap<char, Vec<_>> = FxHashMap::default();
        let mut alone = FxHashMap::default();
        for &(from, to) in WORDS {
            if let Some(first) = from.chars().next() {
                if let Some(entry) = basic.get_mut((u32::from(first) - FIRST) as usize)
                    && *entry != BEGINS_WORD
                {
                    alone.insert(first, std::mem::replace(entry, BEGINS_WORD));
                }
                words.entry(first).or_default().push((from, to));
            }
        }
        for list in words.values_mut() {
            list.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        }
        Self { basic: basic.into_boxed_slice(), alone, supplementary, words }
    }

    /// What a character becomes, or [`BEGINS_WORD`].
    fn character(&self, c: char) -> char {
        match u32::from(c) {
            code @ FIRST..=LAST => self.basic.get((code - FIRST) as usize).copied().unwrap_or(c),
            0x20000.. => self.supplementary.get(&c).copied().unwrap_or(c),
            _ => c,
        }
    }

    /// What the word or character that a text begins with is replaced by, and how many bytes of the text that takes.
    fn replace(&self, text: &str, first: char) -> (Replacement, usize) {
        let simple = self.character(first);
        if simple != BEGINS_WORD {
            return (Replacement::Character(simple), first.len_utf8());
        }
        let word = self.words.get(&first).and_then(|words| words.iter().find(|(from, _)| text.starts_with(from)));
        match word {
            Some((from, to)) => (Replacement::Word(to), from.len()),
            None => {
                let alone = self.alone.get(&first).copied().unwrap_or(first);
                (Replacement::Character(alone), first.len_utf8())
            }
        }
    }
}

/// Converts characters one by one: line breaks between them keep phrases from forming. A character of Unicode that the
/// dictionary changes twice over is followed to the end, so that converting again changes nothing.
fn convert_each(converter: &OpenCC, characters: &[char]) -> Vec<char> {
    let mut result = characters.to_vec();
    for _ in 0..2 {
        let lines: String = result.iter().flat_map(|&c| [c, '\n']).collect();
        let converted = converter.convert(&lines);
        let next: Vec<char> = converted.chars().step_by(2).collect();
        if next.len() == result.len() {
            result = next;
        }
    }
    result
}

/// Text with every traditional character replaced by its simplified one. As many characters come out as went in.
pub(super) fn simplify(text: &str) -> Cow<'_, str> {
    let tables = &*TABLES;
    let Some((start, _)) = text.char_indices().find(|(_, c)| *c >= '\u{3400}' && tables.character(*c) != *c) else {
        return Cow::Borrowed(text);
    };
    let mut result = String::with_capacity(text.len() + 16);
    result.push_str(&text[..start]);
    let mut rest = &text[start..];
    while let Some(c) = rest.chars().next() {
        let (replacement, taken) = tables.replace(rest, c);
        match replacement {
            Replacement::Word(word) => result.push_str(word),
            Replacement::Character(character) => result.push(character),
        }
        rest = &rest[taken..];
    }
    Cow::Owned(result)
}

enum Replacement {
    Word(&'static str),
    Character(char),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn characters_and_words() {
        for (from, to) in [
            ("自來水管爆裂，請儘快處理", "自来水管爆裂，请尽快处理"),
            ("乾隆年間的著作很乾淨", "乾隆年间的著作很干净"),
            ("頭髮發霉", "头发发霉"),
            ("沈阳沈沒", "沈阳沉没"),
            ("覆盖答覆", "覆盖答复"),
            ("後面裏面麵條", "后面里面面条"),
            ("plain ascii ，标点", "plain ascii ，标点"),
            ("", ""),
        ] {
            assert_eq!(simplify(from), to, "{from}");
        }
    }

    #[test]
    fn words_agree_with_opencc_and_stay_put() {
        let converter = OpenCC::from_config(BuiltinConfig::T2s).unwrap();
        for (from, to) in WORDS {
            // Entries that keep a simplified word are our own: OpenCC lists words in traditional characters alone.
            assert!(from == to || converter.convert(from) == *to, "{from}");
            assert_eq!(from.chars().count(), to.chars().count(), "{from}");
            assert_eq!(simplify(to), *to, "{to} is not a fixed point");
        }
    }

    #[test]
    fn every_character_is_stable_after_one_pass() {
        for c in ('\u{3400}'..='\u{2FA1F}').map(String::from) {
            let once = simplify(&c).into_owned();
            assert_eq!(simplify(&once), once);
            assert_eq!(once.chars().count(), 1);
        }
    }
}
