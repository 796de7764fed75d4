#![allow(clippy::unwrap_used, clippy::panic)]
mod findings;
mod properties;

use super::*;

const REGIONS: &str = "
- {id: lanzhou, name: 澜州市, level: city, aliases: [澜州]}
- {id: qinglan, name: 青澜区, level: district, parent: lanzhou, aliases: [青澜]}
- {id: qinglan-dongmen, name: 东门街道, level: street, parent: qinglan, aliases: [东门街办]}
- {id: shizhou, name: 石洲区, level: district, parent: lanzhou}
- {id: shizhou-gang, name: 港口镇, level: street, parent: shizhou, aliases: [石洲港口]}
";

const DEPARTMENTS: &str = "
- {id: city-government, name: 市人民政府, aliases: [市政府]}
- {id: urban-management, name: 市城市管理局, aliases: [城管局, 城管], parent: city-government, duties: 市容, bar: {target: 0.97}}
- {id: urban-management/qinglan, name: 青澜区城市管理局, parent: urban-management, region: qinglan}
- {id: urban-management/dongmen, name: 东门街道城管中队, parent: urban-management/qinglan, region: qinglan-dongmen}
- {id: housing, name: 市住房和城乡建设局, aliases: [市住建局, 住建局], parent: city-government, calendar: every-day}
- {id: housing/shizhou-a, name: 石洲区住建局, parent: housing, region: shizhou}
- {id: housing/shizhou-b, name: 石洲区房管所, parent: housing, region: shizhou}
- {id: housing/city, name: 市物业中心, parent: housing, region: lanzhou, confidential: true}
- {id: water, name: 水务集团, parent: city-government, phone: \"0000-96390\"}
";

const RESPONSIBILITY: &str = "
- {category: 城乡建设, lead: housing, basis: 目录一}
- {category: 城乡建设/供水, lead: water, basis: 目录二, joint: [housing]}
- {category: 城乡建设/供水, region: shizhou, lead: urban-management, basis: 目录三}
- {scenario: water/leak, region: qinglan, lead: housing, basis: 目录四}
- {scenario: water/leak, region: qinglan, from: 2026-01-01, until: 2026-06-30, lead: water, basis: 目录五}
- {scenario: water/leak, region: qinglan, from: 2026-03-01, lead: urban-management, basis: 目录六}
- {scenario: water/leak, region: qinglan-dongmen, lead: city-government, basis: 目录七}
- {scenario: noise, region: lanzhou, lead: urban-management, basis: 目录八}
";

struct Files<'a> {
    departments: &'a str,
    regions: &'a str,
    responsibility: &'a [&'a str],
}

const FILES: Files<'static> = Files { departments: DEPARTMENTS, regions: REGIONS, responsibility: &[RESPONSIBILITY] };

fn load(files: &Files<'_>) -> (Option<Catalog>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let departments = Document::parse("departments.yaml", files.departments, &mut diagnostics);
    let regions = Document::parse("regions.yaml", files.regions, &mut diagnostics);
    let responsibility: Vec<Document> = files
        .responsibility
        .iter()
        .enumerate()
        .filter_map(|(at, text)| Document::parse(&format!("{at}.yaml"), text, &mut diagnostics))
        .collect();
    let files = CatalogFiles {
        assessment: None,
        departments: departments.as_ref(),
        regions: regions.as_ref(),
        responsibility: &responsibility.iter().collect::<Vec<_>>(),
        calendar: &[],
    };
    let catalog = Catalog::load(&files, &mut diagnostics);
    (catalog, diagnostics)
}

fn catalog() -> Catalog {
    let (catalog, diagnostics) = load(&FILES);
    catalog.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// What `check_responsibility` says of one scenario `s` of category `a/b`.
fn check(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let scenario = Document::parse("s.yaml", "id: s", &mut diagnostics).unwrap();
    let scenario = ScenarioUse { id: "s", category: Some("a/b"), source: scenario.source(), range: 4..5 };
    catalog.check_responsibility(&[scenario], &mut diagnostics);
    diagnostics
}

/// Findings as `name place message`.
fn listed(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(|d| format!("{} {} {}", d.code.name(), d.location(), d.message.en)).collect()
}

fn findings(files: &Files<'_>) -> Vec<String> {
    let (catalog, diagnostics) = load(files);
    assert_eq!(catalog.is_none(), diagnostics.iter().any(Diagnostic::is_error));
    listed(&diagnostics)
}

#[test]
fn departments_are_found_as_people_call_them() {
    let catalog = catalog();
    for (name, id) in [
        ("urban-management", "urban-management"),
        ("市城市管理局", "urban-management"),
        ("城管局", "urban-management"),
        (" 城管局 ", "urban-management"),
        ("市城管局", "urban-management"),
        ("澜州市城管局", "urban-management"),
        ("澜州市城市管理局", "urban-management"),
        ("澜州城管局", "urban-management"),
        ("青澜区城市管理局", "urban-management/qinglan"),
        ("青澜区城管局", "urban-management/qinglan"),
        ("青澜城管局", "urban-management/qinglan"),
        ("东门街道城管局", "urban-management/dongmen"),
        ("市政府", "city-government"),
        ("市水务集团", "water"),
        ("石洲区城管局", ""), // there is none
        ("石洲区住建局", "housing/shizhou-a"),
        ("青澜区市人民政府", ""),
        ("市石洲区住建局", ""),
        ("青澜区", ""),
        ("市", ""),
        ("", ""),
        ("消防", ""),
    ] {
        assert_eq!(catalog.department_named(name).map_or("", |department| &department.id), id, "{name}");
    }
}

#[test]
fn a_department_is_read_whole() {
    let catalog = catalog();
    assert_eq!(
        catalog.department("urban-management"),
        Some(&Department {
            id: "urban-management".into(),
            name: "市城市管理局".into(),
            aliases: vec!["城管局".into(), "城管".into()],
            parent: Some("city-government".into()),
            region: None,
            duties: "市容".into(),
            phone: None,
            calendar: CalendarKind::Workdays,
            bar: Some(Bar { target: 0.97 }),
            webhook: None,
            confidential: false,
        })
    );
    assert_eq!(catalog.department("housing").unwrap().calendar, CalendarKind::EveryDay);
    assert!(catalog.department("housing/city").unwrap().confidential);
    assert_eq!(catalog.department("none"), None);
    assert_eq!(catalog.departments().len(), 9);
}

#[test]
fn the_unit_is_the_nearest_for_the_place() {
    let catalog = catalog();
    for (lead, region, unit) in [
        ("urban-management", Some("qinglan"), "urban-management/qinglan"),
        ("urban-management", Some("qinglan-dongmen"), "urban-management/dongmen"),
        ("urban-management/qinglan", Some("qinglan-dongmen"), "urban-management/dongmen"),
        ("urban-management/dongmen", Some("qinglan-dongmen"), ""), // has nothing below
        ("urban-management", Some("shizhou"), ""),
        ("urban-management", None, ""),
        ("urban-management", Some("nowhere"), ""),
        ("nobody", Some("qinglan"), ""),
        // From far above, too.
        ("city-government", Some("qinglan"), "urban-management/qinglan"),
        // Two are equally near for 石洲区, so the one for the whole city is taken.
        ("housing", Some("shizhou-gang"), "housing/city"),
        ("housing", Some("qinglan"), "housing/city"),
        ("water", Some("qinglan"), ""),
    ] {
        assert_eq!(catalog.unit(lead, region).map_or("", |unit| &unit.id), unit, "{lead} {region:?}");
    }
}

#[test]
fn regions_are_found_by_name_and_in_texts() {
    let catalog = catalog();
    for (name, id) in [
        ("青澜区", "qinglan"),
        ("青澜", "qinglan"),
        ("东门街办", "qinglan-dongmen"),
        ("东门", ""),
        ("shizhou", "shizhou"),
    ] {
        assert_eq!(catalog.region_named(name).map_or("", |region| &region.id), id, "{name}");
    }
    for (id, district) in [("lanzhou", ""), ("qinglan", "qinglan"), ("shizhou-gang", "shizhou"), ("x", "")] {
        assert_eq!(catalog.district_of(id).map_or("", |region| &region.id), district, "{id}");
    }
    for (region, place, covers) in [
        ("lanzhou", "qinglan-dongmen", true),
        ("qinglan", "qinglan", true),
        ("qinglan-dongmen", "qinglan", false),
        ("shizhou", "qinglan-dongmen", false),
        ("x", "qinglan", false),
        ("qinglan", "x", false),
    ] {
        assert_eq!(catalog.region_covers(region, place), covers, "{region} {place}");
    }
    let text = "青澜区东门街道的路灯，澜州石洲港口镇";
    let found: Vec<_> =
        catalog.regions_in(text).iter().map(|(range, r)| (&text[range.clone()], r.id.as_str())).collect();
    assert_eq!(
        found,
        [("青澜区", "qinglan"), ("东门街道", "qinglan-dongmen"), ("澜州", "lanzhou"), ("石洲港口", "shizhou-gang")]
    );
    assert!(catalog.regions_in("").is_empty());
    assert_eq!(catalog.region("qinglan").unwrap().level, Level::District);
    assert_eq!(catalog.regions().len(), 5);
}

#[test]
fn the_most_specific_row_answers() {
    let catalog = catalog();
    let (water, leak) = (Some("城乡建设/供水"), "water/leak");
    for (scenario, category, region, at, basis) in [
        ("x", Some("城乡建设"), None, "2026-01-01", "目录一"),
        ("x", Some("城乡建设/道路/路灯"), Some("shizhou"), "2026-01-01", "目录一"),
        ("x", water, None, "2026-01-01", "目录二"),
        ("x", Some("城乡建设/供水/水压"), Some("qinglan"), "2026-01-01", "目录二"),
        ("x", water, Some("shizhou-gang"), "2026-01-01", "目录三"),
        (leak, water, None, "2026-01-01", "目录二"),
        (leak, water, Some("nowhere"), "2026-01-01", "目录二"),
        (leak, water, Some("shizhou"), "2026-01-01", "目录三"),
        (leak, water, Some("qinglan"), "2025-12-31", "目录四"),
        (leak, water, Some("qinglan"), "2026-01-01", "目录五"),
        (leak, water, Some("qinglan"), "2026-03-01", "目录六"),
        (leak, water, Some("qinglan"), "2030-01-01", "目录六"),
        (leak, water, Some("qinglan-dongmen"), "2026-03-01", "目录七"),
        // A place that is not known is the whole city.
        ("noise", None, None, "2026-01-01", "目录八"),
        ("noise", None, Some("qinglan"), "2026-01-01", "目录八"),
        ("x", Some("城乡建"), None, "2026-01-01", ""),
        ("x", None, None, "2026-01-01", ""),
    ] {
        let row = catalog.responsible(scenario, category, region, at.parse().unwrap());
        assert_eq!(row.map_or("", |row| &row.basis), basis, "{scenario} {category:?} {region:?} {at}");
    }
}

#[test]
fn nothing_at_all_is_an_empty_catalogue() {
    let mut diagnostics = Vec::new();
    let catalog = Catalog::load(&CatalogFiles::default(), &mut diagnostics).unwrap();
    assert!(diagnostics.is_empty() && catalog.departments().is_empty());
    assert!(catalog.department_named("城管局").is_none() && catalog.regions_in("青澜区").is_empty());
    assert!(catalog.responsible("a", Some("b/c"), Some("d"), civil::date(2026, 1, 1)).is_none());
}

#[test]
fn a_catalogue_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Catalog>();
}
