//! What a bundle's own cases teach: learned once, kept in the cache, weighed against rules, shown in decisions; and
//! measured with `eval routing`.
//!
//! The cases are made up from a few phrases for each department, marked as real so that they may teach.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::sync::Arc;

use folder::{Folder, eventually};
use jiesu::bundle::{Cache, LearningState, Live, teach};
use jiesu::decide::{Complaint, Decision, Options, Outcome, Source, parse_time};
use serde_json::{Value, json};

/// Departments by a name that cases use, with what they are called about.
const MATTERS: &[(&str, &[&str])] = &[
    ("城管局", &["占道经营的摊贩太多", "垃圾堆在路口没人清", "户外广告牌快掉下来", "烧烤摊油烟熏人"]),
    ("市公交集团", &["公交车等了四十分钟不来", "司机到站不停车", "公交线路被取消", "车上空调不开"]),
    ("市教育局", &["学校周末违规补课", "幼儿园乱收费", "老师打骂学生", "入学名额被占"]),
    ("市卫健委", &["医院多收检查费", "挂号排队太久", "医生态度恶劣", "诊所没有执照"]),
];
const PLACES: &[&str] = &["人民路", "中山街", "和平小区", "东门市场", "新华村", "滨江花园", "火车站", "文化宫"];
const ENDS: &[&str] = &["，请核实处理", "，已经一个月了", "，希望有人管", "，居民意见很大", "，多次反映无果"];

/// Some 640 cases from January to April.
fn cases() -> Vec<Value> {
    let mut cases = Vec::new();
    for (department, matters) in MATTERS {
        for (matter, place, end) in each(matters) {
            let number = cases.len();
            let day = format!("2026-{:02}-{:02}", 1 + number % 4, 1 + number % 28);
            let text = format!("{}{}{}", PLACES[place], matters[matter], ENDS[end]);
            cases
                .push(json!({"id": format!("c{number:04}"), "text": text, "department": department, "opened_on": day}));
        }
    }
    cases
}

fn each(matters: &[&str]) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
    let matters = matters.len();
    (0..matters).flat_map(|matter| {
        (0..PLACES.len()).flat_map(move |place| (0..ENDS.len()).map(move |end| (matter, place, end)))
    })
}

fn lines(cases: &[Value]) -> String {
    cases.iter().map(|case| format!("{case}\n")).collect()
}

/// The bundle of `init` with three more departments and the cases.
fn taught() -> Folder {
    let folder = Folder::init();
    let more = "
- id: bus
  name: 市公交集团
- id: education
  name: 市教育局
- id: health
  name: 市卫生健康委员会
  aliases: [市卫健委]
";
    let path = "bundle/rules/departments.yaml";
    let departments = std::fs::read_to_string(folder.at(path)).unwrap() + more;
    folder.write(path, departments);
    folder.write("bundle/knowledge/cases/real.jsonl", lines(&cases()));
    folder
}

fn decide(live: &Live, text: &str) -> Decision {
    let engine = &live.serving().bundle.engine;
    let at = parse_time("2026-05-02T10:00", &engine.settings().time_zone).unwrap();
    let complaint = Complaint { text: text.to_owned(), title: None, channel: None, district: None, at };
    engine.decide(&complaint, Options::default()).unwrap()
}

#[test]
fn build_learns_and_match_says_what_was_learned() {
    let folder = taught();
    let before = folder.run(&["match", "--json", "滨江花园的诊所没有执照还在看病"]).go().json();
    assert!(before["revision"].as_str().unwrap().ends_with("-untaught"), "{}", before["revision"]);
    assert_eq!(before["words"], json!([]));

    let built = folder.run(&["build", "--json"]).go();
    assert_eq!(built.json()["learning"], "ready", "{}", built.err);

    let decision = folder.run(&["match", "--json", "滨江花园的诊所没有执照还在看病"]).go().json();
    assert_eq!(decision["source"], "learned");
    assert_eq!(decision["department"]["id"], "health", "a department by any of its names is one");
    let words: Vec<&str> = decision["words"].as_array().unwrap().iter().map(|w| w["text"].as_str().unwrap()).collect();
    assert!(words.contains(&"诊所"), "{words:?}");
    assert_eq!(decision["bar"]["target"], 0.95);
    assert!(decision["bar"]["threshold"].as_f64().is_some(), "640 cases earn a bar: {}", decision["bar"]);
    assert!(!decision["revision"].as_str().unwrap().contains('-'));

    let rules_only = folder.run(&["match", "--json", "--rules-only", "滨江花园的诊所没有执照还在看病"]).go().json();
    assert_eq!(rules_only["outcome"], "unknown", "what was learned is left out");
}

#[test]
fn what_was_kept_damaged_is_learned_again() {
    let folder = taught();
    folder.run(&["build"]).go().ends(0, &[]);
    let lessons: Vec<_> = std::fs::read_dir(folder.at("cache/lessons")).unwrap().flatten().collect();
    assert_eq!(lessons.len(), 1);
    let path = lessons[0].path();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&path, &bytes).unwrap();
    let decision = folder.run(&["match", "--json", "诊所没有执照"]).go().json();
    assert!(decision["revision"].as_str().unwrap().ends_with("-untaught"), "damage is seen");
    folder.run(&["build"]).go().ends(0, &[]);
    assert_ne!(std::fs::read(&path).unwrap(), bytes);
}

/// A rule leads whatever cases say; the decision shows its record on them, and is sure of it only as far as they agree.
#[test]
fn a_rule_is_not_outvoted_and_its_record_is_shown() {
    let folder = taught();
    folder.run(&["build"]).go().ends(0, &[]);
    let decision = folder.run(&["match", "--json", "和平小区门口的路灯坏了三天了，公交车也等不来"]).go().json();
    assert_eq!(decision["source"], "rule");
    assert_eq!(decision["scenario"]["id"], "road/streetlight-out");
    assert_eq!(decision["department"]["id"], "urban-management");
    assert!(decision["department"]["confidence"].as_f64().unwrap() < 0.9, "{}", decision["department"]);
}

#[test]
fn a_server_learns_while_it_answers() {
    let folder = taught();
    let cache = Cache::in_folder(folder.at("cache"));
    let live = Arc::new(Live::start(&folder.bundle(), cache.clone(), None).unwrap_or_else(|e| panic!("{e:?}")));
    assert_eq!(live.serving().bundle.learning.state, LearningState::Missing);
    let near = decide(&live, "人民路垃圾堆在路口没人清，希望有人管");
    assert_eq!(near.source, Some(Source::Learned), "near cases vote at once");
    assert_eq!(near.outcome, Outcome::Suggest, "and nothing goes out on their word alone");

    teach(&live, cache).unwrap();
    let state = || format!("{:?}", live.serving().bundle.learning.state);
    eventually(state, || live.serving().bundle.learning.state == LearningState::Ready);
    let learned = decide(&live, "人民路垃圾堆在路口没人清，希望有人管");
    assert_eq!(learned.department.map(|department| department.id).as_deref(), Some("urban-management"));

    // A new kind of matter works from its first cases, before anything is learned again.
    let mut more = cases();
    for (number, text) in ["地铁扶梯停运老人走不了", "地铁扶梯又坏了", "地铁口扶梯停用没有告示"].iter().enumerate()
    {
        more.push(
            json!({"id": format!("n{number}"), "text": text, "department": "市公交集团", "opened_on": "2026-04-28"}),
        );
    }
    folder.write("bundle/knowledge/cases/real.jsonl", lines(&more));
    assert!(live.reload().accepted);
    assert!(live.serving().bundle.engine.learned().is_some(), "what earlier cases taught is used on");
    let new = decide(&live, "地铁扶梯坏了，老人走不了");
    assert_eq!(new.department.map(|department| department.id).as_deref(), Some("bus"));
    eventually(state, || live.serving().bundle.learning.state == LearningState::Ready);
}

#[test]
fn an_edit_of_rules_changes_what_they_said_of_past_cases() {
    let folder = taught();
    let cache = Cache::in_folder(folder.at("cache"));
    folder.run(&["build"]).go().ends(0, &[]);
    let live = Live::start(&folder.bundle(), cache, None).unwrap_or_else(|e| panic!("{e:?}"));
    let record = || {
        let serving = live.serving();
        let learned = serving.bundle.engine.learned().unwrap();
        learned.record(jiesu::decide::learned::Level::Department, "road/streetlight-out")
    };
    assert_eq!(record().led, 0, "no case is about a street light");
    folder.edit(
        "bundle/rules/scenarios/road/streetlight-out.yaml",
        "  any:\n",
        "  any:\n    - 垃圾堆在路口\n    - 幼儿园乱收费\n",
    );
    let attempt = live.reload();
    assert!(attempt.accepted, "{:?}", attempt.diagnostics);
    assert_eq!((record().led, record().right), (80, 40), "right about refuse, wrong about kindergartens");
    folder.edit("bundle/rules/scenarios/road/streetlight-out.yaml", "    - 幼儿园乱收费\n", "");
    assert!(live.reload().accepted);
    assert_eq!((record().led, record().right), (40, 40));
}

#[test]
fn eval_routing_measures_what_cases_teach() {
    let folder = taught();
    let all = cases();
    let (queries, teaching): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(at, _)| at % 5 == 0);
    let lines_of = |part: Vec<(usize, Value)>| lines(&part.into_iter().map(|(_, case)| case).collect::<Vec<_>>());
    folder.write("teach.jsonl", lines_of(teaching));
    folder.write("ask.jsonl", lines_of(queries));
    let (cases, queries) = (folder.shown("teach.jsonl"), folder.shown("ask.jsonl"));
    let arguments = ["eval", "routing", "--cases", &cases, "--queries", &queries, "--label", "department"];
    let page = folder.shown("report.html");
    let more = ["--json", "--noise", "0.1", "--prefix", "0.5", "--target", "0.9", "--html", &page];
    let figures = folder::Run::of(&[&arguments[..], &more].concat()).go().json();
    assert_eq!((figures["n"].as_u64(), figures["labels"].as_u64()), (Some(128), Some(4)));
    for key in ["accuracy", "macro_f1", "top3", "ece", "train_seconds", "clean", "prefixes"] {
        assert!(!figures[key].is_null(), "{key}: {figures}");
    }
    assert!(figures["clean"]["accuracy"].as_f64().unwrap() > 0.95, "{figures}");
    assert_eq!(figures["targets"][0]["target"], 0.9);
    assert!(figures["latency_us"]["p50"].as_f64().unwrap() > 0.0);
    assert!(std::fs::read_to_string(&page).unwrap().starts_with("<!"), "a page of HTML");

    // With a bundle, its names of departments hold and its rules take part.
    let with_bundle = folder.run(&[&arguments[..], &["--json"]].concat()).go().json();
    assert!(with_bundle["accuracy"].as_f64().unwrap() > 0.95, "{with_bundle}");

    let shown = folder::Run::of(&[&arguments[..], &["--lang", "zh"]].concat()).go();
    shown.ends(0, &["分派评测：department"]);
    let split = ["eval", "routing", "--cases", &cases, "--split", "2026-04-01", "--label", "department", "--json"];
    let later = folder::Run::of(&split).go().json();
    assert!(later["by_month"].as_array().unwrap().len() == 1, "{}", later["by_month"]);
}

#[test]
fn eval_routing_says_what_is_wrong() {
    let folder = Folder::empty();
    folder.write("a.jsonl", lines(&cases()));
    let a = folder.shown("a.jsonl");
    for (arguments, words) in [
        (vec!["--cases", &a, "--queries", &a, "--label", "unit"], "没有一条诉求带有 unit 标签"),
        (vec!["--cases", "/nowhere.jsonl", "--queries", &a, "--label", "unit"], "/nowhere.jsonl"),
        (vec!["--cases", &a, "--split", "yesterday", "--label", "department"], "yesterday"),
    ] {
        let all = [&["eval", "routing", "--lang", "zh"], &arguments[..]].concat();
        let ran = folder::Run::of(&all).go();
        assert_eq!(ran.code, Some(2), "{all:?}");
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}
