//! Why a complaint was decided as it was: every scenario that fired or nearly did, clause by clause; why a certain one
//! did not lead; and the smallest change of the words after which another would.
//!
//! Pure, as all of this floor: an explanation is a function of the complaint and the bundle.

mod changes;
mod draft;
mod flip;
mod lacking;
mod shown;
mod way;
mod words;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{self, rounded};
use super::complaint::{Complaint, ComplaintError};
use super::decision::{EvidenceItem, Named};
use super::engine::{Engine, Options};
use super::place::place;
use super::rank::{Because, Candidate, because};
use crate::catalog::Region;
use crate::rules::{Trace, Tracer};
use crate::source::Message;
use crate::text::Text;
use flip::{Goal, find, named};

pub use draft::{Edit, apply};
pub use flip::{Direction, Flip};
pub use lacking::{Lack, LackKind};
pub use shown::{ClauseForm, ClauseItem, HitItem, PassedOverItem, WindowItem};
pub use way::{LabelOpinion, LevelOpinions, Way};
pub use words::because as because_in_words;

/// Scenarios that fired, shown at the most.
const MOST_FIRED: usize = 8;
/// Scenarios that nearly fired, shown at the most.
const MOST_NEAR: usize = 5;
/// So much of a scenario's condition must be there for it to be near.
const NEAR: f64 = 0.5;
/// Words that a scenario has in the text to be shown as near, where another fired.
const FEWEST_WORDS: usize = 2;
/// Scenarios that an addition is tried for.
const MOST_TARGETS: usize = 6;

/// Why a complaint was decided as it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The scenarios that fired, in their order, the leader first.
    pub fired: Vec<ScenarioExplained>,
    /// The words that the leader rests on.
    pub evidence: Vec<EvidenceItem>,
    /// Those that did not, and of whose conditions at least half is there, the nearest first. Where something fired, of
    /// each at least two words are in the text: half of a pair alone is met by anything.
    pub near: Vec<ScenarioExplained>,
    /// Why the scenario that was asked about does not lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<WhyNot>,
    /// The smallest changes that were found after which another scenario leads: by words added, by words taken away.
    /// Each was tried out.
    pub flips: Vec<Flip>,
    /// Ways in which no such change was found within bounds.
    pub not_found: Vec<Direction>,
}

/// One scenario on the text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScenarioExplained {
    /// The scenario.
    pub scenario: Named,
    /// Its place among those that fired, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
    /// For the leader: why it stands before the next. For another: why the leader stands before it. `emergency`,
    /// `priority`, `exclusive`, `cases`, `specificity` or `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The same in words, in Chinese (`zh`) and English (`en`), with the weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub in_words: Option<Message>,
    /// How much its evidence says, in nats: what `specificity` compares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// It fired only on words that sound like its terms.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub guessed: bool,
    /// How much of its condition is there, 0 to 1.
    pub share: f64,
    /// Its condition.
    pub when: ClauseItem,
    /// Its hints that are in the text.
    pub hints: Vec<EvidenceItem>,
    /// What is missing, or forbids it.
    pub lacking: Vec<Lack>,
}

/// Why a scenario does not lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WhyNot {
    /// The scenario.
    pub scenario: Named,
    /// What keeps it from leading.
    pub verdict: Verdict,
    /// The same in words, in Chinese (`zh`) and English (`en`).
    #[schema(value_type = Object)]
    pub in_words: Message,
    /// Who leads, where somebody does.
    pub leader: Option<Named>,
    /// Why the leader stands before it, where it fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The scenario on the text, clause by clause.
    pub explained: ScenarioExplained,
    /// The smallest change that was found after which it leads; null where none was within bounds.
    pub flip: Option<Flip>,
}

/// What keeps a scenario from leading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing: it leads.
    Leads,
    /// It fired, and another stands before it.
    Outranked,
    /// All that it asks for is there, and its `none` forbids it.
    Forbidden,
    /// Something that it asks for is not there.
    Missing,
}

impl Because {
    /// The name in decisions and explanations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Because::Emergency => "emergency",
            Because::Priority => "priority",
            Because::Exclusive => "exclusive",
            Because::Cases => "cases",
            Because::Specificity => "specificity",
            Because::Id => "id",
        }
    }
}

impl Engine {
    /// Explains how a complaint is decided; with `why_not`, also why that scenario (its index) does not lead. Fails as
    /// [`decide`](Engine::decide) does.
    pub fn explain(
        &self,
        complaint: &Complaint,
        options: Options,
        why_not: Option<usize>,
    ) -> Result<Explanation, ComplaintError> {
        self.explained(complaint, options, why_not, true)
    }

    /// The same without looking for flips, which is most of the work.
    pub fn trace(
        &self,
        complaint: &Complaint,
        options: Options,
        why_not: Option<usize>,
    ) -> Result<Explanation, ComplaintError> {
        self.explained(complaint, options, why_not, false)
    }

    fn explained(
        &self,
        complaint: &Complaint,
        options: Options,
        why_not: Option<usize>,
        with_flips: bool,
    ) -> Result<Explanation, ComplaintError> {
        complaint.check()?;
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        if text.normalised().trim().is_empty() {
            return Err(ComplaintError::Empty);
        }
        let (ranked, guessed) = self.ranked(complaint, &text, options);
        let guessed = guessed && !ranked.is_empty();
        let tracer = self.rules().tracer(&text, guessed);
        let mut explainer = Explainer { engine: self, text: &text, ranked, guessed, tracer };
        let near: Vec<Near> = explainer.near();
        let telling = |near: &&Near| explainer.ranked.is_empty() || near.words >= FEWEST_WORDS;
        let shown: Vec<usize> = near.iter().filter(telling).take(MOST_NEAR).map(|near| near.scenario).collect();
        let near: Vec<usize> = near.into_iter().map(|near| near.scenario).collect();
        let mut explanation = Explanation {
            fired: (0..explainer.ranked.len().min(MOST_FIRED)).map(|at| explainer.fired(at)).collect(),
            evidence: explainer.evidence(),
            near: shown.iter().map(|scenario| explainer.scenario(*scenario)).collect(),
            why_not: why_not.map(|wanted| explainer.why_not(wanted)),
            flips: Vec::new(),
            not_found: Vec::new(),
        };
        if with_flips {
            if let Some(asked) = explanation.why_not.as_mut().filter(|asked| asked.verdict != Verdict::Leads) {
                asked.flip =
                    why_not.and_then(|wanted| find(self, complaint, options, Goal::Lead(wanted), Direction::Change));
            }
            (explanation.flips, explanation.not_found) = explainer.flips(&near, complaint, options);
        }
        Ok(explanation)
    }

    /// The scenario that leads by rules (its index), and all that fire behind it, as [`decide`](Engine::decide) orders
    /// them, without what else a decision has. Fails as that does.
    pub fn firing(&self, complaint: &Complaint, options: Options) -> Result<Vec<usize>, ComplaintError> {
        complaint.check()?;
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        if text.normalised().trim().is_empty() {
            return Err(ComplaintError::Empty);
        }
        let (ranked, _) = self.ranked(complaint, &text, options);
        Ok(ranked.iter().map(|candidate| candidate.found.scenario).collect())
    }

    /// The narrowest region that a complaint is about, where it is known: the one that the dispatch list is asked for.
    pub fn region_of(&self, complaint: &Complaint) -> Option<&Region> {
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        place(self.catalog(), &text, complaint.district.as_deref()).region
    }
}

/// A scenario that nearly fired.
struct Near {
    scenario: usize,
    /// How much of its condition is there.
    share: f64,
    /// How many different words of it are there.
    words: usize,
    /// How much these say, in nats.
    said: f32,
}

/// One complaint while it is explained.
struct Explainer<'a> {
    engine: &'a Engine,
    text: &'a Text,
    ranked: Vec<Candidate>,
    guessed: bool,
    tracer: Tracer<'a>,
}

impl Explainer<'_> {
    /// The scenarios that nearly fired: by what is there of them, then by how much those words say.
    fn near(&mut self) -> Vec<Near> {
        let fired: Vec<usize> = self.ranked.iter().map(|candidate| candidate.found.scenario).collect();
        let mut near = Vec::new();
        for (scenario, share) in self.tracer.nearest(MOST_NEAR * 3, NEAR) {
            if !fired.contains(&scenario) {
                let trace = self.tracer.trace(scenario);
                let (words, said) = self.said(&trace);
                near.push(Near { scenario, share, words, said });
            }
        }
        let order = |a: &Near, b: &Near| b.share.total_cmp(&a.share).then(b.said.total_cmp(&a.said));
        near.sort_by(|a, b| order(a, b).then(a.scenario.cmp(&b.scenario)));
        near
    }

    /// How many words are there of a condition, and how much they say, in nats, each once.
    fn said(&self, trace: &Trace<'_>) -> (usize, f32) {
        let mut words: Vec<&str> = shown::hits(trace).into_iter().map(|range| self.text.slice(range)).collect();
        words.sort_unstable();
        words.dedup();
        (words.len(), words.into_iter().map(|word| self.engine.segmenter().rarity(word)).sum())
    }

    /// The words that the leader rests on.
    fn evidence(&self) -> Vec<EvidenceItem> {
        let leader = self.ranked.first();
        leader.map_or_else(Vec::new, |leader| {
            answer::evidence(self.engine.rules(), self.text, &leader.found.evidence, false)
        })
    }

    /// A scenario that fired, by its place.
    fn fired(&mut self, at: usize) -> ScenarioExplained {
        let explained = self.scenario(self.ranked[at].found.scenario);
        let candidate = &self.ranked[at];
        // The leader is held against the next, all others against the leader.
        let other = if at == 0 { self.ranked.get(1) } else { self.ranked.first() };
        let because = other.map(|other| because(candidate, other).name());
        let weight = rounded(candidate.score);
        ScenarioExplained {
            rank: Some(at + 1),
            because: because.map(str::to_owned),
            in_words: Some(words::standing(at + 1, because, weight)),
            weight: Some(weight),
            guessed: self.guessed,
            hints: answer::evidence(self.engine.rules(), self.text, &candidate.found.hints, true),
            ..explained
        }
    }

    /// A scenario's condition on the text.
    fn scenario(&mut self, scenario: usize) -> ScenarioExplained {
        let trace = self.tracer.trace(scenario);
        ScenarioExplained {
            scenario: named(self.engine, scenario),
            rank: None,
            because: None,
            in_words: None,
            weight: None,
            guessed: false,
            share: rounded(trace.share),
            when: shown::clause(&trace, self.text),
            hints: Vec::new(),
            lacking: lacking::lacking(&trace, self.text, self.engine.rules().vocabulary()),
        }
    }

    fn why_not(&mut self, wanted: usize) -> WhyNot {
        let place = self.ranked.iter().position(|candidate| candidate.found.scenario == wanted);
        let explained = match place {
            Some(at) => self.fired(at),
            None => self.scenario(wanted),
        };
        let only_forbidden =
            !explained.lacking.is_empty() && explained.lacking.iter().all(|lack| lack.kind == LackKind::Forbidden);
        let verdict = match place {
            Some(0) => Verdict::Leads,
            Some(_) => Verdict::Outranked,
            None if only_forbidden => Verdict::Forbidden,
            None => Verdict::Missing,
        };
        let leader = self.ranked.first().map(|leader| named(self.engine, leader.found.scenario));
        let because = explained.because.clone().filter(|_| verdict == Verdict::Outranked);
        WhyNot {
            scenario: named(self.engine, wanted),
            verdict,
            in_words: words::verdict(verdict, leader.as_ref(), because.as_deref()),
            leader,
            because,
            explained,
            flip: None,
        }
    }

    /// The nearest flips in both directions.
    fn flips(&self, near: &[usize], complaint: &Complaint, options: Options) -> (Vec<Flip>, Vec<Direction>) {
        let leader = self.ranked.first();
        let behind = self.ranked.iter().skip(1).map(|candidate| candidate.found.scenario);
        let by = behind.chain(near.iter().copied()).take(MOST_TARGETS).collect();
        let mut goals = vec![(Direction::Add, Goal::Overtake(by))];
        goals.extend(leader.map(|_| (Direction::Remove, Goal::Unseat)));
        let (mut flips, mut not_found) = (Vec::new(), Vec::new());
        for (direction, goal) in goals {
            match find(self.engine, complaint, options, goal, direction) {
                Some(flip) => flips.push(flip),
                None => not_found.push(direction),
            }
        }
        (flips, not_found)
    }
}
