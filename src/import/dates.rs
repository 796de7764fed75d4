//! Dates as other systems export them. Times are dropped: a case has the day it came in.
//!
//! A day of a moment with a time zone is the day in China (UTC+8, no summer time), where the hotlines are.

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan, civil};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Date;
use crate::text::{FactKind, Text, normalise};

/// Characters of a date with its time, at the most; longer texts are none.
const LONGEST: usize = 40;
/// Years in which a ticket can have been opened; what lies outside is a number of something else.
const YEARS: std::ops::RangeInclusive<i16> = 1980..=2100;

/// In which order day, month and year stand where the year comes last (`5/13/2018`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum DateOrder {
    /// Year first; with the year last nothing is known, and only what can be read in one way is read.
    #[default]
    Ymd,
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

impl DateOrder {
    /// The name in a mapping.
    pub(super) fn name(self) -> &'static str {
        match self {
            DateOrder::Ymd => "ymd",
            DateOrder::Dmy => "dmy",
            DateOrder::Mdy => "mdy",
        }
    }

    /// The order that values with the year last are written in, where one of them shows it and none contradicts.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> DateOrder {
        let (mut day_first, mut month_first) = (false, false);
        for value in values {
            if let Some([first, second, year]) = numbers(&normalise(value))
                && year >= 1000
            {
                day_first |= first > 12;
                month_first |= second > 12;
            }
        }
        match (day_first, month_first) {
            (true, false) => DateOrder::Dmy,
            (false, true) => DateOrder::Mdy,
            _ => DateOrder::Ymd,
        }
    }
}

/// Reads a date: `2018-05-01`, `2018/5/1 10:20`, `2018.5.1`, `20180501`, `20180501102000`, `2018年5月1日`,
/// `二〇一八年五月一日`, ISO 8601 with a zone, Excel's serial numbers, seconds or milliseconds since 1970, and dates with
/// the year last as `order` says. `None` for anything else.
pub(super) fn parse(text: &str, order: DateOrder) -> Option<Date> {
    let text = normalise(text);
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST {
        return None;
    }
    let date = if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.matches('.').count() <= 1 {
        plain_number(text)
    } else {
        zoned(text).or_else(|| separated(text, order)).or_else(|| in_words(text))
    };
    date.filter(|date| YEARS.contains(&date.year())).map(Date)
}

/// Reads when something was, to the second where a time stands beside the date; without one the day's first moment. A
/// moment that names no time zone is one of `zone`.
pub(super) fn moment(text: &str, order: DateOrder, zone: &TimeZone) -> Option<Timestamp> {
    let date = parse(text, order)?.0;
    let text = normalise(text);
    let text = text.trim();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let exact = match text.len() {
        10 if digits => Timestamp::from_second(text.parse().ok()?).ok(),
        13 if digits => Timestamp::from_millisecond(text.parse().ok()?).ok(),
        _ => text.to_ascii_uppercase().parse::<Timestamp>().ok(),
    };
    if exact.is_some() {
        return exact;
    }
    let time = time_of_serial(text).or_else(|| time_in_digits(text)).or_else(|| time_in_text(text));
    date.to_datetime(time.unwrap_or(civil::Time::midnight()))
        .to_zoned(zone.clone())
        .ok()
        .map(|moment| moment.timestamp())
}

/// The part after the point of a day that Excel counts (`43221.4305`), to the minute's nearest second.
fn time_of_serial(text: &str) -> Option<civil::Time> {
    let (whole, _) = text.split_once('.').filter(|(whole, part)| {
        whole.len() == 5 && [*whole, *part].iter().all(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
    })?;
    let day: f64 = text.parse().ok()?;
    let seconds = ((day - whole.parse::<f64>().ok()?) * 86_400.0).round() as i64;
    civil::Time::midnight().checked_add(seconds.min(86_399).seconds()).ok()
}

/// `201805011020` and `20180501102033`.
fn time_in_digits(text: &str) -> Option<civil::Time> {
    let is_one = matches!(text.len(), 12 | 14) && text.bytes().all(|b| b.is_ascii_digit());
    let part = |at: usize| text.get(at..at + 2).and_then(|part| part.parse::<i8>().ok());
    is_one.then(|| civil::Time::new(part(8)?, part(10)?, part(12).unwrap_or(0), 0).ok())?
}

/// The first `10:20`, `10:20:33` or 10时20分 of a text; 下午 and PM make it twelve hours later.
fn time_in_text(text: &str) -> Option<civil::Time> {
    let at = text.find([':', '时', '点'])?;
    let head = &text[..at];
    let hour = &head[head.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    let mut parts = text[at..].split([':', '时', '点', '分', '秒']).skip(1).map(|part| {
        let digits = part.trim_start();
        digits[..digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len()].parse::<i8>().ok()
    });
    let (minute, second) = (parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0));
    let later = ["下午", "晚上", "pm"].iter().any(|word| text.contains(word));
    let hour = hour.parse::<i8>().ok()?;
    civil::Time::new(if later && hour < 12 { hour + 12 } else { hour }, minute, second, 0).ok()
}

/// A number without separators: what it is shows in its length.
fn plain_number(text: &str) -> Option<civil::Date> {
    let whole = text.split('.').next()?;
    let is_whole = whole.len() == text.len();
    match whole.len() {
        5 => serial(text.parse().ok()?),
        8 | 12 | 14 if is_whole => {
            let part = |range: std::ops::Range<usize>| whole.get(range)?.parse::<i16>().ok();
            civil::Date::new(part(0..4)?, part(4..6)? as i8, part(6..8)? as i8).ok()
        }
        10 => in_china(Timestamp::from_second(whole.parse().ok()?).ok()?),
        13 if is_whole => in_china(Timestamp::from_millisecond(whole.parse().ok()?).ok()?),
        _ => None,
    }
}

/// A day counted from 1900 as Excel does (ECMA-376 part 1, 18.17.4.1), which holds 1900 for a leap year: from March 1900
/// on the count begins, in effect, on 30 December 1899.
fn serial(days: f64) -> Option<civil::Date> {
    civil::date(1899, 12, 30).checked_add((days as i64).days()).ok()
}

fn in_china(moment: Timestamp) -> Option<civil::Date> {
    let offset = Offset::from_seconds(8 * 3600).ok()?;
    Some(offset.to_datetime(moment).date())
}

/// `2018-05-01T20:00:00Z` and other moments of ISO 8601.
fn zoned(text: &str) -> Option<civil::Date> {
    text.to_ascii_uppercase().parse().ok().and_then(in_china)
}

/// The three numbers that a date begins with, where they are set apart by `-`, `/`, `.`, 年月日 or a blank.
fn numbers(text: &str) -> Option<[i16; 3]> {
    let mut numbers = [0; 3];
    let mut rest = text.trim();
    for place in 0..3 {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        // Years have four digits, days and months one or two; the year comes first or last.
        let is_year = digits == 4 && (place == 0 || place == 2 && numbers[0] < 100);
        if !is_year && !matches!(digits, 1 | 2) {
            return None;
        }
        numbers[place] = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        if place < 2 {
            let after = rest.trim_start().strip_prefix(['-', '/', '.', '年', '月', '\\']);
            rest = after.or_else(|| rest.strip_prefix(' '))?.trim_start();
        }
    }
    // After the day the time may come, and nothing that makes it another number.
    let ends = rest.chars().next().is_none_or(|c| matches!(c, '日' | '号' | ' ' | 't' | 'T' | ',' | '\n'));
    ends.then_some(numbers)
}

fn separated(text: &str, order: DateOrder) -> Option<civil::Date> {
    let [first, second, third] = numbers(text)?;
    let date = |year: i16, month: i16, day: i16| {
        civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    if first >= 1000 {
        return date(first, second, third);
    }
    match order {
        _ if third < 1000 => None,
        DateOrder::Dmy => date(third, second, first),
        DateOrder::Mdy => date(third, first, second),
        DateOrder::Ymd if first > 12 => date(third, second, first),
        DateOrder::Ymd if second > 12 || first == second => date(third, first, second),
        DateOrder::Ymd => None,
    }
}

/// A date in Chinese numerals, as the facts of a text are read.
fn in_words(text: &str) -> Option<civil::Date> {
    if !text.contains('年') {
        return None;
    }
    let text = Text::new(None, text);
    let fact = text.facts().iter().find(|fact| fact.kind == FactKind::Date && fact.range.start == 0)?;
    let value = fact.value(civil::DateTime::constant(2000, 1, 1, 0, 0, 0, 0));
    (value.len() == 10).then(|| value.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_of_all_kinds() {
        for (text, expect) in [
            ("2018/5/1 10:20", "2018-05-01"),
            ("2018-05-01", "2018-05-01"),
            ("2018-05-01 10:20:33.0", "2018-05-01"),
            ("2018.5.1", "2018-05-01"),
            ("20180501", "2018-05-01"),
            ("20180501102033", "2018-05-01"),
            ("201805011020", "2018-05-01"),
            ("2018年5月1日", "2018-05-01"),
            ("2018年05月01日 10时20分", "2018-05-01"),
            ("2018 年 5 月 1 日", "2018-05-01"),
            ("二〇一八年五月一日", "2018-05-01"),
            ("２０１８／５／１", "2018-05-01"),
            ("2018-05-01T10:20:00", "2018-05-01"),
            ("2018-05-01T20:00:00Z", "2018-05-02"),
            ("2018-05-01T20:00:00.000+08:00", "2018-05-01"),
            ("43221", "2018-05-01"),
            ("43221.4305", "2018-05-01"),
            ("1525140600", "2018-05-01"),
            ("1525140600000", "2018-05-01"),
            ("13/5/2018", "2018-05-13"),
            ("5/13/2018 9:00", "2018-05-13"),
            ("5/5/2018", "2018-05-05"),
            (" 2018/5/1\t", "2018-05-01"),
        ] {
            let found = parse(text, DateOrder::Ymd).map(|date| date.to_string());
            assert_eq!(found.as_deref(), Some(expect), "{text}");
        }
    }

    #[test]
    fn moments_of_all_kinds() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
        for (text, expect) in [
            ("2018/5/1 10:20", "2018-05-01T10:20:00"),
            ("2018-05-01", "2018-05-01T00:00:00"),
            ("2018-05-01 10:20:33.0", "2018-05-01T10:20:33"),
            ("20180501", "2018-05-01T00:00:00"),
            ("20180501102033", "2018-05-01T10:20:33"),
            ("201805011020", "2018-05-01T10:20:00"),
            ("2018年05月01日 10时20分", "2018-05-01T10:20:00"),
            ("2018年5月1日下午3点", "2018-05-01T15:00:00"),
            ("2018/5/1 下午 3:05", "2018-05-01T15:05:00"),
            ("2018-05-01T10:20:00", "2018-05-01T10:20:00"),
            ("2018-05-01T20:00:00Z", "2018-05-02T04:00:00"),
            ("2018-05-01T20:00:00.000+08:00", "2018-05-01T20:00:00"),
            ("43221", "2018-05-01T00:00:00"),
            ("43221.4305556", "2018-05-01T10:20:00"),
            ("1525140600", "2018-05-01T10:10:00"),
            ("1525140600000", "2018-05-01T10:10:00"),
            ("5/13/2018 9:00", "2018-05-13T09:00:00"),
        ] {
            let found = moment(text, DateOrder::Ymd, &zone).map(|at| at.to_zoned(zone.clone()).datetime().to_string());
            assert_eq!(found.as_deref(), Some(expect), "{text}");
        }
        assert_eq!(moment("昨天", DateOrder::Ymd, &zone), None);
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "昨天",
            "2018",
            "2018-5",
            "2018-13-01",
            "2018-02-30",
            "5/6/2018",
            "18/5/1",
            "1",
            "123456",
            "99999",
            "20181301",
            "13800138000",
            "2018-05-011",
            "1.2.3.4",
            "5月1日",
            "99999999999999999999999999",
        ] {
            assert_eq!(parse(text, DateOrder::Ymd), None, "{text}");
        }
    }

    #[test]
    fn the_order_is_seen_in_values() {
        for (values, expect) in [
            (&["5/6/2018", "13/6/2018"][..], DateOrder::Dmy),
            (&["5/6/2018", "6/13/2018"], DateOrder::Mdy),
            (&["13/6/2018", "6/13/2018"], DateOrder::Ymd),
            (&["5/6/2018"], DateOrder::Ymd),
            (&["2018-06-13", "x"], DateOrder::Ymd),
        ] {
            assert_eq!(DateOrder::of(values.iter().copied()), expect, "{values:?}");
        }
        assert_eq!(parse("5/6/2018", DateOrder::Dmy).map(|d| d.to_string()).as_deref(), Some("2018-06-05"));
        assert_eq!(parse("5/6/2018", DateOrder::Mdy).map(|d| d.to_string()).as_deref(), Some("2018-05-06"));
    }

    proptest! {
        #[test]
        fn every_way_of_writing_a_day_is_read(days in 29_300i32..70_000, separator in "[-/.]", time in "(| 7:05|T07:05:00)") {
            let day = serial(f64::from(days)).unwrap_or_default();
            let (y, m, d) = (day.year(), day.month(), day.day());
            let ways = [
                format!("{y}{separator}{m}{separator}{d}{time}"),
                format!("{y}年{m}月{d}日"),
                format!("{y:04}{m:02}{d:02}"),
                days.to_string(),
            ];
            for text in ways {
                prop_assert_eq!(parse(&text, DateOrder::Ymd), Some(Date(day)), "{}", text);
            }
        }

        #[test]
        fn nothing_panics(text in "[0-9年月日/.\\-T:Z+ ]{0,45}|\\PC{0,20}") {
            for order in [DateOrder::Ymd, DateOrder::Dmy, DateOrder::Mdy] {
                let _ = (parse(&text, order), moment(&text, order, &TimeZone::UTC));
            }
        }
    }
}
