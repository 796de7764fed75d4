//! What departments are for, in their own words: so that one which no case has had yet can still be found.

use rustc_hash::FxHashMap;

use crate::catalog::Catalog;
use crate::knowledge::Query;
use crate::text::{Segmenter, Text};

/// Departments that are named for a text, at the most.
const MOST: usize = 3;
/// What covers less of a text is there by accident.
const LEAST: f32 = 0.1;

/// The telling words of all departments' duties.
#[derive(Debug, Default)]
pub(super) struct Duties {
    /// For each word the departments that have it, by their place in the catalogue, in order.
    departments: FxHashMap<Box<str>, Vec<u32>>,
    /// How many departments say what they are for.
    count: usize,
}

impl Duties {
    /// Reads the duties of all departments.
    pub(super) fn new(catalog: &Catalog, segmenter: &Segmenter) -> Duties {
        let mut duties = Duties::default();
        for (place, department) in (0..).zip(catalog.departments()) {
            let query = Query::from_text(&Text::new(None, &department.duties), segmenter);
            duties.count += usize::from(query.words().next().is_some());
            for word in query.words() {
                duties.departments.entry(word.into()).or_default().push(place);
            }
        }
        duties
    }

    /// The departments whose duties a text touches, by place, with how much of what its telling words say lies in them:
    /// the weight of the words that they share as a part of that of all, where a word weighs the logarithm of how few
    /// departments have it. The best first, of equal ones the first.
    pub(super) fn of(&self, query: &Query) -> Vec<(u32, f32)> {
        let weight = |with: usize| (1.0 + self.count as f32 / with.max(1) as f32).ln();
        let (mut all, mut own) = (0.0, FxHashMap::<u32, f32>::default());
        for word in query.words() {
            let departments = self.departments.get(word).map_or(&[][..], Vec::as_slice);
            let weight = weight(departments.len());
            all += weight;
            departments.iter().for_each(|place| *own.entry(*place).or_default() += weight);
        }
        let mut found: Vec<(u32, f32)> =
            own.into_iter().map(|(place, part)| (place, part / all)).filter(|(_, part)| *part >= LEAST).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(MOST);
        found
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::CatalogFiles;
    use crate::source::Document;

    const DEPARTMENTS: &str = "
- {id: water, name: 水务局, duties: 管供水管网、水表和停水通知}
- {id: weather, name: 气象局, duties: 发布天气预报和台风预警，管防雷检测}
- {id: lights, name: 路灯所, duties: 管路灯的养护，坏了的路灯在三日内修复}
- {id: office, name: 办公室}
";

    #[test]
    fn departments_are_found_by_what_they_are_for() {
        let document = Document::parse("rules/departments.yaml", DEPARTMENTS, &mut Vec::new()).unwrap();
        let files = CatalogFiles { departments: Some(&document), ..CatalogFiles::default() };
        let catalog = Catalog::load(&files, &mut Vec::new()).unwrap();
        let segmenter = Segmenter::new([]);
        let duties = Duties::new(&catalog, &segmenter);
        let found = |text: &str| {
            let query = Query::from_text(&Text::new(None, text), &segmenter);
            let found = duties.of(&query);
            assert!(found.iter().all(|(_, part)| (LEAST..=1.0).contains(part)), "{text}: {found:?}");
            found.iter().map(|(place, _)| catalog.departments()[*place as usize].id.as_str()).collect::<Vec<_>>()
        };
        for (text, expected) in [
            ("天气预报不准，台风没有预警", vec!["weather"]),
            ("门口的路灯坏了", vec!["lights"]),
            ("停水了，水表也不转，路灯还不亮", vec!["water", "lights"]),
            ("物业乱收费", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
