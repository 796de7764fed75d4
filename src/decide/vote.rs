//! Near cases that vote, where too few are labelled to learn from.

use rustc_hash::FxHashMap;

/// The label with the most weight, and its part of all the weight times the greatest weight (many far cases that agree
/// are still far). Of equal labels the smallest.
pub(super) fn vote<L: Copy + Ord + std::hash::Hash>(voters: impl Iterator<Item = (L, f32)>) -> Option<(L, f64)> {
    let mut weights: FxHashMap<L, f64> = FxHashMap::default();
    let (mut total, mut nearest) = (0.0, 0.0_f64);
    for (label, weight) in voters {
        let weight = f64::from(weight);
        *weights.entry(label).or_default() += weight;
        total += weight;
        nearest = nearest.max(weight);
    }
    let best = weights.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    Some((best.0, best.1 / total * nearest))
}
