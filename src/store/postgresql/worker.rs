//! A thread that runs jobs, one transaction each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::queue::{Job, Queue};
use super::super::transaction::{Connection, Transaction};
use super::error::error;
use super::session::Session;
use super::tls::Server;
use super::{Options, StoreError};

/// The first wait after a connection could not be made; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// When a connection may be tried again; shared by all threads of a store, so that a server that just comes back is not
/// stormed, and all know at once that it is back.
#[derive(Default)]
pub(in crate::store) struct Backoff(Mutex<Option<Wait>>);

struct Wait {
    until: Instant,
    length: Duration,
    why: StoreError,
}

impl Backoff {
    /// Why not to try now, if it is too early.
    fn reason(&self) -> Option<StoreError> {
        self.wait().as_ref().filter(|wait| Instant::now() < wait.until).map(|wait| wait.why.clone())
    }

    fn note(&self, connected: Result<(), &StoreError>) {
        let mut wait = self.wait();
        *wait = connected.err().map(|why| {
            let length = wait.as_ref().map_or(FIRST_WAIT, |wait| (wait.length * 2).min(LONGEST_WAIT));
            Wait { until: Instant::now() + length, length, why: why.clone() }
        });
    }

    fn wait(&self) -> MutexGuard<'_, Option<Wait>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes jobs until the queue closes.
pub(in crate::store) fn work(server: &Server, options: &Options, backoff: &Arc<Backoff>, queue: &Queue, reads: bool) {
    let mut worker = Worker { server, options, backoff, session: None, reads };
    while let Some(mut job) = queue.next() {
        let ended = worker.run(job.as_mut());
        job.answer(ended);
    }
}

struct Worker<'a> {
    server: &'a Server,
    options: &'a Options,
    backoff: &'a Backoff,
    session: Option<Session>,
    reads: bool,
}

impl Worker<'_> {
    fn run(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        let reads = self.reads;
        let mut session = self.begin()?;
        let keep = job.run(&mut Transaction::new(Connection::Postgres(&mut session), reads));
        let ended = session.client.batch_execute(if keep { "COMMIT" } else { "ROLLBACK" }).map_err(error);
        if !session.is_closed() && ended.is_ok() {
            self.session = Some(session);
        }
        // What was not to be kept is gone either way.
        if keep { ended } else { Ok(()) }
    }

    /// A session in a transaction. One that was lost while nobody used it is made anew without a word.
    fn begin(&mut self) -> Result<Session, StoreError> {
        let begin = if self.reads {
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        } else {
            "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED"
        };
        if let Some(mut session) = self.session.take()
            && session.client.batch_execute(begin).is_ok()
        {
            return Ok(session);
        }
        let mut session = self.connect()?;
        session.client.batch_execute(begin).map_err(error)?;
        Ok(session)
    }

    fn connect(&self) -> Result<Session, StoreError> {
        if let Some(why) = self.backoff.reason() {
            return Err(why);
        }
        let connected = Session::connect(self.server, self.options);
        self.backoff.note(connected.as_ref().map(|_| ()));
        connected
    }
}
