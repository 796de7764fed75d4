//! Running the program on a text: one pass of the automaton, then the conditions of the scenarios that the hits
//! announce, each with the spans that made it hold.

use std::ops::Range;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::compile::Compiled;
use super::condition::Scope;
use super::fuzzy::Damaged;
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
    /// Not the term itself but what sounds like it, damaged (近似).
    pub fuzzy: bool,
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
pub(super) type Windows = SmallVec<[Range<u32>; 8]>;
/// The number of the sentence or clause that a character is in.
type UnitOf = fn(&Text, u32) -> u32;

/// A hit of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// First normalised character.
    pub(super) start: u32,
    /// Past the last.
    pub(super) end: u32,
    pub(super) fuzzy: bool,
}

impl Hit {
    fn exact(range: Range<u32>) -> Hit {
        Hit { start: range.start, end: range.end, fuzzy: false }
    }

    fn evidence(self, leaf: u32) -> Evidence {
        Evidence { start: self.start, end: self.end, leaf, contradicted: false, fuzzy: self.fuzzy }
    }
}

impl Compiled {
    /// Every scenario whose condition holds on the text, by id, with its evidence.
    pub fn matches(&self, text: &Text) -> Vec<ScenarioMatch> {
        self.run(Scan::new(self, text, find_terms(self, text)))
    }

    /// Every scenario that does not hold on the text as it stands, and would if damaged terms counted
    /// (`rules/fuzzy.rs` says which): by id, with its evidence, some of it `fuzzy`. Meant for texts of which
    /// [`matches`](Self::matches) makes nothing: it never gives what that gives.
    ///
    /// Only exact hits forbid (`none`). A guess may add a suggestion that a person looks at, and never takes one away:
    /// to miss a gas leak because something sounded like 演习 would be the worse mistake. The price is a suggestion too
    /// many where the text says what forbids it, and damaged.
    pub fn fuzzy_matches(&self, text: &Text) -> Vec<ScenarioMatch> {
        let damaged = find_damaged_terms(self, text);
        if damaged.is_empty() {
            return Vec::new();
        }
        let exact = find_terms(self, text);
        let sure = Scan::new(self, text, exact.clone());
        let mut scan = Scan::new(self, text, [exact, damaged].concat());
        scan.sure = Some(Box::new(sure));
        self.run(scan)
    }

    /// The scenarios that hold by the hits of a scan.
    fn run(&self, mut scan: Scan<'_>) -> Vec<ScenarioMatch> {
        let text = scan.text;
        let mut matches = Vec::new();
        for scenario in scan.candidates() {
            let condition = &self.program.conditions[scenario as usize];
            // Nearly every candidate lacks something it needs anywhere, which is a look at a few bits.
            if !scan.may_hold(condition.root) {
                continue;
            }
            scan.run_late(&condition.late);
            let whole = 0..text.len();
            if !scan.holds(condition.root, &whole)
                || scan.sure.as_ref().is_some_and(|s| s.holds(condition.root, &whole))
            {
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

    /// The scenarios that are looked at on a text, by index: enough of their words are in it that they may hold.
    pub fn candidates(&self, text: &Text) -> Vec<usize> {
        let candidates = Scan::new(self, text, find_terms(self, text)).candidates();
        candidates.into_iter().map(|scenario| scenario as usize).collect()
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
pub(super) fn crosses_a_word(range: Range<u32>, words: &[Range<u32>]) -> bool {
    let word_at = |c: u32| words.get(words.partition_point(|word| word.end <= c));
    let at_start = word_at(range.start).is_some_and(|word| word.start < range.start && word.end < range.end);
    let at_end = word_at(range.end - 1).is_some_and(|word| word.end > range.end && word.start > range.start);
    at_start || at_end
}

/// Whether both ends of the range are ends of words.
pub(super) fn is_whole_word(range: Range<u32>, words: &[Range<u32>]) -> bool {
    let starts = words.binary_search_by_key(&range.start, |word| word.start).is_ok();
    starts && words.binary_search_by_key(&range.end, |word| word.end).is_ok()
}

/// The hits in one text and what is asked of them.
pub(super) struct Scan<'a> {
    pub(super) program: &'a Program,
    pub(super) text: &'a Text,
    /// One bit a symbol: whether it has a hit.
    present: Vec<u64>,
    /// Hits of terms, by symbol, then by place.
    hits: Vec<Hit>,
    /// Symbol and its run of `hits`, by symbol.
    runs: Vec<(Symbol, Range<u32>)>,
    /// Hits of regular expressions and facts, once they were looked for.
    late: FxHashMap<Symbol, Vec<Hit>>,
    /// The exact hits alone, where these are not: what forbids is looked for there.
    pub(super) sure: Option<Box<Scan<'a>>>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(compiled: &'a Compiled, text: &'a Text, mut found: Vec<FoundHit>) -> Scan<'a> {
        let program = &compiled.program;
        found.sort_unstable();
        let mut scan = Scan {
            program,
            text,
            present: vec![0; program.symbols.len().div_ceil(64)],
            hits: Vec::with_capacity(found.len()),
            runs: Vec::new(),
            late: FxHashMap::default(),
            sure: None,
        };
        for found in found {
            let (symbol, hit) = found.parts();
            if hit.fuzzy && scan.has_last(symbol, hit) {
                continue;
            }
            match scan.runs.last_mut() {
                Some((last, run)) if *last == symbol => run.end += 1,
                _ => {
                    let at = scan.hits.len() as u32;
                    scan.runs.push((symbol, at..at + 1));
                    scan.present[symbol as usize / 64] |= 1 << (symbol % 64);
                }
            }
            scan.hits.push(hit);
        }
        scan
    }

    /// Whether the place of a hit is known already: two terms of a list may sound alike. Hits come by symbol and place,
    /// exact ones first.
    fn has_last(&self, symbol: Symbol, hit: Hit) -> bool {
        let is_last = self.runs.last().is_some_and(|(last, _)| *last == symbol);
        is_last && self.hits.iter().rev().take_while(|h| h.start == hit.start).any(|h| h.end == hit.end)
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

    pub(super) fn is_present(&self, symbol: Symbol) -> bool {
        self.present[symbol as usize / 64] & (1 << (symbol % 64)) != 0
    }

    pub(super) fn hits(&self, symbol: Symbol) -> &[Hit] {
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

    pub(super) fn hits_in(&self, symbol: Symbol, window: &Range<u32>) -> impl Iterator<Item = Hit> {
        let hits = self.hits(symbol);
        let from = hits.partition_point(|hit| hit.start < window.start);
        let end = window.end;
        hits[from..].iter().copied().take_while(move |hit| hit.start < end).filter(move |hit| hit.end <= end)
    }

    /// Looks for the regular expressions and facts of a candidate.
    pub(super) fn run_late(&mut self, symbols: &[Symbol]) {
        for symbol in symbols {
            if self.late.contains_key(symbol) {
                continue;
            }
            let hits = match self.program.symbols[*symbol as usize] {
                SymbolKind::Regex { regex, gate } => self.run_regex(regex, gate),
                SymbolKind::Fact(kind) => {
                    let facts = self.text.facts().iter().filter(|fact| fact.kind == kind);
                    facts.map(|fact| Hit::exact(fact.range.clone())).collect()
                }
                SymbolKind::Terms { .. } => continue,
            };
            if !hits.is_empty() {
                self.present[*symbol as usize / 64] |= 1 << (symbol % 64);
            }
            self.late.insert(*symbol, hits);
        }
        if let Some(sure) = &mut self.sure {
            sure.run_late(symbols);
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
                let place = |byte: usize| self.text.char_at_byte(base + byte);
                hits.push(Hit::exact(place(found.start())..place(found.end())));
            }
        }
        hits
    }

    /// The windows of a scope inside a window. Where a group has atoms, only those with a hit of one.
    pub(super) fn windows(&self, scope: Scope, window: &Range<u32>, atoms: Option<Children>) -> Windows {
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
                atoms.flat_map(|symbol| self.hits_in(*symbol, window)).map(|hit| unit_of(text, hit.start)).collect()
            }
            None => (first..=last).collect(),
        };
        chosen.sort_unstable();
        chosen.dedup();
        chosen.into_iter().filter_map(|unit| intersect(&units[unit as usize], window)).collect()
    }

    pub(super) fn holds(&self, node: NodeId, window: &Range<u32>) -> bool {
        match self.program.nodes[node as usize] {
            Node::Symbol { symbol, .. } => self.is_present(symbol) && self.hits_in(symbol, window).next().is_some(),
            Node::Near { members, within } => {
                let mut found = false;
                self.near(members, within, window, &mut |_| found = true);
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

    pub(super) fn group_holds(
        &self,
        some: Children,
        minimum: u32,
        every: Children,
        none: Children,
        window: &Range<u32>,
    ) -> bool {
        let children = |children| self.program.children(children).iter();
        let enough = |minimum: u32| {
            children(some).filter(|node| self.holds(**node, window)).take(minimum as usize).count() as u32 == minimum
        };
        let sure = self.sure.as_deref().unwrap_or(self);
        children(every).all(|node| self.holds(*node, window))
            && enough(minimum)
            && !children(none).any(|node| sure.holds(*node, window))
    }

    /// Adds the hits that make the node hold in the window.
    fn evidence(&self, node: NodeId, window: &Range<u32>, found: &mut Vec<Evidence>) {
        match self.program.nodes[node as usize] {
            Node::Symbol { symbol, leaf } => {
                found.extend(self.hits_in(symbol, window).map(|hit| hit.evidence(leaf)));
            }
            Node::Near { members, within } => {
                self.near(members, within, window, &mut |hit| found.push(hit));
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
    pub(super) fn near(&self, members: Children, within: u32, window: &Range<u32>, give: &mut impl FnMut(Evidence)) {
        let members = self.program.children(members);
        let mut hits: Vec<(Hit, u32, u32)> = Vec::new();
        for (member, node) in (0u32..).zip(members) {
            let before = hits.len();
            for (symbol, leaf) in self.choices(*node) {
                hits.extend(self.hits_in(symbol, window).map(|hit| (hit, member, leaf)));
            }
            if hits.len() == before {
                return;
            }
        }
        hits.retain(|(hit, ..)| self.text.sentence_of(hit.start) == self.text.sentence_of(hit.end - 1));
        hits.sort_unstable();
        let all = (1u32 << members.len()) - 1;
        let mut chain = 0;
        while chain < hits.len() {
            let (first, ..) = hits[chain];
            let (mut end, mut seen, mut next) = (first.end, 0, chain);
            let sentence = self.text.sentence_of(first.start);
            while let Some((hit, member, _)) = hits.get(next)
                && hit.start <= end.saturating_add(within)
                && self.text.sentence_of(hit.start) == sentence
            {
                end = end.max(hit.end);
                seen |= 1 << member;
                next += 1;
            }
            if seen == all {
                hits[chain..next].iter().for_each(|(hit, _, leaf)| give(hit.evidence(*leaf)));
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
/// first character (texts have tens of thousands), 1 that says whether it is approximate, 7 of the length (terms have at
/// most [`MAX_TERM`](super::MAX_TERM), and damaged ones not twice that).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundHit(u64);

impl FoundHit {
    fn new(symbol: Symbol, hit: Hit) -> FoundHit {
        let place = u64::from(hit.start & 0xFF_FFFF) << 8 | u64::from((hit.end - hit.start) & 0x7F);
        FoundHit(u64::from(symbol) << 32 | place | u64::from(hit.fuzzy) << 7)
    }

    fn parts(self) -> (Symbol, Hit) {
        let (start, length) = ((self.0 >> 8) as u32 & 0xFF_FFFF, self.0 as u32 & 0x7F);
        ((self.0 >> 32) as u32, Hit { start, end: start + length, fuzzy: self.0 & 0x80 != 0 })
    }
}

/// All hits of terms that count.
pub(super) fn find_terms(compiled: &Compiled, text: &Text) -> Vec<FoundHit> {
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
            found.push(FoundHit::new(*symbol, Hit::exact(start..end)));
        }
    }
    found
}

/// All approximate hits of terms that count.
pub(super) fn find_damaged_terms(compiled: &Compiled, text: &Text) -> Vec<FoundHit> {
    let program = &compiled.program;
    let mut found = Vec::new();
    for Damaged { range, symbols, .. } in program.fuzzy.find(text, &compiled.segmenter) {
        let bytes = text.byte_at_char(range.start)..text.byte_at_char(range.end);
        let mut is_denied = None;
        for symbol in symbols {
            let even_negated =
                matches!(program.symbols[*symbol as usize], SymbolKind::Terms { even_negated: true, .. });
            let mut denied =
                || *is_denied.get_or_insert_with(|| hit_is_denied(text, bytes.start, bytes.end, range.start));
            if even_negated || !denied() {
                found.push(FoundHit::new(*symbol, Hit { start: range.start, end: range.end, fuzzy: true }));
            }
        }
    }
    found
}

/// Whether the hit (bytes, and its first character) is denied in its clause.
pub(super) fn hit_is_denied(text: &Text, start: usize, end: usize, first: u32) -> bool {
    let normalised = text.normalised();
    // The clause ends where a term's own comma ends it, so the hit may reach beyond it.
    let clause = &text.clauses()[text.clause_of(first) as usize];
    let (from, to) = (text.byte_at_char(clause.start), text.byte_at_char(clause.end).max(end));
    denied(&normalised[from..start], &normalised[start..end], &normalised[end..to])
}
