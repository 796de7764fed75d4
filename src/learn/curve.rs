//! From a number that orders answers to the probability that an answer is right: isotonic regression.

use serde::{Deserialize, Serialize};

/// Observations in one step of the curve, at the least: fewer say little about a probability.
const LEAST: f64 = 25.0;

/// A rising curve from 0..1 to 0..1.
///
/// Isotonic regression by pooling adjacent violators (Ayer et al. 1955; for calibration Zadrozny and Elkan 2002),
/// over groups of at least 25 observations, drawn as a line between the middles of the steps, so that two
/// different numbers seldom become the same probability.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    points: Vec<(f64, f64)>,
}

/// Observations side by side that are taken as one.
#[derive(Clone, Copy)]
struct Step {
    sum: f64,
    right: f64,
    count: f64,
}

impl Step {
    fn share(&self) -> f64 {
        self.right / self.count
    }

    fn add(&mut self, other: Step) {
        self.sum += other.sum;
        self.right += other.right;
        self.count += other.count;
    }
}

impl Curve {
    /// Fits observations: a number from 0 to 1, and whether the answer was right. Their order does not matter. Without
    /// any the curve changes nothing.
    pub fn fit(observations: &[(f64, bool)]) -> Curve {
        let mut sorted: Vec<(f64, bool)> = observations.iter().copied().filter(|(x, _)| x.is_finite()).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut steps: Vec<Step> = Vec::new();
        let mut open = Step { sum: 0.0, right: 0.0, count: 0.0 };
        for (at, (number, right)) in sorted.iter().enumerate() {
            open.add(Step { sum: *number, right: f64::from(u8::from(*right)), count: 1.0 });
            let tied = sorted.get(at + 1).is_some_and(|next| next.0 == *number);
            if open.count >= LEAST && !tied {
                steps.push(open);
                open = Step { sum: 0.0, right: 0.0, count: 0.0 };
            }
        }
        match steps.last_mut() {
            Some(last) if open.count > 0.0 => last.add(open),
            None if open.count > 0.0 => steps.push(open),
            _ => {}
        }
        let mut pooled: Vec<Step> = Vec::new();
        for step in steps {
            pooled.push(step);
            while let [.., before, last] = pooled[..]
                && before.share() >= last.share()
            {
                pooled.pop();
                if let Some(step) = pooled.last_mut() {
                    step.add(last);
                }
            }
        }
        // Half a right one and half a wrong one more in each step (Krichevsky and Trofimov 1981): no step is certain.
        let points = pooled.iter().map(|step| (step.sum / step.count, (step.right + 0.5) / (step.count + 1.0)));
        let mut points: Vec<(f64, f64)> = points.collect();
        for at in 1..points.len() {
            points[at].1 = points[at].1.max(points[at - 1].1);
        }
        Curve { points }
    }

    /// The probability at a number.
    pub fn at(&self, number: f64) -> f64 {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return number };
        let after = self.points.partition_point(|point| point.0 <= number);
        // Below the first and above the last middle the line goes on to the corner, so that it goes on rising.
        let low = if after == 0 { (0.0, (first.1 - first.0).max(0.0).min(first.1)) } else { self.points[after - 1] };
        let high = self.points.get(after).copied().unwrap_or((1.0, last.1.max((1.0 + last.1) / 2.0)));
        // There is no line to a corner where observations stand in it.
        if high.0 <= low.0 {
            return low.1;
        }
        let part = ((number - low.0) / (high.0 - low.0)).clamp(0.0, 1.0);
        low.1 + part * (high.1 - low.1)
    }
}
