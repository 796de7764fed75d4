//! Files that are written whole or not at all: beside their place first, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use serde::Deserialize;

use crate::say;
use crate::source::Message;

/// What becomes of a file of cases that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is imported.
    #[default]
    Refuse,
    /// It is replaced.
    Replace,
    /// It is added to: cases whose id it has are left out.
    Append,
}

/// Bytes of a line of a file that is added to, at the most.
const MAX_LINE: u64 = 8 << 20;

/// A file in the making; gone when dropped before it is finished.
pub(super) struct NewFile {
    path: PathBuf,
    beside: PathBuf,
    out: Option<BufWriter<File>>,
}

impl NewFile {
    /// Begins a file beside its place; makes the folder if need be. The name begins with a dot, so that no bundle reads
    /// it.
    pub(super) fn begin(path: &Path) -> Result<NewFile, Message> {
        let failed = |error: io::Error| cannot_write(path, &error);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let Some(name) = path.file_name() else { return Err(failed(io::ErrorKind::InvalidInput.into())) };
        let beside = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
        // One of this name was left by a process that ended without tidying up.
        let _ = fs::remove_file(&beside);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside).map_err(failed)?;
        Ok(NewFile { path: path.to_owned(), beside, out: Some(BufWriter::new(file)) })
    }

    /// [`NewFile::begin`] for what only its owner may read.
    pub(super) fn begin_private(path: &Path) -> Result<NewFile, Message> {
        let file = NewFile::begin(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file.beside, fs::Permissions::from_mode(0o600))
                .map_err(|error| cannot_write(path, &error))?;
        }
        Ok(file)
    }

    /// Puts the file where nothing is yet: in its place, or under the first name of `further` that is free. Where a file
    /// is that says the very same, it stays instead. Gives where it is.
    pub(super) fn finish_beside(mut self, further: impl Iterator<Item = PathBuf>) -> Result<PathBuf, Message> {
        let failed = |error: io::Error| cannot_write(&self.path, &error);
        self.out.as_mut().map_or(Ok(()), Write::flush).map_err(failed)?;
        let written = fs::read(&self.beside).map_err(failed)?;
        for path in std::iter::once(self.path.clone()).chain(further) {
            if path.symlink_metadata().is_err() {
                self.path.clone_from(&path);
                return self.finish().map(|()| path);
            }
            if fs::read(&path).is_ok_and(|there| there == written) {
                return Ok(path);
            }
        }
        Err(cannot_write(&self.path, &io::ErrorKind::AlreadyExists.into()))
    }

    /// Puts the file in its place.
    pub(super) fn finish(mut self) -> Result<(), Message> {
        let put = |out: Option<BufWriter<File>>| {
            if let Some(out) = out {
                out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            }
            fs::rename(&self.beside, &self.path)
        };
        let out = self.out.take();
        put(out).map_err(|error| cannot_write(&self.path, &error))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().map_or(Ok(0), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After `finish` there is nothing of this name.
        let _ = fs::remove_file(&self.beside);
    }
}

pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Message {
    let path = path.display();
    say!("{path} 写不了：{error}", "cannot write {path}: {error}")
}

/// Refuses to write over a file.
pub(super) fn refuse_existing(path: &Path) -> Result<(), Message> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let path = path.display();
    Err(say!(
        "{path} 已经存在；要替换它用 --replace，要往里加用 --append，或者换一个 --to",
        "{path} exists: --replace replaces it, --append adds to it, or name another with --to"
    ))
}

#[derive(Deserialize)]
struct HasId {
    id: String,
}

/// The ids of a text of cases; lines that are none are left out.
pub(super) fn ids_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter_map(|line| serde_json::from_str::<HasId>(line).ok()).map(|case| case.id)
}

/// Copies the cases of a file, with the ids they have.
///
/// # Errors
/// It cannot be read, or a line is no case: it would be added to something that is broken.
pub(super) fn copy(from: &Path, mut to: Option<&mut NewFile>) -> Result<FxHashSet<String>, Message> {
    let shown = from.display();
    let failed = |error: io::Error| say!("{shown} 读取失败：{error}", "cannot read {shown}: {error}");
    let mut reader = BufReader::new(File::open(from).map_err(failed)?);
    let mut ids = FxHashSet::default();
    for number in 1u64.. {
        let mut line = Vec::new();
        reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)?;
        if line.is_empty() {
            break;
        }
        let bare = line.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap_or(&line).trim_ascii();
        if bare.is_empty() {
            continue;
        }
        let case: HasId = serde_json::from_slice(bare).map_err(|_| {
            say!(
                "{shown} 第 {number} 行不是案例，先改好再追加",
                "line {number} of {shown} is no case: mend it before adding to it"
            )
        })?;
        ids.insert(case.id);
        if let Some(to) = &mut to {
            to.write_all(bare).and_then(|()| to.write_all(b"\n")).map_err(|error| cannot_write(&to.path, &error))?;
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.jsonl");
        let mut file = NewFile::begin(&path).unwrap();
        file.write_all(b"1").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        let mut file = NewFile::begin(&path).unwrap();
        file.write_all(b"2").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(refuse_existing(&path).is_err() && refuse_existing(&folder.path().join("c")).is_ok());
        assert!(NewFile::begin(&path.join("d")).is_err());
    }
}
