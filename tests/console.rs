//! The console, in Chromium: the tests themselves are those of `tests/console/*.test.mjs`, run by Node against the real
//! program and the starter bundle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is needed: what to say where it is missing, and whether it is there.
fn missing(root: &Path) -> Option<&'static str> {
    let node = |script: &str| {
        let ran = Command::new("node").args(["-e", script]).current_dir(root).output();
        ran.is_ok_and(|ran| ran.status.success())
    };
    let chromium = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    let needs = [
        (node("process.exit(process.versions.node.split('.')[0] >= 18 ? 0 : 1)"), "node 18"),
        (chromium.exists(), "chromium (Debian's package, or its path in CHROMIUM)"),
        (
            node("require.resolve('playwright-core'); require.resolve('axe-core')"),
            "playwright-core and axe-core (npm install --no-save playwright-core axe-core)",
        ),
    ];
    needs.iter().find(|(there, _)| !there).map(|(_, what)| *what)
}

#[test]
fn the_console_works_in_chromium() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if let Some(what) = missing(root) {
        let required = std::env::var_os("JIESU_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "missing: {what}");
        println!("skipped: {what} is not installed");
        return;
    }
    let tests =
        ["units", "calls", "callers", "callstream", "desks", "deskhands", "correct", "session", "figures", "pages"]
            .map(|name| root.join(format!("tests/console/{name}.test.mjs")));
    // One after another: each has a server and a browser of its own.
    for test in tests {
        let mut command = Command::new("node");
        command.arg("--test").arg(test).env("JIESU", env!("CARGO_BIN_EXE_jiesu")).current_dir(root);
        let ran = command.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
        println!("{said}");
    }
}
