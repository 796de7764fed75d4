//! The linear classifier: against gradient descent, against liblinear, and where there is little to learn from.

use proptest::prelude::*;

use super::super::{Fit, Linear, Matrix, Trainer};

/// A problem as plain tables.
#[derive(Clone, Debug)]
struct Problem {
    rows: Vec<Vec<f32>>,
    labels: Vec<u32>,
    counts: Vec<f32>,
    classes: usize,
    fit: Fit,
}

impl Problem {
    fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    fn matrix(&self) -> Matrix {
        let mut matrix = Matrix::new(self.width());
        self.rows.iter().for_each(|row| matrix.push(sparse(row)));
        matrix
    }

    fn solve(&self) -> Linear {
        let matrix = self.matrix();
        Trainer::new(&matrix, &self.labels, &self.counts, self.classes, self.fit).fit().0
    }

    /// The model of the rows that `keep` lets pass, begun where that of all rows ended.
    fn solve_part(&self, keep: impl Fn(usize) -> bool, passes: usize) -> Linear {
        let matrix = self.matrix();
        let trainer = Trainer::new(&matrix, &self.labels, &self.counts, self.classes, self.fit);
        trainer.fit_part(&trainer.fit().1, keep, passes)
    }

    /// The problem without the other rows.
    fn part(&self, keep: impl Fn(usize) -> bool) -> Problem {
        let kept: Vec<usize> = (0..self.rows.len()).filter(|row| keep(*row)).collect();
        Problem {
            rows: kept.iter().map(|row| self.rows[*row].clone()).collect(),
            labels: kept.iter().map(|row| self.labels[*row]).collect(),
            counts: kept.iter().map(|row| self.counts[*row]).collect(),
            ..self.clone()
        }
    }

    /// ½‖w‖² + C Σ count · max(0, 1 − y·(w·x))² and its gradient for one class; the last weight is the bias.
    fn objective(&self, class: usize, weights: &[f64]) -> (f64, Vec<f64>) {
        let mut value = weights.iter().map(|w| w * w / 2.0).sum();
        let mut gradient = weights.to_vec();
        for ((row, label), count) in self.rows.iter().zip(&self.labels).zip(&self.counts) {
            let row: Vec<f64> = row.iter().chain([&self.fit.bias]).map(|x| f64::from(*x)).collect();
            let sign = if *label as usize == class { 1.0 } else { -1.0 };
            let missing = 1.0 - sign * row.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>();
            if missing > 0.0 {
                let cost = f64::from(self.fit.cost * count);
                value += cost * missing * missing;
                gradient.iter_mut().zip(&row).for_each(|(g, x)| *g -= 2.0 * cost * missing * sign * x);
            }
        }
        (value, gradient)
    }

    /// The least value for one class, by steps down the gradient that are short enough to never go too far.
    fn least(&self, class: usize) -> f64 {
        let bias = self.fit.bias * self.fit.bias;
        let row = |(row, count): (&Vec<f32>, &f32)| count * (row.iter().map(|x| x * x).sum::<f32>() + bias);
        let steepest = 1.0 + 2.0 * self.fit.cost * self.rows.iter().zip(&self.counts).map(row).sum::<f32>();
        let mut weights = vec![0.0; self.width() + 1];
        for _ in 0..20_000 {
            let (value, gradient) = self.objective(class, &weights);
            let squared: f64 = gradient.iter().map(|g| g * g).sum();
            // The value is at most half this above the least, since it curves at least as ½‖w‖² does.
            if squared / 2.0 <= 1e-4 * value {
                return value;
            }
            weights.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= g / f64::from(steepest));
        }
        panic!("{self:?} takes too long")
    }

    fn reached(&self, class: usize) -> f64 {
        let model = self.solve();
        let bias = f64::from(model.scores([])[class] / self.fit.bias);
        let weights = (0..self.width() as u32).map(|column| f64::from(model.weight(column, class)));
        self.objective(class, &weights.chain([bias]).collect::<Vec<_>>()).0
    }
}

fn sparse(row: &[f32]) -> Vec<(u32, f32)> {
    (0..).zip(row.iter().copied()).filter(|(_, value)| *value != 0.0).collect()
}

fn problem() -> impl Strategy<Value = Problem> {
    let value = prop_oneof![2 => Just(0.0_f32), 3 => -1.0..1.0_f32];
    let cost = prop_oneof![Just(0.1_f32), Just(1.0), Just(8.0)];
    (1..6_usize, 1..4_usize, cost).prop_flat_map(move |(width, classes, cost)| {
        let row = (prop::collection::vec(value.clone(), width), 0..classes as u32, 0.2..3.0_f32);
        prop::collection::vec(row, 1..14).prop_map(move |table| Problem {
            rows: table.iter().map(|(row, ..)| row.clone()).collect(),
            labels: table.iter().map(|(_, label, _)| *label).collect(),
            counts: table.iter().map(|(.., count)| *count).collect(),
            classes,
            fit: Fit { cost, passes: 2_000, tolerance: 1e-3, ..Fit::default() },
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_least_value_is_reached(problem in problem()) {
        for class in 0..problem.classes {
            let (least, reached) = (problem.least(class), problem.reached(class));
            prop_assert!(reached <= least * 1.01 + 1e-4, "class {class}: {reached} instead of {least}");
        }
    }

    #[test]
    fn nothing_that_is_learned_is_unsound(problem in problem()) {
        let model = problem.solve();
        prop_assert!(model.is_sound(problem.width()));
        prop_assert_eq!(model.classes(), problem.classes);
        prop_assert_eq!(&model, &problem.solve());
        // What a row scores is the sum of what its features are said to add.
        for row in &problem.rows {
            for (class, score) in model.scores(sparse(row)).into_iter().enumerate() {
                let added = sparse(row).into_iter().map(|(column, value)| value * model.weight(column, class));
                prop_assert!((score - model.scores([])[class] - added.sum::<f32>()).abs() < 1e-4);
            }
        }
    }
}

const ROWS: [[f32; 5]; 10] = [
    [0.8, 0.0, 0.6, 0.0, 0.0],
    [0.6, 0.8, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.6, 0.0, 0.8, 0.0],
    [0.0, 0.0, 0.8, 0.6, 0.0],
    [0.0, 0.0, 0.0, 0.6, 0.8],
    [0.28, 0.0, 0.0, 0.0, 0.96],
    [0.0, 0.0, 1.0, 0.0, 0.0],
    [0.5, 0.5, 0.5, 0.5, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0],
];
const LABELS: [u32; 10] = [0, 0, 1, 1, 2, 2, 0, 2, 1, 2];
const COUNTS: [f32; 10] = [1.0, 0.5, 2.0, 1.0, 1.0, 0.25, 3.0, 1.0, 0.7, 1.0];
const ASKED: [[f32; 5]; 5] = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0],
    [0.6, 0.0, 0.0, 0.0, 0.8],
    [0.0, 0.0, 0.0, 0.0, 0.0],
];

fn table(cost: f32, counts: &[f32]) -> Problem {
    Problem {
        rows: ROWS.iter().map(|row| row.to_vec()).collect(),
        labels: LABELS.to_vec(),
        counts: counts.to_vec(),
        classes: 3,
        fit: Fit { cost, passes: 1_000, tolerance: 1e-5, ..Fit::default() },
    }
}

#[test]
fn scores_are_those_of_liblinear() {
    // scikit-learn 1.9.1: LinearSVC(C=cost, loss='squared_hinge', dual=True, tol=1e-6, intercept_scaling=1,
    // random_state=0, max_iter=1000000).fit(ROWS, LABELS, sample_weight=counts).decision_function(ASKED)
    type Scores = [[f32; 3]; 5];
    let cases: [(f32, [f32; 10], Scores); 3] = [
        (
            1.0,
            [1.0; 10],
            [
                [0.9869, -0.92769, -1.10983],
                [-0.61685, 0.41208, -0.92552],
                [-1.4321, 0.0099, 0.34779],
                [0.81451, -1.23985, -0.67521],
                [-0.46302, -0.67547, 0.23569],
            ],
        ),
        (
            1.0,
            COUNTS,
            [
                [0.92967, -0.79713, -1.12215],
                [-0.81621, 0.7012, -0.92378],
                [-1.08436, -0.02321, 0.1125],
                [1.0826, -0.98903, -1.10483],
                [-0.4221, -0.56185, 0.13339],
            ],
        ),
        (
            10.0,
            COUNTS,
            [
                [1.72925, -2.03352, -1.56093],
                [-0.96167, 0.87307, -1.87573],
                [-2.60967, -0.16154, 0.79634],
                [1.61992, -2.0527, -1.47618],
                [-0.85087, -1.51755, 0.73515],
            ],
        ),
    ];
    for (cost, counts, expected) in cases {
        let model = table(cost, &counts).solve();
        for (row, expected) in ASKED.iter().zip(expected) {
            let scores = model.scores(sparse(row));
            let far = scores.iter().zip(expected).any(|(own, other)| (own - other).abs() > 1e-3);
            assert!(!far, "C = {cost}, {row:?}: {scores:?} instead of {expected:?}");
        }
    }
}

#[test]
fn a_part_begun_from_all_ends_where_the_part_alone_does() {
    let problem = table(1.0, &COUNTS);
    for (without, left_out) in ROWS.iter().enumerate() {
        let keep = |row: usize| row != without;
        let (begun, alone) = (problem.solve_part(keep, 1_000), problem.part(keep).solve());
        // What the row that is left out had taught must be gone, its own score above all.
        for row in ASKED.iter().chain([left_out]) {
            for (begun, alone) in begun.scores(sparse(row)).into_iter().zip(alone.scores(sparse(row))) {
                assert!((begun - alone).abs() < 5e-3, "without {without}: {begun} {alone}");
            }
        }
    }
    let none = problem.solve_part(|_| false, 4);
    assert!(none.is_sound(5) && none.scores([(0, 1.0)]) == [0.0; 3], "nothing is left of what nobody taught");
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let bytes = || serde_json::to_vec(&table(1.0, &COUNTS).solve()).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_row_that_counts_twice_is_as_good_as_two() {
    let mut twice = table(1.0, &COUNTS);
    twice.counts[3] = 2.0;
    let mut copied = table(1.0, &COUNTS);
    copied.rows.push(ROWS[3].to_vec());
    copied.labels.push(LABELS[3]);
    copied.counts.push(1.0);
    for row in &ASKED {
        for (one, other) in twice.solve().scores(sparse(row)).into_iter().zip(copied.solve().scores(sparse(row))) {
            assert!((one - other).abs() < 5e-3, "{one} {other}");
        }
    }
}

#[test]
fn little_to_learn_from_is_no_reason_to_fail() {
    /// Name, rows, labels, classes.
    type Little = (&'static str, Vec<Vec<f32>>, Vec<u32>, usize);
    let cases: [Little; 8] = [
        ("no rows", vec![], vec![], 3),
        ("no classes", vec![vec![1.0]], vec![0], 0),
        ("one row", vec![vec![1.0, 0.5]], vec![1], 2),
        ("one class", vec![vec![1.0], vec![-1.0]], vec![0, 0], 1),
        ("classes without rows", vec![vec![1.0], vec![0.5]], vec![3, 9], 20),
        ("a label outside", vec![vec![1.0], vec![0.5]], vec![7, 1], 2),
        ("rows without features", vec![vec![0.0; 3]; 4], vec![0, 1, 0, 2], 3),
        ("no columns", vec![vec![]; 3], vec![0, 1, 1], 2),
    ];
    for (name, rows, labels, classes) in cases {
        let width = rows.first().map_or(0, Vec::len);
        let counts = vec![1.0; rows.len()];
        let model = Problem { rows, labels, counts, classes, fit: Fit::default() }.solve();
        assert!(model.is_sound(width), "{name}");
        let scores = model.scores((0..width as u32 + 2).map(|column| (column, 1.0)));
        assert_eq!(scores.len(), classes, "{name}");
        assert!(scores.iter().all(|score| score.is_finite()), "{name}: {scores:?}");
        assert_eq!(model.weight(width as u32, 0), 0.0, "{name}: a column that is not there");
    }
}

#[test]
fn a_class_without_rows_is_nobodys() {
    let mut problem = table(1.0, &COUNTS);
    problem.classes = 11;
    let model = problem.solve();
    for row in &ROWS {
        let scores = model.scores(sparse(row));
        let own = scores[..3].iter().copied().fold(f32::MIN, f32::max);
        assert!(scores[3..].iter().all(|score| *score < own && *score < -0.5), "{scores:?}");
    }
}

#[test]
fn damage_is_seen() {
    let sound = serde_json::to_value(table(1.0, &COUNTS).solve()).unwrap();
    let damaged = |key: &str, damage: &dyn Fn(&mut serde_json::Value)| {
        let mut value = sound.clone();
        damage(&mut value[key]);
        serde_json::from_value::<Linear>(value).unwrap().is_sound(5)
    };
    assert!(damaged("classes", &|_| ()));
    let pop = |value: &mut serde_json::Value| drop(value.as_array_mut().unwrap().pop());
    for key in ["biases", "starts", "weights"] {
        assert!(!damaged(key, &pop), "{key}");
    }
    assert!(!damaged("classes", &|value| *value = 2.into()), "a weight of a class that is not there");
    assert!(!damaged("starts", &|value| value[1] = 1_000.into()), "weights that are not there");
    assert!(!table(1.0, &COUNTS).solve().is_sound(6), "another width");
}

/// The size of the log-count ratio of every feature for a class, in parts of its mean, to a power; that of the bias is 1.
fn ratios(problem: &Problem, class: u32, power: f64) -> Vec<f64> {
    const SMOOTHING: f64 = 0.01;
    let width = problem.width();
    let (mut own, mut others) = (vec![SMOOTHING; width + 1], vec![SMOOTHING; width + 1]);
    for ((row, label), count) in problem.rows.iter().zip(&problem.labels).zip(&problem.counts) {
        let side = if *label == class { &mut own } else { &mut others };
        for (sum, value) in side.iter_mut().zip(row.iter().chain([&problem.fit.bias])) {
            *sum += f64::from(count * value.abs());
        }
    }
    let (all_own, all_others) = (own.iter().sum::<f64>(), others.iter().sum::<f64>());
    let ratios: Vec<f64> = own.iter().zip(&others).map(|(a, b)| (a / all_own / (b / all_others)).ln().abs()).collect();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    ratios[..width].iter().map(|ratio| (ratio / mean).powf(power)).collect()
}

#[test]
fn a_contrast_is_a_fit_of_features_that_were_multiplied_by_it() {
    for (cost, counts, power) in
        [(1.0, [1.0; 10], 0.4_f32), (1.0, COUNTS, 0.4), (5.0, COUNTS, 0.25), (0.2, COUNTS, 0.8)]
    {
        let plain = table(cost, &counts);
        let mut problem = plain.clone();
        problem.fit.contrast = power;
        let model = problem.solve();
        for class in 0..problem.classes {
            let ratios = ratios(&plain, class as u32, f64::from(power));
            let mut multiplied = plain.clone();
            for row in &mut multiplied.rows {
                row.iter_mut().zip(&ratios).for_each(|(value, ratio)| *value *= *ratio as f32);
            }
            let weight = |(column, ratio): (u32, &f64)| f64::from(model.weight(column, class)) / ratio;
            let bias = f64::from(model.scores([])[class] / plain.fit.bias);
            let weights: Vec<f64> = (0..).zip(&ratios).map(weight).chain([bias]).collect();
            let (reached, least) = (multiplied.objective(class, &weights).0, multiplied.least(class));
            assert!(reached <= least * 1.01 + 1e-3, "{power} {class}: {reached} instead of {least}");
            // The plain model is not the answer to this problem.
            let other: Vec<f64> = (0..plain.width() as u32)
                .zip(&ratios)
                .map(|(column, ratio)| f64::from(plain.solve().weight(column, class)) / ratio)
                .chain([bias])
                .collect();
            assert!(multiplied.objective(class, &other).0 > reached, "{power} {class}");
        }
    }
}

#[test]
fn a_part_is_contrasted_by_its_own_rows() {
    let mut problem = table(1.0, &COUNTS);
    problem.fit.contrast = 0.4;
    let keep = |row: usize| row != 0 && row != 4;
    let (part, alone) = (problem.solve_part(keep, 1_000), problem.part(keep).solve());
    for row in &ROWS {
        for (one, other) in part.scores(sparse(row)).iter().zip(alone.scores(sparse(row))) {
            assert!((one - other).abs() < 0.01, "{one} {other}");
        }
    }
}
