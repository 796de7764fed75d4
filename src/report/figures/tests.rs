#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;
use crate::source::Date;

/// A query with the labels that were found and their confidences in hundredths.
fn judged(truth: &str, ranked: &[(&str, u32)]) -> Judged {
    let ranked = ranked.iter().map(|(label, percent)| (label.to_string(), f64::from(*percent) / 100.0)).collect();
    Judged { truth: truth.into(), ranked, ..Judged::default() }
}

fn figures(judged: Vec<Judged>) -> Figures {
    Figures::of(&Run { judged, ..Run::default() })
}

/// Queries by one letter each: the true label, the decided one (a blank: nothing was found), confidence in hundredths.
fn letters(truths: &str, predicted: &str, percents: &[u32]) -> Vec<Judged> {
    let labels = truths.chars().zip(predicted.chars()).zip(percents);
    labels
        .map(|((truth, predicted), percent)| match predicted {
            ' ' => judged(&truth.to_string(), &[]),
            _ => judged(&truth.to_string(), &[(&predicted.to_string(), *percent)]),
        })
        .collect()
}

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-12)
}

/// Random data; the expected figures are `f1_score(average="macro")` of scikit-learn 1.9 and the calibration error over
/// `numpy.array_split(…, 15)`.
#[test]
fn macro_f1_and_calibration_error_agree_with_scikit_learn() {
    type Row = (&'static str, &'static str, &'static [u32], f64, f64);
    const ROWS: &[Row] = &[
        ("aaaaaaa", "aaaaaba", &[79, 32, 94, 45, 88, 83, 67], 0.46153846153846156, 0.3971428571428571),
        (
            "bbbbcbbcaaabcbcbacacbbacbacbcbbcbacabbaa",
            "bbaacbbdeadbcbcbacacbbacbacbcbbcbacabbca",
            &[
                98, 49, 20, 9, 17, 79, 94, 56, 16, 91, 0, 89, 26, 27, 21, 85, 37, 40, 25, 69, 87, 23, 81, 99, 38, 2,
                46, 53, 84, 18, 33, 8, 42, 75, 88, 43, 68, 19, 22, 52,
            ],
            0.5224344283167812,
            0.3677499999999999,
        ),
        (
            "dcccccfcbcbcfbbfbbbdfbacfaaeecddedefaefddfbfccb",
            "ehfcgcfchggedcchbbagdfabfeaeegfdecefafgddfehfeb",
            &[
                79, 21, 66, 58, 62, 88, 93, 40, 61, 35, 37, 60, 51, 18, 14, 48, 68, 22, 80, 63, 43, 23, 11, 95, 34, 65,
                70, 64, 46, 8, 45, 4, 39, 71, 90, 76, 33, 49, 44, 69, 86, 98, 41, 77, 89, 54, 0,
            ],
            0.3784722222222222,
            0.3187234042553192,
        ),
        (
            "baababbbaaab",
            "dccdbcabdbdd",
            &[84, 79, 56, 31, 37, 5, 17, 50, 1, 61, 68, 71],
            0.05555555555555555,
            0.4666666666666667,
        ),
        ("a", "a", &[60], 1.0, 0.4),
        (
            "aaaaaaaaaaaaaaa",
            "aaaaaaaaaaaaaaa",
            &[92, 25, 37, 59, 97, 8, 38, 0, 88, 99, 55, 74, 36, 82, 60],
            1.0,
            0.4333333333333333,
        ),
        (
            "abhhfigcdbhjdjgfgijcbcahfhjhdcgcbcdafahcfdcabfcehddjeagaibdb",
            "abhhfiggdkcjdjgffijcbcahfhfhdchcbcdafahcfdcabfcehdkjeagaibha",
            &[
                78, 23, 52, 20, 8, 79, 27, 5, 71, 13, 84, 48, 9, 35, 7, 73, 89, 15, 51, 94, 17, 1, 55, 11, 40, 62, 74,
                45, 47, 85, 80, 37, 19, 64, 68, 28, 33, 4, 86, 82, 16, 53, 88, 18, 63, 95, 81, 60, 98, 29, 91, 24, 76,
                54, 72, 99, 41, 21, 92, 36,
            ],
            0.7953569306510484,
            0.45066666666666666,
        ),
    ];
    for (truths, predicted, percents, macro_f1, ece) in ROWS {
        let found = figures(letters(truths, predicted, percents));
        assert!(close(found.macro_f1, *macro_f1), "{truths}: {:?}, not {macro_f1}", found.macro_f1);
        assert!(close(found.ece, *ece), "{truths}: {:?}, not {ece}", found.ece);
    }
}

#[test]
fn shares() {
    for (name, truths, predicted, accuracy, macro_f1) in [
        ("all right", "aab", "aab", 1.0, 1.0),
        ("one wrong", "aab", "aaa", 2.0 / 3.0, 0.4),
        ("a label that only was decided counts with 0", "aa", "ac", 0.5, (2.0 / 3.0) / 2.0),
        ("nothing found is wrong, and no label of its own", "aa", "a ", 0.5, 2.0 / 3.0),
        ("nothing found at all", "ab", "  ", 0.0, 0.0),
    ] {
        let found = figures(letters(truths, predicted, &[90; 3]));
        assert!(close(found.accuracy, accuracy), "{name}: {:?}", found.accuracy);
        assert!(close(found.macro_f1, macro_f1), "{name}: {:?}", found.macro_f1);
    }
    let third = judged("a", &[("b", 60), ("c", 20), ("a", 10)]);
    let fourth = judged("a", &[("b", 60), ("c", 20), ("d", 10), ("a", 5)]);
    assert_eq!(figures(vec![third, fourth]).top3, Some(0.5));
}

#[test]
fn what_is_undefined_is_null() {
    let nothing = serde_json::to_value(Figures::of(&Run {
        targets: vec![0.95],
        train_seconds: f64::NAN,
        thresholds: vec![Some(f64::INFINITY)],
        ..Run::default()
    }))
    .unwrap();
    for key in ["accuracy", "macro_f1", "top3", "ece", "ece_by_chance", "train_seconds", "memory_bytes"] {
        assert!(nothing[key].is_null(), "{key}: {}", nothing[key]);
    }
    assert!(nothing["latency_us"]["p50"].is_null());
    let targets = serde_json::json!([{"target": 0.95, "coverage": null, "accuracy": null, "threshold": null}]);
    assert_eq!(nothing["targets"], targets);

    let mut odd = judged("a", &[("a", 50)]);
    odd.ranked[0].1 = f64::NAN;
    odd.elapsed_us = f64::NAN;
    let found = figures(vec![odd]);
    assert_eq!((found.ece, found.latency_us.p99), (Some(1.0), None));
}

#[test]
fn what_chance_does_to_calibration() {
    // Summed over all counts, as the definition has it.
    let naive = |n: usize, p: f64| -> f64 {
        let mut probability = (1.0 - p).powi(n as i32);
        (0..=n)
            .map(|count| {
                let part = probability * (count as f64 - n as f64 * p).abs();
                probability *= (n - count) as f64 / (count + 1) as f64 * p / (1.0 - p);
                part
            })
            .sum()
    };
    for n in [1, 2, 7, 24, 99] {
        for p in [0.01, 0.3, 0.5, 0.77, 0.95, 0.995] {
            assert!((mean_deviation(n, p) - naive(n, p)).abs() < 1e-9, "{n} × {p}");
        }
        assert_eq!((mean_deviation(n, 0.0), mean_deviation(n, 1.0)), (0.0, 0.0));
    }
    // One query of confidence 0.6 is off by 0.4 or 0.6: 0.6 × 0.4 + 0.4 × 0.6.
    assert!(close(figures(letters("a", "a", &[60])).ece_by_chance, 0.48));
}

#[test]
fn the_keys_of_the_json() {
    let json = serde_json::to_value(figures(letters("ab", "ab", &[90, 80]))).unwrap();
    let keys: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "accuracy by_month confusions curve ece ece_by_chance labels latency_us macro_f1 memory_bytes n \
                    near_copies per_label reliability targets top3 train_seconds unseen_labels";
    assert_eq!(keys, expected.split(' ').collect());
    assert_eq!(json["curve"], serde_json::json!([[0.5, 1.0], [1.0, 1.0]]));
}

#[test]
fn targets_count_what_goes_out_by_itself() {
    let mut queries = letters("aaab", "aabb", &[99, 90, 80, 70]);
    for (query, automatic) in queries.iter_mut().zip([[true, true], [true, true], [false, true], [false, false]]) {
        query.automatic = automatic.into();
    }
    let thresholds = vec![Some(0.9)];
    let found = Figures::of(&Run { targets: vec![0.95, 0.6], thresholds, judged: queries, ..Run::default() });
    let target = |target, coverage, accuracy, threshold| TargetFigures {
        target,
        coverage: Some(coverage),
        accuracy: Some(accuracy),
        threshold,
    };
    assert_eq!(found.targets, [target(0.95, 0.5, 1.0, Some(0.9)), target(0.6, 0.75, 2.0 / 3.0, None)]);
}

#[test]
fn percentiles_by_nearest_rank() {
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    for (times, p50, p99) in [
        (&hundred[..], Some(50.0), Some(99.0)),
        (&hundred[..1], Some(1.0), Some(1.0)),
        (&hundred[..2], Some(1.0), Some(2.0)),
        (&hundred[..5], Some(3.0), Some(5.0)),
        (&[], None, None),
    ] {
        assert_eq!((nearest_rank(times, 50), nearest_rank(times, 99)), (p50, p99), "{times:?}");
    }
}

#[test]
fn confusions_come_most_frequent_first() {
    let found = figures(letters("aabbbca", "abcccb ", &[50; 7])).confusions;
    let shown: Vec<String> = found
        .iter()
        .map(|one| format!("{}>{}:{}", one.truth, one.predicted.as_deref().unwrap_or("-"), one.count))
        .collect();
    assert_eq!(shown, ["b>c:3", "a>-:1", "a>b:1", "c>b:1"]);
}

#[test]
fn months_copies_and_labels_without_cases() {
    let mut queries = letters("aabb", "abba", &[90, 80, 70, 60]);
    for (query, day) in queries.iter_mut().zip(["2026-05-31", "2026-06-01", "2026-06-30"]) {
        query.opened_on = Date::parse(day);
    }
    queries[0].automatic = vec![true];
    queries[0].near_copy = true;
    queries[1].unseen_label = true;
    let found = Figures::of(&Run { targets: vec![0.95], judged: queries, ..Run::default() });
    let months: Vec<_> = found.by_month.iter().map(|month| (month.month.as_str(), month.n, month.accuracy)).collect();
    assert_eq!(months, [("2026-05", 1, Some(1.0)), ("2026-06", 2, Some(0.5))]);
    assert_eq!((found.by_month[0].coverage, found.by_month[0].automatic_accuracy), (Some(1.0), Some(1.0)));
    assert_eq!((found.by_month[1].coverage, found.by_month[1].automatic_accuracy), (Some(0.0), None));
    assert_eq!(found.unseen_labels, UnseenLabels { labels: 1, n: 1 });
    assert_eq!((found.near_copies.n, found.near_copies.accuracy_of), (1, Some(1.0)));
    assert!(close(found.near_copies.accuracy_without, 1.0 / 3.0));
    assert_eq!(found.near_copies.targets_without[0].coverage, Some(0.0));
}

/// The curve straight from its definition: for each bar, all queries at or above it.
fn naive_curve(queries: &[Judged]) -> Vec<(f64, f64)> {
    let mut bars: Vec<f64> = queries.iter().map(Judged::confidence).collect();
    bars.sort_unstable_by(|a, b| b.total_cmp(a));
    bars.dedup();
    let point = |bar: f64| {
        let above: Vec<&Judged> = queries.iter().filter(|query| query.confidence() >= bar).collect();
        (share(above.len(), queries.len()).unwrap(), accuracy(&above).unwrap())
    };
    bars.into_iter().map(point).collect()
}

proptest! {
    #[test]
    fn no_figure_depends_on_the_order_of_queries(
        rows in prop::collection::vec((0..4u8, 0..5u8, 0..6u32), 1..80),
        turn in 0..80usize,
    ) {
        let label = |of: u8| char::from(b'a' + of).to_string();
        let query = |(truth, found, percent): &(u8, u8, u32)| match found {
            4 => judged(&label(*truth), &[]),
            _ => judged(&label(*truth), &[(&label(*found), percent * 20)]),
        };
        let queries: Vec<Judged> = rows.iter().map(query).collect();
        let mut turned = queries.clone();
        turned.rotate_left(turn % rows.len());
        turned.reverse();
        let found = figures(queries.clone());
        prop_assert_eq!(&found, &figures(turned));

        prop_assert_eq!(found.reliability.iter().map(|bin| bin.n).sum::<usize>(), rows.len());
        let sizes = found.reliability.iter().map(|bin| bin.n);
        prop_assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        prop_assert!(found.reliability.is_sorted_by(|a, b| a.confidence <= b.confidence + 1e-9));
        let right: f64 = found.reliability.iter().map(|bin| bin.accuracy * bin.n as f64).sum();
        prop_assert!((right / rows.len() as f64 - found.accuracy.unwrap()).abs() < 1e-9);
        prop_assert_eq!(&found.curve, &naive_curve(&queries));
    }
}

#[test]
fn the_curve_is_thinned_and_ends_with_everything() {
    let queries: Vec<Judged> =
        (0..1000).map(|i| Judged { ranked: vec![("a".into(), f64::from(i) / 1000.0)], ..judged("a", &[]) }).collect();
    let curve = figures(queries).curve;
    assert_eq!((curve.len(), curve[0], curve[199]), (200, (0.005, 1.0), (1.0, 1.0)));
}
