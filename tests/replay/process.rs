//! A server as a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::folder::{Folder, Ran, Run, eventually};

/// `jiesu serve` over the bundle that [`Folder::init`] makes, with `data/` and `cache/` beside it.
pub(crate) struct Process {
    child: Child,
    address: String,
}

impl Process {
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Process {
        let (bundle, data, cache) = (folder.shown("bundle"), folder.shown("data"), folder.shown("cache"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
        command.args(["serve", "--lang", "en", "--listen", "127.0.0.1:0", "--bundle", &bundle, "--data", &data]);
        command.args(["--cache", &cache]).args(arguments).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut before = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "the server ended: {before}");
            if let Some((_, rest)) = line.split_once("serving on http://") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
            before += &line;
        };
        // A pipe that nobody empties stops the server in the end.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Process { child, address }
    }

    fn agent() -> ureq::Agent {
        let configuration = ureq::Agent::config_builder().http_status_as_error(false);
        configuration.timeout_global(Some(Duration::from_secs(60))).build().into()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let sent = Process::agent().post(url).header("content-type", "application/json").send(body.to_string());
        let mut response = sent.unwrap();
        let body = response.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&body).unwrap())
    }

    /// Sends a request and does not wait for the answer.
    pub(crate) fn post_and_leave(&self, path: &str, body: &Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (body, address) = (body.to_string(), &self.address);
        let head = "content-type: application/json\r\ncontent-length: ";
        write!(stream, "POST {path} HTTP/1.1\r\nhost: {address}\r\n{head}{}\r\n\r\n{body}", body.len()).unwrap();
        // Kept open until the test ends: who hangs up is not answered.
        std::mem::forget(stream);
    }

    fn get(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address);
        Process::agent().get(url).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// The revision that answers.
    pub(crate) fn revision(&self) -> String {
        let status: Value = serde_json::from_str(&self.get("/v1/bundle")).unwrap();
        status["revision"].as_str().unwrap().to_owned()
    }

    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics");
        let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// Ends it as a service manager does, and waits until it has.
    pub(crate) fn stop(mut self) {
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(ended.success());
        let mut code = None;
        eventually(
            || "the end of the server".to_owned(),
            || {
                code = self.child.try_wait().unwrap();
                code.is_some()
            },
        );
        assert!(code.unwrap().success());
    }

    /// Ends it at once, in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Folder {
    /// `jiesu replay` with the cache that the server had.
    pub(crate) fn replay(&self, arguments: &[&str]) -> Ran {
        let cache = self.shown("cache");
        Run::of(&[&["replay", "--cache", &cache], arguments].concat()).within(Duration::from_secs(120)).go()
    }
}
