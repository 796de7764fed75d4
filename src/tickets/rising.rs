//! Rising topics: scenarios, categories or districts of which more tickets came in than the weeks before would let one
//! expect, by [`excess`](crate::learn::excess); of all that are tried at one time, only so many are false alarms
//! ([`discoveries`](crate::learn::discoveries)).

use std::collections::BTreeMap;

use jiff::{ToSpan, civil};
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Tickets;
use super::figures::{Grain, Shape};
use super::refusal::Refusal;
use super::statistics::{By, category_of, in_list};
use crate::access::Actor;
use crate::learn::{discoveries, excess};
use crate::say;
use crate::store::{Transaction, Value};

/// The share of false alarms among topics that are called rising, at the most.
const FALSE_SHARE: f64 = 0.05;
/// Windows of days before that are needed at least, to know how counts go up and down by themselves.
const LEAST_WINDOWS: i32 = 3;
/// Topics of an answer, at the most.
const MOST_TOPICS: usize = 50;
/// Rows that are read, at the most.
const MOST_ROWS: usize = 500_000;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RisingQuestion {
    /// The last day that counts.
    pub to: civil::Date,
    /// Days up to that one, 1 to 28.
    pub days: i32,
    /// Weeks before, 3 to 26, that they are held against.
    pub weeks: i32,
    /// Tickets in these days that a topic must have at least.
    pub least: i64,
    /// [`By::Scenario`], [`By::Category`] or [`By::District`].
    pub by: By,
    /// Only of one department (id) and those below it.
    pub department: Option<String>,
}

/// A topic of which more came in than expected.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RisingTopic {
    /// The id of the scenario or district; the category's path.
    pub id: String,
    /// Tickets in the days asked about.
    pub tickets: i64,
    /// Tickets in as many days of each time before, the oldest first.
    pub before: Vec<i64>,
    /// What was to be expected: their mean.
    pub expected: f64,
    /// How likely so many or more are, if nothing has changed.
    pub probability: f64,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Rising {
    /// The first of the days asked about.
    #[schema(value_type = String)]
    pub from: civil::Date,
    /// The last.
    #[schema(value_type = String)]
    pub to: civil::Date,
    /// Times before that they were held against; 0 where too little is kept yet to say anything.
    pub windows: usize,
    /// Topics that were tried.
    pub tried: usize,
    /// Those that are rising, the least likely first, at most fifty.
    pub topics: Vec<RisingTopic>,
}

impl RisingQuestion {
    fn check(&self) -> Result<(), Refusal> {
        let wrong = |field: &'static str, least: i64, most: i64| {
            let message = say!("{field} 应在 {least} 到 {most} 之间", "`{field}` should be from {least} to {most}");
            Err(Refusal::invalid(field, message))
        };
        match () {
            () if !(1..=28).contains(&self.days) => wrong("days", 1, 28),
            () if !(LEAST_WINDOWS..=26).contains(&self.weeks) => wrong("weeks", LEAST_WINDOWS.into(), 26),
            () if !(1..=10_000).contains(&self.least) => wrong("least", 1, 10_000),
            () => Ok(()),
        }
    }

    /// Days from the beginning of one window to that of the next: whole weeks, so that all have the same days of the week.
    fn step(&self) -> i32 {
        (self.days + 6) / 7 * 7
    }
}

impl Tickets {
    /// Topics of which more came in than the weeks before suggest.
    ///
    /// # Errors
    /// Not for this actor; a number out of its bounds; the store cannot be read.
    pub async fn rising(&self, question: RisingQuestion, actor: &Actor) -> Result<Rising, Refusal> {
        question.check()?;
        let departments = self.departments_asked(question.department.as_deref(), actor)?;
        let serving = self.live.serving();
        let asked = question.clone();
        let (oldest, counts) = self.store.read(move |tx| read(tx, &asked, departments.as_deref())).await?;
        let (days, step) = (question.days, question.step());
        // A time before anything was kept says nothing.
        let kept = oldest.map_or(0, |oldest| oldest.until(question.to).map_or(0, |span| span.get_days()) + 1);
        let windows = (question.weeks * 7 / step).min((kept - days) / step).max(0);
        let windows = if windows < LEAST_WINDOWS { 0 } else { windows };
        let mut topics: BTreeMap<String, (i64, Vec<i64>)> = BTreeMap::new();
        for (id, day, count) in counts {
            let ago = day.until(question.to).map_or(0, |span| span.get_days());
            let (window, within) = (ago / step, ago % step < days);
            if !within || window > windows {
                continue;
            }
            let id = if question.by == By::Category { category_of(&serving.bundle.engine, &id) } else { id };
            let (now, before) = topics.entry(id).or_insert_with(|| (0, vec![0; windows as usize]));
            match usize::try_from(windows - window).ok().filter(|_| window > 0) {
                Some(at) => before[at] += count,
                None => *now += count,
            }
        }
        topics.remove("");
        Ok(Rising {
            from: question.to.saturating_sub((days - 1).days()),
            to: question.to,
            windows: windows as usize,
            tried: if windows > 0 { topics.len() } else { 0 },
            topics: if windows > 0 { rising(topics, question.least) } else { Vec::new() },
        })
    }
}

/// Those that are rising, the least likely first.
fn rising(topics: BTreeMap<String, (i64, Vec<i64>)>, least: i64) -> Vec<RisingTopic> {
    let judged = |(id, (tickets, before)): (String, (i64, Vec<i64>))| {
        let (expected, probability) = excess(&before, tickets);
        RisingTopic { id, tickets, before, expected, probability }
    };
    let mut topics: Vec<RisingTopic> = topics.into_iter().map(judged).collect();
    topics.sort_by(|a, b| a.probability.total_cmp(&b.probability).then_with(|| a.id.cmp(&b.id)));
    let probabilities: Vec<f64> = topics.iter().map(|topic| topic.probability).collect();
    topics.truncate(discoveries(&probabilities, FALSE_SHARE));
    topics.retain(|topic| topic.tickets >= least);
    topics.truncate(MOST_TOPICS);
    topics
}

/// Topic, day and count, of all days that may be needed; and the first day of which anything is kept.
type Counted = (Option<civil::Date>, Vec<(String, civil::Date, i64)>);

fn read(tx: &mut Transaction<'_>, asked: &RisingQuestion, departments: Option<&[String]>) -> Result<Counted, Refusal> {
    let first = asked.to.saturating_sub((asked.step() * (asked.weeks * 7 / asked.step()) + asked.days).days());
    let column = asked.by.column();
    let (shape, _) = Shape::of([asked.by.dimension()].into_iter().chain(departments.map(|_| "department")));
    let mut values: Vec<Value> = vec![first.to_string().into(), asked.to.to_string().into()];
    let only = departments.map_or_else(String::new, |own| in_list(own, &mut values));
    // Not grouped: in the order of the key they come without being sorted, and whoever asks adds them up anyway.
    let sql = format!(
        "SELECT {column}, period, n_tickets FROM sums
         WHERE shape = {} AND period >= ?1 AND period <= ?2{only} LIMIT {MOST_ROWS}",
        shape.number(Grain::Day)
    );
    let mut counts = Vec::new();
    for row in &tx.query(&sql, &values)? {
        // Days are written by this program.
        if let Ok(day) = row.text(1)?.parse() {
            counts.push((row.text(0)?.to_owned(), day, row.integer(2)?));
        }
    }
    let (by_kind, _) = Shape::of(["kind"]);
    let sql = format!("SELECT MIN(period) FROM sums WHERE shape = {}", by_kind.number(Grain::Day));
    let oldest =
        tx.query_one(&sql, &[])?.map(|row| row.optional_text(0).map(|day| day.and_then(|day| day.parse().ok())));
    Ok((oldest.transpose()?.flatten(), counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_rises_against_its_own_past() {
        let topics = [
            ("steady", 20, [18, 22, 19, 21, 20, 20, 18, 22]),
            ("doubled", 44, [18, 22, 19, 21, 20, 20, 18, 22]),
            ("ever restless", 44, [5, 60, 12, 41, 2, 33, 50, 9]),
            ("new", 9, [0; 8]),
            ("new and few", 3, [0; 8]),
            ("falling", 2, [18, 22, 19, 21, 20, 20, 18, 22]),
        ];
        let topics = topics.into_iter().map(|(id, now, before)| (id.to_owned(), (now, before.to_vec())));
        let found = rising(topics.collect(), 5);
        let ids: Vec<&str> = found.iter().map(|topic| topic.id.as_str()).collect();
        assert_eq!(ids, ["new", "doubled"]);
    }
}
