//! Steps of the schema.

use super::*;

static THREE: &[Migration] = &[
    Migration {
        version: 1,
        name: "a",
        sqlite: "CREATE TABLE a (x BIGINT); CREATE INDEX a_x ON a (x);",
        postgres: "CREATE TABLE a (x BIGINT); CREATE INDEX a_x ON a (x);",
    },
    Migration {
        version: 2,
        name: "a filled; that's it",
        sqlite: "INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);",
        postgres: "INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);",
    },
    Migration {
        version: 3,
        name: "b",
        sqlite: "CREATE TABLE b AS SELECT x * 10 AS y FROM a;",
        postgres: "CREATE TABLE b AS SELECT x * 10 AS y FROM a;",
    },
];
static WRONG: &[Migration] = &[
    THREE[0],
    Migration {
        version: 2,
        name: "half right",
        sqlite: "INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (2);",
        postgres: "INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (2);",
    },
];
static GAP: &[Migration] = &[THREE[0], THREE[2]];

fn open(place: &Place, migrations: &'static [Migration]) -> Result<Store, StoreError> {
    Store::open(&place.location, migrations, Options::default())
}

fn column(store: &Store, sql: &'static str) -> Vec<Value> {
    let rows = store.read_blocking(move |transaction| transaction.query(sql, &[])).unwrap();
    rows.into_iter().map(|row| row.value(0).unwrap().clone()).collect()
}

#[test]
fn every_earlier_version_reaches_the_newest() {
    for from in 0..=THREE.len() {
        for place in places() {
            drop(open(&place, &THREE[..from]).unwrap());
            for _ in 0..2 {
                let store = open(&place, THREE).unwrap();
                assert_eq!(column(&store, "SELECT y FROM b ORDER BY y"), [10.into(), 20.into()]);
                let taken = column(&store, "SELECT name FROM schema_version ORDER BY version");
                assert_eq!(taken, ["a".into(), "a filled; that's it".into(), "b".into()]);
                let when = column(&store, "SELECT applied_at FROM schema_version");
                assert!(
                    when.iter().all(|when| matches!(when, Value::Text(when) if when.starts_with("20"))),
                    "{when:?}"
                );
            }
        }
    }
}

#[test]
fn a_step_that_fails_leaves_nothing_behind() {
    for place in places() {
        let error = open(&place, WRONG).err().unwrap();
        assert!(matches!(&error, StoreError::Database(what) if what.contains("nowhere")), "{error:?}");
        let store = open(&place, &WRONG[..1]).unwrap();
        assert!(column(&store, "SELECT x FROM a").is_empty());
    }
}

#[test]
fn a_newer_database_and_a_list_with_a_gap_are_refused() {
    for place in places() {
        drop(open(&place, THREE).unwrap());
        let error = open(&place, &THREE[..2]).err().unwrap();
        assert_eq!(error, StoreError::Version { found: 3, known: 2 });
        assert!(error.message().zh.contains("第 3 版"));
        assert!(matches!(open(&place, GAP).err(), Some(StoreError::Database(_))));
        assert!(open(&place, THREE).is_ok(), "being refused changes nothing");
    }
}

#[test]
fn servers_that_start_together_do_not_race() {
    for place in places() {
        let opened: Vec<_> = thread::scope(|scope| {
            let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| open(&place, THREE))).collect();
            starting.into_iter().map(|start| start.join().unwrap()).collect()
        });
        let stores: Vec<_> = opened.iter().flatten().collect();
        match stores[0].dialect() {
            // One file, one server: the others are told.
            Dialect::Sqlite => assert_eq!(stores.len(), 1),
            Dialect::Postgres => assert_eq!(stores.len(), 4),
        }
        assert_eq!(column(stores[0], "SELECT version FROM schema_version ORDER BY 1"), [1.into(), 2.into(), 3.into()]);
        assert_eq!(column(stores[0], "SELECT x FROM a ORDER BY x"), [1.into(), 2.into()]);
    }
}
