//! What surrounds every route: a request's id, its one line in the log, its metrics, the headers that browsers need,
//! and problems in the caller's language.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::admission::admitted;
use super::app::App;
use super::language::wanted;
use super::open311;
use super::problem::{Problem, rendered};
use super::time_limit::limited;

/// The header of a request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of an id that a caller gives, at the most.
const LONGEST_ID: usize = 64;
/// The status in the log for a caller who hung up before the answer, after the custom of web servers.
const HUNG_UP: u16 = 499;

/// Puts everything around the routes that all of them need.
pub(super) fn surrounded(routes: Router<Arc<App>>, app: &Arc<App>) -> Router {
    routes
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn_with_state(Arc::clone(app), admitted))
        .layer(from_fn_with_state(Arc::clone(app), limited))
        // The panic has already been logged by the process's hook; what it says stays out of the answer.
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(from_fn_with_state(Arc::clone(app), observed))
        .with_state(Arc::clone(app))
}

/// Outermost: everything that happens to a request happens within.
async fn observed(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = request_id(&request).unwrap_or_else(|| app.ids.next());
    let lang = wanted(request.headers(), app.configuration.lang);
    let mut account = Account::open(Arc::clone(&app), &request, id.clone());
    let civic = open311::format_of(request.uri().path());
    let response = next.run(request).await;
    let mut response = match civic {
        Some(format) => open311::rendered(response, format, lang),
        None => rendered(response, lang),
    };
    account.status = response.status().as_u16();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Answers hold what citizens said: nothing on the way keeps them. Pages and their parts say otherwise themselves.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(nothing);
    response
}

/// The id that the caller gave, where it is fit to stand in a log.
fn request_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fit)).then(|| id.to_owned())
}

/// One request's entry in log and metrics. It is written when it is dropped, so that a request whose caller hung up,
/// which is just dropped, has one too.
struct Account {
    app: Arc<App>,
    started: Instant,
    method: &'static str,
    route: String,
    id: String,
    status: u16,
}

impl Account {
    fn open(app: Arc<App>, request: &Request, id: String) -> Account {
        app.metrics.in_flight.inc();
        // The pattern, not the address: an address that nobody knows may hold anything.
        let route = request.extensions().get::<MatchedPath>().map_or("other", |path| path.as_str()).to_owned();
        Account { app, started: Instant::now(), method: method(request.method()), route, id, status: HUNG_UP }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let (method, route, status, id) = (self.method, self.route.as_str(), self.status, self.id.as_str());
        self.app.metrics.in_flight.dec();
        self.app.metrics.answered(method, route, status, took);
        let elapsed_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(method, route, status, elapsed_us, id, "request");
    }
}

/// A method's name; one for all that are made up.
fn method(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.iter().zip(names).find(|(known, _)| *known == method).map_or("OTHER", |(_, name)| name)
}
