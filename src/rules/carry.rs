//! Taking over from one compilation to the next what was found in a text, where a scenario is the same in both.
//!
//! Whether a scenario holds depends on its own condition and the words that it names, on nothing that other scenarios
//! say; so does what is found approximately. Only the numbers of scenarios and leaves change.

use std::ops::Range;

use super::compile::Compiled;
use super::matcher::ScenarioMatch;
use super::program::Leaf;

impl Compiled {
    /// The leaves of a scenario's condition and then of its hints, as its editor wrote them, each with the number by which
    /// evidence names it.
    pub fn leaves_of(&self, scenario: usize) -> impl Iterator<Item = (u32, &Leaf)> {
        let range = self.leaf_range(scenario);
        range.clone().zip(&self.program.leaves[range.start as usize..range.end as usize])
    }

    /// What `before` found, in the numbers of this compilation. The scenario with its id must be the same here, with
    /// the same terms behind its names; `None` where it is gone, or evidently another.
    pub fn carried(&self, before: &Compiled, found: &ScenarioMatch) -> Option<ScenarioMatch> {
        let scenario = self.position(&before.scenarios()[found.scenario].id)?;
        let (old, new) = (before.leaf_range(found.scenario), self.leaf_range(scenario));
        if old.len() != new.len() {
            return None;
        }
        let mut carried = ScenarioMatch { scenario, ..found.clone() };
        for hit in carried.evidence.iter_mut().chain(&mut carried.hints) {
            hit.leaf = hit.leaf - old.start + new.start;
        }
        Some(carried)
    }

    fn leaf_range(&self, scenario: usize) -> Range<u32> {
        self.program.conditions[scenario].leaves.clone()
    }
}
