//! What tickets count for in statistics. A ticket's contribution is a function of the ticket alone; a change of the
//! ticket changes the sums by the difference, in the transaction of its event, so that sums and events agree whatever
//! happens. Contributions stand under the day on which the ticket came in.
//!
//! A year of a large city has nearly as many combinations of department, scenario, district and channel as tickets, so
//! sums are kept in several [shapes](Shape): each by a few of these only, by day, month or year, so that a question reads
//! little more than it answers (the data cube of Gray and others, 1997, with the views that questions need chosen by hand).
//! Every row that is kept is written with every change of a ticket, so a shape is kept by a length of time only where the
//! next shorter one, or a finer shape, would be long to add up: of a city with 120 departments, 300 scenarios and a
//! million tickets, no question of a hundred lines reads more than some twenty thousand rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::feedback;
use super::model::{CallBackBy, Solved, State, Ticket};
use crate::catalog::MEASURES;
use crate::store::{StoreError, Transaction, Value};

/// By what sums are told apart, beside the time.
pub(super) const DIMENSIONS: [&str; 5] = ["kind", "department", "scenario", "district", "channel"];
/// Where among them the department is.
const DEPARTMENT: usize = 1;
/// Rows that one statement writes, at the most.
const ROWS_AT_ONCE: usize = 64;

/// How long the time of a sum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
    Day,
    Month,
    Year,
}

impl Grain {
    /// The time of this length that a day (`2026-11-23`) lies in.
    pub(super) fn of(self, day: &str) -> &str {
        let length = match self {
            Grain::Day => 10,
            Grain::Month => 7,
            Grain::Year => 4,
        };
        day.get(..length).unwrap_or(day)
    }
}

/// Which of [`DIMENSIONS`] a sum is told apart by: a bit for each, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape(u8);

impl Shape {
    const FINEST: Shape = Shape(0b11111);
    /// Those kept by day, the coarse ones first. Days are only read at the ends of a time and where days are asked for;
    /// what has nearly as many combinations as a day has tickets is as quickly read from the finest.
    const BY_DAY: [Shape; 7] =
        [Shape(0b00001), Shape(0b10000), Shape(0b01000), Shape(0b00010), Shape(0b00100), Shape(0b00011), Shape::FINEST];
    /// Those kept by month, the coarse ones first: every pair is in one of them.
    const BY_MONTH: [Shape; 10] = [
        Shape(0b00001),
        Shape(0b10000),
        Shape(0b01000),
        Shape(0b00010),
        Shape(0b00100),
        Shape(0b11001),
        Shape(0b00011),
        Shape(0b10010),
        Shape(0b01110),
        Shape(0b10101),
    ];
    /// Those of them that have so many combinations that twelve months are long to add up.
    const BY_YEAR: [Shape; 5] = [Shape(0b00100), Shape(0b11001), Shape(0b00011), Shape(0b01110), Shape(0b10101)];

    /// The coarsest that tells all of these apart, for sums of days, and the one for sums of months and years where there is one.
    pub(super) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> (Shape, Option<Shape>) {
        let bit = |name: &str| DIMENSIONS.iter().position(|own| *own == name).map_or(0, |at| 1_u8 << at);
        let wanted = names.into_iter().fold(0, |bits, name| bits | bit(name));
        let first = |shapes: &[Shape]| shapes.iter().copied().find(|shape| shape.0 & wanted == wanted);
        (first(&Shape::BY_DAY).unwrap_or(Shape::FINEST), first(&Shape::BY_MONTH))
    }

    /// The longest time that one of [`Shape::BY_MONTH`] is kept by.
    pub(super) fn longest(self) -> Grain {
        if Shape::BY_YEAR.contains(&self) { Grain::Year } else { Grain::Month }
    }

    /// All, with each length of time that they are kept by: so many rows, at the most, does a change of a ticket touch.
    fn kept() -> impl Iterator<Item = (Shape, Grain)> {
        let of = |shapes: &'static [Shape], grain: Grain| shapes.iter().map(move |shape| (*shape, grain));
        let longer = of(&Shape::BY_MONTH, Grain::Month).chain(of(&Shape::BY_YEAR, Grain::Year));
        of(&Shape::BY_DAY, Grain::Day).chain(longer)
    }

    /// How it stands in the table: its bits, and 32 for months, 64 for years.
    pub(super) fn number(self, grain: Grain) -> i64 {
        i64::from(self.0) + 32 * grain as i64
    }
}

/// Under what a ticket counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    /// The day it came in, `2026-11-23` on the bundle's clock.
    pub(super) day: String,
    /// What it is by each of [`DIMENSIONS`]; empty where that is not known, as the department where nobody is in charge.
    pub(super) values: [String; 5],
    /// Taken out of assessment.
    pub(super) excluded: bool,
}

/// Which row of sums: shape, day, month or year, the value by each dimension (empty where the shape has none), whether taken
/// out of assessment.
type Key = (i64, String, [String; 5], bool);
/// Amounts in the order of [`MEASURES`].
pub(super) type Amounts = [i64; MEASURES.len()];
/// Sums by their keys.
type Sums = BTreeMap<Key, Amounts>;

impl Cell {
    /// The row of a shape that it is a part of.
    fn key(&self, shape: Shape, grain: Grain) -> Key {
        let period = grain.of(&self.day);
        let value = |at: usize| if shape.0 & (1 << at) == 0 { String::new() } else { self.values[at].clone() };
        (shape.number(grain), period.to_owned(), std::array::from_fn(value), self.excluded)
    }
}

/// What a ticket counts, and under what: all under the department in charge now, but applications to give it back and
/// those that were upheld under the department that applied.
pub(super) fn contributions(ticket: &Ticket, zone: &TimeZone) -> Vec<(Cell, Amounts)> {
    let (cell, amounts) = contribution(ticket, zone);
    let applied = ticket.assignments.iter().filter(|assignment| assignment.return_applications > 0);
    let given_back = applied.map(|assignment| {
        let mut cell = cell.clone();
        cell.values[DEPARTMENT].clone_from(&assignment.department);
        let amounts = [
            ("return_applications", i64::from(assignment.return_applications)),
            ("returns", i64::from(assignment.given_back)),
        ];
        (cell, in_order(&amounts))
    });
    let given_back: Vec<_> = given_back.collect();
    std::iter::once((cell, amounts)).chain(given_back).collect()
}

/// Amounts in the order of [`MEASURES`]; those that are not named are 0.
fn in_order(named: &[(&str, i64)]) -> Amounts {
    let amount = |measure: &str| named.iter().find(|(own, _)| *own == measure).map_or(0, |(_, amount)| *amount);
    let mut all = [0; MEASURES.len()];
    all.iter_mut().zip(MEASURES).for_each(|(sum, measure)| *sum = amount(measure));
    all
}

/// What a ticket counts under the department in charge.
fn contribution(ticket: &Ticket, zone: &TimeZone) -> (Cell, Amounts) {
    let values = [
        ticket.judgement.as_ref().map(|judgement| judgement.kind.as_str()),
        ticket.department(),
        ticket.scenario.as_deref(),
        ticket.district.as_deref(),
        ticket.channel.as_deref(),
    ];
    let cell = Cell {
        day: ticket.opened_at.to_zoned(zone.clone()).date().to_string(),
        values: values.map(|value| value.unwrap_or_default().to_owned()),
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
        ("suggested", flag(ticket.is_as_suggested().is_some())),
        ("as_suggested", flag(ticket.is_as_suggested() == Some(true))),
    ];
    (cell, in_order(&amounts))
}

/// Adds amounts `sign` times.
pub(super) fn add(sum: &mut Amounts, amounts: &Amounts, sign: i64) {
    sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += sign * amount);
}

/// What changes in the sums when a ticket becomes another.
fn difference(before: Option<&Ticket>, after: &Ticket, zone: &TimeZone) -> Sums {
    let mut sums = Sums::new();
    for (ticket, sign) in before.map(|before| (before, -1)).into_iter().chain([(after, 1)]) {
        // One that only came in is decided in the same transaction, and counts from then on.
        if ticket.state == State::Received {
            continue;
        }
        for ((cell, amounts), (shape, grain)) in
            contributions(ticket, zone).iter().flat_map(|own| Shape::kept().map(move |kept| (own, kept)))
        {
            add(sums.entry(cell.key(shape, grain)).or_insert([0; MEASURES.len()]), amounts, sign);
        }
    }
    sums.retain(|_, amounts| amounts.iter().any(|amount| *amount != 0));
    sums
}

/// Brings the sums up to date with a ticket that became another.
pub(super) fn update(
    tx: &mut Transaction<'_>,
    before: Option<&Ticket>,
    after: &Ticket,
    zone: &TimeZone,
) -> Result<(), StoreError> {
    write(tx, &difference(before, after, zone))?;
    feedback::update(tx, before, after, zone)
}

/// The columns of amounts: `n_` and the measure's name.
pub(super) fn columns() -> impl Iterator<Item = String> {
    MEASURES.iter().map(|measure| format!("n_{measure}"))
}

/// Puts the sums of these cells in the place of all that are stored; gives how many rows differed.
pub(super) fn replace(tx: &mut Transaction<'_>, cells: &BTreeMap<Cell, Amounts>) -> Result<usize, StoreError> {
    let mut wrong = 0;
    // One shape after the other, so that only one is held in memory.
    for (shape, grain) in Shape::kept() {
        let mut new = Sums::new();
        for (cell, amounts) in cells {
            add(new.entry(cell.key(shape, grain)).or_insert([0; MEASURES.len()]), amounts, 1);
        }
        let old = stored(tx, shape.number(grain))?;
        let differ = new.iter().filter(|(key, amounts)| old.get(*key) != Some(*amounts)).count()
            + old.keys().filter(|key| !new.contains_key(*key)).count();
        if differ > 0 {
            tx.execute("DELETE FROM sums WHERE shape = ?1", &[shape.number(grain).into()])?;
            write(tx, &new)?;
        }
        wrong += differ;
    }
    Ok(wrong)
}

/// The sums of a shape that are not nothing.
fn stored(tx: &mut Transaction<'_>, shape: i64) -> Result<Sums, StoreError> {
    let columns: Vec<String> = columns().collect();
    let sql = format!(
        "SELECT period, {}, excluded, {} FROM sums WHERE shape = ?1",
        DIMENSIONS.join(", "),
        columns.join(", ")
    );
    let mut sums = Sums::new();
    for row in &tx.query(&sql, &[shape.into()])? {
        let mut values: [String; 5] = Default::default();
        for (at, value) in values.iter_mut().enumerate() {
            row.text(1 + at)?.clone_into(value);
        }
        let mut amounts = [0; MEASURES.len()];
        for (at, amount) in amounts.iter_mut().enumerate() {
            *amount = row.integer(7 + at)?;
        }
        if amounts.iter().any(|amount| *amount != 0) {
            sums.insert((shape, row.text(0)?.to_owned(), values, row.integer(6)? != 0), amounts);
        }
    }
    Ok(sums)
}

/// Adds to what is stored; in the order of keys, so that transactions at one time wait for each other in one order.
fn write(tx: &mut Transaction<'_>, sums: &Sums) -> Result<(), StoreError> {
    let rows: Vec<(&Key, &Amounts)> = sums.iter().collect();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * (8 + MEASURES.len()));
        for ((shape, period, dimensions, excluded), amounts) in rows {
            values.extend([(*shape).into(), period.into()]);
            values.extend(dimensions.iter().map(Value::from));
            values.push((*excluded).into());
            values.extend(amounts.iter().map(|amount| Value::from(*amount)));
        }
        tx.execute(statement(rows.len()), &values)?;
    }
    Ok(())
}

/// The statement that adds so many rows, at most [`ROWS_AT_ONCE`]. Sums come in few sizes, so that it is written and
/// prepared already, nearly always.
fn statement(rows: usize) -> &'static str {
    static WRITTEN: [OnceLock<String>; ROWS_AT_ONCE + 1] = [const { OnceLock::new() }; ROWS_AT_ONCE + 1];
    WRITTEN[rows].get_or_init(|| written(rows))
}

fn written(rows: usize) -> String {
    let columns: Vec<String> = columns().collect();
    let mut sql = format!(
        "INSERT INTO sums (shape, period, {}, excluded, {}) VALUES ",
        DIMENSIONS.join(", "),
        columns.join(", ")
    );
    let width = 8 + columns.len();
    for row in 0..rows {
        let places = (1..=width).map(|at| format!("?{}", row * width + at)).collect::<Vec<_>>().join(", ");
        // Writing to a string cannot fail.
        let _ = write!(sql, "{}({places})", if row == 0 { "" } else { ", " });
    }
    let added = columns.iter().map(|column| format!("{column} = sums.{column} + excluded.{column}"));
    let added = added.collect::<Vec<_>>().join(", ");
    let key = DIMENSIONS.join(", ");
    let _ = write!(sql, " ON CONFLICT (shape, period, {key}, excluded) DO UPDATE SET {added}");
    sql
}
