//! What cases taught about one complaint, ready to be asked by level and label.

use rustc_hash::FxHashMap;

use super::learned::{Judgement, Level, Opinion};

/// The judgements of all levels that were learned; none where nothing was.
#[derive(Debug, Default)]
pub(super) struct Opinions<'a>(pub(super) Vec<Judgement<'a>>);

impl Opinions<'_> {
    /// The opinions on a level, the most probable first; none where the level was not learned.
    pub(super) fn on(&self, level: Level) -> &[Opinion<'_>] {
        self.0.iter().find(|judgement| judgement.level == level).map_or(&[], |judgement| &judgement.opinions)
    }

    /// The opinion of one label; of a path that is not known, that of the longest path above it which is.
    pub(super) fn of(&self, level: Level, label: &str) -> Option<&Opinion<'_>> {
        let opinions = self.on(level);
        let mut path = label;
        loop {
            if let Some(opinion) = opinions.iter().find(|opinion| opinion.label == path) {
                return Some(opinion);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    /// The confidence in a label: 0 where the level was learned and nothing speaks for the label, `None` where the level
    /// was not learned.
    pub(super) fn confidence(&self, level: Level, label: &str) -> Option<f64> {
        let learned = !self.on(level).is_empty();
        learned.then(|| self.of(level, label).map_or(0.0, |opinion| opinion.confidence))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_asked_for_by_its_path_and_those_above_it() {
        let opinion = |(number, (label, confidence))| Opinion { label, number, confidence };
        let opinions = (0..).zip([("供水", 0.5), ("供水/管网", 0.3), ("道路", 0.1)]).map(opinion).collect();
        let opinions = Opinions(vec![
            Judgement { level: Level::Category, opinions },
            Judgement { level: Level::Unit, opinions: Vec::new() },
        ]);
        for (level, label, confidence) in [
            (Level::Category, "供水/管网", Some(0.3)),
            (Level::Category, "供水/管网/漏水", Some(0.3)),
            (Level::Category, "供水/收费", Some(0.5)),
            (Level::Category, "供", Some(0.0)),
            (Level::Category, "", Some(0.0)),
            (Level::Unit, "供水", None),
            (Level::Department, "供水", None),
        ] {
            assert_eq!(opinions.confidence(level, label), confidence, "{level:?} {label}");
        }
        assert!(Opinions::default().on(Level::Category).is_empty());
    }
}
