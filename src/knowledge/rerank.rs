//! The best articles in a better order: how likely each is, learned from the known questions.
//!
//! Each known question is asked of an index that does not know it, and of the twenty articles that come first the right
//! one teaches how much to trust each signal ([`Listwise`]). The features of a candidate are what the index says of it
//! (three), how much of the query its title and known questions say in the same order (nine: the longest common
//! subsequence, divided by both lengths and by each), and how many known questions it has (two). On a published set of
//! 1,711 questions, ten-fold, the right article comes first for 67.2 of 100 questions; for 64.4 without.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::fields::{AskedTerm, Field, Fields, Material, Question, Signals};
use super::listwise::{List, Listwise, shares};
use super::teach::MOST_WORK;

/// How many articles are put in order.
pub(super) const CANDIDATES: usize = 20;
/// With fewer known questions nothing is learned.
const FEWEST: usize = 200;
/// The known questions that are asked in learning, at the most.
const MOST_ASKED: usize = 20_000;
/// With more of them than this, three folds do; each then knows enough of the others.
const MANY: usize = 3_000;
/// The letters of a title or known question that are compared, and the most that a query may have to be reranked: the
/// bits of a word.
const MOST_LETTERS: usize = u64::BITS as usize;
/// What characters of title and known questions together count for in the choice of candidates.
const JOINED: f64 = 0.5;
/// What texts count for there.
const BODIES: f64 = 0.2;
/// How many features a candidate has.
pub(super) const FEATURES: usize = 14;

/// How far the articles stand out in each signal: standard deviations above the mean over all articles.
pub(super) struct Standing {
    signals: [Vec<f32>; 3],
    scale: [(f64, f64); 3],
}

impl Standing {
    /// From the signals of all articles.
    pub(super) fn new(signals: Signals) -> Standing {
        let signals = [signals.questions, signals.joined, signals.bodies];
        let scale = std::array::from_fn(|at| spread(&signals[at]));
        Standing { signals, scale }
    }

    fn of(&self, article: u32) -> [f64; 3] {
        std::array::from_fn(|at| {
            let (mean, deviation) = self.scale[at];
            (f64::from(self.signals[at][article as usize]) - mean) / deviation
        })
    }

    /// By what candidates are chosen.
    pub(super) fn sum(&self, article: u32) -> f32 {
        let [questions, joined, bodies] = self.of(article);
        (questions + JOINED * joined + BODIES * bodies) as f32
    }
}

/// Mean and standard deviation.
fn spread(values: &[f32]) -> (f64, f64) {
    let all = values.len().max(1) as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / all;
    let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / all;
    (mean, variance.sqrt() + 1e-9)
}

/// The letters of a query, each with a bit for every place where it stands.
pub(super) struct Letters {
    places: FxHashMap<char, u64>,
    length: usize,
}

impl Letters {
    /// `None` for a query without letters, and for one with more than are compared.
    pub(super) fn of_query(letters: &str) -> Option<Letters> {
        let mut places = FxHashMap::default();
        let mut length = 0;
        for letter in letters.chars() {
            if length == MOST_LETTERS {
                return None;
            }
            *places.entry(letter).or_default() |= 1 << length;
            length += 1;
        }
        (length > 0).then_some(Letters { places, length })
    }

    /// How many letters of another text stand here too, in the same order: the length of the longest common
    /// subsequence, for all places of the query at once (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004).
    fn common(&self, other: &[char]) -> usize {
        // A bit is cleared where the length of the subsequence grows.
        let mut row = u64::MAX;
        for letter in other {
            let here = row & self.places.get(letter).copied().unwrap_or(0);
            row = row.wrapping_add(here) | (row & !here);
        }
        (!row & (u64::MAX >> (MOST_LETTERS - self.length))).count_ones() as usize
    }

    /// Twice the common letters divided by both lengths, and divided by the query's and by the other's.
    fn shared(&self, other: &[char]) -> [f64; 3] {
        let common = self.common(other) as f64;
        let (own, other) = (self.length as f64, other.len().max(1) as f64);
        [2.0 * common / (own + other), common / own, common / other]
    }
}

/// The letters of the title, then of each known question, of each article.
type Wordings = Vec<Vec<Arc<[char]>>>;

/// Puts the best articles in order.
#[derive(Debug)]
pub(super) struct Reranker {
    wordings: Wordings,
    learned: Listwise<FEATURES>,
}

impl Reranker {
    /// Learns from the known questions of articles; `bodies` is the field of their texts. `None` where there are too
    /// few.
    pub(super) fn learn(material: &Material, bodies: &Field) -> Option<Reranker> {
        let wordings: Vec<Arc<[char]>> = material.questions.iter().map(compared).collect();
        let asked = asked(&material.questions)?;
        let folds = if asked.len() > MANY { 3 } else { 5 };
        let mut lists = Vec::with_capacity(asked.len());
        for number in 0..folds {
            let fold: Vec<usize> =
                asked.iter().filter(|(hash, _)| hash % folds == number).map(|(_, question)| *question).collect();
            lists.append(&mut lists_of(material, bodies, &wordings, &fold, MOST_WORK / folds));
        }
        let learned = Listwise::fit(lists)?;
        Some(Reranker { wordings: worded(material, &wordings, |_| true), learned })
    }

    /// What was learned, as numbers.
    pub(super) fn numbers(&self) -> [[f64; FEATURES]; 3] {
        self.learned.numbers()
    }

    /// What was once learned from these known questions; `None` if the numbers cannot be such.
    pub(super) fn learned(material: &Material, numbers: [[f64; FEATURES]; 3]) -> Option<Reranker> {
        let wordings: Vec<Arc<[char]>> = material.questions.iter().map(compared).collect();
        let learned = Listwise::of_numbers(numbers)?;
        Some(Reranker { wordings: worded(material, &wordings, |_| true), learned })
    }

    /// How likely each candidate is, if one of them is right: the shares add up to 1.
    pub(super) fn shares(&self, query: &Letters, standing: &Standing, candidates: &[u32]) -> Vec<f32> {
        let score = |article: &u32| self.learned.score(&features(query, standing, *article, &self.wordings));
        let scores: Vec<f64> = candidates.iter().map(score).collect();
        shares(&scores).into_iter().map(|share| share as f32).collect()
    }
}

/// The letters of a question that are compared.
fn compared(question: &Question) -> Arc<[char]> {
    question.letters.chars().take(MOST_LETTERS).collect()
}

/// The known questions that are asked in learning, by hash and number, in order of hash: an order that has nothing to do
/// with what they ask, and is always the same. Equal questions have equal hashes.
fn asked(questions: &[Question]) -> Option<Vec<(u64, usize)>> {
    let hash = |letters: &str| {
        let digest = Sha256::digest(letters.as_bytes());
        digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte))
    };
    let known = questions.iter().enumerate().filter(|(_, question)| !question.is_title);
    let mut asked: Vec<(u64, usize)> = known.map(|(number, question)| (hash(&question.letters), number)).collect();
    asked.sort_unstable();
    asked.truncate(MOST_ASKED);
    (asked.len() >= FEWEST).then_some(asked)
}

/// The wordings of each article, of those questions that `keep` lets pass; a blank title for articles without one.
fn worded(material: &Material, wordings: &[Arc<[char]>], keep: impl Fn(usize) -> bool) -> Wordings {
    let mut of: Wordings = vec![vec![Arc::default()]; material.articles];
    for (number, (question, letters)) in material.questions.iter().zip(wordings).enumerate() {
        let of = &mut of[question.article as usize];
        match question.is_title {
            true => of[0] = Arc::clone(letters),
            false if keep(number) => of.push(Arc::clone(letters)),
            false => {}
        }
    }
    of
}

/// Asks the questions of a fold (by number) of an index without them. `most_work` bounds the postings and letters that
/// are read: questions beyond it are not asked.
fn lists_of(
    material: &Material,
    bodies: &Field,
    wordings: &[Arc<[char]>],
    fold: &[usize],
    most_work: u64,
) -> Vec<List<FEATURES>> {
    let mut known = vec![true; material.questions.len()];
    fold.iter().for_each(|number| known[*number] = false);
    let keep = |number: usize| known[number];
    let (questions, joined) = (material.learn_questions(keep, most_work), material.joined(keep));
    let fields = Fields { questions: &questions, joined: &joined, bodies };
    let wordings = worded(material, wordings, keep);
    let mut lists = Vec::with_capacity(fold.len());
    let mut work = 0;
    for number in fold {
        let question = &material.questions[*number];
        let Some(letters) = Letters::of_query(&question.letters) else { continue };
        let term =
            |(number, times): &(u32, f32)| AskedTerm { number: *number, in_title: 0.0, in_body: *times, telling: true };
        let terms: Vec<AskedTerm> = question.terms.iter().map(term).collect();
        let signals = fields.signals(material.articles, &terms);
        work += (signals.read + 4 * material.articles) as u64;
        let standing = Standing::new(signals);
        let candidates = candidates(&standing, material.articles);
        let compared = candidates.iter().flat_map(|article| &wordings[*article as usize]);
        work += compared.map(|letters| letters.len() as u64).sum::<u64>();
        if work > most_work {
            break;
        }
        let right = candidates.iter().position(|article| *article == question.article);
        let rows = candidates.iter().map(|article| features(&letters, &standing, *article, &wordings)).collect();
        lists.push(List { rows, right });
    }
    lists
}

/// The articles that come first by the sum of signals.
fn candidates(standing: &Standing, articles: usize) -> Vec<u32> {
    let mut sums: Vec<(u32, f32)> = (0..).take(articles).map(|article| (article, standing.sum(article))).collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if sums.len() > CANDIDATES {
        sums.select_nth_unstable_by(CANDIDATES - 1, order);
    }
    sums.truncate(CANDIDATES);
    sums.sort_unstable_by(order);
    sums.into_iter().map(|(article, _)| article).collect()
}

/// The features of a candidate.
fn features(query: &Letters, standing: &Standing, article: u32, wordings: &Wordings) -> [f64; FEATURES] {
    let wordings = &wordings[article as usize];
    let mut title = [0.0; 3];
    let mut most = [0.0_f64; 3];
    let mut mean = [0.0; 3];
    let all = wordings.len() as f64;
    for (number, wording) in wordings.iter().enumerate() {
        let shared = query.shared(wording);
        if number == 0 {
            title = shared;
        }
        for at in 0..3 {
            most[at] = most[at].max(shared[at]);
            mean[at] += shared[at] / all;
        }
    }
    let [a, b, c] = standing.of(article);
    let alone = if wordings.len() == 1 { 1.0 } else { 0.0 };
    [a, b, c, title[0], title[1], title[2], most[0], most[1], most[2], mean[0], mean[1], mean[2], all.ln(), alone]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The longest common subsequence by the textbook's table.
    fn naive(one: &[char], other: &[char]) -> usize {
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for (i, a) in one.iter().enumerate() {
            for (j, b) in other.iter().enumerate() {
                table[i + 1][j + 1] = if a == b { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
            }
        }
        table[one.len()][other.len()]
    }

    #[test]
    fn common_letters() {
        for (query, other, common) in [
            ("停车券怎么用", "停车券怎么用", 6),
            ("怎么用停车券", "停车券怎么用", 3),
            ("停车", "机场停车礼遇", 2),
            ("水", "电", 0),
            ("水", "", 0),
        ] {
            let other: Vec<char> = other.chars().collect();
            assert_eq!(Letters::of_query(query).unwrap().common(&other), common, "{query}");
        }
        assert!(Letters::of_query("").is_none());
        assert!(Letters::of_query(&"水".repeat(MOST_LETTERS)).is_some());
        assert!(Letters::of_query(&"水".repeat(MOST_LETTERS + 1)).is_none());
    }

    #[test]
    fn questions_are_asked_in_an_order_of_their_own() {
        let question = |number: usize| Question {
            article: 0,
            terms: Vec::new(),
            letters: format!("问题{}", number / 2),
            is_title: number == 0,
        };
        let questions: Vec<Question> = (0..=FEWEST).map(question).collect();
        let order = asked(&questions).unwrap();
        assert_eq!(order.len(), FEWEST);
        assert!(order.iter().all(|(_, number)| *number != 0), "titles stay");
        let hash = |number: usize| order.iter().find(|(_, other)| *other == number).unwrap().0;
        assert_eq!(hash(2), hash(3), "equal questions are in one fold");
        assert!(hash(2) != hash(4));
        assert!(asked(&questions[1..FEWEST]).is_none(), "too few");
    }

    #[test]
    fn a_signal_that_is_the_same_everywhere_says_nothing() {
        let signals = |scores: &[f32]| Signals {
            questions: scores.to_vec(),
            joined: vec![0.1; scores.len()],
            bodies: vec![0.0; scores.len()],
            met: Vec::new(),
            read: 0,
        };
        let standing = Standing::new(signals(&[3.0, 1.0, 1.0, 3.0]));
        assert!((standing.sum(0) - 1.0).abs() < 1e-6 && (standing.sum(1) + 1.0).abs() < 1e-6);
        assert_eq!(candidates(&standing, 4), [0, 3, 1, 2]);
        assert!(candidates(&Standing::new(signals(&[])), 0).is_empty());
    }

    proptest! {
        #[test]
        fn common_letters_are_those_of_the_table(query in "[停车券用]{1,64}|\\PC{1,64}", other in "[停车券用]{0,80}|\\PC{0,40}") {
            let other: Vec<char> = other.chars().collect();
            let own: Vec<char> = query.chars().collect();
            let letters = Letters::of_query(&query).unwrap();
            prop_assert_eq!(letters.common(&other), naive(&own, &other));
            prop_assert!(letters.shared(&other).iter().all(|share| (0.0..=1.0).contains(share)));
        }
    }
}
