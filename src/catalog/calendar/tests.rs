#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::source::{Lang, render_plain};

/// 国办发明电〔2024〕12号.
const YEAR_2025: &str = "
year: 2025
basis: 国务院办公厅关于2025年部分节假日安排的通知（国办发明电〔2024〕12号）
holidays:
  - {name: 元旦, from: 2025-01-01, to: 2025-01-01}
  - {name: 春节, from: 2025-01-28, to: 2025-02-04}
  - {name: 清明节, from: 2025-04-04, to: 2025-04-06}
  - {name: 劳动节, from: 2025-05-01, to: 2025-05-05}
  - {name: 端午节, from: 2025-05-31, to: 2025-06-02}
  - {name: 国庆节、中秋节, from: 2025-10-01, to: 2025-10-08}
workdays: [2025-01-26, 2025-02-08, 2025-04-27, 2025-09-28, 2025-10-11]
";

/// 国办发明电〔2025〕7号.
const YEAR_2026: &str = "
year: 2026
basis: 国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）
holidays:
  - {name: 元旦, from: 2026-01-01, to: 2026-01-03}
  - {name: 春节, from: 2026-02-15, to: 2026-02-23}
  - {name: 清明节, from: 2026-04-04, to: 2026-04-06}
  - {name: 劳动节, from: 2026-05-01, to: 2026-05-05}
  - {name: 端午节, from: 2026-06-19, to: 2026-06-21}
  - {name: 中秋节, from: 2026-09-25, to: 2026-09-27}
  - {name: 国庆节, from: 2026-10-01, to: 2026-10-07}
workdays: [2026-01-04, 2026-02-14, 2026-02-28, 2026-05-09, 2026-09-20, 2026-10-10]
";

fn load(files: &[&str]) -> (Calendar, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let documents: Vec<Document> = files
        .iter()
        .enumerate()
        .filter_map(|(at, text)| Document::parse(&format!("{at}.yaml"), text, &mut diagnostics))
        .collect();
    let calendar = Calendar::load(&documents.iter().collect::<Vec<_>>(), &mut diagnostics);
    (calendar, diagnostics)
}

fn both_years() -> Calendar {
    let (calendar, diagnostics) = load(&[YEAR_2025, YEAR_2026]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    calendar
}

#[test]
fn days_off_and_make_up_days_are_known() {
    let calendar = both_years();
    for (day, worked) in [
        ("2025-01-01", false),
        ("2025-01-26", true),  // Sunday, made up
        ("2025-01-27", true),  // Monday
        ("2025-02-04", false), // Tuesday of the Spring Festival
        ("2025-10-08", false),
        ("2025-10-11", true),
        ("2025-10-12", false), // plain Sunday
        ("2026-01-04", true),
        ("2026-02-23", false),
        ("2026-11-23", true),
        ("2027-01-01", true), // no table: a plain Friday
    ] {
        assert_eq!(calendar.is_working(day.parse().unwrap(), CalendarKind::Workdays), worked, "{day}");
        assert!(calendar.is_working(day.parse().unwrap(), CalendarKind::EveryDay), "{day}");
    }
    assert_eq!(calendar.end(), Some(civil::date(2026, 12, 31)));
    assert_eq!(Calendar::default().end(), None);
}

#[test]
fn deadlines_fall_where_people_expect_them() {
    use CalendarKind::{EveryDay, Workdays};
    let calendar = both_years();
    for (deadline, kind, from, due, words, beyond) in [
        ("30 minutes", Workdays, "2026-11-23 23:45:10", "2026-11-24T00:15:10", "11月24日0:15", false),
        ("24 hours", Workdays, "2026-11-20 14:30:00", "2026-11-21T14:30:00", "11月21日14:30", false),
        // A minute before midnight is no end of a day.
        ("24 hours", Workdays, "2026-11-20 23:59:00", "2026-11-21T23:59:00", "11月21日23:59", false),
        ("1 day", Workdays, "2026-11-23 00:00:00", "2026-11-24T23:59:59", "11月24日", false),
        ("7 days", Workdays, "2026-09-28 09:00:00", "2026-10-05T23:59:59", "10月5日", false),
        ("5 working days", Workdays, "2026-11-23 09:00:00", "2026-11-30T23:59:59", "11月30日", false),
        // From a Saturday: Monday is the first day counted.
        ("1 working day", Workdays, "2026-11-21 09:00:00", "2026-11-23T23:59:59", "11月23日", false),
        // Over the National Day holiday, with the make-up Saturday 10 October.
        ("3 working days", Workdays, "2026-09-30 17:59:00", "2026-10-10T23:59:59", "10月10日", false),
        ("3 working days", EveryDay, "2026-09-30 17:59:00", "2026-10-03T23:59:59", "10月3日", false),
        // Over the end of the tables.
        ("5 working days", Workdays, "2026-12-29 09:00:00", "2027-01-05T23:59:59", "2027年1月5日", true),
        ("5 working days", EveryDay, "2026-12-29 09:00:00", "2027-01-03T23:59:59", "2027年1月3日", false),
        ("7 days", Workdays, "2026-12-29 09:00:00", "2027-01-05T23:59:59", "2027年1月5日", false),
        ("2 working days", Workdays, "2026-12-29 09:00:00", "2026-12-31T23:59:59", "12月31日", false),
    ] {
        let from: civil::DateTime = from.parse().unwrap();
        let found = calendar.due(&Deadline::parse(deadline).unwrap(), kind, from);
        assert_eq!(found, Due { at: due.parse().unwrap(), beyond_calendar: beyond }, "{deadline} from {from}");
        assert_eq!(found.in_words(from.date()), words);
    }
}

#[test]
fn the_end_of_time_is_not_passed() {
    let calendar = both_years();
    for deadline in ["2 hours", "730 days", "500 working days"] {
        let due = calendar.due(&Deadline::parse(deadline).unwrap(), CalendarKind::Workdays, civil::DateTime::MAX);
        assert_eq!(due.at.date(), civil::Date::MAX);
    }
}

fn findings(files: &[&str]) -> Vec<String> {
    load(files).1.iter().map(|d| format!("{} {} {}", d.code.name(), d.location(), d.message.en)).collect()
}

#[test]
fn a_calendar_that_contradicts_itself_is_refused() {
    for (files, expect) in [
        (vec![YEAR_2025, YEAR_2026], vec![]),
        (vec![YEAR_2025, YEAR_2025], vec!["invalid-calendar 1.yaml:2:7 there is a calendar for 2025 already"]),
        (
            vec!["year: 2026\nbasis: b\nworkdays: [2026-11-23, 2026-11-22, 2026-11-22, 2025-11-22]\n"],
            vec![
                "invalid-calendar 0.yaml:3:12 2026-11-23 is not on a weekend: it is worked anyway",
                "invalid-calendar 0.yaml:3:36 2026-11-22 stands twice",
                "invalid-calendar 0.yaml:3:48 2025-11-22 does not lie in 2026",
            ],
        ),
        (
            vec!["year: 2026\nbasis: b\nholidays:\n- {name: a, from: 2026-05-05, to: 2026-05-01}\n"],
            vec!["invalid-period 0.yaml:4:35 2026-05-01 is before 2026-05-05"],
        ),
        (
            vec!["year: 2026\nbasis: b\nholidays:\n- {name: a, from: 2026-05-01, to: 9999-12-31}\n"],
            vec!["invalid-calendar 0.yaml:4:35 9999-12-31 does not lie in 2026"],
        ),
        (
            vec![
                "year: 2026\nbasis: b\nholidays:\n- {name: a, from: 2026-05-01, to: 2026-05-03}\nworkdays: [2026-05-03]\n",
            ],
            vec!["invalid-calendar 0.yaml:5:12 2026-05-03 is both a holiday and a make-up day"],
        ),
        // New Year's holiday of 2023 began in 2022.
        (vec!["year: 2023\nbasis: b\nholidays:\n- {name: a, from: 2022-12-31, to: 2023-01-02}\n"], vec![]),
        // Two notices may both speak of a day, but not against each other.
        (
            vec![
                "year: 2022\nbasis: b\nworkdays: [2022-12-31]\n",
                "year: 2023\nbasis: b\nholidays:\n- {name: a, from: 2022-12-31, to: 2023-01-02}\n",
            ],
            vec!["invalid-calendar 1.yaml:4:3 2022-12-31 is both a holiday and a make-up day"],
        ),
        (vec!["year: 2026\nbasis: ''\n"], vec!["missing-basis 0.yaml:2:8 the basis is empty"]),
        (vec!["year: 26\nbasis: b\n"], vec!["wrong-type 0.yaml:1:7 `26` does not fit: this should be a whole number"]),
    ] {
        assert_eq!(findings(&files), expect, "{files:?}");
    }
}

#[test]
fn a_finding_shows_the_day() {
    let diagnostics = load(&["year: 2026\nbasis: 通知\nworkdays: [2026-11-23]\n"]).1;
    insta::assert_snapshot!(render_plain(&diagnostics[0], Lang::Zh), @r"
    错误[J053]: 2026-11-23 不是周末，本来就上班
     --> 0.yaml:3:12
      |
    3 | workdays: [2026-11-23]
      |            ^^^^^^^^^^
    ");
}

/// Counts day by day, as one would with a finger on a wall calendar.
fn naive_working_days(calendar: &Calendar, from: civil::Date, amount: u32) -> (civil::Date, bool) {
    let mut days: Vec<civil::Date> = Vec::new();
    let mut beyond = false;
    let mut ahead = 1;
    while days.len() < amount as usize {
        let day = from.checked_add(ahead.days()).unwrap();
        beyond |= !(2025..=2026).contains(&day.year());
        if calendar.is_working(day, CalendarKind::Workdays) {
            days.push(day);
        }
        ahead += 1;
    }
    (*days.last().unwrap(), beyond)
}

proptest! {
    #[test]
    fn working_days_are_counted_like_on_a_wall_calendar(ahead in 0..800i32, amount in 1..60u32, seconds in 0..86_400i64) {
        let calendar = both_years();
        let from = civil::date(2024, 12, 1).checked_add(ahead.days()).unwrap().to_datetime(civil::Time::midnight())
            .checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let (day, beyond) = naive_working_days(&calendar, from.date(), amount);
        let due = calendar.due(&Deadline::parse(&format!("{amount} working days")).unwrap(), CalendarKind::Workdays, from);
        prop_assert_eq!(due, Due { at: day.to_datetime(END_OF_DAY), beyond_calendar: beyond });
        prop_assert!(due.at > from);
    }
}
