//! Scenarios as services.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::super::app::App;
use super::super::problem::{Kind, Problem};
use super::answer::{Answer, Format};
use crate::bundle::Serving;
use crate::rules::Scenario;
use crate::say;

/// The code of a scenario's service: its id with a dot for the slash, which would be another address.
pub(super) fn code(scenario: &str) -> String {
    scenario.replace('/', ".")
}

/// The scenario of a service.
pub(super) fn scenario<'s>(serving: &'s Serving, code: &str) -> Option<&'s Arc<Scenario>> {
    serving.bundle.engine.rules().scenarios().iter().find(|scenario| self::code(&scenario.id) == code)
}

pub(super) async fn list_json(State(app): State<Arc<App>>) -> Response {
    list(&app).written(Format::Json)
}

pub(super) async fn list_xml(State(app): State<Arc<App>>) -> Response {
    list(&app).written(Format::Xml)
}

fn list(app: &App) -> Answer {
    let serving = app.live.serving();
    let service = |scenario: &Arc<Scenario>| {
        let group = scenario.category.split('/').next().unwrap_or_default();
        json!({
            "service_code": code(&scenario.id),
            "service_name": scenario.title,
            "description": scenario.category,
            "metadata": !scenario.slots.is_empty(),
            "type": "realtime",
            "keywords": scenario.category.replace('/', ","),
            "group": group,
        })
    };
    Answer::new("services", "service", serving.bundle.engine.rules().scenarios().iter().map(service).collect())
}

/// The one answer that the specification has as an object.
pub(super) async fn definition(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let (code, format) = Format::of(&name);
    let serving = app.live.serving();
    let scenario = scenario(&serving, code).ok_or_else(|| {
        let detail = say!("没有这个服务；全部服务见 services.json", "no such service: see services.json");
        Problem::new(Kind::NotFound, detail)
    })?;
    Ok(described(code, scenario).written_object(format))
}

/// The definition of a service: its slots are attributes.
fn described(code: &str, scenario: &Scenario) -> Answer {
    let attribute = |(order, slot): (usize, &crate::rules::Slot)| {
        json!({
            "variable": true,
            "code": slot.name,
            "datatype": "string",
            "required": slot.required,
            "datatype_description": Json::Null,
            "order": order + 1,
            "description": slot.ask,
            "values": [],
        })
    };
    let attributes: Vec<Json> = scenario.slots.iter().enumerate().map(attribute).collect();
    let item = json!({ "service_code": code, "attributes": attributes });
    Answer::new("", "service_definition", vec![item])
}

pub(super) async fn discovery_json(State(app): State<Arc<App>>) -> Response {
    discovery(&app).written_object(Format::Json)
}

pub(super) async fn discovery_xml(State(app): State<Arc<App>>) -> Response {
    discovery(&app).written_object(Format::Xml)
}

fn discovery(app: &App) -> Answer {
    let serving = app.live.serving();
    let endpoint = json!({
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": "/open311/v2",
        "changeset": serving.since.to_string(),
        "type": "production",
        "formats": ["application/json", "text/xml"],
    });
    let item = json!({
        "changeset": serving.since.to_string(),
        "contact": serving.bundle.engine.settings().name,
        "key_service": "jiesu keys add NAME --scope submit",
        "endpoints": [endpoint],
        "now": Timestamp::now().to_string(),
    });
    Answer::new("", "discovery", vec![item])
}
