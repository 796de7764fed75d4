//! Which keys may stand where in the files of a bundle, what stands under them, and what they mean: one table for
//! completion, hover, and finding names.

use Kind::{Article, Department, List, Notice, Region, Scenario};
use What::{Category, Code, Defines, Fact, OneOf, Refers, Reply, Term, Text};

use crate::source::Message;

/// What kind of file a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Settings,
    Departments,
    Regions,
    Responsibility,
    Calendar,
    Terms,
    Conditions,
    Scenario,
    Tests,
    Checks,
    Article,
    Notice,
    Cases,
    /// The dictionary, and what is not read.
    Other,
}

impl File {
    /// The kind of the file at a path relative to the bundle.
    pub(super) fn at(path: &str) -> File {
        match path {
            "rules/bundle.yaml" => return File::Settings,
            "rules/departments.yaml" => return File::Departments,
            "rules/regions.yaml" => return File::Regions,
            "rules/checks.yaml" => return File::Checks,
            _ => {}
        }
        let folders = [
            ("rules/responsibility/", ".yaml", File::Responsibility),
            ("rules/calendar/", ".yaml", File::Calendar),
            ("rules/terms/", ".yaml", File::Terms),
            ("rules/conditions/", ".yaml", File::Conditions),
            ("rules/scenarios/", ".yaml", File::Scenario),
            ("rules/tests/", ".yaml", File::Tests),
            ("knowledge/articles/", ".md", File::Article),
            ("knowledge/notices/", ".md", File::Notice),
            ("knowledge/cases/", ".jsonl", File::Cases),
        ];
        let fits = |(folder, ending, _): &(&str, &str, File)| path.starts_with(folder) && path.ends_with(ending);
        folders.into_iter().find(fits).map_or(File::Other, |(_, _, file)| file)
    }
}

/// What has a name that other places use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Scenario,
    /// A list of terms or a shared condition: they have one name space.
    List,
    Department,
    Region,
    Article,
    Notice,
    /// A slot, known in its own file alone.
    Slot,
}

/// What stands under a key, or in the list under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Words for people, numbers, dates: nothing to offer.
    Text,
    /// The name by which this is known elsewhere.
    Defines(Kind),
    /// The name of something else.
    Refers(Kind),
    /// A term, or `$name`.
    Term,
    /// A kind of fact.
    Fact,
    /// A path of categories.
    Category,
    /// Codes of findings.
    Code,
    /// A template.
    Reply,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub what: What,
    zh: &'static str,
    en: &'static str,
}

impl Key {
    /// What it means.
    pub(super) fn meaning(&self) -> Message {
        Message { zh: self.zh.to_owned(), en: self.en.to_owned() }
    }
}

/// The step of a way that leads into a list.
pub(super) const ITEM: &str = "[]";

/// The keys of the mapping that a way leads to; none where any may stand (names of lists, of slots), or none.
pub(super) fn keys(file: File, way: &[&str]) -> &'static [Key] {
    match (file, way) {
        (File::Settings, []) => SETTINGS,
        (File::Settings, ["bar"]) | (File::Departments, [ITEM, "bar"]) => BAR,
        (File::Departments, [ITEM]) => DEPARTMENT,
        (File::Regions, [ITEM]) => REGION,
        (File::Responsibility, [ITEM]) => RESPONSIBLE,
        (File::Calendar, []) => CALENDAR,
        (File::Calendar, ["holidays", ITEM]) => HOLIDAY,
        (File::Scenario, []) => SCENARIO,
        (File::Scenario, ["slots", _]) => SLOT,
        (File::Scenario, ["examples"]) => EXAMPLES,
        (File::Scenario, ["when", ..]) | (File::Conditions, [_, ..]) => CONDITION,
        (File::Tests, [ITEM]) => TEST,
        (File::Tests, [ITEM, "call", ITEM]) => CALL,
        (File::Tests, [.., "expect"]) => EXPECT,
        (File::Checks, [ITEM]) => CHECK,
        (File::Article, []) => ARTICLE,
        (File::Article, ["basis", ITEM]) => BASIS,
        (File::Notice, []) => NOTICE,
        _ => &[],
    }
}

/// The key that a way ends under (lists passed over), and what stands there.
pub(super) fn key(file: File, way: &[&str]) -> Option<&'static Key> {
    let mut way = way;
    while let [before @ .., ITEM] = way {
        way = before;
    }
    let (name, parent) = way.split_last()?;
    keys(file, parent).iter().find(|key| key.name == *name)
}

/// What stands at the end of a way.
pub(super) fn what(file: File, way: &[&str]) -> What {
    match (file, way) {
        (File::Terms, [_, ITEM]) => Term,
        // A list in brackets stands for all of its members.
        (File::Conditions, [_]) => Term,
        (File::Conditions, [_, rest @ ..]) if rest.iter().all(|step| *step == ITEM) => Term,
        _ => key(file, way).map_or(Text, |key| key.what),
    }
}

/// What a key that may have any name defines by it.
pub(super) fn defined_by_key(file: File, way: &[&str]) -> Option<Kind> {
    match (file, way) {
        (File::Terms | File::Conditions, []) => Some(List),
        (File::Scenario, ["slots"]) => Some(Kind::Slot),
        _ => None,
    }
}

macro_rules! keys {
    ($($table:ident: $($name:literal $what:expr, $zh:literal, $en:literal;)*)*) => {
        $(const $table: &[Key] = &[$(Key { name: $name, what: $what, zh: $zh, en: $en }),*];)*
    };
}

const BOOL: What = OneOf(&["true", "false"]);

keys! {
    SETTINGS:
    "name" Text, "规则包的名称", "the bundle's name";
    "languages" Text, "内容的语言", "languages of its content";
    "time_zone" Text, "时区，默认 Asia/Shanghai", "the time zone, Asia/Shanghai unless given";
    "hotline" Text, "热线号码，供答复使用", "the hotline's number, for replies";
    "bar" Text, "自动派单要达到的准确率", "what automatic dispatch must reach";

    BAR:
    "target" Text, "准确率，例如 0.95", "the share of right decisions, such as 0.95";

    DEPARTMENT:
    "id" Defines(Department), "编号，供别处引用", "the id that other files use";
    "name" Text, "正式名称", "the official name";
    "aliases" Text, "群众和话务员的叫法", "other names, as people say them";
    "parent" Refers(Department), "上级单位的编号", "the id of the department above it";
    "region" Refers(Region), "只管一个区的，写这个区的编号", "the id of the one region it serves";
    "duties" Text, "职责，一两句话", "what it does, in a sentence or two";
    "phone" Text, "电话", "its telephone";
    "webhook" Text, "它的业务系统接收工单消息的 https 地址", "where its system hears of tickets: an https address";
    "calendar" OneOf(&["workdays", "every-day"]), "哪些天办公：workdays 工作日，every-day 每天", "its working days: workdays or every-day";
    "bar" Text, "自动派给它要达到的准确率", "what automatic dispatch to it must reach";
    "confidential" BOOL, "对它隐去诉求人信息", "who complained is kept from it";

    REGION:
    "id" Defines(Region), "编号，供别处引用", "the id that other files use";
    "name" Text, "正式名称", "the official name";
    "level" OneOf(&["city", "district", "street"]), "级别：city 市，district 区县，street 街道乡镇", "city, district or street";
    "parent" Refers(Region), "上级属地的编号", "the id of the region it lies in";
    "aliases" Text, "别称", "other names";

    RESPONSIBLE:
    "scenario" Refers(Scenario), "管哪个场景（编号）", "the scenario it is about, by id";
    "category" Category, "管哪个分类，其下场景都算", "the category it is about, with all below it";
    "region" Refers(Region), "只在哪个属地有效", "the region it holds in";
    "from" Text, "从哪天起，含当天", "the first day, included";
    "until" Text, "到哪天止，含当天", "the last day, included";
    "lead" Refers(Department), "主办单位的编号", "the id of the department that leads";
    "joint" Refers(Department), "协办单位的编号", "ids of departments that assist";
    "basis" Text, "依据：派单目录、文件或会议纪要", "what says so: a list, a document, minutes";
    "reason" Text, "为什么，有争议时看什么", "why, and what decides where it is disputed";

    CALENDAR:
    "year" Text, "年份", "the year";
    "basis" Text, "依据的通知", "the notice it is taken from";
    "holidays" Text, "放假，含其中的周末", "days off, weekends inside included";
    "workdays" Text, "调休上班的周末", "weekend days that are worked";

    HOLIDAY:
    "name" Text, "节日名称", "its name";
    "from" Text, "第一天", "the first day";
    "to" Text, "最后一天", "the last day";

    SCENARIO:
    "id" Defines(Scenario), "编号：领域/名称", "the id: domain/name";
    "title" Text, "场景名，话务员看到的", "what agents see";
    "category" Category, "分类路径，例如 城乡建设/供水", "a path of categories";
    "kind" OneOf(&["咨询", "求助", "投诉", "举报", "建议", "表扬", "其他"]), "诉求类型", "what callers usually want";
    "priority" OneOf(&["emergency", "urgent", "normal", "low"]), "几个场景同时命中时谁在前", "who comes first when several fire";
    "exclusive" BOOL, "学习得来的内容不得改变结果", "nothing learned may change the outcome";
    "auto" BOOL, "可以不经人看直接派单", "may be dispatched with nobody looking";
    "when" Text, "什么时候适用：any、all、none", "when it applies: any, all, none";
    "hints" Term, "命中后提高排名的词，单独不命中", "terms that raise its rank, and never make it fire";
    "deadline" Text, "办结时限，例如 24 hours、5 working days", "the deadline, such as 24 hours or 5 working days";
    "deadline_basis" Text, "时限的依据", "what the deadline is based on";
    "slots" Text, "答复或派单需要的要素", "facts that the reply or the department needs";
    "steps" Text, "话务员或承办单位怎么做，按顺序", "what to do, in order";
    "reply" Reply, "答复模板", "the template of the reply";
    "articles" Refers(Article), "相关知识条目的编号，最要紧的在前", "ids of articles, the most important first";
    "examples" Text, "例句：match 应命中，no_match 不应命中", "sentences that must and must not fire it";

    SLOT:
    "fact" Fact, "由哪种要素自动填写", "the kind of fact that fills it";
    "ask" Text, "缺的时候怎么问", "the question when it is empty";
    "required" BOOL, "没有它就不能办", "the matter cannot be handled without it";
    "else" Text, "缺的时候答复里怎么说", "what the reply says when it is empty";

    EXAMPLES:
    "match" Text, "应当命中并排第一的句子", "sentences that fire it, and it leads";
    "no_match" Text, "不应命中的句子", "sentences that do not fire it";

    CONDITION:
    "any" Term, "满足其中一个", "one of these";
    "all" Term, "全部满足", "all of these";
    "none" Term, "一个也不能有", "none of these";
    "in" OneOf(&["clause", "sentence", "text", "title"]), "在多大范围里找", "where to look";
    "at_least" Text, "of 里至少满足几个", "how many of `of` must hold";
    "of" Term, "at_least 从这些里数", "what `at_least` counts";
    "near" Term, "这些要离得近，配合 within", "these, close together: with `within`";
    "within" Text, "相邻两个之间最多隔几个字", "characters between two neighbours, at the most";
    "regex" Text, "正则表达式", "a regular expression";
    "fact" Fact, "出现某种要素", "a fact of a kind";
    "term" Term, "一个词，可加 whole_word、even_negated", "a term, with whole_word or even_negated";
    "whole_word" BOOL, "两端要在词的边界上", "both ends must be ends of words";
    "even_negated" BOOL, "被否定时也算", "counts also where it is denied";

    TEST:
    "name" Text, "测试的名字", "its name";
    "text" Text, "诉求内容", "the complaint";
    "title" Text, "诉求标题", "its title";
    "district" Refers(Region), "事发属地", "where it is about";
    "channel" Text, "来源渠道", "how it came in";
    "at" Text, "什么时候来的", "when it came in";
    "learned" BOOL, "连同历史案例教的一起判定", "what past cases teach is used too";
    "expect" Text, "应有的结果", "what is expected";
    "call" Text, "一通电话，越说越多", "a call of which more and more is heard";

    CALL:
    "say" Text, "接着说的话", "what is said next";
    "expect" Text, "到这里应有的结果", "what is expected now";

    EXPECT:
    "scenario" Refers(Scenario), "领先的场景；none 为没有", "the scenario that leads, or none";
    "not_scenario" Refers(Scenario), "不应命中的场景", "scenarios that do not fire";
    "department" Refers(Department), "承办单位；none 为没有", "the department, or none";
    "unit" Refers(Department), "具体单位", "its unit";
    "joint" Refers(Department), "协办单位", "departments that assist";
    "deadline" Text, "到期时间", "when it is due";
    "facts" Text, "识别出的要素：类型和值", "facts that are read: kind and value";
    "reply_contains" Text, "答复里要有的话", "what the reply says";
    "outcome" OneOf(&["auto", "suggest", "unknown"]), "结果：auto、suggest 或 unknown", "auto, suggest or unknown";
    "emergency" BOOL, "是否紧急", "whether it is an emergency";
    "notices" Refers(Notice), "应显示的公告", "notices that are shown";
    "articles" Refers(Article), "应给出的知识条目", "articles that are offered";

    CHECK:
    "codes" Code, "检查的编号，例如 J075", "codes of findings, such as J075";
    "severity" OneOf(&["error", "warning", "off"]), "算错误、警告还是不查", "error, warning or off";
    "files" Text, "只管哪些文件，可用 * 和 **", "which files: * and ** may be used";
    "reason" Text, "为什么", "why";

    ARTICLE:
    "id" Defines(Article), "编号，供别处引用", "the id that other files use";
    "title" Text, "标题", "its title";
    "basis" Text, "依据：法规或文件", "the law or document it rests on";
    "effective" Text, "现行文本从哪天起施行", "when the text in force took effect";
    "reviewed" Text, "最近一次核对的日期", "when it was last reviewed";
    "expires" Text, "到哪天止有效，含当天", "the last day it holds";
    "local_example" BOOL, "示例性的本地规定，采用时须替换", "a local rule made up as an example";
    "questions" Text, "群众会怎么问", "known ways to ask it";
    "scenarios" Refers(Scenario), "相关场景的编号", "ids of scenarios it is about";
    "departments" Refers(Department), "相关单位的编号", "ids of departments it is about";
    "regions" Refers(Region), "只在这些属地有效", "regions it holds in";

    BASIS:
    "title" Text, "法规或文件全称", "the law or document in full";
    "article" Text, "第几条", "the number of the article";
    "url" Text, "网址", "its address";

    NOTICE:
    "id" Defines(Notice), "编号", "its id";
    "title" Text, "标题", "its title";
    "place" Refers(Region), "涉及的属地", "regions concerned";
    "words" Text, "出现这些词也提示，例如路名", "words in the text that show it, such as roads";
    "from" Text, "从什么时候起，精确到分钟", "from when, to the minute";
    "until" Text, "到什么时候止", "until when";
    "scenarios" Refers(Scenario), "只对这些场景提示", "only for these scenarios";
}

/// Names of departments in cases stand under these keys, those of scenarios and regions under theirs.
pub(super) const CASE_KEYS: &[(&str, Kind)] =
    &[("scenario", Scenario), ("department", Department), ("unit", Department), ("district", Region)];

/// Kinds of names that other files use, as people call them.
pub(super) fn called(kind: Kind) -> Message {
    let (zh, en) = match kind {
        Scenario => ("场景", "scenario"),
        List => ("词表或条件", "list or condition"),
        Department => ("承办单位", "department"),
        Region => ("属地", "region"),
        Article => ("知识条目", "article"),
        Notice => ("公告", "notice"),
        Kind::Slot => ("要素槽", "slot"),
    };
    Message { zh: zh.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::bundle::{FileContent, Loader, Snapshot};
    use crate::check;
    use crate::report::testing;
    use crate::source::Code as FindingCode;

    /// What loading says may stand beside a key that nothing is called.
    fn allowed(path: &str, text: &str) -> Vec<String> {
        let content = Arc::new(FileContent::new(text.to_owned()));
        let files = BTreeMap::from([(path.to_owned(), content)]);
        let snapshot = Snapshot { files: files.clone(), diagnostics: Vec::new() };
        let at = jiff::civil::date(2026, 11, 22).at(10, 0, 0, 0);
        let mut findings = Vec::new();
        testing::read_all(&snapshot, &mut findings);
        let loaded = Loader::default().without_any_learning().load(snapshot, at);
        findings.extend(check::run(&loaded, &files, at));
        let finding = findings.iter().find(|finding| finding.code == FindingCode::UnknownKey).unwrap();
        let list = finding.notes[0].en.split_once(": ").unwrap().1;
        list.split(", ").map(str::to_owned).collect()
    }

    /// A key is named here exactly where files may have it: the table is held to what loading understands.
    #[test]
    fn the_table_has_the_keys_that_files_may_have() {
        for (path, text, way) in [
            ("rules/bundle.yaml", "?: 1", vec![]),
            ("rules/bundle.yaml", "bar: {?: 1}", vec!["bar"]),
            ("rules/departments.yaml", "- ?: 1", vec![ITEM]),
            ("rules/departments.yaml", "- bar: {?: 1}", vec![ITEM, "bar"]),
            ("rules/regions.yaml", "- ?: 1", vec![ITEM]),
            ("rules/responsibility/a.yaml", "- ?: 1", vec![ITEM]),
            ("rules/calendar/2026.yaml", "?: 1", vec![]),
            ("rules/calendar/2026.yaml", "holidays: [{?: 1}]", vec!["holidays", ITEM]),
            ("rules/scenarios/a/b.yaml", "?: 1", vec![]),
            ("rules/scenarios/a/b.yaml", "slots: {a: {?: 1}}", vec!["slots", "a"]),
            ("rules/scenarios/a/b.yaml", "examples: {?: 1}", vec!["examples"]),
            ("rules/tests/a.yaml", "- ?: 1", vec![ITEM]),
            ("rules/tests/a.yaml", "- expect: {?: 1}", vec![ITEM, "expect"]),
            ("rules/tests/a.yaml", "- call: [{?: 1}]", vec![ITEM, "call", ITEM]),
            ("rules/checks.yaml", "- ?: 1", vec![ITEM]),
            ("knowledge/articles/a.md", "---\n?: 1\n---\n", vec![]),
            ("knowledge/articles/a.md", "---\nbasis: [{?: 1}]\n---\n", vec!["basis", ITEM]),
            ("knowledge/notices/a.md", "---\n?: 1\n---\n", vec![]),
        ] {
            let mut known: Vec<&str> = keys(File::at(path), &way).iter().map(|key| key.name).collect();
            known.sort_unstable();
            let mut allowed = allowed(path, &text.replace('?', "zzzzzzzzzzzz"));
            allowed.sort_unstable();
            assert_eq!(known, allowed, "{path} {way:?}");
        }
    }

    #[test]
    fn what_stands_under_a_key_is_known() {
        for (file, way, expect) in [
            (File::Scenario, vec!["articles", ITEM], Refers(Article)),
            (File::Scenario, vec!["when", "any", ITEM, ITEM], Term),
            (File::Scenario, vec!["when", "any", ITEM, "near", ITEM], Term),
            (File::Scenario, vec!["when", "any", ITEM, "regex"], Text),
            (File::Scenario, vec!["slots", "fact", "fact"], Fact),
            (File::Conditions, vec!["夜", ITEM, ITEM], Term),
            (File::Conditions, vec!["夜", "none", ITEM], Term),
            (File::Tests, vec![ITEM, "call", ITEM, "expect", "joint", ITEM], Refers(Department)),
            (File::Article, vec!["basis", ITEM, "article"], Text),
            (File::Other, vec!["id"], Text),
        ] {
            assert_eq!(what(file, &way), expect, "{file:?} {way:?}");
        }
    }
}
