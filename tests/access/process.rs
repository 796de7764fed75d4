//! The program as it runs: a real process over the small bundle, with keys made by the command beside it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::bundle;
use crate::folder::{Folder, Ran, Run, eventually};

/// A folder with a bundle and a place for data.
pub(crate) struct Place(pub(crate) Folder);

impl Place {
    pub(crate) fn new() -> Place {
        let folder = Folder::empty();
        bundle::write(&folder.at("bundle"));
        Place(folder)
    }

    pub(crate) fn data(&self) -> String {
        self.0.shown("data")
    }

    /// A command with the data of this place.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Run::of(arguments).arguments(&["--data", &self.data()]).go()
    }

    /// Makes a key.
    pub(crate) fn key(&self, name: &str, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|scope| format!("--scope={scope}")).collect();
        let arguments: Vec<&str> = ["keys", "add", name].into_iter().chain(scopes.iter().map(String::as_str)).collect();
        let ran = self.run(&arguments);
        ran.ends(0, &[]);
        ran.out.trim().to_owned()
    }

    pub(crate) fn serve(&self, more: &[&str]) -> Process {
        Process::start(self, more)
    }
}

/// A running server; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
    log: Arc<Mutex<String>>,
    pub(crate) database: PathBuf,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The name of the problem.
    pub(crate) fn problem(&self) -> String {
        self.json()["type"].as_str().unwrap().strip_prefix("urn:jiesu:problem:").unwrap().to_owned()
    }
}

impl Process {
    fn start(place: &Place, more: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
        command.args(["serve", "--bundle", &place.0.shown("bundle")]);
        if !more.contains(&"--data") {
            command.args(["--data", &place.data()]);
        }
        if !more.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(more).env("LANG", "en_US.UTF-8").env("RUST_LOG", "trace").env_remove("LC_ALL");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let mut address = String::new();
        let started = || log.lock().unwrap().clone();
        eventually(started, || {
            let said = started();
            let found = said.split_once("serving on ").and_then(|(_, rest)| rest.split_once(' '));
            found.is_some_and(|(found, _)| {
                found.clone_into(&mut address);
                true
            })
        });
        Process { child, address, log, database: place.0.at("data/tickets.db") }
    }

    pub(crate) fn ask(&self, key: Option<&str>, method: &str, path: &str, body: &Value) -> Answer {
        let authorization = key.map(|key| format!("Bearer {key}"));
        let headers = authorization.iter().map(|value| ("authorization", value.as_str()));
        self.send(method, path, &headers.collect::<Vec<_>>(), body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let mut response = agent.run(request.body(body).unwrap()).unwrap();
        // A stream of events has no end.
        let is_stream = response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { String::new() } else { response.body_mut().read_to_string().unwrap() };
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// Everything that was logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it by a signal, such as `-TERM`, and waits until it has ended.
    #[allow(dead_code)] // by some of the tests
    pub(crate) fn end(mut self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|sent| sent.success()));
        self.child.wait().unwrap();
    }

    /// Waits until a key is known, or is no longer.
    pub(crate) fn until(&self, key: &str, status: u16) {
        let ask = || self.ask(Some(key), "GET", "/v1/bundle", &Value::Null).status;
        eventually(|| format!("{status}: {}", ask()), || ask() == status);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
