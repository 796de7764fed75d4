//! jiesu (接诉): complaint routing.
//!
//! The text of a complaint goes in; a scenario, the department responsible and a reply come out, with the evidence
//! for each. `ARCHITECTURE.md` walks through the folders; each may import only from the floors below its own.

pub mod access;
pub mod bundle;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod decide;
pub mod deliver;
pub mod import;
pub mod knowledge;
pub mod learn;
pub mod lsp;
pub mod reply;
pub mod report;
pub mod rules;
pub mod server;
pub mod source;
pub mod store;
pub mod text;
pub mod tickets;
