//! Whether the examples of scenarios do what they say.

use std::ops::Range;

use crate::decide::Engine;
use crate::say;
use crate::source::{Code, Diagnostic};
use crate::text::Text;

/// Runs every example by rules alone: `match` examples must fire their scenario and let it lead, `no_match` examples
/// must not fire it.
pub fn examples(engine: &Engine) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (index, scenario) in engine.rules().scenarios().iter().enumerate() {
        for (example, place) in scenario.examples.matching.iter().zip(&scenario.places.matching) {
            findings.extend(must_lead(engine, index, example, place));
        }
        for (example, place) in scenario.examples.no_match.iter().zip(&scenario.places.no_match) {
            findings.extend(must_not_fire(engine, index, example, place));
        }
    }
    findings
}

fn must_lead(engine: &Engine, index: usize, example: &str, place: &Range<usize>) -> Option<Diagnostic> {
    let scenario = &engine.rules().scenarios()[index];
    let text = Text::new(None, example);
    let leader = engine.leader(&text);
    if leader.as_ref().is_some_and(|leader| leader.scenario == index) {
        return None;
    }
    let fired = engine.rules().matches(&text).iter().any(|found| found.scenario == index);
    let Some(leader) = leader.filter(|_| fired) else {
        let message = say!("例句没有命中本场景", "the example does not fire its scenario");
        return Some(Diagnostic::at(&scenario.source, place.clone(), Code::ExampleDoesNotFire, message));
    };
    let other = &engine.rules().scenarios()[leader.scenario];
    let (id, title) = (&other.id, &other.title);
    let why = leader.evidence.iter().map(|hit| text.slice(hit.start..hit.end)).collect::<Vec<_>>().join("、");
    let message = say!("例句被场景“{title}”（{id}）抢先", "another scenario leads on the example: {title} ({id})");
    Some(Diagnostic::at(&scenario.source, place.clone(), Code::ExampleDoesNotLead, message).note(say!(
        "它命中的词：{why}。可以给对方加 none，给本场景补更具体的词，或调整 priority",
        "it fired on: {why}. Give the other one a `none`, this one more specific terms, or a `priority`"
    )))
}

fn must_not_fire(engine: &Engine, index: usize, example: &str, place: &Range<usize>) -> Option<Diagnostic> {
    let scenario = &engine.rules().scenarios()[index];
    let text = Text::new(None, example);
    let matches = engine.rules().matches(&text);
    let found = matches.iter().find(|found| found.scenario == index)?;
    let why = found.evidence.iter().map(|hit| text.slice(hit.start..hit.end)).collect::<Vec<_>>().join("、");
    let message = say!("反例命中了本场景：{why}", "the counter-example fires the scenario: {why}");
    Some(Diagnostic::at(&scenario.source, place.clone(), Code::ExampleFires, message))
}
