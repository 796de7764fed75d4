//! Every name in the files of a bundle: where it is defined and where it is used.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::keys::{self, CASE_KEYS, File, ITEM, Kind, What, defined_by_key, what};
use crate::bundle::FileContent;
use crate::check::Files;
use crate::source::{Document, Node, SourceText, Value};

/// A name where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub kind: Kind,
    /// Without `$` and quotation marks.
    pub text: String,
    /// Bytes of the file, the name alone.
    pub range: Range<usize>,
    /// Whether it is defined here.
    pub defines: bool,
    /// What people call it, where it is defined and has a title or name.
    pub title: Option<String>,
}

/// One file: its tree and its names.
pub(super) struct Indexed {
    pub content: Arc<FileContent>,
    /// The text that ranges count in, and the tree; none where it is no YAML.
    pub document: Option<Document>,
    /// In order of place.
    pub names: Vec<Name>,
}

impl Indexed {
    fn new(path: &str, content: &Arc<FileContent>) -> Indexed {
        let file = File::at(path);
        let document = match file {
            File::Other | File::Cases => None,
            File::Article | File::Notice => {
                Document::parse_front_matter(path, &content.text, &mut Vec::new()).map(|(document, _)| document)
            }
            _ => Document::parse(path, &content.text, &mut Vec::new()),
        };
        let mut names = Vec::new();
        if let Some(document) = &document {
            Walk { file, source: document.source(), names: &mut names }.node(document.root(), &mut Vec::new());
        }
        names.sort_by_key(|name| name.range.start);
        Indexed { content: Arc::clone(content), document, names }
    }

    /// The text that places count in: line ends and a mark at the beginning may differ from the file's own.
    pub(super) fn text(&self) -> &str {
        self.document.as_ref().map_or(&self.content.text, |document| &document.source().text)
    }

    /// The name that a byte is in or just behind.
    pub(super) fn name_at(&self, byte: usize) -> Option<&Name> {
        self.names.iter().find(|name| name.range.start <= byte && byte <= name.range.end)
    }
}

/// All files of a bundle by path.
#[derive(Default)]
pub(super) struct Index {
    files: BTreeMap<String, Indexed>,
}

impl Index {
    /// Brings it up to date: files that are the same are not read again.
    pub(super) fn update<'c>(&mut self, files: impl Iterator<Item = (&'c str, &'c Arc<FileContent>)>) {
        let mut before = std::mem::take(&mut self.files);
        for (path, content) in files {
            let known = before.remove(path);
            let same = known.filter(|known| Arc::ptr_eq(&known.content, content) || known.content.hash == content.hash);
            self.files.insert(path.to_owned(), same.unwrap_or_else(|| Indexed::new(path, content)));
        }
    }

    /// A file.
    pub(super) fn file(&self, path: &str) -> Option<&Indexed> {
        self.files.get(path)
    }

    /// All files, in order of path.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Indexed)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The trees of the files whose path begins so.
    pub(super) fn documents<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = &'s Document> {
        let inside = self.files().filter(move |(path, _)| path.starts_with(folder));
        inside.filter_map(|(_, file)| file.document.as_ref())
    }

    /// All definitions of a kind with their files, in order of path and place.
    pub(super) fn definitions(&self, kind: Kind) -> impl Iterator<Item = (&str, &Indexed, &Name)> {
        self.all().filter(move |(_, _, name)| name.defines && name.kind == kind)
    }

    /// Where a name that stands in `path` stands everywhere, in files that have a tree. Slots are known in their own
    /// file alone.
    pub(super) fn places<'s>(
        &'s self,
        path: &'s str,
        wanted: &'s Name,
    ) -> impl Iterator<Item = (&'s str, &'s Indexed, &'s Name)> {
        self.all().filter(move |(other, _, name)| {
            name.kind == wanted.kind && name.text == wanted.text && (wanted.kind != Kind::Slot || *other == path)
        })
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Indexed, &Name)> {
        self.files().flat_map(|(path, file)| file.names.iter().map(move |name| (path, file, name)))
    }
}

/// Where a name stands in the cases: ranges of bytes by path. Cases are read only when somebody asks: there may be
/// hundreds of thousands, and few lines have the name.
pub(super) fn in_cases<'f>(
    files: &'f Files,
    kind: Kind,
    text: &str,
) -> Vec<(&'f str, &'f FileContent, Vec<Range<usize>>)> {
    let keys: Vec<&str> = CASE_KEYS.iter().filter(|(_, of)| *of == kind).map(|(key, _)| *key).collect();
    let cases = files.iter().filter(|(path, _)| !keys.is_empty() && File::at(path) == File::Cases);
    let found = cases.map(|(path, content)| (path.as_str(), &**content, ranges(&content.text, &keys, text)));
    found.filter(|(_, _, ranges)| !ranges.is_empty()).collect()
}

fn ranges(cases: &str, keys: &[&str], text: &str) -> Vec<Range<usize>> {
    let quoted = format!("\"{text}\"");
    let mut found = Vec::new();
    let mut start = 0;
    for line in cases.split_inclusive('\n') {
        if line.contains(&quoted) {
            let document = Document::parse("", line, &mut Vec::new());
            let values = keys.iter().filter_map(|key| document.as_ref()?.root().get(key));
            let same = values.filter(|node| line.get(node.range.clone()) == Some(&quoted));
            found.extend(same.map(|node| start + node.range.start + 1..start + node.range.end - 1));
        }
        start += line.len();
    }
    found
}

struct Walk<'w> {
    file: File,
    source: &'w SourceText,
    names: &'w mut Vec<Name>,
}

impl Walk<'_> {
    fn node<'n>(&mut self, node: &'n Node, way: &mut Vec<&'n str>) {
        match &node.value {
            Value::Scalar { text, .. } => self.scalar(node, text, way),
            Value::List(items) => {
                way.push(ITEM);
                items.iter().for_each(|item| self.node(item, way));
                way.pop();
            }
            Value::Map(entries) => {
                let first = self.names.len();
                for entry in entries {
                    if let Some(kind) = defined_by_key(self.file, way) {
                        self.add(kind, &entry.key, entry.key_range.clone(), true);
                    }
                    way.push(&entry.key);
                    self.node(&entry.value, way);
                    way.pop();
                }
                let title = node.get("title").or_else(|| node.get("name")).and_then(Node::text);
                let own = self.names[first..]
                    .iter_mut()
                    .find(|name| name.defines && node.get("id").is_some_and(|id| covers(&id.range, &name.range)));
                if let (Some(own), Some(title)) = (own, title) {
                    own.title = Some(title.to_owned());
                }
            }
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, way: &[&str]) {
        match what(self.file, way) {
            What::Defines(kind) => self.add(kind, text, node.range.clone(), true),
            What::Refers(kind) => self.add(kind, text, node.range.clone(), false),
            What::Term => {
                if let Some(name) = text.strip_prefix('$') {
                    self.add(Kind::List, name.trim(), node.range.clone(), false);
                }
            }
            What::Reply => {
                for (at, word) in variables(&self.source.text[node.range.clone()]) {
                    let start = node.range.start + at;
                    self.add(Kind::Slot, word, start..start + word.len(), false);
                }
            }
            What::Text | What::Fact | What::Category | What::Code | What::OneOf(_) => {}
        }
    }

    /// Takes a name that stands somewhere in a range: behind a quotation mark or a `$`. One that is written with escapes
    /// does not stand there as it is, and is left out.
    fn add(&mut self, kind: Kind, text: &str, range: Range<usize>, defines: bool) {
        let written = self.source.text.get(range.clone()).unwrap_or_default();
        let Some(at) = written.find(text).filter(|_| !text.is_empty()) else { return };
        let start = range.start + at;
        let range = start..start + text.len();
        self.names.push(Name { kind, text: text.to_owned(), range, defines, title: None });
    }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Words inside `{{ }}` and `{% %}` that may be names, each with its first byte: not what is quoted, not filters.
pub(super) fn variables(template: &str) -> Vec<(usize, &str)> {
    const WORDS: &[&str] = &["if", "elif", "else", "endif", "not", "and", "or", "is", "in", "true", "false", "defined"];
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(open) = template[rest..].find(['{']).map(|at| rest + at) {
        let close = match template.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                rest = open + 1;
                continue;
            }
        };
        let start = open + 2;
        let end = template[start..].find(close).map_or(template.len(), |at| start + at);
        found.extend(words(&template[start..end]).map(|(at, word)| (start + at, word)));
        rest = end;
    }
    found.retain(|(_, word)| !WORDS.contains(word));
    found
}

/// Names in an expression.
fn words(expression: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut at, mut quote, mut filter) = (0, None, false);
    std::iter::from_fn(move || {
        while let Some(next) = expression[at..].chars().next() {
            if quote.is_none() && is_part(next) {
                let start = at;
                let length = expression[at..].find(|c| !is_part(c)).unwrap_or(expression.len() - at);
                at += length;
                let word = &expression[start..at];
                if !std::mem::take(&mut filter) && !next.is_ascii_digit() {
                    return Some((start, word));
                }
                continue;
            }
            match quote {
                Some(open) if open == next => quote = None,
                None if matches!(next, '"' | '\'') => quote = Some(next),
                None if matches!(next, '|' | '.') => filter = true,
                _ => {}
            }
            at += next.len_utf8();
        }
        None
    })
}

/// The key under which a way ends, for hover.
pub(super) fn key_at(document: &Document, file: File, byte: usize) -> Option<(&'static keys::Key, &Range<usize>)> {
    fn find<'n>(node: &'n Node, way: &mut Vec<&'n str>, byte: usize) -> Option<&'n Range<usize>> {
        match &node.value {
            Value::Scalar { .. } => None,
            Value::List(items) => {
                let item = items.iter().find(|item| item.range.start <= byte && byte <= item.range.end)?;
                way.push(ITEM);
                find(item, way, byte)
            }
            Value::Map(entries) => {
                let inside = |range: &Range<usize>| range.start <= byte && byte <= range.end;
                let entry = entries.iter().find(|it| inside(&it.key_range) || inside(&it.value.range))?;
                way.push(&entry.key);
                if inside(&entry.key_range) { Some(&entry.key_range) } else { find(&entry.value, way, byte) }
            }
        }
    }
    let mut way = Vec::new();
    let range = find(document.root(), &mut way, byte)?;
    keys::key(file, &way).map(|key| (key, range))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Names of a file, one a line: `=` where it is defined.
    fn names(path: &str, text: &str) -> String {
        let file = Indexed::new(path, &Arc::new(FileContent::new(text.to_owned())));
        let source = &file.document.as_ref().unwrap().source().text;
        let shown = file.names.iter().map(|name| {
            assert_eq!(source[name.range.clone()], name.text, "the range is that of the name");
            let title = name.title.as_deref().map_or(String::new(), |title| format!(" ({title})"));
            format!("{:?} {}{}{title}", name.kind, if name.defines { "=" } else { "" }, name.text)
        });
        shown.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn names_are_found_where_they_stand() {
        for (path, text, expect) in [
            ("rules/terms/a.yaml", "水管: [水管, $漏, '$ 供暖']", "List =水管; List 漏; List 供暖"),
            (
                "rules/conditions/a.yaml",
                "夜: {any: [夜里, $时]}\n昼: $日\n晚: [$甲]",
                "List =夜; List 时; List =昼; List 日; List =晚; List 甲",
            ),
            (
                "rules/scenarios/a/b.yaml",
                "id: a/b\ntitle: 漏\nwhen:\n  any: [{near: [$水, 漏], within: 3}, {fact: phone}]\n  none: [$火]\nhints: [$土, x]\narticles: [\"a/c\"]\nslots:\n  since: {fact: date, ask: 何时}\nreply: |\n  自{{ since }}起{% if not since %}，{{ unit|default(\"since\") }}{% endif %}\n",
                "Scenario =a/b (漏); List 水; List 火; List 土; Article a/c; Slot =since; Slot since; Slot since; Slot unit",
            ),
            (
                "rules/departments.yaml",
                "- {id: a, name: 甲}\n- {id: b, name: 乙, parent: a, region: r}",
                "Department =a (甲); Department =b (乙); Department a; Region r",
            ),
            (
                "rules/responsibility/a.yaml",
                "- {scenario: a/b, region: r, lead: x, joint: [y], basis: a/b}",
                "Scenario a/b; Region r; Department x; Department y",
            ),
            (
                "rules/tests/a.yaml",
                "- name: a\n  call:\n    - {say: b, expect: {scenario: a/b, department: x}}",
                "Scenario a/b; Department x",
            ),
            (
                "knowledge/articles/a.md",
                "---\nid: a\ntitle: 甲\nscenarios: [s/t]\n---\nid: b",
                "Article =a (甲); Scenario s/t",
            ),
        ] {
            assert_eq!(names(path, text), expect, "{path}");
        }
    }

    #[test]
    fn cases_are_read_line_by_line() {
        let text = "{\"id\": \"a/b\", \"text\": \"说“\\\"a/b\\\"”\", \"scenario\": \"a/b\"}\nnot JSON \"a/b\"\n{\"scenario\": \"a/bc\"}\n";
        let files = Files::from([("knowledge/cases/a.jsonl".to_owned(), Arc::new(FileContent::new(text.to_owned())))]);
        let found = in_cases(&files, Kind::Scenario, "a/b");
        let ranges: Vec<&str> = found[0].2.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(ranges, ["a/b"]);
        assert!(found[0].2[0].start > text.find("scenario").unwrap());
        assert!(in_cases(&files, Kind::Article, "a/b").is_empty());
    }
}
