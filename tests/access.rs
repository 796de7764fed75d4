//! Who may do what: real servers with real keys, every route with every scope.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "access/backup.rs"]
mod backup;
#[path = "support/bundle.rs"]
mod bundle;
#[path = "support/folder.rs"]
mod folder;
#[path = "access/limits.rs"]
mod limits;
#[path = "access/personal.rs"]
mod personal;
#[path = "access/process.rs"]
mod process;
#[path = "access/tls.rs"]
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use folder::{Run, eventually};
use jiesu::tickets::Action;
use process::{Place, Process};
use serde_json::{Value, json};

/// A complaint that the small bundle knows: the water group leads, the housing bureau takes part.
pub(crate) const LEAK: &str = "石洲区解放路12号门口自来水管漏了三天，水都流到马路上了，我叫张三丰，电话13812345678";

/// A key of every kind, by what the table calls it.
const KEYS: &[(&str, &[&str])] = &[
    ("submit", &["submit"]),
    ("agent", &["agent"]),
    ("dispatcher", &["dispatcher"]),
    ("water", &["department:water-group"]),
    ("housing", &["department:housing-bureau"]),
    ("gas", &["department:gas-group"]),
    ("editor", &["editor"]),
    ("metrics", &["metrics"]),
    ("admin", &["admin"]),
];

/// Every route of the document: who is let in, and how the others are refused. `{id}` is a ticket that the agent filed
/// and that the water group and the housing bureau handle.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("GET", "/healthz", "nobody everybody", ""),
    ("GET", "/readyz", "nobody everybody", ""),
    ("GET", "/metrics", "metrics admin", "403 forbidden"),
    ("POST", "/v1/match", "submit agent dispatcher editor admin", "403 forbidden"),
    ("POST", "/v1/match:batch", "submit agent dispatcher editor admin", "403 forbidden"),
    ("POST", "/v1/intake", "submit agent dispatcher editor admin", "403 forbidden"),
    ("POST", "/v1/explain", "agent dispatcher editor admin", "403 forbidden"),
    ("GET", "/v1/calls/{id}", "agent admin", "403 forbidden"),
    ("POST", "/v1/search", "submit agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("POST", "/v1/proposals:draft", "submit agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("POST", "/v1/proposals", "submit agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("GET", "/v1/proposals", "submit agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("GET", "/v1/proposals/{id}", "submit agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("POST", "/v1/proposals/{id}", "editor admin", "403 forbidden"),
    ("GET", "/v1/proposals/{id}/patch", "submit agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("GET", "/v1/bundle", "submit agent dispatcher editor admin", "403 forbidden"),
    ("GET", "/v1/bundle/changes", "agent dispatcher editor admin", "403 forbidden"),
    ("GET", "/v1/bundle/reloads", "agent dispatcher editor admin", "403 forbidden"),
    ("GET", "/v1/bundle/rules", "agent dispatcher editor admin", "403 forbidden"),
    ("POST", "/v1/bundle/reload", "editor admin", "403 forbidden"),
    ("POST", "/v1/callers", "agent dispatcher admin", "403 forbidden"),
    ("POST", "/v1/tickets", "submit agent dispatcher admin", "403 forbidden"),
    ("POST", "/v1/tickets/batch", "submit agent dispatcher admin", "403 forbidden"),
    ("GET", "/v1/tickets", "submit agent dispatcher water housing gas admin", "403 forbidden"),
    ("POST", "/v1/tickets/actions", "agent dispatcher water housing gas admin", "403 forbidden"),
    ("GET", "/v1/tickets/{id}", "agent dispatcher water housing admin", "404 no-ticket"),
    ("GET", "/v1/tickets/{id}/history", "agent dispatcher water housing admin", "404 no-ticket"),
    ("POST", "/v1/tickets/{id}/actions", "agent dispatcher water housing admin", "404 no-ticket"),
    ("POST", "/v1/tickets/{id}/erase", "admin", "403 forbidden"),
    ("POST", "/v1/tickets/{id}/attachments", "agent dispatcher water housing admin", "404 no-ticket"),
    ("GET", "/v1/tickets/{id}/attachments/{sha256}", "", "404 no-ticket"),
    ("GET", "/v1/statistics", "agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("GET", "/v1/statistics/rules", "agent dispatcher editor admin", "403 forbidden"),
    ("GET", "/v1/statistics/rising", "agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("GET", "/v1/statistics/hours", "agent dispatcher water housing gas editor admin", "403 forbidden"),
    ("GET", "/v1/queue/{name}", "agent dispatcher admin", "403 forbidden"),
    ("POST", "/v1/queue/{name}/claim", "dispatcher admin", "403 forbidden"),
    ("GET", "/v1/events", "everybody", ""),
    ("GET", "/v1/audit", "admin", "403 forbidden"),
    ("GET", "/v1/outbox", "dispatcher admin", "403 forbidden"),
    ("POST", "/v1/outbox/{id}/replay", "dispatcher admin", "403 forbidden"),
];

/// A body that the route takes.
fn body(method: &str, path: &str) -> Value {
    match (method, path) {
        ("POST", "/v1/match" | "/v1/intake" | "/v1/explain" | "/v1/tickets" | "/v1/tickets/batch") => {
            json!({"text": LEAK})
        }
        ("POST", "/v1/match:batch") => json!({"complaints": [{"text": LEAK}]}),
        ("POST", "/v1/callers") => json!({"phone": "13812345678"}),
        ("POST", "/v1/proposals:draft" | "/v1/proposals") => {
            json!({"kind": "report", "article": "water/repair-responsibility", "why": "条款号已变"})
        }
        ("POST", "/v1/proposals/{id}") => json!({"state": "accepted"}),
        ("POST", "/v1/search") => json!({"query": "水管"}),
        ("POST", "/v1/tickets/actions") => json!({"ids": ["x"], "action": {"action": "note", "text": "已了解"}}),
        ("POST", "/v1/tickets/{id}/actions") => json!({"action": "note", "text": "已了解"}),
        _ => Value::Null,
    }
}

/// A server with a key of every kind, and a ticket that the agent filed and the dispatcher sent to the water group and
/// the housing bureau.
struct Town {
    place: Place,
    server: Process,
    keys: BTreeMap<&'static str, String>,
    ticket: String,
}

impl Town {
    fn new() -> Town {
        Town::with(&[])
    }

    fn with(more: &[&str]) -> Town {
        let place = Place::new();
        let keys: BTreeMap<_, _> = KEYS.iter().map(|(name, scopes)| (*name, place.key(name, scopes))).collect();
        let server = place.serve(more);
        let mut town = Town { place, server, keys, ticket: String::new() };
        town.ticket = town.file();
        town
    }

    /// A ticket with the water group and the housing bureau.
    fn file(&self) -> String {
        let filed =
            self.ask("agent", "POST", "/v1/tickets", &json!({"text": LEAK, "contact": {"phone": "13812345678"}}));
        assert_eq!(filed.status, 201, "{}", filed.body);
        let id = filed.json()["id"].as_str().unwrap().to_owned();
        let to = json!([{"department": "water-group"}, {"department": "housing-bureau", "role": "joint"}]);
        let sent = self.act("dispatcher", &id, &json!({"action": "dispatch", "assignments": to}));
        assert_eq!(sent.status, 200, "{}", sent.body);
        id
    }

    fn ask(&self, who: &str, method: &str, path: &str, body: &Value) -> process::Answer {
        let key = (who != "nobody").then(|| self.keys[who].as_str());
        self.server.ask(key, method, path, body)
    }

    fn act(&self, who: &str, ticket: &str, action: &Value) -> process::Answer {
        self.ask(who, "POST", &format!("/v1/tickets/{ticket}/actions"), action)
    }
}

#[test]
fn a_civic_app_without_a_key_is_told_so_in_its_own_format() {
    let town = Town::new();
    for (path, expect) in [
        ("/open311/v2/requests.json", "[{\"code\":401,\"description\":"),
        ("/open311/v2/requests.xml", "<errors><error><code>401</code><description>"),
        ("/open311/v2/tokens/1.xml", "<errors><error><code>401</code><description>"),
    ] {
        let answer = town.ask("nobody", "GET", path, &Value::Null);
        assert!(answer.status == 401 && answer.body.contains(expect), "{path}: {}", answer.body);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[test]
fn every_route_lets_in_whom_it_should_and_nobody_else() {
    let town = Town::new();
    let document = town.ask("nobody", "GET", "/openapi.json", &Value::Null).json();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let table: BTreeSet<(String, String)> =
        TABLE.iter().map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, table, "routes of the document and rows of the table");
    let everybody: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
    let mut wrong = Vec::new();
    for (method, path, let_in, refusal) in TABLE {
        for who in everybody.iter().copied().chain(["nobody"]) {
            // Erased texts and claimed tickets are of no use to the next who asks.
            let id = if path.contains("erase") || path.contains("claim") { town.file() } else { town.ticket.clone() };
            let address = path.replace("{id}", &id).replace("{name}", "review").replace("{sha256}", "0");
            let answer = town.ask(who, method, &address, &body(method, path));
            let named = let_in.split(' ').any(|one| one == who || (one == "everybody" && who != "nobody"));
            let expect = if named {
                "200"
            } else if who == "nobody" {
                "401 unauthorized"
            } else {
                refusal
            };
            let seen = match answer.status {
                200 | 201 => "200".to_owned(),
                // What is sent is no photo: who is told so was let in.
                422 if path.ends_with("/attachments") => "200".to_owned(),
                // No WebSocket was asked for.
                426 => "200".to_owned(),
                // No message is dead.
                404 if path.ends_with("/replay") && answer.problem() == "not-found" => "200".to_owned(),
                // No proposal has the id of a ticket.
                404 if path.starts_with("/v1/proposals/") && answer.problem() == "not-found" => "200".to_owned(),
                status => format!("{status} {}", answer.problem()),
            };
            if seen != *expect {
                wrong.push(format!("{method} {path} as {who}: {seen}, not {expect}"));
            }
            if who == "nobody" && !named {
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What the document says is needed is what is asked for.
    for (method, path, let_in, _) in TABLE {
        let open = let_in.starts_with("nobody");
        let security = &document["paths"][path][method.to_lowercase()]["security"];
        assert_eq!(security.is_null(), open, "{method} {path}");
    }
}

#[test]
fn addresses_that_are_no_route_are_closed_or_nowhere() {
    let town = Town::new();
    for (method, path, who, expect) in [
        ("GET", "/v1/nothing", "nobody", 404),
        ("DELETE", "/v1/tickets", "nobody", 401),
        ("DELETE", "/v1/tickets", "dispatcher", 403),
        ("DELETE", "/v1/tickets", "admin", 405),
        ("GET", "/console/sign-in", "nobody", 200),
        ("GET", "/console/names", "nobody", 401),
        ("GET", "/docs", "nobody", 200),
        ("GET", "/docs/page.js", "nobody", 200),
        ("GET", "/", "nobody", 307),
        ("HEAD", "/v1/bundle", "nobody", 401),
        ("HEAD", "/v1/bundle", "agent", 200),
    ] {
        assert_eq!(town.ask(who, method, path, &Value::Null).status, expect, "{method} {path} as {who}");
    }
}

/// A body for every action; `{n}` stands for an assignment of another department.
fn actions() -> Vec<Value> {
    let to = json!({"department": "gas-group"});
    vec![
        json!({"action": "dispatch", "assignments": [to]}),
        json!({"action": "claim"}),
        json!({"action": "release"}),
        json!({"action": "accept", "assignment": 1}),
        json!({"action": "contact", "assignment": 1}),
        json!({"action": "resolve", "assignment": 1, "answer": "已修好"}),
        json!({"action": "approve_answer"}),
        json!({"action": "send_back", "assignment": 1, "reason": "不完整"}),
        json!({"action": "send_reply", "text": "已修好"}),
        json!({"action": "call_back", "by": "unit", "reached": false}),
        json!({"action": "close"}),
        json!({"action": "answer_on_the_spot", "text": "已答复"}),
        json!({"action": "apply_return", "assignment": 1, "reason": "not_ours", "basis": "职责清单"}),
        json!({"action": "uphold_return", "assignment": 1, "to": [to], "reason": "成立"}),
        json!({"action": "refuse_return", "assignment": 1, "reason": "不成立"}),
        json!({"action": "confirm"}),
        json!({"action": "redirect", "assignment": 1, "to": to, "reason": "改派"}),
        json!({"action": "hand_down", "assignment": 1, "to": to}),
        json!({"action": "pause", "reason": "等材料"}),
        json!({"action": "resume"}),
        json!({"action": "extend", "assignment": 1, "term": "1 working day", "reason": "复杂", "approved_by": "班长"}),
        json!({"action": "park", "reason": "等规划", "review_on": "2026-12-31"}),
        json!({"action": "unpark"}),
        json!({"action": "exclude", "reason": "不合理", "approved_by": "班长"}),
        json!({"action": "include", "reason": "合理"}),
        json!({"action": "finalise", "reason": "终结", "basis": "办法", "approved_by": "主任"}),
        json!({"action": "reopen", "reason": "又漏了"}),
        json!({"action": "merge", "into": "20261123-000001"}),
        json!({"action": "refuse", "ground": "out_of_scope", "notice": "不属于受理范围"}),
        json!({"action": "chase"}),
        json!({"action": "set_urgency", "urgency": "urgent", "reason": "老人"}),
        json!({"action": "link", "ticket": "20261123-000001", "relation": "same_matter"}),
        json!({"action": "note", "text": "看看"}),
    ]
}

#[test]
fn a_department_neither_sees_nor_touches_what_is_anothers() {
    let town = Town::new();
    let ticket = &town.ticket;
    let state =
        |who: &str| town.ask(who, "GET", &format!("/v1/tickets/{ticket}"), &Value::Null).json()["version"].clone();
    let before = state("admin");
    let actions = actions();
    let named: BTreeSet<&str> = actions.iter().map(|action| action["action"].as_str().unwrap()).collect();
    assert_eq!(named, Action::NAMES.iter().copied().collect(), "every action is tried");
    for action in &actions {
        // Not its ticket: as good as none.
        let answer = town.act("gas", ticket, action);
        assert_eq!((answer.status, answer.problem().as_str()), (404, "no-ticket"), "{action}: {}", answer.body);
        assert!(!answer.body.contains("张三丰") && !answer.body.contains("13812345678"));
    }
    for action in actions.iter().filter(|action| action["assignment"] == 1) {
        // Its ticket, another's part.
        let answer = town.act("housing", ticket, action);
        assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"), "{action}: {}", answer.body);
    }
    assert_eq!(state("admin"), before);
    for path in [format!("/v1/tickets/{ticket}"), format!("/v1/tickets/{ticket}/history")] {
        assert_eq!(town.ask("gas", "GET", &path, &Value::Null).status, 404, "{path}");
    }
    let listed = |who: &str, query: &str| {
        let page = town.ask(who, "GET", &format!("/v1/tickets{query}"), &Value::Null).json();
        page["items"].as_array().unwrap().iter().any(|item| item["id"] == **ticket)
    };
    for query in ["", "?department=water-group", "?phone=13812345678", "?scenario=water/pipe-leak"] {
        assert!(!listed("gas", query) && listed("water", query), "{query}");
    }
}

#[test]
fn without_keys_this_machine_alone_is_served() {
    let place = Place::new();
    let refused = Run::of(&["serve", "--bundle", &place.0.shown("bundle"), "--listen", "0.0.0.0:0"]);
    refused.go().ends(2, &["there are no keys", "jiesu keys add", "--data"]);
    let refused =
        Run::of(&["serve", "--bundle", &place.0.shown("bundle"), "--listen", "[::]:0", "--data", &place.data()]);
    refused.go().ends(2, &["there are no keys", "jiesu keys add"]);
    let server = place.serve(&[]);
    let get = |headers: &[(&str, &str)]| server.send("GET", "/v1/tickets", headers, &Value::Null);
    assert_eq!(get(&[]).status, 200);
    // Not for pages of other sites in a browser of this machine.
    for headers in [[("sec-fetch-site", "cross-site")], [("host", "evil.example")]] {
        assert_eq!(get(&headers).problem(), "cross-site", "{headers:?}");
    }
    // From the first key on everybody needs one, without a restart, and when it is gone again too.
    let key = place.key("first", &["admin"]);
    eventually(String::new, || get(&[]).status == 401);
    server.until(&key, 200);
    place.run(&["keys", "revoke", "first"]).ends(0, &["revoked"]);
    server.until(&key, 401);
    assert_eq!(get(&[]).status, 401);
    drop(server);
    // Beyond this machine once there is one.
    let key = place.key("second", &["admin"]);
    let server = place.serve(&["--listen", "0.0.0.0:0"]);
    assert_eq!(server.send("GET", "/v1/tickets", &[], &Value::Null).status, 401);
    assert_eq!(server.ask(Some(&key), "GET", "/v1/tickets", &Value::Null).status, 200);
}

#[test]
fn keys_are_listed_without_what_opens_anything() {
    let place = Place::new();
    let ran = place.run(&["keys", "add", "供水集团", "--scope", "department:water-group", "--json"]);
    let made = ran.ends(0, &[]).json();
    let key = made["key"].as_str().unwrap();
    let secret = key.rsplit('_').next().unwrap();
    assert!(key.starts_with("jiesu_") && secret.len() == 64);
    let listed = place.run(&["keys", "list"]);
    listed.ends(0, &["供水集团", "department:water-group", "never used"]);
    let json = place.run(&["keys", "list", "--json"]);
    assert_eq!(json.json()[0]["name"], "供水集团");
    assert!(!listed.out.contains(secret) && !json.out.contains(secret));
    place.run(&["keys", "add", "供水集团", "--scope", "agent"]).ends(2, &["has a key already"]);
    place.run(&["keys", "add", "x", "--scope", "boss"]).ends(2, &["no scope", "department:ID"]);
    place.run(&["keys", "add", "x"]).ends(2, &["--scope"]);
    place.run(&["keys", "revoke", "供水集"]).ends(2, &["did you mean `供水集团`"]);
    Run::of(&["keys", "list"]).go().ends(2, &["--data"]);
    // Nowhere in the database either.
    let files = std::fs::read_dir(place.0.at("data")).unwrap().flatten();
    for file in files.filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{:?}", file.path());
    }
    let server = place.serve(&[]);
    server.ask(Some(key), "GET", "/v1/tickets", &Value::Null);
    eventually(String::new, || place.run(&["keys", "list", "--json"]).json()[0]["used_at"].is_string());
}

#[test]
fn keys_are_in_no_log_and_no_answer() {
    let town = Town::new();
    let mut answers = String::new();
    for (who, key) in &town.keys {
        for (method, path, ..) in TABLE {
            let address = path.replace("{id}", &town.ticket).replace("{name}", "review").replace("{sha256}", "0");
            let answer = town.ask(who, method, &address, &body(method, path));
            answers.push_str(&answer.body);
            // A key in the wrong place is not repeated either.
            let elsewhere = format!("{address}?key={key}");
            answers
                .push_str(&town.server.send(method, &elsewhere, &[("authorization", key)], &body(method, path)).body);
        }
        let wrong = format!("{}0", &key[..key.len() - 1]);
        answers.push_str(&town.server.ask(Some(&wrong), "GET", "/v1/tickets", &Value::Null).body);
    }
    town.place.run(&["keys", "revoke", "agent"]).ends(0, &[]);
    town.server.until(&town.keys["agent"], 401);
    let log = town.server.log();
    assert!(log.lines().filter(|line| line.contains("request")).count() > 100, "{log}");
    for (who, key) in &town.keys {
        let secret = key.rsplit('_').next().unwrap();
        for hidden in [&secret[..16], &secret[secret.len() - 16..]] {
            assert!(!log.contains(hidden), "the key of {who} is in the log");
            assert!(!answers.contains(hidden), "the key of {who} is in an answer");
        }
    }
    for hidden in ["13812345678", "张三丰"] {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}

#[test]
fn a_stream_of_events_ends_with_its_key() {
    let town = Town::new();
    let mut stream = TcpStream::connect(town.server.address.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let key = &town.keys["water"];
    let head = format!(
        "GET /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 200 OK"));
    // Of a ticket of its own it hears, of others not.
    let other = town.ask("agent", "POST", "/v1/tickets", &json!({"text": "楼道里有很重的燃气味，住户都不敢开灯"}));
    let own = town.file();
    let heard: Vec<String> = lines.by_ref().take_while(|line| !line.contains(&own)).collect();
    assert!(!heard.iter().any(|line| line.contains(other.json()["id"].as_str().unwrap())), "{heard:?}");
    town.place.run(&["keys", "revoke", "water"]).ends(0, &[]);
    town.server.until(key, 401);
    let after = town.file();
    let rest: Vec<String> = lines.collect();
    assert!(!rest.iter().any(|line| line.contains(&after)), "{rest:?}");
}

#[test]
fn settings_are_shown_and_mistakes_told() {
    let place = Place::new();
    place.0.write("jiesu.toml", "database = \"postgres://jiesu:topsecret@db/jiesu\"\n[limits]\nburst = 3\n");
    let config = place.0.shown("jiesu.toml");
    let run = |more: &[&str]| Run::of(&["serve", "--config", &config, "--print-config"]).arguments(more);
    let shown = run(&[]).env("JIESU_LIMITS__CONNECTIONS", "9").go();
    shown.ends(0, &["burst = 3", "connections = 9", "auto_dispatch = true", "postgres://", "/jiesu"]);
    assert!(!shown.out.contains("topsecret"));
    let shown = run(&["--listen", "127.0.0.1:9", "--json"]).env("JIESU_LISTEN", "127.0.0.1:8").go();
    assert_eq!(shown.json()["listen"], "127.0.0.1:9");
    place.0.write("jiesu.toml", "[limits]\nbrust = 3\n");
    run(&[]).go().ends(2, &["jiesu.toml, line 2", "limits.brust", "did you mean limits.burst?"]);
    run(&[]).arguments(&["--lang", "zh"]).go().ends(2, &["第 2 行", "是否想写 limits.burst"]);
    Run::of(&["serve", "--config", &place.0.shown("nowhere.toml")]).go().ends(2, &["nowhere.toml"]);
}
