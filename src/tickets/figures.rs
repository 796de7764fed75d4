//! What tickets count for in statistics. A ticket's contribution is a function of the ticket alone; a change of the
//! ticket changes the figures by the difference, in the transaction of its event, so that figures and events agree
//! whatever happens. Contributions stand under the day on which the ticket came in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::model::{CallBackBy, Solved, State, Ticket};
use crate::store::{StoreError, Transaction};

/// Under what a ticket counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    /// The day it came in, `2026-11-23` on the bundle's clock.
    pub(super) day: String,
    pub(super) kind: String,
    /// The department in charge; empty where nobody is.
    pub(super) department: String,
    pub(super) scenario: String,
    pub(super) district: String,
    pub(super) channel: String,
    /// Taken out of assessment.
    pub(super) excluded: bool,
}

/// Counts by measure.
type Amounts = BTreeMap<&'static str, i64>;

/// What a ticket counts, and under what: all under the department in charge now, but applications to give it back and
/// those that were upheld under the department that applied.
pub(super) fn contributions(ticket: &Ticket, zone: &TimeZone) -> Vec<(Cell, Amounts)> {
    let (cell, amounts) = contribution(ticket, zone);
    let applied = ticket.assignments.iter().filter(|assignment| assignment.return_applications > 0);
    let given_back = applied.map(|assignment| {
        let cell = Cell { department: assignment.department.clone(), ..cell.clone() };
        let amounts = [
            ("return_applications", i64::from(assignment.return_applications)),
            ("returns", i64::from(assignment.given_back)),
        ];
        (cell, amounts.into_iter().filter(|(_, amount)| *amount != 0).collect())
    });
    let given_back: Vec<_> = given_back.collect();
    std::iter::once((cell, amounts)).chain(given_back).collect()
}

/// What a ticket counts under the department in charge.
fn contribution(ticket: &Ticket, zone: &TimeZone) -> (Cell, Amounts) {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let cell = Cell {
        day: ticket.opened_at.to_zoned(zone.clone()).date().to_string(),
        kind: text(ticket.judgement.as_ref().map(|judgement| judgement.kind.as_str())),
        department: text(ticket.department()),
        scenario: text(ticket.scenario.as_deref()),
        district: text(ticket.district.as_deref()),
        channel: text(ticket.channel.as_deref()),
        excluded: ticket.excluded.is_some(),
    };
    let times = &ticket.times;
    let resolved_in_time = times.resolved.zip(ticket.due()).is_some_and(|(at, due)| at <= due);
    let call_back = ticket.call_backs.iter().rev().find(|c| c.by == CallBackBy::Centre && c.reached);
    let solved = call_back.and_then(|call| call.solved);
    let satisfied = call_back.and_then(|call| call.satisfied);
    // None where the clock was put back in between.
    let seconds = |at: Option<Timestamp>| at.map_or(0, |at| at.duration_since(ticket.opened_at).as_secs().max(0));
    let flag = i64::from;
    let amounts = [
        ("tickets", 1),
        ("automatic", flag(ticket.automatic)),
        ("in_review", flag(ticket.state == State::InReview)),
        ("dispatched", flag(times.dispatched.is_some())),
        ("responded", flag(times.contacted.is_some())),
        ("resolved", flag(times.resolved.is_some())),
        ("resolved_in_time", flag(resolved_in_time)),
        ("replied", flag(times.replied.is_some())),
        ("over", flag(ticket.state.is_over())),
        ("overdue", flag(times.resolved.is_some() && !resolved_in_time && ticket.due().is_some())),
        ("refused", flag(ticket.state == State::Refused)),
        ("merged", flag(ticket.state == State::Merged)),
        ("parked", flag(ticket.state == State::Parked)),
        ("reopened", i64::from(ticket.reopened)),
        ("chases", i64::from(ticket.chases)),
        ("called_back", ticket.call_backs.iter().filter(|call| call.by == CallBackBy::Centre).count() as i64),
        ("reached", flag(call_back.is_some())),
        ("solved", flag(solved == Some(Solved::Yes))),
        ("partly_solved", flag(solved == Some(Solved::Partly))),
        ("not_solved", flag(solved == Some(Solved::No))),
        ("satisfied", flag(satisfied == Some(true))),
        ("not_satisfied", flag(satisfied == Some(false))),
        ("seconds_to_dispatch", seconds(times.dispatched)),
        ("seconds_to_contact", seconds(times.contacted)),
        ("seconds_to_resolve", seconds(times.resolved)),
        ("seconds_to_reply", seconds(times.replied)),
        ("seconds_to_end", seconds(times.over)),
    ];
    (cell, amounts.into_iter().filter(|(_, amount)| *amount != 0).collect())
}

/// What changes in the figures when a ticket becomes another.
pub(super) fn difference(before: Option<&Ticket>, after: &Ticket, zone: &TimeZone) -> Vec<(Cell, &'static str, i64)> {
    let mut changes: BTreeMap<(Cell, &'static str), i64> = BTreeMap::new();
    let mut add = |ticket: &Ticket, sign: i64| {
        for (cell, amounts) in contributions(ticket, zone) {
            for (measure, amount) in amounts {
                *changes.entry((cell.clone(), measure)).or_default() += sign * amount;
            }
        }
    };
    if let Some(before) = before {
        add(before, -1);
    }
    add(after, 1);
    changes
        .into_iter()
        .filter(|(_, amount)| *amount != 0)
        .map(|((cell, measure), amount)| (cell, measure, amount))
        .collect()
}

/// Puts sums in the place of all figures; gives how many rows differed.
pub(super) fn replace(
    tx: &mut Transaction<'_>,
    sums: &BTreeMap<(Cell, &'static str), i64>,
) -> Result<usize, StoreError> {
    let rows = tx.query(
        "SELECT day, kind, department, scenario, district, channel, excluded, measure, amount FROM figures
         WHERE amount <> 0",
        &[],
    )?;
    let mut old: BTreeMap<(Cell, String), i64> = BTreeMap::new();
    for row in &rows {
        let text = |column: usize| row.text(column).map(str::to_owned);
        let cell = Cell {
            day: text(0)?,
            kind: text(1)?,
            department: text(2)?,
            scenario: text(3)?,
            district: text(4)?,
            channel: text(5)?,
            excluded: row.integer(6)? != 0,
        };
        old.insert((cell, text(7)?), row.integer(8)?);
    }
    let new: BTreeMap<(Cell, String), i64> =
        sums.iter().map(|((cell, measure), amount)| ((cell.clone(), (*measure).to_owned()), *amount)).collect();
    let wrong = new.iter().filter(|(key, amount)| old.get(*key) != Some(*amount)).count()
        + old.keys().filter(|key| !new.contains_key(*key)).count();
    if wrong > 0 {
        tx.execute("DELETE FROM figures", &[])?;
        for ((cell, measure), amount) in &new {
            add(tx, cell, measure, *amount)?;
        }
    }
    Ok(wrong)
}

/// Adds to a figure.
pub(super) fn add(tx: &mut Transaction<'_>, cell: &Cell, measure: &str, amount: i64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO figures (day, kind, department, scenario, district, channel, excluded, measure, amount)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (day, kind, department, scenario, district, channel, excluded, measure)
         DO UPDATE SET amount = figures.amount + excluded.amount",
        &[
            (&cell.day).into(),
            (&cell.kind).into(),
            (&cell.department).into(),
            (&cell.scenario).into(),
            (&cell.district).into(),
            (&cell.channel).into(),
            cell.excluded.into(),
            measure.into(),
            amount.into(),
        ],
    )?;
    Ok(())
}
