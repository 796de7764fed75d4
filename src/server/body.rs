//! Reading a request's body: bounded in bytes and depth, and every mistake named by its field.
//!
//! JSON is read into a small tree of our own, not into structs: a struct's reader stops at the first surprise with one
//! English sentence, where a caller needs the field, the name that was probably meant, and in a batch the other items.
//! What no endpoint looks at (long lists, deep nesting) is skipped while it is read, so that a body costs about its own
//! size in memory.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::problem::{Kind, Place, Problem, near};
use super::time_limit::Deadline;
use crate::say;
use crate::source::Message;

/// Items of a list that are kept; the others are only counted.
const MOST_ITEMS: usize = 1_000;
/// Fields of an object that are kept: more than any endpoint knows.
const MOST_FIELDS: usize = 32;
/// How deep values are kept: the fields of the complaints of a batch.
const DEPTH: usize = 3;
/// Bytes beyond the limit that are read and thrown away: a connection that is cut while its caller still sends does not
/// carry the answer that says why.
const LINGER: usize = 4 << 20;
/// Bytes that are set aside for a body that is only announced.
const TRUSTED: usize = 64 << 10;
/// Characters of an unknown name that are repeated to the caller.
const SHOWN: usize = 40;

/// A JSON value as far as any endpoint looks at it.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List {
        items: Vec<Json>,
        count: usize,
    },
    Object(Object),
    /// Something too deep to be looked at.
    Deep,
}

/// The fields of a JSON object.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Object {
    fields: Vec<(String, Json)>,
}

/// Reads the body of a request that says it is JSON, at most `most` bytes, before the request's deadline.
pub(super) async fn read(request: Request, most: usize) -> Result<Vec<u8>, Problem> {
    media_type(request.headers())?;
    within_time(request, most).await
}

/// Reads the body of a request that says it is a form.
pub(super) async fn read_form(request: Request, most: usize) -> Result<Vec<u8>, Problem> {
    let given = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let detail = say!(
            "请用 Content-Type: application/x-www-form-urlencoded 提交表单",
            "send a form with Content-Type: application/x-www-form-urlencoded"
        );
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    within_time(request, most).await
}

/// Reads a body of any kind.
pub(super) async fn read_bytes(request: Request, most: usize) -> Result<Vec<u8>, Problem> {
    within_time(request, most).await
}

async fn within_time(request: Request, most: usize) -> Result<Vec<u8>, Problem> {
    let deadline = Deadline::of(&request);
    deadline.keep(bytes(request, most)).await.unwrap_or_else(|| {
        let detail = say!("请求体没有在时限内传完", "the body did not arrive within the time limit");
        Err(Problem::new(Kind::RequestTimeout, detail))
    })
}

/// Only what says it is JSON; where it names a character set, UTF-8.
fn media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.to_ascii_lowercase();
    let mut parts = given.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let is_utf8 =
        parts.filter_map(|p| p.strip_prefix("charset=")).all(|set| matches!(set.trim_matches('"'), "utf-8" | "utf8"));
    if is_json && is_utf8 {
        return Ok(());
    }
    let detail = say!(
        "请用 Content-Type: application/json 提交 UTF-8 编码的 JSON",
        "send JSON in UTF-8 with Content-Type: application/json"
    );
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

async fn bytes(request: Request, most: usize) -> Result<Vec<u8>, Problem> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most.saturating_add(LINGER)) {
        return Err(too_large(most));
    }
    let mut body: Body = request.into_body();
    let (mut bytes, mut received) = (Vec::with_capacity(declared.unwrap_or(0).min(most).min(TRUSTED)), 0_usize);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| {
            let detail = say!("连接在请求体传完之前中断", "the connection broke before the body was complete");
            Problem::new(Kind::IncompleteBody, detail)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        received += data.len();
        if received > most.saturating_add(LINGER) {
            break;
        }
        if received <= most {
            bytes.extend_from_slice(&data);
        }
    }
    if received > most { Err(too_large(most)) } else { Ok(bytes) }
}

fn too_large(most: usize) -> Problem {
    let detail = say!("请求体最多 {most} 字节", "a body has at most {most} bytes");
    Problem::new(Kind::TooLarge, detail).at(Place { most: Some(most), ..Place::default() })
}

/// JSON as bounded values.
pub(super) fn parse(bytes: &[u8]) -> Result<Json, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        let detail = say!(
            "第 {at} 个字节起不是 UTF-8；GBK 等编码请先转成 UTF-8",
            "not UTF-8 from byte {at} on: convert GBK and the like to UTF-8 first"
        );
        Problem::new(Kind::InvalidUtf8, detail)
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Kept { depth: DEPTH }.deserialize(&mut reader);
    value.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = say!(
            "JSON 在第 {line} 行第 {column} 列处有语法错误",
            "the JSON has a syntax error at line {line}, column {column}"
        );
        Problem::new(Kind::InvalidJson, detail).at(Place { line: Some(line), column: Some(column), ..Place::default() })
    })
}

impl Json {
    /// The object it is, with no fields but these.
    pub(super) fn object(self, known: &[&str]) -> Result<Object, Problem> {
        let Json::Object(object) = self else {
            let Message { zh, en } = self.what();
            let detail = say!("应为 JSON 对象 {{…}}，给的是{zh}", "should be a JSON object {{…}}, and is {en}");
            return Err(Problem::new(Kind::NotAnObject, detail));
        };
        for (name, _) in &object.fields {
            if !known.contains(&name.as_str()) {
                return Err(unknown_field(name, "", known));
            }
        }
        object.once_each()?;
        Ok(object)
    }

    /// The value of a field of the object that it is, where it is one and has it.
    pub(super) fn field(&self, name: &str) -> Option<&Json> {
        let Json::Object(object) = self else { return None };
        object.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The object it is, with whatever fields.
    pub(super) fn any_object(self) -> Result<Object, Problem> {
        match self {
            Json::Object(object) => Ok(object),
            other => other.object(&[]),
        }
    }

    /// What kind of value it is, in words.
    fn what(&self) -> Message {
        match self {
            Json::Null => say!("null", "null"),
            Json::Bool(_) => say!("布尔值", "a boolean"),
            Json::Number(_) => say!("数字", "a number"),
            Json::Text(_) => say!("字符串", "a string"),
            Json::List { .. } => say!("数组", "a list"),
            Json::Object(_) => say!("对象", "an object"),
            Json::Deep => say!("嵌套的值", "a nested value"),
        }
    }
}

impl Object {
    /// Whether no field stands twice.
    pub(super) fn once_each(&self) -> Result<(), Problem> {
        for (at, (name, _)) in self.fields.iter().enumerate() {
            if self.fields[..at].iter().any(|(other, _)| other == name) {
                let detail = say!("字段“{name}”出现了两次", "the field `{name}` stands twice");
                return Err(Problem::new(Kind::DuplicateField, detail).of_field(name));
            }
        }
        Ok(())
    }

    /// Takes a field's value; `None` where it is missing or null.
    fn take(&mut self, name: &str) -> Option<Json> {
        let (_, value) = self.fields.iter_mut().find(|(other, _)| other == name)?;
        Some(std::mem::replace(value, Json::Null)).filter(|value| *value != Json::Null)
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(name, &say!("字符串", "a string"), &other)),
        }
    }

    /// Takes a text that must be there.
    pub(super) fn required_text(&mut self, name: &str) -> Result<String, Problem> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// Takes a list with the number of items it had; those past [`MOST_ITEMS`] are not in it.
    pub(super) fn list(&mut self, name: &str) -> Result<Option<(Vec<Json>, usize)>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::List { items, count }) => Ok(Some((items, count))),
            Some(other) => Err(wrong(name, &say!("数组", "a list"), &other)),
        }
    }

    /// Takes a list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some((items, _)) = self.list(name)? else { return Ok(None) };
        let text = |item| match item {
            Json::Text(text) => Ok(text),
            other => Err(wrong(name, &say!("字符串数组", "a list of strings"), &other)),
        };
        items.into_iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// Takes a truth value; false where it is missing.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.take(name) {
            None => Ok(false),
            Some(Json::Bool(value)) => Ok(value),
            Some(other) => Err(wrong(name, &say!("true 或 false", "true or false"), &other)),
        }
    }

    /// Takes an object with no fields but these.
    pub(super) fn object(&mut self, name: &str, known: &[&str]) -> Result<Option<Object>, Problem> {
        self.take(name).map(|value| value.object(known)).transpose()
    }

    /// Takes a whole number from 1 to `most`.
    pub(super) fn count(&mut self, name: &str, most: usize) -> Result<Option<usize>, Problem> {
        self.whole(name, 1, most)
    }

    /// Takes a whole number from `least` to `most`.
    pub(super) fn whole(&mut self, name: &str, least: usize, most: usize) -> Result<Option<usize>, Problem> {
        let range = least as f64..=most as f64;
        match self.take(name) {
            None => Ok(None),
            Some(Json::Number(number)) if number.fract() == 0.0 && range.contains(&number) => Ok(Some(number as usize)),
            Some(Json::Number(number)) => {
                let detail = say!(
                    "“{name}”应为 {least} 到 {most} 的整数，给的是 {number}",
                    "`{name}` should be a whole number from {least} to {most}, and is {number}"
                );
                Err(Problem::new(Kind::InvalidField, detail).of_field(name))
            }
            Some(other) => Err(wrong(name, &say!("整数", "a whole number"), &other)),
        }
    }
}

/// A field that must be there is not.
pub(super) fn missing(name: &str) -> Problem {
    let detail = say!("缺少必填字段“{name}”", "the field `{name}` must be there");
    Problem::new(Kind::MissingField, detail).of_field(name)
}

/// A field that means nothing, in the object at `path`.
pub(super) fn unknown_field(name: &str, path: &str, known: &[&str]) -> Problem {
    let near = near(name, known.iter().copied());
    // The name comes from outside and may be long.
    let shown: String = name.chars().take(SHOWN).collect();
    let detail = match &near {
        Some(near) => {
            say!("没有“{shown}”这个字段，是否想写“{near}”？", "there is no field `{shown}`: did you mean `{near}`?")
        }
        None => {
            let (zh, en) = (known.join("、"), known.join(", "));
            say!("没有“{shown}”这个字段；可用的有：{zh}", "there is no field `{shown}`: the fields are {en}")
        }
    };
    let field = if path.is_empty() { shown } else { format!("{path}.{shown}") };
    Problem::new(Kind::UnknownField, detail).at(Place { field: Some(field), nearest: near, ..Place::default() })
}

fn wrong(name: &str, wanted: &Message, given: &Json) -> Problem {
    let (wanted, given) = (wanted, given.what());
    let detail = Message {
        zh: format!("“{name}”应为{}，给的是{}", wanted.zh, given.zh),
        en: format!("`{name}` should be {}, and is {}", wanted.en, given.en),
    };
    Problem::new(Kind::InvalidField, detail).of_field(name)
}

/// Reads one value, keeping it down to a depth.
#[derive(Clone, Copy)]
struct Kept {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Kept {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let Some(inner) = self.inner() else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Json::Deep);
        };
        let (mut items, mut count) = (Vec::new(), 0);
        while items.len() < MOST_ITEMS {
            let Some(item) = list.next_element_seed(inner)? else { break };
            items.push(item);
            count += 1;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Json::List { items, count })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Object::default();
        let inner = self.inner();
        while let Some(name) = map.next_key::<String>()? {
            match inner {
                Some(inner) if object.fields.len() < MOST_FIELDS => {
                    object.fields.push((name, map.next_value_seed(inner)?));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(if inner.is_some() { Json::Object(object) } else { Json::Deep })
    }
}

impl Kept {
    fn inner(self) -> Option<Kept> {
        self.depth.checked_sub(1).map(|depth| Kept { depth })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::Lang;
    use proptest::prelude::*;

    /// Kind of the problem and its field, or `fine`.
    fn outcome(json: &[u8]) -> String {
        let read = || {
            let mut object = parse(json)?.object(&["text", "limit", "kinds"])?;
            object.required_text("text")?;
            object.count("limit", 100)?;
            object.texts("kinds")
        };
        match read() {
            Ok(_) => "fine".to_owned(),
            Err(problem) => {
                let document = serde_json::to_value(problem.document(Lang::Zh)).unwrap();
                let part = |name: &str| document[name].as_str().unwrap_or_default().replace("urn:jiesu:problem:", "");
                format!("{} {} {}", part("type"), part("field"), part("nearest")).trim_end().to_owned()
            }
        }
    }

    #[test]
    fn mistakes_are_named_by_their_field() {
        for (json, expect) in [
            (r#"{"text": "水管"}"#, "fine"),
            (r#"{"text": "水管", "limit": null, "kinds": null}"#, "fine"),
            (r#"{"text": "水管", "limit": 10.0, "kinds": ["case"]}"#, "fine"),
            (r#"{"txet": "水管"}"#, "unknown-field txet text"),
            (r#"{"text": "水管", "zzzzzz": 1}"#, "unknown-field zzzzzz"),
            (r#"{"text": "a", "text": "b"}"#, "duplicate-field text"),
            ("{}", "missing-field text"),
            (r#"{"text": null}"#, "missing-field text"),
            (r#"{"text": 12345}"#, "invalid-field text"),
            (r#"{"text": ["水管"]}"#, "invalid-field text"),
            (r#"{"text": "水管", "limit": 0}"#, "invalid-field limit"),
            (r#"{"text": "水管", "limit": 101}"#, "invalid-field limit"),
            (r#"{"text": "水管", "limit": 1.5}"#, "invalid-field limit"),
            (r#"{"text": "水管", "limit": 1e300}"#, "invalid-field limit"),
            (r#"{"text": "水管", "limit": "10"}"#, "invalid-field limit"),
            (r#"{"text": "水管", "kinds": "case"}"#, "invalid-field kinds"),
            (r#"{"text": "水管", "kinds": [["case"]]}"#, "invalid-field kinds"),
            ("[]", "not-an-object"),
            ("null", "not-an-object"),
            ("\"text\"", "not-an-object"),
            ("", "invalid-json"),
            (r#"{"text": "水管"} {}"#, "invalid-json"),
            (r#"{"text": "\ud800"}"#, "invalid-json"),
            ("{\"text\": \"\u{1}\"}", "invalid-json"),
            ("\u{feff}{}", "invalid-json"),
        ] {
            assert_eq!(outcome(json.as_bytes()), expect, "{json}");
        }
        // 水管 in GBK. (水 alone is valid UTF-8 too, and comes out as another character.)
        assert_eq!(outcome(b"{\"text\": \"\xcb\xae\xb9\xdc\"}"), "invalid-utf8");
        assert_eq!(outcome("[".repeat(100_000).as_bytes()), "invalid-json");
    }

    #[test]
    fn long_lists_are_counted_and_not_kept() {
        let json = format!(r#"{{"list": [{}1]}}"#, "1,".repeat(5_000));
        let (items, count) = parse(json.as_bytes()).unwrap().object(&["list"]).unwrap().list("list").unwrap().unwrap();
        assert_eq!((items.len(), count), (MOST_ITEMS, 5_001));
    }

    #[test]
    fn a_long_name_is_not_repeated_whole() {
        let json = format!(r#"{{"{}": 1}}"#, "x".repeat(100_000));
        let problem = parse(json.as_bytes()).unwrap().object(&["text"]).unwrap_err();
        assert!(serde_json::to_string(&problem.document(Lang::Zh)).unwrap().len() < 1_000);
    }

    #[test]
    fn only_json_in_utf8_is_taken() {
        for (given, fine) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("application/vnd.jiesu+json", true),
            ("application/json; charset=gbk", false),
            ("text/plain", false),
            ("text/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, given.parse().unwrap());
            assert_eq!(media_type(&headers).is_ok(), fine, "{given}");
        }
        assert!(media_type(&HeaderMap::new()).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_json_takes_is_taken(bytes in ".{0,60}|[\\[\\]{}:,\"a1 ]{0,60}") {
            let naive = serde_json::from_str::<serde_json::Value>(&bytes).is_ok();
            prop_assert_eq!(parse(bytes.as_bytes()).is_ok(), naive);
        }
    }
}
