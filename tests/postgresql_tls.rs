//! Encrypted connections to a real PostgreSQL whose certificate an authority of its own signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/postgres.rs"]
mod postgres;

use std::fs;
use std::path::Path;
use std::process::Command;

use jiesu::store::{Location, Options, Store, StoreError};
use jiesu::tickets::MIGRATIONS;

fn openssl(folder: &Path, arguments: &str) {
    let ran = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// Two authorities, and a certificate of the first for 127.0.0.1 and no name.
fn certificates(folder: &Path) {
    for name in ["own", "other"] {
        openssl(
            folder,
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
            ),
        );
    }
    openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=database -keyout server.key -out server.csr",
    );
    fs::write(folder.join("server.ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(
        folder,
        "x509 -req -in server.csr -CA own.pem -CAkey own.key -CAcreateserial -days 2 -extfile server.ext -out server.pem",
    );
    // PostgreSQL takes a key that is its own user's alone; as root the server is started as another user.
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root {
        let ran = Command::new("chown").args(["postgres", ".", "server.key"]).current_dir(folder).status().unwrap();
        assert!(ran.success());
    }
}

/// Whether the connection is encrypted, by what the server says; or why there is none.
fn encrypted(address: &str) -> Result<bool, StoreError> {
    let options = Options { readers: 1, writers: 1, ..Options::default() };
    let store = Store::open(&Location::parse(address)?, MIGRATIONS, options)?;
    store.read_blocking(|tx| {
        let sql =
            "SELECT CAST(CASE WHEN ssl THEN 1 ELSE 0 END AS BIGINT) FROM pg_stat_ssl WHERE pid = PG_BACKEND_PID()";
        Ok(tx.query_one(sql, &[])?.unwrap().integer(0)? == 1)
    })
}

#[test]
fn connections_are_encrypted_as_the_address_asks() {
    let Some(server) = postgres::Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let database = server.database();
    let by_name = database.replace("127.0.0.1", "localhost");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let ask = |address: &str, more: &str| encrypted(&format!("{address}?{more}"));

    let refused = ask(&database, "sslmode=require").unwrap_err();
    assert!(refused.message().en.contains("does not support TLS"), "{refused:?}");
    for set in [format!("ssl_cert_file = '{}'", file("server.pem")), format!("ssl_key_file = '{}'", file("server.key"))]
    {
        server.run(&format!("ALTER SYSTEM SET {set}"));
    }
    server.run("ALTER SYSTEM SET ssl = on");
    server.run("SELECT pg_reload_conf()");
    let started = std::time::Instant::now();
    while ask(&database, "sslmode=require").is_err() {
        assert!(started.elapsed().as_secs() < 10, "{:?}", ask(&database, "sslmode=require"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    let (own, other) = (format!("sslrootcert={}", file("own.pem")), format!("sslrootcert={}", file("other.pem")));
    for (address, more, expect) in [
        (&database, String::new(), Ok(false)),
        (&database, "sslmode=disable".to_owned(), Ok(false)),
        (&database, "sslmode=require".to_owned(), Ok(true)),
        (&database, format!("sslmode=require&{own}"), Ok(true)),
        (&database, format!("sslmode=require&{other}"), Err("UnknownIssuer")),
        (&database, format!("sslmode=verify-ca&{own}"), Ok(true)),
        (&by_name, format!("sslmode=verify-ca&{own}"), Ok(true)),
        (&by_name, format!("sslmode=verify-ca&{other}"), Err("UnknownIssuer")),
        (&database, format!("sslmode=verify-full&{own}"), Ok(true)),
        (&by_name, format!("sslmode=verify-full&{own}"), Err("not valid for name")),
        (&database, format!("sslmode=verify-full&{other}"), Err("UnknownIssuer")),
        // No public authority signed it.
        (&database, "sslmode=verify-full".to_owned(), Err("UnknownIssuer")),
        (&database, format!("sslmode=verify-full&sslrootcert={}", file("none.pem")), Err("none.pem")),
        (&database, format!("sslmode=verify-full&sslrootcert={}", file("server.key")), Err("no certificates")),
        (&database, "sslmode=allow".to_owned(), Err("verify-full")),
    ] {
        match (ask(address, &more), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect, "{more}"),
            (Err(error), Err(expect)) => assert!(error.message().en.contains(expect), "{more}: {error:?}"),
            (found, expect) => panic!("{more}: {found:?}, not {expect:?}"),
        }
    }
}
