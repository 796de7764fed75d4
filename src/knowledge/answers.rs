//! Which article answers: what is asked is held against what each article is asked for and what it says.
//!
//! The score of an article is the sum of two parts. *What it is asked for*: its title and its known questions teach how
//! much each word, character and pair speaks for it ([`Weights::learn`](super::teach::Weights::learn)). *What it says*:
//! BM25 (Robertson and Zaragoza 2009) over words and pairs of its text, in which a title asked with counts twice and a
//! repeated word hardly more than once. Articles without known questions are found by the second part alone. Both are
//! divided by the length of the query's vector, so that a letter and a question of ten characters weigh them alike.
//!
//! With enough known questions the best of them are then ordered by what was learned from these ([`rerank`](super::rerank)).
//!
//! The constants were chosen on three published question sets with both halves of each in view: figures on those sets
//! flatter them a little.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::features::{Features, Kind};
use super::fields::{Answer, AskedTerm, Field, Fields, IN_QUESTIONS, Material, Signals, idf};
use super::rerank::{CANDIDATES, FEATURES, Letters, Reranker, Standing};
use super::teach::MOST_WORK;
use crate::text::Segmenter;

/// A word with digits that stands in the questions of more articles than one in so many is no code.
const FEW: usize = 50;

/// What the known questions of articles taught: to be kept and given back for the same articles and dictionary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnswerLessons {
    /// The weights of terms for articles.
    weights: Vec<f32>,
    /// What orders the best; none where there were too few known questions.
    order: Option<[[f64; FEATURES]; 3]>,
}

/// Where an index has from what known questions teach.
#[derive(Clone, Copy, Debug)]
pub enum Teaching<'a> {
    /// It is learned: with thousands of questions, seconds of work.
    Learn,
    /// It was learned before. Lessons of other articles are not used: it is learned then.
    Known(&'a AnswerLessons),
    /// It is left out, and articles are found as their questions' mean (Rocchio) says: for looking at files.
    LeftOut,
}

/// All articles by what they are asked for and what they say; numbered as they were given.
#[derive(Debug)]
pub(super) struct AnswerIndex {
    documents: usize,
    numbers: [FxHashMap<Box<str>, u32>; Kind::COUNT],
    questions: Field,
    /// Empty without a reranker.
    joined: Field,
    bodies: Field,
    /// The articles that have a known question or title of these letters.
    verbatim: FxHashMap<Box<str>, Vec<u32>>,
    /// Orders the best; learned where there were enough known questions.
    reranker: Option<Reranker>,
}

/// The terms of a query that some article has, and the length of its vector of all of them.
struct Asked {
    terms: Vec<AskedTerm>,
    length: f32,
}

impl AnswerIndex {
    /// Indexes articles with what their questions teach: to find them, and, where there are enough, to order them.
    pub(super) fn build(answers: &[Answer<'_>], segmenter: &Segmenter, teaching: Teaching<'_>) -> AnswerIndex {
        let material = Material::read(answers, segmenter);
        let bodies = material.bodies();
        let known = match teaching {
            Teaching::Known(lessons) => lessons.of(&material),
            Teaching::LeftOut => Some((material.learn_questions(|_| true, 0), None)),
            Teaching::Learn => None,
        };
        let (questions, reranker) = known
            .unwrap_or_else(|| (material.learn_questions(|_| true, MOST_WORK), Reranker::learn(&material, &bodies)));
        let joined = if reranker.is_some() { material.joined(|_| true) } else { Field::default() };
        let (documents, verbatim) = (material.articles, verbatim(&material));
        AnswerIndex { documents, numbers: material.numbers, questions, joined, bodies, verbatim, reranker }
    }

    /// What its questions taught.
    pub(super) fn lessons(&self) -> AnswerLessons {
        AnswerLessons { weights: self.questions.values(), order: self.reranker.as_ref().map(Reranker::numbers) }
    }

    /// The articles that `keep` lets pass and that have one of the features that `telling` lets pass, with their
    /// scores, best first; equal ones in order of their numbers. An article that is known to be asked for in just these
    /// words comes before all others.
    ///
    /// Without a reranker a score is what the two parts add up to. With one, that of the first twenty is the share of
    /// likelihood that each has among them (plus 1 for those asked for in just these words), of those behind them less
    /// than any of these has.
    pub(super) fn search(
        &self,
        query: &Features,
        telling: impl Fn(Kind, &str) -> bool,
        limit: usize,
        keep: impl Fn(u32) -> bool,
    ) -> Vec<(u32, f32)> {
        let Asked { terms, length } = self.asked(query, telling);
        let fields = Fields { questions: &self.questions, joined: &self.joined, bodies: &self.bodies };
        let signals = fields.signals(self.documents, &terms);
        let letters = query.letters();
        let same = self.verbatim.get(letters.as_str()).map_or(&[] as &[u32], Vec::as_slice);
        let passes = |article: &u32| (signals.met[*article as usize] || same.contains(article)) && keep(*article);
        let passing: Vec<u32> = (0..).take(self.documents).filter(passes).collect();
        match (&self.reranker, Letters::of_query(&letters)) {
            (Some(reranker), Some(letters)) => {
                reranked(reranker, &letters, &Standing::new(signals), passing, same, limit)
            }
            _ => by_sum(&signals, length, passing, same, limit),
        }
    }

    /// Whether a word is an error code, a form's or a model's number by which few articles are asked for. In a
    /// complaint digits say nothing (plates, order numbers); what stands in a title or known question was written
    /// there to be found.
    fn is_code(&self, kind: Kind, number: u32, text: &str) -> bool {
        let few = 1..=1 + self.documents / FEW;
        kind == Kind::Word
            && text.bytes().any(|b| b.is_ascii_digit())
            && few.contains(&self.questions.articles_with(number))
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
            square += self.questions.idf(number).powi(2);
            let (in_title, in_body) = (feature.in_title as f32, feature.in_body as f32);
            let telling = telling(feature.kind, text) || self.is_code(feature.kind, number, text);
            terms.push(AskedTerm { number, in_title, in_body, telling });
        }
        Asked { terms, length: square.sqrt().max(f32::MIN_POSITIVE) }
    }
}

impl AnswerLessons {
    /// The field of questions and what orders the best, for the articles that these lessons were learned from.
    fn of(&self, material: &Material) -> Option<(Field, Option<Reranker>)> {
        let questions = material.learned_questions(&self.weights)?;
        let order = match self.order {
            Some(numbers) => Some(Reranker::learned(material, numbers)?),
            None => None,
        };
        Some((questions, order))
    }
}

/// The articles that have a known question or title of these letters.
fn verbatim(material: &Material) -> FxHashMap<Box<str>, Vec<u32>> {
    let mut verbatim: FxHashMap<Box<str>, Vec<u32>> = FxHashMap::default();
    for question in &material.questions {
        let of = verbatim.entry(question.letters.as_str().into()).or_default();
        if of.last() != Some(&question.article) {
            of.push(question.article);
        }
    }
    verbatim.remove("");
    verbatim
}

/// Articles by what questions and texts add up to; `same` first.
fn by_sum(signals: &Signals, length: f32, passing: Vec<u32>, same: &[u32], limit: usize) -> Vec<(u32, f32)> {
    let score = |article: u32| (signals.questions[article as usize] + signals.bodies[article as usize]) / length;
    let found = passing.into_iter().map(|article| (article, score(article))).collect();
    first(found, same, limit)
}

/// Articles by a first sum of all signals, the best of them by the reranker; `same` first.
fn reranked(
    reranker: &Reranker,
    letters: &Letters,
    standing: &Standing,
    passing: Vec<u32>,
    same: &[u32],
    limit: usize,
) -> Vec<(u32, f32)> {
    let found = passing.into_iter().map(|article| (article, standing.sum(article))).collect();
    let mut found = first(found, same, limit.max(CANDIDATES));
    let most = CANDIDATES.min(found.len());
    let (candidates, others) = found.split_at_mut(most);
    let last = candidates.iter().map(|(_, sum)| *sum).fold(f32::INFINITY, f32::min);
    let articles: Vec<u32> = candidates.iter().map(|(article, _)| *article).collect();
    let shares = reranker.shares(letters, standing, &articles);
    let least = shares.iter().copied().fold(f32::INFINITY, f32::min);
    for (candidate, share) in candidates.iter_mut().zip(shares) {
        candidate.1 = if same.contains(&candidate.0) { 1.0 + share } else { share };
    }
    candidates.sort_by(|a, b| order(a, b, same));
    for (_, sum) in others {
        *sum = least / (1.0 + (last - *sum).max(0.0));
    }
    found.truncate(limit);
    found
}

/// The best of what was found, at most `limit`.
fn first(mut found: Vec<(u32, f32)>, same: &[u32], limit: usize) -> Vec<(u32, f32)> {
    if found.len() > limit && limit > 0 {
        found.select_nth_unstable_by(limit - 1, |a, b| order(a, b, same));
    }
    found.truncate(limit);
    found.sort_unstable_by(|a, b| order(a, b, same));
    found
}

/// Those of `same` first, then by score, then by number.
fn order(a: &(u32, f32), b: &(u32, f32), same: &[u32]) -> Ordering {
    let key = |found: &(u32, f32)| !same.contains(&found.0);
    key(a).cmp(&key(b)).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::normalise;

    /// Articles: their titles and known questions, and their text.
    const ANSWERS: [(&[&str], &str); 4] = [
        (&["什么是机场停车礼遇"], "持卡人可在机场停车。"),
        (&["机场停车礼遇怎么使用", "停车券怎么用"], "在机场停车场出示。"),
        (&[], "路灯不亮请报城管部门，路灯一般两天内修复。"),
        (&["工作时间"], "机场停车礼遇，路灯，什么都有。"),
    ];

    /// The first of the titles is the article's, the others are known questions.
    fn answer<'a>(titles: &[&'a str], body: &'a str) -> Answer<'a> {
        let title = titles.first().copied().unwrap_or_default();
        Answer { title, questions: titles.iter().skip(1).copied().collect(), body }
    }

    fn found(text: &str, keep: impl Fn(u32) -> bool) -> Vec<u32> {
        let segmenter = Segmenter::new([]);
        let answers = ANSWERS.map(|(titles, body)| answer(titles, body));
        let index = AnswerIndex::build(&answers, &segmenter, Teaching::Learn);
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
    fn an_article_is_found_by_its_code_alone() {
        let segmenter = Segmenter::new([]);
        let answers = [
            answer(&["交易失败怎么办", "返回码 5104 是什么意思"], "请重新发起交易。"),
            answer(&["报错 6207", "提示 6207"], "余额不足。"),
            answer(&["其他返回码"], "日期 20240101，编号 9999。"),
        ];
        let index = AnswerIndex::build(&answers, &segmenter, Teaching::Learn);
        for (text, first) in
            [("6207", Some(1)), ("5104", Some(0)), ("6207是什么意思", Some(1)), ("9999", None), ("1234", None)]
        {
            let query = Features::of_normalised(&normalise(text), &segmenter);
            let found = index.search(&query, |_, _| false, 3, |_| true);
            assert_eq!(found.first().map(|(article, _)| *article), first, "{text}");
        }
    }

    #[test]
    fn a_filter_holds_for_known_questions_too() {
        let found = found("停车券怎么用", |article| article != 1);
        assert!(!found.is_empty() && !found.contains(&1));
    }

    /// Articles of so many known questions each, about things and places that each stand in several of them.
    fn many(questions: usize) -> Vec<(String, Vec<String>)> {
        const PLACES: [&str; 8] = ["机场", "车站", "医院", "学校", "公园", "码头", "银行", "广场"];
        const THINGS: [&str; 7] = ["停车", "路灯", "饮水", "厕所", "座椅", "网络", "电梯"];
        const ASKED: [&str; 6] = ["怎么用", "在哪里", "坏了找谁修", "收不收费", "几点开放", "可以投诉吗"];
        let pairs = PLACES.iter().flat_map(|place| THINGS.iter().map(move |thing| (place, thing)));
        let article = |(place, thing): (&&str, &&str)| {
            let questions = ASKED.iter().take(questions).map(|asked| format!("{place}的{thing}{asked}"));
            (format!("{place}{thing}"), questions.collect())
        };
        pairs.map(article).collect()
    }

    fn built(articles: &[(String, Vec<String>)], segmenter: &Segmenter) -> AnswerIndex {
        built_with(articles, segmenter, Teaching::Learn)
    }

    fn built_with(articles: &[(String, Vec<String>)], segmenter: &Segmenter, teaching: Teaching<'_>) -> AnswerIndex {
        let answers: Vec<Answer<'_>> = articles
            .iter()
            .map(|(title, questions)| Answer {
                title,
                questions: questions.iter().map(String::as_str).collect(),
                body: "请拨打热线。",
            })
            .collect();
        AnswerIndex::build(&answers, segmenter, teaching)
    }

    fn ranked(index: &AnswerIndex, text: &str, segmenter: &Segmenter, limit: usize) -> Vec<(u32, f32)> {
        index.search(&Features::of_normalised(&normalise(text), segmenter), |_, _| true, limit, |_| true)
    }

    #[test]
    fn order_is_learned_from_enough_questions_only() {
        let segmenter = Segmenter::new([]);
        // 56 articles: 168 questions are too few, 224 are enough.
        assert!(built(&many(3), &segmenter).reranker.is_none());
        let (index, again) = (built(&many(4), &segmenter), built(&many(4), &segmenter));
        assert!(index.reranker.is_some());
        for (text, title) in [("车站的路灯什么时候修", "车站路灯"), ("电梯坏了找谁，在医院", "医院电梯")]
        {
            let found = ranked(&index, text, &segmenter, 30);
            assert_eq!(found, ranked(&again, text, &segmenter, 30), "always the same");
            assert_eq!(many(0)[found[0].0 as usize].0, title, "{text}");
            assert_eq!(found.len(), 30);
            assert!(found.iter().all(|(_, score)| score.is_finite() && *score >= 0.0));
            assert!(found.is_sorted_by(|a, b| a.1 >= b.1), "{found:?}");
            assert_eq!(found[..5], ranked(&index, text, &segmenter, 5), "fewer are the same ones");
            assert!(ranked(&index, text, &segmenter, 0).is_empty());
        }
    }

    #[test]
    fn what_was_learned_once_is_not_learned_again() {
        let segmenter = Segmenter::new([]);
        let taught = built(&many(4), &segmenter);
        let lessons = taught.lessons();
        let text = "电梯坏了找谁，在医院";
        let expected = ranked(&taught, text, &segmenter, 30);
        for (name, articles, teaching, same) in [
            ("its own lessons", many(4), Teaching::Known(&lessons), true),
            ("left out", many(4), Teaching::LeftOut, false),
            ("lessons of others", many(5), Teaching::Known(&lessons), false),
        ] {
            let index = built_with(&articles, &segmenter, teaching);
            assert_eq!(ranked(&index, text, &segmenter, 30) == expected, same, "{name}");
        }
        let (other, learned) =
            (built_with(&many(5), &segmenter, Teaching::Known(&lessons)), built(&many(5), &segmenter));
        assert_eq!(ranked(&other, text, &segmenter, 30), ranked(&learned, text, &segmenter, 30), "learned anew");
        let broken = AnswerLessons { order: Some([[f64::NAN; FEATURES]; 3]), ..lessons.clone() };
        let index = built_with(&many(4), &segmenter, Teaching::Known(&broken));
        assert_eq!(ranked(&index, text, &segmenter, 30), expected, "lessons that cannot be such are learned anew");
    }

    #[test]
    fn what_is_asked_in_just_these_words_comes_first_of_the_reranked() {
        let segmenter = Segmenter::new([]);
        let mut articles = many(4);
        articles.push(("其他".to_owned(), vec!["机场的停车".to_owned()]));
        let found = ranked(&built(&articles, &segmenter), "机场的停车？", &segmenter, 10);
        assert_eq!(found[0].0, 56);
        assert!(found[0].1 > 1.0 && found[1].1 < 1.0, "{found:?}");
    }

    #[test]
    fn a_long_query_is_ranked_by_the_sum() {
        let segmenter = Segmenter::new([]);
        let articles = many(4);
        let mut index = built(&articles, &segmenter);
        let text = format!("{}车站的路灯坏了", "我要反映一个情况".repeat(9));
        let found = ranked(&index, &text, &segmenter, 10);
        assert!(!found.is_empty());
        index.reranker = None;
        assert_eq!(found, ranked(&index, &text, &segmenter, 10));
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let segmenter = Segmenter::new([]);
        let index = AnswerIndex::build(&[], &segmenter, Teaching::Learn);
        assert!(index.search(&Features::of_normalised("停车", &segmenter), |_, _| true, 3, |_| true).is_empty());
    }
}
