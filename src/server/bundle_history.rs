//! What changed in the bundle since the one before, what became of its reloads, and how its rules do on its own cases.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::{App, on_thread};
use super::language::Language;
use super::problem::Problem;
use crate::bundle::{Cause, Reloaded, Serving};
use crate::knowledge::Case;
use crate::report::changes::{self, Part};
use crate::report::impact::{Change, Edit};
use crate::report::statistics::{Precision, ScenarioFigures, statistics};
use crate::source::Lang;

/// Cases that the rules are tried on, at the most: spread over all of them.
const MOST_CASES: usize = 1_000;

/// What changed since the bundle before.
#[derive(Serialize, ToSchema)]
pub(super) struct BundleChanges {
    /// The revision that answers now.
    revision: String,
    /// The one that answered before; null where none is known.
    before: Option<String>,
    /// How many of each kind were added, removed and changed.
    counts: Vec<ChangeCount>,
    /// What was added, removed and changed, at most 500 parts.
    parts: Vec<ChangedPart>,
    /// Parts that are not listed.
    left_out: usize,
}

/// How many of one kind.
#[derive(Serialize, ToSchema)]
struct ChangeCount {
    /// What they are, in words.
    what: String,
    /// New ones.
    added: usize,
    /// Those that are gone.
    removed: usize,
    /// Those that read differently.
    changed: usize,
}

/// A scenario, article, department, case.
#[derive(Serialize, ToSchema)]
struct ChangedPart {
    /// What it is, in words.
    what: String,
    /// Its id.
    id: String,
    /// Its title or name.
    title: Option<String>,
    /// `added`, `removed` or `changed`.
    change: &'static str,
    /// The file.
    path: String,
    /// What was done in it, in words, at most twenty.
    edits: Vec<String>,
    /// Edits in all.
    edits_in_all: usize,
}

impl ChangedPart {
    fn new(part: Part, lang: Lang) -> ChangedPart {
        let change = match part.change {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        };
        let said = |edit: &Edit| format!("{} · {}", edit.line, edit.what().in_lang(lang));
        ChangedPart {
            what: part.subject.name().in_lang(lang).to_owned(),
            id: part.id,
            title: part.title,
            change,
            path: part.path,
            edits: part.edits.iter().map(said).collect(),
            edits_in_all: part.edits_in_all,
        }
    }
}

/// What changed between the bundle that answered before and the one that answers now.
#[utoipa::path(
    get, path = "/v1/bundle/changes", operation_id = "bundle_changes", tag = "bundle",
    summary = "与上一个版本相比改了什么 / What changed since the bundle before",
    responses((status = 200, description = "改动 / The changes", body = BundleChanges)),
)]
pub(super) async fn changes(
    State(app): State<Arc<App>>,
    Language(lang): Language,
) -> Result<Json<BundleChanges>, Problem> {
    let turns = Arc::clone(&app.reloads);
    let compared = on_thread(&turns, move || {
        let now = Arc::clone(&app.live.serving().bundle.snapshot);
        let before = app.live.before();
        let revision = now.revision();
        let Some(before) = before else {
            return BundleChanges { revision, before: None, counts: Vec::new(), parts: Vec::new(), left_out: 0 };
        };
        let found = changes::changes(&before, &now);
        let count = |(subject, [added, removed, changed]): &(crate::report::impact::Subject, [usize; 3])| ChangeCount {
            what: subject.name().in_lang(lang).to_owned(),
            added: *added,
            removed: *removed,
            changed: *changed,
        };
        BundleChanges {
            revision,
            before: Some(before.revision()),
            counts: found.counts.iter().map(count).collect(),
            parts: found.parts.into_iter().map(|part| ChangedPart::new(part, lang)).collect(),
            left_out: found.left_out,
        }
    });
    Ok(Json(compared.await?))
}

/// One reload.
#[derive(Serialize, ToSchema)]
pub(super) struct ReloadLine {
    /// When (RFC 3339, UTC).
    at: String,
    /// How long it took, in ms.
    took_ms: u64,
    /// What it came from.
    #[serde(flatten)]
    cause: Cause,
    /// The revision that was tried; empty when nothing could be read.
    revision: String,
    /// The one that answered before; empty for the first.
    before: String,
    /// Whether the one that was tried answered from then on.
    accepted: bool,
    /// Findings that refuse a bundle.
    errors: usize,
    /// Findings that do not.
    warnings: usize,
    /// Why it was refused.
    why: Option<String>,
}

/// The last reloads.
#[derive(Serialize, ToSchema)]
pub(super) struct ReloadHistory {
    /// The newest first, at most 200; with `--data` also those of before the start.
    reloads: Vec<ReloadLine>,
}

/// What became of the last reloads.
#[utoipa::path(
    get, path = "/v1/bundle/reloads", operation_id = "bundle_reloads", tag = "bundle",
    summary = "重载记录 / The last reloads",
    responses((status = 200, description = "最近的重载，新的在前 / The last reloads, the newest first", body = ReloadHistory)),
)]
pub(super) async fn reloads(State(app): State<Arc<App>>, Language(lang): Language) -> Json<ReloadHistory> {
    let line = |one: Reloaded| ReloadLine {
        at: one.at.to_string(),
        took_ms: one.took_ms,
        cause: one.cause,
        revision: one.revision,
        before: one.before,
        accepted: one.accepted,
        errors: one.errors,
        warnings: one.warnings,
        why: one.why.map(|(zh, en)| if lang == Lang::Zh { zh } else { en }),
    };
    Json(ReloadHistory { reloads: app.live.reloads().into_iter().map(line).collect() })
}

/// How a scenario does on the bundle's own cases.
#[derive(Clone, Serialize, ToSchema)]
struct RuleOnCases {
    /// The scenario's id.
    id: String,
    /// Its title.
    title: String,
    /// Cases on which it fires.
    hits: usize,
    /// Cases on which it leads.
    leads: usize,
    /// Of the labelled cases on which it leads, those on which that is right.
    right: usize,
    /// Labelled cases on which it leads.
    labelled: usize,
    /// The share of these; null where there are none.
    precision: Option<f64>,
    /// The lower end of the interval that the true share lies in (95 %, Wilson 1927).
    lower: Option<f64>,
}

/// How the rules do on the bundle's own cases.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct RulesOnCases {
    /// The revision that was tried.
    revision: String,
    /// False while it is being worked out: ask again.
    ready: bool,
    /// Cases that it was tried on, at most 1,000 of the bundle's.
    cases: usize,
    /// Every scenario, by id.
    rules: Vec<RuleOnCases>,
}

/// What was worked out last, once for each revision.
#[derive(Default)]
pub(super) struct Tried(Mutex<Option<RulesOnCases>>);

/// How often each scenario fires on the bundle's own cases, and how often it is right where it leads.
#[utoipa::path(
    get, path = "/v1/bundle/rules", operation_id = "bundle_rules", tag = "bundle",
    summary = "各场景在自带案例上的命中与准确 / How the rules do on the bundle's own cases",
    description = "每个版本算一次，在后台进行；ready 为 false 时请稍后再问 / Worked out once for each revision; ask again while `ready` is false",
    responses((status = 200, description = "各场景的命中与准确 / Hits and precision", body = RulesOnCases)),
)]
pub(super) async fn rules(State(app): State<Arc<App>>) -> Json<RulesOnCases> {
    let serving = app.live.serving();
    let mut tried = app.tried.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = tried.as_ref().filter(|found| found.revision == serving.bundle.engine.revision()) {
        return Json(found.clone());
    }
    let begun = RulesOnCases {
        revision: serving.bundle.engine.revision().to_owned(),
        ready: false,
        cases: 0,
        rules: Vec::new(),
    };
    *tried = Some(begun.clone());
    drop(tried);
    tokio::task::spawn_blocking(move || {
        let found = on_cases(&serving);
        let mut tried = app.tried.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another revision may have been asked about since.
        if tried.as_ref().is_some_and(|begun| begun.revision == found.revision) {
            *tried = Some(found);
        }
    });
    Json(begun)
}

fn on_cases(serving: &Serving) -> RulesOnCases {
    let bundle = &serving.bundle;
    let all = bundle.engine.knowledge().cases.all();
    let every = all.len().div_ceil(MOST_CASES).max(1);
    let cases: Vec<Case> = all.iter().step_by(every).cloned().collect();
    let now = Timestamp::now().to_zoned(bundle.engine.settings().time_zone.clone());
    let found = statistics(bundle, &cases, &now, &|_, _| {});
    let rule = |own: ScenarioFigures| {
        let Precision { labelled, right, share, lower, .. } = own.lead_precision;
        RuleOnCases {
            id: own.id,
            title: own.title,
            hits: own.hits,
            leads: own.leads,
            right,
            labelled,
            precision: share,
            lower: share.map(|_| lower),
        }
    };
    RulesOnCases {
        revision: bundle.engine.revision().to_owned(),
        ready: true,
        cases: cases.len(),
        rules: found.scenarios.into_iter().map(rule).collect(),
    }
}
