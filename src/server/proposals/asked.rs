//! What is proposed, read from a body and held against the bundle.

use jiff::{Timestamp, civil};
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::super::body::{Object, missing};
use super::super::matching::moment;
use super::super::problem::{Kind, Place, Problem};
use super::super::search::unknown;
use super::super::shape::short_enough;
use crate::bundle::Bundle;
use crate::decide::{Complaint, ComplaintError, MAX_TEXT, MAX_TITLE};
use crate::report::correct::{NewArticle, Wrong};
use crate::say;
use crate::source::Date;
use crate::text::Text;
use crate::text::mask::masked;
use crate::tickets::ProposalKind;

/// The fields of a proposal.
pub(super) const FIELDS: &[&str] = &[
    "kind",
    "text",
    "title",
    "district",
    "at",
    "scenario",
    "department",
    "why",
    "ticket",
    "article",
    "questions",
    "answer",
    "basis",
    "effective",
    "expires",
    "on",
];
/// Characters of a word or two, at the most.
const MOST_WHY: usize = 500;
/// Characters of a title, a question or a basis, at the most: what articles may have.
const MOST_LINE: usize = 200;
/// Characters of an answer, at the most.
const MOST_ANSWER: usize = 20_000;
/// Questions and bases, at the most.
const MOST_LINES: usize = 50;
/// Characters of a title in lists.
const SHOWN: usize = 60;

/// What is proposed.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "correction", "text": "楼道里的窨井一直往外冒臭水", "scenario": "water/pipe-leak", "why": "场景识别有误"}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(in super::super) struct ProposalRequest {
    /// correction 判得不对；article 新知识条目；confirmation 条目核对无误；report 条目有误 / What is proposed.
    kind: ProposalKind,
    /// correction：诉求原文 / The complaint that was decided wrongly.
    text: Option<String>,
    /// correction：诉求标题；article：条目标题 / The complaint's title, or the article's.
    title: Option<String>,
    /// correction：事发属地 / Where it is about.
    district: Option<String>,
    /// correction：受理时间 / When it came in.
    at: Option<String>,
    /// correction：正确的场景；article：它回答的场景（编号）/ The right scenario, or the one that the article answers.
    scenario: Option<String>,
    /// correction：正确的承办单位；article：所属单位（编号、名称或别名）/ The right department, or the article's.
    department: Option<String>,
    /// 为什么 / Why, in a word or two; of a report, what is wrong.
    why: Option<String>,
    /// 来自哪件工单 / The ticket that it came from.
    ticket: Option<String>,
    /// confirmation、report：哪个条目（编号）/ Which article.
    article: Option<String>,
    /// article：常见问法，最多 50 个 / Known ways to ask it.
    questions: Option<Vec<String>>,
    /// article：答复正文 / The answer, Markdown.
    answer: Option<String>,
    /// article：依据，如《物业管理条例》第五十一条 / What it rests on, as it is cited.
    basis: Option<Vec<String>>,
    /// article：依据生效日 / The day it took effect.
    #[schema(format = Date)]
    effective: Option<String>,
    /// article：到期日 / The last day it is offered.
    #[schema(format = Date)]
    expires: Option<String>,
    /// confirmation：核对日期，不填为今天 / The day it was looked at; today, where it is missing.
    #[schema(format = Date)]
    on: Option<String>,
}

/// What is proposed, with names looked up.
pub(super) enum Asked {
    Correction { wrong: Wrong, ticket: Option<String> },
    Article(NewArticle),
    Confirmation { article: String, on: civil::Date },
    Report { article: String, why: String },
}

impl Asked {
    pub(super) fn read(mut object: Object, bundle: &Bundle) -> Result<Asked, Problem> {
        let name = object.required_text("kind")?;
        let kind = ProposalKind::named(&name).ok_or_else(|| {
            let detail = say!(
                "kind 应为 correction、article、confirmation 或 report",
                "`kind` should be correction, article, confirmation or report"
            );
            Problem::new(Kind::InvalidField, detail).of_field("kind")
        })?;
        let asked = match kind {
            ProposalKind::Correction => correction(&mut object, bundle),
            ProposalKind::Article => article(&mut object, bundle),
            ProposalKind::Confirmation => {
                let article = known_article(&mut object, bundle)?;
                let today = Timestamp::now().to_zoned(bundle.engine.settings().time_zone.clone()).date();
                let on = date(&mut object, "on")?.unwrap_or(today);
                if on > today {
                    let detail = say!("“on”不能晚于今天", "`on` is a day that has not come yet");
                    return Err(Problem::new(Kind::InvalidField, detail).of_field("on"));
                }
                Ok(Asked::Confirmation { article, on })
            }
            ProposalKind::Report => {
                let article = known_article(&mut object, bundle)?;
                let why = line(&mut object, "why", MOST_WHY)?.ok_or_else(|| missing("why"))?;
                Ok(Asked::Report { article, why: masked(&why) })
            }
        }?;
        rest(&mut object)?;
        Ok(asked)
    }

    pub(super) fn kind(&self) -> ProposalKind {
        match self {
            Asked::Correction { .. } => ProposalKind::Correction,
            Asked::Article(_) => ProposalKind::Article,
            Asked::Confirmation { .. } => ProposalKind::Confirmation,
            Asked::Report { .. } => ProposalKind::Report,
        }
    }

    pub(super) fn ticket(&self) -> Option<String> {
        match self {
            Asked::Correction { ticket, .. } => ticket.clone(),
            _ => None,
        }
    }

    /// What was asked for, masked, with the names of what it names.
    pub(super) fn shown(&self, bundle: &Bundle) -> Json {
        let engine = &bundle.engine;
        let scenario = |id: &str| {
            let title = engine.rules().position(id).map(|at| engine.rules().scenarios()[at].title.clone());
            json!({"id": id, "name": title})
        };
        let department = |id: &str| json!({"id": id, "name": engine.catalog().department(id).map(|known| &known.name)});
        match self {
            Asked::Correction { wrong, .. } => {
                let said = wrong.masked();
                json!({
                    "text": said.text, "title": said.title, "district": said.district,
                    "scenario": wrong.scenario.as_deref().map(scenario), "department": wrong.department.as_deref().map(department),
                    "why": wrong.why,
                })
            }
            Asked::Article(own) => json!({
                "title": own.title, "questions": own.questions, "answer": own.answer, "basis": own.basis,
                "effective": own.effective.to_string(), "expires": own.expires.map(|day| day.to_string()),
                "department": own.department.as_deref().map(department), "scenario": own.scenario.as_deref().map(scenario),
            }),
            Asked::Confirmation { article, on } => {
                json!({"article": named_article(bundle, article), "on": on.to_string()})
            }
            Asked::Report { article, why } => json!({"article": named_article(bundle, article), "why": why}),
        }
    }

    /// What it is about, in one line, masked.
    pub(super) fn title(&self, bundle: &Bundle) -> String {
        let title = match self {
            Asked::Correction { wrong, .. } => wrong.masked().text,
            Asked::Article(own) => own.title.clone(),
            Asked::Confirmation { article, .. } | Asked::Report { article, .. } => {
                named_article(bundle, article)["title"].as_str().unwrap_or(article).to_owned()
            }
        };
        title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
    }
}

/// What is of no use to this kind of proposal is still what the document says it is.
fn rest(object: &mut Object) -> Result<(), Problem> {
    for name in FIELDS {
        match *name {
            "questions" | "basis" => object.texts(name).map(|_| ())?,
            "effective" | "expires" | "on" => date(object, name).map(|_| ())?,
            _ => object.text(name).map(|_| ())?,
        }
    }
    Ok(())
}

fn named_article(bundle: &Bundle, id: &str) -> Json {
    let known = bundle.engine.knowledge().reference.all_articles().iter().find(|article| article.id == id);
    json!({"id": id, "title": known.map(|article| &article.title)})
}

fn correction(object: &mut Object, bundle: &Bundle) -> Result<Asked, Problem> {
    let engine = &bundle.engine;
    let zone = &engine.settings().time_zone;
    let at = object.text("at")?.map(|at| moment("at", &at, zone)).transpose()?;
    let complaint = Complaint {
        text: bounded("text", &object.required_text("text")?, MAX_TEXT)?,
        title: object.text("title")?.map(|title| bounded("title", &title, MAX_TITLE)).transpose()?,
        channel: None,
        district: line(object, "district", MOST_LINE)?,
        at: at.unwrap_or_else(|| Timestamp::now().to_zoned(zone.clone())),
    };
    complaint.check()?;
    if Text::new(complaint.title.as_deref(), &complaint.text).normalised().trim().is_empty() {
        return Err(ComplaintError::Empty.into());
    }
    let scenario = known_scenario(object, bundle)?;
    let department = known_department(object, bundle)?;
    if scenario.is_none() && department.is_none() {
        let detail = say!("请写明正确的场景或承办单位", "name the right scenario or the right department");
        return Err(Problem::new(Kind::MissingField, detail).of_field("scenario"));
    }
    let why = line(object, "why", MOST_WHY)?.ok_or_else(|| missing("why"))?;
    let ticket = line(object, "ticket", MOST_LINE)?;
    Ok(Asked::Correction { wrong: Wrong { complaint, scenario, department, why: masked(&why) }, ticket })
}

fn article(object: &mut Object, bundle: &Bundle) -> Result<Asked, Problem> {
    let needed =
        |object: &mut Object, name: &'static str, most: usize| line(object, name, most)?.ok_or_else(|| missing(name));
    let lines = |object: &mut Object, name: &'static str| -> Result<Vec<String>, Problem> {
        let all = object.texts(name)?.unwrap_or_default();
        if all.len() > MOST_LINES {
            let detail = say!("“{name}”最多 {MOST_LINES} 条", "`{name}` has {MOST_LINES} at the most");
            let place = Place { field: Some(name.to_owned()), most: Some(MOST_LINES), ..Place::default() };
            return Err(Problem::new(Kind::TooManyItems, detail).at(place));
        }
        let all = all.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        all.map(|text| bounded(name, &text, MOST_LINE)).collect()
    };
    let title = needed(object, "title", MOST_LINE)?;
    let answer = needed(object, "answer", MOST_ANSWER)?;
    let basis = lines(object, "basis")?;
    if basis.is_empty() {
        return Err(missing("basis"));
    }
    let effective = date(object, "effective")?.ok_or_else(|| missing("effective"))?;
    let expires = date(object, "expires")?;
    if expires.is_some_and(|expires| expires < effective) {
        let detail = say!("“expires”早于“effective”", "`expires` is before `effective`");
        return Err(Problem::new(Kind::InvalidField, detail).of_field("expires"));
    }
    let questions = lines(object, "questions")?;
    let (department, scenario) = (known_department(object, bundle)?, known_scenario(object, bundle)?);
    Ok(Asked::Article(NewArticle { title, questions, answer, basis, effective, expires, department, scenario }))
}

/// A text that is not too long; nothing where it is empty.
fn line(object: &mut Object, name: &'static str, most: usize) -> Result<Option<String>, Problem> {
    let text = object.text(name)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    text.map(|text| bounded(name, &text, most)).transpose()
}

/// A text that is not too long, without what nobody can see: it is of use to nobody, and no database keeps all of it.
fn bounded(name: &str, text: &str, most: usize) -> Result<String, Problem> {
    short_enough(name, text, most)?;
    Ok(text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect())
}

fn date(object: &mut Object, name: &'static str) -> Result<Option<civil::Date>, Problem> {
    let Some(text) = object.text(name)? else { return Ok(None) };
    let wrong = || {
        let detail = say!("“{name}”应为日期，如 2026-11-23", "`{name}` should be a date, such as 2026-11-23");
        Problem::new(Kind::InvalidField, detail).of_field(name)
    };
    Date::parse(&text).map(|Date(day)| Some(day)).ok_or_else(wrong)
}

fn known_scenario(object: &mut Object, bundle: &Bundle) -> Result<Option<String>, Problem> {
    let Some(id) = line(object, "scenario", MOST_LINE)? else { return Ok(None) };
    let rules = bundle.engine.rules();
    let ids = || rules.scenarios().iter().map(|scenario| scenario.id.as_str());
    if rules.position(&id).is_none() { Err(unknown("scenario", &id, ids())) } else { Ok(Some(id)) }
}

fn known_department(object: &mut Object, bundle: &Bundle) -> Result<Option<String>, Problem> {
    let Some(name) = line(object, "department", MOST_LINE)? else { return Ok(None) };
    let catalog = bundle.engine.catalog();
    let names = || catalog.departments().iter().flat_map(|department| [department.id.as_str(), &department.name]);
    let found = catalog.department(&name).or_else(|| catalog.department_named(&name));
    found.map(|known| Some(known.id.clone())).ok_or_else(|| unknown("department", &name, names()))
}

fn known_article(object: &mut Object, bundle: &Bundle) -> Result<String, Problem> {
    let id = line(object, "article", MOST_LINE)?.ok_or_else(|| missing("article"))?;
    let all = bundle.engine.knowledge().reference.all_articles();
    let ids = || all.iter().map(|article| article.id.as_str());
    if all.iter().any(|article| article.id == id) { Ok(id) } else { Err(unknown("article", &id, ids())) }
}
