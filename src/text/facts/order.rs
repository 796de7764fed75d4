//! Numbers that something is filed under, and web addresses.

use super::scan::{Scan, mark};
use super::{FactKind, Found};
use crate::text::document::Text;

/// What such numbers are called.
const LABELS: &[&str] = &[
    "订单号",
    "工单号",
    "单号",
    "编号",
    "流水号",
    "案号",
    "受理号",
    "单号码",
    "投诉号",
    "凭证号",
    "快递号",
    "序列号",
    "合同号",
];

/// The fewest characters of a free run of letters and digits.
const FREE: usize = 14;

/// The most characters of a number or web address.
const LONGEST: usize = 512;

pub(super) fn read(scan: &Scan<'_>, text: &Text, found: &mut Found) {
    let mut from = 0;
    while let Some(at) = scan.next(from, mark::DIGIT | mark::LETTER | mark::LABEL) {
        from = at + 1;
        if scan.is(at, mark::LABEL) {
            if scan.ends_with(at + 1, LABELS)
                && let Some((start, end)) = labelled(scan, at + 1)
            {
                add(scan, text, found, FactKind::OrderNumber, start, end);
                from = end;
            }
            continue;
        }
        from = scan.run(at, |c| c.is_ascii_alphanumeric());
        let digits = scan.characters[at..from].iter().filter(|c| c.is_ascii_digit()).count();
        let free = (FREE..=LONGEST).contains(&(from - at)) && digits * 2 >= from - at;
        if free && scan.before(at) != Some('*') && !found.has(&(at..from)) {
            add(scan, text, found, FactKind::OrderNumber, at, from);
        }
    }
}

/// The number after a label: `为`, `是`, colons and blanks may come between.
fn labelled(scan: &Scan<'_>, after: usize) -> Option<(usize, usize)> {
    let start = scan.run(after, |c| matches!(c, '为' | '是' | ':' | ' ' | '码' | '【' | '[' | '“' | '"' | '#'));
    if start - after > 4 {
        return None;
    }
    let end = if scan.get(start) == Some('(') {
        case_number(scan, start)?
    } else {
        let end = scan.run(start, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        start + scan.string(start..end).trim_end_matches(['-', '_']).len()
    };
    let digits = scan.characters[start..end].iter().filter(|c| c.is_ascii_digit()).count();
    (digits >= 3 && (4..=LONGEST).contains(&(end - start))).then_some((start, end))
}

/// The number of a court's case: `(2018)琼0105民初1234号`.
fn case_number(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let year = scan.run(start + 1, |c| c.is_ascii_digit());
    if year - start != 5 || scan.get(year) != Some(')') {
        return None;
    }
    let end = scan.run(year + 1, |c| c.is_ascii_alphanumeric() || ('\u{4E00}'..='\u{9FFF}').contains(&c) && c != '号');
    (scan.get(end) == Some('号') && end - start < 32).then_some(end + 1)
}

pub(super) fn read_urls(scan: &Scan<'_>, text: &Text, found: &mut Found) {
    let mut from = 0;
    while let Some(at) = scan.next(from, mark::LETTER) {
        from = scan.run(at, |c| c.is_ascii_alphanumeric());
        let word = (!scan.alphanumeric_before(at)).then(|| scan.any(at, &["http://", "https://", "www."]));
        let Some((_, prefix)) = word.flatten() else { continue };
        // Chinese text follows without a blank, so only what a URL may hold (RFC 3986) goes on.
        let mut end = scan.run(at, |c| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c));
        while matches!(scan.before(end), Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | ')' | '(' | ']')) {
            end -= 1;
        }
        if end > at + prefix && end - at <= LONGEST && scan.string(at + prefix..end).contains('.') {
            add(scan, text, found, FactKind::Url, at, end);
        }
        from = end.max(from);
    }
}

/// Case means something in both, so the value is what the citizen wrote, in ASCII.
fn add(scan: &Scan<'_>, text: &Text, found: &mut Found, kind: FactKind, start: usize, end: usize) {
    let original = text.original_str(text.original(start as u32..end as u32));
    let value = if original.is_ascii() && original.len() == end - start {
        original.to_owned()
    } else {
        scan.string(start..end)
    };
    found.add(kind, start..end, value);
}
