//! `jiesu impact`: what an edit does to real complaints.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Ended, Failure, load, paths};
use crate::bundle::{Bundle, Loader, Place, Snapshot};
use crate::knowledge::{Case, read_cases};
use crate::report::impact::{FailIf, Phase, html, impact, markdown, plain};
use crate::say;
use crate::source::{Lang, Message};

/// Bytes of one file of cases, at the most.
const MAX_FILE: u64 = 1 << 30;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What it is compared with: a git revision (HEAD, main~2, REV:folder) or a folder (old/)
    old: String,
    /// What it is compared to (default: the bundle as it stands on disk)
    new: Option<String>,
    /// Cases to decide under both, as JSON Lines (may be given several times)
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    cases: Vec<PathBuf>,
    /// Write the report as Markdown, for a pull request
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// End with code 1 when this holds, such as 'worse > 5' or 'changed >= 2%'
    #[arg(long, value_name = "EXPRESSION")]
    fail_if: Option<String>,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let fail_if = arguments.fail_if.as_deref().map(FailIf::parse).transpose()?;
    let places = places(common, &arguments.old, arguments.new.as_deref())?;
    let cases = read(&arguments.cases, lang)?;
    // One loader for both: what did not change is taken over, and known to be the same.
    let mut loader = Loader::new(load::cache(common));
    let old = load_place(common, &mut loader, &places.0, lang)?;
    let new = load_place(common, &mut loader, &places.1, lang)?;
    let now = load::time(common, &new.engine.settings().time_zone)?;
    let bar = bar();
    let told = |phase: Phase, done: usize, of: usize| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        let message = match phase {
            Phase::Deciding => say!("判定", "deciding"),
            Phase::Causes => say!("查原因", "finding causes"),
        };
        bar.set_message(message.in_lang(lang).to_owned());
    };
    let at = now.datetime();
    let mut try_out = |snapshot: Snapshot| loader.load(snapshot, at).bundle;
    let mut report = impact((&old, &new), &cases, &now, &mut try_out, &told);
    (report.old_name, report.new_name) = (Some(arguments.old.clone()), arguments.new.clone());
    bar.finish_and_clear();
    for (path, text) in [(&arguments.markdown, markdown(&report, lang)), (&arguments.html, html(&report, lang))] {
        if let Some(path) = path {
            write(path, &text)?;
        }
    }
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        anstream::print!("{}", plain(&report, lang));
    }
    let too_much = fail_if.is_some_and(|fail_if| fail_if.holds(|figure| report.figure(figure)));
    if too_much {
        let expression = arguments.fail_if.as_deref().unwrap_or_default();
        let message = say!("影响超出了 --fail-if 的限度：{expression}", "the impact is too much: {expression}");
        anstream::eprintln!("{}", message.in_lang(lang));
    }
    Ok(if too_much { Ended::ErrorsFound } else { Ended::Fine })
}

/// The two versions by their names; the later is the folder where none is named.
pub(super) fn places(common: &Common, old: &str, new: Option<&str>) -> Result<(Place, Place), Message> {
    let folder = common.folder();
    let later = new.map_or_else(|| Ok(Place::Folder(folder.to_owned())), |name| Place::parse(name, folder));
    Ok((Place::parse(old, folder)?, later?))
}

/// Loads a version; a refused one shows its errors and is a failure.
pub(super) fn load_place(
    common: &Common,
    loader: &mut Loader,
    place: &Place,
    lang: Lang,
) -> Result<Arc<Bundle>, Failure> {
    let (snapshot, _) = place.read().map_err(|error| Failure(error.message()))?;
    let at = load::time(common, &load::default_zone())?;
    let loaded = loader.load(snapshot, at.datetime());
    let name = place.name();
    loaded.bundle.ok_or_else(|| {
        load::print_errors(&loaded.diagnostics, lang);
        let errors = loaded.diagnostics.iter().filter(|finding| finding.is_error()).count();
        Failure(say!(
            "“{name}”的规则包有 {errors} 处错误，未能加载，无法比较",
            "the bundle of `{name}` has {errors} errors and was not loaded: nothing can be compared"
        ))
    })
}

/// Reads files of cases. Wrong lines are shown and left out; no case at all is a failure.
pub(super) fn read(paths: &[PathBuf], lang: Lang) -> Result<Vec<Case>, Failure> {
    let text = |path: &PathBuf| -> Result<(String, String), Message> {
        let shown = path.display().to_string();
        let cannot = |error: std::io::Error| say!("文件 {shown} 打不开：{error}", "cannot open {shown}: {error}");
        if std::fs::metadata(path).map_err(cannot)?.len() > MAX_FILE {
            return Err(say!("文件 {shown} 太大，请分开比较", "{shown} is too large: compare it in parts"));
        }
        Ok((shown.clone(), std::fs::read_to_string(path).map_err(cannot)?))
    };
    let files = paths::expanded(paths)?.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let mut diagnostics = Vec::new();
    let cases = read_cases(files.iter().map(|(path, text)| (path.as_str(), text.as_str())), &mut diagnostics);
    load::print_errors(&diagnostics, lang);
    if cases.is_empty() {
        return Err(Failure(say!(
            "案例文件里没有可用的案例：每行应是 {{\"id\": …, \"text\": …}}",
            "there is no case in the files: each line should be {{\"id\": …, \"text\": …}}"
        )));
    }
    Ok(cases)
}

pub(super) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {elapsed} (~{eta})") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn write(path: &Path, text: &str) -> Result<(), Message> {
    let shown = path.display();
    std::fs::write(path, text).map_err(|error| say!("写不了 {shown}：{error}", "cannot write {shown}: {error}"))
}
