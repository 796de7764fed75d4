//! The deadline clock: warns before a deadline, says when it has passed, and tells whoever is higher. One server's clock
//! runs at a time; each step is an event, written together with when to look again, so that none comes twice.

use jiff::Timestamp;

use super::change::Change;
use super::deadlines::{Deadline, Layer};
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

/// A deadline whose time has come.
struct Due {
    id: String,
    seq: i64,
    assignment: u32,
    layer: Layer,
}

impl Tickets {
    /// Takes every step of every deadline whose time has come; gives how many there were.
    ///
    /// # Errors
    /// The store did not take them; what was taken before stays.
    pub async fn tick(&self) -> Result<usize, Refusal> {
        let mut all = 0;
        loop {
            let (serving, settings, at) = (self.live.serving(), std::sync::Arc::clone(&self.settings), self.now());
            let catalog = std::sync::Arc::clone(serving.bundle.engine.catalog());
            let job = move |tx: &mut Transaction<'_>| {
                let actor = Actor::system();
                let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
                let due = due(tx, at)?;
                let taken = due.iter().filter_map(|due| take(tx, due, &step).transpose());
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
}

fn due(tx: &mut Transaction<'_>, at: Timestamp) -> Result<Vec<Due>, StoreError> {
    let rows = tx.query(
        "SELECT d.ticket, t.id, d.assignment, d.layer FROM deadlines d JOIN tickets t ON t.seq = d.ticket
         WHERE d.next_at <= ?1 ORDER BY d.next_at, d.ticket LIMIT ?2",
        &[millis(at).into(), MOST_AT_ONCE.into()],
    )?;
    let read = |row: &Row| {
        let layer = match row.text(3)? {
            "centre" => Layer::Centre,
            "superior" => Layer::Superior,
            _ => Layer::Unit,
        };
        let assignment = u32::try_from(row.integer(2)?).unwrap_or(u32::MAX);
        Ok(Due { seq: row.integer(0)?, id: row.text(1)?.to_owned(), assignment, layer })
    };
    rows.iter().map(read).collect()
}

/// One step of one deadline: 0 warns, 1 says that it has passed, the others tell whoever is higher. None where somebody
/// else (who answered it, put it off, or another server's clock) was there first.
fn take(tx: &mut Transaction<'_>, due: &Due, step: &Step<'_>) -> Result<Option<Ticket>, Refusal> {
    let key: [Value; 3] = [due.seq.into(), due.assignment.into(), due.layer.name().into()];
    let ticket = rows::load(tx, &due.id, true)?.ticket;
    // Only now that the ticket is held nobody changes its deadlines any more.
    let row =
        tx.query_one("SELECT step, next_at FROM deadlines WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3", &key)?;
    let Some(row) = row.filter(|row| row.integer(1).is_ok_and(|next| next <= millis(step.at))) else {
        return Ok(None);
    };
    let assignment = (due.assignment > 0).then_some(due.assignment);
    let writing = step.writing();
    let Some(deadline) = deadline(&ticket, assignment, due.layer).cloned() else { return Ok(None) };
    let layer = due.layer;
    // Where the clock stood still for long, a warning would come when it is too late.
    let number = match row.integer(0)? {
        0 if deadline.due <= step.at => 1,
        number => number,
    };
    let change = match number {
        0 => Change::Warned { assignment, layer, due: deadline.due },
        1 => Change::Expired { assignment, layer, due: deadline.due },
        later => {
            let number = usize::try_from(later - 2).unwrap_or(usize::MAX);
            let to = step.settings.escalation.get(number).map_or("centre", |escalation| escalation.to.as_str());
            let to = told(&ticket, assignment, to, writing.catalog);
            Change::Escalated { assignment, step: number as u32 + 1, to }
        }
    };
    let ticket = rows::append(tx, due.seq, &due.id, Some(&ticket), vec![change], &writing)?;
    // Not before the next look at all deadlines, so that each takes its turn.
    let next_at = rows::next_look(&deadline, number + 1, &writing).max(millis(step.at) + 1);
    let values = key.into_iter().chain([Value::from(number + 1), next_at.into()]).collect::<Vec<_>>();
    tx.execute(
        "UPDATE deadlines SET step = ?4, next_at = ?5 WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3",
        &values,
    )?;
    Ok(Some(ticket))
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
