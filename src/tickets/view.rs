//! What of a ticket is shown to whom.
//!
//! Texts stand masked in everything that is stored about a ticket; where the reader may see them, the originals are put
//! in their place. Whatever is turned into JSON goes through here, so that no field can be forgotten.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::refusal::Refusal;
use super::rows::Loaded;
use crate::access::{Actor, Scope};
use crate::bundle::Serving;
use crate::store::{StoreError, Transaction};

/// What identifies people in one ticket, by its row; empty for those who may not see it, or where it was erased.
#[derive(Debug, Default)]
pub(super) struct Originals(HashMap<i64, String>);

impl Originals {
    /// Nothing: everything stays masked.
    pub(super) fn none() -> Originals {
        Originals::default()
    }

    /// All of a ticket.
    pub(super) fn load(tx: &mut Transaction<'_>, seq: i64) -> Result<Originals, StoreError> {
        let rows = tx.query("SELECT id, body FROM personal WHERE ticket = ?1", &[seq.into()])?;
        let read = |row: &crate::store::Row| Ok((row.integer(0)?, row.text(1)?.to_owned()));
        Ok(Originals(rows.iter().map(read).collect::<Result<_, StoreError>>()?))
    }

    /// Who called, where that may be seen.
    pub(super) fn contact(&self, row: Option<i64>) -> Option<Json> {
        self.json(row)
    }

    /// What a row holds, where that is JSON and may be seen.
    pub(super) fn json(&self, row: Option<i64>) -> Option<Json> {
        serde_json::from_str(self.0.get(&row?)?).ok()
    }

    /// The same JSON with every text as this reader sees it.
    pub(super) fn shown(&self, value: Json) -> Json {
        match value {
            Json::Object(fields) => {
                // Exactly what `Words` writes; nothing else in a ticket has a field of this name.
                if let Some(Json::String(masked)) = fields.get("masked") {
                    let original = fields.get("personal").and_then(Json::as_i64).and_then(|row| self.0.get(&row));
                    return Json::String(original.unwrap_or(masked).clone());
                }
                Json::Object(fields.into_iter().map(|(name, value)| (name, self.shown(value))).collect())
            }
            Json::Array(items) => Json::Array(items.into_iter().map(|item| self.shown(item)).collect()),
            other => other,
        }
    }
}

/// What of a ticket an actor sees.
pub(super) struct Sight {
    /// It works at the centre.
    pub(super) central: bool,
    /// Names, numbers and the caller's own words.
    pub(super) originals: bool,
}

/// Whether and how an actor sees a ticket: the centre all, a department its own and those of departments below it, who
/// filed it what it filed.
pub(super) fn sight(loaded: &Loaded, actor: &Actor, serving: &Serving) -> Option<Sight> {
    if actor.is_central() {
        return Some(Sight { central: true, originals: true });
    }
    let catalog = serving.bundle.engine.catalog();
    let of_department = loaded.ticket.assignments.iter().filter(|a| a.is_active()).any(|assignment| {
        let above = catalog.department_upwards(&assignment.department);
        actor.departments().any(|own| own == assignment.department || above.contains(&own))
    });
    if of_department {
        return Some(Sight { central: false, originals: !loaded.ticket.confidential });
    }
    (actor.may(&Scope::Submit) && loaded.submitter == actor.name).then_some(Sight { central: false, originals: false })
}

/// A ticket as an actor sees it, as JSON.
pub(super) fn shown(
    tx: &mut Transaction<'_>,
    loaded: &Loaded,
    actor: &Actor,
    serving: &Serving,
) -> Result<Json, Refusal> {
    let sight = sight(loaded, actor, serving).ok_or(Refusal::NoTicket)?;
    let ticket = &loaded.ticket;
    let originals = if sight.originals { Originals::load(tx, loaded.seq)? } else { Originals::none() };
    let mut value = serde_json::to_value(ticket).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    if let Json::Object(fields) = &mut value {
        if ticket.confidential && !sight.central {
            // The address may be the caller's own.
            fields.insert("place".to_owned(), Json::Null);
            let summary = ticket.assignments.iter().filter(|a| a.is_active()).find_map(|a| a.summary.as_ref());
            if let Some(summary) = summary {
                fields.insert("text".to_owned(), json!(summary));
                fields.insert("title".to_owned(), Json::Null);
            }
        }
        let whole = ticket.judgement.as_ref().and_then(|judgement| judgement.whole);
        fields.insert("contact".to_owned(), originals.contact(ticket.contact).unwrap_or(Json::Null));
        fields.insert("decision".to_owned(), originals.json(whole).unwrap_or(Json::Null));
        fields.insert("due".to_owned(), json!(ticket.due()));
    }
    Ok(originals.shown(value))
}
