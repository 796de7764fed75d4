//! `jiesu test`: runs the examples in scenarios and the tests in test files.

mod show;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Common, Ended, Failure, load};
use crate::bundle::{Attempt, Bundle, Live, LiveError, Loader, watch};
use crate::report::testing::{
    self, Coverage, Run, Selection, TestFile, Tested, coverage, default_at, junit, read, read_all, run as run_tests,
};
use crate::say;
use crate::source::{Diagnostic, Lang, Message};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Run the examples and tests of these files alone
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// List the clauses, terms, ways through replies and rows of the dispatch list that no test reaches
    #[arg(long)]
    coverage: bool,
    /// Fail where less than this percentage of clauses is reached (implies --coverage)
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_under: Option<f64>,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run again whenever rules or tests are saved; Ctrl-C ends it
    #[arg(long, conflicts_with = "junit")]
    watch: bool,
}

/// Bytes of a test file that is no part of the bundle, at the most.
const MOST_BYTES: u64 = 4 << 20;

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "0–100".to_owned())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("0–100".to_owned()) }
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    if arguments.watch {
        return watched(common, lang, arguments);
    }
    let bundle = bundle(common, lang)?;
    once(common, lang, arguments, &bundle)
}

/// Loads the bundle, without what cases teach unless a test asks for it.
fn bundle(common: &Common, lang: Lang) -> Result<Arc<Bundle>, Failure> {
    let loaded = load::load(common, &mut Loader::new(load::cache(common)).without_learning())?;
    let Some(bundle) = loaded.bundle else {
        load::print_errors(&loaded.diagnostics, lang);
        return Err(Failure(load::refused(&loaded.diagnostics)));
    };
    let files = read_all(&bundle.snapshot, &mut Vec::new());
    if files.iter().flat_map(|file| &file.tests).any(|test| test.learned) {
        return load::bundle(common, lang);
    }
    Ok(bundle)
}

/// What is to be run.
struct Chosen {
    selection: Selection,
    files: Vec<TestFile>,
    findings: Vec<Diagnostic>,
}

/// One run over a bundle, printed.
fn once(common: &Common, lang: Lang, arguments: &Arguments, bundle: &Bundle) -> Result<Ended, Failure> {
    let engine = &bundle.engine;
    let chosen = chosen(common.folder(), &arguments.files, bundle)?;
    let at = match common.at {
        Some(_) => load::time(common, &engine.settings().time_zone)?,
        None => default_at(engine),
    };
    let scenarios = engine.rules().scenarios().iter();
    let examples: usize =
        scenarios.map(|scenario| scenario.examples.matching.len() + scenario.examples.no_match.len()).sum();
    let bar = bar(examples + chosen.files.iter().map(|file| file.tests.len()).sum::<usize>());
    let ran = run_tests(engine, &chosen.selection, &chosen.files, &at, &mut || bar.inc(1));
    bar.finish_and_clear();
    let covered = (arguments.coverage || arguments.fail_under.is_some()).then(|| {
        let bar = self::bar(ran.reached.len());
        let covered = coverage(engine, &bundle.snapshot, &ran.reached, &mut || bar.inc(1));
        bar.finish_and_clear();
        covered
    });
    if let Some(path) = &arguments.junit {
        write_junit(path, &ran.tested, lang)?;
    }
    let result = Finished { findings: &chosen.findings, ran: &ran, covered: covered.as_ref(), arguments };
    if common.json {
        anstream::println!("{}", result.json(bundle, lang));
    } else {
        anstream::print!("{}", show::tested(result.findings, &ran.tested, lang));
        if let Some(covered) = &covered {
            anstream::print!("{}", show::coverage(covered, lang));
        }
        if let Some(message) = result.too_little() {
            anstream::println!("{}", message.in_lang(lang));
        }
    }
    Ok(result.ended())
}

/// A run and what came of it.
struct Finished<'a> {
    findings: &'a [Diagnostic],
    ran: &'a Run,
    covered: Option<&'a Coverage>,
    arguments: &'a Arguments,
}

impl Finished<'_> {
    /// What to say where too few clauses are reached.
    fn too_little(&self) -> Option<Message> {
        let (least, covered) = (self.arguments.fail_under?, self.covered?);
        let percent = covered.clauses.percent();
        (percent < least).then(|| {
            say!(
                "条件覆盖率 {percent:.1}% 低于要求的 {least}%",
                "{percent:.1}% of the clauses are reached: less than the {least}% that are asked for"
            )
        })
    }

    fn ended(&self) -> Ended {
        let failed = self.ran.tested.iter().any(|tested| !tested.failures.is_empty());
        let errors = self.findings.iter().any(Diagnostic::is_error);
        if failed || errors || self.too_little().is_some() { Ended::ErrorsFound } else { Ended::Fine }
    }

    fn json(&self, bundle: &Bundle, lang: Lang) -> String {
        let failed = self.ran.tested.iter().filter(|tested| !tested.failures.is_empty()).count();
        let json = json!({
            "revision": bundle.engine.revision(),
            "tests": self.ran.tested.len(),
            "failed": failed,
            "diagnostics": self.findings.iter().map(|finding| finding.to_json(lang)).collect::<Vec<_>>(),
            "results": self.ran.tested,
            "coverage": self.covered,
        });
        serde_json::to_string_pretty(&json).unwrap_or_default()
    }
}

/// The examples and tests of the files that were named, or all.
fn chosen(root: &Path, named: &[PathBuf], bundle: &Bundle) -> Result<Chosen, Failure> {
    let mut findings = Vec::new();
    if named.is_empty() {
        let files = read_all(&bundle.snapshot, &mut findings);
        return Ok(Chosen { selection: Selection::All, files, findings });
    }
    let (mut files, mut scenarios) = (Vec::new(), BTreeSet::new());
    for path in named {
        let own = relative(root, path);
        let known = own.as_deref().and_then(|own| bundle.snapshot.files.get_key_value(own));
        match known {
            Some((own, content)) if own.starts_with(testing::FOLDER) => {
                files.extend(read(own, &content.text, &mut findings));
            }
            Some((own, _)) if own.starts_with("rules/scenarios/") => {
                scenarios.insert(own.clone());
            }
            Some((own, _)) => {
                return Err(Failure(say!(
                    "{own} 里没有例句或测试；请给出 rules/scenarios/ 或 rules/tests/ 里的文件",
                    "{own} holds no examples and no tests: name files of rules/scenarios/ or rules/tests/"
                )));
            }
            None => files.extend(read(&path.display().to_string(), &outside(path)?, &mut findings)),
        }
    }
    Ok(Chosen { selection: Selection::Files(scenarios), files, findings })
}

/// A path as the bundle names it, where it lies in the bundle.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let inside = |path: &Path| {
        let root = root.canonicalize().ok()?;
        let path = path.canonicalize().ok()?;
        let parts = path.strip_prefix(root).ok()?.components();
        Some(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
    };
    inside(path).or_else(|| inside(&root.join(path)))
}

/// The text of a test file that is no part of the bundle.
fn outside(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    read.map_err(|error| Failure(say!("文件 {shown} 打不开：{error}", "cannot read {shown}: {error}")))?;
    Ok(text)
}

fn write_junit(path: &Path, tested: &[Tested], lang: Lang) -> Result<(), Failure> {
    let shown = path.display();
    let written = junit(tested, lang).and_then(|xml| std::fs::write(path, xml).map_err(|error| error.to_string()));
    written.map_err(|error| Failure(say!("写 {shown} 失败：{error}", "cannot write {shown}: {error}")))
}

/// A bar that shows itself on a terminal alone.
fn bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}

/// Runs after every change until the program is ended.
fn watched(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let live = match Live::start(common.folder(), load::cache(common), None) {
        Ok(live) => Arc::new(live),
        Err(LiveError::Snapshot(error)) => return Err(Failure(error.message())),
        Err(LiveError::Refused(diagnostics)) => {
            load::print_errors(&diagnostics, lang);
            return Err(Failure(load::refused(&diagnostics)));
        }
    };
    let (sender, attempts) = channel::<Attempt>();
    let watching = watch(&live, move |attempt| {
        let _ = sender.send(attempt.clone());
    });
    watching.map_err(|error| say!("无法监视目录：{error}", "cannot watch the folder: {error}"))?;
    let mut before = None;
    // The first attempt comes at once: the watcher looks for what changed while it was started.
    for attempt in attempts {
        if before.replace(attempt.revision.clone()).as_ref() == Some(&attempt.revision) {
            continue;
        }
        if attempt.accepted {
            once(common, lang, arguments, &live.serving().bundle)?;
        } else {
            load::print_errors(&attempt.diagnostics, lang);
            anstream::eprintln!("{}", load::refused(&attempt.diagnostics).in_lang(lang));
        }
    }
    Ok(Ended::Fine)
}
