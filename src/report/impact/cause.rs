//! Which edit changed a case, found by trying: the earlier version with one edit alone, the later one without it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Zoned;

use super::answer::{Answer, Aspect};
use super::compare::{Compared, Comparison};
use super::corpus::Overlap;
use super::edits::{Edit, with_some};
use super::groups::Cause;
use crate::bundle::{Bundle, Snapshot};
use crate::knowledge::Case;

/// Parts that edits are tried in, at the most; of more, those of one file are one part.
const MOST_PARTS: usize = 48;
/// Decisions that are made to find causes, at the most.
const MOST_DECISIONS: usize = 200_000;

/// Loads a version that stands nowhere on disk; `None` where it is refused.
pub(super) type Load<'l> = &'l mut dyn FnMut(Snapshot) -> Option<Arc<Bundle>>;

/// The cases that changed, as they are tried again.
pub(super) struct Changed<'a> {
    pub(super) old: &'a Bundle,
    pub(super) new: &'a Bundle,
    /// By their number in the corpus.
    pub(super) cases: Vec<Case>,
    pub(super) compared: Vec<&'a Compared>,
    pub(super) now: &'a Zoned,
}

/// The cause of every case that changed. `tried` is told how many versions have been tried, and of how many.
pub(super) fn causes(
    changed: &Changed<'_>,
    edits: &[Edit],
    load: Load<'_>,
    tried: &dyn Fn(usize, usize),
) -> Vec<Cause> {
    let parts = parts(edits, changed.cases.len());
    let all = || Cause::Together { edits: parts.concat(), verified: false };
    match &parts[..] {
        // What no edit explains lies in what was learned, or in what is not compared.
        [] => return vec![all(); changed.cases.len()],
        [only] => return vec![Cause::Alone { edits: only.clone() }; changed.cases.len()],
        _ => {}
    }
    let is_neutral = |edit: usize| edits[edit].is_neutral;
    let steps = 2 * parts.len();
    let mut version = |is_chosen: &dyn Fn(usize) -> bool| {
        let chosen = |edit: usize| is_neutral(edit) || is_chosen(edit);
        let snapshot = with_some(&changed.old.snapshot, &changed.new.snapshot, &chosen);
        load(snapshot).map(|bundle| changed.answers(&bundle))
    };
    // Whether a version decides a case as the later one does, in what changed.
    let is_reached = |answers: &Option<Vec<Answer>>, case: usize| {
        answers.as_ref().is_some_and(|answers| changed.agrees(case, &answers[case]))
    };
    let mut alone: Vec<Vec<usize>> = vec![Vec::new(); changed.cases.len()];
    for (number, part) in parts.iter().enumerate() {
        let answers = version(&|edit| part.contains(&edit));
        for (case, causes) in alone.iter_mut().enumerate() {
            if is_reached(&answers, case) {
                causes.push(number);
            }
        }
        tried(number + 1, steps);
    }
    let open: Vec<usize> = (0..alone.len()).filter(|case| alone[*case].is_empty()).collect();
    let mut needed: BTreeMap<usize, Vec<usize>> = open.iter().map(|case| (*case, Vec::new())).collect();
    // Parts without which the later version does not even load.
    let mut binding: Vec<usize> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        if open.is_empty() {
            break;
        }
        let answers = version(&|edit| !part.contains(&edit));
        match &answers {
            None => binding.push(number),
            Some(_) => needed.iter_mut().for_each(|(case, parts)| {
                if !is_reached(&answers, *case) {
                    parts.push(number);
                }
            }),
        }
        tried(parts.len() + number + 1, steps);
    }
    // What is needed is tried together, once for each such set; where that is not enough, with what binds.
    let mut sets: BTreeMap<Vec<usize>, Option<Vec<Answer>>> = BTreeMap::new();
    let mut reached = |set: &[usize], case: usize| {
        let chosen = |edit: usize| set.iter().any(|part| parts[*part].contains(&edit));
        let answers = sets.entry(set.to_vec()).or_insert_with(|| version(&chosen));
        is_reached(answers, case)
    };
    for (case, set) in &mut needed {
        if !reached(set, *case) {
            set.extend(&binding);
            set.sort_unstable();
            if !reached(set, *case) {
                set.clear();
            }
        }
    }
    let edits_of = |numbers: &[usize]| numbers.iter().flat_map(|number| parts[*number].clone()).collect::<Vec<_>>();
    let cause = |(case, causes): (usize, &Vec<usize>)| match (&causes[..], needed.get(&case)) {
        ([only], _) => Cause::Alone { edits: parts[*only].clone() },
        ([], Some(set)) if !set.is_empty() => Cause::Together { edits: edits_of(set), verified: true },
        ([], _) => all(),
        (several, _) => Cause::Any { edits: edits_of(several) },
    };
    alone.iter().enumerate().map(cause).collect()
}

impl Changed<'_> {
    /// All cases under a version.
    fn answers(&self, bundle: &Bundle) -> Vec<Answer> {
        let overlaps = (Overlap::new(self.old, &self.cases), Overlap::new(bundle, &self.cases));
        let comparison = Comparison::new(self.old, bundle);
        let compared = comparison.run(&self.cases, (&overlaps.0, &overlaps.1), self.now, &|_| {});
        compared.into_iter().map(|compared| compared.after).collect()
    }

    /// Whether an answer is that of the later version in what changed most weightily.
    fn agrees(&self, case: usize, answer: &Answer) -> bool {
        let compared = self.compared[case];
        let aspect = compared.before.difference(&compared.after).unwrap_or(Aspect::Reply);
        compared.after.get(aspect) == answer.get(aspect)
    }
}

/// The edits that may matter, in as many parts as can be tried: each by itself, or else by file, or else by folder, or
/// else all at once.
fn parts(edits: &[Edit], cases: usize) -> Vec<Vec<usize>> {
    let relevant = || edits.iter().enumerate().filter(|(_, edit)| !edit.is_neutral).map(|(number, _)| number);
    let by = |key: &dyn Fn(usize) -> String| {
        let mut parts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for edit in relevant() {
            parts.entry(key(edit)).or_default().push(edit);
        }
        parts.into_values().collect::<Vec<_>>()
    };
    let folder = |edit: usize| edits[edit].path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let ways: [&dyn Fn(usize) -> String; 3] = [&|edit| format!("{edit:09}"), &|edit| edits[edit].path.clone(), &folder];
    let fits = |parts: &Vec<Vec<usize>>| parts.len() <= MOST_PARTS && 2 * parts.len() * cases <= MOST_DECISIONS;
    ways.into_iter().map(by).find(fits).unwrap_or_else(|| vec![relevant().collect()])
}
