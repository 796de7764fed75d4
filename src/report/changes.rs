//! What changed between two versions of a bundle, as people ask for it: which scenarios, articles, cases, departments came,
//! went or read differently, by their ids and names, with the edits of each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::impact::{Change, Edit, Subject, differences};
use crate::bundle::{FileContent, Snapshot};

/// Parts that are listed, at the most; the counts are of all.
const MOST_PARTS: usize = 500;
/// Edits that are shown of each.
const MOST_EDITS: usize = 20;

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// How many parts of each kind were added, removed and changed.
    pub counts: Vec<(Subject, [usize; 3])>,
    /// The parts, in order of kind and id.
    pub parts: Vec<Part>,
    /// Parts that are not listed because there are too many.
    pub left_out: usize,
}

/// One scenario, article, department, list, case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is.
    pub subject: Subject,
    /// Its id, or what it is called by otherwise.
    pub id: String,
    /// Its title or name, where its file says one.
    pub title: Option<String>,
    /// Whether it came, went or changed.
    pub change: Change,
    /// The file.
    pub path: String,
    /// What was done in it, at most twenty edits; none for what came or went as a whole.
    pub edits: Vec<Edit>,
    /// How many edits there are.
    pub edits_in_all: usize,
}

/// The parts that differ between two versions.
pub fn changes(old: &Snapshot, new: &Snapshot) -> Changes {
    let mut parts: BTreeMap<(Subject, String), Part> = BTreeMap::new();
    for edit in differences(old, new) {
        let (before, after) = (old.files.get(&edit.path), new.files.get(&edit.path));
        let file = after.or(before).map(|file| file.text.as_str()).unwrap_or_default();
        if edit.subject == Subject::Cases {
            parts.extend(cases(&edit.path, before.map(AsRef::as_ref), after.map(AsRef::as_ref)));
            continue;
        }
        let is_own_file = matches!(edit.subject, Subject::Scenario | Subject::Article | Subject::Notice);
        let id = written(file, "id:").filter(|_| is_own_file).unwrap_or_else(|| edit.of.clone());
        let title = written(file, "title:").filter(|_| is_own_file).or_else(|| name_in(file, &id));
        let part = parts.entry((edit.subject, id.clone())).or_insert_with(|| Part {
            subject: edit.subject,
            id,
            title,
            change: edit.change,
            path: edit.path.clone(),
            edits: Vec::new(),
            edits_in_all: 0,
        });
        if !edit.at.is_empty() || edit.change == Change::Changed {
            part.change = Change::Changed;
            part.edits_in_all += 1;
            if part.edits.len() < MOST_EDITS {
                part.edits.push(edit);
            }
        }
    }
    let mut counts: BTreeMap<Subject, [usize; 3]> = BTreeMap::new();
    for part in parts.values() {
        let at = match part.change {
            Change::Added => 0,
            Change::Removed => 1,
            Change::Changed => 2,
        };
        counts.entry(part.subject).or_default()[at] += 1;
    }
    let left_out = parts.len().saturating_sub(MOST_PARTS);
    Changes { counts: counts.into_iter().collect(), parts: parts.into_values().take(MOST_PARTS).collect(), left_out }
}

/// What stands behind a key at the beginning of a line, without quotes.
fn written(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?.trim();
    Some(value.trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
}

/// The name of an item of a list in which each begins with its id, such as a department.
fn name_in(text: &str, id: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| {
        let own = line.trim_start_matches(['-', ' ', '{']).strip_prefix("id:").map(str::trim);
        own.is_none_or(|own| own.split([',', '}']).next().map(str::trim) != Some(id))
    });
    let first = lines.next()?;
    let name = |line: &str| {
        let (_, name) = line.split_once("name:")?;
        Some(name.split([',', '}']).next()?.trim().trim_matches(['"', '\'']).to_owned())
    };
    name(first).or_else(|| lines.take_while(|line| !line.starts_with('-')).find_map(name))
}

/// The cases of a file that came, went or changed, by id.
fn cases(path: &str, old: Option<&FileContent>, new: Option<&FileContent>) -> Vec<((Subject, String), Part)> {
    /// A case, as far as it is told apart by.
    #[derive(Deserialize)]
    struct Line<'l> {
        #[serde(borrow)]
        id: Option<Cow<'l, str>>,
        #[serde(borrow)]
        title: Option<Cow<'l, str>>,
    }
    let read = |file: Option<&'_ FileContent>| -> HashMap<String, (String, Option<String>)> {
        let lines = file.map(|file| file.text.as_str()).unwrap_or_default().lines();
        let own = lines.filter_map(|line| {
            let read: Line<'_> = serde_json::from_str(line).ok()?;
            Some((read.id?.into_owned(), (line.to_owned(), read.title.map(Cow::into_owned))))
        });
        own.collect()
    };
    let (before, after) = (read(old), read(new));
    let part = |id: &String, title: &Option<String>, change: Change| {
        let part = Part {
            subject: Subject::Cases,
            id: id.clone(),
            title: title.clone(),
            change,
            path: path.to_owned(),
            edits: Vec::new(),
            edits_in_all: 0,
        };
        ((Subject::Cases, id.clone()), part)
    };
    let came = after.iter().filter_map(|(id, (line, title))| match before.get(id) {
        None => Some(part(id, title, Change::Added)),
        Some((old, _)) if old != line => Some(part(id, title, Change::Changed)),
        Some(_) => None,
    });
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    came.chain(gone.map(|(id, (_, title))| part(id, title, Change::Removed))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn snapshot(files: &[(&str, &str)]) -> Snapshot {
        let files =
            files.iter().map(|(path, text)| ((*path).to_owned(), Arc::new(FileContent::new((*text).to_owned()))));
        Snapshot { files: files.collect(), ..Snapshot::default() }
    }

    #[test]
    fn parts_are_told_by_id_and_name() {
        let leak = "id: water/leak\ntitle: 水管漏水\nwhen:\n  any:\n    - 漏水\n";
        let old = snapshot(&[
            ("rules/scenarios/water/leak.yaml", leak),
            ("rules/scenarios/water/old.yaml", "id: water/old\ntitle: 旧场景\nwhen: {any: [旧]}\n"),
            ("rules/departments.yaml", "- {id: water, name: 水务局}\n- id: gas\n  name: 燃气公司\n"),
            ("knowledge/articles/fees.md", "---\nid: fees\ntitle: 收费标准\n---\n一元\n"),
            ("knowledge/cases/a.jsonl", "{\"id\":\"1\",\"text\":\"甲\"}\n{\"id\":\"2\",\"text\":\"乙\"}\n"),
        ]);
        let new = snapshot(&[
            (
                "rules/scenarios/water/leak.yaml",
                "id: water/leak\ntitle: 水管漏水\nwhen:\n  any:\n    - 漏水\n    - 滴水\n",
            ),
            ("rules/scenarios/water/new.yaml", "id: water/new\ntitle: '新场景'\nwhen: {any: [新]}\n"),
            ("rules/departments.yaml", "- {id: water, name: 水务局}\n- id: gas\n  name: 燃气集团\n"),
            ("knowledge/articles/fees.md", "---\nid: fees\ntitle: 收费标准\n---\n两元\n"),
            (
                "knowledge/cases/a.jsonl",
                "{\"id\":\"2\",\"text\":\"乙乙\"}\n{\"id\":\"3\",\"text\":\"丙\",\"title\":\"第三\"}\n",
            ),
        ]);
        let found = changes(&old, &new);
        let shown: Vec<String> = found
            .parts
            .iter()
            .map(|part| {
                format!("{:?} {} {} {:?}", part.subject, part.id, part.title.as_deref().unwrap_or("-"), part.change)
            })
            .collect();
        let expect = [
            "Scenario water/leak 水管漏水 Changed",
            "Scenario water/new 新场景 Added",
            "Scenario water/old 旧场景 Removed",
            "Department gas 燃气集团 Changed",
            "Article fees 收费标准 Changed",
            "Cases 1 - Removed",
            "Cases 2 - Changed",
            "Cases 3 第三 Added",
        ];
        assert_eq!(shown, expect);
        assert_eq!(found.counts[0], (Subject::Scenario, [1, 1, 1]));
        assert!(found.parts[0].edits[0].is_term && found.left_out == 0);
        assert!(changes(&old, &old).parts.is_empty());
    }
}
