//! The examples as sentences: enough of them, real ones, and not the same twice.

use std::ops::Range;

use crate::rules::Scenario;
use crate::say;
use crate::source::{Code, Diagnostic, Step};
use crate::text::{NearCopies, Text, groups, normalise};

use super::given::Given;

/// Letters below which nothing is a sentence.
const SHORTEST: usize = 6;
/// Letters from which it is one, whatever it fires on.
const LONG_ENOUGH: usize = 12;
/// `match` examples that a scenario should have.
const FEWEST: usize = 3;

/// Findings about the examples of all scenarios.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, scenario) in given.engine.rules().scenarios().iter().enumerate() {
        how_many(given, scenario, findings);
        for (example, place) in scenario.examples.matching.iter().zip(&scenario.places.matching) {
            bare(given, index, example, place, findings);
        }
        let sets = [
            (&scenario.examples.matching, &scenario.places.matching),
            (&scenario.examples.no_match, &scenario.places.no_match),
        ];
        for (examples, places) in sets {
            copies(scenario, examples, places, findings);
        }
    }
    shared(given, findings);
}

fn how_many(given: &Given<'_>, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    let Some(document) = given.document(&scenario.source.path) else { return };
    let (matching, no_match) = (scenario.examples.matching.len(), scenario.examples.no_match.len());
    if matching == 0 {
        let message = say!("场景没有一条 match 例句", "the scenario has no `match` example");
        let finding = document.diagnostic_at(&[Step::KeyItself("examples")], Code::NoExamples, message);
        findings.push(finding.note(say!(
            "在 examples.match 下写来电人会说的整句话；没有例句，改坏了也没人知道",
            "write whole sentences under examples.match: without them nobody notices when it breaks"
        )));
    } else if matching < FEWEST || no_match == 0 {
        let message = say!(
            "例句太少：match {matching} 条、no_match {no_match} 条，应有至少 {FEWEST} 条和 1 条",
            "too few examples: {matching} `match` and {no_match} `no_match`, should be {FEWEST} and 1 at least"
        );
        let finding = document.diagnostic_at(&[Step::KeyItself("examples")], Code::FewExamples, message);
        findings.push(finding.note(say!(
            "match 写不同的说法，no_match 写最容易混进来的别的事",
            "under `match` write different ways to say it, under `no_match` what is most easily mistaken for it"
        )));
    }
}

/// An example that is nearly only what it fires on proves nothing.
fn bare(given: &Given<'_>, index: usize, example: &str, place: &Range<usize>, findings: &mut Vec<Diagnostic>) {
    let text = Text::new(None, example);
    let counts: Vec<bool> = text.normalised().chars().map(char::is_alphanumeric).collect();
    let letters = counts.iter().filter(|counts| **counts).count();
    if letters >= LONG_ENOUGH {
        return;
    }
    let rules = given.engine.rules();
    let matches = rules.matches(&text);
    let Some(found) = matches.iter().find(|found| found.scenario == index) else { return };
    let mut covered = vec![false; text.len() as usize];
    for hit in &found.evidence {
        covered[hit.start as usize..hit.end as usize].fill(true);
    }
    let hit = covered.iter().zip(&counts).filter(|(covered, counts)| **covered && **counts).count();
    if letters >= SHORTEST && hit * 5 < letters * 4 {
        return;
    }
    let message = say!("例句几乎只有命中的词，不像一句话", "the example is hardly more than the terms it fires on");
    let source = &rules.scenarios()[index].source;
    findings.push(Diagnostic::at(source, place.clone(), Code::BareExample, message).note(say!(
        "照来电人的原话写：什么地方、什么时候、怎么了、想要什么",
        "write it as callers say it: where, since when, what is wrong, what they want"
    )));
}

fn copies(scenario: &Scenario, examples: &[String], places: &[Range<usize>], findings: &mut Vec<Diagnostic>) {
    let texts: Vec<String> = examples.iter().map(|example| normalise(example)).collect();
    for (at, first) in groups(&texts).into_iter().enumerate().filter(|(at, first)| *at as u32 != *first) {
        let Some((place, original)) = places.get(at).zip(places.get(first as usize)) else { continue };
        let line = scenario.source.position(original.start).line;
        let message = say!("与第 {line} 行的例句几乎相同", "nearly the same as the example in line {line}");
        let finding = Diagnostic::at(&scenario.source, place.clone(), Code::NearCopyExamples, message);
        findings.push(finding.note(say!(
            "换一种说法，或删掉；同一句话试两遍不多检查什么",
            "say it in another way, or delete it: the same sentence twice checks nothing more"
        )));
    }
}

/// Sentences that two scenarios both claim.
fn shared(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let scenarios = given.engine.rules().scenarios();
    let all: Vec<(usize, &Range<usize>, String)> = scenarios
        .iter()
        .enumerate()
        .flat_map(|(index, scenario)| {
            let examples = scenario.examples.matching.iter().zip(&scenario.places.matching);
            examples.map(move |(example, place)| (index, place, normalise(example)))
        })
        .collect();
    let texts: Vec<&str> = all.iter().map(|(_, _, text)| text.as_str()).collect();
    let known = NearCopies::new(&texts);
    for (at, (index, place, text)) in all.iter().enumerate() {
        let earlier = |other: u32| (other as usize) < at && all[other as usize].0 != *index;
        let Some(other) = known.find(text, earlier) else { continue };
        let other = &scenarios[all[other as usize].0];
        let (id, title) = (&other.id, &other.title);
        let message =
            say!("场景“{title}”（{id}）有几乎相同的例句", "the scenario {title} ({id}) has nearly the same example");
        let finding = Diagnostic::at(&scenarios[*index].source, (*place).clone(), Code::SharedExample, message);
        findings.push(finding.note(say!(
            "一句话只能归一个场景；留在该归的那边，另一边写进 no_match",
            "one sentence belongs to one scenario: keep it there, and put it under `no_match` of the other"
        )));
    }
}
