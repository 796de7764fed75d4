//! The life of a ticket: which action is possible when, by whom, and what it changes. The one state machine.
//!
//! ```text
//! received ─► in_review ─► dispatched ─► accepted ─► contacted ─► resolved ─► answer_reviewed ─► reply_sent ─► called_back ─► closed
//!     └──── sure ─────────────►│◄──── sent back ◄───────────────────┘
//! ```
//! Beside that way: parked and taken up again; merged, refused, finalised; reopened from any end but merged.
//!
//! [`permitted`] is the table; [`decide`] turns an action into changes or says why not. Neither reads a clock or a store.

use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::assigning::{self, Case};
use super::change::{Change, Moved};
use super::deadlines::{self, Layer};
use super::model::{Assignment, AssignmentRole, AssignmentState, CallBack, CallBackBy, Claim, Link, State, Ticket};
use super::refusal::Refusal;
use super::urgency;
use super::words::Words;
use crate::access::{Actor, Scope};
use crate::say;
use crate::source::Message;
use crate::text::mask::masked;

/// Characters of a text that somebody writes about a ticket, at the most.
pub(super) const MOST_TEXT: usize = 5_000;

/// Who may do an action.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Dispatchers.
    Dispatcher,
    /// Everybody at the centre.
    Centre,
    /// The department of the assignment, or one above it.
    Unit,
    /// Either.
    UnitOrCentre,
}

impl Who {
    fn needs(self) -> &'static str {
        match self {
            Who::Dispatcher => "dispatcher",
            Who::Centre => "agent / dispatcher",
            Who::Unit => "department:ID",
            Who::UnitOrCentre => "department:ID / agent / dispatcher",
        }
    }
}

/// The states in which an action is possible, and who may do it.
fn permitted(action: &Action) -> (&'static [State], Who) {
    use State::{
        Accepted, AnswerReviewed, CalledBack, Closed, Contacted, Dispatched, Finalised, InReview, Parked, Received,
        Refused, ReplySent, Resolved,
    };
    const QUEUE: &[State] = &[Received, InReview];
    const HANDLING: &[State] = &[Dispatched, Accepted, Contacted];
    // Those who take part may be slower than those in charge, so a ticket that is resolved is still with units.
    const WITH_UNITS: &[State] = &[Dispatched, Accepted, Contacted, Resolved];
    // One of several parts may have been given back and the ticket be in review again while another waits.
    const RULED: &[State] = &[InReview, Dispatched, Accepted, Contacted, Resolved];
    const OPEN: &[State] =
        &[Received, InReview, Dispatched, Accepted, Contacted, Resolved, AnswerReviewed, ReplySent, CalledBack, Parked];
    const BEFORE_REPLY: &[State] = &[Received, InReview, Dispatched, Accepted, Contacted, Resolved, AnswerReviewed];
    const CONCLUDED: &[State] = &[Resolved, AnswerReviewed, ReplySent, CalledBack];
    match action {
        Action::Dispatch { .. } => (&[Received, InReview, Dispatched, Accepted, Contacted], Who::Dispatcher),
        // Every queue is claimed from: review, returns, answers, call-backs, what is parked.
        Action::Claim | Action::Release => (OPEN, Who::Dispatcher),
        Action::Accept { .. } | Action::Contact { .. } | Action::Resolve { .. } => (WITH_UNITS, Who::Unit),
        Action::ApproveAnswer => (&[Resolved], Who::Dispatcher),
        Action::SendBack { .. } => (&[Resolved, AnswerReviewed], Who::Dispatcher),
        Action::SendReply { .. } => (&[AnswerReviewed], Who::Centre),
        Action::CallBack { .. } => (CONCLUDED, Who::UnitOrCentre),
        Action::Close => (&[ReplySent, CalledBack], Who::Centre),
        Action::AnswerOnTheSpot { .. } => (QUEUE, Who::Centre),
        Action::ApplyReturn { .. } | Action::HandDown { .. } => (WITH_UNITS, Who::Unit),
        Action::UpholdReturn { .. } | Action::RefuseReturn { .. } => (RULED, Who::Dispatcher),
        Action::Confirm => (&[InReview], Who::Dispatcher),
        Action::Redirect { .. } => (WITH_UNITS, Who::Dispatcher),
        Action::Pause { .. } => (HANDLING, Who::UnitOrCentre),
        // Wherever the ticket went while its clock stood.
        Action::Resume => (BEFORE_REPLY, Who::UnitOrCentre),
        Action::Extend { .. } => (BEFORE_REPLY, Who::Dispatcher),
        Action::Park { .. } => (BEFORE_REPLY, Who::Dispatcher),
        Action::Unpark => (&[Parked], Who::Dispatcher),
        Action::Finalise { .. } | Action::Merge { .. } => (OPEN, Who::Dispatcher),
        Action::Refuse { .. } => (QUEUE, Who::Centre),
        Action::Reopen { .. } => (&[Closed, Finalised, Refused], Who::Centre),
        Action::SetUrgency { recompute_deadlines: true, .. } => (OPEN, Who::Dispatcher),
        Action::Chase { .. } | Action::SetUrgency { .. } => (OPEN, Who::Centre),
        Action::Exclude { .. } | Action::Include { .. } => (&State::ALL, Who::Dispatcher),
        Action::Link { .. } => (&State::ALL, Who::Centre),
        Action::Note { .. } => (&State::ALL, Who::UnitOrCentre),
    }
}

/// What a ticket becomes when `action` is done with it: the changes, in order, or why it is not done.
pub(super) fn decide(ticket: &Ticket, action: &Action, case: &Case<'_>) -> Result<Vec<Change>, Refusal> {
    check_texts(action)?;
    let (states, who) = permitted(action);
    allowed(ticket, action, who, case)?;
    // An emergency that went out at once is in review for a person, and dispatched for everybody else.
    let provisional = ticket.provisional.is_some() && states.contains(&State::Dispatched);
    if !(provisional || states.contains(&ticket.state)) {
        let words: Vec<String> = states.iter().map(|state| state.in_words().zh).collect();
        let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
        let (zh, en) = (words.join("、"), names.join(", "));
        return not_now(ticket, say!("须处于{zh}", "it must be {en}"));
    }
    unclaimed(ticket, action, who, case)?;
    match action {
        Action::Accept { .. }
        | Action::Contact { .. }
        | Action::Resolve { .. }
        | Action::HandDown { .. }
        | Action::ApplyReturn { .. } => by_unit(ticket, action, case),
        Action::UpholdReturn { .. } | Action::RefuseReturn { .. } => ruling(ticket, action, case),
        Action::Pause { .. } | Action::Resume | Action::Extend { .. } | Action::Park { .. } | Action::Unpark => {
            clock(ticket, action, case)
        }
        Action::Reopen { reason } => {
            let deadlines = assigning::deadlines_of_ticket(ticket, ticket.urgency, case, case.at);
            Ok(vec![Change::Reopened { reason: Words::new(reason), deadlines }])
        }
        _ => by_centre(ticket, action, case),
    }
}

/// What departments do with their part.
fn by_unit(ticket: &Ticket, action: &Action, case: &Case<'_>) -> Result<Vec<Change>, Refusal> {
    let number = assignment_of(action).unwrap_or_default();
    let assignment = ticket.active(number).ok_or(Refusal::NoAssignment { number })?;
    if assignment.returning.is_some() {
        return not_now(ticket, say!("退单申请尚未裁定", "an application to give it back waits for a ruling"));
    }
    let needs = |wanted: &[AssignmentState], wants: Message| {
        if wanted.contains(&assignment.state) { Ok(()) } else { not_now(ticket, wants) }
    };
    Ok(vec![match action {
        Action::Accept { .. } => {
            needs(&[AssignmentState::Sent], say!("这一派单已经签收", "this assignment was accepted already"))?;
            Change::Accepted { assignment: number }
        }
        Action::Contact { met, note, .. } => {
            let wants = say!("应先签收，且尚未办结", "accept it first, and before it is resolved");
            needs(&[AssignmentState::Accepted, AssignmentState::Contacted], wants)?;
            Change::Contacted { assignment: number, met: *met, note: note.as_deref().map(Words::new) }
        }
        Action::Resolve { answer, .. } => {
            let wants = say!("应先签收，且尚未办结", "accept it first, and only once");
            needs(&[AssignmentState::Accepted, AssignmentState::Contacted], wants)?;
            if ticket.paused.is_some() {
                return not_now(ticket, say!("计时已暂停，请先恢复", "its clock stands: resume first"));
            }
            Change::Resolved { assignment: number, answer: Words::new(answer) }
        }
        Action::HandDown { to, .. } => {
            needs(
                &[AssignmentState::Sent, AssignmentState::Accepted, AssignmentState::Contacted],
                say!("已办结的不能再转办", "it is resolved already"),
            )?;
            Change::HandedDown { assignment: number, to: assigning::handed_down(ticket, assignment, to, case)? }
        }
        Action::ApplyReturn { reason, basis, .. } => {
            may_apply(ticket, assignment, case)?;
            let panel = ticket.return_applications > 0;
            Change::ReturnApplied { assignment: number, reason: *reason, basis: Words::new(basis), panel }
        }
        _ => return Ok(Vec::new()),
    }])
}

/// Whether an assignment may still be applied to be given back: within the window, and not bound to it.
fn may_apply(ticket: &Ticket, assignment: &Assignment, case: &Case<'_>) -> Result<(), Refusal> {
    if assignment.binding {
        let wants = say!("退单已被裁定不予退回，须办理", "a ruling bound the department to it");
        return not_now(ticket, wants);
    }
    if !matches!(assignment.state, AssignmentState::Sent | AssignmentState::Accepted) {
        let wants = say!("联系诉求人之后不能再申请退单", "not after the caller was spoken with");
        return not_now(ticket, wants);
    }
    let window = &case.settings.return_window;
    let last = case.counting(ticket.urgency).deadline(
        Layer::Unit,
        window,
        case.calendar(&assignment.department),
        assignment.sent_at,
        "",
    );
    if case.at > last.due {
        let (zh, en) = (window.in_words().zh, window.in_words().en);
        let wants =
            say!("已过退单申请期限（收到后{zh}内）", "the window to apply, {en} from when it was sent, has passed");
        return not_now(ticket, wants);
    }
    Ok(())
}

/// A dispatcher's or the panel's ruling on an application.
fn ruling(ticket: &Ticket, action: &Action, case: &Case<'_>) -> Result<Vec<Change>, Refusal> {
    let number = assignment_of(action).unwrap_or_default();
    let assignment = ticket.active(number).ok_or(Refusal::NoAssignment { number })?;
    let Some(application) = &assignment.returning else {
        return not_now(ticket, say!("这一派单没有待裁定的退单申请", "nobody applied to give this assignment back"));
    };
    let panel = application.panel;
    Ok(vec![match action {
        Action::UpholdReturn { to, reason, .. } => {
            if panel && to.is_empty() {
                let message = say!("争议裁定必须写明由谁承办", "a panel's ruling must say who has it");
                return Err(Refusal::invalid("to", message));
            }
            let to = assigning::assigned(ticket, to, Some(assignment), case)?;
            Change::ReturnUpheld { assignment: number, to, reason: Words::new(reason), panel }
        }
        Action::RefuseReturn { reason, .. } => {
            Change::ReturnRefused { assignment: number, reason: Words::new(reason), panel }
        }
        _ => return Ok(Vec::new()),
    }])
}

/// What the centre does.
fn by_centre(ticket: &Ticket, action: &Action, case: &Case<'_>) -> Result<Vec<Change>, Refusal> {
    Ok(vec![match action {
        Action::Dispatch { assignments, scenario } => {
            if assignments.is_empty() {
                let message = say!("至少要有一个承办单位", "name one department at least");
                return Err(Refusal::invalid("assignments", message));
            }
            let assignments = assigning::assigned(ticket, assignments, None, case)?;
            if ticket.in_charge().next().is_none() && assignments.iter().all(|a| a.role == AssignmentRole::Joint) {
                let message = say!("要有主办单位，或先核实权属", "somebody must be in charge, or verify who is");
                return Err(Refusal::invalid("assignments", message));
            }
            Change::Dispatched { assignments, automatic: false, scenario: scenario.clone() }
        }
        Action::Claim => {
            let minutes = SignedDuration::from_mins(i64::from(case.settings.claim_minutes));
            let until = deadlines::add(case.at, minutes);
            Change::Claimed { claim: Claim { by: case.actor.name.clone(), until } }
        }
        Action::Release => {
            if ticket.claim.is_none() {
                return not_now(ticket, say!("没有人占用它", "nobody has it in hand"));
            }
            Change::Released
        }
        Action::ApproveAnswer => Change::AnswerApproved,
        Action::SendBack { assignment: number, reason } => {
            let resolved = ticket.active(*number).filter(|a| a.state == AssignmentState::Resolved);
            resolved.ok_or(Refusal::NoAssignment { number: *number })?;
            Change::SentBack { assignment: *number, reason: Words::new(reason) }
        }
        Action::SendReply { text } => Change::ReplySent { reply: Words::new(text) },
        Action::CallBack { .. } => Change::CalledBack { call_back: call_back(ticket, action, case)? },
        Action::Close => Change::Closed { on_the_spot: false },
        Action::AnswerOnTheSpot { text } => {
            return Ok(vec![Change::ReplySent { reply: Words::new(text) }, Change::Closed { on_the_spot: true }]);
        }
        Action::Redirect { assignment: number, to, reason } => {
            let assignment = ticket.active(*number).ok_or(Refusal::NoAssignment { number: *number })?;
            if assignment.returning.as_ref().is_some_and(|application| application.panel) {
                let wants = say!(
                    "已提交争议会商，只能由会商裁定（准予或驳回退单）",
                    "it is before the panel, whose ruling alone moves it"
                );
                return not_now(ticket, wants);
            }
            let to = assigning::assigned(ticket, std::slice::from_ref(to), Some(assignment), case)?;
            let to = to.into_iter().next().ok_or(Refusal::NoAssignment { number: *number })?;
            Change::Redirected { assignment: *number, to, reason: Words::new(reason) }
        }
        Action::Exclude { reason, approved_by } => {
            if ticket.excluded.is_some() {
                return not_now(ticket, say!("已经剔除", "it is taken out already"));
            }
            Change::Excluded { reason: Words::new(reason), approved_by: approved_by.clone() }
        }
        Action::Include { reason } => {
            if ticket.excluded.is_none() {
                return not_now(ticket, say!("它没有被剔除", "it was not taken out"));
            }
            Change::Included { reason: Words::new(reason) }
        }
        Action::Finalise { reason, basis, approved_by } => {
            Change::Finalised { reason: Words::new(reason), basis: masked(basis), approved_by: approved_by.clone() }
        }
        Action::Merge { into } => {
            if *into == ticket.id {
                return Err(Refusal::invalid("into", say!("不能并入自己", "not into itself")));
            }
            Change::Merged { into: into.clone() }
        }
        Action::Refuse { ground, notice } => Change::Refused { ground: *ground, notice: Words::new(notice) },
        Action::Chase { note } => Change::Chased { note: note.as_deref().map(Words::new) },
        Action::Confirm => {
            if ticket.provisional.is_none() {
                return not_now(
                    ticket,
                    say!("没有待确认的紧急派单", "nothing that went out at once is to be confirmed"),
                );
            }
            Change::Confirmed
        }
        Action::SetUrgency { urgency, reason, recompute_deadlines } => {
            urgency::set(ticket, *urgency, reason, *recompute_deadlines, case)
        }
        Action::Link { ticket: other, relation } => {
            if *other == ticket.id {
                return Err(Refusal::invalid("ticket", say!("不能关联自己", "not to itself")));
            }
            Change::Linked { link: Link { ticket: other.clone(), relation: *relation } }
        }
        Action::Note { text } => Change::Noted { note: Words::new(text) },
        _ => return Ok(Vec::new()),
    }])
}

/// A call-back that fits: the centre's only after the reply, a result only where somebody was reached.
fn call_back(ticket: &Ticket, action: &Action, case: &Case<'_>) -> Result<CallBack, Refusal> {
    let Action::CallBack { by, reached, solved, satisfied, note } = action else {
        return not_now(ticket, say!("不是回访", "this is no call-back"));
    };
    if *by == CallBackBy::Centre {
        if !case.actor.is_central() {
            return Err(Refusal::Forbidden { needs: Who::Centre.needs() });
        }
        if !matches!(ticket.state, State::ReplySent | State::CalledBack) {
            return not_now(ticket, say!("答复之后才能由中心回访", "the centre calls back after the reply"));
        }
    }
    if *reached != solved.is_some() {
        let message =
            say!("接通时要填是否解决，未接通时不填", "say what came of it where somebody was reached, and only there");
        return Err(Refusal::invalid("solved", message));
    }
    if !reached && satisfied.is_some() {
        return Err(Refusal::invalid(
            "satisfied",
            say!("未接通，没有满意度", "nobody was reached who could be content"),
        ));
    }
    let note = note.as_deref().map(Words::new);
    Ok(CallBack { by: *by, reached: *reached, solved: *solved, satisfied: *satisfied, note })
}

/// What changes deadlines.
fn clock(ticket: &Ticket, action: &Action, case: &Case<'_>) -> Result<Vec<Change>, Refusal> {
    Ok(vec![match action {
        Action::Pause { reason } => {
            if ticket.paused.is_some() {
                return not_now(ticket, say!("计时已经暂停", "its clock stands already"));
            }
            Change::Paused { reason: Words::new(reason) }
        }
        Action::Resume => match ticket.paused {
            Some(paused) => Change::Resumed { deadlines: resumed(ticket, paused, case) },
            None => return not_now(ticket, say!("计时没有暂停", "its clock runs")),
        },
        Action::Park { reason, review_on } => {
            if *review_on <= case.at.to_zoned(case.zone.clone()).date() {
                return Err(Refusal::invalid("review_on", say!("复核日期应在今天之后", "a day after today")));
            }
            Change::Parked { reason: Words::new(reason), review_on: *review_on }
        }
        Action::Unpark => Change::Unparked { deadlines: resumed(ticket, ticket.paused.unwrap_or(case.at), case) },
        Action::Extend { assignment, term, reason, approved_by } => {
            let extensions = match assignment {
                Some(number) => ticket.active(*number).ok_or(Refusal::NoAssignment { number: *number })?.extensions,
                None => ticket.extensions,
            };
            let most = case.settings.most_extensions;
            if extensions >= most {
                return not_now(ticket, say!("最多延期 {most} 次", "it may be extended {most} times at the most"));
            }
            let deadline = assigning::extended(ticket, *assignment, term, approved_by, case)?;
            let reason = Words::new(reason);
            Change::Extended { assignment: *assignment, deadline, reason, approved_by: approved_by.clone() }
        }
        _ => return Ok(Vec::new()),
    }])
}

/// All deadlines of a ticket whose clock stood since `paused`.
fn resumed(ticket: &Ticket, paused: Timestamp, case: &Case<'_>) -> Vec<Moved> {
    let counting = case.counting(ticket.urgency);
    let own = ticket.deadlines.iter().map(|deadline| (None, deadline));
    let open = ticket.assignments.iter().filter(|a| a.is_active() && a.state != AssignmentState::Resolved);
    let parts = open.map(|a| (Some(a.number), &a.deadline));
    own.chain(parts)
        .map(|(assignment, deadline)| Moved {
            assignment,
            was: Some(deadline.due),
            deadline: counting.resumed(deadline, paused, case.at),
        })
        .collect()
}

/// The assignment that an action is about.
fn assignment_of(action: &Action) -> Option<u32> {
    match action {
        Action::Accept { assignment }
        | Action::Contact { assignment, .. }
        | Action::Resolve { assignment, .. }
        | Action::SendBack { assignment, .. }
        | Action::ApplyReturn { assignment, .. }
        | Action::UpholdReturn { assignment, .. }
        | Action::RefuseReturn { assignment, .. }
        | Action::Redirect { assignment, .. }
        | Action::HandDown { assignment, .. } => Some(*assignment),
        Action::Extend { assignment, .. } => *assignment,
        _ => None,
    }
}

/// Whether the actor may do it. A department acts on its own assignments and those below it.
fn allowed(ticket: &Ticket, action: &Action, who: Who, case: &Case<'_>) -> Result<(), Refusal> {
    let actor: &Actor = case.actor;
    let of_unit = || match assignment_of(action) {
        Some(number) => ticket.active(number).is_some_and(|a| case.acts_for(&a.department)),
        None => ticket.assignments.iter().any(|a| a.is_active() && case.acts_for(&a.department)),
    };
    let fine = actor.may(&Scope::Admin)
        || match who {
            Who::Dispatcher => actor.may(&Scope::Dispatcher),
            Who::Centre => actor.is_central(),
            Who::Unit => of_unit(),
            Who::UnitOrCentre => actor.is_central() || of_unit(),
        };
    if fine { Ok(()) } else { Err(Refusal::Forbidden { needs: who.needs() }) }
}

/// What a dispatcher has in hand, no other dispatcher acts on; others (the department, an agent's note) may.
fn unclaimed(ticket: &Ticket, action: &Action, who: Who, case: &Case<'_>) -> Result<(), Refusal> {
    let held = ticket.claim.as_ref().filter(|claim| claim.until > case.at && claim.by != case.actor.name);
    let contested = who == Who::Dispatcher || matches!(action, Action::AnswerOnTheSpot { .. } | Action::Refuse { .. });
    match held {
        Some(claim) if contested => Err(Refusal::Claimed { by: claim.by.clone() }),
        _ => Ok(()),
    }
}

/// Every text says something and is not too long.
fn check_texts(action: &Action) -> Result<(), Refusal> {
    for (field, text) in action.texts() {
        if text.trim().is_empty() {
            return Err(Refusal::invalid(field, say!("“{field}”不能为空", "`{field}` must say something")));
        }
        if text.len() > MOST_TEXT && text.chars().count() > MOST_TEXT {
            let message = say!("“{field}”最多 {MOST_TEXT} 字", "`{field}` has {MOST_TEXT} characters at the most");
            return Err(Refusal::invalid(field, message));
        }
    }
    Ok(())
}

fn not_now<T>(ticket: &Ticket, wants: Message) -> Result<T, Refusal> {
    Err(Refusal::NotNow { state: ticket.state, wants })
}
