//! From a row to a masked case, but for what needs other rows: names in the bundle, repeats.

use std::collections::BTreeSet;

use super::copies::{Signature, fingerprint, signature};
use super::dates::{self, DateOrder};
use super::field::Field;
use super::mapping::Plan;
use super::report::Reason;
use super::table::Row;
use crate::source::Date;
use crate::text::mask::{self, Counts};
use crate::text::normalise;

/// The longest id or label, in characters, that a case may have.
const MAX_LABEL: usize = 200;
/// The longest text, title or reply, in characters, that a case may have.
const MAX_TEXT: usize = 20_000;

/// A case before its labels are looked up.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) row: u64,
    /// Its own id; none where the table has none, or the cell is empty.
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) text: String,
    pub(super) category: Option<String>,
    pub(super) department: Option<String>,
    pub(super) unit: Option<String>,
    /// The wider first.
    pub(super) districts: Vec<String>,
    pub(super) scenario: Option<String>,
    pub(super) reply: Option<String>,
    pub(super) opened_on: Option<Date>,
    pub(super) masked: Counts,
    /// What it says, with its labels.
    pub(super) content: u128,
    /// What it says, to be compared.
    pub(super) signature: Option<Signature>,
    /// Whether a program has rounded its id (`2.01805E+15`).
    pub(super) rounded_id: bool,
}

/// A row that makes no case.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) row: u64,
    pub(super) reason: Reason,
    /// What exactly, masked.
    pub(super) detail: String,
}

/// Makes a draft of a row; `columns` is how many the table has.
pub(super) fn draft(row: &Row, plan: &Plan, columns: usize, order: DateOrder) -> Result<Draft, Refused> {
    let refuse = |reason, detail: &str| Refused { row: row.number, reason, detail: short(&mask::masked(detail)) };
    let extra = row.cells.iter().skip(columns).any(|cell| !cell.trim().is_empty());
    if extra || row.cells.len() < plan.width() && !reaches(row, plan) {
        let found = row.cells.len();
        return Err(refuse(Reason::WrongColumns, &format!("{found} ≠ {columns}")));
    }
    let mut counts = Counts::new();
    let persons: Vec<String> =
        plan.persons.iter().filter_map(|place| row.cells.get(*place)).filter_map(|cell| mask::person(cell)).collect();
    let mut texts =
        |field: Field| cells(row, plan, field).map(|cell| mask::mask(&cell, &persons, &mut counts)).collect::<Vec<_>>();
    let text = texts(Field::Text).join("\n");
    let title = some(texts(Field::Title).join(" "));
    let reply = some(texts(Field::Reply).join("\n"));
    let category =
        some(texts(Field::Category).iter().map(|level| level.trim_matches('/')).collect::<Vec<_>>().join("/"));
    let [department, unit, scenario] =
        [Field::Department, Field::Unit, Field::Scenario].map(|field| some(texts(field).join(" ")));
    let districts = texts(Field::District);

    let letters: String = normalise(&text).chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.chars().nth(1).is_none() {
        return Err(refuse(Reason::NoText, &text));
    }
    let labels = [&category, &department, &unit, &scenario].into_iter().flatten().chain(&districts);
    let long = [&title, &reply].into_iter().flatten().chain([&text]).find(|text| is_longer(text, MAX_TEXT));
    let long = long.or_else(|| labels.clone().find(|label| is_longer(label, MAX_LABEL)));
    if let Some(long) = long {
        return Err(refuse(Reason::TooLong, long));
    }
    let opened_on = match cells(row, plan, Field::OpenedOn).next() {
        None => None,
        Some(cell) => Some(dates::parse(&cell, order).ok_or_else(|| refuse(Reason::BadDate, &cell))?),
    };
    let id = cells(row, plan, Field::Id).collect::<Vec<_>>().join("-");
    if mask::is_personal_number(&id) {
        return Err(refuse(Reason::BadId, &id));
    }
    if is_longer(&id, MAX_LABEL) {
        return Err(refuse(Reason::TooLong, &id));
    }
    let rounded_id = is_rounded(&id);
    let content = fingerprint([letters.as_str()].into_iter().chain(labels.map(String::as_str)));
    let signature = signature(&letters);
    let id = some(id).filter(|_| !rounded_id);
    let row = row.number;
    Ok(Draft {
        row,
        id,
        title,
        text,
        category,
        department,
        unit,
        districts,
        scenario,
        reply,
        opened_on,
        masked: counts,
        content,
        signature,
        rounded_id,
    })
}

impl Draft {
    /// Its own id, or one made of what it says and when: the same row gets the same id again.
    pub(super) fn id(&self) -> String {
        self.id.clone().unwrap_or_else(|| {
            let day = self.opened_on.map_or_else(String::new, |day| day.to_string());
            let content = format!("{:032x}", self.content);
            let made = fingerprint([content.as_str(), day.as_str()]);
            format!("row-{:016x}", (made >> 64) as u64)
        })
    }
}

/// What stands in a field's columns, without control characters; nothing for empty cells and those that only say so.
pub(super) fn cells<'a>(row: &'a Row, plan: &'a Plan, field: Field) -> impl Iterator<Item = String> + 'a {
    let is_text = matches!(field, Field::Text | Field::Reply);
    let clean = move |cell: &String| {
        let keep = |c: &char| !c.is_control() || is_text && matches!(c, '\n' | '\t');
        cell.replace("\r\n", "\n").replace('\r', "\n").chars().filter(keep).collect::<String>().trim().to_owned()
    };
    let found = plan.of(field).iter().filter_map(|place| row.cells.get(*place)).map(clean);
    found.filter(|cell| {
        !matches!(cell.as_str(), "" | "-" | "--" | "/" | "\\N" | "NULL" | "null" | "None" | "nan" | "NaN")
    })
}

/// Whether a row that is too short still has its text: cells at the end may be left away.
fn reaches(row: &Row, plan: &Plan) -> bool {
    let needed: BTreeSet<usize> =
        [Field::Text, Field::Id].into_iter().flat_map(|field| plan.of(field)).copied().collect();
    needed.into_iter().all(|place| place < row.cells.len())
}

pub(super) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().count() > most
}

/// A beginning, for showing.
pub(super) fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
    if line.chars().count() < 60 { line } else { format!("{line}…") }
}

/// Whether this is a number as Excel shows one that is too long for its cell: its last digits are lost.
pub(super) fn is_rounded(id: &str) -> bool {
    let Some((head, power)) = id.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = head.split_once('.').unwrap_or((head, "0"));
    whole.len() == 1 && digits(whole) && digits(part) && power.strip_prefix('+').is_some_and(digits)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::knowledge::read_cases;

    /// A row of id, text, department, date.
    fn of(cells: &[&str]) -> Result<Draft, Reason> {
        let mut plan = Plan::default();
        for (field, place) in [(Field::Id, 0), (Field::Text, 1), (Field::Department, 2), (Field::OpenedOn, 3)] {
            plan.set(field, vec![place]);
        }
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        draft(&Row { number: 7, cells }, &plan, 4, DateOrder::Ymd).map_err(|refused| refused.reason)
    }

    #[test]
    fn a_row_becomes_a_case() {
        let draft = of(&[" G1 ", "张先生反映\r\n路灯不亮\0", "城管局", "2018/5/1 9:00"]).unwrap();
        assert_eq!((draft.id().as_str(), draft.text.as_str()), ("G1", "某先生反映\n路灯不亮"));
        assert_eq!((draft.department.as_deref(), draft.opened_on), (Some("城管局"), Date::parse("2018-05-01")));
        let bare = of(&["", "路灯不亮", "NULL", ""]).unwrap();
        assert_eq!((bare.department, bare.opened_on), (None, None));
        assert!(bare.id.is_none());
    }

    #[test]
    fn rows_are_refused_for_a_reason() {
        let long = "长".repeat(MAX_TEXT + 1);
        let label = "长".repeat(MAX_LABEL + 1);
        for (cells, expect) in [
            (&["1", "", "", ""][..], Reason::NoText),
            (&["1", "。", "", ""], Reason::NoText),
            (&["1", "-", "", ""], Reason::NoText),
            (&["1", &long, "", ""], Reason::TooLong),
            (&["1", "路灯不亮", &label, ""], Reason::TooLong),
            (&[&label, "路灯不亮", "", ""], Reason::TooLong),
            (&["1", "路灯不亮", "", "昨天"], Reason::BadDate),
            (&["13800138000", "路灯不亮", "", ""], Reason::BadId),
            (&["1", "路灯", "不亮", "", "多出来的"], Reason::WrongColumns),
            (&["1"], Reason::WrongColumns),
        ] {
            assert_eq!(of(cells).err(), Some(expect), "{:?}", cells.first());
        }
        assert!(of(&["1", "路灯不亮"]).is_ok());
        assert!(of(&["1", "路灯不亮", "", "", " "]).is_ok());
    }

    #[test]
    fn ids_that_a_program_rounded_are_not_used() {
        for (id, expect) in [("2.01805E+15", true), ("2E+15", true), ("SZ2E15", false), ("201805", false), ("", false)]
        {
            assert_eq!(is_rounded(id), expect, "{id}");
        }
        let [one, two] = ["路灯不亮", "井盖丢失"].map(|text| of(&["2.01805E+15", text, "", ""]).unwrap().id());
        assert_ne!(one, two);
        assert_eq!(one, of(&["", "路灯不亮", "", ""]).unwrap().id());
        assert_ne!(one, of(&["", "路灯不亮", "", "2018-05-01"]).unwrap().id());
    }

    /// The limits here are those of the cases that a bundle reads.
    #[test]
    fn limits_are_those_of_cases() {
        for (id, text, fits) in [
            ("a".repeat(MAX_LABEL), "长".repeat(MAX_TEXT), true),
            ("a".repeat(MAX_LABEL + 1), "长".to_owned(), false),
            ("a".to_owned(), "长".repeat(MAX_TEXT + 1), false),
        ] {
            let line = serde_json::json!({"id": id, "text": text}).to_string();
            assert_eq!(read_cases([("a", line.as_str())], &mut Vec::new()).len() == 1, fits);
        }
    }
}
