//! Which files of a bundle have a layout, and in which order their keys are written.

use std::path::Path;

use super::files::{self, Kind};
use super::snapshot::{self, FileOnDisk, SnapshotError};
use crate::knowledge::{Article, Notice};
use crate::rules::Scenario;
use crate::source::{Diagnostic, format_front_matter, format_yaml};

/// How a kind of file is laid out.
enum Layout {
    Yaml(&'static [&'static str]),
    FrontMatter(&'static [&'static str]),
}

fn layout(kind: Kind) -> Option<Layout> {
    match kind {
        Kind::Scenario => Some(Layout::Yaml(Scenario::KEYS)),
        Kind::Article => Some(Layout::FrontMatter(Article::KEYS)),
        Kind::Notice => Some(Layout::FrontMatter(Notice::KEYS)),
        // The order of the keys is their editors': lists of terms, the dispatch list.
        Kind::Settings
        | Kind::Departments
        | Kind::Regions
        | Kind::Assessment
        | Kind::Responsibility
        | Kind::Calendar
        | Kind::Terms
        | Kind::Conditions
        | Kind::Checks
        | Kind::Tests => Some(Layout::Yaml(&[])),
        Kind::Dictionary | Kind::Cases => None,
    }
}

/// A file of a bundle in its layout, by its path (relative to the bundle); `None` where its kind has none. An error are
/// the findings for which it is left as it is, as [`format_yaml`] gives them.
pub fn formatted(path: &str, text: &str) -> Option<Result<String, Vec<Diagnostic>>> {
    match layout(files::kind(path)?)? {
        Layout::Yaml(keys) => Some(format_yaml(path, text, keys)),
        Layout::FrontMatter(keys) => Some(format_front_matter(path, text, keys)),
    }
}

/// All files of the bundle in `root` that have a layout and that `wanted` asks for by their place on disk, with findings
/// for those that cannot be read.
///
/// # Errors
/// When there is no bundle, or its folder cannot be read.
pub fn written_files(
    root: &Path,
    wanted: impl Fn(&Path) -> bool,
) -> Result<(Vec<FileOnDisk>, Vec<Diagnostic>), SnapshotError> {
    snapshot::read_some(root, |kind, at| layout(kind).is_some() && wanted(at))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_key_of_a_file_has_its_place() {
        let kinds = [
            ("scenario", Scenario::KEYS, Scenario::schema()),
            ("article", Article::KEYS, Article::schema()),
            ("notice", Notice::KEYS, Notice::schema()),
        ];
        for (kind, keys, schema) in kinds {
            let known: BTreeSet<&str> =
                schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys.iter().copied().collect::<BTreeSet<_>>(), known, "{kind}");
        }
    }
}
