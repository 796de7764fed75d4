//! Loads and checks the bundle with unsaved texts laid over it, whenever they have stood still for a moment, and tells
//! the editor what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use lsp_types::{
    CodeDescription, Diagnostic as Shown, DiagnosticSeverity, NumberOrString, PublishDiagnosticsParams, Range as Place,
};

use super::figures::Figures;
use super::position::Lines;
use super::transport::Outbox;
use super::workspace::{OpenFiles, uri_in};
use super::{Options, log};
use crate::bundle::{Bundle, Loader, Snapshot};
use crate::check::{self, Files};
use crate::report::testing;
use crate::say;
use crate::source::{Diagnostic, Lang, Message, Severity};

/// How long texts stand still before they are checked.
const STILL: Duration = Duration::from_millis(200);
/// How long a check waits for them at the most: who types without a pause sees findings too.
const LONGEST: Duration = Duration::from_secs(2);
/// How long nothing happens before there is time for counting.
const IDLE: Duration = Duration::from_secs(1);
/// Findings told of one file, at the most.
const MOST_FINDINGS: usize = 1_000;

/// What to check: the bundle's folder, and the texts to lay over it.
pub(super) struct Job {
    pub root: PathBuf,
    pub open: OpenFiles,
}

/// What the last check gave.
#[derive(Default)]
pub(super) struct State {
    /// The files as they were checked.
    pub files: Option<Arc<Files>>,
    /// The last bundle without errors.
    pub bundle: Option<Arc<Bundle>>,
    /// All findings.
    pub findings: Arc<Vec<Diagnostic>>,
    /// How the rules do on the bundle's own cases, once that is known.
    pub figures: Option<Arc<Figures>>,
}

/// What the threads share.
#[derive(Default)]
pub(super) struct Shared(Mutex<State>);

impl Shared {
    /// What is known at the moment.
    pub(super) fn now(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread that checks; jobs go in at what comes back. It ends when nobody holds that any more.
pub(super) fn start(options: Options, shared: Arc<Shared>, outbox: Arc<Outbox>) -> Sender<Job> {
    let (sender, jobs) = channel();
    let lang = options.lang;
    let loader = Loader::new(options.cache.clone()).without_any_learning();
    let mut checker = Checker { options, loader, shared, outbox, told: BTreeSet::new() };
    let started = thread::Builder::new().name("lsp-check".into()).spawn(move || {
        while let Some(job) = next(&jobs, || checker.count()) {
            if catch_unwind(AssertUnwindSafe(|| checker.check(&job))).is_err() {
                // What was half loaded is not trusted.
                checker.loader = Loader::new(checker.options.cache.clone()).without_any_learning();
                log(
                    lang,
                    &say!(
                        "检查时程序出错，这一次没有结果",
                        "the program failed while it checked: no findings this time"
                    ),
                );
            }
        }
    });
    if let Err(error) = started {
        log(lang, &say!("无法启动检查线程：{error}", "the checking thread could not be started: {error}"));
    }
    sender
}

/// The newest job, once none has come for a moment; none when there will be no more. While none comes for longer, there
/// is time for something else.
fn next(jobs: &Receiver<Job>, idle: impl Fn()) -> Option<Job> {
    let mut job = match jobs.recv_timeout(IDLE) {
        Ok(job) => job,
        Err(RecvTimeoutError::Timeout) => {
            // Without what it would have counted, everything else is as before.
            let _ = catch_unwind(AssertUnwindSafe(idle));
            jobs.recv().ok()?
        }
        Err(RecvTimeoutError::Disconnected) => return None,
    };
    let began = Instant::now();
    while began.elapsed() < LONGEST {
        match jobs.recv_timeout(STILL) {
            Ok(newer) => job = newer,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    Some(job)
}

struct Checker {
    options: Options,
    loader: Loader,
    shared: Arc<Shared>,
    outbox: Arc<Outbox>,
    /// Files that the editor was told findings of.
    told: BTreeSet<String>,
}

impl Checker {
    fn check(&mut self, job: &Job) {
        let mut snapshot = match Snapshot::read(&job.root) {
            Ok(snapshot) => snapshot,
            Err(error) => return log(self.options.lang, &error.message()),
        };
        for (path, open) in &job.open {
            snapshot.lay_over(path, Arc::clone(&open.content));
        }
        let files = Arc::new(snapshot.files.clone());
        let clock = &self.options.clock;
        let loaded = self.loader.load(snapshot, clock(&self.options.zone));
        let zone = loaded.bundle.as_ref().map_or(&self.options.zone, |bundle| &bundle.engine.settings().time_zone);
        let mut findings = check::run(&loaded, &files, clock(zone));
        if let Some(bundle) = &loaded.bundle {
            testing::read_all(&bundle.snapshot, &mut findings);
        }
        let findings = Arc::new(findings);
        // Known here before it is told: an editor may ask for the fixes of a finding as soon as it has heard of it.
        {
            let mut state = self.shared.now();
            state.files = Some(files);
            state.findings = Arc::clone(&findings);
            if loaded.bundle.is_some() {
                state.bundle = loaded.bundle;
            }
        }
        self.tell(job, &findings);
    }

    /// Counts how the rules do, while nobody types: it may take seconds.
    fn count(&self) {
        let (bundle, known) = {
            let state = self.shared.now();
            (state.bundle.clone(), state.figures.as_ref().map(|figures| figures.revision.clone()))
        };
        let Some(bundle) = bundle.filter(|bundle| known.as_deref() != Some(bundle.engine.revision())) else { return };
        let figures = Figures::of(&bundle);
        self.shared.now().figures = Some(Arc::new(figures));
    }

    /// Tells the editor the findings of every file that has any, and that files that had some have none.
    fn tell(&mut self, job: &Job, findings: &[Diagnostic]) {
        let mut by_path: BTreeMap<&str, Vec<Shown>> = BTreeMap::new();
        for finding in findings {
            let of_file = by_path.entry(&finding.path).or_default();
            if of_file.len() < MOST_FINDINGS {
                of_file.push(shown(finding, self.options.lang));
            }
        }
        let paths: BTreeSet<String> = by_path.keys().map(|path| (*path).to_owned()).collect();
        for path in self.told.union(&paths) {
            let diagnostics = by_path.remove(path.as_str()).unwrap_or_default();
            self.publish(&job.root, &job.open, path, diagnostics);
        }
        // A text that is open and fine is said to be: the editor may show findings of another time.
        for path in job.open.keys().filter(|path| !paths.contains(*path) && !self.told.contains(*path)) {
            self.publish(&job.root, &job.open, path, Vec::new());
        }
        self.told = paths;
    }

    fn publish(&self, root: &Path, open: &OpenFiles, path: &str, diagnostics: Vec<Shown>) {
        let Some(uri) = uri_in(root, open, path) else { return };
        let version = open.get(path).map(|open| open.version);
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        self.outbox.notify("textDocument/publishDiagnostics", params);
    }
}

/// A finding as the protocol has it: what is at the place and the notes follow the message, a line each.
pub(super) fn shown(finding: &Diagnostic, lang: Lang) -> Shown {
    let range = match &finding.place {
        Some((source, range)) => Lines::of(&source.text).place(range),
        None => Place::default(),
    };
    let words = [Some(&finding.message), finding.label.as_ref()].into_iter().flatten().chain(&finding.notes);
    let message = words.map(|words: &Message| words.in_lang(lang)).collect::<Vec<_>>().join("\n");
    let severity = match finding.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
    };
    Shown {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.code.id().to_owned())),
        code_description: None::<CodeDescription>,
        source: Some("jiesu".to_owned()),
        message,
        ..Shown::default()
    }
}
