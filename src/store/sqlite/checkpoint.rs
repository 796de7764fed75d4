//! Checkpoints: what commits have put into the log is taken over into the file beside the writer, so that no commit waits
//! for the file to be on disk too (<https://www.sqlite.org/wal.html#application_initiated_checkpoints>).

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{StoreError, error};

/// Time between two checkpoints: pages that are written again and again meanwhile are taken over once.
const EVERY: Duration = Duration::from_millis(250);
/// Pages of the log (of 4 KiB) at which the writer takes over itself what is left, which nobody adds to meanwhile: only
/// then can the log begin anew while commits follow one another closely.
const MOST_PAGES: i64 = 16_384;

/// Leaves checkpoints of this connection's log to [`run`], as long as that keeps up.
pub(super) fn left_to_another(writer: &Connection) -> Result<(), StoreError> {
    let set = writer.pragma_update_and_check(None, "wal_autocheckpoint", MOST_PAGES, |_| Ok(()));
    set.map_err(error)
}

/// Takes over what is in the log, soon after commits, until whoever commits is gone.
pub(in crate::store) fn run(connection: &Connection, committed: &Receiver<()>) {
    let mut next = Instant::now();
    while committed.recv().is_ok() {
        // Commits of the meantime are taken over together.
        loop {
            match committed.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        // What cannot be taken over (a reader still needs it, the disk is full) stays in the log for the next time.
        let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        next = Instant::now() + EVERY;
    }
}
