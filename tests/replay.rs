//! The log of decisions that a server writes, and deciding it again: real processes, real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/bundle.rs"]
mod bundle;
#[path = "replay/entries.rs"]
mod entries;
#[path = "support/folder.rs"]
mod folder;
#[path = "replay/learned.rs"]
mod learned;
#[path = "replay/overflow.rs"]
mod overflow;
#[path = "replay/process.rs"]
mod process;
#[path = "support/server.rs"]
mod support;

use std::fs;
use std::time::Duration;

use folder::{Folder, eventually};
use process::Process;
use serde_json::{Value, json};

/// What nobody may read in a log. All made up.
const PERSONAL: &[&str] = &[
    "13800138000",
    "13900139001",
    "欧阳甲乙",
    "寅卯辰",
    "11010519491231002X",
    "6222021234567890123",
    "粤A12345",
    "jia.yi@",
];

/// Complaints with personal data of every kind, with every field, and without any.
fn complaints() -> Vec<Value> {
    vec![
        json!({"text": "东区人民路的路灯坏了三天，晚上一片漆黑"}),
        json!({"text": "市民欧阳甲乙反映，东区建设路12号门口路灯不亮，联系电话13800138000"}),
        json!({"text": "路灯故障，打电话139 0013 9001没人接", "title": "欧阳先生投诉", "channel": "电话", "district": "东区", "at": "2026-11-22T10:00:00.123456789"}),
        json!({"text": "身份证11010519491231002X，卡号6222021234567890123，要求退款"}),
        json!({"text": "联系人：寅卯辰，车牌粤A12345停在路灯下面，路灯不亮，邮箱jia.yi@example.com", "title": "寅卯辰家门口"}),
        json!({"text": "想咨询一下公积金怎么提取", "at": "2026-12-31"}),
        json!({"text": "\u{200b}（路灯）𠮷屋🚨 ①号楼街灯灭了，ＴＥＬ：１３８００１３８０００"}),
        json!({"text": format!("{}路灯不亮", "很长的诉求，".repeat(2_000))}),
    ]
}

fn log(folder: &Folder) -> String {
    // A torn line may end within a character.
    String::from_utf8_lossy(&fs::read(folder.at("data/decisions/decisions.jsonl")).unwrap()).into_owned()
}

fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Asks for all complaints: one by one, by rules alone, with an explanation, and in a batch. Gives how many decisions.
fn ask_all(server: &Process) -> u64 {
    let complaints = complaints();
    for query in ["", "?rules_only", "?explain=full"] {
        for complaint in complaints.iter().take(if query.is_empty() { 8 } else { 3 }) {
            assert_eq!(server.post(&format!("/v1/match{query}"), complaint).0, 200, "{complaint}");
        }
    }
    let mut batch = complaints.clone();
    batch.push(json!({"text": ""}));
    assert_eq!(server.post("/v1/match:batch", &json!({"complaints": batch})).0, 200);
    8 + 3 + 3 + 8
}

#[test]
fn a_log_is_replayed_to_the_byte_and_an_edit_is_shown() {
    let folder = Folder::init();
    let server = Process::start(&folder, &["--decision-log"]);
    let first = server.revision();
    let mut asked = ask_all(&server);
    folder.edit("bundle/rules/terms/common.yaml", "照明灯]", "照明灯, 灯杆]");
    folder.edit("bundle/rules/scenarios/road/streetlight-out.yaml", "您好，", "市民您好，");
    eventually(|| "a reload".to_owned(), || server.revision() != first);
    let second = server.revision();
    asked += ask_all(&server);
    assert_eq!(server.metric("jiesu_decision_log_dropped_total"), 0.0);
    server.stop();

    let text = log(&folder);
    for secret in PERSONAL {
        assert!(!text.contains(secret), "{secret}");
    }
    let entries = lines(&text);
    assert_eq!(entries.len() as u64, asked);
    let decided = entries.iter().filter(|entry| entry["decision"]["source"] == "rule").count();
    assert!(decided > 10, "{decided}");
    assert!(entries.iter().any(|entry| entry["options"]["rules_only"] == true));
    assert!(entries.iter().all(|entry| entry["decision"].get("elapsed_us").is_none()));
    // A card's number is none any more when it is masked: what changes is there beside the answer.
    let on_masked: Vec<&Value> = entries.iter().filter(|entry| !entry["on_masked"].is_null()).collect();
    let masked = entries.iter().filter(|entry| entry["masked"] == true).count();
    assert!(!on_masked.is_empty() && on_masked.len() < masked && masked < entries.len(), "{masked}");
    assert!(on_masked.iter().all(|entry| entry["masked"] == true));

    // Each under its own revision: the same to the byte.
    let data = folder.shown("data");
    let replay = |arguments: &[&str]| folder.replay(&[&["--data", &data], arguments].concat());
    let report = replay(&["--json"]).ends(0, &[]).json();
    assert_eq!((report["entries"].as_u64(), report["same"].as_u64()), (Some(asked), Some(asked)), "{report:#}");
    let revisions: Vec<&String> = report["revisions"].as_object().unwrap().keys().collect();
    assert_eq!(revisions.len(), 2);
    assert!(revisions.contains(&&first) && revisions.contains(&&second));
    replay(&["--strict"]).ends(0, &["each under its own revision", "0 different"]);

    // Under another: the reply of every decision of the other revision differs, and nothing else.
    let bundle = folder.shown("bundle");
    let of_first: Vec<&Value> = entries.iter().filter(|entry| entry["revision"] == first.as_str()).collect();
    let replied = of_first.iter().filter(|entry| !entry["decision"]["reply"].is_null()).count() as u64;
    for (under, arguments) in [("the folder", ["--bundle", &bundle]), ("what was kept", ["--revision", &second])] {
        let report = replay(&[arguments.as_slice(), &["--json"]].concat()).ends(0, &[]).json();
        assert_eq!(report["different"].as_u64(), Some(replied), "{under}: {report:#}");
        assert_eq!(report["fields"]["reply"].as_u64(), Some(replied), "{under}: {report:#}");
        assert_eq!(report["examples"][0]["differences"][0]["field"], "reply", "{under}");
    }
    replay(&["--bundle", &bundle, "--strict"]).ends(1, &["市民您好", "fields that differ: "]);
    let id = entries[1]["id"].as_str().unwrap();
    replay(&["--id", id, "--json"]).ends(0, &[r#""entries": 1"#]);
    replay(&["--id", "nobody"]).ends(2, &["no decision with this id"]);
}

#[test]
fn a_killed_server_leaves_one_torn_line_at_most_and_the_next_goes_on() {
    let folder = Folder::init();
    for round in 0..3 {
        let server = Process::start(&folder, &["--decision-log"]);
        let batch: Vec<Value> = (0..100).flat_map(|_| complaints().into_iter().take(7)).collect();
        server.post_and_leave("/v1/match:batch", &json!({"complaints": batch}));
        eventually(|| "lines".to_owned(), || server.metric("jiesu_decision_log_written_total") > 5.0);
        server.kill();
        let text = log(&folder);
        let torn = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).count();
        assert!(torn <= round + 1, "{torn} torn lines after {} kills", round + 1);
    }
    // Torn where a kill cannot be made to tear it.
    let whole = log(&folder);
    let last = whole.lines().last().unwrap();
    let torn: Vec<u8> = [whole.as_bytes(), &last.as_bytes()[..last.len() / 2]].concat();
    fs::write(folder.at("data/decisions/decisions.jsonl"), torn).unwrap();
    let server = Process::start(&folder, &["--decision-log"]);
    assert_eq!(server.post("/v1/match", &complaints()[0]).0, 200);
    server.stop();
    let data = folder.shown("data");
    let report = folder.replay(&["--data", &data, "--json"]).ends(0, &[]).json();
    let lines = log(&folder).lines().count() as u64;
    assert_eq!(report["same"].as_u64().unwrap() + report["torn_lines"].as_u64().unwrap(), lines, "{report:#}");
    assert!(report["torn_lines"].as_u64().unwrap() >= 1);
    folder.replay(&["--data", &data]).ends(0, &[&format!("decisions.jsonl:{}: the line is torn", lines - 1)]);
}

#[test]
fn files_are_rotated_and_replayed_in_order() {
    let folder = Folder::init();
    let (own, log) = (folder.shown("own"), folder.shown("log"));
    let server =
        Process::start(&folder, &["--decision-log", &log, "--decision-log-mb", "1", "--decision-log-keep", "2"]);
    // Control characters take six bytes each.
    let long = json!({"text": format!("{}路灯不亮", "\u{1}".repeat(29_000))});
    for _ in 0..14 {
        assert_eq!(server.post("/v1/match", &long).0, 200);
    }
    server.stop();
    let mut files: Vec<String> = fs::read_dir(folder.at("log"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.retain(|name| name.ends_with(".jsonl"));
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(files[1], "decisions.jsonl");
    assert!(files.iter().all(|name| fs::metadata(folder.at("log").join(name)).unwrap().len() <= 1 << 20));
    let data = folder.shown("data");
    let report = folder.replay(&[&log, "--data", &data, "--json"]).ends(0, &[]).json();
    let same = report["same"].as_u64().unwrap();
    assert!((7..14).contains(&same), "{same}");
    folder.replay(&[&own, "--data", &data]).ends(2, &["cannot open"]);
}

#[test]
fn whatever_a_log_holds_is_told_by_file_and_line() {
    let folder = Folder::init();
    let server = Process::start(&folder, &["--decision-log"]);
    for complaint in complaints().iter().take(3) {
        server.post("/v1/match", complaint);
    }
    server.stop();
    let text = log(&folder);
    let whole: Vec<&str> = text.lines().collect();
    let revision = lines(&text)[0]["revision"].as_str().unwrap().to_owned();
    let data = folder.shown("data");
    for (name, second_line, code, words) in [
        ("same", whole[1].to_owned(), 0, vec!["3 the same to the byte"]),
        ("nonsense", "{\"id\": 1}".to_owned(), 1, vec!["log.jsonl:2: no line of a decision log", "2 the same"]),
        ("unended", whole[1][..whole[1].len() - 9].to_owned(), 0, vec!["log.jsonl:2: the line is torn", "2 the same"]),
        (
            "another revision",
            whole[1].replace(&revision, "0123456789abcdef"),
            1,
            vec!["1 not replayed", "does not hold"],
        ),
        ("no revision", whole[1].replace(&revision, "../../etc"), 1, vec!["1 not replayed"]),
        ("taught", whole[1].replace(&revision, &format!("{revision}-stale")), 1, vec!["1 not replayed"]),
        (
            "no time",
            whole[1].replacen("\"at\":\"20", "\"at\":\"x", 3),
            1,
            vec!["log.jsonl:2: `request.at`", "1 not replayed"],
        ),
        (
            "changed",
            whole[1].replace("\"outcome\":\"suggest\"", "\"outcome\":\"auto\""),
            1,
            vec!["1 different", "outcome: auto → suggest", "log.jsonl:2"],
        ),
        ("changed in a digit", whole[1].replace("\"target\":0.95", "\"target\":0.950"), 1, vec!["1 different", "bar"]),
    ] {
        assert!(name == "same" || second_line != whole[1], "{name}");
        folder.write("log.jsonl", format!("{}\n{second_line}\n{}\n", whole[0], whole[2]));
        folder.replay(&[&folder.shown("log.jsonl"), "--data", &data]).ends(code, &words);
    }
    // Another version of the engine may decide otherwise; that is told, and an error only where it is asked for.
    let other = whole[1].replace("\"outcome\":\"suggest\"", "\"outcome\":\"auto\"");
    let other = other.replace(&format!("\"engine\":\"{}\"", env!("CARGO_PKG_VERSION")), "\"engine\":\"0.0.1\"");
    folder.write("log.jsonl", format!("{other}\n"));
    let log = folder.shown("log.jsonl");
    folder.replay(&[&log, "--data", &data]).ends(0, &["decided by engine 0.0.1", "engine 0.0.1 > "]);
    folder.replay(&[&log, "--data", &data, "--strict"]).ends(1, &["engine 0.0.1 > "]);

    folder.replay(&[&log]).ends(2, &["say which bundle decides"]);
    folder.replay(&[]).ends(2, &["name a log"]);
    folder.replay(&[&log, "--data", &folder.shown("nowhere")]).ends(2, &["is no folder that"]);
    folder.replay(&[&log, "--lang", "zh", "--data", &data]).ends(0, &["按各自的规则包版本重放", "引擎 0.0.1"]);
    folder.write("empty/x.txt", "");
    folder.replay(&[&folder.shown("empty"), "--data", &data]).ends(2, &["there is no log"]);
}

#[test]
fn a_log_needs_a_folder_of_its_own() {
    let folder = Folder::init();
    let log = folder.shown("log");
    let bundle = folder.shown("bundle");
    let serve = |arguments: &[&str]| {
        let common = ["serve", "--listen", "127.0.0.1:0", "--bundle", &bundle];
        folder::Run::of(&[&common, arguments].concat()).within(Duration::from_secs(60)).go()
    };
    serve(&["--decision-log"]).ends(2, &["name a folder after --decision-log"]);
    serve(&["--decision-log-mb", "7"]).ends(2, &["--decision-log"]);
    folder.write("file", "");
    serve(&["--decision-log", &folder.shown("file")]).ends(2, &["decisions cannot be logged in"]);
    let server = Process::start(&folder, &["--decision-log", &log]);
    serve(&["--decision-log", &log]).ends(2, &["another server logs its decisions"]);
    server.stop();
}
