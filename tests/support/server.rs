//! A server over the small bundle, on a real socket.
#![allow(dead_code)] // each test file uses some of it

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiesu::bundle::{Cache, History, Live};
use jiesu::server::{Configuration, serve};
use jiesu::store::{Location, Options, Store};
use jiesu::tickets::{Attachments, MIGRATIONS, Settings, Tickets};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::bundle;

/// A server over the small bundle, in a thread of its own.
pub(crate) struct Server {
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Status and the name of the problem.
    pub(crate) fn problem(&self) -> String {
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
    pub(crate) fn start() -> Server {
        Server::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Configuration)) -> Server {
        let folder = tempfile::tempdir().unwrap();
        bundle::write(folder.path());
        Server::over(folder, None, change)
    }

    pub(crate) fn over(folder: TempDir, history: Option<History>, change: impl FnOnce(&mut Configuration)) -> Server {
        Server::keeping(folder, history, |_| None, change)
    }

    /// One that keeps tickets, and attachments, in the folder of the bundle.
    pub(crate) fn with_tickets() -> Server {
        Server::with_tickets_over(|_| {}, |_| {})
    }

    /// The same, the bundle and the configuration changed before it starts.
    pub(crate) fn with_tickets_over(
        prepare: impl FnOnce(&std::path::Path),
        change: impl FnOnce(&mut Configuration),
    ) -> Server {
        let folder = tempfile::tempdir().unwrap();
        bundle::write(folder.path());
        prepare(folder.path());
        let data = folder.path().join("data");
        let tickets = |live: &Arc<Live>| {
            let attachments = Attachments::open(&data.join("attachments")).unwrap();
            let store = Store::open(&Location::file(data.join("tickets.db")), MIGRATIONS, Options::default()).unwrap();
            let clock = Arc::new(jiff::Timestamp::now);
            Some(Tickets::new(store, Arc::clone(live), Settings::default(), clock).with_attachments(attachments))
        };
        Server::keeping(folder, None, tickets, change)
    }

    fn keeping(
        folder: TempDir,
        history: Option<History>,
        tickets: impl FnOnce(&Arc<Live>) -> Option<Tickets>,
        change: impl FnOnce(&mut Configuration),
    ) -> Server {
        let live = match Live::start(folder.path(), Cache::none(), history) {
            Ok(live) => Arc::new(live),
            Err(error) => panic!("{error:?}"),
        };
        let tickets = tickets(&live);
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
                serve(live, tickets, configuration, listener, shutdown).await
            })
        };
        Server { folder, address, stop: Some(stop), thread: Some(std::thread::spawn(run)) }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
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
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until it has stopped.
    pub(crate) fn stopped(mut self) {
        self.stop();
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
