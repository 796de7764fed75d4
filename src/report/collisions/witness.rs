//! Pairs of scenarios that fire on one real text and would send it to different departments.

use std::collections::BTreeMap;

use jiff::Zoned;
use serde::Serialize;

use super::super::impact::corpus::{Overlap, complaint, decide};
use super::super::impact::{Answer, Resolver};
use super::super::shown::one_line;
use crate::bundle::Bundle;
use crate::bundle::on_all_cores;
use crate::decide::Found;
use crate::knowledge::Case;
use crate::text::Text;
use crate::text::mask::masked;

/// Characters of a text that are quoted.
const QUOTED: usize = 200;

/// Two scenarios that met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The one, by id; the smaller.
    pub one: String,
    /// The other.
    pub other: String,
    /// Texts on which both fire for different departments.
    pub count: usize,
    /// Of these, those on which the one leads.
    pub one_leads: usize,
    /// The other leads.
    pub other_leads: usize,
    /// A third leads.
    pub third_leads: usize,
    /// Labelled texts on which one of the two leads.
    pub labelled: usize,
    /// Of these, those that are decided wrongly.
    pub wrong: usize,
    /// The shortest text, one on which either leads where there is one.
    pub witness: Met,
}

/// A text on which two scenarios met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Met {
    /// Id of the case.
    pub case: String,
    /// The text, with personal data masked, shortened.
    pub text: String,
    /// Its length in characters.
    pub length: usize,
    /// Where the one would send it, by name.
    pub one_department: String,
    /// Where the other would.
    pub other_department: String,
    /// The scenario that leads.
    pub leads: Option<String>,
    /// Which rule put it first: `emergency`, `priority`, `exclusive`, `cases`, `specificity` or `id`.
    pub because: Option<String>,
}

/// What fires on one text.
struct Fired {
    /// Number of the scenario, and its department.
    scenarios: Vec<(usize, Option<String>)>,
    leads: Option<usize>,
    /// Number of a scenario behind the leader, and by which rule.
    behind: Vec<(usize, String)>,
    right: Option<bool>,
}

/// What all texts show.
pub(super) struct Seen {
    pub(super) pairs: Vec<Pair>,
    /// For each scenario the texts on which it fires.
    pub(super) fires: Vec<usize>,
    /// Texts on which both fire, whatever their departments; by number, the smaller first.
    pub(super) together: BTreeMap<(usize, usize), usize>,
}

/// Looks at all texts. `done` is told how many are done.
pub(super) fn see(bundle: &Bundle, cases: &[Case], now: &Zoned, done: &(dyn Fn(usize) + Sync)) -> Seen {
    let overlap = Overlap::new(bundle, cases);
    let bundles = [bundle];
    let resolver = Resolver::new(&bundles);
    let one = |number: usize| fired((bundle, &resolver), number, &cases[number], &overlap, now);
    let fired = on_all_cores(cases.len(), &one, done);
    let scenarios = bundle.engine.rules().scenarios();
    let mut seen = Seen { pairs: Vec::new(), fires: vec![0; scenarios.len()], together: BTreeMap::new() };
    let mut pairs: BTreeMap<(usize, usize), Pair> = BTreeMap::new();
    for (case, fired) in cases.iter().zip(&fired) {
        for (at, (one, department)) in fired.scenarios.iter().enumerate() {
            seen.fires[*one] += 1;
            for (other, other_department) in &fired.scenarios[at + 1..] {
                *seen.together.entry((*one, *other)).or_default() += 1;
                let (Some(department), Some(other_department)) = (department, other_department) else { continue };
                if department == other_department {
                    continue;
                }
                let meet = || met(bundle, case, fired, (*one, department), (*other, other_department));
                let ids = (scenarios[*one].id.clone(), scenarios[*other].id.clone());
                let pair = pairs.entry((*one, *other)).or_insert_with(|| Pair::new(ids, meet()));
                pair.add(fired, *one, *other, meet);
            }
        }
    }
    seen.pairs = pairs.into_values().collect();
    // What goes wrong does harm; then what happens often; then what nobody leads on for a reason.
    seen.pairs.sort_by_key(|pair| std::cmp::Reverse((pair.wrong, pair.one_leads + pair.other_leads, pair.count)));
    seen
}

fn fired(
    (bundle, resolver): (&Bundle, &Resolver<'_>),
    number: usize,
    case: &Case,
    overlap: &Overlap,
    now: &Zoned,
) -> Fired {
    let complaint = complaint(case, now);
    let text = Text::new(complaint.title.as_deref(), &complaint.text);
    let engine = &bundle.engine;
    let found = Found::new(engine.rules(), &text);
    // What only sounds like a term is no proof.
    let exact: Vec<usize> = if found.guessed { Vec::new() } else { found.matches.iter().map(|m| m.scenario).collect() };
    let decision = decide(bundle, (number, &complaint, &text), overlap, Some(found));
    let district =
        decision.as_ref().and_then(|decision| decision.district.as_ref()).map(|district| district.id.as_str());
    let department = |scenario: usize| {
        let scenario = &engine.rules().scenarios()[scenario];
        let (catalog, day) = (engine.catalog(), complaint.at.date());
        let row = catalog.responsible(&scenario.id, Some(&scenario.category), district, day)?;
        Some(row.lead.clone())
    };
    let position = |id: &String| engine.rules().position(id);
    let runners_up = decision.iter().flat_map(|decision| &decision.runners_up);
    Fired {
        scenarios: exact.iter().map(|scenario| (*scenario, department(*scenario))).collect(),
        leads: decision.as_ref().and_then(|decision| position(&decision.scenario.as_ref()?.id)),
        behind: runners_up.filter_map(|own| Some((position(&own.scenario.id)?, own.behind.clone()))).collect(),
        right: decision.as_ref().and_then(|decision| resolver.is_right(&Answer::of(decision), case, bundle)),
    }
}

fn met(bundle: &Bundle, case: &Case, fired: &Fired, one: (usize, &String), other: (usize, &String)) -> Met {
    let name = |id: &String| bundle.engine.catalog().department(id).map_or(id.clone(), |own| own.name.clone());
    let title = case.title.as_deref().map(|title| format!("{title} ")).unwrap_or_default();
    let text = format!("{title}{}", case.text);
    let second = if fired.leads == Some(one.0) { other.0 } else { one.0 };
    let is_theirs = fired.leads == Some(one.0) || fired.leads == Some(other.0);
    let behind = fired.behind.iter().find(|(scenario, _)| is_theirs && *scenario == second);
    Met {
        case: case.id.clone(),
        length: text.chars().count(),
        text: one_line(&masked(&text), QUOTED),
        one_department: name(one.1),
        other_department: name(other.1),
        leads: fired.leads.map(|leads| bundle.engine.rules().scenarios()[leads].id.clone()),
        because: behind.map(|(_, because)| because.clone()),
    }
}

impl Pair {
    fn new((one, other): (String, String), witness: Met) -> Pair {
        let (count, one_leads, other_leads, third_leads, labelled, wrong) = (0, 0, 0, 0, 0, 0);
        Pair { one, other, count, one_leads, other_leads, third_leads, labelled, wrong, witness }
    }

    fn add(&mut self, fired: &Fired, one: usize, other: usize, meet: impl FnOnce() -> Met) {
        self.count += 1;
        let leads = fired.leads;
        let is_theirs = leads == Some(one) || leads == Some(other);
        self.one_leads += usize::from(leads == Some(one));
        self.other_leads += usize::from(leads == Some(other));
        self.third_leads += usize::from(!is_theirs);
        self.labelled += usize::from(is_theirs && fired.right.is_some());
        self.wrong += usize::from(is_theirs && fired.right == Some(false));
        let met = meet();
        let worth =
            |met: &Met| (met.leads.as_ref() != Some(&self.one) && met.leads.as_ref() != Some(&self.other), met.length);
        if (worth(&met), &met.case) < (worth(&self.witness), &self.witness.case) {
            self.witness = met;
        }
    }
}
