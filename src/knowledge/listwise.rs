//! Learning an order from lists in which one entry was right.
//!
//! Conditional logistic regression (McFadden 1974; as a way of ranking: ListNet, Cao et al. 2007): the entries of a list
//! are weighed by `w·f`, and `w` makes the right ones as likely as it can, held back by a penalty on its length. The
//! problem is convex and small, so a few Newton steps from 0 solve it, always alike.

/// The penalty on the squared length of the weights.
const PENALTY: f64 = 5.0;
/// Newton steps: a handful are enough for such a function, the rest are there for steps that went too far.
const STEPS: usize = 12;
/// Added to a standard deviation, for features that are the same everywhere.
const FLAT: f64 = 1e-6;

type Square<const N: usize> = [[f64; N]; N];

/// A list: the features of its entries, and which of them was right; `None` if none was.
pub(super) struct List<const N: usize> {
    /// One row of features for each entry.
    pub(super) rows: Vec<[f64; N]>,
    /// The number of the right row.
    pub(super) right: Option<usize>,
}

/// What was learned.
#[derive(Debug)]
pub(super) struct Listwise<const N: usize> {
    mean: [f64; N],
    deviation: [f64; N],
    weights: [f64; N],
}

impl<const N: usize> Listwise<N> {
    /// Learns from lists; those without a right entry only tell how features are spread. `None` if there is nothing to
    /// learn from.
    pub(super) fn fit(mut lists: Vec<List<N>>) -> Option<Listwise<N>> {
        let (mean, deviation) = spread(&lists);
        lists.retain(|list| list.right.is_some());
        for row in lists.iter_mut().flat_map(|list| &mut list.rows) {
            *row = standardised(row, &mean, &deviation);
        }
        let weights = minimum(&lists);
        let learned = !lists.is_empty() && weights.iter().all(|weight| weight.is_finite());
        learned.then_some(Listwise { mean, deviation, weights })
    }

    /// What was learned as numbers: means, deviations and weights of the features.
    pub(super) fn numbers(&self) -> [[f64; N]; 3] {
        [self.mean, self.deviation, self.weights]
    }

    /// What was learned, from its [`numbers`](Self::numbers); `None` if they cannot be such.
    pub(super) fn of_numbers([mean, deviation, weights]: [[f64; N]; 3]) -> Option<Listwise<N>> {
        let sound = deviation.iter().all(|deviation| *deviation > 0.0)
            && [mean, deviation, weights].as_flattened().iter().all(|number| number.is_finite());
        sound.then_some(Listwise { mean, deviation, weights })
    }

    /// The score of an entry: the difference of two scores is the logarithm of how much likelier one is.
    pub(super) fn score(&self, row: &[f64; N]) -> f64 {
        dot(&self.weights, &standardised(row, &self.mean, &self.deviation))
    }
}

fn standardised<const N: usize>(row: &[f64; N], mean: &[f64; N], deviation: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|at| (row[at] - mean[at]) / deviation[at])
}

fn dot<const N: usize>(one: &[f64; N], other: &[f64; N]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// Mean and standard deviation of each feature over all rows.
fn spread<const N: usize>(lists: &[List<N>]) -> ([f64; N], [f64; N]) {
    let rows = || lists.iter().flat_map(|list| &list.rows);
    let all = rows().count().max(1) as f64;
    let mean = std::array::from_fn(|at| rows().map(|row| row[at]).sum::<f64>() / all);
    let variance = |at: usize| rows().map(|row| (row[at] - mean[at]).powi(2)).sum::<f64>() / all;
    (mean, std::array::from_fn(|at| variance(at).sqrt() + FLAT))
}

/// The weights of the least loss.
fn minimum<const N: usize>(lists: &[List<N>]) -> [f64; N] {
    let mut best = ([0.0; N], f64::INFINITY);
    let mut weights = [0.0; N];
    for _ in 0..STEPS {
        let (loss, slope, curvature) = loss(lists, &weights);
        if loss <= best.1 {
            best = (weights, loss);
            let step = solve(curvature, slope);
            weights = std::array::from_fn(|at| weights[at] - step[at]);
        } else {
            // Too far: half of the way.
            weights = std::array::from_fn(|at| (weights[at] + best.0[at]) / 2.0);
        }
    }
    best.0
}

/// The penalised negative log-likelihood, with its first and second derivatives; of the second the lower half.
fn loss<const N: usize>(lists: &[List<N>], weights: &[f64; N]) -> (f64, [f64; N], Square<N>) {
    let mut loss = PENALTY * dot(weights, weights);
    let mut slope = weights.map(|weight| 2.0 * PENALTY * weight);
    let mut curvature = [[0.0; N]; N];
    for (at, row) in curvature.iter_mut().enumerate() {
        row[at] = 2.0 * PENALTY;
    }
    for list in lists {
        let Some(right) = list.right else { continue };
        let scores: Vec<f64> = list.rows.iter().map(|row| dot(weights, row)).collect();
        let shares = shares(&scores);
        loss -= shares[right].max(f64::MIN_POSITIVE).ln();
        let expected: [f64; N] =
            std::array::from_fn(|at| list.rows.iter().zip(&shares).map(|(row, share)| share * row[at]).sum());
        for (row, share) in list.rows.iter().zip(&shares) {
            for i in 0..N {
                let part = share * (row[i] - expected[i]);
                for j in 0..=i {
                    curvature[i][j] += part * (row[j] - expected[j]);
                }
            }
        }
        for at in 0..N {
            slope[at] += expected[at] - list.rows[right][at];
        }
    }
    (loss, slope, curvature)
}

/// The softmax of scores: how likely each entry of a list is.
pub(super) fn shares(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let all: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / all).collect()
}

/// Solves `matrix · x = right` by Cholesky decomposition; the matrix is symmetric and positive definite (the penalty sees
/// to it), and given by its lower half.
fn solve<const N: usize>(mut matrix: Square<N>, mut right: [f64; N]) -> [f64; N] {
    for i in 0..N {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - known;
            matrix[i][j] = if i == j { rest.max(f64::MIN_POSITIVE).sqrt() } else { rest / matrix[j][j] };
        }
    }
    for i in 0..N {
        let known: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Lists of five in which the entry with the most of feature 1 was right; feature 0 says nothing, feature 2 is the
    /// same everywhere.
    fn lists() -> Vec<List<3>> {
        let row = |list: usize, entry: usize| [(list * 7 + entry * 3) as f64 % 5.0, ((list + entry) % 5) as f64, 2.0];
        let list = |list: usize| List {
            rows: (0..5).map(|entry| row(list, entry)).collect(),
            right: Some((0..5).find(|entry| (list + entry) % 5 == 4).unwrap()),
        };
        (0..100).map(list).collect()
    }

    #[test]
    fn a_feature_that_decides_is_found() {
        let learned = Listwise::fit(lists()).unwrap();
        assert!(learned.weights[1] > 1.0, "{learned:?}");
        assert!(learned.weights[0].abs() < 0.2 && learned.weights[2] == 0.0, "{learned:?}");
        assert!(learned.score(&[0.0, 4.0, 2.0]) > learned.score(&[4.0, 3.0, 2.0]));
    }

    #[test]
    fn the_slope_vanishes_at_the_minimum() {
        let mut lists = lists();
        // Not separable: some were right for no reason.
        for list in lists.iter_mut().step_by(3) {
            list.right = Some(0);
        }
        let weights = minimum(&lists);
        let (_, slope, _) = loss(&lists, &weights);
        assert!(slope.iter().all(|slope| slope.abs() < 1e-6), "{slope:?}");
    }

    #[test]
    fn nothing_is_learned_without_a_right_entry() {
        assert!(Listwise::<3>::fit(Vec::new()).is_none());
        assert!(Listwise::fit(vec![List { rows: vec![[1.0], [2.0]], right: None }]).is_none());
    }

    proptest! {
        #[test]
        fn equations_are_solved(values in prop::array::uniform4(prop::array::uniform4(-9.0_f64..9.0)), x in prop::array::uniform4(-9.0_f64..9.0)) {
            // A matrix times its transpose, plus one: symmetric and positive definite.
            let matrix: Square<4> = std::array::from_fn(|i| {
                std::array::from_fn(|j| dot(&values[i], &values[j]) + if i == j { 1.0 } else { 0.0 })
            });
            let right = matrix.map(|row| dot(&row, &x));
            for (found, wanted) in solve(matrix, right).iter().zip(x) {
                prop_assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
            }
        }
    }
}
