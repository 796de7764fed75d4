//! Dates: calendar dates whole or in part, and days, weeks, months and years said relative to today.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::Found;
use super::scan::{Scan, mark};

/// What was said about a date, to be resolved against the day it was said on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// A year, perhaps with month and day.
    Calendar { year: i16, month: Option<i8>, day: Option<i8> },
    /// A month, perhaps with a day, of the most recent year in which it is not in the future.
    Month { month: i8, day: Option<i8> },
    /// A day of the most recent month in which it is not in the future.
    Day { day: i8 },
    /// So many days from today.
    Days { days: i8 },
    /// A weekday of a week counted from this one, or without a week the most recent one.
    Weekday { weeks: Option<i8>, weekday: i8 },
    /// A week counted from this one.
    Week { weeks: i8 },
    /// A month counted from this one, perhaps with a day.
    Months { months: i8, day: Option<i8> },
    /// A year counted from this one, perhaps with month and day.
    Years { years: i8, month: Option<i8>, day: Option<i8> },
}

impl When {
    /// The date as exact as it was said, in ISO 8601.
    pub(super) fn resolve(self, today: Date) -> String {
        match self {
            Self::Calendar { year, month, day } => format(year, month, day),
            Self::Month { month, day } => {
                let future = |year: i16| Date::new(year, month, day.unwrap_or(1)).map_or(true, |date| date > today);
                // A leap day may be up to eight years back.
                let year = (0..9).map(|back| today.year() - back).find(|year| !future(*year)).unwrap_or(today.year());
                format(year, Some(month), day)
            }
            Self::Day { day } => {
                let candidates = (0..4).filter_map(|back: i32| shift_months(today, -back));
                let date =
                    candidates.filter_map(|(year, month)| Date::new(year, month, day).ok()).find(|date| *date <= today);
                date.map_or_else(|| today.to_string(), |date| date.to_string())
            }
            Self::Days { days } => later(today, i32::from(days)).to_string(),
            Self::Weekday { weeks, weekday } => {
                let monday = later(today, -i32::from(today.weekday().to_monday_zero_offset()));
                let date = later(monday, 7 * i32::from(weeks.unwrap_or(0)) + i32::from(weekday));
                if weeks.is_none() && date > today { later(date, -7).to_string() } else { date.to_string() }
            }
            Self::Week { weeks } => {
                let week = later(today, 7 * i32::from(weeks)).iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Months { months, day } => {
                let (year, month) = shift_months(today, i32::from(months)).unwrap_or((today.year(), today.month()));
                format(year, Some(month), day.filter(|day| Date::new(year, month, *day).is_ok()))
            }
            Self::Years { years, month, day } => {
                let year = today.year().saturating_add(i16::from(years));
                let valid = |day: &i8| month.is_some_and(|month| Date::new(year, month, *day).is_ok());
                format(year, month, day.filter(valid))
            }
        }
    }
}

fn later(date: Date, days: i32) -> Date {
    date.saturating_add(days.days())
}

fn shift_months(date: Date, months: i32) -> Option<(i16, i8)> {
    let first = date.first_of_month().checked_add(months.months()).ok()?;
    Some((first.year(), first.month()))
}

fn format(year: i16, month: Option<i8>, day: Option<i8>) -> String {
    match (month, day) {
        (Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
        (Some(month), None) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}"),
    }
}

/// Days that are said by name. Longer words first.
const DAYS: &[(&str, i8)] = &[
    ("大前天", -3),
    ("前天", -2),
    ("前日", -2),
    ("前晚", -2),
    ("昨天", -1),
    ("昨日", -1),
    ("昨晚", -1),
    ("昨夜", -1),
    ("昨早", -1),
    ("今天", 0),
    ("今日", 0),
    ("今早", 0),
    ("今晚", 0),
    ("今晨", 0),
    ("明天", 1),
    ("明日", 1),
    ("明早", 1),
    ("明晚", 1),
    ("大后天", 3),
    ("后天", 2),
];

const WEEKS: &[(&str, i8)] = &[
    ("上上个星期", -2),
    ("上上星期", -2),
    ("上上周", -2),
    ("上个星期", -1),
    ("上个礼拜", -1),
    ("上星期", -1),
    ("上礼拜", -1),
    ("上个周", -1),
    ("上周", -1),
    ("这个星期", 0),
    ("本星期", 0),
    ("这周", 0),
    ("本周", 0),
    ("下个星期", 1),
    ("下星期", 1),
    ("下礼拜", 1),
    ("下周", 1),
];

const MONTHS: &[(&str, i8)] =
    &[("上上个月", -2), ("上个月", -1), ("上月", -1), ("这个月", 0), ("本月", 0), ("下个月", 1), ("下月", 1)];

const YEARS: &[(&str, i8)] =
    &[("大前年", -3), ("前年", -2), ("去年", -1), ("今年", 0), ("本年", 0), ("明年", 1), ("后年", 2)];

/// Parts of a day that go with a date; a clock time after them takes them for itself.
const DAY_PARTS: &[&str] =
    &["凌晨", "清晨", "早晨", "早上", "上午", "中午", "下午", "傍晚", "晚上", "夜里", "夜间", "半夜", "深夜", "晚间"];

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut from = 0;
    while let Some(at) = scan.next(from, mark::DAY | mark::NUMBER) {
        from = at + 1;
        let dated = if scan.is_digit(at) {
            from = scan.run(at, |c| c.is_ascii_digit());
            let within = scan.alphanumeric_before(at) || matches!(scan.before(at), Some('.' | '-' | '/'));
            if within { None } else { numeric(scan, at).or_else(|| written(scan, at)) }
        } else if scan.is(at, mark::DAY) {
            relative(scan, at)
        } else {
            written(scan, at)
        };
        if let Some((end, when)) = dated {
            from = with_day_part(scan, end);
            found.add_date(at..from, when);
        }
    }
}

/// `昨天晚上` is one date; in `昨天晚上10点` the evening belongs to the clock.
fn with_day_part(scan: &Scan<'_>, end: usize) -> usize {
    match scan.any(end, DAY_PARTS) {
        Some((_, length)) if scan.number_at(end + length).is_none() && !scan.is_digit(end + length) => end + length,
        _ => end,
    }
}

type Dated = (usize, When);

/// `2018-05-03`, `2018/5/3`, `2018.5.3`.
fn numeric(scan: &Scan<'_>, at: usize) -> Option<Dated> {
    let digits = |at: usize, most: usize| -> Option<(usize, i16)> {
        let end = scan.run(at, |c| c.is_ascii_digit());
        (end > at && end - at <= most).then(|| scan.string(at..end).parse().ok().map(|n| (end, n)))?
    };
    let (year_end, year) = digits(at, 4).filter(|(end, _)| end - at == 4)?;
    let separator = scan.get(year_end).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (month_end, month) = digits(year_end + 1, 2)?;
    if scan.get(month_end) != Some(separator) {
        return None;
    }
    let (end, day) = digits(month_end + 1, 2)?;
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let more = scan.is_alphanumeric(end) || scan.get(end) == Some('-') && scan.is_digit(end + 1);
    (is_year(year) && Date::new(year, month, day).is_ok() && !more)
        .then_some((end, When::Calendar { year, month: Some(month), day: Some(day) }))
}

fn is_year(year: i16) -> bool {
    (1900..=2100).contains(&year)
}

/// `2018年5月3日`, `18年5月`, `5月3号`, `2018年`, `22日`, in digits or characters.
fn written(scan: &Scan<'_>, at: usize) -> Option<Dated> {
    let number = scan.number_at(at)?;
    let value = i16::try_from(number.number.whole()?).ok()?;
    match scan.get(number.end)? {
        '年' => {
            let year = full_year(value, number.end - at, number.number.plain)?;
            let after = number.end + 1;
            let Some((end, month, day)) = month_day(scan, scan.skip_blank(after)) else {
                // Two digits are a year only with a month; `18年` alone is a duration.
                let end = after + usize::from(scan.get(after) == Some('度'));
                return (value >= 1000)
                    .then_some(year_part(scan, end))
                    .map(|(end, month)| (end, When::Calendar { year, month, day: None }));
            };
            Date::new(year, month, day.unwrap_or(1)).ok()?;
            Some((end, When::Calendar { year, month: Some(month), day }))
        }
        '月' => {
            let (end, month, day) = month_day(scan, at)?;
            // The day must exist in some year.
            Date::new(2000, month, day.unwrap_or(1)).ok()?;
            Some((end, When::Month { month, day }))
        }
        '日' if number.number.arabic && (1..=31).contains(&value) => {
            let word = scan.get(number.end + 1).is_some_and(|c| "内后常子均游产报前立照".contains(c));
            (!word && !scan.ends_with(at, &["第", "近", "每", "月"]))
                .then_some((number.end + 1, When::Day { day: value as i8 }))
        }
        _ => None,
    }
}

/// The year that four digits, or two with a century to be guessed, stand for.
fn full_year(value: i16, length: usize, plain: bool) -> Option<i16> {
    match (length, value) {
        (_, 1900..=2100) if plain => Some(value),
        (2, 0..=49) if plain => Some(2000 + value),
        (2, 50..=99) if plain => Some(1900 + value),
        _ => None,
    }
}

/// The part of a year that is said in words: its month, if one can be named.
fn year_part(scan: &Scan<'_>, end: usize) -> (usize, Option<i8>) {
    match scan.any(end, &["年底", "年末", "年初", "底", "末", "初"]) {
        Some((word, length)) => (end + length, Some(if word.ends_with('初') { 1 } else { 12 })),
        None => (end, None),
    }
}

/// `5月3日`, `5月3号`, `5月`, `5月份`: the end, the month and the day.
fn month_day(scan: &Scan<'_>, at: usize) -> Option<(usize, i8, Option<i8>)> {
    let number = scan.number_at(at)?;
    let month = number.number.whole().filter(|m| (1..=12).contains(m))? as i8;
    if scan.get(number.end) != Some('月') {
        return None;
    }
    let after = number.end + 1;
    if let Some((end, day)) = day(scan, scan.skip_blank(after)) {
        return Some((end, month, Some(day)));
    }
    let ending =
        scan.any(after, &["份", "底", "初", "上旬", "中旬", "下旬", "末", "中"]).map_or(0, |(_, length)| length);
    Some((after + ending, month, None))
}

/// `3日`, `3号` (not the number of a house), or at the end of a phrase just `3`.
fn day(scan: &Scan<'_>, at: usize) -> Option<(usize, i8)> {
    let number = scan.number_at(at)?;
    let day = number.number.whole().filter(|d| (1..=31).contains(d))? as i8;
    match scan.get(number.end) {
        Some('日' | '号') if !matches!(scan.get(number.end + 1), Some('楼' | '院' | '栋' | '线')) => {
            Some((number.end + 1, day))
        }
        _ => None,
    }
}

fn named(scan: &Scan<'_>, at: usize, names: &[(&str, i8)]) -> Option<(usize, i8)> {
    names.iter().find_map(|(word, value)| scan.word(at, word).map(|length| (at + length, *value)))
}

fn relative(scan: &Scan<'_>, at: usize) -> Option<Dated> {
    if let Some((end, days)) = named(scan, at, DAYS) {
        return Some((end, When::Days { days }));
    }
    if let Some((end, months)) = named(scan, at, MONTHS) {
        return Some(match day(scan, end) {
            Some((end, day)) => (end, When::Months { months, day: Some(day) }),
            None => {
                let part = scan
                    .any(end, &["份", "底", "初", "末", "上旬", "中旬", "下旬", "中"])
                    .map_or(0, |(_, length)| length);
                (end + part, When::Months { months, day: None })
            }
        });
    }
    if let Some((end, years)) = named(scan, at, YEARS) {
        // 以前年度, 之后年: not a year said from today.
        if scan.ends_with(at, &["以", "之", "多", "年"]) {
            return None;
        }
        return Some(match month_day(scan, end) {
            Some((end, month, day)) => (end, When::Years { years, month: Some(month), day }),
            None => {
                let (end, month) = year_part(scan, end);
                (end, When::Years { years, month, day: None })
            }
        });
    }
    week(scan, at)
}

/// `上周三`, `星期天`, `上周`, `周末`.
fn week(scan: &Scan<'_>, at: usize) -> Option<Dated> {
    let (end, weeks) = match named(scan, at, WEEKS) {
        Some((end, weeks)) => (end, Some(weeks)),
        None => (at + scan.any(at, &["星期", "礼拜", "周"])?.1, None),
    };
    let weekday = match scan.get(end) {
        Some('一') => Some(Weekday::Monday),
        Some('二') => Some(Weekday::Tuesday),
        Some('三') => Some(Weekday::Wednesday),
        Some('四') => Some(Weekday::Thursday),
        Some('五') => Some(Weekday::Friday),
        Some('六') => Some(Weekday::Saturday),
        Some('日' | '天') => Some(Weekday::Sunday),
        Some('末') if weeks.is_some() => Some(Weekday::Saturday),
        _ => None,
    };
    match (weekday, weeks) {
        (Some(weekday), _) => {
            // 每周一次, 周一至周五: how often, not when; 两周一次: the week is counted.
            let often = scan.ends_with(at, &["每", "每个", "至", "到"])
                || scan.any(end + 1, &["至", "到", "次", "个", "-"]).is_some();
            let counted =
                scan.before(at).is_some_and(|c| c.is_ascii_digit() || "一二三四五六七八九十两几圆".contains(c));
            let said = !often && (weeks.is_some() || !counted);
            said.then_some((end + 1, When::Weekday { weeks, weekday: weekday.to_monday_zero_offset() }))
        }
        (None, Some(weeks)) => {
            // 马上周转, 路上周边
            let other = scan.ends_with(at, &["早", "晚", "马", "路", "以"])
                || scan.get(end).is_some_and(|c| "转边围期长密".contains(c));
            (!other).then_some((end, When::Week { weeks }))
        }
        (None, None) => None,
    }
}
