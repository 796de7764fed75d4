//! What rules say of past cases, kept from one edit to the next.
//!
//! An edit changes a few scenarios; only these are matched against the cases again, and what the others said is taken
//! over.

use std::sync::Arc;

use jiff::civil;
use rustc_hash::FxHashMap;

use super::heard::{Spoken, said};
use super::learned::{Level, Said};
use super::place::place;
use super::rank::{Standing, specificity};
use crate::catalog::Catalog;
use crate::knowledge::{Case, Cases, Origin};
use crate::rules::{Compiled, Scenario};
use crate::text::{Segmenter, Text};

/// What rules say of each real case.
#[derive(Debug, Default)]
pub struct Past {
    scenarios: Vec<Arc<Scenario>>,
    cases: FxHashMap<String, CaseHits>,
}

/// The scenarios that fire on one case.
#[derive(Clone, Debug, Default)]
struct CaseHits {
    region: Option<String>,
    opened_on: Option<civil::Date>,
    /// Numbers of scenarios with their specificity in nats.
    fired: Vec<(u32, f32)>,
}

impl Past {
    /// Matches all cases against all scenarios.
    pub fn new(cases: &Cases, rules: &Compiled, catalog: &Catalog, segmenter: &Segmenter) -> Past {
        let mut past = Past { scenarios: rules.scenarios().to_vec(), cases: FxHashMap::default() };
        for case in cases.all().iter().filter(|case| case.origin == Origin::Real) {
            let text = Text::new(case.title.as_deref(), &case.text);
            let fired = fired(rules, &text, segmenter).map(|(at, score)| (at as u32, score)).collect();
            past.cases.insert(case.id.clone(), CaseHits { fired, ..CaseHits::of(case, &text, catalog) });
        }
        past
    }

    /// The same after an edit: `changed` holds the scenarios that are new or changed, compiled by themselves; `rules`
    /// all there are now. Cases and catalogue are those of before.
    #[must_use]
    pub fn after(&self, cases: &Cases, rules: &Compiled, changed: &Compiled, segmenter: &Segmenter) -> Past {
        let place = |scenario: &Scenario| rules.position(&scenario.id).map(|at| at as u32);
        let is_changed = |scenario: &Scenario| changed.position(&scenario.id).is_some();
        // Where the scenarios of before stand now; nowhere, when they are gone or changed.
        let kept: Vec<Option<u32>> = self.scenarios.iter().map(|s| place(s).filter(|_| !is_changed(s))).collect();
        let moved: Vec<Option<u32>> = changed.scenarios().iter().map(|s| place(s)).collect();
        let mut past = Past { scenarios: rules.scenarios().to_vec(), cases: FxHashMap::default() };
        for case in cases.all().iter().filter(|case| case.origin == Origin::Real) {
            let Some(before) = self.cases.get(&case.id) else { continue };
            let mut hits = before.clone();
            hits.fired = before.fired.iter().filter_map(|(at, score)| Some((kept[*at as usize]?, *score))).collect();
            if !moved.is_empty() {
                let text = Text::new(case.title.as_deref(), &case.text);
                hits.fired.extend(fired(changed, &text, segmenter).filter_map(|(at, score)| Some((moved[at]?, score))));
            }
            past.cases.insert(case.id.clone(), hits);
        }
        past
    }

    /// What rules say of a case at a level; nothing of a case that is not there.
    pub fn said(&self, case: &str, level: Level, catalog: &Catalog) -> Option<Said> {
        let hits = self.cases.get(case)?;
        let mut standings: Vec<Standing> = hits
            .fired
            .iter()
            .map(|(at, score)| Standing::new(&self.scenarios[*at as usize], *at as usize, f64::from(*score)))
            .collect();
        standings.sort_by(|a, b| a.compare(b).1);
        let spoken = standings.iter().map(|standing| &*self.scenarios[standing.scenario]);
        let place = Spoken { catalog, region: hits.region.as_deref(), day: hits.opened_on.unwrap_or(civil::Date::MAX) };
        Some(said(spoken, &place, level))
    }
}

impl CaseHits {
    fn of(case: &Case, text: &Text, catalog: &Catalog) -> CaseHits {
        let region = place(catalog, text, case.district.as_deref()).region.map(|region| region.id.clone());
        CaseHits { region, opened_on: case.opened_on.map(|day| day.0), fired: Vec::new() }
    }
}

/// The scenarios that fire on a text, with their specificity.
fn fired<'a>(rules: &Compiled, text: &'a Text, segmenter: &'a Segmenter) -> impl Iterator<Item = (usize, f32)> + 'a {
    let found = rules.matches(text);
    found.into_iter().map(move |found| (found.scenario, specificity(text, segmenter, &found) as f32))
}
