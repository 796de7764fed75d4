//! Whether a body or a query string is what the document of the API says. What is checked is the document itself, so
//! that it can promise nothing else; what is wrong is told by its place and with what is allowed there.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use axum::extract::Query;
use axum::http::Uri;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use super::body::{self, missing, unknown_field};
use super::problem::{Kind, Place, Problem, near};
use crate::say;
use crate::source::Message;
use crate::tickets::in_words;

/// Characters of what was given that are repeated to the caller.
const SHOWN: usize = 40;
/// Parameters of a query string that are looked at: more than any route has.
const MOST_PARAMETERS: usize = 64;

/// The schemas of the document.
fn schemas() -> &'static Json {
    static SCHEMAS: OnceLock<Json> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let document = serde_json::to_value(super::openapi()).unwrap_or_default();
        document.pointer("/components/schemas").cloned().unwrap_or_default()
    })
}

/// Reads a body of JSON that is a `schema` of the document.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8], schema: &str) -> Result<T, Problem> {
    // What is no JSON at all, or no object, or has a field twice, is told as everywhere.
    let fields = body::parse(bytes)?.any_object()?;
    fields.once_each()?;
    let value: Json = serde_json::from_slice(bytes).map_err(|_| misread(Kind::InvalidJson))?;
    fits(&schemas()[schema], &value, "")?;
    // What no schema says: that a term or a date can be read.
    serde_path_to_error::deserialize(&value).map_err(|error| {
        let path = error.path().to_string();
        let (zh, en) = match path.as_str() {
            "." | "?" => (String::new(), String::new()),
            path => (format!("“{path}”"), format!(" of `{path}`")),
        };
        let detail = say!(
            "{zh}的值有误：时限写如 24 hours、3 working days，日期写如 2026-11-23",
            "a value{en} is wrong: terms are written as 24 hours or 3 working days, dates as 2026-11-23"
        );
        let problem = Problem::new(Kind::InvalidField, detail);
        if zh.is_empty() { problem } else { problem.of_field(&path) }
    })
}

fn misread(kind: Kind) -> Problem {
    Problem::new(kind, say!("请求体读不懂", "the body cannot be read"))
}

/// The parameters of an address: none that is not known, none twice, each of its kind.
pub(super) fn query<T: DeserializeOwned + IntoParams>(uri: &Uri) -> Result<T, Problem> {
    let parameters = serde_json::to_value(T::into_params(|| Some(ParameterIn::Query))).unwrap_or_default();
    let known = |name: &str| parameters.as_array()?.iter().find(|parameter| parameter["name"] == name);
    let mut seen = BTreeSet::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).take(MOST_PARAMETERS) {
        let wrong = |detail: Message| Problem::new(Kind::InvalidQuery, detail).of_field(&shown(&name));
        let Some(parameter) = known(&name) else {
            let names: Vec<&str> =
                parameters.as_array().into_iter().flatten().filter_map(|p| p["name"].as_str()).collect();
            return Err(unknown_parameter(&shown(&name), &names));
        };
        if !seen.insert(name.to_string()) {
            return Err(wrong(say!("网址参数“{name}”出现了两次", "the parameter `{name}` stands twice")));
        }
        let schema = &parameter["schema"];
        if let Some(allowed) = schema["enum"].as_array() {
            if !allowed.iter().any(|one| one == value.as_ref()) {
                return Err(not_among(Kind::InvalidQuery, &name, &value, allowed));
            }
        } else if is(schema, "boolean") && !matches!(value.as_ref(), "true" | "false") {
            return Err(wrong(say!("“{name}”应为 true 或 false", "`{name}` should be true or false")));
        } else if is(schema, "integer") {
            let (least, most) =
                (schema["minimum"].as_i64().unwrap_or(0), schema["maximum"].as_i64().unwrap_or(i64::MAX));
            if !value.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number)) {
                let detail = say!(
                    "“{name}”应为 {least} 到 {most} 的整数",
                    "`{name}` should be a whole number from {least} to {most}"
                );
                return Err(wrong(detail));
            }
        }
    }
    Query::<T>::try_from_uri(uri)
        .map(|Query(query)| query)
        .map_err(|_| Problem::new(Kind::InvalidQuery, say!("网址参数读不懂", "the query string cannot be read")))
}

fn unknown_parameter(name: &str, names: &[&str]) -> Problem {
    let nearest = near(name, names.iter().copied());
    let detail = match &nearest {
        Some(near) => say!(
            "没有“{name}”这个网址参数，是否想写“{near}”？",
            "there is no parameter `{name}`: did you mean `{near}`?"
        ),
        None if names.is_empty() => say!("这个地址没有网址参数", "this address has no parameters"),
        None => {
            let (zh, en) = (names.join("、"), names.join(", "));
            say!("没有“{name}”这个网址参数；可用的有：{zh}", "there is no parameter `{name}`: the parameters are {en}")
        }
    };
    Problem::new(Kind::InvalidQuery, detail).at(Place { field: Some(name.to_owned()), nearest, ..Place::default() })
}

/// Whether a value is what a schema says; `path` is where it stands.
fn fits(schema: &Json, value: &Json, path: &str) -> Result<(), Problem> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return fits(&schemas()[name], value, path);
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        return match way(ways, value, path)? {
            Some(way) => fits(way, value, path),
            None => Ok(()),
        };
    }
    let fine = match value {
        Json::Null => is(schema, "null"),
        Json::Bool(_) => is(schema, "boolean"),
        Json::Number(number) => is(schema, "number") || (is(schema, "integer") && (number.is_i64() || number.is_u64())),
        Json::String(_) => is(schema, "string"),
        Json::Array(_) => is(schema, "array"),
        Json::Object(_) => is(schema, "object"),
    };
    if !fine && !schema["type"].is_null() {
        return Err(not_a(schema, value, path));
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        return Err(not_among(Kind::InvalidField, path, value.as_str().unwrap_or_default(), allowed));
    }
    if let Some((least, number)) =
        schema["minimum"].as_i64().zip(value.as_i64()).filter(|(least, number)| number < least)
    {
        let detail =
            say!("“{path}”最小为 {least}，给的是 {number}", "`{path}` is {least} at the least, and is {number}");
        return Err(Problem::new(Kind::InvalidField, detail).of_field(path));
    }
    if let Some((most, text)) = schema["maxLength"].as_u64().zip(value.as_str()) {
        short_enough(path, text, usize::try_from(most).unwrap_or(usize::MAX))?;
    }
    match value {
        Json::Object(fields) => fields_fit(schema, fields, path),
        Json::Array(items) => {
            let item = |(at, item): (usize, &Json)| fits(&schema["items"], item, &format!("{path}[{at}]"));
            items.iter().enumerate().try_for_each(item)
        }
        _ => Ok(()),
    }
}

/// Whether a text has at most so many characters.
pub(super) fn short_enough(name: &str, text: &str, most: usize) -> Result<(), Problem> {
    // Bytes bound characters.
    if text.len() <= most || text.chars().count() <= most {
        return Ok(());
    }
    let detail = say!("“{name}”最多 {most} 个字", "`{name}` has {most} characters at the most");
    let place = Place { field: Some(name.to_owned()), most: Some(most), ..Place::default() };
    Err(Problem::new(Kind::TextTooLong, detail).at(place))
}

/// Which of several ways a value is meant: the one that its tag names; the one that is not null; none for null.
fn way<'s>(ways: &'s [Json], value: &Json, path: &str) -> Result<Option<&'s Json>, Problem> {
    let tag = |way: &Json| way["properties"]["action"]["enum"][0].as_str().map(str::to_owned);
    let tags: Vec<String> = ways.iter().filter_map(tag).collect();
    if tags.is_empty() {
        return Ok(ways.iter().find(|way| !is(way, "null")).filter(|_| !value.is_null()));
    }
    let at = join(path, "action");
    match &value["action"] {
        Json::Null => Err(missing(&at)),
        Json::String(name) => {
            let found = ways.iter().find(|way| tag(way).as_deref() == Some(name));
            found.map(Some).ok_or_else(|| {
                let nearest = near(name, tags.iter().map(String::as_str));
                let names = tags.join(", ");
                let detail =
                    say!("没有这个操作；可用的有：{names}", "there is no such action: the actions are {names}");
                let place = Place { field: Some(at), nearest, ..Place::default() };
                Problem::new(Kind::InvalidField, detail).at(place)
            })
        }
        other => Err(not_a(&serde_json::json!({"type": "string"}), other, &at)),
    }
}

fn fields_fit(schema: &Json, fields: &serde_json::Map<String, Json>, path: &str) -> Result<(), Problem> {
    let Some(known) = schema["properties"].as_object() else { return Ok(()) };
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    for (name, value) in fields {
        match known.get(name) {
            Some(schema) => fits(schema, value, &join(path, name))?,
            None if schema["additionalProperties"] == false => return Err(unknown_field(name, path, &names)),
            None => {}
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
    for name in required {
        if !fields.contains_key(name) {
            return Err(missing(&join(path, name)));
        }
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is(schema: &Json, kind: &str) -> bool {
    match &schema["type"] {
        Json::String(own) => own == kind,
        Json::Array(several) => several.iter().any(|own| own == kind),
        _ => false,
    }
}

/// A kind of value in words.
fn kind(name: &str) -> Message {
    match name {
        "null" => say!("null", "null"),
        "boolean" => say!("true 或 false", "true or false"),
        "integer" => say!("整数", "a whole number"),
        "number" => say!("数字", "a number"),
        "string" => say!("字符串", "a string"),
        "array" => say!("数组", "a list"),
        _ => say!("对象", "an object"),
    }
}

fn not_a(schema: &Json, value: &Json, path: &str) -> Problem {
    let names = ["string", "integer", "number", "boolean", "array", "object"];
    let wanted = names.into_iter().find(|name| is(schema, name)).map_or_else(|| say!("别的值", "something else"), kind);
    let given = kind(match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    });
    let detail = Message {
        zh: format!("“{path}”应为{}，给的是{}", wanted.zh, given.zh),
        en: format!("`{path}` should be {}, and is {}", wanted.en, given.en),
    };
    Problem::new(Kind::InvalidField, detail).of_field(path)
}

/// A value that is none of those that may be, these with what they mean.
fn not_among(problem: Kind, path: &str, given: &str, allowed: &[Json]) -> Problem {
    let names: Vec<&str> = allowed.iter().filter_map(Json::as_str).collect();
    let zh = |name: &&str| in_words(name).map_or_else(|| (*name).to_owned(), |words| format!("{name}（{}）", words.zh));
    let zh = names.iter().map(zh).collect::<Vec<_>>().join("、");
    let (en, nearest, given) = (names.join(", "), near(given, names.iter().copied()), shown(given));
    let detail = say!("“{path}”没有“{given}”这个值；可用的有：{zh}", "`{path}` cannot be `{given}`: it may be {en}");
    Problem::new(problem, detail).at(Place { field: Some(path.to_owned()), nearest, ..Place::default() })
}

fn shown(given: &str) -> String {
    given.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::Lang;
    use crate::tickets::Action;

    fn read(json: &str) -> Result<Action, Problem> {
        body::<Action>(json.as_bytes(), "Action")
    }

    #[test]
    fn mistakes_in_an_action_are_named_by_their_place_in_the_reader_s_language() {
        for (json, field, zh) in [
            (r#"{"action": "clam"}"#, "action", "没有这个操作"),
            (r#"{"action": 5}"#, "action", "应为字符串，给的是数字"),
            (r#"{"assignment": 1}"#, "action", "缺少必填字段“action”"),
            (r#"{"action": "claim", "note": "x"}"#, "note", "没有“note”这个字段"),
            (r#"{"action": "accept"}"#, "assignment", "缺少必填字段“assignment”"),
            (r#"{"action": "accept", "assignment": "1"}"#, "assignment", "应为整数，给的是字符串"),
            (r#"{"action": "accept", "assignment": -1}"#, "assignment", "最小为 0"),
            (r#"{"action": "set_urgency", "urgency": "urgant", "reason": "x"}"#, "urgency", "urgent（紧急）"),
            (r#"{"action": "dispatch", "assignments": {}}"#, "assignments", "应为数组，给的是对象"),
            (r#"{"action": "dispatch", "assignments": [{}]}"#, "assignments[0].department", "缺少必填字段"),
            (
                r#"{"action": "dispatch", "assignments": [{"department": "x", "role": "boss"}]}"#,
                "assignments[0].role",
                "joint（协办）",
            ),
            (
                r#"{"action": "dispatch", "assignments": [{"department": "x", "rule": "lead"}]}"#,
                "assignments[0].rule",
                "是否想写“role”",
            ),
            (r#"{"action": "park", "reason": "x", "review_on": "tomorrow"}"#, "review_on", "2026-11-23"),
            (r#"{"action": "extend", "term": "soon", "reason": "x", "approved_by": "y"}"#, "term", "3 working days"),
        ] {
            let document = serde_json::to_value(read(json).unwrap_err().document(Lang::Zh)).unwrap();
            let detail = document["detail"].as_str().unwrap();
            assert!(detail.contains(zh), "{json}: {detail}");
            for english in ["expected", "unknown", "invalid", "missing field"] {
                assert!(!detail.contains(english), "{json}: {detail}");
            }
            if field != "term" && field != "review_on" {
                assert_eq!(document["field"], field, "{json}: {detail}");
            }
        }
        assert!(read(r#"{"action": "claim"}"#).is_ok());
        assert!(read(r#"{"action": "chase", "note": null}"#).is_ok());
    }
    #[test]
    fn no_text_is_longer_than_its_schema_says() {
        let body = |length: usize| serde_json::json!({"phone": "零".repeat(length)}).to_string();
        let read = |length| super::body::<Json>(body(length).as_bytes(), "CallerRequest");
        assert!(read(100).is_ok());
        let document = serde_json::to_value(read(101).unwrap_err().document(Lang::Zh)).unwrap();
        assert_eq!((&document["field"], &document["status"]), (&Json::from("phone"), &Json::from(422)));
        assert!(document["detail"].as_str().unwrap().contains("最多 100 个字"), "{document}");
    }
}
