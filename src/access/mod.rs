//! Who may do what: scopes, keys and their rates, tokens of an identity provider and where people get them, the person or
//! program that acts, and the log of what was read and done. Kept through the store, in tables that `tickets` makes.
//!
//! Nothing here knows HTTP, tickets or rules, nor reads a clock.

mod actor;
pub mod audit;
mod bucket;
pub mod keys;
mod sign_in;
mod signatures;
mod tokens;

pub use actor::{Actor, Scope};
pub use bucket::Rate;
pub use keys::{Denied, Key, KeyError, Keys};
pub use sign_in::SignIn;
pub use tokens::{LARGEST_KEYS, Rejected, SUBJECT_PREFIX, TokenSettings, Tokens};
