//! The bundle that answers, the last reload, and the order to reload.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::{App, on_thread};
use super::caller::Caller;
use super::language::Language;
use super::problem::{Finding, Kind, Problem};
use super::site;
use crate::bundle::{Attempt, Cause, Counts, LearningState};
use crate::say;
use crate::source::Lang;

/// The bundle that answers now.
#[derive(Serialize, ToSchema)]
pub(super) struct BundleStatus {
    /// Its name.
    #[schema(example = "澜州市12345热线")]
    name: String,
    /// Its revision: a hash over all its files.
    #[schema(example = "0123456789abcdef")]
    revision: String,
    /// The git commit it is, where its files are exactly those of one.
    commit: Option<String>,
    /// Since when it answers (RFC 3339, UTC).
    since: String,
    /// It is the last good bundle from before a restart: the folder is refused.
    stale: bool,
    /// How much of everything it has.
    counts: Counts,
    /// What its cases teach, and whether that is known.
    learning: LearningStatus,
    /// The last reload.
    last_reload: Reload,
    /// Reloads that were taken since the start, the first load among them.
    reloads_accepted: u64,
    /// Reloads that were refused since the start.
    reloads_refused: u64,
}

/// Whether the bundle knows what its cases teach, and how far learning is.
#[derive(Serialize, ToSchema)]
pub(super) struct LearningStatus {
    /// `nothing` (too few labelled cases), `missing` or `stale` (it is being learned), or `ready`.
    state: LearningState,
    /// The step it is at, while it is being learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    /// Steps in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<usize>,
}

/// One reload and how it ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Reload {
    /// When (RFC 3339, UTC).
    at: String,
    /// How long it took, in ms.
    took_ms: u64,
    /// The revision that was tried; empty when nothing could be read.
    revision: String,
    /// Whether that revision answers now.
    accepted: bool,
    /// Why nothing could be read at all.
    failure: Option<String>,
    /// All findings, errors first.
    diagnostics: Vec<Finding>,
}

impl Reload {
    fn new(attempt: &Attempt, lang: Lang) -> Reload {
        Reload {
            at: attempt.at.to_string(),
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            revision: attempt.revision.clone(),
            accepted: attempt.accepted,
            failure: attempt.failure.as_ref().map(|failure| failure.in_lang(lang).to_owned()),
            diagnostics: attempt.diagnostics.iter().map(|diagnostic| Finding::new(diagnostic, lang)).collect(),
        }
    }
}

/// The bundle that answers, how much it has, and how the last reload ended.
#[utoipa::path(
    get, path = "/v1/bundle", operation_id = "bundle", tag = "bundle", summary = "当前规则包与最近一次重载 / The bundle that answers, and the last reload",
    responses((status = 200, description = "当前规则包 / The bundle that answers", body = BundleStatus)),
)]
pub(super) async fn status(State(app): State<Arc<App>>, Language(lang): Language) -> Json<BundleStatus> {
    let (serving, status) = (app.live.serving(), app.live.status());
    let bundle = &serving.bundle;
    let progress = app.live.teacher().now();
    let learning = LearningStatus {
        state: bundle.learning.state,
        step: progress.map(|progress| progress.done),
        of: progress.map(|progress| progress.of),
    };
    Json(BundleStatus {
        name: bundle.engine.settings().name.clone(),
        revision: bundle.engine.revision().to_owned(),
        commit: bundle.commit.clone(),
        since: serving.since.to_string(),
        stale: serving.stale,
        counts: bundle.counts,
        learning,
        last_reload: Reload::new(&status.last, lang),
        reloads_accepted: status.accepted,
        reloads_refused: status.refused,
    })
}

/// Reads the bundle's folder again. When it is refused, the last good bundle goes on answering and the problem lists
/// why. (Changes in the folder are also noticed without this.)
#[utoipa::path(
    post, path = "/v1/bundle/reload", tag = "bundle", summary = "立即重载规则包 / Reload the bundle now",
    description = "目录里的改动平时会自动发现；被拒绝时继续使用原来的规则包，并逐条说明原因 / \
                   Changes are also noticed without this; when the folder is refused the last good bundle goes on",
    responses((status = 200, description = "新的规则包已生效 / The folder's bundle answers now", body = Reload)),
)]
pub(super) async fn reload(
    State(app): State<Arc<App>>,
    Language(lang): Language,
    Caller(actor): Caller,
    headers: HeaderMap,
) -> Result<Json<Reload>, Problem> {
    not_from_other_sites(&headers)?;
    let reloads = Arc::clone(&app.reloads);
    let attempt = on_thread(&reloads, move || app.live.reload_for(Cause::Ordered { by: actor.name })).await?;
    if attempt.accepted {
        return Ok(Json(Reload::new(&attempt, lang)));
    }
    let detail = attempt.failure.unwrap_or_else(|| {
        let errors = attempt.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        say!(
            "有 {errors} 处错误，逐条见 diagnostics；原来的规则包照常使用",
            "{errors} errors, listed in diagnostics; the last good bundle goes on answering"
        )
    });
    Err(Problem::new(Kind::BundleRefused, detail).with_diagnostics(attempt.diagnostics))
}

/// A page of another site could send this order with the browser of somebody who can reach the server: it needs no body
/// and so no permission.
fn not_from_other_sites(headers: &HeaderMap) -> Result<(), Problem> {
    if site::is_own(headers) {
        return Ok(());
    }
    let detail = say!("请直接调用接口或从本站页面操作", "call the API itself, or use this site's own page");
    Err(Problem::new(Kind::CrossSite, detail))
}
