//! Complaints in, decisions out: one, or a batch.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Serialize;
use tokio::task::JoinSet;
use utoipa::ToSchema;

use super::app::{App, on_thread};
use super::body::{self, Json as Value, Object, missing};
use super::language::Language;
use super::problem::{Kind, Place, Problem, ProblemDocument, near};
use super::time_limit::Deadline;
use crate::bundle::Serving;
use crate::decide::{Complaint, Decision, Options, parse_time};
use crate::say;
use crate::source::Lang;

/// The fields of a complaint.
pub(super) const FIELDS: &[&str] = &["text", "title", "channel", "district", "at"];
/// The fields of a batch.
const BATCH_FIELDS: &[&str] = &["complaints"];
/// Complaints in a batch, at the most.
const MOST_COMPLAINTS: usize = 1_000;
/// Complaints that are decided in one go: short enough that batches take turns, and that one whose caller is gone ends
/// soon.
const SLICE: usize = 32;
/// The parameter that leaves everything learned out.
const RULES_ONLY: &str = "rules_only";
/// The parameter that asks for the explanation, and its one value.
const EXPLAIN: (&str, &str) = ("explain", "full");
/// The years in which a complaint may have come in: what lies outside is a mistake, and calendars end.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2199;

/// A complaint.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "梧桐苑小区门口自来水管漏了三天，水都流到马路上了", "district": "青澜区"}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(super) struct MatchRequest {
    /// 诉求原文，最多 30,000 字 / What was said or written; at most 30,000 characters.
    text: String,
    /// 标题，最多 500 字 / Its title; at most 500 characters.
    title: Option<String>,
    /// 来源渠道，如电话、网站 / How it came in.
    channel: Option<String>,
    /// 事发属地，名称或编号；优先于文本里的地名 / Where it is about, as a region's name or id; outranks the text.
    district: Option<String>,
    /// 受理时间：RFC 3339，或规则包所在时区的日期（可带时分），不填为现在 / When it came in: RFC 3339, or a date with
    /// or without a time on the bundle's clock; now, where it is missing.
    #[schema(example = "2026-11-23T09:30:00+08:00")]
    at: Option<String>,
}

/// Several complaints.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"complaints": [{"text": "小区停电两个小时了，没人通知"}, {"text": "请问公积金怎么提取"}]}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(super) struct BatchRequest {
    /// 诉求，最多 1,000 件，每件与 /v1/match 的相同；写错的一件，在它的位置上回答错在哪里，其余照常 / The complaints, 1,000
    /// at the most, each as for `/v1/match`; one that is wrong is answered with its problem, the others are decided.
    #[schema(max_items = 1_000, value_type = Vec<serde_json::Value>)]
    complaints: Vec<MatchRequest>,
}

/// The decisions of a batch.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchResponse {
    /// One for each complaint, in their order; all from one revision.
    decisions: Vec<BatchItem>,
}

/// The decision, or why there is none. (Only a problem has a `type`.)
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum BatchItem {
    /// The decision.
    Decision(Box<Decision>),
    /// Why this complaint could not be decided.
    Problem(ProblemDocument),
}

/// Decides one complaint.
#[utoipa::path(
    post, path = "/v1/match", operation_id = "match", tag = "decide", summary = "判定一件诉求 / Decide one complaint",
    params(
        ("rules_only" = Option<bool>, Query, description = "只用规则，不用历史案例 / Leave everything learned from past cases out"),
        ("explain" = Option<String>, Query, pattern = "^full$", description = "full：附上逐条说明和最小改动 / `full`: with every clause, and the smallest changes that flip it"),
    ),
    request_body = MatchRequest,
    responses((status = 200, description = "判定结果 / The decision", body = Decision)),
)]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<Decision>, Problem> {
    let asked = asked(query.as_deref())?;
    let body = body::read(request, app.configuration.body_limit).await?;
    let (serving, own) = (app.live.serving(), Arc::clone(&app));
    // An explanation tries some hundred changed texts, which is long work however short the complaint.
    let bytes = if asked.explain { usize::MAX } else { body.len() };
    let work = move || decided(&own, &serving, body::parse(&body)?, asked);
    app.work(bytes, work).await.map(Json)
}

/// Decides up to 1,000 complaints with one bundle. One that cannot be decided gets a problem in its place.
#[utoipa::path(
    post, path = "/v1/match:batch", operation_id = "match_batch", tag = "decide", summary = "批量判定 / Decide several complaints",
    description = "同一批使用同一版规则包；无法判定的，在它的位置上给出原因 / \
                   All with one bundle; one that cannot be decided gets a problem in its place",
    params(("rules_only" = Option<bool>, Query, description = "只用规则，不用历史案例 / Leave everything learned from past cases out")),
    request_body = BatchRequest,
    responses((status = 200, description = "按原顺序，每件一个结果 / A decision or a problem for each, in order", body = BatchResponse)),
)]
pub(super) async fn batch(
    State(app): State<Arc<App>>,
    Language(lang): Language,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<BatchResponse>, Problem> {
    let asked = asked(query.as_deref())?;
    if asked.explain {
        let detail = say!(
            "批量判定不带说明，请用 /v1/match?explain=full 逐件查询",
            "a batch has no explanations: ask for each with /v1/match?explain=full"
        );
        return Err(Problem::new(Kind::InvalidQuery, detail).of_field(EXPLAIN.0));
    }
    let deadline = Deadline::of(&request);
    let body = body::read(request, app.configuration.batch_body_limit).await?;
    let bytes = body.len();
    let object = app.work(bytes, move || body::parse(&body)?.object(BATCH_FIELDS));
    let (complaints, count) = object.await?.list("complaints")?.ok_or_else(|| missing("complaints"))?;
    if count > MOST_COMPLAINTS {
        let detail = say!(
            "一批最多 {MOST_COMPLAINTS} 件，这批有 {count} 件，请分批提交",
            "a batch has at most {MOST_COMPLAINTS} complaints, and this one {count}: send several"
        );
        let place = Place { field: Some("complaints".to_owned()), most: Some(MOST_COMPLAINTS), ..Place::default() };
        return Err(Problem::new(Kind::TooManyItems, detail).at(place));
    }
    let serving = app.live.serving();
    let batch = Batch { app, serving, asked, lang, deadline };
    batch.decided(complaints).await.map(|decisions| Json(BatchResponse { decisions }))
}

/// What all slices of a batch share.
#[derive(Clone)]
struct Batch {
    app: Arc<App>,
    serving: Arc<Serving>,
    asked: Asked,
    lang: Lang,
    deadline: Deadline,
}

impl Batch {
    /// Decides slice by slice, several at a time where there are cores to spare, and puts the results in order. When the
    /// caller hangs up the slices that still wait are dropped.
    async fn decided(self, complaints: Vec<Value>) -> Result<Vec<BatchItem>, Problem> {
        let mut waiting = complaints.into_iter();
        let mut slices = JoinSet::new();
        for number in 0_usize.. {
            let slice: Vec<Value> = waiting.by_ref().take(SLICE).collect();
            if slice.is_empty() {
                break;
            }
            let batch = self.clone();
            slices.spawn(async move { (number, batch.slice(slice).await) });
        }
        let mut done = slices.join_all().await;
        done.sort_unstable_by_key(|(number, _)| *number);
        let slices: Vec<Vec<BatchItem>> = done.into_iter().map(|(_, slice)| slice).collect::<Result<_, _>>()?;
        Ok(slices.into_iter().flatten().collect())
    }

    /// Decides one slice when it is its turn. Past the deadline nobody waits for the rest any more, so it is left.
    async fn slice(self, slice: Vec<Value>) -> Result<Vec<BatchItem>, Problem> {
        let turns = Arc::clone(&self.app.batches);
        let work = move || {
            let in_time =
                |value| if self.deadline.has_passed() { Err(Problem::time_limit()) } else { Ok(self.item(value)) };
            slice.into_iter().map(in_time).collect()
        };
        on_thread(&turns, work).await?
    }

    fn item(&self, value: Value) -> BatchItem {
        match decided(&self.app, &self.serving, value, self.asked) {
            Ok(decision) => BatchItem::Decision(Box::new(decision)),
            Err(problem) => BatchItem::Problem(problem.document(self.lang)),
        }
    }
}

/// How the caller wants it decided.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    options: Options,
    explain: bool,
}

/// The decision about a complaint as it came in.
fn decided(app: &App, serving: &Arc<Serving>, given: Value, asked: Asked) -> Result<Decision, Problem> {
    let engine = &serving.bundle.engine;
    let complaint = complaint(given.object(FIELDS)?, &engine.settings().time_zone, Timestamp::now())?;
    let started = Instant::now();
    let decision = engine.decide(&complaint, asked.options)?;
    let took = started.elapsed();
    let explanation = asked.explain.then(|| engine.explain(&complaint, asked.options, None)).transpose()?;
    let decision = app.handed_out(serving, &complaint, asked.options, decision, took);
    Ok(Decision { explain: explanation.map(Box::new), ..decision })
}

/// The complaint that a body's object says.
pub(super) fn complaint(mut object: Object, zone: &TimeZone, now: Timestamp) -> Result<Complaint, Problem> {
    let at = match object.text("at")? {
        Some(at) => moment("at", &at, zone)?,
        None => now.to_zoned(zone.clone()),
    };
    Ok(Complaint {
        text: object.required_text("text")?,
        title: object.text("title")?,
        channel: object.text("channel")?,
        district: object.text("district")?,
        at,
    })
}

/// A moment as callers write it: with an offset, or by the clock of the bundle; a date alone is its first moment.
pub(super) fn moment(field: &str, given: &str, zone: &TimeZone) -> Result<Zoned, Problem> {
    parse_time(given, zone).filter(|moment| YEARS.contains(&moment.year())).ok_or_else(|| {
        let detail = say!(
            "“{field}”应为时间，例如 2026-11-23T09:30:00+08:00、2026-11-23 09:30 或 2026-11-23",
            "`{field}` should be a time, such as 2026-11-23T09:30:00+08:00, 2026-11-23 09:30 or 2026-11-23"
        );
        Problem::new(Kind::InvalidField, detail).of_field(field)
    })
}

/// What the query string says: `rules_only`, alone or with true or false, and `explain=full`.
fn asked(query: Option<&str>) -> Result<Asked, Problem> {
    let mut asked = Asked::default();
    let wrong = |field: &'static str, detail| Err(Problem::new(Kind::InvalidQuery, detail).of_field(field));
    for parameter in query.unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, "true"));
        match (name, value) {
            (RULES_ONLY, "true" | "1") => asked.options.rules_only = true,
            (RULES_ONLY, "false" | "0") => asked.options.rules_only = false,
            (RULES_ONLY, _) => {
                return wrong(
                    RULES_ONLY,
                    say!("rules_only 应为 true 或 false", "`rules_only` should be true or false"),
                );
            }
            EXPLAIN => asked.explain = true,
            (name, _) if name == EXPLAIN.0 => {
                return wrong(EXPLAIN.0, say!("explain 只能写 full", "`explain` can only be `full`"));
            }
            _ => {
                let detail =
                    say!("这里只有参数 rules_only 和 explain", "the parameters here are `rules_only` and `explain`");
                let nearest = near(name, [RULES_ONLY, EXPLAIN.0]);
                return Err(Problem::new(Kind::InvalidQuery, detail).at(Place { nearest, ..Place::default() }));
            }
        }
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::app::Configuration;
    use super::super::tests::app;
    use super::*;

    #[test]
    fn times_are_read_as_callers_write_them() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        for (given, expect) in [
            ("2026-11-23T09:30:00+08:00", "2026-11-23T09:30:00"),
            ("2026-11-23T01:30:00Z", "2026-11-23T09:30:00"),
            ("2026-11-23T09:30:00", "2026-11-23T09:30:00"),
            ("2026-11-23 09:30", "2026-11-23T09:30:00"),
            ("2026-11-23", "2026-11-23T00:00:00"),
            ("", ""),
            ("昨天", ""),
            ("1763861400", ""),
            ("2026-02-29", ""),
            ("2026-11-23T25:00:00", ""),
            ("9999-12-31", ""),
            ("-009999-01-01", ""),
            ("0001-01-01T00:00:00Z", ""),
        ] {
            let moment = moment("at", given, &zone);
            assert_eq!(moment.map(|moment| moment.datetime().to_string()).unwrap_or_default(), expect, "{given}");
        }
    }

    #[tokio::test]
    async fn a_batch_past_its_deadline_is_a_problem_and_never_a_part_of_the_answer() {
        let app = app(Configuration::default());
        let deadline = |seconds| Deadline::within(std::time::Duration::from_secs(seconds));
        for (deadline, expect) in [(deadline(60), Some(100)), (deadline(0), None)] {
            let serving = app.live.serving();
            let batch = Batch { app: Arc::clone(&app), serving, asked: Asked::default(), lang: Lang::Zh, deadline };
            let decisions = batch.decided((0..100).map(|_| Value::Null).collect()).await;
            assert_eq!(decisions.ok().map(|decisions| decisions.len()), expect);
        }
    }

    #[test]
    fn the_query_string_is_read_strictly() {
        for (query, expect) in [
            ("", Some((false, false))),
            ("rules_only", Some((true, false))),
            ("rules_only=true", Some((true, false))),
            ("rules_only=1&", Some((true, false))),
            ("rules_only=0", Some((false, false))),
            ("rules_only=yes", None),
            ("rule_only=true", None),
            ("explain=full", Some((false, true))),
            ("rules_only&explain=full", Some((true, true))),
            ("explain", None),
            ("explain=true", None),
            ("text=水管", None),
        ] {
            let asked = asked(Some(query)).ok();
            assert_eq!(asked.map(|asked| (asked.options.rules_only, asked.explain)), expect, "{query}");
        }
    }
}
