//! From scenarios and vocabulary to a program: one automaton over all terms of all conditions, a small tree for each
//! scenario, and for each scenario the *atoms* that announce it: a set of symbols of which at least one has a hit
//! wherever its condition holds. A message costs what its hits cost, however many scenarios there are.
//!
//! Choosing rare literals first and verifying afterwards is how YARA and Hyperscan scan many rules; here the atoms are
//! chosen by how rare the segmenter's dictionary says their words are.

use std::ops::Range;
use std::sync::Arc;

use daachorse::CharwiseDoubleArrayAhoCorasickBuilder;
use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use rustc_hash::{FxHashMap, FxHashSet};

use super::condition::{Clause, Form, Group, Scope};
use super::fuzzy::Fuzzy;
use super::program::{Children, Condition, Leaf, Lists, NO_GUARD, Node, NodeId, Program, Symbol, SymbolKind};
use super::scenario::Scenario;
use super::vocabulary::{Meaning, Vocabulary};
use super::{MAX_SCENARIOS, literals};
use crate::say;
use crate::source::{Code, Diagnostic, SourceText};
use crate::text::{FactKind, Segmenter};

/// Bytes a compiled regular expression may take.
const MAX_REGEX_SIZE: usize = 1 << 20;
/// Characters a regular expression may have.
const MAX_REGEX_LENGTH: usize = 500;
/// Groups nested in one regular expression.
const MAX_REGEX_NESTING: u32 = 30;
/// Parts of one scenario when all named conditions are written out.
const MAX_NODES: usize = 20_000;
/// Named conditions in named conditions, at the most.
const MAX_OPEN: usize = 10;

/// All scenarios of a bundle, ready to match.
pub struct Compiled {
    /// By id.
    pub(super) scenarios: Vec<Arc<Scenario>>,
    pub(super) program: Program,
    pub(super) segmenter: Segmenter,
    pub(super) vocabulary: Vocabulary,
}

impl Compiled {
    /// Compiles. Scenarios come in any order and are kept by id, so that the order of files changes nothing. Regular
    /// expressions that `previous` has built are taken from there. `None`, with diagnostics, when anything is wrong.
    pub fn new(
        scenarios: Vec<Arc<Scenario>>,
        vocabulary: &Vocabulary,
        segmenter: &Segmenter,
        previous: Option<&Compiled>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Compiled> {
        let errors = |diagnostics: &[Diagnostic]| diagnostics.iter().filter(|d| d.is_error()).count();
        let before = errors(diagnostics);
        let scenarios = by_id(scenarios, diagnostics);
        let mut compiler = Compiler::new(vocabulary, segmenter, previous, diagnostics);
        for (index, scenario) in scenarios.iter().enumerate() {
            compiler.scenario(index as u32, scenario);
        }
        let program = compiler.finish();
        (errors(diagnostics) == before).then(|| Compiled {
            scenarios,
            program,
            segmenter: segmenter.clone(),
            vocabulary: vocabulary.clone(),
        })
    }

    /// The scenarios, by id.
    pub fn scenarios(&self) -> &[Arc<Scenario>] {
        &self.scenarios
    }

    /// The index of a scenario.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.scenarios.binary_search_by(|scenario| scenario.id.as_str().cmp(id)).ok()
    }

    /// The lists and shared conditions that the conditions refer to.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Different terms in the automaton.
    pub fn terms(&self) -> usize {
        self.program.pattern_length.len()
    }

    /// A leaf of a condition, as evidence names it.
    pub fn leaf(&self, leaf: u32) -> &Leaf {
        &self.program.leaves[leaf as usize]
    }
}

/// Sorts by id; of two with one id the second is reported.
fn by_id(mut scenarios: Vec<Arc<Scenario>>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Arc<Scenario>> {
    scenarios.sort_by(|a, b| (&a.id, &a.source.path).cmp(&(&b.id, &b.source.path)));
    for pair in scenarios.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        let (id, other) = (&pair[1].id, &pair[0].source.path);
        let message = say!("场景编号“{id}”已在 {other} 用过", "the id `{id}` is already used in {other}");
        let place = pair[1].places.id.clone();
        diagnostics.push(Diagnostic::at(&pair[1].source, place, Code::DuplicateId, message));
    }
    if scenarios.len() > MAX_SCENARIOS {
        let message = say!("场景超过 {MAX_SCENARIOS} 个", "more than {MAX_SCENARIOS} scenarios");
        diagnostics.push(Diagnostic::about("rules/scenarios", Code::LimitExceeded, message));
    }
    scenarios
}

/// What makes two leaves the same symbol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Term { text: String, whole_word: bool, even_negated: bool },
    List { name: String, whole_word: bool, even_negated: bool },
    Gate(Vec<String>),
    Regex(String),
    Fact(FactKind),
}

/// Symbols one of which has a hit wherever a node holds, and how often they are expected (hits in a million words).
#[derive(Clone, Debug)]
struct Atoms {
    symbols: Vec<Symbol>,
    cost: f64,
}

struct Compiler<'a> {
    vocabulary: &'a Vocabulary,
    segmenter: &'a Segmenter,
    previous: Option<&'a Compiled>,
    diagnostics: &'a mut Vec<Diagnostic>,
    program: Program,
    patterns: FxHashMap<String, u32>,
    symbols_of_pattern: Vec<Vec<u32>>,
    symbols: FxHashMap<Key, Symbol>,
    /// For each symbol how often it is expected.
    costs: Vec<f64>,
    candidates: Vec<Vec<u32>>,
    guards: Vec<Vec<Symbol>>,
    /// Of the scenario being compiled.
    late: Vec<Symbol>,
    /// Parts of the scenario being compiled that were looked at.
    visited: usize,
}

impl<'a> Compiler<'a> {
    fn new(
        vocabulary: &'a Vocabulary,
        segmenter: &'a Segmenter,
        previous: Option<&'a Compiled>,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Compiler {
            vocabulary,
            segmenter,
            previous,
            diagnostics,
            program: Program::default(),
            patterns: FxHashMap::default(),
            symbols_of_pattern: Vec::new(),
            symbols: FxHashMap::default(),
            costs: Vec::new(),
            candidates: Vec::new(),
            guards: Vec::new(),
            late: Vec::new(),
            visited: 0,
        }
    }

    fn scenario(&mut self, index: u32, scenario: &Scenario) {
        self.late.clear();
        self.visited = 0;
        let first_leaf = self.program.leaves.len() as u32;
        let Some((root, atoms)) = self.clause(&scenario.when, &scenario.source, "when", &mut Vec::new()) else {
            return;
        };
        let hints: Vec<NodeId> = scenario
            .hints
            .iter()
            .enumerate()
            .filter_map(|(i, hint)| self.clause(hint, &scenario.source, &format!("hints[{i}]"), &mut Vec::new()))
            .map(|(node, _)| node)
            .collect();
        let hints = self.keep(&hints);
        match atoms {
            Some(atoms) => {
                let guard = self.guard(root, &atoms);
                for symbol in atoms.symbols {
                    self.candidates[symbol as usize].push(index);
                    self.guards[symbol as usize].push(guard);
                }
            }
            None => self.program.always.push(index),
        }
        self.late.sort_unstable();
        self.late.dedup();
        // A scenario that does not compile has an error; conditions and scenarios then no longer correspond, and the
        // program is not used.
        let leaves = first_leaf..self.program.leaves.len() as u32;
        self.program.conditions.push(Condition { root, leaves, hints, late: self.late.clone() });
    }

    /// Compiles a clause; gives its node and its atoms. `open` are the named conditions being written out.
    fn clause(
        &mut self,
        clause: &Clause,
        source: &Arc<SourceText>,
        path: &str,
        open: &mut Vec<String>,
    ) -> Option<(NodeId, Option<Atoms>)> {
        self.visited += 1;
        if self.visited > MAX_NODES {
            // Said once; the rest of the condition is passed over.
            if self.visited == MAX_NODES + 1 {
                let message =
                    say!("条件展开后超过 {MAX_NODES} 个部分", "the condition has more than {MAX_NODES} parts");
                self.diagnostics.push(Diagnostic::at(source, clause.range.clone(), Code::LimitExceeded, message));
            }
            return None;
        }
        match &clause.form {
            Form::Term { text, whole_word, even_negated } => {
                let (whole_word, even_negated) = (*whole_word, *even_negated);
                let key = Key::Term { text: text.clone(), whole_word, even_negated };
                let symbol = self.term_symbol(key, &[text], whole_word, even_negated);
                Some(self.leaf(symbol, text.clone(), source, clause, path))
            }
            Form::Reference { name, whole_word, even_negated } => {
                self.reference(name, *whole_word, *even_negated, clause, source, path, open)
            }
            Form::Group(group) => self.group(group, source, path, open),
            Form::Near { members, within } => self.near(members, *within, source, path, open),
            Form::Regex(pattern) => {
                let symbol = self.regex_symbol(pattern, source, &clause.range)?;
                Some(self.leaf(symbol, format!("/{pattern}/"), source, clause, path))
            }
            Form::Fact(kind) => {
                let symbol = self.symbol(Key::Fact(*kind), || (SymbolKind::Fact(*kind), f64::INFINITY));
                Some(self.leaf(symbol, kind.as_str().to_owned(), source, clause, path))
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn reference(
        &mut self,
        name: &str,
        whole_word: bool,
        even_negated: bool,
        clause: &Clause,
        source: &Arc<SourceText>,
        path: &str,
        open: &mut Vec<String>,
    ) -> Option<(NodeId, Option<Atoms>)> {
        let vocabulary = self.vocabulary;
        let Some(definition) = vocabulary.get(name) else {
            self.diagnostics.push(vocabulary.unknown(source, clause.range.clone(), name));
            return None;
        };
        match &definition.meaning {
            Meaning::List(_) => {
                let terms = vocabulary.terms(name).unwrap_or_default();
                if terms.is_empty() {
                    let message = say!("词表“${name}”是空的", "the list `${name}` is empty");
                    let range = clause.range.clone();
                    self.diagnostics.push(Diagnostic::at(source, range, Code::UnboundedCondition, message));
                    return None;
                }
                let key = Key::List { name: name.to_owned(), whole_word, even_negated };
                let symbol = self.term_symbol(key, &terms, whole_word, even_negated);
                Some(self.leaf(symbol, format!("${name}"), source, clause, path))
            }
            // A cycle was reported where the vocabulary was read.
            Meaning::Condition(_) if open.iter().any(|other| other == name) => None,
            Meaning::Condition(_) if open.len() >= MAX_OPEN => {
                let message =
                    say!("条件套条件超过 {MAX_OPEN} 层", "conditions in conditions, deeper than {MAX_OPEN} levels");
                self.diagnostics.push(Diagnostic::at(source, clause.range.clone(), Code::LimitExceeded, message));
                None
            }
            Meaning::Condition(_) if whole_word || even_negated => {
                let message = say!(
                    "“${name}”是条件，不能加 whole_word 或 even_negated，请写在它自己的词上",
                    "`${name}` is a condition and takes no whole_word or even_negated: write it at its own terms"
                );
                self.diagnostics.push(Diagnostic::at(source, clause.range.clone(), Code::MalformedCondition, message));
                None
            }
            Meaning::Condition(inner) => {
                open.push(name.to_owned());
                let compiled = self.clause(inner, &definition.source, &format!("{path}.${name}"), open);
                open.pop();
                compiled
            }
        }
    }

    fn group(
        &mut self,
        group: &Group,
        source: &Arc<SourceText>,
        path: &str,
        open: &mut Vec<String>,
    ) -> Option<(NodeId, Option<Atoms>)> {
        let mut list = |clauses: &[Clause], name: &str| -> Option<Vec<(NodeId, Option<Atoms>)>> {
            let compiled: Vec<_> = clauses
                .iter()
                .enumerate()
                .map(|(i, clause)| self.clause(clause, source, &format!("{path}{name}[{i}]"), open))
                .collect();
            compiled.into_iter().collect()
        };
        let some = list(&group.some, if group.minimum > 1 { ".of" } else { ".any" });
        let every = list(&group.every, if group.some.is_empty() && path != "when" { "" } else { ".all" });
        let none = list(&group.none, ".none");
        let (some, every, none) = (some?, every?, none?);
        // One of `some` must hold, so their atoms together announce the group; each of `every` alone does.
        let together = (!some.is_empty()).then(|| union(&some)).flatten();
        let atoms = every
            .iter()
            .filter_map(|(_, atoms)| atoms.clone())
            .chain(together)
            .min_by(|a, b| a.cost.total_cmp(&b.cost));
        let mut keep = |nodes: &[(NodeId, Option<Atoms>)]| self.keep(&nodes.iter().map(|n| n.0).collect::<Vec<_>>());
        let (some, every, none) = (keep(&some), keep(&every), keep(&none));
        let kept_atoms = atoms.as_ref().map(|atoms| self.keep(&atoms.symbols));
        let (scope, minimum) = (group.scope, group.minimum);
        let node = self.node(Node::Group { scope, some, minimum, every, none, atoms: kept_atoms });
        Some((node, atoms))
    }

    fn near(
        &mut self,
        members: &[Clause],
        within: u32,
        source: &Arc<SourceText>,
        path: &str,
        open: &mut Vec<String>,
    ) -> Option<(NodeId, Option<Atoms>)> {
        let mut nodes = Vec::new();
        let mut best: Option<Atoms> = None;
        for (i, member) in members.iter().enumerate() {
            let (node, atoms) = self.clause(member, source, &format!("{path}.near[{i}]"), open)?;
            if !self.is_choice(node) {
                let message = say!(
                    "near 里不能用条件，只能用词或词表",
                    "a condition cannot stand in `near`, only terms and lists"
                );
                self.diagnostics.push(Diagnostic::at(source, member.range.clone(), Code::MalformedCondition, message));
                return None;
            }
            nodes.push(node);
            best = best.into_iter().chain(atoms).min_by(|a, b| a.cost.total_cmp(&b.cost));
        }
        let members = self.keep(&nodes);
        Some((self.node(Node::Near { members, within }), best))
    }

    /// Whether a node is a symbol or a plain choice of symbols (which a named condition may be too).
    fn is_choice(&self, node: NodeId) -> bool {
        let is_symbol = |node: NodeId| matches!(self.program.nodes[node as usize], Node::Symbol { .. });
        match self.program.nodes[node as usize] {
            Node::Group { scope: Scope::Sentence, some, minimum, every, none, .. } => {
                let children = |children| self.program.children(children);
                minimum == 1
                    && children(every).is_empty()
                    && children(none).is_empty()
                    && children(some).iter().all(|child| is_symbol(*child))
            }
            _ => is_symbol(node),
        }
    }

    /// The rarest symbol of terms, beside the atoms, that must have a hit wherever the node holds.
    fn guard(&self, root: NodeId, atoms: &Atoms) -> Symbol {
        let mut needed = Vec::new();
        self.needed(root, &mut needed);
        needed.retain(|symbol| !atoms.symbols.contains(symbol));
        let cost = |symbol: &Symbol| self.costs[*symbol as usize];
        needed.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(NO_GUARD)
    }

    /// Adds the symbols of terms that must have a hit wherever the node holds.
    fn needed(&self, node: NodeId, needed: &mut Vec<Symbol>) {
        match self.program.nodes[node as usize] {
            Node::Symbol { symbol, .. } => {
                if matches!(self.program.symbols[symbol as usize], SymbolKind::Terms { .. }) {
                    needed.push(symbol);
                }
            }
            Node::Near { members, .. } => self.program.children(members).iter().for_each(|n| self.needed(*n, needed)),
            Node::Group { some, minimum, every, .. } => {
                let some = self.program.children(some);
                let all_of_some = some.iter().filter(|_| some.len() == minimum as usize);
                self.program.children(every).iter().chain(all_of_some).for_each(|n| self.needed(*n, needed));
            }
        }
    }

    fn leaf(
        &mut self,
        symbol: Symbol,
        what: String,
        source: &Arc<SourceText>,
        clause: &Clause,
        path: &str,
    ) -> (NodeId, Option<Atoms>) {
        let leaf = self.program.leaves.len() as u32;
        let (source, range) = (Arc::clone(source), clause.range.clone());
        self.program.leaves.push(Leaf { path: path.to_owned(), what, source, range });
        let atoms = match self.program.symbols[symbol as usize] {
            SymbolKind::Terms { .. } => Some(symbol),
            SymbolKind::Regex { gate, .. } => {
                self.late.push(symbol);
                gate
            }
            SymbolKind::Fact(_) => {
                self.late.push(symbol);
                None
            }
        };
        let atoms = atoms.map(|symbol| Atoms { symbols: vec![symbol], cost: self.costs[symbol as usize] });
        (self.node(Node::Symbol { symbol, leaf }), atoms)
    }

    fn node(&mut self, node: Node) -> NodeId {
        self.program.nodes.push(node);
        self.program.nodes.len() as NodeId - 1
    }

    fn keep(&mut self, items: &[u32]) -> Children {
        let start = self.program.children.len() as u32;
        self.program.children.extend_from_slice(items);
        Children { start, end: self.program.children.len() as u32 }
    }

    fn symbol(&mut self, key: Key, new: impl FnOnce() -> (SymbolKind, f64)) -> Symbol {
        if let Some(symbol) = self.symbols.get(&key) {
            return *symbol;
        }
        let symbol = self.program.symbols.len() as Symbol;
        let (kind, cost) = new();
        self.program.symbols.push(kind);
        self.costs.push(cost);
        self.candidates.push(Vec::new());
        self.guards.push(Vec::new());
        self.symbols.insert(key, symbol);
        symbol
    }

    /// The symbol of one or more terms.
    fn term_symbol(&mut self, key: Key, terms: &[impl AsRef<str>], whole_word: bool, even_negated: bool) -> Symbol {
        if let Some(symbol) = self.symbols.get(&key) {
            return *symbol;
        }
        let segmenter = self.segmenter;
        let expected = |term: &str| 1e6 * f64::from(-segmenter.rarity(term)).exp();
        let cost = terms.iter().map(|term| expected(term.as_ref())).sum();
        let symbol = self.symbol(key, || (SymbolKind::Terms { whole_word, even_negated }, cost));
        for term in terms {
            let pattern = self.pattern(term.as_ref());
            self.symbols_of_pattern[pattern as usize].push(symbol);
        }
        symbol
    }

    fn pattern(&mut self, term: &str) -> u32 {
        if let Some(pattern) = self.patterns.get(term) {
            return *pattern;
        }
        let pattern = self.patterns.len() as u32;
        self.patterns.insert(term.to_owned(), pattern);
        self.program.pattern_length.push(term.chars().count() as u32);
        self.symbols_of_pattern.push(Vec::new());
        pattern
    }

    fn regex_symbol(&mut self, pattern: &str, source: &Arc<SourceText>, range: &Range<usize>) -> Option<Symbol> {
        if let Some(symbol) = self.symbols.get(&Key::Regex(pattern.to_owned())) {
            return Some(*symbol);
        }
        let (regex, literals) = match self.build_regex(pattern) {
            Ok(built) => built,
            Err(error) => {
                let message = say!("正则表达式不可用：{error}", "the regular expression cannot be used: {error}");
                self.diagnostics.push(Diagnostic::at(source, range.clone(), Code::InvalidRegex, message));
                return None;
            }
        };
        let gate = literals.map(|literals| self.term_symbol(Key::Gate(literals.clone()), &literals, false, true));
        if gate.is_none() {
            let message = say!(
                "这个正则表达式没有必含的文字，每句话都要运行一遍",
                "the regular expression requires no literal and runs on every sentence"
            );
            self.diagnostics.push(Diagnostic::at(source, range.clone(), Code::RegexWithoutLiteral, message).note(
                say!(
                    "加上至少一个必然出现的词；要找电话、金额、日期等请用 fact",
                    "add a word that must occur; for phones, amounts, dates and the like use `fact`"
                ),
            ));
        }
        self.program.regex_by_pattern.insert(pattern.to_owned(), regex.clone());
        self.program.regexes.push(regex);
        let regex = self.program.regexes.len() as u32 - 1;
        Some(self.symbol(Key::Regex(pattern.to_owned()), || (SymbolKind::Regex { regex, gate }, f64::INFINITY)))
    }

    /// Builds an expression, with the literals it requires.
    fn build_regex(&self, pattern: &str) -> Result<(Regex, Option<Vec<String>>), String> {
        if pattern.chars().count() > MAX_REGEX_LENGTH {
            return Err(format!("> {MAX_REGEX_LENGTH} characters"));
        }
        let written = literals::normalised_pattern(pattern);
        let last_line =
            |error: String| error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let hir = ParserBuilder::new()
            .case_insensitive(true)
            .nest_limit(MAX_REGEX_NESTING)
            .build()
            .parse(&written)
            .map_err(|error| last_line(error.to_string()))?;
        let known = self.previous.and_then(|previous| previous.program.regex_by_pattern.get(pattern));
        let regex = match known {
            Some(regex) => regex.clone(),
            None => RegexBuilder::new(&written)
                .case_insensitive(true)
                .nest_limit(MAX_REGEX_NESTING)
                .size_limit(MAX_REGEX_SIZE)
                .build()
                .map_err(|error| last_line(error.to_string()))?,
        };
        if hir.properties().minimum_len().is_none_or(|least| least == 0) {
            return Err("it matches the empty text".to_owned());
        }
        Ok((regex, literals::required(&hir)))
    }

    /// The terms that are matched approximately too: not those of gates, since an expression wants the very characters,
    /// nor those of which an editor asked that they be whole words.
    fn fuzzy(&mut self) -> Fuzzy {
        let gates: FxHashSet<Symbol> =
            self.symbols.iter().filter(|(key, _)| matches!(key, Key::Gate(_))).map(|(_, symbol)| *symbol).collect();
        let is_meant = |symbol: &&Symbol| {
            let kind = self.program.symbols[**symbol as usize];
            matches!(kind, SymbolKind::Terms { whole_word: false, .. }) && !gates.contains(*symbol)
        };
        let terms = self.patterns.iter().map(|(term, pattern)| {
            let symbols = self.symbols_of_pattern[*pattern as usize].iter();
            (term.as_str(), symbols.filter(is_meant).copied().collect())
        });
        match Fuzzy::new(terms) {
            Ok(fuzzy) => fuzzy,
            Err(error) => {
                self.too_many_terms(&error);
                Fuzzy::default()
            }
        }
    }

    fn too_many_terms(&mut self, error: &str) {
        let message = say!("词太多，无法编译：{error}", "too many terms to compile: {error}");
        self.diagnostics.push(Diagnostic::about("rules", Code::LimitExceeded, message));
    }

    fn finish(mut self) -> Program {
        self.program.fuzzy = self.fuzzy();
        let mut patterns: Vec<(&str, u32)> =
            self.patterns.iter().map(|(term, number)| (term.as_str(), *number)).collect();
        patterns.sort_unstable();
        if !patterns.is_empty() {
            match CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(patterns) {
                Ok(automaton) => self.program.automaton = Some(automaton),
                Err(error) => self.too_many_terms(&error.to_string()),
            }
        }
        self.program.symbols_of_pattern = Lists::new(&self.symbols_of_pattern);
        self.program.candidates = Lists::new(&self.candidates);
        self.program.guards = Lists::new(&self.guards);
        self.program
    }
}

/// The atoms of all together; `None` when one has none.
fn union(nodes: &[(NodeId, Option<Atoms>)]) -> Option<Atoms> {
    let mut all = Atoms { symbols: Vec::new(), cost: 0.0 };
    for (_, atoms) in nodes {
        let atoms = atoms.as_ref()?;
        all.symbols.extend_from_slice(&atoms.symbols);
        all.cost += atoms.cost;
    }
    all.symbols.sort_unstable();
    all.symbols.dedup();
    Some(all)
}
