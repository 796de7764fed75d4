//! Replies (答复): templates that are checked when a bundle is loaded and filled when a decision is made.
//!
//! Nothing here knows scenarios, departments or how a deadline is counted: what a reply says comes in as texts under
//! names, and no file or clock is touched.

mod branches;
mod check;
mod template;

pub use branches::{Branch, Branches};
pub use template::{Rendered, SlotUse, Template, Values};

/// Names that every reply may use, beside the slots of its scenario: the department's name, the name of its unit for
/// the place, the time until when, the district's name, the scenario's title, the hotline's number.
pub const PLACEHOLDERS: &[&str] = &["department", "unit", "deadline", "district", "scenario", "hotline"];

#[cfg(test)]
mod tests;
