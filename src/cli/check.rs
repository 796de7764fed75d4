//! `jiesu check`: every finding about rules and knowledge.

use serde_json::json;

use super::{Common, Ended, Failure, load};
use crate::bundle::Loader;
use crate::check;
use crate::report::testing;
use crate::say;
use crate::source::{Diagnostic, Lang, render};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Warnings count as errors
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let loaded = load::load(common, &mut Loader::new(load::cache(common)).without_learning())?;
    let mut diagnostics = loaded.diagnostics;
    if let Some(bundle) = &loaded.bundle {
        diagnostics.extend(check::examples(&bundle.engine));
        testing::read_all(&bundle.snapshot, &mut diagnostics);
    }
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let warnings = diagnostics.len() - errors;
    if common.json {
        let findings: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.to_json(lang)).collect();
        let json = json!({
            "revision": loaded.revision,
            "errors": errors,
            "warnings": warnings,
            "counts": loaded.bundle.as_ref().map(|bundle| bundle.counts),
            "diagnostics": findings,
        });
        anstream::println!("{}", serde_json::to_string_pretty(&json).unwrap_or_default());
    } else {
        print(&diagnostics, lang);
        if let Some(bundle) = &loaded.bundle {
            let counts = bundle.counts;
            let (scenarios, terms, departments) = (counts.scenarios, counts.terms, counts.departments);
            let (articles, notices, cases) = (counts.articles, counts.notices, counts.cases);
            let message = say!(
                "{scenarios} 个场景，{terms} 个词，{departments} 个承办单位，{articles} 条知识，{notices} 条公告，{cases} 条案例",
                "{scenarios} scenarios, {terms} terms, {departments} departments, {articles} articles, {notices} notices, {cases} cases"
            );
            anstream::println!("{}", message.in_lang(lang));
        }
        let message = say!("{errors} 处错误，{warnings} 处警告", "{errors} errors, {warnings} warnings");
        anstream::println!("{}", message.in_lang(lang));
    }
    let refused = errors > 0 || (arguments.deny_warnings && warnings > 0);
    Ok(if refused { Ended::ErrorsFound } else { Ended::Fine })
}

fn print(diagnostics: &[Diagnostic], lang: Lang) {
    for diagnostic in diagnostics {
        anstream::println!("{}\n", render(diagnostic, lang));
    }
}
