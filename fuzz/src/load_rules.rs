//! Rules from their files to a match: YAML, conditions, vocabulary, compilation, matching.

use std::sync::{Arc, OnceLock};

use jiesu::decide::Prepared;
use jiesu::rules::{Compiled, Vocabulary};
use jiesu::source::Document;
use jiesu::text::{Segmenter, Text};

use crate::{Target, show, text};

/// A scenario, and after a line `%%` lists of terms, and after another one conditions.
pub const LOAD_RULES: Target = Target {
    name: "load_rules",
    run,
    seeds: &[
        "id: a/b\ntitle: 漏水\ncategory: 供水/管网\nkind: 求助\npriority: urgent\nwhen:\n  any:\n    - 水管爆裂\n    - [$水管, $坏]\n    - {near: [水管, {any: [喷, 漏水]}], within: 4}\n    - {regex: '(爆|裂)了?管'}\n    - {all: [夜间, $夜里], in: clause, none: [暖气]}\n  none: [$暖气]\nhints: [晚上, $坏]\ndeadline: 24 hours\nslots:\n  location: {fact: address, ask: 在哪里？, required: true, else: 那里}\n  since: {fact: date, ask: 何时？}\nsteps: [一, 二]\nreply: |\n  {{ location }}已转{{ department }}{% if since %}，{{ since }}{% endif %}。\nexamples: {match: [水管爆裂], no_match: [停电]}\n%%\n水管: [水管, 自来水]\n坏: [漏水, 坏了, $水管]\n暖气: [暖气]\n%%\n夜里: {any: [夜里, [晚, 上]]}\n",
        "id: a/b\ntitle: t\ncategory: c\nwhen: {at_least: 2, of: [水管, 漏, 路, {term: 停电, whole_word: true, even_negated: true}], in: text}\nreply: 好\n",
        "id: a/b\ntitle: t\ncategory: c\nwhen: {all: [{fact: phone}, {fact: amount}, {regex: '[a-z]{2,9}\\d+'}], in: title}\nreply: 好\n",
        "id: a/b\ntitle: t\ncategory: c\nwhen: {any: [[[[[[水]]]]], {any: [{any: [{all: [水]}]}]}]}\nreply: 好\n%%\na: [$b]\nb: [$a]\n",
        "id: \"a/b\"\ntitle: 't''t'\ncategory: >-\n  a\n  b\nwhen: {any: [~, no, 1.10, \"\\u6c34\\t\", '$']}\nreply: |2-\n    a\n",
    ],
    words: &[
        "any:",
        "all:",
        "none:",
        "near:",
        "within: 3",
        "at_least: 2",
        "of:",
        "in: clause",
        "in: text",
        "in: title",
        "regex: ",
        "fact: date",
        "term: ",
        "whole_word: true",
        "even_negated: true",
        "$水管",
        "$夜里",
        "[",
        "]",
        "{",
        "}",
        "- ",
        "\n  ",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "---\n",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "#",
        ": ",
        "水管",
        "没有",
        "%%\n",
        "(?i)",
        "(a|水)*",
        "[^水]",
        "\\d{1,100}",
        "{{ x }}",
        "{% if ",
        "\u{feff}",
        "\u{200b}",
        "\t",
        "\r\n",
        "slots:",
        "hints:",
        "examples:",
        "deadline: 3 working days",
        "𠮷",
        "①",
    ],
};

fn run(data: &[u8]) {
    let input = text(data);
    let mut parts = input.split("%%\n");
    let mut diagnostics = Vec::new();
    let mut read = |path: &str| Document::parse(path, parts.next().unwrap_or_default(), &mut diagnostics);
    let (scenario, terms, conditions) = (read("s.yaml"), read("t.yaml"), read("c.yaml"));
    let terms: Vec<&Document> = terms.iter().collect();
    let conditions: Vec<&Document> = conditions.iter().collect();
    let vocabulary = Vocabulary::read(&terms, &conditions, &mut diagnostics);
    let prepared = scenario.and_then(|scenario| Prepared::read(&scenario, &mut diagnostics));
    if let Some(prepared) = prepared {
        let segmenter = segmenter();
        let scenarios = vec![Arc::clone(&prepared.scenario)];
        let compiled = Compiled::new(scenarios, &vocabulary, segmenter, None, &mut diagnostics);
        if let Some(compiled) = compiled {
            matched(&compiled);
            // Expressions that are taken over match what they matched before.
            let again =
                Compiled::new(compiled.scenarios().to_vec(), &vocabulary, segmenter, Some(&compiled), &mut diagnostics);
            let again = again.expect("what compiled once compiles again");
            assert_eq!(again.matches(sample()), compiled.matches(sample()));
        }
    }
    show(&diagnostics);
}

fn matched(compiled: &Compiled) {
    let text = sample();
    let found = compiled.matches(text);
    assert_eq!(found, compiled.matches(text));
    for hit in found.iter().flat_map(|found| found.evidence.iter().chain(&found.hints)) {
        assert!(hit.start < hit.end && hit.end <= text.len(), "{hit:?}");
        let leaf = compiled.leaf(hit.leaf);
        assert!(leaf.range.start <= leaf.source.text.len());
        assert!(!text.original_str(text.original(hit.start..hit.end)).is_empty());
    }
}

fn segmenter() -> &'static Segmenter {
    static SEGMENTER: OnceLock<Segmenter> = OnceLock::new();
    SEGMENTER.get_or_init(|| Segmenter::new(["停水"]))
}

/// One text with something of everything.
fn sample() -> &'static Text {
    static SAMPLE: OnceLock<Text> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let body = "昨天晚上人民路128号水管爆裂，自来水🚰漏了一地；没有停电。电话13800138000，损失3500元！是不是坏了？abc12，夜里喷水\n①号楼爆了管";
        Text::new(Some("水管漏水"), body)
    })
}
