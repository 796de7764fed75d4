//! Dead letters where people look at them: the routes, the metrics and the command.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiesu::access::{Actor, Scope};
use jiesu::server::{Configuration, serve};
use jiesu::tickets::{Refusal, WaitingState};
use serde_json::Value;

use crate::desk::{Desk, GAS, WATER};
use crate::receiver::{OK, Receiver, Reply};

/// A desk with two dead messages and one that waits; the message that waits is for gas.
async fn desk() -> Desk {
    let (gone, broken) = (Receiver::always(Reply::Status(410, "")), Receiver::always(Reply::Status(500, "")));
    let desk = Desk::with(&[(WATER, gone.url()), (GAS, broken.url())]);
    desk.ticket(&[WATER], 1).await;
    desk.ticket(&[GAS], 0).await;
    let deliverer = desk.deliverer();
    while deliverer.deliver_due().await > 0 {}
    desk.tickets.outbox().tidy().await.unwrap();
    desk
}

fn ask(method: &str, url: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let request = ureq::http::Request::builder().method(method).uri(url).body(()).unwrap();
    let mut response = agent.run(request).unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_seen_and_sent_again_over_http() {
    let desk = desk().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let live = Arc::clone(desk.live());
    tokio::spawn(serve(live, Some(desk.tickets.clone()), Configuration::default(), listener, std::future::pending()));
    tokio::task::block_in_place(|| {
        let list = |query: &str| -> Value {
            serde_json::from_str(&ask("GET", &format!("{base}/v1/outbox{query}")).1).unwrap()
        };
        let dead = list("?state=dead");
        assert_eq!(dead["items"].as_array().unwrap().len(), 2);
        assert_eq!(dead["next_cursor"], Value::Null);
        assert_eq!(dead["items"][0]["name"], "chased", "the newest first");
        assert_eq!(dead["items"][0]["target"], "department:water-group");
        assert_eq!(dead["items"][0]["error"], "gone");
        assert_eq!(list("?state=pending")["items"][0]["error"], "status 500");
        let metrics = ask("GET", &format!("{base}/metrics")).1;
        for line in ["webhooks_pending 1", "webhooks_dead 2", "webhooks_delivered_total 0", "webhooks_failed_total 3"] {
            assert!(metrics.contains(&format!("jiesu_{line}\n")), "no {line} in\n{metrics}");
        }
        for (query, status) in [("?state=delivered", 400), ("?stat=dead", 400), ("?cursor=x", 400), ("", 200)] {
            assert_eq!(ask("GET", &format!("{base}/v1/outbox{query}")).0, status, "{query}");
        }
        let id = dead["items"][0]["message"].as_str().unwrap();
        assert_eq!(ask("POST", &format!("{base}/v1/outbox/{id}/replay")).0, 202);
        assert_eq!(ask("POST", &format!("{base}/v1/outbox/{id}/replay")).0, 404, "it is not dead any more");
        assert_eq!(ask("POST", &format!("{base}/v1/outbox/nothing/replay")).0, 404);
        assert_eq!(list("")["items"].as_array().unwrap().len(), 1);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_centres_dispatchers_and_administrators_may_look() {
    let desk = Desk::with(&[(WATER, Receiver::always(OK).url())]);
    let outbox = desk.tickets.outbox();
    for (scope, may) in [
        (Scope::Submit, false),
        (Scope::Agent, false),
        (Scope::Department(WATER.to_owned()), false),
        (Scope::Editor, false),
        (Scope::Metrics, false),
        (Scope::Dispatcher, true),
        (Scope::Admin, true),
    ] {
        let actor = Actor::new("somebody", std::slice::from_ref(&scope));
        let list = outbox.list(WaitingState::Dead, None, &actor).await.map(|_| ());
        let replay = outbox.replay(None, &actor).await.map(|_| ());
        for asked in [list, replay] {
            assert_eq!(asked.is_ok(), may, "{scope}");
            assert!(may || matches!(asked, Err(Refusal::Forbidden { .. })), "{scope}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_lists_and_replays_dead_letters_beside_a_server() {
    let desk = desk().await;
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
        command.args(["tickets", "outbox", "--lang", "en"]).args(more).env_remove("JIESU_CACHE");
        let ran = command.arg("--data").arg(desk.path()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        (ran.status.code().unwrap(), said)
    };
    tokio::task::block_in_place(|| {
        let (code, said) = run(&["--dead"]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("2 messages were given up") && said.contains("410"), "{said}");
        let (code, said) = run(&["--json"]);
        let listed: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, &listed["items"][0]["error"]), (0, &Value::from("status 500")), "{said}");
        let (code, said) = run(&["--replay", "nothing"]);
        assert!(code == 2 && said.contains("nothing"), "{code} {said}");
        let (code, said) = run(&["--replay-all"]);
        assert!(code == 0 && said.contains("2 messages"), "{code} {said}");
        assert_eq!(run(&["--dead"]).0, 0);
        let elsewhere = Command::new(env!("CARGO_BIN_EXE_jiesu"))
            .args(["tickets", "outbox", "--data", "/nonexistent"])
            .output()
            .unwrap();
        assert_eq!(elsewhere.status.code(), Some(2));
    });
    assert_eq!(desk.pending().await.len(), 3);
}
