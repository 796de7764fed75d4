//! What a search is asked and what it answers.

use std::sync::Arc;

use jiff::civil;

use super::article::Article;
use super::case::Case;
use super::cases::Cases;
use super::notice::Notice;
use super::passage::{Passage, beginning, passage};
use super::query::Query;
use super::reference::Reference;

/// All that a bundle knows. The halves are shared: a bundle in which only a notice changed takes over the cases of the
/// one before.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// Articles and notices.
    pub reference: Arc<Reference>,
    /// Past cases.
    pub cases: Arc<Cases>,
}

/// Something found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit<'a, T> {
    /// What was found.
    pub item: &'a T,
    /// More is nearer; comparable only within one search. BM25; for articles what their known questions teach and BM25 of
    /// their text, or, where there are enough known questions to learn an order from, how likely an article is the right
    /// one of the first twenty (1 more if it is known to be asked for in just these words). 0 for what was named and not
    /// found.
    pub score: f32,
    /// How much of what the query says this says too: the inverse document frequencies of the query's words that occur
    /// in it, divided by those of all the query's words; 0 to 1.
    pub similarity: f32,
}

/// What may be found. By default anything that is valid at the time.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// When: an article that is not valid on that day, or a notice that is not live, is never found.
    pub at: civil::DateTime,
    /// Where: ids of the region and of all that it lies in. What holds only elsewhere is left out; empty: anywhere.
    pub regions: &'a [&'a str],
    /// Only what is about this department, by id (for cases: department or unit, as they are labelled).
    pub department: Option<&'a str>,
    /// Only what is about this scenario, by id.
    pub scenario: Option<&'a str>,
}

impl<'a> Filter<'a> {
    /// Everything valid at a time.
    pub fn at(at: civil::DateTime) -> Filter<'a> {
        Filter { at, regions: &[], department: None, scenario: None }
    }

    /// Whether an article may be found.
    pub fn admits_article(&self, article: &Article) -> bool {
        article.valid_on(self.at.date())
            && self.admits_place(&article.regions)
            && self.department.is_none_or(|id| article.departments.iter().any(|other| other == id))
            && self.scenario.is_none_or(|id| article.scenarios.iter().any(|other| other == id))
    }

    /// Whether a notice may be found. Notices are about no department.
    pub fn admits_notice(&self, notice: &Notice) -> bool {
        notice.live_at(self.at)
            && self.admits_place(&notice.place)
            && self.department.is_none()
            && self.scenario.is_none_or(|id| notice.scenarios.iter().any(|other| other == id))
    }

    /// Whether a case may be found. Cases do not expire; one whose district is not known is not in any region.
    pub fn admits_case(&self, case: &Case) -> bool {
        let is = |label: &Option<String>, id: &str| label.as_deref() == Some(id);
        (self.regions.is_empty() || self.regions.iter().any(|id| is(&case.district, id)))
            && self.department.is_none_or(|id| is(&case.department, id) || is(&case.unit, id))
            && self.scenario.is_none_or(|id| is(&case.scenario, id))
    }

    fn admits_place(&self, places: &[String]) -> bool {
        self.regions.is_empty() || places.is_empty() || places.iter().any(|id| self.regions.contains(&id.as_str()))
    }
}

impl Hit<'_, Article> {
    /// The passages that show why it was found: of the answer, or else of the first known question that has one; none
    /// when only the title has the words. Worked out now, so ask for those that are shown.
    pub fn passages(&self, query: &Query) -> Vec<Passage> {
        let texts = std::iter::once(&self.item.body).chain(&self.item.questions);
        texts.filter_map(|text| passage(query, text)).take(1).collect()
    }
}

impl Hit<'_, Notice> {
    /// The passages that show why it was found. Worked out now, so ask for those that are shown.
    pub fn passages(&self, query: &Query) -> Vec<Passage> {
        passage(query, &self.item.body).into_iter().collect()
    }
}

impl Hit<'_, Case> {
    /// The passages that show why it was found, or how it begins where only its title has the words. Worked out now, so ask
    /// for those that are shown.
    pub fn passages(&self, query: &Query) -> Vec<Passage> {
        vec![passage(query, &self.item.text).unwrap_or_else(|| beginning(&self.item.text))]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::case::read_cases;
    use super::*;
    use crate::text::{Segmenter, Text};
    use jiff::civil::date;

    #[test]
    fn a_filter_admits_cases_by_their_labels() {
        let line = r#"{"id":"1","text":"水管爆裂","scenario":"leak","department":"water","unit":"water-east","district":"east"}"#;
        let case = read_cases([("a", line)], &mut Vec::new()).remove(0);
        let all = Filter::at(date(2026, 1, 1).at(0, 0, 0, 0));
        for (filter, expected) in [
            (all, true),
            (Filter { department: Some("water"), ..all }, true),
            (Filter { department: Some("water-east"), ..all }, true),
            (Filter { department: Some("heat"), ..all }, false),
            (Filter { scenario: Some("leak"), ..all }, true),
            (Filter { scenario: Some("outage"), ..all }, false),
            (Filter { regions: &["city", "east"], ..all }, true),
            (Filter { regions: &["west"], ..all }, false),
        ] {
            assert_eq!(filter.admits_case(&case), expected, "{filter:?}");
        }
        let unlabelled = Case { district: None, scenario: None, ..case };
        assert!(!Filter { regions: &["east"], ..all }.admits_case(&unlabelled));
        assert!(!Filter { scenario: Some("leak"), ..all }.admits_case(&unlabelled));
    }

    #[test]
    fn an_articles_passage_is_of_its_answer_or_else_of_a_question() {
        let mut article = Article::plain("a".into(), "停电".into(), "报修后两小时内到场。".into());
        article.questions = vec!["路灯坏了找谁".into(), "停电了怎么报修".into()];
        let hit = Hit { item: &article, score: 1.0, similarity: 1.0 };
        for (words, expected) in
            [("报修", Some("报修后两小时内到场。")), ("路灯", Some("路灯坏了找谁")), ("噪音", None)]
        {
            let query = Query::from_text(&Text::new(None, words), &Segmenter::new([]));
            let passages = hit.passages(&query);
            assert_eq!(passages.first().map(|passage| passage.text.as_str()), expected, "{words}");
        }
    }
}
