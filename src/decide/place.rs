//! Where a complaint is about: the region that the request names, or the one its text does.

use crate::catalog::{Catalog, Level, Region};
use crate::text::{FactKind, Text};

/// The place of a complaint.
#[derive(Clone, Debug, Default)]
pub(super) struct Place<'a> {
    /// The narrowest region known.
    pub(super) region: Option<&'a Region>,
    /// The district it is or lies in.
    pub(super) district: Option<&'a Region>,
    /// The region and all it lies in, narrowest first.
    pub(super) within: Vec<&'a str>,
}

/// Finds the place. What the request names outranks the text; in the text the first region inside an address counts
/// before the first elsewhere (many name the office they called before the place they call about), and a street of
/// the same district makes it narrower.
pub(super) fn place<'a>(catalog: &'a Catalog, text: &Text, named: Option<&str>) -> Place<'a> {
    let region = match named.and_then(|name| catalog.region_named(name)) {
        Some(region) if region.level != Level::City => Some(narrowed(catalog, text, region)),
        _ => in_text(catalog, text),
    };
    let Some(region) = region else { return Place::default() };
    Place { region: Some(region), district: catalog.district_of(&region.id), within: catalog.upwards(&region.id) }
}

fn in_text<'a>(catalog: &'a Catalog, text: &Text) -> Option<&'a Region> {
    let found: Vec<_> = catalog
        .regions_in(text.normalised())
        .into_iter()
        .filter(|(_, region)| region.level != Level::City)
        .map(|(range, region)| (text.char_at_byte(range.start), region))
        .collect();
    let in_address = |at: u32| {
        let addresses = text.facts().iter().filter(|fact| fact.kind == FactKind::Address);
        addresses.into_iter().any(|fact| fact.range.contains(&at))
    };
    let (_, first) = found.iter().find(|(at, _)| in_address(*at)).or_else(|| found.first())?;
    Some(narrowed(catalog, text, first))
}

/// The first region in the text that lies in `region`, or `region` itself.
fn narrowed<'a>(catalog: &'a Catalog, text: &Text, region: &'a Region) -> &'a Region {
    catalog
        .regions_in(text.normalised())
        .into_iter()
        .map(|(_, found)| found)
        .find(|found| found.parent.as_deref() == Some(region.id.as_str()))
        .unwrap_or(region)
}
