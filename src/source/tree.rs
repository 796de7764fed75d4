//! YAML as a tree in which every key and value knows its place.
//!
//! Scalars keep the text that was written: `1.10`, `~`, `no` and `12345` are text until somebody wants a number.
//! Anchors, aliases, tags and merge keys are refused, so that a file is what it looks like and cannot grow when read.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::syntax_errors;
use super::{Code, Diagnostic, SourceText};
use crate::say;

/// Lists and mappings in each other, at the most.
const MAX_DEPTH: usize = 40;

/// A value and where it stands (bytes of the file).
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes of the file; of a list or mapping, from its first to the end of its last value.
    pub range: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// The three kinds of value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text; `plain` when it was written without quotation marks.
    Scalar {
        /// The text.
        text: String,
        /// Written without quotation marks or a block sign.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands (bytes).
    pub key_range: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// Whether nothing was written: an empty plain scalar, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }
}

/// Reads `yaml`, a part of `source` that begins at byte `offset`. Nothing comes back when it is not YAML or uses what
/// is refused; each such place is one diagnostic.
pub(super) fn parse(
    source: &Arc<SourceText>,
    yaml: &str,
    offset: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let before = diagnostics.len();
    let mut builder =
        Builder { source, offset, bytes: byte_of_char(yaml), stack: Vec::new(), root: None, documents: 0, diagnostics };
    for event in Parser::new_from_str(yaml) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                let at = builder.byte(error.marker().index());
                let (zh, info) = (syntax_errors::in_chinese(error.info()), error.info());
                let message = say!("不是合法的 YAML：{zh}", "not valid YAML: {info}");
                let end = (at + 1).min(source.text.len());
                builder.diagnostics.push(Diagnostic::at(source, at..end, Code::YamlSyntax, message).note(say!(
                    "常见原因：缩进不齐、冒号后缺空格、引号没有配对，或用了制表符",
                    "common causes: uneven indentation, no space after a colon, an unclosed quotation mark, tabs"
                )));
                return None;
            }
        };
        if !builder.take(event, span) {
            return None;
        }
    }
    let root = builder.root.take();
    (diagnostics.len() == before).then_some(root).flatten()
}

/// For each character of `text` its first byte, and the length as the last entry.
fn byte_of_char(text: &str) -> Vec<u32> {
    text.char_indices().map(|(byte, _)| byte as u32).chain([text.len() as u32]).collect()
}

/// A list or mapping that is still being read.
enum Open {
    List(usize, Vec<Node>),
    Map { start: usize, entries: Vec<Entry>, keys: FxHashSet<String>, pending: Option<(String, Range<usize>)> },
}

struct Builder<'a> {
    source: &'a Arc<SourceText>,
    offset: usize,
    bytes: Vec<u32>,
    stack: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Builder<'_> {
    fn byte(&self, character: usize) -> usize {
        self.offset + self.bytes[character.min(self.bytes.len() - 1)] as usize
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }

    fn report(&mut self, range: Range<usize>, code: Code, message: super::Message) {
        self.diagnostics.push(Diagnostic::at(self.source, range, code, message));
    }

    fn forbid(&mut self, range: Range<usize>, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.report(
                range.clone(),
                Code::ForbiddenYaml,
                say!("不支持 YAML 锚点（&）", "anchors (&) are not supported"),
            );
        }
        if tagged {
            self.report(range, Code::ForbiddenYaml, say!("不支持 YAML 标签（!）", "tags (!) are not supported"));
        }
    }

    /// Takes one event; false when reading on makes no sense.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let range = self.range(span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = say!("一个文件只能有一个 YAML 文档", "one file holds one YAML document");
                    self.report(range, Code::ForbiddenYaml, message);
                    return false;
                }
            }
            Event::Alias(_) => {
                let message =
                    say!("不支持 YAML 别名（*），请把内容写全", "aliases (*) are not supported: write it out");
                self.report(range.clone(), Code::ForbiddenYaml, message);
                self.add(Node { range, value: Value::Scalar { text: String::new(), plain: true } });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.forbid(range.clone(), anchor, tag.is_some());
                let plain = style == ScalarStyle::Plain;
                self.add(Node { range, value: Value::Scalar { text: text.into_owned(), plain } });
            }
            Event::SequenceStart(anchor, tag) => {
                self.forbid(range.clone(), anchor, tag.is_some());
                return self.open(Open::List(range.start, Vec::new()), range);
            }
            Event::MappingStart(anchor, tag) => {
                self.forbid(range.clone(), anchor, tag.is_some());
                let (entries, keys) = (Vec::new(), FxHashSet::default());
                return self.open(Open::Map { start: range.start, entries, keys, pending: None }, range);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        true
    }

    fn open(&mut self, open: Open, range: Range<usize>) -> bool {
        self.stack.push(open);
        if self.stack.len() <= MAX_DEPTH {
            return true;
        }
        let message = say!("嵌套超过 {MAX_DEPTH} 层", "nested deeper than {MAX_DEPTH} levels");
        self.report(range, Code::TooDeep, message);
        false
    }

    fn close(&mut self, end: Range<usize>) {
        let node = match self.stack.pop() {
            Some(Open::List(start, items)) => {
                let end = items.last().map_or(end.end, |item| item.range.end.max(start));
                Node { range: start..end, value: Value::List(items) }
            }
            Some(Open::Map { start, entries, .. }) => {
                let end = entries.last().map_or(end.end, |entry| entry.value.range.end.max(entry.key_range.end));
                Node { range: start..end, value: Value::Map(entries) }
            }
            None => return,
        };
        self.add(node);
    }

    /// Puts a whole value where it belongs: under the pending key, into the list, or at the root.
    fn add(&mut self, node: Node) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map { entries, keys, pending, .. }) => match pending.take() {
                Some((key, key_range)) => {
                    let duplicate = !keys.insert(key.clone());
                    let at = key_range.clone();
                    let name = key.clone();
                    entries.push(Entry { key, key_range, value: node });
                    if duplicate {
                        self.report(at, Code::DuplicateKey, say!("键“{name}”重复出现", "key `{name}` stands twice"));
                    }
                }
                None => match node.value {
                    Value::Scalar { text, .. } if text == "<<" => {
                        *pending = Some((text, node.range.clone()));
                        self.report(
                            node.range,
                            Code::ForbiddenYaml,
                            say!("不支持合并键（<<）", "merge keys (<<) are not supported"),
                        );
                    }
                    Value::Scalar { text, .. } => *pending = Some((text, node.range)),
                    _ => {
                        *pending = Some((String::new(), node.range.clone()));
                        self.report(node.range, Code::WrongType, say!("键必须是一段文字", "a key must be a text"));
                    }
                },
            },
        }
    }
}
