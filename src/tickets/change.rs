//! What happened to a ticket: its events, which are never changed once they are written.

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::deadlines::{Deadline, Layer};
use super::model::{AssignmentRole, Attachment, CallBack, Claim, Judgement, Link, Place, ReturnReason, Urgency};
use super::words::Words;

/// One event of a ticket: who, when, why, under which bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its number within the ticket, from 1.
    pub number: u32,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The name of who did it.
    pub actor: String,
    /// The revision of the bundle that served then.
    pub revision: String,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// An assignment as it is sent out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assigned {
    /// Its number within the ticket, from 1.
    pub number: u32,
    /// What the department is to it.
    pub role: AssignmentRole,
    /// The department (id).
    pub department: String,
    /// The scenario of the matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<String>,
    /// Why this department.
    pub basis: String,
    /// What it sees of a confidential complaint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Words>,
    /// The assignment that handed it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_down_by: Option<u32>,
    /// Who complained is kept from this department, and so the whole ticket is confidential from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidential: bool,
    /// When it must be answered.
    pub deadline: Deadline,
}

/// A deadline that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// The assignment; none for those of the whole ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<u32>,
    /// When it was due before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub was: Option<Timestamp>,
    /// What it is now.
    pub deadline: Deadline,
}

/// Everything that can happen to a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It came in and is kept.
    Received {
        /// What was said.
        text: Words,
        /// Its title.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Words>,
        /// How it came in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// The district as it was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        district: Option<String>,
        /// The number of the system it came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// Whether who complained is kept from the departments.
        #[serde(default)]
        confidential: bool,
        /// The department complained about (id).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
        /// When a superior wants an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        superior_due: Option<Timestamp>,
        /// The row of `personal` with the caller.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<i64>,
        /// The scenario (id) that whoever filed it chose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<String>,
        /// Where it is, as was said apart from the text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
    },
    /// The engine decided.
    Decided {
        /// What.
        judgement: Judgement,
        /// How urgent that makes it.
        urgency: Urgency,
        /// The deadlines of the whole.
        deadlines: Vec<Deadline>,
    },
    /// It waits for a dispatcher.
    Queued {
        /// Why it was not sent by itself.
        reason: String,
    },
    /// Sent to departments.
    Dispatched {
        /// To whom.
        assignments: Vec<Assigned>,
        /// Nobody looked.
        automatic: bool,
        /// The scenario, where a person put another in the engine's place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenario: Option<String>,
    },
    /// An emergency, sent to departments at once; a person has still to confirm it.
    UrgentDispatched {
        /// To whom.
        assignments: Vec<Assigned>,
        /// Why it was not sure enough to be sent by itself otherwise.
        reason: String,
    },
    /// A person confirmed that an emergency went to the right departments.
    Confirmed,
    /// Somebody took it in hand.
    Claimed {
        /// Who, and until when.
        claim: Claim,
    },
    /// Put back.
    Released,
    /// A department took it.
    Accepted {
        /// Which part.
        assignment: u32,
    },
    /// A department spoke with the caller.
    Contacted {
        /// Which part.
        assignment: u32,
        /// Whether they met.
        met: bool,
        /// What was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Words>,
    },
    /// A department answered.
    Resolved {
        /// Which part.
        assignment: u32,
        /// What was found and done.
        answer: Words,
    },
    /// The centre approved the answer.
    AnswerApproved,
    /// The centre sent the answer back (退回重办).
    SentBack {
        /// Which part.
        assignment: u32,
        /// What is missing.
        reason: Words,
    },
    /// The caller was told.
    ReplySent {
        /// What.
        reply: Words,
    },
    /// The caller was called back.
    CalledBack {
        /// With what result.
        call_back: CallBack,
    },
    /// Done.
    Closed {
        /// A consultation that was answered at once.
        on_the_spot: bool,
    },
    /// A department applied to give it back.
    ReturnApplied {
        /// Which part.
        assignment: u32,
        /// Why.
        reason: ReturnReason,
        /// What that rests on.
        basis: Words,
        /// Whether the panel must rule.
        panel: bool,
    },
    /// The application was upheld: another department has it.
    ReturnUpheld {
        /// Which part.
        assignment: u32,
        /// Who has it now.
        to: Vec<Assigned>,
        /// Why.
        reason: Words,
        /// The panel ruled: it binds who has it now.
        panel: bool,
    },
    /// The application was refused: it binds the department.
    ReturnRefused {
        /// Which part.
        assignment: u32,
        /// Why.
        reason: Words,
        /// The panel ruled.
        panel: bool,
    },
    /// A dispatcher gave it to another department.
    Redirected {
        /// Which part.
        assignment: u32,
        /// Who has it now.
        to: Assigned,
        /// Why.
        reason: Words,
    },
    /// A department handed it to one below.
    HandedDown {
        /// Which part.
        assignment: u32,
        /// Who has it now.
        to: Assigned,
    },
    /// The clock stands until the caller gives what is missing.
    Paused {
        /// What.
        reason: Words,
    },
    /// The clock runs again.
    Resumed {
        /// What is due when, now.
        deadlines: Vec<Moved>,
    },
    /// A deadline was put off.
    Extended {
        /// Which part; none for the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<u32>,
        /// What it is now.
        deadline: Deadline,
        /// Why.
        reason: Words,
        /// Who approved it.
        approved_by: String,
    },
    /// Not to be solved yet.
    Parked {
        /// Why.
        reason: Words,
        /// When it is looked at again.
        #[schema(value_type = String)]
        review_on: civil::Date,
    },
    /// Taken up again (销账).
    Unparked {
        /// What is due when, now.
        deadlines: Vec<Moved>,
    },
    /// Taken out of assessment.
    Excluded {
        /// Why.
        reason: Words,
        /// Who approved it.
        approved_by: String,
    },
    /// Put back into assessment.
    Included {
        /// Why.
        reason: Words,
    },
    /// Ended for good.
    Finalised {
        /// Why.
        reason: Words,
        /// What that rests on.
        basis: String,
        /// Who approved it.
        approved_by: String,
    },
    /// Opened again.
    Reopened {
        /// Why.
        reason: Words,
        /// What is due when, now.
        deadlines: Vec<Deadline>,
    },
    /// Part of another ticket now.
    Merged {
        /// Which (id).
        into: String,
    },
    /// Out of scope.
    Refused {
        /// Why.
        ground: RefusalGround,
        /// What the caller is told.
        notice: Words,
    },
    /// The caller asked for it again.
    Chased {
        /// What was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Words>,
    },
    /// More or less urgent now.
    UrgencySet {
        /// How urgent.
        urgency: Urgency,
        /// Why.
        reason: String,
        /// What is due when, now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deadlines: Vec<Moved>,
    },
    /// Connected to another ticket.
    Linked {
        /// Which, and how.
        link: Link,
    },
    /// A photo or recording was added.
    Attached {
        /// Which.
        attachment: Attachment,
    },
    /// A remark.
    Noted {
        /// What.
        note: Words,
    },
    /// A deadline is near.
    Warned {
        /// Which part; none for the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<u32>,
        /// Whose deadline.
        layer: Layer,
        /// When it is due.
        #[schema(value_type = String)]
        due: Timestamp,
    },
    /// A deadline has passed.
    Expired {
        /// Which part; none for the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<u32>,
        /// Whose deadline.
        layer: Layer,
        /// When it was due.
        #[schema(value_type = String)]
        due: Timestamp,
    },
    /// Somebody higher was told that a deadline has passed.
    Escalated {
        /// Which part; none for the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignment: Option<u32>,
        /// Which step of the chain, from 1.
        step: u32,
        /// Who was told: a department's id, or `centre`.
        to: String,
    },
    /// The day has come on which a parked ticket is to be looked at again.
    ReviewDue {
        /// The day.
        #[schema(value_type = String)]
        review_on: civil::Date,
    },
    /// What identified the caller was erased.
    Erased,
}

/// Why a complaint is not taken (不予受理).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalGround {
    /// Before a court, in arbitration or administrative review.
    InProceedings,
    /// Finally answered before.
    FinallyAnswered,
    /// No concrete party or fact.
    NothingConcrete,
    /// Outside the line's powers.
    OutOfScope,
    /// A crime or a matter of discipline with a channel of its own.
    OwnChannel,
    /// An emergency for 110, 119 or 120.
    Emergency,
}

impl Change {
    /// Its name, as it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Change::Received { .. } => "received",
            Change::Decided { .. } => "decided",
            Change::Queued { .. } => "queued",
            Change::Dispatched { .. } => "dispatched",
            Change::UrgentDispatched { .. } => "urgent_dispatched",
            Change::Confirmed => "confirmed",
            Change::Claimed { .. } => "claimed",
            Change::Released => "released",
            Change::Accepted { .. } => "accepted",
            Change::Contacted { .. } => "contacted",
            Change::Resolved { .. } => "resolved",
            Change::AnswerApproved => "answer_approved",
            Change::SentBack { .. } => "sent_back",
            Change::ReplySent { .. } => "reply_sent",
            Change::CalledBack { .. } => "called_back",
            Change::Closed { .. } => "closed",
            Change::ReturnApplied { .. } => "return_applied",
            Change::ReturnUpheld { .. } => "return_upheld",
            Change::ReturnRefused { .. } => "return_refused",
            Change::Redirected { .. } => "redirected",
            Change::HandedDown { .. } => "handed_down",
            Change::Paused { .. } => "paused",
            Change::Resumed { .. } => "resumed",
            Change::Extended { .. } => "extended",
            Change::Parked { .. } => "parked",
            Change::Unparked { .. } => "unparked",
            Change::Excluded { .. } => "excluded",
            Change::Included { .. } => "included",
            Change::Finalised { .. } => "finalised",
            Change::Reopened { .. } => "reopened",
            Change::Merged { .. } => "merged",
            Change::Refused { .. } => "refused",
            Change::Chased { .. } => "chased",
            Change::UrgencySet { .. } => "urgency_set",
            Change::Linked { .. } => "linked",
            Change::Attached { .. } => "attached",
            Change::Noted { .. } => "noted",
            Change::Warned { .. } => "warned",
            Change::Expired { .. } => "expired",
            Change::Escalated { .. } => "escalated",
            Change::ReviewDue { .. } => "review_due",
            Change::Erased => "erased",
        }
    }

    /// Every text of a person in it.
    pub(super) fn words_mut(&mut self) -> Vec<&mut Words> {
        match self {
            Change::Received { text, title, place, .. } => {
                let address = place.as_mut().and_then(|place| place.address.as_mut());
                std::iter::once(text).chain(title).chain(address).collect()
            }
            Change::Contacted { note, .. } | Change::Chased { note } => note.iter_mut().collect(),
            Change::Dispatched { assignments, .. } | Change::UrgentDispatched { assignments, .. } => {
                assignments.iter_mut().filter_map(|a| a.summary.as_mut()).collect()
            }
            Change::ReturnUpheld { to, reason, .. } => {
                std::iter::once(reason).chain(to.iter_mut().filter_map(|a| a.summary.as_mut())).collect()
            }
            Change::Redirected { to, reason, .. } => std::iter::once(reason).chain(to.summary.as_mut()).collect(),
            Change::HandedDown { to, .. } => to.summary.iter_mut().collect(),
            Change::CalledBack { call_back } => call_back.note.iter_mut().collect(),
            Change::Attached { attachment } => vec![&mut attachment.name],
            Change::Resolved { answer: words, .. }
            | Change::SentBack { reason: words, .. }
            | Change::ReplySent { reply: words }
            | Change::ReturnApplied { basis: words, .. }
            | Change::ReturnRefused { reason: words, .. }
            | Change::Paused { reason: words }
            | Change::Extended { reason: words, .. }
            | Change::Parked { reason: words, .. }
            | Change::Excluded { reason: words, .. }
            | Change::Included { reason: words }
            | Change::Finalised { reason: words, .. }
            | Change::Reopened { reason: words, .. }
            | Change::Refused { notice: words, .. }
            | Change::Noted { note: words } => vec![words],
            Change::Decided { .. }
            | Change::Queued { .. }
            | Change::Confirmed
            | Change::Claimed { .. }
            | Change::Released
            | Change::Accepted { .. }
            | Change::AnswerApproved
            | Change::Closed { .. }
            | Change::Resumed { .. }
            | Change::Unparked { .. }
            | Change::Merged { .. }
            | Change::UrgencySet { .. }
            | Change::Linked { .. }
            | Change::Warned { .. }
            | Change::Expired { .. }
            | Change::Escalated { .. }
            | Change::ReviewDue { .. }
            | Change::Erased => Vec::new(),
        }
    }
}
