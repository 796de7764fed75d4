//! One level, weighed: the small model that makes numbers into probabilities, its calibration and its bars.

use serde::{Deserialize, Serialize};

use super::bars::{Answer, Bars};
use super::lessons::Labels;
use super::said::{Heard, Record, Records, Said};
use super::teach::{Example, LevelExamples, TaughtLevel};
use super::weigh::{Candidates, NUMBERS, Others, with};
use crate::learn::{Choice, Curve, Questions};

/// How much a weight is drawn towards zero.
const STRENGTH: f64 = 1.0;
/// The probability at the level above that is taken for what is not among its candidates.
const FAR: f64 = 1e-3;

/// Labels with their probabilities before calibration, the most probable first.
pub(super) type Ranked = Vec<(u32, f64)>;

/// Labels with all numbers that speak for them.
type Numbered = Vec<(u32, [f32; NUMBERS])>;

/// One level, weighed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Weighed {
    choice: Choice,
    curve: Curve,
    records: Records,
    pub(super) bars: Bars,
}

/// What is thought at one level of cases that taught, for the level below.
#[derive(Clone, Debug)]
pub(super) struct Thoughts {
    /// Of each, by models that had not seen it.
    pub(super) held_out: Vec<Option<Ranked>>,
    /// Of those of the most recent month, by what was known before it.
    recent: Vec<Option<Ranked>>,
}

impl Weighed {
    /// Fits the small model on examples that were left out, then its calibration and bars. `cases` is how many cases
    /// taught; `above` is what the level above thinks of them; `said` tells what is said of a case beside what cases say.
    pub(super) fn fit(
        taught: &TaughtLevel,
        examples: &LevelExamples,
        labels: &Labels,
        cases: usize,
        above: Option<&Thoughts>,
        said: &dyn Fn(u32) -> Option<Said>,
    ) -> (Weighed, Thoughts) {
        let said: Vec<Option<Said>> = heard_of(examples, cases, said);
        let said = |case: u32| said[case as usize].as_ref();
        let records = records(examples, labels, &said);
        let see = |example: &Example, thought: Option<&Ranked>| {
            // A rule's record on a case itself is not known beforehand.
            let record =
                |rule: &str, label: u32| records.get(rule).copied().unwrap_or_default().without(label == example.right);
            let heard = said(example.case).map(|said| Heard::new(said, labels, record)).unwrap_or_default();
            numbers(taught, &example.candidates, thought, &heard)
        };
        let see_all = |examples: &[Example], above: Option<&Vec<Option<Ranked>>>| -> Vec<Numbered> {
            let thought = |example: &Example| above?[example.case as usize].clone();
            examples.iter().map(|example| see(example, thought(example).as_ref())).collect()
        };
        let held_out = see_all(&examples.held_out, above.map(|above| &above.held_out));
        let recent = see_all(&examples.recent, above.map(|above| &above.recent));
        let mut questions = Questions::new(NUMBERS);
        for (example, candidates) in examples.held_out.iter().zip(&held_out) {
            let right = candidates.iter().position(|(label, _)| *label == example.right);
            questions.push(candidates.iter().map(|(_, numbers)| numbers.as_slice()), right);
        }
        let choice = Choice::fit(&questions, &[], STRENGTH);
        let rank_all = |examples: &[Example], seen: &[Numbered]| {
            let mut of_case: Vec<Option<Ranked>> = vec![None; cases];
            for (example, candidates) in examples.iter().zip(seen) {
                of_case[example.case as usize] = Some(rank(&choice, candidates));
            }
            of_case
        };
        let (held_out, recent) = (rank_all(&examples.held_out, &held_out), rank_all(&examples.recent, &recent));
        let (mut answers, mut late) = (answers(&examples.held_out, &held_out), answers(&examples.recent, &recent));
        let observed: Vec<(f64, bool)> = answers.iter().map(|answer| (answer.confidence, answer.right)).collect();
        let curve = Curve::fit(&observed);
        for answer in answers.iter_mut().chain(&mut late) {
            answer.confidence = curve.at(answer.confidence);
        }
        let bars = Bars::new(&answers, &late, labels.names.len());
        (Weighed { choice, curve, records, bars }, Thoughts { held_out, recent })
    }

    /// Candidates by probability; of equal ones the smaller label first.
    pub(super) fn rank(
        &self,
        taught: &TaughtLevel,
        labels: &Labels,
        candidates: &Candidates,
        above: Option<&Ranked>,
        said: &Said,
    ) -> Ranked {
        let heard = Heard::new(said, labels, |rule, _| self.record(rule));
        rank(&self.choice, &numbers(taught, candidates, above, &heard))
    }

    /// How often a rule led on the cases that taught, and was right.
    pub(super) fn record(&self, rule: &str) -> Record {
        self.records.get(rule).copied().unwrap_or_default()
    }

    /// The calibrated confidence that goes with a probability of the small model.
    pub(super) fn confidence(&self, probability: f64) -> f64 {
        self.curve.at(probability)
    }
}

fn rank(choice: &Choice, candidates: &[(u32, [f32; NUMBERS])]) -> Ranked {
    let probabilities = choice.probabilities(candidates.iter().map(|(_, numbers)| numbers.as_slice()));
    let mut ranked: Ranked = candidates.iter().map(|(label, _)| *label).zip(probabilities).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// What is said of each case that is an example.
fn heard_of(examples: &LevelExamples, cases: usize, said: &dyn Fn(u32) -> Option<Said>) -> Vec<Option<Said>> {
    let mut heard = vec![None; cases];
    for example in examples.held_out.iter().chain(&examples.recent) {
        let own = &mut heard[example.case as usize];
        if own.is_none() {
            *own = said(example.case);
        }
    }
    heard
}

/// How often each rule led on the cases, and was right.
fn records<'a>(examples: &LevelExamples, labels: &Labels, said: &impl Fn(u32) -> Option<&'a Said>) -> Records {
    let mut records = Records::default();
    for example in &examples.held_out {
        let Some((rule, label)) = said(example.case).and_then(|said| said.leads.as_ref()) else { continue };
        if !records.contains_key(rule) {
            records.insert(rule.clone(), Record::default());
        }
        let Some(record) = records.get_mut(rule) else { continue };
        record.led += 1;
        record.right += u32::from(labels.number(label) == Some(example.right));
    }
    records
}

/// The numbers of each candidate, of cases and of others.
fn numbers(taught: &TaughtLevel, candidates: &Candidates, above: Option<&Ranked>, heard: &Heard) -> Numbered {
    let one = |candidate: super::weigh::Candidate| {
        let label = candidate.label;
        let others = Others {
            leads: heard.leads == Some(label),
            odds: if heard.leads == Some(label) { heard.odds } else { 0.0 },
            fires: heard.fires.contains(&label),
            duties: heard.duties.iter().find(|(own, _)| *own == label).map_or(0.0, |(_, part)| *part),
            above: logarithm_above(taught, label, above),
        };
        (label, candidate.numbers(others))
    };
    with(candidates, &taught.frequencies, heard.labels()).into_iter().map(one).collect()
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

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::super::scores::Scores;
    use super::super::weigh::tests::labels;
    use super::super::weigh::{Frequencies, candidates};
    use super::*;
    use crate::learn::Linear;

    const CASES: usize = 120;
    /// Places among the numbers.
    const LEADS: usize = 11;
    const ODDS: usize = 12;
    const DUTIES: usize = 14;

    /// Two labels of sixty cases each, about which the linear model is right three times in four.
    fn level() -> (TaughtLevel, LevelExamples, Labels) {
        let labels = labels(&[CASES / 2; 2]);
        let frequencies = Frequencies::new(&labels, |_| true, |_| false);
        let example = |case: u32| {
            let right = case / (CASES as u32 / 2);
            let guess = if case.is_multiple_of(4) { 1 - right } else { right };
            let scores = if guess == 0 { [0.4, -0.4] } else { [-0.4, 0.4] };
            let candidates = candidates(&labels, &frequencies, &Scores::of(&scores), &[], "", None);
            Example { case, right, candidates }
        };
        let level = TaughtLevel {
            level: Level::Department,
            names: labels.names.clone(),
            linear: Linear::default(),
            frequencies: frequencies.clone(),
            above: None,
            below: None,
        };
        let held_out = (0..CASES as u32).map(example).collect();
        (level, LevelExamples { held_out, recent: Vec::new() }, labels)
    }

    fn leads(rule: &str, label: &str) -> Option<Said> {
        Some(Said { leads: Some((rule.to_owned(), label.to_owned())), ..Said::default() })
    }

    /// The label that a case has, or the other.
    fn label(case: u32, is_right: bool) -> &'static str {
        if (case < CASES as u32 / 2) == is_right { "aa" } else { "bb" }
    }

    /// A level that was weighed, with all that it was weighed from.
    struct Case {
        weighed: Weighed,
        level: TaughtLevel,
        examples: LevelExamples,
        labels: Labels,
    }

    fn weigh(said: &dyn Fn(u32) -> Option<Said>) -> Case {
        let (level, examples, labels) = level();
        let (weighed, _) = Weighed::fit(&level, &examples, &labels, CASES, None, said);
        Case { weighed, level, examples, labels }
    }

    #[test]
    fn records_are_counted() {
        let Case { weighed, .. } = weigh(&|case| match case % 3 {
            0 => leads("good", label(case, true)),
            1 => leads("half", label(case, case.is_multiple_of(2))),
            _ => None,
        });
        assert_eq!(weighed.record("good"), Record { led: 40, right: 40 });
        assert_eq!(weighed.record("half"), Record { led: 40, right: 20 });
        assert_eq!(weighed.record("new"), Record::default());
    }

    #[test]
    fn the_record_of_a_rule_leaves_out_the_case_itself() {
        // Each case has a rule of its own, which is right or wrong about it: without the case nothing is known of the
        // rule, so its odds can tell nothing. With the case they would tell everything.
        let Case { weighed, .. } = weigh(&|case| leads(&format!("rule/{case}"), label(case, !case.is_multiple_of(3))));
        assert_eq!(weighed.record("rule/1"), Record { led: 1, right: 1 });
        assert_eq!(weighed.choice.weights[ODDS], 0.0, "{:?}", weighed.choice);
        assert!(weighed.choice.weights[LEADS] > 0.1, "what a rule says tells something: {:?}", weighed.choice);
    }

    #[test]
    fn a_rule_with_a_good_record_is_believed() {
        let said = |case: u32| match case % 2 {
            0 => leads("good", label(case, true)),
            _ => leads("bad", label(case, case.is_multiple_of(3))),
        };
        let Case { weighed, level, examples, labels } = weigh(&said);
        // The linear model says a; the rule says b.
        let first = |rule: &str| {
            let said = leads(rule, "bb").unwrap_or_default();
            weighed.rank(&level, &labels, &examples.held_out[1].candidates, None, &said)[0].0
        };
        assert_eq!((first("good"), first("bad")), (1, 0));
    }

    #[test]
    fn duties_are_heard_where_they_were_right() {
        let Case { weighed, .. } =
            weigh(&|case| Some(Said { duties: vec![(label(case, true).to_owned(), 0.8)], ..Said::default() }));
        assert!(weighed.choice.weights[DUTIES] > 1.0, "{:?}", weighed.choice);
    }

    #[test]
    fn confidence_is_how_often_the_first_is_right() {
        let Case { weighed, level, examples, labels } = weigh(&|_| None);
        let ranked = weighed.rank(&level, &labels, &examples.held_out[1].candidates, None, &Said::default());
        let confidence = weighed.confidence(ranked[0].1);
        assert!((confidence - 0.75).abs() < 0.02, "{confidence}");
        assert!(ranked.is_sorted_by(|a, b| a.1 >= b.1) && ranked.iter().map(|(_, p)| p).sum::<f64>() <= 1.0 + 1e-9);
        assert!(weighed.bars.pooled(0.6).is_some() && weighed.bars.pooled(0.8).is_none());
    }

    #[test]
    fn a_label_that_came_up_since_is_reached_by_what_is_said() {
        let (level, examples, labels) = level();
        let names = [labels.names.clone(), vec!["新局".to_owned()]].concat();
        let more = Labels::new(Level::Department, &[], &names, &[], &|_, label| label.to_owned());
        let said = |case: u32| leads("good", label(case, true));
        let (weighed, _) = Weighed::fit(&level, &examples, &more, CASES, None, &said);
        let heard = leads("good", "新局").unwrap_or_default();
        assert_eq!(weighed.rank(&level, &more, &examples.held_out[1].candidates, None, &heard)[0].0, 2);
        assert_eq!(weighed.bars.of_label(2, 0.99), None, "it has earned nothing");
    }

    #[test]
    fn nothing_taught_is_nothing_thought() {
        let (level, _, labels) = level();
        let (weighed, _) = Weighed::fit(&level, &LevelExamples::default(), &labels, CASES, None, &|_| None);
        let ranked = weighed.rank(&level, &labels, &Candidates::new(), None, &Said::default());
        assert!(ranked.is_empty() && weighed.bars.pooled(0.0).is_none());
    }
}
