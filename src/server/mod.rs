//! The HTTP edge: what comes in over the network is read, bounded and handed to the engine; what comes out is a
//! decision, or a problem document that says what to do.
//!
//! Nothing is decided here. This folder knows nothing of SQL, of the index or of YAML, and it writes no word of a
//! complaint to a log, an error or a metric, but for the log of decisions where it was asked for, which is masked.
//!
//! Invariant: a request takes the bundle once ([`Live::serving`](crate::bundle::Live::serving)) and uses no other, so
//! that an answer comes from one revision.

mod admission;
mod app;
mod body;
mod bundle;
mod bundle_history;
mod caller;
mod calls;
mod clock;
mod connections;
mod console;
mod decision_log;
mod docs;
mod edge;
mod explain;
mod health;
mod ids;
mod language;
mod matching;
mod metrics;
mod moments;
mod open311;
mod openapi;
mod panics;
mod problem;
mod proposals;
mod search;
mod serve;
mod shape;
mod site;
#[cfg(test)]
mod tests;
mod tickets;
mod time_limit;
mod tls;

pub use app::Configuration;
pub use calls::Calls;
pub use decision_log::{DecisionLog, DecisionLogSettings};
pub use openapi::{openapi, router};
pub use panics::hide_panic_messages;
pub use serve::serve;
pub use tls::Encryption;
