//! Who saw or changed what identifies people, and when (Personal Information Protection Law, articles 51 and 54).
//!
//! A change is written in its own transaction. A reading waits in memory for a fraction of a second and is written with
//! others, so that nobody who reads waits for the disk; where too many wait because nothing can be written, nothing more
//! may be read.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::say;
use crate::source::Message;
use crate::store::{Row, Store, StoreError, Transaction, Value};

/// Readings that may wait to be written: a minute of a thousand a second.
const MOST_WAITING: usize = 60_000;
/// Entries that one transaction writes or forgets.
pub const AT_ONCE: usize = 500;
/// Entries on a page, at the most.
pub const MOST_ON_PAGE: u32 = 200;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Entry {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who: the name of a key.
    pub actor: String,
    /// What: `read`, `history_read`, `phone_searched`, or the name of a change.
    pub action: String,
    /// The ticket (id).
    pub ticket: Option<String>,
}

/// A page of the log, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub struct Page {
    /// The entries.
    pub items: Vec<Entry>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
}

/// Which entries are asked for; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this ticket (id).
    pub ticket: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// Older than the last of the page before.
    pub cursor: Option<i64>,
}

/// Reads the cursor of a page.
///
/// # Errors
/// It is none of ours.
pub fn cursor(text: &str) -> Result<i64, Message> {
    let before = text.parse().ok().filter(|before| *before > 0);
    before
        .ok_or_else(|| say!("cursor 应取自上一页的 next_cursor", "take `cursor` from `next_cursor` of the page before"))
}

/// Writes an entry in the transaction of what it tells of.
///
/// # Errors
/// The store did not take it.
pub fn write(tx: &mut Transaction<'_>, entry: &Entry) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO audit (at, actor, action, ticket) VALUES (?1, ?2, ?3, ?4)",
        &[
            entry.at.as_millisecond().into(),
            (&entry.actor).into(),
            (&entry.action).into(),
            entry.ticket.as_deref().into(),
        ],
    )?;
    Ok(())
}

/// Forgets entries that are older than a moment, [`AT_ONCE`] of the oldest at a time; gives how many these were.
///
/// # Errors
/// The store did not take it.
pub fn forget(tx: &mut Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let sql = "DELETE FROM audit WHERE at < ?1 AND id IN (SELECT id FROM audit ORDER BY id LIMIT ?2)";
    let gone = tx.execute(sql, &[before.as_millisecond().into(), (AT_ONCE as i64).into()])?;
    Ok(usize::try_from(gone).unwrap_or(usize::MAX))
}

/// A page of entries, the newest first.
///
/// # Errors
/// The store cannot be read.
pub fn list(tx: &mut Transaction<'_>, filter: &Filter, limit: u32) -> Result<Page, StoreError> {
    let limit = limit.clamp(1, MOST_ON_PAGE) as usize;
    let mut values: Vec<Value> = vec![filter.cursor.unwrap_or(i64::MAX).into()];
    let mut sql = "SELECT id, at, actor, action, ticket FROM audit WHERE id < ?1".to_owned();
    for (column, value) in [("ticket", &filter.ticket), ("actor", &filter.actor)] {
        if let Some(value) = value {
            values.push(value.into());
            sql.push_str(&format!(" AND {column} = ?{}", values.len()));
        }
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT {}", limit + 1));
    let rows = tx.query(&sql, &values)?;
    let shown = rows.get(..limit).unwrap_or(&rows);
    let last = shown.last().filter(|_| rows.len() > limit).map(|row| row.integer(0)).transpose()?;
    let items = shown.iter().map(entry).collect::<Result<_, StoreError>>()?;
    Ok(Page { items, next_cursor: last.map(|id| id.to_string()) })
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let at = Timestamp::from_millisecond(row.integer(1)?).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Entry {
        at,
        actor: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        ticket: row.optional_text(4)?.map(str::to_owned),
    })
}

/// Readings that wait to be written, the oldest first.
#[derive(Debug, Default)]
pub struct Readings(Mutex<VecDeque<Entry>>);

impl Readings {
    /// Adds one.
    ///
    /// # Errors
    /// [`StoreError::Busy`]: too many wait, so what was read must not be shown.
    pub fn note(&self, entry: Entry) -> Result<(), StoreError> {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST_WAITING {
            return Err(StoreError::Busy);
        }
        waiting.push_back(entry);
        Ok(())
    }

    /// Writes all that wait. What cannot be written goes on waiting. One caller at a time, or some are written twice.
    ///
    /// # Errors
    /// The store did not take them.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let some: Vec<Entry> = self.waiting().iter().take(AT_ONCE).cloned().collect();
            if some.is_empty() {
                return Ok(());
            }
            let count = some.len();
            store.write(move |tx| some.iter().try_for_each(|entry| write(tx, entry))).await?;
            self.waiting().drain(..count);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        // Nothing panics while it holds them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_can_be_written_nothing_more_is_read() {
        let readings = Readings::default();
        let entry = Entry { at: Timestamp::UNIX_EPOCH, actor: "a".to_owned(), action: "read".to_owned(), ticket: None };
        for _ in 0..MOST_WAITING {
            assert_eq!(readings.note(entry.clone()), Ok(()));
        }
        assert_eq!(readings.note(entry), Err(StoreError::Busy));
    }

    #[test]
    fn cursors_are_numbers_of_rows() {
        for (text, expect) in [("1", Some(1)), ("0", None), ("-1", None), ("x", None), ("", None)] {
            assert_eq!(cursor(text).ok(), expect, "{text}");
        }
    }
}
