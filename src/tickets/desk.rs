//! The desk: where complaints become tickets, and tickets are acted on and looked at.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::broadcast;

use super::action::Action;
use super::assigning::Case;
use super::attachments::Attachments;
use super::change::{Change, Event};
use super::delivery::Deliveries;
use super::filing;
use super::life_cycle;
use super::model::{Link, Relation, Ticket};
use super::refusal::Refusal;
use super::rows::{self, Loaded, Writing};
use super::settings::Settings;
use super::submission::{self, Prepared, Submission};
use super::view::{Originals, shown, sight};
use crate::access::audit::{self, Readings};
use crate::access::{Actor, Scope};
use crate::bundle::{Live, Serving};
use crate::say;
use crate::store::{Store, StoreError, Transaction};

/// Days for which a request's key is remembered.
pub(super) const REMEMBER_REQUESTS_DAYS: i64 = 7;
/// Changes that a slow listener may fall behind before it is told that it missed some.
const NEWS: usize = 1_024;

/// Where the time comes from; tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// That a ticket changed; without anything of its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// The ticket's id.
    pub ticket: String,
    /// How many events it has now.
    pub version: u32,
    /// Where it stands.
    pub state: &'static str,
    /// The departments that may hear of it.
    #[serde(skip)]
    pub departments: Vec<String>,
}

/// A ticket that was filed, or was before by the same request.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The ticket as whoever filed it sees it.
    pub ticket: Json,
    /// Whether this very request had filed it before.
    pub again: bool,
}

/// All tickets of a hotline. Cheap to clone.
#[derive(Clone)]
pub struct Tickets {
    pub(super) store: Store,
    pub(super) live: Arc<Live>,
    pub(super) settings: Arc<Settings>,
    pub(super) clock: Clock,
    pub(super) attachments: Option<Attachments>,
    pub(super) deliveries: Arc<Deliveries>,
    pub(super) unreadable: Arc<AtomicU64>,
    news: broadcast::Sender<News>,
    readings: Arc<Readings>,
}

impl Tickets {
    /// The desk over a store that has [`super::MIGRATIONS`], with the rules that serve.
    pub fn new(store: Store, live: Arc<Live>, settings: Settings, clock: Clock) -> Tickets {
        let (news, _) = broadcast::channel(NEWS);
        // As it is stored: what is counted when something happens must be what is counted from its event later.
        let clock: Clock = Arc::new(move || rows::stored(clock()));
        Tickets {
            store,
            live,
            settings: Arc::new(settings),
            clock,
            attachments: None,
            deliveries: Arc::default(),
            unreadable: Arc::default(),
            news,
            readings: Arc::default(),
        }
    }

    /// Now, in whole milliseconds: what is stored of a moment.
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The rules that serve.
    pub fn serving(&self) -> Arc<Serving> {
        self.live.serving()
    }

    /// The store below.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Readings of what identifies people, which whoever runs the service writes down.
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    /// A page of who saw or changed what, for administrators.
    ///
    /// # Errors
    /// Not for this actor; the store cannot be read.
    pub async fn audit(&self, filter: audit::Filter, limit: u32, actor: &Actor) -> Result<audit::Page, Refusal> {
        if !actor.may(&Scope::Admin) {
            return Err(Refusal::Forbidden { needs: "admin" });
        }
        self.store.read(move |tx| Ok(audit::list(tx, &filter, limit)?)).await
    }

    /// How tickets are handled.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Checks and decides a submission; about a millisecond, stores nothing.
    ///
    /// # Errors
    /// A field is empty, too long or names what the bundle does not have.
    pub fn prepare(&self, submission: Submission) -> Result<Prepared, Refusal> {
        submission::prepare(submission, self.live.serving(), self.now())
    }

    /// Keeps a submission as a ticket and dispatches it where the decision is sure. When this gives `Ok` the ticket is on
    /// disk. With `key`, the same request again gives the same ticket.
    ///
    /// # Errors
    /// The actor may not file; the key was used for another request; the store did not take it.
    pub async fn submit(&self, prepared: Prepared, actor: &Actor, key: Option<String>) -> Result<Filed, Refusal> {
        self.submit_shared(Arc::new(prepared), actor, key).await
    }

    /// [`Tickets::submit`] for whoever may have to submit it again.
    ///
    /// # Errors
    /// As [`Tickets::submit`].
    pub async fn submit_shared(
        &self,
        prepared: Arc<Prepared>,
        actor: &Actor,
        key: Option<String>,
    ) -> Result<Filed, Refusal> {
        if !(actor.may(&Scope::Submit) || actor.is_central()) {
            return Err(Refusal::Forbidden { needs: "submit / agent / dispatcher" });
        }
        if prepared.submission.answered.is_some() && !actor.is_central() {
            return Err(Refusal::Forbidden { needs: "agent / dispatcher" });
        }
        let catalog = Arc::clone(prepared.serving.bundle.engine.catalog());
        let request = Arc::new(filing::Request::new(prepared, actor.clone(), key));
        let job = || {
            let (request, settings) = (Arc::clone(&request), Arc::clone(&self.settings));
            move |tx: &mut Transaction<'_>| filing::file(tx, &request, &settings)
        };
        let filed = self.store.write(job()).await;
        let (filed, ticket) = match filed {
            // The same request at the same moment was first: now its ticket is there to be found.
            Err(Refusal::Store(StoreError::Conflict(what))) if what.starts_with("requests.") => {
                self.store.write(job()).await?
            }
            filed => filed?,
        };
        if let Some(ticket) = ticket {
            self.tell(&ticket, &catalog);
        }
        Ok(filed)
    }

    /// Does something with a ticket. `version` is the one that the actor saw: when the ticket has changed since, nothing
    /// is done.
    ///
    /// # Errors
    /// See [`Refusal`]; nothing was changed then.
    pub async fn act(&self, id: &str, action: Action, version: Option<u32>, actor: &Actor) -> Result<Json, Refusal> {
        let (serving, settings, actor, at) =
            (self.live.serving(), Arc::clone(&self.settings), actor.clone(), self.now());
        let catalog = Arc::clone(serving.bundle.engine.catalog());
        let id = id.to_owned();
        let job = move |tx: &mut Transaction<'_>| {
            let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
            act_on_all(tx, &id, &action, version, &step)
        };
        let (tickets, shown) = self.store.write(job).await?;
        tickets.iter().for_each(|ticket| self.tell(ticket, &catalog));
        Ok(shown)
    }

    /// Does something with a ticket once for a key, however often it is asked for: gives the ticket, and whether this very
    /// request had done it before. Keys are remembered for a week.
    ///
    /// # Errors
    /// As [`Tickets::act`]; the key was used for another action on this ticket.
    pub async fn act_once(
        &self,
        id: &str,
        action: Action,
        version: Option<u32>,
        actor: &Actor,
        key: Option<String>,
    ) -> Result<(Json, bool), Refusal> {
        let Some(key) = key else { return Ok((self.act(id, action, version, actor).await?, false)) };
        let (serving, at) = (self.live.serving(), self.now());
        let catalog = Arc::clone(serving.bundle.engine.catalog());
        // A key of its own for each ticket, and none that a complaint could be filed with.
        let request = Arc::new((id.to_owned(), action, actor.clone(), format!("action {id} {key}")));
        let job = || {
            let (request, serving, settings) = (Arc::clone(&request), Arc::clone(&serving), Arc::clone(&self.settings));
            move |tx: &mut Transaction<'_>| {
                let (id, action, actor, key) = &*request;
                let step = Step { serving: &serving, settings: &settings, actor, at };
                act_with_key(tx, id, action, version, key, &step)
            }
        };
        let (tickets, shown, again) = match self.store.write(job()).await {
            // The same request at the same moment was first.
            Err(Refusal::Store(StoreError::Conflict(what))) if what.starts_with("requests.") => {
                self.store.write(job()).await?
            }
            done => done?,
        };
        tickets.iter().for_each(|ticket| self.tell(ticket, &catalog));
        Ok((shown, again))
    }

    /// A ticket as an actor sees it.
    ///
    /// # Errors
    /// There is none, or not for this actor.
    pub async fn get(&self, id: &str, actor: &Actor) -> Result<Json, Refusal> {
        let (serving, reader, ticket) = (self.live.serving(), actor.clone(), id.to_owned());
        let job = move |tx: &mut Transaction<'_>| {
            let loaded = rows::load(tx, &ticket, false)?;
            let originals = sight(&loaded, &reader, &serving).is_some_and(|sight| sight.originals);
            Ok::<_, Refusal>((shown(tx, &loaded, &reader, &serving)?, originals))
        };
        let (shown, originals) = self.store.read(job).await?;
        if originals {
            self.readings.note(audited(actor, (self.clock)(), "read", Some(id)))?;
        }
        Ok(shown)
    }

    /// How many events a ticket has that an actor may see.
    ///
    /// # Errors
    /// As [`Tickets::get`].
    pub async fn version(&self, id: &str, actor: &Actor) -> Result<u32, Refusal> {
        let (serving, reader, ticket) = (self.live.serving(), actor.clone(), id.to_owned());
        let job = move |tx: &mut Transaction<'_>| {
            let loaded = rows::load(tx, &ticket, false)?;
            sight(&loaded, &reader, &serving).map(|_| loaded.ticket.version).ok_or(Refusal::NoTicket)
        };
        self.store.read(job).await
    }

    /// The history of a ticket as an actor sees it.
    ///
    /// # Errors
    /// As [`Tickets::get`].
    pub async fn history(&self, id: &str, actor: &Actor) -> Result<Json, Refusal> {
        let (serving, reader, ticket) = (self.live.serving(), actor.clone(), id.to_owned());
        let (shown, originals) = self
            .store
            .read(move |tx| {
                let loaded = rows::load(tx, &ticket, false)?;
                let sight = sight(&loaded, &reader, &serving).ok_or(Refusal::NoTicket)?;
                let events = rows::events(tx, loaded.seq, None)?;
                let originals = if sight.originals { Originals::load(tx, loaded.seq)? } else { Originals::none() };
                let hidden = |event: &Event| {
                    loaded.ticket.confidential && !sight.central && matches!(event.change, Change::Received { .. })
                };
                let events: Vec<Json> =
                    events.iter().filter(|event| !hidden(event)).map(|event| originals.shown(json!(event))).collect();
                Ok::<_, Refusal>((json!({ "ticket": ticket, "events": events }), sight.originals))
            })
            .await?;
        if originals {
            self.readings.note(audited(actor, (self.clock)(), "history_read", Some(id)))?;
        }
        Ok(shown)
    }

    pub(super) fn tell(&self, ticket: &Ticket, catalog: &crate::catalog::Catalog) {
        let active = ticket.assignments.iter().filter(|assignment| assignment.is_active());
        let departments = active.flat_map(|a| catalog.department_upwards(&a.department)).map(str::to_owned).collect();
        // Nobody may be listening.
        let _ = self.news.send(News {
            ticket: ticket.id.clone(),
            version: ticket.version,
            state: ticket.state.name(),
            departments,
        });
    }
}

/// What a step is taken with.
pub(super) struct Step<'a> {
    pub(super) serving: &'a Serving,
    pub(super) settings: &'a Settings,
    pub(super) actor: &'a Actor,
    pub(super) at: Timestamp,
}

impl Step<'_> {
    pub(super) fn case(&self) -> Case<'_> {
        let engine = &self.serving.bundle.engine;
        Case {
            at: self.at,
            actor: self.actor,
            catalog: engine.catalog(),
            zone: &engine.settings().time_zone,
            settings: self.settings,
        }
    }

    pub(super) fn writing(&self) -> Writing<'_> {
        let engine = &self.serving.bundle.engine;
        Writing {
            at: self.at,
            actor: &self.actor.name,
            revision: engine.revision(),
            zone: &engine.settings().time_zone,
            catalog: engine.catalog(),
            settings: self.settings,
        }
    }
}

/// Does an action that is about one ticket alone.
pub(super) fn act(
    tx: &mut Transaction<'_>,
    id: &str,
    action: &Action,
    version: Option<u32>,
    step: &Step<'_>,
) -> Result<(Ticket, Json), Refusal> {
    let (tickets, shown) = act_on_all(tx, id, action, version, step)?;
    tickets.into_iter().next().map(|ticket| (ticket, shown)).ok_or(Refusal::NoTicket)
}

/// Does an action: the ticket is held, its changes are decided and written. Gives every ticket that changed, the one that
/// was acted on first, and that one as the actor sees it.
pub(super) fn act_on_all(
    tx: &mut Transaction<'_>,
    id: &str,
    action: &Action,
    version: Option<u32>,
    step: &Step<'_>,
) -> Result<(Vec<Ticket>, Json), Refusal> {
    let loaded = rows::load(tx, id, true)?;
    sight(&loaded, step.actor, step.serving).ok_or(Refusal::NoTicket)?;
    if version.is_some_and(|version| version != loaded.ticket.version) {
        return Err(Refusal::Changed { version: loaded.ticket.version });
    }
    known_scenarios(action, step)?;
    // First whether it may be done at all: who may not is not told which tickets there are.
    let changes = life_cycle::decide(&loaded.ticket, action, &step.case())?;
    let other = match action {
        Action::Merge { into: other } | Action::Link { ticket: other, .. } => {
            connected(tx, &loaded.ticket, other, action, step)?
        }
        _ => None,
    };
    if let Some(change) = changes.first() {
        audit::write(tx, &audited(step.actor, step.at, change.name(), Some(id)))?;
    }
    let ticket = rows::append(tx, loaded.seq, id, Some(&loaded.ticket), changes, &step.writing())?;
    let loaded = Loaded { seq: loaded.seq, ticket, submitter: loaded.submitter };
    // An actor who gave the ticket away may not see it any more.
    let shown = shown(tx, &loaded, step.actor, step.serving).unwrap_or(Json::Null);
    Ok((std::iter::once(loaded.ticket).chain(other).collect(), shown))
}

/// Does an action unless the same request did it before: gives the tickets that changed, the one that was acted on as the
/// actor sees it, and whether it had been done.
fn act_with_key(
    tx: &mut Transaction<'_>,
    id: &str,
    action: &Action,
    version: Option<u32>,
    key: &str,
    step: &Step<'_>,
) -> Result<(Vec<Ticket>, Json, bool), Refusal> {
    let content = filing::digest(action);
    if filing::requested_before(tx, step.actor, key, &content)?.is_some() {
        let loaded = rows::load(tx, id, false)?;
        let shown = shown(tx, &loaded, step.actor, step.serving).unwrap_or(Json::Null);
        return Ok((Vec::new(), shown, true));
    }
    let (tickets, shown) = act_on_all(tx, id, action, version, step)?;
    filing::remember(tx, step.actor, key, &content, id, step.at)?;
    Ok((tickets, shown, false))
}

/// A line of the log of what was seen and done.
pub(super) fn audited(actor: &Actor, at: Timestamp, action: &str, ticket: Option<&str>) -> audit::Entry {
    let (actor, action, ticket) = (actor.name.clone(), action.to_owned(), ticket.map(str::to_owned));
    audit::Entry { at, actor, action, ticket }
}

/// Scenarios that an action names are those of the bundle.
fn known_scenarios(action: &Action, step: &Step<'_>) -> Result<(), Refusal> {
    let (parts, scenario) = match action {
        Action::Dispatch { assignments, scenario } => (assignments.as_slice(), scenario.as_deref()),
        Action::UpholdReturn { to, .. } => (to.as_slice(), None),
        Action::Redirect { to, .. } | Action::HandDown { to, .. } => (std::slice::from_ref(to), None),
        _ => return Ok(()),
    };
    let rules = step.serving.bundle.engine.rules();
    let named = parts.iter().filter_map(|part| Some(("matter", part.matter.as_deref()?)));
    for (field, id) in named.chain(scenario.map(|id| ("scenario", id))) {
        if !rules.scenarios().iter().any(|scenario| scenario.id == id) {
            let shown: String = id.chars().take(100).collect();
            return Err(Refusal::invalid(field, say!("没有场景“{shown}”", "no scenario `{shown}`")));
        }
    }
    Ok(())
}

/// The other ticket of a connection: it must be there, for a merger open, and hears of it. Gives it as it is then.
fn connected(
    tx: &mut Transaction<'_>,
    ticket: &Ticket,
    other: &str,
    action: &Action,
    step: &Step<'_>,
) -> Result<Option<Ticket>, Refusal> {
    let field = if matches!(action, Action::Merge { .. }) { "into" } else { "ticket" };
    if other == ticket.id {
        return Ok(None);
    }
    let loaded = match rows::load(tx, other, true) {
        Err(Refusal::NoTicket) => {
            let shown: String = other.chars().take(40).collect();
            return Err(Refusal::invalid(field, say!("没有工单 {shown}", "there is no ticket {shown}")));
        }
        loaded => loaded?,
    };
    let link = |relation: Relation| Change::Linked { link: Link { ticket: ticket.id.clone(), relation } };
    let changes = match action {
        Action::Merge { .. } if loaded.ticket.state.is_over() => {
            let message = say!("工单 {other} 已经结束，不能并入", "ticket {other} is over: nothing is merged into it");
            return Err(Refusal::invalid(field, message));
        }
        Action::Merge { .. } => vec![link(Relation::SameMatter), Change::Chased { note: None }],
        Action::Link { relation, .. } => vec![link(*relation)],
        _ => Vec::new(),
    };
    audit::write(tx, &audited(step.actor, step.at, "linked", Some(other)))?;
    rows::append(tx, loaded.seq, other, Some(&loaded.ticket), changes, &step.writing()).map(Some)
}
