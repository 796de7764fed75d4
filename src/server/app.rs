//! What all requests share.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::bundle_history::Tried;
use super::calls::Calls;
use super::decision_log::DecisionLog;
use super::ids::Ids;
use super::metrics::Metrics;
use super::problem::{Kind, Problem};
use super::tls::Encryption;
use crate::access::{Keys, Rate, Tokens};
use crate::bundle::{Live, Serving};
use crate::decide::{Complaint, Decision, Options};
use crate::say;
use crate::source::Lang;
use crate::tickets::{Prepared, Submission, Tickets};

/// Bytes of a body up to which its work is short: about a thousand characters, three times what people write.
const SHORT: usize = 4 << 10;

/// How the server behaves.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The address to listen on; only this machine by default.
    pub listen: SocketAddr,
    /// The language of problems for callers who ask for none.
    pub lang: Lang,
    /// Bytes of a body, at the most.
    pub body_limit: usize,
    /// Bytes of a batch's body, at the most.
    pub batch_body_limit: usize,
    /// How long a request may take, from its head to its answer.
    pub time_limit: Duration,
    /// How long a connection may go without an answer being written to it; more than `time_limit`.
    pub connection_limit: Duration,
    /// Connections at one time; others wait until one is closed.
    pub most_connections: usize,
    /// Writes that may wait for the store; more complaints are sent away until there is room again.
    pub most_writes_waiting: usize,
    /// Certificate and key; connections are not encrypted where there are none.
    pub encryption: Option<Encryption>,
    /// Who is let in: the keys of the store that tickets are kept in.
    pub keys: Keys,
    /// Who is let in with a token of an identity provider.
    pub tokens: Option<Tokens>,
    /// How often one key may be used; as often as it likes where there is none.
    pub rate: Option<Rate>,
    /// How long accepted requests may still take once the server is told to stop.
    pub drain_limit: Duration,
    /// Where every decision is logged, if anywhere.
    pub decision_log: Option<DecisionLog>,
    /// The calls that are being taken.
    pub calls: Calls,
    /// How long the console stays open while nobody touches it; for ever where there is none.
    pub console_idle: Option<Duration>,
    /// Whether proposals are written as branches of the bundle's git repository.
    pub proposal_branches: bool,
}

impl Configuration {
    /// How long a draft may take, which loads the bundle several times: longer than other requests, and never so long that
    /// its connection is closed meanwhile.
    pub(super) fn draft_limit(&self) -> Duration {
        (self.time_limit * 3).min(self.connection_limit * 9 / 10).max(self.time_limit)
    }
}

impl Default for Configuration {
    fn default() -> Configuration {
        Configuration {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7080)),
            lang: Lang::Zh,
            body_limit: 1 << 20,
            batch_body_limit: 16 << 20,
            time_limit: Duration::from_secs(10),
            connection_limit: Duration::from_secs(60),
            most_connections: 4096,
            most_writes_waiting: 512,
            encryption: None,
            keys: Keys::none(),
            tokens: None,
            rate: None,
            drain_limit: Duration::from_secs(30),
            decision_log: None,
            calls: Calls::default(),
            console_idle: Some(Duration::from_secs(15 * 60)),
            proposal_branches: false,
        }
    }
}

/// What all requests share.
pub(super) struct App {
    /// Where the bundle is taken from, once per request.
    pub(super) live: Arc<Live>,
    /// Tickets, where they are kept.
    tickets: Option<Tickets>,
    pub(super) configuration: Configuration,
    pub(super) metrics: Metrics,
    pub(super) ids: Ids,
    /// Slices of batches that are worked on at one time.
    pub(super) batches: Arc<Semaphore>,
    /// Long complaints that are worked on at one time.
    long: Arc<Semaphore>,
    /// One reload at a time holds a thread; the others wait without one.
    pub(super) reloads: Arc<Semaphore>,
    /// Likewise of drafts, which take seconds.
    pub(super) drafts: Arc<Semaphore>,
    /// How the rules do on the bundle's own cases, once somebody asked.
    pub(super) tried: Tried,
}

impl App {
    pub(super) fn new(live: Arc<Live>, tickets: Option<Tickets>, configuration: Configuration) -> App {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // One core stays free for agents who wait on the phone.
        let spare = cores.saturating_sub(1).max(1);
        App {
            metrics: Metrics::new(&live, tickets.as_ref(), configuration.decision_log.as_ref()),
            live,
            tickets,
            configuration,
            ids: Ids::default(),
            batches: Arc::new(Semaphore::new(spare)),
            long: Arc::new(Semaphore::new(spare)),
            reloads: Arc::new(Semaphore::new(1)),
            drafts: Arc::new(Semaphore::new(1)),
            tried: Tried::default(),
        }
    }

    /// Does the work that a body of so many bytes asks for.
    ///
    /// Short work is done on this very thread: it takes about a millisecond, and handing it to another thread and
    /// waiting for that to wake up may cost as much when the machine is busy. Long work would hold up every other
    /// request of the thread, so it goes elsewhere.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if bytes <= SHORT { work() } else { on_thread(&self.long, work).await? }
    }

    /// Tickets, or why there are none.
    pub(super) fn tickets(&self) -> Result<&Tickets, Problem> {
        self.tickets.as_ref().ok_or_else(|| {
            let detail = say!(
                "用 jiesu serve --data 目录 启动，工单就保存在其中",
                "start with jiesu serve --data DIR: tickets are kept there"
            );
            Problem::new(Kind::TicketsOff, detail)
        })
    }

    /// A submission that was decided, its decision handed out as any other.
    pub(super) fn prepared(&self, desk: &Tickets, submission: Submission) -> Result<Prepared, Problem> {
        let started = Instant::now();
        let mut prepared = desk.prepare(submission)?;
        let (serving, complaint) = (&prepared.serving, &prepared.complaint);
        prepared.decision =
            self.handed_out(serving, complaint, Options::default(), prepared.decision, started.elapsed());
        Ok(prepared)
    }

    /// A decision as it is handed out: with its id, the engine's version and how long it took; counted, and logged
    /// where decisions are.
    pub(super) fn handed_out(
        &self,
        serving: &Arc<Serving>,
        complaint: &Complaint,
        options: Options,
        mut decision: Decision,
        took: Duration,
    ) -> Decision {
        self.metrics.decided(&decision, took);
        decision.id = Some(self.ids.next());
        decision.engine = Some(env!("CARGO_PKG_VERSION").to_owned());
        decision.elapsed_us = Some(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if let Some(log) = &self.configuration.decision_log {
            log.record(serving, complaint, options, &decision);
        }
        decision
    }
}

/// Does work on a thread that may be busy for long, once it is its turn. Whoever gives up while it waits takes it away;
/// once it runs it runs to its end. A panic in it has been logged where it happened.
pub(super) async fn on_thread<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let turn = Arc::clone(turns).acquire_owned().await.map_err(|_| Problem::internal())?;
    let work = move || {
        let _turn = turn;
        work()
    };
    spawn_blocking(work).await.map_err(|_| Problem::internal())
}
