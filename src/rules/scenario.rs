//! A scenario as an editor writes it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::{self, Clause};
use crate::say;
use crate::source::{Code, Diagnostic, Document, Entry, Node, SourceText, Step, Unread, Value, is_id, schema_of};
use crate::text::FactKind;

/// What a caller wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// Consultation: wants to know.
    #[serde(rename = "咨询")]
    Consultation,
    /// Wants help with something that nobody need be blamed for.
    #[serde(rename = "求助")]
    Help,
    /// Complaint: the caller's own dispute, to be settled.
    #[serde(rename = "投诉")]
    Complaint,
    /// Report of wrongdoing, to be verified.
    #[serde(rename = "举报")]
    Report,
    /// Suggestion.
    #[serde(rename = "建议")]
    Suggestion,
    /// Praise.
    #[serde(rename = "表扬")]
    Praise,
    /// None of these.
    #[default]
    #[serde(rename = "其他")]
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 7] =
        [Kind::Consultation, Kind::Help, Kind::Complaint, Kind::Report, Kind::Suggestion, Kind::Praise, Kind::Other];

    /// The Chinese name, as in files and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Consultation => "咨询",
            Kind::Help => "求助",
            Kind::Complaint => "投诉",
            Kind::Report => "举报",
            Kind::Suggestion => "建议",
            Kind::Praise => "表扬",
            Kind::Other => "其他",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who comes first when several scenarios fire. The order of the variants is the order of precedence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Danger to life or property: leads whatever else the text says.
    Emergency,
    /// Before ordinary matters.
    Urgent,
    /// An ordinary matter.
    #[default]
    Normal,
    /// Leads only where nothing else fires.
    Low,
}

/// A fact that the reply or the department needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Its name in the template.
    pub name: String,
    /// The kind of fact that fills it; without one only a person can.
    pub fact: Option<FactKind>,
    /// The question that fills it.
    pub ask: String,
    /// Whether the matter cannot be handled without it.
    pub required: bool,
    /// What the reply says when it is empty.
    pub otherwise: String,
}

/// Sentences that must and must not fire a scenario.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Examples {
    /// Fire it, and it leads by rules alone.
    #[serde(rename = "match")]
    pub matching: Vec<String>,
    /// Do not fire it.
    pub no_match: Vec<String>,
}

/// Where parts of a scenario stand in its file (bytes), for findings that only show when it is held against others.
#[derive(Clone, Debug)]
pub struct Places {
    /// The value of `id`.
    pub id: Range<usize>,
    /// The value of `category`.
    pub category: Range<usize>,
    /// Each of `articles`.
    pub articles: Vec<Range<usize>>,
    /// Each example that matches.
    pub matching: Vec<Range<usize>>,
    /// Each that does not.
    pub no_match: Vec<Range<usize>>,
}

impl Places {
    fn of(document: &Document) -> Places {
        let each = |way: &[Step<'_>]| match document.node(way).map(|node| &node.value) {
            Some(Value::List(items)) => items.iter().map(|item| item.range.clone()).collect(),
            _ => Vec::new(),
        };
        Places {
            id: document.range(&[Step::Key("id")]),
            category: document.range(&[Step::Key("category")]),
            articles: each(&[Step::Key("articles")]),
            matching: each(&[Step::Key("examples"), Step::Key("match")]),
            no_match: each(&[Step::Key("examples"), Step::Key("no_match")]),
        }
    }
}

/// One kind of matter: when it applies and how it is answered. Who handles it is the catalog's business.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file it was read from.
    pub source: Arc<SourceText>,
    /// Where its parts stand in it.
    pub places: Places,
    /// `<domain>/<name>`.
    pub id: String,
    /// Shown to agents.
    pub title: String,
    /// Path such as `城乡建设/供水`.
    pub category: String,
    /// What its callers usually want.
    pub kind: Option<Kind>,
    /// Precedence.
    pub priority: Priority,
    /// When it fires, nothing learned may outvote it.
    pub exclusive: bool,
    /// An editor vouches for dispatch without a learned bar.
    pub auto: bool,
    /// When it applies.
    pub when: Clause,
    /// Terms and lists that raise its rank when it fires.
    pub hints: Vec<Clause>,
    /// The deadline as written (`24 hours`), read by the catalog.
    pub deadline: Option<String>,
    /// Where the deadline comes from.
    pub deadline_basis: Option<String>,
    /// In the order written.
    pub slots: Vec<Slot>,
    /// What the agent or unit does, in order.
    pub steps: Vec<String>,
    /// The template of the reply.
    pub reply: String,
    /// Articles that answer it, best first.
    pub articles: Vec<String>,
    /// Its examples.
    pub examples: Examples,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScenarioFile {
    id: String,
    title: String,
    category: String,
    kind: Option<Kind>,
    #[serde(default)]
    priority: Priority,
    #[serde(default)]
    exclusive: bool,
    #[serde(default)]
    auto: bool,
    #[allow(dead_code)]
    when: Unread,
    #[serde(default)]
    #[allow(dead_code)]
    hints: Vec<String>,
    deadline: Option<String>,
    deadline_basis: Option<String>,
    #[serde(default)]
    slots: BTreeMap<String, SlotFile>,
    #[serde(default)]
    steps: Vec<String>,
    reply: String,
    #[serde(default)]
    articles: Vec<String>,
    #[serde(default)]
    examples: Examples,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SlotFile {
    #[schemars(with = "Option<String>")]
    fact: Option<String>,
    ask: String,
    #[serde(default)]
    required: bool,
    #[serde(default, rename = "else")]
    otherwise: String,
}

impl Scenario {
    /// The keys of its file, in the order in which they are written.
    pub const KEYS: &[&str] = &[
        "id",
        "title",
        "category",
        "kind",
        "priority",
        "exclusive",
        "auto",
        "when",
        "hints",
        "deadline",
        "deadline_basis",
        "slots",
        "steps",
        "reply",
        "articles",
        "examples",
    ];

    /// The JSON Schema of its file, without what `when` may hold.
    pub fn schema() -> serde_json::Value {
        schema_of::<ScenarioFile>()
    }

    /// Reads a scenario's file. `None`, with diagnostics, when it cannot be used.
    pub fn read(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<Scenario> {
        let before = diagnostics.len();
        let file: Option<ScenarioFile> = document.read(diagnostics);
        // The condition is read even where the rest is wrong, so that all mistakes show at once.
        let when = document.root().get("when").and_then(|node| condition::read_when(document, node, diagnostics));
        let hints = read_hints(document, diagnostics);
        let file = file?;
        let slots = read_slots(document, &file.slots, diagnostics);
        check_id(document, &file.id, diagnostics);
        if diagnostics.len() > before {
            return None;
        }
        let ScenarioFile { id, title, category, kind, priority, exclusive, auto, deadline, deadline_basis, .. } = file;
        let ScenarioFile { steps, reply, articles, examples, .. } = file;
        Some(Scenario {
            source: Arc::clone(document.source()),
            places: Places::of(document),
            id,
            title,
            category,
            kind,
            priority,
            exclusive,
            auto,
            when: when?,
            hints,
            deadline,
            deadline_basis,
            slots,
            steps,
            reply,
            articles,
            examples,
        })
    }

    /// The top level of its category.
    pub fn top_category(&self) -> &str {
        self.category.split('/').next().unwrap_or_default()
    }
}

fn check_id(document: &Document, id: &str, diagnostics: &mut Vec<Diagnostic>) {
    if !is_id(id) || id.split('/').count() != 2 {
        let message = say!(
            "场景编号“{id}”应写成“领域/名称”，只用小写字母、数字和 -",
            "the id `{id}` should be `domain/name`, of lower-case letters, digits and `-`"
        );
        diagnostics.push(document.diagnostic_at(&[Step::Key("id")], Code::InvalidId, message));
    }
}

fn read_hints(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Vec<Clause> {
    let Some(Node { value: Value::List(items), .. }) = document.root().get("hints") else { return Vec::new() };
    items.iter().filter_map(|item| condition::read_term(document, item, diagnostics)).collect()
}

/// The slots in the order written: the order in which they are asked for.
fn read_slots(document: &Document, slots: &BTreeMap<String, SlotFile>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Slot> {
    let Some(Node { value: Value::Map(entries), .. }) = document.root().get("slots") else { return Vec::new() };
    let mut read = Vec::new();
    for Entry { key, key_range, value } in entries {
        let Some(slot) = slots.get(key) else { continue };
        let name_is_fine = key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !name_is_fine {
            let message = say!(
                "要素槽名“{key}”只能用小写字母、数字和下划线，并以字母开头",
                "the slot name `{key}` may only have lower-case letters, digits and `_`, a letter first"
            );
            diagnostics.push(document.diagnostic(key_range.clone(), Code::InvalidId, message));
        }
        let fact = slot.fact.as_ref().and_then(|name| {
            let place = value.get("fact").map_or(key_range.clone(), |node| node.range.clone());
            condition::read_fact(document, place, name, diagnostics)
        });
        read.push(Slot {
            name: key.clone(),
            fact,
            ask: slot.ask.clone(),
            required: slot.required,
            otherwise: slot.otherwise.clone(),
        });
    }
    read
}
