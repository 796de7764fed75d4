//! What a job sees of the database, the same on both.

use super::{Dialect, Row, StoreError, Value, postgresql, sqlite};

/// A job's view of the database: everything it does is committed together or not at all.
///
/// **After a statement failed** nothing more can be done in this transaction, on either database: further statements give
/// the same error again, and a job that answers `Ok` all the same is answered with that error and rolled back. Put a
/// statement that may fail, such as an `INSERT` that may be a [`StoreError::Conflict`], into [`Transaction::attempt`].
pub struct Transaction<'a> {
    connection: Connection<'a>,
    /// Whether it may only read.
    reads: bool,
    /// The first statement that failed: what came after it would stand on half of what was meant.
    failed: Option<StoreError>,
    /// How many attempts it is in.
    depth: usize,
}

/// A connection on which a transaction has been begun.
pub(super) enum Connection<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut postgresql::Session),
}

impl<'a> Transaction<'a> {
    pub(super) fn new(connection: Connection<'a>, reads: bool) -> Transaction<'a> {
        Transaction { connection, reads, failed: None, depth: 0 }
    }

    /// The first statement that failed, outside of attempts.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.failed.clone()
    }

    /// Runs a part. One that says `Ok` although a statement of it failed is given that statement's error.
    pub(super) fn whole<T, E: From<StoreError>>(
        &mut self,
        part: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = part(self)?;
        self.failed.clone().map_or(Ok(done), |error| Err(error.into()))
    }
}

impl Transaction<'_> {
    /// Runs a statement; gives the number of rows it changed.
    ///
    /// # Errors
    /// Whatever the database says; see [`Transaction`] for what follows from it.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.statement(values, |connection| match connection {
            Connection::Sqlite(connection) => sqlite::execute(connection, sql, values),
            Connection::Postgres(session) => session.execute(sql, values),
        })
    }

    /// Runs a statement and gives all its rows. Say `LIMIT`: they are all held in memory.
    ///
    /// # Errors
    /// As [`Transaction::execute`].
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.statement(values, |connection| match connection {
            Connection::Sqlite(connection) => sqlite::query(connection, sql, values),
            Connection::Postgres(session) => session.query(sql, values),
        })
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
        let name = format!("attempt_{}", self.depth);
        self.execute(&format!("SAVEPOINT {name}"), &[])?;
        self.depth += 1;
        let outcome = self.whole(part);
        self.depth -= 1;
        if outcome.is_err() && !self.is_lost() {
            self.failed = None;
            self.execute(&format!("ROLLBACK TO SAVEPOINT {name}"), &[])?;
        }
        if !self.is_lost() {
            self.execute(&format!("RELEASE SAVEPOINT {name}"), &[])?;
        }
        outcome
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// What a `SELECT` that reads rows to change them ends with: nobody else changes them before this job is through.
    pub fn for_update(&self) -> &'static str {
        match self.dialect() {
            // The one writer is alone anyhow.
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE",
        }
    }

    /// The same, passing over rows that another job holds: for queues that several servers work on.
    pub fn for_update_skip_locked(&self) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Runs one statement, unless one failed before it, and remembers how it failed.
    fn statement<T>(
        &mut self,
        values: &[Value],
        run: impl FnOnce(&mut Connection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let ran = values.iter().try_for_each(Value::check).and_then(|()| run(&mut self.connection));
        let ran = match ran {
            Ok(_) if self.is_lost() => Err(StoreError::Database("a statement ended its transaction".to_owned())),
            // The disk is not to blame where a job was promised to read.
            Err(StoreError::ReadOnly) if self.reads => {
                Err(StoreError::Database("a job that only reads has a statement that writes".to_owned()))
            }
            ran => ran,
        };
        self.failed = ran.as_ref().err().cloned();
        ran
    }

    /// Whether the database has given up the whole transaction, as SQLite does when the disk is full, or PostgreSQL is
    /// gone.
    fn is_lost(&self) -> bool {
        match &self.connection {
            Connection::Sqlite(connection) => connection.is_autocommit(),
            Connection::Postgres(session) => session.is_closed(),
        }
    }
}
