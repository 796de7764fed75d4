//! What a ticket is at one moment: the fold of its events (`fold.rs`), never written otherwise.

use std::ops::Deref;

use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::Assigned;
use super::deadlines::Deadline;
use super::words::Words;

/// Where a ticket stands. While departments handle it, it stands where the slowest of those in charge does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Kept, and not decided yet.
    Received,
    /// A dispatcher must decide.
    InReview,
    /// Sent to departments.
    Dispatched,
    /// Every department in charge has accepted it.
    Accepted,
    /// Every department in charge has spoken with the caller.
    Contacted,
    /// Every department in charge has answered.
    Resolved,
    /// The centre approved the answer.
    AnswerReviewed,
    /// The caller has the reply.
    ReplySent,
    /// The centre asked the caller what came of it.
    CalledBack,
    /// Done.
    Closed,
    /// Cannot be solved yet: looked at again on a day (挂账).
    Parked,
    /// Ended for good by a decision that says why (终结).
    Finalised,
    /// Part of another ticket now (并单).
    Merged,
    /// Out of scope, with the notice why (不予受理).
    Refused,
}

impl State {
    /// All states.
    pub const ALL: [State; 14] = [
        State::Received,
        State::InReview,
        State::Dispatched,
        State::Accepted,
        State::Contacted,
        State::Resolved,
        State::AnswerReviewed,
        State::ReplySent,
        State::CalledBack,
        State::Closed,
        State::Parked,
        State::Finalised,
        State::Merged,
        State::Refused,
    ];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            State::Received => "received",
            State::InReview => "in_review",
            State::Dispatched => "dispatched",
            State::Accepted => "accepted",
            State::Contacted => "contacted",
            State::Resolved => "resolved",
            State::AnswerReviewed => "answer_reviewed",
            State::ReplySent => "reply_sent",
            State::CalledBack => "called_back",
            State::Closed => "closed",
            State::Parked => "parked",
            State::Finalised => "finalised",
            State::Merged => "merged",
            State::Refused => "refused",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether departments work on it.
    pub fn is_handling(self) -> bool {
        matches!(self, State::Dispatched | State::Accepted | State::Contacted)
    }

    /// Whether nothing more is owed to the caller.
    pub fn is_over(self) -> bool {
        matches!(self, State::Closed | State::Finalised | State::Merged | State::Refused)
    }
}

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Ordinary.
    #[default]
    Normal,
    /// Daily life is disturbed: water, power, gas, heating.
    Urgent,
    /// Danger to life or property: sent at once, whatever the queue.
    Critical,
}

impl Urgency {
    /// All, the calmest first.
    pub const ALL: [Urgency; 3] = [Urgency::Normal, Urgency::Urgent, Urgency::Critical];

    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Urgency::Normal => "normal",
            Urgency::Urgent => "urgent",
            Urgency::Critical => "critical",
        }
    }

    /// The next higher one.
    pub fn raised(self) -> Urgency {
        match self {
            Urgency::Normal => Urgency::Urgent,
            Urgency::Urgent | Urgency::Critical => Urgency::Critical,
        }
    }
}

/// What a department is to a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentRole {
    /// In charge (主办).
    #[default]
    Lead,
    /// Takes part (协办).
    Joint,
    /// Looks first whose matter it is, before somebody is in charge.
    Verify,
}

/// Where one department stands with its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    /// Sent to it.
    Sent,
    /// It took it.
    Accepted,
    /// It spoke with the caller.
    Contacted,
    /// It answered.
    Resolved,
    /// No longer its matter: redirected, or handed further down.
    Withdrawn,
}

/// Why a department applies to give a ticket back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// Another department's duty.
    NotOurs,
    /// Another district's.
    WrongDistrict,
    /// The same matter is being handled already.
    Duplicate,
    /// Cannot be handled without more from the caller.
    MissingInformation,
    /// Several departments own a part.
    SeveralOwners,
}

/// An application to give an assignment back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReturnApplication {
    /// Why.
    pub reason: ReturnReason,
    /// What it rests on.
    pub basis: Words,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Whether the panel must rule, since it is the second on this ticket.
    pub panel: bool,
}

/// A department's part of a ticket: what was sent out (number, department, deadline …), and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    /// As it was sent out; its deadline as it is now.
    #[serde(flatten)]
    pub assigned: Assigned,
    /// Where it stands.
    pub state: AssignmentState,
    /// When it was sent.
    #[schema(value_type = String)]
    pub sent_at: Timestamp,
    /// The application to give it back that waits for a ruling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returning: Option<ReturnApplication>,
    /// A refusal or the panel's ruling bound it: it cannot be given back.
    #[serde(default)]
    pub binding: bool,
    /// How often it was extended.
    #[serde(default)]
    pub extensions: u32,
    /// How often the department applied to give it back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub return_applications: u32,
    /// Whether that was upheld.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_back: bool,
    /// Its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Words>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What was sent out is read as if it stood here: `assignment.department`.
impl Deref for Assignment {
    type Target = Assigned;

    fn deref(&self) -> &Assigned {
        &self.assigned
    }
}

impl Assignment {
    /// Whether it is still the department's.
    pub fn is_active(&self) -> bool {
        self.state != AssignmentState::Withdrawn
    }
}

/// What the engine decided, as far as histories need it. The whole decision stands in `personal`, since its evidence
/// repeats the caller's words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Judgement {
    /// The decision's id.
    pub id: String,
    /// `auto`, `suggest` or `unknown`.
    pub outcome: String,
    /// The scenario's id.
    pub scenario: Option<String>,
    /// The category's path.
    pub category: Option<String>,
    /// The department's id.
    pub department: Option<String>,
    /// Why this department.
    pub basis: Option<String>,
    /// How sure of the department, 0 to 1.
    pub confidence: Option<f64>,
    /// The unit's id.
    pub unit: Option<String>,
    /// The scenario's term, such as 24小时.
    pub term: Option<String>,
    /// The district's id.
    pub district: Option<String>,
    /// 咨询, 求助, 投诉, 举报, 建议, 表扬 or 其他.
    pub kind: String,
    /// The revision of the bundle.
    pub revision: String,
    /// The version of the engine.
    pub engine: String,
    /// The row of `personal` with all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<i64>,
    /// All of it, until it is stored.
    #[serde(skip)]
    pub(super) original: Option<String>,
}

/// What came of the matter, as the caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Solved {
    /// It is.
    Yes,
    /// A part.
    Partly,
    /// It is not.
    No,
}

/// Who called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallBackBy {
    /// The department itself, about its own part.
    Unit,
    /// The centre.
    Centre,
}

/// A call-back (回访).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallBack {
    /// Who called.
    pub by: CallBackBy,
    /// Whether anybody answered.
    pub reached: bool,
    /// What came of it; only where somebody was reached.
    pub solved: Option<Solved>,
    /// Whether the caller is content with how it was handled; none when it was not said.
    pub satisfied: Option<bool>,
    /// What else was said.
    pub note: Option<Words>,
}

/// A ticket taken out of assessment (剔除).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exclusion {
    /// Why.
    pub reason: Words,
    /// Who approved it.
    pub approved_by: String,
}

/// A ticket that waits for its day (挂账).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parking {
    /// Why it cannot be solved yet.
    pub reason: Words,
    /// When it is looked at again.
    #[schema(value_type = String)]
    pub review_on: civil::Date,
    /// Whether that day has come.
    #[serde(default)]
    pub review_due: bool,
}

/// Who has a ticket of the queue in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Claim {
    /// The name of the actor.
    pub by: String,
    /// Until when, if nothing happens.
    #[schema(value_type = String)]
    pub until: Timestamp,
}

/// How another ticket is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same matter.
    SameMatter,
    /// The same caller.
    SameCaller,
    /// It came up when the caller was called back.
    CallBack,
}

/// A connection to another ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// The other ticket's id.
    pub ticket: String,
    /// How.
    pub relation: Relation,
}

/// A photo, recording or document that is kept beside the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// The SHA-256 of its content, which is its name on disk.
    pub sha256: String,
    /// The name it was sent under.
    pub name: Words,
    /// Its media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

/// When a ticket first came so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TicketTimes)]
pub struct Times {
    /// Opened again, the last time: its terms run from then.
    #[schema(value_type = Option<String>)]
    pub reopened: Option<Timestamp>,
    /// First sent to a department.
    #[schema(value_type = Option<String>)]
    pub dispatched: Option<Timestamp>,
    /// First spoken with by a department in charge.
    #[schema(value_type = Option<String>)]
    pub contacted: Option<Timestamp>,
    /// Answered by all in charge; of the last time, when it was sent back.
    #[schema(value_type = Option<String>)]
    pub resolved: Option<Timestamp>,
    /// The reply was sent.
    #[schema(value_type = Option<String>)]
    pub replied: Option<Timestamp>,
    /// Over.
    #[schema(value_type = Option<String>)]
    pub over: Option<Timestamp>,
}

/// Where a matter is, as whoever filed it said apart from the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TicketPlace)]
pub struct Place {
    /// The address.
    #[serde(default)]
    pub address: Option<Words>,
    /// Degrees north (WGS 84).
    #[serde(default)]
    pub lat: Option<f64>,
    /// Degrees east (WGS 84).
    #[serde(default)]
    pub long: Option<f64>,
}

/// A ticket.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Ticket {
    /// Its id, such as `20261123-000042`.
    pub id: String,
    /// How many events it has: rises with every change.
    pub version: u32,
    /// When it came in.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// An emergency that went out at once, and that a person has still to confirm: why it was not sure.
    pub provisional: Option<String>,
    /// Since when its clock stands, waiting for the caller.
    #[schema(value_type = Option<String>)]
    pub paused: Option<Timestamp>,
    /// How long its clock stood before that, since it was last opened.
    #[serde(skip)]
    pub stood: SignedDuration,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What was said.
    pub text: Words,
    /// Its title.
    pub title: Option<Words>,
    /// How it came in.
    pub channel: Option<String>,
    /// The district it is about (id).
    pub district: Option<String>,
    /// The number of the system it came from.
    pub external_id: Option<String>,
    /// Whether who complained is kept from the departments.
    pub confidential: bool,
    /// The department that is complained about (id): never gets it itself.
    pub about: Option<String>,
    /// When a superior wants an answer, where the matter was passed on from above.
    #[schema(value_type = Option<String>)]
    pub superior_due: Option<Timestamp>,
    /// The row of `personal` with name and number of the caller; none of an anonymous complaint. Shown as what it holds.
    #[schema(value_type = Option<super::submission::Contact>)]
    pub contact: Option<i64>,
    /// The scenario (id) that whoever filed it chose: for the dispatcher to see, and the ticket's where the engine names
    /// none.
    pub chosen: Option<String>,
    /// Where it is, as whoever filed it said apart from the text.
    pub place: Option<Place>,
    /// What the engine decided; the last time it was asked.
    pub judgement: Option<Judgement>,
    /// The scenario (id): the engine's, or what a person put in its place.
    pub scenario: Option<String>,
    /// The parts of departments.
    pub assignments: Vec<Assignment>,
    /// The deadlines of the whole.
    pub deadlines: Vec<Deadline>,
    /// How often those were extended since it was last opened.
    pub extensions: u32,
    /// Who has it in hand.
    pub claim: Option<Claim>,
    /// What the caller was told.
    pub reply: Option<Words>,
    /// Call-backs.
    pub call_backs: Vec<CallBack>,
    /// How often the caller asked for it again (催办).
    pub chases: u32,
    /// How often departments applied to give it back.
    pub return_applications: u32,
    /// How often that was upheld.
    pub returns: u32,
    /// How often it was opened again.
    pub reopened: u32,
    /// Taken out of assessment.
    pub excluded: Option<Exclusion>,
    /// Waits for its day.
    pub parking: Option<Parking>,
    /// The ticket it became part of.
    pub merged_into: Option<String>,
    /// Other tickets.
    pub links: Vec<Link>,
    /// Photos and recordings.
    pub attachments: Vec<Attachment>,
    /// Whether it was dispatched with nobody looking.
    pub automatic: bool,
    /// When it first came so far.
    pub times: Times,
}

impl Ticket {
    /// The active assignment of this number.
    pub fn active(&self, number: u32) -> Option<&Assignment> {
        self.assignments.iter().find(|assignment| assignment.number == number && assignment.is_active())
    }

    /// The assignments that the ticket's progress hangs on: active, and in charge.
    pub fn in_charge(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(|assignment| assignment.is_active() && assignment.role == AssignmentRole::Lead)
    }

    /// The department in charge (id): that of the first active lead.
    pub fn department(&self) -> Option<&str> {
        self.in_charge().next().map(|assignment| assignment.department.as_str())
    }

    /// The assignment of the department in charge as it came from the centre: the one that was handed down, where it was.
    pub fn sent_to(&self) -> Option<&Assignment> {
        let mut sent = self.in_charge().next()?;
        // Each was handed down by one with a smaller number.
        while let Some(above) = sent.handed_down_by.filter(|above| *above < sent.number) {
            sent = self.assignments.iter().find(|own| own.number == above)?;
        }
        Some(sent)
    }

    /// Whether it is with the department that the engine suggested, or the unit below it; none where the engine suggested
    /// nobody, or nobody has it.
    pub fn is_as_suggested(&self) -> Option<bool> {
        let judgement = self.judgement.as_ref()?;
        let suggested = [judgement.department.as_deref()?, judgement.unit.as_deref().unwrap_or_default()];
        Some(suggested.contains(&self.sent_to()?.department.as_str()))
    }

    /// The moment by which the caller must have an answer.
    pub fn due(&self) -> Option<Timestamp> {
        self.deadlines.iter().map(|deadline| deadline.due).min()
    }
}
