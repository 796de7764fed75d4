//! How the rules do on a corpus: how often scenarios, clauses and terms hit, how right they are by labels, when they last
//! hit, what they cost, and which never hit at all.
//!
//! `count` goes through the corpus, `cost` measures time, `shown` is for people and tables. No HTTP, and no files.

mod cost;
mod count;
mod shown;

pub use count::{ClauseFigures, Precision, ScenarioFigures, Statistics, TermFigures, statistics};
pub use shown::{csv, plain, scenario};
