//! Results of tests as people read them in a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::cli::explain::lacking;
use crate::decide::explain::because_in_words;
use crate::report::testing::{Count, Coverage, Failure, Kind, Tested, UnreachedKind};
use crate::say;
use crate::source::{Diagnostic, Lang, Message, render};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

/// What is wrong with test files, every test that failed with its trace, and how many there were.
pub(super) fn tested(findings: &[Diagnostic], tested: &[Tested], lang: Lang) -> String {
    let mut out = String::new();
    for finding in findings {
        let _ = writeln!(out, "{}\n", render(finding, lang));
    }
    for test in tested.iter().filter(|test| !test.failures.is_empty()) {
        let (file, line, name) = (&test.case.file, test.case.line, &test.case.name);
        let kind = kind(test.case.kind);
        let failed = say!("失败", "FAILED");
        let _ = writeln!(
            out,
            "{RED}{}{RED:#} {} {BOLD}{name}{BOLD:#}  {FAINT}{file}:{line}{FAINT:#}",
            failed.in_lang(lang),
            kind.in_lang(lang)
        );
        test.failures.iter().for_each(|failure| out.push_str(&self::failure(failure, lang)));
    }
    let failed = tested.iter().filter(|test| !test.failures.is_empty()).count();
    let of_kind = |kind: Kind| tested.iter().filter(|test| test.case.kind == kind).count();
    let (examples, tests) = (of_kind(Kind::Match) + of_kind(Kind::NoMatch), of_kind(Kind::Test));
    let style = if failed == 0 { GREEN } else { RED };
    let summary = say!(
        "{examples} 个例句，{tests} 个测试，{failed} 个失败",
        "{examples} examples, {tests} tests, {failed} failed"
    );
    let _ = writeln!(out, "{style}{}{style:#}", summary.in_lang(lang));
    out
}

fn kind(kind: Kind) -> Message {
    match kind {
        Kind::Match => say!("例句（match）", "example (match)"),
        Kind::NoMatch => say!("反例（no_match）", "example (no_match)"),
        Kind::Test => say!("测试", "test"),
    }
}

/// One failure: what was expected and came out, what hit, what was missing, who leads instead.
fn failure(failure: &Failure, lang: Lang) -> String {
    let mut lines = Vec::new();
    if let Some(step) = failure.step {
        let line = failure.line;
        lines.push(say!("第 {step} 步（第 {line} 行）：", "step {step} (line {line}):").in_lang(lang).to_owned());
    }
    lines.push(format!("「{}」", failure.text.replace('\n', " ")));
    if let Some(refused) = &failure.refused {
        lines.push(refused.in_lang(lang).to_owned());
    }
    for mismatch in &failure.mismatches {
        let (what, expected, actual) = (&mismatch.what, &mismatch.expected, &mismatch.actual);
        let message = match what.as_str() {
            "not_scenario" => {
                say!("not_scenario：不应命中 {expected}，却命中了", "not_scenario: {expected} must not fire, and does")
            }
            _ => say!("{what}：期望 {expected}，实际 {actual}", "{what}: expected {expected}, got {actual}"),
        };
        lines.push(message.in_lang(lang).to_owned());
    }
    if let Some(leads) = &failure.leads {
        let (name, id, hits) = (&leads.name, &leads.id, failure.hits.join("；"));
        let message = say!("领先的是“{name}”{id}，命中：{hits}", "`{name}` {id} leads, on: {hits}");
        lines.push(message.in_lang(lang).to_owned());
    }
    if let Some(because) = &failure.because {
        let Message { zh, en } = because_in_words(because);
        let message = say!("两个都命中，领先的{zh}", "both fired; the leader {en}");
        lines.push(message.in_lang(lang).to_owned());
    }
    lines.extend(lacking(&failure.lacking, lang));
    lines.into_iter().map(|line| format!("    {line}\n")).collect()
}

/// What is reached, scenario by scenario where something is not, and all that is not.
pub(super) fn coverage(covered: &Coverage, lang: Lang) -> String {
    let mut out = String::new();
    for found in &covered.unreached {
        let kind = match found.kind {
            UnreachedKind::Clause => say!("条件", "clause"),
            UnreachedKind::Forbidding => say!("none 里的条件", "clause of a `none`"),
            UnreachedKind::Term => say!("词", "term"),
            UnreachedKind::Branch => say!("答复分支", "branch of a reply"),
            UnreachedKind::Row => say!("派单目录", "row of the dispatch list"),
        };
        let _ = writeln!(
            out,
            "{}:{}  {}  {}  {FAINT}{}{FAINT:#}",
            found.file,
            found.line,
            kind.in_lang(lang),
            found.name,
            found.of
        );
    }
    let heading = say!("各场景（条件、答复分支）", "by scenario (clauses, branches of the reply)");
    let _ = writeln!(out, "\n{BOLD}{}{BOLD:#}", heading.in_lang(lang));
    for scenario in &covered.scenarios {
        let branches = if scenario.branches.all > 0 { shown(scenario.branches, lang) } else { String::new() };
        let _ = writeln!(out, "{:<40} {}  {branches}", scenario.id, shown(scenario.clauses, lang));
    }
    let heading = say!("覆盖率", "reached");
    let _ = writeln!(out, "\n{BOLD}{}{BOLD:#}", heading.in_lang(lang));
    for (what, count) in [
        (say!("条件（例句和测试）", "clauses (examples and tests)"), covered.clauses),
        (say!("词表里的词（例句和测试）", "terms of lists (examples and tests)"), covered.terms),
        (say!("答复分支（测试）", "branches of replies (tests)"), covered.branches),
        (say!("派单目录（测试）", "rows of the dispatch list (tests)"), covered.rows),
    ] {
        let _ = writeln!(out, "{}  {}", shown(count, lang), what.in_lang(lang));
    }
    out
}

fn shown(count: Count, lang: Lang) -> String {
    if count.all == 0 {
        // Nothing of nothing is not all of it.
        return say!("无数据", "no data").in_lang(lang).to_owned();
    }
    format!("{:>5.1}% ({}/{})", count.percent(), count.reached, count.all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_nothing_is_no_share() {
        let count = |reached, all| shown(Count { reached, all }, Lang::Zh);
        assert_eq!(
            (count(0, 0).as_str(), count(1, 1).as_str(), count(0, 4).as_str()),
            ("无数据", "100.0% (1/1)", "  0.0% (0/4)")
        );
    }
}
