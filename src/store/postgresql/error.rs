//! PostgreSQL's errors (<https://www.postgresql.org/docs/current/errcodes-appendix.html>), told apart as callers need it.

use postgres::error::{DbError, SqlState};

use super::StoreError;

/// What an error of the client or the server means to a caller. The server's details are left out: they quote values.
#[allow(clippy::needless_pass_by_value)] // as `map_err` hands it over
pub(super) fn error(cause: postgres::Error) -> StoreError {
    let source = std::error::Error::source(&cause);
    match cause.as_db_error() {
        Some(error) => of_server(error),
        None if cause.is_closed() => StoreError::Unavailable("the connection was lost".to_owned()),
        None => match source.and_then(|source| source.downcast_ref::<std::io::Error>()) {
            Some(error) => StoreError::Unavailable(error.to_string()),
            None => {
                StoreError::Database(source.map_or_else(|| cause.to_string(), |source| format!("{cause}: {source}")))
            }
        },
    }
}

/// The same for a statement, which is named where it may be to blame. (It holds placeholders, no values.)
pub(super) fn wrong(cause: postgres::Error, sql: &str) -> StoreError {
    match error(cause) {
        StoreError::Database(what) => StoreError::Database(format!("{what}, in: {sql}")),
        error => error,
    }
}

fn of_server(error: &DbError) -> StoreError {
    let text = || error.message().to_owned();
    let code = error.code();
    match *code {
        SqlState::UNIQUE_VIOLATION => StoreError::Conflict(error.constraint().unwrap_or_default().to_owned()),
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::QUERY_CANCELED => StoreError::Busy,
        SqlState::DISK_FULL => StoreError::Full,
        SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly,
        SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => StoreError::Unavailable(text()),
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Corrupt(text()),
        _ => match &code.code()[..2] {
            "08" => StoreError::Unavailable(text()),
            // Data that does not fit: the text quotes it.
            "22" => StoreError::Database(format!("a value does not fit (SQLSTATE {})", code.code())),
            _ => StoreError::Database(format!("{} (SQLSTATE {})", error.message(), code.code())),
        },
    }
}
