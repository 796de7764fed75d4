//! A complaint becomes a ticket: kept, decided and sent on in one transaction; once for each request.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::assigning;
use super::change::Change;
use super::desk::{Filed, Step, audited};
use super::model::{Judgement, Link, Place, Relation, Ticket, Urgency};
use super::refusal::Refusal;
use super::repeats::{self, Repeat};
use super::rows::{self, Loaded, Origin, millis};
use super::settings::Settings;
use super::submission::{self, Prepared, Submission};
use super::view::shown;
use super::words::Words;
use crate::access::{Actor, audit};
use crate::store::{StoreError, Transaction};
use crate::text::Shingles;

/// A request to file, with all of the work that needs no database: who else files waits while a transaction runs.
pub(super) struct Request {
    prepared: Arc<Prepared>,
    actor: Actor,
    key: Option<String>,
    /// Tells this request from another one that came with the same key.
    content: String,
    received: Change,
    judgement: Judgement,
    decided: assigning::Decided,
    beginning: Shingles,
}

impl Request {
    pub(super) fn new(prepared: Arc<Prepared>, actor: Actor, key: Option<String>) -> Request {
        Request {
            content: digest(&prepared.submission),
            received: received(&prepared),
            judgement: submission::judgement(&prepared.decision),
            decided: submission::decided(&prepared.decision, prepared.at),
            beginning: repeats::beginning(&prepared.submission),
            prepared,
            actor,
            key,
        }
    }
}

/// Keeps a submission: the whole of filing, in one transaction.
pub(super) fn file(
    tx: &mut Transaction<'_>,
    request: &Request,
    settings: &Settings,
) -> Result<(Filed, Option<Ticket>), Refusal> {
    let Request { prepared, actor, key, content, .. } = request;
    if let Some(key) = key
        && let Some(id) = requested_before(tx, actor, key, content)?
    {
        let loaded = rows::load(tx, &id, false)?;
        let ticket = shown(tx, &loaded, actor, &prepared.serving)?;
        if actor.is_central() {
            audit::write(tx, &audited(actor, prepared.filed_at, "read", Some(&id)))?;
        }
        return Ok((Filed { ticket, again: true }, None));
    }
    let (seq, ticket) = written(tx, request, settings)?;
    audit::write(tx, &audited(actor, prepared.filed_at, "received", Some(&ticket.id)))?;
    if let Some(key) = key {
        remember(tx, actor, key, content, &ticket.id, prepared.filed_at)?;
    }
    let loaded = Loaded { seq, ticket: ticket.clone(), submitter: actor.name.clone() };
    let shown = shown(tx, &loaded, actor, &prepared.serving)?;
    Ok((Filed { ticket: shown, again: false }, Some(ticket)))
}

/// Writes the new ticket: its coming in, what was decided, and the answer where it was given at once.
fn written(tx: &mut Transaction<'_>, request: &Request, settings: &Settings) -> Result<(i64, Ticket), Refusal> {
    let Request { prepared, actor, decided, .. } = request;
    let step = Step { serving: &prepared.serving, settings, actor, at: prepared.at };
    let origin =
        Origin { submitter: &actor.name, caller: prepared.caller.as_deref(), place: prepared.place.as_deref() };
    let (seq, id) = rows::insert(tx, &origin, &step.writing())?;
    let mut received = request.received.clone();
    if let (Change::Received { contact, .. }, Some(given)) = (&mut received, &prepared.submission.contact) {
        let body = serde_json::to_string(given).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        *contact = Some(rows::insert_personal(tx, seq, "contact", &body)?);
    }
    let received = rows::record(tx, seq, &id, None, vec![received], &step.writing())?;
    // Whoever filed it did no more than that: what the engine makes of it is the engine's.
    let engine = Actor::system();
    // And what came in elsewhere and earlier is decided now; its deadlines count from when it came in.
    let step = Step { actor: &engine, at: prepared.filed_at, ..step };
    let found = repeats::find(tx, seq, prepared, &request.beginning)?;
    let link =
        |repeat: &Repeat| Change::Linked { link: Link { ticket: repeat.ticket.clone(), relation: repeat.relation } };
    let mut changes: Vec<Change> = found.iter().map(link).collect();
    let raise = repeated(&found, decided, settings);
    let routed = assigning::route(&received, request.judgement.clone(), decided, raise, &step.case());
    let answered = prepared.submission.answered.as_ref();
    // What was answered goes to nobody: of the way that it would have gone its judgement and deadlines are kept.
    let goes =
        |change: &Change| answered.is_none() || matches!(change, Change::Decided { .. } | Change::UrgencySet { .. });
    changes.extend(routed.into_iter().filter(goes));
    let mut ticket = rows::record(tx, seq, &id, Some(&received), changes, &step.writing())?;
    if let Some(text) = answered {
        let told = vec![Change::ReplySent { reply: Words::new(text) }, Change::Closed { on_the_spot: true }];
        let by_hand = Step { actor, at: prepared.filed_at, ..step };
        ticket = rows::record(tx, seq, &id, Some(&ticket), told, &by_hand.writing())?;
    }
    rows::follow(tx, seq, None, &ticket, &step.writing())?;
    Ok((seq, ticket))
}

/// Its coming in; who called is added when that is stored.
fn received(prepared: &Prepared) -> Change {
    let submission = &prepared.submission;
    Change::Received {
        text: Words::new(&submission.text),
        title: submission.title.as_deref().map(Words::new),
        channel: submission.channel.clone(),
        district: submission.district.clone(),
        external_id: submission.external_id.clone(),
        confidential: submission.confidential,
        about: prepared.about.clone(),
        // As precisely as it is kept: the clock says that it has passed in the millisecond in which it does.
        superior_due: submission.superior_due.map(rows::stored),
        contact: None,
        chosen: submission.chosen.clone(),
        place: place(submission),
    }
}

fn place(submission: &Submission) -> Option<Place> {
    let address = submission.address.as_deref().map(Words::new);
    let (lat, long) = submission.coordinates.unzip();
    (address.is_some() || lat.is_some()).then_some(Place { address, lat, long })
}

/// The urgency that earlier tickets of the same matter give, and why: more from the third call on.
fn repeated(found: &[Repeat], decided: &assigning::Decided, settings: &Settings) -> Option<(Urgency, String)> {
    let calls = found.iter().filter(|repeat| repeat.relation == Relation::SameMatter).count() as u32 + 1;
    let raised = settings.repeats_to_raise > 1 && calls >= settings.repeats_to_raise;
    raised.then(|| (decided.urgency.raised(), format!("repeats:{calls}")))
}

/// The ticket that this request was about, where it came before.
pub(super) fn requested_before(
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

/// Remembers that a request was about a ticket.
pub(super) fn remember(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    key: &str,
    content: &str,
    id: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO requests (actor, request_key, content, ticket, at)
         SELECT ?1, ?2, ?3, seq, ?4 FROM tickets WHERE id = ?5",
        &[(&actor.name).into(), key.into(), content.into(), millis(at).into(), id.into()],
    )?;
    Ok(())
}

/// What tells two requests apart that came with one key.
pub(super) fn digest(request: &impl Serialize) -> String {
    // Writing a plain struct cannot fail; were it to, every request would count as another one.
    let written = serde_json::to_vec(request).unwrap_or_default();
    Sha256::digest(&written).iter().map(|byte| format!("{byte:02x}")).collect()
}
