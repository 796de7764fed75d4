//! Bounds on shares, and the lowest confidence that holds.

use proptest::prelude::*;

use super::super::{Answers, wilson_lower};

#[test]
fn the_lower_bound_is_that_of_the_score_interval() {
    // The smaller root of (p − share)² = z² p (1 − p) / n with z = 1.6448536, solved by hand.
    for (right, count, expected) in [
        (0.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (0.0, 50.0, 0.0),
        (1.0, 1.0, 0.269_866),
        (5.0, 10.0, 0.269_272),
        (51.0, 51.0, 0.949_623),
        (52.0, 52.0, 0.950_544),
        (95.0, 100.0, 0.900_839),
        (190.0, 200.0, 0.918_108),
        (950.0, 1_000.0, 0.937_400),
    ] {
        let bound = wilson_lower(right, count);
        assert!((bound - expected).abs() < 1e-6, "{right} of {count}: {bound} instead of {expected}");
    }
    assert!(wilson_lower(52.0, 52.0) >= 0.95 && wilson_lower(51.0, 51.0) < 0.95);
}

fn answers() -> impl Strategy<Value = Vec<(f64, bool)>> {
    // Few different confidences, so that many are equal.
    prop::collection::vec(((0..12_u8).prop_map(|c| f64::from(c) / 11.0), any::<bool>()), 0..40)
}

fn naive_from(answers: &[(f64, bool)], confidence: f64) -> (f64, f64) {
    let sure: Vec<bool> = answers.iter().filter(|(own, _)| *own >= confidence).map(|(_, right)| *right).collect();
    (sure.iter().filter(|right| **right).count() as f64, sure.len() as f64)
}

proptest! {
    #[test]
    fn the_bound_is_below_the_share_and_rises_with_evidence(right in 0..200_u32, wrong in 0..200_u32) {
        let (right, count) = (f64::from(right), f64::from(right + wrong));
        let bound = wilson_lower(right, count);
        prop_assert!((0.0..=1.0).contains(&bound));
        prop_assert!(bound <= right / count.max(1.0));
        prop_assert!(wilson_lower(right + 1.0, count + 1.0) >= bound, "one more right");
        prop_assert!(wilson_lower(right, count + 1.0) <= bound, "one more wrong");
        prop_assert!(wilson_lower(right * 2.0, count * 2.0) >= bound, "the same share of more");
    }

    #[test]
    fn counting_from_a_confidence_is_counting(answers in answers(), confidence in -0.1..1.1_f64) {
        let known = Answers::new(answers.iter().copied());
        let (own, _) = answers.first().copied().unwrap_or_default();
        for confidence in [confidence, own] {
            prop_assert_eq!(known.from(confidence), naive_from(&answers, confidence));
        }
    }

    #[test]
    fn the_lowest_is_found(answers in answers(), target in 0.0..1.1_f64) {
        let holds = |right: f64, count: f64| wilson_lower(right, count) >= target;
        let found = Answers::new(answers.iter().copied()).lowest(|_, right, count| holds(right, count));
        let mut confidences: Vec<f64> = answers.iter().map(|(confidence, _)| *confidence).collect();
        confidences.sort_by(f64::total_cmp);
        let naive = confidences.into_iter().find(|confidence| {
            let (right, count) = naive_from(&answers, *confidence);
            holds(right, count)
        });
        prop_assert_eq!(found, naive);
    }
}

#[test]
fn of_many_confidences_some_are_tried() {
    // Right above 0.4, wrong below: the lowest that holds lies between 0.3 and 0.4, and little of it is lost.
    let answers = Answers::new((0..5_500).map(|at| (f64::from(at) / 5_500.0, at >= 2_200)));
    let holds = |right: f64, count: f64| right >= 0.9 * count;
    let lowest = answers.lowest(|_, right, count| holds(right, count)).unwrap();
    let (right, count) = answers.from(lowest);
    assert!(holds(right, count));
    let (right, count) = answers.from(lowest - 0.0025);
    assert!(!holds(right, count), "{lowest}");
    assert_eq!(Answers::default().lowest(|_, _, _| true), None);
}
