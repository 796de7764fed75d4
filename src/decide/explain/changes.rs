//! Which changes of a text could make a condition hold, and which could make it fail: read off the clauses. None of
//! them promises anything; the search runs the matcher on each.

use std::ops::Range;

use super::draft::Change;
use crate::rules::{Form, Part, PassedOver, Reason, Scope, Trace, Vocabulary, WindowTrace, shortest};
use crate::text::Text;

/// Ways that are kept for one clause, the cheapest.
const MOST_WAYS: usize = 6;
/// Hits of a `near` beside which the others are put.
const MOST_ANCHORS: usize = 4;
/// Characters before a denied hit of which some may be the denial.
const LONGEST_DENIAL: u32 = 3;

/// Changes that belong together.
pub(super) type Way = Vec<Change>;

/// What may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) insert: bool,
    pub(super) remove: bool,
}

/// What ways are made of.
#[derive(Clone, Copy)]
pub(super) struct Changer<'a> {
    pub(super) text: &'a Text,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) allowed: Allowed,
}

pub(super) fn cost(way: &Way) -> usize {
    way.iter().map(Change::cost).sum()
}

/// The cheapest ways, in an order that depends on nothing else.
fn cheapest(mut ways: Vec<Way>) -> Vec<Way> {
    ways.sort_by_cached_key(|way| (cost(way), way.clone()));
    ways.dedup();
    ways.truncate(MOST_WAYS);
    ways
}

/// Every way of each list together.
fn product(lists: impl IntoIterator<Item = Vec<Way>>) -> Vec<Way> {
    lists.into_iter().fold(vec![Way::new()], |all, ways| {
        cheapest(all.iter().flat_map(|left| ways.iter().map(move |right| [&left[..], right].concat())).collect())
    })
}

impl Changer<'_> {
    /// Ways to make a clause hold in a window; one empty way where it does.
    pub(super) fn repairs(&self, trace: &Trace<'_>, window: &Range<u32>) -> Vec<Way> {
        if trace.held {
            return vec![Way::new()];
        }
        match &trace.part {
            Part::Leaf { passed_over, .. } => {
                let mut ways = self.inserted(&self.words(trace), self.end_of(window));
                ways.extend(passed_over.iter().take(2).flat_map(|found| self.without_denial(found)));
                cheapest(ways)
            }
            Part::Shared { condition, .. } => self.repairs(condition, window),
            Part::Near { members, .. } => self.brought_near(trace, members, window),
            Part::Group { minimum, windows } => {
                let scope = match &trace.clause.form {
                    Form::Group(group) => group.scope,
                    _ => Scope::Text,
                };
                let mut ways: Vec<Way> =
                    windows.iter().flat_map(|window| self.repaired_in(*minimum as usize, window)).collect();
                ways.extend(self.in_a_new_place(trace, scope));
                cheapest(ways)
            }
        }
    }

    fn words(&self, trace: &Trace<'_>) -> Vec<String> {
        if self.allowed.insert { shortest(trace.clause, self.vocabulary) } else { Vec::new() }
    }

    fn inserted(&self, words: &[String], at: u32) -> Vec<Way> {
        words.iter().map(|words| vec![Change::Insert { at, words: words.clone() }]).collect()
    }

    /// A denied hit without what denies it, which ends right before it or a word earlier.
    fn without_denial(&self, found: &PassedOver) -> Vec<Way> {
        if !self.allowed.remove || found.reason != Reason::Denied {
            return Vec::new();
        }
        let to = found.range.start;
        let lengths = 1..=LONGEST_DENIAL.min(to);
        lengths.map(|length| vec![Change::Remove { from: to - length, to }]).collect()
    }

    /// The other members of a `near` right behind each hit of one.
    fn brought_near(&self, trace: &Trace<'_>, members: &[Trace<'_>], window: &Range<u32>) -> Vec<Way> {
        if !self.allowed.insert {
            return Vec::new();
        }
        let mut ways = Vec::new();
        for (number, member) in members.iter().enumerate() {
            let others = members.iter().enumerate().filter(|(other, _)| *other != number);
            let none = vec![String::new()];
            let words = others.fold(none, |all, (_, other)| {
                let words = shortest(other.clause, self.vocabulary);
                all.iter().flat_map(|left| words.iter().map(move |right| format!("{left}{right}"))).take(8).collect()
            });
            for (hit, _) in member.evidence().into_iter().take(MOST_ANCHORS) {
                ways.extend(self.inserted(&words, hit.end));
            }
        }
        ways.extend(self.inserted(&self.words(trace), self.end_of(window)));
        cheapest(ways)
    }

    /// Ways to make a group hold in one of its windows: what lacks is added, what forbids taken away.
    fn repaired_in(&self, minimum: usize, window: &WindowTrace<'_>) -> Vec<Way> {
        let range = &window.range;
        let missing = minimum.saturating_sub(window.some.iter().filter(|trace| trace.held).count());
        let mut some: Vec<Vec<Way>> =
            window.some.iter().filter(|trace| !trace.held).map(|trace| self.repairs(trace, range)).collect();
        some.retain(|ways| !ways.is_empty());
        some.sort_by_key(|ways| cost(&ways[0]));
        let some: Vec<Vec<Way>> = match missing {
            0 => Vec::new(),
            1 => vec![cheapest(some.into_iter().flatten().collect())],
            _ if some.len() < missing => return Vec::new(),
            _ => some.into_iter().take(missing).collect(),
        };
        let every = window.every.iter().filter(|trace| !trace.held).map(|trace| self.repairs(trace, range));
        let none = window.none.iter().filter(|trace| trace.held).map(|trace| self.breaks(trace));
        product(some.into_iter().chain(every).chain(none))
    }

    /// All that a group needs in a sentence of its own, or in the title.
    fn in_a_new_place(&self, trace: &Trace<'_>, scope: Scope) -> Vec<Way> {
        let words = self.words(trace);
        match scope {
            Scope::Text => Vec::new(),
            Scope::Title => words.into_iter().map(|words| vec![Change::Title { words }]).collect(),
            Scope::Sentence | Scope::Clause => {
                let ended = self.text.normalised().chars().next_back().is_none_or(|last| "。!?;\n".contains(last));
                let stop = if ended { "" } else { "。" };
                let words: Vec<String> = words.into_iter().map(|words| format!("{stop}{words}")).collect();
                self.inserted(&words, self.text.len())
            }
        }
    }

    /// Ways to make a clause fail wherever it holds; one empty way where it does not hold.
    pub(super) fn breaks(&self, trace: &Trace<'_>) -> Vec<Way> {
        if !trace.held {
            return vec![Way::new()];
        }
        match &trace.part {
            Part::Leaf { hits, .. } => self.removed(hits.iter().cloned()).into_iter().collect(),
            Part::Shared { condition, .. } => self.breaks(condition),
            Part::Near { members, hits } => {
                let together = |(range, _): &(Range<u32>, u32)| hits.iter().any(|(hit, _)| hit == range);
                let of_member = |member: &Trace<'_>| {
                    self.removed(member.evidence().into_iter().filter(together).map(|(range, _)| range))
                };
                cheapest(members.iter().filter_map(of_member).collect())
            }
            Part::Group { minimum, windows } => {
                let held = windows.iter().filter(|window| window.held);
                product(held.map(|window| self.broken_in(*minimum as usize, window)))
            }
        }
    }

    fn removed(&self, ranges: impl IntoIterator<Item = Range<u32>>) -> Option<Way> {
        let remove = |range: Range<u32>| Change::Remove { from: range.start, to: range.end };
        self.allowed.remove.then(|| ranges.into_iter().map(remove).collect())
    }

    /// Ways to make a group fail in a window: without one of `every`, without enough of `some`, or with one of `none`.
    fn broken_in(&self, minimum: usize, window: &WindowTrace<'_>) -> Vec<Way> {
        let mut ways: Vec<Way> = window.every.iter().flat_map(|trace| self.breaks(trace)).collect();
        if minimum > 0 {
            let mut held: Vec<Vec<Way>> =
                window.some.iter().filter(|trace| trace.held).map(|trace| self.breaks(trace)).collect();
            if held.iter().all(|ways| !ways.is_empty()) && held.len() >= minimum {
                held.sort_by_key(|ways| cost(&ways[0]));
                let enough = held.len() + 1 - minimum;
                ways.extend(product(held.into_iter().take(enough)));
            }
        }
        ways.extend(window.none.iter().flat_map(|trace| self.repairs(trace, &window.range)));
        cheapest(ways)
    }

    /// Where words go that are to stand in a window: behind its last word, before what ends it.
    pub(super) fn end_of(&self, window: &Range<u32>) -> u32 {
        let ends = |c: char| c.is_whitespace() || "。!?;,、”’」』）)》】".contains(c);
        let trimmed = self.text.slice(window.clone()).chars().rev().take_while(|c| ends(*c)).count();
        window.end - trimmed as u32
    }
}
