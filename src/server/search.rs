//! Search in what the bundle knows: articles, notices, past cases.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::body::{self, Object};
use super::caller::Caller;
use super::matching::moment;
use super::problem::{Kind as ProblemKind, Place, Problem, near};
use crate::access::Scope;
use crate::decide::{ComplaintError, Engine, MAX_TEXT, PassageItem};
use crate::knowledge::{Article, Case, Filter, Hit as Found, Notice, Passage, Query};
use crate::say;
use crate::text::Text;

/// The fields of a search.
const FIELDS: &[&str] = &["query", "kinds", "region", "department", "scenario", "at", "limit"];
/// Hits where nothing is said.
const DEFAULT_LIMIT: usize = 10;
/// Hits at the most.
const MOST_LIMIT: usize = 100;

/// What is looked for.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"query": "小区里的水管漏了该找谁修", "kinds": ["article", "notice"], "limit": 5}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(super) struct SearchRequest {
    /// 词语、问题或整段诉求，最多 30,000 字 / Words, a question or a whole complaint; at most 30,000 characters.
    query: String,
    /// 检索范围，不填为全部 / What to look in; everything where it is missing.
    kinds: Option<Vec<Kind>>,
    /// 只要在这个属地（名称或编号）有效的 / Only what holds in this region (name or id) or in what it lies in.
    region: Option<String>,
    /// 只要与这个承办单位（名称或编号）有关的 / Only what is about this department (name or id).
    department: Option<String>,
    /// 只要与这个场景（编号）有关的 / Only what is about this scenario (id).
    scenario: Option<String>,
    /// 只要此时有效的，写法同诉求的 at，不填为现在；案例不过期 / Only what is valid at this time, written as a
    /// complaint's; now, where it is missing. Cases do not expire.
    at: Option<String>,
    /// 最多几条 / Hits at the most.
    #[schema(minimum = 1, maximum = 100, default = 10)]
    limit: Option<usize>,
}

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SearchKind)]
pub(super) enum Kind {
    /// A policy answer.
    Article,
    /// What is going on now.
    Notice,
    /// A past case.
    Case,
}

impl Kind {
    const ALL: [(&'static str, Kind); 3] = [("article", Kind::Article), ("notice", Kind::Notice), ("case", Kind::Case)];
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(super) struct SearchResponse {
    /// The bundle's revision.
    revision: String,
    /// The hits, best first.
    hits: Vec<Hit>,
}

/// Something found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Hit {
    /// What it is.
    kind: Kind,
    /// Its id, unique among those of its kind.
    id: String,
    /// Its title.
    title: Option<String>,
    /// The laws or documents that an article rests on.
    basis: Vec<String>,
    /// The answer of an article, the words of a notice, or what was answered to a case.
    text: Option<String>,
    /// The passage that shows why it was found; none where only the title does.
    passage: Option<PassageItem>,
    /// How much of the query's informative words it has, 0 to 1.
    similarity: f64,
    /// BM25; comparable only within one kind of one answer, articles with notices excepted.
    score: f64,
}

/// Looks in articles, notices and past cases. Of each kind the order is that of the index (what an article's known
/// questions ask nearly word for word comes first); the kinds are merged by similarity.
#[utoipa::path(
    post, path = "/v1/search", tag = "knowledge", summary = "检索政策知识、公告与历史案例 / Search articles, notices and past cases",
    description = "每一类按各自的检索次序排列，类与类之间按相似度合并；承办单位的密钥只检索政策和公告 / \
                   Each kind keeps the order of its index; the kinds are merged by similarity. Departments search articles and notices alone",
    request_body = SearchRequest,
    responses((status = 200, description = "结果，最好的在前 / The hits, best first", body = SearchResponse)),
)]
pub(super) async fn search(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Json<SearchResponse>, Problem> {
    let asks = actor.is_central() || actor.may(&Scope::Submit) || actor.may(&Scope::Editor);
    if !asks && actor.departments().next().is_none() {
        let detail = say!(
            "需要权限：submit / agent / dispatcher / department / editor",
            "it needs the scope submit / agent / dispatcher / department / editor"
        );
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    let body = body::read(request, app.configuration.body_limit).await?;
    let serving = app.live.serving();
    let bytes = body.len();
    let work = move || {
        let engine = &serving.bundle.engine;
        let mut search = Search::read(body::parse(&body)?.object(FIELDS)?, engine)?;
        if !asks {
            // What citizens told of matters of others is nothing for a department.
            search.kinds.retain(|kind| *kind != Kind::Case);
        }
        let hits = search.hits(engine);
        Ok(Json(SearchResponse { revision: engine.revision().to_owned(), hits }))
    };
    app.work(bytes, work).await
}

/// A search with its names looked up.
struct Search<'a> {
    query: Query,
    kinds: Vec<Kind>,
    regions: Vec<&'a str>,
    department: Option<&'a str>,
    scenario: Option<String>,
    at: jiff::civil::DateTime,
    limit: usize,
}

impl<'a> Search<'a> {
    fn read(mut object: Object, engine: &'a Engine) -> Result<Search<'a>, Problem> {
        let catalog = engine.catalog();
        let zone = &engine.settings().time_zone;
        let text = object.required_text("query")?;
        let region = object.text("region")?;
        let region = region.map(|name| {
            let names = || catalog.regions().iter().flat_map(|region| [region.id.as_str(), &region.name]);
            catalog.region_named(&name).ok_or_else(|| unknown("region", &name, names()))
        });
        let department = object.text("department")?;
        let department = department.map(|name| {
            let names =
                || catalog.departments().iter().flat_map(|department| [department.id.as_str(), &department.name]);
            catalog.department_named(&name).ok_or_else(|| unknown("department", &name, names()))
        });
        let scenario = object.text("scenario")?;
        if let Some(id) = scenario.as_deref().filter(|id| engine.rules().position(id).is_none()) {
            return Err(unknown(
                "scenario",
                id,
                engine.rules().scenarios().iter().map(|scenario| scenario.id.as_str()),
            ));
        }
        let at = object.text("at")?.map(|at| moment("at", &at, zone)).transpose()?;
        let mut regions = Vec::new();
        let mut next = region.transpose()?;
        while let Some(region) = next {
            regions.push(region.id.as_str());
            next = region.parent.as_deref().and_then(|parent| catalog.region(parent));
        }
        Ok(Search {
            kinds: kinds(object.texts("kinds")?)?,
            regions,
            department: department.transpose()?.map(|department| department.id.as_str()),
            scenario,
            at: at.unwrap_or_else(|| Timestamp::now().to_zoned(zone.clone())).datetime(),
            limit: object.count("limit", MOST_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
            query: query(&text, engine)?,
        })
    }

    fn hits(&self, engine: &Engine) -> Vec<Hit> {
        let knowledge = engine.knowledge();
        let (query, limit) = (&self.query, self.limit);
        let filter = Filter {
            at: self.at,
            regions: &self.regions,
            department: self.department,
            scenario: self.scenario.as_deref(),
        };
        let lists = self.kinds.iter().map(|kind| match kind {
            Kind::Article => {
                let found = knowledge.reference.articles(query, &filter, &[], limit);
                found.iter().map(|found| article(found, query)).collect()
            }
            Kind::Notice => {
                let found = knowledge.reference.search_notices(query, &filter, limit);
                found.iter().map(|found| notice(found, query)).collect()
            }
            Kind::Case => {
                let found = knowledge.cases.nearest(query, limit, |case| filter.admits_case(case));
                found.iter().map(|found| case(found, query)).collect()
            }
        });
        merged(lists.collect(), limit)
    }
}

/// Takes from several lists, each in its own order, whichever has the more similar item in front; of equal ones the
/// list that stands first.
fn merged(mut lists: Vec<VecDeque<Hit>>, limit: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    while hits.len() < limit {
        let mut best: Option<&mut VecDeque<Hit>> = None;
        for list in &mut lists {
            let front = |list: &VecDeque<Hit>| list.front().map_or(-1.0, |hit| hit.similarity);
            if best.as_ref().is_none_or(|best| front(list) > front(best)) {
                best = Some(list);
            }
        }
        let Some(hit) = best.and_then(VecDeque::pop_front) else { break };
        hits.push(hit);
    }
    hits
}

fn kinds(names: Option<Vec<String>>) -> Result<Vec<Kind>, Problem> {
    let Some(names) = names else { return Ok(Kind::ALL.map(|(_, kind)| kind).to_vec()) };
    let mut kinds = Vec::new();
    for name in names {
        let known = Kind::ALL.iter().find(|(known, _)| *known == name);
        let (_, kind) = known.ok_or_else(|| unknown("kinds", &name, Kind::ALL.iter().map(|(known, _)| *known)))?;
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    Ok(kinds)
}

fn query(text: &str, engine: &Engine) -> Result<Query, Problem> {
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(ComplaintError::TooLong { field: "query", length, most: MAX_TEXT }.into());
    }
    let text = Text::new(None, text);
    if text.normalised().trim().is_empty() {
        let detail = say!("“query”里没有可以检索的文字", "there is nothing in `query` to look for");
        return Err(Problem::new(ProblemKind::EmptyText, detail).of_field("query"));
    }
    Ok(Query::from_text(&text, engine.segmenter()))
}

/// A name that the bundle does not have, with the nearest that it has. The name itself is not repeated: it may be long.
pub(super) fn unknown<'n>(field: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Problem {
    let nearest = near(name, known);
    let detail = match &nearest {
        Some(near) => {
            say!("“{field}”里的名称不存在，是否想写“{near}”？", "`{field}` is not known: did you mean `{near}`?")
        }
        None => say!("“{field}”里的名称不存在", "`{field}` is not known"),
    };
    Problem::new(ProblemKind::UnknownName, detail).at(Place {
        field: Some(field.to_owned()),
        nearest,
        ..Place::default()
    })
}

fn article(found: &Found<'_, Article>, query: &Query) -> Hit {
    let Found { item, score, similarity } = *found;
    Hit {
        kind: Kind::Article,
        id: item.id.clone(),
        title: Some(item.title.clone()),
        basis: item.basis.iter().map(ToString::to_string).collect(),
        text: Some(item.body.clone()),
        passage: passage(found.passages(query)),
        similarity: rounded(similarity),
        score: rounded(score),
    }
}

fn notice(found: &Found<'_, Notice>, query: &Query) -> Hit {
    let Found { item, score, similarity } = *found;
    Hit {
        kind: Kind::Notice,
        id: item.id.clone(),
        title: Some(item.title.clone()),
        basis: Vec::new(),
        text: Some(item.body.clone()),
        passage: passage(found.passages(query)),
        similarity: rounded(similarity),
        score: rounded(score),
    }
}

fn case(found: &Found<'_, Case>, query: &Query) -> Hit {
    let Found { item, score, similarity } = *found;
    Hit {
        kind: Kind::Case,
        id: item.id.clone(),
        title: item.title.clone(),
        basis: Vec::new(),
        text: item.reply.clone(),
        passage: passage(found.passages(query)),
        similarity: rounded(similarity),
        score: rounded(score),
    }
}

fn passage(passages: Vec<Passage>) -> Option<PassageItem> {
    passages.into_iter().next().map(PassageItem::from)
}

/// Three digits after the point, as in decisions.
fn rounded(number: f32) -> f64 {
    (f64::from(number) * 1000.0).round() / 1000.0
}
