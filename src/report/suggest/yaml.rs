//! Proposals as an editor takes or leaves them: YAML, with what speaks for each line as comments above it.

use std::fmt::Write;

use super::{ForScenario, Measured, NewScenario, Proposal};
use crate::bundle::Bundle;
use crate::decide::Prepared;
use crate::say;
use crate::source::{Document, Lang, Message};

/// Characters of an example text.
const MAX_TEXT: usize = 100;

/// What to put under `any` of a scenario's `when`.
pub(super) fn clauses(of: &ForScenario, lang: Lang) -> String {
    let path = &of.path;
    let head = say!(
        "{path}：把认可的行加到 when 的 any 下，其余删去",
        "{path}: add the lines you agree with under `any` of `when`, and drop the others"
    );
    format!("{}when:\n  any:\n{}", comment("", &head, lang), lines(&of.clauses, lang))
}

/// A whole file; `None` where it would not load.
pub(super) fn scenario(new: &NewScenario, number: usize, bundle: &Bundle, lang: Lang) -> Option<String> {
    let terms: Vec<&str> = new.clauses.iter().flat_map(|clause| &clause.terms).map(String::as_str).take(3).collect();
    let title = terms.join("、");
    let scenarios = bundle.engine.rules().scenarios();
    let known = |label: &&String| {
        scenarios.iter().any(|scenario| {
            scenario.category.strip_prefix(label.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let category = new.label.as_ref().filter(known).map_or("待定", String::as_str);
    let about = match &new.label {
        Some(label) => say!("多数标为“{label}”", "most of them labelled `{label}`"),
        // Nobody knows then what they are: right is what no rule finds.
        None => say!(
            "标签各不相同或没有标签，“对”只表示没有规则命中",
            "of no common label: `right` only says that no rule matches"
        ),
    };
    let together = figures(&new.measured);
    let (zh, en, about_zh, about_en) = (together.zh, together.en, about.zh, about.en);
    let head = say!(
        "新场景的草稿：没有规则命中的案例，{about_zh}。改好编号、标题、类别和答复，补上例句，在派单目录里写明由谁承办。\n全部合起来：{zh}",
        "A draft of a new scenario: cases that no rule matches, {about_en}. Mend id, title, category and reply, add examples, and say in the dispatch list who handles it.\nAll together: {en}"
    );
    let yaml = format!(
        "{}id: new/suggestion-{number}\ntitle: {title}\ncategory: {category}\nwhen:\n  any:\n{}reply: |\n  您好，您反映的问题已转{{{{ department }}}}处理。\n",
        comment("", &head, lang),
        lines(&new.clauses, lang),
    );
    let mut findings = Vec::new();
    let document = Document::parse("rules/scenarios/new/suggestion.yaml", &yaml, &mut findings)?;
    Prepared::read(&document, &mut findings)?;
    findings.is_empty().then_some(yaml)
}

fn lines(clauses: &[Proposal], lang: Lang) -> String {
    let mut yaml = String::new();
    for proposal in clauses {
        yaml.push_str(&comment("    ", &figures(&proposal.measured), lang));
        for text in &proposal.examples {
            let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut shown: String = line.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
            if line.chars().count() > MAX_TEXT {
                shown.push('…');
            }
            yaml.push_str(&comment("    ", &say!("例：{shown}", "such as: {shown}"), lang));
        }
        let _ = writeln!(yaml, "    - {}", proposal.clause);
    }
    yaml
}

fn figures(measured: &Measured) -> Message {
    let Measured { hits, right, missed, found, .. } = *measured;
    let percent = |share: f64| (share * 100.0).round();
    let (precision, lower, coverage) =
        (percent(measured.precision), percent(measured.precision_lower), percent(measured.coverage));
    say!(
        "留出的案例：命中 {hits} 条，对 {right} 条（{precision}%，至少 {lower}%）；没被命中的 {missed} 条里找回 {found} 条（{coverage}%）",
        "cases held back: {right} of {hits} right ({precision} %, at least {lower} %); finds {found} of {missed} that nothing found ({coverage} %)"
    )
}

fn comment(indent: &str, message: &Message, lang: Lang) -> String {
    message.in_lang(lang).lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{indent}# {line}");
        text
    })
}
