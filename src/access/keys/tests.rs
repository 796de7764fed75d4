#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::store::{Location, Migration, Options};

/// The table alone, as `tickets` makes it.
const TABLE: &[Migration] = &[Migration {
    version: 1,
    name: "keys",
    sqlite: "CREATE TABLE access_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL, created_at BIGINT NOT NULL, revoked_at BIGINT, used_at BIGINT)",
    postgres: "",
}];

struct Desk {
    store: Store,
    keys: Keys,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::file(folder.path().join("a.db")), TABLE, Options::default()).unwrap();
        let keys = Keys::load(&store).unwrap();
        Desk { store, keys, now: "2026-11-23T01:00:00Z".parse().unwrap(), _folder: folder }
    }

    fn add(&self, name: &str, scopes: &[&str]) -> Result<Issued, KeyError> {
        let scopes: Vec<Scope> = scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect();
        let (name, now) = (name.to_owned(), self.now);
        self.store.write_blocking(move |tx| add(tx, &name, &scopes, now))
    }

    fn revoke(&self, name: &str) -> Result<(), KeyError> {
        let (name, now) = (name.to_owned(), self.now);
        self.store.write_blocking(move |tx| revoke(tx, &name, now))
    }

    fn list(&self) -> Vec<Key> {
        self.store.read_blocking(list).unwrap()
    }

    fn refresh(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.keys.refresh(&self.store)).unwrap();
    }

    fn who(&self, token: &str) -> Result<String, Denied> {
        self.keys.admit(token, self.now, None).map(|actor| actor.name)
    }
}

#[test]
fn a_key_is_let_in_from_the_next_look_until_it_is_revoked() {
    let desk = Desk::new();
    assert!(desk.keys.none_ever());
    let issued = desk.add("  供水坐席 ", &["agent", "department:water", "agent"]).unwrap();
    assert_eq!(issued.key.name, "供水坐席");
    assert_eq!(issued.key.scopes, ["agent", "department:water"]);
    assert_eq!(desk.who(&issued.token), Err(Denied::Unknown));
    desk.refresh();
    assert!(!desk.keys.none_ever());
    let actor = desk.keys.admit(&issued.token, desk.now, None).unwrap();
    assert!(actor.is_central() && actor.departments().eq(["water"]));
    desk.revoke("供水坐席").unwrap();
    assert!(desk.who(&issued.token).is_ok());
    assert!(desk.keys.still_admits(&actor));
    desk.refresh();
    assert_eq!(desk.who(&issued.token), Err(Denied::Unknown));
    assert!(!desk.keys.still_admits(&actor));
    // A store whose keys are all revoked lets nobody in without one.
    assert!(!desk.keys.none_ever());
    // The same holder may have a new key, which is another one.
    let again = desk.add("供水坐席", &["agent"]).unwrap();
    desk.refresh();
    assert_eq!(desk.who(&again.token), Ok("供水坐席".to_owned()));
    assert_eq!(desk.who(&issued.token), Err(Denied::Unknown));
    assert_eq!(desk.list().len(), 1);
}

#[test]
fn nothing_but_the_key_itself_is_let_in() {
    let desk = Desk::new();
    let token = desk.add("a", &["admin"]).unwrap().token;
    let other = desk.add("b", &["agent"]).unwrap().token;
    desk.refresh();
    let (id, secret) = token.strip_prefix(PREFIX).unwrap().split_once('_').unwrap();
    let (other_id, _) = other.strip_prefix(PREFIX).unwrap().split_once('_').unwrap();
    assert_eq!((id.len(), secret.len()), (ID * 2, SECRET * 2));
    for wrong in [
        String::new(),
        PREFIX.to_owned(),
        format!("{PREFIX}{id}"),
        format!("{PREFIX}{id}_"),
        format!("{PREFIX}{id}_{}", &secret[1..]),
        format!("{PREFIX}{id}_{secret}0"),
        format!("{PREFIX}{id}_{}", secret.to_uppercase()),
        format!("{PREFIX}{other_id}_{secret}"),
        format!("{id}_{secret}"),
        format!(" {token}"),
        "jiesu_不是_密钥".to_owned(),
        hex(&digest(secret)),
    ] {
        assert_eq!(desk.who(&wrong), Err(Denied::Unknown), "{wrong}");
    }
    assert!(desk.who(&token).is_ok());
    // What is stored, and what is printed while looking for a mistake, does not have it.
    let issued = desk.add("c", &["agent"]).unwrap();
    let secret = issued.token.rsplit('_').next().unwrap();
    assert!(!format!("{issued:?}").contains(secret));
    let stored = desk.store.read_blocking(rows).unwrap();
    assert!(!format!("{stored:?}").contains(secret));
}

#[test]
fn names_are_unique_and_say_who() {
    let desk = Desk::new();
    desk.add("a", &["agent"]).unwrap();
    let long = "长".repeat(LONGEST_NAME + 1);
    for name in ["", " ", "a", " a ", "system", "local", "x\ny", long.as_str()] {
        assert!(matches!(desk.add(name, &["agent"]), Err(KeyError::Refused(_))), "{name}");
    }
    assert!(matches!(desk.add("b", &[]), Err(KeyError::Refused(_))));
    let unknown = desk.revoke("aa").unwrap_err().message();
    assert!(unknown.zh.contains("“a”"), "{}", unknown.zh);
    desk.revoke("a").unwrap();
    assert!(desk.revoke("a").unwrap_err().message().en.contains("before"));
}

#[test]
fn use_is_noted_once_a_minute_at_the_most() {
    let mut desk = Desk::new();
    let token = desk.add("a", &["agent"]).unwrap().token;
    desk.refresh();
    let mut noted = |seconds: i64| {
        desk.now = desk.now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        desk.who(&token).unwrap();
        desk.refresh();
        (desk.list()[0].used_at, desk.now)
    };
    let (first, now) = noted(0);
    assert_eq!(first, Some(now));
    assert_eq!(noted(30).0, first);
    assert_eq!(noted(29).0, first);
    let (second, now) = noted(1);
    assert_eq!(second, Some(now));
}

#[test]
fn a_key_has_its_own_rate_which_a_look_at_the_store_does_not_fill() {
    let desk = Desk::new();
    let (one, other) = (desk.add("a", &["agent"]).unwrap().token, desk.add("b", &["agent"]).unwrap().token);
    desk.refresh();
    let admit = |token: &str| desk.keys.admit(token, desk.now, Some(Rate { per_second: 1, burst: 2 })).map(drop);
    assert_eq!((admit(&one), admit(&one)), (Ok(()), Ok(())));
    desk.refresh();
    assert_eq!(admit(&one), Err(Denied::TooOften(Duration::from_secs(1))));
    assert_eq!(admit(&other), Ok(()));
}
