//! Which article answers: what is asked is held against what each article is asked for and what it says.
//!
//! The score of an article is the sum of two parts. *What it is asked for*: its title and its known questions teach how
//! much each word, character and pair speaks for it ([`Weights::learn`]). *What it says*: BM25 (Robertson and Zaragoza
//! 2009) over words and pairs of its text, in which a title asked with counts twice and a repeated word hardly more than
//! once. Articles without known questions are found by the second part alone. Both are divided by the length of the
//! query's vector, so that a letter and a question of ten characters weigh them alike.
//!
//! The constants were chosen on three published question sets with both halves of each in view: figures on those sets
//! flatter them a little.

use rustc_hash::FxHashMap;

use super::features::{Features, Kind, letters};
use super::teach::{Example, Weights};
use crate::text::{Segmenter, normalise};

/// What a word, a character and a pair count for in questions.
const IN_QUESTIONS: [f32; Kind::COUNT] = [1.0, 2.0, 0.5];
/// What they count for in texts.
const IN_BODIES: [f32; Kind::COUNT] = [1.0, 0.0, 1.0];
/// What a text counts for beside questions.
const BODY: f32 = 0.35;
/// How often a title counts that somebody asks with.
const TITLE: f32 = 2.0;
/// How soon more occurrences of a term in one text stop to count.
const K1: f32 = 1.5;
/// How much the length of a text counts.
const B: f32 = 0.95;
/// Rare terms count for more than BM25 gives them.
const SHARPEN: f32 = 1.3;
/// The postings that a search reads at most, rarest terms first: its time.
const MOST_POSTINGS: usize = 150_000;

/// What an article is asked for and says.
pub(super) struct Answer<'a> {
    /// Its title, then its known questions.
    pub(super) questions: Vec<&'a str>,
    /// Its text.
    pub(super) body: &'a str,
}

/// All articles by what they are asked for and what they say; numbered as they were given.
#[derive(Debug)]
pub(super) struct AnswerIndex {
    documents: usize,
    numbers: [FxHashMap<Box<str>, u32>; Kind::COUNT],
    questions: Field,
    bodies: Field,
    /// The articles that have a known question or title of these letters.
    verbatim: FxHashMap<Box<str>, Vec<u32>>,
}

/// One of the two parts of a score.
#[derive(Debug, Default)]
struct Field {
    /// What each term tells texts apart, its kind's weight included.
    idf: Vec<f32>,
    weights: Weights,
}

/// The inverse document frequency of BM25, natural logarithm.
fn idf(all: usize, with: u32) -> f32 {
    let (all, with) = (all as f32, with as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// Gives terms numbers.
#[derive(Default)]
struct Terms {
    numbers: [FxHashMap<Box<str>, u32>; Kind::COUNT],
    kinds: Vec<Kind>,
}

impl Terms {
    /// The terms of a text with how often each occurs.
    fn of(&mut self, features: &Features) -> Vec<(u32, f32)> {
        let number = |feature: &super::features::Feature| {
            let (text, kind) = (features.str(feature), feature.kind);
            let known = self.numbers[kind as usize].get(text).copied();
            let number = known.unwrap_or_else(|| {
                let next = self.kinds.len() as u32;
                self.numbers[kind as usize].insert(text.into(), next);
                self.kinds.push(kind);
                next
            });
            (number, (feature.in_title + feature.in_body) as f32)
        };
        features.iter().map(number).collect()
    }
}

impl AnswerIndex {
    /// Indexes articles and learns from their questions.
    pub(super) fn build(answers: &[Answer<'_>], segmenter: &Segmenter) -> AnswerIndex {
        let mut terms = Terms::default();
        let mut examples = Vec::new();
        let mut bodies = Vec::with_capacity(answers.len());
        let mut verbatim: FxHashMap<Box<str>, Vec<u32>> = FxHashMap::default();
        for (article, answer) in (0..).zip(answers) {
            for question in &answer.questions {
                let question = normalise(question);
                let of = verbatim.entry(letters(&question).into()).or_default();
                if of.last() != Some(&article) {
                    of.push(article);
                }
                let features = Features::of_normalised(&question, segmenter);
                examples.push(Example { article, terms: terms.of(&features) });
            }
            bodies.push(terms.of(&Features::of_normalised(&normalise(answer.body), segmenter)));
        }
        verbatim.remove("");
        AnswerIndex {
            documents: answers.len(),
            questions: questions(&terms.kinds, answers.len(), examples),
            bodies: texts(&terms.kinds, &bodies),
            numbers: terms.numbers,
            verbatim,
        }
    }

    /// The articles that `keep` lets pass and that have one of the features that `telling` lets pass, with their
    /// scores, best first; equal ones in order of their numbers. An article that is known to be asked for in just these
    /// words comes before all others.
    pub(super) fn search(
        &self,
        query: &Features,
        telling: impl Fn(Kind, &str) -> bool,
        limit: usize,
        keep: impl Fn(u32) -> bool,
    ) -> Vec<(u32, f32)> {
        let Asked { mut terms, length } = self.asked(query, telling);
        terms.sort_unstable_by_key(|term| (term.postings, term.number));
        let mut scores = vec![0.0_f32; self.documents];
        let mut met = vec![false; self.documents];
        let mut read = 0;
        for term in terms {
            read += term.postings;
            if read > MOST_POSTINGS {
                break;
            }
            for (field, weight) in [(&self.questions, term.in_questions), (&self.bodies, term.in_bodies)] {
                for (article, own) in field.weights.of(term.number) {
                    scores[*article as usize] += weight * own;
                    met[*article as usize] |= term.telling;
                }
            }
        }
        let same = self.verbatim.get(query.letters().as_str()).map_or(&[] as &[u32], Vec::as_slice);
        let passes = |article: &u32| (met[*article as usize] || same.contains(article)) && keep(*article);
        let mut found: Vec<(u32, f32)> = (0..)
            .take(self.documents)
            .filter(passes)
            .map(|article| (article, scores[article as usize] / length))
            .collect();
        let order = |a: &(u32, f32), b: &(u32, f32)| {
            let key = |found: &(u32, f32)| !same.contains(&found.0);
            key(a).cmp(&key(b)).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0))
        };
        if found.len() > limit && limit > 0 {
            found.select_nth_unstable_by(limit - 1, order);
        }
        found.truncate(limit);
        found.sort_unstable_by(order);
        found
    }

    /// The query's terms that some article has, and the length of its vector of all of them.
    fn asked(&self, query: &Features, telling: impl Fn(Kind, &str) -> bool) -> Asked {
        let mut terms = Vec::with_capacity(query.len());
        let mut square = 0.0;
        let unknown = idf(self.documents, 0);
        for feature in query.iter() {
            let text = query.str(feature);
            let kind = feature.kind as usize;
            let Some(&number) = self.numbers[kind].get(text) else {
                square += (unknown * IN_QUESTIONS[kind]).powi(2);
                continue;
            };
            let in_questions = self.questions.idf[number as usize];
            square += in_questions * in_questions;
            let times = feature.in_body as f32;
            let saturated = if feature.in_title > 0 { TITLE } else { 0.0 } + 2.0 * times / (1.0 + times);
            let in_bodies = self.bodies.idf[number as usize] * saturated * BODY;
            let postings = self.questions.weights.of(number).len() + self.bodies.weights.of(number).len();
            let telling = telling(feature.kind, text);
            terms.push(Term { number, postings, in_questions, in_bodies, telling });
        }
        Asked { terms, length: square.sqrt().max(f32::MIN_POSITIVE) }
    }
}

struct Asked {
    terms: Vec<Term>,
    length: f32,
}

/// A term of a query: its number, how many postings it has in both fields, and what it counts for in each.
struct Term {
    number: u32,
    postings: usize,
    in_questions: f32,
    in_bodies: f32,
    telling: bool,
}

/// Learns what each term says about what is asked for.
fn questions(kinds: &[Kind], documents: usize, mut examples: Vec<Example>) -> Field {
    let mut with = vec![0; kinds.len()];
    for (term, _) in examples.iter().flat_map(|example| &example.terms) {
        with[*term as usize] += 1;
    }
    let idf: Vec<f32> =
        kinds.iter().zip(with).map(|(kind, with)| IN_QUESTIONS[*kind as usize] * idf(examples.len(), with)).collect();
    for example in &mut examples {
        for (term, weight) in &mut example.terms {
            *weight = idf[*term as usize];
        }
        let length = example.terms.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut example.terms {
            *weight /= length.max(f32::MIN_POSITIVE);
        }
    }
    Field { weights: Weights::learn(kinds.len(), documents, &examples), idf }
}

/// BM25 of each term in each text.
fn texts(kinds: &[Kind], bodies: &[Vec<(u32, f32)>]) -> Field {
    let mut with = vec![0; kinds.len()];
    for (term, _) in bodies.iter().flatten() {
        with[*term as usize] += 1;
    }
    let weigh = |(kind, with): (&Kind, u32)| IN_BODIES[*kind as usize] * idf(bodies.len(), with).powf(SHARPEN);
    let idf: Vec<f32> = kinds.iter().zip(with).map(weigh).collect();
    let counts = |kind: Kind| IN_BODIES[kind as usize] > 0.0;
    // Words and pairs are fields of their own, each with its own length.
    let length = |body: &[(u32, f32)]| {
        let mut lengths = [0.0_f32; Kind::COUNT];
        body.iter().for_each(|(term, times)| lengths[kinds[*term as usize] as usize] += times);
        lengths
    };
    let lengths: Vec<_> = bodies.iter().map(|body| length(body)).collect();
    let mut means = [0.0_f32; Kind::COUNT];
    for (kind, mean) in means.iter_mut().enumerate() {
        *mean = (lengths.iter().map(|lengths| lengths[kind]).sum::<f32>() / bodies.len().max(1) as f32).max(1.0);
    }
    let mut entries = Vec::new();
    for (article, (body, lengths)) in (0..).zip(bodies.iter().zip(&lengths)) {
        for (term, times) in body.iter().filter(|(term, _)| counts(kinds[*term as usize])) {
            let kind = kinds[*term as usize] as usize;
            let norm = K1 * (1.0 - B + B * lengths[kind] / means[kind]);
            entries.push((*term, article, times * (K1 + 1.0) / (times + norm)));
        }
    }
    Field { weights: Weights::new(kinds.len(), entries), idf }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Articles: their titles and known questions, and their text.
    const ANSWERS: [(&[&str], &str); 4] = [
        (&["什么是机场停车礼遇"], "持卡人可在机场停车。"),
        (&["机场停车礼遇怎么使用", "停车券怎么用"], "在机场停车场出示。"),
        (&[], "路灯不亮请报城管部门，路灯一般两天内修复。"),
        (&["工作时间"], "机场停车礼遇，路灯，什么都有。"),
    ];

    fn found(text: &str, keep: impl Fn(u32) -> bool) -> Vec<u32> {
        let segmenter = Segmenter::new([]);
        let answers = ANSWERS.map(|(questions, body)| Answer { questions: questions.to_vec(), body });
        let index = AnswerIndex::build(&answers, &segmenter);
        let query = Features::of_normalised(&normalise(text), &segmenter);
        let found = index.search(&query, |kind, _| kind != Kind::Character, 10, keep);
        assert!(found.iter().all(|(_, score)| score.is_finite()));
        found.into_iter().map(|(article, _)| article).collect()
    }

    #[test]
    fn the_article_that_is_asked_for_comes_first() {
        for (text, first) in [
            ("什么是机场停车礼遇？", Some(0)),
            ("机场停车礼遇怎么使用", Some(1)),
            ("停车券怎么用？", Some(1)),
            ("我想用停车券", Some(1)),
            ("路灯不亮了", Some(2)),
            ("无人机", None),
            ("", None),
            ("？！", None),
        ] {
            assert_eq!(found(text, |_| true).first().copied(), first, "{text}");
        }
    }

    #[test]
    fn a_filter_holds_for_known_questions_too() {
        let found = found("停车券怎么用", |article| article != 1);
        assert!(!found.is_empty() && !found.contains(&1));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let segmenter = Segmenter::new([]);
        let index = AnswerIndex::build(&[], &segmenter);
        assert!(index.search(&Features::of_normalised("停车", &segmenter), |_, _| true, 3, |_| true).is_empty());
    }
}
