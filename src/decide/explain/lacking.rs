//! What a condition lacks on a text, as a person would say it.

use serde::Serialize;
use utoipa::ToSchema;

use super::shown::hits;
use crate::rules::{Form, Group, Part, Reason, Scope, Trace, Vocabulary, WindowTrace};
use crate::say;
use crate::source::Message;
use crate::text::{FactKind, Text};

/// Terms of a list that are named.
const MOST_TERMS: usize = 4;
/// Alternatives that are named where any would do.
const MOST_CHOICES: usize = 6;
/// Things lacking that are told of one condition.
const MOST_LACKING: usize = 12;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LackKind {
    /// Words that are not there, or do not count.
    Missing,
    /// Words that are there, too far apart.
    FarApart,
    /// Words that forbid are there.
    Forbidden,
}

/// One thing that keeps a condition from holding.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Lack {
    /// What is wrong.
    pub kind: LackKind,
    /// The same in words, in Chinese (`zh`) and English (`en`).
    #[schema(value_type = Object)]
    pub message: Message,
    /// The clause, such as `when.any[1]`.
    pub clause: String,
    /// The file it is written in.
    pub file: String,
    /// The line in that file.
    pub line: usize,
}

/// What keeps a condition from holding, in the window and by the alternative in which most of it is there; empty where it
/// holds.
pub(super) fn lacking(trace: &Trace<'_>, text: &Text, vocabulary: &Vocabulary) -> Vec<Lack> {
    let mut teller = Teller { text, vocabulary, found: Vec::new() };
    teller.tell(trace, Scope::Text);
    teller.found.truncate(MOST_LACKING);
    teller.found
}

struct Teller<'a> {
    text: &'a Text,
    vocabulary: &'a Vocabulary,
    found: Vec<Lack>,
}

impl Teller<'_> {
    fn tell(&mut self, trace: &Trace<'_>, scope: Scope) {
        if trace.held {
            return;
        }
        match &trace.part {
            Part::Leaf { .. } => self.missing(trace, &place(scope)),
            Part::Shared { condition, .. } => self.tell(condition, scope),
            Part::Near { members, .. } => self.near(trace, members),
            Part::Group { minimum, windows } => {
                let scope = match &trace.clause.form {
                    Form::Group(group) => group.scope,
                    _ => scope,
                };
                match best(windows) {
                    Some(window) => self.group(trace, *minimum as usize, window, scope),
                    None => {
                        let message = say!("还缺：标题（这条诉求没有标题）", "missing: a title (there is none)");
                        self.add(LackKind::Missing, trace, message);
                    }
                }
            }
        }
    }

    fn group(&mut self, trace: &Trace<'_>, minimum: usize, window: &WindowTrace<'_>, scope: Scope) {
        window.every.iter().for_each(|member| self.tell(member, scope));
        let held = window.some.iter().filter(|member| member.held).count();
        if held < minimum {
            self.alternatives(trace, minimum - held, &window.some, scope);
        }
        for forbidding in window.none.iter().filter(|member| member.held) {
            let words = self.words(forbidding);
            let Message { zh, en } = place(scope);
            let message = say!("被 none 排除：{zh}有{words}", "forbidden by `none`: {en} has {words}");
            self.add(LackKind::Forbidden, forbidding, message);
        }
    }

    /// Some of several: those of which something is there are told in full, or else all are named.
    fn alternatives(&mut self, trace: &Trace<'_>, missing: usize, some: &[Trace<'_>], scope: Scope) {
        let mut open: Vec<&Trace<'_>> = some.iter().filter(|member| !member.held).collect();
        open.sort_by(|a, b| b.share.total_cmp(&a.share));
        let most = open.first().map_or(0.0, |member| member.share);
        if most > 0.0 && missing == 1 {
            if let Some(nearest) = open.first() {
                self.tell(nearest, scope);
            }
            return;
        }
        let Message { zh: place_zh, en: place_en } = place(scope);
        let named: Vec<Message> = open.iter().take(MOST_CHOICES).map(|member| self.wanted(member)).collect();
        let zh = named.iter().map(|message| message.zh.as_str()).collect::<Vec<_>>().join("；");
        let en = named.iter().map(|message| message.en.as_str()).collect::<Vec<_>>().join("; ");
        let all = open.len();
        let (more_zh, more_en) = match all.saturating_sub(MOST_CHOICES) {
            0 => (String::new(), String::new()),
            more => (format!("（另有 {more} 项）"), format!(" (and {more} more)")),
        };
        let message = say!(
            "还缺：{place_zh}出现以下任意 {missing} 项：{zh}{more_zh}",
            "missing: {missing} of these {place_en}: {en}{more_en}"
        );
        self.add(LackKind::Missing, trace, message);
    }

    fn near(&mut self, trace: &Trace<'_>, members: &[Trace<'_>]) {
        let Form::Near { within, .. } = trace.clause.form else { return };
        let there: Vec<String> = members.iter().filter(|member| member.held).map(|member| self.words(member)).collect();
        let there = there.join("、");
        if members.iter().all(|member| member.held) {
            let message = say!(
                "还缺：{there}要在同一句里，中间不超过 {within} 个字",
                "missing: {there} in one sentence, at most {within} characters apart"
            );
            self.add(LackKind::FarApart, trace, message);
            return;
        }
        let place = if there.is_empty() {
            say!("同一句里、相隔不超过 {within} 个字处", "in one sentence, at most {within} characters apart,")
        } else {
            say!(
                "同一句里离{there}不超过 {within} 个字处",
                "in one sentence, at most {within} characters from {there},"
            )
        };
        members.iter().filter(|member| !member.held).for_each(|member| self.missing(member, &place));
    }

    fn missing(&mut self, trace: &Trace<'_>, place: &Message) {
        let Message { zh: wanted_zh, en: wanted_en } = self.wanted(trace);
        let Message { zh: place_zh, en: place_en } = place;
        let Message { zh: but_zh, en: but_en } = self.but(trace);
        let message = say!("还缺：{place_zh}出现{wanted_zh}{but_zh}", "missing: {place_en} {wanted_en}{but_en}");
        self.add(LackKind::Missing, trace, message);
    }

    /// Why what stands in the text does not count.
    fn but(&self, trace: &Trace<'_>) -> Message {
        let Part::Leaf { passed_over, elsewhere, .. } = &trace.part else { return say!("", "") };
        let quoted = |range: &std::ops::Range<u32>| format!("“{}”", self.text.slice(range.clone()));
        match (passed_over.first(), elsewhere.first()) {
            (Some(found), _) => {
                let words = quoted(&found.range);
                match found.reason {
                    Reason::Denied => say!(
                        "（文中的{words}前面被否定，不算）",
                        " ({words} in the text is denied right before it and does not count)"
                    ),
                    Reason::PartOfWord => say!(
                        "（文中的{words}是更长的词的一部分，不算）",
                        " ({words} in the text is part of a longer word and does not count)"
                    ),
                }
            }
            (None, Some(range)) => {
                let words = quoted(range);
                say!("（{words}只出现在别处）", " ({words} stands elsewhere only)")
            }
            (None, None) => say!("", ""),
        }
    }

    /// What a clause looks for, in words.
    fn wanted(&self, trace: &Trace<'_>) -> Message {
        match (&trace.clause.form, &trace.part) {
            (Form::Term { text, .. }, _) => say!("“{text}”", "“{text}”"),
            (Form::Reference { name, .. }, Part::Leaf { .. }) => {
                let mut terms = self.vocabulary.terms(name).unwrap_or_default();
                // The shortest are the plainest.
                terms.sort_by_key(|term| term.chars().count());
                let named = terms.iter().take(MOST_TERMS).copied().collect::<Vec<_>>().join("、");
                let (all, more) = (terms.len(), if terms.len() > MOST_TERMS { " …" } else { "" });
                say!("${name} 中的任一词（{named}{more}，共 {all} 个）", "one of ${name} ({named}{more}: {all} terms)")
            }
            (Form::Reference { name, .. }, _) => say!("条件 ${name}", "the condition ${name}"),
            (Form::Regex(pattern), _) => {
                say!("符合正则 /{pattern}/ 的文字", "what the expression /{pattern}/ matches")
            }
            (Form::Fact(kind), _) => {
                let (name, id) = (fact_name(*kind), kind.as_str());
                say!("{name}（fact: {id}）", "a fact: {id}")
            }
            (Form::Near { members, within }, Part::Near { members: traces, .. }) => {
                let count = members.len();
                let (zh, en) = self.several(traces, " 与 ", " and ");
                say!("{zh}（{count} 项相隔不超过 {within} 个字）", "{en}, at most {within} characters apart")
            }
            (Form::Group(Group { every, .. }), Part::Group { windows, .. }) => {
                let line = trace.line();
                match best(windows) {
                    Some(window) if every.is_empty() => {
                        let (zh, en) = self.several(&window.some, " 或 ", " or ");
                        let (more_zh, more_en) =
                            if window.some.len() > MOST_CHOICES { (" 等", " and so on") } else { ("", "") };
                        say!("{zh}{more_zh}", "{en}{more_en}")
                    }
                    Some(window) => {
                        let (zh, en) = self.several(&window.every, " 与 ", " and ");
                        say!("{zh}同时出现（第 {line} 行）", "{en} together (line {line})")
                    }
                    None => say!("第 {line} 行的条件", "what line {line} asks for"),
                }
            }
            _ => {
                let line = trace.line();
                say!("第 {line} 行的条件", "what line {line} asks for")
            }
        }
    }

    fn several(&self, traces: &[Trace<'_>], zh: &str, en: &str) -> (String, String) {
        let named: Vec<Message> = traces.iter().take(MOST_CHOICES).map(|member| self.wanted(member)).collect();
        let joined_zh = named.iter().map(|message| message.zh.as_str()).collect::<Vec<_>>().join(zh);
        let joined_en = named.iter().map(|message| message.en.as_str()).collect::<Vec<_>>().join(en);
        (joined_zh, joined_en)
    }

    /// The words of the text that a clause has hit, quoted.
    fn words(&self, trace: &Trace<'_>) -> String {
        let evidence = trace.evidence();
        let ranges =
            if evidence.is_empty() { hits(trace) } else { evidence.into_iter().map(|(range, _)| range).collect() };
        let mut words: Vec<String> = ranges.into_iter().map(|range| format!("“{}”", self.text.slice(range))).collect();
        words.dedup();
        words.truncate(MOST_TERMS);
        words.join("")
    }

    fn add(&mut self, kind: LackKind, trace: &Trace<'_>, message: Message) {
        let (clause, file, line) = (trace.path.clone(), trace.source.path.clone(), trace.line());
        self.found.push(Lack { kind, message, clause, file, line });
    }
}

/// The window in which most of a group is there: the traces keep the nearest, in the order of the text.
fn best<'w, 'a>(windows: &'w [WindowTrace<'a>]) -> Option<&'w WindowTrace<'a>> {
    let there = |window: &WindowTrace<'_>| {
        let share = |traces: &[Trace<'_>]| traces.iter().map(|trace| trace.share).sum::<f64>();
        let best_of_some = window.some.iter().map(|trace| trace.share).fold(0.0, f64::max);
        share(&window.every) + best_of_some
    };
    windows.iter().rev().max_by(|a, b| there(a).total_cmp(&there(b)))
}

/// A window in words.
fn place(scope: Scope) -> Message {
    match scope {
        Scope::Clause => say!("同一分句里", "in one clause"),
        Scope::Sentence => say!("同一句里", "in one sentence"),
        Scope::Title => say!("标题里", "in the title"),
        Scope::Text => say!("全文里", "in the text"),
    }
}

fn fact_name(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Phone => "电话号码",
        FactKind::IdCard => "身份证号",
        FactKind::BankCard => "银行卡号",
        FactKind::Plate => "车牌号",
        FactKind::Amount => "金额",
        FactKind::Date => "日期",
        FactKind::Time => "时刻",
        FactKind::Duration => "时长",
        FactKind::OrderNumber => "订单号",
        FactKind::Url => "网址",
        FactKind::Address => "地址",
        FactKind::BusLine => "公交或地铁线路",
    }
}
