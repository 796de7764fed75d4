//! The program as people run it: commands, exit codes, languages. Bad input is in `bad_input.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::collections::BTreeSet;
use std::fs;

use folder::{Folder, Run};
use serde_json::{Value, json};

/// The keys of a decision, as the API promises them.
const KEYS: &[&str] = &[
    "id",
    "at",
    "revision",
    "engine",
    "outcome",
    "source",
    "emergency",
    "kind",
    "scenario",
    "category",
    "department",
    "unit",
    "joint",
    "district",
    "deadline",
    "bar",
    "matters",
    "reply",
    "questions",
    "steps",
    "notices",
    "facts",
    "evidence",
    "words",
    "record",
    "runners_up",
    "articles",
    "cases",
    "elapsed_us",
];

const COMPLAINT: &str = "东区人民路的路灯坏了";

#[test]
fn a_complaint_is_read_from_the_command_line_standard_input_or_a_file() {
    let folder = Folder::init();
    folder.write("complaint.txt", COMPLAINT);
    let file = folder.shown("complaint.txt");
    let runs = [
        folder.run(&["match", COMPLAINT]),
        folder.run(&["match", "-"]).input(COMPLAINT),
        folder.run(&["match"]).input(format!("{COMPLAINT}\n")),
        folder.run(&["match", "--file", &file]),
        folder.run(&["match", "--rules-only", COMPLAINT]),
    ];
    for run in runs {
        run.go().ends(0, &["路灯不亮", "市城市管理局 → 东区城市管理局", "人民路", "a suggestion"]);
    }
}

#[test]
fn what_no_rule_knows_is_no_error() {
    let folder = Folder::init();
    folder.run(&["match", "今天天气很好"]).go().ends(0, &["unknown"]);
    let decision = folder.run(&["match", "今天天气很好", "--json"]).go().ends(0, &[]).json();
    assert_eq!((&decision["outcome"], &decision["scenario"]), (&"unknown".into(), &Value::Null));
}

#[test]
fn fields_of_the_request_are_heard() {
    let folder = Folder::init();
    let arguments =
        ["match", "路灯坏了", "--json", "--district", "西区", "--at", "2026-09-30T10:00", "--title", "街灯"];
    let decision = folder.run(&arguments).go().ends(0, &[]).json();
    assert_eq!(decision["district"]["id"], "west");
    assert_eq!(decision["at"], "2026-09-30T10:00:00+08:00");
    // Three working days over the National Day holiday, with the make-up Saturday.
    assert_eq!(decision["deadline"]["due"], "2026-10-10T23:59:59+08:00");
    let fields: BTreeSet<&str> =
        list(&decision["evidence"]).iter().map(|e| e["span"]["field"].as_str().unwrap()).collect();
    assert_eq!(fields, BTreeSet::from(["text"]), "title and text are different sentences");
}

#[test]
fn a_file_of_cases_gives_a_decision_a_line() {
    let folder = Folder::init();
    let lines = format!(
        "{{\"id\": \"1\", \"text\": \"{COMPLAINT}\", \"opened_on\": \"2026-03-02\"}}\n\n{{\"id\": \"2\", \"text\": \"你好\"}}\n"
    );
    folder.write("cases.jsonl", lines);
    let ran = folder.run(&["match", "--cases", &folder.shown("cases.jsonl")]).go();
    ran.ends(0, &["2 decided: 1 by rule, 0 auto, 1 unknown; 0 lines"]);
    let decisions: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = decisions.iter().map(|decision| decision["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(decisions[0]["at"], "2026-03-02T00:00:00+08:00");
    for decision in &decisions {
        let keys: BTreeSet<&str> = decision.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS.iter().copied().collect());
    }
}

/// More lines than are decided at a time come out in the order they came in.
#[test]
fn many_cases_stay_in_order() {
    let folder = Folder::init();
    let lines = (0..2_500).map(|n| format!("{{\"id\": \"{n}\", \"text\": \"第{n}盏路灯坏了\"}}\n"));
    folder.write("cases.jsonl", lines.collect::<String>());
    let ran = folder.run(&["match", "--rules-only", "--cases", &folder.shown("cases.jsonl")]).go();
    ran.ends(0, &["2500 decided: 2500 by rule"]);
    let ids =
        ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned());
    assert!(ids.eq((0..2_500).map(|n| n.to_string())));
}

#[test]
fn search_finds_and_filters() {
    let folder = Folder::init();
    let kinds = |arguments: &[&str]| {
        let found = folder.run(arguments).arguments(&["--json"]).go().ends(0, &[]).json();
        list(&found["results"]).iter().map(|hit| hit["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&["search", "路灯坏了谁来修"]), ["article", "case"]);
    assert_eq!(kinds(&["search", "路灯坏了谁来修", "--kind", "case"]), ["case"]);
    assert_eq!(kinds(&["search", "路灯坏了谁来修", "--kind", "notice"]), [""; 0]);
    assert_eq!(kinds(&["search", "量子力学"]), [""; 0]);
    folder.run(&["search", "路灯"]).go().ends(0, &["路灯坏了由谁修", "road/streetlight-repair"]);
    folder.run(&["search", "路灯", "--region", "月球"]).go().ends(2, &["月球"]);
    folder.run(&["search", "路灯", "--limit", "0"]).go().ends(2, &["--limit"]);
}

#[test]
fn check_counts_and_finds() {
    let folder = Folder::init();
    folder.run(&["check"]).go().ends(0, &["1 scenarios", "0 errors, 0 warnings"]);
    folder.edit("bundle/rules/scenarios/road/streetlight-out.yaml", "title:", "titel:");
    let place = "rules/scenarios/road/streetlight-out.yaml:2:1";
    folder.run(&["check"]).go().ends(1, &["J003", place, "did you mean `title`?"]);
    folder.run(&["match", COMPLAINT]).go().ends(2, &["J003", place, "jiesu check"]);
    let found = folder.run(&["check", "--json"]).go().ends(1, &[]).json();
    assert!(found["errors"].as_u64() >= Some(1), "{found}");
}

#[test]
fn warnings_are_errors_only_when_asked() {
    let folder = Folder::init();
    folder.edit("bundle/knowledge/articles/road/streetlight-repair.md", "reviewed:", "expires: 2026-11-01\nreviewed:");
    let at = ["--at", "2026-11-22"];
    folder.run(&["check"]).arguments(&at).go().ends(0, &["J060", "0 errors, 1 warnings"]);
    folder.run(&["check", "--deny-warnings"]).arguments(&at).go().ends(1, &["J060"]);
    folder.run(&["check", "--deny-warnings", "--at", "2026-08-01"]).go().ends(0, &["0 warnings"]);
}

#[test]
fn build_fills_the_cache_and_says_the_revision() {
    let folder = Folder::init();
    folder.run(&["build"]).go().ends(0, &["1 scenarios", "1 cases"]);
    let kept =
        || fs::read_dir(folder.at("cache")).unwrap().flatten().map(|entry| entry.file_name()).collect::<BTreeSet<_>>();
    assert_eq!(kept(), BTreeSet::from(["answers".into(), "indexes".into()]));
    let built = folder.run(&["build", "--json"]).go().ends(0, &[]).json();
    assert_eq!(built["revision"], folder.run(&["check", "--json"]).go().json()["revision"]);
    assert_eq!(fs::read_dir(folder.at("cache/indexes")).unwrap().count(), 1, "found again, not built again");
    assert_eq!(fs::read_dir(folder.at("cache/answers")).unwrap().count(), 1, "found again, not learned again");
    folder.run(&["match", COMPLAINT]).go().ends(0, &["example-1"]);
}

/// The folder may be one that the user keeps other things in.
#[test]
fn the_cache_removes_only_what_it_made() {
    let folder = Folder::init();
    for n in 0..8 {
        folder.write(&format!("cache/mine-{n}/letter.txt"), "kept");
    }
    folder.run(&["build"]).go().ends(0, &[]);
    let left = (0..8).filter(|n| folder.at(&format!("cache/mine-{n}/letter.txt")).exists()).count();
    assert_eq!(left, 8, "files of others were removed from the cache folder");
}

#[test]
fn init_never_overwrites() {
    let folder = Folder::empty();
    let new = folder.shown("a/b");
    Run::of(&["init", &new]).go().ends(0, &["wrote 10 files", "jiesu check"]);
    Run::of(&["check", "--bundle", &new]).go().ends(0, &["0 errors"]);
    Run::of(&["init", &new]).go().ends(2, &["is not empty"]);
    folder.write("c/letter.txt", "mine");
    Run::of(&["init", &folder.shown("c")]).go().ends(2, &["is not empty"]);
    assert!(!folder.at("c/rules").exists());
    folder.write("file", "mine");
    Run::of(&["init", &folder.shown("file")]).go().ends(2, &["file"]);
    assert_eq!(fs::read_to_string(folder.at("file")).unwrap(), "mine");
}

#[test]
fn both_languages_are_spoken() {
    let folder = Folder::init();
    for (arguments, code, zh, en) in [
        (&["match", ""][..], 2, "诉求内容为空", "the text is empty"),
        (&["match", COMPLAINT], 0, "承办单位", "department"),
        (&["check"], 0, "0 处错误", "0 errors"),
        (&["build"], 0, "版本", "revision"),
        (&["search", "路灯", "--region", "x"], 2, "没有“x”这个属地", "there is no region `x`"),
        (&["match", "x", "--at", "x"], 2, "不是时间", "is not a time"),
    ] {
        for (lang, word) in [("zh", zh), ("en", en)] {
            folder.run(arguments).arguments(&["--lang", lang]).go().ends(code, &[word]);
        }
    }
    let locale = |name: &str| folder.run(&["check"]).env("LC_ALL", name);
    locale("zh_CN.UTF-8").go().ends(0, &["处错误"]);
    locale("en_GB.UTF-8").go().ends(0, &["errors"]);
    folder.run(&["check"]).env("LANG", "C").go().ends(0, &["处错误"]);
    folder.run(&["check", "--lang", "fr"]).go().ends(2, &["fr"]);
}

#[test]
fn small_things_that_people_stumbled_over() {
    let folder = Folder::init();
    // A scenario that is named by what is remembered of it.
    for (id, word) in
        [("streetlight-out", "road/streetlight-out"), ("路灯", "road/streetlight-out"), ("zzz", "road/streetlight-out")]
    {
        folder.run(&["explain", COMPLAINT, "--why-not", id]).go().ends(2, &[word]);
    }
    folder.run(&["stats", "--scenario", "streetlight"]).go().ends(2, &["road/streetlight-out"]);
    // Help in Chinese has no English heading.
    for command in ["check", "lsp"] {
        let ran = folder.run(&[command, "--help", "--lang", "zh"]).go();
        ran.ends(0, &["示例："]);
        assert!(!ran.out.contains("Examples:"), "{}", ran.out);
    }
    // A case that only shares its title is shown with its text.
    let case = json!({"id": "t1", "title": "喷泉广场音响", "text": "每晚很吵睡不着", "origin": "example"});
    folder.write("bundle/knowledge/cases/more.jsonl", format!("{case}\n"));
    folder.run(&["match", "喷泉广场音响"]).go().ends(0, &["每晚很吵睡不着"]);
    // Patterns that no shell has put names in for.
    let lines = |name: &str| format!("{}\n", json!({"id": name, "text": COMPLAINT}));
    folder.write("a1.jsonl", lines("a1"));
    folder.write("a2.jsonl", lines("a2"));
    let pattern = folder.shown("a*.jsonl");
    let json = folder.run(&["stats", "--json", "--cases", &pattern]).go().ends(0, &[]).json();
    assert_eq!(json["cases"], 2, "{json}");
    folder.run(&["stats", "--cases", &folder.shown("b*.jsonl")]).go().ends(2, &["no file is called like"]);
    // The first reply of a new bundle reads well with a place and without.
    for (complaint, place) in [(COMPLAINT, "（位置：东区人民路）"), ("路灯坏了，晚上看不见路", "（位置：待与您核实）")]
    {
        folder
            .run(&["match", complaint])
            .go()
            .ends(0, &[&format!("您好，您反映的路灯不亮的问题{place}已转市城市管理局处理，")]);
    }
}

#[test]
fn help_comes_with_examples() {
    for (lang, words) in [("en", ["Usage:", "Examples:", "jiesu match"]), ("zh", ["用法：", "示例：", "jiesu match"])]
    {
        Run::of(&["--lang", lang, "--help"]).go().ends(0, &words);
    }
    Run::of(&[]).env("LANG", "zh_CN.UTF-8").go().ends(2, &["用法：", "示例："]);
    Run::of(&[]).go().ends(2, &["Examples:"]);
    Run::of(&["--version"]).go().ends(0, &[env!("CARGO_PKG_VERSION")]);
    Run::of(&["no-such-command"]).go().ends(2, &["no-such-command"]);
}

/// Every example of the help is a command that there is, with arguments that it takes.
#[test]
fn examples_of_the_help_can_be_run() {
    let help = Run::of(&["--help"]).go();
    let examples: Vec<&str> = help.out.lines().skip_while(|line| !line.starts_with("Examples:")).skip(1).collect();
    assert!(examples.len() >= 5, "{}", help.out);
    for example in examples {
        let command = example.split("jiesu ").nth(1).unwrap_or_else(|| panic!("{example}"));
        let name = command.split(' ').next().unwrap();
        Run::of(&[name, "--help"]).go().ends(0, &["Usage:"]);
    }
}

/// A pager that is closed, or `head`, ends the program quietly.
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = Folder::init();
    for arguments in [
        &["check"][..],
        &["check", "--json"],
        &["match", COMPLAINT],
        &["match", COMPLAINT, "--json"],
        &["search", "路灯"],
    ] {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "\"$0\" \"$@\" | true", env!("CARGO_BIN_EXE_jiesu")]);
        let ran = Run::command(shell).arguments(arguments).arguments(&["--bundle", &folder.shown("bundle")]).go();
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    }
}

#[track_caller]
fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}
