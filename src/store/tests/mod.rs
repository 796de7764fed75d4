//! The same tests on both databases, then what only one of them can meet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod crash;
mod migrations;
mod names;
mod on_postgresql;
mod on_sqlite;
mod transactions;

// Integration tests use the same one.
#[path = "../../../tests/support/postgres.rs"]
mod server;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;
use server::Postgres;

static MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "items",
    sqlite: "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, number INTEGER, mark TEXT, code TEXT,
                                amount REAL, bytes BLOB, UNIQUE (kind, number)) STRICT;
             CREATE UNIQUE INDEX item_name ON item (name);
             CREATE UNIQUE INDEX item_mark ON item (mark) WHERE mark <> 'free';
             CREATE UNIQUE INDEX item_code ON item (LOWER(code));",
    postgres: "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT, kind TEXT, number BIGINT, mark TEXT, code TEXT,
                                  amount DOUBLE PRECISION, bytes BYTEA, UNIQUE (kind, number));
               CREATE UNIQUE INDEX item_name ON item (name);
               CREATE UNIQUE INDEX item_mark ON item (mark) WHERE mark <> 'free';
               CREATE UNIQUE INDEX item_code ON item (LOWER(code));",
}];

/// A database of its own, empty, and what has to live as long.
struct Place {
    location: Location,
    folder: Option<TempDir>,
}

impl Place {
    fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place { location: Location::file(folder.path().join("tickets.db")), folder: Some(folder) }
    }

    fn postgres(server: &Postgres) -> Place {
        Place { location: Location::parse(&server.database()).unwrap(), folder: None }
    }

    fn open(&self) -> Store {
        self.open_with(Options::default())
    }

    fn open_with(&self, options: Options) -> Store {
        Store::open(&self.location, MIGRATIONS, options).unwrap()
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.as_ref().unwrap().path().join("tickets.db")
    }
}

/// A place on each database that there is here.
fn places() -> Vec<Place> {
    let mut places = vec![Place::sqlite()];
    places.extend(Postgres::shared().map(Place::postgres));
    places
}

fn add(transaction: &mut Transaction<'_>, id: i64, name: &str) -> Result<u64, StoreError> {
    transaction.execute("INSERT INTO item (id, name) VALUES (?1, ?2)", &[id.into(), name.into()])
}

/// A job that says how many rows it changed.
type Change = fn(&mut Transaction<'_>) -> Result<u64, StoreError>;

/// The names of all items, in order.
fn names(store: &Store) -> Vec<String> {
    let read = |transaction: &mut Transaction<'_>| {
        let rows = transaction.query("SELECT name FROM item ORDER BY id", &[])?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<Vec<_>, StoreError>>()
    };
    store.read_blocking(read).unwrap()
}

/// A job that has the writer until it is let go, and what came of it.
fn hold(store: &Store) -> (mpsc::Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let (begun, has_begun) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let store = store.clone();
    let job = move |_: &mut Transaction<'_>| {
        begun.send(()).unwrap();
        let _ = wait.recv();
        Ok(())
    };
    let held = thread::spawn(move || store.write_blocking(job));
    has_begun.recv().unwrap();
    (go, held)
}

/// Asks again until it holds, for ten seconds at the most.
#[track_caller]
fn eventually(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "not within ten seconds");
        thread::sleep(Duration::from_millis(20));
    }
}
