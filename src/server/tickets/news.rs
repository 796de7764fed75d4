//! What changes while one looks: server-sent events (HTML Living Standard, section 9.2).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::super::app::App;
use super::super::caller::Caller;
use super::super::problem::Problem;
use crate::access::{Actor, Keys};
use crate::bundle::Live;
use crate::tickets::News;

/// That tickets change, as they do, without anything of their content; and that another bundle answers.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "events", tag = "tickets",
    summary = "工单变动的事件流 / Tickets as they change, as server-sent events",
    responses((status = 200, description = "事件 ticket：编号、版本、状态；missed：漏了若干，请重新读取；bundle：换了规则包，给出版本 / `ticket`: id, version, state; `missed`: read again; `bundle`: the revision that answers now", content_type = "text/event-stream", body = String)),
)]
pub(in super::super) async fn events(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let news = app.tickets()?.listen();
    let live = Arc::clone(&app.live);
    let listener = Listener { news, swapped: live.swapped(), live, actor, keys: app.configuration.keys.clone() };
    Ok(Sse::new(unfold(listener, next)).keep_alive(KeepAlive::default()))
}

/// Somebody who listens.
struct Listener {
    news: Receiver<News>,
    swapped: watch::Receiver<()>,
    live: Arc<Live>,
    actor: Actor,
    keys: Keys,
}

/// The next change that the actor may hear of; the end when the server stops or the key was revoked.
async fn next(mut listener: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    let Listener { news, swapped, live, actor, keys } = &mut listener;
    let event = loop {
        let change = tokio::select! {
            change = news.recv() => change,
            Ok(()) = swapped.changed() => {
                if !keys.still_admits(actor) {
                    return None;
                }
                let serving = live.serving();
                let revision = json!({ "revision": serving.bundle.engine.revision() });
                break Event::default().event("bundle").json_data(&revision).unwrap_or_default();
            }
        };
        match change {
            Ok(_) if !keys.still_admits(actor) => return None,
            Ok(change) if concerns(&change, actor) => {
                // Plain strings and numbers can always be written.
                break Event::default().event("ticket").json_data(&change).unwrap_or_default();
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => break Event::default().event("missed").data(missed.to_string()),
            Err(RecvError::Closed) => return None,
        }
    };
    Some((Ok(event), listener))
}

fn concerns(change: &News, actor: &Actor) -> bool {
    actor.is_central() || actor.departments().any(|own| change.departments.iter().any(|department| department == own))
}
