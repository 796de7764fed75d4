//! The command: what it prints for people and programs, what it mends, what it leaves.

use crate::support::Folder;

const AT: [&str; 2] = ["--at", "2026-06-01"];
const SCENARIO: &str = "bundle/rules/scenarios/road/streetlight-out.yaml";
const TERMS: &str = "bundle/rules/terms/common.yaml";

#[test]
fn why_shows_a_page() {
    let folder = Folder::empty();
    for (code, exit, words) in [
        ("J070", 0, vec!["# J070", "## 避免", "## 例外"]),
        ("j070", 0, vec!["# J070"]),
        ("unknown-key", 0, vec!["# J003"]),
        ("unknwon-key", 2, vec!["did you mean: J003 unknown-key"]),
        ("J0700", 2, vec!["there is no check `J0700`", "J070"]),
        ("???", 2, vec!["docs/checks/README.md"]),
    ] {
        folder.run(&["check", "--why", code]).go().ends(exit, &words);
    }
    let page = folder.run(&["check", "--why", "J070", "--json"]).go().ends(0, &[]).json();
    assert_eq!(page["name"], "covered-term");
}
