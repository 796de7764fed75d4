//! What was edited between two versions of a bundle, part by part: a term in a list, a clause, a row, a template.
//!
//! One walk over the trees of both versions serves two ends. Where every difference is noted it gives the list of edits;
//! where some are chosen it gives the bundle with these alone, so that what an edit does can be tried out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::super::shown::one_line;
use crate::bundle::{FileContent, Snapshot};
use crate::say;
use crate::source::{Document, Entry, Message, Node, SourceText, Value, write};

/// Characters of a value that are quoted.
const QUOTED: usize = 40;

/// What an edit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A scenario.
    Scenario,
    /// A list of terms.
    Terms,
    /// A shared condition.
    Condition,
    /// A department.
    Department,
    /// A region.
    Region,
    /// A row of the dispatch list.
    Responsibility,
    /// The calendar.
    Calendar,
    /// The bundle's settings.
    Settings,
    /// The segmenter's words.
    Dictionary,
    /// An article.
    Article,
    /// A notice.
    Notice,
    /// Past cases.
    Cases,
    /// Tests of the rules.
    Tests,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It reads differently.
    Changed,
}

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The file.
    pub path: String,
    /// The line in the later version; of what is gone, in the earlier one.
    pub line: usize,
    /// What it is about.
    pub subject: Subject,
    /// Which: the id of a scenario, department or region, the name of a list, what a row is for.
    pub of: String,
    /// Where in it, such as `when.any[2]`; empty for all of it.
    pub at: String,
    /// What was done.
    pub change: Change,
    /// How it read, shortened.
    pub before: Option<String>,
    /// How it reads, shortened.
    pub after: Option<String>,
    /// It is one term of a condition or a list.
    pub is_term: bool,
    /// It has no say in who handles a complaint, until when, and what is replied: examples, articles, steps.
    pub is_neutral: bool,
}

impl Subject {
    fn of(path: &str) -> Option<Subject> {
        let kinds = [
            ("rules/scenarios/", Subject::Scenario),
            ("rules/terms/", Subject::Terms),
            ("rules/conditions/", Subject::Condition),
            ("rules/departments.yaml", Subject::Department),
            ("rules/regions.yaml", Subject::Region),
            ("rules/responsibility/", Subject::Responsibility),
            ("rules/calendar/", Subject::Calendar),
            ("rules/bundle.yaml", Subject::Settings),
            ("rules/dictionary.txt", Subject::Dictionary),
            ("rules/tests/", Subject::Tests),
            ("knowledge/articles/", Subject::Article),
            ("knowledge/notices/", Subject::Notice),
            ("knowledge/cases/", Subject::Cases),
        ];
        kinds.into_iter().find(|(start, _)| path.starts_with(start)).map(|(_, subject)| subject)
    }

    /// What editors call it.
    pub fn name(self) -> Message {
        match self {
            Subject::Scenario => say!("场景", "scenario"),
            Subject::Terms => say!("词表", "list"),
            Subject::Condition => say!("共用条件", "shared condition"),
            Subject::Department => say!("承办单位", "department"),
            Subject::Region => say!("属地", "region"),
            Subject::Responsibility => say!("派单目录", "dispatch row"),
            Subject::Calendar => say!("工作日历", "calendar"),
            Subject::Settings => say!("设置", "settings"),
            Subject::Dictionary => say!("分词词典", "dictionary"),
            Subject::Article => say!("知识条目", "article"),
            Subject::Notice => say!("公告", "notice"),
            Subject::Cases => say!("历史案例", "cases"),
            Subject::Tests => say!("测试", "tests"),
        }
    }

    fn is_yaml(self) -> bool {
        !matches!(self, Subject::Dictionary | Subject::Article | Subject::Notice | Subject::Cases)
    }
}

impl Edit {
    /// `housing/illegal-building.yaml:12`, as editors know the file.
    pub fn place(&self) -> String {
        let path = self.path.strip_prefix("rules/scenarios/").or_else(|| self.path.strip_prefix("rules/"));
        format!("{}:{}", path.unwrap_or(&self.path), self.line)
    }

    /// What was done there: 新增的词 私搭.
    pub fn what(&self) -> Message {
        let value = |value: &Option<String>| value.clone().unwrap_or_default();
        let (before, after, of) = (value(&self.before), value(&self.after), &self.of);
        if self.is_term {
            let list = if self.subject == Subject::Terms { of.as_str() } else { "" };
            let none = self.at.contains("none[");
            let (zh, en) = match (list, none) {
                ("", true) => ("none 里".to_owned(), "in none, ".to_owned()),
                ("", false) => (String::new(), String::new()),
                (list, _) => (format!("词表“{list}”"), format!("in the list {list}, ")),
            };
            return match self.change {
                Change::Removed => say!("{zh}删去的词 {before}", "{en}the term {before} removed"),
                _ => say!("{zh}新增的词 {after}", "{en}the term {after} added"),
            };
        }
        let name = self.subject.name();
        let (zh, en) = (name.zh, name.en);
        if self.at.is_empty() {
            return match self.change {
                Change::Added => say!("新增的{zh} {of}", "the {en} {of} added"),
                Change::Removed => say!("删去的{zh} {of}", "the {en} {of} removed"),
                Change::Changed => say!("{zh} {of} 的改动 {after}", "a change of the {en} {of} {after}"),
            };
        }
        let at = &self.at;
        match self.change {
            _ if at == "reply" => say!("答复模板的改动", "a change of the reply"),
            Change::Added => say!("{zh} {of} 新增的 {at}：{after}", "{at} added to the {en} {of}: {after}"),
            Change::Removed => say!("{zh} {of} 删去的 {at}：{before}", "{at} removed from the {en} {of}: {before}"),
            Change::Changed => {
                say!(
                    "{zh} {of} 的 {at} 由 {before} 改为 {after}",
                    "{at} of the {en} {of} changed from {before} to {after}"
                )
            }
        }
    }
}

/// Every edit between two versions, in order of path and place.
pub fn differences(old: &Snapshot, new: &Snapshot) -> Vec<Edit> {
    let mut edits = Vec::new();
    merged(old, new, &mut |edit| {
        edits.push(edit);
        true
    });
    edits
}

/// The earlier version with some of the edits, chosen by their number in [`differences`].
pub(super) fn with_some(old: &Snapshot, new: &Snapshot, is_chosen: &dyn Fn(usize) -> bool) -> Snapshot {
    let mut next = 0;
    merged(old, new, &mut |_| {
        next += 1;
        is_chosen(next - 1)
    })
}

/// Asks about every edit in order; gives the earlier version with those that were chosen.
fn merged(old: &Snapshot, new: &Snapshot, choose: &mut dyn FnMut(Edit) -> bool) -> Snapshot {
    let mut snapshot = Snapshot { files: BTreeMap::new(), diagnostics: new.diagnostics.clone() };
    let paths: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
    for path in paths {
        let (before, after) = (old.files.get(path), new.files.get(path));
        let file = match (before, after) {
            (Some(before), Some(after)) if before.hash == after.hash => Some(Arc::clone(after)),
            _ => merged_file(path, before, after, choose),
        };
        snapshot.files.extend(file.map(|file| (path.clone(), file)));
    }
    snapshot
}

fn merged_file(
    path: &str,
    before: Option<&Arc<FileContent>>,
    after: Option<&Arc<FileContent>>,
    choose: &mut dyn FnMut(Edit) -> bool,
) -> Option<Arc<FileContent>> {
    let Some(subject) = Subject::of(path) else { return after.cloned() };
    let parse = |content: &Arc<FileContent>| {
        subject.is_yaml().then(|| Document::parse(path, &content.text, &mut Vec::new())).flatten()
    };
    let trees = (before.and_then(parse), after.and_then(parse));
    if let (Some(old), Some(new)) = &trees
        && let (Some(before), Some(after)) = (before, after)
    {
        let mut asked = (0, 0);
        let mut counted = |edit: Edit| {
            let chosen = choose(edit);
            asked = (asked.0 + 1, asked.1 + usize::from(chosen));
            chosen
        };
        let mut walk = Walk { subject, old: old.source(), new: new.source(), way: Vec::new(), choose: &mut counted };
        let tree = walk.merge(old.root(), new.root());
        // As it was written wherever that is known.
        return match asked {
            (all, chosen) if all == chosen => Some(Arc::clone(after)),
            (_, 0) => Some(Arc::clone(before)),
            _ => Some(Arc::new(FileContent::new(write(&tree)))),
        };
    }
    let (change, tree) = match (before, after) {
        (None, _) => (Change::Added, trees.1.as_ref()),
        (_, None) => (Change::Removed, trees.0.as_ref()),
        _ => (Change::Changed, None),
    };
    let id = tree.and_then(|tree| tree.root().get("id")).and_then(Node::text).map(str::to_owned);
    let name = path.rsplit('/').next().unwrap_or(path);
    let edit = Edit {
        path: path.to_owned(),
        line: 1,
        subject,
        of: id.unwrap_or_else(|| name.to_owned()),
        at: String::new(),
        change,
        before: None,
        after: (change == Change::Changed).then(|| lines(before, after)),
        is_term: false,
        is_neutral: matches!(subject, Subject::Article | Subject::Notice | Subject::Tests),
    };
    if choose(edit) { after.cloned() } else { before.cloned() }
}

/// How many lines came and went: `+3 −1`.
fn lines(before: Option<&Arc<FileContent>>, after: Option<&Arc<FileContent>>) -> String {
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for (content, one) in [(before, -1), (after, 1)] {
        for line in content.iter().flat_map(|content| content.text.lines()) {
            *counts.entry(line).or_default() += one;
        }
    }
    let added: i64 = counts.values().filter(|count| **count > 0).sum();
    let removed: i64 = counts.values().filter(|count| **count < 0).sum();
    format!("+{added} −{}", -removed)
}

/// One walk over the two trees of a file.
struct Walk<'w> {
    subject: Subject,
    old: &'w SourceText,
    new: &'w SourceText,
    /// Keys and places from the root to here; those of lists in brackets.
    way: Vec<String>,
    choose: &'w mut dyn FnMut(Edit) -> bool,
}

impl Walk<'_> {
    fn merge(&mut self, old: &Node, new: &Node) -> Node {
        if is_same(old, new) {
            return new.clone();
        }
        match (&old.value, &new.value) {
            (Value::Map(before), Value::Map(after)) => self.maps(new, before, after),
            (Value::List(before), Value::List(after)) => self.lists(new, before, after),
            _ => self.whole(Some(old), Some(new)).unwrap_or_else(|| old.clone()),
        }
    }

    fn maps(&mut self, new: &Node, before: &[Entry], after: &[Entry]) -> Node {
        let find = |entries: &'_ [Entry], key: &str| entries.iter().position(|entry| entry.key == key);
        let mut merged = Vec::new();
        for entry in after {
            self.way.push(entry.key.clone());
            let value = match find(before, &entry.key) {
                Some(at) => Some(self.merge(&before[at].value, &entry.value)),
                None => self.whole(None, Some(&entry.value)),
            };
            self.way.pop();
            merged.extend(value.map(|value| Entry { value, ..entry.clone() }));
        }
        for entry in before.iter().filter(|entry| find(after, &entry.key).is_none()) {
            self.way.push(entry.key.clone());
            let value = self.whole(Some(&entry.value), None);
            self.way.pop();
            merged.extend(value.map(|value| Entry { value, ..entry.clone() }));
        }
        Node { value: Value::Map(merged), ..new.clone() }
    }

    /// Items that are the same wherever they stand, then those of one name or kind, then what came and went.
    fn lists(&mut self, new: &Node, before: &[Node], after: &[Node]) -> Node {
        let names = Names::of(self.subject, before, after);
        let partners = partners(before, after, &names);
        let is_order = |way: &[String]| matches!(way, [key] if key == "steps" || key == "articles");
        let same_items = partners.len() == before.len() && before.len() == after.len();
        if is_order(&self.way) && same_items {
            let (old, new) = (list_of(before), list_of(after));
            return self.whole(Some(&old), Some(&new)).unwrap_or(old);
        }
        let mut merged = Vec::new();
        for (at, item) in after.iter().enumerate() {
            self.way.push(names.name(item).unwrap_or_else(|| format!("[{at}]")));
            match partners.get(&at) {
                Some(old) => merged.push(self.merge(&before[*old], item)),
                None => merged.extend(self.whole(None, Some(item))),
            }
            self.way.pop();
        }
        let known: BTreeSet<usize> = partners.values().copied().collect();
        for (at, item) in before.iter().enumerate().filter(|(at, _)| !known.contains(at)) {
            self.way.push(names.name(item).unwrap_or_else(|| format!("[{at}]")));
            merged.extend(self.whole(Some(item), None));
            self.way.pop();
        }
        Node { value: Value::List(merged), ..new.clone() }
    }

    /// One edit of a value as a whole; gives what stands there then.
    fn whole(&mut self, old: Option<&Node>, new: Option<&Node>) -> Option<Node> {
        let change = match (old, new) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let edit = self.edit(change, old, new);
        if (self.choose)(edit) { new.cloned() } else { old.cloned() }
    }

    fn edit(&self, change: Change, old: Option<&Node>, new: Option<&Node>) -> Edit {
        let (source, node) = if new.is_some() { (self.new, new) } else { (self.old, old) };
        let quoted = |node: Option<&Node>| node.map(|node| one_line(write(node).trim(), QUOTED).replace('"', ""));
        // In files of lists, rows and the like the first step says which.
        let (of, way) = match self.subject {
            Subject::Scenario => (id_of(self.new), &self.way[..]),
            Subject::Settings | Subject::Calendar | Subject::Tests => (file_name(&self.new.path), &self.way[..]),
            _ => (self.way.first().cloned().unwrap_or_default(), self.way.get(1..).unwrap_or_default()),
        };
        let first = way.first().map_or("", String::as_str);
        let in_condition = match self.subject {
            Subject::Scenario => first == "when" || first == "hints",
            Subject::Terms | Subject::Condition => true,
            _ => false,
        };
        let is_scalar = old.or(new).is_some_and(|node| node.text().is_some());
        let in_list = way.last().is_some_and(|step| step.starts_with('['));
        let is_neutral = match self.subject {
            Subject::Scenario => matches!(first, "examples" | "articles" | "steps" | "kind"),
            Subject::Department => matches!(first, "duties" | "phone"),
            Subject::Tests => true,
            _ => false,
        };
        Edit {
            path: self.new.path.clone(),
            line: node.map_or(1, |node| source.position(node.range.start).line),
            subject: self.subject,
            of,
            at: way.join(".").replace(".[", "["),
            change,
            before: quoted(old),
            after: quoted(new),
            is_term: in_condition && is_scalar && in_list && change != Change::Changed,
            is_neutral,
        }
    }
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// The id of a scenario by its file, as it is written there or as the path says.
fn id_of(source: &SourceText) -> String {
    let written = source.text.lines().find_map(|line| line.strip_prefix("id:")).map(str::trim);
    let by_path = || source.path.trim_start_matches("rules/scenarios/").trim_end_matches(".yaml");
    written.unwrap_or_else(by_path).to_owned()
}

fn list_of(items: &[Node]) -> Node {
    let range = items.first().map_or(0, |item| item.range.start)..items.last().map_or(0, |item| item.range.end);
    Node { range, value: Value::List(items.to_vec()) }
}

/// Whether two trees say the same; where it stands and how it is quoted says nothing.
fn is_same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && is_same(&a.value, &b.value))
        }
        _ => false,
    }
}

/// By which the items of a list are told apart, where something names them: ids, and for rows what they are for.
struct Names(Option<&'static [&'static str]>);

impl Names {
    fn of(subject: Subject, before: &[Node], after: &[Node]) -> Names {
        let keys: &'static [&'static str] = match subject {
            Subject::Responsibility => &["scenario", "category", "region", "from", "until"],
            Subject::Department | Subject::Region => &["id"],
            Subject::Calendar => &["name", "from"],
            _ => return Names(None),
        };
        let names = Names(Some(keys));
        // Two of one name tell nothing apart.
        let distinct = |items: &[Node]| {
            let all: Vec<_> = items.iter().map(|item| names.name(item)).collect();
            all.iter().all(Option::is_some) && all.iter().collect::<BTreeSet<_>>().len() == all.len()
        };
        if distinct(before) && distinct(after) { names } else { Names(None) }
    }

    fn name(&self, item: &Node) -> Option<String> {
        let parts = self.0?.iter().filter_map(|key| item.get(key)?.text());
        let name = parts.collect::<Vec<_>>().join(" ");
        Some(name).filter(|name| !name.is_empty())
    }
}

/// For items of the later list those of the earlier that they were.
fn partners(before: &[Node], after: &[Node], names: &Names) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    let mut take = |key: &dyn Fn(&Node) -> Option<String>| {
        let taken: BTreeSet<usize> = found.values().copied().collect();
        let mut waiting: HashMap<String, std::collections::VecDeque<usize>> = HashMap::new();
        for (at, item) in before.iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
            if let Some(key) = key(item) {
                waiting.entry(key).or_default().push_back(at);
            }
        }
        for (at, item) in after.iter().enumerate() {
            if found.contains_key(&at) {
                continue;
            }
            if let Some(old) = key(item).and_then(|key| waiting.get_mut(&key)?.pop_front()) {
                found.insert(at, old);
            }
        }
    };
    if names.0.is_some() {
        take(&|item| names.name(item));
        return found;
    }
    take(&|item| Some(write(item)));
    // What is left of one kind, in order: a list that was edited inside, a mapping of the same keys.
    take(&|item| match &item.value {
        Value::Scalar { .. } => None,
        Value::List(_) => Some(String::new()),
        Value::Map(entries) => Some(entries.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>().join(" ")),
    });
    found
}
