//! Text of a complaint: normalised, cut into sentences and words, with the facts that can be read out of it, and the
//! way back to the citizen's own characters.
//!
//! What may be here: everything that can be said about a text by looking at the text alone. What may not: files, the
//! network, the clock, and any knowledge of rules, departments or places (a list of a city's districts is data of the
//! floors above). Nothing here fails: whatever comes in is text of somebody, and the callers bound its size.

mod document;
mod entities;
mod facts;
pub mod mask;
mod names;
mod near_copies;
mod normalise;
pub mod numerals;
pub mod pinyin;
mod segment;
mod sentences;
mod simplify;

pub use document::{Field, Span, Text};
pub use facts::{Fact, FactKind, UnknownFactKind};
pub use near_copies::{NearCopies, Shingles, groups};
pub use normalise::normalise;
pub use segment::Segmenter;
