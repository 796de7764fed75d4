//! The way of a complaint through the engine, step by step: what is read, what is looked at, what cases taught.

use serde::Serialize;
use utoipa::ToSchema;

use super::Explanation;
use super::flip::named;
use crate::decide::answer::rounded;
use crate::decide::complaint::{Complaint, ComplaintError};
use crate::decide::decision::{Decision, Named};
use crate::decide::engine::{Engine, Options};
use crate::decide::given::Given;
use crate::decide::learned::{Judgement, Level};
use crate::text::Text;

/// Words shown, at the most.
const MOST_WORDS: usize = 2_000;
/// Scenarios that were looked at and are named, at the most.
const MOST_CANDIDATES: usize = 40;
/// Opinions shown on one level, at the most.
const MOST_OPINIONS: usize = 5;

/// What the engine did with a text before it ranked anything.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Way {
    /// The text as everything is compared with it: full width folded, simplified, lower case, without invisible
    /// characters. A title stands before it, on a line of its own.
    pub normalised: String,
    /// How many sentences it has.
    pub sentences: usize,
    /// How many clauses.
    pub clauses: usize,
    /// Its words, in order; for ranking and search alone, conditions look at characters.
    pub words: Vec<String>,
    /// How often a term of any scenario stands in it.
    pub hits: usize,
    /// How many scenarios had enough of their words in it to be looked at.
    pub looked_at: usize,
    /// The first of these.
    pub candidates: Vec<Named>,
    /// What past cases taught about it; none where too few are labelled, or where only rules were asked.
    pub learned: Vec<LevelOpinions>,
}

/// What past cases taught, on one level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LevelOpinions {
    /// `scenario`, `category`, `department` or `unit`.
    pub level: String,
    /// The most probable labels.
    pub opinions: Vec<LabelOpinion>,
}

/// How probable a label is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LabelOpinion {
    /// The label, as cases have it.
    pub label: String,
    /// What it is called, where the bundle knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The calibrated probability that it is right.
    pub confidence: f64,
}

impl Engine {
    /// A decision with the whole way to it: what [`decide`](Engine::decide) and [`explain`](Engine::explain) give, and
    /// the steps before. Fails as they do.
    pub fn whole_way(
        &self,
        complaint: &Complaint,
        options: Options,
        why_not: Option<usize>,
    ) -> Result<(Decision, Way, Explanation), ComplaintError> {
        complaint.check()?;
        let text = Text::new(complaint.title.as_deref(), &complaint.text);
        let (decision, judgements) = self.appraise_given(complaint, &text, options, Given::default())?;
        let explanation = self.explain(complaint, options, why_not)?;
        let looked_at = self.rules().candidates(&text);
        let words = text.words(self.segmenter()).iter().take(MOST_WORDS);
        let way = Way {
            normalised: text.normalised().to_owned(),
            sentences: text.sentences().len(),
            clauses: text.clauses().len(),
            words: words.map(|word| text.slice(word.clone()).trim().to_owned()).filter(|w| !w.is_empty()).collect(),
            hits: self.rules().hits(&text),
            looked_at: looked_at.len(),
            candidates: looked_at.iter().take(MOST_CANDIDATES).map(|scenario| named(self, *scenario)).collect(),
            learned: judgements.iter().map(|judgement| self.opinions(judgement)).collect(),
        };
        Ok((decision, way, explanation))
    }

    fn opinions(&self, judgement: &Judgement<'_>) -> LevelOpinions {
        let name = |label: &str| match judgement.level {
            Level::Scenario => self.rules().position(label).map(|at| self.rules().scenarios()[at].title.clone()),
            Level::Category => None,
            Level::Department | Level::Unit => self.catalog().department_named(label).map(|known| known.name.clone()),
        };
        let shown = judgement.opinions.iter().take(MOST_OPINIONS);
        let shown = shown.map(|opinion| LabelOpinion {
            label: opinion.label.to_owned(),
            name: name(opinion.label),
            confidence: rounded(opinion.confidence),
        });
        LevelOpinions { level: judgement.level.as_str().to_owned(), opinions: shown.collect() }
    }
}
