//! Deadlines over weekends, holidays, make-up days, midnight and month ends; paused, extended, handed down.

use std::process::Command;

use jiesu::access::Actor;
use jiesu::catalog::CalendarKind;
use jiesu::tickets::{Refusal, Submission};
use jiff::{Timestamp, civil};
use serde_json::{Value as Json, json};

use crate::hotline::{GAS, Hotline, LEAK, Place, STALLS, actor, at, complaint, dispatcher, of, term, without_repeats};

/// A moment of the town's clock, as it is written in these tables.
pub(crate) fn clock(shown: &Json) -> String {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    shown.as_str().unwrap().parse::<Timestamp>().unwrap().to_zoned(zone).strftime("%m-%d %H:%M:%S").to_string()
}

pub(crate) fn whole(ticket: &Json) -> String {
    clock(&ticket["deadlines"][0]["due"])
}

pub(crate) fn part(ticket: &Json, number: usize) -> String {
    clock(&ticket["assignments"][number - 1]["deadline"]["due"])
}

pub(crate) fn id(ticket: &Json) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

/// Files five working days' work and gives it to a department.
pub(crate) fn stalls(hotline: &Hotline, from: &str) -> Json {
    hotline.set(from);
    let filed = id(&hotline.file(complaint(STALLS)));
    hotline.done(&filed, json!({"action": "dispatch", "assignments": [{"department": "enforcement"}]}), &dispatcher())
}

#[test]
fn terms_are_counted_as_people_count_them() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    // Came in, due, the department's share of it.
    let working_days = [
        ("2026-03-02T09:00:00", "03-09 23:59:59", "03-06 23:59:59"), // Monday
        ("2026-03-06T23:59:59", "03-13 23:59:59", "03-12 23:59:59"), // the last second of a Friday
        ("2026-03-07T00:00:00", "03-13 23:59:59", "03-12 23:59:59"), // Saturday begins
        ("2026-03-08T23:59:59", "03-13 23:59:59", "03-12 23:59:59"), // Sunday ends
        ("2026-03-09T00:00:00", "03-16 23:59:59", "03-13 23:59:59"), // Monday begins
        ("2026-03-31T09:00:00", "04-08 23:59:59", "04-07 23:59:59"), // month end, 清明节
        ("2026-04-02T17:00:00", "04-10 23:59:59", "04-09 23:59:59"), // before 清明节
        ("2026-04-05T12:00:00", "04-13 23:59:59", "04-10 23:59:59"), // in it
        ("2026-02-12T09:00:00", "02-26 23:59:59", "02-25 23:59:59"), // a Saturday worked, then 春节
        ("2026-09-28T09:00:00", "10-10 23:59:59", "10-09 23:59:59"), // 国庆节, then a Saturday worked
        ("2025-12-30T09:00:00", "01-07 23:59:59", "01-06 23:59:59"), // a year's end, a Sunday worked
    ];
    for (from, due, share) in working_days {
        let ticket = stalls(&hotline, from);
        assert_eq!((whole(&ticket).as_str(), part(&ticket, 1).as_str()), (due, share), "{from}");
    }
    let hours = [
        (LEAK, "2026-03-06T22:30:00", "03-07 22:30:00", "03-07 17:42:00"), // over midnight into a weekend
        (LEAK, "2026-02-28T23:59:59", "03-01 23:59:59", "03-01 19:11:59"), // over a month's end
        (GAS, "2026-10-01T23:30:00", "10-02 00:30:00", "10-02 00:18:00"),  // a holiday
    ];
    for (text, from, due, share) in hours {
        hotline.set(from);
        let ticket = hotline.file(complaint(text));
        assert_eq!((whole(&ticket).as_str(), part(&ticket, 1).as_str()), (due, share), "{from}");
    }
    // No calendar is published yet: counted by weekends alone, and marked.
    assert_eq!(stalls(&hotline, "2026-12-30T09:00:00")["deadlines"][0]["beyond_calendar"], true);
    assert_eq!(stalls(&hotline, "2026-12-01T09:00:00")["deadlines"][0].get("beyond_calendar"), None);
}

#[test]
fn several_layers_are_shown_and_the_earliest_counts() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    hotline.set("2026-03-02T09:00:00");
    let table = [
        (None, "03-09 23:59:59"),
        (Some("2026-03-04T12:00:00"), "03-04 12:00:00"),
        (Some("2026-03-20T12:00:00"), "03-09 23:59:59"),
    ];
    for (superior, due) in table {
        let filed = hotline.file(Submission { superior_due: superior.map(at), ..complaint(STALLS) });
        let layers: Vec<&str> =
            filed["deadlines"].as_array().unwrap().iter().map(|deadline| deadline["layer"].as_str().unwrap()).collect();
        assert_eq!(layers, [&["centre"][..], &["superior"][..usize::from(superior.is_some())]].concat());
        assert_eq!(clock(&filed["due"]), due, "{superior:?}");
    }
    // A channel has a term of its own: the shorter one holds.
    let letter =
        |text: &str| whole(&hotline.file(Submission { channel: Some("letter".to_owned()), ..complaint(text) }));
    assert_eq!(
        (letter(STALLS), letter("想反映一个别的问题，没有人管")),
        ("03-09 23:59:59".to_owned(), "03-16 23:59:59".to_owned())
    );
}

#[test]
fn the_clock_stands_while_the_caller_is_waited_for() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    // Came in, paused, resumed, due then.
    let table = [
        ("2026-03-02T09:00:00", "2026-03-04T15:00:00", "2026-03-09T10:00:00", "03-12 23:59:59"), // three days were left
        ("2026-03-02T09:00:00", "2026-03-06T15:00:00", "2026-03-07T10:00:00", "03-09 23:59:59"), // resumed on a Saturday
        ("2026-03-02T09:00:00", "2026-03-04T09:00:00", "2026-03-04T17:00:00", "03-09 23:59:59"), // within a day
        ("2026-03-02T09:00:00", "2026-03-04T23:59:59", "2026-03-05T00:00:00", "03-10 23:59:59"), // over midnight
        ("2026-03-02T09:00:00", "2026-03-09T09:00:00", "2026-03-11T09:00:00", "03-11 23:59:59"), // on its last day
        ("2026-03-02T09:00:00", "2026-03-10T09:00:00", "2026-03-12T09:00:00", "03-09 23:59:59"), // it had passed
        ("2026-04-01T09:00:00", "2026-04-03T09:00:00", "2026-04-05T09:00:00", "04-09 23:59:59"), // resumed on a holiday
        ("2026-04-01T09:00:00", "2026-04-03T09:00:00", "2026-04-30T09:00:00", "05-08 23:59:59"), // before 劳动节
        ("2026-04-23T09:00:00", "2026-04-27T09:00:00", "2026-05-06T09:00:00", "05-09 23:59:59"), // a Saturday worked
        ("2026-03-27T09:00:00", "2026-03-30T09:00:00", "2026-03-31T09:00:00", "04-07 23:59:59"), // over a month's end
    ];
    for (from, paused, resumed, due) in table {
        let ticket = id(&stalls(&hotline, from));
        hotline.set(paused);
        hotline.settle();
        hotline.done(&ticket, json!({"action": "pause", "reason": "等诉求人补充照片"}), &of("enforcement"));
        hotline.set(resumed);
        assert_eq!(hotline.tick(), 0, "nothing passes while the clock stands");
        let ticket = hotline.done(&ticket, json!({"action": "resume"}), &of("enforcement"));
        assert_eq!(whole(&ticket), due, "{from}, {paused} to {resumed}");
        hotline.settle();
        crate::agreement::of_ticket(&hotline, &id(&ticket));
        hotline.done(
            &id(&ticket),
            json!({"action": "finalise", "reason": "结束", "basis": "测试", "approved_by": "主任"}),
            &dispatcher(),
        );
    }
    hotline.set("2026-03-02T09:00:00");
    let leak = id(&hotline.file(complaint(LEAK)));
    hotline.set("2026-03-02T21:00:00");
    hotline.done(&leak, json!({"action": "pause", "reason": "等诉求人开门"}), &of("water"));
    hotline.set("2026-03-05T08:00:00");
    let leak = hotline.done(&leak, json!({"action": "resume"}), &of("water"));
    assert_eq!(
        (whole(&leak).as_str(), part(&leak, 1).as_str()),
        ("03-05 20:00:00", "03-05 15:12:00"),
        "what was left of it"
    );
}

#[test]
fn more_time_has_a_reason_an_approval_and_a_limit() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    let extend = |assignment: Option<u32>, term: &str| {
        let mut action = json!({"action": "extend", "term": term, "reason": "需要挖开路面", "approved_by": "值班主任"});
        if let Some(number) = assignment {
            action["assignment"] = json!(number);
        }
        action
    };
    let dora = dispatcher();
    assert_eq!(whole(&hotline.done(&ticket, extend(None, "3 working days"), &dora)), "03-12 23:59:59");
    assert_eq!(part(&hotline.done(&ticket, extend(Some(1), "4 hours"), &dora), 1), "03-07 03:59:59");
    hotline.set("2026-03-20T10:00:00");
    // A part has no more time than the ticket, however late it is.
    let refusal = hotline.act(&ticket, extend(Some(1), "1 day"), &dora).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid { field: "term", .. }), "{refusal:?}");
    hotline.done(&ticket, extend(None, "1 day"), &dora);
    assert_eq!(
        part(&hotline.done(&ticket, extend(Some(1), "1 day"), &dora), 1),
        "03-21 23:59:59",
        "from now, not from what passed"
    );
    for assignment in [None, Some(1)] {
        let refusal = hotline.act(&ticket, extend(assignment, "1 day"), &dora).unwrap_err();
        assert!(matches!(refusal, Refusal::NotNow { .. }), "{assignment:?}: {refusal:?}");
    }
    let unit = hotline.act(&ticket, extend(Some(1), "1 day"), &of("enforcement")).unwrap_err();
    assert!(matches!(unit, Refusal::Forbidden { .. }), "nobody extends its own time");
}

#[test]
fn who_hands_down_gives_no_more_time_than_it_has() {
    let table = [
        // When, the term given, what the one below has then; the one above has until 03-06 23:59:59.
        ("2026-03-02T10:00:00", None, "03-05 23:59:59"), // 0.8 of four days, whole ones
        ("2026-03-05T10:00:00", None, "03-06 23:59:59"), // a day at least
        ("2026-03-06T10:00:00", None, "03-06 21:11:59"), // on the last day, of what is left of it
        ("2026-03-09T10:00:00", None, "03-06 23:59:59"), // too late already
        ("2026-03-02T10:00:00", Some("1 working day"), "03-03 23:59:59"),
        ("2026-03-02T10:00:00", Some("10 working days"), "03-06 23:59:59"),
        ("2026-03-02T10:00:00", Some("2 hours"), "03-02 12:00:00"),
    ];
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    for (when, term, due) in table {
        let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
        hotline.set(when);
        let mut to = json!({"department": "east-enforcement"});
        if let Some(term) = term {
            to["term"] = json!(term);
        }
        let ticket =
            hotline.done(&ticket, json!({"action": "hand_down", "assignment": 1, "to": to}), &of("enforcement"));
        assert_eq!(part(&ticket, 2), due, "{when} {term:?}");
    }
}

#[test]
fn a_ticket_that_is_opened_again_has_its_time_anew() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    let dora = dispatcher();
    hotline.done(
        &ticket,
        json!({"action": "finalise", "reason": "结束", "basis": "条例", "approved_by": "主任"}),
        &dora,
    );
    hotline.set("2026-06-01T09:00:00");
    hotline.done(&ticket, json!({"action": "reopen", "reason": "又摆出来了"}), &dora);
    let again = json!({"action": "dispatch", "assignments": [{"department": "enforcement"}]});
    let ticket = hotline.done(&ticket, again, &dora);
    assert_eq!((whole(&ticket).as_str(), part(&ticket, 2).as_str()), ("06-08 23:59:59", "06-05 23:59:59"));
}

/// Working days as PyPI's `chinesecalendar` has them; none without the package, which is said, and fails where
/// everything is required.
fn published() -> Option<Vec<civil::Date>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tickets/workdays.py");
    let ran = Command::new("python3").arg(script).output();
    let Some(ran) = ran.ok().filter(|ran| ran.status.success()) else {
        let required = std::env::var_os("JIESU_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "chinesecalendar is missing: pip install chinesecalendar");
        eprintln!("skipped: chinesecalendar is not installed (pip install chinesecalendar)");
        return None;
    };
    Some(String::from_utf8(ran.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect())
}

#[test]
fn working_days_are_those_of_the_published_calendar() {
    let Some(days) = published() else { return };
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let serving = hotline.live.serving();
    let catalog = serving.bundle.engine.catalog();
    let mut day = civil::date(2025, 1, 1);
    while day.year() < 2027 {
        let worked = days.binary_search(&day);
        assert_eq!(catalog.is_working(day, CalendarKind::Workdays), worked.is_ok(), "{day}");
        let first = worked.map_or_else(|next| next, |at| at + 1);
        for amount in [1, 2, 3, 5, 7, 10, 15, 20, 30] {
            let Some(expected) = days.get(first + amount - 1) else { continue };
            let due = catalog.due(&term(&format!("{amount} working days")), CalendarKind::Workdays, day.at(9, 0, 0, 0));
            assert_eq!((due.at.date(), due.beyond_calendar), (*expected, false), "{amount} working days from {day}");
        }
        day = day.tomorrow().unwrap();
    }
    // And as tickets go by it: every ninth day, with a pause from the third working day to the thirteenth.
    let root: Actor = actor("root", &["admin"]);
    for (at, from) in days.iter().enumerate().step_by(9).take_while(|(at, _)| at + 20 < days.len()) {
        let ticket = stalls(&hotline, &format!("{from}T11:00:00"));
        let due = |ticket: &Json| whole(ticket)[..5].to_owned();
        assert_eq!(due(&ticket), days[at + 5].strftime("%m-%d").to_string(), "from {from}");
        hotline.set(&format!("{}T11:00:00", days[at + 3]));
        hotline.done(&id(&ticket), json!({"action": "pause", "reason": "等照片"}), &root);
        hotline.set(&format!("{}T11:00:00", days[at + 13]));
        let ticket = hotline.done(&id(&ticket), json!({"action": "resume"}), &root);
        assert_eq!(
            due(&ticket),
            days[at + 15].strftime("%m-%d").to_string(),
            "from {from}, paused for ten working days"
        );
    }
}
