//! Parts of a complaint that tell more than the rest about who it goes to: how it begins, whom it asks for, and the
//! names of bodies and places in it.
//!
//! An order that an agent took down has a form of its own (市民来电反映：…，请…核实处理), and so does a letter. All of this is
//! found by punctuation and a few words; where nothing is found, the features of the part are missing, and that is all.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Before the first colon stands who turns to whom, if it comes so early.
const LONGEST_LEAD: usize = 45;
/// Where there is no colon, so many characters are the beginning.
const LEAD: usize = 12;
/// Whoever is asked stands after one of these …
static ASKS: LazyLock<Words> =
    LazyLock::new(|| Words::beginning(&["要求", "希望", "建议", "请", "由", "转", "望", "让"]));
/// … and before one of these, or the end of the clause.
static TO_DO: LazyLock<Words> = LazyLock::new(|| {
    Words::beginning(&[
        "核实", "处理", "及时", "尽快", "解决", "协助", "给予", "核查", "答复", "回复", "帮忙", "加强", "来",
    ])
});
/// Characters of whoever is asked.
const ASKED: Range<usize> = 2..17;
/// Names of bodies and places end with these.
static ENDINGS: LazyLock<Words> = LazyLock::new(|| {
    Words::ending(&[
        "局", "队", "办", "中心", "公司", "政府", "委", "所", "院", "路", "街", "村", "镇", "小区", "区", "县", "校",
        "园", "城", "站", "会", "厂", "店", "桥", "湖", "广场", "大厦", "花园", "银行", "集团", "物业",
    ])
});
/// Characters of such a name.
const NAME: std::ops::RangeInclusive<usize> = 3..=6;

/// The beginning of a text, given as normalised characters.
pub(super) fn lead(text: &[char]) -> Range<usize> {
    let colon = text.iter().take(LONGEST_LEAD).position(|c| *c == ':');
    0..colon.unwrap_or(LEAD.min(text.len()))
}

/// Whoever is asked to do something: the last place that reads so.
pub(super) fn asked(text: &[char]) -> Option<Range<usize>> {
    (0..text.len()).rev().find_map(|at| {
        let start = at + ASKS.begins(&text[at..])?;
        let most = text.len().min(start + ASKED.end);
        let end = (start..=most)
            .find(|end| text.get(*end).is_none_or(|c| !is_name(*c)) || TO_DO.begins(&text[*end..]).is_some())?;
        ASKED.contains(&(end - start)).then_some(start..end)
    })
}

/// Spans of three to six characters that end as names of bodies and places do.
pub(super) fn names(text: &[char]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut begin = 0;
    (0..text.len()).flat_map(move |at| {
        if !is_han(text[at]) {
            begin = at + 1;
        }
        let run = begin;
        let ends = is_han(text[at]) && ENDINGS.ends(&text[..=at]);
        let lengths = NAME.filter(move |length| ends && at + 1 >= run + length);
        lengths.map(move |length| at + 1 - length..at + 1)
    })
}

/// Words by the character that nearly all texts lack at nearly all places: their first, or their last.
struct Words(FxHashMap<char, Vec<Vec<char>>>);

impl Words {
    fn beginning(words: &[&str]) -> Words {
        Words::by(words, <[char]>::first)
    }

    fn ending(words: &[&str]) -> Words {
        Words::by(words, <[char]>::last)
    }

    fn by(words: &[&str], key: impl Fn(&[char]) -> Option<&char>) -> Words {
        let mut by: FxHashMap<char, Vec<Vec<char>>> = FxHashMap::default();
        for word in words {
            let word: Vec<char> = word.chars().collect();
            by.entry(key(&word).copied().unwrap_or_default()).or_default().push(word);
        }
        Words(by)
    }

    /// The characters of the word that a text begins with.
    fn begins(&self, text: &[char]) -> Option<usize> {
        let words = self.0.get(text.first()?)?;
        words.iter().find(|word| text.starts_with(word)).map(Vec::len)
    }

    /// Whether a text ends with one of the words.
    fn ends(&self, text: &[char]) -> bool {
        let words = text.last().and_then(|last| self.0.get(last));
        words.is_some_and(|words| words.iter().any(|word| text.ends_with(word)))
    }
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Brackets within a name do not end it.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '(' | ')' | '“' | '”' | '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(text: &str, range: Range<usize>) -> String {
        text.chars().skip(range.start).take(range.len()).collect()
    }

    #[test]
    fn whoever_is_asked_is_found() {
        for (text, expected) in [
            ("市民来电反映:路灯不亮,请市政局核实处理。", Some("市政局")),
            ("要求退款,希望龙湖区住建局尽快解决", Some("龙湖区住建局")),
            ("请a公司处理,后来又请城管局", Some("城管局")),
            ("路灯不亮", None),
            ("请", None),
        ] {
            let characters: Vec<char> = text.chars().collect();
            assert_eq!(asked(&characters).map(|range| slice(text, range)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_beginning_ends_at_an_early_colon() {
        for (text, expected) in [("市民咨询:公交", "市民咨询"), ("路灯不亮", "路灯不亮"), ("", "")] {
            let characters: Vec<char> = text.chars().collect();
            assert_eq!(slice(text, lead(&characters)), expected, "{text}");
        }
    }

    #[test]
    fn names_are_spans_that_end_like_names() {
        let text = "在人民路,和 城管局";
        let characters: Vec<char> = text.chars().collect();
        let found: Vec<String> = names(&characters).map(|range| slice(text, range)).collect();
        assert_eq!(found, ["人民路", "在人民路", "城管局"]);
    }
}
