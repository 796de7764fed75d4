//! Past tickets of other systems (CSV, Excel, JSON Lines) into cases of the exchange format.
//!
//! Tables in, cases out: columns are mapped, texts masked, repeats removed, departments named as the bundle names
//! them. Knows no HTTP and no tickets. Nothing is written that was not masked, and nothing is guessed in silence: what a
//! column is taken for, which names match nothing and which rows are left out stands in the [`Report`].
//!
//! A file's way: `table` opens it (`delimited`, `sheet`, `json_lines`), `mapping` says what its columns are (written by
//! hand, or proposed by `propose`), `draft` makes a masked case of each row, `labels` names departments and regions,
//! `copies` finds repeats, `target` writes. `run` leads them through.

mod copies;
mod dates;
mod delimited;
mod draft;
mod encoding;
mod headers;
mod json_lines;
mod labels;
mod mapping;
mod propose;
mod report;
mod run;
mod sheet;
mod show;
mod table;
mod target;
mod zip;

pub use crate::text::mask::{MaskKind, masked};
pub use encoding::Encoding;
pub use mapping::Field;
pub use report::{Chosen, Example, FileReport, LabelReport, LeftOut, Reason, Report, UnmatchedLabel};
pub use run::{Options, import};
pub use target::Existing;

/// Bytes of a file, at the most.
pub const MAX_FILE: u64 = 512 << 20;
/// Rows of all files together, at the most.
pub const MAX_ROWS: u64 = 1_000_000;
/// Columns of a table, at the most.
pub const MAX_COLUMNS: usize = 1_000;
