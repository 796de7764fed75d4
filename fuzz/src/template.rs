//! Reply templates: compiled, and filled with whatever citizens say.

use jiesu::reply::{SlotUse, Template, Values};
use jiesu::source::{Document, Step};

use crate::{Target, show, text};

/// A value, and after a line break the template.
pub const TEMPLATE: Target = Target {
    name: "template",
    run,
    seeds: &[
        "人民路\n您反映的{{ location }}问题已转{{ department }}，{{ deadline }}前答复。",
        "x\n{% if since and not phone %}自{{ since }}起{% elif location == '人民路' %}在{{ location|upper }}{% else %}无{% endif %}好",
        "{{ location }}\n{{ location|default('那里') }}{# 说明 #}{{ 'a' ~ unit }}{{ -1 + 2 }}{{ location[0:2] }}好",
        "y\n{%- if location is defined -%}\n好\n{%- endif -%}{{ hotline|length }}",
        "z\n{{ [location, 1, {'a': 2}]|join('、') }}{{ location in ['a'] }}{{ 1 if since else 2 }}好",
    ],
    words: &[
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{%-",
        "-%}",
        " if ",
        " elif ",
        " else ",
        " endif ",
        " for i in range(9) ",
        " endfor ",
        " set a = ",
        " macro m() ",
        " include 'x' ",
        " raw ",
        "location",
        "since",
        "phone",
        "department",
        "unit",
        "deadline",
        "district",
        "scenario",
        "hotline",
        "|",
        "|default('x')",
        "|upper",
        "|length",
        "|join",
        "|replace('a','bb')",
        "|center(99)",
        "|indent(9)",
        "|tojson",
        "|batch(2)",
        "|safe",
        "|e",
        " ~ ",
        " * ",
        " ** ",
        " // ",
        " + ",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "'",
        "\"",
        ".",
        "..",
        "[0:9]",
        " is defined",
        " not ",
        " and ",
        " in ",
        "99999999999",
        "1e308",
        "-",
        "loop",
        "self",
        "super()",
        "caller()",
        "range(99999999)",
        "水",
        "\u{0}",
        "\n",
    ],
};

const SLOTS: [SlotUse<'static>; 3] = [
    SlotUse { name: "location", otherwise: "您所说地点" },
    SlotUse { name: "since", otherwise: "" },
    SlotUse { name: "phone", otherwise: "{{ x }}" },
];

/// Characters of a value: what one complaint can fill a slot with.
const MAX_VALUE: usize = 2_000;

fn run(data: &[u8]) {
    let input = text(data);
    let (value, source) = input.split_once('\n').unwrap_or(("", &input));
    let value: String = value.chars().take(MAX_VALUE).collect();
    let mut diagnostics = Vec::new();
    // Written in one line with escapes, and as an editor does, so that findings are put in both kinds of place.
    let quoted = format!("slots: {{location: 1, since: 2, phone: 3}}\nreply: {}\n", serde_json::Value::from(source));
    let block = format!("slots: {{location: 1, since: 2, phone: 3}}\nreply: |\n  {}\n", source.replace('\n', "\n  "));
    for yaml in [quoted, block] {
        let Some(document) = Document::parse("s.yaml", &yaml, &mut diagnostics) else { continue };
        let steps = [Step::Key("reply")];
        let Some(source) = document.node(&steps).and_then(|node| node.text()).map(str::to_owned) else { continue };
        let template = Template::compile(&source, &SLOTS, &document, &steps, &mut diagnostics);
        if let Some(template) = template {
            filled(&template, &value, source.len());
        }
    }
    show(&diagnostics);
}

fn filled(template: &Template, value: &str, length: usize) {
    let names = ["location", "since", "phone", "department", "unit", "deadline", "district", "scenario", "hotline"];
    for count in 0..=names.len() {
        let values: Values<'_> = names[..count].iter().map(|name| (*name, value)).collect();
        let rendered = template.render(&values);
        // Without loops and multiplication a template says each value as often as it is written, or once more where a
        // filter puts it between the characters of another.
        let most = (length + 1) * (value.len() + 1) * 8 + 10_000;
        assert!(rendered.text.len() <= most, "{} bytes of {length}", rendered.text.len());
        assert_eq!(rendered, template.render(&values));
    }
}
