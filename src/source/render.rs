//! Diagnostics as people read them in a terminal.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Lang, Severity};

/// A line longer than this (bytes) is not shown as a snippet: a minified file would fill the screen.
const MAX_LINE: usize = 400;

/// The finding with its source, in colour.
pub fn render(diagnostic: &Diagnostic, lang: Lang) -> String {
    with(&Renderer::styled(), diagnostic, lang)
}

/// The finding with its source, without colour: for files and tests.
pub fn render_plain(diagnostic: &Diagnostic, lang: Lang) -> String {
    with(&Renderer::plain(), diagnostic, lang)
}

fn with(renderer: &Renderer, diagnostic: &Diagnostic, lang: Lang) -> String {
    let level = match (diagnostic.severity, lang) {
        (Severity::Error, Lang::Zh) => Level::ERROR.with_name("错误"),
        (Severity::Error, Lang::En) => Level::ERROR,
        (Severity::Warning, Lang::Zh) => Level::WARNING.with_name("警告"),
        (Severity::Warning, Lang::En) => Level::WARNING,
    };
    let note = match lang {
        Lang::Zh => Level::NOTE.with_name("说明"),
        Lang::En => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.in_lang(lang)).id(diagnostic.code.id());
    let label = diagnostic.label.as_ref().map(|label| label.in_lang(lang));
    let mut group = match &diagnostic.place {
        Some((source, range)) => match excerpt(&source.text, range) {
            Some((first_line, text, range)) => {
                let mut mark = AnnotationKind::Primary.span(range);
                if let Some(label) = label {
                    mark = mark.label(label);
                }
                Group::with_title(title)
                    .element(Snippet::source(text).path(&source.path).line_start(first_line).annotation(mark))
            }
            None => {
                let at = source.position(range.start);
                let origin = annotate_snippets::Origin::path(&source.path).line(at.line).char_column(at.column);
                Group::with_title(title).element(origin)
            }
        },
        None => Group::with_title(title).element(annotate_snippets::Origin::path(&diagnostic.path)),
    };
    for words in &diagnostic.notes {
        group = group.element(note.clone().message(words.in_lang(lang)));
    }
    if let Some(fix) = &diagnostic.fix {
        let help = match lang {
            Lang::Zh => Level::HELP.with_name("可自动修改"),
            Lang::En => Level::HELP.with_name("fix"),
        };
        group = group.element(help.message(fix.title.in_lang(lang)));
    }
    renderer.render(&[group])
}

/// The lines a range lies on (its first three at the most): number of the first, the text, the range in it.
fn excerpt<'a>(text: &'a str, range: &Range<usize>) -> Option<(usize, &'a str, Range<usize>)> {
    let start = floor_boundary(text, range.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let mut end = floor_boundary(text, range.end.max(start));
    let third = text[start..].match_indices('\n').nth(2).map_or(text.len(), |(at, _)| start + at);
    end = end.min(third);
    // A range that ends with the line's end shows the line, not the next one.
    while end > start && text[..end].ends_with(['\n', ' ']) {
        end -= 1;
    }
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let lines = &text[line_start..line_end];
    if lines.split('\n').any(|line| line.len() > MAX_LINE) {
        return None;
    }
    let number = text[..line_start].matches('\n').count() + 1;
    Some((number, lines, start - line_start..end - line_start))
}

fn floor_boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::say;
    use crate::source::{Code, Document, Step};

    #[test]
    fn a_finding_shows_its_line() {
        let mut diagnostics = Vec::new();
        let document = Document::parse("rules/a.yaml", "id: 漏水\npriorty: urgent\n", &mut diagnostics).unwrap();
        let finding = document
            .diagnostic_at(&[Step::KeyItself("priorty")], Code::UnknownKey, say!("不认识的键", "unknown key"))
            .label(say!("是否想写“priority”？", "did you mean `priority`?"));
        assert_eq!(
            render_plain(&finding, Lang::Zh),
            "错误[J003]: 不认识的键
 --> rules/a.yaml:2:1
  |
2 | priorty: urgent
  | ^^^^^^^ 是否想写“priority”？"
        );
    }
}
