//! Mistakes as editors make them, planted one at a time in a copy of the starter bundle: each is found with its code at
//! its line, and nothing else is reported that was not before.
//!
//! What is edited is found by what stands in it, so that the content may change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiesu::bundle::{FileContent, Loader, Snapshot};
use jiesu::check::{self, Files};
use jiesu::source::{Diagnostic, Lang, render_plain};

const AT: &str = "2026-11-22T10:00";

/// A scenario in which nothing is wrong, for mistakes that need one of their own.
const SCENARIO: &str = "\
id: zz/planted
title: 观景台望远镜投币不退
category: 城乡建设/市容环卫
when:
  any:
    - 观景台望远镜
deadline: 5 working days
deadline_basis: 示例办理规程
reply: |
  您好，您反映的问题已转{{ department }}处理，{{ deadline }}前答复您。
examples:
  match:
    - 山上观景台望远镜投了币没有反应，也不退钱
    - 带孩子去玩，观景台望远镜坏了，投进去的硬币拿不回来
    - 观景台望远镜上面写的客服号码打过去是空号，钱白花了
  no_match:
    - 商场里的娃娃机夹不上来，怀疑调过了
";
const SCENARIO_PATH: &str = "rules/scenarios/zz/planted.yaml";

/// An article in which nothing is wrong.
const ARTICLE: &str = "\
---
id: zz/planted
title: 观景台望远镜怎么收费
basis:
  - {title: 公园管理办法}
effective: 2020-01-01
reviewed: 2026-10-01
questions: [观景台的望远镜多少钱看一次]
scenarios: [water/outage]
---
观景台的投币望远镜由经营者明码标价，投币后不能使用的应当退还。
";
const ARTICLE_PATH: &str = "knowledge/articles/zz/planted.md";

/// A notice in which nothing is wrong.
const NOTICE: &str = "\
---
id: zz-planted
title: 观景台检修
place: []
words: [望江台]
from: 2026-12-01 08:00
until: 2026-12-02 18:00
---
望江台检修两天。
";

/// What is done to the files.
enum Edit {
    /// In the first file of a folder that has the one text, the first of it becomes the other.
    Replace(&'static str, &'static str, &'static str),
    /// The same, at the end of the first file of a folder.
    Append(&'static str, &'static str),
    /// A new file.
    New(&'static str, String),
    /// Two new files; the finding is in the first.
    NewPair(&'static str, String, &'static str, String),
    /// A file is gone.
    Remove(&'static str),
    /// Whatever else; gives the file that the finding is in.
    Other(fn(&mut BTreeMap<String, String>) -> String),
}
use Edit::{Append, New, NewPair, Other, Remove, Replace};

/// A mistake: what it is, its code, what stands on the line where it is found (empty: the file as a whole), the edit.
type Fault = (&'static str, &'static str, &'static str, Edit);

/// The planted scenario with one change.
fn scenario(from: &str, to: &str) -> Edit {
    assert!(SCENARIO.contains(from), "{from}");
    New(SCENARIO_PATH, SCENARIO.replace(from, to))
}

fn article(from: &str, to: &str) -> Edit {
    assert!(ARTICLE.contains(from), "{from}");
    New(ARTICLE_PATH, ARTICLE.replace(from, to))
}

/// The planted scenario with one more member of `any`.
fn with_member(member: &str) -> Edit {
    scenario("  any:\n", &format!("  any:\n    - {member}\n"))
}

fn notice(from: &str, to: &str) -> Edit {
    assert!(NOTICE.contains(from), "{from}");
    New("knowledge/notices/zz-planted.md", NOTICE.replace(from, to))
}

/// Rows of the dispatch list about a category that nothing else has, each given without its subject and basis.
fn rows(rows: &[&str]) -> Edit {
    let row = |row: &&str| format!("- {{category: 城乡建设/观景, {row}, basis: 示例目录}}\n");
    New("rules/responsibility/zz.yaml", rows.iter().map(row).collect())
}

/// The id of some department, by number.
fn department(files: &BTreeMap<String, String>, number: usize) -> String {
    let text = &files["rules/departments.yaml"];
    text.lines().filter_map(|line| line.strip_prefix("- id: ")).nth(number).unwrap().trim().to_owned()
}

/// The first file of a folder that has a text.
fn having(files: &BTreeMap<String, String>, folder: &str, text: &str) -> String {
    let found = files.iter().find(|(path, content)| path.starts_with(folder) && content.contains(text));
    found.unwrap_or_else(|| panic!("nothing in {folder} has `{text}`")).0.clone()
}

fn change(files: &mut BTreeMap<String, String>, path: &str, from: &str, to: &str) {
    let text = files.get_mut(path).unwrap();
    *text = text.replacen(from, to, 1);
}

/// The first example of a scenario.
fn first_example(text: &str) -> &str {
    text.split_once("\n  match:\n    - ").unwrap().1.lines().next().unwrap()
}

fn in_files() -> Vec<Fault> {
    vec![
        ("a quotation mark is open", "J001", "extra: \"", Append("rules/scenarios/", "extra: \"漏水\n")),
        ("a bracket is open", "J001", "", New("rules/terms/zz.yaml", "新词: [甲, 乙\n".into())),
        ("a key twice", "J002", "title: ", Replace("rules/scenarios/", "\ntitle: ", "\ntitle: 重复\ntitle: ")),
        ("a misspelt key", "J003", "priorty", Append("rules/scenarios/", "priorty: urgent\n")),
        ("a key of a department misspelt", "J003", "nmae", Append("rules/departments.yaml", "- id: zz\n  nmae: 甲局\n  name: 乙局\n")),
        ("no category", "J004", "id: ", scenario("category: 城乡建设/市容环卫\n", "")),
        ("a department without a name", "J004", "id: zz", Append("rules/departments.yaml", "- id: zz\n")),
        ("是 for true", "J005", "auto: 是", scenario("deadline: ", "auto: 是\ndeadline: ")),
        ("one step, not a list", "J005", "steps: 先问", scenario("deadline: ", "steps: 先问清地点\ndeadline: ")),
        ("a kind that there is not", "J006", "kind: 询问", scenario("when:", "kind: 询问\nwhen:")),
        ("an anchor", "J007", "title: &a", Replace("rules/scenarios/", "\ntitle: ", "\ntitle: &a ")),
        ("lists without end", "J010", "深: [", New("rules/terms/zz.yaml", format!("深: {}{}\n", "[".repeat(60), "]".repeat(60)))),
        ("the 30th of February", "J011", "2020-02-30", Replace("knowledge/articles/", "\neffective: ", "\neffective: 2020-02-30 # ")),
        ("a case that is no JSON", "J012", "broken", Append("knowledge/cases/", "{\"id\": \"broken\", \n")),
        ("no front matter", "J013", "id: x", New(ARTICLE_PATH, "id: x\n正文。\n".into())),
        ("no settings", "J014", "", Remove("rules/bundle.yaml")),
        ("an article copied with its id", "J020", "id: ", Other(|files| {
            let path = having(files, "knowledge/articles/", "\nid: ");
            let copy = files[&path].clone();
            files.insert("knowledge/articles/zz-copy.md".into(), copy);
            "knowledge/articles/zz-copy.md".into()
        })),
        ("an article that there is not", "J021", "no/such", Replace("rules/scenarios/", "\narticles: [", "\narticles: [no/such, ")),
        ("a list that there is not", "J021", "$没有", Replace("rules/scenarios/", "\nhints: [", "\nhints: [$没有, ")),
        ("a department that there is not", "J021", "nobody-here", rows(&["lead: nobody-here"])),
        ("a notice for a region that there is not", "J021", "no-where", notice("place: []", "place: [no-where]")),
        ("an id in Chinese", "J022", "id: zz/", scenario("id: zz/planted", "id: zz/观景台")),
        ("a blank term", "J023", "空词: ", Append("rules/terms/", "空词: ['　', 甲乙]\n")),
        ("near without within", "J024", "near: ", New("rules/conditions/zz.yaml", "坏条件: {near: [水管, 漏]}\n".into())),
        ("none alone", "J025", "none: [", New("rules/conditions/zz.yaml", "坏条件: {none: [暖气]}\n".into())),
        ("a list that contains itself", "J026", "甲表: ", Append("rules/terms/", "甲表: [$甲表, 水表井]\n")),
        ("a bracket of an expression is open", "J027", "regex: ", with_member("{regex: '(爆|裂'}")),
        ("an expression without a literal", "J028", "regex: ", with_member("{regex: '\\d{17}'}")),
        ("a term as long as a sentence", "J029", "长词: ", New("rules/terms/zz.yaml", format!("长词: [{}]\n", "长".repeat(65)))),
        ("a deadline without a number", "J033", "尽快", scenario("5 working days", "尽快")),
        ("a placeholder that is not closed", "J040", "{{ department }处", scenario("{{ department }}处", "{{ department }处")),
        ("a placeholder that nothing fills", "J041", "{{ place }}", scenario("反映的问题", "反映的{{ place }}问题")),
        ("else of a slot that is not used", "J042", "since: ", scenario("reply:", "slots:\n  since: {ask: 从哪天起？, else: 近日}\nreply:")),
        ("a reply that may be empty", "J043", "{% if", scenario("您好，您反映的问题已转{{ department }}处理，{{ deadline }}前答复您。", "{% if district %}已转{{ department }}，{{ deadline }}前答复{% endif %}")),
        ("nobody for a category", "J050", "category: ", scenario("城乡建设/市容环卫", "没有这一类/观景")),
        ("two that lead", "J051", "", Other(|files| {
            let (one, two) = (department(files, 1), department(files, 2));
            let row = |lead: &str| format!("- {{category: 城乡建设/观景, lead: {lead}, basis: 示例目录}}\n");
            files.insert("rules/responsibility/zz.yaml".into(), row(&one) + &row(&two));
            "rules/responsibility/zz.yaml".into()
        })),
        ("a weekend of a holiday worked", "J053", "2030-01-01", New("rules/calendar/2030.yaml", "year: 2030\nbasis: 示例\nholidays:\n  - {name: 元旦, from: 2030-01-01, to: 2030-01-01}\nworkdays: [2030-01-01]\n".into())),
        ("streets above each other", "J054", "zz-", Append("rules/regions.yaml", "- {id: zz-a, name: 甲乙街, level: street, parent: zz-b}\n- {id: zz-b, name: 丙丁街, level: street, parent: zz-a}\n")),
        ("a notice that ends before it begins", "J055", "until: 2026-11-30", notice("until: 2026-12-02", "until: 2026-11-30")),
        ("a name that another has", "J056", "", Other(|files| {
            let name = files["rules/departments.yaml"].lines().find_map(|line| line.strip_prefix("  name: ")).unwrap();
            let row = format!("- id: zz\n  name: {name}\n");
            files.get_mut("rules/departments.yaml").unwrap().push_str(&row);
            "rules/departments.yaml".into()
        })),
        ("no basis", "J061", "basis: []", article("basis:\n  - {title: 公园管理办法}", "basis: []")),
        ("an article without a text", "J062", "title", article("观景台的投币望远镜由经营者明码标价，投币后不能使用的应当退还。\n", "")),
    ]
}

fn across_files() -> Vec<Fault> {
    let matching = "  match:\n";
    vec![
        (
            "an example of something else",
            "J030",
            "天气很好",
            scenario(matching, "  match:\n    - 今天天气很好，想去公园走一走看看花\n"),
        ),
        (
            "an example that another leads on",
            "J031",
            "观景台望远镜倒了",
            scenario(matching, "  match:\n    - 观景台望远镜倒了，楼里着火了，浓烟滚滚，有人被困在里面\n"),
        ),
        (
            "a counter-example that fires",
            "J032",
            "观景台望远镜",
            scenario(
                "    - 商场里的娃娃机夹不上来，怀疑调过了\n",
                "    - 公园门口新装了观景台望远镜，想问问多少钱一次\n",
            ),
        ),
        (
            "an article that is over",
            "J060",
            "expires: 2026-01-01",
            article("effective:", "expires: 2026-01-01\neffective:"),
        ),
        (
            "a notice that is over",
            "J063",
            "until: ",
            notice("from: 2026-12-01 08:00\nuntil: 2026-12-02", "from: 2026-11-01 08:00\nuntil: 2026-11-02"),
        ),
        (
            "an article that is soon over",
            "J064",
            "expires: 2026-12-20",
            article("effective:", "expires: 2026-12-20\neffective:"),
        ),
        ("never reviewed", "J065", "id: ", article("reviewed: 2026-10-01\n", "")),
        ("reviewed two years ago", "J066", "reviewed: 2024", article("reviewed: 2026", "reviewed: 2024")),
        ("an article that nothing names", "J067", "id: ", article("scenarios: [water/outage]\n", "")),
        ("an article without questions", "J068", "title: ", article("questions: [观景台的望远镜多少钱看一次]\n", "")),
        (
            "an article copied under another id",
            "J069",
            "id: zz/planted",
            Other(|files| {
                files.insert(ARTICLE_PATH.into(), ARTICLE.into());
                files.insert("knowledge/articles/zz/copy.md".into(), ARTICLE.replace("zz/planted", "zz/copy"));
                ARTICLE_PATH.into()
            }),
        ),
        ("a term twice", "J071", "望远镜坏处", with_member("{any: [望远镜坏处, 望远镜裂处, 望远镜坏处]}")),
        ("one character alone", "J072", "- 罅", with_member("罅")),
        ("full-width letters", "J073", "title: ＡＢ", scenario("title: ", "title: ＡＢ")),
        ("a half-width comma", "J073", "您好,您", scenario("您好，您", "您好,您")),
        ("traditional characters", "J074", "觀景", scenario("title: 观景", "title: 觀景")),
        ("a list that nothing uses", "J075", "没人用: ", Append("rules/terms/", "没人用: [望远镜支架, 望远镜底座]\n")),
        ("a hint that is a term", "J077", "hints: ", scenario("deadline: ", "hints: [投币, 观景台望远镜]\ndeadline: ")),
        ("one character in the dictionary", "J078", "罅", Append("rules/dictionary.txt", "罅\n")),
        ("an expression that is a word", "J080", "regex: ", with_member("{regex: '望远镜坏处'}")),
        (
            "wanted and forbidden",
            "J081",
            "none: [望远镜",
            with_member("{all: [望远镜坏处, 望远镜裂处], none: [望远镜坏]}"),
        ),
        (
            "a condition of small words",
            "J082",
            "any: [",
            scenario(
                "  any:\n    - 观景台望远镜\n",
                "  any: [观景台望远镜, {all: [您好], none: [维修]}, {all: [你好], none: [维修]}, [喂, 听得到吗]]\n",
            ),
        ),
        ("cancelled by none", "J083", "木头望远镜", with_member("{any: [铁皮望远镜, 木头望远镜], none: [木头]}")),
        ("covered by another", "J084", "[木望远镜, 支架]", with_member("木望远镜\n    - [木望远镜, 支架]")),
        (
            "no examples",
            "J090",
            "id: ",
            Other(|files| {
                let (text, _) = SCENARIO.split_once("examples:").unwrap();
                files.insert(SCENARIO_PATH.into(), text.to_owned());
                SCENARIO_PATH.into()
            }),
        ),
        ("two examples", "J091", "examples:", scenario("    - 山上观景台望远镜投了币没有反应，也不退钱\n", "")),
        (
            "an example that is a term",
            "J092",
            "- 观景台望远镜。",
            scenario(matching, "  match:\n    - 观景台望远镜。\n"),
        ),
        (
            "an example with a word more",
            "J093",
            "拿不回来了",
            scenario("硬币拿不回来\n", "硬币拿不回来\n    - 带孩子去玩，观景台望远镜坏了，投进去的硬币拿不回来了\n"),
        ),
        ("a reply without who", "J095", "reply:", scenario("已转{{ department }}处理", "已经受理")),
        ("a reply without when", "J096", "reply:", scenario("，{{ deadline }}前答复您", "")),
        ("a deadline without why", "J097", "deadline: ", scenario("deadline_basis: 示例办理规程\n", "")),
        ("a scenario in another folder", "J098", "id: ", New("rules/scenarios/city/planted.yaml", SCENARIO.into())),
        (
            "a category of its own",
            "J099",
            "category: ",
            Other(|files| {
                let lead = department(files, 1);
                files.insert(SCENARIO_PATH.into(), SCENARIO.replace("城乡建设/市容环卫", "城乡健设/市容环卫"));
                let row = format!("- {{scenario: zz/planted, lead: {lead}, basis: 示例目录}}\n");
                files.insert("rules/responsibility/zz.yaml".into(), row);
                SCENARIO_PATH.into()
            }),
        ),
        ("a telephone number in an example", "J100", "13912345678", scenario("也不退钱", "也不退钱，请回13912345678")),
        (
            "a telephone number in a case",
            "J100",
            "13912345678",
            Append(
                "knowledge/cases/",
                "{\"id\": \"zz-1\", \"text\": \"请回电13912345678\", \"origin\": \"example\"}\n",
            ),
        ),
        (
            "an identity number in an answer",
            "J100",
            "11010519491231002X",
            article("应当退还", "应当退还11010519491231002X"),
        ),
        (
            "a department for nothing",
            "J101",
            "id: zz",
            Append("rules/departments.yaml", "- id: zz\n  name: 观景台管理处\n"),
        ),
        (
            "the same row twice",
            "J102",
            "观景",
            Other(|files| {
                let lead = department(files, 1);
                let row = format!("- {{category: 城乡建设/观景, lead: {lead}, basis: 示例目录}}\n");
                files.insert("rules/responsibility/zz.yaml".into(), row.repeat(2));
                "rules/responsibility/zz.yaml".into()
            }),
        ),
        (
            "a row that is over",
            "J103",
            "until: 2025",
            Other(|files| {
                let lead = department(files, 1);
                let row = format!("- {{category: 城乡建设/观景, until: 2025-06-30, lead: {lead}, basis: 示例目录}}\n");
                files.insert("rules/responsibility/zz.yaml".into(), row);
                "rules/responsibility/zz.yaml".into()
            }),
        ),
        ("a notice for nobody", "J105", "id: ", notice("words: [望江台]\n", "")),
        ("no deadline", "J106", "id: ", scenario("deadline: 5 working days\ndeadline_basis: 示例办理规程\n", "")),
        (
            "a gap in a reply",
            "J107",
            "spot: ",
            scenario(
                "reply: |\n  您好，您反映的问题",
                "slots:\n  spot: {ask: 请问在哪里？}\nreply: |\n  您好，您反映位于{{ spot }}的问题",
            ),
        ),
        (
            "a title that another has",
            "J108",
            "title: ",
            Other(|files| {
                let path = having(files, "rules/scenarios/", "\ntitle: ");
                let title = files[&path].lines().find_map(|line| line.strip_prefix("title: ")).unwrap();
                let text = SCENARIO.replace("观景台望远镜投币不退\n", &format!("{title}\n"));
                files.insert(SCENARIO_PATH.into(), text);
                SCENARIO_PATH.into()
            }),
        ),
        (
            "a case of a scenario that there is not",
            "J109",
            "no/such",
            Append(
                "knowledge/cases/",
                "{\"id\": \"zz-1\", \"text\": \"望远镜坏了\", \"scenario\": \"no/such\", \"origin\": \"example\"}\n",
            ),
        ),
        (
            "a comment that allows nothing",
            "J110",
            "# jiesu",
            scenario("deadline: ", "# jiesu: allow J071 两种都要\ndeadline: "),
        ),
        (
            "a comment that allows an error",
            "J110",
            "# jiesu",
            scenario("deadline: ", "# jiesu: allow J003 不想改\ndeadline: "),
        ),
        ("a comment without a reason", "J111", "# jiesu", scenario("deadline: ", "# jiesu: allow J071\ndeadline: ")),
        (
            "a webhook in the clear",
            "J112",
            "http://oa.example.com/hook",
            Other(|files| {
                let item = format!("- id: {}\n", department(files, 1));
                let with = format!("{item}  webhook: http://oa.example.com/hook\n");
                change(files, "rules/departments.yaml", &item, &with);
                "rules/departments.yaml".into()
            }),
        ),
        (
            "a level that there is not",
            "J006",
            "critical",
            New("rules/checks.yaml", "- {codes: [J071], severity: critical}\n".into()),
        ),
        ("an error made less", "J006", "J003", New("rules/checks.yaml", "- {codes: [J003], severity: off}\n".into())),
        (
            "an old telephone number and its row",
            "J100",
            "13912345678",
            NewPair(
                ARTICLE_PATH,
                ARTICLE.replace("应当退还", "应当退还，联系13912345678"),
                "knowledge/notices/zz-planted.md",
                NOTICE.into(),
            ),
        ),
    ]
}

fn plant(files: &mut BTreeMap<String, String>, edit: &Edit) -> String {
    match edit {
        Replace(folder, from, to) => {
            let path = having(files, folder, from);
            change(files, &path, from, to);
            path
        }
        Append(folder, text) => {
            let path = having(files, folder, "");
            let content = files.get_mut(&path).unwrap();
            if !content.ends_with('\n') {
                content.push('\n');
            }
            content.push_str(text);
            path
        }
        New(path, text) => {
            files.insert((*path).to_owned(), text.clone());
            (*path).to_owned()
        }
        NewPair(path, text, other, other_text) => {
            files.insert((*other).to_owned(), other_text.clone());
            files.insert((*path).to_owned(), text.clone());
            (*path).to_owned()
        }
        Remove(path) => {
            files.remove(*path);
            (*path).to_owned()
        }
        Other(edit) => edit(files),
    }
}

/// Findings about texts; what did not change is taken over from the last load.
fn findings(files: &BTreeMap<String, String>, known: &Files, loader: &mut Loader) -> Vec<Diagnostic> {
    let contents: Files = files
        .iter()
        .map(|(path, text)| {
            let same = known.get(path).filter(|content| content.text == *text).cloned();
            (path.clone(), same.unwrap_or_else(|| Arc::new(FileContent::new(text.clone()))))
        })
        .collect();
    let at = AT.parse().unwrap();
    let loaded = loader.load(Snapshot { files: contents.clone(), diagnostics: Vec::new() }, at);
    check::run(&loaded, &contents, at)
}

/// What a finding is, wherever the lines before it have moved it.
fn key(finding: &Diagnostic) -> (String, String, String) {
    let words: String = finding.message.en.chars().filter(|c| !c.is_ascii_digit()).collect();
    (finding.code.id().to_owned(), finding.path.clone(), words)
}

/// The line that a finding points at.
fn line(finding: &Diagnostic) -> String {
    let Some((source, range)) = &finding.place else { return String::new() };
    let number = source.position(range.start).line;
    source.text.lines().nth(number - 1).unwrap_or_default().to_owned()
}

/// The starter bundle with one question for each article: from 200 on, loading learns from them, which takes seconds.
fn starter() -> (BTreeMap<String, String>, Files) {
    let snapshot = Snapshot::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut texts = BTreeMap::new();
    // Every kind of finding with the weight it has by itself.
    for (path, content) in snapshot.files.iter().filter(|(path, _)| *path != "rules/checks.yaml") {
        let mut text = content.text.clone();
        if path.starts_with("knowledge/articles/")
            && let Some((before, questions)) = text.split_once("\nquestions:\n")
        {
            let own: Vec<&str> = questions.split_inclusive('\n').take_while(|line| line.starts_with("  - ")).collect();
            let after = &questions[own.iter().map(|line| line.len()).sum::<usize>()..];
            text = format!("{before}\nquestions:\n{}{after}", own.first().unwrap());
        }
        texts.insert(path.clone(), text);
    }
    let contents = texts.iter().map(|(path, text)| (path.clone(), Arc::new(FileContent::new(text.clone()))));
    let contents = contents.collect();
    (texts, contents)
}

/// Plants each fault by itself; gives what went wrong.
fn plant_each(faults: &[Fault], starter: &BTreeMap<String, String>, known: &Files) -> Vec<String> {
    let mut loader = Loader::default().without_learning();
    let before: Vec<_> = findings(starter, known, &mut loader).iter().map(key).collect();
    let mut wrong = Vec::new();
    for (what, code, on_line, edit) in faults {
        let mut files = starter.clone();
        let path = plant(&mut files, edit);
        let found = findings(&files, known, &mut loader);
        // A bundle that is refused is not looked at any further: then only what is new counts.
        let new: Vec<&Diagnostic> = found.iter().filter(|finding| !before.contains(&key(finding))).collect();
        let is_it = |finding: &&Diagnostic| {
            finding.code.id() == *code && finding.path == path && line(finding).contains(on_line)
        };
        if new.is_empty() || !new.iter().all(is_it) {
            let shown: Vec<_> = new.iter().map(|finding| render_plain(finding, Lang::En)).collect();
            wrong.push(format!("{what}: {code} expected in {path} at `{on_line}`, and alone:\n{}\n", shown.join("\n")));
        }
    }
    wrong
}

#[test]
fn planted_mistakes_are_found_where_they_are_and_nothing_else() {
    let started = Instant::now();
    let (starter, known) = starter();
    let (in_files, across_files) = (in_files(), across_files());
    let count = in_files.len() + across_files.len();
    assert!(count >= 60, "{count}");
    // Those for which the bundle is refused take a moment, the others a second.
    let (one, two) = across_files.split_at(across_files.len() / 2);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let other = scope.spawn(|| plant_each(two, &starter, &known));
        let mut wrong = plant_each(&in_files, &starter, &known);
        wrong.extend(plant_each(one, &starter, &known));
        wrong.extend(other.join().unwrap());
        wrong
    });
    println!("{count} mistakes in {:?}", started.elapsed());
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The example that scenarios lead on is the one that a decision names.
#[test]
fn who_leads_is_who_is_decided() {
    let snapshot = Snapshot::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let loaded = Loader::default().without_learning().load(snapshot, AT.parse().unwrap());
    let engine = &loaded.bundle.unwrap().engine;
    let at = jiesu::decide::parse_time(AT, &engine.settings().time_zone).unwrap();
    for scenario in engine.rules().scenarios() {
        let text = first_example(&scenario.source.text);
        let complaint = jiesu::decide::Complaint {
            text: text.to_owned(),
            title: None,
            channel: None,
            district: None,
            at: at.clone(),
        };
        let decision = engine.decide(&complaint, jiesu::decide::Options { rules_only: true }).unwrap();
        let leader = engine.leader(&jiesu::text::Text::new(None, text));
        let leader = leader.map(|leader| engine.rules().scenarios()[leader.scenario].id.clone());
        assert_eq!(leader, decision.scenario.map(|scenario| scenario.id), "{text}");
    }
}
