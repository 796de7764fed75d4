//! The compiled matcher against a naive one that reads conditions as DESIGN states them, on random conditions and
//! texts: the same scenarios, with the same evidence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/naive.rs"]
mod naive;

use jiesu::text::Text;
use naive::{Bundle, CONDITIONS, TERMS, any_when, scenario};
use proptest::prelude::*;

fn check(bundle: &Bundle, title: &str, body: &str) {
    let text = Text::new((!title.is_empty()).then_some(title), body);
    assert_eq!(bundle.compiled(&text), bundle.naive(&text), "{title} / {body}");
}

/// Each condition against texts on which it must and must not hold.
#[test]
fn conditions_mean_what_the_guide_says() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("{any: [停电]}", &["家里停电了", "停電", "是不是停电", "停 电，停电"], &["没有停电", "供电", "停，电"]),
        ("{any: [[水管, 漏]]}", &["水管在漏", "漏的是水管"], &["水管。漏", "没有水管，漏", "水管\n漏"]),
        ("{any: [{all: [水管, 漏], in: clause}]}", &["水管漏"], &["水管，漏"]),
        ("{all: [水管, 漏]}", &["水管。漏"], &["水管"]),
        ("{any: [漏], none: [暖气]}", &["漏了"], &["漏了。暖气"]),
        ("{any: [{any: [漏], none: [暖气]}]}", &["漏了。暖气", "漏了"], &["暖气漏了"]),
        ("{any: [{near: [水管, 漏], within: 2}]}", &["水管在漏", "漏，水管"], &["水管一直在漏", "水管。漏"]),
        ("{any: [{near: [{any: [水管, 管道]}, 漏], within: 2}]}", &["管道在漏", "漏，水管"], &["管道一直在漏", "漏"]),
        ("{any: [{regex: '(爆|裂)了?管'}]}", &["爆管", "裂了管"], &["爆了水管"]),
        ("{any: [{fact: amount}]}", &["收了我三千五百元"], &["收了我的钱"]),
        ("{any: [{term: 漏水, even_negated: true}]}", &["没有漏水"], &["没有"]),
        ("{any: [{term: 公交, whole_word: true}]}", &["公交不来"], &["已办公交接"]),
        ("{any: [{at_least: 2, of: [臭, 吵, 脏]}]}", &["又臭又吵"], &["臭", "臭。吵"]),
        ("{any: [$水管], in: title}", &[], &["水管"]),
        ("{any: [$漏在夜间]}", &["夜里漏了", "晚上漏"], &["夜里，漏"]),
        ("{any: [ＷｉＦｉ]}", &["家里wifi坏了", "WIFI"], &["信号"]),
    ];
    for (when, holds, fails) in cases {
        let bundle = Bundle::new(TERMS, CONDITIONS, &[scenario(0, when)]);
        for (texts, expect) in [(holds, true), (fails, false)] {
            for body in *texts {
                let found = !bundle.compiled(&Text::new(None, body)).is_empty();
                assert_eq!(found, expect, "{when} on {body}");
                check(&bundle, "", body);
            }
        }
    }
    let in_title = Bundle::new(TERMS, CONDITIONS, &[scenario(0, "{any: [$水管], in: title}")]);
    assert_eq!(in_title.compiled(&Text::new(Some("水管"), "漏")).len(), 1);
}

#[test]
fn the_segmenter_marks_hits_that_it_contradicts() {
    let bundle = Bundle::new(TERMS, CONDITIONS, &[scenario(0, "{any: [公交]}")]);
    for (body, contradicted) in [("办公交接的事", true), ("公交车不来", false), ("坐公交上班", false)] {
        let found = bundle.compiled.matches(&Text::new(None, body));
        assert_eq!(found[0].evidence[0].contradicted, contradicted, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn compiled_and_naive_agree(
        whens in prop::collection::vec(any_when(), 1..6),
        title in "[漏水管停]{0,4}",
        body in "[漏水管停电没有不是晚上夜里了a1三元，。！\n]{0,40}",
    ) {
        let scenarios: Vec<String> = whens.iter().enumerate().map(|(index, when)| scenario(index, when)).collect();
        let bundle = Bundle::new(TERMS, CONDITIONS, &scenarios);
        let text = Text::new((!title.is_empty()).then_some(title.as_str()), &body);
        prop_assert_eq!(bundle.compiled(&text), bundle.naive(&text), "{:?} {} / {}", whens, title, body);
    }

    /// What is shown of a condition clause by clause is what the matcher made of it: the same verdict, the same evidence,
    /// and a share of 1 where it holds and nowhere else.
    #[test]
    fn traces_agree_with_the_matcher(
        whens in prop::collection::vec(any_when(), 1..6),
        title in "[漏水管停]{0,4}",
        body in "[漏水管停电没有不是晚上夜里了a1三元，。！\n]{0,40}",
    ) {
        let scenarios: Vec<String> = whens.iter().enumerate().map(|(index, when)| scenario(index, when)).collect();
        let bundle = Bundle::new(TERMS, CONDITIONS, &scenarios);
        let text = Text::new((!title.is_empty()).then_some(title.as_str()), &body);
        let mut tracer = bundle.compiled.tracer(&text, false);
        let matches = bundle.compiled.matches(&text);
        for (index, when) in whens.iter().enumerate() {
            let trace = tracer.trace(index);
            let found = matches.iter().find(|found| found.scenario == index);
            prop_assert_eq!(trace.held, found.is_some(), "{} on {} / {}", when, title, body);
            prop_assert_eq!(trace.held, trace.share == 1.0, "{} on {} / {}: {}", when, title, body, trace.share);
            if let Some(found) = found {
                let evidence: Vec<_> = found.evidence.iter().map(|hit| (hit.start..hit.end, hit.leaf)).collect();
                prop_assert_eq!(trace.evidence(), evidence, "{} on {} / {}", when, title, body);
            }
        }
        // What is nearly there is not there.
        for (index, share) in tracer.nearest(9, 0.5) {
            prop_assert!(!matches.iter().any(|found| found.scenario == index) && (0.5..1.0).contains(&share));
        }
    }
}
