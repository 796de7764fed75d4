//! Scenarios that get in each other's way: both fire on a real text and would send it to different departments; one never
//! fires without the other; one sentence suits both.
//!
//! `witness` looks at real texts, `implies` proves on the trees of the conditions, `sentence` makes a text up and has the
//! matcher confirm it. `report` puts them in order of harm. No HTTP, and no files.

mod report;
mod sentence;
mod shown;
mod witness;

pub use crate::rules::implies;
pub use report::{Collisions, Implication, Made, collisions};
pub use sentence::Maker;
pub use shown::plain;
pub use witness::{Met, Pair};
