//! Gains against sums done by hand and against chance.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::gain::expected;
use super::hypotheses::{Hypothesis, MISTAKEN};

fn hypotheses(probabilities: &[f64]) -> Vec<Hypothesis> {
    probabilities
        .iter()
        .enumerate()
        .map(|(scenario, probability)| Hypothesis { scenario, probability: *probability })
        .collect()
}

#[test]
fn gains_that_can_be_done_by_hand() {
    // A yes-or-no question that halves two equals: one bit, less what a mistaken answer costs (a binary symmetric channel,
    // Shannon 1948).
    let noise = -MISTAKEN * MISTAKEN.log2() - (1.0 - MISTAKEN) * (1.0 - MISTAKEN).log2();
    for (probabilities, answers, expect) in
        [(&[0.5, 0.5][..], 2, 1.0 - noise), (&[1.0], 2, 0.0), (&[0.25, 0.25, 0.25, 0.25], 1, 0.0), (&[], 2, 0.0)]
    {
        let gain = expected(&hypotheses(probabilities), answers, |own| own.scenario.min(answers - 1));
        assert!((gain - expect).abs() < 1e-9, "{probabilities:?}: {gain} {expect}");
    }
}

proptest! {
    #[test]
    fn a_gain_is_between_nothing_and_all_that_is_open(weights in proptest::collection::vec(0.01_f64..1.0, 1..12), answers in 2_usize..6, other in 0.0_f64..2.0) {
        let total: f64 = weights.iter().sum::<f64>() + other;
        let own: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let gain = expected(&hypotheses(&own), answers, |one| one.scenario % answers);
        let all = own.iter().chain([&(other / total)]).filter(|one| **one > 0.0).map(|one| -one * one.log2()).sum::<f64>();
        prop_assert!(gain >= 0.0 && gain <= all + 1e-9 && gain <= (answers as f64).log2() + 1e-9);
    }
}
