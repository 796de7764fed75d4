//! Placeholders, addresses.

use proptest::prelude::*;

use super::super::placeholders::to_dollars;
use super::*;

#[test]
fn placeholders_are_rewritten_outside_of_quotes_and_comments() {
    for (sql, expect) in [
        ("", ""),
        ("SELECT 1", "SELECT 1"),
        ("SELECT ?1, ?2", "SELECT $1, $2"),
        ("SELECT ?12+?1", "SELECT $12+$1"),
        ("SELECT '?1', ?1", "SELECT '?1', $1"),
        ("SELECT 'it''s ?1', ?1", "SELECT 'it''s ?1', $1"),
        ("SELECT \"a?1\"\"?2\", ?1", "SELECT \"a?1\"\"?2\", $1"),
        ("SELECT '\"', ?1, \"'\", ?2", "SELECT '\"', $1, \"'\", $2"),
        ("SELECT ?1 -- not ?1\n, ?2", "SELECT $1 -- not ?1\n, $2"),
        ("SELECT ?1 /* not ?1 ' */, ?2", "SELECT $1 /* not ?1 ' */, $2"),
        ("SELECT /*/ ?1 */ ?1", "SELECT /*/ ?1 */ $1"),
        ("SELECT 1-?1, 2/?2*?3", "SELECT 1-$1, 2/$2*$3"),
        ("SELECT a ? 'b', ?", "SELECT a ? 'b', ?"),
        ("SELECT '工单?1', ?1", "SELECT '工单?1', $1"),
        ("SELECT '?1", "SELECT '?1"),
        ("SELECT ?1 /* ?1", "SELECT $1 /* ?1"),
        ("SELECT ?1 --", "SELECT $1 --"),
    ] {
        assert_eq!(to_dollars(sql), expect, "{sql}");
    }
}

/// The same, a character at a time.
fn naive(sql: &str) -> String {
    let characters: Vec<char> = sql.chars().collect();
    let at = |index: usize| characters.get(index).copied().unwrap_or_default();
    let (mut inside, mut rewritten, mut index) = (' ', String::new(), 0);
    while index < characters.len() {
        let (one, two) = (at(index), at(index + 1));
        let (next, taken) = match (inside, one, two) {
            (' ', '\'' | '"', _) => (one, 1),
            (' ', '-', '-') => ('-', 2),
            (' ', '/', '*') => ('*', 2),
            ('*', '*', '/') => (' ', 2),
            ('-', '\n', _) => (' ', 1),
            ('\'' | '"', _, _) if one == inside => (' ', 1),
            _ => (inside, 1),
        };
        if inside == ' ' && one == '?' && two.is_ascii_digit() {
            rewritten.push('$');
        } else {
            rewritten.extend(&characters[index..index + taken]);
        }
        (inside, index) = (next, index + taken);
    }
    rewritten
}

proptest! {
    #[test]
    fn placeholders_as_a_naive_reader_sees_them(sql in "[?12'\"/*\n a汉-]{0,40}") {
        prop_assert_eq!(to_dollars(&sql), naive(&sql));
    }
}

#[test]
fn addresses_are_read_and_shown_without_the_password() {
    for (text, expect) in [
        ("tickets.db", Ok("tickets.db")),
        ("/var/lib/jiesu/工单.db", Ok("/var/lib/jiesu/工单.db")),
        ("mysql://host/db", Ok("mysql://host/db")),
        ("postgres://jiesu:secret@db.city:5433/tickets", Ok("postgres://jiesu@db.city:5433/tickets")),
        ("postgresql://jiesu:secret@db.city/tickets?sslmode=disable", Ok("postgres://jiesu@db.city:5432/tickets")),
        ("postgres://jiesu@%2Frun%2Fpostgresql/tickets", Ok("postgres://jiesu@/run/postgresql:5432/tickets")),
        ("", Err("is empty")),
        ("postgres://jiesu:secret@host:port/tickets", Err("not an address")),
        ("postgres://jiesu:secret@host/tickets?secret=1", Err("not an address")),
        ("postgres://jiesu:secret@host/tickets?sslmode=require", Ok("postgres://jiesu@host:5432/tickets")),
        (
            "postgres://jiesu:secret@host/tickets?sslmode=verify-full&connect_timeout=3",
            Ok("postgres://jiesu@host:5432/tickets"),
        ),
        ("postgres://jiesu:secret@host/tickets?sslmode=prefer", Err("sslmode in the address")),
        ("postgres://jiesu:secret@host/tickets?sslmode=verify-ca&sslrootcert=/nowhere.pem", Err("/nowhere.pem")),
    ] {
        match (Location::parse(text), expect) {
            (Ok(location), Ok(expect)) => {
                assert_eq!(location.to_string(), expect);
                assert!(!format!("{location:?}").contains("secret"));
            }
            (Err(error), Err(expect)) => {
                let shown = error.to_string();
                assert!(shown.contains(expect) && !format!("{error:?}").contains("secret"), "{text}: {shown}");
                assert!(!error.is_temporary());
            }
            (read, _) => panic!("{text} gives {read:?}"),
        }
    }
}

#[test]
fn every_error_says_what_to_do_in_both_languages() {
    let why = || "why".to_owned();
    for (error, temporary) in [
        (StoreError::Busy, true),
        (StoreError::Unavailable(why()), true),
        (StoreError::Full, true),
        (StoreError::InUse(why()), false),
        (StoreError::Conflict(why()), false),
        (StoreError::ReadOnly, false),
        (StoreError::Corrupt(why()), false),
        (StoreError::Version { found: 7, known: 6 }, false),
        (StoreError::UsePgDump, false),
        (StoreError::Database(why()), false),
    ] {
        let message = error.message();
        assert_eq!(error.to_string(), message.en);
        assert_eq!(error.is_temporary(), temporary, "{message:?}");
        assert!(message.zh.chars().filter(|c| *c > '\u{3000}').count() > 5, "{message:?}");
    }
}
