//! A hotline over HTTP: civic apps by Open311, photos, statistics; what programs of others rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "support/bundle.rs"]
mod bundle;
#[path = "support/folder.rs"]
mod folder;
#[path = "access/process.rs"]
#[allow(dead_code)] // the address alone is used here
mod process;
#[path = "hotline/published.rs"]
mod published;
#[path = "support/server.rs"]
mod support;

use serde_json::{Value, json};
use support::Server;

/// A complaint that the small bundle knows.
const LEAK: &str = "石洲区解放路12号门口自来水管漏了三天，水都流到马路上了";

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

/// Posts a form to Open311.
fn file(server: &Server, format: &str, fields: &[(&str, &str)]) -> support::Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    server.send("POST", &format!("/open311/v2/requests.{format}"), &headers, form(fields))
}

#[test]
fn a_civic_app_files_and_follows_a_complaint() {
    let server = Server::with_tickets();
    let services = server.get("/open311/v2/services.json").json();
    let service = services.as_array().unwrap().iter().find(|s| s["service_code"] == "water.pipe-leak").unwrap();
    assert_eq!(service["service_name"], "供水管道漏水");
    assert_eq!(service["type"], "realtime");
    let definition = server.get("/open311/v2/services/water.pipe-leak.json").json();
    assert_eq!(definition["service_code"], "water.pipe-leak");
    assert!(definition["attributes"].as_array().unwrap().iter().any(|a| a["code"] == "location"));

    let fields = [
        ("service_code", "water.pipe-leak"),
        ("description", "自来水管漏了三天，水流到马路上"),
        ("address_string", "石洲区解放路12号"),
        ("last_name", "赵"),
        ("phone", "13812345678"),
    ];
    let filed = file(&server, "json", &fields);
    assert_eq!(filed.status, 201, "{}", filed.body);
    let id = filed.json()[0]["service_request_id"].as_str().unwrap().to_owned();

    let request = server.get(&format!("/open311/v2/requests/{id}.json")).json()[0].clone();
    assert_eq!(request["status"], "open");
    assert_eq!(request["service_code"], "water.pipe-leak");
    assert!(request["description"].as_str().unwrap().contains("解放路12号"));
    let listed = server.get("/open311/v2/requests.json?status=open&service_code=water.pipe-leak").json();
    assert_eq!(listed[0]["service_request_id"], id.as_str());
    assert_eq!(server.get("/open311/v2/requests.json?status=closed").json(), json!([]));
    assert_eq!(server.get(&format!("/open311/v2/tokens/{id}.json")).json()[0]["token"], id.as_str());

    // The same ticket in the hotline's own words; once it is over the app sees it closed.
    let own = format!("/v1/tickets/{id}");
    assert_eq!(server.get(&own).json()["channel"], "open311");
    let done = server.post(
        &format!("{own}/actions"),
        &json!({"action": "finalise", "reason": "核实", "basis": "办法", "approved_by": "值班长"}),
    );
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(server.get(&format!("/open311/v2/requests/{id}.json")).json()[0]["status"], "closed");
}

#[test]
fn xml_says_what_json_says() {
    let server = Server::with_tickets();
    let fields =
        [("service_code", "water.pipe-leak"), ("description", "水管漏了 <b>&</b>"), ("address_string", "石洲区")];
    let filed = file(&server, "xml", &fields);
    assert_eq!((filed.status, filed.header("content-type")), (201, "text/xml; charset=utf-8"));
    let id = between(&filed.body, "<service_request_id>", "</service_request_id>");
    let request = server.get(&format!("/open311/v2/requests/{id}.xml")).body;
    assert!(
        request.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<service_requests><request>"),
        "{request}"
    );
    assert!(request.contains("水管漏了 &lt;b&gt;&amp;&lt;/b&gt;"), "{request}");
    let services = server.get("/open311/v2/services.xml").body;
    assert!(services.contains("<service_code>water.pipe-leak</service_code>"));
    assert!(server.get("/open311/discovery.xml").body.contains("<discovery>"));
}

#[test]
fn what_a_citizen_chose_is_a_hint_and_makes_no_rule_fire() {
    let server = Server::with_tickets();
    let place = ("address_string", "石洲区解放路12号");
    let file = |fields: &[(&str, &str)]| {
        let filed = file(&server, "json", &[fields, &[place]].concat());
        assert_eq!(filed.status, 201, "{}", filed.body);
        let id = filed.json()[0]["service_request_id"].as_str().unwrap().to_owned();
        let ticket = server.get(&format!("/v1/tickets/{id}")).json();
        (ticket, server.get(&format!("/open311/v2/requests/{id}.json")).json()[0].clone())
    };
    // Rules that people wrote outrank it; the answer is what the ticket became.
    let (ticket, request) =
        file(&[("service_code", "water.pipe-leak"), ("description", "楼道里燃气味很重"), ("device_id", "d-1")]);
    assert_eq!((&ticket["chosen"], &ticket["scenario"]), (&json!("water/pipe-leak"), &json!("gas/smell")));
    assert_eq!(
        (&request["service_code"], &ticket["title"], &ticket["external_id"]),
        (&json!("gas.smell"), &Value::Null, &Value::Null)
    );
    // Where nothing speaks, it is the ticket's, and a person looks.
    let (ticket, request) =
        file(&[("service_code", "water.pipe-leak"), ("description", "请你们尽快来看一下这里的情况")]);
    assert_eq!((&ticket["chosen"], &ticket["scenario"]), (&json!("water/pipe-leak"), &json!("water/pipe-leak")));
    assert_eq!((&ticket["state"], &request["service_code"]), (&json!("in_review"), &json!("water.pipe-leak")));
    assert_eq!(ticket["judgement"]["scenario"], Value::Null, "the decision stays the engine's");
    assert_eq!((&request["address"], &request["lat"]), (&json!("石洲区解放路12号"), &Value::Null));
}

#[test]
fn what_was_said_in_confidence_stays_out_of_public_answers() {
    let server = Server::with_tickets();
    let ticket = server.post("/v1/tickets", &json!({"text": LEAK, "confidential": true})).json();
    let id = ticket["id"].as_str().unwrap();
    for address in [format!("requests/{id}.json"), "requests.json".to_owned()] {
        let request = server.get(&format!("/open311/v2/{address}")).json()[0].clone();
        assert_eq!((&request["service_request_id"], &request["description"]), (&json!(id), &Value::Null));
    }
    assert!(!server.get(&format!("/open311/v2/requests/{id}.xml")).body.contains("解放路"));
}

#[test]
fn pages_of_other_sites_change_nothing_on_a_server_without_keys() {
    let server = Server::with_tickets();
    let document = server.get("/openapi.json").json();
    let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    let civic = ["json", "xml"].map(|format| ("POST".to_owned(), format!("/open311/v2/requests.{format}")));
    let mut asked = 0;
    for (method, path) in described.chain(civic).filter(|(method, _)| method == "POST") {
        let address = path.replace("{id}", "20261123-000001").replace("{name}", "review");
        let form = path.starts_with("/open311");
        let kind = ("content-type", if form { "application/x-www-form-urlencoded" } else { "application/json" });
        for foreign in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("host", "evil.example"),
        ] {
            let answer = server.send(&method, &address, &[kind, foreign], "");
            let said = if form { answer.body.contains("(cross-site)") } else { answer.problem() == "403 cross-site" };
            assert!(answer.status == 403 && said, "{method} {path} {foreign:?}: {}", answer.body);
        }
        let own = format!("http://{}", server.address);
        let answer = server.send(&method, &address, &[kind, ("origin", &own), ("sec-fetch-site", "same-origin")], "");
        assert!(!answer.body.contains("cross-site"), "{method} {path}: {}", answer.body);
        asked += 1;
    }
    assert!(asked >= 12, "{asked}");
    assert_eq!(server.get("/v1/tickets").json()["items"], json!([]));
}

#[test]
fn lists_take_names_and_say_what_they_were_understood_as() {
    let server = Server::with_tickets();
    let ticket = server.post("/v1/tickets", &json!({"text": LEAK})).json();
    let id = ticket["id"].as_str().unwrap();
    server.post(
        &format!("/v1/tickets/{id}/actions"),
        &json!({"action": "dispatch", "assignments": [{"department": "water-group"}]}),
    );
    let department = server.get("/v1/bundle").json();
    assert!(department["revision"].is_string());
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for (field, name, understood) in [
        ("district", "石洲", "shizhou"),
        ("district", "shizhou", "shizhou"),
        ("scenario", "供水管道漏水", "water/pipe-leak"),
        ("department", "市水务集团", "water-group"),
        ("department", "water-group", "water-group"),
    ] {
        let page = server.get(&format!("/v1/tickets?{field}={}", encoded(name))).json();
        assert_eq!(
            (&page["asked"][field], &page["items"][0]["id"]),
            (&json!(understood), &json!(id)),
            "{name}: {page}"
        );
    }
    let wrong = server.get(&format!("/v1/tickets?scenario={}", encoded("供水管道漏税")));
    assert_eq!((wrong.problem().as_str(), &wrong.json()["nearest"]), ("422 unknown-name", &json!("供水管道漏水")));
    let page = server.get(&format!("/v1/statistics?department={}", encoded("市水务集团"))).json();
    assert_eq!((&page["department"], &page["lines"][0]["counts"]["tickets"]), (&json!("water-group"), &json!(1)));
    for (query, word) in [
        ("?state=opened", "in_review（待审）"),
        ("?stat=closed", "是否想写“state”"),
        ("?overdue=maybe", "true 或 false"),
        ("?urgency=high", "critical（特急）"),
        ("?limit=many", "1 到 200"),
        ("?limit=1&limit=2", "出现了两次"),
    ] {
        let answer = server.get(&format!("/v1/tickets{query}"));
        let problem = answer.json();
        assert_eq!(answer.status, 400, "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{query}: {problem}");
    }
    // Moments are on the bundle's clock, wherever a ticket is shown.
    let shown = server.get(&format!("/v1/tickets/{id}")).json();
    let listed = server.get("/v1/tickets").json()["items"][0].clone();
    let history = server.get(&format!("/v1/tickets/{id}/history")).json();
    let moments =
        [&ticket["opened_at"], &shown["due"], &shown["updated_at"], &listed["opened_at"], &history["events"][0]["at"]];
    for moment in moments.into_iter().chain([&shown["assignments"][0]["deadline"]["due"]]) {
        assert!(moment.as_str().is_some_and(|text| text.ends_with("+08:00")), "{moment}");
    }
}

#[test]
fn what_was_seen_is_named_as_the_standard_says() {
    let server = Server::with_tickets();
    let id = server.post("/v1/tickets", &json!({"text": LEAK})).json()["id"].as_str().unwrap().to_owned();
    let note = json!({"action": "note", "text": "已了解"}).to_string();
    let act = |tag: &str| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        server.send("POST", &format!("/v1/tickets/{id}/actions"), &headers, &note)
    };
    let version = || server.get(&format!("/v1/tickets/{id}")).json()["version"].as_u64().unwrap();
    for (tag, expect) in [
        (format!("W/\"{}\"", version()), "412 changed"),
        ("\"1\", \"999\"".to_owned(), "412 changed"),
        ("5".to_owned(), "422 invalid-field"),
    ] {
        assert_eq!(act(&tag).problem(), expect, "{tag}");
    }
    assert_eq!(act(&format!("\"1\", \"{}\"", version())).status, 200);
    assert_eq!(act(&format!("\"{}\"", version())).status, 200);
    assert_eq!(act("*").status, 200);
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

#[test]
fn what_is_wrong_with_a_request_is_said_as_the_specification_has_it() {
    let server = Server::with_tickets();
    let place = ("address_string", "石洲区");
    for (fields, status) in [
        (vec![("description", "漏水"), place], 400),
        (vec![("service_code", "no.such"), place], 404),
        (vec![("service_code", "water.pipe-leak"), ("description", "漏水")], 400),
        (vec![("service_code", "water.pipe-leak"), ("description", "漏水"), ("lat", "x"), ("long", "1")], 400),
    ] {
        let answer = file(&server, "json", &fields);
        let error = answer.json()[0].clone();
        assert_eq!((answer.status, error["code"].as_u64()), (status, Some(u64::from(status))), "{fields:?} {error}");
        assert!(!error["description"].as_str().unwrap().is_empty());
    }
    assert_eq!(server.get("/open311/v2/requests/20200101-999999.json").status, 404);
    assert!(server.get("/open311/v2/services/none.xml").body.contains("<errors><error><code>404</code>"));
    // And whatever part of the server says it.
    for (method, path, status) in [("GET", "/open311/v2/nothing.xml", 404), ("DELETE", "/open311/v2/services.xml", 405)]
    {
        let answer = server.send(method, path, &[], "");
        let expect = format!("<errors><error><code>{status}</code><description>");
        assert!(answer.status == status && answer.body.contains(&expect), "{method} {path}: {}", answer.body);
    }
}

#[test]
fn a_photo_stays_with_its_ticket() {
    let server = Server::with_tickets();
    let ticket = server.post("/v1/tickets", &json!({"text": LEAK})).json();
    let address = format!("/v1/tickets/{}/attachments", ticket["id"].as_str().unwrap());
    let paper = b"%PDF-1.7 and so on";
    let name = [("x-file-name", "%E7%8E%B0%E5%9C%BA.pdf")];
    let kept = server.send("POST", &address, &name, paper);
    assert_eq!(kept.status, 201, "{}", kept.body);
    let attachment = kept.json()["attachments"][0].clone();
    assert_eq!((&attachment["media_type"], &attachment["name"]), (&json!("application/pdf"), &json!("现场.pdf")));
    // Sent again, it is there once.
    assert_eq!(server.send("POST", &address, &name, paper).json()["attachments"].as_array().unwrap().len(), 1);
    let given = server.get(&format!("{address}/{}", attachment["sha256"].as_str().unwrap()));
    assert_eq!((given.status, given.header("content-type")), (200, "application/pdf"));
    assert_eq!((given.header("content-disposition"), given.body.as_bytes()), ("attachment", &paper[..]));
    assert_eq!(server.send("POST", &address, &name, b"<html>").problem(), "422 invalid-field");
    assert_eq!(server.get(&format!("{address}/{}", "0".repeat(64))).problem(), "404 no-ticket");
}

#[test]
fn statistics_count_what_happened() {
    let server = Server::with_tickets();
    let act = |id: &str, action: Value| {
        let answer = server.post(&format!("/v1/tickets/{id}/actions"), &action);
        assert_eq!(answer.status, 200, "{action} {}", answer.body);
    };
    let mut ids = Vec::new();
    for number in 0..4 {
        let text = format!("石洲区建设路{number}号楼前自来水管破了一直在漏水");
        ids.push(
            server.post("/v1/tickets", &json!({"text": text, "channel": "web"})).json()["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    // Three are answered and called back: solved, partly, not; the last of these is taken out of assessment.
    for (id, solved) in ids.iter().zip(["yes", "partly", "no"]) {
        act(id, json!({"action": "dispatch", "assignments": [{"department": "water-group"}]}));
        act(id, json!({"action": "accept", "assignment": 1}));
        act(id, json!({"action": "contact", "assignment": 1}));
        act(id, json!({"action": "resolve", "assignment": 1, "answer": "已修好"}));
        act(id, json!({"action": "approve_answer"}));
        act(id, json!({"action": "send_reply", "text": "已修好，请查看"}));
        act(
            id,
            json!({"action": "call_back", "by": "centre", "reached": true, "solved": solved, "satisfied": solved == "yes"}),
        );
    }
    act(&ids[2], json!({"action": "exclude", "reason": "重复", "approved_by": "值班长"}));

    let whole = server.get("/v1/statistics").json()["lines"][0].clone();
    for (measure, count) in [
        ("tickets", 4),
        ("dispatched", 3),
        ("responded", 3),
        ("resolved_in_time", 3),
        ("reached", 3),
        ("solved", 1),
        ("satisfied", 1),
        ("not_satisfied", 2),
    ] {
        assert_eq!(whole["counts"][measure], count, "{measure}: {whole}");
    }
    let by = server.get("/v1/statistics?by=department,channel").json();
    let group =
        by["lines"].as_array().unwrap().iter().find(|line| line["group"]["department"] == "water-group").unwrap();
    assert_eq!((&group["group"]["channel"], &group["counts"]["tickets"]), (&json!("web"), &json!(3)));
    let csv = server.get("/v1/statistics?by=channel&format=csv");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(csv.body.starts_with('\u{feff}'), "{}", csv.body);
    let lines: Vec<&str> = csv.body.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("渠道,受理件数,待审,已派单,"), "{}", lines[0]);
    assert!(lines[0].ends_with(
        "平均派单用时（小时）,平均联系用时（小时）,平均办结用时（小时）,平均答复用时（小时）,平均结案用时（小时）"
    ));
    assert!(lines[1].starts_with("web,4,1,3,") && lines[1].ends_with(",0.0,0.0,0.0,0.0,"), "{}", lines[1]);
    let english = server.get("/v1/statistics?by=channel&format=csv&lang=en").body;
    assert!(english.starts_with("\u{feff}channel,tickets,in_review,dispatched,"), "{english}");
    for (query, problem) in [
        ("by=colour", "400 invalid-query"),
        ("by=day,month,kind,channel", "400 invalid-query"),
        ("from=yesterday", "400 invalid-query"),
        ("from=2026-02-01&to=2026-01-01", "422 invalid-field"),
        ("form=2026-01-01", "400 invalid-query"),
    ] {
        assert_eq!(server.get(&format!("/v1/statistics?{query}")).problem(), problem, "{query}");
    }
}
