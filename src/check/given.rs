//! What checks look at: a loaded bundle with every file's tree, so that findings can point at what was written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil;

use crate::bundle::{Bundle, Snapshot, on_all_cores};
use crate::decide::Engine;
use crate::rules::{Clause, Vocabulary};
use crate::source::{Document, Node, SourceText, Value};

use super::Files;

/// A bundle without errors, and the trees of its files.
pub(super) struct Given<'a> {
    /// The engine of the bundle.
    pub engine: &'a Engine,
    /// All files.
    pub snapshot: &'a Snapshot,
    /// The time on the bundle's clock, for what depends on the date.
    pub at: civil::DateTime,
    /// YAML files, and the front matter of Markdown files, by path.
    pub documents: &'a BTreeMap<String, Document>,
    /// Lists of terms and shared conditions.
    pub vocabulary: Vocabulary,
}

impl<'a> Given<'a> {
    /// What is to be looked at, with the trees of the bundle's files.
    pub(super) fn new(bundle: &'a Bundle, documents: &'a BTreeMap<String, Document>, at: civil::DateTime) -> Given<'a> {
        let in_folder = |folder: &str| -> Vec<&Document> {
            documents.iter().filter(|(path, _)| path.starts_with(folder)).map(|(_, document)| document).collect()
        };
        // The bundle was loaded, so there is nothing to report about its vocabulary.
        let vocabulary = Vocabulary::read(&in_folder("rules/terms/"), &in_folder("rules/conditions/"), &mut Vec::new());
        Given { engine: &bundle.engine, snapshot: &bundle.snapshot, at, documents, vocabulary }
    }

    /// The documents of a folder such as `rules/terms/`, in order of path.
    pub(super) fn in_folder<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = &'s Document> {
        self.documents.iter().filter(move |(path, _)| path.starts_with(folder)).map(|(_, document)| document)
    }

    /// The document of a file.
    pub(super) fn document(&self, path: &str) -> Option<&Document> {
        self.documents.get(path)
    }

    /// The items of a list of terms as written in its own file, with the file: for findings that point at one of them.
    pub(super) fn list_items(&self, name: &str) -> Option<(&Arc<SourceText>, &[Node])> {
        self.in_folder("rules/terms/").find_map(|document| match &document.root().get(name)?.value {
            Value::List(items) => Some((document.source(), items.as_slice())),
            _ => None,
        })
    }

    /// The shared conditions, each with its file, in order of file.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&Arc<SourceText>, &str, &Clause)> {
        self.in_folder("rules/conditions/").flat_map(move |document| {
            let entries = match &document.root().value {
                Value::Map(entries) => entries.as_slice(),
                _ => &[],
            };
            entries.iter().filter_map(move |entry| {
                let clause = self.vocabulary.condition(&entry.key)?;
                Some((document.source(), entry.key.as_str(), clause))
            })
        })
    }

    /// The file of a shared condition.
    pub(super) fn condition_source(&self, name: &str) -> Option<&Arc<SourceText>> {
        self.in_folder("rules/conditions/").find(|document| document.root().get(name).is_some()).map(Document::source)
    }
}

/// The trees of all YAML and Markdown files that can be read.
pub(super) fn documents_of(files: &Files) -> BTreeMap<String, Document> {
    let files: Vec<_> = files.iter().collect();
    let read = |number: usize| {
        let (path, content) = files[number];
        let mut nothing_new = Vec::new();
        match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("yaml") => Document::parse(path, &content.text, &mut nothing_new),
            Some("md") => Document::parse_front_matter(path, &content.text, &mut nothing_new).map(|(it, _)| it),
            _ => None,
        }
    };
    let documents = on_all_cores(files.len(), &read, &|_| {});
    files.iter().zip(documents).filter_map(|((path, _), document)| Some(((*path).clone(), document?))).collect()
}

/// The list that has an item at exactly this place, and the item's number.
pub(super) fn list_with_item<'n>(node: &'n Node, range: &Range<usize>) -> Option<(&'n [Node], usize)> {
    match &node.value {
        Value::List(items) => match items.iter().position(|item| item.range == *range) {
            Some(at) => Some((items, at)),
            None => items.iter().find_map(|item| list_with_item(item, range)),
        },
        Value::Map(entries) => entries.iter().find_map(|entry| list_with_item(&entry.value, range)),
        Value::Scalar { .. } => None,
    }
}

/// Every scalar of a tree with the way to it: keys, and `[]` for items of lists.
pub(super) fn scalars<'n>(node: &'n Node, way: &mut Vec<&'n str>, visit: &mut impl FnMut(&[&str], &'n Node)) {
    match &node.value {
        Value::Scalar { .. } => visit(way, node),
        Value::List(items) => {
            way.push("[]");
            items.iter().for_each(|item| scalars(item, way, visit));
            way.pop();
        }
        Value::Map(entries) => {
            for entry in entries {
                way.push(&entry.key);
                scalars(&entry.value, way, visit);
                way.pop();
            }
        }
    }
}
