//! How many questions it takes until the right scenario leads, with callers that are made from cases.
//!
//! A made-up caller begins with the first clause of a case and answers what is asked: a choice by the case's label, a slot
//! by the clause that has the fact, or the next one where any words will do. Every tenth answer is that they cannot say.
//! Two ways of asking are compared on the same callers: the questions that [`Engine::intake`](crate::decide::Engine::intake)
//! chooses, and a fixed questionnaire, the slots of all scenarios in the order of how many have them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::impact::corpus::{Overlap, complaint};
use crate::bundle::Bundle;
use crate::bundle::on_all_cores;
use crate::decide::{Answer, Ask, Complaint, Given, Intake, NONE, Options, Purpose, UNKNOWN};
use crate::knowledge::Case;
use crate::rules::{Scenario, Slot};
use crate::say;
use crate::source::{Lang, Message};
use crate::text::{FactKind, Text};

/// Questions that are asked of one caller, at the most; who is not understood by then counts with so many.
const MOST: usize = 10;
/// Characters with which callers begin, at the least.
const OPENING: usize = 6;
/// Every so many-th answer is that the caller cannot say.
const CANNOT_SAY: usize = 10;
/// What ends a clause.
const ENDS: &[char] = &['，', '。', '！', '？', '；', ',', '!', '?', ';', '\n'];

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Cases that were asked.
    pub cases: usize,
    /// Cases without a scenario that the bundle has: they are not asked.
    pub passed_over: usize,
    /// With the questions that are chosen.
    pub chosen: Way,
    /// With the fixed questionnaire.
    pub fixed: Way,
}

/// How it went one way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Way {
    /// The share of cases in which the right scenario leads before anything is asked, and after one, two and three
    /// questions.
    pub right_after: [f64; 4],
    /// The same after all questions.
    pub right: f64,
    /// Questions until it leads, on the average; 10 where it never does.
    pub questions: f64,
    /// The same over cases that needed any.
    pub questions_where_needed: f64,
}

/// Asks a caller made from each case. `done` is told how many have been asked.
pub fn measure(bundle: &Bundle, cases: &[Case], now: &jiff::Zoned, done: &(dyn Fn(usize) + Sync)) -> Report {
    let rules = bundle.engine.rules();
    let usable = |case: &&Case| case.scenario.as_deref().is_some_and(|id| rules.position(id).is_some());
    let asked: Vec<Case> = cases.iter().filter(usable).cloned().collect();
    let overlap = Overlap::new(bundle, &asked);
    let questionnaire = questionnaire(rules.scenarios().iter().map(AsRef::as_ref));
    let each = |number: usize| {
        let case = &asked[number];
        overlap.known(bundle, number, |known| {
            let caller = |chosen: bool| Caller {
                bundle,
                complaint: complaint(case, now),
                right: case.scenario.as_deref().unwrap_or_default(),
                given: Given { known, ..Given::default() },
                number,
                questionnaire: (!chosen).then_some(&questionnaire),
            };
            [caller(true).questions(), caller(false).questions()]
        })
    };
    let counts = on_all_cores(asked.len(), &each, done);
    let way = |at: usize| Way::of(counts.iter().map(|pair| pair[at]));
    Report { cases: asked.len(), passed_over: cases.len() - asked.len(), chosen: way(0), fixed: way(1) }
}

/// A question of the fixed questionnaire: what kind of fact answers it, if any does.
type Fixed = Option<FactKind>;

/// The slots of all scenarios, those that most have first; slots that ask for one kind of fact are one.
fn questionnaire<'s>(scenarios: impl Iterator<Item = &'s Scenario>) -> Vec<Fixed> {
    let mut counts: BTreeMap<String, (usize, Fixed)> = BTreeMap::new();
    for slot in scenarios.flat_map(|scenario| &scenario.slots) {
        let name = slot.fact.map_or_else(|| slot.name.clone(), |fact| format!("{fact:?}"));
        counts.entry(name).or_insert((0, slot.fact)).0 += 1;
    }
    let mut all: Vec<(String, (usize, Fixed))> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    all.into_iter().take(MOST).map(|(_, (_, fact))| fact).collect()
}

/// One caller.
struct Caller<'c> {
    bundle: &'c Bundle,
    complaint: Complaint,
    /// The id of the scenario that it is.
    right: &'c str,
    given: Given<'c>,
    number: usize,
    /// The fixed questions; none where they are chosen.
    questionnaire: Option<&'c Vec<Fixed>>,
}

impl Caller<'_> {
    /// How many questions were asked when the right scenario led; none where it never did.
    fn questions(&self) -> Option<usize> {
        let clauses = clauses(&self.complaint.text);
        let mut untold: Vec<&str> = clauses;
        let mut told = String::new();
        while told.chars().count() < OPENING && !untold.is_empty() {
            tell(&mut told, untold.remove(0));
        }
        let mut answers: Vec<Answer> = Vec::new();
        for count in 0..=MOST {
            let said = Complaint { text: told.clone(), title: None, ..self.complaint.clone() };
            let intake = self.bundle.engine.intake_given(&said, &answers, Options::default(), &self.given).ok()?;
            if intake.decision.scenario.as_ref().is_some_and(|own| own.id == self.right) {
                return Some(count);
            }
            let silent = (self.number + count) % CANNOT_SAY == CANNOT_SAY - 1;
            match self.questionnaire {
                Some(fixed) => {
                    let fact = *fixed.get(count)?;
                    if !silent {
                        answer_slot(&mut told, &mut untold, fact);
                    }
                }
                None => answers.push(self.answer(&intake, silent, &mut told, &mut untold)?),
            }
        }
        None
    }

    /// The answer to the question that is put first; none where there is no question.
    fn answer(&self, intake: &Intake, silent: bool, told: &mut String, untold: &mut Vec<&str>) -> Option<Answer> {
        let ask = intake.questions.first()?;
        let answer = match ask.purpose {
            _ if silent => UNKNOWN.to_owned(),
            Purpose::Open | Purpose::Slot => {
                let slot = self.slot(intake, ask);
                if answer_slot(told, untold, slot.and_then(|slot| slot.fact)) { "told" } else { UNKNOWN }.to_owned()
            }
            Purpose::Scenario | Purpose::Category => {
                let rules = self.bundle.engine.rules();
                let right = &rules.scenarios()[rules.position(self.right)?];
                let below = |value: &str| {
                    right.category == value
                        || right.category.strip_prefix(value).is_some_and(|rest| rest.starts_with('/'))
                };
                let fits =
                    |value: &str| if ask.purpose == Purpose::Scenario { value == self.right } else { below(value) };
                ask.choices.iter().find(|choice| fits(&choice.value)).map_or(NONE, |choice| &choice.value).to_owned()
            }
        };
        Some(Answer { question: ask.id.clone(), answer })
    }

    fn slot<'s>(&'s self, intake: &Intake, ask: &Ask) -> Option<&'s Slot> {
        let rules = self.bundle.engine.rules();
        let leads = rules.position(&intake.decision.scenario.as_ref()?.id)?;
        rules.scenarios()[leads].slots.iter().find(|slot| Some(&slot.name) == ask.slot.as_ref())
    }
}

/// Tells what a slot asks for: the first clause not told yet that has such a fact, or just the next one. False where the
/// caller has nothing to say to it.
fn answer_slot(told: &mut String, untold: &mut Vec<&str>, fact: Fixed) -> bool {
    let has = |clause: &&str, kind| Text::new(None, clause).facts().iter().any(|own| own.kind == kind);
    let place = match fact {
        Some(kind) => untold.iter().position(|clause| has(clause, kind)),
        None => (!untold.is_empty()).then_some(0),
    };
    let Some(place) = place else { return false };
    tell(told, untold.remove(place));
    true
}

fn tell(told: &mut String, clause: &str) {
    if !told.is_empty() {
        told.push('，');
    }
    told.push_str(clause);
}

fn clauses(text: &str) -> Vec<&str> {
    text.split(ENDS).map(str::trim).filter(|clause| !clause.is_empty()).collect()
}

impl Way {
    fn of(counts: impl Iterator<Item = Option<usize>>) -> Way {
        let counts: Vec<Option<usize>> = counts.collect();
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let within = |most: usize| counts.iter().filter(|own| own.is_some_and(|count| count <= most)).count();
        let needed: Vec<usize> = counts.iter().map(|own| own.unwrap_or(MOST)).filter(|count| *count > 0).collect();
        let all: usize = needed.iter().sum();
        Way {
            right_after: [0, 1, 2, 3].map(|most| share(within(most), counts.len())),
            right: share(within(MOST), counts.len()),
            questions: share(all, counts.len()),
            questions_where_needed: share(all, needed.len()),
        }
    }
}

impl Report {
    /// As a table for people.
    pub fn shown(&self, lang: Lang) -> String {
        let word = |message: Message| message.in_lang(lang).to_owned();
        let (cases, passed_over) = (self.cases, self.passed_over);
        let mut out = word(say!(
            "{cases} 件案例，来电人先说第一句，再逐个回答（每十个回答有一个“说不清”）；{passed_over} 件没有可用的场景标签\n",
            "{cases} cases: callers begin with the first clause and answer what is asked (every tenth time that they cannot \
             say); {passed_over} without a scenario of the bundle\n"
        ));
        for (title, way) in [
            (say!("按信息增益选问", "questions chosen by expected information gain"), &self.chosen),
            (say!("固定问卷", "fixed questionnaire"), &self.fixed),
        ] {
            let percent = |share: f64| format!("{:.1}%", share * 100.0);
            let [none, one, two, three] = way.right_after.map(percent);
            let (right, mean, needed) = (percent(way.right), way.questions, way.questions_where_needed);
            let title = word(title);
            out += &word(say!(
                "{title}：不问 {none}，问 1 个 {one}，2 个 {two}，3 个 {three}，最终 {right}；平均问 {mean:.2} 个，需要问的平均 {needed:.2} 个\n",
                "{title}: right before any {none}, after 1 {one}, 2 {two}, 3 {three}, in the end {right}; {mean:.2} questions on \
                 average, {needed:.2} where any were needed\n"
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_shares() {
        let way = Way::of([Some(0), Some(1), Some(1), Some(3), None].into_iter());
        assert_eq!(way.right_after, [0.2, 0.6, 0.6, 0.8]);
        assert_eq!((way.right, way.questions, way.questions_where_needed), (0.8, 3.0, 3.75));
        assert_eq!(Way::of(std::iter::empty()), Way::default());
    }

    #[test]
    fn a_caller_tells_what_is_asked_for() {
        for (fact, expect, rest) in [
            (Some(FactKind::Phone), Some("你好，电话13800001111"), 2),
            (Some(FactKind::Amount), None, 3),
            (None, Some("你好，水管漏了"), 2),
        ] {
            let (mut told, mut untold) = ("你好".to_owned(), vec!["水管漏了", "电话13800001111", "快来修"]);
            let answered = answer_slot(&mut told, &mut untold, fact);
            assert_eq!((answered.then_some(told.as_str()), untold.len()), (expect, rest), "{fact:?}");
        }
        assert_eq!(clauses("水管漏了，快来！\n谢谢。"), ["水管漏了", "快来", "谢谢"]);
    }
}
