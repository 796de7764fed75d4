//! What each field is taken from, as the reports show it: with an example, masked.

use super::draft::short;
use super::field::Field;
use super::headers;
use super::mapping::Plan;
use super::report::{Chosen, Report};
use super::table::{Row, Table};
use crate::source::Message;
use crate::text::mask;

/// What each field of a plan is taken from.
pub(super) fn chosen(table: &Table, plan: &Plan, why: &[(Field, Message)]) -> Vec<Chosen> {
    let taken =
        why.iter().map(|(field, why)| (*field, plan.of(*field), why)).filter(|(_, places, _)| !places.is_empty());
    taken
        .map(|(field, places, why)| {
            let columns = places.iter().map(|place| table.columns[*place].clone()).collect();
            Chosen { field, columns, why: why.clone(), sample: sample(table, plan, field) }
        })
        .collect()
}

/// What stands in the first row that has something, masked.
fn sample(table: &Table, plan: &Plan, field: Field) -> String {
    if field.is_contact() {
        return "***".to_owned();
    }
    let cells = |row: &Row| {
        let cells = plan.of(field).iter().filter_map(|place| row.cells.get(*place)).map(|cell| cell.trim());
        cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" / ")
    };
    let sample = table.sample().map(cells).find(|cells| !cells.is_empty()).unwrap_or_default();
    // Ids are long numbers too, and are written as they are.
    if matches!(field, Field::Id | Field::ExternalId) && !mask::is_personal_number(&sample) {
        return short(&sample);
    }
    let contacts = [Field::ContactName, Field::ContactPhone].into_iter().flat_map(|field| plan.of(field));
    let places: Vec<usize> = plan.persons.iter().chain(contacts).copied().collect();
    let rows = table.sample().flat_map(|row| places.iter().filter_map(|place| row.cells.get(*place)));
    let persons: Vec<String> = rows.filter_map(|cell| mask::person(cell)).collect();
    short(&mask::mask(&sample, &persons, &mut mask::Counts::new()))
}

/// Columns that no field is taken from: those about persons, and the others.
pub(super) fn left(table: &Table, plan: &Plan) -> (Vec<String>, Vec<String>) {
    let rest = table.columns.iter().enumerate().filter(|(place, _)| !plan.takes(*place)).map(|(_, name)| name.clone());
    rest.partition(|name| headers::is_personal(name))
}

impl Report {
    /// Notes what each field is taken from.
    pub(super) fn chosen(&mut self, table: &Table, plan: &Plan, why: &[(Field, Message)]) {
        self.mapping.extend(chosen(table, plan, why));
        (self.personal, self.unused) = left(table, plan);
    }
}
