//! Evaluation of routing: cases teach, queries are decided, labels tell what was right.

use std::time::Instant;

use super::judged::{Judged, Run};
use super::near_copies::mark_near_copies;
use super::noise;
use crate::decide::learned::{Judgement, Learned, Level, Progress, Taught};
use crate::knowledge::{Case, Cases, IndexError};
use crate::source::Date;
use crate::text::{Segmenter, Text};

/// Labels of one query that are kept.
const KEPT: usize = 10;

/// What to do to the queries before they are decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Treatment {
    /// Share of the characters that are hit by an error of speech or typing; 0 leaves the text as it is.
    pub noise: f64,
    /// What the errors are drawn from.
    pub seed: u64,
    /// The first part of each text that is seen; 1 is all of it.
    pub prefix: f64,
}

impl Default for Treatment {
    fn default() -> Self {
        Treatment { noise: 0.0, seed: 1, prefix: 1.0 }
    }
}

impl Treatment {
    /// Title and text as the engine gets to see them.
    fn apply(&self, query: &Case) -> (Option<String>, String) {
        let corrupted = |text: &str| {
            if self.noise > 0.0 { noise::corrupt(text, self.noise, self.seed) } else { text.to_owned() }
        };
        let title = query.title.as_deref().unwrap_or_default();
        let (title, text) = noise::prefix_with_title(title, &query.text, self.prefix);
        let (title, text) = (corrupted(title), corrupted(text));
        // An error may swallow the only character there is.
        let text = if text.is_empty() && title.is_empty() { query.text.clone() } else { text };
        (Some(title).filter(|title| !title.is_empty()), text)
    }
}

/// What cases alone teach about one level, ready to be asked.
pub struct Routing {
    level: Level,
    segmenter: Segmenter,
    cases: Cases,
    learned: Learned,
    train_seconds: f64,
}

impl Routing {
    /// Learns from cases. `progress` is told of every step and may end it by giving `false`.
    ///
    /// # Errors
    /// The index could not be built.
    pub fn learn(
        cases: Vec<Case>,
        level: Level,
        progress: &dyn Fn(Progress) -> bool,
    ) -> Result<Option<Routing>, IndexError> {
        let segmenter = Segmenter::new([]);
        let start = Instant::now();
        let cases = Cases::in_memory(cases, &segmenter)?;
        // A unit leans on its department, and a department on its units.
        let both = [Level::Department, Level::Unit];
        let levels = if both.contains(&level) { both.to_vec() } else { vec![level] };
        let same = |_: Level, label: &str| label.to_owned();
        let Some(taught) = Taught::teach(&cases, &segmenter, &levels, &same, progress) else { return Ok(None) };
        let learned = Learned::weigh(taught.into(), &cases, &same, &[], &|_, _| None, &|_| 1.0);
        let train_seconds = start.elapsed().as_secs_f64();
        Ok(Some(Routing { level, segmenter, cases, learned, train_seconds }))
    }

    /// Decides queries, one after another on this thread, and sets what came out beside what is true. Queries without a
    /// label at this level are left out. `decided` is told after each.
    pub fn run(&self, queries: &[Case], targets: &[f64], treatment: Treatment, decided: &dyn Fn()) -> Run {
        let labels = self.labels();
        let mut judged: Vec<Judged> = Vec::with_capacity(queries.len());
        for query in queries {
            let Some(truth) = self.level.of(query) else { continue };
            let (title, text) = treatment.apply(query);
            let mut one = self.one(title, text, query.opened_on, targets);
            truth.clone_into(&mut one.truth);
            one.unseen_label = labels.binary_search(&truth).is_err();
            one.id.clone_from(&query.id);
            one.opened_on = query.opened_on;
            judged.push(one);
            decided();
        }
        let texts: Vec<(&str, &str)> =
            self.cases.all().iter().map(|case| (case.id.as_str(), case.text.as_str())).collect();
        mark_near_copies(&texts, &mut judged);
        Run {
            level: self.level.as_str().to_owned(),
            cases: self.cases.all().iter().filter(|case| self.level.of(case).is_some()).count(),
            labels: labels.len(),
            targets: targets.to_vec(),
            thresholds: targets.iter().map(|target| self.learned.bar(self.level, *target)).collect(),
            train_seconds: self.train_seconds,
            memory_bytes: memory_bytes(),
            judged,
            ..Run::default()
        }
    }

    /// The labels that cases have, sorted.
    fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = self.cases.all().iter().filter_map(|case| self.level.of(case)).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    fn one(&self, title: Option<String>, text: String, day: Option<Date>, targets: &[f64]) -> Judged {
        let start = Instant::now();
        let read = Text::new(title.as_deref(), &text);
        let judgements = self.learned.judge(&read, &self.segmenter, &self.cases, day.map(|day| day.0));
        let elapsed_us = start.elapsed().as_secs_f64() * 1e6;
        let judgement = judgements.into_iter().find(|judgement| judgement.level == self.level);
        let opinions = judgement.as_ref().map_or(&[][..], |judgement| &judgement.opinions);
        Judged {
            text,
            title,
            ranked: opinions.iter().take(KEPT).map(|o| (o.label.to_owned(), o.confidence)).collect(),
            automatic: targets.iter().map(|target| self.automatic(judgement.as_ref(), *target)).collect(),
            elapsed_us,
            ..Judged::default()
        }
    }

    fn automatic(&self, judgement: Option<&Judgement<'_>>, target: f64) -> bool {
        let Some(first) = judgement.and_then(|judgement| judgement.opinions.first()) else { return false };
        self.learned.bar_of(self.level, first.number, target).is_some_and(|bar| first.confidence >= bar)
    }
}

/// What this process holds in memory, in bytes, where the system tells.
fn memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
