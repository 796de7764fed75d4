//! The program as it serves: a real process that a test may kill.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(bundle: &Path, database: &str) -> Server {
        Server::start_with(bundle, database, &[])
    }

    /// One with further arguments.
    pub(crate) fn start_with(bundle: &Path, database: &str, more: &[&str]) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiesu"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", database, "--bundle"]).arg(bundle).args(more);
        command.env("LANG", "en_US.UTF-8").env("JIESU_CACHE", bundle.join("cache"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server did not start:\n{said}"));
            if let Some((_, rest)) = line.split_once("serving on ") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
            said += &line;
        };
        // Read on, or a server that has much to say would wait for us.
        thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }

    /// SIGKILL: nothing of the program runs any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
