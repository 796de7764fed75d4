//! One file: its text, its tree, and places in it by path.

use std::ops::Range;
use std::sync::Arc;

use super::{Code, Diagnostic, Message, Node, SourceText, Value, tree};
use crate::say;

/// A step into a tree.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The value under a key.
    Key(&'a str),
    /// The key itself, not its value; only as the last step.
    KeyItself(&'a str),
    /// The item of a list, from 0.
    Index(usize),
}

/// A YAML file, or the front matter of a Markdown file, with its tree.
#[derive(Debug)]
pub struct Document {
    source: Arc<SourceText>,
    yaml: Range<usize>,
    root: Node,
}

impl Document {
    /// Reads a YAML file. `path` is relative to the bundle. `None`, with diagnostics, when it is not YAML. An empty
    /// file is an empty text.
    pub fn parse(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Document> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Arc::new(SourceText::new(path, text));
        Document::of_part(source, 0..text.len(), diagnostics)
    }

    /// Reads a Markdown file that begins with front matter between two lines `---`; gives it with what follows it.
    pub fn parse_front_matter(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<(Document, String)> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let source = Arc::new(SourceText::new(path, text));
        let text = &source.text;
        let yaml = text.strip_prefix("---\n").and_then(|rest| {
            let end = if rest.starts_with("---\n") { 0 } else { rest.find("\n---\n").map(|at| at + 1)? };
            Some(4..4 + end)
        });
        let Some(yaml) = yaml else {
            let first_line = 0..text.find('\n').unwrap_or(text.len());
            let message = say!("文件开头缺少 --- 括起来的头部", "the front matter between two lines `---` is missing");
            diagnostics.push(Diagnostic::at(&source, first_line, Code::FrontMatter, message).note(say!(
                "第一行写 ---，接着写 id、title 等，再以单独一行 --- 结束，其后才是正文",
                "begin with a line ---, then id, title and so on, then a line ---, then the text"
            )));
            return None;
        };
        let body = text[yaml.end + 4..].trim().to_owned();
        Document::of_part(Arc::clone(&source), yaml, diagnostics).map(|document| (document, body))
    }

    fn of_part(source: Arc<SourceText>, yaml: Range<usize>, diagnostics: &mut Vec<Diagnostic>) -> Option<Document> {
        let errors = diagnostics.len();
        let root = tree::parse(&source, &source.text[yaml.clone()], yaml.start, diagnostics);
        if diagnostics.len() > errors {
            return None;
        }
        let empty = || Node { range: yaml.clone(), value: Value::Scalar { text: String::new(), plain: true } };
        let root = root.unwrap_or_else(empty);
        Some(Document { source, yaml, root })
    }

    /// The path, relative to the bundle.
    pub fn path(&self) -> &str {
        &self.source.path
    }

    /// The file's text with its path.
    pub fn source(&self) -> &Arc<SourceText> {
        &self.source
    }

    /// The YAML alone.
    pub(super) fn yaml(&self) -> &str {
        &self.source.text[self.yaml.clone()]
    }

    /// Where the YAML begins in the file (bytes).
    pub(super) fn yaml_start(&self) -> usize {
        self.yaml.start
    }

    /// The tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The value at the end of the steps, where it exists.
    pub fn node(&self, steps: &[Step<'_>]) -> Option<&Node> {
        steps.iter().try_fold(&self.root, |node, step| match (step, &node.value) {
            (Step::Key(key) | Step::KeyItself(key), _) => node.get(key),
            (Step::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        })
    }

    /// The bytes where the steps lead; where they lead nowhere, the last place on the way.
    pub fn range(&self, steps: &[Step<'_>]) -> Range<usize> {
        let (last, way) = match steps.split_last() {
            Some(parts) => parts,
            None => return self.root.range.clone(),
        };
        let parent = self.node(way);
        let found = match last {
            Step::KeyItself(key) => parent.and_then(|parent| match &parent.value {
                Value::Map(entries) => entries.iter().find(|e| e.key == *key).map(|e| e.key_range.clone()),
                _ => None,
            }),
            _ => self.node(steps).map(|node| node.range.clone()),
        };
        found.unwrap_or_else(|| self.range(way))
    }

    /// A finding at a range of bytes.
    pub fn diagnostic(&self, range: Range<usize>, code: Code, message: Message) -> Diagnostic {
        Diagnostic::at(&self.source, range, code, message)
    }

    /// A finding where the steps lead.
    pub fn diagnostic_at(&self, steps: &[Step<'_>], code: Code, message: Message) -> Diagnostic {
        self.diagnostic(self.range(steps), code, message)
    }
}
