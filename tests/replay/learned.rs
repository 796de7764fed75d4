//! Decisions that rest on what cases taught: while nothing had been learned yet, once it had, and while a server still
//! used what earlier cases taught.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::process::Process;

/// Cases of two departments, enough to learn from.
fn cases(numbers: std::ops::Range<usize>) -> String {
    let matters = [
        ("城管局", "占道经营的摊贩太多"),
        ("城管局", "垃圾堆在路口没人清"),
        ("市公交集团", "公交车等了四十分钟不来"),
        ("市公交集团", "司机到站不停车"),
    ];
    let places = ["人民路", "中山街", "和平小区", "东门市场", "新华村"];
    let case = |number: usize| {
        let (department, matter) = matters[number % 4];
        let (text, day) = (format!("{}{matter}，第{number}次反映", places[number % 5]), 1 + number % 28);
        let day = format!("2026-0{}-{day:02}", 1 + number % 4);
        json!({"id": format!("c{number}"), "text": text, "department": department, "opened_on": day, "origin": "real"})
    };
    numbers.map(|number| format!("{}\n", case(number))).collect()
}

fn ask(server: &Process) -> String {
    let mut revision = String::new();
    for text in ["人民路口公交车半天不来", "新华村摊贩占道，联系人：寅卯辰，电话13800138000", "人民路路灯不亮"]
    {
        let (status, decision) = server.post("/v1/match", &json!({ "text": text }));
        assert_eq!(status, 200);
        revision = decision["revision"].as_str().unwrap().to_owned();
    }
    revision
}

/// Asks once the revision is what is wanted.
fn ask_when(server: &Process, wanted: impl Fn(&str) -> bool) -> String {
    let began = Instant::now();
    loop {
        let revision = server.revision();
        if wanted(&revision) {
            return ask(server);
        }
        assert!(began.elapsed() < Duration::from_secs(120), "still {revision}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn decisions_are_replayed_with_what_had_been_learned_then() {
    let folder = Folder::init();
    let departments = fs::read_to_string(folder.at("bundle/rules/departments.yaml")).unwrap();
    folder.write("bundle/rules/departments.yaml", departments + "\n- id: bus\n  name: 市公交集团\n");
    folder.write("bundle/knowledge/cases/real.jsonl", cases(0..80));
    let server = Process::start(&folder, &["--decision-log"]);
    let untaught = ask(&server);
    assert!(untaught.ends_with("-untaught"), "{untaught}");
    let ready = ask_when(&server, |revision| !revision.contains('-'));
    assert_eq!(untaught.strip_suffix("-untaught"), Some(ready.as_str()));
    folder.write("bundle/knowledge/cases/more.jsonl", cases(80..120));
    let stale = ask_when(&server, |revision| revision.ends_with("-stale"));
    let last = ask_when(&server, |revision| !revision.contains('-') && revision != ready);
    assert_eq!(stale.strip_suffix("-stale"), Some(last.as_str()));
    server.stop();

    let data = folder.shown("data");
    // With the cache, and without: then it is learned again, also what earlier cases taught.
    for cache in ["kept", "gone"] {
        if cache == "gone" {
            fs::remove_dir_all(folder.at("cache")).unwrap();
        }
        let report: Value = folder.replay(&["--data", &data, "--json"]).ends(0, &[]).json();
        assert_eq!((report["entries"].as_u64(), report["same"].as_u64()), (Some(12), Some(12)), "{cache}: {report:#}");
        let revisions: Vec<&String> = report["revisions"].as_object().unwrap().keys().collect();
        let mut expect = [&untaught, &ready, &stale, &last];
        expect.sort();
        assert_eq!(revisions, expect);
    }
    // Their answers are not one and the same, so that this shows something.
    let log = fs::read_to_string(folder.at("data/decisions/decisions.jsonl")).unwrap();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let confidences: Vec<String> =
        entries.iter().step_by(3).map(|entry| entry["decision"]["department"].to_string()).collect();
    assert!(confidences.windows(2).any(|pair| pair[0] != pair[1]), "{confidences:?}");
}
