//! `rules/checks.yaml`: how much each kind of finding weighs in this bundle, and where.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::bundle::{FileContent, FileSchema, Words};
use crate::say;
use crate::source::{Code, Diagnostic, Document, Level, Step, nearest, schema_of};

/// Where the settings of checks stand.
pub const PATH: &str = "rules/checks.yaml";

/// How much findings weigh, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// `check` ends with 1.
    Error,
    /// Shown.
    Warning,
    /// Not shown.
    Off,
}

/// One entry of `rules/checks.yaml`. Of several that apply to a finding the last one counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Codes (`J070`) or names (`covered-term`) of findings.
    pub codes: Vec<String>,
    /// How much they weigh.
    pub severity: Weight,
    /// Which files, as patterns relative to the bundle: `*` within a name, `**` across folders. Without it, all.
    #[serde(default)]
    pub files: Vec<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What the keys mean to those who write them.
const WORDS: Words = &[
    ("Entry.codes", "哪些检查：编号如 J070，或名称如 covered-term"),
    ("Entry.severity", "算什么：error 错误，warning 警告，off 不报；本来是错误的不能降级"),
    ("Entry.files", "只对这些文件有效，例如 rules/scenarios/water/**；* 不跨目录，** 跨目录；不写则全部"),
    ("Entry.reason", "为什么这样定"),
];

/// The schema of the file, for editors.
pub fn schema() -> FileSchema {
    FileSchema::new("checks", PATH, schema_of::<Vec<Entry>>(), "检查的轻重 rules/checks.yaml", WORDS)
}

/// What `rules/checks.yaml` says, ready to be asked.
#[derive(Debug, Default)]
pub struct Config {
    entries: Vec<(Vec<Code>, Level, Vec<String>)>,
}

impl Config {
    /// Reads the file, where there is one. Mistakes in it become findings, and their entry is left out.
    pub fn read(files: &BTreeMap<String, Arc<FileContent>>, findings: &mut Vec<Diagnostic>) -> Config {
        let mut config = Config::default();
        let Some(content) = files.get(PATH) else { return config };
        // That the file is no YAML is said where it is loaded.
        let Some(document) = Document::parse(PATH, &content.text, &mut Vec::new()) else { return config };
        if document.root().is_null() {
            return config;
        }
        for (at, entry) in document.read::<Vec<Entry>>(findings).unwrap_or_default().into_iter().enumerate() {
            let level = match entry.severity {
                Weight::Error => Level::Error,
                Weight::Warning => Level::Warning,
                Weight::Off => Level::Off,
            };
            let codes = codes(&document, at, &entry, level, findings);
            config.entries.push((codes, level, entry.files));
        }
        config
    }

    /// What a finding of this kind weighs in a file.
    pub fn level(&self, code: Code, path: &str) -> Level {
        let applies = |(codes, _, globs): &&(Vec<Code>, Level, Vec<String>)| {
            codes.contains(&code) && (globs.is_empty() || globs.iter().any(|glob| matches(glob, path)))
        };
        self.entries.iter().rev().find(applies).map_or(code.level(), |(_, level, _)| *level)
    }
}

/// The codes of an entry, without those that there are not and those that may not be weighed otherwise.
fn codes(document: &Document, at: usize, entry: &Entry, level: Level, findings: &mut Vec<Diagnostic>) -> Vec<Code> {
    let mut codes = Vec::new();
    for (index, text) in entry.codes.iter().enumerate() {
        let steps = [Step::Index(at), Step::Key("codes"), Step::Index(index)];
        match Code::find(text) {
            None => {
                let message = say!("没有“{text}”这项检查", "there is no check `{text}`");
                findings.push(document.diagnostic_at(&steps, Code::UnknownValue, message).note(near(text)));
            }
            Some(code) if code.level() == Level::Error && level != Level::Error => {
                let id = code.id();
                let message = say!("{id} 是错误，不能降级或关闭", "{id} is an error and cannot weigh less");
                findings.push(document.diagnostic_at(&steps, Code::UnknownValue, message).note(say!(
                    "有错误的规则包不会被加载，降级只会把它藏起来",
                    "a bundle with errors is not loaded: weighing it less would only hide why"
                )));
            }
            Some(code) => codes.push(code),
        }
    }
    codes
}

/// The codes that may have been meant.
pub fn near(text: &str) -> crate::source::Message {
    let upper = text.to_ascii_uppercase();
    let by_id = nearest(&upper, Code::ALL.iter().map(|code| code.id()));
    let by_name = nearest(text, Code::ALL.iter().map(|code| code.name()));
    let meant: Vec<String> = by_id
        .into_iter()
        .chain(by_name)
        .filter_map(Code::find)
        .map(|code| format!("{} {}", code.id(), code.name()))
        .collect();
    if meant.is_empty() {
        let (first, last) = (Code::ALL[0].id(), Code::ALL[Code::ALL.len() - 1].id());
        return say!(
            "检查的编号从 {first} 到 {last}，列表见 docs/checks/README.md",
            "checks are {first} to {last}: see docs/checks/README.md"
        );
    }
    let list = meant.join(", ");
    say!("是否想写：{list}", "did you mean: {list}")
}

/// Whether a path matches a pattern: `?` is a character and `*` any number of them, not `/`; `**` is any number of
/// anything. Time is the product of both lengths.
pub fn matches(pattern: &str, path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    // `reached[i]`: what of the pattern was read so far matches the first `i` characters.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let stars = rest.len() - rest.trim_start_matches('*').len();
        let mut next = vec![false; path.len() + 1];
        if stars > 0 {
            rest = &rest[stars..];
            let mut open = false;
            for at in 0..=path.len() {
                open = (open && (stars > 1 || path[at - 1] != '/')) || reached[at];
                next[at] = open;
            }
            // `a/**/b` is `a/b` too.
            if stars > 1 && rest.starts_with('/') {
                for at in 0..=path.len() {
                    next[at] |= at > 0 && path[at - 1] == '/' && reached[at];
                }
                rest = match (0..=path.len()).any(|at| next[at]) {
                    true => {
                        let folders: Vec<bool> = (0..=path.len())
                            .map(|at| reached[at] || (at > 0 && path[at - 1] == '/' && next[at - 1]))
                            .collect();
                        next = folders;
                        &rest[1..]
                    }
                    false => rest,
                };
            }
        } else {
            rest = &rest[character.len_utf8()..];
            for at in 1..=path.len() {
                let same = path[at - 1] == character || (character == '?' && path[at - 1] != '/');
                next[at] = reached[at - 1] && same;
            }
        }
        reached = next;
    }
    reached[path.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths() {
        for (pattern, path, expected) in [
            ("rules/terms/a.yaml", "rules/terms/a.yaml", true),
            ("rules/terms/a.yaml", "rules/terms/b.yaml", false),
            ("rules/*/a.yaml", "rules/terms/a.yaml", true),
            ("rules/*.yaml", "rules/terms/a.yaml", false),
            ("rules/**", "rules/terms/a.yaml", true),
            ("rules/**/a.yaml", "rules/a.yaml", true),
            ("rules/**/a.yaml", "rules/b/c/a.yaml", true),
            ("rules/**/a.yaml", "rules/ba.yaml", false),
            ("**/outage.yaml", "rules/scenarios/water/outage.yaml", true),
            ("**/outage.yaml", "outage.yaml", true),
            ("?ules/terms/*", "rules/terms/词.yaml", true),
            ("", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_of_stars_ends_soon() {
        let path = "a".repeat(2_000);
        assert!(!matches(&"*a".repeat(200).repeat(2).replace("aa", "a").replace('a', "*b"), &path));
    }
}
