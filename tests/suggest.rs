//! `jiesu suggest`: what labelled cases propose, measured on those held back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use folder::Folder;
use jiesu::source::Document;

/// A scenario that knows 路灯坏了 alone, and one about noise.
const LIGHTS: &str = "\
id: road/streetlight-out
title: 路灯不亮
category: 城乡建设/道路照明
when:
  any: [路灯坏了]
  none: [已经修好]
deadline: 3 working days
reply: 已转{{ department }}处理。
examples:
  match: [我们这条路的路灯坏了好几天]
";

const PLACES: [&str; 8] =
    ["菜场门口", "学校旁边", "老街那头", "河边步道", "厂区外面", "公园里面", "桥头那边", "车站后面"];
const ENDS: [&str; 6] = [
    "请尽快派人来看看",
    "老人走路都怕摔跤",
    "打过电话没有下文",
    "晚上孩子放学害怕",
    "已经一个多星期了",
    "希望有人管一管",
];

/// A made-up case a line: `count` texts of a pattern, each another.
fn cases(id: &str, label: &str, pattern: &str, count: usize) -> String {
    let case = |at: usize| {
        let text = pattern
            .replace("{place}", PLACES[at % 8])
            .replace("{end}", ENDS[at % 6])
            .replace("{n}", &"甲乙丙丁戊己庚辛壬癸子丑".chars().nth(at % 12).unwrap().to_string());
        format!("{{\"id\": \"{id}-{at}\", \"text\": \"{text}\", {label}}}\n")
    };
    (0..count).map(case).collect()
}

/// The minimal bundle with cases: lights that the rule knows and lights that it does not, and others.
fn with_cases() -> Folder {
    let folder = Folder::init();
    folder.write("bundle/rules/scenarios/road/streetlight-out.yaml", LIGHTS);
    let lights = r#""scenario": "road/streetlight-out""#;
    let text = [
        cases("known", lights, "{place}的路灯坏了，{end}", 24),
        cases("pole", lights, "{place}有电线杆歪倒，{end}，{n}号线附近。电话13800138000", 48),
        cases("mended", lights, "{place}电线杆已经修好，{end}", 6),
        cases("noise", r#""category": "城乡建设/噪声""#, "{place}半夜施工吵得睡不着，{end}", 40),
        cases("mast", r#""category": "城乡建设/噪声""#, "{place}晾衣杆风一吹就响，{end}", 40),
    ];
    folder.write("cases.jsonl", text.concat());
    folder
}

#[test]
fn a_word_that_its_cases_have_and_others_have_not_is_proposed() {
    let folder = with_cases();
    let file = folder.shown("cases.jsonl");
    let json = folder.run(&["suggest", "--cases", &file, "--json"]).go().ends(0, &[]).json();
    let one = &json["scenarios"][0];
    assert_eq!(one["scenario"], "road/streetlight-out");
    let terms: Vec<&str> = one["clauses"].as_array().unwrap().iter().map(|c| c["clause"].as_str().unwrap()).collect();
    assert!(terms.iter().any(|term| term.contains("电线杆")), "{terms:?}");
    assert!(!terms.iter().any(|term| term.contains("路灯坏")), "what the rule knows is no news: {terms:?}");
    for clause in one["clauses"].as_array().unwrap() {
        assert!(clause["precision"].as_f64().unwrap() >= 0.5 && clause["found"].as_u64().unwrap() > 0, "{clause}");
        assert!(clause["precision_lower"].as_f64().unwrap() < clause["precision"].as_f64().unwrap());
        assert!(clause["found"].as_u64() <= clause["missed"].as_u64());
        let examples = clause["examples"].as_array().unwrap();
        assert!(!examples.is_empty() && examples.len() <= 3 && !clause.to_string().contains("13800138000"), "{clause}");
    }
}

#[test]
fn the_yaml_loads_and_finds_what_was_missed() {
    let folder = with_cases();
    let file = folder.shown("cases.jsonl");
    let arguments = ["suggest", "--cases", &file, "--scenario", "road/streetlight-out"];
    let ran = folder.run(&arguments).go();
    ran.ends(0, &["cases held back", "Nothing was written"]);
    let mut findings = Vec::new();
    let document = Document::parse("out.yaml", &ran.out, &mut findings).unwrap_or_else(|| panic!("{}", ran.out));
    assert!(document.root().get("when").is_some());

    // Taken over as it stands, it finds a text that no case was.
    let proposed = ran.out.split_once("any:\n").unwrap().1;
    let text =
        format!("{}\n", LIGHTS.replace("any: [路灯坏了]", &format!("any:\n    - 路灯坏了\n{}", proposed.trim_end())));
    folder.write("bundle/rules/scenarios/road/streetlight-out.yaml", text);
    folder.run(&["check"]).go().ends(0, &[]);
    folder.run(&["match", "--rules-only", "小区后门有电线杆歪倒，压着电线"]).go().ends(0, &["路灯不亮"]);
}

#[test]
fn what_no_rule_matches_becomes_a_scenario() {
    let folder = with_cases();
    let file = folder.shown("cases.jsonl");
    let json = folder.run(&["suggest", "--cases", &file, "--new", "--json"]).go().ends(0, &[]).json();
    let new = json["new"].as_array().unwrap();
    let noise =
        new.iter().find(|one| one["yaml"].as_str().unwrap().contains("施工")).unwrap_or_else(|| panic!("{json}"));
    assert_eq!(noise["label"], "城乡建设/噪声");
    assert!(noise["coverage"].as_f64().unwrap() > 0.0 && noise["precision"].as_f64().unwrap() >= 0.5);
    // A draft is a scenario: with somebody responsible and an example it loads.
    folder.write("bundle/rules/scenarios/new/suggestion.yaml", noise["yaml"].as_str().unwrap());
    let id = noise["yaml"].as_str().unwrap().lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let row = format!("- {{scenario: {id}, lead: urban-management, basis: 示例}}\n");
    folder.write("bundle/rules/responsibility/new.yaml", row);
    folder.run(&["check"]).go().ends(0, &["0 errors"]);
    folder.run(&["match", "--rules-only", "楼下半夜施工吵得睡不着"]).go().ends(0, &[&id]);
}

#[test]
fn the_same_cases_propose_the_same_in_any_order() {
    let folder = with_cases();
    let text = std::fs::read_to_string(folder.at("cases.jsonl")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    folder.write("reversed.jsonl", lines.join("\n"));
    let run = |file: &str| folder.run(&["suggest", "--cases", &folder.shown(file), "--json"]).go().ends(0, &[]).json();
    assert_eq!(run("cases.jsonl"), run("reversed.jsonl"));
}

#[test]
fn labels_may_be_names_of_the_bundle() {
    let folder = with_cases();
    let text = std::fs::read_to_string(folder.at("cases.jsonl")).unwrap();
    for label in [r#""department": "城管局""#, r#""category": "城乡建设/道路照明""#] {
        folder.write("named.jsonl", text.replace(r#""scenario": "road/streetlight-out""#, label));
        let json = folder.run(&["suggest", "--cases", &folder.shown("named.jsonl"), "--json"]).go().ends(0, &[]).json();
        assert!(json["scenarios"][0]["yaml"].as_str().unwrap_or_default().contains("电线杆"), "{label}: {json}");
    }
}

#[test]
fn nothing_to_say_is_said() {
    let folder = Folder::init();
    folder.write("few.jsonl", cases("a", r#""scenario": "road/streetlight-out""#, "{place}电线杆歪了", 3));
    let file = folder.shown("few.jsonl");
    folder.run(&["suggest", "--cases", &file]).go().ends(0, &["nothing to suggest"]);
    folder.run(&["suggest", "--cases", &file, "--new"]).go().ends(0, &["nothing to suggest"]);
    folder.run(&["suggest", "--cases", &file, "--scenario", "road/streetlight-ou"]).go().ends(2, &["did you mean"]);
    folder.run(&["suggest", "--cases", "nowhere.jsonl"]).go().ends(2, &["nowhere.jsonl"]);
    folder.write("empty.jsonl", "");
    folder.run(&["suggest", "--cases", &folder.shown("empty.jsonl")]).go().ends(2, &["no cases"]);
}
