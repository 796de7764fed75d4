//! Who gets which part of a ticket, and until when.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::NewAssignment;
use super::change::{Assigned, Change, Event};
use super::deadlines::{Counting, Deadline, Layer};
use super::model::{Assignment, AssignmentRole, Judgement, Ticket, Urgency};
use super::refusal::Refusal;
use super::settings::{DispatchTo, LongerTerms, Settings};
use super::urgency;
use super::words::Words;
use crate::access::Actor;
use crate::catalog::{CalendarKind, Catalog, Deadline as Term, Department};
use crate::say;
use crate::source::nearest;
use crate::text::mask::masked;

/// Assignments that one action may make, at the most.
const MOST: usize = 10;

/// What a step is decided with.
pub(super) struct Case<'a> {
    /// When it is done.
    pub(super) at: Timestamp,
    /// Who does it.
    pub(super) actor: &'a Actor,
    /// Departments and calendar of the bundle that serves.
    pub(super) catalog: &'a Catalog,
    /// The clock of the bundle.
    pub(super) zone: &'a TimeZone,
    /// How the hotline handles tickets.
    pub(super) settings: &'a Settings,
}

impl Case<'_> {
    /// How the time of what is so urgent is counted.
    pub(super) fn counting(&self, urgency: Urgency) -> Counting<'_> {
        Counting {
            catalog: self.catalog,
            zone: self.zone,
            warn_after: self.settings.warn_after,
            office_hours: self.settings.office_hours(urgency),
        }
    }

    /// The working days of a department (an id); those of offices where it is not known any more.
    pub(super) fn calendar(&self, department: &str) -> CalendarKind {
        self.catalog.department(department).map(|department| department.calendar).unwrap_or_default()
    }

    /// Whether the actor acts for a department: its own, or one below it.
    pub(super) fn acts_for(&self, department: &str) -> bool {
        let above = self.catalog.department_upwards(department);
        self.actor.departments().any(|own| own == department || above.contains(&own))
    }
}

/// New assignments of a ticket, checked, with their numbers and deadlines. `replaced` is the one that they replace.
pub(super) fn assigned(
    ticket: &Ticket,
    new: &[NewAssignment],
    replaced: Option<&Assignment>,
    case: &Case<'_>,
) -> Result<Vec<Assigned>, Refusal> {
    if new.len() > MOST {
        let message = say!("一次最多派给 {MOST} 个单位", "{MOST} departments at once at the most");
        return Err(Refusal::invalid("assignments", message));
    }
    let mut made: Vec<Assigned> = Vec::new();
    for new in new {
        let department = department(new, case)?;
        not_about(ticket, department, case)?;
        let role = role(new, replaced);
        let matter = new.matter.clone().or_else(|| replaced.and_then(|replaced| replaced.matter.clone()));
        let has = |id: &str, of: Option<&String>| id == department.id && of == matter.as_ref();
        let kept = ticket.assignments.iter().filter(|a| a.is_active() && Some(a.number) != replaced.map(|r| r.number));
        if kept.into_iter().any(|a| has(&a.department, a.matter.as_ref()))
            || made.iter().any(|a| has(&a.department, a.matter.as_ref()))
        {
            return Err(has_it_already(department));
        }
        made.push(Assigned {
            number: next_number(ticket) + made.len() as u32,
            role,
            department: department.id.clone(),
            matter,
            basis: new.basis.as_deref().map_or_else(|| case.actor.name.clone(), masked),
            summary: new.summary.as_deref().map(Words::new),
            handed_down_by: None,
            confidential: kept_from(department, case),
            deadline: deadline(ticket, new, role, department, case)?,
        });
    }
    Ok(made)
}

/// What a department is to the ticket: as it was said, else what the one was that it replaces.
fn role(new: &NewAssignment, replaced: Option<&Assignment>) -> AssignmentRole {
    new.role.or(replaced.map(|replaced| replaced.role)).unwrap_or_default()
}

/// An assignment handed to a department below: with the part of the remaining time that is left to it.
pub(super) fn handed_down(
    ticket: &Ticket,
    from: &Assignment,
    new: &NewAssignment,
    case: &Case<'_>,
) -> Result<Assigned, Refusal> {
    let to = department(new, case)?;
    not_about(ticket, to, case)?;
    if to.id == from.department || !case.catalog.department_upwards(&to.id).contains(&from.department.as_str()) {
        let name = &to.name;
        let message = say!("只能转给下级单位，“{name}”不是", "only to a department below: {name} is none");
        return Err(Refusal::invalid("department", message));
    }
    let has = |a: &Assignment| a.is_active() && a.department == to.id && a.matter == from.matter;
    if ticket.assignments.iter().any(has) {
        return Err(has_it_already(to));
    }
    let counting = case.counting(ticket.urgency);
    let own = match &new.term {
        Some(term) => counting.deadline(Layer::Unit, term, to.calendar, case.at, &case.actor.name),
        None => counting.shared(&from.deadline, case.at, case.settings.unit_share),
    };
    // Who hands down cannot give more time than it has.
    let deadline = if own.due > from.deadline.due { from.deadline.clone() } else { own };
    Ok(Assigned {
        number: next_number(ticket),
        role: from.role,
        department: to.id.clone(),
        matter: from.matter.clone(),
        basis: new.basis.as_deref().map_or_else(|| from.basis.clone(), masked),
        summary: new.summary.as_deref().map(Words::new).or_else(|| from.summary.clone()),
        handed_down_by: Some(from.number),
        confidential: kept_from(to, case),
        deadline,
    })
}

/// The deadlines of a whole ticket: the earliest of what scenario, urgency and channel say, and what a superior asked
/// for.
pub(super) fn deadlines_of_ticket(
    ticket: &Ticket,
    urgency: Urgency,
    case: &Case<'_>,
    from: Timestamp,
) -> Vec<Deadline> {
    let counting = case.counting(urgency);
    let (term, basis) = term(ticket, urgency, case, from);
    let centre = counting.deadline(Layer::Centre, &term, calendar_of(ticket, case), from, basis);
    let superior = ticket.superior_due.map(|due| counting.fixed(Layer::Superior, due, from, "superior"));
    std::iter::once(centre).chain(superior).collect()
}

/// The calendar that a ticket's own time is counted by: that of the department it was decided to be for.
pub(super) fn calendar_of(ticket: &Ticket, case: &Case<'_>) -> CalendarKind {
    let department = ticket.judgement.as_ref().and_then(|judgement| judgement.department.as_deref());
    department.map(|id| case.calendar(id)).unwrap_or_default()
}

/// The term of a ticket and what it rests on: of those of scenario, urgency and channel the one that ends first.
fn term(ticket: &Ticket, urgency: Urgency, case: &Case<'_>, from: Timestamp) -> (Term, &'static str) {
    let judgement = ticket.judgement.as_ref();
    let scenario = judgement.and_then(|j| Some((Term::parse(j.term.as_deref()?).ok()?, "scenario")));
    let of_urgency = case.settings.urgency_terms.get(&urgency).map(|term| (*term, "urgency"));
    let of_channel = ticket.channel.as_ref().and_then(|channel| case.settings.channel_terms.get(channel));
    let terms = scenario.into_iter().chain(of_urgency).chain(of_channel.map(|term| (*term, "channel")));
    let counting = case.counting(urgency);
    let due = |term: &Term| counting.deadline(Layer::Centre, term, calendar_of(ticket, case), from, "").due;
    terms.min_by_key(|(term, _)| due(term)).unwrap_or((case.settings.default_term, "default"))
}

/// A deadline with more time: that of a part within the ticket's own time, that of the ticket by no more than so many
/// times its own term at once.
pub(super) fn extended(
    ticket: &Ticket,
    assignment: Option<u32>,
    more: &Term,
    approved_by: &str,
    case: &Case<'_>,
) -> Result<Deadline, Refusal> {
    let counting = case.counting(ticket.urgency);
    if let Some(number) = assignment {
        let part = ticket.active(number).ok_or(Refusal::NoAssignment { number })?;
        let (calendar, from) = (case.calendar(&part.department), part.deadline.due.max(case.at));
        let own = counting.deadline(Layer::Unit, more, calendar, from, approved_by);
        let whole = ticket.deadlines.iter().min_by_key(|deadline| deadline.due);
        return whole.map_or(Ok(own.clone()), |whole| in_time(own, whole, &counting, case));
    }
    let centre = ticket.deadlines.iter().find(|deadline| deadline.layer == Layer::Centre);
    let from = centre.map_or(case.at, |deadline| deadline.due.max(case.at));
    let counted = |term: &Term| counting.deadline(Layer::Centre, term, CalendarKind::Workdays, from, approved_by);
    let times = case.settings.extension_times;
    let (own, _) = term(ticket, ticket.urgency, case, ticket.times.reopened.unwrap_or(ticket.opened_at));
    let most = Term::of(own.amount().saturating_mul(times), own.unit());
    let (asked, last) = (counted(more), counted(&most));
    if times == 0 || asked.due <= last.due {
        return Ok(asked);
    }
    if case.settings.longer_terms == LongerTerms::Cap {
        return Ok(last);
    }
    let (zh, en) = (most.in_words().zh, most.in_words().en);
    let message = say!("一次最多延期{zh}", "it may be extended by {en} at once, at the most");
    Err(Refusal::invalid("term", message))
}

/// What follows from a judgement: the deadlines, more urgency where `raise` says so (to what, and why), and whether the
/// ticket goes out by itself or to a person.
pub(super) fn route(
    ticket: &Ticket,
    judgement: Judgement,
    decided: &Decided,
    raise: Option<(Urgency, String)>,
    case: &Case<'_>,
) -> Vec<Change> {
    let mut judged = ticket.clone();
    judged.judgement = Some(judgement.clone());
    let deadlines = deadlines_of_ticket(&judged, decided.urgency, case, ticket.opened_at);
    let mut changes = Vec::new();
    let mut happens = |judged: &mut Ticket, change: Change| {
        let (number, actor) = (judged.version + 1, case.actor.name.clone());
        let event = Event { number, at: case.at, actor, revision: String::new(), change };
        judged.apply(&event);
        changes.push(event.change);
    };
    happens(&mut judged, Change::Decided { judgement, urgency: decided.urgency, deadlines });
    if let Some((urgency, reason)) = raise {
        let change = urgency::set(&judged, urgency, &reason, false, case);
        happens(&mut judged, change);
    }
    let next = match sure(&judged, decided, case) {
        Ok(assignments) => Change::Dispatched { assignments, automatic: true, scenario: None },
        Err(reason) => {
            let reason = reason.to_owned();
            match urgently(&judged, decided, case) {
                Some(assignments) => Change::UrgentDispatched { assignments, reason },
                None => Change::Queued { reason },
            }
        }
    };
    happens(&mut judged, next);
    changes
}

/// What routing needs of a decision beside the judgement.
pub(super) struct Decided {
    /// How urgent it makes the ticket.
    pub(super) urgency: Urgency,
    /// Departments that take part (ids).
    pub(super) joint: Vec<String>,
    /// Whether several matters of the text belong to different departments.
    pub(super) several_owners: bool,
}

/// The assignments of a ticket that may go out by itself, or why it may not.
fn sure(ticket: &Ticket, decided: &Decided, case: &Case<'_>) -> Result<Vec<Assigned>, &'static str> {
    let judgement = ticket.judgement.as_ref().ok_or("unknown")?;
    if !case.settings.auto_dispatch {
        return Err("auto_dispatch_off");
    }
    match judgement.outcome.as_str() {
        "auto" => {}
        "suggest" => return Err("not_sure"),
        _ => return Err("unknown"),
    }
    if decided.several_owners {
        return Err("several_matters");
    }
    let wanted = wanted(judgement, decided, case).ok_or("no_department")?;
    let why = if ticket.about.is_some() { "not_to_whom_it_is_about" } else { "no_such_department" };
    assigned(ticket, &wanted, None, case).map_err(|_| why)
}

/// The assignments of an emergency, life and safety being at stake, that goes out at once although it is not sure: where
/// somebody is named who may have it.
fn urgently(ticket: &Ticket, decided: &Decided, case: &Case<'_>) -> Option<Vec<Assigned>> {
    let judgement = ticket.judgement.as_ref().filter(|_| case.settings.urgent_dispatch)?;
    let wanted = wanted(judgement, decided, case).filter(|_| decided.urgency == Urgency::Critical)?;
    assigned(ticket, &wanted, None, case).ok()
}

/// Who should get a ticket by its judgement; none where that names no department.
fn wanted(judgement: &Judgement, decided: &Decided, case: &Case<'_>) -> Option<Vec<NewAssignment>> {
    let department = judgement.department.as_deref()?;
    let unit = judgement.unit.as_deref();
    let in_charge: Vec<&str> = match (case.settings.dispatch_to, unit) {
        (DispatchTo::Unit, Some(unit)) => vec![unit],
        (DispatchTo::Both, Some(unit)) => vec![unit, department],
        (DispatchTo::Department, _) | (_, None) => vec![department],
    };
    let new = |department: &str, role: AssignmentRole| NewAssignment {
        department: department.to_owned(),
        role: Some(role),
        matter: None,
        basis: judgement.basis.clone(),
        summary: None,
        term: None,
    };
    let mut all: Vec<NewAssignment> = in_charge.iter().map(|id| new(id, AssignmentRole::Lead)).collect();
    let joint = decided.joint.iter().filter(|id| !in_charge.contains(&id.as_str()));
    all.extend(joint.map(|id| new(id, AssignmentRole::Joint)));
    Some(all)
}

/// When a new assignment is due: its own term from now, a verification's, or its share of what is left of the ticket's
/// time.
fn deadline(
    ticket: &Ticket,
    new: &NewAssignment,
    role: AssignmentRole,
    department: &Department,
    case: &Case<'_>,
) -> Result<Deadline, Refusal> {
    let counting = case.counting(ticket.urgency);
    let from_now = |term: &Term, basis: &str| counting.deadline(Layer::Unit, term, department.calendar, case.at, basis);
    let Some(whole) = ticket.deadlines.iter().min_by_key(|deadline| deadline.due) else {
        return Ok(from_now(new.term.as_ref().unwrap_or(&case.settings.default_term), "default"));
    };
    if let Some(term) = &new.term {
        return in_time(from_now(term, &case.actor.name), whole, &counting, case);
    }
    let share = share(whole, &counting, case);
    if role == AssignmentRole::Verify {
        let verified = from_now(&case.settings.verify_term, "verify");
        return Ok(if verified.due < share.due { verified } else { share });
    }
    Ok(share)
}

/// A department's share of what is left of a ticket's time now. However little that is, it is given the least that any
/// department is; and where that is more than the ticket has, the deadline says that it came late.
pub(super) fn share(whole: &Deadline, counting: &Counting<'_>, case: &Case<'_>) -> Deadline {
    let share = counting.shared(whole, case.at, case.settings.unit_share);
    let least = least(whole, counting, case);
    if share.due < least.due { least } else { share }
}

/// The least that a department is given of a ticket, now.
fn least(whole: &Deadline, counting: &Counting<'_>, case: &Case<'_>) -> Deadline {
    let term = &case.settings.least_unit_term;
    let least = counting.deadline(Layer::Unit, term, CalendarKind::default(), case.at, &whole.basis);
    Deadline { late: whole.due < least.due, ..least }
}

/// A deadline that somebody set, where it lies within the ticket's time; else what the settings say of that.
pub(super) fn in_time(
    own: Deadline,
    whole: &Deadline,
    counting: &Counting<'_>,
    case: &Case<'_>,
) -> Result<Deadline, Refusal> {
    let least = least(whole, counting, case);
    if own.due <= whole.due.max(least.due) {
        return Ok(own);
    }
    if case.settings.longer_terms == LongerTerms::Cap {
        let capped = if least.late { least } else { Deadline { layer: Layer::Unit, ..whole.clone() } };
        return Ok(counting.warned(Deadline { basis: own.basis, ..capped }, case.at));
    }
    let shown = |at: Timestamp| at.to_zoned(case.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let (asked, last) = (shown(own.due), shown(whole.due.max(least.due)));
    let message = say!(
        "这样要到 {asked} 才到期，晚于工单的时限（{last}）；请写短一些，或先给工单延期",
        "that would be due {asked}, after the ticket itself ({last}): give less, or extend the ticket first"
    );
    Err(Refusal::invalid("term", message))
}

fn department<'c>(new: &NewAssignment, case: &Case<'c>) -> Result<&'c Department, Refusal> {
    let given = new.department.trim();
    let found = case.catalog.department(given).or_else(|| case.catalog.department_named(given));
    found.ok_or_else(|| {
        let known = case.catalog.departments().iter().flat_map(|d| [d.id.as_str(), d.name.as_str()]);
        let shown: String = given.chars().take(40).collect();
        let message = match nearest(given, known) {
            Some(near) => {
                say!("没有承办单位“{shown}”，是否想写“{near}”？", "no department `{shown}`: did you mean `{near}`?")
            }
            None => say!("没有承办单位“{shown}”", "no department `{shown}`"),
        };
        Refusal::invalid("department", message)
    })
}

/// A complaint about a department goes neither to it nor to one below it, but to its superior.
fn not_about(ticket: &Ticket, department: &Department, case: &Case<'_>) -> Result<(), Refusal> {
    let Some(about) = ticket.about.as_deref() else { return Ok(()) };
    let above = case.catalog.department_upwards(&department.id);
    if !above.contains(&about) {
        return Ok(());
    }
    let superior = case.catalog.department_upwards(about).into_iter().nth(1);
    let superior = superior.and_then(|id| case.catalog.department(id)).map_or("", |d| d.name.as_str());
    let message = if superior.is_empty() {
        say!("诉求反映的就是该单位，不能派给它或其下级", "the complaint is about it: not to it, nor to one below it")
    } else {
        say!(
            "诉求反映的就是该单位，不能派给它或其下级；可派其上级“{superior}”",
            "the complaint is about it: not to it, nor to one below it, but to its superior {superior}"
        )
    };
    Err(Refusal::invalid("department", message))
}

/// Whether who complained is kept from a department: by its own entry, or by that of one above it.
fn kept_from(department: &Department, case: &Case<'_>) -> bool {
    let above = case.catalog.department_upwards(&department.id);
    above.into_iter().filter_map(|id| case.catalog.department(id)).any(|department| department.confidential)
}

fn has_it_already(department: &Department) -> Refusal {
    let name = &department.name;
    Refusal::invalid("department", say!("“{name}”已经在办这一事项", "{name} has this matter already"))
}

fn next_number(ticket: &Ticket) -> u32 {
    ticket.assignments.iter().map(|assignment| assignment.number).max().unwrap_or(0) + 1
}
