//! Ways to put a text right by conditions, and the search for one that does.

use jiff::Zoned;

use super::clauses::{Words, clauses};
use super::corpus::{Labelled, impact};
use super::edits::{Files, scalar, with_item};
use super::{Bench, Leads};
use crate::bundle::Bundle;
use crate::decide::{Complaint, Options};
use crate::rules::{Priority, Scenario};
use crate::say;
use crate::source::Message;
use crate::text::Text;

/// Versions of the bundle that are tried, at the most.
const MOST_TRIED: usize = 8;

/// One way: words that are to fire the right scenario, and words that are to exclude another.
#[derive(Clone)]
struct Plan {
    fires: Option<Words>,
    /// The scenario (its index) and the words.
    excludes: Option<(usize, Words)>,
}

/// A way that leads to the right scenario.
pub(super) struct Found<'a> {
    pub(super) files: Files<'a>,
    pub(super) edits: Vec<Message>,
    /// Scenarios whose conditions change.
    pub(super) touched: Vec<String>,
}

/// Looks for the way with the fewest side effects by which `wanted` (its index) leads on a text by rules alone, beginning
/// with `base`, the bundle without what cases teach: the first
/// that makes no example and no case wrong, else the least harmful one that was tried. `None` where none was found in time.
pub(super) fn find<'a>(
    bench: &mut Bench<'_>,
    base: &Bundle,
    files: &Files<'a>,
    complaint: &Complaint,
    wanted: usize,
    known: &[Labelled],
    now: &Zoned,
) -> Option<Found<'a>> {
    let engine = &base.engine;
    let scenarios = engine.rules().scenarios();
    let fired = engine.firing(complaint, Options { rules_only: true }).ok()?;
    if fired.first() == Some(&wanted) {
        return Some(Found { files: files.clone(), edits: Vec::new(), touched: Vec::new() });
    }
    let text = Text::new(complaint.title.as_deref(), &complaint.text);
    let words = clauses(engine, &text, &scenarios[wanted].id, known);
    let plans = plans(
        &words,
        fired.contains(&wanted),
        fired.first().copied().filter(|leader| {
            // What warns of danger is never made to look away by a draft.
            scenarios[*leader].priority != Priority::Emergency
        }),
    );
    let mut best: Option<(usize, Found<'a>)> = None;
    for plan in plans.into_iter().take(MOST_TRIED) {
        if (bench.late)() {
            break;
        }
        let Some(found) = carried_out(&plan, files, scenarios, wanted) else { continue };
        let Some(new) = (bench.load_untaught)(found.files.snapshot()).bundle else { continue };
        if !leads(&new, complaint, &scenarios[wanted].id) {
            continue;
        }
        let worse = impact((base, &new), known, &found.touched, now, bench.late).worse;
        if worse == 0 {
            return Some(found);
        }
        if best.as_ref().is_none_or(|(least, _)| worse < *least) {
            best = Some((worse, found));
        }
    }
    best.map(|(_, found)| found)
}

/// Whether a scenario leads by rules alone.
pub(super) fn leads(bundle: &Bundle, complaint: &Complaint, scenario: &str) -> bool {
    let fired = bundle.engine.firing(complaint, Options { rules_only: true }).unwrap_or_default();
    fired.first().is_some_and(|leader| bundle.engine.rules().scenarios()[*leader].id == scenario)
}

/// Whether a scenario fires at all.
pub(super) fn fires(bundle: &Bundle, complaint: &Complaint, scenario: &str) -> bool {
    let fired = bundle.engine.firing(complaint, Options { rules_only: true }).unwrap_or_default();
    fired.iter().any(|one| bundle.engine.rules().scenarios()[*one].id == scenario)
}

/// Who leads and who handles it, with everything learned.
pub(super) fn decided(bundle: &Bundle, complaint: &Complaint) -> Option<Leads> {
    let decision = bundle.engine.decide(complaint, Options::default()).ok()?;
    let named = |id: String, name: String| crate::decide::Named { id, name };
    Some(Leads {
        scenario: decision.scenario.map(|own| named(own.id, own.title)),
        department: decision.department.map(|own| named(own.id, own.name)),
    })
}

/// In the order in which an editor would try: what lacks is added, or whoever stands before it is excluded; both last.
fn plans(words: &[Words], fires_already: bool, leader: Option<usize>) -> Vec<Plan> {
    let add = |words: &Words| Plan { fires: Some(words.clone()), excludes: None };
    let exclude = |words: &Words| Some(Plan { fires: None, excludes: Some((leader?, words.clone())) });
    let both = |words: &Words| Some(Plan { fires: Some(words.clone()), excludes: Some((leader?, words.clone())) });
    let mut plans: Vec<Plan> = Vec::new();
    for words in words {
        if fires_already {
            plans.extend(exclude(words));
            plans.push(add(words));
        } else {
            plans.push(add(words));
            plans.extend(both(words));
        }
    }
    if fires_already {
        plans.extend(words.iter().filter_map(both));
    }
    plans
}

fn carried_out<'a>(
    plan: &Plan,
    files: &Files<'a>,
    scenarios: &[std::sync::Arc<Scenario>],
    wanted: usize,
) -> Option<Found<'a>> {
    let mut found = Found { files: files.clone(), edits: Vec::new(), touched: Vec::new() };
    if let Some(words) = &plan.fires {
        let scenario = &scenarios[wanted];
        let (path, title) = (&scenario.source.path, &scenario.title);
        let clause = written(words);
        if !found.files.edit(path, |text| with_item(text, &["when", "any"], &clause)) {
            return None;
        }
        found.edits.push(say!(
            "“{title}”（{path}）增加一条：{clause} 出现在同一句时命中",
            "`{title}` ({path}) also fires on {clause} in one sentence"
        ));
        found.touched.push(scenario.id.clone());
    }
    if let Some((leader, words)) = &plan.excludes {
        let scenario = &scenarios[*leader];
        let (path, title) = (&scenario.source.path, &scenario.title);
        let clause = written(words);
        if !found.files.edit(path, |text| with_item(text, &["when", "none"], &clause)) {
            return None;
        }
        found.edits.push(say!(
            "“{title}”（{path}）增加排除：有 {clause} 时不命中",
            "`{title}` ({path}) no longer fires where {clause} is found"
        ));
        found.touched.push(scenario.id.clone());
    }
    Some(found)
}

/// Words as a clause stands in YAML.
fn written(words: &Words) -> String {
    match &words[..] {
        [word] => scalar(word),
        words => format!("[{}]", words.iter().map(|word| scalar(word)).collect::<Vec<_>>().join(", ")),
    }
}
