//! The language server, driven as editors drive it: by a small client of our own over pipes, and by `pytest-lsp`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]
// Parameters are built where they are sent.
#![allow(clippy::needless_pass_by_value)]

#[path = "lsp/client.rs"]
mod client;
#[path = "support/folder.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use client::Client;
use serde_json::{Value, json};
use support::Folder;

const SCENARIO: &str = "rules/scenarios/road/streetlight-out.yaml";
const TERMS: &str = "rules/terms/common.yaml";

/// Labels of what is offered.
fn labels(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

/// A bundle with a scenario, lists and departments, and a client that has it open.
fn editor() -> (Folder, Client) {
    let folder = Folder::init();
    let client = Client::start(&folder);
    (folder, client)
}

#[test]
fn findings_come_as_one_types_and_fixes_are_offered() {
    let (folder, mut editor) = editor();
    let text = editor.open(TERMS);
    assert_eq!(editor.codes(TERMS), [""; 0], "the bundle is fine as it is on disk");
    let twice = text.replace("[路灯, 街灯, 照明灯]", "[路灯, 街灯, 路灯, 照明灯]   # 都是路灯");
    assert_ne!(twice, text);
    editor.write(TERMS, &twice);
    let findings = editor.findings(TERMS);
    assert_eq!(findings[0]["code"], "J071");
    let line = twice.lines().position(|line| line.contains("都是路灯")).unwrap();
    let place = &findings[0]["range"];
    assert_eq!(place["start"]["line"], line);
    // In UTF-16 units, not bytes.
    assert_eq!(place["start"]["character"], "路灯: [路灯, 街灯, ".encode_utf16().count());
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": editor.document(TERMS), "range": place, "context": { "diagnostics": [] },
        }),
    );
    let changes = &actions[0]["edit"]["changes"][editor.uri(TERMS)];
    let mended = client::applied(&twice, changes);
    assert_eq!(mended.replace("   # 都是路灯", ""), text, "the comment stays: {mended}");
    assert!(mended.contains("# 都是路灯"));
    editor.write(TERMS, &mended);
    assert_eq!(editor.codes(TERMS), [""; 0]);
    // What is half written is an error, at its place, and goes away.
    editor.write(TERMS, "路灯: [路灯, 街灯\n");
    assert_eq!(editor.codes(TERMS), ["J001"]);
    editor.write(TERMS, &text);
    assert_eq!(editor.codes(TERMS), [""; 0]);
    assert_eq!(std::fs::read_to_string(folder.bundle().join(TERMS)).unwrap(), text, "nothing is written");
    editor.ends_well();
}

#[test]
fn what_could_be_written_is_offered() {
    let (_folder, mut editor) = editor();
    let text = editor.open(SCENARIO);
    for (from, to, some, none) in [
        ("    - 路灯故障\n", "    - $|\n", vec!["$路灯", "$不亮"], vec!["any", "road/streetlight-repair"]),
        ("    - 路灯故障\n", "    - [坏了, '$路|\n", vec!["$路灯"], vec!["$不亮"]),
        ("    - 路灯故障\n", "    - {ne|}\n", vec!["near"], vec!["id", "$路灯"]),
        ("    - 路灯故障\n", "    - {fact: |}\n", vec!["phone", "bus_line"], vec!["near"]),
        ("{fact: address", "{fact: |", vec!["address"], vec!["ask"]),
        (
            "articles: [road/streetlight-repair]",
            "articles: [|",
            vec!["road/streetlight-repair"],
            vec!["road/streetlight-out"],
        ),
        ("{{ location }}", "{{ lo| }}", vec!["location"], vec!["department", "since"]),
        ("{{ location }}", "{{ |", vec!["location", "since", "department", "deadline"], vec!["id"]),
        ("kind: 求助", "kind: |", vec!["咨询", "求助"], vec!["urgent"]),
        ("kind: 求助", "|", vec!["priority", "auto", "kind"], vec!["id", "title", "lead"]),
        ("category: 城乡建设/道路照明", "category: |", vec![], vec!["id"]),
    ] {
        assert!(text.contains(from), "{from}");
        let (text, place) = client::at_mark(&text.replacen(from, to, 1));
        editor.write(SCENARIO, &text);
        let answer = editor
            .ask("textDocument/completion", json!({ "textDocument": editor.document(SCENARIO), "position": place }));
        let labels = labels(&answer);
        assert!(some.iter().all(|it| labels.contains(it)), "{to}: {labels:?}");
        assert!(!none.iter().any(|it| labels.contains(it)), "{to}: {labels:?}");
    }
    let rows = "rules/responsibility/list.yaml";
    let list = "- scenario: road/streetlight-out\n  lead: 城|\n  basis: 示例\n";
    let (list, place) = client::at_mark(list);
    editor.open_with(rows, &list);
    let answer =
        editor.ask("textDocument/completion", json!({ "textDocument": editor.document(rows), "position": place }));
    // Found by its name, written by its id.
    assert_eq!(labels(&answer), ["urban-management", "east-urban-management"]);
    assert_eq!(answer["items"][0]["textEdit"]["newText"], "urban-management");
    editor.ends_well();
}

#[test]
fn names_are_explained_found_and_renamed_everywhere() {
    let (folder, mut editor) = editor();
    let text = editor.open(SCENARIO);
    editor.findings(SCENARIO);
    let at = |words: &str| client::place_of(&text, words);
    let about = |place: Value| json!({ "textDocument": { "uri": client::uri(&folder.bundle().join(SCENARIO)) }, "position": place });

    let hover = editor.ask("textDocument/hover", about(at("路灯, $不亮")));
    let words = hover["contents"]["value"].as_str().unwrap();
    assert!(words.contains("3 terms") && words.contains("照明灯"), "{words}");
    let hover = editor.ask("textDocument/hover", about(at("road/streetlight-repair")));
    let words = hover["contents"]["value"].as_str().unwrap();
    assert!(words.contains("article") && words.contains("basis: "), "{words}");
    let hover = editor.ask("textDocument/hover", about(at("hints")));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("raise its rank"));
    let own = at("road/streetlight-out");
    support::eventually(
        || "figures on the bundle's cases".to_owned(),
        || {
            let hover = editor.ask("textDocument/hover", about(own.clone()));
            hover["contents"]["value"].as_str().unwrap().contains("cases")
        },
    );

    let definition = editor.ask("textDocument/definition", about(at("路灯, $不亮")));
    assert_eq!(definition[0]["uri"], editor.uri(TERMS));
    let mut params = about(own.clone());
    params["context"] = json!({ "includeDeclaration": true });
    let places = editor.ask("textDocument/references", params.clone());
    let files = |places: &Value| {
        places.as_array().unwrap().iter().map(|it| it["uri"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let found = files(&places);
    for path in [SCENARIO, "rules/responsibility/list.yaml", "knowledge/cases/examples.jsonl"] {
        let uri = editor.uri(path);
        let known = found.contains(&uri) || !folder.bundle().join(path).exists();
        assert!(known, "{path} is not in {found:?}");
    }
    params["context"] = json!({ "includeDeclaration": false });
    assert_eq!(files(&editor.ask("textDocument/references", params)).len(), found.len() - 1);

    assert_eq!(editor.ask("textDocument/prepareRename", about(own.clone()))["placeholder"], "road/streetlight-out");
    for (new, why) in [("路灯", "domain/name"), ("road/", "domain/name"), ("a/b/c", "domain/name")] {
        let mut params = about(own.clone());
        params["newName"] = new.into();
        let refused = editor.ask_refused("textDocument/rename", params);
        assert!(refused.contains(why), "{new}: {refused}");
    }
    let mut params = about(own);
    params["newName"] = "road/lamp-out".into();
    let edit = editor.ask("textDocument/rename", params);
    assert!(
        editor.heard("window/showMessage")["message"].as_str().unwrap().contains("rules/scenarios/road/lamp-out.yaml")
    );
    apply(&folder, &edit);
    let mut params = about(at("路灯, $不亮"));
    params["newName"] = "$街上的灯".into();
    let edit = editor.ask("textDocument/rename", params);
    editor.close(SCENARIO);
    apply(&folder, &edit);
    editor.ends_well();
    // All is as it was, but for the names, and the file that is called otherwise.
    let checked = folder.run(&["check", "--json", "--at", "2026-11-22"]).go().ends(0, &[]).json();
    let codes: Vec<&str> =
        checked["diagnostics"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["J098"], "{checked:#}");
    let renamed = std::fs::read_to_string(folder.bundle().join(SCENARIO)).unwrap();
    assert!(renamed.contains("id: road/lamp-out") && renamed.contains("[$街上的灯, $不亮]"), "{renamed}");
}

/// Writes the changes of an edit to disk.
fn apply(folder: &Folder, edit: &Value) {
    for (uri, changes) in edit["changes"].as_object().unwrap() {
        let path = Path::new(uri.strip_prefix("file://").unwrap());
        assert!(path.starts_with(folder.path()));
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, client::applied(&text, changes)).unwrap();
    }
}

#[test]
fn a_file_is_put_into_its_layout() {
    let (_folder, mut editor) = editor();
    let text = editor.open(SCENARIO);
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let mut ask = |path: &str| {
        let document = editor.document(path);
        editor.ask("textDocument/formatting", json!({ "textDocument": document, "options": options }))
    };
    assert_eq!(ask(SCENARIO), json!([]), "it is as `fmt` writes it");
    assert_eq!(ask("rules/dictionary.txt"), Value::Null, "it has no layout");
    assert_eq!(ask("rules/regions.yaml"), Value::Null, "it is not open");
    let messy = text.replacen("title: 路灯不亮", "title:    路灯不亮", 1);
    assert_ne!(messy, text);
    editor.write(SCENARIO, &messy);
    let edits =
        editor.ask("textDocument/formatting", json!({ "textDocument": editor.document(SCENARIO), "options": options }));
    assert_eq!(client::applied(&messy, &edits), text);
    assert_eq!(edits[0]["range"]["start"]["line"], 1, "nothing but that line");
    editor.write(SCENARIO, "id: [half");
    let edits =
        editor.ask("textDocument/formatting", json!({ "textDocument": editor.document(SCENARIO), "options": options }));
    assert_eq!(edits, Value::Null, "what is half written is left alone");
    editor.ends_well();
}

#[test]
fn outlines_name_what_files_define() {
    let (_folder, mut editor) = editor();
    editor.open(SCENARIO);
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": editor.document(SCENARIO) }));
    let names: Vec<&str> = symbols.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert!(names.starts_with(&["id", "title"]) && names.contains(&"when"), "{names:?}");
    let symbols = editor.ask("workspace/symbol", json!({ "query": "路灯" }));
    assert!(symbols.as_array().unwrap().iter().any(|it| it["name"] == "road/streetlight-out 路灯不亮"), "{symbols}");
    editor.ends_well();
}

/// What no editor should send: each is answered or passed over, and the next good question is answered.
#[test]
fn no_message_ends_it() {
    let (_folder, mut editor) = editor();
    editor.open(SCENARIO);
    let wild = json!({ "textDocument": editor.document(SCENARIO), "position": { "line": 4_000_000_000u32, "character": 4_000_000_000u32 } });
    for method in
        ["completion", "hover", "definition", "prepareRename", "references", "rename", "codeAction", "documentSymbol"]
    {
        let method = format!("textDocument/{method}");
        for params in [json!(null), json!([]), json!({}), json!({ "textDocument": 1 }), wild.clone()] {
            let _ = editor.ask_any(&method, params);
        }
        let mut elsewhere = wild.clone();
        for uri in ["untitled:1", "file:///etc/passwd", "file:///%FF", "http://a/b"] {
            elsewhere["textDocument"]["uri"] = uri.into();
            let _ = editor.ask_any(&method, elsewhere.clone());
        }
    }
    assert!(editor.ask_refused("textDocument/formatting?", json!({})).contains("not supported"));
    for (method, params) in [
        (
            "textDocument/didChange",
            json!({ "textDocument": { "uri": "file:///a", "version": 1 }, "contentChanges": [] }),
        ),
        ("textDocument/didChange", json!(7)),
        ("textDocument/didOpen", json!({})),
        ("$/cancelRequest", json!({ "id": 1 })),
        ("nonsense", json!([[[]]])),
    ] {
        editor.tell(method, params);
    }
    editor.send_raw("Content-Length: 5\r\n\r\n{\"a\":");
    editor.send_raw("Content-Length: 2\r\nContent-Type: x\r\n\r\n[]");
    let end = json!({ "start": { "line": 9_999, "character": 3 }, "end": { "line": 2, "character": 77 } });
    editor.tell("textDocument/didChange", json!({
        "textDocument": { "uri": editor.uri(SCENARIO), "version": 2 }, "contentChanges": [{ "range": end, "text": "𠮷\u{0}" }],
    }));
    assert!(!editor.findings(SCENARIO).is_empty());
    editor.ends_well();
}

#[test]
fn the_protocols_order_is_kept() {
    let folder = Folder::init();
    let mut early = Client::uninitialised(&folder);
    assert!(early.ask_refused("textDocument/hover", json!({})).contains("initialize"));
    early.tell("exit", json!(null));
    assert_eq!(early.wait(), Some(1), "an exit without shutdown is not clean");
    let mut gone = Client::start(&folder);
    gone.hang_up();
    assert_eq!(gone.wait(), Some(1), "an editor that goes away ends it");
}

#[test]
fn pytest_lsp_gets_along_with_it() {
    let python = |arguments: &[&str]| Command::new("python3").args(arguments).output();
    let there = python(&["-c", "import pytest, pytest_lsp"]).is_ok_and(|ran| ran.status.success());
    if !there {
        let required = std::env::var_os("JIESU_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "python3 with pytest-lsp is missing: python3 -m pip install pytest-lsp");
        println!("skipped: python3 with pytest-lsp is not installed (python3 -m pip install pytest-lsp)");
        return;
    }
    let folder = Folder::init();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp/test_editor.py");
    let ran = Command::new("python3")
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(&tests)
        .env("JIESU", env!("CARGO_BIN_EXE_jiesu"))
        .env("JIESU_BUNDLE", folder.bundle())
        .env("JIESU_CACHE", folder.at("cache"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
}
