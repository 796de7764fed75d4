//! How each scenario is talked about: the telling words of its title and its examples, indexed by word.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::knowledge::Query;
use crate::rules::Scenario;
use crate::text::{Segmenter, Text};

/// Scenarios by the words that people use for them.
#[derive(Debug, Default)]
pub(in super::super) struct Profiles {
    /// Word → scenarios that have it, by number.
    postings: FxHashMap<String, Vec<u32>>,
    scenarios: usize,
}

impl Profiles {
    /// The profiles of scenarios, in the order of their numbers.
    pub(in super::super) fn new<'a>(scenarios: impl Iterator<Item = &'a Scenario>, segmenter: &Segmenter) -> Profiles {
        let mut profiles = Profiles::default();
        for (number, scenario) in scenarios.enumerate() {
            let mut words: FxHashSet<String> = FxHashSet::default();
            for said in scenario.examples.matching.iter().chain([&scenario.title]) {
                let query = Query::from_text(&Text::new(None, said), segmenter);
                words.extend(query.words().map(str::to_owned));
            }
            for word in words {
                profiles.postings.entry(word).or_default().push(u32::try_from(number).unwrap_or(u32::MAX));
            }
            profiles.scenarios += 1;
        }
        profiles
    }

    /// The scenarios that have some of the words, each with the share of the words' information (the sum of inverse
    /// document frequencies, Spärck Jones 1972) that its profile has, 0 to 1. In the order of their numbers.
    pub(in super::super) fn similar<'w>(&self, words: impl Iterator<Item = &'w str>) -> Vec<(usize, f64)> {
        let mut found: FxHashMap<u32, f64> = FxHashMap::default();
        let mut total = 0.0;
        let all = self.scenarios as f64;
        for word in words {
            let having = self.postings.get(word).map(Vec::as_slice).unwrap_or_default();
            let information = ((all + 1.0) / (having.len() as f64 + 0.5)).ln().max(0.0);
            // What no scenario knows tells none apart; it makes all of them a little less likely.
            total += if having.is_empty() { information / 4.0 } else { information };
            for number in having {
                *found.entry(*number).or_default() += information;
            }
        }
        let mut found: Vec<(usize, f64)> = found
            .into_iter()
            .map(|(number, shared)| (number as usize, shared / total.max(f64::MIN_POSITIVE)))
            .collect();
        found.sort_by_key(|(number, _)| *number);
        found
    }
}
