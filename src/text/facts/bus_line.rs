//! Lines of buses and of the metro: `12路`, `k3路公交`, `地铁2号线`.

use super::scan::{Found as Numeral, Scan};
use super::{FactKind, Found};

/// What says after `路` that it is a line and not a road.
const VEHICLE: &[&str] = &["公交车", "公交线", "公交", "公共汽车", "公车", "巴士", "中巴", "大巴", "车", "线路"];

/// What may stand just before a line's number.
const BEFORE: &[&str] =
    &["坐", "乘", "搭", "等", "乘坐", "公交", "公交车", "巴士", "线路", "快线", "班车", "趟", "专线", "、", "路"];

pub(super) fn read(scan: &Scan<'_>, numeral: &Numeral, found: &mut Found) {
    let Some(number) = numeral.number.whole().filter(|n| (1..=9999).contains(n)) else {
        return;
    };
    if metro(scan, numeral, number, found) || scan.get(numeral.end) != Some('路') {
        return;
    }
    let letter = scan.before(numeral.start).filter(|c| c.is_ascii_lowercase() || matches!(c, '游' | '夜' | '快'));
    let letter = letter.filter(|c| !c.is_ascii_lowercase() || !scan.alphanumeric_before(numeral.start - 1));
    let start = numeral.start - usize::from(letter.is_some());
    let after = numeral.end + 1;
    let vehicle = scan
        .any(after, VEHICLE)
        .filter(|(word, length)| *word != "车" || !matches!(scan.get(after + length), Some('道' | '位' | '辆' | '流')));
    let said = scan.ends_with(start, BEFORE) && !scan.ends_with(start, &["马路", "公路", "道路", "铁路"]);
    let road = matches!(scan.get(after), Some('口' | '段' | '面' | '边' | '灯' | '旁' | '人'));
    if !road
        && (vehicle.is_some()
            || numeral.number.arabic && said
            || letter.is_some_and(|c| c.is_ascii_lowercase() && numeral.number.arabic && said))
    {
        let end = after + vehicle.filter(|(word, _)| *word != "线路").map_or(0, |(_, length)| length);
        let letter = letter.map(|c| c.to_ascii_uppercase().to_string()).unwrap_or_default();
        found.add(FactKind::BusLine, start..end, format!("{letter}{number}路"));
    }
}

fn metro(scan: &Scan<'_>, numeral: &Numeral, number: u64, found: &mut Found) -> bool {
    let Some(length) = scan.word(numeral.end, "号线") else { return false };
    if scan.get(numeral.end + length) == Some('路') {
        return false;
    }
    let named = ["地铁", "轻轨", "轨道交通", "城铁"];
    let start = named.iter().map(|word| word.chars().count()).find(|&n| {
        numeral.start >= n && named.iter().any(|w| w.chars().count() == n && scan.word(numeral.start - n, w).is_some())
    });
    let range = numeral.start - start.unwrap_or(0)..numeral.end + length;
    found.add(FactKind::BusLine, range, format!("{number}号线"));
    true
}
