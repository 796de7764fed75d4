//! The `jiesu` binary: reads the command line and leaves the rest to the library.

use std::process::ExitCode;

/// A decision makes some hundred small allocations; this allocator serves them faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jiesu::cli::run()
}
