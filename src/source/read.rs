//! From a document to a struct: its shape is checked in the tree, its values are read by `serde_yaml`.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::{Code, Diagnostic, Document, shape::Shape};
use crate::say;

/// A part of a file that a decoder of its own reads from the tree: the struct only says that it may be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread;

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Unread)
    }
}

impl JsonSchema for Unread {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Unread".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

/// The shape of `T`, derived once.
fn shape<T: JsonSchema + 'static>() -> Arc<Shape> {
    static SHAPES: LazyLock<Mutex<HashMap<TypeId, Arc<Shape>>>> = LazyLock::new(Mutex::default);
    let mut shapes = SHAPES.lock().unwrap_or_else(PoisonError::into_inner);
    let new = || Arc::new(Shape::new(schemars::schema_for!(T).to_value()));
    Arc::clone(shapes.entry(TypeId::of::<T>()).or_insert_with(new))
}

/// The JSON Schema (2020-12) of `T` as it is derived from the struct, for whoever describes the files to editors.
pub fn schema_of<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}

impl Document {
    /// The document as a `T`. All that does not fit becomes a diagnostic at its place, and then nothing is read.
    pub fn read<T>(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<T>
    where
        T: DeserializeOwned + JsonSchema + 'static,
    {
        let before = diagnostics.len();
        shape::<T>().check(self, self.root(), diagnostics);
        if diagnostics.len() > before {
            return None;
        }
        match serde_yaml::from_str(self.yaml()) {
            Ok(value) => Some(value),
            Err(error) => {
                let at = error.location().map_or(0, |location| location.index());
                let start = (self.yaml().as_ptr() as usize - self.source().text.as_ptr() as usize + at)
                    .min(self.source().text.len());
                let message = say!("读不懂这里：{error}", "cannot read this: {error}");
                diagnostics.push(self.diagnostic(start..start, Code::WrongType, message));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::shape::KEYWORDS;
    use super::*;
    use crate::source::{Date, Node, Value};
    use proptest::prelude::*;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sample {
        id: String,
        #[serde(default)]
        names: Vec<String>,
        since: Option<Date>,
        priority: Option<Priority>,
        #[serde(default)]
        share: Option<f64>,
        #[serde(default)]
        open: bool,
        #[serde(default)]
        when: Unread,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Priority {
        /// First.
        Urgent,
        Normal,
    }

    /// Codes with `line:column`, one a line.
    fn findings(yaml: &str) -> Vec<String> {
        let mut diagnostics = Vec::new();
        if let Some(document) = Document::parse("a.yaml", yaml, &mut diagnostics) {
            document.read::<Sample>(&mut diagnostics);
        }
        diagnostics.iter().map(|d| format!("{} {}", d.code.name(), d.location())).collect()
    }

    #[test]
    fn mistakes_are_found_at_their_places() {
        for (yaml, expect) in [
            ("id: a\n", vec![]),
            (
                "id: a\nnames: [一, 二]\nsince: 2026-01-02\npriority: urgent\nshare: 0.5\nopen: true\nwhen: {a: [b]}\n",
                vec![],
            ),
            ("id: a\nsince:\npriority: ~\n", vec![]),
            ("", vec!["wrong-type a.yaml:1:1"]),
            ("id: a\nid: b\n", vec!["duplicate-key a.yaml:2:1"]),
            ("names: []\n", vec!["missing-key a.yaml:1:1"]),
            ("id: a\nnmaes: []\n", vec!["unknown-key a.yaml:2:1"]),
            ("id: [a]\n", vec!["wrong-type a.yaml:1:5"]),
            ("id: a\nnames: 一\n", vec!["wrong-type a.yaml:2:8"]),
            ("id: a\nsince: 2026-02-30\n", vec!["invalid-date a.yaml:2:8"]),
            ("id: a\npriority: urgant\n", vec!["unknown-value a.yaml:2:11"]),
            ("id: a\nshare: 多\n", vec!["wrong-type a.yaml:2:8"]),
            ("id: a\nopen: 是\n", vec!["wrong-type a.yaml:2:7"]),
            ("id: &x a\nnames: [*x]\n", vec!["forbidden-yaml a.yaml:1:5", "forbidden-yaml a.yaml:2:9"]),
            ("id: !!str a\n", vec!["forbidden-yaml a.yaml:1:5"]),
            ("id: a\n---\nid: b\n", vec!["forbidden-yaml a.yaml:2:1"]),
            ("id: \"a\n", vec!["yaml-syntax a.yaml:1:5"]),
        ] {
            assert_eq!(findings(yaml), expect, "{yaml}");
        }
    }

    #[test]
    fn a_file_with_five_mistakes_reports_five() {
        let yaml = "idd: a\nnames: {一: 二}\nsince: 昨天\npriority: hot\nopen: 1\n";
        assert_eq!(
            findings(yaml),
            [
                "unknown-key a.yaml:1:1",
                "wrong-type a.yaml:2:8",
                "invalid-date a.yaml:3:8",
                "unknown-value a.yaml:4:11",
                "wrong-type a.yaml:5:7",
                "missing-key a.yaml:1:1",
            ]
        );
    }

    #[test]
    fn texts_are_taken_verbatim() {
        let mut diagnostics = Vec::new();
        let yaml = "id: 1.10\nnames: [~, no, 12345, 0x10, 1_000, 2026-01-01, '', \"a\\tb\"]\n";
        let document = Document::parse("a.yaml", yaml, &mut diagnostics).unwrap();
        let sample: Sample = document.read(&mut diagnostics).unwrap();
        assert_eq!(sample.id, "1.10");
        assert_eq!(sample.names, ["~", "no", "12345", "0x10", "1_000", "2026-01-01", "", "a\tb"]);
    }

    #[test]
    fn a_deep_file_is_refused_and_a_bomb_cannot_be_written() {
        let deep = |levels| findings(&format!("when: {}{}", "[".repeat(levels), "]".repeat(levels)));
        assert_eq!(deep(39), ["missing-key a.yaml:1:1"]);
        assert_eq!(deep(60), ["too-deep a.yaml:1:46"]);
        assert_eq!(deep(5_000).len(), 1);
        let bomb = "id: a\nwhen:\n  a: &a [x, x]\n  b: &b [*a, *a]\n  c: [*b, *b]\n";
        assert!(findings(bomb).iter().all(|finding| finding.starts_with("forbidden-yaml")));
    }

    /// Every keyword in the schema of a type, so that a new one cannot be ignored silently.
    pub(crate) fn unknown_keywords<T: JsonSchema + 'static>() -> Vec<String> {
        fn walk(schema: &serde_json::Value, unknown: &mut Vec<String>) {
            let Some(object) = schema.as_object() else { return };
            for (key, value) in object {
                if !KEYWORDS.contains(&key.as_str()) {
                    unknown.push(key.clone());
                }
                match key.as_str() {
                    "properties" | "$defs" => value.as_object().unwrap().values().for_each(|v| walk(v, unknown)),
                    "items" | "additionalProperties" => walk(value, unknown),
                    "anyOf" | "oneOf" => value.as_array().unwrap().iter().for_each(|v| walk(v, unknown)),
                    _ => {}
                }
            }
        }
        let mut unknown = Vec::new();
        walk(shape::<T>().json(), &mut unknown);
        unknown
    }

    #[test]
    fn every_keyword_is_understood() {
        assert_eq!(unknown_keywords::<Sample>(), Vec::<String>::new());
    }

    /// The tree as `serde_yaml` would read it, were all scalars text.
    fn as_text(node: &Node) -> serde_yaml::Value {
        match &node.value {
            Value::Scalar { text, .. } => text.as_str().into(),
            Value::List(items) => items.iter().map(as_text).collect::<Vec<_>>().into(),
            Value::Map(entries) => {
                let entries = entries.iter().map(|e| (e.key.as_str().into(), as_text(&e.value)));
                serde_yaml::Value::Mapping(entries.collect())
            }
        }
    }

    /// Any YAML value of texts (quoted where they would be read as something else), lists and mappings.
    fn any_value() -> impl Strategy<Value = serde_yaml::Value> {
        let text = prop_oneof!["[a-z0-9 :#'\"~\\-]{0,8}", "[漏水管道，：\n\t]{0,6}"].prop_map(serde_yaml::Value::from);
        text.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_yaml::Value::from),
                prop::collection::btree_map("[a-z漏水]{1,4}", inner, 0..4).prop_map(|map| {
                    serde_yaml::Value::Mapping(map.into_iter().map(|(key, value)| (key.into(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        /// Both parsers see the same tree in whatever one of them writes.
        #[test]
        fn both_parsers_agree(value in any_value()) {
            let yaml = serde_yaml::to_string(&value).unwrap();
            let mut diagnostics = Vec::new();
            let document = Document::parse("a.yaml", &yaml, &mut diagnostics);
            prop_assert!(diagnostics.is_empty(), "{yaml}\n{:?}", diagnostics.first().map(|d| &d.message));
            prop_assert_eq!(as_text(document.unwrap().root()), value, "{}", yaml);
        }
    }
}
