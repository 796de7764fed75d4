//! A logged decision beside one that was made again.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::entry::Fields;

/// The fields of a decision that somebody notices, the weightiest first; all others come after.
const WEIGHTY: &[&str] = &[
    "outcome",
    "emergency",
    "department",
    "scenario",
    "unit",
    "joint",
    "category",
    "district",
    "deadline",
    "kind",
    "source",
    "matters",
    "reply",
    "questions",
    "steps",
    "notices",
    "articles",
];

/// What a field's value is known by: another one of these is another answer, and not only other numbers beside it.
const KNOWN_BY: &[&str] = &["id", "path", "term", "text"];

/// One thing in which two decisions differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The field, such as `department`; with a part of it where it is the same department and only that part differs:
    /// `department.confidence`.
    pub field: String,
    /// What was answered: an id, a name, a word, or JSON. Nothing where the field was empty.
    pub logged: Option<String>,
    /// What is answered now.
    pub now: Option<String>,
}

impl Difference {
    /// Sorts what weighs more before what weighs less.
    pub fn weight(&self) -> (usize, usize) {
        let whole = self.field.split('.').next().unwrap_or_default();
        let part = usize::from(self.field.contains('.'));
        (part, WEIGHTY.iter().position(|field| *field == whole).unwrap_or(WEIGHTY.len()))
    }
}

/// In what two decisions differ, the weightiest first; nothing when they are the same to the byte. `left_out` are fields
/// that are not compared.
pub fn differences(expected: &BTreeMap<&str, &str>, again: &Fields, left_out: &[&str]) -> Vec<Difference> {
    let names = expected.keys().copied().chain(again.keys().map(String::as_str));
    let mut names: Vec<&str> = names.filter(|name| !left_out.contains(name)).collect();
    names.sort_unstable();
    names.dedup();
    let mut found = Vec::new();
    for name in names {
        let (logged, now) = (expected.get(name).copied(), again.get(name).map(|value| value.get()));
        if logged != now {
            found.extend(of_field(name, &value(logged), &value(now)));
        }
    }
    found.sort_by(|a, b| (a.weight(), a).cmp(&(b.weight(), b)));
    found
}

/// A line of a log may be anything, and was read as JSON before.
fn value(written: Option<&str>) -> Value {
    written.and_then(|written| serde_json::from_str(written).ok()).unwrap_or_default()
}

/// What differs in a field that is written differently.
fn of_field(name: &str, logged: &Value, now: &Value) -> Vec<Difference> {
    let whole = || vec![Difference { field: name.to_owned(), logged: known_as(logged), now: known_as(now) }];
    let (Value::Object(before), Value::Object(after)) = (logged, now) else { return whole() };
    let known_by = KNOWN_BY.iter().find(|key| before.contains_key(**key) || after.contains_key(**key));
    if known_by.is_some_and(|key| before.get(*key) != after.get(*key)) {
        return whole();
    }
    let mut parts: Vec<&String> = before.keys().chain(after.keys()).collect();
    parts.sort_unstable();
    parts.dedup();
    let differing = parts.into_iter().filter(|part| before.get(*part) != after.get(*part));
    let part = |part: &String| Difference {
        field: format!("{name}.{part}"),
        logged: before.get(part).and_then(known_as),
        now: after.get(part).and_then(known_as),
    };
    let found: Vec<Difference> = differing.map(part).collect();
    // The same values, written differently: another version writes otherwise.
    if found.is_empty() { whole() } else { found }
}

/// What a person knows a value by.
fn known_as(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => {
            let known = KNOWN_BY.iter().find_map(|key| fields.get(*key)?.as_str());
            Some(known.map_or_else(|| value.to_string(), str::to_owned))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(logged: &str, now: &str) -> Vec<String> {
        let logged: Fields = serde_json::from_str(logged).unwrap();
        let expected = logged.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
        let now: Fields = serde_json::from_str(now).unwrap();
        let shown = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let differences = differences(&expected, &now, &["revision"]);
        differences.into_iter().map(|d| format!("{}: {} > {}", d.field, shown(d.logged), shown(d.now))).collect()
    }

    #[test]
    fn what_differs_is_told_by_field_and_by_part_of_it() {
        for (logged, now, expect) in [
            (r#"{"outcome":"auto"}"#, r#"{"outcome":"auto"}"#, vec![]),
            (r#"{"outcome":"auto"}"#, r#"{"outcome":"suggest"}"#, vec!["outcome: auto > suggest"]),
            (r#"{"revision":"a"}"#, r#"{"revision":"b"}"#, vec![]),
            (r#"{"reply":null}"#, r#"{"reply":{"text":"您好","missing":[]}}"#, vec!["reply: - > 您好"]),
            (r#"{}"#, r#"{"steps":[]}"#, vec!["steps: - > []"]),
            (
                r#"{"department":{"id":"a","confidence":0.5},"steps":[1],"outcome":"auto"}"#,
                r#"{"department":{"id":"b","confidence":0.5},"steps":[2],"outcome":"unknown"}"#,
                vec!["outcome: auto > unknown", "department: a > b", "steps: [1] > [2]"],
            ),
            (
                r#"{"department":{"id":"a","confidence":0.5},"source":"rule"}"#,
                r#"{"department":{"id":"a","confidence":0.6},"source":null}"#,
                vec!["source: rule > -", "department.confidence: 0.5 > 0.6"],
            ),
            // The same number, and not the same bytes.
            (
                r#"{"bar":{"target":0.9}}"#,
                r#"{"bar":{"target":0.90}}"#,
                vec![r#"bar: {"target":0.9} > {"target":0.9}"#],
            ),
        ] {
            assert_eq!(found(logged, now), expect, "{logged} {now}");
        }
    }
}
