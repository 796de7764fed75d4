//! The log of decisions, and deciding again what stands in it.
//!
//! `entry` is a line of the log; `masked` takes personal data out of a complaint and of its decision; `compare` sets a
//! logged decision against one that was made again, field by field and to the byte; `tally` counts what came of all
//! lines; `shown` is for people. No files and no HTTP: lines and bundles come in.
//!
//! Personal data never reaches the log, so what can be decided again is the masked text. An engine may read that
//! otherwise than it read the original (a card's number is no card's any more, a name is no word). Therefore whoever
//! writes a line decides the masked text too, under the same bundle, and logs those fields of that decision which came
//! out otherwise ([`Entry::on_masked`]). What is replayed is compared with that to the byte, and what masking changed
//! is counted and told, not hidden.

mod compare;
mod entry;
mod masked;
mod shown;
mod tally;

pub use compare::{Difference, differences};
pub use entry::{Entry, Fields, LoggedOptions, LoggedRequest, MOST_LINE, decide_masked, fields};
pub use masked::{MaskedComplaint, mask_decision};
pub use shown::plain;
pub use tally::{Example, Move, Place, Problem, Report, RevisionTally, Tally};
