//! `jiesu eval`: what is right, measured on data with known answers.

mod answers;
mod intake;
mod routing;

use super::{Common, Ended, Failure};
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How often scenario, category, department or unit are right, and how sure
    Routing(routing::Arguments),
    /// How often the right article comes first
    Answers(answers::Arguments),
    /// How many questions it takes until the right scenario leads
    Intake(intake::Arguments),
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    match &arguments.what {
        What::Routing(arguments) => routing::run(common, lang, arguments),
        What::Answers(arguments) => answers::run(common, lang, arguments),
        What::Intake(arguments) => intake::run(common, lang, arguments),
    }
}
