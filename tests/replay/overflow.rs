//! A log that cannot keep up.

use std::fs;

use jiesu::server::{DecisionLog, DecisionLogSettings};
use serde_json::{Value, json};

use crate::support::Server;

#[test]
fn what_does_not_fit_into_the_queue_is_counted_and_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let settings = DecisionLogSettings { queue: 1, ..DecisionLogSettings::in_folder(folder.path().to_owned()) };
    let log = DecisionLog::open(settings).unwrap();
    let server = Server::with(|configuration| configuration.decision_log = Some(log));
    // Each is masked and decided again by the log's thread, which takes longer than deciding it.
    let complaint = json!({"text": format!("解放路水管漏水，张先生13800138000，{}", "很长，".repeat(300))});
    let batch: Vec<Value> = std::iter::repeat_n(complaint, 300).collect();
    let answered = server.post("/v1/match:batch", &json!({"complaints": batch})).json();
    assert_eq!(answered["decisions"].as_array().unwrap().len(), 300);
    let dropped = server.metric("jiesu_decision_log_dropped_total");
    assert!(dropped > 0.0, "nothing was dropped");
    server.stopped();
    let lines = fs::read_to_string(folder.path().join("decisions.jsonl")).unwrap().lines().count();
    assert_eq!(lines as f64 + dropped, 300.0, "what was not dropped was written before the end");
}
