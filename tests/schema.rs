//! `jiesu schema`: the schemas take every file that loading takes, and refuse what it refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use folder::{Folder, Run};
use jiesu::bundle::{FileSchema, Snapshot};
use jiesu::{bundle, check, report};
use regex::Regex;
use serde_json::{Value, json};

/// Of all kinds of file.
fn schemas() -> Vec<FileSchema> {
    let mut files = bundle::schemas();
    files.extend([report::testing::schema(), check::config::schema()]);
    files
}

/// A validator of the part of JSON Schema that the schemas use; a keyword that it does not know fails the test.
struct Validator<'a> {
    root: &'a Value,
}

impl Validator<'_> {
    /// What does not fit, as `place: keyword`.
    fn check(&self, value: &Value, schema: &Value, place: &str, wrong: &mut Vec<String>) {
        let Some(schema) = schema.as_object() else {
            wrong.extend((schema == &json!(false)).then(|| format!("{place}: nothing may stand here")));
            return;
        };
        for (keyword, rule) in schema {
            if !self.holds(value, schema, keyword, rule, place, wrong) {
                wrong.push(format!("{place}: {keyword}"));
            }
        }
    }

    fn fits(&self, value: &Value, schema: &Value) -> bool {
        let mut wrong = Vec::new();
        self.check(value, schema, "", &mut wrong);
        wrong.is_empty()
    }

    fn holds(
        &self,
        value: &Value,
        schema: &serde_json::Map<String, Value>,
        keyword: &str,
        rule: &Value,
        place: &str,
        wrong: &mut Vec<String>,
    ) -> bool {
        let list = || rule.as_array().unwrap();
        let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                let definition = self.root["$defs"].get(name).unwrap_or_else(|| panic!("no definition {name}"));
                self.check(value, definition, place, wrong);
                true
            }
            "type" => rule.as_array().map_or_else(|| is(value, rule), |types| types.iter().any(|name| is(value, name))),
            "enum" => list().contains(value),
            "const" => rule == value,
            "pattern" => value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= rule.as_u64().unwrap() as usize),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() >= rule.as_u64().unwrap() as usize),
            "maxItems" => value.as_array().is_none_or(|items| items.len() <= rule.as_u64().unwrap() as usize),
            "required" => !value.is_object() || list().iter().all(has),
            "dependentRequired" => {
                let mut needs = rule.as_object().unwrap().iter();
                needs.all(|(key, keys)| value.get(key).is_none() || keys.as_array().unwrap().iter().all(has))
            }
            "anyOf" => list().iter().any(|form| self.fits(value, form)),
            "oneOf" => list().iter().filter(|form| self.fits(value, form)).count() == 1,
            "not" => !self.fits(value, rule),
            "propertyNames" => {
                value.as_object().into_iter().flatten().all(|(key, _)| self.fits(&key.as_str().into(), rule))
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(item, rule, &format!("{place}/{at}"), wrong);
                }
                true
            }
            "properties" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = rule.get(key) {
                        self.check(value, schema, &format!("{place}/{key}"), wrong);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties").cloned().unwrap_or_default();
                for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| known.get(key).is_none())
                {
                    self.check(value, rule, &format!("{place}/{key}"), wrong);
                }
                true
            }
            unknown => panic!("the validator does not know {unknown}"),
        }
    }
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no such type: {other}"),
    }
}

fn schema(kind: &str) -> Value {
    schemas().into_iter().find(|file| file.kind == kind).unwrap_or_else(|| panic!("no kind {kind}")).schema
}

/// What is wrong with a file, as an editor's language server would say it.
fn wrong(schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Validator { root: schema }.check(value, schema, "", &mut wrong);
    wrong
}

/// YAML as JSON: the core schema of YAML 1.2, as language servers read it.
fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What the schema of a kind is for, in a file of it: a file, front matter, or lines of JSON.
fn instances(path: &str, text: &str) -> Vec<Value> {
    match path.rsplit_once('.').unwrap().1 {
        "md" => vec![yaml(text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0)],
        "jsonl" => text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        _ => vec![yaml(text)],
    }
}

/// Whether a pattern of a schema names a path.
fn names(pattern: &str, path: &str) -> bool {
    match pattern.split_once("**/*") {
        Some((folder, ending)) => path.starts_with(folder) && path.ends_with(ending),
        None => pattern == path,
    }
}

/// Each kind with the files of a bundle that are of it.
fn files_of(root: &Path) -> Vec<(FileSchema, Vec<(String, Value)>)> {
    let snapshot = Snapshot::read(root).unwrap();
    let of = |file: FileSchema| {
        let named = snapshot.files.iter().filter(|(path, _)| names(file.files, path));
        let all = named
            .flat_map(|(path, content)| instances(path, &content.text).into_iter().map(|value| (path.clone(), value)));
        let all = all.collect();
        (file, all)
    };
    schemas().into_iter().map(of).collect()
}

#[test]
fn every_file_of_the_bundles_fits() {
    let folder = Folder::init();
    let mut found: Vec<String> = Vec::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for root in [Path::new(env!("CARGO_MANIFEST_DIR")), &folder.bundle()] {
        for (file, values) in files_of(root) {
            *count.entry(file.kind).or_default() += values.len();
            found.extend(values.iter().flat_map(|(path, value)| {
                wrong(&file.schema, value).into_iter().map(move |wrong| format!("{path}{wrong}"))
            }));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(
        count["scenario"] > 90 && count["terms"] > 4 && count["article"] > 90 && count["responsibility"] > 4,
        "{count:?}"
    );
}

/// A scenario with one line more, or with one instead of the line that begins with the same key.
fn with(line: &str) -> String {
    let key = line.split_once(':').unwrap().0;
    let whole = "id: a/b\ntitle: 甲\ncategory: 乙\nwhen: {any: [漏]}\nreply: 好\n";
    let rest: String = whole.lines().filter(|l| !l.starts_with(&format!("{key}:"))).map(|l| format!("{l}\n")).collect();
    format!("{rest}{line}\n")
}

/// The program's own opinion of a scenario's `when` and of the rest of it.
fn loads(text: &str) -> bool {
    let mut findings = Vec::new();
    let document = jiesu::source::Document::parse("a.yaml", text, &mut findings);
    document.and_then(|document| jiesu::rules::Scenario::read(&document, &mut findings)).is_some()
}

#[test]
fn scenarios_are_taken_and_refused_as_loading_does() {
    let schema = schema("scenario");
    for (line, good) in [
        ("title: 119", true),
        ("title: [甲]", false),
        ("titel: 甲", false),
        ("id: 漏水", false),
        ("id: a/b/c", false),
        ("kind: 投诉", true),
        ("kind: 抱怨", false),
        ("priority: urgent", true),
        ("priority: high", false),
        ("auto: 是", false),
        ("hints: [$水管, 119]", true),
        ("hints: [{near: [a, b], within: 1}]", false),
        ("hints: 漏", false),
        ("slots: {place: {ask: 哪里？, fact: address, required: true, else: 您家}}", true),
        ("slots: {place: {fact: address}}", false),
        ("slots: {place: {ask: 哪里？, fact: adress}}", false),
        ("slots: {Place: {ask: 哪里？}}", false),
        ("deadline: 24 hours", true),
        ("examples: {match: [甲], no_match: []}", true),
        ("examples: {matches: [甲]}", false),
        ("when: 漏", false),
        ("when: [漏]", false),
        ("when: {}", false),
        ("when: {any: []}", false),
        ("when: {any: 漏}", false),
        ("when: {none: [漏]}", false),
        ("when: {any: [漏], none: [停, 119, $暖]}", true),
        ("when: {any: [[漏, $管], {all: [漏], in: clause}]}", true),
        ("when: {any: [{all: [漏], in: page}]}", false),
        ("when: {any: [[]]}", false),
        ("when: {anny: [漏]}", false),
        ("when: {at_least: 2, of: [a, b]}", true),
        ("when: {at_least: 0, of: [a, b]}", false),
        ("when: {at_least: 2, any: [a, b]}", false),
        ("when: {of: [a, b]}", false),
        ("when: {near: [a, {any: [b, $c]}], within: 0}", true),
        ("when: {any: [{near: [a, b]}]}", false),
        ("when: {any: [{near: [a], within: 1}]}", false),
        ("when: {any: [{near: [a, b], within: 201}]}", false),
        ("when: {any: [{near: [a, [b, c]], within: 1}]}", false),
        ("when: {any: [{near: [a, b], within: 1, in: text}]}", false),
        ("when: {any: [{regex: '\\d{4}'}]}", true),
        ("when: {any: [{regex: [a]}]}", false),
        ("when: {any: [{fact: phone}]}", true),
        ("when: {any: [{fact: fone}]}", false),
        ("when: {any: [{term: 漏, even_negated: true, whole_word: false}]}", true),
        ("when: {any: [{term: 漏, even_negated: 是}]}", false),
        ("when: {any: [{term: 漏, negated: true}]}", false),
        ("when: {any: [{any: [{all: [漏, {near: [a, {regex: b}], within: 2}]}]}]}", false),
    ] {
        let text = with(line);
        assert_eq!(loads(&text), good, "loading: {line}");
        let found = wrong(&schema, &yaml(&text));
        assert_eq!(found.is_empty(), good, "{line}: {found:?}");
    }
    let lacking = "id: a/b\ntitle: 甲\ncategory: 乙\nwhen: {any: [漏]}\n";
    assert_eq!(wrong(&schema, &yaml(lacking)), [": required"]);
}

#[test]
fn other_files_are_taken_and_refused() {
    for (kind, text, good) in [
        ("bundle", "name: a\nhotline: 12345\nbar: {target: 0.9}\n", true),
        ("bundle", "name: a\nbar: {target: 95}\n", false),
        ("departments", "- {id: a, name: 甲, calendar: every-day, phone: 110}\n", true),
        ("departments", "- {id: 甲, name: 甲}\n", false),
        ("departments", "id: a\nname: 甲\n", false),
        ("regions", "- {id: a, name: 甲市, level: city}\n", true),
        ("regions", "- {id: a, name: 甲市, level: town}\n", false),
        ("responsibility", "- {scenario: a/b, lead: c, basis: d, from: 2026-01-01}\n", true),
        ("responsibility", "- {scenario: a/b, category: e, lead: c, basis: d}\n", false),
        ("responsibility", "- {lead: c, basis: d}\n", false),
        ("responsibility", "- {scenario: a/b, lead: c}\n", false),
        ("responsibility", "- {scenario: a/b, lead: c, basis: d, from: 2026-1-1}\n", false),
        ("calendar", "year: 2026\nbasis: a\nworkdays: [2026-01-04]\n", true),
        ("calendar", "year: 26\nbasis: a\n", false),
        ("terms", "漏: [漏水, 119, $渗]\n", true),
        ("terms", "漏: 漏水\n", false),
        ("terms", "漏: [{any: [漏水]}]\n", false),
        ("conditions", "夜间施工: {all: [施工, {any: [夜里]}]}\n夜: 夜里\n", true),
        ("conditions", "夜间施工: {all: [施工], within: 3}\n", false),
        ("article", "id: a/b\ntitle: 甲\nbasis: [{title: 乙}]\neffective: 2026-01-01\n", true),
        ("article", "id: a/b\ntitle: 甲\nbasis: []\neffective: 2026-01-01\n", false),
        ("article", "id: a/b\ntitle: 甲\neffective: 2026-01-01\n", false),
        ("notice", "id: a\ntitle: 甲\nfrom: 2026-01-01 08:00\nuntil: 2026-01-02T18:00\n", true),
        ("notice", "id: a\ntitle: 甲\nfrom: 8点\nuntil: 2026-01-02\n", false),
        (
            "tests",
            "- {name: 甲, text: 漏水, at: 2026-09-30 17:00, expect: {facts: {phone: 110}, outcome: auto}}\n",
            true,
        ),
        ("tests", "- {name: 甲, call: [{say: 喂}, {say: 漏水, expect: {scenario: a/b}}]}\n", true),
        ("tests", "- {name: 甲}\n", false),
        ("tests", "- {name: 甲, text: 漏, call: [{say: 漏}]}\n", false),
        ("tests", "- {name: 甲, call: [{say: 漏}], expect: {scenario: a/b}}\n", false),
        ("tests", "- {name: 甲, call: []}\n", false),
        ("tests", "- {name: 甲, text: 漏, expect: {facts: {fone: 110}}}\n", false),
        ("tests", "- {name: 甲, text: 漏, expect: {outcome: maybe}}\n", false),
        ("tests", "- {name: 甲, txt: 漏}\n", false),
        ("checks", "- {codes: [J070, covered-term], severity: off, files: [rules/**], reason: 甲}\n", true),
        ("checks", "- {codes: [J070], severity: none}\n", false),
        ("checks", "- {severity: error}\n", false),
        ("case", r#"{"id": "a", "text": "漏", "origin": "example", "more": 1}"#, true),
        ("case", r#"{"id": "a", "origin": "example"}"#, false),
        ("case", r#"{"id": "a", "text": "漏", "origin": "made up"}"#, false),
    ] {
        let found = wrong(&schema(kind), &yaml(text));
        assert_eq!(found.is_empty(), good, "{kind}: {text}\n{found:?}");
    }
}

#[test]
fn every_key_of_tests_and_of_settings_of_checks_is_described() {
    for kind in ["tests", "checks"] {
        let parts = schema(kind)["$defs"].as_object().unwrap().clone();
        let keys = parts.iter().flat_map(|(part, schema)| {
            schema["properties"].as_object().into_iter().flatten().map(move |(key, it)| (part, key, it))
        });
        let bare: Vec<String> = keys
            .filter(|(.., it)| !it["description"].is_string())
            .map(|(part, key, _)| format!("{part}.{key}"))
            .collect();
        assert_eq!(bare, Vec::<String>::new(), "{kind}");
    }
}

/// A second opinion, where Python has a validator: the schemas are schemas, and all files fit.
#[test]
fn another_validator_agrees() {
    let program = "
import json, sys
try:
    from jsonschema import Draft202012Validator as V
except ImportError:
    sys.exit(3)
for kind, schema, values in json.load(sys.stdin):
    V.check_schema(schema)
    for path, value in values:
        errors = [e.json_path + ': ' + e.message[:200] for e in V(schema).iter_errors(value)]
        if errors: sys.exit(path + ' ' + str(errors))
print('agrees')
";
    let python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        println!("skipped: there is no python3");
        return;
    };
    let all: Vec<_> = files_of(Path::new(env!("CARGO_MANIFEST_DIR")))
        .into_iter()
        .map(|(file, values)| json!([file.kind, file.schema, values]))
        .collect();
    // It ends before it has read everything where it has no validator.
    let _ = python.stdin.take().unwrap().write_all(json!(all).to_string().as_bytes());
    let ended = python.wait_with_output().unwrap();
    if ended.status.code() == Some(3) {
        println!("skipped: python3 has no jsonschema");
        return;
    }
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn the_command_prints_and_writes_them() {
    let folder = Folder::init();
    Run::of(&["schema"]).go().ends(0, &["scenario", "rules/scenarios/**/*.yaml"]);
    let printed = Run::of(&["schema", "scenario"]).go().ends(0, &[]).json();
    assert_eq!(printed, schema("scenario"));
    assert_eq!(Run::of(&["schema", "--json"]).go().ends(0, &[]).json()["terms"], schema("terms"));
    Run::of(&["schema", "scenaro"]).go().ends(2, &["did you mean `scenario`"]);

    let into = folder.shown("bundle/.vscode/jiesu");
    let ran = folder.run(&["schema", "--write", &into]).go();
    ran.ends(0, &["settings.json", "# yaml-language-server: $schema=../../../.vscode/jiesu/scenario.schema.json"]);
    for file in schemas() {
        let text =
            std::fs::read_to_string(folder.at(&format!("bundle/.vscode/jiesu/{}.schema.json", file.kind))).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), file.schema);
    }
    let settings = folder.run(&["schema", "--json", "--write", &into]).go().ends(0, &[]).json()["settings"].clone();
    assert_eq!(settings["yaml.schemas"]["./.vscode/jiesu/scenario.schema.json"], "rules/scenarios/**/*.yaml");
    let kept = include_str!("../docs/editors/vscode-settings.json");
    assert_eq!(serde_json::from_str::<Value>(kept).unwrap(), settings, "docs/editors/vscode-settings.json");
    // A folder that its own files would make part of the bundle is none: the bundle still loads.
    folder.run(&["check"]).go().ends(0, &[]);
}
