//! From a folder to one immutable bundle: files are read as a whole, loaded, checked against each other, and swapped in
//! while the last good one goes on serving.
//!
//! This is the lowest folder that touches the disk. It knows nothing of HTTP or tickets.

mod branch;
mod cache;
mod files;
mod git;
mod history;
mod layout;
mod learning;
mod live;
mod load;
mod log;
mod parallel;
mod references;
mod reloads;
mod revision;
mod schema;
mod settings;
mod snapshot;
mod teacher;
mod watch;

pub use branch::{Proposed, write_branch};
pub use cache::Cache;
pub use history::History;
pub use layout::{formatted, written_files};
pub use learning::{Learning, LearningState, OnProgress, WantedLessons, canonical, weigh};
pub use live::{Attempt, Live, LiveError, Serving, Status};
pub use load::{Bundle, Counts, Loaded, Loader, lessons_key};
pub use log::{LoggedRevision, log};
pub use parallel::on_all_cores;
pub use reloads::{Cause, Reloaded};
pub use revision::{Place, Revision};
pub use schema::{FileSchema, Words, schemas};
pub use snapshot::{FileContent, FileOnDisk, Snapshot, SnapshotError};
pub use teacher::{TeacherProgress, teach};
pub use watch::watch;
