//! Keeps messages on their way: takes what is due, sends many at once, and says how each went.
//!
//! Every target has room for a few messages at a time; one that fails has room for one until an attempt succeeds, and one
//! that asks to be left alone has none for so long. So a receiver that hangs holds up itself alone.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::client::{Client, Sent};
use super::settings::Settings;
use super::{backoff, event, signature};
use crate::source::Message;
use crate::tickets::{CENTRE, Outbox, Outcome, Room, Tickets, Trouble, TroubleKind, Waiting};

/// How often messages that are due are looked for; a change of a ticket here has them looked for at once.
const EVERY: Duration = Duration::from_millis(500);
/// How often messages are counted, and old ones forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(15);
/// How long a store that does not answer is left alone.
const STORE_REST: Duration = Duration::from_secs(2);

/// Delivers the messages of a desk. Several, on several servers, share the work.
pub struct Deliverer {
    postman: Arc<Postman>,
}

/// What one attempt needs.
struct Postman {
    tickets: Tickets,
    outbox: Outbox,
    client: Client,
    settings: Settings,
}

/// How an attempt went, as far as its target is concerned.
#[derive(Clone, Copy)]
struct Landed {
    /// Whether the receiver took it.
    well: bool,
    /// Until when the receiver asked to be left alone.
    rest: Option<Timestamp>,
}

/// What is known of a target while this server runs.
#[derive(Default)]
struct Lane {
    in_flight: u32,
    failing: bool,
    rest: Option<Timestamp>,
}

impl Deliverer {
    /// A deliverer for a desk. Nothing is sent yet.
    ///
    /// # Errors
    /// The file of certificates cannot be used.
    pub fn new(tickets: Tickets, settings: Settings) -> Result<Deliverer, Message> {
        let client = Client::new(&settings)?;
        Ok(Deliverer { postman: Arc::new(Postman { outbox: tickets.outbox(), tickets, client, settings }) })
    }

    /// Delivers until `stop` is done; then takes nothing new and waits for what is on its way, some ten seconds at the
    /// most. One that is dropped leaves what is on its way to be sent again in a minute.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let postman = self.postman;
        let mut flights = Flights::default();
        let mut news = postman.tickets.listen();
        let mut beat = interval(EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tidied: Option<Instant> = None;
        let mut stop = std::pin::pin!(stop);
        loop {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
                tidied = Some(Instant::now());
                if let Err(refusal) = postman.outbox.tidy().await {
                    tracing::warn!(why = refusal.message().en, "outbox could not be tidied");
                }
            }
            let reached = postman.send_due(&mut flights).await;
            let rest = async {
                if !reached {
                    sleep(STORE_REST).await;
                }
                tokio::select! {
                    _ = beat.tick() => {}
                    _ = news.recv() => {}
                    () = flights.land() => {}
                }
            };
            tokio::select! {
                () = &mut stop => break,
                () = rest => {}
            }
        }
        while !flights.set.is_empty() {
            flights.land().await;
        }
    }

    /// Sends what is due now, once, and waits until it is known how each went; gives how many were tried. For whoever has
    /// a clock of its own; a service uses [`Deliverer::run`].
    pub async fn deliver_due(&self) -> usize {
        let mut flights = Flights::default();
        self.postman.send_due(&mut flights).await;
        let tried = flights.set.len();
        while !flights.set.is_empty() {
            flights.land().await;
        }
        tried
    }
}

/// What is on its way, and the targets it goes to.
#[derive(Default)]
struct Flights {
    set: JoinSet<Landed>,
    targets: HashMap<Id, String>,
    lanes: HashMap<String, Lane>,
}

impl Flights {
    /// Room for more, as the targets are now.
    fn room(&mut self, settings: &Settings, now: Timestamp) -> Room {
        self.lanes.retain(|_, lane| lane.in_flight > 0 || lane.failing || lane.rest.is_some_and(|rest| rest > now));
        let free = |lane: &Lane| {
            let most = match lane.rest {
                Some(rest) if rest > now => 0,
                _ if lane.failing => 1,
                _ => settings.most_per_target,
            };
            most.saturating_sub(lane.in_flight)
        };
        Room {
            all: settings.most_in_flight.saturating_sub(self.set.len()),
            each: settings.most_per_target,
            less: self.lanes.iter().map(|(target, lane)| (target.clone(), free(lane))).collect(),
        }
    }

    fn begin(&mut self, postman: &Arc<Postman>, waiting: Waiting) {
        let target = waiting.target.clone();
        self.lanes.entry(target.clone()).or_default().in_flight += 1;
        let postman = Arc::clone(postman);
        let task = self.set.spawn(async move { postman.deliver(&waiting).await });
        self.targets.insert(task.id(), target);
    }

    /// Waits for one of those on their way, and takes in all that are through; for ever where there are none.
    async fn land(&mut self) {
        match self.set.join_next_with_id().await {
            Some(landed) => self.note(landed),
            None => std::future::pending().await,
        }
        while let Some(landed) = self.set.try_join_next_with_id() {
            self.note(landed);
        }
    }

    fn note(&mut self, landed: Result<(Id, Landed), tokio::task::JoinError>) {
        let (id, landed) = match landed {
            Ok((id, landed)) => (id, landed),
            // It panicked, which has been logged; its message is due again when its minute is over.
            Err(error) => (error.id(), Landed { well: false, rest: None }),
        };
        let Some(lane) = self.targets.remove(&id).and_then(|target| self.lanes.get_mut(&target)) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        lane.failing = !landed.well;
        lane.rest = landed.rest.or(lane.rest.filter(|_| !landed.well));
    }
}

impl Postman {
    /// Takes what is due and sends it on its way; gives whether the store could be reached.
    async fn send_due(self: &Arc<Postman>, flights: &mut Flights) -> bool {
        let room = flights.room(&self.settings, self.outbox.now());
        if room.all == 0 {
            return true;
        }
        match self.outbox.claim(room).await {
            Ok(claimed) => {
                claimed.into_iter().for_each(|waiting| flights.begin(self, waiting));
                true
            }
            Err(refusal) => {
                tracing::warn!(why = refusal.message().en, "outbox could not be read");
                false
            }
        }
    }

    /// Sends a message and says how it went.
    async fn deliver(&self, waiting: &Waiting) -> Landed {
        let (outcome, asked) = match self.attempt(waiting).await {
            Ok(()) => (Outcome::Delivered, None),
            Err((trouble, asked)) => {
                let now = self.outbox.now();
                let asked = asked.and_then(|header| backoff::retry_after(&header, now));
                (backoff::after(trouble, asked, waiting, now), asked.and_then(|asked| now.checked_add(asked).ok()))
            }
        };
        let (message, target, attempt) = (waiting.message.as_str(), waiting.target.as_str(), waiting.attempts);
        match &outcome {
            Outcome::Delivered => tracing::debug!(message, target, attempt, "webhook delivered"),
            Outcome::Again { at, trouble } => {
                tracing::warn!(message, target, attempt, %trouble, next = %at, "webhook not delivered, to be tried again");
            }
            Outcome::Dead { trouble } => {
                let why = trouble.message().en;
                tracing::error!(message, target, attempt, %trouble, why, "webhook given up: see `jiesu tickets outbox --dead`");
            }
        }
        let well = outcome == Outcome::Delivered;
        if let Err(refusal) = self.outbox.settle(waiting, outcome).await {
            tracing::warn!(message, why = refusal.message().en, "how a webhook went was not stored: it is sent again");
        }
        Landed { well, rest: asked }
    }

    /// Sends a message; or what went wrong, with what the receiver says about when to come again.
    async fn attempt(&self, waiting: &Waiting) -> Result<(), (Trouble, Option<String>)> {
        let trouble = |trouble: Trouble| (trouble, None);
        let address = match waiting.target.strip_prefix("department:") {
            Some(department) => self.tickets.department_address(department),
            None if waiting.target == CENTRE => self.settings.centre.clone(),
            None => None,
        };
        let address = address.ok_or_else(|| trouble(TroubleKind::NoAddress.into()))?;
        let secrets = self.settings.secrets_of(&waiting.target);
        if secrets.is_empty() {
            return Err(trouble(TroubleKind::NoSecret.into()));
        }
        let said = match self.tickets.message(waiting).await {
            Ok(said) => said.ok_or_else(|| trouble(TroubleKind::NothingToSay.into()))?,
            Err(refusal) => return Err(trouble(Trouble::new(TroubleKind::Store, refusal.message().en))),
        };
        let body = event::envelope(&self.settings.source, waiting, &said);
        let timestamp = self.outbox.now().as_second();
        let headers = [
            ("webhook-id", waiting.message.clone()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature::signatures(secrets, &waiting.message, timestamp, &body)),
        ];
        let sent = Sent { media_type: event::MEDIA_TYPE, headers: &headers, body };
        let answer = self.client.post(&address, sent, &self.settings).await.map_err(trouble)?;
        match answer.status.as_u16() {
            200..=299 => Ok(()),
            410 => Err(trouble(TroubleKind::Gone.into())),
            status => Err((Trouble::new(TroubleKind::Status, status), answer.retry_after)),
        }
    }
}
