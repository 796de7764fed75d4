//! A desk over a database in a temporary folder, with departments that have webhooks and a clock that a test turns.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiesu::access::Actor;
use jiesu::bundle::{Cache, Live};
use jiesu::deliver::{Deliverer, Secret, Settings};
use jiesu::store::{Location, Options, Store, StoreError};
use jiesu::tickets::{self, Action, Clock, MIGRATIONS, NewAssignment, Submission, Tickets, Waiting, WaitingState};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::bundle;
use crate::postgres::Postgres;

/// The secret of every target.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Departments of the bundle that may be given a webhook.
pub(crate) const WATER: &str = "water-group";
pub(crate) const GAS: &str = "gas-group";

/// The desk, its folder and its clock.
pub(crate) struct Desk {
    pub(crate) tickets: Tickets,
    pub(crate) folder: Arc<TempDir>,
    live: Arc<Live>,
    clock: Arc<Mutex<Timestamp>>,
    database: String,
}

impl Desk {
    /// A desk whose departments have these webhooks, over a file.
    pub(crate) fn with(webhooks: &[(&str, String)]) -> Desk {
        Desk::on(None, webhooks)
    }

    /// The same, over a file or a database of PostgreSQL.
    pub(crate) fn on(postgres: Option<&Postgres>, webhooks: &[(&str, String)]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        bundle::write(folder.path());
        let path = "rules/departments.yaml";
        let (_, departments) = bundle::FILES.iter().find(|(name, _)| *name == path).unwrap();
        let mut departments = (*departments).to_owned();
        for (department, webhook) in webhooks {
            let item = format!("- id: {department}\n");
            assert!(departments.contains(&item), "{department}");
            departments = departments.replace(&item, &format!("{item}  webhook: \"{webhook}\"\n"));
        }
        bundle::replace(folder.path(), path, &departments);
        let live = match Live::start(folder.path(), Cache::none(), None) {
            Ok(live) => Arc::new(live),
            Err(error) => panic!("{error:?}"),
        };
        let clock = Arc::new(Mutex::new("2026-03-02T02:00:00Z".parse().unwrap()));
        let file = folder.path().join("tickets.db").to_str().unwrap().to_owned();
        let database = postgres.map_or(file, Postgres::database);
        Desk::over(Arc::new(folder), live, clock, database)
    }

    fn over(folder: Arc<TempDir>, live: Arc<Live>, clock: Arc<Mutex<Timestamp>>, database: String) -> Desk {
        let location = Location::parse(&database).unwrap();
        // What was on its way when a server was stopped lets go of the file a moment later.
        let mut store = Store::open(&location, MIGRATIONS, Options::default());
        within(Duration::from_secs(5), "the database is free", || {
            if matches!(store, Err(StoreError::InUse(_))) {
                store = Store::open(&location, MIGRATIONS, Options::default());
            }
            !matches!(store, Err(StoreError::InUse(_)))
        });
        let store = store.unwrap_or_else(|error| panic!("{error:?}"));
        let own = Arc::clone(&clock);
        let time: Clock = Arc::new(move || *own.lock().unwrap());
        let tickets = Tickets::new(store, Arc::clone(&live), tickets::Settings::default(), time);
        Desk { tickets, folder, live, clock, database }
    }

    /// Another server on the same PostgreSQL; a file has one, so there it is the same.
    pub(crate) fn beside(&self) -> Desk {
        let (folder, live, clock) = (Arc::clone(&self.folder), Arc::clone(&self.live), Arc::clone(&self.clock));
        let database = self.database.clone();
        if database.starts_with("postgres://") {
            return Desk::over(folder, live, clock, database);
        }
        Desk { tickets: self.tickets.clone(), folder, live, clock, database }
    }

    /// The server is gone and another is started on its database.
    pub(crate) fn restarted(self) -> Desk {
        let Desk { tickets, folder, live, clock, database } = self;
        drop(tickets);
        Desk::over(folder, live, clock, database)
    }

    pub(crate) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.clock.lock().unwrap()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        *self.clock.lock().unwrap() += time;
    }

    pub(crate) fn set_clock(&self, at: Timestamp) {
        *self.clock.lock().unwrap() = at;
    }

    pub(crate) fn deliverer(&self) -> Deliverer {
        self.deliverer_with(|_| {})
    }

    /// A deliverer that may go anywhere, changed.
    pub(crate) fn deliverer_with(&self, change: impl FnOnce(&mut Settings)) -> Deliverer {
        let secrets = ["centre", "department:water-group", "department:gas-group"];
        let secret = |target: &str| (target.to_owned(), vec![Secret::parse(SECRET).unwrap()]);
        let mut settings = Settings {
            secrets: secrets.into_iter().map(secret).collect(),
            allow_http: true,
            allow_private_targets: true,
            ..Settings::default()
        };
        change(&mut settings);
        Deliverer::new(self.tickets.clone(), settings).unwrap_or_else(|message| panic!("{}", message.en))
    }

    /// A ticket that is dispatched to departments, where there are any, then asked for again so many times; gives its id. One message to each
    /// department with a webhook for the dispatch, and one for each time.
    pub(crate) async fn ticket(&self, departments: &[&str], chases: usize) -> String {
        let submission = Submission {
            text: "解放路路口的自来水管爆裂，水流满地".to_owned(), ..Submission::default()
        };
        let prepared = self.tickets.prepare(submission).unwrap();
        let filed = self.tickets.submit(prepared, &Actor::system(), None).await.unwrap();
        let id = filed.ticket["id"].as_str().unwrap().to_owned();
        let assignment = |(number, department): (usize, &&str)| -> NewAssignment {
            let role = if number == 0 { "lead" } else { "joint" };
            serde_json::from_value(serde_json::json!({ "department": department, "role": role })).unwrap()
        };
        let assignments: Vec<NewAssignment> = departments.iter().enumerate().map(assignment).collect();
        if !assignments.is_empty() {
            self.act(&id, Action::Dispatch { assignments, scenario: None }).await;
        }
        for _ in 0..chases {
            self.act(&id, Action::Chase { note: None }).await;
        }
        id
    }

    async fn act(&self, id: &str, action: Action) {
        self.tickets.act(id, action, None, &Actor::system()).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    }

    pub(crate) async fn pending(&self) -> Vec<Waiting> {
        self.tickets.outbox().list(WaitingState::Pending, None, &Actor::system()).await.unwrap().items
    }

    pub(crate) async fn dead(&self) -> Vec<Waiting> {
        self.tickets.outbox().list(WaitingState::Dead, None, &Actor::system()).await.unwrap().items
    }
}

/// Asks again until it holds, for so long at the most.
#[track_caller]
pub(crate) fn within(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed() < time, "not within {time:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
