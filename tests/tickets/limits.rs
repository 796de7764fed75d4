//! How much time a department gets: within the ticket's own, a share of what is left, and less when it becomes urgent.

use jiesu::tickets::{LongerTerms, Refusal, Settings, Submission};
use serde_json::{Value as Json, json};

use crate::deadlines::{clock, id, part, stalls, whole};
use crate::hotline::{GAS, Hotline, Place, STALLS, actor, at, complaint, dispatcher, of, without_repeats};

/// Terms that people write end within the ticket's own time, whoever set that.
#[test]
fn nobody_gives_more_time_than_the_ticket_has() {
    let monday = "2026-03-02T09:00:00";
    // The complaint, a superior's limit, the term; when the part is due, or none where it is refused; capped, then.
    type Case = (&'static str, Option<&'static str>, &'static str, Option<&'static str>, &'static str);
    let table: [Case; 7] = [
        (STALLS, None, "5 working days", Some("03-09 23:59:59"), "03-09 23:59:59"),
        (STALLS, None, "6 working days", None, "03-09 23:59:59"),
        (STALLS, None, "90 days", None, "03-09 23:59:59"),
        (STALLS, Some("2026-03-04T12:00:00"), "2 days", Some("03-04 12:00:00"), "03-04 12:00:00"),
        (STALLS, Some("2026-03-04T12:00:00"), "1 day", Some("03-03 23:59:59"), "03-03 23:59:59"),
        (GAS, None, "90 days", None, "03-02 10:00:00"),
        (GAS, None, "60 minutes", Some("03-02 10:00:00"), "03-02 10:00:00"),
    ];
    let cap = Settings { longer_terms: LongerTerms::Cap, ..without_repeats() };
    let (refuses, caps) = (Hotline::with(Place::sqlite(), without_repeats()), Hotline::with(Place::sqlite(), cap));
    for (text, superior, term, due, capped) in table {
        let due = due.filter(|_| superior.is_none() || term == "1 day");
        for (hotline, expect) in [(&refuses, due), (&caps, Some(capped))] {
            hotline.set(monday);
            let ticket = id(&hotline.file(Submission { superior_due: superior.map(at), ..complaint(text) }));
            let to = json!([{"department": "city", "term": term}]);
            let got = hotline.act(&ticket, json!({"action": "dispatch", "assignments": to}), &dispatcher());
            match (got, expect) {
                (Ok(ticket), Some(due)) => {
                    let last = ticket["assignments"].as_array().unwrap().len();
                    assert_eq!(part(&ticket, last), due, "{text} {superior:?} {term}");
                }
                (Err(Refusal::Invalid { field: "term", message }), None) => {
                    assert!(message.zh.contains("晚于工单的时限（2026-03-"), "{}", message.zh);
                }
                (got, _) => panic!("{text} {superior:?} {term}: {got:?}"),
            }
        }
    }
    // More time for a whole ticket is at most its own term once more.
    for (text, term, due) in [
        (STALLS, "5 working days", Some("03-16 23:59:59")),
        (STALLS, "6 working days", None),
        (GAS, "1 hour", Some("03-02 11:00:00")),
        (GAS, "61 minutes", None),
    ] {
        refuses.set(monday);
        let ticket = id(&refuses.file(complaint(text)));
        let extend = json!({"action": "extend", "term": term, "reason": "配件缺货", "approved_by": "值班主任"});
        let got = refuses.act(&ticket, extend, &dispatcher());
        assert_eq!(got.as_ref().ok().map(whole).as_deref(), due, "{text} {term}: {got:?}");
    }
}

/// What waited in the queue leaves the department a share of what is left, never a deadline that has passed.
#[test]
fn a_late_dispatch_leaves_a_share_of_what_is_left() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    // Five working days from Monday the 2nd end with the 9th.
    let table = [
        ("2026-03-02T09:00:00", "03-06 23:59:59", false),
        ("2026-03-04T09:00:00", "03-06 23:59:59", false), // three days are left, two of them the department's
        ("2026-03-06T09:00:00", "03-09 23:59:59", false), // a day at least
        ("2026-03-09T10:00:00", "03-09 21:11:59", false), // of the last day a share by the clock
        ("2026-03-09T23:00:00", "03-09 23:47:59", false),
        ("2026-03-09T23:25:00", "03-09 23:55:00", false), // less than half an hour is nobody's
        ("2026-03-09T23:45:00", "03-10 00:15:00", true),
        ("2026-03-12T10:00:00", "03-12 10:30:00", true),
    ];
    for (when, due, late) in table {
        hotline.set("2026-03-02T09:00:00");
        let ticket = id(&hotline.file(complaint(STALLS)));
        hotline.set(when);
        let dispatch = json!({"action": "dispatch", "assignments": [{"department": "enforcement"}]});
        let ticket = hotline.done(&ticket, dispatch, &dispatcher());
        let deadline = &ticket["assignments"][0]["deadline"];
        assert_eq!((part(&ticket, 1).as_str(), deadline["late"] == true), (due, late), "{when}");
        assert_eq!(whole(&ticket), "03-09 23:59:59", "the promise to the caller stays");
    }
    // Who takes over from another has a share of what is left, too.
    let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    hotline.set("2026-03-05T09:00:00");
    let redirect = json!({"action": "redirect", "assignment": 1, "to": {"department": "police"}, "reason": "改派"});
    assert_eq!(part(&hotline.done(&ticket, redirect, &dispatcher()), 2), "03-06 23:59:59");
    // Whoever looks whose it is has no longer than who would have it.
    hotline.set("2026-03-02T09:00:00");
    let gas = id(&hotline.file(complaint(GAS)));
    let verify = json!({"action": "dispatch", "assignments": [{"department": "city", "role": "verify"}]});
    assert_eq!(part(&hotline.done(&gas, verify, &dispatcher()), 2), "03-02 09:48:00");
}

/// What the last change of urgency did to deadlines: part, before, after.
fn moves(hotline: &Hotline, ticket: &str) -> Vec<(Option<u64>, String, String)> {
    let mut events = hotline.events(ticket).into_iter().map(|event| json!(event));
    let last = events.rfind(|event| event["change"] == "urgency_set").unwrap();
    let moved = last.get("deadlines").and_then(Json::as_array).cloned().unwrap_or_default();
    let told = |moved: &Json| (moved["assignment"].as_u64(), clock(&moved["was"]), clock(&moved["deadline"]["due"]));
    moved.iter().map(told).collect()
}

#[test]
fn more_urgency_shortens_what_is_not_answered_yet() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let set = |urgency: &str| json!({"action": "set_urgency", "urgency": urgency, "reason": "有人摔伤"});
    let owned = |moves: &[(Option<u64>, &str, &str)]| -> Vec<(Option<u64>, String, String)> {
        moves.iter().map(|(part, was, now)| (*part, (*was).to_owned(), (*now).to_owned())).collect()
    };
    // When it is raised, to what: the whole from the call, the department a share of what that leaves, from now.
    type Moves = &'static [(Option<u64>, &'static str, &'static str)];
    let table: [(&str, &str, Moves); 5] = [
        (
            "2026-03-02T14:00:00",
            "urgent",
            &[(None, "03-09 23:59:59", "03-03 09:00:00"), (Some(1), "03-06 23:59:59", "03-03 05:12:00")],
        ),
        (
            "2026-03-02T09:30:00",
            "critical",
            &[(None, "03-09 23:59:59", "03-02 10:00:00"), (Some(1), "03-06 23:59:59", "03-02 10:00:00")],
        ),
        (
            "2026-03-05T09:00:00",
            "urgent",
            &[(None, "03-09 23:59:59", "03-03 09:00:00"), (Some(1), "03-06 23:59:59", "03-05 09:30:00")],
        ),
        ("2026-03-02T14:00:00", "normal", &[]),
        ("2026-03-10T14:00:00", "normal", &[]),
    ];
    for (when, urgency, expect) in table {
        let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
        hotline.set(when);
        let ticket = hotline.done(&ticket, set(urgency), &dispatcher());
        assert_eq!(moves(&hotline, &id(&ticket)), owned(expect), "{when} {urgency}");
        if let [(_, _, due), (_, _, share)] = expect {
            assert_eq!((whole(&ticket).as_str(), part(&ticket, 1).as_str()), (*due, *share));
        }
        hotline.settle();
        crate::agreement::of_ticket(&hotline, &id(&ticket));
    }
    // What the clock stood is not counted; what was answered stays; a deadline that is earlier already stays.
    let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    hotline.set("2026-03-02T10:00:00");
    hotline.done(&ticket, json!({"action": "pause", "reason": "等照片"}), &of("enforcement"));
    hotline.set("2026-03-04T10:00:00");
    hotline.done(&ticket, json!({"action": "resume"}), &of("enforcement"));
    assert_eq!(whole(&hotline.done(&ticket, set("urgent"), &dispatcher())), "03-05 09:00:00");
    let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    hotline.done(&ticket, json!({"action": "accept", "assignment": 1}), &of("enforcement"));
    hotline.done(&ticket, json!({"action": "resolve", "assignment": 1, "answer": "已劝离"}), &of("enforcement"));
    assert_eq!(whole(&hotline.done(&ticket, set("critical"), &dispatcher())), "03-09 23:59:59");
    hotline.set("2026-03-02T09:00:00");
    let gas = id(&hotline.file(complaint(GAS)));
    hotline.done(&gas, set("normal"), &dispatcher());
    assert_eq!(whole(&hotline.done(&gas, set("urgent"), &dispatcher())), "03-02 10:00:00");
}

#[test]
fn less_urgency_gives_more_time_only_where_a_dispatcher_says_so() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let less = |recompute: bool| json!({"action": "set_urgency", "urgency": "normal", "reason": "误报", "recompute_deadlines": recompute});
    let ticket = id(&stalls(&hotline, "2026-03-02T09:00:00"));
    let dora = dispatcher();
    let raise = json!({"action": "set_urgency", "urgency": "urgent", "reason": "有人摔伤"});
    hotline.done(&ticket, raise, &dora);
    let lowered = hotline.done(&ticket, less(false), &dora);
    assert_eq!((whole(&lowered).as_str(), part(&lowered, 1).as_str()), ("03-03 09:00:00", "03-03 04:12:00"));
    assert_eq!(lowered["urgency"], "normal");
    let refusal = hotline.act(&ticket, less(true), &actor("ann", &["agent"])).unwrap_err();
    assert!(matches!(refusal, Refusal::Forbidden { .. }), "more time is a dispatcher's to give");
    let relaxed = hotline.done(&ticket, less(true), &dora);
    assert_eq!((whole(&relaxed).as_str(), part(&relaxed, 1).as_str()), ("03-09 23:59:59", "03-06 23:59:59"));
    assert_eq!(moves(&hotline, &ticket).len(), 2, "the event shows both");
}
