//! Who is calling: the number stands in the body, since addresses are written down in many places.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::body;
use super::super::caller::Caller;
use super::super::moments;
use super::super::problem::Problem;
use super::super::shape;
use crate::tickets::CallersTickets;

/// Whose tickets are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phone": "13800000000"}))]
pub(in super::super) struct CallerRequest {
    /// 来电号码 / The caller's number.
    #[schema(min_length = 1, max_length = 100)]
    phone: String,
}

/// The open and recent tickets of a number.
#[utoipa::path(
    post, path = "/v1/callers", operation_id = "callers_tickets", tag = "tickets",
    summary = "来电人的工单 / The tickets of whoever calls",
    description = "未办结的和最近办结的：办到哪一步、谁在办、时限、催办次数；查询会记入审计 / \
                   Those that are open or were lately: how far they are, with whom, until when, how often chased; that it was asked for is written down",
    request_body = CallerRequest,
    responses((status = 200, description = "未办结的在前 / Open ones first", body = CallersTickets)),
)]
pub(in super::super) async fn callers_tickets(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Json<serde_json::Value>, Problem> {
    let body = body::read(request, app.configuration.body_limit).await?;
    let CallerRequest { phone } = shape::body(&body, "CallerRequest")?;
    let found = app.tickets()?.caller(&phone, &actor).await?;
    Ok(Json(moments::all_local(json!(found), &app.live.serving().bundle.engine.settings().time_zone)))
}
