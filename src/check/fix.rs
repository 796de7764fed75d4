//! Fixes applied to texts: those that do not get into each other's way, and only where nothing else changes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::bundle::FileContent;
use crate::source::{Diagnostic, Document, Edit, Node, Value};

/// What applying fixes would change.
#[derive(Debug, Default)]
pub struct Mended {
    /// The new texts of files, by path.
    pub files: BTreeMap<String, String>,
    /// The findings that are mended, by their index among those given.
    pub mended: Vec<usize>,
    /// Fixes that were left: they overlap others, or their file would have become something else.
    pub left: Vec<usize>,
}

/// Applies the fixes of findings to the files they were found in. A fix is applied whole or not at all; of two that
/// overlap the first is. Every changed file is read again: it must be well-formed, and everything that no edit names must
/// stand where it stood. Files that were not read as they are on disk (a byte order mark, Windows line ends in Markdown)
/// are left alone.
pub fn mend(files: &BTreeMap<String, Arc<FileContent>>, findings: &[Diagnostic]) -> Mended {
    let mut refused: BTreeSet<&str> = BTreeSet::new();
    loop {
        let mut accepted: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        let mut mended = Mended::default();
        for (index, finding) in findings.iter().enumerate() {
            let Some(fix) = &finding.fix else { continue };
            let fits = |edit: &Edit| {
                let path = edit.source.path.as_str();
                let as_on_disk = files.get(path).is_some_and(|content| content.text == edit.source.text);
                let free = accepted.get(path).into_iter().flatten().all(|other| apart(&edit.range, &other.range));
                as_on_disk && free && !refused.contains(path)
            };
            if !fix.edits.iter().all(fits) {
                mended.left.push(index);
                continue;
            }
            fix.edits.iter().for_each(|edit| accepted.entry(&edit.source.path).or_default().push(edit));
            mended.mended.push(index);
        }
        let mut spoilt = None;
        for (path, edits) in &accepted {
            let old = &edits[0].source.text;
            match changed(path, old, edits) {
                Some(new) => mended.files.insert((*path).to_owned(), new),
                None => {
                    spoilt = Some(*path);
                    break;
                }
            };
        }
        match spoilt {
            Some(path) => refused.insert(path),
            None => return mended,
        };
    }
}

fn apart(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.end < other.start
        || other.end < one.start
        || (one != other && (one.end == other.start || other.end == one.start))
}

/// The text with the edits; `None` where it would no longer be what it is.
fn changed(path: &str, old: &str, edits: &[&Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.to_vec();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut new = String::with_capacity(old.len());
    let mut done = 0;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for edit in edits {
        new.push_str(old.get(done..edit.range.start)?);
        let start = new.len();
        new.push_str(&edit.new_text);
        before.push(edit.range.clone());
        after.push(start..new.len());
        done = edit.range.end;
    }
    new.push_str(old.get(done..)?);
    let same = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("yaml" | "md") => tokens(path, old, &before)? == tokens(path, &new, &after)?,
        Some("jsonl") => new
            .lines()
            .filter(|line| !line.trim().is_empty())
            .all(|line| serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()),
        _ => true,
    };
    same.then_some(new)
}

/// Keys and values with their depth, without those that an edit touches.
fn tokens(path: &str, text: &str, edited: &[Range<usize>]) -> Option<Vec<(usize, String)>> {
    let mut findings = Vec::new();
    let document = match path.ends_with(".md") {
        true => Document::parse_front_matter(path, text, &mut findings)?.0,
        false => Document::parse(path, text, &mut findings)?,
    };
    let mut tokens = Vec::new();
    let untouched = |range: &Range<usize>| !edited.iter().any(|edit| edit.start < range.end && range.start < edit.end);
    walk(document.root(), 0, &mut |depth, range, text| {
        if untouched(range) {
            tokens.push((depth, text.to_owned()));
        }
    });
    Some(tokens)
}

fn walk(node: &Node, depth: usize, visit: &mut impl FnMut(usize, &Range<usize>, &str)) {
    match &node.value {
        Value::Scalar { text, .. } => visit(depth, &node.range, text),
        Value::List(items) => items.iter().for_each(|item| walk(item, depth + 1, visit)),
        Value::Map(entries) => {
            for entry in entries {
                visit(depth, &entry.key_range, &entry.key);
                walk(&entry.value, depth + 1, visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::say;
    use crate::source::{Code, SourceText};

    const TEXT: &str = "# 词\na: [一, 二, 三]   # 三个\nb: '四'\n";

    /// The text after fixes, each a list of edits given as what is replaced and by what.
    fn mended(fixes: &[&[(&str, &str)]]) -> (String, Vec<usize>, Vec<usize>) {
        let source = Arc::new(SourceText::new("rules/terms/a.yaml", TEXT));
        let files = BTreeMap::from([(source.path.clone(), Arc::new(FileContent::new(TEXT.to_owned())))]);
        let findings: Vec<Diagnostic> = fixes
            .iter()
            .map(|edits| {
                let edits = edits.iter().map(|(old, new)| {
                    let at = TEXT.find(old).unwrap();
                    Edit { source: Arc::clone(&source), range: at..at + old.len(), new_text: (*new).to_owned() }
                });
                let finding = Diagnostic::at(&source, 0..1, Code::DuplicateTerm, say!("重", "twice"));
                finding.fix(say!("改", "mend"), edits.collect())
            })
            .collect();
        let Mended { files, mended, left } = mend(&files, &findings);
        (files.get("rules/terms/a.yaml").cloned().unwrap_or_default(), mended, left)
    }

    #[test]
    fn what_overlaps_or_breaks_the_file_is_left() {
        for (fixes, text, done, left) in [
            (vec![&[("一, ", "")][..]], "# 词\na: [二, 三]   # 三个\nb: '四'\n", vec![0], vec![]),
            (vec![&[("一, ", "")], &[(", 三", "")]], "# 词\na: [二]   # 三个\nb: '四'\n", vec![0, 1], vec![]),
            (vec![&[("一, 二", "五")], &[("二, ", "")]], "# 词\na: [五, 三]   # 三个\nb: '四'\n", vec![0], vec![1]),
            (
                vec![&[("一, ", "")], &[("三", "3"), ("二, ", "2, ")]],
                "# 词\na: [2, 3]   # 三个\nb: '四'\n",
                vec![0, 1],
                vec![],
            ),
            // No longer YAML, or something else has moved: nothing is done to the file.
            (vec![&[("[一", "一")]], "", vec![], vec![0]),
            (
                vec![&[("   # 三个", "")], &[("]   # 三个\n", ", ")]],
                "# 词\na: [一, 二, 三]\nb: '四'\n",
                vec![0],
                vec![1],
            ),
            (
                vec![&[("'四'\n", "四\nc: 五\nd: "), ("b", "e")]],
                "# 词\na: [一, 二, 三]   # 三个\ne: 四\nc: 五\nd: ",
                vec![0],
                vec![],
            ),
        ] {
            assert_eq!(mended(&fixes), (text.to_owned(), done, left), "{fixes:?}");
        }
    }
}
