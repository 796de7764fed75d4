//! Telephone numbers: mobile (`1[3-9]` and nine digits), fixed with area code, 400 and 800.

use super::scan::{Scan, mark};
use super::{FactKind, Found};

/// Words after which seven or eight digits are a local number.
const LOCAL: &[&str] = &["电话", "座机", "固话", "联系", "号码", "致电", "拨打"];

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut from = 0;
    while let Some(at) = scan.next(from, mark::DIGIT | mark::DIAL) {
        let clear = !scan.alphanumeric_before(at) && !matches!(scan.before(at), Some('*' | '.'));
        match if clear { number(scan, at) } else { None } {
            Some((end, value)) => {
                found.add(FactKind::Phone, at..end, value);
                from = end;
            }
            // Nothing begins within a run of digits.
            None => from = scan.run(at + 1, |c| c.is_ascii_digit()),
        }
    }
}

/// The number that begins here: its end and its value.
fn number(scan: &Scan<'_>, at: usize) -> Option<(usize, String)> {
    mobile(scan, at).or_else(|| service(scan, at)).or_else(|| fixed(scan, at)).or_else(|| local(scan, at))
}

fn mobile(scan: &Scan<'_>, at: usize) -> Option<(usize, String)> {
    let prefix = scan.any(at, &["+86", "(+86)", "0086", "86-", "86 "]).map_or(0, |(_, length)| length);
    let start = at + prefix + usize::from(prefix > 0 && matches!(scan.get(at + prefix), Some('-' | ' ')));
    let mut digits = String::with_capacity(11);
    let mut position = start;
    let mut separated = Vec::new();
    while digits.len() < 11 {
        match scan.get(position)? {
            c if c.is_ascii_digit() => digits.push(c),
            // Masks are written with stars, and with crosses.
            '*' => digits.push('*'),
            'x' if digits.len() >= 3 => digits.push('*'),
            ' ' | '-' if !digits.is_empty() && separated.last() != Some(&digits.len()) => separated.push(digits.len()),
            _ => return None,
        }
        position += 1;
    }
    let mut first = digits.bytes();
    let begins = first.next() == Some(b'1') && matches!(first.next(), Some(b'3'..=b'9'));
    let visible = digits.bytes().filter(u8::is_ascii_digit).count();
    let grouped = matches!(separated.as_slice(), [] | [3] | [7] | [3, 7] | [3, 6] | [4, 8]);
    (begins && visible >= 4 && grouped && closed(scan, position)).then_some((position, digits))
}

/// 400 and 800 numbers: ten digits.
fn service(scan: &Scan<'_>, at: usize) -> Option<(usize, String)> {
    scan.any(at, &["400", "800"])?;
    let (end, digits) = digits_with_hyphens(scan, at, 10)?;
    (digits.len() == 10 && closed(scan, end)).then_some((end, digits))
}

/// `0898-12345678`, `(0898)12345678`, `089812345678`.
fn fixed(scan: &Scan<'_>, at: usize) -> Option<(usize, String)> {
    let bracket = scan.get(at) == Some('(');
    let start = at + usize::from(bracket);
    if scan.get(start) != Some('0') {
        return None;
    }
    // Two digits for the four oldest cities, three for the rest (area codes of the numbering plan).
    let area = if matches!(scan.get(start + 1), Some('1' | '2')) { 3 } else { 4 };
    if !(start..start + area).all(|i| scan.is_digit(i)) {
        return None;
    }
    let mut position = start + area;
    if bracket {
        position += scan.word(position, ")")?;
    }
    position += usize::from(matches!(scan.get(position), Some('-' | ' ')));
    let end = scan.run(position, |c| c.is_ascii_digit());
    let first = scan.get(position)?;
    if !matches!(end - position, 7 | 8) || matches!(first, '0' | '1') || !closed(scan, end) {
        return None;
    }
    let value = format!("{}-{}", scan.string(start..start + area), scan.string(position..end));
    Some((end, value))
}

/// Seven or eight digits where the words say that it is a number to call.
fn local(scan: &Scan<'_>, at: usize) -> Option<(usize, String)> {
    let end = scan.run(at, |c| c.is_ascii_digit());
    let begins = matches!(scan.get(at)?, '2'..='9');
    let length = matches!(end - at, 7 | 8);
    (begins && length && closed(scan, end) && scan.near_before(at, 6, LOCAL)).then(|| (end, scan.string(at..end)))
}

fn digits_with_hyphens(scan: &Scan<'_>, at: usize, most: usize) -> Option<(usize, String)> {
    let mut digits = String::new();
    let mut position = at;
    while digits.len() < most {
        match scan.get(position)? {
            c if c.is_ascii_digit() => digits.push(c),
            '-' | ' ' if scan.is_digit(position + 1) && scan.is_digit(position - 1) => {}
            _ => return None,
        }
        position += 1;
    }
    Some((position, digits))
}

/// Whether a number may end here: no further digit, letter or mask, and no decimals or units of money.
fn closed(scan: &Scan<'_>, end: usize) -> bool {
    match scan.get(end) {
        Some(c) if c.is_ascii_alphanumeric() || matches!(c, '*' | '元' | '块' | '万') => false,
        Some('-' | '.') => !scan.is_digit(end + 1) || scan.get(end) == Some('-'),
        _ => true,
    }
}
