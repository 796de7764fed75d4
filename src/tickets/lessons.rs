//! What returns teach: an upheld return is a complaint that went to the wrong department, and so a test that the rules
//! fail; what a panel ruled is a row that the dispatch list lacks. Both are drafts for an editor: nothing is changed here.

use jiff::Timestamp;
use serde::Serialize;

use super::change::{Assigned, Change};
use super::desk::Tickets;
use super::model::{AssignmentRole, Ticket};
use super::refusal::Refusal;
use super::rows;
use crate::access::{Actor, Scope};
use crate::catalog::Catalog;
use crate::store::{Row, Transaction};

/// A ticket that went to the wrong department.
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
    /// Whose it is (id): the department that the dispatch list would name.
    pub department: String,
    /// The unit below it (id), where that is who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Why, masked.
    pub reason: String,
    /// Whether the panel ruled.
    pub panel: bool,
}

impl Tickets {
    /// What returns that were upheld since a moment teach, the newest first; of at most `most` tickets, one each. For editors and administrators: what it gives
    /// is masked.
    ///
    /// # Errors
    /// Not for this actor; the store cannot be read.
    pub fn lessons(&self, since: Timestamp, most: u32, actor: &Actor) -> Result<Vec<Lesson>, Refusal> {
        if !actor.may(&Scope::Editor) {
            return Err(Refusal::Forbidden { needs: "editor" });
        }
        let serving = self.live.serving();
        self.store.read_blocking(move |tx| {
            let rows = tx.query(
                "SELECT DISTINCT t.seq, t.id FROM events e JOIN tickets t ON t.seq = e.ticket
                 WHERE e.name = 'return_upheld' AND e.at >= ?1 ORDER BY t.seq DESC LIMIT ?2",
                &[rows::millis(since).into(), most.into()],
            )?;
            let mut lessons = Vec::new();
            for row in &rows {
                lessons.extend(of_ticket(tx, row, serving.bundle.engine.catalog())?);
            }
            Ok(lessons)
        })
    }
}

/// What the returns of a ticket teach: who has it in the end, however often it was moved. Nothing where nobody has it yet,
/// or who has it applied to give it back too; nor what becomes of those who take part or only look whose it is.
fn of_ticket(tx: &mut Transaction<'_>, row: &Row, catalog: &Catalog) -> Result<Option<Lesson>, Refusal> {
    let (seq, id) = (row.integer(0)?, row.text(1)?);
    let events = rows::events(tx, seq, None)?;
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    let Some(mut ticket) = Ticket::fold(id, std::slice::from_ref(first)) else { return Ok(None) };
    // The department that gave it back last, why that was upheld, and who was named since.
    let mut last: Option<(String, String, bool)> = None;
    let mut confirmed: Option<String> = None;
    for event in rest {
        let in_charge = |number: u32| ticket.in_charge().find(|a| a.number == number).map(|a| a.department.clone());
        let lead = |to: &[Assigned]| to.iter().find(|a| a.role == AssignmentRole::Lead).map(|a| a.department.clone());
        match &event.change {
            Change::ReturnUpheld { assignment, to, reason, panel } => {
                if let Some(from) = in_charge(*assignment) {
                    last = Some((from, reason.masked.clone(), *panel));
                    confirmed = lead(to);
                }
            }
            Change::Redirected { assignment, to, .. } if in_charge(*assignment).is_some() => {
                confirmed = lead(std::slice::from_ref(to));
            }
            Change::Dispatched { assignments, .. } if ticket.department().is_none() => confirmed = lead(assignments),
            _ => {}
        }
        ticket.apply(event);
    }
    let contested = |id: &str| ticket.in_charge().any(|a| a.department == id && a.returning.is_some());
    let Some(((from, reason, panel), owner)) = last.zip(confirmed.filter(|id| !contested(id))) else {
        return Ok(None);
    };
    let (department, unit) = named(&owner, catalog);
    Ok(Some(Lesson {
        ticket: id.to_owned(),
        text: ticket.text.masked.clone(),
        title: ticket.title.as_ref().map(|title| title.masked.clone()),
        district: ticket.district.clone(),
        opened_at: ticket.opened_at,
        scenario: ticket.scenario.clone(),
        from,
        department,
        unit,
        reason,
        panel,
    }))
}

/// How rules name a department: one that serves a place, or stands below one that does, as the unit of the department
/// above it that the dispatch list would name.
fn named(id: &str, catalog: &Catalog) -> (String, Option<String>) {
    let region = |id: &str| catalog.department(id).and_then(|department| department.region.as_deref());
    let upwards = catalog.department_upwards(id);
    let unit = upwards.iter().position(|id| region(id).is_some());
    let found = unit.and_then(|at| {
        let unit = *upwards.get(at)?;
        let is_its = |lead: &&&str| catalog.unit(lead, region(unit)).is_some_and(|found| found.id == unit);
        let lead = upwards.get(at + 1..)?.iter().filter(|id| region(id).is_none()).find(is_its)?;
        Some(((*lead).to_owned(), Some(unit.to_owned())))
    });
    found.unwrap_or_else(|| (id.to_owned(), None))
}
