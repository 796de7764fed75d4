//! Messages to other systems: those that wait, and those that were given up.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::caller::Caller;
use super::super::problem::{Kind, Problem};
use super::super::shape::query;
use crate::say;
use crate::tickets::{Messages, WaitingState};

/// Which messages.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct OutboxQuery {
    /// pending（等待推送）或 dead（已放弃），默认 dead / `pending` or `dead`, which is the default.
    #[param(inline)]
    state: Option<Waits>,
    /// 上一页的 next_cursor / `next_cursor` of the page before.
    #[param(pattern = "^[1-9][0-9]{0,17}$")]
    cursor: Option<String>,
}

/// Where messages stand.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Waits {
    Pending,
    Dead,
}

/// Messages that wait or were given up, the newest first.
#[utoipa::path(
    get, path = "/v1/outbox", operation_id = "list_messages", tag = "tickets",
    summary = "推送消息：等待的与已放弃的 / Messages that wait or were given up",
    params(OutboxQuery),
    responses((status = 200, description = "最新的在前；没有个人信息 / The newest first; nothing in them identifies a person", body = Messages)),
)]
pub(in super::super) async fn outbox(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Json<Messages>, Problem> {
    let tickets = app.tickets()?;
    let query: OutboxQuery = query(&uri)?;
    let state = match query.state {
        Some(Waits::Pending) => WaitingState::Pending,
        Some(Waits::Dead) | None => WaitingState::Dead,
    };
    if query.cursor.as_ref().is_some_and(|cursor| !cursor.parse::<i64>().is_ok_and(|before| before > 0)) {
        let detail = say!("cursor 应为上一页给出的 next_cursor", "take `cursor` from `next_cursor` of the page before");
        return Err(Problem::new(Kind::InvalidQuery, detail).of_field("cursor"));
    }
    Ok(Json(tickets.outbox().list(state, query.cursor.as_deref(), &actor).await?))
}

/// Has a dead message tried again, under the same id.
#[utoipa::path(
    post, path = "/v1/outbox/{id}/replay", operation_id = "replay_message", tag = "tickets",
    summary = "重发一条已放弃的消息 / Try a dead message again",
    params(("id" = String, Path, description = "消息编号；其中的 / 写作 %2F / The message's id, with / as %2F")),
    responses((status = 202, description = "将会再次推送，编号不变 / It will be sent again, under the same id")),
)]
pub(in super::super) async fn replay(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match app.tickets()?.outbox().replay(Some(&id), &actor).await? {
        0 => {
            let detail = say!("没有这条已放弃的消息", "there is no dead message of this id");
            Err(Problem::new(Kind::NotFound, detail))
        }
        _ => Ok(StatusCode::ACCEPTED),
    }
}
