//! The log of decisions: a JSON line for each, written by a thread of its own.
//!
//! A request hands over copies of what it was asked and of what it answered, and goes on. The queue to the thread is
//! bounded; where it is full, the decision is not logged, and counted. Masking, deciding the masked text and writing
//! all happen on the thread. What stands in a line is [`Entry`]'s matter.

mod files;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;

use self::files::Files;
use crate::bundle::Serving;
use crate::decide::{Complaint, Decision, Options};
use crate::report::replay::{Entry, MOST_LINE};

/// How long the end of the process waits for what is still in the queue.
const CLOSING: Duration = Duration::from_secs(10);
/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// Where decisions are logged, and how much is kept.
#[derive(Clone, Debug)]
pub struct DecisionLogSettings {
    /// The folder; one server at a time may write there.
    pub folder: PathBuf,
    /// Bytes of a file, from which on another is begun.
    pub most_bytes: u64,
    /// The age of a file, from which on another is begun.
    pub most_age: Duration,
    /// Files that are kept; the oldest goes first.
    pub kept: usize,
    /// Decisions that wait to be written, at the most.
    pub queue: usize,
}

impl DecisionLogSettings {
    /// In a folder: 100 MB or a day to a file, thirty files.
    pub fn in_folder(folder: PathBuf) -> DecisionLogSettings {
        let most_age = Duration::from_secs(24 * 60 * 60);
        DecisionLogSettings { folder, most_bytes: 100 << 20, most_age, kept: 30, queue: 1_024 }
    }
}

/// The log, open. Copies write to the same.
#[derive(Clone, Debug)]
pub struct DecisionLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: mpsc::Sender<Option<Box<Decided>>>,
    /// Nothing more is taken.
    closing: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    counters: Counters,
}

/// What became of decisions.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    /// Those that stand in the log.
    pub(super) written: Counter,
    /// Those that do not: the queue was full, or the disk.
    pub(super) dropped: Counter,
}

/// A decision on its way into the log.
#[derive(Clone)]
struct Decided {
    serving: Arc<Serving>,
    complaint: Complaint,
    options: Options,
    decision: Decision,
    at: Timestamp,
}

impl std::fmt::Debug for Decided {
    /// Says nothing of the complaint.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decided")
    }
}

impl DecisionLog {
    /// Opens the log: goes on in the newest file, or begins one.
    ///
    /// # Errors
    /// The folder cannot be made or written to, or another server writes there ([`io::ErrorKind::WouldBlock`]).
    pub fn open(settings: DecisionLogSettings) -> io::Result<DecisionLog> {
        let (queue, waiting) = mpsc::channel(settings.queue.max(1));
        let files = Files::open(settings)?;
        let counters = Counters::default();
        let shared = Shared { queue, closing: AtomicBool::new(false), thread: Mutex::default(), counters };
        let log = DecisionLog(Arc::new(shared));
        // The thread does not keep the log alive: without its last owner it ends.
        let (counters, closing) = (log.0.counters.clone(), Arc::downgrade(&log.0));
        let is_closing = move || closing.upgrade().is_none_or(|shared| shared.closing.load(Ordering::Acquire));
        let thread = std::thread::Builder::new().name("decision-log".to_owned());
        let thread = thread.spawn(move || write_all(waiting, files, &counters, &is_closing))?;
        *log.0.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(log)
    }

    /// Hands over a decision. Never waits: without room in the queue it is counted and not logged, and not even copied.
    pub(super) fn record(&self, serving: &Arc<Serving>, complaint: &Complaint, options: Options, decision: &Decision) {
        let Ok(room) = self.0.queue.try_reserve() else {
            self.0.counters.dropped.inc();
            return;
        };
        let decision = Decision { explain: None, ..decision.clone() };
        let at = Timestamp::now();
        let (serving, complaint) = (Arc::clone(serving), complaint.clone());
        room.send(Some(Box::new(Decided { serving, complaint, options, decision, at })));
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Writes what is still in the queue, waiting for it no longer than ten seconds. What comes after is not logged.
    pub fn close(&self) {
        self.0.closing.store(true, Ordering::Release);
        // It wakes the thread where the queue is empty. Where it is full the thread is awake, and looks by itself.
        let _ = self.0.queue.try_send(None);
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        let began = Instant::now();
        while !thread.is_finished() {
            if began.elapsed() > CLOSING {
                tracing::warn!("stopped before all decisions were logged");
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The thread: writes what comes until the log is closed and nothing waits any more.
fn write_all(
    mut waiting: mpsc::Receiver<Option<Box<Decided>>>,
    mut files: Files,
    counters: &Counters,
    is_closing: &dyn Fn() -> bool,
) {
    let mut failing = false;
    while let Some(next) = waiting.blocking_recv() {
        if let Some(decided) = next {
            // What a panic says may quote a complaint, and has been hidden by the process's hook.
            let line = catch_unwind(AssertUnwindSafe(|| line(*decided)));
            let line = line.unwrap_or_else(|_| Err(io::Error::other("a decision could not be masked")));
            match line.and_then(|line| files.write(&line)) {
                Ok(()) => {
                    counters.written.inc();
                    failing = false;
                }
                Err(error) => {
                    counters.dropped.inc();
                    // A disk stays full for a while: said once.
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(%error, "a decision could not be logged");
                    }
                }
            }
        }
        if is_closing() && waiting.is_empty() {
            return;
        }
    }
}

/// A decision as it is written, with the end of the line.
fn line(decided: Decided) -> io::Result<Vec<u8>> {
    let Decided { serving, complaint, options, decision, at } = decided;
    let entry = Entry::new(&serving.bundle, &complaint, options, decision, at)?;
    let mut line = serde_json::to_vec(&entry)?;
    if line.len() > MOST_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a decision is too long to be logged"));
    }
    line.push(b'\n');
    Ok(line)
}
