//! What to ask next (引导问询): questions that tell the scenarios apart that are still possible, and those that fill what
//! the matter lacks.
//!
//! In: a complaint, its decision and the answers so far. Out: the scenarios that are possible, each with a probability,
//! and questions in the order in which they are best asked. A question that tells scenarios apart is worth the entropy
//! that its answer is expected to take away (expected information gain, Lindley 1956); while one is worth asking it comes
//! before the slots of the scenario that leads. Nothing is kept here: answers are given again with every complaint.

mod ask;
mod gain;
mod hypotheses;
mod profiles;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::complaint::{Complaint, ComplaintError};
use super::decision::{Decision, Named};
use super::engine::{Engine, Options};
use super::given::Given;
use crate::knowledge::Query;
use crate::text::Text;

pub(super) use profiles::Profiles;

/// Answers that are read, at the most.
pub const MOST_ANSWERS: usize = 50;
/// An answer that is no choice: none of those that were put.
pub const NONE: &str = "none";
/// The caller cannot say: it is not asked again.
pub const UNKNOWN: &str = "unknown";

/// What was answered to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The question's id.
    #[schema(example = "scenario:water/pipe-leak|heating/no-heat")]
    pub question: String,
    /// The value of the choice that was taken, `none` (none of them), or `unknown` (cannot say). For a slot whatever was
    /// said; the words themselves belong in the text.
    #[schema(example = "water/pipe-leak")]
    pub answer: String,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Which of several scenarios it is.
    Scenario,
    /// Which category it belongs to.
    Category,
    /// What the scenario that leads needs.
    Slot,
}

/// A choice that answers a question with one click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// A question to put to the caller.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Ask {
    /// Names it in an [`Answer`].
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What to say.
    pub ask: String,
    /// Answers to choose from; where there are none it is answered in words. Of a slot they are words to add to the text.
    pub choices: Vec<Choice>,
    /// The slot that it fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The matter cannot be handled without it.
    pub required: bool,
    /// The entropy that its answer is expected to take away, in bits; 0 for a slot.
    pub gain: f64,
}

/// A scenario that is still possible.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Possible {
    /// The scenario.
    pub scenario: Named,
    /// Its category.
    pub category: String,
    /// Who would be responsible.
    pub department: Option<Named>,
    /// How probable it is after all that was said and answered, 0 to 1; what is left is that it is none of these.
    pub probability: f64,
}

/// A decision, with what is still open about it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Intake {
    /// The decision; where answers point to another scenario than the words alone, that one leads.
    pub decision: Decision,
    /// The scenarios that are still possible, most probable first.
    pub possible: Vec<Possible>,
    /// What to ask, best first.
    pub questions: Vec<Ask>,
}

impl Engine {
    /// Decides a complaint and says what to ask next, in the light of what was answered so far. Answers to questions that
    /// nobody knows any more (the bundle changed meanwhile) say nothing.
    ///
    /// # Errors
    /// As for [`decide`](Self::decide).
    pub fn intake(
        &self,
        complaint: &Complaint,
        answers: &[Answer],
        options: Options,
    ) -> Result<Intake, ComplaintError> {
        self.intake_given(complaint, answers, options, &Given::default())
    }

    /// The same, where something is known beforehand.
    ///
    /// # Errors
    /// As for [`decide`](Self::decide).
    pub fn intake_given(
        &self,
        complaint: &Complaint,
        answers: &[Answer],
        options: Options,
        given: &Given<'_>,
    ) -> Result<Intake, ComplaintError> {
        complaint.check()?;
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        let decide = |answered| {
            let given = Given { found: given.found.clone(), known: given.known, answered, ..*given };
            self.appraise_given(complaint, &text, options, given).map(|(decision, _)| decision)
        };
        let answers = &answers[..answers.len().min(MOST_ANSWERS)];
        let mut decision = decide(None)?;
        let query = Query::from_text(&text, &self.segmenter);
        let similar = self.profiles().similar(query.words());
        let hypotheses = hypotheses::weigh(&decision, &similar, answers, &self.rules);
        // What was answered outranks what the words alone say, but for a danger to life.
        let leader = hypotheses.first().map(|first| (first.scenario, first.probability));
        let own = decision.scenario.as_ref().and_then(|own| self.rules.position(&own.id));
        let other = leader.is_some_and(|(scenario, _)| Some(scenario) != own);
        if other && !decision.emergency && hypotheses::say_something(answers) {
            decision = decide(leader)?;
        }
        let possible = hypotheses.iter().map(|one| self.possible(one, complaint, &text)).collect();
        let mut questions = ask::telling_apart(&hypotheses, answers, &self.rules);
        questions.extend(ask::slots(&decision, answers));
        Ok(Intake { decision, possible, questions })
    }

    fn possible(&self, hypothesis: &hypotheses::Hypothesis, complaint: &Complaint, text: &Text) -> Possible {
        let scenario = &self.rules.scenarios()[hypothesis.scenario];
        Possible {
            scenario: Named { id: scenario.id.clone(), name: scenario.title.clone() },
            category: scenario.category.clone(),
            department: self.responsible_for(scenario, complaint, text),
            probability: super::answer::rounded(hypothesis.probability),
        }
    }
}
