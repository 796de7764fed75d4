//! Departments (承办单位), their tree, and the units of each for a region.

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::say;
use crate::source::{Document, Step};

use super::CalendarKind;
use super::index::{Findings, Index};
use super::regions::Regions;
use super::tree::Tree;

/// A department, as written in `departments.yaml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Id, for references.
    pub id: String,
    /// Name, as it is written officially.
    pub name: String,
    /// Other names, as citizens and agents say them.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Id of the department above it.
    #[serde(default)]
    pub parent: Option<String>,
    /// Id of the region it serves, when it serves one only.
    #[serde(default)]
    pub region: Option<String>,
    /// What it does, in a sentence or two.
    #[serde(default)]
    pub duties: String,
    /// Telephone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Which days count as its working days.
    #[serde(default)]
    pub calendar: CalendarKind,
    /// What automatic dispatch to it must reach, where that differs from the bundle's default.
    #[serde(default)]
    pub bar: Option<Bar>,
    /// Where its system wants to hear of its tickets: an `https` address.
    #[serde(default)]
    pub webhook: Option<String>,
    /// Whether who complained is kept from it.
    #[serde(default)]
    pub confidential: bool,
}

/// What learned decisions must reach before they are dispatched by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// Share of right decisions, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub target: f64,
}

/// The departments nearest below a lead that serve one region.
#[derive(Debug)]
struct Units {
    steps_below: u32,
    departments: Vec<u32>,
}

/// All departments of a bundle.
#[derive(Debug, Default)]
pub(super) struct Departments {
    pub(super) list: Vec<Department>,
    ids: Index,
    names: Index,
    tree: Tree,
    /// For each department the region it serves.
    regions: Vec<Option<u32>>,
    /// By lead and region.
    units: FxHashMap<(u32, u32), Units>,
}

impl Departments {
    pub(super) fn load(document: Option<&Document>, findings: &mut Findings<'_>) -> Departments {
        let Some(list) = document.and_then(|document| document.read::<Vec<Department>>(findings.all)) else {
            return Departments::default();
        };
        let (mut ids, mut names) = (Index::default(), Index::default());
        for (at, department) in list.iter().enumerate() {
            let position = at as u32;
            ids.add_id(&department.id, position, &[Step::Index(at), Step::Key("id")], findings);
            names.add_name(&department.name, position, &[Step::Index(at), Step::Key("name")], findings);
            for (index, alias) in department.aliases.iter().enumerate() {
                let steps = [Step::Index(at), Step::Key("aliases"), Step::Index(index)];
                names.add_name(alias, position, &steps, findings);
            }
        }
        let things: Vec<_> = list.iter().map(|d| (d.id.as_str(), d.parent.as_deref())).collect();
        let tree = Tree::new(&things, &ids, findings);
        Departments { list, ids, names, tree, regions: Vec::new(), units: FxHashMap::default() }
    }

    /// Links departments to the regions they serve, and each department to its units.
    pub(super) fn place(&mut self, regions: &Regions, findings: &mut Findings<'_>) {
        for (at, department) in self.list.iter().enumerate() {
            let region = department.region.as_deref().and_then(|id| regions.position(id));
            if let (Some(id), None) = (&department.region, region) {
                let message = say!("没有编号为“{id}”的属地", "there is no region `{id}`");
                let known = regions.list.iter().map(|region| region.id.as_str());
                findings.unknown(&[Step::Index(at), Step::Key("region")], message, id, known);
            }
            self.regions.push(region);
        }
        for (at, region) in self.regions.iter().enumerate() {
            let Some(region) = *region else { continue };
            for (steps_below, lead) in (0..).zip(self.tree.upwards(at as u32)).skip(1) {
                let units = self.units.entry((lead, region)).or_insert(Units { steps_below, departments: Vec::new() });
                if steps_below < units.steps_below {
                    *units = Units { steps_below, departments: Vec::new() };
                }
                if steps_below == units.steps_below {
                    units.departments.push(at as u32);
                }
            }
        }
    }

    pub(super) fn get(&self, at: u32) -> &Department {
        &self.list[at as usize]
    }

    pub(super) fn position(&self, id: &str) -> Option<u32> {
        self.ids.get(id)
    }

    /// By id, name or alias; `text` is normalised.
    pub(super) fn named(&self, text: &str) -> Option<u32> {
        self.ids.get(text).or_else(|| self.names.get(text))
    }

    /// A department and all that it is below, the nearest first.
    pub(super) fn upwards(&self, at: u32) -> impl Iterator<Item = u32> {
        self.tree.upwards(at)
    }

    /// The region a department serves, when it serves one only.
    pub(super) fn region(&self, at: u32) -> Option<u32> {
        self.regions.get(at as usize).copied().flatten()
    }

    /// The department nearest below `lead` that serves exactly this region; `None` when two are equally near.
    pub(super) fn unit_exactly(&self, lead: u32, region: u32) -> Option<u32> {
        match self.units.get(&(lead, region))?.departments[..] {
            [unit] => Some(unit),
            _ => None,
        }
    }

    /// The same, where only units lie between it and the lead: those of a department's own line of work, not of
    /// another department below the lead.
    pub(super) fn unit_in_line(&self, lead: u32, region: u32) -> Option<u32> {
        let unit = self.unit_exactly(lead, region)?;
        let mut between = self.tree.upwards(unit).take_while(|above| *above != lead);
        between.all(|department| self.region(department).is_some()).then_some(unit)
    }

    /// Where several units of `lead` are equally near: the region, and those units. In the order of the files.
    pub(super) fn ambiguous_units(&self, lead: u32) -> Vec<(u32, &[u32])> {
        let several = self.units.iter().filter(|((above, _), units)| *above == lead && units.departments.len() > 1);
        let mut found: Vec<_> = several.map(|((_, region), units)| (*region, units.departments.as_slice())).collect();
        found.sort_unstable();
        found
    }
}
