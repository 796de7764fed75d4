//! Proposals: drafted with their impact, kept masked, taken as patches that apply and make the bundle right.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::bundle;
use crate::support::Server;

/// A scenario that takes what belongs to another.
const OUTAGE: (&str, &str) = (
    "rules/scenarios/water/outage.yaml",
    "\
id: water/outage
title: 停水
category: 城乡建设/供水
kind: 求助
when:
  any:
    - 停水
    - [水, 没有]
deadline: 24 hours
reply: 停水问题已转{{ department }}，{{ deadline }}前答复您。
examples:
  match:
    - 家里停水两天了，一直没有通知
  no_match:
    - 水管漏水把路都淹了
",
);
const ROWS: (&str, &str) = (
    "rules/responsibility/supply.yaml",
    "- {category: 城乡建设/供水, lead: water-group, basis: 《澜州市12345热线派单目录（2026年版）》供水类}\n",
);
/// What no rule knows, with somebody's number in it.
const BURST: &str = "小区水表井里的接头崩开，水柱喷了三米高，我叫张三丰，电话13812345678";

fn server() -> Server {
    Server::with_tickets_over(
        |folder| {
            bundle::replace(folder, OUTAGE.0, OUTAGE.1);
            bundle::replace(folder, ROWS.0, ROWS.1);
        },
        |_| {},
    )
}

fn git(folder: &Path, arguments: &[&str], input: Option<&str>) -> Output {
    use std::io::Write;
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", "-C"]).arg(folder);
    command.args(arguments).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.unwrap_or_default().as_bytes()).unwrap();
    drop(stdin);
    let ran = child.wait_with_output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    ran
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The bundle of the tests in a folder of its own, with a patch applied by git, checked and tested by the program.
fn patched(patch: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    bundle::write(folder.path());
    bundle::replace(folder.path(), OUTAGE.0, OUTAGE.1);
    bundle::replace(folder.path(), ROWS.0, ROWS.1);
    git(folder.path(), &["init", "-q"], None);
    git(folder.path(), &["apply", "--whitespace=error-all"], Some(patch));
    for command in ["check", "test"] {
        let ran =
            Command::new(env!("CARGO_BIN_EXE_jiesu")).args([command, "--bundle"]).arg(folder.path()).output().unwrap();
        assert!(ran.status.success(), "{command}: {}{}\n{patch}", said(&ran), String::from_utf8_lossy(&ran.stderr));
    }
    folder
}

fn decision(folder: &Path, text: &str) -> Value {
    let ran = Command::new(env!("CARGO_BIN_EXE_jiesu"))
        .args(["match", text, "--json", "--bundle"])
        .arg(folder)
        .output()
        .unwrap();
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn what_no_rule_knew_is_right_once_the_patch_is_applied() {
    let server = server();
    let asked = json!({"kind": "correction", "text": BURST, "scenario": "water/pipe-leak", "why": "规则缺这种说法"});
    let draft = server.post("/v1/proposals:draft", &asked);
    assert_eq!(draft.status, 200, "{}", draft.body);
    let draft = draft.json();
    assert_eq!(draft["draft"]["works"], true, "{draft}");
    assert_eq!(draft["draft"]["after"]["scenario"]["id"], "water/pipe-leak");
    assert_eq!(draft["draft"]["impact"]["worse"], 0);
    assert_eq!(server.get("/v1/proposals").json()["open"], 0, "a draft is not kept");
    let kept = server.post("/v1/proposals", &asked);
    assert_eq!(kept.status, 201, "{}", kept.body);
    let id = kept.json()["id"].as_str().unwrap().to_owned();
    // What identifies a person stands nowhere in it.
    for part in ["13812345678", "张三丰"] {
        assert!(!kept.body.contains(part), "{part}: {}", kept.body);
    }
    assert_eq!(server.get("/v1/proposals").json()["items"][0]["id"], id.as_str());
    let patch = server.get(&format!("/v1/proposals/{id}/patch"));
    assert!(patch.header("content-type").starts_with("text/x-diff"));
    assert!(patch.header("content-disposition").contains(&format!("{id}.patch")));
    let folder = patched(&patch.body);
    assert_eq!(decision(folder.path(), BURST)["scenario"]["id"], "water/pipe-leak");
}

#[test]
fn a_wrong_leader_is_told_apart_and_a_department_gets_its_row() {
    let server = server();
    // It fires as an outage, and is a leak.
    let text = "楼下井盖旁边地面不断渗出积水，问过物业，水不是管道里的，一直没有人来挖开维修";
    assert_eq!(server.post("/v1/match", &json!({"text": text})).json()["scenario"]["id"], "water/outage");
    let asked = json!({"kind": "correction", "text": text, "scenario": "water/pipe-leak", "department": "住建局", "why": "小区内部管道"});
    let kept = server.post("/v1/proposals", &asked).json();
    let draft = &kept["body"]["draft"];
    assert_eq!(draft["works"], true, "{kept}");
    assert_eq!(draft["before"]["scenario"]["id"], "water/outage");
    let folder = patched(kept["patch"].as_str().unwrap());
    let after = decision(folder.path(), text);
    assert_eq!(
        (&after["scenario"]["id"], &after["department"]["id"]),
        (&json!("water/pipe-leak"), &json!("housing-bureau"))
    );
    // What was right stays right.
    assert_eq!(decision(folder.path(), "家里停水两天了，一直没有通知")["scenario"]["id"], "water/outage");
}

#[test]
fn what_cannot_be_drafted_safely_is_kept_to_learn_from() {
    let server = server();
    // An emergency leads: a draft never makes it look away.
    let text = "闻到燃气味，其实是隔壁在做饭";
    let asked = json!({"kind": "correction", "text": text, "scenario": "water/outage", "why": "不是燃气"});
    let kept = server.post("/v1/proposals", &asked).json();
    assert_eq!(kept["body"]["draft"]["works"], false, "{kept}");
    let patch = kept["patch"].as_str().unwrap();
    assert!(patch.contains("knowledge/cases/corrections.jsonl") && !patch.contains("gas/smell.yaml"), "{patch}");
    assert!(!kept["body"]["draft"]["notes"].as_array().unwrap().is_empty());
    patched(patch);
}

#[test]
fn articles_are_proposed_confirmed_and_reported() {
    let server = server();
    let article = json!({
        "kind": "article", "title": "接头爆开谁来修: <script>alert(1)</script>", "questions": ["水表井里的接头谁修", "a: b # c"],
        "answer": "总表之前由供水企业维修。\n---\n<img src=x onerror=alert(1)>", "basis": ["《城市供水条例》第二十七条"],
        "effective": "2020-03-27", "department": "水务集团", "scenario": "water/pipe-leak",
    });
    let kept = server.post("/v1/proposals", &article);
    assert_eq!(kept.status, 201, "{}", kept.body);
    assert_eq!(kept.json()["body"]["draft"]["works"], true, "{}", kept.body);
    let folder = patched(kept.json()["patch"].as_str().unwrap());
    let found = Command::new(env!("CARGO_BIN_EXE_jiesu"))
        .args(["search", "水表井里的接头谁修", "--json", "--bundle"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(said(&found).contains("接头爆开谁来修"), "{}", said(&found));

    let confirmed = json!({"kind": "confirmation", "article": "water/repair-responsibility", "on": "2026-01-05"});
    let kept = server.post("/v1/proposals", &confirmed).json();
    let folder = patched(kept["patch"].as_str().unwrap());
    let text =
        std::fs::read_to_string(folder.path().join("knowledge/articles/water/repair-responsibility.md")).unwrap();
    assert!(text.contains("\nreviewed: 2026-01-05\n"), "{text}");

    let report =
        json!({"kind": "report", "article": "water/repair-responsibility", "why": "条例已修订，电话13812345678"});
    let kept = server.post("/v1/proposals", &report).json();
    assert!(!kept.to_string().contains("13812345678"));
    let id = kept["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/proposals/{id}/patch")).problem(), "404 not-found");
}

#[test]
fn an_editor_decides_once() {
    let server = server();
    let report = json!({"kind": "report", "article": "water/repair-responsibility", "why": "过时"});
    let id = server.post("/v1/proposals", &report).json()["id"].as_str().unwrap().to_owned();
    let way = format!("/v1/proposals/{id}");
    let decide = |body: Value| server.post(&way, &body);
    assert_eq!(decide(json!({"state": "rejected"})).problem(), "422 invalid-field");
    assert_eq!(decide(json!({"state": "done"})).problem(), "422 invalid-field");
    let taken = decide(json!({"state": "accepted", "reason": "已改"}));
    assert_eq!((taken.status, taken.json()["state"].as_str().unwrap()), (200, "accepted"), "{}", taken.body);
    assert_eq!(decide(json!({"state": "rejected", "reason": "不对"})).problem(), "422 invalid-field");
    assert_eq!(server.get("/v1/proposals").json()["items"], json!([]));
    assert_eq!(server.get("/v1/proposals?state=accepted").json()["items"][0]["reason"], "已改");
    assert_eq!(decide(json!({"state": "open"})).json()["decided_by"], Value::Null);
    assert_eq!(server.post("/v1/proposals/P99", &json!({"state": "accepted"})).problem(), "404 not-found");
}

#[test]
fn what_is_not_a_proposal_is_told_by_its_field() {
    let server = server();
    let long = "长".repeat(501);
    for (body, expect) in [
        (json!({}), "422 missing-field"),
        (json!({"kind": "joke"}), "422 invalid-field"),
        (json!({"kind": "correction", "text": "水", "why": "x"}), "422 missing-field"),
        (json!({"kind": "correction", "text": "", "scenario": "water/outage", "why": "x"}), "422 empty-text"),
        (json!({"kind": "correction", "text": "水", "scenario": "water/outrage", "why": "x"}), "422 unknown-name"),
        (json!({"kind": "correction", "text": "水", "scenario": "water/outage", "why": long}), "422 text-too-long"),
        (json!({"kind": "correction", "text": "水", "department": "没有这个局", "why": "x"}), "422 unknown-name"),
        (json!({"kind": "report", "article": "../../etc/passwd", "why": "x"}), "422 unknown-name"),
        (
            json!({"kind": "confirmation", "article": "water/repair-responsibility", "on": "2999-01-01"}),
            "422 invalid-field",
        ),
        (
            json!({"kind": "article", "title": "x", "answer": "x", "basis": ["x"], "effective": "昨天"}),
            "422 invalid-field",
        ),
        (
            json!({"kind": "article", "title": "x", "answer": "x", "basis": [], "effective": "2020-01-01"}),
            "422 missing-field",
        ),
        (
            json!({"kind": "report", "article": "water/repair-responsibility", "why": "x", "whoever": 1}),
            "422 unknown-field",
        ),
    ] {
        assert_eq!(server.post("/v1/proposals:draft", &body).problem(), expect, "{body}");
    }
    let none = Server::start();
    let report = json!({"kind": "report", "article": "water/repair-responsibility", "why": "过时"});
    assert_eq!(none.post("/v1/proposals:draft", &report).status, 200, "drafts need no store");
    assert_eq!(none.post("/v1/proposals", &report).problem(), "503 tickets-off");
    assert_eq!(none.get("/v1/proposals").problem(), "503 tickets-off");
}

#[test]
fn whatever_a_citizen_writes_stays_a_text() {
    let server = server();
    for text in [
        "水柱喷涌: \"{{ department }}\" - [a, b] # 不是注释 & *锚 !标签 | > % @ ` '单引号'",
        "---\nid: evil\n---\n<script>alert(1)</script>水柱喷涌接头崩开",
        "水柱喷涌\u{202e}接头\u{0}崩开\u{2028}行分隔",
    ] {
        let asked = json!({"kind": "correction", "text": text, "scenario": "water/pipe-leak", "why": "--- a/x\n+++ b/x\n@@ -1 +1 @@"});
        let kept = server.post("/v1/proposals", &asked);
        assert_eq!(kept.status, 201, "{}", kept.body);
        let kept = kept.json();
        assert!(kept["body"]["draft"]["edits"].as_array().is_some_and(|edits| !edits.is_empty()), "{kept}");
        let patch = kept["patch"].as_str().unwrap();
        if !patch.is_empty() {
            patched(patch);
        }
    }
}

#[test]
fn a_branch_is_written_and_the_working_tree_is_not_touched() {
    let server = Server::with_tickets_over(
        |folder| {
            bundle::replace(folder, OUTAGE.0, OUTAGE.1);
            bundle::replace(folder, ROWS.0, ROWS.1);
            git(folder, &["init", "-q", "-b", "main"], None);
            git(folder, &["add", "rules", "knowledge"], None);
            git(folder, &["commit", "-q", "-m", "rules"], None);
        },
        |configuration| configuration.proposal_branches = true,
    );
    let folder = server.folder.path().to_owned();
    let state = || {
        (
            said(&git(&folder, &["status", "--porcelain"], None)),
            said(&git(&folder, &["rev-parse", "HEAD", "main"], None)),
        )
    };
    let before = state();
    let asked = json!({"kind": "correction", "text": BURST, "scenario": "water/pipe-leak", "why": "规则缺这种说法"});
    let kept = server.post("/v1/proposals", &asked).json();
    let branch = kept["branch"].as_str().unwrap_or_else(|| panic!("{kept}"));
    assert_eq!(branch, format!("proposal/{}", kept["id"].as_str().unwrap()));
    assert_eq!(state(), before, "nothing but the branch");
    let diff = said(&git(&folder, &["diff", "main", branch], None));
    let hunks = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(hunks(&diff), hunks(kept["patch"].as_str().unwrap()));
    assert!(said(&git(&folder, &["fsck", "--strict"], None)).trim().is_empty());
    // A file that was edited and not committed is not written over.
    bundle::replace(
        &folder,
        "rules/scenarios/water/pipe-leak.yaml",
        &std::fs::read_to_string(folder.join("rules/scenarios/water/pipe-leak.yaml"))
            .unwrap()
            .replace("路面积水", "路面结冰"),
    );
    server.post("/v1/bundle/reload", &json!({}));
    let kept = server.post("/v1/proposals", &asked).json();
    assert_eq!(kept["branch"], Value::Null);
    assert!(kept["patch"].as_str().unwrap().contains("pipe-leak.yaml"));
}
