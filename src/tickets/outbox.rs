//! Messages to the outside, written in the transaction of the event that causes them. Who delivers them, how and how
//! often, is another folder's matter; here they wait, at least until they were received once.
//!
//! A row names an event and a target; what the message says follows from the events up to that one ([`compose`]), so that
//! every attempt says the same.

use serde::Serialize;
use serde_json::json;

use super::change::{Change, Event};
use super::model::{Assignment, Ticket};
use super::rows::{Writing, events, millis};
use crate::store::{StoreError, Transaction, Value};

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
                "INSERT INTO outbox (message, ticket, event, name, target, state, attempts, next_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6)",
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
        Change::Dispatched { assignments, .. } => assignments.iter().any(|a| a.number == assignment.number),
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

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its row.
    #[serde(skip)]
    pub row: i64,
    /// Its id: the same at every attempt.
    pub message: String,
    /// What happened, as events are named.
    pub name: String,
    /// `centre`, or `department:` and an id.
    pub target: String,
    /// Attempts so far.
    pub attempts: u32,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// The ticket's row.
    #[serde(skip)]
    pub(super) ticket: i64,
    /// The event's number.
    #[serde(skip)]
    pub(super) event: u32,
}

/// The data of a message: the ticket as it was right after the event, without what its receiver may not see.
pub(super) fn compose(
    tx: &mut Transaction<'_>,
    waiting: &Waiting,
    id: &str,
    catalog: &crate::catalog::Catalog,
) -> Result<Option<(jiff::Timestamp, serde_json::Value)>, StoreError> {
    let events = events(tx, waiting.ticket, Some(waiting.event))?;
    let (Some(ticket), Some(event)) = (Ticket::fold(id, &events), events.last()) else { return Ok(None) };
    let department = waiting.target.strip_prefix("department:");
    let originals = match department {
        Some(_) if ticket.confidential => super::view::Originals::none(),
        _ => super::view::Originals::load(tx, waiting.ticket)?,
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

/// Messages that are due, the oldest first, held for this transaction.
pub(super) fn due(tx: &mut Transaction<'_>, now: i64, most: u32) -> Result<Vec<Waiting>, StoreError> {
    let lock = tx.for_update_skip_locked();
    let sql = format!(
        "SELECT id, message, ticket, event, name, target, attempts, error FROM outbox
         WHERE state = 'pending' AND next_at <= ?1 ORDER BY next_at, id LIMIT ?2{lock}"
    );
    let rows = tx.query(&sql, &[now.into(), most.into()])?;
    rows.iter().map(read).collect()
}

/// Messages that could not be delivered, the newest first.
pub(super) fn dead(tx: &mut Transaction<'_>, most: u32) -> Result<Vec<Waiting>, StoreError> {
    let rows = tx.query(
        "SELECT id, message, ticket, event, name, target, attempts, error FROM outbox
         WHERE state = 'dead' ORDER BY id DESC LIMIT ?1",
        &[most.into()],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &crate::store::Row) -> Result<Waiting, StoreError> {
    let small = |column: usize| row.integer(column).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    Ok(Waiting {
        row: row.integer(0)?,
        message: row.text(1)?.to_owned(),
        ticket: row.integer(2)?,
        event: small(3)?,
        name: row.text(4)?.to_owned(),
        target: row.text(5)?.to_owned(),
        attempts: small(6)?,
        error: row.optional_text(7)?.map(str::to_owned),
    })
}

/// Sets a message aside until later; or for good, with `state` `dead` or `delivered`.
pub(super) fn settle(
    tx: &mut Transaction<'_>,
    row: i64,
    state: &str,
    next: i64,
    error: Option<&str>,
    attempted: bool,
) -> Result<(), StoreError> {
    let values: [Value; 5] = [row.into(), state.into(), next.into(), error.into(), attempted.into()];
    tx.execute(
        "UPDATE outbox SET state = ?2, next_at = ?3, error = ?4, attempts = attempts + ?5
         WHERE id = ?1 AND state <> 'delivered'",
        &values,
    )?;
    Ok(())
}
