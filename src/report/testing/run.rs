//! Running examples and tests.

use std::collections::BTreeSet;

use jiff::{Zoned, civil};
use serde::Serialize;

use super::expect::{Mismatch, NONE, compare};
use super::file::{Step, Test, TestFile};
use crate::decide::explain::{Explanation, Lack};
use crate::decide::{Complaint, Decision, Engine, Named, Options, parse_time};
use crate::rules::Scenario;
use crate::say;
use crate::source::Message;

/// What a tested text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A `match` example of a scenario.
    Match,
    /// A `no_match` example of a scenario.
    NoMatch,
    /// A test of a test file.
    Test,
}

/// Something that is tested.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// Its name; of an example, the example.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The file it stands in.
    pub file: String,
    /// The line.
    pub line: usize,
}

/// How a test ended.
#[derive(Clone, Debug, Serialize)]
pub struct Tested {
    /// What was tested.
    #[serde(flatten)]
    pub case: Case,
    /// What failed; empty when it passed. Several where several steps of a call did.
    pub failures: Vec<Failure>,
}

/// One text that did not come out as expected, with the trace.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The step of the call, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// The line of the step.
    pub line: usize,
    /// The text.
    pub text: String,
    /// What came out otherwise.
    pub mismatches: Vec<Mismatch>,
    /// Why nothing was decided, where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Message>,
    /// Who leads instead.
    pub leads: Option<Named>,
    /// The words that the leader rests on, with file and line.
    pub hits: Vec<String>,
    /// What the scenario lacks that was expected to lead, or what forbids it.
    pub lacking: Vec<Lack>,
    /// Why the leader stands before it, where both fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A text that was run, for finding what was reached.
pub struct Reached {
    /// The text and its circumstances.
    pub complaint: Complaint,
    /// What it was.
    pub kind: Kind,
    /// The scenario that the test is about (its index), where it names one.
    pub about: Option<usize>,
    /// The decision; none for examples, of which only the conditions are run.
    pub decision: Option<Box<Decision>>,
}

/// All that was run.
pub struct Run {
    /// How each ended, in the order of files and lines.
    pub tested: Vec<Tested>,
    /// The texts.
    pub reached: Vec<Reached>,
}

/// Which scenarios' examples are run: all, or those in certain files.
#[derive(Clone, Debug)]
pub enum Selection {
    /// All.
    All,
    /// Those whose files (relative to the bundle) are named.
    Files(BTreeSet<String>),
}

impl Selection {
    fn has(&self, scenario: &Scenario) -> bool {
        match self {
            Selection::All => true,
            Selection::Files(files) => files.contains(&scenario.source.path),
        }
    }
}

/// The time that tests are decided at which do not name one: the first morning of the last year that the bundle's
/// calendar has, so that a test does not change with the day on which it is run.
pub fn default_at(engine: &Engine) -> Zoned {
    let end = engine.catalog().calendar_end().unwrap_or_else(|| civil::date(1970, 12, 31));
    let morning = civil::date(end.year(), 1, 1).at(10, 0, 0, 0);
    let zone = engine.settings().time_zone.clone();
    morning.to_zoned(zone.clone()).unwrap_or_else(|_| jiff::Timestamp::UNIX_EPOCH.to_zoned(zone))
}

/// Runs the examples of the selected scenarios and the tests of the files. `at` is the time of tests that name none.
/// `done` is called after each.
pub fn run(engine: &Engine, selection: &Selection, files: &[TestFile], at: &Zoned, done: &mut dyn FnMut()) -> Run {
    let mut runner = Runner { engine, at, run: Run { tested: Vec::new(), reached: Vec::new() } };
    for (index, scenario) in engine.rules().scenarios().iter().enumerate() {
        if selection.has(scenario) {
            let examples = &scenario.examples;
            let line = |range: &std::ops::Range<usize>| scenario.source.position(range.start).line;
            for (text, place) in examples.matching.iter().zip(&scenario.places.matching) {
                runner.example(index, text, Kind::Match, line(place));
                done();
            }
            for (text, place) in examples.no_match.iter().zip(&scenario.places.no_match) {
                runner.example(index, text, Kind::NoMatch, line(place));
                done();
            }
        }
    }
    for file in files {
        for test in &file.tests {
            runner.test(file, test);
            done();
        }
    }
    runner.run
}

struct Runner<'a> {
    engine: &'a Engine,
    at: &'a Zoned,
    run: Run,
}

impl Runner<'_> {
    fn scenario(&self, index: usize) -> &Scenario {
        &self.engine.rules().scenarios()[index]
    }

    /// A `match` example must let its scenario lead, by rules alone; a `no_match` example must not fire it.
    fn example(&mut self, index: usize, text: &str, kind: Kind, line: usize) {
        let complaint =
            Complaint { text: text.to_owned(), title: None, channel: None, district: None, at: self.at.clone() };
        let options = Options { rules_only: true };
        let id = |index: usize| self.scenario(index).id.clone();
        let mut failures = Vec::new();
        match self.engine.firing(&complaint, options) {
            Ok(fired) => {
                let leader = fired.first().copied();
                let holds = match kind {
                    Kind::NoMatch => !fired.contains(&index),
                    _ => leader == Some(index),
                };
                if !holds {
                    let what = if kind == Kind::NoMatch { "not_scenario" } else { "scenario" };
                    let actual = leader.map_or_else(|| NONE.to_owned(), id);
                    let mismatch = Mismatch { what: what.to_owned(), expected: id(index), actual };
                    failures.push(self.failure(&complaint, options, None, line, vec![mismatch], Some(index)));
                }
            }
            Err(error) => failures.push(refused(&complaint, None, line, error.message())),
        }
        let file = self.scenario(index).source.path.clone();
        let case = Case { name: text.to_owned(), kind, file, line };
        self.run.tested.push(Tested { case, failures });
        self.run.reached.push(Reached { complaint, kind, about: Some(index), decision: None });
    }

    fn test(&mut self, file: &TestFile, test: &Test) {
        let options = Options { rules_only: !test.learned };
        let zone = &self.engine.settings().time_zone;
        let at = test.at.as_deref().and_then(|at| parse_time(at, zone)).unwrap_or_else(|| self.at.clone());
        let mut failures = Vec::new();
        for (number, step) in test.steps.iter().enumerate() {
            let complaint = Complaint {
                text: step.text.clone(),
                title: test.title.clone(),
                channel: test.channel.clone(),
                district: test.district.clone(),
                at: at.clone(),
            };
            let shown = (test.steps.len() > 1).then_some(number + 1);
            failures.extend(self.step(complaint, options, step, shown));
        }
        let (name, file, line) = (test.name.clone(), file.source.path.clone(), test.line);
        self.run.tested.push(Tested { case: Case { name, kind: Kind::Test, file, line }, failures });
    }

    fn step(&mut self, complaint: Complaint, options: Options, step: &Step, number: Option<usize>) -> Option<Failure> {
        let rules = self.engine.rules();
        if let Some(id) = self.unknown(step) {
            let message = say!("没有编号为“{id}”的场景", "there is no scenario `{id}`");
            return Some(refused(&complaint, number, step.line, message));
        }
        let about = step.expect.scenario.as_deref().and_then(|id| rules.position(id));
        let decided = self.engine.decide(&complaint, options);
        let decision = match decided {
            Ok(decision) => decision,
            Err(error) => return Some(refused(&complaint, number, step.line, error.message())),
        };
        let fired = self.engine.firing(&complaint, options).unwrap_or_default();
        let fired: Vec<&str> = fired.iter().map(|index| rules.scenarios()[*index].id.as_str()).collect();
        let mismatches = compare(&step.expect, &decision, &fired, self.engine);
        let forbidden = step.expect.not_scenario.iter().find_map(|id| rules.position(id));
        let failure = (!mismatches.is_empty())
            .then(|| self.failure(&complaint, options, number, step.line, mismatches, about.or(forbidden)));
        self.run.reached.push(Reached {
            complaint,
            kind: Kind::Test,
            about: about.or(forbidden),
            decision: Some(Box::new(decision)),
        });
        failure
    }

    /// A scenario that the test names and nobody has.
    fn unknown<'s>(&self, step: &'s Step) -> Option<&'s str> {
        let rules = self.engine.rules();
        let named = step.expect.scenario.iter().filter(|id| *id != NONE).chain(&step.expect.not_scenario);
        named.map(String::as_str).find(|id| rules.position(id).is_none())
    }

    /// A failure with its trace: what hit, what was missing, who leads instead.
    fn failure(
        &self,
        complaint: &Complaint,
        options: Options,
        step: Option<usize>,
        line: usize,
        mismatches: Vec<Mismatch>,
        about: Option<usize>,
    ) -> Failure {
        let explained = self.engine.trace(complaint, options, about).ok();
        let why_not = explained.as_ref().and_then(|explained| explained.why_not.as_ref());
        Failure {
            step,
            line,
            text: complaint.text.clone(),
            mismatches,
            refused: None,
            leads: explained.as_ref().and_then(|explained| explained.fired.first()).map(|led| led.scenario.clone()),
            hits: explained.as_ref().map(hits).unwrap_or_default(),
            lacking: why_not.map(|why_not| why_not.explained.lacking.clone()).unwrap_or_default(),
            because: why_not.and_then(|why_not| why_not.because.clone()),
        }
    }
}

/// The words that the leader rests on, each with what looks for it and where that is written.
fn hits(explained: &Explanation) -> Vec<String> {
    let evidence = explained.evidence.iter();
    evidence.map(|item| format!("{} ← {}  {}:{}", item.text, item.term, item.file, item.line)).collect()
}

fn refused(complaint: &Complaint, step: Option<usize>, line: usize, message: Message) -> Failure {
    Failure {
        step,
        line,
        text: complaint.text.clone(),
        mismatches: Vec::new(),
        refused: Some(message),
        leads: None,
        hits: Vec::new(),
        lacking: Vec::new(),
        because: None,
    }
}
