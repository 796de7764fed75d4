//! Photos and recordings of a ticket.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::app::{App, on_thread};
use super::super::body;
use super::super::caller::Caller;
use super::super::problem::Problem;
use super::shown::TicketShown;
use super::submit::tagged;
use crate::tickets::MOST_BYTES;

/// The header of a file's name, in percent-encoded UTF-8.
const NAME: &str = "x-file-name";

/// Adds a photo, recording or document.
#[utoipa::path(
    post, path = "/v1/tickets/{id}/attachments", operation_id = "attach", tag = "tickets",
    summary = "添加附件：照片、录音、PDF，最多 20 MB / Add a photo, recording or document, at most 20 MB",
    description = "请求体就是文件；类型按内容识别 / The body is the file; what it is, is seen in it",
    params(
        ("id" = String, Path, description = "工单编号 / The ticket's id"),
        ("X-File-Name" = Option<String>, Header, description = "文件名，UTF-8 百分号编码 / Its name, percent-encoded UTF-8"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "之后的工单 / The ticket afterwards", body = TicketShown)),
)]
pub(in super::super) async fn attach(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?.clone();
    let name = name(request.headers());
    let bytes = body::read_bytes(request, MOST_BYTES).await?;
    let ticket = on_thread(&app.batches, move || tickets.attach(&id, &name, &bytes, &actor)).await??;
    Ok((StatusCode::CREATED, tagged(&app, Json(ticket))).into_response())
}

/// An attachment.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/attachments/{sha256}", operation_id = "attachment", tag = "tickets",
    summary = "读取附件 / An attachment",
    params(
        ("id" = String, Path, description = "工单编号 / The ticket's id"),
        ("sha256" = String, Path, description = "附件的 sha256 / Its sha256, as the ticket names it"),
    ),
    responses((status = 200, description = "文件 / The file", content_type = "application/octet-stream", body = Vec<u8>)),
)]
pub(in super::super) async fn attachment(
    State(app): State<Arc<App>>,
    Path((id, sha256)): Path<(String, String)>,
    Caller(actor): Caller,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?.clone();
    let (attachment, bytes) = on_thread(&app.batches, move || tickets.attachment(&id, &sha256, &actor)).await??;
    // Never shown as a page of this site.
    let headers = [(CONTENT_TYPE, attachment.media_type), (CONTENT_DISPOSITION, "attachment".to_owned())];
    Ok((headers, bytes).into_response())
}

fn name(headers: &HeaderMap) -> String {
    let given = headers.get(NAME).and_then(|value| value.to_str().ok()).unwrap_or("file");
    // Decoded as the name of a form's one field; what parts fields stands for itself here.
    form_urlencoded::parse(given.replace('+', "%2B").replace('&', "%26").replace('=', "%3D").as_bytes())
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}
