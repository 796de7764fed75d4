#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;

use super::read::{keys, read, variable};
use super::*;
use crate::catalog::Deadline;

/// The settings of a file and variables, or what is said to be wrong in English.
fn reading(file: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jiesu.toml");
    fs::write(&path, file).unwrap();
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let settings = read(Some(&path), variables).and_then(|(settings, _)| settings.check().map(|()| settings));
    settings.map_err(|message| {
        assert!(!message.zh.is_empty());
        message.en.replace(&folder.path().display().to_string(), "").trim_start_matches('/').to_owned()
    })
}

#[test]
fn the_environment_outranks_the_file() {
    let file = "listen = \"127.0.0.1:1\"\n[limits]\nburst = 5\nconnections = 7\n[tickets]\nauto_dispatch = false\n";
    let settings = reading(
        file,
        &[
            ("JIESU_LIMITS__BURST", "9"),
            ("JIESU_LISTEN", "[::1]:2"),
            ("JIESU_LOG__LEVEL", "warn"),
            ("JIESU_DATABASE", "postgres://u:p@h/d"),
            // Looks like a number, is a folder.
            ("JIESU_DATA", "2026"),
            ("JIESU_TICKETS__DEFAULT_TERM", "3个工作日"),
            ("JIESU_TICKETS__ESCALATION", "[{after = \"2 hours\", to = \"centre\"}]"),
            ("JIESU_TICKETS__URGENCY_TERMS", "{critical = \"30 minutes\"}"),
            ("JIESU_SERVICE_HOST", "10.0.0.1"),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!((settings.limits.burst, settings.limits.connections.get()), (9, 7));
    assert_eq!(settings.listen, SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 2)));
    assert_eq!(settings.log.level, "warn");
    assert_eq!(settings.data.as_deref(), Some(Path::new("2026")));
    assert!(!settings.tickets.auto_dispatch);
    assert_eq!(settings.tickets.default_term, Deadline::parse("3 working days").unwrap());
    assert_eq!(settings.tickets.escalation.len(), 1);
    assert_eq!(settings.tickets.urgency_terms.len(), 1);
    // The password is not shown, whoever looks.
    for json in [false, true] {
        let shown = settings.shown(json).unwrap();
        assert!(shown.contains("auto_dispatch") && !shown.contains("u:p@"), "{shown}");
    }
}

#[test]
fn a_misspelt_variable_is_doubted_and_others_are_not() {
    let doubts = |name: &str| {
        let (_, doubts) = read(None, [(OsString::from(name), OsString::from("1"))]).unwrap();
        doubts.into_iter().map(|message| message.en).collect::<Vec<_>>()
    };
    assert_eq!(doubts("JIESU_LISTN"), ["the variable JIESU_LISTN means nothing: did you mean JIESU_LISTEN?"]);
    for other in ["JIESU_CACHE", "JIESU_PORT_7080_TCP_PROTO", "JIESU_SERVICE_HOST", "PATH"] {
        assert!(doubts(other).is_empty(), "{other}");
    }
}

#[test]
fn what_is_shown_can_be_read_again() {
    let settings = Settings { data: Some("/d".into()), ..Settings::default() };
    let shown = settings.shown(false).unwrap();
    assert_eq!(reading(&shown, &[]).unwrap().shown(false).unwrap(), shown);
}

#[test]
fn mistakes_are_told_with_their_line_and_key() {
    for (file, expect) in [
        ("lisen = \"127.0.0.1:1\"", "jiesu.toml, line 1: there is no setting lisen: did you mean listen?"),
        ("\n[limits]\nbrust = 1", "jiesu.toml, line 3: there is no setting limits.brust: did you mean limits.burst?"),
        ("\n[lim]\nx = 1", "jiesu.toml, line 2: there is no setting lim"),
        (
            "[tickets]\nauto_dispach = true",
            "line 2: there is no setting tickets.auto_dispach: did you mean tickets.auto_dispatch?",
        ),
        ("[limits]\n\nburst = \"many\"", "jiesu.toml, line 3: limits.burst is wrong: invalid type"),
        ("limits = 1", "line 1: limits is wrong"),
        ("listen = \"nowhere\"", "line 1: listen is wrong"),
        ("[tickets]\ndefault_term = \"soon\"", "line 2: tickets.default_term is wrong: `soon` is not a deadline"),
        ("[tickets]\nescalation = [{after = \"1 hour\"}]", "line 2: tickets.escalation is wrong: missing field `to`"),
        ("[limits]\nconnections = 0", "line 2: limits.connections is wrong"),
        ("listen = \nx", "is no TOML"),
        ("a = 1\na = 2", "line 2 is no TOML: duplicate key"),
        ("[tls]\nkey = \"k\"", "give both tls.certificate and tls.key"),
        ("[tickets]\nunit_share = 1.5", "tickets.unit_share should be"),
        ("[tickets]\nwarn_after = nan", "tickets.warn_after should be"),
        ("[limits]\nrequest_seconds = 60", "limits.connection_seconds should be more"),
    ] {
        let why = reading(file, &[]).unwrap_err();
        assert!(why.contains(expect), "{file}\n{why}");
    }
    let why = reading("", &[("JIESU_LIMITS__BURST", "many")]).unwrap_err();
    assert!(why.contains("JIESU_LIMITS__BURST (limits.burst)"), "{why}");
}

#[test]
fn a_path_in_a_file_is_meant_from_there() {
    let settings = reading(
        "data = \"d\"\ndatabase = \"postgres://h/d\"\nbundle = \"/b\"\n[tls]\ncertificate=\"c\"\nkey=\"k\"",
        &[],
    );
    let settings = settings.unwrap();
    assert!(settings.data.as_ref().is_some_and(|data| data.is_absolute() && data.ends_with("d")));
    assert!(settings.tls.key.as_ref().is_some_and(|key| key.is_absolute()));
    assert_eq!(settings.bundle.as_deref(), Some(Path::new("/b")));
    assert_eq!(settings.database.as_deref(), Some("postgres://h/d"));
}

#[test]
fn the_documentation_lists_exactly_the_keys_that_exist() {
    let page = include_str!("../../../docs/operation.zh-CN.md");
    // A row of the table: | `limits.burst` | `JIESU_LIMITS__BURST` | … |
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let key = cells.next()?.strip_suffix('`')?;
        let variable = cells.next()?.strip_prefix("`JIESU_")?.strip_suffix('`')?;
        Some((key.to_owned(), format!("JIESU_{variable}")))
    });
    let documented: Vec<(String, String)> = rows.collect();
    let exist: BTreeSet<(String, String)> = keys().into_iter().map(|key| (key.clone(), variable(&key))).collect();
    assert!(exist.len() > 30, "{exist:?}");
    assert_eq!(documented.len(), exist.len(), "a key stands twice, or is missing");
    assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), exist);
}
