//! A change of the bundle as a branch of its git repository, written as objects: neither the files on disk nor the index
//! nor the branch that is checked out are touched.

use std::collections::BTreeMap;
use std::path::Path;

use gix::objs::Tree as TreeObject;
use gix::objs::tree::{Entry, EntryKind};
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use gix::{ObjectId, Repository};
use jiff::Timestamp;

use super::revision::{Place, subtree};
use crate::say;
use crate::source::Message;

/// What a branch is made of.
#[derive(Clone, Debug)]
pub struct Proposed<'a> {
    /// The branch, such as `proposal/P12`.
    pub branch: &'a str,
    /// What the commit says.
    pub message: &'a str,
    /// Who proposed it.
    pub author: &'a str,
    /// When.
    pub at: Timestamp,
    /// By path (relative to the bundle): what stood there, where there was anything, and what is to.
    pub files: Vec<(&'a str, Option<&'a str>, &'a str)>,
}

/// Writes a branch with one commit on top of what the place is: of a folder its repository's `HEAD`, of a revision that
/// revision. Gives the commit, in hexadecimal.
///
/// # Errors
/// There is no repository; a file is not there what it was when the change was drafted (edits that were not committed);
/// the branch is there already; the repository cannot be written to.
pub fn write_branch(place: &Place, proposed: &Proposed<'_>) -> Result<String, Message> {
    let (repository, base, folder) = base(place)?;
    let fails =
        |error: &dyn std::fmt::Display| say!("git 分支写不了：{error}", "the git branch cannot be written: {error}");
    let commit = repository.find_commit(base).map_err(|error| fails(&error))?;
    let root = commit.tree().map_err(|error| fails(&error))?;
    let mut changes: BTreeMap<String, ObjectId> = BTreeMap::new();
    for (path, old, new) in &proposed.files {
        let whole = if folder.is_empty() { (*path).to_owned() } else { format!("{folder}/{path}") };
        let entry = root.lookup_entry_by_path(Path::new(&whole)).map_err(|error| fails(&error))?;
        let is = entry.and_then(|entry| entry.object().ok()).map(|object| object.data.clone());
        if is.as_deref() != old.map(str::as_bytes) {
            return Err(say!(
                "{path} 与 git 里提交的不同（有没提交的改动），没有写分支；补丁仍可下载",
                "{path} is not as it was committed, so no branch was written; the patch can be downloaded"
            ));
        }
        let blob = repository.write_blob(new.as_bytes()).map_err(|error| fails(&error))?;
        changes.insert(whole, blob.detach());
    }
    let changes: Vec<(&str, ObjectId)> = changes.iter().map(|(path, id)| (path.as_str(), *id)).collect();
    let tree = with(&repository, Some(root.id), &changes, 0).map_err(|error| fails(&error))?;
    let time = gix::date::Time::new(proposed.at.as_second(), 0);
    let person =
        |name: &str| gix::actor::Signature { name: one_line(name).into(), email: "jiesu@localhost".into(), time };
    let commit = gix::objs::Commit {
        message: proposed.message.into(),
        tree,
        author: person(proposed.author),
        committer: person("jiesu"),
        encoding: None,
        parents: [base].into_iter().collect(),
        extra_headers: Vec::new(),
    };
    let id = repository.write_object(&commit).map_err(|error| fails(&error))?.detach();
    let name = format!("refs/heads/{}", proposed.branch).try_into().map_err(|error| fails(&error))?;
    let log = LogChange { message: "jiesu: proposal".into(), ..LogChange::default() };
    let edit = RefEdit {
        change: Change::Update { log, expected: PreviousValue::MustNotExist, new: gix::refs::Target::Object(id) },
        name,
        deref: false,
    };
    let refs =
        repository.edit_references_as([edit], Some(person("jiesu").to_ref(&mut gix::date::parse::TimeBuf::default())));
    refs.map_err(|error| fails(&error))?;
    Ok(id.to_string())
}

/// The repository, the commit to build on, and the bundle's folder in commits.
fn base(place: &Place) -> Result<(Repository, ObjectId, String), Message> {
    match place {
        Place::Revision(revision) => {
            let (repository, commit, folder) = revision.commit()?;
            Ok((repository, commit, folder.to_owned()))
        }
        Place::Folder(root) => {
            let nothing = || {
                say!("规则包不在 git 仓库里，没有写分支", "the bundle is in no git repository: no branch was written")
            };
            let root = root.canonicalize().map_err(|_| nothing())?;
            let repository = gix::discover(&root).map_err(|_| nothing())?;
            let worktree = repository.workdir().and_then(|folder| folder.canonicalize().ok()).ok_or_else(nothing)?;
            let folder = root.strip_prefix(&worktree).map_err(|_| nothing())?;
            let parts: Vec<String> =
                folder.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
            let head = repository.head_id().map_err(|_| nothing())?.detach();
            Ok((repository, head, parts.join("/")))
        }
    }
}

/// The tree with files put into it; those of one folder stand together, since paths are in order.
fn with(
    repository: &Repository,
    tree: Option<ObjectId>,
    files: &[(&str, ObjectId)],
    depth: usize,
) -> Result<ObjectId, String> {
    let mut entries: Vec<Entry> = Vec::new();
    if let Some(id) = tree {
        let tree = repository.find_tree(id).map_err(|error| error.to_string())?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| error.to_string())?;
            entries.push(Entry { mode: entry.mode(), filename: entry.filename().to_owned(), oid: entry.object_id() });
        }
    }
    let mut put = |name: &str, kind: EntryKind, oid: ObjectId| {
        let mode = entries.iter().find(|entry| entry.filename == name).map_or_else(|| kind.into(), |known| known.mode);
        entries.retain(|entry| entry.filename != name);
        entries.push(Entry { mode, filename: name.into(), oid });
    };
    let name_of = |path: &str| path.split('/').nth(depth).unwrap_or_default().to_owned();
    for some in files.chunk_by(|(a, _), (b, _)| name_of(a) == name_of(b)) {
        let Some((path, blob)) = some.first() else { continue };
        let name = name_of(path);
        if path.split('/').count() == depth + 1 {
            put(&name, EntryKind::Blob, *blob);
        } else {
            let below = tree.and_then(|tree| below(repository, tree, &name));
            let below = with(repository, below, some, depth + 1)?;
            put(&name, EntryKind::Tree, below);
        }
    }
    entries.sort();
    let id = repository.write_object(&TreeObject { entries }).map_err(|error| error.to_string())?;
    Ok(id.detach())
}

/// A folder right below a tree.
fn below(repository: &Repository, tree: ObjectId, name: &str) -> Option<ObjectId> {
    subtree(repository.find_tree(tree).ok()?, name).map(|tree| tree.id)
}

/// A name in which nothing can be read as another line or another person.
fn one_line(name: &str) -> String {
    let clean: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(80).collect();
    if clean.trim().is_empty() { "jiesu".to_owned() } else { clean.trim().to_owned() }
}
