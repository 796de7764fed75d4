//! `jiesu lsp`: the language server, started by an editor.

use jiff::{Timestamp, tz::TimeZone};

use super::{Common, Ended, Failure, load};
use crate::lsp::{self, Options};
use crate::source::Lang;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiesu lsp
  jiesu lsp --bundle city --lang zh")]
pub(super) struct Arguments {
    /// Speak over standard input and output (it always does; some editors add this)
    #[arg(long)]
    stdio: bool,
}

pub(super) fn run(common: &Common, lang: Lang, _: &Arguments) -> Result<Ended, Failure> {
    // A time that cannot be read is told before anything is served.
    load::time(common, &load::default_zone())?;
    let asked = common.clone();
    let clock = move |zone: &TimeZone| {
        let time = load::time(&asked, zone).unwrap_or_else(|_| Timestamp::now().to_zoned(zone.clone()));
        time.datetime()
    };
    let (bundle, cache) = (common.bundle.clone(), load::cache(common));
    let options = Options { bundle, cache, lang, zone: load::default_zone(), clock: Box::new(clock) };
    let clean = lsp::serve(options).map_err(Failure)?;
    Ok(if clean { Ended::Fine } else { Ended::ErrorsFound })
}
