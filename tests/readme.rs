//! The papers say what is so. The READMEs: their commands are the same in both languages, their worked example runs word
//! for word and prints what they say, their JSON is JSON, and what they link to is there. The pages about rules: every
//! sentence is found or not as they say, and the files they show make a bundle. The page about the API names what there
//! is.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use jiesu::rules::{Compiled, Scenario, Vocabulary};
use jiesu::server::openapi;
use jiesu::source::Document;
use jiesu::text::{FactKind, Segmenter, Text};

const ENGLISH: &str = include_str!("../README.md");
const CHINESE: &str = include_str!("../README.zh-CN.md");

/// A fenced block of a page: what it is written in, and its text.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

/// The fenced blocks of a page, in order.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, opened)) = rest.split_once("\n```") {
        let (language, inside) = opened.split_once('\n').unwrap();
        let (text, after) = inside.split_once("```").unwrap_or_else(|| panic!("a block is not closed: {inside}"));
        blocks.push(Block { language, text });
        rest = after;
    }
    blocks
}

fn texts<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    blocks(page).into_iter().filter(|block| block.language == language).map(|block| block.text).collect()
}

/// A command without the comments of the files it writes, which are in the page's language.
fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split(" #").next().unwrap_or_default().trim_end().to_owned() + "\n";
    text.lines().map(code).collect()
}

/// The part of a page that is a worked example.
fn example(page: &str) -> &str {
    let (_, after) = page.split_once("<!-- example -->").unwrap();
    after.split_once("<!-- /example -->").unwrap().0
}

#[test]
fn both_languages_give_the_same_commands() {
    let commands = |page| texts(page, "sh").into_iter().map(without_comments).collect::<Vec<_>>();
    assert_eq!(commands(ENGLISH), commands(CHINESE));
    assert!(commands(ENGLISH).iter().any(|command| command == "cargo test\n"));
}

#[test]
fn every_block_says_what_it_is_written_in() {
    for page in [ENGLISH, CHINESE] {
        for block in blocks(page) {
            assert!(["sh", "json", "text"].contains(&block.language), "`{}`: {}", block.language, block.text);
        }
    }
}

#[test]
fn json_is_json() {
    for page in [ENGLISH, CHINESE] {
        let bodies = texts(page, "sh").into_iter().filter_map(|command| command.split_once("-d '"));
        let bodies: Vec<&str> = bodies.map(|(_, rest)| rest.split_once('\'').unwrap().0).collect();
        assert!(!bodies.is_empty(), "no request is shown");
        for json in bodies.into_iter().chain(texts(page, "json")) {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(json);
            assert!(parsed.is_ok(), "{json}: {parsed:?}");
        }
    }
}

#[test]
fn the_worked_example_runs_and_prints_what_is_shown() {
    let program = Path::new(env!("CARGO_BIN_EXE_jiesu")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(program.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .unwrap();
    for (page, lang) in [(ENGLISH, "en_US.UTF-8"), (CHINESE, "zh_CN.UTF-8")] {
        let folder = tempfile::tempdir().unwrap();
        let ran = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &texts(example(page), "sh").concat()])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("LC_ALL", lang)
            .env("JIESU_CACHE", folder.path().join("cache"))
            .output()
            .unwrap();
        let (printed, errors) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{printed}\n{errors}");
        let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
        for shown in texts(example(page), "text").iter().flat_map(|text| text.lines()) {
            assert!(printed.contains(&shown), "not printed: {shown}\n{}", printed.join("\n"));
        }
    }
}

/// Where the links of a page lead to, without those to other sites and within the page.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page.split("](").skip(1).map(|after| after.split(')').next().unwrap_or_default());
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    files.map(|target| target.split('#').next().unwrap_or_default())
}

/// A path without the steps back in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn links_between_the_papers_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![PathBuf::from("README.md"), PathBuf::from("README.zh-CN.md")];
    let mut seen: BTreeSet<PathBuf> = open.iter().cloned().collect();
    while let Some(page) = open.pop() {
        let text = std::fs::read_to_string(root.join(&page)).unwrap();
        for link in links(&text) {
            let target = plain(&page.parent().unwrap().join(link));
            assert!(root.join(&target).exists(), "{}: {link} is not there", page.display());
            if target.extension().is_some_and(|extension| extension == "md") && seen.insert(target.clone()) {
                open.push(target);
            }
        }
    }
    for expected in ["ARCHITECTURE.md", "docs/rules.md", "docs/rules.zh-CN.md", "docs/api.md", "CHANGELOG.md"] {
        assert!(seen.contains(Path::new(expected)), "nothing links to {expected}");
    }
}

const RULES: [(&str, &str); 2] = [
    ("docs/rules.md", include_str!("../docs/rules.md")),
    ("docs/rules.zh-CN.md", include_str!("../docs/rules.zh-CN.md")),
];

/// A condition on a page about rules, and the sentences that are said to be found (true) or not.
struct Condition {
    when: String,
    sentences: Vec<(bool, String)>,
}

/// The conditions of a page: blocks that name no file, each with the sentences up to the next.
fn conditions(page: &str) -> Vec<Condition> {
    let mut conditions: Vec<Condition> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if language == "yaml" {
                // What stands in a list is an entry of `any`; what has keys stands under `when` itself.
                let is_list = block.iter().all(|line| line.starts_with("- "));
                let head = if is_list { "when:\n  any:\n" } else { "when:\n" };
                let body: String = block.iter().map(|line| format!("    {line}\n")).collect();
                conditions.push(Condition { when: head.to_owned() + &without_comments(&body), sentences: Vec::new() });
            }
            continue;
        }
        let found = line.strip_prefix("- ✓ ").map(|text| (true, text));
        if let Some((found, text)) = found.or_else(|| Some((false, line.strip_prefix("- ✗ ")?))) {
            // What follows in brackets says why.
            let text = text.split('（').next().unwrap_or_default().split(" (").next().unwrap_or_default();
            conditions.last_mut().unwrap().sentences.push((found, text.to_owned()));
        }
    }
    conditions
}

/// The files that a page shows, by path.
fn files(page: &str) -> Vec<(&str, &str)> {
    blocks(page).into_iter().filter_map(|block| Some((block.language.split_once(' ')?.1, block.text))).collect()
}

#[test]
fn every_sentence_about_conditions_is_true() {
    for (path, page) in RULES {
        let mut diagnostics = Vec::new();
        let mut documents = |folder: &str| -> Vec<Document> {
            let of_folder = files(page).into_iter().filter(|(path, _)| path.starts_with(folder));
            of_folder.filter_map(|(path, text)| Document::parse(path, text, &mut diagnostics)).collect()
        };
        let (terms, shared) = (documents("rules/terms/"), documents("rules/conditions/"));
        let vocabulary =
            Vocabulary::read(&terms.iter().collect::<Vec<_>>(), &shared.iter().collect::<Vec<_>>(), &mut diagnostics);
        let segmenter = Segmenter::new([]);
        let mut tried = 0;
        for Condition { when, sentences } in conditions(page) {
            if sentences.is_empty() {
                continue;
            }
            let file = format!("id: a/b\ntitle: a\ncategory: a\nreply: a\n{when}");
            let scenario = Document::parse("a.yaml", &file, &mut diagnostics)
                .and_then(|document| Scenario::read(&document, &mut diagnostics));
            let scenario = scenario.unwrap_or_else(|| panic!("{path}: {when}{diagnostics:?}"));
            let compiled = Compiled::new(vec![Arc::new(scenario)], &vocabulary, &segmenter, None, &mut diagnostics);
            let compiled = compiled.unwrap_or_else(|| panic!("{path}: {when}{diagnostics:?}"));
            for (found, sentence) in sentences {
                let matches = compiled.matches(&Text::new(None, &sentence));
                assert_eq!(!matches.is_empty(), found, "{path}: {sentence}\n{when}");
                tried += 1;
            }
        }
        assert!(tried > 40, "{path}: only {tried} sentences were found on the page");
        assert!(diagnostics.is_empty(), "{path}: {diagnostics:?}");
    }
}

#[test]
fn facts_are_found_as_the_tables_say() {
    for (path, page) in RULES {
        let rows: Vec<Vec<&str>> = page.lines().filter(|line| line.starts_with("| `")).map(cells).collect();
        let kind = |row: &[&str]| row[0].split('`').nth(1).and_then(|name| name.parse::<FactKind>().ok());
        let facts: Vec<_> = rows.iter().filter_map(|row| Some((kind(row)?, row))).collect();
        assert_eq!(facts.len(), FactKind::ALL.len(), "{path}: one row for each kind");
        for (kind, row) in facts {
            for (cell, expected) in [(row[1], true), (row[2], false)] {
                for text in cell.split('`').skip(1).step_by(2) {
                    let read = Text::new(None, text);
                    let found = read.facts().iter().any(|fact| fact.kind == kind);
                    assert_eq!(found, expected, "{path}: {kind} in {text}: {:?}", read.facts());
                }
            }
        }
    }
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn the_files_on_the_pages_make_a_bundle() {
    for (page_path, page) in RULES {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        let jiesu = |command: &[&str]| {
            let ran = Command::new(env!("CARGO_BIN_EXE_jiesu")).args(command).args(["--lang", "en"]).output().unwrap();
            let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
            assert!(ran.status.success(), "{page_path}: {printed}{}", String::from_utf8_lossy(&ran.stderr));
        };
        jiesu(&["init", bundle.to_str().unwrap()]);
        let files = files(page);
        for (path, text) in &files {
            let place = bundle.join(path);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, text).unwrap();
        }
        assert!(files.len() >= 10, "{page_path}: only {} files", files.len());
        jiesu(&["check", "--bundle", bundle.to_str().unwrap(), "--deny-warnings", "--at", "2026-11-22"]);
    }
}

#[test]
fn both_pages_about_rules_say_the_same() {
    let [english, chinese] = RULES.map(|(_, page)| page);
    let plain = |page| files(page).into_iter().map(|(path, text)| (path, without_comments(text))).collect::<Vec<_>>();
    assert_eq!(plain(english), plain(chinese));
    let said = |page| conditions(page).into_iter().map(|c| (c.when, c.sentences)).collect::<Vec<_>>();
    assert_eq!(said(english), said(chinese));
    let headings = |page: &str| page.lines().filter(|line| line.starts_with('#')).count();
    assert_eq!(headings(english), headings(chinese));
}

#[test]
fn the_page_about_the_api_names_everything() {
    let page = include_str!("../docs/api.md");
    let document = serde_json::to_value(openapi()).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (route, methods) in document["paths"].as_object().unwrap() {
        for method in keys(methods) {
            let request = format!("`{} {route}`", method.to_uppercase());
            assert!(page.contains(&request), "{request} is not on the page");
        }
    }
    for field in keys(&document["components"]["schemas"]["Decision"]["properties"]) {
        assert!(page.contains(&format!("`{field}`")), "the decision's `{field}` is not on the page");
    }
    let operations = document["paths"].as_object().unwrap().values().flat_map(|methods| methods.as_object().unwrap());
    let answers = operations.flat_map(|(_, operation)| operation["responses"].as_object().unwrap().values());
    let problems: BTreeSet<&str> = answers
        .filter(|answer| answer["content"].get("application/problem+json").is_some())
        .flat_map(|answer| answer["description"].as_str().unwrap().split('`').skip(1).step_by(2))
        .collect();
    assert!(problems.len() > 15, "the document names too few problems: {problems:?}");
    for problem in problems {
        assert!(page.contains(&format!("`{problem}`")), "the problem `{problem}` is not on the page");
    }
    for json in texts(page, "json") {
        assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
    }
}
