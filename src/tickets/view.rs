//! What of a ticket is shown to whom.
//!
//! Texts stand masked in everything that is stored about a ticket; where the reader may see them, the originals are put
//! in their place. Whatever is turned into JSON goes through here, so that no field can be forgotten.

use std::collections::HashMap;

use serde_json::Value as Json;

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
