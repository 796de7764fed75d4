#![allow(clippy::unwrap_used, clippy::panic)]
use proptest::prelude::*;

use super::*;
use crate::source::{Lang, render_plain};

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
        departments: departments.as_ref(),
        regions: regions.as_ref(),
        responsibility: &responsibility,
        calendar: &[],
    };
    let catalog = Catalog::load(&files, &mut diagnostics);
    (catalog, diagnostics)
}

fn catalog() -> Catalog {
    let (catalog, diagnostics) = load(&FILES);
    catalog.unwrap_or_else(|| panic!("{diagnostics:?}"))
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
fn mistakes_in_departments_are_found() {
    for (departments, expect) in [
        ("- {id: A, name: 甲}", vec!["invalid-id d:1:8 `A` cannot be an id"]),
        ("- {id: a//b, name: 甲}", vec!["invalid-id d:1:8 `a//b` cannot be an id"]),
        ("- {id: a, name: 甲}\n- {id: a, name: 乙}", vec!["duplicate-id d:2:8 id `a` is taken"]),
        ("- {id: a, name: 甲}\n- {id: b, name: 甲}", vec!["duplicate-name d:2:17 the name `甲` belongs to another"]),
        ("- {id: a, name: 甲, aliases: [甲, 乙, 乙]}", vec![]),
        (
            "- {id: a, name: 甲, aliases: [丙]}\n- {id: b, name: 乙, aliases: [丁, 丙]}",
            vec!["duplicate-name d:2:33 the name `丙` belongs to another"],
        ),
        ("- {id: a, name: ' '}", vec!["empty-term d:1:17 a name with nothing in it"]),
        ("- {id: a, name: 甲, parent: b}", vec!["unknown-reference d:1:28 there is no `b` to be the parent"]),
        ("- {id: a, name: 甲, parent: a}", vec!["invalid-tree d:1:28 parents go round in a circle: a → a"]),
        (
            "- {id: c, name: 丙, parent: a}\n- {id: a, name: 甲, parent: b}\n- {id: b, name: 乙, parent: a}",
            vec!["invalid-tree d:2:28 parents go round in a circle: a → b → a"],
        ),
        ("- {id: a, name: 甲, region: qinglam}", vec!["unknown-reference d:1:28 there is no region `qinglam`"]),
        (
            "- {id: a, name: 甲, bar: {target: 97}}",
            vec!["wrong-type d:1:34 `97` does not fit: this should be a number"],
        ),
        ("- {id: a}", vec!["missing-key d:1:4 `name` is missing"]),
    ] {
        let found = findings(&Files { departments, responsibility: &[], ..FILES });
        let found: Vec<String> = found.iter().map(|line| line.replace("departments.yaml", "d")).collect();
        assert_eq!(found, expect, "{departments}");
    }
}

#[test]
fn mistakes_in_regions_are_found() {
    for (regions, expect) in [
        (
            "- {id: a, name: 甲市, level: city}\n- {id: b, name: 乙市, level: city, parent: a}",
            vec!["invalid-tree r:2:42 `乙市` is a city and has no parent"],
        ),
        (
            "- {id: b, name: 乙街, level: street}",
            vec!["invalid-tree r:1:3 `乙街` is a street: its parent is a district"],
        ),
        (
            "- {id: b, name: 乙街, level: street, parent: x}",
            vec!["unknown-reference r:1:44 there is no `x` to be the parent"],
        ),
        (
            "- {id: a, name: 甲市, level: city}\n- {id: b, name: 乙街, level: street, parent: a}",
            vec!["invalid-tree r:2:44 `乙街` is a street: its parent is a district"],
        ),
        ("- {id: a, name: 甲区, level: district}", vec![]),
        (
            "- {id: a, name: 甲区, level: district, aliases: [甲]}",
            vec!["limit-exceeded r:1:48 `甲` is one character: texts are full of it"],
        ),
        ("- {id: a, name: 甲区, level: town}", vec!["unknown-value r:1:28 `town` is none of: city, district, street"]),
    ] {
        let found = findings(&Files { regions, departments: "[]", responsibility: &[] });
        let found: Vec<String> = found.iter().map(|line| line.replace("regions.yaml", "r")).collect();
        assert_eq!(found, expect, "{regions}");
    }
}

#[test]
fn a_tree_is_of_bounded_depth_and_a_large_one_is_quick() {
    let chain = |count: usize| {
        (0..count).map(|at| format!("- {{id: d{at}, name: 甲{at}, parent: d{}}}\n", at + 1)).collect::<String>()
            + &format!("- {{id: d{count}, name: 甲{count}}}\n")
    };
    let files = |departments: &str| findings(&Files { departments, responsibility: &[], ..FILES });
    assert!(files(&chain(11)).is_empty());
    assert_eq!(files(&chain(12)), ["limit-exceeded departments.yaml:1:30 deeper than 12 levels"]);
    assert_eq!(files(&chain(3_000)).len(), 3_000 / 12);
    let circle: String =
        (0..3_000).map(|at| format!("- {{id: d{at}, name: 甲{at}, parent: d{}}}\n", (at + 1) % 3_000)).collect();
    assert!(files(&circle)[0].contains("d0 → d1 → d2 → d3 → d4 → d5 → …"), "{:?}", files(&circle)[0]);
}

#[test]
fn mistakes_in_responsibility_are_found() {
    for (rows, expect) in [
        ("- {category: a, lead: watr, basis: b}", vec!["unknown-reference 0.yaml:1:23 there is no department `watr`"]),
        (
            "- {category: a, lead: water, joint: [fire], basis: b}",
            vec!["unknown-reference 0.yaml:1:38 there is no department `fire`"],
        ),
        (
            "- {category: a, lead: water, joint: [water], basis: b}",
            vec!["duplicate-id 0.yaml:1:38 `water` is named in this row already"],
        ),
        (
            "- {category: a, region: x, lead: water, basis: b}",
            vec!["unknown-reference 0.yaml:1:25 there is no region `x`"],
        ),
        (
            "- {category: a/, lead: water, basis: b}",
            vec!["invalid-id 0.yaml:1:14 category `a/` has an empty or padded part"],
        ),
        ("- {lead: water, basis: b}", vec!["missing-key 0.yaml:1:3 `scenario` or `category` is missing"]),
        (
            "- {category: a, scenario: b, lead: water, basis: b}",
            vec!["wrong-type 0.yaml:1:4 a row has a scenario or a category, not both"],
        ),
        ("- {category: a, lead: water, basis: ' '}", vec!["missing-basis 0.yaml:1:37 the basis is empty"]),
        (
            "- {category: a, from: 2026-02-01, until: 2026-01-31, lead: water, basis: b}",
            vec!["invalid-period 0.yaml:1:42 2026-01-31 is before 2026-02-01"],
        ),
        (
            "- {category: a, lead: water, basis: b}\n- {category: a, lead: urban-management, basis: b}",
            vec!["conflicting-responsibility 0.yaml:1:3 two departments lead `a`: urban-management and water"],
        ),
        (
            "- {category: a, from: 2026-01-01, lead: water, basis: b}\n- {category: a, from: 2026-01-01, until: 2026-02-01, lead: urban-management, basis: b}",
            vec!["conflicting-responsibility 0.yaml:1:3 two departments lead `a`: urban-management and water"],
        ),
        // Not of the same standing: another region, another start, a period, a longer category.
        (
            "- {category: a, lead: water, basis: b}\n- {category: a, region: lanzhou, lead: urban-management, basis: b}",
            vec![],
        ),
        (
            "- {category: a, region: qinglan, lead: water, basis: b}\n- {category: a, region: shizhou, lead: urban-management, basis: b}",
            vec![],
        ),
        (
            "- {category: a, lead: water, basis: b}\n- {category: a, until: 2026-01-01, lead: urban-management, basis: b}\n- {category: a/b, lead: urban-management, basis: b}",
            vec![],
        ),
        ("- {category: a, lead: water, basis: b}\n- {category: a, lead: water, basis: c}", vec![]),
        (
            "- {category: a, lead: housing, basis: b}",
            vec![
                "ambiguous-unit 0.yaml:1:23 `市住房和城乡建设局` has several units for 石洲区: 石洲区住建局、石洲区房管所",
            ],
        ),
    ] {
        assert_eq!(findings(&Files { responsibility: &[rows], ..FILES }), expect, "{rows}");
    }
}

/// The findings of `check_responsibility` for one scenario `s` of category `a/b`.
fn coverage(rows: &str, regions: &str) -> Vec<String> {
    let (catalog, diagnostics) = load(&Files { departments: "- {id: d, name: 丁}", regions, responsibility: &[rows] });
    let catalog = catalog.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let mut diagnostics = Vec::new();
    let scenario = Document::parse("s.yaml", "id: s", &mut diagnostics).unwrap();
    let scenario = ScenarioUse { id: "s", category: Some("a/b"), source: scenario.source(), range: 4..5 };
    catalog.check_responsibility(&[scenario], &mut diagnostics);
    listed(&diagnostics)
}

#[test]
fn every_scenario_has_somebody_everywhere_and_always() {
    for (rows, expect) in [
        ("- {category: a, lead: d, basis: b}", vec![]),
        ("- {scenario: s, lead: d, basis: b}", vec![]),
        ("- {scenario: s, region: lanzhou, lead: d, basis: b}", vec![]),
        (
            "- {category: b, lead: d, basis: b}",
            vec!["nobody-responsible s.yaml:1:5 nobody is responsible for scenario `s`"],
        ),
        (
            "- {category: a, region: qinglan, lead: d, basis: b}",
            vec!["nobody-responsible s.yaml:1:5 nobody is responsible for scenario `s` in 澜州市"],
        ),
        (
            "- {category: a, region: qinglan, lead: d, basis: b}\n- {category: a/b, until: 2026-12-31, lead: d, basis: b}",
            vec!["nobody-responsible s.yaml:1:5 from 2027-01-01 on, nobody is responsible for scenario `s` in 澜州市"],
        ),
        // Before the first row there was no list.
        ("- {category: a, from: 2026-01-01, lead: d, basis: b}", vec![]),
        (
            "- {category: a, from: 2026-01-01, lead: d, basis: b}\n- {category: a, region: shizhou, from: 2025-01-01, until: 2025-06-30, lead: d, basis: b}",
            vec![
                "nobody-responsible s.yaml:1:5 from 2025-01-01 to 2025-12-31, nobody is responsible for scenario `s` in 澜州市",
                "nobody-responsible s.yaml:1:5 from 2025-07-01 to 2025-12-31, nobody is responsible for scenario `s` in 石洲区",
            ],
        ),
        (
            "- {category: a, from: 2025-01-01, until: 2025-12-31, lead: d, basis: b}\n- {category: a, from: 2026-01-01, lead: d, basis: b}",
            vec![],
        ),
        (
            "- {category: a, until: 2025-12-31, lead: d, basis: b}\n- {category: a, from: 2026-02-01, lead: d, basis: b}",
            vec![
                "nobody-responsible s.yaml:1:5 from 2026-01-01 to 2026-01-31, nobody is responsible for scenario `s` in 澜州市",
            ],
        ),
        (
            "- {category: a, lead: d, basis: b}\n- {scenario: t, lead: d, basis: b}",
            vec!["unknown-reference 0.yaml:2:3 there is no scenario `t`"],
        ),
    ] {
        assert_eq!(coverage(rows, REGIONS), expect, "{rows}");
    }
    let without_regions = coverage("- {category: a, until: 2026-12-31, lead: d, basis: b}", "[]");
    assert_eq!(
        without_regions,
        ["nobody-responsible s.yaml:1:5 from 2027-01-01 on, nobody is responsible for scenario `s`"]
    );
}

#[test]
fn findings_read_well() {
    let shown =
        |files: &Files<'_>, lang| load(files).1.iter().map(|d| render_plain(d, lang)).collect::<Vec<_>>().join("\n\n");
    let departments =
        "- {id: a, name: 甲, aliases: [丙]}\n- {id: b, name: 乙, aliases: [丙], region: qinlan, parent: b}\n";
    insta::assert_snapshot!(shown(&Files { departments, responsibility: &[], ..FILES }, Lang::Zh), @r"
    错误[J056]: 名称“丙”已属于别处
     --> departments.yaml:2:30
      |
    2 | - {id: b, name: 乙, aliases: [丙], region: qinlan, parent: b}
      |                               ^^
      |
      = 说明: 另一处在 departments.yaml:1:30；在其中一处前面加上属地即可区分

    错误[J054]: 上级关系成了一个圈：b → b
     --> departments.yaml:2:58
      |
    2 | - {id: b, name: 乙, aliases: [丙], region: qinlan, parent: b}
      |                                                            ^

    错误[J021]: 没有编号为“qinlan”的属地
     --> departments.yaml:2:42
      |
    2 | - {id: b, name: 乙, aliases: [丙], region: qinlan, parent: b}
      |                                            ^^^^^^ 是否想写“qinglan”？
    ");
    let rows = "- {category: a, lead: housing, basis: b}\n- {category: a, lead: watr, basis: b}\n";
    insta::assert_snapshot!(shown(&Files { responsibility: &[rows], ..FILES }, Lang::Zh), @r"
    警告[J057]: “市住房和城乡建设局”在石洲区有几个同级单位：石洲区住建局、石洲区房管所
     --> 0.yaml:1:23
      |
    1 | - {category: a, lead: housing, basis: b}
      |                       ^^^^^^^
      |
      = 说明: 分不清该派给哪一个，所以都不派；让其中一个作另一个的上级，或去掉一个的 region

    错误[J021]: 没有编号为“watr”的承办单位
     --> 0.yaml:2:23
      |
    2 | - {category: a, lead: watr, basis: b}
      |                       ^^^^ 是否想写“water”？

    错误[J051]: “a”有两个主办单位：housing 和 watr
     --> 0.yaml:2:3
      |
    2 | - {category: a, lead: watr, basis: b}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = 说明: 另一条在 0.yaml:1:3；改用不同的属地或期限，或者只留一条
    ");
    insta::assert_snapshot!(shown(&Files { responsibility: &[rows], ..FILES }, Lang::En), @r"
    warning[J057]: `市住房和城乡建设局` has several units for 石洲区: 石洲区住建局、石洲区房管所
     --> 0.yaml:1:23
      |
    1 | - {category: a, lead: housing, basis: b}
      |                       ^^^^^^^
      |
      = note: none of them is chosen; put one under the other, or take the region from all but one

    error[J021]: there is no department `watr`
     --> 0.yaml:2:23
      |
    2 | - {category: a, lead: watr, basis: b}
      |                       ^^^^ did you mean `water`?

    error[J051]: two departments lead `a`: housing and watr
     --> 0.yaml:2:3
      |
    2 | - {category: a, lead: watr, basis: b}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: the other row is at 0.yaml:1:3; give them different regions or periods, or keep one
    ");
}

/// A row in short: subject (scenario or category), region, from and until (days of January 2026), lead.
type Short = (usize, Option<usize>, Option<i8>, Option<i8>, usize);

const SUBJECTS: [&str; 5] = ["scenario: s", "scenario: t", "category: a", "category: a/b", "category: a/b/c"];
const PLACES: [&str; 5] = ["lanzhou", "qinglan", "qinglan-dongmen", "shizhou", "shizhou-gang"];
const LEADS: [&str; 3] = ["water", "urban-management", "city-government"];

fn row_text((subject, region, from, until, lead): Short, at: usize) -> String {
    let region = region.map_or(String::new(), |region| format!(", region: {}", PLACES[region]));
    let from = from.map_or(String::new(), |day| format!(", from: 2026-01-{day:02}"));
    let until = until.map_or(String::new(), |day| format!(", until: 2026-01-{day:02}"));
    format!("- {{{}{region}{from}{until}, lead: {}, basis: row {at}}}\n", SUBJECTS[subject], LEADS[lead])
}

/// The lead by trying every row and keeping the best, with none of the index.
fn naive(
    catalog: &Catalog,
    rows: &[Short],
    scenario: &str,
    category: &str,
    place: Option<&str>,
    day: i8,
) -> Option<usize> {
    let is_above = |region: &str, place: &str| {
        let mut now = Some(place);
        std::iter::from_fn(|| {
            let this = now?;
            now = catalog.region(this).unwrap().parent.as_deref();
            Some(this)
        })
        .any(|above| above == region)
    };
    let mut best: Option<((bool, usize, usize, bool, i8), usize)> = None;
    for (subject, region, from, until, lead) in rows {
        let (key, value) = SUBJECTS[*subject].split_once(": ").unwrap();
        let about = match key {
            "scenario" => value == scenario,
            _ => category == value || category.starts_with(&format!("{value}/")),
        };
        let here = region.is_none_or(|region| is_above(PLACES[region], place.unwrap_or("lanzhou")));
        if about && here && from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until) {
            let width = region.map_or(0, |region| [1, 2, 3, 2, 3][region]);
            let period = from.is_some() || until.is_some();
            let rank = (key == "scenario", value.len(), width, period, from.unwrap_or(0));
            if best.is_none_or(|(other, _)| other < rank) {
                best = Some((rank, *lead));
            }
        }
    }
    best.map(|(_, lead)| lead)
}

proptest! {
    #[test]
    fn the_index_answers_like_a_scan(
        rows in prop::collection::vec(
            (0..5usize, prop::option::of(0..5usize), prop::option::of(1..5i8), prop::option::of(5..9i8), 0..3usize), 0..12),
        category in prop::sample::select(vec!["a", "a/b", "a/b/c", "a/b/c/d", "a/x", "ab"]),
        scenario in prop::sample::select(vec!["s", "t", "u"]),
        place in prop::option::of(prop::sample::select(PLACES.to_vec())),
        day in 1..12i8,
    ) {
        let text: Vec<String> = rows.iter().enumerate().map(|(at, row)| row_text(*row, at)).collect();
        let files = text.iter().map(String::as_str).collect::<Vec<_>>();
        let (loaded, diagnostics) = load(&Files { responsibility: &files, ..FILES });
        // Rows that contradict each other are refused, with nothing else to say.
        let Some(loaded) = loaded else {
            let mut errors = diagnostics.iter().filter(|d| d.is_error());
            prop_assert!(errors.all(|d| d.code.name() == "conflicting-responsibility"), "{:?}", diagnostics);
            return Ok(());
        };
        let found = loaded.responsible(scenario, Some(category), place, civil::date(2026, 1, day));
        let expect = naive(&loaded, &rows, scenario, category, place, day).map(|lead| LEADS[lead]);
        prop_assert_eq!(found.map(|row| row.lead.as_str()), expect);
        // The order of the files does not matter.
        let reversed: Vec<&str> = files.iter().rev().copied().collect();
        let reversed = load(&Files { responsibility: &reversed, ..FILES }).0.unwrap();
        prop_assert_eq!(reversed.responsible(scenario, Some(category), place, civil::date(2026, 1, day)), found);
    }

    #[test]
    fn names_are_found_like_by_hand(text in "[青澜区石洲港口镇东门街道办州市的x]{0,30}") {
        let catalog = catalog();
        let names: Vec<(&str, &str)> = catalog
            .regions()
            .iter()
            .flat_map(|region| region.aliases.iter().chain([&region.name]).map(|name| (name.as_str(), region.id.as_str())))
            .collect();
        let mut expect = Vec::new();
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            match names.iter().filter(|(name, _)| text[at..].starts_with(name)).max_by_key(|(name, _)| name.len()) {
                Some((name, id)) => {
                    expect.push((at..at + name.len(), *id));
                    at += name.len();
                }
                None => at += next.len_utf8(),
            }
        }
        let found: Vec<_> = catalog.regions_in(&text).into_iter().map(|(range, region)| (range, region.id.as_str())).collect();
        prop_assert_eq!(found, expect);
    }
}
