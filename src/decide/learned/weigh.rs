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
    /// Of the labelled cases that are `real`, and of those that are `recent`.
    pub(super) fn new(labels: &Labels, real: impl Fn(usize) -> bool, recent: impl Fn(usize) -> bool) -> Frequencies {
        let mut counts = vec![0_u32; labels.names.len()];
        let mut late = counts.clone();
        for (case, label) in labels.of_case.iter().enumerate() {
            let Some(label) = label.filter(|_| real(case)) else { continue };
            counts[label as usize] += 1;
            late[label as usize] += u32::from(recent(case));
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
pub(super) fn with(
    candidates: &Candidates,
    frequencies: &Frequencies,
    others: impl Iterator<Item = u32>,
) -> Candidates {
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

#[cfg(test)]
pub(super) mod tests {
    use super::super::level::Level;
    use super::super::tests::case;
    use super::*;
    use crate::knowledge::Case;

    /// Labels a, b, c, … of as many cases each as are given.
    pub(in super::super) fn labels(counts: &[usize]) -> Labels {
        let name = |label: usize| char::from(b'a' + label as u8).to_string().repeat(2);
        let names: Vec<String> = (0..counts.len()).map(name).collect();
        let of_label = |(label, count): (usize, &usize)| vec![name(label); *count];
        let labelled = |(at, name): (usize, String)| case(&format!("{at:04}"), "x", Some(&name));
        let cases: Vec<Case> = counts.iter().enumerate().flat_map(of_label).enumerate().map(labelled).collect();
        Labels::new(Level::Department, &cases, &names, &[], &|_, label| label.to_owned())
    }

    fn near(case: u32, similarity: f32) -> Neighbour {
        Neighbour { case, similarity, weight: similarity * similarity }
    }

    fn numbers(candidates: &Candidates, label: u32) -> Option<Numbers> {
        candidates.iter().find(|own| own.label == label).map(|own| own.numbers(Others::default()))
    }

    #[test]
    fn frequent_labels_have_the_larger_logarithm() {
        let frequencies = Frequencies::new(&labels(&[6, 3, 0]), |_| true, |_| false);
        for (label, share) in [(0, 6.5), (1, 3.5), (2, 0.5), (9, 0.5)] {
            assert!((frequencies.logarithm(label) - (share / 10.5_f32).ln()).abs() < 1e-6, "{label}");
            assert!(frequencies.change(label).abs() < 1e-6, "no month changes nothing");
        }
        assert_eq!(Frequencies::default().logarithm(3), 0.0);
    }

    #[test]
    fn what_came_up_lately_is_more_than_before() {
        // Cases 0 to 29 are of a, 30 to 59 of b; the last twenty of b are those of the month.
        let frequencies = Frequencies::new(&labels(&[30, 30]), |_| true, |case| case >= 40);
        // (20 + 10 × 0.5) / 30 of it, against 0.5 before.
        assert!((frequencies.change(1) - (25.0_f32 / 30.0 / 0.5).ln()).abs() < 1e-5);
        assert!((frequencies.change(0) - (5.0_f32 / 30.0 / 0.5).ln()).abs() < 1e-5);
        assert_eq!(frequencies.change(7), 0.0);
    }

    #[test]
    fn labels_are_proposed_by_scores_and_by_the_nearest() {
        let labels = labels(&[1; 12]);
        let scores: Vec<f32> = (0..12).map(|at| -(at as f32) / 10.0).collect();
        // Ten cases of the first label, then one of the last and one that has none.
        let mut neighbours: Vec<Neighbour> = vec![near(0, 0.9); 9];
        neighbours.extend([near(10, 0.5), near(11, 0.4)]);
        let found = candidates(&labels, &Frequencies::default(), &Scores::of(&scores), &neighbours, "", None);
        let own: Vec<u32> = found.iter().map(|candidate| candidate.label).collect();
        assert_eq!(own, [0, 1, 2, 3, 4, 5, 6, 7, 10], "eight by scores, one by the nearest ten, none by the eleventh");
        assert!(candidates(&labels, &Frequencies::default(), &Scores::of(&[]), &[], "", None).is_empty());
    }

    #[test]
    fn votes_are_shares_of_all_votes() {
        let labels = labels(&[3, 1]);
        let neighbours = [near(0, 0.8), near(3, 0.6), near(1, 0.2)];
        let found = candidates(&labels, &Frequencies::default(), &Scores::of(&[0.5, -0.5]), &neighbours, "找bb", None);
        let total = 0.64 + 0.36 + 0.04;
        for (label, votes, similarity, named) in [(0, 0.68 / total, 0.8, 0.0), (1, 0.36 / total, 0.6, 1.0)] {
            let own = numbers(&found, label).unwrap_or_default();
            assert!((own[4] - votes).abs() < 1e-6 && (own[5] - votes).abs() < 1e-6, "{own:?}");
            assert_eq!((own[0], own[6], own[9]), (1.0, similarity, named), "{own:?}");
        }
        assert_eq!(numbers(&found, 0).map(|own| (own[1], own[2])), Some((0.5, 1.0)));
    }

    #[test]
    fn numbers_stay_within_bounds() {
        let found = candidates(&labels(&[1, 1]), &Frequencies::default(), &Scores::of(&[1e9, -1e9]), &[], "", None);
        for candidate in &found {
            let others = Others { above: f32::NEG_INFINITY, ..Others::default() };
            assert!(candidate.numbers(others).iter().all(|number| number.abs() <= 12.0), "{candidate:?}");
        }
    }

    #[test]
    fn what_others_say_stands_in_its_place() {
        let found = candidates(&labels(&[1]), &Frequencies::default(), &Scores::of(&[0.0]), &[], "", None);
        let others = Others { leads: true, odds: 2.5, fires: true, duties: 0.5, above: -1.0 };
        assert_eq!(found[0].numbers(others)[FROM_CASES..], [1.0, 2.5, 1.0, 0.5, -1.0]);
    }

    #[test]
    fn labels_of_others_join_with_the_least_that_cases_say() {
        let labels = labels(&[4, 2, 1]);
        let frequencies = Frequencies::new(&labels, |_| true, |_| false);
        let own = candidates(&labels, &frequencies, &Scores::of(&[0.5, -0.5]), &[near(0, 0.9)], "", None);
        let all = with(&own, &frequencies, [2, 0, 2].into_iter());
        assert_eq!(all.iter().map(|candidate| candidate.label).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(all[..2], own[..]);
        let (joined, last) = (numbers(&all, 2).unwrap_or_default(), numbers(&all, 1).unwrap_or_default());
        assert_eq!((joined[1], joined[4], joined[6]), (last[1], 0.0, 0.0));
        assert_eq!(joined[7], frequencies.logarithm(2));
        let alone = with(&Candidates::new(), &frequencies, std::iter::once(1));
        assert_eq!(numbers(&alone, 1).map(|own| (own[0], own[1])), Some((1.0, -1.0)));
    }

    #[test]
    fn the_best_label_below_speaks_for_its_own() {
        let below = Scores::of(&[0.2, 0.7, -0.5, 90.0]);
        let below = Below { scores: &below, parents: &[Some(0), Some(0), Some(1), None] };
        let labels = labels(&[1, 1, 1]);
        let found = candidates(&labels, &Frequencies::default(), &Scores::of(&[0.0; 3]), &[], "", Some(&below));
        for (label, score) in [(0, 0.7), (1, -0.5), (2, -0.5)] {
            assert_eq!(numbers(&found, label).map(|own| own[10]), Some(score), "{label}");
        }
        let nothing = Below { scores: &Scores::of(&[]), parents: &[] };
        assert_eq!(nothing.score(0), -1.0);
    }
}
