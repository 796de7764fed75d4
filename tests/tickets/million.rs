//! A store with a million tickets: how long queues, lists and sums take. Run by hand, since filling takes minutes:
//! `cargo test --test tickets million -- --ignored --nocapture`. The work is SQLite's, which is optimised in every build.

use std::time::{Duration, Instant};

use jiesu::access::Actor;
use jiesu::store::{Location, Options, Store, StoreError, Transaction};
use jiesu::tickets::{By, Filter, HoursQuestion, MIGRATIONS, Question, Queue, RisingQuestion, State, Urgency};
use jiff::ToSpan;

use sha2::{Digest, Sha256};

use crate::hotline::{Hotline, Place, actor, at, dispatcher, of};

const TICKETS: i64 = 1_000_000;
/// Numbers of callers.
const FEW: &str = "13900001111";
const MANY: &str = "02088886666";
/// Rows of one transaction.
const AT_ONCE: i64 = 50_000;
/// Of a hundred measurements, how long 95 took at the most.
const MOST: Duration = Duration::from_millis(50);

/// Two years of tickets, one a minute: 94 of 100 closed, the newest in every state; of twelve districts, 300 scenarios and
/// 120 departments, each with ten districts' worth of scenarios. A department of the town has one in a hundred.
const FILL: &str = "
    WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2),
    random (n, a, b, c, d) AS (SELECT n, n * 2654435761 % 4294967296 / 7 % 12, n * 2246822519 % 4294967296 / 97 % 300,
        n * 3266489917 % 4294967296 / 1009 % 5, n * 668265263 % 4294967296 / 31 % 7 FROM n)
    INSERT INTO tickets (seq, id, version, opened_at, updated_at, state, urgency, chases, due_at, kind, scenario,
        department, district, channel, external_id, submitter, caller, place, summary, automatic, confidential, excluded,
        return_to, paused)
    SELECT n, 't-' || n, 8, 1704038400000 + n * 63000, 1704038400000 + n * 63000,
        CASE WHEN n % 100 < 94 THEN 'closed' WHEN n % 100 = 94 THEN 'in_review' WHEN n % 100 = 95 THEN 'resolved'
             WHEN n % 100 = 96 THEN 'reply_sent' ELSE 'dispatched' END,
        CASE n % 97 WHEN 0 THEN 2 WHEN 1 THEN 1 ELSE 0 END, n % 5 / 4, 1704038400000 + n * 63000 + 432000000,
        'kind-' || d, 'scenario-' || b,
        CASE n % 100 WHEN 3 THEN 'east-water' WHEN 97 THEN 'east-water' WHEN 98 THEN 'police'
            ELSE 'd-' || (b % 10 * 12 + a) END,
        CASE a WHEN 0 THEN 'east' ELSE 'district-' || a END, CASE c WHEN 0 THEN 'web' ELSE 'channel-' || c END,
        'x-' || n, 'web', 'caller-' || (n * 7907 % 300000), NULL, '路口天天有人摆摊，占了人行道，请尽快来人管一管', n % 2, 0,
        n % 50 = 0, CASE WHEN n % 500 = 99 THEN 'dispatcher' END, 0
    FROM random";
const PARTS: &str = "
    INSERT INTO assignments (ticket, number, department, role, state, due_at)
    SELECT seq, 1, department, 'lead', 'sent', due_at FROM tickets WHERE seq BETWEEN ?1 AND ?2";
/// The finest figures of these, as the first version kept them: eight measures of each.
const FIGURES: &str = "
    INSERT INTO figures (day, kind, department, scenario, district, channel, excluded, measure, amount)
    SELECT date(opened_at / 1000, 'unixepoch', '+8 hours'), kind, department, scenario, district, channel, excluded, m.column1,
        SUM(m.column2) FROM tickets, (VALUES ('tickets', 1), ('dispatched', 1), ('responded', 1), ('resolved', 1),
        ('replied', 1), ('over', 1), ('seconds_to_dispatch', 600), ('seconds_to_resolve', 86400)) m
    WHERE seq BETWEEN ?1 AND ?2 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount";

/// A store of the first version, full, and brought to this one. `JIESU_MILLION=FILE` keeps it for the next time.
fn full() -> Place {
    let kept = std::env::var_os("JIESU_MILLION").map(std::path::PathBuf::from);
    let place = match &kept {
        Some(file) => Place { location: Location::file(file.clone()), folder: None },
        None => Place::sqlite(),
    };
    if kept.is_some_and(|file| file.exists()) {
        return place;
    }
    let store = Store::open(&place.location, &MIGRATIONS[..1], Options::default()).unwrap();
    let run = |sql: &'static str, first: i64, last: i64| {
        let job = move |tx: &mut Transaction<'_>| tx.execute(sql, &[first.into(), last.into()]);
        store.write_blocking::<_, StoreError, _>(job).unwrap();
    };
    for first in (1..=TICKETS).step_by(AT_ONCE as usize) {
        for sql in [FILL, PARTS, FIGURES] {
            run(sql, first, first + AT_ONCE - 1);
        }
    }
    drop(store);
    let started = Instant::now();
    drop(place.open());
    println!("brought to this version in {:.1} s", started.elapsed().as_secs_f64());
    place
}

/// One number with four tickets, and one (a switchboard) with a hundred thousand, each ticket with eight events.
fn callers(hotline: &Hotline) {
    let key = |number: &str| Sha256::digest(number).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (few, many) = (key(FEW), key(MANY));
    let fill = move |tx: &mut Transaction<'_>| {
        tx.execute("UPDATE tickets SET caller = ?1 WHERE seq % 250000 = 7", &[(&few).into()])?;
        tx.execute("UPDATE tickets SET caller = ?1 WHERE seq % 10 = 3", &[(&many).into()])?;
        tx.execute(
            "INSERT INTO events SELECT seq, n.column1, opened_at, 'web', 'r', CASE n.column1 WHEN 8 THEN 'chased' ELSE 'accepted' END, '{}'
             FROM tickets, (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) n
             WHERE (caller = ?1 OR caller = ?2) ON CONFLICT DO NOTHING",
            &[(&few).into(), (&many).into()],
        )
    };
    hotline.tickets.store().write_blocking::<_, StoreError, _>(fill).unwrap();
}

/// The time within which 95 of 100 come.
fn p95(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..40)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[37]
}

#[test]
#[ignore = "fills a million rows"]
fn a_million_tickets_are_looked_at_within_fifty_milliseconds() {
    let hotline = Hotline::new(full());
    callers(&hotline);
    hotline.set("2026-01-01T09:00:00");
    let mut slow = Vec::new();
    let mut measured = |name: &str, time: Duration| {
        println!("{name:65} {:8.2} ms", time.as_secs_f64() * 1e3);
        if time > MOST {
            slow.push(name.to_owned());
        }
    };
    for (name, queue) in Queue::NAMES {
        let by = dispatcher();
        measured(&format!("queue {name}"), p95(|| drop(hotline.wait(hotline.tickets.queue(*queue, 50, &by)).unwrap())));
    }
    let base = Filter::default;
    let some = |text: &str| Some(text.to_owned());
    let table: Vec<(&str, Filter, Actor)> = vec![
        ("list", base(), dispatcher()),
        ("list, one state", Filter { states: vec![State::InReview], ..base() }, dispatcher()),
        ("list, a rare state", Filter { states: vec![State::Parked], ..base() }, dispatcher()),
        ("list, several states", Filter { states: vec![State::Resolved, State::ReplySent], ..base() }, dispatcher()),
        ("list, a department", Filter { department: some("water"), ..base() }, dispatcher()),
        ("list, a department without any", Filter { department: some("enforcement"), ..base() }, dispatcher()),
        ("list, a scenario", Filter { scenario: some("scenario-7"), ..base() }, dispatcher()),
        ("list, a scenario without any", Filter { scenario: some("none"), ..base() }, dispatcher()),
        ("list, a district", Filter { district: some("east"), ..base() }, dispatcher()),
        ("list, a district without any", Filter { district: some("none"), ..base() }, dispatcher()),
        ("list, a channel without any", Filter { channel: some("none"), ..base() }, dispatcher()),
        ("list, an external number", Filter { external_id: some("x-77777"), ..base() }, dispatcher()),
        ("list, a caller", Filter { phone: some("13900001111"), ..base() }, dispatcher()),
        ("list, critical", Filter { urgency: Some(Urgency::Critical), ..base() }, dispatcher()),
        ("list, overdue", Filter { overdue: true, ..base() }, dispatcher()),
        ("list, overdue of a department", Filter { overdue: true, department: some("water"), ..base() }, dispatcher()),
        (
            "list, a month of long ago",
            Filter {
                opened_from: Some(at("2024-03-01T00:00:00")),
                opened_until: Some(at("2024-04-01T00:00:00")),
                ..base()
            },
            dispatcher(),
        ),
        (
            "list, a month, a state, a district",
            Filter {
                states: vec![State::InReview],
                district: some("east"),
                opened_from: Some(at("2024-03-01T00:00:00")),
                opened_until: Some(at("2024-04-01T00:00:00")),
                ..base()
            },
            dispatcher(),
        ),
        (
            "list, a year, a state, a district",
            Filter {
                states: vec![State::InReview],
                district: some("east"),
                opened_from: Some(at("2025-01-01T00:00:00")),
                ..base()
            },
            dispatcher(),
        ),
        (
            "list, closed ones of a month and district",
            Filter {
                states: vec![State::Closed],
                district: some("east"),
                opened_from: Some(at("2024-03-01T00:00:00")),
                opened_until: Some(at("2024-04-01T00:00:00")),
                ..base()
            },
            dispatcher(),
        ),
        ("list of a department", base(), of("water")),
        ("list of a department without any", base(), of("enforcement")),
        ("list of who files", base(), actor("web", &["submit"])),
        ("list of who filed none", base(), actor("app", &["submit"])),
    ];
    for (name, filter, by) in table {
        let list = |cursor: Option<&str>| {
            let list = hotline.tickets.list(filter.clone(), 50, cursor.map(str::to_owned), &by);
            drop(hotline.wait(list).unwrap());
        };
        measured(name, p95(|| list(None)));
        measured(&format!("{name}, far down"), p95(|| list(Some("1000"))));
    }
    for (name, number) in
        [("caller, a few tickets", FEW), ("caller, a hundred thousand", MANY), ("caller, none", "13800000000")]
    {
        let by = dispatcher();
        measured(name, p95(|| drop(hotline.wait(hotline.tickets.caller(number, &by)).unwrap())));
    }
    assert_eq!(hotline.wait(hotline.tickets.caller(FEW, &dispatcher())).unwrap().total, 4);
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    // Of answers that a person can read: those of thousands of lines take as long as their lines.
    for (days, by, department) in [
        (("2025-03-01", "2025-03-31"), "", None),
        (("2025-03-01", "2025-03-31"), "department", None),
        (("2025-03-01", "2025-03-31"), "day, kind", None),
        (("2025-11-20", "2025-12-19"), "scenario", None),
        (("2025-12-01", "2025-12-31"), "department, channel", None),
        (("2025-01-01", "2025-12-31"), "", None),
        (("2025-01-01", "2025-12-31"), "day", None),
        (("2025-01-01", "2025-12-31"), "month, kind", None),
        (("2025-01-01", "2025-12-31"), "month, department", None),
        (("2025-01-01", "2025-12-31"), "department", None),
        (("2025-01-01", "2025-12-31"), "scenario", None),
        (("2025-01-01", "2025-12-31"), "department, kind", None),
        (("2025-01-01", "2025-12-31"), "kind, district, channel", None),
        (("2025-02-11", "2025-12-20"), "department, kind", None),
        (("2025-02-11", "2025-12-20"), "channel", None),
        (("2025-01-01", "2025-12-31"), "", Some("water")),
        (("2025-01-01", "2025-12-31"), "scenario", Some("water")),
        (("2025-01-01", "2025-12-31"), "scenario, channel", Some("water")),
    ] {
        let question = Question {
            from: day(days.0),
            to: day(days.1),
            by: by.split(", ").filter_map(By::named).collect(),
            department: department.map(str::to_owned),
            rules_of: None,
            with_last_year: false,
        };
        let ask = || {
            let found = hotline.wait(hotline.tickets.statistics(question.clone(), &dispatcher())).unwrap();
            assert!(found.lines.iter().all(|line| line.counts["tickets"] > 0) && !found.lines.is_empty());
        };
        let of = department.unwrap_or("all");
        measured(&format!("{} to {} of {of} by [{by}]", days.0, days.1), p95(ask));
    }
    for days in [30, 90] {
        let to = day("2025-12-20");
        let from = to - days.days();
        let (department, scenario, district, channel) = (None, None, None, None);
        let question = HoursQuestion { from, to, department, scenario, district, channel };
        let name = format!("hours of {days} days");
        measured(&name, p95(|| drop(hotline.wait(hotline.tickets.hours(question.clone(), &dispatcher())).unwrap())));
    }
    for by in [By::Scenario, By::District] {
        let question = RisingQuestion { to: day("2025-12-20"), days: 7, weeks: 8, least: 5, by, department: None };
        let ask = || {
            let found = hotline.wait(hotline.tickets.rising(question.clone(), &dispatcher())).unwrap();
            assert!(found.windows == 8 && found.tried > 10 && found.topics.is_empty(), "nothing rises: {found:?}");
        };
        measured(&format!("rising by {}", by.name()), p95(ask));
    }
    assert_eq!(slow, [""; 0], "took longer than {MOST:?}");
}
