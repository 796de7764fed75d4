//! What of a decision a citizen or a department would notice, and whether it is right.

use serde::Serialize;

use crate::bundle::Bundle;
use crate::decide::{Decision, Outcome};
use crate::knowledge::Case;

/// What is compared of two decisions; the first that differs names the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Who handles it.
    Department,
    /// Which scenario leads.
    Scenario,
    /// The unit of the department.
    Unit,
    /// The category, where no scenario leads.
    Category,
    /// The last moment to answer.
    Deadline,
    /// Whether it goes out by itself, is suggested, or is not known.
    Outcome,
    /// What the citizen is told.
    Reply,
}

impl Aspect {
    /// All aspects, the weightiest first.
    pub const ALL: [Aspect; 7] = [
        Aspect::Department,
        Aspect::Scenario,
        Aspect::Unit,
        Aspect::Category,
        Aspect::Deadline,
        Aspect::Outcome,
        Aspect::Reply,
    ];
}

/// What is compared of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Id of the department.
    pub department: Option<String>,
    /// Id of the scenario.
    pub scenario: Option<String>,
    /// Id of the unit.
    pub unit: Option<String>,
    /// The path of the category.
    pub category: Option<String>,
    /// The last moment (RFC 3339).
    pub deadline: Option<String>,
    /// `auto`, `suggest` or `unknown`; none where the text could not be decided.
    pub outcome: Option<&'static str>,
    /// The reply.
    pub reply: Option<String>,
}

impl Answer {
    /// Of a decision.
    pub fn of(decision: &Decision) -> Answer {
        Answer {
            department: decision.department.as_ref().map(|own| own.id.clone()),
            scenario: decision.scenario.as_ref().map(|own| own.id.clone()),
            unit: decision.unit.as_ref().map(|own| own.id.clone()),
            category: decision.category.as_ref().map(|own| own.path.clone()),
            deadline: decision.deadline.as_ref().map(|own| own.due.clone()),
            outcome: Some(match decision.outcome {
                Outcome::Auto => "auto",
                Outcome::Suggest => "suggest",
                Outcome::Unknown => "unknown",
            }),
            reply: decision.reply.as_ref().map(|own| own.text.clone()),
        }
    }

    /// One aspect.
    pub fn get(&self, aspect: Aspect) -> Option<&str> {
        match aspect {
            Aspect::Department => self.department.as_deref(),
            Aspect::Scenario => self.scenario.as_deref(),
            Aspect::Unit => self.unit.as_deref(),
            Aspect::Category => self.category.as_deref(),
            Aspect::Deadline => self.deadline.as_deref(),
            Aspect::Outcome => self.outcome,
            Aspect::Reply => self.reply.as_deref(),
        }
    }

    /// The weightiest aspect in which two differ.
    pub fn difference(&self, other: &Answer) -> Option<Aspect> {
        Aspect::ALL.into_iter().find(|aspect| self.get(*aspect) != other.get(*aspect))
    }

    /// Whether it is right by the case's label: its department, under any of its names; or else its category, or one
    /// below it; or else its scenario. `None` where the case has no label.
    pub fn is_right(&self, case: &Case, bundle: &Bundle) -> Option<bool> {
        let label =
            |label: &Option<String>| label.as_deref().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned);
        if let Some(name) = label(&case.department) {
            let id = bundle.engine.catalog().department_named(&name).map_or(name.as_str(), |known| known.id.as_str());
            return Some(self.department.as_deref() == Some(id) || self.unit.as_deref() == Some(id));
        }
        if let Some(path) = label(&case.category) {
            let own = self.category.as_deref();
            let below = own.and_then(|own| own.strip_prefix(path.as_str()));
            return Some(below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        }
        label(&case.scenario).map(|id| self.scenario.as_deref() == Some(id.as_str()))
    }
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Right before, wrong now.
    BecameWrong,
    /// Wrong before and now.
    StaysWrong,
    /// Wrong before, right now.
    BecameRight,
    /// Right before and now.
    StaysRight,
    /// Nobody knows: it has no label.
    Unlabelled,
}

impl Verdict {
    /// Of what was right before and is now.
    pub fn of(before: Option<bool>, after: Option<bool>) -> Verdict {
        match (before, after) {
            (Some(true), Some(false)) => Verdict::BecameWrong,
            (Some(false), Some(false)) => Verdict::StaysWrong,
            (Some(false), Some(true)) => Verdict::BecameRight,
            (Some(true), Some(true)) => Verdict::StaysRight,
            _ => Verdict::Unlabelled,
        }
    }
}
