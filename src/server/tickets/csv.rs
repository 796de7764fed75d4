//! Statistics as a table for spreadsheets.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::bundle::Serving;
use crate::catalog::MEASURES;
use crate::say;
use crate::source::{Lang, Message};
use crate::tickets::{By, Feedback, Line, Rule, RuleLine, Statistics};

/// What comes after the columns of groups and counts.
enum Column<'s> {
    Count(String),
    Rate(&'s str),
    RateAfter(&'s str),
    Hours(&'static str),
}

/// The lines as CSV (RFC 4180), in UTF-8 with a mark at the beginning, which spreadsheets need. A rate of nothing is
/// empty; hours have one decimal.
pub(super) fn written(statistics: &Statistics, serving: &Serving, day: Date, lang: Lang) -> Option<Vec<u8>> {
    let groups: Vec<&str> = By::NAMES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| statistics.lines.first().is_some_and(|line| line.group.contains_key(name)))
        .collect();
    let columns = columns(statistics);
    let titles: BTreeMap<&str, &str> = serving
        .bundle
        .engine
        .catalog()
        .assessment(day)
        .iter()
        .flat_map(|assessment| &assessment.rates)
        .map(|rate| (rate.name.as_str(), rate.title.as_str()))
        .collect();
    let mut writer = ::csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let headings = groups.iter().map(|by| said(by, lang, &titles));
    let headings = headings.chain(columns.iter().map(|column| heading(column, lang, &titles)));
    writer.write_record(headings.map(|heading| safe(&heading))).ok()?;
    for line in &statistics.lines {
        let group = groups.iter().map(|by| line.group.get(by).cloned().unwrap_or_default());
        let cells = group.chain(columns.iter().map(|column| cell(column, line)));
        writer.write_record(cells.map(|cell| safe(&cell))).ok()?;
    }
    writer.into_inner().ok()
}

/// What became of suggestions as CSV: a line for each rule.
pub(super) fn of_rules(feedback: &Feedback, serving: &Serving, lang: Lang) -> Option<Vec<u8>> {
    let headings = [
        say!("规则", "rule"),
        say!("编号或依据", "id"),
        say!("名称", "name"),
        say!("建议件数", "suggested"),
        say!("其中自动派单", "automatic"),
        say!("已有结论", "decided"),
        say!("采纳", "kept"),
        say!("更改", "changed"),
        say!("退单", "returned"),
        say!("准确率", "accuracy"),
        say!("改为", "changed_to"),
    ];
    let engine = &serving.bundle.engine;
    let scenarios = engine.rules().scenarios();
    let name = |line: &RuleLine| match line.rule {
        Rule::Scenario => {
            let found = engine.rules().position(&line.id).and_then(|at| scenarios.get(at));
            found.map(|scenario| scenario.title.clone()).unwrap_or_default()
        }
        Rule::Responsibility => {
            let found = line.department.as_deref().and_then(|id| engine.catalog().department(id));
            found.map(|department| department.name.clone()).unwrap_or_default()
        }
    };
    let mut writer = ::csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(headings.iter().map(|heading| heading.in_lang(lang))).ok()?;
    for line in &feedback.rules {
        let others: Vec<String> = line.changed_to.iter().map(|to| format!("{} {}", to.id, to.tickets)).collect();
        let amounts = [line.suggested, line.automatic, line.decided, line.kept, line.changed, line.returned];
        let cells = [line.rule.name().to_owned(), line.id.clone(), name(line)].into_iter();
        let cells = cells.chain(amounts.iter().map(ToString::to_string));
        let accuracy = line.accuracy.map(|share| format!("{share:.4}")).unwrap_or_default();
        let cells = cells.chain([accuracy, others.join("; ")]);
        writer.write_record(cells.map(|cell| safe(&cell))).ok()?;
    }
    writer.into_inner().ok()
}

/// The columns that are in any line: counts in the order of measures, rates, the same after exclusions, hours.
fn columns(statistics: &Statistics) -> Vec<Column<'_>> {
    let counted = |name: &&str| statistics.lines.iter().any(|line| line.counts.contains_key(*name));
    let measures = MEASURES.iter().copied().chain(["overdue_now"]).filter(|name| !name.starts_with("seconds_"));
    let mut columns: Vec<Column<'_>> = measures.filter(counted).map(|name| Column::Count(name.to_owned())).collect();
    if let Some(first) = statistics.lines.first() {
        columns.extend(first.raw.keys().map(|name| Column::Rate(name)));
        columns.extend(first.after_exclusions.keys().map(|name| Column::RateAfter(name)));
        columns.extend(["dispatch", "contact", "resolve", "reply", "end"].map(Column::Hours));
    }
    columns
}

fn cell(column: &Column<'_>, line: &Line) -> String {
    let rate = |value: Option<&Option<f64>>| value.copied().flatten().map(|value| format!("{value:.4}"));
    match column {
        Column::Count(name) => line.counts.get(name).copied().unwrap_or(0).to_string(),
        Column::Rate(name) => rate(line.raw.get(*name)).unwrap_or_default(),
        Column::RateAfter(name) => rate(line.after_exclusions.get(*name)).unwrap_or_default(),
        Column::Hours(name) => {
            let hours = line.mean_hours.get(name).copied().flatten();
            hours.map(|hours| format!("{hours:.1}")).unwrap_or_default()
        }
    }
}

fn heading(column: &Column<'_>, lang: Lang, titles: &BTreeMap<&str, &str>) -> String {
    let after = |name: &str| match lang {
        Lang::Zh => format!("{}（剔除后）", said(name, lang, titles)),
        Lang::En => format!("{name}_after_exclusions"),
    };
    match column {
        Column::Count(name) => said(name, lang, titles),
        Column::Rate(name) => said(name, lang, titles),
        Column::RateAfter(name) => after(name),
        Column::Hours(name) => match lang {
            Lang::Zh => said(&format!("hours_to_{name}"), lang, titles),
            Lang::En => format!("mean_hours_to_{name}"),
        },
    }
}

/// A name in words under Chinese; as programs write it under English.
fn said(name: &str, lang: Lang, titles: &BTreeMap<&str, &str>) -> String {
    match lang {
        Lang::En => name.to_owned(),
        Lang::Zh => match titles.get(name) {
            Some(title) => (*title).to_owned(),
            None => in_words(name).map_or_else(|| name.to_owned(), |words| words.zh),
        },
    }
}

/// A cell that begins like a formula is text: names of channels come from outside.
fn safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

fn in_words(name: &str) -> Option<Message> {
    Some(match name {
        "day" => say!("日期", "day"),
        "month" => say!("月份", "month"),
        "kind" => say!("诉求类型", "kind"),
        "department" => say!("承办单位", "department"),
        "scenario" => say!("场景", "scenario"),
        "category" => say!("类别", "category"),
        "district" => say!("属地", "district"),
        "channel" => say!("渠道", "channel"),
        "tickets" => say!("受理件数", "tickets"),
        "automatic" => say!("自动派单", "automatic"),
        "in_review" => say!("待审", "in review"),
        "dispatched" => say!("已派单", "dispatched"),
        "responded" => say!("已联系", "responded"),
        "resolved" => say!("已办结", "resolved"),
        "resolved_in_time" => say!("按时办结", "resolved in time"),
        "replied" => say!("已答复", "replied"),
        "over" => say!("已结束", "over"),
        "overdue" => say!("逾期", "overdue"),
        "overdue_now" => say!("目前逾期未办结", "overdue now"),
        "refused" => say!("不予受理", "refused"),
        "merged" => say!("并单", "merged"),
        "parked" => say!("挂账", "parked"),
        "reopened" => say!("重新办理", "reopened"),
        "return_applications" => say!("退单申请", "applications to give back"),
        "returns" => say!("退单", "returns"),
        "chases" => say!("催办", "chases"),
        "called_back" => say!("回访", "called back"),
        "reached" => say!("回访接通", "reached"),
        "solved" => say!("已解决", "solved"),
        "partly_solved" => say!("部分解决", "partly solved"),
        "not_solved" => say!("未解决", "not solved"),
        "satisfied" => say!("满意", "satisfied"),
        "not_satisfied" => say!("不满意", "not satisfied"),
        "suggested" => say!("有建议且已派单", "suggested and sent"),
        "as_suggested" => say!("按建议承办", "as suggested"),
        "points" => say!("得分", "points"),
        "hours_to_dispatch" => say!("平均派单用时（小时）", "mean hours to dispatch"),
        "hours_to_contact" => say!("平均联系用时（小时）", "mean hours to contact"),
        "hours_to_resolve" => say!("平均办结用时（小时）", "mean hours to resolve"),
        "hours_to_reply" => say!("平均答复用时（小时）", "mean hours to reply"),
        "hours_to_end" => say!("平均结案用时（小时）", "mean hours to the end"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_words() {
        for measure in MEASURES.iter().filter(|measure| !measure.starts_with("seconds_")) {
            assert!(in_words(measure).is_some(), "{measure}");
        }
    }
}
