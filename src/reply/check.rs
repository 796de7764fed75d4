//! What is checked when a template is compiled: its syntax, its names, and that it can be filled.

use std::ops::Range;

use minijinja::{Error, ErrorKind};

use crate::say;
use crate::source::{Code, Diagnostic, Document, Message, Step, nearest};

use super::PLACEHOLDERS;
use super::template::{SlotUse, Template, Values};

/// Characters of a template, and of a reply with sample values, at the most: nobody reads out more.
const MAX_LENGTH: usize = 2_000;

/// Up to so many names, every combination of filled and empty is tried.
const MAX_NAMES_COMBINED: usize = 4;

/// What stands for every value when a template is tried out; longer than most.
const SAMPLE: &str = "示例：幸福路一百二十八号";

/// Where the findings of one template go.
struct Findings<'a> {
    source: &'a str,
    document: &'a Document,
    steps: &'a [Step<'a>],
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Template {
    /// Reads a template and tries it out.
    ///
    /// `steps` lead to it in `document`, for the findings: not a template (J040), names that nothing fills (J041), slots
    /// whose `else` is never used (J042, a warning), and replies that fail, do not end, or come out blank or too long
    /// (J043), each with the slots filled and empty. `None` when one of them is an error.
    pub fn compile(
        source: &str,
        slots: &[SlotUse<'_>],
        document: &Document,
        steps: &[Step<'_>],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Template> {
        let before = diagnostics.len();
        let mut findings = Findings { source, document, steps, diagnostics };
        if source.chars().count() > MAX_LENGTH {
            let message = say!("答复模板超过 {MAX_LENGTH} 字", "the template is longer than {MAX_LENGTH} characters");
            let finding = findings.part(None, Code::TemplateFails, message);
            findings.diagnostics.push(finding);
            return None;
        }
        findings.check_slots(slots);
        if let Some((range, message)) = repetition(source) {
            let finding = findings.part(Some(range), Code::TemplateSyntax, message);
            findings.diagnostics.push(finding);
            return None;
        }
        let template = match Template::parse(source, slots) {
            Ok(template) => template,
            Err(error) => {
                findings.report_syntax(&error, slots);
                return None;
            }
        };
        findings.check_names(&template, slots);
        if findings.diagnostics[before..].iter().any(Diagnostic::is_error) {
            return None;
        }
        findings.try_out(&template).then_some(template)
    }
}

impl Findings<'_> {
    /// A finding at bytes of the template; at all of it without.
    fn part(&self, range: Option<Range<usize>>, code: Code, message: Message) -> Diagnostic {
        match range {
            Some(range) => {
                let range = locate(self.document, self.steps, self.source, range);
                self.document.diagnostic(range, code, message)
            }
            None => self.document.diagnostic_at(self.steps, code, message),
        }
    }

    /// Reports at a slot, which stands beside the reply under `slots`.
    fn slot(&mut self, name: &str, code: Code, message: Message) {
        let scenario = self.steps.split_last().map_or(self.steps, |(_, scenario)| scenario);
        let steps: Vec<Step<'_>> = [scenario, &[Step::Key("slots"), Step::KeyItself(name)]].concat();
        self.diagnostics.push(self.document.diagnostic_at(&steps, code, message));
    }

    /// A slot is named like a variable of a template, and not like what every reply has.
    fn check_slots(&mut self, slots: &[SlotUse<'_>]) {
        for SlotUse { name, .. } in slots {
            if PLACEHOLDERS.contains(name) {
                let message = say!(
                    "“{name}”是每个答复都有的，要素槽不能用这个名字",
                    "every reply has `{name}`: no slot can be named so"
                );
                self.slot(name, Code::DuplicateId, message);
            } else if !is_identifier(name) {
                let message = say!(
                    "要素槽“{name}”的名字只能用字母、数字和下划线，且不以数字开头",
                    "slot `{name}`: names are of letters, digits and `_`, and do not begin with a digit"
                );
                self.slot(name, Code::InvalidId, message);
            }
        }
    }

    fn report_syntax(&mut self, error: &Error, slots: &[SlotUse<'_>]) {
        let range = error.range();
        // Names of variables are ASCII, so minijinja calls a Chinese one a syntax error.
        let rest = range.as_ref().and_then(|range| self.source.get(range.start..)).unwrap_or_default();
        let name = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())];
        let is_name = |range: &&Range<usize>| !name.is_ascii() && in_braces(self.source, range.start);
        if let Some(range) = range.as_ref().filter(is_name) {
            self.report_unknown(range.start..range.start + name.len(), name, slots);
            return;
        }
        let what = explain(error);
        let (zh, en) = (what.zh, what.en);
        let message = say!("答复模板有误：{zh}", "the template is not well-formed: {en}");
        let finding = self.part(range, Code::TemplateSyntax, message).note(say!(
            "每个 {{{{ 要有 }}}}，每个 {{% if 名字 %}} 要有 {{% endif %}}",
            "each {{{{ needs a }}}}, each {{% if name %}} an {{% endif %}}"
        ));
        self.diagnostics.push(finding);
    }

    /// Reports names that nothing fills; where there are none, slots whose `else` is for nothing. (Not both: a slot may
    /// be unused because its name is misspelt.) A slot without `else` need not be used: the department wants to know it.
    fn check_names(&mut self, template: &Template, slots: &[SlotUse<'_>]) {
        let is_known = |name: &&str| PLACEHOLDERS.contains(name) || slots.iter().any(|slot| slot.name == *name);
        let unknown = template.names().filter(|name| !is_known(name));
        let mut unknown: Vec<_> = unknown.map(|name| (name_in(self.source, name), name)).collect();
        unknown.sort_unstable_by_key(|(range, _)| range.start);
        if unknown.is_empty() {
            let in_vain =
                |slot: &&SlotUse<'_>| !slot.otherwise.is_empty() && !template.names().any(|used| used == slot.name);
            for SlotUse { name, .. } in slots.iter().filter(in_vain) {
                let message = say!(
                    "要素槽“{name}”写了 else，答复里却没有用它",
                    "slot `{name}` has an `else`, but the reply does not use it"
                );
                self.slot(name, Code::UnusedSlot, message);
            }
        }
        for (range, name) in unknown {
            self.report_unknown(range, name, slots);
        }
    }

    fn report_unknown(&mut self, range: Range<usize>, name: &str, slots: &[SlotUse<'_>]) {
        let known: Vec<&str> = slots.iter().map(|slot| slot.name).chain(PLACEHOLDERS.iter().copied()).collect();
        let message = say!("没有“{name}”可填", "nothing fills `{name}`");
        let finding = self.part(Some(range), Code::UnknownPlaceholder, message);
        self.diagnostics.push(match nearest(name, known.iter().copied()) {
            Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
            None => {
                let list = known.join(", ");
                finding.note(say!("这里可用的：{list}", "what may stand here: {list}"))
            }
        });
    }

    /// Fills the template in all the ways that make a difference; reports the first that goes wrong.
    fn try_out(&mut self, template: &Template) -> bool {
        let names: Vec<&str> = template.names().collect();
        for filled in combinations(names.len()) {
            let values =
                names.iter().zip(&filled).filter(|(_, filled)| **filled).map(|(name, _)| (*name, SAMPLE)).collect();
            if let Err((range, message)) = try_once(template, &values) {
                let finding = self.part(range, Code::TemplateFails, message);
                self.diagnostics.push(finding);
                return false;
            }
        }
        true
    }
}

fn try_once(template: &Template, values: &Values<'_>) -> Result<(), (Option<Range<usize>>, Message)> {
    let text = template.fill(values).map_err(|error| {
        let what = explain(&error);
        let (zh, en) = (what.zh, what.en);
        (error.range(), say!("答复填不出来：{zh}", "the reply cannot be filled: {en}"))
    })?;
    if text.trim().is_empty() {
        return Err((None, say!("要素不全时答复是空的", "with slots missing, the reply is empty")));
    }
    if text.chars().count() > MAX_LENGTH {
        return Err((
            None,
            say!("填好的答复超过 {MAX_LENGTH} 字", "filled, the reply is longer than {MAX_LENGTH} characters"),
        ));
    }
    Ok(())
}

/// Which of `count` names are filled: every combination where there are few; else all, none, each alone, each missing.
fn combinations(count: usize) -> Vec<Vec<bool>> {
    if count <= MAX_NAMES_COMBINED {
        return (0..1_usize << count).map(|bits| (0..count).map(|at| bits >> at & 1 == 1).collect()).collect();
    }
    let one_differs =
        |others: bool| (0..count).map(move |odd| (0..count).map(|at| (at == odd) != others).collect::<Vec<_>>());
    [vec![true; count], vec![false; count]].into_iter().chain(one_differs(false)).chain(one_differs(true)).collect()
}

/// The first thing in a template that could make little become much: a tag other than `if`, or a multiplication.
///
/// Fuel alone does not bound a template, since minijinja repeats and joins lists without charging for their items:
/// `{{ [1] * 99999999 }}` runs for many seconds. Without loops, assignments and `*`, what a template does is at most
/// in proportion to its length. All of the text is searched, quoted or not, so that there is no way around it.
fn repetition(template: &str) -> Option<(Range<usize>, Message)> {
    const TAGS: [&str; 4] = ["if", "elif", "else", "endif"];
    for (at, _) in template.match_indices("{%") {
        let rest = template[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let start = template.len() - rest.len();
        let tag = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())];
        if !TAGS.contains(&tag) {
            let message = say!(
                "答复里的 {{% %}} 只能是 if、elif、else、endif，不能是“{tag}”",
                "in a reply, {{% %}} holds if, elif, else or endif, not `{tag}`"
            );
            return Some((start..start + tag.len(), message));
        }
    }
    template.find('*').map(|at| (at..at + 1, say!("答复里不能有 *", "`*` cannot stand in a reply")))
}

/// What went wrong, in words for an editor. What is rare stays in minijinja's own words.
fn explain(error: &Error) -> Message {
    let detail = error.detail().unwrap_or_default();
    match error.kind() {
        ErrorKind::OutOfFuel => say!("没完没了，或者太长", "it does not end, or is too long"),
        ErrorKind::UnknownFilter => say!("没有这个过滤器：{detail}", "{detail}"),
        ErrorKind::UnknownTest => say!("没有这个判断：{detail}", "{detail}"),
        kind if detail.is_empty() => say!("{kind}", "{kind}"),
        _ => say!("{detail}", "{detail}"),
    }
}

fn is_identifier(name: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.as_bytes().first().is_some_and(letter) && name.bytes().all(|byte| letter(&byte) || byte.is_ascii_digit())
}

/// Bytes of a template where a name stands: its first whole occurrence after a `{`, so that the same word in the text
/// before is passed over.
fn name_in(template: &str, name: &str) -> Range<usize> {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let whole =
        |at: usize| !template[..at].ends_with(part_of_name) && !template[at + name.len()..].starts_with(part_of_name);
    let found = template.match_indices(name).map(|(at, _)| at).find(|at| whole(*at) && in_braces(template, *at));
    found.map_or(0..template.len(), |at| at..at + name.len())
}

/// Whether a byte of a template lies after a `{` that is still open.
fn in_braces(template: &str, at: usize) -> bool {
    let before = &template[..at];
    before.rfind('{') > before.rfind('}')
}

/// Bytes of the file for bytes of the template. The file may indent, quote or fold the text, so the line is looked for
/// where the template stands; when it is not to be found, the whole template is meant.
fn locate(document: &Document, steps: &[Step<'_>], template: &str, range: Range<usize>) -> Range<usize> {
    let node = document.range(steps);
    let start = floor_boundary(template, range.start);
    let line_start = template[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = template[start..].find('\n').map_or(template.len(), |at| start + at);
    let line = &template[line_start..line_end];
    let same_before = template[..line_start].lines().filter(|other| other.contains(line)).count();
    let Some(text) = document.source().text.get(node.clone()).filter(|_| !line.trim().is_empty()) else { return node };
    match text.match_indices(line).nth(same_before) {
        Some((at, _)) => {
            let end = floor_boundary(template, range.end).clamp(start, line_end);
            let moved = node.start + at;
            moved + start - line_start..moved + end - line_start
        }
        None => node,
    }
}

fn floor_boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
