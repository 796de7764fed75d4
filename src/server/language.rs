//! Which language a caller wants problems in (`Accept-Language`, RFC 9110, section 12.5.4).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;

use super::app::App;
use crate::source::Lang;

/// The language of the caller.
pub(super) struct Language(pub(super) Lang);

impl FromRequestParts<Arc<App>> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Language, Infallible> {
        Ok(Language(wanted(&parts.headers, app.configuration.lang)))
    }
}

/// The one of the two languages with the highest weight; of equal ones the first. `default` where neither is named.
pub(super) fn wanted(headers: &HeaderMap, default: Lang) -> Lang {
    let mut best = (0.0, default);
    let values = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    for (lang, weight) in values.flat_map(|value| value.split(',')).filter_map(|range| weighted(range, default)) {
        if weight > best.0 {
            best = (weight, lang);
        }
    }
    best.1
}

/// One range such as `zh-CN;q=0.8`; `None` for a language that is not spoken here.
fn weighted(range: &str, default: Lang) -> Option<(Lang, f32)> {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
    let lang = match primary.as_str() {
        "zh" => Lang::Zh,
        "en" => Lang::En,
        "*" => default,
        _ => return None,
    };
    let weight = parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse().ok());
    Some((lang, weight.unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_highest_weight_wins() {
        for (header, expect) in [
            ("", Lang::Zh),
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("en-US,en;q=0.9,zh;q=0.8", Lang::En),
            ("fr, en;q=0.3", Lang::En),
            ("fr, *", Lang::Zh),
            ("en;q=0, zh;q=0.1", Lang::Zh),
            ("en;q=0", Lang::Zh),
            ("EN", Lang::En),
            ("en;q=NaN, zh", Lang::Zh),
            (";;;,q=,-", Lang::Zh),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(wanted(&headers, Lang::Zh), expect, "{header}");
        }
    }
}
