#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::made_up;
use super::*;

/// The page without colours.
fn shown(run: &Run, lang: Lang) -> String {
    let page = plain(&Figures::of(run), run, lang);
    anstream::adapter::strip_str(&page).to_string()
}

#[test]
fn the_page_in_chinese() {
    insta::assert_snapshot!(shown(&made_up::run(400), Lang::Zh));
}

#[test]
fn the_page_in_english() {
    insta::assert_snapshot!(shown(&made_up::run(400), Lang::En));
}

#[test]
fn a_run_of_nothing_has_a_page_too() {
    for lang in [Lang::Zh, Lang::En] {
        let page = shown(&Run { targets: vec![0.95], ..Run::default() }, lang);
        assert!(page.contains('—') && !page.contains("NaN"), "{page}");
    }
}

#[test]
fn no_text_of_a_complaint_can_write_into_the_terminal() {
    let run = made_up::run(400);
    assert!(run.judged.iter().any(|query| query.text.contains('\u{1b}')));
    let page = plain(&Figures::of(&run), &run, Lang::Zh);
    assert!(!page.contains("\u{1b}[31m\n") && !page.contains('\u{202E}'));
    assert!(!anstream::adapter::strip_str(&page).to_string().contains('\u{1b}'));
}

#[test]
fn bars_show_both_numbers() {
    for (confidence, accuracy, expected) in [
        (0.5, 0.25, "██████████          │                    "),
        (0.25, 0.5, "██████████│█████████                     "),
        (1.0, 1.0, "████████████████████████████████████████│"),
        (0.0, 0.0, "│                                        "),
    ] {
        assert_eq!(bar(&ReliabilityBin { confidence, accuracy, n: 1 }), expected);
    }
}
