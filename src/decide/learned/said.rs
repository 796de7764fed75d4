//! What is said of a text beside what cases say: by rules that fire, and by what departments are for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::lessons::Labels;
use super::level::Level;

/// What is said of one text at one level, labels by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Id of the scenario that leads by rules, and the label that it stands for.
    pub leads: Option<(String, String)>,
    /// The labels that the other scenarios which fired stand for.
    pub fires: Vec<String>,
    /// Departments by what they are for, with how much of that is in the text, 0 to 1.
    pub duties: Vec<(String, f32)>,
}

/// What is said of every text, level by level.
pub type Saying<'a> = &'a dyn Fn(Level) -> Said;

/// How often a rule led on cases, and how often what it stands for was right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Cases on which it led.
    pub led: u32,
    /// Of these, those that it was right about.
    pub right: u32,
}

impl Record {
    /// The logarithm of the odds that it is right, with one case for each side more than there are.
    pub(super) fn odds(self) -> f32 {
        ((self.right as f32 + 1.0) / ((self.led - self.right) as f32 + 1.0)).ln()
    }

    /// The record without one case.
    pub(super) fn without(self, right: bool) -> Record {
        Record { led: self.led.saturating_sub(1), right: self.right.saturating_sub(u32::from(right)) }
    }
}

/// The records of all rules at one level, by id of the scenario.
pub(super) type Records = BTreeMap<String, Record>;

/// What is said at one level, labels by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) leads: Option<u32>,
    pub(super) odds: f32,
    pub(super) fires: SmallVec<[u32; 4]>,
    pub(super) duties: SmallVec<[(u32, f32); 4]>,
}

impl Heard {
    /// With the record of the rule that leads.
    pub(super) fn new(said: &Said, labels: &Labels, record: impl Fn(&str, u32) -> Record) -> Heard {
        let leads = said.leads.as_ref().and_then(|(rule, label)| Some((rule, labels.number(label)?)));
        Heard {
            leads: leads.map(|(_, label)| label),
            odds: leads.map_or(0.0, |(rule, label)| record(rule, label).odds()),
            fires: said.fires.iter().filter_map(|label| labels.number(label)).collect(),
            duties: said.duties.iter().filter_map(|(label, part)| Some((labels.number(label)?, *part))).collect(),
        }
    }

    /// Every label that something is said for.
    pub(super) fn labels(&self) -> impl Iterator<Item = u32> + '_ {
        let duties = self.duties.iter().map(|(label, _)| *label);
        self.leads.into_iter().chain(self.fires.iter().copied()).chain(duties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        let known = ["供水/管网", "环保", "道路"].map(str::to_owned);
        Labels::new(Level::Category, &[], &known, &[], &|_, label| label.to_owned())
    }

    #[test]
    fn odds_are_of_one_more_on_each_side() {
        for (led, right, odds) in [(0, 0, 1.0_f32), (1, 1, 2.0), (1, 0, 0.5), (10, 9, 5.0), (8, 4, 1.0)] {
            let record = Record { led, right };
            assert!((record.odds() - odds.ln()).abs() < 1e-6, "{record:?}");
        }
    }

    #[test]
    fn a_record_without_a_case_is_that_of_the_others() {
        let record = Record { led: 3, right: 2 };
        assert_eq!(record.without(true), Record { led: 2, right: 1 });
        assert_eq!(record.without(false), Record { led: 2, right: 2 });
        assert_eq!(Record::default().without(true), Record::default());
        assert_eq!(Record::default().without(false), Record::default());
    }

    #[test]
    fn what_is_said_is_heard_by_number() {
        let said = Said {
            leads: Some(("water/leak".to_owned(), "供水/管网/漏水".to_owned())),
            fires: vec!["环保".to_owned(), "没有这个".to_owned()],
            duties: vec![("道路".to_owned(), 0.5), ("也没有".to_owned(), 1.0)],
        };
        let asked = |rule: &str, label: u32| {
            assert_eq!((rule, label), ("water/leak", 0));
            Record { led: 9, right: 9 }
        };
        let heard = Heard::new(&said, &labels(), asked);
        assert_eq!((heard.leads, heard.odds), (Some(0), 10.0_f32.ln()));
        assert_eq!((heard.fires.to_vec(), heard.duties.to_vec()), (vec![1], vec![(2, 0.5)]));
        assert_eq!(heard.labels().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_rule_that_stands_for_no_label_leads_nothing() {
        let said = Said { leads: Some(("x".to_owned(), "没有".to_owned())), ..Said::default() };
        let heard = Heard::new(&said, &labels(), |_, _| Record { led: 9, right: 9 });
        assert_eq!((heard.leads, heard.odds, heard.labels().count()), (None, 0.0, 0));
    }
}
