//! What calls out: messages of the outbox to the systems of departments and of the centre, as signed webhooks.
//!
//! A message is a CloudEvents 1.0 envelope (`event.rs`), signed by the Standard Webhooks scheme (`signature.rs`), and sent
//! over a connection to an address that was checked (`address.rs`, `client.rs`). What to send and how it went is the
//! outbox's, in `tickets/`; when to try again is said in `backoff.rs`; `deliverer.rs` keeps many going at once.
//!
//! Keys of an identity provider are fetched here too (`jwks.rs`).
//!
//! No SQL and no YAML here, and nothing that listens: that is `server/`.

mod address;
mod backoff;
mod client;
mod deliverer;
mod event;
mod jwks;
mod settings;
mod signature;

pub use address::is_public;
pub use backoff::{FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT};
pub use deliverer::Deliverer;
pub use jwks::KeySource;
pub use settings::Settings;
pub use signature::Secret;
