//! What is said of a text beside what cases say: by rules that fire, and by what departments are for.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::lessons::Labels;
use super::level::Level;

/// What is said of one text at one level, labels by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Id of the scenario that leads by rules, and the label that it stands for.
    pub leads: Option<(String, String)>,
    /// The labels that the other scenarios which fired stand for.
    pub fires: Vec<String>,
    /// Departments by what they are for, with how much of that is in the text, 0 to 1.
    pub duties: Vec<(String, f32)>,
}

/// What is said of every text, level by level.
pub type Saying<'a> = &'a dyn Fn(Level) -> Said;

/// How often a rule led on cases, and how often what it stands for was right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Cases on which it led.
    pub led: u32,
    /// Of these, those that it was right about.
    pub right: u32,
}

impl Record {
    /// The logarithm of the odds that it is right, with one case for each side more than there are.
    pub(super) fn odds(self) -> f32 {
        ((self.right as f32 + 1.0) / ((self.led - self.right) as f32 + 1.0)).ln()
    }

    /// The record without one case.
    pub(super) fn without(self, right: bool) -> Record {
        Record { led: self.led.saturating_sub(1), right: self.right.saturating_sub(u32::from(right)) }
    }
}

/// The records of all rules at one level, by id of the scenario.
pub(super) type Records = FxHashMap<String, Record>;

/// What is said at one level, labels by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) leads: Option<u32>,
    pub(super) odds: f32,
    pub(super) fires: SmallVec<[u32; 4]>,
    pub(super) duties: SmallVec<[(u32, f32); 4]>,
}

impl Heard {
    /// With the record of the rule that leads.
    pub(super) fn new(said: &Said, labels: &Labels, record: impl Fn(&str, u32) -> Record) -> Heard {
        let leads = said.leads.as_ref().and_then(|(rule, label)| Some((rule, labels.number(label)?)));
        Heard {
            leads: leads.map(|(_, label)| label),
            odds: leads.map_or(0.0, |(rule, label)| record(rule, label).odds()),
            fires: said.fires.iter().filter_map(|label| labels.number(label)).collect(),
            duties: said.duties.iter().filter_map(|(label, part)| Some((labels.number(label)?, *part))).collect(),
        }
    }

    /// Every label that something is said for.
    pub(super) fn labels(&self) -> impl Iterator<Item = u32> + '_ {
        let duties = self.duties.iter().map(|(label, _)| *label);
        self.leads.into_iter().chain(self.fires.iter().copied()).chain(duties)
    }
}
