//! Whether a request may come from a page of another site: one answer for every place that must not take one.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};

/// Whether no browser says that a page of another site made this request (Fetch Metadata, W3C; `Origin`, RFC 6454).
/// Programs send neither header.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let fetched = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own_origin = |origin| host.is_some_and(|host| is_origin_of(origin, host));
    matches!(fetched, None | Some(b"same-origin" | b"none")) && headers.get(ORIGIN).is_none_or(own_origin)
}

/// Whether a page of `origin` came from the server that is asked as `host`.
fn is_origin_of(origin: &HeaderValue, host: &str) -> bool {
    let rest = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    rest.is_some_and(|(scheme, own)| matches!(scheme, "http" | "https") && own.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_are_known() {
        for (origin, fetched, expect) in [
            (None, None, true),
            (Some("http://hotline.example:7080"), None, true),
            (Some("https://hotline.example:7080"), Some("same-origin"), true),
            (None, Some("none"), true),
            (Some("http://hotline.example"), None, false),
            (Some("http://evil.example"), None, false),
            (Some("ftp://hotline.example:7080"), None, false),
            (Some("null"), None, false),
            (None, Some("cross-site"), false),
            (Some("http://hotline.example:7080"), Some("same-site"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("hotline.example:7080"));
            origin.map(|origin| headers.insert(ORIGIN, HeaderValue::from_static(origin)));
            fetched.map(|fetched| headers.insert("sec-fetch-site", HeaderValue::from_static(fetched)));
            assert_eq!(is_own(&headers), expect, "{origin:?} {fetched:?}");
        }
    }
}
