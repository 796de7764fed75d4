//! What identifies people is erased: at their wish, or when it has been kept long enough (Personal Information Protection
//! Law, article 47), with photos and recordings. What happened stays in the history and in the figures; of what was said
//! the masked text is left.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value as Json;
use tokio::task::spawn_blocking;

use super::change::Change;
use super::desk::{self, REMEMBER_REQUESTS_DAYS, Step, Tickets};
use super::imported::IMPORTER;
use super::model::Ticket;
use super::refusal::Refusal;
use super::rows::{self, Loaded, millis};
use super::view;
use crate::access::{Actor, Scope, audit};
use crate::store::{Row, StoreError, Transaction, Value};

/// Tickets that one transaction erases when their time has come.
const AT_ONCE: i64 = 50;
/// Tickets that one statement of the sweep asks for.
const SWEPT_AT_ONCE: usize = 500;

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
        let (ticket, actor) = (id.to_owned(), actor.clone());
        let job = move |tx: &mut Transaction<'_>| {
            let loaded = rows::load(tx, &ticket, true)?;
            let (seq, submitter) = (loaded.seq, loaded.submitter.clone());
            let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
            let loaded = Loaded { seq, ticket: erase(tx, loaded, &step)?, submitter };
            let shown = view::shown(tx, &loaded, &actor, &serving)?;
            Ok::<_, Refusal>((loaded.ticket, shown))
        };
        let (ticket, shown) = self.store.write(job).await?;
        self.tell(&ticket, &catalog);
        self.remove_files(vec![id.to_owned()]).await;
        Ok(shown)
    }

    /// Forgets what is kept for a time only: the keys of requests after a week, since nobody repeats a request so late (those
    /// of imports stay: a file may be imported again at any time), and lines of the log of who saw what after what the
    /// settings say.
    ///
    /// # Errors
    /// The store did not take it.
    pub async fn forget_old(&self) -> Result<(), Refusal> {
        let before = millis(self.now()) - REMEMBER_REQUESTS_DAYS * 86_400_000;
        let job = move |tx: &mut Transaction<'_>| {
            let sql = "DELETE FROM requests WHERE at < ?1 AND actor <> ?2";
            tx.execute(sql, &[before.into(), IMPORTER.into()])
        };
        self.store.write::<_, StoreError, _>(job).await?;
        let days = self.settings.audit_days;
        let Ok(before) = self.now().checked_sub(SignedDuration::from_hours(i64::from(days) * 24)) else {
            return Ok(());
        };
        // In small steps, so that nobody waits long.
        while days > 0 && self.store.write(move |tx| audit::forget(tx, before)).await? == audit::AT_ONCE {}
        Ok(())
    }

    /// Erases what has been kept long enough, by the settings: of tickets that are over, and were not touched since. Does
    /// so with a few at a time, so that nobody waits long; gives how many these were, so call it again until it gives 0.
    ///
    /// # Errors
    /// The store did not take it.
    pub async fn erase_due(&self) -> Result<usize, Refusal> {
        let days = self.settings.erase_after_days;
        let at = (self.clock)();
        let Ok(before) = at.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)) else { return Ok(0) };
        if days == 0 {
            return Ok(0);
        }
        // Looked for where it does not hold up those who write.
        let ids = self.store.read(move |tx| kept_too_long(tx, millis(before))).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let (serving, settings) = (self.live.serving(), Arc::clone(&self.settings));
        let catalog = Arc::clone(serving.bundle.engine.catalog());
        let found = ids.len();
        let files = ids.iter().map(|(_, id)| id.clone()).collect();
        let job = move |tx: &mut Transaction<'_>| {
            let actor = Actor::system();
            let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
            ids.iter().map(|(seq, id)| erase_old(tx, *seq, id, &step)).collect::<Result<Vec<_>, Refusal>>()
        };
        let erased: Vec<Option<Ticket>> = self.store.write(job).await?;
        erased.iter().flatten().for_each(|ticket| self.tell(ticket, &catalog));
        self.remove_files(files).await;
        Ok(found)
    }

    /// Removes files of tickets that were erased. What cannot be removed now is by the [sweep](Tickets::sweep) of the
    /// next start.
    async fn remove_files(&self, ids: Vec<String>) {
        let tickets = self.clone();
        let removed = spawn_blocking(move || ids.iter().try_for_each(|id| tickets.remove_files_of(id).map(drop))).await;
        if let Ok(Err(refusal)) = removed {
            tracing::error!(why = refusal.message().en, "attachments of an erased ticket are still there");
        }
    }

    /// Removes what is left of files of erased tickets, where a server died before it came to it; gives how many there
    /// were. Files of version 0.1, which tickets shared, are parted first. Blocks: it walks through all folders of attachments.
    ///
    /// # Errors
    /// The folder or the store cannot be read, or a file cannot be removed.
    pub fn sweep(&self) -> Result<usize, Refusal> {
        let Some(attachments) = &self.attachments else { return Ok(0) };
        let shared = attachments.shared().map_err(|error| cannot(&error))?;
        if !shared.is_empty() {
            let owners = self.store.read_blocking(owners)?;
            attachments.part(&owners, &shared).map_err(|error| cannot(&error))?;
        }
        let ids = attachments.tickets().map_err(|error| cannot(&error))?;
        let mut removed = 0;
        for some in ids.chunks(SWEPT_AT_ONCE) {
            let values: Vec<Value> = some.iter().map(Value::from).collect();
            let numbers: Vec<String> = (1..=values.len()).map(|number| format!("?{number}")).collect();
            let sql = format!("SELECT id FROM tickets WHERE id IN ({}) AND erased_at IS NOT NULL", numbers.join(", "));
            let erased = self.store.read_blocking::<_, StoreError, _>(move |tx| {
                tx.query(&sql, &values)?.iter().map(|row| Ok(row.text(0)?.to_owned())).collect::<Result<Vec<_>, _>>()
            })?;
            for id in erased {
                removed += self.remove_files_of(&id)?;
            }
        }
        Ok(removed)
    }

    /// Removes the files that an erased ticket no longer has: all of one that cannot be read any more.
    fn remove_files_of(&self, id: &str) -> Result<usize, Refusal> {
        let Some(attachments) = &self.attachments else { return Ok(0) };
        let own = id.to_owned();
        let kept = match self.store.read_blocking(move |tx| rows::load(tx, &own, false)) {
            Ok(loaded) => loaded.ticket.attachments,
            Err(Refusal::Store(StoreError::Corrupt(_))) => Vec::new(),
            Err(refusal) => return Err(refusal),
        };
        attachments.forget(id, &kept).map_err(|error| cannot(&error))
    }
}

/// Every ticket that was not erased with each of its files: id and name.
fn owners(tx: &mut Transaction<'_>) -> Result<Vec<(String, String)>, StoreError> {
    let rows = tx.query(
        "SELECT t.id, e.body FROM events e JOIN tickets t ON t.seq = e.ticket
         WHERE e.name = 'attached' AND t.erased_at IS NULL",
        &[],
    )?;
    let mut owners = Vec::new();
    for row in &rows {
        if let Ok(Change::Attached { attachment }) = serde_json::from_str(row.text(1)?) {
            owners.push((row.text(0)?.to_owned(), attachment.sha256));
        }
    }
    Ok(owners)
}

fn cannot(error: &std::io::Error) -> Refusal {
    Refusal::Store(StoreError::Unavailable(format!("attachments: {error}")))
}

/// Row and id of tickets that are over since before a moment, and were not erased. There is an index for just this.
fn kept_too_long(tx: &mut Transaction<'_>, before: i64) -> Result<Vec<(i64, String)>, Refusal> {
    let rows = tx.query(
        "SELECT seq, id FROM tickets
         WHERE erased_at IS NULL AND state IN ('closed', 'finalised', 'merged', 'refused') AND updated_at < ?1
         ORDER BY updated_at LIMIT ?2",
        &[before.into(), AT_ONCE.into()],
    )?;
    let read = |row: &Row| Ok((row.integer(0)?, row.text(1)?.to_owned()));
    Ok(rows.iter().map(read).collect::<Result<_, StoreError>>()?)
}

/// Erases one whose time has come. What is to go goes even where the ticket cannot be read any more.
fn erase_old(tx: &mut Transaction<'_>, seq: i64, id: &str, step: &Step<'_>) -> Result<Option<Ticket>, Refusal> {
    match rows::load(tx, id, true) {
        // Reopened in the meantime.
        Ok(loaded) if !loaded.ticket.state.is_over() => Ok(None),
        Ok(loaded) => erase(tx, loaded, step).map(Some),
        Err(Refusal::Store(StoreError::Corrupt(_))) => {
            forget(tx, seq, step)?;
            Ok(None)
        }
        Err(refusal) => Err(refusal),
    }
}

fn erase(tx: &mut Transaction<'_>, loaded: Loaded, step: &Step<'_>) -> Result<Ticket, Refusal> {
    let (seq, id) = (loaded.seq, loaded.ticket.id.clone());
    audit::write(tx, &desk::audited(step.actor, step.at, "erased", Some(&id)))?;
    if !forget(tx, seq, step)? && loaded.ticket.attachments.is_empty() {
        return Ok(loaded.ticket);
    }
    rows::append(tx, seq, &id, Some(&loaded.ticket), vec![Change::Erased], &step.writing())
}

/// Takes away everything that identifies somebody; says whether there was anything.
fn forget(tx: &mut Transaction<'_>, seq: i64, step: &Step<'_>) -> Result<bool, StoreError> {
    let personal = tx.execute("DELETE FROM personal WHERE ticket = ?1", &[seq.into()])?;
    // A number and a place are found by what follows from them, which tells them to whoever tries all numbers.
    let found_by = tx.execute(
        "UPDATE tickets SET caller = NULL, place = NULL, erased_at = ?2 WHERE seq = ?1 AND erased_at IS NULL",
        &[seq.into(), millis(step.at).into()],
    )?;
    Ok(personal + found_by > 0)
}
