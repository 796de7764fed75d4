//! Which of several candidates it is: conditional logit.
//!
//! McFadden (*Conditional logit analysis of qualitative choice behavior*, 1974): each candidate of a question has a
//! vector of numbers that speak for it, one weight per number is learned for all candidates alike, and the probability
//! of a candidate is the exponential of its sum over that of all. One more candidate, "none of these", has the sum 0.

use serde::{Deserialize, Serialize};

/// Newton steps, at the most; ten are usually enough.
const STEPS: usize = 30;
/// It ends when no weight moves by more.
const STILL: f64 = 1e-6;
/// The longest Newton step of one weight: the first steps of a separable problem are too long.
const LONGEST: f64 = 3.0;
/// A step is halved so often, at the most, before it is taken for none.
const HALVINGS: usize = 30;

/// Questions with their candidates, for fitting.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    width: usize,
    /// The numbers of candidate after candidate, `width` each.
    numbers: Vec<f32>,
    /// Where the candidates of each question begin, and where the last end.
    starts: Vec<usize>,
    /// Which candidate it was; none of them, where that is past the last.
    right: Vec<u32>,
}

impl Questions {
    /// No questions yet, on candidates of so many numbers.
    pub fn new(width: usize) -> Questions {
        Questions { width, numbers: Vec::new(), starts: vec![0], right: Vec::new() }
    }

    /// Adds a question: its candidates and which was right, if any.
    pub fn push<'a>(&mut self, candidates: impl IntoIterator<Item = &'a [f32]>, right: Option<usize>) {
        let mut count = 0;
        for candidate in candidates {
            let missing = self.width.saturating_sub(candidate.len());
            self.numbers.extend(candidate.iter().take(self.width));
            self.numbers.extend(std::iter::repeat_n(0.0, missing));
            count += 1;
        }
        self.starts.push(self.starts[self.starts.len() - 1] + count);
        self.right.push(right.unwrap_or(count) as u32);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.right.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.right.is_empty()
    }

    /// The numbers of each candidate of a question, and the place of the right one.
    fn question(&self, question: usize) -> (impl Iterator<Item = &[f32]>, usize) {
        let candidates = self.starts[question]..self.starts[question + 1];
        let numbers = |at: usize| &self.numbers[at * self.width..(at + 1) * self.width];
        (candidates.map(numbers), self.right[question] as usize)
    }
}

/// What was learned: one weight per number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The weights.
    pub weights: Vec<f64>,
}

impl Choice {
    /// Fits by Newton's method, with a normal prior: each weight is drawn towards its `prior` with `strength` (the
    /// inverse of the variance). A step that makes it worse is halved: where candidates are far apart the curvature at a
    /// place says little about that of the next. Deterministic. Time is proportional to candidates × width².
    pub fn fit(questions: &Questions, prior: &[f64], strength: f64) -> Choice {
        let width = questions.width;
        let mut weights: Vec<f64> = (0..width).map(|at| prior.get(at).copied().unwrap_or(0.0)).collect();
        let start = weights.clone();
        let worth = |weights: &[f64]| {
            let pull: f64 = weights.iter().zip(&start).map(|(weight, start)| (weight - start).powi(2)).sum();
            likelihood(questions, weights) - strength / 2.0 * pull
        };
        let mut reached = worth(&weights);
        for _ in 0..STEPS {
            let (mut gradient, mut curvature) = derivatives(questions, &weights);
            for at in 0..width {
                gradient[at] -= strength * (weights[at] - start[at]);
                curvature[at * width + at] += strength;
            }
            let step = solve(curvature, gradient);
            let largest = step.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
            let moved =
                |part: f64| -> Vec<f64> { weights.iter().zip(&step).map(|(w, step)| w + part * step).collect() };
            let parts = std::iter::successors(Some((LONGEST / largest).min(1.0)), |part| Some(part / 2.0));
            let tried = parts.take(HALVINGS).map(|part| (part, moved(part)));
            let better =
                tried.map(|(part, weights)| (part, worth(&weights), weights)).find(|(_, own, _)| *own >= reached);
            let Some((part, own, next)) = better else { break };
            (reached, weights) = (own, next);
            if part * largest < STILL {
                break;
            }
        }
        Choice { weights }
    }

    /// The probability of each candidate; what is missing to 1 is that of "none of these".
    pub fn probabilities<'a>(&self, candidates: impl IntoIterator<Item = &'a [f32]>) -> Vec<f64> {
        shares(&self.weights, candidates)
    }
}

/// The sum of each candidate, and the largest, "none of these" among them.
fn sums<'a>(weights: &[f64], candidates: impl IntoIterator<Item = &'a [f32]>) -> (Vec<f64>, f64) {
    let sum = |numbers: &[f32]| -> f64 { numbers.iter().zip(weights).map(|(n, w)| f64::from(*n) * w).sum() };
    let sums: Vec<f64> = candidates.into_iter().map(sum).collect();
    let largest = sums.iter().copied().fold(0.0, f64::max);
    (sums, largest)
}

fn shares<'a>(weights: &[f64], candidates: impl IntoIterator<Item = &'a [f32]>) -> Vec<f64> {
    let (sums, largest) = sums(weights, candidates);
    let powers: Vec<f64> = sums.iter().map(|sum| (sum - largest).exp()).collect();
    let total = powers.iter().sum::<f64>() + (-largest).exp();
    powers.into_iter().map(|power| power / total).collect()
}

/// The logarithm of the probability that all questions are answered as they were.
fn likelihood(questions: &Questions, weights: &[f64]) -> f64 {
    let one = |question: usize| {
        let (candidates, right) = questions.question(question);
        let (sums, largest) = sums(weights, candidates);
        let total = sums.iter().map(|sum| (sum - largest).exp()).sum::<f64>() + (-largest).exp();
        sums.get(right).copied().unwrap_or(0.0) - largest - total.ln()
    };
    (0..questions.len()).map(one).sum()
}

/// Gradient of the log-likelihood and the negative of its matrix of second derivatives.
fn derivatives(questions: &Questions, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let width = questions.width;
    let mut gradient = vec![0.0; width];
    let mut curvature = vec![0.0; width * width];
    let mut mean = vec![0.0; width];
    let mut wide = Vec::with_capacity(width);
    for question in 0..questions.len() {
        let (candidates, right) = questions.question(question);
        let candidates: Vec<&[f32]> = candidates.collect();
        let shares = shares(weights, candidates.iter().copied());
        mean.fill(0.0);
        for (numbers, share) in candidates.iter().zip(&shares) {
            for (mean, number) in mean.iter_mut().zip(*numbers) {
                *mean += share * f64::from(*number);
            }
            // What is all but impossible bends nothing.
            if *share > 1e-9 {
                wide.clear();
                wide.extend(numbers.iter().map(|number| f64::from(*number)));
                add_outer(&mut curvature, &wide, *share);
            }
        }
        add_outer(&mut curvature, &mean, -1.0);
        for (at, gradient) in gradient.iter_mut().enumerate() {
            let observed = candidates.get(right).map_or(0.0, |numbers| f64::from(numbers[at]));
            *gradient += observed - mean[at];
        }
    }
    // Only the upper half was added up.
    for row in 0..width {
        for column in 0..row {
            curvature[row * width + column] = curvature[column * width + row];
        }
    }
    (gradient, curvature)
}

/// Adds `vector × vectorᵀ × factor` to the upper half of a matrix.
fn add_outer(matrix: &mut [f64], vector: &[f64], factor: f64) {
    let width = vector.len();
    for (row, value) in vector.iter().enumerate() {
        if *value == 0.0 {
            continue;
        }
        let scaled = value * factor;
        let cells = &mut matrix[row * width + row..(row + 1) * width];
        for (cell, other) in cells.iter_mut().zip(&vector[row..]) {
            *cell += scaled * other;
        }
    }
}

/// Solves `matrix × x = right` for a symmetric positive definite matrix (Cholesky). A direction that the matrix says
/// nothing about stays where it is.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let width = right.len();
    for column in 0..width {
        let mut pivot = matrix[column * width + column];
        for k in 0..column {
            pivot -= matrix[column * width + k].powi(2);
        }
        let pivot = if pivot > 1e-12 { pivot.sqrt() } else { f64::INFINITY };
        matrix[column * width + column] = pivot;
        for row in column + 1..width {
            let mut sum = matrix[row * width + column];
            for k in 0..column {
                sum -= matrix[row * width + k] * matrix[column * width + k];
            }
            matrix[row * width + column] = sum / pivot;
        }
    }
    for row in 0..width {
        for k in 0..row {
            right[row] -= matrix[row * width + k] * right[k];
        }
        right[row] /= matrix[row * width + row];
    }
    for row in (0..width).rev() {
        for k in row + 1..width {
            right[row] -= matrix[k * width + row] * right[k];
        }
        right[row] /= matrix[row * width + row];
    }
    right
}
