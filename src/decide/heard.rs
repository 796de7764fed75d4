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
    /// Departments whose duties the text touches, by their place in the catalogue.
    pub(super) duties: &'a [(u32, f32)],
}

/// What scenarios stand for at a level, the one that leads first, and what departments are for.
pub(super) fn said<'a>(scenarios: impl Iterator<Item = &'a Scenario>, spoken: &Spoken<'_>, level: Level) -> Said {
    let mut said = Said::default();
    if level == Level::Department {
        let named =
            |(place, part): &(u32, f32)| Some((spoken.catalog.departments().get(*place as usize)?.id.clone(), *part));
        said.duties = spoken.duties.iter().filter_map(named).collect();
    }
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
