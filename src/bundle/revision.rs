//! Where a bundle is read from: a folder, or a revision of a git repository, which is read from its objects and never
//! checked out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::objs::Kind as ObjectKind;
use gix::{ObjectId, Repository, Tree};

use super::files;
use super::git;
use super::snapshot::{FileContent, MAX_DEPTH, MAX_FILES, Snapshot, SnapshotError, unexpected};
use crate::say;
use crate::source::{Code, Diagnostic, Message};

/// Digits that make a hash and not the name of a branch.
const LEAST_HASH: usize = 7;

/// Where a bundle is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The folder that holds `rules/` and `knowledge/`, as it stands on disk.
    Folder(PathBuf),
    /// A revision of a git repository.
    Revision(Revision),
}

/// A revision of a repository, by whatever name git knows it. A name may move: it is looked up whenever it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// A folder of the repository.
    repository: PathBuf,
    /// What git is asked for: `main`, `HEAD~3`, a hash, `v1.2:city/bundle`.
    name: String,
    /// Where in a commit the bundle is, with `/` between parts; empty for its root.
    folder: String,
}

/// What a name stands for at the moment.
struct Resolved<'r> {
    /// The folder of the bundle.
    tree: Tree<'r>,
    /// The commit it was reached by, in hexadecimal.
    commit: Option<String>,
}

/// Files that were read before, by the name of the object: the same in many revisions.
pub(super) type Known = HashMap<ObjectId, Arc<FileContent>>;

impl Place {
    /// Reads how people name it: a revision of the repository around `bundle` (`HEAD~1`, `main`, a hash), a folder of
    /// such a revision (`main:city/bundle`), or a folder on disk (`old/`, `./old`, `/srv/rules`; with a `/` at its end it
    /// is never taken for a revision). In a revision that names no folder, the bundle is where `bundle` is.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str, bundle: &Path) -> Result<Place, Message> {
        let folder = PathBuf::from(text);
        let is_path = text.ends_with(['/', '\\']) || text.starts_with('.') || folder.is_absolute();
        if is_path {
            return Ok(Place::Folder(folder));
        }
        match Revision::new(bundle, text) {
            Ok(revision) => Ok(Place::Revision(revision)),
            Err(_) if folder.is_dir() => Ok(Place::Folder(folder)),
            Err(why) => Err(why),
        }
    }

    /// Its files, and the commit that they are exactly those of, where there is one.
    ///
    /// # Errors
    /// Nothing can be read there.
    pub fn read(&self) -> Result<(Snapshot, Option<String>), SnapshotError> {
        match self {
            Place::Folder(root) => {
                let snapshot = Snapshot::read(root)?;
                let commit = git::commit(root, &snapshot);
                Ok((snapshot, commit))
            }
            Place::Revision(revision) => revision.read(),
        }
    }

    /// What to call it.
    pub fn name(&self) -> String {
        match self {
            Place::Folder(root) => root.display().to_string(),
            Place::Revision(revision) => revision.name.clone(),
        }
    }
}

impl Revision {
    /// A revision by its name, in the repository around a folder.
    ///
    /// # Errors
    /// There is no repository, or it has no such revision.
    pub fn new(bundle: &Path, name: &str) -> Result<Revision, Message> {
        let root = bundle.canonicalize().unwrap_or_else(|_| bundle.to_owned());
        let repository = open(&root)?;
        let worktree = repository.workdir().and_then(|folder| folder.canonicalize().ok());
        let folder = worktree.and_then(|worktree| Some(root.strip_prefix(&worktree).ok()?.to_owned()));
        let parts = folder.iter().flat_map(|folder| folder.components());
        let folder = parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let revision = Revision { repository: root, name: name.to_owned(), folder };
        revision.resolve(&repository)?;
        Ok(revision)
    }

    /// The name that it was given by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it stands for now: the object of the bundle's folder, in hexadecimal.
    ///
    /// # Errors
    /// It is gone.
    pub fn now(&self) -> Result<String, Message> {
        let repository = open(&self.repository)?;
        self.resolve(&repository).map(|resolved| resolved.tree.id.to_string())
    }

    /// Whether it can never stand for anything else: it is a hash.
    pub fn is_fixed(&self) -> bool {
        let name = self.name.split([':', '^', '~']).next().unwrap_or_default();
        let is_hash = name.len() >= LEAST_HASH && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        // A branch may be called like a hash; then git takes the branch.
        let commit = || open(&self.repository).ok()?.rev_parse_single(name).ok().map(|id| id.to_string());
        is_hash && commit().is_some_and(|id| id.starts_with(&name.to_ascii_lowercase()))
    }

    fn read(&self) -> Result<(Snapshot, Option<String>), SnapshotError> {
        let repository = open(&self.repository).map_err(SnapshotError::Git)?;
        let resolved = self.resolve(&repository).map_err(SnapshotError::Git)?;
        let snapshot = snapshot(&resolved.tree, &mut Known::new());
        match snapshot {
            Some(snapshot) => Ok((snapshot, resolved.commit)),
            None => Err(SnapshotError::Git(self.no_bundle())),
        }
    }

    /// The repository and the commit that it stands for, with the bundle's folder in commits.
    pub(super) fn commit(&self) -> Result<(Repository, ObjectId, &str), Message> {
        let repository = open(&self.repository)?;
        let (name, folder) = self.name.split_once(':').unwrap_or((&self.name, &self.folder));
        let id = repository.rev_parse_single(name).map_err(|_| self.unknown())?;
        let commit = id.object().ok().and_then(|object| object.peel_to_commit().ok()).ok_or_else(|| self.unknown())?;
        let id = commit.id;
        drop(commit);
        Ok((repository, id, folder))
    }

    fn resolve<'r>(&self, repository: &'r Repository) -> Result<Resolved<'r>, Message> {
        let unknown = || self.unknown();
        let object = repository.rev_parse_single(self.name.as_str()).map_err(|_| unknown())?;
        let object = object.object().map_err(|_| unknown())?;
        if object.kind == ObjectKind::Tree {
            let commit = self.name.split_once(':').and_then(|(name, _)| repository.rev_parse_single(name).ok());
            let commit = commit.map(|commit| commit.to_string());
            return Ok(Resolved { tree: object.try_into_tree().map_err(|_| unknown())?, commit });
        }
        let commit = object.peel_to_commit().map_err(|_| unknown())?;
        let tree = subtree(commit.tree().map_err(|_| unknown())?, &self.folder).ok_or_else(|| self.no_bundle())?;
        Ok(Resolved { tree, commit: Some(commit.id.to_string()) })
    }

    fn unknown(&self) -> Message {
        let (name, repository) = (&self.name, self.repository.display());
        say!(
            "在 {repository} 的 git 仓库里找不到版本“{name}”，也没有叫这个名字的目录；版本写分支名、标签、提交号或 HEAD~1，目录在末尾加 /",
            "the git repository of {repository} has no revision `{name}`, nor is there a folder of that name: name a branch, a tag, a hash or HEAD~1, and end a folder with /"
        )
    }

    fn no_bundle(&self) -> Message {
        let (name, folder) = (&self.name, if self.folder.is_empty() { "." } else { &self.folder });
        say!(
            "版本“{name}”的 {folder} 下没有 rules/ 目录；规则包在别的目录时写成 版本:目录，例如 main:city",
            "there is no rules/ folder in {folder} of `{name}`: when the bundle is elsewhere write revision:folder, such as main:city"
        )
    }
}

fn open(folder: &Path) -> Result<Repository, Message> {
    let shown = folder.display();
    gix::discover(folder).map_err(|_| {
        say!(
            "{shown} 不在 git 仓库里，无法按版本读取；比较两个目录时，目录名末尾加 /",
            "{shown} is in no git repository, so no revision can be read: to compare two folders, end their names with /"
        )
    })
}

/// A folder in a tree; the tree itself where no folder is named.
pub(super) fn subtree<'r>(tree: Tree<'r>, folder: &str) -> Option<Tree<'r>> {
    if folder.is_empty() {
        return Some(tree);
    }
    tree.lookup_entry_by_path(folder).ok()??.object().ok()?.try_into_tree().ok()
}

/// The bundle in a tree; `None` where there is none. Files are read as they are kept: what git would change on their way
/// to a disk (ends of lines, filters) is not done.
pub(super) fn snapshot(tree: &Tree<'_>, known: &mut Known) -> Option<Snapshot> {
    let mut reader = Reader { snapshot: Snapshot::default(), known };
    let rules = subtree(tree.clone(), "rules")?;
    reader.folder(&rules, "rules", 0);
    if let Some(knowledge) = subtree(tree.clone(), "knowledge") {
        reader.folder(&knowledge, "knowledge", 0);
    }
    Some(reader.snapshot)
}

struct Reader<'k> {
    snapshot: Snapshot,
    known: &'k mut Known,
}

impl Reader<'_> {
    fn folder(&mut self, tree: &Tree<'_>, path: &str, depth: usize) {
        for entry in tree.iter() {
            let Ok(entry) = entry else {
                return self.report(path, say!("git 对象损坏", "a damaged git object"));
            };
            let name = entry.filename().to_string();
            if files::is_ignored(&name) {
                continue;
            }
            let path = format!("{path}/{name}");
            if entry.mode().is_tree() {
                let below = entry.object().ok().and_then(|object| object.try_into_tree().ok());
                match below {
                    Some(below) if depth < MAX_DEPTH => self.folder(&below, &path, depth + 1),
                    Some(_) => {
                        self.report(&path, say!("目录超过 {MAX_DEPTH} 层", "folders deeper than {MAX_DEPTH} levels"));
                    }
                    None => self.report(&path, say!("git 对象损坏", "a damaged git object")),
                }
            } else if entry.mode().is_blob() {
                self.file(path, entry.id());
            } else {
                self.report(
                    &path,
                    say!("版本里的链接和子模块不会读取", "links and submodules of a revision are not read"),
                );
            }
        }
    }

    fn file(&mut self, path: String, id: gix::Id<'_>) {
        let Some(kind) = files::kind(&path) else {
            self.snapshot.diagnostics.push(unexpected(&path));
            return;
        };
        if self.snapshot.files.len() >= MAX_FILES {
            return self.report(&path, say!("文件超过 {MAX_FILES} 个", "more than {MAX_FILES} files"));
        }
        if let Some(content) = self.known.get(&id.detach()) {
            self.snapshot.files.insert(path, Arc::clone(content));
            return;
        }
        let most = files::most_bytes(kind);
        if id.header().is_ok_and(|header| header.size() > most) {
            let most = most >> 20;
            let message = say!("文件太大，这类文件最大 {most} MB", "too large: {most} MB at the most for its kind");
            self.snapshot.diagnostics.push(Diagnostic::about(path, Code::FileTooLarge, message));
            return;
        }
        let text = id.object().ok().map(|mut object| std::mem::take(&mut object.data)).map(String::from_utf8);
        match text {
            Some(Ok(text)) => {
                let content = Arc::new(FileContent::new(text));
                self.known.insert(id.detach(), Arc::clone(&content));
                self.snapshot.files.insert(path, content);
            }
            Some(Err(_)) => {
                self.report(&path, say!("不是 UTF-8 编码，请另存为 UTF-8", "not UTF-8: save the file as UTF-8"));
            }
            None => self.report(&path, say!("git 对象损坏", "a damaged git object")),
        }
    }

    fn report(&mut self, path: &str, message: Message) {
        self.snapshot.diagnostics.push(Diagnostic::about(path, Code::UnreadableFile, message));
    }
}
