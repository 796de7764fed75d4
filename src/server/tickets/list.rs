//! Tickets one by one, in lists, and in the queues of dispatchers.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::super::app::App;
use super::super::caller::Caller;
use super::super::matching::moment;
use super::super::moments;
use super::super::problem::{Kind, Place, Problem, near};
use super::super::shape::query;
use super::shown::{History, TicketShown};
use super::submit::tagged;
use crate::bundle::Serving;
use crate::say;
use crate::text::normalise;
use crate::tickets::{Filter, MOST_ON_PAGE, Page, Queue, QueueFilter, State as TicketState, Urgency};

/// Tickets on a page where nothing is said.
const ON_PAGE: u32 = 50;

/// How a list is narrowed.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct ListQuery {
    /// 状态，多个用逗号隔开 / States, separated by commas.
    #[param(
        pattern = "^((received|in_review|dispatched|accepted|contacted|resolved|answer_reviewed|reply_sent|called_back|closed|parked|finalised|merged|refused)(,(received|in_review|dispatched|accepted|contacted|resolved|answer_reviewed|reply_sent|called_back|closed|parked|finalised|merged|refused))*)?$"
    )]
    state: Option<String>,
    /// 承办单位：编号、名称或别名，含下级 / A department: id, name or alias; those below it count too.
    department: Option<String>,
    /// 场景：编号或名称 / A scenario: id or title.
    scenario: Option<String>,
    /// 属地：编号、名称或别名 / A district: id, name or alias.
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
    /// 受理时间不早于；也可以只写日期 / Came in at this time or later; a date will do.
    #[param(format = DateTime)]
    opened_from: Option<String>,
    /// 受理时间早于；也可以只写日期 / Came in before this time; a date will do.
    #[param(format = DateTime)]
    opened_until: Option<String>,
    /// 每页条数，最多 200 / Tickets on a page, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// 上一页的 next_cursor / `next_cursor` of the page before.
    #[param(pattern = "^[1-9][0-9]{0,17}$")]
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
    #[param(
        pattern = "^((received|in_review|dispatched|accepted|contacted|resolved|answer_reviewed|reply_sent|called_back|closed|parked|finalised|merged|refused)(,(received|in_review|dispatched|accepted|contacted|resolved|answer_reviewed|reply_sent|called_back|closed|parked|finalised|merged|refused))*)?$"
    )]
    state: Option<String>,
    /// 紧急程度 / How urgent.
    #[param(inline)]
    urgency: Option<Urgency>,
    /// 属地编号 / A district's id.
    district: Option<String>,
    /// 承办单位编号，含下级 / A department's id; those below it count too.
    department: Option<String>,
    /// 在此之前到期 / Due before this time.
    #[param(format = DateTime)]
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
) -> Result<Json<serde_json::Value>, Problem> {
    let tickets = app.tickets()?;
    let query: ListQuery = query(&uri)?;
    let limit = limit(query.limit)?;
    let cursor = query.cursor.clone();
    let filter = filter(query, &app.live.serving())?;
    let asked = [("department", &filter.department), ("scenario", &filter.scenario), ("district", &filter.district)];
    let asked = asked.into_iter().filter_map(|(name, id)| Some((name, id.clone()?))).collect();
    let page = tickets.list(filter, limit, cursor, &actor).await?;
    Ok(Json(local(&app, json!(Page { asked, ..page }))))
}

/// A ticket.
#[utoipa::path(
    get, path = "/v1/tickets/{id}", operation_id = "get_ticket", tag = "tickets", summary = "查看工单 / Look at a ticket",
    params(("id" = String, Path, description = "工单编号 / The ticket's id")),
    responses((status = 200, description = "工单 / The ticket", body = TicketShown)),
)]
pub(in super::super) async fn get(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.tickets()?.get(&id, &actor).await.map(|ticket| tagged(&app, Json(ticket))).map_err(Problem::from)
}

/// What happened to a ticket.
#[utoipa::path(
    get, path = "/v1/tickets/{id}/history", operation_id = "get_history", tag = "tickets",
    summary = "工单的经过 / What happened to a ticket",
    params(("id" = String, Path, description = "工单编号 / The ticket's id")),
    responses((status = 200, description = "每一步：何时、何人、何事、规则包版本 / Each event: when, who, what, under which bundle", body = History)),
)]
pub(in super::super) async fn history(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    Ok(Json(local(&app, app.tickets()?.history(&id, &actor).await?)))
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
) -> Result<Json<serde_json::Value>, Problem> {
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
    let page = app.tickets()?.queue_of(queue, filter, limit, &actor).await?;
    Ok(Json(local(&app, json!(page))))
}

/// Takes the first of a queue that nobody has in hand.
#[utoipa::path(
    post, path = "/v1/queue/{name}/claim", operation_id = "claim_next", tag = "tickets",
    summary = "领取队首一件 / Take the first that nobody has in hand",
    params(("name" = String, Path, description = "review, returns, panel, answers, call_backs, parked")),
    responses((status = 200, description = "领到的工单；没有则为 null / The ticket; null where there is none", body = Option<TicketShown>)),
)]
pub(in super::super) async fn claim_next(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let claimed = app.tickets()?.claim_next(named(&name)?, &actor).await?;
    Ok(Json(claimed.map_or(serde_json::Value::Null, |ticket| local(&app, ticket))))
}

/// The same with moments on the bundle's clock.
fn local(app: &App, value: serde_json::Value) -> serde_json::Value {
    moments::all_local(value, &app.live.serving().bundle.engine.settings().time_zone)
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

/// The id of a department, by its id, name or alias. What is no name of the bundle may be the id of one that was.
pub(super) fn department(serving: &Serving, given: &str) -> Result<String, Problem> {
    let catalog = serving.bundle.engine.catalog();
    let found = catalog.department(given).or_else(|| catalog.department_named(given)).map(|found| found.id.clone());
    let names = || catalog.departments().iter().map(|department| department.name.as_str());
    found.or_else(|| former(given)).ok_or_else(|| nothing_named("department", given, names()))
}

pub(super) fn district(serving: &Serving, given: &str) -> Result<String, Problem> {
    let catalog = serving.bundle.engine.catalog();
    let found = catalog.region(given).or_else(|| catalog.region_named(given)).map(|found| found.id.clone());
    let names = || catalog.regions().iter().map(|region| region.name.as_str());
    found.or_else(|| former(given)).ok_or_else(|| nothing_named("district", given, names()))
}

pub(super) fn scenario(serving: &Serving, given: &str) -> Result<String, Problem> {
    let scenarios = serving.bundle.engine.rules().scenarios();
    let wanted = normalise(given);
    let found = scenarios
        .iter()
        .find(|own| own.id == given)
        .or_else(|| scenarios.iter().find(|own| normalise(&own.title) == wanted));
    let names = || scenarios.iter().map(|scenario| scenario.title.as_str());
    found
        .map(|found| found.id.clone())
        .or_else(|| former(given))
        .ok_or_else(|| nothing_named("scenario", given, names()))
}

/// What is written as ids are: tickets stay under ids that a later bundle has no more.
fn former(given: &str) -> Option<String> {
    (!given.is_empty() && given.is_ascii()).then(|| given.to_owned())
}

fn nothing_named<'n>(field: &str, given: &str, names: impl Iterator<Item = &'n str>) -> Problem {
    let shown: String = given.chars().take(40).collect();
    let nearest = near(given, names);
    let detail = match &nearest {
        Some(near) => {
            say!("规则包里没有“{shown}”，是否想写“{near}”？", "the bundle has no `{shown}`: did you mean `{near}`?")
        }
        None => say!(
            "规则包里没有“{shown}”；可用编号、名称或别名",
            "the bundle has no `{shown}`: give an id, a name or an alias"
        ),
    };
    Problem::new(Kind::UnknownName, detail).at(Place { field: Some(field.to_owned()), nearest, ..Place::default() })
}

/// States as they were written, separated by commas.
fn states(given: Option<&str>) -> Result<Vec<TicketState>, Problem> {
    let names = given.into_iter().flat_map(|states| states.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let state = |name: &str| {
        TicketState::named(name).ok_or_else(|| {
            let names = TicketState::ALL.map(TicketState::name);
            let words = TicketState::ALL.map(|state| format!("{}（{}）", state.name(), state.in_words().zh)).join("、");
            let (nearest, names) = (near(name, names), names.join(", "));
            let detail = say!("没有这个状态；有：{words}", "there is no such state: there are {names}");
            let place = Place { field: Some("state".to_owned()), nearest, ..Place::default() };
            Problem::new(Kind::InvalidQuery, detail).at(place)
        })
    };
    names.map(state).collect()
}

fn filter(query: ListQuery, serving: &Serving) -> Result<Filter, Problem> {
    let zone = &serving.bundle.engine.settings().time_zone;
    let time = |field: &str, given: Option<&String>| {
        given.map(|given| moment(field, given, zone).map(|moment| moment.timestamp())).transpose()
    };
    Ok(Filter {
        states: states(query.state.as_deref())?,
        opened_from: time("opened_from", query.opened_from.as_ref())?,
        opened_until: time("opened_until", query.opened_until.as_ref())?,
        department: query.department.map(|given| department(serving, &given)).transpose()?,
        scenario: query.scenario.map(|given| scenario(serving, &given)).transpose()?,
        district: query.district.map(|given| district(serving, &given)).transpose()?,
        channel: query.channel,
        external_id: query.external_id,
        phone: query.phone,
        urgency: query.urgency,
        overdue: query.overdue.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use utoipa::openapi::path::ParameterIn;

    #[test]
    fn the_document_names_every_state_that_a_list_can_be_narrowed_to() {
        let parameters = json!(ListQuery::into_params(|| Some(ParameterIn::Query)));
        let state = parameters.as_array().unwrap().iter().find(|parameter| parameter["name"] == "state").unwrap();
        let names = TicketState::ALL.map(TicketState::name).join("|");
        assert_eq!(state["schema"]["pattern"], format!("^(({names})(,({names}))*)?$"));
    }
}
