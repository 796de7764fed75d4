//! What the bundle does on cases: evaluation against labels, corrupted and cut texts, reports for people and machines.
//!
//! Reads decisions and models from below; knows no HTTP and no tickets.

pub mod changes;
pub mod collisions;
pub mod correct;
mod figures;
mod html;
pub mod impact;
pub mod intake;
mod judged;
mod near_copies;
pub mod noise;
mod plain;
pub mod replay;
mod routing;
mod shown;
pub mod statistics;

pub use figures::{
    ByMonth, Confusion, Figures, LatencyMicroseconds, NearCopyFigures, PerLabel, ReliabilityBin, TargetFigures,
    UnseenLabels,
};
pub use html::html;
pub use judged::{Judged, RulePrecision, Run};
pub use near_copies::mark_near_copies;
pub use plain::plain;
pub use routing::{Routing, Treatment};

pub mod answers;
#[cfg(test)]
mod made_up;
pub mod suggest;
pub mod testing;
