//! The compiled form of all conditions: one automaton over all terms, and a tree of small nodes for each scenario.

use std::ops::Range;
use std::sync::Arc;

use daachorse::CharwiseDoubleArrayAhoCorasick;
use regex::Regex;
use rustc_hash::FxHashMap;

use super::condition::Scope;
use super::fuzzy::Fuzzy;
use crate::source::SourceText;
use crate::text::FactKind;

/// Something that can be found in a text; its hits are what conditions are made of.
pub(super) type Symbol = u32;
/// A node of a condition.
pub(super) type NodeId = u32;
/// No second symbol is needed.
pub(super) const NO_GUARD: Symbol = Symbol::MAX;

/// A leaf of a condition as an editor wrote it; evidence points here.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Where in its scenario, such as `when.any[1][0]`; inside a named condition its name comes first.
    pub path: String,
    /// What it looks for: the term, `$name`, `/regex/` or the kind of fact.
    pub what: String,
    /// The file it is written in.
    pub source: Arc<SourceText>,
    /// Bytes of that file.
    pub range: Range<usize>,
}

/// What a symbol's hits are.
#[derive(Clone, Copy, Debug)]
pub(super) enum SymbolKind {
    /// Hits of terms.
    Terms { whole_word: bool, even_negated: bool },
    /// Matches of a regular expression, looked for where the gate (a symbol of terms) has a hit.
    Regex { regex: u32, gate: Option<Symbol> },
    /// Facts.
    Fact(FactKind),
}

/// A run of `Program::children`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Children {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A part of a condition.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Symbol { symbol: Symbol, leaf: u32 },
    Group { scope: Scope, some: Children, minimum: u32, every: Children, none: Children, atoms: Option<Children> },
    Near { members: Children, within: u32 },
}

/// One scenario's condition.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) root: NodeId,
    /// Its leaves, hints included: a run of `Program::leaves`.
    pub(super) leaves: Range<u32>,
    /// Leaves that raise the rank.
    pub(super) hints: Children,
    /// Symbols whose hits are looked for only when the scenario is a candidate (regular expressions, facts).
    pub(super) late: Vec<Symbol>,
}

/// Everything that a match needs, in a few flat arrays.
#[derive(Default)]
pub(super) struct Program {
    pub(super) automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// Terms that are also matched approximately.
    pub(super) fuzzy: Fuzzy,
    /// For each pattern its length in characters.
    pub(super) pattern_length: Vec<u32>,
    /// Pattern → the symbols it is a hit of.
    pub(super) symbols_of_pattern: Lists,
    pub(super) symbols: Vec<SymbolKind>,
    /// Symbol → the scenarios that may hold when it has a hit.
    pub(super) candidates: Lists,
    /// Beside each candidate a symbol that it needs too, or [`NO_GUARD`]: most candidates are dropped by a look at one
    /// bit, without touching their nodes.
    pub(super) guards: Lists,
    /// Scenarios that no symbol announces.
    pub(super) always: Vec<u32>,
    pub(super) nodes: Vec<Node>,
    /// Children of nodes (node ids), and atoms of groups (symbols).
    pub(super) children: Vec<u32>,
    pub(super) conditions: Vec<Condition>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) regexes: Vec<Regex>,
    /// For the next compilation: building an expression costs far more than finding it here.
    pub(super) regex_by_pattern: FxHashMap<String, Regex>,
}

impl Program {
    pub(super) fn children(&self, children: Children) -> &[u32] {
        &self.children[children.start as usize..children.end as usize]
    }
}

/// Many short lists of numbers in two arrays.
#[derive(Debug, Default)]
pub(super) struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    pub(super) fn new(lists: &[Vec<u32>]) -> Lists {
        let mut starts = Vec::with_capacity(lists.len() + 1);
        let mut items = Vec::with_capacity(lists.iter().map(Vec::len).sum());
        for list in lists {
            starts.push(items.len() as u32);
            items.extend_from_slice(list);
        }
        starts.push(items.len() as u32);
        Lists { starts, items }
    }

    pub(super) fn get(&self, index: u32) -> &[u32] {
        let index = index as usize;
        &self.items[self.starts[index] as usize..self.starts[index + 1] as usize]
    }
}
