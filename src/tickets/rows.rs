//! Tickets in the database: events are added, and the rows that follow from them are brought up to date.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::change::{Change, Event};
use super::deadlines::{Counting, Deadline};
use super::figures;
use super::model::{Assignment, AssignmentState, State, Ticket, Urgency};
use super::outbox;
use super::refusal::Refusal;
use super::settings::Settings;
use super::submission::Contact;
use super::words::Words;
use crate::catalog::{CalendarKind, Catalog};
use crate::store::{Dialect, StoreError, Transaction, Value};

/// Characters of the beginning of a text that lists show.
pub(super) const SUMMARY: usize = 60;

/// When a deadline is looked at with which nothing is to be done: at the end of all time.
pub(super) const NEVER: i64 = i64::MAX;

/// What stands in the place of a layer for the day on which a parked ticket is looked at again.
pub(super) const REVIEW: &str = "review";

/// What writing needs beside the events.
pub(super) struct Writing<'a> {
    pub(super) at: Timestamp,
    pub(super) actor: &'a str,
    pub(super) revision: &'a str,
    pub(super) zone: &'a TimeZone,
    pub(super) catalog: &'a Catalog,
    pub(super) settings: &'a Settings,
}

impl Writing<'_> {
    fn counting(&self, urgency: Urgency) -> Counting<'_> {
        Counting {
            catalog: self.catalog,
            zone: self.zone,
            warn_after: self.settings.warn_after,
            office_hours: self.settings.office_hours(urgency),
        }
    }
}

/// What of a ticket stands in no event: who filed it, and what repeats are found by.
pub(super) struct Origin<'a> {
    /// The name of the key.
    pub(super) submitter: &'a str,
    /// A keyed hash of the caller's number.
    pub(super) caller: Option<&'a str>,
    /// The place, in one form.
    pub(super) place: Option<&'a str>,
}

/// A ticket's row number with the ticket.
pub(super) struct Loaded {
    pub(super) seq: i64,
    pub(super) ticket: Ticket,
    pub(super) submitter: String,
}

/// Names the index that is best, where the database does not know: SQLite counts nothing of its tables by itself.
/// PostgreSQL does, and chooses.
pub(super) fn by_index(tx: &Transaction<'_>, index: &str) -> String {
    match tx.dialect() {
        Dialect::Sqlite => format!(" INDEXED BY {index}"),
        Dialect::Postgres => String::new(),
    }
}

/// A moment as it is stored.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A moment as precisely as it is stored.
pub(super) fn stored(at: Timestamp) -> Timestamp {
    moment(millis(at)).unwrap_or(at)
}

/// A moment from what was stored.
pub(super) fn moment(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// The id of a row: the day it came in and its number, `20261123-000042`.
pub(super) fn id_of(opened_at: Timestamp, zone: &TimeZone, seq: i64) -> String {
    format!("{}-{seq:06}", opened_at.to_zoned(zone.clone()).strftime("%Y%m%d"))
}

/// A new row for a ticket that came in, without events yet: its number and id.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    origin: &Origin<'_>,
    writing: &Writing<'_>,
) -> Result<(i64, String), StoreError> {
    let at = millis(writing.at);
    let row = tx.query_one(
        "INSERT INTO tickets (version, opened_at, updated_at, state, urgency, chases, submitter, caller, place,
            summary, automatic, confidential, excluded, paused)
         VALUES (0, ?1, ?1, 'received', 0, 0, ?2, ?3, ?4, '', 0, 0, 0, 0) RETURNING seq",
        &[at.into(), origin.submitter.into(), origin.caller.into(), origin.place.into()],
    )?;
    let seq = row.ok_or_else(|| StoreError::Corrupt("a new ticket has no number".to_owned()))?.integer(0)?;
    let id = id_of(writing.at, writing.zone, seq);
    tx.execute("UPDATE tickets SET id = ?2 WHERE seq = ?1", &[seq.into(), (&id).into()])?;
    Ok((seq, id))
}

/// A ticket and the row number, held so that nobody else changes it before this transaction ends.
pub(super) fn load(tx: &mut Transaction<'_>, id: &str, to_change: bool) -> Result<Loaded, Refusal> {
    let lock = if to_change { tx.for_update() } else { "" };
    let row = tx.query_one(&format!("SELECT seq, submitter FROM tickets WHERE id = ?1{lock}"), &[id.into()])?;
    let row = row.ok_or(Refusal::NoTicket)?;
    let (seq, submitter) = (row.integer(0)?, row.text(1)?.to_owned());
    let events = events(tx, seq, None)?;
    let ticket = Ticket::fold(id, &events).ok_or_else(|| corrupt(id))?;
    Ok(Loaded { seq, ticket, submitter })
}

fn corrupt(id: &str) -> Refusal {
    Refusal::Store(StoreError::Corrupt(format!("ticket {id} does not begin with its coming in")))
}

/// The events of a ticket, in order; up to a number, where one is given.
pub(super) fn events(tx: &mut Transaction<'_>, seq: i64, upto: Option<u32>) -> Result<Vec<Event>, StoreError> {
    let upto = upto.map_or(i64::MAX, i64::from);
    let rows = tx.query(
        "SELECT number, at, actor, revision, body FROM events WHERE ticket = ?1 AND number <= ?2 ORDER BY number",
        &[seq.into(), upto.into()],
    )?;
    let read = |row: &crate::store::Row| -> Result<Event, StoreError> {
        let change = serde_json::from_str(row.text(4)?).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(Event {
            number: u32::try_from(row.integer(0)?).unwrap_or(u32::MAX),
            at: moment(row.integer(1)?)?,
            actor: row.text(2)?.to_owned(),
            revision: row.text(3)?.to_owned(),
            change,
        })
    };
    rows.iter().map(read).collect()
}

/// Adds changes to a ticket and brings all rows up to date. Gives the ticket as it is then.
pub(super) fn append(
    tx: &mut Transaction<'_>,
    seq: i64,
    id: &str,
    before: Option<&Ticket>,
    changes: Vec<Change>,
    writing: &Writing<'_>,
) -> Result<Ticket, Refusal> {
    let ticket = record(tx, seq, id, before, changes, writing)?;
    follow(tx, seq, before, &ticket, writing)?;
    Ok(ticket)
}

/// Writes changes of a ticket (`None`: they are its first) as events, and what they send; [`follow`] must come after.
/// Gives the ticket as it is then.
pub(super) fn record(
    tx: &mut Transaction<'_>,
    seq: i64,
    id: &str,
    before: Option<&Ticket>,
    changes: Vec<Change>,
    writing: &Writing<'_>,
) -> Result<Ticket, Refusal> {
    let mut ticket = before.cloned();
    for mut change in changes {
        hide_caller(tx, ticket.as_ref(), &mut change)?;
        keep_personal(tx, seq, &mut change)?;
        let event = Event {
            number: ticket.as_ref().map_or(0, |ticket| ticket.version) + 1,
            at: writing.at,
            actor: writing.actor.to_owned(),
            revision: writing.revision.to_owned(),
            change,
        };
        write_event(tx, seq, &event)?;
        let earlier = ticket.clone();
        match &mut ticket {
            Some(ticket) => ticket.apply(&event),
            None => ticket = Ticket::fold(id, std::slice::from_ref(&event)),
        }
        // Each event by what the ticket was then: who gets it by a later one hears nothing of what came before.
        let now = ticket.as_ref().ok_or_else(|| corrupt(id))?;
        outbox::post(tx, seq, earlier.as_ref(), now, std::slice::from_ref(&event), writing)?;
    }
    ticket.ok_or_else(|| corrupt(id))
}

/// Brings the rows that follow from events up to date: from the ticket that they stand for (`None`: one that just came in)
/// to the one that it is now.
pub(super) fn follow(
    tx: &mut Transaction<'_>,
    seq: i64,
    before: Option<&Ticket>,
    ticket: &Ticket,
    writing: &Writing<'_>,
) -> Result<(), StoreError> {
    write_row(tx, seq, ticket, writing)?;
    write_assignments(tx, seq, before, ticket)?;
    write_deadlines(tx, seq, before, ticket, writing)?;
    write_review(tx, seq, before, ticket, writing)?;
    figures::update(tx, before, ticket, writing.zone)
}

/// Masks the name and the numbers that the caller gave in whatever is written about the ticket.
fn hide_caller(tx: &mut Transaction<'_>, ticket: Option<&Ticket>, change: &mut Change) -> Result<(), StoreError> {
    let contact = match change {
        Change::Received { contact, .. } => *contact,
        _ => ticket.and_then(|ticket| ticket.contact),
    };
    let mut texts = change.words_mut();
    let Some(contact) = contact.filter(|_| !texts.is_empty()) else { return Ok(()) };
    let Some(row) = tx.query_one("SELECT body FROM personal WHERE id = ?1", &[contact.into()])? else { return Ok(()) };
    let contact: Contact =
        serde_json::from_str(row.text(0)?).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    for words in &mut texts {
        contact.known().for_each(|known| words.hide(known));
    }
    Ok(())
}

/// Puts what identifies people into the one table that may hold it.
fn keep_personal(tx: &mut Transaction<'_>, seq: i64, change: &mut Change) -> Result<(), StoreError> {
    if let Change::Decided { judgement, .. } = change
        && let Some(whole) = judgement.original.take()
    {
        judgement.whole = Some(insert_personal(tx, seq, "decision", &whole)?);
    }
    for words in change.words_mut() {
        if let Words { original: Some(original), .. } = words {
            words.personal = Some(insert_personal(tx, seq, "words", original)?);
            words.original = None;
        }
    }
    Ok(())
}

/// A row of `personal`; gives its number.
pub(super) fn insert_personal(tx: &mut Transaction<'_>, seq: i64, kind: &str, body: &str) -> Result<i64, StoreError> {
    let sql = "INSERT INTO personal (ticket, kind, body) VALUES (?1, ?2, ?3) RETURNING id";
    let row = tx.query_one(sql, &[seq.into(), kind.into(), body.into()])?;
    row.ok_or_else(|| StoreError::Corrupt("a new row of personal has no number".to_owned()))?.integer(0)
}

fn write_event(tx: &mut Transaction<'_>, seq: i64, event: &Event) -> Result<(), StoreError> {
    let body = serde_json::to_string(&event.change).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    tx.execute(
        "INSERT INTO events (ticket, number, at, actor, revision, name, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            seq.into(),
            event.number.into(),
            millis(event.at).into(),
            (&event.actor).into(),
            (&event.revision).into(),
            event.change.name().into(),
            body.into(),
        ],
    )?;
    Ok(())
}

fn write_row(tx: &mut Transaction<'_>, seq: i64, ticket: &Ticket, writing: &Writing<'_>) -> Result<(), StoreError> {
    let shown = ticket.title.as_ref().unwrap_or(&ticket.text);
    let summary: String = shown.masked.chars().take(SUMMARY).collect();
    // Only where it can be ruled upon: what is over or set aside would stand in the queue for ever.
    let ruled = ticket.state.is_handling() || matches!(ticket.state, State::InReview | State::Resolved);
    let applications = ticket.assignments.iter().filter_map(|a| a.returning.as_ref()).filter(|_| ruled);
    let returning = applications.map(|application| application.panel).max();
    let returning = returning.map(|panel| if panel { "panel" } else { "dispatcher" });
    let values: [Value; 20] = [
        seq.into(),
        ticket.version.into(),
        millis(writing.at).into(),
        ticket.state.name().into(),
        i64::from(ticket.urgency as u8).into(),
        ticket.chases.into(),
        ticket.due().map(millis).into(),
        ticket.judgement.as_ref().map(|judgement| judgement.kind.as_str()).into(),
        ticket.scenario.as_deref().into(),
        ticket.department().into(),
        ticket.district.as_deref().into(),
        ticket.channel.as_deref().into(),
        ticket.external_id.as_deref().into(),
        summary.into(),
        ticket.automatic.into(),
        ticket.confidential.into(),
        ticket.excluded.is_some().into(),
        returning.into(),
        ticket.claim.as_ref().map(|claim| claim.by.as_str()).into(),
        ticket.claim.as_ref().map(|claim| millis(claim.until)).into(),
    ];
    tx.execute(
        "UPDATE tickets SET version = ?2, updated_at = ?3, state = ?4, urgency = ?5, chases = ?6, due_at = ?7, kind = ?8,
            scenario = ?9, department = ?10, district = ?11, channel = ?12, external_id = ?13, summary = ?14,
            automatic = ?15, confidential = ?16, excluded = ?17, return_to = ?18, claimed_by = ?19, claimed_until = ?20
         WHERE seq = ?1",
        &values,
    )?;
    let paused = ticket.paused.is_some();
    tx.execute("UPDATE tickets SET paused = ?2 WHERE seq = ?1 AND paused <> ?2", &[seq.into(), paused.into()])?;
    Ok(())
}

fn write_assignments(
    tx: &mut Transaction<'_>,
    seq: i64,
    before: Option<&Ticket>,
    ticket: &Ticket,
) -> Result<(), StoreError> {
    let old = before.map(|before| before.assignments.as_slice()).unwrap_or_default();
    for assignment in ticket.assignments.iter().filter(|assignment| !old.contains(assignment)) {
        let role = match assignment.role {
            super::model::AssignmentRole::Lead => "lead",
            super::model::AssignmentRole::Joint => "joint",
            super::model::AssignmentRole::Verify => "verify",
        };
        let state = match assignment.state {
            AssignmentState::Sent => "sent",
            AssignmentState::Accepted => "accepted",
            AssignmentState::Contacted => "contacted",
            AssignmentState::Resolved => "resolved",
            AssignmentState::Withdrawn => "withdrawn",
        };
        tx.execute(
            "INSERT INTO assignments (ticket, number, department, role, state, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (ticket, number) DO UPDATE SET state = excluded.state, due_at = excluded.due_at",
            &[
                seq.into(),
                assignment.number.into(),
                (&assignment.department).into(),
                role.into(),
                state.into(),
                millis(assignment.deadline.due).into(),
            ],
        )?;
    }
    Ok(())
}

/// The deadlines that the clock watches: of the whole until the caller has a reply, of a part until it is resolved or
/// the answer of the whole was approved; none while the clock stands.
fn watched(ticket: &Ticket) -> Vec<(u32, &Deadline)> {
    if ticket.paused.is_some() || ticket.state.is_over() {
        return Vec::new();
    }
    let replied = matches!(ticket.state, State::ReplySent | State::CalledBack);
    let whole = ticket.deadlines.iter().filter(|_| !replied).map(|deadline| (0, deadline));
    let answered = replied || ticket.state == State::AnswerReviewed;
    let open = |a: &&Assignment| !answered && a.is_active() && a.state != AssignmentState::Resolved;
    whole.chain(ticket.assignments.iter().filter(open).map(|a| (a.number, &a.deadline))).collect()
}

/// When a deadline is looked at next that is at `step`: 0 warns, 1 says that it has passed, each further one tells
/// whoever is higher; the end of all time where nothing is left to do.
pub(super) fn next_look(deadline: &Deadline, step: i64, urgency: Urgency, writing: &Writing<'_>) -> i64 {
    let escalation = || {
        let number = usize::try_from(step - 2).ok()?;
        let counting = writing.counting(urgency);
        let after = &writing.settings.escalation.get(number)?.after;
        let at = counting.deadline(deadline.layer, after, CalendarKind::Workdays, deadline.due, "").due;
        Some(counting.in_office_hours(deadline, at))
    };
    let at = match step {
        0 => Some(deadline.warn),
        1 => Some(deadline.due),
        _ => escalation(),
    };
    at.map_or(NEVER, millis)
}

fn write_deadlines(
    tx: &mut Transaction<'_>,
    seq: i64,
    before: Option<&Ticket>,
    ticket: &Ticket,
    writing: &Writing<'_>,
) -> Result<(), StoreError> {
    let (old, new) = (before.map(watched).unwrap_or_default(), watched(ticket));
    for (assignment, deadline) in &old {
        if !new.iter().any(|(other, own)| other == assignment && own.layer == deadline.layer) {
            // The row stays and says how far it was: begun anew later, it would say again that it has passed.
            tx.execute(
                "UPDATE deadlines SET next_at = ?4 WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3",
                &[seq.into(), (*assignment).into(), deadline.layer.name().into(), NEVER.into()],
            )?;
        }
    }
    for (assignment, deadline) in new.iter().filter(|entry| !old.contains(entry)) {
        let step = step_of(tx, seq, *assignment, deadline, writing)?;
        tx.execute(
            "INSERT INTO deadlines (ticket, assignment, layer, due_at, step, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (ticket, assignment, layer)
             DO UPDATE SET due_at = excluded.due_at, step = excluded.step, next_at = excluded.next_at",
            &[
                seq.into(),
                (*assignment).into(),
                deadline.layer.name().into(),
                millis(deadline.due).into(),
                step.into(),
                next_look(deadline, step, ticket.urgency, writing).into(),
            ],
        )?;
    }
    Ok(())
}

/// The day on which a parked ticket is looked at again: watched from when offices open.
fn write_review(
    tx: &mut Transaction<'_>,
    seq: i64,
    before: Option<&Ticket>,
    ticket: &Ticket,
    writing: &Writing<'_>,
) -> Result<(), StoreError> {
    let day = |ticket: &Ticket| Some(ticket.parking.as_ref().filter(|_| ticket.state == State::Parked)?.review_on);
    let (old, new) = (before.and_then(day), day(ticket));
    if old == new {
        return Ok(());
    }
    let due = new.map_or(NEVER, |day| {
        let counting = writing.counting(ticket.urgency);
        millis(counting.opening(day, writing.settings.office_hours, writing.at))
    });
    tx.execute(
        "INSERT INTO deadlines (ticket, assignment, layer, due_at, step, next_at) VALUES (?1, 0, ?2, ?3, 0, ?3)
         ON CONFLICT (ticket, assignment, layer)
         DO UPDATE SET due_at = excluded.due_at, step = excluded.step, next_at = excluded.next_at",
        &[seq.into(), REVIEW.into(), due.into()],
    )?;
    Ok(())
}

/// How far a deadline is that is watched from now on: as far as it was, where it is still the same moment; one that is
/// new or was moved begins, without a warning where that would come too late.
fn step_of(
    tx: &mut Transaction<'_>,
    seq: i64,
    assignment: u32,
    deadline: &Deadline,
    writing: &Writing<'_>,
) -> Result<i64, StoreError> {
    let row = tx.query_one(
        "SELECT step FROM deadlines WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3 AND due_at = ?4",
        &[seq.into(), assignment.into(), deadline.layer.name().into(), millis(deadline.due).into()],
    )?;
    match row {
        Some(row) => row.integer(0),
        None => Ok(if deadline.warn > writing.at { 0 } else { 1 }),
    }
}
