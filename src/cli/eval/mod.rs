//! `jiesu eval`: what is right, measured on labelled questions and cases.

mod answers;

use super::{Common, Ended, Failure};
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How often the right article comes first
    Answers(answers::Arguments),
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    match &arguments.what {
        What::Answers(arguments) => answers::run(common, lang, arguments),
    }
}
