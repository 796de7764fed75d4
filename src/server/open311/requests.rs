//! Requests: tickets filed and followed by civic apps.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value as Json, json};

use super::super::app::App;
use super::super::body;
use super::super::caller::Caller;
use super::super::moments;
use super::super::problem::{Kind, Problem};
use super::answer::{Answer, Format};
use super::services;
use crate::access::Actor;
use crate::say;
use crate::tickets::{Contact, Filter, Refusal, State as TicketState, Submission};

/// Requests in one answer, at the most (the specification asks for at most 1,000).
const MOST: u32 = 200;
/// Days that a list goes back where nothing is said, as the specification asks.
const DAYS: i32 = 90;
/// Fields of a form that are read.
const MOST_FIELDS: usize = 64;

type Fields = BTreeMap<String, String>;

pub(super) async fn list_json(app: State<Arc<App>>, caller: Caller, query: RawQuery) -> Result<Response, Problem> {
    list(app, caller, query, Format::Json).await
}

pub(super) async fn list_xml(app: State<Arc<App>>, caller: Caller, query: RawQuery) -> Result<Response, Problem> {
    list(app, caller, query, Format::Xml).await
}

pub(super) async fn file_json(app: State<Arc<App>>, caller: Caller, request: Request) -> Result<Response, Problem> {
    file(app, caller, request, Format::Json).await
}

pub(super) async fn file_xml(app: State<Arc<App>>, caller: Caller, request: Request) -> Result<Response, Problem> {
    file(app, caller, request, Format::Xml).await
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let (id, format) = Format::of(&name);
    Ok(shown(&app, id, &actor).await?.written(format))
}

/// A token is an id here: every request has its id at once.
pub(super) async fn token(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let (token, format) = Format::of(&name);
    shown(&app, token, &actor).await?;
    let item = json!({"service_request_id": token, "token": token});
    Ok(Answer::new("service_requests", "request", vec![item]).written(format))
}

async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    RawQuery(query): RawQuery,
    format: Format,
) -> Result<Response, Problem> {
    let fields = fields(query.unwrap_or_default().as_bytes());
    Ok(listed(&app, &fields, &actor).await?.written(format))
}

async fn listed(app: &App, fields: &Fields, actor: &Actor) -> Result<Answer, Problem> {
    if let Some(ids) = fields.get("service_request_id") {
        // Of several, those that there are: one unknown id does not hide the others.
        return Ok(requests(known(app, &several(ids), actor).await?));
    }
    let serving = app.live.serving();
    let codes: Vec<&str> = fields.get("service_code").map(|codes| several(codes)).unwrap_or_default();
    let scenarios = codes.into_iter().map(|code| {
        services::scenario(&serving, code).map(|scenario| Some(scenario.id.clone())).ok_or_else(no_service)
    });
    let mut scenarios: Vec<Option<String>> = scenarios.collect::<Result<_, _>>()?;
    if scenarios.is_empty() {
        scenarios.push(None);
    }
    let day = |name: &str| -> Result<Option<Timestamp>, Problem> {
        let read = fields.get(name).map(|given| {
            given.parse::<Timestamp>().map_err(|_| {
                let detail = say!(
                    "{name} 应为 2026-11-23T00:00:00Z 这样的时间",
                    "`{name}` should be a time such as 2026-11-23T00:00:00Z"
                );
                Problem::new(Kind::InvalidQuery, detail)
            })
        });
        read.transpose()
    };
    let open: Vec<TicketState> = TicketState::ALL.into_iter().filter(|state| !state.is_over()).collect();
    let over: Vec<TicketState> = TicketState::ALL.into_iter().filter(|state| state.is_over()).collect();
    let mut states = Vec::new();
    for status in fields.get("status").map(String::as_str).unwrap_or_default().split(',').filter(|s| !s.is_empty()) {
        match status {
            "open" => states.extend(&open),
            "closed" => states.extend(&over),
            _ => {
                return Err(Problem::new(
                    Kind::InvalidQuery,
                    say!("status 只能是 open 或 closed", "`status` is open or closed"),
                ));
            }
        }
    }
    let from = day("start_date")?.or_else(|| Timestamp::now().checked_sub((DAYS * 24).hours()).ok());
    let until = day("end_date")?;
    let mut items = Vec::new();
    for scenario in scenarios {
        let filter =
            Filter { states: states.clone(), scenario, opened_from: from, opened_until: until, ..Filter::default() };
        items.extend(app.tickets()?.list(filter, MOST, None, actor).await?.items);
    }
    items.sort_by(|one, other| (other.opened_at, &other.id).cmp(&(one.opened_at, &one.id)));
    items.truncate(MOST as usize);
    let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
    Ok(requests(known(app, &ids, actor).await?))
}

/// Values of a list with commas, each once.
fn several(list: &str) -> Vec<&str> {
    let mut values: Vec<&str> = Vec::new();
    for value in list.split(',').map(str::trim).filter(|value| !value.is_empty()) {
        if values.len() < MOST as usize && !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The tickets of these ids that there are for this actor.
async fn known(app: &App, ids: &[&str], actor: &Actor) -> Result<Vec<Json>, Problem> {
    let tickets = app.tickets()?;
    let mut items = Vec::new();
    for id in ids {
        match tickets.get(id, actor).await {
            Ok(ticket) => items.push(request(app, &ticket)),
            Err(Refusal::NoTicket) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(items)
}

/// One ticket as a list of one.
async fn shown(app: &App, id: &str, actor: &Actor) -> Result<Answer, Problem> {
    Ok(requests(vec![request(app, &app.tickets()?.get(id, actor).await?)]))
}

fn requests(items: Vec<Json>) -> Answer {
    Answer::new("service_requests", "request", items)
}

/// A ticket in the words of the specification.
fn request(app: &App, ticket: &Json) -> Json {
    let serving = app.live.serving();
    let engine = &serving.bundle.engine;
    let state = ticket["state"].as_str().and_then(TicketState::named);
    let scenario = ticket["scenario"].as_str();
    let found = scenario.and_then(|id| engine.rules().scenarios().iter().find(|scenario| scenario.id == id));
    let assignments = ticket["assignments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let in_charge = assignments.iter().find(|a| a["role"] == "lead" && a["state"] != "withdrawn");
    // These answers are for the public: what was said in confidence stays out of them, whoever asks.
    let open = ticket["confidential"] != true;
    let said = |value: &Json| if open { value.clone() } else { Json::Null };
    let time = |value: &Json| moments::local(value, &engine.settings().time_zone);
    let agency = in_charge.and_then(|a| a["department"].as_str()).and_then(|id| engine.catalog().department(id));
    json!({
        "service_request_id": ticket["id"],
        "status": if state.is_some_and(TicketState::is_over) { "closed" } else { "open" },
        "status_notes": said(&ticket["reply"]),
        "service_name": found.map(|scenario| scenario.title.as_str()),
        "service_code": scenario.map(services::code),
        "description": said(&ticket["text"]),
        "agency_responsible": agency.map(|department| department.name.as_str()),
        "service_notice": Json::Null,
        "requested_datetime": time(&ticket["opened_at"]),
        "updated_datetime": time(&ticket["updated_at"]),
        "expected_datetime": time(&ticket["due"]),
        "address": said(&ticket["place"]["address"]),
        "address_id": Json::Null,
        "zipcode": Json::Null,
        "lat": said(&ticket["place"]["lat"]),
        "long": said(&ticket["place"]["long"]),
        "media_url": Json::Null,
    })
}

async fn file(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    request: Request,
    format: Format,
) -> Result<Response, Problem> {
    Ok(filed(&app, request, &actor).await?.written(format))
}

async fn filed(app: &Arc<App>, request: Request, actor: &Actor) -> Result<Answer, Problem> {
    let body = body::read_form(request, app.configuration.body_limit).await?;
    let fields = fields(&body);
    let serving = app.live.serving();
    let code = fields.get("service_code").ok_or_else(|| body::missing("service_code"))?;
    let scenario = services::scenario(&serving, code).ok_or_else(no_service)?;
    let submission = submission(&fields, scenario)?;
    let tickets = app.tickets()?.clone();
    let (own, desk, length) = (Arc::clone(app), tickets.clone(), body.len());
    let prepared = app.work(length, move || own.prepared(&desk, submission));
    let filed = tickets.submit(prepared.await?, actor, None).await?;
    let item = json!({
        "service_request_id": filed.ticket["id"],
        "service_notice": Json::Null,
        "account_id": Json::Null,
    });
    let mut answer = Answer::new("service_requests", "request", vec![item]);
    answer.status = StatusCode::CREATED;
    Ok(answer)
}

/// What was filled in, as the text of a complaint: the description, then what the service asked for, then the place.
fn submission(fields: &Fields, scenario: &crate::rules::Scenario) -> Result<Submission, Problem> {
    let said = |name: &str| fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    let placed =
        said("address_string").is_some() || said("address_id").is_some() || said("lat").zip(said("long")).is_some();
    if !placed {
        let detail = say!(
            "请填 address_string，或 lat 和 long，或 address_id",
            "say where: address_string, or lat and long, or address_id"
        );
        return Err(Problem::new(Kind::MissingField, detail).of_field("address_string"));
    }
    let mut text = said("description").unwrap_or(&scenario.title).to_owned();
    for slot in &scenario.slots {
        match said(&format!("attribute[{}]", slot.name)) {
            Some(value) => text.push_str(&format!("\n{}：{value}", slot.ask.trim_end_matches(['？', '?']))),
            None if slot.required && said("description").is_none() => {
                return Err(body::missing(&format!("attribute[{}]", slot.name)));
            }
            None => {}
        }
    }
    if let Some(address) = said("address_string") {
        text.push_str(&format!("\n地址：{address}"));
    }
    let coordinates = said("lat").zip(said("long")).map(|(lat, long)| {
        text.push_str(&format!("\n坐标：{lat},{long}"));
        let degrees = |given: &str, most: f64| given.parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
        degrees(lat, 90.0).zip(degrees(long, 180.0)).ok_or_else(|| {
            let detail = say!(
                "lat 应为 -90 到 90 度，long 应为 -180 到 180 度",
                "`lat` is from -90 to 90 degrees, `long` from -180 to 180"
            );
            Problem::new(Kind::InvalidField, detail).of_field("lat")
        })
    });
    let coordinates = coordinates.transpose()?;
    let name = [said("last_name"), said("first_name")].into_iter().flatten().collect::<Vec<_>>().concat();
    let contact = Contact {
        name: Some(name).filter(|name| !name.is_empty()),
        phone: said("phone").map(str::to_owned),
        other: said("email").map(str::to_owned),
    };
    Ok(Submission {
        text,
        channel: Some("open311".to_owned()),
        contact: Some(contact).filter(|contact| *contact != Contact::default()),
        // What the citizen chose is a hint and not their words: it makes no rule fire.
        chosen: Some(scenario.id.clone()),
        address: said("address_string").map(str::to_owned),
        coordinates,
        ..Submission::default()
    })
}

fn no_service() -> Problem {
    Problem::new(Kind::NotFound, say!("没有这个 service_code", "no such service_code"))
}

/// Fields of a form or a query (URL Standard, application/x-www-form-urlencoded).
fn fields(bytes: &[u8]) -> Fields {
    form_urlencoded::parse(bytes)
        .take(MOST_FIELDS)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
