//! Bodies, connections and times are bounded; stopping is too.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::LEAK;
use crate::support::Server;

#[test]
fn a_chunked_body_is_bounded_too() {
    let server = Server::with(|configuration| configuration.body_limit = 1_000);
    let mut stream = server.connect();
    let head = "POST /v1/match HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
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
    let head =
        "POST /v1/match HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
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
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0; 10]).is_err(), "answered while another connection holds the only place");
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(first_line(&mut second).contains("200"));
}

#[test]
fn a_running_request_is_finished_before_the_server_stops() {
    let mut server = Server::start();
    let mut stream = server.connect();
    let body = json!({"text": LEAK}).to_string();
    let length = body.len();
    let head = format!(
        "POST /v1/match HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
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
    let head =
        "POST /v1/match HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    while server.metric("jiesu_http_requests_in_flight") < 2.0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let started = Instant::now();
    server.stopped();
    assert!(started.elapsed() < Duration::from_secs(5));
}
