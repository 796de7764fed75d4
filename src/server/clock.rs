//! The deadline clock of a server: one runs at a time among all servers on one database.

use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::store::AdvisoryLock;
use crate::tickets::{CLOCK_LOCK, Tickets};

/// How often deadlines are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether something was kept long enough to be erased.
const ERASE_EVERY: Duration = Duration::from_secs(3600);

/// Looks at deadlines for as long as the server runs. Whoever holds the lock does; the others ask for it again and again,
/// so that the clock of a server that died is taken over.
pub(super) async fn run(tickets: Tickets) {
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lock: Option<AdvisoryLock> = None;
    let mut erase_next = Instant::now();
    let sweeping = tickets.clone();
    drop(spawn_blocking(move || match sweeping.sweep() {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "removed what was left of erased tickets"),
        Err(refusal) => tracing::error!(why = refusal.message().en, "what is left of erased tickets was not removed"),
    }));
    loop {
        beat.tick().await;
        if !lock.as_ref().is_some_and(AdvisoryLock::is_held) {
            let store = tickets.store().clone();
            lock = match spawn_blocking(move || store.advisory_lock(CLOCK_LOCK)).await {
                Ok(Ok(lock)) => lock,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "deadlines: the store cannot be reached");
                    None
                }
                Err(_) => None,
            };
        }
        if lock.is_none() {
            continue;
        }
        match tickets.tick().await {
            Ok(0) => {}
            Ok(steps) => tracing::info!(steps, "deadlines"),
            Err(refusal) => tracing::error!(why = refusal.message().en, "deadlines could not be looked at"),
        }
        if erase_next <= Instant::now() {
            match tickets.erase_due().await {
                Ok(0) => {
                    erase_next = Instant::now() + ERASE_EVERY;
                    if let Err(refusal) = tickets.forget_old().await {
                        tracing::error!(why = refusal.message().en, "what was kept for a time could not be forgotten");
                    }
                }
                // Some more with the next beat: deadlines do not wait for all of them.
                Ok(tickets) => tracing::info!(tickets, "erased what was kept long enough"),
                Err(refusal) => {
                    erase_next = Instant::now() + ERASE_EVERY;
                    tracing::error!(why = refusal.message().en, "nothing could be erased");
                }
            }
        }
    }
}
