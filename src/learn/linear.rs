//! A linear classifier over sparse features: one against the rest, squared hinge loss.
//!
//! For each class it minimises ½‖w‖² + C Σ max(0, 1 − y·(w·x + b))², by dual coordinate descent (Hsieh, Chang, Lin,
//! Keerthi, Sundararajan: *A Dual Coordinate Descent Method for Large-scale Linear SVM*, ICML 2008), with the bias as
//! one more feature, as liblinear does. What differs is the order of the work: liblinear goes through all rows once for each
//! class; here all classes are updated while a row is at hand, so the weights of its features are read once for all of
//! them, side by side in memory. With 130 classes that is several times faster, and gives the same optimum.

use serde::{Deserialize, Serialize};

use super::contrast::{Contrast, add_contrasted};
use super::matrix::{Matrix, Row};
use super::random::Random;

/// Weights smaller than this are left out of the model: they move no score by a visible amount.
const NEGLIGIBLE: f32 = 0.002;
/// A class whose dual variable moves by less than this is left as it is.
const STILL: f32 = 1e-6;
/// Classes are worked on so many at a time, so that the sums stay in registers.
pub(super) const LANES: usize = 8;

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// C: what an error costs, against the length of the weights.
    pub cost: f32,
    /// The value of the feature that is always there; its weight times this is the bias.
    pub bias: f32,
    /// Passes over the rows, at the most.
    pub passes: usize,
    /// It ends once no projected gradient of a pass over all rows is larger.
    pub tolerance: f32,
    /// How much a feature counts for how far it tells a class from the others beforehand: the power of its log-count
    /// ratio, 0 for not at all.
    pub contrast: f32,
}

impl Default for Fit {
    fn default() -> Self {
        Fit { cost: 1.0, bias: 1.0, passes: 15, tolerance: 0.3, contrast: 0.0 }
    }
}

/// One weight per feature and class, sparse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    classes: u32,
    biases: Vec<f32>,
    /// Where the weights of each feature begin, and where the last end.
    starts: Vec<u32>,
    /// Class and weight, in steps of `step`: half the memory, and far below what moves a score.
    weights: Vec<(u16, i16)>,
    step: f32,
}

impl Linear {
    /// How many classes it tells apart.
    pub fn classes(&self) -> usize {
        self.classes as usize
    }

    /// The score of every class for a row: positive for its own, negative for the others, when it is sure.
    pub fn scores(&self, row: impl IntoIterator<Item = (u32, f32)>) -> Vec<f32> {
        let mut scores = self.biases.clone();
        for (column, value) in row {
            let value = value * self.step;
            for (class, steps) in self.weights_of(column) {
                // A model that was read from a file has been held to `is_sound`.
                scores[usize::from(*class)] += value * f32::from(*steps);
            }
        }
        scores
    }

    /// What one feature of value 1 adds to the score of a class.
    pub fn weight(&self, column: u32, class: usize) -> f32 {
        let weights = self.weights_of(column);
        weights
            .iter()
            .find(|(own, _)| usize::from(*own) == class)
            .map_or(0.0, |(_, steps)| f32::from(*steps) * self.step)
    }

    /// Whether everything in it fits together, for a model that was read from a file.
    pub fn is_sound(&self, width: usize) -> bool {
        self.biases.len() == self.classes()
            && self.starts.len() == width + 1
            && self.starts.is_sorted()
            && self.starts.last().is_some_and(|end| *end as usize == self.weights.len())
            && self.weights.iter().all(|(class, _)| u32::from(*class) < self.classes)
            && self.step.is_finite()
            && self.biases.iter().all(|bias| bias.is_finite())
    }

    fn weights_of(&self, column: u32) -> &[(u16, i16)] {
        let column = column as usize;
        match (self.starts.get(column), self.starts.get(column + 1)) {
            (Some(start), Some(end)) => &self.weights[*start as usize..*end as usize],
            _ => &[],
        }
    }
}

/// Fits models to one set of rows: to all of them, and then to parts, which is cheaper for knowing the whole.
#[derive(Clone, Copy, Debug)]
pub struct Trainer<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) labels: &'a [u32],
    pub(super) counts: &'a [f32],
    classes: usize,
    pub(super) fit: Fit,
}

/// The dual variables of a fit, from which another begins.
#[derive(Clone, Debug)]
pub struct Duals(Vec<f32>);

impl<'a> Trainer<'a> {
    /// Takes rows with their classes (below `classes`, at most 65,536) and how much each row counts (more than 0). There
    /// is one label and one count for each row.
    pub fn new(matrix: &'a Matrix, labels: &'a [u32], counts: &'a [f32], classes: usize, fit: Fit) -> Trainer<'a> {
        Trainer { matrix, labels, counts, classes: classes.min(usize::from(u16::MAX) + 1), fit }
    }

    /// Fits all rows. Deterministic. Memory: six bytes for each feature and class, and eight for each row and class.
    pub fn fit(&self) -> (Linear, Duals) {
        let rows: Vec<usize> = (0..self.matrix.rows()).collect();
        let solver = Solver::new(*self, &rows).solve(rows, self.fit.passes);
        (solver.sparse(), Duals(solver.duals))
    }

    /// Fits the rows that `keep` lets pass, beginning where the fit of all rows ended: without the others, what is left
    /// is already near its optimum, and `passes` may be few.
    pub fn fit_part(&self, whole: &Duals, keep: impl Fn(usize) -> bool, passes: usize) -> Linear {
        let kept: Vec<usize> = (0..self.matrix.rows()).filter(|row| keep(*row)).collect();
        let mut solver = Solver::new(*self, &kept);
        for row in &kept {
            solver.begin(*row, &whole.0);
        }
        solver.solve(kept, passes).sparse()
    }
}

/// The state of the descent.
struct Solver<'a> {
    of: Trainer<'a>,
    /// Classes rounded up to whole lanes.
    stride: usize,
    /// Weights of feature after feature, `stride` each; the last is the bias.
    weights: Vec<f32>,
    /// Dual variables of row after row.
    duals: Vec<f32>,
    /// How far features tell classes apart beforehand, where that counts, from the rows that are fitted alone: others
    /// must stay unknown to it.
    contrast: Option<Contrast>,
    /// With a contrast, the squared lengths of row after row, for each class.
    squared: Vec<f32>,
}

impl<'a> Solver<'a> {
    /// To fit some rows.
    fn new(of: Trainer<'a>, rows: &[usize]) -> Self {
        let stride = of.classes.div_ceil(LANES) * LANES;
        let mut weights = vec![0.0; (of.matrix.width() + 1) * stride];
        let duals = vec![0.0; of.matrix.rows() * stride];
        let contrast = (of.fit.contrast > 0.0).then(|| Contrast::new(&of, rows, stride, &mut weights));
        let mut solver = Solver { of, stride, weights, duals, contrast, squared: Vec::new() };
        solver.squared = solver.squared_lengths(rows);
        solver
    }

    /// The squared lengths of rows as each class sees them.
    fn squared_lengths(&self, rows: &[usize]) -> Vec<f32> {
        let Some(contrast) = &self.contrast else { return Vec::new() };
        let mut squared = vec![0.0; self.of.matrix.rows() * self.stride];
        for row in rows {
            let own = &mut squared[row * self.stride..][..self.stride];
            for (column, value) in self.of.matrix.row(*row).iter() {
                add_contrasted(own, contrast.factors(), contrast.of(column as usize), value * value);
            }
        }
        squared
    }

    /// Takes over the dual variables of a row, with the weights that they make.
    fn begin(&mut self, row: usize, duals: &[f32]) {
        let range = row * self.stride..(row + 1) * self.stride;
        self.duals[range.clone()].copy_from_slice(&duals[range.clone()]);
        let own = self.of.labels[row] as usize;
        let sign = |class: usize| if class == own { 1.0 } else { -1.0 };
        let mut steps: Vec<f32> = duals[range].iter().enumerate().map(|(class, dual)| dual * sign(class)).collect();
        let moved = steps.iter().filter(|step| **step != 0.0).count();
        self.step(self.of.matrix.row(row), &mut steps, moved);
    }

    fn solve(mut self, mut order: Vec<usize>, passes: usize) -> Self {
        let mut random = Random::new(0);
        let mut scores = vec![0.0; self.stride];
        let mut steps = vec![0.0; self.stride];
        // How many passes a row that nothing moved is left alone, and how often that was so in a row.
        let mut resting = vec![(0_u8, 0_u8); self.of.matrix.rows()];
        for _ in 0..passes {
            random.shuffle(&mut order);
            let (mut largest, mut rested) = (0.0_f32, false);
            for &row in &order {
                let (rest, times) = resting[row];
                if rest > 0 {
                    resting[row].0 -= 1;
                    rested = true;
                    continue;
                }
                let gradient = self.visit(row, &mut scores, &mut steps);
                largest = largest.max(gradient);
                let times = if gradient < self.of.fit.tolerance { (times + 1).min(3) } else { 0 };
                resting[row] = (times, times);
            }
            if largest < self.of.fit.tolerance {
                // What the others did since may have moved the rows that rested: it ends when all were looked at.
                if !rested {
                    break;
                }
                resting.fill((0, 0));
            }
        }
        self
    }

    /// One row, all classes; gives the largest projected gradient.
    fn visit(&mut self, row: usize, scores: &mut [f32], steps: &mut [f32]) -> f32 {
        let features = self.of.matrix.row(row);
        self.scores(features, scores);
        let slack = 0.5 / (self.of.fit.cost * self.of.counts[row]);
        let beside = self.of.fit.bias * self.of.fit.bias + slack;
        let plain = features.squared();
        let contrasted = self.squared.get(row * self.stride..(row + 1) * self.stride);
        let duals = &mut self.duals[row * self.stride..(row + 1) * self.stride];
        let own = self.of.labels[row] as usize;
        let (mut moved, mut largest) = (0, 0.0_f32);
        for class in 0..self.of.classes {
            let sign = if class == own { 1.0 } else { -1.0 };
            let dual = duals[class];
            let gradient = sign * scores[class] - 1.0 + slack * dual;
            let projected = if dual == 0.0 { gradient.min(0.0) } else { gradient };
            largest = largest.max(projected.abs());
            let curvature = contrasted.map_or(plain, |squared| squared[class]) + beside;
            let next = (dual - gradient / curvature).max(0.0);
            let step = next - dual;
            steps[class] = 0.0;
            if projected != 0.0 && step.abs() > STILL {
                duals[class] = next;
                steps[class] = step * sign;
                moved += 1;
            }
        }
        if moved > 0 {
            self.step(features, steps, moved);
        }
        largest
    }

    fn scores(&self, features: Row<'_>, scores: &mut [f32]) {
        let bias = self.of.matrix.width() * self.stride;
        for (score, weight) in scores.iter_mut().zip(&self.weights[bias..]) {
            *score = weight * self.of.fit.bias;
        }
        for (column, value) in features.iter() {
            let start = column as usize * self.stride;
            add_scaled(scores, &self.weights[start..start + self.stride], value);
        }
    }

    /// Moves the weights of a row's features by the steps of its classes.
    fn step(&mut self, features: Row<'_>, steps: &mut [f32], moved: usize) {
        let bias = std::iter::once((self.of.matrix.width() as u32, self.of.fit.bias));
        if let Some(contrast) = &self.contrast {
            steps.iter_mut().zip(contrast.factors()).for_each(|(step, factor)| *step *= factor);
        }
        // Few classes move once the first passes are over; then only theirs are touched.
        let moving: Option<Vec<(usize, f32)>> = (moved * LANES < self.stride).then(|| {
            steps.iter().copied().enumerate().take(self.of.classes).filter(|(_, step)| *step != 0.0).collect()
        });
        for (column, value) in features.iter().chain(bias) {
            let weights = &mut self.weights[column as usize * self.stride..][..self.stride];
            let squares = self.contrast.as_ref().map(|contrast| contrast.of(column as usize));
            match (&moving, squares) {
                (Some(moving), None) => moving.iter().for_each(|(class, step)| weights[*class] += step * value),
                (Some(moving), Some(squares)) => {
                    moving
                        .iter()
                        .for_each(|(class, step)| weights[*class] += step * value * f32::from(squares[*class]));
                }
                (None, None) => add_scaled(weights, steps, value),
                (None, Some(squares)) => add_contrasted(weights, steps, squares, value),
            }
        }
    }

    /// The model without what does not count.
    fn sparse(&self) -> Linear {
        let width = self.of.matrix.width();
        let mut starts = Vec::with_capacity(width + 1);
        let mut weights = Vec::new();
        let largest = self.weights.iter().fold(NEGLIGIBLE, |largest, weight| largest.max(weight.abs()));
        let step = largest / f32::from(i16::MAX);
        for column in 0..width {
            starts.push(weights.len() as u32);
            let own = &self.weights[column * self.stride..][..self.of.classes];
            let kept = own.iter().enumerate().filter(|(_, weight)| weight.abs() >= NEGLIGIBLE);
            weights.extend(kept.map(|(class, weight)| (class as u16, (weight / step).round() as i16)));
        }
        starts.push(weights.len() as u32);
        let biases =
            self.weights[width * self.stride..][..self.of.classes].iter().map(|w| w * self.of.fit.bias).collect();
        Linear { classes: self.of.classes as u32, biases, starts, weights, step }
    }
}

/// `target += source × factor`, lane by lane.
fn add_scaled(target: &mut [f32], source: &[f32], factor: f32) {
    let (target, _) = target.as_chunks_mut::<LANES>();
    let (source, _) = source.as_chunks::<LANES>();
    for (target, source) in target.iter_mut().zip(source) {
        for lane in 0..LANES {
            target[lane] += source[lane] * factor;
        }
    }
}
