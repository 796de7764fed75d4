//! Conditions that say too little, too much or the same twice.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::rules::{Clause, Form, Group, Scenario, Scope, Term, implies, term_implies};
use crate::say;
use crate::source::{Code, Diagnostic, Edit, Message, Node, SourceText, Value};
use crate::text::Text;

use super::edits::{closed_end, edit, without_item};
use super::given::Given;
use super::written_out::{Part, Resolver, positive_terms};

/// Pairs of terms that are compared for two lists, at the most.
const MOST_PAIRS: usize = 250_000;
/// Texts in which nothing is said: what fires on all of them fires on nearly everything.
const SAYING_NOTHING: [&str; 3] = [
    "您好，我打电话来反映一个情况，麻烦记录一下。",
    "你好，请问在吗？有一件事情想跟你们说说，可以吗？",
    "喂，听得到吗？我说的是这样的一个事，谢谢您。",
];

/// Findings about every condition of every scenario, and about the shared ones.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let mut resolver = Resolver::new(&given.vocabulary);
    for scenario in given.engine.rules().scenarios() {
        Conditions { given, source: &scenario.source, resolver: &mut resolver, findings }.clause(&scenario.when, true);
    }
    for (source, _, clause) in given.conditions() {
        Conditions { given, source, resolver: &mut resolver, findings }.clause(clause, false);
    }
    always(given, findings);
}

/// Scenarios that fire on texts in which nothing is said.
fn always(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let rules = given.engine.rules();
    let mut fired: Vec<BTreeSet<usize>> = Vec::new();
    let mut why = std::collections::BTreeMap::new();
    for probe in SAYING_NOTHING {
        let text = Text::new(None, probe);
        let matches = rules.matches(&text);
        for found in &matches {
            let words = found.evidence.iter().take(3).map(|hit| text.slice(hit.start..hit.end).to_owned());
            why.entry(found.scenario).or_insert_with(|| words.collect::<Vec<_>>().join("、"));
        }
        fired.push(matches.iter().map(|found| found.scenario).collect());
    }
    let first_probe = SAYING_NOTHING[0];
    let Some((first, others)) = fired.split_first() else { return };
    for index in first.iter().filter(|index| others.iter().all(|other| other.contains(index))) {
        let scenario: &Arc<Scenario> = &rules.scenarios()[*index];
        let words = &why[index];
        let place = first_words(&scenario.source.text, &scenario.when.range);
        let message = say!("条件几乎对所有诉求都成立", "the condition holds on nearly every complaint");
        let finding = Diagnostic::at(&scenario.source, place, Code::AlwaysHolds, message);
        findings.push(finding.note(say!(
            "什么事也没说的一句话“{first_probe}”也会命中（{words}）；换成只有这类事才会说的词",
            "`{first_probe}`, which says nothing, fires it ({words}): use terms that only this matter has"
        )));
    }
}

/// A part of a condition as it was written, on one line.
fn written(text: &str, range: &Range<usize>) -> String {
    let end = closed_end(text, range).unwrap_or(range.end);
    text[range.start..end].split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first line of a range.
fn first_words(text: &str, range: &Range<usize>) -> Range<usize> {
    let end = text[range.clone()].find('\n').map_or(range.end, |at| range.start + at);
    range.start..end
}

struct Conditions<'g, 'a, 'f> {
    given: &'g Given<'a>,
    source: &'g Arc<SourceText>,
    resolver: &'f mut Resolver<'g>,
    findings: &'f mut Vec<Diagnostic>,
}

impl Conditions<'_, '_, '_> {
    fn report(&mut self, range: &Range<usize>, code: Code, message: Message) -> Diagnostic {
        Diagnostic::at(self.source, first_words(&self.source.text, range), code, message)
    }

    /// Looks at a clause and all below it that is written in the same file.
    fn clause(&mut self, clause: &Clause, outermost: bool) {
        match &clause.form {
            Form::Group(group) => {
                self.group(clause, group, outermost);
                for member in group.some.iter().chain(&group.every).chain(&group.none) {
                    self.clause(member, false);
                }
            }
            Form::Near { members, .. } => {
                members.iter().for_each(|member| self.across_sentences(member));
                members.iter().for_each(|member| self.clause(member, false));
            }
            Form::Regex(pattern) => self.regex(clause, pattern),
            Form::Term { .. } | Form::Reference { .. } | Form::Fact(_) => {}
        }
    }

    fn group(&mut self, clause: &Clause, group: &Group, outermost: bool) {
        if !(outermost && group.scope == Scope::Text) {
            let members = group.some.iter().chain(&group.every).chain(&group.none);
            members.for_each(|member| self.across_sentences(member));
        }
        if self.never(clause, group) {
            return;
        }
        for member in &group.some {
            if let Some(by) = self.cancelled_by(member, &group.none) {
                self.cancelled(member, by);
            }
        }
        if group.minimum <= 1 {
            self.useless(&group.some, &group.none, Useless::Any);
        }
        self.useless(&group.every, &group.none, Useless::All);
        self.useless(&group.none, &[], Useless::None);
    }

    /// Whether the group can never hold; then that is all there is to say of it.
    fn never(&mut self, clause: &Clause, group: &Group) -> bool {
        let mut cancelled = |member: &Clause| self.cancelled_by(member, &group.none);
        let of_every = group.every.iter().find_map(|member| Some((member, cancelled(member)?)));
        let all_cancelled = || {
            let mut by = None;
            for member in &group.some {
                by = Some(cancelled(member)?);
            }
            group.some.first().zip(by)
        };
        let Some((member, by)) = of_every.or_else(|| (group.minimum > 0).then(all_cancelled).flatten()) else {
            return false;
        };
        let shown = |clause: &Clause| written(&self.source.text, &clause.range);
        let (wanted, forbidden) = (shown(member), shown(by));
        let message = say!(
            "这个条件永远不会成立：要有“{wanted}”，又不许有“{forbidden}”",
            "this can never hold: it wants `{wanted}` and forbids `{forbidden}`"
        );
        let finding = self.report(&clause.range, Code::NeverHolds, message);
        self.findings.push(finding.note(say!(
            "从 none 里去掉它，或者把 none 写得更具体",
            "take it out of `none`, or make `none` more specific"
        )));
        true
    }

    fn cancelled(&mut self, member: &Clause, none: &Clause) {
        let shown = |clause: &Clause| written(&self.source.text, &clause.range);
        let (wanted, forbidden) = (shown(member), shown(none));
        let message = say!(
            "“{wanted}”写了也没用：它出现时 none 里的“{forbidden}”也一定出现",
            "`{wanted}` is taken away again: wherever it is found, `{forbidden}` of `none` is too"
        );
        let finding = self.report(&member.range, Code::NoneCancelsAny, message);
        self.findings.push(finding.note(say!(
            "把它从 any 里去掉，或者把 none 里的词改得更长、更具体",
            "take it out of `any`, or make the term in `none` longer and more specific"
        )));
    }

    /// Whether the one holds only where the other does.
    fn implies(&self, one: &Clause, other: &Clause) -> bool {
        implies(one, other, &self.given.vocabulary)
    }

    /// The member of `none` that is there wherever a clause holds, or the first of several of which one always is.
    fn cancelled_by<'c>(&mut self, clause: &Clause, none: &'c [Clause]) -> Option<&'c Clause> {
        if let Some(alone) = none.iter().find(|none| self.implies(clause, none)) {
            return Some(alone);
        }
        let mut forbidden = Vec::new();
        let mut first = None;
        for member in none {
            if let Some(Part::Terms(terms)) = self.resolver.part(member) {
                forbidden.extend_from_slice(&terms);
                first = first.or(Some(member));
            }
        }
        let part = self.resolver.part(clause)?;
        first.filter(|_| always_has(&part, &forbidden))
    }

    fn useless(&mut self, clauses: &[Clause], none: &[Clause], place: Useless) {
        let wealth: Vec<(bool, usize)> = clauses.iter().map(|clause| self.wealth(clause)).collect();
        for (at, clause) in clauses.iter().enumerate() {
            if self.cancelled_by(clause, none).is_some() {
                continue;
            }
            let covers = |(other, candidate): (usize, &Clause)| {
                let (narrow, wide) = match place {
                    Useless::All => (candidate, clause),
                    Useless::Any | Useless::None => (clause, candidate),
                };
                // Of two that say the same the one that says less is reported, or else the later one.
                let says_more = || {
                    let rank = |at: usize| (wealth[at], std::cmp::Reverse(at));
                    rank(other) > rank(at)
                };
                other != at && self.implies(narrow, wide) && (!self.implies(wide, narrow) || says_more())
            };
            let Some(by) = clauses.iter().enumerate().position(covers) else { continue };
            // Terms beside each other in one list are looked at with the lists.
            let both_terms = |clause: &Clause| matches!(clause.form, Form::Term { .. });
            if both_terms(clause) && both_terms(&clauses[by]) && place != Useless::All {
                continue;
            }
            self.implied(clause, &clauses[by], place);
        }
    }

    /// How much a part says beyond whether it holds: lists and shared conditions, which grow at their own place, before what
    /// is written out, then by how many words it looks for. What is found gives weight in the rank.
    fn wealth(&mut self, clause: &Clause) -> (bool, usize) {
        let mut terms = BTreeSet::new();
        if let Some(part) = self.resolver.part(clause) {
            positive_terms(&part, &mut terms);
        }
        (matches!(clause.form, Form::Reference { .. }), terms.len())
    }

    fn implied(&mut self, clause: &Clause, other: &Clause, place: Useless) {
        let text = &self.source.text;
        let shown = |clause: &Clause| written(text, &clause.range);
        let (this, by) = (shown(clause), shown(other));
        let line = self.source.position(other.range.start).line;
        let message = say!(
            "“{this}”多余：第 {line} 行的“{by}”已经包括它",
            "`{this}` is useless: `{by}` in line {line} covers it"
        );
        let why = match place {
            Useless::Any | Useless::None => say!(
                "凡是它命中的地方，另一条也命中；去掉它，命中的诉求不变",
                "wherever it is found, the other is found too: without it the same complaints fire"
            ),
            Useless::All => say!(
                "另一条成立时它必定成立；去掉它，命中的诉求不变",
                "it holds whenever the other does: without it the same complaints fire"
            ),
        };
        let mut finding = self.report(&clause.range, Code::ImpliedClause, message).note(why);
        if let Some(edit) = self.removal(&clause.range) {
            finding = finding.fix(say!("删除多余的“{this}”", "delete the useless `{this}`"), vec![edit]);
        }
        self.findings.push(finding);
    }

    fn removal(&self, range: &Range<usize>) -> Option<Edit> {
        without_item(self.given.document(&self.source.path)?, range)
    }

    /// A term with the end of a sentence in it is found in no sentence.
    fn across_sentences(&mut self, clause: &Clause) {
        let Form::Term { text, .. } = &clause.form else { return };
        let inner = text.trim_end_matches(['。', '！', '？', '；', '!', '?', ';', '\n']);
        if !inner.contains(['。', '！', '？', '；', '!', '?', ';', '\n']) {
            return;
        }
        let message =
            say!("“{text}”跨了两句话，在一句话里永远找不到", "`{text}` spans two sentences and is found in none");
        let finding = self.report(&clause.range, Code::NeverHolds, message);
        self.findings.push(finding.note(say!(
            "这里逐句查找，而句子在 。！？； 处结束；分成两个词写，或者在组上写 in: text",
            "sentences are looked at one by one and end at 。！？；: write two terms, or `in: text` at the group"
        )));
    }

    /// An expression that is only words, or words with `|` between.
    fn regex(&mut self, clause: &Clause, pattern: &str) {
        let words: Vec<&str> = pattern.split('|').collect();
        let plain = |word: &&str| !word.trim().is_empty() && !word.contains(|c: char| "\\.+*?()[]{}^$".contains(c));
        if !words.iter().all(plain) {
            return;
        }
        let list = words.join(", ");
        let (message, note) = match words.as_slice() {
            [word] => (
                say!("这个正则表达式只是一个词“{word}”", "this regular expression is just the term `{word}`"),
                say!(
                    "直接写词，匹配更快，也会排除被否定的情形",
                    "write the term: it is faster, and denied ones do not count"
                ),
            ),
            _ => (
                say!("这个正则表达式只是几个词：{list}", "this regular expression is just terms: {list}"),
                say!("改成 {{any: [{list}]}}，或写成词表", "write {{any: [{list}]}}, or a list of terms"),
            ),
        };
        let mut finding = self.report(&clause.range, Code::RegexIsTerm, message).note(note);
        if let [word] = words.as_slice()
            && let Some(edits) = self.as_term(&clause.range)
        {
            let title = say!("改写成词“{word}”，命中不变", "write it as the term `{word}`, with the same hits");
            finding = finding.fix(title, edits);
        }
        self.findings.push(finding);
    }

    /// `{regex: 词}` → `{term: 词, even_negated: true}`, which finds the same: expressions do not look at denial.
    fn as_term(&self, range: &Range<usize>) -> Option<Vec<Edit>> {
        let document = self.given.document(&self.source.path)?;
        let Value::Map(entries) = &node_at(document.root(), range)?.value else { return None };
        let [entry] = entries.as_slice() else { return None };
        let in_brackets = self.source.text[..entry.key_range.start].trim_end().ends_with('{');
        let end = entry.value.range.end;
        in_brackets.then(|| {
            vec![
                edit(self.source, entry.key_range.clone(), "term"),
                edit(self.source, end..end, ", even_negated: true"),
            ]
        })
    }
}

/// The mapping at exactly this place.
/// Whether one of the terms is found wherever a part holds.
fn always_has(part: &Part, terms: &[Term]) -> bool {
    match part {
        Part::Terms(own) => {
            own.len() * terms.len() <= MOST_PAIRS
                && own.iter().all(|own| terms.iter().any(|term| term_implies(own, term)))
        }
        Part::Group { some, minimum, every, .. } => {
            every.iter().any(|member| always_has(member, terms))
                || (*minimum > 0 && !some.is_empty() && some.iter().all(|member| always_has(member, terms)))
        }
        Part::Near { members, .. } => members.iter().any(|member| always_has(member, terms)),
        Part::Regex(_) | Part::Fact(_) => false,
    }
}

fn node_at<'n>(node: &'n Node, range: &Range<usize>) -> Option<&'n Node> {
    if node.range == *range && matches!(node.value, Value::Map(_)) {
        return Some(node);
    }
    match &node.value {
        Value::List(items) => items.iter().find_map(|item| node_at(item, range)),
        Value::Map(entries) => entries.iter().find_map(|entry| node_at(&entry.value, range)),
        Value::Scalar { .. } => None,
    }
}

/// The list that a useless member stands in.
#[derive(Clone, Copy, PartialEq)]
enum Useless {
    Any,
    All,
    None,
}
