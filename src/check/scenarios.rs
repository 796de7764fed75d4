//! Scenarios as a whole: their place, their reply, their deadline, and others that are nearly the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::reply::{SlotUse, Template, Values};
use crate::rules::{Priority, Scenario};
use crate::say;
use crate::source::{Code, Diagnostic, Document, Step, Value};

use super::given::Given;
use super::written_out::{Resolver, canonical, positive_terms};

/// Terms that two scenarios must share before it is more than chance.
const FEWEST_TERMS: usize = 3;

/// Findings about every scenario by itself and held against the others.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let scenarios = given.engine.rules().scenarios();
    for scenario in scenarios {
        let Some(document) = given.document(&scenario.source.path) else { continue };
        let expected = format!("rules/scenarios/{}.yaml", scenario.id);
        misplaced(document, &scenario.id, &expected, findings);
        deadline(document, scenario, findings);
        reply(given, document, scenario, findings);
    }
    same_titles(given, findings);
    same_conditions(given, findings);
    lonely_categories(given, findings);
}

/// A file whose path does not say the id in it.
pub(super) fn misplaced(document: &Document, id: &str, expected: &str, findings: &mut Vec<Diagnostic>) {
    if document.path() == expected {
        return;
    }
    let message = say!("编号“{id}”的文件应放在 {expected}", "the file of `{id}` should be {expected}");
    findings.push(document.diagnostic_at(&[Step::Key("id")], Code::MisplacedFile, message).note(say!(
        "文件名与编号一致，找起来才快；移动文件，或改编号（并改引用它的地方）",
        "move the file, or change the id and what refers to it, so that one leads to the other"
    )));
}

fn deadline(document: &Document, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    let steps = [Step::KeyItself("deadline")];
    if scenario.deadline.is_none() {
        let message = say!("场景没有写办结时限", "the scenario has no deadline");
        let finding = document.diagnostic_at(&[Step::Key("id")], Code::NoDeadline, message);
        findings.push(finding.note(say!(
            "写 deadline: 5 working days 或 24 hours，工单才能算出到期时间",
            "write deadline: 5 working days, or 24 hours, so that it is known when it is due"
        )));
    } else if scenario.deadline_basis.as_deref().is_none_or(|basis| basis.trim().is_empty()) {
        let message = say!("办结时限没有写依据", "the deadline has no basis");
        findings.push(document.diagnostic_at(&steps, Code::DeadlineWithoutBasis, message).note(say!(
            "加一行 deadline_basis: 规定这个时限的文件或办理规程",
            "add deadline_basis: the document or procedure that sets it"
        )));
    }
}

fn reply(given: &Given<'_>, document: &Document, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    let steps = [Step::KeyItself("reply")];
    let uses = |name: &str| placeholder(&scenario.reply, name);
    // Matters that are answered on the spot go to nobody.
    let is_handled = scenario.deadline.is_some();
    let departments = given.engine.catalog().departments().iter();
    let names_one = || {
        departments
            .flat_map(|it| it.aliases.iter().chain([&it.name]))
            .any(|name| scenario.reply.contains(name.as_str()))
    };
    if is_handled && !uses("department") && !uses("unit") && !names_one() {
        let message = say!("答复没有说由谁办理", "the reply does not say who handles it");
        findings.push(document.diagnostic_at(&steps, Code::ReplyWithoutDepartment, message).note(say!(
            "在答复里写 {{{{ department }}}} 或 {{{{ unit }}}}，派给谁就说谁",
            "write {{{{ department }}}} or {{{{ unit }}}} in it"
        )));
    }
    // Who calls in an emergency is told what to do now, not when somebody will call back.
    if is_handled && scenario.priority != Priority::Emergency && !uses("deadline") {
        let message = say!("答复没有说什么时候答复来电人", "the reply does not say by when");
        findings.push(document.diagnostic_at(&steps, Code::ReplyWithoutDeadline, message).note(say!(
            "在答复里写 {{{{ deadline }}}}，会换成算好的到期时间",
            "write {{{{ deadline }}}} in it: it becomes the time it is due"
        )));
    }
    gaps(document, scenario, findings);
}

/// Whether a name stands in a placeholder or a condition of a template.
fn placeholder(template: &str, name: &str) -> bool {
    template.split("{{").chain(template.split("{%")).skip(1).any(|part| {
        let inside = part.split("}}").next().unwrap_or_default();
        let inside = inside.split("%}").next().unwrap_or_default();
        inside.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == name)
    })
}

/// What cannot stand before nothing: 位于, 金额为 and the like.
const WANT_MORE: &[char] =
    &['在', '于', '从', '自', '为', '是', '约', '达', '由', '向', '对', '被', '：', '（', '“', '《', '、'];
/// What cannot stand after nothing.
const WANT_BEFORE: &[char] = &['元', '号', '天', '月', '日', '时', '分', '个', '次', '）', '”', '》', '、'];

/// Slots that leave a gap in the reply when they are empty: where nothing stands for one, and what is around it wants
/// something there.
fn gaps(document: &Document, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    const MARK: &str = "\u{E000}";
    let slots: Vec<SlotUse<'_>> =
        scenario.slots.iter().map(|slot| SlotUse { name: &slot.name, otherwise: &slot.otherwise }).collect();
    let reply = [Step::Key("reply")];
    let Some(template) = Template::compile(&scenario.reply, &slots, document, &reply, &mut Vec::new()) else { return };
    let others = ["department", "unit", "deadline", "district", "scenario", "hotline"].map(|name| (name, "某"));
    let filled = |empty: &str, value: &'static str| {
        let slots =
            scenario.slots.iter().map(|slot| (slot.name.as_str(), if slot.name == empty { value } else { "某" }));
        template.render(&others.into_iter().chain(slots).collect::<Values<'_>>()).text
    };
    for slot in &scenario.slots {
        let with = filled(&slot.name, MARK);
        let gap = with
            .match_indices(MARK)
            .find(|(at, mark)| with[..*at].ends_with(WANT_MORE) || with[at + mark.len()..].starts_with(WANT_BEFORE));
        // Where more is gone than the slot's own words, the reply was written for it.
        let Some((at, mark)) = gap.filter(|_| filled(&slot.name, "") == with.replace(MARK, "")) else { continue };
        let name = &slot.name;
        let before: String = with[..at].chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        let after: String = with[at + mark.len()..].chars().take(4).collect();
        let steps = [Step::Key("slots"), Step::KeyItself(name)];
        let message = say!(
            "要素槽“{name}”为空时，答复会读成“{before}{after}”",
            "where the slot `{name}` is empty, the reply reads `{before}{after}`"
        );
        findings.push(document.diagnostic_at(&steps, Code::ReplyGap, message).note(say!(
            "给它写 else:，例如 else: 您所说的位置；或在答复里写 {{% if {name} %}}…{{% endif %}}",
            "give it an `else:`, or write {{% if {name} %}}…{{% endif %}} in the reply"
        )));
    }
}

fn same_titles(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, &Scenario> = BTreeMap::new();
    for scenario in given.engine.rules().scenarios() {
        let title = scenario.title.trim();
        let Some(other) = first.get(title) else {
            first.insert(title, scenario);
            continue;
        };
        let Some(document) = given.document(&scenario.source.path) else { continue };
        let id = &other.id;
        let message = say!("标题“{title}”与场景 {id} 相同", "the title `{title}` is that of {id} too");
        findings.push(document.diagnostic_at(&[Step::Key("title")], Code::SameTitle, message).note(say!(
            "坐席只看标题，两个一样就分不清；写出差别",
            "agents see the title alone: say what the difference is"
        )));
    }
}

/// Scenarios with the same condition, or with the same terms put together differently.
fn same_conditions(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let mut resolver = Resolver::new(&given.vocabulary);
    let mut by_condition: BTreeMap<String, &Scenario> = BTreeMap::new();
    let mut by_terms: BTreeMap<BTreeSet<String>, &Scenario> = BTreeMap::new();
    for scenario in given.engine.rules().scenarios() {
        let Some(part) = resolver.part(&scenario.when) else { continue };
        let mut terms = BTreeSet::new();
        positive_terms(&part, &mut terms);
        let condition = canonical(&part);
        let same_condition = by_condition.get(&condition).copied();
        let same_terms = by_terms.get(&terms).copied().filter(|_| terms.len() >= FEWEST_TERMS);
        if let Some(other) = same_condition.or(same_terms) {
            let id = &other.id;
            let message = match same_condition {
                Some(_) => say!("条件与场景 {id} 完全相同", "the condition is that of {id}"),
                None => say!("条件用的词与场景 {id} 完全相同", "the condition looks for the same terms as {id}"),
            };
            let place = document_range(given, scenario);
            findings.push(Diagnostic::at(&scenario.source, place, Code::NearDuplicateScenarios, message).note(say!(
                "同样的话两个场景都会命中，谁在前只看编号；合并它们，或给各自补上对方没有的词",
                "the same complaints fire both, and only the ids decide: join them, or give each terms of its own"
            )));
        }
        by_condition.entry(condition).or_insert(scenario);
        by_terms.entry(terms).or_insert(scenario);
    }
}

fn document_range(given: &Given<'_>, scenario: &Scenario) -> std::ops::Range<usize> {
    let document = given.document(&scenario.source.path);
    document.map_or(scenario.when.range.clone(), |document| document.range(&[Step::KeyItself("when")]))
}

/// Categories whose first level stands nowhere else: not in the dispatch list, not in another scenario.
fn lonely_categories(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let scenarios = given.engine.rules().scenarios();
    for scenario in scenarios {
        *uses.entry(scenario.top_category()).or_default() += 1;
    }
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    for document in given.in_folder("rules/responsibility/") {
        let Value::List(rows) = &document.root().value else { continue };
        let categories = rows.iter().filter_map(|row| row.get("category")?.text());
        listed.extend(categories.map(|path| path.split('/').next().unwrap_or_default()));
    }
    // With one first level, or no list by category, there is nothing to hold it against.
    if listed.is_empty() {
        return;
    }
    for scenario in scenarios {
        let top = scenario.top_category();
        if uses[top] > 1 || listed.contains(top) {
            continue;
        }
        let message =
            say!("类别的第一级“{top}”别处都没有", "the first level `{top}` of the category stands nowhere else");
        let place = scenario.places.category.clone();
        let finding = Diagnostic::at(&scenario.source, place, Code::LonelyCategory, message);
        let known = listed.iter().chain(uses.keys()).copied().filter(|other| *other != top);
        findings.push(match crate::source::nearest(top, known) {
            Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
            None => finding.note(say!(
                "派单目录里没有这一类，统计时也会单独成一类；确认不是写错",
                "the dispatch list has no such category, and it is counted by itself: make sure that it is meant"
            )),
        });
    }
}
