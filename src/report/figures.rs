//! Figures of an evaluation, from judged queries. The names of the fields are the keys of `jiesu eval routing --json`.
//!
//! Whatever would divide by nothing is `None` (`null`), so that no figure is ever a number that means nothing. No figure
//! depends on the order of the queries.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::judged::{Judged, Run};

/// Bins of the reliability diagram and of the calibration error.
const BINS: usize = 15;
/// Confusions that are listed.
const CONFUSIONS: usize = 20;
/// Points of the coverage–accuracy curve, at the most.
const CURVE: usize = 200;

/// All figures of one run. Shares and accuracies are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Queries.
    pub n: usize,
    /// Distinct labels of the cases.
    pub labels: usize,
    /// Share of queries whose decided label is the true one.
    pub accuracy: Option<f64>,
    /// Unweighted mean of F1 over all labels that are true or decided somewhere (scikit-learn's default; finding nothing
    /// is no label of its own).
    pub macro_f1: Option<f64>,
    /// Share of queries with the true label among the first three.
    pub top3: Option<f64>,
    /// Expected calibration error of the decided label: mean distance of confidence and accuracy over the bins of
    /// [`reliability`](Figures::reliability), weighted by their queries.
    pub ece: Option<f64>,
    /// The calibration error to be expected of confidences that are exactly right, on so few queries: what of
    /// [`ece`](Figures::ece) is chance.
    pub ece_by_chance: Option<f64>,
    /// What automatic dispatch reached, for each target of the run.
    pub targets: Vec<TargetFigures>,
    /// Time for one query.
    pub latency_us: LatencyMicroseconds,
    /// What learning took, in seconds.
    pub train_seconds: Option<f64>,
    /// Memory in use after learning, in bytes.
    pub memory_bytes: Option<u64>,
    /// The most frequent confusions, twenty at the most.
    pub confusions: Vec<Confusion>,
    /// Every label that is true or decided somewhere, the most frequent first.
    pub per_label: Vec<PerLabel>,
    /// Confidence against accuracy in at most fifteen bins of equal mass, by rising confidence. Queries of one confidence
    /// that a cut parts count in each bin by the share of them that are right, so that their order does not matter.
    pub reliability: Vec<ReliabilityBin>,
    /// Pairs of coverage and accuracy, if all queries from some confidence on went out by themselves; by rising coverage,
    /// at most two hundred.
    pub curve: Vec<(f64, f64)>,
    /// Queries with a near-copy among the cases, and figures without them.
    pub near_copies: NearCopyFigures,
    /// Figures by the month that queries came in, oldest first; empty where no day is known.
    pub by_month: Vec<ByMonth>,
    /// Queries whose label no case bears.
    pub unseen_labels: UnseenLabels,
}

/// What automatic dispatch reached at one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetFigures {
    /// The accuracy that was to be reached.
    pub target: f64,
    /// Share of queries that would go out by themselves.
    pub coverage: Option<f64>,
    /// Share of these that are right.
    pub accuracy: Option<f64>,
    /// The bar on confidence, chosen from the cases.
    pub threshold: Option<f64>,
}

/// Percentiles by nearest rank: the smallest time that at least so many of a hundred queries kept within.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LatencyMicroseconds {
    /// Half of the queries took at most this, in µs.
    pub p50: Option<f64>,
    /// Ninety-nine of a hundred took at most this, in µs.
    pub p99: Option<f64>,
}

/// One true label that was taken for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The true label.
    pub truth: String,
    /// The decided label; `None` where nothing was found.
    pub predicted: Option<String>,
    /// How often.
    pub count: usize,
}

/// How well one label is found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerLabel {
    /// The label.
    pub label: String,
    /// Queries that bear it.
    pub n: usize,
    /// Of the queries decided so, the share that bear it; 0 where none was decided so.
    pub precision: f64,
    /// Of the queries that bear it, the share decided so; 0 where none bears it.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
}

/// One bin of the reliability diagram.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Mean confidence of its queries.
    pub confidence: f64,
    /// Share of its queries that are right.
    pub accuracy: f64,
    /// Its queries.
    pub n: usize,
}

/// Queries that are nearly the same as some case, and figures of all others: what copies flatter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearCopyFigures {
    /// Queries with a near-copy among the cases.
    pub n: usize,
    /// Accuracy on these.
    pub accuracy_of: Option<f64>,
    /// Accuracy on the others.
    pub accuracy_without: Option<f64>,
    /// Macro-F1 on the others.
    pub macro_f1_without: Option<f64>,
    /// Share of the others with the true label among the first three.
    pub top3_without: Option<f64>,
    /// Expected calibration error on the others.
    pub ece_without: Option<f64>,
    /// Automatic dispatch on the others.
    pub targets_without: Vec<TargetFigures>,
}

/// Figures of one month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ByMonth {
    /// The month, `2026-05`.
    pub month: String,
    /// Queries that came in.
    pub n: usize,
    /// Share of these that are right.
    pub accuracy: Option<f64>,
    /// Share of these that would go out by themselves at the first target.
    pub coverage: Option<f64>,
    /// Share of those that are right.
    pub automatic_accuracy: Option<f64>,
}

/// Queries whose label no case bears: nothing learned from the cases could name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnseenLabels {
    /// Distinct labels.
    pub labels: usize,
    /// Queries.
    pub n: usize,
}

impl Figures {
    /// Measures a run. Time: sorting the queries; nothing here reads their texts.
    pub fn of(run: &Run) -> Figures {
        let all: Vec<&Judged> = run.judged.iter().collect();
        let per_label = per_label(&all);
        let reliability = reliability(&all);
        Figures {
            n: all.len(),
            labels: run.labels,
            accuracy: accuracy(&all),
            macro_f1: macro_f1(&per_label),
            top3: top3(&all),
            ece: calibration_error(&reliability),
            ece_by_chance: calibration_error_by_chance(&reliability),
            targets: targets(run, &all),
            latency_us: latency(&all),
            train_seconds: Some(run.train_seconds).filter(|seconds| seconds.is_finite()),
            memory_bytes: run.memory_bytes,
            confusions: confusions(&all),
            per_label,
            reliability,
            curve: curve(&all),
            near_copies: near_copies(run),
            by_month: by_month(run, &all),
            unseen_labels: unseen_labels(&all),
        }
    }
}

/// `part / whole`, where there is a whole.
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn accuracy(judged: &[&Judged]) -> Option<f64> {
    share(judged.iter().filter(|query| query.right()).count(), judged.len())
}

fn top3(judged: &[&Judged]) -> Option<f64> {
    let among = |query: &&&Judged| query.ranked.iter().take(3).any(|(label, _)| *label == query.truth);
    share(judged.iter().filter(among).count(), judged.len())
}

fn targets(run: &Run, judged: &[&Judged]) -> Vec<TargetFigures> {
    let threshold = |at: usize| run.thresholds.get(at).copied().flatten().filter(|bar| bar.is_finite());
    let one = |(at, &target): (usize, &f64)| {
        let automatic: Vec<&Judged> = judged.iter().filter(|query| query.automatic_at(at)).copied().collect();
        let coverage = share(automatic.len(), judged.len());
        TargetFigures { target, coverage, accuracy: accuracy(&automatic), threshold: threshold(at) }
    };
    run.targets.iter().enumerate().map(one).collect()
}

fn latency(judged: &[&Judged]) -> LatencyMicroseconds {
    let mut times: Vec<f64> = judged.iter().map(|query| query.elapsed_us).filter(|time| time.is_finite()).collect();
    times.sort_unstable_by(f64::total_cmp);
    LatencyMicroseconds { p50: nearest_rank(&times, 50), p99: nearest_rank(&times, 99) }
}

/// The percentile by nearest rank of a sorted list: its ⌈percent/100 · n⌉-th.
fn nearest_rank(sorted: &[f64], percent: usize) -> Option<f64> {
    sorted.get((percent * sorted.len()).div_ceil(100).saturating_sub(1)).copied()
}

/// All pairs of a true and another decided label with their counts, the most frequent first, equal ones by label.
pub(super) fn all_confusions<'a>(judged: &[&'a Judged]) -> Vec<((&'a str, Option<&'a str>), usize)> {
    let mut counts: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for query in judged.iter().filter(|query| !query.right()) {
        *counts.entry((&query.truth, query.predicted())).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn confusions(judged: &[&Judged]) -> Vec<Confusion> {
    let named = |((truth, predicted), count): ((&str, Option<&str>), usize)| Confusion {
        truth: truth.to_owned(),
        predicted: predicted.map(str::to_owned),
        count,
    };
    all_confusions(judged).into_iter().take(CONFUSIONS).map(named).collect()
}

fn per_label(judged: &[&Judged]) -> Vec<PerLabel> {
    #[derive(Default)]
    struct Counts {
        truth: usize,
        predicted: usize,
        both: usize,
    }
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for query in judged {
        counts.entry(&query.truth).or_default().truth += 1;
        if let Some(predicted) = query.predicted() {
            counts.entry(predicted).or_default().predicted += 1;
        }
        if query.right() {
            counts.entry(&query.truth).or_default().both += 1;
        }
    }
    let figures = |(label, count): (&str, Counts)| PerLabel {
        label: label.to_owned(),
        n: count.truth,
        precision: share(count.both, count.predicted).unwrap_or(0.0),
        recall: share(count.both, count.truth).unwrap_or(0.0),
        f1: share(2 * count.both, count.truth + count.predicted).unwrap_or(0.0),
    };
    let mut labels: Vec<PerLabel> = counts.into_iter().map(figures).collect();
    labels.sort_by_key(|label| std::cmp::Reverse(label.n));
    labels
}

/// Mean F1 over the union of true and decided labels, 0 for a label that is only one of them: what scikit-learn's
/// `f1_score(average="macro")` gives. A query for which nothing was found lowers the recall of its label and is no label
/// of its own.
fn macro_f1(labels: &[PerLabel]) -> Option<f64> {
    (!labels.is_empty()).then(|| labels.iter().map(|label| label.f1).sum::<f64>() / labels.len() as f64)
}

/// A run of queries with one confidence, after sorting.
struct Tie {
    confidence: f64,
    n: usize,
    right: usize,
}

/// Queries by rising confidence, those of one confidence together: what follows cannot depend on their order.
fn ties(judged: &[&Judged]) -> Vec<Tie> {
    let mut sorted: Vec<(f64, bool)> = judged.iter().map(|query| (query.confidence(), query.right())).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let count = |run: &[(f64, bool)]| Tie {
        confidence: run[0].0,
        n: run.len(),
        right: run.iter().filter(|(_, right)| *right).count(),
    };
    sorted.chunk_by(|a, b| a.0 == b.0).map(count).collect()
}

/// Bins of equal mass: sorted by confidence and cut into fifteen parts, the first ones larger by one where n does not
/// divide (as `numpy.array_split`). Where a cut falls among queries of one confidence, each of them counts as right by
/// the share of them that are, which is what any order would give on the average.
fn reliability(judged: &[&Judged]) -> Vec<ReliabilityBin> {
    let n = judged.len();
    let size = |bin: usize| n / BINS + usize::from(bin < n % BINS);
    let ties = ties(judged);
    let mut ties = ties.iter();
    let mut tie = ties.next();
    let mut left = tie.map_or(0, |tie| tie.n);
    let mut bins = Vec::with_capacity(BINS);
    for wanted in (0..BINS).map(size).filter(|size| *size > 0) {
        let (mut missing, mut confidence, mut right) = (wanted, 0.0, 0.0);
        while let Some(from) = tie
            && missing > 0
        {
            let taken = missing.min(left);
            confidence += from.confidence * taken as f64;
            right += from.right as f64 * (taken as f64 / from.n as f64);
            missing -= taken;
            left -= taken;
            if left == 0 {
                tie = ties.next();
                left = tie.map_or(0, |tie| tie.n);
            }
        }
        let whole = wanted as f64;
        bins.push(ReliabilityBin { confidence: confidence / whole, accuracy: right / whole, n: wanted });
    }
    bins
}

/// Expected calibration error (Naeini, Cooper and Hauskrecht, 2015, with bins of equal mass): mean distance of
/// confidence and accuracy over the bins, weighted by their queries.
fn calibration_error(bins: &[ReliabilityBin]) -> Option<f64> {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let distance: f64 = bins.iter().map(|bin| (bin.confidence - bin.accuracy).abs() * bin.n as f64).sum();
    (n > 0).then(|| distance / n as f64)
}

/// The expectation of [`calibration_error`] where every query is right with exactly its bin's confidence.
fn calibration_error_by_chance(bins: &[ReliabilityBin]) -> Option<f64> {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    let distance: f64 = bins.iter().map(|bin| mean_deviation(bin.n, bin.confidence)).sum();
    (n > 0).then(|| distance / n as f64)
}

/// The mean absolute deviation of a binomial count of `n` from its mean `n p` (De Moivre, *Miscellanea analytica*, 1730;
/// Diaconis and Zabell, *Closed form summation for classical distributions*, 1991): 2 m C(n, m) p^m (1 - p)^(n - m + 1)
/// with m the least whole number above n p.
fn mean_deviation(n: usize, p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return 0.0;
    }
    let m = (n as f64 * p).floor() as usize + 1;
    let log_choices: f64 = (1..=m).map(|k| ((n + 1 - k) as f64 / k as f64).ln()).sum();
    let log = (2.0 * m as f64).ln() + log_choices + m as f64 * p.ln() + (n + 1 - m) as f64 * (1.0 - p).ln();
    log.exp()
}

/// Coverage and accuracy for each possible bar on confidence, thinned to even steps of coverage.
fn curve(judged: &[&Judged]) -> Vec<(f64, f64)> {
    let whole = judged.len();
    let (mut n, mut right, mut steps) = (0, 0, 0);
    let mut points = Vec::new();
    for tie in ties(judged).iter().rev() {
        n += tie.n;
        right += tie.right;
        if n * CURVE >= (steps + 1) * whole {
            steps = n * CURVE / whole;
            points.push((n as f64 / whole as f64, right as f64 / n as f64));
        }
    }
    points
}

fn near_copies(run: &Run) -> NearCopyFigures {
    let (copies, others): (Vec<&Judged>, Vec<&Judged>) = run.judged.iter().partition(|query| query.near_copy);
    NearCopyFigures {
        n: copies.len(),
        accuracy_of: accuracy(&copies),
        accuracy_without: accuracy(&others),
        macro_f1_without: macro_f1(&per_label(&others)),
        top3_without: top3(&others),
        ece_without: calibration_error(&reliability(&others)),
        targets_without: targets(run, &others),
    }
}

fn by_month(run: &Run, judged: &[&Judged]) -> Vec<ByMonth> {
    let mut months: BTreeMap<(i16, i8), Vec<&Judged>> = BTreeMap::new();
    for query in judged {
        if let Some(day) = query.opened_on {
            months.entry((day.0.year(), day.0.month())).or_default().push(query);
        }
    }
    let figures = |((year, month), queries): ((i16, i8), Vec<&Judged>)| {
        let first = targets(run, &queries).into_iter().next();
        ByMonth {
            month: format!("{year:04}-{month:02}"),
            n: queries.len(),
            accuracy: accuracy(&queries),
            coverage: first.as_ref().and_then(|target| target.coverage),
            automatic_accuracy: first.and_then(|target| target.accuracy),
        }
    };
    months.into_iter().map(figures).collect()
}

fn unseen_labels(judged: &[&Judged]) -> UnseenLabels {
    let unseen = || judged.iter().filter(|query| query.unseen_label);
    let labels: BTreeSet<&str> = unseen().map(|query| query.truth.as_str()).collect();
    UnseenLabels { labels: labels.len(), n: unseen().count() }
}

#[cfg(test)]
mod tests;
