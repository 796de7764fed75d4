//! What articles are scored by: what known questions teach, the characters of all that asks for an article taken
//! together, and BM25 of its text.

use rustc_hash::FxHashMap;

use super::features::{Feature, Features, Kind, letters};
use super::teach::{Example, Weights};
use crate::text::{Segmenter, normalise};

/// What a word, a character and a pair count for in questions.
pub(super) const IN_QUESTIONS: [f32; Kind::COUNT] = [1.0, 2.0, 0.5];
/// What a text counts for beside questions.
const BODY: f32 = 0.35;
/// How often a title counts that somebody asks with.
const TITLE: f32 = 2.0;
/// How soon more occurrences of a term in one text stop to count.
const K1: f32 = 1.5;
/// The postings that a search reads at most, rarest terms first: its time.
const MOST_POSTINGS: usize = 150_000;

/// How BM25 weighs the terms of documents.
struct Bm25 {
    /// What a word, a character and a pair count for.
    kinds: [f32; Kind::COUNT],
    /// How much the length of a document counts.
    b: f32,
    /// The power of the inverse document frequency: above 1, rare terms count for more than BM25 gives them.
    sharpen: f32,
}

/// Texts of articles.
const BODIES: Bm25 = Bm25 { kinds: [1.0, 0.0, 1.0], b: 0.95, sharpen: 1.3 };
/// Title and known questions of an article as one document.
const JOINED: Bm25 = Bm25 { kinds: [0.0, 1.0, 0.0], b: 0.75, sharpen: 1.0 };

/// What an article is asked for and says.
pub(super) struct Answer<'a> {
    /// Its title; may be blank.
    pub(super) title: &'a str,
    /// Its known questions, none of them blank.
    pub(super) questions: Vec<&'a str>,
    /// Its text.
    pub(super) body: &'a str,
}

/// A title or known question.
pub(super) struct Question {
    /// The number of its article.
    pub(super) article: u32,
    /// Terms by number, each once, with how often each occurs.
    pub(super) terms: Vec<(u32, f32)>,
    /// Its letters, digits and Chinese characters.
    pub(super) letters: String,
    /// Whether it is the article's title.
    pub(super) is_title: bool,
}

/// Articles in terms: what all fields are made of.
#[derive(Default)]
pub(super) struct Material {
    /// How many articles there are.
    pub(super) articles: usize,
    /// The numbers of terms, by kind.
    pub(super) numbers: [FxHashMap<Box<str>, u32>; Kind::COUNT],
    /// The kind of each term.
    kinds: Vec<Kind>,
    /// Titles (blank ones left out) and known questions, in order of articles, titles first.
    pub(super) questions: Vec<Question>,
    bodies: Vec<Vec<(u32, f32)>>,
}

/// One of the parts of a score.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// What each term tells texts apart, its kind's weight included.
    idf: Vec<f32>,
    weights: Weights,
}

/// The inverse document frequency of BM25, natural logarithm.
pub(super) fn idf(all: usize, with: u32) -> f32 {
    let (all, with) = (all as f32, with as f32);
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

impl Material {
    /// Reads articles.
    pub(super) fn read(answers: &[Answer<'_>], segmenter: &Segmenter) -> Material {
        let mut material = Material { articles: answers.len(), ..Material::default() };
        for (article, answer) in (0..).zip(answers) {
            let title = Some((answer.title, true)).filter(|(title, _)| !title.trim().is_empty());
            for (text, is_title) in title.into_iter().chain(answer.questions.iter().map(|text| (*text, false))) {
                let text = normalise(text);
                let terms = material.terms(&Features::of_normalised(&text, segmenter));
                material.questions.push(Question { article, terms, letters: letters(&text), is_title });
            }
            let body = material.terms(&Features::of_normalised(&normalise(answer.body), segmenter));
            material.bodies.push(body);
        }
        material
    }

    /// The terms of a text with how often each occurs.
    fn terms(&mut self, features: &Features) -> Vec<(u32, f32)> {
        let number = |feature: &Feature| {
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

    /// Learns what each term says about what is asked for, from the questions (by number) that `keep` lets pass;
    /// `most_work` as in [`Weights::learn`].
    pub(super) fn learn_questions(&self, keep: impl Fn(usize) -> bool, most_work: u64) -> Field {
        let (examples, idf) = self.examples(keep);
        Field { weights: Weights::learn(self.kinds.len(), self.articles, &examples, most_work), idf }
    }

    /// What was once learned from all questions, by the [`values`](Field::values) of the field; `None` if these are of
    /// other questions.
    pub(super) fn learned_questions(&self, values: &[f32]) -> Option<Field> {
        let (examples, idf) = self.examples(|_| true);
        let weights = Weights::learned(self.kinds.len(), self.articles, &examples, values)?;
        Some(Field { weights, idf })
    }

    /// The questions (by number) that `keep` lets pass as examples, and what each term tells them apart.
    fn examples(&self, keep: impl Fn(usize) -> bool) -> (Vec<Example>, Vec<f32>) {
        let kept: Vec<&Question> = self
            .questions
            .iter()
            .enumerate()
            .filter(|(number, _)| keep(*number))
            .map(|(_, question)| question)
            .collect();
        let mut with = vec![0; self.kinds.len()];
        for (term, _) in kept.iter().flat_map(|question| &question.terms) {
            with[*term as usize] += 1;
        }
        let idf: Vec<f32> = self
            .kinds
            .iter()
            .zip(with)
            .map(|(kind, with)| IN_QUESTIONS[*kind as usize] * idf(kept.len(), with))
            .collect();
        let example = |question: &&Question| {
            let weights = question.terms.iter().map(|(term, _)| (*term, idf[*term as usize]));
            let length = weights.clone().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            Example {
                article: question.article,
                terms: weights.map(|(term, weight)| (term, weight / length)).collect(),
            }
        };
        (kept.iter().map(example).collect(), idf)
    }

    /// The characters of title and known questions, those that `keep` lets pass, of each article as one document.
    pub(super) fn joined(&self, keep: impl Fn(usize) -> bool) -> Field {
        let mut documents = vec![Vec::new(); self.articles];
        for (number, question) in self.questions.iter().enumerate() {
            if keep(number) {
                let characters =
                    question.terms.iter().filter(|(term, _)| self.kinds[*term as usize] == Kind::Character);
                documents[question.article as usize].extend(characters.copied());
            }
        }
        for document in &mut documents {
            document.sort_unstable_by_key(|(term, _)| *term);
            document.dedup_by(|later, first| {
                let same = later.0 == first.0;
                if same {
                    first.1 += later.1;
                }
                same
            });
        }
        self.bm25(&documents, &JOINED)
    }

    /// The texts of the articles.
    pub(super) fn bodies(&self) -> Field {
        self.bm25(&self.bodies, &BODIES)
    }

    /// BM25 of each term in each document.
    fn bm25(&self, documents: &[Vec<(u32, f32)>], how: &Bm25) -> Field {
        let kinds = &self.kinds;
        let mut with = vec![0; kinds.len()];
        for (term, _) in documents.iter().flatten() {
            with[*term as usize] += 1;
        }
        let weigh =
            |(kind, with): (&Kind, u32)| how.kinds[*kind as usize] * idf(documents.len(), with).powf(how.sharpen);
        let idf: Vec<f32> = kinds.iter().zip(with).map(weigh).collect();
        let counts = |kind: Kind| how.kinds[kind as usize] > 0.0;
        // Words and pairs are fields of their own, each with its own length.
        let length = |document: &[(u32, f32)]| {
            let mut lengths = [0.0_f32; Kind::COUNT];
            document.iter().for_each(|(term, times)| lengths[kinds[*term as usize] as usize] += times);
            lengths
        };
        let lengths: Vec<_> = documents.iter().map(|document| length(document)).collect();
        let mut means = [0.0_f32; Kind::COUNT];
        for (kind, mean) in means.iter_mut().enumerate() {
            let all = lengths.iter().map(|lengths| lengths[kind]).sum::<f32>();
            *mean = (all / documents.len().max(1) as f32).max(1.0);
        }
        let mut entries = Vec::new();
        for (article, (document, lengths)) in (0..).zip(documents.iter().zip(&lengths)) {
            for (term, times) in document.iter().filter(|(term, _)| counts(kinds[*term as usize])) {
                let kind = kinds[*term as usize] as usize;
                let norm = K1 * (1.0 - how.b + how.b * lengths[kind] / means[kind]);
                entries.push((*term, article, times * (K1 + 1.0) / (times + norm)));
            }
        }
        Field { weights: Weights::new(kinds.len(), entries), idf }
    }
}

impl Field {
    /// Its weights, without what they belong to.
    pub(super) fn values(&self) -> Vec<f32> {
        self.weights.values()
    }

    /// In how many articles a term stands.
    pub(super) fn articles_with(&self, term: u32) -> usize {
        self.weights.of(term).len()
    }

    /// What a term tells texts apart; 0 in a field without terms.
    pub(super) fn idf(&self, term: u32) -> f32 {
        self.idf.get(term as usize).copied().unwrap_or(0.0)
    }
}

/// A term of a query.
pub(super) struct AskedTerm {
    /// Its number.
    pub(super) number: u32,
    /// How often it stands in the query's title.
    pub(super) in_title: f32,
    /// How often it stands in the rest.
    pub(super) in_body: f32,
    /// Whether an article that has it is found for this alone.
    pub(super) telling: bool,
}

/// The three fields that a score is made of.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    /// What known questions teach.
    pub(super) questions: &'a Field,
    /// Characters of title and known questions together; empty if nothing is ordered by it.
    pub(super) joined: &'a Field,
    /// Texts.
    pub(super) bodies: &'a Field,
}

/// What each field says of each article.
pub(super) struct Signals {
    /// What known questions teach.
    pub(super) questions: Vec<f32>,
    /// Characters of title and known questions together.
    pub(super) joined: Vec<f32>,
    /// Texts.
    pub(super) bodies: Vec<f32>,
    /// Whether the article has a telling term.
    pub(super) met: Vec<bool>,
    /// How many postings were read.
    pub(super) read: usize,
}

impl Fields<'_> {
    /// Scores all articles, of which there are so many.
    pub(super) fn signals(&self, articles: usize, asked: &[AskedTerm]) -> Signals {
        let of = |field: &Field, term: &AskedTerm| field.weights.of(term.number).len();
        let postings = |term: &AskedTerm| of(self.questions, term) + of(self.joined, term) + of(self.bodies, term);
        let mut terms: Vec<(usize, &AskedTerm)> = asked.iter().map(|term| (postings(term), term)).collect();
        terms.sort_unstable_by_key(|(postings, term)| (*postings, term.number));
        let scores = || vec![0.0; articles];
        let met = vec![false; articles];
        let mut signals = Signals { questions: scores(), joined: scores(), bodies: scores(), met, read: 0 };
        for (postings, term) in terms {
            if signals.read + postings > MOST_POSTINGS {
                break;
            }
            signals.read += postings;
            let number = term.number;
            let in_joined = saturated(term.in_title + term.in_body);
            let in_bodies = if term.in_title > 0.0 { TITLE } else { 0.0 } + saturated(term.in_body);
            for (field, scores, weight) in [
                (self.questions, &mut signals.questions, self.questions.idf(number)),
                (self.joined, &mut signals.joined, self.joined.idf(number) * in_joined),
                (self.bodies, &mut signals.bodies, self.bodies.idf(number) * in_bodies * BODY),
            ] {
                for (article, own) in field.weights.of(number) {
                    scores[*article as usize] += weight * own;
                    signals.met[*article as usize] |= term.telling;
                }
            }
        }
        signals
    }
}

/// What a term counts for that stands so often in a query: more than once is hardly more.
fn saturated(times: f32) -> f32 {
    2.0 * times / (1.0 + times)
}
