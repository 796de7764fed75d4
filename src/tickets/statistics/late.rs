//! What is overdue while nobody answers: no event says so, so it is counted from the tickets at the moment of the question.

use jiff::{Timestamp, ToSpan, civil};

use super::{By, Counting, Counts, Grain, MEASURES, OVERDUE, Refusal, enough, steady};
use crate::store::{Transaction, Value};
use crate::tickets::rows::{self, by_index, millis};

/// Groups of what is overdue now, with a day each where days are told apart, at the most.
const MOST_LATE: usize = 100_000;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Tickets that wait for an answer, with the clock running; in the words of their index.
const UNANSWERED: &str = "state IN ('in_review', 'dispatched', 'accepted', 'contacted') AND paused = 0";

impl Counting {
    /// Adds what is open and overdue at this moment, which no event has written down.
    pub(super) fn late(
        &self,
        tx: &mut Transaction<'_>,
        from: civil::Date,
        to: civil::Date,
        counts: &mut Counts,
    ) -> Result<(), Refusal> {
        // No day is asked for on which nothing can be.
        let index = by_index(tx, "tickets_late");
        let row = tx.query_one(&format!("SELECT MIN(opened_at) FROM tickets{index} WHERE {UNANSWERED}"), &[])?;
        let Some(oldest) = row.map(|row| row.optional_integer(0)).transpose()?.flatten() else { return Ok(()) };
        let day = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        let (from, to) = (from.max(day(rows::moment(oldest)?)), to.min(day(self.now)));
        let start = |day: civil::Date| day.to_zoned(self.zone.clone()).map(|start| start.timestamp());
        let (Ok(start), Ok(end)) = (start(from), start(to.saturating_add(1.day()))) else { return Ok(()) };
        let others: Vec<&By> = self.by.iter().filter(|by| !matches!(by, By::Day | By::Month)).collect();
        let columns: String = others.iter().map(|by| format!("COALESCE({}, ''), ", by.dimension())).collect();
        for (first, last, offset, month) in self.parts(start, end) {
            let mut values: Vec<Value> = vec![millis(self.now).into(), millis(first).into(), millis(last).into()];
            let only = self.only(&mut values);
            let days = if self.by.contains(&By::Day) {
                format!("(opened_at + {offset}) / {DAY}")
            } else {
                "CAST(0 AS BIGINT)".to_owned()
            };
            let groups: Vec<String> = (1..=others.len() + 2).map(|at| at.to_string()).collect();
            let sql = format!(
                "SELECT {columns}{days}, excluded, CAST(COUNT(*) AS BIGINT) FROM tickets{index}
                 WHERE {UNANSWERED} AND due_at < ?1 AND opened_at >= ?2 AND opened_at < ?3{only}
                 GROUP BY {} LIMIT {MOST_LATE}",
                groups.join(", ")
            );
            for row in tx.query(&sql, &values)? {
                let day = civil::date(1970, 1, 1).saturating_add(row.integer(others.len())?.days()).to_string();
                let mut values = (0..others.len()).map(|at| row.text(at).map(str::to_owned));
                let mut group = Vec::with_capacity(self.by.len());
                for by in &self.by {
                    group.push(match by {
                        By::Day => day.clone(),
                        By::Month => month.clone(),
                        _ => values.next().transpose()?.unwrap_or_default(),
                    });
                }
                let excluded = row.integer(others.len() + 1)? != 0;
                let late = row.integer(others.len() + 2)?;
                let sums = counts.entry((group, excluded)).or_insert([0; MEASURES.len() + 1]);
                let overdue = MEASURES.iter().position(|measure| *measure == OVERDUE);
                overdue.into_iter().chain([MEASURES.len()]).for_each(|at| sums[at] += late);
            }
        }
        enough(counts)
    }

    /// A time in parts of one offset from UTC each (milliseconds), and of one month each where months are told apart: in
    /// each of them what is counted need not be told apart by time.
    fn parts(&self, start: Timestamp, end: Timestamp) -> Vec<(Timestamp, Timestamp, i64, String)> {
        let mut bounds = vec![start];
        if self.by.contains(&By::Month) {
            let next = |month: &civil::Date| month.checked_add(1.month()).ok();
            let months = std::iter::successors(Some(start.to_zoned(self.zone.clone()).date().first_of_month()), next);
            let starts =
                months.map_while(|month| month.to_zoned(self.zone.clone()).ok()).map(|start| start.timestamp());
            bounds.extend(starts.skip_while(|at| *at <= start).take_while(|at| *at < end));
        }
        bounds.push(end);
        let month = |at: Timestamp| Grain::Month.of(&at.to_zoned(self.zone.clone()).date().to_string()).to_owned();
        let spans = bounds.iter().zip(bounds.iter().skip(1));
        let parts = spans.flat_map(|(first, last)| steady(&self.zone, *first, *last));
        parts.map(|(first, last, offset)| (first, last, offset, month(first))).collect()
    }
}
