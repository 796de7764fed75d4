//! The same action for many tickets over HTTP, and queues narrowed to what somebody works on.

use serde_json::{Value, json};

use crate::support::{Answer, Server};

/// A complaint that the small bundle knows and does not dispatch by itself.
const LEAK: &str = "石洲区解放路12号门口自来水管漏了三天，水都流到马路上了";

fn file(server: &Server, number: usize) -> String {
    let filed = server.post("/v1/tickets", &json!({"text": format!("{LEAK}，{number}号楼")}));
    filed.json()["id"].as_str().unwrap().to_owned()
}

fn all(server: &Server, key: Option<&str>, body: &Value) -> Answer {
    let headers: Vec<(&str, &str)> =
        std::iter::once(("content-type", "application/json")).chain(key.map(|key| ("idempotency-key", key))).collect();
    server.send("POST", "/v1/tickets/actions", &headers, body.to_string())
}

#[test]
fn one_that_cannot_be_done_does_not_hold_up_the_others() {
    let server = Server::with_tickets();
    let mut ids: Vec<String> = (0..40).map(|number| file(&server, number)).collect();
    ids.insert(20, "20260101-999999".to_owned());
    let chase = json!({"ids": ids, "action": {"action": "chase"}});
    let answer = all(&server, Some("k-1"), &chase);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert_eq!((&answer["done"], &answer["failed"]), (&json!(40), &json!(1)));
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>(), ids, "in their order");
    assert_eq!(
        (&items[20]["status"], &items[20]["problem"]["type"]),
        (&json!(404), &json!("urn:jiesu:problem:no-ticket"))
    );
    assert_eq!((&items[0]["status"], items[0].get("again"), items[0].get("problem")), (&json!(200), None, None));
    // The same request again does nothing twice.
    let again = all(&server, Some("k-1"), &chase).json();
    let repeated = again["items"].as_array().unwrap().iter().filter(|item| item["again"] == true).count();
    assert_eq!((repeated, &again["done"]), (40, &json!(40)));
    let ticket = server.get(&format!("/v1/tickets/{}", ids[0])).json();
    assert_eq!(ticket["chases"], 1);
    // With another action the key is another request's.
    let other =
        all(&server, Some("k-1"), &json!({"ids": [ids[0]], "action": {"action": "note", "text": "看过"}})).json();
    assert_eq!(other["items"][0]["problem"]["type"], "urn:jiesu:problem:key-reused");
}

/// Two people who choose the same tickets: what one did, the other does not do again on what is no longer so.
#[test]
fn what_changed_since_it_was_seen_is_left_alone() {
    let server = Server::with_tickets();
    let ids: Vec<String> = (0..3).map(|number| file(&server, number)).collect();
    let seen = |id: &str| server.get(&format!("/v1/tickets/{id}")).json()["version"].clone();
    let versions = json!({&ids[0]: seen(&ids[0]), &ids[1]: seen(&ids[1])});
    let dispatch = json!({"action": "dispatch", "assignments": [{"department": "water-group"}]});
    let request = json!({"ids": ids, "versions": versions, "action": dispatch});
    server.post(&format!("/v1/tickets/{}/actions", ids[1]), &json!({"action": "note", "text": "来电人补充"}));
    let answer = all(&server, Some("k-1"), &request).json();
    let statuses: Vec<u64> =
        answer["items"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 412, 200], "{answer}");
    assert_eq!(answer["items"][1]["problem"]["type"], "urn:jiesu:problem:changed");
    // The same request again: what was done stays done, though its version is another one now.
    let again = all(&server, Some("k-1"), &request).json();
    assert_eq!((&again["items"][0]["again"], &again["items"][1]["status"]), (&json!(true), &json!(412)));
    // Somebody else who saw the same is told so, and sends nothing a second time.
    let other = all(
        &server,
        Some("k-2"),
        &json!({"ids": [ids[0]], "versions": {&ids[0]: versions[&ids[0]]}, "action": dispatch}),
    );
    assert_eq!(other.json()["items"][0]["status"], 412);
}

#[test]
fn what_is_no_request_for_many_is_refused_as_a_whole() {
    let server = Server::with_tickets();
    let many: Vec<String> = (0..201).map(|number| format!("20260101-{number:06}")).collect();
    let chase = json!({"action": "chase"});
    for (body, field) in [
        (json!({"ids": [], "action": chase}), Some("ids")),
        (json!({"ids": many, "action": chase}), Some("ids")),
        (json!({"ids": ["a", "a"], "action": chase}), Some("ids")),
        (json!({"ids": ["a"], "versions": {"b": 1}, "action": chase}), Some("versions")),
        (json!({"ids": ["a"], "versions": {"a": "1"}, "action": chase}), None),
        (json!({"ids": ["a"]}), None),
        (json!({"ids": ["a"], "action": {"action": "no such"}}), None),
        (json!({"ids": ["a"], "action": chase, "more": 1}), None),
        (json!([]), None),
    ] {
        let answer = all(&server, None, &body);
        assert!((400..500).contains(&answer.status), "{body}: {}", answer.status);
        if let Some(field) = field {
            assert_eq!(answer.json()["field"], field, "{}", answer.body);
        }
    }
}

#[test]
fn a_queue_is_narrowed_to_what_somebody_works_on() {
    let server = Server::with_tickets();
    let ids: Vec<String> = (0..2).map(|number| file(&server, number)).collect();
    let urgent = json!({"action": "set_urgency", "urgency": "critical", "reason": "水漫进配电房"});
    server.post(&format!("/v1/tickets/{}/actions", ids[0]), &urgent);
    let found = |query: &str| -> usize {
        let answer = server.get(&format!("/v1/queue/review?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["items"].as_array().unwrap().len()
    };
    let all = found("");
    assert!(all >= 1, "something waits");
    assert_eq!(found("state=in_review"), all);
    assert_eq!(found("state=closed"), 0);
    assert_eq!(found("urgency=critical"), 1);
    assert_eq!(found("due_before=2020-01-01"), 0);
    assert_eq!(found("due_before=2100-01-01"), all);
    assert_eq!(found("district=no-such"), 0);
    assert_eq!(found("department=no-such"), 0);
    assert_eq!(found("review_due=true"), 0);
    for wrong in ["state=nowhere", "urgency=very", "due_before=soon", "colour=red"] {
        let status = server.get(&format!("/v1/queue/review?{wrong}")).status;
        assert!((400..500).contains(&status), "{wrong}: {status}");
    }
}
