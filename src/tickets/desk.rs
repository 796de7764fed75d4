//! The desk: where complaints become tickets, and tickets are acted on and looked at.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::broadcast;

use super::action::Action;
use super::assigning::{self, Case};
use super::attachments::Attachments;
use super::change::{Change, Event};
use super::delivery::Deliveries;
use super::life_cycle;
use super::model::{Link, Place, Relation, Ticket};
use super::refusal::Refusal;
use super::repeats::{self, Repeat};
use super::rows::{self, Loaded, Origin, Writing, millis};
use super::settings::Settings;
use super::submission::{self, Prepared, Submission};
use super::view::Originals;
use super::words::Words;
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
            news,
            readings: Arc::default(),
        }
    }

    /// Now, in whole milliseconds: what is stored of a moment.
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
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
        if !(actor.may(&Scope::Submit) || actor.is_central()) {
            return Err(Refusal::Forbidden { needs: "submit / agent / dispatcher" });
        }
        let catalog = Arc::clone(prepared.serving.bundle.engine.catalog());
        let request = Arc::new((prepared, actor.clone(), key));
        let job = || {
            let (request, settings) = (Arc::clone(&request), Arc::clone(&self.settings));
            move |tx: &mut Transaction<'_>| {
                let (prepared, actor, key) = &*request;
                file(tx, prepared, actor, key.as_deref(), &settings)
            }
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
            act(tx, &id, &action, version, &step)
        };
        let (ticket, shown) = self.store.write(job).await?;
        self.tell(&ticket, &catalog);
        Ok(shown)
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

/// Keeps a submission: the whole of filing, in one transaction.
fn file(
    tx: &mut Transaction<'_>,
    prepared: &Prepared,
    actor: &Actor,
    key: Option<&str>,
    settings: &Settings,
) -> Result<(Filed, Option<Ticket>), Refusal> {
    let content = prepared.submission.content();
    if let Some(key) = key
        && let Some(id) = requested_before(tx, actor, key, &content)?
    {
        let loaded = rows::load(tx, &id, false)?;
        let ticket = shown(tx, &loaded, actor, &prepared.serving)?;
        if actor.is_central() {
            audit::write(tx, &audited(actor, prepared.at, "read", Some(&id)))?;
        }
        return Ok((Filed { ticket, again: true }, None));
    }
    let step = Step { serving: &prepared.serving, settings, actor, at: prepared.at };
    let writing = step.writing();
    let origin =
        Origin { submitter: &actor.name, caller: prepared.caller.as_deref(), place: prepared.place.as_deref() };
    let (seq, id) = rows::insert(tx, &origin, &writing)?;
    let contact = match &prepared.submission.contact {
        Some(contact) => {
            let body = serde_json::to_string(contact).map_err(|error| StoreError::Corrupt(error.to_string()))?;
            Some(rows::insert_personal(tx, seq, "contact", &body)?)
        }
        None => None,
    };
    let received = rows::append(tx, seq, &id, None, vec![received(prepared, contact)], &writing)?;
    let judgement = submission::judgement(&prepared.decision);
    let decided = submission::decided(&prepared.decision, prepared.at);
    let found = repeats::find(tx, seq, prepared)?;
    let mut changes = repeated(&found, &decided, settings);
    changes.extend(assigning::route(&received, judgement, &decided, &step.case()));
    let ticket = rows::append(tx, seq, &id, Some(&received), changes, &writing)?;
    audit::write(tx, &audited(actor, prepared.at, "received", Some(&id)))?;
    if let Some(key) = key {
        remember(tx, actor, key, &content, seq, prepared.at)?;
    }
    let loaded = Loaded { seq, ticket: ticket.clone(), submitter: actor.name.clone() };
    let shown = shown(tx, &loaded, actor, &prepared.serving)?;
    Ok((Filed { ticket: shown, again: false }, Some(ticket)))
}

fn received(prepared: &Prepared, contact: Option<i64>) -> Change {
    let submission = &prepared.submission;
    Change::Received {
        text: Words::new(&submission.text),
        title: submission.title.as_deref().map(Words::new),
        channel: submission.channel.clone(),
        district: submission.district.clone(),
        external_id: submission.external_id.clone(),
        confidential: submission.confidential,
        about: prepared.about.clone(),
        superior_due: submission.superior_due,
        contact,
        chosen: submission.chosen.clone(),
        place: place(submission),
    }
}

fn place(submission: &Submission) -> Option<Place> {
    let address = submission.address.as_deref().map(Words::new);
    let (lat, long) = submission.coordinates.unzip();
    (address.is_some() || lat.is_some()).then_some(Place { address, lat, long })
}

/// What follows from earlier tickets of the same matter or caller: links, and more urgency from the third call on.
fn repeated(found: &[Repeat], decided: &assigning::Decided, settings: &Settings) -> Vec<Change> {
    let link =
        |repeat: &Repeat| Change::Linked { link: Link { ticket: repeat.ticket.clone(), relation: repeat.relation } };
    let mut changes: Vec<Change> = found.iter().map(link).collect();
    let calls = found.iter().filter(|repeat| repeat.relation == Relation::SameMatter).count() as u32 + 1;
    if settings.repeats_to_raise > 1 && calls >= settings.repeats_to_raise {
        let urgency = decided.urgency.raised();
        changes.push(Change::UrgencySet { urgency, reason: format!("repeats:{calls}") });
    }
    changes
}

/// The ticket that this request filed before.
fn requested_before(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    key: &str,
    content: &str,
) -> Result<Option<String>, Refusal> {
    let row = tx.query_one(
        "SELECT r.content, t.id FROM requests r JOIN tickets t ON t.seq = r.ticket WHERE r.actor = ?1 AND r.request_key = ?2",
        &[(&actor.name).into(), key.into()],
    )?;
    match row {
        Some(row) if row.text(0)? == content => Ok(Some(row.text(1)?.to_owned())),
        Some(_) => Err(Refusal::KeyReused),
        None => Ok(None),
    }
}

fn remember(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    key: &str,
    content: &str,
    seq: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO requests (actor, request_key, content, ticket, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[(&actor.name).into(), key.into(), content.into(), seq.into(), millis(at).into()],
    )?;
    Ok(())
}

/// Does an action: the ticket is held, its changes are decided and written.
pub(super) fn act(
    tx: &mut Transaction<'_>,
    id: &str,
    action: &Action,
    version: Option<u32>,
    step: &Step<'_>,
) -> Result<(Ticket, Json), Refusal> {
    let loaded = rows::load(tx, id, true)?;
    sight(&loaded, step.actor, step.serving).ok_or(Refusal::NoTicket)?;
    if version.is_some_and(|version| version != loaded.ticket.version) {
        return Err(Refusal::Changed { version: loaded.ticket.version });
    }
    known_scenarios(action, step)?;
    // First whether it may be done at all: who may not is not told which tickets there are.
    let changes = life_cycle::decide(&loaded.ticket, action, &step.case())?;
    if let Action::Merge { into: other } | Action::Link { ticket: other, .. } = action {
        connected(tx, &loaded.ticket, other, action, step)?;
    }
    if let Some(change) = changes.first() {
        audit::write(tx, &audited(step.actor, step.at, change.name(), Some(id)))?;
    }
    let ticket = rows::append(tx, loaded.seq, id, Some(&loaded.ticket), changes, &step.writing())?;
    let loaded = Loaded { seq: loaded.seq, ticket, submitter: loaded.submitter };
    // An actor who gave the ticket away may not see it any more.
    let shown = shown(tx, &loaded, step.actor, step.serving).unwrap_or(Json::Null);
    Ok((loaded.ticket, shown))
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

/// The other ticket of a connection: it must be there, for a merger open, and hears of it.
fn connected(
    tx: &mut Transaction<'_>,
    ticket: &Ticket,
    other: &str,
    action: &Action,
    step: &Step<'_>,
) -> Result<(), Refusal> {
    let field = if matches!(action, Action::Merge { .. }) { "into" } else { "ticket" };
    if other == ticket.id {
        return Ok(());
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
    rows::append(tx, loaded.seq, other, Some(&loaded.ticket), changes, &step.writing())?;
    Ok(())
}

/// What of a ticket an actor sees.
pub(super) struct Sight {
    /// It works at the centre.
    pub(super) central: bool,
    /// Names, numbers and the caller's own words.
    pub(super) originals: bool,
}

/// Whether and how an actor sees a ticket: the centre all, a department its own and those of departments below it, who
/// filed it what it filed.
pub(super) fn sight(loaded: &Loaded, actor: &Actor, serving: &Serving) -> Option<Sight> {
    if actor.is_central() {
        return Some(Sight { central: true, originals: true });
    }
    let catalog = serving.bundle.engine.catalog();
    let of_department = loaded.ticket.assignments.iter().filter(|a| a.is_active()).any(|assignment| {
        let above = catalog.department_upwards(&assignment.department);
        actor.departments().any(|own| own == assignment.department || above.contains(&own))
    });
    if of_department {
        return Some(Sight { central: false, originals: !loaded.ticket.confidential });
    }
    (actor.may(&Scope::Submit) && loaded.submitter == actor.name).then_some(Sight { central: false, originals: false })
}

/// A ticket as an actor sees it, as JSON.
pub(super) fn shown(
    tx: &mut Transaction<'_>,
    loaded: &Loaded,
    actor: &Actor,
    serving: &Serving,
) -> Result<Json, Refusal> {
    let sight = sight(loaded, actor, serving).ok_or(Refusal::NoTicket)?;
    let ticket = &loaded.ticket;
    let originals = if sight.originals { Originals::load(tx, loaded.seq)? } else { Originals::none() };
    let mut value = serde_json::to_value(ticket).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    if let Json::Object(fields) = &mut value {
        if ticket.confidential && !sight.central {
            // The address may be the caller's own.
            fields.insert("place".to_owned(), Json::Null);
            let summary = ticket.assignments.iter().filter(|a| a.is_active()).find_map(|a| a.summary.as_ref());
            if let Some(summary) = summary {
                fields.insert("text".to_owned(), json!(summary));
                fields.insert("title".to_owned(), Json::Null);
            }
        }
        let whole = ticket.judgement.as_ref().and_then(|judgement| judgement.whole);
        fields.insert("contact".to_owned(), originals.contact(ticket.contact).unwrap_or(Json::Null));
        fields.insert("decision".to_owned(), originals.json(whole).unwrap_or(Json::Null));
        fields.insert("due".to_owned(), json!(ticket.due()));
    }
    Ok(originals.shown(value))
}
