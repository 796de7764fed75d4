//! A database, SQLite or PostgreSQL: connections, migrations, transactions that many callers share, backup.
//!
//! Whoever keeps something hands in migrations, and jobs that run statements in a transaction. Nothing here may know what
//! is stored: no table of another folder, no ticket, no complaint. Nothing above may know `rusqlite` or `postgres`.
//!
//! **One SQL text for both.** Placeholders are `?1`, `?2` and so on. Columns are `BIGINT`, `DOUBLE PRECISION`, `TEXT` and
//! `BLOB` (`BYTEA`), and a result of any other type is an error: write `CAST(SUM(x) AS BIGINT)`, since PostgreSQL makes a
//! sum of integers `NUMERIC`. Where the dialects part, ask [`Transaction::dialect`].
//!
//! **What `Ok` means.** A write that was answered with `Ok` is on disk (SQLite: `synchronous=FULL`; PostgreSQL: as the
//! server commits, with `synchronous_commit` never off). One that was answered with an error did nothing, with one
//! exception: [`StoreError::Unavailable`] from a PostgreSQL that went away while it committed, which nobody can know. Give
//! what must not happen twice a key of its own and a unique index.

mod error;
mod location;
mod migration;
mod placeholders;
mod postgresql;
mod queue;
mod sqlite;
#[cfg(test)]
mod tests;
mod transaction;
mod value;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

pub use error::StoreError;
pub use location::Location;
use location::Place;
pub use migration::Migration;
use queue::{Pending, Queue};
pub use transaction::Transaction;
pub use value::{Row, Value};

/// Which database it is, where SQL has to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL, a server.
    Postgres,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Jobs that may wait for a writer, and as many for a reader; one more is answered with [`StoreError::Busy`] at once.
    pub most_waiting: usize,
    /// Threads that read, each with its own connection.
    pub readers: usize,
    /// Threads that write, each with its own connection, on PostgreSQL. SQLite has one writer whatever stands here.
    pub writers: usize,
    /// Work after which SQLite commits what it has, even if more waits: the first of a group should not wait long for those
    /// that came after.
    pub longest_group: Duration,
    /// Time within which PostgreSQL must have answered a new connection.
    pub connect_timeout: Duration,
    /// Time that one statement may take on PostgreSQL, and that a job may sit idle inside its transaction.
    pub statement_timeout: Duration,
    /// Time that a statement may wait for a lock that another job or program holds.
    pub lock_timeout: Duration,
    /// Open beside a server that has the same SQLite file open: for commands that look, add a key, make a backup. Such a
    /// store does not insist on being the only one, and migrates nothing while a server runs.
    pub beside_server: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            most_waiting: 1024,
            readers: 4,
            writers: 4,
            longest_group: Duration::from_millis(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            beside_server: false,
        }
    }
}

/// An open database. Clones are cheap and share it; when the last one is dropped, what is queued is finished first.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    writes: Arc<Queue>,
    reads: Arc<Queue>,
    readers: Vec<JoinHandle<()>>,
    writers: Vec<JoinHandle<()>>,
    options: Options,
    // Last, since the lock on the file is given back after the connections are closed.
    backend: Backend,
}

enum Backend {
    Sqlite(sqlite::Database),
    Postgres(Box<postgresql::Server>),
}

/// The right to be the only one who does something; given back when dropped.
pub struct AdvisoryLock(Held);

enum Held {
    /// Of this process: the keys that are taken, and the one that is this.
    Sqlite(Arc<Mutex<BTreeSet<i64>>>, i64),
    Postgres(postgresql::Held),
}

impl Store {
    /// Opens or creates a database and brings it to the newest version. Blocks; may be called within a runtime.
    ///
    /// # Errors
    /// The file is damaged, belongs to a running server, to a newer program, or cannot be reached.
    pub fn open(location: &Location, migrations: &'static [Migration], options: Options) -> Result<Store, StoreError> {
        match &location.0 {
            Place::File(path) => Store::open_sqlite(path, migrations, options),
            Place::Server(server) => Store::open_postgres(server, migrations, options),
        }
    }

    fn open_sqlite(path: &Path, migrations: &'static [Migration], options: Options) -> Result<Store, StoreError> {
        let (database, writer) = sqlite::Database::open(path, migrations, &options)?;
        let readers = (0..options.readers.max(1)).map(|_| database.reader(&options)).collect::<Result<Vec<_>, _>>()?;
        let checkpointer = database.checkpointer(&options)?;
        let mut shared = Shared::new(Backend::Sqlite(database), options);
        let (committed, commits) = mpsc::sync_channel(1);
        shared.spawn_writer(move |queue| {
            sqlite::write(&writer, queue, options.longest_group, &committed);
            // Before the other hears of it, which closes the file for good.
            drop(writer);
        })?;
        shared.writers.push(start("store-checkpoint", move || sqlite::take_over(&checkpointer, &commits))?);
        for reader in readers {
            shared.spawn_reader(move |queue| sqlite::read(&reader, queue))?;
        }
        Ok(Store(Arc::new(shared)))
    }

    fn open_postgres(
        server: &postgresql::Server,
        migrations: &'static [Migration],
        options: Options,
    ) -> Result<Store, StoreError> {
        postgresql::migrate(server, migrations, &options)?;
        let mut shared = Shared::new(Backend::Postgres(Box::new(server.clone())), options);
        let backoff = Arc::new(postgresql::Backoff::default());
        let work = |reads| {
            let (server, backoff) = (server.clone(), Arc::clone(&backoff));
            move |queue: &Queue| postgresql::work(&server, &options, &backoff, queue, reads)
        };
        for _ in 0..options.writers.max(1) {
            shared.spawn_writer(work(false))?;
        }
        for _ in 0..options.readers.max(1) {
            shared.spawn_reader(work(true))?;
        }
        Ok(Store(Arc::new(shared)))
    }

    /// Runs a job in a transaction that may write. It has happened, durably, when this gives `Ok`, and not at all when it
    /// gives `Err`: an error of the job rolls back that job alone. A job that has been queued runs even if nobody waits
    /// for its answer any more. A job must not call the store again, since it would wait for itself.
    ///
    /// On SQLite jobs run one after the other. On PostgreSQL they run at once, each seeing what was committed before each
    /// of its statements (read committed): lock what is read to be changed ([`Transaction::for_update`]).
    ///
    /// # Errors
    /// The job's own, or a [`StoreError`] turned into it: too many wait, or the transaction could not be committed.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        wait(&self.0.writes, job).await
    }

    /// Runs a job in a transaction that only reads, on one snapshot of the database.
    ///
    /// # Errors
    /// As [`Store::write`]; a statement that would write is an error.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        wait(&self.0.reads, job).await
    }

    /// [`Store::write`] that blocks, for commands and tests.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        block(&self.0.writes, job)
    }

    /// [`Store::read`] that blocks, for commands and tests.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
        E: From<StoreError> + Send + 'static,
        T: Send + 'static,
    {
        block(&self.0.reads, job)
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match self.0.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Whether a server has the SQLite file open beside this store: whoever writes much should leave it room, since the file
    /// has one writer at a time and gives no turns. PostgreSQL lets all write.
    pub fn is_beside_server(&self) -> bool {
        match &self.0.backend {
            Backend::Sqlite(database) => !database.is_alone(),
            Backend::Postgres(_) => false,
        }
    }

    /// Writing jobs that wait, for admission control and metrics.
    pub fn waiting(&self) -> usize {
        self.0.writes.len()
    }

    /// Copies the database into a new file as it is at one moment, while it goes on being used. The file appears at `to`
    /// only when it is whole and checked. `progress` is told pages done and pages in all. Blocks for as long as it takes.
    ///
    /// # Errors
    /// [`StoreError::UsePgDump`] on PostgreSQL; `to` is there already; disk full, unwritable.
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(usize, usize)) -> Result<(), StoreError> {
        match &self.0.backend {
            Backend::Sqlite(database) => sqlite::backup(database, to, &self.0.options, progress),
            Backend::Postgres(_) => Err(StoreError::UsePgDump),
        }
    }

    /// Asks to be the only one, among all servers on one PostgreSQL, or within this process on SQLite (which has one
    /// server), who does what `key` stands for. `None` when somebody else is, or may be (a store beside a server). Ask
    /// again later: the lock of a server that died is free as soon as PostgreSQL sees its connection closed. Blocks for a
    /// moment; may be called within a runtime.
    ///
    /// # Errors
    /// PostgreSQL cannot be reached.
    pub fn advisory_lock(&self, key: i64) -> Result<Option<AdvisoryLock>, StoreError> {
        let held = match &self.0.backend {
            Backend::Sqlite(database) => {
                let free = database.is_alone() && lock(&database.taken).insert(key);
                free.then(|| Held::Sqlite(Arc::clone(&database.taken), key))
            }
            Backend::Postgres(server) => postgresql::lock(server, &self.0.options, key)?.map(Held::Postgres),
        };
        Ok(held.map(AdvisoryLock))
    }
}

impl AdvisoryLock {
    /// Whether it is still ours. A lost connection loses the lock, which is noticed within about three seconds; nothing
    /// brings it back: drop it and ask for another. For that long two may believe to be the only one, so whatever is done
    /// under the lock has to be right even then.
    pub fn is_held(&self) -> bool {
        match &self.0 {
            Held::Sqlite(..) => true,
            Held::Postgres(held) => held.is_held(),
        }
    }
}

impl Drop for AdvisoryLock {
    fn drop(&mut self) {
        if let Held::Sqlite(taken, key) = &self.0 {
            lock(taken).remove(key);
        }
    }
}

impl Shared {
    fn new(backend: Backend, options: Options) -> Shared {
        let queue = || Arc::new(Queue::new(options.most_waiting));
        Shared { writes: queue(), reads: queue(), readers: Vec::new(), writers: Vec::new(), options, backend }
    }

    fn spawn_writer(&mut self, work: impl FnOnce(&Queue) + Send + 'static) -> Result<(), StoreError> {
        self.writers.push(spawn("store-write", &self.writes, work)?);
        Ok(())
    }

    fn spawn_reader(&mut self, work: impl FnOnce(&Queue) + Send + 'static) -> Result<(), StoreError> {
        self.readers.push(spawn("store-read", &self.reads, work)?);
        Ok(())
    }
}

impl Drop for Shared {
    /// Waits for the threads. On SQLite the one for checkpoints goes last, and takes over what is in the log.
    fn drop(&mut self) {
        for (queue, threads) in [(&self.reads, &mut self.readers), (&self.writes, &mut self.writers)] {
            queue.close();
            for thread in threads.drain(..) {
                // A job may have held the last handle; its thread cannot wait for itself.
                if thread.thread().id() != thread::current().id() {
                    let _ = thread.join();
                }
            }
        }
    }
}

fn spawn(
    name: &str,
    queue: &Arc<Queue>,
    work: impl FnOnce(&Queue) + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let queue = Arc::clone(queue);
    start(name, move || work(&queue))
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map_err(|error| StoreError::Unavailable(format!("no thread: {error}")))
}

/// What a caller gets where the thread that had its job is gone.
fn closed<E: From<StoreError>>() -> E {
    StoreError::Unavailable("the store is closed".to_owned()).into()
}

async fn wait<T, E, F>(queue: &Queue, job: F) -> Result<T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    E: From<StoreError> + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    // Whoever asked may have stopped waiting.
    let answer = move |outcome| drop(sender.send(outcome));
    queue.push(Box::new(Pending::new(job, answer)))?;
    receiver.await.unwrap_or_else(|_| Err(closed()))
}

fn block<T, E, F>(queue: &Queue, job: F) -> Result<T, E>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    E: From<StoreError> + Send + 'static,
    T: Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    let answer = move |outcome| drop(sender.send(outcome));
    queue.push(Box::new(Pending::new(job, answer)))?;
    receiver.recv().unwrap_or_else(|_| Err(closed()))
}

/// Nothing panics while it holds one of these.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
