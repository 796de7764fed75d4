//! Who may do what: scopes, and the person or program that acts. Keys and the log of what was read are kept by
//! `keys.rs` and `audit.rs` through the store.
//!
//! Nothing here knows HTTP, tickets or rules.

mod actor;

pub use actor::{Actor, Scope};
