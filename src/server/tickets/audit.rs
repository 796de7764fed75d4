//! Who saw what identifies people, and the order to erase it.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use super::super::app::App;
use super::super::caller::Caller;
use super::super::problem::{Kind, Problem};
use super::super::shape::query;
use super::list::limit;
use super::shown::TicketShown;
use super::submit::tagged;
use crate::access::audit::{Filter, Page, cursor};

/// Which entries of the log are asked for.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct AuditQuery {
    /// 工单编号 / A ticket's id.
    ticket: Option<String>,
    /// 密钥的名称 / The name of a key.
    actor: Option<String>,
    /// 每页条数，最多 200 / Entries on a page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// 上一页的 next_cursor / `next_cursor` of the page before.
    #[param(pattern = "^[1-9][0-9]{0,17}$")]
    cursor: Option<String>,
}

/// Who saw or changed what, the newest first.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "audit", tag = "tickets",
    summary = "审计：谁看过、动过个人信息 / Who saw or changed what identifies people",
    params(AuditQuery),
    responses((status = 200, description = "最新的在前 / The newest first", body = Page)),
)]
pub(in super::super) async fn audit(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Json<Page>, Problem> {
    let AuditQuery { ticket, actor: by, limit: on_page, cursor: from } = query(&uri)?;
    let wrong = |detail| Problem::new(Kind::InvalidQuery, detail).of_field("cursor");
    let cursor = from.map(|from| cursor(&from)).transpose().map_err(wrong)?;
    let filter = Filter { ticket, actor: by, cursor };
    Ok(Json(app.tickets()?.audit(filter, limit(on_page)?, &actor).await?))
}

/// Erases what identifies people in a ticket.
#[utoipa::path(
    post, path = "/v1/tickets/{id}/erase", operation_id = "erase_ticket", tag = "tickets",
    summary = "抹除工单里的个人信息 / Erase what identifies people",
    description = "经过和统计保留，文字只剩遮盖过的；不可恢复 / \
                   History and figures stay, of texts the masked ones are left; there is no way back",
    params(("id" = String, Path, description = "工单编号 / The ticket's id")),
    responses((status = 200, description = "之后的工单 / The ticket afterwards", body = TicketShown)),
)]
pub(in super::super) async fn erase(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.tickets()?.erase(&id, &actor).await.map(|ticket| tagged(&app, Json(ticket))).map_err(Problem::from)
}
