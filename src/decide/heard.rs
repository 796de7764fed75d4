//! What the scenarios that fire stand for, level by level.

use jiff::civil;

use super::learned::{Level, Said};
use crate::catalog::Catalog;
use crate::rules::Scenario;

/// Where and when something was complained about, which responsibility depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) region: Option<&'a str>,
    pub(super) day: civil::Date,
}

/// What scenarios stand for at a level; the one that leads comes first.
pub(super) fn said<'a>(scenarios: impl Iterator<Item = &'a Scenario>, spoken: &Spoken<'_>, level: Level) -> Said {
    let mut said = Said::default();
    for (at, scenario) in scenarios.enumerate() {
        let Some(label) = label(scenario, spoken, level) else { continue };
        match at {
            0 => said.leads = Some((scenario.id.clone(), label)),
            _ => said.fires.push(label),
        }
    }
    said
}

fn label(scenario: &Scenario, spoken: &Spoken<'_>, level: Level) -> Option<String> {
    let lead = || {
        let row = spoken.catalog.responsible(&scenario.id, Some(&scenario.category), spoken.region, spoken.day)?;
        Some(row.lead.clone())
    };
    match level {
        Level::Scenario => Some(scenario.id.clone()),
        Level::Category => Some(scenario.category.clone()),
        Level::Department => lead(),
        Level::Unit => Some(spoken.catalog.unit(&lead()?, spoken.region)?.id.clone()),
    }
}
