//! `jiesu search`: articles, notices and cases by their words.

use serde_json::json;

use super::{Common, Ended, Failure, load, show};
use crate::knowledge::{Filter, Query};
use crate::say;
use crate::source::Lang;
use crate::text::Text;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What to look for
    query: String,
    /// Only these: article, notice or case (repeat for several)
    #[arg(long, value_parser = ["article", "notice", "case"])]
    kind: Vec<String>,
    /// Only what holds in this region, by name or id
    #[arg(long)]
    region: Option<String>,
    /// Only what is about this department, by name or id
    #[arg(long)]
    department: Option<String>,
    /// Only what is about this scenario, by id
    #[arg(long)]
    scenario: Option<String>,
    /// Results of each kind, at the most
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let bundle = load::bundle(common, lang)?;
    let engine = &bundle.engine;
    let region = match &arguments.region {
        None => None,
        Some(name) => Some(
            engine
                .catalog()
                .region_named(name)
                .ok_or_else(|| say!("没有“{name}”这个属地", "there is no region `{name}`"))?,
        ),
    };
    let department = match &arguments.department {
        None => None,
        Some(name) => Some(
            engine
                .catalog()
                .department_named(name)
                .ok_or_else(|| say!("没有“{name}”这个承办单位", "there is no department `{name}`"))?,
        ),
    };
    let regions = region.map(|region| engine.catalog().upwards(&region.id)).unwrap_or_default();
    let filter = Filter {
        regions: &regions,
        department: department.map(|department| department.id.as_str()),
        scenario: arguments.scenario.as_deref(),
        ..Filter::at(load::time(common, &engine.settings().time_zone)?.datetime())
    };
    let wants = |kind: &str| arguments.kind.is_empty() || arguments.kind.iter().any(|wanted| wanted == kind);
    let query = Query::from_text(&Text::new(None, &arguments.query), engine.segmenter());
    let limit = usize::from(arguments.limit);
    let knowledge = engine.knowledge();
    let mut found = Vec::new();
    if wants("notice") {
        found.extend(knowledge.reference.search_notices(&query, &filter, limit).iter().map(|hit| {
            show::Found::new("notice", &hit.item.id, &hit.item.title, hit.similarity, hit.passages(&query))
        }));
    }
    if wants("article") {
        found.extend(knowledge.reference.articles(&query, &filter, &[], limit).iter().map(|hit| {
            show::Found::new("article", &hit.item.id, &hit.item.title, hit.similarity, hit.passages(&query))
        }));
    }
    if wants("case") {
        found.extend(knowledge.cases.nearest(&query, limit, |case| filter.admits_case(case)).iter().map(|hit| {
            let title = hit.item.title.as_deref().or(hit.item.scenario.as_deref()).unwrap_or_default();
            show::Found::new("case", &hit.item.id, title, hit.similarity, hit.passages(&query))
        }));
    }
    if common.json {
        let json = json!({ "revision": engine.revision(), "results": found });
        anstream::println!("{}", serde_json::to_string_pretty(&json).unwrap_or_default());
    } else {
        anstream::print!("{}", show::found(&found, lang));
    }
    Ok(Ended::Fine)
}
