//! `jiesu collisions`: scenarios that get in each other's way.

use std::path::PathBuf;

use super::{Common, Ended, Failure, impact, load};
use crate::report::collisions::{collisions, plain};
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Cases that are to prove it, as JSON Lines (may be given several times)
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    cases: Vec<PathBuf>,
    /// How many of each kind, at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    limit: usize,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let cases = impact::read(&arguments.cases, lang)?;
    let bundle = load::bundle(common, lang)?;
    let now = load::time(common, &bundle.engine.settings().time_zone)?;
    let bar = impact::bar();
    bar.set_length(cases.len() as u64);
    let found = collisions(&bundle, &cases, &now, arguments.limit, &|done| bar.set_position(done as u64));
    bar.finish_and_clear();
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&found).unwrap_or_default());
    } else {
        anstream::print!("{}", plain(&found, lang));
    }
    Ok(Ended::Fine)
}
