//! Calibration: against isotonic regression by its definition, and on answers whose truth is known.

use proptest::prelude::*;

use super::super::{Curve, Random};

fn unit(random: &mut Random) -> f64 {
    random.below(1_000_000) as f64 / 1_000_000.0
}

/// Answers that are right with probability `truth(number)`.
fn simulated(seed: u64, count: usize, truth: impl Fn(f64) -> f64) -> Vec<(f64, bool)> {
    let mut random = Random::new(seed);
    let one = |_| {
        let number = unit(&mut random);
        (number, unit(&mut random) < truth(number))
    };
    (0..count).map(one).collect()
}

/// Expected calibration error over ten bins of equal mass.
fn calibration_error(answers: &[(f64, bool)]) -> f64 {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = |bin: &[(f64, bool)]| bin.iter().map(|(p, right)| p - f64::from(u8::from(*right))).sum::<f64>().abs();
    sorted.chunks(answers.len().div_ceil(10)).map(gap).sum::<f64>() / answers.len() as f64
}

#[test]
fn without_observations_nothing_changes() {
    for number in [0.0, 0.3, 1.0] {
        assert_eq!(Curve::fit(&[]).at(number), number);
        assert_eq!(Curve::fit(&[(f64::NAN, true), (f64::INFINITY, false)]).at(number), number);
    }
}

#[test]
fn a_few_observations_make_nothing_certain() {
    let right = Curve::fit(&[(0.6, true)]);
    assert_eq!(right.at(0.6), 0.75);
    let wrong = Curve::fit(&[(0.6, false)]);
    assert_eq!(wrong.at(0.6), 0.25);
}

#[test]
fn observations_of_one_number_are_one_step() {
    for number in [0.0, 0.5, 0.97, 1.0] {
        let answers: Vec<(f64, bool)> = (0..100).map(|at| (number, at % 2 == 0)).collect();
        let at = Curve::fit(&answers).at(number);
        assert!((at - 0.5).abs() < 0.01, "{number}: {at}");
    }
}

#[test]
fn simulated_overconfidence_is_put_right() {
    for (name, truth) in [
        ("too sure", (|x| 0.3 + 0.4 * x) as fn(f64) -> f64),
        ("squared", |x| x * x),
        ("too modest", |x: f64| x.sqrt()),
        ("right already", |x| x),
    ] {
        let curve = Curve::fit(&simulated(1, 3_000, truth));
        let later = simulated(2, 3_000, truth);
        let calibrated: Vec<(f64, bool)> = later.iter().map(|(number, right)| (curve.at(*number), *right)).collect();
        let (before, after) = (calibration_error(&later), calibration_error(&calibrated));
        assert!(after < 0.035 && (after < before / 2.0 || name == "right already"), "{name}: {before} → {after}");
    }
}

#[test]
fn the_order_of_observations_does_not_matter() {
    let mut answers = simulated(3, 500, |x| x);
    let curve = Curve::fit(&answers);
    Random::new(4).shuffle(&mut answers);
    assert_eq!(curve, Curve::fit(&answers));
}

/// Isotonic regression as it is defined by its min–max formula: at each place the largest, over the beginnings before it,
/// of the smallest, over the ends after it, mean.
fn isotonic(values: &[f64]) -> Vec<f64> {
    let mean = |from: usize, to: usize| values[from..=to].iter().sum::<f64>() / (to - from + 1) as f64;
    let smallest = |at: usize, from: usize| (at..values.len()).map(|to| mean(from, to)).fold(f64::INFINITY, f64::min);
    (0..values.len()).map(|at| (0..=at).map(|from| smallest(at, from)).fold(f64::NEG_INFINITY, f64::max)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_curve_rises_within_bounds(
        answers in prop::collection::vec((prop_oneof![0.0..=1.0_f64, Just(1.0), Just(0.0), Just(0.5)], any::<bool>()), 0..300),
    ) {
        let curve = Curve::fit(&answers);
        let mut numbers: Vec<f64> = (0..=200).map(|at| f64::from(at) / 200.0).chain(answers.iter().map(|a| a.0)).collect();
        numbers.sort_by(f64::total_cmp);
        let values: Vec<f64> = numbers.iter().map(|number| curve.at(*number)).collect();
        prop_assert!(values.is_sorted(), "{values:?}");
        prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn steps_are_those_of_isotonic_regression(rights in prop::collection::vec(0..=25_usize, 1..12)) {
        // 25 observations of each number are one group; how many of them are right is given.
        let number = |at: usize| (at as f64 + 1.0) / 16.0;
        let group = |(at, right): (usize, &usize)| (0..25).map(move |n| (number(at), n < *right)).collect::<Vec<_>>();
        let answers: Vec<(f64, bool)> = rights.iter().enumerate().flat_map(group).collect();
        let curve = Curve::fit(&answers);
        let shares: Vec<f64> = rights.iter().map(|right| *right as f64 / 25.0).collect();
        let expected = isotonic(&shares);
        let mut at = 0;
        for step in expected.chunk_by(|a, b| (a - b).abs() < 1e-9) {
            // The curve goes through the middle of a step, but for the half observation that is added on each side.
            let middle = (number(at) + number(at + step.len() - 1)) / 2.0;
            prop_assert!((curve.at(middle) - step[0]).abs() < 0.5 / 26.0 + 1e-9, "{} at {middle}", curve.at(middle));
            at += step.len();
        }
    }
}
