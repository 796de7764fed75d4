//! A store with a million tickets: how long queues, lists and sums take. Run by hand, since filling takes minutes:
//! `cargo test --test tickets million -- --ignored --nocapture`. The work is SQLite's, which is optimised in every build.

use std::time::{Duration, Instant};

use jiesu::access::Actor;
use jiesu::store::{StoreError, Transaction};
use jiesu::tickets::{Filter, Queue, State, Urgency};

use crate::hotline::{Hotline, Place, actor, at, dispatcher, of};

const TICKETS: i64 = 1_000_000;
/// Rows of one transaction.
const AT_ONCE: i64 = 50_000;
/// Of a hundred measurements, how long 95 took at the most.
const MOST: Duration = Duration::from_millis(50);

/// Two years of tickets, one a minute: 94 of 100 closed, the newest in every state.
const FILL: &str = "
    WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
    INSERT INTO tickets (seq, id, version, opened_at, updated_at, state, urgency, chases, due_at, kind, scenario,
        department, district, channel, external_id, submitter, caller, place, summary, automatic, confidential, excluded,
        return_to, paused)
    SELECT n, 't-' || n, 8, 1704038400000 + n * 63000, 1704038400000 + n * 63000,
        CASE WHEN n % 100 < 94 THEN 'closed' WHEN n % 100 = 94 THEN 'in_review' WHEN n % 100 = 95 THEN 'resolved'
             WHEN n % 100 = 96 THEN 'reply_sent' ELSE 'dispatched' END,
        CASE n % 97 WHEN 0 THEN 2 WHEN 1 THEN 1 ELSE 0 END, n % 5 / 4, 1704038400000 + n * 63000 + 432000000,
        CASE n % 3 WHEN 0 THEN '投诉' WHEN 1 THEN '求助' ELSE '咨询' END, 'scenario-' || (n * 7919 % 300),
        'd-' || (n * 31 % 60), CASE n % 4 WHEN 0 THEN 'east' ELSE 'west' END, CASE n % 5 WHEN 0 THEN 'web' ELSE 'phone' END,
        'x-' || n, 'web', 'caller-' || (n * 7907 % 300000), NULL, '路口天天有人摆摊，占了人行道，请尽快来人管一管', n % 2, 0,
        n % 50 = 0, CASE WHEN n % 500 = 99 THEN 'dispatcher' END, 0
    FROM n";
/// A department of the town has one ticket in a hundred, others the rest.
const PARTS: &str = "
    INSERT INTO assignments (ticket, number, department, role, state, due_at)
    SELECT seq, 1, CASE seq % 100 WHEN 3 THEN 'east-water' WHEN 97 THEN 'east-water' WHEN 98 THEN 'police' ELSE department END,
        'lead', 'sent', due_at
    FROM tickets WHERE seq BETWEEN ?1 AND ?2";
/// Two years of figures: of each day 60 departments, 10 scenarios each, 6 measures.
const FIGURES: &str = "
    WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2)
    INSERT OR IGNORE INTO figures (day, kind, department, scenario, district, channel, excluded, measure, amount)
    SELECT date('2024-01-01', '+' || (n / 3600 % 730) || ' days'), '投诉', 'd-' || (n / 60 % 60),
        'scenario-' || (n / 6 % 10 + n / 60 % 60 * 5), 'east', 'phone', 0,
        CASE n % 6 WHEN 0 THEN 'tickets' WHEN 1 THEN 'resolved' WHEN 2 THEN 'replied' WHEN 3 THEN 'satisfied'
            WHEN 4 THEN 'reached' ELSE 'seconds_to_resolve' END, n % 7
    FROM n";

fn fill(hotline: &Hotline) {
    let run = |sql: &'static str, first: i64, last: i64| {
        let job = move |tx: &mut Transaction<'_>| tx.execute(sql, &[first.into(), last.into()]);
        hotline.tickets.store().write_blocking::<_, StoreError, _>(job).unwrap();
    };
    for first in (1..=TICKETS).step_by(AT_ONCE as usize) {
        run(FILL, first, first + AT_ONCE - 1);
        run(PARTS, first, first + AT_ONCE - 1);
    }
    for first in (0..730 * 3_600).step_by(AT_ONCE as usize) {
        run(FIGURES, first, first + AT_ONCE - 1);
    }
    // As a database comes to know its own tables over time.
    hotline.tickets.store().write_blocking::<_, StoreError, _>(|tx| tx.execute("ANALYZE", &[])).ok();
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
    let hotline = Hotline::new(Place::sqlite());
    fill(&hotline);
    hotline.set("2026-01-01T09:00:00");
    let mut slow = Vec::new();
    let mut measured = |name: &str, time: Duration| {
        println!("{name:45} {:8.2} ms", time.as_secs_f64() * 1e3);
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
    let sums = [
        ("sums of a month", "day >= '2025-03-01' AND day < '2025-04-01'", "measure"),
        ("sums of a month by department", "day >= '2025-03-01' AND day < '2025-04-01'", "department, measure"),
        (
            "sums of a year of one department",
            "day >= '2025-01-01' AND day < '2026-01-01' AND department = 'd-7'",
            "measure",
        ),
        (
            "sums of a year of one scenario",
            "day >= '2025-01-01' AND day < '2026-01-01' AND scenario = 'scenario-7'",
            "measure",
        ),
    ];
    for (name, condition, by) in sums {
        let sql = format!("SELECT {by}, CAST(SUM(amount) AS BIGINT) FROM figures WHERE {condition} GROUP BY {by}");
        measured(name, p95(|| assert!(!hotline.rows(&sql, Vec::new()).is_empty())));
    }
    assert_eq!(slow, [""; 0], "took longer than {MOST:?}");
}
