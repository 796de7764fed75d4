//! `jiesu eval answers`: questions asked of articles.

use std::fs;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::super::{Common, Ended, Failure};
use crate::report::answers::{Task, read_articles, read_questions};
use crate::say;
use crate::source::{Diagnostic, Lang};
use crate::text::Segmenter;

/// Bytes of a file, at the most.
const MAX_FILE: u64 = 1 << 30;
/// Findings that are shown.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The articles, JSON Lines: {"id", "title"?, "text"}
    #[arg(long, value_name = "FILE")]
    articles: PathBuf,
    /// The questions to ask, JSON Lines: {"id", "text", "title"?, "answers": [article id]}
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    /// Questions whose answers are known, in the same format
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Split the questions by their ids and ask each part with the others known
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100))]
    folds: Option<u32>,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let mut diagnostics = Vec::new();
    let articles = read(&arguments.articles, &mut diagnostics, read_articles)?;
    let questions = read(&arguments.queries, &mut diagnostics, read_questions)?;
    let known = match &arguments.known {
        Some(path) => read(path, &mut diagnostics, read_questions)?,
        None => Vec::new(),
    };
    for diagnostic in diagnostics.iter().take(SHOWN) {
        anstream::eprintln!("{}: {}", diagnostic.location(), diagnostic.message.in_lang(lang));
    }
    if articles.is_empty() || questions.is_empty() {
        return Err(say!("没有可用的知识条目或问题", "there are no articles or no questions to measure with").into());
    }
    let progress = progress(questions.len() as u64);
    let task = Task { articles, questions, known, folds: arguments.folds };
    let report = task.run(&Segmenter::new([]), || progress.inc(1));
    progress.finish_and_clear();
    let report = report.map_err(|error| say!("索引建立失败：{error}", "the index could not be built: {error}"))?;
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        anstream::print!("{}", report.shown(lang));
    }
    Ok(if diagnostics.is_empty() { Ended::Fine } else { Ended::ErrorsFound })
}

/// Reads a file as text and that into items.
fn read<T>(
    path: &Path,
    diagnostics: &mut Vec<Diagnostic>,
    items: fn(&str, &str, &mut Vec<Diagnostic>) -> Vec<T>,
) -> Result<Vec<T>, Failure> {
    let shown = path.display().to_string();
    let cannot = |error: std::io::Error| say!("文件 {shown} 读不了：{error}", "cannot read {shown}: {error}");
    if fs::metadata(path).map_err(cannot)?.len() > MAX_FILE {
        return Err(say!("文件 {shown} 超过 1 GiB", "{shown} is larger than 1 GiB").into());
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    Ok(items(&shown, &text, diagnostics))
}

fn progress(questions: u64) -> ProgressBar {
    let bar = ProgressBar::new(questions);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} (~{eta})") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
