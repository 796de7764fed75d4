//! Findings that need the whole bundle at work: what a file alone, or one reference, does not show. Fixes for them, the
//! page that explains each kind, and the forms in which other programs read them.
//!
//! Checks are functions from a loaded bundle to diagnostics, one file for each family; none of them changes anything. What
//! a file alone or the references between files show is found where they are loaded. Nothing here opens a file or a
//! connection: texts come from the snapshot that was loaded, and whoever applies a fix writes it.

mod allow;
mod articles;
mod characters;
mod conditions;
pub mod config;
mod dispatch;
mod edits;
mod examples;
mod fix;
mod formats;
mod given;
mod pages;
mod personal;
mod scenarios;
mod sentences;
mod terms;
mod written_out;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil;

use crate::bundle::{FileContent, Loaded, on_all_cores};
use crate::source::{Code, Diagnostic, Level, Severity};
use allow::Allowances;
use config::Config;
use given::{Given, documents_of};

pub use examples::examples;
pub use fix::{Mended, mend};
pub use formats::{Output, github, junit, sarif};
pub use pages::{page, title};

/// The files of a bundle, by path relative to it.
pub type Files = BTreeMap<String, Arc<FileContent>>;

/// All findings about a folder: those of loading it, and, where no error refused it, those of all checks; weighed as
/// `rules/checks.yaml` says, without what is switched off or allowed at the spot. Errors first, then by place. `at` is the
/// time on the bundle's clock, for what depends on the date.
pub fn run(loaded: &Loaded, files: &Files, at: civil::DateTime) -> Vec<Diagnostic> {
    run_told(loaded, files, at, &|_, _| {})
}

/// The same; `told` hears how many steps of how many are done.
pub fn run_told(
    loaded: &Loaded,
    files: &Files,
    at: civil::DateTime,
    told: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Diagnostic> {
    // Reading the files and trying the examples are the first two.
    const STEPS: usize = CHECKS.len() + 2;
    told(0, STEPS);
    let mut findings = without_consequences(&loaded.diagnostics);
    let documents = documents_of(files);
    told(1, STEPS);
    if let Some(bundle) = &loaded.bundle {
        let given = Given::new(bundle, &documents, at);
        let look = |number: usize| match number.checked_sub(1) {
            None => examples(&bundle.engine),
            Some(family) => {
                let mut own = Vec::new();
                CHECKS[family](&given, &mut own);
                own
            }
        };
        let found = on_all_cores(CHECKS.len() + 1, &look, &|done| told(done + 1, STEPS));
        findings.extend(found.into_iter().flatten());
    }
    let config = Config::read(files, &mut findings);
    let mut allowances = Allowances::read(files, &documents);
    findings.retain(|finding| config.level(finding.code, &finding.path) != Level::Off);
    findings.retain(|finding| !allowances.allow(finding));
    let about_comments = allowances.findings(loaded.bundle.is_some());
    findings.extend(about_comments.into_iter().filter(|it| config.level(it.code, &it.path) != Level::Off));
    for finding in &mut findings {
        // An error that was made a warning where it was found (a cache that cannot be written) stays one.
        if finding.code.level() != Level::Error && config.level(finding.code, &finding.path) == Level::Error {
            finding.severity = Severity::Error;
        }
    }
    sort(&mut findings);
    findings
}

/// Findings of loading without those that only follow from others: while a file that defines names cannot be read, that
/// these names are not known is no news, and hundreds of such findings would hide why.
fn without_consequences(findings: &[Diagnostic]) -> Vec<Diagnostic> {
    const DEFINE: [&str; 5] =
        ["rules/terms/", "rules/conditions/", "rules/departments.yaml", "rules/regions.yaml", "knowledge/articles/"];
    let unreadable = |finding: &Diagnostic| {
        finding.code <= Code::MissingFile && DEFINE.iter().any(|start| finding.path.starts_with(start))
    };
    let hidden = findings.iter().any(unreadable);
    findings.iter().filter(|finding| !(hidden && finding.code == Code::UnknownReference)).cloned().collect()
}

/// What only shows when a whole bundle is looked at, family by family; those that take longest come first.
const CHECKS: [fn(&Given<'_>, &mut Vec<Diagnostic>); 8] = [
    conditions::check,
    terms::check,
    scenarios::check,
    sentences::check,
    articles::check,
    characters::check,
    personal::check,
    dispatch::check,
];

/// Errors first, then by place; what was found twice (in a shared condition, from two scenarios) once.
fn sort(findings: &mut Vec<Diagnostic>) {
    let range = |finding: &Diagnostic| finding.place.as_ref().map(|(_, range)| (range.start, range.end));
    findings.sort_by_cached_key(|finding| {
        let severity = std::cmp::Reverse(finding.severity);
        (severity, finding.path.clone(), range(finding), finding.code, finding.message.en.clone())
    });
    findings.dedup_by(|a, b| a.code == b.code && a.path == b.path && range(a) == range(b) && a.message == b.message);
}
