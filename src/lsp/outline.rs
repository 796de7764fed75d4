//! What a file defines, and what the bundle does.

use lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, OneOf, SymbolKind, WorkspaceSymbol,
    WorkspaceSymbolParams,
};

use super::index::Name;
use super::keys::Kind;
use super::position::Lines;
use super::session::Session;
use crate::source::{Node, Value};

/// Names that are given at once, at the most.
const MOST: usize = 500;

/// The outline of a file: the entries of its tree, two deep.
pub(super) fn of_file(session: &Session, asked: &DocumentSymbolParams) -> Option<DocumentSymbolResponse> {
    let path = session.workspace.relative(&asked.text_document.uri)?;
    let document = session.index.file(&path)?.document.as_ref()?;
    let lines = Lines::of(&document.source().text);
    Some(DocumentSymbolResponse::Nested(entries(document.root(), &lines, 1)))
}

fn entries(node: &Node, lines: &Lines<'_>, deeper: usize) -> Vec<DocumentSymbol> {
    let below = |node: &Node| (deeper > 0).then(|| entries(node, lines, deeper - 1)).filter(|below| !below.is_empty());
    match &node.value {
        Value::Map(entries) => {
            let shown = entries.iter().map(|entry| {
                let whole = entry.key_range.start..entry.value.range.end.max(entry.key_range.end);
                let (kind, detail) = (SymbolKind::FIELD, entry.value.text().map(short));
                symbol(
                    &entry.key,
                    detail,
                    kind,
                    (lines.place(&whole), lines.place(&entry.key_range)),
                    below(&entry.value),
                )
            });
            shown.collect()
        }
        Value::List(items) => {
            let named = |item: &Node| {
                ["id", "name", "scenario", "category", "title"]
                    .iter()
                    .find_map(|key| item.get(key).and_then(|node| Some((node.text()?.to_owned(), node.range.clone()))))
            };
            let shown = items.iter().filter_map(|item| {
                let (name, range) = named(item)?;
                let detail = item.get("name").or_else(|| item.get("lead")).and_then(Node::text).map(short);
                Some(symbol(&name, detail, SymbolKind::OBJECT, (lines.place(&item.range), lines.place(&range)), None))
            });
            shown.collect()
        }
        Value::Scalar { .. } => Vec::new(),
    }
}

fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(40).collect()
}

fn symbol(
    name: &str,
    detail: Option<String>,
    kind: SymbolKind,
    (range, selection_range): (lsp_types::Range, lsp_types::Range),
    children: Option<Vec<DocumentSymbol>>,
) -> DocumentSymbol {
    // The protocol allows no empty name.
    let name = if name.is_empty() { "\"\"".to_owned() } else { name.to_owned() };
    #[allow(deprecated)] // the field must be there
    DocumentSymbol { name, detail, kind, tags: None, deprecated: None, range, selection_range, children }
}

/// Definitions whose id, name or title has what was asked for.
pub(super) fn of_bundle(session: &Session, asked: &WorkspaceSymbolParams) -> Vec<WorkspaceSymbol> {
    let kinds = [Kind::Scenario, Kind::List, Kind::Department, Kind::Region, Kind::Article, Kind::Notice];
    let fits = |name: &Name| {
        name.text.contains(&asked.query) || name.title.as_ref().is_some_and(|title| title.contains(&asked.query))
    };
    let definitions = kinds.into_iter().flat_map(|kind| session.index.definitions(kind));
    let found = definitions.filter(|(_, _, name)| fits(name)).take(MOST);
    let symbols = found.filter_map(|(path, file, name)| {
        let place: Location = session.location(path, Lines::of(file.text()).place(&name.range))?;
        let title = name.title.as_ref().map_or(String::new(), |title| format!(" {title}"));
        Some(WorkspaceSymbol {
            name: format!("{}{title}", name.text),
            kind: SymbolKind::OBJECT,
            tags: None,
            container_name: Some(path.to_owned()),
            location: OneOf::Left(place),
            data: None,
        })
    });
    symbols.collect()
}
