//! From what was found to what is said: references with spans, the reply, questions, deadlines in words.

use jiff::{Zoned, civil, tz::TimeZone};

use super::decision::{
    ArticleReference, CaseReference, Deadline, EvidenceItem, FactItem, Named, NoticeReference, PassageItem, Question,
};
use crate::catalog::{self, Catalog, Department, Region};
use crate::knowledge::{Article, Case, Hit, Notice, Origin, Passage, Query};
use crate::rules::{Compiled, Evidence, Scenario, Slot};
use crate::text::{Fact, FactKind, Text};

/// Hits shown for one scenario, at the most.
pub(super) const MOST_EVIDENCE: usize = 40;
/// Facts shown, at the most.
const MOST_FACTS: usize = 100;

pub(super) fn department(department: &Department) -> Named {
    Named { id: department.id.clone(), name: department.name.clone() }
}

pub(super) fn region(region: &Region) -> Named {
    Named { id: region.id.clone(), name: region.name.clone() }
}

/// The hits in the citizen's own words, with the lines that asked for them.
pub(super) fn evidence(compiled: &Compiled, text: &Text, hits: &[Evidence], hint: bool) -> Vec<EvidenceItem> {
    hits.iter()
        .take(MOST_EVIDENCE)
        .map(|hit| {
            let leaf = compiled.leaf(hit.leaf);
            let span = text.original(hit.start..hit.end);
            EvidenceItem {
                span,
                text: text.original_str(span).to_owned(),
                term: leaf.what.clone(),
                clause: leaf.path.clone(),
                file: leaf.source.path.clone(),
                line: leaf.source.position(leaf.range.start).line,
                contradicted: hit.contradicted,
                fuzzy: hit.fuzzy,
                hint,
            }
        })
        .collect()
}

pub(super) fn facts(text: &Text, at: civil::DateTime) -> Vec<FactItem> {
    text.facts()
        .iter()
        .take(MOST_FACTS)
        .map(|fact| {
            let span = text.original(fact.range.clone());
            FactItem { kind: fact.kind, value: fact.value(at), text: text.original_str(span).to_owned(), span }
        })
        .collect()
}

/// The values of a scenario's slots, in their order: the first fact of the kind in a sentence of the evidence, or else
/// the first in the text.
pub(super) fn slot_values<'a>(
    scenario: &'a Scenario,
    text: &Text,
    hits: &[Evidence],
    at: civil::DateTime,
) -> Vec<(&'a Slot, Option<String>)> {
    let in_evidence =
        |fact: &&Fact| hits.iter().any(|hit| text.sentence_of(hit.start) == text.sentence_of(fact.range.start));
    scenario
        .slots
        .iter()
        .map(|slot| {
            let of_kind = || text.facts().iter().filter(|fact| Some(fact.kind) == slot.fact);
            let fact = of_kind().find(in_evidence).or_else(|| of_kind().next());
            (slot, fact.map(|fact| said(text, fact, at)))
        })
        .collect()
}

/// A fact as a reply says it: places, times and sums in the caller's words, numbers in their one form.
fn said(text: &Text, fact: &Fact, at: civil::DateTime) -> String {
    match fact.kind {
        FactKind::Address | FactKind::Date | FactKind::Time | FactKind::Duration | FactKind::Amount => {
            text.slice(fact.range.clone()).to_owned()
        }
        _ => fact.value(at),
    }
}

/// The questions of the empty slots: those that are required first.
pub(super) fn questions(slots: &[(&Slot, Option<String>)]) -> Vec<Question> {
    let ask = |slot: &Slot| Question { slot: slot.name.clone(), ask: slot.ask.clone(), required: slot.required };
    let empty = |required: bool| {
        slots
            .iter()
            .filter(move |(slot, value)| value.is_none() && slot.required == required)
            .map(|(slot, _)| ask(slot))
    };
    empty(true).chain(empty(false)).collect()
}

/// When a matter that came in at `at` is due.
pub(super) fn deadline(
    catalog: &Catalog,
    term: &catalog::Deadline,
    basis: Option<&str>,
    department: Option<&Department>,
    at: &Zoned,
) -> Deadline {
    let calendar = department.map(|department| department.calendar).unwrap_or_default();
    let due = catalog.due(term, calendar, at.datetime());
    Deadline {
        term: term.in_words().zh,
        due: timestamp(due.at, at.time_zone()),
        text: due.in_words(at.date()),
        basis: basis.map(str::to_owned),
        beyond_calendar: due.beyond_calendar,
    }
}

/// RFC 3339 with the offset of the time zone, to the second.
pub(super) fn timestamp(at: civil::DateTime, zone: &TimeZone) -> String {
    match at.to_zoned(zone.clone()) {
        Ok(zoned) => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        Err(_) => at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
    }
}

pub(super) fn notice(notice: &Notice) -> NoticeReference {
    NoticeReference {
        id: notice.id.clone(),
        title: notice.title.clone(),
        from: notice.from.to_string(),
        until: notice.until.to_string(),
        text: notice.body.clone(),
    }
}

pub(super) fn article(hit: &Hit<'_, Article>, query: &Query, named: bool) -> ArticleReference {
    let article = hit.item;
    ArticleReference {
        id: article.id.clone(),
        title: article.title.clone(),
        basis: article.basis.iter().map(ToString::to_string).collect(),
        effective: article.effective.map(|date| date.to_string()),
        expires: article.expires.map(|date| date.to_string()),
        text: article.body.clone(),
        passage: hit.passages(query).into_iter().next().map(PassageItem::from),
        named,
        similarity: rounded(hit.similarity),
    }
}

pub(super) fn case(hit: &Hit<'_, Case>, query: &Query) -> CaseReference {
    let case = hit.item;
    CaseReference {
        id: case.id.clone(),
        scenario: case.scenario.clone(),
        category: case.category.clone(),
        department: case.department.clone(),
        reply: case.reply.clone(),
        opened_on: case.opened_on.map(|date| date.to_string()),
        origin: match case.origin {
            Origin::Real => "real",
            Origin::Example => "example",
        }
        .to_owned(),
        passage: hit.passages(query).into_iter().next().map(PassageItem::from),
        similarity: rounded(hit.similarity),
    }
}

impl From<Passage> for PassageItem {
    fn from(passage: Passage) -> PassageItem {
        let marks = passage.marks.iter().map(|range| (range.start, range.end)).collect();
        PassageItem { text: passage.text, marks }
    }
}

/// Three digits after the point: more would claim what is not known, and read badly.
pub(super) fn rounded(number: impl Into<f64>) -> f64 {
    (number.into() * 1000.0).round() / 1000.0
}
