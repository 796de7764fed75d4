//! A copy of a database that is in use (<https://www.sqlite.org/backup.html>).

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{Database, StoreError, connect, create, error, file_error, folder_of, quick_check};
use crate::say;
use crate::store::Options;

/// Pages copied between two words on how far it is: 8 MB of 4 KB each.
const STEP: i32 = 2048;

/// Copies `database` into the new file `to`, which appears there whole or not at all.
pub(in crate::store) fn backup(
    database: &Database,
    to: &Path,
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), StoreError> {
    let shown = to.display();
    if to.exists() {
        return Err(StoreError::Address(say!(
            "备份文件 {shown} 已经存在，没有覆盖：请换一个文件名",
            "the backup file {shown} is already there and was not overwritten: give another name"
        )));
    }
    let partial = beside(to, ".part");
    let made = copy(database, &partial, options, progress)
        .and_then(|()| keep(&partial, to).map_err(|error| file_error(&error)));
    if made.is_err() {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(beside(&partial, ending));
        }
    }
    made
}

/// Gives a finished file its name, so that both are there after a power cut.
fn keep(partial: &Path, to: &Path) -> std::io::Result<()> {
    File::open(partial)?.sync_all()?;
    fs::rename(partial, to)?;
    File::open(folder_of(to))?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn copy(
    database: &Database,
    to: &Path,
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), StoreError> {
    // A copy starts anew whenever the state that its connection sees has changed. One that reads in a transaction sees one
    // state to the end, so a busy writer cannot make it start over for ever.
    let source = database.reader(options)?;
    source.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema").map_err(error)?;
    // What an earlier one left behind that was killed.
    let _ = fs::remove_file(to);
    create(to)?;
    let mut target: Connection = connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE, options)?;
    copy_pages(&source, &mut target, progress)?;
    quick_check(&target)?;
    target.close().map_err(|(_, cause)| error(cause))
}

fn copy_pages(
    source: &Connection,
    target: &mut Connection,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), StoreError> {
    let backup = Backup::new(source, target).map_err(error)?;
    loop {
        let step = backup.step(STEP).map_err(error)?;
        let state = backup.progress();
        let pages = |count: i32| usize::try_from(count).unwrap_or_default();
        progress(pages(state.pagecount - state.remaining), pages(state.pagecount));
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
