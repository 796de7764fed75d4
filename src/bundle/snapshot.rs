//! All files of a bundle as they were at one moment.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::files::{self, Kind};
use crate::say;
use crate::source::{Code, Diagnostic, Message};

/// The two folders that make a bundle.
const FOLDERS: [&str; 2] = ["rules", "knowledge"];
/// Folders in folders, at the most; more is a loop of links.
pub(super) const MAX_DEPTH: usize = 8;
/// Files in one bundle, at the most.
pub(super) const MAX_FILES: usize = 200_000;
/// How often a folder that changes while it is read is read again.
const MAX_TRIES: usize = 20;
/// The pause before it is read again.
const PAUSE: Duration = Duration::from_millis(50);

/// A file's text and the SHA-256 of its bytes, in hexadecimal.
#[derive(Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The text.
    pub text: String,
    /// SHA-256 of the text, 64 hexadecimal digits.
    pub hash: String,
}

impl FileContent {
    /// Text with its hash.
    pub fn new(text: String) -> FileContent {
        let hash = hex(&Sha256::digest(text.as_bytes()));
        FileContent { text, hash }
    }
}

/// All files of a bundle, and what could not be read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// By path, relative to the bundle with `/` between parts.
    pub files: BTreeMap<String, Arc<FileContent>>,
    /// Files that could not be read, or stand where nothing is read.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a folder could not be read at all.
#[derive(Debug)]
pub enum SnapshotError {
    /// Neither `rules/` nor `knowledge/` is there.
    NoBundle(PathBuf),
    /// It never stood still.
    Unsettled(PathBuf),
    /// The revision of a git repository cannot be read.
    Git(Message),
    /// Listing it failed.
    Io(PathBuf, io::Error),
}

impl SnapshotError {
    /// What to tell people.
    pub fn message(&self) -> Message {
        match self {
            SnapshotError::NoBundle(path) => {
                let path = path.display();
                say!(
                    "在 {path} 下找不到 rules/ 目录；用 --bundle 指定规则包所在的目录，或用 jiesu init 新建一个",
                    "there is no rules/ folder in {path}: name the bundle's folder with --bundle, or make one with `jiesu init`"
                )
            }
            SnapshotError::Unsettled(path) => {
                let path = path.display();
                say!("{path} 一直在变化，读不到完整的规则包", "{path} keeps changing: no whole bundle could be read")
            }
            SnapshotError::Git(message) => message.clone(),
            SnapshotError::Io(path, error) => {
                let path = path.display();
                say!("读取 {path} 失败：{error}", "cannot read {path}: {error}")
            }
        }
    }
}

impl std::fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message().en)
    }
}

impl std::error::Error for SnapshotError {}

/// A file on disk: enough to notice that it was written, replaced or swapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

/// Something in a folder that is no file to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// A link that leads nowhere.
    Dangling,
    /// A pipe, a device or a socket.
    NoFile,
    /// A folder that was read already, by another name: a loop of links.
    ReadAlready,
    /// Folders in folders, too many.
    TooDeep,
    /// Too many files.
    TooMany,
}

/// What stands in a bundle's folders, by relative path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    files: BTreeMap<String, Listed>,
    problems: BTreeMap<String, Problem>,
}

impl Problem {
    fn message(self) -> Message {
        match self {
            Problem::Dangling => say!("链接指向的文件不存在", "a link that leads nowhere"),
            Problem::NoFile => say!("不是普通文件", "not a regular file"),
            Problem::ReadAlready => say!(
                "这个目录已经用另一个名字读过（链接成环？）",
                "this folder was read already by another name: a loop of links?"
            ),
            Problem::TooDeep => say!("目录超过 {MAX_DEPTH} 层", "folders deeper than {MAX_DEPTH} levels"),
            Problem::TooMany => say!("文件超过 {MAX_FILES} 个", "more than {MAX_FILES} files"),
        }
    }
}

impl Snapshot {
    /// Reads the bundle in `root`. It is listed before and after; when anything differs it is read again, so that what
    /// comes back stood on disk at one moment. A `git checkout` that is under way is waited for.
    pub fn read(root: &Path) -> Result<Snapshot, SnapshotError> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                thread::sleep(PAUSE);
            }
            if checkout_under_way(root) && attempt + 1 < MAX_TRIES {
                continue;
            }
            let before = list(root)?;
            let snapshot = Snapshot::of(&before);
            if list(root)? == before {
                return Ok(snapshot);
            }
        }
        Err(SnapshotError::Unsettled(root.to_owned()))
    }

    fn of(listing: &Listing) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (path, problem) in &listing.problems {
            snapshot.diagnostics.push(Diagnostic::about(path, Code::UnreadableFile, problem.message()));
        }
        for (path, listed) in &listing.files {
            let Some(kind) = files::kind(path) else {
                snapshot.diagnostics.push(unexpected(path));
                continue;
            };
            match read_file(listed, kind) {
                Ok(content) => {
                    snapshot.files.insert(path.clone(), Arc::new(content));
                }
                Err((code, message)) => snapshot.diagnostics.push(Diagnostic::about(path, code, message)),
            }
        }
        snapshot
    }

    /// Lays a text over a file, as if it stood on disk: what an editor has open and has not saved. A path from which
    /// nothing would be read is left alone.
    pub fn lay_over(&mut self, path: &str, content: Arc<FileContent>) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let Some(kind) = files::kind(path).filter(|_| !files::is_ignored(name)) else { return };
        if content.text.len() as u64 > files::most_bytes(kind) {
            return;
        }
        self.diagnostics.retain(|finding| finding.path != path);
        self.files.insert(path.to_owned(), content);
    }

    /// The revision: the same files give the same one, anything else another. The first sixteen hexadecimal digits of
    /// the SHA-256 over paths and contents.
    pub fn revision(&self) -> String {
        let mut hasher = Sha256::new();
        for (path, content) in &self.files {
            hasher.update(path.as_bytes());
            hasher.update([0]);
            hasher.update(content.hash.as_bytes());
            hasher.update([0]);
        }
        // A file that could not be read is part of the state too.
        for diagnostic in self.diagnostics.iter().filter(|d| d.is_error()) {
            hasher.update(diagnostic.path.as_bytes());
            hasher.update([1]);
        }
        hex(&hasher.finalize())[..16].to_owned()
    }
}

/// The finding about a file that stands where nothing is read.
pub(super) fn unexpected(path: &str) -> Diagnostic {
    let message = say!("这个位置的文件不会被读取", "nothing is read from a file here");
    Diagnostic::about(path, Code::UnexpectedFile, message).note(say!(
        "场景放 rules/scenarios/**/*.yaml，知识放 knowledge/articles/**/*.md，案例放 knowledge/cases/*.jsonl",
        "scenarios go to rules/scenarios/**/*.yaml, articles to knowledge/articles/**/*.md, cases to knowledge/cases/*.jsonl"
    ))
}

/// A file and where it stands on disk.
#[derive(Debug)]
pub struct FileOnDisk {
    /// Relative to the bundle's folder, with `/` between parts.
    pub path: String,
    /// On disk.
    pub at: PathBuf,
    /// What stands in it.
    pub text: String,
}

/// Reads the files of a bundle that `wanted` asks for, given their kind and where they stand on disk, and nothing else;
/// with a finding for each that cannot be read.
pub(super) fn read_some(
    root: &Path,
    wanted: impl Fn(Kind, &Path) -> bool,
) -> Result<(Vec<FileOnDisk>, Vec<Diagnostic>), SnapshotError> {
    let (mut files, mut findings) = (Vec::new(), Vec::new());
    for (path, listed) in list(root)?.files {
        let Some(kind) = files::kind(&path).filter(|kind| wanted(*kind, &listed.path)) else { continue };
        match read_file(&listed, kind) {
            Ok(FileContent { text, .. }) => files.push(FileOnDisk { path, at: listed.path, text }),
            Err((code, message)) => findings.push(Diagnostic::about(path, code, message)),
        }
    }
    Ok((files, findings))
}

/// Whether git is changing the files of the repository that the folder is, or lies in.
fn checkout_under_way(root: &Path) -> bool {
    // Made absolute: `.` has no ancestors.
    let Ok(root) = root.canonicalize() else { return false };
    let Some(git) = root.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists()) else { return false };
    // In a worktree it is a file that names the real folder.
    let named = fs::read_to_string(&git).ok();
    let named = named.as_deref().and_then(|text| text.strip_prefix("gitdir:")).map(str::trim);
    let folder = named.map_or_else(|| git.clone(), |named| git.with_file_name(named));
    folder.join("index.lock").exists()
}

/// Lists the files of a bundle, links followed.
pub(super) fn list(root: &Path) -> Result<Listing, SnapshotError> {
    if !root.join("rules").is_dir() {
        return Err(SnapshotError::NoBundle(root.to_owned()));
    }
    let mut lister = Lister { listing: Listing::default(), read: HashSet::new() };
    for folder in FOLDERS {
        // Resolved once, so that a link that is swapped while it is read shows as other files, not as a mixture.
        match root.join(folder).canonicalize() {
            Ok(path) => lister.folder(&path, folder, 0)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(SnapshotError::Io(root.join(folder), error)),
        }
    }
    Ok(lister.listing)
}

struct Lister {
    listing: Listing,
    /// Real folders that were read, by device and inode.
    read: HashSet<(u64, u64)>,
}

impl Lister {
    /// Lists a folder in order of names, so that of two names for one folder it is always the same that counts.
    fn folder(&mut self, folder: &Path, relative: &str, depth: usize) -> Result<(), SnapshotError> {
        let failed = |error| SnapshotError::Io(folder.to_owned(), error);
        let mut entries: Vec<(String, PathBuf)> = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            entries.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
        entries.sort();
        let own = fs::metadata(folder).map_err(failed)?;
        self.read.insert(identity(&own));
        for (name, path) in entries {
            if !files::is_ignored(&name) {
                self.entry(path, format!("{relative}/{name}"), depth)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: PathBuf, relative: String, depth: usize) -> Result<(), SnapshotError> {
        let Ok(metadata) = fs::metadata(&path) else {
            // What vanished between listing and looking is not there; a link that is still there leads nowhere.
            if fs::symlink_metadata(&path).is_ok() {
                self.listing.problems.insert(relative, Problem::Dangling);
            }
            return Ok(());
        };
        let problem = match () {
            () if metadata.is_dir() && self.read.contains(&identity(&metadata)) => Problem::ReadAlready,
            () if metadata.is_dir() && depth >= MAX_DEPTH => Problem::TooDeep,
            () if metadata.is_dir() => return self.folder(&path, &relative, depth + 1),
            () if !metadata.is_file() => Problem::NoFile,
            () if self.listing.files.len() >= MAX_FILES => Problem::TooMany,
            () => {
                let (length, inode) = (metadata.len(), identity(&metadata).1);
                let listed = Listed { path, length, modified: metadata.modified().ok(), inode };
                self.listing.files.insert(relative, listed);
                return Ok(());
            }
        };
        self.listing.problems.insert(relative, problem);
        Ok(())
    }
}

/// Device and inode, where the system has them.
#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    let created = metadata.created().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    (0, created.map_or(0, |at| at.as_nanos() as u64))
}

fn read_file(listed: &Listed, kind: Kind) -> Result<FileContent, (Code, Message)> {
    let most = files::most_bytes(kind);
    if listed.length > most {
        let (length, most) = (listed.length >> 20, most >> 20);
        return Err((
            Code::FileTooLarge,
            say!(
                "文件有 {length} MB，这类文件最大 {most} MB",
                "the file has {length} MB; {most} MB at the most for its kind"
            ),
        ));
    }
    let mut bytes = Vec::new();
    // It may have grown since it was listed.
    let read = fs::File::open(&listed.path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| (Code::UnreadableFile, say!("文件打不开：{error}", "the file cannot be read: {error}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(FileContent::new(text)),
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err((
                Code::UnreadableFile,
                say!("第 {line} 行不是 UTF-8 编码，请另存为 UTF-8", "line {line} is not UTF-8: save the file as UTF-8"),
            ))
        }
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
