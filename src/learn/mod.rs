//! Learning from labelled cases: a sparse linear model, folds, calibration curves and bars.
//!
//! Numbers only: texts come in as features, labels as indexes. Nothing here knows rules, knowledge or files, and the
//! same cases in the same order give the same model, bit for bit.

mod bar;
mod choice;
mod contrast;
mod curve;
mod linear;
mod matrix;
mod random;
mod surge;
#[cfg(test)]
mod tests;

pub use bar::{Answers, wilson_lower};
pub use choice::{Choice, Questions};
pub use curve::Curve;
pub use linear::{Duals, Fit, Linear, Trainer};
pub use matrix::{Matrix, Row};
pub use random::Random;
pub use surge::{discoveries, excess};
