//! What no request to the real routes can bring about: a panic, an answer that takes too long.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::Value;

use super::app::{App, Configuration};
use super::edge::surrounded;
use super::problem::Kind;
use crate::bundle::{Cache, Live};

#[path = "../../tests/support/bundle.rs"]
mod bundle;

/// What requests share, over the small bundle.
pub(super) fn app(configuration: Configuration) -> Arc<App> {
    let folder = tempfile::tempdir().unwrap();
    bundle::write(folder.path());
    let live = Live::start(folder.path(), Cache::none(), None).unwrap_or_else(|error| panic!("{error:?}"));
    Arc::new(App::new(Arc::new(live), None, configuration))
}

/// Serves routes with everything around them on a runtime that lives as long as the result.
fn served(routes: Router<Arc<App>>, configuration: Configuration) -> (tokio::runtime::Runtime, SocketAddr, Arc<App>) {
    let app = app(configuration);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let surrounded = surrounded(routes, &app);
    runtime.spawn(async { axum::serve(listener, surrounded).await });
    (runtime, address, app)
}

/// Status, name of the problem and whole body.
fn asked(address: SocketAddr, path: &str) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut response = agent.get(format!("http://{address}{path}")).call().unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    let problem: Value = serde_json::from_str(&body).unwrap();
    let name = problem["type"].as_str().unwrap().replace("urn:jiesu:problem:", "");
    assert!(response.headers().contains_key("x-request-id"));
    (response.status().as_u16(), name, body)
}

#[test]
fn a_panic_and_a_slow_answer_are_problems_too() {
    let routes = Router::new()
        .route("/panics", get(async || -> &'static str { panic!("张三的电话") }))
        .route("/sleeps", get(async || tokio::time::sleep(Duration::from_secs(60)).await));
    let configuration = Configuration { time_limit: Duration::from_millis(100), ..Configuration::default() };
    let (_runtime, address, app) = served(routes, configuration);
    let (status, name, body) = asked(address, "/panics");
    assert_eq!((status, name.as_str()), (500, "internal-error"));
    // What a panic says may quote a complaint.
    assert!(!body.contains("张三"), "{body}");
    let (status, name, _) = asked(address, "/sleeps");
    assert_eq!((status, name.as_str()), (504, "time-limit"));
    assert_eq!(app.metrics.in_flight.get(), 0);
}

#[test]
fn a_caller_who_hangs_up_is_no_longer_in_flight() {
    let routes = Router::new().route("/sleeps", get(async || tokio::time::sleep(Duration::from_secs(60)).await));
    let (_runtime, address, app) = served(routes, Configuration::default());
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut stream, b"GET /sleeps HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let wait_for = |number: i64| {
        let times = 0..2_000;
        assert!(times.into_iter().any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            app.metrics.in_flight.get() == number
        }));
    };
    wait_for(1);
    drop(stream);
    wait_for(0);
}

#[test]
fn names_of_problems_are_unique() {
    let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());
    assert!(Kind::ALL.windows(2).all(|pair| pair[0].status() <= pair[1].status()), "by status, for the API's document");
}
