//! What became of suggestions (反馈): how often a scenario, and a row of the dispatch list, was suggested, kept, changed to
//! what, and given back. Counted by month in the transaction of the event, as all figures are: what a ticket counts is a
//! function of the ticket, and a change adds the difference.

use std::collections::BTreeMap;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Tickets;
use super::model::{State, Ticket};
use super::refusal::Refusal;
use crate::access::{Actor, Scope};
use crate::say;
use crate::store::{Migration, Row, StoreError, Transaction, Value};

/// Characters of a basis by which a row of the dispatch list is known.
const BASIS: usize = 120;
/// Rows that one answer is added up from, at the most: a year of a city has some ten thousand.
const MOST_ROWS: usize = 200_000;
/// Others that something was changed to, that are named of each rule.
const MOST_OTHERS: usize = 5;
/// Months of an answer, at the most.
const MOST_MONTHS: i32 = 36;

macro_rules! step {
    ($without:literal) => {
        concat!(
            "ALTER TABLE sums ADD COLUMN n_suggested BIGINT NOT NULL DEFAULT 0;
            ALTER TABLE sums ADD COLUMN n_as_suggested BIGINT NOT NULL DEFAULT 0;
            CREATE TABLE feedback (
                rule TEXT NOT NULL,
                month TEXT NOT NULL,
                id TEXT NOT NULL,
                department TEXT NOT NULL,
                sent TEXT NOT NULL,
                suggested BIGINT NOT NULL,
                automatic BIGINT NOT NULL,
                decided BIGINT NOT NULL,
                kept BIGINT NOT NULL,
                returned BIGINT NOT NULL,
                PRIMARY KEY (rule, month, id, department, sent)
            )",
            $without
        )
    };
}

/// The step that made the table, and the measures of what was sent as it was suggested.
pub(super) const MIGRATION: Migration =
    Migration { version: 7, name: "feedback", sqlite: step!(" WITHOUT ROWID"), postgres: step!("") };

/// What is suggested by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A scenario, which says what the matter is.
    Scenario,
    /// A row of the dispatch list, by its basis, which says whose it is.
    Responsibility,
}

impl Rule {
    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Scenario => "scenario",
            Rule::Responsibility => "responsibility",
        }
    }
}

/// How often one rule was suggested, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RuleLine {
    /// What it is.
    pub rule: Rule,
    /// The id of the scenario, empty where none was recognised; the basis of the row of the dispatch list.
    pub id: String,
    /// The department (id) that the row names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Tickets on which it was suggested.
    pub suggested: i64,
    /// Of these, those that went out with nobody looking.
    pub automatic: i64,
    /// Those of which it is known what they were: they have a department, or are over.
    pub decided: i64,
    /// Of those that are decided, those that are still what was suggested.
    pub kept: i64,
    /// Of those that are decided, those that are something else now.
    pub changed: i64,
    /// Those that a department gave back, and that was upheld.
    pub returned: i64,
    /// `kept` of `decided`; null where nothing is decided.
    pub accuracy: Option<f64>,
    /// What it was changed to, the most frequent first, at most five: ids of scenarios, or of departments.
    pub changed_to: Vec<ChangedTo>,
}

/// What a suggestion was changed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedTo {
    /// The scenario or department (id).
    pub id: String,
    /// How often.
    pub tickets: i64,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = RuleStatistics)]
pub struct Feedback {
    /// The first month, `2026-11`.
    pub from: String,
    /// The last month, which counts.
    pub to: String,
    /// Every rule that was suggested in these months: scenarios, then rows, those suggested most first.
    pub rules: Vec<RuleLine>,
}

/// Rule, month, id, department, what it became.
type Key = (&'static str, String, String, String, String);
/// Suggested, automatic, decided, kept, returned.
type Amounts = [i64; 5];

/// What a ticket counts, once for its scenario and once for the row of the dispatch list.
fn contributions(ticket: &Ticket, zone: &TimeZone) -> Vec<(Key, Amounts)> {
    let Some(judgement) = ticket.judgement.as_ref().filter(|_| ticket.state != State::Received) else {
        return Vec::new();
    };
    let month = ticket.opened_at.to_zoned(zone.clone()).strftime("%Y-%m").to_string();
    let returned = ticket.assignments.iter().any(|assignment| assignment.given_back);
    let sent_to = ticket.sent_to().map(|sent| sent.department.clone());
    let scenario = judgement.scenario.clone().unwrap_or_default();
    let settled = sent_to.is_some() || ticket.state.is_over();
    let now = if settled { ticket.scenario.clone().unwrap_or_default() } else { String::new() };
    let flag = i64::from;
    let amounts =
        |decided: bool, kept: bool| [1, flag(ticket.automatic), flag(decided), flag(decided && kept), flag(returned)];
    let kept = now == scenario;
    let mut all = vec![((Rule::Scenario.name(), month.clone(), scenario, String::new(), now), amounts(settled, kept))];
    if let (Some(department), Some(basis)) = (&judgement.department, &judgement.basis) {
        let kept = ticket.is_as_suggested() == Some(true);
        let decided = sent_to.is_some();
        // Handed to the unit of the department is as it was suggested.
        let sent = if kept { department.clone() } else { sent_to.unwrap_or_default() };
        let id = basis.chars().take(BASIS).collect();
        all.push(((Rule::Responsibility.name(), month, id, department.clone(), sent), amounts(decided, kept)));
    }
    all
}

fn add(sums: &mut BTreeMap<Key, Amounts>, ticket: &Ticket, zone: &TimeZone, sign: i64) {
    for (key, amounts) in contributions(ticket, zone) {
        let sum = sums.entry(key).or_default();
        sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += sign * amount);
    }
}

/// Brings the counts up to date with a ticket that became another.
pub(super) fn update(
    tx: &mut Transaction<'_>,
    before: Option<&Ticket>,
    after: &Ticket,
    zone: &TimeZone,
) -> Result<(), StoreError> {
    let mut sums = BTreeMap::new();
    if let Some(before) = before {
        add(&mut sums, before, zone, -1);
    }
    add(&mut sums, after, zone, 1);
    sums.retain(|_, amounts| *amounts != Amounts::default());
    write(tx, &sums)
}

/// All counts anew from the tickets, in the place of what is stored.
#[derive(Default)]
pub(super) struct Recount(BTreeMap<Key, Amounts>);

impl Recount {
    /// Takes a ticket in.
    pub(super) fn add(&mut self, ticket: &Ticket, zone: &TimeZone) {
        add(&mut self.0, ticket, zone, 1);
    }

    /// Puts the counts in the place of those that are stored; gives how many differed.
    pub(super) fn replace(&self, tx: &mut Transaction<'_>) -> Result<usize, StoreError> {
        let columns = "rule, month, id, department, sent, suggested, automatic, decided, kept, returned";
        let mut old: BTreeMap<(String, String, String, String, String), Amounts> = BTreeMap::new();
        for row in &tx.query(&format!("SELECT {columns} FROM feedback"), &[])? {
            let text = |at: usize| row.text(at).map(str::to_owned);
            let amounts = amounts(row, 5)?;
            if amounts != Amounts::default() {
                old.insert((text(0)?, text(1)?, text(2)?, text(3)?, text(4)?), amounts);
            }
        }
        let mut wrong = old.len();
        for ((rule, month, id, department, sent), amounts) in &self.0 {
            let key = ((*rule).to_owned(), month.clone(), id.clone(), department.clone(), sent.clone());
            match old.get(&key) {
                Some(stored) if stored == amounts => wrong -= 1,
                Some(_) => {}
                None => wrong += 1,
            }
        }
        if wrong > 0 {
            tx.execute("DELETE FROM feedback", &[])?;
            write(tx, &self.0)?;
        }
        Ok(wrong)
    }
}

fn amounts(row: &Row, first: usize) -> Result<Amounts, StoreError> {
    let mut amounts = Amounts::default();
    for (at, amount) in amounts.iter_mut().enumerate() {
        *amount = row.integer(first + at)?;
    }
    Ok(amounts)
}

fn write(tx: &mut Transaction<'_>, sums: &BTreeMap<Key, Amounts>) -> Result<(), StoreError> {
    for ((rule, month, id, department, sent), amounts) in sums {
        let mut values: Vec<Value> = vec![(*rule).into(), month.into(), id.into(), department.into(), sent.into()];
        values.extend(amounts.iter().map(|amount| Value::from(*amount)));
        tx.execute(
            "INSERT INTO feedback (rule, month, id, department, sent, suggested, automatic, decided, kept, returned)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (rule, month, id, department, sent) DO UPDATE SET
                suggested = feedback.suggested + excluded.suggested, automatic = feedback.automatic + excluded.automatic,
                decided = feedback.decided + excluded.decided, kept = feedback.kept + excluded.kept,
                returned = feedback.returned + excluded.returned",
            &values,
        )?;
    }
    Ok(())
}

impl Tickets {
    /// What became of the suggestions of tickets that came in from one month to another: the months of the two days.
    ///
    /// # Errors
    /// Not for this actor; the days are in the wrong order or too far apart; the store cannot be read.
    pub async fn feedback(&self, from: civil::Date, to: civil::Date, actor: &Actor) -> Result<Feedback, Refusal> {
        let (from, to) = months(from, to, actor)?;
        self.store.read(move |tx| read(tx, from, to)).await
    }

    /// The same for whoever may wait.
    ///
    /// # Errors
    /// As [`Tickets::feedback`].
    pub fn feedback_blocking(&self, from: civil::Date, to: civil::Date, actor: &Actor) -> Result<Feedback, Refusal> {
        let (from, to) = months(from, to, actor)?;
        self.store.read_blocking(move |tx| read(tx, from, to))
    }
}

fn months(from: civil::Date, to: civil::Date, actor: &Actor) -> Result<(String, String), Refusal> {
    if !actor.is_central() && !actor.may(&Scope::Editor) {
        return Err(Refusal::Forbidden { needs: "agent / dispatcher / editor" });
    }
    let apart = (i32::from(to.year()) - i32::from(from.year())) * 12 + i32::from(to.month()) - i32::from(from.month());
    if to < from || apart >= MOST_MONTHS {
        let message = say!(
            "to 应不早于 from，且相差不超过 {MOST_MONTHS} 个月",
            "`to` should be within {MOST_MONTHS} months after `from`"
        );
        return Err(Refusal::invalid("to", message));
    }
    let month = |day: civil::Date| day.strftime("%Y-%m").to_string();
    Ok((month(from), month(to)))
}

fn read(tx: &mut Transaction<'_>, from: String, to: String) -> Result<Feedback, Refusal> {
    let sums: Vec<String> = ["suggested", "automatic", "decided", "kept", "returned"]
        .map(|column| format!("CAST(SUM({column}) AS BIGINT)"))
        .to_vec();
    let mut rules = Vec::new();
    for rule in [Rule::Scenario, Rule::Responsibility] {
        let sql = format!(
            "SELECT id, department, sent, {} FROM feedback WHERE rule = ?1 AND month >= ?2 AND month <= ?3
             GROUP BY id, department, sent ORDER BY id, department, sent LIMIT {MOST_ROWS}",
            sums.join(", ")
        );
        let rows = tx.query(&sql, &[rule.name().into(), (&from).into(), (&to).into()])?;
        let mut lines: Vec<RuleLine> = Vec::new();
        for row in &rows {
            let (id, department, sent) = (row.text(0)?, row.text(1)?, row.text(2)?);
            let is_same =
                |line: &&mut RuleLine| line.id == id && line.department.as_deref().unwrap_or_default() == department;
            if lines.last_mut().filter(is_same).is_none() {
                lines.push(RuleLine::new(rule, id, department));
            }
            if let Some(line) = lines.last_mut() {
                line.add(sent, amounts(row, 3)?);
            }
        }
        lines.iter_mut().for_each(RuleLine::finish);
        lines.retain(|line| line.suggested > 0);
        lines.sort_by(|a, b| b.suggested.cmp(&a.suggested).then_with(|| a.id.cmp(&b.id)));
        rules.extend(lines);
    }
    Ok(Feedback { from, to, rules })
}

impl RuleLine {
    fn new(rule: Rule, id: &str, department: &str) -> RuleLine {
        RuleLine {
            rule,
            id: id.to_owned(),
            department: Some(department.to_owned()).filter(|department| !department.is_empty()),
            suggested: 0,
            automatic: 0,
            decided: 0,
            kept: 0,
            changed: 0,
            returned: 0,
            accuracy: None,
            changed_to: Vec::new(),
        }
    }

    fn add(&mut self, sent: &str, [suggested, automatic, decided, kept, returned]: Amounts) {
        self.suggested += suggested;
        self.automatic += automatic;
        self.decided += decided;
        self.kept += kept;
        self.returned += returned;
        if decided > kept {
            self.changed_to.push(ChangedTo { id: sent.to_owned(), tickets: decided - kept });
        }
    }

    fn finish(&mut self) {
        // Tickets of before these counts were kept take away what was never added, until they are counted again.
        for amount in [&mut self.suggested, &mut self.automatic, &mut self.decided, &mut self.kept, &mut self.returned]
        {
            *amount = (*amount).max(0);
        }
        self.changed = (self.decided - self.kept).max(0);
        self.accuracy = (self.decided > 0).then(|| self.kept as f64 / self.decided as f64);
        self.changed_to.sort_by(|a, b| b.tickets.cmp(&a.tickets).then_with(|| a.id.cmp(&b.id)));
        self.changed_to.truncate(MOST_OTHERS);
    }
}
