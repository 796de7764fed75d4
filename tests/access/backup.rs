//! Backups of a server under load, and what comes back of them.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::LEAK;
use crate::folder::Run;
use crate::process::Place;

/// A place with a key, some tickets, and an attachment beside the database.
fn town() -> (Place, String) {
    let place = Place::new();
    let key = place.key("desk", &["agent"]);
    place.0.write("data/attachments/a-ticket/abcdef", "a photo");
    (place, key)
}

/// Ends the load, also where the test fails in between: it would go on for ever.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_backup_under_load_is_whole() {
    let (place, key) = town();
    let server = place.serve(&[]);
    let done = AtomicBool::new(false);
    let file = |number: usize| {
        let answer =
            server.ask(Some(&key), "POST", "/v1/tickets", &json!({"text": format!("{LEAK}，第{number}次反映")}));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let before: Vec<String> = (0..20).map(file).collect();
    let (during, backups) = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut ids = Vec::new();
            while !done.load(Ordering::Relaxed) {
                ids.push(file(ids.len() + 100));
            }
            ids
        });
        let ends = Ends(&done);
        let backups: Vec<String> = (0..3)
            .map(|number| {
                let to = place.0.shown(&format!("backup-{number}"));
                place.run(&["backup", &to]).ends(0, &["1 attachments", "jiesu restore"]);
                to
            })
            .collect();
        drop(ends);
        (load.join().unwrap(), backups)
    });
    assert!(!during.is_empty());
    drop(server);
    // Each comes back to a state that the server was in: all from before, and of those during it a beginning.
    let mut counts = Vec::new();
    for (number, backup) in backups.iter().enumerate() {
        let other = place.0.shown(&format!("restored-{number}"));
        Run::of(&["restore", backup, "--data", &other]).go().ends(0, &["checked"]);
        assert_eq!(
            fs::read_to_string(place.0.at(&format!("restored-{number}/attachments/a-ticket/abcdef"))).unwrap(),
            "a photo"
        );
        let server = place.serve(&["--data", &other]);
        let has = |id: &String| server.ask(Some(&key), "GET", &format!("/v1/tickets/{id}"), &Value::Null).status == 200;
        assert!(before.iter().all(has));
        let kept = during.iter().take_while(|id| has(id)).count();
        assert!(!during.iter().skip(kept).any(has));
        counts.push(kept);
    }
    assert!(counts.is_sorted(), "{counts:?}");
}

#[test]
fn nothing_is_overwritten_and_nothing_broken_is_restored() {
    let (place, key) = town();
    let (to, data) = (place.0.shown("backup"), place.data());
    place.run(&["backup", &to, "--json"]).ends(0, &["\"attachments\":1"]);
    place.run(&["backup", &to]).ends(2, &["is there already"]);
    Run::of(&["backup", &place.0.shown("x"), "--data", &place.0.shown("nowhere")]).go().ends(2, &["no database file"]);
    Run::of(&["backup", &place.0.shown("x"), "--database", "postgres://127.0.0.1:1/x"]).go().ends(2, &["pg_dump"]);
    assert!(!place.0.at("x").exists() && !place.0.at("x.part").exists());
    let restore = |more: &[&str]| Run::of(&["restore", &to, "--data", &data]).arguments(more).go();
    restore(&[]).ends(2, &["nothing was replaced", "--force"]);
    // Not under a running server.
    let server = place.serve(&[]);
    restore(&["--force"]).ends(2, &["in use"]);
    drop(server);
    // What is damaged is not taken, and what was there stays.
    for (path, damage) in [
        ("backup/tickets.db", (|bytes| damaged(bytes)) as fn(&mut Vec<u8>)),
        ("backup/tickets.db", Vec::clear),
        ("backup/attachments/a-ticket/abcdef", |bytes| bytes.push(b'!')),
        ("backup/backup.json", |bytes| bytes.truncate(20)),
        ("backup/backup.json", escape),
    ] {
        let whole = fs::read(place.0.at(path)).unwrap();
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(place.0.at(path), bytes).unwrap();
        restore(&["--force"]).ends(2, &["backup"]);
        fs::write(place.0.at(path), whole).unwrap();
        assert!(!place.0.at("data/.restore").exists(), "{path}");
    }
    fs::remove_file(place.0.at("backup/attachments/a-ticket/abcdef")).unwrap();
    restore(&["--force"]).ends(2, &["missing"]);
    place.0.write("backup/attachments/a-ticket/abcdef", "a photo");
    assert_eq!(place.run(&["keys", "list", "--json"]).json()[0]["name"], "desk");
    // Restored, with what was there put aside.
    place.key("later", &["agent"]);
    let restored = restore(&["--force", "--json"]);
    restored.ends(0, &[]);
    let aside = restored.json()["aside"].as_str().unwrap().to_owned();
    assert!(fs::exists(format!("{aside}/tickets.db")).unwrap());
    assert_eq!(place.run(&["keys", "list", "--json"]).json().as_array().unwrap().len(), 1);
    let server = place.serve(&[]);
    server.until(&key, 200);
}

/// Some bytes in the middle are others.
fn damaged(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].iter_mut().for_each(|byte| *byte ^= 0xff);
}

/// A file of the list lies outside of the backup.
fn escape(bytes: &mut Vec<u8>) {
    *bytes = String::from_utf8_lossy(bytes)
        .replace("attachments/a-ticket/abcdef", "attachments/../../../etc/x")
        .into_bytes();
}
