//! Which action is possible in which state, for whom: one table that a person can read, made by trying every one.
//! `JIESU_UPDATE=1 cargo test --test tickets life_cycle` writes it anew.

use std::fmt::Write;

use jiesu::access::Actor;
use jiesu::tickets::{Action, Refusal, State};
use serde_json::{Value as Json, json};

use crate::hotline::{BURST, Hotline, LEAK, Place, STALLS, actor, complaint, dispatcher, of, without_repeats};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tickets/life_cycle.txt");

/// What else is so of a ticket in a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Plain,
    /// An application to give a part back waits, it is out of assessment and in hand.
    Busy,
    /// It is an emergency that went out at once; only in review.
    Provisional,
}

const KINDS: [Kind; 3] = [Kind::Plain, Kind::Busy, Kind::Provisional];

/// A ticket in a state.
fn ticket(hotline: &Hotline, state: State, kind: Kind) -> String {
    let busy = kind == Kind::Busy;
    let (dora, water, enforcement) = (dispatcher(), of("water"), of("enforcement"));
    // Each a matter of its own, or the machine would take them for repeats.
    let number = hotline.rows("SELECT COUNT(*) FROM tickets", Vec::new())[0][0].to_string();
    let queued = matches!(state, State::InReview | State::Refused);
    let text = match (queued, kind) {
        (true, Kind::Provisional) => BURST,
        (true, _) => STALLS,
        _ => LEAK,
    };
    let id = hotline.file(complaint(&format!("{number}：{text}")))["id"].as_str().unwrap().to_owned();
    let act = |action: Json, by: &Actor| drop(hotline.done(&id, action, by));
    let give_back = |number: u32, by: &Actor| {
        act(json!({"action": "apply_return", "assignment": number, "reason": "not_ours", "basis": "三定方案"}), by);
    };
    if busy && queued && state == State::InReview {
        let both = json!([{"department": "water"}, {"department": "enforcement", "role": "joint"}]);
        act(json!({"action": "dispatch", "assignments": both}), &dora);
        give_back(1, &water);
        give_back(2, &enforcement);
        act(json!({"action": "uphold_return", "assignment": 1, "to": [], "reason": "属实"}), &dora);
    } else if busy && !queued {
        give_back(2, &enforcement);
    }
    let way = [
        (State::Accepted, json!({"action": "accept", "assignment": 1}), &water),
        (State::Contacted, json!({"action": "contact", "assignment": 1}), &water),
        (State::Resolved, json!({"action": "resolve", "assignment": 1, "answer": "已修好"}), &water),
        (State::AnswerReviewed, json!({"action": "approve_answer"}), &dora),
        (State::ReplySent, json!({"action": "send_reply", "text": "已修好"}), &dora),
        (State::CalledBack, json!({"action": "call_back", "by": "centre", "reached": true, "solved": "yes"}), &dora),
        (State::Closed, json!({"action": "close"}), &dora),
    ];
    let last = way.iter().position(|(reached, ..)| *reached == state).map_or(0, |at| at + 1);
    way.into_iter().take(last).for_each(|(_, action, by)| act(action, by));
    let parked = json!({"action": "park", "reason": "待规划", "review_on": "2026-12-01"});
    let ended = json!({"action": "finalise", "reason": "已穷尽", "basis": "条例", "approved_by": "主任"});
    match state {
        State::Parked => act(parked, &dora),
        State::Finalised => act(ended, &dora),
        State::Merged => {
            let into = hotline.file(complaint(STALLS))["id"].clone();
            act(json!({"action": "merge", "into": into}), &dora);
        }
        State::Refused => act(json!({"action": "refuse", "ground": "out_of_scope", "notice": "请向法院提出"}), &dora),
        _ => {}
    }
    if busy {
        act(json!({"action": "exclude", "reason": "重复", "approved_by": "主任"}), &dora);
        if !state.is_over() {
            act(json!({"action": "claim"}), &dora);
        }
        if state.is_handling() {
            act(json!({"action": "pause", "reason": "等照片"}), &dora);
        }
    }
    let reached = hotline.get(&id);
    assert_eq!(reached["state"], state.name(), "{reached}");
    id
}

/// An action as it would be done, once for each part that it could be about.
fn actions(name: &str, other: &str) -> Vec<Json> {
    let to = json!({"department": "police"});
    let for_parts = |action: Json| {
        (1..=2).map(move |number| {
            let mut action = action.clone();
            action["assignment"] = json!(number);
            action
        })
    };
    let mut actions: Vec<Json> = match name {
        "dispatch" => vec![json!({"assignments": [to]})],
        "accept" | "contact" => for_parts(json!({})).collect(),
        "resolve" => for_parts(json!({"answer": "已修好"})).collect(),
        "send_back" | "refuse_return" => for_parts(json!({"reason": "原因"})).collect(),
        "uphold_return" => for_parts(json!({"to": [to], "reason": "属实"})).collect(),
        "redirect" => for_parts(json!({"to": to, "reason": "改派"})).collect(),
        "hand_down" => {
            let below = ["east-water", "east-enforcement"].map(|id| json!({"to": {"department": id}}));
            below.into_iter().flat_map(for_parts).collect()
        }
        "apply_return" => for_parts(json!({"reason": "not_ours", "basis": "三定方案"})).collect(),
        "send_reply" | "answer_on_the_spot" | "note" => vec![json!({"text": "已答复"})],
        "call_back" => ["unit", "centre"].map(|by| json!({"by": by, "reached": false})).into(),
        "pause" | "include" | "reopen" => vec![json!({"reason": "原因"})],
        "extend" => vec![json!({"term": "4 hours", "reason": "施工", "approved_by": "主任"})],
        "park" => vec![json!({"reason": "待规划", "review_on": "2026-12-01"})],
        "exclude" => vec![json!({"reason": "重复", "approved_by": "主任"})],
        "finalise" => vec![json!({"reason": "已穷尽", "basis": "条例", "approved_by": "主任"})],
        "merge" => vec![json!({"into": other})],
        "refuse" => vec![json!({"ground": "out_of_scope", "notice": "请向法院提出"})],
        "set_urgency" => vec![json!({"urgency": "urgent", "reason": "原因"})],
        "link" => vec![json!({"ticket": other, "relation": "same_matter"})],
        _ => vec![json!({})],
    };
    actions.iter_mut().for_each(|action| action["action"] = json!(name));
    actions
}

/// `+` it can be done, `.` not in this state, `x` not by this role, `-` the ticket is not seen.
fn sign(hotline: &Hotline, tickets: &mut [String; 3], state: State, name: &str, other: &str, by: &Actor) -> char {
    let mut sign = None;
    for (kind, ticket) in KINDS.into_iter().zip(tickets) {
        for action in actions(name, other) {
            sign = match hotline.act(ticket, action, by) {
                Ok(_) => {
                    *ticket = self::ticket(hotline, state, kind);
                    return '+';
                }
                Err(Refusal::NoTicket) => sign.or(Some('-')),
                Err(Refusal::Forbidden { .. }) => sign.filter(|sign| *sign == '.').or(Some('x')),
                Err(Refusal::Store(error)) => panic!("{error}"),
                Err(_) => Some('.'),
            };
        }
    }
    sign.unwrap()
}

fn table() -> String {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    // A ticket is received only within the transaction that decides it.
    let states = &State::ALL[1..];
    let other = hotline.file(complaint(STALLS))["id"].as_str().unwrap().to_owned();
    let roles = [
        ("dispatcher", dispatcher()),
        ("agent", actor("ann", &["agent"])),
        ("the department in charge", of("water")),
        ("a department that takes part", of("enforcement")),
        ("who filed it", actor("web", &["submit"])),
    ];
    let mut tickets: Vec<[String; 3]> =
        states.iter().map(|state| KINDS.map(|kind| ticket(&hotline, *state, kind))).collect();
    let mut table =
        String::from("+ it can be done   . not in this state   x not by this role   - the ticket is not seen\n");
    for (role, by) in roles {
        let _ = writeln!(table, "\n{role}");
        for (at, state) in states.iter().enumerate() {
            let _ = writeln!(table, "{:18}  {}┌ {}", "", "│ ".repeat(at), state.name());
        }
        for name in Action::NAMES {
            let signs: Vec<String> = states
                .iter()
                .zip(&mut tickets)
                .map(|(state, tickets)| sign(&hotline, tickets, *state, name, &other, &by).to_string())
                .collect();
            let _ = writeln!(table, "{name:18}  {}", signs.join(" "));
        }
    }
    table
}

#[test]
fn every_action_in_every_state_for_every_role_is_as_the_table_says() {
    let found = table();
    if std::env::var_os("JIESU_UPDATE").is_some() {
        std::fs::write(TABLE, &found).unwrap();
    }
    let expected = std::fs::read_to_string(TABLE).unwrap_or_default();
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected);
}
