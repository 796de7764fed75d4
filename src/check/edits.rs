//! Edits of YAML that touch neither comments nor layout.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{Document, Edit, SourceText};

use super::given::list_with_item;

/// Takes one item out of the list it stands in: a line of a list with dashes, or an item between commas. `None` where
/// that would empty the list, or where a comment stands beside the item and would be lost.
pub(super) fn without_item(document: &Document, item: &Range<usize>) -> Option<Edit> {
    let (items, _) = list_with_item(document.root(), item)?;
    if items.len() < 2 {
        return None;
    }
    let source = document.source();
    let text = &source.text;
    let end = closed_end(text, item)?;
    let range = match text[..item.start].trim_end().chars().next_back()? {
        '-' => whole_lines(text, item.start, end)?,
        '[' => item.start..after_comma(text, end)?,
        ',' => text[..item.start].rfind(',')?..end,
        _ => return None,
    };
    let lost = &text[range.clone()];
    (!lost.contains('#')).then(|| edit(source, range, ""))
}

/// An edit of one place.
pub(super) fn edit(source: &Arc<SourceText>, range: Range<usize>, new_text: impl Into<String>) -> Edit {
    Edit { source: Arc::clone(source), range, new_text: new_text.into() }
}

/// The end of an item with the brackets that close it: the range of a tree's list or mapping ends with its last value.
pub(super) fn closed_end(text: &str, range: &Range<usize>) -> Option<usize> {
    let inside = text[range.clone()].trim_end();
    let mut end = range.start + inside.len();
    let mut open = 0_usize;
    let mut quote: Option<char> = None;
    for character in inside.chars() {
        match (quote, character) {
            (Some(sign), _) if sign == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '[' | '{') => open += 1,
            (None, ']' | '}') => open = open.checked_sub(1)?,
            (None, _) => {}
        }
    }
    for _ in 0..open {
        let rest = &text[end..];
        let blank = rest.len() - rest.trim_start().len();
        let closing = rest.trim_start().chars().next().filter(|c| matches!(c, ']' | '}'))?;
        end += blank + closing.len_utf8();
    }
    Some(end)
}

/// The lines of an item after a dash, when nothing else stands on them.
fn whole_lines(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let after = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let only_dash = text[line..start].trim() == "-";
    (only_dash && text[end..after].trim().is_empty()).then_some(line..after)
}

/// Past the comma after an item, and the blanks after it.
fn after_comma(text: &str, end: usize) -> Option<usize> {
    let rest = text[end..].trim_start().strip_prefix(',')?;
    let rest = rest.trim_start_matches(' ');
    Some(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::Step;

    fn without(yaml: &str, index: usize) -> Option<String> {
        let document = Document::parse("a.yaml", yaml, &mut Vec::new()).unwrap();
        let item = document.range(&[Step::Key("a"), Step::Index(index)]);
        let edit = without_item(&document, &item)?;
        let mut text = yaml.to_owned();
        text.replace_range(edit.range, &edit.new_text);
        Some(text)
    }

    #[test]
    fn an_item_goes_and_everything_else_stays() {
        for (yaml, index, expected) in [
            ("a: [一, 二, 三]\n", 0, Some("a: [二, 三]\n")),
            ("a: [一, 二, 三]\n", 1, Some("a: [一, 三]\n")),
            ("a: [一, 二, 三] # 词\n", 2, Some("a: [一, 二] # 词\n")),
            ("a: [一, [二, 三], 四]\n", 1, Some("a: [一, 四]\n")),
            ("a: [{near: [一, 二], within: 3}, '四, 五']\n", 0, Some("a: ['四, 五']\n")),
            ("a: [一, '二]', 三]\n", 1, Some("a: [一, 三]\n")),
            ("a:\n  - 一\n  - 二\nb: 1\n", 1, Some("a:\n  - 一\nb: 1\n")),
            ("a:\n  - 一\n  - [二, 三]\n", 1, Some("a:\n  - 一\n")),
            ("a:\n  - 一\n  - 二", 1, Some("a:\n  - 一\n")),
            ("a:\n  - 一 # 常见\n  - 二\n", 0, None),
            ("a: [一]\n", 0, None),
        ] {
            assert_eq!(without(yaml, index).as_deref(), expected, "{yaml} without {index}");
        }
    }
}
