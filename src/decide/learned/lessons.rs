//! The cases that teach, prepared: their labels, which are near-copies of each other, and their nearest others.

use std::collections::BTreeSet;

use jiff::civil;
use rustc_hash::{FxHashMap, FxHashSet};

use super::level::Level;
use crate::knowledge::{Case, Cases, Origin, Query};
use crate::text::{Segmenter, Text, groups, normalise};

/// Parts that the cases are cut into: each is predicted from the others.
pub(super) const FOLDS: usize = 4;
/// After so many days a case counts half: duties move from one department to another.
const HALF_LIFE: f32 = 365.0;

/// The name under which a label is known: a department by any of its names is one.
pub type Canonical<'a> = &'a (dyn Fn(Level, &str) -> String + Sync);

/// A case near to a complaint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its place among the cases.
    pub case: u32,
    /// How much of the complaint's telling words it has, 0 to 1.
    pub similarity: f32,
    /// What its vote counts: the square of its similarity (what is twice as near says four times as much), halved for
    /// every year between the two.
    pub weight: f32,
}

impl Neighbour {
    /// Cases that vote, at the most.
    pub const MOST: usize = 30;
}

/// The labels of all cases at one level: names, and which of them each case has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labels {
    pub(super) names: Vec<String>,
    /// For each case.
    pub(super) of_case: Vec<Option<u32>>,
    numbers: FxHashMap<String, u32>,
    /// For each label how cases write it, normalised.
    written: Vec<Vec<String>>,
}

impl Labels {
    /// The labels of cases. `known` names come first, in their order; then those that are new among the cases and in
    /// `more`, in order of name.
    pub(super) fn new(
        level: Level,
        cases: &[Case],
        known: &[String],
        more: &[String],
        canonical: Canonical<'_>,
    ) -> Labels {
        let mut canonical_names: FxHashMap<&str, String> = FxHashMap::default();
        let own: Vec<Option<&str>> = cases.iter().map(|case| level.of(case)).collect();
        for label in own.iter().flatten() {
            canonical_names.entry(label).or_insert_with(|| canonical(level, label));
        }
        let old: FxHashSet<&str> = known.iter().map(String::as_str).collect();
        let new: BTreeSet<&String> =
            canonical_names.values().chain(more).filter(|name| !old.contains(name.as_str())).collect();
        let names: Vec<String> = known.iter().chain(new).cloned().collect();
        let numbers: FxHashMap<String, u32> = names.iter().cloned().zip(0..).collect();
        let number = |label: &str| numbers.get(canonical_names.get(label)?).copied();
        let of_case = own.iter().map(|label| number((*label)?)).collect();
        let mut written: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        for (label, name) in &canonical_names {
            let own = normalise(label);
            // What is one character, or a path, is not how people call a body.
            if let Some(number) = numbers.get(name).filter(|_| own.chars().count() > 1 && !own.contains('/')) {
                written[*number as usize].push(own);
            }
        }
        Labels { names, of_case, numbers, written }
    }

    /// Whether a normalised text names the label as cases do.
    pub(super) fn is_named(&self, label: u32, normalised: &str) -> bool {
        self.written[label as usize].iter().any(|name| normalised.contains(name.as_str()))
    }

    /// The number of a label by its name; of a path that no case has, that of the longest path above it that some have.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        let mut path = name;
        loop {
            if let Some(number) = self.numbers.get(path) {
                return Some(*number);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    /// The real cases that have a label, by place.
    pub(super) fn real(&self, cases: &[Case]) -> Vec<usize> {
        let has = |place: &usize| cases[*place].origin == Origin::Real && self.of_case[*place].is_some();
        (0..cases.len()).filter(has).collect()
    }
}

/// The group of near-copies and the part that each case belongs to. Near-copies are in one part, so that none is
/// predicted from its copy.
pub(super) fn parts(texts: &[Text], cases: &[Case]) -> (Vec<u32>, Vec<usize>) {
    let normalised: Vec<&str> = texts.iter().map(Text::normalised).collect();
    let groups = groups(&normalised);
    let part = |group: &u32| (fixed_hash(&cases[*group as usize].id) % FOLDS as u64) as usize;
    let parts = groups.iter().map(part).collect();
    (groups, parts)
}

/// A hash that is the same everywhere (FNV-1a, 64 bits, its upper half folded in).
fn fixed_hash(id: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ hash >> 32
}

/// The cases nearest to a text that came in on a day, without those that `keep` leaves out.
pub(super) fn neighbours(
    cases: &Cases,
    text: &Text,
    segmenter: &Segmenter,
    day: Option<civil::Date>,
    keep: impl Fn(u32) -> bool,
) -> Vec<Neighbour> {
    let hits = cases.nearest_places(&Query::from_text(text, segmenter), Neighbour::MOST, keep);
    hits.into_iter().map(|(place, hit)| neighbour(place, hit.similarity, hit.item, day)).collect()
}

/// A case that was found, as a voter.
pub fn neighbour(place: u32, similarity: f32, case: &Case, day: Option<civil::Date>) -> Neighbour {
    let days = day.zip(case.opened_on).map_or(0.0, |(day, opened)| (day - opened.0).get_days().unsigned_abs() as f32);
    Neighbour { case: place, similarity, weight: similarity * similarity * (-days / HALF_LIFE).exp2() }
}

/// The most recent month that cases were opened in, by its first day; none where all are of one month, or undated.
pub(super) fn recent_month(cases: &[Case]) -> Option<civil::Date> {
    let real = || cases.iter().filter(|case| case.origin == Origin::Real);
    let months = || real().filter_map(|case| case.opened_on.map(|day| day.0.first_of_month()));
    let last = months().max()?;
    months().any(|month| month < last).then_some(last)
}
