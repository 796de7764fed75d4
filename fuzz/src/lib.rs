//! What is fuzzed: every place where bytes from outside are read. A target takes any bytes and must neither panic nor
//! take long; what it asserts is what the library promises about any input.

mod json_lines;
mod load_rules;
pub mod mutate;
mod normalise;
mod template;

pub use json_lines::JSON_LINES;
pub use load_rules::LOAD_RULES;
pub use normalise::NORMALISE;
pub use template::TEMPLATE;

use jiesu::source::{Diagnostic, Lang, render, render_plain};

/// Something to fuzz.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Takes one input.
    pub run: fn(&[u8]),
    /// Inputs to begin with: each shows something that the target understands.
    pub seeds: &'static [&'static str],
    /// Runs of characters that mean something to the target.
    pub words: &'static [&'static str],
}

/// Bytes as text; what is no UTF-8 is replaced, as everything that reads files refuses it before this.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Every finding can be shown, in both languages, and its place lies in the file.
fn show(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        for lang in [Lang::Zh, Lang::En] {
            assert!(!render_plain(diagnostic, lang).is_empty() && !render(diagnostic, lang).is_empty());
            assert!(diagnostic.to_json(lang).is_object());
        }
        if let (Some((source, range)), Some(position)) = (&diagnostic.place, diagnostic.position()) {
            assert!(range.start <= source.text.len(), "{}: {range:?} of {}", diagnostic.path, source.text.len());
            assert!(position.line >= 1 && position.column >= 1);
        }
    }
}
