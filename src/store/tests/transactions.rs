//! What a job may rely on, on both databases.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

fn add_item(store: &Store, id: i64, name: &'static str) -> Result<u64, StoreError> {
    store.write_blocking(move |transaction| add(transaction, id, name))
}

#[test]
fn jobs_that_wait_together_are_committed_and_undone_each_for_itself() {
    for place in places() {
        let store = place.open();
        let (go, held) = hold(&store);
        let jobs: [(Change, bool); 6] = [
            (|transaction| add(transaction, 1, "stays"), true),
            (
                |transaction| {
                    add(transaction, 2, "undone by the job's own error")?;
                    Err(StoreError::Conflict("mine".to_owned()))
                },
                false,
            ),
            (|transaction| add(transaction, 3, "stays too"), true),
            (
                |transaction| {
                    add(transaction, 4, "undone by a statement")?;
                    transaction.execute("INSERT INTO item (id) VALUES (4)", &[])
                },
                false,
            ),
            (
                |transaction| {
                    add(transaction, 5, "undone by a panic")?;
                    panic!("a job of a test panics");
                },
                false,
            ),
            (|transaction| add(transaction, 6, "last"), true),
        ];
        let waiting: Vec<_> = jobs
            .into_iter()
            .map(|(job, stays)| {
                let store = store.clone();
                (thread::spawn(move || store.write_blocking(job)), stays)
            })
            .collect();
        if store.dialect() == Dialect::Sqlite {
            eventually(|| store.waiting() == jobs.len());
        }
        go.send(()).unwrap();
        held.join().unwrap().unwrap();
        for (answer, stays) in waiting {
            assert_eq!(answer.join().unwrap().is_ok(), stays);
        }
        assert_eq!(names(&store), ["stays", "stays too", "last"]);
    }
}

#[test]
fn a_job_that_goes_on_after_a_statement_failed_is_undone() {
    for place in places() {
        let store = place.open();
        let ran = store.write_blocking(|transaction| {
            add(transaction, 1, "a")?;
            let first = add(transaction, 1, "b").unwrap_err();
            // On PostgreSQL nothing more could be done; on SQLite it could, and nobody should come to rely on it.
            assert_eq!(add(transaction, 2, "c").unwrap_err(), first);
            assert_eq!(transaction.query("SELECT 1", &[]).unwrap_err(), first);
            Ok::<_, StoreError>(())
        });
        assert_eq!(ran, Err(StoreError::Conflict("item.id".to_owned())));
        assert!(names(&store).is_empty());
        add_item(&store, 1, "after").unwrap();
        assert_eq!(names(&store), ["after"]);
    }
}

#[test]
fn an_attempt_that_fails_undoes_itself_alone() {
    for place in places() {
        let store = place.open();
        store
            .write_blocking(|transaction| {
                add(transaction, 1, "a")?;
                let conflict = transaction.attempt(|transaction| {
                    add(transaction, 2, "b")?;
                    add(transaction, 3, "a")
                });
                assert_eq!(conflict, Err(StoreError::Conflict("item.name".to_owned())));
                transaction.attempt(|transaction| {
                    add(transaction, 4, "c")?;
                    let inner: Result<(), _> = transaction.attempt(|transaction| {
                        add(transaction, 5, "d")?;
                        Err(StoreError::Busy)
                    });
                    assert_eq!(inner, Err(StoreError::Busy));
                    add(transaction, 6, "e")
                })?;
                // Also one that says `Ok` although a statement of it failed.
                let hidden = transaction.attempt(|transaction| {
                    let _ = add(transaction, 1, "f");
                    Ok::<_, StoreError>(())
                });
                assert_eq!(hidden, Err(StoreError::Conflict("item.id".to_owned())));
                add(transaction, 7, "g")
            })
            .unwrap();
        assert_eq!(names(&store), ["a", "c", "e", "g"]);
    }
}

#[test]
fn conflicts_are_named_alike_on_both() {
    let insert = "INSERT INTO item (id, name, kind, number, mark, code) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let first: [Value; 6] = [1.into(), "n".into(), "k".into(), 1.into(), "m".into(), "Code".into()];
    for place in places() {
        let store = place.open();
        let run = |values: [Value; 6]| store.write_blocking(move |transaction| transaction.execute(insert, &values));
        assert_eq!(run(first.clone()), Ok(1));
        let fresh: [Value; 6] = [2.into(), "o".into(), "l".into(), 1.into(), "p".into(), "other".into()];
        for (change, expect) in [
            (vec![0], "item.id"),
            (vec![1], "item.name"),
            (vec![2, 3], "item.kind, item.number"),
            (vec![4], "item.mark"),
            (vec![5], "index 'item_code'"),
        ] {
            let mut values = fresh.clone();
            for column in change {
                values[column] = first[column].clone();
            }
            assert_eq!(run(values), Err(StoreError::Conflict(expect.to_owned())));
        }
        assert_eq!(run(fresh), Ok(1));
    }
}

#[test]
fn values_come_back_as_they_went_in() {
    let text = prop_oneof![Just(None), any::<String>().prop_map(Some), Just(Some("停水'\"?1\n🚰".to_owned()))];
    let amount = prop_oneof![any::<f64>(), Just(f64::INFINITY), Just(-0.0), Just(f64::MIN_POSITIVE)];
    let values = (any::<Option<i64>>(), text, proptest::option::of(amount), any::<Option<Vec<u8>>>());
    let strategy = values.prop_map(|(number, text, amount, bytes)| {
        // Neither is a value of both databases; what becomes of them is told below.
        let text = text.map(|text| text.replace('\0', ""));
        let amount = amount.filter(|amount| !amount.is_nan());
        [number.into(), text.into(), amount.into(), bytes.into()]
    });
    for place in places() {
        let store = place.open();
        let mut runner = TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
        let round = |values: [Value; 4]| {
            let sent = values.clone();
            let back = store.write_blocking(move |transaction| {
                transaction.execute("DELETE FROM item", &[])?;
                let insert = "INSERT INTO item (id, number, code, amount, bytes) VALUES (0, ?1, ?2, ?3, ?4)";
                transaction.execute(insert, &sent)?;
                transaction.query_one("SELECT number, code, amount, bytes FROM item", &[])
            });
            prop_assert_eq!(back.unwrap().unwrap().0, values);
            Ok(())
        };
        runner.run(&strategy, round).unwrap();
    }
}

#[test]
fn rows_hold_only_what_both_databases_have() {
    for place in places() {
        let store = place.open();
        add_item(&store, 7, "seven").unwrap();
        let row = store
            .read_blocking(|transaction| {
                let sql = "SELECT id, name, NULL, COUNT(*) > 0, CAST(SUM(id) AS BIGINT), CAST(1.5 AS DOUBLE PRECISION),
                                  LENGTH(name), EXISTS (SELECT 1 FROM item), '?1', COALESCE(amount, 0.0) FROM item
                           WHERE id = ?1 OR name = ?2 GROUP BY id, name ORDER BY id LIMIT ?3";
                transaction.query_one(sql, &[7.into(), "x".into(), 1.into()])
            })
            .unwrap()
            .unwrap();
        assert_eq!((row.integer(0), row.text(1)), (Ok(7), Ok("seven")));
        assert_eq!((row.optional_text(2), row.optional_integer(2)), (Ok(None), Ok(None)));
        assert_eq!((row.optional_real(2), row.optional_blob(2)), (Ok(None), Ok(None)));
        assert_eq!((row.integer(3), row.integer(4), row.real(5)), (Ok(1), Ok(7), Ok(1.5)));
        assert_eq!((row.integer(6), row.integer(7), row.text(8), row.real(9)), (Ok(5), Ok(1), Ok("?1"), Ok(0.0)));
        for error in [
            row.integer(1).map(drop),
            row.integer(2).map(drop),
            row.text(0).map(drop),
            row.text(2).map(drop),
            row.real(0).map(drop),
            row.blob(1).map(drop),
            row.optional_blob(1).map(drop),
            row.integer(10).map(drop),
        ] {
            assert!(matches!(error, Err(StoreError::Corrupt(_))), "{error:?}");
        }
    }
}

#[test]
fn what_one_database_would_not_hold_is_refused_by_both() {
    for place in places() {
        let store = place.open();
        for value in [Value::from("a\0b"), Value::from(f64::NAN)] {
            let run = store.write_blocking(move |transaction| transaction.query("SELECT ?1", &[value]));
            assert!(matches!(run, Err(StoreError::Database(_))), "{run:?}");
        }
        for (sql, values) in [
            ("SELECT FROM WHERE", vec![]),
            ("SELECT 1; SELECT 2", vec![]),
            ("SELECT id FROM item WHERE id = ?1", vec![]),
            ("SELECT id FROM item WHERE id = ?1", vec![Value::Null, Value::Null]),
            ("INSERT INTO item (id) VALUES (?1)", vec!["one".into()]),
            ("INSERT INTO item (id, name) VALUES (1, ?1)", vec![Value::Blob(vec![1])]),
        ] {
            let run = store.write_blocking(move |transaction| transaction.query(sql, &values));
            let Err(StoreError::Database(what)) = run else { panic!("{sql}: {run:?}") };
            assert!(!what.contains("one"), "a value is shown: {what}");
        }
        assert!(names(&store).is_empty());
    }
}

#[test]
fn a_reading_job_sees_one_state_and_writes_nothing() {
    for place in places() {
        let store = place.open();
        add_item(&store, 1, "before").unwrap();
        let writer = store.clone();
        let count = store.read_blocking(move |transaction| {
            let count = "SELECT COUNT(*) FROM item";
            let first = transaction.query_one(count, &[])?.unwrap().integer(0)?;
            add_item(&writer, 2, "meanwhile")?;
            let second = transaction.query_one(count, &[])?.unwrap().integer(0)?;
            Ok::<_, StoreError>((first, second))
        });
        assert_eq!(count, Ok((1, 1)));
        let written = store.read_blocking(|transaction| add(transaction, 3, "never"));
        assert!(matches!(written, Err(StoreError::Database(_))), "{written:?}");
        assert_eq!(names(&store), ["before", "meanwhile"]);
    }
}

#[test]
fn a_full_queue_refuses_at_once_and_keeps_what_it_has() {
    for place in places() {
        let store = place.open_with(Options { most_waiting: 2, writers: 1, ..Options::default() });
        let (go, held) = hold(&store);
        let wait = |id: i64| {
            let store = store.clone();
            thread::spawn(move || store.write_blocking(move |transaction| add(transaction, id, &id.to_string())))
        };
        let waiting = [wait(1), wait(2)];
        eventually(|| store.waiting() == 2);
        let started = Instant::now();
        assert_eq!(add_item(&store, 3, "too much"), Err(StoreError::Busy));
        assert!(started.elapsed() < Duration::from_secs(1));
        go.send(()).unwrap();
        held.join().unwrap().unwrap();
        for answer in waiting {
            answer.join().unwrap().unwrap();
        }
        assert_eq!(store.waiting(), 0);
        assert_eq!(names(&store), ["1", "2"]);
    }
}

#[test]
fn jobs_run_from_a_runtime_and_when_nobody_waits_for_them() {
    for place in places() {
        // Opened, used, locked and dropped within a runtime, on a thread that runs it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = place.open();
            let added = store.write(|transaction| add(transaction, 1, "one")).await;
            assert_eq!(added, Ok(1));
            let lock = store.advisory_lock(1).unwrap();
            assert!(lock.unwrap().is_held());
            let (begun, has_begun) = mpsc::channel();
            let given_up = store.write(move |transaction| {
                begun.send(()).unwrap();
                thread::sleep(Duration::from_millis(20));
                add(transaction, 2, "two")
            });
            let given_up = tokio::time::timeout(Duration::from_millis(1), given_up).await;
            assert!(given_up.is_err());
            has_begun.recv().unwrap();
            let count = "SELECT COUNT(*) FROM item";
            loop {
                let rows = store.read(move |transaction| transaction.query(count, &[])).await;
                if rows.unwrap()[0].integer(0) == Ok(2) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert_eq!(names(&place.open()), ["one", "two"]);
    }
}

#[test]
fn what_is_queued_is_finished_before_the_store_closes() {
    for place in places() {
        let store = place.open_with(Options { writers: 1, ..Options::default() });
        let (go, held) = hold(&store);
        let answers: Vec<_> = (0..20)
            .map(|id| {
                let (sender, receiver) = mpsc::channel();
                let answer = move |outcome: Result<u64, StoreError>| drop(sender.send(outcome));
                let job = move |transaction: &mut Transaction<'_>| add(transaction, id, &id.to_string());
                store.0.writes.push(Box::new(Pending::new(job, answer))).unwrap();
                receiver
            })
            .collect();
        go.send(()).unwrap();
        drop(store);
        held.join().unwrap().unwrap();
        for answer in answers {
            assert_eq!(answer.recv().unwrap(), Ok(1));
        }
        assert_eq!(names(&place.open()).len(), 20);
    }
}

#[test]
fn one_holder_has_an_advisory_lock() {
    for place in places() {
        let store = place.open();
        let first = store.advisory_lock(1).unwrap().unwrap();
        assert!(first.is_held());
        assert!(store.advisory_lock(1).unwrap().is_none());
        assert!(store.advisory_lock(2).unwrap().is_some());
        drop(first);
        eventually(|| store.advisory_lock(1).unwrap().is_some());
    }
}
