//! Everything from outside is hostile: each gives a clear error and the right exit code, in bounded time and memory,
//! and never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use folder::{Folder, Run};
use serde_json::Value;

const SCENARIO: &str = "bundle/rules/scenarios/road/extra.yaml";
const QUICKLY: Duration = Duration::from_secs(20);

/// A scenario with one part as given.
fn scenario(when: &str, reply: &str) -> String {
    format!("id: road/extra\ntitle: 道路\ncategory: 城乡建设/道路照明\nwhen: {when}\nreply: {reply}\n")
}

/// The bundle of `init`, with a scenario more that somebody is responsible for.
fn with_extra(scenario: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::init();
    folder.write(SCENARIO, scenario);
    folder.write(
        "bundle/rules/responsibility/extra.yaml",
        "- scenario: road/extra\n  lead: urban-management\n  basis: 派单目录第2项\n",
    );
    folder
}

#[test]
fn texts_with_nothing_in_them() {
    let folder = Folder::init();
    for text in
        ["", " ", "\t\r\n　", "\u{200b}\u{200b}", "\u{feff}", "\u{200d}\u{2060}", "\u{202e}\u{202c}", "&nbsp;", "\u{0}"]
    {
        folder.run(&["match", "-"]).input(text).go().ends(2, &["the text is empty"]);
    }
    folder.run(&["match", ""]).go().ends(2, &["the text is empty"]);
}

#[test]
fn texts_that_are_too_long_or_no_text() {
    let folder = Folder::init();
    let megabyte = "路灯坏了".repeat(90_000);
    folder.write("long.txt", &megabyte);
    folder.write("wrong.txt", b"\xc2\xb7\xb5\xc6 not utf-8");
    folder.run(&["match", "-"]).input(&megabyte).go().ends(2, &["too long", "30000"]);
    folder.run(&["match", "--file", &folder.shown("long.txt")]).go().ends(2, &["too long", "30000"]);
    folder.run(&["match", "-"]).input("路".repeat(30_001)).go().ends(2, &["30001", "30000"]);
    folder.run(&["match", "-"]).input("路".repeat(30_000)).go().ends(0, &["unknown"]);
    folder.run(&["match", "-"]).input(b"\xff\xfe\x00").go().ends(2, &["not UTF-8", "byte 0"]);
    folder.run(&["match", "--file", &folder.shown("wrong.txt")]).go().ends(2, &["not UTF-8", "byte 2"]);
    folder.run(&["match", "--file", &folder.shown("nowhere.txt")]).go().ends(2, &["nowhere.txt"]);
    folder.run(&["match", "--file", &folder.shown("bundle")]).go().ends(2, &[]);
    folder.run(&["match", "--cases", &folder.shown("nowhere.jsonl")]).go().ends(2, &["nowhere.jsonl"]);
    let long = "题".repeat(501);
    folder.run(&["match", "路灯", "--title", &long]).go().ends(2, &["501", "500"]);
    folder.run(&["match", "路灯", "--district", &long]).go().ends(2, &["`district`"]);
}

#[test]
fn arguments_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::init();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
    command.arg("match").arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    Run::command(command).arguments(&["--bundle", &folder.shown("bundle")]).go().ends(2, &["UTF-8"]);
}

#[test]
fn times_at_the_ends_of_time() {
    let folder = Folder::init();
    for at in ["9999-12-31", "9999-12-30T23:59", "-009999-01-02", "1900-01-01", "2026-02-28T24:00"] {
        let ran = folder.run(&["match", "昨天下午三点起路灯坏了，去年十二月也坏过", &format!("--at={at}")]).go();
        assert!(!ran.err.contains("panicked") && matches!(ran.code, Some(0 | 2)), "{at}: {ran:?}");
    }
}

/// Evidence is in characters of the text as it came in, whatever stands in it.
#[test]
fn spans_point_at_the_text_as_it_came_in() {
    let folder = Folder::init();
    for (text, expect) in [
        ("🚒🚒人民路路灯坏了", ["路灯", "坏了"]),
        ("👨‍👩‍👧路灯坏了", ["路灯", "坏了"]),
        ("\u{202e}路灯\u{202c}坏了", ["路灯", "坏了"]),
        ("路\u{200b}灯坏\u{200d}了", ["路\u{200b}灯", "坏\u{200d}了"]),
        ("ａｂｃ　路灯&nbsp;坏了", ["路灯", "坏了"]),
        ("e\u{301}路灯坏了", ["路灯", "坏了"]),
        ("𠮷路燈壞了", ["路燈", "壞了"]),
    ] {
        let decision = folder.run(&["match", "-", "--json"]).input(text).go().ends(0, &[]).json();
        let characters: Vec<char> = text.chars().collect();
        let at = |side: &Value| usize::try_from(side.as_u64().unwrap()).unwrap();
        let spans = decision["evidence"].as_array().unwrap().iter();
        let pointed: Vec<(String, &str)> = spans
            .map(|e| (&e["span"], e["text"].as_str().unwrap()))
            .map(|(span, words)| (characters[at(&span["start"])..at(&span["end"])].iter().collect(), words))
            .collect();
        assert!(pointed.iter().all(|(pointed, words)| pointed == words), "{text}: {pointed:?}");
        assert_eq!(pointed.iter().map(|(_, words)| *words).collect::<Vec<_>>(), expect, "{text}");
    }
}

#[test]
fn files_that_are_refused_each_for_its_own_reason() {
    let bomb = "id: &a [x, x]\ntitle: &b [*a, *a, *a]\ncategory: &c [*b, *b, *b]\nwhen: {any: [*c, *c]}\n";
    let seed = "{any: [坑洼]}";
    for (what, text, code) in [
        ("aliases that grow", bomb.to_owned(), "J007"),
        ("a merge key", format!("<<: {{id: a/b}}\n{}", scenario(seed, "好的")), "J007"),
        ("lists in lists", format!("when: {}", "[".repeat(100_000)), "J0"),
        ("mappings in mappings", format!("when: {}", "{a: ".repeat(100_000)), "J0"),
        ("more lists than anyone writes", format!("when: {}{}", "[".repeat(60), "]".repeat(60)), "J010"),
        ("indented without end", (0..2_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), "J010"),
        ("two documents", format!("{}---\nid: x\n", scenario(seed, "好的")), "J007"),
        ("a quotation mark left open", "id: \"road/extra\ntitle: x\n".to_owned(), "J001"),
        ("tabs", "id:\troad/extra\n\ttitle: x\n".to_owned(), "J0"),
        ("control characters", "id: road/\u{0}extra\n".to_owned(), "J0"),
        ("a loop without end", scenario(seed, "'{% for i in range(1000000000) %}好{% endfor %}'"), "J040"),
        ("a macro that calls itself", scenario(seed, "'{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}'"), "J040"),
        ("a text that grows", scenario(seed, "\"{{ 'x' * 1000000000 }}\""), "J040"),
        ("a list that grows", scenario(seed, "'{{ [1] * 99999999 }}'"), "J040"),
        (
            "brackets in brackets",
            scenario(seed, &format!("'{{{{ {}1{} }}}}'", "(".repeat(900), ")".repeat(900))),
            "J04",
        ),
        ("a template that reads files", scenario(seed, "\"{% include '/etc/passwd' %}\""), "J040"),
        ("a regex that grows", scenario("{any: [{regex: '(((a{1,100}){1,100}){1,100}){1,100}'}]}", "好的"), "J027"),
        (
            "a regex with brackets",
            scenario(&format!("{{any: [{{regex: '{}a{}'}}]}}", "(".repeat(200), ")".repeat(200)), "好的"),
            "J027",
        ),
        (
            "a regex that is too long",
            scenario(&format!("{{any: [{{regex: '{}'}}]}}", "水".repeat(5_000)), "好的"),
            "J0",
        ),
        ("a term that is too long", scenario(&format!("{{any: [{}]}}", "水".repeat(65)), "好的"), "J029"),
        ("a term of nothing", scenario("{any: ['\u{200b}']}", "好的"), "J023"),
        ("an id that is a path", scenario(seed, "好的").replace("road/extra", "../../etc"), "J022"),
    ] {
        let folder = with_extra(text);
        let ran = folder.run(&["check"]).within(QUICKLY).go();
        assert!(!ran.err.contains("panicked"), "{what}: {}", ran.err);
        assert!(ran.code == Some(1) && ran.out.contains(code), "{what}: {ran:?}");
        assert!(ran.out.contains("--> rules/scenarios/road/extra.yaml"), "{what}: no place in {}", ran.out);
        assert!(ran.out.len() < 100_000, "{what}: {} bytes of findings", ran.out.len());
    }
}

/// Matching takes linear time, so that this regex is no danger and is taken.
#[test]
fn a_regex_that_backtracking_would_drown_in() {
    let folder = with_extra(scenario("{any: [{regex: '(a+)+$'}]}", "好的"));
    folder.run(&["check"]).go().ends(0, &[]);
    let text = format!("{}!路灯坏了", "a".repeat(29_000));
    folder.run(&["match", "-"]).input(text).within(QUICKLY).go().ends(0, &["路灯不亮"]);
}

#[test]
fn a_file_with_five_mistakes_reports_five() {
    let text = "\
id: road/extra
title: 道路
category: 城乡建设/道路照明
priorty: urgent
kind: 抱怨
when:
  any:
    - []
    - {near: [坑, 洼]}
steps: 派人
reply: 好的
";
    let folder = with_extra(text);
    let ran = folder.run(&["check", "--json"]).go();
    ran.ends(1, &[]);
    let path = "rules/scenarios/road/extra.yaml";
    let found = ran.json();
    let found = found["diagnostics"].as_array().unwrap().iter().filter(|finding| finding["path"] == path);
    let mut found: Vec<_> = found
        .map(|finding| {
            (finding["line"].as_u64(), finding["column"].as_u64(), finding["code"].as_str().unwrap().to_owned())
        })
        .collect();
    found.sort();
    let expect = [(4, 1, "J003"), (5, 7, "J006"), (8, 7, "J024"), (9, 7, "J024"), (10, 8, "J005")];
    assert_eq!(found, expect.map(|(line, column, code)| (Some(line), Some(column), code.to_owned())));
    let shown = folder.run(&["check"]).go();
    for (line, column, _) in expect {
        shown.ends(1, &[&format!("{path}:{line}:{column}")]);
    }
}

#[test]
fn files_of_other_editors_are_read() {
    let folder = Folder::init();
    let path = "bundle/rules/scenarios/road/streetlight-out.yaml";
    for path in [path, "bundle/knowledge/articles/road/streetlight-repair.md", "bundle/knowledge/cases/examples.jsonl"]
    {
        let text = fs::read_to_string(folder.at(path)).unwrap();
        folder.write(path, format!("\u{feff}{}", text.replace('\n', "\r\n")));
    }
    let reply = folder.run(&["match", "人民路路灯坏了", "--json"]).go().ends(0, &[]).json()["reply"]["text"].clone();
    assert!(!reply.as_str().unwrap().contains('\r'), "{reply}");
    folder.run(&["check"]).go().ends(0, &["0 errors"]);
}

#[test]
fn folders_that_are_no_bundle() {
    let folder = Folder::init();
    fs::create_dir(folder.at("empty")).unwrap();
    fs::create_dir_all(folder.at("bare/rules")).unwrap();
    for (name, code, words) in [
        ("nowhere", 2, "there is no rules/ folder"),
        ("empty", 2, "there is no rules/ folder"),
        ("bare", 1, "rules/bundle.yaml is missing"),
        ("bundle/rules/bundle.yaml", 2, "there is no rules/ folder"),
    ] {
        Run::of(&["check", "--bundle", &folder.shown(name)]).go().ends(code, &[words, "jiesu init"]);
        Run::of(&["match", "路灯", "--bundle", &folder.shown(name)]).go().ends(2, &[words]);
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let empty = Folder::init();
    empty.write("bundle/rules/departments.yaml", "");
    empty.run(&["check"]).go().ends(1, &["rules/departments.yaml:1:1"]);

    let wrong = Folder::init();
    wrong.write("bundle/rules/terms/common.yaml", b"a: [x]\nb: [\xc2\xb7\xb5]\n");
    wrong.run(&["check"]).go().ends(1, &["rules/terms/common.yaml", "line 2 is not UTF-8"]);

    let large = Folder::init();
    File::create(large.at("bundle/knowledge/articles/large.md")).unwrap().set_len(200 << 20).unwrap();
    large.run(&["check"]).within(QUICKLY).go().ends(1, &["knowledge/articles/large.md", "200 MB", "4 MB"]);
}

/// A scenario that was linked and is gone is missed, not left out in silence.
#[test]
fn a_link_that_leads_nowhere_is_named() {
    let folder = Folder::init();
    symlink("nowhere.yaml", folder.at(SCENARIO)).unwrap();
    folder.run(&["check"]).go().ends(1, &["rules/scenarios/road/extra.yaml"]);
}

/// A line that is too long to be shown is named all the same.
#[test]
fn a_mistake_on_a_long_line_has_its_place() {
    let folder = with_extra(format!("{}# {}\n", scenario("{any: [坑洼]}", "好的"), "长".repeat(500)));
    folder.edit(SCENARIO, "title: 道路", &format!("title: 道路\nhints: [{}'\u{200b}']", "灯柱, ".repeat(100)));
    folder.run(&["check"]).go().ends(1, &["rules/scenarios/road/extra.yaml:3:"]);
}

#[test]
fn a_file_without_permission_is_named() {
    let folder = Folder::init();
    let path = folder.at("bundle/rules/terms/common.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    folder.run(&["check"]).go().ends(1, &["rules/terms/common.yaml"]);
}

/// A file in a folder so deep that it is not looked into is not left out in silence.
#[test]
fn a_folder_that_is_too_deep_is_named() {
    let folder = with_extra(scenario("{any: [坑洼]}", "好的"));
    let deep = format!("bundle/rules/scenarios/{}", (0..12).map(|n| format!("{n}/")).collect::<String>());
    fs::create_dir_all(folder.at(&deep)).unwrap();
    fs::rename(folder.at(SCENARIO), folder.at(&deep).join("extra.yaml")).unwrap();
    fs::remove_file(folder.at("bundle/rules/responsibility/extra.yaml")).unwrap();
    let ran = folder.run(&["check"]).go();
    assert!(ran.code == Some(1) || ran.out.contains("2 scenarios"), "left out in silence: {ran:?}");
}

/// A loop of links is named for what it is, and a folder full of them takes no time.
#[test]
fn loops_of_links_end() {
    let folder = Folder::init();
    symlink(".", folder.at("bundle/rules/scenarios/loop")).unwrap();
    let ran = folder.run(&["check"]).within(QUICKLY).go();
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert!(matches!(ran.code, Some(0 | 1)) && ran.out.contains("loop"), "{ran:?}");
}

#[test]
fn many_loops_of_links_end() {
    let folder = Folder::init();
    for n in 0..12 {
        symlink(".", folder.at(&format!("bundle/rules/scenarios/loop-{n}"))).unwrap();
    }
    let ran = folder.run(&["check"]).within(QUICKLY).go();
    assert!(!ran.err.contains("panicked") && matches!(ran.code, Some(0..=2)), "{ran:?}");
}

#[test]
fn a_pipe_in_the_folder_is_not_waited_for() {
    let folder = Folder::init();
    assert!(Command::new("mkfifo").arg(folder.at(SCENARIO)).status().unwrap().success());
    folder.run(&["check"]).within(QUICKLY).go().ends(1, &["rules/scenarios/road/extra.yaml"]);
}

/// A file without end, by its name no larger than any other.
#[test]
fn a_device_in_the_folder_is_not_read() {
    let folder = Folder::init();
    symlink("/dev/zero", folder.at(SCENARIO)).unwrap();
    let ran = limited(1_500_000, &["check", "--bundle", &folder.shown("bundle")]).within(QUICKLY).go();
    ran.ends(1, &["rules/scenarios/road/extra.yaml"]);
    assert!(!ran.out.contains("memory"), "read until memory ran out: {}", ran.out);
}

#[test]
fn lines_that_are_wrong_stop_no_other() {
    let folder = Folder::init();
    let good = |id: &str| format!("{{\"id\": \"{id}\", \"text\": \"路灯坏了\"}}").into_bytes();
    let lines: Vec<Vec<u8>> = vec![
        good("1"),
        b"{\"id\": \"2\", \"text\": ".to_vec(),
        good("3"),
        b"{\"id\": \"4\"}".to_vec(),
        b"{\"id\": \"5\", \"text\": \"  \"}".to_vec(),
        b"{\"id\": \"6\", \"text\": \"\xff\"}".to_vec(),
        b"[1, 2]".to_vec(),
        b"{\"id\": \"8\", \"text\": \"a\", \"at\": \"tomorrow\"}".to_vec(),
        b"{\"id\": \"9\", \"text\": \"\\ud800\"}".to_vec(),
        b"{\"id\": \"10\", \"text\": \"\\ud83d\\ude92\\u8def\\u706f\\u574f\\u4e86\"}".to_vec(),
        vec![b'['; 200_000],
        format!("{{\"id\": \"12\", \"text\": \"{}\"}}", "路".repeat(30_001)).into_bytes(),
        b"".to_vec(),
        [good("14"), b"\r".to_vec()].concat(),
        good("15"),
    ];
    folder.write("cases.jsonl", lines.join(&b'\n'));
    let path = folder.shown("cases.jsonl");
    let ran = folder.run(&["match", "--cases", &path]).go();
    ran.ends(1, &["5 decided: 5 by rule", "9 lines could not be decided"]);
    for line in [2, 4, 5, 6, 7, 8, 9, 11, 12] {
        assert!(ran.err.contains(&format!("{path}:{line}: ")), "line {line} is not named:\n{}", ran.err);
    }
    let ids =
        ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned());
    assert_eq!(ids.collect::<Vec<_>>(), ["1", "3", "10", "14", "15"]);
}

/// Spreadsheets and editors on Windows begin a file with a byte order mark.
#[test]
fn a_byte_order_mark_is_no_part_of_the_first_line() {
    let folder = Folder::init();
    folder.write("cases.jsonl", "\u{feff}{\"id\": \"1\", \"text\": \"路灯坏了\"}\n");
    folder.run(&["match", "--cases", &folder.shown("cases.jsonl")]).go().ends(0, &["1 decided"]);
}

/// One line may not take all memory: two gigabytes without a line break, with one and a half allowed.
#[test]
fn a_line_without_end_is_refused() {
    let folder = Folder::init();
    let path = folder.shown("cases.jsonl");
    File::create(&path).unwrap().set_len(2 << 30).unwrap();
    let ran = limited(1_500_000, &["match", "--cases", &path, "--bundle", &folder.shown("bundle")]).go();
    assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
}

#[test]
fn wrong_cases_of_the_bundle_are_named() {
    let folder = Folder::init();
    folder.write(
        "bundle/knowledge/cases/wrong.jsonl",
        "{\"id\": \"a\", \"text\": \"好\"}\n{\n{\"id\": \"a\", \"text\": \"好\"}\n",
    );
    let place = "knowledge/cases/wrong.jsonl";
    folder.run(&["check"]).go().ends(1, &["J012", &format!("{place}:2:1"), "J020", &format!("{place}:3:1")]);
}

/// A cache that cannot be written is an error of `build`, whose purpose it is, and of nothing else.
#[test]
fn caches_that_cannot_be_used() {
    let folder = Folder::init();
    folder.write("file", "no folder");
    fs::create_dir(folder.at("read-only")).unwrap();
    fs::set_permissions(folder.at("read-only"), fs::Permissions::from_mode(0o555)).unwrap();
    let all_powerful = fs::write(folder.at("read-only/try"), "").is_ok();
    let mut caches = vec![folder.shown("file"), "/proc/jiesu".to_owned()];
    if all_powerful {
        eprintln!("skipped: this user may write to a folder that is read-only");
    } else {
        caches.push(folder.shown("read-only"));
    }
    for cache in caches {
        folder.run(&["build", "--cache", &cache]).go().ends(2, &["cache", &cache]);
        folder.run(&["match", "路灯坏了", "--cache", &cache]).go().ends(0, &["路灯不亮"]);
    }
}

/// The same with as many cases as are kept in the cache without being asked.
#[test]
fn many_cases_without_a_cache_are_indexed_in_memory() {
    let folder = Folder::init();
    folder.write("file", "no folder");
    let line = |n| format!("{{\"id\": \"x{n}\", \"text\": \"第{n}号\", \"origin\": \"example\"}}\n");
    folder.write("bundle/knowledge/cases/many.jsonl", (0..30_000).map(line).collect::<String>());
    folder.run(&["match", "路灯坏了", "--cache", &folder.shown("file")]).go().ends(0, &["路灯不亮"]);
    folder.run(&["check", "--cache", &folder.shown("file")]).go().ends(0, &["cannot be used", "30001 cases"]);
}

/// An index, or what was learned, that was damaged on disk is built again.
#[test]
fn a_damaged_cache_is_built_again() {
    let folder = Folder::init();
    folder.run(&["build"]).go().ends(0, &[]);
    let only = |of: &Path| fs::read_dir(of).unwrap().next().unwrap().unwrap().path();
    let index = only(&folder.at("cache/indexes"));
    let files = fs::read_dir(index).unwrap().map(|entry| entry.unwrap().path());
    for (n, path) in files.chain([only(&folder.at("cache/answers"))]).enumerate() {
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() * (n % 2) / 2]).unwrap();
    }
    folder.run(&["build"]).go().ends(0, &["1 cases"]);
    folder.run(&["match", "路灯坏了"]).go().ends(0, &["example-1"]);
}

/// The program with so many kilobytes of address space.
fn limited(kilobytes: u32, arguments: &[&str]) -> Run {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_jiesu")]);
    Run::command(shell).arguments(arguments)
}

/// Lists and conditions that use the next one twice, thirty levels deep: written out they would be a thousand million.
#[test]
fn lists_and_conditions_that_double_at_every_level_end() {
    let folder = Folder::init();
    let doubling = |name: &str, last: &str, level: &dyn Fn(usize) -> String| {
        (0..30).map(|n| format!("{name}{n}: {}\n", level(n + 1))).chain([last.to_owned()]).collect::<String>()
    };
    let lists = doubling("l", "l30: [漏]\n", &|next| format!("[$l{next}, $l{next}]"));
    let conditions = doubling("c", "c30: {any: [$nowhere]}\n", &|next| format!("{{any: [$c{next}, $c{next}]}}"));
    folder.write("bundle/rules/terms/doubling.yaml", lists);
    folder.write("bundle/rules/conditions/doubling.yaml", conditions);
    folder.edit("bundle/rules/scenarios/road/streetlight-out.yaml", "    - 路灯故障\n", "    - $l0\n    - $c0\n");
    folder.run(&["check"]).within(QUICKLY).go().ends(1, &["`$nowhere`", "deeper than 10 levels"]);
}
