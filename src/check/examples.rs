//! Whether the examples of scenarios do what they say.

use std::ops::Range;
use std::sync::Arc;

use jiff::{Timestamp, Zoned};

use crate::decide::{Complaint, Engine, Options};
use crate::rules::Scenario;
use crate::say;
use crate::source::{Code, Diagnostic, SourceText};
use crate::text::Text;

/// Runs every example by rules alone: `match` examples must fire their scenario and let it lead, `no_match` examples
/// must not fire it.
pub fn examples(engine: &Engine) -> Vec<Diagnostic> {
    let at = Timestamp::UNIX_EPOCH.to_zoned(engine.settings().time_zone.clone());
    let mut findings = Vec::new();
    for (index, scenario) in engine.rules().scenarios().iter().enumerate() {
        for example in &scenario.examples.matching {
            findings.extend(must_lead(engine, index, scenario, example, &at));
        }
        for example in &scenario.examples.no_match {
            findings.extend(must_not_fire(engine, index, scenario, example));
        }
    }
    findings
}

fn must_lead(engine: &Engine, index: usize, scenario: &Arc<Scenario>, example: &str, at: &Zoned) -> Option<Diagnostic> {
    let fired = engine.rules().matches(&Text::new(None, example)).iter().any(|found| found.scenario == index);
    let place = place(&scenario.source, example);
    if !fired {
        let message = say!("例句没有命中本场景", "the example does not fire its scenario");
        return Some(Diagnostic::at(&scenario.source, place, Code::ExampleDoesNotFire, message));
    }
    let complaint = Complaint { text: example.to_owned(), title: None, channel: None, district: None, at: at.clone() };
    let decision = engine.decide(&complaint, Options { rules_only: true }).ok()?;
    let leader = decision.scenario.filter(|leader| leader.id != scenario.id)?;
    let (id, title) = (&leader.id, &leader.title);
    let why = decision.evidence.iter().map(|item| item.text.as_str()).collect::<Vec<_>>().join("、");
    let message = say!("例句被场景“{title}”（{id}）抢先", "another scenario leads on the example: {title} ({id})");
    Some(Diagnostic::at(&scenario.source, place, Code::ExampleDoesNotLead, message).note(say!(
        "它命中的词：{why}。可以给对方加 none，给本场景补更具体的词，或调整 priority",
        "it fired on: {why}. Give the other one a `none`, this one more specific terms, or a `priority`"
    )))
}

fn must_not_fire(engine: &Engine, index: usize, scenario: &Arc<Scenario>, example: &str) -> Option<Diagnostic> {
    let text = Text::new(None, example);
    let matches = engine.rules().matches(&text);
    let found = matches.iter().find(|found| found.scenario == index)?;
    let why = found.evidence.iter().map(|hit| text.slice(hit.start..hit.end)).collect::<Vec<_>>().join("、");
    let message = say!("反例命中了本场景：{why}", "the counter-example fires the scenario: {why}");
    let place = place(&scenario.source, example);
    Some(Diagnostic::at(&scenario.source, place, Code::ExampleFires, message))
}

/// Where an example stands in its file: where it begins, as it may be quoted or folded.
fn place(source: &SourceText, example: &str) -> Range<usize> {
    if let Some(at) = source.text.find(example) {
        return at..at + example.len();
    }
    let start: String = example.chars().take(6).collect();
    let at = source.text.find(&start).or_else(|| source.text.find("examples:")).unwrap_or(0);
    let end = source.text[at..].find('\n').map_or(source.text.len(), |length| at + length);
    at..end
}
