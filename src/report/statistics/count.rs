//! One pass over a corpus, and what it says of every scenario, clause and term.

use std::collections::{BTreeMap, BTreeSet};

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};
use jiff::Zoned;
use serde::Serialize;

use super::super::impact::corpus::{Overlap, complaint, decide};
use super::super::impact::{Answer, Label, Resolver};
use super::cost;
use crate::bundle::Bundle;
use crate::bundle::on_all_cores;
use crate::decide::Found;
use crate::knowledge::Case;
use crate::learn::wilson_lower;
use crate::rules::{Clause, Form, Vocabulary};
use crate::source::Date;
use crate::text::Text;

/// How often something was right, of how many labelled ones, with the interval that the true share lies in (Wilson 1927;
/// each end by itself with 95 % confidence).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Precision {
    /// Labelled texts.
    pub labelled: usize,
    /// Right ones.
    pub right: usize,
    /// Their share; none where nothing is labelled.
    pub share: Option<f64>,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Precision {
    /// Of so many right of so many.
    pub fn new(right: usize, labelled: usize) -> Precision {
        let (r, n) = (right as f64, labelled as f64);
        let share = (labelled > 0).then(|| r / n);
        // What is not wrong, seen from the other side.
        Precision { labelled, right, share, lower: wilson_lower(r, n), upper: 1.0 - wilson_lower(n - r, n) }
    }
}

/// One clause of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClauseFigures {
    /// Where in the scenario, such as `when.any[1][0]`.
    pub clause: String,
    /// What it looks for.
    pub what: String,
    /// The file it is written in.
    pub file: String,
    /// The line.
    pub line: usize,
    /// It forbids: its hits are nowhere recorded, and none is no sign of being useless.
    pub forbids: bool,
    /// Texts on which the scenario fires and this has a part in it.
    pub hits: usize,
    /// How often what the scenario stands for was right then.
    pub precision: Precision,
    /// The last day.
    pub last_hit: Option<Date>,
}

/// A term that some condition looks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TermFigures {
    /// The term, normalised.
    pub term: String,
    /// Texts that have it, whether or not anything fires.
    pub hits: usize,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScenarioFigures {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Texts on which it fires.
    pub hits: usize,
    /// Texts on which it leads.
    pub leads: usize,
    /// How often what it stands for was right where it fires.
    pub precision: Precision,
    /// How often the decision was right where it leads.
    pub lead_precision: Precision,
    /// The last day on which it fired.
    pub last_hit: Option<Date>,
    /// What matching it alone takes, in µs a text, on average.
    pub microseconds: f64,
    /// Its clauses, hints included, in the order written.
    pub clauses: Vec<ClauseFigures>,
    /// Every term that its condition looks for or forbids.
    pub terms: Vec<TermFigures>,
}

/// How the rules do on a corpus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// The bundle's revision.
    pub revision: String,
    /// Texts.
    pub cases: usize,
    /// Of these, those with a label.
    pub labelled: usize,
    /// Those on which some scenario fires.
    pub fired: usize,
    /// By id.
    pub scenarios: Vec<ScenarioFigures>,
    /// Terms of all conditions and lists that no text has.
    pub dead_terms: Vec<String>,
}

impl Statistics {
    /// The scenarios that cost most, the slowest first.
    pub fn slowest(&self, most: usize) -> Vec<&ScenarioFigures> {
        let mut all: Vec<&ScenarioFigures> = self.scenarios.iter().collect();
        all.sort_by(|a, b| b.microseconds.total_cmp(&a.microseconds).then(a.id.cmp(&b.id)));
        all.truncate(most);
        all
    }

    /// The clauses that asked for something and never had a part in anything, with their scenario; hints, which ask for
    /// nothing, come last.
    pub fn dead_clauses(&self) -> Vec<(&ScenarioFigures, &ClauseFigures)> {
        let clauses = self.scenarios.iter().flat_map(|own| own.clauses.iter().map(move |clause| (own, clause)));
        let mut dead: Vec<_> = clauses.filter(|(_, clause)| clause.hits == 0 && !clause.forbids).collect();
        dead.sort_by_key(|(_, clause)| clause.clause.starts_with("hints"));
        dead
    }
}

/// What one text shows.
struct Shown {
    /// Numbers of the scenarios that fire, with the leaves that have a part in it, and whether what they stand for is right.
    fires: Vec<(usize, BTreeSet<u32>, Option<bool>)>,
    leads: Option<(usize, Option<bool>)>,
    /// Terms by number.
    terms: Vec<u32>,
}

/// Counts over a corpus. `now` is the time of cases without a day; `done` is told how many steps of how many are done.
pub fn statistics(bundle: &Bundle, cases: &[Case], now: &Zoned, done: &(dyn Fn(usize, usize) + Sync)) -> Statistics {
    let vocabulary = bundle.vocabulary();
    let rules = bundle.engine.rules();
    let of = cases.len() + rules.scenarios().len();
    let terms: Vec<BTreeSet<&str>> = rules.scenarios().iter().map(|own| terms_of(own, &vocabulary)).collect();
    let listed = vocabulary.names().filter_map(|name| vocabulary.terms(name)).flatten();
    let all: BTreeSet<&str> = terms.iter().flatten().copied().chain(listed).collect();
    let finder = TermFinder::new(all);
    let overlap = Overlap::new(bundle, cases);
    let bundles = [bundle];
    let resolver = Resolver::new(&bundles);
    let one = |number: usize| look((bundle, &resolver), (number, &cases[number]), &overlap, &finder, now);
    let shown = on_all_cores(cases.len(), &one, &|count| done(count, of));
    let texts: Vec<(Option<&str>, &str)> =
        cases.iter().map(|case| (case.title.as_deref(), case.text.as_str())).collect();
    let measured = std::cell::Cell::new(cases.len());
    let tell = || {
        measured.set(measured.get() + 1);
        done(measured.get(), of);
    };
    let costs = cost::microseconds(bundle, &vocabulary, &cost::sample(bundle, &texts), &tell);
    let hits = finder.hits(shown.iter().flat_map(|shown| &shown.terms));
    let figures = |(number, terms): (usize, &BTreeSet<&str>)| {
        let tally = Tally::of(number, cases, &shown);
        let term = |term: &&str| TermFigures { term: (*term).to_owned(), hits: hits.get(*term).copied().unwrap_or(0) };
        let scenario = &rules.scenarios()[number];
        ScenarioFigures {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            hits: tally.whole.hits,
            leads: tally.leads,
            precision: tally.whole.precision(),
            lead_precision: Precision::new(tally.leads_right, tally.leads_labelled),
            last_hit: tally.whole.last,
            microseconds: costs[number],
            clauses: clauses(bundle, number, &tally),
            terms: terms.iter().map(term).collect(),
        }
    };
    let label = |case: &&Case| Label::of(case).is_some_and(|label| resolver.knows(label));
    Statistics {
        revision: bundle.engine.revision().to_owned(),
        cases: cases.len(),
        labelled: cases.iter().filter(label).count(),
        fired: shown.iter().filter(|shown| !shown.fires.is_empty()).count(),
        scenarios: terms.iter().enumerate().map(figures).collect(),
        dead_terms: finder
            .terms
            .iter()
            .filter(|term| !hits.contains_key(*term))
            .map(|term| (*term).to_owned())
            .collect(),
    }
}

fn look(
    (bundle, resolver): (&Bundle, &Resolver<'_>),
    (number, case): (usize, &Case),
    overlap: &Overlap,
    finder: &TermFinder<'_>,
    now: &Zoned,
) -> Shown {
    let complaint = complaint(case, now);
    let text = Text::new(complaint.title.as_deref(), &complaint.text);
    let engine = &bundle.engine;
    let found = Found::new(engine.rules(), &text);
    let matches = if found.guessed { Vec::new() } else { found.matches.clone() };
    let decision = decide(bundle, (number, &complaint, &text), overlap, Some(found));
    let district =
        decision.as_ref().and_then(|decision| decision.district.as_ref()).map(|district| district.id.clone());
    let stands_for = |number: usize| {
        let scenario = &engine.rules().scenarios()[number];
        let day = complaint.at.date();
        let row = engine.catalog().responsible(&scenario.id, Some(&scenario.category), district.as_deref(), day);
        Answer {
            department: row.map(|row| row.lead.clone()),
            scenario: Some(scenario.id.clone()),
            category: Some(scenario.category.clone()),
            ..Answer::default()
        }
    };
    let fires = matches.iter().map(|found| {
        let leaves = found.evidence.iter().chain(&found.hints).map(|hit| hit.leaf).collect();
        (found.scenario, leaves, resolver.is_right(&stands_for(found.scenario), case, bundle))
    });
    let by_rule = decision.as_ref().filter(|decision| decision.source == Some(crate::decide::Source::Rule));
    let leads = by_rule.and_then(|decision| {
        let scenario = engine.rules().position(&decision.scenario.as_ref()?.id)?;
        // What was only guessed fired on nothing.
        let fired = matches.iter().any(|found| found.scenario == scenario);
        fired.then(|| (scenario, resolver.is_right(&Answer::of(decision), case, bundle)))
    });
    Shown { fires: fires.collect(), leads, terms: finder.find(text.normalised()) }
}

/// Hits of one thing.
#[derive(Clone, Copy, Default)]
struct Hits {
    hits: usize,
    labelled: usize,
    right: usize,
    last: Option<Date>,
}

impl Hits {
    fn add(&mut self, case: &Case, right: Option<bool>) {
        self.hits += 1;
        self.labelled += usize::from(right.is_some());
        self.right += usize::from(right == Some(true));
        self.last = self.last.max(case.opened_on);
    }

    fn precision(&self) -> Precision {
        Precision::new(self.right, self.labelled)
    }
}

/// All that texts show of one scenario.
#[derive(Default)]
struct Tally {
    whole: Hits,
    leaves: BTreeMap<u32, Hits>,
    leads: usize,
    leads_labelled: usize,
    leads_right: usize,
}

impl Tally {
    fn of(scenario: usize, cases: &[Case], shown: &[Shown]) -> Tally {
        let mut tally = Tally::default();
        for (case, shown) in cases.iter().zip(shown) {
            if let Ok(at) = shown.fires.binary_search_by_key(&scenario, |(number, ..)| *number) {
                let (_, leaves, right) = &shown.fires[at];
                tally.whole.add(case, *right);
                leaves.iter().for_each(|leaf| tally.leaves.entry(*leaf).or_default().add(case, *right));
            }
            if let Some((_, right)) = shown.leads.filter(|(leads, _)| *leads == scenario) {
                tally.leads += 1;
                tally.leads_labelled += usize::from(right.is_some());
                tally.leads_right += usize::from(right == Some(true));
            }
        }
        tally
    }
}

fn clauses(bundle: &Bundle, scenario: usize, tally: &Tally) -> Vec<ClauseFigures> {
    let figures = |(number, leaf): (u32, &crate::rules::Leaf)| {
        let hits = tally.leaves.get(&number).copied().unwrap_or_default();
        ClauseFigures {
            clause: leaf.path.clone(),
            what: leaf.what.clone(),
            file: leaf.source.path.clone(),
            line: leaf.source.position(leaf.range.start).line,
            forbids: leaf.path.contains(".none["),
            hits: hits.hits,
            precision: hits.precision(),
            last_hit: hits.last,
        }
    };
    bundle.engine.rules().leaves_of(scenario).map(figures).collect()
}

/// Every term that a scenario looks for, forbids or hints at.
fn terms_of<'a>(scenario: &'a crate::rules::Scenario, vocabulary: &'a Vocabulary) -> BTreeSet<&'a str> {
    let mut terms = BTreeSet::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&Clause> = std::iter::once(&scenario.when).chain(&scenario.hints).collect();
    while let Some(clause) = open.pop() {
        clause.each(&mut |part| match &part.form {
            Form::Term { text, .. } => {
                terms.insert(text.as_str());
            }
            Form::Reference { name, .. } if seen.insert(name) => match vocabulary.condition(name) {
                Some(condition) => open.push(condition),
                None => terms.extend(vocabulary.terms(name).unwrap_or_default()),
            },
            _ => {}
        });
    }
    terms
}

/// Finds many terms in a text at once.
struct TermFinder<'a> {
    terms: Vec<&'a str>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

impl<'a> TermFinder<'a> {
    fn new(terms: BTreeSet<&'a str>) -> TermFinder<'a> {
        let terms: Vec<&str> = terms.into_iter().collect();
        let numbered = terms.iter().copied().zip(0_u32..);
        // The rules were compiled from the same terms, so this can be built; without it no term is found.
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(numbered).ok();
        TermFinder { terms, automaton }
    }

    /// The terms in a normalised text, each once.
    fn find(&self, text: &str) -> Vec<u32> {
        let hits = self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text));
        let found: BTreeSet<u32> = hits.map(|hit| hit.value()).collect();
        found.into_iter().collect()
    }

    fn hits<'s>(&self, found: impl Iterator<Item = &'s u32>) -> BTreeMap<&'a str, usize> {
        let mut hits = BTreeMap::new();
        for term in found {
            *hits.entry(self.terms[*term as usize]).or_default() += 1;
        }
        hits
    }
}
