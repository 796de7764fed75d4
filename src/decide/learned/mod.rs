//! What past cases teach: a linear model for each level, votes of near cases, and a small model that weighs them against
//! each other and against rules, calibrated on cases that were left out.
//!
//! [`Taught`] is what takes long and depends on cases alone; [`Learned`] adds what an edit of the rules may change.

mod bars;
mod features;
mod lessons;
mod level;
mod passages;
mod said;
mod scores;
mod teach;
#[cfg(test)]
pub(super) mod tests;
mod weigh;
mod weighed;

use std::sync::Arc;

pub use features::Features;
pub use lessons::{Canonical, Neighbour, neighbour};
pub use level::Level;
pub use said::{Record, Said, Saying};
pub use teach::{Examples, LEAST_CASES, Progress, Taught};

use jiff::civil;
use serde::{Deserialize, Serialize};

use lessons::{Labels, neighbours};
use scores::Scores;
use weigh::{Below, candidates};
use weighed::{Ranked, Thoughts, Weighed};

use crate::knowledge::Cases;
use crate::text::{Segmenter, Text};

/// One label with its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion<'a> {
    /// The label.
    pub label: &'a str,
    /// Its number among the labels of the level.
    pub number: u32,
    /// The probability that it is right, calibrated.
    pub confidence: f64,
}

/// What is thought of one text at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement<'a> {
    /// The level.
    pub level: Level,
    /// Labels, the most probable first.
    pub opinions: Vec<Opinion<'a>>,
}

/// What cases teach, weighed.
#[derive(Clone, Debug)]
pub struct Learned {
    taught: Arc<Taught>,
    labels: Vec<Labels>,
    weighing: Arc<Weighing>,
}

/// What weighing gives: small, and depending on rules, so that it is kept beside what was taught.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Weighing {
    levels: Vec<Weighed>,
    /// For each level what is thought of each case that taught, by models that had not seen it.
    left_out: Vec<Vec<Option<Ranked>>>,
    /// For each department the confidence from which on it may be dispatched to.
    department_bars: Vec<Option<f64>>,
}

impl Learned {
    /// Weighs what was taught, on examples. `cases` are those that vote now, taught or not; `more` are departments that no
    /// case may have had yet; `said` tells what is said of a case that taught, by id, beside what cases say.
    pub fn weigh(
        taught: Arc<Taught>,
        examples: &Examples,
        cases: &Cases,
        canonical: Canonical<'_>,
        more: &[String],
        said: &dyn Fn(&str, Level) -> Option<Said>,
        target: &dyn Fn(&str) -> f64,
    ) -> Learned {
        let labels = taught.labels(cases, canonical, more);
        let mut thoughts: Vec<Thoughts> = Vec::new();
        let mut weighing = Weighing::default();
        for ((own, examples), labels) in taught.levels.iter().zip(&examples.levels).zip(&labels) {
            let above = taught.levels.iter().position(|other| Some(other.level) == own.level.above());
            let above = above.and_then(|above| thoughts.get(above));
            let said = |case: u32| said(&taught.cases[case as usize], own.level);
            let (weighed, thought) = Weighed::fit(own, examples, labels, taught.cases.len(), above, &said);
            if own.level == Level::Department {
                let bar = |(label, name): (u32, &String)| weighed.bars.of_label(label, target(name));
                weighing.department_bars = (0..).zip(&labels.names).map(bar).collect();
            }
            weighing.levels.push(weighed);
            thoughts.push(thought);
        }
        weighing.left_out = thoughts.into_iter().map(|thoughts| thoughts.held_out).collect();
        Learned { taught, labels, weighing: Arc::new(weighing) }
    }

    /// With what was weighed before, of the same lessons, cases, departments and rules; none where it cannot be of these.
    pub fn weighed_before(
        taught: Arc<Taught>,
        weighing: Weighing,
        cases: &Cases,
        canonical: Canonical<'_>,
        more: &[String],
    ) -> Option<Learned> {
        let labels = taught.labels(cases, canonical, more);
        (weighing.levels.len() == taught.levels.len()).then(|| Learned { taught, labels, weighing: Arc::new(weighing) })
    }

    /// What weighing gave, to be kept.
    pub fn weighing(&self) -> &Arc<Weighing> {
        &self.weighing
    }

    /// The confidence from which on a department, by its number, may be dispatched to; none where nothing earned it.
    pub fn department_bar(&self, department: u32) -> Option<f64> {
        self.weighing.department_bars.get(department as usize).copied().flatten()
    }

    /// What is seen of a text, made once and used for all that follows.
    pub fn features(&self, text: &Text, segmenter: &Segmenter) -> Features {
        self.taught.vocabulary.features(text, segmenter)
    }

    /// The words of a text that speak most for a label, with what each adds to its score; the strongest first.
    pub fn words(
        &self,
        text: &Text,
        segmenter: &Segmenter,
        features: &Features,
        level: Level,
        label: u32,
        most: usize,
    ) -> Vec<(std::ops::Range<u32>, f32)> {
        let Some(taught) = self.taught.levels.iter().find(|taught| taught.level == level) else { return Vec::new() };
        let weight = |feature: u32| taught.linear.weight(feature, label as usize);
        features::words(features, text, segmenter, level, weight, most)
    }

    /// How often a rule led on the cases of a level, and was right.
    pub fn record(&self, level: Level, rule: &str) -> Record {
        self.weighed(level).map(|weighed| weighed.record(rule)).unwrap_or_default()
    }

    /// The levels that were learned.
    pub fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.taught.levels.iter().map(|level| level.level)
    }

    /// What is thought of a text that came in on a day, level by level.
    pub fn judge(
        &self,
        text: &Text,
        segmenter: &Segmenter,
        cases: &Cases,
        day: Option<civil::Date>,
    ) -> Vec<Judgement<'_>> {
        let neighbours = neighbours(cases, text, segmenter, day, |_| true);
        self.judge_with(text, &self.features(text, segmenter), &neighbours, &|_| Said::default())
    }

    /// The same, where the nearest cases are known already and rules have spoken.
    pub fn judge_with(
        &self,
        text: &Text,
        features: &Features,
        neighbours: &[Neighbour],
        said: Saying<'_>,
    ) -> Vec<Judgement<'_>> {
        let levels = &self.taught.levels;
        let scores: Vec<Scores> =
            levels.iter().map(|taught| Scores::of(&taught.linear.scores(features.of(taught.level)))).collect();
        let mut thought: Vec<Ranked> = Vec::new();
        let mut judgements = Vec::new();
        let weighed = self.weighing.levels.iter().zip(&self.labels);
        for ((taught, scores_here), (weighed, labels)) in levels.iter().zip(&scores).zip(weighed) {
            let below = levels.iter().position(|other| other.level.above() == Some(taught.level));
            let below = below.and_then(|at| Some(Below { scores: &scores[at], parents: taught.below.as_deref()? }));
            let (frequencies, normalised) = (&taught.frequencies, text.normalised());
            let candidates = candidates(labels, frequencies, scores_here, neighbours, normalised, below.as_ref());
            let above = self.taught.levels.iter().position(|other| Some(other.level) == taught.level.above());
            let ranked = weighed.rank(
                taught,
                labels,
                &candidates,
                above.and_then(|above| thought.get(above)),
                &said(taught.level),
            );
            let opinion = |(label, probability): &(u32, f64)| Opinion {
                label: &labels.names[*label as usize],
                number: *label,
                confidence: weighed.confidence(*probability),
            };
            judgements.push(Judgement { level: taught.level, opinions: ranked.iter().map(opinion).collect() });
            thought.push(ranked);
        }
        judgements
    }

    /// What is thought of a case that taught, by models that had not seen it or a near-copy, and with its own vote left out;
    /// none where the case taught nothing at this level.
    pub fn left_out(&self, case: &str, level: Level) -> Option<Judgement<'_>> {
        let at = self.taught.levels.iter().position(|taught| taught.level == level)?;
        let (weighed, labels) = (self.weighing.levels.get(at)?, self.labels.get(at)?);
        // Cases are kept in order of id.
        let place = self.taught.cases.binary_search_by(|id| id.as_str().cmp(case)).ok()?;
        let opinion = |(label, probability): &(u32, f64)| Opinion {
            label: labels.names.get(*label as usize).map_or("", String::as_str),
            number: *label,
            confidence: weighed.confidence(*probability),
        };
        let ranked = self.weighing.left_out.get(at)?.get(place)?.as_ref()?;
        Some(Judgement { level, opinions: ranked.iter().map(opinion).collect() })
    }

    /// The bar of a level for a target: from which confidence on its answers reach it, for all labels together.
    pub fn bar(&self, level: Level, target: f64) -> Option<f64> {
        self.weighed(level)?.bars.pooled(target)
    }

    /// The same for one label.
    pub fn bar_of(&self, level: Level, label: u32, target: f64) -> Option<f64> {
        self.weighed(level)?.bars.of_label(label, target)
    }

    fn weighed(&self, level: Level) -> Option<&Weighed> {
        let at = self.taught.levels.iter().position(|taught| taught.level == level)?;
        self.weighing.levels.get(at)
    }
}
