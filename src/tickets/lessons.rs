//! What returns teach: an upheld return is a complaint that went to the wrong department, and so a test that the rules
//! fail; what a panel ruled is a row that the dispatch list lacks. Both are drafts for an editor: nothing is changed here.

use jiff::Timestamp;
use serde::Serialize;

use super::change::Change;
use super::desk::Tickets;
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows;
use crate::access::{Actor, Scope};
use crate::store::{Row, Transaction};

/// An upheld return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lesson {
    /// The ticket's id.
    pub ticket: String,
    /// What was said, masked.
    pub text: String,
    /// Its title, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The district (id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// When it came in.
    pub opened_at: Timestamp,
    /// The scenario (id) that it was taken for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// The department (id) that gave it back.
    pub from: String,
    /// Whose it is (id).
    pub department: String,
    /// Why, masked.
    pub reason: String,
    /// Whether the panel ruled.
    pub panel: bool,
}

impl Tickets {
    /// The upheld returns since a moment, the newest first; at most `most`. For editors and administrators: what it gives
    /// is masked.
    ///
    /// # Errors
    /// Not for this actor; the store cannot be read.
    pub fn lessons(&self, since: Timestamp, most: u32, actor: &Actor) -> Result<Vec<Lesson>, Refusal> {
        if !actor.may(&Scope::Editor) {
            return Err(Refusal::Forbidden { needs: "editor" });
        }
        self.store.read_blocking(move |tx| {
            let rows = tx.query(
                "SELECT DISTINCT t.seq, t.id FROM events e JOIN tickets t ON t.seq = e.ticket
                 WHERE e.name = 'return_upheld' AND e.at >= ?1 ORDER BY t.seq DESC LIMIT ?2",
                &[rows::millis(since).into(), most.into()],
            )?;
            let mut lessons = Vec::new();
            for row in &rows {
                lessons.extend(of_ticket(tx, row)?);
            }
            Ok(lessons)
        })
    }
}

/// Each upheld return of a ticket, seen at the moment of the ruling. One that named nobody yet teaches nothing.
fn of_ticket(tx: &mut Transaction<'_>, row: &Row) -> Result<Vec<Lesson>, Refusal> {
    let (seq, id) = (row.integer(0)?, row.text(1)?);
    let events = rows::events(tx, seq, None)?;
    let upheld = events.iter().enumerate().filter_map(|(at, event)| {
        let Change::ReturnUpheld { assignment, to, reason, panel } = &event.change else { return None };
        let before = Ticket::fold(id, events.get(..at)?)?;
        let from = before.active(*assignment)?.department.clone();
        Some(Lesson {
            ticket: id.to_owned(),
            text: before.text.masked.clone(),
            title: before.title.as_ref().map(|title| title.masked.clone()),
            district: before.district.clone(),
            opened_at: before.opened_at,
            scenario: before.scenario.clone(),
            from,
            department: to.first()?.department.clone(),
            reason: reason.masked.clone(),
            panel: *panel,
        })
    });
    Ok(upheld.collect())
}
