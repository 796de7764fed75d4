//! What an evaluation hands over to be measured: queries, decided, beside their true labels.

use serde::Serialize;

use crate::source::Date;

/// One query, decided, beside its true label.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Id of the query.
    pub id: String,
    /// What the citizen said or wrote.
    pub text: String,
    /// Its title, where there was one.
    pub title: Option<String>,
    /// The true label.
    pub truth: String,
    /// Labels best first with calibrated confidence (0 to 1), at most ten; empty where nothing was found.
    pub ranked: Vec<(String, f64)>,
    /// For each target of the run, in its order: whether the decision would go out by itself.
    pub automatic: Vec<bool>,
    /// What pushed the decision: word, id of a case or a rule, with its weight, strongest first.
    pub evidence: Vec<(String, f64)>,
    /// The day it came in, where known.
    pub opened_on: Option<Date>,
    /// What deciding it took, in µs.
    pub elapsed_us: f64,
    /// Some case, other than itself, is a near-copy of it; set by [`mark_near_copies`](super::mark_near_copies).
    pub near_copy: bool,
    /// No case bears its true label, so that nothing learned from cases could have named it.
    pub unseen_label: bool,
}

impl Judged {
    /// The label that was decided, `None` where nothing was found.
    pub fn predicted(&self) -> Option<&str> {
        self.ranked.first().map(|(label, _)| label.as_str())
    }

    /// Confidence of the decided label, within 0 to 1; 0 where nothing was found.
    pub fn confidence(&self) -> f64 {
        let given = self.ranked.first().map_or(0.0, |(_, confidence)| *confidence);
        if given.is_nan() { 0.0 } else { given.clamp(0.0, 1.0) }
    }

    /// Whether the decided label is the true one. Nothing found is wrong.
    pub fn right(&self) -> bool {
        self.predicted() == Some(&self.truth)
    }

    /// Whether the decision would go out by itself at the target of that index.
    pub fn automatic_at(&self, target: usize) -> bool {
        self.automatic.get(target).copied().unwrap_or(false)
    }
}

/// An editor's rule, and how often it was right on the cases that it fired on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RulePrecision {
    /// Id of the scenario.
    pub id: String,
    /// Cases that it fired on.
    pub fired: usize,
    /// Of these, those that bear its label.
    pub right: usize,
    /// Lower bound of its precision after Wilson (1927), 0 to 1.
    pub lower: f64,
}

/// One evaluation: what was judged, and under which circumstances.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// First line: what was measured, the heading of reports. Lines below it (data, split, command line) stand under
    /// the heading as they are.
    pub title: String,
    /// What was to be found: `scenario`, `category`, `department` or `unit`.
    pub level: String,
    /// Cases that taught.
    pub cases: usize,
    /// Distinct labels of these cases.
    pub labels: usize,
    /// Accuracies that automatic dispatch was to reach, 0 to 1.
    pub targets: Vec<f64>,
    /// For each target the bar on confidence chosen from the cases; `None` where no bar reaches it.
    pub thresholds: Vec<Option<f64>>,
    /// What learning took, in seconds.
    pub train_seconds: f64,
    /// Memory in use after learning, in bytes, where known.
    pub memory_bytes: Option<u64>,
    /// The queries.
    pub judged: Vec<Judged>,
    /// With a bundle, its rules and how often each was right on the cases.
    pub rules: Vec<RulePrecision>,
}

impl Run {
    /// The wrong decisions, the surest first, of equally sure ones by id; at most so many.
    pub fn worst_errors(&self, most: usize) -> Vec<&Judged> {
        let mut wrong: Vec<&Judged> = self.judged.iter().filter(|query| !query.right()).collect();
        wrong.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()).then_with(|| a.id.cmp(&b.id)));
        wrong.truncate(most);
        wrong
    }

    /// Rules that fired at all, the least precise first by lower bound, then by id; at most so many.
    pub fn least_precise_rules(&self, most: usize) -> Vec<&RulePrecision> {
        let mut fired: Vec<&RulePrecision> = self.rules.iter().filter(|rule| rule.fired > 0).collect();
        fired.sort_by(|a, b| a.lower.total_cmp(&b.lower).then_with(|| a.id.cmp(&b.id)));
        fired.truncate(most);
        fired
    }
}
