//! What a bundle's cases taught: read from the cache, learned here when asked to, weighed against the rules of now.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::cache::Cache;
use crate::catalog::Catalog;
use crate::decide::learned::{Learned, Level, Progress, Taught};
use crate::decide::{Past, Settings};
use crate::knowledge::Cases;
use crate::rules::{Compiled, Scenario, Vocabulary};
use crate::text::Segmenter;

/// Whether a bundle knows what its own cases teach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LearningState {
    /// Too few real cases are labelled.
    #[default]
    Nothing,
    /// It does.
    Ready,
    /// It uses what earlier cases taught, and the votes of its own.
    Stale,
    /// It does not yet: its cases vote, and that is all.
    Missing,
}

/// How far learning is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learning {
    /// Whether the bundle knows what its cases teach.
    pub state: LearningState,
    /// What names the lessons: a hash of all that they are made of.
    pub key: String,
}

/// Is told of every step of learning, and ends it by giving `false`.
pub type OnProgress = Box<dyn Fn(Progress) -> bool + Send>;

/// All that lessons are learned and weighed from.
pub(super) struct Material<'a> {
    /// What names the lessons.
    pub(super) key: String,
    /// What names terms and shared conditions.
    pub(super) vocabulary_key: String,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) cases: &'a Arc<Cases>,
    pub(super) segmenter: &'a Segmenter,
    pub(super) catalog: &'a Arc<Catalog>,
    pub(super) rules: &'a Arc<Compiled>,
    pub(super) settings: &'a Settings,
}

/// What was learned before and what it was weighed against, for the next load.
#[derive(Default)]
pub(super) struct Lessons {
    taught: Option<(String, Arc<Taught>)>,
    past: Option<PastOf>,
    /// Learns what is missing, while the load waits.
    pub(super) learn: Option<OnProgress>,
    /// Leaves learning out altogether.
    pub(super) leave_out: bool,
}

/// What rules said of past cases, and what that depended on.
struct PastOf {
    rules: Arc<Compiled>,
    catalog: Arc<Catalog>,
    cases: Arc<Cases>,
    vocabulary_key: String,
    past: Past,
}

impl Lessons {
    /// Takes over what was learned elsewhere for lessons of this name.
    pub(super) fn take(&mut self, key: String, taught: Arc<Taught>) {
        self.taught = Some((key, taught));
    }

    /// What the cases taught, weighed; nothing where too few are labelled, or nothing is known yet.
    pub(super) fn learned(&mut self, material: &Material<'_>, cache: &Cache) -> (Option<Arc<Learned>>, Learning) {
        let state = |state| Learning { state, key: material.key.clone() };
        if self.leave_out || !Taught::is_possible(material.cases.all()) {
            return (None, Learning::default());
        }
        let ready = self.taught.as_ref().is_some_and(|(key, _)| *key == material.key);
        let found = if ready { None } else { cache.taught(&material.key) };
        let found =
            found.or_else(|| self.learn.as_ref().filter(|_| !ready).and_then(|told| learn(material, cache, told)));
        if let Some(taught) = found {
            self.taught = Some((material.key.clone(), Arc::new(taught)));
        }
        let Some((key, taught)) = self.taught.clone() else { return (None, state(LearningState::Missing)) };
        let learned = Arc::new(self.weigh(taught, material));
        (Some(learned), state(if key == material.key { LearningState::Ready } else { LearningState::Stale }))
    }

    fn weigh(&mut self, taught: Arc<Taught>, material: &Material<'_>) -> Learned {
        self.listen(material);
        let past = self.past.as_ref().map(|past| &past.past);
        weigh(taught, material.cases, material.catalog, material.settings, past)
    }

    /// Hears what rules say of past cases: all of them, or those that an edit changed.
    fn listen(&mut self, material: &Material<'_>) {
        let Material { cases, segmenter, catalog, rules, .. } = material;
        let before = self.past.take().filter(|before| {
            Arc::ptr_eq(&before.cases, cases)
                && Arc::ptr_eq(&before.catalog, catalog)
                && before.vocabulary_key == material.vocabulary_key
        });
        let again = before.and_then(|before| {
            let changed = changed(&before.rules, rules);
            // Not worth it, when most have changed.
            if changed.len() * 2 > rules.scenarios().len() {
                return None;
            }
            let changed = Compiled::new(changed, material.vocabulary, segmenter, Some(rules), &mut Vec::new())?;
            Some(before.past.after(cases, rules, &changed, segmenter))
        });
        let past = again.unwrap_or_else(|| Past::new(cases, rules, catalog, segmenter));
        self.past = Some(PastOf {
            rules: Arc::clone(rules),
            catalog: Arc::clone(catalog),
            cases: Arc::clone(cases),
            vocabulary_key: material.vocabulary_key.clone(),
            past,
        });
    }
}

/// Weighs what cases taught against what rules said of them, with the departments of a catalogue.
pub fn weigh(
    taught: Arc<Taught>,
    cases: &Cases,
    catalog: &Catalog,
    settings: &Settings,
    past: Option<&Past>,
) -> Learned {
    let departments: Vec<String> = catalog.departments().iter().map(|department| department.id.clone()).collect();
    let target = |department: &str| {
        let own = catalog.department(department).and_then(|department| department.bar);
        own.map_or(settings.target, |bar| bar.target)
    };
    let said = |case: &str, level: Level| past?.said(case, level, catalog);
    let canonical = |level: Level, label: &str| canonical(catalog, level, label);
    Learned::weigh(taught, cases, &canonical, &departments, &said, &target)
}

/// The scenarios that were not there before, or not so.
fn changed(before: &Compiled, now: &Compiled) -> Vec<Arc<Scenario>> {
    let is_same = |scenario: &Arc<Scenario>| {
        before.position(&scenario.id).is_some_and(|at| Arc::ptr_eq(&before.scenarios()[at], scenario))
    };
    now.scenarios().iter().filter(|scenario| !is_same(scenario)).cloned().collect()
}

/// The name under which a label is known: departments and units by their id, whatever name a case has.
pub fn canonical(catalog: &Catalog, level: Level, label: &str) -> String {
    let department = match level {
        Level::Department | Level::Unit => catalog.department_named(label),
        Level::Scenario | Level::Category => None,
    };
    department.map_or_else(|| label.to_owned(), |department| department.id.clone())
}

fn learn(material: &Material<'_>, cache: &Cache, told: &OnProgress) -> Option<Taught> {
    let canonical = |level: Level, label: &str| canonical(material.catalog, level, label);
    let taught = Taught::teach(material.cases, material.segmenter, &Level::ALL, &canonical, told)?;
    cache.keep_taught(&material.key, &taught);
    Some(taught)
}
