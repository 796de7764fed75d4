//! Regions (属地): city, districts, streets; and their names in a text.

use std::ops::Range;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::say;
use crate::source::{Code, Document, Message, Step};

use super::index::{Findings, Index, key_of};
use super::tree::Tree;

/// A region, as written in `regions.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Id, for references.
    pub id: String,
    /// Name, as it is written officially.
    pub name: String,
    /// What kind of region it is.
    pub level: Level,
    /// Id of the region it lies in.
    #[serde(default)]
    pub parent: Option<String>,
    /// Other names by which people call it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Level of a region, the wider first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 市: the whole city; has no parent.
    City,
    /// 区、县: lies in a city.
    District,
    /// 街道、镇、乡: lies in a district.
    Street,
}

/// All regions of a bundle.
#[derive(Default)]
pub(super) struct Regions {
    pub(super) list: Vec<Region>,
    ids: Index,
    names: Index,
    tree: Tree,
    /// The city, where there is exactly one region without a parent.
    whole: Option<u32>,
    /// Finds names; `None` when there are none.
    finder: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
}

impl std::fmt::Debug for Regions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Regions").field("list", &self.list).finish_non_exhaustive()
    }
}

impl Regions {
    pub(super) fn load(document: Option<&Document>, findings: &mut Findings<'_>) -> Regions {
        let Some(list) = document.and_then(|document| document.read::<Vec<Region>>(findings.all)) else {
            return Regions::default();
        };
        let (mut ids, mut names) = (Index::default(), Index::default());
        for (at, region) in list.iter().enumerate() {
            let position = at as u32;
            ids.add_id(&region.id, position, &[Step::Index(at), Step::Key("id")], findings);
            add_name(&mut names, &region.name, position, &[Step::Index(at), Step::Key("name")], findings);
            for (index, alias) in region.aliases.iter().enumerate() {
                let steps = [Step::Index(at), Step::Key("aliases"), Step::Index(index)];
                add_name(&mut names, alias, position, &steps, findings);
            }
        }
        let things: Vec<_> = list.iter().map(|region| (region.id.as_str(), region.parent.as_deref())).collect();
        let tree = Tree::new(&things, &ids, findings);
        let mut tops = (0..list.len() as u32).filter(|at| tree.parent(*at).is_none());
        let whole = tops.next().filter(|_| tops.next().is_none());
        let finder = finder(&names, findings);
        let regions = Regions { list, ids, names, tree, whole, finder };
        regions.check_levels(findings);
        regions
    }

    /// A street lies in a district, a district in a city (or, where no city is written, in nothing), a city in nothing.
    fn check_levels(&self, findings: &mut Findings<'_>) {
        for (at, region) in self.list.iter().enumerate() {
            let parent = self.tree.parent(at as u32).map(|parent| self.get(parent).level);
            let fits = match region.level {
                Level::City => parent.is_none(),
                Level::District => parent.is_none_or(|level| level == Level::City),
                // An unknown parent has been reported already.
                Level::Street => parent == Some(Level::District) || (parent.is_none() && region.parent.is_some()),
            };
            if !fits {
                let name = &region.name;
                let message: Message = match region.level {
                    Level::City => say!("“{name}”是市，不能再有上级", "`{name}` is a city and has no parent"),
                    Level::District => {
                        say!("“{name}”是区县，上级应当是市", "`{name}` is a district: its parent is a city")
                    }
                    Level::Street => {
                        say!("“{name}”是街道，上级应当是区县", "`{name}` is a street: its parent is a district")
                    }
                };
                findings.at(&[Step::Index(at), Step::Key("parent")], Code::InvalidTree, message);
            }
        }
    }

    pub(super) fn get(&self, at: u32) -> &Region {
        &self.list[at as usize]
    }

    pub(super) fn position(&self, id: &str) -> Option<u32> {
        self.ids.get(id)
    }

    /// By id, name or alias; `text` is normalised.
    pub(super) fn named(&self, text: &str) -> Option<u32> {
        self.ids.get(text).or_else(|| self.names.get(text))
    }

    pub(super) fn parent(&self, at: u32) -> Option<u32> {
        self.tree.parent(at)
    }

    /// A region and all it lies in, the narrowest first.
    pub(super) fn upwards(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        self.tree.upwards(at)
    }

    /// Whether the region contains all others.
    pub(super) fn is_whole(&self, region: u32) -> bool {
        self.whole == Some(region)
    }

    /// Whether `region` is or contains the place; a place that is not known is the whole city.
    pub(super) fn covers(&self, region: u32, place: Option<u32>) -> bool {
        place.or(self.whole).is_some_and(|place| self.upwards(place).any(|above| above == region))
    }

    /// Names in a normalised text: leftmost, then longest, without overlaps. Ranges are bytes.
    pub(super) fn find<'a>(&'a self, normalised: &'a str) -> impl Iterator<Item = (Range<usize>, u32)> + 'a {
        let finder = self.finder.as_ref();
        finder
            .into_iter()
            .flat_map(move |finder| finder.leftmost_find_iter(normalised))
            .map(|hit| (hit.start()..hit.end(), hit.value()))
    }
}

/// Takes a name, unless it is a single character: one such stands in every other sentence.
fn add_name(names: &mut Index, name: &str, position: u32, steps: &[Step<'_>], findings: &mut Findings<'_>) {
    if key_of(name).chars().count() == 1 {
        let message = say!("“{name}”只有一个字，在诉求里到处都是", "`{name}` is one character: texts are full of it");
        findings.at(steps, Code::LimitExceeded, message);
        return;
    }
    names.add_name(name, position, steps, findings);
}

fn finder(names: &Index, findings: &mut Findings<'_>) -> Option<CharwiseDoubleArrayAhoCorasick<u32>> {
    let mut patterns: Vec<(&str, u32)> = names.iter().collect();
    if patterns.is_empty() {
        return None;
    }
    patterns.sort_unstable();
    let built =
        CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build_with_values(patterns);
    match built {
        Ok(finder) => Some(finder),
        Err(error) => {
            let message = say!("属地名称太多或太长：{error}", "too many names of regions, or too long: {error}");
            findings.at(&[], Code::LimitExceeded, message);
            None
        }
    }
}
