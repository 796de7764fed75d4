//! Learning in the background: while a server goes on answering, what its bundle's cases teach is learned on a thread of
//! its own and then taken over.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::learning::canonical;
use super::{Cache, LearningState, Live};
use crate::decide::learned::{Level, Progress, Taught};

/// How often it looks whether there is something to learn.
const POLL: Duration = Duration::from_millis(500);

/// How far learning is, for whoever asks.
#[derive(Clone, Debug, Default)]
pub struct TeacherProgress(Arc<Mutex<Option<Progress>>>);

impl TeacherProgress {
    /// The step it is at; none while nothing is being learned.
    pub fn now(&self) -> Option<Progress> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, progress: Option<Progress>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

/// Learns whatever the served bundle does not know yet, until `live` is dropped.
///
/// # Errors
/// The thread could not be started.
pub fn teach(live: &Arc<Live>, cache: Cache) -> std::io::Result<()> {
    let (weak, progress) = (Arc::downgrade(live), live.teacher().clone());
    std::thread::Builder::new().name("teach".to_owned()).spawn(move || {
        let mut failed = None;
        while let Some(live) = weak.upgrade() {
            let learning = live.serving().bundle.learning.clone();
            let wanted = matches!(learning.state, LearningState::Stale | LearningState::Missing);
            if wanted && failed.as_ref() != Some(&learning.key) {
                let key = learning.key;
                drop(live);
                if !learn(&weak, &key, &cache, &progress) {
                    failed = Some(key);
                }
                progress.set(None);
            } else {
                drop(live);
            }
            std::thread::sleep(POLL);
        }
    })?;
    Ok(())
}

/// Learns what has this name. Gives whether it was taken over, or is no longer wanted.
fn learn(live: &Weak<Live>, key: &str, cache: &Cache, progress: &TeacherProgress) -> bool {
    let Some(bundle) = live.upgrade().map(|live| Arc::clone(&live.serving().bundle)) else { return true };
    let engine = &bundle.engine;
    let canonical = |level: Level, label: &str| canonical(engine.catalog(), level, label);
    // When cases change meanwhile, what is being learned is old before it is done.
    let wanted = || live.upgrade().is_some_and(|live| live.serving().bundle.learning.key == key);
    let told = |step: Progress| {
        progress.set(Some(step));
        wanted()
    };
    let taught = Taught::teach(&engine.knowledge().cases, engine.segmenter(), &Level::ALL, &canonical, &told);
    let Some((taught, examples)) = taught else { return !wanted() };
    cache.keep_taught(key, &taught, &examples);
    let Some(live) = live.upgrade() else { return true };
    let attempt = live.take_lessons(key.to_owned(), Arc::new(taught), Arc::new(examples));
    tracing::info!(revision = attempt.revision, accepted = attempt.accepted, "learned from cases");
    attempt.accepted
}
