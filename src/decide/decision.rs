//! What comes out. The names of the fields are those of the API.

use serde::Serialize;
use utoipa::ToSchema;

use super::explain::Explanation;
use crate::rules::Kind;
use crate::text::Span;

/// How sure the decision is, and so what may be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// May be dispatched with nobody looking.
    Auto,
    /// For a person to confirm.
    Suggest,
    /// Nothing speaks for anything: a person decides.
    Unknown,
}

/// What the decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A scenario whose condition holds.
    Rule,
    /// Past cases that are near.
    Learned,
    /// What the caller answered when asked.
    Answers,
}

/// A complaint's decision, with everything that explains it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Decision {
    /// Given where the decision is handed out; empty inside the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When the complaint came in (RFC 3339).
    pub at: String,
    /// The revision of the bundle that decided.
    pub revision: String,
    /// The engine's version; added where the decision is handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How sure it is.
    pub outcome: Outcome,
    /// What it rests on; null when it rests on nothing.
    pub source: Option<Source>,
    /// Danger to life or property: leads whatever else the text says.
    pub emergency: bool,
    /// What the caller wants.
    #[schema(value_type = String, example = "投诉")]
    pub kind: Kind,
    /// The scenario that leads.
    pub scenario: Option<ScenarioReference>,
    /// Its category, or the one that near cases have.
    pub category: Option<CategoryReference>,
    /// The department responsible (lead).
    pub department: Option<DepartmentReference>,
    /// The department's unit for the district.
    pub unit: Option<Named>,
    /// Departments that take part.
    pub joint: Vec<Named>,
    /// The district it is about.
    pub district: Option<Named>,
    /// When it must be answered.
    pub deadline: Option<Deadline>,
    /// What automatic dispatch would need.
    pub bar: Bar,
    /// The separate matters of the complaint, the leading one first.
    pub matters: Vec<Matter>,
    /// The reply, ready to read out.
    pub reply: Option<Reply>,
    /// What to ask, in this order.
    pub questions: Vec<Question>,
    /// What the agent or the unit does.
    pub steps: Vec<String>,
    /// What is going on at the place now.
    pub notices: Vec<NoticeReference>,
    /// What could be read out of the text.
    pub facts: Vec<FactItem>,
    /// Why the scenario leads.
    pub evidence: Vec<EvidenceItem>,
    /// The words that speak for the department (or the category) by what cases taught, strongest first.
    pub words: Vec<WordItem>,
    /// How often the rule that leads was right on past cases; null where none tell.
    pub record: Option<RuleRecord>,
    /// What else fired, best first.
    pub runners_up: Vec<RunnerUp>,
    /// Policy answers.
    pub articles: Vec<ArticleReference>,
    /// Past cases that are near.
    pub cases: Vec<CaseReference>,
    /// Why, clause by clause, and what would change it; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Box<Explanation>>,
    /// How long it took, in µs; added where the decision is handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_us: Option<u64>,
}

/// An id with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A scenario.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScenarioReference {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// The probability that it is right, calibrated on past cases, where they are labelled with scenarios; elsewhere the
    /// share of what speaks for any scenario that speaks for this one. 0 to 1.
    pub confidence: f64,
}

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryReference {
    /// Path such as `城乡建设/供水`.
    pub path: String,
    /// As for the scenario.
    pub confidence: f64,
}

/// The department responsible.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DepartmentReference {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Why it: the item of the dispatch list, or the cases.
    pub basis: String,
    /// How disputed ownership was settled, where the list says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// As for the scenario.
    pub confidence: f64,
}

/// When a matter must be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deadline {
    /// The term, such as 24小时.
    pub term: String,
    /// The last moment (RFC 3339).
    pub due: String,
    /// The last moment in words, as the reply says it.
    pub text: String,
    /// Where the term comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The calendar of working days ends before it: days after were counted as plain weekdays.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub beyond_calendar: bool,
}

/// What automatic dispatch asks for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Bar {
    /// The accuracy that automatic dispatch must reach.
    pub target: f64,
    /// The confidence from which past cases reach it; null while no real cases have earned one.
    pub threshold: Option<f64>,
    /// Whether this decision may go out by itself.
    pub met: bool,
}

/// One of several matters in a complaint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Matter {
    /// Its scenario.
    pub scenario: ScenarioReference,
    /// Who is responsible for it.
    pub department: Option<DepartmentReference>,
    /// Where it is in the text.
    pub spans: Vec<Span>,
}

/// The reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reply {
    /// Ready to read out.
    pub text: String,
    /// Slots that are still empty.
    pub missing: Vec<String>,
}

/// A question that fills a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Question {
    /// The slot.
    pub slot: String,
    /// What to ask.
    pub ask: String,
    /// Whether the matter cannot be handled without the answer.
    pub required: bool,
}

/// A notice that covers the place or matter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoticeReference {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// First minute.
    pub from: String,
    /// The minute it is over.
    pub until: String,
    /// Read out as it stands.
    pub text: String,
}

/// A fact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FactItem {
    /// Its kind, such as `phone`.
    #[schema(value_type = String, example = "amount")]
    pub kind: crate::text::FactKind,
    /// Its value in one form, such as `3500`.
    pub value: String,
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A word of the complaint, and what it counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordItem {
    /// Where in the text it stands first.
    pub span: Span,
    /// The citizen's own characters there.
    pub text: String,
    /// What it adds to the score of the label; comparable within one decision.
    pub weight: f64,
}

/// How a rule did on past cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleRecord {
    /// What was compared: `department`, `category` or `scenario`.
    pub level: String,
    /// Cases on which it led.
    pub cases: u32,
    /// Of these, those where what it stands for was right.
    pub right: u32,
}

/// One reason why a scenario fired.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvidenceItem {
    /// Where in the text.
    pub span: Span,
    /// The citizen's own words there.
    pub text: String,
    /// What the condition looks for: a term, `$list`, `/regex/` or a kind of fact.
    pub term: String,
    /// Which part of the condition, such as `when.any[1][0]`.
    pub clause: String,
    /// The file it is written in, relative to the bundle.
    pub file: String,
    /// The line in the file.
    pub line: usize,
    /// The segmenter sees another word there: counts less.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub contradicted: bool,
    /// The words only sound like the term: it was misheard or mistyped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fuzzy: bool,
    /// A hint: raises the rank, does not fire.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hint: bool,
}

/// A scenario that fired and did not lead.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RunnerUp {
    /// The scenario.
    pub scenario: ScenarioReference,
    /// Who would be responsible.
    pub department: Option<Named>,
    /// What it rests on.
    pub source: Source,
    /// Why the leader comes before it.
    pub behind: String,
    /// Why it fired.
    pub evidence: Vec<EvidenceItem>,
}

/// A policy answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArticleReference {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Law or document with article number.
    pub basis: Vec<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    /// Until when, where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The answer.
    pub text: String,
    /// The passage that is nearest to the complaint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<PassageItem>,
    /// The scenario names it.
    pub named: bool,
    /// How much of the complaint's informative words it has, 0 to 1.
    pub similarity: f64,
}

/// A past case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CaseReference {
    /// Id.
    pub id: String,
    /// Its scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Who handled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// What was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The day it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_on: Option<String>,
    /// `real` or `example`.
    pub origin: String,
    /// The passage that is nearest to the complaint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<PassageItem>,
    /// As for an article.
    pub similarity: f64,
}

/// A passage with what to highlight.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PassageItem {
    /// Some sixty characters.
    pub text: String,
    /// What to highlight: first character and past the last, in characters of the passage.
    #[schema(value_type = Vec<Vec<u32>>)]
    pub marks: Vec<(u32, u32)>,
}
