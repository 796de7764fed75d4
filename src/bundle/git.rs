//! Which commit a bundle is, where its files are exactly those of a commit.

use std::collections::BTreeMap;
use std::path::Path;

use super::Snapshot;

/// The commit at `HEAD` of the repository around `root`, in hexadecimal, when every file of the snapshot is in it with
/// the same content and it has no other file of the bundle. Anything else (no repository, an edit, a file not added)
/// is `None`: a revision by content always exists.
pub(super) fn commit(root: &Path, snapshot: &Snapshot) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let repository = gix::discover(&root).ok()?;
    let worktree = repository.workdir()?.canonicalize().ok()?;
    let prefix = root.strip_prefix(&worktree).ok()?;
    let head = repository.head_commit().ok()?;
    let tree = head.tree().ok()?;
    let mut committed: BTreeMap<String, gix::ObjectId> = BTreeMap::new();
    for folder in ["rules", "knowledge"] {
        let Some(entry) = tree.lookup_entry_by_path(prefix.join(folder)).ok()? else { continue };
        collect(&entry.object().ok()?.try_into_tree().ok()?, folder, 0, &mut committed)?;
    }
    committed.retain(|path, _| super::files::kind(path).is_some());
    let kind = repository.object_hash();
    let same = committed.len() == snapshot.files.len()
        && snapshot.files.iter().all(|(path, content)| {
            let hash = gix::objs::compute_hash(kind, gix::objs::Kind::Blob, content.text.as_bytes());
            committed.get(path).is_some_and(|id| hash.is_ok_and(|hash| hash == *id))
        });
    same.then(|| head.id.to_string())
}

fn collect(
    tree: &gix::Tree<'_>,
    path: &str,
    depth: usize,
    committed: &mut BTreeMap<String, gix::ObjectId>,
) -> Option<()> {
    for entry in tree.iter() {
        let entry = entry.ok()?;
        let name = entry.filename().to_string();
        if super::files::is_ignored(&name) || depth > 8 {
            continue;
        }
        let path = format!("{path}/{name}");
        if entry.mode().is_tree() {
            collect(&entry.object().ok()?.try_into_tree().ok()?, &path, depth + 1, committed)?;
        } else {
            committed.insert(path, entry.object_id());
        }
    }
    Some(())
}
