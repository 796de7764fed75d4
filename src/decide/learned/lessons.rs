//! The cases that teach, prepared: their texts, their labels, which are near-copies of each other, and their nearest
//! others.

use jiff::civil;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::level::Level;
use crate::knowledge::{Case, Cases, Query};
use crate::text::{Segmenter, Text, groups};

/// Cases that vote, at the most.
pub(super) const VOTERS: usize = 30;
/// Parts that the cases are cut into: each is predicted from the others.
pub(super) const FOLDS: usize = 4;

/// A case near to a complaint: its place among the cases, and how much of the complaint's telling words it has, 0 to 1.
pub(super) type Neighbour = (u32, f32);

/// The labels of one level: names in order, and which of them each case has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Labels {
    pub(super) names: Vec<String>,
    /// For each case of the bundle.
    pub(super) of_case: Vec<Option<u32>>,
    /// How many cases have each.
    pub(super) counts: Vec<u32>,
}

impl Labels {
    pub(super) fn new(level: Level, cases: &[Case], canonical: &dyn Fn(Level, &str) -> String) -> Labels {
        let mut canonical_names: FxHashMap<&str, String> = FxHashMap::default();
        let mut of_case = Vec::with_capacity(cases.len());
        for case in cases {
            let name = level.of(case).map(|label| {
                canonical_names.entry(label).or_insert_with(|| canonical(level, label)).clone()
            });
            of_case.push(name);
        }
        let mut names: Vec<String> = of_case.iter().flatten().cloned().collect();
        names.sort_unstable();
        names.dedup();
        let place = |name: &String| names.binary_search(name).ok().map(|place| place as u32);
        let of_case: Vec<Option<u32>> = of_case.iter().map(|name| name.as_ref().and_then(place)).collect();
        let mut counts = vec![0; names.len()];
        of_case.iter().flatten().for_each(|label| counts[*label as usize] += 1);
        Labels { names, of_case, counts }
    }

    /// The place of a label.
    pub(super) fn place(&self, name: &str) -> Option<u32> {
        self.names.binary_search_by(|own| own.as_str().cmp(name)).ok().map(|place| place as u32)
    }
}

/// Which part each case belongs to. Near-copies are in one part, so that none is predicted from its copy; cases that
/// were made up are in no part, as nothing is measured on them.
pub(super) fn folds(texts: &[Text], cases: &[Case]) -> (Vec<u32>, Vec<u8>) {
    let normalised: Vec<&str> = texts.iter().map(Text::normalised).collect();
    let groups = groups(&normalised);
    let fold = |group: &u32| (fixed_hash(&cases[*group as usize].id) % FOLDS as u64) as u8;
    let folds = groups.iter().map(fold).collect();
    (groups, folds)
}

/// A hash that is the same everywhere (FNV-1a, 64 bits, its upper half folded in).
fn fixed_hash(id: &str) -> u64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ hash >> 32
}

/// The nearest cases of a text, without those that `keep` leaves out.
pub(super) fn neighbours(
    cases: &Cases,
    text: &Text,
    segmenter: &Segmenter,
    keep: impl Fn(u32) -> bool,
) -> Vec<Neighbour> {
    let query = Query::from_text(text, segmenter);
    let hits = cases.nearest_places(&query, VOTERS, keep);
    hits.into_iter().map(|(place, hit)| (place, hit.similarity)).collect()
}

/// The most recent month that cases of a level were opened in, by its first day; none where the dates are of one month
/// only, or missing.
pub(super) fn recent_month(cases: &[Case], labelled: &[usize]) -> Option<civil::Date> {
    let month = |case: &usize| cases[*case].opened_on.map(|day| day.0.first_of_month());
    let last = labelled.iter().filter_map(month).max()?;
    labelled.iter().filter_map(month).any(|month| month < last).then_some(last)
}
