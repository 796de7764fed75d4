//! A PostgreSQL of its own for tests, in a temporary folder and on a free port of this machine. It goes away with the
//! process that started it, however that ends.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// What runs beside the test: it does what it is told line by line, and tidies up when its input ends, which the operating
/// system sees to even where the test is killed. Nothing here waits for a disk: the data need not outlive the machine.
const KEEPER: &str = r#"
set -eu
trap '' INT HUP TERM
bin=$1 port=$2
cd /
folder=$(mktemp -d "${TMPDIR:-/tmp}/jiesu-postgres.XXXXXX")
control() { "$bin/pg_ctl" -D "$folder/data" -w -t 60 "$@" >>"$folder/log" 2>&1 </dev/null; }
settings="-F -p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=200 -c shared_buffers=32MB"
"$bin/initdb" -D "$folder/data" -U jiesu -A trust -E UTF8 --locale=C --no-sync >>"$folder/log" 2>&1 || {
    cat "$folder/log"; exit 1; }
while read -r order how; do
    case $order in
        start) control -l "$folder/server.log" -o "$settings" start ;;
        stop) control -m "$how" stop ;;
    esac && echo done || { cat "$folder/log" "$folder/server.log"; echo failed; }
done
control -m immediate stop || true
rm -rf "$folder"
"#;

/// A running server.
pub(crate) struct Postgres {
    keeper: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
}

impl Postgres {
    /// A server for this test alone, that it may stop. `None` where PostgreSQL is not installed, which is said, and fails
    /// where everything is required.
    pub(crate) fn start() -> Option<Postgres> {
        let Some(programs) = programs() else {
            let required = std::env::var_os("JIESU_REQUIRE_ALL").is_some_and(|value| value == "1");
            assert!(!required, "PostgreSQL is missing: apt-get install postgresql");
            println!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // The server refuses to run as root.
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut command = Command::new(if is_root { "runuser" } else { "sh" });
        if is_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command.args(["-c", KEEPER, "postgres-keeper"]).arg(programs).arg(port.to_string());
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (keeper.stdin.take(), BufReader::new(keeper.stdout.take().unwrap()));
        let mut server = Postgres { keeper, orders, answers, port };
        server.start_again();
        Some(server)
    }

    /// The one that all tests of this process share; it is never stopped.
    pub(crate) fn shared() -> Option<&'static Postgres> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Postgres::start).as_ref()
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.run(&format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"));
        self.address(&name)
    }

    /// The address of a database.
    pub(crate) fn address(&self, name: &str) -> String {
        format!("postgres://jiesu@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement outside of any transaction, in the database that every server has.
    pub(crate) fn run(&self, sql: &str) {
        let address = self.address("postgres");
        // On a thread of its own, since the test may be in a runtime, and the client has one too.
        std::thread::scope(|scope| {
            let run = || postgres::Client::connect(&address, postgres::NoTls).unwrap().batch_execute(sql).unwrap();
            scope.spawn(run).join().unwrap();
        });
    }

    /// Ends the server: `fast` lets it tidy up, `immediate` does not.
    pub(crate) fn stop(&mut self, how: &str) {
        self.order(&format!("stop {how}"));
    }

    /// Starts it after [`Postgres::stop`], at the same address.
    pub(crate) fn start_again(&mut self) {
        self.order("start");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let length = self.answers.read_line(&mut line).unwrap();
            match line.trim_end() {
                "done" => return,
                "failed" => panic!("`{order}` failed:\n{said}"),
                _ if length == 0 => panic!("`{order}` failed:\n{said}"),
                _ => said += &line,
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.keeper.wait();
    }
}

/// The folder of PostgreSQL's programs: where `initdb` is found, or Debian's folder of the newest version.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(number(version)));
    folders.extend(versions.into_iter().map(|version| version.join("bin")));
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
}

fn number(version: &Path) -> Option<u32> {
    version.file_name()?.to_str()?.parse().ok()
}
