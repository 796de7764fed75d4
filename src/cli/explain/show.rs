//! An explanation as people read it in a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::decide::Complaint;
use crate::decide::explain::{
    ClauseForm, ClauseItem, Direction, Edit, Explanation, Flip, HitItem, Lack, ScenarioExplained, Verdict, WhyNot,
    WindowItem,
};
use crate::say;
use crate::source::{Lang, Message};
use crate::text::{Field, Span};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const MARKED: Style = AnsiColor::Yellow.on_default().bold();
const HELD: Style = AnsiColor::Green.on_default();
const LACKS: Style = AnsiColor::Red.on_default();

/// Alternatives of a group that do not hold and are shown all the same: the nearest.
const MOST_OPEN: usize = 2;
/// Clauses in clauses that are shown, so that lines stay readable.
const MAX_DEPTH: usize = 8;

/// All of it: what fired and why it leads, what nearly fired, why not, what would change it.
pub(super) fn explanation(explained: &Explanation, complaint: &Complaint, lang: Lang) -> String {
    let mut page = Page { out: String::new(), lang, complaint, last: String::new(), most_open: MOST_OPEN };
    page.text(explained);
    if let Some(why_not) = &explained.why_not {
        page.why_not(why_not);
    } else {
        page.heading(&say!("命中的场景", "Scenarios that fired"));
        if explained.fired.is_empty() {
            page.line(1, &say!("没有场景命中", "none"));
        }
        explained.fired.iter().for_each(|scenario| page.fired(scenario));
        if !explained.near.is_empty() {
            page.heading(&say!("差一点命中的场景", "Scenarios that nearly fired"));
        }
        explained.near.iter().for_each(|scenario| page.near(scenario));
    }
    page.flips(explained);
    page.out
}

/// What is lacking, a line each.
pub(in crate::cli) fn lacking(lacking: &[Lack], lang: Lang) -> Vec<String> {
    lacking.iter().map(|lack| format!("{}  ({}:{})", lack.message.in_lang(lang), lack.file, lack.line)).collect()
}

struct Page<'a> {
    out: String,
    lang: Lang,
    complaint: &'a Complaint,
    /// The file and line that were named last.
    last: String,
    /// Alternatives that do not hold and are shown.
    most_open: usize,
}

impl Page<'_> {
    fn say<'m>(&self, message: &'m Message) -> &'m str {
        message.in_lang(self.lang)
    }

    fn heading(&mut self, message: &Message) {
        let words = self.say(message).to_owned();
        let _ = writeln!(self.out, "\n{BOLD}{words}{BOLD:#}");
    }

    fn line(&mut self, depth: usize, message: &Message) {
        let words = self.say(message).to_owned();
        let _ = writeln!(self.out, "{:indent$}{words}", "", indent = depth * 2);
    }

    /// The complaint with the words marked that the leader rests on.
    fn text(&mut self, explained: &Explanation) {
        let spans = explained.fired.first().map(|leader| evidence(&leader.when)).unwrap_or_default();
        if let Some(title) = &self.complaint.title {
            let _ = writeln!(self.out, "{BOLD}{}{BOLD:#}", marked(title, Field::Title, &spans));
        }
        let _ = writeln!(self.out, "{}", marked(&self.complaint.text, Field::Text, &spans));
    }

    fn title(&self, scenario: &ScenarioExplained) -> String {
        let (id, name) = (&scenario.scenario.id, &scenario.scenario.name);
        let (file, line) = (&scenario.when.file, scenario.when.line);
        format!("{BOLD}{name}{BOLD:#}  {FAINT}{id}  {file}:{line}{FAINT:#}")
    }

    fn fired(&mut self, scenario: &ScenarioExplained) {
        let rank = scenario.rank.unwrap_or_default();
        let title = self.title(scenario);
        let _ = writeln!(self.out, " {rank}. {title}");
        if let Some(message) = &scenario.in_words {
            self.line(2, message);
        }
        if scenario.guessed {
            self.line(2, &say!("只是读音相近，供参考", "only sounds like its terms"));
        }
        self.clause(&scenario.when, 2, false);
        for hint in &scenario.hints {
            let (text, file, line) = (&hint.text, &hint.file, hint.line);
            self.line(2, &say!("提示词 {text}（{file}:{line}）", "hint {text} ({file}:{line})"));
        }
    }

    fn near(&mut self, scenario: &ScenarioExplained) {
        let title = self.title(scenario);
        let share = (scenario.share * 100.0).round();
        let _ = writeln!(self.out, " · {title}  {FAINT}{share}%{FAINT:#}");
        self.lacks(&scenario.lacking, 2);
        // Of a scenario that did not fire the nearest alternative is enough to see why.
        self.most_open = 1;
        self.clause(&scenario.when, 2, false);
        self.most_open = MOST_OPEN;
    }

    fn lacks(&mut self, lacks: &[Lack], depth: usize) {
        for line in lacking(lacks, self.lang) {
            let _ = writeln!(self.out, "{:indent$}{LACKS}{line}{LACKS:#}", "", indent = depth * 2);
        }
    }

    fn why_not(&mut self, why_not: &WhyNot) {
        let name = &why_not.scenario.name;
        self.heading(&say!("为什么不是“{name}”", "Why not `{name}`"));
        self.line(1, &why_not.in_words);
        self.lacks(&why_not.explained.lacking, 2);
        let title = self.title(&why_not.explained);
        let _ = writeln!(self.out, "  {title}");
        self.clause(&why_not.explained.when, 2, false);
        if why_not.verdict == Verdict::Leads {
            return;
        }
        self.heading(&say!("怎样改它就会领先", "What would make it lead"));
        match &why_not.flip {
            Some(flip) => self.flip(flip),
            None => self.line(
                1,
                &say!(
                    "在搜索范围内没有找到（改动会很大）",
                    "nothing found within bounds: it would take a large change"
                ),
            ),
        }
    }

    /// A clause with all below it, as far as it is worth showing. Below a `none`, what holds is what is wrong.
    fn clause(&mut self, clause: &ClauseItem, depth: usize, forbids: bool) {
        if depth > MAX_DEPTH {
            return;
        }
        let (sign, style) = match (clause.held, forbids) {
            (true, false) => ("✓", HELD),
            (false, false) => ("✗", LACKS),
            (true, true) => ("✗", LACKS),
            (false, true) => ("✓", HELD),
        };
        let what = self.what(clause);
        let found = self.found(clause);
        let indent = depth * 2;
        let file = self.place(clause);
        let _ = writeln!(self.out, "{:indent$}{style}{sign}{style:#} {what}{found}{file}", "");
        for window in &clause.windows {
            self.window(clause, window, depth + 1);
        }
        if clause.form != ClauseForm::Group {
            clause.members.iter().for_each(|member| self.clause(member, depth + 1, forbids));
        }
    }

    /// Where a clause is written, unless it is on the line of the one before it.
    fn place(&mut self, clause: &ClauseItem) -> String {
        let place = format!("{}:{}", clause.file, clause.line);
        if self.last == place {
            String::new()
        } else {
            self.last.clone_from(&place);
            format!("  {FAINT}{place}{FAINT:#}")
        }
    }

    fn window(&mut self, group: &ClauseItem, window: &WindowItem, depth: usize) {
        let words = quoted(self.complaint, window.span);
        let whole = words.chars().count() == self.complaint.text.trim().chars().count();
        if group.windows.len() > 1 || (matches!(group.scope.as_deref(), Some("sentence" | "clause")) && !whole) {
            let _ = writeln!(self.out, "{:indent$}{FAINT}「{words}」{FAINT:#}", "", indent = depth * 2);
        }
        let held = window.any.iter().filter(|member| member.held);
        let mut open: Vec<&ClauseItem> = window.any.iter().filter(|member| !member.held).collect();
        open.sort_by(|a, b| b.share.total_cmp(&a.share));
        let few = if held.clone().next().is_some() { 0 } else { self.most_open };
        let left = open.len().saturating_sub(few);
        held.chain(open.into_iter().take(few)).for_each(|member| self.clause(member, depth, false));
        if left > 0 {
            self.line(depth, &say!("（另有 {left} 项未命中）", "({left} more do not hold)"));
        }
        window.all.iter().for_each(|member| self.clause(member, depth, false));
        for member in window.none.iter().filter(|member| member.held || has_passed_over(member)) {
            self.line(depth, &say!("none：", "none:"));
            self.clause(member, depth + 1, true);
        }
    }

    fn what(&self, clause: &ClauseItem) -> String {
        clause.in_words.as_ref().map_or(clause.wants.as_str(), |message| self.say(message)).to_owned()
    }

    /// The words that were hit, and those that do not count.
    fn found(&self, clause: &ClauseItem) -> String {
        let mut out = String::new();
        let words = |hits: &[HitItem]| {
            let mut words: Vec<&str> = hits.iter().map(|hit| hit.text.as_str()).collect();
            words.dedup();
            words.join("、")
        };
        if !clause.hits.is_empty() {
            let _ = write!(out, " {MARKED}{}{MARKED:#}", words(&clause.hits));
        }
        for found in &clause.passed_over {
            let words = &found.text;
            let message = match found.why.as_str() {
                "denied" => say!("（“{words}”前面被否定，不算）", " (`{words}` is denied and does not count)"),
                _ => say!("（“{words}”在更长的词里，不算）", " (`{words}` is part of a longer word)"),
            };
            out.push_str(self.say(&message));
        }
        if !clause.elsewhere.is_empty() {
            let words = words(&clause.elsewhere);
            out.push_str(self.say(&say!("（“{words}”在别处）", " (`{words}` stands elsewhere)")));
        }
        out
    }

    fn flips(&mut self, explained: &Explanation) {
        self.heading(&say!(
            "改动最少几个字就会换场景（都已实际试过）",
            "The smallest changes that flip it (each was tried)"
        ));
        explained.flips.iter().for_each(|flip| self.flip(flip));
        for direction in &explained.not_found {
            let message = match direction {
                Direction::Add => say!("加字：在搜索范围内没有找到", "adding words: nothing found within bounds"),
                _ => say!("删字：在搜索范围内没有找到", "removing words: nothing found within bounds"),
            };
            self.line(1, &message);
        }
    }

    fn flip(&mut self, flip: &Flip) {
        self.line(1, &flip.in_words);
        let shown = [
            (Field::Title, flip.title.as_deref().and(self.complaint.title.as_deref())),
            (Field::Text, Some(self.complaint.text.as_str())),
        ];
        for (field, text) in shown {
            if let Some(text) = text.filter(|_| flip.edits.iter().any(|edit| edit.span.field == field)) {
                let _ = writeln!(self.out, "    {}", edited(text, field, &flip.edits));
            }
        }
    }
}

fn has_passed_over(clause: &ClauseItem) -> bool {
    !clause.passed_over.is_empty()
}

/// The spans of all hits that hold.
fn evidence(clause: &ClauseItem) -> Vec<Span> {
    let mut spans: Vec<Span> = clause.hits.iter().map(|hit| hit.span).collect();
    if clause.form == ClauseForm::Condition {
        spans.extend(clause.members.iter().flat_map(evidence));
    }
    for window in clause.windows.iter().filter(|window| window.held) {
        spans.extend(window.any.iter().filter(|member| member.held).chain(&window.all).flat_map(evidence));
    }
    spans
}

/// A field with the characters of the spans set off.
fn marked(text: &str, field: Field, spans: &[Span]) -> String {
    let inside = |at: u32| spans.iter().any(|span| span.field == field && span.start <= at && at < span.end);
    let (mut out, mut open) = (String::new(), false);
    for (at, character) in (0_u32..).zip(text.chars()) {
        if inside(at) != open {
            open = !open;
            let _ = if open { write!(out, "{MARKED}") } else { write!(out, "{MARKED:#}") };
        }
        out.push(character);
    }
    if open {
        let _ = write!(out, "{MARKED:#}");
    }
    out
}

/// A field with what is taken away and added set off, also where there is no colour.
fn edited(text: &str, field: Field, edits: &[Edit]) -> String {
    let characters: Vec<char> = text.chars().collect();
    let (mut out, mut next) = (String::new(), 0);
    for edit in edits.iter().filter(|edit| edit.span.field == field) {
        let (from, to) = (edit.span.start as usize, edit.span.end as usize);
        out.extend(characters.get(next..from).unwrap_or_default());
        if !edit.removed.is_empty() {
            let _ = write!(out, "{LACKS}[-{}-]{LACKS:#}", edit.removed);
        }
        if !edit.inserted.is_empty() {
            let _ = write!(out, "{HELD}{{+{}+}}{HELD:#}", edit.inserted);
        }
        next = to;
    }
    out.extend(characters.get(next..).unwrap_or_default());
    out.replace('\n', " ")
}

/// The characters of a span, on one line.
fn quoted(complaint: &Complaint, span: Span) -> String {
    let text = match span.field {
        Field::Title => complaint.title.as_deref().unwrap_or_default(),
        Field::Text => &complaint.text,
    };
    let length = span.end.saturating_sub(span.start) as usize;
    text.chars().skip(span.start as usize).take(length).collect::<String>().trim().replace('\n', " ")
}
