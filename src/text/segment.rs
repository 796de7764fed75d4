//! Words, as jieba cuts them (prefix dictionary, maximum probability path, hidden Markov model for unknown words).

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use jieba_rs::Jieba;
use rustc_hash::FxHashMap;

/// How many words jieba's dictionary was counted from (the sum of its frequencies); a test holds it to the dictionary.
const DICTIONARY_TOTAL: f32 = 60_101_964.0;

/// The least frequency a user's word is given: that of the most common words of two characters, so that it wins over
/// what the dictionary would cut from the same characters.
const USER_FREQUENCY: usize = 200_000;

/// Cuts text into words. Cheap to clone: clones share one dictionary.
#[derive(Clone)]
pub struct Segmenter {
    jieba: Arc<Jieba>,
}

impl std::fmt::Debug for Segmenter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segmenter").finish_non_exhaustive()
    }
}

/// The dictionary that comes with jieba takes about 200 ms to read, so a process reads it once.
fn base() -> &'static Arc<Jieba> {
    static BASE: OnceLock<Arc<Jieba>> = OnceLock::new();
    BASE.get_or_init(|| Arc::new(Jieba::new()))
}

impl Segmenter {
    /// A segmenter that knows the built-in dictionary and these words, which should be normalised. Words of one
    /// character, with blanks or longer than 32 characters are left out: the first cut nothing, the others never match.
    /// About 200 ms the first time in a process; later about 30 ms with words and nothing without.
    pub fn new<'a>(user_words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = user_words.into_iter().filter(|w| is_word(w)).peekable();
        if words.peek().is_none() {
            return Self { jieba: Arc::clone(base()) };
        }
        let mut jieba = Jieba::clone(base());
        for word in words {
            let frequency = jieba.suggest_freq(word).max(USER_FREQUENCY);
            jieba.add_word(word, Some(frequency), None);
        }
        Self { jieba: Arc::new(jieba) }
    }

    /// Cuts a text into words: byte ranges that follow one another and cover all of it, blanks and punctuation
    /// included.
    pub fn cut(&self, text: &str) -> Vec<Range<usize>> {
        self.jieba.cut(text, true).into_iter().map(|token| token.byte_start..token.byte_end).collect()
    }

    /// Whether a word is in the dictionary, the built-in one or the user's.
    pub fn knows(&self, word: &str) -> bool {
        self.jieba.has_word(word)
    }

    /// How surprising a word is: minus the natural logarithm of its probability, from the built-in dictionary's
    /// frequencies. A word it does not know counts as seen once and, being rarer the longer it is, shares that
    /// sighting among its characters.
    pub fn rarity(&self, word: &str) -> f32 {
        if word.len() > LONGEST_KNOWN {
            return rarity(word);
        }
        KNOWN_RARITIES.with_borrow_mut(|known| {
            if let Some(rarity) = known.get(word) {
                return *rarity;
            }
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            let rarity = rarity(word);
            known.insert(word.into(), rarity);
            rarity
        })
    }
}

/// Bytes of a word whose rarity is kept, at the most.
const LONGEST_KNOWN: usize = 48;
/// Rarities that a thread keeps, at the most.
const MOST_KNOWN: usize = 50_000;

thread_local! {
    /// The dictionary gives a frequency only by segmenting the word, which takes ten times as long as looking here, and
    /// the same words come again and again.
    static KNOWN_RARITIES: RefCell<FxHashMap<Box<str>, f32>> = RefCell::default();
}

fn rarity(word: &str) -> f32 {
    let base = base();
    let seen = if base.has_word(word) {
        base.suggest_freq(word).max(1) as f32
    } else {
        1.0 / word.chars().count().max(1) as f32
    };
    (DICTIONARY_TOTAL / seen).ln().max(0.0)
}

fn is_word(word: &str) -> bool {
    let length = word.chars().take(33).count();
    (2..=32).contains(&length) && !word.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut<'a>(segmenter: &Segmenter, text: &'a str) -> Vec<&'a str> {
        segmenter.cut(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn user_words_win() {
        let plain = Segmenter::new([]);
        let taught = Segmenter::new(["住建局", "水管爆裂", "区住建", "一户一表", " ", "长"]);
        for (text, word) in [
            ("请住建局核实", "住建局"),
            ("小区水管爆裂了", "水管爆裂"),
            ("家里水管爆裂开了", "水管爆裂"),
            ("要求一户一表改造", "一户一表"),
        ] {
            assert!(!cut(&plain, text).contains(&word), "{text}: the dictionary knows it, so this proves nothing");
            assert!(cut(&taught, text).contains(&word), "{text}: {:?}", cut(&taught, text));
        }
        assert_eq!(cut(&taught, "今天天气很好"), cut(&plain, "今天天气很好"));
    }

    #[test]
    fn words_are_known_or_not() {
        let taught = Segmenter::new(["一户一表"]);
        for (word, plain, with_word) in
            [("住房", true, true), ("睡管", false, false), ("一户一表", false, true), ("", false, false)]
        {
            assert_eq!((Segmenter::new([]).knows(word), taught.knows(word)), (plain, with_word), "{word}");
        }
    }

    #[test]
    fn one_dictionary_for_all() {
        assert!(Arc::ptr_eq(&Segmenter::new([]).jieba, &Segmenter::new([""]).jieba));
    }

    #[test]
    fn rarity_orders_words() {
        let segmenter = Segmenter::new([]);
        let order = ["的", "我们", "小区", "井盖", "噪声控制", "喷淋灭火器材"];
        let rarities = order.map(|word| segmenter.rarity(word));
        assert!(rarities.is_sorted_by(|a, b| a < b), "{rarities:?}");
        assert!(segmenter.rarity("").is_finite());
    }

    #[test]
    fn total_is_the_dictionarys() {
        assert!(format!("{:?}", base()).contains(&format!("total_freq: {DICTIONARY_TOTAL}")), "{:?}", base());
    }

    proptest! {
        #[test]
        fn words_cover_the_text(text in "(\\PC|\r|\n| |[一-龥]{1,6}){0,30}") {
            let mut at = 0;
            for range in Segmenter::new([]).cut(&text) {
                prop_assert_eq!(range.start, at);
                prop_assert!(range.end > range.start);
                at = range.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
