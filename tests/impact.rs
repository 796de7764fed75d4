//! What an edit does, held against two full evaluations; the causes that are named; revisions of git.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/town.rs"]
mod town;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use folder::Folder;
use jiesu::bundle::{Bundle, Cache, Live, Loader, Place, Snapshot, watch};
use jiesu::decide::{Complaint, Decision, Options};
use jiesu::knowledge::{Case, read_cases};
use jiesu::report::impact::{Aspect, Cause, Report, Verdict, impact, plain};
use jiesu::source::Lang;
use jiff::Zoned;
use proptest::prelude::*;

fn now() -> Zoned {
    "2026-06-01T10:00:00+08:00[Asia/Shanghai]".parse().unwrap()
}

fn load(loader: &mut Loader, snapshot: Snapshot) -> Option<Arc<Bundle>> {
    loader.load(snapshot, now().datetime()).bundle
}

/// An edit: a file, what stood there, what stands there now. Where nothing stood the whole file is new.
type EditOf<'a> = (&'a str, &'a str, &'a str);
/// In place of what stands there: the file is removed.
const GONE: &str = "\0";

fn edit(folder: &Folder, edits: &[EditOf<'_>]) {
    for (path, from, to) in edits {
        match (*from, *to) {
            (_, GONE) => std::fs::remove_file(folder.at(path)).unwrap(),
            ("", text) => folder.write(path, text),
            (from, to) => folder.edit(path, from, to),
        }
    }
}

/// The town before and after edits, with the report of one over the other.
struct Edited {
    before: Folder,
    after: Folder,
    report: Report,
}

fn edited(edits: &[EditOf<'_>], cases: &[Case]) -> Edited {
    let (before, after) = (Folder::with(town::FILES), Folder::with(town::FILES));
    edit(&after, edits);
    let report = report(before.path(), after.path(), cases);
    Edited { before, after, report }
}

fn report(before: &Path, after: &Path, cases: &[Case]) -> Report {
    let mut loader = Loader::new(Cache::none());
    let mut read = |folder: &Path| load(&mut loader, Snapshot::read(folder).unwrap()).expect("the bundle is sound");
    let (old, new) = (read(before), read(after));
    impact((&old, &new), cases, &now(), &mut |snapshot| load(&mut loader, snapshot), &|_, _, _| {})
}

/// What is compared of a decision, the naive way.
fn aspects(decision: &Decision) -> [Option<String>; 7] {
    [
        decision.department.as_ref().map(|own| own.id.clone()),
        decision.scenario.as_ref().map(|own| own.id.clone()),
        decision.unit.as_ref().map(|own| own.id.clone()),
        decision.category.as_ref().map(|own| own.path.clone()),
        decision.deadline.as_ref().map(|own| own.due.clone()),
        Some(format!("{:?}", decision.outcome)),
        decision.reply.as_ref().map(|own| own.text.clone()),
    ]
}

/// Two full evaluations: every case decided whole under bundles that share nothing.
fn evaluated(folder: &Path, cases: &[Case]) -> Vec<([Option<String>; 7], Option<bool>)> {
    let bundle = load(&mut Loader::new(Cache::none()), Snapshot::read(folder).unwrap()).unwrap();
    let decide = |case: &Case| {
        let at = case.opened_on.map_or_else(now, |day| {
            day.0.at(12, 0, 0, 0).to_zoned(bundle.engine.settings().time_zone.clone()).unwrap()
        });
        let (text, title, district) = (case.text.clone(), case.title.clone(), case.district.clone());
        let complaint = Complaint { text, title, channel: None, district, at };
        let decision = bundle.engine.decide(&complaint, Options::default()).unwrap();
        let aspects = aspects(&decision);
        let right = match (&case.department, &case.category) {
            (Some(label), _) => {
                let id = bundle.engine.catalog().department_named(label).map_or(label.clone(), |own| own.id.clone());
                Some(aspects[0].as_ref() == Some(&id) || aspects[2].as_ref() == Some(&id))
            }
            (None, Some(label)) => {
                Some(aspects[3].as_ref().is_some_and(|own| own == label || own.starts_with(&format!("{label}/"))))
            }
            _ => None,
        };
        (aspects, right)
    };
    cases.iter().map(decide).collect()
}

/// Whether a label names something in a bundle, looked for one by one.
fn is_known(folder: &Path, case: &Case) -> bool {
    let bundle = load(&mut Loader::new(Cache::none()), Snapshot::read(folder).unwrap()).unwrap();
    let scenarios = bundle.engine.rules().scenarios().iter().map(|scenario| scenario.category.clone());
    let cases = bundle.engine.knowledge().cases.all().iter().filter_map(|case| case.category.clone());
    match (&case.department, &case.category) {
        (Some(name), _) => bundle.engine.catalog().department_named(name).is_some(),
        (None, Some(path)) => scenarios.chain(cases).any(|own| own == *path || own.starts_with(&format!("{path}/"))),
        _ => true,
    }
}

/// Holds a report against two full evaluations.
#[track_caller]
fn check(before: &Path, after: &Path, report: &Report, cases: &[Case]) {
    let (mut old, mut new) = (evaluated(before, cases), evaluated(after, cases));
    let labels: BTreeSet<_> = cases.iter().map(|case| (case.department.clone(), case.category.clone())).collect();
    let of = |case: &Case| (case.department.clone(), case.category.clone());
    let first = |label: &_| cases.iter().find(|case| of(case) == *label).unwrap();
    let unknown: BTreeSet<_> =
        labels.into_iter().filter(|label| !is_known(before, first(label)) && !is_known(after, first(label))).collect();
    for (at, case) in cases.iter().enumerate().filter(|(_, case)| unknown.contains(&of(case))) {
        assert!(case.department.is_some() || case.category.is_some());
        (old[at].1, new[at].1) = (None, None);
    }
    let unresolvable = cases.iter().filter(|case| unknown.contains(&of(case))).count();
    assert_eq!(report.totals.unresolvable, unresolvable, "labels that mean nothing");
    let both = || old.iter().zip(&new);
    let differ = |at: usize| both().filter(|(a, b)| a.0[at] != b.0[at]).count();
    let count = |a: bool, b: bool| both().filter(|(x, y)| (x.1, y.1) == (Some(a), Some(b))).count();
    let totals = &report.totals;
    assert_eq!(totals.changed, both().filter(|(a, b)| a.0 != b.0).count(), "changed");
    let counted = [
        totals.department,
        totals.scenario,
        totals.unit,
        totals.category,
        totals.deadline,
        totals.outcome,
        totals.reply,
    ];
    assert_eq!(counted, std::array::from_fn(differ), "by aspect");
    let verdicts = (totals.better, totals.worse, totals.stays_wrong);
    assert_eq!(verdicts, (count(false, true), count(true, false), count(false, false)), "by label");
    assert_eq!(totals.labelled, old.iter().filter(|own| own.1.is_some()).count());
    assert_eq!(report.groups.iter().map(|group| group.count).sum::<usize>(), totals.changed, "groups");
    // Every movement between departments, counted by itself.
    for group in report.groups.iter().filter(|group| group.aspect == Aspect::Department) {
        let moved = |group: &jiesu::report::impact::Group| {
            let same = |other: &&jiesu::report::impact::Group| {
                (other.aspect, &other.from, &other.to) == (Aspect::Department, &group.from, &group.to)
            };
            report.groups.iter().filter(same).map(|other| other.count).sum::<usize>()
        };
        let naive = both().filter(|(a, b)| a.0[0] == group.from && b.0[0] == group.to).count();
        assert_eq!(moved(group), naive, "{:?} → {:?}", group.from, group.to);
    }
}

/// The causes of a report, as they are read: how, and which edits.
fn causes(report: &Report) -> Vec<String> {
    let named = |edits: &[usize]| {
        let named =
            edits.iter().map(|edit| format!("{} {}", report.edits[*edit].place(), report.edits[*edit].what().zh));
        named.collect::<Vec<_>>().join(" + ")
    };
    let shown = |cause: &Cause| match cause {
        Cause::Alone { edits } => named(edits),
        Cause::Any { edits } => format!("any: {}", named(edits)),
        Cause::Together { edits, verified } => format!("together {verified}: {}", named(edits)),
    };
    let mut all: Vec<String> = report.groups.iter().map(|group| shown(&group.cause)).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn labels_that_neither_version_knows_are_counted_apart() {
    let mut cases = town::cases();
    let labelled = cases.iter().filter(|case| case.department.is_some()).count();
    assert!(labelled > 5);
    for case in cases.iter_mut().filter(|case| case.department.is_some()).take(3) {
        case.department = Some("早已撤并的办公室".to_owned());
    }
    let Edited { before, after, report } = edited(&[(ILLEGAL, "    - 乱搭乱建\n", "")], &cases);
    check(before.path(), after.path(), &report, &cases);
    let totals = &report.totals;
    assert_eq!((totals.unresolvable, report.unresolvable[0].cases), (3, 3));
    assert_eq!(report.unresolvable[0].label, "早已撤并的办公室");
    let shown = plain(&report, Lang::Zh);
    assert!(shown.contains("另有 3 件的标注在两个版本里都找不到，不计对错；最多的是：早已撤并的办公室 3"), "{shown}");
}

const COMMON: &str = "rules/terms/common.yaml";
const ILLEGAL: &str = "rules/scenarios/housing/illegal-building.yaml";
const LIST: &str = "rules/responsibility/list.yaml";
const LEAK: &str = "rules/scenarios/water/leak.yaml";
const NIGHT: &str = "rules/scenarios/noise/night.yaml";

/// Each: edits, how many cases change, and the causes that are named.
#[test]
fn the_cause_of_every_change_is_named() {
    let cases = town::cases();
    let table: &[(&[EditOf<'_>], usize, &[&str])] = &[
        (&[], 0, &[]),
        (
            &[(ILLEGAL, "    - 乱搭乱建\n", "    - 乱搭乱建\n    - 私搭\n")],
            12,
            &["housing/illegal-building.yaml:8 新增的词 私搭"],
        ),
        (&[(ILLEGAL, "    - 乱搭乱建\n", "")], 4, &["housing/illegal-building.yaml:7 删去的词 乱搭乱建"]),
        (&[(COMMON, "[水管, 自来水管]", "[水管, 自来水管, 暖气片]")], 0, &[]),
        (
            &[(COMMON, "违建: [违建, 违章搭建]", "违建: [违建]")],
            4,
            &["terms/common.yaml:3 词表“违建”删去的词 违章搭建"],
        ),
        (&[(LEAK, "  none: [暖气]\n", "  none: [暖气, 马路]\n")], 4, &["water/leak.yaml:7 none 里新增的词 马路"]),
        (
            &[(LIST, "{category: 违建, lead: enforcement,", "{category: 违建, lead: housing,")],
            8,
            &["responsibility/list.yaml:2 派单目录 违建 的 lead 由 enforcement 改为 housing"],
        ),
        (
            &[(LEAK, "deadline: 24 hours", "deadline: 2 days")],
            12,
            &["water/leak.yaml:8 场景 water/leak 的 deadline 由 24 hours 改为 2 days"],
        ),
        (&[(LEAK, "已转{{ department }}处理。", "已转{{ department }}。")], 12, &["water/leak.yaml:9 答复模板的改动"]),
        (
            &[("rules/scenarios/noise/any.yaml", "priority: low", "priority: urgent")],
            16,
            &["noise/any.yaml:4 场景 noise/any 的 priority 由 low 改为 urgent"],
        ),
        // Either by itself is enough.
        (
            &[
                (ILLEGAL, "    - 乱搭乱建\n", "    - 乱搭乱建\n    - 私搭\n"),
                (COMMON, "[违建, 违章搭建]", "[违建, 违章搭建, 私搭]"),
            ],
            12,
            &["any: housing/illegal-building.yaml:8 新增的词 私搭 + terms/common.yaml:3 词表“违建”新增的词 私搭"],
        ),
        // Neither alone does anything, or even loads.
        (
            &[
                (COMMON, "违建: ", "搭建: [私搭]\n违建: "),
                (ILLEGAL, "    - 乱搭乱建\n", "    - 乱搭乱建\n    - $搭建\n"),
            ],
            12,
            &["together true: housing/illegal-building.yaml:8 新增的词 $搭建 + terms/common.yaml:3 新增的词表 搭建"],
        ),
        // Two edits of one line, each with cases of its own.
        (
            &[(COMMON, "[违建, 违章搭建]", "[违建, 私搭, 乱搭]")],
            16,
            &["terms/common.yaml:3 词表“违建”删去的词 违章搭建", "terms/common.yaml:3 词表“违建”新增的词 私搭"],
        ),
        // Examples and steps change nothing, and are no cause.
        (
            &[
                (NIGHT, "deadline: 3 days", "deadline: 4 days"),
                (LEAK, "deadline: 24 hours", "steps: [看一看]\ndeadline: 24 hours"),
            ],
            8,
            &["noise/night.yaml:6 场景 noise/night 的 deadline 由 3 days 改为 4 days"],
        ),
        // Files that come and go.
        (
            &[(
                "rules/scenarios/city/cards.yaml",
                "",
                "id: city/cards\ntitle: 社保卡\ncategory: 市容\nwhen: {any: [社保卡]}\nreply: 好。\n",
            )],
            4,
            &["city/cards.yaml:1 新增的场景 city/cards"],
        ),
        (&[("rules/scenarios/city/stalls.yaml", "", GONE)], 8, &["city/stalls.yaml:1 删去的场景 city/stalls"]),
    ];
    let mut wrong = Vec::new();
    for (edits, changed, expect) in table {
        let Edited { before, after, report } = edited(edits, &cases);
        let found = causes(&report);
        let named = found.len() == expect.len() && found.iter().zip(*expect).all(|(a, b)| a.starts_with(b));
        if report.totals.changed != *changed || !named {
            let count = report.totals.changed;
            wrong.push(format!("{edits:?}\n  found  {count} {found:?}\n  expect {changed} {expect:?}"));
        }
        check(before.path(), after.path(), &report, &cases);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Edits that can be made in any combination.
const POOL: &[EditOf<'_>] = &[
    (ILLEGAL, "    - 乱搭乱建\n", "    - 私搭\n"),
    (COMMON, "漏: [漏水, 爆裂]", "漏: [漏水, 阳光房, 摆摊]"),
    (COMMON, "[违建, 违章搭建]", "[违章搭建, 占道]"),
    (LEAK, "none: [暖气]", "none: [门口]"),
    (LEAK, "deadline: 24 hours", "priority: urgent\ndeadline: 24 hours"),
    (LIST, "{category: 噪声, lead: police,", "{category: 噪声, lead: enforcement,"),
    (NIGHT, "all: [$夜里, 噪音]", "all: [噪音]"),
    ("rules/conditions/common.yaml", "[夜里, 凌晨]", "[凌晨]"),
    ("rules/scenarios/noise/any.yaml", "any: [噪音, 太吵]", "any: [太吵, {near: [摆摊, 噪音], within: 8}]"),
    ("rules/scenarios/city/stalls.yaml", "摆摊问题", "占道问题"),
    ("rules/scenarios/city/stalls.yaml", "category: 市容", "category: 市容\nauto: true"),
    ("rules/regions.yaml", "name: 东区", "name: 东城"),
    ("rules/dictionary.txt", "", "阳光房\n"),
    (
        "knowledge/cases/a.jsonl",
        "",
        "{\"id\":\"x\",\"text\":\"社保卡丢失以后，本人和代办人分别要去哪个窗口补办\",\"department\":\"police\",\"origin\":\"example\"}\n",
    ),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_are_counted_as_two_evaluations_count(chosen in prop::collection::vec(any::<bool>(), POOL.len())) {
        let cases = town::cases();
        let edits: Vec<EditOf<'_>> = POOL.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(edit, _)| *edit).collect();
        let Edited { before, after, report } = edited(&edits, &cases);
        check(before.path(), after.path(), &report, &cases);
    }
}

#[test]
fn only_what_changed_is_matched_again() {
    let cases = town::cases();
    for (edits, expect) in [
        (vec![(ILLEGAL, "    - 乱搭乱建\n", "    - 私搭\n")], (1, 7)),
        (vec![(COMMON, "[墙体, 楼板, 承重墙]", "[墙体]")], (1, 7)),
        (vec![("rules/conditions/common.yaml", "[夜里, 凌晨]", "[凌晨]")], (1, 7)),
        (vec![(LIST, "{category: 噪声, lead: police,", "{category: 噪声, lead: enforcement,")], (0, 7)),
        (vec![("rules/dictionary.txt", "", "阳光房\n")], (7, 7)),
    ] {
        assert_eq!(edited(&edits, &cases).report.rematched, expect, "{edits:?}");
    }
}

#[test]
fn the_worst_are_shown_and_nobody_is_named() {
    let cases = town::cases();
    let edits = [(LEAK, "已转{{ department }}处理。", "好。"), (LEAK, "none: [暖气]", "none: [反映]")];
    let Edited { report, .. } = edited(&edits, &cases);
    let shown = serde_json::to_string(&report).unwrap();
    assert!(shown.contains("1380*******") && !shown.contains("13800138000") && !shown.contains("张先生"), "{shown}");
    let first = &report.groups[0];
    assert!(first.worse > 0 && first.examples[0].verdict == Verdict::BecameWrong, "{first:?}");
}

/// A case of the bundle does not vote for itself, nor does a near-copy of it.
#[test]
fn a_case_of_the_bundle_is_decided_without_itself() {
    let own = "{\"id\":\"t060\",\"text\":\"想问一下社保卡丢了应该到哪里去补办，另外医保个人账户里的余额怎么查询\",\"department\":\"police\",\"origin\":\"example\"}\n";
    let near = "关于医保个人账户余额的查询，还有社保卡丢了去哪里补办，这两件事孩子上学以前都要办好，户口迁移和身份证又应该准备材料";
    let other = format!("{{\"id\":\"other\",\"text\":\"{near}\",\"department\":\"police\",\"origin\":\"example\"}}\n");
    let cases = read_cases([("a", own)], &mut Vec::new());
    for (known, moves) in [(own.to_owned(), false), (own.replace("t060", "x"), false), (other, true)] {
        let Edited { report, .. } = edited(&[("knowledge/cases/a.jsonl", "", &known)], &cases);
        assert_eq!(report.totals.department == 1, moves, "{known} {:?}", report.totals);
    }
}

/// Real complaints on the starter bundle: a list of terms that is made far too wide takes complaints to the department of
/// illegal buildings; the counts are those of two full evaluations.
#[test]
fn real_complaints_move_as_two_evaluations_say() {
    let data = std::env::var_os("JIESU_DATA").map_or_else(|| "../shared/data".into(), std::path::PathBuf::from);
    let Ok(lines) = std::fs::read_to_string(data.join("messages/dev.jsonl")) else {
        eprintln!("skipped: there is no messages/dev.jsonl in {}; name its folder in JIESU_DATA", data.display());
        return;
    };
    // The whole of it takes minutes without optimisation; JIESU_ALL=1 asks for it.
    let every = if std::env::var_os("JIESU_ALL").is_some() { 1 } else { 4 };
    let lines: Vec<&str> = lines.lines().step_by(every).collect();
    let lines = lines.join("\n");
    let cases = read_cases([("dev.jsonl", lines.as_str())], &mut Vec::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let after = Folder::empty();
    for (path, content) in &Snapshot::read(root).unwrap().files {
        after.write(path, &content.text);
    }
    let path = "rules/scenarios/housing/illegal-building.yaml";
    after.edit(path, "  any:\n", "  any:\n    - 小区\n");
    after.edit(path, "kind: 举报\n", "kind: 举报\npriority: urgent\n");
    let report = report(root, after.path(), &cases);
    assert!(report.totals.changed > 20, "{:?}", report.totals);
    check(root, after.path(), &report, &cases);
    eprintln!("{} of {} change: {:?}", report.totals.changed, cases.len(), causes(&report));
}

/// A repository with the town in a folder, committed.
fn repository() -> Option<Folder> {
    if Command::new("git").arg("--version").output().is_err() {
        assert!(std::env::var_os("JIESU_REQUIRE_ALL").is_none(), "git is not installed");
        eprintln!("skipped: git is not installed");
        return None;
    }
    let folder = Folder::empty();
    for (path, text) in town::FILES {
        folder.write(&format!("bundle/{path}"), text);
    }
    folder.write("corpus.jsonl", town::corpus());
    git(&folder, &["init", "-q", "-b", "main"]);
    commit(&folder, "first");
    Some(folder)
}

fn git(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder.path()).args(["-c", "user.name=编辑", "-c", "user.email=t@example.com"]);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let ran = command.args(["-c", "commit.gpgsign=false"]).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

fn commit(folder: &Folder, message: &str) -> String {
    git(folder, &["add", "-A", "bundle"]);
    git(folder, &["commit", "-q", "-m", message]);
    git(folder, &["rev-parse", "HEAD"])
}

#[test]
fn revisions_are_read_as_they_were_committed() {
    let Some(folder) = repository() else { return };
    let bundle = folder.at("bundle");
    let first = git(&folder, &["rev-parse", "HEAD"]);
    let on_disk = |path: &Path| Snapshot::read(path).unwrap().revision();
    let was = on_disk(&bundle);
    folder.edit("bundle/rules/scenarios/water/leak.yaml", "none: [暖气]", "none: [暖气, 马路]");
    let edited = on_disk(&bundle);
    let second = commit(&folder, "second");
    git(&folder, &["branch", "old", &first]);
    folder.edit("bundle/rules/scenarios/water/leak.yaml", "none: [暖气, 马路]", "none: [马路]");
    let now = on_disk(&bundle);
    let read = |name: &str| Place::parse(name, &bundle).and_then(|place| place.read().map_err(|error| error.message()));
    let (short, on_disk_too) = (&first[..8], format!("{}/", bundle.display()));
    for (name, revision, commit) in [
        ("HEAD", &edited, Some(&second)),
        ("HEAD~1", &was, Some(&first)),
        ("old", &was, Some(&first)),
        (short, &was, Some(&first)),
        ("main:bundle", &edited, Some(&second)),
        (on_disk_too.as_str(), &now, None),
    ] {
        let (snapshot, of) = read(name).unwrap_or_else(|why| panic!("{name}: {}", why.en));
        assert_eq!((&snapshot.revision(), of.as_ref()), (revision, commit), "{name}");
    }
    for (name, why) in [
        ("nowhere", "no revision `nowhere`"),
        ("main:nowhere", "no revision `main:nowhere`"),
        ("main:bundle/rules", "no rules/ folder"),
        ("--help", "no revision"),
        ("HEAD^{/nothing}", "no revision"),
        ("", "no revision"),
        ("nowhere/", "no rules/ folder in nowhere/"),
    ] {
        let found = read(name).map(|_| ()).unwrap_err().en;
        assert!(found.contains(why), "{name}: {found}");
    }
}

#[test]
fn a_folder_in_no_repository_has_no_revisions() {
    let folder = Folder::with(town::FILES);
    assert!(Place::parse("HEAD", folder.path()).unwrap_err().en.contains("in no git repository"));
}

#[test]
fn what_stands_in_a_revision_and_is_no_file_is_reported() {
    let Some(folder) = repository() else { return };
    folder.write("bundle/rules/scenarios/notes.txt", "x");
    folder.write("bundle/rules/terms/bad.yaml", b"\xff\xfe");
    #[cfg(unix)]
    std::os::unix::fs::symlink("leak.yaml", folder.at("bundle/rules/scenarios/water/link.yaml")).unwrap();
    commit(&folder, "strange");
    let place = Place::parse("HEAD", &folder.at("bundle")).unwrap();
    let found = place.read().unwrap().0.diagnostics;
    let mut found: Vec<String> = found.iter().map(|d| format!("{} {}", d.code.name(), d.path)).collect();
    found.sort();
    assert_eq!(found[0], "unexpected-file rules/scenarios/notes.txt");
    assert!(found.contains(&"unreadable-file rules/terms/bad.yaml".to_owned()), "{found:?}");
    assert_eq!(found.len(), if cfg!(unix) { 3 } else { 2 }, "{found:?}");
}

#[test]
fn the_command_compares_writes_and_fails_when_told() {
    let Some(folder) = repository() else { return };
    let edited = "    - 乱搭乱建\n    - 私搭\n";
    folder.edit("bundle/rules/scenarios/housing/illegal-building.yaml", "    - 乱搭乱建\n", edited);
    let (corpus, markdown, page) = (folder.shown("corpus.jsonl"), folder.shown("i.md"), folder.shown("i.html"));
    let run = |more: &[&str]| {
        folder.run(&[&["impact", "HEAD", "--cases", &corpus, "--at", "2026-06-01"], more].concat()).go()
    };
    run(&["--lang", "zh", "--markdown", &markdown, "--html", &page])
        .ends(0, &["80 件中有", "派给城管局", "原因：housing/illegal-building.yaml:8 新增的词 私搭", "改对"]);
    for file in [&markdown, &page] {
        assert!(std::fs::read_to_string(file).unwrap().contains("80 件中有"), "{file}");
    }
    let json = run(&["--json"]).ends(0, &[]).json();
    assert_eq!((&json["totals"]["cases"], &json["edits"][0]["line"]), (&80.into(), &8.into()));
    run(&["--fail-if", "changed > 7"]).ends(1, &["the impact is too much"]);
    run(&["--fail-if", "changed > 50%"]).ends(0, &[]);
    run(&["--fail-if", "worst > 5"]).ends(2, &["no figure `worst`"]);
    folder.run(&["impact", "nowhere", "--cases", &corpus]).go().ends(2, &["no revision `nowhere`"]);
    folder.run(&["impact", "HEAD", "--cases", "/nowhere"]).go().ends(2, &["cannot open"]);
    folder.run(&["impact", "HEAD", "HEAD", "--cases", &corpus]).go().ends(0, &["0 of 80 cases change, by 0 edits"]);
    folder.edit("bundle/rules/scenarios/water/leak.yaml", "when:", "wenn:");
    run(&[]).ends(2, &["errors and was not loaded"]);
}

#[test]
fn history_and_differences_are_told() {
    let Some(folder) = repository() else { return };
    folder.write("bundle/notes.txt", "no part of the bundle");
    commit(&folder, "beside it");
    folder.edit("bundle/rules/terms/common.yaml", "漏: [漏水, 爆裂]", "漏: [漏水]");
    folder.edit("bundle/rules/departments.yaml", "name: 公安局", "name: 公安分局");
    let last = commit(&folder, "第二次\n\n说明");
    let log = folder.run(&["bundle", "log", "--json"]).go().ends(0, &[]).json();
    let summaries: Vec<&str> = log.as_array().unwrap().iter().map(|own| own["summary"].as_str().unwrap()).collect();
    assert_eq!(summaries, ["第二次", "first"]);
    assert_eq!((&log[0]["commit"], &log[0]["author"], &log[0]["scenarios"]), (&last.into(), &"编辑".into(), &7.into()));
    assert_eq!(log[0]["revision"], Snapshot::read(&folder.at("bundle")).unwrap().revision());
    folder.run(&["bundle", "log", "-n", "1"]).go().ends(0, &["第二次", "7 scenarios"]);
    folder
        .run(&["bundle", "diff", "HEAD~1", "--lang", "zh"])
        .go()
        .ends(0, &["2 处不同", "词表“漏”删去的词 爆裂", "承办单位 police 的 name 由 公安局 改为 公安分局"]);
    let json = folder.run(&["bundle", "diff", "HEAD~1", "HEAD", "--json"]).go().ends(0, &[]).json();
    assert_eq!(json["edits"].as_array().unwrap().len(), 2);
    folder.run(&["bundle", "diff", "HEAD"]).go().ends(0, &["0 differences"]);
    folder.run(&["bundle", "log", "nowhere"]).go().ends(2, &["no revision"]);
}

/// A branch is followed, a hash is not, and what is on disk does not matter.
#[test]
fn a_revision_is_served_and_a_branch_is_followed() {
    let Some(folder) = repository() else { return };
    let bundle = folder.at("bundle");
    let first = git(&folder, &["rev-parse", "HEAD"]);
    let serve = |name: &str| {
        let place = Place::parse(name, &bundle).unwrap();
        let live = Arc::new(Live::start_at(place, Cache::none(), None).unwrap_or_else(|error| panic!("{error:?}")));
        watch(&live, |_| {}).unwrap();
        live
    };
    let (branch, hash) = (serve("main"), serve(&first));
    let commit_of = |live: &Live| live.serving().bundle.commit.clone();
    assert_eq!((commit_of(&branch), commit_of(&hash)), (Some(first.clone()), Some(first.clone())));
    folder.edit("bundle/rules/scenarios/water/leak.yaml", "title: 水管漏水", "title: 新的");
    let second = commit(&folder, "second");
    folder.write("bundle/rules/scenarios/water/leak.yaml", "not: [a scenario");
    folder::eventually(|| format!("{:?}", commit_of(&branch)), || commit_of(&branch).as_ref() == Some(&second));
    assert_eq!(commit_of(&hash), Some(first));
    // A commit that is refused changes nothing, and the status says why.
    let refused = commit(&folder, "broken");
    folder::eventually(|| format!("{refused} {:?}", branch.status().last), || branch.status().refused > 0);
    assert_eq!(commit_of(&branch), Some(second));
}
