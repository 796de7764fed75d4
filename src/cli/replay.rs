//! `jiesu replay`: logged decisions made again, under the bundle that made them or under another.

mod lines;
mod under;

use std::io::BufReader;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Ended, Failure, paths, serve};
use crate::bundle::on_all_cores;
use crate::report::replay::{Entry, Fields, Place, Tally, decide_masked, fields, plain};
use crate::say;
use crate::source::{Lang, Message};
use lines::Line;
use under::Under;

/// Lines that are decided before the next are read.
const BATCH: usize = 512;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Logs of decisions, or folders of them (default: decisions/ in the folder of --data)
    #[arg(value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The folder that `serve --data` wrote: each decision is made again under the revision that made it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Decide all under this one instead: a revision in the folder of --data, a git revision (HEAD~1) or a folder (old/);
    /// --bundle alone means the bundle there
    #[arg(long, value_name = "REV")]
    revision: Option<String>,
    /// Only the decision with this id
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// How many differing decisions are shown, the worst first
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u16).range(0..=1000))]
    worst: u16,
    /// End with code 1 on any difference, also under another bundle or by another version of the engine
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let logs = logs(arguments)?;
    let mut under = Under::new(common, lang, arguments.data.as_deref(), arguments.revision.as_deref())?;
    let mut tally = Tally::new(under.name(), usize::from(arguments.worst));
    let progress = progress(&logs, lang);
    for log in &logs {
        replay(log, arguments.id.as_deref(), &mut under, &mut tally, &progress)?;
    }
    progress.finish_and_clear();
    let report = tally.report();
    if arguments.id.is_some() && report.entries == 0 {
        return Err(Failure(say!("日志里没有这个编号的判定", "the logs hold no decision with this id")));
    }
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        anstream::print!("{}", plain(&report, lang));
    }
    Ok(if report.is_fine(arguments.strict) { Ended::Fine } else { Ended::ErrorsFound })
}

/// The files that were named, or stand in the folders that were; the oldest first.
fn logs(arguments: &Arguments) -> Result<Vec<PathBuf>, Message> {
    let named = match (arguments.logs.as_slice(), &arguments.data) {
        ([], Some(data)) => vec![data.join(serve::DECISIONS)],
        ([], None) => {
            return Err(say!(
                "请写明判定日志：jiesu replay 日志文件或目录，或用 --data 指定服务的数据目录",
                "name a log: `jiesu replay FILE`, or a server's folder with --data"
            ));
        }
        (named, _) => paths::expanded(named)?,
    };
    let mut found = Vec::new();
    for path in named {
        let shown = path.display();
        if !path.is_dir() {
            found.push(path);
            continue;
        }
        let cannot = |error: std::io::Error| say!("目录 {shown} 读不了：{error}", "cannot read {shown}: {error}");
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(cannot)? {
            inside.push(entry.map_err(cannot)?.path());
        }
        // Rotated files carry their time, so the order of names is that of time, with the current one last.
        inside.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        inside.sort();
        if inside.is_empty() {
            return Err(say!("目录 {shown} 里没有判定日志（.jsonl）", "there is no log (.jsonl) in {shown}"));
        }
        found.append(&mut inside);
    }
    Ok(found)
}

/// Replays one file.
fn replay(
    path: &Path,
    id: Option<&str>,
    under: &mut Under<'_>,
    tally: &mut Tally,
    progress: &ProgressBar,
) -> Result<(), Message> {
    let shown = path.display().to_string();
    let file = std::fs::File::open(path)
        .map_err(|error| say!("文件 {shown} 打不开：{error}", "cannot open {shown}: {error}"))?;
    let mut reader = BufReader::new(progress.wrap_read(file));
    let mut number = 0;
    loop {
        let mut batch: Vec<(Place, Entry)> = Vec::new();
        let mut more = false;
        while batch.len() < BATCH {
            let line = lines::next(&mut reader);
            let line = line.map_err(|error| say!("读取 {shown} 失败：{error}", "cannot read {shown}: {error}"))?;
            let Some(line) = line else { break };
            (more, number) = (true, number + 1);
            let place = (shown.clone(), number);
            match line {
                Line::Blank => {}
                Line::Wrong(message, is_torn) => tally.wrong_line(place, message, is_torn),
                Line::Entry(entry) if id.is_some_and(|id| id != entry.id) => {}
                Line::Entry(entry) => batch.push((place, *entry)),
            }
        }
        // Lines of one bundle follow one another, but for those around a reload.
        for part in batch.chunk_by(|(_, a), (_, b)| a.revision == b.revision && a.lessons == b.lessons) {
            decide(part, under, tally, progress);
        }
        if !more {
            return Ok(());
        }
    }
}

/// Decides lines of one bundle again, on all cores.
fn decide(part: &[(Place, Entry)], under: &mut Under<'_>, tally: &mut Tally, progress: &ProgressBar) {
    let Some((_, first)) = part.first() else { return };
    let bundle = match progress.suspend(|| under.bundle(&first.revision, first.lessons.as_deref())) {
        Ok(bundle) => bundle,
        Err(message) => {
            for (place, entry) in part {
                tally.not_replayed(place.clone(), entry, message.clone(), true);
            }
            return;
        }
    };
    let zone = &bundle.engine.settings().time_zone;
    let again = |number: usize| -> Result<Fields, Message> {
        let entry = &part[number].1;
        let decision = decide_masked(&bundle, &entry.complaint(zone)?, entry.options());
        let decision = decision.map_err(|error| error.message())?;
        fields(&decision).map_err(|error| say!("写不成 JSON：{error}", "cannot be written as JSON: {error}"))
    };
    let decided = on_all_cores(part.len(), &again, &|_| {});
    for ((place, entry), again) in part.iter().zip(decided) {
        match again {
            Ok(again) => tally.replayed(place.clone(), entry, &again),
            Err(message) => tally.not_replayed(place.clone(), entry, message, false),
        }
    }
}

/// A bar over the bytes of all files.
fn progress(logs: &[PathBuf], lang: Lang) -> ProgressBar {
    let bytes = logs.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|metadata| metadata.len()).sum();
    let bar = ProgressBar::new(bytes);
    let template = match lang {
        Lang::Zh => "重放 {bar:40} {percent}% {elapsed}（约剩 {eta}）",
        Lang::En => "replaying {bar:40} {percent}% {elapsed} (~{eta})",
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
