//! Tickets (工单): complaints that are being handled, from the call to the call-back.
//!
//! A ticket is the fold of its events; an action is turned into events by one state machine (`life_cycle.rs`), and all
//! that follows from them (rows for lists, deadlines, figures, messages to the outside) is written in their transaction.
//! Nothing here knows HTTP or YAML, and nothing calls out: messages wait in the outbox.

mod action;
mod assigning;
mod attachments;
mod callers;
mod change;
mod clock;
mod deadlines;
mod delivery;
mod desk;
mod drafts;
mod erase;
mod feedback;
mod figures;
mod filing;
mod fold;
mod hours;
mod imported;
mod lessons;
mod life_cycle;
mod listing;
mod model;
mod names;
mod outbox;
mod proposals;
mod queues;
mod refusal;
mod repeats;
mod rising;
mod rows;
mod schema;
mod settings;
mod statistics;
mod submission;
mod urgency;
mod view;
mod words;

pub use action::{Action, NewAssignment};
pub use attachments::{Attachments, MOST_BYTES};
pub use callers::{CallersPart, CallersTicket, CallersTickets, LastStep};
pub use change::{Assigned, Change, Event, Moved, RefusalGround};
pub use clock::CLOCK_LOCK;
pub use deadlines::{Deadline, Layer};
pub use delivery::{
    Deliveries, MOST_WAIT, Message, Messages, Outbox, Outcome, Room, Trouble, TroubleKind, Waiting, WaitingState,
};
pub use desk::{Clock, Filed, News, Tickets};
pub use feedback::{Feedback, Rule, RuleLine};
pub use hours::{Hours, HoursQuestion};
pub use imported::IMPORTER;
pub use lessons::Lesson;
pub use listing::{Filter, MOST_ON_PAGE, Page, Queue, TicketLine};
pub use model::*;
pub use names::in_words;
pub use outbox::CENTRE;
pub use proposals::{MOST_PROPOSALS, NewProposal, Proposal, ProposalKind, ProposalState, Proposals};
pub use queues::QueueFilter;
pub use refusal::Refusal;
pub use rising::{Rising, RisingQuestion, RisingTopic};
pub use schema::MIGRATIONS;
pub use settings::{DispatchTo, Escalation, LongerTerms, OfficeHours, Settings};
pub use statistics::{By, Line, Question, Statistics};
pub use submission::{Contact, Prepared, Submission};
pub use words::Words;
