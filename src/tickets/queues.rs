//! The queues of dispatchers as they are looked at: their front, narrowed to what somebody works on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::desk::Tickets;
use super::listing::{ASSIGNED, COLUMNS, Conditions, MOST_ON_PAGE, ORDER, Page, Queue, close, line};
use super::model::{State, Urgency};
use super::refusal::Refusal;
use super::rows::{REVIEW, millis};
use crate::access::Actor;
use crate::store::StoreError;

/// What a queue is narrowed by; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct QueueFilter {
    /// Where they stand.
    pub states: Vec<State>,
    /// How urgent.
    pub urgency: Option<Urgency>,
    /// The district (id).
    pub district: Option<String>,
    /// The department with an active part: an id; those below it count too.
    pub department: Option<String>,
    /// Due before this moment.
    pub due_before: Option<Timestamp>,
    /// Set aside, and the day has come on which it is looked at again.
    pub review_due: bool,
}

impl Tickets {
    /// The front of a queue: urgent first, then those chased most, then those due soonest. For those at the centre.
    ///
    /// # Errors
    /// Not for this actor; the store cannot be read.
    pub async fn queue(&self, queue: Queue, limit: u32, actor: &Actor) -> Result<Page, Refusal> {
        self.queue_of(queue, QueueFilter::default(), limit, actor).await
    }

    /// The front of a part of a queue, in its order.
    ///
    /// # Errors
    /// As [`Tickets::queue`].
    pub async fn queue_of(
        &self,
        queue: Queue,
        filter: QueueFilter,
        limit: u32,
        actor: &Actor,
    ) -> Result<Page, Refusal> {
        if !actor.is_central() {
            return Err(Refusal::Forbidden { needs: "agent / dispatcher" });
        }
        let mut conditions = Conditions::default();
        conditions.sql.push(queue.condition().to_owned());
        self.narrow(&filter, &mut conditions);
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets WHERE {} {ORDER} LIMIT {}",
            conditions.all(),
            limit.clamp(1, MOST_ON_PAGE)
        );
        let values = conditions.values;
        self.store
            .read(move |tx| {
                let rows = tx.query(&sql, &values)?;
                let items = rows.iter().map(line).collect::<Result<Vec<_>, StoreError>>()?;
                Ok::<_, Refusal>(Page { items, next_cursor: None, asked: BTreeMap::new() })
            })
            .await
    }

    fn narrow(&self, filter: &QueueFilter, conditions: &mut Conditions) {
        if !filter.states.is_empty() {
            conditions.any("state", filter.states.iter().map(|state| state.name().to_owned()));
        }
        if let Some(urgency) = filter.urgency {
            conditions.add("urgency = ?", i64::from(urgency as u8));
        }
        if let Some(district) = &filter.district {
            conditions.add("district = ?", district);
        }
        if let Some(department) = &filter.department {
            conditions.any(ASSIGNED, self.below(&[department]));
            close(conditions);
        }
        if let Some(before) = filter.due_before {
            conditions.add("due_at < ?", millis(before));
        }
        if filter.review_due {
            let due = format!(
                "EXISTS (SELECT 1 FROM deadlines d WHERE d.ticket = tickets.seq AND d.assignment = 0
                 AND d.layer = '{REVIEW}' AND d.due_at <= ?)"
            );
            conditions.add(&due, millis(self.now()));
        }
    }
}
