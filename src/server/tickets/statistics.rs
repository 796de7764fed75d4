//! Counts and rates, as JSON or CSV.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::app::App;
use super::super::caller::Caller;
use super::super::problem::{Kind, Place, Problem, near};
use super::list::query;
use crate::say;
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
    from: Option<String>,
    /// 最后一天；默认为今天 / The last day; today where nothing is said.
    to: Option<String>,
    /// 分组，最多三个，逗号隔开：day, month, kind, department, scenario, district, channel / Groups, at most three.
    by: Option<String>,
    /// 只看这个单位及其下级 / Only one department and those below it.
    department: Option<String>,
    /// 按哪一天的考核办法计算；默认按最后一天的 / The day whose rules of assessment are used; that of the last day.
    rules_of: Option<String>,
    /// 附上上年同期 / With the same days of the year before.
    last_year: Option<bool>,
    /// json（默认）或 csv / `json`, or `csv`.
    format: Option<String>,
}

/// Counts and rates of the tickets that came in on some days.
#[utoipa::path(
    get, path = "/v1/statistics", operation_id = "statistics", tag = "tickets",
    summary = "统计：件数、响应率、解决率、满意率等 / Counts and rates",
    description = "按受理日归集；比率按 rules/assessment.yaml 中当时的考核办法，剔除前后各算一次 / \
                   By the day of the call; rates by the rules of assessment of that time, before and after exclusions",
    params(StatisticsQuery),
    responses((status = 200, description = "统计 / The figures", body = Statistics)),
)]
pub(in super::super) async fn statistics(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let asked: StatisticsQuery = query(&uri)?;
    let csv = match asked.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(wrong("format", None, &["json", "csv"])),
    };
    let zone = app.live.serving().bundle.engine.settings().time_zone.clone();
    let question = question(&asked, Timestamp::now().to_zoned(zone).date())?;
    let statistics = tickets.statistics(question, &actor).await?;
    if !csv {
        return Ok(Json(statistics).into_response());
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"statistics.csv\""),
    ];
    Ok((headers, written(&statistics).ok_or_else(Problem::internal)?).into_response())
}

fn question(asked: &StatisticsQuery, today: Date) -> Result<Question, Problem> {
    let day = |field: &'static str, given: Option<&String>| -> Result<Option<Date>, Problem> {
        let read = given.map(|given| {
            given.parse::<Date>().map_err(|_| {
                let detail =
                    say!("{field} 应为日期，例如 2026-11-23", "`{field}` should be a date, such as 2026-11-23");
                Problem::new(Kind::InvalidQuery, detail).of_field(field)
            })
        });
        read.transpose()
    };
    let to = day("to", asked.to.as_ref())?.unwrap_or(today);
    let from = day("from", asked.from.as_ref())?.unwrap_or_else(|| to.checked_sub(DAYS.days()).unwrap_or(to));
    let names: Vec<&str> = By::NAMES.iter().map(|(name, _)| *name).collect();
    let given = asked.by.iter().flat_map(|by| by.split(',')).map(str::trim).filter(|name| !name.is_empty());
    let by = given
        .map(|name| By::named(name).ok_or_else(|| wrong("by", Some(name), &names)))
        .collect::<Result<Vec<_>, _>>()?;
    let twice = by.iter().enumerate().any(|(at, one)| by[..at].contains(one));
    if by.len() > MOST_BY || twice {
        let detail = say!("by 最多三个，且不重复", "`by` names three at the most, each once");
        return Err(Problem::new(Kind::InvalidQuery, detail).of_field("by"));
    }
    let rules_of = day("rules_of", asked.rules_of.as_ref())?;
    let department = asked.department.clone();
    Ok(Question { from, to, by, department, rules_of, with_last_year: asked.last_year.unwrap_or(false) })
}

fn wrong(field: &str, given: Option<&str>, known: &[&str]) -> Problem {
    let names = known.join(", ");
    let nearest = given.and_then(|given| near(given, known.iter().copied()));
    let detail = say!("{field} 可用的值：{names}", "`{field}` may be: {names}");
    Problem::new(Kind::InvalidQuery, detail).at(Place { field: Some(field.to_owned()), nearest, ..Place::default() })
}

/// The lines as CSV (RFC 4180), in UTF-8 with a mark at the beginning, which spreadsheets need.
fn written(statistics: &Statistics) -> Option<Vec<u8>> {
    let mut names: Vec<String> = Vec::new();
    let columns = |line: &crate::tickets::Line| {
        let groups = line.group.iter().map(|(by, value)| ((*by).to_owned(), value.clone()));
        let counts = line.counts.iter().map(|(measure, count)| (measure.clone(), count.to_string()));
        let rate = |value: &Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        let raw = line.raw.iter().map(|(name, value)| (name.clone(), rate(value)));
        let after = line.after_exclusions.iter().map(|(name, value)| (format!("{name}_after_exclusions"), rate(value)));
        groups.chain(counts).chain(raw).chain(after).collect::<Vec<_>>()
    };
    let lines: Vec<Vec<(String, String)>> = statistics.lines.iter().map(columns).collect();
    for (name, _) in lines.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(&names).ok()?;
    for line in &lines {
        let cell = |name: &String| line.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str());
        // A cell that begins like a formula is text: names of channels come from outside.
        let safe =
            |cell: &str| if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
        writer.write_record(names.iter().map(cell).map(safe)).ok()?;
    }
    writer.into_inner().ok()
}
