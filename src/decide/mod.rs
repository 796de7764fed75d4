//! The engine: a complaint and a bundle's parts in, a decision out.
//!
//! Everything here is a function of its arguments: no files, no clock, no network. The same complaint, time and parts
//! give the same decision, byte for byte.

mod answer;
mod complaint;
mod decision;
mod duties;
mod engine;
pub mod explain;
mod given;
mod heard;
mod kind;
pub mod learned;
mod matters;
mod opinions;
mod past;
mod place;
mod prepared;
mod questions;
mod rank;
mod work;

pub use complaint::{Complaint, ComplaintError, MAX_TEXT, MAX_TITLE, parse_time};
pub use decision::{
    ArticleReference, Bar, CaseReference, CategoryReference, Deadline, Decision, DepartmentReference, EvidenceItem,
    FactItem, Matter, Named, NoticeReference, Outcome, PassageItem, Question, Reply, RuleRecord, RunnerUp,
    ScenarioReference, Source, WordItem,
};
pub use engine::{Engine, Options, Parts, Settings};
pub use given::{Found, Given, Known};
pub use past::{Firings, Hearing, Past};
pub use prepared::Prepared;
pub use questions::{Answer, Ask, Choice, Intake, MOST_ANSWERS, NONE, Possible, Purpose, UNKNOWN};
