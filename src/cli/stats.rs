//! `jiesu stats`: how the rules do on a corpus.

use std::path::PathBuf;

use super::{Common, Ended, Failure, explain, impact, load};
use crate::report::statistics::{ScenarioFigures, csv, plain, scenario, statistics};
use crate::say;
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Cases to count over, as JSON Lines (may be given several times; default: the bundle's own cases)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    cases: Vec<PathBuf>,
    /// One scenario alone, with every clause and term
    #[arg(long, value_name = "ID")]
    scenario: Option<String>,
    /// Print CSV, for spreadsheets
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Lines of each table, at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 40)]
    limit: usize,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let bundle = load::bundle(common, lang)?;
    let cases = match arguments.cases.as_slice() {
        [] => bundle.engine.knowledge().cases.all().to_vec(),
        files => impact::read(files, lang)?,
    };
    let wanted = arguments.scenario.as_deref();
    if let Some(id) = wanted.filter(|id| bundle.engine.rules().position(id).is_none()) {
        return Err(Failure(explain::unknown(id, bundle.engine.rules().scenarios())));
    }
    let now = load::time(common, &bundle.engine.settings().time_zone)?;
    let bar = impact::bar();
    let found = statistics(&bundle, &cases, &now, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let is_wanted = |own: &&ScenarioFigures| wanted.is_none_or(|id| own.id == id);
    let scenarios: Vec<&ScenarioFigures> = found.scenarios.iter().filter(is_wanted).collect();
    if common.json {
        let json = match wanted {
            Some(_) => serde_json::to_string_pretty(&scenarios.first()),
            None => serde_json::to_string_pretty(&found),
        };
        anstream::println!("{}", json.unwrap_or_default());
    } else if arguments.csv {
        let table = csv(&scenarios).map_err(|error| say!("写出失败：{error}", "writing failed: {error}"))?;
        anstream::print!("{table}");
    } else if wanted.is_some() {
        scenarios.iter().for_each(|own| anstream::print!("{}", scenario(own, lang)));
    } else {
        anstream::print!("{}", plain(&found, arguments.limit, lang));
    }
    Ok(Ended::Fine)
}
