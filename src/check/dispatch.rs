//! The dispatch list, departments, the calendar and the labels of cases: what nothing reaches, and what is over.

use std::collections::BTreeSet;

use jiff::{ToSpan, civil};

use crate::catalog::Responsible;
use crate::say;
use crate::source::{Code, Date, Diagnostic, Document, Node, Step, Value};

use super::given::Given;

/// Days before its end from which the calendar is said to end soon: deadlines of some weeks already reach beyond it.
const SOON: i64 = 30;
/// Findings about labels of cases, at the most.
const MOST_LABELS: usize = 20;

/// Findings about who is responsible and when.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let rows: Vec<Row<'_>> = given.in_folder("rules/responsibility/").flat_map(rows).collect();
    departments(given, &rows, findings);
    webhooks(given, findings);
    for (at, row) in rows.iter().enumerate() {
        reached(given, &rows, at, findings);
        over(given, row, findings);
    }
    calendar(given, findings);
    labels(given, findings);
}

/// A row with its place.
struct Row<'a> {
    document: &'a Document,
    node: &'a Node,
    row: Responsible,
}

impl Row<'_> {
    fn subject(&self) -> (&Option<String>, &Option<String>) {
        (&self.row.scenario, &self.row.category)
    }

    fn finding(&self, code: Code, message: crate::source::Message) -> Diagnostic {
        // The first line of a row says which it is.
        let text = &self.document.source().text;
        let range = self.node.range.clone();
        let end = text[range.clone()].find('\n').map_or(range.end, |at| range.start + at);
        self.document.diagnostic(range.start..end, code, message)
    }
}

fn rows(document: &Document) -> Vec<Row<'_>> {
    let read: Vec<Responsible> = document.read(&mut Vec::new()).unwrap_or_default();
    let Value::List(nodes) = &document.root().value else { return Vec::new() };
    nodes.iter().zip(read).map(|(node, row)| Row { document, node, row }).collect()
}

/// Departments that no row names, that stand above none and serve no place for one that is named.
fn departments(given: &Given<'_>, rows: &[Row<'_>], findings: &mut Vec<Diagnostic>) {
    let Some(document) = given.document("rules/departments.yaml") else { return };
    let all = given.engine.catalog().departments();
    let named: BTreeSet<&str> =
        rows.iter().flat_map(|row| row.row.joint.iter().chain([&row.row.lead])).map(String::as_str).collect();
    let parent = |id: &str| given.engine.catalog().department(id).and_then(|department| department.parent.as_deref());
    let above = |id: &'_ str| -> Vec<String> {
        // A tree, so it ends; the length of the list bounds it all the same.
        std::iter::successors(parent(id).map(str::to_owned), |id| parent(id).map(str::to_owned))
            .take(all.len())
            .collect()
    };
    let mut used: BTreeSet<String> = named.iter().map(|id| (*id).to_owned()).collect();
    named.iter().for_each(|id| used.extend(above(id)));
    for (index, department) in all.iter().enumerate() {
        let serves = department.region.is_some() && above(&department.id).iter().any(|id| named.contains(id.as_str()));
        // What stands above a unit is used with it.
        let has_used_unit = all.iter().any(|unit| {
            let line = above(&unit.id);
            unit.region.is_some() && line.contains(&department.id) && line.iter().any(|id| named.contains(id.as_str()))
        });
        if used.contains(&department.id) || serves || has_used_unit {
            continue;
        }
        let (id, name) = (&department.id, &department.name);
        let message = say!("没有派单目录派给“{name}”（{id}）", "no row of the dispatch list leads to {name} ({id})");
        let steps = [Step::Index(index), Step::Key("id")];
        findings.push(document.diagnostic_at(&steps, Code::UnusedDepartment, message).note(say!(
            "在 rules/responsibility/ 里写上它负责的事项，或者删掉",
            "write what it handles in rules/responsibility/, or delete it"
        )));
    }
}

/// Addresses that nothing can be sent to, or only in the clear.
fn webhooks(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(document) = given.document("rules/departments.yaml") else { return };
    for (index, department) in given.engine.catalog().departments().iter().enumerate() {
        let Some(webhook) = department.webhook.as_deref().filter(|webhook| !is_https(webhook)) else { continue };
        let steps = [Step::Index(index), Step::Key("webhook")];
        let message = if webhook.starts_with("http://") {
            say!("推送地址没有加密（http）", "the webhook is not encrypted (http)")
        } else {
            say!("推送地址不是 https 地址", "the webhook is not an https address")
        };
        findings.push(document.diagnostic_at(&steps, Code::WebhookNotHttps, message).note(say!(
            "写成 https://主机/路径，不带用户名和密码；否则消息不会推送",
            "write https://host/path, without a name and password: otherwise nothing is sent"
        )));
    }
}

/// Whether a text is an `https` address with a host, and without anything that would have to be kept secret.
fn is_https(webhook: &str) -> bool {
    let Some(rest) = webhook.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "443"),
    };
    let plain = rest.bytes().all(|byte| byte.is_ascii_graphic());
    plain && !host.is_empty() && !authority.contains('@') && port.parse::<u16>().is_ok()
}

/// Asks the catalogue in every region on every day on which something begins or ends.
fn reached(given: &Given<'_>, rows: &[Row<'_>], at: usize, findings: &mut Vec<Diagnostic>) {
    let own = &rows[at];
    let earlier = rows[..at].iter().find(|other| other.row == own.row);
    let related: Vec<&Row<'_>> = rows.iter().filter(|other| other.subject() == own.subject()).collect();
    if earlier.is_none() && (related.len() == 1 || answers(given, own, &related)) {
        return;
    }
    let message = say!("这一条派单目录永远用不上", "this row of the dispatch list never applies");
    let by = earlier.or_else(|| related.iter().copied().find(|other| other.row != own.row));
    let finding = own.finding(Code::ShadowedRow, message);
    findings.push(match by {
        Some(other) => {
            let place =
                format!("{}:{}", other.document.path(), other.document.source().position(other.node.range.start).line);
            finding.note(say!(
                "同一事项在 {place} 的一条总是排在它前面；删掉一条，或写不同的属地、期限",
                "the row at {place} always comes first: delete one, or give them different regions or periods"
            ))
        }
        None => finding,
    });
}

fn answers(given: &Given<'_>, own: &Row<'_>, related: &[&Row<'_>]) -> bool {
    let catalog = given.engine.catalog();
    let days = related.iter().flat_map(|other| {
        let from = other.row.from.map_or(civil::Date::MIN, |Date(day)| day);
        let after = other.row.until.and_then(|Date(day)| day.tomorrow().ok());
        let last = other.row.until.map(|Date(day)| day);
        [Some(from), after, last]
    });
    let days: BTreeSet<civil::Date> = days.flatten().chain([civil::Date::MAX]).collect();
    let regions = catalog.regions().iter().map(|region| Some(region.id.as_str()));
    let scenario = own.row.scenario.as_deref().unwrap_or_default();
    regions.chain([None]).any(|region| {
        days.iter().any(|day| {
            let found = catalog.responsible(scenario, own.row.category.as_deref(), region, *day);
            found.is_some_and(|found| *found == own.row)
        })
    })
}

fn over(given: &Given<'_>, own: &Row<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(Date(until)) = own.row.until.filter(|Date(until)| *until < given.at.date()) else { return };
    let place = own.node.get("until").map_or(own.node.range.clone(), |node| node.range.clone());
    let message = say!("这一条派单目录已于 {until} 到期", "this row of the dispatch list ended on {until}");
    findings.push(
        own.document
            .diagnostic(place, Code::RowOver, message)
            .note(say!("不再适用的可以删掉；还要延续的改 until", "delete it, or change `until` if it goes on")),
    );
}

fn calendar(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let today = given.at.date();
    let Some(end) = given.engine.catalog().calendar_end().filter(|end| today <= *end) else { return };
    if today.checked_add(SOON.days()).is_ok_and(|soon| soon <= end) {
        return;
    }
    let (year, next) = (end.year(), end.year() + 1);
    let message = say!("工作日历只到 {end}", "the calendar ends on {end}");
    let path = format!("rules/calendar/{year}.yaml");
    let finding = match given.document(&path) {
        Some(document) => document.diagnostic_at(&[Step::Key("year")], Code::CalendarEndsSoon, message),
        None => Diagnostic::about(path, Code::CalendarEndsSoon, message),
    };
    findings.push(finding.note(say!(
        "请按国务院办公厅的放假安排补上 rules/calendar/{next}.yaml，否则跨年的时限会算错",
        "add rules/calendar/{next}.yaml from the official list of holidays: deadlines beyond it are wrong"
    )));
}

/// Cases labelled with a scenario that there is not: they teach what nothing uses.
fn labels(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let rules = given.engine.rules();
    let unknown = given.engine.knowledge().cases.all().iter().filter_map(|case| {
        let label = case.scenario.as_deref().filter(|label| rules.position(label).is_none())?;
        Some((case.id.as_str(), label))
    });
    for (id, label) in unknown.take(MOST_LABELS) {
        let message = say!(
            "案例标注的场景“{label}”不存在",
            "the case is labelled with the scenario `{label}`, which there is not"
        );
        let finding = match line_of(given, id, label) {
            Some((source, range)) => Diagnostic::at(&source, range, Code::UnknownCaseLabel, message),
            None => Diagnostic::about("knowledge/cases", Code::UnknownCaseLabel, message),
        };
        let ids = rules.scenarios().iter().map(|scenario| scenario.id.as_str());
        findings.push(match crate::source::nearest(label, ids) {
            Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
            None => finding
                .note(say!("改成现有场景的编号，或去掉标注", "write the id of a scenario, or take the label out")),
        });
    }
}

/// Where the label of a case stands.
fn line_of(
    given: &Given<'_>,
    id: &str,
    label: &str,
) -> Option<(std::sync::Arc<crate::source::SourceText>, std::ops::Range<usize>)> {
    let files = given.snapshot.files.iter().filter(|(path, _)| path.starts_with("knowledge/cases/"));
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let (id, label) = (quoted(id), quoted(label));
    for (path, content) in files {
        let mut start = 0;
        for line in content.text.split_inclusive('\n') {
            if line.contains(&id)
                && let Some(at) = line.rfind(&label)
            {
                let source = std::sync::Arc::new(crate::source::SourceText::new(path.as_str(), content.text.as_str()));
                return Some((source, start + at + 1..start + at + label.len() - 1));
            }
            start += line.len();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_webhooks_is_https_with_a_host() {
        for (webhook, right) in [
            ("https://oa.example.com", true),
            ("https://oa.example.com/hook?unit=1", true),
            ("https://oa.example.com:8443/hook", true),
            ("https://10.1.2.3/hook", true),
            ("https://[2400:3200::1]/hook", true),
            ("https://[2400:3200::1]:8443/hook", true),
            ("http://oa.example.com/hook", false),
            ("https://", false),
            ("https:///hook", false),
            ("https://:443/hook", false),
            ("https://oa.example.com:https/hook", false),
            ("https://oa.example.com:70000/hook", false),
            ("https://user:secret@oa.example.com/hook", false),
            ("https://市政.example.com/hook", false),
            ("https://oa.example.com/a hook", false),
            ("oa.example.com/hook", false),
            ("", false),
        ] {
            assert_eq!(is_https(webhook), right, "{webhook}");
        }
    }
}
