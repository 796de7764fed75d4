//! Who is calling: the open and recent tickets of a number, as far as it takes to answer a question about progress.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::{Tickets, audited};
use super::listing::{COLUMNS, TicketLine, line};
use super::refusal::Refusal;
use super::rows::{by_index, moment};
use super::submission::caller_key;
use crate::access::Actor;
use crate::say;
use crate::store::{Migration, StoreError, Transaction};

/// Open tickets of a number that are shown, at the most.
const MOST_OPEN: usize = 20;
/// Tickets that are over and shown, at the most.
const MOST_OVER: usize = 5;
/// Tickets of a number are counted up to this.
const MOST_COUNTED: i64 = 1_000;
/// Tickets that are not over, in the words of their index.
const OPEN: &str = "state NOT IN ('closed', 'finalised', 'merged', 'refused')";
/// What happens to a ticket without bringing it further: who looked at it, that the clock struck, that somebody asked.
const NO_STEP: &str = "'claimed', 'released', 'warned', 'expired', 'escalated', 'review_due', 'linked', 'noted', 'chased', \
     'attached', 'excluded', 'included', 'urgency_set', 'decided', 'queued'";

macro_rules! index {
    () => {
        "CREATE INDEX tickets_open_by_caller ON tickets (caller, seq)
             WHERE caller IS NOT NULL AND state NOT IN ('closed', 'finalised', 'merged', 'refused');"
    };
}

/// The fourth step: a number that called ten thousand times (a switchboard, a program) is looked up as quickly as others.
pub(super) const MIGRATION: Migration =
    Migration { version: 4, name: "open tickets of a caller", sqlite: index!(), postgres: index!() };

/// What is known of a number.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallersTickets {
    /// 未办结的件数，最多数到 1000 / How many are open; counted up to 1000.
    pub open: i64,
    /// 全部件数，最多数到 1000 / How many there are; counted up to 1000.
    pub total: i64,
    /// 未办结的在前（最多 20 件），再是已办结的（最多 5 件），新的在前 / Open ones (at most 20) before those that are over (at
    /// most 5), the newest first.
    pub tickets: Vec<CallersTicket>,
}

/// A ticket of whoever calls.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallersTicket {
    /// Its line.
    #[serde(flatten)]
    pub line: TicketLine,
    /// Who handles it, and how far they are.
    pub assignments: Vec<CallersPart>,
    /// What happened last that brought it further.
    pub last: Option<LastStep>,
}

/// A department's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallersPart {
    /// The assignment's number.
    pub number: u32,
    /// The department (id).
    pub department: String,
    /// `lead`, `joint` or `verify`.
    pub role: String,
    /// `sent`, `accepted`, `contacted` or `resolved`.
    pub state: String,
    /// When it is due.
    #[schema(value_type = String)]
    pub due: Timestamp,
}

/// A step of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LastStep {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What: the name of a change.
    pub change: String,
    /// Who did it: the name of a key.
    pub actor: String,
}

impl Tickets {
    /// The tickets that a number called about; for those at the centre. That it was looked for is written down.
    ///
    /// # Errors
    /// Not for this actor; too few digits to be a number; the store cannot be read.
    pub async fn caller(&self, phone: &str, actor: &Actor) -> Result<CallersTickets, Refusal> {
        if !actor.is_central() {
            return Err(Refusal::Forbidden { needs: "agent / dispatcher" });
        }
        let key = caller_key(phone).ok_or_else(|| {
            Refusal::invalid("phone", say!("电话号码至少 5 位数字", "a number has five digits at the least"))
        })?;
        self.readings().note(audited(actor, self.now(), "phone_searched", None))?;
        self.store.read(move |tx| Ok(found(tx, &key)?)).await
    }
}

fn found(tx: &mut Transaction<'_>, key: &str) -> Result<CallersTickets, StoreError> {
    let own = by_index(tx, "tickets_open_by_caller");
    let of_caller = by_index(tx, "tickets_by_caller");
    let mut tickets = Vec::new();
    for (index, condition, most) in
        [(&own, OPEN.to_owned(), MOST_OPEN), (&of_caller, format!("NOT ({OPEN})"), MOST_OVER)]
    {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets{index} WHERE caller = ?1 AND {condition} ORDER BY seq DESC LIMIT {most}"
        );
        for row in &tx.query(&sql, &[key.into()])? {
            tickets.push((row.integer(0)?, line(row)?));
        }
    }
    let numbers: Vec<i64> = tickets.iter().map(|(seq, _)| *seq).collect();
    let mut assignments = parts(tx, &numbers)?;
    let mut steps = last_steps(tx, &numbers)?;
    let count = |tx: &mut Transaction<'_>, index: &str, condition: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT seq FROM tickets{index} WHERE caller = ?1{condition} LIMIT {MOST_COUNTED}) counted"
        );
        tx.query_one(&sql, &[key.into()])?.map_or(Ok(0), |row| row.integer(0))
    };
    let open = count(tx, &own, &format!(" AND {OPEN}"))?;
    let total = count(tx, &of_caller, "")?;
    let ticket = |(seq, line)| CallersTicket {
        line,
        assignments: assignments.remove(&seq).unwrap_or_default(),
        last: steps.remove(&seq),
    };
    Ok(CallersTickets { open, total, tickets: tickets.into_iter().map(ticket).collect() })
}

/// Row numbers as a list of SQL; none is not an empty list, which SQL does not know.
fn listed(numbers: &[i64]) -> String {
    let listed: Vec<String> = numbers.iter().map(i64::to_string).collect();
    if listed.is_empty() { "NULL".to_owned() } else { listed.join(", ") }
}

/// The active parts of tickets.
fn parts(tx: &mut Transaction<'_>, numbers: &[i64]) -> Result<HashMap<i64, Vec<CallersPart>>, StoreError> {
    let sql = format!(
        "SELECT ticket, number, department, role, state, due_at FROM assignments
         WHERE ticket IN ({}) AND state <> 'withdrawn' ORDER BY ticket, number",
        listed(numbers)
    );
    let mut parts: HashMap<i64, Vec<CallersPart>> = HashMap::new();
    for row in &tx.query(&sql, &[])? {
        parts.entry(row.integer(0)?).or_default().push(CallersPart {
            number: u32::try_from(row.integer(1)?).unwrap_or(u32::MAX),
            department: row.text(2)?.to_owned(),
            role: row.text(3)?.to_owned(),
            state: row.text(4)?.to_owned(),
            due: moment(row.integer(5)?)?,
        });
    }
    Ok(parts)
}

/// The last step of each ticket that brought it further.
fn last_steps(tx: &mut Transaction<'_>, numbers: &[i64]) -> Result<HashMap<i64, LastStep>, StoreError> {
    let sql = format!(
        "SELECT e.ticket, e.at, e.name, e.actor FROM events e WHERE e.ticket IN ({}) AND e.number =
            (SELECT MAX(l.number) FROM events l WHERE l.ticket = e.ticket AND l.name NOT IN ({NO_STEP}))",
        listed(numbers)
    );
    let mut steps = HashMap::new();
    for row in &tx.query(&sql, &[])? {
        let (change, actor) = (row.text(2)?.to_owned(), row.text(3)?.to_owned());
        steps.insert(row.integer(0)?, LastStep { at: moment(row.integer(1)?)?, change, actor });
    }
    Ok(steps)
}
