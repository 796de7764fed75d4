//! The nearest flip: the fewest characters to add or to take away after which another scenario leads, or a certain one.
//!
//! A search of the cheapest first (uniform cost) over changed texts. Each is matched and ranked as any complaint is, and
//! only one on which the leader did change is claimed. What is tried is bounded, so that a text which nothing flips
//! costs no more; the bounds count texts and characters, since nothing here reads a clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashSet;
use serde::Serialize;
use utoipa::ToSchema;

use super::changes::{Allowed, Changer, Way};
use super::draft::{Change, Draft, Edit};
use super::words;
use crate::decide::complaint::{Complaint, MAX_TEXT, MAX_TITLE};
use crate::decide::decision::Named;
use crate::decide::engine::{Engine, Options};
use crate::rules::{Tracer, shortest};
use crate::source::Message;
use crate::text::Text;

/// Texts tried for one flip, at the most.
const MOST_TRIED: usize = 60;
/// Characters of all these together: a long text is tried less often.
const MOST_CHARACTERS: usize = 20_000;
/// Rounds of changes, each made to the text that the one before left.
const MOST_ROUNDS: u32 = 4;
/// A flip that changes more characters would be another complaint.
const MOST_CHANGED: usize = 60;
/// Ways to give a scenario more weight, at the most.
const MOST_WEIGHTS: usize = 8;

/// Which way a flip goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Words are added.
    Add,
    /// Words are taken away.
    Remove,
    /// Both.
    Change,
}

/// The smallest change that was found after which another scenario leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flip {
    /// Whether words are added or taken away.
    pub direction: Direction,
    /// Who leads then; null where no scenario fires any more.
    pub leads: Option<Named>,
    /// Characters added and taken away.
    pub changed: usize,
    /// What it says to people, in Chinese (`zh`) and English (`en`).
    #[schema(value_type = Object)]
    pub in_words: Message,
    /// What to change, in the order of the text.
    pub edits: Vec<Edit>,
    /// The title after it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text after it.
    pub text: String,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// This scenario leads.
    Lead(usize),
    /// Another than now leads; these are tried.
    Overtake(Vec<usize>),
    /// Whoever leads now no longer does.
    Unseat,
}

/// A changed text that waits to be tried: what it costs, then its number, for an order that depends on nothing else.
type Waiting = Reverse<(usize, usize)>;

#[derive(Clone)]
struct Tried {
    draft: Draft,
    rounds: u32,
    /// The scenario that the changes are made for.
    target: Option<usize>,
}

pub(super) struct Search<'a> {
    engine: &'a Engine,
    complaint: &'a Complaint,
    options: Options,
    allowed: Allowed,
    goal: Goal,
    /// Who leads on the text as it is.
    before: Option<usize>,
    lengths: (usize, usize),
    waiting: BinaryHeap<Waiting>,
    drafts: Vec<Tried>,
    seen: FxHashSet<(Option<String>, String)>,
}

/// Looks for the cheapest change that reaches the goal; `None` when the bounds are reached first.
pub(super) fn find(
    engine: &Engine,
    complaint: &Complaint,
    options: Options,
    goal: Goal,
    direction: Direction,
) -> Option<Flip> {
    let allowed = Allowed { insert: direction != Direction::Remove, remove: direction != Direction::Add };
    let length = |text: &str| text.chars().count();
    let lengths = (complaint.title.as_deref().map_or(0, length), length(&complaint.text));
    let (waiting, drafts, seen) = (BinaryHeap::new(), Vec::new(), FxHashSet::default());
    let before = leading(engine, complaint, options);
    Search { engine, complaint, options, allowed, goal, before, lengths, waiting, drafts, seen }.run()
}

impl Search<'_> {
    fn run(mut self) -> Option<Flip> {
        let original = Draft::new(self.complaint.title.as_deref(), &self.complaint.text);
        self.push(original, 0, None);
        let mut characters = 0;
        for _ in 0..=MOST_TRIED {
            let Reverse((_, number)) = self.waiting.pop()?;
            let Tried { draft, rounds, target } = self.drafts[number].clone();
            let (title, body) = draft.strings();
            characters += body.len() / 3;
            let text = Text::new(title.as_deref(), &body);
            if text.normalised().trim().is_empty() {
                continue;
            }
            let complaint = Complaint { text: body, title, ..self.complaint.clone() };
            let (ranked, guessed) = self.engine.ranked(&complaint, &text, self.options);
            let fired: Vec<usize> = ranked.iter().map(|candidate| candidate.found.scenario).collect();
            // The cheap look first, then the whole decision.
            if rounds > 0 && self.is_reached(fired.first().copied()) {
                let leader = leading(self.engine, &complaint, self.options);
                if self.is_reached(leader) {
                    return Some(self.flip(&draft, leader));
                }
            }
            if characters > MOST_CHARACTERS {
                return None;
            }
            if rounds < MOST_ROUNDS {
                self.expand(&draft, rounds, target, &text, &fired, guessed);
            }
        }
        None
    }

    fn is_reached(&self, leader: Option<usize>) -> bool {
        match &self.goal {
            Goal::Lead(wanted) => leader == Some(*wanted),
            Goal::Overtake(_) => leader.is_some() && leader != self.before,
            Goal::Unseat => leader != self.before,
        }
    }

    fn push(&mut self, draft: Draft, rounds: u32, target: Option<usize>) {
        let cost = draft.cost(self.lengths.0, self.lengths.1);
        let strings = draft.strings();
        let fits = strings.1.chars().count() <= MAX_TEXT
            && strings.0.as_ref().is_none_or(|title| title.chars().count() <= MAX_TITLE);
        if cost <= MOST_CHANGED && fits && self.seen.insert(strings) {
            self.waiting.push(Reverse((cost, self.drafts.len())));
            self.drafts.push(Tried { draft, rounds, target });
        }
    }

    /// Adds the texts that are one round of changes away.
    fn expand(
        &mut self,
        draft: &Draft,
        rounds: u32,
        target: Option<usize>,
        text: &Text,
        fired: &[usize],
        guessed: bool,
    ) {
        let rules = self.engine.rules();
        let changer = Changer { text, vocabulary: rules.vocabulary(), allowed: self.allowed };
        let mut tracer = rules.tracer(text, guessed);
        let mut ways: Vec<(Way, Option<usize>)> = Vec::new();
        let targets = match (&self.goal, target) {
            (Goal::Lead(wanted), _) => vec![*wanted],
            (Goal::Overtake(by), None) => by.clone(),
            (Goal::Overtake(_), Some(target)) => vec![target],
            (Goal::Unseat, _) => Vec::new(),
        };
        for wanted in &targets {
            let found = if fired.contains(wanted) {
                self.weights(&changer, &mut tracer, *wanted)
            } else {
                changer.repairs(&tracer.trace(*wanted), &(0..text.len()))
            };
            ways.extend(found.into_iter().map(|way| (way, Some(*wanted))));
        }
        // Whoever stands before the one that is wanted is to fall.
        if let Some(leader) = fired.first().filter(|leader| !targets.contains(leader)) {
            let next = targets.iter().any(|wanted| fired.contains(wanted)) || targets.is_empty();
            if next || self.is_overtaking(fired) {
                ways.extend(changer.breaks(&tracer.trace(*leader)).into_iter().map(|way| (way, target)));
            }
        }
        for (way, target) in ways.into_iter().filter(|(way, _)| !way.is_empty()) {
            self.push(draft.changed(text, &way), rounds + 1, target);
        }
    }

    /// Whether another scenario fires that would lead if the leader fell.
    fn is_overtaking(&self, fired: &[usize]) -> bool {
        matches!(self.goal, Goal::Overtake(_)) && fired.len() > 1
    }

    /// Words that give a scenario which fires more weight: its hints, and more of what its condition looks for, put into
    /// the sentence that it rests on. Those that say most for each character come first.
    fn weights(&self, changer: &Changer<'_>, tracer: &mut Tracer<'_>, wanted: usize) -> Vec<Way> {
        let (rules, text) = (self.engine.rules(), changer.text);
        let hits = tracer.trace(wanted).evidence();
        let Some((hit, _)) = hits.first().filter(|_| changer.allowed.insert) else { return Vec::new() };
        let at = changer.end_of(&text.sentences()[text.sentence_of(hit.start) as usize]);
        let hints = rules.scenarios()[wanted].hints.iter().flat_map(|hint| shortest(hint, rules.vocabulary()));
        let mut words: Vec<String> = hints.chain(hits.iter().flat_map(|(_, leaf)| self.terms_of(*leaf))).collect();
        words.retain(|words| !text.normalised().contains(words.as_str()));
        let worth = |words: &String| self.engine.segmenter().rarity(words) / words.chars().count() as f32;
        words.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then_with(|| a.cmp(b)));
        words.dedup();
        words.into_iter().take(MOST_WEIGHTS).map(|words| vec![Change::Insert { at, words }]).collect()
    }

    /// What else a leaf that was hit looks for: the terms of its list.
    fn terms_of(&self, leaf: u32) -> Vec<String> {
        let rules = self.engine.rules();
        let name = rules.leaf(leaf).what.strip_prefix('$').unwrap_or_default();
        rules.vocabulary().terms(name).unwrap_or_default().into_iter().map(str::to_owned).collect()
    }

    fn flip(&self, draft: &Draft, leader: Option<usize>) -> Flip {
        let edits = draft.edits(self.complaint.title.as_deref(), &self.complaint.text);
        let (added, removed) =
            (edits.iter().any(|edit| !edit.inserted.is_empty()), edits.iter().any(|edit| !edit.removed.is_empty()));
        let direction = match (added, removed) {
            (true, false) => Direction::Add,
            (false, _) => Direction::Remove,
            (true, true) => Direction::Change,
        };
        let (title, text) = draft.strings();
        let leads = leader.map(|scenario| named(self.engine, scenario));
        let changed = draft.cost(self.lengths.0, self.lengths.1);
        let in_words = words::flip(&edits, changed, leads.as_ref());
        Flip { direction, leads, changed, in_words, edits, title, text }
    }
}

/// Who leads by the whole decision: where no rule fires, cases may suggest a scenario.
fn leading(engine: &Engine, complaint: &Complaint, options: Options) -> Option<usize> {
    let scenario = engine.decide(complaint, options).ok()?.scenario?;
    engine.rules().position(&scenario.id)
}

pub(super) fn named(engine: &Engine, scenario: usize) -> Named {
    let scenario = &engine.rules().scenarios()[scenario];
    Named { id: scenario.id.clone(), name: scenario.title.clone() }
}
