//! The bundle that is being served, and how it is replaced.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;

use super::load::{Bundle, Loaded, Loader};
use super::reloads::{Cause, Reloaded, Reloads};
use super::{Cache, History, Place, Snapshot, SnapshotError, TeacherProgress};
use crate::decide::learned::{Examples, Taught};
use crate::source::{Diagnostic, Message};

/// The bundle that answers now.
#[derive(Clone)]
pub struct Serving {
    /// The bundle.
    pub bundle: Arc<Bundle>,
    /// Since when it answers.
    pub since: Timestamp,
    /// It is the last good one from before a restart, and not what the folder holds now.
    pub stale: bool,
}

/// One reload and how it ended.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The revision that was tried; empty when nothing could be read.
    pub revision: String,
    /// Whether that revision is being served.
    pub accepted: bool,
    /// All findings.
    pub diagnostics: Vec<Diagnostic>,
    /// Why nothing could be read at all.
    pub failure: Option<Message>,
}

/// What happened so far.
#[derive(Clone, Debug)]
pub struct Status {
    /// The last reload.
    pub last: Attempt,
    /// Reloads that were taken.
    pub accepted: u64,
    /// Reloads that were refused.
    pub refused: u64,
}

/// Why nothing can be served.
#[derive(Debug)]
pub enum LiveError {
    /// The folder could not be read.
    Snapshot(SnapshotError),
    /// It was refused, and there is no last good bundle.
    Refused(Vec<Diagnostic>),
}

/// A folder, the bundle served from it, and what happened when it was reloaded.
pub struct Live {
    place: Place,
    history: Option<History>,
    serving: ArcSwap<Serving>,
    status: Mutex<Status>,
    loader: Mutex<Loader>,
    teacher: TeacherProgress,
    swapped: watch::Sender<()>,
    reloads: Reloads,
    /// What answered before the bundle that answers now, where that was since the start.
    before: Mutex<Option<Arc<Snapshot>>>,
}

impl Live {
    /// Loads the folder for the first time. When it is refused and `history` has a last good bundle, that one is served
    /// and marked stale.
    ///
    /// # Errors
    /// Neither the folder nor the history gives a bundle.
    pub fn start(root: &Path, cache: Cache, history: Option<History>) -> Result<Live, LiveError> {
        Live::start_at(Place::Folder(root.to_owned()), cache, history)
    }

    /// The same for a folder or a revision of a git repository.
    ///
    /// # Errors
    /// Neither the place nor the history gives a bundle.
    pub fn start_at(place: Place, cache: Cache, history: Option<History>) -> Result<Live, LiveError> {
        let mut loader = Loader::new(cache);
        let mut attempt = try_load(&place, &mut loader);
        let serving = match attempt.bundle.take() {
            Some(bundle) => Serving { bundle, since: Timestamp::now(), stale: false },
            None => {
                let last_good = history.as_ref().and_then(|history| history.snapshot(&history.last_good()?));
                let loaded = last_good.map(|snapshot| loader.load(snapshot, now()));
                match loaded.and_then(|loaded| loaded.bundle) {
                    Some(bundle) => Serving { bundle, since: Timestamp::now(), stale: true },
                    None => return Err(attempt.into_error()),
                }
            }
        };
        if let Some(history) = history.as_ref().filter(|_| !serving.stale) {
            keep(history, &serving.bundle);
        }
        let accepted = u64::from(!serving.stale);
        let reloads = Reloads::kept(history.as_ref());
        let attempt = attempt.ended(!serving.stale);
        reloads.note(&attempt, "", Cause::Start, history.as_ref());
        let status = Status { last: attempt, accepted, refused: 1 - accepted };
        Ok(Live {
            place,
            history,
            serving: ArcSwap::from_pointee(serving),
            status: Mutex::new(status),
            loader: Mutex::new(loader),
            teacher: TeacherProgress::default(),
            swapped: watch::channel(()).0,
            reloads,
            before: Mutex::new(None),
        })
    }

    /// Where the bundle is read from.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The bundle that answers now.
    pub fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    /// Wakes whoever waits for it whenever another bundle answers.
    pub fn swapped(&self) -> watch::Receiver<()> {
        self.swapped.subscribe()
    }

    /// What happened so far.
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far learning is, where it is under way.
    pub fn teacher(&self) -> &TeacherProgress {
        &self.teacher
    }

    /// Takes over what was learned for lessons of this name, and reads the folder again.
    pub fn take_lessons(&self, key: String, taught: Arc<Taught>, examples: Arc<Examples>) -> Attempt {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).take_lessons(key, taught, examples);
        self.reload_for(Cause::Learned)
    }

    /// The last reloads, the newest first.
    pub fn reloads(&self) -> Vec<Reloaded> {
        self.reloads.all()
    }

    /// The files of the bundle that answered before this one, also before a restart where they are kept. Reads files.
    pub fn before(&self) -> Option<Arc<Snapshot>> {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).clone();
        before.or_else(|| {
            let (history, now) = (self.history.as_ref()?, self.serving().bundle.snapshot.revision());
            let before = history.last().into_iter().find(|revision| *revision != now)?;
            history.snapshot(&before).map(Arc::new)
        })
    }

    /// Loads files that stand nowhere on disk with what the bundle that serves has in common with them. Nothing that is
    /// served changes; a reload waits meanwhile.
    pub fn try_out(&self, snapshot: Snapshot) -> Loaded {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).load(snapshot, now())
    }

    /// The same without what cases teach, which takes longest.
    pub fn try_out_untaught(&self, snapshot: Snapshot) -> Loaded {
        self.loader.lock().unwrap_or_else(PoisonError::into_inner).load_untaught(snapshot, now())
    }

    /// Reads the folder again. A good bundle is served from the next complaint on; a refused one changes nothing but
    /// the status. One reload runs at a time; the engine goes on answering meanwhile.
    pub fn reload(&self) -> Attempt {
        self.reload_for(Cause::Changed)
    }

    /// The same, with what it is noted to come from.
    pub fn reload_for(&self, cause: Cause) -> Attempt {
        let mut loader = self.loader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tried = try_load(&self.place, &mut loader);
        let accepted = tried.bundle.is_some();
        let before = self.serving().bundle.engine.revision().to_owned();
        if let Some(bundle) = tried.bundle.take() {
            let current = self.serving();
            let is_same = !current.stale
                && current.bundle.engine.revision() == bundle.engine.revision()
                && current.bundle.commit == bundle.commit;
            if !is_same {
                if current.bundle.engine.revision() != bundle.engine.revision() {
                    let files = Arc::clone(&current.bundle.snapshot);
                    *self.before.lock().unwrap_or_else(PoisonError::into_inner) = Some(files);
                }
                let serving = Serving { bundle: Arc::clone(&bundle), since: Timestamp::now(), stale: false };
                self.serving.store(Arc::new(serving));
                self.swapped.send_replace(());
                if let Some(history) = &self.history {
                    keep(history, &bundle);
                }
            }
        }
        let attempt = tried.ended(accepted);
        self.reloads.note(&attempt, &before, cause, self.history.as_ref());
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.accepted += u64::from(accepted);
        status.refused += u64::from(!accepted);
        status.last = attempt.clone();
        attempt
    }
}

/// What one try gave.
struct Tried {
    started: Instant,
    bundle: Option<Arc<Bundle>>,
    result: Result<(String, Vec<Diagnostic>), SnapshotError>,
}

fn try_load(place: &Place, loader: &mut Loader) -> Tried {
    let started = Instant::now();
    match place.read() {
        Ok((snapshot, commit)) => {
            let Loaded { bundle, diagnostics, revision } = loader.load(snapshot, now());
            // The loader has just made it, so nobody else holds it yet.
            let bundle = bundle.map(|mut bundle| {
                if let Some(bundle) = Arc::get_mut(&mut bundle) {
                    bundle.commit = commit;
                }
                bundle
            });
            Tried { started, bundle, result: Ok((revision, diagnostics)) }
        }
        Err(error) => Tried { started, bundle: None, result: Err(error) },
    }
}

impl Tried {
    fn ended(self, accepted: bool) -> Attempt {
        let (revision, diagnostics, failure) = match self.result {
            Ok((revision, diagnostics)) => (revision, diagnostics, None),
            Err(error) => (String::new(), Vec::new(), Some(error.message())),
        };
        let (at, took) = (Timestamp::now(), self.started.elapsed());
        Attempt { at, took, revision, accepted, diagnostics, failure }
    }

    fn into_error(self) -> LiveError {
        match self.result {
            Ok((_, diagnostics)) => LiveError::Refused(diagnostics),
            Err(error) => LiveError::Snapshot(error),
        }
    }
}

/// Keeping is for the next start; when it fails (a full disk) the bundle is served all the same.
fn keep(history: &History, bundle: &Bundle) {
    if let Err(error) = history.keep(&bundle.snapshot.revision(), &bundle.snapshot) {
        tracing::error!(%error, "last good bundle could not be kept");
    }
}

/// The time on this machine's clock in the time zone bundles default to; only for warnings about dates.
fn now() -> jiff::civil::DateTime {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap_or(jiff::tz::TimeZone::UTC);
    Timestamp::now().to_zoned(zone).datetime()
}
