//! `jiesu tickets import` and `POST /v1/tickets/batch`: every line becomes one ticket or is named with what is wrong,
//! however often it is sent and whoever is killed meanwhile. All persons, numbers and complaints are made up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "tickets/agreement.rs"]
mod agreement;
#[path = "import/archive.rs"]
mod archive;
#[path = "support/folder.rs"]
mod folder;
#[path = "tickets/hotline.rs"]
mod hotline;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "crash/server.rs"]
mod server;

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use folder::{Folder, Ran, Run};
use hotline::{EASTERN_LEAK, Hotline, LEAK, Place, STALLS, at};
use jiesu::store::Location;
use jiesu::tickets::Settings;
use serde_json::{Value as Json, json};
use server::Server;

const HEAD: &str = "工单编号,诉求标题,诉求内容,诉求来源,区县,事发地址,受理时间,联系人,联系电话,承办单位";

/// A folder with the town's bundle, and where its tickets are.
struct Town {
    folder: Folder,
    database: String,
}

impl Town {
    fn new() -> Town {
        let folder = Folder::empty();
        hotline::write_bundle(&folder.at("bundle"));
        let database = folder.shown("tickets.db");
        Town { folder, database }
    }

    /// A table with some rows below its head.
    fn table(&self, name: &str, rows: &[String]) -> String {
        self.folder.write(name, format!("{HEAD}\n{}\n", rows.join("\n")));
        self.folder.shown(name)
    }

    fn import(&self, file: &str, more: &[&str]) -> Ran {
        let arguments = ["tickets", "import", file, "--database", &self.database];
        self.folder.run(&[&arguments, more].concat()).go()
    }

    /// The counts of an import: new, known, bad; and the whole report.
    fn counts(&self, file: &str, more: &[&str]) -> ([u64; 3], Json) {
        let ran = self.import(file, &[more, &["--json"]].concat());
        let report = ran.json();
        let counts = ["new", "known", "bad"].map(|field| report[field].as_u64().unwrap());
        assert_eq!(report["read"].as_u64().unwrap(), counts.iter().sum::<u64>(), "every row is counted once");
        assert_eq!(ran.code, Some(i32::from(counts[2] > 0)), "{}", ran.err);
        (counts, report)
    }

    fn hotline(&self) -> Hotline {
        let place = Place { location: Location::parse(&self.database).unwrap(), folder: None };
        let hotline = Hotline::with(place, Settings::default());
        hotline.at(jiff::Timestamp::now());
        hotline
    }
}

/// One row of the table, with a number, a text and a time.
fn row(id: &str, text: &str, time: &str) -> String {
    format!("{id},,{text},微信,东区,解放路12号,{time},丁一,13800000000,水务局")
}

#[test]
fn a_table_becomes_tickets_as_if_they_had_been_filed() {
    let town = Town::new();
    let rows =
        [row("G1", EASTERN_LEAK, "2026/3/2 9:30"), row("G2", STALLS, "2026年3月2日 10时00分"), row("", LEAK, "")];
    let file = town.table("诉求.csv", &rows);
    let dry = town.import(&file, &["--dry-run", "--lang", "zh"]);
    dry.ends(0, &["试运行", "可立 3 张工单", "受理时间（received_at）← 受理时间", "电话（contact_phone）← 联系电话"]);
    assert!(!dry.out.contains("13800000000") && !dry.out.contains("丁一"), "{}", dry.out);
    assert!(!town.folder.at(".tickets.mapping.yaml").exists());
    let (counts, report) = town.counts(&file, &[]);
    assert_eq!(counts, [3, 0, 0]);
    assert_eq!(report["unused"], json!(["诉求标题", "承办单位"]));
    let hotline = town.hotline();
    let ids = hotline.rows("SELECT id FROM tickets ORDER BY seq", Vec::new());
    let tickets: Vec<Json> = ids.iter().map(|row| hotline.get(row[0].as_str().unwrap())).collect();
    let first = &tickets[0];
    assert_eq!(first["id"].as_str().unwrap(), "20260302-000001", "its number says when it came in");
    for (field, expect) in [
        ("text", json!(EASTERN_LEAK)),
        ("external_id", json!("G1")),
        ("channel", json!("微信")),
        ("opened_at", json!("2026-03-02T01:30:00Z")),
        ("state", json!("dispatched")),
        ("contact", json!({"name": "丁一", "phone": "13800000000", "other": null})),
    ] {
        assert_eq!(first[field], expect, "{field}");
    }
    // Twenty-four hours from when it came in, not from now.
    assert_eq!(first["deadlines"][0]["due"], "2026-03-03T01:30:00Z");
    let events = hotline.events("20260302-000001");
    assert_eq!(events[0].at, at("2026-03-02T09:30:00"));
    assert!(events[1].at > at("2026-03-03T00:00:00"), "it was decided when it came here");
    assert_eq!(tickets[1]["text"], format!("{STALLS}\n地址：解放路12号"));
    assert_eq!(tickets[1]["state"], "in_review");
    agreement::of_all(&hotline);
}

#[test]
fn the_same_file_twice_makes_no_second_ticket() {
    let town = Town::new();
    let rows = [row("G1", LEAK, ""), row("", STALLS, "2026-03-02"), row("G1", LEAK, "")];
    let file = town.table("a.csv", &rows);
    assert_eq!(town.counts(&file, &[]).0, [2, 1, 0], "the third is the first again");
    assert_eq!(town.counts(&file, &[]).0, [0, 3, 0]);
    assert_eq!(town.counts(&file, &["--dry-run"]).0, [0, 3, 0]);
    // Keys of other requests are forgotten after a week; a file is kept for longer.
    let hotline = town.hotline();
    hotline.later(60 * 86_400_000_000);
    hotline.wait(hotline.tickets.forget_old()).unwrap();
    drop(hotline);
    assert_eq!(town.counts(&file, &[]).0, [0, 3, 0]);
    // The same number with other words is told, and nothing is lost.
    let other = town.table("b.csv", &[row("G1", STALLS, "")]);
    let (counts, report) = town.counts(&other, &[]);
    assert_eq!((counts, &report["bad_rows"][0]["column"]), ([0, 0, 1], &json!("工单编号")));
    assert!(report["bad_rows"][0]["why"]["zh"].as_str().unwrap().contains("内容不同"));
}

#[test]
fn bad_rows_are_kept_beside_the_file_and_mended_there() {
    let town = Town::new();
    let rows = [
        row("G1", LEAK, "2026-03-02"),
        row("G2", "", "2026-03-02"),
        row("G3", STALLS, "昨天"),
        row("2.01805E+15", STALLS, ""),
        format!("G5,,{STALLS},微信,南区,,,,,"),
        format!("G6,,{STALLS},微信,东区,,2999-01-01,,,"),
        format!("{},多,出,来", row("G7", STALLS, "")),
    ];
    let file = town.table("a.csv", &rows);
    let (counts, report) = town.counts(&file, &[]);
    assert_eq!(counts, [1, 0, 6]);
    let bad = report["bad_rows"].as_array().unwrap();
    let mut found: Vec<(u64, &str)> =
        bad.iter().map(|row| (row["row"].as_u64().unwrap(), row["column"].as_str().unwrap())).collect();
    found.sort_unstable();
    let expect = [(3, "诉求内容"), (4, "受理时间"), (5, "工单编号"), (6, "区县"), (7, "受理时间"), (8, "")];
    assert_eq!(found, expect);
    let kept = town.folder.at("a.bad.csv");
    assert_eq!(report["bad_files"], json!([kept.to_str().unwrap()]));
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kept).unwrap().permissions()) & 0o777, 0o600);
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("时间读不懂") && text.contains("没有属地“南区”"), "{text}");
    // Mended in place: each row becomes a ticket, and the file is not written over by the one it came from.
    let mended = text.replace("昨天", "2026-03-03").replace("南区", "东区").replace("2.01805E+15", "201805");
    fs::write(&kept, mended).unwrap();
    let (counts, report) = town.counts(kept.to_str().unwrap(), &[]);
    assert_eq!(counts, [3, 0, 3]);
    assert!(report["bad_files"][0].as_str().unwrap().ends_with("a.bad-2.csv"), "{report}");
    let before = fs::read_to_string(&kept).unwrap();
    assert_eq!(town.counts(&file, &[]).0, [0, 1, 6]);
    assert_eq!(fs::read_to_string(&kept).unwrap(), before);
    agreement::of_all(&town.hotline());
}

#[test]
fn lines_of_json_that_are_none_are_kept_whole() {
    let town = Town::new();
    let lines = [
        json!({"text": LEAK, "channel": "web", "external_id": "1", "contact": {"phone": "13800000000"}}).to_string(),
        "{\"text\": \"断了".to_owned(),
        json!({"text": "", "external_id": "2"}).to_string(),
        json!({"text": STALLS, "received_at": "2026-03-02T09:30:00+08:00"}).to_string(),
    ];
    town.folder.write("a.jsonl", lines.join("\n"));
    let (counts, report) = town.counts(&town.folder.shown("a.jsonl"), &[]);
    assert_eq!(counts, [2, 0, 2]);
    assert_eq!(report["mapping"].as_array().unwrap().len(), 5, "{report}");
    let kept = fs::read_to_string(town.folder.at("a.bad.jsonl")).unwrap();
    let kept: Vec<Json> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(kept.iter().any(|line| line["_raw"] == "{\"text\": \"断了" && line["_row"] == 2), "{kept:?}");
    assert!(kept.iter().any(|line| line["external_id"] == "2" && line["_column"] == "text"), "{kept:?}");
    assert_eq!(town.counts(&town.folder.shown("a.bad.jsonl"), &[]).0, [0, 0, 2]);
}

#[test]
fn every_format_and_encoding_gives_the_same_tickets() {
    let town = Town::new();
    let rows = [row("G1", LEAK, "2026-03-02 09:30"), row("", STALLS, "2026-03-02 09:31")];
    let text = format!("{HEAD}\n{}\n", rows.join("\n"));
    town.folder.write("a.csv", &text);
    assert_eq!(town.counts(&town.folder.shown("a.csv"), &[]).0, [2, 0, 0]);
    let units = std::iter::once(0xFEFF).chain(text.replace(',', "\t").encode_utf16().collect::<Vec<_>>());
    for (name, bytes) in [
        ("b.csv", encoding_rs::GB18030.encode(&text).0.into_owned()),
        ("c.txt", units.flat_map(u16::to_le_bytes).collect()),
        ("d.xlsx", archive::workbook(&text)),
    ] {
        town.folder.write(name, bytes);
        assert_eq!(town.counts(&town.folder.shown(name), &[]).0, [0, 2, 0], "{name}");
    }
}

#[test]
fn what_cannot_be_imported_is_said() {
    let town = Town::new();
    let file = town.table("a.csv", &[row("G1", LEAK, "")]);
    town.folder.write("m.yaml", "columns: {text: [诉求内容], department: [承办单位]}\n");
    let mapping = town.folder.shown("m.yaml");
    town.import(&file, &["--mapping", &mapping]).ends(2, &["`department` means nothing here"]);
    town.folder.write("n.yaml", "columns: {text: [诉求内荣]}\n");
    town.import(&file, &["--mapping", &town.folder.shown("n.yaml")]).ends(2, &["诉求内容"]);
    town.import(&town.folder.shown("none.csv"), &[]).ends(2, &["cannot be opened"]);
    Run::of(&["tickets", "import", &file, "--bundle", &town.folder.shown("bundle")]).go().ends(2, &["--data"]);
}

/// Killed at random moments, run again until it is through: each row once.
fn killed(town: &Town) {
    const ROWS: usize = 400;
    let texts = [LEAK, EASTERN_LEAK, STALLS];
    let rows: Vec<String> =
        (0..ROWS).map(|n| row(&format!("K{n}"), &format!("{}，第{n}件", texts[n % 3]), "")).collect();
    let file = town.table("k.csv", &rows);
    let mut random = hotline::Random(7);
    let mut broken_off = 0;
    for _ in 0..8 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
        command.args(["tickets", "import", &file, "--database", &town.database, "--json"]);
        command.args(["--bundle", &town.folder.shown("bundle")]).env("JIESU_CACHE", town.folder.shown("cache"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(600 + random.below(900) as u64));
        broken_off += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(broken_off > 0, "it was through before anybody could kill it");
    let ([new, known, bad], _) = town.counts(&file, &[]);
    assert_eq!((new + known, bad), (ROWS as u64, 0));
    let hotline = town.hotline();
    let stored = hotline.rows("SELECT external_id, COUNT(*) FROM tickets GROUP BY external_id", Vec::new());
    assert_eq!(stored.len(), ROWS);
    assert!(stored.iter().all(|row| row[1] == 1), "each row is one ticket");
    println!("{known} of {ROWS} rows were in before the last of {broken_off} kills");
    agreement::of_all(&hotline);
}

#[test]
fn an_import_that_is_killed_is_taken_up_on_sqlite() {
    killed(&Town::new());
}

#[test]
fn an_import_that_is_killed_is_taken_up_on_postgresql() {
    let Some(server) = postgres::Postgres::shared() else { return };
    let town = Town { database: server.database(), ..Town::new() };
    // Commands beside a server do not bring the database to its version.
    Server::start(&town.folder.at("bundle"), &town.database).kill();
    killed(&town);
}

fn client() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(120))).build().into()
}

/// A running server takes complaints and sees those that are imported beside it.
#[test]
fn an_import_goes_on_beside_a_server() {
    let town = Town::new();
    let server = Server::start(&town.folder.at("bundle"), &town.database);
    let rows: Vec<String> = (0..400).map(|n| row(&format!("B{n}"), &format!("{LEAK}，第{n}件"), "")).collect();
    let file = town.table("b.csv", &rows);
    thread::scope(|scope| {
        let filing = scope.spawn(|| {
            let client = client();
            for n in 0..60 {
                let body = json!({"text": format!("{STALLS}，{n}")});
                let answer = client.post(format!("{}/v1/tickets", server.address)).send_json(body).unwrap();
                assert_eq!(answer.status(), 201);
            }
        });
        assert_eq!(town.counts(&file, &[]).0, [400, 0, 0]);
        filing.join().unwrap();
    });
    let mut page =
        client().get(format!("{}/v1/tickets?limit=1&channel=%E5%BE%AE%E4%BF%A1", server.address)).call().unwrap();
    let page: Json = page.body_mut().read_json().unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    server.kill();
    let hotline = town.hotline();
    assert_eq!(hotline.rows("SELECT COUNT(*) FROM tickets", Vec::new())[0][0], 460);
    agreement::of_all(&hotline);
}

/// What a batch is answered, a line for a line.
fn batch(server: &Server, key: Option<&str>, kind: &str, body: &str) -> (u16, Vec<Json>) {
    let request = client().post(format!("{}/v1/tickets/batch", server.address)).header("content-type", kind);
    let request = if let Some(key) = key { request.header("idempotency-key", key) } else { request };
    let mut answer = request.send(body).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{text}")));
    (answer.status().as_u16(), lines.collect())
}

const NDJSON: &str = "application/x-ndjson";

#[test]
fn a_batch_is_answered_line_by_line() {
    let town = Town::new();
    let server = Server::start(&town.folder.at("bundle"), &town.database);
    let lines = [
        json!({"text": LEAK, "idempotency_key": "own"}).to_string(),
        "{\"text\": \"断了".to_owned(),
        String::new(),
        json!({"txet": LEAK}).to_string(),
        json!({"text": STALLS, "district": "南区"}).to_string(),
        json!({"text": STALLS, "received_at": "2026-03-02T09:30:00+08:00"}).to_string(),
        "[1]".to_owned(),
        json!({"text": STALLS, "received_at": "2999-01-01"}).to_string(),
        json!({"text": LEAK, "idempotency_key": "schlüssel"}).to_string(),
    ];
    let body = lines.join("\r\n");
    let seen = |lines: &[Json]| {
        let one = |line: &Json| {
            let problem = line["problem"]["type"].as_str().unwrap_or_default().replace("urn:jiesu:problem:", "");
            format!("{} {} {problem}", line["line"], line["status"]).trim_end().to_owned()
        };
        lines.iter().map(one).collect::<Vec<_>>()
    };
    let (status, first) = batch(&server, Some("k"), NDJSON, &body);
    let bad = ["2 400 invalid-json", "4 422 unknown-field", "5 422 invalid-field", "7 422 not-an-object"];
    let expect = |filed: u16| {
        let bad = bad.map(str::to_owned);
        let mut all: Vec<String> = bad.into_iter().chain([format!("1 {filed}"), format!("6 {filed}")]).collect();
        all.extend(["8 422 invalid-field".to_owned(), "9 422 invalid-field".to_owned()]);
        all.sort();
        all
    };
    assert_eq!((status, seen(&first)), (200, expect(201)));
    let (_, again) = batch(&server, Some("k"), NDJSON, &body);
    assert_eq!(seen(&again), expect(200), "the same batch again");
    assert_eq!((&first[0]["id"], &first[0]["state"]), (&again[0]["id"], &json!("dispatched")));
    for (kind, body, expect) in [
        ("text/plain", body.as_str(), 415),
        (NDJSON, &"{}\n".repeat(1_001), 422),
        (NDJSON, "", 200),
        ("application/json", &json!({"text": LEAK}).to_string(), 200),
    ] {
        assert_eq!(batch(&server, None, kind, body).0, expect, "{kind}");
    }
    server.kill();
    let hotline = town.hotline();
    assert_eq!(hotline.rows("SELECT COUNT(*) FROM tickets", Vec::new())[0][0], 3);
    agreement::of_all(&hotline);
}

#[test]
fn a_thousand_lines_are_one_batch() {
    let town = Town::new();
    let server = Server::start(&town.folder.at("bundle"), &town.database);
    let body: String = (0..1_000).map(|n| json!({"text": format!("第{n}件事，没有人管")}).to_string() + "\n").collect();
    let (status, lines) = batch(&server, Some("many"), NDJSON, &body);
    assert_eq!((status, lines.len()), (200, 1_000));
    assert!(lines.iter().all(|line| line["status"] == 201), "{:?}", lines.iter().find(|line| line["status"] != 201));
    server.kill();
    assert_eq!(town.hotline().rows("SELECT COUNT(*) FROM tickets", Vec::new())[0][0], 1_000);
}
