//! Where a name is defined, and where it is used.

use lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location, ReferenceParams};

use super::index::in_cases;
use super::position::Lines;
use super::session::Session;

/// Places that are given at once, at the most.
const MOST: usize = 10_000;

/// Where the name at a place is defined. A department or region that is called by its name is found too.
pub(super) fn definition(session: &Session, asked: &GotoDefinitionParams) -> Option<GotoDefinitionResponse> {
    let at = session.at(&asked.text_document_position_params)?;
    let name = at.file.name_at(at.byte)?;
    let mut found: Vec<_> = session.index.places(&at.path, name).filter(|(_, _, it)| it.defines).collect();
    if found.is_empty() {
        let called = session.index.definitions(name.kind);
        found = called.filter(|(_, _, it)| it.title.as_deref() == Some(&name.text)).collect();
    }
    let places = found
        .into_iter()
        .filter_map(|(path, file, name)| session.location(path, Lines::of(file.text()).place(&name.range)));
    Some(GotoDefinitionResponse::Array(places.collect()))
}

/// Where the name at a place stands, cases included.
pub(super) fn references(session: &Session, asked: &ReferenceParams) -> Option<Vec<Location>> {
    let at = session.at(&asked.text_document_position)?;
    let name = at.file.name_at(at.byte)?;
    let wanted = |defines: bool| asked.context.include_declaration || !defines;
    let mut places: Vec<Location> = Vec::new();
    for (path, file, name) in session.index.places(&at.path, name).filter(|(_, _, it)| wanted(it.defines)).take(MOST) {
        places.extend(session.location(path, Lines::of(file.text()).place(&name.range)));
    }
    for (path, content, ranges) in in_cases(&session.files(), name.kind, &name.text) {
        let lines = Lines::of(&content.text);
        let left = MOST.saturating_sub(places.len());
        let here = ranges.iter().take(left).filter_map(|range| session.location(path, lines.place(range)));
        places.extend(here.collect::<Vec<_>>());
    }
    Some(places)
}
