//! What people ask to be done with a ticket.

use jiff::civil;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::RefusalGround;
use super::model::{AssignmentRole, CallBackBy, Relation, ReturnReason, Solved, Urgency};
use crate::catalog::Deadline as Term;

/// A department to be given a part of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    /// The department's id, name or alias.
    pub department: String,
    /// What it is to the ticket. Where nothing is said: what the one was that it replaces, else in charge.
    #[serde(default)]
    pub role: Option<AssignmentRole>,
    /// The scenario (id) of the matter, where the ticket has several.
    #[serde(default)]
    pub matter: Option<String>,
    /// Why this department.
    #[serde(default)]
    pub basis: Option<String>,
    /// What it sees of a confidential complaint, instead of the masked text.
    #[serde(default)]
    pub summary: Option<String>,
    /// Its time, such as `24 hours`; its share of the ticket's where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub term: Option<Term>,
}

/// An action. Texts are at most 5,000 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Send it to departments.
    Dispatch {
        /// To whom.
        assignments: Vec<NewAssignment>,
        /// The right scenario (id), where the engine's is wrong.
        #[serde(default)]
        scenario: Option<String>,
    },
    /// Take it in hand, so that nobody else does.
    Claim,
    /// Put it back.
    Release,
    /// Take an assignment.
    Accept {
        /// Its number.
        assignment: u32,
    },
    /// The caller was spoken with.
    Contact {
        /// The assignment's number.
        assignment: u32,
        /// Whether they met.
        #[serde(default)]
        met: bool,
        /// What was said.
        #[serde(default)]
        note: Option<String>,
    },
    /// Answer an assignment.
    Resolve {
        /// Its number.
        assignment: u32,
        /// What was found, what was done, on what basis, what comes next.
        answer: String,
    },
    /// Approve what the departments answered.
    ApproveAnswer,
    /// Send an answer back (退回重办).
    SendBack {
        /// The assignment's number.
        assignment: u32,
        /// What is missing.
        reason: String,
    },
    /// Tell the caller.
    SendReply {
        /// What.
        text: String,
    },
    /// Note a call-back.
    CallBack {
        /// Who called.
        by: CallBackBy,
        /// Whether anybody answered.
        reached: bool,
        /// What came of it.
        #[serde(default)]
        solved: Option<Solved>,
        /// Whether the caller is content.
        #[serde(default)]
        satisfied: Option<bool>,
        /// What else was said.
        #[serde(default)]
        note: Option<String>,
    },
    /// Close it.
    Close,
    /// Close a consultation that was answered at once.
    AnswerOnTheSpot {
        /// What the caller was told.
        text: String,
    },
    /// Apply to give an assignment back.
    ApplyReturn {
        /// Its number.
        assignment: u32,
        /// Why.
        reason: ReturnReason,
        /// What that rests on.
        basis: String,
    },
    /// Uphold an application: others have it from now on, or it goes back to review.
    UpholdReturn {
        /// The assignment's number.
        assignment: u32,
        /// Who has it now; nobody yet where empty.
        #[serde(default)]
        to: Vec<NewAssignment>,
        /// Why.
        reason: String,
    },
    /// Refuse an application; that binds the department.
    RefuseReturn {
        /// The assignment's number.
        assignment: u32,
        /// Why.
        reason: String,
    },
    /// Confirm an emergency that was sent at once with nobody looking.
    Confirm,
    /// Give an assignment to another department.
    Redirect {
        /// Its number.
        assignment: u32,
        /// Who has it now.
        to: NewAssignment,
        /// Why.
        reason: String,
    },
    /// Hand an assignment to a department below one's own.
    HandDown {
        /// Its number.
        assignment: u32,
        /// Who has it now.
        to: NewAssignment,
    },
    /// Stop the clock until the caller gives what is missing.
    Pause {
        /// What is missing.
        reason: String,
    },
    /// Let the clock run again.
    Resume,
    /// Put a deadline off.
    Extend {
        /// The assignment's number; the whole ticket's where there is none.
        #[serde(default)]
        assignment: Option<u32>,
        /// How much more time, such as `3 working days`.
        #[schema(value_type = String)]
        term: Term,
        /// Why.
        reason: String,
        /// Who approved it.
        approved_by: String,
    },
    /// Set it aside until a day (挂账).
    Park {
        /// Why it cannot be solved yet.
        reason: String,
        /// When it is looked at again.
        #[schema(value_type = String)]
        review_on: civil::Date,
    },
    /// Take it up again (销账).
    Unpark,
    /// Take it out of assessment (剔除).
    Exclude {
        /// Why.
        reason: String,
        /// Who approved it.
        approved_by: String,
    },
    /// Put it back into assessment.
    Include {
        /// Why.
        reason: String,
    },
    /// End it for good (终结).
    Finalise {
        /// Why.
        reason: String,
        /// What that rests on.
        basis: String,
        /// Who approved it.
        approved_by: String,
    },
    /// Open it again.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Make it part of another ticket (并单).
    Merge {
        /// The other ticket's id.
        into: String,
    },
    /// Do not take it (不予受理).
    Refuse {
        /// Why.
        ground: RefusalGround,
        /// What the caller is told, and where to go.
        notice: String,
    },
    /// The caller asks for it again (催办).
    Chase {
        /// What was said.
        #[serde(default)]
        note: Option<String>,
    },
    /// Make it more or less urgent.
    SetUrgency {
        /// How urgent.
        urgency: Urgency,
        /// Why.
        reason: String,
        /// Less urgent: whether its deadlines become later too, which a dispatcher decides. More urgent, they become
        /// earlier whatever stands here.
        #[serde(default)]
        recompute_deadlines: bool,
    },
    /// Connect it to another ticket.
    Link {
        /// The other ticket's id.
        ticket: String,
        /// How.
        relation: Relation,
    },
    /// Add a remark.
    Note {
        /// What.
        text: String,
    },
}

impl Action {
    /// All names, as they are written.
    pub const NAMES: &'static [&'static str] = &[
        "dispatch",
        "claim",
        "release",
        "accept",
        "contact",
        "resolve",
        "approve_answer",
        "send_back",
        "send_reply",
        "call_back",
        "close",
        "answer_on_the_spot",
        "apply_return",
        "uphold_return",
        "refuse_return",
        "confirm",
        "redirect",
        "hand_down",
        "pause",
        "resume",
        "extend",
        "park",
        "unpark",
        "exclude",
        "include",
        "finalise",
        "reopen",
        "merge",
        "refuse",
        "chase",
        "set_urgency",
        "link",
        "note",
    ];

    /// Every text in it, with the name of its field.
    pub(super) fn texts(&self) -> Vec<(&'static str, &str)> {
        match self {
            Action::Dispatch { assignments, .. } => assignments.iter().flat_map(NewAssignment::texts).collect(),
            Action::UpholdReturn { to, reason, .. } => {
                std::iter::once(("reason", reason.as_str())).chain(to.iter().flat_map(NewAssignment::texts)).collect()
            }
            Action::Redirect { to, reason, .. } => {
                std::iter::once(("reason", reason.as_str())).chain(to.texts()).collect()
            }
            Action::HandDown { to, .. } => to.texts().collect(),
            Action::Contact { note, .. } | Action::Chase { note } | Action::CallBack { note, .. } => {
                note.iter().map(|note| ("note", note.as_str())).collect()
            }
            Action::Resolve { answer, .. } => vec![("answer", answer)],
            Action::SendReply { text } | Action::AnswerOnTheSpot { text } | Action::Note { text } => {
                vec![("text", text)]
            }
            Action::ApplyReturn { basis, .. } => vec![("basis", basis)],
            Action::SendBack { reason, .. }
            | Action::RefuseReturn { reason, .. }
            | Action::Pause { reason }
            | Action::Park { reason, .. }
            | Action::Include { reason }
            | Action::Reopen { reason }
            | Action::SetUrgency { reason, .. } => vec![("reason", reason)],
            Action::Extend { reason, approved_by, .. } | Action::Exclude { reason, approved_by } => {
                vec![("reason", reason), ("approved_by", approved_by)]
            }
            Action::Finalise { reason, basis, approved_by } => {
                vec![("reason", reason), ("basis", basis), ("approved_by", approved_by)]
            }
            Action::Refuse { notice, .. } => vec![("notice", notice)],
            Action::Claim
            | Action::Release
            | Action::Accept { .. }
            | Action::ApproveAnswer
            | Action::Close
            | Action::Confirm
            | Action::Resume
            | Action::Unpark
            | Action::Merge { .. }
            | Action::Link { .. } => Vec::new(),
        }
    }
}

impl NewAssignment {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let basis = self.basis.as_deref().map(|basis| ("basis", basis));
        basis.into_iter().chain(self.summary.as_deref().map(|summary| ("summary", summary)))
    }
}
