//! When tickets come in: how many at each hour of each day of the week, read off the index of when they came in, so that
//! nothing is written for it and any days can be asked for.

use jiff::{ToSpan, civil};
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::Tickets;
use super::refusal::Refusal;
use super::rows::{by_index, millis};
use super::statistics::{in_list, steady};
use crate::access::Actor;
use crate::say;
use crate::store::Value;

/// Days of an answer, at the most: each ticket of these days is looked at.
const MOST_DAYS: i32 = 366;
/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;
/// Hours of a week.
const WEEK: i64 = 168;
/// The first of January 1970 was a Thursday; weeks begin with Monday.
const THURSDAY: i64 = 3 * 24;

/// Which tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursQuestion {
    /// The first day.
    pub from: civil::Date,
    /// The last day, which counts.
    pub to: civil::Date,
    /// Only of one department (id) and those below it.
    pub department: Option<String>,
    /// Only of one scenario (id).
    pub scenario: Option<String>,
    /// Only of one district (id).
    pub district: Option<String>,
    /// Only of one channel.
    pub channel: Option<String>,
}

/// How many came in when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hours {
    /// The first day.
    #[schema(value_type = String)]
    pub from: civil::Date,
    /// The last day.
    #[schema(value_type = String)]
    pub to: civil::Date,
    /// Tickets of each hour, 0 to 23, on the bundle's clock.
    pub hours: Vec<i64>,
    /// The same for each day of the week, Monday first.
    pub week: Vec<Vec<i64>>,
}

impl Tickets {
    /// At what hours tickets came in.
    ///
    /// # Errors
    /// Not for this actor; the days are in the wrong order or too many.
    pub async fn hours(&self, question: HoursQuestion, actor: &Actor) -> Result<Hours, Refusal> {
        let days = question.from.until(question.to).map_or(i32::MAX, |span| span.get_days());
        if !(0..MOST_DAYS).contains(&days) {
            let message = say!(
                "to 应不早于 from，且相差不超过 {MOST_DAYS} 天",
                "`to` should be within {MOST_DAYS} days after `from`"
            );
            return Err(Refusal::invalid("to", message));
        }
        let departments = self.departments_asked(question.department.as_deref(), actor)?;
        let zone = self.live.serving().bundle.engine.settings().time_zone.clone();
        let start = |day: civil::Date| day.to_zoned(zone.clone()).map(|start| start.timestamp());
        let (Ok(first), Ok(end)) = (start(question.from), start(question.to.saturating_add(1.day()))) else {
            return Err(Refusal::invalid("from", say!("from 应为日期", "`from` should be a date")));
        };
        let parts = steady(&zone, first, end);
        let asked = question.clone();
        let counted: Vec<(i64, i64)> = self
            .store
            .read(move |tx| {
                let mut counted = Vec::new();
                for (first, last, offset) in parts {
                    let mut values: Vec<Value> = vec![millis(first).into(), millis(last).into()];
                    let mut conditions = departments.as_ref().map_or_else(String::new, |own| in_list(own, &mut values));
                    for (column, value) in
                        [("scenario", &asked.scenario), ("district", &asked.district), ("channel", &asked.channel)]
                    {
                        if let Some(value) = value {
                            values.push(value.into());
                            conditions.push_str(&format!(" AND {column} = ?{}", values.len()));
                        }
                    }
                    let sql = match departments {
                        Some(_) => of_departments(offset, &conditions),
                        None => of_all(offset, &conditions, &by_index(tx, "tickets_by_opening")),
                    };
                    for row in &tx.query(&sql, &values)? {
                        counted.push((row.integer(0)?, row.integer(1)?));
                    }
                }
                Ok::<_, Refusal>(counted)
            })
            .await?;
        let (mut hours, mut week) = (vec![0; 24], vec![vec![0; 24]; 7]);
        for (hour, count) in counted {
            let hour = usize::try_from((hour + THURSDAY).rem_euclid(WEEK)).unwrap_or(0);
            hours[hour % 24] += count;
            week[hour / 24][hour % 24] += count;
        }
        Ok(Hours { from: question.from, to: question.to, hours, week })
    }
}

/// How many came in from `?1` to `?2`, by the hour of the week and the conditions.
fn of_departments(offset: i64, conditions: &str) -> String {
    format!(
        "SELECT CAST((opened_at + {offset}) / {HOUR} % {WEEK} AS BIGINT), CAST(COUNT(*) AS BIGINT) FROM tickets
         WHERE opened_at >= ?1 AND opened_at < ?2{conditions} GROUP BY 1"
    )
}

/// The same hour after hour, which reads the index in its order and sorts nothing: four times as fast, where the index
/// has all that is asked for.
fn of_all(offset: i64, conditions: &str, index: &str) -> String {
    format!(
        "WITH RECURSIVE hours (start) AS (
             SELECT CAST(?1 AS BIGINT) - (?1 + {offset}) % {HOUR} UNION ALL SELECT start + {HOUR} FROM hours WHERE start + {HOUR} < ?2)
         SELECT CAST((start + {offset}) / {HOUR} % {WEEK} AS BIGINT), (
             SELECT CAST(COUNT(*) AS BIGINT) FROM tickets{index}
             WHERE opened_at >= CASE WHEN start < ?1 THEN ?1 ELSE start END
                 AND opened_at < CASE WHEN start + {HOUR} > ?2 THEN ?2 ELSE start + {HOUR} END{conditions})
         FROM hours"
    )
}
