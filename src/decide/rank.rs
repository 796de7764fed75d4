//! Which of the scenarios that fire leads, and by how much.
//!
//! What an editor said comes first: emergencies, then `priority`, then `exclusive`. Among equals the *specificity*
//! decides: how much the evidence says, in nats, a term being worth minus the logarithm of its words' frequency (the
//! information of seeing it, Shannon 1948). Then the id, so that the result never depends on the order of files.
//!
//! Where cases taught something, it orders what editors left open: among scenarios that are neither exclusive nor of
//! different priority, the one whose department or category cases find more probable gains. It cannot bring up a
//! scenario that did not fire, nor pass by one that did.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use crate::rules::{Compiled, Evidence, Priority, Scenario, ScenarioMatch};
use crate::text::{Segmenter, Text};

/// A hit that the segmenter contradicts is worth this part.
const CONTRADICTED: f64 = 0.3;
/// A hit in the title is worth so much more.
const IN_TITLE: f64 = 1.5;
/// A hit that only sounds like the term is worth this part.
const FUZZY: f64 = 0.5;
/// A hint is worth this part of evidence.
const HINT: f64 = 0.5;
/// Each further occurrence of the same words adds this part of their worth, times the logarithm of the count.
const REPEATED: f64 = 0.3;
/// The most one term is worth: beyond this, rarity says how odd a word is, not how telling.
const MOST_NATS: f64 = 14.0;
/// What speaks for "none of these", in nats: a single common word leads with little confidence.
const PRIOR: f64 = 6.0;

/// A scenario that fired, with its place in the order.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) found: ScenarioMatch,
    pub(super) standing: Standing,
    /// Specificity in nats.
    pub(super) score: f64,
    /// Its part of all that speaks for any of them, 0 to 1.
    pub(super) confidence: f64,
}

/// Why one candidate stands before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    Emergency,
    Priority,
    Exclusive,
    Cases,
    Specificity,
    Id,
}

/// What decides the place of a scenario among those that fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    /// Its number; scenarios are kept by id, so it orders as the id does.
    pub(super) scenario: usize,
    priority: Priority,
    exclusive: bool,
    specificity: f64,
    /// The logarithm of what cases find its department or category worth, times the weight of that; 0 where nothing was
    /// learned.
    learned: f64,
}

impl Standing {
    pub(super) fn new(scenario: &Scenario, number: usize, specificity: f64) -> Standing {
        let (priority, exclusive) = (scenario.priority, scenario.exclusive);
        Standing { scenario: number, priority, exclusive, specificity, learned: 0.0 }
    }

    pub(super) fn is_emergency(&self) -> bool {
        self.priority == Priority::Emergency
    }

    /// With the probability that cases give to what it stands for.
    pub(super) fn with_learned(self, probability: f64) -> Standing {
        Standing { learned: (probability + DOUBT).ln(), ..self }
    }

    /// Specificity and what was learned together: what both speak for, as a product.
    fn worth(&self) -> f64 {
        self.specificity.max(f64::MIN_POSITIVE).ln() + if self.exclusive { 0.0 } else { self.learned }
    }

    /// Which comes first, and which rule said so.
    pub(super) fn compare(&self, other: &Standing) -> (Because, Ordering) {
        let by_specificity = other.specificity.total_cmp(&self.specificity);
        let by_worth = other.worth().total_cmp(&self.worth());
        let worth = if by_worth == by_specificity { Because::Specificity } else { Because::Cases };
        let steps = [
            (Because::Emergency, other.is_emergency().cmp(&self.is_emergency())),
            (Because::Priority, self.priority.cmp(&other.priority)),
            (Because::Exclusive, other.exclusive.cmp(&self.exclusive)),
            (worth, by_worth),
        ];
        let by_id = (Because::Id, self.scenario.cmp(&other.scenario));
        steps.into_iter().find(|(_, order)| order.is_ne()).unwrap_or(by_id)
    }
}

/// The doubt that is left about whatever cases say: the probability of what they find impossible.
const DOUBT: f64 = 0.02;

/// Orders the scenarios that fired, the leader first.
pub(super) fn rank(
    compiled: &Compiled,
    text: &Text,
    segmenter: &Segmenter,
    found: Vec<ScenarioMatch>,
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = found
        .into_iter()
        .map(|found| {
            let score = specificity(text, segmenter, &found);
            let standing = Standing::new(&compiled.scenarios()[found.scenario], found.scenario, score);
            Candidate { found, standing, score, confidence: 0.0 }
        })
        .collect();
    candidates.sort_by(|a, b| a.standing.compare(&b.standing).1);
    let total: f64 = candidates.iter().map(|candidate| candidate.score).sum::<f64>() + PRIOR;
    for candidate in &mut candidates {
        candidate.confidence = candidate.score / total;
    }
    candidates
}

/// Orders candidates again once it is known what cases say of each.
pub(super) fn rank_again(candidates: &mut [Candidate], probability: impl Fn(usize) -> f64) {
    for candidate in &mut *candidates {
        candidate.standing = candidate.standing.with_learned(probability(candidate.standing.scenario));
    }
    candidates.sort_by(|a, b| a.standing.compare(&b.standing).1);
}

/// Why `leader` stands before `other`.
pub(super) fn because(leader: &Candidate, other: &Candidate) -> Because {
    leader.standing.compare(&other.standing).0
}

/// How much the evidence of a scenario says, in nats.
pub(super) fn specificity(text: &Text, segmenter: &Segmenter, found: &ScenarioMatch) -> f64 {
    worth(text, segmenter, &found.evidence) + HINT * worth(text, segmenter, &found.hints)
}

/// What the hits say, in nats. Words inside longer ones (水管 in 自来水管) say nothing more; the same words again say
/// little more.
fn worth(text: &Text, segmenter: &Segmenter, hits: &[Evidence]) -> f64 {
    let mut hits: Vec<&Evidence> = hits.iter().collect();
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut worth: FxHashMap<&str, (f64, u32)> = FxHashMap::default();
    let mut covered = 0;
    for hit in hits {
        if hit.end <= covered {
            continue;
        }
        covered = hit.end;
        let words = text.slice(hit.start..hit.end);
        let (best, count) = worth.entry(words).or_default();
        *count += 1;
        let place = if hit.start < text.title().end { IN_TITLE } else { 1.0 };
        let trust = if hit.contradicted { CONTRADICTED } else { 1.0 };
        let trust = if hit.fuzzy { trust * FUZZY } else { trust };
        let nats = f64::from(segmenter.rarity(words)).min(MOST_NATS);
        *best = best.max(nats * place * trust);
    }
    // Summed by size, so that the order in the map changes no last digit.
    let mut parts: Vec<f64> =
        worth.into_values().map(|(nats, count)| nats * (1.0 + REPEATED * f64::from(count).ln())).collect();
    parts.sort_by(f64::total_cmp);
    parts.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(scenario: usize, priority: Priority, exclusive: bool, specificity: f64) -> Standing {
        Standing { scenario, priority, exclusive, specificity, learned: 0.0 }
    }

    #[test]
    fn what_an_editor_said_comes_before_what_cases_say() {
        use Priority::{Emergency, Normal, Urgent};
        // Each case: one with little that cases say for it, and one with all that they can; which of the two leads.
        for (one, other, because, first) in [
            (standing(1, Emergency, false, 1.0), standing(0, Urgent, true, 9.0), Because::Emergency, true),
            (standing(1, Urgent, false, 1.0), standing(0, Normal, true, 9.0), Because::Priority, true),
            (standing(1, Normal, true, 1.0), standing(0, Normal, false, 9.0), Because::Exclusive, true),
            (standing(1, Normal, true, 9.0), standing(0, Normal, true, 1.0), Because::Specificity, true),
            (standing(1, Normal, false, 9.0), standing(0, Normal, false, 1.0), Because::Cases, false),
            (standing(1, Normal, false, 9.0), standing(0, Normal, false, 0.1), Because::Specificity, true),
        ] {
            let (one, other) = (one.with_learned(0.01), other.with_learned(0.99));
            let (own, order) = one.compare(&other);
            assert_eq!((own, order.is_lt()), (because, first), "{one:?} {other:?}");
            assert_eq!(other.compare(&one), (because, order.reverse()));
        }
    }

    #[test]
    fn where_nothing_was_learned_specificity_and_then_the_id_decide() {
        let all = [2.0, 3.0, 3.0, 0.0, 0.0].into_iter().enumerate();
        let mut all: Vec<Standing> = all.map(|(at, nats)| standing(at, Priority::Normal, false, nats)).collect();
        all.sort_by(|a, b| a.compare(b).1);
        assert_eq!(all.iter().map(|own| own.scenario).collect::<Vec<_>>(), [1, 2, 0, 3, 4]);
        assert_eq!((all[0].compare(&all[1]).0, all[1].compare(&all[2]).0), (Because::Id, Because::Specificity));
    }

    #[test]
    fn what_cases_find_impossible_is_not_passed_by_for_ever() {
        let impossible = standing(0, Priority::Normal, false, 60.0).with_learned(0.0);
        let certain = standing(1, Priority::Normal, false, 1.0).with_learned(1.0);
        assert_eq!(impossible.compare(&certain), (Because::Specificity, Ordering::Less));
    }
}
