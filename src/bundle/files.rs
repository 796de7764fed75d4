//! What each path in a bundle is, and how large it may be.

/// The kinds of file a bundle is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Settings,
    Departments,
    Regions,
    /// How the hotline is assessed.
    Assessment,
    Dictionary,
    Responsibility,
    Calendar,
    Terms,
    Conditions,
    Scenario,
    Article,
    Notice,
    Cases,
    /// Test files, read by another part of the program.
    Tests,
    /// Which findings matter here, read by another part of the program.
    Checks,
}

/// Bytes of one file of YAML or Markdown, at the most: more than any editor writes.
const MAX_WRITTEN: u64 = 4 << 20;
/// Bytes of the dictionary, at the most.
const MAX_DICTIONARY: u64 = 16 << 20;
/// Bytes of one file of cases, at the most.
const MAX_CASES: u64 = 1 << 30;

/// The kind of a file by its path, relative to the bundle with `/` between parts; `None` where nothing is read.
pub(super) fn kind(path: &str) -> Option<Kind> {
    let (folder, name) = path.rsplit_once('/')?;
    let ends = |ending: &str| name.len() > ending.len() && name.ends_with(ending);
    match path {
        "rules/bundle.yaml" => return Some(Kind::Settings),
        "rules/departments.yaml" => return Some(Kind::Departments),
        "rules/regions.yaml" => return Some(Kind::Regions),
        "rules/assessment.yaml" => return Some(Kind::Assessment),
        "rules/checks.yaml" => return Some(Kind::Checks),
        "rules/dictionary.txt" => return Some(Kind::Dictionary),
        _ => {}
    }
    let is_in = |top: &str| folder == top || folder.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
    let kinds = [
        ("rules/responsibility", ".yaml", Kind::Responsibility),
        ("rules/calendar", ".yaml", Kind::Calendar),
        ("rules/terms", ".yaml", Kind::Terms),
        ("rules/conditions", ".yaml", Kind::Conditions),
        ("rules/scenarios", ".yaml", Kind::Scenario),
        ("rules/tests", ".yaml", Kind::Tests),
        ("knowledge/articles", ".md", Kind::Article),
        ("knowledge/notices", ".md", Kind::Notice),
        ("knowledge/cases", ".jsonl", Kind::Cases),
    ];
    kinds.into_iter().find(|(top, ending, _)| is_in(top) && ends(ending)).map(|(_, _, kind)| kind)
}

/// Bytes a file of this kind may have.
pub(super) fn most_bytes(kind: Kind) -> u64 {
    match kind {
        Kind::Cases => MAX_CASES,
        Kind::Dictionary => MAX_DICTIONARY,
        _ => MAX_WRITTEN,
    }
}

/// Files that editors, file managers and git leave behind, and notes for people.
pub(super) fn is_ignored(name: &str) -> bool {
    let endings = ["~", ".swp", ".swo", ".tmp", ".bak", ".orig", ".rej", "___jb_tmp___"];
    name.starts_with(['.', '#']) || endings.iter().any(|ending| name.ends_with(ending)) || name == "README.md"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_place() {
        for (path, expect) in [
            ("rules/bundle.yaml", Some(Kind::Settings)),
            ("rules/scenarios/water/pipe-leak.yaml", Some(Kind::Scenario)),
            ("rules/scenarios/pipe-leak.yaml", Some(Kind::Scenario)),
            ("rules/scenarios/water/pipe-leak.yml", None),
            ("rules/scenariosx/a.yaml", None),
            ("rules/calendar/2026.yaml", Some(Kind::Calendar)),
            ("knowledge/articles/water/a.md", Some(Kind::Article)),
            ("knowledge/cases/2026.jsonl", Some(Kind::Cases)),
            ("knowledge/cases/2026.csv", None),
            ("Cargo.toml", None),
        ] {
            assert_eq!(kind(path), expect, "{path}");
        }
    }
}
