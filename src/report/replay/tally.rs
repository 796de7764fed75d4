//! What came of deciding a log again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::shown::one_line;
use super::compare::{Difference, differences};
use super::entry::{Entry, Fields};
use crate::source::Message;

/// Different things that are counted one by one, at the most: a log may hold anything.
const MOST_KINDS: usize = 10_000;
/// Differences that an example shows.
const MOST_SHOWN: usize = 12;
/// Characters of a complaint, and of one value, that are quoted.
const QUOTED: usize = 120;
/// Places that could not be replayed, or read, that are kept.
const MOST_PROBLEMS: usize = 100;
/// Fields of which it is counted from what to what they went: those with few values.
const COUNTED: &[&str] =
    &["outcome", "source", "emergency", "kind", "scenario", "category", "department", "unit", "district", "deadline"];

/// Where a line stands: the file, and the line from 1.
pub type Place = (String, u64);

/// The lines of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RevisionTally {
    /// Lines that name it.
    pub entries: u64,
    /// Decided again with the same answer.
    pub same: u64,
    /// With another.
    pub different: u64,
    /// Why its lines could not be decided again.
    pub problem: Option<Message>,
}

/// How often a field went from one value to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The field.
    pub field: String,
    /// What was answered.
    pub logged: Option<String>,
    /// What is answered now.
    pub now: Option<String>,
    /// In so many lines.
    pub count: u64,
}

/// One line whose answer is another, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u64,
    /// The decision's id.
    pub id: String,
    /// The beginning of the complaint, as it stands in the log: masked.
    pub text: String,
    /// What differs, the weightiest first.
    pub differences: Vec<Difference>,
    /// The versions of the engine, where they are two.
    pub engine: Option<String>,
}

/// A line that could not be read or decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u64,
    /// Why.
    pub message: Message,
}

/// What came of it all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The bundle that decided; none where each line was decided under its own.
    pub under: Option<String>,
    /// The version of the engine that decided.
    pub engine: String,
    /// Lines that hold a decision.
    pub entries: u64,
    /// The same answer, to the byte.
    pub same: u64,
    /// Another answer.
    pub different: u64,
    /// Of these, those that another version of the engine had decided.
    pub different_by_engine: u64,
    /// Could not be decided again.
    pub not_replayed: u64,
    /// Lines that are no decision.
    pub wrong_lines: u64,
    /// Lines that end before they are complete, as a process leaves them that was ended.
    pub torn_lines: u64,
    /// Lines by the version of the engine, where it is another.
    pub other_engines: BTreeMap<String, u64>,
    /// Lines in which personal data was masked.
    pub masked: u64,
    /// Of these, those where the engine reads the masked text otherwise than the original.
    pub changed_by_masking: u64,
    /// By the field of the decision that this changed.
    pub fields_changed_by_masking: BTreeMap<String, u64>,
    /// How many lines differ in each field.
    pub fields: BTreeMap<String, u64>,
    /// From what to what, the most frequent first.
    pub moves: Vec<Move>,
    /// By revision.
    pub revisions: BTreeMap<String, RevisionTally>,
    /// The worst.
    pub examples: Vec<Example>,
    /// The first lines that could not be read or decided.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether every line was decided again and gave what was expected: the same answer. Under another bundle, and for
    /// another version of the engine, another answer is no surprise, unless `strict`.
    pub fn is_fine(&self, strict: bool) -> bool {
        let unexpected = match (&self.under, strict) {
            (_, true) => self.different,
            (Some(_), false) => 0,
            (None, false) => self.different - self.different_by_engine,
        };
        unexpected == 0 && self.not_replayed == 0 && self.wrong_lines == 0
    }
}

/// Counts while lines are decided again, in the order of the log.
pub struct Tally {
    report: Report,
    moves: BTreeMap<(String, Option<String>, Option<String>), u64>,
    examples: BTreeSet<((usize, usize), u64)>,
    kept: BTreeMap<u64, Example>,
    worst: usize,
    seen: u64,
}

impl Tally {
    /// Nothing yet. `under` is the bundle that decides where it is not each line's own; `worst` so many examples are
    /// kept.
    pub fn new(under: Option<String>, worst: usize) -> Tally {
        let report = Report { under, engine: env!("CARGO_PKG_VERSION").to_owned(), ..Report::default() };
        let (moves, examples, kept) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Tally { report, moves, examples, kept, worst, seen: 0 }
    }

    /// A line that is no decision.
    pub fn wrong_line(&mut self, place: Place, message: Message, is_torn: bool) {
        let count = if is_torn { &mut self.report.torn_lines } else { &mut self.report.wrong_lines };
        *count += 1;
        self.problem(place, message);
    }

    /// A line that could not be decided again; `of_revision` where none of its revision can be.
    pub fn not_replayed(&mut self, place: Place, entry: &Entry, message: Message, of_revision: bool) {
        self.entry(entry);
        self.report.not_replayed += 1;
        if !of_revision {
            self.problem(place, message);
        } else if let Some(revision) = self.revision(entry) {
            revision.problem = Some(message);
        }
    }

    /// A line that was decided again.
    pub fn replayed(&mut self, place: Place, entry: &Entry, again: &Fields) {
        self.entry(entry);
        let left_out: &[&str] = if self.report.under.is_some() { &["revision"] } else { &[] };
        let found = differences(&entry.expected(), again, left_out);
        let is_same = found.is_empty();
        if let Some(revision) = self.revision(entry) {
            revision.same += u64::from(is_same);
            revision.different += u64::from(!is_same);
        }
        if is_same {
            self.report.same += 1;
            return;
        }
        self.report.different += 1;
        self.report.different_by_engine += u64::from(entry.engine != self.report.engine);
        let mut fields: Vec<&str> = found.iter().map(|difference| difference.field.as_str()).collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            add(&mut self.report.fields, field);
        }
        for Difference { field, logged, now } in found.iter().filter(|own| COUNTED.contains(&own.field.as_str())) {
            let key = (field.clone(), logged.as_deref().map(short), now.as_deref().map(short));
            if self.moves.len() < MOST_KINDS || self.moves.contains_key(&key) {
                *self.moves.entry(key).or_default() += 1;
            }
        }
        self.example(place, entry, found);
    }

    /// What came of it all.
    pub fn report(mut self) -> Report {
        let moves = self.moves.into_iter();
        self.report.moves = moves.map(|((field, logged, now), count)| Move { field, logged, now, count }).collect();
        let key = |own: &Move| (std::cmp::Reverse(own.count), own.field.clone(), own.logged.clone(), own.now.clone());
        self.report.moves.sort_by_cached_key(key);
        let kept = &mut self.kept;
        self.report.examples = self.examples.iter().filter_map(|(_, number)| kept.remove(number)).collect();
        self.report
    }

    fn entry(&mut self, entry: &Entry) {
        self.report.entries += 1;
        if let Some(revision) = self.revision(entry) {
            revision.entries += 1;
        }
        if entry.engine != self.report.engine {
            add(&mut self.report.other_engines, &short(&entry.engine));
        }
        self.report.masked += u64::from(entry.masked);
        let changed = entry.on_masked.as_ref().filter(|fields| !fields.is_empty());
        self.report.changed_by_masking += u64::from(changed.is_some());
        for field in changed.into_iter().flatten().map(|(field, _)| field) {
            add(&mut self.report.fields_changed_by_masking, &short(field));
        }
    }

    fn revision(&mut self, entry: &Entry) -> Option<&mut RevisionTally> {
        let name = short(&entry.revision);
        let revisions = &mut self.report.revisions;
        let is_known = revisions.len() < MOST_KINDS || revisions.contains_key(&name);
        is_known.then(|| revisions.entry(name).or_default())
    }

    fn problem(&mut self, (file, line): Place, message: Message) {
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(Problem { file, line, message });
        }
    }

    /// Keeps a line while it is among the worst: the weightier its first difference, and then the earlier, the worse.
    fn example(&mut self, (file, line): Place, entry: &Entry, found: Vec<Difference>) {
        self.seen += 1;
        let Some(weight) = found.first().map(Difference::weight) else { return };
        self.examples.insert((weight, self.seen));
        let shown = |difference: Difference| Difference {
            logged: difference.logged.as_deref().map(short),
            now: difference.now.as_deref().map(short),
            ..difference
        };
        let title = entry.request.title.as_deref().map(|title| format!("{title} ")).unwrap_or_default();
        let engines =
            (entry.engine != self.report.engine).then(|| format!("{} > {}", entry.engine, self.report.engine));
        let example = Example {
            file,
            line,
            id: short(&entry.id),
            text: short(&format!("{title}{}", entry.request.text)),
            differences: found.into_iter().take(MOST_SHOWN).map(shown).collect(),
            engine: engines,
        };
        self.kept.insert(self.seen, example);
        if self.examples.len() > self.worst
            && let Some((_, number)) = self.examples.pop_last()
        {
            self.kept.remove(&number);
        }
    }
}

fn add(counts: &mut BTreeMap<String, u64>, name: &str) {
    if counts.len() < MOST_KINDS || counts.contains_key(name) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
}

fn short(text: &str) -> String {
    one_line(text, QUOTED)
}
