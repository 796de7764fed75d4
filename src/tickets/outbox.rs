//! Messages to the outside, written in the transaction of the event that causes them. Who delivers them, how and how
//! often, is another folder's matter; here they wait, at least until they were received once.
//!
//! A row names an event and a target; what the message says follows from the events up to that one ([`compose`]), so that
//! every attempt says the same, and nothing of a person stands in the row.
//!
//! **Who takes a row** moves its `next_at` to the end of a lease and counts an attempt: a server that dies leaves rows
//! that are due again when the lease is over. **In order**: a row is taken only when no earlier one of the same ticket
//! waits for the same target. Rows behind one that has to wait are put off with it, so that a receiver that is down does
//! not leave thousands of rows to be looked at every time.
//!
//! Statements say a state as a literal, since only then SQLite uses the index of that state; another would be walked
//! through a million rows.

use jiff::Timestamp;
use serde_json::json;

use super::change::{Change, Event};
use super::delivery::{Room, Trouble, Waiting, WaitingState};
use super::model::{Assignment, Ticket};
use super::rows::{Writing, events, millis, moment};
use crate::store::{Row, StoreError, Transaction, Value};

/// The target that hears of everything.
pub const CENTRE: &str = "centre";

/// Messages that are kept waiting: posted in the transaction of their event.
pub(super) fn post(
    tx: &mut Transaction<'_>,
    seq: i64,
    before: Option<&Ticket>,
    ticket: &Ticket,
    added: &[Event],
    writing: &Writing<'_>,
) -> Result<(), StoreError> {
    for event in added {
        for target in targets(before, ticket, event, writing) {
            let message = format!("{}-{}-{target}", ticket.id, event.number);
            tx.execute(
                "INSERT INTO outbox (message, ticket, event, name, target, state, attempts, since, next_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6, ?6)",
                &[
                    message.into(),
                    seq.into(),
                    event.number.into(),
                    event.change.name().into(),
                    target.into(),
                    millis(writing.at).into(),
                ],
            )?;
        }
    }
    Ok(())
}

/// Who hears of an event: the departments that it concerns, where they or one above them have an address, and the
/// centre's own systems.
fn targets(before: Option<&Ticket>, ticket: &Ticket, event: &Event, writing: &Writing<'_>) -> Vec<String> {
    if matches!(event.change, Change::Claimed { .. } | Change::Released | Change::Decided { .. }) {
        return Vec::new();
    }
    let mut targets = Vec::new();
    if writing.settings.central_webhook {
        targets.push(CENTRE.to_owned());
    }
    let concerned = |assignment: &Assignment| match &event.change {
        Change::Dispatched { assignments, .. } | Change::UrgentDispatched { assignments, .. } => {
            assignments.iter().any(|a| a.number == assignment.number)
        }
        Change::ReturnUpheld { assignment: old, to, .. } => {
            *old == assignment.number || to.iter().any(|a| a.number == assignment.number)
        }
        Change::Redirected { assignment: old, to, .. } | Change::HandedDown { assignment: old, to } => {
            *old == assignment.number || to.number == assignment.number
        }
        Change::SentBack { assignment: one, .. }
        | Change::ReturnRefused { assignment: one, .. }
        | Change::Warned { assignment: Some(one), .. }
        | Change::Expired { assignment: Some(one), .. }
        | Change::Escalated { assignment: Some(one), .. } => *one == assignment.number,
        Change::Extended { assignment: Some(one), .. } => *one == assignment.number,
        Change::Extended { assignment: None, .. } => assignment.is_active(),
        Change::Merged { .. } | Change::Reopened { .. } => {
            before.is_some_and(|before| before.active(assignment.number).is_some())
        }
        Change::Chased { .. }
        | Change::Paused { .. }
        | Change::Resumed { .. }
        | Change::Parked { .. }
        | Change::Unparked { .. }
        | Change::Finalised { .. }
        | Change::UrgencySet { .. }
        | Change::AnswerApproved
        | Change::Linked { .. }
        | Change::ReviewDue { .. }
        | Change::Confirmed
        | Change::Attached { .. } => assignment.is_active(),
        _ => false,
    };
    let mut add = |department: &str| {
        let above = writing.catalog.department_upwards(department);
        let addressed =
            above.into_iter().find(|id| writing.catalog.department(id).is_some_and(|d| d.webhook.is_some()));
        if let Some(id) = addressed {
            let target = format!("department:{id}");
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    };
    ticket.assignments.iter().filter(|assignment| concerned(assignment)).for_each(|a| add(&a.department));
    if let Change::Escalated { to, .. } = &event.change {
        add(to);
    }
    targets
}

/// The data of a message: the ticket as it was right after the event, without what its receiver may not see.
pub(super) fn compose(
    tx: &mut Transaction<'_>,
    waiting: &Waiting,
    catalog: &crate::catalog::Catalog,
) -> Result<Option<(Timestamp, serde_json::Value)>, StoreError> {
    let events = events(tx, waiting.seq, Some(waiting.event))?;
    let (Some(ticket), Some(event)) = (Ticket::fold(&waiting.ticket, &events), events.last()) else { return Ok(None) };
    let department = waiting.target.strip_prefix("department:");
    let originals = match department {
        Some(_) if ticket.confidential => super::view::Originals::none(),
        _ => super::view::Originals::load(tx, waiting.seq)?,
    };
    let own = |assignment: &&Assignment| {
        department.is_none_or(|id| catalog.department_upwards(&assignment.department).contains(&id))
    };
    let assignments: Vec<&Assignment> = ticket.assignments.iter().filter(own).collect();
    let summary = assignments.iter().find_map(|assignment| assignment.summary.as_ref());
    let text = summary.filter(|_| ticket.confidential && department.is_some()).unwrap_or(&ticket.text);
    let data = json!({
        "ticket": ticket.id,
        "event": event.number,
        "name": event.change.name(),
        "state": ticket.state,
        "urgency": ticket.urgency,
        "scenario": ticket.scenario,
        "district": ticket.district,
        "opened_at": ticket.opened_at,
        "text": text,
        "title": ticket.title.as_ref().filter(|_| department.is_none() || !ticket.confidential),
        "deadlines": ticket.deadlines,
        "assignments": assignments,
        "contact": originals.contact(ticket.contact),
        "change": if department.is_none() { serde_json::to_value(&event.change).ok() } else { None },
    });
    Ok(Some((event.at, originals.shown(data))))
}

/// What [`read`] reads.
const COLUMNS: &str = "o.id, o.message, o.ticket, (SELECT t.id FROM tickets t WHERE t.seq = o.ticket), o.event, o.name,
    o.target, o.attempts, o.since, o.next_at, o.error";

fn read(row: &Row) -> Result<Waiting, StoreError> {
    let small = |column: usize| row.integer(column).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    Ok(Waiting {
        row: row.integer(0)?,
        message: row.text(1)?.to_owned(),
        seq: row.integer(2)?,
        ticket: row.optional_text(3)?.unwrap_or_default().to_owned(),
        event: small(4)?,
        name: row.text(5)?.to_owned(),
        target: row.text(6)?.to_owned(),
        attempts: small(7)?,
        since: moment(row.integer(8)?)?,
        next_at: moment(row.integer(9)?)?,
        error: row.optional_text(10)?.map(str::to_owned),
    })
}

/// Takes messages that are due, as many as there is room for, until `until`. Each target's own are looked for apart, so
/// that thousands of one that is slow do not hide those of others.
pub(super) fn claim(tx: &mut Transaction<'_>, now: i64, until: i64, room: &Room) -> Result<Vec<Waiting>, StoreError> {
    let mut claimed = Vec::new();
    for target in targets_due(tx, now)? {
        let left = u32::try_from(room.all.saturating_sub(claimed.len())).unwrap_or(u32::MAX);
        let most = room.of(&target).min(left);
        if most > 0 {
            claimed.extend(claim_of(tx, &target, now, most)?);
        }
    }
    for waiting in &mut claimed {
        tx.execute(
            "UPDATE outbox SET next_at = ?2, attempts = attempts + 1 WHERE id = ?1",
            &[waiting.row.into(), until.into()],
        )?;
        waiting.attempts += 1;
    }
    Ok(claimed)
}

/// Targets with something due. One step of the index for each target that has anything waiting, however much it is.
fn targets_due(tx: &mut Transaction<'_>, now: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(
        "WITH RECURSIVE waiting (target) AS (
            SELECT MIN(target) FROM outbox WHERE state = 'pending'
            UNION ALL
            SELECT (SELECT MIN(o.target) FROM outbox o WHERE o.state = 'pending' AND o.target > waiting.target)
            FROM waiting WHERE waiting.target IS NOT NULL
         )
         SELECT target FROM waiting WHERE target IS NOT NULL AND EXISTS (
            SELECT 1 FROM outbox o WHERE o.state = 'pending' AND o.target = waiting.target AND o.next_at <= ?1
         )",
        &[now.into()],
    )?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

fn claim_of(tx: &mut Transaction<'_>, target: &str, now: i64, most: u32) -> Result<Vec<Waiting>, StoreError> {
    let lock = tx.for_update_skip_locked();
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox o
         WHERE o.state = 'pending' AND o.target = ?1 AND o.next_at <= ?2 AND NOT EXISTS (
            SELECT 1 FROM outbox e
            WHERE e.ticket = o.ticket AND e.target = o.target AND e.state = 'pending' AND e.id < o.id
         )
         ORDER BY o.next_at, o.id LIMIT ?3{lock}"
    );
    tx.query(&sql, &[target.into(), now.into(), most.into()])?.iter().map(read).collect()
}

/// It was received. True even where the lease was over and another server has it in hand.
pub(super) fn delivered(tx: &mut Transaction<'_>, waiting: &Waiting, now: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE outbox SET state = 'delivered', next_at = ?2, error = NULL WHERE id = ?1",
        &[waiting.row.into(), now.into()],
    )?;
    wake(tx, waiting, now)
}

/// It was not received and is tried again at `next`; nothing where another server has taken it since.
pub(super) fn postpone(
    tx: &mut Transaction<'_>,
    waiting: &Waiting,
    next: i64,
    trouble: &Trouble,
) -> Result<(), StoreError> {
    let values: [Value; 4] = [waiting.row.into(), waiting.attempts.into(), next.into(), trouble.to_string().into()];
    let changed = tx.execute(
        "UPDATE outbox SET next_at = ?3, error = ?4 WHERE id = ?1 AND attempts = ?2 AND state = 'pending'",
        &values,
    )?;
    if changed > 0 {
        tx.execute(
            "UPDATE outbox SET next_at = ?3
             WHERE ticket = ?1 AND target = ?2 AND state = 'pending' AND attempts = 0",
            &[waiting.seq.into(), (&waiting.target).into(), next.into()],
        )?;
    }
    Ok(())
}

/// It is not tried any more, until somebody says so; nothing where another server has taken it since.
pub(super) fn bury(tx: &mut Transaction<'_>, waiting: &Waiting, now: i64, trouble: &Trouble) -> Result<(), StoreError> {
    let values: [Value; 4] = [waiting.row.into(), waiting.attempts.into(), now.into(), trouble.to_string().into()];
    let changed = tx.execute(
        "UPDATE outbox SET state = 'dead', next_at = ?3, error = ?4
         WHERE id = ?1 AND attempts = ?2 AND state = 'pending'",
        &values,
    )?;
    if changed > 0 { wake(tx, waiting, now) } else { Ok(()) }
}

/// Those behind it need not wait any longer. One that was tried before is in somebody's hands, and left there.
fn wake(tx: &mut Transaction<'_>, waiting: &Waiting, now: i64) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE outbox SET next_at = ?3
         WHERE ticket = ?1 AND target = ?2 AND state = 'pending' AND attempts = 0",
        &[waiting.seq.into(), (&waiting.target).into(), now.into()],
    )?;
    Ok(())
}

/// Messages in a state, the newest first; those before a row where one is given.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    state: WaitingState,
    before: Option<i64>,
    most: u32,
) -> Result<Vec<Waiting>, StoreError> {
    let state = state.name();
    let sql =
        format!("SELECT {COLUMNS} FROM outbox o WHERE o.state = '{state}' AND o.id < ?1 ORDER BY o.id DESC LIMIT ?2");
    let rows = tx.query(&sql, &[before.unwrap_or(i64::MAX).into(), most.into()])?;
    rows.iter().map(read).collect()
}

/// Dead messages, one (by its id) or all, are tried again as if they were new; gives how many.
pub(super) fn replay(tx: &mut Transaction<'_>, message: Option<&str>, now: i64) -> Result<u64, StoreError> {
    let again = "UPDATE outbox SET state = 'pending', attempts = 0, error = NULL, since = ?1, next_at = ?1
                 WHERE state = 'dead'";
    match message {
        Some(message) => tx.execute(&format!("{again} AND message = ?2"), &[now.into(), message.into()]),
        None => tx.execute(again, &[now.into()]),
    }
}

/// How many are in a state.
pub(super) fn count(tx: &mut Transaction<'_>, state: WaitingState) -> Result<u64, StoreError> {
    let row = tx.query_one(&format!("SELECT COUNT(*) FROM outbox WHERE state = '{}'", state.name()), &[])?;
    row.map_or(Ok(0), |row| row.integer(0)).map(|number| u64::try_from(number).unwrap_or(0))
}

/// Forgets some of what was delivered before `old`, and makes due what waits for a time after `latest`: nothing waits
/// that long unless the clock was set back.
pub(super) fn tidy(tx: &mut Transaction<'_>, old: i64, now: i64, latest: i64, most: u32) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM outbox WHERE id IN
            (SELECT id FROM outbox WHERE state = 'delivered' AND next_at < ?1 ORDER BY next_at LIMIT ?2)",
        &[old.into(), most.into()],
    )?;
    tx.execute(
        "UPDATE outbox SET next_at = ?1 WHERE state = 'pending' AND next_at > ?2",
        &[now.into(), latest.into()],
    )?;
    Ok(())
}
