//! What speaks for each label of a level, as numbers: the linear model, near cases, how frequent the label is, the level
//! above. A small model (`learn::Choice`) turns them into probabilities.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::lessons::{Labels, Neighbour};
use super::scores::Scores;

/// How many numbers speak for a label.
pub(super) const NUMBERS: usize = 14;
/// Labels that the linear model proposes.
const PROPOSED: usize = 8;
/// The nearest cases, which propose their labels too and vote by themselves.
const NEAREST: usize = 10;

/// The numbers of one label. Their places:
/// 0 always 1; 1 score; 2 lead before the next; 3 logarithm of its share; 4 votes of the nearest ten; 5 votes of all;
/// 6 the nearest case; 7 logarithm of its frequency; 8 the same in the most recent month; 9–11 rules; 12 duties;
/// 13 the level above.
pub(super) type Numbers = [f32; NUMBERS];

/// A label that may be right.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) label: u32,
    pub(super) numbers: Numbers,
}

/// How frequent labels are.
#[derive(Clone, Debug, Default)]
pub(super) struct Frequencies {
    logarithms: Vec<f32>,
    recent: Vec<f32>,
}

impl Frequencies {
    /// Of all labelled cases, and of those that `recent` picks.
    pub(super) fn new(labels: &Labels, recent: impl Fn(usize) -> bool) -> Frequencies {
        let mut counts = vec![0_u32; labels.names.len()];
        let mut late = counts.clone();
        for (case, label) in labels.of_case.iter().enumerate() {
            let Some(label) = label else { continue };
            counts[*label as usize] += 1;
            late[*label as usize] += u32::from(recent(case));
        }
        let (total, late_total) = (counts.iter().sum::<u32>() as f32, late.iter().sum::<u32>() as f32);
        let share = |count: u32, total: f32| (count as f32 + 0.5) / (total + 0.5 * labels.names.len() as f32);
        let logarithms: Vec<f32> = counts.iter().map(|count| share(*count, total).ln()).collect();
        // Of a few cases a month, the frequency of before is the better guess: ten of it are added.
        let expected = |at: usize| logarithms[at].exp();
        let recent = (0..counts.len())
            .map(|at| ((late[at] as f32 + 10.0 * expected(at)) / (late_total + 10.0)).ln() - logarithms[at])
            .collect();
        Frequencies { logarithms, recent }
    }
}

/// What is heard about one text at one level.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) labels: &'a Labels,
    pub(super) frequencies: &'a Frequencies,
    pub(super) scores: &'a Scores,
    pub(super) neighbours: &'a [Neighbour],
    /// Logarithm of the probability of the label's parent, where the level leans on one.
    pub(super) above: &'a dyn Fn(u32) -> f32,
}

/// The labels that may be right, with what speaks for each; in order of the label.
pub(super) fn candidates(heard: &Heard<'_>) -> SmallVec<[Candidate; 16]> {
    let label_of = |neighbour: &Neighbour| heard.labels.of_case[neighbour.0 as usize];
    let voters: SmallVec<[(u32, f32); 32]> =
        heard.neighbours.iter().filter_map(|n| Some((label_of(n)?, n.1))).collect();
    let mut votes: FxHashMap<u32, (f32, f32, f32)> = FxHashMap::default();
    let (mut nearest_total, mut total) = (0.0, 0.0);
    for (rank, (label, similarity)) in voters.iter().enumerate() {
        let vote = votes.entry(*label).or_default();
        // What is twice as near says four times as much.
        let weight = similarity * similarity;
        if rank < NEAREST {
            vote.0 += weight;
            nearest_total += weight;
        }
        vote.1 += weight;
        vote.2 = vote.2.max(*similarity);
        total += weight;
    }
    let mut labels: SmallVec<[u32; 16]> = heard.scores.best.iter().take(PROPOSED).map(|(label, _)| *label).collect();
    labels.extend(voters.iter().take(NEAREST).map(|(label, _)| *label));
    labels.sort_unstable();
    labels.dedup();
    let part = |weight: f32, total: f32| if total > 0.0 { weight / total } else { 0.0 };
    let numbers = |label: u32| -> Numbers {
        let (near, all, nearest) = votes.get(&label).copied().unwrap_or_default();
        let mut numbers = [0.0; NUMBERS];
        numbers[0] = 1.0;
        numbers[1] = heard.scores.score(label).clamp(-3.0, 3.0);
        numbers[2] = heard.scores.lead(label).clamp(-3.0, 3.0);
        numbers[3] = heard.scores.share(label).max(-12.0);
        numbers[4] = part(near, nearest_total);
        numbers[5] = part(all, total);
        numbers[6] = nearest;
        numbers[7] = heard.frequencies.logarithms[label as usize];
        numbers[8] = heard.frequencies.recent[label as usize];
        numbers[13] = (heard.above)(label).max(-12.0);
        numbers
    };
    labels.into_iter().map(|label| Candidate { label, numbers: numbers(label) }).collect()
}
