//! `jiesu read-sheet`: what an import starts for itself, to read a spreadsheet in a process of its own. Not for people.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use super::{Ended, Failure};
use crate::import::{SheetFormat, read_sheet};
use crate::say;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The spreadsheet's format: xlsx, xls or ods
    #[arg(long)]
    format: String,
    /// The sheet's name (default: the first)
    #[arg(long)]
    sheet: Option<String>,
    /// The spreadsheet
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ended, Failure> {
    let format = SheetFormat::NAMES.iter().find(|(name, _)| *name == arguments.format);
    let (_, format) =
        format.ok_or_else(|| say!("--format 应为 xlsx、xls 或 ods", "--format should be xlsx, xls or ods"))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = read_sheet(&arguments.file, *format, arguments.sheet.as_deref(), &mut out).and_then(|()| out.flush());
    written.map_err(|error| say!("写不出去：{error}", "cannot write: {error}"))?;
    Ok(Ended::Fine)
}
