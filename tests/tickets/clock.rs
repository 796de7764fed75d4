//! The deadline clock: what it says, when, and once only.

use jiesu::store::{StoreError, Transaction};
use jiesu::tickets::{Queue, QueueFilter};
use serde_json::json;

use crate::deadlines::{clock, id, stalls};
use crate::hotline::{GAS, Hotline, LEAK, Place, actor, complaint, dispatcher, of, without_repeats};

/// What was said about a ticket's deadlines, in order.
fn said(hotline: &Hotline, ticket: &str) -> Vec<String> {
    let events = hotline.events(ticket).into_iter().map(|event| json!(event));
    let about = events.filter(|event| ["warned", "expired", "escalated"].contains(&event["change"].as_str().unwrap()));
    about
        .map(|event| {
            let to = event.get("to").map(|to| format!(" {}", to.as_str().unwrap())).unwrap_or_default();
            let part = event.get("assignment").map(|number| format!(" of {number}")).unwrap_or_default();
            format!("{} {}{part}{to}", clock(&event["at"]), event["change"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn deadlines_warn_pass_and_are_told_upwards_each_once() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    hotline.set("2026-03-02T09:00:00");
    let ticket = id(&hotline.file(complaint(GAS)));
    for _ in 0..200 {
        hotline.later(60_000_000);
        hotline.tick();
    }
    hotline.set("2026-03-04T09:00:00");
    hotline.settle();
    // Of the hour 48 minutes are the department's, which has nobody above; warned after three quarters.
    let expected = [
        "03-02 09:36:00 warned of 1",
        "03-02 09:45:00 warned",
        "03-02 09:48:00 expired of 1",
        "03-02 09:49:00 escalated of 1 centre",
        "03-02 10:00:00 expired",
        "03-02 10:01:00 escalated centre",
        "03-04 09:00:00 escalated of 1 centre",
        "03-04 09:00:00 escalated centre",
    ];
    let mut found = said(&hotline, &ticket);
    found.iter_mut().for_each(|line| *line = line.replace("09:00:00.", "09:00:00"));
    assert_eq!(found, expected);
}

/// Nobody is reminded at night of what is counted in days; of what is urgent at any hour.
#[test]
fn reminders_keep_to_office_hours() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let calm = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    let urgent = id(&hotline.file(complaint("渔港路有人摆摊，还堵着消防通道")));
    hotline.done(&urgent, json!({"action": "set_urgency", "urgency": "urgent", "reason": "堵消防通道"}), &dispatcher());
    let city = json!({"action": "dispatch", "assignments": [{"department": "enforcement"}]});
    hotline.done(&urgent, city, &dispatcher());
    for _ in 0..24 * 12 {
        hotline.later(3_600_000_000);
        hotline.settle();
    }
    // The department's share ends with Friday the 6th, the whole with Monday the 9th.
    let hours = |ticket: &str| -> Vec<String> {
        let told = said(&hotline, ticket).into_iter();
        told.map(|line| line[..8].to_owned() + line[14..].trim_start_matches(|c| c != ' ')).collect()
    };
    let calm_told = [
        "03-06 09 warned of 1",  // three quarters had passed on Thursday at eight in the evening
        "03-07 00 expired of 1", // that is what happened, and no reminder
        "03-09 09 warned",       // on Sunday
        "03-09 09 escalated of 1 city",
        "03-09 09 escalated of 1 centre",
        "03-10 00 expired",
        "03-10 09 escalated city",
        "03-11 09 escalated centre",
    ];
    let mut found = hours(&calm);
    found.sort();
    let mut expected: Vec<&str> = calm_told.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(hours(&urgent).contains(&"03-03 03 warned".to_owned()), "{:?}", said(&hotline, &urgent));
}

#[test]
fn a_parked_ticket_is_remembered_on_its_day() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let dora = dispatcher();
    let park = |day: &str| json!({"action": "park", "reason": "待道路改造完工", "review_on": day});
    let (one, other) = (id(&stalls(&hotline, "2026-03-02T09:00:00")), id(&hotline.file(complaint(LEAK))));
    hotline.done(&one, park("2026-03-10"), &dora);
    hotline.done(&other, park("2026-06-01"), &dora);
    let due = || {
        let parked = QueueFilter { review_due: true, ..QueueFilter::default() };
        let page = hotline.wait(hotline.tickets.queue_of(Queue::Parked, parked, 10, &dora)).unwrap();
        page.items.into_iter().map(|item| item.id).collect::<Vec<_>>()
    };
    hotline.set("2026-03-10T08:29:59");
    hotline.settle();
    assert_eq!((hotline.get(&one)["parking"]["review_due"].clone(), due()), (json!(false), Vec::new()));
    hotline.set("2026-03-10T08:30:00");
    assert_eq!((hotline.tick(), hotline.tick()), (1, 0), "said once");
    assert_eq!((hotline.get(&one)["parking"]["review_due"].clone(), due()), (json!(true), vec![one.clone()]));
    let told = hotline.rows("SELECT o.target FROM outbox o WHERE o.name = 'review_due' ORDER BY o.target", Vec::new());
    assert_eq!(json!(told), json!([["centre"], ["department:city"]]));
    crate::agreement::of_all(&hotline);
    // Taken up and set aside again, it has another day.
    hotline.done(&one, json!({"action": "unpark"}), &dora);
    hotline.done(&one, park("2026-03-20"), &dora);
    assert_eq!(due(), Vec::<String>::new());
    hotline.set("2026-03-20T09:00:00");
    hotline.settle();
    assert_eq!(due(), [one]);
    crate::agreement::of_all(&hotline);
}

#[test]
fn one_ticket_that_cannot_be_read_does_not_stop_the_clock() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let tickets: Vec<String> =
            (0..3).map(|number| id(&hotline.file(complaint(&format!("{GAS}，第{number}号楼"))))).collect();
        let corrupt =
            "UPDATE events SET body = ?1 WHERE name = 'decided' AND ticket = (SELECT seq FROM tickets WHERE id = ?2)";
        let (first, store) = (tickets[0].clone(), hotline.tickets.store().clone());
        let spoil =
            move |tx: &mut Transaction<'_>| tx.execute(corrupt, &["{\"change\":\"no such\"}".into(), (&first).into()]);
        store.write_blocking::<_, StoreError, _>(spoil).unwrap();
        hotline.set("2026-03-02T10:30:00");
        hotline.settle();
        for ticket in &tickets[1..] {
            assert!(said(&hotline, ticket).iter().any(|line| line.contains("expired")), "{ticket}");
        }
        let met = hotline.tickets.unreadable();
        assert!(met > 0, "it is counted");
        hotline.later(60_000_000);
        hotline.settle();
        assert_eq!(hotline.tickets.unreadable(), met, "and left alone for an hour");
        hotline.later(3_600_000_000);
        hotline.settle();
        assert!(hotline.tickets.unreadable() > met, "but not forgotten");
    }
}

/// Whether the clock of the machine stands still or goes back, nothing is said twice and nothing fails.
#[test]
fn a_clock_that_is_put_back_does_no_harm() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    hotline.set("2026-03-02T09:00:00");
    let gas = id(&hotline.file(complaint(GAS)));
    hotline.set("2026-03-02T10:30:00");
    hotline.settle();
    let before = said(&hotline, &gas);
    hotline.set("2026-03-02T08:00:00");
    assert_eq!(hotline.tick(), 0);
    for action in [
        json!({"action": "accept", "assignment": 1}),
        json!({"action": "pause", "reason": "等人"}),
        json!({"action": "resume"}),
    ] {
        hotline.done(&gas, action, &actor("root", &["admin"]));
    }
    hotline.done(&gas, json!({"action": "contact", "assignment": 1}), &of("police"));
    let leak = id(&hotline.file(complaint(LEAK)));
    hotline.set("2026-03-02T10:40:00");
    hotline.settle();
    assert_eq!(said(&hotline, &gas), before, "nothing is said again");
    assert_eq!(said(&hotline, &leak), [""; 0]);
    crate::agreement::of_all(&hotline);
}

#[test]
fn two_clocks_at_one_moment_say_everything_once() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        for number in 0..30 {
            hotline.file(complaint(&format!("{GAS}，第{number}号楼")));
        }
        hotline.set("2026-03-02T10:30:00");
        let tickets = &hotline.tickets;
        for _ in 0..3 {
            hotline.later(1_000);
            hotline.wait(async {
                let clocks: Vec<_> = (0..3)
                    .map(|_| {
                        let tickets = tickets.clone();
                        tokio::spawn(async move { tickets.tick().await })
                    })
                    .collect();
                for clock in clocks {
                    clock.await.unwrap().unwrap_or_else(|refusal| panic!("{}", refusal.message().en));
                }
            });
        }
        crate::agreement::of_all(&hotline);
    }
}
