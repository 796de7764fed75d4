//! Scenarios and their conditions: read, compiled into one automaton, matched.
//!
//! Nothing here knows articles, departments or files; text comes in as [`crate::text::Text`], rules as documents that
//! somebody else has read from disk.

mod carry;
mod compile;
mod condition;
mod fuzzy;
mod implies;
mod literals;
mod matcher;
mod negation;
mod program;
mod scenario;
mod schema;
mod shortest;
mod trace;
mod vocabulary;

pub use compile::Compiled;
pub use condition::{Clause, Form, Group, Scope};
pub use implies::{Term, implies, term_implies};
pub use matcher::{Evidence, ScenarioMatch};
pub use negation::{denied, may_end_denial};
pub use program::Leaf;
pub use scenario::{Examples, Kind, Places, Priority, Scenario, Slot};
pub use schema::{condition_definitions, fact};
pub use shortest::shortest;
pub use trace::{LeafUse, Part, PassedOver, Reason, Trace, Tracer, WindowTrace};
pub use vocabulary::Vocabulary;

/// Terms longer than this (normalised characters) are refused.
pub const MAX_TERM: usize = 64;
/// A bundle with more scenarios is refused.
pub const MAX_SCENARIOS: usize = 50_000;
