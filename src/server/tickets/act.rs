//! Something is done with a ticket.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::response::Response;

use super::super::app::App;
use super::super::body;
use super::super::caller::Caller;
use super::super::problem::{Kind, Place, Problem, near};
use super::submit::tagged;
use crate::say;
use crate::tickets::{Action, Ticket};

/// Does an action with a ticket.
#[utoipa::path(
    post, path = "/v1/tickets/{id}/actions", operation_id = "act_on_ticket", tag = "tickets",
    summary = "办理一步：派单、签收、退单、答复、回访…… / Do something with a ticket",
    params(
        ("id" = String, Path, description = "工单编号 / The ticket's id"),
        ("If-Match" = Option<String>, Header, description = "看到的版本（ETag）；已被改动则不执行 / The version that was seen; nothing is done when it has changed"),
    ),
    request_body = Action,
    responses((status = 200, description = "之后的工单；已不再可见时为 null / The ticket afterwards; null where it can no longer be seen", body = Option<Ticket>)),
)]
pub(in super::super) async fn act(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let version = version(request.headers())?;
    let body = body::read(request, app.configuration.body_limit).await?;
    let action = action(&body)?;
    tickets.act(&id, action, version, &actor).await.map(|ticket| tagged(Json(ticket))).map_err(Problem::from)
}

/// The version of `If-Match`; `*` matches every one.
fn version(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(Some).map_err(|_| {
        let detail =
            say!("If-Match 应为之前收到的 ETag，例如 \"5\"", "If-Match should be an ETag of ours, such as \"5\"");
        Problem::new(Kind::InvalidField, detail).of_field("If-Match")
    })
}

/// An action as it was sent; a mistake is named by its field.
fn action(bytes: &[u8]) -> Result<Action, Problem> {
    // Twice read: the bounded tree finds what is no JSON at all, and which action was meant.
    let mut object = body::parse(bytes)?.any_object()?;
    let name = object.required_text("action")?;
    if !Action::NAMES.contains(&name.as_str()) {
        let nearest = near(&name, Action::NAMES.iter().copied());
        let names = Action::NAMES.join(", ");
        let detail = say!("没有这个操作；可用的有：{names}", "there is no such action: the actions are {names}");
        return Err(Problem::new(Kind::InvalidField, detail).at(Place {
            field: Some("action".to_owned()),
            nearest,
            ..Place::default()
        }));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let why: String = error.to_string().chars().take(200).collect();
        let detail = say!("操作 {name} 的字段有误：{why}", "the fields of {name} are wrong: {why}");
        Problem::new(Kind::InvalidField, detail)
    })
}
