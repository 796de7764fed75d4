//! SQLite: one thread that writes for everybody, a few that read.

mod backup;
mod checkpoint;
mod error;
mod lock;
mod writer;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::queue::Queue;
use super::transaction::{self, Transaction};
use super::{Migration, Options, Row, StoreError, Value, migration};
use crate::say;
pub(super) use backup::backup;
pub(super) use checkpoint::run as take_over;
use error::{error, wrong};
use lock::Lock;
pub(super) use writer::write;

/// Statements kept prepared, for each connection.
const STATEMENTS: usize = 256;
/// Memory for pages, for each connection, in KiB.
const CACHE_KIB: i64 = 32 * 1024;
/// The log is cut to this many bytes again once a long reader had made it grow.
const LOG_BYTES: i64 = 64 << 20;

/// An open file: what stays as long as the store does.
pub(super) struct Database {
    pub(super) path: PathBuf,
    /// Held until the connections are closed; none where a server has the file and the store is beside it.
    lock: Option<Lock>,
    /// Keys of advisory locks that are taken.
    pub(super) taken: Arc<Mutex<BTreeSet<i64>>>,
}

impl Database {
    /// Opens or creates the file, checks it, brings it to the newest version; gives the connection that writes too.
    pub(super) fn open(
        path: &Path,
        migrations: &'static [Migration],
        options: &Options,
    ) -> Result<(Database, Connection), StoreError> {
        let path = real_path(path)?;
        let lock = match Lock::take(&path) {
            Err(StoreError::InUse(_)) if options.beside_server => None,
            taken => Some(taken?),
        };
        create(&path)?;
        let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
        if connection.is_readonly("main").map_err(error)? {
            return Err(StoreError::ReadOnly);
        }
        prepare_to_write(&connection)?;
        if lock.is_some() {
            quick_check(&connection)?;
            migrate(&mut connection, migrations)?;
            checkpoint::left_to_another(&connection)?;
        } else {
            let missing = migration::missing(migrations, newest(&connection)?)?;
            if !missing.is_empty() {
                return Err(StoreError::InUse(path.display().to_string()));
            }
        }
        Ok((Database { path, lock, taken: Arc::default() }, connection))
    }

    /// Whether nobody else may write.
    pub(super) fn is_alone(&self) -> bool {
        self.lock.is_some()
    }

    /// A further connection, that only reads.
    pub(super) fn reader(&self, options: &Options) -> Result<Connection, StoreError> {
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY, options)
    }

    /// A further connection, for checkpoints.
    pub(super) fn checkpointer(&self, options: &Options) -> Result<Connection, StoreError> {
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE, options)
    }
}

/// The one name of a file, however it was written: the lock stands beside that.
fn real_path(path: &Path) -> Result<PathBuf, StoreError> {
    let shown = path.display();
    let unusable = || {
        StoreError::Address(say!(
            "数据库文件 {shown} 打不开：请确认所在的目录存在，并且允许写入",
            "the database file {shown} cannot be opened: see that its folder exists and may be written"
        ))
    };
    match fs::canonicalize(path) {
        Ok(real) if real.is_dir() => Err(unusable()),
        Ok(real) => Ok(real),
        Err(_) => {
            let name = path.file_name().ok_or_else(unusable)?;
            Ok(fs::canonicalize(folder_of(path)).map_err(|_| unusable())?.join(name))
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a new file that only its owner may read, since it will hold what citizens wrote; SQLite gives the files beside it
/// the same permissions. One that is there stays as it is.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(file_error(&error)),
        _ => Ok(()),
    }
}

/// What keeps a file from being made or written.
fn file_error(error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        PermissionDenied | ReadOnlyFilesystem => StoreError::ReadOnly,
        StorageFull | QuotaExceeded => StoreError::Full,
        _ => StoreError::Database(error.to_string()),
    }
}

fn connect(path: &Path, how: OpenFlags, options: &Options) -> Result<Connection, StoreError> {
    // One thread uses a connection, so SQLite need not lock it. No flag for addresses (`file:`): a path is a path.
    let connection = Connection::open_with_flags(path, how | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(error)?;
    connection.busy_timeout(options.lock_timeout).map_err(error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A statement is planned once. Else each new value of a parameter would have it planned again, which took as long as
    // running it (<https://www.sqlite.org/queryplanner-ng.html#qpstab>).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(error)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(error)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(error)?;
    // What undoes a single job, and what a large answer is sorted in: of one statement, and nothing for a folder of all.
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(error)?;
    Ok(connection)
}

/// A log instead of a journal, so that readers and the writer do not wait for each other, and a commit that is on disk
/// when it returns (<https://www.sqlite.org/wal.html>).
fn prepare_to_write(connection: &Connection) -> Result<(), StoreError> {
    let set = |name: &str, value: &str| {
        connection.pragma_update_and_check(None, name, value, |row| row.get::<_, String>(0)).map_err(error)
    };
    let mode = set("journal_mode", "WAL")?;
    if mode != "wal" {
        let why = format!("the file system cannot hold a write-ahead log (journal_mode is {mode})");
        return Err(StoreError::Database(why));
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(error)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(())).map_err(error)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(error)?;
    // What is deleted is overwritten, not only forgotten: it may be what citizens have a right to see gone.
    connection.pragma_update(None, "secure_delete", true).map_err(error)
}

/// Reads the whole file and says what is wrong with its structure.
fn quick_check(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(error)?;
    if found == "ok" { Ok(()) } else { Err(StoreError::Corrupt(found)) }
}

fn newest(connection: &Connection) -> Result<i64, StoreError> {
    connection.query_row(migration::NEWEST, [], |row| row.get(0)).map_err(error)
}

fn migrate(connection: &mut Connection, migrations: &'static [Migration]) -> Result<(), StoreError> {
    connection.execute_batch(migration::TABLE).map_err(error)?;
    for step in migration::missing(migrations, newest(connection)?)? {
        let transaction = connection.transaction().map_err(error)?;
        transaction.execute_batch(step.sqlite).map_err(|cause| wrong(cause, step.name))?;
        if transaction.is_autocommit() {
            return Err(StoreError::Database(format!("migration {} ends its transaction", step.version)));
        }
        transaction.execute(migration::NOTE, (step.version, step.name)).map_err(error)?;
        transaction.commit().map_err(error)?;
    }
    Ok(())
}

/// Takes jobs until the queue closes; each sees one state of the database.
pub(super) fn read(connection: &Connection, queue: &Queue) {
    while let Some(mut job) = queue.next() {
        let begun = connection.execute_batch("BEGIN").map_err(error);
        if begun.is_ok() {
            job.run(&mut Transaction::new(transaction::Connection::Sqlite(connection), true));
        }
        if !connection.is_autocommit() {
            // Nothing was written, so there is nothing that could fail to be kept.
            let _ = connection.execute_batch("ROLLBACK");
        }
        job.answer(begun);
    }
}

pub(super) fn execute(connection: &Connection, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
    let run = || connection.prepare_cached(sql)?.execute(params_from_iter(values));
    run().map(|changed| changed as u64).map_err(|cause| wrong(cause, sql))
}

pub(super) fn query(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    let run = || {
        let mut statement = connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map(params_from_iter(values), |row| {
            (0..columns).map(|column| Ok(row.get_ref(column)?.try_into()?)).collect::<rusqlite::Result<_>>().map(Row)
        })?;
        rows.collect::<rusqlite::Result<_>>()
    };
    run().map_err(|cause| wrong(cause, sql))
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(*integer),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl TryFrom<ValueRef<'_>> for Value {
    type Error = std::str::Utf8Error;

    fn try_from(value: ValueRef<'_>) -> Result<Value, Self::Error> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(integer) => Value::Integer(integer),
            ValueRef::Real(real) => Value::Real(real),
            ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes)?.to_owned()),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_its_values_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection =
            connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, &Options::default());
        let connection = connection.unwrap();
        let script =
            "CREATE TABLE item (state TEXT, seq BIGINT); CREATE INDEX open ON item (seq) WHERE state = 'open';";
        connection.execute_batch(script).unwrap();
        let mut statement = connection.prepare("SELECT seq FROM item WHERE state = ?1 AND seq > ?2").unwrap();
        for (state, seq) in [("open", 1), ("closed", 2), ("open", 3), ("", 4)] {
            assert!(!statement.exists((state, seq)).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
