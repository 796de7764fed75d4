//! Processes that are killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;

/// Tells the test below, run as a process of its own, what to do and where.
const ORDER: &str = "JIESU_STORE_TEST_CHILD";
/// Threads of a child that write.
const WRITERS: i64 = 4;
/// Rounds of writing and killing, for each database.
const ROUNDS: i64 = 12;

/// Does nothing unless it is started by another test.
#[test]
fn child() {
    let Some(order) = std::env::var(ORDER).ok() else { return };
    let (what, rest) = order.split_once(' ').unwrap();
    let (round, location) = rest.split_once(' ').unwrap();
    let place = Place { location: Location::parse(location).unwrap(), folder: None };
    let store = place.open();
    match what {
        "write" => write_for_ever(&store, round.parse().unwrap()),
        _ => {
            let _lock = store.advisory_lock(1).unwrap().unwrap();
            say("held");
            thread::sleep(Duration::from_secs(60));
        }
    }
}

/// One line on what is truly the standard output, whatever the test harness does with it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "child: {line}").unwrap();
    out.flush().unwrap();
}

fn write_for_ever(store: &Store, round: i64) {
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for count in 0.. {
                    let id = (round * WRITERS + writer) * 1_000_000 + count;
                    store.write_blocking(move |transaction| add(transaction, id, &id.to_string())).unwrap();
                    say(&id.to_string());
                }
            });
        }
    });
}

fn start(order: &str) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::tests::crash::child", "--nocapture", "--test-threads=1"]);
    let mut child = command.env(ORDER, order).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The harness writes the name of the test on the same line.
    let said = lines.filter_map(|line| line.split_once("child: ").map(|(_, said)| said.to_owned()));
    (child, said)
}

fn location(place: &Place) -> String {
    place.folder.as_ref().map_or_else(|| place.location.to_string(), |_| place.path().to_str().unwrap().to_owned())
}

#[test]
fn every_write_that_was_acknowledged_is_there_once_after_a_kill() {
    for place in places() {
        let mut acknowledged = BTreeSet::new();
        for round in 0..ROUNDS {
            let (mut child, mut said) = start(&format!("write {round} {}", location(&place)));
            // Killed after a number of answers that differs from round to round.
            let most = 3 + round * round * 4;
            let mut heard: Vec<i64> = (0..most).map_while(|_| said.next()).map(|id| id.parse().unwrap()).collect();
            assert_eq!(heard.len() as i64, most, "the child ended by itself");
            child.kill().unwrap();
            heard.extend(said.filter_map(|id| id.parse::<i64>().ok()));
            child.wait().unwrap();
            acknowledged.extend(heard);
            // PostgreSQL may still be at the last statement of a connection that is gone.
            let kept = || -> Vec<i64> { names(&place.open()).iter().map(|id| id.parse().unwrap()).collect() };
            let kept = kept();
            let there: BTreeSet<i64> = kept.iter().copied().collect();
            assert_eq!(there.len(), kept.len());
            let lost: Vec<_> = acknowledged.difference(&there).collect();
            assert!(lost.is_empty(), "round {round}: {lost:?}");
            // Each writer had one more under way at the most, in every round.
            let more = there.len() - acknowledged.len();
            assert!(more as i64 <= (round + 1) * WRITERS, "round {round}: {more} more than acknowledged");
        }
    }
}

#[test]
fn a_lock_passes_on_when_its_holder_is_killed() {
    for place in places() {
        let (mut child, mut said) = start(&format!("lock 0 {}", location(&place)));
        assert_eq!(said.next().as_deref(), Some("held"));
        let opened = Store::open(&place.location, MIGRATIONS, Options::default());
        match &opened {
            Ok(store) => assert!(store.advisory_lock(1).unwrap().is_none()),
            // On SQLite the other server has the whole file.
            Err(error) => assert!(matches!(error, StoreError::InUse(_)), "{error:?}"),
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = opened.unwrap_or_else(|_| place.open());
        eventually(|| store.advisory_lock(1).unwrap().is_some());
    }
}
