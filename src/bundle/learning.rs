//! What a bundle's cases taught: read from the cache, learned here when asked to, weighed against the rules of now.

use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::cache::Cache;
use super::snapshot;
use crate::catalog::Catalog;
use crate::decide::learned::{Examples, Learned, Level, Progress, Taught};
use crate::decide::{Firings, Hearing, Past, Settings};
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
    /// What names the lessons of earlier cases, where these are used.
    pub lessons: Option<String>,
}

/// Is told of every step of learning, and ends it by giving `false`.
pub type OnProgress = Box<dyn Fn(Progress) -> bool + Send>;

/// All that lessons are learned and weighed from.
pub(super) struct Material<'a> {
    /// What names the lessons.
    pub(super) key: String,
    /// What names all else that weighing depends on: scenarios, terms, responsibility, regions, settings.
    pub(super) rules_key: String,
    /// What names the cases and the dictionary.
    pub(super) cases_key: String,
    /// What names departments and regions.
    pub(super) catalog_key: String,
    /// What names terms, shared conditions and the dictionary.
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
    /// Read when something is to be weighed.
    examples: Option<(String, Arc<Examples>)>,
    /// By the name of the cases.
    firings: Option<(String, Firings)>,
    /// Learns what is missing, while the load waits.
    pub(super) learn: Option<OnProgress>,
    /// Leaves learning out altogether.
    pub(super) leave_out: bool,
    /// Which lessons may be used.
    pub(super) wanted: WantedLessons,
}

/// Which lessons a bundle is loaded with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WantedLessons {
    /// Its own, or else the best there are.
    #[default]
    Best,
    /// None, as where nothing had been learned yet.
    None,
    /// Those of this name, as where its own cases had not been learned from yet.
    Of(String),
}

impl Lessons {
    /// Takes over what was learned elsewhere for lessons of this name.
    pub(super) fn take(&mut self, key: String, taught: Arc<Taught>, examples: Arc<Examples>) {
        self.examples = Some((key.clone(), examples));
        self.taught = Some((key, taught));
    }

    /// What the cases taught, weighed; nothing where too few are labelled, or nothing is known yet.
    pub(super) fn learned(&mut self, material: &Material<'_>, cache: &Cache) -> (Option<Arc<Learned>>, Learning) {
        let state = |state| Learning { state, key: material.key.clone(), lessons: None };
        if self.leave_out || !Taught::is_possible(material.cases.all()) {
            return (None, Learning::default());
        }
        self.find(material, cache);
        let weighed = |own: &mut Self, (key, taught): (String, Arc<Taught>)| {
            let learned = Arc::new(own.weigh(&key, taught, material, cache)?);
            let learning = match key == material.key {
                true => state(LearningState::Ready),
                false => Learning { lessons: Some(key), ..state(LearningState::Stale) },
            };
            Some((Some(learned), learning))
        };
        self.taught.clone().and_then(|taught| weighed(self, taught)).unwrap_or((None, state(LearningState::Missing)))
    }

    /// Sees that what these cases taught is at hand, if it can be had.
    fn find(&mut self, material: &Material<'_>, cache: &Cache) {
        match &self.wanted {
            WantedLessons::Best => {}
            WantedLessons::None => return self.taught = None,
            WantedLessons::Of(key) => {
                if self.taught.as_ref().is_none_or(|(own, _)| own != key) {
                    self.taught = cache.taught(key).map(|taught| (key.clone(), Arc::new(taught)));
                }
                return;
            }
        }
        if self.taught.as_ref().is_some_and(|(key, _)| *key == material.key) {
            return;
        }
        if let Some(taught) = cache.taught(&material.key) {
            self.taught = Some((material.key.clone(), Arc::new(taught)));
        } else if let Some((taught, examples)) = self.learn.as_ref().and_then(|told| learn(material, cache, told)) {
            self.take(material.key.clone(), Arc::new(taught), Arc::new(examples));
        }
    }

    /// Weighs what was taught, unless that has been done before; none where the examples for it are gone.
    fn weigh(&mut self, key: &str, taught: Arc<Taught>, material: &Material<'_>, cache: &Cache) -> Option<Learned> {
        let catalog = material.catalog;
        let name = format!("{}-{}-{}", short(key), short(&material.key), short(&material.rules_key));
        if let Some(weighing) = cache.weighing(&name) {
            let canonical = |level: Level, label: &str| canonical(catalog, level, label);
            let more = departments(catalog);
            let before = Learned::weighed_before(Arc::clone(&taught), weighing, material.cases, &canonical, &more);
            if before.is_some() {
                return before;
            }
        }
        if self.examples.as_ref().is_none_or(|(own, _)| own != key) {
            self.examples = cache.examples(key, &taught).map(|examples| (key.to_owned(), Arc::new(examples)));
        }
        let (_, examples) = self.examples.clone()?;
        let past = self.listen(material, cache);
        let learned = weigh(taught, &examples, material.cases, catalog, material.settings, Some(&past));
        cache.keep_weighing(&name, learned.weighing());
        Some(learned)
    }

    /// Hears what rules say of past cases: all of them, or those that an edit changed.
    fn listen(&mut self, material: &Material<'_>, cache: &Cache) -> Past {
        let Material { cases, segmenter, catalog, rules, vocabulary, cases_key, .. } = material;
        let before = self.firings.take().filter(|(key, _)| key == cases_key);
        let before = before.map(|(_, firings)| firings).or_else(|| cache.firings(cases_key));
        let mut firings = before.unwrap_or_default();
        let name = |scenario: &Arc<Scenario>| {
            let own = Sha256::digest(scenario.source.text.as_bytes());
            format!("{} {} {}", scenario.id, snapshot::hex(&own), material.vocabulary_key)
        };
        let names: Vec<String> = rules.scenarios().iter().map(name).collect();
        let compile = |changed| Compiled::new(changed, vocabulary, segmenter, Some(rules), &mut Vec::new());
        let hearing = Hearing {
            cases,
            rules,
            names: &names,
            catalog,
            catalog_key: &material.catalog_key,
            segmenter,
            compile: &compile,
        };
        if firings.hear(&hearing) {
            cache.keep_firings(cases_key, &firings);
        }
        let past = Past::of(&firings, &hearing);
        self.firings = Some((cases_key.clone(), firings));
        past
    }
}

/// Enough of a hash to name a file with two others.
fn short(key: &str) -> &str {
    key.get(..16).unwrap_or(key)
}

fn departments(catalog: &Catalog) -> Vec<String> {
    catalog.departments().iter().map(|department| department.id.clone()).collect()
}

/// Weighs what cases taught against what rules said of them, with the departments of a catalogue.
pub fn weigh(
    taught: Arc<Taught>,
    examples: &Examples,
    cases: &Cases,
    catalog: &Catalog,
    settings: &Settings,
    past: Option<&Past>,
) -> Learned {
    let target = |department: &str| {
        let own = catalog.department(department).and_then(|department| department.bar);
        own.map_or(settings.target, |bar| bar.target)
    };
    let said = |case: &str, level: Level| past?.said(case, level, catalog);
    let canonical = |level: Level, label: &str| canonical(catalog, level, label);
    Learned::weigh(taught, examples, cases, &canonical, &departments(catalog), &said, &target)
}

/// The name under which a label is known: departments and units by their id, whatever name a case has.
pub fn canonical(catalog: &Catalog, level: Level, label: &str) -> String {
    let department = match level {
        Level::Department | Level::Unit => catalog.department_named(label),
        Level::Scenario | Level::Category => None,
    };
    department.map_or_else(|| label.to_owned(), |department| department.id.clone())
}

fn learn(material: &Material<'_>, cache: &Cache, told: &OnProgress) -> Option<(Taught, Examples)> {
    let canonical = |level: Level, label: &str| canonical(material.catalog, level, label);
    let (taught, examples) = Taught::teach(material.cases, material.segmenter, &Level::ALL, &canonical, told)?;
    cache.keep_taught(&material.key, &taught, &examples);
    Some((taught, examples))
}
