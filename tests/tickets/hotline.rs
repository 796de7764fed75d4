//! A hotline for tests: a small town with a tree of departments, a store, and a clock that the test moves.
#![allow(dead_code)] // each test uses some of it

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiesu::access::{Actor, Scope};
use jiesu::bundle::{Cache, Live};
use jiesu::store::{Location, Options, Store, Transaction, Value};
use jiesu::tickets::{Action, Clock, Event, MIGRATIONS, Refusal, Settings, Submission, Ticket, Tickets};
use jiff::Timestamp;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::postgres::Postgres;

/// The town. Who hears by webhook: the city, the water bureau's eastern station, and the police.
const FILES: &[(&str, &str)] = &[
    ("rules/bundle.yaml", "name: 小镇\ntime_zone: Asia/Shanghai\nhotline: \"12345\"\n"),
    (
        "rules/departments.yaml",
        "- {id: city, name: 市政府, webhook: 'https://city.example/hook'}
- {id: water, name: 水务局, parent: city, calendar: every-day}
- {id: east-water, name: 东区水务所, parent: water, region: east, calendar: every-day, webhook: 'https://east.example/hook'}
- {id: east-water-post, name: 东区第一供水站, parent: east-water, calendar: every-day}
- {id: enforcement, name: 城管局, parent: city}
- {id: east-enforcement, name: 东区城管所, parent: enforcement, region: east}
- {id: police, name: 公安局, webhook: 'https://police.example/hook'}
- {id: discipline, name: 纪委, confidential: true}
- {id: discipline-post, name: 派驻纪检组, parent: discipline}
",
    ),
    (
        "rules/regions.yaml",
        "- {id: town, name: 小镇市, level: city}
- {id: east, name: 东区, level: district, parent: town}
- {id: west, name: 西区, level: district, parent: town}
",
    ),
    (
        "rules/responsibility/list.yaml",
        "- {category: 供水, lead: water, joint: [enforcement], basis: 目录第1项}
- {category: 市容, lead: enforcement, basis: 目录第2项}
- {category: 燃气, lead: police, basis: 目录第3项}
",
    ),
    (
        "rules/scenarios/water/leak.yaml",
        "id: water/leak\ntitle: 水管漏水\ncategory: 供水\nauto: true\nwhen:\n  any:\n    - [水管, 漏]\ndeadline: 24 hours\nreply: 已转{{ department }}处理。\n",
    ),
    (
        "rules/scenarios/water/burst.yaml",
        "id: water/burst\ntitle: 主水管爆裂\ncategory: 供水\npriority: emergency\nwhen:\n  any:\n    - [水管, 爆裂]\ndeadline: 1 hours\nreply: 请远离现场，已转{{ department }}处理。\n",
    ),
    (
        "rules/scenarios/city/stalls.yaml",
        "id: city/stalls\ntitle: 占道摆摊\ncategory: 市容\nwhen:\n  any:\n    - 摆摊\ndeadline: 5 working days\nreply: 已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/gas/smell.yaml",
        "id: gas/smell\ntitle: 闻到燃气味\ncategory: 燃气\nauto: true\npriority: emergency\nwhen:\n  any:\n    - [燃气, 味]\ndeadline: 1 hours\nreply: 请先离开现场，已转{{ department }}。\n",
    ),
    ("rules/calendar/2025.yaml", include_str!("../../rules/calendar/2025.yaml")),
    ("rules/calendar/2026.yaml", include_str!("../../rules/calendar/2026.yaml")),
];

/// The tree of the town: who is below whom.
const PARENTS: &[(&str, &str)] = &[
    ("water", "city"),
    ("east-water", "water"),
    ("east-water-post", "east-water"),
    ("enforcement", "city"),
    ("east-enforcement", "enforcement"),
];
/// Whether a department is another one or stands below it.
pub(crate) fn within(department: &str, above: &str) -> bool {
    let mut own = Some(department);
    while let Some(id) = own {
        if id == above {
            return true;
        }
        own = PARENTS.iter().find(|(below, _)| *below == id).map(|(_, parent)| *parent);
    }
    false
}

/// A complaint that goes to the water bureau by itself.
pub(crate) const LEAK: &str = "西区人民路8号门口自来水管漏水两天了";
/// One that goes to the eastern station of the water bureau by itself.
pub(crate) const EASTERN_LEAK: &str = "东区解放路12号门口自来水管漏水两天了";
/// One that a person must decide.
pub(crate) const STALLS: &str = "路口天天有人摆摊，占了人行道";
/// An emergency that is not sure enough to go out by itself, and goes out at once all the same.
pub(crate) const BURST: &str = "西区人民路8号主水管爆裂，水快要漫进变电箱";
/// One that is an emergency.
pub(crate) const GAS: &str = "楼道里有很重的燃气味，不敢开灯";

/// A store on one of the databases, and what has to live as long.
pub(crate) struct Place {
    pub(crate) location: Location,
    pub(crate) folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place { location: Location::file(folder.path().join("tickets.db")), folder: Some(folder) }
    }

    pub(crate) fn postgres() -> Option<Place> {
        let address = Postgres::shared()?.database();
        Some(Place { location: Location::parse(&address).unwrap(), folder: None })
    }

    /// One on each database that there is here.
    pub(crate) fn all() -> Vec<Place> {
        std::iter::once(Place::sqlite()).chain(Place::postgres()).collect()
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.location, MIGRATIONS, Options::default()).unwrap()
    }
}

/// The desk over a store of its own.
pub(crate) struct Hotline {
    pub(crate) tickets: Tickets,
    pub(crate) live: Arc<Live>,
    /// Microseconds since 1970.
    now: Arc<AtomicI64>,
    runtime: tokio::runtime::Runtime,
    // Last: the store is closed before its file goes away.
    kept: (TempDir, Option<TempDir>),
}

/// The settings that tests go by unless they say otherwise: the centre hears of everything.
pub(crate) fn settings() -> Settings {
    let channel_terms = BTreeMap::from([("letter".to_owned(), term("10 working days"))]);
    Settings { central_webhook: true, channel_terms, ..Settings::default() }
}

/// The same for tests that file the same again and again, and mean each as a matter of its own.
pub(crate) fn without_repeats() -> Settings {
    Settings { repeats_to_raise: 0, ..settings() }
}

pub(crate) fn term(text: &str) -> jiesu::catalog::Deadline {
    jiesu::catalog::Deadline::parse(text).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone).unwrap().timestamp()
}

pub(crate) fn actor(name: &str, scopes: &[&str]) -> Actor {
    let scopes: Vec<Scope> = scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect();
    Actor::new(name, &scopes)
}

pub(crate) fn dispatcher() -> Actor {
    actor("dora", &["dispatcher"])
}

pub(crate) fn of(department: &str) -> Actor {
    actor(department, &[&format!("department:{department}")])
}

pub(crate) fn complaint(text: &str) -> Submission {
    Submission { text: text.to_owned(), ..Submission::default() }
}

/// Writes the town's bundle.
pub(crate) fn write_bundle(folder: &Path) {
    for (path, text) in FILES {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Hotline {
    pub(crate) fn new(place: Place) -> Hotline {
        Hotline::with(place, settings())
    }

    pub(crate) fn with(place: Place, settings: Settings) -> Hotline {
        let folder = tempfile::tempdir().unwrap();
        write_bundle(folder.path());
        let live = match Live::start(folder.path(), Cache::none(), None) {
            Ok(live) => Arc::new(live),
            Err(error) => panic!("{error:?}"),
        };
        let now = Arc::new(AtomicI64::new(at("2026-03-02T09:00:00").as_microsecond()));
        let reads = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_microsecond(reads.load(Ordering::SeqCst)).unwrap());
        let tickets = Tickets::new(place.open(), Arc::clone(&live), settings, clock);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        Hotline { tickets, live, now, runtime, kept: (folder, place.folder) }
    }

    /// The folders of its bundle, and of its database where that is a file.
    pub(crate) fn folders(&self) -> (&Path, Option<&Path>) {
        (self.kept.0.path(), self.kept.1.as_ref().map(TempDir::path))
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    /// Moves the clock to a moment of the town, such as `2026-03-02T09:00:00`.
    pub(crate) fn set(&self, moment: &str) {
        self.now.store(at(moment).as_microsecond(), Ordering::SeqCst);
    }

    pub(crate) fn at(&self, moment: Timestamp) {
        self.now.store(moment.as_microsecond(), Ordering::SeqCst);
    }

    pub(crate) fn later(&self, microseconds: i64) {
        self.now.fetch_add(microseconds, Ordering::SeqCst);
    }

    pub(crate) fn file(&self, submission: Submission) -> Json {
        self.file_as(submission, &actor("web", &["submit"]), None).unwrap()
    }

    pub(crate) fn file_as(&self, submission: Submission, by: &Actor, key: Option<&str>) -> Result<Json, Refusal> {
        let prepared = self.tickets.prepare(submission)?;
        self.wait(self.tickets.submit(prepared, by, key.map(str::to_owned))).map(|filed| filed.ticket)
    }

    pub(crate) fn act(&self, id: &str, action: Json, by: &Actor) -> Result<Json, Refusal> {
        let action: Action = serde_json::from_value(action).unwrap();
        self.wait(self.tickets.act(id, action, None, by))
    }

    /// An action that must be allowed.
    #[track_caller]
    pub(crate) fn done(&self, id: &str, action: Json, by: &Actor) -> Json {
        let shown = action.to_string();
        self.act(id, action, by).unwrap_or_else(|refusal| panic!("{shown}: {}", refusal.message().en))
    }

    pub(crate) fn get(&self, id: &str) -> Json {
        self.wait(self.tickets.get(id, &dispatcher())).unwrap()
    }

    pub(crate) fn tick(&self) -> usize {
        self.wait(self.tickets.tick()).unwrap()
    }

    /// Looks at deadlines until nothing more is to be said; a deadline says one thing at a time.
    pub(crate) fn settle(&self) {
        while self.tick() > 0 {
            self.later(1_000);
        }
    }

    /// Rows of a statement, each value as JSON.
    pub(crate) fn rows(&self, sql: &str, values: Vec<Value>) -> Vec<Vec<Json>> {
        let sql = sql.to_owned();
        let job = move |tx: &mut Transaction<'_>| {
            let rows = tx.query(&sql, &values)?;
            let width = |row: &jiesu::store::Row| (0..).map_while(|at| row.value(at).ok().cloned()).collect::<Vec<_>>();
            Ok::<_, jiesu::store::StoreError>(rows.iter().map(width).collect::<Vec<_>>())
        };
        let rows = self.tickets.store().read_blocking(job).unwrap();
        rows.into_iter().map(|row| row.into_iter().map(json).collect()).collect()
    }

    /// The events of a ticket, as they are stored.
    pub(crate) fn events(&self, id: &str) -> Vec<Event> {
        let rows = self.rows(
            "SELECT e.number, e.at, e.actor, e.revision, e.body FROM events e JOIN tickets t ON t.seq = e.ticket
             WHERE t.id = ?1 ORDER BY e.number",
            vec![id.into()],
        );
        let event = |row: Vec<Json>| Event {
            number: u32::try_from(row[0].as_i64().unwrap()).unwrap(),
            at: Timestamp::from_millisecond(row[1].as_i64().unwrap()).unwrap(),
            actor: row[2].as_str().unwrap().to_owned(),
            revision: row[3].as_str().unwrap().to_owned(),
            change: serde_json::from_str(row[4].as_str().unwrap()).unwrap(),
        };
        rows.into_iter().map(event).collect()
    }

    pub(crate) fn fold(&self, id: &str) -> Ticket {
        Ticket::fold(id, &self.events(id)).unwrap()
    }
}

fn json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(integer) => integer.into(),
        Value::Real(real) => real.into(),
        Value::Text(text) => text.into(),
        Value::Blob(_) => Json::Null,
    }
}

/// Random numbers that a seed makes again (SplitMix64, Steele, Lea and Flood 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(crate) fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}
