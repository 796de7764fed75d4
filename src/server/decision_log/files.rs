//! The files of the log: `decisions.jsonl` is written to; when it is large or old enough it is renamed to
//! `decisions-<time>.jsonl` and the oldest of these is removed.
//!
//! A line is one write at the end of the file, so a process that is killed leaves at most the last line torn. It stays
//! as it is, and the next process begins a line of its own behind it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::DecisionLogSettings;

/// The file that is written to.
const CURRENT: &str = "decisions.jsonl";
/// What the names of the others begin and end with.
const OLD: (&str, &str) = ("decisions-", ".jsonl");
/// The file whose lock says that a server writes here.
const LOCK: &str = "lock";

/// The files, one of them open.
pub(super) struct Files {
    settings: DecisionLogSettings,
    file: File,
    /// Bytes in it that are whole lines.
    length: u64,
    began: SystemTime,
    /// Locked as long as it is open.
    _lock: File,
}

impl Files {
    /// Opens the newest file, or begins one.
    pub(super) fn open(settings: DecisionLogSettings) -> io::Result<Files> {
        fs::create_dir_all(&settings.folder)?;
        let lock = private().append(true).open(settings.folder.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::from(io::ErrorKind::WouldBlock),
            fs::TryLockError::Error(error) => error,
        })?;
        let (file, length, began) = current(&settings.folder)?;
        let mut files = Files { settings, file, length, began, _lock: lock };
        files.end_torn_line()?;
        Ok(files)
    }

    /// Writes a line, which ends in a line break; before it another file is begun where it is time. After an error the
    /// file has what it had.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let is_old = self.began.elapsed().is_ok_and(|age| age >= self.settings.most_age);
        let is_full = self.length + line.len() as u64 > self.settings.most_bytes;
        if self.length > 0 && (is_old || is_full) {
            self.rotate()?;
        }
        if let Err(error) = self.file.write_all(line) {
            // What was written of the line goes. Where even that fails, the next line begins behind a line break.
            if self.file.set_len(self.length).is_err() {
                let _ = self.end_torn_line();
            }
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Gives the file its name for ever, begins another, and removes what is too much.
    fn rotate(&mut self) -> io::Result<()> {
        let folder = self.settings.folder.clone();
        let (before, after) = OLD;
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
        // Names sort by time, also where several files are filled within one millisecond.
        let mut names = (0..1000).map(|number| folder.join(format!("{before}{time}-{number:03}{after}")));
        let free = names.find(|name| !name.exists()).ok_or(io::ErrorKind::AlreadyExists)?;
        fs::rename(folder.join(CURRENT), free)?;
        let (file, length, began) = current(&folder)?;
        (self.file, self.length, self.began) = (file, length, began);
        self.remove_oldest();
        Ok(())
    }

    /// What cannot be removed stays; the next time it is tried again.
    fn remove_oldest(&self) {
        let (before, after) = OLD;
        let is_old = |name: &str| name.starts_with(before) && name.ends_with(after);
        let entries = fs::read_dir(&self.settings.folder).into_iter().flatten().flatten();
        let mut old: Vec<PathBuf> =
            entries.filter(|entry| entry.file_name().to_str().is_some_and(is_old)).map(|entry| entry.path()).collect();
        old.sort();
        let kept = self.settings.kept.saturating_sub(1);
        for path in old.iter().take(old.len().saturating_sub(kept)) {
            let _ = fs::remove_file(path);
        }
    }

    /// Begins a line where the last one was not ended.
    fn end_torn_line(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            self.file.seek(SeekFrom::End(-1))?;
            self.file.read_exact(&mut last)?;
        }
        if last != [b'\n'] {
            self.file.write_all(b"\n")?;
        }
        self.length = self.file.metadata()?.len();
        Ok(())
    }
}

/// The file that is written to, its length, and when it was begun (now, where the file system does not know).
fn current(folder: &Path) -> io::Result<(File, u64, SystemTime)> {
    let file = private().append(true).read(true).open(folder.join(CURRENT))?;
    let metadata = file.metadata()?;
    let began = metadata.created().unwrap_or_else(|_| SystemTime::now());
    Ok((file, metadata.len(), began))
}

/// For files that others on the machine need not read: complaints stand in them, if masked.
fn private() -> OpenOptions {
    let mut options = File::options();
    options.create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o640);
    }
    options
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    fn settings(folder: &Path) -> DecisionLogSettings {
        DecisionLogSettings { most_bytes: 10, kept: 3, ..DecisionLogSettings::in_folder(folder.to_owned()) }
    }

    /// What stands in all files, oldest first.
    fn contents(folder: &Path) -> Vec<String> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some());
        paths.sort();
        paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    #[test]
    fn files_are_rotated_by_size_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(settings(folder.path())).unwrap();
        for (line, expect) in [
            ("one\n", vec!["one\n"]),
            ("two\n", vec!["one\ntwo\n"]),
            ("three\n", vec!["one\ntwo\n", "three\n"]),
            // Longer than a file may be, and still whole.
            ("four is long\n", vec!["one\ntwo\n", "three\n", "four is long\n"]),
            ("five\n", vec!["three\n", "four is long\n", "five\n"]),
        ] {
            files.write(line.as_bytes()).unwrap();
            assert_eq!(contents(folder.path()), expect);
        }
    }

    #[test]
    fn files_are_rotated_by_age() {
        let folder = tempfile::tempdir().unwrap();
        let settings = DecisionLogSettings { most_age: Duration::from_millis(30), ..settings(folder.path()) };
        let mut files = Files::open(settings).unwrap();
        files.write(b"a\n").unwrap();
        std::thread::sleep(Duration::from_millis(60));
        files.write(b"b\n").unwrap();
        assert_eq!(contents(folder.path()), ["a\n", "b\n"]);
    }

    #[test]
    fn a_torn_line_is_ended_and_the_next_process_goes_on_behind_it() {
        for (before, after) in [("", "x\n"), ("a\n", "a\nx\n"), ("a\nb", "a\nb\nx\n")] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(CURRENT), before).unwrap();
            let mut files = Files::open(settings(folder.path())).unwrap();
            files.write(b"x\n").unwrap();
            assert_eq!(contents(folder.path()), [after], "{before:?}");
        }
    }

    #[test]
    fn one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Files::open(settings(folder.path())).unwrap();
        let second = Files::open(settings(folder.path())).map(|_| ()).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
        drop(first);
        assert!(Files::open(settings(folder.path())).is_ok());
    }
}
