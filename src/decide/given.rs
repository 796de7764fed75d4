//! What a decision takes from elsewhere instead of finding it out: for deciding many cases again after an edit, and for
//! deciding a case that is itself among those that teach.

use super::learned::{Judgement, Learned};
use crate::rules::{Compiled, ScenarioMatch};
use crate::text::Text;

/// The scenarios that were found in a text.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Each with its evidence.
    pub matches: Vec<ScenarioMatch>,
    /// None holds as the text stands: these hold if damaged terms count.
    pub guessed: bool,
}

impl Found {
    /// What rules find in a text. What was misheard is looked for only where nothing was heard: a clean text pays
    /// nothing, and no guess stands beside a rule that holds.
    pub fn new(rules: &Compiled, text: &Text) -> Found {
        let matches = rules.matches(text);
        match matches.is_empty() {
            true => Found { matches: rules.fuzzy_matches(text), guessed: true },
            false => Found { matches, guessed: false },
        }
    }
}

/// What is given.
#[derive(Default)]
pub struct Given<'g> {
    /// What rules found in the text, in the numbers of the engine's own rules.
    pub found: Option<Found>,
    /// The complaint is a case of the bundle, or a near-copy of one.
    pub known: Option<Known<'g>>,
    /// Only who handles it, until when, how sure, and what is replied: articles, notices, cases and words are left out.
    pub bare: bool,
    /// The number of the scenario that the caller's answers point to, and how probable they make it: it leads, whatever
    /// the words alone say.
    pub answered: Option<(usize, f64)>,
}

/// Which case of the bundle a complaint is, so that nothing is learned from itself.
#[derive(Clone, Copy)]
pub struct Known<'g> {
    /// Its id.
    pub id: &'g str,
    /// The places of cases that may vote: all but itself and its near-copies.
    pub voters: &'g (dyn Fn(u32) -> bool + Sync),
}

impl Known<'_> {
    /// In place of what models say that have seen the case, what those say that were fitted without it.
    pub(super) fn unlearned<'a>(&self, learned: &'a Learned, judgements: &mut [Judgement<'a>]) {
        for judgement in judgements {
            if let Some(left_out) = learned.left_out(self.id, judgement.level) {
                *judgement = left_out;
            }
        }
    }
}
