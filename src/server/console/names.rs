//! Names of what tickets hold as ids: departments and regions all at once, scenarios as they are asked for, since a
//! bundle may have ten thousand of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::{Deserialize, Serialize};

use super::super::app::App;
use super::super::caller::Caller;
use super::super::problem::{Kind, Problem};
use crate::rules::Scenario;
use crate::say;
use crate::text::normalise;

/// Scenarios in one answer, at the most.
const MOST: usize = 200;
/// Scenarios that a search answers with, at the most: as many as one looks through.
const MOST_FOUND: usize = 12;

/// Departments and regions of the bundle.
#[derive(Serialize)]
pub(super) struct Names {
    revision: String,
    /// The hotline's time zone by its IANA name, in which moments are shown.
    time_zone: Option<String>,
    departments: Vec<Named>,
    regions: Vec<Named>,
}

/// An id with its name, and that of what it lies in or below.
#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
}

/// A scenario, as far as it takes to choose it.
#[derive(Serialize)]
pub(super) struct Choice {
    id: String,
    title: String,
    category: String,
}

impl Choice {
    fn of(scenario: &Scenario) -> Choice {
        Choice { id: scenario.id.clone(), title: scenario.title.clone(), category: scenario.category.clone() }
    }
}

/// Which scenarios: those with these ids (separated by commas), or those whose words have all of `q`'s.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioQuery {
    ids: Option<String>,
    q: Option<String>,
}

pub(super) async fn names(State(app): State<Arc<App>>, _: Caller) -> Json<Names> {
    let serving = app.live.serving();
    let engine = &serving.bundle.engine;
    let catalog = engine.catalog();
    let departments = catalog.departments().iter().map(|department| Named {
        id: department.id.clone(),
        name: department.name.clone(),
        parent: department.parent.clone(),
    });
    let regions = catalog.regions().iter().map(|region| Named {
        id: region.id.clone(),
        name: region.name.clone(),
        parent: region.parent.clone(),
    });
    let (departments, regions) = (departments.collect(), regions.collect());
    let time_zone = engine.settings().time_zone.iana_name().map(str::to_owned);
    Json(Names { revision: engine.revision().to_owned(), time_zone, departments, regions })
}

pub(super) async fn scenarios(State(app): State<Arc<App>>, _: Caller, uri: Uri) -> Result<Json<Vec<Choice>>, Problem> {
    let query = axum::extract::Query::<ScenarioQuery>::try_from_uri(&uri).map_err(|_| {
        let detail = say!("应为 ids=编号,编号 或 q=词语", "should be ids=ID,ID or q=words");
        Problem::new(Kind::InvalidQuery, detail)
    })?;
    let serving = app.live.serving();
    let rules = serving.bundle.engine.rules();
    if let Some(ids) = &query.ids {
        let places = ids.split(',').take(MOST).filter_map(|id| rules.position(id));
        return Ok(Json(places.filter_map(|place| rules.scenarios().get(place)).map(|own| Choice::of(own)).collect()));
    }
    let wanted = normalise(query.q.as_deref().unwrap_or_default());
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let found = rules.scenarios().iter().filter(|scenario| {
        let all = normalise(&format!("{} {} {}", scenario.title, scenario.category, scenario.id));
        words.iter().all(|word| all.contains(word))
    });
    Ok(Json(found.take(MOST_FOUND).map(|scenario| Choice::of(scenario)).collect()))
}
