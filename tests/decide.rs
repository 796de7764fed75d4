//! Whole decisions, from the text of a complaint to what is said and done, on a small bundle in a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::sync::{Arc, OnceLock};

use folder::Folder;
use jiesu::bundle::{Bundle, Cache, Loader, Snapshot};
use jiesu::decide::{Complaint, ComplaintError, Decision, Options, Outcome, Source, parse_time};
use jiesu::source::{Diagnostic, Lang, render_plain};
use jiesu::text::Field;

/// An ordinary working day.
const MONDAY: &str = "2026-03-02T10:00";

/// A small city: two districts, one with streets; a water company with a unit in one district; fire, roads, noise.
const FILES: &[(&str, &str)] = &[
    ("rules/bundle.yaml", "name: 小城\ntime_zone: Asia/Shanghai\nhotline: \"12345\"\nbar: {target: 0.95}\n"),
    (
        "rules/departments.yaml",
        "- {id: city, name: 市政府}
- {id: water, name: 市水务局, aliases: [水务局], parent: city}
- {id: east-water, name: 东区水务所, parent: water, region: east}
- {id: dongmen-water, name: 东门水务站, parent: east-water, region: dongmen}
- {id: fire, name: 市消防救援支队, parent: city, calendar: every-day}
- {id: roads, name: 市住建局, parent: city}
- {id: police, name: 市公安局, parent: city}
- {id: property, name: 物业管理中心, parent: city}
",
    ),
    (
        "rules/regions.yaml",
        "- {id: town, name: 小城市, level: city}
- {id: east, name: 东区, level: district, parent: town}
- {id: west, name: 西区, level: district, parent: town}
- {id: dongmen, name: 东门街道, level: street, parent: east, aliases: [东门]}
",
    ),
    (
        "rules/calendar/2026.yaml",
        "year: 2026
basis: 国务院办公厅通知
holidays:
  - {name: 国庆节, from: 2026-10-01, to: 2026-10-07}
workdays: [2026-10-10]
",
    ),
    (
        "rules/responsibility/list.yaml",
        "- {category: 供水, lead: water, basis: 目录第1项}
- {scenario: water/leak, region: west, lead: property, joint: [water], basis: 目录第2项, reason: 西区管网已移交}
- {category: 消防, lead: fire, basis: 目录第3项}
- {category: 道路, lead: roads, joint: [police], basis: 目录第4项}
- {scenario: noise/night, lead: police, basis: 目录第5项}
- {scenario: noise/any, lead: police, basis: 目录第6项}
",
    ),
    ("rules/terms/common.yaml", "水管: [水管, 自来水管, 管道]\n漏: [漏水, 爆裂, 爆管]\n"),
    (
        "rules/scenarios/water/leak.yaml",
        "id: water/leak
title: 供水管道漏水
category: 供水/管网
kind: 求助
priority: urgent
when: {any: [[$水管, $漏]]}
deadline: 24 hours
slots:
  since: {fact: date, ask: 什么时候开始漏的？}
  location: {fact: address, ask: 请问在哪里？, required: true, else: 您所说地点}
  phone: {fact: phone, ask: 怎么联系您？}
steps: [核对管网, 通知街道]
reply: |
  您反映的{{ location }}漏水已转{{ department }}（{{ unit }}）处理{% if since %}，自{{ since }}起{% endif %}，{{ deadline }}前答复。{{ district }}
articles: [water/repair, water/old]
examples: {match: [水管漏水]}
",
    ),
    (
        "rules/scenarios/water/bill.yaml",
        "id: water/bill
title: 水费争议
category: 供水/收费
kind: 投诉
when: {any: [水费]}
deadline: 3 working days
reply: 水费问题已转{{ department }}，{{ deadline }}前答复。
",
    ),
    (
        "rules/scenarios/fire/smoke.yaml",
        "id: fire/smoke
title: 火情
category: 消防/火情
priority: emergency
when: {any: [着火, 冒烟]}
deadline: 1 hour
reply: 请立即拨打119，并撤离。
",
    ),
    (
        "rules/scenarios/road/pothole.yaml",
        "id: road/pothole
title: 道路坑洼
category: 道路/破损
auto: true
when: {any: [坑洼, [路面, 破损]]}
slots:
  location: {fact: address, ask: 请问是哪条路？, required: true}
reply: 您反映的{{ location }}道路问题已转{{ department }}。
",
    ),
    (
        "rules/scenarios/noise/night.yaml",
        "id: noise/night\ntitle: 夜间施工噪声\ncategory: 噪声\nwhen: {any: [[夜间, 施工, 噪音]]}\nreply: 已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/noise/any.yaml",
        "id: noise/any\ntitle: 噪声\ncategory: 噪声\nwhen: {any: [噪音]}\nreply: 已转{{ department }}。\n",
    ),
    (
        "rules/scenarios/water/any.yaml",
        "id: water/any\ntitle: 供水其他\ncategory: 供水\npriority: low\nwhen: {any: [$水管, 供水]}\nreply: 已转{{ department }}。\n",
    ),
    (
        "knowledge/articles/repair.md",
        "---\nid: water/repair\ntitle: 水管由谁修\nbasis: [{title: 城市供水条例, article: 第二十七条}]\neffective: 2020-01-01\n---\n结算水表以前的管道由供水企业维修。\n",
    ),
    (
        "knowledge/articles/old.md",
        "---\nid: water/old\ntitle: 水管维修补贴\nbasis: [{title: 小城市水管维修办法}]\neffective: 2020-01-01\nexpires: 2026-03-02\n---\n水管漏水维修可以申请补贴。\n",
    ),
    (
        "knowledge/articles/meter.md",
        "---\nid: bill/any\ntitle: 水费复核怎么申请\nbasis: [{title: 收费管理办法}]\neffective: 2020-01-01\n---\n水费复核可以申请。\n",
    ),
    (
        "knowledge/articles/pipes.md",
        "---\nid: bill/pipes\ntitle: 爆管多出的水费复核\nbasis: [{title: 收费管理办法}]\neffective: 2020-01-01\nscenarios: [water/leak]\n---\n凭抢修记录核减。\n",
    ),
    (
        "knowledge/articles/steps.md",
        "---\nid: bill/steps\ntitle: 阶梯水费复核\nbasis: [{title: 收费管理办法}]\neffective: 2020-01-01\nscenarios: [water/bill]\n---\n按户籍人口核定。\n",
    ),
    (
        "knowledge/notices/outage.md",
        "---\nid: outage\ntitle: 东区停水\nplace: [east]\nfrom: 2026-03-02 08:00\nuntil: 2026-03-02 18:00\nscenarios: [water/leak]\n---\n抢修停水，十八时恢复。\n",
    ),
    (
        "knowledge/cases/cases.jsonl",
        "{\"id\": \"c1\", \"text\": \"广场舞音响太吵，影响孩子学习\", \"scenario\": \"noise/any\", \"department\": \"police\"}
{\"id\": \"c2\", \"text\": \"广场舞大喇叭声音吵得睡不着\", \"scenario\": \"noise/any\", \"department\": \"police\"}
{\"id\": \"c3\", \"text\": \"公交车站牌歪了，字看不清\", \"department\": \"roads\", \"category\": \"道路/设施\"}
",
    ),
];

fn load(folder: &Folder) -> Arc<Bundle> {
    let snapshot = Snapshot::read(folder.path()).unwrap();
    let at = "2026-03-02T10:00".parse().unwrap();
    let loaded = Loader::new(Cache::none()).load(snapshot, at);
    let findings = loaded.diagnostics.iter().map(|d: &Diagnostic| render_plain(d, Lang::En)).collect::<Vec<_>>();
    loaded.bundle.unwrap_or_else(|| panic!("{}", findings.join("\n")))
}

/// The bundle, loaded once for all tests.
fn bundle() -> &'static Bundle {
    static BUNDLE: OnceLock<Arc<Bundle>> = OnceLock::new();
    BUNDLE.get_or_init(|| load(&Folder::with(FILES)))
}

/// A complaint and what is asked of the engine.
struct Ask<'a> {
    text: &'a str,
    title: Option<&'a str>,
    district: Option<&'a str>,
    at: &'a str,
    rules_only: bool,
}

fn ask(text: &str) -> Ask<'_> {
    Ask { text, title: None, district: None, at: MONDAY, rules_only: false }
}

impl Ask<'_> {
    fn of(&self, bundle: &Bundle) -> Result<Decision, ComplaintError> {
        let at = parse_time(self.at, &bundle.engine.settings().time_zone).unwrap();
        let text = |text: &str| text.to_owned();
        let (title, district) = (self.title.map(text), self.district.map(text));
        let complaint = Complaint { text: self.text.to_owned(), title, channel: None, district, at };
        bundle.engine.decide(&complaint, Options { rules_only: self.rules_only })
    }

    fn decide(&self) -> Decision {
        self.of(bundle()).unwrap()
    }
}

fn decide(text: &str) -> Decision {
    ask(text).decide()
}

fn scenario(decision: &Decision) -> &str {
    decision.scenario.as_ref().map_or("", |scenario| &scenario.id)
}

fn department(decision: &Decision) -> &str {
    decision.department.as_ref().map_or("", |department| &department.id)
}

fn unit(decision: &Decision) -> &str {
    decision.unit.as_ref().map_or("", |unit| &unit.id)
}

fn reply(decision: &Decision) -> &str {
    decision.reply.as_ref().map_or("", |reply| &reply.text)
}

/// The leader, then every runner-up with why it is behind.
fn order(decision: &Decision) -> Vec<String> {
    let behind = decision.runners_up.iter().map(|r| format!("{} {}", r.scenario.id, r.behind));
    [scenario(decision).to_owned()].into_iter().chain(behind).collect()
}

#[test]
fn who_leads_and_why_the_others_are_behind() {
    for (text, expect) in [
        // An emergency comes first, however little says so and wherever it stands.
        (
            "自来水管爆裂，水管漏水，管道漏水。另外楼上冒烟",
            &["fire/smoke", "water/leak emergency", "water/any emergency"][..],
        ),
        // Then what an editor called urgent, even where another says more.
        ("水管漏水以后水费，水费，水费太高", &["water/leak", "water/bill priority", "water/any priority"]),
        // Among equals, who has the more telling words.
        ("夜间施工噪音", &["noise/night", "noise/any specificity"]),
        // What is last by rank leads where nothing else fires.
        ("供水的事", &["water/any"]),
        ("今天天气好", &[""]),
    ] {
        assert_eq!(order(&decide(text)), expect, "{text}");
    }
    let decision = decide("自来水管爆裂，楼上冒烟");
    assert!(decision.emergency && !decide("自来水管爆裂").emergency);
    assert_eq!((decision.source, decision.outcome), (Some(Source::Rule), Outcome::Suggest));
    for runner_up in &decision.runners_up {
        assert!(!runner_up.evidence.is_empty() && runner_up.department.is_some(), "{runner_up:?}");
    }
}

/// Two scenarios for which the very same words speak: the id decides, and the decision says so.
#[test]
fn equals_are_ordered_by_id() {
    let folder = Folder::with(FILES);
    for name in ["b", "a"] {
        folder.write(
            &format!("rules/scenarios/road/{name}.yaml"),
            format!("id: road/{name}\ntitle: 桥\ncategory: 道路\nwhen: {{any: [天桥]}}\nreply: 好\n"),
        );
    }
    assert_eq!(order(&ask("天桥").of(&load(&folder)).unwrap()), ["road/a", "road/b id"]);
}

#[test]
fn two_matters_in_one_complaint_are_told_apart() {
    let text = "东门街道水管漏水。还有，水费多收了。";
    let decision = decide(text);
    let matters: Vec<(&str, &str)> = decision
        .matters
        .iter()
        .map(|matter| (matter.scenario.id.as_str(), matter.department.as_ref().unwrap().id.as_str()))
        .collect();
    assert_eq!(matters, [("water/leak", "water"), ("water/bill", "water")]);
    let characters: Vec<char> = text.chars().collect();
    let words = |matter: usize| -> Vec<String> {
        let spans = decision.matters[matter].spans.iter();
        spans.map(|span| characters[span.start as usize..span.end as usize].iter().collect()).collect()
    };
    assert_eq!((words(0), words(1)), (vec!["水管".to_owned(), "漏水".to_owned()], vec!["水费".to_owned()]));
    // In one sentence it is one matter, and what else fired is a runner-up.
    assert_eq!(decide("水管漏水，水费多收了").matters.len(), 1);
    // Two matters never go out by themselves.
    let decision = decide("人民路128号路面坑洼。水费多收了。");
    assert_eq!((decision.matters.len(), decision.outcome), (2, Outcome::Suggest));
}

#[test]
fn who_is_responsible_depends_on_the_place() {
    for (text, district, expect) in [
        // The row of the category, and the nearest unit.
        ("水管漏水", None, ("water", "", "")),
        ("东区水管漏水", None, ("water", "east-water", "east")),
        ("东门街道水管漏水", None, ("water", "dongmen-water", "east")),
        ("水管漏水", Some("东区"), ("water", "east-water", "east")),
        ("水管漏水", Some("dongmen"), ("water", "dongmen-water", "east")),
        // A row of its own for a district outranks that of the category.
        ("西区水管漏水", None, ("property", "", "west")),
        // What the request says outranks the text; a street of that district makes it narrower.
        ("东区水管漏水", Some("西区"), ("property", "", "west")),
        ("西区来电，东门水管漏水", Some("east"), ("water", "dongmen-water", "east")),
        // A city, and a place that nobody knows, say nothing.
        ("东区水管漏水", Some("小城市"), ("water", "east-water", "east")),
        ("东区水管漏水", Some("月球"), ("water", "east-water", "east")),
    ] {
        let decision = Ask { district, ..ask(text) }.decide();
        let district_found = decision.district.as_ref().map_or("", |district| &district.id);
        assert_eq!((department(&decision), unit(&decision), district_found), expect, "{text} {district:?}");
    }
    let west = decide("西区水管漏水");
    let lead = west.department.as_ref().unwrap();
    assert_eq!((lead.basis.as_str(), lead.reason.as_deref()), ("目录第2项", Some("西区管网已移交")));
    assert_eq!(west.joint.iter().map(|joint| joint.id.as_str()).collect::<Vec<_>>(), ["water"]);
}

#[test]
fn deadlines_run_on_the_calendar() {
    for (text, at, due, said) in [
        // Three working days over the holiday: 8, 9 and the make-up Saturday.
        ("水费", "2026-09-30T10:00", "2026-10-10T23:59:59+08:00", "10月10日"),
        ("水费", "2026-09-28T10:00", "2026-10-08T23:59:59+08:00", "10月8日"),
        ("水费", "2026-03-06T23:59", "2026-03-11T23:59:59+08:00", "3月11日"),
        // Hours run through, over the year's end too.
        ("水管漏水", "2026-09-30T22:30", "2026-10-01T22:30:00+08:00", "10月1日22:30"),
        ("水管漏水", "2026-12-31T09:05", "2027-01-01T09:05:00+08:00", "2027年1月1日9:05"),
        // A time with an offset of its own is one moment.
        ("水管漏水", "2026-03-02T02:00:00Z", "2026-03-03T10:00:00+08:00", "3月3日10:00"),
    ] {
        let decision = Ask { at, ..ask(text) }.decide();
        let deadline = decision.deadline.as_ref().unwrap();
        assert_eq!((deadline.due.as_str(), deadline.text.as_str()), (due, said), "{text} {at}");
        assert!(reply(&decision).contains(said), "{}", reply(&decision));
        assert!(!deadline.beyond_calendar);
    }
    let decision = Ask { at: "2026-12-31T10:00", ..ask("水费") }.decide();
    assert!(decision.deadline.unwrap().beyond_calendar, "no table for 2027");
    assert!(decide("路面坑洼").deadline.is_none());
}

#[test]
fn slots_are_filled_or_asked_for() {
    let empty = decide("水管漏水");
    assert_eq!(reply(&empty), "您反映的您所说地点漏水已转市水务局（市水务局）处理，3月3日10:00前答复。");
    let asked: Vec<(&str, bool)> = empty.questions.iter().map(|q| (q.slot.as_str(), q.required)).collect();
    assert_eq!(asked, [("location", true), ("since", false), ("phone", false)], "required ones first");
    assert_eq!(empty.reply.as_ref().unwrap().missing, ["since", "location", "phone"], "in the order written");

    let full = decide("东区人民路128号水管漏水，从3月1日开始的，电话13800138000");
    assert_eq!(
        reply(&full),
        "您反映的东区人民路128号漏水已转市水务局（东区水务所）处理，自3月1日起，3月3日10:00前答复。东区"
    );
    assert!(full.questions.is_empty() && full.reply.as_ref().unwrap().missing.is_empty());
    assert_eq!(full.steps, ["核对管网", "通知街道"]);

    // The place of the matter, not the one before it.
    let near = decide("我住在和平路5号。人民路128号水管漏水。");
    assert!(reply(&near).starts_with("您反映的人民路128号漏水"), "{}", reply(&near));
}

#[test]
fn notices_live_from_their_first_minute_to_their_last() {
    let notices = |text: &str, at: &str| Ask { at, ..ask(text) }.decide().notices.len();
    for (at, live) in
        [("2026-03-02T07:59", 0), ("2026-03-02T08:00", 1), ("2026-03-02T17:59", 1), ("2026-03-02T18:00", 0)]
    {
        assert_eq!(notices("东区水管漏水", at), live, "{at}");
    }
    assert_eq!(notices("东门街道水管漏水", MONDAY), 1, "a street of the district");
    assert_eq!(notices("西区水管漏水", MONDAY), 0, "another district");
    assert_eq!(notices("水管漏水", MONDAY), 0, "nobody knows where");
    assert_eq!(notices("东区路面坑洼", MONDAY), 0, "another matter");
    assert_eq!(notices("东区没水用了", MONDAY), 1, "no rule speaks");
    assert_eq!(decide("东区水管漏水").notices[0].text, "抢修停水，十八时恢复。");
}

#[test]
fn of_articles_that_were_found_those_of_the_scenario_come_first() {
    let articles = |text: &str| -> Vec<String> {
        decide(text).articles.into_iter().filter(|it| it.id.starts_with("bill/")).map(|it| it.id).collect()
    };
    assert_eq!(
        articles("水费复核怎么申请"),
        ["bill/steps", "bill/pipes", "bill/any"],
        "its own, its top level, others"
    );
    assert_eq!(articles("复核怎么申请")[0], "bill/any", "no scenario leads: the nearest");
}

#[test]
fn an_article_that_is_over_is_not_offered() {
    let articles = |at: &str| -> Vec<String> {
        let decision = Ask { at, ..ask("水管漏水可以申请维修补贴吗") }.decide();
        decision.articles.iter().map(|article| format!("{} {}", article.id, article.named)).collect()
    };
    assert_eq!(articles("2026-03-02T23:59"), ["water/repair true", "water/old true"], "on its last day it is");
    assert_eq!(articles("2026-03-03T00:00"), ["water/repair true"]);
    assert_eq!(articles("2019-12-31"), [""; 0], "before it takes effect");
    assert_eq!(decide("水管漏水").articles[0].basis, ["《城市供水条例》第二十七条"]);
}

#[test]
fn near_cases_suggest_and_never_dispatch() {
    let text = "广场舞音响太吵，吵得睡不着";
    let learned = decide(text);
    assert_eq!((learned.outcome, learned.source), (Outcome::Suggest, Some(Source::Learned)));
    assert_eq!((scenario(&learned), department(&learned)), ("noise/any", "police"));
    assert!(learned.evidence.is_empty() && !learned.bar.met);
    assert!(learned.cases.iter().all(|case| case.similarity > 0.0) && learned.cases.len() >= 2);

    let by_rules = Ask { rules_only: true, ..ask(text) }.decide();
    assert_eq!((by_rules.outcome, by_rules.source, scenario(&by_rules)), (Outcome::Unknown, None, ""));
    assert!(by_rules.department.is_none() && by_rules.category.is_none() && by_rules.reply.is_none());

    // A case that says who, and not which scenario.
    let department_only = decide("公交车站牌歪了看不清");
    assert_eq!((scenario(&department_only), department(&department_only)), ("", "roads"));
    assert_eq!(department_only.outcome, Outcome::Suggest);
    // What cases say never outvotes a rule.
    assert_eq!(scenario(&decide("广场舞音响太吵，还有水费")), "water/bill");
}

/// Even a scenario that may go out by itself does not when only cases speak for it.
#[test]
fn near_cases_never_dispatch_even_where_rules_may() {
    let folder = Folder::with(FILES);
    folder.edit("rules/scenarios/noise/any.yaml", "when:", "auto: true\nwhen:");
    let bundle = load(&folder);
    let learned = ask("广场舞音响太吵，吵得睡不着").of(&bundle).unwrap();
    assert_eq!((scenario(&learned), learned.outcome, learned.bar.met), ("noise/any", Outcome::Suggest, false));
    let ruled = ask("噪音").of(&bundle).unwrap();
    assert_eq!((scenario(&ruled), ruled.outcome, ruled.bar.met), ("noise/any", Outcome::Auto, true));
}

#[test]
fn what_goes_out_by_itself_is_vouched_for_and_complete() {
    for (text, expect) in [
        ("人民路128号路面坑洼", Outcome::Auto),
        ("路面坑洼", Outcome::Suggest),
        ("人民路128号水管漏水", Outcome::Suggest),
        ("人民路128号路面坑洼。家里冒烟", Outcome::Suggest),
    ] {
        let decision = decide(text);
        assert_eq!((decision.outcome, decision.bar.met), (expect, expect == Outcome::Auto), "{text}");
    }
}

#[test]
fn evidence_points_at_the_words_as_they_came_in() {
    for text in [
        "水管漏水",
        "🚰🚰👨‍👩‍👧水管漏水",
        "ＡＢＣ　１２３水管漏水",
        "&lt;b&gt;&amp;nbsp;&#128688;水管漏水",
        "㎏①½ﬁ水管漏水",
        "\u{feff}\u{200b}水管漏水",
        "e\u{301}\u{1f1e8}\u{1f1f3}水管漏水",
        "𠮷\r\n\r\n水管\u{200b}漏\u{fe0f}水",
        "說水管漏水",
    ] {
        let decision = Ask { title: Some("🚰 水管爆裂"), ..ask(text) }.decide();
        assert_eq!(scenario(&decision), "water/leak", "{text}");
        let mut fields = Vec::new();
        for item in &decision.evidence {
            let field = if item.span.field == Field::Title { "🚰 水管爆裂" } else { text };
            let characters: Vec<char> = field.chars().collect();
            let pointed: String = characters[item.span.start as usize..item.span.end as usize].iter().collect();
            assert_eq!(pointed, item.text, "{text}");
            let seen: String = pointed.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
            assert!(["水管", "漏水", "爆裂"].contains(&seen.as_str()), "{text}: {pointed}");
            assert_eq!((item.file.as_str(), item.line), ("rules/scenarios/water/leak.yaml", 6));
            fields.push(item.span.field);
        }
        assert!(fields.contains(&Field::Title) && fields.contains(&Field::Text), "{text}: {fields:?}");
    }
}

#[test]
fn the_same_complaint_gives_the_same_decision() {
    let texts = [
        "东门街道人民路128号水管漏水，从3月1日起。水费也不对，夜间施工噪音，楼上冒烟",
        "广场舞音响太吵，吵得睡不着",
        "今天天气好",
    ];
    let json = |bundle: &Bundle| texts.map(|text| serde_json::to_string(&ask(text).of(bundle).unwrap()).unwrap());
    let expect = json(bundle());
    assert_eq!(json(bundle()), expect, "asked again");
    let backwards: Vec<(&str, &str)> = FILES.iter().rev().copied().collect();
    assert_eq!(json(&load(&Folder::with(&backwards))), expect, "files made in another order");
    // The list of cases and rows in another order is another bundle, and decides the same.
    let folder = Folder::with(FILES);
    for path in ["rules/responsibility/list.yaml", "knowledge/cases/cases.jsonl"] {
        let text = std::fs::read_to_string(folder.at(path)).unwrap();
        let mut lines: Vec<&str> = text.lines().rev().collect();
        lines.push("");
        folder.write(path, lines.join("\n"));
    }
    let other = load(&folder);
    let (before, after) = (bundle().engine.revision(), other.engine.revision());
    assert_ne!(before, after);
    assert_eq!(json(&other).map(|json| json.replace(after, before)), expect, "lines in another order");
}

/// Threads share the engine.
#[test]
fn many_threads_decide_alike() {
    let expect = serde_json::to_string(&decide("东区水管漏水")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(serde_json::to_string(&decide("东区水管漏水")).unwrap(), expect);
                }
            });
        }
    });
}

#[test]
fn what_cannot_be_decided_says_why() {
    for text in ["", " \u{3000}\n", "\u{200b}\u{feff}"] {
        assert_eq!(ask(text).of(bundle()).unwrap_err(), ComplaintError::Empty);
    }
    assert!(Ask { title: Some("水管漏水"), ..ask("") }.of(bundle()).is_ok(), "a title alone is something");
    let long = "水".repeat(30_001);
    assert!(matches!(ask(&long).of(bundle()), Err(ComplaintError::TooLong { field: "text", length: 30_001, .. })));
}
