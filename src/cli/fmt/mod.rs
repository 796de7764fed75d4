//! `jiesu fmt`: every file in its one layout.

mod diff;

use std::fs;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::json;

use super::{Common, Ended, Failure};
use crate::bundle::{FileOnDisk, formatted, written_files};
use crate::say;
use crate::source::{Diagnostic, Lang, Message, differences, render};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files and folders to format (default: all of the bundle)
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change no file: list those that would change and how; the exit code is 1 when there are any
    #[arg(long)]
    check: bool,
}

/// A file that is not in its layout.
struct Change {
    file: FileOnDisk,
    formatted: String,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let wanted = resolved(&arguments.paths)?;
    let named = |at: &Path| {
        let at = if wanted.is_empty() { at.to_owned() } else { at.canonicalize().unwrap_or_else(|_| at.to_owned()) };
        wanted.is_empty() || wanted.iter().any(|path| at.starts_with(path))
    };
    let (files, mut findings) = written_files(common.folder(), named).map_err(|error| Failure(error.message()))?;
    let count = files.len();
    let changes = changes(files, &mut findings);
    if !arguments.check {
        for change in &changes {
            write(&change.file.at, &change.formatted).map_err(|error| {
                let path = &change.file.path;
                say!("写不了 {path}：{error}", "cannot write {path}: {error}")
            })?;
        }
    }
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    match common.json {
        true => print_json(&changes, &findings, count, lang),
        false => print(&changes, &findings, count, arguments.check, lang),
    }
    let wrong = errors > 0 || (arguments.check && !changes.is_empty());
    Ok(if wrong { Ended::ErrorsFound } else { Ended::Fine })
}

/// The paths as the file system knows them.
fn resolved(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let resolve = |path: &PathBuf| {
        path.canonicalize().map_err(|error| {
            let path = path.display();
            Failure(say!("{path} 打不开：{error}", "cannot open {path}: {error}"))
        })
    };
    paths.iter().map(resolve).collect()
}

fn changes(files: Vec<FileOnDisk>, findings: &mut Vec<Diagnostic>) -> Vec<Change> {
    let bar = ProgressBar::new(files.len() as u64);
    let mut changes = Vec::new();
    for file in bar.wrap_iter(files.into_iter()) {
        match formatted(&file.path, &file.text) {
            Some(Ok(formatted)) if formatted != file.text => changes.push(Change { file, formatted }),
            Some(Err(found)) => findings.extend(found),
            Some(Ok(_)) | None => {}
        }
    }
    bar.finish_and_clear();
    changes
}

/// Written beside the file and put in its place, so that nobody reads half of it; through a link, which stays one.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn print_json(changes: &[Change], findings: &[Diagnostic], files: usize, lang: Lang) {
    let one = |change: &Change| {
        let lines = differences(&change.file.text, &change.formatted);
        json!({ "path": change.file.path, "lines": lines.iter().filter(|line| line.removed).count() })
    };
    let json = json!({
        "files": files,
        "changed": changes.iter().map(one).collect::<Vec<_>>(),
        "diagnostics": findings.iter().map(|finding| finding.to_json(lang)).collect::<Vec<_>>(),
    });
    anstream::println!("{}", serde_json::to_string_pretty(&json).unwrap_or_default());
}

fn print(changes: &[Change], findings: &[Diagnostic], files: usize, check: bool, lang: Lang) {
    for finding in findings {
        anstream::println!("{}\n", render(finding, lang));
    }
    for change in changes {
        anstream::println!("{}", change.file.path);
        if check {
            anstream::print!("{}", diff::shown(&differences(&change.file.text, &change.formatted), lang));
        }
    }
    let message = summary(changes.len(), files, check);
    anstream::println!("{}", message.in_lang(lang));
}

fn summary(changed: usize, files: usize, check: bool) -> Message {
    match (check, changed) {
        (_, 0) => say!("{files} 个文件的版式都没有问题", "{files} files, all in their layout"),
        (true, _) => say!(
            "{files} 个文件中有 {changed} 个需要整理，运行 jiesu fmt 即可",
            "{changed} of {files} files are not in their layout: run `jiesu fmt`"
        ),
        (false, _) => say!("整理了 {changed} 个文件（共 {files} 个）", "{changed} of {files} files were changed"),
    }
}
