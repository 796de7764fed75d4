//! What no test reaches: clauses, terms, ways through replies, rows of the dispatch list.
//!
//! Clauses and terms are reached by examples and tests. Terms side by side in one `any` or `none` are one clause, as a list
//! is, and each of them is a term. A clause counts as reached when it made its scenario hold; one
//! below a `none` when it forbade what would have held without it. Replies and rows are reached by tests alone: an
//! example is a text without place or time, and nobody looks at its reply.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::run::{Kind, Reached};
use crate::bundle::Snapshot;
use crate::catalog::Responsible;
use crate::decide::{Decision, Engine};
use crate::reply::{Branches, SlotUse, Values};
use crate::rules::{Compiled, LeafUse, Part, Scenario, Trace};
use crate::source::{Document, Node, Step, Value};
use crate::text::{Text, normalise};

/// Scenarios beside those that fired in which a text may have been forbidden.
const MOST_NEAR: usize = 8;
/// So much of a scenario must be there for one of its `none`s to matter.
const NEARLY: f64 = 0.75;

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Reached.
    pub reached: usize,
    /// All there are.
    pub all: usize,
}

impl Count {
    fn add(&mut self, reached: bool) {
        self.all += 1;
        self.reached += usize::from(reached);
    }

    /// In percent; 100 where there is nothing.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { self.reached as f64 * 100.0 / self.all as f64 }
    }
}

/// What a thing is that no test reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreachedKind {
    /// A clause of a condition.
    Clause,
    /// A clause below a `none`.
    Forbidding,
    /// A term of a list.
    Term,
    /// A way through a reply.
    Branch,
    /// A row of the dispatch list.
    Row,
}

/// Something that no test reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreached {
    /// What it is.
    pub kind: UnreachedKind,
    /// The clause's words, the term, the tag, whose row it is.
    pub name: String,
    /// The scenario or list that it belongs to.
    pub of: String,
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
}

/// One scenario's part.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioCoverage {
    /// Its id.
    pub id: String,
    /// Clauses of its condition.
    pub clauses: Count,
    /// Ways through its reply.
    pub branches: Count,
}

/// What is reached and what is not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// Clauses of all conditions.
    pub clauses: Count,
    /// Terms of all lists, and terms side by side in conditions.
    pub terms: Count,
    /// Ways through all replies.
    pub branches: Count,
    /// Rows of the dispatch list.
    pub rows: Count,
    /// Scenario by scenario, by id.
    pub scenarios: Vec<ScenarioCoverage>,
    /// All that no test reaches, by file and line.
    pub unreached: Vec<Unreached>,
}

/// Finds what the texts reached. `snapshot` is that of the engine's bundle; `done` is called after each text.
pub fn coverage(engine: &Engine, snapshot: &Snapshot, reached: &[Reached], done: &mut dyn FnMut()) -> Coverage {
    let mut found = Coverage::default();
    let mut seen = Seen::default();
    for text in reached {
        seen.look(engine, text);
        done();
    }
    for (index, scenario) in engine.rules().scenarios().iter().enumerate() {
        let clauses = clauses(engine.rules(), index, scenario, &seen, &mut found);
        let branches = branches(scenario, &seen, snapshot, &mut found);
        found.scenarios.push(ScenarioCoverage { id: scenario.id.clone(), clauses, branches });
    }
    terms(snapshot, &seen, &mut found);
    rows(engine, snapshot, reached, &mut found);
    found.unreached.sort_by(|a, b| (&a.file, a.line, a.kind, &a.name).cmp(&(&b.file, b.line, b.kind, &b.name)));
    found
}

/// What was seen at work.
#[derive(Default)]
struct Seen {
    /// Leaves that made a scenario hold, or forbade one.
    leaves: FxHashSet<u32>,
    /// Words that were hit by lists.
    words: FxHashSet<String>,
    /// By scenario, the decisions of tests that it led, as far as their replies go.
    replies: FxHashMap<String, BTreeSet<Vec<String>>>,
}

impl Seen {
    fn look(&mut self, engine: &Engine, reached: &Reached) {
        let rules = engine.rules();
        let text = Text::new(reached.complaint.title.as_deref(), &reached.complaint.text);
        let mut fired: Vec<usize> = Vec::new();
        for found in rules.matches(&text) {
            fired.push(found.scenario);
            found.evidence.iter().for_each(|hit| self.hit(rules, hit.leaf, text.slice(hit.start..hit.end)));
        }
        let mut tracer = rules.tracer(&text, false);
        let near = tracer.nearest(MOST_NEAR, NEARLY).into_iter().map(|(scenario, _)| scenario);
        let scenarios: BTreeSet<usize> = fired.into_iter().chain(near).chain(reached.about).collect();
        for scenario in scenarios {
            let trace = tracer.trace(scenario);
            let mut forbade = Vec::new();
            forbidding(&trace, &mut forbade);
            forbade.into_iter().for_each(|(range, leaf)| self.hit(rules, leaf, text.slice(range)));
        }
        if let Some(decision) = &reached.decision {
            self.reply(decision);
        }
    }

    fn hit(&mut self, rules: &Compiled, leaf: u32, words: &str) {
        self.leaves.insert(leaf);
        if rules.leaf(leaf).what.starts_with('$') {
            self.words.insert(words.to_owned());
        }
    }

    /// Notes which slots and placeholders a reply had.
    fn reply(&mut self, decision: &Decision) {
        let (Some(scenario), Some(reply)) = (&decision.scenario, &decision.reply) else { return };
        let mut empty = reply.missing.clone();
        // A reply always has its scenario, hotline, department and deadline in some words.
        if decision.district.is_none() {
            empty.push("district".to_owned());
        }
        self.replies.entry(scenario.id.clone()).or_default().insert(empty);
    }
}

/// The hits of what forbids where all else is there.
fn forbidding(trace: &Trace<'_>, found: &mut Vec<(std::ops::Range<u32>, u32)>) {
    match &trace.part {
        Part::Leaf { .. } => {}
        Part::Shared { condition, .. } => forbidding(condition, found),
        Part::Near { members, .. } => members.iter().for_each(|member| forbidding(member, found)),
        Part::Group { minimum, windows } => {
            for window in windows {
                let enough = window.some.iter().filter(|member| member.held).count() >= *minimum as usize;
                if enough && window.every.iter().all(|member| member.held) {
                    window.none.iter().filter(|member| member.held).for_each(|member| found.extend(member.evidence()));
                }
                window.some.iter().chain(&window.every).for_each(|member| forbidding(member, found));
            }
        }
    }
}

fn clauses(rules: &Compiled, index: usize, scenario: &Scenario, seen: &Seen, found: &mut Coverage) -> Count {
    let leaves = rules.leaves(index);
    let mut members: FxHashMap<u32, usize> = FxHashMap::default();
    leaves.iter().for_each(|used| *members.entry(used.clause).or_default() += 1);
    let reached: FxHashSet<u32> =
        leaves.iter().filter(|used| seen.leaves.contains(&used.leaf)).map(|used| used.clause).collect();
    let mut count = Count::default();
    let mut report = |used: &LeafUse, kind: UnreachedKind, name: String| {
        let leaf = rules.leaf(used.leaf);
        let (file, line) = (leaf.source.path.clone(), leaf.source.position(leaf.range.start).line);
        found.unreached.push(Unreached { kind, name, of: scenario.id.clone(), file, line });
    };
    for used in &leaves {
        let leaf = rules.leaf(used.leaf);
        let together = members.get(&used.clause).copied().unwrap_or(1);
        let is_reached = reached.contains(&used.clause);
        if used.clause == used.leaf {
            count.add(is_reached);
            if !is_reached {
                let kind = if used.forbids { UnreachedKind::Forbidding } else { UnreachedKind::Clause };
                let more = if together > 1 { format!(" … ({together})") } else { String::new() };
                report(used, kind, format!("{}{more}  {}", leaf.what, leaf.path));
            }
        }
        if together > 1 {
            let is_reached = seen.leaves.contains(&used.leaf);
            found.terms.add(is_reached);
            // A clause that is not reached is told once, not again term by term.
            if !is_reached && reached.contains(&used.clause) {
                report(used, UnreachedKind::Term, leaf.what.clone());
            }
        }
    }
    found.clauses.reached += count.reached;
    found.clauses.all += count.all;
    count
}

/// The ways through a scenario's reply that the decisions of tests took.
fn branches(scenario: &Scenario, seen: &Seen, snapshot: &Snapshot, found: &mut Coverage) -> Count {
    let mut count = Count::default();
    let slots: Vec<SlotUse<'_>> =
        scenario.slots.iter().map(|slot| SlotUse { name: &slot.name, otherwise: &slot.otherwise }).collect();
    let Some(branches) = Branches::of(&scenario.reply, &slots) else { return count };
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for empty in seen.replies.get(&scenario.id).into_iter().flatten() {
        let names = slots.iter().map(|slot| slot.name).chain(crate::reply::PLACEHOLDERS.iter().copied());
        let values: Values<'_> =
            names.filter(|name| !empty.iter().any(|empty| empty == name)).map(|name| (name, "有")).collect();
        taken.extend(branches.taken(&values));
    }
    let lines = tag_lines(scenario, snapshot);
    for (number, branch) in branches.list().iter().enumerate() {
        let is_reached = taken.contains(&number);
        count.add(is_reached);
        found.branches.add(is_reached);
        if !is_reached {
            let before = scenario.reply[..branch.at].matches("{%").count();
            found.unreached.push(Unreached {
                kind: UnreachedKind::Branch,
                name: branch.tag.clone(),
                of: scenario.id.clone(),
                file: scenario.source.path.clone(),
                line: lines.get(before).copied().unwrap_or(1),
            });
        }
    }
    count
}

/// The lines of a scenario's file on which the tags of its reply stand, in their order.
fn tag_lines(scenario: &Scenario, snapshot: &Snapshot) -> Vec<usize> {
    let Some(content) = snapshot.files.get(&scenario.source.path) else { return Vec::new() };
    let document = Document::parse(&scenario.source.path, &content.text, &mut Vec::new());
    let Some(document) = document else { return Vec::new() };
    let range = document.range(&[Step::Key("reply")]);
    let source = document.source();
    let reply = source.text.get(range.clone()).unwrap_or_default();
    reply.match_indices("{%").map(|(at, _)| source.position(range.start + at).line).collect()
}

/// Terms of the lists in `rules/terms/`.
fn terms(snapshot: &Snapshot, seen: &Seen, found: &mut Coverage) {
    for (path, content) in snapshot.files.iter().filter(|(path, _)| path.starts_with("rules/terms/")) {
        let Some(document) = Document::parse(path, &content.text, &mut Vec::new()) else { continue };
        let Value::Map(entries) = &document.root().value else { continue };
        for entry in entries {
            let Value::List(items) = &entry.value.value else { continue };
            for item in items {
                let Some(term) = item.text().filter(|text| !text.starts_with('$')) else { continue };
                let is_reached = seen.words.contains(normalise(term).trim());
                found.terms.add(is_reached);
                if !is_reached {
                    found.unreached.push(Unreached {
                        kind: UnreachedKind::Term,
                        name: term.to_owned(),
                        of: format!("${}", entry.key),
                        file: path.clone(),
                        line: line(&document, item),
                    });
                }
            }
        }
    }
}

fn line(document: &Document, node: &Node) -> usize {
    document.source().position(node.range.start).line
}

/// Rows of the dispatch list that gave a department to a matter of a test.
fn rows(engine: &Engine, snapshot: &Snapshot, reached: &[Reached], found: &mut Coverage) {
    let mut used: Vec<&Responsible> = Vec::new();
    for text in reached.iter().filter(|text| text.kind == Kind::Test) {
        let Some(decision) = &text.decision else { continue };
        let region = engine.region_of(&text.complaint).map(|region| region.id.as_str());
        let leading = decision.scenario.iter().map(|scenario| &scenario.id);
        let matters = decision.matters.iter().map(|matter| &matter.scenario.id);
        for id in leading.chain(matters) {
            let Some(at) = engine.rules().position(id) else { continue };
            let category = &engine.rules().scenarios()[at].category;
            let day = text.complaint.at.date();
            used.extend(engine.catalog().responsible(id, Some(category), region, day));
        }
    }
    for (path, content) in snapshot.files.iter().filter(|(path, _)| path.starts_with("rules/responsibility/")) {
        let Some(document) = Document::parse(path, &content.text, &mut Vec::new()) else { continue };
        let rows: Vec<Responsible> = document.read(&mut Vec::new()).unwrap_or_default();
        for (number, row) in rows.iter().enumerate() {
            let is_reached = used.contains(&row);
            found.rows.add(is_reached);
            if !is_reached {
                let subject = row.scenario.as_ref().or(row.category.as_ref()).cloned().unwrap_or_default();
                let region = row.region.as_ref().map(|region| format!(" · {region}")).unwrap_or_default();
                let range = document.range(&[Step::Index(number)]);
                found.unreached.push(Unreached {
                    kind: UnreachedKind::Row,
                    name: format!("{subject}{region} → {}", row.lead),
                    of: subject,
                    file: path.clone(),
                    line: document.source().position(range.start).line,
                });
            }
        }
    }
}
