//! What whoever delivers messages asks of the desk: messages that are due, what they say, and how it went. Here too:
//! looking at those that could not be delivered, and having them tried again.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::desk::{Clock, Tickets};
use super::outbox;
use super::refusal::Refusal;
use super::rows::millis;
use crate::access::{Actor, Scope};
use crate::say;
use crate::source::Message as Said;
use crate::store::{Store, StoreError, Transaction};

/// How long a message stays with whoever took it. Longer than any attempt, so that nobody else takes it meanwhile; a
/// server that died costs its messages this much.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The longest that a message waits for its next attempt.
pub const MOST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// How long a message that was delivered is remembered.
const REMEMBER: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Delivered messages that are forgotten at one time.
const FORGET_AT_ONCE: u32 = 1_000;
/// Messages on a page.
const ON_PAGE: u32 = 200;
/// Characters of what went wrong that are kept.
const DETAIL: usize = 200;

/// A message that waits, or is dead. Nothing in it identifies a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// Its row.
    #[serde(skip)]
    pub(super) row: i64,
    /// Its id: the same at every attempt.
    pub message: String,
    /// The ticket's row.
    #[serde(skip)]
    pub(super) seq: i64,
    /// The ticket's id.
    pub ticket: String,
    /// The number of the event that it tells of.
    pub event: u32,
    /// What happened, as events are named.
    pub name: String,
    /// `centre`, or `department:` and an id.
    pub target: String,
    /// Attempts so far.
    pub attempts: u32,
    /// From when on it has been tried.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// When it is tried next; of a dead one, when it was given up.
    #[schema(value_type = String)]
    pub next_at: Timestamp,
    /// What went wrong the last time: a word as in [`Trouble`], and details.
    pub error: Option<String>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// When it happened.
    pub at: Timestamp,
    /// The ticket as it was right after, without what the receiver may not see.
    pub data: Json,
}

/// How many messages may be taken.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// In all.
    pub all: usize,
    /// For one target.
    pub each: u32,
    /// For targets that have less room than others.
    pub less: HashMap<String, u32>,
}

impl Room {
    pub(super) fn of(&self, target: &str) -> u32 {
        self.less.get(target).copied().unwrap_or(self.each).min(self.each)
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was received.
    Delivered,
    /// To be tried again.
    Again {
        /// When.
        at: Timestamp,
        /// What went wrong.
        trouble: Trouble,
    },
    /// Not to be tried again by itself.
    Dead {
        /// What went wrong.
        trouble: Trouble,
    },
}

macro_rules! troubles {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $lasting:literal, $zh:literal, $en:literal;)*) => {
        /// Kinds of what can go wrong on the way to a receiver.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum TroubleKind { $($(#[$doc])* $kind,)* }

        impl TroubleKind {
            /// All kinds.
            pub const ALL: &'static [TroubleKind] = &[$(TroubleKind::$kind,)*];

            /// Its name, as it stands before the details.
            pub fn name(self) -> &'static str {
                match self { $(TroubleKind::$kind => $name,)* }
            }

            /// Whether somebody has to do something before another attempt makes sense.
            pub fn is_lasting(self) -> bool {
                match self { $(TroubleKind::$kind => $lasting,)* }
            }

            /// What it is, and what to do.
            pub fn message(self) -> Said {
                match self { $(TroubleKind::$kind => say!($zh, $en),)* }
            }
        }
    };
}

troubles! {
    /// Nobody has written down where to.
    NoAddress = "no-address", true,
        "没有推送地址：在 departments.yaml 该单位下写 webhook（中心的写在 jiesu.toml）",
        "there is no address: write `webhook` in departments.yaml (for the centre: in jiesu.toml)";
    /// Nothing to sign with.
    NoSecret = "no-secret", true,
        "没有签名密钥：在 jiesu.toml 的 [webhooks.secrets] 里补上，再重发",
        "there is no secret to sign with: add it to [webhooks.secrets] in jiesu.toml, then replay";
    /// The address is none.
    BadAddress = "bad-address", true,
        "推送地址写得不对：应为 https://主机/路径",
        "the address is wrong: it should be https://host/path";
    /// Not encrypted.
    PlainHttp = "plain-http", true,
        "推送地址不是 https：换成 https，或在 jiesu.toml 写 allow_http = true",
        "the address is not https: use https, or write `allow_http = true` in jiesu.toml";
    /// An address inside, where nobody from outside may send us.
    NotPublic = "not-public", true,
        "推送地址指向内网：确认无误后，把主机写进 jiesu.toml 的 allowed_hosts",
        "the address leads to a private network: if that is meant, add the host to `allowed_hosts` in jiesu.toml";
    /// The receiver says that it is gone for good (410).
    Gone = "gone", true,
        "对方答复 410：接收地址已停用，问清新地址后重发",
        "the receiver answered 410: it is gone for good; ask for the new address, then replay";
    /// The ticket has no such event.
    NothingToSay = "nothing-to-say", true,
        "找不到对应的工单事件，请检查数据库",
        "the ticket has no such event: check the database";
    /// The name is not known.
    Resolve = "resolve", false,
        "查不到主机地址：检查域名和 DNS",
        "the host's address was not found: check its name and DNS";
    /// No connection.
    Connect = "connect", false,
        "连接不上：对方没有开机，或网络不通",
        "no connection: the receiver is down, or the network";
    /// The certificate, or what goes with it.
    Tls = "tls", false,
        "加密连接没有建立：检查对方的证书",
        "no encrypted connection: check the receiver's certificate";
    /// Nothing came in time.
    Timeout = "timeout", false,
        "对方没有按时答复",
        "the receiver did not answer in time";
    /// What came back was no answer.
    Broken = "broken", false,
        "连接中断，或对方的答复不是 HTTP",
        "the connection broke, or the answer was not HTTP";
    /// Our own database did not say what the message says.
    Store = "store", false,
        "数据库暂时读不出来",
        "the database could not be read";
    /// Another answer than 2xx.
    Status = "status", false,
        "对方没有答复成功（2xx）",
        "the receiver did not answer with success (2xx)";
}

/// What went wrong on the way to a receiver. Written as its kind's name and the details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind.
    pub kind: TroubleKind,
    /// What exactly: a status, an address, what the system says. Never what the receiver wrote.
    pub detail: String,
}

impl Trouble {
    /// Trouble with details, of which a line is kept.
    pub fn new(kind: TroubleKind, detail: impl fmt::Display) -> Trouble {
        let detail = detail.to_string();
        let line = detail.chars().map(|c| if c.is_control() { ' ' } else { c });
        Trouble { kind, detail: line.take(DETAIL).collect() }
    }

    /// The trouble that was written; none for a text that is no trouble.
    pub fn parse(text: &str) -> Option<Trouble> {
        let (name, detail) = text.split_once(' ').unwrap_or((text, ""));
        let kind = TroubleKind::ALL.iter().find(|kind| kind.name() == name)?;
        Some(Trouble { kind: *kind, detail: detail.to_owned() })
    }

    /// What it is, and what to do.
    pub fn message(&self) -> Said {
        let (said, detail) = (self.kind.message(), &self.detail);
        if detail.is_empty() {
            return said;
        }
        let (zh, en) = (said.zh, said.en);
        say!("{zh}（{detail}）", "{en} ({detail})")
    }
}

impl From<TroubleKind> for Trouble {
    fn from(kind: TroubleKind) -> Trouble {
        Trouble { kind, detail: String::new() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " {}", self.detail) }
    }
}

/// Which messages to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingState {
    /// Those that wait for an attempt.
    Pending,
    /// Those that were given up.
    Dead,
}

impl WaitingState {
    /// The state of this name: `pending` or `dead`.
    pub fn named(name: &str) -> Option<WaitingState> {
        [WaitingState::Pending, WaitingState::Dead].into_iter().find(|state| state.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            WaitingState::Pending => "pending",
            WaitingState::Dead => "dead",
        }
    }
}

/// A page of messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Messages {
    /// The messages, the newest first.
    pub items: Vec<Waiting>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
}

/// What has been delivered since the server started, and what waits. Counts alone, for metrics.
#[derive(Debug, Default)]
pub struct Deliveries {
    delivered: AtomicU64,
    failed: AtomicU64,
    pending: AtomicU64,
    dead: AtomicU64,
}

impl Deliveries {
    /// Messages that this server delivered.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Attempts of this server that failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Messages that waited when they were last counted.
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// Messages that were dead when they were last counted.
    pub fn dead(&self) -> u64 {
        self.dead.load(Ordering::Relaxed)
    }
}

/// The messages of a store. Needs no rules, so that commands can look without loading them. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    clock: Clock,
    deliveries: Arc<Deliveries>,
}

impl Tickets {
    /// Its messages.
    pub fn outbox(&self) -> Outbox {
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        Outbox { store, clock, deliveries: Arc::clone(&self.deliveries) }
    }

    /// What has been delivered, and what waits.
    pub fn deliveries(&self) -> &Arc<Deliveries> {
        &self.deliveries
    }

    /// What a message says; none where its ticket has no such event.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn message(&self, waiting: &Waiting) -> Result<Option<Message>, Refusal> {
        let (serving, waiting) = (self.live.serving(), waiting.clone());
        let job = move |tx: &mut Transaction<'_>| {
            let said = outbox::compose(tx, &waiting, serving.bundle.engine.catalog())?;
            Ok::<_, StoreError>(said.map(|(at, data)| Message { at, data }))
        };
        Ok(self.store.read(job).await?)
    }

    /// The address that a department's messages go to, as the rules that serve have it now.
    pub fn department_address(&self, department: &str) -> Option<String> {
        let serving = self.live.serving();
        serving.bundle.engine.catalog().department(department)?.webhook.clone()
    }
}

impl Outbox {
    /// The messages of a store that has [`super::MIGRATIONS`].
    pub fn new(store: Store, clock: Clock) -> Outbox {
        Outbox { store, clock, deliveries: Arc::default() }
    }

    /// The time by which messages are due.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Takes messages that are due, the oldest of each target first, never two of one ticket for one target. They stay
    /// with the caller for a minute: when it has not said by then how it went ([`Outbox::settle`]), they are due again.
    ///
    /// # Errors
    /// The store did not do it; then nothing was taken.
    pub async fn claim(&self, room: Room) -> Result<Vec<Waiting>, Refusal> {
        let now = self.now();
        let until = millis(now.saturating_add(LEASE).unwrap_or(now));
        let job = move |tx: &mut Transaction<'_>| outbox::claim(tx, millis(now), until, &room);
        Ok(self.store.write(job).await?)
    }

    /// Says how an attempt ended, and counts it.
    ///
    /// # Errors
    /// The store did not take it: the message is due again when its minute is over.
    pub async fn settle(&self, waiting: &Waiting, outcome: Outcome) -> Result<(), Refusal> {
        let counter = if outcome == Outcome::Delivered { &self.deliveries.delivered } else { &self.deliveries.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        let (waiting, now) = (waiting.clone(), millis(self.now()));
        let job = move |tx: &mut Transaction<'_>| match &outcome {
            Outcome::Delivered => outbox::delivered(tx, &waiting, now),
            Outcome::Again { at, trouble } => outbox::postpone(tx, &waiting, millis(*at), trouble),
            Outcome::Dead { trouble } => outbox::bury(tx, &waiting, now, trouble),
        };
        Ok(self.store.write(job).await?)
    }

    /// Messages in a state, the newest first; from `cursor` on, where one is given. For dispatchers and administrators.
    ///
    /// # Errors
    /// The actor may not look; the cursor is none; the store cannot be read.
    pub async fn list(&self, state: WaitingState, cursor: Option<&str>, actor: &Actor) -> Result<Messages, Refusal> {
        allowed(actor)?;
        let cursor = cursor.map(|cursor| {
            cursor.parse::<i64>().map_err(|_| {
                let message =
                    say!("cursor 应为上一页给出的 next_cursor", "`cursor` should be `next_cursor` of the page before");
                Refusal::invalid("cursor", message)
            })
        });
        let before = cursor.transpose()?;
        let job = move |tx: &mut Transaction<'_>| outbox::list(tx, state, before, ON_PAGE);
        let items: Vec<Waiting> = self.store.read(job).await?;
        let full = items.len() == ON_PAGE as usize;
        let next_cursor = items.last().filter(|_| full).map(|last| last.row.to_string());
        Ok(Messages { items, next_cursor })
    }

    /// Has dead messages tried again, with the ids that they had: one, by its id, or all. Gives how many. For
    /// dispatchers and administrators.
    ///
    /// # Errors
    /// The actor may not; the store did not take it.
    pub async fn replay(&self, message: Option<&str>, actor: &Actor) -> Result<u64, Refusal> {
        allowed(actor)?;
        let (message, now) = (message.map(str::to_owned), millis(self.now()));
        Ok(self.store.write(move |tx: &mut Transaction<'_>| outbox::replay(tx, message.as_deref(), now)).await?)
    }

    /// Counts what waits, forgets what was delivered a month ago, and mends what a clock that was set back left waiting.
    ///
    /// # Errors
    /// The store did not do it.
    pub async fn tidy(&self) -> Result<(), Refusal> {
        let now = self.now();
        let old = millis(now.saturating_sub(REMEMBER).unwrap_or(now));
        let latest = millis(now.saturating_add(MOST_WAIT + LEASE).unwrap_or(now));
        let job = move |tx: &mut Transaction<'_>| outbox::tidy(tx, old, millis(now), latest, FORGET_AT_ONCE);
        self.store.write(job).await?;
        let count = |tx: &mut Transaction<'_>| {
            let (pending, dead) = (WaitingState::Pending, WaitingState::Dead);
            Ok::<_, StoreError>((outbox::count(tx, pending)?, outbox::count(tx, dead)?))
        };
        let (pending, dead) = self.store.read(count).await?;
        self.deliveries.pending.store(pending, Ordering::Relaxed);
        self.deliveries.dead.store(dead, Ordering::Relaxed);
        Ok(())
    }
}

fn allowed(actor: &Actor) -> Result<(), Refusal> {
    if actor.may(&Scope::Dispatcher) { Ok(()) } else { Err(Refusal::Forbidden { needs: "dispatcher" }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn trouble_is_read_as_it_was_written() {
        for kind in TroubleKind::ALL {
            for detail in ["", "503", "10.0.0.1: 拒绝 了"] {
                let trouble = Trouble::new(*kind, detail);
                assert_eq!(Trouble::parse(&trouble.to_string()), Some(trouble.clone()));
                assert!(trouble.message().zh.contains(detail) && trouble.message().en.contains(detail));
            }
        }
        assert_eq!(Trouble::parse("nonsense 1"), None);
        let long = Trouble::new(TroubleKind::Connect, "a\n".repeat(1_000));
        assert_eq!(long.detail.len(), DETAIL);
        assert!(!long.detail.contains('\n'));
    }
}
