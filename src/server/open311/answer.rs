//! Answers in either format. The specification gives every answer as a list of flat or nested objects with fixed names
//! in XML; one tree of ours is written as both.

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use super::super::problem::Problem;
use crate::source::Lang;

/// How XML begins.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// JSON or XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Format {
    Json,
    Xml,
}

impl Format {
    /// What stands before the ending, and the format that it names; JSON where there is none.
    pub(super) fn of(name: &str) -> (&str, Format) {
        if let Some(name) = name.strip_suffix(".xml") {
            return (name, Format::Xml);
        }
        (name.strip_suffix(".json").unwrap_or(name), Format::Json)
    }
}

/// A list of things; in XML `<lists><thing>…`.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The outer element of XML.
    pub(super) outer: &'static str,
    /// The element of each thing.
    pub(super) inner: &'static str,
    pub(super) items: Vec<Json>,
}

impl Answer {
    pub(super) fn new(outer: &'static str, inner: &'static str, items: Vec<Json>) -> Answer {
        Answer { status: StatusCode::OK, outer, inner, items }
    }

    /// An error as the specification has it: a list with code and description.
    pub(super) fn error(problem: &Problem, lang: Lang) -> Answer {
        let document = serde_json::to_value(problem.document(lang)).unwrap_or_default();
        let status = document["status"].as_u64().and_then(|code| StatusCode::from_u16(code as u16).ok());
        // The specification knows 400, 401, 403 and 404 for what is wrong with a request.
        let status = match status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            other => other,
        };
        let name = document["type"].as_str().unwrap_or_default().trim_start_matches("urn:jiesu:problem:");
        let description = format!("{} ({name})", document["detail"].as_str().unwrap_or_default());
        let item = serde_json::json!({ "code": status.as_u16(), "description": description });
        Answer { status, outer: "errors", inner: "error", items: vec![item] }
    }

    pub(super) fn written(&self, format: Format) -> Response {
        let (kind, body) = match format {
            Format::Json => ("application/json; charset=utf-8", serde_json::to_vec(&self.items).unwrap_or_default()),
            Format::Xml => ("text/xml; charset=utf-8", self.xml().into_bytes()),
        };
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }

    /// The one thing of an answer that the specification has as an object, and not as a list.
    pub(super) fn written_object(&self, format: Format) -> Response {
        let item = self.items.first().cloned().unwrap_or_default();
        let (kind, body) = match format {
            Format::Json => ("application/json; charset=utf-8", serde_json::to_vec(&item).unwrap_or_default()),
            Format::Xml => {
                let mut out = String::from(DECLARATION);
                element(&mut out, self.inner, &item);
                ("text/xml; charset=utf-8", out.into_bytes())
            }
        };
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }

    fn xml(&self) -> String {
        let mut out = String::from(DECLARATION);
        open(&mut out, self.outer);
        for item in &self.items {
            element(&mut out, self.inner, item);
        }
        close(&mut out, self.outer);
        out
    }
}

/// The format of an address of this interface, and that of its errors; none for addresses of others.
pub(in crate::server) fn format_of(path: &str) -> Option<Format> {
    path.starts_with("/open311/").then(|| Format::of(path).1)
}

/// A response as it goes out: a problem, wherever it came up, is written as the specification has errors.
pub(in crate::server) fn rendered(mut response: Response, format: Format, lang: Lang) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let mut written = Answer::error(&problem, lang).written(format);
    for name in [RETRY_AFTER, WWW_AUTHENTICATE, ALLOW] {
        if let Some(value) = response.headers_mut().remove(&name) {
            written.headers_mut().insert(name, value);
        }
    }
    written
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// A value under a name of ours. Lists hold things named by their list: `attributes` hold `attribute`.
fn element(out: &mut String, name: &str, value: &Json) {
    open(out, name);
    match value {
        Json::Null => {}
        Json::Object(fields) => fields.iter().for_each(|(name, value)| element(out, name, value)),
        Json::Array(items) => items.iter().for_each(|item| element(out, name.trim_end_matches('s'), item)),
        Json::String(text) => escape(out, text),
        other => escape(out, &other.to_string()),
    }
    close(out, name);
}

/// Character data of XML 1.0; characters that it does not know are left out.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_tree_is_written_as_the_specification_has_it() {
        let item = json!({"service_code": "water.pipe-leak", "metadata": true, "attributes": [{"code": "a<b>&"}], "media_url": null});
        let answer = Answer::new("services", "service", vec![item]);
        assert_eq!(
            answer.xml(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<services><service><attributes><attribute><code>a&lt;b&gt;&amp;\
             </code></attribute></attributes><media_url></media_url><metadata>true</metadata>\
             <service_code>water.pipe-leak</service_code></service></services>"
        );
    }

    #[test]
    fn characters_that_xml_does_not_know_are_left_out() {
        let mut out = String::new();
        escape(&mut out, "a\u{0}\u{8}b\n");
        assert_eq!(out, "ab\n");
    }
}
