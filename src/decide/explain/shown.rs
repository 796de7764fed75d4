//! A traced condition as it is handed out: clauses with the citizen's own words and the lines that asked for them.

use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use super::words;
use crate::decide::answer::rounded;
use crate::rules::{Clause, Form, Group, Part, Reason, Scope, Trace};
use crate::source::Message;
use crate::text::{Span, Text};

/// Hits shown of one clause, at the most.
const MOST_HITS: usize = 10;
/// Windows shown of one group, at the most.
const MOST_WINDOWS: usize = 3;

/// What a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClauseForm {
    /// A run of characters.
    Term,
    /// A list of terms.
    List,
    /// A regular expression.
    Regex,
    /// A fact of a kind.
    Fact,
    /// Members that must be found together.
    Group,
    /// Members that must be close together.
    Near,
    /// A condition that scenarios share.
    Condition,
}

/// One clause of a condition, and what the text has of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClauseItem {
    /// Where in the scenario, such as `when.any[1]`.
    pub clause: String,
    /// The file it is written in, relative to the bundle.
    pub file: String,
    /// The line in that file.
    pub line: usize,
    /// What it is.
    pub form: ClauseForm,
    /// What it looks for: the term, `$list`, `/regex/`, the kind of fact; empty for a group and a `near`.
    pub wants: String,
    /// What a group, a `near` or a fact asks for, in Chinese (`zh`) and English (`en`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub in_words: Option<Message>,
    /// Whether it holds where it was looked for.
    pub held: bool,
    /// How much of it is there, 0 to 1.
    pub share: f64,
    /// Its hits where it was looked for, ten at the most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<HitItem>,
    /// Its words that stand there and do not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<PassedOverItem>,
    /// Its hits elsewhere in the text, where it has none there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<HitItem>,
    /// Of a group: `clause`, `sentence`, `title` or `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Of a group: how many of `any` must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
    /// Of a `near`: characters that may stand between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
    /// Of a group: the windows in which it holds, or else those in which most of it is there, three at the most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowItem>,
    /// Members of a `near`; what a shared condition stands for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub members: Vec<ClauseItem>,
}

/// A group in one window.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WindowItem {
    /// Where it begins and ends; a window of all the text has that of the body.
    pub span: Span,
    /// Whether the group holds there.
    pub held: bool,
    /// Of these as many as the group's `minimum` must hold.
    #[schema(no_recursion)]
    pub any: Vec<ClauseItem>,
    /// All of these must.
    #[schema(no_recursion)]
    pub all: Vec<ClauseItem>,
    /// None of these may.
    #[schema(no_recursion)]
    pub none: Vec<ClauseItem>,
}

/// Words of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HitItem {
    /// Where.
    pub span: Span,
    /// The citizen's own characters there.
    pub text: String,
}

/// Words of the text that do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassedOverItem {
    /// Where.
    pub span: Span,
    /// The citizen's own characters there.
    pub text: String,
    /// Why not: `denied`, or `part_of_word`.
    pub why: String,
}

/// A traced clause as it is shown.
pub(super) fn clause(trace: &Trace<'_>, text: &Text) -> ClauseItem {
    let (form, wants) = form(trace.clause, &trace.part);
    let mut item = ClauseItem {
        clause: trace.path.clone(),
        file: trace.source.path.clone(),
        line: trace.line(),
        form,
        wants,
        in_words: None,
        held: trace.held,
        share: rounded(trace.share),
        hits: Vec::new(),
        passed_over: Vec::new(),
        elsewhere: Vec::new(),
        scope: None,
        minimum: None,
        within: None,
        windows: Vec::new(),
        members: Vec::new(),
    };
    let each = |traces: &[Trace<'_>]| traces.iter().map(|trace| clause(trace, text)).collect::<Vec<_>>();
    match &trace.part {
        Part::Leaf { hits, passed_over, elsewhere, .. } => {
            item.hits = hit_items(hits, text);
            item.elsewhere = hit_items(elsewhere, text);
            let shown = passed_over.iter().take(MOST_HITS).map(|found| {
                let HitItem { span, text } = hit_item(&found.range, text);
                PassedOverItem { span, text, why: reason(found.reason).to_owned() }
            });
            item.passed_over = shown.collect();
        }
        Part::Near { members, hits } => {
            let hits: Vec<Range<u32>> = hits.iter().map(|(range, _)| range.clone()).collect();
            item.hits = hit_items(&hits, text);
            item.members = each(members);
        }
        Part::Shared { condition, .. } => item.members = vec![clause(condition, text)],
        Part::Group { minimum, windows } => {
            item.minimum = (*minimum > 0).then_some(*minimum);
            let shown = windows.iter().take(MOST_WINDOWS).map(|window| WindowItem {
                span: span(&window.range, text),
                held: window.held,
                any: each(&window.some),
                all: each(&window.every),
                none: each(&window.none),
            });
            item.windows = shown.collect();
        }
    }
    match &trace.clause.form {
        Form::Group(Group { scope, .. }) => item.scope = Some(scope_name(*scope).to_owned()),
        Form::Near { within, .. } => item.within = Some(*within),
        _ => {}
    }
    item.in_words = words::clause(item.form, &item.wants, item.scope.as_deref(), item.minimum, item.within);
    item
}

/// All hits of all parts, those that forbid aside: what is there of a condition.
pub(super) fn hits(trace: &Trace<'_>) -> Vec<Range<u32>> {
    let below = |traces: &[Trace<'_>]| traces.iter().flat_map(hits).collect::<Vec<_>>();
    match &trace.part {
        Part::Leaf { hits, .. } => hits.clone(),
        Part::Near { members, .. } => below(members),
        Part::Shared { condition, .. } => hits(condition),
        Part::Group { windows, .. } => {
            windows.iter().flat_map(|w| [below(&w.some), below(&w.every)].concat()).collect()
        }
    }
}

fn form(clause: &Clause, part: &Part<'_>) -> (ClauseForm, String) {
    match (&clause.form, part) {
        (Form::Reference { name, .. }, Part::Shared { .. }) => (ClauseForm::Condition, format!("${name}")),
        (Form::Reference { name, .. }, _) => (ClauseForm::List, format!("${name}")),
        (Form::Term { text, .. }, _) => (ClauseForm::Term, text.clone()),
        (Form::Regex(pattern), _) => (ClauseForm::Regex, format!("/{pattern}/")),
        (Form::Fact(kind), _) => (ClauseForm::Fact, kind.as_str().to_owned()),
        (Form::Group(_), _) => (ClauseForm::Group, String::new()),
        (Form::Near { .. }, _) => (ClauseForm::Near, String::new()),
    }
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Clause => "clause",
        Scope::Sentence => "sentence",
        Scope::Title => "title",
        Scope::Text => "text",
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Denied => "denied",
        Reason::PartOfWord => "part_of_word",
    }
}

/// A window in the original. One that reaches from the title into the body is shown by the body.
fn span(range: &Range<u32>, text: &Text) -> Span {
    let body = text.body();
    let start = if range.start < body.start && range.end > body.start { body.start } else { range.start };
    text.original(start..range.end)
}

fn hit_items(ranges: &[Range<u32>], text: &Text) -> Vec<HitItem> {
    ranges.iter().take(MOST_HITS).map(|range| hit_item(range, text)).collect()
}

fn hit_item(range: &Range<u32>, text: &Text) -> HitItem {
    let span = text.original(range.clone());
    HitItem { span, text: text.original_str(span).to_owned() }
}
