//! Loading the bundle for commands that run once.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{Common, Failure};
use crate::bundle::{Bundle, Cache, Loaded, Loader, Snapshot};
use crate::decide::parse_time;
use crate::say;
use crate::source::{Diagnostic, Lang, Message, render};

/// The time zone that a time is read in before a bundle's own is known.
pub(super) fn default_zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC)
}

/// The time of `--at` in a time zone, or now.
pub(super) fn time(common: &Common, zone: &TimeZone) -> Result<Zoned, Failure> {
    let Some(text) = &common.at else { return Ok(Timestamp::now().to_zoned(zone.clone())) };
    parse_time(text, zone).ok_or_else(|| {
        let message = say!(
            "--at 的“{text}”不是时间，例如 2026-11-22 或 2026-11-22T10:00",
            "`{text}` after --at is not a time: such as 2026-11-22 or 2026-11-22T10:00"
        );
        Failure(message)
    })
}

/// The cache folder: `--cache`, else the user's.
pub(super) fn cache(common: &Common) -> Cache {
    let of_user = || {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
        base.map(|base| base.join("jiesu"))
    };
    common.cache.clone().or_else(of_user).map_or_else(Cache::none, Cache::in_folder)
}

/// Loads whatever is in the folder.
pub(super) fn load(common: &Common, loader: &mut Loader) -> Result<Loaded, Failure> {
    let snapshot = Snapshot::read(common.folder()).map_err(|error| Failure(error.message()))?;
    let at = time(common, &default_zone())?;
    Ok(loader.load(snapshot, at.datetime()))
}

/// Loads the bundle; a refused one shows its errors and is a failure.
pub(super) fn bundle(common: &Common, lang: Lang) -> Result<Arc<Bundle>, Failure> {
    let loaded = load(common, &mut Loader::new(cache(common)))?;
    match loaded.bundle {
        Some(bundle) => Ok(bundle),
        None => {
            print_errors(&loaded.diagnostics, lang);
            Err(Failure(refused(&loaded.diagnostics)))
        }
    }
}

/// What to say of a bundle that was refused.
pub(super) fn refused(diagnostics: &[Diagnostic]) -> Message {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    say!(
        "规则包有 {errors} 处错误，未能加载；运行 jiesu check 查看全部",
        "the bundle has {errors} errors and was not loaded: see them all with `jiesu check`"
    )
}

/// Prints the errors, the first twenty.
pub(super) fn print_errors(diagnostics: &[Diagnostic], lang: Lang) {
    for diagnostic in diagnostics.iter().filter(|d| d.is_error()).take(20) {
        anstream::eprintln!("{}\n", render(diagnostic, lang));
    }
}
