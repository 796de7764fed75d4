//! What a scenario costs: the time to match it alone, over a part of the corpus.

use std::sync::Arc;
use std::time::Instant;

use crate::bundle::Bundle;
use crate::rules::{Compiled, Vocabulary};
use crate::text::Text;

/// Texts that are measured on, at the most, evenly spread over the corpus.
const TEXTS: usize = 300;
/// Rounds, of which the fastest counts: what else the machine does only adds.
const ROUNDS: usize = 3;

/// The texts to measure on. Words and facts are read beforehand, as they are shared by all scenarios.
pub(super) fn sample(bundle: &Bundle, texts: &[(Option<&str>, &str)]) -> Vec<Text> {
    let every = texts.len().div_ceil(TEXTS).max(1);
    let chosen = texts.iter().step_by(every).map(|(title, text)| Text::new(*title, text));
    let ready = |text: Text| {
        text.words(bundle.engine.segmenter());
        text.facts();
        text
    };
    chosen.map(ready).collect()
}

/// Microseconds a text for each scenario, the pass over the text included that looks for its terms. In the bundle all
/// scenarios share that pass, so these add up to more than a match takes: they are for comparing.
pub(super) fn microseconds(bundle: &Bundle, vocabulary: &Vocabulary, sample: &[Text], done: &dyn Fn()) -> Vec<f64> {
    let rules = bundle.engine.rules();
    let cost = |scenario: &Arc<crate::rules::Scenario>| {
        let alone = vec![Arc::clone(scenario)];
        let compiled = Compiled::new(alone, vocabulary, bundle.engine.segmenter(), Some(rules), &mut Vec::new());
        done();
        let Some(compiled) = compiled.filter(|_| !sample.is_empty()) else { return 0.0 };
        let round = |_| {
            let start = Instant::now();
            let found: usize = sample.iter().map(|text| compiled.matches(text).len()).sum();
            // The count is looked at, so that matching cannot be left out.
            let seconds = start.elapsed().as_secs_f64();
            if found == usize::MAX { f64::INFINITY } else { seconds }
        };
        let fastest = (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min);
        fastest * 1e6 / sample.len() as f64
    };
    rules.scenarios().iter().map(cost).collect()
}
