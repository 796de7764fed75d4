//! Running the program on a text: one pass of the automaton, then the conditions of the scenarios that the hits
//! announce, each with the spans that made it hold.

use std::ops::Range;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::compile::Compiled;
use super::condition::Scope;
use super::negation::denied;
use super::program::{Children, NO_GUARD, Node, NodeId, Program, Symbol, SymbolKind};
use crate::text::Text;

/// One hit that a scenario rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// First normalised character.
    pub start: u32,
    /// Past the last normalised character.
    pub end: u32,
    /// The leaf of the condition; see [`Compiled::leaf`].
    pub leaf: u32,
    /// The segmenter sees a word across one end of the hit (公交 in 办公交接): it stands, and counts less.
    pub contradicted: bool,
}

/// A scenario that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioMatch {
    /// Index into [`Compiled::scenarios`].
    pub scenario: usize,
    /// Every hit that makes the condition hold, by place, each once.
    pub evidence: Vec<Evidence>,
    /// Hits of its hints.
    pub hints: Vec<Evidence>,
}

/// The windows that a group looks through in one text: seldom more than a few.
type Windows = SmallVec<[Range<u32>; 8]>;
/// The number of the sentence or clause that a character is in.
type UnitOf = fn(&Text, u32) -> u32;
/// A hit of a symbol: first character and past the last.
type Hit = (u32, u32);

impl Compiled {
    /// Every scenario whose condition holds on the text, by id, with its evidence.
    pub fn matches(&self, text: &Text) -> Vec<ScenarioMatch> {
        let mut scan = Scan::new(self, text);
        let mut matches = Vec::new();
        for scenario in scan.candidates() {
            let condition = &self.program.conditions[scenario as usize];
            // Nearly every candidate lacks something it needs anywhere, which is a look at a few bits.
            if !scan.may_hold(condition.root) {
                continue;
            }
            scan.run_late(&condition.late);
            let whole = 0..text.len();
            if !scan.holds(condition.root, &whole) {
                continue;
            }
            let mut evidence = Vec::new();
            scan.evidence(condition.root, &whole, &mut evidence);
            let mut hints = Vec::new();
            for hint in self.program.children(condition.hints) {
                if scan.holds(*hint, &whole) {
                    scan.evidence(*hint, &whole, &mut hints);
                }
            }
            matches.push(ScenarioMatch {
                scenario: scenario as usize,
                evidence: self.finish(evidence, text),
                hints: self.finish(hints, text),
            });
        }
        matches
    }

    /// How many hits of terms the text has: what a match costs follows this, not the number of scenarios.
    pub fn hits(&self, text: &Text) -> usize {
        let automaton = self.program.automaton.iter();
        automaton.flat_map(|automaton| automaton.find_overlapping_iter(text.normalised())).count()
    }

    /// Sorts, keeps each hit once and asks the segmenter what it thinks of them.
    fn finish(&self, mut evidence: Vec<Evidence>, text: &Text) -> Vec<Evidence> {
        evidence.sort_unstable();
        evidence.dedup();
        for hit in &mut evidence {
            hit.contradicted = crosses_a_word(hit.start..hit.end, text.words(&self.segmenter));
        }
        evidence
    }
}

/// Whether a word lies across one end of the range: it begins outside and ends inside, or the reverse. A word that
/// holds the whole range (自来水管 around 水管) does not cross it.
fn crosses_a_word(range: Range<u32>, words: &[Range<u32>]) -> bool {
    let word_at = |c: u32| words.get(words.partition_point(|word| word.end <= c));
    let at_start = word_at(range.start).is_some_and(|word| word.start < range.start && word.end < range.end);
    let at_end = word_at(range.end - 1).is_some_and(|word| word.end > range.end && word.start > range.start);
    at_start || at_end
}

/// Whether both ends of the range are ends of words.
fn is_whole_word(range: Range<u32>, words: &[Range<u32>]) -> bool {
    let starts = words.binary_search_by_key(&range.start, |word| word.start).is_ok();
    starts && words.binary_search_by_key(&range.end, |word| word.end).is_ok()
}

/// The hits in one text and what is asked of them.
struct Scan<'a> {
    program: &'a Program,
    text: &'a Text,
    /// One bit a symbol: whether it has a hit.
    present: Vec<u64>,
    /// Hits of terms, by symbol, then by place.
    hits: Vec<Hit>,
    /// Symbol and its run of `hits`, by symbol.
    runs: Vec<(Symbol, Range<u32>)>,
    /// Hits of regular expressions and facts, once they were looked for.
    late: FxHashMap<Symbol, Vec<Hit>>,
}

impl<'a> Scan<'a> {
    fn new(compiled: &'a Compiled, text: &'a Text) -> Scan<'a> {
        let program = &compiled.program;
        let mut found = find_terms(compiled, text);
        found.sort_unstable();
        let mut scan = Scan {
            program,
            text,
            present: vec![0; program.symbols.len().div_ceil(64)],
            hits: Vec::with_capacity(found.len()),
            runs: Vec::new(),
            late: FxHashMap::default(),
        };
        for found in found {
            let (symbol, start, end) = found.parts();
            match scan.runs.last_mut() {
                Some((last, run)) if *last == symbol => run.end += 1,
                _ => {
                    let at = scan.hits.len() as u32;
                    scan.runs.push((symbol, at..at + 1));
                    scan.present[symbol as usize / 64] |= 1 << (symbol % 64);
                }
            }
            scan.hits.push((start, end));
        }
        scan
    }

    /// Scenarios that may hold, by index.
    fn candidates(&self) -> Vec<u32> {
        let mut marked = vec![0_u64; self.program.conditions.len().div_ceil(64)];
        let mut mark = |scenario: u32| marked[scenario as usize / 64] |= 1 << (scenario % 64);
        self.program.always.iter().for_each(|scenario| mark(*scenario));
        for (symbol, _) in &self.runs {
            let guarded = self.program.candidates.get(*symbol).iter().zip(self.program.guards.get(*symbol));
            for (scenario, guard) in guarded {
                if *guard == NO_GUARD || self.is_present(*guard) {
                    mark(*scenario);
                }
            }
        }
        let mut candidates = Vec::new();
        for (word, bits) in (0u32..).zip(marked) {
            let mut bits = bits;
            while bits != 0 {
                candidates.push(word * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        candidates
    }

    /// Whether everything the node needs occurs somewhere, wherever that is. What is looked for later may occur.
    fn may_hold(&self, node: NodeId) -> bool {
        match self.program.nodes[node as usize] {
            Node::Symbol { symbol, .. } => {
                self.is_present(symbol) || !matches!(self.program.symbols[symbol as usize], SymbolKind::Terms { .. })
            }
            Node::Near { members, .. } => self.program.children(members).iter().all(|node| self.may_hold(*node)),
            Node::Group { some, minimum, every, .. } => {
                let may_hold = |node: &&NodeId| self.may_hold(**node);
                self.program.children(every).iter().all(|node| self.may_hold(*node))
                    && self.program.children(some).iter().filter(may_hold).take(minimum as usize).count() as u32
                        == minimum
            }
        }
    }

    fn is_present(&self, symbol: Symbol) -> bool {
        self.present[symbol as usize / 64] & (1 << (symbol % 64)) != 0
    }

    fn hits(&self, symbol: Symbol) -> &[Hit] {
        if !self.is_present(symbol) {
            return &[];
        }
        match self.runs.binary_search_by_key(&symbol, |(symbol, _)| *symbol) {
            Ok(at) => {
                let run = &self.runs[at].1;
                &self.hits[run.start as usize..run.end as usize]
            }
            Err(_) => self.late.get(&symbol).map_or(&[], Vec::as_slice),
        }
    }

    fn hits_in(&self, symbol: Symbol, window: &Range<u32>) -> impl Iterator<Item = Hit> {
        let hits = self.hits(symbol);
        let from = hits.partition_point(|hit| hit.0 < window.start);
        let end = window.end;
        hits[from..].iter().copied().take_while(move |hit| hit.0 < end).filter(move |hit| hit.1 <= end)
    }

    /// Looks for the regular expressions and facts of a candidate.
    fn run_late(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            if self.late.contains_key(symbol) {
                continue;
            }
            let hits = match self.program.symbols[*symbol as usize] {
                SymbolKind::Regex { regex, gate } => self.run_regex(regex, gate),
                SymbolKind::Fact(kind) => {
                    let facts = self.text.facts().iter().filter(|fact| fact.kind == kind);
                    facts.map(|fact| (fact.range.start, fact.range.end)).collect()
                }
                SymbolKind::Terms { .. } => continue,
            };
            if !hits.is_empty() {
                self.present[*symbol as usize / 64] |= 1 << (symbol % 64);
            }
            self.late.insert(*symbol, hits);
        }
    }

    /// Matches of an expression, sentence by sentence, where its gate has a hit in the sentence.
    fn run_regex(&self, regex: u32, gate: Option<Symbol>) -> Vec<Hit> {
        let regex = &self.program.regexes[regex as usize];
        let mut hits = Vec::new();
        for sentence in self.text.sentences() {
            if gate.is_some_and(|gate| self.hits_in(gate, sentence).next().is_none()) {
                continue;
            }
            let base = self.text.byte_at_char(sentence.start);
            for found in regex.find_iter(self.text.slice(sentence.clone())) {
                hits.push((self.text.char_at_byte(base + found.start()), self.text.char_at_byte(base + found.end())));
            }
        }
        hits
    }

    /// The windows of a scope inside a window. Where a group has atoms, only those with a hit of one.
    fn windows(&self, scope: Scope, window: &Range<u32>, atoms: Option<Children>) -> Windows {
        let text = self.text;
        let (units, unit_of): (&[Range<u32>], UnitOf) = match scope {
            Scope::Text => return std::iter::once(window.clone()).collect(),
            Scope::Title => return intersect(&text.title(), window).into_iter().collect(),
            Scope::Sentence => (text.sentences(), Text::sentence_of),
            Scope::Clause => (text.clauses(), Text::clause_of),
        };
        if window.is_empty() {
            return Windows::new();
        }
        let (first, last) = (unit_of(text, window.start), unit_of(text, window.end - 1));
        let mut chosen: SmallVec<[u32; 16]> = match atoms {
            _ if first == last => std::iter::once(first).collect(),
            Some(atoms) => {
                let atoms = self.program.children(atoms).iter();
                atoms.flat_map(|symbol| self.hits_in(*symbol, window)).map(|hit| unit_of(text, hit.0)).collect()
            }
            None => (first..=last).collect(),
        };
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().filter_map(|unit| intersect(&units[unit as usize], window)).collect()
    }

    fn holds(&self, node: NodeId, window: &Range<u32>) -> bool {
        match self.program.nodes[node as usize] {
            Node::Symbol { symbol, .. } => self.is_present(symbol) && self.hits_in(symbol, window).next().is_some(),
            Node::Near { members, within } => {
                let mut found = false;
                self.near(members, within, window, &mut |_, _| found = true);
                found
            }
            Node::Group { scope: Scope::Text, some, minimum, every, none, .. } => {
                self.group_holds(some, minimum, every, none, window)
            }
            // What occurs nowhere decides at once.
            Node::Group { .. } if !self.may_hold(node) => false,
            Node::Group { scope, some, minimum, every, none, atoms } => {
                self.windows(scope, window, atoms).iter().any(|unit| self.group_holds(some, minimum, every, none, unit))
            }
        }
    }

    fn group_holds(&self, some: Children, minimum: u32, every: Children, none: Children, window: &Range<u32>) -> bool {
        let children = |children| self.program.children(children).iter();
        let enough = |minimum: u32| {
            children(some).filter(|node| self.holds(**node, window)).take(minimum as usize).count() as u32 == minimum
        };
        children(every).all(|node| self.holds(*node, window))
            && enough(minimum)
            && !children(none).any(|node| self.holds(*node, window))
    }

    /// Adds the hits that make the node hold in the window.
    fn evidence(&self, node: NodeId, window: &Range<u32>, found: &mut Vec<Evidence>) {
        match self.program.nodes[node as usize] {
            Node::Symbol { symbol, leaf } => {
                let hits = self.hits_in(symbol, window);
                found.extend(hits.map(|(start, end)| Evidence { start, end, leaf, contradicted: false }));
            }
            Node::Near { members, within } => {
                self.near(members, within, window, &mut |(start, end), leaf| {
                    found.push(Evidence { start, end, leaf, contradicted: false });
                });
            }
            Node::Group { scope, some, minimum, every, none, atoms } => {
                for unit in self.windows(scope, window, atoms) {
                    if !self.group_holds(some, minimum, every, none, &unit) {
                        continue;
                    }
                    for child in self.program.children(some).iter().filter(|child| self.holds(**child, &unit)) {
                        self.evidence(*child, &unit, found);
                    }
                    for child in self.program.children(every) {
                        self.evidence(*child, &unit, found);
                    }
                }
            }
        }
    }

    /// The symbols, with their leaves, that a member of `near` is a choice of.
    fn choices(&self, node: NodeId) -> impl Iterator<Item = (Symbol, u32)> {
        let nodes: SmallVec<[NodeId; 8]> = match self.program.nodes[node as usize] {
            Node::Group { some, .. } => SmallVec::from_slice(self.program.children(some)),
            _ => std::iter::once(node).collect(),
        };
        nodes.into_iter().filter_map(|node| match self.program.nodes[node as usize] {
            Node::Symbol { symbol, leaf } => Some((symbol, leaf)),
            _ => None,
        })
    }

    /// Gives every hit (with its leaf) of each chain in which all members occur: a run of hits of the members, in one
    /// sentence, in which a hit begins at most `within` characters after the farthest end before it.
    fn near(&self, members: Children, within: u32, window: &Range<u32>, give: &mut impl FnMut(Hit, u32)) {
        let members = self.program.children(members);
        let mut hits: Vec<(u32, u32, u32, u32)> = Vec::new();
        for (member, node) in (0u32..).zip(members) {
            let before = hits.len();
            for (symbol, leaf) in self.choices(*node) {
                hits.extend(self.hits_in(symbol, window).map(|(start, end)| (start, end, member, leaf)));
            }
            if hits.len() == before {
                return;
            }
        }
        hits.retain(|hit| self.text.sentence_of(hit.0) == self.text.sentence_of(hit.1 - 1));
        hits.sort_unstable();
        let all = (1u32 << members.len()) - 1;
        let mut chain = 0;
        while chain < hits.len() {
            let (mut end, mut seen, mut next) = (hits[chain].1, 0, chain);
            let sentence = self.text.sentence_of(hits[chain].0);
            while next < hits.len()
                && hits[next].0 <= end.saturating_add(within)
                && self.text.sentence_of(hits[next].0) == sentence
            {
                end = end.max(hits[next].1);
                seen |= 1 << hits[next].2;
                next += 1;
            }
            if seen == all {
                hits[chain..next].iter().for_each(|hit| give((hit.0, hit.1), hit.3));
            }
            chain = next;
        }
    }
}

fn intersect(a: &Range<u32>, b: &Range<u32>) -> Option<Range<u32>> {
    let (start, end) = (a.start.max(b.start), a.end.min(b.end));
    (start < end).then_some(start..end)
}

/// A hit of a symbol in one number, so that sorting by symbol and place is sorting numbers: 32 bits of symbol, 24 of the
/// first character (texts have tens of thousands), 8 of the length (terms have at most [`MAX_TERM`](super::MAX_TERM)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FoundHit(u64);

impl FoundHit {
    fn new(symbol: Symbol, start: u32, length: u32) -> FoundHit {
        FoundHit(u64::from(symbol) << 32 | u64::from(start & 0xFF_FFFF) << 8 | u64::from(length & 0xFF))
    }

    /// Symbol, first character, past the last.
    fn parts(self) -> (Symbol, u32, u32) {
        let (start, length) = ((self.0 >> 8) as u32 & 0xFF_FFFF, self.0 as u32 & 0xFF);
        ((self.0 >> 32) as u32, start, start + length)
    }
}

/// All hits of terms that count.
fn find_terms(compiled: &Compiled, text: &Text) -> Vec<FoundHit> {
    let program = &compiled.program;
    let mut found = Vec::new();
    let Some(automaton) = &program.automaton else { return found };
    let normalised = text.normalised();
    for hit in automaton.find_overlapping_iter(normalised) {
        let pattern = hit.value();
        let end = text.char_at_byte(hit.end());
        let start = end - program.pattern_length[pattern as usize];
        let mut is_denied = None;
        for symbol in program.symbols_of_pattern.get(pattern) {
            let SymbolKind::Terms { whole_word, even_negated } = program.symbols[*symbol as usize] else { continue };
            if !even_negated && *is_denied.get_or_insert_with(|| hit_is_denied(text, hit.start(), hit.end(), start)) {
                continue;
            }
            if whole_word && !is_whole_word(start..end, text.words(&compiled.segmenter)) {
                continue;
            }
            found.push(FoundHit::new(*symbol, start, end - start));
        }
    }
    found
}

/// Whether the hit (bytes, and its first character) is denied in its clause.
fn hit_is_denied(text: &Text, start: usize, end: usize, first: u32) -> bool {
    let normalised = text.normalised();
    // The clause ends where a term's own comma ends it, so the hit may reach beyond it.
    let clause = &text.clauses()[text.clause_of(first) as usize];
    let (from, to) = (text.byte_at_char(clause.start), text.byte_at_char(clause.end).max(end));
    denied(&normalised[from..start], &normalised[start..end], &normalised[end..to])
}
