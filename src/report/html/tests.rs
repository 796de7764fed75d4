#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::super::made_up;
use super::*;

const LANGS: [Lang; 2] = [Lang::Zh, Lang::En];

fn page(run: &Run, lang: Lang) -> String {
    html(&Figures::of(run), run, lang)
}

/// Holds a page to well-formedness: every tag closed in order, attributes quoted and named once, no bare `&` or `<`.
/// Gives back the names of elements and the text between them.
fn parse(page: &str) -> Result<(Vec<String>, String), String> {
    let mut rest = page.strip_prefix("<!doctype html>").ok_or("no doctype")?;
    let (mut open, mut names, mut text) = (Vec::new(), Vec::new(), String::new());
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let end = rest[at..].find('>').ok_or("a tag without end")? + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(opened) if opened == name => continue,
                other => return Err(format!("</{name}> closes {other:?}")),
            }
        }
        let (inside, closed) = tag.strip_suffix('/').map_or((tag, false), |inside| (inside, true));
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
        if name.is_empty() {
            return Err(format!("<{tag}> has no name"));
        }
        attributes(&inside[name.len()..]).map_err(|what| format!("<{tag}>: {what}"))?;
        names.push(name.clone());
        if !closed {
            open.push(name);
        }
    }
    text.push_str(rest);
    if !open.is_empty() {
        return Err(format!("never closed: {open:?}"));
    }
    let style = text.find(STYLE).ok_or("the style is not there as it is")?;
    text.replace_range(style..style + STYLE.len(), "");
    references(&text)?;
    Ok((names, text))
}

fn attributes(mut rest: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    while !rest.trim().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").ok_or("an attribute without a quoted value")?;
        let (value, after) = after.split_once('"').ok_or("a value without end")?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') || seen.contains(&name) {
            return Err(format!("attribute {name:?}"));
        }
        references(value)?;
        seen.push(name);
        rest = after;
    }
    Ok(())
}

/// Every `&` begins one of the five references of XML, or a number.
fn references(text: &str) -> Result<(), String> {
    for after in text.split('&').skip(1) {
        let name = after.split_once(';').map(|(name, _)| name);
        let known = name.is_some_and(|name| matches!(name, "amp" | "lt" | "gt" | "quot") || name.starts_with('#'));
        if !known {
            return Err(format!("a bare &: {after:.20}"));
        }
    }
    Ok(())
}

#[test]
fn the_parser_of_this_test_finds_what_is_wrong() {
    let with = |body: &str| parse(&format!("<!doctype html><p><style>{STYLE}</style>{body}</p>"));
    for (body, good) in [
        (r#"<b a="1" b-c="&lt;">x &amp; y</b><br/>"#, true),
        ("<b><i></b></i>", false),
        ("<br>", false),
        ("a & b", false),
        ("a < b", false),
        (r#"<b a=1></b>"#, false),
        (r#"<b a="1" a="2"></b>"#, false),
        (r#"<b a="&"></b>"#, false),
        ("</p>", false),
    ] {
        assert_eq!(with(body).is_ok(), good, "{body}");
    }
}

#[test]
fn pages_are_well_formed_and_fetch_nothing() {
    for lang in LANGS {
        for run in [made_up::run(400), made_up::run(1), Run::default()] {
            let page = page(&run, lang);
            let (names, _) = parse(&page).unwrap_or_else(|what| panic!("{what}"));
            for name in ["script", "link", "img", "iframe", "object", "form"] {
                assert!(!names.contains(&name.to_owned()), "{name}");
            }
            let addresses = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!addresses.contains("http:") && !addresses.contains("https:") && !addresses.contains("url("));
            assert!(!page.contains("NaN") && !page.contains("inf%"));
        }
    }
}

#[test]
fn everything_is_on_the_page() {
    let (names, text) = parse(&page(&made_up::run(400), Lang::Zh)).unwrap();
    let text = text.replace("&#x2f;", "/");
    assert_eq!(names.iter().filter(|name| *name == "svg").count(), 2);
    for part in
        ["规则包 &lt;示例&gt;", "70.2%", "个人信息", "2026-04", "noise/shop", "路灯 +2.31", "123 MB", "近似重复"]
    {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn hostile_words_stay_words() {
    let evil = "</title><script>alert(1)</script>'\"&{{ 7*7 }}{% raw %}<!-- \u{202E}\0";
    let mut run = made_up::run(40);
    run.title = format!("{evil}\n{evil}");
    run.level = evil.to_owned();
    run.rules[0].id = evil.to_owned();
    for query in &mut run.judged {
        (query.id, query.text, query.truth) = (evil.to_owned(), evil.repeat(2000), format!("{evil}{}", query.truth));
        query.title = Some(evil.to_owned());
        query.evidence = vec![(evil.to_owned(), f64::NAN)];
        if let Some(best) = query.ranked.first_mut() {
            best.0 = format!("{evil}{}", best.0);
        }
    }
    for lang in LANGS {
        let page = page(&run, lang);
        let (names, text) = parse(&page).unwrap_or_else(|what| panic!("{what}"));
        assert!(!names.contains(&"script".to_owned()));
        assert!(text.contains("{{ 7*7 }}") && !page.contains('\u{202E}') && !page.contains('\0'));
        assert!(page.len() < 400_000, "{} bytes", page.len());
    }
}

/// Luminance contrast after WCAG 2 (relative luminance of sRGB).
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|c| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Colours of the style by name, for one of its three palettes (light, dark, print).
fn colour(palette: usize, name: &str) -> [f64; 3] {
    let block = STYLE.split(":root {").nth(palette + 1).unwrap().split('}').next().unwrap();
    let value = block.split(&format!("--{name}: #")).nth(1).unwrap().split(';').next().unwrap();
    let digits: Vec<f64> = value.chars().map(|c| f64::from(c.to_digit(16).unwrap())).collect();
    match digits[..] {
        [r, g, b] => [r, g, b].map(|c| c / 15.0),
        [a, b, c, d, e, f] => [a * 16.0 + b, c * 16.0 + d, e * 16.0 + f].map(|c| c / 255.0),
        _ => panic!("{value}"),
    }
}

#[test]
fn words_can_be_read_on_every_ground() {
    for palette in 0..3 {
        let of = |name| colour(palette, name);
        let mut pairs = vec![("ink on note", of("ink"), of("note"))];
        for words in ["ink", "quiet", "accent", "wrong", "good"] {
            pairs.extend([(words, of(words), of("card")), (words, of(words), of("ground"))]);
        }
        // The shades of the matrix, as the style mixes them.
        for (shade, name) in [(".r", "accent"), (".w", "wrong")] {
            for depth in 1..=5 {
                let rule = STYLE.split(&format!("{shade}{depth} {{")).nth(1).unwrap().split('}').next().unwrap();
                let share: f64 = rule.split('%').next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
                let (over, card) = (of(name), of("card"));
                let mixed = std::array::from_fn(|at| (over[at] * share + card[at] * (100.0 - share)) / 100.0);
                pairs.push((name, of("ink"), mixed));
            }
        }
        for (what, words, ground) in pairs {
            let ratio = contrast(words, ground);
            assert!(ratio >= 4.5, "palette {palette}, {what}: {ratio:.2}");
        }
    }
}
