//! Named lists of terms and named conditions: what `$name` stands for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::condition::{self, Clause, Form, checked_term};
use crate::say;
use crate::source::{Code, Diagnostic, Document, Entry, SourceText, Value, nearest};

/// All named lists and conditions of a bundle; they share one name space.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    definitions: BTreeMap<String, Definition>,
}

#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) source: Arc<SourceText>,
    pub(super) range: Range<usize>,
    pub(super) meaning: Meaning,
}

#[derive(Clone, Debug)]
pub(super) enum Meaning {
    List(Vec<ListEntry>),
    Condition(Clause),
}

#[derive(Clone, Debug)]
pub(super) enum ListEntry {
    Term(String),
    Reference(String, Range<usize>),
}

impl Vocabulary {
    /// Reads all files of `terms/` and `conditions/`. Every mistake becomes a diagnostic, and its entry is left out.
    pub fn read(terms: &[&Document], conditions: &[&Document], diagnostics: &mut Vec<Diagnostic>) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for document in terms {
            for entry in named_entries(document, diagnostics) {
                let meaning = read_list(document, entry, diagnostics);
                vocabulary.define(document, entry, meaning, diagnostics);
            }
        }
        for document in conditions {
            for entry in named_entries(document, diagnostics) {
                if let Some(clause) = condition::read_clause(document, &entry.value, diagnostics) {
                    vocabulary.define(document, entry, Meaning::Condition(clause), diagnostics);
                }
            }
        }
        vocabulary.check_references(diagnostics);
        vocabulary
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.definitions.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.definitions.get(name)
    }

    /// The named condition with this name; `None` when it is a list or nothing.
    pub fn condition(&self, name: &str) -> Option<&Clause> {
        match &self.definitions.get(name)?.meaning {
            Meaning::Condition(clause) => Some(clause),
            Meaning::List(_) => None,
        }
    }

    /// The terms of a list with those of the lists it includes, each once, in order; `None` when it is no list.
    pub fn terms<'a>(&'a self, name: &'a str) -> Option<Vec<&'a str>> {
        let (mut terms, mut seen, mut open) = (Vec::new(), FxHashSet::default(), vec![name]);
        while let Some(name) = open.pop() {
            // Each list once, however often it is included: included twice at every level it would double at each.
            if !seen.insert(name) {
                continue;
            }
            let Meaning::List(entries) = &self.definitions.get(name)?.meaning else { return None };
            for entry in entries {
                match entry {
                    ListEntry::Term(term) => terms.push(term.as_str()),
                    ListEntry::Reference(name, _) => open.push(name.as_str()),
                }
            }
        }
        terms.sort_unstable();
        terms.dedup();
        Some(terms)
    }

    fn define(&mut self, document: &Document, entry: &Entry, meaning: Meaning, diagnostics: &mut Vec<Diagnostic>) {
        let name = &entry.key;
        if let Some(other) = self.definitions.get(name) {
            let place = Diagnostic::at(&other.source, other.range.clone(), Code::DuplicateId, say!("", "")).location();
            let message = say!("“{name}”已在 {place} 定义", "`{name}` is already defined at {place}");
            diagnostics.push(document.diagnostic(entry.key_range.clone(), Code::DuplicateId, message));
            return;
        }
        let definition = Definition { source: Arc::clone(document.source()), range: entry.key_range.clone(), meaning };
        self.definitions.insert(name.clone(), definition);
    }

    /// Names that nothing has, lists that include conditions, and definitions that contain themselves.
    fn check_references(&self, diagnostics: &mut Vec<Diagnostic>) {
        for (name, definition) in &self.definitions {
            for (used, range) in references(&definition.meaning) {
                let in_list = matches!(definition.meaning, Meaning::List(_));
                match self.definitions.get(used) {
                    None => diagnostics.push(self.unknown(&definition.source, range, used)),
                    Some(Definition { meaning: Meaning::Condition(_), .. }) if in_list => {
                        let message =
                            say!("词表不能包含条件“${used}”", "a list of terms cannot include the condition `${used}`");
                        diagnostics.push(Diagnostic::at(&definition.source, range, Code::UnknownReference, message));
                    }
                    Some(_) => {}
                }
            }
            if self.reaches_itself(name) {
                let message = say!("“${name}”绕了一圈又包含了自己", "`${name}` contains itself");
                let range = definition.range.clone();
                diagnostics.push(Diagnostic::at(&definition.source, range, Code::ReferenceCycle, message));
            }
        }
    }

    /// The finding for a name that nothing has.
    pub(super) fn unknown(&self, source: &Arc<SourceText>, range: Range<usize>, name: &str) -> Diagnostic {
        let message = say!("没有叫“${name}”的词表或条件", "there is no list or condition `${name}`");
        let finding = Diagnostic::at(source, range, Code::UnknownReference, message);
        match nearest(name, self.names()) {
            Some(near) => finding.label(say!("是否想写“${near}”？", "did you mean `${near}`?")),
            None => finding.note(say!(
                "词表在 rules/terms/，条件在 rules/conditions/",
                "lists are in rules/terms/, conditions in rules/conditions/"
            )),
        }
    }

    fn reaches_itself(&self, start: &str) -> bool {
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut open: Vec<&str> = vec![start];
        while let Some(name) = open.pop() {
            let Some(definition) = self.definitions.get(name) else { continue };
            for (used, _) in references(&definition.meaning) {
                if used == start {
                    return true;
                }
                if seen.insert(used) {
                    open.push(used);
                }
            }
        }
        false
    }
}

/// The names used in a definition and where.
fn references(meaning: &Meaning) -> Vec<(&str, Range<usize>)> {
    match meaning {
        Meaning::List(entries) => entries
            .iter()
            .filter_map(|entry| match entry {
                ListEntry::Reference(name, range) => Some((name.as_str(), range.clone())),
                ListEntry::Term(_) => None,
            })
            .collect(),
        Meaning::Condition(clause) => {
            let mut found = Vec::new();
            clause.each(&mut |part| {
                if let Form::Reference { name, .. } = &part.form {
                    found.push((name.as_str(), part.range.clone()));
                }
            });
            found
        }
    }
}

impl Clause {
    /// Visits this clause and all below it.
    pub fn each<'a>(&'a self, visit: &mut impl FnMut(&'a Clause)) {
        visit(self);
        match &self.form {
            Form::Group(group) => {
                group.some.iter().chain(&group.every).chain(&group.none).for_each(|part| part.each(visit));
            }
            Form::Near { members, .. } => members.iter().for_each(|part| part.each(visit)),
            Form::Term { .. } | Form::Reference { .. } | Form::Regex(_) | Form::Fact(_) => {}
        }
    }
}

fn named_entries<'a>(document: &'a Document, diagnostics: &mut Vec<Diagnostic>) -> &'a [Entry] {
    match &document.root().value {
        Value::Map(entries) => entries,
        _ if document.root().is_null() => &[],
        _ => {
            let message = say!("这里应当是“名称: …”", "this should be `name: …`");
            diagnostics.push(document.diagnostic(document.root().range.clone(), Code::WrongType, message));
            &[]
        }
    }
}

fn read_list(document: &Document, entry: &Entry, diagnostics: &mut Vec<Diagnostic>) -> Meaning {
    let Value::List(items) = &entry.value.value else {
        let message = say!("词表应写成列表：[词, 词]", "a list of terms is written [term, term]");
        diagnostics.push(document.diagnostic(entry.value.range.clone(), Code::WrongType, message));
        return Meaning::List(Vec::new());
    };
    let mut entries = Vec::new();
    for item in items {
        match item.text() {
            Some(text) => match text.strip_prefix('$') {
                Some(name) => entries.push(ListEntry::Reference(name.trim().to_owned(), item.range.clone())),
                None => {
                    let term = checked_term(document, item.range.clone(), text, diagnostics);
                    entries.extend(term.map(ListEntry::Term));
                }
            },
            None => {
                let message = say!("词表里只能写词或 $词表", "only terms and `$lists` may stand in a list of terms");
                diagnostics.push(document.diagnostic(item.range.clone(), Code::WrongType, message));
            }
        }
    }
    Meaning::List(entries)
}
