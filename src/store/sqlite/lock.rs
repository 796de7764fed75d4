//! One server for one file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{StoreError, file_error};

/// How long a lock is asked for. One that was just given back may still seem to be held: a process that its holder was
/// starting at that moment has a copy until it runs its own program. A server that hands over to the next needs a moment too.
const PATIENCE: Duration = Duration::from_millis(500);

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
        let asked = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(error)) => return Err(file_error(&error)),
                Err(TryLockError::WouldBlock) if asked.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(database.display().to_string())),
            }
        }
    }
}
