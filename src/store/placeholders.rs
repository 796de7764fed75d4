//! `?1` for SQLite is `$1` for PostgreSQL.

/// The statement with `?1`, `?2` and so on as `$1`, `$2`, but for those in texts and quoted names (`'…'`, `"…"`, a doubled
/// quote stands for itself) and in comments (`--` to the end of the line, `/* … */`). A `?` without a number stays.
pub(super) fn to_dollars(sql: &str) -> String {
    let mut rewritten = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            // A doubled quote ends one text and begins the next.
            '\'' | '"' => after(rest, 1, &first.to_string()),
            '-' if rest.starts_with("--") => after(rest, 2, "\n"),
            '/' if rest.starts_with("/*") => after(rest, 2, "*/"),
            '?' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                rewritten.push('$');
                rest = &rest[1..];
                continue;
            }
            other => other.len_utf8(),
        };
        rewritten.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    rewritten
}

/// The position behind the next `end` that stands at `from` or later; the whole length where there is none.
fn after(text: &str, from: usize, end: &str) -> usize {
    text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
}
