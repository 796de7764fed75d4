//! `jiesu match --cases`: every line of a file decided, one decision a line written, in order.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use super::{Common, Ended, Failure, load, matching};
use crate::bundle::Bundle;
use crate::decide::{Complaint, Decision, Options, Outcome, parse_time};
use crate::say;
use crate::source::{Lang, Message};

/// Lines decided before the next are read.
const BATCH: usize = 1024;
/// Bytes of a line, at the most.
const MAX_LINE: u64 = 1 << 20;
/// Wrong lines that are shown.
const SHOWN: u64 = 20;

/// A line: a complaint, or a case whose labels are not looked at.
#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    text: String,
    title: Option<String>,
    channel: Option<String>,
    district: Option<String>,
    at: Option<String>,
    opened_on: Option<String>,
}

/// What came of all lines.
#[derive(Default)]
struct Tally {
    decided: u64,
    by_rule: u64,
    automatic: u64,
    unknown: u64,
    wrong: u64,
}

pub(super) fn run(
    common: &Common,
    lang: Lang,
    bundle: &Bundle,
    path: &Path,
    options: Options,
) -> Result<Ended, Failure> {
    let shown = path.display();
    let cannot = |error: std::io::Error| say!("文件 {shown} 打不开：{error}", "cannot open {shown}: {error}");
    let file = File::open(path).map_err(cannot)?;
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let progress = progress(bytes);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut tally = Tally::default();
    let mut reader = BufReader::new(progress.wrap_read(file));
    let mut number = 0;
    loop {
        let mut batch: Vec<(u64, Vec<u8>)> = Vec::new();
        while batch.len() < BATCH {
            let line = read_line(&mut reader);
            let line = line.map_err(|error| say!("读取 {shown} 失败：{error}", "cannot read {shown}: {error}"))?;
            let Some(line) = line else { break };
            number += 1;
            let line = line.strip_prefix(b"\xef\xbb\xbf".as_slice()).filter(|_| number == 1).unwrap_or(&line);
            if !line.iter().all(u8::is_ascii_whitespace) {
                batch.push((number, line.to_vec()));
            }
        }
        let more = !batch.is_empty();
        for (number, result) in decide_all(common, bundle, &batch, options) {
            match result {
                Ok(decision) => write(&mut out, &decision, &mut tally)?,
                Err(message) => {
                    tally.wrong += 1;
                    if tally.wrong <= SHOWN {
                        let message = message.in_lang(lang);
                        progress.suspend(|| anstream::eprintln!("{shown}:{number}: {message}"));
                    }
                }
            }
        }
        if !more {
            break;
        }
    }
    out.flush().map_err(|error| say!("写出失败：{error}", "writing failed: {error}"))?;
    progress.finish_and_clear();
    summary(&tally, lang);
    Ok(if tally.wrong == 0 { Ended::Fine } else { Ended::ErrorsFound })
}

/// The next line without its end; none at the end of the file. Of a longer line than any complaint has, only the
/// beginning comes back, which is then no JSON.
fn read_line(reader: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == MAX_LINE {
        reader.skip_until(b'\n')?;
    }
    Ok(Some(line))
}

/// Decides a batch on all cores, in order.
fn decide_all(
    common: &Common,
    bundle: &Bundle,
    batch: &[(u64, Vec<u8>)],
    options: Options,
) -> Vec<(u64, Result<Decision, Message>)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = batch.len().div_ceil(cores).max(1);
    let decide = |lines: &[(u64, Vec<u8>)]| {
        let decided = lines.iter().map(|(number, line)| (*number, decide_line(common, bundle, line, options)));
        decided.collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = batch.chunks(part).map(|lines| scope.spawn(move || decide(lines))).collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn decide_line(common: &Common, bundle: &Bundle, line: &[u8], options: Options) -> Result<Decision, Message> {
    let line: Line =
        serde_json::from_slice(line).map_err(|error| say!("读不懂这一行：{error}", "cannot read the line: {error}"))?;
    let zone = &bundle.engine.settings().time_zone;
    let at = match common.at.as_ref().or(line.at.as_ref()).or(line.opened_on.as_ref()) {
        Some(text) => parse_time(text, zone).ok_or_else(|| say!("“{text}”不是时间", "`{text}` is not a time"))?,
        None => load::time(common, zone).map_err(|failure| failure.0)?,
    };
    let Line { id, text, title, channel, district, .. } = line;
    let complaint = Complaint { text, title, channel, district, at };
    let decision = matching::decide(bundle, &complaint, options).map_err(|error| error.message())?;
    Ok(Decision { id, ..decision })
}

fn write(out: &mut impl Write, decision: &Decision, tally: &mut Tally) -> Result<(), Message> {
    tally.decided += 1;
    tally.by_rule += u64::from(decision.source == Some(crate::decide::Source::Rule));
    tally.automatic += u64::from(decision.outcome == Outcome::Auto);
    tally.unknown += u64::from(decision.outcome == Outcome::Unknown);
    let written =
        serde_json::to_writer(&mut *out, decision).map_err(std::io::Error::from).and_then(|()| out.write_all(b"\n"));
    written.map_err(|error| say!("写出失败：{error}", "writing failed: {error}"))
}

fn progress(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}% {elapsed} (~{eta})");
    let bar = ProgressBar::new(bytes);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn summary(tally: &Tally, lang: Lang) {
    let Tally { decided, by_rule, automatic, unknown, wrong } = tally;
    let message = say!(
        "已判定 {decided} 条：规则命中 {by_rule}，可自动派单 {automatic}，未识别 {unknown}；无法处理 {wrong} 行",
        "{decided} decided: {by_rule} by rule, {automatic} auto, {unknown} unknown; {wrong} lines could not be decided"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
}
