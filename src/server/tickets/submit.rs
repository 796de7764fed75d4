//! A complaint becomes a ticket.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::body::{self, Object};
use super::super::caller::Caller;
use super::super::matching::moment;
use super::super::moments;
use super::super::problem::{Kind, Problem};
use super::shown::TicketShown;
use crate::access::Actor;
use crate::say;
use crate::tickets::{Contact, Submission};

/// The header of a repeated request's key (IETF draft `Idempotency-Key`).
const KEY: &str = "idempotency-key";
/// Characters of a key, at the most.
const LONGEST_KEY: usize = 255;
pub(super) const FIELDS: &[&str] = &[
    "text",
    "title",
    "channel",
    "district",
    "contact",
    "external_id",
    "confidential",
    "about",
    "superior_due",
    "received_at",
    "answered",
];

/// A complaint to be handled.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "梧桐苑小区门口自来水管漏了三天，水都流到马路上了", "channel": "web", "contact": {"name": "某先生", "phone": "13800000000"}}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(in super::super) struct TicketRequest {
    /// 诉求原文，最多 30,000 字 / What was said or written; at most 30,000 characters.
    text: String,
    /// 标题，最多 500 字 / Its title; at most 500 characters.
    title: Option<String>,
    /// 来源渠道 / How it came in.
    channel: Option<String>,
    /// 事发属地，名称或编号 / Where it is about, as a region's name or id.
    district: Option<String>,
    /// 诉求人；匿名的不填 / Who called; none for an anonymous complaint.
    contact: Option<Contact>,
    /// 来源系统的编号 / The number of the system it comes from.
    external_id: Option<String>,
    /// 对承办单位保密 / Keep who complained from the departments.
    confidential: Option<bool>,
    /// 被反映的单位：绝不派给它 / The department complained about: it never gets it.
    about: Option<String>,
    /// 上级要求的答复时间 / When a superior wants an answer.
    superior_due: Option<String>,
    /// 更早在其他系统受理的时间，时限从那时算起；只有中心的密钥可填 / When it came in elsewhere, if earlier: deadlines
    /// count from then. For keys of the centre alone.
    received_at: Option<String>,
    /// 当场答复：告知来电人的话，受理后随即归档，不派单；险情不可填，只有中心的密钥可填 / What the caller was told, where that was
    /// all: filed and closed, sent to nobody. Not for emergencies; for keys of the centre alone.
    answered: Option<String>,
}

/// Files a complaint as a ticket.
#[utoipa::path(
    post, path = "/v1/tickets", operation_id = "submit_ticket", tag = "tickets",
    summary = "受理一件诉求 / File a complaint",
    description = "判定有把握的直接派单，其余进入待审队列；返回 201 时已落盘 / \
                   Dispatched at once where the decision is sure, put before a person where it is not; on disk when this answers",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "同一请求重发时带同一个键，只会有一张工单 / The same key again gives the same ticket")),
    request_body = TicketRequest,
    responses(
        (status = 201, description = "已受理 / Filed", body = TicketShown),
        (status = 200, description = "同一请求此前已受理 / Filed before by the same request", body = TicketShown),
    ),
)]
pub(in super::super) async fn submit(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?.clone();
    let key = key(request.headers())?;
    let body = body::read(request, app.configuration.body_limit).await?;
    let (own, desk, submitter) = (Arc::clone(&app), tickets.clone(), actor.clone());
    let prepared = app.work(body.len(), move || {
        let zone = own.live.serving().bundle.engine.settings().time_zone.clone();
        let submission = submission(body::parse(&body)?.object(FIELDS)?, &zone)?;
        may_say_when(&submission, &submitter)?;
        own.prepared(&desk, submission)
    });
    let filed = tickets.submit(prepared.await?, &actor, key).await?;
    let status = if filed.again { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = (status, tagged(&app, Json(filed.ticket.clone()))).into_response();
    let address = filed.ticket["id"].as_str().and_then(|id| HeaderValue::try_from(format!("/v1/tickets/{id}")).ok());
    if let Some(address) = address {
        response.headers_mut().insert(LOCATION, address);
    }
    Ok(response)
}

/// A ticket with its version as the entity tag, for `If-Match`.
pub(super) fn tagged(app: &App, Json(ticket): Json<serde_json::Value>) -> Response {
    let ticket = Json(moments::all_local(ticket, &app.live.serving().bundle.engine.settings().time_zone));
    let version = ticket["version"].as_u64();
    let mut response = ticket.into_response();
    if let Some(tag) = version.and_then(|version| HeaderValue::try_from(format!("\"{version}\"")).ok()) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Deadlines that count from earlier, and the past's figures: only the centre says that something came in before.
pub(super) fn may_say_when(submission: &Submission, actor: &Actor) -> Result<(), Problem> {
    if submission.received_at.is_none() || actor.is_central() {
        return Ok(());
    }
    let detail = say!(
        "received_at 只有中心的密钥（agent、dispatcher、admin）可以填；请去掉它",
        "only keys of the centre (agent, dispatcher, admin) may give received_at: leave it out"
    );
    Err(Problem::new(Kind::Forbidden, detail).of_field("received_at"))
}

/// The key of a repeated request.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    usable_key(value.to_str().unwrap_or_default(), "Idempotency-Key").map(Some)
}

/// A key as it was given in a header or field.
pub(super) fn usable_key(given: &str, field: &str) -> Result<String, Problem> {
    let key = given.trim();
    if key.is_ascii() && (1..=LONGEST_KEY).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    let detail = say!(
        "{field} 应为 1 到 {LONGEST_KEY} 个 ASCII 字符，例如一个 UUID",
        "{field} should have 1 to {LONGEST_KEY} ASCII characters, such as a UUID"
    );
    Err(Problem::new(Kind::InvalidField, detail).of_field(field))
}

/// A submission from its fields.
pub(super) fn submission(mut object: Object, zone: &TimeZone) -> Result<Submission, Problem> {
    let contact = object.object("contact", &["name", "phone", "other"])?;
    let contact = contact.map(|mut contact| {
        Ok::<_, Problem>(Contact {
            name: contact.text("name")?,
            phone: contact.text("phone")?,
            other: contact.text("other")?,
        })
    });
    let mut moment = |field: &str| -> Result<Option<Timestamp>, Problem> {
        object.text(field)?.map(|given| moment(field, &given, zone).map(|at| at.timestamp())).transpose()
    };
    let (superior_due, received_at) = (moment("superior_due")?, moment("received_at")?);
    Ok(Submission {
        text: object.required_text("text")?,
        title: object.text("title")?,
        channel: object.text("channel")?,
        district: object.text("district")?,
        contact: contact.transpose()?,
        external_id: object.text("external_id")?,
        confidential: object.flag("confidential")?,
        about: object.text("about")?,
        answered: object.text("answered")?,
        superior_due,
        received_at,
        ..Submission::default()
    })
}
