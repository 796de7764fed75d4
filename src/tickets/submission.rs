//! A complaint that comes in to be handled: checked, decided, and turned into the first changes of a ticket.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::assigning::Decided;
use super::life_cycle::MOST_TEXT;
use super::model::{Judgement, Urgency};
use super::refusal::Refusal;
use crate::bundle::Serving;
use crate::decide::{Complaint, Decision, Options};
use crate::say;
use crate::text::{FactKind, normalise};

/// Characters of a name, a number or an id that comes with a complaint, at the most.
const MOST_NAME: usize = 100;
/// Before this nothing came in: 1 January 1980, in seconds since 1970.
const EARLIEST: i64 = 315_532_800;
/// How far the clock of another system may be ahead of ours.
const CLOCKS_APART: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Who called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Telephone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Another way to be reached.
    #[serde(default)]
    pub other: Option<String>,
}

impl Contact {
    /// What of it must not stand in texts: all that is long enough to be told from ordinary words.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        let least = [(&self.name, 2), (&self.phone, 5), (&self.other, 5)];
        let given = least.into_iter().filter_map(|(given, least)| Some((given.as_deref()?.trim(), least)));
        given.filter(|(given, least)| given.chars().count() >= *least).map(|(given, _)| given)
    }
}

/// What comes in.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Submission {
    /// What was said or written.
    pub text: String,
    /// Its title.
    pub title: Option<String>,
    /// How it came in.
    pub channel: Option<String>,
    /// Where it is about, as a region's name or id.
    pub district: Option<String>,
    /// Who called; none for an anonymous complaint.
    pub contact: Option<Contact>,
    /// The number of the system it comes from.
    pub external_id: Option<String>,
    /// Keep who complained from the departments.
    pub confidential: bool,
    /// The department complained about: id, name or alias.
    pub about: Option<String>,
    /// When a superior wants an answer, where the matter was passed on from above.
    pub superior_due: Option<Timestamp>,
    /// The scenario (id) that whoever files it chose from a list. Rules and cases outrank it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// The address, as it was said apart from the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Degrees north and east (WGS 84).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<(f64, f64)>,
    /// What whoever called was told at once, where that was all (当场答复): kept and closed, whatever was decided. For those at
    /// the centre, and not for emergencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// When it came in, where that was earlier, in another system: deadlines count from then. Left out of what tells two
    /// requests apart where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
}

/// A submission that was checked and decided, ready to be stored.
#[derive(Debug)]
pub struct Prepared {
    pub(super) submission: Submission,
    /// The decision, as it is handed out.
    pub decision: Decision,
    /// What was decided.
    pub complaint: Complaint,
    /// The bundle that decided it.
    pub serving: Arc<Serving>,
    /// When it came in.
    pub(super) at: Timestamp,
    /// When it came here: `at`, or later.
    pub(super) filed_at: Timestamp,
    /// The department complained about (id).
    pub(super) about: Option<String>,
    pub(super) caller: Option<String>,
    pub(super) place: Option<String>,
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving").field("revision", &self.bundle.engine.revision()).finish_non_exhaustive()
    }
}

/// Checks and decides a submission under the bundle that serves. Takes about a millisecond; stores nothing.
///
/// # Errors
/// A field is empty, too long or names what the bundle does not have.
pub(super) fn prepare(submission: Submission, serving: Arc<Serving>, now: Timestamp) -> Result<Prepared, Refusal> {
    let engine = &serving.bundle.engine;
    let at = received_at(&submission, now)?;
    let contact = submission.contact.clone().unwrap_or_default();
    for (field, value) in [
        ("contact.name", &contact.name),
        ("contact.phone", &contact.phone),
        ("contact.other", &contact.other),
        ("external_id", &submission.external_id),
        ("about", &submission.about),
    ] {
        let length = value.as_ref().map_or(0, |value| value.chars().count());
        if length > MOST_NAME {
            let message = say!("“{field}”最多 {MOST_NAME} 字", "`{field}` has {MOST_NAME} characters at the most");
            return Err(Refusal::invalid(field, message));
        }
    }
    let about = submission.about.as_deref().map(str::trim).filter(|about| !about.is_empty());
    let about = about.map(|name| {
        let catalog = engine.catalog();
        let found = catalog.department(name).or_else(|| catalog.department_named(name));
        found.map(|department| department.id.clone()).ok_or_else(|| {
            let message = say!("没有承办单位“{name}”", "no department `{name}`");
            Refusal::invalid("about", message)
        })
    });
    let about = about.transpose()?;
    if let Some(name) = submission.district.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        let catalog = engine.catalog();
        if catalog.region(name).is_none() && catalog.region_named(name).is_none() {
            return Err(Refusal::invalid("district", say!("没有属地“{name}”", "no region `{name}`")));
        }
    }
    let zone = engine.settings().time_zone.clone();
    let complaint = Complaint {
        text: submission.text.clone(),
        title: submission.title.clone(),
        channel: submission.channel.clone(),
        district: submission.district.clone(),
        at: at.to_zoned(zone),
    };
    let decision = engine.decide(&complaint, Options::default()).map_err(Refusal::Complaint)?;
    if let Some(answered) = &submission.answered {
        check_answered(answered, &decision)?;
    }
    let caller = contact.phone.as_deref().and_then(caller_key);
    let place = place_key(&decision);
    Ok(Prepared { submission, decision, complaint, serving, at, filed_at: now, about, caller, place })
}

/// An answer says something and is not too long; what endangers life or property is not over with an answer.
fn check_answered(answered: &str, decision: &Decision) -> Result<(), Refusal> {
    if answered.trim().is_empty() || answered.chars().count() > MOST_TEXT {
        let message = say!(
            "“answered”应为告知来电人的话，最多 {MOST_TEXT} 字",
            "`answered` should be what the caller was told, with {MOST_TEXT} characters at the most"
        );
        return Err(Refusal::invalid("answered", message));
    }
    if decision.emergency {
        let message = say!(
            "判定为险情，不能受理时就当场答复结案；请先受理",
            "an emergency is not over with an answer: file it without `answered`"
        );
        return Err(Refusal::invalid("answered", message));
    }
    Ok(())
}

/// When it came in: as it says, but not in the future (give or take clocks), nor before there were hotlines.
fn received_at(submission: &Submission, now: Timestamp) -> Result<Timestamp, Refusal> {
    let Some(at) = submission.received_at else { return Ok(now) };
    let earliest = Timestamp::from_second(EARLIEST).unwrap_or(Timestamp::UNIX_EPOCH);
    if at < earliest || at.duration_since(now) > CLOCKS_APART {
        let message = say!(
            "受理时间应在 1980 年以后，并且不晚于现在",
            "it should have come in after 1980, and not later than now"
        );
        return Err(Refusal::invalid("received_at", message));
    }
    Ok(super::rows::stored(at.min(now)))
}

/// What a number is found by: the SHA-256 of its digits, without the country's; erased together with the number itself.
pub(super) fn caller_key(phone: &str) -> Option<String> {
    let digits: String = normalise(phone).chars().filter(char::is_ascii_digit).collect();
    let digits =
        digits.strip_prefix("0086").or(digits.strip_prefix("86").filter(|rest| rest.len() == 11)).unwrap_or(&digits);
    (digits.len() >= 5).then(|| Sha256::digest(digits.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a place is found by: the district, and the longest address of the text from behind the district's name up to its
/// last number. What stands before and after (市, 区; 门口, 前面) is said one way or another.
fn place_key(decision: &Decision) -> Option<String> {
    let addresses = decision.facts.iter().filter(|fact| fact.kind == FactKind::Address);
    let longest = addresses.max_by_key(|fact| fact.value.chars().count())?;
    let (id, name) = decision.district.as_ref().map_or(("", ""), |district| (&district.id, &district.name));
    let address = normalise(&longest.value);
    let address = address.split_once(&normalise(name)).filter(|_| !name.is_empty()).map_or(&*address, |(_, rest)| rest);
    let end = address.rfind('号').map_or(address.len(), |at| at + '号'.len_utf8());
    Some(format!("{id}/{}", &address[..end]))
}

/// The decision as a ticket keeps it: without the texts of articles and cases, which the bundle of its revision has.
fn kept(decision: &Decision) -> Option<String> {
    let mut kept = decision.clone();
    kept.cases.clear();
    for article in &mut kept.articles {
        article.text.clear();
        article.passage = None;
    }
    serde_json::to_string(&kept).ok()
}

/// What histories keep of a decision.
pub(super) fn judgement(decision: &Decision) -> Judgement {
    // Enums of the decision are written as they are in the API.
    let name = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let department = decision.department.as_ref();
    Judgement {
        id: decision.id.clone().unwrap_or_default(),
        outcome: name(serde_json::to_value(decision.outcome)),
        scenario: decision.scenario.as_ref().map(|scenario| scenario.id.clone()),
        category: decision.category.as_ref().map(|category| category.path.clone()),
        department: department.map(|department| department.id.clone()),
        basis: department.map(|department| department.basis.clone()),
        confidence: department.map(|department| department.confidence),
        unit: decision.unit.as_ref().map(|unit| unit.id.clone()),
        term: decision.deadline.as_ref().map(|deadline| deadline.term.clone()),
        district: decision.district.as_ref().map(|district| district.id.clone()),
        kind: name(serde_json::to_value(decision.kind)),
        revision: decision.revision.clone(),
        engine: decision.engine.clone().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        whole: None,
        original: kept(decision),
    }
}

/// What routing needs of a decision beside the judgement.
pub(super) fn decided(decision: &Decision, at: Timestamp) -> Decided {
    let due = decision.deadline.as_ref().and_then(|deadline| deadline.due.parse::<Timestamp>().ok());
    let within_a_day = due.is_some_and(|due| due.duration_since(at).as_hours() <= 24);
    let urgency = match (decision.emergency, within_a_day) {
        (true, _) => Urgency::Critical,
        (false, true) => Urgency::Urgent,
        (false, false) => Urgency::Normal,
    };
    let mut owners: Vec<&str> = decision
        .matters
        .iter()
        .filter_map(|m| m.department.as_ref())
        .map(|department| department.id.as_str())
        .collect();
    owners.sort_unstable();
    owners.dedup();
    Decided {
        urgency,
        joint: decision.joint.iter().map(|department| department.id.clone()).collect(),
        several_owners: owners.len() > 1,
    }
}
