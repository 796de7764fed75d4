//! Fixes of findings, offered where they stand.

use std::collections::BTreeMap;

use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, TextEdit, WorkspaceEdit};

use super::checker::shown;
use super::position::Lines;
use super::session::Session;
use crate::source::Fix;

/// The fixes of all findings that touch a place. Nothing is offered for a text that has changed since it was checked.
pub(super) fn actions(session: &Session, asked: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let wanted = |kind: &CodeActionKind| CodeActionKind::QUICKFIX.as_str().starts_with(kind.as_str());
    let Some(path) = session.workspace.relative(&asked.text_document.uri) else { return Vec::new() };
    if asked.context.only.as_ref().is_some_and(|only| !only.iter().any(wanted)) {
        return Vec::new();
    }
    let findings = session.shared.now().findings.clone();
    let here = findings.iter().filter(|finding| finding.path == path);
    let offered = here.filter_map(|finding| {
        let fix = finding.fix.as_ref()?;
        let diagnostic = shown(finding, session.lang);
        let touches = diagnostic.range.start <= asked.range.end && asked.range.start <= diagnostic.range.end;
        let edit = touches.then(|| edit(session, fix)).flatten()?;
        Some(CodeActionOrCommand::CodeAction(CodeAction {
            title: fix.title.in_lang(session.lang).to_owned(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic]),
            edit: Some(edit),
            is_preferred: Some(true),
            ..CodeAction::default()
        }))
    });
    offered.collect()
}

/// All edits of a fix, or none: each file must still be what the fix was made for.
fn edit(session: &Session, fix: &Fix) -> Option<WorkspaceEdit> {
    let mut edits: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
    for edit in &fix.edits {
        let path = &edit.source.path;
        let as_now = session.index.file(path).is_some_and(|file| file.text() == edit.source.text);
        if !as_now {
            return None;
        }
        let range = Lines::of(&edit.source.text).place(&edit.range);
        edits.entry(path.clone()).or_default().push(TextEdit { range, new_text: edit.new_text.clone() });
    }
    Some(session.edit(edits))
}
