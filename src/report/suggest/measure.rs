//! Proposals made into conditions, loaded and run by the matcher on the cases held back.

use std::sync::Arc;

use crate::bundle::Bundle;
use crate::knowledge::Case;
use crate::rules::{Clause, Compiled, Form, Group, Scenario, Vocabulary};
use crate::source::{Document, SourceText};
use crate::text::Text;

use super::corpus::Corpus;

/// A clause as an editor would write it, read from that.
pub(super) struct Trial {
    /// Its words by number.
    pub(super) words: Vec<u32>,
    /// The words.
    pub(super) terms: Vec<String>,
    /// As it stands in YAML.
    pub(super) clause: String,
    scenario: Scenario,
}

impl Trial {
    /// A scenario of this clause alone, vetoed by what vetoes `of`; `None` where it cannot be loaded.
    pub(super) fn new(corpus: &Corpus, words: &[u32], of: Option<&Scenario>) -> Option<Trial> {
        let terms: Vec<String> = words.iter().map(|word| corpus.words[*word as usize].to_string()).collect();
        let clause = match &terms[..] {
            [term] => term.clone(),
            terms => format!("[{}]", terms.join(", ")),
        };
        let mut scenario = read(&clause)?;
        if let Some(Form::Group(of)) = of.map(|of| &of.when.form) {
            scenario.when = vetoed(&scenario.when, of);
        }
        Some(Trial { words: words.to_vec(), terms, clause, scenario })
    }
}

fn read(clause: &str) -> Option<Scenario> {
    let yaml = format!("id: suggest/one\ntitle: one\ncategory: one\nwhen:\n  any:\n    - {clause}\nreply: one\n");
    let mut findings = Vec::new();
    let document = Document::parse("suggest.yaml", &yaml, &mut findings)?;
    Scenario::read(&document, &mut findings).filter(|_| findings.is_empty())
}

/// The condition with what another demands and forbids beside its `any`.
fn vetoed(when: &Clause, of: &Group) -> Clause {
    let own = match &when.form {
        Form::Group(group) => group.some.clone(),
        _ => vec![when.clone()],
    };
    let group = Group { some: own, minimum: 1, scope: of.scope, every: of.every.clone(), none: of.none.clone() };
    Clause { range: when.range.clone(), form: Form::Group(group) }
}

/// For each trial the cases held back on which it fires, by place.
pub(super) fn hits<'a>(
    bundle: &Bundle,
    cases: &[Case],
    corpus: &Corpus,
    trials: impl Iterator<Item = &'a Trial>,
) -> Vec<Vec<u32>> {
    let named = |(at, trial): (usize, &Trial)| {
        // Put in order of id, they are in the order of the trials.
        let source = Arc::new(SourceText::new(format!("suggest/{at:06}.yaml"), trial.scenario.source.text.as_str()));
        Arc::new(Scenario { id: format!("suggest/{at:06}"), source, ..trial.scenario.clone() })
    };
    let scenarios: Vec<Arc<Scenario>> = trials.enumerate().map(named).collect();
    let mut found = vec![Vec::new(); scenarios.len()];
    let segmenter = bundle.engine.segmenter();
    let Some(rules) = Compiled::new(scenarios, &vocabulary(bundle), segmenter, None, &mut Vec::new()) else {
        return found;
    };
    let held: Vec<u32> = corpus.cases.iter().filter(|case| case.held).map(|case| case.place).collect();
    let fired = on_all_cores(&held, &|place: &u32| {
        let case = &cases[*place as usize];
        let text = Text::new(case.title.as_deref(), &case.text);
        rules.matches(&text).iter().map(|hit| hit.scenario).collect::<Vec<_>>()
    });
    for (place, fired) in held.iter().zip(fired) {
        fired.into_iter().for_each(|trial| found[trial].push(*place));
    }
    found
}

/// The lists and shared conditions of a bundle, which what vetoes a scenario may name.
pub(super) fn vocabulary(bundle: &Bundle) -> Vocabulary {
    let mut findings = Vec::new();
    let mut read = |folder: &str| -> Vec<Document> {
        let files =
            bundle.snapshot.files.iter().filter(|(path, _)| path.starts_with(folder) && path.ends_with(".yaml"));
        files.filter_map(|(path, content)| Document::parse(path, &content.text, &mut findings)).collect()
    };
    let (terms, conditions) = (read("rules/terms/"), read("rules/conditions/"));
    Vocabulary::read(&terms.iter().collect::<Vec<_>>(), &conditions.iter().collect::<Vec<_>>(), &mut findings)
}

/// Does the same with each item, on all cores, and gives the results in order.
pub(super) fn on_all_cores<T: Sync, R: Send>(items: &[T], work: &(dyn Fn(&T) -> R + Sync)) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = items.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            items.chunks(part).map(|items| scope.spawn(move || items.iter().map(work).collect::<Vec<_>>())).collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
