//! `jiesu fmt`: one layout, and the same bundle before and after.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::path::Path;

use folder::Folder;
use jiesu::bundle::{Cache, Loader, Snapshot, formatted, written_files};
use jiesu::check;
use jiesu::source::{Diagnostic, Document, Node, Value, render_plain};
use proptest::prelude::*;

const SCENARIO: &str = "bundle/rules/scenarios/road/streetlight-out.yaml";

/// What a tree says, wherever it stands.
fn said(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar { text, .. } if node.is_null() && text != "~" => serde_json::Value::Null,
        Value::Scalar { text, .. } => text.as_str().into(),
        Value::List(items) => items.iter().map(said).collect(),
        Value::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), said(&entry.value))).collect(),
    }
}

fn read(path: &str, text: &str) -> serde_json::Value {
    let mut findings: Vec<Diagnostic> = Vec::new();
    let document = match path.ends_with(".md") {
        true => Document::parse_front_matter(path, text, &mut findings),
        false => Document::parse(path, text, &mut findings).map(|document| (document, String::new())),
    };
    let (document, body) = document.unwrap_or_else(|| panic!("{path}: {findings:?}"));
    serde_json::json!([said(document.root()), body])
}

/// The files of the starter bundle that have a layout.
fn starter() -> Vec<(String, String)> {
    let (files, findings) = written_files(Path::new(env!("CARGO_MANIFEST_DIR")), |_| true).unwrap();
    assert!(files.len() > 100 && findings.is_empty());
    files.into_iter().map(|file| (file.path, file.text)).collect()
}

#[test]
fn every_file_of_the_starter_bundle_says_the_same_and_changes_once() {
    let mut changed = Vec::new();
    for (path, text) in starter() {
        let after = formatted(&path, &text).unwrap().unwrap_or_else(|findings| panic!("{findings:?}"));
        assert_eq!(read(&path, &text), read(&path, &after), "{path}");
        assert_eq!(text.matches('#').count(), after.matches('#').count(), "{path}: a comment is lost");
        assert_eq!(formatted(&path, &after).unwrap().unwrap(), after, "{path}: changes twice");
        if text != after {
            changed.push(path);
        }
    }
    println!("{} would change: {}", changed.len(), changed.join(", "));
}

/// The same file as somebody might have typed it: other indentation, blanks inside brackets, blank lines, line ends of
/// Windows. Texts of several lines are left alone.
fn untidy(text: &str, style: u8) -> String {
    if text.contains("|\n") {
        return text.replace("\n\n", "\n\n\n\n");
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    // Behind `- ` a mapping goes on two columns further in, which twice as many are not.
    let lines: Vec<&str> = text.lines().collect();
    let goes_on = |pair: &[&str]| pair[0].trim_start().starts_with("- ") && indent(pair[1]) == indent(pair[0]) + 2;
    let times = if lines.windows(2).any(goes_on) { 1 } else { usize::from(style % 2 + 1) };
    let line = |line: &str| {
        let blanks = " ".repeat(indent(line) * times);
        let line = line.trim_start();
        let inside =
            if style > 2 && !line.contains(['\'', '"', '#']) { line.replace(", ", " ,   ") } else { line.to_owned() };
        format!("{blanks}{inside}{}", if style > 4 { "  " } else { "" })
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join(if style % 3 == 1 { "\r\n" } else { "\n" })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a file of the starter bundle is typed, it says the same afterwards and has one layout.
    #[test]
    fn untidy_files_say_the_same(file: prop::sample::Index, style in 0..8_u8) {
        let files: Vec<_> = starter().into_iter().filter(|(path, _)| !path.ends_with(".md")).collect();
        let (path, text) = file.get(&files);
        let untidy = untidy(text, style);
        let after = formatted(path, &untidy).unwrap();
        let after = after.unwrap_or_else(|findings| panic!("{path} {style}: {findings:?}\n{untidy}"));
        prop_assert_eq!(read(path, text), read(path, &after), "{}", path);
        prop_assert_eq!(formatted(path, &after).unwrap().unwrap(), after);
    }
}

/// Everything that a bundle says, in words: what its rules are and what its examples do.
fn loaded(root: &Path) -> (Vec<String>, Vec<String>) {
    let loaded = Loader::new(Cache::none())
        .without_learning()
        .load(Snapshot::read(root).unwrap(), "2026-11-22T10:00".parse().unwrap());
    let shown: Vec<String> =
        loaded.diagnostics.iter().map(|finding| render_plain(finding, jiesu::source::Lang::En)).collect();
    let bundle = loaded.bundle.unwrap_or_else(|| panic!("{}", shown.join("\n")));
    let engine = &bundle.engine;
    let scenario = |scenario: &std::sync::Arc<jiesu::rules::Scenario>| {
        let s = scenario;
        let what =
            (&s.id, &s.title, &s.category, s.kind, s.priority, s.exclusive, s.auto, &s.deadline, &s.deadline_basis);
        format!("{what:?} {:?} {:?} {:?} {:?} {:?}", s.slots, s.steps, s.reply, s.articles, s.examples)
    };
    let mut said: Vec<String> = engine.rules().scenarios().iter().map(scenario).collect();
    said.push(format!("{:?}", engine.catalog().departments()));
    said.push(format!("{:?}", engine.catalog().regions()));
    let articles = engine.knowledge().reference.all_articles();
    said.extend(articles.iter().map(|article| serde_json::to_string(article).unwrap()));
    said.push(format!("{:?} {}", bundle.counts, engine.rules().terms()));
    (said, check::examples(engine).iter().map(|finding| finding.message.en.clone()).collect())
}

#[test]
fn the_bundle_is_the_same_before_and_after() {
    let folder = Folder::empty();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshot = Snapshot::read(root).unwrap();
    for (path, content) in &snapshot.files {
        let text = match formatted(path, &content.text) {
            Some(formatted) if !path.ends_with(".md") => {
                formatted.and_then(|_| formatted_untidy(path, &content.text)).unwrap()
            }
            Some(formatted) => formatted.unwrap(),
            None => content.text.clone(),
        };
        folder.write(path, text);
    }
    assert_eq!(loaded(folder.path()), loaded(root));
}

fn formatted_untidy(path: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    formatted(path, &untidy(text, 4)).unwrap()
}

#[test]
fn fmt_changes_files_once_and_only_where_it_must() {
    let folder = Folder::init();
    folder.run(&["fmt", "--check"]).go().ends(0, &["all in their layout"]);
    let tidy = fs::read_to_string(folder.at(SCENARIO)).unwrap();
    folder.edit(SCENARIO, "title:", "title:    ");
    let untidy = fs::read_to_string(folder.at(SCENARIO)).unwrap();

    folder
        .run(&["fmt", "--check"])
        .go()
        .ends(1, &["rules/scenarios/road/streetlight-out.yaml", "- title:     ", "+ title: ", "1 of "]);
    assert_eq!(fs::read_to_string(folder.at(SCENARIO)).unwrap(), untidy, "--check changes nothing");
    let json = folder.run(&["fmt", "--check", "--json"]).go().ends(1, &[]).json();
    assert_eq!(json["changed"][0]["path"], "rules/scenarios/road/streetlight-out.yaml");

    let elsewhere = folder.shown("bundle/knowledge");
    folder.run(&["fmt", "--check", &elsewhere]).go().ends(0, &[]);
    let file = folder.shown(SCENARIO);
    folder.run(&["fmt", &file]).go().ends(0, &["streetlight-out.yaml"]);
    assert_eq!(fs::read_to_string(folder.at(SCENARIO)).unwrap(), tidy);
    folder.run(&["fmt", "--check"]).go().ends(0, &["all in their layout"]);
}

#[test]
fn what_is_not_yaml_is_shown_and_left_alone() {
    let folder = Folder::init();
    folder.write(SCENARIO, "id: [a\ntitle: b\n");
    folder.run(&["fmt"]).go().ends(1, &["J001", "streetlight-out.yaml:2"]);
    folder.run(&["fmt", "--lang", "zh"]).go().ends(1, &["不是合法的 YAML"]);
    assert_eq!(fs::read_to_string(folder.at(SCENARIO)).unwrap(), "id: [a\ntitle: b\n");
    // A text whose blank lines at the end belong to it cannot be printed without them.
    folder.write(SCENARIO, "id: a\nreply: |+\n  b\n\n\n");
    folder.run(&["fmt"]).go().ends(0, &["J019", "left as it is"]);
}

#[test]
fn cases_are_not_touched_and_links_stay_links() {
    let folder = Folder::init();
    let cases = "{\"id\":   \"a\",  \"text\": \"路灯坏了\"}\n\n";
    folder.write("bundle/knowledge/cases/examples.jsonl", cases);
    folder.run(&["fmt"]).go().ends(0, &[]);
    assert_eq!(fs::read_to_string(folder.at("bundle/knowledge/cases/examples.jsonl")).unwrap(), cases);
    #[cfg(unix)]
    {
        folder.write("real.yaml", "漏水:   [漏]\n");
        std::os::unix::fs::symlink(folder.at("real.yaml"), folder.at("bundle/rules/terms/linked.yaml")).unwrap();
        folder.run(&["fmt"]).go().ends(0, &["rules/terms/linked.yaml"]);
        assert!(fs::symlink_metadata(folder.at("bundle/rules/terms/linked.yaml")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(folder.at("real.yaml")).unwrap(), "漏水: [漏]\n");
    }
}

#[test]
fn what_is_not_there_could_not_be_formatted() {
    let folder = Folder::init();
    folder.run(&["fmt", "nothing-here.yaml"]).go().ends(2, &["nothing-here.yaml"]);
    folder::Run::of(&["fmt", "--bundle", folder.path().to_str().unwrap()]).go().ends(2, &["rules"]);
}
