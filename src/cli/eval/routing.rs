//! `jiesu eval routing`: cases teach, queries are decided, figures are printed.

use std::fs;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::super::{Common, Ended, Failure, load, paths};
use crate::decide::learned::Level;
use crate::knowledge::{Case, read_cases};
use crate::report::{Figures, Routing, Run, Treatment, html, plain};
use crate::say;
use crate::source::{Date, Lang, Message};

#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// Cases that teach, as JSON Lines (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    cases: Vec<PathBuf>,
    /// Cases that are decided and compared with their labels
    #[arg(long, value_name = "FILE", required_unless_present = "split")]
    queries: Vec<PathBuf>,
    /// Cases opened from this day on are decided, those before teach
    #[arg(long, value_name = "DATE", conflicts_with = "queries")]
    split: Option<String>,
    /// What is to be found: scenario, category, department or unit
    #[arg(long, value_name = "LEVEL", value_parser = ["scenario", "category", "department", "unit"])]
    label: String,
    /// Accuracy that automatic dispatch is to reach (may be given several times)
    #[arg(long, value_name = "SHARE", default_values_t = [0.95], value_parser = share)]
    target: Vec<f64>,
    /// Put errors of speech and typing into so large a share of the characters
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    noise: f64,
    /// What these errors are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Measure on the first part of each text too, such as 0.25,0.5,0.75
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = share)]
    prefix: Vec<f64>,
}

/// What `--json` prints: the figures, and those of other treatments of the same queries.
#[derive(Serialize)]
struct Output {
    #[serde(flatten)]
    figures: Figures,
    /// With `--noise`: the figures of the texts as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    clean: Option<Short>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prefixes: Vec<Prefix>,
}

/// The figures that matter for texts that are not whole.
#[derive(Serialize)]
struct Short {
    accuracy: Option<f64>,
    macro_f1: Option<f64>,
    top3: Option<f64>,
}

#[derive(Serialize)]
struct Prefix {
    prefix: f64,
    #[serde(flatten)]
    figures: Short,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "0 – 1".to_owned())
}

pub(in super::super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let Ok(level) = arguments.label.parse::<Level>() else { return Ok(Ended::ErrorsFound) };
    let (cases, queries) = read(arguments, lang)?;
    let progress = bar();
    let tell = |step: crate::decide::learned::Progress| {
        progress.set_length(step.of as u64);
        progress.set_position(step.done as u64);
        true
    };
    // Without a bundle named, cases alone are measured.
    let bundle = common.bundle.as_ref().map(|_| load::bundle(common, lang)).transpose()?;
    let learned = Routing::learn(cases, level, bundle.as_deref(), &tell);
    let learned = learned.map_err(|error| say!("索引建立失败：{error}", "the index could not be built: {error}"))?;
    let Some(learned) = learned else { return Ok(Ended::ErrorsFound) };
    progress.finish_and_clear();
    let decide = |treatment: Treatment| -> Run {
        let progress = bar();
        progress.set_length(queries.len() as u64);
        let run = learned.run(&queries, &arguments.target, treatment, &|| progress.inc(1));
        progress.finish_and_clear();
        run
    };
    let treatment = Treatment { noise: arguments.noise, seed: arguments.seed, prefix: 1.0 };
    let run = decide(treatment);
    if run.judged.is_empty() {
        let label = &arguments.label;
        return Err(say!(
            "没有一条诉求带有 {label} 标签，无法评测",
            "no query has the label `{label}`: nothing to measure"
        )
        .into());
    }
    let run = Run { title: title(common, arguments, lang), ..run };
    let short = |treatment| {
        let figures = Figures::of(&decide(treatment));
        Short { accuracy: figures.accuracy, macro_f1: figures.macro_f1, top3: figures.top3 }
    };
    let clean = (arguments.noise > 0.0).then(|| short(Treatment { noise: 0.0, ..treatment }));
    let prefixes = arguments.prefix.iter();
    let prefixes =
        prefixes.map(|part| Prefix { prefix: *part, figures: short(Treatment { prefix: *part, ..treatment }) });
    let output = Output { prefixes: prefixes.collect(), clean, figures: Figures::of(&run) };
    if let Some(path) = &arguments.html {
        let shown = path.display();
        fs::write(path, html(&output.figures, &run, lang))
            .map_err(|error| say!("写不了 {shown}：{error}", "cannot write {shown}: {error}"))?;
    }
    if common.json {
        let json = serde_json::to_string_pretty(&output);
        println!("{}", json.map_err(|error| say!("写出失败：{error}", "writing failed: {error}"))?);
    } else {
        anstream::println!("{}", plain(&output.figures, &run, lang));
        print_others(&output, lang);
    }
    Ok(Ended::Fine)
}

/// What is measured, for the head of reports: the level, then the files and what was done to the texts.
fn title(common: &Common, arguments: &Arguments, lang: Lang) -> String {
    let names = |paths: &[PathBuf]| {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        names.join(" ")
    };
    let Arguments { label, noise, seed, .. } = arguments;
    let (cases, queries) = (names(&arguments.cases), names(&arguments.queries));
    let queries = arguments.split.as_ref().map_or(queries, |day| format!("--split {day}"));
    let bundle = common.bundle.as_ref().map_or("—".to_owned(), |bundle| bundle.display().to_string());
    let message = say!(
        "分派评测：{label}\n案例 {cases}\n核对 {queries}\n规则包 {bundle}，错误率 {noise}（种子 {seed}）",
        "Routing: {label}\ncases {cases}\nqueries {queries}\nbundle {bundle}, errors {noise} (seed {seed})"
    );
    message.in_lang(lang).to_owned()
}

/// The figures of texts that were whole or only begun.
fn print_others(output: &Output, lang: Lang) {
    let percent = |share: Option<f64>| share.map_or("—".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let line = |what: Message, figures: &Short| {
        let (accuracy, top3) = (percent(figures.accuracy), percent(figures.top3));
        let f1 = figures.macro_f1.map_or("—".to_owned(), |f1| format!("{f1:.4}"));
        let what = what.in_lang(lang);
        let message = say!(
            "{what}：准确率 {accuracy}，宏 F1 {f1}，前三 {top3}",
            "{what}: accuracy {accuracy}, macro-F1 {f1}, top 3 {top3}"
        );
        anstream::println!("{}", message.in_lang(lang));
    };
    if let Some(clean) = &output.clean {
        line(say!("不加错误", "without errors"), clean);
    }
    for Prefix { prefix, figures } in &output.prefixes {
        let part = prefix * 100.0;
        line(say!("只看前 {part:.0} %", "the first {part:.0} %"), figures);
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The cases that teach and those that are decided. Wrong lines are shown and left out.
fn read(arguments: &Arguments, lang: Lang) -> Result<(Vec<Case>, Vec<Case>), Failure> {
    let cases = read_files(&arguments.cases, lang)?;
    let Some(split) = &arguments.split else { return Ok((cases, read_files(&arguments.queries, lang)?)) };
    let day = Date::parse(split).ok_or_else(|| {
        say!("--split 的“{split}”不是日期，例如 2026-05-01", "`{split}` after --split is no date: such as 2026-05-01")
    })?;
    let (later, earlier) =
        cases.into_iter().filter(|case| case.opened_on.is_some()).partition(|case| case.opened_on >= Some(day));
    Ok((earlier, later))
}

fn read_files(paths: &[PathBuf], lang: Lang) -> Result<Vec<Case>, Failure> {
    let read = |path: &PathBuf| {
        let shown = path.display().to_string();
        let text = fs::read_to_string(Path::new(path));
        text.map(|text| (shown.clone(), text))
            .map_err(|error| say!("文件 {shown} 打不开：{error}", "cannot open {shown}: {error}"))
    };
    let files = paths::expanded(paths)?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut diagnostics = Vec::new();
    let cases = read_cases(files.iter().map(|(path, text)| (path.as_str(), text.as_str())), &mut diagnostics);
    load::print_errors(&diagnostics, lang);
    Ok(cases)
}
