//! The passage of a document that shows why it was found.

use std::ops::Range;

use serde::Serialize;

use super::query::Query;
use crate::text::Text;

/// The length of a passage, in characters of the normalised text.
const LENGTH: u32 = 60;
/// The most occurrences of words that are looked at in one document.
const MOST_MARKS: usize = 500;

/// A passage, in the document's own characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// About sixty characters.
    pub text: String,
    /// Where words of the query stand in it: offsets in characters of `text`, in order, apart from one another.
    pub marks: Vec<Range<u32>>,
}

/// An occurrence of a word of the query, by its number there.
struct Mark {
    range: Range<u32>,
    word: usize,
}

/// The passage of a text with the most of the query's words, each counted once and by its rarity; of equal passages the
/// first. `None` where the text has none of them.
pub(super) fn passage(query: &Query, text: &str) -> Option<Passage> {
    let text = Text::new(None, text);
    let rarities: Vec<f32> = query.weighted_words().map(|(_, rarity)| rarity).collect();
    let marks = marks(query, &text);
    let window = widen(&text, densest(&marks, &rarities)?);
    Some(cut(&text, &window, &marks))
}

/// How a text begins, with nothing marked.
pub(super) fn beginning(text: &str) -> Passage {
    let text = Text::new(None, text);
    let start = (0..text.len()).find(|at| !text.slice(*at..at + 1).trim().is_empty()).unwrap_or_default();
    cut(&text, &(start..(start + LENGTH).min(text.len())), &[])
}

/// Where the query's words occur, in order, those of more than a passage left out.
fn marks(query: &Query, text: &Text) -> Vec<Mark> {
    let mut marks = Vec::new();
    query.each_word(text.normalised(), |word, bytes| {
        let range = text.char_at_byte(bytes.start)..text.char_at_byte(bytes.end);
        if range.end - range.start <= LENGTH && marks.len() < MOST_MARKS {
            marks.push(Mark { range, word });
        }
    });
    marks.sort_unstable_by_key(|mark| (mark.range.start, mark.range.end));
    marks
}

/// The stretch of at most `LENGTH` characters, from one mark to another, with the most weight.
fn densest(marks: &[Mark], weights: &[f32]) -> Option<Range<u32>> {
    let mut best: Option<(f32, Range<u32>)> = None;
    for (first, Mark { range: Range { start, .. }, .. }) in marks.iter().enumerate() {
        let limit = start + LENGTH;
        let mut seen = vec![false; weights.len()];
        let (mut weight, mut end) = (0.0, *start);
        for mark in marks[first..].iter().take_while(|mark| mark.range.start < limit) {
            if mark.range.end <= limit && !std::mem::replace(&mut seen[mark.word], true) {
                weight += weights[mark.word];
                end = end.max(mark.range.end);
            }
        }
        if best.as_ref().is_none_or(|(most, _)| weight > *most) {
            best = Some((weight, *start..end));
        }
    }
    best.map(|(_, range)| range)
}

/// Adds characters around a stretch until it is as long as a passage: from the beginning of its clause where that is
/// near enough, else half before and half behind. Does not begin with a blank.
fn widen(text: &Text, stretch: Range<u32>) -> Range<u32> {
    let spare = LENGTH - (stretch.end - stretch.start);
    let clause = &text.clauses()[text.clause_of(stretch.start) as usize];
    let near = stretch.start - clause.start <= spare;
    let mut start = if near { clause.start } else { stretch.start - spare / 2 };
    while start < stretch.start && text.slice(start..start + 1).trim().is_empty() {
        start += 1;
    }
    start..(start + LENGTH).min(text.len())
}

/// The window in the original's characters, blanks at its ends left out, with the marks that lie wholly in it.
fn cut(text: &Text, window: &Range<u32>, marks: &[Mark]) -> Passage {
    let whole = text.original(window.clone());
    let mut passage = Passage { text: text.original_str(whole).trim_end().to_owned(), marks: Vec::new() };
    for Mark { range, .. } in marks.iter().filter(|m| window.start <= m.range.start && m.range.end <= window.end) {
        let own = text.original(range.clone());
        let (start, end) = (own.start - whole.start, own.end - whole.start);
        match passage.marks.last_mut() {
            Some(last) if start < last.end => last.end = last.end.max(end),
            _ => passage.marks.push(start..end),
        }
    }
    passage
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::Segmenter;
    use proptest::prelude::*;

    fn query(text: &str) -> Query {
        Query::from_text(&Text::new(None, text), &Segmenter::new([]))
    }

    /// The passage with its marks in brackets.
    fn shown(words: &str, text: &str) -> Option<String> {
        let passage = passage(&query(words), text)?;
        let mut shown = String::new();
        for (at, c) in (0..).zip(passage.text.chars()) {
            if passage.marks.iter().any(|mark| mark.start == at) {
                shown.push('[');
            }
            shown.push(c);
            if passage.marks.iter().any(|mark| mark.end == at + 1) {
                shown.push(']');
            }
        }
        Some(shown)
    }

    #[test]
    fn a_text_without_the_words_is_shown_from_its_beginning() {
        for (text, expected) in [("\n 停电了。", "停电了。"), ("", "")] {
            assert_eq!(beginning(text), Passage { text: expected.to_owned(), marks: Vec::new() });
        }
        assert_eq!(beginning(&"停".repeat(200)).text, "停".repeat(60));
    }

    #[test]
    fn passages() {
        let filler = "甲".repeat(100);
        for (words, text, expected) in [
            ("水管爆裂", "小区水管爆裂了。", Some("小区[水管][爆裂]了。".to_owned())),
            ("水管", "停电了。", None),
            ("水管", "", None),
            ("wifi", "家里ＷＩＦＩ很慢", Some("家里[ＷＩＦＩ]很慢".to_owned())),
            ("水管爆裂", "&lt;水管&gt;&amp;爆裂", Some("&lt;[水管]&gt;&amp;[爆裂]".to_owned())),
            ("水管路灯", &format!("水管。{filler}。\n  路灯和水管。"), Some("[路灯]和[水管]。".to_owned())),
            ("水管", &format!("{filler}水管{filler}"), Some(format!("{0}[水管]{0}", "甲".repeat(29)))),
            ("水管", &format!("{filler}。水管{filler}"), Some(format!("[水管]{}", "甲".repeat(58)))),
        ] {
            assert_eq!(shown(words, text), expected, "{words} in {text}");
        }
    }

    proptest! {
        #[test]
        fn marks_are_the_querys_words(
            text in "(\\PC|[水管路灯爆裂停电]{1,4}|&lt;|\u{200B}|[甲乙丙]{1,20}|\n){0,60}",
        ) {
            let query = query("水管路灯，爆裂停电");
            let normalised = crate::text::normalise(&text);
            let found = passage(&query, &text);
            prop_assert_eq!(found.is_some(), query.words().any(|word| normalised.contains(word)));
            let Some(passage) = found else { return Ok(()) };
            prop_assert!(text.contains(&passage.text));
            prop_assert!(!passage.marks.is_empty());
            let characters: Vec<char> = passage.text.chars().collect();
            let mut end = 0;
            for mark in &passage.marks {
                prop_assert!(mark.start >= end && mark.start < mark.end && mark.end as usize <= characters.len());
                end = mark.end;
                let own: String = characters[mark.start as usize..mark.end as usize].iter().collect();
                let own = crate::text::normalise(&own);
                prop_assert!(query.words().any(|word| own.contains(word)), "{own}");
            }
        }
    }
}
