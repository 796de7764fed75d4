//! What a new urgency does to deadlines: more of it shortens those that nobody has answered yet; less leaves them, unless
//! a dispatcher asks for more time with it.

use jiff::Timestamp;

use super::assigning::{self, Case};
use super::change::{Change, Moved};
use super::deadlines::{Deadline, Layer};
use super::model::{AssignmentRole, AssignmentState, Ticket, Urgency};
use crate::text::mask::masked;

/// The change to a new urgency. More urgent: the centre's limit is that of the new urgency from the call (or from when it
/// was opened again, without the time that its clock stood), where that is earlier; and departments have their share of
/// what that leaves. Less urgent, and `recompute`: the same the other way round, and only ever later.
pub(super) fn set(ticket: &Ticket, urgency: Urgency, reason: &str, recompute: bool, case: &Case<'_>) -> Change {
    let raised = urgency > ticket.urgency;
    let answered = ticket.times.resolved.is_some() || ticket.times.replied.is_some();
    let deadlines = if answered || !(raised || recompute) { Vec::new() } else { moved(ticket, urgency, raised, case) };
    Change::UrgencySet { urgency, reason: masked(reason), deadlines }
}

fn moved(ticket: &Ticket, urgency: Urgency, raised: bool, case: &Case<'_>) -> Vec<Moved> {
    let counting = case.counting(urgency);
    let Some(old) = ticket.deadlines.iter().find(|deadline| deadline.layer == Layer::Centre) else { return Vec::new() };
    let Some(new) = limit(ticket, urgency, raised, case) else { return Vec::new() };
    let better = |new: Timestamp, old: Timestamp| if raised { new < old } else { new > old };
    if !better(new.due, old.due) {
        return Vec::new();
    }
    let superior = ticket.deadlines.iter().filter(|deadline| deadline.layer != Layer::Centre);
    let whole = superior.chain([&new]).min_by_key(|deadline| deadline.due).unwrap_or(&new);
    let share = assigning::share(whole, &counting, case);
    let open = ticket.assignments.iter().filter(|a| a.is_active() && a.state != AssignmentState::Resolved);
    // What somebody set by hand, or a verification's own short time, is not lengthened.
    let open = open.filter(|a| raised || (a.role != AssignmentRole::Verify && is_share(&a.deadline)));
    let parts = open.filter(|a| better(share.due, a.deadline.due)).map(|a| Moved {
        assignment: Some(a.number),
        was: Some(a.deadline.due),
        deadline: share.clone(),
    });
    let parts: Vec<Moved> = parts.collect();
    std::iter::once(Moved { assignment: None, was: Some(old.due), deadline: new }).chain(parts).collect()
}

/// The centre's limit under a new urgency: of more urgency what that alone says, so that no extension is undone by what
/// held before; of less all that holds.
fn limit(ticket: &Ticket, urgency: Urgency, raised: bool, case: &Case<'_>) -> Option<Deadline> {
    let from = ticket.times.reopened.unwrap_or(ticket.opened_at);
    let from = from.checked_add(ticket.stood).unwrap_or(from);
    if raised {
        let term = case.settings.urgency_terms.get(&urgency)?;
        let calendar = assigning::calendar_of(ticket, case);
        return Some(case.counting(urgency).deadline(Layer::Centre, term, calendar, from, "urgency"));
    }
    let all = assigning::deadlines_of_ticket(ticket, urgency, case, from);
    all.into_iter().find(|deadline| deadline.layer == Layer::Centre)
}

/// Whether a part's deadline is a share of the ticket's, and was not set by anybody.
fn is_share(deadline: &Deadline) -> bool {
    ["scenario", "urgency", "channel", "default", "superior"].contains(&deadline.basis.as_str())
}
