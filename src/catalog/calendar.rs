//! Working days, and when a deadline falls.
//!
//! A working day is Monday to Friday, less the holidays, plus the make-up days (调休上班) of the yearly notice of the
//! State Council's General Office (国务院办公厅关于部分节假日安排的通知).

use std::collections::BTreeSet;

use jiff::{SignedDuration, ToSpan, civil};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::say;
use crate::source::{Code, Date, Diagnostic, Document, Step};

use super::deadline::{Deadline, DeadlineUnit};
use super::index::Findings;

/// Which days count as working days of a department.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CalendarKind {
    /// Those of the calendar.
    #[default]
    Workdays,
    /// All: it works weekends and holidays too.
    EveryDay,
}

/// A file `calendar/<year>.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarYear {
    /// The year whose days it settles.
    #[schemars(range(min = 2000, max = 2200))]
    pub year: i16,
    /// The notice it is taken from.
    pub basis: String,
    /// Days off, the weekends inside a holiday included.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Days of a weekend that are worked.
    #[serde(default)]
    pub workdays: Vec<Date>,
}

/// A holiday, first and last day included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// First day off.
    pub from: Date,
    /// Last day off.
    pub to: Date,
}

/// When a matter is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last second that is in time, on the clock of the bundle's time zone.
    pub at: civil::DateTime,
    /// Whether working days were counted in a year that no calendar covers; weekends alone were left out there.
    pub beyond_calendar: bool,
}

/// The last second of a day: periods end at 24:00 (Civil Code of the PRC, art. 203), which belongs to that day.
const END_OF_DAY: civil::Time = civil::Time::constant(23, 59, 59, 0);

impl Due {
    /// As it is said in a reply: `11月23日14:30`; the end of a day is the day alone; the year comes first when it is
    /// another than that of `now`.
    pub fn in_words(&self, now: civil::Date) -> String {
        let (year, month, day) = (self.at.year(), self.at.month(), self.at.day());
        let year = if year == now.year() { String::new() } else { format!("{year}年") };
        let time = match self.at.time() {
            END_OF_DAY => String::new(),
            time => format!("{}:{:02}", time.hour(), time.minute()),
        };
        format!("{year}{month}月{day}日{time}")
    }
}

/// Which days are worked, for the years there are tables for.
#[derive(Debug, Default)]
pub struct Calendar {
    years: BTreeSet<i16>,
    /// Days that differ from the plain week: true for a make-up day, false for a holiday.
    special: FxHashMap<civil::Date, bool>,
}

impl Calendar {
    /// Reads and checks the tables. What contradicts itself is reported (J053, J055) and left out.
    pub(super) fn load(documents: &[&Document], diagnostics: &mut Vec<Diagnostic>) -> Calendar {
        let mut calendar = Calendar::default();
        for document in documents {
            let Some(table) = document.read::<CalendarYear>(diagnostics) else { continue };
            let findings = &mut Findings::new(Some(document), diagnostics);
            if calendar.years.insert(table.year) {
                calendar.add(&table, findings);
            } else {
                let year = table.year;
                let message = say!("{year} 年已有一份日历", "there is a calendar for {year} already");
                findings.at(&[Step::Key("year")], Code::InvalidCalendar, message);
            }
        }
        calendar
    }

    fn add(&mut self, table: &CalendarYear, findings: &mut Findings<'_>) {
        if table.basis.trim().is_empty() {
            findings.at(&[Step::Key("basis")], Code::MissingBasis, say!("没有写依据", "the basis is empty"));
        }
        for (index, holiday) in table.holidays.iter().enumerate() {
            let steps = [Step::Key("holidays"), Step::Index(index)];
            let (from, to) = (holiday.from, holiday.to);
            if to < from {
                let message = say!("{to} 早于 {from}", "{to} is before {from}");
                findings.at(&[steps[0], steps[1], Step::Key("to")], Code::InvalidPeriod, message);
                continue;
            }
            let both = [(from, "from"), (to, "to")];
            if let Some((date, key)) = both.into_iter().find(|(date, _)| !belongs(date.0, table.year)) {
                report_foreign(date, table.year, &[steps[0], steps[1], Step::Key(key)], findings);
                continue;
            }
            for day in from.0.series(1.day()).take_while(|day| *day <= to.0) {
                self.set(day, false, &steps, findings);
            }
        }
        let mut seen = FxHashSet::default();
        for (index, date) in table.workdays.iter().enumerate() {
            let steps = [Step::Key("workdays"), Step::Index(index)];
            if !belongs(date.0, table.year) {
                report_foreign(*date, table.year, &steps, findings);
            } else if is_weekday(date.0) {
                let message = say!("{date} 不是周末，本来就上班", "{date} is not on a weekend: it is worked anyway");
                findings.at(&steps, Code::InvalidCalendar, message);
            } else if !seen.insert(date.0) {
                findings.at(&steps, Code::InvalidCalendar, say!("{date} 重复", "{date} stands twice"));
            } else {
                self.set(date.0, true, &steps, findings);
            }
        }
    }

    fn set(&mut self, day: civil::Date, worked: bool, steps: &[Step<'_>], findings: &mut Findings<'_>) {
        if self.special.insert(day, worked).is_some_and(|before| before != worked) {
            let message = say!("{day} 既放假又上班", "{day} is both a holiday and a make-up day");
            findings.at(steps, Code::InvalidCalendar, message);
        }
    }

    /// Whether a department of this kind works on a day. In years without a table, Monday to Friday.
    pub fn is_working(&self, day: civil::Date, kind: CalendarKind) -> bool {
        match kind {
            CalendarKind::EveryDay => true,
            CalendarKind::Workdays => self.special.get(&day).copied().unwrap_or_else(|| is_weekday(day)),
        }
    }

    /// The last day of the last year there is a table for.
    pub fn end(&self) -> Option<civil::Date> {
        self.years.last().map(|year| civil::date(*year, 12, 31))
    }

    /// When a matter that came in at `from` is due.
    ///
    /// Minutes and hours run on the clock from that moment. Of days, that of the call is not counted, and the last one
    /// counts to its end (Civil Code of the PRC, art. 201 and 203): five days from Monday end on Saturday at 23:59:59,
    /// five working days on the Monday after. Plain days are not moved when the last one is a holiday: who wants days
    /// off left out writes working days. A time at the end of all time stays there.
    pub fn due(&self, deadline: &Deadline, kind: CalendarKind, from: civil::DateTime) -> Due {
        let amount = i64::from(deadline.amount());
        let clock = |seconds: i64| from.saturating_add(SignedDuration::from_secs(seconds));
        let at = match deadline.unit() {
            DeadlineUnit::Minutes => clock(amount * 60),
            DeadlineUnit::Hours => clock(amount * 3600),
            DeadlineUnit::Days => from.date().saturating_add(amount.days()).to_datetime(END_OF_DAY),
            DeadlineUnit::WorkingDays => return self.after_working_days(amount, kind, from.date()),
        };
        Due { at, beyond_calendar: false }
    }

    fn after_working_days(&self, amount: i64, kind: CalendarKind, from: civil::Date) -> Due {
        let mut left = amount;
        let mut day = from;
        let mut beyond_calendar = false;
        while left > 0 {
            let Ok(next) = day.tomorrow() else { break };
            day = next;
            left -= i64::from(self.is_working(day, kind));
            beyond_calendar |= kind == CalendarKind::Workdays && !self.years.contains(&day.year());
        }
        Due { at: day.to_datetime(END_OF_DAY), beyond_calendar }
    }
}

fn is_weekday(day: civil::Date) -> bool {
    !matches!(day.weekday(), civil::Weekday::Saturday | civil::Weekday::Sunday)
}

/// Whether the notice for a year may settle a day: those of the year itself, and of the December before and the
/// January after, since New Year's holiday and its make-up days reach across (in 2022-12-31 to 2023-01-02).
fn belongs(day: civil::Date, year: i16) -> bool {
    let year_of = day.year();
    year_of == year || (year_of == year - 1 && day.month() == 12) || (year_of == year + 1 && day.month() == 1)
}

fn report_foreign(date: Date, year: i16, steps: &[Step<'_>], findings: &mut Findings<'_>) {
    findings.at(steps, Code::InvalidCalendar, say!("{date} 不属于 {year} 年", "{date} does not lie in {year}"));
}

#[cfg(test)]
mod tests;
