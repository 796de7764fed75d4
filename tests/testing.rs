//! `jiesu test`: what passes, what a failure says, what is reached.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use folder::{Folder, Ran};

/// Test files on the bundle that `init` writes.
fn with(tests: &str) -> Folder {
    let folder = Folder::init();
    folder.write("bundle/rules/tests/a.yaml", tests);
    folder
}

fn test(folder: &Folder, arguments: &[&str]) -> Ran {
    folder.run(&[&["test"], arguments].concat()).go()
}

const GOOD: &str = "\
- name: 路灯坏了
  text: 东区人民路的路灯坏了
  at: 2026-09-30 10:00
  expect:
    scenario: road/streetlight-out
    department: 市城市管理局
    unit: 东区城市管理局
    deadline: 2026-10-10
    facts: {address: 东区人民路}
    reply_contains: [人民路, 10月10日]
    outcome: suggest
    emergency: false
    notices: []
- name: 通话中越说越清楚
  call:
    - say: 你好，我想反映个事，
      expect: {scenario: none, department: none, outcome: unknown}
    - say: 人民路的路灯不亮
      expect: {scenario: road/streetlight-out}
";

#[test]
fn a_test_that_holds_passes_and_examples_run_too() {
    let folder = with(GOOD);
    test(&folder, &[]).ends(0, &["2 tests, 0 failed"]);
    test(&folder, &["--lang", "zh"]).ends(0, &["2 个测试，0 个失败"]);
    // A file alone: by its path in the bundle, or from here.
    test(&folder, &["rules/tests/a.yaml"]).ends(0, &["0 examples, 2 tests, 0 failed"]);
    test(&folder, &[&folder.shown("bundle/rules/tests/a.yaml")]).ends(0, &["0 examples, 2 tests"]);
    let scenario = "rules/scenarios/road/streetlight-out.yaml";
    let ran = test(&folder, &[scenario, "--json"]).ends(0, &[]).json();
    assert!(ran["tests"].as_u64().unwrap() > 0 && ran["failed"] == 0, "{ran}");
    test(&folder, &["rules/regions.yaml"]).ends(2, &["holds no examples"]);
    test(&folder, &["nowhere.yaml"]).ends(2, &["cannot read"]);
}

/// Each expectation, wrong, with what the failure says.
#[test]
fn every_expectation_can_fail() {
    for (expect, said) in [
        ("scenario: none", "scenario: expected none, got road/streetlight-out"),
        ("not_scenario: [road/streetlight-out]", "must not fire"),
        ("department: none", "department: expected none, got 市城市管理局"),
        ("unit: 西区城市管理局", "unit: expected 西区城市管理局, got 东区城市管理局"),
        ("joint: [urban-management]", "joint: expected urban-management, got "),
        ("deadline: 2026-10-09", "deadline: expected 2026-10-09, got 2026-10-10"),
        ("deadline: 2026-10-10 18:00", "deadline: expected 2026-10-10 18:00, got 2026-10-10T23:59"),
        ("facts: {phone: '13800138000'}", "facts.phone: expected 13800138000, got "),
        ("reply_contains: [马上]", "reply_contains: expected 马上, got "),
        ("outcome: auto", "outcome: expected auto, got suggest"),
        ("emergency: true", "emergency: expected true, got false"),
        ("notices: [outage]", "notices: expected outage, got "),
        ("articles: [a/b]", "articles: expected a/b, got "),
        ("scenario: road/nowhere", "there is no scenario `road/nowhere`"),
    ] {
        let test_file =
            format!("- name: 一\n  text: 东区人民路的路灯坏了\n  at: 2026-09-30 10:00\n  expect: {{{expect}}}\n");
        test(&with(&test_file), &[]).ends(1, &["1 tests, 1 failed", "FAILED", "rules/tests/a.yaml:1", said]);
    }
}

#[test]
fn a_failure_shows_the_trace() {
    let missing = "- name: 一\n  text: 人民路的灯杆刷漆了\n  expect: {scenario: road/streetlight-out}\n";
    test(&with(missing), &[])
        .ends(1, &["「人民路的灯杆刷漆了」", "missing:", "rules/scenarios/road/streetlight-out.yaml:"]);
    let call = "- name: 一\n  call:\n    - say: 人民路\n    - say: 路灯坏了\n      expect: {scenario: none}\n";
    test(&with(call), &[]).ends(1, &["step 2 (line 4)", "leads, on: 路灯"]);
}

#[test]
fn a_file_that_is_wrong_is_told_with_its_place_and_stops_no_server() {
    let folder = with("- name: 一\n  txt: 漏水\n");
    test(&folder, &[]).ends(1, &["unknown", "rules/tests/a.yaml:2:3"]);
    folder.run(&["match", "路灯坏了"]).go().ends(0, &["路灯"]);
}

#[test]
fn coverage_names_what_no_test_reaches_and_can_fail() {
    let folder = with(GOOD);
    folder.write(
        "bundle/rules/scenarios/water/leak.yaml",
        "\
id: water/leak
title: 漏水
category: 市政/供水
when:
  any:
    - {all: [漏水], none: [暖气]}
    - 爆管
    - 喷水
reply: 您好{% if where %}，{{ where }}{% else %}，请补充位置{% endif %}。
slots: {where: {fact: address, ask: 在哪里？}}
examples:
  match: [小区里一直在漏水没人修]
  no_match: [家里的暖气漏水了怎么办]
",
    );
    folder.write(
        "bundle/rules/responsibility/water.yaml",
        "- {category: 市政/供水, lead: urban-management, basis: 示例}\n- {category: 市政/供水, region: west, lead: urban-management, basis: 示例西}\n",
    );
    let scenario = "rules/scenarios/water/leak.yaml";
    // 漏水 and 暖气 by the examples; 爆管 and 喷水 are one clause that nothing reaches.
    let before = test(&folder, &["--coverage"]);
    before.ends(0, &[&format!("{scenario}:7"), "66.7% (2/3)", "0.0% (0/2)"]);
    test(&folder, &["--fail-under", "100"]).ends(1, &["less than"]);
    folder.write(
        "bundle/rules/tests/b.yaml",
        "- {name: 爆管, text: 西区人民路12号爆管了, expect: {scenario: water/leak}}\n- {name: 喷水, text: 路边在喷水, expect: {scenario: water/leak}}\n",
    );
    let after = test(&folder, &["--coverage", "--json"]).ends(0, &[]).json();
    let own = after["coverage"]["scenarios"].as_array().unwrap().iter().find(|own| own["id"] == "water/leak").unwrap();
    assert_eq!((&own["clauses"]["reached"], &own["branches"]["reached"]), (&3.into(), &2.into()), "{own}");
    let unreached = after["coverage"]["unreached"].as_array().unwrap();
    let left: Vec<_> = unreached.iter().filter(|u| u["file"].as_str().unwrap().contains("water")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn results_are_written_for_machines() {
    let folder = with("- name: 一<&>\n  text: 路灯坏了\n  expect: {scenario: none}\n");
    let xml = folder.shown("junit.xml");
    test(&folder, &["--junit", &xml]).ends(1, &[]);
    let written = std::fs::read_to_string(xml).unwrap();
    assert!(written.contains("<testsuite name=\"rules/tests/a.yaml\" tests=\"1\""), "{written}");
    assert!(written.contains("failures=\"1\"") && written.contains("一&lt;&amp;&gt;"), "{written}");
    let json = test(&folder, &["--json"]).ends(1, &[]).json();
    let failed = json["results"].as_array().unwrap().iter().find(|result| result["kind"] == "test").unwrap();
    assert_eq!(failed["failures"][0]["mismatches"][0]["what"], "scenario");
    assert_eq!(failed["failures"][0]["leads"]["id"], "road/streetlight-out");
}

#[test]
fn saving_a_test_runs_it_again() {
    let folder = Folder::init();
    let (bundle, out) = (folder.shown("bundle"), folder.at("out.txt"));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jiesu"));
    command.args(["test", "--watch", "--lang", "en", "--bundle", &bundle, "--cache", &folder.shown("cache")]);
    command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let read = || std::fs::read_to_string(&out).unwrap();
    folder::eventually(read, || read().contains("0 tests, 0 failed"));
    folder.write("bundle/rules/tests/a.yaml", "- {name: 一, text: 路灯坏了, expect: {scenario: none}}\n");
    folder::eventually(read, || read().contains("1 tests, 1 failed"));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The project's own tests.
#[test]
fn the_starter_bundle_passes_its_tests() {
    let root = env!("CARGO_MANIFEST_DIR");
    let ran = folder::Run::of(&["test", "--bundle", root, "--json"]).go();
    let json = ran.ends(0, &[]).json();
    let tests = json["results"].as_array().unwrap().iter().filter(|result| result["kind"] == "test").count();
    assert!(tests >= 40, "{tests}");
}
