//! What known questions teach: how much each term speaks for each article.
//!
//! Each article is a class, and each of its known questions and its title an example of it. A text is a vector of
//! weighted terms of length 1; the weight of a term for an article begins as its part in the mean of the article's
//! examples (Rocchio 1971) and is then corrected by softmax regression: a few steps of gradient descent over all examples,
//! with a step size of its own for each weight (Duchi, Hazan, Singer, "Adaptive Subgradient Methods", 2011).
//!
//! Only terms that stand in an article's own examples have a weight for it. So what was learned is no more than the
//! postings of an index with better numbers: it takes no more room and no more time to search.

/// How far a mean of length 1 is stretched: the scale of the scores, whose differences are logarithms of odds.
const SCALE: f32 = 10.0;
/// The size of the first step of a weight.
const STEP: f32 = 0.3;
/// How often all examples are gone through.
const PASSES: u64 = 12;
/// The weights and scores that are looked at in learning, at the most: about a second of work.
pub(super) const MOST_WORK: u64 = 500_000_000;
/// A wrong article that is less likely than this is not pushed down further.
const UNLIKELY: f32 = 1e-4;

/// An example: its article, and its terms with their weights.
pub(super) struct Example {
    /// The number of the article.
    pub(super) article: u32,
    /// Terms by number, each once.
    pub(super) terms: Vec<(u32, f32)>,
}

/// Weights of terms for articles, by term.
#[derive(Debug, Default)]
pub(super) struct Weights {
    /// Where the entries of each term begin, and where the last end.
    starts: Vec<u32>,
    /// Article and weight, in order of articles.
    entries: Vec<(u32, f32)>,
}

impl Weights {
    /// Entries of `(term, article, weight)`, no two of the same term and article; `terms` is the number of terms.
    pub(super) fn new(terms: usize, mut entries: Vec<(u32, u32, f32)>) -> Weights {
        entries.sort_unstable_by_key(|(term, article, _)| (*term, *article));
        let mut starts = vec![0; terms + 1];
        for (term, ..) in &entries {
            starts[*term as usize + 1] += 1;
        }
        for term in 0..terms {
            starts[term + 1] += starts[term];
        }
        Weights { starts, entries: entries.into_iter().map(|(_, article, weight)| (article, weight)).collect() }
    }

    /// The articles that a term speaks for; none for a term that came later.
    pub(super) fn of(&self, term: u32) -> &[(u32, f32)] {
        &self.entries[self.range(term)]
    }

    fn range(&self, term: u32) -> std::ops::Range<usize> {
        match self.starts.get(term as usize..term as usize + 2) {
            Some(ends) => ends[0] as usize..ends[1] as usize,
            None => 0..0,
        }
    }

    /// The weights alone, in order of terms, then of articles.
    pub(super) fn values(&self) -> Vec<f32> {
        self.entries.iter().map(|(_, weight)| *weight).collect()
    }

    /// The weights that were once learned from just these examples, by their [`values`](Self::values); `None` if there
    /// are not as many as there are terms of articles.
    pub(super) fn learned(terms: usize, articles: usize, examples: &[Example], values: &[f32]) -> Option<Weights> {
        let mut weights = Weights::means(terms, articles, examples);
        let fits = weights.entries.len() == values.len() && values.iter().all(|value| value.is_finite());
        for (entry, value) in weights.entries.iter_mut().zip(values) {
            entry.1 = *value;
        }
        fits.then_some(weights)
    }

    /// Learns from examples in the order given; `terms` and `articles` are how many there are of each. With so many
    /// examples that `most_work` (weights and scores looked at) is not enough for all passes, there are fewer.
    pub(super) fn learn(terms: usize, articles: usize, examples: &[Example], most_work: u64) -> Weights {
        let mut weights = Weights::means(terms, articles, examples);
        let entries =
            |example: &Example| example.terms.iter().map(|(term, _)| weights.of(*term).len() as u64).sum::<u64>();
        let work: u64 = examples.iter().map(|example| 2 * entries(example) + articles as u64).sum();
        let passes = PASSES.min(most_work / work.max(1));
        let mut squares = vec![1e-8_f32; weights.entries.len()];
        let mut slopes = vec![0.0_f32; weights.entries.len()];
        let mut scores = vec![0.0_f32; articles];
        for _ in 0..passes {
            slopes.fill(0.0);
            for example in examples {
                weights.add_slopes(example, &mut scores, &mut slopes);
            }
            for ((entry, slope), square) in weights.entries.iter_mut().zip(&slopes).zip(&mut squares) {
                *square += slope * slope;
                entry.1 -= STEP * slope / square.sqrt();
            }
        }
        weights
    }

    /// The mean of each article's examples, stretched to length `SCALE`.
    fn means(terms: usize, articles: usize, examples: &[Example]) -> Weights {
        let own = |example: &Example| {
            let article = example.article;
            example.terms.iter().map(move |(term, weight)| (*term, article, *weight)).collect::<Vec<_>>()
        };
        let mut sums: Vec<(u32, u32, f32)> = examples.iter().flat_map(own).collect();
        // Stable, so that equal examples in the same order give the same sums, bit for bit.
        sums.sort_by_key(|(term, article, _)| (*term, *article));
        sums.dedup_by(|later, first| {
            let same = (later.0, later.1) == (first.0, first.1);
            if same {
                first.2 += later.2;
            }
            same
        });
        let mut lengths = vec![0.0_f32; articles];
        for (_, article, sum) in &sums {
            lengths[*article as usize] += sum * sum;
        }
        for (_, article, sum) in &mut sums {
            *sum *= SCALE / lengths[*article as usize].sqrt().max(f32::MIN_POSITIVE);
        }
        Weights::new(terms, sums)
    }

    /// Adds what one example says of the weights: those of its article are too low, those of articles that look likely
    /// too high. `scores` is room to work in.
    fn add_slopes(&self, example: &Example, scores: &mut [f32], slopes: &mut [f32]) {
        scores.fill(0.0);
        for (term, weight) in &example.terms {
            for (article, own) in self.of(*term) {
                scores[*article as usize] += weight * own;
            }
        }
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let mut all = 0.0;
        for score in scores.iter_mut() {
            *score = (*score - most).exp();
            all += *score;
        }
        for (article, score) in (0..).zip(scores.iter_mut()) {
            let wanted = if article == example.article { 1.0 } else { 0.0 };
            let slope = *score / all - wanted;
            *score = if slope.abs() < UNLIKELY { 0.0 } else { slope };
        }
        for (term, weight) in &example.terms {
            for at in self.range(*term) {
                slopes[at] += scores[self.entries[at].0 as usize] * weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(article: u32, terms: &[u32]) -> Example {
        let weight = 1.0 / (terms.len() as f32).sqrt();
        Example { article, terms: terms.iter().map(|term| (*term, weight)).collect() }
    }

    fn best(weights: &Weights, articles: usize, terms: &[u32]) -> usize {
        let mut scores = vec![0.0; articles];
        for term in terms {
            for (article, weight) in weights.of(*term) {
                scores[*article as usize] += weight;
            }
        }
        (0..articles).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or_default()
    }

    #[test]
    fn examples_are_told_apart_by_what_differs() {
        // Term 0 is in all of them, term 9 more often with article 1, which is not about it.
        let examples = [
            example(0, &[0, 1, 9]),
            example(0, &[0, 1, 2]),
            example(1, &[0, 3, 9]),
            example(1, &[0, 3, 9, 4]),
            example(1, &[0, 3, 5]),
        ];
        let weights = Weights::learn(10, 2, &examples, MOST_WORK);
        for (terms, expected) in [(vec![0, 1], 0), (vec![0, 3], 1), (vec![1, 9], 0), (vec![3, 9], 1)] {
            assert_eq!(best(&weights, 2, &terms), expected, "{terms:?}");
        }
        let weight = |term: u32, article: usize| weights.of(term)[article].1;
        assert!(weights.of(1)[0].1 > weight(0, 0), "what only one article has says more than what all have");
        assert!(weights.of(7).is_empty() && weights.of(1_000).is_empty());
    }

    #[test]
    fn nothing_is_learned_from_nothing() {
        let weights = Weights::learn(0, 0, &[], MOST_WORK);
        assert!(weights.of(0).is_empty());
        assert!(Weights::learn(2, 2, &[example(0, &[])], MOST_WORK).of(0).is_empty());
    }

    #[test]
    fn the_same_examples_give_the_same_weights() {
        let examples = || [example(0, &[0, 1, 2]), example(1, &[1, 2, 3]), example(2, &[0, 3, 4])];
        let (one, other) = (Weights::learn(5, 3, &examples(), MOST_WORK), Weights::learn(5, 3, &examples(), MOST_WORK));
        assert_eq!(one.entries, other.entries);
    }
}
