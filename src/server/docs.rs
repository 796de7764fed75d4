//! The page that lists the API and tries it: one HTML file, one script, one style, nothing from elsewhere.

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa::openapi::OpenApi;

/// Scripts and styles from this server alone and none in the page itself, so that a complaint that holds HTML stays
/// text even if the page had a mistake.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The document of the API, written once.
#[derive(Clone)]
pub(super) struct Document(Bytes);

impl Document {
    pub(super) fn new(api: &OpenApi) -> Document {
        // A document of strings and maps can always be written.
        Document(serde_json::to_vec(api).unwrap_or_default().into())
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        asset("application/json", self.0)
    }
}

/// `/` leads to the console: whoever opens the service in a browser wants to work with it.
pub(super) async fn home() -> Redirect {
    Redirect::temporary("/console")
}

pub(super) async fn page() -> Response {
    ([(CONTENT_SECURITY_POLICY, POLICY)], asset("text/html; charset=utf-8", include_str!("page/page.html")))
        .into_response()
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("page/page.js"))
}

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("page/page.css"))
}

/// Something of the program itself, not of a citizen: may be kept, and is asked for again each time, so that a new
/// version shows at once.
fn asset(media_type: &'static str, content: impl Into<Bytes>) -> Response {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")], content.into()).into_response()
}
