//! The revisions of a bundle that git knows.

use serde::Serialize;

use super::files::{self, Kind};
use super::revision::{Known, Revision, snapshot, subtree};
use crate::say;
use crate::source::Message;

/// Commits that are looked at, at the most.
const MOST_COMMITS: usize = 200_000;

/// A commit that changed the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedRevision {
    /// The commit, in hexadecimal.
    pub commit: String,
    /// When it was made (RFC 3339, on its author's clock).
    pub at: String,
    /// Who wrote it.
    pub author: String,
    /// The first line of its message.
    pub summary: String,
    /// The bundle's revision, as decisions carry it; where cases teach and were not learned from yet, decisions add to it.
    pub revision: String,
    /// Files of scenarios.
    pub scenarios: usize,
    /// Files of articles.
    pub articles: usize,
    /// Cases, a line each.
    pub cases: usize,
}

/// The commits up to a revision that changed the bundle's files, newest first, at most `most`. A merge counts where its
/// files are those of none of its parents.
///
/// # Errors
/// The repository cannot be read.
pub fn log(revision: &Revision, most: usize) -> Result<Vec<LoggedRevision>, Message> {
    let (repository, tip, folder) = revision.commit()?;
    let failed = || say!("git 仓库读不出来", "the git repository cannot be read");
    let newest_first = gix::revision::walk::Sorting::ByCommitTime(Default::default());
    let walk = repository.rev_walk([tip]).sorting(newest_first).all().map_err(|_| failed())?;
    let mut known = Known::new();
    let mut found = Vec::new();
    // The parts of the tree that the bundle is made of; a commit without a bundle has none.
    let parts = |id: gix::ObjectId| -> Option<(gix::ObjectId, Option<gix::ObjectId>)> {
        let tree = subtree(repository.find_commit(id).ok()?.tree().ok()?, folder)?;
        let part = |name: &str| subtree(tree.clone(), name).map(|tree| tree.id);
        Some((part("rules")?, part("knowledge")))
    };
    for info in walk.take(MOST_COMMITS) {
        if found.len() >= most {
            break;
        }
        // A shallow clone ends in the middle: what is there is shown.
        let Ok(info) = info else { break };
        let own = parts(info.id);
        let mut parents = info.parent_ids().map(|parent| parts(parent.detach()));
        if own.is_none() || parents.any(|parent| parent == own) {
            continue;
        }
        let commit = repository.find_commit(info.id).map_err(|_| failed())?;
        let tree = commit.tree().ok().and_then(|tree| subtree(tree, folder)).ok_or_else(failed)?;
        let files = snapshot(&tree, &mut known).ok_or_else(failed)?;
        let count = |kind: Kind| files.files.keys().filter(|path| files::kind(path) == Some(kind)).count();
        let cases = files.files.iter().filter(|(path, _)| files::kind(path) == Some(Kind::Cases));
        let author = commit.author().map_err(|_| failed())?;
        found.push(LoggedRevision {
            commit: info.id.to_string(),
            at: commit.time().ok().and_then(|time| written(time.seconds, time.offset)).unwrap_or_default(),
            author: author.name.to_string().trim().to_owned(),
            summary: commit.message_raw_sloppy().to_string().lines().next().unwrap_or_default().to_owned(),
            revision: files.revision(),
            scenarios: count(Kind::Scenario),
            articles: count(Kind::Article),
            cases: cases.map(|(_, content)| content.text.lines().filter(|line| !line.trim().is_empty()).count()).sum(),
        });
    }
    Ok(found)
}

fn written(seconds: i64, offset: i32) -> Option<String> {
    let zone = jiff::tz::Offset::from_seconds(offset).ok()?.to_time_zone();
    let at = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(zone);
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}
