//! Real servers that are killed, whose disk is full or whose database goes away: what was acknowledged is there exactly
//! once, and what was not is found by asking again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs
)]

#[path = "tickets/agreement.rs"]
mod agreement;
#[path = "tickets/hotline.rs"]
mod hotline;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "deliver/receiver.rs"]
mod receiver;
#[path = "crash/server.rs"]
mod server;
#[path = "crash/webhooks.rs"]
mod webhooks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hotline::{EASTERN_LEAK, GAS, Hotline, LEAK, Place, Random, STALLS, settings};
use jiesu::store::{Location, Options, Store};
use jiesu::tickets::{MIGRATIONS, Settings};
use serde_json::{Value as Json, json};
use server::Server;
use tempfile::TempDir;
use webhooks::Webhooks;

/// Threads that file complaints.
const CLIENTS: usize = 4;

/// What came back: the status, how long to wait, the body; `None` where the connection broke.
type Answer = Option<(u16, Option<String>, Json)>;

fn client() -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(20)));
    config.build().into()
}

fn send(client: &ureq::Agent, address: &str, key: &str, body: &Json) -> Answer {
    let request = client.post(format!("{address}/v1/tickets")).header("idempotency-key", key);
    let mut response = request.send_json(body).ok()?;
    let wait = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let body = response.body_mut().read_json().ok()?;
    Some((response.status().as_u16(), wait, body))
}

/// What was sent under each key, and what was acknowledged of it.
#[derive(Default)]
struct Sent {
    bodies: BTreeMap<String, Json>,
    acknowledged: BTreeMap<String, Json>,
}

impl Sent {
    /// Notes an answer; one that was given before must be the same ticket.
    fn note(&mut self, key: &str, status: u16, ticket: Json) {
        assert!(status == 200 || status == 201, "{key}: {status} {ticket}");
        if let Some(before) = self.acknowledged.get(key) {
            assert_eq!(status, 200, "{key} is known");
            assert_eq!((&before["id"], &before["assignments"]), (&ticket["id"], &ticket["assignments"]), "{key}");
        } else {
            self.acknowledged.insert(key.to_owned(), ticket);
        }
    }
}

/// Files complaints until the server is gone. What was sent and not acknowledged is sent again in the next round.
fn load(address: &str, round: usize, sent: &Mutex<Sent>, count: &AtomicUsize) {
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || {
                let client = client();
                let mut random = Random((round * CLIENTS + number) as u64);
                for at in 0.. {
                    let key = format!("{round}-{number}-{at}");
                    let text = *random.of(&[LEAK, EASTERN_LEAK, STALLS, GAS]);
                    let mut body = json!({"text": format!("{text}，{key}"), "channel": "web"});
                    if random.percent(10) {
                        // A deadline that passes while servers come and go.
                        let soon = jiff::Timestamp::now() + Duration::from_secs(3);
                        body["superior_due"] = json!(soon.to_string());
                    }
                    sent.lock().unwrap().bodies.insert(key.clone(), body.clone());
                    let Some((status, _, ticket)) = send(&client, address, &key, &body) else { return };
                    sent.lock().unwrap().note(&key, status, ticket);
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
}

/// Sends again what nobody knows whether it was kept, and some of what was acknowledged.
fn ask_again(address: &str, sent: &Mutex<Sent>, random: &mut Random) {
    let client = client();
    let mut sent = sent.lock().unwrap();
    let known: Vec<String> = sent.acknowledged.keys().cloned().collect();
    let unknown = sent.bodies.keys().filter(|key| !sent.acknowledged.contains_key(*key)).cloned();
    let some = (0..3).filter(|_| !known.is_empty()).map(|_| known[random.below(known.len())].clone());
    let keys: Vec<String> = unknown.chain(some).collect();
    for key in keys {
        let (status, ticket) = answered(&client, address, &key, &sent.bodies[&key]);
        sent.note(&key, status, ticket);
    }
}

/// What a server that nobody kills answers. On a machine that is busy it may be late; the key keeps it one ticket.
fn answered(client: &ureq::Agent, address: &str, key: &str, body: &Json) -> (u16, Json) {
    let late = |answer: &Answer| answer.as_ref().is_none_or(|(status, ..)| matches!(status, 503 | 504));
    let mut attempts = (0..5).map(|_| send(client, address, key, body)).skip_while(late).flatten();
    let (status, _, ticket) = attempts.next().unwrap_or_else(|| panic!("{key}: no answer"));
    (status, ticket)
}

fn bundle() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    hotline::write_bundle(folder.path());
    folder
}

/// How often servers are killed.
fn kills() -> usize {
    std::env::var("JIESU_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// Kills a server at random moments under load, then looks at everything: tickets, deadlines that passed, and what a
/// receiver heard.
fn killed(database: &str, place: Place, rounds: usize) {
    let bundle = bundle();
    let webhooks = Webhooks::in_bundle(bundle.path());
    let sent = Mutex::new(Sent::default());
    let mut random = Random(rounds as u64);
    let begun = Instant::now();
    for round in 0..rounds {
        let server = Server::start_with(bundle.path(), database, &webhooks.arguments());
        ask_again(&server.address, &sent, &mut random);
        let (address, count) = (server.address.clone(), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| load(&address, round, &sent, &count));
            // Somewhere in the middle of a request: after a few answers and a random part of another.
            let most = random.below(12);
            let patience = Instant::now();
            while count.load(Ordering::SeqCst) < most && patience.elapsed() < Duration::from_secs(20) {
                thread::sleep(Duration::from_micros(200));
            }
            thread::sleep(Duration::from_micros(random.below(8_000) as u64));
            server.kill();
        });
    }
    let (killing, heard_amid, last_kill) = (begun.elapsed(), webhooks.heard(), jiff::Timestamp::now());
    let server = Server::start_with(bundle.path(), database, &webhooks.arguments());
    ask_again(&server.address, &sent, &mut random);
    let beside =
        Store::open(&place.location, MIGRATIONS, Options { beside_server: true, ..Options::default() }).unwrap();
    webhooks::until_none(
        &beside,
        "SELECT COUNT(*) FROM deadlines WHERE layer = 'superior' AND step < 2 AND due_at < ?1",
        last_kill,
    );
    // While one waits the clock goes on, and deadlines that are long over are told to whoever is higher.
    webhooks::until_none(
        &beside,
        "SELECT COUNT(*) FROM outbox o JOIN events e ON e.ticket = o.ticket AND e.number = o.event
         WHERE o.state <> 'delivered' AND e.at <= ?1",
        last_kill,
    );
    drop(beside);
    server.kill();
    let hotline = hotline_at(place, settings());
    every_deadline_has_passed_once(&hotline);
    let sent = sent.into_inner().unwrap();
    assert_eq!(sent.acknowledged.len(), sent.bodies.len());
    everything_agrees(&hotline, &sent);
    let (messages, attempts) = webhooks.heard_everything(&hotline, last_kill);
    println!(
        "{} tickets over {rounds} kills in {killing:?}; {messages} webhooks, {heard_amid} attempts amid the kills, {attempts} in all; {:?}",
        sent.acknowledged.len(),
        begun.elapsed()
    );
}

fn hotline_at(place: Place, settings: Settings) -> Hotline {
    let hotline = Hotline::with(place, settings);
    hotline.at(jiff::Timestamp::now());
    hotline
}

/// What a superior wanted in the meantime is known to be late: by one event for each ticket, whoever's clock saw it.
fn every_deadline_has_passed_once(hotline: &Hotline) {
    let over = "SELECT ticket FROM deadlines WHERE layer = 'superior' AND step >= 2";
    let tickets = hotline.rows(over, Vec::new());
    assert!(!tickets.is_empty());
    let passed = hotline.rows(
        "SELECT ticket, COUNT(*) FROM events WHERE name = 'expired' AND body LIKE '%superior%' GROUP BY ticket",
        Vec::new(),
    );
    assert_eq!(passed.len(), tickets.len());
    assert!(passed.iter().all(|row| row[1] == 1), "said once: {passed:?}");
}

/// Every acknowledged ticket once, with what was promised, and every table as the events say.
fn everything_is_there(place: Place, sent: &Sent) {
    everything_agrees(&hotline_at(place, Settings::default()), sent);
}

/// The same with moments in UTC: the API tells them on the hotline's clock.
fn moments(value: &Json) -> Json {
    match value {
        Json::String(text) => text.parse::<jiff::Timestamp>().map_or_else(|_| json!(text), |at| json!(at.to_string())),
        Json::Array(items) => items.iter().map(moments).collect(),
        Json::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), moments(value))).collect(),
        other => other.clone(),
    }
}

fn everything_agrees(hotline: &Hotline, sent: &Sent) {
    let tickets = hotline.rows("SELECT id FROM tickets", Vec::new());
    assert_eq!(tickets.len(), sent.acknowledged.len(), "as many tickets as requests");
    let requests =
        hotline.rows("SELECT r.request_key, t.id FROM requests r JOIN tickets t ON t.seq = r.ticket", Vec::new());
    assert_eq!(requests.len(), sent.acknowledged.len());
    for row in &requests {
        let (key, id) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
        let acknowledged = &sent.acknowledged[key];
        assert_eq!(acknowledged["id"], id);
        let now = hotline.get(id);
        for field in ["text", "assignments", "deadlines", "opened_at"] {
            assert_eq!(moments(&now[field]), moments(&acknowledged[field]), "{id}: {field}");
        }
    }
    agreement::of_all(hotline);
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("tickets.db");
    killed(&database.display().to_string(), Place { location: Location::file(&database), folder: None }, kills());
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_postgresql() {
    let Some(server) = postgres::Postgres::shared() else { return };
    let address = server.database();
    killed(&address, Place { location: Location::parse(&address).unwrap(), folder: None }, kills());
}

#[test]
fn a_server_outlives_its_postgresql() {
    let Some(mut database) = postgres::Postgres::start() else { return };
    let address = database.database();
    let bundle = bundle();
    let server = Server::start(bundle.path(), &address);
    let stop = Arc::new(AtomicBool::new(false));
    let (url, sent) = (server.address.clone(), Arc::new(Mutex::new(Sent::default())));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (stop, url, sent) = (Arc::clone(&stop), url.clone(), Arc::clone(&sent));
            thread::spawn(move || file_until(&stop, &url, number, &sent))
        })
        .collect();
    for how in ["fast", "immediate"] {
        thread::sleep(Duration::from_millis(500));
        database.stop(how);
        let (status, wait, problem) = send(&client(), &url, &format!("while-{how}"), &json!({"text": LEAK})).unwrap();
        assert_eq!((status, wait.is_some()), (503, true), "{problem}");
        database.start_again();
        let before = sent.lock().unwrap().acknowledged.len();
        let patience = Instant::now();
        while sent.lock().unwrap().acknowledged.len() < before + 10 {
            assert!(patience.elapsed() < Duration::from_secs(20), "it did not recover after {how}");
            thread::sleep(Duration::from_millis(20));
        }
    }
    stop.store(true, Ordering::SeqCst);
    let refused: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(refused > 0, "the load went on while the database was away");
    server.kill();
    let sent = Arc::try_unwrap(sent).ok().unwrap().into_inner().unwrap();
    everything_is_there(Place { location: Location::parse(&address).unwrap(), folder: None }, &sent);
}

#[test]
fn a_server_waits_for_a_postgresql_that_starts_later() {
    let Some(mut database) = postgres::Postgres::start() else { return };
    let address = database.database();
    database.stop("fast");
    let starting = thread::spawn(move || {
        let bundle = bundle();
        let server = Server::start(bundle.path(), &address);
        let answer = send(&client(), &server.address, "first", &json!({"text": LEAK})).unwrap();
        server.kill();
        answer
    });
    thread::sleep(Duration::from_secs(3));
    assert!(!starting.is_finished(), "it gave up");
    database.start_again();
    let (status, _, body) = starting.join().unwrap();
    assert_eq!(status, 201, "{body}");
}

/// Files complaints, each again and again until it is taken, until told to stop; gives how often it had to wait.
fn file_until(stop: &AtomicBool, url: &str, number: usize, sent: &Mutex<Sent>) -> usize {
    let client = client();
    let mut refused = 0;
    for at in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let key = format!("{number}-{at}");
        let body = json!({"text": format!("{LEAK}，{key}")});
        loop {
            let (status, wait, ticket) = send(&client, url, &key, &body).expect("the server itself stays");
            if status != 503 {
                sent.lock().unwrap().note(&key, status, ticket);
                break;
            }
            assert!(wait.is_some(), "{ticket}");
            refused += 1;
            thread::sleep(Duration::from_millis(50));
        }
    }
    refused
}

/// A small disk of its own; none where this user may not make one, which is said.
struct Disk(TempDir);

impl Disk {
    fn new() -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Disk::run("mount", &["-t", "tmpfs", "-o", "size=3m", "tmpfs"], folder.path());
        if !mounted {
            println!("skipped: a disk can be made by root alone");
        }
        mounted.then_some(Disk(folder))
    }

    fn run(program: &str, arguments: &[&str], path: &Path) -> bool {
        let mut command = Command::new(program);
        command.args(arguments).arg(path).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Disk::run("umount", &["-l"], self.0.path());
    }
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    let Some(disk) = Disk::new() else { return };
    let (bundle, database) = (bundle(), disk.path().join("tickets.db").display().to_string());
    let server = Server::start(bundle.path(), &database);
    let mut sent = Sent::default();
    let mut file = |key: &str| {
        let body = json!({"text": format!("{LEAK}，{key}")});
        let (status, wait, ticket) = send(&client(), &server.address, key, &body).unwrap();
        if status == 503 {
            assert!(wait.is_some(), "{ticket}");
            return false;
        }
        sent.note(key, status, ticket);
        true
    };
    assert!(file("before"));
    let filler = disk.path().join("filler");
    // Whatever room is left.
    let _ = std::fs::write(&filler, vec![0; 4 << 20]);
    let taken = (0..50).take_while(|number| file(&format!("full-{number}"))).count();
    assert!(taken < 50, "the disk is full");
    std::fs::remove_file(&filler).unwrap();
    assert!(file(&format!("full-{taken}")), "there is room again");
    assert!(file("after"));
    server.kill();
    everything_is_there(Place { location: Location::file(&database), folder: None }, &sent);
}

#[test]
fn a_read_only_disk_is_said_at_the_start() {
    let Some(disk) = Disk::new() else { return };
    let (bundle, database) = (bundle(), disk.path().join("tickets.db").display().to_string());
    Server::start(bundle.path(), &database).kill();
    assert!(Disk::run("mount", &["-o", "remount,ro"], &disk.path()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", &database, "--bundle"]).arg(bundle.path());
    let ran = command.env("LANG", "en_US.UTF-8").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot be written"), "{said}");
}
