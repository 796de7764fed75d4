//! What of a decision a citizen or a department would notice, and whether it is right.

use std::collections::BTreeSet;

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

    /// Whether it is right by the case's label: its department, under any of its names; or a category, or one below it;
    /// or a scenario. `None` where the case has no label.
    pub fn is_right(&self, case: &Case, bundle: &Bundle) -> Option<bool> {
        Some(match Label::of(case)? {
            Label::Department(name) => {
                let id = bundle.engine.catalog().department_named(name).map_or(name, |known| known.id.as_str());
                self.department.as_deref() == Some(id) || self.unit.as_deref() == Some(id)
            }
            Label::Category(path) => {
                let below = self.category.as_deref().and_then(|own| own.strip_prefix(path));
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Label::Scenario(id) => self.scenario.as_deref() == Some(id),
        })
    }
}

/// What a case is compared with: the first that it has of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label<'c> {
    /// A department or one of its units, by id, name or alias.
    Department(&'c str),
    /// A category's path.
    Category(&'c str),
    /// A scenario's id.
    Scenario(&'c str),
}

impl<'c> Label<'c> {
    /// The label of a case; `None` where it has none.
    pub fn of(case: &'c Case) -> Option<Label<'c>> {
        let written = |label: &'c Option<String>| label.as_deref().map(str::trim).filter(|label| !label.is_empty());
        let department = || written(&case.department).map(Label::Department);
        let category = || written(&case.category).map(Label::Category);
        department().or_else(category).or_else(|| written(&case.scenario).map(Label::Scenario))
    }

    /// As it is written.
    pub fn text(self) -> &'c str {
        match self {
            Label::Department(text) | Label::Category(text) | Label::Scenario(text) => text,
        }
    }
}

/// What labels can mean in any of some bundles. A label that means nothing there (a department under a name that no
/// bundle knows) says nothing about whether an answer is right.
pub struct Resolver<'b> {
    bundles: &'b [&'b Bundle],
    /// The categories of scenarios and of cases, with all above them.
    categories: BTreeSet<&'b str>,
}

impl<'b> Resolver<'b> {
    /// For these bundles.
    pub fn new(bundles: &'b [&'b Bundle]) -> Resolver<'b> {
        let mut categories = BTreeSet::new();
        for bundle in bundles {
            let engine = &bundle.engine;
            let scenarios = engine.rules().scenarios().iter().map(|scenario| scenario.category.as_str());
            let cases = engine.knowledge().cases.all().iter().filter_map(|case| case.category.as_deref());
            for path in scenarios.chain(cases).map(str::trim) {
                let above = path.match_indices('/').map(|(at, _)| &path[..at]);
                categories.extend(above.chain([path]));
            }
        }
        Resolver { bundles, categories }
    }

    /// Whether an answer of one of the bundles is right by a case's label; `None` where the case has none, or one that
    /// means nothing in any of them: an order of another city, say.
    pub fn is_right(&self, answer: &Answer, case: &Case, bundle: &Bundle) -> Option<bool> {
        Label::of(case).filter(|label| self.knows(*label)).and_then(|_| answer.is_right(case, bundle))
    }

    /// Whether a label means something in one of the bundles.
    pub fn knows(&self, label: Label<'_>) -> bool {
        let in_any = |is_known: &dyn Fn(&Bundle) -> bool| self.bundles.iter().any(|bundle| is_known(bundle));
        match label {
            Label::Department(name) => in_any(&|bundle| bundle.engine.catalog().department_named(name).is_some()),
            Label::Category(path) => self.categories.contains(path),
            Label::Scenario(id) => in_any(&|bundle| bundle.engine.rules().position(id).is_some()),
        }
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
    /// Nobody knows: its label means nothing in either version.
    Unresolvable,
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
