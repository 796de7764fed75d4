//! Files of a bundle with something added, comments and layout kept: where a file was in its layout it is afterwards.
//!
//! Each addition is read again: it is made only where the tree has just that item more.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::{FileContent, Snapshot, formatted};
use crate::source::{Document, Node, Step, Value, patch};

/// A bundle's files with some changed.
#[derive(Clone)]
pub(super) struct Files<'a> {
    base: &'a Snapshot,
    changed: BTreeMap<String, String>,
}

impl<'a> Files<'a> {
    pub(super) fn new(base: &'a Snapshot) -> Files<'a> {
        Files { base, changed: BTreeMap::new() }
    }

    fn original(&self, path: &str) -> Option<&str> {
        self.base.files.get(path).map(|content| content.text.as_str())
    }

    /// A file as it is now.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.changed.get(path).map(String::as_str).or_else(|| self.original(path))
    }

    pub(super) fn set(&mut self, path: &str, text: String) {
        let was_laid_out = self.original(path).is_none_or(|old| is_laid_out(path, old));
        let text = match formatted(path, &text) {
            Some(Ok(laid_out)) if was_laid_out => laid_out,
            _ => text,
        };
        self.changed.insert(path.to_owned(), text);
    }

    /// Does an edit to a file; says whether it could be done.
    pub(super) fn edit(&mut self, path: &str, edit: impl FnOnce(&str) -> Option<String>) -> bool {
        let edited = self.text(path).and_then(|text| match text.strip_prefix('\u{feff}') {
            Some(rest) => edit(rest).map(|text| format!("\u{feff}{text}")),
            None => edit(text),
        });
        match edited {
            Some(text) => {
                self.set(path, text);
                true
            }
            None => false,
        }
    }

    /// Adds an item, as it stands in YAML, at the end of a file that is one list; makes the file where there is none.
    pub(super) fn append(&mut self, path: &str, item: &str) {
        let mut text = self.text(path).unwrap_or_default().to_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(item);
        self.set(path, text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// The bundle that it would be.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut files = self.base.files.clone();
        let changed = self.changed.iter().map(|(path, text)| (path.clone(), Arc::new(FileContent::new(text.clone()))));
        files.extend(changed);
        Snapshot { files, diagnostics: self.base.diagnostics.clone() }
    }

    /// All changes as a patch.
    pub(super) fn patch(&self) -> String {
        self.changed.iter().map(|(path, text)| patch(path, self.original(path), text)).collect()
    }

    /// What changed: path, what stood there, what stands there now.
    pub(super) fn changes(&self) -> Vec<super::ChangedFile> {
        let changes = self.changed.iter().filter(|(path, text)| self.original(path) != Some(text.as_str()));
        let change = |(path, text): (&String, &String)| super::ChangedFile {
            path: path.clone(),
            old: self.original(path).map(str::to_owned),
            new: text.clone(),
        };
        changes.map(change).collect()
    }
}

fn is_laid_out(path: &str, text: &str) -> bool {
    matches!(formatted(path, text), Some(Ok(laid_out)) if laid_out == text)
}

/// A text as a scalar of YAML, on one line: plain where that is plainly safe, else in quotation marks.
pub(super) fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "，。、；：？！“”‘’（）《》—…·～".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_ascii());
    if first && text.chars().all(is_word) {
        return text.to_owned();
    }
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        return serde_json::to_string(text).unwrap_or_default();
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// The text with an item more in the list where the steps lead. The keys on the way that are not there yet are made: all
/// but the first, which must be.
pub(super) fn with_item(text: &str, way: &[&str], item: &str) -> Option<String> {
    let before = parse(text)?;
    let wanted = parse(&format!("- {item}\n"))?;
    let Value::List(wanted) = &wanted.root().value else { return None };
    let steps: Vec<Step<'_>> = way.iter().map(|key| Step::Key(key)).collect();
    let candidates = match before.node(&steps).map(|node| &node.value) {
        Some(Value::List(items)) if !items.is_empty() => in_list(text, items, item),
        Some(_) => return None,
        None => in_new_list(text, &before, way, item),
    };
    let old: Vec<String> = match before.node(&steps).map(|node| &node.value) {
        Some(Value::List(items)) => items.iter().map(said).collect(),
        _ => Vec::new(),
    };
    let new = said(wanted.first()?);
    candidates.into_iter().find(|edited| {
        let after = parse(edited);
        let Some(Value::List(items)) = after.as_ref().and_then(|after| after.node(&steps)).map(|node| &node.value)
        else {
            return false;
        };
        let mut items: Vec<String> = items.iter().map(said).collect();
        let at = if items.first() == Some(&new) && old.first() != Some(&new) { 0 } else { items.len() - 1 };
        let added = items.remove(at);
        added == new && items == old && after.is_some_and(|after| is_else_same(&before, &after, way))
    })
}

/// Whether two documents say the same beside the value of the first key on a way.
fn is_else_same(before: &Document, after: &Document, way: &[&str]) -> bool {
    let others = |document: &Document| match &document.root().value {
        Value::Map(entries) => {
            let others = entries.iter().filter(|entry| Some(&entry.key.as_str()) != way.first());
            others.map(|entry| (entry.key.clone(), said(&entry.value))).collect::<BTreeMap<_, _>>()
        }
        _ => BTreeMap::new(),
    };
    others(before) == others(after)
}

fn parse(text: &str) -> Option<Document> {
    Document::parse("edited.yaml", text, &mut Vec::new())
}

/// What a tree says, without places.
fn said(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, .. } => format!("{text:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(said).collect::<Vec<_>>().join(",")),
        Value::Map(entries) => {
            let entries = entries.iter().map(|entry| format!("{:?}:{}", entry.key, said(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

/// Ways to put an item into a list: after the last, or before the first.
fn in_list(text: &str, items: &[Node], item: &str) -> Vec<String> {
    let (Some(first), Some(last)) = (items.first(), items.last()) else { return Vec::new() };
    let (first, last) = (first.range.start, last.range.end);
    let insert = |at: usize, what: &str| format!("{}{what}{}", &text[..at], &text[at..]);
    let line = text[..first].rfind('\n').map_or(0, |at| at + 1);
    if text[..first].trim_end().ends_with('-') {
        let dash = text[..first].rfind('-').unwrap_or(line);
        let line = text[..dash].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[line..dash];
        if !indent.trim().is_empty() {
            return Vec::new();
        }
        let end = text[last..].find('\n').map_or(text.len(), |at| last + at + 1);
        let stop = if text[..end].ends_with('\n') { "" } else { "\n" };
        return vec![insert(end, &format!("{stop}{indent}- {item}\n")), insert(line, &format!("{indent}- {item}\n"))];
    }
    vec![insert(last, &format!(", {item}")), insert(first, &format!("{item}, "))]
}

/// Ways to make the list, and the keys above it that are not there.
fn in_new_list(text: &str, document: &Document, way: &[&str], item: &str) -> Vec<String> {
    let depth = (0..way.len()).take_while(|depth| {
        let steps: Vec<Step<'_>> = way[..=*depth].iter().map(|key| Step::Key(key)).collect();
        document.node(&steps).is_some()
    });
    let known = depth.count();
    let steps: Vec<Step<'_>> = way[..known].iter().map(|key| Step::Key(key)).collect();
    let Some(Value::Map(entries)) = document.node(&steps).map(|node| &node.value) else { return Vec::new() };
    let Some(first) = entries.first() else { return Vec::new() };
    let line = text[..first.key_range.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line..first.key_range.start];
    if !indent.trim().is_empty() {
        return Vec::new();
    }
    let mut made = String::new();
    for (at, key) in way[known..].iter().enumerate() {
        made.push_str(&format!("{indent}{}{key}:\n", "  ".repeat(at)));
    }
    made.push_str(&format!("{indent}{}- {item}\n", "  ".repeat(way.len() - known)));
    if known > 0 {
        return vec![format!("{}{made}{}", &text[..line], &text[line..])];
    }
    let stop = if text.ends_with('\n') { "" } else { "\n" };
    vec![format!("{text}{stop}{made}")]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_item_is_added_and_everything_else_stays() {
        for (text, way, expect) in [
            ("a: 1\nb:\n  - x # 常见\n", &["b"][..], Some("a: 1\nb:\n  - x # 常见\n  - 新\n")),
            ("b:\n- x\n- {y: [1, 2]}\nc: 3\n", &["b"], Some("b:\n- x\n- {y: [1, 2]}\n- 新\nc: 3\n")),
            ("w:\n  none: [暖气, '热, 水']\n", &["w", "none"], Some("w:\n  none: [暖气, '热, 水', 新]\n")),
            ("w:\n  none: [[a, b]]\n", &["w", "none"], Some("w:\n  none: [新, [a, b]]\n")),
            ("w:\n  any:\n    - x\n", &["w", "none"], Some("w:\n  none:\n    - 新\n  any:\n    - x\n")),
            ("id: x", &["examples", "match"], Some("id: x\nexamples:\n  match:\n    - 新\n")),
            (
                "examples:\n  match:\n    - x\n",
                &["examples", "no_match"],
                Some("examples:\n  no_match:\n    - 新\n  match:\n    - x\n"),
            ),
            ("w: {any: [x]}\n", &["w", "none"], None),
            ("w: x\n", &["w"], None),
            ("w: [x\n", &["w"], None),
        ] {
            assert_eq!(with_item(text, way, "新").as_deref(), expect, "{text}");
        }
    }

    proptest! {
        /// Whatever a citizen writes stays one text.
        #[test]
        fn a_text_is_one_scalar(text in "\\PC{1,40}|[a-z：:#'\"\\-\\[\\]{}&*!|>%@` \n\t]{1,20}") {
            let document = parse(&format!("a:\n  - {}\n", scalar(&text)));
            if let Some(document) = document {
                let node = document.node(&[Step::Key("a"), Step::Index(0)]).unwrap();
                prop_assert_eq!(node.text(), Some(text.as_str()));
            }
        }
    }
}
