//! A corpus of cases, decided under a bundle on all cores; each case without itself where it is one of the bundle's.

use jiff::Zoned;
use rustc_hash::FxHashMap;

use crate::bundle::{Bundle, on_all_cores};
use crate::decide::{Complaint, Decision, Found, Given, Known, Options};
use crate::knowledge::Case;
use crate::text::{NearCopies, Text, groups, normalise};

/// Which case of a bundle each case of a corpus is, or nearly is.
pub struct Overlap {
    /// For each case of the bundle the first of its near-copies.
    groups: Vec<u32>,
    /// For each case of the corpus its place in the bundle.
    places: Vec<Option<u32>>,
}

impl Overlap {
    /// Looks for every case of the corpus among those of the bundle, by id and by its words.
    pub fn new(bundle: &Bundle, corpus: &[Case]) -> Overlap {
        let own = bundle.engine.knowledge().cases.all();
        if own.is_empty() {
            return Overlap { groups: Vec::new(), places: vec![None; corpus.len()] };
        }
        let texts: Vec<String> = own.iter().map(|case| normalise(&case.text)).collect();
        let ids: FxHashMap<&str, u32> = own.iter().map(|case| case.id.as_str()).zip(0..).collect();
        let known = NearCopies::new(&texts);
        // An id alone proves nothing: other systems count from 1 too.
        let same = |case: &Case| ids.get(case.id.as_str()).copied().filter(|at| own[*at as usize].text == case.text);
        let find = |case: &Case| same(case).or_else(|| known.find(&normalise(&case.text), |_| true));
        let find_at = |at: usize| find(&corpus[at]);
        let places = on_all_cores(corpus.len(), &find_at, &|_| {});
        Overlap { groups: groups(&texts), places }
    }

    /// Whether two cases of the bundle are near-copies, or the same.
    fn is_one(&self, a: u32, b: u32) -> bool {
        self.groups[a as usize] == self.groups[b as usize]
    }
}

/// A case as a complaint, at noon of the day it came in, or else at `now`.
pub fn complaint(case: &Case, now: &Zoned) -> Complaint {
    let noon = case.opened_on.and_then(|day| day.0.at(12, 0, 0, 0).to_zoned(now.time_zone().clone()).ok());
    Complaint {
        text: case.text.clone(),
        title: case.title.clone(),
        channel: None,
        district: case.district.clone(),
        at: noon.unwrap_or_else(|| now.clone()),
    }
}

/// Decides one case of a corpus: who handles it, until when, how sure, and the reply. `found` is what rules find in it,
/// where that is known. `None` where it cannot be decided.
pub fn decide(
    bundle: &Bundle,
    (number, complaint, text): (usize, &Complaint, &Text),
    overlap: &Overlap,
    found: Option<Found>,
) -> Option<Decision> {
    complaint.check().ok()?;
    let place = overlap.places.get(number).copied().flatten();
    let voters = |other: u32| place.is_none_or(|own| !overlap.is_one(own, other));
    let cases = bundle.engine.knowledge().cases.all();
    let known = place.map(|own| Known { id: &cases[own as usize].id, voters: &voters });
    let given = Given { found, known, bare: true, ..Given::default() };
    bundle.engine.appraise_given(complaint, text, Options::default(), given).ok().map(|(decision, _)| decision)
}
