//! From which confidence on a learned answer may go out by itself.

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
