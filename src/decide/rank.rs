//! Which of the scenarios that fire leads, and by how much.
//!
//! What an editor said comes first: emergencies, then `priority`. Among equals the *specificity* decides: how much the
//! evidence says, in nats, a term being worth minus the logarithm of its words' frequency (the information of seeing
//! it, Shannon 1948). Then the id, so that the result never depends on the order of files.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use crate::rules::{Compiled, Evidence, Priority, ScenarioMatch};
use crate::text::{Segmenter, Text};

/// A hit that the segmenter contradicts is worth this part.
const CONTRADICTED: f64 = 0.3;
/// A hit in the title is worth so much more.
const IN_TITLE: f64 = 1.5;
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
    pub(super) priority: Priority,
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
    Specificity,
    Id,
}

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
            let priority = compiled.scenarios()[found.scenario].priority;
            Candidate { found, priority, score, confidence: 0.0 }
        })
        .collect();
    candidates.sort_by(|a, b| compare(a, b).1);
    let total: f64 = candidates.iter().map(|candidate| candidate.score).sum::<f64>() + PRIOR;
    for candidate in &mut candidates {
        candidate.confidence = candidate.score / total;
    }
    candidates
}

/// Which comes first, and which rule said so.
fn compare(a: &Candidate, b: &Candidate) -> (Because, Ordering) {
    let emergency = |candidate: &Candidate| candidate.priority != Priority::Emergency;
    let steps = [
        (Because::Emergency, emergency(a).cmp(&emergency(b))),
        (Because::Priority, a.priority.cmp(&b.priority)),
        (Because::Specificity, b.score.total_cmp(&a.score)),
    ];
    // Scenarios are kept by id, so the index orders as the id does.
    let by_id = (Because::Id, a.found.scenario.cmp(&b.found.scenario));
    steps.into_iter().find(|(_, order)| order.is_ne()).unwrap_or(by_id)
}

/// Why `leader` stands before `other`.
pub(super) fn because(leader: &Candidate, other: &Candidate) -> Because {
    compare(leader, other).0
}

fn specificity(text: &Text, segmenter: &Segmenter, found: &ScenarioMatch) -> f64 {
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
        let nats = f64::from(segmenter.rarity(words)).min(MOST_NATS);
        *best = best.max(nats * place * trust);
    }
    // Summed by size, so that the order in the map changes no last digit.
    let mut parts: Vec<f64> =
        worth.into_values().map(|(nats, count)| nats * (1.0 + REPEATED * f64::from(count).ln())).collect();
    parts.sort_by(f64::total_cmp);
    parts.into_iter().sum()
}
