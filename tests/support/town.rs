//! An invented town with a corpus of invented complaints, for what is counted over a corpus.
#![allow(dead_code)] // each test file uses some of it

use std::fmt::Write;

use jiesu::knowledge::{Case, read_cases};

/// Seven scenarios, four departments, two districts.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("rules/bundle.yaml", "name: 小镇\ntime_zone: Asia/Shanghai\nhotline: \"12345\"\n"),
    (
        "rules/departments.yaml",
        "- {id: city, name: 市政府}
- {id: water, name: 水务局, aliases: [水务], parent: city}
- {id: enforcement, name: 城管局, aliases: [城管], parent: city}
- {id: housing, name: 住建局, parent: city}
- {id: police, name: 公安局, parent: city}
- {id: east-water, name: 东区水务所, parent: water, region: east}
",
    ),
    (
        "rules/regions.yaml",
        "- {id: town, name: 小镇市, level: city}
- {id: east, name: 东区, level: district, parent: town}
- {id: west, name: 西区, level: district, parent: town}
",
    ),
    (
        "rules/responsibility/list.yaml",
        "- {category: 供水, lead: water, basis: 目录第1项}
- {category: 违建, lead: enforcement, basis: 目录第2项}
- {category: 房屋, lead: housing, basis: 目录第3项}
- {category: 噪声, lead: police, basis: 目录第4项}
- {category: 市容, lead: enforcement, basis: 目录第5项}
",
    ),
    (
        "rules/terms/common.yaml",
        "水管: [水管, 自来水管]\n漏: [漏水, 爆裂]\n违建: [违建, 违章搭建]\n房屋: [墙体, 楼板, 承重墙]\n",
    ),
    ("rules/conditions/common.yaml", "夜里: {any: [夜里, 凌晨]}\n"),
    (
        "rules/scenarios/water/leak.yaml",
        "id: water/leak\ntitle: 水管漏水\ncategory: 供水\nwhen:\n  any:\n    - [$水管, $漏]\n  none: [暖气]\ndeadline: 24 hours\nreply: 已转{{ department }}处理。\n",
    ),
    (
        "rules/scenarios/water/outage.yaml",
        "id: water/outage\ntitle: 停水\ncategory: 供水\nwhen:\n  any:\n    - 停水\n    - 没有水\ndeadline: 24 hours\nreply: 停水问题已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/housing/illegal-building.yaml",
        "id: housing/illegal-building\ntitle: 违法建设\ncategory: 违建\nwhen:\n  any:\n    - $违建\n    - 乱搭乱建\ndeadline: 7 days\nreply: 违建问题已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/housing/structure.yaml",
        "id: housing/structure\ntitle: 房屋结构\ncategory: 房屋\nwhen:\n  any:\n    - {near: [$房屋, 裂缝], within: 6}\n    - 拆承重墙\ndeadline: 5 days\nreply: 房屋问题已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/noise/night.yaml",
        "id: noise/night\ntitle: 夜间噪声\ncategory: 噪声\nwhen:\n  all: [$夜里, 噪音]\ndeadline: 3 days\nreply: 噪声问题已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/noise/any.yaml",
        "id: noise/any\ntitle: 噪声\ncategory: 噪声\npriority: low\nwhen:\n  any: [噪音, 太吵]\nreply: 噪声已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/city/stalls.yaml",
        "id: city/stalls\ntitle: 占道摆摊\ncategory: 市容\nwhen:\n  any:\n    - [摆摊, {any: [占道, 路口]}]\nreply: 摆摊问题已转{{ department }}。\n",
    ),
];

/// What is said, and which department it is labelled with.
const SAID: &[(&str, &str)] = &[
    ("小区门口自来水管爆裂，水流到马路上", "水务局"),
    ("家里水管漏水，三天没人来修", "水务"),
    ("暖气片旁边水管漏水", "住建局"),
    ("停水两天了，一直没有通知", "水务"),
    ("邻居在楼顶私搭阳光房，挡了采光", "住建局"),
    ("一楼住户私搭棚子占了绿地", "住建局"),
    ("有人违章搭建，请来查处", "城管"),
    ("楼上是违建，墙体出现裂缝", "城管"),
    ("楼上装修拆承重墙，很危险", "住建局"),
    ("承重墙有裂缝，担心塌了", "住建局"),
    ("工地凌晨还有噪音，睡不着", "公安局"),
    ("夜里楼下太吵了，噪音很大", "公安局"),
    ("广场舞的噪音太吵", "公安局"),
    ("路口有人摆摊卖烧烤，噪音大", "城管"),
    ("夜里占道摆摊，噪音扰民", "公安局"),
    ("想问社保卡怎么办", "公安局"),
    ("没有停水，只是水压小", "水务"),
    ("私搭的房子占道，还停水", "城管"),
    ("楼道里乱搭乱建", "城管"),
    ("张先生电话13800138000反映水管漏水", "水务"),
];
const WHERE: &[&str] = &["", "东区", "西区", "在我们小区，"];

/// The corpus, as JSON Lines: everything said in four places, every fifth without a label.
pub(crate) fn corpus() -> String {
    let mut lines = String::new();
    for (number, (text, department)) in SAID.iter().enumerate() {
        for (place, region) in WHERE.iter().enumerate() {
            let id = number * WHERE.len() + place;
            let label = if id % 5 == 4 { String::new() } else { format!(",\"department\":\"{department}\"") };
            let day = id % 28 + 1;
            let _ = writeln!(
                lines,
                "{{\"id\":\"t{id:03}\",\"text\":\"{region}{text}\"{label},\"opened_on\":\"2026-03-{day:02}\"}}"
            );
        }
    }
    lines
}

/// The corpus, read.
pub(crate) fn cases() -> Vec<Case> {
    let lines = corpus();
    let mut diagnostics = Vec::new();
    let cases = read_cases([("corpus.jsonl", lines.as_str())], &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    cases
}
