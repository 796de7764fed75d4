//! Load: what is too much is refused at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::Place;
use crate::{LEAK, folder::eventually};

#[test]
fn a_key_that_asks_too_often_is_told_when_to_come_again() {
    let place = Place::new();
    place.0.write("jiesu.toml", "[limits]\nrequests_per_second = 1\nburst = 3\n");
    let (busy, other, metrics) =
        (place.key("busy", &["agent"]), place.key("other", &["agent"]), place.key("watcher", &["metrics"]));
    let server = place.serve(&["--config", &place.0.shown("jiesu.toml")]);
    let ask = |key: &str| server.ask(Some(key), "GET", "/v1/bundle", &Value::Null);
    let answers: Vec<_> = (0..6).map(|_| ask(&busy)).collect();
    assert_eq!(answers.iter().take(3).map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 200]);
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!((refused.problem().as_str(), refused.header("retry-after")), ("too-many-requests", "1"));
    assert_eq!(ask(&other).status, 200);
    eventually(String::new, || ask(&busy).status == 200);
    let metrics = server.ask(Some(&metrics), "GET", "/metrics", &Value::Null).body;
    assert!(metrics.contains("jiesu_requests_refused_total{reason=\"too-many-requests\"}"), "{metrics}");
}

/// While another program keeps the database locked, writes pile up: those that do not fit are sent away at once, and all
/// that were taken are answered when it lets go.
#[test]
fn a_store_that_is_held_up_takes_no_more_than_it_can_keep() {
    let place = Place::new();
    place.0.write("jiesu.toml", "[limits]\nwrites_waiting = 3\n");
    let (key, metrics) = (place.key("desk", &["agent"]), place.key("watcher", &["metrics"]));
    let server = place.serve(&["--config", &place.0.shown("jiesu.toml")]);
    let file = || {
        let started = Instant::now();
        let answer = server.ask(Some(&key), "POST", "/v1/tickets", &json!({"text": LEAK}));
        (answer, started.elapsed())
    };
    assert_eq!(file().0.status, 201);
    let lock = rusqlite::Connection::open(&server.database).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (refused, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let (answer, took) = file();
                if answer.status == 503 {
                    assert_eq!((answer.problem().as_str(), answer.header("retry-after")), ("busy", "1"));
                    assert!(took < Duration::from_secs(1), "refused after {took:?}");
                    refused.fetch_add(1, Ordering::Relaxed);
                } else {
                    assert_eq!(answer.status, 201, "{}", answer.body);
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        eventually(|| format!("{refused:?}"), || refused.load(Ordering::Relaxed) >= 10);
        lock.execute_batch("ROLLBACK").unwrap();
    });
    assert!(taken.load(Ordering::Relaxed) > 0);
    assert_eq!(file().0.status, 201);
    let metrics = server.ask(Some(&metrics), "GET", "/metrics", &Value::Null).body;
    assert!(metrics.contains("jiesu_requests_refused_total{reason=\"busy\"}"), "{metrics}");
    assert!(metrics.contains("jiesu_writes_waiting 0"), "{metrics}");
}
