//! A scenario with what is compiled from its file alone: its template and its deadline.

use std::sync::Arc;

use crate::catalog;
use crate::reply::{SlotUse, Template};
use crate::rules::Scenario;
use crate::source::{Code, Diagnostic, Document, Step};

/// A scenario ready to be decided with. Its file is all it depends on, so it is made again only when the file changes.
#[derive(Debug)]
pub struct Prepared {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Its reply.
    pub template: Template,
    /// How long there is to answer.
    pub deadline: Option<catalog::Deadline>,
}

impl Prepared {
    /// Reads a scenario's file. `None`, with diagnostics, when it cannot be used.
    pub fn read(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<Prepared> {
        let scenario = Scenario::read(document, diagnostics)?;
        let before = diagnostics.iter().filter(|d| d.is_error()).count();
        let slots: Vec<SlotUse<'_>> =
            scenario.slots.iter().map(|slot| SlotUse { name: &slot.name, otherwise: &slot.otherwise }).collect();
        let template = Template::compile(&scenario.reply, &slots, document, &[Step::Key("reply")], diagnostics);
        let deadline = scenario.deadline.as_deref().and_then(|text| match catalog::Deadline::parse(text) {
            Ok(deadline) => Some(deadline),
            Err(message) => {
                diagnostics.push(document.diagnostic_at(&[Step::Key("deadline")], Code::InvalidDeadline, message));
                None
            }
        });
        let after = diagnostics.iter().filter(|d| d.is_error()).count();
        let template = template.filter(|_| before == after)?;
        Some(Prepared { scenario: Arc::new(scenario), template, deadline })
    }
}
