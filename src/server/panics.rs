//! What a panic says may quote the text it stumbled over, so only its place is logged.

use std::panic::{PanicHookInfo, set_hook};

/// From now on a panic in this process logs its file and line and nothing that it says. To be called once, by whoever
/// owns the process.
pub fn hide_panic_messages() {
    set_hook(Box::new(log_place));
}

fn log_place(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panic");
}
