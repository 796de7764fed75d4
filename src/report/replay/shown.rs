//! A replay for people.

use std::fmt::Write;

use super::tally::{Example, Report};
use crate::say;
use crate::source::{Lang, Message};

/// Lines of each list, at the most.
const MOST_LINES: usize = 20;

/// For the terminal.
pub fn plain(report: &Report, lang: Lang) -> String {
    let mut out = String::new();
    let mut line = |message: Message| {
        let _ = writeln!(out, "{}", message.in_lang(lang));
    };
    totals(report).into_iter().for_each(&mut line);
    masking(report).into_iter().for_each(&mut line);
    problems(report).into_iter().for_each(&mut line);
    if report.different > 0 {
        differing(report).into_iter().for_each(&mut line);
    }
    report.examples.iter().flat_map(example).for_each(&mut line);
    out
}

fn totals(report: &Report) -> Vec<Message> {
    let Report { entries, same, different, not_replayed, engine, .. } = report;
    let mut lines = vec![match &report.under {
        None => say!(
            "{entries} 条判定按各自的规则包版本重放：{same} 条逐字节相同，{different} 条不同，{not_replayed} 条无法重放",
            "{entries} decisions replayed, each under its own revision: {same} the same to the byte, {different} different, {not_replayed} not replayed"
        ),
        Some(under) => say!(
            "{entries} 条判定按 {under} 重新判定：{same} 条结果相同，{different} 条不同，{not_replayed} 条无法重放",
            "{entries} decisions made again under {under}: {same} the same, {different} different, {not_replayed} not replayed"
        ),
    }];
    for (other, count) in report.other_engines.iter().take(MOST_LINES) {
        lines.push(say!(
            "其中 {count} 条由引擎 {other} 判定，现在是 {engine}：结果不同不一定是规则的缘故",
            "{count} of them were decided by engine {other}, this is {engine}: a difference need not come from rules"
        ));
    }
    if report.different_by_engine > 0 {
        let count = report.different_by_engine;
        lines.push(say!("引擎版本不同且结果不同的：{count} 条", "different, and by another engine: {count}"));
    }
    let several = report.revisions.len() > 1 || report.revisions.values().any(|own| own.problem.is_some());
    for (revision, own) in report.revisions.iter().take(MOST_LINES).filter(|_| several) {
        let (entries, same, different) = (own.entries, own.same, own.different);
        let (zh, en) = match &own.problem {
            Some(problem) => (format!("；{}", problem.zh), format!("; {}", problem.en)),
            None => Default::default(),
        };
        lines.push(say!(
            "  版本 {revision}：{entries} 条，相同 {same}，不同 {different}{zh}",
            "  revision {revision}: {entries}, same {same}, different {different}{en}"
        ));
    }
    if report.revisions.len() > MOST_LINES {
        let more = report.revisions.len() - MOST_LINES;
        lines.push(say!("  另有 {more} 个版本，见 --json", "  {more} revisions more: see --json"));
    }
    lines
}

/// What masking has to do with it, said whenever anything was masked.
fn masking(report: &Report) -> Vec<Message> {
    let Report { masked, changed_by_masking, .. } = report;
    if *masked == 0 {
        return Vec::new();
    }
    let mut lines = vec![say!(
        "{masked} 条遮盖过个人信息，其中 {changed_by_masking} 条遮盖后引擎读出的内容与当时的原文有别（记日志时已同时记下，按遮盖后的文本核对）",
        "personal data was masked in {masked}; in {changed_by_masking} of them the engine reads the masked text otherwise than the original (logged beside it, and what is compared)"
    )];
    if *changed_by_masking > 0 {
        let fields = report.fields_changed_by_masking.iter().take(MOST_LINES);
        let fields = fields.map(|(field, count)| format!("{field} {count}")).collect::<Vec<_>>().join(", ");
        lines.push(say!("  有别的字段：{fields}", "  in these fields: {fields}"));
    }
    lines
}

fn problems(report: &Report) -> Vec<Message> {
    let mut lines = Vec::new();
    if report.torn_lines > 0 {
        let count = report.torn_lines;
        lines.push(say!(
            "{count} 行没有写完（服务被强行结束时会这样），已跳过",
            "{count} lines are torn, as when a server is killed: passed over"
        ));
    }
    if report.wrong_lines > 0 {
        let count = report.wrong_lines;
        lines.push(say!("{count} 行读不懂，已跳过", "{count} lines cannot be read: passed over"));
    }
    for problem in report.problems.iter().take(MOST_LINES) {
        let (file, number, zh, en) = (&problem.file, problem.line, &problem.message.zh, &problem.message.en);
        lines.push(say!("  {file}:{number}：{zh}", "  {file}:{number}: {en}"));
    }
    if report.problems.len() > MOST_LINES {
        lines.push(say!("  其余见 --json", "  more: see --json"));
    }
    lines
}

fn differing(report: &Report) -> Vec<Message> {
    let mut fields: Vec<_> = report.fields.iter().collect();
    fields.sort_by_key(|(field, count)| (std::cmp::Reverse(**count), *field));
    let fields = fields.into_iter().take(MOST_LINES);
    let fields = fields.map(|(field, count)| format!("{field} {count}")).collect::<Vec<_>>().join(", ");
    let mut lines = vec![say!("不同的字段：{fields}", "fields that differ: {fields}")];
    for own in report.moves.iter().take(MOST_LINES) {
        let (field, count) = (&own.field, own.count);
        let (from, to) = (known(own.logged.as_ref()), known(own.now.as_ref()));
        let (from_zh, from_en, to_zh, to_en) = (from.zh, from.en, to.zh, to.en);
        lines.push(say!(
            "  {count} 条的 {field} 由“{from_zh}”变为“{to_zh}”",
            "  {count}: {field} goes from `{from_en}` to `{to_en}`"
        ));
    }
    lines
}

fn example(example: &Example) -> Vec<Message> {
    let Example { file, line, id, text, .. } = example;
    let mut lines = vec![say!("\n● {file}:{line}（{id}）：{text}", "\n● {file}:{line} ({id}): {text}")];
    if let Some(engine) = &example.engine {
        lines.push(say!("  引擎 {engine}", "  engine {engine}"));
    }
    for own in &example.differences {
        let field = &own.field;
        let (from, to) = (known(own.logged.as_ref()), known(own.now.as_ref()));
        let (from_zh, from_en, to_zh, to_en) = (from.zh, from.en, to.zh, to.en);
        lines.push(say!("  {field}：{from_zh} → {to_zh}", "  {field}: {from_en} → {to_en}"));
    }
    lines
}

fn known(value: Option<&String>) -> Message {
    match value {
        Some(value) => say!("{value}", "{value}"),
        None => say!("（无）", "nothing"),
    }
}
