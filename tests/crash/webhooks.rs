//! A receiver of everything that servers send while they are killed, and what it must have heard in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiesu::store::{Store, StoreError, Transaction};
use jiff::Timestamp;

use crate::hotline::Hotline;
use crate::receiver::{OK, Receiver};

/// What messages are signed with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Departments of the town that hear of what concerns them.
const DEPARTMENTS: [&str; 3] = ["city", "east", "police"];
/// How long the last messages may take: those that a killed server had in hand are due again after a minute.
const PATIENCE: Duration = Duration::from_secs(150);

pub(crate) struct Webhooks {
    receiver: Receiver,
    settings: PathBuf,
}

impl Webhooks {
    /// Has all departments of the bundle and the centre hear of everything at one receiver, each at a path of its own.
    pub(crate) fn in_bundle(bundle: &Path) -> Webhooks {
        let receiver = Receiver::always(OK);
        let address = receiver.address;
        let file = bundle.join("rules/departments.yaml");
        let mut departments = fs::read_to_string(&file).unwrap();
        for name in DEPARTMENTS {
            departments =
                departments.replace(&format!("https://{name}.example/hook"), &format!("http://{address}/{name}"));
        }
        assert!(!departments.contains("https://"));
        fs::write(&file, departments).unwrap();
        let settings = bundle.join("jiesu.toml");
        let secrets = ["centre", "department:city", "department:east-water", "department:police"];
        let secrets: String = secrets.iter().map(|target| format!("\"{target}\" = [\"{SECRET}\"]\n")).collect();
        let text = format!(
            "[webhooks]\ncentre = \"http://{address}/centre\"\nallow_http = true\nallow_private_targets = true\n\n[webhooks.secrets]\n{secrets}"
        );
        fs::write(&settings, text).unwrap();
        Webhooks { receiver, settings }
    }

    /// What a server is told.
    pub(crate) fn arguments(&self) -> [&str; 2] {
        ["--config", self.settings.to_str().unwrap()]
    }

    /// How much came in so far.
    pub(crate) fn heard(&self) -> usize {
        self.receiver.seen().len()
    }

    /// Every message of the outbox came at least once, under its own id, always with the same words, at the address that it
    /// is for; those of one ticket in order at each address; and nothing came that is not in the outbox. Those of events after
    /// `until` may still be on their way when the last server ends. Gives how many messages there are, and how often any
    /// came.
    pub(crate) fn heard_everything(&self, hotline: &Hotline, until: Timestamp) -> (usize, usize) {
        let rows = hotline.rows(
            "SELECT o.message, o.target, o.event, t.id, CASE WHEN o.state = 'delivered' OR e.at <= ?1 THEN 1 ELSE 0 END
             FROM outbox o JOIN tickets t ON t.seq = o.ticket JOIN events e ON e.ticket = o.ticket AND e.number = o.event",
            vec![until.as_millisecond().into()],
        );
        let posted: BTreeMap<String, (String, u64, String, bool)> = rows
            .into_iter()
            .map(|row| {
                let text = |at: usize| row[at].as_str().unwrap().to_owned();
                (
                    text(0),
                    (path_of(&text(1)).to_owned(), row[2].as_u64().unwrap(), text(3), row[4].as_i64().unwrap() == 1),
                )
            })
            .collect();
        let seen = self.receiver.seen();
        let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
        let mut last: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for seen in &seen {
            let (path, event, ticket, _) =
                posted.get(seen.id()).unwrap_or_else(|| panic!("{} was never posted", seen.id()));
            assert_eq!(&seen.path, path, "{}", seen.id());
            let before = bodies.entry(seen.id()).or_insert(&seen.body);
            assert_eq!(*before, seen.body, "{} changed", seen.id());
            let envelope = seen.event();
            assert_eq!((&envelope["id"], &envelope["subject"]), (&seen.id().into(), &ticket.as_str().into()));
            // The same again is no step back.
            let last = last.entry((path, ticket)).or_default();
            assert!(*event >= *last, "{ticket}: event {event} came to {path} after {last}");
            *last = *event;
        }
        let heard: BTreeSet<&str> = bodies.keys().copied().collect();
        let due = posted.iter().filter(|(_, (.., due))| *due).map(|(id, _)| id);
        let never: Vec<&String> = due.filter(|id| !heard.contains(id.as_str())).collect();
        assert!(never.is_empty(), "never came: {never:?}");
        (posted.len(), seen.len())
    }
}

/// Waits until a count of what there was at a moment is nought.
pub(crate) fn until_none(store: &Store, count: &'static str, moment: Timestamp) {
    let counted = || {
        let job =
            move |tx: &mut Transaction<'_>| tx.query_one(count, &[moment.as_millisecond().into()])?.unwrap().integer(0);
        let count = store.read_blocking(job);
        count.unwrap_or_else(|error: StoreError| panic!("{}", error.message().en))
    };
    let begun = Instant::now();
    while counted() > 0 {
        assert!(begun.elapsed() < PATIENCE, "{} are left: {count}", counted());
        thread::sleep(Duration::from_millis(100));
    }
}

/// The path at the receiver of a target.
fn path_of(target: &str) -> &str {
    match target {
        "centre" => "/centre",
        "department:city" => "/city",
        "department:east-water" => "/east",
        "department:police" => "/police",
        other => panic!("nobody listens for {other}"),
    }
}
