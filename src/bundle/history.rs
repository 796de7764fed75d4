//! What must be remembered over a restart: the last good bundle, and every bundle that was served.
//!
//! `objects/<sha256>` holds the content of files, each once; `revisions/<revision>.json` says which path had which
//! content; `last-good` names a revision. Everything is written beside its place and renamed, so that what is there is
//! whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::snapshot::{FileContent, Snapshot};

/// Bundles that were served, kept in the folder of `--data`.
#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

impl History {
    /// The history in a folder, made if it is not there.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn open(data: &Path) -> io::Result<History> {
        let folder = data.join("bundles");
        fs::create_dir_all(folder.join("objects"))?;
        fs::create_dir_all(folder.join("revisions"))?;
        Ok(History { folder })
    }

    /// Keeps a bundle's files and names it the last good one.
    ///
    /// # Errors
    /// Writing failed; what was kept before stays.
    pub fn keep(&self, revision: &str, snapshot: &Snapshot) -> io::Result<()> {
        for content in snapshot.files.values() {
            let place = self.object(&content.hash);
            if !place.exists() {
                write_whole(&place, content.text.as_bytes())?;
            }
        }
        let manifest: BTreeMap<&str, &str> =
            snapshot.files.iter().map(|(path, content)| (path.as_str(), content.hash.as_str())).collect();
        write_whole(&self.manifest(revision), serde_json::to_string_pretty(&manifest)?.as_bytes())?;
        write_whole(&self.folder.join("last-good"), revision.as_bytes())
    }

    /// The revision of the last good bundle.
    pub fn last_good(&self) -> Option<String> {
        let revision = fs::read_to_string(self.folder.join("last-good")).ok()?;
        is_revision(revision.trim()).then(|| revision.trim().to_owned())
    }

    /// The files of a bundle that was served; `None` when it was not kept or something of it is missing or altered.
    pub fn snapshot(&self, revision: &str) -> Option<Snapshot> {
        if !is_revision(revision) {
            return None;
        }
        let manifest = fs::read_to_string(self.manifest(revision)).ok()?;
        let manifest: BTreeMap<String, String> = serde_json::from_str(&manifest).ok()?;
        let mut snapshot = Snapshot::default();
        for (path, hash) in manifest {
            if !is_revision(&hash) {
                return None;
            }
            let content = FileContent::new(fs::read_to_string(self.object(&hash)).ok()?);
            if content.hash != hash {
                return None;
            }
            snapshot.files.insert(path, Arc::new(content));
        }
        Some(snapshot)
    }

    fn object(&self, hash: &str) -> PathBuf {
        self.folder.join("objects").join(hash)
    }

    fn manifest(&self, revision: &str) -> PathBuf {
        self.folder.join("revisions").join(format!("{revision}.json"))
    }
}

/// Revisions and hashes are hexadecimal: nothing else becomes part of a path.
fn is_revision(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes a file so that it is either whole or not there, also after a crash.
fn write_whole(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = place.with_extension(format!("{}.new", std::process::id()));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, place)
}
