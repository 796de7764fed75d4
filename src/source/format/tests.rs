#![allow(clippy::unwrap_used, clippy::panic)]
use proptest::prelude::*;

use super::super::Lang;
use super::*;

/// Keys in order, as a scenario has them.
const ORDER: &[&str] = &["id", "title", "when", "reply"];

#[track_caller]
fn formats(cases: &[(&str, &str)]) {
    for (before, after) in cases {
        let formatted = format_yaml("a.yaml", before, ORDER);
        assert_eq!(formatted.as_deref().ok(), Some(*after), "{before}\n{:?}", formatted.as_ref().err());
        assert_eq!(format_yaml("a.yaml", after, ORDER).ok().as_deref(), Some(*after), "twice");
    }
}

#[test]
fn blanks_and_quotes_are_made_even() {
    formats(&[
        ("", ""),
        ("\n\n", ""),
        ("# 只有注释\n", "# 只有注释\n"),
        ("\u{feff}id:   a\r\ntitle: b\r\n", "id: a\ntitle: b\n"),
        ("id: a\n\n\n\ntitle: b\n\n\n", "id: a\n\ntitle: b\n"),
        ("id: a      # 说明\n", "id: a # 说明\n"),
        ("when:\n    any:\n    -   a\n    - b\n", "when:\n  any:\n    - a\n    - b\n"),
        ("when: [ a,b , 'c' ]\n", "when: [a, b, 'c']\n"),
        ("when: { any: [ a ] , in: text }\n", "when: {any: [a], in: text}\n"),
        ("when: [\n  a, b]\n", "when: [\n  a,\n  b\n]\n"),
        ("when: [a,\n  b]\n", "when: [a, b]\n"),
        ("when: \"a\"\n", "when: 'a'\n"),
        ("when: \"a'\"\n", "when: \"a'\"\n"),
        ("when: \"\\d\\t\"\n".replace("\\d", "").leak(), "when: \"\\t\"\n"),
        ("when: '\\d{4}'\n", "when: '\\d{4}'\n"),
    ]);
}

#[test]
fn texts_stay_what_they_are() {
    formats(&[
        ("id: 1.10\n", "id: 1.10\n"),
        ("when: [~, no, 012, 0x1F, 1e3]\n", "when: [~, no, 012, 0x1F, 1e3]\n"),
        ("reply: |\n    您好，  \n\n      缩进\n    完\n", "reply: |\n  您好，  \n\n    缩进\n  完\n"),
        ("reply: >-\n   一\n   二\n", "reply: >-\n  一\n  二\n"),
        ("reply: 一\n  二\n", "reply: 一\n  二\n"),
    ]);
}

#[test]
fn keys_are_put_in_order_with_their_comments() {
    formats(&[
        ("title: b\nid: a\n", "id: a\ntitle: b\n"),
        ("title: b\nother: c\nid: a", "id: a\ntitle: b\nother: c\n"),
        (
            "id: a\nreply: |\n  好\n# 条件\nwhen:\n  # 词\n  any: [a]\n",
            "id: a\n# 条件\nwhen:\n  # 词\n  any: [a]\nreply: |\n  好\n",
        ),
        ("# 文件\n\ntitle: b # 题\nid: a\n", "# 文件\n\nid: a\ntitle: b # 题\n"),
        (
            "# yaml-language-server: $schema=x\ntitle: b\nid: a\n",
            "# yaml-language-server: $schema=x\nid: a\ntitle: b\n",
        ),
    ]);
}

#[test]
fn keys_stay_where_a_comment_might_come_to_a_wrong_one() {
    let kept = |text| (text, text);
    formats(&[
        kept("# 题目还是文件？\ntitle: b\nid: a\n"),
        kept("title: b\n# 一节\n\nid: a\n"),
        kept("id: a\nreply: b\ntitle: c\n# 完\n"),
        kept("{title: b, id: a}\n"),
    ]);
}

#[test]
fn front_matter_is_formatted_and_the_text_below_is_not() {
    let formatted =
        format_front_matter("a.md", "---\r\ntitle: 'b'\r\nid:  a\r\n---\r\n\r\n正文  \r\n- x\r\n\r\n", ORDER);
    assert_eq!(formatted.unwrap(), "---\nid: a\ntitle: 'b'\n---\n\n正文  \n- x\n");
}

/// Findings of a file that is not formatted: code and place.
fn findings(result: Result<String, Vec<Diagnostic>>) -> Vec<String> {
    result.unwrap_err().iter().map(|d| format!("{} {}", d.code.id(), d.location())).collect()
}

#[test]
fn what_is_not_yaml_is_a_finding_at_its_place() {
    assert_eq!(findings(format_yaml("a.yaml", "id: a\ntitle: \"b\n", ORDER)), ["J001 a.yaml:2:8"]);
    assert_eq!(findings(format_yaml("a.yaml", "id: &x a\n", ORDER)), ["J007 a.yaml:1:5"]);
    // Blank lines at the end belong to this text, and would not be printed.
    assert_eq!(findings(format_yaml("a.yaml", "reply: |+\n  一\n\n", ORDER)), ["J019 a.yaml:1:1"]);
    assert_eq!(findings(format_front_matter("a.md", "---\nid: [\n---\n", ORDER)), ["J001 a.md:3:1"]);
    assert_eq!(findings(format_front_matter("a.md", "id: a\n", ORDER)), ["J013 a.md:1:1"]);
}

#[test]
fn deep_and_large_files_take_no_time() {
    let started = std::time::Instant::now();
    let deep = format!("a: {}1{}\n", "[{b: ".repeat(18), "}]".repeat(18));
    assert_eq!(format_yaml("a.yaml", &deep, ORDER).unwrap(), deep);
    let large = "- {id: a, name: 一, aliases: [二, 三]}\n".repeat(20_000);
    assert_eq!(format_yaml("a.yaml", &large, ORDER).unwrap(), large);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// A value and how untidily it is written.
#[derive(Clone, Debug)]
enum Untidy {
    Text(String, u8),
    Flow(Vec<Untidy>, u8),
    List(Vec<Untidy>, u8),
    Map(Vec<(String, Untidy)>, u8),
}

impl Untidy {
    /// On one line, in brackets.
    fn inline(&self) -> String {
        match self {
            Untidy::Text(text, 0) => text.clone(),
            Untidy::Text(text, 1) => format!("\"{text}\""),
            Untidy::Text(text, _) => format!("'{text}'"),
            Untidy::Flow(items, style) | Untidy::List(items, style) => {
                let blank = " ".repeat(usize::from(*style % 3));
                let items: Vec<String> = items.iter().map(Untidy::inline).collect();
                format!("[{blank}{}{blank}]", items.join(if *style > 1 { " ,  " } else { "," }))
            }
            Untidy::Map(entries, _) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}:  {}", value.inline())).collect();
                format!("{{ {} }}", entries.join(" , "))
            }
        }
    }

    /// Over several lines where it can, behind `before`, which ends with its key or dash.
    fn lines(&self, before: &str, indent: usize, text: &mut String) {
        let comment = |style: u8| ["", "", " # 注", "     # 注 释 "][usize::from(style % 4)];
        match self {
            Untidy::List(items, style) if !items.is_empty() => {
                text.push_str(&format!("{before}{}\n", comment(*style)));
                let inner = indent + 1 + usize::from(style % 3);
                for item in items {
                    if *style == 5 {
                        text.push_str(&format!("{:inner$}# 行\n\n", ""));
                    }
                    match item {
                        Untidy::List(..) | Untidy::Map(..) => {
                            text.push_str(&format!("{:inner$}- {}\n", "", item.inline()));
                        }
                        _ => item.lines(&format!("{:inner$}-  ", ""), inner, text),
                    }
                }
            }
            Untidy::Map(entries, style) if !entries.is_empty() => {
                if !before.is_empty() {
                    text.push_str(&format!("{before}{}\n", comment(*style)));
                }
                let inner = if before.is_empty() { 0 } else { indent + 1 + usize::from(style % 3) };
                for (key, value) in entries {
                    if style % 4 == 3 {
                        text.push_str(&format!("\n\n{:inner$}# 上 {key}\n", ""));
                    }
                    value.lines(&format!("{:inner$}{key}: ", ""), inner, text);
                }
            }
            Untidy::Text(words, 3) => {
                let inner = indent + 3;
                text.push_str(&format!("{}|\n{:inner$}{words}\n{:inner$}  完\n", before, "", ""));
            }
            other => text.push_str(&format!("{before} {}\n", other.inline())),
        }
    }
}

fn any_untidy() -> impl Strategy<Value = Untidy> {
    let text = ("[a-z漏水管0-9.，]{1,6}", 0..4_u8).prop_map(|(text, style)| Untidy::Text(text, style));
    let inner = text.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), 0..6_u8).prop_map(|(items, style)| Untidy::Flow(items, style)),
            (prop::collection::vec(inner.clone(), 0..4), 0..6_u8).prop_map(|(items, style)| Untidy::List(items, style)),
            (prop::collection::btree_map("[a-z]{1,5}", inner, 0..4), 0..6_u8)
                .prop_map(|(entries, style)| Untidy::Map(entries.into_iter().collect(), style)),
        ]
    });
    let key = prop_oneof!["id|title|when|reply", "[a-z]{1,5}"];
    (prop::collection::hash_map(key, inner, 1..6), 0..6_u8)
        .prop_map(|(entries, style)| Untidy::Map(entries.into_iter().collect(), style))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// What was written is still said, every comment is still there, and nothing changes the second time.
    #[test]
    fn nothing_that_is_said_changes(untidy in any_untidy()) {
        let mut text = String::new();
        untidy.lines("", 0, &mut text);
        let Ok(before) = parse("a.yaml", &text) else { panic!("the test writes no YAML:\n{text}") };
        let formatted = match format_yaml("a.yaml", &text, ORDER) {
            Ok(formatted) => formatted,
            Err(findings) => panic!("{text}\n{}", findings[0].message.in_lang(Lang::En)),
        };
        let after = parse("a.yaml", &formatted).unwrap();
        prop_assert!(same_in_any_order(before.root(), after.root()), "{}\n{}", text, formatted);
        let count = |text: &str| text.matches('#').count();
        prop_assert_eq!(count(&text), count(&formatted), "{}\n{}", text, formatted);
        prop_assert!(!formatted.lines().any(|line| line.ends_with(' ')) && formatted.ends_with('\n'));
        prop_assert_eq!(format_yaml("a.yaml", &formatted, ORDER).ok(), Some(formatted));
    }

    /// Whatever stands in a file, it ends well.
    #[test]
    fn no_text_is_too_strange(text in "([a-c漏:#'\"\\[\\]{}|>,&*!?%@~ \t\n-]|: |- |\n  ){0,40}") {
        if let Ok(formatted) = format_yaml("a.yaml", &text, ORDER) {
            prop_assert_eq!(format_yaml("a.yaml", &formatted, ORDER).ok(), Some(formatted));
        }
    }
}
