//! The draft for a decision that was wrong.

use std::sync::Arc;

use jiff::Zoned;

use super::corpus::{impact, labelled};
use super::edits::{Files, scalar, with_item};
use super::plan::{self, Found, decided};
use super::{Bench, Draft, Leads, department, refused};
use crate::bundle::Bundle;
use crate::decide::{Complaint, Options};
use crate::rules::Scenario;
use crate::say;
use crate::text::mask::masked;

/// Characters of a text that becomes an example, at the most: what follows is cut off.
const LONGEST: usize = 1_000;
/// Characters of the name of a test.
const NAMED: usize = 24;
/// The files of what was corrected.
const TESTS: &str = "rules/tests/corrections.yaml";
const CASES: &str = "knowledge/cases/corrections.jsonl";

/// A decision that was wrong, and what would have been right.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The complaint, as it was decided.
    pub complaint: Complaint,
    /// The right scenario, its id.
    pub scenario: Option<String>,
    /// The right department, its id.
    pub department: Option<String>,
    /// Why, in a word or two.
    pub why: String,
}

impl Wrong {
    /// The complaint with personal data masked, and shortened: what an example is made of.
    pub fn masked(&self) -> Complaint {
        let short = |text: &str| {
            let readable = |c: &char| *c == '\n' || !c.is_control();
            masked(text).chars().filter(readable).take(LONGEST).collect::<String>().trim().to_owned()
        };
        Complaint {
            text: short(&self.complaint.text),
            title: self.complaint.title.as_deref().map(short).filter(|title| !title.is_empty()),
            ..self.complaint.clone()
        }
    }
}

/// Drafts what puts a decision right: conditions where they have to change, the dispatch list where it does, an example
/// for the right scenario, a counter-example for the wrong one, and a test of the whole decision. Where no change of
/// conditions leads to it, the text becomes a labelled case, from which is learned, and the draft says what lacks.
pub fn correction(bench: &mut Bench<'_>, wrong: &Wrong, now: &Zoned) -> Draft {
    let bundle = bench.bundle;
    let rules = bundle.engine.rules();
    let said = wrong.masked();
    let before = decided(bundle, &wrong.complaint);
    let mut draft = Draft { before: before.clone(), ..Draft::default() };
    if wrong.complaint.text.chars().count() > LONGEST {
        draft.notes.push(say!(
            "内容较长，只取前 {LONGEST} 个字",
            "the text is long: its first {LONGEST} characters are taken"
        ));
    }
    let of_before = before.as_ref().and_then(|before| before.scenario.as_ref()).map(|own| own.id.as_str());
    let wanted = wrong.scenario.as_deref().or(of_before).and_then(|id| rules.position(id));
    let Some(wanted) = wanted else {
        draft.notes.push(say!("没有写明正确的场景", "the right scenario is not named"));
        return draft;
    };
    let scenario = &rules.scenarios()[wanted];
    let known = labelled(bundle);
    let files = Files::new(&bundle.snapshot);
    let base = untaught(bench);
    let found = plan::find(bench, &base, &files, &said, wanted, &known, now);
    let by_rules = found.is_some();
    let mut found = found.unwrap_or(Found { files, edits: Vec::new(), touched: Vec::new() });
    if let Some(department) = &wrong.department
        && let Some(edit) = department::assigned(bundle, &mut found.files, scenario, department, &said, &wrong.why)
    {
        found.edits.push(edit);
        found.touched.push(scenario.id.clone());
        draft.notes.push(say!(
            "派单依据要由编辑核实：写明目录、文件或会议纪要",
            "an editor has to look up the basis: the list, the document or the minutes that say so"
        ));
    }
    let other = of_before.filter(|id| *id != scenario.id).and_then(|id| rules.position(id));
    let other = other.map(|at| &**rules.scenarios().get(at).unwrap_or(scenario));
    if by_rules {
        let loaded = (bench.load_untaught)(found.files.snapshot());
        if let Some(new) = &loaded.bundle {
            illustrate(new, &mut found, scenario, other, &said, wrong);
        }
    } else {
        draft.notes.push(say!(
            "没有找到稳妥的改法，先记为案例供学习；请编辑参照“还缺什么”改条件",
            "no safe change of conditions was found: it is kept as a case to learn from, and an editor has to change the condition"
        ));
        let explained = bundle.engine.explain(&said, Options { rules_only: true }, Some(wanted)).ok();
        if let Some(why_not) = explained.and_then(|explained| explained.why_not) {
            draft.lacking = why_not.explained.lacking;
            draft.flip = why_not.flip;
        }
        found.files.append(CASES, &case_line(&said, scenario, wrong));
        found.edits.push(say!("记为案例（{CASES}）", "kept as a case ({CASES})"));
    }
    finish(bench, draft, &found, (&said, wrong, scenario), (&base, &known), now)
}

/// Loads what was drafted and says what comes of it.
fn finish(
    bench: &mut Bench<'_>,
    mut draft: Draft,
    found: &Found<'_>,
    (said, wrong, scenario): (&Complaint, &Wrong, &Scenario),
    (base, known): (&Bundle, &[super::corpus::Labelled]),
    now: &Zoned,
) -> Draft {
    draft.edits.clone_from(&found.edits);
    if found.files.is_empty() {
        return draft;
    }
    let loaded = (bench.load)(found.files.snapshot());
    match &loaded.bundle {
        Some(new) => {
            draft.after = decided(new, said);
            draft.works = is_right(draft.after.as_ref(), scenario, wrong, new);
            // Like is held against like: both without what cases teach.
            let same = new.engine.learned().is_none().then(|| Arc::clone(new));
            let new = same.or_else(|| (bench.load_untaught)(found.files.snapshot()).bundle);
            draft.impact = new.map(|new| impact((base, &new), known, &found.touched, now, bench.late));
        }
        None => draft.notes.extend(refused(&loaded)),
    }
    draft.files = found.files.changes();
    draft.patch = found.files.patch();
    draft
}

/// The bundle that serves, without what cases teach.
fn untaught(bench: &mut Bench<'_>) -> Arc<Bundle> {
    let bundle = bench.bundle;
    if bundle.engine.learned().is_none() {
        return Arc::clone(bundle);
    }
    let loaded = (bench.load_untaught)(Files::new(&bundle.snapshot).snapshot());
    loaded.bundle.unwrap_or_else(|| Arc::clone(bundle))
}

fn is_right(after: Option<&Leads>, scenario: &Scenario, wrong: &Wrong, new: &Bundle) -> bool {
    let Some(after) = after else { return false };
    let above =
        |id: &str| new.engine.catalog().department_upwards(id).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let of_department = wrong.department.as_deref().is_none_or(|wanted| {
        after.department.as_ref().is_some_and(|own| own.id == wanted || above(wanted).contains(&own.id))
    });
    after.scenario.as_ref().is_some_and(|own| own.id == scenario.id) && of_department
}

/// Adds an example for the right scenario, one against the wrong one, and a test of the whole decision where these do not
/// say it all. Each only where it holds: nothing that fails is proposed.
fn illustrate(
    new: &Bundle,
    found: &mut Found<'_>,
    scenario: &Scenario,
    other: Option<&Scenario>,
    said: &Complaint,
    wrong: &Wrong,
) {
    let alone = Complaint { title: None, district: None, ..said.clone() };
    let text = scalar(&said.text);
    let is_known = |texts: &[String]| texts.contains(&said.text);
    let path = &scenario.source.path;
    let mut is_example = is_known(&scenario.examples.matching);
    if !is_example && plan::leads(new, &alone, &scenario.id) {
        is_example = found.files.edit(path, |file| with_item(file, &["examples", "match"], &text));
        let title = &scenario.title;
        if is_example {
            found.edits.push(say!("“{title}”增加例句（{path}）", "an example for `{title}` ({path})"));
        }
    }
    if let Some(other) = other.filter(|other| !is_known(&other.examples.no_match)) {
        let (path, title) = (&other.source.path, &other.title);
        let is_silent = !plan::fires(new, &alone, &other.id);
        if is_silent && found.files.edit(path, |file| with_item(file, &["examples", "no_match"], &text)) {
            found.edits.push(say!("“{title}”增加反例（{path}）", "a counter-example for `{title}` ({path})"));
        }
    }
    let is_told_by_example = is_example && wrong.department.is_none();
    if is_told_by_example || !plan::leads(new, said, &scenario.id) {
        return;
    }
    if let Some(decision) = new.engine.decide(said, Options { rules_only: true }).ok().filter(|_| !is_told_by_example) {
        let department = decision.department.map(|own| own.id);
        found.files.append(TESTS, &test(said, scenario, department.as_deref(), &wrong.why));
        found.edits.push(say!("增加整件测试（{TESTS}）", "a test of the whole decision ({TESTS})"));
    }
}

/// A test as it stands in its file.
fn test(said: &Complaint, scenario: &Scenario, department: Option<&str>, why: &str) -> String {
    let day = said.at.date();
    let name: String = said.text.chars().filter(|c| !c.is_whitespace()).take(NAMED).collect();
    let name = scalar(&format!("{name}…（{day}，{why}）"));
    let mut test = format!("- name: {name}\n  text: {}\n", scalar(&said.text));
    let mut line = |key: &str, value: Option<&String>| {
        if let Some(value) = value {
            test.push_str(&format!("  {key}: {}\n", scalar(value)));
        }
    };
    line("title", said.title.as_ref());
    line("district", said.district.as_ref());
    let department = department.map_or_else(String::new, |id| format!(", department: {id}"));
    test.push_str(&format!("  expect: {{scenario: {}{department}}}\n", scenario.id));
    test
}

/// A labelled case as a line of its file.
fn case_line(said: &Complaint, scenario: &Scenario, wrong: &Wrong) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(said.text.as_bytes());
    let id: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let mut case = serde_json::json!({
        "id": format!("correction-{id}"), "text": said.text, "scenario": scenario.id, "opened_on": said.at.date().to_string(), "origin": "real",
    });
    let more = [
        ("title", said.title.as_ref()),
        ("department", wrong.department.as_ref()),
        ("district", said.district.as_ref()),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            case[key] = value.as_str().into();
        }
    }
    format!("{case}\n")
}
