//! Identity numbers (GB 11643-1999) and bank cards (ISO/IEC 7812-1), whole or masked.

use jiff::civil::Date;

use super::scan::{Scan, mark};
use super::{FactKind, Found};

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut from = 0;
    while let Some(at) = scan.next(from, mark::DIGIT) {
        from = at + 1;
        if scan.alphanumeric_before(at) || matches!(scan.before(at), Some('*' | '.')) {
            continue;
        }
        let (end, digits) = run(scan, at);
        let separated = end - at > digits.len();
        if !separated && is_id_card(&digits) {
            found.add(FactKind::IdCard, at..end, digits.to_ascii_uppercase());
        } else if is_bank_card(&digits) {
            found.add(FactKind::BankCard, at..end, digits);
        }
        from = end.max(at + 1);
    }
}

/// Digits and masks, `x` as the last, with a blank or hyphen between groups of four as on the card itself.
fn run(scan: &Scan<'_>, at: usize) -> (usize, String) {
    let mut digits = String::new();
    let mut position = at;
    while let Some(c) = scan.get(position) {
        match c {
            '0'..='9' | '*' => digits.push(c),
            'x' if matches!(digits.len(), 6..=17) => digits.push(if digits.len() == 17 { 'x' } else { '*' }),
            ' ' | '-'
                if digits.len().is_multiple_of(4)
                    && matches!(scan.before(position), Some('0'..='9' | '*'))
                    && matches!(scan.get(position + 1), Some('0'..='9' | '*')) => {}
            _ => break,
        }
        position += 1;
    }
    // A letter that goes on makes it the number of something else.
    if scan.is_alphanumeric(position) { (position, String::new()) } else { (position, digits) }
}

fn is_id_card(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if bytes.len() != 18 || !(b'1'..=b'9').contains(&bytes[0]) {
        return false;
    }
    let masked = bytes.iter().filter(|b| **b == b'*').count();
    if masked > 0 {
        // Enough must be left to know it from a masked bank card: the beginning of the region code (GB/T 2260).
        let region = bytes[..3].iter().all(u8::is_ascii_digit);
        return masked >= 4 && region && (b'1'..=b'6').contains(&bytes[0]) && (b'1'..=b'6').contains(&bytes[1]);
    }
    is_birthday(&digits[6..14]) && check_digit(&bytes[..17]) == bytes[17].to_ascii_uppercase()
}

fn is_birthday(digits: &str) -> bool {
    let number = |range| digits.get(range).and_then(|d: &str| d.parse::<i16>().ok());
    match (number(0..4), number(4..6), number(6..8)) {
        (Some(year @ 1850..=2100), Some(month), Some(day)) => Date::new(year, month as i8, day as i8).is_ok(),
        _ => false,
    }
}

/// The check digit of an identity number: ISO 7064, MOD 11-2.
fn check_digit(digits: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, weight)| u32::from(d.wrapping_sub(b'0')) * weight).sum();
    b"10X98765432"[(sum % 11) as usize]
}

fn is_bank_card(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    // Bank cards begin with 3 to 6 (and 9 for national use); masks leave the ends to be seen.
    if !(12..=19).contains(&bytes.len()) || !matches!(bytes[0], b'3'..=b'6' | b'9') {
        return false;
    }
    let masked = bytes.iter().filter(|b| **b == b'*').count();
    if masked > 0 {
        let seen = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        return masked >= 4 && seen(&bytes[..4]) && seen(&bytes[bytes.len() - 3..]);
    }
    bytes.len() >= 16 && seen_digits(bytes) && luhn(bytes)
}

fn seen_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// The check of ISO/IEC 7812-1, annex B: every second digit from the right doubled, the sum a multiple of ten.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') << (place % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
