//! Noticing that a bundle's folder changed, and reloading once it has settled.
//!
//! The operating system tells of most changes at once. A listing every two seconds finds the rest: network disks,
//! links that are swapped, folders that were renamed away and back.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher};

use super::live::{Attempt, Live};
use super::revision::{Place, Revision};
use super::snapshot::list;

/// A change is taken once nothing has changed for so long,
const QUIET: Duration = Duration::from_millis(300);
/// or so long after the first change, whichever comes first.
const LONGEST: Duration = Duration::from_secs(2);
/// How often the folder is listed.
const POLL: Duration = Duration::from_secs(2);

/// Watches the place of `live` on a thread of its own until `live` is dropped. After each reload `reloaded` is called. A
/// revision whose name may move is looked up every two seconds; one that is a hash is not watched.
///
/// # Errors
/// The thread could not be started.
pub fn watch(live: &Arc<Live>, reloaded: impl Fn(&Attempt) + Send + 'static) -> std::io::Result<()> {
    let weak = Arc::downgrade(live);
    let thread = std::thread::Builder::new().name("watch".to_owned());
    match live.place().clone() {
        Place::Folder(root) => thread.spawn(move || run(&root, &weak, &reloaded))?,
        Place::Revision(revision) if revision.is_fixed() => return Ok(()),
        Place::Revision(revision) => thread.spawn(move || look_up(&revision, &weak, &reloaded))?,
    };
    Ok(())
}

/// Reloads whenever the name of a revision stands for something else. What was served first is looked at again, so that
/// a commit between the first load and now is not missed.
fn look_up(revision: &Revision, live: &Weak<Live>, reloaded: &impl Fn(&Attempt)) {
    let mut seen = None;
    loop {
        std::thread::sleep(POLL);
        let Some(live) = live.upgrade() else { return };
        let now = revision.now().ok();
        if seen.as_ref() != Some(&now) {
            seen = Some(now);
            reloaded(&live.reload());
        }
    }
}

fn run(root: &Path, live: &Weak<Live>, reloaded: &impl Fn(&Attempt)) {
    let (sender, events) = channel();
    let own = root.canonicalize().ok();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file is an event too, and no change; nor is a log that is written beside the two folders.
        if event.is_ok_and(|event| !event.kind.is_access() && concerns(&event.paths, own.as_deref())) {
            let _ = sender.send(());
        }
    })
    .inspect_err(|error| tracing::warn!("no change notifications, polling instead: {error}"))
    .ok();
    let mut watched = follow(&mut watcher, root, &[]);
    // What stood on disk when it was last loaded. It starts empty, so that a change between the first load and now is
    // not missed.
    let mut seen = None;
    loop {
        let changed = wait(&events, POLL);
        let listing = list(root).ok();
        let changed = changed || seen.as_ref() != Some(&listing);
        if changed {
            settle(&events);
            let Some(live) = live.upgrade() else { return };
            seen = Some(list(root).ok());
            reloaded(&live.reload());
            watched = follow(&mut watcher, root, &watched);
        }
        if live.strong_count() == 0 {
            return;
        }
    }
}

/// Whether any of the paths is more than a file beside `rules` and `knowledge`. An event without paths may be anything.
fn concerns(paths: &[PathBuf], root: Option<&Path>) -> bool {
    let beside = |path: &PathBuf| {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        folder.is_some() && folder.as_deref() == root && !path.ends_with("rules") && !path.ends_with("knowledge")
    };
    paths.is_empty() || !paths.iter().all(beside)
}

/// Waits for a change, at most so long; true when there was one.
fn wait(events: &Receiver<()>, most: Duration) -> bool {
    match events.recv_timeout(most) {
        Ok(()) => true,
        Err(RecvTimeoutError::Timeout) => false,
        Err(RecvTimeoutError::Disconnected) => {
            std::thread::sleep(most);
            false
        }
    }
}

/// Waits until nothing has changed for [`QUIET`], or [`LONGEST`] has passed.
fn settle(events: &Receiver<()>) {
    let first = Instant::now();
    while first.elapsed() < LONGEST {
        if !wait(events, QUIET.min(LONGEST.saturating_sub(first.elapsed()))) {
            return;
        }
    }
}

/// Watches the folder and what its two parts lead to now; gives what is watched.
fn follow(watcher: &mut Option<notify::RecommendedWatcher>, root: &Path, before: &[PathBuf]) -> Vec<PathBuf> {
    let Some(watcher) = watcher else { return Vec::new() };
    let targets: Vec<PathBuf> =
        ["rules", "knowledge"].iter().filter_map(|folder| root.join(folder).canonicalize().ok()).collect();
    for gone in before.iter().filter(|path| !targets.contains(path)) {
        let _ = watcher.unwatch(gone);
    }
    let _ = watcher.watch(root, RecursiveMode::NonRecursive);
    for target in &targets {
        // A folder that was renamed away and another put in its place has the same path and must be watched anew.
        let _ = watcher.unwatch(target);
        let _ = watcher.watch(target, RecursiveMode::Recursive);
    }
    targets
}
