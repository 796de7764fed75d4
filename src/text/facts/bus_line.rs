//! Lines of buses and of the metro: `12路`, `k3路公交`, `地铁2号线`.

use super::scan::{Found as Numeral, Scan};
use super::{FactKind, Found};

/// What says after `路` that it is a line and not a road.
const VEHICLE: &[&str] = &["公交车", "公交线", "公交", "公共汽车", "公车", "巴士", "中巴", "大巴", "车", "线路"];

/// What may stand just before a line's number.
const BEFORE: &[&str] =
    &["坐", "乘", "搭", "等", "乘坐", "公交", "公交车", "巴士", "线路", "快线", "班车", "趟", "专线", "、", "路"];

/// Roads whose number is no line's.
const ROADS: &[&str] = &["马路", "公路", "道路", "铁路"];

pub(super) fn read(scan: &Scan<'_>, numeral: &Numeral, found: &mut Found) {
    let Some(number) = numeral.number.whole().filter(|n| (1..=9999).contains(n)) else {
        return;
    };
    if metro(scan, numeral, number, found) || scan.get(numeral.end) != Some('路') {
        return;
    }
    // K3路, 游1路: a letter that no other precedes.
    let letter = scan.before(numeral.start).filter(|c| match c {
        '游' | '夜' | '快' => true,
        _ => c.is_ascii_lowercase() && !scan.alphanumeric_before(numeral.start - 1),
    });
    let start = numeral.start - usize::from(letter.is_some());
    let after = numeral.end + 1;
    let vehicle = scan
        .any(after, VEHICLE)
        .filter(|(word, length)| *word != "车" || !scan.get(after + length).is_some_and(|c| "道位辆流".contains(c)));
    let said = numeral.number.arabic && scan.ends_with(start, BEFORE) && !scan.ends_with(start, ROADS);
    let road = scan.get(after).is_some_and(|c| "口段面边灯旁人".contains(c));
    if !road && (vehicle.is_some() || said) {
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
    let named = ["地铁", "轻轨", "轨道交通", "城铁"].into_iter().find(|word| scan.ends_with(numeral.start, &[word]));
    let start = numeral.start - named.map_or(0, |word| word.chars().count());
    found.add(FactKind::BusLine, start..numeral.end + length, format!("{number}号线"));
    true
}
