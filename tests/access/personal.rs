//! What identifies people: who saw it is written down, and it can be erased.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiesu::access::{Actor, Scope};
use jiesu::bundle::{Cache, Live};
use jiesu::store::{Location, Options, Store};
use jiesu::tickets::{Action, Clock, Contact, MIGRATIONS, Settings, Submission, Tickets};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::folder::{Folder, eventually};
use crate::{Town, bundle};

const NUMBER: &str = "13812345678";

impl Town {
    /// The log of a ticket, the oldest first: who did what.
    fn log_of(&self, ticket: &str) -> Vec<String> {
        let page = self.ask("admin", "GET", &format!("/v1/audit?ticket={ticket}"), &Value::Null).json();
        let line =
            |entry: &Value| format!("{} {}", entry["actor"].as_str().unwrap(), entry["action"].as_str().unwrap());
        page["items"].as_array().unwrap().iter().rev().map(line).collect()
    }
}

#[test]
fn who_saw_and_did_what_is_written_down() {
    let town = Town::new();
    let ticket = &town.ticket;
    let path = format!("/v1/tickets/{ticket}");
    town.act("water", ticket, &json!({"action": "accept", "assignment": 1}));
    town.ask("water", "GET", &path, &Value::Null);
    town.ask("housing", "GET", &format!("{path}/history"), &Value::Null);
    // Nothing was seen, nothing was done.
    town.ask("gas", "GET", &path, &Value::Null);
    town.ask("submit", "GET", &path, &Value::Null);
    town.act("water", ticket, &json!({"action": "close"}));
    let expect = ["agent received", "dispatcher dispatched", "water accepted", "water read", "housing history_read"];
    eventually(|| format!("{:?}", town.log_of(ticket)), || town.log_of(ticket) == expect);
    town.ask("agent", "GET", "/v1/tickets?phone=13812345678", &Value::Null);
    let of_agent = || town.ask("admin", "GET", "/v1/audit?actor=agent&limit=1", &Value::Null).json();
    eventually(|| of_agent().to_string(), || of_agent()["items"][0]["action"] == "phone_searched");
    let next = of_agent()["next_cursor"].as_str().unwrap().to_owned();
    let second = town.ask("admin", "GET", &format!("/v1/audit?actor=agent&cursor={next}"), &Value::Null).json();
    assert_eq!(second["items"][0]["action"], "received");
    assert_eq!(second["next_cursor"], Value::Null);
    for wrong in ["?cursor=x", "?limit=0", "?limit=201", "?who=agent"] {
        assert_eq!(
            town.ask("admin", "GET", &format!("/v1/audit{wrong}"), &Value::Null).problem(),
            "invalid-query",
            "{wrong}"
        );
    }
}

#[test]
fn what_was_read_is_written_down_before_the_server_ends() {
    let town = Town::new();
    for _ in 0..50 {
        town.ask("agent", "GET", &format!("/v1/tickets/{}", town.ticket), &Value::Null);
    }
    stop(&town);
    let database = rusqlite::Connection::open(&town.server.database).unwrap();
    let read: i64 =
        database.query_row("SELECT COUNT(*) FROM audit WHERE action = 'read'", [], |row| row.get(0)).unwrap();
    assert_eq!(read, 50);
}

/// Ends the server as a service manager does, and waits until it has let go of its database.
fn stop(town: &Town) {
    let sent = Command::new("kill").args(["-TERM", &town.server.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let wal = town.place.0.at("data/tickets.db-wal");
    eventually(|| "the log of the database is still there".to_owned(), || !wal.exists());
}

#[test]
fn what_is_erased_is_gone_from_answers_and_from_the_disk() {
    let town = Town::new();
    let path = format!("/v1/tickets/{}", town.ticket);
    let seen = || town.ask("dispatcher", "GET", &path, &Value::Null);
    town.act("water", &town.ticket, &json!({"action": "note", "text": format!("已联系{NUMBER}")}));
    assert!(seen().body.contains(NUMBER) && seen().body.contains("张三丰"));
    let erased = town.ask("admin", "POST", &format!("{path}/erase"), &Value::Null);
    assert_eq!(erased.status, 200, "{}", erased.body);
    let history = town.ask("dispatcher", "GET", &format!("{path}/history"), &Value::Null);
    for answer in [&erased, &seen(), &history] {
        assert!(!answer.body.contains(NUMBER) && !answer.body.contains("张三丰"), "{}", answer.body);
    }
    assert_eq!(seen().json()["contact"], Value::Null);
    assert_eq!(history.json()["events"].as_array().unwrap().last().unwrap()["change"], "erased");
    let listed = town.ask("agent", "GET", &format!("/v1/tickets?phone={NUMBER}"), &Value::Null).json();
    assert_eq!(listed["items"], json!([]));
    // Again: nothing more happens.
    let again = town.ask("admin", "POST", &format!("{path}/erase"), &Value::Null).json();
    assert_eq!(again["version"], erased.json()["version"]);
    assert_eq!(town.ask("admin", "POST", "/v1/tickets/20260101-000099/erase", &Value::Null).problem(), "no-ticket");
    // One that was not erased is found there.
    let other = json!({"text": "路灯不亮", "contact": {"phone": "13900000001"}});
    assert_eq!(town.ask("agent", "POST", "/v1/tickets", &other).status, 201);
    stop(&town);
    let bytes = fs::read(&town.server.database).unwrap();
    assert!(bytes.windows(11).any(|part| part == b"13900000001"));
    for hidden in [NUMBER, "张三丰"] {
        assert!(!bytes.windows(hidden.len()).any(|part| part == hidden.as_bytes()), "{hidden} is on the disk");
    }
}

#[test]
fn what_was_kept_long_enough_is_erased() {
    let folder = Folder::empty();
    bundle::write(&folder.at("bundle"));
    let live = Live::start(&folder.at("bundle"), Cache::none(), None).unwrap_or_else(|error| panic!("{error:?}"));
    let now = Arc::new(Mutex::new("2026-11-23T01:00:00Z".parse::<Timestamp>().unwrap()));
    let clock: Clock = Arc::new({
        let now = Arc::clone(&now);
        move || *now.lock().unwrap()
    });
    let store = Store::open(&Location::file(folder.at("tickets.db")), MIGRATIONS, Options::default()).unwrap();
    let settings = Settings { erase_after_days: 30, ..Settings::default() };
    let desk = Tickets::new(store, Arc::new(live), settings, clock);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (agent, pass) = (Actor::new("agent", &[Scope::Agent]), |days: i64| {
        let mut now = now.lock().unwrap();
        *now = now.checked_add((days * 24).hours()).unwrap();
    });
    let contact = Contact { name: Some("张三丰".to_owned()), phone: Some(NUMBER.to_owned()), other: None };
    let file = || {
        let submission =
            Submission {
                text: "咨询开户材料".to_owned(), contact: Some(contact.clone()), ..Submission::default()
            };
        let prepared = desk.prepare(submission).unwrap();
        runtime.block_on(desk.submit(prepared, &agent, None)).unwrap().ticket["id"].as_str().unwrap().to_owned()
    };
    let (over, open) = (file(), file());
    let answered = Action::AnswerOnTheSpot { text: "请带身份证".to_owned() };
    runtime.block_on(desk.act(&over, answered, None, &agent)).unwrap();
    let contact = |id: &str| runtime.block_on(desk.get(id, &agent)).unwrap()["contact"].clone();
    let erase = || runtime.block_on(desk.erase_due()).unwrap();
    pass(29);
    assert_eq!((erase(), contact(&over)["phone"].as_str()), (0, Some(NUMBER)));
    pass(2);
    assert_eq!(erase(), 1);
    assert_eq!(contact(&over), Value::Null);
    // What is still being handled is kept, however old it is.
    assert_eq!(contact(&open)["phone"], NUMBER);
    assert_eq!(erase(), 0);
}
