//! What other programs read is held to what is published about it: SARIF 2.1.0 and JUnit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::path::Path;
use std::process::{Command, Output};

use folder::Folder;

const VALIDATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/validate.py");
/// Where `.ci/run` puts what has the XSD in it.
const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schemas");

/// A bundle with findings of several kinds, with and without places and fixes, in texts with characters that XML and JSON
/// have to escape; and a test that fails.
fn with_findings() -> Folder {
    let folder = Folder::init();
    folder.edit("bundle/rules/terms/common.yaml", "[路灯, 街灯, 照明灯]", "[路灯, 街灯, '<&\">]]>', 路灯, 照明灯]");
    folder.edit("bundle/rules/terms/common.yaml", "路灯: ", "阀门: [阀门]\n路灯: ");
    folder.edit("bundle/rules/scenarios/road/streetlight-out.yaml", "hints: [晚上", "hints: [路灯故障, 晚上");
    folder.write("bundle/rules/stray.txt", "x");
    folder.write(
        "bundle/rules/tests/a.yaml",
        "- name: 失败 <&\">\n  text: 东区人民路的路灯坏了\n  expect: {scenario: none, reply_contains: ['<b>&\"']}\n- name: 通过\n  text: 东区人民路的路灯坏了\n  expect: {scenario: road/streetlight-out}\n",
    );
    folder
}

/// Runs the validators; `None` where they are not there, with the word why.
fn validated(files: &[String]) -> Result<Output, String> {
    let ran = Command::new("python3").arg(VALIDATE).arg(SCHEMAS).args(files).output();
    let ran = ran.map_err(|error| format!("python3: {error}"))?;
    if ran.status.code() == Some(3) {
        return Err(String::from_utf8_lossy(&ran.stdout).trim().to_owned());
    }
    Ok(ran)
}

#[test]
fn sarif_and_junit_are_valid() {
    let folder = with_findings();
    let mut files = Vec::new();
    for lang in ["zh", "en"] {
        for (format, ending) in [("sarif", "sarif"), ("junit", "xml")] {
            let ran = folder.run(&["check", "--format", format, "--lang", lang, "--at", "2026-11-22"]).go();
            assert!(ran.out.len() > 500, "{}", ran.err);
            let name = format!("{format}-{lang}.{ending}");
            folder.write(&name, &ran.out);
            files.push(folder.shown(&name));
        }
        let path = folder.shown(&format!("test-{lang}.xml"));
        folder.run(&["test", "--lang", lang, "--junit", &path]).go().ends(1, &[]);
        assert!(Path::new(&path).exists());
        files.push(path);
    }
    match validated(&files) {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr)),
        Err(why) if std::env::var_os("JIESU_REQUIRE_ALL").is_some() => panic!("{why}"),
        Err(why) => println!("skipped: {why}"),
    }
    // The validators are no rubber stamps.
    folder.write("bad.sarif", r#"{"version": "2.1.0", "runs": [{"tool": {}}]}"#);
    folder.write("bad.xml", "<testsuites><testsuite><testcase/></testsuite></testsuites>");
    for bad in ["bad.sarif", "bad.xml"] {
        if let Ok(ran) = validated(&[folder.shown(bad)]) {
            assert!(!ran.status.success(), "{bad} is taken for valid");
        }
    }
}
