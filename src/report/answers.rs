//! How well answers are found: questions asked of an index of articles, held against the articles that answer them.
//!
//! R@k is the share of questions with a right article among the first k, MRR@10 the mean of 1 / rank of the first right
//! one (0 beyond the tenth). The index and its ranking are those that decisions and `search` use.

use std::time::Instant;

use jiff::civil::DateTime;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::knowledge::{Article, Filter, IndexError, Query, Reference};
use crate::say;
use crate::source::{Code, Diagnostic, Lang, read_json_lines};
use crate::text::{NearCopies as NearTexts, Segmenter, Text, normalise};

/// Answers that are looked at for each question.
const DEPTH: usize = 10;
/// Misses that are shown.
const SHOWN: usize = 10;
/// Characters that are shown of a text.
const SHOWN_CHARACTERS: usize = 60;

/// A question of the exchange format, with the ids of the articles that answer it.
#[derive(Clone, Debug, Deserialize)]
pub struct Question {
    /// Unique among the questions of a file.
    pub id: String,
    /// What was asked.
    pub text: String,
    /// Its title, where there was one.
    pub title: Option<String>,
    /// Ids of the articles that answer it, any of which is right.
    pub answers: Vec<String>,
}

#[derive(Deserialize)]
struct ArticleLine {
    id: String,
    title: Option<String>,
    text: String,
}

/// Reads questions, in order of id. A line that is none, or repeats an id, becomes a diagnostic and is left out.
pub fn read_questions(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Question> {
    let lines = read_json_lines::<Question>(path, text, diagnostics);
    unique(path, lines, |question| &question.id, diagnostics)
}

/// Reads articles, in order of id. A line that is none, or repeats an id, becomes a diagnostic and is left out.
pub fn read_articles(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Article> {
    let lines = read_json_lines::<ArticleLine>(path, text, diagnostics);
    let lines = unique(path, lines, |article| &article.id, diagnostics);
    lines.into_iter().map(|line| Article::plain(line.id, line.title.unwrap_or_default(), line.text)).collect()
}

/// In order of id, without those that repeat one.
fn unique<T>(path: &str, lines: Vec<(usize, T)>, id: fn(&T) -> &String, diagnostics: &mut Vec<Diagnostic>) -> Vec<T> {
    let mut seen = FxHashSet::default();
    let mut items = Vec::with_capacity(lines.len());
    for (line, item) in lines {
        if seen.insert(id(&item).clone()) {
            items.push(item);
        } else {
            let message = say!("第 {line} 行的 id 已经用过", "line {line} repeats an id");
            diagnostics.push(Diagnostic::about(format!("{path}:{line}"), Code::DuplicateId, message));
        }
    }
    items.sort_unstable_by(|a, b| id(a).cmp(id(b)));
    items
}

/// The fold of an id, of so many: always the same, whatever stands beside it.
pub fn fold(id: &str, folds: u32) -> u32 {
    let digest = Sha256::digest(id.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (number % u64::from(folds.max(1))) as u32
}

/// The figures of some questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many questions.
    pub n: usize,
    /// The share with a right article first.
    pub r1: f64,
    /// The share with a right article among the first five.
    pub r5: f64,
    /// The share with a right article among the first ten.
    pub r10: f64,
    /// The mean reciprocal rank of the first right article within the first ten.
    pub mrr10: f64,
}

impl Figures {
    /// The figures of ranks counted from 1; `None` where no right article was found.
    fn of(ranks: impl Iterator<Item = Option<usize>>) -> Figures {
        let ranks: Vec<_> = ranks.collect();
        let n = ranks.len();
        let share = |sum: f64| if n == 0 { 0.0 } else { sum / n as f64 };
        let within = |most| share(ranks.iter().flatten().filter(|rank| **rank <= most).count() as f64);
        let mrr10 = share(ranks.iter().flatten().map(|rank| 1.0 / *rank as f64).sum());
        Figures { n, r1: within(1), r5: within(5), r10: within(10), mrr10 }
    }
}

/// Time per question in microseconds, on one thread: from the text to the ranked articles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the questions take no longer.
    pub p50: f64,
    /// Ninety-nine of a hundred take no longer.
    pub p99: f64,
}

impl Latency {
    fn of(mut times: Vec<f64>) -> Latency {
        times.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().max(1) - 1)).copied();
        Latency { p50: at(0.5).unwrap_or(0.0), p99: at(0.99).unwrap_or(0.0) }
    }
}

/// Questions that are nearly the same as another or as a known one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NearCopies {
    /// How many.
    pub n: usize,
    /// The figures of the others.
    pub without: Figures,
}

/// A question whose right article was not first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Miss {
    /// The question's id.
    pub id: String,
    /// How it begins.
    pub text: String,
    /// The rank of the first right article; none beyond the tenth.
    pub rank: Option<usize>,
    /// What would have been right, by id and title.
    pub right: String,
    /// What came first instead.
    pub first: String,
}

/// What came of all questions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// The figures of all questions.
    #[serde(flatten)]
    pub figures: Figures,
    /// Time per question.
    pub latency_us: Latency,
    /// How many articles there were.
    pub articles: usize,
    /// How many known questions there were, those of other folds not counted.
    pub known: usize,
    /// Into how many folds the questions were split, each asked with the others known.
    pub folds: Option<u32>,
    /// How many ids in `answers`, of questions and of known ones, no article has.
    pub unknown_answers: usize,
    /// Near-copies, and the figures without them.
    pub near_copies: NearCopies,
    /// The worst misses, those without any right article first, then in order of id.
    pub misses: Vec<Miss>,
}

/// What is measured.
pub struct Task {
    /// The articles.
    pub articles: Vec<Article>,
    /// The questions that are asked.
    pub questions: Vec<Question>,
    /// Questions whose answers are known.
    pub known: Vec<Question>,
    /// Into how many folds the questions are split; each fold is asked with the others known.
    pub folds: Option<u32>,
}

impl Task {
    /// Asks all questions, telling `asked` after each. The clock is read for the time of each; all else depends on the
    /// task alone.
    ///
    /// # Errors
    /// Only if the index cannot be built, for which there is no reason in memory.
    pub fn run(&self, segmenter: &Segmenter, mut asked: impl FnMut()) -> Result<Answers, IndexError> {
        let mut times = Vec::with_capacity(self.questions.len());
        let mut ranks: FxHashMap<&str, (Option<usize>, Option<String>)> = FxHashMap::default();
        let folds = self.folds.unwrap_or(1);
        for number in 0..folds {
            let here = |question: &&Question| fold(&question.id, folds) == number;
            let others = self.questions.iter().filter(|question| self.folds.is_some() && !here(question));
            let reference = Reference::build(self.taught(self.known.iter().chain(others)), Vec::new(), segmenter)?;
            for question in self.questions.iter().filter(here) {
                let start = Instant::now();
                let text = Text::new(question.title.as_deref(), &question.text);
                let query = Query::from_text(&text, segmenter);
                // Articles of the exchange format are always valid.
                let hits = reference.articles(&query, &Filter::at(DateTime::default()), &[], DEPTH);
                times.push(start.elapsed().as_secs_f64() * 1e6);
                let rank = hits.iter().position(|hit| question.answers.contains(&hit.item.id));
                ranks.insert(&question.id, (rank.map(|rank| rank + 1), hits.first().map(|hit| hit.item.id.clone())));
                asked();
            }
        }
        let rank = |question: &Question| ranks.get(question.id.as_str()).and_then(|(rank, _)| *rank);
        let copies = self.near_copies();
        let others = self.questions.iter().zip(&copies).filter(|(_, copy)| !**copy).map(|(question, _)| question);
        Ok(Answers {
            figures: Figures::of(self.questions.iter().map(rank)),
            latency_us: Latency::of(times),
            articles: self.articles.len(),
            known: self.known.len(),
            folds: self.folds,
            unknown_answers: self.unknown_answers(),
            near_copies: NearCopies {
                n: copies.iter().filter(|copy| **copy).count(),
                without: Figures::of(others.map(rank)),
            },
            misses: self.misses(&ranks),
        })
    }

    /// For each question, whether another of them or one that is known is nearly the same, punctuation aside.
    fn near_copies(&self) -> Vec<bool> {
        let letters = |question: &Question| -> String {
            normalise(&full_text(question)).chars().filter(|c| c.is_alphanumeric()).collect()
        };
        let texts: Vec<String> = self.questions.iter().chain(&self.known).map(letters).collect();
        let known = NearTexts::new(&texts);
        let copied = |(own, text): (u32, &String)| known.find(text, |other| other != own).is_some();
        (0..).zip(&texts).take(self.questions.len()).map(copied).collect()
    }

    /// The articles with what is known to ask for them.
    fn taught<'a>(&self, known: impl Iterator<Item = &'a Question>) -> Vec<Article> {
        let mut questions: FxHashMap<&str, Vec<String>> = FxHashMap::default();
        for question in known {
            for id in &question.answers {
                questions.entry(id).or_default().push(full_text(question));
            }
        }
        let mut articles = self.articles.clone();
        for article in &mut articles {
            article.questions = questions.remove(article.id.as_str()).unwrap_or_default();
        }
        articles
    }

    fn unknown_answers(&self) -> usize {
        let ids: FxHashSet<&str> = self.articles.iter().map(|article| article.id.as_str()).collect();
        let answers = self.questions.iter().chain(&self.known).flat_map(|question| &question.answers);
        answers.filter(|id| !ids.contains(id.as_str())).collect::<FxHashSet<_>>().len()
    }

    fn misses(&self, ranks: &FxHashMap<&str, (Option<usize>, Option<String>)>) -> Vec<Miss> {
        let titles: FxHashMap<&str, &Article> =
            self.articles.iter().map(|article| (article.id.as_str(), article)).collect();
        let shown = |id: &str| match titles.get(id) {
            Some(article) if article.title.is_empty() => format!("{id} {}", beginning(&article.body)),
            Some(article) => format!("{id} {}", beginning(&article.title)),
            None => id.to_owned(),
        };
        let mut misses: Vec<_> = self
            .questions
            .iter()
            .filter_map(|question| {
                let (rank, first) = ranks.get(question.id.as_str())?;
                (*rank != Some(1)).then_some((question, *rank, first))
            })
            .collect();
        misses.sort_by_key(|(question, rank, _)| (std::cmp::Reverse(rank.unwrap_or(DEPTH + 1)), &question.id));
        let miss = |(question, rank, first): (&Question, Option<usize>, &Option<String>)| Miss {
            id: question.id.clone(),
            text: beginning(&full_text(question)),
            rank,
            right: question.answers.iter().take(1).map(|id| shown(id)).collect(),
            first: first.as_deref().map(shown).unwrap_or_default(),
        };
        misses.into_iter().take(SHOWN).map(miss).collect()
    }
}

/// Title and text together.
fn full_text(question: &Question) -> String {
    match &question.title {
        Some(title) => format!("{title}\n{}", question.text),
        None => question.text.clone(),
    }
}

/// The first characters of a text, on one line.
fn beginning(text: &str) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let shown: String = characters.by_ref().take(SHOWN_CHARACTERS).collect();
    if characters.next().is_some() { shown + "…" } else { shown }
}

impl Answers {
    /// The report for people.
    pub fn shown(&self, lang: Lang) -> String {
        let Figures { n, r1, r5, r10, mrr10 } = self.figures;
        let Latency { p50, p99 } = self.latency_us;
        let NearCopies { n: copies, without: Figures { r1: others, r10: others_r10, .. } } = self.near_copies;
        let (articles, known, unknown) = (self.articles, self.known, self.unknown_answers);
        let mut lines = vec![
            say!(
                "{n} 个问题，{articles} 条知识，已知问法 {known} 个",
                "{n} questions, {articles} articles, {known} known questions"
            ),
            say!(
                "R@1 {r1:.4}　R@5 {r5:.4}　R@10 {r10:.4}　MRR@10 {mrr10:.4}",
                "R@1 {r1:.4}  R@5 {r5:.4}  R@10 {r10:.4}  MRR@10 {mrr10:.4}"
            ),
            say!("每问用时 p50 {p50:.0} µs，p99 {p99:.0} µs", "time per question: p50 {p50:.0} µs, p99 {p99:.0} µs"),
            say!(
                "与其他问题或已知问法几乎相同的有 {copies} 个；不计它们 R@1 {others:.4}，R@10 {others_r10:.4}",
                "{copies} near-copies of other or known questions; without them R@1 {others:.4}, R@10 {others_r10:.4}"
            ),
        ];
        if let Some(folds) = self.folds {
            let message = say!(
                "问题分为 {folds} 份，问每一份时其余各份为已知",
                "the questions are split into {folds} folds, each asked with the others known"
            );
            lines.insert(1, message);
        }
        if unknown > 0 {
            let message = say!(
                "answers 里有 {unknown} 个 id 不是任何知识条目的",
                "{unknown} ids in `answers` belong to no article"
            );
            lines.push(message);
        }
        let mut shown: String = lines.iter().map(|line| format!("{}\n", line.in_lang(lang))).collect();
        if !self.misses.is_empty() {
            let title = say!("差得最远的问题：", "The worst misses:");
            shown += &format!("\n{}\n", title.in_lang(lang));
        }
        for Miss { id, text, rank, right, first } in &self.misses {
            let rank = rank.map_or_else(|| format!(">{DEPTH}"), |rank| rank.to_string());
            let line = say!(
                "{id} {text}\n  应为（第 {rank}）：{right}\n  首位：{first}",
                "{id} {text}\n  right (at {rank}): {right}\n  first: {first}"
            );
            shown += &format!("{}\n", line.in_lang(lang));
        }
        shown
    }
}

#[cfg(test)]
mod tests;
