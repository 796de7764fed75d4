//! What could be written at a place: keys, ids, lists, kinds of fact, values, slots inside replies.

use std::collections::BTreeSet;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionParams, CompletionResponse, CompletionTextEdit,
    Range, TextEdit,
};

use super::context::Context;
use super::index::Indexed;
use super::keys::{File, Key, Kind, What, keys, what};
use super::position::Lines;
use super::session::Session;
use crate::check;
use crate::reply::PLACEHOLDERS;
use crate::source::{Code, Node, Value};
use crate::text::FactKind;

/// Proposals, at the most; with more, the editor asks again as more is typed.
const MOST: usize = 2_000;

/// Something that could be written.
struct Proposal {
    text: String,
    detail: Option<String>,
    kind: CompletionItemKind,
    /// What to find it by beside its text: its title or name.
    title: Option<String>,
    /// What is written behind it.
    after: &'static str,
}

/// What fits at a place, in order.
pub(super) fn complete(session: &Session, asked: &CompletionParams) -> Option<CompletionResponse> {
    let at = &asked.text_document_position;
    let path = session.workspace.relative(&at.text_document.uri)?;
    let file = session.index.file(&path)?;
    let text = file.text();
    let lines = Lines::of(text);
    let byte = lines.byte(at.position);
    let column = byte - lines.byte(lsp_types::Position::new(at.position.line, 0));
    // Below the front matter there is text, and nothing to offer.
    let front = file.document.as_ref().map(|document| document.root().range.end);
    if matches!(File::at(&path), File::Article | File::Notice) && front.is_some_and(|end| byte > end + 1) {
        return None;
    }
    let context = Context::at(&lines, at.position.line as usize, column);
    let (typed, proposals) = match in_reply(text, &path, byte) {
        Some(typed) => (typed, slots(file)),
        None => {
            let mut found = Vec::new();
            let way: Vec<&str> = context.way.iter().map(String::as_str).collect();
            propose(session, &path, &way, &context, &mut found);
            (context.typed.clone(), found)
        }
    };
    let range = Range::new(lines.position(byte - typed.len()), lines.position(byte));
    let fits = |proposal: &&Proposal| {
        let title = proposal.title.as_deref().unwrap_or_default();
        proposal.text.contains(&typed) || title.contains(&typed) || is_near(&typed, &proposal.text)
    };
    let fitting: Vec<&Proposal> = proposals.iter().filter(fits).collect();
    let is_incomplete = fitting.len() > MOST;
    let items = fitting.into_iter().take(MOST).map(|proposal| item(proposal, &typed, range)).collect();
    Some(CompletionResponse::List(CompletionList { is_incomplete, items }))
}

/// Whether all characters of what is typed occur in this order, as editors match.
fn is_near(typed: &str, text: &str) -> bool {
    let mut characters = text.chars();
    typed.chars().all(|wanted| characters.any(|it| it.eq_ignore_ascii_case(&wanted)))
}

fn item(proposal: &Proposal, typed: &str, range: Range) -> CompletionItem {
    let title = proposal.title.as_deref().filter(|title| title.contains(typed));
    // Found by its title, it must not be dropped by an editor that only knows its text.
    let found_by = match title {
        Some(title) if !proposal.text.contains(typed) => title.to_owned(),
        _ => proposal.text.clone(),
    };
    let new_text = format!("{}{}", proposal.text, proposal.after);
    CompletionItem {
        label: proposal.text.clone(),
        kind: Some(proposal.kind),
        detail: proposal.title.clone().or_else(|| proposal.detail.clone()),
        filter_text: Some(found_by),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
        ..CompletionItem::default()
    }
}

/// What is typed of a name inside `{{ }}` or `{% %}` of a scenario's reply.
fn in_reply(text: &str, path: &str, byte: usize) -> Option<String> {
    let before = text.get(..byte).filter(|_| File::at(path) == File::Scenario)?;
    let open = before.rfind("{{").max(before.rfind("{%"))?;
    let inside = &before[open + 2..];
    if inside.contains("}}") || inside.contains("%}") || inside.contains('\n') {
        return None;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let typed = &inside[inside.trim_end_matches(is_part).len()..];
    let before = inside[..inside.len() - typed.len()].trim_end();
    // A filter's name is no slot, and a quotation mark that is open has text behind it.
    let quoted = ['"', '\''].iter().any(|mark| before.matches(*mark).count() % 2 == 1);
    (!before.ends_with('|') && !quoted).then(|| typed.to_owned())
}

/// The slots of a scenario, and the names that every reply may use.
fn slots(file: &Indexed) -> Vec<Proposal> {
    let own = file.names.iter().filter(|name| name.kind == Kind::Slot && name.defines).map(|name| name.text.clone());
    let own = if file.document.is_some() { own.collect() } else { slots_by_line(file.text()) };
    let common = PLACEHOLDERS.iter().map(|name| (*name).to_owned());
    own.into_iter().chain(common).map(|name| proposal(name, CompletionItemKind::VARIABLE)).collect()
}

/// The keys under `slots:`, of a text that is no YAML at the moment.
fn slots_by_line(text: &str) -> Vec<String> {
    let under = text.lines().skip_while(|line| line.trim_end() != "slots:").skip(1);
    let under: Vec<&str> = under.take_while(|line| line.starts_with(' ') || line.trim().is_empty()).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let Some(least) = under.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min() else {
        return Vec::new();
    };
    let entries = under.iter().filter(|line| indent(line) == least).filter_map(|line| line.split_once(':'));
    entries.map(|(key, _)| key.trim().to_owned()).collect()
}

fn proposal(text: impl Into<String>, kind: CompletionItemKind) -> Proposal {
    Proposal { text: text.into(), detail: None, kind, title: None, after: "" }
}

/// What may stand at the end of a way.
fn propose(session: &Session, path: &str, way: &[&str], context: &Context, found: &mut Vec<Proposal>) {
    let file = File::at(path);
    if context.key {
        let free = |key: &&Key| !context.beside.iter().any(|beside| beside == key.name);
        found.extend(keys(file, way).iter().filter(free).map(|key| Proposal {
            detail: Some(key.meaning().in_lang(session.lang).to_owned()),
            after: ": ",
            ..proposal(key.name, CompletionItemKind::PROPERTY)
        }));
        if way.last() == Some(&"facts") {
            found.extend(facts(": "));
        }
    }
    match what(file, way) {
        What::Refers(kind) => found.extend(names(session, kind)),
        What::Term => found.extend(lists(session)),
        What::Fact => found.extend(facts("")),
        What::OneOf(values) => {
            found.extend(values.iter().map(|value| proposal(*value, CompletionItemKind::ENUM_MEMBER)));
        }
        What::Category => found.extend(categories(session)),
        What::Code => found.extend(Code::ALL.iter().map(|code| Proposal {
            title: Some(check::title(*code).to_owned()),
            ..proposal(code.id(), CompletionItemKind::CONSTANT)
        })),
        What::Defines(Kind::Scenario) => {
            // A scenario is called like its file.
            let own = path.strip_prefix("rules/scenarios/").and_then(|path| path.strip_suffix(".yaml"));
            found.extend(own.map(|own| proposal(own, CompletionItemKind::REFERENCE)));
        }
        What::Defines(_) | What::Text | What::Reply => {}
    }
}

fn facts(after: &'static str) -> impl Iterator<Item = Proposal> {
    let kinds = FactKind::ALL.iter().map(|kind| kind.as_str());
    kinds.map(move |name| Proposal { after, ..proposal(name, CompletionItemKind::ENUM_MEMBER) })
}

fn names(session: &Session, kind: Kind) -> impl Iterator<Item = Proposal> {
    session.index.definitions(kind).map(|(_, _, name)| Proposal {
        title: name.title.clone(),
        ..proposal(name.text.clone(), CompletionItemKind::REFERENCE)
    })
}

/// Lists and shared conditions, with what they begin with.
fn lists(session: &Session) -> impl Iterator<Item = Proposal> {
    session.index.definitions(Kind::List).map(|(path, file, name)| {
        let node = file.document.as_ref().and_then(|document| document.root().get(&name.text));
        let detail = node.map(first_terms).filter(|terms| !terms.is_empty());
        let detail = detail.unwrap_or_else(|| path.to_owned());
        Proposal { detail: Some(detail), ..proposal(format!("${}", name.text), CompletionItemKind::VARIABLE) }
    })
}

fn first_terms(node: &Node) -> String {
    let Value::List(items) = &node.value else { return String::new() };
    items.iter().filter_map(Node::text).take(6).collect::<Vec<_>>().join("、")
}

/// Categories of scenarios and of the dispatch list, with those above them.
fn categories(session: &Session) -> Vec<Proposal> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for document in session.index.documents("rules/scenarios/") {
        known.extend(document.root().get("category").and_then(Node::text));
    }
    for document in session.index.documents("rules/responsibility/") {
        let Value::List(rows) = &document.root().value else { continue };
        known.extend(rows.iter().filter_map(|row| row.get("category").and_then(Node::text)));
    }
    let with_above: BTreeSet<&str> =
        known.into_iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])).collect();
    with_above.into_iter().map(|path| proposal(path, CompletionItemKind::FOLDER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_offered_inside_the_braces_of_a_reply() {
        let path = "rules/scenarios/a/b.yaml";
        for (before, expect) in [
            ("reply: 自{{ si", Some("si")),
            ("reply: 自{{ ", Some("")),
            ("reply: {% if not loc", Some("loc")),
            ("reply: {{ a }}", None),
            ("reply: {{ a|def", None),
            ("reply: {{ a|default(\"近", None),
            ("reply: {a", None),
        ] {
            let typed = in_reply(before, path, before.len());
            assert_eq!(typed.as_deref(), expect, "{before}");
        }
        assert_eq!(in_reply("{{ a", "rules/terms/a.yaml", 4), None);
    }

    #[test]
    fn slots_are_found_in_what_is_no_yaml() {
        let text = "id: a\nslots:\n  since: {ask: 何时}\n  place:\n    ask: 哪里\nreply: [";
        assert_eq!(slots_by_line(text), ["since", "place"]);
        assert_eq!(slots_by_line("slots: {}"), [""; 0]);
    }
}
