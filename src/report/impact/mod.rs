//! What an edit does to real complaints: every case decided under two versions of a bundle, what changed grouped by the
//! edit that caused it, and for labelled cases whether it became right or wrong.
//!
//! `edits` finds what was edited, on the trees of the files; `compare` decides under both, matching again only scenarios
//! that changed; `cause` finds the edit by applying edits one by one; `groups` puts it together; `shown` and `failing`
//! are for people and for pull requests. No HTTP, and no files: bundles and cases come in.

mod answer;
mod cause;
mod compare;
pub mod corpus;
mod edits;
mod failing;
mod groups;
mod shown;

pub use answer::{Answer, Aspect, Label, Resolver, Verdict};
pub use compare::{Compared, Comparison};
pub use edits::{Change, Edit, Subject, differences};
pub use failing::{FailIf, Figure};
pub use groups::{Cause, ExampleShown, Group, Phase, Report, Totals, UnresolvableLabel, impact};
pub use shown::{html, markdown, plain};
