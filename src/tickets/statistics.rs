//! Statistics (统计): counts kept in the transactions of events, summed over days and put into rates; and what is overdue
//! while nobody answers, which no event says, counted at the moment of the question.

mod late;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, civil};
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Tickets;
use super::feedback;
use super::figures::{self, Amounts, Cell, Grain, Shape};
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows;
use crate::access::{Actor, Scope};
use crate::catalog::{Assessment, MEASURES};
use crate::decide::Engine;
use crate::say;
use crate::store::{Row, StoreError, Transaction, Value};

/// Lines of an answer, at the most.
const MOST_LINES: usize = 5_000;
/// Tickets that are counted again in one transaction.
const SLICE: i64 = 500;
/// The measure of tickets that were, or are, without an answer when it was due.
const OVERDUE: &str = "overdue";
/// Those of them that still are.
const OVERDUE_NOW: &str = "overdue_now";

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
    /// The category of the scenario, as the bundle has it now.
    Category,
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
        ("category", By::Category),
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

    /// What sums are told apart by for it: categories are made of scenarios.
    pub(super) fn dimension(self) -> &'static str {
        if self == By::Category { By::Scenario.name() } else { self.name() }
    }

    pub(super) fn column(self) -> &'static str {
        match self {
            By::Day => "period",
            By::Month => "substr(period, 1, 7)",
            other => other.dimension(),
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
    /// The id of the department that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The rules of assessment that were used: since when they hold, and their basis.
    pub rules: Option<String>,
    /// The groups, in order; the whole where counts are not told apart.
    pub lines: Vec<Line>,
}

/// Counts by group and by whether they were taken out of assessment: in the order of [`MEASURES`], then [`OVERDUE_NOW`].
type Counts = BTreeMap<(Vec<String>, bool), [i64; MEASURES.len() + 1]>;

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
        let counting = Counting {
            zone: self.live.serving().bundle.engine.settings().time_zone.clone(),
            now: self.now(),
            by: question.by.clone(),
            departments,
        };
        let asked = question.clone();
        let (mut now, mut before) = self
            .store
            .read(move |tx| {
                let now = counting.counts(tx, asked.from, asked.to)?;
                let year_before = |day: civil::Date| day.checked_sub(1.year()).unwrap_or(day);
                let before = if asked.with_last_year {
                    Some(counting.counts(tx, year_before(asked.from), year_before(asked.to))?)
                } else {
                    None
                };
                Ok::<_, Refusal>((now, before))
            })
            .await?;
        let serving = self.live.serving();
        if question.by.contains(&By::Category) {
            now = by_category(now, &question.by, &serving.bundle.engine);
            before = before.map(|before| by_category(before, &question.by, &serving.bundle.engine));
        }
        let assessment = serving.bundle.engine.catalog().assessment(question.rules_of.unwrap_or(question.to));
        let rules = assessment.map(|assessment| format!("{} {}", assessment.from, assessment.basis));
        let mut groups: Vec<Vec<String>> = now.keys().map(|(group, _)| group.clone()).collect();
        groups.dedup();
        let lines = groups.iter().map(|group| line(group, &question.by, &now, before.as_ref(), assessment)).collect();
        Ok(Statistics { from: question.from, to: question.to, department: question.department, rules, lines })
    }

    /// The departments whose tickets count: all for the centre, its own and those below it for a department.
    pub(super) fn departments_asked(&self, asked: Option<&str>, actor: &Actor) -> Result<Option<Vec<String>>, Refusal> {
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
        let mut cells: BTreeMap<Cell, Amounts> = BTreeMap::new();
        let mut feedback = feedback::Recount::default();
        let mut after = 0_i64;
        loop {
            let tickets: Vec<(i64, Option<Ticket>)> = self.store.read_blocking::<_, Refusal, _>(move |tx| {
                let rows = tx.query(
                    "SELECT seq, id FROM tickets WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                    &[after.into(), SLICE.into()],
                )?;
                let read = |row: &Row| {
                    let (seq, id) = (row.integer(0)?, row.text(1)?.to_owned());
                    Ok::<_, Refusal>((seq, Some(rows::load(tx, &id, false)?.ticket)))
                };
                rows.iter().map(read).collect()
            })?;
            let Some((last, _)) = tickets.last() else { break };
            after = *last;
            for ticket in tickets.into_iter().filter_map(|(_, ticket)| ticket) {
                feedback.add(&ticket, &zone);
                for (cell, amounts) in figures::contributions(&ticket, &zone) {
                    figures::add(cells.entry(cell).or_insert([0; MEASURES.len()]), &amounts, 1);
                }
            }
            progress(after);
        }
        let replace =
            move |tx: &mut Transaction<'_>| Ok::<_, StoreError>(figures::replace(tx, &cells)? + feedback.replace(tx)?);
        self.store.write_blocking(replace).map_err(Refusal::Store)
    }
}

/// What is counted, whatever the days.
struct Counting {
    zone: TimeZone,
    now: Timestamp,
    by: Vec<By>,
    /// Only these departments.
    departments: Option<Vec<String>>,
}

impl Counting {
    fn counts(&self, tx: &mut Transaction<'_>, from: civil::Date, to: civil::Date) -> Result<Counts, Refusal> {
        let mut counts = Counts::new();
        let names = self.by.iter().map(|by| by.dimension()).chain(self.departments.is_some().then_some("department"));
        let (by_day, by_month) = Shape::of(names);
        let longest = match () {
            () if self.by.contains(&By::Day) => Grain::Day,
            () if self.by.contains(&By::Month) => Grain::Month,
            () => Grain::Year,
        };
        // Nothing came in after today: what lasts until then lasts to the end of the year.
        let today = self.now.to_zoned(self.zone.clone()).date();
        let last = if to >= today && longest > Grain::Day { today.last_of_year().max(to) } else { to };
        let kept = by_month.map_or(Grain::Day, Shape::longest);
        for (first, last, grain) in spans(from, last, longest.min(kept)) {
            let shape = by_month.filter(|_| grain > Grain::Day).unwrap_or(by_day);
            self.sum(tx, shape, (first, last, grain), &mut counts)?;
        }
        self.late(tx, from, to, &mut counts)?;
        // Rows stay where all that was counted in them has gone elsewhere.
        counts.retain(|_, sums| sums.iter().any(|sum| *sum != 0));
        Ok(counts)
    }

    /// Adds the sums of some days, whole months or whole years.
    fn sum(
        &self,
        tx: &mut Transaction<'_>,
        shape: Shape,
        (first, last, grain): (civil::Date, civil::Date, Grain),
        counts: &mut Counts,
    ) -> Result<(), Refusal> {
        let period = |day: civil::Date| grain.of(&day.to_string()).to_owned();
        let mut values: Vec<Value> = vec![period(first).into(), period(last).into()];
        let only = self.only(&mut values);
        let by: String = self.by.iter().map(|by| format!("{}, ", by.column())).collect();
        let amounts: Vec<String> = figures::columns().map(|column| format!("CAST(SUM({column}) AS BIGINT)")).collect();
        let sql = format!(
            "SELECT {by}excluded, {} FROM sums WHERE shape = {} AND period >= ?1 AND period <= ?2{only}
             GROUP BY {by}excluded LIMIT {}",
            amounts.join(", "),
            shape.number(grain),
            2 * MOST_LINES + 1
        );
        let width = self.by.len();
        for row in tx.query(&sql, &values)? {
            let group = (0..width).map(|at| row.text(at).map(str::to_owned)).collect::<Result<Vec<_>, StoreError>>()?;
            let sums = counts.entry((group, row.integer(width)? != 0)).or_insert([0; MEASURES.len() + 1]);
            for (at, sum) in sums.iter_mut().take(MEASURES.len()).enumerate() {
                *sum += row.integer(width + 1 + at)?;
            }
        }
        enough(counts)
    }

    /// The condition on departments.
    fn only(&self, values: &mut Vec<Value>) -> String {
        self.departments.as_ref().map_or_else(String::new, |departments| in_list(departments, values))
    }
}

/// The condition that it is one of these departments.
pub(super) fn in_list(departments: &[String], values: &mut Vec<Value>) -> String {
    let number = |id: &String| {
        values.push(id.into());
        format!("?{}", values.len())
    };
    let numbers: Vec<String> = departments.iter().map(number).collect();
    let list = if numbers.is_empty() { "NULL".to_owned() } else { numbers.join(", ") };
    format!(" AND department IN ({list})")
}

/// The category of a scenario (id); empty where the bundle has none such any more.
pub(super) fn category_of(engine: &Engine, scenario: &str) -> String {
    let rules = engine.rules();
    let found = rules.position(scenario).and_then(|at| rules.scenarios().get(at));
    found.map(|scenario| scenario.category.clone()).unwrap_or_default()
}

/// Counts by scenario added up by what category these are of.
fn by_category(counts: Counts, by: &[By], engine: &Engine) -> Counts {
    let mut sums = Counts::new();
    for ((mut group, excluded), amounts) in counts {
        for (value, _) in group.iter_mut().zip(by).filter(|(_, by)| **by == By::Category) {
            *value = category_of(engine, value);
        }
        let sum = sums.entry((group, excluded)).or_insert([0; MEASURES.len() + 1]);
        sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
    }
    sums
}

fn enough(counts: &Counts) -> Result<(), Refusal> {
    if counts.len() <= MOST_LINES {
        return Ok(());
    }
    let message = say!("结果太多，请缩短时间或减少分组", "too many groups: ask for fewer days or fewer groups");
    Err(Refusal::invalid("by", message))
}

/// A time in parts in which the clocks of a place are moved by the same amount, in milliseconds, from UTC.
pub(super) fn steady(zone: &TimeZone, start: Timestamp, end: Timestamp) -> Vec<(Timestamp, Timestamp, i64)> {
    let changes = zone.following(start).map(|change| change.timestamp()).take_while(|change| *change < end);
    let mut starts: Vec<Timestamp> = std::iter::once(start).chain(changes).filter(|start| *start < end).collect();
    starts.push(end);
    let offset = |at: Timestamp| i64::from(zone.to_offset(at).seconds()) * 1_000;
    starts.windows(2).map(|pair| (pair[0], pair[1], offset(pair[0]))).collect()
}

/// The days from one to another as whole years, whole months and days, none longer than `longest`.
fn spans(from: civil::Date, to: civil::Date, longest: Grain) -> Vec<(civil::Date, civil::Date, Grain)> {
    // The first day of the first time that is whole, and the last of the last.
    let (first, last, shorter) = match longest {
        Grain::Day => return if from <= to { vec![(from, to, Grain::Day)] } else { Vec::new() },
        Grain::Month => (from.first_of_month(), to.last_of_month(), Grain::Day),
        Grain::Year => (from.first_of_year(), to.last_of_year(), Grain::Month),
    };
    let next = if longest == Grain::Month { from.last_of_month() } else { from.last_of_year() };
    let first = if first == from { Ok(from) } else { next.tomorrow() };
    let before = if longest == Grain::Month { to.first_of_month() } else { to.first_of_year() };
    let last = if last == to { Ok(to) } else { before.yesterday() };
    let (Ok(first), Ok(last)) = (first, last) else { return spans(from, to, shorter) };
    if last < first {
        return spans(from, to, shorter);
    }
    let mut all = vec![(first, last, longest)];
    all.extend(first.yesterday().into_iter().flat_map(|before| spans(from, before, shorter)));
    all.extend(last.tomorrow().into_iter().flat_map(|after| spans(after, to, shorter)));
    all
}

fn line(group: &[String], by: &[By], now: &Counts, before: Option<&Counts>, assessment: Option<&Assessment>) -> Line {
    let assessed = named(now.get(&(group.to_vec(), false)).into_iter());
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
    named([false, true].into_iter().filter_map(|excluded| counts.get(&(group.to_vec(), excluded))))
}

/// Amounts added up, under the names of their measures; what is nothing is left out.
fn named<'c>(amounts: impl Iterator<Item = &'c [i64; MEASURES.len() + 1]>) -> BTreeMap<String, i64> {
    let mut sums = [0; MEASURES.len() + 1];
    amounts.for_each(|own| sums.iter_mut().zip(own).for_each(|(sum, amount)| *sum += amount));
    let names = MEASURES.iter().copied().chain([OVERDUE_NOW]);
    names.zip(sums).filter(|(_, sum)| *sum != 0).map(|(name, sum)| (name.to_owned(), sum)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_are_whole_years_and_months_and_what_is_left_of_others() {
        let show = |from: &str, to: &str| {
            let spans = spans(from.parse().unwrap(), to.parse().unwrap(), Grain::Year);
            let span = |(first, last, grain): &(civil::Date, civil::Date, Grain)| {
                format!("{}..{}", grain.of(&first.to_string()), grain.of(&last.to_string()))
            };
            spans.iter().map(span).collect::<Vec<_>>().join(" ")
        };
        for (from, to, expect) in [
            ("2026-03-01", "2026-03-31", "2026-03..2026-03"),
            ("2026-01-01", "2026-12-31", "2026..2026"),
            ("2024-01-01", "2026-11-30", "2024..2025 2026-01..2026-11"),
            ("2026-03-02", "2026-03-31", "2026-03-02..2026-03-31"),
            ("2026-03-01", "2026-03-30", "2026-03-01..2026-03-30"),
            ("2026-02-15", "2026-03-15", "2026-02-15..2026-03-15"),
            ("2026-02-15", "2026-04-15", "2026-03..2026-03 2026-02-15..2026-02-28 2026-04-01..2026-04-15"),
            ("2025-12-31", "2026-02-28", "2026-01..2026-02 2025-12-31..2025-12-31"),
            ("2024-12-31", "2026-01-01", "2025..2025 2024-12-31..2024-12-31 2026-01-01..2026-01-01"),
            ("2026-01-01", "2026-01-01", "2026-01-01..2026-01-01"),
        ] {
            assert_eq!(show(from, to), expect, "{from} to {to}");
        }
    }
}
