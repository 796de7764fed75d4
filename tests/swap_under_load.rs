//! A real server under load while its rules are swapped every second: by renaming folders, by swapping a link, by
//! `git checkout`; good states and broken ones in turn.
//!
//! No request fails, every answer comes from a state that existed whole, broken states are reported and the last good
//! one serves. Runs for nine seconds; `JIESU_LOAD_SECONDS=60` makes it a minute.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use folder::{Folder, eventually};
use jiesu::bundle::Snapshot;
use serde_json::{Value, json};

/// Requests in a second.
const RATE: u64 = 200;
/// Threads that send them.
const SENDERS: u64 = 4;
/// How long a state stands: longer than it takes to settle.
const STANDS: Duration = Duration::from_secs(1);

#[test]
fn no_request_fails_while_rules_are_swapped() {
    let seconds = std::env::var("JIESU_LOAD_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(9);
    let states = States::new();
    let server = Server::start(&states.root());
    let load = Load::start(&server.address);
    let mut refused = 0;
    let mut swaps = 0;
    let began = Instant::now();
    for way in [Way::Rename, Way::Link, Way::Checkout] {
        states.prepare(way);
        let until = Duration::from_secs(seconds) * (way as u32 + 1) / 3;
        let mut next = 0;
        while began.elapsed() < until {
            let name = ["good-a", "broken", "good-b"][next % 3];
            let swapped = Instant::now();
            states.put(way, name);
            swaps += 1;
            while swapped.elapsed() < STANDS {
                std::thread::sleep(Duration::from_millis(100));
            }
            let bundle = server.bundle();
            let last = &bundle["last_reload"];
            refused += u64::from(name == "broken" && last["accepted"] == false);
            assert!(states.is_good(bundle["revision"].as_str().unwrap()), "{bundle}");
            next += 1;
        }
    }
    states.put(Way::Checkout, "good-b");
    let good_b = states.revisions["good-b"].clone();
    eventually(|| server.bundle().to_string(), || server.bundle()["revision"] == good_b.as_str());
    let (sent, failed, revisions) = load.stop();
    println!(
        "{sent} requests in {} s, {swaps} swaps, {refused} broken states reported, {} failed, answers by revision {revisions:?}",
        began.elapsed().as_secs(),
        failed.len()
    );
    assert_eq!(failed, Vec::<String>::new());
    assert!(revisions.keys().all(|revision| states.is_good(revision)), "{revisions:?}");
    assert!(revisions.len() >= 2, "nothing was ever swapped: {revisions:?}");
    assert!(refused > 0, "no broken state was reported");
    // A machine that is busy with other tests sends fewer; half of them is still a load.
    assert!(sent > seconds * RATE / 2, "only {sent} requests");
}

/// How a state is put in place.
#[derive(Clone, Copy)]
enum Way {
    Rename = 0,
    Link = 1,
    Checkout = 2,
}

/// States of one bundle, each a folder of rules and a commit.
struct States {
    folder: Folder,
    /// Revisions of the good ones.
    revisions: BTreeMap<String, String>,
}

impl States {
    fn new() -> States {
        let folder = Folder::init();
        let scenario = "bundle/rules/scenarios/road/streetlight-out.yaml";
        let original = fs::read_to_string(folder.at(scenario)).unwrap();
        let states = [
            ("good-a", original.replace("title: 路灯不亮", "title: 路灯不亮甲")),
            ("good-b", original.replace("title: 路灯不亮", "title: 路灯不亮乙")),
            ("broken", original.replace("title: 路灯不亮", "titel: 路灯不亮")),
        ];
        let git = |arguments: &[&str]| {
            let ran = Command::new("git").arg("-C").arg(folder.at("bundle")).args(arguments).output().unwrap();
            assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        };
        git(&["init", "-q"]);
        let mut revisions = BTreeMap::new();
        for (name, text) in states {
            folder.write(scenario, text);
            git(&["add", "-A"]);
            git(&["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", name]);
            git(&["tag", name]);
            copy(&folder.at("bundle/rules"), &folder.at(&format!("states/{name}")));
            if name != "broken" {
                revisions.insert(name.to_owned(), Snapshot::read(&folder.bundle()).unwrap().revision());
            }
        }
        git(&["checkout", "-q", "good-a"]);
        States { folder, revisions }
    }

    fn root(&self) -> PathBuf {
        self.folder.bundle()
    }

    fn is_good(&self, revision: &str) -> bool {
        self.revisions.values().any(|good| good == revision)
    }

    /// Makes `rules` what this way of swapping needs.
    fn prepare(&self, way: Way) {
        let rules = self.root().join("rules");
        match way {
            Way::Rename => {}
            Way::Link => fs::rename(&rules, self.folder.at("renamed-away-last")).unwrap(),
            Way::Checkout => fs::remove_file(&rules).unwrap(),
        }
    }

    fn put(&self, way: Way, name: &str) {
        let rules = self.root().join("rules");
        match way {
            Way::Rename => {
                let new = self.folder.at("new");
                copy(&self.folder.at(&format!("states/{name}")), &new);
                let away = self.folder.at("away");
                let _ = fs::remove_dir_all(&away);
                fs::rename(&rules, &away).unwrap();
                fs::rename(&new, &rules).unwrap();
            }
            Way::Link => {
                let link = self.root().join("rules.new");
                std::os::unix::fs::symlink(self.folder.at(&format!("states/{name}")), &link).unwrap();
                fs::rename(&link, &rules).unwrap();
            }
            Way::Checkout => {
                let git = Command::new("git").arg("-C").arg(self.root()).args(["checkout", "-q", "-f", name]).output();
                assert!(git.unwrap().status.success());
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The real program, stopped when the test ends.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(root: &Path) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jiesu"))
            .args(["serve", "--listen", "127.0.0.1:0", "--lang", "en", "--bundle"])
            .arg(root)
            .env("RUST_LOG", "error")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("serving on http://")));
        let line = line.unwrap().unwrap();
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
        // Nobody waits for the rest, but a full pipe would stop the server.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }

    fn bundle(&self) -> Value {
        ureq::get(format!("{}/v1/bundle", self.address)).call().unwrap().body_mut().read_json().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Requests at a steady rate.
struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    failed: Arc<Mutex<Vec<String>>>,
    revisions: Arc<Mutex<BTreeMap<String, u64>>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    fn start(address: &str) -> Load {
        let mut load = Load {
            stop: Arc::default(),
            sent: Arc::default(),
            failed: Arc::default(),
            revisions: Arc::default(),
            threads: Vec::new(),
        };
        for _ in 0..SENDERS {
            let (stop, sent) = (Arc::clone(&load.stop), Arc::clone(&load.sent));
            let (failed, revisions) = (Arc::clone(&load.failed), Arc::clone(&load.revisions));
            let url = format!("{address}/v1/match");
            load.threads.push(std::thread::spawn(move || {
                let agent = ureq::Agent::new_with_defaults();
                let mut next = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    std::thread::sleep(next.saturating_duration_since(Instant::now()));
                    next += Duration::from_secs(1) * SENDERS as u32 / RATE as u32;
                    sent.fetch_add(1, Ordering::Relaxed);
                    match ask(&agent, &url) {
                        Ok(revision) => *revisions.lock().unwrap().entry(revision).or_default() += 1,
                        Err(error) => failed.lock().unwrap().push(error),
                    }
                }
            }));
        }
        load
    }

    /// Requests sent, failures, and answers by revision.
    fn stop(self) -> (u64, Vec<String>, BTreeMap<String, u64>) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        let failed = self.failed.lock().unwrap().clone();
        let revisions = self.revisions.lock().unwrap().clone();
        (self.sent.load(Ordering::Relaxed), failed, revisions)
    }
}

/// The revision of one answer, which must be whole: the scenario that every state has, with its title and reply.
fn ask(agent: &ureq::Agent, url: &str) -> Result<String, String> {
    let body = json!({ "text": "门口的路灯坏了三天了", "at": "2026-11-22T10:00" });
    let mut response = agent.post(url).send_json(&body).map_err(|error| error.to_string())?;
    let decision: Value = response.body_mut().read_json().map_err(|error| error.to_string())?;
    let title = decision["scenario"]["title"].as_str().unwrap_or_default();
    let whole = title.starts_with("路灯不亮") && decision["reply"]["text"].is_string();
    whole.then(|| decision["revision"].as_str().unwrap_or_default().to_owned()).ok_or(decision.to_string())
}
