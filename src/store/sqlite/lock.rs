//! One server for one file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{StoreError, file_error};

/// The right to write a database file, by a lock on a file beside it (`tickets.db.lock`). The operating system gives it
/// back when the process ends, however it ends; the file itself stays, since removing it could part two holders.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// # Errors
    /// [`StoreError::InUse`]: another process has it, or another store of this one.
    pub(super) fn take(database: &Path) -> Result<Lock, StoreError> {
        let mut path = OsString::from(database);
        path.push(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|error| file_error(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.display().to_string())),
            Err(TryLockError::Error(error)) => Err(file_error(&error)),
        }
    }
}
