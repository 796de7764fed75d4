//! Findings that need the whole bundle at work: whether examples do what they say.
//!
//! What a file alone or the references between files show is found where they are loaded; here the engine is run.

mod examples;

pub use examples::examples;
