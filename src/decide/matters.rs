//! The separate matters of one complaint.

use rustc_hash::FxHashSet;

use super::rank::Candidate;
use crate::text::Text;

/// Matters told apart in one complaint, at the most.
const MOST: usize = 5;
/// A further matter must have at least this part of the leader's specificity: what is mentioned in passing is none.
const WEAKEST: f64 = 0.4;

/// The leader, and every scenario after it whose evidence lies in sentences that no matter before it rests on. Gives
/// indices into the candidates, which come leader first.
pub(super) fn matters(text: &Text, candidates: &[Candidate]) -> Vec<usize> {
    let mut taken: FxHashSet<u32> = FxHashSet::default();
    let mut matters = Vec::new();
    let Some(leader) = candidates.first() else { return matters };
    for (index, candidate) in candidates.iter().enumerate() {
        let sentences: FxHashSet<u32> =
            candidate.found.evidence.iter().map(|hit| text.sentence_of(hit.start)).collect();
        if index > 0 && (!sentences.is_disjoint(&taken) || candidate.score < WEAKEST * leader.score) {
            continue;
        }
        taken.extend(sentences);
        matters.push(index);
        if matters.len() == MOST {
            break;
        }
    }
    matters
}
