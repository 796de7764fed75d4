//! How much a question tells: the entropy that its answer is expected to take away.

use super::hypotheses::{Hypothesis, MISTAKEN};

fn entropy(probabilities: impl Iterator<Item = f64>) -> f64 {
    probabilities.filter(|own| *own > 0.0).map(|own| -own * own.log2()).sum()
}

/// The expected information gain in bits of a question with `answers` possible answers (the last is "none of these").
/// `answer_of` gives the number of the answer that goes with a hypothesis. What is left of the probability, that it is
/// none of the hypotheses, goes with the last answer.
///
/// The answer that goes with the truth is given with probability 1 − [`MISTAKEN`], the others share the rest.
pub(super) fn expected(hypotheses: &[Hypothesis], answers: usize, answer_of: impl Fn(&Hypothesis) -> usize) -> f64 {
    if answers < 2 {
        return 0.0;
    }
    let rest = (1.0 - hypotheses.iter().map(|own| own.probability).sum::<f64>()).max(0.0);
    let all: Vec<(f64, usize)> =
        hypotheses.iter().map(|own| (own.probability, answer_of(own))).chain([(rest, answers - 1)]).collect();
    let before = entropy(all.iter().map(|(probability, _)| *probability));
    let wrong = MISTAKEN / (answers - 1) as f64;
    let after: f64 = (0..answers)
        .map(|answer| {
            let likely = |own: usize| if own == answer { 1.0 - MISTAKEN } else { wrong };
            let joint = || all.iter().map(|(probability, own)| probability * likely(*own));
            let given: f64 = joint().sum();
            if given <= 0.0 { 0.0 } else { given * entropy(joint().map(|own| own / given)) }
        })
        .sum();
    (before - after).max(0.0)
}
