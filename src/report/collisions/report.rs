//! Everything about how scenarios get in each other's way, the worst first.

use std::collections::{BTreeSet, HashMap};

use jiff::Zoned;
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::sentence::Maker;
use super::witness::{Pair, Seen, see};
use crate::bundle::Bundle;
use crate::knowledge::Case;
use crate::rules::{Priority, Scenario, implies};
use crate::text::Text;

/// The longest run of characters inside a term that is looked for among other terms.
const LONGEST_INNER: usize = 12;

/// A scenario that fires only where another does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Implication {
    /// The scenario that never fires alone.
    pub scenario: String,
    /// The one that always fires with it.
    pub implies: String,
    /// The other way round too: they fire on the same texts.
    pub both_ways: bool,
    /// Where the first would be sent, by name, where no place is known.
    pub department: Option<String>,
    /// Where the second would be.
    pub other_department: Option<String>,
    /// The second always comes before the first, by emergency, priority or `exclusive`: the first never leads.
    pub never_leads: bool,
    /// Texts on which it fires.
    pub fires: usize,
    /// A sentence on which both fire, confirmed by the matcher.
    pub sentence: Option<String>,
}

/// A sentence that was made up for two scenarios.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Made {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// Where the one would be sent, by name.
    pub one_department: String,
    /// Where the other would be.
    pub other_department: String,
    /// Texts on which both fire: none, or all on which one of them does.
    pub together: usize,
    /// The sentence.
    pub sentence: String,
}

/// How scenarios get in each other's way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collisions {
    /// The bundle's revision.
    pub revision: String,
    /// Texts that were looked at.
    pub cases: usize,
    /// How many pairs there are in all, before the limit.
    pub found: usize,
    /// Pairs that met on a text, the most harmful first.
    pub pairs: Vec<Pair>,
    /// Scenarios that never fire alone.
    pub implications: Vec<Implication>,
    /// Sentences for pairs that no text tells apart, or that no text shows together.
    pub made: Vec<Made>,
}

/// Looks for everything; of each kind at most `limit`. `now` is the time of cases without a day; `done` is told how many
/// cases are done.
pub fn collisions(
    bundle: &Bundle,
    cases: &[Case],
    now: &Zoned,
    limit: usize,
    done: &(dyn Fn(usize) + Sync),
) -> Collisions {
    let mut seen = see(bundle, cases, now, done);
    let vocabulary = bundle.vocabulary();
    let finder = Finder { bundle, seen: &seen, maker: Maker::new(bundle.engine.rules(), &vocabulary), day: now.date() };
    let related = finder.related();
    let mut implications = finder.implications(&related, &vocabulary);
    implications.truncate(limit);
    for implication in &mut implications {
        let rules = bundle.engine.rules();
        let numbers = rules.position(&implication.scenario).zip(rules.position(&implication.implies));
        implication.sentence = numbers.and_then(|(one, other)| finder.maker.sentence(one, other));
    }
    let made = finder.made(&related, limit);
    let found = seen.pairs.len();
    seen.pairs.truncate(limit);
    Collisions {
        revision: bundle.engine.revision().to_owned(),
        cases: cases.len(),
        found,
        pairs: seen.pairs,
        implications,
        made,
    }
}

struct Finder<'a> {
    bundle: &'a Bundle,
    seen: &'a Seen,
    maker: Maker<'a>,
    day: jiff::civil::Date,
}

impl<'a> Finder<'a> {
    fn scenarios(&self) -> &'a [std::sync::Arc<Scenario>] {
        self.bundle.engine.rules().scenarios()
    }

    /// Pairs of which the first looks for a term that is, or has inside, one of the second's; with how many such terms.
    /// Of others hardly anything can be proved (two conditions of one expression or fact alone), and no short sentence
    /// suits both.
    fn related(&self) -> HashMap<(usize, usize), usize> {
        let terms: Vec<BTreeSet<&str>> = self.scenarios().iter().map(|own| self.maker.terms(&own.when)).collect();
        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for (scenario, terms) in terms.iter().enumerate() {
            terms.iter().for_each(|term| users.entry(term).or_default().push(scenario));
        }
        let mut related: HashMap<(usize, usize), usize> = HashMap::new();
        for (scenario, terms) in terms.iter().enumerate() {
            for term in terms {
                let others: FxHashSet<usize> =
                    inner(term).filter_map(|part| users.get(part)).flatten().copied().collect();
                for other in others.into_iter().filter(|other| *other != scenario) {
                    *related.entry((scenario, other)).or_default() += 1;
                }
            }
        }
        related
    }

    fn implications(
        &self,
        related: &HashMap<(usize, usize), usize>,
        vocabulary: &crate::rules::Vocabulary,
    ) -> Vec<Implication> {
        let scenarios = self.scenarios();
        let examples = self.examples();
        let open = related.keys().copied().filter(|pair| !self.is_refuted(*pair, &examples));
        let mut proved: Vec<(usize, usize)> =
            open.filter(|(one, other)| implies(&scenarios[*one].when, &scenarios[*other].when, vocabulary)).collect();
        proved.sort_unstable();
        let known: BTreeSet<(usize, usize)> = proved.iter().copied().collect();
        let implication = |(one, other): (usize, usize)| {
            let (department, other_department) = (self.department(one), self.department(other));
            Implication {
                scenario: scenarios[one].id.clone(),
                implies: scenarios[other].id.clone(),
                both_ways: known.contains(&(other, one)),
                department,
                other_department,
                never_leads: comes_before(&scenarios[other], &scenarios[one]),
                fires: self.seen.fires[one],
                sentence: None,
            }
        };
        // Of two that imply each other one line is enough.
        let is_said = |(one, other): &(usize, usize)| other < one && known.contains(&(*other, *one));
        let mut all: Vec<Implication> = proved.into_iter().filter(|pair| !is_said(pair)).map(implication).collect();
        all.sort_by_key(|own| std::cmp::Reverse((own.department != own.other_department, own.never_leads, own.fires)));
        all
    }

    /// For each example of a scenario the scenarios that fire on it.
    fn examples(&self) -> Vec<FxHashSet<usize>> {
        let texts = self.scenarios().iter().flat_map(|own| own.examples.matching.iter().chain(&own.examples.no_match));
        let fired = |text: &String| self.bundle.engine.rules().matches(&Text::new(None, text));
        texts.map(|text| fired(text).into_iter().map(|found| found.scenario).collect()).collect()
    }

    /// Whether a text shows the first without the second, so that nothing need be tried to be proved.
    fn is_refuted(&self, (one, other): (usize, usize), examples: &[FxHashSet<usize>]) -> bool {
        let together = self.seen.together.get(&(one.min(other), one.max(other))).copied().unwrap_or(0);
        let alone = |fired: &FxHashSet<usize>| fired.contains(&one) && !fired.contains(&other);
        self.seen.fires[one] > together || examples.iter().any(alone)
    }

    /// Sentences for pairs of different departments that have words in common, those with most in common first.
    fn made(&self, related: &HashMap<(usize, usize), usize>, limit: usize) -> Vec<Made> {
        let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
        for ((one, other), count) in related {
            let pair = (*one.min(other), *one.max(other));
            *pairs.entry(pair).or_default() += count;
        }
        let together = |pair: &(usize, usize)| self.seen.together.get(pair).copied().unwrap_or(0);
        let is_open = |pair: &(usize, usize)| {
            let together = together(pair);
            // Shown by no text, or told apart by none.
            together == 0 || together == self.seen.fires[pair.0] || together == self.seen.fires[pair.1]
        };
        let mut open: Vec<((usize, usize), usize)> = pairs.into_iter().filter(|(pair, _)| is_open(pair)).collect();
        open.sort_by_key(|(pair, count)| (std::cmp::Reverse(*count), *pair));
        let make = |((one, other), _): ((usize, usize), usize)| {
            let (one_department, other_department) = (self.department(one)?, self.department(other)?);
            if one_department == other_department {
                return None;
            }
            let sentence = self.maker.sentence(one, other)?;
            let ids = (self.scenarios()[one].id.clone(), self.scenarios()[other].id.clone());
            let together = together(&(one, other));
            Some(Made { one: ids.0, other: ids.1, one_department, other_department, together, sentence })
        };
        let mut made: Vec<Made> = open.into_iter().filter_map(make).take(limit).collect();
        made.sort_by_key(|made| (std::cmp::Reverse(made.together), made.sentence.chars().count()));
        made
    }

    /// The department of a scenario where no place is known, by name.
    fn department(&self, scenario: usize) -> Option<String> {
        let (scenario, catalog) = (&self.scenarios()[scenario], self.bundle.engine.catalog());
        let row = catalog.responsible(&scenario.id, Some(&scenario.category), None, self.day)?;
        Some(catalog.department(&row.lead)?.name.clone())
    }
}

/// Whether one scenario comes before another whatever the text says.
fn comes_before(one: &Scenario, other: &Scenario) -> bool {
    let emergency = |scenario: &Scenario| scenario.priority == Priority::Emergency;
    // Smaller is earlier.
    let rank = |scenario: &Scenario| (!emergency(scenario), scenario.priority, !scenario.exclusive);
    rank(one) < rank(other)
}

/// A term and every run of characters inside it.
fn inner(term: &str) -> impl Iterator<Item = &str> {
    let bounds: Vec<usize> = term.char_indices().map(|(at, _)| at).chain([term.len()]).collect();
    let count = bounds.len() - 1;
    let ranges = (0..count).flat_map(move |start| {
        let bounds = bounds.clone();
        (start + 1..=count.min(start + LONGEST_INNER)).map(move |end| (bounds[start], bounds[end]))
    });
    ranges.map(|(start, end)| &term[start..end]).chain([term])
}
