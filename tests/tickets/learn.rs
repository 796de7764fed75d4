//! What returns teach, as the command writes it: the drafts are read and run by the program's own tests of rules.

use std::fs;
use std::process::{Command, Output};

use serde_json::json;

use crate::deadlines::id;
use crate::hotline::{BURST, EASTERN_LEAK, Hotline, LEAK, Place, complaint, dispatcher, of, without_repeats};

fn jiesu(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jiesu")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Gives a part back, and somebody else gets it.
fn returned(hotline: &Hotline, ticket: &str, number: usize, from: &str, to: &str) {
    let give_back = json!({"action": "apply_return", "assignment": number, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(ticket, give_back, &of(from));
    let to = json!([{"department": to}]);
    let uphold = json!({"action": "uphold_return", "assignment": number, "to": to, "reason": "路面归其管养"});
    hotline.done(ticket, uphold, &dispatcher());
}

#[test]
fn drafts_are_run_by_the_tests_of_rules() {
    // In the time of the machine, since the command asks for the last days by its clock.
    let hotline = Hotline::with(Place::sqlite(), without_repeats());
    hotline.at(jiff::Timestamp::now());
    let (bundle, data) = hotline.folders();
    let (bundle, data) = (bundle.to_str().unwrap(), data.unwrap().to_str().unwrap());
    // One that went to a unit and belongs to another unit.
    let unit = id(&hotline.file(complaint(EASTERN_LEAK)));
    returned(&hotline, &unit, 1, "east-water", "east-enforcement");
    // One that was moved twice: only where it ended counts.
    let twice = id(&hotline.file(complaint(LEAK)));
    returned(&hotline, &twice, 1, "water", "city");
    returned(&hotline, &twice, 3, "city", "police");
    // One that a dispatcher moved on after the ruling.
    let moved = id(&hotline.file(complaint(&format!("{LEAK}，北门"))));
    returned(&hotline, &moved, 1, "water", "city");
    let on = json!({"action": "redirect", "assignment": 3, "to": {"department": "police"}, "reason": "改派"});
    hotline.done(&moved, on, &dispatcher());
    // Of a part that only takes part, and of what nobody has yet, nothing is learned.
    let joint = id(&hotline.file(complaint(&format!("{LEAK}，南门"))));
    returned(&hotline, &joint, 2, "enforcement", "police");
    let nobody = id(&hotline.file(complaint(BURST)));
    let give_back = json!({"action": "apply_return", "assignment": 1, "reason": "not_ours", "basis": "三定方案"});
    hotline.done(&nobody, give_back, &of("water"));
    let uphold = json!({"action": "uphold_return", "assignment": 1, "to": [], "reason": "属实"});
    hotline.done(&nobody, uphold, &dispatcher());

    let learn = |output: &str| {
        let ran = jiesu(&["tickets", "learn", "--data", data, "--bundle", bundle, "--output", output]);
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        text(&ran.stdout)
    };
    let drafted = learn("tests");
    let expected: Vec<&str> = drafted.lines().filter(|line| line.contains("expect:")).map(str::trim).collect();
    let one = "expect: {department: enforcement, unit: east-enforcement}";
    assert_eq!(expected, ["expect: {department: police}", "expect: {department: police}", one], "{drafted}");
    let cases: Vec<serde_json::Value> =
        learn("cases").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&cases[2]["department"], &cases[2]["unit"]), (&json!("enforcement"), &json!("east-enforcement")));

    // They are tests that can be read, and that the rules fail as they are.
    fs::create_dir_all(format!("{bundle}/rules/tests")).unwrap();
    fs::write(format!("{bundle}/rules/tests/returns.yaml"), &drafted).unwrap();
    let ran = jiesu(&["test", "--bundle", bundle]);
    let said = text(&ran.stdout) + &text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("east-enforcement"), "{said}");
    // And that mended rules pass.
    let rows = "- {category: 供水, region: east, lead: enforcement, joint: [], basis: 目录第1项}
- {category: 供水, lead: police, basis: 目录第1项}
- {category: 市容, lead: enforcement, basis: 目录第2项}
- {category: 燃气, lead: police, basis: 目录第3项}
";
    fs::write(format!("{bundle}/rules/responsibility/list.yaml"), rows).unwrap();
    let ran = jiesu(&["test", "--bundle", bundle]);
    assert_eq!(ran.status.code(), Some(0), "{}{}", text(&ran.stdout), text(&ran.stderr));
}
