//! The report: what changed, grouped by cause and by what it changed from and to, the worst first.

use std::collections::BTreeMap;

use jiff::Zoned;
use serde::Serialize;

use super::super::shown::one_line;
use super::answer::{Answer, Aspect, Label, Resolver, Verdict};
use super::cause::{Changed, Load, causes};
use super::compare::{Compared, Comparison};
use super::corpus::Overlap;
use super::edits::{Edit, differences};
use super::failing::Figure;
use crate::bundle::Bundle;
use crate::knowledge::Case;
use crate::text::mask::masked;

/// Examples of a group.
const EXAMPLES: usize = 3;
/// Characters of a complaint that are quoted.
const QUOTED: usize = 120;
/// Labels that neither version knows, named at the most.
const UNRESOLVABLE: usize = 20;

/// Which edits, by their number in the report, changed a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase", tag = "how")]
pub enum Cause {
    /// This alone does it.
    Alone {
        /// The edits, tried as one.
        edits: Vec<usize>,
    },
    /// Each of these alone does it.
    Any {
        /// The edits.
        edits: Vec<usize>,
    },
    /// None alone does it, and these together do.
    Together {
        /// The edits.
        edits: Vec<usize>,
        /// It was tried with these alone; otherwise all edits are named.
        verified: bool,
    },
}

/// How many cases there are, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Cases.
    pub cases: usize,
    /// Of these, those that could not be decided: empty, or too long.
    pub undecided: usize,
    /// Those of which anything changed.
    pub changed: usize,
    /// Those with another department.
    pub department: usize,
    /// Another scenario.
    pub scenario: usize,
    /// Another unit.
    pub unit: usize,
    /// Another category.
    pub category: usize,
    /// Another deadline.
    pub deadline: usize,
    /// Another outcome.
    pub outcome: usize,
    /// Another reply.
    pub reply: usize,
    /// Those with a label that means something in one of the versions.
    pub labelled: usize,
    /// Those with a label that means nothing in either: neither right nor wrong.
    pub unresolvable: usize,
    /// Right before.
    pub right_before: usize,
    /// Right after.
    pub right_after: usize,
    /// Wrong before and right after.
    pub better: usize,
    /// Right before and wrong after.
    pub worse: usize,
    /// Wrong before and after.
    pub stays_wrong: usize,
    /// Had an answer, and has none now.
    pub unknown: usize,
    /// Had no answer, and has one now.
    pub known: usize,
}

/// Cases that changed alike, by one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The weightiest thing that changed.
    pub aspect: Aspect,
    /// From what: an id, or what is written; none where there was nothing.
    pub from: Option<String>,
    /// What it is called.
    pub from_name: Option<String>,
    /// To what.
    pub to: Option<String>,
    /// What it is called.
    pub to_name: Option<String>,
    /// By what.
    pub cause: Cause,
    /// How many cases.
    pub count: usize,
    /// Those labelled with what they came from.
    pub labelled_from: usize,
    /// Those labelled with what they went to.
    pub labelled_to: usize,
    /// Became right.
    pub better: usize,
    /// Became wrong.
    pub worse: usize,
    /// Were and are wrong.
    pub stays_wrong: usize,
    /// Have a label that means nothing in either version.
    pub unresolvable: usize,
    /// Have no label.
    pub unlabelled: usize,
    /// The worst.
    pub examples: Vec<ExampleShown>,
}

/// One case, fit to be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExampleShown {
    /// Its id.
    pub id: String,
    /// Its title and text, shortened, with personal data masked.
    pub text: String,
    /// Its label.
    pub label: Option<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// How it was decided; the reply only where nothing else changed, masked.
    pub before: Answer,
    /// How it is decided.
    pub after: Answer,
    /// The words that the decision rests on, masked.
    pub evidence: Vec<String>,
}

/// A label that neither version knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnresolvableLabel {
    /// As cases have it.
    pub label: String,
    /// How many.
    pub cases: usize,
}

/// What an edit does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The earlier revision.
    pub old: String,
    /// The later revision.
    pub new: String,
    /// What the earlier one was asked for by: `HEAD`, a folder; set by whoever asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_name: Option<String>,
    /// What the later one was asked for by; none for the folder as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// How many scenarios had to be matched again, and how many there are.
    pub rematched: (usize, usize),
    /// The figures.
    pub totals: Totals,
    /// The labels that mean nothing in either version, the most frequent first.
    pub unresolvable: Vec<UnresolvableLabel>,
    /// Every edit.
    pub edits: Vec<Edit>,
    /// What changed, the worst first.
    pub groups: Vec<Group>,
}

impl Report {
    /// A figure for `--fail-if`: how many, of how many.
    pub fn figure(&self, figure: Figure) -> (usize, usize) {
        let totals = &self.totals;
        match figure {
            Figure::Worse => (totals.worse, totals.labelled),
            Figure::Better => (totals.better, totals.labelled),
            Figure::Changed => (totals.changed, totals.cases),
            Figure::Unknown => (totals.unknown, totals.cases),
        }
    }
}

/// Decides all cases under both bundles and finds what caused the changes. `load` loads a version that stands nowhere on
/// disk, best with the loader of both; `now` is the time of cases without a day; `told` is told how far it is: the cases
/// decided of all, then the versions tried of all.
pub fn impact(
    (old, new): (&Bundle, &Bundle),
    cases: &[Case],
    now: &Zoned,
    load: Load<'_>,
    told: &(dyn Fn(Phase, usize, usize) + Sync),
) -> Report {
    let overlaps = (Overlap::new(old, cases), Overlap::new(new, cases));
    let comparison = Comparison::new(old, new);
    let done = |count: usize| told(Phase::Deciding, count, cases.len());
    let compared = comparison.run(cases, (&overlaps.0, &overlaps.1), now, &done);
    let numbers: Vec<usize> = (0..cases.len()).filter(|number| compared[*number].is_changed()).collect();
    let changed = Changed {
        old,
        new,
        cases: numbers.iter().map(|number| cases[*number].clone()).collect(),
        compared: numbers.iter().map(|number| &compared[*number]).collect(),
        now,
    };
    let edits = differences(&old.snapshot, &new.snapshot);
    let causes = causes(&changed, &edits, load, &|done, of| told(Phase::Causes, done, of));
    let mut totals = Totals { cases: cases.len(), ..Totals::default() };
    let bundles = [old, new];
    let resolver = Resolver::new(&bundles);
    let verdicts: Vec<Verdict> =
        cases.iter().zip(&compared).map(|(case, c)| verdict((old, new), &resolver, case, c)).collect();
    for (compared, verdict) in compared.iter().zip(&verdicts) {
        totals.count(compared, *verdict);
    }
    let grouped = grouped((old, new), &changed, &causes, |at| verdicts[numbers[at]]);
    let scenarios = new.engine.rules().scenarios().len();
    Report {
        old: old.engine.revision().to_owned(),
        new: new.engine.revision().to_owned(),
        old_name: None,
        new_name: None,
        rematched: (comparison.rematched(), scenarios),
        totals,
        unresolvable: unresolvable(cases, &verdicts),
        edits,
        groups: grouped,
    }
}

/// What is being done, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Cases are decided.
    Deciding,
    /// Versions are tried.
    Causes,
}

fn verdict((old, new): (&Bundle, &Bundle), resolver: &Resolver<'_>, case: &Case, compared: &Compared) -> Verdict {
    if Label::of(case).is_some_and(|label| !resolver.knows(label)) {
        return Verdict::Unresolvable;
    }
    Verdict::of(compared.before.is_right(case, old), compared.after.is_right(case, new))
}

/// The labels of cases that neither version knows, the most frequent first.
fn unresolvable(cases: &[Case], verdicts: &[Verdict]) -> Vec<UnresolvableLabel> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let unknown = cases.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Unresolvable);
    for label in unknown.filter_map(|(case, _)| Label::of(case)) {
        *counts.entry(label.text()).or_default() += 1;
    }
    let labels = counts.into_iter().map(|(label, cases)| UnresolvableLabel { label: one_line(label, QUOTED), cases });
    let mut labels: Vec<UnresolvableLabel> = labels.collect();
    labels.sort_by_key(|own| std::cmp::Reverse(own.cases));
    labels.truncate(UNRESOLVABLE);
    labels
}

impl Totals {
    fn count(&mut self, compared: &Compared, verdict: Verdict) {
        let Compared { before, after, .. } = compared;
        let is_unknown = |answer: &Answer| answer.outcome == Some("unknown");
        let differs = |aspect: Aspect| usize::from(before.get(aspect) != after.get(aspect));
        self.undecided += usize::from(after.outcome.is_none());
        self.changed += usize::from(compared.is_changed());
        self.department += differs(Aspect::Department);
        self.scenario += differs(Aspect::Scenario);
        self.unit += differs(Aspect::Unit);
        self.category += differs(Aspect::Category);
        self.deadline += differs(Aspect::Deadline);
        self.outcome += differs(Aspect::Outcome);
        self.reply += differs(Aspect::Reply);
        self.unknown += usize::from(is_unknown(after) && !is_unknown(before));
        self.known += usize::from(is_unknown(before) && !is_unknown(after));
        self.labelled += usize::from(!matches!(verdict, Verdict::Unlabelled | Verdict::Unresolvable));
        self.unresolvable += usize::from(verdict == Verdict::Unresolvable);
        self.right_before += usize::from(matches!(verdict, Verdict::StaysRight | Verdict::BecameWrong));
        self.right_after += usize::from(matches!(verdict, Verdict::StaysRight | Verdict::BecameRight));
        self.better += usize::from(verdict == Verdict::BecameRight);
        self.worse += usize::from(verdict == Verdict::BecameWrong);
        self.stays_wrong += usize::from(verdict == Verdict::StaysWrong);
    }
}

/// What changed, from what, to what.
type Movement = (Aspect, Option<String>, Option<String>);

/// What makes two changes alike. Deadlines and replies differ from case to case, so all are one.
fn movement(compared: &Compared) -> Movement {
    let aspect = compared.before.difference(&compared.after).unwrap_or(Aspect::Reply);
    let value = |answer: &Answer| match aspect {
        Aspect::Deadline | Aspect::Reply => None,
        _ => answer.get(aspect).map(str::to_owned),
    };
    (aspect, value(&compared.before), value(&compared.after))
}

fn grouped(
    bundles: (&Bundle, &Bundle),
    changed: &Changed<'_>,
    causes: &[Cause],
    verdict: impl Fn(usize) -> Verdict,
) -> Vec<Group> {
    let mut members: BTreeMap<(Cause, Movement), Vec<usize>> = BTreeMap::new();
    for (at, cause) in causes.iter().enumerate() {
        members.entry((cause.clone(), movement(changed.compared[at]))).or_default().push(at);
    }
    let group = |((cause, (aspect, from, to)), mut members): ((Cause, Movement), Vec<usize>)| {
        members.sort_by_key(|at| (verdict(*at), changed.cases[*at].text.len(), &changed.cases[*at].id));
        let count = |wanted: Verdict| members.iter().filter(|at| verdict(**at) == wanted).count();
        let labelled = |bundle: &Bundle, value: &Option<String>| {
            let is = |at: &&usize| value.is_some() && label(&changed.cases[**at], aspect, bundle) == *value;
            members.iter().filter(is).count()
        };
        let example = |at: &usize| example(&changed.cases[*at], changed.compared[*at], verdict(*at), aspect);
        Group {
            from_name: from.as_deref().map(|id| name(bundles.0, aspect, id)),
            to_name: to.as_deref().map(|id| name(bundles.1, aspect, id)),
            labelled_from: labelled(bundles.0, &from),
            labelled_to: labelled(bundles.1, &to),
            count: members.len(),
            better: count(Verdict::BecameRight),
            worse: count(Verdict::BecameWrong),
            stays_wrong: count(Verdict::StaysWrong),
            unresolvable: count(Verdict::Unresolvable),
            unlabelled: count(Verdict::Unlabelled),
            examples: members.iter().take(EXAMPLES).map(example).collect(),
            aspect,
            from,
            to,
            cause,
        }
    };
    let mut groups: Vec<Group> = members.into_iter().map(group).collect();
    groups.sort_by_key(|group| (std::cmp::Reverse((group.worse, group.count)), group.aspect));
    groups
}

/// The label of a case at an aspect, as the bundle names it.
fn label(case: &Case, aspect: Aspect, bundle: &Bundle) -> Option<String> {
    let known =
        |name: &String| bundle.engine.catalog().department_named(name).map_or(name.clone(), |own| own.id.clone());
    match aspect {
        Aspect::Department => case.department.as_ref().map(known),
        Aspect::Unit => case.unit.as_ref().map(known),
        Aspect::Scenario => case.scenario.clone(),
        Aspect::Category => case.category.clone(),
        Aspect::Deadline | Aspect::Outcome | Aspect::Reply => None,
    }
}

/// What a value is called.
pub(super) fn name(bundle: &Bundle, aspect: Aspect, id: &str) -> String {
    let engine = &bundle.engine;
    let found = match aspect {
        Aspect::Department | Aspect::Unit => engine.catalog().department(id).map(|own| own.name.clone()),
        Aspect::Scenario => engine.rules().position(id).map(|at| engine.rules().scenarios()[at].title.clone()),
        _ => None,
    };
    found.unwrap_or_else(|| id.to_owned())
}

fn example(case: &Case, compared: &Compared, verdict: Verdict, aspect: Aspect) -> ExampleShown {
    let title = case.title.as_deref().map(|title| format!("{title} ")).unwrap_or_default();
    // A reply repeats what the citizen said.
    let answer = |answer: &Answer| Answer {
        reply: answer.reply.as_deref().filter(|_| aspect == Aspect::Reply).map(|reply| one_line(&masked(reply), 400)),
        ..answer.clone()
    };
    ExampleShown {
        id: case.id.clone(),
        text: one_line(&masked(&format!("{title}{}", case.text)), QUOTED),
        label: case.department.clone().or_else(|| case.category.clone()).or_else(|| case.scenario.clone()),
        verdict,
        before: answer(&compared.before),
        after: answer(&compared.after),
        evidence: compared.evidence.iter().map(|(text, ..)| one_line(&masked(text), 40)).collect(),
    }
}
