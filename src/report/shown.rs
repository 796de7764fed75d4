//! Numbers and texts as the pages show them, in the terminal and in HTML alike.

/// What stands for a figure that is not defined.
pub(super) const UNDEFINED: &str = "—";

/// A share as a percentage with one decimal. What is nearly but not wholly all or nothing does not read as such.
pub(super) fn percent(share: Option<f64>) -> String {
    let Some(share) = share else { return UNDEFINED.to_owned() };
    match (format!("{:.1}%", share * 100.0), share) {
        (shown, share) if shown == "100.0%" && share < 1.0 => "99.9%".to_owned(),
        (shown, share) if shown == "0.0%" && share > 0.0 => "0.1%".to_owned(),
        (shown, _) => shown,
    }
}

/// A figure with three decimals.
pub(super) fn decimal(figure: Option<f64>) -> String {
    figure.map_or_else(|| UNDEFINED.to_owned(), |figure| format!("{figure:.3}"))
}

/// A time given in µs: in µs, from a thousand on in ms.
pub(super) fn microseconds(time: Option<f64>) -> String {
    match time {
        None => UNDEFINED.to_owned(),
        Some(time) if time < 999.5 => format!("{time:.0} µs"),
        Some(time) => format!("{:.1} ms", time / 1000.0),
    }
}

/// A time given in seconds.
pub(super) fn seconds(time: Option<f64>) -> String {
    time.map_or_else(|| UNDEFINED.to_owned(), |time| format!("{time:.1} s"))
}

/// Memory given in bytes, in millions of them.
pub(super) fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| UNDEFINED.to_owned(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6))
}

/// Texts are citizens': one line of at most so many characters, without control characters, which could write into the
/// terminal, and without invisible ones, which could turn around what stands beside them.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let seen = text.chars().filter(|&c| !invisible(c)).map(|c| if c.is_control() { ' ' } else { c });
    let mut line = String::new();
    for (count, c) in seen.enumerate() {
        if count == most {
            line.push('…');
            break;
        }
        if !(c.is_whitespace() && line.ends_with(' ')) {
            line.push(if c.is_whitespace() { ' ' } else { c });
        }
    }
    line.trim().to_owned()
}

/// Zero-width characters, marks and overrides of direction, and the byte order mark.
fn invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (share, expected) in [
            (None, "—"),
            (Some(0.0), "0.0%"),
            (Some(0.0001), "0.1%"),
            (Some(0.8345), "83.5%"),
            (Some(0.9999), "99.9%"),
            (Some(1.0), "100.0%"),
        ] {
            assert_eq!(percent(share), expected);
        }
        for (time, expected) in [
            (None, "—"),
            (Some(0.4), "0 µs"),
            (Some(210.0), "210 µs"),
            (Some(999.6), "1.0 ms"),
            (Some(12_345.0), "12.3 ms"),
        ] {
            assert_eq!(microseconds(time), expected);
        }
        assert_eq!((decimal(Some(0.0214)).as_str(), megabytes(Some(350_400_000)).as_str()), ("0.021", "350 MB"));
    }

    #[test]
    fn texts_become_one_harmless_line() {
        for (text, most, expected) in [
            ("路灯不亮", 4, "路灯不亮"),
            ("路灯不亮。", 4, "路灯不亮…"),
            (" 路灯\r\n\t不亮 ", 9, "路灯 不亮"),
            ("\u{1b}[31m红\u{7}", 9, "[31m红"),
            ("\u{202E}灯\u{200B}路\u{FEFF}", 2, "灯路"),
            ("", 3, ""),
        ] {
            assert_eq!(one_line(text, most), expected, "{text:?}");
        }
    }
}
