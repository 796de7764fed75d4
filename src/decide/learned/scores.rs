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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_few_are_kept() {
        for (all, expected) in [
            (vec![], vec![]),
            (vec![0.5], vec![0]),
            (vec![-1.0, 0.5, 0.2], vec![1, 2, 0]),
            (vec![0.5, 0.7, 0.7, 0.5], vec![1, 2, 0, 3]),
            ((0..30).map(|at| -(at as f32)).collect(), (0..10).collect()),
            (vec![0.25; 30], (0..10).collect()),
        ] {
            let labels: Vec<u32> = Scores::of(&all).best.iter().map(|(label, _)| *label).collect();
            assert_eq!(labels, expected, "{all:?}");
        }
    }

    #[test]
    fn leads_are_against_the_best_other() {
        let scores = Scores::of(&[-1.0, 0.5, 0.25]);
        for (label, score, lead) in [(1, 0.5, 0.25), (2, 0.25, -0.25), (0, -1.0, -1.5)] {
            assert_eq!((scores.score(label), scores.lead(label)), (score, lead), "{label}");
        }
        assert_eq!(scores.score(77), -1.0, "as little as the last of the best");
        assert_eq!(Scores::of(&[0.5]).lead(0), 1.5, "against what an unlikely label would have");
        let none = Scores::of(&[]);
        assert_eq!((none.score(0), none.lead(0), none.share(0)), (-1.0, 0.0, 0.0));
    }

    #[test]
    fn shares_of_all_labels_add_up_to_one() {
        for all in [vec![0.3], vec![0.5, -1.0, 0.5], vec![-200.0, 300.0], vec![1e4, 1e4]] {
            let scores = Scores::of(&all);
            let sum: f32 = (0..all.len() as u32).map(|label| scores.share(label).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-2, "{all:?}: {sum}");
        }
    }
}
