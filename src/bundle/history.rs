//! What must be remembered over a restart: the last good bundle, and every bundle that was served.
//!
//! `objects/<sha256>` holds the content of files, each once; `revisions/<revision>.json` says which path had which
//! content; `last-good` names the revisions that were served last, newest first; `reloads.jsonl` says what became of the last reloads. Everything is
//! written beside its place and renamed, and checked against its hash when it is read; of the last good ones the newest
//! that is whole counts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::snapshot::{FileContent, Snapshot};

/// Revisions that `last-good` names, at the most.
const MOST_LAST: usize = 5;

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

    /// The history that a server keeps, for looking at it: nothing is made.
    ///
    /// # Errors
    /// The folder in which there is none.
    pub fn existing(data: &Path) -> Result<History, PathBuf> {
        let folder = data.join("bundles");
        if folder.join("revisions").is_dir() { Ok(History { folder }) } else { Err(data.to_owned()) }
    }

    /// Keeps a bundle's files and names it the last good one.
    ///
    /// # Errors
    /// Writing failed; what was kept before stays.
    pub fn keep(&self, revision: &str, snapshot: &Snapshot) -> io::Result<()> {
        for content in snapshot.files.values() {
            let place = self.object(&content.hash);
            // What was damaged is written again.
            if !fs::read(&place).is_ok_and(|kept| kept == content.text.as_bytes()) {
                write_whole(&place, content.text.as_bytes(), false)?;
            }
        }
        let manifest: BTreeMap<&str, &str> =
            snapshot.files.iter().map(|(path, content)| (path.as_str(), content.hash.as_str())).collect();
        write_whole(&self.manifest(revision), serde_json::to_string_pretty(&manifest)?.as_bytes(), true)?;
        let mut last = vec![revision.to_owned()];
        last.extend(self.last().into_iter().filter(|other| other != revision).take(MOST_LAST - 1));
        write_whole(&self.folder.join("last-good"), last.join("\n").as_bytes(), true)
    }

    /// The revision of the last good bundle of which everything is there.
    pub fn last_good(&self) -> Option<String> {
        self.last().into_iter().find(|revision| self.snapshot(revision).is_some())
    }

    /// The revisions served last, newest first.
    pub(super) fn last(&self) -> Vec<String> {
        let listed = fs::read_to_string(self.folder.join("last-good")).unwrap_or_default();
        listed.lines().map(str::trim).filter(|line| is_revision(line)).map(str::to_owned).collect()
    }

    /// The lines about reloads that are kept; none where nothing was kept yet.
    pub(super) fn reloads(&self) -> String {
        fs::read_to_string(self.folder.join("reloads.jsonl")).unwrap_or_default()
    }

    /// Keeps lines about reloads in the place of those that were kept.
    pub(super) fn keep_reloads(&self, lines: &str) -> io::Result<()> {
        write_whole(&self.folder.join("reloads.jsonl"), lines.as_bytes(), false)
    }

    /// All revisions that are kept, in order of their names.
    pub fn revisions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join("revisions")).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names
            .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
            .filter(|name| is_revision(name))
            .collect();
        names.sort();
        names
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
        // A list with something taken out is another bundle.
        (snapshot.revision() == revision).then_some(snapshot)
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

/// Writes a file so that it is either whole or not there, whatever happens to this process; `through` to the disk, so
/// that it is so after a power failure too. Thousands of objects are not forced to the disk one by one: should one be
/// lost there, its hash tells, and an older bundle is the last good one.
fn write_whole(place: &Path, bytes: &[u8], through: bool) -> io::Result<()> {
    let unfinished = place.with_extension(format!("{}.new", std::process::id()));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    if through {
        file.sync_all()?;
    }
    fs::rename(&unfinished, place)
}
