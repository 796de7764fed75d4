//! One form for one meaning: NFKC, lower case, simplified, blanks folded, invisible characters gone; with the place in
//! the original that every character came from.
//!
//! Method: Unicode Standard Annex 15 (NFKC) on clusters. A cluster is a character that can stand alone followed by those
//! that attach to it; normalising clusters one by one gives the same as normalising the whole, and says which original
//! characters each result came from. Characters that nothing attaches to and that NFKC leaves alone (nearly all of a
//! Chinese text) take a short way that a test holds to the long one.
//!
//! Three departures from NFKC, all for the sake of what complaints are about: `①` becomes `(1)` and not `1`, since
//! `①3号楼` is not building 13; variation selectors and the tags of emoji are dropped; and line breaks of all kinds
//! become `\n`.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::entities;
use super::simplify::simplify;

/// Normalised characters and, for each, the range of original characters it came from.
#[derive(Default)]
pub(super) struct Normalised {
    pub(super) text: String,
    /// One entry a character of `text`: start and end in characters of the original.
    pub(super) sources: Vec<(u32, u32)>,
}

/// The same normalisation that [`Text`](super::Text) applies, for terms, names and queries: whatever is compared with a
/// text must have gone through this. Never fails; the result may be empty.
pub fn normalise(text: &str) -> String {
    with_sources(text).text
}

/// Normalises and remembers where each character came from.
pub(super) fn with_sources(text: &str) -> Normalised {
    run(text, true)
}

fn run(text: &str, short_way: bool) -> Normalised {
    let mut out = Output {
        done: Normalised { text: String::with_capacity(text.len()), sources: Vec::with_capacity(text.len() / 2) },
    };
    let mut units = Units { rest: text, position: 0, waiting: None };
    let mut cluster = String::new();
    loop {
        if short_way {
            units.take_simple(&mut out);
        }
        let Some(unit) = units.next() else { break };
        cluster.clear();
        cluster.push(unit.character);
        let mut end = unit.end;
        while let Some(next) = units.next() {
            if !attaches(next.character) {
                units.waiting = Some(next);
                break;
            }
            cluster.push(next.character);
            end = next.end;
        }
        out.push_cluster(&cluster, unit.start, end);
    }
    let mut done = out.done;
    if let std::borrow::Cow::Owned(simplified) = simplify(&done.text) {
        done.text = simplified;
    }
    done
}

/// A character of the original after decoding, with the original characters it took.
struct Unit {
    character: char,
    start: u32,
    end: u32,
}

/// Decodes entities, joins `\r\n`, and leaves out what cannot be seen.
struct Units<'a> {
    rest: &'a str,
    position: u32,
    /// Read already, but put back.
    waiting: Option<Unit>,
}

impl Units<'_> {
    /// Takes the short way as far as it goes: characters of which [`simple`] knows what becomes of them, each followed by
    /// another such or by nothing, so that nothing can attach to it.
    fn take_simple(&mut self, out: &mut Output) {
        // `&` and `_` may begin an escape.
        let plain = |c: char| if matches!(c, '&' | '_') { None } else { simple(c) };
        if let Some(waiting) = &self.waiting {
            let followed = self.rest.chars().next().is_none_or(|next| plain(next).is_some());
            let Some(c) = simple(waiting.character).filter(|_| followed) else { return };
            out.push(c, waiting.start, waiting.end);
            self.waiting = None;
        }
        let mut characters = self.rest.chars();
        let mut next = characters.next().map(plain);
        while let Some(Some(c)) = next {
            let after = characters.clone();
            next = characters.next().map(plain);
            if next == Some(None) {
                break;
            }
            out.push(c, self.position, self.position + 1);
            self.position += 1;
            self.rest = after.as_str();
        }
    }

    fn take(&mut self) -> Option<Unit> {
        let c = self.rest.chars().next()?;
        let start = self.position;
        let (character, bytes, characters) = match c {
            '&' | '_' => match entities::decode(self.rest) {
                Some((decoded, length)) => (decoded, length, length as u32),
                None => (c, 1, 1),
            },
            _ => (c, c.len_utf8(), 1),
        };
        self.rest = &self.rest[bytes..];
        self.position += characters;
        Some(Unit { character, start, end: self.position })
    }
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        if let Some(waiting) = self.waiting.take() {
            return Some(waiting);
        }
        loop {
            let mut unit = self.take()?;
            if unit.character == '\r' {
                let (rest, position) = (self.rest, self.position);
                match self.take() {
                    Some(feed) if feed.character == '\n' => unit.end = feed.end,
                    _ => (self.rest, self.position) = (rest, position),
                }
                unit.character = '\n';
            }
            if !invisible(unit.character) {
                return Some(unit);
            }
        }
    }
}

struct Output {
    done: Normalised,
}

impl Output {
    /// Adds a character, folding a run of blanks into its first.
    fn push(&mut self, c: char, start: u32, end: u32) {
        if c == ' '
            && self.done.text.ends_with(' ')
            && let Some(last) = self.done.sources.last_mut()
        {
            last.1 = last.1.max(end);
            return;
        }
        self.done.text.push(c);
        self.done.sources.push((start, end));
    }

    fn push_cluster(&mut self, cluster: &str, start: u32, end: u32) {
        let mut characters = cluster.chars();
        if let (Some(c), None) = (characters.next(), characters.next())
            && let Some(number) = circled_number(c)
        {
            for c in format!("({number})").chars() {
                self.push(c, start, end);
            }
            return;
        }
        // Lower case may take a composed character apart (`İ`), and composing may be needed again.
        let lower: String = cluster.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        for c in lower.chars().filter(|&c| !invisible(c)) {
            let c = match c {
                '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
                _ if c != '\n' && c.is_whitespace() => ' ',
                _ => c,
            };
            self.push(c, start, end);
        }
    }
}

/// What a character becomes when nothing attaches to it and the answer is known without tables; `None` means the long
/// way. Neither these nor what they become can attach to anything.
fn simple(c: char) -> Option<char> {
    match c {
        '\n' => Some(c),
        '\t' => Some(' '),
        ' '..='~' => Some(c.to_ascii_lowercase()),
        '\u{4E00}'..='\u{9FA5}' | '、' | '。' | '《'..='】' | '“' | '”' | '—' => Some(c),
        // The full-width forms of ASCII.
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).map(|c| c.to_ascii_lowercase()),
        '\u{3000}' => Some(' '),
        _ => None,
    }
}

/// Whether a character joins the one before it: its decomposition begins with a mark or with something that composes
/// backwards.
fn attaches(c: char) -> bool {
    if simple(c).is_some() {
        return false;
    }
    std::iter::once(c).nfkd().next().is_some_and(|first| {
        canonical_combining_class(first) != 0 || is_nfc_quick(std::iter::once(first)) == IsNormalized::Maybe
    })
}

/// Controls other than line breaks and tabs, and what Unicode calls default ignorable: zero-width, bidirectional and
/// variation marks, fillers and tags.
fn invisible(c: char) -> bool {
    match c {
        ' '..='~' | '\u{4E00}'..='\u{9FFF}' | '\t' | '\n' | '\u{B}' | '\u{C}' | '\r' | '\u{85}' => false,
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFC}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => true,
        _ => c.is_control(),
    }
}

/// The number in a circle, as writers use to list their points.
fn circled_number(c: char) -> Option<u32> {
    let code = u32::from(c);
    match c {
        '①'..='⑳' => Some(code - 0x2460 + 1),
        '❶'..='❿' => Some(code - 0x2776 + 1),
        '➀'..='➉' => Some(code - 0x2780 + 1),
        '➊'..='➓' => Some(code - 0x278A + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cases() {
        for (text, expected) in [
            ("ＡＢＣ１２３，。！？；：", "abc123,。!?;:"),
            ("自來水\u{200B}管\u{FEFF}爆裂", "自来水管爆裂"),
            ("乾隆的著作", "乾隆的著作"),
            ("a\u{301}e\u{301}", "áé"),
            ("e\u{200B}\u{301}", "é"),
            ("ﬁn ㎡ ㈱", "fin m2 (株)"),
            ("①3号楼", "(1)3号楼"),
            ("&lt;b&gt;&nbsp;&amp;amp;&#20013;", "<b> &amp;中"),
            ("第一行_x000D_\n第二行\r\n第三行\r第四行", "第一行\n第二行\n第三行\n第四行"),
            ("a \u{3000}\t\u{A0} b", "a b"),
            ("a\u{0}b\u{7}c", "abc"),
            ("\u{202E}反\u{202C}", "反"),
            ("👍🏽❤️", "👍🏽❤"),
            ("ｶﾞｽ", "ガス"),
            ("한국", "한국"),
            ("İK", "i\u{307}k"),
            ("……", "......"),
            ("⼀", "一"),
            ("", ""),
        ] {
            assert_eq!(normalise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn sources_are_exact() {
        let cases: &[(&str, &[(u32, u32)])] = &[
            ("a\u{301}水", &[(0, 2), (2, 3)]),
            ("ﬁn", &[(0, 1), (0, 1), (1, 2)]),
            ("x&amp;y", &[(0, 1), (1, 6), (6, 7)]),
            ("水\u{200B}管", &[(0, 1), (2, 3)]),
            ("水  管", &[(0, 1), (1, 3), (3, 4)]),
            ("一\r\n二", &[(0, 1), (1, 3), (3, 4)]),
            ("一_x000D_\n二", &[(0, 1), (1, 9), (9, 10)]),
            ("ｶﾞ", &[(0, 2)]),
        ];
        for (text, sources) in cases {
            assert_eq!(&with_sources(text).sources, sources, "{text:?}");
        }
    }

    #[test]
    fn every_character_settles_after_one_pass() {
        for c in '\0'..=char::MAX {
            let once = normalise(&c.to_string());
            assert_eq!(normalise(&once), once, "{c:?} U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn short_way_agrees_with_long_way() {
        for c in '\0'..=char::MAX {
            if simple(c).is_some() {
                let text = c.to_string();
                assert_eq!(run(&text, true).text, run(&text, false).text, "{c:?}");
                assert!(!attaches(c), "{c:?}");
            }
        }
    }

    /// Pieces that are hard on offsets, none of them an escape.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z0-9 ,.!?]{0,4}",
            "[\u{4E00}-\u{9FFF}]{0,4}",
            "[，。！？；：（）“”　、０-９Ａ-Ｚ]{0,3}",
            "[\u{300}-\u{30F}\u{200B}-\u{200F}\u{FE0F}]{1,3}",
            "[ｦ-ﾟ]{1,3}",
            "[ᄀ-하-ᅵᆨ-ᇂ가-각]{1,4}",
            "[\u{600}-\u{6FF}]{1,3}",
            "[\r\n\t\u{85}\u{2028}]{1,3}",
            "[😀-😂🏻-🏿]{1,2}",
            "[ﬁﬃ㈱㎡½①⑳İßΣ´¨﷼]",
            "\\PC{0,3}",
        ]
        .prop_map(|s: String| s.replace(['&', '＆', '﹠', '_', '＿', '﹍', '﹎', '﹏', '︳', '︴'], ""))
    }

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn idempotent(text in text()) {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn both_ways_agree(text in text()) {
            let (short, long) = (run(&text, true), run(&text, false));
            prop_assert_eq!(short.text, long.text);
            prop_assert_eq!(short.sources, long.sources);
        }

        #[test]
        fn sources_are_monotone_and_inside(text in "(\\PC|&amp;|&#x41;|_x000D_|\r\n|\u{200B}|\u{301}| ){0,40}") {
            let length = text.chars().count() as u32;
            let done = with_sources(&text);
            prop_assert_eq!(done.text.chars().count(), done.sources.len());
            let mut previous = (0, 0);
            let mut after_blank = false;
            for (&(start, end), c) in done.sources.iter().zip(done.text.chars()) {
                prop_assert!(start < end && end <= length);
                prop_assert!(start >= previous.0 && end >= previous.1);
                // Two results share a source wholly or not at all, save that a blank takes in those folded into it.
                prop_assert!((start, end) == previous || start >= previous.1 || after_blank);
                previous = (start, end);
                after_blank = c == ' ';
            }
        }

        /// What a source range says, normalised alone, is what stands there.
        #[test]
        fn sources_say_what_they_became(text in text()) {
            let original: Vec<char> = text.chars().collect();
            let done = with_sources(&text);
            let characters: Vec<char> = done.text.chars().collect();
            let mut at = 0;
            while at < characters.len() {
                let source = done.sources[at];
                let end = at + done.sources[at..].iter().take_while(|s| **s == source).count();
                let alone: String = original[source.0 as usize..source.1 as usize].iter().collect();
                let here: String = characters[at..end].iter().collect();
                // A word may simplify otherwise than its characters, and a blank fold into the one before.
                if !here.chars().any(|c| ('\u{3400}'..'\u{FB00}').contains(&c)) && !here.contains(' ') && !alone.contains(' ') {
                    let alone = normalise(&alone);
                    prop_assert_eq!(alone.trim_start_matches(' '), here);
                }
                at = end;
            }
        }
    }
}
