//! Times of day, and ranges of them.

use super::scan::{Scan, mark};
use super::{FactKind, Found};

/// Parts of a day: whether hours below twelve are of its second half.
const PARTS: &[(&str, Part)] = &[
    ("凌晨", Part::Night),
    ("半夜", Part::Night),
    ("深夜", Part::Evening),
    ("清晨", Part::Morning),
    ("清早", Part::Morning),
    ("早晨", Part::Morning),
    ("早上", Part::Morning),
    ("上午", Part::Morning),
    ("中午", Part::Noon),
    ("下午", Part::Evening),
    ("午后", Part::Evening),
    ("傍晚", Part::Evening),
    ("晚上", Part::Evening),
    ("夜里", Part::Evening),
    ("夜间", Part::Evening),
    ("晚间", Part::Evening),
    ("早", Part::Morning),
    ("晚", Part::Evening),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Night,
    Morning,
    Noon,
    Evening,
}

/// Words before or after a number of `点` that make it points and not hours.
const POINTS_BEFORE: &[&str] =
    &["第", "以下", "如下", "这", "那", "下面", "有", "几", "提出", "提", "得", "下列", "哪"];
const POINTS_AFTER: &[&str] = &[
    "建议", "要求", "意见", "问题", "原因", "诉求", "疑问", "说明", "情况", "是", "内容", "请求", "理由", "事", "都",
    "也", "儿", "点",
];

/// What stands before an hour in Chinese digits when nothing else says that it is one.
const BEFORE_HOUR: &[char] =
    &['到', '至', '从', '在', '于', '天', '日', '号', '晚', '早', '约', '近', '过', '-', '~', '前', '夜'];

struct Clock {
    end: usize,
    hour: u64,
    minute: u64,
    part: Option<Part>,
    approximate: bool,
}

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut from = 0;
    while let Some(at) = scan.next(from, mark::HOUR | mark::NUMBER) {
        from = at + 1;
        let within =
            scan.is_digit(at) && (scan.alphanumeric_before(at) || matches!(scan.before(at), Some(':' | '.' | '-')));
        let Some(first) = (if within { None } else { clock(scan, at, None) }) else { continue };
        let mut end = first.end;
        let mut value = write(&first);
        if let Some((_, length)) = scan.any(end, &["到", "至", "-", "~", "—"])
            && let Some(mut last) = clock(scan, end + length, Some(&first))
        {
            end = last.end;
            if last.part == Some(Part::Morning) && last.hour <= first.hour {
                // 早上9点到5点 passes noon.
                last.hour += 12;
            }
            value = format!("{value}-{}", write(&last));
        } else if first.approximate {
            value.insert(0, '约');
        }
        found.add(FactKind::Time, at..end, value);
        from = end;
    }
}

/// A time, with the part of the day said before it or taken over from the beginning of a range.
fn clock(scan: &Scan<'_>, at: usize, first: Option<&Clock>) -> Option<Clock> {
    let inherited = first.and_then(|first| first.part);
    let part = PARTS.iter().find_map(|(word, part)| scan.word(at, word).map(|length| (length, *part)));
    let start = scan.skip_blank(at + part.map_or(0, |(length, _)| length));
    let said = part.map(|(_, part)| part);
    let mut clock = colon(scan, start).or_else(|| hours(scan, start, said.or(inherited).is_some()))?;
    clock.part = said.or(inherited);
    // 晚上10点到2点 ends after midnight.
    let past_midnight = clock.hour < 5 && first.is_some_and(|first| said.is_none() && first.hour >= 18);
    clock.hour = match clock.part {
        Some(Part::Evening | Part::Night) if clock.hour == 12 => 0,
        Some(Part::Evening) if clock.hour < 12 && !past_midnight => clock.hour + 12,
        Some(Part::Night) if (10..12).contains(&clock.hour) => clock.hour + 12,
        Some(Part::Noon) if clock.hour < 6 => clock.hour + 12,
        _ => clock.hour,
    };
    if let Some((_, length)) = scan.any(clock.end, &["左右", "多", "许"]) {
        clock.approximate = true;
        clock.end += length;
    }
    Some(clock)
}

/// `22:30`, `9:05:59`.
fn colon(scan: &Scan<'_>, at: usize) -> Option<Clock> {
    let digits = |at: usize, least: usize| -> Option<(usize, u64)> {
        let end = scan.run(at, |c| c.is_ascii_digit());
        ((least..=2).contains(&(end - at))).then(|| scan.string(at..end).parse().ok().map(|n| (end, n)))?
    };
    let (hour_end, hour) = digits(at, 1)?;
    if scan.get(hour_end) != Some(':') {
        return None;
    }
    let (mut end, minute) = digits(hour_end + 1, 2)?;
    if scan.get(end) == Some(':')
        && let Some((second_end, _)) = digits(end + 1, 2).filter(|(_, second)| *second < 60)
    {
        end = second_end;
    }
    // 16:36分 is written often.
    end += usize::from(scan.get(end) == Some('分') && scan.get(end + 1) != Some('钟'));
    (hour <= 24 && minute < 60 && !scan.is_alphanumeric(end)).then_some(Clock {
        end,
        hour,
        minute,
        part: None,
        approximate: false,
    })
}

/// `10点半`, `八点三刻`, `20时30分`.
fn hours(scan: &Scan<'_>, at: usize, part: bool) -> Option<Clock> {
    let number = scan.number_at(at)?;
    let hour = number.number.whole().filter(|h| *h <= 24)?;
    let at_dot = number.end;
    let mut end = at_dot + 1;
    let mut minute = 0;
    let mut sure = part;
    match scan.get(at_dot)? {
        '点' => {}
        '时' if number.number.arabic || part => {
            if scan.get(end).is_some_and(|c| "候间常期段刻代效速装限而不尚空下令".contains(c)) {
                return None;
            }
            sure = true;
        }
        _ => return None,
    }
    if let Some((word, length)) = scan.any(end, &["钟", "整", "半", "一刻", "三刻"]) {
        minute = match word {
            "半" => 30,
            "一刻" => 15,
            "三刻" => 45,
            _ => 0,
        };
        end += length;
        sure = true;
    } else if let Some(minutes) = scan.number_at(end) {
        let value = minutes.number.whole().filter(|m| *m < 60);
        let marked = scan.get(minutes.end) == Some('分') && scan.get(minutes.end + 1) != Some('钟');
        let bare = minutes.end - minutes.start == 2
            && (minutes.number.arabic || !minutes.number.plain)
            && scan.get(minutes.end).is_none_or(|c| !"元块天个%号人".contains(c));
        if let Some(value) = value.filter(|_| marked || bare) {
            minute = value;
            end = minutes.end + usize::from(marked);
            sure = true;
        }
    }
    let points = scan.ends_with(at, POINTS_BEFORE) || scan.any(end, POINTS_AFTER).is_some();
    let said = number.number.arabic && hour > 0 || scan.before(at).is_some_and(|c| BEFORE_HOUR.contains(&c));
    (sure || said && !points).then_some(Clock { end, hour, minute, part: None, approximate: false })
}

fn write(clock: &Clock) -> String {
    format!("{:02}:{:02}", clock.hour % 24, clock.minute)
}
