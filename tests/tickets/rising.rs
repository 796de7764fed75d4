//! Topics that rise, as a town's tickets over ten weeks show them, and what the command says of rules.

use std::process::Command;

use jiesu::tickets::{By, RisingQuestion};
use serde_json::json;

use crate::deadlines::id;
use crate::hotline::{EASTERN_LEAK, Hotline, LEAK, Place, STALLS, complaint, dispatcher, of, without_repeats};

/// A day in µs.
const DAY: i64 = 86_400_000_000;

fn question(hotline: &Hotline) -> RisingQuestion {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let to = hotline.now().to_zoned(zone).date();
    RisingQuestion { to, days: 7, weeks: 8, least: 5, by: By::Scenario, department: None }
}

#[test]
fn a_week_with_many_more_stalls_is_noticed_and_a_steady_one_is_not() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        for day in 0..63 {
            for (number, text) in [LEAK, EASTERN_LEAK, STALLS].into_iter().enumerate() {
                // A leak every other day in each district, as ever; stalls every fourth day until the last week.
                let times = match (number, day) {
                    (2, 56..) => 3,
                    (2, _) => usize::from(day % 4 == 0),
                    _ => usize::from(day % 2 == number % 2),
                };
                (0..times).for_each(|_| drop(hotline.file(complaint(text))));
            }
            if day < 62 {
                hotline.later(DAY);
            }
            if day == 20 {
                let early = hotline.wait(hotline.tickets.rising(question(&hotline), &dispatcher())).unwrap();
                assert_eq!((early.windows, early.tried), (0, 0), "three weeks are needed before these");
            }
        }
        hotline.settle();
        let ask = |question: RisingQuestion| hotline.wait(hotline.tickets.rising(question, &dispatcher())).unwrap();
        let found = ask(question(&hotline));
        assert_eq!((found.windows, found.tried), (8, 2));
        let topics: Vec<&str> = found.topics.iter().map(|topic| topic.id.as_str()).collect();
        assert_eq!(topics, ["city/stalls"], "{:?}", found.topics);
        assert_eq!(found.topics[0].tickets, 21);
        assert_eq!(found.topics[0].before.iter().sum::<i64>(), 14);
        let by_category = ask(RisingQuestion { by: By::Category, ..question(&hotline) });
        assert_eq!(by_category.topics[0].id, "市容");
        // What nobody is in charge of is nobody's; a department sees its own alone.
        let water = RisingQuestion { department: Some("water".to_owned()), ..question(&hotline) };
        assert!(ask(water).topics.is_empty());
        let own = hotline.wait(hotline.tickets.rising(question(&hotline), &of("water"))).unwrap();
        assert!(own.topics.is_empty() && own.tried == 1);
        for wrong in [
            RisingQuestion { days: 0, ..question(&hotline) },
            RisingQuestion { weeks: 2, ..question(&hotline) },
            RisingQuestion { least: 0, ..question(&hotline) },
        ] {
            assert!(hotline.wait(hotline.tickets.rising(wrong, &dispatcher())).is_err());
        }
    }
}

#[test]
fn the_command_says_what_became_of_suggestions() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    hotline.at(jiff::Timestamp::now());
    let stalls = id(&hotline.file(complaint(STALLS)));
    let other = json!([{"department": "police", "basis": "交警先行处置"}]);
    hotline.done(&stalls, json!({"action": "dispatch", "assignments": other, "scenario": "water/leak"}), &dispatcher());
    hotline.file(complaint(LEAK));
    let (bundle, data) = hotline.folders();
    let (bundle, data) = (bundle.to_str().unwrap(), data.unwrap().to_str().unwrap());
    let jiesu = env!("CARGO_BIN_EXE_jiesu");
    let arguments = ["tickets", "learn", "--data", data, "--bundle", bundle, "--output", "rules", "--lang", "en"];
    let ran = Command::new(jiesu).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    for line in [
        "scenario city/stalls: suggested 1, kept 0, changed 1, returned 0 → water/leak 1",
        "scenario water/leak: suggested 1, kept 1, changed 0, returned 0",
        "responsibility 目录第2项 (enforcement): suggested 1, kept 0, changed 1, returned 0 → police 1",
    ] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
}
