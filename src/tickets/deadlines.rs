//! Deadlines (办结时限) of tickets: in layers, paused and extended, warned of and escalated.
//!
//! A term (`24 hours`, `5 working days`) is turned into a moment by the calendar of who must answer
//! ([`Catalog::due`]). While the ticket waits for the caller the clock stands: hours go on with what was left of them,
//! days with as many whole days, of the department's kind, as were left after the day of the pause.

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::OfficeHours;
use crate::catalog::{CalendarKind, Catalog, Deadline as Term, DeadlineUnit};

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// What the centre promised the caller.
    Centre,
    /// The unit's share of it.
    Unit,
    /// What a superior asked for, where the matter was passed on from above.
    Superior,
}

impl Layer {
    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Centre => "centre",
            Layer::Unit => "unit",
            Layer::Superior => "superior",
        }
    }
}

/// One deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TicketDeadline)]
pub struct Deadline {
    /// Whose.
    pub layer: Layer,
    /// The term it was counted from, such as `5 working days`; where a moment was given, that moment.
    pub term: String,
    /// The last moment that is in time.
    #[schema(value_type = String)]
    pub due: Timestamp,
    /// When it is warned of.
    #[schema(value_type = String)]
    pub warn: Timestamp,
    /// What the term rests on: the scenario, the urgency, the channel, who extended it.
    pub basis: String,
    /// Whether it is counted in days, which end at midnight, and not on the clock.
    #[serde(default)]
    pub in_days: bool,
    /// Whether only working days count.
    #[serde(default)]
    pub working_days: bool,
    /// The calendar of working days ended before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond_calendar: bool,
    /// The ticket's own time had passed, or nearly, when the department got it: it was given the least that any is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// What counting needs: the calendar, the clock's time zone, and how early to warn.
#[derive(Clone, Copy)]
pub(super) struct Counting<'a> {
    /// Of the bundle.
    pub(super) catalog: &'a Catalog,
    /// Of the bundle.
    pub(super) zone: &'a TimeZone,
    /// Of the time until it is due, the share after which it is warned of; 0 to 1.
    pub(super) warn_after: f64,
    /// When offices are told of what is counted in days; at any hour where there is none.
    pub(super) office_hours: Option<OfficeHours>,
}

impl Counting<'_> {
    /// The deadline that a term gives to what came in at `from`.
    pub(super) fn deadline(
        &self,
        layer: Layer,
        term: &Term,
        calendar: CalendarKind,
        from: Timestamp,
        basis: &str,
    ) -> Deadline {
        let counted = self.catalog.due(term, calendar, self.clock(from));
        let due = self.moment(counted.at, from);
        let deadline = Deadline {
            layer,
            term: term.to_string(),
            due,
            warn: due,
            basis: basis.to_owned(),
            in_days: matches!(term.unit(), DeadlineUnit::Days | DeadlineUnit::WorkingDays),
            working_days: term.unit() == DeadlineUnit::WorkingDays && calendar == CalendarKind::Workdays,
            beyond_calendar: counted.beyond_calendar,
            late: false,
        };
        self.warned(deadline, from)
    }

    /// The deadline of a moment that somebody gave.
    pub(super) fn fixed(&self, layer: Layer, due: Timestamp, from: Timestamp, basis: &str) -> Deadline {
        let deadline = Deadline {
            layer,
            term: due.to_string(),
            due,
            warn: due,
            basis: basis.to_owned(),
            in_days: false,
            working_days: false,
            beyond_calendar: false,
            late: false,
        };
        self.warned(deadline, from)
    }

    /// The same deadline for a clock that stood from `paused` to `resumed`. One that had passed before stays.
    pub(super) fn resumed(&self, deadline: &Deadline, paused: Timestamp, resumed: Timestamp) -> Deadline {
        if deadline.due <= paused || resumed <= paused {
            return deadline.clone();
        }
        let due = if deadline.in_days {
            let left = self.days_between(paused, deadline.due, deadline.working_days);
            let at = self.after_days(resumed, left, deadline.working_days);
            self.moment(at.to_datetime(self.clock(deadline.due).time()), resumed)
        } else {
            add(resumed, deadline.due.duration_since(paused))
        };
        self.warned(Deadline { due, ..deadline.clone() }, resumed)
    }

    /// The unit's part of what is left of a deadline at `from`: of days whole ones, at least one; of hours, and on the
    /// last day, to the second.
    pub(super) fn shared(&self, whole: &Deadline, from: Timestamp, share: f64) -> Deadline {
        let days = if whole.in_days { self.days_between(from, whole.due, whole.working_days) } else { 0 };
        let deadline = if days > 0 {
            let own = ((days as f64 * share) as usize).max(1);
            let at = self.after_days(from, own, whole.working_days).to_datetime(self.clock(whole.due).time());
            let unit = if whole.working_days { "working days" } else { "days" };
            Deadline { term: format!("{own} {unit}"), due: self.moment(at, from), ..whole.clone() }
        } else {
            let seconds = part(whole.due.duration_since(from), share);
            let (due, term) = (add(from, seconds), format!("{} minutes", seconds.as_mins()));
            Deadline { term, due, in_days: false, working_days: false, ..whole.clone() }
        };
        self.warned(Deadline { layer: Layer::Unit, ..deadline }, from)
    }

    /// The same deadline, warned of when its share of the time since `from` has passed: of what is counted in days in
    /// the hours of offices, and before it is due.
    pub(super) fn warned(&self, deadline: Deadline, from: Timestamp) -> Deadline {
        let at = add(from, part(deadline.due.duration_since(from), self.warn_after));
        let told = self.in_office_hours(&deadline, at);
        let warn = match self.office_hours {
            // The last day's evening: no office is open any more, so it was that morning.
            Some(hours) if told >= deadline.due => self.opening(self.clock(at).date(), hours, at),
            _ => told,
        };
        Deadline { warn, ..deadline }
    }

    /// The first moment from `at` on at which somebody may be told of a deadline: of one that is counted in days, when
    /// offices are open on a day that counts.
    pub(super) fn in_office_hours(&self, deadline: &Deadline, at: Timestamp) -> Timestamp {
        let Some(hours) = self.office_hours.filter(|_| deadline.in_days) else { return at };
        let clock = self.clock(at);
        if self.counts(clock.date(), deadline.working_days) && clock.time() < hours.until {
            return self.opening(clock.date(), hours, at).max(at);
        }
        self.opening(self.after_days(at, 1, deadline.working_days), hours, at)
    }

    /// When offices open on a day.
    pub(super) fn opening(&self, day: civil::Date, hours: OfficeHours, otherwise: Timestamp) -> Timestamp {
        self.moment(day.to_datetime(hours.from), otherwise)
    }

    fn clock(&self, at: Timestamp) -> civil::DateTime {
        at.to_zoned(self.zone.clone()).datetime()
    }

    /// A moment of the clock; `otherwise` where the clock has no such time for ever.
    fn moment(&self, at: civil::DateTime, otherwise: Timestamp) -> Timestamp {
        at.to_zoned(self.zone.clone()).map_or(otherwise, |zoned| zoned.timestamp())
    }

    fn counts(&self, day: civil::Date, working: bool) -> bool {
        !working || self.catalog.is_working(day, CalendarKind::Workdays)
    }

    /// How many days that count lie after the day of `from`, up to that of `to`.
    fn days_between(&self, from: Timestamp, to: Timestamp, working: bool) -> usize {
        let (first, last) = (self.clock(from).date(), self.clock(to).date());
        first.series(1.day()).skip(1).take_while(|day| *day <= last).filter(|day| self.counts(*day, working)).count()
    }

    /// The day that is so many days that count after the day of `from`; none after it is that day itself.
    fn after_days(&self, from: Timestamp, count: usize, working: bool) -> civil::Date {
        let first = self.clock(from).date();
        let Some(last) = count.checked_sub(1) else { return first };
        first.series(1.day()).skip(1).filter(|day| self.counts(*day, working)).nth(last).unwrap_or(first)
    }
}

/// A share of a time, in whole seconds: what is due must be a moment that can be stored.
fn part(whole: SignedDuration, share: f64) -> SignedDuration {
    SignedDuration::from_secs((whole.as_secs_f64().max(0.0) * share) as i64)
}

/// A moment later; the end of all time where there is no later one.
pub(super) fn add(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
