//! `jiesu suggest`: terms, clauses and scenarios that labelled cases propose, for an editor to take or leave.

use std::fs;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, Ended, Failure, load, paths};
use crate::bundle::Loader;
use crate::import::masked;
use crate::knowledge::{Case, read_cases};
use crate::report::suggest::{MAX_CASES, SUPPORT, Suggestions, Wanted, suggest};
use crate::say;
use crate::source::{Lang, nearest, render};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Cases with labels, as JSON Lines (may be given several times)
    #[arg(long, value_name = "FILE", required = true)]
    cases: Vec<PathBuf>,
    /// For this scenario alone
    #[arg(long, value_name = "ID", conflicts_with = "new")]
    scenario: Option<String>,
    /// New scenarios for cases that no rule matches
    #[arg(long)]
    new: bool,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let cases = read(arguments, lang)?;
    // What cases taught is not asked.
    let loaded = load::load(common, &mut Loader::new(load::cache(common)).without_learning())?;
    let Some(bundle) = loaded.bundle else {
        load::print_errors(&loaded.diagnostics, lang);
        return Err(Failure(load::refused(&loaded.diagnostics)));
    };
    if let Some(id) = &arguments.scenario
        && bundle.engine.rules().position(id).is_none()
    {
        let known = bundle.engine.rules().scenarios().iter().map(|scenario| scenario.id.as_str());
        return Err(Failure(match nearest(id, known) {
            Some(near) => {
                say!("没有场景“{id}”，是否想写“{near}”？", "there is no scenario `{id}`: did you mean `{near}`?")
            }
            None => say!("没有场景“{id}”", "there is no scenario `{id}`"),
        }));
    }
    let on = load::time(common, &bundle.engine.settings().time_zone)?.date();
    let wanted = Wanted { scenario: arguments.scenario.as_deref(), new: arguments.new, on, lang };
    let bar = bar();
    let suggestions = suggest(&bundle, &cases, wanted, &masked, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&suggestions).unwrap_or_default());
    } else {
        print(&suggestions, lang);
    }
    Ok(Ended::Fine)
}

fn read(arguments: &Arguments, lang: Lang) -> Result<Vec<Case>, Failure> {
    let mut texts = Vec::new();
    for path in &paths::expanded(&arguments.cases)? {
        let shown = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| say!("文件 {shown} 打不开：{error}", "cannot open {shown}: {error}"))?;
        texts.push((shown, text));
    }
    let mut findings = Vec::new();
    let cases = read_cases(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())), &mut findings);
    findings.iter().for_each(|finding| anstream::eprintln!("{}\n", render(finding, lang)));
    if cases.is_empty() {
        return Err(Failure(say!("没有可用的案例", "there are no cases to learn from")));
    }
    Ok(cases)
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The proposals as YAML on standard output, about them on the other.
fn print(suggestions: &Suggestions, lang: Lang) {
    let yaml = suggestions.scenarios.iter().map(|one| &one.yaml).chain(suggestions.new.iter().map(|new| &new.yaml));
    let yaml: Vec<&str> = yaml.map(String::as_str).collect();
    anstream::print!("{}", yaml.join("---\n"));
    let Suggestions { cases, labelled, left_out, .. } = suggestions;
    let count = yaml.len();
    let message = say!(
        "看了 {cases} 条案例（{labelled} 条的标签认得出），给出 {count} 份建议；一半案例用来找，另一半用来量。建议不会自动写入规则",
        "{cases} cases ({labelled} with a label that the bundle knows), {count} suggestions; one half proposed, the other measured. Nothing was written to the rules"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    if *left_out > 0 {
        let message = say!(
            "只看前 {MAX_CASES} 条，其余 {left_out} 条没有看",
            "only the first {MAX_CASES} were looked at: {left_out} were left out"
        );
        anstream::eprintln!("{}", message.in_lang(lang));
    }
    if count == 0 {
        let message = say!(
            "没有建议：至少要有 {SUPPORT} 条同类、标签认得出而规则没命中的案例",
            "nothing to suggest: it takes {SUPPORT} cases of a kind that have a known label and that no rule finds"
        );
        anstream::eprintln!("{}", message.in_lang(lang));
    }
}
