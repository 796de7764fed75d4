//! The life of the server: it listens, answers, and stops without dropping what it has accepted.

use std::future::{Future, IntoFuture};
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::app::Configuration;
use super::clock;
use super::connections::Connections;
use super::openapi::router;
use crate::bundle::Live;
use crate::tickets::Tickets;

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
    let connections = Connections::new(listener, &configuration);
    let (stopping, stopped) = oneshot::channel();
    let signal = async move {
        shutdown.await;
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
    if let Some(clock) = clock {
        clock.abort();
    }
    if let Some(log) = log {
        let _ = spawn_blocking(move || log.close()).await;
    }
    result
}
