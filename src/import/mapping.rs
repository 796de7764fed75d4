//! Which column is which field: as it is written in a file, and as it fits a table.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Deserialize;

use super::dates::DateOrder;
use super::field::{Field, Purpose};
use super::headers;
use super::labels::Proposal;
use crate::say;
use crate::source::{Diagnostic, Document, Lang, Message, nearest, render_plain};

/// A mapping as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// Columns by field.
    pub(super) columns: Columns,
    /// Order of day and month where the year comes last.
    #[serde(default)]
    pub(super) date_order: DateOrder,
    /// Names of departments that the bundle does not have, with the id that is meant.
    #[serde(default)]
    pub(super) departments: BTreeMap<String, String>,
    /// Names of regions that the bundle does not have, with the id that is meant.
    #[serde(default)]
    pub(super) regions: BTreeMap<String, String>,
}

/// Names of columns by field; `#3` is the third column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Columns {
    /// What the citizen said; several are put one below the other.
    text: Vec<String>,
    /// Its number in the other system.
    #[serde(default)]
    id: Vec<String>,
    /// The title.
    #[serde(default)]
    title: Vec<String>,
    /// The category; several columns are the levels of a path.
    #[serde(default)]
    category: Vec<String>,
    /// The department that handled it.
    #[serde(default)]
    department: Vec<String>,
    /// The unit of that department.
    #[serde(default)]
    unit: Vec<String>,
    /// Where it was; of several the narrowest (the last) that the bundle knows.
    #[serde(default)]
    district: Vec<String>,
    /// The scenario.
    #[serde(default)]
    scenario: Vec<String>,
    /// What was answered.
    #[serde(default)]
    reply: Vec<String>,
    /// The day it came in.
    #[serde(default)]
    opened_on: Vec<String>,
    /// Its number in the other system, for tickets.
    #[serde(default)]
    external_id: Vec<String>,
    /// How it came in.
    #[serde(default)]
    channel: Vec<String>,
    /// When it came in, to the minute.
    #[serde(default)]
    received_at: Vec<String>,
    /// Where exactly it was.
    #[serde(default)]
    address: Vec<String>,
    /// Who called.
    #[serde(default)]
    contact_name: Vec<String>,
    /// Their number.
    #[serde(default)]
    contact_phone: Vec<String>,
    /// Another way to reach them.
    #[serde(default)]
    contact_other: Vec<String>,
}

impl Columns {
    pub(super) fn get(&self, field: Field) -> &[String] {
        match field {
            Field::Id => &self.id,
            Field::Title => &self.title,
            Field::Text => &self.text,
            Field::Category => &self.category,
            Field::Department => &self.department,
            Field::Unit => &self.unit,
            Field::District => &self.district,
            Field::Scenario => &self.scenario,
            Field::Reply => &self.reply,
            Field::OpenedOn => &self.opened_on,
            Field::ExternalId => &self.external_id,
            Field::Channel => &self.channel,
            Field::ReceivedAt => &self.received_at,
            Field::Address => &self.address,
            Field::ContactName => &self.contact_name,
            Field::ContactPhone => &self.contact_phone,
            Field::ContactOther => &self.contact_other,
        }
    }

    pub(super) fn set(&mut self, field: Field, columns: Vec<String>) {
        *match field {
            Field::Id => &mut self.id,
            Field::Title => &mut self.title,
            Field::Text => &mut self.text,
            Field::Category => &mut self.category,
            Field::Department => &mut self.department,
            Field::Unit => &mut self.unit,
            Field::District => &mut self.district,
            Field::Scenario => &mut self.scenario,
            Field::Reply => &mut self.reply,
            Field::OpenedOn => &mut self.opened_on,
            Field::ExternalId => &mut self.external_id,
            Field::Channel => &mut self.channel,
            Field::ReceivedAt => &mut self.received_at,
            Field::Address => &mut self.address,
            Field::ContactName => &mut self.contact_name,
            Field::ContactPhone => &mut self.contact_phone,
            Field::ContactOther => &mut self.contact_other,
        } = columns;
    }

    /// A field that has columns and is none of those rows of this purpose have.
    fn other_than(&self, purpose: Purpose) -> Option<Field> {
        self.all().map(|(field, _)| field).find(|field| !purpose.fields().contains(field))
    }

    /// All names of columns, field by field.
    pub(super) fn all(&self) -> impl Iterator<Item = (Field, &String)> {
        Field::ALL.into_iter().flat_map(|field| self.get(field).iter().map(move |column| (field, column)))
    }
}

/// Places of columns by field, for one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    fields: BTreeMap<Field, Vec<usize>>,
    /// Columns with who complained: not imported, but masked in the texts.
    pub(super) persons: Vec<usize>,
}

impl Plan {
    /// The places of a field's columns, from 0.
    pub(super) fn of(&self, field: Field) -> &[usize] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    pub(super) fn set(&mut self, field: Field, columns: Vec<usize>) {
        self.fields.insert(field, columns);
    }

    /// Whether a column is taken for something.
    pub(super) fn takes(&self, column: usize) -> bool {
        self.fields.values().flatten().any(|taken| *taken == column)
    }

    /// Notes the columns about persons among those that are not taken.
    pub(super) fn find_persons(&mut self, columns: &[String]) {
        let named = columns.iter().enumerate().filter(|(_, name)| headers::is_personal(name)).map(|(place, _)| place);
        self.persons = named.filter(|place| !self.takes(*place)).collect();
    }

    /// Cells that a row must have.
    pub(super) fn width(&self) -> usize {
        self.fields.values().flatten().max().map_or(0, |last| last + 1)
    }
}

impl Mapping {
    /// How many of the columns that it asks for are among these cells: the head of a table has most.
    pub(super) fn score(&self, cells: &[String]) -> usize {
        self.columns.all().filter(|(_, column)| cells.iter().any(|cell| cell.trim() == *column)).count()
    }

    /// Reads a mapping for rows that become this. `path` is for messages.
    ///
    /// # Errors
    /// All that is wrong with it, with line and column; a field that such rows do not have.
    pub(super) fn read(path: &str, text: &str, purpose: Purpose) -> Result<Mapping, Message> {
        let mut diagnostics = Vec::new();
        let mapping: Option<Mapping> =
            Document::parse(path, text, &mut diagnostics).and_then(|document| document.read(&mut diagnostics));
        match mapping {
            Some(mapping) if !mapping.columns.text.is_empty() => match mapping.columns.other_than(purpose) {
                None => Ok(mapping),
                Some(other) => {
                    let (other, fields) = (other.name(), purpose.fields().iter().map(|field| field.name()));
                    let fields = fields.collect::<Vec<_>>().join("、");
                    Err(say!(
                        "{path}：这里不能用 {other}；可用的有：{fields}",
                        "{path}: `{other}` means nothing here; there are {fields}"
                    ))
                }
            },
            Some(_) => Err(say!("{path}：columns 里的 text 是空的", "{path}: `text` in `columns` is empty")),
            None => Err(all(&diagnostics)),
        }
    }

    /// Finds the columns in a table.
    ///
    /// # Errors
    /// A column that is not there, is there twice, or is taken for two things; with the columns there are.
    pub(super) fn plan(&self, columns: &[String]) -> Result<Plan, Message> {
        let mut plan = Plan::default();
        for (field, name) in self.columns.all() {
            let place = place(name, columns)?;
            if plan.takes(place) {
                return Err(say!("列“{name}”用了两次", "the column `{name}` is taken for two things"));
            }
            plan.fields.entry(field).or_default().push(place);
        }
        plan.find_persons(columns);
        Ok(plan)
    }

    /// The mapping as a file, with proposals for names that match nothing as comments.
    pub(super) fn write(&self, departments: &[Proposal], regions: &[Proposal]) -> String {
        let mut out = String::from(
            "# 列的对应关系，导入时生成，可以手工修改；下次导入照此办理。\n\
             # Which column is which field, written by the import. Edit it freely: the next import goes by it.\n\
             columns:\n",
        );
        for field in Field::ALL {
            let columns = self.columns.get(field);
            if !columns.is_empty() {
                let list: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
                let (name, list, chinese) = (field.name(), list.join(", "), field.chinese());
                let _ = writeln!(out, "  {name}: [{list}]  # {chinese}");
            }
        }
        let _ = writeln!(out, "date_order: {}  # ymd, dmy, mdy", self.date_order.name());
        for (key, given, proposals) in
            [("departments", &self.departments, departments), ("regions", &self.regions, regions)]
        {
            if given.is_empty() && proposals.is_empty() {
                continue;
            }
            let _ = match given.is_empty() {
                true => writeln!(out, "# 对的就去掉行首的 #。Take the # away where it is right.\n# {key}:"),
                false => writeln!(out, "{key}:"),
            };
            for (name, id) in given {
                let _ = writeln!(out, "  {}: {}", quoted(name), quoted(id));
            }
            for proposal in proposals {
                let (name, near) = (quoted(&proposal.name), one_line(&proposal.near_name));
                let _ = writeln!(out, "#   {name}: {}  # {near}？ × {}", quoted(&proposal.near_id), proposal.count);
            }
        }
        out
    }
}

/// A text as YAML reads it back: JSON's strings are YAML's double-quoted ones.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn all(diagnostics: &[Diagnostic]) -> Message {
    let shown = |lang| diagnostics.iter().take(20).map(|d| render_plain(d, lang)).collect::<Vec<_>>().join("\n");
    Message { zh: shown(Lang::Zh), en: shown(Lang::En) }
}

/// The place of a column by name, or by number (`#3`).
fn place(name: &str, columns: &[String]) -> Result<usize, Message> {
    let mut found = columns.iter().enumerate().filter(|(_, column)| *column == name).map(|(place, _)| place);
    let list = || list(columns);
    match (found.next(), found.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => {
            let list = list();
            Err(say!(
                "有两列都叫“{name}”，请用 #序号 指明（例如 #3 是第三列）。现有的列：{list}",
                "two columns are called `{name}`: say which by its number (`#3` is the third). Columns: {list}"
            ))
        }
        (None, _) => {
            let number = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
            if let Some(number) = number.filter(|number| (1..=columns.len()).contains(number)) {
                return Ok(number - 1);
            }
            let near = nearest(name, columns.iter().map(String::as_str));
            let near = near.map_or(say!("", ""), |near| say!("是否想写“{near}”？", "Did you mean `{near}`? "));
            let (zh, en, list) = (near.zh, near.en, list());
            Err(say!("没有“{name}”这一列。{zh}现有的列：{list}", "there is no column `{name}`. {en}Columns: {list}"))
        }
    }
}

/// The columns there are, for an error.
pub(super) fn list(columns: &[String]) -> String {
    let shown: Vec<&str> = columns.iter().take(50).map(String::as_str).collect();
    let more = if columns.len() > shown.len() { "…" } else { "" };
    format!("{}{more}", shown.join("、"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut mapping = Mapping { date_order: DateOrder::Dmy, ..Mapping::default() };
        mapping.columns.set(Field::Text, columns(&["诉求\"内容\"", "备注: 一"]));
        mapping.columns.set(Field::Id, columns(&["2018"]));
        mapping.departments.insert("城管委 #1".to_owned(), "urban".to_owned());
        let proposal = Proposal {
            name: "水 务".to_owned(),
            count: 3,
            near_id: "water".to_owned(),
            near_name: "市水务局".to_owned(),
        };
        let text = mapping.write(&[proposal], &[]);
        assert!(text.contains("#   \"水 务\": \"water\"  # 市水务局？ × 3"), "{text}");
        assert_eq!(Mapping::read("m.yaml", &text, Purpose::Cases).unwrap(), mapping);
    }

    #[test]
    fn a_proposal_is_taken_by_removing_the_number_signs() {
        let mut mapping = Mapping::default();
        mapping.columns.set(Field::Text, columns(&["内容"]));
        let proposal = Proposal {
            name: "城管委".to_owned(),
            count: 3,
            near_id: "urban".to_owned(),
            near_name: "市城管局".to_owned(),
        };
        let text = mapping.write(&[proposal], &[]).replace("# departments", "departments").replace("#   \"", "  \"");
        assert_eq!(Mapping::read("m.yaml", &text, Purpose::Cases).unwrap().departments["城管委"], "urban");
    }

    #[test]
    fn mistakes_in_a_mapping_are_told() {
        for (text, expect) in [
            ("columns: {text: []}", "is empty"),
            ("columns: {id: [a]}", "text"),
            ("columns: {text: [a], txet: [b]}", "did you mean `text`?"),
            ("columns: {text: a}", "should be"),
            ("columns: {text: [a], channel: [b]}", "`channel` means nothing here; there are id、title"),
            ("columns: {text: [a]}\ndate_order: xyz", "date_order"),
            ("- a", "should be"),
            ("", "should be"),
        ] {
            let error = Mapping::read("m.yaml", text, Purpose::Cases).unwrap_err();
            assert!(error.en.contains(expect), "{text}\n{}", error.en);
        }
    }

    #[test]
    fn columns_that_do_not_fit_are_told() {
        let plan = |yaml: &str, names: &[&str]| Mapping::read("m", yaml, Purpose::Cases).unwrap().plan(&columns(names));
        let fine = plan("columns: {text: [内容], id: ['#1']}", &["号", "内容"]).unwrap();
        assert_eq!((fine.of(Field::Text), fine.of(Field::Id), fine.width()), (&[1][..], &[0][..], 2));
        for (yaml, names, expect) in [
            ("columns: {text: [诉求内荣]}", &["诉求内容", "号"][..], "Did you mean `诉求内容`? Columns: 诉求内容、号"),
            ("columns: {text: [内容]}", &["内容", "内容"], "two columns are called `内容`"),
            ("columns: {text: [内容], title: [内容]}", &["内容"], "taken for two things"),
            ("columns: {text: ['#3']}", &["内容"], "no column `#3`"),
        ] {
            let error = plan(yaml, names).unwrap_err();
            assert!(error.en.contains(expect), "{}", error.en);
        }
    }
}
