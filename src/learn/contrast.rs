//! How far each feature tells a class from the others, before anything is fitted.
//!
//! Wang and Manning (*Baselines and Bigrams: Simple, Good Sentiment and Topic Classification*, ACL 2012) multiply every
//! feature by its log-count ratio, how much more often it occurs in a class than in the others, and fit a linear model on
//! that. Here it is the size of the ratio to a power below 1, in parts of its mean over all features: it softens how
//! strongly the model is held back from features that tell something, and holds it back more from those that do not.

use super::linear::{LANES, Trainer};

/// Added to every count, so that what a class never has is rare and not impossible.
const SMOOTHING: f32 = 0.01;
/// Steps of a stored value for each 1.
const STEPS: f32 = 4096.0;
/// Entries of the table of powers for each 1 of a ratio.
const FINENESS: f32 = 512.0;
/// The largest ratio: a feature e²⁰ times as frequent.
const LARGEST: f32 = 20.0;

/// The square of what each feature is multiplied by, for each class.
pub(super) struct Contrast {
    /// Feature after feature, `stride` each; the last is the bias. In steps, and without the class's own factor.
    squares: Vec<u16>,
    /// For each class.
    factors: Vec<f32>,
    stride: usize,
}

impl Contrast {
    /// From the rows of a part of the cases. `room` holds a zero for each feature and class, and does so again after.
    pub(super) fn new(of: &Trainer<'_>, rows: &[usize], stride: usize, room: &mut [f32]) -> Contrast {
        let features = of.matrix.width() + 1;
        let bias = (features as u32 - 1, of.fit.bias);
        let mut totals = vec![0.0_f32; features];
        for row in rows {
            let (class, count) = (of.labels[*row] as usize, of.counts[*row]);
            for (column, value) in of.matrix.row(*row).iter().chain([bias]) {
                let count = count * value.abs();
                room[column as usize * stride + class] += count;
                totals[column as usize] += count;
            }
        }
        let all = totals.iter().sum::<f32>();
        let mut of_class = vec![0.0_f32; stride];
        room.chunks_exact(stride).for_each(|own| add(&mut of_class, own));
        let smoothing = SMOOTHING * features as f32;
        // What every feature's ratio is shifted by, for each class: both sides are shares.
        let shifts: Vec<f32> =
            of_class.iter().map(|own| (all - own + smoothing).ln() - (own + smoothing).ln()).collect();
        let table = powers(of.fit.contrast * 2.0);
        let (mut squares, mut sums) = (vec![0_u16; room.len()], vec![0.0_f64; stride]);
        for (feature, own) in room.chunks_exact_mut(stride).enumerate() {
            let total = totals[feature];
            // Most features are in few classes: for the others it is always the same.
            let absent = SMOOTHING.ln() - (total + SMOOTHING).ln();
            for (class, count) in own.iter_mut().enumerate() {
                let logarithm = match *count {
                    0.0 => absent,
                    count => (count + SMOOTHING).ln() - ((total - count).max(0.0) + SMOOTHING).ln(),
                };
                let ratio = (logarithm + shifts[class]).abs().min(LARGEST);
                sums[class] += f64::from(ratio);
                squares[feature * stride + class] = table[(ratio * FINENESS) as usize];
                *count = 0.0;
            }
        }
        let factor = |sum: &f64| ((sum / features as f64).max(1e-6) as f32).powf(-2.0 * of.fit.contrast) / STEPS;
        let factors: Vec<f32> = sums.iter().map(factor).collect();
        // The bias is no feature: it counts as it is.
        let last = &mut squares[(features - 1) * stride..];
        for (square, factor) in last.iter_mut().zip(&factors) {
            *square = (1.0 / factor).round().min(f32::from(u16::MAX)) as u16;
        }
        Contrast { squares, factors, stride }
    }

    /// What a step of each class is to be multiplied by, beside what [`of`](Self::of) gives.
    pub(super) fn factors(&self) -> &[f32] {
        &self.factors
    }

    /// The squares of one feature, by class.
    pub(super) fn of(&self, feature: usize) -> &[u16] {
        &self.squares[feature * self.stride..][..self.stride]
    }
}

fn add(sums: &mut [f32], own: &[f32]) {
    for (sum, own) in sums.iter_mut().zip(own) {
        *sum += own;
    }
}

/// Ratios to a power, in steps.
fn powers(power: f32) -> Vec<u16> {
    let entries = (LARGEST * FINENESS) as usize + 1;
    let one = |at: usize| (((at as f32 + 0.5) / FINENESS).powf(power) * STEPS).min(f32::from(u16::MAX)) as u16;
    (0..entries).map(one).collect()
}

/// `target += source × factor × square`, lane by lane.
pub(super) fn add_contrasted(target: &mut [f32], source: &[f32], squares: &[u16], factor: f32) {
    let (target, _) = target.as_chunks_mut::<LANES>();
    let (source, _) = source.as_chunks::<LANES>();
    let (squares, _) = squares.as_chunks::<LANES>();
    for ((target, source), squares) in target.iter_mut().zip(source).zip(squares) {
        for lane in 0..LANES {
            target[lane] += source[lane] * factor * f32::from(squares[lane]);
        }
    }
}
