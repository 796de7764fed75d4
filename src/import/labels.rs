//! Names of departments and regions in tickets, as the bundle names them.
//!
//! A name is found by the bundle's own rules (id, name, alias, place and department), or in the mapping. Whatever is only
//! similar is proposed, never taken: 市城管委 and 市城管局 may be two.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::report::{LabelReport, UnmatchedLabel};
use crate::catalog::Catalog;
use crate::say;
use crate::source::{Message, nearest};
use crate::text::normalise;

/// Names that match nothing, listed at the most.
const LISTED: usize = 1_000;
/// Names for which something similar is looked for: the most frequent.
const COMPARED: usize = 200;
/// How similar two names must be to be proposed: the share of pairs of characters that they have in common (Dice 1945).
const SIMILAR: f64 = 0.5;
/// What an office's name ends in, without saying what it does; the longest first.
const ENDINGS: &[&str] = &[
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "委员会办公室",
    "管理委员会",
    "行政执法局",
    "综合执法局",
    "管理局",
    "委员会",
    "办公室",
    "服务中心",
    "管理处",
    "指挥部",
    "分局",
    "支队",
    "大队",
    "中心",
    "公司",
    "集团",
    "总队",
    "局",
    "委",
    "办",
    "处",
    "厅",
];

/// Departments or regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Department,
    Region,
}

/// Something similar to a name that matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) near_id: String,
    pub(super) near_name: String,
}

/// Looks names of one kind up, and counts.
pub(super) struct Labels<'a> {
    kind: Kind,
    catalog: Option<&'a Catalog>,
    given: BTreeMap<String, String>,
    /// By name: the id, where there is one, and in how many rows.
    seen: FxHashMap<String, (Option<String>, u64)>,
}

impl<'a> Labels<'a> {
    /// # Errors
    /// An id in the mapping that the bundle does not have.
    pub(super) fn new(
        kind: Kind,
        catalog: Option<&'a Catalog>,
        given: &BTreeMap<String, String>,
    ) -> Result<Labels<'a>, Message> {
        if let Some(catalog) = catalog {
            for (name, id) in given {
                let known = known(kind, catalog);
                if !known.iter().any(|(known, _)| known == id) {
                    let near = nearest(id, known.iter().map(|(id, _)| *id)).unwrap_or("—");
                    return Err(say!(
                        "对应关系里“{name}”的编号“{id}”在规则包里没有，相近的是 {near}",
                        "the bundle has no `{id}`, which the mapping gives for `{name}`; near: {near}"
                    ));
                }
            }
        }
        let given = given.iter().map(|(name, id)| (normalise(name).trim().to_owned(), id.clone())).collect();
        Ok(Labels { kind, catalog, given, seen: FxHashMap::default() })
    }

    /// The id of a name, or the name where the bundle has none.
    pub(super) fn label(&mut self, name: &str) -> String {
        if let Some((id, count)) = self.seen.get_mut(name) {
            *count += 1;
            return id.clone().unwrap_or_else(|| name.to_owned());
        }
        let id = self.find(name);
        self.seen.insert(name.to_owned(), (id.clone(), 1));
        id.unwrap_or_else(|| name.to_owned())
    }

    /// Whether the bundle knows a name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The department that a unit (an id) belongs to: above it, of no single region, and called the same but for the
    /// place, as 市城市管理局 is above 东区城市管理局.
    pub(super) fn lead_of(&self, unit: &str) -> Option<String> {
        let catalog = self.catalog?;
        let unit = catalog.department(unit).filter(|unit| unit.region.is_some())?;
        // The tree has no circles, and is not deep.
        let above = std::iter::successors(catalog.department(unit.parent.as_deref()?), |department| {
            catalog.department(department.parent.as_deref()?)
        });
        let lead = above.into_iter().find(|department| department.region.is_none())?;
        (core(&lead.name, catalog) == core(&unit.name, catalog)).then(|| lead.id.clone())
    }

    fn find(&self, name: &str) -> Option<String> {
        if let Some(id) = self.given.get(normalise(name).trim()) {
            return Some(id.clone());
        }
        let catalog = self.catalog?;
        // Hotlines write blanks and notes in brackets into names, which the bundle's names do not have.
        let bare: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        let found = |name: &str| match self.kind {
            Kind::Department => catalog.department_named(name).map(|department| department.id.clone()),
            Kind::Region => catalog.region_named(name).map(|region| region.id.clone()),
        };
        found(name).or_else(|| found(&bare))
    }

    /// What was found and what was not, with proposals.
    pub(super) fn report(&self) -> (LabelReport, Vec<Proposal>) {
        let mut report = LabelReport::default();
        let mut unmatched: Vec<(&String, u64)> = Vec::new();
        for (name, (id, count)) in &self.seen {
            match id {
                Some(_) => report.matched += count,
                None => {
                    report.unmatched += count;
                    unmatched.push((name, *count));
                }
            }
        }
        unmatched.sort_unstable_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
        unmatched.truncate(LISTED);
        let known: Vec<Known<'_>> = self.catalog.map_or_else(Vec::new, |catalog| {
            let all = match self.kind {
                Kind::Department => names_of_departments(catalog),
                Kind::Region => names_of_regions(catalog),
            };
            all.into_iter()
                .map(|(id, shown, name)| Known {
                    id,
                    shown,
                    pairs: pairs(&core(name, catalog)),
                    whole: pairs(&normalise(name)),
                })
                .collect()
        });
        let mut proposals = Vec::new();
        for (place, (name, count)) in unmatched.into_iter().enumerate() {
            let near = self.catalog.filter(|_| place < COMPARED).and_then(|catalog| near(name, &known, catalog));
            if let Some((near_id, near_name)) = near.clone() {
                proposals.push(Proposal { name: name.clone(), count, near_id, near_name });
            }
            report.names.push(UnmatchedLabel { name: name.clone(), count, near });
        }
        (report, proposals)
    }
}

/// Ids and names of all there is.
fn known(kind: Kind, catalog: &Catalog) -> Vec<(&str, &str)> {
    match kind {
        Kind::Department => catalog.departments().iter().map(|d| (d.id.as_str(), d.name.as_str())).collect(),
        Kind::Region => catalog.regions().iter().map(|r| (r.id.as_str(), r.name.as_str())).collect(),
    }
}

/// Id, official name, and each name in turn.
type Named<'a> = (&'a str, &'a str, &'a str);

fn names_of_departments(catalog: &Catalog) -> Vec<Named<'_>> {
    let all = catalog.departments().iter();
    let names = all.flat_map(|d| {
        std::iter::once(&d.name).chain(&d.aliases).map(|name| (d.id.as_str(), d.name.as_str(), name.as_str()))
    });
    names.collect()
}

fn names_of_regions(catalog: &Catalog) -> Vec<Named<'_>> {
    let all = catalog.regions().iter();
    let names = all.flat_map(|r| {
        std::iter::once(&r.name).chain(&r.aliases).map(|name| (r.id.as_str(), r.name.as_str(), name.as_str()))
    });
    names.collect()
}

struct Known<'a> {
    id: &'a str,
    shown: &'a str,
    pairs: Vec<(char, char)>,
    /// Of the name as it is, where two are equally near.
    whole: Vec<(char, char)>,
}

/// The most similar known name, places and endings aside; of equal ones the more similar with them, then the smaller id.
fn near(name: &str, known: &[Known<'_>], catalog: &Catalog) -> Option<(String, String)> {
    let (own, whole) = (pairs(&core(name, catalog)), pairs(&normalise(name)));
    let scored = known.iter().map(|known| (dice(&own, &known.pairs), dice(&whole, &known.whole), known));
    let best = scored
        .filter(|(score, _, _)| *score >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then_with(|| b.2.id.cmp(a.2.id)))?;
    Some((best.2.id.to_owned(), best.2.shown.to_owned()))
}

/// What a name says beside its place and the kind of office: 青澜区城市管理分局 is 城市管理.
fn core(name: &str, catalog: &Catalog) -> String {
    let name = normalise(name);
    let name = name.split('(').next().unwrap_or_default().trim();
    let mut rest = name;
    while let Some((range, _)) = catalog.regions_in(rest).into_iter().next().filter(|(range, _)| range.start == 0) {
        rest = &rest[range.end..];
    }
    rest = rest.strip_prefix(['省', '市', '区', '县']).unwrap_or(rest);
    let ending = ENDINGS.iter().find(|ending| rest.len() > ending.len() + 3 && rest.ends_with(**ending));
    let rest = ending.and_then(|ending| rest.strip_suffix(ending)).unwrap_or(rest);
    let letters: String = rest.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { name.to_owned() } else { letters }
}

/// Neighbouring characters, the ends with a mark, sorted.
fn pairs(text: &str) -> Vec<(char, char)> {
    let characters: Vec<char> = std::iter::once('^').chain(text.chars().take(60)).chain(['$']).collect();
    let mut pairs: Vec<(char, char)> = characters.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.sort_unstable();
    pairs
}

fn dice(a: &[(char, char)], b: &[(char, char)]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    f64::from(2 * common) / (a.len() + b.len()) as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::CatalogFiles;
    use crate::source::Document;

    const DEPARTMENTS: &str = "
- {id: gov, name: 市人民政府}
- {id: urban, name: 市城市管理局, aliases: [城管局], parent: gov}
- {id: urban-east, name: 东区城市管理局, parent: urban, region: east}
- {id: water, name: 市水务局, parent: gov}
";
    const REGIONS: &str = "
- {id: city, name: 样例市, level: city}
- {id: east, name: 东区, level: district, parent: city, aliases: [东城]}
";

    fn catalog() -> Catalog {
        let parse = |path, text| Document::parse(path, text, &mut Vec::new()).unwrap();
        let (departments, regions) = (parse("d", DEPARTMENTS), parse("r", REGIONS));
        let files =
            CatalogFiles { departments: Some(&departments), regions: Some(&regions), ..CatalogFiles::default() };
        Catalog::load(&files, &mut Vec::new()).unwrap()
    }

    #[test]
    fn names_are_found_or_stay() {
        let catalog = catalog();
        let given = BTreeMap::from([("水利大队".to_owned(), "water".to_owned())]);
        let mut labels = Labels::new(Kind::Department, Some(&catalog), &given).unwrap();
        for (name, expect) in [
            ("市城市管理局", "urban"),
            ("城管局", "urban"),
            ("市城管局", "urban"),
            ("东区城管局", "urban-east"),
            ("市 水 务 局", "water"),
            ("水利大队", "water"),
            ("市城市管理委员会", "市城市管理委员会"),
            ("某某局", "某某局"),
        ] {
            assert_eq!(labels.label(name), expect);
        }
        assert_eq!(labels.lead_of("urban-east").as_deref(), Some("urban"));
        assert_eq!((labels.lead_of("urban"), labels.lead_of("water"), labels.lead_of("某某局")), (None, None, None));
        let mut regions = Labels::new(Kind::Region, Some(&catalog), &BTreeMap::new()).unwrap();
        assert_eq!((regions.label("东城").as_str(), regions.label("西城").as_str()), ("east", "西城"));
    }

    #[test]
    fn what_is_only_similar_is_proposed() {
        let catalog = catalog();
        let mut labels = Labels::new(Kind::Department, Some(&catalog), &BTreeMap::new()).unwrap();
        for name in ["市城市管理委员会", "市城市管理委员会", "城市管理综合执法局", "殡仪馆", "水务局（市）", "市水务局"]
        {
            labels.label(name);
        }
        let (report, proposals) = labels.report();
        assert_eq!((report.matched, report.unmatched), (1, 5));
        let names: Vec<_> =
            report.names.iter().map(|n| (n.name.as_str(), n.count, n.near.as_ref().map(|n| n.0.as_str()))).collect();
        assert_eq!(
            names,
            [
                ("市城市管理委员会", 2, Some("urban")),
                ("城市管理综合执法局", 1, Some("urban")),
                ("殡仪馆", 1, None),
                ("水务局（市）", 1, Some("water")),
            ]
        );
        assert_eq!(proposals.len(), 3);
    }

    #[test]
    fn an_id_of_the_mapping_must_be_there() {
        let catalog = catalog();
        let given = BTreeMap::from([("水利".to_owned(), "watre".to_owned())]);
        let error = Labels::new(Kind::Department, Some(&catalog), &given).err().unwrap();
        assert!(error.en.contains("near: water"), "{}", error.en);
        assert!(Labels::new(Kind::Department, None, &given).is_ok());
    }
}
