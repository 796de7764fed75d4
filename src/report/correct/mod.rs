//! What an editor would do about a decision that was wrong, drafted: examples, a clause or an exclusion that puts it
//! right, a row of the dispatch list, and what all of it does to the bundle's own examples and cases. And the same for
//! articles: a new one, or one that somebody confirms.
//!
//! Nothing is written here: what comes out is files as they would be, and a patch. No HTTP, no tickets, no clock: bundles
//! are loaded, and the time is looked at, by whoever calls.

mod articles;
mod clauses;
mod corpus;
mod decision;
mod department;
mod edits;
mod plan;

use serde::Serialize;
use utoipa::ToSchema;

use crate::bundle::{Bundle, Loaded, Snapshot};
use crate::decide::Named;
use crate::decide::explain::{Flip, Lack};
use crate::source::Message;
use std::sync::Arc;

pub use articles::{NewArticle, confirmed, new_article};
pub use corpus::{Changed, Impact};
pub use decision::{Wrong, correction};

/// What drafts are made with.
pub struct Bench<'a> {
    /// The bundle that serves.
    pub bundle: &'a Arc<Bundle>,
    /// Loads a bundle that stands nowhere on disk.
    pub load: &'a mut dyn FnMut(Snapshot) -> Loaded,
    /// The same without what cases teach: many are tried by their rules, and only what is proposed is learned.
    pub load_untaught: &'a mut dyn FnMut(Snapshot) -> Loaded,
    /// Whether time is up: what was found so far is the draft then.
    pub late: &'a dyn Fn() -> bool,
}

/// A draft: what would change, and what comes of it.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Draft {
    /// How it is decided now; of articles nothing.
    pub before: Option<Leads>,
    /// How it would be; nothing where nothing was found that can be loaded.
    pub after: Option<Leads>,
    /// Whether that is what was asked for, and every file can be loaded.
    pub works: bool,
    /// What is done, one change each, in Chinese (`zh`) and English (`en`).
    #[schema(value_type = Vec<Object>)]
    pub edits: Vec<Message>,
    /// What an editor has to know or to look up, in Chinese (`zh`) and English (`en`).
    #[schema(value_type = Vec<Object>)]
    pub notes: Vec<Message>,
    /// What the right scenario lacks on the text, or what forbids it.
    pub lacking: Vec<Lack>,
    /// The smallest change of the text after which the right scenario would lead.
    pub flip: Option<Flip>,
    /// What becomes of the bundle's own examples and cases.
    pub impact: Option<Impact>,
    /// The change as a patch against the bundle's folder, for `git apply`.
    pub patch: String,
    /// The files that change.
    #[serde(skip)]
    pub files: Vec<ChangedFile>,
}

/// Who leads and who handles it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Leads {
    /// The scenario.
    pub scenario: Option<Named>,
    /// The department.
    pub department: Option<Named>,
}

/// A file that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Relative to the bundle.
    pub path: String,
    /// What stands in it; nothing where it is not there yet.
    pub old: Option<String>,
    /// What would.
    pub new: String,
}

/// The findings of a load that refuse it, as notes; none where it was taken.
fn refused(loaded: &Loaded) -> Vec<Message> {
    let errors = loaded.diagnostics.iter().filter(|finding| finding.is_error());
    errors
        .take(5)
        .map(|finding| {
            let (place, Message { zh, en }) = (finding.location(), &finding.message);
            crate::say!("{place}：{zh}", "{place}: {en}")
        })
        .collect()
}
