//! The scores of a linear model for one text, as far as they matter.

use serde::{Deserialize, Serialize};

/// Labels of which the score is kept.
const KEPT: usize = 10;
/// How much a difference of scores counts when they are made into shares.
const SHARPNESS: f32 = 4.0;

/// The best labels with their scores, best first, and what makes their scores comparable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Scores {
    pub(super) best: Vec<(u32, f32)>,
    /// The logarithm of the sum of the exponentials of all scores times the sharpness.
    normaliser: f32,
}

impl Scores {
    /// Of the scores of all labels; of equal ones the smaller label comes first.
    pub(super) fn of(all: &[f32]) -> Scores {
        let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        let mut best: Vec<(u32, f32)> = (0..).zip(all.iter().copied()).collect();
        if best.len() > KEPT {
            best.select_nth_unstable_by(KEPT - 1, order);
            best.truncate(KEPT);
        }
        best.sort_unstable_by(order);
        let largest = best.first().map_or(0.0, |(_, score)| *score);
        let sum: f32 = all.iter().map(|score| (SHARPNESS * (score - largest)).exp()).sum();
        Scores { best, normaliser: SHARPNESS * largest + sum.ln() }
    }

    /// The score of a label; of one that is not among the best, that of the last that is.
    pub(super) fn score(&self, label: u32) -> f32 {
        let own = self.best.iter().find(|(other, _)| *other == label).or(self.best.last());
        own.map_or(-1.0, |(_, score)| *score)
    }

    /// How far a label is before the best other one; negative for all but the first.
    pub(super) fn lead(&self, label: u32) -> f32 {
        let other = self.best.iter().find(|(other, _)| *other != label).map_or(-1.0, |(_, score)| *score);
        self.score(label) - other
    }

    /// The logarithm of the share that a label has of all.
    pub(super) fn share(&self, label: u32) -> f32 {
        if self.best.is_empty() { 0.0 } else { SHARPNESS * self.score(label) - self.normaliser }
    }
}
