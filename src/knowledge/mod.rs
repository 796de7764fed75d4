//! What is known: policy articles, notices of what is going on now, and past cases; found again by the words of a
//! complaint.
//!
//! This folder gets documents and JSON Lines that were already read, and a `tantivy` directory that the caller opened;
//! it opens no file, reads no clock (dates come in as arguments) and starts no thread. It knows nothing of rules,
//! departments or replies: their ids are only compared here.
//!
//! There are two indexes of one schema. [`Reference`] holds articles and notices: few, always in memory, rebuilt in
//! some tens of milliseconds. [`Cases`] holds what may be a hundred thousand cases: in memory for small bundles, mapped from a cache
//! folder for large ones. They are apart because a notice that is saved at noon must not rebuild the index of the cases.
//!
//! Everything is in order of id before it is indexed, so the order of files changes nothing, and ties between equal
//! scores go to the smaller id.

mod answers;
mod article;
mod case;
mod cases;
mod characters;
mod features;
mod fields;
mod id;
mod index;
mod listwise;
mod notice;
mod passage;
mod query;
mod reference;
mod rerank;
mod search;
mod teach;
mod tokenizers;

pub use answers::{AnswerLessons, Teaching};
pub use article::{Article, Basis};
pub use case::{Case, Origin, read_cases};
pub use cases::Cases;
pub use id::{Identified, unique};
pub use index::IndexError;
pub use notice::Notice;
pub use passage::Passage;
pub use query::Query;
pub use reference::Reference;
pub use search::{Filter, Hit, Knowledge};
