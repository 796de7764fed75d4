//! The folder in which large indexes and what cases taught are kept between runs, by what they were made of.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tantivy::directory::{MmapDirectory, RamDirectory};

use crate::decide::Firings;
use crate::decide::learned::{Examples, Taught, Weighing};
use crate::knowledge::{AnswerLessons, Case, Cases, IndexError};
use crate::say;
use crate::source::{Code, Diagnostic, Message};
use crate::text::Segmenter;

/// From so many cases on the index is kept in the cache folder; fewer are indexed in memory, in a quarter of a second.
const LARGE: usize = 5_000;
/// Files of one kind kept at most; the oldest go first.
const KEPT: usize = 4;
/// Changed whenever the index of the same content would come out differently.
const FORMAT: &str = "1";

/// Changed whenever the same cases would teach something else, or it is written differently.
const LESSONS_FORMAT: &str = "3";
/// Bytes of the checksum before a value.
const SUM: usize = 32;
/// Folders for what cases taught, what that is weighed on, what weighing gave, and what rules say of cases.
const LESSONS: &str = "lessons";
const EXAMPLES: &str = "examples";
const WEIGHINGS: &str = "weighings";
const FIRINGS: &str = "firings";
/// The folder for what known questions of articles taught.
const ANSWERS: &str = "answers";

/// Where large indexes and what cases taught are kept.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// A cache in a folder, made when it is first needed.
    pub fn in_folder(folder: PathBuf) -> Cache {
        Cache { folder: Some(folder) }
    }

    /// No cache: every index is built in memory.
    pub fn none() -> Cache {
        Cache::default()
    }

    /// The index of cases. A large one is mapped from the cache, built there first when it is missing or damaged; when
    /// the folder cannot be used the index is built in memory and a warning says so. `content` is the hash of all that
    /// the index is made of; `fill` keeps small ones too.
    pub(super) fn cases(
        &self,
        cases: Vec<Case>,
        content: &str,
        segmenter: &Segmenter,
        fill: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Cases, IndexError> {
        let key = format!("{FORMAT}-{}-{content}", env!("CARGO_PKG_VERSION"));
        let in_memory = |cases| Cases::build(&RamDirectory::create(), &key, cases, segmenter);
        let Some(folder) = self.folder.as_ref().filter(|_| fill || cases.len() >= LARGE) else {
            return in_memory(cases);
        };
        // A folder of its own, so that nothing else in the cache folder is taken for an index and removed.
        let folder = &folder.join("indexes");
        let place = folder.join(&key);
        if let Some(directory) = place.is_dir().then(|| open(&place).ok()).flatten()
            && let Ok(found) = Cases::open(&directory, &key, cases.clone())
        {
            return Ok(found);
        }
        match build(folder, &place, &key, &cases, segmenter) {
            Ok(built) => Ok(built),
            Err(error) => {
                let shown = folder.display();
                let message = say!(
                    "缓存目录 {shown} 不可用，索引改在内存里建立：{error}",
                    "the cache folder {shown} cannot be used, the index is built in memory: {error}"
                );
                diagnostics.push(warning(message));
                in_memory(cases)
            }
        }
    }
}

impl Cache {
    /// What cases taught, by the name of the lessons; none where it is not kept, damaged or of another version.
    pub(super) fn taught(&self, key: &str) -> Option<Taught> {
        let taught: Taught = read(&self.kept(LESSONS, key)?)?;
        taught.is_sound().then(|| taught.ready())
    }

    /// The examples that weighing is fitted on; none as above.
    pub(super) fn examples(&self, key: &str, taught: &Taught) -> Option<Examples> {
        read(&self.kept(EXAMPLES, key)?).filter(|examples| taught.fits(examples))
    }

    /// Keeps what cases taught. Where that fails it is learned again next time; the log says why.
    pub(super) fn keep_taught(&self, key: &str, taught: &Taught, examples: &Examples) {
        self.keep(EXAMPLES, key, examples);
        self.keep(LESSONS, key, taught);
    }

    /// What weighing gave.
    pub(super) fn weighing(&self, key: &str) -> Option<Weighing> {
        read(&self.kept(WEIGHINGS, key)?)
    }

    /// Keeps what weighing gave.
    pub(super) fn keep_weighing(&self, key: &str, weighing: &Weighing) {
        self.keep(WEIGHINGS, key, weighing);
    }

    /// What rules say of cases.
    pub(super) fn firings(&self, key: &str) -> Option<Firings> {
        read(&self.kept(FIRINGS, key)?)
    }

    /// Keeps what rules say of cases.
    pub(super) fn keep_firings(&self, key: &str, firings: &Firings) {
        self.keep(FIRINGS, key, firings);
    }

    /// What known questions taught; `content` is the hash of all that the articles are made of.
    pub(super) fn answer_lessons(&self, content: &str) -> Option<AnswerLessons> {
        read(&self.kept(ANSWERS, content)?)
    }

    /// Keeps what known questions taught.
    pub(super) fn keep_answer_lessons(&self, content: &str, lessons: &AnswerLessons) {
        self.keep(ANSWERS, content, lessons);
    }

    fn keep(&self, what: &str, key: &str, value: &impl Serialize) {
        let Some(place) = self.kept(what, key) else { return };
        if let Err(error) = write(&place, value) {
            tracing::warn!(%error, place = %place.display(), "the cache could not be written");
        }
    }

    fn kept(&self, what: &str, key: &str) -> Option<PathBuf> {
        let name = format!("{LESSONS_FORMAT}-{}-{key}", env!("CARGO_PKG_VERSION"));
        Some(self.folder.as_ref()?.join(what).join(name))
    }
}

/// A file of the cache: a checksum, then the value.
fn read<T: DeserializeOwned>(place: &Path) -> Option<T> {
    let bytes = fs::read(place).ok()?;
    let (sum, content) = bytes.split_at_checked(SUM)?;
    let whole = Sha256::digest(content).as_slice() == sum;
    postcard::from_bytes(content).ok().filter(|_| whole)
}

/// Written beside the place and renamed, so that what is in the cache is always whole.
fn write(place: &Path, value: &impl Serialize) -> std::io::Result<()> {
    let content = postcard::to_stdvec(value).map_err(std::io::Error::other)?;
    let Some(folder) = place.parent() else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let unfinished = place.with_extension(format!("{}.new", std::process::id()));
    let mut bytes = Sha256::digest(&content).to_vec();
    bytes.extend_from_slice(&content);
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, place)?;
    forget_old(folder);
    Ok(())
}

fn warning(message: Message) -> Diagnostic {
    let mut finding = Diagnostic::about("knowledge/cases", Code::UnreadableFile, message);
    finding.severity = crate::source::Severity::Warning;
    finding
}

fn open(place: &Path) -> Result<MmapDirectory, IndexError> {
    MmapDirectory::open(place).map_err(|error| IndexError::Failed(error.to_string()))
}

/// Builds beside the place and renames, so that an index in the cache is always whole.
fn build(folder: &Path, place: &Path, key: &str, cases: &[Case], segmenter: &Segmenter) -> Result<Cases, IndexError> {
    let failed = |error: std::io::Error| IndexError::Failed(error.to_string());
    let unfinished = folder.join(format!("{key}.{}.new", std::process::id()));
    fs::create_dir_all(&unfinished).map_err(failed)?;
    let built = Cases::build(&open(&unfinished)?, key, cases.to_vec(), segmenter);
    if let Err(error) = built {
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    drop(built);
    let _ = fs::remove_dir_all(place);
    fs::rename(&unfinished, place).map_err(failed)?;
    forget_old(folder);
    Cases::open(&open(place)?, key, cases.to_vec())
}

/// Removes all but the newest. What cannot be removed stays.
fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut kept: Vec<_> =
        entries.flatten().filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()))).collect();
    kept.sort();
    kept.reverse();
    for (_, path) in kept.into_iter().skip(KEPT) {
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}
