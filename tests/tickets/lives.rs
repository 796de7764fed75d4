//! Random sequences of actions, against the model of a ticket's life: what the desk does and refuses, what it shows, and
//! what its tables say must be what the model says.
//!
//! A failure names its seed; `JIESU_SEED=… cargo test --test tickets lives` runs that sequence alone.

use std::collections::BTreeMap;

use jiesu::access::Actor;
use jiesu::tickets::Refusal;
use serde_json::{Value as Json, json};

use crate::agreement;
use crate::hotline::{BURST, EASTERN_LEAK, GAS, Hotline, LEAK, Place, Random, STALLS, actor, complaint};
use crate::model::{DEPARTMENTS, Done, Forbidden, Model, Refused, Unseen, view};

/// A new ticket and its model. Links and urgency that come from repeats are another test's.
fn file(hotline: &Hotline, random: &mut Random, number: usize) -> Model {
    let (text, departments): (&str, &[(&str, &str)]) = *random.of(&[
        (LEAK, [("water", "lead"), ("enforcement", "joint")].as_slice()),
        (EASTERN_LEAK, &[("east-water", "lead"), ("enforcement", "joint")]),
        (STALLS, &[]),
        (GAS, &[("police", "lead")]),
        (BURST, &[("water", "lead"), ("enforcement", "joint")]),
    ]);
    let about = random.percent(15).then(|| *random.of(&["water", "police", "east-enforcement"]));
    let mut submission = complaint(&format!("{text}，编号{number}"));
    submission.about = about.map(str::to_owned);
    submission.channel = random.percent(30).then(|| "letter".to_owned());
    let filed = hotline.file(submission);
    let id = filed["id"].as_str().unwrap().to_owned();
    let mut model = Model {
        id,
        state: "in_review",
        parts: Vec::new(),
        paused: false,
        urgency: filed["urgency"].as_str().unwrap().to_owned(),
        claim: None,
        excluded: false,
        chases: 0,
        applications: 0,
        returns: 0,
        reopened: 0,
        extensions: 0,
        call_backs: 0,
        links: filed["links"].as_array().unwrap().len(),
        reply: Json::Null,
        merged_into: Json::Null,
        about,
        provisional: false,
    };
    let new: Vec<Json> =
        departments.iter().map(|(department, role)| json!({"department": department, "role": role})).collect();
    if !new.is_empty() && model.assign(&new, None, hotline.now()) == Done {
        model.provisional = text == BURST;
        model.follow();
    }
    assert_eq!(view(&filed), model.shown(), "as it is filed: {text}");
    model
}

/// Any action, with values that often fit.
fn proposal(random: &mut Random, model: &Model, ids: &[String]) -> Json {
    let numbers: Vec<u64> = model.active().map(|part| part.number).chain([1]).collect();
    let number = if random.percent(95) { *random.of(&numbers) } else { random.below(5) as u64 };
    let role = *random.of(&["lead", "lead", "lead", "joint", "verify"]);
    let new = |random: &mut Random| {
        let mut new = json!({"department": random.of(DEPARTMENTS)});
        if random.percent(75) {
            new["role"] = json!(role);
        }
        if random.percent(20) {
            new["matter"] = json!(random.of(&["water/leak", "city/stalls"]));
        }
        if random.percent(20) {
            new["term"] = json!(random.of(&["3 hours", "2 working days", "1 day"]));
        }
        new
    };
    let several = |random: &mut Random| (0..random.below(3)).map(|_| new(random)).collect::<Vec<_>>();
    let other = random.of(ids).clone();
    // Endings, and what is always possible, are rare, so that sequences are long and go far.
    let names = jiesu::tickets::Action::NAMES;
    const RARE: &[&str] = &[
        "finalise",
        "merge",
        "refuse",
        "answer_on_the_spot",
        "park",
        "link",
        "note",
        "set_urgency",
        "exclude",
        "include",
        "claim",
        "release",
        "chase",
        "extend",
        "pause",
        "resume",
    ];
    let name = loop {
        let name = *random.of(names);
        if !RARE.contains(&name) || random.percent(15) {
            break name;
        }
    };
    let mut action = match name {
        "dispatch" => json!({"assignments": several(random)}),
        "accept" => json!({"assignment": number}),
        "contact" => json!({"assignment": number, "met": random.percent(50)}),
        "resolve" => json!({"assignment": number, "answer": "已修好"}),
        "send_back" => json!({"assignment": number, "reason": "没有写依据"}),
        "send_reply" | "answer_on_the_spot" | "note" => json!({"text": "已答复"}),
        "call_back" => {
            let mut call = json!({"by": random.of(&["unit", "centre"]), "reached": random.percent(70)});
            if call["reached"] == true || random.percent(10) {
                call["solved"] = json!(random.of(&["yes", "partly", "no"]));
                call["satisfied"] = json!(random.percent(50));
            }
            call
        }
        "apply_return" => json!({"assignment": number, "reason": "not_ours", "basis": "三定方案"}),
        "uphold_return" => json!({"assignment": number, "to": several(random), "reason": "属实"}),
        "refuse_return" => json!({"assignment": number, "reason": "职责明确"}),
        "redirect" => json!({"assignment": number, "to": new(random), "reason": "改派"}),
        "hand_down" => json!({"assignment": number, "to": new(random)}),
        "pause" | "include" | "reopen" => json!({"reason": "原因"}),
        "extend" => {
            let mut extend =
                json!({"term": random.of(&["4 hours", "3 working days"]), "reason": "施工", "approved_by": "主任"});
            if random.percent(60) {
                extend["assignment"] = json!(number);
            }
            extend
        }
        "park" => json!({"reason": "待规划", "review_on": random.of(&["2026-08-01", "2026-01-01"])}),
        "exclude" => json!({"reason": "重复", "approved_by": "主任"}),
        "finalise" => json!({"reason": "已穷尽", "basis": "条例", "approved_by": "主任"}),
        "merge" => json!({"into": other}),
        "refuse" => json!({"ground": "out_of_scope", "notice": "请向法院提出"}),
        "set_urgency" => json!({
            "urgency": random.of(&["normal", "urgent", "critical"]),
            "reason": "原因",
            "recompute_deadlines": random.percent(30),
        }),
        "link" => json!({"ticket": other, "relation": "same_matter"}),
        _ => json!({}),
    };
    action["action"] = json!(name);
    action
}

fn people() -> Vec<Actor> {
    let mut people = vec![
        actor("dora", &["dispatcher"]),
        actor("dan", &["dispatcher"]),
        actor("ann", &["agent"]),
        actor("root", &["admin"]),
        actor("web", &["submit"]),
        actor("nobody", &["submit", "editor", "metrics"]),
    ];
    people.extend(DEPARTMENTS.iter().map(|id| actor(id, &[&format!("department:{id}")])));
    people
}

fn pass_time(hotline: &Hotline, random: &mut Random) {
    const MINUTE: i64 = 60_000_000;
    let most = match random.below(100) {
        0..50 => 10 * MINUTE,
        50..85 => 6 * 60 * MINUTE,
        85..97 => 24 * 60 * MINUTE,
        _ => 5 * 24 * 60 * MINUTE,
    };
    // To the microsecond: what is kept is rounded, and rounding must not part what is shown from what is kept.
    hotline.later(1 + random.below(most as usize) as i64);
    if random.percent(10) {
        hotline.tick();
    }
}

/// One life of one ticket.
fn sequence(
    hotline: &Hotline,
    random: &mut Random,
    models: &mut BTreeMap<String, Model>,
    done: &mut BTreeMap<String, [usize; 4]>,
) {
    let mut model = file(hotline, random, models.len());
    let people = people();
    let mut ids: Vec<String> = models.keys().rev().take(5).cloned().collect();
    ids.push(model.id.clone());
    let mut said = Vec::new();
    for _ in 0..25 {
        pass_time(hotline, random);
        let now = hotline.now();
        let mut proposed = (people[0].clone(), json!({"action": "claim"}));
        for _ in 0..40 {
            let person = random.of(&people).clone();
            proposed = (person, proposal(random, &model, &ids));
            let outcome = model.clone().step(&proposed.0, &proposed.1, now, models);
            if outcome == Done || random.percent(3) {
                break;
            }
        }
        let (by, action) = proposed;
        let before = model.clone();
        let mut expected = model.step(&by, &action, now, models);
        let got = hotline.act(&model.id, action.clone(), &by);
        // How much time there is, the model does not know: other tests do.
        if matches!(got, Err(Refusal::Invalid { field: "term", .. })) && expected == Done {
            (model, expected) = (before, Refused);
        }
        said.push(format!("{now} {}: {action} → {expected:?}", by.name));
        let outcome = match &got {
            Ok(_) => Done,
            Err(Refusal::NoTicket) => Unseen,
            Err(Refusal::Forbidden { .. }) => Forbidden,
            Err(Refusal::Store(error)) => panic!("{error}\n{}", said.join("\n")),
            Err(_) => Refused,
        };
        // Which of two reasons is given does not matter; that nothing is told of what is not seen does.
        let expected = if expected == Forbidden && outcome == Refused { Refused } else { expected };
        let why = got.as_ref().err().map(|refusal| refusal.message().en);
        assert_eq!(outcome, expected, "{why:?}\n{}\n{:#}", said.join("\n"), model.shown());
        let name = action["action"].as_str().unwrap().to_owned();
        done.entry(name.clone()).or_default()[outcome as usize] += 1;
        let other = action.get("into").or(action.get("ticket")).and_then(Json::as_str);
        if let Some(other) = other.filter(|_| outcome == Done).and_then(|id| models.get_mut(id)) {
            other.links += 1;
            other.chases += u64::from(name == "merge");
        }
        if let Ok(shown) = got {
            assert!(shown.is_null() || view(&shown) == model.shown(), "{}\n{:#}", said.join("\n"), view(&shown));
        }
        assert_eq!(view(&hotline.get(&model.id)), model.shown(), "{}", said.join("\n"));
    }
    hotline.settle();
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| agreement::of_ticket(hotline, &model.id)));
    if let Err(panic) = checked {
        eprintln!("{}", said.join("\n"));
        std::panic::resume_unwind(panic);
    }
    models.insert(model.id.clone(), model);
}

/// Sequences on one store. The tables are looked at after each, and all at the end.
fn run(place: Place, sequences: u64, first: u64) -> BTreeMap<String, [usize; 4]> {
    let hotline = Hotline::new(place);
    let mut models = BTreeMap::new();
    let mut done = BTreeMap::new();
    let only = std::env::var("JIESU_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(first..first + sequences, |seed| seed..seed + 1);
    for seed in seeds {
        // Each sequence begins in spring, however long the one before took.
        hotline.set("2026-03-30T16:40:00");
        eprintln!("seed {seed}");
        sequence(&hotline, &mut Random(seed), &mut models, &mut done);
    }
    hotline.set("2026-07-01T00:00:00");
    for model in models.values() {
        assert_eq!(view(&hotline.get(&model.id)), model.shown(), "{}: in the end", model.id);
    }
    agreement::of_all(&hotline);
    done
}

/// Every action was done, and was refused, or the sequences prove little.
fn covers(done: &BTreeMap<String, [usize; 4]>) {
    for name in jiesu::tickets::Action::NAMES {
        let [done, unseen, forbidden, refused] = done.get(*name).copied().unwrap_or_default();
        eprintln!("{name}: done {done}, unseen {unseen}, forbidden {forbidden}, refused {refused}");
        assert!(done > 0 && unseen + forbidden + refused > 0, "{name}");
    }
}

#[test]
fn random_lives_of_tickets_are_those_of_the_model_on_sqlite() {
    // Two stores at once, since each waits for its disk.
    let done = std::thread::scope(|scope| {
        let runs: Vec<_> = [1, 100_001].map(|first| scope.spawn(move || run(Place::sqlite(), 500, first))).into();
        runs.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
    });
    done.iter().for_each(covers);
}

#[test]
fn random_lives_of_tickets_are_those_of_the_model_on_postgresql() {
    let Some(place) = Place::postgres() else { return };
    run(place, 150, 500_001);
}
