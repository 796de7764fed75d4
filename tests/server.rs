//! The server over real sockets: every route, every problem, reloading, limits, stopping.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "server/bulk.rs"]
mod bulk;
#[path = "support/bundle.rs"]
mod bundle;
#[path = "server/document.rs"]
mod document;
#[path = "server/limits.rs"]
mod limits;
#[path = "server/log.rs"]
mod log;
#[path = "server/proposals.rs"]
mod proposals;
#[path = "support/server.rs"]
mod support;

use std::collections::BTreeSet;

use jiesu::bundle::{Cache, History, Live};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::Server;

/// A complaint that the small bundle knows.
pub(crate) const LEAK: &str = "石洲区解放路12号门口自来水管漏了三天，水都流到马路上了";

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
fn an_explanation_is_given_where_it_is_asked_for() {
    let server = Server::start();
    let body = json!({"text": LEAK});
    assert!(server.post("/v1/match", &body).json().get("explain").is_none());
    let decision = server.post("/v1/match?explain=full&rules_only", &body).json();
    let explain = &decision["explain"];
    assert_eq!(explain["fired"][0]["scenario"]["id"], "water/pipe-leak");
    assert_eq!(explain["fired"][0]["when"]["windows"][0]["any"][0]["held"], true);
    let flips = explain["flips"].as_array().unwrap();
    assert!(!flips.is_empty(), "{explain}");
    for flip in flips {
        let changed = server.post("/v1/match?rules_only", &json!({"text": flip["text"]})).json();
        assert_eq!(changed["scenario"]["id"], flip["leads"]["id"], "{flip}");
    }
    for path in ["/v1/match?explain=some", "/v1/match:batch?explain=full"] {
        assert_eq!(server.post(path, &body).problem(), "400 invalid-query", "{path}");
    }
}

#[test]
fn the_whole_way_to_a_decision_is_told() {
    let server = Server::start();
    let told = server.post("/v1/explain", &json!({"text": format!("ＬＥＤ坏了。{LEAK}"), "why_not": "gas/smell"}));
    assert_eq!(told.status, 200, "{}", told.body);
    let told = told.json();
    let (way, decision) = (&told["way"], &told["decision"]);
    assert!(way["normalised"].as_str().unwrap().starts_with("led坏了"), "{way}");
    assert_eq!(way["sentences"], 2);
    assert!(way["words"].as_array().unwrap().contains(&json!("自来水管")));
    assert!(way["hits"].as_u64().unwrap() >= 2 && way["looked_at"].as_u64().unwrap() >= 1);
    assert_eq!(way["candidates"][0]["id"], "water/pipe-leak");
    let why_not = &decision["explain"]["why_not"];
    assert_eq!(why_not["verdict"], "missing");
    // The words are those of the command.
    assert!(why_not["in_words"]["zh"].as_str().unwrap().contains("没有命中"));
    assert!(decision["explain"]["fired"][0]["in_words"]["en"].as_str().unwrap().contains("alone fired"));
    for (body, expect) in [
        (json!({"text": LEAK, "why_not": "gas/smel"}), "422 unknown-name"),
        (json!({"text": LEAK, "why": "x"}), "422 unknown-field"),
        (json!({"text": " "}), "422 empty-text"),
        (json!({"text": "水".repeat(30_001)}), "422 text-too-long"),
    ] {
        assert_eq!(server.post("/v1/explain", &body).problem(), expect);
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
fn a_long_complaint_is_decided_as_a_short_one() {
    let server = Server::start();
    let long = format!("{LEAK}。{}", "联系过几次都没有结果。".repeat(200));
    let short = server.post("/v1/match", &json!({"text": LEAK})).json();
    assert_eq!(server.post("/v1/match", &json!({"text": long})).json()["evidence"], short["evidence"]);
    let search = server.post("/v1/search", &json!({"query": long, "kinds": ["article"]})).json();
    assert_eq!(search["hits"][0]["id"], "water/repair-responsibility");
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

/// Requests as a broken or hostile program might send them: pieces of good ones, in any order.
fn debris() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(br#"{"text":"#.to_vec()),
        Just(br#""complaints":["#.to_vec()),
        Just(br#""at":"2026-11-23","#.to_vec()),
        Just("\"水管漏水\"".as_bytes().to_vec()),
        Just(br#""query":"\u0000","#.to_vec()),
        Just(b"}".to_vec()),
        Just(b"]".to_vec()),
        Just(b",".to_vec()),
        Just(b"-1e400".to_vec()),
        Just(b"null".to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
        "\\PC{0,6}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[test]
fn no_body_brings_the_server_to_its_knees() {
    let server = Server::start();
    let routes = ["/v1/match", "/v1/match:batch", "/v1/search"];
    proptest!(ProptestConfig::with_cases(300), |(body in debris(), route in 0..routes.len())| {
        let answer = server.send("POST", routes[route], &[("content-type", "application/json")], &body);
        prop_assert!(matches!(answer.status, 200 | 400 | 422), "{} {}", answer.status, answer.body);
    });
    assert_eq!(server.get("/readyz").status, 200);
}
