//! Locks that PostgreSQL holds for a connection (<https://www.postgresql.org/docs/current/explicit-locking.html>).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::error::error;
use super::session::Session;
use super::tls::Server;
use super::{Options, StoreError};
use crate::store::start;

/// Between two looks whether the connection is there.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A lock and the connection that has it, which lives on a thread of its own.
pub(in crate::store) struct Held {
    held: Arc<AtomicBool>,
    /// Dropped, it ends the thread.
    _stop: Sender<()>,
}

impl Held {
    pub(in crate::store) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }
}

/// Takes the lock, unless another connection has it.
pub(in crate::store) fn lock(server: &Server, options: &Options, key: i64) -> Result<Option<Held>, StoreError> {
    let (server, options) = (server.clone(), *options);
    let (answer, answered) = mpsc::sync_channel(1);
    let (stop, stopped) = mpsc::channel();
    let held = Arc::new(AtomicBool::new(true));
    let ours = Arc::clone(&held);
    let hold = move || {
        let taken = take(&server, &options, key);
        let _ = answer.send(taken.as_ref().map(Option::is_some).map_err(Clone::clone));
        if let Ok(Some(session)) = taken {
            watch(session, &stopped);
            ours.store(false, Ordering::Release);
        }
    };
    start("store-lock", hold)?;
    let taken = answered.recv().unwrap_or_else(|_| Err(StoreError::Unavailable("locking failed".to_owned())))?;
    Ok(taken.then_some(Held { held, _stop: stop }))
}

fn take(server: &Server, options: &Options, key: i64) -> Result<Option<Session>, StoreError> {
    let mut session = Session::connect(server, options)?;
    let row = session.client.query_one("SELECT PG_TRY_ADVISORY_LOCK($1)", &[&key]).map_err(error)?;
    Ok(row.get::<_, bool>(0).then_some(session))
}

/// Comes back when the connection is lost, or nobody wants the lock any more.
fn watch(mut session: Session, stopped: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(PAUSE) {
        if session.client.is_valid(PATIENCE).is_err() {
            return;
        }
    }
}
