//! What past cases teach: a linear model for each level, votes of near cases, and a small model that weighs them against
//! each other and against rules, calibrated on cases that were left out.
//!
//! [`Taught`] is what takes long and depends on cases alone; [`Learned`] adds what an edit of the rules may change.

mod bars;
mod features;
mod lessons;
mod level;
mod scores;
mod teach;
mod weigh;

use std::sync::Arc;

pub use level::Level;
pub use teach::{LEAST_CASES, Progress, Taught};

use bars::{Answer, Bars};
use lessons::{Neighbour, neighbours};
use scores::Scores;
use teach::{HeldOut, TaughtLevel};
use weigh::{Candidate, Frequencies, Heard, NUMBERS, candidates};

use crate::knowledge::{Case, Cases};
use crate::learn::{Choice, Curve, Questions};
use crate::text::{Segmenter, Text};

/// How much a weight is drawn towards its prior.
const STRENGTH: f64 = 1.0;
/// The probability of a level above that is taken for what is not among its candidates.
const FAR: f64 = 1e-3;

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
    levels: Vec<Weighed>,
}

/// One level, weighed.
#[derive(Clone, Debug)]
struct Weighed {
    frequencies: Frequencies,
    choice: Choice,
    curve: Curve,
    bars: Bars,
    /// For each label the label of the level above that its cases have most often: (place of that level, label).
    above: Option<(usize, Vec<Option<u32>>)>,
}

/// Probabilities of one level before calibration, the most probable first.
type Ranked = Vec<(u32, f64)>;

impl Learned {
    /// Weighs what was taught. Fast: only the small models are fitted.
    pub fn weigh(taught: Arc<Taught>, cases: &Cases) -> Learned {
        let mut levels: Vec<Weighed> = Vec::new();
        // For each level before, what was thought of each case.
        let mut thought: Vec<(Vec<Option<Ranked>>, Vec<Option<Ranked>>)> = Vec::new();
        for at in 0..taught.levels.len() {
            let (weighed, own) = Weighed::fit(&taught, at, cases.all(), &thought);
            levels.push(weighed);
            thought.push(own);
        }
        Learned { taught, levels }
    }

    /// The levels that were learned.
    pub fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.taught.levels.iter().map(|level| level.level)
    }

    /// What is thought of a text, level by level.
    pub fn judge(&self, text: &Text, segmenter: &Segmenter, cases: &Cases) -> Vec<Judgement<'_>> {
        let neighbours = neighbours(cases, text, segmenter, |_| true);
        self.judge_with(text, segmenter, &neighbours)
    }

    fn judge_with(&self, text: &Text, segmenter: &Segmenter, neighbours: &[Neighbour]) -> Vec<Judgement<'_>> {
        let features = self.taught.vocabulary.features(text, segmenter);
        let mut thought: Vec<Ranked> = Vec::new();
        let mut judgements = Vec::new();
        for (taught, weighed) in self.taught.levels.iter().zip(&self.levels) {
            let scores = Scores::of(&taught.linear.scores(features.iter().copied()));
            let above = |label: u32| weighed.above(label, |level| thought.get(level));
            let candidates = candidates(&Heard {
                labels: &taught.labels,
                frequencies: &weighed.frequencies,
                scores: &scores,
                neighbours,
                above: &above,
            });
            let ranked = rank(&weighed.choice, &candidates);
            let opinions = ranked.iter().map(|(label, probability)| Opinion {
                label: &taught.labels.names[*label as usize],
                number: *label,
                confidence: weighed.curve.at(*probability),
            });
            judgements.push(Judgement { level: taught.level, opinions: opinions.collect() });
            thought.push(ranked);
        }
        judgements
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
        self.levels.get(at)
    }
}

/// Candidates by probability; of equal ones the smaller label first.
fn rank(choice: &Choice, candidates: &[Candidate]) -> Ranked {
    let probabilities = choice.probabilities(candidates.iter().map(|candidate| candidate.numbers.as_slice()));
    let mut ranked: Ranked = candidates.iter().map(|candidate| candidate.label).zip(probabilities).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

impl Weighed {
    fn fit(
        taught: &Taught,
        at: usize,
        cases: &[Case],
        thought: &[(Vec<Option<Ranked>>, Vec<Option<Ranked>>)],
    ) -> (Weighed, (Vec<Option<Ranked>>, Vec<Option<Ranked>>)) {
        let own = &taught.levels[at];
        let recent: rustc_hash::FxHashSet<u32> = own.recent.iter().map(|held_out| held_out.case).collect();
        let mut weighed = Weighed {
            frequencies: Frequencies::new(&own.labels, |case| recent.contains(&(case as u32))),
            choice: Choice::default(),
            curve: Curve::default(),
            bars: Bars::default(),
            above: above(taught, at),
        };
        let recent_neighbours: rustc_hash::FxHashMap<u32, &Vec<Neighbour>> =
            taught.recent_neighbours.iter().map(|(case, neighbours)| (*case, neighbours)).collect();
        let look = |held_out: &HeldOut, late: bool| {
            let case = held_out.case as usize;
            let none = Vec::new();
            let neighbours = if late {
                recent_neighbours.get(&held_out.case).copied().unwrap_or(&none)
            } else {
                &taught.neighbours[case]
            };
            let before = |level: usize| {
                let (all, recent) = &thought[level];
                (if late { recent } else { all })[case].as_ref()
            };
            candidates(&Heard {
                labels: &own.labels,
                frequencies: &weighed.frequencies,
                scores: &held_out.scores,
                neighbours,
                above: &|label| weighed.above(label, before),
            })
        };
        let seen: Vec<_> = own.held_out.iter().map(|held_out| (held_out.case, look(held_out, false))).collect();
        let late: Vec<_> = own.recent.iter().map(|held_out| (held_out.case, look(held_out, true))).collect();
        let mut questions = Questions::new(NUMBERS);
        for (case, candidates) in &seen {
            let right = own.labels.of_case[*case as usize];
            let numbers: Vec<Vec<f32>> = candidates.iter().map(|c| c.numbers.to_vec()).collect();
            questions.push(&numbers, candidates.iter().position(|c| Some(c.label) == right));
        }
        weighed.choice = Choice::fit(&questions, &[], STRENGTH);
        let ranked = |seen: &[(u32, smallvec::SmallVec<[Candidate; 16]>)]| {
            let mut of_case: Vec<Option<Ranked>> = vec![None; cases.len()];
            for (case, candidates) in seen {
                of_case[*case as usize] = Some(rank(&weighed.choice, candidates));
            }
            of_case
        };
        let (all, recent) = (ranked(&seen), ranked(&late));
        let firsts = |of_case: &[Option<Ranked>]| -> Vec<Answer> {
            let first = |(case, ranked): (usize, &Option<Ranked>)| {
                let (label, confidence) = *ranked.as_ref()?.first()?;
                Some(Answer { label, confidence, right: own.labels.of_case[case] == Some(label) })
            };
            of_case.iter().enumerate().filter_map(first).collect()
        };
        let (mut answers, mut late_answers) = (firsts(&all), firsts(&recent));
        let observed: Vec<(f64, bool)> = answers.iter().map(|answer| (answer.confidence, answer.right)).collect();
        weighed.curve = Curve::fit(&observed);
        for answer in answers.iter_mut().chain(&mut late_answers) {
            answer.confidence = weighed.curve.at(answer.confidence);
        }
        weighed.bars = Bars::new(&answers, &late_answers, own.labels.names.len());
        (weighed, (all, recent))
    }

    /// The logarithm of the probability that a label's level above has.
    fn above<'a>(&self, label: u32, thought: impl Fn(usize) -> Option<&'a Ranked>) -> f32 {
        let Some((level, parents)) = &self.above else { return 0.0 };
        let Some(parent) = parents[label as usize] else { return FAR.ln() as f32 };
        let ranked = thought(*level);
        let probability = ranked.and_then(|ranked| ranked.iter().find(|(own, _)| *own == parent)).map_or(0.0, |p| p.1);
        (probability + FAR).ln() as f32
    }
}

/// A unit belongs to a department: to that which most of its cases have.
fn above(taught: &Taught, at: usize) -> Option<(usize, Vec<Option<u32>>)> {
    let own: &TaughtLevel = &taught.levels[at];
    if own.level != Level::Unit {
        return None;
    }
    let level = taught.levels.iter().position(|other| other.level == Level::Department)?;
    let parents = &taught.levels[level].labels;
    let mut counts = vec![vec![0_u32; parents.names.len()]; own.labels.names.len()];
    for (label, parent) in own.labels.of_case.iter().zip(&parents.of_case) {
        if let (Some(label), Some(parent)) = (label, parent) {
            counts[*label as usize][*parent as usize] += 1;
        }
    }
    let most = |counts: &Vec<u32>| {
        let best = counts.iter().enumerate().max_by_key(|(label, count)| (**count, std::cmp::Reverse(*label)))?;
        (*best.1 > 0).then_some(best.0 as u32)
    };
    Some((level, counts.iter().map(most).collect()))
}
