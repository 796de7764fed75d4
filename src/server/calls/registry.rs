//! All calls that are being taken: found by their id, kept over a restart, let go when they are over.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::super::problem::{Kind, Problem};
use super::call::{Call, Draft};
use crate::say;
use crate::tickets::Tickets;

/// Calls at one time.
const MOST_CALLS: usize = 1_000;
/// How often changes are written to the store.
const WRITE: Duration = Duration::from_millis(200);
/// Drafts in one transaction.
const MOST_WRITTEN: usize = 200;
/// How long a call to which nobody is connected stays in memory.
const LEFT: Duration = Duration::from_secs(600);
/// How long those who are connected may take to leave when the server stops.
const LEAVING: Duration = Duration::from_secs(2);

/// The calls of a server. Cheap to clone.
#[derive(Clone, Default)]
pub struct Calls(Arc<Registry>);

#[derive(Default)]
struct Registry {
    calls: Mutex<BTreeMap<String, Arc<Call>>>,
    /// Becomes true when the server stops.
    stopping: watch::Sender<bool>,
}

impl fmt::Debug for Calls {
    /// How many there are; nothing of what is said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("count", &self.calls().len()).finish()
    }
}

impl Calls {
    fn calls(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Call>>> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call of an id: one that is being taken, one that was kept, or else a new one.
    pub(super) async fn open(&self, id: &str, tickets: Option<&Tickets>) -> Result<Arc<Call>, Problem> {
        if let Some(call) = self.calls().get(id) {
            return Ok(Arc::clone(call));
        }
        let kept = match tickets {
            Some(tickets) => tickets.draft(id).await.map_err(crate::tickets::Refusal::from)?,
            None => None,
        };
        // One that cannot be read any more is as good as none.
        let draft: Draft = kept.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
        let mut calls = self.calls();
        if calls.len() >= MOST_CALLS && !calls.contains_key(id) {
            let detail = say!(
                "同时进行的通话已达 {MOST_CALLS} 路，请稍后再试",
                "{MOST_CALLS} calls are being taken already: try again later"
            );
            return Err(Problem::new(Kind::Busy, detail));
        }
        let call = calls.entry(id.to_owned()).or_insert_with(|| Arc::new(Call::new(id.to_owned(), draft)));
        Ok(Arc::clone(call))
    }

    /// Ends a call and forgets it.
    pub(super) async fn end(&self, call: &Call, tickets: Option<&Tickets>) -> Result<(), Problem> {
        call.end();
        self.calls().remove(&call.id);
        match tickets {
            Some(tickets) => Ok(tickets.forget_draft(&call.id).await.map_err(crate::tickets::Refusal::from)?),
            None => Ok(()),
        }
    }

    /// Who is woken when the server stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Writes changes to the store, where there is one, and lets go of calls that everybody left; for as long as the server
    /// runs.
    pub(in super::super) async fn keep(self, tickets: Option<Tickets>) {
        let mut beat = interval(WRITE);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            if let Some(tickets) = &tickets {
                self.write(tickets).await;
            }
            let kept = tickets.is_some();
            self.calls().retain(|_, call| {
                let over = call.left().is_some_and(|left| left.elapsed() > LEFT);
                !(over && (!kept || call.draft().is_none()))
            });
        }
    }

    /// Tells whoever is connected that the server stops.
    pub(in super::super) fn hang_up(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Waits a moment until everybody has left, and writes what is not kept yet.
    pub(in super::super) async fn close(&self, tickets: Option<&Tickets>) {
        self.hang_up();
        let deadline = Instant::now() + LEAVING;
        while Instant::now() < deadline && self.calls().values().any(|call| call.left().is_none()) {
            sleep(Duration::from_millis(5)).await;
        }
        if let Some(tickets) = tickets {
            self.write(tickets).await;
        }
    }

    /// Writes all changes. What cannot be written is tried again the next time.
    async fn write(&self, tickets: &Tickets) {
        let calls: Vec<Arc<Call>> = self.calls().values().cloned().collect();
        let changed: Vec<_> = calls.iter().filter_map(|call| Some((call, call.draft()?))).collect();
        for some in changed.chunks(MOST_WRITTEN) {
            let drafts = some.iter().map(|(call, (_, body))| (call.id.clone(), body.clone())).collect();
            match tickets.keep_drafts(drafts).await {
                Ok(()) => some.iter().for_each(|(call, (sequence, _))| call.keep(*sequence)),
                Err(error) => {
                    tracing::warn!(%error, "calls: drafts wait until the store can be reached");
                    return;
                }
            }
        }
    }
}
