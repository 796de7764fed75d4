//! The API held to its document and to Open311 by published programs of others.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::process::Place;

/// Runs a program of Python; none where it is not installed, unless everything is required.
fn program(command: &mut Command, wants: &str, there: &[&str]) -> Option<Output> {
    let found = Command::new(there[0]).args(&there[1..]).output().is_ok_and(|ran| ran.status.success());
    if !found {
        let required = std::env::var_os("JIESU_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "python3 -m pip install {wants}");
        println!("skipped: {wants} is not installed");
        return None;
    }
    Some(command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap())
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hotline").join(name)
}

fn passes(ran: &Output) {
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
}

/// Schemathesis (schemathesis.io) makes requests from the document, right and wrong ones, and holds the answers to it.
fn schemathesis(address: &str, key: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("schemathesis");
    command.current_dir(folder.path()).arg("--config-file").arg(file("schemathesis.toml"));
    command.args(["run", &format!("{address}/openapi.json"), "--seed=20261123", "--max-examples=25"]);
    command.args([
        "--phases=examples,coverage,fuzzing",
        "--continue-on-failure",
        "--warnings=off",
        "--request-timeout=20",
    ]);
    match key {
        Some(key) => command.arg(format!("--header=Authorization: Bearer {key}")),
        // Without keys nobody is asked for one, which counts as a mistake in every wrong request.
        None => command.args(["--exclude-checks=ignored_auth,missing_required_header", "--mode=positive"]),
    };
    if let Some(ran) = program(&mut command, "schemathesis", &["schemathesis", "--version"]) {
        passes(&ran);
    }
}

#[test]
fn the_document_of_the_api_is_kept_with_keys() {
    let place = Place::new();
    let key = place.key("st", &["admin"]);
    let server = place.serve(&[]);
    schemathesis(&server.address, Some(&key));
}

#[test]
fn the_document_of_the_api_is_kept_without_keys() {
    let place = Place::new();
    let server = place.serve(&[]);
    schemathesis(&server.address, None);
}

/// `georeport` (PyPI) reads services, definitions and requests, as JSON and as XML; what it has no call for (discovery,
/// filing, tokens) is asked as the examples of GeoReport v2 ask it.
#[test]
fn a_published_client_of_open311_gets_along_with_us() {
    let place = Place::new();
    let key = place.key("app", &["submit"]);
    let server = place.serve(&[]);
    let mut command = Command::new("python3");
    command.arg(file("civic_app.py")).env("ADDRESS", &server.address).env("KEY", key);
    if let Some(ran) = program(&mut command, "georeport", &["python3", "-c", "import georeport"]) {
        passes(&ran);
    }
}
