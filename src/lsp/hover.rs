//! What a name, a key or a finding means.

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use super::index::{Indexed, Name, key_at};
use super::keys::{File, Kind, called};
use super::position::Lines;
use super::session::{At, Session};
use crate::check;
use crate::rules::Vocabulary;
use crate::say;
use crate::source::{Code, Document, Message, Node, Value};

/// Terms of a list that are shown, at the most.
const MOST_TERMS: usize = 40;
/// Examples that are shown, at the most.
const MOST_EXAMPLES: usize = 3;
/// Characters of a condition or a text that are shown, at the most.
const MOST_TEXT: usize = 400;

/// What to say at a place: of the name there, or else of the key; and of the findings there, with their pages.
pub(super) fn hover(session: &Session, asked: &HoverParams) -> Option<Hover> {
    let at = session.at(&asked.text_document_position_params)?;
    let lines = Lines::of(at.file.text());
    let mut parts: Vec<String> = Vec::new();
    let mut range = None;
    if let Some(name) = at.file.name_at(at.byte) {
        parts.extend(of_name(session, &at, name));
        range = Some(lines.place(&name.range));
    } else if let Some(code) = code_at(at.file.text(), at.byte) {
        parts.push(check::page(code).to_owned());
    } else if let Some(document) = &at.file.document
        && let Some((key, place)) = key_at(document, File::at(&at.path), at.byte)
    {
        parts.push(format!("`{}`　{}", key.name, key.meaning().in_lang(session.lang)));
        range = Some(lines.place(place));
    }
    parts.extend(of_findings(session, &at));
    if parts.is_empty() {
        return None;
    }
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: parts.join("\n\n---\n\n") };
    Some(Hover { contents: HoverContents::Markup(contents), range })
}

/// The pages of findings at a place. Their messages the editor shows itself.
fn of_findings(session: &Session, at: &At<'_>) -> Vec<String> {
    let findings = session.shared.now().findings.clone();
    let here = findings.iter().filter(|finding| {
        finding.path == at.path
            && finding.place.as_ref().is_some_and(|(source, range)| {
                source.text == at.file.text() && range.start <= at.byte && at.byte <= range.end
            })
    });
    let mut codes: Vec<Code> = here.map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.into_iter().map(|code| check::page(code).trim_end().to_owned()).collect()
}

/// The code of a finding that is written at a byte: in settings, or in a comment that allows it.
fn code_at(text: &str, byte: usize) -> Option<Code> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let start = text
        .get(..byte)?
        .rfind(|c| !is_part(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[byte..].find(|c| !is_part(c)).map_or(text.len(), |at| byte + at);
    let word = &text[start..end];
    (word.starts_with('J')).then(|| Code::find(word)).flatten()
}

fn of_name(session: &Session, at: &At<'_>, name: &Name) -> Option<String> {
    let (path, file, own) = session.index.places(&at.path, name).find(|(_, _, it)| it.defines)?;
    let document = file.document.as_ref()?;
    let node = entry(document, own);
    let kind = called(name.kind);
    let title = own.title.as_deref().map_or(String::new(), |title| format!("　{title}"));
    let mut lines = vec![format!("**{}** `{}`{title}", kind.in_lang(session.lang), name.text)];
    match name.kind {
        Kind::List => lines.extend(of_list(session, file, own, node)),
        Kind::Scenario => lines.extend(of_scenario(session, &name.text, document.root())),
        Kind::Article => lines.extend(of_article(session, document, file)),
        Kind::Slot => lines.extend(node.and_then(|node| text(node, "ask")).map(str::to_owned)),
        Kind::Department => lines.extend(node.and_then(|node| text(node, "duties")).map(str::to_owned)),
        Kind::Region | Kind::Notice => {}
    }
    lines.push(path.to_owned());
    Some(lines.join("\n\n"))
}

/// What a definition stands in: the value under its key, or the mapping that has it as `id`.
fn entry<'d>(document: &'d Document, own: &Name) -> Option<&'d Node> {
    match (&document.root().value, own.kind) {
        (_, Kind::Slot) => document.root().get("slots")?.get(&own.text),
        (Value::List(items), _) => items.iter().find(|item| text(item, "id") == Some(&own.text)),
        (_, Kind::List) => document.root().get(&own.text),
        _ => Some(document.root()),
    }
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::text)
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The terms of a list, those of lists that it includes among them; of a shared condition, how it is written.
fn of_list(session: &Session, file: &Indexed, own: &Name, node: Option<&Node>) -> Vec<String> {
    let (terms, conditions): (Vec<&Document>, Vec<&Document>) =
        (session.index.documents("rules/terms/").collect(), session.index.documents("rules/conditions/").collect());
    let vocabulary = Vocabulary::read(&terms, &conditions, &mut Vec::new());
    let Some(terms) = vocabulary.terms(&own.text) else {
        let written = node.and_then(|node| file.text().get(node.range.clone())).unwrap_or_default();
        return vec![format!("```yaml\n{}\n```", shortened(written))];
    };
    let count = terms.len();
    let more = if count > MOST_TERMS { "……" } else { "" };
    let shown = terms.into_iter().take(MOST_TERMS).collect::<Vec<_>>().join("、");
    let words = say!("共 {count} 个词", "{count} terms");
    vec![words.in_lang(session.lang).to_owned(), format!("{shown}{more}")]
}

fn of_scenario(session: &Session, id: &str, root: &Node) -> Vec<String> {
    let state = session.shared.now();
    let mut words: Vec<Message> = Vec::new();
    if let Some(category) = text(root, "category") {
        words.push(say!("分类：{category}", "category: {category}"));
    }
    let leads: Vec<&str> = leads(session, id);
    if !leads.is_empty() {
        let leads = leads.join("、");
        words.push(say!("派单目录主办：{leads}", "leads, by the dispatch list: {leads}"));
    }
    words.extend(state.figures.as_ref().and_then(|figures| figures.of_scenario(id)));
    drop(state);
    let examples = root.get("examples").and_then(|examples| examples.get("match"));
    let examples = match examples.map(|node| &node.value) {
        Some(Value::List(items)) => items.iter().filter_map(Node::text).take(MOST_EXAMPLES).collect(),
        _ => Vec::new(),
    };
    let examples: Vec<String> = examples.into_iter().map(|example| format!("- {}", shortened(example))).collect();
    let mut lines: Vec<String> = words.iter().map(|words| words.in_lang(session.lang).to_owned()).collect();
    if !examples.is_empty() {
        lines.push(examples.join("\n"));
    }
    lines
}

/// The departments that rows of the dispatch list name for a scenario itself, by name where it is known.
fn leads<'s>(session: &'s Session, id: &str) -> Vec<&'s str> {
    let mut found: Vec<&str> = Vec::new();
    for document in session.index.documents("rules/responsibility/") {
        let Value::List(rows) = &document.root().value else { continue };
        let rows = rows.iter().filter(|row| text(row, "scenario") == Some(id));
        found.extend(rows.filter_map(|row| text(row, "lead")));
    }
    found.sort_unstable();
    found.dedup();
    let name = |id: &&'s str| {
        let mut known = session.index.definitions(Kind::Department);
        known.find(|(_, _, name)| name.text == **id).and_then(|(_, _, name)| name.title.as_deref())
    };
    found.iter().map(|id| name(id).unwrap_or(id)).collect()
}

/// What an article rests on, and how it begins.
fn of_article(session: &Session, document: &Document, file: &Indexed) -> Vec<String> {
    let root = document.root();
    let basis = match root.get("basis").map(|node| &node.value) {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| Some([text(item, "title")?, text(item, "article").unwrap_or_default()].concat()))
            .collect::<Vec<_>>()
            .join("；"),
        _ => String::new(),
    };
    let mut lines = Vec::new();
    if !basis.is_empty() {
        let basis = say!("依据：{basis}", "basis: {basis}");
        lines.push(basis.in_lang(session.lang).to_owned());
    }
    let body = file.text()[root.range.end..].trim_start().trim_start_matches("---").trim();
    lines.push(shortened(body));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_under_the_cursor() {
        let text = "# jiesu: allow J075 理由J070";
        for (byte, expect) in [
            (text.find("J075").unwrap_or_default(), Some(Code::find("J075"))),
            (text.find("75").unwrap_or_default(), Some(Code::find("J075"))),
            (text.len(), Some(Code::find("J070"))),
            (3, None),
            (0, None),
        ] {
            assert_eq!(code_at(text, byte), expect.flatten(), "byte {byte}");
        }
        assert_eq!(code_at("水", 1), None, "inside a character");
    }
}
