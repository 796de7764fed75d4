//! Parts that are given back or moved: who takes over, who may move them, and for whom it counts.

use jiesu::tickets::{By, Question, Refusal};
use serde_json::{Value as Json, json};

use crate::deadlines::id;
use crate::hotline::{EASTERN_LEAK, Hotline, LEAK, Place, complaint, dispatcher, of};

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

/// A department that gives much back is seen by its own figures, whoever has the tickets now.
#[test]
fn returns_count_for_the_department_that_applied() {
    let hotline = Hotline::new(Place::sqlite());
    let ticket = id(&hotline.file(complaint(EASTERN_LEAK)));
    let give_back = |number: u32| json!({"action": "apply_return", "assignment": number, "reason": "not_ours", "basis": "三定方案"});
    let to = |department: &str| json!([{"department": department}]);
    let uphold = |number: u32, department: &str| json!({"action": "uphold_return", "assignment": number, "to": to(department), "reason": "属实"});
    hotline.done(&ticket, give_back(1), &of("east-water"));
    hotline.done(&ticket, uphold(1, "police"), &dispatcher());
    hotline.done(&ticket, give_back(3), &of("police"));
    hotline.done(&ticket, json!({"action": "refuse_return", "assignment": 3, "reason": "职责明确"}), &dispatcher());
    let question = Question {
        from: "2026-03-02".parse().unwrap(),
        to: "2026-03-02".parse().unwrap(),
        by: vec![By::Department],
        department: None,
        rules_of: None,
        with_last_year: false,
    };
    let answer = hotline.wait(hotline.tickets.statistics(question, &dispatcher())).unwrap();
    let count = |department: &str, measure: &str| -> i64 {
        let line = answer.lines.iter().find(|line| line.group["department"] == department);
        line.and_then(|line| line.counts.get(measure).copied()).unwrap_or_default()
    };
    let found = ["east-water", "police"]
        .map(|department| ["tickets", "return_applications", "returns"].map(|measure| count(department, measure)));
    assert_eq!(found, [[0, 1, 1], [1, 1, 0]]);
    assert_eq!(hotline.tickets.recount(&mut |_| {}).unwrap(), 0);
    crate::agreement::of_all(&hotline);
}
