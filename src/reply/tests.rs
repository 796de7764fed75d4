#![allow(clippy::unwrap_used, clippy::panic)]
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::source::{Diagnostic, Document, Lang, Step, render_plain};

const SLOTS: &[SlotUse<'static>] =
    &[SlotUse { name: "location", otherwise: "您所说的位置" }, SlotUse { name: "since", otherwise: "" }];

/// A scenario whose reply is `reply`, as a block of text.
fn scenario(reply: &str) -> String {
    let reply: String = reply.lines().map(|line| format!("  {line}\n")).collect();
    format!("id: water/leak\nslots:\n  location: {{ask: 在哪里？}}\n  since: {{ask: 多久了？}}\nreply: |\n{reply}")
}

fn compile_with(reply: &str, slots: &[SlotUse<'_>]) -> (Option<Template>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let document = Document::parse("s.yaml", &scenario(reply), &mut diagnostics).unwrap();
    let steps = [Step::Key("reply")];
    let source = document.node(&steps).and_then(|node| node.text()).unwrap();
    let template = Template::compile(source, slots, &document, &steps, &mut diagnostics);
    assert_eq!(template.is_none(), diagnostics.iter().any(Diagnostic::is_error), "{reply}: {diagnostics:?}");
    (template, diagnostics)
}

fn template(reply: &str) -> Template {
    let (template, diagnostics) = compile_with(reply, SLOTS);
    template.unwrap_or_else(|| panic!("{reply}: {diagnostics:?}"))
}

/// Findings as `name place message`.
fn findings(reply: &str) -> Vec<String> {
    let diagnostics = compile_with(reply, SLOTS).1;
    diagnostics.iter().map(|d| format!("{} {} {}", d.code.name(), d.location(), d.message.en)).collect()
}

#[test]
fn replies_are_filled() {
    let values: &[(&str, &str)] = &[
        ("location", "解放路12号"),
        ("since", ""),
        ("department", "市水务集团"),
        ("deadline", "11月23日14:30"),
        ("hotline", "12345"),
        ("district", " "),
    ];
    for (reply, expect) in [
        ("您反映的{{ location }}漏水", "您反映的解放路12号漏水"),
        ("已转{{ department }}，{{ deadline }}前答复。", "已转市水务集团，11月23日14:30前答复。"),
        ("好{{ since }}。", "好。"),
        ("{% if since %}{{ since }}起{% else %}不久{% endif %}", "不久"),
        ("{% if location %}{{ location }}{% endif %}好", "解放路12号好"),
        ("{% if district %}在{{ district }}{% elif hotline %}打{{ hotline }}{% endif %}。", "打12345。"),
        ("{{ since | default('近日') }}", "近日"),
        ("{{ since or '近日' }}", "近日"),
        ("{% if since is defined %}有{% else %}无{% endif %}", "无"),
        ("{% if location is defined %}有{% else %}无{% endif %}", "有"),
        ("在{{ location ~ '附近' }}", "在解放路12号附近"),
        ("甲{# 给编辑看的 #}乙", "甲乙"),
        ("第一行\n第二行\n\n", "第一行\n第二行"),
        ("<b>&{{ '<i>' }}", "<b>&<i>"),
    ] {
        assert_eq!(template(reply).render(&values.iter().copied().collect()).text, expect, "{reply}");
    }
}

#[test]
fn an_empty_slot_reads_as_its_else_and_is_missing() {
    for (reply, values, text, missing) in [
        ("在{{ location }}", &[][..], "在您所说的位置", vec!["location", "since"]),
        ("在{{ location }}", &[("location", " \n")], "在您所说的位置", vec!["location", "since"]),
        ("在{{ location }}", &[("since", "昨天")], "在您所说的位置", vec!["location"]),
        ("在{{ location }}", &[("location", "东门"), ("since", "昨天")], "在东门", vec![]),
        ("{% if location %}有{% else %}{{ location }}{% endif %}", &[], "您所说的位置", vec!["location", "since"]),
        ("{{ location ~ '旁' }}", &[], "您所说的位置旁", vec!["location", "since"]),
        ("{{ location | default('那里') }}", &[], "那里", vec!["location", "since"]),
        ("{{ department }}好", &[], "好", vec!["location", "since"]),
    ] {
        let rendered = template(reply).render(&values.iter().copied().collect());
        assert_eq!(
            rendered,
            Rendered { text: text.into(), missing: missing.iter().map(|&s| s.into()).collect() },
            "{reply}"
        );
    }
}

#[test]
fn values_are_text_and_never_template() {
    let template = template("{{ location }}：{{ since }}");
    let values = [("location", "{{ department }}{% for %}"), ("since", "{# <b> #}")];
    assert_eq!(template.render(&values.into_iter().collect()).text, "{{ department }}{% for %}：{# <b> #}");
}

#[test]
fn a_value_too_large_to_fill_in_is_left_out() {
    let template = template("在{{ location }}，{{ department }}");
    let huge = "长".repeat(1_000_000);
    let values = [("location", huge.as_str()), ("department", "水务")];
    assert_eq!(template.render(&values.into_iter().collect()).text, "在您所说的位置，水务");
    let values = [("department", huge.as_str())];
    assert_eq!(template.render(&values.into_iter().collect()).text, "");
}

#[test]
fn mistakes_are_found_at_their_places() {
    for (reply, expect) in [
        ("在{{ location }}{{ since }}", vec![]),
        ("在{{ location }}", vec![]),
        ("{{ since }}好", vec!["unused-slot s.yaml:3:3 slot `location` has an `else`, but the reply does not use it"]),
        ("{{ location }}{{ since }}{{ locaton }}", vec!["unknown-placeholder s.yaml:6:31 nothing fills `locaton`"]),
        (
            "location{{ location }}{{ since }}\n{% if phone %}有{% endif %}",
            vec!["unknown-placeholder s.yaml:7:9 nothing fills `phone`"],
        ),
        ("好{{ location }}{{ since.year }}", vec!["template-fails"]),
        ("{{ location }", vec!["template-syntax"]),
        ("甲\n{% if location %}乙", vec!["template-syntax"]),
        ("{{ 位置 }}", vec!["unknown-placeholder s.yaml:6:6 nothing fills `位置`"]),
        ("在{% if 位置 %}{% endif %}", vec!["unknown-placeholder s.yaml:6:10 nothing fills `位置`"]),
        ("{% include 'x' %}", vec!["template-syntax"]),
        ("{% import 'x' as y %}", vec!["template-syntax"]),
        ("{% extends 'x' %}", vec!["template-syntax"]),
        ("{% macro m() %}{% endmacro %}", vec!["template-syntax"]),
        ("{{ location | upcase }}{{ since }}", vec!["template-fails"]),
        ("{{ location }}{% if since is odd %}{% endif %}", vec!["template-fails"]),
        // Only wrong where one slot is filled and the other is not.
        ("好{% if location and not since %}{{ 1 / 0 }}{% endif %}", vec!["template-fails"]),
        ("{{ location(1) }}{{ since }}好", vec!["template-fails"]),
        ("{% if since %}{{ location }}{% endif %}", vec!["template-fails"]),
        ("{{ location }}{{ since }}{{ range(9) }}", vec!["unknown-placeholder s.yaml:6:31 nothing fills `range`"]),
    ] {
        let found = findings(reply);
        assert_eq!(found.len(), expect.len(), "{reply}: {found:?}");
        assert!(found.iter().zip(&expect).all(|(found, expect)| found.starts_with(expect)), "{reply}: {found:?}");
    }
}

#[test]
fn the_place_is_found_however_the_reply_is_written() {
    for (yaml, place) in [
        ("reply: 在{{ locaton }}\n", "s.yaml:1:12"),
        ("reply: '在{{ locaton }}'\n", "s.yaml:1:13"),
        ("reply: |-\n  locaton\n  在{{ locaton }}\n", "s.yaml:3:7"),
        ("reply: |\n  好\n  在{{ hotline }}\n\n  在{{ locaton }}{{ hotline }}\n", "s.yaml:5:7"),
        // Folded or written with escapes: the reply as a whole.
        ("reply: >\n  好\n  在{{ locaton }}\n", "s.yaml:2:3"),
        ("reply: \"\\u5728{{ locaton }}\"\n", "s.yaml:1:8"),
    ] {
        let mut diagnostics = Vec::new();
        let document = Document::parse("s.yaml", yaml, &mut diagnostics).unwrap();
        let steps = [Step::Key("reply")];
        let source = document.node(&steps).and_then(|node| node.text()).unwrap();
        assert!(Template::compile(source, &[], &document, &steps, &mut diagnostics).is_none());
        assert_eq!(diagnostics.iter().map(Diagnostic::location).collect::<Vec<_>>(), [place], "{yaml}");
    }
}

#[test]
fn slots_have_names_that_a_template_can_use() {
    for (name, expect) in [
        ("place_2", None),
        ("department", Some("duplicate-id")),
        ("a-b", Some("invalid-id")),
        ("位置", Some("invalid-id")),
        ("", Some("invalid-id")),
        ("2a", Some("invalid-id")),
    ] {
        let found = compile_with("好", &[SlotUse { name, otherwise: "" }]).1;
        let error = found.iter().find(|d| d.is_error()).map(|d| d.code.name());
        assert_eq!(error, expect, "{name}");
    }
}

#[test]
fn what_does_not_end_is_stopped() {
    let doubled = "{% set a = a ~ a %}".repeat(40);
    let nested = format!("{}x{}", "{% for i in [1,2,3,4,5,6,7,8,9] %}".repeat(12), "{% endfor %}".repeat(12));
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(900), ")".repeat(900));
    let ifs = format!("{}x{}", "{% if hotline %}".repeat(80), "{% endif %}".repeat(80));
    for reply in [
        "{{ 'x' * 10**9 }}",
        "{{ 'x' * 10000000000000000000 }}",
        "{{ 'x' * 99999999 }}",
        "{{ ('x' * 99999999) ~ location }}",
        "{% if 'x' * 99999999 == 'x' * 99999998 %}a{% endif %}好",
        "{{ [1] * 99999999 }}",
        "{% for i in [1] * 99999999 %}{% endfor %}好",
        "{% for i in 'x' * 99999999 %}{% endfor %}好",
        "{% for a in [[1] * 9999] * 9999 %}{% for b in a %}{% endfor %}{% endfor %}好",
        "{% for i in range(10**9) %}x{% endfor %}",
        &format!("{{% set a = 'xxxxxxxxxxxxxxxx' %}}{doubled}好"),
        &format!("{{% set a = [1, 2] %}}{}{{{{ a }}}}", "{% set a = a + a %}".repeat(40)),
        &nested,
        &deep,
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{% set x %}{{ 'y' * 9999999 }}{% endset %}好",
        "{% with a = 'x' * 99999999 %}好{% endwith %}",
        &"{{since}}".repeat(220),
        "{{ '{%' }}{% set a = 1 %}好",
        "{{ '}}' * 99 }}",
        "{%- for i in 'a' -%}{%- endfor -%}好",
        "{%\n+set a = [1] %}好",
        &"好".repeat(2_001),
        &ifs,
    ] {
        let begin = Instant::now();
        let found = findings(reply);
        let shown: String = reply.chars().take(60).collect();
        assert!(begin.elapsed() < Duration::from_secs(1), "{shown}: {:?}", begin.elapsed());
        let refused = |finding: &String| finding.starts_with("template-") || finding.starts_with("unknown-placeholder");
        assert!(found.iter().any(refused), "{shown}: {found:?}");
    }
}

#[test]
fn findings_read_well() {
    let shown = |reply: &str, lang| {
        compile_with(reply, SLOTS).1.iter().map(|d| render_plain(d, lang)).collect::<Vec<_>>().join("\n\n")
    };
    insta::assert_snapshot!(shown("您好，\n{% if location %}在{{ location }", Lang::Zh), @r"
    错误[J040]: 答复模板有误：unexpected `}`, expected end of variable block
     --> s.yaml:7:33
      |
    7 |   {% if location %}在{{ location }
      |                                  ^
      |
      = 说明: 每个 {{ 要有 }}，每个 {% if 名字 %} 要有 {% endif %}
    ");
    insta::assert_snapshot!(shown("您好，在{{ locaton }}，\n{{ 时间 }}答复", Lang::Zh), @r"
    错误[J041]: 没有“时间”可填
     --> s.yaml:7:6
      |
    7 |   {{ 时间 }}答复
      |      ^^^^
      |
      = 说明: 这里可用的：location, since, department, unit, deadline, district, scenario, hotline
    ");
    insta::assert_snapshot!(shown("您好，在{{ locaton }}，\n{{ street }}答复", Lang::Zh), @r"
    错误[J041]: 没有“locaton”可填
     --> s.yaml:6:10
      |
    6 |   您好，在{{ locaton }}，
      |              ^^^^^^^ 是否想写“location”？

    错误[J041]: 没有“street”可填
     --> s.yaml:7:6
      |
    7 |   {{ street }}答复
      |      ^^^^^^
      |
      = 说明: 这里可用的：location, since, department, unit, deadline, district, scenario, hotline
    ");
    insta::assert_snapshot!(shown("您好，在{{ locaton }}，\n{{ street }}答复", Lang::En), @r"
    error[J041]: nothing fills `locaton`
     --> s.yaml:6:10
      |
    6 |   您好，在{{ locaton }}，
      |              ^^^^^^^ did you mean `location`?

    error[J041]: nothing fills `street`
     --> s.yaml:7:6
      |
    7 |   {{ street }}答复
      |      ^^^^^^
      |
      = note: what may stand here: location, since, department, unit, deadline, district, scenario, hotline
    ");
    insta::assert_snapshot!(shown("您好，{{ since }}", Lang::Zh), @r"
    警告[J042]: 要素槽“location”写了 else，答复里却没有用它
     --> s.yaml:3:3
      |
    3 |   location: {ask: 在哪里？}
      |   ^^^^^^^^
    ");
    insta::assert_snapshot!(shown("{{ location }}{{ since }}{{ '好' * 99999 }}", Lang::Zh), @r"
    错误[J040]: 答复里不能有 *
     --> s.yaml:6:35
      |
    6 |   {{ location }}{{ since }}{{ '好' * 99999 }}
      |                                    ^
    ");
    insta::assert_snapshot!(shown("{% for i in since %}好{% endfor %}", Lang::En), @r"
    error[J040]: in a reply, {% %} holds if, elif, else or endif, not `for`
     --> s.yaml:6:6
      |
    6 |   {% for i in since %}好{% endfor %}
      |      ^^^
    ");
    insta::assert_snapshot!(shown("{{ location }}{% if since %}好{{ since | upcase }}{% endif %}", Lang::En), @r"
    error[J043]: the reply cannot be filled: filter upcase is unknown
     --> s.yaml:6:43
      |
    6 |   {{ location }}{% if since %}好{{ since | upcase }}{% endif %}
      |                                            ^^^^^^
    ");
    insta::assert_snapshot!(shown("{% if location %}您好{{ since }}{% endif %}", Lang::Zh), @r"
    错误[J043]: 要素不全时答复是空的
     --> s.yaml:6:3
      |
    6 |   {% if location %}您好{{ since }}{% endif %}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    insta::assert_snapshot!(shown(&format!("好{{{{ location }}}}{}", "{{since}}".repeat(200)), Lang::Zh), @r"
    错误[J043]: 填好的答复超过 2000 字
     --> s.yaml:6:3
      |
    6 |   好{{ location }}{{since}}{{since}}{{since}}{{sinc…
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

proptest! {
    #[test]
    fn any_template_is_refused_or_filled(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{{", "}}", "{%", "%}", "{#", "#}", "location", "since", " if ", " else ", " endif ", " for i in ", " endfor ", " set a = ",
                "'x'", "1", "*", "**", "~", "|", "default", "(", ")", "[", "]", ".", "好", "\n", " ", "-", "raw", "endraw", "hotline", "\"",
            ]), 0..24),
    ) {
        let source = pieces.concat();
        let mut diagnostics = Vec::new();
        let document = Document::parse("s.yaml", "reply: x\n", &mut diagnostics).unwrap();
        let compiled = Template::compile(&source, SLOTS, &document, &[Step::Key("reply")], &mut diagnostics);
        prop_assert_eq!(compiled.is_none(), diagnostics.iter().any(Diagnostic::is_error));
        for diagnostic in &diagnostics {
            render_plain(diagnostic, Lang::Zh);
        }
        if let Some(template) = compiled {
            let rendered = template.render(&[("location", "东门"), ("hotline", "12345")].into_iter().collect());
            prop_assert!(!rendered.text.is_empty());
            prop_assert_eq!(rendered.missing, vec!["since".to_owned()]);
        }
    }
}

#[test]
fn templates_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Template>();
}
