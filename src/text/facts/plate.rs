//! Registration plates of vehicles (GA 36-2018).

use super::scan::{Scan, mark};
use super::{FactKind, Found};

/// The provinces' abbreviations that a plate begins with.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut from = 1;
    while let Some(at) = scan.next(from, mark::LETTER) {
        from = at + 1;
        let province = scan.characters[at - 1];
        if PROVINCES.contains(province)
            && let Some(end) = end(scan, at + 1)
        {
            found.add(FactKind::Plate, at - 1..end, scan.compact(at - 1..end));
        }
    }
}

/// Where the serial that begins here ends: five characters, or six on the green plates of electric vehicles.
fn end(scan: &Scan<'_>, after_letter: usize) -> Option<usize> {
    let start = after_letter + usize::from(matches!(scan.get(after_letter), Some('·' | '.' | '-' | ' ' | '•' | '・')));
    // Neither I nor O is given out; stars mask.
    let end = scan.run(start, |c| c.is_ascii_digit() || c == '*' || c.is_ascii_lowercase() && !matches!(c, 'i' | 'o'));
    if scan.is_alphanumeric(end) {
        return None;
    }
    let serial = &scan.characters[start..end];
    let digits = serial.iter().filter(|c| c.is_ascii_digit()).count();
    match serial.len() {
        4 if digits >= 1 && matches!(scan.get(end), Some('警' | '学' | '挂' | '港' | '澳' | '试' | '超')) => {
            Some(end + 1)
        }
        5 if digits >= 1 => Some(end),
        6 if is_electric(serial) || serial.contains(&'*') && digits >= 1 => Some(end),
        _ => None,
    }
}

/// The six of a small electric vehicle begin with a letter, those of a large one end with it; at most the next to it is
/// a letter too.
fn is_electric(serial: &[char]) -> bool {
    let digits = |range: std::ops::Range<usize>| serial[range].iter().all(char::is_ascii_digit);
    serial[0].is_ascii_lowercase() && digits(2..6) || serial[5].is_ascii_lowercase() && digits(0..5)
}
