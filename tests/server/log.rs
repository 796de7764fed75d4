//! What is logged and measured, and what must not be.

use std::io::Write;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::Server;
use crate::{LEAK, bundle};

/// Everything that is logged while the tests run, down to the finest level.
#[derive(Clone, Copy)]
struct Log;

static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_has_a_line_for_each_request_and_no_word_of_a_complaint() {
    let started = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(|| Log);
    started.try_init().unwrap();
    let server = Server::start();
    let secret = "绝密暗号甲乙丙";
    let ask = |path: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("x-request-id", "call-for-the-log")];
        server.send("POST", path, &headers, body.to_string())
    };
    ask("/v1/match", json!({"text": format!("{secret}{LEAK}"), "title": secret}));
    ask("/v1/match", json!({"text": secret, "district": secret, "channel": secret, secret: 1}));
    ask("/v1/match:batch", json!({"complaints": [{"text": secret}, {secret: secret}]}));
    ask("/v1/search", json!({"query": secret}));
    ask(&format!("/{}", "%E7%BB%9D%E5%AF%86"), json!({}));
    server.stopped();
    let log = String::from_utf8(LOGGED.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("call-for-the-log")).collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    assert!(lines[0].contains(r#"method="POST" route="/v1/match" status=200"#), "{}", lines[0]);
    for hidden in [secret, "绝密", "%E7", LEAK] {
        assert!(!log.contains(hidden), "{hidden}");
    }
}

#[test]
fn what_happens_is_counted() {
    let server = Server::start();
    server.post("/v1/match", &json!({"text": LEAK}));
    server.post("/v1/match", &json!({"text": "楼道里有很重的燃气味，住户都不敢开灯"}));
    server.post("/v1/match", &json!({}));
    server.get("/secret/13800000000");
    server.get("/secret/13800000001");
    let count = |name: &str| server.metric(name);
    assert_eq!(count(r#"jiesu_http_requests_total{method="POST",route="/v1/match",status="200"}"#), 2.0);
    assert_eq!(count(r#"jiesu_http_requests_total{method="POST",route="/v1/match",status="422"}"#), 1.0);
    assert_eq!(count(r#"jiesu_http_requests_total{method="GET",route="other",status="404"}"#), 2.0);
    assert_eq!(count(r#"jiesu_http_request_duration_seconds_count{route="/v1/match"}"#), 3.0);
    assert_eq!(count(r#"jiesu_decisions_total{outcome="suggest",source="rule"}"#), 2.0);
    assert_eq!(count("jiesu_decision_duration_seconds_count"), 2.0);
    assert_eq!(count("jiesu_emergencies_total"), 1.0);
    assert_eq!(count("jiesu_bundle_reloads_accepted_total"), 1.0);
    assert_eq!(count("jiesu_bundle_scenarios"), 2.0);
    // The request that asks is the only one.
    assert_eq!(count("jiesu_http_requests_in_flight"), 1.0);
    let text = server.get("/metrics").body;
    assert!(text.ends_with("# EOF\n"));
    assert!(!text.contains("13800000000"));
    let first = server.get("/v1/bundle").json()["revision"].as_str().unwrap().to_owned();
    assert_eq!(count(&format!(r#"jiesu_bundle_info{{revision="{first}"}}"#)), 1.0);
    bundle::replace(server.folder.path(), "rules/terms/water.yaml", "水管: [水管, 总管]\n");
    server.post("/v1/bundle/reload", &json!({}));
    assert_eq!(server.get("/metrics").body.matches("jiesu_bundle_info{").count(), 1);
}

#[test]
fn a_request_keeps_the_id_it_came_with() {
    let server = Server::start();
    let id =
        |given: &str| server.send("GET", "/healthz", &[("x-request-id", given)], "").header("x-request-id").to_owned();
    assert_eq!(id("call-2026.11_23"), "call-2026.11_23");
    for unfit in ["", "a b", "x\ty", "张三", &"x".repeat(65)] {
        assert_eq!(id(unfit).len(), 36, "{unfit}");
    }
    assert_eq!(server.get("/nothing").header("x-request-id").len(), 36);
}
