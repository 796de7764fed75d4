//! Who is let in, to what, and how much of it at one time: before anything of a request is read but its head.
//!
//! Invariant: what [`ROUTES`] does not name needs an administrator's key, so that a route that somebody forgot is closed
//! and not open.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, SEC_WEBSOCKET_PROTOCOL};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;

use super::app::App;
use super::body;
use super::problem::{Kind, Problem};
use super::site;
use crate::access::{Actor, Denied, Rate, Scope, Tokens};
use crate::say;

/// What a route needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Needs {
    /// Nothing: it shows nothing of citizens, and of the rules not more than that they are there.
    Nothing,
    /// Any key: what it may do is decided where it is known what is asked for.
    Key,
    /// A key with one of these scopes, or an administrator's.
    One(&'static [Scope]),
}

use Needs::{Key, Nothing, One};

const ASKS: &[Scope] = &[Scope::Submit, Scope::Agent, Scope::Dispatcher, Scope::Editor];

/// Whoever decides about complaints or about rules.
const DECIDES: &[Scope] = &[Scope::Agent, Scope::Dispatcher, Scope::Editor];

/// What every route needs, by method and pattern.
pub(super) const ROUTES: &[(&str, &str, Needs)] = &[
    ("GET", "/", Nothing),
    ("GET", "/docs", Nothing),
    ("GET", "/docs/page.js", Nothing),
    ("GET", "/docs/page.css", Nothing),
    ("GET", "/openapi.json", Nothing),
    ("GET", "/console", Nothing),
    ("GET", "/console/{page}", Nothing),
    ("GET", "/console/assets/{name}", Nothing),
    ("GET", "/console/sign-in", Nothing),
    ("GET", "/console/checks/{code}", Nothing),
    ("GET", "/console/names", Key),
    ("GET", "/console/scenarios", Key),
    ("GET", "/healthz", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", One(&[Scope::Metrics])),
    ("POST", "/v1/match", One(ASKS)),
    ("POST", "/v1/match:batch", One(ASKS)),
    ("POST", "/v1/intake", One(ASKS)),
    ("POST", "/v1/explain", One(DECIDES)),
    ("GET", "/v1/calls/{id}", One(&[Scope::Agent])),
    ("POST", "/v1/search", Key),
    ("POST", "/v1/proposals:draft", Key),
    ("POST", "/v1/proposals", Key),
    ("GET", "/v1/proposals", Key),
    ("GET", "/v1/proposals/{id}", Key),
    ("POST", "/v1/proposals/{id}", One(&[Scope::Editor])),
    ("GET", "/v1/proposals/{id}/patch", Key),
    ("GET", "/v1/bundle", One(ASKS)),
    ("GET", "/v1/bundle/changes", One(&[Scope::Agent, Scope::Dispatcher, Scope::Editor])),
    ("GET", "/v1/bundle/reloads", One(&[Scope::Agent, Scope::Dispatcher, Scope::Editor])),
    ("GET", "/v1/bundle/rules", One(&[Scope::Agent, Scope::Dispatcher, Scope::Editor])),
    ("POST", "/v1/bundle/reload", One(&[Scope::Editor])),
    ("POST", "/v1/callers", One(&[Scope::Agent, Scope::Dispatcher])),
    ("POST", "/v1/tickets", Key),
    ("POST", "/v1/tickets/batch", Key),
    ("GET", "/v1/tickets", Key),
    ("POST", "/v1/tickets/actions", Key),
    ("GET", "/v1/tickets/{id}", Key),
    ("GET", "/v1/tickets/{id}/history", Key),
    ("POST", "/v1/tickets/{id}/actions", Key),
    ("POST", "/v1/tickets/{id}/erase", One(&[])),
    ("POST", "/v1/tickets/{id}/attachments", Key),
    ("GET", "/v1/tickets/{id}/attachments/{sha256}", Key),
    ("GET", "/v1/statistics", Key),
    ("GET", "/v1/statistics/rules", One(&[Scope::Agent, Scope::Dispatcher, Scope::Editor])),
    ("GET", "/v1/statistics/rising", Key),
    ("GET", "/v1/statistics/hours", Key),
    ("GET", "/v1/queue/{name}", Key),
    ("POST", "/v1/queue/{name}/claim", Key),
    ("GET", "/v1/events", Key),
    ("GET", "/v1/audit", One(&[])),
    ("GET", "/v1/outbox", One(&[Scope::Dispatcher])),
    ("POST", "/v1/outbox/{id}/replay", One(&[Scope::Dispatcher])),
    ("GET", "/open311/discovery.json", Nothing),
    ("GET", "/open311/discovery.xml", Nothing),
    ("GET", "/open311/v2/services.json", Nothing),
    ("GET", "/open311/v2/services.xml", Nothing),
    ("GET", "/open311/v2/services/{code}", Nothing),
    ("GET", "/open311/v2/requests.json", Key),
    ("GET", "/open311/v2/requests.xml", Key),
    ("POST", "/open311/v2/requests.json", Key),
    ("POST", "/open311/v2/requests.xml", Key),
    ("GET", "/open311/v2/requests/{id}", Key),
    ("GET", "/open311/v2/tokens/{token}", Key),
];

/// Routes that file complaints: each is a transaction, and they come in floods.
const FILING: &[&str] = &["/v1/tickets", "/v1/tickets/batch", "/open311/v2/requests.json", "/open311/v2/requests.xml"];

/// What a route needs; an administrator where the table does not name it.
pub(super) fn needs(method: &str, route: &str) -> Needs {
    let method = if method == "HEAD" { "GET" } else { method };
    let entry = ROUTES.iter().find(|(own, path, _)| *own == method && *path == route);
    entry.map_or(One(&[]), |(_, _, needs)| *needs)
}

/// Lets a request in, with who sends it, or says why not.
pub(super) async fn admitted(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    // What has no pattern is answered with 404, whoever asks.
    let Some(route) = request.extensions().get::<MatchedPath>().cloned() else { return Ok(next.run(request).await) };
    let needed = needs(request.method().as_str(), route.as_str());
    if matches!(needed, Nothing) {
        return Ok(next.run(request).await);
    }
    if request.method() == Method::POST && route.as_str().starts_with("/open311/") {
        request = with_form_key(&app, request).await?;
    }
    let actor = who(&app, &request)?;
    allowed(&actor, needed)?;
    if *request.method() == Method::POST && FILING.contains(&route.as_str()) {
        room(&app)?;
    }
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

/// Who sends a request: the holder of its key, or of its token.
fn who(app: &App, request: &Request) -> Result<Actor, Problem> {
    let headers = request.headers();
    let configuration = &app.configuration;
    let given = token(headers).or_else(|| offered(headers)).map(str::to_owned).or_else(|| api_key(request.uri()));
    let found = match (given.as_deref(), &configuration.tokens) {
        (Some(token), Some(tokens)) if Tokens::is_one(token) => signed_in(tokens, token, configuration.rate),
        (Some(token), _) => {
            configuration.keys.admit(token, Timestamp::now(), configuration.rate).map_err(Problem::from)
        }
        (None, None) if configuration.keys.none_ever() && configuration.listen.ip().is_loopback() => {
            return local(headers);
        }
        (None, _) => {
            let detail = say!(
                "请求头要带 Authorization: Bearer 密钥；密钥由运维人员用 jiesu keys add 生成",
                "send the header Authorization: Bearer KEY; the operator makes a key with jiesu keys add"
            );
            Err(Problem::new(Kind::Unauthorized, detail))
        }
    };
    found.inspect_err(|problem| app.metrics.refused(problem.kind().name()))
}

/// Who comes with a token of the identity provider, where the rate that each of them has is not used up.
fn signed_in(tokens: &Tokens, token: &str, rate: Option<Rate>) -> Result<Actor, Problem> {
    let now = Timestamp::now();
    let actor = tokens.verify(token, now).map_err(|rejected| Problem::new(Kind::Unauthorized, rejected.message()))?;
    match rate.map_or(Ok(()), |rate| tokens.admit(&actor, now, rate)) {
        Ok(()) => Ok(actor),
        Err(wait) => Err(Denied::TooOften(wait).into()),
    }
}

/// The key of a request (RFC 6750, section 2.1).
fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The key of a page that opens a WebSocket: a browser lets it send no header but the protocols that it offers, of which
/// one is then `bearer.KEY`. It is never chosen, so it stands in no answer.
fn offered(headers: &HeaderMap) -> Option<&str> {
    let offers = headers.get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    offers.split(',').find_map(|offer| offer.trim().strip_prefix("bearer."))
}

/// The key of a civic app: Open311 has it as the parameter `api_key`. Nothing here writes addresses down.
fn api_key(uri: &Uri) -> Option<String> {
    let query = uri.query().filter(|_| uri.path().starts_with("/open311/"))?;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "api_key").map(|(_, key)| key.into_owned())
}

/// The same request, with the key that Open311 has among the fields of the form (`api_key`) where it has none else.
async fn with_form_key(app: &App, request: Request) -> Result<Request, Problem> {
    if token(request.headers()).is_some() || api_key(request.uri()).is_some() {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes = body::read_form(Request::from_parts(parts.clone(), body), app.configuration.body_limit).await?;
    let key =
        form_urlencoded::parse(&bytes).find(|(name, _)| name == "api_key").map(|(_, key)| format!("Bearer {key}"));
    if let Some(key) = key.and_then(|key| HeaderValue::try_from(key).ok()) {
        parts.headers.insert(AUTHORIZATION, key);
    }
    Ok(Request::from_parts(parts, bytes.into()))
}

/// Without keys whoever sits at this machine may everything, to try it out; but not a page of another site in a browser
/// on this machine, whether its browser says so or it has a name of its own lead here (DNS rebinding). This is the one way in without a key, so it guards every route of the table.
fn local(headers: &HeaderMap) -> Result<Actor, Problem> {
    let host = headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
    if site::is_own(headers) && host.is_none_or(is_this_machine) {
        return Ok(Actor::new("local", &[Scope::Admin]));
    }
    let detail = say!(
        "还没有密钥时，只接受本机直接发来的请求；请先用 jiesu keys add 生成密钥",
        "while there are no keys only requests of this very machine are taken: make a key with jiesu keys add"
    );
    Err(Problem::new(Kind::CrossSite, detail))
}

/// Whether `host`, as a request names it, is a name of the machine itself.
fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn allowed(actor: &Actor, needed: Needs) -> Result<(), Problem> {
    let One(scopes) = needed else { return Ok(()) };
    if actor.may(&Scope::Admin) || scopes.iter().any(|scope| actor.may(scope)) {
        return Ok(());
    }
    let scopes: Vec<String> = scopes.iter().chain([&Scope::Admin]).map(Scope::to_string).collect();
    let scopes = scopes.join(" / ");
    let detail = say!("需要权限：{scopes}", "it needs the scope {scopes}");
    Err(Problem::new(Kind::Forbidden, detail))
}

/// Whether the store has room for another complaint. One that would wait too long is sent away at once, and nobody who
/// waits already waits longer for it.
fn room(app: &App) -> Result<(), Problem> {
    let waiting = app.tickets()?.store().waiting();
    if waiting < app.configuration.most_writes_waiting {
        return Ok(());
    }
    app.metrics.refused("busy");
    let detail = say!(
        "受理排队已满，请按响应头 Retry-After 的秒数稍后重发（带同一个 Idempotency-Key）",
        "too many complaints wait: send it again after the seconds of Retry-After, with the same Idempotency-Key"
    );
    Err(Problem::new(Kind::Busy, detail))
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        match denied {
            Denied::Unknown => {
                let detail = say!(
                    "密钥无效或已吊销；请向运维人员索取新的",
                    "the key is unknown or was revoked: ask the operator for another"
                );
                Problem::new(Kind::Unauthorized, detail)
            }
            Denied::TooOften(wait) => {
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
                let detail = say!(
                    "这个密钥或账号的请求太频繁，请 {seconds} 秒后再试",
                    "this key or account sends too many requests: try again in {seconds} s"
                );
                Problem::new(Kind::TooManyRequests, detail).retry_after(seconds)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_this_machine() {
        for (host, expect) in [
            ("localhost:7080", true),
            ("LOCALHOST", true),
            ("127.0.0.1:7080", true),
            ("127.8.9.1", true),
            ("[::1]:7080", true),
            ("evil.example:7080", false),
            ("localhost.evil.example", false),
            ("192.168.1.2:7080", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_this_machine(host), expect, "{host}");
        }
    }

    #[test]
    fn a_key_is_read_from_its_header_alone() {
        for (value, expect) in [
            ("Bearer jiesu_a_b", Some("jiesu_a_b")),
            ("bearer  jiesu_a_b ", Some("jiesu_a_b")),
            ("Basic jiesu_a_b", None),
            ("jiesu_a_b", None),
            ("Bearer", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            assert_eq!(token(&headers), expect, "{value}");
        }
    }

    #[test]
    fn every_route_of_the_document_has_its_entry_and_none_stands_twice() {
        let document = serde_json::to_value(super::super::openapi()).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                let named = ROUTES.iter().any(|(own, route, _)| own.eq_ignore_ascii_case(method) && route == path);
                assert!(named, "{method} {path} is not in the table of who may what");
            }
        }
        assert_eq!(ROUTES.iter().map(|(method, path, _)| (method, path)).collect::<BTreeSet<_>>().len(), ROUTES.len());
        // What needs no key changes nothing: the guard against pages of other sites stands where keys are looked at.
        assert!(ROUTES.iter().all(|(method, _, needs)| *method == "GET" || !matches!(needs, Nothing)));
        assert!(matches!(needs("HEAD", "/healthz"), Nothing));
        assert!(matches!(needs("DELETE", "/v1/tickets/{id}"), One([])));
    }
}
