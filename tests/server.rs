//! The server over real sockets: every route, every problem, reloading, and stopping.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/bundle.rs"]
mod bundle;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiesu::bundle::{Cache, History, Live};
use jiesu::server::{Configuration, openapi, serve};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

const LEAK: &str = "石洲区解放路12号门口自来水管漏了三天，水都流到马路上了";

/// A server over the small bundle, in a thread of its own.
struct Server {
    folder: TempDir,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

/// What came back.
struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Status and the name of the problem.
    fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.body);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        for part in ["title", "detail"] {
            assert!(!problem[part].as_str().unwrap().is_empty(), "{part}");
        }
        format!("{} {}", self.status, problem["type"].as_str().unwrap().strip_prefix("urn:jiesu:problem:").unwrap())
    }
}

impl Server {
    fn start() -> Server {
        Server::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Configuration)) -> Server {
        let folder = tempfile::tempdir().unwrap();
        bundle::write(folder.path());
        Server::over(folder, None, change)
    }

    fn over(folder: TempDir, history: Option<History>, change: impl FnOnce(&mut Configuration)) -> Server {
        let live = match Live::start(folder.path(), Cache::none(), history) {
            Ok(live) => Arc::new(live),
            Err(error) => panic!("{error:?}"),
        };
        let mut configuration = Configuration::default();
        change(&mut configuration);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let run = move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                serve(live, configuration, listener, shutdown).await
            })
        };
        Server { folder, address, stop: Some(stop), thread: Some(std::thread::spawn(run)) }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string())
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = agent.run(request.body(body.as_ref()).unwrap()).unwrap();
        let body = response.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// A connection on which anything may be written.
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    fn stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until it has stopped.
    fn stopped(mut self) {
        self.stop();
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

#[test]
fn a_complaint_is_decided() {
    let server = Server::start();
    let answer = server.post("/v1/match", &json!({"text": LEAK, "at": "2026-11-23T09:30:00+08:00"}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let decision = answer.json();
    assert_eq!(decision["scenario"]["id"], "water/pipe-leak");
    assert_eq!(decision["department"]["id"], "water-group");
    assert_eq!(decision["district"]["id"], "shizhou");
    assert_eq!(decision["at"], "2026-11-23T09:30:00+08:00");
    assert_eq!(decision["deadline"]["due"], "2026-11-24T09:30:00+08:00");
    assert_eq!(decision["articles"][0]["id"], "water/repair-responsibility");
    assert_eq!(decision["engine"], env!("CARGO_PKG_VERSION"));
    assert_eq!(decision["revision"], server.get("/v1/bundle").json()["revision"]);
    assert!(decision["elapsed_us"].as_u64().unwrap() > 0);
    // Spans count characters of the text.
    let characters: Vec<char> = LEAK.chars().collect();
    for evidence in decision["evidence"].as_array().unwrap() {
        let at = |end: &str| usize::try_from(evidence["span"][end].as_u64().unwrap()).unwrap();
        let said: String = characters[at("start")..at("end")].iter().collect();
        assert_eq!(evidence["text"], said);
    }
    for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
        assert_eq!(answer.header(name), value);
    }
}

#[test]
fn what_a_request_says_outranks_what_is_assumed() {
    let server = Server::start();
    let decide = |path: &str, body: Value| server.post(path, &body).json();
    let named = decide("/v1/match", json!({"text": LEAK, "district": "青澜区", "title": "漏水", "channel": "电话"}));
    assert_eq!(named["district"]["id"], "qinglan");
    assert_eq!(named["unit"]["id"], "qinglan-water");
    // A date and a time without an offset are those of the bundle's clock.
    let local = decide("/v1/match", json!({"text": LEAK, "at": "2026-11-25 08:00", "district": "qinglan"}));
    assert_eq!(local["at"], "2026-11-25T08:00:00+08:00");
    assert_eq!(local["notices"][0]["id"], "water-outage");
    // A null is as good as nothing.
    assert_eq!(decide("/v1/match", json!({"text": LEAK, "at": null, "title": null}))["outcome"], "suggest");
    // Where no rule speaks a near case suggests, unless learning is left out.
    let noise = json!({"text": "楼上装修噪音很大，周末也不停工，影响孩子写作业"});
    assert_eq!(decide("/v1/match", noise.clone())["source"], "learned");
    assert_eq!(decide("/v1/match?rules_only=true", noise)["source"], Value::Null);
}

#[test]
fn ids_rise() {
    let server = Server::start();
    let id = || server.post("/v1/match", &json!({"text": LEAK})).json()["id"].as_str().unwrap().to_owned();
    let ids: Vec<String> = (0..5).map(|_| id()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
}

#[test]
fn a_batch_answers_in_order_with_a_problem_where_there_is_no_decision() {
    let server = Server::start();
    let complaint = |number: usize| match number % 5 {
        0 => json!({"text": LEAK}),
        1 => json!({"text": "楼道里有很重的燃气味，住户都不敢开灯"}),
        2 => json!({"txet": LEAK}),
        3 => json!({"text": "  "}),
        _ => json!("水管"),
    };
    let complaints: Vec<Value> = (0..203).map(complaint).collect();
    let answer = server.post("/v1/match:batch?rules_only", &json!({"complaints": complaints}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let decisions = answer.json()["decisions"].as_array().unwrap().clone();
    assert_eq!(decisions.len(), 203);
    for (number, item) in decisions.iter().enumerate() {
        let seen = item["scenario"]["id"].as_str().or_else(|| item["type"].as_str());
        let expect = match number % 5 {
            0 => "water/pipe-leak",
            1 => "gas/smell",
            2 => "urn:jiesu:problem:unknown-field",
            3 => "urn:jiesu:problem:empty-text",
            _ => "urn:jiesu:problem:not-an-object",
        };
        assert_eq!(seen, Some(expect), "{number}: {item}");
    }
    let revisions: BTreeSet<&str> = decisions.iter().filter_map(|item| item["revision"].as_str()).collect();
    assert_eq!(revisions.len(), 1);
    let ids: BTreeSet<&str> = decisions.iter().filter_map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), decisions.iter().filter(|item| item.get("type").is_none()).count());
    assert_eq!(server.post("/v1/match:batch", &json!({"complaints": []})).json(), json!({"decisions": []}));
}

#[test]
fn what_is_known_is_found() {
    let server = Server::start();
    let during = "2026-11-25 09:00";
    for (search, expect) in [
        (json!({"query": "小区里的水管漏了该找谁修"}), vec!["article water/repair-responsibility", "case case-1"]),
        (json!({"query": "水管漏水", "kinds": ["case"]}), vec!["case case-1"]),
        (json!({"query": "停水", "kinds": ["notice"], "at": during}), vec!["notice water-outage"]),
        (json!({"query": "停水", "kinds": ["notice"], "at": "2026-11-26"}), vec![]),
        (json!({"query": "停水", "kinds": ["notice"], "at": during, "region": "石洲区"}), vec![]),
        (json!({"query": "水管漏水", "kinds": ["case"], "region": "青澜"}), vec!["case case-1"]),
        (json!({"query": "水管漏水", "kinds": ["case"], "region": "shizhou"}), vec![]),
        (
            json!({"query": "水管", "kinds": ["article"], "department": "水务集团"}),
            vec!["article water/repair-responsibility"],
        ),
        (json!({"query": "水管", "kinds": ["article"], "department": "gas-group"}), vec![]),
        (json!({"query": "水管", "kinds": ["article"], "scenario": "gas/smell"}), vec![]),
        (json!({"query": "水管", "kinds": ["article", "article"], "at": "2019-01-01"}), vec![]),
        (json!({"query": "水管漏水", "limit": 1}), vec!["case case-1"]),
        (json!({"query": "水管", "kinds": []}), vec![]),
        (json!({"query": "请问"}), vec![]),
    ] {
        let answer = server.post("/v1/search", &search);
        assert_eq!(answer.status, 200, "{search} {}", answer.body);
        let answer = answer.json();
        let hits = answer["hits"].as_array().unwrap();
        let seen: Vec<String> = hits
            .iter()
            .map(|hit| format!("{} {}", hit["kind"].as_str().unwrap(), hit["id"].as_str().unwrap()))
            .collect();
        assert_eq!(seen, expect, "{search}");
    }
    let hit = &server.post("/v1/search", &json!({"query": "供水企业维修管道"})).json()["hits"][0];
    assert_eq!(hit["basis"], json!(["《城市供水条例》第二十七条"]));
    let passage: Vec<char> = hit["passage"]["text"].as_str().unwrap().chars().collect();
    let marked = hit["passage"]["marks"].as_array().unwrap().iter().map(|mark| {
        let at = |end: usize| usize::try_from(mark[end].as_u64().unwrap()).unwrap();
        passage[at(0)..at(1)].iter().collect::<String>()
    });
    assert!(marked.collect::<Vec<_>>().contains(&"维修".to_owned()), "{hit}");
}

/// One request, and the status and kind of its problem.
type Wrong<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8], &'a str);

#[test]
fn every_mistake_has_its_problem() {
    let server = Server::with(|configuration| configuration.body_limit = 200_000);
    let json_type: &[_] = &[("content-type", "application/json")];
    let long = json!({"text": "水".repeat(30_001)}).to_string();
    let large = json!({"text": "水".repeat(100_000)}).to_string();
    let many = format!(r#"{{"complaints": [{}{{}}]}}"#, "{},".repeat(1_000));
    let table: &[Wrong<'_>] = &[
        ("GET", "/nothing", &[], b"", "404 not-found"),
        ("POST", "/v1/nothing?text=1", json_type, b"{}", "404 not-found"),
        ("GET", "/docs/../Cargo.toml", &[], b"", "404 not-found"),
        ("GET", "/v1/match", &[], b"", "405 method-not-allowed"),
        ("DELETE", "/v1/bundle", &[], b"", "405 method-not-allowed"),
        ("BREW", "/docs", &[], b"", "405 method-not-allowed"),
        ("POST", "/v1/match", &[], b"{}", "415 unsupported-media-type"),
        ("POST", "/v1/match", &[("content-type", "text/plain")], b"{}", "415 unsupported-media-type"),
        (
            "POST",
            "/v1/search",
            &[("content-type", "application/json; charset=gbk")],
            b"{}",
            "415 unsupported-media-type",
        ),
        ("POST", "/v1/match", json_type, b"", "400 invalid-json"),
        ("POST", "/v1/match", json_type, b"{\"text\": ", "400 invalid-json"),
        ("POST", "/v1/match", json_type, b"{\"text\": \"a\" \"b\"}", "400 invalid-json"),
        ("POST", "/v1/match", json_type, b"{\"text\": \"\xcb\xae\xb9\xdc\"}", "400 invalid-utf8"),
        ("POST", "/v1/match?rules_only=maybe", json_type, b"{}", "400 invalid-query"),
        ("POST", "/v1/match:batch?rule_only=true", json_type, b"{}", "400 invalid-query"),
        ("POST", "/v1/match", json_type, b"[]", "422 not-an-object"),
        ("POST", "/v1/match", json_type, b"{}", "422 missing-field"),
        ("POST", "/v1/match:batch", json_type, b"{}", "422 missing-field"),
        ("POST", "/v1/search", json_type, b"{}", "422 missing-field"),
        ("POST", "/v1/match", json_type, b"{\"txt\": \"a\"}", "422 unknown-field"),
        ("POST", "/v1/match", json_type, b"{\"text\": \"a\", \"text\": \"b\"}", "422 duplicate-field"),
        ("POST", "/v1/match", json_type, b"{\"text\": 1}", "422 invalid-field"),
        ("POST", "/v1/match", json_type, b"{\"text\": \"a\", \"at\": \"soon\"}", "422 invalid-field"),
        ("POST", "/v1/match:batch", json_type, b"{\"complaints\": {}}", "422 invalid-field"),
        ("POST", "/v1/match", json_type, b"{\"text\": \" \\u200b\\n\"}", "422 empty-text"),
        ("POST", "/v1/match", json_type, long.as_bytes(), "422 text-too-long"),
        ("POST", "/v1/match", json_type, large.as_bytes(), "413 too-large"),
        ("POST", "/v1/search", json_type, large.as_bytes(), "413 too-large"),
        ("POST", "/v1/match:batch", json_type, many.as_bytes(), "422 too-many-items"),
        ("POST", "/v1/search", json_type, b"{\"query\": \"\"}", "422 empty-text"),
        ("POST", "/v1/search", json_type, b"{\"query\": \"a\", \"limit\": 1000}", "422 invalid-field"),
        ("POST", "/v1/search", json_type, b"{\"query\": \"a\", \"kinds\": [\"cases\"]}", "422 unknown-name"),
        ("POST", "/v1/search", json_type, b"{\"query\": \"a\", \"region\": \"x\"}", "422 unknown-name"),
        ("POST", "/v1/search", json_type, b"{\"query\": \"a\", \"department\": \"x\"}", "422 unknown-name"),
        ("POST", "/v1/search", json_type, b"{\"query\": \"a\", \"scenario\": \"x\"}", "422 unknown-name"),
        ("POST", "/v1/bundle/reload", &[("sec-fetch-site", "cross-site")], b"", "403 cross-site"),
    ];
    for (method, path, headers, body, expect) in table {
        let answer = server.send(method, path, headers, body);
        assert_eq!(
            answer.problem(),
            *expect,
            "{method} {path} {}",
            String::from_utf8_lossy(&body[..body.len().min(80)])
        );
    }
    assert_eq!(server.send("GET", "/v1/match", &[], "").header("allow"), "POST");
}

#[test]
fn a_problem_says_what_was_meant_in_the_callers_language() {
    let server = Server::start();
    let ask = |language: &str, body: &str| {
        let headers = [("content-type", "application/json"), ("accept-language", language)];
        server.send("POST", "/v1/match", &headers, body).json()
    };
    let problem = ask("", r#"{"txet": "a"}"#);
    assert_eq!((&problem["field"], &problem["nearest"]), (&json!("txet"), &json!("text")));
    assert_eq!(problem["detail"], "没有“txet”这个字段，是否想写“text”？");
    assert_eq!(ask("en-GB", r#"{"txet": "a"}"#)["detail"], "there is no field `txet`: did you mean `text`?");
    let syntax = ask("", "{\n  \"text\": }");
    assert_eq!((&syntax["line"], &syntax["column"]), (&json!(2), &json!(11)));
    let batch = json!({"complaints": [{"txet": "a"}]}).to_string();
    let headers = [("content-type", "application/json"), ("accept-language", "en")];
    let item = &server.send("POST", "/v1/match:batch", &headers, batch).json()["decisions"][0];
    assert_eq!(item["title"], "Unknown field");
}

#[test]
fn a_chunked_body_is_bounded_too() {
    let server = Server::with(|configuration| configuration.body_limit = 1_000);
    let mut stream = server.connect();
    let head =
        "POST /v1/match HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..100 {
        stream.write_all(format!("64\r\n{}\r\n", "a".repeat(100)).as_bytes()).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert!(first_line(&mut stream).contains("413"));
}

fn first_line(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 200];
    let read = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..read]).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let server = Server::with(|configuration| configuration.time_limit = Duration::from_millis(200));
    let mut stream = server.connect();
    let head = "POST /v1/match HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    assert!(first_line(&mut stream).contains("408"));
}

#[test]
fn a_head_that_trickles_is_cut_off() {
    let server = Server::with(|configuration| configuration.connection_limit = Duration::from_millis(300));
    let mut stream = server.connect();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let started = Instant::now();
    let mut closed = false;
    while !closed && started.elapsed() < Duration::from_secs(20) {
        let sent = stream.write_all(b"G").is_ok();
        // An error other than running out of time is the end too.
        closed = !sent
            || match stream.read(&mut [0; 200]) {
                Ok(read) => read == 0,
                Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
            };
    }
    assert!(closed, "still open after {:?}", started.elapsed());
    assert!(started.elapsed() >= Duration::from_millis(250));
}

#[test]
fn connections_past_the_most_wait_for_one_to_close() {
    let server = Server::with(|configuration| configuration.most_connections = 1);
    let first = server.connect();
    let mut second = server.connect();
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0; 10]).is_err(), "answered while another connection holds the only place");
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(first_line(&mut second).contains("200"));
}

#[test]
fn the_bundle_is_replaced_or_the_last_good_one_goes_on() {
    let server = Server::start();
    let first = server.get("/v1/bundle").json();
    assert_eq!(first["name"], "澜州市12345热线");
    assert_eq!(first["stale"], false);
    assert_eq!(first["commit"], Value::Null);
    assert_eq!(first["counts"]["scenarios"], 2);
    assert_eq!(first["counts"]["cases"], 2);
    assert_eq!((&first["reloads_accepted"], &first["reloads_refused"]), (&json!(1), &json!(0)));
    assert_eq!(first["last_reload"]["accepted"], true);

    // A mistake refuses the whole, and says where it is.
    bundle::replace(server.folder.path(), "rules/terms/water.yaml", "水管: [水管, $不存在的词表]\n");
    let refused = server.post("/v1/bundle/reload", &json!({}));
    assert_eq!(refused.problem(), "409 bundle-refused");
    let findings = refused.json()["diagnostics"].clone();
    let finding =
        findings.as_array().unwrap().iter().find(|finding| finding["path"] == "rules/terms/water.yaml").unwrap();
    assert_eq!(
        (&finding["line"], &finding["code"], &finding["severity"]),
        (&json!(1), &json!("J021"), &json!("error"))
    );
    assert!(finding["column"].as_u64().unwrap() > 1);
    let status = server.get("/v1/bundle").json();
    assert_eq!(status["revision"], first["revision"]);
    assert_eq!(status["last_reload"]["accepted"], false);
    assert_eq!(status["last_reload"]["diagnostics"], findings);
    assert_eq!(status["reloads_refused"], 1);
    let decision = server.post("/v1/match", &json!({"text": LEAK})).json();
    assert_eq!((&decision["revision"], &decision["scenario"]["id"]), (&first["revision"], &json!("water/pipe-leak")));

    // Mended, it answers at once.
    bundle::replace(server.folder.path(), "rules/terms/water.yaml", "水管: [水管, 自来水管, 供水管, 总管]\n");
    let accepted = server.post("/v1/bundle/reload", &json!({}));
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    let revision = &accepted.json()["revision"];
    assert_ne!(revision, &first["revision"]);
    let decision = server.post("/v1/match", &json!({"text": "路口的总管漏了，水流了一地没人来修"})).json();
    assert_eq!((&decision["revision"], &decision["scenario"]["id"]), (revision, &json!("water/pipe-leak")));

    // A folder that is gone is refused as well.
    std::fs::remove_dir_all(server.folder.path().join("rules")).unwrap();
    assert_eq!(server.post("/v1/bundle/reload", &json!({})).problem(), "409 bundle-refused");
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn a_stale_bundle_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = tempfile::tempdir().unwrap();
    bundle::write(folder.path());
    assert!(Live::start(folder.path(), Cache::none(), Some(History::open(data.path()).unwrap())).is_ok());
    bundle::replace(folder.path(), "rules/bundle.yaml", "nmae: 澜州\n");
    let server = Server::over(folder, Some(History::open(data.path()).unwrap()), |_| {});
    assert_eq!(server.get("/v1/bundle").json()["stale"], true);
    let ready = server.get("/readyz");
    assert_eq!((ready.status, &ready.json()["stale"]), (200, &json!(true)));
    assert_eq!(server.metric("jiesu_bundle_stale"), 1.0);
    assert_eq!(server.post("/v1/match", &json!({"text": LEAK})).status, 200);
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
fn a_running_request_is_finished_before_the_server_stops() {
    let mut server = Server::start();
    let mut stream = server.connect();
    let body = json!({"text": LEAK}).to_string();
    let length = body.len();
    let head = format!(
        "POST /v1/match HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    // Accepted once it is counted.
    while server.metric("jiesu_http_requests_in_flight") < 2.0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    server.stop();
    let started = Instant::now();
    while TcpStream::connect(server.address).is_ok() {
        assert!(started.elapsed() < Duration::from_secs(20), "connections are still accepted");
        std::thread::sleep(Duration::from_millis(10));
    }
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    assert!(first_line(&mut stream).contains("200"));
    server.stopped();
}

#[test]
fn a_request_that_never_ends_does_not_keep_the_server_from_stopping() {
    let server = Server::with(|configuration| configuration.drain_limit = Duration::from_millis(300));
    let mut stream = server.connect();
    let head = "POST /v1/match HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    while server.metric("jiesu_http_requests_in_flight") < 2.0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let started = Instant::now();
    server.stopped();
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn the_document_of_the_api_lists_routes_that_answer() {
    let server = Server::start();
    let answer = server.get("/openapi.json");
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert_eq!(document, serde_json::to_value(openapi()).unwrap());
    let paths = document["paths"].as_object().unwrap();
    let known: Vec<&str> = paths.keys().map(String::as_str).collect();
    let mut expect = [
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/bundle",
        "/v1/bundle/reload",
        "/v1/match",
        "/v1/match:batch",
        "/v1/search",
    ];
    expect.sort_unstable();
    assert_eq!(known.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from(expect));
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let body = body.map(|reference| resolved(&document, reference)["example"].clone());
            for text in [&operation["summary"], &operation["responses"]["500"]["description"]] {
                assert!(text.as_str().unwrap().contains(" / "), "in both languages: {text}");
            }
            // The example of the document is one that works.
            let answer = match method.as_str() {
                "get" => server.get(path),
                _ => server.post(path, &body.unwrap_or(json!({}))),
            };
            assert_eq!(answer.status, 200, "{method} {path} {}", answer.body);
            assert!(
                operation["responses"]["500"]["content"]["application/problem+json"].is_object(),
                "{method} {path}"
            );
        }
    }
    every_reference_leads_somewhere(&document, &document);
    // The fields of a decision that came out are those of its schema.
    let decision = server.post("/v1/match", &json!({"text": LEAK})).json();
    let schema = resolved(&document, "#/components/schemas/Decision");
    for field in decision.as_object().unwrap().keys() {
        assert!(schema["properties"].get(field).is_some(), "{field}");
    }
}

fn resolved<'a>(document: &'a Value, reference: &str) -> &'a Value {
    document.pointer(reference.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn every_reference_leads_somewhere(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                resolved(document, reference);
            }
            fields.values().for_each(|value| every_reference_leads_somewhere(document, value));
        }
        Value::Array(items) => items.iter().for_each(|item| every_reference_leads_somewhere(document, item)),
        _ => {}
    }
}

#[test]
fn the_page_runs_nothing_that_is_not_its_own() {
    let server = Server::start();
    let home = server.get("/");
    assert_eq!((home.status, home.header("location")), (307, "/docs"));
    let page = server.get("/docs");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"));
    // What the policy would block is not in the page.
    for forbidden in ["<style", " style=", " onclick", "<script>", "http://", "https://"] {
        assert!(!page.body.contains(forbidden), "{forbidden}");
    }
    let mut linked = 0;
    for part in page.body.split('"').filter(|part| part.starts_with('/')) {
        assert_eq!(server.get(part).status, 200, "{part}");
        linked += 1;
    }
    assert!(linked >= 3);
    let script = server.get("/docs/page.js");
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.body.contains(forbidden), "{forbidden}");
    }
    // Every word of the page is there in both languages.
    for key in page.body.split("data-text=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(script.body.matches(&format!("{key}: '")).count(), 2, "{key}");
    }
}
