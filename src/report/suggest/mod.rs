//! Proposes terms and clauses for scenarios, and new scenarios for what no rule matches, from labelled cases.
//!
//! One half of the cases proposes, the other measures (halves by a fixed hash of the id, near-copies in one half). What
//! comes out is YAML that was loaded, with figures of the second half, for an editor to take or leave; nothing is written
//! to a bundle.

mod corpus;
mod groups;
mod measure;
mod odds;
mod propose;
mod yaml;

use std::collections::BTreeMap;

use jiff::civil;
use serde::Serialize;

use crate::bundle::Bundle;
use crate::knowledge::Case;
use crate::learn::wilson_lower;
use crate::source::Lang;
use corpus::{Corpus, One, Stand};
use measure::Trial;
use propose::{Clause, Role};

/// Cases looked at, at the most: more take minutes and propose nothing else.
pub const MAX_CASES: usize = 50_000;
/// Cases that a proposal must find, at the least: fewer are chance.
pub const SUPPORT: usize = 5;
/// The least share of cases found that must be right, in the half that proposes.
const PRECISION: f64 = 0.8;
/// The share that must surely be right in the half that measures (lower Wilson bound), for a proposal to be shown.
const SHOWN: f64 = 0.5;
/// Proposals for one scenario, at the most.
const MAX_CLAUSES: usize = 8;
/// New scenarios, at the most.
const MAX_NEW: usize = 10;
/// Example texts of a proposal.
const EXAMPLES: usize = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// One scenario alone.
    pub scenario: Option<&'a str>,
    /// New scenarios instead of clauses for those there are.
    pub new: bool,
    /// The day on which it is looked up who is responsible.
    pub on: civil::Date,
    /// The language of the comments.
    pub lang: Lang,
}

/// Proposals with what they rest on.
#[derive(Debug, Serialize)]
pub struct Suggestions {
    /// Cases looked at.
    pub cases: usize,
    /// Of these, how many have a label that the bundle knows.
    pub labelled: usize,
    /// Cases beyond [`MAX_CASES`], left out.
    pub left_out: usize,
    /// Clauses for scenarios there are.
    pub scenarios: Vec<ForScenario>,
    /// New scenarios.
    pub new: Vec<NewScenario>,
}

/// Clauses proposed for a scenario.
#[derive(Debug, Serialize)]
pub struct ForScenario {
    /// Its id.
    pub scenario: String,
    /// Its file.
    pub path: String,
    /// The clauses, the surest first.
    pub clauses: Vec<Proposal>,
    /// All of them as YAML, with what speaks for each as comments: what to put under `any` of its `when`.
    pub yaml: String,
}

/// A clause with what speaks for it.
#[derive(Debug, Serialize)]
pub struct Proposal {
    /// As it stands in YAML: a term, or `[a, b]`.
    pub clause: String,
    /// Its terms.
    pub terms: Vec<String>,
    /// On the cases held back.
    #[serde(flatten)]
    pub measured: Measured,
    /// Texts that it finds and nothing did before, masked.
    pub examples: Vec<String>,
}

/// A scenario proposed for cases that no rule matches.
#[derive(Debug, Serialize)]
pub struct NewScenario {
    /// The label that most of its cases have, where they have one: a category or a department. Without one, `right` only
    /// says that no rule matches.
    pub label: Option<String>,
    /// Its clauses, each with its own figures.
    pub clauses: Vec<Proposal>,
    /// All clauses together, on the cases held back.
    #[serde(flatten)]
    pub measured: Measured,
    /// Its file.
    pub yaml: String,
}

/// What a clause does on the cases held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Cases it finds of which is known whether they are right.
    pub hits: usize,
    /// Of these, how many are.
    pub right: usize,
    /// Their share.
    pub precision: f64,
    /// What the true share exceeds with 95 % confidence (Wilson, one-sided).
    pub precision_lower: f64,
    /// Cases that should be found and were not.
    pub missed: usize,
    /// Of these, how many it finds.
    pub found: usize,
    /// Their share.
    pub coverage: f64,
}

impl Measured {
    fn new(hits: usize, right: usize, missed: usize, found: usize) -> Measured {
        let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 };
        Measured {
            hits,
            right,
            precision: share(right, hits),
            precision_lower: wilson_lower(right as f64, hits as f64),
            missed,
            found,
            coverage: share(found, missed),
        }
    }
}

/// Proposes. `mask` makes what identifies a person unreadable in example texts; `tell` hears how many steps of how many
/// are done.
pub fn suggest(
    bundle: &Bundle,
    cases: &[Case],
    wanted: Wanted<'_>,
    mask: &dyn Fn(&str) -> String,
    tell: &(dyn Fn(usize, usize) + Sync),
) -> Suggestions {
    let taken = &cases[..cases.len().min(MAX_CASES)];
    let corpus = Corpus::read(bundle, taken, wanted.on, tell);
    let mut suggestions = Suggestions {
        cases: taken.len(),
        labelled: corpus.cases.iter().filter(|case| case.label.is_some()).count(),
        left_out: cases.len() - taken.len(),
        scenarios: Vec::new(),
        new: Vec::new(),
    };
    let task = Task { bundle, cases: taken, corpus: &corpus, mask, lang: wanted.lang };
    if wanted.new {
        suggestions.new = task.new_scenarios(tell);
    } else {
        suggestions.scenarios = task.for_scenarios(wanted.scenario, tell);
    }
    suggestions
}

/// What all steps look at.
struct Task<'a> {
    bundle: &'a Bundle,
    cases: &'a [Case],
    corpus: &'a Corpus,
    mask: &'a dyn Fn(&str) -> String,
    lang: Lang,
}

impl Task<'_> {
    fn for_scenarios(&self, only: Option<&str>, tell: &dyn Fn(usize, usize)) -> Vec<ForScenario> {
        let scenarios = self.bundle.engine.rules().scenarios();
        let mut proposed = Vec::new();
        for (at, scenario) in scenarios.iter().enumerate() {
            tell(at, scenarios.len());
            if only.is_some_and(|only| only != scenario.id) {
                continue;
            }
            let role = |case: &One| role_for(case, at as u32);
            let clauses = propose::clauses(self.corpus, role, MAX_CLAUSES);
            proposed.extend(clauses.into_iter().map(|clause| (at, clause)));
        }
        // Where several scenarios share a label, a clause belongs to the one whose cases have it most.
        let mut best: BTreeMap<&[u32], f64> = BTreeMap::new();
        for (_, clause) in &proposed {
            let most = best.entry(&clause.words).or_insert(clause.z);
            *most = most.max(clause.z);
        }
        let belongs = |clause: &Clause| best.get(clause.words.as_slice()).is_some_and(|most| clause.z >= *most);
        let own = proposed.iter().filter(|(_, clause)| belongs(clause));
        let trials: Vec<(usize, Trial)> = own
            .filter_map(|(at, clause)| Some((*at, Trial::new(self.corpus, &clause.words, Some(&scenarios[*at]))?)))
            .collect();
        let hits = measure::hits(self.bundle, self.cases, self.corpus, trials.iter().map(|(_, trial)| trial));
        let mut found: Vec<ForScenario> = Vec::new();
        for ((at, trial), hits) in trials.into_iter().zip(hits) {
            let role = |case: &One| role_for(case, at as u32);
            let Some(proposal) = self.proposal(trial, &hits, &role) else { continue };
            let scenario = &scenarios[at];
            match found.last_mut().filter(|last| last.scenario == scenario.id) {
                Some(last) => last.clauses.push(proposal),
                None => {
                    let (scenario, path) = (scenario.id.clone(), scenario.source.path.clone());
                    found.push(ForScenario { scenario, path, clauses: vec![proposal], yaml: String::new() });
                }
            }
        }
        for one in &mut found {
            one.clauses.sort_by(|a, b| b.measured.precision_lower.total_cmp(&a.measured.precision_lower));
            one.yaml = yaml::clauses(one, self.lang);
        }
        found
    }

    fn new_scenarios(&self, tell: &dyn Fn(usize, usize)) -> Vec<NewScenario> {
        let mut taken = vec![false; self.corpus.cases.len()];
        let groups = groups::of(self.bundle, self.cases, self.corpus, tell);
        let mut found = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            tell(at, groups.len());
            if found.len() == MAX_NEW {
                break;
            }
            let members: Vec<u32> = group.iter().copied().filter(|case| !taken[*case as usize]).collect();
            if members.len() < SUPPORT {
                continue;
            }
            let label = self.corpus.majority(&members);
            let role = |case: &One| role_in_group(case, &members, label.as_deref(), &taken);
            let proposed = propose::clauses(self.corpus, role, MAX_CLAUSES);
            for clause in &proposed {
                let finds = |case: &&One| case.fired.is_empty() && case.has(&clause.words);
                self.corpus.cases.iter().filter(finds).for_each(|case| taken[case.place as usize] = true);
            }
            let trials: Vec<Trial> =
                proposed.iter().filter_map(|clause| Trial::new(self.corpus, &clause.words, None)).collect();
            let hits = measure::hits(self.bundle, self.cases, self.corpus, trials.iter());
            let role = |case: &One| role_in_group(case, &members, label.as_deref(), &[]);
            let mut all: Vec<u32> = Vec::new();
            let mut clauses = Vec::new();
            for (trial, hits) in trials.into_iter().zip(hits) {
                if let Some(proposal) = self.proposal(trial, &hits, &role) {
                    all.extend(&hits);
                    clauses.push(proposal);
                }
            }
            all.sort_unstable();
            all.dedup();
            let measured = self.measured(&all, &role);
            if clauses.is_empty() {
                continue;
            }
            let mut new = NewScenario { label, clauses, measured, yaml: String::new() };
            if let Some(yaml) = yaml::scenario(&new, found.len() + 1, self.bundle, self.lang) {
                new.yaml = yaml;
                found.push(new);
            }
        }
        found
    }

    /// The proposal with its figures; `None` where the cases held back do not speak for it.
    fn proposal(&self, trial: Trial, hits: &[u32], role: &dyn Fn(&One) -> Role) -> Option<Proposal> {
        let measured = self.measured(hits, role);
        if measured.found == 0 || measured.precision_lower < SHOWN {
            return None;
        }
        let finds = |case: &&One| role(case).missed && case.has(&trial.words);
        let of_both = self.corpus.cases.iter().filter(finds);
        let examples = of_both.take(EXAMPLES).map(|case| (self.mask)(&self.cases[case.place as usize].text)).collect();
        Some(Proposal { clause: trial.clause, terms: trial.terms, measured, examples })
    }

    fn measured(&self, hits: &[u32], role: &dyn Fn(&One) -> Role) -> Measured {
        let held = || self.corpus.cases.iter().filter(|case| case.held);
        let of_hits: Vec<Role> = hits.iter().map(|case| role(&self.corpus.cases[*case as usize])).collect();
        Measured::new(
            of_hits.iter().filter(|role| role.right.is_some()).count(),
            of_hits.iter().filter(|role| role.right == Some(true)).count(),
            held().filter(|case| role(case).missed).count(),
            of_hits.iter().filter(|role| role.missed).count(),
        )
    }
}

/// What a case says of a clause for a scenario there is.
fn role_for(case: &One, scenario: u32) -> Role {
    let stand = case.stand(scenario);
    let fired = case.fired.contains(&scenario);
    Role {
        core: stand == Stand::Right,
        background: stand == Stand::Wrong,
        missed: stand == Stand::Open || (stand == Stand::Right && !fired),
        right: match stand {
            Stand::Right | Stand::Open => Some(true),
            Stand::Wrong => Some(false),
            Stand::Unknown => None,
        },
    }
}

/// What a case says of a clause for a group of cases that nothing matches: of these it may find those whose label is the
/// group's, and none that a rule knows already.
fn role_in_group(case: &One, members: &[u32], label: Option<&str>, taken: &[bool]) -> Role {
    let core = members.binary_search(&case.place).is_ok();
    let other_label = label.is_some() && case.written.is_some() && case.written.as_deref() != label;
    let wrong = !case.fired.is_empty() || other_label;
    // Where the group has a label, a case without one is neither.
    let unknown = label.is_some() && case.written.is_none() && case.fired.is_empty();
    let free = taken.get(case.place as usize) != Some(&true);
    Role {
        core: core && !wrong,
        background: !core || wrong,
        missed: !wrong && !unknown && free,
        right: (!unknown).then_some(!wrong),
    }
}
