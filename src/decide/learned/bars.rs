//! From which confidence on a learned answer may go out by itself.

use serde::{Deserialize, Serialize};

use crate::learn::{Answers, wilson_lower};

/// So many answers, as good as all labels' are at least, count for each label beside its own: most departments have too
/// few for a bound of their own (52 right out of 52 are needed for 0.95).
const POOLED: f64 = 100.0;

/// An answer about a case that the model had not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) label: u32,
    pub(super) confidence: f64,
    pub(super) right: bool,
}

/// The bars of one level.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Bars {
    held_out: Answers,
    recent: Answers,
    of_label: Vec<Answers>,
}

impl Bars {
    pub(super) fn new(held_out: &[Answer], recent: &[Answer], labels: usize) -> Bars {
        let all = |answers: &[Answer]| Answers::new(answers.iter().map(|a| (a.confidence, a.right)));
        let mut by_label: Vec<Vec<(f64, bool)>> = vec![Vec::new(); labels];
        for answer in held_out {
            by_label[answer.label as usize].push((answer.confidence, answer.right));
        }
        Bars {
            held_out: all(held_out),
            recent: all(recent),
            of_label: by_label.into_iter().map(Answers::new).collect(),
        }
    }

    /// The confidence from which on answers reach `target` for all labels together; none where no confidence does.
    pub(super) fn pooled(&self, target: f64) -> Option<f64> {
        self.held_out.lowest(|confidence, right, count| self.reliable(confidence, right, count) >= target)
    }

    /// The same for one label: its own share of right answers, drawn towards what all labels reach from the same
    /// confidence on.
    pub(super) fn of_label(&self, label: u32, target: f64) -> Option<f64> {
        // A label that no answer bears yet has the pool alone.
        let none = Answers::default();
        let own = self.of_label.get(label as usize).unwrap_or(&none);
        // Its own few answers may all be surer than the bar is: the confidences of all are tried.
        self.held_out.lowest(|confidence, all_right, all| {
            let (right, count) = own.from(confidence);
            let pooled = POOLED * self.reliable(confidence, all_right, all);
            (right + pooled) / (count + POOLED) >= target
        })
    }

    /// The share of right answers from a confidence on that can be relied on: the lower Wilson bound over all cases, and
    /// no more than the most recent month reached.
    fn reliable(&self, confidence: f64, right: f64, count: f64) -> f64 {
        wilson_lower(right, count).min(self.recently(confidence).unwrap_or(1.0))
    }

    /// The share of the most recent month's answers that were right from a confidence on. Cases that were left out are
    /// kinder than the future: they have neighbours of the same days.
    fn recently(&self, confidence: f64) -> Option<f64> {
        let (right, count) = self.recent.from(confidence);
        (count > 0.0).then(|| right / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred answers a label, at confidences 0.005, 0.015 … 0.995, right from `from` on.
    fn answers(label: u32, from: f64) -> Vec<Answer> {
        let confidence = |at: u32| f64::from(at) / 100.0 + 0.005;
        (0..100).map(|at| Answer { label, confidence: confidence(at), right: confidence(at) >= from }).collect()
    }

    fn bars(held_out: &[Vec<Answer>], recent: &[Answer]) -> Bars {
        Bars::new(&held_out.concat(), recent, held_out.len())
    }

    #[test]
    fn what_all_reach_is_bounded_from_below() {
        let bars = bars(&[answers(0, 0.4), answers(1, 0.4)], &[]);
        let bar = bars.pooled(0.9).unwrap_or_default();
        // 0.9 of those above 0.34 are right, and the lower bound of that is less.
        assert!((0.345..0.395).contains(&bar), "{bar}");
        assert!(bars.pooled(0.97) > bars.pooled(0.9));
        // 120 right ones make no 0.99: that takes 268.
        assert_eq!(bars.pooled(0.99), None);
    }

    #[test]
    fn nothing_reaches_what_is_impossible() {
        let bars = bars(&[vec![Answer { label: 0, confidence: 0.9, right: true }; 5_000]], &[]);
        for target in [1.0, 1.5, f64::INFINITY, f64::NAN] {
            assert_eq!((bars.pooled(target), bars.of_label(0, target)), (None, None), "{target}");
        }
        assert_eq!(bars.pooled(0.99), Some(0.9));
        let none = Bars::new(&[], &[], 2);
        assert_eq!((none.pooled(0.5), none.of_label(0, 0.5), none.of_label(7, 0.5)), (None, None, None));
    }

    #[test]
    fn a_label_with_few_answers_is_taken_for_one_like_all() {
        let few = |right| vec![Answer { label: 1, confidence: 0.995, right }; 3];
        let good = bars(&[answers(0, 0.2), few(true)], &[]);
        let bad = bars(&[answers(0, 0.2), few(false)], &[]);
        let (pool, few_good, few_bad) = (good.of_label(9, 0.85), good.of_label(1, 0.85), bad.of_label(1, 0.85));
        assert!(pool.is_some() && few_good.is_some_and(|bar| Some(bar) <= pool), "{few_good:?} {pool:?}");
        assert!(few_bad.is_some_and(|bar| Some(bar) >= bad.of_label(9, 0.85)), "three alone do not close it");
    }

    #[test]
    fn a_label_with_many_answers_speaks_for_itself() {
        let bars = bars(&[answers(0, 0.2), answers(1, 0.2), answers(2, 0.9)], &[]);
        let (like_all, worse) = (bars.of_label(0, 0.85), bars.of_label(2, 0.85));
        assert!(like_all.is_some() && (worse.is_none() || worse > like_all), "{worse:?} {like_all:?}");
    }

    #[test]
    fn a_bad_recent_month_raises_the_bar() {
        let held_out = [answers(0, 0.2), answers(1, 0.2)];
        let recently = |from: f64| bars(&held_out, &answers(0, from));
        for target in [0.85, 0.9] {
            let (before, fine, bad) = (bars(&held_out, &[]), recently(0.2), recently(0.7));
            assert!(before.pooled(target).is_some());
            assert!(fine.pooled(target) <= bad.pooled(target) && before.pooled(target) < bad.pooled(target));
            assert!(before.of_label(1, target) < bad.of_label(1, target));
            // 0.9 of the month's answers were right from 0.67 on.
            assert!(bad.pooled(target).is_some_and(|bar| bar > 0.6), "{:?}", bad.pooled(target));
        }
        assert_eq!(recently(2.0).pooled(0.85), None, "nothing was right");
    }
}
