//! `jiesu check`: every finding about rules and knowledge, and fixes for some.

mod mend;

use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::{Common, Ended, Failure, impact, load};
use crate::bundle::{Counts, Loaded, Loader, Snapshot};
use crate::check::{self, Files, Output};
use crate::report::testing;
use crate::say;
use crate::source::{Code, Diagnostic, Lang, Message, render};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiesu check
  jiesu check rules/scenarios/water knowledge/articles/water/bill-check.md
  jiesu check --fix
  jiesu check --why J072
  jiesu check --format sarif > findings.sarif
  jiesu check --deny-warnings --at 2026-12-31")]
pub(super) struct Arguments {
    /// Show only what is found in these files and folders (default: everything)
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Warnings count as errors
    #[arg(long)]
    deny_warnings: bool,
    /// Apply fixes that are safe; comments and layout stay as they are
    #[arg(long, conflicts_with_all = ["why", "format"])]
    fix: bool,
    /// Explain a kind of finding by its code or name, such as J072
    #[arg(long, value_name = "CODE")]
    why: Option<String>,
    /// How to print: text, json, sarif (2.1.0), junit, or github (annotations)
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Junit,
    Github,
}

/// A bundle's folder as it was read, with all findings about it.
struct Checked {
    loaded: Loaded,
    files: Files,
    /// What was found when the folder was read.
    unread: Vec<Diagnostic>,
    findings: Vec<Diagnostic>,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    if let Some(code) = &arguments.why {
        return why(code, lang, common.json);
    }
    let mut loader = Loader::new(load::cache(common)).without_any_learning();
    let snapshot = Snapshot::read(common.folder()).map_err(|error| Failure(error.message()))?;
    let mut checked = look(common, &mut loader, snapshot)?;
    let only = only(common, &arguments.files, &checked.files)?;
    let mut mended = None;
    if arguments.fix {
        let (done, again) = mend::run(common, &mut loader, &checked, &only)?;
        (mended, checked) = (Some(done), again);
    }
    checked.findings.retain(|finding| is_shown(&only, &finding.path));
    let Checked { loaded, findings, .. } = &checked;
    let format = arguments.format.unwrap_or(if common.json { Format::Json } else { Format::Text });
    let prefix = prefix(common.folder());
    let output = Output { lang, prefix: &prefix };
    match format {
        Format::Text => text(loaded, findings, mended.as_ref(), lang),
        Format::Json => anstream::println!("{}", pretty(&as_json(loaded, findings, mended.as_ref(), lang))),
        Format::Sarif => anstream::println!("{}", pretty(&check::sarif(findings, output))),
        Format::Junit => anstream::print!("{}", check::junit(findings, output, arguments.deny_warnings)),
        Format::Github => anstream::print!("{}", check::github(findings, output)),
    }
    let refused = findings.iter().any(|finding| finding.is_error() || arguments.deny_warnings);
    Ok(if refused { Ended::ErrorsFound } else { Ended::Fine })
}

/// Loads a snapshot and runs all checks on it.
fn look(common: &Common, loader: &mut Loader, snapshot: Snapshot) -> Result<Checked, Failure> {
    let (files, unread) = (snapshot.files.clone(), snapshot.diagnostics.clone());
    let at = load::time(common, &load::default_zone())?.datetime();
    let loaded = loader.load(snapshot, at);
    let at = match &loaded.bundle {
        Some(bundle) => load::time(common, &bundle.engine.settings().time_zone)?.datetime(),
        None => at,
    };
    let bar = impact::bar();
    let mut findings = check::run_told(&loaded, &files, at, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    if let Some(bundle) = &loaded.bundle {
        testing::read_all(&bundle.snapshot, &mut findings);
    }
    Ok(Checked { loaded, files, unread, findings })
}

fn pretty(json: &serde_json::Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

/// The page of a kind of finding.
fn why(text: &str, lang: Lang, as_json: bool) -> Result<Ended, Failure> {
    let Some(code) = Code::find(text.trim()) else {
        let near = check::config::near(text);
        let (zh, en) = (near.zh, near.en);
        return Err(Failure(say!("没有“{text}”这项检查；{zh}", "there is no check `{text}`; {en}")));
    };
    if as_json {
        let json =
            json!({ "code": code.id(), "name": code.name(), "title": check::title(code), "page": check::page(code) });
        anstream::println!("{}", pretty(&json));
        return Ok(Ended::Fine);
    }
    if lang == Lang::En {
        anstream::println!("{} ({}). The page is in Chinese.\n", code.id(), code.name());
    }
    anstream::println!("{}", check::page(code).trim_end());
    Ok(Ended::Fine)
}

/// The files and folders to be shown, relative to the bundle.
fn only(common: &Common, named: &[PathBuf], files: &Files) -> Result<Vec<String>, Failure> {
    let root = std::path::absolute(common.folder()).unwrap_or_else(|_| common.folder().to_owned());
    named.iter().map(|path| relative(&root, path, files)).collect()
}

/// A path from the current folder, or else from the bundle's, relative to the bundle.
fn relative(root: &Path, path: &Path, files: &Files) -> Result<String, Failure> {
    let known = |path: String| is_known(files, &path).then_some(path);
    let from_here = std::path::absolute(path).ok();
    let from_here = from_here.and_then(|path| path.strip_prefix(plain(root)).ok().map(|path| slashes(&plain(path))));
    from_here.and_then(known).or_else(|| known(slashes(&plain(path)))).ok_or_else(|| {
        let path = path.display();
        Failure(say!("规则包里没有 {path}", "there is no {path} in the bundle"))
    })
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            _ => plain.push(part),
        }
        plain
    })
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn is_known(files: &Files, path: &str) -> bool {
    path.is_empty() || files.keys().any(|known| is_in(known, path))
}

fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_shown(only: &[String], path: &str) -> bool {
    only.is_empty() || only.iter().any(|folder| is_in(path, folder))
}

/// How the bundle's folder is reached from the current one, for programs that follow paths.
fn prefix(folder: &Path) -> String {
    let parts = slashes(&plain(folder));
    match folder.is_relative() && !parts.is_empty() && !folder.starts_with("..") {
        true => format!("{parts}/"),
        false => String::new(),
    }
}

fn counts(findings: &[Diagnostic]) -> (usize, usize) {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    (errors, findings.len() - errors)
}

fn as_json(loaded: &Loaded, findings: &[Diagnostic], mended: Option<&mend::Done>, lang: Lang) -> serde_json::Value {
    let (errors, warnings) = counts(findings);
    let mut json = json!({
        "revision": loaded.revision,
        "errors": errors,
        "warnings": warnings,
        "counts": loaded.bundle.as_ref().map(|bundle| bundle.counts),
        "diagnostics": findings.iter().map(|finding| finding.to_json(lang)).collect::<Vec<_>>(),
    });
    if let Some(mended) = mended {
        json["fixed"] = mended.to_json(lang);
    }
    json
}

fn text(loaded: &Loaded, findings: &[Diagnostic], mended: Option<&mend::Done>, lang: Lang) {
    let line = |message: &Message| anstream::println!("{}", message.in_lang(lang));
    for finding in findings {
        anstream::println!("{}\n", render(finding, lang));
    }
    if let Some(mended) = mended {
        mended.messages().iter().for_each(line);
    }
    match &loaded.bundle {
        Some(bundle) => line(&content(bundle.counts)),
        None => line(&say!(
            "规则包有错误，跨文件的检查没有进行；改好错误后再运行一次",
            "the bundle has errors, so checks across files did not run: mend them and run it again"
        )),
    }
    let (errors, warnings) = counts(findings);
    line(&say!("{errors} 处错误，{warnings} 处警告", "{errors} errors, {warnings} warnings"));
    let fixes = findings.iter().filter(|finding| finding.fix.is_some()).count();
    if fixes > 0 && mended.is_none() {
        line(&say!(
            "其中 {fixes} 处可以自动修改：jiesu check --fix",
            "{fixes} of them can be mended with `jiesu check --fix`"
        ));
    }
    if let Some(first) = findings.first() {
        let id = first.code.id();
        line(&say!("为什么这样要求：jiesu check --why {id}", "why: `jiesu check --why {id}`"));
    }
}

fn content(counts: Counts) -> Message {
    let (scenarios, terms, departments) = (counts.scenarios, counts.terms, counts.departments);
    let (articles, notices, cases) = (counts.articles, counts.notices, counts.cases);
    say!(
        "{scenarios} 个场景，{terms} 个词，{departments} 个承办单位，{articles} 条知识，{notices} 条公告，{cases} 条案例",
        "{scenarios} scenarios, {terms} terms, {departments} departments, {articles} articles, {notices} notices, {cases} cases"
    )
}
