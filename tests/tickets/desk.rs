//! The desk when several ask at one moment, when the same comes again, and what it shows to whom.

use std::collections::BTreeSet;

use jiesu::tickets::{Contact, Filter, Queue, Refusal, Submission};
use serde_json::{Value as Json, json};

use crate::hotline::{EASTERN_LEAK, GAS, Hotline, LEAK, Place, STALLS, actor, complaint, dispatcher, of};

fn id(ticket: &Json) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

fn invalid(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Invalid { field, .. } => Some(field),
        _ => None,
    }
}

#[test]
fn the_same_key_gives_the_same_ticket() {
    for place in Place::all() {
        let hotline = Hotline::new(place);
        let web = actor("web", &["submit"]);
        let first = hotline.file_as(complaint(LEAK), &web, Some("k-1")).unwrap();
        hotline.later(5_000_000);
        let again = hotline.file_as(complaint(LEAK), &web, Some("k-1")).unwrap();
        assert_eq!(first, again);
        let other = hotline.file_as(complaint(STALLS), &web, Some("k-1")).unwrap_err();
        assert!(matches!(other, Refusal::KeyReused), "{other:?}");
        // A key is its actor's own.
        let theirs = hotline.file_as(complaint(LEAK), &actor("app", &["submit"]), Some("k-1")).unwrap();
        assert_ne!(first["id"], theirs["id"]);
        assert_eq!(hotline.rows("SELECT COUNT(*) FROM tickets", Vec::new()), [[json!(2)]]);
    }
}

#[test]
fn the_same_request_many_times_at_one_moment_is_one_ticket() {
    for place in Place::all() {
        let hotline = Hotline::new(place);
        for round in 0..10 {
            let tickets = &hotline.tickets;
            let ids: BTreeSet<String> = hotline.wait(async {
                let tasks: Vec<_> = (0..12)
                    .map(|_| {
                        let tickets = tickets.clone();
                        let prepared = tickets.prepare(complaint(LEAK)).unwrap();
                        let key = Some(format!("key-{round}"));
                        tokio::spawn(async move { tickets.submit(prepared, &actor("web", &["submit"]), key).await })
                    })
                    .collect();
                let mut ids = BTreeSet::new();
                let mut first = 0;
                for task in tasks {
                    let filed = task.await.unwrap().unwrap_or_else(|refusal| panic!("{}", refusal.message().en));
                    first += usize::from(!filed.again);
                    ids.insert(id(&filed.ticket));
                }
                assert_eq!(first, 1, "one of them files it");
                ids
            });
            assert_eq!(ids.len(), 1, "{ids:?}");
        }
        assert_eq!(hotline.rows("SELECT COUNT(*) FROM tickets", Vec::new()), [[json!(10)]]);
        crate::agreement::of_all(&hotline);
    }
}

#[test]
fn dispatchers_who_ask_at_one_moment_get_different_tickets() {
    for place in Place::all() {
        let hotline = Hotline::new(place);
        for number in 0..20 {
            hotline.file(complaint(&format!("{STALLS}，第{number}号")));
        }
        let tickets = &hotline.tickets;
        let claimed: Vec<Option<String>> = hotline.wait(async {
            let tasks: Vec<_> = (0..24)
                .map(|number| {
                    let tickets = tickets.clone();
                    let by = actor(&format!("dispatcher-{number}"), &["dispatcher"]);
                    tokio::spawn(async move { tickets.claim_next(Queue::Review, &by).await })
                })
                .collect();
            let mut claimed = Vec::new();
            for task in tasks {
                let ticket = task.await.unwrap().unwrap_or_else(|refusal| panic!("{}", refusal.message().en));
                claimed.push(ticket.map(|ticket| id(&ticket)));
            }
            claimed
        });
        let different: BTreeSet<&String> = claimed.iter().flatten().collect();
        assert_eq!(different.len(), 20, "every ticket is given out");
        assert_eq!(claimed.iter().flatten().count(), 20, "and none twice");
    }
}

#[test]
fn every_queue_gives_its_tickets_out() {
    let hotline = Hotline::new(Place::sqlite());
    let (dora, water, enforcement) = (dispatcher(), of("water"), of("enforcement"));
    let resolve = |id: &str| {
        hotline.done(id, json!({"action": "accept", "assignment": 1}), &water);
        hotline.done(id, json!({"action": "resolve", "assignment": 1, "answer": "已修好"}), &water);
    };
    let leak = || id(&hotline.file(complaint(LEAK)));
    let (returned, panel, answered, replied, parked) = (leak(), leak(), leak(), leak(), leak());
    let give_back = json!({"action": "apply_return", "assignment": 1, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(&returned, give_back.clone(), &water);
    let other = json!({"action": "apply_return", "assignment": 2, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(&panel, give_back, &water);
    hotline.done(&panel, json!({"action": "refuse_return", "assignment": 1, "reason": "职责明确"}), &dora);
    hotline.done(&panel, other, &enforcement);
    resolve(&answered);
    resolve(&replied);
    hotline.done(&replied, json!({"action": "approve_answer"}), &dora);
    hotline.done(&replied, json!({"action": "send_reply", "text": "已修好"}), &dora);
    hotline.done(&parked, json!({"action": "park", "reason": "待规划", "review_on": "2026-12-01"}), &dora);
    let review = id(&hotline.file(complaint(STALLS)));
    let expected = [
        ("review", &review),
        ("returns", &returned),
        ("panel", &panel),
        ("answers", &answered),
        ("call_backs", &replied),
        ("parked", &parked),
    ];
    assert_eq!(expected.map(|(name, _)| name).to_vec(), Queue::NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, ticket) in expected {
        let queue = Queue::named(name).unwrap();
        let page = hotline.wait(hotline.tickets.queue(queue, 10, &dora)).unwrap();
        let ids: Vec<&String> = page.items.iter().map(|item| &item.id).collect();
        assert_eq!(ids, [ticket], "{name}");
        let claimed = hotline.wait(hotline.tickets.claim_next(queue, &dora)).unwrap();
        assert_eq!(claimed.map(|claimed| id(&claimed)).as_ref(), Some(ticket), "{name}");
        let next = hotline.wait(hotline.tickets.claim_next(queue, &actor("dan", &["dispatcher"]))).unwrap();
        assert!(next.is_none(), "{name}: nobody else gets it");
    }
    let refused = hotline.wait(hotline.tickets.queue(Queue::Review, 10, &of("water")));
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })));
}

#[test]
fn a_queue_begins_with_what_presses_most() {
    let hotline = Hotline::new(Place::sqlite());
    let file =
        |number: usize| id(&hotline.file(complaint(&format!("{}里的摊贩摆摊", ["甲街", "乙巷", "丙路"][number]))));
    let (first, chased, urgent) = (file(0), file(1), file(2));
    hotline.done(&chased, json!({"action": "chase"}), &dispatcher());
    hotline.done(
        &urgent,
        json!({"action": "set_urgency", "urgency": "urgent", "reason": "堵了消防通道"}),
        &dispatcher(),
    );
    let page = hotline.wait(hotline.tickets.queue(Queue::Review, 10, &dispatcher())).unwrap();
    assert_eq!(page.items.into_iter().map(|item| item.id).collect::<Vec<_>>(), [urgent, chased, first]);
}

/// The same matter is known by the caller, by the place, or by the words.
#[test]
fn the_third_call_about_one_matter_is_more_urgent() {
    let phone = |number: &str| Some(Contact { phone: Some(number.to_owned()), ..Contact::default() });
    let told = |text: &str, contact: Option<Contact>| Submission { contact, ..complaint(text) };
    let long = "每天早上六点开始就有十几个人在小学门口的人行道上摆摊卖早点，学生只能走到机动车道上，希望尽快来人管一管";
    let cases: [(&str, Vec<Submission>); 3] = [
        (
            "one caller",
            vec![
                told("路口有人摆摊", phone("13900001111")),
                told("还是那些摆摊的，没人管", phone("+86 139-0000-1111")),
                told("请管管占道摆摊", phone("13900001111")),
            ],
        ),
        (
            "one place",
            vec![
                told("东区解放路12号门口有人摆摊", None),
                told("又来反映东区解放路12号，摆摊的更多了", None),
                told("东区解放路12号前天天摆摊，油烟很大", None),
            ],
        ),
        ("the same words", vec![told(long, None), told(&format!("{long}！"), None), told(long, None)]),
    ];
    for (name, calls) in cases {
        let hotline = Hotline::new(Place::sqlite());
        let filed: Vec<Json> = calls.into_iter().map(|call| hotline.file(call)).collect();
        let urgency: Vec<&str> = filed.iter().map(|ticket| ticket["urgency"].as_str().unwrap()).collect();
        let places = hotline.rows("SELECT place, scenario, district FROM tickets", Vec::new());
        assert_eq!(urgency, ["normal", "normal", "urgent"], "{name}: {places:?}");
        let links = filed[2]["links"].as_array().unwrap();
        assert_eq!(links.len(), 2, "{name}: {links:?}");
        assert!(links.iter().all(|link| link["relation"] == "same_matter"), "{name}: {links:?}");
        // Merged, it is the other's matter, which hears that it was asked for again.
        let (third, first) = (id(&filed[2]), id(&filed[0]));
        hotline.done(&third, json!({"action": "merge", "into": first}), &dispatcher());
        let first = hotline.get(&first);
        assert_eq!((first["chases"].clone(), hotline.get(&third)["state"].clone()), (json!(1), json!("merged")));
        let queue = hotline.wait(hotline.tickets.queue(Queue::Review, 10, &dispatcher())).unwrap();
        assert_eq!(queue.items.len(), 2, "{name}: what was merged waits no more");
    }
}

#[test]
fn another_matter_of_the_same_caller_is_linked_and_no_more() {
    let hotline = Hotline::new(Place::sqlite());
    let contact = Some(Contact { phone: Some("13900001111".to_owned()), ..Contact::default() });
    let file = |text: &str| hotline.file(Submission { contact: contact.clone(), ..complaint(text) });
    let (first, second) = (file(STALLS), file(LEAK));
    assert_eq!(second["links"], json!([{"ticket": first["id"], "relation": "same_caller"}]));
    let filter = Filter { phone: Some("0086 13900001111".to_owned()), ..Filter::default() };
    let page = hotline.wait(hotline.tickets.list(filter, 10, None, &dispatcher())).unwrap();
    assert_eq!(page.items.len(), 2, "both are found by the number");
}

#[test]
fn a_complaint_about_a_unit_goes_neither_to_it_nor_below_it() {
    let hotline = Hotline::new(Place::sqlite());
    let dora = dispatcher();
    // By itself it would go to the eastern station.
    for about in ["east-water", "东区水务所", "water", "city"] {
        let filed = hotline.file(Submission { about: Some(about.to_owned()), ..complaint(EASTERN_LEAK) });
        assert_eq!((&filed["state"], &filed["assignments"]), (&json!("in_review"), &json!([])), "{about}");
    }
    let filed = id(&hotline.file(Submission { about: Some("east-water".to_owned()), ..complaint(EASTERN_LEAK) }));
    let to = |department: &str| json!({"department": department});
    let dispatch = |department: &str| json!({"action": "dispatch", "assignments": [to(department)]});
    for below in ["east-water", "east-water-post", "东区第一供水站"] {
        let refusal = hotline.act(&filed, dispatch(below), &dora).unwrap_err();
        assert_eq!(invalid(&refusal), Some("department"), "{below}");
        assert!(refusal.message().zh.contains("水务局"), "it names the superior: {}", refusal.message().zh);
    }
    hotline.done(&filed, dispatch("water"), &dora);
    let ways = [
        (json!({"action": "hand_down", "assignment": 1, "to": to("east-water")}), of("water")),
        (json!({"action": "hand_down", "assignment": 1, "to": to("east-water-post")}), of("water")),
        (json!({"action": "redirect", "assignment": 1, "to": to("east-water-post"), "reason": "属地"}), dora.clone()),
        (dispatch("east-water"), dora.clone()),
    ];
    for (action, by) in ways {
        assert_eq!(invalid(&hotline.act(&filed, action.clone(), &by).unwrap_err()), Some("department"), "{action}");
    }
    let give_back = json!({"action": "apply_return", "assignment": 1, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(&filed, give_back, &of("water"));
    let uphold = json!({"action": "uphold_return", "assignment": 1, "reason": "属实", "to": [to("east-water")]});
    assert_eq!(invalid(&hotline.act(&filed, uphold, &dora).unwrap_err()), Some("department"));
    for unit in ["east-water", "east-water-post"] {
        assert!(matches!(hotline.wait(hotline.tickets.get(&filed, &of(unit))), Err(Refusal::NoTicket)), "{unit}");
        assert!(hotline.wait(hotline.tickets.list(Filter::default(), 10, None, &of(unit))).unwrap().items.is_empty());
    }
}

const NAME: &str = "欧阳明远";
const PHONE: &str = "13912345678";

/// A complaint with a name and a number in every place where they can stand.
fn secret(confidential: bool) -> Submission {
    Submission {
        text: format!("我叫{NAME}，电话{PHONE}，举报东区解放路12号门口自来水管漏水是施工方挖断的"),
        title: Some(format!("{NAME}举报水管漏水")),
        contact: Some(Contact {
            name: Some(NAME.to_owned()),
            phone: Some(PHONE.to_owned()),
            other: Some("微信ouyang88".to_owned()),
        }),
        confidential,
        ..Submission::default()
    }
}

/// Everything that a department is ever shown of a ticket.
fn seen_by(hotline: &Hotline, ticket: &str, unit: &str) -> String {
    let by = of(unit);
    let list = hotline.wait(hotline.tickets.list(Filter::default(), 50, None, &by)).unwrap();
    [
        hotline.wait(hotline.tickets.get(ticket, &by)).unwrap().to_string(),
        hotline.wait(hotline.tickets.history(ticket, &by)).unwrap().to_string(),
        serde_json::to_string(&list).unwrap(),
    ]
    .join("\n")
}

#[test]
fn a_unit_sees_nothing_of_who_complained_in_confidence() {
    let hotline = Hotline::new(Place::sqlite());
    let dora = dispatcher();
    let ticket = id(&hotline.file(secret(true)));
    hotline.done(&ticket, json!({"action": "chase", "note": format!("{NAME}（{PHONE}）又打来催")}), &dora);
    if hotline.get(&ticket)["state"] != "in_review" {
        let redirect = json!({"action": "redirect", "assignment": 1, "reason": format!("{PHONE}要求保密"),
            "to": {"department": "east-water", "role": "joint", "summary": "解放路12号供水管被挖断"}});
        hotline.done(&ticket, redirect, &dora);
    }
    let dispatch = json!({"action": "dispatch", "assignments": [
        {"department": "police", "role": "lead", "summary": format!("解放路12号供水管被挖断，{NAME}在现场")}]});
    hotline.done(&ticket, dispatch, &dora);
    for unit in ["police", "east-water", "water"] {
        let seen = seen_by(&hotline, &ticket, unit);
        for planted in [NAME, PHONE, "ouyang88", "施工方"] {
            assert!(!seen.contains(planted), "{unit} sees {planted}: {seen}");
        }
        assert!(seen.contains("供水管被挖断"), "{unit} sees the summary");
    }
    // Who is shown a step's result is shown no more than by looking.
    let accepted = hotline.done(&ticket, json!({"action": "accept", "assignment": 3}), &of("east-water"));
    assert!(![NAME, PHONE, "施工方"].iter().any(|planted| accepted.to_string().contains(planted)));
    let centre = hotline.get(&ticket).to_string();
    assert!(centre.contains(NAME) && centre.contains(PHONE), "the centre sees it all");
}

#[test]
fn an_ordinary_complaint_is_shown_whole_to_who_handles_it() {
    let hotline = Hotline::new(Place::sqlite());
    let ticket = id(&hotline.file(secret(false)));
    let seen = seen_by(&hotline, &ticket, "east-water");
    assert!(seen.contains(NAME) && seen.contains(PHONE));
}

/// Names and numbers stand in one table, from where they can be erased.
#[test]
fn what_identifies_somebody_stands_in_one_table() {
    let hotline = Hotline::new(Place::sqlite());
    let dora = dispatcher();
    let said = format!("{NAME}说请联系电话{PHONE}");
    let ticket = id(&hotline.file(secret(false)));
    let other = id(&hotline.file(complaint(STALLS)));
    let by_phone = format!("请联系电话{PHONE}");
    let new = json!({"department": "police", "basis": by_phone, "summary": said});
    let steps = [
        json!({"action": "set_urgency", "urgency": "urgent", "reason": by_phone}),
        json!({"action": "dispatch", "assignments": [new]}),
        json!({"action": "note", "text": said}),
        json!({"action": "chase", "note": said}),
        json!({"action": "pause", "reason": said}),
        json!({"action": "resume"}),
        json!({"action": "extend", "term": "2 hours", "reason": said, "approved_by": "值班主任"}),
        json!({"action": "redirect", "assignment": 1, "to": {"department": "city", "basis": by_phone}, "reason": said}),
        json!({"action": "exclude", "reason": said, "approved_by": "值班主任"}),
        json!({"action": "park", "reason": said, "review_on": "2026-12-01"}),
        json!({"action": "unpark"}),
        json!({"action": "finalise", "reason": said, "basis": by_phone, "approved_by": "值班主任"}),
        json!({"action": "reopen", "reason": said}),
        json!({"action": "refuse", "ground": "out_of_scope", "notice": said}),
    ];
    for step in steps {
        hotline.done(&ticket, step, &dora);
    }
    hotline.done(&other, json!({"action": "answer_on_the_spot", "text": by_phone}), &dora);
    let tables =
        hotline.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", Vec::new());
    for table in tables.iter().map(|row| row[0].as_str().unwrap()) {
        let rows = json!(hotline.rows(&format!("SELECT * FROM {table}"), Vec::new())).to_string();
        let found = [PHONE, NAME, "ouyang88"].iter().any(|planted| rows.contains(planted));
        assert_eq!(found, table == "personal", "{table}: {rows}");
    }
}

#[test]
fn a_department_sees_its_own_tree_and_who_files_its_own_tickets() {
    let hotline = Hotline::new(Place::sqlite());
    let (web, app) = (actor("web", &["submit"]), actor("app", &["submit"]));
    let leak = id(&hotline.file_as(complaint(EASTERN_LEAK), &web, None).unwrap());
    let stalls = id(&hotline.file_as(complaint(STALLS), &app, None).unwrap());
    let sees = |by: &jiesu::access::Actor| -> Vec<bool> {
        [&leak, &stalls]
            .iter()
            .map(|ticket| {
                let got = hotline.wait(hotline.tickets.get(ticket, by)).is_ok();
                let history = hotline.wait(hotline.tickets.history(ticket, by)).is_ok();
                let page = hotline.wait(hotline.tickets.list(Filter::default(), 10, None, by));
                let listed = page.is_ok_and(|page| page.items.iter().any(|item| item.id == **ticket));
                assert_eq!((got, got), (history, listed), "{}: looking, its history and lists agree", by.name);
                got
            })
            .collect()
    };
    let table = [
        (dispatcher(), [true, true]),
        (actor("ann", &["agent"]), [true, true]),
        (actor("root", &["admin"]), [true, true]),
        (web, [true, false]),
        (app, [false, true]),
        (of("east-water"), [true, false]),
        (of("water"), [true, false]),
        (of("city"), [true, false]),
        (of("east-water-post"), [false, false]),
        (of("enforcement"), [true, false]),
        (of("east-enforcement"), [false, false]),
        (of("police"), [false, false]),
        (actor("editor", &["editor", "metrics"]), [false, false]),
        (actor("both", &["submit", "department:east-water"]), [true, false]),
    ];
    for (by, expected) in table {
        assert_eq!(sees(&by), expected, "{}", by.name);
    }
    // Who files and handles sees both.
    let both = actor("both", &["submit", "department:east-water"]);
    let own = id(&hotline.file_as(complaint("乙巷有人摆摊"), &both, None).unwrap());
    let page = hotline.wait(hotline.tickets.list(Filter::default(), 10, None, &both)).unwrap();
    assert_eq!(page.items.into_iter().map(|item| item.id).collect::<Vec<_>>(), [own, leak.clone()]);
    // Who does not see it is not told that it is there, by no action.
    for action in
        [json!({"action": "note", "text": "?"}), json!({"action": "link", "ticket": leak, "relation": "same_matter"})]
    {
        let refusal = hotline.act(&stalls, action, &of("police")).unwrap_err();
        assert!(matches!(refusal, Refusal::NoTicket), "{refusal:?}");
    }
    // A department that sees a ticket does not find out by it which others there are.
    for other in [stalls.as_str(), "20260302-999999"] {
        let refusal =
            hotline.act(&leak, json!({"action": "link", "ticket": other, "relation": "same_matter"}), &of("water"));
        assert!(matches!(refusal, Err(Refusal::Forbidden { .. })), "{refusal:?}");
    }
}

#[test]
fn what_the_bundle_does_not_have_is_refused_by_name() {
    let hotline = Hotline::new(Place::sqlite());
    let ticket = id(&hotline.file(complaint(STALLS)));
    let long = "长".repeat(5_001);
    let table = [
        (json!({"action": "dispatch", "assignments": []}), "assignments"),
        (json!({"action": "dispatch", "assignments": [{"department": "水务"}]}), "department"),
        (json!({"action": "dispatch", "assignments": [{"department": "water", "matter": "no/such"}]}), "matter"),
        (json!({"action": "dispatch", "assignments": [{"department": "water"}], "scenario": "no/such"}), "scenario"),
        (json!({"action": "dispatch", "assignments": [{"department": "water", "role": "joint"}]}), "assignments"),
        (
            json!({"action": "dispatch", "assignments": [{"department": "water"}, {"department": "水务局"}]}),
            "department",
        ),
        (json!({"action": "dispatch", "assignments": vec![json!({"department": "water"}); 11]}), "assignments"),
        (json!({"action": "merge", "into": "20260302-999999"}), "into"),
        (json!({"action": "merge", "into": ticket}), "into"),
        (json!({"action": "link", "ticket": "x".repeat(100_000), "relation": "same_caller"}), "ticket"),
        (json!({"action": "park", "reason": "待规划", "review_on": "2026-03-02"}), "review_on"),
        (json!({"action": "note", "text": "  "}), "text"),
        (json!({"action": "note", "text": long}), "text"),
    ];
    for (action, field) in table {
        let refusal = hotline.act(&ticket, action.clone(), &dispatcher()).unwrap_err();
        assert_eq!(invalid(&refusal), Some(field), "{action}");
        assert!(refusal.message().zh.chars().count() < 300, "{}", refusal.message().zh);
    }
    assert_eq!(hotline.get(&ticket)["version"], hotline.events(&ticket).len());
}

#[test]
fn who_saw_an_older_version_changes_nothing() {
    let hotline = Hotline::new(Place::sqlite());
    let ticket = id(&hotline.file(complaint(STALLS)));
    let version = hotline.get(&ticket)["version"].as_u64().unwrap() as u32;
    let note = || serde_json::from_value(json!({"action": "note", "text": "看过"})).unwrap();
    let dora = dispatcher();
    hotline.wait(hotline.tickets.act(&ticket, note(), Some(version), &dora)).unwrap();
    let refusal = hotline.wait(hotline.tickets.act(&ticket, note(), Some(version), &dora)).unwrap_err();
    assert!(matches!(refusal, Refusal::Changed { version: now } if now == version + 1), "{refusal:?}");
}

/// Who hears over the stream of news, in order of the tickets' ids.
fn news(hotline: &Hotline, doing: impl FnOnce()) -> BTreeSet<String> {
    let mut listening = hotline.tickets.listen();
    doing();
    std::iter::from_fn(|| listening.try_recv().ok()).map(|news| news.ticket).collect()
}

#[test]
fn both_tickets_of_a_connection_hear_of_it() {
    let hotline = Hotline::new(Place::sqlite());
    let told = |ticket: &str| -> Vec<String> {
        let rows = hotline.rows(
            "SELECT o.name, o.target FROM outbox o JOIN tickets t ON t.seq = o.ticket
             WHERE t.id = ?1 AND o.name IN ('linked', 'chased', 'merged') ORDER BY o.id",
            vec![ticket.into()],
        );
        rows.iter().map(|row| format!("{} {}", row[0].as_str().unwrap(), row[1].as_str().unwrap())).collect()
    };
    let (one, other) = (id(&hotline.file(complaint(EASTERN_LEAK))), id(&hotline.file(complaint(GAS))));
    let both = BTreeSet::from([one.clone(), other.clone()]);
    let link = json!({"action": "link", "ticket": other, "relation": "same_matter"});
    assert_eq!(news(&hotline, || drop(hotline.done(&one, link, &dispatcher()))), both);
    assert_eq!(told(&one), ["linked centre", "linked department:east-water", "linked department:city"]);
    assert_eq!(told(&other), ["linked centre", "linked department:police"]);
    let merge = json!({"action": "merge", "into": other});
    assert_eq!(news(&hotline, || drop(hotline.done(&one, merge, &dispatcher()))), both);
    assert_eq!(told(&one)[3..], ["merged centre", "merged department:east-water", "merged department:city"]);
    let heard = ["linked centre", "linked department:police", "chased centre", "chased department:police"];
    assert_eq!(told(&other)[2..], heard);
}

/// Who filed it filed it; what the engine and the clock do is theirs.
#[test]
fn what_nobody_did_is_under_the_name_of_the_system() {
    let hotline = Hotline::new(Place::sqlite());
    let phone = || Some(Contact { phone: Some("13900001111".to_owned()), ..Contact::default() });
    for text in [LEAK, "还是人民路8号的水管在漏", "水管漏水又来反映一次"] {
        let filed = id(&hotline.file(Submission { contact: phone(), ..complaint(text) }));
        for event in hotline.events(&filed) {
            let expected = if event.change.name() == "received" { "web" } else { "system" };
            assert_eq!(event.actor, expected, "{}", event.change.name());
        }
    }
    let last = hotline.rows("SELECT DISTINCT name FROM events ORDER BY name", Vec::new());
    assert_eq!(json!(last), json!([["decided"], ["dispatched"], ["linked"], ["received"], ["urgency_set"]]));
}

/// Who takes over takes over what the other was to the ticket.
#[test]
fn who_takes_over_is_what_the_other_was() {
    let hotline = Hotline::new(Place::sqlite());
    let dora = dispatcher();
    let roles = |ticket: &Json| -> Vec<String> {
        ticket["assignments"].as_array().unwrap().iter().map(|a| a["role"].as_str().unwrap().to_owned()).collect()
    };
    // The second part takes part only.
    let ticket = id(&hotline.file(complaint(LEAK)));
    let redirect = json!({"action": "redirect", "assignment": 2, "to": {"department": "police"}, "reason": "改派"});
    assert_eq!(roles(&hotline.done(&ticket, redirect, &dora)), ["lead", "joint", "joint"]);
    let give_back = json!({"action": "apply_return", "assignment": 3, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(&ticket, give_back, &of("police"));
    let to = json!([{"department": "city"}, {"department": "enforcement", "role": "verify"}]);
    let uphold = json!({"action": "uphold_return", "assignment": 3, "to": to, "reason": "属实"});
    assert_eq!(roles(&hotline.done(&ticket, uphold, &dora)), ["lead", "joint", "joint", "joint", "verify"]);
    let redirect = json!({"action": "redirect", "assignment": 1, "to": {"department": "police"}, "reason": "改派"});
    assert_eq!(roles(&hotline.done(&ticket, redirect, &dora))[5], "lead");
}

#[test]
fn what_is_before_the_panel_the_panel_alone_moves() {
    let hotline = Hotline::new(Place::sqlite());
    let dora = dispatcher();
    let ticket = id(&hotline.file(complaint(LEAK)));
    let give_back = |number: u32| json!({"action": "apply_return", "assignment": number, "reason": "not_ours", "basis": "三定方案"});
    let redirect = |number: u32| json!({"action": "redirect", "assignment": number, "to": {"department": "police"}, "reason": "改派"});
    hotline.done(&ticket, give_back(1), &of("water"));
    hotline.done(&ticket, give_back(2), &of("enforcement"));
    let refusal = hotline.act(&ticket, redirect(2), &dora).unwrap_err();
    assert!(matches!(refusal, Refusal::NotNow { .. }) && refusal.message().zh.contains("会商"), "{refusal:?}");
    // The first application is a dispatcher's to rule on, who may also redirect.
    hotline.done(&ticket, redirect(1), &dora);
    let rule = json!({"action": "uphold_return", "assignment": 2, "to": [{"department": "city"}], "reason": "属实"});
    hotline.done(&ticket, rule, &dora);
}
