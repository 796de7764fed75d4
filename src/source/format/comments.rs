//! The comments of a document. The parser passes them over, so they are looked for where no key and no text stands.

use std::ops::Range;

use super::super::{Document, Node, Value};

/// All comments in the order written, each with its `#` and without blanks at its end.
pub(super) fn of(document: &Document) -> Vec<&str> {
    let yaml = document.yaml();
    // Places are those of the file, of which front matter is a part.
    let offset = document.yaml_start();
    let mut texts = Vec::new();
    collect(document.root(), &mut texts);
    let mut found = Vec::new();
    let mut at = 0;
    for text in texts.into_iter().chain(std::iter::once(offset + yaml.len()..offset + yaml.len())) {
        let (start, end) = (text.start - offset, text.end - offset);
        if start > at {
            between(yaml, at..start, &mut found);
        }
        at = at.max(end);
        // Behind the sign of a text of several lines (`|`) a comment may stand.
        let header = yaml[start..end].lines().next().filter(|line| line.starts_with(['|', '>']));
        if let Some(header) = header {
            between(yaml, start..start + header.len(), &mut found);
        }
    }
    found
}

/// The places of keys and texts, in order.
fn collect(node: &Node, places: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Scalar { .. } => places.push(node.range.clone()),
        Value::List(items) => items.iter().for_each(|item| collect(item, places)),
        Value::Map(entries) => {
            for entry in entries {
                places.push(entry.key_range.clone());
                collect(&entry.value, places);
            }
        }
    }
}

/// Comments in a stretch without keys and texts.
fn between<'a>(yaml: &'a str, stretch: Range<usize>, found: &mut Vec<&'a str>) {
    let mut from = stretch.start;
    while let Some(hash) = yaml[from..stretch.end].find('#').map(|at| from + at) {
        let end = yaml[hash..].find('\n').map_or(yaml.len(), |at| hash + at);
        let begins = yaml[..hash].chars().next_back().is_none_or(char::is_whitespace);
        if begins {
            found.push(yaml[hash..end].trim_end());
        }
        from = if begins { end.min(stretch.end) } else { hash + 1 };
    }
}
