//! The engine over one bundle's parts, and what it can be asked.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use super::answer;
use super::complaint::{Complaint, ComplaintError};
use super::decision::{Decision, Named};
use super::duties::Duties;
use super::given::Given;
use super::learned::{Judgement, Learned, Neighbour};
use super::place::place;
use super::prepared::Prepared;
use super::questions::Profiles;
use super::rank::{Candidate, rank, rank_again};
use super::work::Work;
use crate::catalog::Catalog;
use crate::knowledge::{Cases, Knowledge};
use crate::rules::{Compiled, Scenario, ScenarioMatch};
use crate::text::{Segmenter, Text};

/// What a bundle says about all decisions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the bundle.
    pub name: String,
    /// The hotline's number, for replies.
    pub hotline: String,
    /// The accuracy that automatic dispatch must reach.
    pub target: f64,
    /// The time zone of deadlines and notices.
    pub time_zone: jiff::tz::TimeZone,
}

/// Everything a decision is made from.
pub struct Parts {
    /// The scenarios' conditions, compiled.
    pub rules: Arc<Compiled>,
    /// The scenarios with their templates, in any order.
    pub prepared: Vec<Arc<Prepared>>,
    /// Departments, regions, responsibility, calendar.
    pub catalog: Arc<Catalog>,
    /// Articles, notices, cases.
    pub knowledge: Knowledge,
    /// The segmenter with the bundle's dictionary.
    pub segmenter: Segmenter,
    /// What cases taught, where enough are labelled.
    pub learned: Option<Arc<Learned>>,
    /// The bundle's settings.
    pub settings: Settings,
    /// The bundle's revision.
    pub revision: String,
}

/// How to decide.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Leave everything learned out: where no rule speaks, past cases suggest nothing.
    pub rules_only: bool,
}

/// The engine over one bundle's parts. Immutable; shared by all threads.
pub struct Engine {
    pub(super) rules: Arc<Compiled>,
    /// In the order of the compiled scenarios.
    pub(super) prepared: Vec<Arc<Prepared>>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) knowledge: Knowledge,
    pub(super) segmenter: Segmenter,
    pub(super) learned: Option<Arc<Learned>>,
    pub(super) settings: Settings,
    pub(super) revision: String,
    pub(super) duties: Arc<Duties>,
    /// Made when somebody first asks what to ask.
    profiles: Arc<OnceLock<Profiles>>,
}

impl Engine {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Engine {
        let Parts { rules, mut prepared, catalog, knowledge, segmenter, learned, settings, revision } = parts;
        prepared.sort_by(|a, b| a.scenario.id.cmp(&b.scenario.id));
        let duties = Arc::new(Duties::new(&catalog, &segmenter));
        Engine {
            rules,
            prepared,
            catalog,
            knowledge,
            segmenter,
            learned,
            settings,
            revision,
            duties,
            profiles: Arc::default(),
        }
    }

    /// The compiled rules.
    pub fn rules(&self) -> &Arc<Compiled> {
        &self.rules
    }

    /// Departments, regions, responsibility, calendar.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Articles, notices, cases.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The segmenter with the bundle's dictionary.
    pub fn segmenter(&self) -> &Segmenter {
        &self.segmenter
    }

    /// What cases taught, where enough are labelled.
    pub fn learned(&self) -> Option<&Learned> {
        self.learned.as_deref()
    }

    /// The bundle's settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The bundle's revision.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The same engine with other cases and what they taught.
    #[must_use]
    pub fn with_cases(&self, cases: Arc<Cases>, learned: Arc<Learned>) -> Engine {
        Engine {
            rules: Arc::clone(&self.rules),
            prepared: self.prepared.clone(),
            catalog: Arc::clone(&self.catalog),
            knowledge: Knowledge { reference: Arc::clone(&self.knowledge.reference), cases },
            segmenter: self.segmenter.clone(),
            learned: Some(learned),
            settings: self.settings.clone(),
            revision: self.revision.clone(),
            duties: Arc::clone(&self.duties),
            profiles: Arc::clone(&self.profiles),
        }
    }

    /// Decides a complaint. Fails only when a field is out of bounds or nothing can be read in it.
    pub fn decide(&self, complaint: &Complaint, options: Options) -> Result<Decision, ComplaintError> {
        self.appraise(complaint, options).map(|(decision, _)| decision)
    }

    /// The scenario that leads on a text by rules alone, with what it rests on: whom [`decide`](Self::decide) names with
    /// `rules_only` where a rule fires, without the work of filling in the rest.
    pub fn leader(&self, text: &Text) -> Option<ScenarioMatch> {
        let candidates = rank(&self.rules, text, &self.segmenter, self.rules.matches(text));
        candidates.into_iter().next().map(|candidate| candidate.found)
    }

    /// Decides a complaint, and gives what cases taught about it beside the decision, level by level.
    pub fn appraise(
        &self,
        complaint: &Complaint,
        options: Options,
    ) -> Result<(Decision, Vec<Judgement<'_>>), ComplaintError> {
        complaint.check()?;
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        self.appraise_given(complaint, &text, options, Given::default())
    }

    /// The same, where something is known beforehand. `text` is that of the complaint, whose bounds were
    /// [checked](Complaint::check).
    pub fn appraise_given(
        &self,
        complaint: &Complaint,
        text: &Text,
        options: Options,
        given: Given<'_>,
    ) -> Result<(Decision, Vec<Judgement<'_>>), ComplaintError> {
        if text.normalised().trim().is_empty() {
            return Err(ComplaintError::Empty);
        }
        let work = self.work(complaint, text, given);
        let (decision, opinions) = work.decide(options);
        Ok((decision, opinions.0))
    }

    /// The scenarios that fire on the text of a complaint in the order in which [`decide`](Self::decide) puts them, the
    /// leader first, and whether they were only guessed from terms that sound alike.
    pub(super) fn ranked(&self, complaint: &Complaint, text: &Text, options: Options) -> (Vec<Candidate>, bool) {
        let work = self.work(complaint, text, Given::default());
        let (mut candidates, guessed) = work.candidates();
        let learned = self.learned.as_deref().filter(|_| !options.rules_only && candidates.len() > 1);
        let opinions = learned.map(|learned| {
            let near = self.knowledge.cases.nearest_places(work.query(), Neighbour::MOST, |_| true);
            work.opinions(learned, &learned.features(text, &self.segmenter), &candidates, &near)
        });
        let opinions = opinions.unwrap_or_default();
        rank_again(&mut candidates, |scenario| work.probability(&opinions, scenario));
        (candidates, guessed)
    }

    /// How scenarios are talked about.
    pub(super) fn profiles(&self) -> &Profiles {
        let scenarios = || self.rules.scenarios().iter().map(AsRef::as_ref);
        self.profiles.get_or_init(|| Profiles::new(scenarios(), &self.segmenter))
    }

    /// Who is responsible for a scenario where the complaint is about.
    pub(super) fn responsible_for(&self, scenario: &Scenario, complaint: &Complaint, text: &Text) -> Option<Named> {
        let region = place(&self.catalog, text, complaint.district.as_deref()).region;
        let region = region.map(|region| region.id.as_str());
        let day = complaint.at.date();
        let row = self.catalog.responsible(&scenario.id, Some(&scenario.category), region, day)?;
        self.catalog.department(&row.lead).map(answer::department)
    }

    fn work<'t, 'a>(&'a self, complaint: &'t Complaint, text: &'t Text, given: Given<'t>) -> Work<'t, 'a> {
        Work {
            engine: self,
            complaint,
            place: place(&self.catalog, text, complaint.district.as_deref()),
            query: OnceCell::new(),
            text,
            given,
        }
    }
}
