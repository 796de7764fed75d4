//! What a bundle knows of right and wrong: its examples, its tests and its cases; and what a change does to them.

use std::sync::Arc;

use jiff::Zoned;
use serde::Serialize;
use utoipa::ToSchema;

use crate::bundle::{Bundle, on_all_cores};
use crate::knowledge::{Case, Origin};
use crate::report::impact::corpus::Overlap;
use crate::report::impact::{Answer, Comparison, Label, Resolver, Verdict};
use crate::rules::{Compiled, Scenario};
use crate::text::Text;
use crate::text::mask::masked;

/// Texts of which it is looked at what becomes of them, at the most.
const MOST_LOOKED_AT: usize = 2_000;
/// Texts that are shown.
const MOST_SHOWN: usize = 20;
/// Texts between two looks at the time.
const CHUNK: usize = 512;
/// Characters of a text that are shown.
const SHOWN: usize = 80;

/// A text of which the scenario may be known.
pub(super) struct Labelled {
    pub(super) text: Text,
    pub(super) case: Case,
}

impl Labelled {
    /// Whether it is known to be of another scenario than this.
    pub(super) fn is_of_another(&self, scenario: &str) -> bool {
        self.case.scenario.as_deref() != Some(scenario)
    }
}

/// The examples of all scenarios, then the cases.
pub(super) fn labelled(bundle: &Bundle) -> Vec<Labelled> {
    let mut all: Vec<Case> = Vec::new();
    for scenario in bundle.engine.rules().scenarios() {
        for text in &scenario.examples.matching {
            let case = Case {
                id: scenario.source.path.clone(),
                text: text.clone(),
                title: None,
                scenario: Some(scenario.id.clone()),
                category: None,
                department: None,
                unit: None,
                district: None,
                reply: None,
                opened_on: None,
                origin: Origin::Example,
            };
            all.push(case);
        }
    }
    all.extend(bundle.engine.knowledge().cases.all().iter().cloned());
    let texts = on_all_cores(all.len(), &|at| Text::new(all[at].title.as_deref(), &all[at].text), &|_| {});
    all.into_iter().zip(texts).map(|(case, text)| Labelled { text, case }).collect()
}

/// Finds the texts that certain scenarios of a bundle have a part in; of one bundle it is made once.
pub(super) struct Touching(Option<Compiled>);

impl Touching {
    pub(super) fn new(bundle: &Bundle, ids: &[String]) -> Touching {
        let rules = bundle.engine.rules();
        let scenarios: Vec<Arc<Scenario>> =
            rules.scenarios().iter().filter(|scenario| ids.contains(&scenario.id)).cloned().collect();
        let segmenter = bundle.engine.segmenter();
        Touching(Compiled::new(scenarios, &bundle.vocabulary(), segmenter, Some(&**rules), &mut Vec::new()))
    }

    /// Where the rules cannot be had by themselves, every text counts.
    fn touches(&self, text: &Text) -> bool {
        self.0.as_ref().is_none_or(|rules| !rules.matches(text).is_empty())
    }
}

/// What a change does to the bundle's own examples and cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Impact {
    /// Examples and cases of the bundle.
    pub texts: usize,
    /// Of these, those that what was changed has a part in.
    pub touched: usize,
    /// Whether all of these were decided again; otherwise time was up, or there were too many.
    pub complete: bool,
    /// Those of which the answer changes.
    pub changed: usize,
    /// Wrong before, right now, by their labels.
    pub better: usize,
    /// Right before, wrong now.
    pub worse: usize,
    /// The first that change, the worse before the others.
    pub shown: Vec<Changed>,
}

/// One text of which the answer changes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Changed {
    /// A case's id; of an example, its file.
    pub id: String,
    /// Its beginning, masked.
    pub text: String,
    /// `became_wrong`, `became_right`, `stays_wrong`, `stays_right` or `unlabelled`.
    pub verdict: String,
    /// What it is labelled with, where it is.
    pub label: Option<String>,
    /// How it was decided.
    pub before: String,
    /// How it is.
    pub after: String,
}

/// What becomes of the texts that scenarios with these ids have a part in. `late` says that time is up.
pub(super) fn impact(
    (old, new): (&Bundle, &Bundle),
    texts: &[Labelled],
    ids: &[String],
    now: &Zoned,
    late: &dyn Fn() -> bool,
) -> Impact {
    if ids.is_empty() {
        return Impact { texts: texts.len(), complete: true, ..Impact::default() };
    }
    let touching = [Touching::new(old, ids), Touching::new(new, ids)];
    let mut touched: Vec<usize> = Vec::new();
    let mut complete = true;
    for (number, chunk) in texts.chunks(CHUNK).enumerate() {
        if late() {
            complete = false;
            break;
        }
        let fires = |at: usize| touching.iter().any(|rules| rules.touches(&chunk[at].text));
        let fire = on_all_cores(chunk.len(), &fires, &|_| {});
        touched.extend((0..chunk.len()).filter(|at| fire[*at]).map(|at| number * CHUNK + at));
    }
    let mut impact = Impact { texts: texts.len(), touched: touched.len(), complete, ..Impact::default() };
    if touched.len() > MOST_LOOKED_AT {
        impact.complete = false;
        touched.truncate(MOST_LOOKED_AT);
    }
    let cases: Vec<Case> = touched.iter().map(|at| texts[*at].case.clone()).collect();
    let overlaps = (Overlap::new(old, &cases), Overlap::new(new, &cases));
    let compared = Comparison::new(old, new).run(&cases, (&overlaps.0, &overlaps.1), now, &|_| {});
    let bundles = [old, new];
    let resolver = Resolver::new(&bundles);
    let mut shown: Vec<(Verdict, Changed)> = Vec::new();
    for (case, compared) in cases.iter().zip(&compared) {
        let right = |answer: &Answer, bundle: &Bundle| resolver.is_right(answer, case, bundle);
        let verdict = Verdict::of(right(&compared.before, old), right(&compared.after, new));
        impact.better += usize::from(verdict == Verdict::BecameRight);
        impact.worse += usize::from(verdict == Verdict::BecameWrong);
        if compared.before.scenario == compared.after.scenario
            && compared.before.department == compared.after.department
            && !matches!(verdict, Verdict::BecameWrong | Verdict::BecameRight)
        {
            continue;
        }
        impact.changed += 1;
        let changed = Changed {
            id: case.id.clone(),
            text: masked(&case.text).chars().take(SHOWN).collect(),
            verdict: name(verdict).to_owned(),
            label: Label::of(case).map(|label| label.text().to_owned()),
            before: named(old, &compared.before),
            after: named(new, &compared.after),
        };
        shown.push((verdict, changed));
    }
    shown.sort_by_key(|(verdict, _)| *verdict);
    impact.shown = shown.into_iter().map(|(_, changed)| changed).take(MOST_SHOWN).collect();
    impact
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::BecameWrong => "became_wrong",
        Verdict::StaysWrong => "stays_wrong",
        Verdict::BecameRight => "became_right",
        Verdict::StaysRight => "stays_right",
        Verdict::Unresolvable | Verdict::Unlabelled => "unlabelled",
    }
}

/// An answer in words: scenario → department.
fn named(bundle: &Bundle, answer: &Answer) -> String {
    let engine = &bundle.engine;
    let scenario = answer.scenario.as_deref().map(|id| {
        engine.rules().position(id).map_or_else(|| id.to_owned(), |at| engine.rules().scenarios()[at].title.clone())
    });
    let department = answer.department.as_deref();
    let department =
        department.map(|id| engine.catalog().department(id).map_or_else(|| id.to_owned(), |known| known.name.clone()));
    let parts: Vec<String> = [scenario, department].into_iter().flatten().collect();
    if parts.is_empty() { "—".to_owned() } else { parts.join(" → ") }
}
