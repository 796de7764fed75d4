//! From which confidence on a learned answer may go out by itself.

use crate::learn::{Answers, wilson_lower};

/// So many answers of all labels count for each label beside its own: most departments have too few for a bound of their
/// own (52 right out of 52 are needed for 0.95).
const POOLED: f64 = 200.0;

/// An answer about a case that the model had not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) label: u32,
    pub(super) confidence: f64,
    pub(super) right: bool,
}

/// The bars of one level.
#[derive(Clone, Debug, Default)]
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

    /// The share right from a confidence on that can be relied on: the lower Wilson bound over all cases, less what the
    /// most recent month was worse than they.
    fn reliable(&self, confidence: f64) -> f64 {
        let (right, count) = self.held_out.from(confidence);
        let (recent_right, recent_count) = self.recent.from(confidence);
        let worse = if recent_count > 0.0 { right / count.max(1.0) - recent_right / recent_count } else { 0.0 };
        wilson_lower(right, count) - worse.max(0.0)
    }

    /// The confidence from which on answers reach `target` for all labels together; none where no confidence does.
    pub(super) fn pooled(&self, target: f64) -> Option<f64> {
        self.held_out.lowest(|confidence, _, _| self.reliable(confidence) >= target)
    }

    /// The same for one label: its own answers and 200 that are as good as all are, from the same confidence on.
    pub(super) fn of_label(&self, label: u32, target: f64) -> Option<f64> {
        let pooled = |confidence: f64| {
            let (right, count) = self.held_out.from(confidence);
            let (recent_right, recent_count) = self.recent.from(confidence);
            let share = right / count.max(1.0);
            let recent = if recent_count > 0.0 { recent_right / recent_count } else { share };
            share.min(recent)
        };
        let own = self.of_label.get(label as usize)?;
        let holds = |confidence: f64| {
            let (right, count) = own.from(confidence);
            wilson_lower(right + POOLED * pooled(confidence), count + POOLED) >= target
        };
        // Its own few answers may all be surer than the bar is: the confidences of all are tried.
        self.held_out.lowest(|confidence, _, _| holds(confidence))
    }
}
