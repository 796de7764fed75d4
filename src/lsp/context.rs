//! Where in a file somebody is typing, read from the lines above: what is half written is no YAML yet.

use super::keys::ITEM;
use super::position::Lines;

/// Lines above that are looked at, at the most.
const MOST_LINES: usize = 5_000;
/// Bytes of one line that are looked at, at the most.
const MOST_LINE: usize = 20_000;

/// What is being written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Context {
    /// Keys, and `[]` for lists, down to the mapping or the value that is being written.
    pub way: Vec<String>,
    /// What is written of it so far, up to the cursor, without a quotation mark before it.
    pub typed: String,
    /// Whether a key may be meant, not only a value.
    pub key: bool,
    /// Keys that the mapping has already, in lines beside this one.
    pub beside: Vec<String>,
}

/// A part of a line: what it is and the column it begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Item(usize),
    Key(usize, String),
}

/// A line as parts of blocks, and the rest: a value, or a key that is being written.
struct Parts<'l> {
    parts: Vec<Part>,
    rest: &'l str,
}

impl Context {
    /// What is written before a column (a byte) of a line.
    pub(super) fn at(lines: &Lines<'_>, line: usize, column: usize) -> Context {
        let before = lines.line(line).get(..column).filter(|before| before.len() <= MOST_LINE).unwrap_or_default();
        let Parts { parts, rest } = parts(before);
        let indent = before.len() - before.trim_start().len();
        let mut way: Vec<String> = Vec::new();
        let first = parts.first().cloned();
        above(lines, line, first.as_ref().unwrap_or(&Part::Key(indent, String::new())), &mut way);
        let in_value = matches!(parts.last(), Some(Part::Key(..)));
        way.extend(parts.into_iter().map(|part| match part {
            Part::Item(_) => ITEM.to_owned(),
            Part::Key(_, key) => key,
        }));
        let (typed, key, flow) = flow(rest, &mut way);
        let own = before.len() - rest.len();
        let beside = if flow { Vec::new() } else { beside(lines, line, own) };
        Context { way, typed: typed.to_owned(), key: key || (!in_value && !flow), beside }
    }
}

/// The parts that a line begins with.
fn parts(line: &str) -> Parts<'_> {
    let mut parts = Vec::new();
    let mut column = line.len() - line.trim_start().len();
    while line[column..].starts_with("- ") {
        parts.push(Part::Item(column));
        let after = &line[column + 1..];
        column = line.len() - after.trim_start().len();
    }
    if let Some((key, length)) = key(&line[column..]) {
        parts.push(Part::Key(column, key.to_owned()));
        let value = line[column + length..].trim_start();
        return Parts { parts, rest: value };
    }
    Parts { parts, rest: &line[column..] }
}

/// The key that a text begins with, and its length with the colon.
fn key(text: &str) -> Option<(&str, usize)> {
    if text.starts_with(['#', '{', '[', '"', '\'', '|', '>']) {
        return None;
    }
    let colon = text.match_indices(':').map(|(at, _)| at).find(|at| {
        let after = text[at + 1..].chars().next();
        after.is_none_or(char::is_whitespace)
    })?;
    Some((text[..colon].trim_end(), colon + 1))
}

/// Puts the way to a line's first part in front: what the lines above are inside of.
fn above(lines: &Lines<'_>, line: usize, first: &Part, way: &mut Vec<String>) {
    let (mut column, mut item) = match first {
        Part::Item(column) => (*column, true),
        Part::Key(column, _) => (*column, false),
    };
    let mut found = Vec::new();
    for number in (line.saturating_sub(MOST_LINES)..line).rev() {
        if column == 0 && !item {
            break;
        }
        let text = lines.line(number);
        let content = text.trim_start();
        if content.is_empty() || content.starts_with('#') || text.len() > MOST_LINE {
            continue;
        }
        for part in parts(text).parts.into_iter().rev() {
            match part {
                // A list may stand at the same column as its key.
                Part::Key(at, key) if at < column || (item && at == column) => {
                    (column, item) = (at, false);
                    found.push(key);
                }
                Part::Item(at) if at < column => {
                    (column, item) = (at, true);
                    found.push(ITEM.to_owned());
                }
                _ => {}
            }
        }
    }
    way.extend(found.into_iter().rev());
}

/// Goes on into brackets that are open at the end of a value. Gives what is written last, whether it may be a key, and
/// whether any bracket is open.
fn flow<'r>(rest: &'r str, way: &mut Vec<String>) -> (&'r str, bool, bool) {
    /// An open bracket: a list, or a mapping with the key that was written last.
    enum Open {
        List,
        Map(Option<String>),
    }
    let mut open: Vec<Open> = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (at, character) in rest.char_indices() {
        let after = at + character.len_utf8();
        match (quote, character) {
            (Some(mark), _) if mark == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if rest[start..at].trim().is_empty() => quote = Some(character),
            (None, '[') if rest[start..at].trim().is_empty() => {
                open.push(Open::List);
                start = after;
            }
            (None, '{') if rest[start..at].trim().is_empty() => {
                open.push(Open::Map(None));
                start = after;
            }
            (None, ']' | '}') if !open.is_empty() => {
                open.pop();
                start = after;
            }
            (None, ',') => {
                match open.last_mut() {
                    Some(Open::Map(key)) => *key = None,
                    Some(Open::List) => {}
                    None => continue,
                }
                start = after;
            }
            (None, ':') => {
                let ends = rest[after..].chars().next().is_none_or(char::is_whitespace);
                if let Some(Open::Map(key @ None)) = open.last_mut().filter(|_| ends) {
                    *key = Some(rest[start..at].trim().trim_matches(['"', '\'']).to_owned());
                    start = after;
                }
            }
            _ => {}
        }
    }
    let may_be_key = matches!(open.last(), Some(Open::Map(None)));
    let is_flow = !open.is_empty();
    for step in open {
        match step {
            Open::List => way.push(ITEM.to_owned()),
            Open::Map(Some(key)) => way.push(key),
            Open::Map(None) => {}
        }
    }
    let typed = rest[start..].trim_start();
    (typed.strip_prefix(['"', '\'']).unwrap_or(typed), may_be_key, is_flow)
}

/// Keys at the same column in neighbouring lines, until a line that is less deep.
fn beside(lines: &Lines<'_>, line: usize, column: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |number: usize, own: bool| {
        let text = lines.line(number);
        if text.trim().is_empty() || text.len() > MOST_LINE {
            return true;
        }
        let indent = text.len() - text.trim_start().len();
        let parts = parts(text).parts;
        // An item that begins above this column is another mapping, or the first line of this one.
        let begins = parts.iter().any(|part| matches!(part, Part::Item(at) if *at < column));
        if own || indent >= column || begins {
            found.extend(parts.into_iter().filter_map(|part| match part {
                Part::Key(at, key) if at == column => Some(key),
                _ => None,
            }));
        }
        indent >= column
    };
    let begins_here = parts(lines.line(line)).parts.iter().any(|part| matches!(part, Part::Item(at) if *at < column));
    if !begins_here {
        let from = line.saturating_sub(MOST_LINES);
        let _ = (from..line).rev().take_while(|number| look(*number, false)).count();
    }
    for number in line + 1..lines.count().min(line + MOST_LINES) {
        let text = lines.line(number);
        let less_deep = !text.trim().is_empty() && text.len() - text.trim_start().len() < column;
        if less_deep || !look(number, false) {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The context at `|`, as `way <typed>`, with `?` where a key may be meant.
    fn shown(text: &str) -> String {
        let at = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let lines = Lines::of(&text);
        let line = lines.position(at).line as usize;
        let column = at - text[..at].rfind('\n').map_or(0, |at| at + 1);
        let context = Context::at(&lines, line, column);
        let key = if context.key { "?" } else { "" };
        let beside =
            if context.beside.is_empty() { String::new() } else { format!(" beside {}", context.beside.join(",")) };
        format!("{} <{}>{key}{beside}", context.way.join("."), context.typed)
    }

    #[test]
    fn the_way_is_read_from_half_written_files() {
        for (text, expect) in [
            ("id: a\nti|", " <ti>? beside id"),
            ("id: a|", "id <a>"),
            ("when:\n  any:\n    - $|", "when.any.[] <$>?"),
            ("when:\n  any:\n    - [a, $水|", "when.any.[].[] <$水>"),
            ("when:\n  any:\n  - [a, {near: [$水, $|", "when.any.[].[].near.[] <$>"),
            ("when:\n  any:\n    - {near: [a, b], wi|", "when.any.[] <wi>?"),
            ("when:\n  any:\n    - {near: [a, b], within: |", "when.any.[].within <>"),
            ("when:\n  |", "when <>?"),
            ("articles: [a/b, c|", "articles.[] <c>"),
            ("articles:\n- a/b\n- c|", "articles.[] <c>?"),
            ("slots:\n  a: {fact: |", "slots.a.fact <>"),
            ("slots:\n  a:\n    fact: d\n    |", "slots.a <>? beside fact"),
            ("- id: a\n  name: b\n  |\n  phone: 1\n- id: c", "[] <>? beside name,id,phone"),
            ("- id: a\n- id: b\n  pa|", "[] <pa>? beside id"),
            ("- id: a\n- |", "[] <>?"),
            ("- name: a\n  call:\n    - say: b\n      expect: {scenario: |", "[].call.[].expect.scenario <>"),
            ("reply: |\n", "reply <>"),
            ("a:\n  - \"$|", "a.[] <$>?"),
            ("# a: b\n|", " <>?"),
            ("reply: 您好，{{ |", "reply <您好，{{ >"),
            ("a: [x, y]\nb: |", "b <>"),
        ] {
            assert_eq!(shown(text), expect, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_is_too_wild(text in "[-:a水\\[\\]{},'\"# \n]{0,60}", line in 0usize..9, column in 0usize..40) {
            Context::at(&Lines::of(&text), line, column);
        }
    }
}
