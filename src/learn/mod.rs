//! Learning from labelled cases: a sparse linear model, folds, calibration curves and bars.
//!
//! Numbers only: texts come in as features, labels as indexes. Nothing here knows rules, knowledge or files, and the
//! same cases in the same order give the same model, bit for bit.
