//! What the bundle does on cases: evaluation against labels, corrupted and cut texts, reports for people and machines.
//!
//! Reads decisions and models from below; knows no HTTP and no tickets.

pub mod answers;
mod copies;
