//! Where sentences and clauses end.

use std::ops::Range;

/// Ranges in characters, with the number of the range that each character is in.
#[derive(Debug, Default)]
pub(super) struct Partition {
    pub(super) ranges: Vec<Range<u32>>,
    index: Vec<u32>,
}

impl Partition {
    /// The number of the range that holds a character; past the end, the last one. Zero for an empty text.
    pub(super) fn of(&self, character: u32) -> u32 {
        let known = self.index.get(character as usize).or(self.index.last());
        known.copied().unwrap_or(0)
    }

    fn push(&mut self, end: usize) {
        let start = self.index.len();
        if end > start {
            let number = self.ranges.len() as u32;
            self.ranges.push(start as u32..end as u32);
            self.index.resize(end, number);
        }
    }
}

/// Sentences and clauses of normalised characters. The first `title` characters, with their line break, are a sentence
/// of their own. Terminators, and closing quotes and brackets after them, belong to what they end; together the ranges
/// cover everything.
pub(super) fn split(characters: &[char], title: usize) -> (Partition, Partition) {
    let mut sentences = Partition::default();
    let mut clauses = Partition::default();
    let mut at = 0;
    while at < characters.len() {
        // A title may hold terminators of its own and stays whole as a sentence; only the line break ends it.
        let ends_sentence = |i: usize| is_end(characters[i]) && (i >= title || i + 1 == title);
        let ends_clause = |i: usize| is_end(characters[i]) || is_pause(characters, i);
        let mut sentence = ends_sentence(at);
        let clause = sentence || ends_clause(at);
        at += 1;
        if !clause {
            continue;
        }
        while at < characters.len()
            && at != title
            && (if sentence { is_end(characters[at]) } else { ends_clause(at) } || is_closing(characters[at]))
        {
            sentence |= ends_sentence(at);
            at += 1;
        }
        clauses.push(at);
        if sentence {
            sentences.push(at);
        }
    }
    sentences.push(characters.len());
    clauses.push(characters.len());
    (sentences, clauses)
}

fn is_end(c: char) -> bool {
    matches!(c, '。' | '!' | '?' | ';' | '\n')
}

/// A comma, unless it groups the digits of a number (`3,500`).
fn is_pause(characters: &[char], at: usize) -> bool {
    match characters[at] {
        '、' => true,
        ',' => !groups_digits(characters, at),
        _ => false,
    }
}

/// Whether the comma at `at` stands between a digit and exactly three digits.
pub(super) fn groups_digits(characters: &[char], at: usize) -> bool {
    let digit = |i: usize| characters.get(i).is_some_and(char::is_ascii_digit);
    at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4)
}

fn is_closing(c: char) -> bool {
    matches!(c, '”' | '’' | '」' | '』' | '）' | ')' | '》' | '】')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, title: usize) -> (Vec<String>, Vec<String>) {
        let characters: Vec<char> = text.chars().collect();
        let (sentences, clauses) = split(&characters, title);
        let strings = |p: &Partition| {
            p.ranges.iter().map(|r| characters[r.start as usize..r.end as usize].iter().collect()).collect()
        };
        for partition in [&sentences, &clauses] {
            let mut at = 0;
            for (number, range) in partition.ranges.iter().enumerate() {
                assert_eq!(range.start, at, "{text}");
                assert!(range.clone().all(|c| partition.of(c) == number as u32), "{text}");
                at = range.end;
            }
            assert_eq!(at as usize, characters.len(), "{text}");
        }
        (strings(&sentences), strings(&clauses))
    }

    #[test]
    fn sentences() {
        for (text, title, expected) in [
            ("水管爆了。没人管!怎么办?", 0, vec!["水管爆了。", "没人管!", "怎么办?"]),
            ("他说“不管。”我不信", 0, vec!["他说“不管。”", "我不信"]),
            ("停水!!!急", 0, vec!["停水!!!", "急"]),
            ("第一行\n第二行", 0, vec!["第一行\n", "第二行"]),
            ("停水?\n一天了。", 4, vec!["停水?\n", "一天了。"]),
            ("停水?急!\n\n一天了。", 6, vec!["停水?急!\n", "\n", "一天了。"]),
            ("没有标点", 0, vec!["没有标点"]),
            ("", 0, vec![]),
            ("。", 0, vec!["。"]),
        ] {
            assert_eq!(cut(text, title).0, expected, "{text}");
        }
    }

    #[test]
    fn clauses() {
        for (text, expected) in [
            ("停水了,没人管、急。好", vec!["停水了,", "没人管、", "急。", "好"]),
            ("收了3,500元,不退", vec!["收了3,500元,", "不退"]),
            ("一,,二", vec!["一,,", "二"]),
        ] {
            assert_eq!(cut(text, 0).1, expected, "{text}");
        }
    }
}
