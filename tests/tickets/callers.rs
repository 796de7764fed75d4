//! Who is calling: what a number finds, for whom, and that it is written down; calls that end with an answer.

use std::sync::Arc;

use jiesu::access::{Actor, audit};
use jiesu::store::{Options, Store, StoreError, Transaction};
use jiesu::tickets::{CallersTickets, Contact, MIGRATIONS, Queue, Refusal, Submission};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::deadlines::id;
use crate::hotline::{
    BURST, GAS, Hotline, LEAK, Place, STALLS, actor, complaint, dispatcher, of, settings, without_repeats,
};

const NUMBER: &str = "13900001111";

fn told(text: &str, phone: &str) -> Submission {
    let contact = Some(Contact { phone: Some(phone.to_owned()), ..Contact::default() });
    Submission { contact, ..complaint(text) }
}

fn agent() -> Actor {
    actor("ada", &["agent"])
}

fn caller(hotline: &Hotline, phone: &str) -> CallersTickets {
    hotline.wait(hotline.tickets.caller(phone, &agent())).unwrap_or_else(|refusal| panic!("{}", refusal.message().en))
}

fn ids(found: &CallersTickets) -> Vec<&str> {
    found.tickets.iter().map(|ticket| ticket.line.id.as_str()).collect()
}

#[test]
fn a_number_finds_its_tickets_however_it_is_written() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let over = id(&hotline.file(told("路口有人摆摊", NUMBER)));
        hotline.done(&over, json!({"action": "answer_on_the_spot", "text": "已告知。"}), &dispatcher());
        let first = id(&hotline.file(told(LEAK, NUMBER)));
        let second = id(&hotline.file(Submission { confidential: true, ..told(STALLS, "+86 139-0000-1111") }));
        hotline.file(told(STALLS, "13900002222"));
        hotline.file(complaint(STALLS));
        for written in [NUMBER, "139 0000 1111", "+86 139-0000-1111", "008613900001111", "１３９００００１１１１"]
        {
            let found = caller(&hotline, written);
            assert_eq!(ids(&found), [second.as_str(), &first, &over], "{written}: open ones first, the newest first");
            assert_eq!((found.open, found.total), (2, 3));
        }
        let (nobody, none) = (caller(&hotline, "13900003333"), Vec::<&str>::new());
        assert_eq!((ids(&nobody), nobody.total), (none, 0));
        // Erased, it is found by nobody any more.
        hotline.wait(hotline.tickets.erase(&over, &actor("root", &["admin"]))).unwrap();
        assert_eq!(ids(&caller(&hotline, NUMBER)), [second.as_str(), &first]);
        crate::agreement::of_all(&hotline);
    }
}

#[test]
fn what_is_shown_is_how_far_it_is() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let ticket = id(&hotline.file(told(LEAK, NUMBER)));
        hotline.later(60_000_000);
        hotline.done(&ticket, json!({"action": "accept", "assignment": 1}), &of("water"));
        let accepted = hotline.now();
        hotline.later(60_000_000);
        // What brings it no further is not the last step.
        for action in [json!({"action": "chase", "note": "还没人来"}), json!({"action": "note", "text": "来电人很急"})]
        {
            hotline.done(&ticket, action, &agent());
        }
        hotline.done(
            &ticket,
            json!({"action": "dispatch", "assignments": [{"department": "police", "role": "joint"}]}),
            &dispatcher(),
        );
        let whole = hotline.fold(&ticket);
        let found = caller(&hotline, NUMBER).tickets.remove(0);
        let parts: Vec<_> =
            found.assignments.iter().map(|part| (&*part.department, &*part.role, &*part.state)).collect();
        let expect: Vec<_> = whole.assignments.iter().map(|a| (&*a.department, a.role, a.state)).collect();
        assert_eq!(parts.len(), expect.len());
        assert!(parts.contains(&("water", "lead", "accepted")) && parts.contains(&("police", "joint", "sent")));
        assert_eq!(found.assignments[0].due, whole.assignments[0].deadline.due);
        assert_eq!((found.line.chases, found.line.due, &*found.line.state), (1, whole.due(), "accepted"));
        let last = found.last.unwrap();
        assert_eq!((&*last.change, &*last.actor, last.at), ("dispatched", "dora", hotline.now()));
        assert!(last.at > accepted);
    }
}

#[test]
fn only_the_centre_may_ask_and_that_it_did_is_written_down() {
    let hotline = Hotline::with(Place::sqlite(), settings());
    hotline.file(told(LEAK, NUMBER));
    for by in [of("water"), actor("web", &["submit"]), actor("ed", &["editor"]), actor("nobody", &["metrics"])] {
        let refused = hotline.wait(hotline.tickets.caller(NUMBER, &by));
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{by:?}");
    }
    for (number, fine) in [("1234", false), ("", false), ("电话", false), ("12345", true), (NUMBER, true)] {
        let asked = hotline.wait(hotline.tickets.caller(number, &agent()));
        assert_eq!(asked.is_ok(), fine, "{number}");
    }
    hotline.wait(hotline.tickets.readings().flush(hotline.tickets.store())).unwrap();
    let log = hotline.wait(hotline.tickets.audit(audit::Filter::default(), 50, &actor("root", &["admin"]))).unwrap();
    let asked = log.items.iter().filter(|entry| entry.actor == "ada" && entry.action == "phone_searched");
    assert_eq!(asked.count(), 2, "those that were answered");
    let written = serde_json::to_string(&log).unwrap();
    assert!(!written.contains(NUMBER));
}

#[test]
fn a_chase_raises_the_place_in_the_queue() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let file = |number: usize| id(&hotline.file(told(&format!("{STALLS}，第{number}处"), NUMBER)));
    let (first, second, third) = (file(1), file(2), file(3));
    hotline.done(&third, json!({"action": "chase", "note": "又来问了"}), &agent());
    hotline.done(&third, json!({"action": "chase"}), &agent());
    hotline.done(&second, json!({"action": "chase"}), &agent());
    let page = hotline.wait(hotline.tickets.queue(Queue::Review, 10, &dispatcher())).unwrap();
    assert_eq!(page.items.into_iter().map(|item| item.id).collect::<Vec<_>>(), [third.clone(), second, first]);
    let found = caller(&hotline, NUMBER);
    assert_eq!(found.tickets.iter().find(|ticket| ticket.line.id == third).unwrap().line.chases, 2);
}

#[test]
fn what_was_answered_when_it_came_in_is_closed_and_sent_to_nobody() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let answered = |text: &str, answer: &str| Submission { answered: Some(answer.to_owned()), ..complaint(text) };
        for text in [LEAK, STALLS, "你们几点下班"] {
            let filed = hotline.file_as(answered(text, "已告知今天停水的公告。"), &agent(), Some(text)).unwrap();
            let expect = (&json!("closed"), &json!([]), &json!("已告知今天停水的公告。"));
            assert_eq!((&filed["state"], &filed["assignments"], &filed["reply"]), expect, "{text}");
            // Sent again after a fault, it is the same ticket.
            let again = hotline.file_as(answered(text, "已告知今天停水的公告。"), &agent(), Some(text)).unwrap();
            assert_eq!(again["id"], filed["id"]);
            let events = hotline.events(&id(&filed));
            let by_hand: Vec<_> = events.iter().filter(|event| event.actor == "ada").map(|e| e.change.name()).collect();
            assert_eq!(by_hand, ["received", "reply_sent", "closed"], "{text}");
        }
        for (text, answer, by) in [
            (GAS, "请离开现场", agent()),
            (BURST, "请离开现场", agent()),
            (STALLS, " ", agent()),
            (STALLS, &"长".repeat(5_001), agent()),
            (STALLS, "已告知", actor("web", &["submit"])),
        ] {
            assert!(hotline.file_as(answered(text, answer), &by, None).is_err(), "{text} {}", by.name);
        }
        crate::agreement::of_all(&hotline);
    }
}

/// A store of every earlier version is brought to this one, with the tickets that were in it.
#[test]
fn callers_of_every_earlier_version_are_found() {
    let key: Arc<str> = Sha256::digest(NUMBER).iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    for steps in 1..MIGRATIONS.len() {
        for place in Place::all() {
            let store = Store::open(&place.location, &MIGRATIONS[..steps], Options::default()).unwrap();
            let key = Arc::clone(&key);
            let fill = move |tx: &mut Transaction<'_>| {
                let sql = "INSERT INTO tickets (id, version, opened_at, updated_at, state, urgency, chases, submitter, caller,
                        summary, automatic, confidential, excluded, paused)
                     VALUES (?1, 1, 1767225600000, 1767225600000, ?2, 0, 3, 'web', ?3, '路灯不亮', 0, 0, 0, 0)";
                for (id, state) in [("20260101-000001", "closed"), ("20260101-000002", "dispatched")] {
                    tx.execute(sql, &[id.into(), state.into(), (&*key).into()])?;
                }
                Ok::<_, StoreError>(())
            };
            store.write_blocking(fill).unwrap();
            drop(store);
            let hotline = Hotline::new(place);
            let found = caller(&hotline, NUMBER);
            assert_eq!(ids(&found), ["20260101-000002", "20260101-000001"], "after {steps} steps");
            assert_eq!((found.open, found.total, found.tickets[0].line.chases), (1, 2, 3));
        }
    }
}
