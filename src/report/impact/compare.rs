//! Every case decided under two bundles. Scenarios that are the same in both are matched once.

use std::sync::Arc;

use jiff::Zoned;
use rustc_hash::FxHashSet;

use super::answer::Answer;
use super::corpus::{Overlap, complaint, decide};
use crate::bundle::Bundle;
use crate::bundle::on_all_cores;
use crate::decide::{Decision, Found};
use crate::knowledge::Case;
use crate::rules::{Clause, Compiled, Form, Scenario, Vocabulary};
use crate::text::Text;

/// Words of evidence that are kept of a case.
const EVIDENCE: usize = 6;

/// One case under both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Before.
    pub before: Answer,
    /// After.
    pub after: Answer,
    /// The words that the later decision rests on, or the earlier where the later rests on none: the citizen's words,
    /// the file and the line.
    pub evidence: Vec<(String, String, usize)>,
}

impl Compared {
    /// Whether anything changed.
    pub fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

/// Two bundles, and what is the same in both.
pub struct Comparison<'a> {
    old: &'a Bundle,
    new: &'a Bundle,
    /// The later scenarios that are new or changed, by themselves; `None` where all are taken for changed.
    changed: Option<Compiled>,
    /// For each earlier scenario whether it is the same later.
    kept: Vec<bool>,
    /// Nothing but scenarios differs, so that a case on which no changed one speaks is decided as before.
    only_scenarios: bool,
}

impl<'a> Comparison<'a> {
    /// Holds two bundles against each other. Much is saved where one [`Loader`](crate::bundle::Loader) loaded both, since
    /// it takes over what did not change.
    pub fn new(old: &'a Bundle, new: &'a Bundle) -> Comparison<'a> {
        let (before, after) = (&old.engine, &new.engine);
        let dictionary = |bundle: &Bundle| bundle.snapshot.files.get("rules/dictionary.txt").cloned();
        let everything = Comparison { old, new, changed: None, kept: Vec::new(), only_scenarios: false };
        if dictionary(old) != dictionary(new) {
            return everything;
        }
        let words = (old.vocabulary(), new.vocabulary());
        let is_same = |id: &str| {
            let scenario = |rules: &'a Compiled| rules.position(id).map(|at| &rules.scenarios()[at]);
            let both = scenario(before.rules()).zip(scenario(after.rules()));
            both.is_some_and(|(a, b)| Arc::ptr_eq(a, b) && means_the_same(a, &words.0, &words.1))
        };
        let changed: Vec<Arc<Scenario>> =
            after.rules().scenarios().iter().filter(|scenario| !is_same(&scenario.id)).cloned().collect();
        let kept = before.rules().scenarios().iter().map(|scenario| is_same(&scenario.id)).collect();
        let rules = Some(&**after.rules());
        let changed = Compiled::new(changed, &words.1, after.segmenter(), rules, &mut Vec::new());
        if changed.is_none() {
            return everything;
        }
        let (a, b) = (before.settings(), after.settings());
        let only_scenarios = Arc::ptr_eq(before.catalog(), after.catalog())
            && Arc::ptr_eq(&before.knowledge().cases, &after.knowledge().cases)
            && before.learned().is_none()
            && after.learned().is_none()
            && (&a.hotline, a.target, &a.time_zone) == (&b.hotline, b.target, &b.time_zone);
        Comparison { old, new, changed, kept, only_scenarios }
    }

    /// How many later scenarios have to be matched again.
    pub fn rematched(&self) -> usize {
        self.changed.as_ref().map_or(self.new.engine.rules().scenarios().len(), |changed| changed.scenarios().len())
    }

    /// Decides all cases under both. `overlaps` say which cases are the earlier and the later bundle's own; `now` is the
    /// time of those that have no day; `done` is told how many are done.
    pub fn run(
        &self,
        cases: &[Case],
        overlaps: (&Overlap, &Overlap),
        now: &Zoned,
        done: &(dyn Fn(usize) + Sync),
    ) -> Vec<Compared> {
        let one = |number: usize| self.one(number, &cases[number], overlaps, now);
        on_all_cores(cases.len(), &one, done)
    }

    fn one(&self, number: usize, case: &Case, overlaps: (&Overlap, &Overlap), now: &Zoned) -> Compared {
        let complaint = complaint(case, now);
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        let found = Found::new(self.old.engine.rules(), &text);
        let again = self.found_again(&text, &found);
        let before = decide(self.old, (number, &complaint, &text), overlaps.0, Some(found));
        let after = match again {
            // Words are cut by the segmenter of the bundle, so another needs the text anew.
            None => {
                let text = Text::new(complaint.title.as_deref(), &complaint.text);
                decide(self.new, (number, &complaint, &text), overlaps.1, None)
            }
            Some((_, false)) if self.only_scenarios => before.clone(),
            Some((found, _)) => decide(self.new, (number, &complaint, &text), overlaps.1, Some(found)),
        };
        let answer = |decision: &Option<Decision>| decision.as_ref().map(Answer::of).unwrap_or_default();
        let (before_answer, after_answer) = (answer(&before), answer(&after));
        let evidence = if before_answer == after_answer { Vec::new() } else { evidence(before, after) };
        Compared { before: before_answer, after: after_answer, evidence }
    }

    /// What the later rules find in a text, by what the earlier found, and whether a changed scenario has a part in
    /// either; `None` where everything has to be looked for.
    fn found_again(&self, text: &Text, before: &Found) -> Option<(Found, bool)> {
        let changed = self.changed.as_ref()?;
        let rules = self.new.engine.rules();
        let kept = before.matches.iter().filter(|found| self.kept[found.scenario]);
        let kept: Option<Vec<_>> = kept.map(|found| rules.carried(self.old.engine.rules(), found)).collect();
        let kept = kept?;
        let exact = changed.matches(text);
        let guessed = exact.is_empty() && before.guessed;
        let own = if guessed { changed.fuzzy_matches(text) } else { exact };
        let is_touched = !own.is_empty() || kept.len() < before.matches.len();
        let own: Option<Vec<_>> = own.iter().map(|found| rules.carried(changed, found)).collect();
        // What was only guessed counts for nothing beside what holds.
        let mut matches = if before.guessed && !guessed { Vec::new() } else { kept };
        matches.extend(own?);
        if matches.is_empty() && !guessed {
            // Nothing holds any more: what is guessed then was not looked for before.
            return Some((Found::new(rules, text), true));
        }
        matches.sort_by_key(|found| found.scenario);
        Some((Found { matches, guessed }, is_touched))
    }
}

fn evidence(before: Option<Decision>, after: Option<Decision>) -> Vec<(String, String, usize)> {
    let items = |decision: Option<Decision>| decision.map(|decision| decision.evidence).unwrap_or_default();
    let later = items(after);
    let items = if later.is_empty() { items(before) } else { later };
    items.into_iter().take(EVIDENCE).map(|item| (item.text, item.file, item.line)).collect()
}

/// Whether all that a scenario names means the same in two vocabularies.
fn means_the_same(scenario: &Scenario, old: &Vocabulary, new: &Vocabulary) -> bool {
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut open: Vec<&Clause> = std::iter::once(&scenario.when).chain(&scenario.hints).collect();
    while let Some(clause) = open.pop() {
        let mut names: Vec<&str> = Vec::new();
        clause.each(&mut |part| {
            if let Form::Reference { name, .. } = &part.form {
                names.push(name);
            }
        });
        for name in names.into_iter().filter(|name| seen.insert(name)) {
            match (old.condition(name), new.condition(name)) {
                (None, None) if old.terms(name) == new.terms(name) => {}
                // Places are compared too: evidence names lines.
                (Some(a), Some(b)) if a == b => open.push(a),
                _ => return false,
            }
        }
    }
    true
}
