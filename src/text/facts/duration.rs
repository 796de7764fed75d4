//! How long something takes, as ISO 8601 durations.

use super::scan::{Found as Numeral, Scan};
use super::{FactKind, Found};
use crate::text::numerals::ONE;

/// A unit: how it is written, its ISO 8601 designator, and what a half of it is.
struct Unit {
    word: &'static str,
    designator: char,
    time: bool,
    half: &'static str,
    /// Characters that make another word of it.
    not_before: &'static str,
}

const fn unit(word: &'static str, designator: char, time: bool, half: &'static str, not_before: &'static str) -> Unit {
    Unit { word, designator, time, half, not_before }
}

/// Longer words first.
const UNITS: &[Unit] = &[
    unit("个工作日", 'D', false, "", ""),
    unit("工作日", 'D', false, "", ""),
    unit("个自然日", 'D', false, "", ""),
    unit("个小时", 'H', true, "T30M", ""),
    unit("小时", 'H', true, "T30M", ""),
    unit("个钟头", 'H', true, "T30M", ""),
    unit("个半小时", 'H', true, "T30M", ""),
    unit("个半钟头", 'H', true, "T30M", ""),
    unit("个半月", 'M', false, "15D", ""),
    unit("个多小时", 'H', true, "", ""),
    unit("个多月", 'M', false, "", ""),
    unit("个多星期", 'W', false, "", ""),
    unit("个月", 'M', false, "15D", ""),
    unit("个星期", 'W', false, "", ""),
    unit("星期", 'W', false, "", "一二三四五六日天"),
    unit("个礼拜", 'W', false, "", ""),
    unit("分钟", 'M', true, "T30S", ""),
    unit("秒钟", 'S', true, "", ""),
    unit("秒", 'S', true, "", "杀"),
    unit("周", 'W', false, "", "年围边末岁刊一二三四五六日报到"),
    unit("年", 'Y', false, "6M", "级月度龄初底末会检报轻代份薪纪关审中参出毕退"),
    unit("日内", 'D', false, "", ""),
    unit("日后", 'D', false, "", ""),
    unit("天", 'D', false, "T12H", "然气桥花线台津河猫安空才窗井府地骄使生上下性幕平赋"),
];

pub(super) fn read(scan: &Scan<'_>, numeral: &Numeral, found: &mut Found) {
    if numeral.number.arabic && scan.alphanumeric_before(numeral.start)
        || scan.ends_with(numeral.start, &["第", "有", "某", "周", "星期", "礼拜", "这", "那", ".", "几", "数"])
        || scan.characters[numeral.start] == '半' && scan.ends_with(numeral.start, &["上", "下", "前", "后"])
    {
        // 第三天, 有一天 and 下半年 say when, not how long; 几十年 says nothing of the number.
        return;
    }
    let at = scan.skip_blank(numeral.end);
    let Some(unit) = UNITS.iter().find(|unit| scan.word(at, unit.word).is_some()) else { return };
    let mut end = at + unit.word.chars().count();
    if scan.get(end).is_some_and(|c| unit.not_before.contains(c)) || is_year(scan, numeral, unit, end) {
        return;
    }
    let half = scan.characters[numeral.start] == '半';
    let mut half_more = unit.word.starts_with("个半");
    let mut approximate = numeral.number.approximate || unit.word.starts_with("个多");
    // 三个半月, 一个半小时, 两年半
    if !half
        && !half_more
        && !unit.half.is_empty()
        && scan.get(end) == Some('半')
        && !scan.get(end + 1).is_some_and(|c| "夜路价".contains(c))
    {
        half_more = true;
        end += 1;
    } else if let Some((word, length)) = scan.any(end, &["多", "左右", "余"]) {
        approximate |= !(word == "多" && scan.get(end + 1).is_some_and(|c| "次个人家种条".contains(c)));
        end += if approximate { length } else { 0 };
    }
    if let Some(value) = value(numeral, unit, half, half_more) {
        let about = if approximate { "约" } else { "" };
        let working = if unit.word.ends_with("工作日") { "工作日" } else { "" };
        found.add(FactKind::Duration, numeral.start..end, format!("{about}{value}{working}"));
    }
}

/// `2018年`, `二〇一八年` and `75年参加工作` are years.
fn is_year(scan: &Scan<'_>, numeral: &Numeral, unit: &Unit, end: usize) -> bool {
    let number = &numeral.number;
    let row = number.plain && numeral.end - numeral.start > 1;
    let two_digits = row && number.whole().is_some_and(|n| (50..100).contains(&n));
    let counted = scan.any(end, &["产权", "使用", "的", "以", "内", "来", "左右", "多"]).is_some();
    unit.word == "年" && (number.millionths > 100 * ONE || row && !number.arabic || two_digits && !counted)
}

fn value(numeral: &Numeral, unit: &Unit, half: bool, half_more: bool) -> Option<String> {
    let join = |parts: &str| Some(format!("P{parts}"));
    if half {
        return if unit.half.is_empty() { None } else { join(unit.half) };
    }
    let millionths = numeral.number.millionths;
    // 3.2011年 is a numbered line.
    if millionths == 0 || !millionths.is_multiple_of(ONE / 10) {
        return None;
    }
    let mut number = (millionths / ONE).to_string();
    if !millionths.is_multiple_of(ONE) {
        let part = format!("{:06}", millionths % ONE);
        number = format!("{number}.{}", part.trim_end_matches('0'));
    }
    let time = if unit.time { "T" } else { "" };
    let more = if half_more { unit.half.strip_prefix(time).unwrap_or(unit.half) } else { "" };
    join(&format!("{time}{number}{}{more}", unit.designator))
}
