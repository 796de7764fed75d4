//! Evaluation of routing: cases teach, queries are decided, labels tell what was right.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::judged::{Judged, RulePrecision, Run};
use super::near_copies::mark_near_copies;
use super::noise;
use crate::bundle::{Bundle, canonical, weigh};
use crate::decide::learned::{Learned, Level, Opinion, Progress, Record, Taught};
use crate::decide::{Complaint, Decision, Engine, Options, Past};
use crate::knowledge::{Case, Cases, IndexError};
use crate::learn::wilson_lower;
use crate::rules::Scenario;
use crate::source::Date;
use crate::text::{Segmenter, Text};

/// Labels of one query that are kept.
const KEPT: usize = 10;
/// Words that are named as evidence, at the most.
const MOST_WORDS: usize = 8;

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

/// What cases teach about one level, alone or beside a bundle's rules, ready to be asked.
pub struct Routing {
    level: Level,
    segmenter: Segmenter,
    cases: Arc<Cases>,
    learned: Arc<Learned>,
    /// A bundle's engine with these cases in place of its own.
    with_rules: Option<Engine>,
    train_seconds: f64,
}

impl Routing {
    /// Learns from cases; with a bundle its rules take part, and its names of departments hold. `progress` is told of
    /// every step and may end it by giving `false`.
    ///
    /// # Errors
    /// The index could not be built.
    pub fn learn(
        cases: Vec<Case>,
        level: Level,
        bundle: Option<&Bundle>,
        progress: &dyn Fn(Progress) -> bool,
    ) -> Result<Option<Routing>, IndexError> {
        let segmenter = bundle.map_or_else(|| Segmenter::new([]), |bundle| bundle.engine.segmenter().clone());
        let start = Instant::now();
        let cases = Arc::new(Cases::in_memory(cases, &segmenter)?);
        // A unit leans on its department, and a department on its units.
        let both = [Level::Department, Level::Unit];
        let levels = match bundle {
            Some(_) => Level::ALL.to_vec(),
            None if both.contains(&level) => both.to_vec(),
            None => vec![level],
        };
        let same = |_: Level, label: &str| label.to_owned();
        let named = |level: Level, label: &str| match bundle {
            Some(bundle) => canonical(bundle.engine.catalog(), level, label),
            None => label.to_owned(),
        };
        let taught = Taught::teach(&cases, &segmenter, &levels, &named, progress);
        let Some((taught, examples)) = taught else { return Ok(None) };
        let taught = Arc::new(taught);
        let learned = Arc::new(match bundle.map(|bundle| &bundle.engine) {
            None => Learned::weigh(taught, &examples, &cases, &same, &[], &|_, _| None, &|_| 1.0),
            Some(engine) => {
                let past = Past::new(&cases, engine.rules(), engine.catalog(), &segmenter);
                weigh(taught, &examples, &cases, engine.catalog(), engine.settings(), Some(&past))
            }
        });
        let with_rules = bundle.map(|bundle| bundle.engine.with_cases(Arc::clone(&cases), Arc::clone(&learned)));
        let train_seconds = start.elapsed().as_secs_f64();
        Ok(Some(Routing { level, segmenter, cases, learned, with_rules, train_seconds }))
    }

    /// Decides queries, one after another on this thread, and sets what came out beside what is true. Queries without a
    /// label at this level are left out. `decided` is told after each.
    pub fn run(&self, queries: &[Case], targets: &[f64], treatment: Treatment, decided: &dyn Fn()) -> Run {
        let labels = self.labels();
        let known: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
        let mut judged: Vec<Judged> = Vec::with_capacity(queries.len());
        for query in queries {
            let Some(truth) = self.level.of(query) else { continue };
            let (title, text) = treatment.apply(query);
            let mut one = match &self.with_rules {
                None => self.by_cases(title, text, query.opened_on, targets),
                Some(engine) => self.by_engine(engine, title, text, query, targets),
            };
            one.truth = self.named(truth);
            one.unseen_label = !known.contains(one.truth.as_str());
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
            rules: self.rules(),
            ..Run::default()
        }
    }

    /// How often each rule led on the cases that teach, and was right.
    fn rules(&self) -> Vec<RulePrecision> {
        let Some(engine) = &self.with_rules else { return Vec::new() };
        let precision = |scenario: &Arc<Scenario>| {
            let Record { led, right } = self.learned.record(self.level, &scenario.id);
            let lower = wilson_lower(f64::from(right), f64::from(led));
            RulePrecision { id: scenario.id.clone(), fired: led as usize, right: right as usize, lower }
        };
        engine.rules().scenarios().iter().map(precision).filter(|rule| rule.fired > 0).collect()
    }

    /// The name under which a label is known.
    fn named(&self, label: &str) -> String {
        let catalog = self.with_rules.as_ref().map(Engine::catalog);
        catalog.map_or_else(|| label.to_owned(), |catalog| canonical(catalog, self.level, label))
    }

    /// The labels that cases have.
    fn labels(&self) -> BTreeSet<String> {
        self.cases.all().iter().filter_map(|case| self.level.of(case)).map(|label| self.named(label)).collect()
    }

    /// What cases alone find.
    fn by_cases(&self, title: Option<String>, text: String, day: Option<Date>, targets: &[f64]) -> Judged {
        let start = Instant::now();
        let read = Text::new(title.as_deref(), &text);
        let judgements = self.learned.judge(&read, &self.segmenter, &self.cases, day.map(|day| day.0));
        let elapsed_us = start.elapsed().as_secs_f64() * 1e6;
        let judgement = judgements.into_iter().find(|judgement| judgement.level == self.level);
        let opinions = judgement.as_ref().map_or(&[][..], |judgement| &judgement.opinions);
        let evidence = opinions.first().map(|first| {
            let features = self.learned.features(&read, &self.segmenter);
            let words = self.learned.words(&read, &self.segmenter, &features, self.level, first.number, MOST_WORDS);
            words.into_iter().map(|(range, weight)| (read.slice(range).to_owned(), f64::from(weight))).collect()
        });
        Judged {
            evidence: evidence.unwrap_or_default(),
            ranked: opinions.iter().take(KEPT).map(|o| (o.label.to_owned(), o.confidence)).collect(),
            automatic: targets.iter().map(|target| self.automatic(opinions.first(), *target)).collect(),
            elapsed_us,
            text,
            title,
            ..Judged::default()
        }
    }

    /// What the whole engine decides: the rule's label first, where one leads, then what cases find.
    fn by_engine(&self, engine: &Engine, title: Option<String>, text: String, query: &Case, targets: &[f64]) -> Judged {
        let zone = &engine.settings().time_zone;
        let day = query.opened_on.map_or_else(|| jiff::Timestamp::now().to_zoned(zone.clone()).date(), |day| day.0);
        let noon = day.at(12, 0, 0, 0).to_zoned(zone.clone());
        let Ok(at) = noon else { return Judged { text, title, ..Judged::default() } };
        let complaint = Complaint { text, title, channel: None, district: query.district.clone(), at };
        let start = Instant::now();
        let appraised = engine.appraise(&complaint, Options::default());
        let elapsed_us = start.elapsed().as_secs_f64() * 1e6;
        let Complaint { text, title, .. } = complaint;
        let Ok((decision, judgements)) = appraised else { return Judged { text, title, ..Judged::default() } };
        let judgement = judgements.iter().find(|judgement| judgement.level == self.level);
        let opinions = judgement.map_or(&[][..], |judgement| &judgement.opinions);
        let first = decided(&decision, self.level).map(|(label, confidence)| {
            // A rule may say more than cases are labelled with: 城乡建设/供水 is 城乡建设 there.
            let known = |path: &str| opinions.iter().any(|opinion| opinion.label == path);
            let mut path = label;
            while !known(path) {
                let Some((above, _)) = path.rsplit_once('/') else { return (label.to_owned(), confidence) };
                path = above;
            }
            (path.to_owned(), confidence)
        });
        let mut ranked: Vec<(String, f64)> = first.iter().cloned().collect();
        let others = opinions.iter().map(|opinion| (opinion.label.to_owned(), opinion.confidence));
        ranked.extend(others.filter(|(label, _)| first.as_ref().is_none_or(|(first, _)| first != label)));
        ranked.truncate(KEPT);
        let leading = ranked.first().and_then(|(label, _)| opinions.iter().find(|opinion| opinion.label == label));
        let rule = decision.scenario.as_ref().map(|scenario| (scenario.id.clone(), scenario.confidence));
        let words = decision.words.iter().map(|word| (word.text.clone(), word.weight));
        Judged {
            evidence: rule.into_iter().chain(words).collect(),
            automatic: targets.iter().map(|target| self.automatic(leading, *target)).collect(),
            ranked,
            elapsed_us,
            text,
            title,
            ..Judged::default()
        }
    }

    /// Whether an answer is above the bar that cases earned for its label.
    fn automatic(&self, first: Option<&Opinion<'_>>, target: f64) -> bool {
        let Some(first) = first else { return false };
        self.learned.bar_of(self.level, first.number, target).is_some_and(|bar| first.confidence >= bar)
    }
}

/// The label of a decision at a level, with its confidence.
fn decided(decision: &Decision, level: Level) -> Option<(&str, f64)> {
    match level {
        Level::Scenario => decision.scenario.as_ref().map(|scenario| (scenario.id.as_str(), scenario.confidence)),
        Level::Category => decision.category.as_ref().map(|category| (category.path.as_str(), category.confidence)),
        Level::Department => decision.department.as_ref().map(|own| (own.id.as_str(), own.confidence)),
        Level::Unit => {
            let confidence = decision.department.as_ref().map_or(0.0, |department| department.confidence);
            decision.unit.as_ref().map(|unit| (unit.id.as_str(), confidence))
        }
    }
}

/// What this process holds in memory, in bytes, where the system tells.
fn memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
