//! The floors of the house: who may import whom, who may touch the outside world, and what every file looks like.
//!
//! Files are parsed, not searched: grouped imports, `super` paths that leave a folder, paths in expressions and types
//! and in macros are all seen. Lines are those where the name first stands beside a `::` (the parser keeps none).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::buffer::Cursor;
use syn::visit::{self, Visit};

/// Folders and their floors. A folder imports from lower floors only. `cli` stands for `main.rs` and `lib.rs` too.
const FLOORS: &[(&str, u8)] = &[
    ("text", 1),
    ("source", 1),
    ("store", 2),
    ("rules", 2),
    ("knowledge", 2),
    ("learn", 2),
    ("catalog", 2),
    ("reply", 2),
    ("access", 3),
    ("decide", 3),
    ("bundle", 4),
    ("check", 5),
    ("report", 5),
    ("import", 5),
    ("tickets", 5),
    ("server", 6),
    ("lsp", 6),
    ("deliver", 6),
    ("cli", 7),
];

/// What floors 1 to 3 may not name: files, network, clocks, threads and the environment come from above.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread::spawn",
    "std::thread::Builder",
    "std::thread::scope",
    "std::thread::sleep",
    "tokio",
];
/// Clocks, by the last two parts of the path.
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
/// Crates that only some folders know.
const KEPT: &[(&str, &[&str])] = &[
    ("serde_yaml", &["source"]),
    ("saphyr_parser", &["source"]),
    ("tantivy", &["knowledge", "bundle"]),
    ("rusqlite", &["store"]),
    ("postgres", &["store"]),
];
/// Lines of one file, at the most.
const MAX_LINES: usize = 600;

/// All that is wrong with one file, as `path:line: what`. `path` is relative to the package, with `/` between parts.
fn findings(path: &str, source: &str) -> Vec<String> {
    let Some(room) = room(path) else { return vec![format!("{path}:1: no such folder in the table of floors")] };
    let file = match syn::parse_file(source) {
        Ok(file) => file,
        Err(error) => return vec![format!("{path}:1: {error}")],
    };
    let mut aliases = Aliases::default();
    aliases.visit_file(&file);
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let mut walk = Walk { path, source, room, module: module(path), aliases: aliases.0, is_test, found: Vec::new() };
    walk.visit_file(&file);
    walk.found
}

/// The folder a file belongs to; `None` for a folder or top-level file that nobody planned.
fn room(path: &str) -> Option<&'static str> {
    let name = match path.strip_prefix("src/")?.split_once('/') {
        Some((folder, _)) => folder,
        None if matches!(path, "src/main.rs" | "src/lib.rs") => "cli",
        None => return None,
    };
    FLOORS.iter().map(|(known, _)| *known).find(|known| *known == name)
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == room).map(|(_, floor)| *floor)
}

/// `src/a/b.rs` is the module `a::b`, `src/a/mod.rs` is `a`.
fn module(path: &str) -> Vec<String> {
    let parts = path.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_owned);
    parts.filter(|part| !matches!(part.as_str(), "mod" | "main" | "lib")).collect()
}

/// Names that a file gives to things of other crates.
#[derive(Default)]
struct Aliases(BTreeMap<String, Vec<String>>);

impl<'ast> Visit<'ast> for Aliases {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for (path, name) in flattened(&item.tree) {
            if !matches!(path[0].as_str(), "crate" | "self" | "super") && path.last() != Some(&"*".to_owned()) {
                self.0.insert(name, path);
            }
        }
    }
}

/// Every path of an import with the name it gets; a `*` stands for itself.
fn flattened(tree: &syn::UseTree) -> Vec<(Vec<String>, String)> {
    let one = |path: String, name: String| vec![(vec![path], name)];
    match tree {
        syn::UseTree::Path(path) => {
            let first = path.ident.to_string();
            let below = flattened(&path.tree).into_iter().map(|(rest, name)| {
                // `a::{self}` is `a`.
                let (rest, name) = if rest == ["self"] { (Vec::new(), first.clone()) } else { (rest, name) };
                ([vec![first.clone()], rest].concat(), name)
            });
            below.collect()
        }
        syn::UseTree::Name(name) => one(name.ident.to_string(), name.ident.to_string()),
        syn::UseTree::Rename(rename) => one(rename.ident.to_string(), rename.rename.to_string()),
        syn::UseTree::Glob(_) => one("*".to_owned(), "*".to_owned()),
        syn::UseTree::Group(group) => group.items.iter().flat_map(flattened).collect(),
    }
}

/// Goes through one file and holds every path in it against the table.
struct Walk<'a> {
    path: &'a str,
    source: &'a str,
    room: &'static str,
    /// The module that is being read.
    module: Vec<String>,
    aliases: BTreeMap<String, Vec<String>>,
    /// Tests may read files and clocks; what they import is held to the floors all the same.
    is_test: bool,
    found: Vec<String>,
}

impl Walk<'_> {
    fn report(&mut self, name: &str, what: &str) {
        let line = line_of(self.source, name);
        let finding = format!("{}:{line}: {what}", self.path);
        if !self.found.contains(&finding) {
            self.found.push(finding);
        }
    }

    fn check(&mut self, path: &[String]) {
        match self.inside(path) {
            Some(inside) => self.check_floor(&inside),
            None => self.check_outside(path),
        }
    }

    /// The path from the root of this crate, where it is one of this crate.
    fn inside(&self, path: &[String]) -> Option<Vec<String>> {
        let first = path.first()?.as_str();
        match first {
            "crate" | "jiesu" => Some(path[1..].to_vec()),
            "self" | "super" if path.len() > 1 => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let base = self.module.len().saturating_sub(ups);
                let rest = path.iter().skip_while(|part| matches!(part.as_str(), "super" | "self"));
                Some(self.module[..base].iter().chain(rest).cloned().collect())
            }
            _ => None,
        }
    }

    fn check_floor(&mut self, inside: &[String]) {
        let room = self.room;
        let target = match inside.first().map(String::as_str) {
            None | Some("*") => return self.report("crate", "names the whole crate"),
            // The macro that makes messages is exported at the root.
            Some("say") => "source",
            Some(target) => target,
        };
        if target == room || (room == "cli" && self.module.is_empty()) {
            return;
        }
        match (floor(target), floor(room)) {
            (None, _) => self.report(target, &format!("`{target}` is not in the table of floors")),
            (Some(theirs), Some(ours)) if theirs >= ours => {
                let what = format!("`{room}` (floor {ours}) imports `{target}` (floor {theirs})");
                self.report(inside[0].as_str(), &what);
            }
            _ => {}
        }
    }

    fn check_outside(&mut self, path: &[String]) {
        let full = match self.aliases.get(&path[0]) {
            Some(alias) => [alias, &path[1..]].concat(),
            None => path.to_vec(),
        };
        for (name, rooms) in KEPT {
            if full[0] == *name && !rooms.contains(&self.room) {
                self.report(name, &format!("`{}` may not know `{name}`", self.room));
            }
        }
        if self.is_test || floor(self.room).is_none_or(|floor| floor > 3) {
            return;
        }
        let full = full.join("::");
        // The store is a database: it has files, connections and threads, but nobody else's.
        let is_named = |name: &&&str| full == **name || full.starts_with(&format!("{name}::"));
        let is_foreign = |name: &&&str| self.room != "store" || matches!(**name, "std::process" | "std::env");
        let outside = OUTSIDE.iter().find(is_named).filter(is_foreign);
        let clock = CLOCKS.iter().find(|name| full.ends_with(*name)).filter(|_| self.room != "store");
        if let Some(name) = outside.or(clock) {
            let written = path.last().map_or("", String::as_str);
            self.report(written, &format!("`{}` may not use {name}", self.room));
        }
    }

    /// Paths in the tokens of a macro.
    fn check_tokens(&mut self, mut cursor: Cursor<'_>) {
        let mut path: Vec<String> = Vec::new();
        // What stands before: a name can only be continued after `::`.
        let mut colons = 0;
        while !cursor.eof() {
            if let Some((ident, next)) = cursor.ident() {
                if colons != 2 {
                    self.end_of_path(&mut path, false);
                }
                path.push(ident.to_string());
                (colons, cursor) = (0, next);
            } else if let Some((punct, next)) = cursor.punct() {
                if punct.as_char() == ':' {
                    colons += 1;
                } else {
                    self.end_of_path(&mut path, colons == 2);
                    colons = 0;
                }
                cursor = next;
            } else if let Some((inner, _, _, next)) = cursor.any_group() {
                self.end_of_path(&mut path, colons == 2);
                colons = 0;
                self.check_tokens(inner);
                cursor = next;
            } else if let Some((_, next)) = cursor.token_tree() {
                self.end_of_path(&mut path, false);
                (colons, cursor) = (0, next);
            }
        }
        self.end_of_path(&mut path, false);
    }

    /// A path of a macro is over; `open` when it goes on in a group or with a `*`.
    fn end_of_path(&mut self, path: &mut Vec<String>, open: bool) {
        if path.len() > 1 || (open && !path.is_empty()) {
            let path = std::mem::take(path);
            self.check(&path);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if self.module.is_empty() && floor(&item.ident.to_string()).is_none() {
            self.report(&item.ident.to_string(), &format!("`{}` is not in the table of floors", item.ident));
        }
        let before = self.is_test;
        self.is_test |= item.attrs.iter().any(|attribute| {
            let is_test = |list: &syn::MetaList| list.path.is_ident("cfg") && list.tokens.to_string() == "test";
            attribute.meta.require_list().is_ok_and(is_test)
        });
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
        self.is_test = before;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for (path, _) in flattened(&item.tree) {
            self.check(&path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.check(&parts);
        visit::visit_path(self, path);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // `pub(crate)` names the crate and imports nothing.
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        let tokens = syn::buffer::TokenBuffer::new2(item.tokens.clone());
        self.check_tokens(tokens.begin());
    }
}

/// The first line of code on which the name stands beside a `::`, or else at all.
fn line_of(source: &str, name: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let stands = |line: &str, beside: bool| {
        let code = line.split("//").next().unwrap_or_default();
        code.match_indices(name).any(|(at, _)| {
            let (before, after) = (&code[..at], &code[at + name.len()..]);
            let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
            whole && (!beside || before.ends_with("::") || after.starts_with("::"))
        })
    };
    let line = |beside| source.lines().position(|line| stands(line, beside));
    line(true).or_else(|| line(false)).map_or(1, |index| index + 1)
}

/// Every Rust file below `src`, as its path relative to the package and its text; in order of the path.
fn files() -> Vec<(String, String)> {
    fn collect(folder: &Path, shown: &str, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let shown = format!("{shown}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                collect(&entry.path(), &shown, files);
            } else if shown.ends_with(".rs") {
                files.push((shown, fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "src", &mut files);
    files.sort();
    assert!(files.len() > 20, "no source found");
    files
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_folder_imports_from_lower_floors_only() {
    assert_none(&files().iter().flat_map(|(path, source)| findings(path, source)).collect::<Vec<_>>());
}

#[test]
fn every_folder_says_what_it_is_for() {
    let files = files();
    let rooms = files.iter().filter(|(path, _)| path.ends_with("/mod.rs"));
    let silent = rooms.filter(|(_, source)| !source.starts_with("//! "));
    assert_none(&silent.map(|(path, _)| format!("{path}:1: does not begin with a `//!` comment")).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    let long = files().into_iter().map(|(path, source)| (path, source.lines().count()));
    let long = long.filter(|(_, lines)| *lines > MAX_LINES);
    assert_none(&long.map(|(path, lines)| format!("{path}: {lines} lines")).collect::<Vec<_>>());
}

/// The test of the test: what must be refused, with the line, and what must pass.
#[test]
fn the_test_sees_what_it_should() {
    for (path, source, expect) in [
        ("src/rules/a.rs", "use crate::text::Text;", None),
        ("src/rules/a.rs", "use super::b; use self::c::D; use super::super::text::Text;", None),
        ("src/rules/a.rs", "use crate::say; fn f() { say!(\"\", \"\"); }", None),
        ("src/rules/a.rs", "pub(crate) struct A; pub(super) struct B; pub(in crate::rules) struct C;", None),
        ("src/rules/a.rs", "use crate::rules::Kind; // crate::knowledge", None),
        ("src/main.rs", "fn main() { jiesu::cli::run() }", None),
        ("src/lib.rs", "pub mod text;", None),
        ("src/rules/tests.rs", "use std::time::Instant; fn f() { Instant::now(); }", None),
        ("src/rules/a.rs", "#[cfg(test)] mod tests { use std::fs; use super::*; }", None),
        ("src/rules/a.rs", "use std::thread; thread_local! { static A: u8 = 0; } type K = thread::LocalKey<u8>;", None),
        ("src/bundle/a.rs", "use std::fs; use tantivy::Index; fn f() { std::time::Instant::now(); }", None),
        ("src/store/a.rs", "use std::net::IpAddr; use std::fs::File; use tokio::sync::oneshot; use crate::say;", None),
        ("src/store/a.rs", "use rusqlite::Connection; use postgres::Client;", None),
        ("src/source/a.rs", "use serde_yaml::Value; use saphyr_parser::Parser;", None),
        ("src/rules/a.rs", "\nuse crate::knowledge::Case;", Some("2: `rules` (floor 2) imports `knowledge` (floor 2)")),
        (
            "src/rules/a.rs",
            "use crate::{text::Text,\n  decide::Engine};",
            Some("2: `rules` (floor 2) imports `decide`"),
        ),
        ("src/rules/a.rs", "pub use crate::decide::Engine as E;", Some("1: `rules` (floor 2) imports `decide`")),
        ("src/rules/a.rs", "use super::super::catalog;", Some("1: `rules` (floor 2) imports `catalog`")),
        ("src/rules/mod.rs", "use super::catalog;", Some("1: `rules` (floor 2) imports `catalog`")),
        (
            "src/rules/mod.rs",
            "mod a { mod b { use super::super::super::reply::Values; } }",
            Some("1: `rules` (floor 2) imports `reply`"),
        ),
        ("src/rules/a.rs", "fn f() {\n crate::decide::g();\n}", Some("2: `rules` (floor 2) imports `decide`")),
        ("src/rules/a.rs", "fn f(x: crate::decide::A) {}", Some("1: `rules` (floor 2) imports `decide`")),
        ("src/rules/a.rs", "fn f() -> impl Iterator<Item = crate::decide::A> {}", Some("imports `decide`")),
        (
            "src/rules/a.rs",
            "fn f() { assert!(crate::decide::ready()); }",
            Some("1: `rules` (floor 2) imports `decide`"),
        ),
        (
            "src/rules/a.rs",
            "macro_rules! m { () => { $crate::decide::A } }",
            Some("1: `rules` (floor 2) imports `decide`"),
        ),
        ("src/rules/a.rs", "macro_rules! m { () => { use $crate::{decide}; } }", Some("names the whole crate")),
        ("src/rules/a.rs", "use crate::*;", Some("names the whole crate")),
        ("src/rules/a.rs", "use crate as c;", Some("names the whole crate")),
        ("src/rules/a.rs", "use crate::{self as c};", Some("names the whole crate")),
        ("src/rules/a.rs", "use crate::nowhere::A;", Some("1: `nowhere` is not in the table")),
        ("src/rules/a.rs", "#[cfg(test)] mod tests { use crate::decide::Engine; }", Some("imports `decide`")),
        ("src/text/a.rs", "use crate::say;", Some("`text` (floor 1) imports `source` (floor 1)")),
        ("src/decide/a.rs", "use crate::bundle::Live;", Some("`decide` (floor 3) imports `bundle` (floor 4)")),
        ("src/lsp/a.rs", "use crate::server::State;", Some("`lsp` (floor 6) imports `server` (floor 6)")),
        ("src/server/a.rs", "use crate::cli::run;", Some("`server` (floor 6) imports `cli` (floor 7)")),
        ("src/nowhere/a.rs", "", Some("1: no such folder")),
        ("src/extra.rs", "", Some("1: no such folder")),
        ("src/lib.rs", "pub mod nowhere;", Some("1: `nowhere` is not in the table")),
        ("src/rules/a.rs", "use std::{fmt,\n fs};", Some("2: `rules` may not use std::fs")),
        ("src/source/a.rs", "fn f() { std::fs::read(\"\"); }", Some("`source` may not use std::fs")),
        ("src/store/a.rs", "fn f() { std::env::var(\"HOME\"); }", Some("`store` may not use std::env")),
        ("src/catalog/a.rs", "use crate::store::Store;", Some("`catalog` (floor 2) imports `store` (floor 2)")),
        ("src/tickets/a.rs", "use rusqlite::Connection;", Some("`tickets` may not know `rusqlite`")),
        ("src/server/a.rs", "fn f() -> postgres::Client {}", Some("`server` may not know `postgres`")),
        ("src/rules/a.rs", "use std::fs::{self, File};", Some("may not use std::fs")),
        ("src/rules/a.rs", "fn f() { vec![std::env::var(\"HOME\")]; }", Some("may not use std::env")),
        (
            "src/rules/a.rs",
            "use std::thread;\nfn f() { thread::spawn(g); }",
            Some("2: `rules` may not use std::thread::spawn"),
        ),
        (
            "src/rules/a.rs",
            "use std::time::Instant as I;\nfn f() { I::now(); }",
            Some("2: `rules` may not use Instant::now"),
        ),
        ("src/rules/a.rs", "fn f() { jiff::Zoned::now(); }", Some("may not use Zoned::now")),
        ("src/rules/a.rs", "fn f() { tokio::spawn(g); }", Some("may not use tokio")),
        ("src/server/a.rs", "use tantivy::Index;", Some("`server` may not know `tantivy`")),
        ("src/rules/a.rs", "fn f() { serde_yaml::from_str(\"\"); }", Some("`rules` may not know `serde_yaml`")),
        ("src/bundle/a.rs", "use saphyr_parser as p;", Some("`bundle` may not know `saphyr_parser`")),
        ("src/rules/a.rs", "fn f( {", Some("1: ")),
    ] {
        let found = findings(path, source);
        match expect {
            None => assert!(found.is_empty(), "{path}: {source}\nis refused: {found:?}"),
            Some(expect) => {
                let first = found.first().unwrap_or_else(|| panic!("{path}: {source}\npasses"));
                assert!(first.contains(expect), "{path}: {source}\ngives {first}, not {expect}");
            }
        }
    }
}
