//! The command: what it prints for people and programs, what it mends, what it leaves.

use std::fs;
use std::time::Duration;

use crate::support::Folder;

const SCENARIO: &str = "bundle/rules/scenarios/road/streetlight-out.yaml";
const TERMS: &str = "bundle/rules/terms/common.yaml";
const DAY: [&str; 2] = ["--at", "2026-11-22"];

/// A bundle with a term that stands twice beside a comment, a hint that is a term, and a list that nothing uses.
fn with_warnings() -> Folder {
    let folder = Folder::init();
    folder.edit(TERMS, "[路灯, 街灯, 照明灯]", "[路灯, 街灯, 路灯, 照明灯]   # 都是路灯");
    folder.edit(TERMS, "# 词表", "阀门: [阀门]\n# 词表");
    folder.edit(SCENARIO, "hints: [晚上, 看不见路]", "hints: [晚上, 路灯故障, 看不见路]  # 加分");
    folder
}

/// Codes of findings in what `--json` gives.
fn codes(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let ran = folder.run(&["check", "--json"]).arguments(&DAY).arguments(arguments).go();
    let json = ran.json();
    json["diagnostics"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

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

#[test]
fn files_limit_what_is_shown() {
    let folder = with_warnings();
    assert_eq!(codes(&folder, &[]), ["J077", "J075", "J071"]);
    assert_eq!(codes(&folder, &["rules/terms"]), ["J075", "J071"]);
    assert_eq!(codes(&folder, &["rules/scenarios/road/streetlight-out.yaml"]), ["J077"]);
    let from_here = folder.shown(TERMS);
    assert_eq!(codes(&folder, &[&from_here, "knowledge"]), ["J075", "J071"]);
    folder.run(&["check", "rules/nowhere.yaml"]).go().ends(2, &["there is no rules/nowhere.yaml"]);
    folder.run(&["check", "--deny-warnings", "knowledge"]).arguments(&DAY).go().ends(0, &["0 warnings"]);
}

/// What says the same stays in its better form, wherever that stands.
#[test]
fn fixes_keep_the_better_of_two_that_say_the_same() {
    let folder = Folder::init();
    folder.edit(TERMS, "[路灯, 街灯, 照明灯]", "[路燈, 街灯, 路灯, 照明灯, 照明灯杆, 照明灯]");
    folder.edit(
        SCENARIO,
        "    - 路灯故障\n",
        "    - [路灯, 没电]\n    - 路灯故障\n    - [{any: [路灯, 路灯杆]}, 没电]\n",
    );
    folder.run(&["check", "--fix"]).arguments(&DAY).go();
    let text = |path: &str| fs::read_to_string(folder.at(path)).unwrap();
    assert!(text(TERMS).contains("路灯: [街灯, 路灯, 照明灯, 照明灯杆]"), "{}", text(TERMS));
    let scenario = text(SCENARIO);
    assert!(scenario.contains("    - 路灯故障\n    - [{any: [路灯, 路灯杆]}, 没电]\n"), "{scenario}");
    assert!(!scenario.contains("    - [路灯, 没电]"), "{scenario}");
}

#[test]
fn settings_weigh_findings_and_errors_stay_errors() {
    let folder = with_warnings();
    for (settings, exit, expected) in [
        ("", 0, vec!["J077", "J075", "J071"]),
        ("- {codes: [J071, J077], severity: off}\n", 0, vec!["J075"]),
        ("- {codes: [J071], severity: error}\n", 1, vec!["J071", "J077", "J075"]),
        ("- {codes: [duplicate-term, J075], severity: off, files: [rules/terms/*.yaml]}\n", 0, vec!["J077"]),
        ("- {codes: [J075], severity: off, files: ['rules/scenarios/**']}\n", 0, vec!["J077", "J075", "J071"]),
        ("- {codes: [J075, J077], severity: off}\n- {codes: [J077], severity: warning}\n", 0, vec!["J077", "J071"]),
        ("- {codes: [J070], severity: warning}\n", 0, vec!["J077", "J075", "J071"]),
        ("- {codes: [J003], severity: off}\n", 1, vec!["J006", "J077", "J075", "J071"]),
        ("- {codes: [J999], severity: off}\n", 1, vec!["J006", "J077", "J075", "J071"]),
        ("- {codes: [J071], sevrity: off}\n", 1, vec!["J003", "J004", "J077", "J075", "J071"]),
    ] {
        folder.write("bundle/rules/checks.yaml", settings);
        let mut found = codes(&folder, &[]);
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{settings}");
        folder.run(&["check"]).arguments(&DAY).go().ends(exit, &[]);
    }
}

#[test]
fn a_comment_with_a_reason_allows_what_stands_there() {
    for (from, to, expected) in [
        ("阀门: [阀门]", "阀门: [阀门] # jiesu: allow J075 下个月用", vec!["J077", "J071"]),
        ("阀门: [阀门]", "# jiesu: allow J075 下个月用\n# 阀门\n\n阀门: [阀门]", vec!["J077", "J071"]),
        ("阀门: [阀门]", "# jiesu: allow J071, J075 下个月用\n阀门: [阀门]", vec!["J077", "J071"]),
        ("阀门: [阀门]", "# jiesu: allow J075\n阀门: [阀门]", vec!["J077", "J111", "J075", "J071"]),
        ("阀门: [阀门]", "# jiesu: allow J071 下个月用\n阀门: [阀门]", vec!["J077", "J110", "J075", "J071"]),
        ("阀门: [阀门]", "# jiesu: allow J975 下个月用\n阀门: [阀门]", vec!["J077", "J110", "J075", "J071"]),
        ("阀门: [阀门]", "# jiesu: allow 下个月用\n阀门: [阀门]", vec!["J077", "J110", "J075", "J071"]),
        // Between quotation marks it is text.
        ("阀门: [阀门]", "阀门: ['# jiesu: allow J075 是词']", vec!["J077", "J075", "J071"]),
    ] {
        let folder = with_warnings();
        folder.edit(TERMS, from, to);
        assert_eq!(codes(&folder, &[]), expected, "{to}");
    }
}

#[test]
fn fixes_mend_and_leave_the_rest() {
    let folder = with_warnings();
    let before = fs::read_to_string(folder.at(TERMS)).unwrap();
    let ran = folder.run(&["check", "--fix", "rules/terms"]).arguments(&DAY).go();
    ran.ends(0, &["mended rules/terms/common.yaml:3:", "[J071]", "1 findings were mended", "0 errors, 1 warnings"]);
    let after = fs::read_to_string(folder.at(TERMS)).unwrap();
    assert_eq!(after, before.replace("街灯, 路灯, 照明灯", "街灯, 照明灯"));
    assert!(after.contains("# 都是路灯"));
    let json = folder.run(&["check", "--fix", "--json"]).arguments(&DAY).go().ends(0, &[]).json();
    assert_eq!(json["fixed"]["mended"][0]["code"], "J077");
    let scenario = fs::read_to_string(folder.at(SCENARIO)).unwrap();
    assert!(scenario.contains("hints: [晚上, 看不见路]  # 加分"), "{scenario}");
    assert_eq!(codes(&folder, &[]), ["J075"]);
}

/// A fix after which an example no longer does what it says is not written.
#[test]
fn a_fix_that_leads_to_an_error_is_left() {
    let folder = Folder::init();
    folder.edit(SCENARIO, "  match:\n", "  match:\n    - 请打13912345678，路灯故障好几天了没有人来修\n");
    folder.edit(SCENARIO, "    - 路灯故障\n", "    - [路灯故障, {regex: '13912345678'}]\n    - 打过一次电话\n");
    let before = fs::read_to_string(folder.at(SCENARIO)).unwrap();
    folder.run(&["check", "--fix"]).arguments(&DAY).go().ends(0, &["0 findings were mended", "J100", "were left"]);
    assert_eq!(fs::read_to_string(folder.at(SCENARIO)).unwrap(), before);
}

#[test]
fn programs_read_it_too() {
    let folder = with_warnings();
    let run = |format| folder.run(&["check", "--format", format]).arguments(&DAY).go();
    let sarif = run("sarif").ends(0, &[]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&sarif["version"], &result["ruleId"]), (&"2.1.0".into(), &"J077".into()));
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][index]["id"], "J077");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/scenarios/road/streetlight-out.yaml");
    assert_eq!(place["region"]["startColumn"], 13);
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "");
    run("junit").ends(0, &["<testsuite name=\"jiesu check\"", "J071", "failures=\"0\""]);
    let denied = folder.run(&["check", "--format", "junit", "--deny-warnings"]).arguments(&DAY).go();
    denied.ends(1, &["failures=\"3\"", "type=\"duplicate-term\""]);
    let annotations = run("github");
    annotations.ends(0, &["::warning file=rules/terms/common.yaml,line=3,endLine=3,col="]);
    assert_eq!(annotations.out.lines().count(), 3, "{}", annotations.out);
    folder.run(&["check", "--format", "sarif", "--json"]).go().ends(2, &[]);
}

/// A bundle of a thousand scenarios, each with terms of its own and four examples.
#[test]
fn a_thousand_scenarios_are_checked_soon() {
    let folder = Folder::init();
    let word = |number: usize, salt: usize| -> String {
        let character =
            |at: usize| char::from_u32(0x4E00 + ((number * 7919 + salt * 104_729 + at * 1_299_709) % 20_000) as u32);
        (0..3).filter_map(character).collect()
    };
    for number in 0..1_000 {
        let (a, b, c) = (word(number, 1), word(number, 2), word(number, 3));
        let text = format!(
            "id: s{number}/s\ntitle: 场景{number}\ncategory: 城乡建设/道路照明\nwhen:\n  any:\n    - [{a}, {b}]\n    - {{near: [{c}, {a}], within: 5}}\n    - {{any: [{c}{b}], none: [$路灯]}}\n\
             deadline: 3 working days\ndeadline_basis: 规程\nreply: 已转{{{{ department }}}}，{{{{ deadline }}}}前答复。\n\
             examples:\n  match:\n    - 我家门口{a}那里一直有{b}的事情，请来看一看\n    - 昨天晚上{c}旁边{a}坏掉了没有人来修理过\n    - 小区里{c}{b}已经三天没有人来处理，请尽快\n  no_match:\n    - 只是想问一下{c}怎么办理需要什么材料\n"
        );
        folder.write(&format!("bundle/rules/scenarios/s{number}/s.yaml"), text);
    }
    folder.write(
        "bundle/rules/responsibility/more.yaml",
        "- {category: 城乡建设, lead: urban-management, basis: 目录}\n",
    );
    let started = std::time::Instant::now();
    let ran = folder.run(&["check", "--json"]).within(Duration::from_secs(120)).go();
    let took = started.elapsed();
    println!("1,000 scenarios: {took:?}");
    assert_eq!(ran.json()["counts"]["scenarios"], 1_001);
    // Without optimisation and beside other tests; optimised it is a tenth of it.
    assert!(took < Duration::from_secs(60), "{took:?}");
}
