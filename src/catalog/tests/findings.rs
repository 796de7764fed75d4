//! What is reported, and where.

use super::*;
use crate::source::{Lang, render_plain};

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
fn coverage(rows: &str, regions: &str) -> Vec<Diagnostic> {
    let (catalog, diagnostics) = load(&Files { departments: "- {id: d, name: 丁}", regions, responsibility: &[rows] });
    check(&catalog.unwrap_or_else(|| panic!("{diagnostics:?}")))
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
        assert_eq!(listed(&coverage(rows, REGIONS)), expect, "{rows}");
    }
    let without_regions = coverage("- {category: a, until: 2026-12-31, lead: d, basis: b}", "[]");
    assert_eq!(
        listed(&without_regions),
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
    let rows =
        "- {category: a, region: qinglan, until: 2026-12-31, lead: d, basis: b}\n- {scenario: sa, lead: d, basis: b}\n";
    let shown_gaps =
        |lang| coverage(rows, REGIONS).iter().map(|d| render_plain(d, lang)).collect::<Vec<_>>().join("\n\n");
    insta::assert_snapshot!(shown_gaps(Lang::Zh), @r"
    错误[J021]: 没有编号为“sa”的场景
     --> 0.yaml:2:3
      |
    2 | - {scenario: sa, lead: d, basis: b}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 是否想写“s”？

    错误[J050]: 场景“s”在澜州市没有承办单位
     --> s.yaml:1:5
      |
    1 | id: s
      |     ^
      |
      = 说明: 在 rules/responsibility 里为它或它的类别写一条，不写 region 和期限的一条处处适用

    错误[J050]: 2027-01-01 起，场景“s”在青澜区没有承办单位
     --> s.yaml:1:5
      |
    1 | id: s
      |     ^
      |
      = 说明: 在 rules/responsibility 里为它或它的类别写一条，不写 region 和期限的一条处处适用
    ");
    insta::assert_snapshot!(shown_gaps(Lang::En), @r"
    error[J021]: there is no scenario `sa`
     --> 0.yaml:2:3
      |
    2 | - {scenario: sa, lead: d, basis: b}
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `s`?

    error[J050]: nobody is responsible for scenario `s` in 澜州市
     --> s.yaml:1:5
      |
    1 | id: s
      |     ^
      |
      = note: write a row for it or its category in rules/responsibility; one without region and period holds everywhere

    error[J050]: from 2027-01-01 on, nobody is responsible for scenario `s` in 青澜区
     --> s.yaml:1:5
      |
    1 | id: s
      |     ^
      |
      = note: write a row for it or its category in rules/responsibility; one without region and period holds everywhere
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
