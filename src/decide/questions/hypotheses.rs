//! Which scenarios are possible, and how probable each is after what was said and answered.

use rustc_hash::FxHashMap;

use super::{Answer, NONE, UNKNOWN, ask};
use crate::decide::decision::Decision;
use crate::rules::Compiled;

/// Scenarios that are held possible at one time.
pub(super) const MOST: usize = 12;
/// How often an answer is wrong: misheard, misunderstood, misclicked.
pub(super) const MISTAKEN: f64 = 0.05;

// What speaks for a scenario, as the logarithm of the odds that it adds. Fitted by hand to the starter bundle's cases, of
// which only the first clause was shown (`jiesu eval intake` measures what comes of them).
/// Its condition holds.
const FIRES: f64 = 2.0;
/// It leads: priority, exclusiveness and past cases are in that.
const LEADS: f64 = 1.5;
/// Times the confidence that the decision has in it.
const CONFIDENCE: f64 = 3.0;
/// Times the share of the words' information that its title and examples have.
const SIMILAR: f64 = 6.0;
/// Times the similarity of the nearest past case that was it.
const CASE: f64 = 6.0;
/// What speaks for a scenario that nobody thinks of.
const OTHER: f64 = 3.0;

/// A scenario that is possible.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hypothesis {
    /// Its number.
    pub(super) scenario: usize,
    /// 0 to 1. What all of them lack to 1 is that it is none of them.
    pub(super) probability: f64,
}

/// The scenarios that are possible, most probable first; equals in the order of their ids.
///
/// `similar` is what [`Profiles::similar`](super::Profiles::similar) found.
pub(super) fn weigh(
    decision: &Decision,
    similar: &[(usize, f64)],
    answers: &[Answer],
    rules: &Compiled,
) -> Vec<Hypothesis> {
    let mut scores: FxHashMap<usize, f64> = FxHashMap::default();
    for (number, share) in similar {
        *scores.entry(*number).or_default() += SIMILAR * share;
    }
    let mut nearest: FxHashMap<usize, f64> = FxHashMap::default();
    for case in &decision.cases {
        if let Some(number) = case.scenario.as_deref().and_then(|id| rules.position(id)) {
            let best = nearest.entry(number).or_default();
            *best = best.max(case.similarity);
        }
    }
    for (number, similarity) in nearest {
        *scores.entry(number).or_default() += CASE * similarity;
    }
    let fired = decision.scenario.iter().map(|own| (own, LEADS));
    let fired = fired.chain(decision.runners_up.iter().map(|one| (&one.scenario, 0.0)));
    for (own, more) in fired {
        if let Some(number) = rules.position(&own.id) {
            *scores.entry(number).or_default() += FIRES + more + CONFIDENCE * own.confidence;
        }
    }
    for number in answers.iter().filter_map(|answer| rules.position(&answer.answer)) {
        scores.entry(number).or_default();
    }
    let mut other = OTHER;
    for answer in answers {
        hear(answer, &mut scores, &mut other, rules);
    }
    normalised(scores, other)
}

/// Whether any answer tells scenarios apart.
pub(super) fn say_something(answers: &[Answer]) -> bool {
    answers.iter().any(|own| own.answer != UNKNOWN && ask::Put::read(&own.question).is_some())
}

/// Bayes' rule for one answer: what does not go with it loses.
fn hear(answer: &Answer, scores: &mut FxHashMap<usize, f64>, other: &mut f64, rules: &Compiled) {
    let Some(put) = ask::Put::read(&answer.question) else { return };
    if answer.answer == UNKNOWN {
        return;
    }
    let none = answer.answer == NONE;
    if !none && !put.offers(&answer.answer, rules) {
        return;
    }
    for (number, score) in &mut *scores {
        let own = put.answer_of(&rules.scenarios()[*number]);
        let goes = if none { own.is_none() } else { own.as_deref() == Some(answer.answer.as_str()) };
        if !goes {
            *score += MISTAKEN.ln();
        }
    }
    if !none {
        *other += MISTAKEN.ln();
    }
}

fn normalised(scores: FxHashMap<usize, f64>, other: f64) -> Vec<Hypothesis> {
    let mut scores: Vec<(usize, f64)> = scores.into_iter().collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores.truncate(MOST);
    let most = scores.first().map_or(other, |first| first.1.max(other));
    let total: f64 = scores.iter().map(|(_, score)| (score - most).exp()).sum::<f64>() + (other - most).exp();
    let share = |score: f64| (score - most).exp() / total;
    scores.into_iter().map(|(scenario, score)| Hypothesis { scenario, probability: share(score) }).collect()
}
