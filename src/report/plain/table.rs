//! Tables for the terminal, in columns that line up whatever the script.

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// To the left: words.
    Left,
    /// To the right: numbers.
    Right,
}

/// Columns of a terminal that a text takes: two for East Asian wide and full-width characters and emoji, none for marks
/// that combine (Unicode Standard Annex 11; ambiguous characters count as narrow).
pub(super) fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

fn character_width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// The text, cut to a number of columns with `…` at its end where it is longer.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += character_width(c);
        if taken > columns {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// Rows below a head, each column as wide as its widest cell, indented by two; no blanks at the ends of lines.
pub(super) fn table(columns: &[(&str, Set)], rows: &[Vec<String>]) -> Vec<String> {
    let heads: Vec<String> = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let cells = |column: usize| rows.iter().chain([&heads]).filter_map(move |row| row.get(column));
    let widths: Vec<usize> =
        (0..columns.len()).map(|column| cells(column).map(|cell| width(cell)).max().unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for ((cell, (_, set)), wanted) in row.iter().zip(columns).zip(&widths) {
            let blanks = " ".repeat(wanted.saturating_sub(width(cell)));
            line.push_str("  ");
            match set {
                Set::Left => line.extend([cell, blanks.as_str()]),
                Set::Right => line.extend([blanks.as_str(), cell]),
            }
        }
        line.trim_end().to_owned()
    };
    [&heads].into_iter().chain(rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_in_columns() {
        for (text, expected) in [
            ("", 0),
            ("ab", 2),
            ("路灯", 4),
            ("，。", 4),
            ("ｆｕ", 4),
            ("한국", 4),
            ("é", 1),
            ("e\u{301}", 1),
            ("💧", 2),
            ("…—", 2),
        ] {
            assert_eq!(width(text), expected, "{text}");
        }
        for (text, columns, expected) in [
            ("路灯", 4, "路灯"),
            ("路灯不亮", 5, "路灯…"),
            ("路灯不亮", 6, "路灯…"),
            ("abc", 2, "a…"),
            ("路灯", 1, "…"),
        ] {
            assert_eq!(cut(text, columns), expected);
        }
    }

    #[test]
    fn columns_line_up() {
        let rows = [vec!["市政".to_owned(), "7".to_owned()], vec!["housing".to_owned(), "12".to_owned()]];
        let lines = table(&[("部门", Set::Left), ("次数", Set::Right)], &rows);
        assert_eq!(lines, ["  部门     次数", "  市政        7", "  housing    12"]);
        assert_eq!(table(&[("a", Set::Left), ("bb", Set::Left)], &[]), ["  a  bb"]);
    }
}
