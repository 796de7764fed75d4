//! Conditional logit: at its optimum, on simulated choices, and where there is nothing to choose.

use proptest::prelude::*;

use super::super::{Choice, Questions, Random};

/// A question as plain tables: candidates, and which it was.
type Question = (Vec<Vec<f32>>, Option<usize>);

fn questions(width: usize, all: &[Question]) -> Questions {
    let mut questions = Questions::new(width);
    all.iter().for_each(|(candidates, right)| questions.push(candidates.iter().map(Vec::as_slice), *right));
    questions
}

/// The logarithm of the likelihood, less what the prior takes off, by its definition.
fn objective(all: &[Question], weights: &[f64], prior: &[f64], strength: f64) -> f64 {
    let sum = |numbers: &[f32]| numbers.iter().zip(weights).map(|(n, w)| f64::from(*n) * w).sum::<f64>();
    let one = |(candidates, right): &Question| {
        let sums: Vec<f64> = candidates.iter().map(|c| sum(c)).collect();
        let most = sums.iter().copied().fold(0.0, f64::max);
        let total = (sums.iter().map(|s| (s - most).exp()).sum::<f64>() + (-most).exp()).ln() + most;
        right.and_then(|right| sums.get(right)).copied().unwrap_or(0.0) - total
    };
    let pull = weights.iter().enumerate().map(|(at, w)| (w - prior.get(at).copied().unwrap_or(0.0)).powi(2));
    all.iter().map(one).sum::<f64>() - strength / 2.0 * pull.sum::<f64>()
}

/// The largest slope in any direction, numerically.
fn slope(all: &[Question], weights: &[f64], prior: &[f64], strength: f64) -> f64 {
    let one = |at: usize| {
        let at_distance = |distance: f64| {
            let mut moved = weights.to_vec();
            moved[at] += distance;
            objective(all, &moved, prior, strength)
        };
        ((at_distance(1e-5) - at_distance(-1e-5)) / 2e-5).abs()
    };
    (0..weights.len()).map(one).fold(0.0, f64::max)
}

fn problem(scale: f32) -> impl Strategy<Value = (Vec<Question>, Vec<f64>, f64)> {
    (1..4_usize).prop_flat_map(move |width| {
        let candidate = prop::collection::vec(-scale..scale, width);
        let question = (prop::collection::vec(candidate, 0..5), prop::option::of(0..6_usize));
        let prior = prop::collection::vec(-2.0..2.0_f64, width);
        (prop::collection::vec(question, 0..30), prior, prop_oneof![Just(0.1), Just(1.0), Just(5.0)])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn it_ends_where_no_direction_is_better((all, prior, strength) in prop_oneof![problem(2.0), problem(15.0)]) {
        let choice = Choice::fit(&questions(prior.len(), &all), &prior, strength);
        let slope = slope(&all, &choice.weights, &prior, strength);
        prop_assert!(slope < 1e-2, "{slope} at {:?}", choice.weights);
    }

    #[test]
    fn probabilities_are_shares(
        candidates in prop::collection::vec(prop::collection::vec(-1e4..1e4_f32, 2), 0..8),
        weights in prop::collection::vec(-50.0..50.0_f64, 2),
    ) {
        let probabilities = Choice { weights }.probabilities(candidates.iter().map(Vec::as_slice));
        prop_assert_eq!(probabilities.len(), candidates.len());
        prop_assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
        prop_assert!(probabilities.iter().sum::<f64>() <= 1.0 + 1e-9);
    }
}

#[test]
fn probabilities_are_the_exponentials_over_their_sum() {
    let choice = Choice { weights: vec![2.0_f64.ln()] };
    // 2¹, 2² and 2⁰ for none of them.
    let probabilities = choice.probabilities([[1.0_f32].as_slice(), &[2.0]]);
    assert!((probabilities[0] - 2.0 / 7.0).abs() < 1e-12 && (probabilities[1] - 4.0 / 7.0).abs() < 1e-12);
}

#[test]
fn weights_of_simulated_choices_are_found_again() {
    let truth = [1.5, -0.8, 0.4];
    let mut random = Random::new(11);
    let mut number = || random.below(2_000_001) as f64 / 1e6 - 1.0;
    let one = |_| {
        let candidates: Vec<Vec<f32>> = (0..4).map(|_| (0..3).map(|_| 2.0 * number() as f32).collect()).collect();
        let shares = Choice { weights: truth.to_vec() }.probabilities(candidates.iter().map(Vec::as_slice));
        let mut left = (number() + 1.0) / 2.0;
        let right = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        (candidates, right)
    };
    let all: Vec<Question> = (0..1_500).map(one).collect();
    let found = Choice::fit(&questions(3, &all), &[], 1e-3);
    // Three standard errors of so many choices are about 0.13.
    for (own, truth) in found.weights.iter().zip(truth) {
        assert!((own - truth).abs() < 0.15, "{:?}", found.weights);
    }
    assert_eq!(found, Choice::fit(&questions(3, &all), &[], 1e-3), "the same again");
}

#[test]
fn what_is_separable_stays_finite() {
    // The first is always right, by one number; the other says nothing at all.
    let all: Vec<Question> = vec![(vec![vec![9.0, 0.0], vec![-9.0, 0.0]], Some(0)); 50];
    for strength in [0.0, 1e-6, 1.0] {
        let choice = Choice::fit(&questions(2, &all), &[], strength);
        assert!(choice.weights.iter().all(|weight| weight.is_finite()), "{strength}: {choice:?}");
        assert_eq!(choice.weights[1], 0.0, "nothing is said about it");
        assert!(choice.probabilities([[9.0, 0.0].as_slice(), &[-9.0, 0.0]])[0] > 0.99);
    }
}

#[test]
fn where_nothing_is_asked_the_prior_stays() {
    let empty = Questions::new(2);
    assert!(empty.is_empty());
    assert_eq!(Choice::fit(&empty, &[0.5], 1.0).weights, [0.5, 0.0]);
    assert!(Choice::fit(&Questions::new(0), &[], 1.0).weights.is_empty());
    // Questions without candidates, and candidates without numbers, say nothing either.
    let all: Vec<Question> = vec![(vec![], Some(0)), (vec![], None), (vec![vec![], vec![]], Some(1))];
    assert_eq!(Choice::fit(&questions(2, &all), &[0.5, 1.0], 1.0).weights, [0.5, 1.0]);
    assert!(Choice::fit(&questions(0, &all), &[], 1.0).weights.is_empty());
    assert_eq!(questions(2, &all).len(), 3);
}
