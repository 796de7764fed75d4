//! `jiesu import`: tables of other systems in, masked cases out. All persons, numbers and tickets are made up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "import/archive.rs"]
mod archive;
#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::time::Duration;

use archive::{open_document, sheet_with};
use folder::{Folder, Ran};
use serde_json::{Value, json};

/// An export as hotlines make them, with all that goes wrong in one.
const TICKETS: &str = include_str!("import/tickets.csv");
/// Three tickets as they stand in `tickets.xls` and `tickets.xlsx`.
const THREE: &str = "工单编号,诉求标题,诉求内容,一级分类,二级分类,承办单位,区县,受理时间,办结时间,答复内容,联系人,联系电话
SZ2026030100001,路灯不亮,东区人民路的路灯坏了三天，晚上一片漆黑，请尽快维修,城市管理,路灯,城管局,东区,2026/3/1 9:30,2026/3/3,已修复,丁一,13800138000
20260302000002,占道经营,西区解放路口有摊贩占道经营，联系人：丁二，电话13900139000,城市管理,占道,市城管局,西区,2026/3/2 10:00,,已清理,丁二,13900139000
SZ2026030300003,,垃圾桶满了没有人清运，臭味很大，业主丁三三反映多次,城市管理,环卫,环卫大队,东区,2026/3/3 11:00,,,丁三三,
";

/// A bundle beside a file of tickets.
fn with(name: &str, content: impl AsRef<[u8]>) -> Folder {
    let folder = Folder::init();
    folder.write(name, content);
    folder
}

/// Imports files into `out.jsonl` of the bundle's cases.
fn import(folder: &Folder, files: &[&str], more: &[&str]) -> Ran {
    let paths: Vec<String> = files.iter().map(|file| folder.shown(file)).collect();
    let to = folder.shown("bundle/knowledge/cases/out.jsonl");
    let mut arguments = vec!["import", "--to", &to];
    arguments.extend(paths.iter().map(String::as_str));
    arguments.extend(more);
    folder.run(&arguments).go()
}

fn written(folder: &Folder) -> Vec<Value> {
    let text = fs::read_to_string(folder.at("bundle/knowledge/cases/out.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(folder: &Folder) -> Vec<String> {
    written(folder).iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn the_report_says_what_was_done() {
    let folder = with("tickets.csv", TICKETS);
    let ran = import(&folder, &["tickets.csv"], &["--lang", "zh"]);
    ran.ends(1, &[]);
    let shown = ran.out.replace(folder.path().to_str().unwrap(), "…");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/report.zh.txt");
    if std::env::var_os("JIESU_BLESS").is_some() {
        fs::write(golden, &shown).unwrap();
    }
    assert_eq!(shown, fs::read_to_string(golden).unwrap(), "with JIESU_BLESS=1 the golden file is written anew");
}

#[test]
fn rows_become_masked_cases() {
    let folder = with("t.csv", THREE);
    import(&folder, &["t.csv"], &[]).ends(0, &["3 rows read, 3 cases, 0 rows left out", "环卫大队 × 1"]);
    let cases = written(&folder);
    assert_eq!(
        cases[0],
        json!({
            "id": "SZ2026030100001", "title": "路灯不亮", "text": "东区人民路的路灯坏了三天，晚上一片漆黑，请尽快维修",
            "category": "城市管理/路灯", "department": "urban-management", "district": "east", "reply": "已修复",
            "opened_on": "2026-03-01", "origin": "real"
        })
    );
    assert_eq!(cases[1]["text"], "西区解放路口有摊贩占道经营，联系人：某某，电话1390*******");
    assert_eq!(cases[2]["text"], "垃圾桶满了没有人清运，臭味很大，业主某某某反映多次");
    assert_eq!((&cases[2]["department"], &cases[2]["title"]), (&json!("环卫大队"), &Value::Null));
    folder.run(&["check", "--deny-warnings", "--at", "2026-11-22"]).go().ends(0, &["4 cases", "0 errors, 0 warnings"]);
}

/// Whatever the tickets come in, the cases are the same.
#[test]
fn every_format_gives_the_same_cases() {
    let expect = {
        let folder = with("t.csv", THREE);
        import(&folder, &["t.csv"], &[]).ends(0, &[]);
        written(&folder)
    };
    let rows: Vec<Vec<&str>> = THREE.lines().map(|line| line.split(',').collect()).collect();
    let joined = |by: &str| rows.iter().map(|row| row.join(by)).collect::<Vec<_>>().join("\r\n");
    let objects: Vec<String> = rows[1..]
        .iter()
        .map(|row| {
            let cells = rows[0].iter().zip(row).map(|(name, cell)| ((*name).to_owned(), json!(cell)));
            Value::Object(cells.collect()).to_string()
        })
        .collect();
    let utf16 = |text: &str, mark: bool| {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    for (name, content, says) in [
        ("a.csv", format!("\u{feff}{THREE}").into_bytes(), "CSV, UTF-8"),
        ("a.csv", gb18030(THREE), "CSV, gb18030"),
        ("a.txt", joined("\t").into_bytes(), "TSV, UTF-8"),
        ("a.csv", joined(";").into_bytes(), "CSV, UTF-8"),
        ("a.txt", utf16(&joined("\t"), true), "TSV, UTF-16LE"),
        ("a.txt", utf16(&joined("\t"), false), "TSV, UTF-16LE"),
        ("a.jsonl", objects.join("\n").into_bytes(), "JSON Lines, UTF-8"),
        ("a.xls", include_bytes!("import/tickets.xls").to_vec(), "Excel .xls, sheet `三月工单`"),
        ("a.xlsx", include_bytes!("import/tickets.xlsx").to_vec(), "Excel .xlsx, sheet `三月工单`, header in row 2"),
        // What is in a file counts, not what it is called.
        ("a.csv", include_bytes!("import/tickets.xlsx").to_vec(), "Excel .xlsx"),
        ("a.xls", joined("\t").into_bytes(), "TSV, UTF-8"),
        ("a.ods", open_document(&rows), "OpenDocument .ods, sheet `三月工单`"),
    ] {
        let folder = with(name, content);
        import(&folder, &[name], &[]).ends(0, &[says]);
        assert_eq!(written(&folder), expect, "{name}: {says}");
    }
}

#[test]
fn a_second_run_goes_by_the_saved_mapping() {
    let folder = with("t.csv", THREE);
    import(&folder, &["t.csv"], &[]).ends(0, &["saved to", "because of its name"]);
    let first = written(&folder);
    let mapping = "bundle/knowledge/cases/.out.mapping.yaml";
    import(&folder, &["t.csv"], &["--replace"]).ends(0, &["because of the mapping file"]);
    assert_eq!(written(&folder), first);
    // By hand: another column, and what a name means.
    folder.edit(mapping, "title: [\"诉求标题\"]", "title: [\"一级分类\"]");
    folder.edit(mapping, "category: [\"一级分类\", \"二级分类\"]", "category: [\"二级分类\"]");
    let text = fs::read_to_string(folder.at(mapping)).unwrap();
    folder.write(mapping, text + "departments: {环卫大队: urban-management}\n");
    import(&folder, &["t.csv"], &["--replace"]).ends(0, &["departments: 3 found in the bundle, 0 not"]);
    let case = &written(&folder)[2];
    assert_eq!(
        (&case["title"], &case["category"], &case["department"]),
        (&json!("城市管理"), &json!("环卫"), &json!("urban-management"))
    );
}

#[test]
fn a_mapping_can_be_kept_anywhere_and_is_never_written_over() {
    let folder = with("t.csv", "甲,乙\nA1,门口的路灯坏了三天\n");
    folder.write("m.yaml", "columns: {text: ['乙'], id: ['#1']}\n");
    let mapping = folder.shown("m.yaml");
    import(&folder, &["t.csv"], &["--mapping", &mapping]).ends(0, &[]);
    assert_eq!(ids(&folder), ["A1"]);
    assert_eq!(fs::read_to_string(&mapping).unwrap(), "columns: {text: ['乙'], id: ['#1']}\n");
    for (yaml, words) in [
        ("columns: {text: [丙]}", ["no column `丙`", "甲、乙"]),
        ("columns: {text: [乙], id: [乙]}", ["乙", "taken for two things"]),
        ("columns: {txt: [乙]}", ["did you mean `text`?", "m.yaml:1:11"]),
        ("columns: {text: [乙]}\ndepartments: {甲: urban-managment}", ["urban-managment", "near: urban-management"]),
        ("columns: [", ["m.yaml", "J001"]),
    ] {
        folder.write("m.yaml", yaml);
        import(&folder, &["t.csv"], &["--mapping", &mapping, "--replace"]).ends(2, &words);
        assert_eq!(ids(&folder), ["A1"], "nothing was written");
    }
    folder.write("double.csv", "乙,乙\n一,二\n");
    folder.write("m.yaml", "columns: {text: [乙]}");
    import(&folder, &["double.csv"], &["--mapping", &mapping, "--replace"]).ends(2, &["two columns are called `乙`"]);
}

#[test]
fn without_a_column_of_texts_the_columns_are_shown() {
    let folder = with("t.csv", "甲,联系人\n1,丁一一\n2,丁二二\n");
    let ran = import(&folder, &["t.csv"], &[]);
    ran.ends(2, &["甲、联系人", "text: [列名]", "--mapping"]);
    assert!(!ran.err.contains("丁一一"), "{}", ran.err);
    assert!(!folder.at("bundle/knowledge/cases/out.jsonl").exists());
}

#[test]
fn nothing_is_written_over_unless_asked() {
    let folder = with("t.csv", THREE);
    folder.write("more.csv", THREE.replace("SZ2026030300003", "NEW1").replace("臭味很大", "气味难闻"));
    import(&folder, &["t.csv"], &[]).ends(0, &[]);
    let out = folder.at("bundle/knowledge/cases/out.jsonl");
    let first = fs::read_to_string(&out).unwrap();
    import(&folder, &["more.csv"], &[]).ends(2, &["exists", "--replace", "--append"]);
    assert_eq!(fs::read_to_string(&out).unwrap(), first);
    import(&folder, &["more.csv"], &["--append"]).ends(0, &["already in the file: 2", "1 cases"]);
    assert!(fs::read_to_string(&out).unwrap().starts_with(&first));
    assert_eq!(ids(&folder), ["SZ2026030100001", "20260302000002", "SZ2026030300003", "NEW1"]);
    import(&folder, &["more.csv"], &["--append"]).ends(0, &["already in the file: 3"]);
    assert_eq!(ids(&folder).len(), 4);
    import(&folder, &["more.csv"], &["--replace"]).ends(0, &[]);
    assert_eq!(ids(&folder).len(), 3);
    import(&folder, &["more.csv"], &["--replace", "--append"]).ends(2, &["--append"]);
    folder.write("bundle/knowledge/cases/out.jsonl", "{\"id\":\"1\"}\nno case\n");
    import(&folder, &["more.csv"], &["--append"]).ends(2, &["line 2"]);
    assert_eq!(fs::read_to_string(&out).unwrap(), "{\"id\":\"1\"}\nno case\n");
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = with("t.csv", THREE);
    let files = || fs::read_dir(folder.at("bundle/knowledge/cases")).unwrap().count();
    let before = files();
    import(&folder, &["t.csv"], &["--dry-run"]).ends(0, &["3 cases", "nothing was written"]);
    assert_eq!(files(), before);
}

#[test]
fn rows_without_ids_get_the_same_ids_again() {
    let folder = with("t.csv", "内容,日期\n门口的路灯坏了三天,2026-03-01\n井盖没有了很危险,2026-03-02\n");
    import(&folder, &["t.csv"], &[]).ends(0, &["no column holds ids"]);
    let first = ids(&folder);
    import(&folder, &["t.csv"], &["--append"]).ends(0, &["already in the file: 2"]);
    assert_eq!(ids(&folder), first);
}

#[test]
fn cases_elsewhere_in_the_bundle_keep_their_ids() {
    let folder = with("t.csv", "id,text\nexample-1,门口的路灯坏了三天\nother,井盖没有了很危险\n");
    import(&folder, &["t.csv"], &[]).ends(0, &["in another file of the bundle: 1"]);
    assert_eq!(ids(&folder), ["other"]);
    folder.run(&["check"]).go().ends(0, &["0 errors"]);
}

#[test]
fn near_copies_are_counted_or_dropped() {
    let long = "人民路和解放路交叉口的自来水管漏水已经三天了，水一直流到马路上，行人过不去，打了好几次电话也没有人来修";
    let folder = with(
        "t.csv",
        format!("id,text\n1,{long}\n2,{long}！急\n3,{long}。\n4,小区楼下的烧烤店每天晚上营业到凌晨两点\n"),
    );
    import(&folder, &["t.csv"], &[]).ends(0, &["same text and labels: 1", "1 of the cases are nearly the same"]);
    assert_eq!(ids(&folder), ["1", "2", "4"]);
    import(&folder, &["t.csv"], &["--replace", "--drop-near-copies"]).ends(0, &["nearly the same text: 1"]);
    assert_eq!(ids(&folder), ["1", "4"]);
}

#[test]
fn rows_left_out_are_listed() {
    let folder = with("tickets.csv", TICKETS);
    let rejects = folder.shown("rejects.csv");
    let report = import(&folder, &["tickets.csv"], &["--rejects", &rejects, "--json"]).ends(1, &[]).json();
    let listed = fs::read_to_string(&rejects).unwrap();
    let left: u64 = report["left_out"].as_array().unwrap().iter().map(|left| left["count"].as_u64().unwrap()).sum();
    assert_eq!(listed.lines().count() as u64, left + 1, "{listed}");
    assert_eq!(report["read"].as_u64().unwrap(), report["written"].as_u64().unwrap() + left);
    assert!(listed.contains("bad_date") && listed.contains("no_text"), "{listed}");
    import(&folder, &["tickets.csv"], &["--rejects", &rejects, "--append"]).ends(2, &["rejects.csv", "exists"]);
}

/// Nobody who complained can be read anywhere: not in the cases, the report, the rejects or the mapping.
#[test]
fn no_person_is_left() {
    let folder = with("tickets.csv", TICKETS);
    let rejects = folder.shown("rejects.csv");
    let mut seen = String::new();
    for more in [&["--rejects", &rejects][..], &["--json", "--replace"], &["--replace", "--lang", "zh"]] {
        let ran = import(&folder, &["tickets.csv"], more);
        seen += &(ran.out + &ran.err);
    }
    for path in ["bundle/knowledge/cases/out.jsonl", "bundle/knowledge/cases/.out.mapping.yaml", "rejects.csv"] {
        seen += &fs::read_to_string(folder.at(path)).unwrap();
    }
    for person in [
        "戊一",
        "丁二二",
        "丁三三",
        "13700137000",
        "137 0013 7001",
        "66778899",
        "11010519491231002X",
        "粤A12345",
        "wuyi@",
        "6222021234567890123",
    ] {
        assert!(TICKETS.contains(person), "{person} is not in the tickets");
        assert!(!seen.contains(person), "{person} is left in\n{seen}");
    }
}

#[test]
fn a_bundle_that_does_not_load_is_no_hindrance() {
    let folder = with("t.csv", THREE);
    folder.edit("bundle/rules/departments.yaml", "name: 市城市管理局", "nmae: 市城市管理局");
    import(&folder, &["t.csv"], &[]).ends(0, &["names stay as they are", "jiesu check"]);
    assert_eq!(written(&folder)[0]["department"], "城管局");
    let bare = Folder::empty();
    bare.write("t.csv", THREE);
    let (file, to) = (bare.shown("t.csv"), bare.shown("cases.jsonl"));
    folder::Run::of(&["import", &file, "--to", &to, "--bundle", &bare.shown("nowhere")]).go().ends(0, &["no bundle"]);
    assert_eq!(fs::read_to_string(&to).unwrap().lines().count(), 3);
}

#[test]
fn several_files_become_one() {
    let folder = with("a.csv", "编号,内容\n1,门口的路灯坏了三天\n2,井盖没有了\n");
    folder.write("b.csv", "内容,备注,编号\n垃圾没有人清运,,3\n井盖没有了,,2\n");
    folder.write("c.csv", "说明,编号\n树倒了,4\n");
    import(&folder, &["a.csv", "b.csv"], &[]).ends(0, &["id seen before: 1"]);
    assert_eq!(ids(&folder), ["1", "2", "3"]);
    import(&folder, &["a.csv", "c.csv"], &["--replace"]).ends(2, &["c.csv", "no column `内容`", "说明、编号"]);
    assert_eq!(ids(&folder), ["1", "2", "3"], "all or nothing");
}

#[test]
fn sheets_are_chosen_by_name() {
    let folder = with("t.xlsx", include_bytes!("import/tickets.xlsx"));
    import(&folder, &["t.xlsx"], &["--sheet", "四月"]).ends(2, &["no sheet `四月`", "三月工单、说明"]);
    import(&folder, &["t.xlsx"], &["--sheet", "说明"]).ends(2, &["no column seems to hold the texts"]);
    import(&folder, &["t.xlsx"], &["--sheet", "三月工单"]).ends(0, &["3 cases"]);
    folder.write("t.csv", THREE);
    import(&folder, &["t.csv"], &["--sheet", "三月工单", "--replace"]).ends(2, &["--sheet is for Excel"]);
}

/// Bytes without any order.
fn junk(length: u32) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761).rotate_left(7) >> 13) as u8).collect()
}

#[test]
fn hostile_files_are_refused_in_words() {
    let xlsx = include_bytes!("import/tickets.xlsx");
    let xls = include_bytes!("import/tickets.xls");
    let wide = format!("内容{}\n路灯不亮{}\n", ",a".repeat(1_000_000), ",b".repeat(1_000_000));
    let open_quote = format!("id,内容\n1,\"路灯不亮\n{}", "2,井盖没有了\n".repeat(1_000_000));
    let far = sheet_with("<c r=\"XFD1048576\" t=\"inlineStr\"><is><t>x</t></is></c>");
    let disorder = sheet_with("<c r=\"A9\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c>");
    for (name, content, word) in [
        ("empty.csv", Vec::new(), "nothing in it"),
        ("blank.csv", b"\n\n \n".to_vec(), "nothing in it"),
        ("junk.csv", junk(50_000), "NUL"),
        ("junk.xlsx", [b"PK\x03\x04".to_vec(), junk(50_000)].concat(), "damaged"),
        ("junk.xls", [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), junk(50_000)].concat(), "damaged"),
        ("cut.xlsx", xlsx[..xlsx.len() / 2].to_vec(), "damaged"),
        ("cut.xls", xls[..1_000].to_vec(), "damaged"),
        ("nul.csv", b"id,text\n1,a\0b\n".to_vec(), "NUL"),
        ("wide.csv", wide.into_bytes(), "1000001 columns: at most 1000"),
        ("quote.csv", open_quote.into_bytes(), "quotation mark"),
        ("page.xls", b"<html><table><tr><td>1</td></tr></table></html>".to_vec(), "web page"),
        ("a.json", b"[{\"id\":1}]".to_vec(), "JSON Lines"),
        ("a.pdf", b"%PDF-1.7".to_vec(), "not a table"),
        ("bomb.xlsx", archive::claiming(3 << 30), "unpacks to 3072 MB"),
        ("far.xlsx", far, "16384 columns: at most 1000"),
        ("disorder.xlsx", disorder, "out of order"),
        (
            "deep.jsonl",
            format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000)).into_bytes(),
            "not a JSON object",
        ),
    ] {
        let folder = with(name, content);
        import(&folder, &[name], &[]).ends(2, &[name, word]);
        assert!(!folder.at("bundle/knowledge/cases/out.jsonl").exists());
    }
    let folder = Folder::init();
    import(&folder, &["nowhere.csv"], &[]).ends(2, &["nowhere.csv", "cannot be opened"]);
    import(&folder, &["bundle"], &[]).ends(2, &["is not a file"]);
}

/// Damage anywhere ends in cases or in words, never in a panic.
#[test]
fn damaged_spreadsheets_are_no_panic() {
    let folder = Folder::init();
    for (name, whole) in
        [("a.xlsx", &include_bytes!("import/tickets.xlsx")[..]), ("a.xls", include_bytes!("import/tickets.xls"))]
    {
        for place in (0..whole.len()).step_by(whole.len() / 25) {
            let mut bytes = whole.to_vec();
            bytes[place] ^= 0xFF;
            folder.write(name, &bytes);
            let ran = import(&folder, &[name], &["--dry-run"]);
            assert!(
                !ran.err.contains("panicked") && ran.code.is_some_and(|code| code <= 2),
                "{name} at {place}: {ran:?}"
            );
        }
    }
}

#[test]
fn arguments_are_checked() {
    let folder = with("t.csv", THREE);
    import(&folder, &["t.csv"], &["--encoding", "latein"]).ends(2, &["unknown encoding `latein`"]);
    import(&folder, &["t.csv"], &["--encoding", "gb18030"]).ends(2, &["encoding"]);
    folder.run(&["import"]).go().ends(2, &["FILE"]);
    folder.run(&["import", &folder.shown("t.csv"), "--to", &folder.shown("a.txt")]).go().ends(2, &[".jsonl"]);
    folder.run(&["import", &folder.shown("t.csv")]).go().ends(0, &["knowledge/cases/t.jsonl"]);
}

/// The mappings that the pages show are mappings, and every flag of the command stands on both pages.
#[test]
fn the_pages_say_what_is_so() {
    let help = folder::Run::of(&["import", "--help"]).go().out;
    let flags = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches([',', ')', ';']));
    let common = ["--bundle", "--lang", "--cache", "--at", "--help"];
    let flags: Vec<&str> = flags.filter(|flag| !common.contains(flag)).collect();
    assert!(flags.len() >= 9, "{help}");
    for page in [include_str!("../docs/import.md"), include_str!("../docs/import.zh-CN.md")] {
        let yaml = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let folder = with(
            "t.csv",
            "诉求内容,工单编号,一级分类,二级分类,区县,街道,,,,,,\n路灯坏了三天,A1,城管,路灯,东区,某街道,,,,,,已修\n",
        );
        folder.write("m.yaml", yaml);
        import(&folder, &["t.csv"], &["--mapping", &folder.shown("m.yaml")]).ends(0, &["1 cases"]);
        let case = &written(&folder)[0];
        assert_eq!(
            (&case["category"], &case["district"], &case["reply"]),
            (&json!("城管/路灯"), &json!("east"), &json!("已修"))
        );
        for flag in &flags {
            assert!(page.contains(*flag), "{flag} is not on the page");
        }
    }
}

/// Time is in proportion to the rows.
#[test]
fn many_rows_take_little_time() {
    let row =
        |n: u32| format!("N{n:06},第{n}号路口的路灯坏了{}天，电话13{n:09}，张先生反映,城管局,2026-03-01\n", n % 97);
    let rows: String = (0..10_000).map(row).collect();
    let folder = with("t.csv", format!("工单编号,诉求内容,承办单位,受理时间\n{rows}"));
    let (file, to) = (folder.shown("t.csv"), folder.shown("out.jsonl"));
    let run = folder.run(&["import", &file, "--to", &to]).within(Duration::from_secs(60)).go();
    run.ends(0, &["10000 rows read, 10000 cases"]);
}
