//! Damaged texts on whole scenarios: what approximate hits may do, and what they may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;

use jiesu::report::noise::corrupt;
use jiesu::rules::{Compiled, Scenario, ScenarioMatch, Vocabulary};
use jiesu::source::{Document, Lang, render_plain};
use jiesu::text::{Segmenter, Text};
use proptest::prelude::*;

const TERMS: &str = "管: [自来水管, 供水管道]\n";

fn compiled(whens: &[&str]) -> Compiled {
    let mut diagnostics = Vec::new();
    let terms = Document::parse("rules/terms/a.yaml", TERMS, &mut diagnostics).unwrap();
    let vocabulary = Vocabulary::read(&[&terms], &[], &mut diagnostics);
    let mut scenarios = Vec::new();
    for (index, when) in whens.iter().enumerate() {
        let yaml = format!("id: a/s{index}\ntitle: t\ncategory: c\nwhen: {when}\nhints: [下午三点半]\nreply: r\n");
        let document = Document::parse(&format!("rules/scenarios/a/{index}.yaml"), &yaml, &mut diagnostics).unwrap();
        scenarios.extend(Scenario::read(&document, &mut diagnostics).map(Arc::new));
    }
    let compiled = Compiled::new(scenarios, &vocabulary, &Segmenter::new([]), None, &mut diagnostics);
    let shown: Vec<String> = diagnostics.iter().map(|d| render_plain(d, Lang::En)).collect();
    compiled.unwrap_or_else(|| panic!("{}", shown.join("\n")))
}

/// What the one scenario rests on: `=` exact, `~` approximate. `None` where it does not fire.
fn evidence(when: &str, body: &str) -> Option<String> {
    let compiled = compiled(&[when]);
    let text = Text::new(None, body);
    let found: Vec<ScenarioMatch> = compiled.fuzzy_matches(&text);
    let shown = |found: &ScenarioMatch| {
        let hits = found
            .evidence
            .iter()
            .map(|hit| format!("{}{}", if hit.fuzzy { '~' } else { '=' }, text.slice(hit.start..hit.end)));
        hits.collect::<Vec<_>>().join(" ")
    };
    found.first().map(shown)
}

#[test]
fn what_approximate_hits_do() {
    for (when, body, expect) in [
        // Alone, in a list, with exact hits, in `near`.
        ("{any: [水管爆裂]}", "家里水管暴裂了", Some("~水管暴裂")),
        ("{any: [[$管, 漏水]]}", "门口自来睡管漏水", Some("~自来睡管 =漏水")),
        ("{any: [[$管, 漏水]]}", "门口自来睡管。漏水", None),
        ("{any: [{near: [$管, 漏水], within: 2}]}", "自来睡管在漏水", Some("~自来睡管 =漏水")),
        ("{any: [{near: [$管, 漏水], within: 1}]}", "自来睡管一直在漏水", None),
        ("{all: [$管], in: clause}", "自来睡管坏了", Some("~自来睡管")),
        // Short terms stay exact.
        ("{any: [[$管, 漏水]]}", "自来睡管漏谁", None),
        // What matches as it stands is not for this to say.
        ("{any: [水管爆裂]}", "水管爆裂", None),
        ("{any: [[$管, 漏水]]}", "自来水管漏水，自来睡管", None),
        // What is denied stays denied, unless the editor asked.
        ("{any: [水管爆裂]}", "家里没有水管暴裂", None),
        ("{any: [{term: 水管爆裂, even_negated: true}]}", "家里没有水管暴裂", Some("~水管暴裂")),
        // Whole words and expressions want the very characters.
        ("{any: [{term: 水管爆裂, whole_word: true}]}", "家里水管暴裂了", None),
        ("{any: [{regex: '水管爆裂'}]}", "家里水管暴裂了", None),
        // Exact hits forbid, approximate ones do not.
        ("{any: [水管爆裂], none: [消防演习]}", "消防演习，水管暴裂", None),
        ("{any: [水管爆裂], none: [消防演习]}", "消防演席，水管暴裂", Some("~水管暴裂")),
        ("{any: [{any: [水管爆裂], none: [{all: [消防演习]}]}]}", "消防演席水管暴裂", Some("~水管暴裂")),
    ] {
        assert_eq!(evidence(when, body).as_deref(), expect, "{when} on {body}");
    }
}

#[test]
fn hints_count_when_damaged() {
    let compiled = compiled(&["{any: [水管爆裂]}"]);
    let found = compiled.fuzzy_matches(&Text::new(None, "下午三点呃半水管暴裂"));
    assert_eq!(found[0].hints.iter().map(|hint| hint.fuzzy).collect::<Vec<_>>(), [true]);
}

#[test]
fn exact_matches_are_what_they_were() {
    let compiled = compiled(&["{any: [水管爆裂]}", "{any: [停电], none: [水管爆裂]}"]);
    let text = Text::new(None, "停电了，水管暴裂");
    let found = compiled.matches(&text);
    assert_eq!(found.iter().map(|found| found.scenario).collect::<Vec<_>>(), [1]);
    assert!(found[0].evidence.iter().all(|hit| !hit.fuzzy));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Approximate matches rest on at least one approximate hit, never repeat an exact one, and keep within the text.
    #[test]
    fn approximate_matches_add_to_exact_ones(seed: u64, rate in 0.0..0.6_f64) {
        let compiled = compiled(&[
            "{any: [水管爆裂, 自来水管爆裂了]}",
            "{any: [[$管, 漏水], 一直没有人接]}",
            "{any: [拨打供水公司的电话], none: [消防演习]}",
            "{any: [{near: [$管, 昨天晚上], within: 3}]}",
        ]);
        let text = Text::new(None, &corrupt(
            "小区门口的自来水管昨天晚上爆裂了，供水管道漏水，拨打供水公司的电话一直没有人接，消防演习", rate, seed,
        ));
        let exact: Vec<usize> = compiled.matches(&text).iter().map(|found| found.scenario).collect();
        for found in compiled.fuzzy_matches(&text) {
            prop_assert!(!exact.contains(&found.scenario));
            prop_assert!(found.evidence.iter().any(|hit| hit.fuzzy), "{:?}", found);
            prop_assert!(found.evidence.iter().all(|hit| hit.start < hit.end && hit.end <= text.len()));
        }
    }
}
