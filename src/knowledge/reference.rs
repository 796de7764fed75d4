//! Articles and notices with their index: few, always in memory, rebuilt whenever an editor saves one.

use std::sync::Arc;

use jiff::civil;
use rustc_hash::FxHashSet;
use tantivy::directory::RamDirectory;

use super::answers::{AnswerIndex, AnswerLessons, Teaching};
use super::article::Article;
use super::characters::Characters;
use super::fields::Answer;
use super::index::{Asked, IndexError, Part, TermIndex};
use super::notice::Notice;
use super::query::Query;
use super::search::{Filter, Hit};
use crate::text::{Segmenter, normalise};

/// How often a title counts for each time the body does.
const TITLE: usize = 3;
/// How often a known question counts.
const QUESTION: usize = 2;
/// Articles and notices, each in order of id, with one index of both: notices follow articles there.
#[derive(Debug)]
pub struct Reference {
    articles: Vec<Article>,
    notices: Vec<Notice>,
    /// Title, questions and body of each article, then of each notice, normalised: what similarity is measured on.
    texts: Vec<(String, Characters)>,
    /// Ranks articles.
    answers: Arc<AnswerIndex>,
    /// Finds notices, and weighs words for similarity.
    index: TermIndex,
}

impl Reference {
    /// Indexes articles and notices (no two articles and no two notices of the same id) in memory; about
    /// 0.1 ms an article, and up to some seconds to learn from its known questions where there are thousands.
    ///
    /// # Errors
    /// Only if tantivy fails, for which there is no reason in memory.
    pub fn build(articles: Vec<Article>, notices: Vec<Notice>, segmenter: &Segmenter) -> Result<Reference, IndexError> {
        Reference::build_with(articles, notices, segmenter, Teaching::Learn)
    }

    /// The same with what known questions teach from elsewhere, or without.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with(
        mut articles: Vec<Article>,
        notices: Vec<Notice>,
        segmenter: &Segmenter,
        teaching: Teaching<'_>,
    ) -> Result<Reference, IndexError> {
        articles.sort_by(|a, b| a.id.cmp(&b.id));
        let answers: Vec<Answer<'_>> = articles.iter().map(answer).collect();
        let answers = Arc::new(AnswerIndex::build(&answers, segmenter, teaching));
        Reference::assemble(articles, notices, answers, segmenter)
    }

    /// The same articles with other notices: what was learned from known questions is taken over. The segmenter must be
    /// the one that this was built with.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn with_notices(&self, notices: Vec<Notice>, segmenter: &Segmenter) -> Result<Reference, IndexError> {
        Reference::assemble(self.articles.clone(), notices, Arc::clone(&self.answers), segmenter)
    }

    /// `articles` in order of id.
    fn assemble(
        articles: Vec<Article>,
        mut notices: Vec<Notice>,
        answers: Arc<AnswerIndex>,
        segmenter: &Segmenter,
    ) -> Result<Reference, IndexError> {
        notices.sort_by(|a, b| a.id.cmp(&b.id));
        let parts: Vec<Vec<Part<'_>>> =
            articles.iter().map(article_parts).chain(notices.iter().map(notice_parts)).collect();
        let text = |parts: &Vec<Part<'_>>| {
            let text = normalise(&parts.iter().map(|(text, _)| *text).collect::<Vec<_>>().join("\n"));
            let characters = Characters::of(&[&text]);
            (text, characters)
        };
        let texts = parts.iter().map(text).collect();
        let index = TermIndex::build(&RamDirectory::create(), "", segmenter, parts.into_iter())?;
        Ok(Reference { articles, notices, texts, answers, index })
    }

    /// What known questions taught, to be kept for the same articles and segmenter.
    pub fn lessons(&self) -> AnswerLessons {
        self.answers.lessons()
    }

    /// The articles, in order of id.
    pub fn all_articles(&self) -> &[Article] {
        &self.articles
    }

    /// The notices, in order of id.
    pub fn all_notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The article of an id.
    pub fn article(&self, id: &str) -> Option<&Article> {
        self.article_number(id).map(|number| &self.articles[number])
    }

    fn article_number(&self, id: &str) -> Option<usize> {
        self.articles.binary_search_by(|article| article.id.as_str().cmp(id)).ok()
    }

    /// The articles that answer a query, at most `limit`. First those that are `named` (by the scenario, say), as far
    /// as the filter admits them, in the order given; then those whose title or known question is the query, then the
    /// others by score; of equal ones the smaller id.
    pub fn articles(&self, query: &Query, filter: &Filter<'_>, named: &[&str], limit: usize) -> Vec<Hit<'_, Article>> {
        let asked = self.index.ask(query);
        let admits = |document: u32| self.articles.get(document as usize).is_some_and(|a| filter.admits_article(a));
        let found = self.answers.search(query.features(), query.telling(), limit, admits);
        let mut order: Vec<(u32, f32)> = Vec::with_capacity(limit);
        let named = named.iter().filter_map(|id| self.article_number(id)).map(|number| number as u32);
        for document in named.filter(|document| admits(*document)) {
            let score = found.iter().find(|(other, _)| *other == document).map_or(0.0, |(_, score)| *score);
            order.push((document, score));
        }
        order.extend(found);
        let mut seen = FxHashSet::default();
        order.retain(|(document, _)| seen.insert(*document));
        order.truncate(limit);
        order
            .into_iter()
            .map(|(document, score)| self.hit(&asked, &self.articles, document as usize, 0, score))
            .collect()
    }

    /// The live notices that a search finds, at most `limit`, best first.
    pub fn search_notices(&self, query: &Query, filter: &Filter<'_>, limit: usize) -> Vec<Hit<'_, Notice>> {
        let asked = self.index.ask(query);
        let offset = self.articles.len();
        let admits = |document: u32| {
            let notice = (document as usize).checked_sub(offset).and_then(|number| self.notices.get(number));
            notice.is_some_and(|notice| filter.admits_notice(notice))
        };
        let found = self.index.search(&asked, limit, admits);
        let hit =
            |(document, score): (u32, f32)| self.hit(&asked, &self.notices, document as usize - offset, offset, score);
        found.into_iter().map(hit).collect()
    }

    /// The notices that are live at a time and concern a complaint: one of their words occurs in its normalised text, or
    /// one of the complaint's regions (with all that they lie in) is their place. Where `scenario` is known, only those
    /// that answer it. In order of how many of their words occur, most first, then of id.
    pub fn notices(
        &self,
        normalised: &str,
        regions: &[&str],
        scenario: Option<&str>,
        at: civil::DateTime,
    ) -> Vec<&Notice> {
        let concerns = |notice: &Notice| {
            let words = notice.words.iter().filter(|word| normalised.contains(word.as_str())).count();
            let here = notice.place.iter().any(|id| regions.contains(&id.as_str()));
            (here || words > 0).then_some(words)
        };
        let answers = |notice: &Notice| {
            scenario.is_none_or(|id| notice.scenarios.is_empty() || notice.scenarios.iter().any(|other| other == id))
        };
        let live = self.notices.iter().filter(|notice| notice.live_at(at) && answers(notice));
        let mut found: Vec<_> = live.filter_map(|notice| Some((concerns(notice)?, notice))).collect();
        found.sort_by_key(|(words, _)| std::cmp::Reverse(*words));
        found.into_iter().map(|(_, notice)| notice).collect()
    }

    /// `offset` is where the items begin in the index.
    fn hit<'a, T>(&'a self, asked: &Asked<'_>, items: &'a [T], number: usize, offset: usize, score: f32) -> Hit<'a, T> {
        let (text, characters) = &self.texts[offset + number];
        Hit { item: &items[number], score, similarity: asked.similarity(&[text], characters) }
    }
}

/// What an article is asked for and says, blank questions left out.
fn answer(article: &Article) -> Answer<'_> {
    let questions = article.questions.iter().map(String::as_str).filter(|question| !question.trim().is_empty());
    Answer { title: &article.title, questions: questions.collect(), body: &article.body }
}

fn article_parts(article: &Article) -> Vec<Part<'_>> {
    let questions = article.questions.iter().map(|question| (question.as_str(), QUESTION));
    std::iter::once((article.title.as_str(), TITLE)).chain(questions).chain([(article.body.as_str(), 1)]).collect()
}

fn notice_parts(notice: &Notice) -> Vec<Part<'_>> {
    let words = notice.words.iter().map(|word| (word.as_str(), 1));
    std::iter::once((notice.title.as_str(), TITLE)).chain(words).chain([(notice.body.as_str(), 1)]).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::source::{Date, Document, Minute};
    use crate::text::Text;
    use jiff::civil::{DateTime, date};

    /// An article: id, title, question, body.
    fn article((id, title, question, body): (&str, &str, &str, &str)) -> Article {
        let mut article = Article::plain(id.to_owned(), title.to_owned(), body.to_owned());
        article.questions = vec![question.to_owned()];
        article
    }

    fn articles() -> Vec<Article> {
        [
            (
                "water/repair",
                "水管坏了由谁修",
                "小区里的水管漏了该找谁修",
                "入户水表以内由业主负责，以外由供水企业负责。",
            ),
            (
                "water/price",
                "水价怎么算",
                "阶梯水价是怎么收费的",
                "居民用水按年用量分三档计价，超过的部分加价。水表读数以抄表为准。",
            ),
            ("heat/repair", "暖气不热由谁管", "家里暖气不热找谁", "先由供热单位上门测温，室温不达标的应当退还热费。"),
            (
                "noise/square",
                "广场舞扰民",
                "广场舞太吵怎么办",
                "在噪声敏感区域使用音响应当控制音量，由公安机关劝阻或者处罚。",
            ),
        ]
        .map(article)
        .into()
    }

    fn notices() -> Vec<Notice> {
        let notice = |id: &str, place: &str, words: &str, hours: &str| {
            let text = format!(
                "---\nid: {id}\ntitle: 计划停水\nplace: [{place}]\nwords: [{words}]\n{hours}scenarios: [water/outage]\n---\n因管网检修停水，请提前储水。"
            );
            let (document, body) = Document::parse_front_matter(id, &text, &mut Vec::new()).unwrap();
            Notice::read(document, body, &mut Vec::new()).unwrap()
        };
        let today = "from: 2026-11-25 08:00\nuntil: 2026-11-25 18:00\n";
        vec![
            notice("a", "dongmen", "解放路, 梧桐苑", today),
            notice("b", "ximen", "人民路", today),
            notice("c", "dongmen", "解放路", "from: 2026-11-20 08:00\nuntil: 2026-11-21 18:00\n"),
        ]
    }

    fn reference() -> Reference {
        Reference::build(articles(), notices(), &Segmenter::new([])).unwrap()
    }

    fn noon() -> DateTime {
        date(2026, 11, 25).at(12, 0, 0, 0)
    }

    fn query(text: &str) -> Query {
        Query::from_text(&Text::new(None, text), &Segmenter::new([]))
    }

    fn found(reference: &Reference, text: &str, filter: &Filter<'_>, named: &[&str]) -> Vec<String> {
        let hits = reference.articles(&query(text), filter, named, 10);
        hits.into_iter().map(|hit| hit.item.id.clone()).collect()
    }

    #[test]
    fn the_article_that_answers_comes_first() {
        let reference = reference();
        for (text, first) in [
            ("我家水管漏水一直没人修，该谁修？", Some("water/repair")),
            ("这个月水费突然多了，阶梯水价怎么收费", Some("water/price")),
            ("暖气一点都不热，室温只有十几度", Some("heat/repair")),
            ("楼下广场舞音响天天吵到十点", Some("noise/square")),
            ("无人机", None),
        ] {
            let found = found(&reference, text, &Filter::at(noon()), &[]);
            assert_eq!(found.first().map(String::as_str), first, "{text}");
        }
    }

    #[test]
    fn a_known_question_comes_before_more_matches() {
        let mut articles = articles();
        articles.push(article((
            "water/why",
            "家里暖气",
            "暖气暖气暖气",
            "家里暖气不热，暖气不热，暖气不热。找供热公司，找物业。家里暖气。",
        )));
        let reference = Reference::build(articles, vec![], &Segmenter::new([])).unwrap();
        assert_eq!(found(&reference, "家里暖气不热找谁？", &Filter::at(noon()), &[])[0], "heat/repair");
    }

    #[test]
    fn named_articles_come_first_found_or_not() {
        let reference = reference();
        let named = ["noise/square", "no/such", "heat/repair"];
        let found = found(&reference, "水管漏了找谁修", &Filter::at(noon()), &named);
        assert_eq!(found[..3], ["noise/square", "heat/repair", "water/repair"]);
        assert_eq!(found.iter().filter(|id| *id == "heat/repair").count(), 1);
        let hits = reference.articles(&query("水管漏了找谁修"), &Filter::at(noon()), &["noise/square"], 1);
        assert_eq!((hits.len(), hits[0].score), (1, 0.0));
    }

    #[test]
    fn filters_hold_for_named_articles_too() {
        let mut articles = articles();
        articles[0].expires = Some(Date(date(2026, 11, 24)));
        articles[1].effective = Some(Date(date(2026, 11, 26)));
        articles[2].regions = vec!["dongmen".to_owned()];
        articles[2].departments = vec!["heating".to_owned()];
        articles[3].scenarios = vec!["noise/square".to_owned()];
        let reference = Reference::build(articles, vec![], &Segmenter::new([])).unwrap();
        let text = "水管漏了谁修，水价怎么收费，暖气不热，广场舞太吵";
        let named = ["water/repair", "water/price", "heat/repair", "noise/square"];
        let all = Filter::at(noon());
        for (filter, expected) in [
            (all, vec!["heat/repair", "noise/square"]),
            (Filter { regions: &["ximen", "city"], ..all }, vec!["noise/square"]),
            (Filter { regions: &["dongmen", "city"], ..all }, vec!["heat/repair", "noise/square"]),
            (Filter { department: Some("heating"), ..all }, vec!["heat/repair"]),
            (Filter { scenario: Some("noise/square"), ..all }, vec!["noise/square"]),
            (
                Filter { at: date(2026, 11, 24).at(23, 59, 0, 0), ..all },
                vec!["water/repair", "heat/repair", "noise/square"],
            ),
            (
                Filter { at: date(2026, 11, 26).at(0, 0, 0, 0), ..all },
                vec!["water/price", "heat/repair", "noise/square"],
            ),
        ] {
            let mut without_names = found(&reference, text, &filter, &[]);
            without_names.sort_by_key(|id| named.iter().position(|other| other == id));
            assert_eq!(without_names, expected, "{filter:?}");
            assert_eq!(found(&reference, text, &filter, &named), expected, "{filter:?}");
        }
    }

    #[test]
    fn notices_are_live_and_here() {
        let reference = reference();
        let at = |text: &str, regions: &[&str], scenario: Option<&str>, at: DateTime| {
            reference.notices(text, regions, scenario, at).iter().map(|n| n.id.as_str()).collect::<Vec<_>>()
        };
        let day = date(2026, 11, 25);
        for (text, regions, scenario, time, expected) in [
            ("解放路停水了", &[] as &[&str], None, noon(), vec!["a"]),
            ("怎么停水了", &["dongmen", "city"], None, noon(), vec!["a"]),
            ("怎么停水了", &[], None, noon(), vec![]),
            ("人民路和解放路梧桐苑都停水", &[], None, noon(), vec!["a", "b"]),
            ("人民路停水", &["dongmen"], None, noon(), vec!["b", "a"]),
            ("解放路停水", &[], Some("water/outage"), noon(), vec!["a"]),
            ("解放路路灯", &[], Some("light/broken"), noon(), vec![]),
            ("解放路停水", &[], None, day.at(18, 0, 0, 0), vec![]),
            ("解放路停水", &[], None, date(2026, 11, 20).at(9, 0, 0, 0), vec!["c"]),
        ] {
            assert_eq!(at(text, regions, scenario, time), expected, "{text} {regions:?} {time}");
        }
    }

    #[test]
    fn a_search_for_notices_finds_live_ones_only() {
        let reference = reference();
        let filter = Filter { regions: &["dongmen"], ..Filter::at(noon()) };
        let hits = reference.search_notices(&query("管网检修停水"), &filter, 10);
        assert_eq!(hits.iter().map(|hit| hit.item.id.as_str()).collect::<Vec<_>>(), ["a"]);
        assert!(hits[0].similarity > 0.5);
        assert!(reference.all_notices().iter().all(|notice| notice.until > Minute(date(2026, 1, 1).at(0, 0, 0, 0))));
    }

    #[test]
    fn other_notices_leave_articles_as_they_were() {
        let (before, none) = (reference(), Reference::build(articles(), vec![], &Segmenter::new([])).unwrap());
        let after = none.with_notices(notices(), &Segmenter::new([])).unwrap();
        assert!(Arc::ptr_eq(&none.answers, &after.answers), "nothing is learned again");
        let filter = Filter::at(noon());
        for text in ["水管漏水谁修", "管网检修停水"] {
            assert_eq!(found(&before, text, &filter, &[]), found(&after, text, &filter, &[]));
            let ids = |reference: &Reference| {
                let hits = reference.search_notices(&query(text), &filter, 10);
                hits.iter().map(|hit| hit.item.id.clone()).collect::<Vec<_>>()
            };
            assert_eq!(ids(&before), ids(&after));
        }
    }

    #[test]
    fn order_of_files_changes_nothing() {
        let (mut articles, mut notices) = (articles(), notices());
        articles.reverse();
        notices.reverse();
        let other = Reference::build(articles, notices, &Segmenter::new([])).unwrap();
        let reference = reference();
        for text in ["水管漏水谁修", "水价", "停水", "暖气不热广场舞"] {
            let filter = Filter::at(noon());
            let score = |reference: &Reference| {
                let hits = reference.articles(&query(text), &filter, &[], 10);
                hits.iter()
                    .map(|hit| (hit.item.id.clone(), hit.score.to_bits(), hit.similarity.to_bits()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(score(&reference), score(&other));
        }
    }

    #[test]
    fn may_be_shared_between_threads() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&reference());
    }
}
