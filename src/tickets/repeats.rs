//! The same matter again (重复诉求): from the same caller, or from others about the same place.

use super::model::Relation;
use super::rows::{SUMMARY, millis};
use super::submission::{Prepared, Submission};
use crate::store::{Migration, StoreError, Transaction};
use crate::text::mask::masked;
use crate::text::{Shingles, normalise};

/// Days within which an earlier ticket may be the same matter.
const DAYS: i64 = 90;
/// Earlier tickets that are looked at, of each way to find them.
const MOST_CANDIDATES: i64 = 50;
/// Links that one ticket gets by itself.
const MOST_LINKS: usize = 5;

/// Which they are; indexes are made for the first of these conditions.
const OPEN: &str = "state NOT IN ('closed', 'finalised', 'merged', 'refused') AND opened_at >= ?3 AND seq < ?2";

/// Adds the indexes of open tickets by what repeats are found by; the one of all tickets grew with the years, and every
/// filing had to pass over those that are closed.
macro_rules! step {
    () => {
        "DROP INDEX tickets_by_scenario;
         CREATE INDEX tickets_open_of_scenario ON tickets (scenario, seq)
             WHERE scenario IS NOT NULL AND state NOT IN ('closed', 'finalised', 'merged', 'refused');
         CREATE INDEX tickets_open_at_place ON tickets (scenario, place, seq)
             WHERE place IS NOT NULL AND state NOT IN ('closed', 'finalised', 'merged', 'refused');"
    };
}

/// The step that made them.
pub(super) const MIGRATION: Migration =
    Migration { version: 8, name: "repeats among open tickets", sqlite: step!(), postgres: step!() };

/// An earlier ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) ticket: String,
    pub(super) relation: Relation,
}

/// Earlier tickets that are still open and about the same matter, or by the same caller; the newest first, those of the
/// same matter before others. The same matter: one scenario, and the same caller, the same place or nearly the same words.
pub(super) fn find(
    tx: &mut Transaction<'_>,
    seq: i64,
    prepared: &Prepared,
    beginning: &Shingles,
) -> Result<Vec<Repeat>, StoreError> {
    let since = millis(prepared.at) - DAYS * 86_400_000;
    let scenario = prepared.decision.scenario.as_ref().map(|scenario| scenario.id.as_str());
    let mut same_matter = Vec::new();
    let mut same_caller = Vec::new();
    if let Some(caller) = &prepared.caller {
        let sql = format!("SELECT id, scenario FROM tickets WHERE caller = ?1 AND {OPEN} ORDER BY seq DESC LIMIT ?4");
        for row in tx.query(&sql, &[caller.into(), seq.into(), since.into(), MOST_CANDIDATES.into()])? {
            let same = scenario.is_some() && row.optional_text(1)? == scenario;
            let list = if same { &mut same_matter } else { &mut same_caller };
            list.push(row.text(0)?.to_owned());
        }
    }
    if let (Some(scenario), Some(place)) = (scenario, &prepared.place) {
        let sql =
            format!("SELECT id FROM tickets WHERE scenario = ?1 AND place = ?5 AND {OPEN} ORDER BY seq DESC LIMIT ?4");
        let values = [scenario.into(), seq.into(), since.into(), MOST_CANDIDATES.into(), place.into()];
        for row in tx.query(&sql, &values)? {
            same_matter.push(row.text(0)?.to_owned());
        }
    }
    if let Some(scenario) = scenario {
        same_matter.extend(same_words(tx, seq, beginning, scenario, since)?);
    }
    let mut found: Vec<Repeat> = Vec::new();
    let both = same_matter.into_iter().map(|t| (t, Relation::SameMatter));
    for (ticket, relation) in both.chain(same_caller.into_iter().map(|t| (t, Relation::SameCaller))) {
        if found.len() < MOST_LINKS && !found.iter().any(|other| other.ticket == ticket) {
            found.push(Repeat { ticket, relation });
        }
    }
    Ok(found)
}

/// The beginning of a text, as it is kept of the earlier ones: what is masked there must be masked here.
pub(super) fn beginning(submission: &Submission) -> Shingles {
    let text = submission.title.as_ref().unwrap_or(&submission.text);
    let beginning = masked(&text.chars().take(4 * SUMMARY).collect::<String>());
    Shingles::of(&normalise(&beginning.chars().take(SUMMARY).collect::<String>()))
}

/// The newest tickets of the scenario whose beginning is a near-copy of this one's.
fn same_words(
    tx: &mut Transaction<'_>,
    seq: i64,
    beginning: &Shingles,
    scenario: &str,
    since: i64,
) -> Result<Vec<String>, StoreError> {
    let sql = format!("SELECT id, summary FROM tickets WHERE scenario = ?1 AND {OPEN} ORDER BY seq DESC LIMIT ?4");
    let mut found = Vec::new();
    for row in tx.query(&sql, &[scenario.into(), seq.into(), since.into(), MOST_CANDIDATES.into()])? {
        if found.len() < MOST_LINKS && beginning.near(&Shingles::of(&normalise(row.text(1)?))) {
            found.push(row.text(0)?.to_owned());
        }
    }
    Ok(found)
}
