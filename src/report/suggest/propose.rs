//! Clauses of one or two terms that find cases which nothing found, and few others: from one half of the cases alone.

use rustc_hash::FxHashMap;

use super::corpus::{Corpus, One};
use super::odds::{Share, z_score};
use super::{PRECISION, SUPPORT};
use crate::learn::wilson_lower;

/// How sure it must be that a word is of the class: two-sided, 95 %.
const SURE: f64 = 1.96;
/// Words that are tried in pairs, at the most.
const MAX_PAIRED: usize = 60;

/// What a case says of a clause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Role {
    /// It is of the class whose words are looked for.
    pub(super) core: bool,
    /// It is not.
    pub(super) background: bool,
    /// It should be found, and nothing finds it.
    pub(super) missed: bool,
    /// Whether finding it is right; `None` where nobody knows.
    pub(super) right: Option<bool>,
}

/// A clause that is proposed.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    /// One word, or two in one sentence, by number.
    pub(super) words: Vec<u32>,
    /// How much more of it the class has than others, in standard deviations.
    pub(super) z: f64,
}

/// What a clause does.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    core: u32,
    background: u32,
    missed: u32,
    right: u32,
    wrong: u32,
}

impl Count {
    fn add(&mut self, role: Role) {
        self.core += u32::from(role.core);
        self.background += u32::from(role.background);
        self.missed += u32::from(role.missed);
        self.right += u32::from(role.right == Some(true));
        self.wrong += u32::from(role.right == Some(false));
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }
}

/// The best clauses, at most `most`: words that stand out in the class (`odds.rs`), alone where they are right often
/// enough, else two in one sentence. Each next one is the one that surely finds most of what those before it do not.
pub(super) fn clauses(corpus: &Corpus, role: impl Fn(&One) -> Role, most: usize) -> Vec<Clause> {
    let training = corpus.cases.iter().filter(|case| !case.held);
    let training: Vec<(&One, Role)> = training.map(|case| (case, role(case))).collect();
    if training.iter().filter(|(_, role)| role.missed).count() < SUPPORT {
        return Vec::new();
    }
    let mut counts = vec![Count::default(); corpus.words.len()];
    for (case, role) in &training {
        case.words.iter().for_each(|word| counts[*word as usize].add(*role));
    }
    let total = |of: fn(&Count) -> u32| counts.iter().map(|count| f64::from(of(count))).sum::<f64>();
    let (core, background) = (total(|count| count.core), total(|count| count.background));
    let z = |count: &Count| {
        let class = Share { count: f64::from(count.core), of: core };
        z_score(class, Share { count: f64::from(count.background), of: background })
    };
    let mut telling: Vec<(f64, u32)> = (0..)
        .zip(&counts)
        .filter(|(_, count)| count.missed as usize >= SUPPORT && count.core as usize >= SUPPORT)
        .map(|(word, count)| (z(count), word))
        .filter(|(z, _)| *z >= SURE)
        .collect();
    telling.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut candidates: Vec<(Vec<u32>, Count)> = telling
        .iter()
        .map(|(_, word)| (vec![*word], counts[*word as usize]))
        .filter(|(_, count)| count.precision() >= PRECISION)
        .collect();
    let paired: Vec<u32> = telling.iter().take(MAX_PAIRED).map(|(_, word)| *word).collect();
    candidates.extend(pairs(corpus, &training, &paired, &counts));
    let chosen = greedy(&training, candidates, most);
    chosen.into_iter().map(|(words, count)| Clause { words, z: z(&count) }).collect()
}

/// Pairs of words in one sentence that are right more often than either of them.
fn pairs(corpus: &Corpus, training: &[(&One, Role)], words: &[u32], counts: &[Count]) -> Vec<(Vec<u32>, Count)> {
    let mut found: FxHashMap<(u32, u32), Count> = FxHashMap::default();
    for (case, role) in training {
        let mut own: Vec<(u32, u32)> = Vec::new();
        for sentence in &case.sentences {
            let here: Vec<u32> = words.iter().copied().filter(|word| sentence.binary_search(word).is_ok()).collect();
            for (at, a) in here.iter().enumerate() {
                own.extend(here[at + 1..].iter().map(|b| (*a.min(b), *a.max(b))));
            }
        }
        own.sort_unstable();
        own.dedup();
        own.into_iter().for_each(|pair| found.entry(pair).or_default().add(*role));
    }
    let text = |word: u32| &*corpus.words[word as usize];
    let better = |(a, b): (u32, u32), count: &Count| {
        let alone = counts[a as usize].precision().max(counts[b as usize].precision());
        let apart = !text(a).contains(text(b)) && !text(b).contains(text(a));
        apart
            && count.missed as usize >= SUPPORT
            && count.core as usize >= SUPPORT
            && count.precision() >= PRECISION
            && alone < PRECISION
    };
    let mut pairs: Vec<_> = found.into_iter().filter(|(pair, count)| better(*pair, count)).collect();
    pairs.sort_unstable_by_key(|(pair, _)| *pair);
    pairs.into_iter().map(|((a, b), count)| (vec![a, b], count)).collect()
}

fn greedy(training: &[(&One, Role)], mut candidates: Vec<(Vec<u32>, Count)>, most: usize) -> Vec<(Vec<u32>, Count)> {
    let mut open: Vec<&One> = training.iter().filter(|(_, role)| role.missed).map(|(case, _)| *case).collect();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let worth = |(words, count): &(Vec<u32>, Count)| {
            // Copies of one letter are one case.
            let mut groups: Vec<u32> = open.iter().filter(|case| case.has(words)).map(|case| case.group).collect();
            groups.sort_unstable();
            groups.dedup();
            let sure = wilson_lower(f64::from(count.right), f64::from(count.right + count.wrong));
            (groups.len() >= SUPPORT).then_some(groups.len() as f64 * sure)
        };
        let worths: Vec<Option<f64>> = candidates.iter().map(worth).collect();
        let best = (0..candidates.len()).filter(|at| worths[*at].is_some()).max_by(|a, b| {
            let (a_worth, b_worth) = (worths[*a].unwrap_or_default(), worths[*b].unwrap_or_default());
            a_worth.total_cmp(&b_worth).then(candidates[*b].0.len().cmp(&candidates[*a].0.len())).then(b.cmp(a))
        });
        let Some(best) = best else { break };
        // What finds too little now finds no more later.
        let clause = candidates[best].clone();
        let mut worths = worths.into_iter();
        let mut at = 0;
        candidates.retain(|_| {
            at += 1;
            worths.next().flatten().is_some() && at != best + 1
        });
        open.retain(|case| !case.has(&clause.0));
        chosen.push(clause);
    }
    chosen
}
