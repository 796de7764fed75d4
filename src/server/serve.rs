//! The life of the server: it listens, answers, and stops without dropping what it has accepted.

use std::future::{Future, IntoFuture};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::app::Configuration;
use super::clock;
use super::connections::Connections;
use super::openapi::router;
use crate::access::Keys;
use crate::bundle::Live;
use crate::store::Store;
use crate::tickets::Tickets;

/// How often it is written down who read what.
const WRITE_READINGS: Duration = Duration::from_millis(200);
/// How often keys are looked at again.
const LOOK_AT_KEYS: Duration = Duration::from_secs(1);

/// Answers on `listener` until `shutdown` is done. Then no connection is accepted any more, accepted requests are
/// finished, and after [`Configuration::drain_limit`] what is still open is left. The log of decisions is written to its
/// end.
///
/// # Errors
/// The listener failed in a way that trying again does not help.
pub async fn serve(
    live: Arc<Live>,
    tickets: Option<Tickets>,
    configuration: Configuration,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (drain_limit, log) = (configuration.drain_limit, configuration.decision_log.clone());
    // Ends with the server.
    let clock = tickets.clone().map(|tickets| tokio::spawn(clock::run(tickets)));
    let looking =
        tickets.as_ref().map(|tickets| tokio::spawn(look_at_keys(configuration.keys.clone(), tickets.store().clone())));
    let auditing = tickets.clone().map(|tickets| tokio::spawn(write_readings(tickets)));
    let renewing = configuration.encryption.clone().map(|encryption| tokio::spawn(encryption.watch()));
    let calls = configuration.calls.clone();
    let keeping = Some(tokio::spawn(calls.clone().keep(tickets.clone())));
    let (desk, hanging_up) = (tickets.clone(), calls.clone());
    let connections = Connections::new(listener, &configuration);
    let (stopping, stopped) = oneshot::channel();
    let signal = async move {
        shutdown.await;
        hanging_up.hang_up();
        let _ = stopping.send(());
    };
    let serving =
        axum::serve(connections, router(live, tickets, configuration)).with_graceful_shutdown(signal).into_future();
    let drained = async {
        if stopped.await.is_ok() {
            sleep(drain_limit).await;
        } else {
            // The server ended by itself; its result is the answer.
            std::future::pending::<()>().await;
        }
    };
    let result = tokio::select! {
        result = serving => result,
        () = drained => {
            tracing::warn!(drain_limit_s = drain_limit.as_secs(), "stopped with requests still open");
            Ok(())
        }
    };
    for task in [clock, looking, auditing, renewing, keeping].into_iter().flatten() {
        task.abort();
        let _ = task.await;
    }
    calls.close(desk.as_ref()).await;
    // What was read by the last requests.
    if let Some(desk) = desk
        && let Err(error) = desk.readings().flush(desk.store()).await
    {
        tracing::error!(%error, "audit: the last readings could not be written");
    }
    if let Some(log) = log {
        let _ = spawn_blocking(move || log.close()).await;
    }
    result
}

/// Writes down who read what, for as long as the server runs.
async fn write_readings(tickets: Tickets) {
    let mut beat = interval(WRITE_READINGS);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = tickets.readings().flush(tickets.store()).await {
            tracing::warn!(%error, "audit: readings wait until the store can be reached");
        }
    }
}

/// Notices keys that were added or revoked, for as long as the server runs.
async fn look_at_keys(keys: Keys, store: Store) {
    let mut beat = interval(LOOK_AT_KEYS);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = keys.refresh(&store).await {
            tracing::warn!(%error, "keys: the store cannot be reached, those that are known go on to hold");
        }
    }
}
