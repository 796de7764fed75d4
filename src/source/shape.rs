//! Holding a tree against the shape that a struct describes, so that all mistakes of a file are found at once and each
//! at its place.
//!
//! The shape is the JSON Schema that `schemars` derives from the struct. A JSON Schema validator would not do: scalars
//! here are text until the shape wants a number, and an editor is owed the nearest valid key instead of "additional
//! properties are not allowed". Only what our structs give rise to is understood; `every_keyword_is_understood` in
//! `read.rs` holds each of them to that.

use serde_json::Value as Json;

use super::{Code, Date, Diagnostic, Message, Minute, Node, Value, document::Document, nearest};
use crate::say;

/// A schema with the definitions it refers to.
#[derive(Debug)]
pub(super) struct Shape(Json);

/// Keywords that say something about the value, and those that only describe it.
#[cfg(test)]
pub(super) const KEYWORDS: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "format",
    "minimum",
    "maximum",
    "minItems",
    "$defs",
    "$schema",
    "title",
    "description",
    "default",
];

impl Shape {
    pub(super) fn new(schema: Json) -> Shape {
        Shape(schema)
    }

    #[cfg(test)]
    pub(super) fn json(&self) -> &Json {
        &self.0
    }

    /// Reports everything in `node` that does not fit.
    pub(super) fn check(&self, document: &Document, node: &Node, diagnostics: &mut Vec<Diagnostic>) {
        Checker { shape: self, document, diagnostics }.value(node, &self.0);
    }

    fn resolve<'a>(&'a self, schema: &'a Json) -> &'a Json {
        schema["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix("#/$defs/"))
            .map_or(schema, |name| self.resolve(&self.0["$defs"][name]))
    }

    /// The forms a value may take: itself, or the members of `anyOf`/`oneOf`.
    fn forms<'a>(&'a self, schema: &'a Json) -> Vec<&'a Json> {
        let schema = self.resolve(schema);
        match schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
            Some(members) => members.iter().flat_map(|member| self.forms(member)).collect(),
            None => vec![schema],
        }
    }
}

/// The JSON types a form allows; empty where it allows all.
fn types(form: &Json) -> Vec<&str> {
    match &form["type"] {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ if !form["const"].is_null() || !form["enum"].is_null() => vec!["string"],
        _ => Vec::new(),
    }
}

struct Checker<'a> {
    shape: &'a Shape,
    document: &'a Document,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    fn report(&mut self, node: &Node, code: Code, message: Message) {
        self.diagnostics.push(self.document.diagnostic(node.range.clone(), code, message));
    }

    fn value(&mut self, node: &Node, schema: &Json) {
        let forms = self.shape.forms(schema);
        let nullable = forms.iter().any(|form| types(form).contains(&"null"));
        if node.is_null() && nullable {
            return;
        }
        let fits = |form: &&Json, kinds: &[&str]| {
            let types = types(form);
            types.is_empty() || types.iter().any(|name| kinds.contains(name))
        };
        let kinds: &[&str] = match &node.value {
            Value::Scalar { .. } => &["string", "integer", "number", "boolean"],
            Value::List(_) => &["array"],
            Value::Map(_) => &["object"],
        };
        let fitting: Vec<&Json> = forms.iter().filter(|form| fits(form, kinds)).copied().collect();
        if fitting.is_empty() {
            let wanted = wanted(&forms);
            let (zh, en) = (wanted.zh, wanted.en);
            self.report(node, Code::WrongType, say!("这里应当是{zh}", "this should be {en}"));
            return;
        }
        match &node.value {
            Value::Scalar { text, .. } => self.scalar(node, text, &fitting),
            Value::List(items) => {
                for item in items {
                    self.value(item, &fitting[0]["items"]);
                }
            }
            Value::Map(_) => self.map(node, fitting[0]),
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, forms: &[&Json]) {
        let mut allowed: Vec<&str> = Vec::new();
        for form in forms {
            allowed.extend(form["const"].as_str());
            allowed.extend(form["enum"].as_array().into_iter().flatten().filter_map(Json::as_str));
        }
        let open = forms.iter().any(|form| form["const"].is_null() && form["enum"].is_null());
        if !open {
            if !allowed.contains(&text) {
                let list = allowed.join(", ");
                let mut message = say!("“{text}”不是可用的值：{list}", "`{text}` is none of: {list}");
                if let Some(near) = nearest(text, allowed.iter().copied()) {
                    message = say!(
                        "“{text}”不是可用的值，是否想写“{near}”？",
                        "unknown value `{text}`: did you mean `{near}`?"
                    );
                }
                self.report(node, Code::UnknownValue, message);
            }
            return;
        }
        if !forms.iter().any(|form| scalar_fits(text, form)) {
            let form = forms.iter().find(|form| form["format"].is_string()).unwrap_or(&forms[0]);
            let (code, message) = scalar_mistake(text, form);
            self.report(node, code, message);
        }
    }

    fn map(&mut self, node: &Node, form: &Json) {
        let Value::Map(entries) = &node.value else { return };
        let known = form["properties"].as_object();
        for entry in entries {
            match known.and_then(|properties| properties.get(&entry.key)) {
                Some(schema) => self.value(&entry.value, schema),
                None if form["additionalProperties"].is_object() => {
                    self.value(&entry.value, &form["additionalProperties"]);
                }
                None if form["additionalProperties"] == false => {
                    let keys: Vec<&str> = known.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
                    let range = entry.key_range.clone();
                    self.diagnostics.push(unknown_key(self.document, range, &entry.key, &keys));
                }
                None => {}
            }
        }
        for key in form["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            if node.get(key).is_none() {
                let first = entries.first().map_or(node.range.clone(), |entry| entry.key_range.clone());
                let message = say!("缺少必填的“{key}”", "`{key}` is missing");
                self.diagnostics.push(self.document.diagnostic(first, Code::MissingKey, message));
            }
        }
    }
}

/// The finding for a key that means nothing where it stands, with the nearest one that does.
pub(super) fn unknown_key(document: &Document, range: std::ops::Range<usize>, key: &str, known: &[&str]) -> Diagnostic {
    let message = say!("不认识的键“{key}”", "unknown key `{key}`");
    let finding = document.diagnostic(range, Code::UnknownKey, message);
    match nearest(key, known.iter().copied()) {
        Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
        None => {
            let list = known.join(", ");
            finding.note(say!("这里可用的键：{list}", "keys that may stand here: {list}"))
        }
    }
}

fn scalar_fits(text: &str, form: &Json) -> bool {
    let within = |number: f64| {
        form["minimum"].as_f64().is_none_or(|least| number >= least)
            && form["maximum"].as_f64().is_none_or(|most| number <= most)
    };
    types(form).is_empty()
        || types(form).iter().any(|name| match *name {
            "string" => match form["format"].as_str() {
                Some("date") => Date::parse(text).is_some(),
                Some("minute") => Minute::parse(text).is_some(),
                _ => true,
            },
            "integer" => text.parse::<i64>().is_ok_and(|number| within(number as f64)),
            "number" => text.parse::<f64>().is_ok_and(|number| number.is_finite() && within(number)),
            "boolean" => matches!(text, "true" | "false"),
            _ => false,
        })
}

fn scalar_mistake(text: &str, form: &Json) -> (Code, Message) {
    match form["format"].as_str() {
        Some("date") => (
            Code::InvalidDate,
            say!("“{text}”不是日期，应写成 2026-05-01", "`{text}` is not a date: write it as 2026-05-01"),
        ),
        Some("minute") => (
            Code::InvalidDate,
            say!("“{text}”不是时间，应写成 2026-05-01 08:30", "`{text}` is not a time: write it as 2026-05-01 08:30"),
        ),
        _ => {
            let wanted = wanted(&[form]);
            let (zh, en) = (wanted.zh, wanted.en);
            (Code::WrongType, say!("“{text}”不合适，这里应当是{zh}", "`{text}` does not fit: this should be {en}"))
        }
    }
}

/// What the forms want, in words.
fn wanted(forms: &[&Json]) -> Message {
    let mut zh: Vec<&str> = Vec::new();
    let mut en: Vec<&str> = Vec::new();
    for name in forms.iter().flat_map(|form| types(form)) {
        let (in_zh, in_en) = match name {
            "string" => ("一段文字", "a text"),
            "integer" => ("一个整数", "a whole number"),
            "number" => ("一个数", "a number"),
            "boolean" => ("true 或 false", "true or false"),
            "array" => ("一个列表（每行以“- ”开头）", "a list (each line beginning with `- `)"),
            "object" => ("若干“键: 值”", "keys with values"),
            _ => continue,
        };
        if !zh.contains(&in_zh) {
            zh.push(in_zh);
            en.push(in_en);
        }
    }
    Message { zh: zh.join("，或"), en: en.join(", or ") }
}
