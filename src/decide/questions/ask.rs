//! The questions that can be put, and which are worth it.

use std::collections::BTreeSet;

use super::gain::expected;
use super::hypotheses::Hypothesis;
use super::{Answer, Ask, Choice, NONE, Purpose};
use crate::decide::answer::rounded;
use crate::decide::decision::Decision;
use crate::rules::{Compiled, Scenario};

/// Choices of one question, at the most: more cannot be read out.
const MOST_CHOICES: usize = 4;
/// Bits that a question must be expected to bring, to be asked before the slots of what leads.
const WORTH: f64 = 0.3;
/// Bits that it must bring for each choice that is read out: of two that tell the same, the shorter is asked.
const PER_CHOICE: f64 = 0.05;
/// Levels of categories that are asked about.
const LEVELS: usize = 2;
/// Characters of a choice that stands in an editor's question, at the most.
const LONGEST_CHOICE: usize = 12;

/// A question that tells scenarios apart, as its id says it: `scenario:ID|ID`, `category:LEVEL:PATH|PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// Which of these scenarios it is.
    Scenario(Vec<String>),
    /// Which of these categories it belongs to; paths of one level, from 1.
    Category(usize, Vec<String>),
}

impl Put {
    /// The question of an id; none for a slot's, and for what nobody asks.
    pub(super) fn read(id: &str) -> Option<Put> {
        let (kind, rest) = id.split_once(':')?;
        let list = |values: &str| values.split('|').take(MOST_CHOICES).map(str::to_owned).collect();
        match kind {
            "scenario" => Some(Put::Scenario(list(rest))),
            "category" => {
                let (level, paths) = rest.split_once(':')?;
                let level = level.parse().ok().filter(|level| (1..=LEVELS).contains(level))?;
                Some(Put::Category(level, list(paths)))
            }
            _ => None,
        }
    }

    fn id(&self) -> String {
        match self {
            Put::Scenario(ids) => format!("scenario:{}", ids.join("|")),
            Put::Category(level, paths) => format!("category:{level}:{}", paths.join("|")),
        }
    }

    fn values(&self) -> &[String] {
        let (Put::Scenario(values) | Put::Category(_, values)) = self;
        values
    }

    /// The choice that goes with a scenario; none where it is none of them.
    pub(super) fn answer_of(&self, scenario: &Scenario) -> Option<String> {
        let own = match self {
            Put::Scenario(_) => scenario.id.as_str(),
            Put::Category(level, _) => path(&scenario.category, *level),
        };
        self.values().iter().find(|value| *value == own).cloned()
    }

    /// Whether an answer is one of its choices, and the bundle knows it.
    pub(super) fn offers(&self, answer: &str, rules: &Compiled) -> bool {
        let known = matches!(self, Put::Category(..)) || rules.position(answer).is_some();
        known && self.values().iter().any(|value| value == answer)
    }

    fn ask(&self, rules: &Compiled, gain: f64) -> Ask {
        let title =
            |id: &str| rules.position(id).map_or(id, |number| rules.scenarios()[number].title.as_str()).to_owned();
        let label = |value: &String| match self {
            Put::Scenario(_) => title(value),
            Put::Category(..) => value.rsplit('/').next().unwrap_or_default().to_owned(),
        };
        let choices = self.values().iter().map(|value| Choice { value: value.clone(), label: label(value) });
        let mut choices: Vec<Choice> = choices.collect();
        let (purpose, ask) = match (self, choices.as_slice()) {
            (Put::Scenario(_), [only]) => (Purpose::Scenario, format!("请问反映的是不是“{}”？", only.label)),
            (Put::Scenario(_), _) => (Purpose::Scenario, "请问反映的是下面哪一种情况？".to_owned()),
            (Put::Category(..), _) => {
                let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
                (Purpose::Category, format!("请问是{}方面的事吗？", labels.join("、还是")))
            }
        };
        let none = if choices.len() == 1 { "不是" } else { "都不是" };
        if let [only] = choices.as_mut_slice()
            && purpose == Purpose::Scenario
        {
            "是".clone_into(&mut only.label);
        }
        choices.push(Choice { value: NONE.to_owned(), label: none.to_owned() });
        Ask { id: self.id(), purpose, ask, choices, slot: None, required: false, gain: rounded(gain) }
    }
}

/// The beginning of a category's path, so many parts of it.
fn path(category: &str, level: usize) -> &str {
    category.match_indices('/').nth(level - 1).map_or(category, |(end, _)| &category[..end])
}

/// The question that tells the scenarios best apart, if one is worth asking. What was put before is not put again,
/// whatever was answered.
pub(super) fn telling_apart(hypotheses: &[Hypothesis], answers: &[Answer], rules: &Compiled) -> Vec<Ask> {
    let put: Vec<Put> = answers.iter().filter_map(|answer| Put::read(&answer.question)).collect();
    let asked: BTreeSet<&str> = put.iter().flat_map(Put::values).map(String::as_str).collect();
    let levels: BTreeSet<usize> =
        put.iter().filter_map(|own| if let Put::Category(level, _) = own { Some(*level) } else { None }).collect();
    let scenario = |own: &Hypothesis| &rules.scenarios()[own.scenario];
    let new: Vec<String> =
        hypotheses.iter().map(|own| scenario(own).id.clone()).filter(|id| !asked.contains(id.as_str())).collect();
    let by_scenario = (1..=MOST_CHOICES.min(new.len())).map(|count| Put::Scenario(new[..count].to_vec()));
    let by_category = (1..=LEVELS).filter(|level| !levels.contains(level)).filter_map(|level| {
        let mut paths: Vec<String> = Vec::new();
        for own in hypotheses {
            let own = path(&scenario(own).category, level).to_owned();
            if !paths.contains(&own) && paths.len() < MOST_CHOICES {
                paths.push(own);
            }
        }
        (paths.len() > 1).then_some(Put::Category(level, paths))
    });
    let worth = |put: &Put| {
        let values = put.values();
        let answer_of = |own: &Hypothesis| {
            let answer = put.answer_of(scenario(own));
            answer.and_then(|answer| values.iter().position(|value| *value == answer)).unwrap_or(values.len())
        };
        expected(hypotheses, values.len() + 1, answer_of)
    };
    let all = by_scenario.chain(by_category).map(|put| (worth(&put), put));
    let best = all
        .map(|(gain, put)| (gain - PER_CHOICE * put.values().len() as f64, gain, put))
        .filter(|(_, gain, _)| *gain >= WORTH)
        // The first of equals: scenarios before categories, fewer choices before more.
        .reduce(|best, own| if own.0 > best.0 { own } else { best });
    best.map(|(_, gain, put)| put.ask(rules, gain)).into_iter().collect()
}

/// The questions of the leading scenario's empty slots that were not asked yet: those that are required first.
pub(super) fn slots(decision: &Decision, answers: &[Answer]) -> Vec<Ask> {
    let open = decision.questions.iter().map(|question| (format!("slot:{}", question.slot), question));
    open.filter(|(id, _)| answers.iter().all(|answer| answer.question != *id))
        .map(|(id, question)| Ask {
            id,
            purpose: Purpose::Slot,
            ask: question.ask.clone(),
            choices: choices_in(&question.ask).map(|label| Choice { value: label.clone(), label }).collect(),
            slot: Some(question.slot.clone()),
            required: question.required,
            gain: 0.0,
        })
        .collect()
}

/// The answers that an editor's question names itself: 是快要掉落、太亮扰民，还是没审批？ has three. None where it asks for
/// something else.
fn choices_in(ask: &str) -> impl Iterator<Item = String> + use<> {
    let sentence = ask.split(['？', '?']).next().unwrap_or_default();
    let found = sentence.find("还是").and_then(|or| {
        let begin = sentence[..or].rfind('是').map(|at| at + '是'.len_utf8())?;
        let named = sentence.get(begin..)?;
        let parts: Vec<String> = named
            .split(['、', '，', ','])
            .flat_map(|part| part.split("还是"))
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect();
        let short = parts.iter().all(|part| part.chars().count() <= LONGEST_CHOICE);
        // What follows the last choice belongs to the question: …还是卫生问题？ is one, …什么时候的事？ is none.
        let after = sentence[or..].contains(['，', ',']);
        (short && !after && (2..=6).contains(&parts.len())).then_some(parts)
    });
    found.unwrap_or_default().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_that_stand_in_a_question() {
        for (ask, expect) in [
            ("是快要掉落、太亮扰民，还是没审批？", &["快要掉落", "太亮扰民", "没审批"][..]),
            ("请问参加的是职工养老保险还是城乡居民养老保险？", &["职工养老保险", "城乡居民养老保险"]),
            ("您要反映的是土地、分红还是村务公开，什么时候的事？", &[]),
            ("请问漏水的具体位置在哪里？", &[]),
            ("还是？", &[]),
            ("", &[]),
        ] {
            assert_eq!(choices_in(ask).collect::<Vec<_>>(), expect, "{ask}");
        }
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        for put in [
            Put::Scenario(vec!["water/pipe-leak".to_owned(), "heating/no-heat".to_owned()]),
            Put::Category(2, vec!["城乡建设/供水".to_owned(), "城乡建设/供热".to_owned()]),
        ] {
            assert_eq!(Put::read(&put.id()), Some(put));
        }
        for strange in ["", "slot:location", "category:9:x", "category:x", "scenario", "category:0:x"] {
            assert_eq!(Put::read(strange), None, "{strange}");
        }
    }
}
