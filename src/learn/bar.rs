//! From which confidence on an answer may go out by itself.

use serde::{Deserialize, Serialize};

/// The share that the true one exceeds with 95 % confidence: the lower end of the score interval (Wilson: *Probable
/// Inference, the Law of Succession, and Statistical Inference*, 1927), one-sided. 52 right of 52 make 0.95. `right` and
/// `count` need not be whole numbers; where nothing was seen it is 0.
pub fn wilson_lower(right: f64, count: f64) -> f64 {
    /// The 95 % point of the normal distribution.
    const Z: f64 = 1.644_853_626_951_472_7;
    // With nothing right the two terms below are equal, and rounding would leave some of them.
    if count <= 0.0 || right <= 0.0 {
        return 0.0;
    }
    let share = (right / count).clamp(0.0, 1.0);
    let square = Z * Z / count;
    let centre = share + square / 2.0;
    let spread = Z * ((share * (1.0 - share) + Z * Z / (4.0 * count)) / count).sqrt();
    ((centre - spread) / (1.0 + square)).max(0.0)
}

/// Answers in order of their confidence, to be asked how right they are from a confidence on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// Confidence, and how many are right and how many there are from it on; the surest first, each confidence once.
    steps: Vec<(f64, f64, f64)>,
}

impl Answers {
    /// Takes (confidence, right) in any order.
    pub fn new(answers: impl IntoIterator<Item = (f64, bool)>) -> Answers {
        let mut sorted: Vec<(f64, bool)> = answers.into_iter().collect();
        sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut right, mut count) = (0.0, 0.0);
        let mut steps: Vec<(f64, f64, f64)> = Vec::new();
        for (confidence, is_right) in sorted {
            count += 1.0;
            right += f64::from(u8::from(is_right));
            match steps.last_mut() {
                Some(last) if last.0 == confidence => *last = (confidence, right, count),
                _ => steps.push((confidence, right, count)),
            }
        }
        Answers { steps }
    }

    /// How many are right and how many there are with at least this confidence.
    pub fn from(&self, confidence: f64) -> (f64, f64) {
        let sure = self.steps.partition_point(|step| step.0 >= confidence);
        sure.checked_sub(1).map_or((0.0, 0.0), |last| (self.steps[last].1, self.steps[last].2))
    }

    /// The lowest confidence that occurs for which `holds` says yes, given how many are right and how many there are from
    /// it on. Of a thousand different ones and more not all are tried: at least five hundred, evenly spread.
    pub fn lowest(&self, holds: impl Fn(f64, f64, f64) -> bool) -> Option<f64> {
        let every = self.steps.len() / 1000 + 1;
        let tried = self.steps.iter().rev().step_by(every);
        tried.copied().find(|(confidence, right, count)| holds(*confidence, *right, *count)).map(|step| step.0)
    }
}
