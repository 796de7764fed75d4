//! What statistics say beside counts and rates: what became of suggestions, what is rising, when tickets come in.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::app::App;
use super::super::caller::Caller;
use super::super::problem::Problem;
use super::super::shape::query;
use super::csv;
use super::list::{department, district, scenario};
use super::statistics::{Format, Language, day, wrong};
use crate::bundle::Serving;
use crate::tickets::{By, Feedback, Hours, HoursQuestion, Rising, RisingQuestion};

/// Days that are counted where nothing is said: the last thirty.
const DAYS: i32 = 29;

/// Which months.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct RulesQuery {
    /// 第一天，按其所在的月计；默认为三十天前 / The first day, counted with its month; thirty days ago where nothing is said.
    #[param(format = Date)]
    from: Option<String>,
    /// 最后一天，按其所在的月计；默认为今天 / The last day, counted with its month; today where nothing is said.
    #[param(format = Date)]
    to: Option<String>,
    /// json（默认）或 csv / `json`, or `csv`.
    #[param(inline)]
    format: Option<Format>,
    /// 表头的语言：zh 或 en，默认随 Accept-Language / The language of a CSV's headings.
    #[param(inline)]
    lang: Option<Language>,
}

/// What became of suggestions, by scenario and by row of the dispatch list.
#[utoipa::path(
    get, path = "/v1/statistics/rules", operation_id = "rule_statistics", tag = "tickets",
    summary = "统计：每条规则的建议被采纳、更改、退单的件数 / What became of suggestions, by rule",
    description = "按受理月归集；场景按编号，派单目录按依据 / \
                   By the month of the call; scenarios by their id, rows of the dispatch list by their basis",
    params(RulesQuery),
    responses((status = 200, description = "各规则的件数 / The counts of every rule", content(
        (Feedback = "application/json"),
        (String = "text/csv"),
    ))),
)]
pub(in super::super) async fn rules(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let asked: RulesQuery = query(&uri)?;
    let serving = app.live.serving();
    let (from, to) = days(asked.from.as_ref(), asked.to.as_ref(), &serving)?;
    let feedback = tickets.feedback(from, to, &actor).await?;
    if asked.format != Some(Format::Csv) {
        return Ok(Json(feedback).into_response());
    }
    let lang = Language::of(asked.lang, &headers, app.configuration.lang);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"rules.csv\""),
    ];
    let written = csv::of_rules(&feedback, &serving, lang).ok_or_else(Problem::internal)?;
    Ok((headers, written).into_response())
}

/// What is held against what.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct RisingQuery {
    /// 最后一天；默认为今天 / The last day; today where nothing is said.
    #[param(format = Date)]
    to: Option<String>,
    /// 看最近几天，1 到 28；默认 7 / Days up to that one, 1 to 28; 7 where nothing is said.
    #[param(minimum = 1, maximum = 28)]
    days: Option<i32>,
    /// 与之前几周比，3 到 26；默认 8 / Weeks before that they are held against, 3 to 26; 8 where nothing is said.
    #[param(minimum = 3, maximum = 26)]
    weeks: Option<i32>,
    /// 至少几件才算，1 到 10000；默认 5 / Tickets that a topic must have at least, 1 to 10000; 5 where nothing is said.
    #[param(minimum = 1, maximum = 10_000)]
    least: Option<i64>,
    /// scenario（默认）、category 或 district / `scenario`, or `category`, or `district`.
    #[param(pattern = "^(scenario|category|district)$")]
    by: Option<String>,
    /// 只看这个单位（编号、名称或别名）及其下级 / Only one department (id, name or alias) and those below it.
    department: Option<String>,
}

/// Topics of which more came in than the weeks before suggest.
#[utoipa::path(
    get, path = "/v1/statistics/rising", operation_id = "rising", tag = "tickets",
    summary = "统计：突增的问题 / Rising topics",
    description = "与之前每周同样的天数相比（负二项分布，Farrington 1996；误报率控制，Benjamini–Hochberg 1995，5%） / \
                   Held against the same days of the weeks before: negative binomial tail (Farrington 1996), at most 5 % false \
                   alarms (Benjamini and Hochberg 1995)",
    params(RisingQuery),
    responses((status = 200, description = "突增的问题 / The topics that are rising", body = Rising)),
)]
pub(in super::super) async fn rising(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Json<Rising>, Problem> {
    let tickets = app.tickets()?;
    let asked: RisingQuery = query(&uri)?;
    let serving = app.live.serving();
    let (_, to) = days(None, asked.to.as_ref(), &serving)?;
    let names = ["scenario", "category", "district"];
    let by = asked.by.as_deref().unwrap_or("scenario");
    let by = By::named(by).filter(|_| names.contains(&by)).ok_or_else(|| wrong("by", Some(by), &names))?;
    let department = asked.department.as_deref().map(|given| department(&serving, given)).transpose()?;
    let question = RisingQuestion {
        to,
        days: asked.days.unwrap_or(7),
        weeks: asked.weeks.unwrap_or(8),
        least: asked.least.unwrap_or(5),
        by,
        department,
    };
    Ok(Json(tickets.rising(question, &actor).await?))
}

/// Which tickets.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct HoursQuery {
    /// 第一天；默认为三十天前 / The first day; thirty days ago where nothing is said.
    #[param(format = Date)]
    from: Option<String>,
    /// 最后一天；默认为今天 / The last day; today where nothing is said.
    #[param(format = Date)]
    to: Option<String>,
    /// 只看这个单位（编号、名称或别名）及其下级 / Only one department (id, name or alias) and those below it.
    department: Option<String>,
    /// 只看这个场景 / Only one scenario (id or title).
    scenario: Option<String>,
    /// 只看这个属地 / Only one district (id or name).
    district: Option<String>,
    /// 只看这个渠道 / Only one channel.
    channel: Option<String>,
}

/// How many tickets came in at each hour of each day of the week.
#[utoipa::path(
    get, path = "/v1/statistics/hours", operation_id = "hours", tag = "tickets",
    summary = "统计：各时段受理件数 / Tickets by hour and day of the week",
    params(HoursQuery),
    responses((status = 200, description = "各时段件数 / Tickets by hour", body = Hours)),
)]
pub(in super::super) async fn hours(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Json<Hours>, Problem> {
    let tickets = app.tickets()?;
    let asked: HoursQuery = query(&uri)?;
    let serving = app.live.serving();
    let (from, to) = days(asked.from.as_ref(), asked.to.as_ref(), &serving)?;
    let question = HoursQuestion {
        from,
        to,
        department: asked.department.as_deref().map(|given| department(&serving, given)).transpose()?,
        scenario: asked.scenario.as_deref().map(|given| scenario(&serving, given)).transpose()?,
        district: asked.district.as_deref().map(|given| district(&serving, given)).transpose()?,
        channel: asked.channel,
    };
    Ok(Json(tickets.hours(question, &actor).await?))
}

/// The days asked about; the last thirty where nothing is said.
fn days(from: Option<&String>, to: Option<&String>, serving: &Serving) -> Result<(Date, Date), Problem> {
    let zone = serving.bundle.engine.settings().time_zone.clone();
    let to = day("to", to)?.unwrap_or_else(|| Timestamp::now().to_zoned(zone).date());
    Ok((day("from", from)?.unwrap_or_else(|| to.saturating_sub(DAYS.days())), to))
}
