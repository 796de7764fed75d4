//! How a hotline is assessed (考核办法): rates from counts, and points from rates. Kept as data with dates, because rules
//! of assessment change several times a year and last year's figures must still come out the same.

use std::collections::BTreeMap;

use jiff::civil;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::say;
use crate::source::{Code, Date, Document, Step, nearest};

use super::index::Findings;

/// What is counted of tickets. Names that begin with `seconds_` are sums of seconds.
pub const MEASURES: &[&str] = &[
    "tickets",
    "automatic",
    "in_review",
    "dispatched",
    "responded",
    "resolved",
    "resolved_in_time",
    "replied",
    "over",
    "overdue",
    "refused",
    "merged",
    "parked",
    "reopened",
    "return_applications",
    "returns",
    "chases",
    "called_back",
    "reached",
    "solved",
    "partly_solved",
    "not_solved",
    "satisfied",
    "not_satisfied",
    "seconds_to_dispatch",
    "seconds_to_contact",
    "seconds_to_resolve",
    "seconds_to_reply",
    "seconds_to_end",
    "suggested",
    "as_suggested",
];

/// A sum of measures, each with its weight.
pub type WeightedSum = BTreeMap<String, f64>;

/// A rate: one sum divided by another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Name, for programs.
    pub name: String,
    /// Name, for people.
    pub title: String,
    /// What is counted.
    pub of: WeightedSum,
    /// Out of what.
    pub out_of: WeightedSum,
    /// Points for a rate of 1; a lower one gets its share.
    #[serde(default)]
    pub points: f64,
}

/// One version of the rules of assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The first day for which it holds.
    pub from: Date,
    /// The document it is taken from.
    pub basis: String,
    /// The rates.
    pub rates: Vec<Rate>,
}

impl Rate {
    /// The rate of these counts; none where nothing was counted that it is out of.
    pub fn of_counts(&self, counts: &BTreeMap<String, i64>) -> Option<f64> {
        let sum = |weights: &WeightedSum| -> f64 {
            weights.iter().map(|(measure, weight)| weight * counts.get(measure).copied().unwrap_or(0) as f64).sum()
        };
        let all = sum(&self.out_of);
        (all > 0.0).then(|| sum(&self.of) / all)
    }
}

impl Assessment {
    /// The points of these counts: of every rate its share; rates of which nothing was counted are left out of both.
    pub fn points(&self, counts: &BTreeMap<String, i64>) -> Option<f64> {
        let known = self.rates.iter().filter_map(|rate| Some((rate.points, rate.of_counts(counts)?)));
        let (most, reached) = known.fold((0.0, 0.0), |(most, reached), (points, rate)| {
            (most + points, reached + points * rate.clamp(0.0, 1.0))
        });
        let full: f64 = self.rates.iter().map(|rate| rate.points).sum();
        (most > 0.0).then(|| reached / most * full)
    }
}

/// All versions, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Assessments(Vec<Assessment>);

impl Assessments {
    /// Reads `assessment.yaml`; measures that nobody counts and dates that stand twice are reported.
    pub(super) fn load(document: Option<&Document>, findings: &mut Findings<'_>) -> Assessments {
        let Some(mut list) = document.and_then(|document| document.read::<Vec<Assessment>>(findings.all)) else {
            return Assessments::default();
        };
        for (at, assessment) in list.iter().enumerate() {
            if list[..at].iter().any(|other| other.from == assessment.from) {
                let from = assessment.from;
                let message = say!("{from} 起的考核办法写了两次", "the rules from {from} on stand twice");
                findings.at(&[Step::Index(at), Step::Key("from")], Code::InvalidPeriod, message);
            }
            for (number, rate) in assessment.rates.iter().enumerate() {
                let sums = [("of", &rate.of), ("out_of", &rate.out_of)];
                let measures = sums.iter().flat_map(|(key, sum)| sum.keys().map(move |measure| (*key, measure)));
                for (key, measure) in measures.filter(|(_, measure)| !MEASURES.contains(&measure.as_str())) {
                    let steps = [Step::Index(at), Step::Key("rates"), Step::Index(number), Step::Key(key)];
                    let near = nearest(measure, MEASURES.iter().copied()).unwrap_or(MEASURES[0]);
                    let message = say!(
                        "没有“{measure}”这个计数，是否想写“{near}”？",
                        "nothing is counted as `{measure}`: did you mean `{near}`?"
                    );
                    findings.at(&steps, Code::UnknownValue, message);
                }
            }
        }
        list.sort_by_key(|assessment| assessment.from.0);
        Assessments(list)
    }

    /// The version that holds on a day.
    pub(super) fn on(&self, day: civil::Date) -> Option<&Assessment> {
        self.0.iter().rev().find(|assessment| assessment.from.0 <= day)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const RULES: &str = "
- from: 2025-01-01
  basis: 旧办法
  rates: [{name: solved, title: 解决率, of: {solved: 1}, out_of: {reached: 1}, points: 100}]
- from: 2026-07-01
  basis: 新办法
  rates:
    - {name: solved, title: 解决率, of: {solved: 1, partly_solved: 0.5}, out_of: {reached: 1}, points: 60}
    - {name: satisfied, title: 满意率, of: {satisfied: 1}, out_of: {satisfied: 1, not_satisfied: 1}, points: 40}
";

    fn read(text: &str) -> (Assessments, Vec<String>) {
        let mut all = Vec::new();
        let document = Document::parse("rules/assessment.yaml", text, &mut all).unwrap();
        let read = Assessments::load(Some(&document), &mut Findings::new(Some(&document), &mut all));
        (read, all.iter().map(|finding| finding.message.en.clone()).collect())
    }

    #[test]
    fn last_years_figures_come_out_by_last_years_rules() {
        let (rules, findings) = read(RULES);
        assert_eq!(findings, [""; 0]);
        let counts = [("reached", 10), ("solved", 6), ("partly_solved", 2), ("satisfied", 9), ("not_satisfied", 1)];
        let counts = counts.map(|(measure, count)| (measure.to_owned(), count)).into();
        let on = |day: &str| rules.on(day.parse().unwrap());
        assert_eq!(on("2024-12-31"), None);
        assert_eq!(on("2026-06-30").unwrap().points(&counts), Some(60.0));
        let new = on("2026-07-01").unwrap();
        assert_eq!(new.rates[0].of_counts(&counts), Some(0.7));
        assert!((new.points(&counts).unwrap() - (0.7 * 60.0 + 0.9 * 40.0)).abs() < 1e-9);
        assert_eq!(new.points(&BTreeMap::new()), None);
    }

    #[test]
    fn what_nobody_counts_is_an_error() {
        let (_, findings) =
            read(&RULES.replace("{satisfied: 1}", "{satisfyed: 1}").replace("2026-07-01", "2025-01-01"));
        assert_eq!(findings.len(), 2, "{findings:?}");
        assert!(findings.iter().any(|finding| finding.contains("did you mean `satisfied`")), "{findings:?}");
    }
}
