//! Diagnostics as people read them in a terminal.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Lang, Severity};

/// Of a line longer than this (bytes) only a part is shown: a minified file would fill the screen.
const MAX_LINE: usize = 400;
/// Characters of a long line that are shown before and after the place, and of the place itself.
const AROUND: usize = 24;
const LONGEST_PLACE: usize = 48;

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
                let mark = mark(range, label);
                Group::with_title(title)
                    .element(Snippet::source(text).path(&source.path).line_start(first_line).annotation(mark))
            }
            None => {
                let at = source.position(range.start);
                let origin = annotate_snippets::Origin::path(&source.path).line(at.line).char_column(at.column);
                let (text, range) = part_of_line(&source.text, range);
                let part = Snippet::source(text).line_start(at.line).annotation(mark(range, label));
                Group::with_title(title).element(origin).element(part)
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
    let shown = renderer.render(&[group]);
    // A part of a long line stands below its place as if it were of another file; the sign for that says nothing here.
    let says_something = |line: &&str| anstream::adapter::strip_str(line).to_string().trim() != ":::";
    shown.lines().filter(says_something).collect::<Vec<_>>().join("\n")
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

fn mark(range: Range<usize>, label: Option<&str>) -> annotate_snippets::Annotation<'_> {
    let mark = AnnotationKind::Primary.span(range);
    match label {
        Some(label) => mark.label(label),
        None => mark,
    }
}

/// A part of a long line around a place, with `…` where it was cut, and the place in it.
fn part_of_line(text: &str, range: &Range<usize>) -> (String, Range<usize>) {
    let start = floor_boundary(text, range.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = floor_boundary(text, range.end).clamp(start, line_end);
    let (before, place, after) = (&text[line_start..start], &text[start..end], &text[end..line_end]);
    let shown_before: String = {
        let last: Vec<char> = before.chars().rev().take(AROUND).collect();
        last.into_iter().rev().collect()
    };
    let shown_place: String = place.chars().take(LONGEST_PLACE).collect();
    let is_whole = shown_place.len() == place.len();
    let shown_after: String = if is_whole { after.chars().take(AROUND).collect() } else { String::new() };
    let cut_before = if shown_before.len() < before.len() { "…" } else { "" };
    let cut_after = if is_whole && shown_after.len() == after.len() { "" } else { "…" };
    let from = cut_before.len() + shown_before.len();
    let part = format!("{cut_before}{shown_before}{shown_place}{shown_after}{cut_after}");
    (part, from..from + shown_place.len())
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
    fn a_finding_in_a_long_line_shows_the_part_around_it() {
        let words = |from: usize, to: usize| (from..to).map(|at| format!("词{at}")).collect::<Vec<_>>().join(", ");
        let text = format!("# 词表\n水管: [{}, 漏水, {}]\n", words(0, 100), words(100, 200));
        let document = Document::parse("rules/terms/a.yaml", &text, &mut Vec::new()).unwrap();
        let at = text.find("漏水").unwrap();
        let column = text.lines().nth(1).unwrap().chars().position(|c| c == '漏').unwrap() + 1;
        let finding = document.diagnostic(at..at + "漏水".len(), Code::DuplicateTerm, say!("重复", "twice"));
        let shown = render_plain(&finding, Lang::Zh);
        assert!(shown.contains(&format!("rules/terms/a.yaml:2:{column}")), "{shown}");
        assert!(shown.contains("…95, 词96, 词97, 词98, 词99, 漏水, 词100, 词101"), "{shown}");
        assert!(shown.contains("^^^^") && shown.lines().all(|line| line.chars().count() < 120), "{shown}");
        // A place that is itself long, at the end of the file.
        let finding = document.diagnostic(0..text.len(), Code::DuplicateTerm, say!("重复", "twice"));
        assert!(render_plain(&finding, Lang::Zh).lines().all(|line| line.chars().count() < 120));
    }

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
