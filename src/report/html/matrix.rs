//! The confusion matrix of the labels that are confused most.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::figures::{Figures, all_confusions};
use super::super::judged::Judged;
use super::super::shown::one_line;

/// Labels of the matrix, at the most.
const LABELS: usize = 30;
/// Characters of a label in the head of a row or column; the whole of it is its `title`.
const SHORT: usize = 13;
/// Characters of a label.
const LONG: usize = 80;
/// From which share of the row on a cell has the second, third, fourth and fifth shade.
const SHADES: [f64; 4] = [0.05, 0.15, 0.3, 0.5];

/// Rows are true labels; the columns are the same labels, then all others, then nothing found.
#[derive(Serialize)]
pub(super) struct Matrix {
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    label: String,
    short: String,
    /// Complaints that bear the label.
    n: usize,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    count: usize,
    /// Class of the style: right or wrong, and how deep; empty for an empty cell.
    shade: String,
}

impl Matrix {
    /// The labels with most errors, counting those where they were true and those where they were decided; of equal ones
    /// the first by name. Without errors there are no rows.
    pub(super) fn of(figures: &Figures, judged: &[&Judged]) -> Matrix {
        let confusions = all_confusions(judged);
        let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
        for ((truth, predicted), count) in &confusions {
            for label in [Some(*truth), *predicted].into_iter().flatten() {
                *errors.entry(label).or_default() += count;
            }
        }
        let mut labels: Vec<(&str, usize)> = errors.into_iter().collect();
        labels.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        labels.truncate(LABELS);
        let place: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(at, (label, _))| (*label, at)).collect();
        let (others, nothing) = (labels.len(), labels.len() + 1);

        let mut counts = vec![vec![0; labels.len() + 2]; labels.len()];
        for ((truth, predicted), count) in confusions {
            let Some(&row) = place.get(truth) else { continue };
            let column = predicted.map_or(nothing, |label| place.get(label).copied().unwrap_or(others));
            counts[row][column] += count;
        }
        let sizes: BTreeMap<&str, usize> =
            figures.per_label.iter().map(|label| (label.label.as_str(), label.n)).collect();
        let row = |((at, (label, _)), mut counts): ((usize, &(&str, usize)), Vec<usize>)| {
            let n = sizes.get(label).copied().unwrap_or_default();
            counts[at] = n.saturating_sub(counts.iter().sum());
            let cells =
                counts.into_iter().enumerate().map(|(column, count)| Cell::of(count, n, column == at)).collect();
            Row { label: one_line(label, LONG), short: one_line(label, SHORT), n, cells }
        };
        Matrix { rows: labels.iter().enumerate().zip(counts).map(row).collect() }
    }
}

impl Cell {
    fn of(count: usize, row: usize, right: bool) -> Cell {
        let share = count as f64 / row.max(1) as f64;
        let depth = 1 + SHADES.iter().filter(|from| share >= **from).count();
        let shade = if count == 0 { String::new() } else { format!("{}{depth}", if right { 'r' } else { 'w' }) };
        Cell { count, shade }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::judged::Run;
    use super::*;

    fn judged(truth: &str, predicted: &str) -> Judged {
        let ranked = if predicted == "-" { Vec::new() } else { vec![(predicted.to_owned(), 0.9)] };
        Judged { truth: truth.to_owned(), ranked, ..Judged::default() }
    }

    fn shown(pairs: &[&str]) -> Vec<String> {
        let pairs = pairs.iter().filter_map(|pair| pair.split_once('>'));
        let run = Run { judged: pairs.map(|(truth, predicted)| judged(truth, predicted)).collect(), ..Run::default() };
        let matrix = Matrix::of(&Figures::of(&run), &run.judged.iter().collect::<Vec<_>>());
        let cell = |cell: &Cell| format!("{}{}", cell.count, cell.shade);
        let row =
            |row: &Row| format!("{} {} {}", row.short, row.cells.iter().map(cell).collect::<Vec<_>>().join(" "), row.n);
        matrix.rows.iter().map(row).collect()
    }

    #[test]
    fn rows_are_true_labels_and_add_up() {
        // b takes part in four errors, a in three, c in one.
        let rows = shown(&["a>a", "a>b", "a>b", "b>b", "b>c", "b>-", "a>-", "d>d"]);
        assert_eq!(rows, ["b 1r4 0 1w4 0 1w4 3", "a 2w5 1r3 0 0 1w3 4", "c 0 0 0 0 0 0"]);
    }

    #[test]
    fn without_errors_there_is_nothing_to_show() {
        assert!(shown(&["a>a", "b>b"]).is_empty() && shown(&[]).is_empty());
    }

    #[test]
    fn labels_beyond_the_thirtieth_are_others() {
        let mut pairs = vec!["a>b".to_owned(); 3];
        pairs.extend((0..40).map(|at| format!("a>x{at:02}")));
        let rows = shown(&pairs.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(rows.len(), LABELS);
        assert!(rows[0].starts_with("a 0 3w2 1w1") && rows[0].ends_with("12w3 0 43"), "{}", rows[0]);
    }
}
