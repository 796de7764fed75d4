//! Text of a complaint: normalised, segmented, with the facts that can be read out of it.
