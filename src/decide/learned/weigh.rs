//! What speaks for each label of a level, as numbers: the linear model, near cases, how frequent the label is, rules,
//! duties, the level above. A small model (`learn::Choice`) turns them into probabilities.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::lessons::{Labels, Neighbour};
use super::scores::Scores;

/// How many numbers cases give for a label.
const FROM_CASES: usize = 11;
/// How many numbers there are in all.
pub(super) const NUMBERS: usize = 16;
/// Labels that the linear model proposes.
const PROPOSED: usize = 8;
/// The nearest cases, which propose their labels too and vote by themselves.
const NEAREST: usize = 10;

/// The numbers of one label. Their places:
/// 0 always 1; 1 score; 2 lead before the next; 3 logarithm of its share; 4 votes of the nearest ten; 5 votes of all;
/// 6 the nearest case; 7 logarithm of its frequency; 8 the same in the most recent month; 9 it is named in the text;
/// 10 the best score of a label below it; 11 the rule that leads says so; 12 the logarithm of that rule's odds; 13 another
/// rule says so; 14 duties; 15 logarithm of the probability of the level above.
pub(super) type Numbers = [f32; NUMBERS];

/// A label that may be right, with what cases say for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Candidate {
    pub(super) label: u32,
    from_cases: [f32; FROM_CASES],
}

/// Candidates of one text.
pub(super) type Candidates = SmallVec<[Candidate; 16]>;

impl Candidate {
    /// All numbers, with what others than cases say.
    pub(super) fn numbers(&self, others: Others) -> Numbers {
        let mut numbers = [0.0; NUMBERS];
        numbers[..FROM_CASES].copy_from_slice(&self.from_cases);
        numbers[11] = f32::from(u8::from(others.leads));
        numbers[12] = others.odds;
        numbers[13] = f32::from(u8::from(others.fires));
        numbers[14] = others.duties;
        numbers[15] = others.above.max(-12.0);
        numbers
    }
}

/// What is said for a label beside cases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Others {
    /// The rule that leads stands for it.
    pub(super) leads: bool,
    /// The logarithm of that rule's odds to be right, from the cases it fired on.
    pub(super) odds: f32,
    /// A rule that fired and does not lead stands for it.
    pub(super) fires: bool,
    /// How much of what the department is for is in the text, 0 to 1.
    pub(super) duties: f32,
    /// Logarithm of the probability of the level above.
    pub(super) above: f32,
}

/// How frequent labels are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
        let share = |count: u32| (count as f32 + 0.5) / (total + 0.5 * counts.len() as f32);
        // Of a few cases a month, the frequency of before is the better guess: ten of it are added.
        let change = |at: usize| {
            let before = share(counts[at]);
            ((late[at] as f32 + 10.0 * before) / (late_total + 10.0) / before).ln()
        };
        Frequencies {
            logarithms: counts.iter().map(|count| share(*count).ln()).collect(),
            recent: (0..counts.len()).map(change).collect(),
        }
    }

    /// The logarithm of a label's frequency; a label that came up since is as rare as the rarest.
    fn logarithm(&self, label: u32) -> f32 {
        let rarest = || self.logarithms.iter().copied().fold(0.0, f32::min);
        self.logarithms.get(label as usize).copied().unwrap_or_else(rarest)
    }

    fn change(&self, label: u32) -> f32 {
        self.recent.get(label as usize).copied().unwrap_or_default()
    }
}

/// The votes for one label.
#[derive(Clone, Copy, Default)]
struct Votes {
    nearest_ten: f32,
    all: f32,
    similarity: f32,
}

/// The scores of the level below, and which label of this level each of its labels belongs to.
pub(super) struct Below<'a> {
    pub(super) scores: &'a Scores,
    pub(super) parents: &'a [Option<u32>],
}

impl Below<'_> {
    /// The best score of a label that belongs to this one; of one that has none among the best, that of the last.
    fn score(&self, label: u32) -> f32 {
        let belongs = |below: &&(u32, f32)| self.parents.get(below.0 as usize).copied().flatten() == Some(label);
        let own = self.scores.best.iter().find(belongs).or(self.scores.best.last());
        own.map_or(-1.0, |(_, score)| score.clamp(-3.0, 3.0))
    }
}

/// The labels that cases propose, with what they say for each; in order of the label.
pub(super) fn candidates(
    labels: &Labels,
    frequencies: &Frequencies,
    scores: &Scores,
    neighbours: &[Neighbour],
    normalised: &str,
    below: Option<&Below<'_>>,
) -> Candidates {
    let voters = neighbours.iter().filter_map(|n| Some((labels.of_case[n.case as usize]?, n)));
    let mut votes: FxHashMap<u32, Votes> = FxHashMap::default();
    let mut total = Votes::default();
    let mut proposed: SmallVec<[u32; 32]> = scores.best.iter().take(PROPOSED).map(|(label, _)| *label).collect();
    for (rank, (label, voter)) in voters.enumerate() {
        let vote = votes.entry(label).or_default();
        if rank < NEAREST {
            proposed.push(label);
            vote.nearest_ten += voter.weight;
            total.nearest_ten += voter.weight;
        }
        vote.all += voter.weight;
        vote.similarity = vote.similarity.max(voter.similarity);
        total.all += voter.weight;
    }
    proposed.sort_unstable();
    proposed.dedup();
    let part = |weight: f32, total: f32| if total > 0.0 { weight / total } else { 0.0 };
    let from_cases = |label: u32| {
        let own = votes.get(&label).copied().unwrap_or_default();
        [
            1.0,
            scores.score(label).clamp(-3.0, 3.0),
            scores.lead(label).clamp(-3.0, 3.0),
            scores.share(label).max(-12.0),
            part(own.nearest_ten, total.nearest_ten),
            part(own.all, total.all),
            own.similarity,
            frequencies.logarithm(label),
            frequencies.change(label),
            f32::from(u8::from(labels.is_named(label, normalised))),
            below.map_or(0.0, |below| below.score(label)),
        ]
    };
    proposed.into_iter().map(|label| Candidate { label, from_cases: from_cases(label) }).collect()
}

/// The candidates of cases with others' beside them, about which cases say as little as about the last of theirs.
pub(super) fn with(candidates: &Candidates, frequencies: &Frequencies, others: impl Iterator<Item = u32>) -> Candidates {
    let mut all = candidates.clone();
    let least = |at: usize| candidates.iter().map(|c| c.from_cases[at]).reduce(f32::min).unwrap_or(-1.0);
    for label in others {
        if all.iter().all(|candidate| candidate.label != label) {
            let (frequency, change) = (frequencies.logarithm(label), frequencies.change(label));
            let from_cases = [1.0, least(1), least(2), least(3), 0.0, 0.0, 0.0, frequency, change, 0.0, least(10)];
            all.push(Candidate { label, from_cases });
        }
    }
    all
}
