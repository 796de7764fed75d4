//! Tests of rules: the examples in scenarios and the files in `rules/tests/`, what they reach, and reports of both.
//!
//! Runs the engine and reads files that a snapshot has; prints nothing.

mod coverage;
mod expect;
mod file;
mod junit;
mod run;

pub use coverage::{Count, Coverage, ScenarioCoverage, Unreached, UnreachedKind, coverage};
pub use expect::Mismatch;
pub use file::{FOLDER, Step, Test, TestFile, read, read_all, schema};
pub use junit::junit;
pub use run::{Case, Failure, Kind, Reached, Run, Selection, Tested, default_at, run};
