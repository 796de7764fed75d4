//! An impact for people: in the terminal, as Markdown for a pull request, as one HTML page.
//!
//! The three say the same. What citizens wrote is masked already when it comes here; it is still theirs, so each form
//! escapes it.

use std::fmt::Write;

use super::answer::{Aspect, Verdict};
use super::groups::{Cause, ExampleShown, Group, Report};
use crate::say;
use crate::source::{Lang, Message};

/// Groups that are shown.
const GROUPS: usize = 50;
/// Edits that are named as one cause.
const EDITS: usize = 4;
/// Labels that neither version knows, named at the most.
const LABELS: usize = 5;

/// A group as it is read.
struct Shown {
    headline: String,
    cause: String,
    examples: Vec<Vec<String>>,
}

/// A report as it is read.
struct Page {
    title: String,
    lines: Vec<String>,
    groups: Vec<Shown>,
    rest: Option<String>,
}

/// A count with its thousands set off.
fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

impl Page {
    fn of(report: &Report, lang: Lang) -> Page {
        let left = report.groups.len().saturating_sub(GROUPS);
        let named = |revision: &str, name: Option<&String>| match name {
            Some(name) => say!("{name}（{revision}）", "{name} ({revision})"),
            None => say!("磁盘上的规则包（{revision}）", "the folder ({revision})"),
        };
        let (old, new) = (named(&report.old, report.old_name.as_ref()), named(&report.new, report.new_name.as_ref()));
        let ((old, old_en), (new, new_en)) = ((old.zh, old.en), (new.zh, new.en));
        let rest = say!("另有 {left} 组较小的变化，见 --json", "{left} smaller groups more: see --json");
        Page {
            title: say!("改动影响：{old} → {new}", "Impact: {old_en} → {new_en}").in_lang(lang).to_owned(),
            lines: totals(report).iter().map(|line| line.in_lang(lang).to_owned()).collect(),
            groups: report.groups.iter().take(GROUPS).map(|group| shown(report, group, lang)).collect(),
            rest: (left > 0).then(|| rest.in_lang(lang).to_owned()),
        }
    }
}

fn totals(report: &Report) -> Vec<Message> {
    let totals = &report.totals;
    let (cases, changed) = (thousands(totals.cases), thousands(totals.changed));
    let edits = report.edits.len();
    let mut lines = vec![say!(
        "{cases} 件中有 {changed} 件的结果有变化；共 {edits} 处改动",
        "{changed} of {cases} cases change, by {edits} edits"
    )];
    if totals.changed > 0 {
        let (department, scenario, unit) = (totals.department, totals.scenario, totals.unit);
        let (deadline, outcome, reply) = (totals.deadline, totals.outcome, totals.reply);
        lines.push(say!(
            "承办单位变 {department} 件，场景变 {scenario} 件，具体单位变 {unit} 件，时限变 {deadline} 件，派单方式变 {outcome} 件，答复变 {reply} 件（一件可算多项）",
            "department {department}, scenario {scenario}, unit {unit}, deadline {deadline}, outcome {outcome}, reply {reply} (a case may count in several)"
        ));
        let (unknown, known) = (totals.unknown, totals.known);
        lines.push(say!(
            "由有结果变为未识别 {unknown} 件，由未识别变为有结果 {known} 件",
            "{unknown} had an answer and have none now, {known} had none and have one now"
        ));
    }
    if totals.labelled > 0 {
        let (labelled, better, worse) = (thousands(totals.labelled), totals.better, totals.worse);
        let (stays, before, after) = (totals.stays_wrong, totals.right_before, totals.right_after);
        lines.push(say!(
            "有标注的 {labelled} 件：改对 {better} 件，改错 {worse} 件，仍然错 {stays} 件；判对由 {before} 件变为 {after} 件",
            "of {labelled} labelled: {better} became right, {worse} became wrong, {stays} stay wrong; right before {before}, after {after}"
        ));
    } else if totals.unresolvable == 0 {
        lines.push(say!(
            "这些案例没有标注，只能看变化，不能判断对错",
            "no case has a label: what is right cannot be told"
        ));
    }
    if totals.unresolvable > 0 {
        let count = thousands(totals.unresolvable);
        let named = |join: &str| {
            let named = report.unresolvable.iter().take(LABELS).map(|own| format!("{} {}", own.label, own.cases));
            named.collect::<Vec<_>>().join(join)
        };
        let (zh, en) = (named("、"), named(", "));
        lines.push(say!(
            "另有 {count} 件的标注在两个版本里都找不到，不计对错；最多的是：{zh}。单位改了名的，把旧名写进 departments.yaml 的 aliases",
            "{count} more have a label that neither version knows, and count as neither right nor wrong; most often: {en}. Where a department was renamed, add the old name to its `aliases` in departments.yaml"
        ));
    }
    if totals.undecided > 0 {
        let undecided = totals.undecided;
        lines.push(say!("{undecided} 件为空或太长，无法判定", "{undecided} are empty or too long to be decided"));
    }
    lines
}

fn shown(report: &Report, group: &Group, lang: Lang) -> Shown {
    let count = thousands(group.count);
    let cases = thousands(report.totals.cases);
    let moved = moved(group);
    let (zh, en) = (moved.zh, moved.en);
    let mut headline = say!("{cases} 件中有 {count} 件{zh}", "{count} of {cases} {en}");
    let add = |part: Message, headline: &mut Message| {
        let _ = write!(headline.zh, "；{}", part.zh);
        let _ = write!(headline.en, "; {}", part.en);
    };
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    if group.labelled_to > 0 {
        let (count, to) = (group.labelled_to, name(&group.to_name));
        add(say!("其中 {count} 件标注为{to}", "{count} of them are labelled {to}"), &mut headline);
    }
    if group.labelled_from > 0 {
        let (count, from) = (group.labelled_from, name(&group.from_name));
        add(say!("{count} 件标注为{from}", "{count} are labelled {from}"), &mut headline);
    }
    if group.better + group.worse + group.stays_wrong > 0 {
        let (better, worse, stays) = (group.better, group.worse, group.stays_wrong);
        add(
            say!(
                "改对 {better} 件，改错 {worse} 件，仍然错 {stays} 件",
                "{better} became right, {worse} became wrong, {stays} stay wrong"
            ),
            &mut headline,
        );
    }
    Shown {
        headline: headline.in_lang(lang).to_owned(),
        cause: cause(report, &group.cause).in_lang(lang).to_owned(),
        examples: group.examples.iter().map(|example| self::example(example, group.aspect, lang)).collect(),
    }
}

fn moved(group: &Group) -> Message {
    let none = say!("（无）", "nothing");
    let named = |name: &Option<String>| {
        name.clone().map_or_else(|| (none.zh.clone(), none.en.clone()), |name| (name.clone(), name))
    };
    let ((from, from_en), (to, to_en)) = (named(&group.from_name), named(&group.to_name));
    match group.aspect {
        Aspect::Department if group.from.is_none() => say!("新派给{to}", "go to {to_en}, to nobody before"),
        Aspect::Department if group.to.is_none() => {
            say!("不再派给{from}，没有承办单位", "no longer go to {from_en}, nor to anybody")
        }
        Aspect::Department => say!("由{from}改派{to}", "move from {from_en} to {to_en}"),
        Aspect::Scenario => say!("的场景由“{from}”变为“{to}”", "change scenario from {from_en} to {to_en}"),
        Aspect::Unit => say!("的具体单位由{from}变为{to}", "change unit from {from_en} to {to_en}"),
        Aspect::Category => say!("的分类由“{from}”变为“{to}”", "change category from {from_en} to {to_en}"),
        Aspect::Deadline => say!("的办结时限有变", "get another deadline"),
        Aspect::Outcome => {
            let (from, to) = (outcome(group.from.as_deref()), outcome(group.to.as_deref()));
            say!("由{from}变为{to}", "change outcome from {from_en} to {to_en}")
        }
        Aspect::Reply => say!("的答复有变", "get another reply"),
    }
}

/// What becomes of a complaint, in Chinese.
fn outcome(outcome: Option<&str>) -> &'static str {
    match outcome {
        Some("auto") => "自动派单",
        Some("suggest") => "人工确认",
        _ => "未识别",
    }
}

fn cause(report: &Report, cause: &Cause) -> Message {
    let edits = match cause {
        Cause::Alone { edits } | Cause::Any { edits } | Cause::Together { edits, .. } => edits,
    };
    let named = edits.iter().take(EDITS).map(|number| {
        let edit = &report.edits[*number];
        let (place, what) = (edit.place(), edit.what());
        Message { zh: format!("{place} {}", what.zh), en: format!("{place}: {}", what.en) }
    });
    let named: Vec<Message> = named.collect();
    let zh = named.iter().map(|message| message.zh.as_str()).collect::<Vec<_>>().join("；");
    let en = named.iter().map(|message| message.en.as_str()).collect::<Vec<_>>().join("; ");
    let more = edits.len().saturating_sub(EDITS);
    let (zh, en) =
        if more > 0 { (format!("{zh}等 {} 处", edits.len()), format!("{en} and {more} more")) } else { (zh, en) };
    match cause {
        _ if edits.is_empty() => say!(
            "原因：文件的改动与此无关，变化来自学习所得的内容",
            "cause: no edit of a file; what was learned from cases differs"
        ),
        Cause::Alone { .. } => say!("原因：{zh}", "cause: {en}"),
        Cause::Any { .. } => say!("原因：以下任何一处都足以造成：{zh}", "cause: any of these by itself: {en}"),
        Cause::Together { verified: true, .. } => {
            say!("原因：以下几处共同造成，单独一处不够：{zh}", "cause: these together, none alone: {en}")
        }
        Cause::Together { .. } => {
            say!(
                "原因：几处改动共同造成，未能再细分：{zh}",
                "cause: several edits together, not told apart further: {en}"
            )
        }
    }
}

fn example(example: &ExampleShown, aspect: Aspect, lang: Lang) -> Vec<String> {
    let verdict = match example.verdict {
        Verdict::BecameWrong => say!("改错", "became wrong"),
        Verdict::StaysWrong => say!("仍然错", "stays wrong"),
        Verdict::BecameRight => say!("改对", "became right"),
        Verdict::StaysRight => say!("仍然对", "stays right"),
        Verdict::Unresolvable => say!("标注不认得", "label unknown"),
        Verdict::Unlabelled => say!("无标注", "no label"),
    };
    let mut lines = vec![format!("[{}] {}  {}", verdict.in_lang(lang), example.id, example.text)];
    let mut add = |line: Message| lines.push(line.in_lang(lang).to_owned());
    // Of departments, scenarios and outcomes the headline says from what to what; times and replies are each case's own.
    if matches!(aspect, Aspect::Deadline | Aspect::Reply) {
        let none = say!("（无）", "none");
        let value = |value: Option<&str>| match (value, aspect) {
            (None, _) => none.in_lang(lang).to_owned(),
            (Some(due), Aspect::Deadline) => due.get(..16).unwrap_or(due).replace('T', " "),
            (Some(text), _) => text.to_owned(),
        };
        let (from, to) = (value(example.before.get(aspect)), value(example.after.get(aspect)));
        add(say!("{from} → {to}", "{from} → {to}"));
    }
    if let Some(label) = &example.label {
        add(say!("标注：{label}", "label: {label}"));
    }
    if !example.evidence.is_empty() {
        let evidence = example.evidence.join("、");
        add(say!("依据词句：{evidence}", "evidence: {evidence}"));
    }
    lines
}

/// For the terminal.
pub fn plain(report: &Report, lang: Lang) -> String {
    let page = Page::of(report, lang);
    let mut out = format!("{}\n", page.title);
    for line in &page.lines {
        let _ = writeln!(out, "{line}");
    }
    for group in &page.groups {
        let _ = writeln!(out, "\n● {}\n  {}", group.headline, group.cause);
        for example in &group.examples {
            for (at, line) in example.iter().enumerate() {
                let _ = writeln!(out, "    {}{line}", if at == 0 { "" } else { "    " });
            }
        }
    }
    if let Some(rest) = &page.rest {
        let _ = writeln!(out, "\n{rest}");
    }
    out
}

/// For a pull request.
pub fn markdown(report: &Report, lang: Lang) -> String {
    let page = Page::of(report, lang);
    let mut out = format!("## {}\n\n", in_markdown(&page.title));
    for line in &page.lines {
        let _ = writeln!(out, "- {}", in_markdown(line));
    }
    for (number, group) in (1..).zip(&page.groups) {
        let _ = writeln!(out, "\n### {number}. {}\n\n{}\n", in_markdown(&group.headline), in_markdown(&group.cause));
        for example in &group.examples {
            let lines: Vec<String> = example.iter().map(|line| in_markdown(line)).collect();
            let _ = writeln!(out, "> {}\n", lines.join("  \n> "));
        }
    }
    if let Some(rest) = &page.rest {
        let _ = writeln!(out, "\n{}", in_markdown(rest));
    }
    out
}

/// Text as Markdown shows it, whatever it is: signs are escaped, and nobody is called by an `@`.
fn in_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '@' => out.push_str("&#64;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// As one page, without scripts.
pub fn html(report: &Report, lang: Lang) -> String {
    let page = Page::of(report, lang);
    let code = match lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    let title = escaped(&page.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<ul>\n"
    );
    for line in &page.lines {
        let _ = writeln!(out, "<li>{}</li>", escaped(line));
    }
    out.push_str("</ul>\n");
    for group in &page.groups {
        let _ = writeln!(out, "<h2>{}</h2>\n<p>{}</p>", escaped(&group.headline), escaped(&group.cause));
        for example in &group.examples {
            let lines: Vec<String> = example.iter().map(|line| escaped(line)).collect();
            let _ = writeln!(out, "<blockquote>{}</blockquote>", lines.join("<br/>"));
        }
    }
    if let Some(rest) = &page.rest {
        let _ = writeln!(out, "<p>{}</p>", escaped(rest));
    }
    out.push_str("</body>\n</html>\n");
    out
}

const STYLE: &str = "body { font: 16px/1.6 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
h2 { font-size: 1.1rem; margin-top: 2rem }
blockquote { margin: .5rem 0; padding: .25rem 1rem; border-left: 3px solid #8888 }
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
