//! Writing a tree as YAML again: one entry or item a line, everything below in flow style. Comments and layout are not
//! kept; what it says is.

use super::tree::{Node, Value};

/// The tree as a YAML file that reads as the same tree, places aside.
pub fn write(node: &Node) -> String {
    let mut out = String::new();
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                quoted(&entry.key, &mut out);
                out.push_str(": ");
                flow(&entry.value, &mut out);
                out.push('\n');
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                out.push_str("- ");
                flow(item, &mut out);
                out.push('\n');
            }
        }
        _ => flow(node, &mut out),
    }
    out
}

fn flow(node: &Node, out: &mut String) {
    let comma = |at: usize, out: &mut String| {
        if at > 0 {
            out.push_str(", ");
        }
    };
    match &node.value {
        Value::Scalar { text, plain } => scalar(text, *plain, out),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                comma(at, out);
                flow(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (at, entry) in entries.iter().enumerate() {
                comma(at, out);
                quoted(&entry.key, out);
                out.push_str(": ");
                flow(&entry.value, out);
            }
            out.push('}');
        }
    }
}

/// A scalar. What may be read as a number, a flag or nothing keeps its being plain; all else is quoted, as signs that are
/// plain in one place are not in another.
fn scalar(text: &str, plain: bool, out: &mut String) {
    let simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
    match text {
        _ if !plain => quoted(text, out),
        "" | "~" => out.push('~'),
        _ if text.chars().all(simple) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) => out.push_str(text),
        _ => quoted(text, out),
    }
}

/// In double quotation marks, as JSON writes it, which is YAML too; what YAML takes for the end of a line or does not
/// take at all is written by number.
fn quoted(text: &str, out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'.. => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::source::Document;
    use proptest::prelude::*;

    /// What a tree says, without places.
    fn said(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, .. } if node.is_null() => format!("null {}", text.is_empty() || text == "~"),
            Value::Scalar { text, .. } => format!("{text:?}"),
            Value::List(items) => format!("{:?}", items.iter().map(said).collect::<Vec<_>>()),
            Value::Map(entries) => {
                format!("{:?}", entries.iter().map(|e| (e.key.clone(), said(&e.value))).collect::<Vec<_>>())
            }
        }
    }

    fn read(text: &str) -> Node {
        let mut diagnostics = Vec::new();
        let document = Document::parse("a.yaml", text, &mut diagnostics);
        document.unwrap_or_else(|| panic!("{text}\n{diagnostics:?}")).root().clone()
    }

    #[test]
    fn a_tree_is_written_and_read_again() {
        for text in [
            "id: a/b\nauto: true\nshare: 0.5\nsince: 2026-01-01\nnone:\nterms: [a b, 'c: d', \"e\\tf\", '#1', ~, no, 12]\n",
            "- {id: a, name: 甲, aliases: [乙, 丙]}\n- id: b\n  name: \"丁\\\"\"\n",
            "reply: |\n  第一行\n  第二行，{{ location }}\nempty: []\nnothing: {}\n",
            "",
            "[]",
            "甲: [$乙, {near: [丙, 丁], within: 10}]\n",
        ] {
            let node = read(text);
            let written = write(&node);
            assert_eq!(said(&read(&written)), said(&node), "{written}");
        }
    }

    fn any_node() -> impl Strategy<Value = Node> {
        let scalar = prop_oneof![
            "[a-z0-9 :#'\"~\\-\\[\\]{},.!&*|>%@`\\\\]{0,8}",
            "\\PC{0,6}",
            "[漏水：\n\t\u{85}\u{2028}]{0,6}"
        ]
        .prop_map(|text| Node { range: 0..0, value: Value::Scalar { text, plain: false } });
        scalar.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| Node { range: 0..0, value: Value::List(items) }),
                prop::collection::btree_map("[a-z漏水 :]{1,4}", inner, 0..4).prop_map(|map| {
                    let entry = |(key, value)| crate::source::Entry { key, key_range: 0..0, value };
                    Node { range: 0..0, value: Value::Map(map.into_iter().map(entry).collect()) }
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_tree_is_written_and_read_again(node in any_node()) {
            prop_assert_eq!(said(&read(&write(&node))), said(&node));
        }
    }
}
