//! Cases that no rule matches, gathered around the one that has most others near it.

use crate::bundle::Bundle;
use crate::knowledge::{Case, Cases, Query};
use crate::text::Text;

use super::SUPPORT;
use super::corpus::{Corpus, One};
use super::measure::on_all_cores;

/// Cases looked at, at the most, evenly over all of them.
const MAX_CASES: usize = 6_000;
/// Near cases asked for.
const NEAREST: usize = 20;
/// The least share of a case's information that a near one has.
const NEAR: f32 = 0.3;

/// Groups of at least [`SUPPORT`] cases of the half that proposes, the largest first; each sorted by place. Of near-copies
/// one is looked at.
pub(super) fn of(bundle: &Bundle, cases: &[Case], corpus: &Corpus, tell: &dyn Fn(usize, usize)) -> Vec<Vec<u32>> {
    let alone = |case: &&One| {
        !case.held && case.fired.is_empty() && (case.group == case.place || corpus.cases[case.group as usize].held)
    };
    let all: Vec<u32> = corpus.cases.iter().filter(alone).map(|case| case.place).collect();
    let step = all.len().div_ceil(MAX_CASES).max(1);
    let mut places: Vec<u32> = all.into_iter().step_by(step).collect();
    places.sort_by(|a, b| cases[*a as usize].id.cmp(&cases[*b as usize].id));
    let segmenter = bundle.engine.segmenter();
    let own = places.iter().map(|place| cases[*place as usize].clone()).collect();
    let Ok(index) = Cases::in_memory(own, segmenter) else { return Vec::new() };
    tell(1, 2);
    let numbers: Vec<u32> = (0..places.len() as u32).collect();
    let near = on_all_cores(&numbers, &|number: &u32| {
        let case = &index.all()[*number as usize];
        let query = Query::from_text(&Text::new(case.title.as_deref(), &case.text), segmenter);
        let hits = index.nearest_places(&query, NEAREST, |other| other != *number);
        hits.into_iter().filter(|(_, hit)| hit.similarity >= NEAR).map(|(other, _)| other).collect::<Vec<u32>>()
    });
    gathered(&near).into_iter().map(|group| placed(&group, &places)).collect()
}

fn placed(group: &[u32], places: &[u32]) -> Vec<u32> {
    let mut group: Vec<u32> = group.iter().map(|number| places[*number as usize]).collect();
    group.sort_unstable();
    group
}

/// Each case with most others near it takes those that are still free.
fn gathered(near: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut beside = vec![Vec::new(); near.len()];
    for (number, others) in (0..).zip(near) {
        for other in others {
            beside[number as usize].push(*other);
            beside[*other as usize].push(number);
        }
    }
    for others in &mut beside {
        others.sort_unstable();
        others.dedup();
    }
    let mut order: Vec<usize> = (0..near.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(beside[*at].len()));
    let mut free = vec![true; near.len()];
    let mut groups = Vec::new();
    for leader in order {
        if !free[leader] {
            continue;
        }
        let others = beside[leader].iter().copied().filter(|other| free[*other as usize]);
        let group: Vec<u32> = std::iter::once(leader as u32).chain(others).collect();
        if group.len() >= SUPPORT {
            group.iter().for_each(|member| free[*member as usize] = false);
            groups.push(group);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_near_one_another_are_one_group() {
        // 0 to 5 hang together around 2; 6 and 7 are too few.
        let near = vec![vec![2], vec![2], vec![3], vec![2, 4], vec![2], vec![2], vec![7], vec![6], vec![]];
        let mut group = gathered(&near);
        assert_eq!(group.len(), 1);
        group[0].sort_unstable();
        assert_eq!(group[0], [0, 1, 2, 3, 4, 5]);
        assert!(gathered(&[]).is_empty());
    }
}
