//! Calls that are being taken, kept beside the tickets that they may become, so that a server that starts again goes on
//! with them. What a draft holds is the business of whoever takes the call; here it is a text under an id.

use jiff::{SignedDuration, Timestamp};

use super::desk::Tickets;
use super::rows::millis;
use crate::store::{Migration, StoreError, Transaction};

/// Hours after which a draft that nobody touched is forgotten: it holds what a citizen said, and no call is that long.
const KEPT_HOURS: i64 = 24;

macro_rules! table {
    () => {
        "CREATE TABLE call_drafts (
            id TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            updated_at BIGINT NOT NULL
        );
        CREATE INDEX call_drafts_by_time ON call_drafts (updated_at);"
    };
}

/// The step that made the table.
pub(super) const MIGRATION: Migration =
    Migration { version: 2, name: "call drafts", sqlite: table!(), postgres: table!() };

impl Tickets {
    /// Keeps drafts, each an id with its text, in the place of what was kept under the id. Drafts that nobody touched for a
    /// day are forgotten on the way.
    ///
    /// # Errors
    /// The store cannot be written to.
    pub async fn keep_drafts(&self, drafts: Vec<(String, String)>) -> Result<(), StoreError> {
        let now = self.now();
        self.store.write(move |tx: &mut Transaction<'_>| keep(tx, &drafts, now)).await
    }

    /// The draft that is kept under an id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn draft(&self, id: &str) -> Result<Option<String>, StoreError> {
        let id = id.to_owned();
        self.store
            .read(move |tx: &mut Transaction<'_>| {
                let row = tx.query_one("SELECT body FROM call_drafts WHERE id = ?1", &[id.into()])?;
                row.map(|row| Ok(row.text(0)?.to_owned())).transpose()
            })
            .await
    }

    /// Forgets a draft: the call is over.
    ///
    /// # Errors
    /// The store cannot be written to.
    pub async fn forget_draft(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        let forget = move |tx: &mut Transaction<'_>| {
            tx.execute("DELETE FROM call_drafts WHERE id = ?1", &[id.into()])?;
            Ok::<_, StoreError>(())
        };
        self.store.write(forget).await
    }
}

fn keep(tx: &mut Transaction<'_>, drafts: &[(String, String)], now: Timestamp) -> Result<(), StoreError> {
    for (id, body) in drafts {
        tx.execute(
            "INSERT INTO call_drafts (id, body, updated_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at",
            &[id.into(), body.into(), millis(now).into()],
        )?;
    }
    let old = now.saturating_sub(SignedDuration::from_hours(KEPT_HOURS)).unwrap_or(Timestamp::MIN);
    tx.execute("DELETE FROM call_drafts WHERE updated_at < ?1", &[millis(old).into()])?;
    Ok(())
}
