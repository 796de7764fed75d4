//! `jiesu eval intake`: callers made from cases are asked until the right scenario leads.

use std::fs;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::super::{Common, Ended, Failure, load};
use crate::knowledge::read_cases;
use crate::report::intake::measure;
use crate::say;
use crate::source::Lang;

/// Bytes of a file, at the most.
const MAX_FILE: u64 = 1 << 30;
/// Findings that are shown.
const SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Cases with a scenario, as JSON Lines (may be given several times); the bundle's own unless given
    #[arg(long, value_name = "FILE")]
    cases: Vec<PathBuf>,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let bundle = load::bundle(common, lang)?;
    let mut texts = Vec::new();
    for path in &arguments.cases {
        let shown = path.display().to_string();
        let cannot = |error: std::io::Error| say!("文件 {shown} 读不了：{error}", "cannot read {shown}: {error}");
        if fs::metadata(path).map_err(cannot)?.len() > MAX_FILE {
            return Err(say!("文件 {shown} 超过 1 GiB", "{shown} is larger than 1 GiB").into());
        }
        let text = fs::read_to_string(path).map_err(cannot)?;
        texts.push((shown, text));
    }
    let mut findings = Vec::new();
    let mut cases = read_cases(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())), &mut findings);
    for finding in findings.iter().take(SHOWN) {
        anstream::eprintln!("{}: {}", finding.location(), finding.message.in_lang(lang));
    }
    if arguments.cases.is_empty() {
        cases.extend(bundle.engine.knowledge().cases.all().iter().cloned());
    }
    let now = load::time(common, &bundle.engine.settings().time_zone)?;
    let bar = ProgressBar::new(cases.len() as u64);
    let bar = match ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} (~{eta})") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let report = measure(&bundle, &cases, &now, &|done| bar.set_position(done as u64));
    bar.finish_and_clear();
    if report.cases == 0 {
        return Err(say!("没有带场景标签的案例", "there are no cases with a scenario of the bundle").into());
    }
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        anstream::print!("{}", report.shown(lang));
    }
    Ok(if findings.is_empty() { Ended::Fine } else { Ended::ErrorsFound })
}
