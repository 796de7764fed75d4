//! Emergencies that are not sure enough to go out by themselves: departments have them at once, and a person confirms it.

use jiesu::tickets::{Queue, Refusal, Settings, Submission};
use serde_json::{Value as Json, json};

use crate::deadlines::{id, part};
use crate::hotline::{BURST, Hotline, LEAK, Place, STALLS, complaint, dispatcher, of, without_repeats};

fn front(hotline: &Hotline) -> Vec<String> {
    let page = hotline.wait(hotline.tickets.queue(Queue::Review, 10, &dispatcher())).unwrap();
    page.items.into_iter().map(|item| item.id).collect()
}

fn named(hotline: &Hotline, ticket: &str) -> Vec<&'static str> {
    hotline.events(ticket).iter().map(|event| event.change.name()).collect()
}

#[test]
fn an_emergency_goes_out_at_once_and_waits_at_the_head_of_the_queue() {
    for place in Place::all() {
        let hotline = Hotline::with(place, without_repeats());
        let stalls = id(&hotline.file(complaint(STALLS)));
        let filed = hotline.file(complaint(BURST));
        let burst = id(&filed);
        assert_eq!(filed["state"], "in_review");
        assert_eq!(filed["provisional"], "not_sure");
        assert_eq!(
            (filed["assignments"][0]["department"].as_str(), part(&filed, 1)),
            (Some("water"), "03-02 09:48:00".to_owned())
        );
        assert_eq!(named(&hotline, &burst), ["received", "decided", "urgent_dispatched"]);
        assert_eq!(front(&hotline), [burst.clone(), stalls]);
        let told = "SELECT target FROM outbox WHERE name = 'urgent_dispatched' ORDER BY target";
        assert_eq!(json!(hotline.rows(told, Vec::new())), json!([["centre"], ["department:city"]]));
        // The department does not wait for anybody.
        hotline.done(&burst, json!({"action": "accept", "assignment": 1}), &of("water"));
        let contacted = hotline.done(&burst, json!({"action": "contact", "assignment": 1, "met": true}), &of("water"));
        assert_eq!(
            (&contacted["state"], &contacted["assignments"][0]["state"]),
            (&json!("in_review"), &json!("contacted"))
        );
        // A person confirms it: now it stands where the department is.
        let confirmed = hotline.done(&burst, json!({"action": "confirm"}), &dispatcher());
        assert_eq!((&confirmed["state"], &confirmed["provisional"]), (&json!("contacted"), &Json::Null));
        assert_eq!(front(&hotline).len(), 1);
        let again = hotline.act(&burst, json!({"action": "confirm"}), &dispatcher()).unwrap_err();
        assert!(matches!(again, Refusal::NotNow { .. }));
        crate::agreement::of_all(&hotline);
    }
}

#[test]
fn who_looks_at_an_emergency_may_also_decide_otherwise() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    let to = json!({"department": "police"});
    // What is done, where the ticket stands then, and the parts.
    let table = [
        (
            json!({"action": "redirect", "assignment": 1, "to": to, "reason": "由公安处置"}),
            "dispatched",
            "withdrawn sent sent",
        ),
        (json!({"action": "dispatch", "assignments": [to]}), "dispatched", "sent sent sent"),
        (json!({"action": "refuse", "ground": "emergency", "notice": "请拨打119"}), "refused", "withdrawn withdrawn"),
        (json!({"action": "answer_on_the_spot", "text": "已自行关阀"}), "closed", "withdrawn withdrawn"),
        (json!({"action": "park", "reason": "待改造", "review_on": "2026-06-01"}), "parked", "sent sent"),
    ];
    for (action, state, parts) in table {
        let burst = id(&hotline.file(complaint(BURST)));
        let ticket = hotline.done(&burst, action.clone(), &dispatcher());
        let states: Vec<&str> =
            ticket["assignments"].as_array().unwrap().iter().map(|a| a["state"].as_str().unwrap()).collect();
        assert_eq!((ticket["state"].as_str().unwrap(), states.join(" ").as_str()), (state, parts), "{action}");
        assert_eq!(ticket["provisional"], Json::Null, "{action}: a person looked");
    }
    // A department that says it is not its matter is heard as ever.
    let burst = id(&hotline.file(complaint(BURST)));
    let give_back = json!({"action": "apply_return", "assignment": 1, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(&burst, give_back, &of("water"));
    let refuse = json!({"action": "refuse_return", "assignment": 1, "reason": "职责明确"});
    let ticket = hotline.done(&burst, refuse, &dispatcher());
    assert_eq!((&ticket["state"], &ticket["provisional"]), (&json!("dispatched"), &Json::Null));
    crate::agreement::of_all(&hotline);
}

#[test]
fn only_emergencies_go_out_before_anybody_looks() {
    let off = Settings { urgent_dispatch: false, ..without_repeats() };
    let no_automatic = Settings { auto_dispatch: false, ..without_repeats() };
    let about = |text: &str| Submission { about: Some("water".to_owned()), ..complaint(text) };
    // The settings, the complaint, and the last event.
    let table = [
        (without_repeats(), complaint(BURST), "urgent_dispatched"),
        (without_repeats(), complaint(STALLS), "queued"),
        (without_repeats(), complaint(LEAK), "dispatched"),
        (without_repeats(), about(BURST), "queued"),
        (no_automatic.clone(), complaint(BURST), "urgent_dispatched"),
        (no_automatic, complaint(LEAK), "queued"),
        (off, complaint(BURST), "queued"),
    ];
    for (settings, complaint, last) in table {
        let hotline = Hotline::with(Place::sqlite(), settings);
        let shown = format!("{complaint:?}");
        let filed = id(&hotline.file(complaint));
        assert_eq!(named(&hotline, &filed).last(), Some(&last), "{shown}");
    }
}

/// A department that who complained is kept from makes the ticket confidential, for everybody who has it.
#[test]
fn who_complained_is_kept_from_a_department_that_says_so() {
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    for department in ["discipline", "discipline-post"] {
        let told =
            Submission { text: format!("{STALLS}，我叫欧阳明远，电话13912345678"), ..Submission::default() };
        let ticket = id(&hotline.file(told));
        let dispatch = |department: &str| json!({"action": "dispatch", "assignments": [{"department": department}]});
        let before = hotline.done(&ticket, dispatch("police"), &dispatcher());
        assert_eq!(before["confidential"], false);
        let after = hotline.done(&ticket, dispatch(department), &dispatcher());
        assert_eq!(after["confidential"], true, "{department}");
        for unit in [department, "police"] {
            let seen = hotline.wait(hotline.tickets.get(&ticket, &of(unit))).unwrap().to_string();
            let history = hotline.wait(hotline.tickets.history(&ticket, &of(unit))).unwrap().to_string();
            for planted in ["欧阳明远", "13912345678"] {
                assert!(!seen.contains(planted) && !history.contains(planted), "{unit} sees {planted}");
            }
        }
        assert!(hotline.get(&ticket).to_string().contains("13912345678"), "the centre sees it");
    }
}
