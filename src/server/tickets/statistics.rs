//! Counts and rates, as JSON or CSV.
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
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::caller::Caller;
use super::super::language;
use super::super::problem::{Kind, Place, Problem, near};
use super::super::shape::query;
use super::csv;
use super::list::department;
use crate::bundle::Serving;
use crate::say;
use crate::source::Lang;
use crate::tickets::{By, Question, Statistics};

/// Ways to tell counts apart at one time, at the most.
const MOST_BY: usize = 3;
/// Days that are counted where nothing is said: the last thirty.
const DAYS: i32 = 29;

/// What is asked of the figures.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct StatisticsQuery {
    /// 第一天；默认为三十天前 / The first day; thirty days ago where nothing is said.
    #[param(format = Date)]
    from: Option<String>,
    /// 最后一天；默认为今天 / The last day; today where nothing is said.
    #[param(format = Date)]
    to: Option<String>,
    /// 分组，最多三个，逗号隔开：day, month, kind, department, scenario, category, district, channel / Groups, at most three.
    #[param(
        pattern = "^((day|month|kind|department|scenario|category|district|channel)(,(day|month|kind|department|scenario|category|district|channel)){0,2})?$"
    )]
    by: Option<String>,
    /// 只看这个单位（编号、名称或别名）及其下级 / Only one department (id, name or alias) and those below it.
    department: Option<String>,
    /// 按哪一天的考核办法计算；默认按最后一天的 / The day whose rules of assessment are used; that of the last day.
    #[param(format = Date)]
    rules_of: Option<String>,
    /// 附上上年同期 / With the same days of the year before.
    last_year: Option<bool>,
    /// json（默认）或 csv / `json`, or `csv`.
    #[param(inline)]
    format: Option<Format>,
    /// 表头的语言：zh 或 en，默认随 Accept-Language / The language of a CSV's headings.
    #[param(inline)]
    lang: Option<Language>,
}

/// How figures are written.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    Json,
    Csv,
}

/// The language of headings.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Language {
    Zh,
    En,
}

impl Language {
    /// The one that is meant; that of the caller where none is named.
    pub(super) fn of(given: Option<Language>, headers: &HeaderMap, default: Lang) -> Lang {
        match given {
            Some(Language::Zh) => Lang::Zh,
            Some(Language::En) => Lang::En,
            None => language::wanted(headers, default),
        }
    }
}

/// Counts and rates of the tickets that came in on some days.
#[utoipa::path(
    get, path = "/v1/statistics", operation_id = "statistics", tag = "tickets",
    summary = "统计：件数、响应率、解决率、满意率等 / Counts and rates",
    description = "按受理日归集；比率按 rules/assessment.yaml 中当时的考核办法，剔除前后各算一次 / \
                   By the day of the call; rates by the rules of assessment of that time, before and after exclusions",
    params(StatisticsQuery),
    responses((status = 200, description = "统计 / The figures", content(
        (Statistics = "application/json"),
        (String = "text/csv"),
    ))),
)]
pub(in super::super) async fn statistics(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let asked: StatisticsQuery = query(&uri)?;
    let serving = app.live.serving();
    let engine = &serving.bundle.engine;
    let zone = engine.settings().time_zone.clone();
    let question = question(&asked, Timestamp::now().to_zoned(zone).date(), &serving)?;
    let day = question.rules_of.unwrap_or(question.to);
    let statistics = tickets.statistics(question, &actor).await?;
    if asked.format != Some(Format::Csv) {
        return Ok(Json(statistics).into_response());
    }
    let lang = Language::of(asked.lang, &headers, app.configuration.lang);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"statistics.csv\""),
    ];
    let written = csv::written(&statistics, &serving, day, lang).ok_or_else(Problem::internal)?;
    Ok((headers, written).into_response())
}

fn question(asked: &StatisticsQuery, today: Date, serving: &Serving) -> Result<Question, Problem> {
    let to = day("to", asked.to.as_ref())?.unwrap_or(today);
    let from = day("from", asked.from.as_ref())?.unwrap_or_else(|| to.checked_sub(DAYS.days()).unwrap_or(to));
    let names: Vec<&str> = By::NAMES.iter().map(|(name, _)| *name).collect();
    let given = asked.by.iter().flat_map(|by| by.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let mut by = Vec::new();
    for name in given {
        let one = By::named(name).ok_or_else(|| wrong("by", Some(name), &names))?;
        if !by.contains(&one) {
            by.push(one);
        }
    }
    if by.len() > MOST_BY {
        let detail = say!("by 最多三个", "`by` names three at the most");
        return Err(Problem::new(Kind::InvalidQuery, detail).of_field("by"));
    }
    let rules_of = day("rules_of", asked.rules_of.as_ref())?;
    let department = asked.department.as_deref().map(|given| department(serving, given)).transpose()?;
    Ok(Question { from, to, by, department, rules_of, with_last_year: asked.last_year.unwrap_or(false) })
}

/// A day of a query.
pub(super) fn day(field: &'static str, given: Option<&String>) -> Result<Option<Date>, Problem> {
    let read = given.map(|given| {
        given.parse::<Date>().map_err(|_| {
            let detail = say!("{field} 应为日期，例如 2026-11-23", "`{field}` should be a date, such as 2026-11-23");
            Problem::new(Kind::InvalidQuery, detail).of_field(field)
        })
    });
    read.transpose()
}

pub(super) fn wrong(field: &str, given: Option<&str>, known: &[&str]) -> Problem {
    let names = known.join(", ");
    let nearest = given.and_then(|given| near(given, known.iter().copied()));
    let detail = say!("{field} 可用的值：{names}", "`{field}` may be: {names}");
    Problem::new(Kind::InvalidQuery, detail).at(Place { field: Some(field.to_owned()), nearest, ..Place::default() })
}
