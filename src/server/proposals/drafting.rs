//! Drafting on a thread of its own, within a time, and what comes of it.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

use super::super::app::{App, on_thread};
use super::super::body;
use super::super::problem::Problem;
use super::asked::{Asked, FIELDS};
use crate::bundle::{Proposed, write_branch};
use crate::report::correct::{Bench, Draft, confirmed, correction, new_article};
use crate::source::Message;
use crate::tickets::{NewProposal, Proposal, ProposalKind};

/// A draft: nothing of it is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in super::super) struct Drafted {
    /// What is proposed.
    kind: ProposalKind,
    /// The revision of the bundle that it was drafted for.
    revision: String,
    /// What was asked for, personal data masked.
    #[schema(value_type = Object)]
    asked: Json,
    /// What an editor would change, and what comes of it.
    draft: Draft,
}

/// A draft with what it takes to keep it.
pub(super) struct Made {
    pub(super) drafted: Drafted,
    ticket: Option<String>,
    title: String,
}

/// Drafts what a body asks for. Part of the request's time is left for keeping it.
pub(super) async fn made(app: &Arc<App>, body: Vec<u8>) -> Result<Made, Problem> {
    let (own, serving) = (Arc::clone(app), app.live.serving());
    let until = Instant::now() + app.configuration.draft_limit() / 2;
    let work = move || {
        let bundle = &serving.bundle;
        let asked = Asked::read(body::parse(&body)?.object(FIELDS)?, bundle)?;
        let mut load = |snapshot| own.live.try_out(snapshot);
        let mut load_untaught = |snapshot| own.live.try_out_untaught(snapshot);
        let mut bench =
            Bench { bundle, load: &mut load, load_untaught: &mut load_untaught, late: &|| Instant::now() > until };
        let now = Timestamp::now();
        let draft = match &asked {
            Asked::Correction { wrong, .. } => {
                let zone = bundle.engine.settings().time_zone.clone();
                correction(&mut bench, wrong, &now.to_zoned(zone))
            }
            Asked::Article(article) => new_article(&mut bench, article, now),
            Asked::Confirmation { article, on } => confirmed(&mut bench, article, *on).unwrap_or_default(),
            Asked::Report { .. } => Draft::default(),
        };
        let drafted = Drafted {
            kind: asked.kind(),
            revision: bundle.engine.revision().to_owned(),
            asked: asked.shown(bundle),
            draft,
        };
        Ok(Made { drafted, ticket: asked.ticket(), title: asked.title(bundle) })
    };
    on_thread(&app.drafts, work).await?
}

impl Made {
    /// What is kept of it.
    pub(super) fn proposal(&self) -> NewProposal {
        let Drafted { kind, revision, asked, draft } = &self.drafted;
        let mut shown = serde_json::to_value(draft).unwrap_or_default();
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("patch");
        }
        NewProposal {
            kind: *kind,
            revision: revision.clone(),
            ticket: self.ticket.clone(),
            title: self.title.clone(),
            body: json!({"asked": asked, "draft": shown}),
            patch: draft.patch.clone(),
        }
    }

    /// Whether there is no change to write.
    pub(super) fn drafted_nothing(&self) -> bool {
        self.drafted.draft.files.is_empty()
    }

    /// Writes it as a branch of the bundle's repository: the branch, or why there is none.
    pub(super) async fn branch(&self, app: &Arc<App>, proposal: &Proposal) -> Result<String, Message> {
        let (own, files) = (Arc::clone(app), self.drafted.draft.files.clone());
        let (id, author) = (proposal.id.clone(), proposal.by.clone());
        let edits: Vec<String> = self.drafted.draft.edits.iter().map(|edit| format!("- {}", edit.zh)).collect();
        let message = format!("修改建议 {id}：{}\n\n{}\n", self.title, edits.join("\n"));
        let write = move || {
            let branch = format!("proposal/{id}");
            let files = files.iter().map(|file| (file.path.as_str(), file.old.as_deref(), file.new.as_str())).collect();
            let proposed =
                Proposed { branch: &branch, message: &message, author: &author, at: Timestamp::now(), files };
            write_branch(own.live.place(), &proposed).map(|_| branch)
        };
        let written = on_thread(&app.drafts, write).await;
        written.unwrap_or_else(|_| Err(crate::say!("没有写成分支", "no branch was written")))
    }
}
