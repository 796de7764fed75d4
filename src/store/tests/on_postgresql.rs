//! Servers: that go away and come back, that never answer, that others use at the same time.

use std::net::TcpListener;

use super::*;

/// A store on the server that all share.
fn store(options: Options) -> Option<(Place, Store)> {
    let place = Place::postgres(Postgres::shared()?);
    let store = place.open_with(options);
    Some((place, store))
}

#[test]
fn a_server_that_is_stopped_and_started_again() {
    let Some(mut server) = Postgres::start() else { return };
    let store = Place::postgres(&server).open();
    let lock = store.advisory_lock(1).unwrap().unwrap();
    let mut kept = Vec::new();
    for (id, how) in (1..).zip(["fast", "immediate"]) {
        store.write_blocking(move |transaction| add(transaction, id, &id.to_string())).unwrap();
        kept.push(id.to_string());
        let (go, held) = hold(&store);
        server.stop(how);
        go.send(()).unwrap();
        for job in [held.join().unwrap(), store.write_blocking(|transaction| add(transaction, 99, "lost").map(drop))] {
            let error = job.unwrap_err();
            assert!(matches!(error, StoreError::Unavailable(_)) && error.is_temporary(), "{error:?}");
        }
        // While it is gone nobody waits for it.
        let started = Instant::now();
        for _ in 0..20 {
            let read = store.read_blocking(|transaction| transaction.query("SELECT 1", &[]));
            assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
            assert!(store.advisory_lock(2).is_err());
        }
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        eventually(|| !lock.is_held());
        server.start_again();
        eventually(|| store.write_blocking(|transaction| transaction.query("SELECT 1", &[])).is_ok());
        assert_eq!(names(&store), kept);
        assert!(!lock.is_held(), "a lock that was lost does not come back by itself");
        assert!(store.advisory_lock(1).unwrap().is_some());
    }
}

#[test]
fn connections_that_were_cut_are_made_anew_without_a_word() {
    let Some((_place, store)) = store(Options { writers: 2, readers: 1, ..Options::default() }) else { return };
    let lock = store.advisory_lock(1).unwrap().unwrap();
    let cut = |transaction: &mut Transaction<'_>| {
        let others = "SELECT COUNT(PG_TERMINATE_BACKEND(pid)) FROM pg_stat_activity
                      WHERE datname = CURRENT_DATABASE() AND pid <> PG_BACKEND_PID()";
        transaction.query(others, &[])
    };
    assert_eq!(names(&store).len(), 0);
    store.write_blocking(cut).unwrap();
    for id in 0..10 {
        store.write_blocking(move |transaction| add(transaction, id, &id.to_string())).unwrap();
    }
    assert_eq!(names(&store).len(), 10);
    eventually(|| !lock.is_held());
    // A job whose own connection is cut is told; the next is not hurt.
    let suicide = "SELECT PG_TERMINATE_BACKEND(PG_BACKEND_PID())";
    let told = store.write_blocking(move |transaction| {
        add(transaction, 50, "gone")?;
        let first = transaction.query(suicide, &[]).unwrap_err();
        assert_eq!(transaction.attempt(|transaction| add(transaction, 51, "gone too")), Err(first.clone()));
        Err::<(), _>(first)
    });
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    for id in 10..14 {
        store.write_blocking(move |transaction| add(transaction, id, &id.to_string())).unwrap();
    }
    assert_eq!(names(&store).len(), 14);
}

#[test]
fn a_server_that_takes_connections_and_never_speaks() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("postgres://jiesu@{}/tickets", mute.local_addr().unwrap());
    let options = Options { connect_timeout: Duration::from_millis(300), ..Options::default() };
    let started = Instant::now();
    let error = Store::open(&Location::parse(&address).unwrap(), MIGRATIONS, options).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
    drop(mute);
    let error = Store::open(&Location::parse(&address).unwrap(), MIGRATIONS, Options::default()).err().unwrap();
    assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("refused")), "{error:?}");
}

#[test]
fn waiting_for_others_has_an_end() {
    let short = Duration::from_millis(300);
    let options = Options { lock_timeout: short, statement_timeout: 3 * short, ..Options::default() };
    let Some((_place, store)) = store(options) else { return };
    store.write_blocking(|transaction| add(transaction, 1, "a").and_then(|_| add(transaction, 2, "b"))).unwrap();
    let change = |transaction: &mut Transaction<'_>, id: i64| {
        transaction.execute("UPDATE item SET number = 1 WHERE id = ?1", &[id.into()])
    };
    // A row that somebody else has.
    let other = store.clone();
    let waited = store.write_blocking(move |transaction| {
        change(transaction, 1)?;
        Ok::<_, StoreError>(other.write_blocking(move |transaction| change(transaction, 1)))
    });
    assert_eq!(waited, Ok(Err(StoreError::Busy)));
    // A statement that takes too long.
    let slept = store.write_blocking(|transaction| transaction.query("SELECT CAST(PG_SLEEP(20) AS TEXT)", &[]));
    assert_eq!(slept, Err(StoreError::Busy));
    // A job that goes to sleep in its transaction, with whatever rows it has.
    let idle = store.write_blocking(move |transaction| {
        change(transaction, 1)?;
        thread::sleep(5 * short);
        change(transaction, 2)
    });
    assert!(matches!(idle, Err(StoreError::Unavailable(_))), "{idle:?}");
    assert_eq!(store.write_blocking(move |transaction| change(transaction, 1)), Ok(1));
}

#[test]
fn two_jobs_that_wait_for_each_other() {
    let Some((_place, store)) = store(Options { writers: 2, ..Options::default() }) else { return };
    store.write_blocking(|transaction| add(transaction, 1, "a").and_then(|_| add(transaction, 2, "b"))).unwrap();
    let both = Arc::new(std::sync::Barrier::new(2));
    let jobs = [(1i64, 2i64), (2, 1)].map(|(first, second)| {
        let (store, both) = (store.clone(), both.clone());
        thread::spawn(move || {
            store.write_blocking(move |transaction| {
                let change = "UPDATE item SET number = id WHERE id = ?1";
                transaction.execute(change, &[first.into()])?;
                both.wait();
                transaction.execute(change, &[second.into()])
            })
        })
    });
    let ended = jobs.map(|job| job.join().unwrap());
    let busy = ended.iter().filter(|ended| **ended == Err(StoreError::Busy)).count();
    assert_eq!((busy, ended.iter().filter(|ended| ended.is_ok()).count()), (1, 1), "{ended:?}");
}

#[test]
fn servers_share_a_queue_without_taking_the_same() {
    let Some((place, first)) = store(Options::default()) else { return };
    let second = place.open();
    for id in 0..40 {
        first.write_blocking(move |transaction| add(transaction, id, &id.to_string())).unwrap();
    }
    let take = |transaction: &mut Transaction<'_>| {
        let next = format!(
            "SELECT id FROM item WHERE kind IS NULL ORDER BY id LIMIT 1{}",
            transaction.for_update_skip_locked()
        );
        let Some(row) = transaction.query_one(&next, &[])? else { return Ok::<_, StoreError>(None) };
        thread::sleep(Duration::from_millis(5));
        transaction.execute("UPDATE item SET kind = 'taken' || id WHERE id = ?1", &[row.integer(0)?.into()])?;
        row.integer(0).map(Some)
    };
    let workers: Vec<_> = [&first, &first, &second, &second]
        .into_iter()
        .map(|store| {
            let store = store.clone();
            thread::spawn(move || std::iter::from_fn(|| store.write_blocking(take).unwrap()).collect::<Vec<_>>())
        })
        .collect();
    let taken: Vec<Vec<i64>> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    assert!(taken.iter().all(|taken| !taken.is_empty()), "{taken:?}");
    let mut all = taken.concat();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
}

#[test]
fn a_schema_that_changes_under_prepared_statements() {
    let Some((_place, store)) = store(Options { readers: 1, ..Options::default() }) else { return };
    let all = || store.read_blocking(|transaction| transaction.query("SELECT * FROM item", &[]));
    store.write_blocking(|transaction| add(transaction, 1, "a")).unwrap();
    let before = all().unwrap()[0].0.len();
    store.write_blocking(|transaction| transaction.execute("ALTER TABLE item ADD COLUMN new BIGINT", &[])).unwrap();
    // One may be told, since jobs run once; the next is not.
    let _ = all();
    assert_eq!(all().unwrap()[0].0.len(), before + 1);
}

#[test]
fn what_it_does_not_do_is_said() {
    let Some((place, store)) = store(Options::default()) else { return };
    let error = store.backup(Path::new("never.db"), &mut |_, _| {}).unwrap_err();
    assert!(error.message().zh.contains("pg_dump"));
    let sum = store.read_blocking(|transaction| transaction.query("SELECT SUM(id + 0) FROM item", &[]));
    assert!(matches!(&sum, Err(StoreError::Database(what)) if what.contains("CAST")), "{sum:?}");
    let missing = place.location.to_string().replace("/test_", "/no_test_");
    let error = Store::open(&Location::parse(&missing).unwrap(), MIGRATIONS, Options::default()).err();
    assert!(matches!(&error, Some(StoreError::Database(what)) if what.contains("does not exist")), "{error:?}");
}
