//! Tickets one by one, in lists, and in the queues of dispatchers.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::super::app::App;
use super::super::caller::Caller;
use super::super::matching::moment;
use super::super::problem::{Kind, Place, Problem, near};
use super::submit::tagged;
use crate::say;
use crate::tickets::{Event, Filter, MOST_ON_PAGE, Page, Queue, QueueFilter, State as TicketState, Ticket, Urgency};

/// Tickets on a page where nothing is said.
const ON_PAGE: u32 = 50;

/// How a list is narrowed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct ListQuery {
    /// 状态，多个用逗号隔开 / States, separated by commas.
    state: Option<String>,
    /// 承办单位编号，含下级 / A department's id; those below it count too.
    department: Option<String>,
    /// 场景编号 / A scenario's id.
    scenario: Option<String>,
    /// 属地编号 / A district's id.
    district: Option<String>,
    /// 渠道 / A channel.
    channel: Option<String>,
    /// 来源系统的编号 / The number of another system.
    external_id: Option<String>,
    /// 诉求人电话 / The caller's number.
    phone: Option<String>,
    /// 紧急程度 / How urgent.
    #[param(inline)]
    urgency: Option<Urgency>,
    /// 只看逾期 / Only what is overdue.
    overdue: Option<bool>,
    /// 受理时间不早于 / Came in at this time or later.
    opened_from: Option<String>,
    /// 受理时间早于 / Came in before this time.
    opened_until: Option<String>,
    /// 每页条数，最多 200 / Tickets on a page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// 上一页的 next_cursor / `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How much of a queue.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct QueueQuery {
    /// 条数，最多 200 / How many, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// 状态，多个用逗号隔开 / States, separated by commas.
    state: Option<String>,
    /// 紧急程度 / How urgent.
    #[param(inline)]
    urgency: Option<Urgency>,
    /// 属地编号 / A district's id.
    district: Option<String>,
    /// 承办单位编号，含下级 / A department's id; those below it count too.
    department: Option<String>,
    /// 在此之前到期 / Due before this time.
    due_before: Option<String>,
    /// 挂账的，只看到了复核日期的 / Of what is parked only what is to be looked at again now.
    review_due: Option<bool>,
}

/// A page of tickets, the newest first.
#[utoipa::path(
    get, path = "/v1/tickets", operation_id = "list_tickets", tag = "tickets", summary = "工单列表 / List tickets",
    params(ListQuery),
    responses((status = 200, description = "最新的在前 / The newest first", body = Page)),
)]
pub(in super::super) async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Json<Page>, Problem> {
    let tickets = app.tickets()?;
    let query: ListQuery = query(&uri)?;
    let limit = limit(query.limit)?;
    let cursor = query.cursor.clone();
    let zone = app.live.serving().bundle.engine.settings().time_zone.clone();
    Ok(Json(tickets.list(filter(query, &zone)?, limit, cursor, &actor).await?))
}

/// A ticket.
#[utoipa::path(
    get, path = "/v1/tickets/{id}", operation_id = "get_ticket", tag = "tickets", summary = "查看工单 / Look at a ticket",
    params(("id" = String, Path, description = "工单编号 / The ticket's id")),
    responses((status = 200, description = "工单 / The ticket", body = Ticket)),
)]
pub(in super::super) async fn get(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.tickets()?.get(&id, &actor).await.map(|ticket| tagged(Json(ticket))).map_err(Problem::from)
}

/// What happened to a ticket.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/history", operation_id = "get_history", tag = "tickets",
    summary = "工单的经过 / What happened to a ticket",
    params(("id" = String, Path, description = "工单编号 / The ticket's id")),
    responses((status = 200, description = "每一步：何时、何人、何事、规则包版本 / Each event: when, who, what, under which bundle", body = Vec<Event>)),
)]
pub(in super::super) async fn history(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(app.tickets()?.history(&id, &actor).await?))
}

/// The front of a queue.
#[utoipa::path(
    get, path = "/v1/queue/{name}", operation_id = "queue", tag = "tickets",
    summary = "待办队列：紧急的、催办多的、快到期的在前 / A queue: urgent, chased and nearly due first",
    params(
        ("name" = String, Path, description = "review, returns, panel, answers, call_backs, parked"),
        QueueQuery,
    ),
    responses((status = 200, description = "队首 / Its front", body = Page)),
)]
pub(in super::super) async fn queue(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Json<Page>, Problem> {
    let query: QueueQuery = query(&uri)?;
    let (queue, limit) = (named(&name)?, limit(query.limit)?);
    let zone = app.live.serving().bundle.engine.settings().time_zone.clone();
    let due_before = query.due_before.map(|given| moment("due_before", &given, &zone)).transpose()?;
    let filter = QueueFilter {
        states: states(query.state.as_deref())?,
        urgency: query.urgency,
        district: query.district,
        department: query.department,
        due_before: due_before.map(|moment| moment.timestamp()),
        review_due: query.review_due.unwrap_or(false),
    };
    Ok(Json(app.tickets()?.queue_of(queue, filter, limit, &actor).await?))
}

/// Takes the first of a queue that nobody has in hand.
#[utoipa::path(
    post, path = "/v1/queue/{name}/claim", operation_id = "claim_next", tag = "tickets",
    summary = "领取队首一件 / Take the first that nobody has in hand",
    params(("name" = String, Path, description = "review, returns, panel, answers, call_backs, parked")),
    responses((status = 200, description = "领到的工单；没有则为 null / The ticket; null where there is none", body = Option<Ticket>)),
)]
pub(in super::super) async fn claim_next(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let claimed = app.tickets()?.claim_next(named(&name)?, &actor).await?;
    Ok(Json(claimed.unwrap_or(serde_json::Value::Null)))
}

fn named(name: &str) -> Result<Queue, Problem> {
    Queue::named(name).ok_or_else(|| {
        let names = Queue::NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        Problem::new(Kind::NotFound, say!("没有这个队列；有：{names}", "there is no such queue: there are {names}"))
    })
}

pub(super) fn limit(given: Option<u32>) -> Result<u32, Problem> {
    let limit = given.unwrap_or(ON_PAGE);
    if (1..=MOST_ON_PAGE).contains(&limit) {
        return Ok(limit);
    }
    let detail = say!("limit 应为 1 到 {MOST_ON_PAGE}", "`limit` should be from 1 to {MOST_ON_PAGE}");
    Err(Problem::new(Kind::InvalidQuery, detail).of_field("limit"))
}

/// The parameters of an address, none that is not known.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    Query::<T>::try_from_uri(uri).map(|Query(query)| query).map_err(|error| {
        let why: String = error.body_text().chars().take(200).collect();
        Problem::new(Kind::InvalidQuery, say!("网址参数有误：{why}", "the query string is wrong: {why}"))
    })
}

/// States as they were written, separated by commas.
fn states(given: Option<&str>) -> Result<Vec<TicketState>, Problem> {
    let names = given.into_iter().flat_map(|states| states.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let state = |name: &str| {
        TicketState::named(name).ok_or_else(|| {
            let names = TicketState::ALL.map(TicketState::name);
            let (nearest, names) = (near(name, names), names.join(", "));
            let detail = say!("没有这个状态；有：{names}", "there is no such state: there are {names}");
            let place = Place { field: Some("state".to_owned()), nearest, ..Place::default() };
            Problem::new(Kind::InvalidQuery, detail).at(place)
        })
    };
    names.map(state).collect()
}

fn filter(query: ListQuery, zone: &TimeZone) -> Result<Filter, Problem> {
    let time = |field: &str, given: Option<&String>| {
        given.map(|given| moment(field, given, zone).map(|moment| moment.timestamp())).transpose()
    };
    Ok(Filter {
        states: states(query.state.as_deref())?,
        opened_from: time("opened_from", query.opened_from.as_ref())?,
        opened_until: time("opened_until", query.opened_until.as_ref())?,
        department: query.department,
        scenario: query.scenario,
        district: query.district,
        channel: query.channel,
        external_id: query.external_id,
        phone: query.phone,
        urgency: query.urgency,
        overdue: query.overdue.unwrap_or(false),
    })
}
