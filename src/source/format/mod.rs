//! One layout for YAML, which never changes what a file says.
//!
//! `pretty_yaml` prints; this folder decides whether what it printed may be used. The text is read again afterwards: its
//! tree must be the one before and its comments must all be there, in order, and printing it once more must change
//! nothing. A file for which that does not hold is left as it is, and a finding says so.
//!
//! Lines are never broken because of their length: a condition or a list of terms stands where its editor put it, on one
//! line or one a line (a list is broken up when its first member begins on a new line). The printer would break a long
//! `[…]` into one term a line, and a list of forty terms is read, and compared in git, no better that way.

mod comments;
mod order;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, LineBreak, Quotes};

use super::{Code, Diagnostic, Document, Message, Node, SourceText, Value};
use crate::say;

/// Columns after which the printer would break a line: none has as many.
const NO_LIMIT: usize = 1 << 30;
/// Printed once more, at the most, until nothing changes.
const MAX_ROUNDS: usize = 4;

/// A YAML file in its layout. `path` is relative to the bundle and only named in findings. Keys of the outermost mapping
/// are put in the order of `keys`, with the comments right above them, where no comment could end up at a wrong key.
///
/// # Errors
/// The findings when it is not YAML, or ([`Code::LayoutKept`]) when no layout of it says the same.
pub fn format_yaml(path: &str, text: &str, keys: &[&str]) -> Result<String, Vec<Diagnostic>> {
    let text = lines_of_unix(text);
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let before = parse(path, &text)?;
    laid_out(&before, keys).map_err(|message| {
        let source = Arc::new(SourceText::new(path, text.as_str()));
        vec![Diagnostic::at(&source, 0..0, Code::LayoutKept, message)]
    })
}

/// A Markdown file with its front matter in its layout; of the text below it only line ends and the end of the file
/// change.
///
/// # Errors
/// As [`format_yaml`], and when there is no front matter.
pub fn format_front_matter(path: &str, text: &str, keys: &[&str]) -> Result<String, Vec<Diagnostic>> {
    let text = lines_of_unix(text);
    let mut diagnostics = Vec::new();
    let Some((document, _)) = Document::parse_front_matter(path, &text, &mut diagnostics) else {
        return Err(diagnostics);
    };
    let (front, body) = (document.yaml(), &text["---\n".len() + document.yaml().len()..]);
    // Its findings would name lines of the front matter alone; a document that was read has no others than this one.
    let front = format_yaml(path, front, keys).map_err(|findings| {
        let about = |finding: Diagnostic| Diagnostic::at(document.source(), 0..3, finding.code, finding.message);
        findings.into_iter().map(about).collect::<Vec<_>>()
    })?;
    Ok(format!("---\n{front}{}\n", body.trim_end()))
}

/// Without a byte order mark, and with `\n` at the end of each line.
fn lines_of_unix(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn parse(path: &str, text: &str) -> Result<Document, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    Document::parse(path, text, &mut diagnostics).ok_or(diagnostics)
}

/// In order and printed; in its own order where its keys cannot be moved.
fn laid_out(before: &Document, keys: &[&str]) -> Result<String, Message> {
    if let Some(ordered) = order::in_order(before, keys)
        && let Ok(ordered) = parse(before.path(), &ordered)
        && same_in_any_order(before.root(), ordered.root())
        && sorted(comments::of(before)) == sorted(comments::of(&ordered))
        && let Ok(printed) = printed(&ordered)
    {
        return Ok(printed);
    }
    printed(before)
}

fn sorted(mut comments: Vec<&str>) -> Vec<&str> {
    comments.sort_unstable();
    comments
}

/// Printed, read again and found to say the same; printed once more, nothing changes.
fn printed(before: &Document) -> Result<String, Message> {
    let mut text = print(before.yaml())?;
    for _ in 0..MAX_ROUNDS {
        let after = parse(before.path(), &text).map_err(|_| changes(&say!("读不懂", "it cannot be read")))?;
        if !same(before.root(), after.root()) {
            return Err(changes(&say!("内容变了", "a value would be another")));
        }
        if comments::of(before) != comments::of(&after) {
            return Err(changes(&say!("注释丢了或换了位置", "a comment would be lost or moved")));
        }
        let again = print(&text)?;
        if again == text {
            return Ok(text);
        }
        text = again;
    }
    Err(changes(&say!("每整理一次结果都不同", "it would come out differently each time")))
}

fn changes(what: &Message) -> Message {
    let (zh, en) = (&what.zh, &what.en);
    say!(
        "没有整理这个文件：整理后{zh}。请把写法特别的地方（跨行的引号、行尾空格等）改简单些再试",
        "this file was left as it is: after formatting {en}; write what is unusual in it (quotes over several lines, blanks at line ends) more simply"
    )
}

/// The text as the printer writes it.
fn print(yaml: &str) -> Result<String, Message> {
    // A printer that fails on a file must not end a language server.
    let printed = catch_unwind(AssertUnwindSafe(|| pretty_yaml::format_text(yaml, &options())));
    match printed {
        Ok(Ok(text)) => Ok(text.trim_start_matches('\n').to_owned()),
        Ok(Err(error)) => {
            let error = error.to_string();
            Err(changes(&say!("读不懂（{error}）", "it cannot be read ({error})")))
        }
        Err(_) => Err(changes(&say!("出不来", "nothing comes out"))),
    }
}

fn options() -> FormatOptions {
    FormatOptions {
        layout: LayoutOptions { print_width: NO_LIMIT, indent_width: 2, line_break: LineBreak::Lf },
        language: LanguageOptions {
            // The marks that regular expressions need: in the others `\d` would be an escape.
            quotes: Quotes::PreferSingle,
            trailing_comma: false,
            brace_spacing: false,
            bracket_spacing: false,
            // Blanks at the end of a line belong to the text of a reply; elsewhere none are printed.
            trim_trailing_whitespaces: false,
            ..LanguageOptions::default()
        },
    }
}

/// Whether two trees say the same, wherever their parts stand.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        // Quoted or not makes a difference where nothing was written: `~` is no text, `'~'` is one.
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b && one.is_null() == other.is_null(),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        _ => false,
    }
}

/// The same, whatever order the keys of the outermost mapping are in.
fn same_in_any_order(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|a| other.get(&a.key).is_some_and(|b| same(&a.value, b)))
        }
        _ => same(one, other),
    }
}
