//! What identifies people is erased: at their wish, or when it has been kept long enough (Personal Information Protection
//! Law, article 47). What happened stays in the history and in the figures; of what was said the masked text is left.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value as Json;

use super::change::Change;
use super::desk::{self, Step, Tickets};
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows::{self, Loaded, millis};
use crate::access::{Actor, Scope, audit};
use crate::store::{Row, StoreError, Transaction};

/// Tickets that are looked for at one time.
const AT_ONCE: i64 = 500;

impl Tickets {
    /// Erases what identifies people in a ticket; gives the ticket as it is then. Doing it again changes nothing, unless
    /// something was said since.
    ///
    /// # Errors
    /// There is no such ticket; the actor is no administrator; the store did not take it.
    pub async fn erase(&self, id: &str, actor: &Actor) -> Result<Json, Refusal> {
        if !actor.may(&Scope::Admin) {
            return Err(Refusal::Forbidden { needs: "admin" });
        }
        let (serving, settings, at) = (self.live.serving(), Arc::clone(&self.settings), (self.clock)());
        let catalog = Arc::clone(serving.bundle.engine.catalog());
        let (id, actor) = (id.to_owned(), actor.clone());
        let job = move |tx: &mut Transaction<'_>| {
            erase(tx, &id, &Step { serving: &serving, settings: &settings, actor: &actor, at })
        };
        let (ticket, shown) = self.store.write(job).await?;
        self.tell(&ticket, &catalog);
        Ok(shown)
    }

    /// Erases what has been kept long enough, by the settings: of tickets that are over, and were not touched since. Gives
    /// how many there were.
    ///
    /// # Errors
    /// The store did not take it; what was erased before stays so.
    pub async fn erase_due(&self) -> Result<usize, Refusal> {
        let days = self.settings.erase_after_days;
        if days == 0 {
            return Ok(0);
        }
        let Ok(before) = (self.clock)().checked_sub(SignedDuration::from_hours(i64::from(days) * 24)) else {
            return Ok(0);
        };
        let mut erased = 0;
        loop {
            let ids = self.store.read(move |tx| kept_too_long(tx, millis(before))).await?;
            for id in &ids {
                self.erase(id, &Actor::system()).await?;
            }
            erased += ids.len();
            if ids.len() < AT_ONCE as usize {
                return Ok(erased);
            }
        }
    }
}

fn kept_too_long(tx: &mut Transaction<'_>, before: i64) -> Result<Vec<String>, Refusal> {
    let rows = tx.query(
        "SELECT id FROM tickets WHERE state IN ('closed', 'finalised', 'merged', 'refused') AND erased_at IS NULL
            AND updated_at < ?1 ORDER BY seq LIMIT ?2",
        &[before.into(), AT_ONCE.into()],
    )?;
    Ok(rows.iter().map(|row: &Row| row.text(0).map(str::to_owned)).collect::<Result<_, StoreError>>()?)
}

fn erase(tx: &mut Transaction<'_>, id: &str, step: &Step<'_>) -> Result<(Ticket, Json), Refusal> {
    let loaded = rows::load(tx, id, true)?;
    let seq = loaded.seq;
    let gone = tx.execute("DELETE FROM personal WHERE ticket = ?1", &[seq.into()])?;
    // A number and a place are found by what follows from them, which tells them to whoever tries all numbers.
    let before = tx.execute(
        "UPDATE tickets SET caller = NULL, place = NULL, erased_at = ?2 WHERE seq = ?1 AND erased_at IS NULL",
        &[seq.into(), millis(step.at).into()],
    )?;
    let changes = if gone + before == 0 { Vec::new() } else { vec![Change::Erased] };
    audit::write(tx, &desk::audited(step.actor, step.at, "erased", Some(id)))?;
    let ticket = if changes.is_empty() {
        loaded.ticket
    } else {
        rows::append(tx, seq, id, Some(loaded.ticket), changes, &step.writing())?
    };
    let loaded = Loaded { seq, ticket, submitter: loaded.submitter };
    let shown = desk::shown(tx, &loaded, step.actor, step.serving)?;
    Ok((loaded.ticket, shown))
}
