//! Whether somebody is responsible for every scenario, everywhere and at all times.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil;
use rustc_hash::FxHashSet;

use crate::say;
use crate::source::{Code, Diagnostic, Message, SourceText};

use super::index::suggest;
use super::regions::Regions;
use super::responsibility::{Responsibilities, Row};

/// Findings for one scenario, at the most: one for each gap in time.
const MAX_GAPS: usize = 3;
/// Regions named in one finding, at the most.
const MAX_REGIONS: usize = 5;

/// A scenario, as far as responsibility is concerned.
#[derive(Clone, Debug)]
pub struct ScenarioUse<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its category, a path `a/b/c`.
    pub category: Option<&'a str>,
    /// The file it stands in.
    pub source: &'a Arc<SourceText>,
    /// Where findings about it point (bytes).
    pub range: Range<usize>,
}

/// First and last day of a time.
type Period = (civil::Date, civil::Date);

pub(super) fn check(
    responsibilities: &Responsibilities,
    regions: &Regions,
    scenarios: &[ScenarioUse<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    report_unknown(responsibilities, scenarios, diagnostics);
    for scenario in scenarios {
        let rows: Vec<&Row> = responsibilities.groups(scenario.id, scenario.category).flatten().collect();
        let mut report = |message| diagnostics.push(finding(scenario, message));
        if rows.is_empty() {
            let id = scenario.id;
            report(say!("场景“{id}”没有承办单位", "nobody is responsible for scenario `{id}`"));
            continue;
        }
        for (period, places) in gaps(&rows, regions).into_iter().take(MAX_GAPS) {
            report(gap_message(scenario.id, period, &places, regions));
        }
    }
}

fn finding(scenario: &ScenarioUse<'_>, message: Message) -> Diagnostic {
    Diagnostic::at(scenario.source, scenario.range.clone(), Code::NobodyResponsible, message).note(say!(
        "在 rules/responsibility 里为它或它的类别写一条，不写 region 和期限的一条处处适用",
        "write a row for it or its category in rules/responsibility; one without region and period holds everywhere"
    ))
}

fn report_unknown(
    responsibilities: &Responsibilities,
    scenarios: &[ScenarioUse<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let known: FxHashSet<&str> = scenarios.iter().map(|scenario| scenario.id).collect();
    let mut unknown: Vec<_> = responsibilities.by_scenario.iter().filter(|(id, _)| !known.contains(&***id)).collect();
    unknown.sort_unstable_by_key(|(id, _)| *id);
    for (id, rows) in unknown {
        for row in rows {
            let message = say!("没有编号为“{id}”的场景", "there is no scenario `{id}`");
            let finding = row.finding(Code::UnknownReference, message);
            let ids = scenarios.iter().map(|scenario| scenario.id);
            diagnostics.push(suggest(finding, id, ids, diagnostics.len()));
        }
    }
}

/// When nobody is responsible, and in which regions (`None` where there are no regions at all), the widest only.
/// Time begins with the first row that holds anywhere: before it, there was no dispatch list.
fn gaps(rows: &[&Row], regions: &Regions) -> BTreeMap<Period, Vec<Option<u32>>> {
    let begin = rows.iter().map(|row| row.from()).min().unwrap_or(civil::Date::MIN);
    let mut gaps: BTreeMap<Period, Vec<Option<u32>>> = BTreeMap::new();
    let holds_always = |row: &&&Row| row.from() == begin && row.until() == civil::Date::MAX;
    let everywhere =
        rows.iter().filter(holds_always).any(|row| row.region.is_none_or(|region| regions.is_whole(region)));
    if everywhere {
        return gaps;
    }
    let places: Vec<Option<u32>> = match regions.list.len() as u32 {
        0 => vec![None],
        count => (0..count).map(Some).collect(),
    };
    for place in places {
        let here = rows.iter().filter(|row| row.covers(regions, place));
        let periods = here.map(|row| (row.from(), row.until())).collect();
        for period in uncovered(begin, periods) {
            gaps.entry(period).or_default().push(place);
        }
    }
    for places in gaps.values_mut() {
        let all: FxHashSet<Option<u32>> = places.iter().copied().collect();
        places.retain(|place| {
            place.and_then(|place| regions.parent(place)).is_none_or(|parent| !all.contains(&Some(parent)))
        });
    }
    gaps
}

/// The days from `begin` on that lie in none of the periods.
fn uncovered(begin: civil::Date, mut periods: Vec<Period>) -> Vec<Period> {
    periods.sort_unstable();
    let mut gaps = Vec::new();
    let mut next = Some(begin);
    for (from, until) in periods {
        let Some(day) = next else { break };
        if day < from {
            gaps.push((day, from.yesterday().unwrap_or(from)));
        }
        if day <= until {
            next = until.tomorrow().ok();
        }
    }
    gaps.extend(next.map(|day| (day, civil::Date::MAX)));
    gaps
}

fn gap_message(id: &str, (from, until): Period, places: &[Option<u32>], regions: &Regions) -> Message {
    let names: Vec<&str> =
        places.iter().flatten().take(MAX_REGIONS).map(|place| regions.get(*place).name.as_str()).collect();
    let more = places.len().saturating_sub(names.len());
    let names = names.join("、");
    let names = if more > 0 && !names.is_empty() { format!("{names}…(+{more})") } else { names };
    let (in_zh, in_en) = match names.as_str() {
        "" => (String::new(), String::new()),
        names => (format!("在{names}"), format!(" in {names}")),
    };
    match (from, until) {
        (civil::Date::MIN, civil::Date::MAX) => {
            say!("场景“{id}”{in_zh}没有承办单位", "nobody is responsible for scenario `{id}`{in_en}")
        }
        (civil::Date::MIN, until) => say!(
            "{until} 及以前，场景“{id}”{in_zh}没有承办单位",
            "until {until}, nobody is responsible for scenario `{id}`{in_en}"
        ),
        (from, civil::Date::MAX) => say!(
            "{from} 起，场景“{id}”{in_zh}没有承办单位",
            "from {from} on, nobody is responsible for scenario `{id}`{in_en}"
        ),
        (from, until) => say!(
            "{from} 到 {until}，场景“{id}”{in_zh}没有承办单位",
            "from {from} to {until}, nobody is responsible for scenario `{id}`{in_en}"
        ),
    }
}
