//! One scenario's condition on one text, clause by clause: what held, on which words, and what was missing.
//!
//! The clauses as they were written are walked beside the nodes that they were compiled to, so that what is shown of a
//! condition is what the matcher made of it. `tests/matcher.rs` holds both to each other.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::compile::Compiled;
use super::condition::{Clause, Form, Scope};
use super::matcher::{Scan, find_damaged_terms, find_terms, hit_is_denied, is_whole_word};
use super::program::{Children, Node, NodeId, Symbol, SymbolKind};
use super::vocabulary::{Definition, Meaning};
use crate::source::SourceText;
use crate::text::Text;

/// Windows in which a group holds that are looked at one by one, at the most.
const MOST_HELD: usize = 20;
/// Windows that are shown of a group that does not hold: those in which most of it is there.
const MOST_NEAREST: usize = 3;
/// Windows that are compared to find these, so that a text of thousands of sentences costs no more.
const MOST_COMPARED: usize = 200;
/// Hits outside the window that are named where one inside is missing.
const MOST_ELSEWHERE: usize = 3;
/// What is there of a `near` whose members all occur, too far apart.
const FAR_APART: f64 = 0.75;
/// What is left of a group that lacks nothing and is forbidden by its `none`.
const FORBIDDEN: f64 = 0.8;
/// Scenarios that are looked at window by window to find the nearest.
const MOST_NEAR_SCENARIOS: usize = 24;

/// A clause on a text. Ranges of characters are those of the normalised text.
#[derive(Clone, Debug)]
pub struct Trace<'a> {
    /// Where in its scenario, such as `when.any[1]`; as [`Leaf::path`](super::Leaf::path).
    pub path: String,
    /// The file it is written in.
    pub source: &'a Arc<SourceText>,
    /// The clause, with its place in that file.
    pub clause: &'a Clause,
    /// Whether it holds in the window it was looked for in.
    pub held: bool,
    /// How much of what it asks for is there, 0 to 1; 1 where it holds.
    pub share: f64,
    /// What it consists of.
    pub part: Part<'a>,
}

/// What a clause consists of.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// A term, a list, a regular expression or a fact.
    Leaf {
        /// Its number; see [`Compiled::leaf`].
        leaf: u32,
        /// Its hits in the window.
        hits: Vec<Range<u32>>,
        /// Where its words stand in the window and do not count.
        passed_over: Vec<PassedOver>,
        /// Some hits outside the window, where there is none inside.
        elsewhere: Vec<Range<u32>>,
    },
    /// Members that must be found together. Where the group holds, each window in which it does (the first twenty);
    /// else those in which most of it is there.
    Group {
        /// How many of `some` must hold.
        minimum: u32,
        /// The windows, in the order of the text.
        windows: Vec<WindowTrace<'a>>,
    },
    /// Members that must be close together.
    Near {
        /// Each member.
        members: Vec<Trace<'a>>,
        /// The hits that are, with their leaves.
        hits: Vec<(Range<u32>, u32)>,
    },
    /// A shared condition.
    Shared {
        /// Without the `$`.
        name: &'a str,
        /// What it stands for.
        condition: Box<Trace<'a>>,
    },
}

/// A group in one window.
#[derive(Clone, Debug)]
pub struct WindowTrace<'a> {
    /// The window.
    pub range: Range<u32>,
    /// Whether the group holds there.
    pub held: bool,
    /// `any`, or the `of` of `at_least`.
    pub some: Vec<Trace<'a>>,
    /// `all`.
    pub every: Vec<Trace<'a>>,
    /// `none`: what holds here forbids.
    pub none: Vec<Trace<'a>>,
}

/// Words of the text that a leaf looks for and that do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Where.
    pub range: Range<u32>,
    /// Why not.
    pub reason: Reason,
}

/// Why a hit does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is denied right before it (没有漏水).
    Denied,
    /// It is part of a longer word, and whole words are asked for.
    PartOfWord,
}

/// A leaf of a scenario's condition, and what it is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafUse {
    /// Its number; see [`Compiled::leaf`].
    pub leaf: u32,
    /// It stands below a `none`: where it holds it forbids.
    pub forbids: bool,
    /// The first leaf of those that are one clause with it: plain terms side by side in one `any` or `none`, which are a
    /// list without a name. Its own number where it stands alone.
    pub clause: u32,
}

impl Trace<'_> {
    /// The hits that make the clause hold, with their leaves, by place, each once: those that
    /// [`Compiled::matches`] gives as evidence.
    pub fn evidence(&self) -> Vec<(Range<u32>, u32)> {
        let mut found = Vec::new();
        self.add_evidence(&mut found);
        found.sort_unstable_by_key(|(range, leaf)| (range.start, range.end, *leaf));
        found.dedup();
        found
    }

    fn add_evidence(&self, found: &mut Vec<(Range<u32>, u32)>) {
        match &self.part {
            Part::Leaf { leaf, hits, .. } => found.extend(hits.iter().map(|hit| (hit.clone(), *leaf))),
            Part::Near { hits, .. } => found.extend(hits.iter().cloned()),
            Part::Shared { condition, .. } => condition.add_evidence(found),
            Part::Group { windows, .. } => {
                for window in windows.iter().filter(|window| window.held) {
                    let held = window.some.iter().filter(|trace| trace.held);
                    held.chain(&window.every).for_each(|trace| trace.add_evidence(found));
                }
            }
        }
    }

    /// The line of its file, from 1.
    pub fn line(&self) -> usize {
        self.source.position(self.clause.range.start).line
    }
}

/// A text under the rules, ready to be asked about one scenario after the other.
pub struct Tracer<'a> {
    compiled: &'a Compiled,
    scan: Scan<'a>,
    passed_over: FxHashMap<Symbol, Vec<PassedOver>>,
}

impl Compiled {
    /// Looks for all terms once. With `fuzzy`, as [`Compiled::fuzzy_matches`] does: what only sounds like a term counts
    /// too, and only exact hits forbid.
    pub fn tracer<'a>(&'a self, text: &'a Text, fuzzy: bool) -> Tracer<'a> {
        let exact = find_terms(self, text);
        let scan = if fuzzy {
            let sure = Scan::new(self, text, exact.clone());
            let mut scan = Scan::new(self, text, [exact, find_damaged_terms(self, text)].concat());
            scan.sure = Some(Box::new(sure));
            scan
        } else {
            Scan::new(self, text, exact)
        };
        Tracer { compiled: self, scan, passed_over: find_passed_over(self, text) }
    }

    /// The leaves of a scenario's condition (hints are none), in the order in which they were written.
    pub fn leaves(&self, scenario: usize) -> Vec<LeafUse> {
        let mut found = Vec::new();
        self.add_leaves(self.program.conditions[scenario].root, false, None, &mut found);
        found.sort_unstable_by_key(|found| found.leaf);
        found
    }

    /// `side` is the first of the plain terms that a plain term stands beside.
    fn add_leaves(&self, node: NodeId, forbids: bool, side: Option<u32>, found: &mut Vec<LeafUse>) {
        let program = &self.program;
        let mut below = |children: Children, forbids: bool, is_choice: bool| {
            let children = program.children(children);
            let side = children.iter().find_map(|node| self.plain_term(*node)).filter(|_| is_choice);
            children.iter().for_each(|node| self.add_leaves(*node, forbids, side, found));
        };
        match program.nodes[node as usize] {
            Node::Symbol { leaf, .. } => {
                let clause = side.filter(|_| self.plain_term(node).is_some()).unwrap_or(leaf);
                found.push(LeafUse { leaf, forbids, clause });
            }
            Node::Near { members, .. } => below(members, forbids, false),
            Node::Group { some, minimum, every, none, .. } => {
                below(some, forbids, minimum == 1);
                below(every, forbids, false);
                below(none, true, true);
            }
        }
    }

    /// The leaf of a node that is one term, written out.
    fn plain_term(&self, node: NodeId) -> Option<u32> {
        let Node::Symbol { symbol, leaf } = self.program.nodes[node as usize] else { return None };
        let is_term = matches!(self.program.symbols[symbol as usize], SymbolKind::Terms { .. });
        let is_list = self.program.leaves[leaf as usize].what.starts_with('$');
        (is_term && !is_list).then_some(leaf)
    }
}

impl<'a> Tracer<'a> {
    /// The condition of a scenario (its index), clause by clause.
    pub fn trace(&mut self, scenario: usize) -> Trace<'a> {
        let compiled = self.compiled;
        let condition = &compiled.program.conditions[scenario];
        self.scan.run_late(&condition.late);
        let scenario = &compiled.scenarios[scenario];
        let whole = 0..self.scan.text.len();
        self.walk(&self.scan, &scenario.when, &scenario.source, condition.root, "when".to_owned(), &whole)
    }

    /// Scenarios that do not hold and of which much is there, with the share that is: the nearest first, `most` of them,
    /// none below `least`.
    pub fn nearest(&mut self, most: usize, least: f64) -> Vec<(usize, f64)> {
        let conditions = &self.compiled.program.conditions;
        let mut near: Vec<(usize, f64)> =
            conditions.iter().map(|condition| self.presence(condition.root)).enumerate().collect();
        near.retain(|(_, share)| *share >= least);
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(MOST_NEAR_SCENARIOS);
        let whole = 0..self.scan.text.len();
        for (scenario, share) in &mut near {
            let condition = &conditions[*scenario];
            self.scan.run_late(&condition.late);
            *share = self.share(&self.scan, condition.root, &whole);
        }
        near.retain(|(_, share)| *share >= least && *share < 1.0);
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(most);
        near
    }

    /// How much of a node occurs anywhere, wherever that is: an upper bound of its share, at the cost of a look at some
    /// bits.
    fn presence(&self, node: NodeId) -> f64 {
        let program = &self.compiled.program;
        match program.nodes[node as usize] {
            Node::Symbol { symbol, .. } => {
                let present = match program.symbols[symbol as usize] {
                    SymbolKind::Terms { .. } => self.scan.is_present(symbol),
                    SymbolKind::Regex { gate, .. } => gate.is_none_or(|gate| self.scan.is_present(gate)),
                    SymbolKind::Fact(kind) => self.scan.text.facts().iter().any(|fact| fact.kind == kind),
                };
                f64::from(u8::from(present))
            }
            Node::Near { members, .. } => {
                let members = program.children(members);
                members.iter().map(|node| self.presence(*node)).sum::<f64>() / members.len() as f64
            }
            Node::Group { some, minimum, every, .. } => {
                let share =
                    |children| program.children(children).iter().map(|node| self.presence(*node)).collect::<Vec<_>>();
                together(share(some), minimum, &share(every))
            }
        }
    }

    /// How much of a node is there in a window.
    fn share(&self, scan: &Scan<'_>, node: NodeId, window: &Range<u32>) -> f64 {
        if scan.holds(node, window) {
            return 1.0;
        }
        match scan.program.nodes[node as usize] {
            Node::Symbol { .. } => 0.0,
            Node::Near { members, .. } => {
                let members = scan.program.children(members);
                let there = members.iter().filter(|member| scan.holds(**member, window)).count();
                FAR_APART * there as f64 / members.len() as f64
            }
            Node::Group { scope, .. } => {
                let windows = scan.windows(scope, window, None);
                let shares = windows.iter().take(MOST_COMPARED).map(|unit| self.share_in(scan, node, unit));
                shares.fold(0.0, f64::max)
            }
        }
    }

    /// How much of a group is there in one window of its own.
    fn share_in(&self, scan: &Scan<'_>, group: NodeId, unit: &Range<u32>) -> f64 {
        let Node::Group { some, minimum, every, none, .. } = scan.program.nodes[group as usize] else { return 0.0 };
        let share = |children| {
            scan.program.children(children).iter().map(|node| self.share(scan, *node, unit)).collect::<Vec<_>>()
        };
        let together = together(share(some), minimum, &share(every));
        let sure = scan.sure.as_deref().unwrap_or(scan);
        let is_forbidden = scan.program.children(none).iter().any(|node| sure.holds(*node, unit));
        if is_forbidden { FORBIDDEN * together } else { together }
    }

    fn walk(
        &self,
        scan: &Scan<'_>,
        clause: &'a Clause,
        source: &'a Arc<SourceText>,
        node: NodeId,
        path: String,
        window: &Range<u32>,
    ) -> Trace<'a> {
        let held = scan.holds(node, window);
        let share = self.share(scan, node, window);
        let shared = match &clause.form {
            Form::Reference { name, .. } => self.compiled.vocabulary.get(name).zip(Some(name.as_str())),
            _ => None,
        };
        if let Some((Definition { meaning: Meaning::Condition(inner), source: of, .. }, name)) = shared {
            // What a shared condition stands for was compiled in its place.
            let condition = Box::new(self.walk(scan, inner, of, node, format!("{path}.${name}"), window));
            return Trace { path, source, clause, held, share, part: Part::Shared { name, condition } };
        }
        let part = match (&self.compiled.program.nodes[node as usize], &clause.form) {
            (Node::Symbol { symbol, leaf }, _) => self.leaf(scan, *symbol, *leaf, window),
            (Node::Near { members, within }, Form::Near { members: clauses, .. }) => {
                let mut hits = Vec::new();
                scan.near(*members, *within, window, &mut |hit| hits.push((hit.start..hit.end, hit.leaf)));
                let each = clauses.iter().zip(scan.program.children(*members)).enumerate();
                let walk = |(i, (clause, node)): (usize, (&'a Clause, &NodeId))| {
                    self.walk(scan, clause, source, *node, format!("{path}.near[{i}]"), window)
                };
                Part::Near { members: each.map(walk).collect(), hits }
            }
            (Node::Group { minimum, .. }, Form::Group(_)) => {
                let windows = self.group(scan, clause, source, node, &path, window);
                Part::Group { minimum: *minimum, windows }
            }
            // A clause and what it was compiled to have one shape, so there is nothing else.
            _ => Part::Group { minimum: 0, windows: Vec::new() },
        };
        Trace { path, source, clause, held, share, part }
    }

    fn leaf(&self, scan: &Scan<'_>, symbol: Symbol, leaf: u32, window: &Range<u32>) -> Part<'a> {
        let hits: Vec<Range<u32>> = scan.hits_in(symbol, window).map(|hit| hit.start..hit.end).collect();
        let inside = |range: &Range<u32>| range.start >= window.start && range.end <= window.end;
        let passed_over = self.passed_over.get(&symbol).into_iter().flatten();
        let passed_over = passed_over.filter(|found| inside(&found.range)).cloned().collect();
        let all = scan.hits(symbol).iter().map(|hit| hit.start..hit.end);
        let elsewhere = all.filter(|_| hits.is_empty()).take(MOST_ELSEWHERE).collect();
        Part::Leaf { leaf, hits, passed_over, elsewhere }
    }

    fn group(
        &self,
        scan: &Scan<'_>,
        clause: &'a Clause,
        source: &'a Arc<SourceText>,
        node: NodeId,
        path: &str,
        window: &Range<u32>,
    ) -> Vec<WindowTrace<'a>> {
        let (Node::Group { scope, some, minimum, every, none, .. }, Form::Group(group)) =
            (&self.compiled.program.nodes[node as usize], &clause.form)
        else {
            return Vec::new();
        };
        let holds = |unit: &Range<u32>| scan.group_holds(*some, *minimum, *every, *none, unit);
        let list = |name: &str, clauses: &'a [Clause], nodes: Children, scan: &Scan<'_>, unit: &Range<u32>| {
            let each = clauses.iter().zip(scan.program.children(nodes)).enumerate();
            let walk = |(i, (clause, node)): (usize, (&'a Clause, &NodeId))| {
                self.walk(scan, clause, source, *node, format!("{path}{name}[{i}]"), unit)
            };
            each.map(walk).collect::<Vec<_>>()
        };
        let sure = scan.sure.as_deref().unwrap_or(scan);
        let some_name = if *minimum > 1 { ".of" } else { ".any" };
        let every_name = if group.some.is_empty() && path != "when" { "" } else { ".all" };
        let chosen = self.chosen(scan, node, *scope, window, holds);
        let shown = chosen.into_iter().map(|unit| WindowTrace {
            held: holds(&unit),
            some: list(some_name, &group.some, *some, scan, &unit),
            every: list(every_name, &group.every, *every, scan, &unit),
            none: list(".none", &group.none, *none, sure, &unit),
            range: unit,
        });
        shown.collect()
    }

    /// The windows to show of a group.
    fn chosen(
        &self,
        scan: &Scan<'_>,
        group: NodeId,
        scope: Scope,
        window: &Range<u32>,
        holds: impl Fn(&Range<u32>) -> bool,
    ) -> Vec<Range<u32>> {
        let windows = scan.windows(scope, window, None);
        let held: Vec<Range<u32>> = windows.iter().filter(|unit| holds(unit)).take(MOST_HELD).cloned().collect();
        if !held.is_empty() {
            return held;
        }
        let compared = windows.into_iter().take(MOST_COMPARED);
        let mut compared: Vec<(f64, Range<u32>)> =
            compared.map(|unit| (self.share_in(scan, group, &unit), unit)).collect();
        compared.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)));
        compared.truncate(MOST_NEAREST);
        compared.sort_by_key(|(_, unit)| unit.start);
        compared.into_iter().map(|(_, unit)| unit).collect()
    }
}

/// The share of a group's members that is there: all of `every`, and the best of `some`, as many as must hold.
fn together(mut some: Vec<f64>, minimum: u32, every: &[f64]) -> f64 {
    some.sort_by(|a, b| b.total_cmp(a));
    let some: f64 = some.iter().take(minimum as usize).sum();
    (some + every.iter().sum::<f64>()) / (every.len() as f64 + f64::from(minimum)).max(1.0)
}

/// Words that terms look for and that do not count, by symbol.
fn find_passed_over(compiled: &Compiled, text: &Text) -> FxHashMap<Symbol, Vec<PassedOver>> {
    let program = &compiled.program;
    let mut found: FxHashMap<Symbol, Vec<PassedOver>> = FxHashMap::default();
    for hit in program.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text.normalised())) {
        let end = text.char_at_byte(hit.end());
        let start = end - program.pattern_length[hit.value() as usize];
        for symbol in program.symbols_of_pattern.get(hit.value()) {
            let SymbolKind::Terms { whole_word, even_negated } = program.symbols[*symbol as usize] else { continue };
            let reason = if !even_negated && hit_is_denied(text, hit.start(), hit.end(), start) {
                Reason::Denied
            } else if whole_word && !is_whole_word(start..end, text.words(&compiled.segmenter)) {
                Reason::PartOfWord
            } else {
                continue;
            };
            found.entry(*symbol).or_default().push(PassedOver { range: start..end, reason });
        }
    }
    found
}
