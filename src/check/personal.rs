//! Numbers that identify a person, where anybody who edits or is served the bundle can read them.
//!
//! Telephone numbers of offices belong into answers, so there only mobile numbers count; in what citizens said, landlines
//! do too. Numbers of 400 and 800 are of companies. What is masked with `*` is fine.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::say;
use crate::source::{Code, Diagnostic, Edit, Message, SourceText};
use crate::text::{FactKind, Text};

use super::edits::edit;
use super::given::{Given, scalars};

/// Findings of one file, at the most: a file of cases that was never masked has thousands.
const MOST_OF_FILE: usize = 20;

/// Findings in examples, answers and cases.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    for folder in ["rules/scenarios/", "rules/tests/", "knowledge/articles/", "knowledge/notices/"] {
        for document in given.in_folder(folder) {
            let source = document.source();
            let mut found = Vec::new();
            scalars(document.root(), &mut Vec::new(), &mut |way, node| {
                // A number in a condition is looked for on purpose, and masked it would not be found.
                if matches!(way.first(), Some(&"when" | &"hints")) {
                    return;
                }
                let said = matches!(way.first(), Some(&"examples")) || folder == "rules/tests/";
                in_text(source, node.range.clone(), said, &mut found);
            });
            if source.path.ends_with(".md") {
                in_text(source, document.root().range.end..source.text.len(), false, &mut found);
            }
            findings.extend(found.into_iter().take(MOST_OF_FILE));
        }
    }
    cases(given, findings);
}

/// Looks through the lines of files of cases, and only where the loaded cases have such a number at all.
fn cases(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    for (path, content) in given.snapshot.files.iter().filter(|(path, _)| path.starts_with("knowledge/cases/")) {
        let mut source: Option<Arc<SourceText>> = None;
        let mut found = Vec::new();
        let mut start = 0;
        for line in content.text.split_inclusive('\n') {
            let range = start..start + line.len();
            start = range.end;
            if numbers(line, true).is_empty() {
                continue;
            }
            let source = source.get_or_insert_with(|| Arc::new(SourceText::new(path.as_str(), content.text.as_str())));
            in_text(source, range, true, &mut found);
            if found.len() >= MOST_OF_FILE {
                break;
            }
        }
        findings.extend(found.into_iter().take(MOST_OF_FILE));
    }
}

/// Numbers of persons in a text, as bytes of it, each with its kind.
fn numbers(text: &str, said: bool) -> Vec<(FactKind, Range<usize>)> {
    // Every such number has at least five digits; most texts have none, and are not read any further.
    if text.chars().filter(|c| c.is_numeric() || c.is_ascii_uppercase()).take(5).count() < 5 {
        return Vec::new();
    }
    let read = Text::new(None, text);
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let counted = read.facts().iter().filter_map(|fact| {
        let value = fact.value(jiff::civil::DateTime::default());
        let digits = value.chars().filter(char::is_ascii_digit).count();
        let mobile = digits == 11 && value.starts_with('1');
        let counts = match fact.kind {
            FactKind::Phone => mobile || (said && !value.starts_with("400") && !value.starts_with("800")),
            FactKind::IdCard | FactKind::BankCard => true,
            FactKind::Plate => said,
            _ => false,
        };
        let span = read.original(fact.range.clone());
        let range = *starts.get(span.start as usize)?..*starts.get(span.end as usize)?;
        (counts && !value.contains('*')).then_some((fact.kind, range))
    });
    counted.collect()
}

fn in_text(source: &Arc<SourceText>, range: Range<usize>, said: bool, findings: &mut Vec<Diagnostic>) {
    for (kind, found) in numbers(&source.text[range.clone()], said) {
        let place = range.start + found.start..range.start + found.end;
        let what = name(kind);
        let (zh, en) = (what.zh, what.en);
        let message = say!("这里有{zh}", "there is {en} here");
        let finding = Diagnostic::at(source, place.clone(), Code::PersonalData, message).note(say!(
            "规则包里的内容人人可见；改成打了星号的，或换成编造的说法",
            "what is in a bundle is seen by many: mask it with `*`, or say it in another way"
        ));
        let title = say!("用星号遮住数字", "mask the digits with `*`");
        findings.push(match masked(source, &place) {
            Some(edit) => finding.fix(title, vec![edit]),
            None => finding,
        });
    }
}

/// All digits and letters of the last part but the first three become `*`.
fn masked(source: &Arc<SourceText>, place: &Range<usize>) -> Option<Edit> {
    let written = &source.text[place.clone()];
    let mut kept = 0;
    let covered: String = written
        .chars()
        .map(|c| {
            let counts = c.is_ascii_alphanumeric() || c.is_numeric();
            kept += usize::from(counts);
            if counts && kept > 3 { '*' } else { c }
        })
        .collect();
    (covered != written).then(|| edit(source, place.clone(), covered))
}

fn name(kind: FactKind) -> Message {
    let names: BTreeMap<FactKind, (&str, &str)> = BTreeMap::from([
        (FactKind::Phone, ("电话号码", "a telephone number")),
        (FactKind::IdCard, ("身份证号", "an identity number")),
        (FactKind::BankCard, ("银行卡号", "a bank card number")),
        (FactKind::Plate, ("车牌号", "a vehicle plate")),
    ]);
    let (zh, en) = names.get(&kind).copied().unwrap_or(("个人信息", "personal data"));
    say!("{zh}", "{en}")
}
