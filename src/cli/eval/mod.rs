//! `jiesu eval`: measuring, on data with known answers.

mod routing;

use clap::Subcommand;

use super::{Common, Ended, Failure};
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How often scenario, category, department or unit are right, and how sure
    Routing(routing::Arguments),
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    match &arguments.what {
        What::Routing(arguments) => routing::run(common, lang, arguments),
    }
}
