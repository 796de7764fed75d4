//! What became of every reload: when, on whose order, which revision, how long it took, and why it was refused. The last
//! ones are kept beside the bundles that were served, so that they can be looked at after a restart too.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::history::History;
use super::live::Attempt;
use crate::say;
use crate::source::{Diagnostic, Lang};

/// Reloads that are kept.
const MOST: usize = 200;

/// What a reload came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// The server started.
    Start,
    /// The files, or what a revision's name stands for, changed.
    Changed,
    /// Somebody ordered it.
    Ordered {
        /// The name of their key.
        by: String,
    },
    /// What the cases teach was learned.
    Learned,
}

/// One reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// When.
    pub at: Timestamp,
    /// How long it took, in ms.
    pub took_ms: u64,
    /// What it came from.
    #[serde(flatten)]
    pub cause: Cause,
    /// The revision that was tried; empty when nothing could be read.
    pub revision: String,
    /// The one that answered before; empty for the first.
    pub before: String,
    /// Whether the one that was tried answers since then.
    pub accepted: bool,
    /// Findings that refuse a bundle.
    pub errors: usize,
    /// Findings that do not.
    pub warnings: usize,
    /// Why it was refused: the first error with its place, in Chinese and in English.
    pub why: Option<(String, String)>,
}

/// The last reloads, the newest last.
#[derive(Default)]
pub(super) struct Reloads(Mutex<VecDeque<Reloaded>>);

impl Reloads {
    /// Those that a history keeps.
    pub(super) fn kept(history: Option<&History>) -> Reloads {
        let lines = history.map(History::reloads).unwrap_or_default();
        // What is damaged is left out: it is a record for people, and nothing follows from it.
        let kept = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
        Reloads(Mutex::new(kept.collect()))
    }

    /// The newest first.
    pub(super) fn all(&self) -> Vec<Reloaded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    /// Notes a reload, unless it says what the last one said: files that are looked at again and were not changed.
    pub(super) fn note(&self, attempt: &Attempt, before: &str, cause: Cause, history: Option<&History>) {
        let reloaded = Reloaded::new(attempt, before, cause);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |last: &Reloaded| last.revision == reloaded.revision && last.accepted == reloaded.accepted;
        if reloaded.cause == Cause::Changed && all.back().is_some_and(same) {
            return;
        }
        all.push_back(reloaded);
        while all.len() > MOST {
            all.pop_front();
        }
        let lines: String = all.iter().filter_map(|one| Some(serde_json::to_string(one).ok()? + "\n")).collect();
        if let Some(Err(error)) = history.map(|history| history.keep_reloads(&lines)) {
            tracing::error!(%error, "the list of reloads could not be kept");
        }
    }
}

impl Reloaded {
    fn new(attempt: &Attempt, before: &str, cause: Cause) -> Reloaded {
        let errors = attempt.diagnostics.iter().filter(|finding| finding.is_error()).count();
        let why = attempt.failure.clone().or_else(|| {
            attempt.diagnostics.iter().find(|finding| finding.is_error()).map(|finding| {
                let place = place(finding);
                let (zh, en) = (finding.message.in_lang(Lang::Zh), finding.message.in_lang(Lang::En));
                say!("{place} {zh}", "{place} {en}")
            })
        });
        Reloaded {
            at: attempt.at,
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            cause,
            revision: attempt.revision.clone(),
            before: before.to_owned(),
            accepted: attempt.accepted,
            errors,
            warnings: attempt.diagnostics.len() - errors,
            why: why.filter(|_| !attempt.accepted).map(|why| (why.zh, why.en)),
        }
    }
}

fn place(finding: &Diagnostic) -> String {
    match finding.position() {
        Some(position) => format!("{}:{}", finding.path, position.line),
        None => finding.path.clone(),
    }
}
