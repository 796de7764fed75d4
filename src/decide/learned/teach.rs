//! Training: from labelled cases to linear models, with what each case looks like to a model that has not seen it.

use serde::{Deserialize, Serialize};

use super::features::Vocabulary;
use super::lessons::{FOLDS, Labels, Neighbour, folds, neighbours, recent_month};
use super::level::Level;
use super::scores::Scores;
use crate::knowledge::{Case, Cases, Origin};
use crate::learn::{Fit, Linear, Matrix};
use crate::text::{Segmenter, Text};

/// A level is learned from so many real cases on; fewer vote, and no more.
pub const LEAST_CASES: usize = 50;

/// What training is doing, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
    /// The level being learned; none while texts are read.
    pub level: Option<Level>,
}

/// A case as seen by a model that learned without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HeldOut {
    /// Its place among the cases.
    pub(super) case: u32,
    /// What that model gave it.
    pub(super) scores: Scores,
}

/// One level as it was learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TaughtLevel {
    pub(super) level: Level,
    pub(super) labels: Labels,
    pub(super) linear: Linear,
    /// Every real case, each predicted from the other parts.
    pub(super) held_out: Vec<HeldOut>,
    /// The cases of the most recent month, predicted from the months before it.
    pub(super) recent: Vec<HeldOut>,
}

/// What cases teach, before rules are heard. It depends on the cases, the dictionary and the names of departments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Taught {
    pub(super) vocabulary: Vocabulary,
    pub(super) levels: Vec<TaughtLevel>,
    /// For each real case its nearest others, near-copies of it left out.
    pub(super) neighbours: Vec<Vec<Neighbour>>,
    /// For each case of the most recent month its nearest from before it.
    pub(super) recent_neighbours: Vec<(u32, Vec<Neighbour>)>,
}

/// Everything that training reads.
struct Lessons<'a> {
    cases: &'a [Case],
    texts: Vec<Text>,
    matrix: Matrix,
    folds: Vec<u8>,
}

impl Taught {
    /// Learns every level that has labels. `canonical` gives the name under which a label is known (a department by any
    /// of its names is one). Deterministic; takes seconds to minutes. `progress` is told of every step and may end it all
    /// by giving `false`; then there is no result.
    pub fn teach(
        cases: &Cases,
        segmenter: &Segmenter,
        levels: &[Level],
        canonical: &dyn Fn(Level, &str) -> String,
        progress: &dyn Fn(Progress) -> bool,
    ) -> Option<Taught> {
        let all = cases.all();
        let texts: Vec<Text> = all.iter().map(|case| Text::new(case.title.as_deref(), &case.text)).collect();
        let wanted: Vec<(Level, Labels)> = levels
            .iter()
            .map(|level| (*level, Labels::new(*level, all, canonical)))
            .filter(|(_, labels)| labels.names.len() > 1 && real(all, labels).len() >= LEAST_CASES)
            .collect();
        let of = 2 + wanted.len() * (FOLDS + 2);
        let step = |done: usize, level| progress(Progress { done, of, level }).then_some(());
        step(0, None)?;
        let vocabulary = if wanted.is_empty() { Vocabulary::default() } else { Vocabulary::new(&texts, segmenter) };
        let mut matrix = Matrix::new(vocabulary.len());
        for text in &texts {
            matrix.push(vocabulary.features(text, segmenter));
        }
        step(1, None)?;
        let (groups, folds) = folds(&texts, all);
        let near = |place: usize, keep: &dyn Fn(u32) -> bool| neighbours(cases, &texts[place], segmenter, keep);
        let near_others = |place: usize| match all[place].origin {
            Origin::Real => near(place, &|other| groups[other as usize] != groups[place]),
            Origin::Example => Vec::new(),
        };
        let neighbours = if wanted.is_empty() { Vec::new() } else { (0..all.len()).map(near_others).collect() };
        let dated: Vec<usize> = (0..all.len()).filter(|place| all[*place].origin == Origin::Real).collect();
        let month = recent_month(all, &dated);
        let before = |place: u32| all[place as usize].opened_on.is_some_and(|day| month.is_some_and(|m| day.0 < m));
        let in_month = |place: &usize| all[*place].opened_on.is_some_and(|day| month.is_some_and(|m| day.0 >= m));
        let recent_places: Vec<usize> =
            dated.iter().copied().filter(in_month).filter(|_| !wanted.is_empty()).collect();
        let recent_neighbours = recent_places.iter().map(|place| (*place as u32, near(*place, &before))).collect();
        let lessons = Lessons { cases: all, texts, matrix, folds };
        let mut taught = Vec::new();
        for (at, (level, labels)) in wanted.into_iter().enumerate() {
            let done = 2 + at * (FOLDS + 2);
            let is_before = |place: usize| before(place as u32);
            let next = |fold: usize| step(done + fold, Some(level));
            taught.push(lessons.level(level, labels, &recent_places, &is_before, &next)?);
        }
        step(of, None)?;
        Some(Taught { vocabulary, levels: taught, neighbours, recent_neighbours })
    }
}

/// The real cases that have a label, by place.
fn real(cases: &[Case], labels: &Labels) -> Vec<usize> {
    let has = |place: &usize| cases[*place].origin == Origin::Real && labels.of_case[*place].is_some();
    (0..cases.len()).filter(has).collect()
}

impl Lessons<'_> {
    fn level(
        &self,
        level: Level,
        labels: Labels,
        recent: &[usize],
        before: &dyn Fn(usize) -> bool,
        next: &dyn Fn(usize) -> Option<()>,
    ) -> Option<TaughtLevel> {
        let places = real(self.cases, &labels);
        next(0)?;
        let linear = self.fit(&labels, &places);
        let mut held_out = Vec::with_capacity(places.len());
        for fold in 0..FOLDS {
            next(1 + fold)?;
            let (out, seen): (Vec<usize>, Vec<usize>) =
                places.iter().partition(|place| usize::from(self.folds[**place]) == fold);
            held_out.extend(self.predict(&self.fit(&labels, &seen), &out));
        }
        held_out.sort_unstable_by_key(|held_out| held_out.case);
        next(1 + FOLDS)?;
        let earlier: Vec<usize> = places.iter().copied().filter(|place| before(*place)).collect();
        let later: Vec<usize> =
            recent.iter().copied().filter(|place| labels.of_case[*place].is_some()).collect();
        // A first week of work, or a last day of it, tells nothing about a month.
        let recent = if earlier.len() >= LEAST_CASES && later.len() >= LEAST_CASES {
            self.predict(&self.fit(&labels, &earlier), &later)
        } else {
            Vec::new()
        };
        Some(TaughtLevel { level, labels, linear, held_out, recent })
    }

    fn fit(&self, labels: &Labels, places: &[usize]) -> Linear {
        let mut matrix = Matrix::new(self.matrix.width());
        let mut own = Vec::with_capacity(places.len());
        for place in places {
            matrix.push(self.matrix.row(*place).iter());
            own.extend(labels.of_case[*place]);
        }
        Linear::fit(&matrix, &own, labels.names.len(), &Fit::default())
    }

    fn predict(&self, linear: &Linear, places: &[usize]) -> Vec<HeldOut> {
        let one = |place: &usize| HeldOut {
            case: *place as u32,
            scores: Scores::of(&linear.scores(self.matrix.row(*place).iter())),
        };
        places.iter().map(one).collect()
    }
}
