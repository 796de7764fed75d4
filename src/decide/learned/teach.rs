//! Training: from labelled cases to linear models, with what each case looks like to a model that has not seen it.

use jiff::civil;
use serde::{Deserialize, Serialize};

use super::features::{Features, Vocabulary};
use super::lessons::{Canonical, FOLDS, Labels, Neighbour, neighbours, parts, recent_month};
use super::level::Level;
use super::scores::Scores;
use super::weigh::{Below, Candidates, Frequencies, candidates};
use crate::knowledge::{Case, Cases, Origin};
use crate::learn::{Fit, Linear, Matrix, Trainer};
use crate::text::{Segmenter, Text};

/// A level is learned from so many real cases on; fewer vote, and no more.
pub const LEAST_CASES: usize = 50;

/// After so many days a case counts half in training: duties move, and so do the ways of those who write orders down.
const HALF_LIFE: f32 = 60.0;
/// How the linear models are fitted.
const FIT: Fit = Fit { cost: 1.0, bias: 1.0, passes: 15, tolerance: 0.1, contrast: 0.35 };
/// Labels of a level, at the most, whose models weigh each feature by how it parts them: this costs time with every label
/// and feature, and where there are many labels few of them have the cases to tell.
const MOST_CONTRASTED: usize = 400;
/// Passes over the rows for a part of the cases, after the fit of all of them.
const FOLD_PASSES: usize = 5;
/// However old, it counts so much.
const OLD: f32 = 0.2;

/// What training is doing, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
    /// The level being learned; none while texts are read and compared.
    pub level: Option<Level>,
}

/// A case as a model sees it that learned without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Example {
    /// Its place among the cases that taught.
    pub(super) case: u32,
    /// Its label.
    pub(super) right: u32,
    /// The labels that may be right.
    pub(super) candidates: Candidates,
}

/// One level as it was learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TaughtLevel {
    pub(super) level: Level,
    pub(super) names: Vec<String>,
    pub(super) linear: Linear,
    pub(super) frequencies: Frequencies,
    /// For each label that of the level above which its cases have most often, where there is such a level.
    pub(super) above: Option<Vec<Option<u32>>>,
    /// For each label of the level below that of this one, where there is such a level.
    pub(super) below: Option<Vec<Option<u32>>>,
}

/// Cases as models of one level see them that had not seen them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LevelExamples {
    /// Every real case, predicted from the parts that it is not in.
    pub(super) held_out: Vec<Example>,
    /// The cases of the most recent month, predicted from the months before it.
    pub(super) recent: Vec<Example>,
}

/// What everything that cases say is weighed on: beside the models, since only weighing needs it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Examples {
    /// For each level that was taught.
    pub(super) levels: Vec<LevelExamples>,
}

/// The models of one level, and what they say of cases that they had not seen.
struct Fitted {
    level: Level,
    labels: Labels,
    linear: Linear,
    held_out: Vec<(usize, Scores)>,
    recent: Vec<(usize, Scores)>,
}

/// What cases teach, before rules are heard. It depends on the cases, the dictionary and the names of departments, and
/// can be used on with other cases than those that taught it until it is taught again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Taught {
    pub(super) vocabulary: Vocabulary,
    pub(super) levels: Vec<TaughtLevel>,
    /// Ids of the cases that taught.
    pub(super) cases: Vec<String>,
}

/// Everything that training reads.
struct Lessons<'a> {
    cases: &'a [Case],
    texts: &'a [Text],
    features: Vec<Features>,
    /// How many features there are.
    width: usize,
    parts: Vec<usize>,
    /// For each real case its nearest others, near-copies of it left out.
    neighbours: Vec<Vec<Neighbour>>,
    /// The first day of the most recent month.
    month: Option<civil::Date>,
    /// For each case of that month its nearest from before it.
    earlier_neighbours: Vec<Vec<Neighbour>>,
}

impl Taught {
    /// Whether cases teach anything: at some level two labels and enough real cases.
    pub fn is_possible(cases: &[Case]) -> bool {
        Level::ALL.iter().any(|level| {
            let real = cases.iter().filter(|case| case.origin == Origin::Real);
            let mut labels = real.filter_map(|case| level.of(case));
            let first = labels.next();
            let (others, count) = labels.fold((false, 1), |(others, n), label| (others || Some(label) != first, n + 1));
            others && count >= LEAST_CASES
        })
    }

    /// Learns every level that has labels. Deterministic; takes seconds to minutes. `progress` is told of every step and
    /// may end it all by giving `false`; then there is no result.
    pub fn teach(
        cases: &Cases,
        segmenter: &Segmenter,
        levels: &[Level],
        canonical: Canonical<'_>,
        progress: &dyn Fn(Progress) -> bool,
    ) -> Option<(Taught, Examples)> {
        let all = cases.all();
        let labels = levels.iter().map(|level| (*level, Labels::new(*level, all, &[], &[], canonical)));
        let wanted: Vec<(Level, Labels)> =
            labels.filter(|(_, labels)| labels.names.len() > 1 && labels.real(all).len() >= LEAST_CASES).collect();
        if wanted.is_empty() {
            return Some((Taught::default(), Examples::default()));
        }
        let of = 3 + wanted.len() * (FOLDS + 2);
        let step = |done: usize, level| progress(Progress { done, of, level }).then_some(());
        step(0, None)?;
        let texts: Vec<Text> = all.iter().map(|case| Text::new(case.title.as_deref(), &case.text)).collect();
        let taught: Vec<Level> = wanted.iter().map(|(level, _)| *level).collect();
        let vocabulary = Vocabulary::new(&texts, segmenter, &taught);
        step(1, None)?;
        let (groups, parts) = parts(&texts, all);
        step(2, None)?;
        let month = recent_month(all);
        let near = |place: usize, keep: &dyn Fn(u32) -> bool| {
            neighbours(cases, &texts[place], segmenter, all[place].opened_on.map(|day| day.0), keep)
        };
        let mut lessons = Lessons {
            cases: all,
            texts: &texts,
            features: Vec::with_capacity(all.len()),
            width: vocabulary.len(),
            parts,
            neighbours: vec![Vec::new(); all.len()],
            month,
            earlier_neighbours: vec![Vec::new(); all.len()],
        };
        for (place, text) in texts.iter().enumerate() {
            lessons.features.push(vocabulary.features(text, segmenter));
            if all[place].origin == Origin::Real {
                lessons.neighbours[place] = near(place, &|other| groups[other as usize] != groups[place]);
            }
            if lessons.is_recent(place) {
                lessons.earlier_neighbours[place] = near(place, &|other| lessons.is_earlier(other as usize));
            }
        }
        let mut fitted: Vec<Fitted> = Vec::new();
        for (at, (level, labels)) in wanted.into_iter().enumerate() {
            let next = |fold: usize| step(3 + at * (FOLDS + 2) + fold, Some(level));
            fitted.push(lessons.fit_level(level, labels, &next)?);
        }
        step(of, None)?;
        let (levels, examples) = fitted.iter().map(|own| lessons.level(own, &fitted)).unzip();
        let cases = all.iter().map(|case| case.id.clone()).collect();
        Some((Taught { vocabulary, levels, cases }, Examples { levels: examples }))
    }

    /// The labels of each level among cases that vote now, with departments that none may have had yet.
    pub(super) fn labels(&self, cases: &Cases, canonical: Canonical<'_>, more: &[String]) -> Vec<Labels> {
        let of_level = |own: &TaughtLevel| {
            let more = if own.level == Level::Department { more } else { &[] };
            Labels::new(own.level, cases.all(), &own.names, more, canonical)
        };
        self.levels.iter().map(of_level).collect()
    }

    /// Whether everything in it fits together, for what was read from a file.
    pub fn is_sound(&self) -> bool {
        self.vocabulary.is_sound()
            && self.levels.iter().all(|level| {
                level.linear.is_sound(self.vocabulary.len())
                    && level.linear.classes() == level.names.len()
                    && level.above.as_ref().is_none_or(|above| above.len() == level.names.len())
            })
    }

    /// Whether examples that were read from a file are of these lessons.
    pub fn fits(&self, examples: &Examples) -> bool {
        let fits = |level: &TaughtLevel, own: &LevelExamples| {
            let labels = level.names.len() as u32;
            let known = |example: &Example| (example.case as usize) < self.cases.len() && example.right < labels;
            own.held_out
                .iter()
                .chain(&own.recent)
                .all(|example| known(example) && example.candidates.iter().all(|candidate| candidate.label < labels))
        };
        self.levels.len() == examples.levels.len()
            && self.levels.iter().zip(&examples.levels).all(|(level, own)| fits(level, own))
    }

    /// With the tables that are not kept in files.
    #[must_use]
    pub fn ready(mut self) -> Taught {
        self.vocabulary = self.vocabulary.ready();
        self
    }
}

impl Lessons<'_> {
    fn is_recent(&self, place: usize) -> bool {
        let case = &self.cases[place];
        case.origin == Origin::Real && case.opened_on.zip(self.month).is_some_and(|(day, month)| day.0 >= month)
    }

    fn is_earlier(&self, place: usize) -> bool {
        self.cases[place].opened_on.zip(self.month).is_some_and(|(day, month)| day.0 < month)
    }

    /// The models of one level: of all cases, and what those say that were fitted without a part of them.
    fn fit_level(&self, level: Level, labels: Labels, next: &dyn Fn(usize) -> Option<()>) -> Option<Fitted> {
        let places = labels.real(self.cases);
        next(0)?;
        let (matrix, own, counts) = self.rows(level, &labels, &places);
        let contrast = if labels.names.len() > MOST_CONTRASTED { 0.0 } else { FIT.contrast };
        let trainer = Trainer::new(&matrix, &own, &counts, labels.names.len(), Fit { contrast, ..FIT });
        let (linear, duals) = trainer.fit();
        let scores = |linear: &Linear, row: usize| Scores::of(&linear.scores(matrix.row(row).iter()));
        let mut held_out = Vec::with_capacity(places.len());
        for part in 0..FOLDS {
            next(1 + part)?;
            let is_out = |row: usize| self.parts[places[row]] == part;
            let linear = trainer.fit_part(&duals, |row| !is_out(row), FOLD_PASSES);
            held_out
                .extend((0..places.len()).filter(|row| is_out(*row)).map(|row| (places[row], scores(&linear, row))));
        }
        held_out.sort_unstable_by_key(|(place, _)| *place);
        next(1 + FOLDS)?;
        let is_earlier = |row: usize| self.is_earlier(places[row]);
        let later: Vec<usize> = (0..places.len()).filter(|row| self.is_recent(places[*row])).collect();
        // A first week of work, or the first day of a month, tells nothing about a month.
        let enough =
            (0..places.len()).filter(|row| is_earlier(*row)).count() >= LEAST_CASES && later.len() >= LEAST_CASES;
        let mut recent = Vec::new();
        if enough {
            let linear = trainer.fit_part(&duals, is_earlier, FOLD_PASSES);
            recent.extend(later.iter().map(|row| (places[*row], scores(&linear, *row))));
        }
        Some(Fitted { level, labels, linear, held_out, recent })
    }

    /// One level with what cases say about each of its examples.
    fn level(&self, own: &Fitted, all: &[Fitted]) -> (TaughtLevel, LevelExamples) {
        let real = |place: usize| self.cases[place].origin == Origin::Real;
        let frequencies = Frequencies::new(&own.labels, real, |place| self.is_recent(place));
        let above = all.iter().find(|other| Some(other.level) == own.level.above());
        let below = all.iter().find(|other| other.level.above() == Some(own.level));
        let parents = below.map(|below| most_often(&below.labels, &own.labels));
        let examples = |held_out: &[(usize, Scores)], below: Option<&Vec<(usize, Scores)>>, near: &[Vec<Neighbour>]| {
            let example = |(place, scores): &(usize, Scores)| {
                let below = below.and_then(|below| {
                    let at = below.binary_search_by_key(place, |(other, _)| *other).ok()?;
                    Some(Below { scores: &below[at].1, parents: parents.as_deref()? })
                });
                let normalised = self.texts[*place].normalised();
                let candidates =
                    candidates(&own.labels, &frequencies, scores, &near[*place], normalised, below.as_ref());
                Some(Example { case: *place as u32, right: own.labels.of_case[*place]?, candidates })
            };
            held_out.iter().filter_map(example).collect()
        };
        let held_out = examples(&own.held_out, below.map(|below| &below.held_out), &self.neighbours);
        let recent = examples(&own.recent, below.map(|below| &below.recent), &self.earlier_neighbours);
        let level = TaughtLevel {
            level: own.level,
            names: own.labels.names.clone(),
            linear: own.linear.clone(),
            frequencies,
            above: above.map(|above| most_often(&own.labels, &above.labels)),
            below: parents,
        };
        (level, LevelExamples { held_out, recent })
    }

    /// The rows of labelled cases, with their labels and how much each counts.
    fn rows(&self, level: Level, labels: &Labels, places: &[usize]) -> (Matrix, Vec<u32>, Vec<f32>) {
        let mut matrix = Matrix::new(self.width);
        let (mut own, mut counts) = (Vec::with_capacity(places.len()), Vec::with_capacity(places.len()));
        let last = places.iter().filter_map(|place| self.cases[*place].opened_on).max();
        let age = |place: usize| Some((last?.0 - self.cases[place].opened_on?.0).get_days() as f32);
        for place in places {
            matrix.push(self.features[*place].of(level));
            own.extend(labels.of_case[*place]);
            counts.push(age(*place).map_or(1.0, |days| (-days / HALF_LIFE).exp2().max(OLD)));
        }
        (matrix, own, counts)
    }
}

/// For each label the one of the level above that its cases have most often; of equal ones the smaller.
fn most_often(labels: &Labels, above: &Labels) -> Vec<Option<u32>> {
    let mut counts = vec![vec![0_u32; above.names.len()]; labels.names.len()];
    for (label, parent) in labels.of_case.iter().zip(&above.of_case) {
        if let (Some(label), Some(parent)) = (label, parent) {
            counts[*label as usize][*parent as usize] += 1;
        }
    }
    let most = |counts: &Vec<u32>| {
        let (label, count) = counts.iter().enumerate().max_by_key(|(at, count)| (**count, std::cmp::Reverse(*at)))?;
        (*count > 0).then_some(label as u32)
    };
    counts.iter().map(most).collect()
}
