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
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use error::StoreError;
pub use location::Location;
pub use value::{Row, Value};

/// Which database it is, where SQL has to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL, a server.
    Postgres,
}

/// One step of the schema. A step that has been released is never changed; another follows it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1 for the first, then without gaps.
    pub version: u32,
    /// What it does, in a few words; kept in the table `schema_version`.
    pub name: &'static str,
    /// Statements for SQLite, run in one transaction. Foreign keys are on and may not be `DEFERRABLE`: a violation that is
    /// found only at the commit would take down the jobs of others.
    pub sqlite: &'static str,
    /// Statements for PostgreSQL, run in one transaction.
    pub postgres: &'static str,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Jobs that may wait for a writer, and as many for a reader; one more is answered with [`StoreError::Busy`] at once.
    pub most_waiting: usize,
    /// Threads that read, each with its own connection.
    pub readers: usize,
    /// Threads that write, each with its own connection, on PostgreSQL. SQLite has one writer whatever stands here.
    pub writers: usize,
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
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            beside_server: false,
        }
    }
}

/// An open database. Clones are cheap and share it; when the last one is dropped, what is queued is finished first.
#[derive(Clone)]
pub struct Store;

/// A job's view of the database: everything it does is committed together or not at all.
///
/// **After a statement failed** nothing more can be done in this transaction, on either database: further statements give
/// the same error again, and a job that answers `Ok` all the same is answered with that error and rolled back. Put a
/// statement that may fail, such as an `INSERT` that may be a [`StoreError::Conflict`], into [`Transaction::attempt`].
pub struct Transaction<'a>(std::marker::PhantomData<&'a ()>);

/// The right to be the only one who does something; given back when dropped.
pub struct AdvisoryLock;

impl Store {
    /// Opens or creates a database and brings it to the newest version. Blocks; may be called within a runtime.
    ///
    /// # Errors
    /// The file is damaged, belongs to a running server, to a newer program, or cannot be reached.
    pub fn open(location: &Location, migrations: &'static [Migration], options: Options) -> Result<Store, StoreError> {
        let _ = (location, migrations, options);
        unimplemented!()
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
        let _ = job;
        unimplemented!()
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
        let _ = job;
        unimplemented!()
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
        let _ = job;
        unimplemented!()
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
        let _ = job;
        unimplemented!()
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        unimplemented!()
    }

    /// Writing jobs that wait, for admission control and metrics.
    pub fn waiting(&self) -> usize {
        unimplemented!()
    }

    /// Copies the database into a file as it is at one moment, while it goes on being used. The file appears at `to` only
    /// when it is whole. `progress` is told pages done and pages in all.
    ///
    /// # Errors
    /// [`StoreError::UsePgDump`] on PostgreSQL; disk full, unwritable.
    pub fn backup(&self, to: &Path, progress: &mut dyn FnMut(usize, usize)) -> Result<(), StoreError> {
        let _ = (to, progress);
        unimplemented!()
    }

    /// Asks to be the only one, among all servers on one PostgreSQL, or within this process on SQLite (which has one
    /// server), who does what `key` stands for. `None` when somebody else is. Ask again later: the lock of a server that
    /// died is free as soon as PostgreSQL sees its connection closed. Blocks for a moment; may be called in a runtime.
    ///
    /// # Errors
    /// PostgreSQL cannot be reached.
    pub fn advisory_lock(&self, key: i64) -> Result<Option<AdvisoryLock>, StoreError> {
        let _ = key;
        unimplemented!()
    }
}

impl AdvisoryLock {
    /// Whether it is still ours. A lost connection loses the lock and is noticed within about a second; nothing brings the
    /// lock back: drop it and ask for another.
    pub fn is_held(&self) -> bool {
        unimplemented!()
    }
}

impl Transaction<'_> {
    /// Runs a statement.
    ///
    /// # Errors
    /// Whatever the database says; see [`Transaction`] for what follows from it.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let _ = (sql, values);
        unimplemented!()
    }

    /// Runs a statement and gives all its rows. Say `LIMIT`: they are all held in memory.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let _ = (sql, values);
        unimplemented!()
    }

    /// Runs a statement and gives its first row, if it has one.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub fn query_one(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Does something that may fail, and only that is undone when it does (a savepoint); the transaction goes on.
    ///
    /// # Errors
    /// The part's own.
    pub fn attempt<T, E: From<StoreError>>(
        &mut self,
        part: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _ = part;
        unimplemented!()
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        unimplemented!()
    }

    /// What a `SELECT` that reads rows to change them ends with: nobody else changes them before this job is through.
    pub fn for_update(&self) -> &'static str {
        unimplemented!()
    }

    /// The same, passing over rows that another job holds: for queues that several servers work on.
    pub fn for_update_skip_locked(&self) -> &'static str {
        unimplemented!()
    }
}

/// Kept so that the signatures can name them.
#[doc(hidden)]
pub type Shared = (Arc<()>, PathBuf);
