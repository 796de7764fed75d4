//! The deadline clock: warns before a deadline, says when it has passed, tells whoever is higher, and reminds of what was
//! set aside. One server's clock runs at a time; each step is an event, written together with when to look again, so that none comes twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::change::Change;
use super::deadlines::{self, Deadline, Layer};
use super::desk::{Step, Tickets};
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows::{self, millis};
use crate::access::Actor;
use crate::catalog::Catalog;
use crate::store::{Row, StoreError, Transaction, Value};

/// The key of the advisory lock of whoever runs the clock.
pub const CLOCK_LOCK: i64 = 0x6a69_6573_7501;
/// Deadlines that one transaction looks at.
const MOST_AT_ONCE: i64 = 50;

/// How long a ticket is left alone that cannot be read: others are not held up by it, and it is not forgotten.
const UNREADABLE_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What the clock watches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    /// A deadline of this layer.
    Deadline(Layer),
    /// The day on which a parked ticket is looked at again.
    Review,
}

/// Something whose time has come.
struct Due {
    id: String,
    seq: i64,
    assignment: u32,
    watched: Watched,
}

impl Due {
    /// Its row.
    fn key(&self) -> [Value; 3] {
        let layer = match self.watched {
            Watched::Deadline(layer) => layer.name(),
            Watched::Review => rows::REVIEW,
        };
        [self.seq.into(), self.assignment.into(), layer.into()]
    }
}

impl Tickets {
    /// Takes every step of every deadline whose time has come; gives how many there were. A ticket that cannot be read is
    /// passed by, logged and [counted](Tickets::unreadable), and tried again after an hour.
    ///
    /// # Errors
    /// The store did not take them; what was taken before stays.
    pub async fn tick(&self) -> Result<usize, Refusal> {
        let mut all = 0;
        loop {
            let (serving, settings, at) = (self.live.serving(), Arc::clone(&self.settings), self.now());
            let catalog = Arc::clone(serving.bundle.engine.catalog());
            let unreadable = Arc::clone(&self.unreadable);
            let job = move |tx: &mut Transaction<'_>| {
                let actor = Actor::system();
                let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
                let due = due(tx, at)?;
                let taken = due.iter().filter_map(|due| take(tx, due, &step, &unreadable).transpose());
                Ok((due.len(), taken.collect::<Result<Vec<_>, Refusal>>()?))
            };
            let (looked_at, taken): (usize, Vec<Ticket>) = self.store.write::<_, Refusal, _>(job).await?;
            taken.iter().for_each(|ticket| self.tell(ticket, &catalog));
            all += taken.len();
            if looked_at < MOST_AT_ONCE as usize {
                return Ok(all);
            }
        }
    }

    /// How often the clock met a ticket that cannot be read, since the start.
    pub fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }
}

fn due(tx: &mut Transaction<'_>, at: Timestamp) -> Result<Vec<Due>, StoreError> {
    let rows = tx.query(
        "SELECT d.ticket, t.id, d.assignment, d.layer FROM deadlines d JOIN tickets t ON t.seq = d.ticket
         WHERE d.next_at <= ?1 ORDER BY d.next_at, d.ticket LIMIT ?2",
        &[millis(at).into(), MOST_AT_ONCE.into()],
    )?;
    let read = |row: &Row| {
        let watched = match row.text(3)? {
            "centre" => Watched::Deadline(Layer::Centre),
            "superior" => Watched::Deadline(Layer::Superior),
            rows::REVIEW => Watched::Review,
            _ => Watched::Deadline(Layer::Unit),
        };
        let assignment = u32::try_from(row.integer(2)?).unwrap_or(u32::MAX);
        Ok(Due { seq: row.integer(0)?, id: row.text(1)?.to_owned(), assignment, watched })
    };
    rows.iter().map(read).collect()
}

/// One step of what is due; none where somebody else (who answered it, put it off, or another server's clock) was there
/// first, or where the ticket cannot be read.
fn take(
    tx: &mut Transaction<'_>,
    due: &Due,
    step: &Step<'_>,
    unreadable: &AtomicU64,
) -> Result<Option<Ticket>, Refusal> {
    let ticket = match rows::load(tx, &due.id, true) {
        Ok(loaded) => loaded.ticket,
        // What the database itself cannot read ends the transaction with the next statement, as it should.
        Err(Refusal::Store(StoreError::Corrupt(why))) => {
            tracing::error!(ticket = due.id, why, "the clock passes by a ticket that cannot be read");
            unreadable.fetch_add(1, Ordering::Relaxed);
            let again = deadlines::add(step.at, UNREADABLE_AGAIN);
            let [ticket, assignment, layer] = due.key();
            tx.execute(
                "UPDATE deadlines SET next_at = ?4 WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3",
                &[ticket, assignment, layer, millis(again).into()],
            )?;
            return Ok(None);
        }
        Err(refusal) => return Err(refusal),
    };
    // Only now that the ticket is held nobody changes its deadlines any more.
    let row = tx.query_one(
        "SELECT step, next_at FROM deadlines WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3",
        &due.key(),
    )?;
    let Some(row) = row.filter(|row| row.integer(1).is_ok_and(|next| next <= millis(step.at))) else {
        return Ok(None);
    };
    let number = row.integer(0)?;
    match due.watched {
        Watched::Deadline(layer) => take_deadline(tx, due, layer, number, &ticket, step),
        Watched::Review => remind(tx, due, &ticket, step),
    }
}

/// A step of a deadline: 0 warns, 1 says that it has passed, the others tell whoever is higher.
fn take_deadline(
    tx: &mut Transaction<'_>,
    due: &Due,
    layer: Layer,
    number: i64,
    ticket: &Ticket,
    step: &Step<'_>,
) -> Result<Option<Ticket>, Refusal> {
    let assignment = (due.assignment > 0).then_some(due.assignment);
    let writing = step.writing();
    let Some(deadline) = deadline(ticket, assignment, layer).cloned() else { return Ok(None) };
    // Where the clock stood still for long, a warning would come when it is too late.
    let number = if number == 0 && deadline.due <= step.at { 1 } else { number };
    let change = match number {
        0 => Change::Warned { assignment, layer, due: deadline.due },
        1 => Change::Expired { assignment, layer, due: deadline.due },
        later => {
            let number = usize::try_from(later - 2).unwrap_or(usize::MAX);
            let to = step.settings.escalation.get(number).map_or("centre", |escalation| escalation.to.as_str());
            let to = told(ticket, assignment, to, writing.catalog);
            Change::Escalated { assignment, step: number as u32 + 1, to }
        }
    };
    let ticket = rows::append(tx, due.seq, &due.id, Some(ticket), vec![change], &writing)?;
    // Not before the next look at all deadlines, so that each takes its turn.
    let next_at = rows::next_look(&deadline, number + 1, ticket.urgency, &writing).max(millis(step.at) + 1);
    look_again(tx, due, number + 1, next_at)?;
    Ok(Some(ticket))
}

/// The day has come on which a parked ticket is looked at again.
fn remind(tx: &mut Transaction<'_>, due: &Due, ticket: &Ticket, step: &Step<'_>) -> Result<Option<Ticket>, Refusal> {
    look_again(tx, due, 1, rows::NEVER)?;
    let Some(parking) = ticket.parking.as_ref().filter(|parking| !parking.review_due) else { return Ok(None) };
    let change = Change::ReviewDue { review_on: parking.review_on };
    rows::append(tx, due.seq, &due.id, Some(ticket), vec![change], &step.writing()).map(Some)
}

fn look_again(tx: &mut Transaction<'_>, due: &Due, step: i64, next_at: i64) -> Result<(), StoreError> {
    let [ticket, assignment, layer] = due.key();
    tx.execute(
        "UPDATE deadlines SET step = ?4, next_at = ?5 WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3",
        &[ticket, assignment, layer, step.into(), next_at.into()],
    )?;
    Ok(())
}

fn deadline(ticket: &Ticket, assignment: Option<u32>, layer: Layer) -> Option<&Deadline> {
    match assignment {
        Some(number) => ticket.active(number).map(|assignment| &assignment.deadline),
        None => ticket.deadlines.iter().find(|deadline| deadline.layer == layer),
    }
}

/// Who is told: the department above that of the assignment, the centre, or a department by its id.
fn told(ticket: &Ticket, assignment: Option<u32>, to: &str, catalog: &Catalog) -> String {
    if to != "parent" {
        return to.to_owned();
    }
    let department = match assignment {
        Some(number) => ticket.active(number).map(|assignment| assignment.department.as_str()),
        None => ticket.department(),
    };
    let above = department.and_then(|id| catalog.department_upwards(id).into_iter().nth(1));
    above.unwrap_or("centre").to_owned()
}
