//! A small bundle for tests: two scenarios, four departments, one article, one notice, two cases, all made up.

use std::fs;
use std::path::Path;

/// Its files.
pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "rules/bundle.yaml",
        "name: 澜州市12345热线\nlanguages: [zh]\ntime_zone: Asia/Shanghai\nhotline: \"12345\"\nbar: {target: 0.95}\n",
    ),
    (
        "rules/departments.yaml",
        "\
- id: water-group
  name: 市水务集团
  aliases: [水务集团, 自来水公司]
  duties: 市政供水管网的建设、维护和抢修
  calendar: every-day
- id: qinglan-water
  name: 青澜区供水所
  parent: water-group
  region: qinglan
  duties: 青澜区供水管网的日常维修
  calendar: every-day
- id: gas-group
  name: 市燃气集团
  aliases: [燃气公司]
  duties: 管道燃气的供应和抢修
  calendar: every-day
- id: housing-bureau
  name: 市住房和城乡建设局
  aliases: [住建局]
  duties: 物业管理和房屋安全
",
    ),
    (
        "rules/regions.yaml",
        "\
- {id: lanzhou, name: 澜州市, level: city, aliases: [澜州]}
- {id: qinglan, name: 青澜区, level: district, parent: lanzhou, aliases: [青澜]}
- {id: shizhou, name: 石洲区, level: district, parent: lanzhou, aliases: [石洲]}
",
    ),
    (
        "rules/responsibility/water.yaml",
        "\
- scenario: water/pipe-leak
  lead: water-group
  joint: [housing-bureau]
  basis: 《澜州市12345热线派单目录（2026年版）》供水类第1项
- category: 城乡建设/燃气
  lead: gas-group
  basis: 《澜州市12345热线派单目录（2026年版）》燃气类第1项
",
    ),
    (
        "rules/calendar/2026.yaml",
        "\
year: 2026
basis: 国务院办公厅关于2026年部分节假日安排的通知
holidays:
  - {name: 元旦, from: 2026-01-01, to: 2026-01-03}
workdays: [2026-01-04]
",
    ),
    ("rules/terms/water.yaml", "水管: [水管, 自来水管, 供水管]\n"),
    (
        "rules/scenarios/water/pipe-leak.yaml",
        "\
id: water/pipe-leak
title: 供水管道漏水
category: 城乡建设/供水
kind: 求助
when:
  any:
    - [$水管, 漏]
hints: [路面积水]
deadline: 24 hours
slots:
  location: {fact: address, ask: 请问漏水的具体位置在哪里？, required: true, else: 您所说的位置}
steps: [核对是市政管网还是小区内部管网]
reply: |
  您好，您反映的{{ location }}漏水问题已转{{ department }}处理，{{ deadline }}前答复您，请保持电话畅通。
articles: [water/repair-responsibility]
examples:
  match:
    - 小区门口自来水管漏了三天，水都流到马路上了
  no_match:
    - 家里停水两天了，不知道什么时候来水
",
    ),
    (
        "rules/scenarios/gas/smell.yaml",
        "\
id: gas/smell
title: 闻到燃气味
category: 城乡建设/燃气
kind: 求助
priority: emergency
when:
  any:
    - [燃气, 味]
deadline: 1 hours
reply: |
  您好，请立即关闭阀门、开窗通风、不要开关电器并离开现场。已转{{ department }}抢修，{{ deadline }}前到场。
examples:
  match:
    - 楼道里有很重的燃气味，住户都不敢开灯
  no_match:
    - 想咨询一下燃气开户需要准备什么材料
",
    ),
    (
        "knowledge/articles/water/repair-responsibility.md",
        "\
---
id: water/repair-responsibility
title: 水管坏了由谁修
basis:
  - {title: 城市供水条例, article: 第二十七条}
effective: 2020-03-27
questions:
  - 小区里的水管漏了该找谁修
scenarios: [water/pipe-leak]
departments: [water-group]
---
从净水厂到进户总水表的供水管道由供水企业维修；总水表之后的管道由产权人或物业维修。
",
    ),
    (
        "knowledge/notices/outage.md",
        "\
---
id: water-outage
title: 青澜区计划停水
place: [qinglan]
words: [解放路]
from: 2026-11-25 08:00
until: 2026-11-25 18:00
scenarios: [water/pipe-leak]
---
因供水管道检修，青澜区解放路沿线停水，请提前储水。
",
    ),
    (
        "knowledge/cases/2026.jsonl",
        "\
{\"id\":\"case-1\",\"text\":\"解放路人行道下面的水管漏水，路面结冰，行人容易滑倒\",\"title\":\"水管漏水结冰\",\"scenario\":\"water/pipe-leak\",\"district\":\"qinglan\",\"department\":\"water-group\",\"reply\":\"已派人抢修并撒盐除冰。\",\"opened_on\":\"2026-01-12\",\"origin\":\"example\"}
{\"id\":\"case-2\",\"text\":\"楼上装修噪音很大，周末也不停工，影响孩子写作业\",\"category\":\"城乡建设/噪声\",\"department\":\"housing-bureau\",\"reply\":\"已现场制止。\",\"origin\":\"example\"}
",
    ),
];

/// Writes the bundle into a folder.
pub(crate) fn write(folder: &Path) {
    for (path, content) in FILES {
        replace(folder, path, content);
    }
}

/// Writes one of its files.
pub(crate) fn replace(folder: &Path, path: &str, content: &str) {
    let place = folder.join(path);
    let made = place.parent().map(fs::create_dir_all);
    assert!(matches!(made, Some(Ok(()))), "{path}");
    let written = fs::write(&place, content);
    assert!(written.is_ok(), "{path}");
}
