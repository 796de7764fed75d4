//! One level, weighed: the small model that makes numbers into probabilities, its calibration and its bars.

use super::bars::{Answer, Bars};
use super::teach::{Example, TaughtLevel};
use super::weigh::{Candidates, NUMBERS, Others};
use crate::learn::{Choice, Curve, Questions};

/// How much a weight is drawn towards zero.
const STRENGTH: f64 = 1.0;
/// The probability at the level above that is taken for what is not among its candidates.
const FAR: f64 = 1e-3;

/// Labels with their probabilities before calibration, the most probable first.
pub(super) type Ranked = Vec<(u32, f64)>;

/// One level, weighed.
#[derive(Clone, Debug)]
pub(super) struct Weighed {
    choice: Choice,
    curve: Curve,
    pub(super) bars: Bars,
    /// What is thought of each case that taught, by models that had not seen it.
    held_out: Vec<Option<Ranked>>,
    /// The same for those of the most recent month, by what was known before it.
    recent: Vec<Option<Ranked>>,
}

impl Weighed {
    /// Fits the small model on examples that were left out, then its calibration and bars. `cases` is how many cases
    /// taught; `above` is the level above, which is fitted before.
    pub(super) fn fit(taught: &TaughtLevel, cases: usize, above: Option<&Weighed>) -> Weighed {
        let mut weighed = Weighed {
            choice: Choice::default(),
            curve: Curve::default(),
            bars: Bars::default(),
            held_out: Vec::new(),
            recent: Vec::new(),
        };
        let mut questions = Questions::new(NUMBERS);
        for example in &taught.held_out {
            let thought = above.and_then(|above| above.held_out[example.case as usize].as_ref());
            let numbers: Vec<Vec<f32>> = numbers(taught, &example.candidates, thought).map(|n| n.to_vec()).collect();
            questions.push(&numbers, example.candidates.iter().position(|c| c.label == example.right));
        }
        weighed.choice = Choice::fit(&questions, &[], STRENGTH);
        let held_out = weighed.rank_all(taught, &taught.held_out, cases, above.map(|above| &above.held_out));
        let recent = weighed.rank_all(taught, &taught.recent, cases, above.map(|above| &above.recent));
        (weighed.held_out, weighed.recent) = (held_out, recent);
        let (mut answers, mut late) =
            (answers(&taught.held_out, &weighed.held_out), answers(&taught.recent, &weighed.recent));
        let observed: Vec<(f64, bool)> = answers.iter().map(|answer| (answer.confidence, answer.right)).collect();
        weighed.curve = Curve::fit(&observed);
        for answer in answers.iter_mut().chain(&mut late) {
            answer.confidence = weighed.confidence(answer.confidence);
        }
        weighed.bars = Bars::new(&answers, &late, taught.names.len());
        weighed
    }

    /// What is thought of each of so many cases; nothing of those that are no examples.
    fn rank_all(
        &self,
        taught: &TaughtLevel,
        examples: &[Example],
        cases: usize,
        above: Option<&Vec<Option<Ranked>>>,
    ) -> Vec<Option<Ranked>> {
        let mut of_case: Vec<Option<Ranked>> = vec![None; cases];
        for example in examples {
            let case = example.case as usize;
            of_case[case] = Some(self.rank(taught, &example.candidates, above.and_then(|above| above[case].as_ref())));
        }
        of_case
    }

    /// Candidates by probability; of equal ones the smaller label first.
    pub(super) fn rank(&self, taught: &TaughtLevel, candidates: &Candidates, above: Option<&Ranked>) -> Ranked {
        let numbers: Vec<_> = numbers(taught, candidates, above).collect();
        let probabilities = self.choice.probabilities(numbers.iter().map(<[f32; NUMBERS]>::as_slice));
        let mut ranked: Ranked = candidates.iter().map(|candidate| candidate.label).zip(probabilities).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }

    /// The calibrated confidence that goes with a probability of the small model.
    pub(super) fn confidence(&self, probability: f64) -> f64 {
        self.curve.at(probability)
    }
}

/// The numbers of each candidate.
fn numbers<'a>(
    taught: &'a TaughtLevel,
    candidates: &'a Candidates,
    above: Option<&'a Ranked>,
) -> impl Iterator<Item = [f32; NUMBERS]> + 'a {
    candidates.iter().map(move |candidate| {
        let others = Others { above: logarithm_above(taught, candidate.label, above), ..Others::default() };
        candidate.numbers(others)
    })
}

/// The logarithm of the probability that the level above of a label has.
fn logarithm_above(taught: &TaughtLevel, label: u32, thought: Option<&Ranked>) -> f32 {
    let (Some(above), Some(thought)) = (&taught.above, thought) else { return 0.0 };
    let parent = above.get(label as usize).copied().flatten();
    let probability = thought.iter().find(|(own, _)| Some(*own) == parent).map_or(0.0, |(_, probability)| *probability);
    (probability + FAR).ln() as f32
}

/// The first of each case, and whether it was right.
fn answers(examples: &[Example], ranked: &[Option<Ranked>]) -> Vec<Answer> {
    let first = |example: &Example| {
        let (label, confidence) = *ranked[example.case as usize].as_ref()?.first()?;
        Some(Answer { label, confidence, right: label == example.right })
    };
    examples.iter().filter_map(first).collect()
}
