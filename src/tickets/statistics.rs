//! Statistics (统计): counts kept in the transactions of events, summed over days and put into rates.

use std::collections::BTreeMap;

use jiff::civil;
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Tickets;
use super::figures::{self, Cell};
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows;
use crate::access::{Actor, Scope};
use crate::catalog::Assessment;
use crate::say;
use crate::store::{StoreError, Transaction, Value};

/// Lines of an answer, at the most.
const MOST_LINES: usize = 5_000;
/// Tickets that are counted again in one transaction.
const SLICE: i64 = 500;

/// By what counts are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The day it came in.
    Day,
    /// The month it came in.
    Month,
    /// What the caller wanted.
    Kind,
    /// The department in charge.
    Department,
    /// The scenario.
    Scenario,
    /// The district.
    District,
    /// The channel.
    Channel,
}

impl By {
    /// All, with how they are written.
    pub const NAMES: &'static [(&'static str, By)] = &[
        ("day", By::Day),
        ("month", By::Month),
        ("kind", By::Kind),
        ("department", By::Department),
        ("scenario", By::Scenario),
        ("district", By::District),
        ("channel", By::Channel),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<By> {
        By::NAMES.iter().find(|(own, _)| *own == name).map(|(_, by)| *by)
    }

    /// How it is written.
    pub fn name(self) -> &'static str {
        By::NAMES.iter().find(|(_, by)| *by == self).map_or("", |(name, _)| name)
    }

    fn column(self) -> &'static str {
        match self {
            By::Month => "substr(day, 1, 7)",
            other => other.name(),
        }
    }
}

/// What is asked of the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The first day.
    pub from: civil::Date,
    /// The last day, which counts.
    pub to: civil::Date,
    /// How counts are told apart, at most three ways.
    pub by: Vec<By>,
    /// Only one department (id) and those below it.
    pub department: Option<String>,
    /// The day whose rules of assessment are used; that of `to` where there is none.
    pub rules_of: Option<civil::Date>,
    /// Beside it the same days of the year before.
    pub with_last_year: bool,
}

/// The counts and rates of one group.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = StatisticsLine)]
pub struct Line {
    /// The group: by what, and which.
    pub group: BTreeMap<&'static str, String>,
    /// Counts of all tickets.
    pub counts: BTreeMap<String, i64>,
    /// Rates and points of all tickets; null where nothing was counted.
    pub raw: BTreeMap<String, Option<f64>>,
    /// The same without tickets that were taken out of assessment.
    pub after_exclusions: BTreeMap<String, Option<f64>>,
    /// Mean hours from the call to each step, of the tickets that came so far.
    pub mean_hours: BTreeMap<&'static str, Option<f64>>,
    /// The counts of the same days of the year before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_year: Option<BTreeMap<String, i64>>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Statistics {
    /// The first day.
    #[schema(value_type = String)]
    pub from: civil::Date,
    /// The last day.
    #[schema(value_type = String)]
    pub to: civil::Date,
    /// The rules of assessment that were used: since when they hold, and their basis.
    pub rules: Option<String>,
    /// The groups, in order; the whole where counts are not told apart.
    pub lines: Vec<Line>,
}

/// Counts by group and by whether they were taken out of assessment.
type Counts = BTreeMap<(Vec<String>, bool), BTreeMap<String, i64>>;

impl Tickets {
    /// Counts and rates.
    ///
    /// # Errors
    /// Not for this actor; the days are in the wrong order; more groups than an answer may have.
    pub async fn statistics(&self, question: Question, actor: &Actor) -> Result<Statistics, Refusal> {
        if question.to < question.from {
            return Err(Refusal::invalid("to", say!("to 应不早于 from", "`to` should not be before `from`")));
        }
        let departments = self.departments_asked(question.department.as_deref(), actor)?;
        let asked = question.clone();
        let (now, before) = self
            .store
            .read(move |tx| {
                let now = counts(tx, &asked, asked.from, asked.to, departments.as_deref())?;
                let year_before = |day: civil::Date| day.checked_sub(jiff::Span::new().years(1)).unwrap_or(day);
                let before = if asked.with_last_year {
                    let (from, to) = (year_before(asked.from), year_before(asked.to));
                    Some(counts(tx, &asked, from, to, departments.as_deref())?)
                } else {
                    None
                };
                Ok::<_, Refusal>((now, before))
            })
            .await?;
        let serving = self.live.serving();
        let assessment = serving.bundle.engine.catalog().assessment(question.rules_of.unwrap_or(question.to));
        let rules = assessment.map(|assessment| format!("{} {}", assessment.from, assessment.basis));
        let mut groups: Vec<Vec<String>> = now.keys().map(|(group, _)| group.clone()).collect();
        groups.dedup();
        let lines = groups.iter().map(|group| line(group, &question.by, &now, before.as_ref(), assessment)).collect();
        Ok(Statistics { from: question.from, to: question.to, rules, lines })
    }

    /// The departments whose tickets count: all for the centre, its own and those below it for a department.
    fn departments_asked(&self, asked: Option<&str>, actor: &Actor) -> Result<Option<Vec<String>>, Refusal> {
        let serving = self.live.serving();
        let catalog = serving.bundle.engine.catalog();
        let own: Vec<&str> = actor.departments().collect();
        if !actor.is_central() && !actor.may(&Scope::Editor) && own.is_empty() {
            return Err(Refusal::Forbidden { needs: "agent / dispatcher / editor / department:ID" });
        }
        let all_seen = actor.is_central() || actor.may(&Scope::Editor);
        if asked.is_none() && all_seen {
            return Ok(None);
        }
        let within = |id: &str, tops: &[&str]| catalog.department_upwards(id).iter().any(|above| tops.contains(above));
        let list = catalog.departments().iter().map(|department| department.id.as_str());
        let seen = list.filter(|id| all_seen || within(id, &own));
        Ok(Some(seen.filter(|id| asked.is_none_or(|asked| within(id, &[asked]))).map(str::to_owned).collect()))
    }

    /// Counts every ticket again from its events and puts the result in the place of the figures; gives how many rows
    /// of them were wrong, which is 0 unless somebody changed the database by hand. For a store that nobody else writes
    /// to meanwhile.
    ///
    /// # Errors
    /// The store did not take it.
    pub fn recount(&self, progress: &mut dyn FnMut(i64)) -> Result<usize, Refusal> {
        let zone = self.live.serving().bundle.engine.settings().time_zone.clone();
        let mut sums: BTreeMap<(Cell, &'static str), i64> = BTreeMap::new();
        let mut after = 0_i64;
        loop {
            let tickets: Vec<(i64, Option<Ticket>)> = self.store.read_blocking::<_, Refusal, _>(move |tx| {
                let rows = tx.query(
                    "SELECT seq, id FROM tickets WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                    &[after.into(), SLICE.into()],
                )?;
                let read = |row: &crate::store::Row| {
                    let (seq, id) = (row.integer(0)?, row.text(1)?.to_owned());
                    Ok::<_, Refusal>((seq, Some(rows::load(tx, &id, false)?.ticket)))
                };
                rows.iter().map(read).collect()
            })?;
            let Some((last, _)) = tickets.last() else { break };
            after = *last;
            let tickets = tickets.into_iter().filter_map(|(_, ticket)| ticket);
            for (cell, amounts) in tickets.flat_map(|ticket| figures::contributions(&ticket, &zone)) {
                for (measure, amount) in amounts {
                    *sums.entry((cell.clone(), measure)).or_default() += amount;
                }
            }
            progress(after);
        }
        self.store.write_blocking(move |tx| figures::replace(tx, &sums)).map_err(Refusal::Store)
    }
}

fn counts(
    tx: &mut Transaction<'_>,
    question: &Question,
    from: civil::Date,
    to: civil::Date,
    departments: Option<&[String]>,
) -> Result<Counts, Refusal> {
    let mut values: Vec<Value> = vec![from.to_string().into(), to.to_string().into()];
    let mut only = String::new();
    if let Some(departments) = departments {
        let numbers: Vec<String> = departments
            .iter()
            .map(|id| {
                values.push(id.into());
                format!("?{}", values.len())
            })
            .collect();
        let list = if numbers.is_empty() { "NULL".to_owned() } else { numbers.join(", ") };
        only = format!(" AND department IN ({list})");
    }
    let by: String = question.by.iter().map(|by| format!("{}, ", by.column())).collect();
    let sql = format!(
        "SELECT {by}excluded, measure, CAST(SUM(amount) AS BIGINT) FROM figures
         WHERE day >= ?1 AND day <= ?2{only} GROUP BY {by}excluded, measure LIMIT {}",
        MOST_LINES * crate::catalog::MEASURES.len()
    );
    let mut counts = Counts::new();
    for row in tx.query(&sql, &values)? {
        let width = question.by.len();
        let group = (0..width).map(|at| row.text(at).map(str::to_owned)).collect::<Result<Vec<_>, StoreError>>()?;
        let excluded = row.integer(width)? != 0;
        let amount = row.integer(width + 2)?;
        counts.entry((group, excluded)).or_default().insert(row.text(width + 1)?.to_owned(), amount);
    }
    if counts.len() > MOST_LINES {
        let message = say!("结果太多，请缩短时间或减少分组", "too many groups: ask for fewer days or fewer groups");
        return Err(Refusal::invalid("by", message));
    }
    Ok(counts)
}

fn line(group: &[String], by: &[By], now: &Counts, before: Option<&Counts>, assessment: Option<&Assessment>) -> Line {
    let assessed = now.get(&(group.to_vec(), false)).cloned().unwrap_or_default();
    let all = both(now, group);
    let rates = |counts: &BTreeMap<String, i64>| {
        let rates = assessment.iter().flat_map(|assessment| &assessment.rates);
        let mut rates: BTreeMap<String, Option<f64>> =
            rates.map(|rate| (rate.name.clone(), rate.of_counts(counts))).collect();
        rates.extend(assessment.map(|assessment| ("points".to_owned(), assessment.points(counts))));
        rates
    };
    let steps = [
        ("dispatch", "seconds_to_dispatch", "dispatched"),
        ("contact", "seconds_to_contact", "responded"),
        ("resolve", "seconds_to_resolve", "resolved"),
        ("reply", "seconds_to_reply", "replied"),
        ("end", "seconds_to_end", "over"),
    ];
    let mean = |seconds: &str, count: &str| {
        let count = all.get(count).copied().filter(|count| *count > 0)?;
        Some(all.get(seconds).copied().unwrap_or(0) as f64 / count as f64 / 3600.0)
    };
    Line {
        group: by.iter().map(|by| by.name()).zip(group.iter().cloned()).collect(),
        raw: rates(&all),
        after_exclusions: rates(&assessed),
        mean_hours: steps.iter().map(|(name, seconds, count)| (*name, mean(seconds, count))).collect(),
        // Groups by time have other names a year before.
        last_year: before.filter(|_| !by.iter().any(|by| matches!(by, By::Day | By::Month))).map(|c| both(c, group)),
        counts: all,
    }
}

/// The counts of a group with those taken out of assessment.
fn both(counts: &Counts, group: &[String]) -> BTreeMap<String, i64> {
    let mut all = counts.get(&(group.to_vec(), false)).cloned().unwrap_or_default();
    for (measure, amount) in counts.get(&(group.to_vec(), true)).into_iter().flatten() {
        *all.entry(measure.clone()).or_default() += amount;
    }
    all
}
