//! Terms and lists of terms: said twice, too short, used by nothing, cut by the segmenter.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::rules::{Clause, Form, Scenario, Term, term_implies};
use crate::say;
use crate::source::{Code, Diagnostic, Document, SourceText, Value};
use crate::text::{Text, normalise};

use super::edits::{edit, without_item};
use super::given::{Given, scalars};

/// A term of a list, where it stands.
struct Listed {
    term: Term,
    range: Range<usize>,
}

/// Findings about terms, lists, hints and the dictionary.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    for document in given.in_folder("rules/terms/") {
        let Value::Map(entries) = &document.root().value else { continue };
        for entry in entries {
            let Value::List(items) = &entry.value.value else { continue };
            let terms = items.iter().filter_map(|item| {
                let text = item.text().filter(|text| !text.starts_with('$'))?;
                Some(Listed { term: plain(normalise(text).trim()), range: item.range.clone() })
            });
            list(document, &terms.collect::<Vec<_>>(), findings);
        }
    }
    for scenario in given.engine.rules().scenarios() {
        if let Some(document) = given.document(&scenario.source.path) {
            clause_lists(document, &scenario.when, findings);
            single_characters(given, scenario, findings);
            hints(given, document, scenario, findings);
            cut_by_segmenter(given, scenario, findings);
        }
    }
    for (source, _, clause) in given.conditions() {
        if let Some(document) = given.document(&source.path) {
            clause_lists(document, clause, findings);
        }
    }
    unused(given, findings);
    dictionary(given, findings);
}

fn plain(text: &str) -> Term {
    Term { text: text.to_owned(), whole_word: false, even_negated: false }
}

/// Terms written side by side in `any` and `none`.
fn clause_lists(document: &Document, clause: &Clause, findings: &mut Vec<Diagnostic>) {
    clause.each(&mut |part| {
        let Form::Group(group) = &part.form else { return };
        let alternatives = if group.minimum <= 1 { group.some.as_slice() } else { &[] };
        for members in [alternatives, &group.none] {
            let terms = members.iter().filter_map(|member| match &member.form {
                Form::Term { text, whole_word, even_negated } => Some(Listed {
                    term: Term { text: text.clone(), whole_word: *whole_word, even_negated: *even_negated },
                    range: member.range.clone(),
                }),
                _ => None,
            });
            list(document, &terms.collect::<Vec<_>>(), findings);
        }
    });
}

/// The same term twice, and terms with another in them.
fn list(document: &Document, terms: &[Listed], findings: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&Term, &Listed> = BTreeMap::new();
    for listed in terms {
        match first.get(&listed.term) {
            // What is written as it is matched stays, and not its traditional or full-width form.
            Some(earlier) if is_as_matched(document, listed) && !is_as_matched(document, earlier) => {
                findings.push(duplicate(document, earlier, listed));
                first.insert(&listed.term, listed);
            }
            Some(earlier) => findings.push(duplicate(document, listed, earlier)),
            None => {
                first.insert(&listed.term, listed);
            }
        }
    }
    for listed in first.values() {
        let covering = terms.iter().find(|other| {
            other.term != listed.term
                && term_implies(&listed.term, &other.term)
                && !term_implies(&other.term, &listed.term)
        });
        let Some(other) = covering else { continue };
        let (long, short) = (&listed.term.text, &other.term.text);
        let message = say!("“{long}”里已经有同一个列表中的“{short}”", "`{long}` has `{short}` of the same list in it");
        findings.push(document.diagnostic(listed.range.clone(), Code::CoveredTerm, message).note(say!(
            "凡是有“{long}”的地方“{short}”也命中；留着它只会让排序时的分量略有不同",
            "wherever `{long}` stands, `{short}` is found: it only adds a little weight in the rank"
        )));
    }
}

/// Whether a term is written as it is looked for: simplified, half-width, in lower case.
fn is_as_matched(document: &Document, listed: &Listed) -> bool {
    let written = document.source().text[listed.range.clone()].trim();
    written.trim_matches(['\'', '"']) == listed.term.text
}

/// The finding about a term that stands elsewhere too, where it stays.
fn duplicate(document: &Document, listed: &Listed, earlier: &Listed) -> Diagnostic {
    let text = &listed.term.text;
    let line = document.source().position(earlier.range.start).line;
    let message = match listed.range.start > earlier.range.start {
        true => say!("“{text}”在第 {line} 行已经写过", "`{text}` stands in line {line} already"),
        false => say!("“{text}”在第 {line} 行又写了一次", "`{text}` stands in line {line} again"),
    };
    let mut finding = document.diagnostic(listed.range.clone(), Code::DuplicateTerm, message);
    let written = |range: &Range<usize>| document.source().text[range.clone()].trim().to_owned();
    if written(&listed.range) != written(&earlier.range) {
        finding = finding.note(say!(
            "全角半角、大小写、繁简体在匹配时不分，不用重复写",
            "width, case and traditional characters make no difference when matching"
        ));
    }
    match without_item(document, &listed.range) {
        Some(edit) => finding.fix(say!("删除重复的“{text}”", "delete this `{text}`"), vec![edit]),
        None => finding,
    }
}

/// Terms each of which alone fires the scenario, with the place where they are written; with `whole`, only those that no
/// `none` can take away.
fn sufficient(
    given: &Given<'_>,
    source: &Arc<SourceText>,
    clause: &Clause,
    whole: bool,
) -> Vec<(String, Arc<SourceText>, Range<usize>)> {
    match &clause.form {
        Form::Term { text, whole_word: false, .. } => vec![(text.clone(), Arc::clone(source), clause.range.clone())],
        Form::Reference { name, whole_word: false, .. } => match given.vocabulary.condition(name) {
            Some(inner) => match given.condition_source(name) {
                Some(file) => sufficient(given, file, inner, whole),
                None => Vec::new(),
            },
            None => {
                let Some((file, items)) = given.list_items(name) else { return Vec::new() };
                let terms = items.iter().filter_map(|item| Some((item.text()?, item.range.clone())));
                let own = terms.filter(|(text, _)| !text.starts_with('$'));
                own.map(|(text, range)| (normalise(text).trim().to_owned(), Arc::clone(file), range)).collect()
            }
        },
        Form::Group(group) if group.every.is_empty() && group.minimum == 1 && (!whole || group.none.is_empty()) => {
            group.some.iter().flat_map(|member| sufficient(given, source, member, whole)).collect()
        }
        _ => Vec::new(),
    }
}

/// Single characters that fire a scenario by themselves.
fn single_characters(given: &Given<'_>, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    for (text, source, range) in sufficient(given, &scenario.source, &scenario.when, false) {
        if text.chars().count() != 1 {
            continue;
        }
        let title = &scenario.title;
        let message = say!(
            "单独一个“{text}”字就会命中场景“{title}”",
            "the single character `{text}` fires the scenario {title} by itself"
        );
        findings.push(Diagnostic::at(&source, range, Code::SingleCharacterTerm, message).note(say!(
            "一个字会落进许多不相干的词里；写成更长的词，或和别的词一起写成 [词, {text}]",
            "one character falls into many other words: write a longer term, or [term, {text}] together with another"
        )));
    }
}

/// Hints that the condition finds by itself.
fn hints(given: &Given<'_>, document: &Document, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    let alone: BTreeSet<String> =
        sufficient(given, &scenario.source, &scenario.when, true).into_iter().map(|(text, ..)| text).collect();
    for hint in &scenario.hints {
        let Form::Term { text, .. } = &hint.form else { continue };
        if !alone.contains(text) {
            continue;
        }
        let message = say!("提示词“{text}”在条件里已经是词了", "the hint `{text}` is a term of the condition already");
        let finding = document.diagnostic(hint.range.clone(), Code::HintIsTerm, message).note(say!(
            "提示词只给已经命中的场景加分；它自己就能让场景命中，写在 hints 里不起作用",
            "hints add weight to a scenario that fires: this one makes it fire, and does nothing as a hint"
        ));
        findings.push(match without_item(document, &hint.range) {
            Some(edit) => finding.fix(say!("从 hints 里删除“{text}”", "delete `{text}` from hints"), vec![edit]),
            None => finding,
        });
    }
}

/// `whole_word` terms that stand in a sentence of the scenario and are not found there.
fn cut_by_segmenter(given: &Given<'_>, scenario: &Scenario, findings: &mut Vec<Diagnostic>) {
    let mut whole_words: Vec<(String, Range<usize>)> = Vec::new();
    let mut look = |part: &Clause| match &part.form {
        Form::Term { text, whole_word: true, .. } => whole_words.push((text.clone(), part.range.clone())),
        Form::Reference { name, whole_word: true, .. } => {
            let terms = given.vocabulary.terms(name).unwrap_or_default();
            whole_words.extend(terms.into_iter().map(|term| (term.to_owned(), part.range.clone())));
        }
        _ => {}
    };
    positive(&scenario.when, &mut look);
    if whole_words.is_empty() {
        return;
    }
    let of_cases = given.engine.knowledge().cases.all().iter();
    let of_cases = of_cases.filter(|case| case.scenario.as_deref() == Some(&scenario.id)).map(|case| &case.text);
    let sentences = scenario.examples.matching.iter().chain(of_cases.take(200));
    let texts: Vec<(&String, Text)> = sentences.map(|text| (text, Text::new(None, text))).collect();
    for (term, range) in whole_words {
        let Some((sentence, seen)) =
            texts.iter().find_map(|(sentence, text)| Some((sentence, cut(given, text, &term)?)))
        else {
            continue;
        };
        let shown: String = sentence.chars().take(40).collect();
        let message = say!(
            "“{term}”要求整词，但分词把它切成了“{seen}”，这句话里找不到它",
            "`{term}` must be a whole word, and the segmenter sees `{seen}`: it is not found in this sentence"
        );
        findings.push(
            Diagnostic::at(&scenario.source, range, Code::TermCutBySegmenter, message)
                .note(say!("句子：{shown}", "the sentence: {shown}"))
                .note(say!(
                    "把“{term}”加进 rules/dictionary.txt，或去掉 whole_word，把会误伤的写进 none",
                    "put `{term}` into rules/dictionary.txt, or leave out `whole_word` and put what is hit by mistake into `none`"
                )),
        );
    }
}

/// Visits all parts but those under `none`.
fn positive(clause: &Clause, visit: &mut impl FnMut(&Clause)) {
    visit(clause);
    match &clause.form {
        Form::Group(group) => group.some.iter().chain(&group.every).for_each(|part| positive(part, visit)),
        Form::Near { members, .. } => members.iter().for_each(|part| positive(part, visit)),
        _ => {}
    }
}

/// The words over an occurrence of the term of which no occurrence is whole; `None` where it does not occur or is found.
fn cut(given: &Given<'_>, text: &Text, term: &str) -> Option<String> {
    let words = text.words(given.engine.segmenter());
    let mut seen = None;
    for (at, found) in text.normalised().match_indices(term) {
        let (start, end) = (text.char_at_byte(at), text.char_at_byte(at + found.len()));
        let over: Vec<_> = words.iter().filter(|word| word.start < end && start < word.end).collect();
        if over.first()?.start == start && over.last()?.end == end {
            return None;
        }
        seen.get_or_insert_with(|| {
            over.iter().map(|word| text.slice(word.start..word.end)).collect::<Vec<_>>().join("/")
        });
    }
    seen
}

/// Lists and conditions that nothing leads to.
fn unused(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for document in given.in_folder("rules/") {
        scalars(document.root(), &mut Vec::new(), &mut |_, node| {
            used.extend(node.text().and_then(|text| text.strip_prefix('$')).map(|name| name.trim().to_owned()));
        });
    }
    for folder in ["rules/terms/", "rules/conditions/"] {
        for document in given.in_folder(folder) {
            let Value::Map(entries) = &document.root().value else { continue };
            for entry in entries.iter().filter(|entry| !used.contains(&entry.key)) {
                let name = &entry.key;
                let message = say!("“{name}”没有任何地方用到", "nothing uses `{name}`");
                let finding = document.diagnostic(entry.key_range.clone(), Code::UnusedDefinition, message);
                findings.push(finding.note(say!(
                    "在条件里写 ${name} 来用它，或者删掉",
                    "use it in a condition as ${name}, or delete it"
                )));
            }
        }
    }
}

/// Lines of the dictionary that the segmenter leaves out, and words that stand there twice.
fn dictionary(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    const PATH: &str = "rules/dictionary.txt";
    let Some(content) = given.snapshot.files.get(PATH) else { return };
    let source = Arc::new(SourceText::new(PATH, content.text.as_str()));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut start = 0;
    for (number, line) in (1..).zip(source.text.split_inclusive('\n')) {
        let place = start..start + line.len();
        start += line.len();
        let word = line.split('#').next().unwrap_or_default().trim();
        let length = word.chars().count();
        let reason = match seen.get(word) {
            _ if word.is_empty() => continue,
            Some(first) => say!("第 {first} 行已有", "it stands in line {first}"),
            None if length < 2 => say!("只有一个字", "it has one character"),
            None if length > 32 => say!("超过 32 个字", "it has more than 32 characters"),
            None if word.contains(char::is_whitespace) => say!("中间有空格", "there is a blank in it"),
            None => {
                seen.insert(word, number);
                continue;
            }
        };
        let (zh, en) = (reason.zh, reason.en);
        let message = say!("词典里的“{word}”不起作用：{zh}", "`{word}` has no effect in the dictionary: {en}");
        let at = place.start + line.find(word).unwrap_or_default();
        let finding = Diagnostic::at(&source, at..at + word.len(), Code::IgnoredDictionaryWord, message);
        findings.push(match line.contains('#') {
            true => finding,
            false => finding.fix(say!("删除这一行", "delete the line"), vec![edit(&source, place, "")]),
        });
    }
}
