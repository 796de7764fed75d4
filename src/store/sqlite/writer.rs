//! Group commit. What costs time is waiting until the disk has a commit, so whoever waits meanwhile shares the next one.

use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::super::queue::{Job, Queue};
use super::super::transaction::{self, Transaction};
use super::{StoreError, error};

/// Jobs of one commit, at the most.
const MOST_JOBS: usize = 256;

/// Takes jobs until the queue closes. A group is committed when nothing more waits, or after `longest` of work; then
/// `committed` is told.
pub(in crate::store) fn write(connection: &Connection, queue: &Queue, longest: Duration, committed: &SyncSender<()>) {
    while let Some(first) = queue.next() {
        let mut group = vec![first];
        let ended = run(connection, &mut group, queue, longest);
        if !connection.is_autocommit() {
            // A rollback that fails leaves no transaction either.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for job in group {
            job.answer(ended.clone());
        }
        // Where it was told before and has not looked yet, that is enough.
        let _ = committed.try_send(());
    }
}

/// Runs the first job and those that wait, each in a savepoint of its own, and commits them together. `group` has in the
/// end everyone who must be told.
fn run(
    connection: &Connection,
    group: &mut Vec<Box<dyn Job>>,
    queue: &Queue,
    longest: Duration,
) -> Result<(), StoreError> {
    if let Err(error) = statement(connection, "BEGIN IMMEDIATE") {
        // Another program has held the file all this time: those who waited meanwhile need not each wait as long again.
        group.extend(std::iter::from_fn(|| queue.try_next()).take(queue.len()));
        return Err(error);
    }
    let started = Instant::now();
    let mut next = 0;
    while let Some(job) = group.get_mut(next) {
        run_one(connection, job.as_mut())?;
        next += 1;
        if next < MOST_JOBS && started.elapsed() < longest {
            group.extend(queue.try_next());
        }
    }
    statement(connection, "COMMIT")
}

/// # Errors
/// The transaction of the whole group is lost.
fn run_one(connection: &Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    statement(connection, "SAVEPOINT job")?;
    let mut transaction = Transaction::new(transaction::Connection::Sqlite(connection), false);
    let keep = job.run(&mut transaction);
    if connection.is_autocommit() {
        // SQLite rolls back everything where the disk is full or fails.
        let ended = || StoreError::Database("a statement ended its transaction".to_owned());
        return Err(transaction.failure().unwrap_or_else(ended));
    }
    if !keep {
        statement(connection, "ROLLBACK TO SAVEPOINT job")?;
    }
    statement(connection, "RELEASE SAVEPOINT job")
}

fn statement(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop).map_err(error)
}
