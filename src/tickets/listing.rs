//! Lists of tickets, and the queues that dispatchers work on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::action::Action;
use super::desk::{self, Step, Tickets};
use super::model::{State, Urgency};
use super::refusal::Refusal;
use super::rows::{by_index, millis, moment};
use super::submission::caller_key;
use crate::access::{Actor, Scope};
use crate::say;
use crate::store::{Row, StoreError, Transaction, Value};

/// Tickets on a page, at the most.
pub const MOST_ON_PAGE: u32 = 200;

/// What a list is narrowed by; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Where they stand.
    pub states: Vec<State>,
    /// The department with an active part: an id; those below it count too.
    pub department: Option<String>,
    /// The scenario (id).
    pub scenario: Option<String>,
    /// The district (id).
    pub district: Option<String>,
    /// The channel.
    pub channel: Option<String>,
    /// The number of another system.
    pub external_id: Option<String>,
    /// The caller's number.
    pub phone: Option<String>,
    /// How urgent.
    pub urgency: Option<Urgency>,
    /// Past its deadline, and without a reply yet.
    pub overdue: bool,
    /// Came in at this moment or later.
    pub opened_from: Option<Timestamp>,
    /// Came in before this moment.
    pub opened_until: Option<Timestamp>,
}

/// A line of a list: nothing in it identifies anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TicketLine {
    /// The ticket's id.
    pub id: String,
    /// How many events it has.
    pub version: u32,
    /// When it came in.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// Where it stands.
    pub state: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// How often the caller asked for it again.
    pub chases: u32,
    /// When it must be answered.
    #[schema(value_type = Option<String>)]
    pub due: Option<Timestamp>,
    /// What the caller wants.
    pub kind: Option<String>,
    /// The scenario (id).
    pub scenario: Option<String>,
    /// The department in charge (id).
    pub department: Option<String>,
    /// The district (id).
    pub district: Option<String>,
    /// How it came in.
    pub channel: Option<String>,
    /// The number of the system it came from.
    pub external_id: Option<String>,
    /// Its beginning, masked.
    pub summary: String,
    /// Dispatched with nobody looking.
    pub automatic: bool,
    /// Who complained is kept from the departments.
    pub confidential: bool,
    /// An application to give it back waits: for a `dispatcher` or the `panel`.
    pub returning: Option<String>,
    /// Its clock stands.
    pub paused: bool,
    /// Who has it in hand.
    pub claimed_by: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page {
    /// The tickets.
    pub items: Vec<TicketLine>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
    /// The ids that the names were understood as by which the list was narrowed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<&'static str, String>,
}

/// What waits for a dispatcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// To be dispatched by a person.
    Review,
    /// Applications to give back, for a dispatcher to rule on.
    Returns,
    /// The same, for the panel.
    Panel,
    /// Answers to be reviewed.
    Answers,
    /// Replies to be called back about.
    CallBacks,
    /// Set aside: to be looked at again.
    Parked,
}

impl Queue {
    /// All queues, with how they are written.
    pub const NAMES: &'static [(&'static str, Queue)] = &[
        ("review", Queue::Review),
        ("returns", Queue::Returns),
        ("panel", Queue::Panel),
        ("answers", Queue::Answers),
        ("call_backs", Queue::CallBacks),
        ("parked", Queue::Parked),
    ];

    /// The queue of this name.
    pub fn named(name: &str) -> Option<Queue> {
        Queue::NAMES.iter().find(|(own, _)| *own == name).map(|(_, queue)| *queue)
    }

    pub(super) fn condition(self) -> &'static str {
        match self {
            Queue::Review => "state = 'in_review'",
            Queue::Returns => "return_to = 'dispatcher'",
            Queue::Panel => "return_to = 'panel'",
            Queue::Answers => "state = 'resolved'",
            Queue::CallBacks => "state = 'reply_sent'",
            Queue::Parked => "state = 'parked'",
        }
    }
}

pub(super) const COLUMNS: &str = "seq, id, version, opened_at, updated_at, state, urgency, chases, due_at, kind, scenario, department, \
    district, channel, external_id, summary, automatic, confidential, return_to, paused, claimed_by, claimed_until";

/// Conditions with their values, numbered as they are added.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) sql: Vec<String>,
    pub(super) values: Vec<Value>,
    /// Where the page begins: lists of candidates need not reach beyond.
    before: Option<i64>,
}

impl Conditions {
    /// `?` in the condition stands for the value.
    pub(super) fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push(condition.replace('?', &format!("?{}", self.values.len())));
    }

    /// A condition on one of several values.
    pub(super) fn any(&mut self, column: &str, values: impl IntoIterator<Item = String>) {
        let numbers: Vec<String> = values
            .into_iter()
            .map(|value| {
                self.values.push(value.into());
                format!("?{}", self.values.len())
            })
            .collect();
        // Nothing allowed is not everything allowed.
        let list = if numbers.is_empty() { "NULL".to_owned() } else { numbers.join(", ") };
        self.sql.push(format!("{column} IN ({list})"));
    }

    pub(super) fn all(&self) -> String {
        if self.sql.is_empty() { "1 = 1".to_owned() } else { self.sql.join(" AND ") }
    }
}

impl Tickets {
    /// A page of tickets, the newest first, of those that the actor may see.
    ///
    /// # Errors
    /// The cursor is none of ours; the store cannot be read.
    pub async fn list(
        &self,
        filter: Filter,
        limit: u32,
        cursor: Option<String>,
        actor: &Actor,
    ) -> Result<Page, Refusal> {
        let mut conditions = Conditions::default();
        if let Some(cursor) = cursor {
            let before = cursor.parse::<i64>().ok().filter(|before| *before > 0);
            let before = before.ok_or_else(|| {
                Refusal::invalid("cursor", say!("cursor 应取自上一页的 next_cursor", "take it from next_cursor"))
            })?;
            conditions.before = Some(before);
            conditions.add("seq < ?", before);
        }
        self.only_visible(actor, &mut conditions)?;
        self.filtered(&filter, &mut conditions);
        if filter.phone.is_some() {
            self.readings().note(desk::audited(actor, (self.clock)(), "phone_searched", None))?;
        }
        let limit = limit.clamp(1, MOST_ON_PAGE);
        let central = actor.is_central();
        self.store
            .read(move |tx| {
                let all = conditions.all().replace(OPENINGS, &by_index(tx, "tickets_by_opening"));
                let sql = format!("SELECT {COLUMNS} FROM tickets WHERE {all} ORDER BY seq DESC LIMIT {}", limit + 1);
                let rows = tx.query(&sql, &conditions.values)?;
                let more = rows.len() > limit as usize;
                let rows = &rows[..rows.len().min(limit as usize)];
                let mut items = rows.iter().map(line).collect::<Result<Vec<_>, StoreError>>()?;
                // What a department may read of a confidential complaint stands in the ticket: its summary, if it has one.
                let kept = items.iter_mut().filter(|item| item.confidential && !central);
                kept.for_each(|item| item.summary.clear());
                let last = rows.last().map(|row| row.integer(0)).transpose()?;
                let next_cursor = last.filter(|_| more).map(|seq| seq.to_string());
                Ok(Page { items, next_cursor, asked: BTreeMap::new() })
            })
            .await
    }

    /// Takes the first ticket of a queue that nobody has in hand; none when there is none. Two dispatchers who ask at one
    /// moment get two tickets.
    ///
    /// # Errors
    /// Not for this actor; the store did not take it.
    pub async fn claim_next(&self, queue: Queue, actor: &Actor) -> Result<Option<serde_json::Value>, Refusal> {
        if !actor.may(&Scope::Dispatcher) {
            return Err(Refusal::Forbidden { needs: "dispatcher" });
        }
        let (serving, settings, actor, at) =
            (self.live.serving(), std::sync::Arc::clone(&self.settings), actor.clone(), self.now());
        let catalog = std::sync::Arc::clone(serving.bundle.engine.catalog());
        let job = move |tx: &mut Transaction<'_>| {
            let sql = format!(
                "SELECT id FROM tickets WHERE {} AND (claimed_until IS NULL OR claimed_until <= ?1) {ORDER} LIMIT 1{}",
                queue.condition(),
                tx.for_update_skip_locked()
            );
            let Some(row) = tx.query_one(&sql, &[millis(at).into()])? else { return Ok(None) };
            let id = row.text(0)?.to_owned();
            let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
            desk::act(tx, &id, &Action::Claim, None, &step).map(Some)
        };
        let claimed: Option<_> = self.store.write::<_, Refusal, _>(job).await?;
        Ok(claimed.map(|(ticket, shown)| {
            self.tell(&ticket, &catalog);
            shown
        }))
    }

    /// Leaves only what an actor may see.
    fn only_visible(&self, actor: &Actor, conditions: &mut Conditions) -> Result<(), Refusal> {
        if actor.is_central() {
            return Ok(());
        }
        let before = conditions.sql.len();
        let own: Vec<&str> = actor.departments().collect();
        if !own.is_empty() {
            conditions.any(ASSIGNED, self.below(&own));
            close(conditions);
        }
        if actor.may(&Scope::Submit) {
            conditions.add("submitter = ?", actor.name.as_str());
        }
        let ways = conditions.sql.split_off(before);
        if !ways.is_empty() {
            conditions.sql.push(format!("({})", ways.join(" OR ")));
            return Ok(());
        }
        Err(Refusal::Forbidden { needs: "submit / agent / dispatcher / department:ID" })
    }

    /// The ids of departments and of all below them.
    pub(super) fn below(&self, departments: &[&str]) -> Vec<String> {
        let serving = self.live.serving();
        let catalog = serving.bundle.engine.catalog();
        let inside = |id: &str| catalog.department_upwards(id).iter().any(|above| departments.contains(above));
        catalog.departments().iter().filter(|d| inside(&d.id)).map(|d| d.id.clone()).collect()
    }

    fn filtered(&self, filter: &Filter, conditions: &mut Conditions) {
        if let Some(department) = &filter.department {
            conditions.any(ASSIGNED, self.below(&[department]));
            close(conditions);
        }
        if let Some(number) = &filter.external_id {
            conditions.add("external_id = ?", number);
        }
        if let Some(phone) = &filter.phone {
            conditions.add("caller = ?", caller_key(phone).unwrap_or_default());
        }
        if filter.overdue {
            conditions.add(&format!("{OPEN} AND due_at < ?"), millis(self.now()));
        }
        let simple = conditions.sql.len();
        if !filter.states.is_empty() {
            conditions.any("state", filter.states.iter().map(|state| state.name().to_owned()));
        }
        for (condition, value) in
            [("scenario = ?", &filter.scenario), ("district = ?", &filter.district), ("channel = ?", &filter.channel)]
        {
            if let Some(value) = value {
                conditions.add(condition, value);
            }
        }
        if let Some(urgency) = filter.urgency {
            conditions.add("urgency = ?", i64::from(urgency as u8));
        }
        self.opened(filter, conditions, simple);
    }

    /// Narrows to when tickets came in; conditions from `simple` on are on columns of the index of openings.
    fn opened(&self, filter: &Filter, conditions: &mut Conditions, simple: usize) {
        let (from, until) = (filter.opened_from, filter.opened_until);
        if from.is_none() && until.is_none() {
            return;
        }
        let now = self.now();
        let recent = until.is_none_or(|until| until >= now);
        let long = from.is_none_or(|from| now.duration_since(from).as_hours() > LONG_DAYS * 24);
        // Walking down from the newest ends soon where the newest belong to it, and would be long for what is long ago:
        // that is found in the index of openings, which has all that is asked here.
        let walked = recent && long;
        let before = conditions.before.map_or_else(String::new, |before| format!(" AND seq < {before}"));
        if let Some(from) = from {
            conditions.add("opened_at >= ?", millis(from));
        }
        if let Some(until) = until {
            conditions.add("opened_at < ?", millis(until));
        }
        if !walked {
            let inner = conditions.sql.split_off(simple).join(" AND ");
            conditions.sql.push(format!("seq IN (SELECT seq FROM tickets{OPENINGS} WHERE {inner}{before})"));
        }
    }
}

/// Stands for the index of openings until it is known which database is asked.
const OPENINGS: &str = " {openings}";
/// Days after which a time is long.
const LONG_DAYS: i64 = 60;
/// Tickets without a reply whose clock runs; in the words of their index.
const OPEN: &str = "state IN ('received', 'in_review', 'dispatched', 'accepted', 'contacted', 'resolved', \
     'answer_reviewed') AND paused = 0";

/// The beginning of a condition on who has an active part; [`close`] ends it.
pub(super) const ASSIGNED: &str =
    "seq IN (SELECT a.ticket FROM assignments a WHERE a.state <> 'withdrawn' AND a.department";

/// Ends the last condition, which began with [`ASSIGNED`].
pub(super) fn close(conditions: &mut Conditions) {
    let before = conditions.before.map_or_else(String::new, |before| format!(" AND a.ticket < {before}"));
    if let Some(last) = conditions.sql.last_mut() {
        last.push_str(&before);
        last.push(')');
    }
}

/// The order of queues.
pub(super) const ORDER: &str = "ORDER BY urgency DESC, chases DESC, due_at, seq";

pub(super) fn line(row: &Row) -> Result<TicketLine, StoreError> {
    let text = |column: usize| row.optional_text(column).map(|text| text.map(str::to_owned));
    let small = |column: usize| row.integer(column).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let urgency = usize::try_from(row.integer(6)?).ok().and_then(|at| Urgency::ALL.get(at).copied());
    Ok(TicketLine {
        id: row.text(1)?.to_owned(),
        version: small(2)?,
        opened_at: moment(row.integer(3)?)?,
        updated_at: moment(row.integer(4)?)?,
        state: row.text(5)?.to_owned(),
        urgency: urgency.unwrap_or_default(),
        chases: small(7)?,
        due: row.optional_integer(8)?.map(moment).transpose()?,
        kind: text(9)?,
        scenario: text(10)?,
        department: text(11)?,
        district: text(12)?,
        channel: text(13)?,
        external_id: text(14)?,
        summary: row.text(15)?.to_owned(),
        automatic: row.integer(16)? != 0,
        confidential: row.integer(17)? != 0,
        returning: text(18)?,
        paused: row.integer(19)? != 0,
        claimed_by: text(20)?,
    })
}
