//! Which folder is the bundle, which of its files are open, and how their addresses and paths belong together.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use lsp_types::{TextDocumentContentChangeEvent as Change, Uri};

use super::position::changed;
use crate::bundle::FileContent;

/// Bytes of an open text, at the most; a larger one is looked at as it stands on disk.
const MOST_BYTES: usize = 16 << 20;
/// Texts open at once, at the most.
const MOST_OPEN: usize = 1_000;

/// A text that is open in the editor.
#[derive(Clone)]
pub(super) struct Open {
    /// What the editor calls it.
    pub uri: Uri,
    /// How often it was changed, as the editor counts.
    pub version: i32,
    /// The text as it is now.
    pub content: Arc<FileContent>,
}

/// Open texts, by path relative to the bundle.
pub(super) type OpenFiles = BTreeMap<String, Open>;

/// The bundle's folder and what is open in it.
#[derive(Default)]
pub(super) struct Workspace {
    root: Option<PathBuf>,
    open: OpenFiles,
}

impl Workspace {
    /// With the first of some folders that holds a bundle; where none does, the folder around the first file that is
    /// opened will be it.
    pub(super) fn new(folders: impl IntoIterator<Item = PathBuf>) -> Workspace {
        let root = folders.into_iter().find(|folder| is_bundle(folder));
        Workspace { root: root.map(|root| std::path::absolute(&root).unwrap_or(root)), open: OpenFiles::new() }
    }

    /// The bundle's folder, once it is known.
    pub(super) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// What is open.
    pub(super) fn open_files(&self) -> &OpenFiles {
        &self.open
    }

    /// Takes a text that was opened; whether it belongs to the bundle.
    pub(super) fn open(&mut self, uri: Uri, version: i32, text: String) -> bool {
        if self.root.is_none() {
            let path = path_of(&uri);
            let around = path.as_deref().and_then(|path| path.ancestors().skip(1).find(|folder| is_bundle(folder)));
            self.root = around.map(Path::to_owned);
        }
        let Some(path) = self.relative(&uri) else { return false };
        if text.len() > MOST_BYTES || self.open.len() >= MOST_OPEN {
            return false;
        }
        self.open.insert(path, Open { uri, version, content: Arc::new(FileContent::new(text)) });
        true
    }

    /// Takes changes to an open text, each on top of the one before; whether it is one of ours.
    pub(super) fn change(&mut self, uri: &Uri, version: i32, changes: &[Change]) -> bool {
        let Some(path) = self.relative(uri) else { return false };
        let Some(open) = self.open.get_mut(&path) else { return false };
        let Some((first, more)) = changes.split_first() else { return false };
        let text = more.iter().fold(changed(&open.content.text, first), |text, change| changed(&text, change));
        if text.len() > MOST_BYTES {
            self.open.remove(&path);
            return true;
        }
        (open.version, open.content) = (version, Arc::new(FileContent::new(text)));
        true
    }

    /// Forgets an open text; whether it was one of ours.
    pub(super) fn close(&mut self, uri: &Uri) -> bool {
        self.relative(uri).is_some_and(|path| self.open.remove(&path).is_some())
    }

    /// A file's path relative to the bundle; none for what lies elsewhere.
    pub(super) fn relative(&self, uri: &Uri) -> Option<String> {
        let (root, path) = (self.root.as_deref()?, path_of(uri)?);
        let real = |path: &Path| path.canonicalize().ok();
        let inside = match path.strip_prefix(root) {
            Ok(inside) => inside.to_owned(),
            Err(_) => real(&path)?.strip_prefix(real(root)?).ok()?.to_owned(),
        };
        let parts: Option<Vec<String>> = inside.components().map(name).collect();
        parts.map(|parts| parts.join("/")).filter(|path| path.starts_with("rules/") || path.starts_with("knowledge/"))
    }

    /// The address of a file: what the editor calls it where it is open.
    pub(super) fn uri(&self, path: &str) -> Option<Uri> {
        uri_in(self.root.as_deref()?, &self.open, path)
    }
}

/// The address of a file of a bundle: what the editor calls it where it is open.
pub(super) fn uri_in(root: &Path, open: &OpenFiles, path: &str) -> Option<Uri> {
    open.get(path).map(|open| open.uri.clone()).or_else(|| uri_of(&root.join(path)))
}

fn is_bundle(folder: &Path) -> bool {
    folder.join("rules").is_dir()
}

fn name(part: Component<'_>) -> Option<String> {
    match part {
        Component::Normal(name) => name.to_str().map(str::to_owned),
        _ => None,
    }
}

/// The path that a `file:` address means.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    if !(host.is_empty() || host == "localhost") {
        return None;
    }
    let path = decoded(path)?;
    // `/C:/folder` is how addresses write `C:/folder`.
    let bytes = path.as_bytes();
    let drive = bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    Some(PathBuf::from(if drive { &path[1..] } else { &path }))
}

/// `%E6%B0%B4` and the like read back; none where they do not make UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?.replace('\\', "/");
    let mut uri = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b':' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    Uri::from_str(&uri).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_and_paths_belong_together() {
        for (uri, path) in [
            ("file:///a/b.yaml", Some("/a/b.yaml")),
            ("file://localhost/a", Some("/a")),
            ("file:///%E6%B0%B4/a%20b", Some("/水/a b")),
            ("file:///c%3A/x", Some("c:/x")),
            ("file://elsewhere/a", None),
            ("untitled:a", None),
            ("file:///%FF", None),
            ("file:///a%00b", None),
        ] {
            assert_eq!(path_of(&Uri::from_str(uri).unwrap()).as_deref(), path.map(Path::new), "{uri}");
        }
        let odd = Path::new("/水 管/a#b%.yaml");
        assert_eq!(path_of(&uri_of(odd).unwrap()).as_deref(), Some(odd));
    }

    #[test]
    fn only_files_of_the_bundle_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        let uri = |path: &str| uri_of(&folder.path().join(path)).unwrap();
        let mut workspace = Workspace::new([folder.path().join("nowhere")]);
        assert!(!workspace.open(uri("../a.yaml"), 1, String::new()));
        assert!(workspace.open(uri("rules/terms/a.yaml"), 1, "水: [水]".into()), "the folder around it is found");
        assert_eq!(workspace.root(), Some(folder.path()));
        assert_eq!(workspace.relative(&uri("src/a.rs")), None);
        assert_eq!(workspace.relative(&uri("rules/../../a")), None);
        let all = |text: &str| Change { range: None, range_length: None, text: text.into() };
        assert!(workspace.change(&uri("rules/terms/a.yaml"), 2, &[all("a"), all("火: [火]")]));
        assert_eq!(workspace.open_files()["rules/terms/a.yaml"].content.text, "火: [火]");
        assert!(!workspace.change(&uri("rules/terms/b.yaml"), 2, &[all("a")]), "not open");
        assert!(workspace.close(&uri("rules/terms/a.yaml")));
        assert!(!workspace.close(&uri("rules/terms/a.yaml")));
    }
}
