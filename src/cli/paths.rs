//! Files that are named by patterns where no shell has put in their names: in quotation marks, or on Windows.

use std::path::{Path, PathBuf};

use crate::check::config::matches;
use crate::say;
use crate::source::Message;

/// Folders in folders that are looked through, and files that are looked at, at the most.
const DEEPEST: usize = 16;
const MOST_FILES: usize = 100_000;

/// The files, patterns (`*`, `?`, `**`) replaced by what they name, in order of names. What is there under the very name
/// is no pattern.
///
/// # Errors
/// A pattern names nothing.
pub(super) fn expanded(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Message> {
    let mut all = Vec::new();
    for path in paths {
        let pattern = path.to_string_lossy().replace('\\', "/");
        if !pattern.contains(['*', '?']) || path.exists() {
            all.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        look(&fixed(&pattern), &pattern, 0, &mut found);
        if found.is_empty() {
            return Err(say!("没有文件符合 {pattern}", "no file is called like {pattern}"));
        }
        found.sort();
        all.append(&mut found);
    }
    Ok(all)
}

/// The folder before the first part with a sign of a pattern.
fn fixed(pattern: &str) -> PathBuf {
    let parts: Vec<&str> = pattern.split('/').take_while(|part| !part.contains(['*', '?'])).collect();
    match parts.as_slice() {
        [] => PathBuf::from("."),
        [""] => PathBuf::from("/"),
        parts => PathBuf::from(parts.join("/")),
    }
}

fn look(folder: &Path, pattern: &str, depth: usize, found: &mut Vec<PathBuf>) {
    let deep = pattern.contains("**") || depth < pattern.matches('/').count();
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() && deep && depth < DEEPEST {
            look(&path, pattern, depth + 1, found);
        }
        let name = path.to_string_lossy().replace('\\', "/");
        let name = if pattern.starts_with("./") { &*name } else { name.strip_prefix("./").unwrap_or(&name) };
        if path.is_file() && found.len() < MOST_FILES && matches(pattern, name) {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn patterns_name_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("2026/三月")).unwrap();
        for name in ["a.jsonl", "b.jsonl", "c.txt", "2026/三月/d.jsonl", "e*.jsonl"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let root = folder.path().to_str().unwrap().to_owned();
        for (pattern, expect) in [
            ("*.jsonl", "a.jsonl b.jsonl e*.jsonl"),
            ("?.jsonl", "a.jsonl b.jsonl"),
            ("a.jsonl", "a.jsonl"),
            ("**/*.jsonl", "2026/三月/d.jsonl a.jsonl b.jsonl e*.jsonl"),
            ("2026/*/*.jsonl", "2026/三月/d.jsonl"),
            ("e*.jsonl", "e*.jsonl"),
            ("gone.jsonl", "gone.jsonl"),
        ] {
            let found = expanded(&[PathBuf::from(format!("{root}/{pattern}"))]).unwrap();
            let found: Vec<&str> =
                found.iter().map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
            assert_eq!(found.join(" "), expect, "{pattern}");
        }
        assert!(expanded(&[PathBuf::from(format!("{root}/*.csv"))]).is_err());
    }
}
