//! Tables of other systems (CSV, Excel, JSON Lines): past tickets into cases of the exchange format, complaints into what
//! becomes tickets.
//!
//! Knows no HTTP, and of tickets only what a row says. Of cases nothing is written that was not masked; complaints are
//! handed on as they are, and what became of each is told by whoever keeps them. Nothing is guessed in silence: what a
//! column is taken for, which names match nothing and which rows are left out stands in the [`Report`] and the
//! [`TicketReport`].
//!
//! A file's way: `table` opens it (`delimited`, `json_lines`, and `sheet` in a process of its own), `mapping` says what its
//! columns are (written by hand, or proposed by `propose`). To cases: `draft` makes a masked case of each row, `labels`
//! names departments and regions, `copies` finds repeats, `target` writes; `run` leads them through. To tickets: `incoming`
//! makes a complaint of each row, `bad_rows` keeps the others; `tickets` leads them through.

mod bad_rows;
mod chosen;
mod copies;
mod dates;
mod delimited;
mod draft;
mod encoding;
mod field;
mod headers;
mod incoming;
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
mod ticket_show;
mod tickets;
mod zip;

pub use crate::text::mask::{MaskKind, masked};
pub use encoding::Encoding;
pub use field::{Field, Purpose};
pub use incoming::Incoming;
pub use report::{Chosen, Example, FileReport, LabelReport, LeftOut, Reason, Report, UnmatchedLabel};
pub use run::{Options, import};
pub use sheet::{Format as SheetFormat, SheetReader, read_sheet};
pub use target::Existing;
pub use tickets::{BadRow, Fate, Place, Take, TicketOptions, TicketReport, import_tickets};

/// Bytes of a file, at the most.
pub const MAX_FILE: u64 = 512 << 20;
/// Rows of all files together, at the most.
pub const MAX_ROWS: u64 = 1_000_000;
/// Columns of a table, at the most.
pub const MAX_COLUMNS: usize = 1_000;
