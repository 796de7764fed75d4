//! The deadline clock: warns before a deadline, says when it has passed, and tells whoever is higher. One server's clock
//! runs at a time; each step is an event, written together with when to look again, so that none comes twice.

use jiff::Timestamp;

use super::change::Change;
use super::deadlines::{Layer, add};
use super::desk::{Step, Tickets};
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows::{self, millis, moment};
use crate::access::Actor;
use crate::catalog::{CalendarKind, Catalog};
use crate::store::{Row, StoreError, Transaction};

/// The key of the advisory lock of whoever runs the clock.
pub const CLOCK_LOCK: i64 = 0x6a69_6573_7501;
/// Deadlines that one transaction looks at.
const MOST_AT_ONCE: i64 = 50;

/// A deadline whose time has come.
struct Due {
    seq: i64,
    id: String,
    assignment: u32,
    layer: Layer,
    at: Timestamp,
    step: i64,
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
                due(tx, at)?.iter().map(|due| take(tx, due, &step)).collect::<Result<Vec<_>, Refusal>>()
            };
            let taken: Vec<Ticket> = self.store.write(job).await?;
            taken.iter().for_each(|ticket| self.tell(ticket, &catalog));
            all += taken.len();
            if taken.len() < MOST_AT_ONCE as usize {
                return Ok(all);
            }
        }
    }
}

fn due(tx: &mut Transaction<'_>, at: Timestamp) -> Result<Vec<Due>, StoreError> {
    let rows = tx.query(
        "SELECT d.ticket, t.id, d.assignment, d.layer, d.due_at, d.step
         FROM deadlines d JOIN tickets t ON t.seq = d.ticket
         WHERE d.next_at <= ?1 ORDER BY d.next_at, d.ticket LIMIT ?2",
        &[millis(at).into(), MOST_AT_ONCE.into()],
    )?;
    let read = |row: &Row| {
        let layer = match row.text(3)? {
            "centre" => Layer::Centre,
            "superior" => Layer::Superior,
            _ => Layer::Unit,
        };
        Ok(Due {
            seq: row.integer(0)?,
            id: row.text(1)?.to_owned(),
            assignment: u32::try_from(row.integer(2)?).unwrap_or(u32::MAX),
            layer,
            at: moment(row.integer(4)?)?,
            step: row.integer(5)?,
        })
    };
    rows.iter().map(read).collect()
}

/// One step of one deadline: 0 warns, 1 says that it has passed, the others tell whoever is higher.
fn take(tx: &mut Transaction<'_>, due: &Due, step: &Step<'_>) -> Result<Ticket, Refusal> {
    let loaded = rows::load(tx, &due.id, true)?;
    let assignment = (due.assignment > 0).then_some(due.assignment);
    let chain = &step.settings.escalation;
    let change = match due.step {
        0 => Change::Warned { assignment, layer: due.layer, due: due.at },
        1 => Change::Expired { assignment, layer: due.layer, due: due.at },
        later => {
            let number = usize::try_from(later - 2).unwrap_or(usize::MAX);
            let to = chain.get(number).map_or("centre", |escalation| escalation.to.as_str());
            let catalog = step.serving.bundle.engine.catalog();
            let to = told(&loaded.ticket, assignment, to, catalog);
            Change::Escalated { assignment, step: number as u32 + 1, to }
        }
    };
    let ticket = rows::append(tx, due.seq, &due.id, Some(loaded.ticket), vec![change], &step.writing())?;
    let next = due.step + 1;
    let next_at = match next {
        1 => Some(due.at),
        _ => usize::try_from(next - 2).ok().and_then(|at| chain.get(at)).map(|escalation| {
            let case = step.case();
            case.counting().deadline(due.layer, &escalation.after, CalendarKind::Workdays, due.at, "").due
        }),
    };
    // One that is done stays as it is, never to be looked at again: deleted, it would be begun anew with the next change.
    let next_at = next_at.map_or(i64::MAX, |at| millis(at.max(add(step.at, jiff::SignedDuration::from_millis(1)))));
    tx.execute(
        "UPDATE deadlines SET step = ?4, next_at = ?5 WHERE ticket = ?1 AND assignment = ?2 AND layer = ?3",
        &[due.seq.into(), due.assignment.into(), due.layer.name().into(), next.into(), next_at.into()],
    )?;
    Ok(ticket)
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
