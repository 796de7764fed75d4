//! Holding a decision against what a test expects.

use jiff::civil;
use serde::Serialize;

use super::file::{Expect, ExpectedOutcome};
use crate::decide::{Decision, Engine, Outcome, parse_time};

/// Something that came out otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The key in the test file, such as `scenario`.
    pub what: String,
    /// What the test expects.
    pub expected: String,
    /// What came out.
    pub actual: String,
}

/// What is written for nothing.
pub(super) const NONE: &str = "none";

/// All that came out otherwise than expected. `fired` are the ids of the scenarios that fired.
pub(super) fn compare(expect: &Expect, decision: &Decision, fired: &[&str], engine: &Engine) -> Vec<Mismatch> {
    let mut found = Found { mismatches: Vec::new() };
    let scenario = decision.scenario.as_ref().map_or(NONE, |scenario| &scenario.id);
    if let Some(expected) = &expect.scenario {
        found.hold("scenario", expected, scenario, expected == scenario);
    }
    for id in &expect.not_scenario {
        found.hold("not_scenario", id, id, !fired.contains(&id.as_str()));
    }
    found.departments(expect, decision, engine);
    found.deadline(expect, decision, engine);
    found.said(expect, decision);
    found.mismatches
}

struct Found {
    mismatches: Vec<Mismatch>,
}

impl Found {
    fn hold(&mut self, what: &str, expected: &str, actual: &str, holds: bool) {
        if !holds {
            let (what, expected, actual) = (what.to_owned(), expected.to_owned(), actual.to_owned());
            self.mismatches.push(Mismatch { what, expected, actual });
        }
    }

    fn departments(&mut self, expect: &Expect, decision: &Decision, engine: &Engine) {
        let id = |name: &str| engine.catalog().department_named(name).map(|department| department.id.clone());
        let is = |expected: &str, actual: Option<&str>| match actual {
            None => expected == NONE,
            Some(actual) => id(expected).as_deref() == Some(actual),
        };
        let shown =
            |named: Option<(&str, &str)>| named.map_or_else(|| NONE.to_owned(), |(id, name)| format!("{name} ({id})"));
        if let Some(expected) = &expect.department {
            let actual = decision.department.as_ref().map(|d| (d.id.as_str(), d.name.as_str()));
            self.hold("department", expected, &shown(actual), is(expected, actual.map(|(id, _)| id)));
        }
        if let Some(expected) = &expect.unit {
            let actual = decision.unit.as_ref().map(|d| (d.id.as_str(), d.name.as_str()));
            self.hold("unit", expected, &shown(actual), is(expected, actual.map(|(id, _)| id)));
        }
        if let Some(expected) = &expect.joint {
            let mut wanted: Vec<String> =
                expected.iter().map(|name| id(name).unwrap_or_else(|| name.clone())).collect();
            let mut actual: Vec<String> = decision.joint.iter().map(|named| named.id.clone()).collect();
            wanted.sort_unstable();
            actual.sort_unstable();
            self.hold("joint", &wanted.join(", "), &actual.join(", "), wanted == actual);
        }
    }

    /// A day alone is compared with the day it is due, a moment to the minute.
    fn deadline(&mut self, expect: &Expect, decision: &Decision, engine: &Engine) {
        let Some(expected) = &expect.deadline else { return };
        let zone = &engine.settings().time_zone;
        let actual = decision.deadline.as_ref().map_or(NONE, |deadline| &deadline.due);
        let due = parse_time(actual, zone).map(|due| due.datetime());
        let holds = due.is_some_and(|due| match expected.parse::<civil::Date>() {
            Ok(day) if !expected.contains(':') => due.date() == day,
            _ => {
                let minute = |at: civil::DateTime| at.with().second(0).subsec_nanosecond(0).build().ok();
                parse_time(expected, zone).and_then(|at| minute(at.datetime())) == minute(due)
            }
        });
        self.hold("deadline", expected, actual, holds);
    }

    fn said(&mut self, expect: &Expect, decision: &Decision) {
        for (kind, value) in &expect.facts {
            let of_kind: Vec<_> = decision.facts.iter().filter(|fact| fact.kind.as_str() == kind).collect();
            let actual: Vec<&str> = of_kind.iter().map(|fact| fact.text.as_str()).collect();
            let holds = of_kind.iter().any(|fact| fact.value == *value || fact.text == *value);
            self.hold(&format!("facts.{kind}"), value, &actual.join("、"), holds);
        }
        let reply = decision.reply.as_ref().map_or("", |reply| &reply.text);
        for words in &expect.reply_contains {
            self.hold("reply_contains", words, reply, reply.contains(words.as_str()));
        }
        if let Some(expected) = expect.outcome {
            let name = |outcome: Outcome| match outcome {
                Outcome::Auto => ("auto", ExpectedOutcome::Auto),
                Outcome::Suggest => ("suggest", ExpectedOutcome::Suggest),
                Outcome::Unknown => ("unknown", ExpectedOutcome::Unknown),
            };
            let (actual, outcome) = name(decision.outcome);
            let wanted = format!("{expected:?}").to_lowercase();
            self.hold("outcome", &wanted, actual, outcome == expected);
        }
        if let Some(expected) = expect.emergency {
            let actual = decision.emergency;
            self.hold("emergency", &expected.to_string(), &actual.to_string(), expected == actual);
        }
        if let Some(expected) = &expect.notices {
            let actual: Vec<&str> = decision.notices.iter().map(|notice| notice.id.as_str()).collect();
            let holds = expected.len() == actual.len() && expected.iter().all(|id| actual.contains(&id.as_str()));
            self.hold("notices", &expected.join(", "), &actual.join(", "), holds);
        }
        let articles: Vec<&str> = decision.articles.iter().map(|article| article.id.as_str()).collect();
        for id in &expect.articles {
            self.hold("articles", id, &articles.join(", "), articles.contains(&id.as_str()));
        }
    }
}
