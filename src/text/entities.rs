//! What other programs leave behind in text: HTML entities and Excel's `_x000D_` escapes. Each is decoded once: the
//! result is never looked at again, so `&amp;lt;` is the four characters `&lt;`, as its writer meant.

/// The named entities that occur in exports of web forms. The full list of HTML has 2,231; whoever writes a complaint
/// uses none of the others.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("apos", '\''),
    ("bull", '•'),
    ("cent", '¢'),
    ("copy", '©'),
    ("deg", '°'),
    ("divide", '÷'),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("euro", '€'),
    ("gt", '>'),
    ("hellip", '…'),
    ("laquo", '«'),
    ("ldquo", '“'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("middot", '·'),
    ("nbsp", '\u{A0}'),
    ("ndash", '–'),
    ("plusmn", '±'),
    ("quot", '"'),
    ("raquo", '»'),
    ("rdquo", '”'),
    ("reg", '®'),
    ("rsquo", '’'),
    ("sect", '§'),
    ("shy", '\u{AD}'),
    ("thinsp", '\u{2009}'),
    ("times", '×'),
    ("yen", '¥'),
    ("zwj", '\u{200D}'),
    ("zwnj", '\u{200C}'),
];

/// The longest entity that is looked for, in bytes after the `&`: `#x10FFFF;` with leading zeros allowed for.
const LONGEST: usize = 12;

/// Decodes what stands at the beginning of `text`, which starts with `&` or `_`. Gives the character and how many bytes
/// (all ASCII, so characters too) it took; `None` if it is just that character.
pub(super) fn decode(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().first()? {
        b'&' => html(text),
        b'_' => excel(text),
        _ => None,
    }
}

fn html(text: &str) -> Option<(char, usize)> {
    let body = &text.as_bytes()[1..text.len().min(1 + LONGEST)];
    let length = body.iter().position(|&b| b == b';')?;
    // All bytes up to the `;` must be ASCII for the slice below, and are for every entity.
    let name = text.get(1..1 + length).filter(|n| n.is_ascii())?;
    let decoded = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(digits(hex, 16)?, 16),
            None => digits(number, 10)?.parse(),
        };
        char::from_u32(code.ok()?)?
    } else {
        NAMED.binary_search_by_key(&name, |(n, _)| n).ok().map(|i| NAMED[i].1)?
    };
    Some((decoded, length + 2))
}

/// `_x000D_`: how Excel writes a UTF-16 code unit that XML cannot hold (ECMA-376 part 1, 22.9.2.19, `ST_Xstring`).
fn excel(text: &str) -> Option<(char, usize)> {
    let escape = text.get(..7)?;
    let hex = escape.strip_prefix("_x")?.strip_suffix('_')?;
    let code = u32::from_str_radix(digits(hex, 16)?, 16).ok()?;
    Some((char::from_u32(code)?, 7))
}

/// The digits, if there are any and nothing else (`from_str_radix` would take a sign).
fn digits(text: &str, radix: u32) -> Option<&str> {
    (!text.is_empty() && text.chars().all(|c| c.is_digit(radix))).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        for (text, expected) in [
            ("&amp;", Some(('&', 5))),
            ("&amp;lt;", Some(('&', 5))),
            ("&nbsp;x", Some(('\u{A0}', 6))),
            ("&#20013;国", Some(('中', 8))),
            ("&#x4E2d;", Some(('中', 8))),
            ("&#0;", Some(('\0', 4))),
            ("&#xD800;", None),
            ("&#x110000;", None),
            ("&#+65;", None),
            ("&#;", None),
            ("&#x;", None),
            ("&;", None),
            ("&AMP;", None),
            ("&中;", None),
            ("&", None),
            ("&amp", None),
            ("&verylongnamethatends;", None),
            ("_x000D_\n", Some(('\r', 7))),
            ("_x4e2d_", Some(('中', 7))),
            ("_xD800_", None),
            ("_x00D_", None),
            ("_x000D中", None),
            ("_", None),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_sorted() {
        assert!(NAMED.is_sorted_by(|a, b| a.0 < b.0));
    }
}
