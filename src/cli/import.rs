//! `jiesu import`: past tickets of other systems into cases.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Ended, Failure};
use crate::import::{Encoding, Existing, Options, SheetReader, import};
use crate::say;
use crate::source::{Lang, Message};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// CSV, Excel (.xlsx, .xls, .ods) or JSON Lines with a row for each ticket
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The file of cases to write (default: knowledge/cases/NAME.jsonl of the bundle)
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Which column is which field; written where it is not there (default: .NAME.mapping.yaml beside the cases)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The sheet of a spreadsheet (default: the first)
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The encoding of text: auto, utf-8, gb18030, utf-16le, big5 …
    #[arg(long, value_name = "NAME", default_value = "auto")]
    encoding: String,
    /// Replace the file of cases where it is there already
    #[arg(long, conflicts_with = "append")]
    replace: bool,
    /// Add to the file of cases those whose id it does not have
    #[arg(long)]
    append: bool,
    /// Leave out rows whose text nearly is that of one before
    #[arg(long)]
    drop_near_copies: bool,
    /// List the rows that are left out in a CSV file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Show what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let encoding = match arguments.encoding.as_str() {
        "auto" => None,
        label => Some(label.parse::<Encoding>()?),
    };
    let existing = match (arguments.replace, arguments.append) {
        (true, _) => Existing::Replace,
        (_, true) => Existing::Append,
        _ => Existing::Refuse,
    };
    let options = Options {
        files: arguments.files.clone(),
        to: target(common.folder(), arguments)?,
        bundle: common.folder().to_owned(),
        mapping: arguments.mapping.clone(),
        sheet: arguments.sheet.clone(),
        encoding,
        reader: SheetReader::default(),
        existing,
        dry_run: arguments.dry_run,
        drop_near_copies: arguments.drop_near_copies,
        rejects: arguments.rejects.clone(),
    };
    let bar = bar();
    let report = import(&options, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        anstream::print!("{}", report.in_lang(lang));
    }
    Ok(if report.has_faults() { Ended::ErrorsFound } else { Ended::Fine })
}

/// The file of cases: the one named, or one in the bundle called like the first file.
fn target(bundle: &Path, arguments: &Arguments) -> Result<PathBuf, Message> {
    let path = match (&arguments.to, arguments.files.first().and_then(|file| file.file_stem())) {
        (Some(path), _) => path.clone(),
        (None, Some(stem)) => bundle.join("knowledge/cases").join(format!("{}.jsonl", stem.to_string_lossy())),
        (None, None) => return Err(say!("请用 --to 指定写到哪里", "say where to write with --to")),
    };
    if path.extension().is_none_or(|ending| ending != "jsonl") {
        let shown = path.display();
        return Err(say!("--to 应当以 .jsonl 结尾：{shown}", "--to should end in .jsonl: {shown}"));
    }
    Ok(path)
}

/// Progress in bytes, which say nothing to people: shown as a share.
pub(super) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:40} {percent}% {elapsed} (~{eta})") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
