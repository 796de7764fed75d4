//! The console (工作台): the pages on which agents take calls and dispatchers work their queues.
//!
//! What is here: the shell that every page begins with, its modules, styles and icon, all part of the program, and the
//! names that the pages need beside the API. Nothing is decided here and nothing is kept: whatever a page shows or
//! changes goes through the API, with the key of whoever signed in.
//!
//! Invariant: nothing on a page comes from elsewhere, no script or style stands in the page itself, and browsers that
//! know Trusted Types refuse every way to turn a string into HTML.

mod names;
mod sign_in;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

use super::app::App;
use super::problem::Problem;
use crate::access::SignIn;
use crate::check;
use crate::source::Code;

/// What the pages may load and do (Content Security Policy Level 3; Trusted Types), up to what they may ask.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'; connect-src 'self'";

/// The pages beside the first. All begin with the same shell: the module of the page is chosen by the address.
const PAGES: &[&str] = &["desk", "department", "call-backs", "knowledge", "bundle", "try", "proposals", "figures"];

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const ICON: &str = "image/svg+xml";

/// A file of `assets/`: its name, media type and content.
type Asset = (&'static str, &'static str, &'static str);

macro_rules! assets {
    ($($name:literal $media_type:expr),* $(,)?) => {
        &[$(($name, $media_type, include_str!(concat!("assets/", $name)))),*]
    };
}

const ASSETS: &[Asset] = assets![
    "base.css" STYLE,
    "views.css" STYLE,
    "figures.css" STYLE,
    "icon.svg" ICON,
    "main.js" SCRIPT,
    "api.js" SCRIPT,
    "article.js" SCRIPT,
    "bulk.js" SCRIPT,
    "bundle.js" SCRIPT,
    "call.js" SCRIPT,
    "callbacks.js" SCRIPT,
    "caller.js" SCRIPT,
    "chart.js" SCRIPT,
    "choose.js" SCRIPT,
    "correct.css" STYLE,
    "correct.js" SCRIPT,
    "decision.js" SCRIPT,
    "department.js" SCRIPT,
    "desk.js" SCRIPT,
    "dom.js" SCRIPT,
    "draft.js" SCRIPT,
    "figures.js" SCRIPT,
    "finish.js" SCRIPT,
    "forms.js" SCRIPT,
    "heatmap.js" SCRIPT,
    "keys.js" SCRIPT,
    "knowledge.js" SCRIPT,
    "leader.js" SCRIPT,
    "live.js" SCRIPT,
    "merge.js" SCRIPT,
    "names.js" SCRIPT,
    "progress.js" SCRIPT,
    "proposals.js" SCRIPT,
    "questions.js" SCRIPT,
    "rules.js" SCRIPT,
    "session.js" SCRIPT,
    "share.js" SCRIPT,
    "sides.js" SCRIPT,
    "spans.js" SCRIPT,
    "stream.js" SCRIPT,
    "ticket.js" SCRIPT,
    "time.js" SCRIPT,
    "transcript.js" SCRIPT,
    "try.js" SCRIPT,
    "way.js" SCRIPT,
    "words.js" SCRIPT,
    "words_en.js" SCRIPT,
];

/// All routes of the console.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/console", get(shell))
        .route("/console/{page}", get(page))
        .route("/console/assets/{name}", get(asset))
        .route("/console/sign-in", get(sign_in::offered))
        .route("/console/names", get(names::names))
        .route("/console/scenarios", get(names::scenarios))
        .route("/console/checks/{code}", get(explained))
}

async fn shell(State(app): State<Arc<App>>) -> Response {
    let provider = sign_in::place(&app).and_then(SignIn::token_origin).unwrap_or_default();
    let policy = format!("{POLICY} {provider}");
    let page = own("text/html; charset=utf-8", include_str!("assets/shell.html"));
    ([(CONTENT_SECURITY_POLICY, policy.trim_end())], page).into_response()
}

async fn page(app: State<Arc<App>>, Path(page): Path<String>) -> Response {
    if PAGES.contains(&page.as_str()) { shell(app).await } else { Problem::not_found().into_response() }
}

/// The page that explains a kind of finding, as `check --why` prints it.
async fn explained(Path(code): Path<String>) -> Response {
    match Code::find(&code) {
        Some(code) => own("text/plain; charset=utf-8", check::page(code)),
        None => Problem::not_found().into_response(),
    }
}

async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(own, ..)| *own == name) {
        Some((_, media_type, content)) => own(media_type, content),
        None => Problem::not_found().into_response(),
    }
}

/// Something of the program itself, not of a citizen: may be kept, and is asked for again each time, so that a new
/// version shows at once.
fn own(media_type: &'static str, content: &'static str) -> Response {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")], Bytes::from_static(content.as_bytes())).into_response()
}
