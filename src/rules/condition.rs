//! Conditions: what must be in the text for a scenario to apply, as a tree that remembers where each part was written.

use std::ops::Range;

use crate::say;
use crate::source::{Code, Diagnostic, Document, Entry, Message, Node, Value, nearest};
use crate::text::{FactKind, normalise};

use super::MAX_TERM;

/// One part of a condition and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// Bytes of its file.
    pub range: Range<usize>,
    /// What it asks for.
    pub form: Form,
}

/// What a part of a condition asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// A run of characters.
    Term {
        /// Normalised.
        text: String,
        /// Both ends must be ends of words.
        whole_word: bool,
        /// Counts also where it is denied.
        even_negated: bool,
    },
    /// `$name`: one of a list of terms, or a named condition.
    Reference {
        /// Without the `$`.
        name: String,
        /// For a list: as for a term.
        whole_word: bool,
        /// For a list: as for a term.
        even_negated: bool,
    },
    /// Members that must be found together in one window.
    Group(Group),
    /// Hits of its members at most so many characters apart, neighbour to neighbour, in one sentence.
    Near {
        /// Terms, lists, or `{any: […]}` of them; two to five.
        members: Vec<Clause>,
        /// Normalised characters between two neighbouring hits.
        within: u32,
    },
    /// A regular expression, on one sentence at a time.
    Regex(String),
    /// A fact of a kind.
    Fact(FactKind),
}

/// `some` at least `minimum` times, all of `every`, none of `none`, in one window of the scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The kind of window; the default of its place where the editor named none.
    pub scope: Scope,
    /// `any` (with a minimum of 1) or the `of` of `at_least`.
    pub some: Vec<Clause>,
    /// How many of `some` must hold; 0 when there are none.
    pub minimum: u32,
    /// `all`.
    pub every: Vec<Clause>,
    /// `none`.
    pub none: Vec<Clause>,
}

/// The windows a group looks through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each clause (ends at a comma too).
    Clause,
    /// Each sentence.
    Sentence,
    /// The title.
    Title,
    /// Everything.
    Text,
}

/// Members of one `near`, at the most.
pub(super) const MAX_NEAR: usize = 5;

/// Reads `when`. `None`, with diagnostics, when it is not a condition.
pub(super) fn read_when(document: &Document, node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Clause> {
    let Value::Map(entries) = &node.value else {
        let message = say!("when 下面应当写 any:、all: 或 none:", "under `when` write `any:`, `all:` or `none:`");
        diagnostics.push(document.diagnostic(node.range.clone(), Code::MalformedCondition, message));
        return None;
    };
    Reader { document, diagnostics }.map(node, entries, Scope::Text)
}

/// Reads one entry of a condition, as it may stand in a list.
pub(super) fn read_clause(document: &Document, node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Clause> {
    Reader { document, diagnostics }.clause(node)
}

/// Reads a term or `$name`, and nothing else.
pub(super) fn read_term(document: &Document, node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Clause> {
    let mut reader = Reader { document, diagnostics };
    match &node.value {
        Value::Scalar { text, .. } => reader.term(node, text, false, false),
        _ => {
            reader.malformed(node.range.clone(), say!("这里只能写词或 $名称", "only a term or `$name` may stand here"))
        }
    }
}

/// The kind of fact with this name, or a diagnostic.
pub(super) fn read_fact(
    document: &Document,
    range: Range<usize>,
    name: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<FactKind> {
    let known = || FactKind::ALL.iter().map(|kind| kind.as_str());
    let found = FactKind::ALL.iter().copied().find(|kind| kind.as_str() == name);
    if found.is_none() {
        let list = known().collect::<Vec<_>>().join(", ");
        let finding =
            document.diagnostic(range, Code::UnknownValue, say!("没有“{name}”这种要素", "there is no fact `{name}`"));
        diagnostics.push(match nearest(name, known()) {
            Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
            None => finding.note(say!("可用的要素：{list}", "facts: {list}")),
        });
    }
    found
}

/// Reads one of the forms that are mappings.
type ReadForm<'a> = fn(&mut Reader<'a>, &Node) -> Option<Form>;

struct Reader<'a> {
    document: &'a Document,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// Keys of the mappings that are conditions, for suggestions.
const KEYS: &[&str] = &[
    "any",
    "all",
    "none",
    "in",
    "at_least",
    "of",
    "near",
    "within",
    "regex",
    "fact",
    "term",
    "whole_word",
    "even_negated",
];

impl Reader<'_> {
    fn malformed<T>(&mut self, range: Range<usize>, message: Message) -> Option<T> {
        self.diagnostics.push(self.document.diagnostic(range, Code::MalformedCondition, message));
        None
    }

    fn clause(&mut self, node: &Node) -> Option<Clause> {
        match &node.value {
            Value::Scalar { text, .. } => self.term(node, text, false, false),
            Value::List(items) => {
                if items.is_empty() {
                    return self.malformed(node.range.clone(), say!("空的列表", "an empty list"));
                }
                let every = self.clauses(items);
                let group = Group { scope: Scope::Sentence, some: Vec::new(), minimum: 0, every, none: Vec::new() };
                Some(Clause { range: node.range.clone(), form: Form::Group(group) })
            }
            Value::Map(entries) => self.map(node, entries, Scope::Sentence),
        }
    }

    fn clauses(&mut self, items: &[Node]) -> Vec<Clause> {
        items.iter().filter_map(|item| self.clause(item)).collect()
    }

    fn term(&mut self, node: &Node, text: &str, whole_word: bool, even_negated: bool) -> Option<Clause> {
        let range = node.range.clone();
        if let Some(name) = text.strip_prefix('$') {
            let name = name.trim().to_owned();
            return Some(Clause { range, form: Form::Reference { name, whole_word, even_negated } });
        }
        let normalised = checked_term(self.document, range.clone(), text, self.diagnostics)?;
        Some(Clause { range, form: Form::Term { text: normalised, whole_word, even_negated } })
    }

    fn map(&mut self, node: &Node, entries: &[Entry], default_scope: Scope) -> Option<Clause> {
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        let (keys, read): (&[&str], ReadForm<'_>) = if has("near") {
            (&["near", "within"], Self::near)
        } else if has("regex") {
            (&["regex"], Self::regex)
        } else if has("fact") {
            (&["fact"], Self::fact)
        } else if has("term") {
            (&["term", "whole_word", "even_negated"], Self::flagged_term)
        } else {
            return self.group(node, entries, default_scope);
        };
        let known = self.only_keys(entries, keys);
        let form = read(self, node)?;
        known.then_some(Clause { range: node.range.clone(), form })
    }

    /// Reports keys that do not belong together with the others.
    fn only_keys(&mut self, entries: &[Entry], keys: &[&str]) -> bool {
        let mut fine = true;
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            fine = false;
            let key = &entry.key;
            let list = keys.join(", ");
            let mut finding = self.document.diagnostic(
                entry.key_range.clone(),
                Code::UnknownKey,
                say!("条件里不认识的键“{key}”", "unknown key `{key}` in a condition"),
            );
            finding = match nearest(key, KEYS.iter().copied()) {
                Some(near) if near != key => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
                _ => finding.note(say!("这里可用的键：{list}", "keys that may stand here: {list}")),
            };
            self.diagnostics.push(finding);
        }
        fine
    }

    fn group(&mut self, node: &Node, entries: &[Entry], default_scope: Scope) -> Option<Clause> {
        let before = self.diagnostics.len();
        self.only_keys(entries, &["any", "all", "none", "in", "at_least", "of"]);
        let mut list = |key: &str| match node.get(key) {
            Some(Node { value: Value::List(items), range }) if items.is_empty() => {
                self.malformed(range.clone(), say!("“{key}”下面是空的", "`{key}` is empty"))
            }
            Some(Node { value: Value::List(items), .. }) => Some(self.clauses(items)),
            Some(other) => self.malformed(
                other.range.clone(),
                say!(
                    "“{key}”下面应当是列表，每行以“- ”开头",
                    "under `{key}` write a list, each line beginning with `- `"
                ),
            ),
            None => Some(Vec::new()),
        };
        let (any, every, none, of) = (list("any"), list("all"), list("none"), list("of"));
        let (any, every, none, of) = (any?, every?, none?, of?);
        let minimum = self.minimum(node, &any, &of)?;
        let scope = self.scope(node)?.unwrap_or(default_scope);
        if self.diagnostics.len() > before {
            return None;
        }
        let some = if of.is_empty() { any } else { of };
        if some.is_empty() && every.is_empty() {
            let message = say!(
                "只有 none 的条件会命中所有诉求，请补上 any 或 all",
                "a condition of `none` alone holds on nearly everything: add `any` or `all`"
            );
            self.diagnostics.push(self.document.diagnostic(node.range.clone(), Code::UnboundedCondition, message));
            return None;
        }
        let group = Group { scope, some, minimum, every, none };
        Some(Clause { range: node.range.clone(), form: Form::Group(group) })
    }

    /// How many of `any` or `of` must hold.
    fn minimum(&mut self, node: &Node, any: &[Clause], of: &[Clause]) -> Option<u32> {
        let Some(at_least) = node.get("at_least") else {
            return match node.get("of") {
                Some(of) => {
                    self.malformed(of.range.clone(), say!("of 要和 at_least 一起写", "`of` goes with `at_least`"))
                }
                None => Some(u32::from(!any.is_empty())),
            };
        };
        if !any.is_empty() || of.is_empty() {
            let message =
                say!("at_least 要和 of 一起写，不能和 any 同写", "`at_least` goes with `of`, and not with `any`");
            return self.malformed(at_least.range.clone(), message);
        }
        let most = of.len();
        match at_least.text().and_then(|text| text.parse().ok()).filter(|n| (1..=most).contains(n)) {
            Some(number) => u32::try_from(number).ok(),
            None => self.malformed(
                at_least.range.clone(),
                say!("at_least 应是 1 到 {most} 的整数", "`at_least` should be a whole number from 1 to {most}"),
            ),
        }
    }

    /// The scope under `in`; `Some(None)` when there is none.
    fn scope(&mut self, node: &Node) -> Option<Option<Scope>> {
        let Some(scope) = node.get("in") else { return Some(None) };
        match scope.text() {
            Some("clause") => Some(Some(Scope::Clause)),
            Some("sentence") => Some(Some(Scope::Sentence)),
            Some("text") => Some(Some(Scope::Text)),
            Some("title") => Some(Some(Scope::Title)),
            _ => self.malformed(
                scope.range.clone(),
                say!("in 应是 clause、sentence、text 或 title", "`in` should be clause, sentence, text or title"),
            ),
        }
    }

    fn near(&mut self, node: &Node) -> Option<Form> {
        let members = node.get("near")?;
        let Value::List(items) = &members.value else {
            return self.malformed(members.range.clone(), say!("near 下面应当是列表", "under `near` write a list"));
        };
        if !(2..=MAX_NEAR).contains(&items.len()) {
            return self.malformed(
                members.range.clone(),
                say!("near 要有 2 到 {MAX_NEAR} 个词", "`near` takes 2 to {MAX_NEAR} members"),
            );
        }
        let within = node.get("within");
        let number = within.and_then(Node::text).and_then(|text| text.parse().ok()).filter(|n| *n <= 200);
        let Some(within) = number else {
            let range = within.map_or(node.range.clone(), |within| within.range.clone());
            return self.malformed(
                range,
                say!(
                    "near 要写 within: 相隔最多几个字（0 到 200）",
                    "`near` needs `within`: characters between, 0 to 200"
                ),
            );
        };
        let members: Vec<Clause> = items.iter().filter_map(|item| self.near_member(item)).collect();
        (members.len() == items.len()).then_some(Form::Near { members, within })
    }

    fn near_member(&mut self, node: &Node) -> Option<Clause> {
        let clause = self.clause(node)?;
        let is_one = |clause: &Clause| matches!(clause.form, Form::Term { .. } | Form::Reference { .. });
        let is_choice = |group: &Group| {
            group.minimum == 1
                && group.scope == Scope::Sentence
                && group.every.is_empty()
                && group.none.is_empty()
                && group.some.iter().all(is_one)
        };
        match &clause.form {
            Form::Group(group) if is_choice(group) => Some(clause),
            _ if is_one(&clause) => Some(clause),
            _ => self.malformed(
                node.range.clone(),
                say!(
                    "near 里只能写词、$词表或 {{any: [词, 词]}}",
                    "only terms, `$lists` and `{{any: [term, term]}}` may stand in `near`"
                ),
            ),
        }
    }

    fn regex(&mut self, node: &Node) -> Option<Form> {
        let value = node.get("regex")?;
        match value.text() {
            Some(pattern) => Some(Form::Regex(pattern.to_owned())),
            None => self.malformed(value.range.clone(), say!("regex 应是一段文字", "`regex` should be a text")),
        }
    }

    fn fact(&mut self, node: &Node) -> Option<Form> {
        let value = node.get("fact")?;
        let name = value.text().unwrap_or_default();
        read_fact(self.document, value.range.clone(), name, self.diagnostics).map(Form::Fact)
    }

    fn flagged_term(&mut self, node: &Node) -> Option<Form> {
        let value = node.get("term")?;
        let whole_word = self.flag(node, "whole_word")?;
        let even_negated = self.flag(node, "even_negated")?;
        match value.text() {
            Some(text) => self.term(value, text, whole_word, even_negated).map(|clause| clause.form),
            None => self.malformed(value.range.clone(), say!("term 应是一个词", "`term` should be one term")),
        }
    }

    fn flag(&mut self, node: &Node, key: &str) -> Option<bool> {
        match node.get(key).map(|value| (value, value.text())) {
            None => Some(false),
            Some((_, Some("true"))) => Some(true),
            Some((_, Some("false"))) => Some(false),
            Some((value, _)) => {
                self.malformed(value.range.clone(), say!("{key} 应是 true 或 false", "`{key}` should be true or false"))
            }
        }
    }
}

/// A term as it is matched, or a diagnostic when nothing of it is left or it is too long.
pub(super) fn checked_term(
    document: &Document,
    range: Range<usize>,
    text: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<String> {
    let normalised = normalise(text).trim().to_owned();
    let length = normalised.chars().count();
    if length == 0 {
        let message = say!("空的词：归一化之后什么也不剩", "an empty term: normalisation leaves nothing of it");
        diagnostics.push(document.diagnostic(range, Code::EmptyTerm, message));
        return None;
    }
    if length > MAX_TERM {
        let message =
            say!("词有 {length} 个字，最多 {MAX_TERM} 个", "a term of {length} characters: {MAX_TERM} at the most");
        diagnostics.push(document.diagnostic(range, Code::LimitExceeded, message));
        return None;
    }
    Some(normalised)
}
