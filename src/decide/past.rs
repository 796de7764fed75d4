//! What rules say of past cases, kept from one edit to the next, and between runs.
//!
//! An edit changes a few scenarios; only these are matched against the cases again, and what the others said is taken
//! over. What a scenario says depends on its file, on the terms and conditions that files share, and on the dictionary:
//! whoever keeps it names it by these.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::duties::Duties;
use super::heard::{Spoken, said};
use super::learned::{Level, Said};
use super::place::place;
use super::rank::{Standing, specificity};
use crate::catalog::Catalog;
use crate::knowledge::{Case, Cases, Origin, Query};
use crate::rules::{Compiled, Scenario};
use crate::text::{Segmenter, Text};

/// What each scenario says of the real cases, and where these are: all that is to be found out by reading the cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Firings {
    /// By the name of the scenario: the cases it fires on, by their place, with its specificity in nats.
    of_scenario: BTreeMap<String, Vec<(u32, f32)>>,
    /// What the regions were found with.
    catalog_key: String,
    /// For each case the region it is in, and the departments whose duties it touches, by their place.
    places: Vec<CasePlace>,
}

/// The region of a case, and the departments whose duties it touches, by their place in the catalogue.
type CasePlace = (Option<String>, Vec<(u32, f32)>);

/// Rules and what they are heard on.
pub struct Hearing<'a> {
    /// The cases.
    pub cases: &'a Cases,
    /// All scenarios.
    pub rules: &'a Compiled,
    /// What names each scenario, in the order of `rules`.
    pub names: &'a [String],
    /// Departments and regions.
    pub catalog: &'a Catalog,
    /// What names the regions.
    pub catalog_key: &'a str,
    /// The segmenter.
    pub segmenter: &'a Segmenter,
    /// Compiles some of the scenarios by themselves.
    pub compile: &'a dyn Fn(Vec<Arc<Scenario>>) -> Option<Compiled>,
}

impl Firings {
    /// The same after an edit: hears what is not known yet and forgets what is gone. Gives whether anything was new.
    pub fn hear(&mut self, hearing: &Hearing<'_>) -> bool {
        let Hearing { cases, rules, names, catalog, segmenter, .. } = hearing;
        let mut before = std::mem::take(&mut self.of_scenario);
        let mut new = Vec::new();
        for (scenario, name) in rules.scenarios().iter().zip(*names) {
            match before.remove(name) {
                Some(firings) => drop(self.of_scenario.insert(name.clone(), firings)),
                None => new.push((scenario, name)),
            }
        }
        let moved = self.catalog_key != hearing.catalog_key || self.places.len() != cases.all().len();
        if new.is_empty() && !moved {
            return !before.is_empty();
        }
        // Compiling a part is not worth it, when it is most.
        let part = (new.len() * 2 <= names.len())
            .then(|| (hearing.compile)(new.iter().map(|(scenario, _)| Arc::clone(scenario)).collect()))
            .flatten();
        let compiled = part.as_ref().unwrap_or(rules);
        let mut heard: Vec<Vec<(u32, f32)>> = vec![Vec::new(); compiled.scenarios().len()];
        let mut places = Vec::with_capacity(if moved { cases.all().len() } else { 0 });
        let duties = if moved { Duties::new(catalog, segmenter) } else { Duties::default() };
        for (at, case) in (0..).zip(cases.all()) {
            let real = case.origin == Origin::Real;
            // Reading is what takes long.
            let text = real.then(|| Text::new(case.title.as_deref(), &case.text));
            if moved {
                let region = text.as_ref().and_then(|text| place(catalog, text, case.district.as_deref()).region);
                let duties = text.as_ref().map(|text| duties.of(&Query::from_text(text, segmenter)));
                places.push((region.map(|region| region.id.clone()), duties.unwrap_or_default()));
            }
            if let Some(text) = text.filter(|_| !new.is_empty()) {
                for found in compiled.matches(&text) {
                    heard[found.scenario].push((at, specificity(&text, segmenter, &found) as f32));
                }
            }
        }
        if moved {
            (self.places, self.catalog_key) = (places, hearing.catalog_key.to_owned());
        }
        for (scenario, name) in new {
            let own = compiled.position(&scenario.id).map(|at| std::mem::take(&mut heard[at]));
            self.of_scenario.insert(name.clone(), own.unwrap_or_default());
        }
        true
    }
}

/// What rules say of each real case.
#[derive(Debug, Default)]
pub struct Past {
    scenarios: Vec<Arc<Scenario>>,
    cases: FxHashMap<String, CaseHits>,
}

/// The scenarios that fire on one case.
#[derive(Clone, Debug, Default, PartialEq)]
struct CaseHits {
    region: Option<String>,
    duties: Vec<(u32, f32)>,
    opened_on: Option<civil::Date>,
    /// Numbers of scenarios with their specificity in nats.
    fired: Vec<(u32, f32)>,
}

impl Past {
    /// Matches all cases against all scenarios.
    pub fn new(cases: &Cases, rules: &Compiled, catalog: &Catalog, segmenter: &Segmenter) -> Past {
        let names: Vec<String> = rules.scenarios().iter().map(|scenario| scenario.id.clone()).collect();
        let compile = |_| None;
        let hearing = Hearing { cases, rules, names: &names, catalog, catalog_key: "", segmenter, compile: &compile };
        let mut firings = Firings::default();
        firings.hear(&hearing);
        Past::of(&firings, &hearing)
    }

    /// What was heard, case by case.
    pub fn of(firings: &Firings, hearing: &Hearing<'_>) -> Past {
        let all = hearing.cases.all();
        let hits = |(at, case): (usize, &Case)| {
            let (region, duties) = firings.places.get(at).cloned().unwrap_or_default();
            CaseHits { region, duties, opened_on: case.opened_on.map(|day| day.0), fired: Vec::new() }
        };
        let mut of_case: Vec<CaseHits> = all.iter().enumerate().map(hits).collect();
        for (scenario, name) in (0..).zip(hearing.names) {
            for (case, specificity) in firings.of_scenario.get(name).into_iter().flatten() {
                if let Some(hits) = of_case.get_mut(*case as usize) {
                    hits.fired.push((scenario, *specificity));
                }
            }
        }
        let real = all.iter().zip(of_case).filter(|(case, _)| case.origin == Origin::Real);
        let cases = real.map(|(case, hits)| (case.id.clone(), hits)).collect();
        Past { scenarios: hearing.rules.scenarios().to_vec(), cases }
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
        let place = Spoken {
            catalog,
            region: hits.region.as_deref(),
            day: hits.opened_on.unwrap_or(civil::Date::MAX),
            duties: &hits.duties,
        };
        Some(said(spoken, &place, level))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::cell::Cell;

    use super::*;
    use crate::catalog::CatalogFiles;
    use crate::decide::learned::tests::case;
    use crate::rules::Vocabulary;
    use crate::source::Document;

    /// Scenarios of an id and its terms.
    fn compiled(scenarios: &[(&str, &str)]) -> Compiled {
        let read = |(id, terms): &(&str, &str)| {
            let text = format!(
                "id: {id}\ntitle: {id}\ncategory: 城乡建设\nwhen: {{any: [{terms}]}}\ndeadline: 24 hours\n\
                 reply: 已收到。\nexamples: {{match: [小区门口的路灯坏了很久没有人修]}}\n"
            );
            let document = Document::parse(&format!("rules/scenarios/{id}.yaml"), &text, &mut Vec::new()).unwrap();
            let mut diagnostics = Vec::new();
            let scenario = Scenario::read(&document, &mut diagnostics);
            Arc::new(scenario.unwrap_or_else(|| panic!("{diagnostics:?}")))
        };
        compile(scenarios.iter().map(read).collect()).unwrap()
    }

    fn compile(scenarios: Vec<Arc<Scenario>>) -> Option<Compiled> {
        Compiled::new(scenarios, &Vocabulary::default(), &Segmenter::new([]), None, &mut Vec::new())
    }

    /// A name for each scenario: what stands in its file.
    fn names(rules: &Compiled) -> Vec<String> {
        rules.scenarios().iter().map(|scenario| scenario.source.text.clone()).collect()
    }

    #[test]
    fn an_edit_is_heard_as_if_everything_were_heard_again() {
        let segmenter = Segmenter::new([]);
        let texts = ["路灯不亮", "水管漏水,路灯也坏了", "噪音扰民", "水管爆裂", "没有这回事", "井盖丢了,路灯不亮"];
        let all = texts.iter().enumerate().map(|(at, text)| case(&format!("{at}"), text, None)).collect();
        let cases = Cases::in_memory(all, &segmenter).unwrap();
        let catalog = Catalog::load(&CatalogFiles::default(), &mut Vec::new()).unwrap();
        let mut firings = Firings::default();
        let asked = Cell::new(0);
        let (light, pipe, noise, cover) = ("a/light", "b/pipe", "c/noise", "d/cover");
        // Each step: the scenarios there are then, whether anything is new, and how many are compiled by themselves.
        for (step, (scenarios, new, apart)) in [
            (&[(light, "路灯"), (pipe, "水管"), (noise, "噪音")][..], true, 0),
            (&[(light, "路灯"), (pipe, "水管"), (noise, "噪音")], false, 0),
            (&[(light, "路灯"), (pipe, "水管爆裂"), (noise, "噪音")], true, 1),
            (&[(light, "路灯"), (pipe, "水管爆裂"), (noise, "噪音"), (cover, "井盖")], true, 1),
            (&[(pipe, "水管爆裂"), (noise, "噪音"), (cover, "井盖")], true, 0),
            (&[(light, "坏"), (pipe, "漏水"), (noise, "扰民"), (cover, "丢了")], true, 0),
            (&[], true, 0),
        ]
        .into_iter()
        .enumerate()
        {
            let rules = compiled(scenarios);
            let names = names(&rules);
            asked.set(0);
            let part = |changed: Vec<Arc<Scenario>>| {
                asked.set(changed.len());
                compile(changed)
            };
            let hearing = Hearing {
                cases: &cases,
                rules: &rules,
                names: &names,
                catalog: &catalog,
                catalog_key: "",
                segmenter: &segmenter,
                compile: &part,
            };
            assert_eq!((firings.hear(&hearing), asked.get()), (new, apart), "step {step}");
            let again = Past::new(&cases, &rules, &catalog, &segmenter);
            assert_eq!(Past::of(&firings, &hearing).cases, again.cases, "step {step}");
            assert!(step > 3 || again.cases["1"].fired.len() == 2 - usize::from(step > 1), "step {step}");
        }
    }
}
