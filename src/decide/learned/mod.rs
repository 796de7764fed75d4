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
mod tests;
mod weigh;
mod weighed;

use std::sync::Arc;

pub use lessons::{Canonical, Neighbour, neighbour};
pub use level::Level;
pub use said::{Record, Said, Saying};
pub use teach::{LEAST_CASES, Progress, Taught};

use jiff::civil;
use lessons::{Labels, neighbours};
use scores::Scores;
use weigh::{Below, candidates};
use weighed::{Ranked, Weighed};

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
    levels: Vec<(Weighed, Labels)>,
    /// For each department the confidence from which on it may be dispatched to.
    department_bars: Vec<Option<f64>>,
}

impl Learned {
    /// Weighs what was taught. `cases` are those that vote now, taught or not; `more` are departments that no case may
    /// have had yet; `said` tells what is said of a case that taught, by id, beside what cases say.
    pub fn weigh(
        taught: Arc<Taught>,
        cases: &Cases,
        canonical: Canonical<'_>,
        more: &[String],
        said: &dyn Fn(&str, Level) -> Option<Said>,
        target: &dyn Fn(&str) -> f64,
    ) -> Learned {
        let mut levels: Vec<(Weighed, Labels)> = Vec::new();
        for own in &taught.levels {
            let more = if own.level == Level::Department { more } else { &[] };
            let labels = Labels::new(own.level, cases.all(), &own.names, more, canonical);
            let above = taught.levels.iter().position(|other| Some(other.level) == own.level.above());
            let said = |case: u32| said(&taught.cases[case as usize], own.level);
            let above = above.and_then(|above| levels.get(above)).map(|(weighed, _)| weighed);
            let weighed = Weighed::fit(own, &labels, taught.cases.len(), above, &said);
            levels.push((weighed, labels));
        }
        let mut learned = Learned { taught, levels, department_bars: Vec::new() };
        let at = learned.taught.levels.iter().position(|own| own.level == Level::Department);
        if let Some((weighed, labels)) = at.map(|at| &learned.levels[at]) {
            let bar = |(label, name): (u32, &String)| weighed.bars.of_label(label, target(name));
            learned.department_bars = (0..).zip(&labels.names).map(bar).collect();
        }
        learned
    }

    /// The confidence from which on a department, by its number, may be dispatched to; none where nothing earned it.
    pub fn department_bar(&self, department: u32) -> Option<f64> {
        self.department_bars.get(department as usize).copied().flatten()
    }

    /// The words of a text that speak most for a label, with what each adds to its score; the strongest first.
    pub fn words(
        &self,
        text: &Text,
        segmenter: &Segmenter,
        level: Level,
        label: u32,
        most: usize,
    ) -> Vec<(std::ops::Range<u32>, f32)> {
        let Some(taught) = self.taught.levels.iter().find(|taught| taught.level == level) else { return Vec::new() };
        let weight = |feature: u32| taught.linear.weight(feature, label as usize);
        self.taught.vocabulary.words(text, segmenter, level, weight, most)
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
        self.judge_with(text, segmenter, &neighbours, &|_| Said::default())
    }

    /// The same, where the nearest cases are known already and rules have spoken.
    pub fn judge_with(
        &self,
        text: &Text,
        segmenter: &Segmenter,
        neighbours: &[Neighbour],
        said: Saying<'_>,
    ) -> Vec<Judgement<'_>> {
        let features = self.taught.vocabulary.features(text, segmenter);
        let levels = &self.taught.levels;
        let scores: Vec<Scores> =
            levels.iter().map(|taught| Scores::of(&taught.linear.scores(features.of(taught.level)))).collect();
        let mut thought: Vec<Ranked> = Vec::new();
        let mut judgements = Vec::new();
        for ((taught, scores_here), (weighed, labels)) in levels.iter().zip(&scores).zip(&self.levels) {
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
        let (weighed, labels) = self.levels.get(at)?;
        // Cases are kept in order of id.
        let place = self.taught.cases.binary_search_by(|id| id.as_str().cmp(case)).ok()?;
        let opinion = |(label, probability): &(u32, f64)| Opinion {
            label: &labels.names[*label as usize],
            number: *label,
            confidence: weighed.confidence(*probability),
        };
        Some(Judgement { level, opinions: weighed.left_out(place)?.iter().map(opinion).collect() })
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
        self.levels.get(at).map(|(weighed, _)| weighed)
    }
}
