//! The document of the API and the page that shows it.

use std::collections::BTreeSet;

use jiesu::server::openapi;
use serde_json::{Value, json};

use crate::LEAK;
use crate::support::Server;

#[test]
fn the_document_of_the_api_lists_routes_that_answer() {
    let server = Server::start();
    let answer = server.get("/openapi.json");
    assert_eq!(answer.header("content-type"), "application/json");
    let document = answer.json();
    assert_eq!(document, serde_json::to_value(openapi()).unwrap());
    let paths = document["paths"].as_object().unwrap();
    let known: Vec<&str> = paths.keys().map(String::as_str).collect();
    let answering = [
        "/healthz",
        "/metrics",
        "/readyz",
        "/v1/bundle",
        "/v1/bundle/changes",
        "/v1/bundle/reload",
        "/v1/bundle/reloads",
        "/v1/bundle/rules",
        "/v1/calls/{id}",
        "/v1/explain",
        "/v1/intake",
        "/v1/match",
        "/v1/match:batch",
        "/v1/proposals:draft",
        "/v1/search",
    ];
    // These need tickets: `tests/access.rs` asks each of them.
    let of_tickets = [
        "/v1/audit",
        "/v1/callers",
        "/v1/events",
        "/v1/outbox",
        "/v1/outbox/{id}/replay",
        "/v1/proposals",
        "/v1/proposals/{id}",
        "/v1/proposals/{id}/patch",
        "/v1/queue/{name}",
        "/v1/queue/{name}/claim",
        "/v1/statistics",
        "/v1/statistics/hours",
        "/v1/statistics/rising",
        "/v1/statistics/rules",
        "/v1/tickets",
        "/v1/tickets/actions",
        "/v1/tickets/batch",
        "/v1/tickets/{id}",
        "/v1/tickets/{id}/actions",
        "/v1/tickets/{id}/attachments",
        "/v1/tickets/{id}/attachments/{sha256}",
        "/v1/tickets/{id}/erase",
        "/v1/tickets/{id}/history",
    ];
    let expect: BTreeSet<&str> = answering.into_iter().chain(of_tickets).collect();
    assert_eq!(known.iter().copied().collect::<BTreeSet<_>>(), expect);
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let body = body.map(|reference| resolved(&document, reference)["example"].clone());
            for text in [&operation["summary"], &operation["responses"]["500"]["description"]] {
                assert!(text.as_str().unwrap().contains(" / "), "in both languages: {text}");
            }
            // `tests/calls.rs` connects to calls.
            if of_tickets.contains(&path.as_str()) || path.starts_with("/v1/calls") {
                continue;
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
    assert_eq!((home.status, home.header("location")), (307, "/console"));
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
