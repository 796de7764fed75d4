//! Scenarios in each other's way: what is proved has no counter-example, what is made up fires both, what is counted is
//! what a naive count gives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/naive.rs"]
mod naive;
#[path = "support/town.rs"]
mod town;

use std::collections::BTreeMap;

use folder::Folder;
use jiesu::bundle::{Cache, Loader, Snapshot};
use jiesu::report::collisions::{Maker, collisions, implies};
use jiesu::text::Text;
use naive::{Bundle, CONDITIONS, Naive, TERMS, any_when, scenario};
use proptest::prelude::*;

fn rules(whens: &[&str]) -> Bundle {
    let scenarios: Vec<String> = whens.iter().enumerate().map(|(index, when)| scenario(index, when)).collect();
    Bundle::new(TERMS, CONDITIONS, &scenarios)
}

fn proved(bundle: &Bundle, one: usize, other: usize) -> bool {
    let scenarios = bundle.compiled.scenarios();
    implies(&scenarios[one].when, &scenarios[other].when, &bundle.vocabulary)
}

/// Each: two conditions, and whether the first is proved to imply the second.
#[test]
fn what_can_be_proved() {
    for (one, other, expect) in [
        ("{any: [漏水]}", "{any: [漏水]}", true),
        ("{any: [漏水]}", "{any: [漏水, 停电]}", true),
        ("{any: [漏水, 停电]}", "{any: [漏水]}", false),
        ("{all: [漏水, 停电]}", "{any: [漏水]}", true),
        ("{all: [漏水, 停电, 爆]}", "{all: [停电, 漏水]}", true),
        ("{all: [漏水]}", "{all: [停电, 漏水]}", false),
        // Lists by what is in them.
        ("{any: [$水管]}", "{any: [$都]}", true),
        ("{any: [$都]}", "{any: [$水管]}", false),
        ("{any: [自来水]}", "{any: [$水管]}", true),
        // A term has those inside it, but for what may deny them.
        ("{any: [家里水管]}", "{any: [水管]}", true),
        ("{any: [不漏水]}", "{any: [漏水]}", false),
        ("{any: [不漏水]}", "{any: [{term: 漏水, even_negated: true}]}", true),
        ("{any: [漏水]}", "{any: [{term: 漏水, whole_word: true}]}", false),
        ("{any: [{term: 漏水, whole_word: true}]}", "{any: [漏水]}", true),
        ("{any: [{term: 漏水, even_negated: true}]}", "{any: [漏水]}", false),
        // A narrower scope implies a wider one.
        ("{any: [{all: [水管, 漏], in: clause}]}", "{any: [[水管, 漏]]}", true),
        ("{any: [[水管, 漏]]}", "{any: [{all: [水管, 漏], in: clause}]}", false),
        ("{any: [[水管, 漏]]}", "{all: [水管, 漏]}", true),
        ("{all: [水管, 漏]}", "{any: [[水管, 漏]]}", false),
        ("{any: [{any: [水管], in: title}]}", "{any: [水管]}", true),
        // Nearness.
        ("{any: [{near: [水管, 漏], within: 2}]}", "{any: [{near: [漏, 水管], within: 5}]}", true),
        ("{any: [{near: [水管, 漏], within: 5}]}", "{any: [{near: [水管, 漏], within: 2}]}", false),
        ("{any: [{near: [水管, 漏], within: 5}]}", "{any: [[漏, $水管]]}", true),
        ("{any: [{near: [水管, 漏, 爆], within: 5}]}", "{any: [{near: [水管, 漏], within: 5}]}", false),
        ("{any: [{near: [水管, 漏], within: 5}]}", "{any: [{near: [$都, {any: [漏, 爆]}], within: 5}]}", true),
        // What forbids.
        ("{any: [漏], none: [暖气]}", "{any: [漏]}", true),
        ("{any: [漏]}", "{any: [漏], none: [暖气]}", false),
        ("{any: [漏], none: [暖气, 停电]}", "{any: [漏], none: [停电]}", true),
        ("{any: [漏], none: [暖气]}", "{any: [漏], none: [暖气片]}", true),
        ("{any: [漏], none: [暖气片]}", "{any: [漏], none: [暖气]}", false),
        ("{any: [漏], none: [{term: 暖气, even_negated: true}]}", "{any: [漏], none: [旧暖气片]}", true),
        ("{any: [{any: [漏], none: [暖气]}]}", "{any: [漏], none: [暖气]}", false),
        // Some of several.
        ("{any: [{at_least: 2, of: [漏, 爆, 停电]}]}", "{any: [漏, 爆, 停电]}", true),
        ("{any: [{at_least: 3, of: [漏, 爆, 停电]}]}", "{any: [{at_least: 2, of: [漏, 爆, 停电]}]}", true),
        ("{any: [{at_least: 2, of: [漏, 爆, 停电]}]}", "{any: [{at_least: 3, of: [漏, 爆, 停电]}]}", false),
        ("{any: [[漏, 爆]]}", "{any: [{at_least: 2, of: [漏, 爆, 停电]}]}", true),
        // Named conditions.
        ("{any: [$漏在夜间]}", "{any: [$夜间]}", true),
        ("{any: [$夜间]}", "{any: [$漏在夜间]}", false),
        ("{any: [{fact: amount}]}", "{any: [{fact: amount}, 漏]}", true),
        ("{any: [{regex: '(漏|爆)水'}]}", "{any: [{regex: '(漏|爆)水'}]}", true),
    ] {
        let bundle = rules(&[one, other]);
        assert_eq!(proved(&bundle, 0, 1), expect, "{one} ⟹ {other}");
    }
}

/// A condition, and one that is made from it by a step that often keeps it implied, or undoes that.
fn pairs() -> impl Strategy<Value = (String, String)> {
    (any_when(), any_when(), 0..6).prop_map(|(one, other, how)| {
        let inside = |when: &str| when.trim_start_matches('{').trim_end_matches('}').to_owned();
        match how {
            0 => (one, other),
            1 => (format!("{{all: [{one}, {other}]}}"), one),
            2 => (one.clone(), format!("{{any: [{one}, {other}]}}")),
            3 => (
                format!("{{any: [{{{}, in: clause}}]}}", inside(&one)),
                format!("{{any: [{{{}, in: sentence}}]}}", inside(&one)),
            ),
            4 => (format!("{{any: [{one}], none: [{other}, 停]}}"), format!("{{any: [{one}], none: [{other}]}}")),
            _ => (
                format!("{{any: [{{at_least: 2, of: [{one}, {other}, 漏]}}]}}"),
                format!("{{any: [{other}, 漏, {one}]}}"),
            ),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proved_has_no_counter_example(
        (one, other) in pairs(),
        texts in prop::collection::vec(("[漏水管停]{0,4}", "[漏水管停电没有不是晚上夜里了a1三元，。！\n]{0,40}"), 12),
    ) {
        let bundle = rules(&[&one, &other]);
        if !proved(&bundle, 0, 1) {
            return Ok(());
        }
        let scenarios = bundle.compiled.scenarios();
        for (title, body) in &texts {
            let text = Text::new((!title.is_empty()).then_some(title.as_str()), body);
            let naive = Naive::new(&bundle.vocabulary, &text);
            let holds = |at: usize| naive.evidence(&scenarios[at].when, &(0..text.len())).is_some();
            prop_assert!(!holds(0) || holds(1), "{} ⟹ {} fails on {} / {}", one, other, title, body);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_sentence_that_is_made_fires_both(one in any_when(), other in any_when()) {
        let bundle = rules(&[&one, &other]);
        let maker = Maker::new(&bundle.compiled, &bundle.vocabulary);
        if let Some(sentence) = maker.sentence(0, 1) {
            let text = Text::new(None, &sentence);
            prop_assert_eq!(bundle.naive(&text).len(), 2, "{} {} {}", one, other, sentence);
            // No character can go.
            for at in 0..sentence.chars().count() {
                let shorter: String = sentence.chars().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| c).collect();
                prop_assert!(bundle.naive(&Text::new(None, &shorter)).len() < 2, "{} is shorter than {}", shorter, sentence);
            }
        }
    }
}

#[test]
fn sentences_are_short() {
    for (one, other, expect) in [
        ("{any: [水管漏]}", "{any: [漏水]}", Some("水管漏水")),
        ("{any: [[水管, 漏]]}", "{all: [停电, 漏]}", Some("水管漏停电")),
        ("{any: [漏]}", "{any: [爆], none: [漏]}", None),
        ("{any: [$水管]}", "{any: [{regex: '(爆|裂)了?管'}]}", Some("爆管")),
        ("{any: [{at_least: 2, of: [漏, 爆]}]}", "{any: [漏爆]}", Some("漏爆")),
    ] {
        let bundle = rules(&[one, other]);
        let made = Maker::new(&bundle.compiled, &bundle.vocabulary).sentence(0, 1);
        assert_eq!(made.as_deref(), expect, "{one} {other}");
    }
}

#[test]
fn pairs_are_counted_and_shown_by_the_shortest_text() {
    let folder = Folder::with(town::FILES);
    let now = "2026-06-01T10:00:00+08:00[Asia/Shanghai]".parse::<jiff::Zoned>().unwrap();
    let bundle =
        Loader::new(Cache::none()).load(Snapshot::read(folder.path()).unwrap(), now.datetime()).bundle.unwrap();
    let cases = town::cases();
    let found = collisions(&bundle, &cases, &now, 100, &|_| {});
    // By hand: every pair of scenarios on every text, by the department of the category.
    let mut naive: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let rules = bundle.engine.rules();
    for case in &cases {
        let ids: Vec<usize> = rules.matches(&Text::new(None, &case.text)).iter().map(|found| found.scenario).collect();
        let lead = |at: usize| {
            let own = &rules.scenarios()[at];
            bundle.engine.catalog().responsible(&own.id, Some(&own.category), None, now.date()).unwrap().lead.clone()
        };
        for one in &ids {
            for other in ids.iter().filter(|other| *other > one && lead(*one) != lead(**other)) {
                let key = (rules.scenarios()[*one].id.clone(), rules.scenarios()[*other].id.clone());
                let length = case.text.chars().count();
                let entry = naive.entry(key).or_insert((0, length));
                *entry = (entry.0 + 1, entry.1.min(length));
            }
        }
    }
    assert!(!naive.is_empty());
    assert_eq!(found.pairs.len(), naive.len());
    for pair in &found.pairs {
        let (count, shortest) = naive[&(pair.one.clone(), pair.other.clone())];
        assert_eq!((pair.count, pair.witness.length), (count, shortest), "{pair:?}");
        assert_eq!(pair.one_leads + pair.other_leads + pair.third_leads, pair.count);
    }
    // The night is a special case of any noise, and both go to the police.
    let night = found.implications.iter().find(|own| own.scenario == "noise/night").unwrap();
    assert_eq!((night.implies.as_str(), night.both_ways, night.never_leads), ("noise/any", false, false));
    for made in &found.made {
        let ids: Vec<&str> = rules
            .matches(&Text::new(None, &made.sentence))
            .iter()
            .map(|found| rules.scenarios()[found.scenario].id.as_str())
            .collect();
        assert!(ids.contains(&made.one.as_str()) && ids.contains(&made.other.as_str()), "{made:?}");
    }
}

#[test]
fn the_command_lists_collisions() {
    let folder = Folder::empty();
    for (path, text) in town::FILES {
        folder.write(&format!("bundle/{path}"), text);
    }
    folder.write("corpus.jsonl", town::corpus());
    let corpus = folder.shown("corpus.jsonl");
    folder.run(&["collisions", "--cases", &corpus]).go().ends(0, &["noise/night", "never fires without"]);
    let json = folder.run(&["collisions", "--cases", &corpus, "--limit", "1", "--json"]).go().ends(0, &[]).json();
    assert_eq!(json["pairs"].as_array().unwrap().len(), 1);
    assert!(json["found"].as_u64().unwrap() > 1);
    folder.run(&["collisions"]).go().ends(2, &["--cases"]);
}
