//! SQLite's errors (<https://www.sqlite.org/rescode.html>), told apart as callers need it.

use rusqlite::{ErrorCode, ffi};

use super::StoreError;

/// What an error of SQLite means to a caller.
pub(super) fn error(cause: rusqlite::Error) -> StoreError {
    let (failure, text) = match cause {
        rusqlite::Error::SqliteFailure(failure, text) => (failure, text),
        rusqlite::Error::Utf8Error(..) => return StoreError::Corrupt("text that is not UTF-8".to_owned()),
        other => return StoreError::Database(other.to_string()),
    };
    let text = text.unwrap_or_else(|| failure.to_string());
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            let what = text.strip_prefix("UNIQUE constraint failed: ").unwrap_or(&text);
            return StoreError::Conflict(what.to_owned());
        }
        // The index of the log could not grow: nothing but room is missing.
        ffi::SQLITE_IOERR_SHMSIZE => return StoreError::Full,
        _ => {}
    }
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
        ErrorCode::DiskFull => StoreError::Full,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(text),
        ErrorCode::CannotOpen => StoreError::Unavailable(text),
        _ => StoreError::Database(text),
    }
}

/// The same for a statement, which is named where it may be to blame. (It holds placeholders, no values.)
pub(super) fn wrong(cause: rusqlite::Error, sql: &str) -> StoreError {
    match error(cause) {
        StoreError::Database(what) => StoreError::Database(format!("{what}, in: {sql}")),
        error => error,
    }
}
