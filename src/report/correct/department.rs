//! A row of the dispatch list for the department that should have got a matter.

use super::edits::{Files, scalar};
use crate::bundle::Bundle;
use crate::decide::Complaint;
use crate::rules::Scenario;
use crate::say;
use crate::source::{Document, Message, Node, Value};

/// The file of rows that were proposed.
const FILE: &str = "rules/responsibility/corrections.yaml";

/// Puts a department into the dispatch list for a scenario, where the list names another: in the row there is for just
/// this scenario and region, else in a new one. Gives what was done; nothing where the list says so already.
pub(super) fn assigned(
    bundle: &Bundle,
    files: &mut Files<'_>,
    scenario: &Scenario,
    department: &str,
    complaint: &Complaint,
    why: &str,
) -> Option<Message> {
    let engine = &bundle.engine;
    let catalog = engine.catalog();
    let region = engine.region_of(complaint);
    let (place, day) = (region.map(|region| region.id.as_str()), complaint.at.date());
    let row = catalog.responsible(&scenario.id, Some(&scenario.category), place, day);
    let above = catalog.department_upwards(department);
    if row.is_some_and(|row| above.contains(&row.lead.as_str())) {
        return None;
    }
    let (title, name) = (&scenario.title, catalog.department(department).map_or(department, |known| &known.name));
    let own = row.filter(|row| row.scenario.as_deref() == Some(&scenario.id));
    if let Some(row) = own
        && let Some(path) = replaced(bundle, files, &scenario.id, row.region.as_deref(), &row.lead, department)
    {
        return Some(say!(
            "派单目录里“{title}”的主办改为{name}（{path}）",
            "in the dispatch list `{title}` goes to {name} ({path})"
        ));
    }
    let basis = scalar(&format!("{why}（修改建议，依据待编辑核实）"));
    files.append(FILE, &format!("- {{scenario: {}, lead: {department}, basis: {basis}}}\n", scenario.id));
    Some(say!(
        "派单目录增加一行：“{title}”由{name}主办（{FILE}）",
        "a row is added to the dispatch list: `{title}` goes to {name} ({FILE})"
    ))
}

/// Replaces the lead in the row about a scenario and a region; gives its file.
fn replaced(
    bundle: &Bundle,
    files: &mut Files<'_>,
    scenario: &str,
    region: Option<&str>,
    lead: &str,
    department: &str,
) -> Option<String> {
    let paths = bundle.snapshot.files.keys().filter(|path| path.starts_with("rules/responsibility/"));
    let paths: Vec<String> = paths.cloned().collect();
    paths.into_iter().find(|path| {
        files.edit(path, |text| {
            let document = Document::parse(path, text, &mut Vec::new())?;
            let Value::List(rows) = &document.root().value else { return None };
            let is = |row: &Node, key: &str, wanted: Option<&str>| row.get(key).and_then(Node::text) == wanted;
            let row = rows.iter().find(|row| {
                is(row, "scenario", Some(scenario)) && is(row, "region", region) && is(row, "lead", Some(lead))
            })?;
            let mut edits = vec![(row.get("lead")?.range.clone(), department)];
            // Whoever assisted and leads now changes places with whoever led.
            if let Some(Value::List(joint)) = row.get("joint").map(|joint| &joint.value) {
                let own = joint.iter().find(|one| one.text() == Some(department));
                edits.extend(own.map(|one| (one.range.clone(), lead)));
            }
            edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
            let mut text = text.to_owned();
            edits.into_iter().for_each(|(range, id)| text.replace_range(range, id));
            Some(text)
        })
    })
}
