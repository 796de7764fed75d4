//! Decisions and search results as people read them in a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::decide::{Decision, DepartmentReference, EvidenceItem, Outcome, Source};
use crate::knowledge::Passage;
use crate::source::{Lang, Message};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const MARKED: Style = AnsiColor::Yellow.on_default().bold();

/// Something that `search` found.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    kind: &'static str,
    id: String,
    title: String,
    similarity: f32,
    passage: Option<Passage>,
}

impl Found {
    pub(super) fn new(kind: &'static str, id: &str, title: &str, similarity: f32, passages: Vec<Passage>) -> Found {
        let passage = passages.into_iter().next();
        Found { kind, id: id.to_owned(), title: title.to_owned(), similarity, passage }
    }
}

/// What `search` found, one entry a paragraph.
pub(super) fn found(found: &[Found], lang: Lang) -> String {
    let mut out = String::new();
    if found.is_empty() {
        out.push_str(words(lang, "没有找到相关内容\n", "nothing found\n"));
    }
    for hit in found {
        let kind = match (hit.kind, lang) {
            ("article", Lang::Zh) => "知识",
            ("notice", Lang::Zh) => "公告",
            ("case", Lang::Zh) => "案例",
            (kind, _) => kind,
        };
        let similarity = hit.similarity;
        let _ = writeln!(out, "{kind}  {BOLD}{}{BOLD:#}  {FAINT}{}  {similarity:.2}{FAINT:#}", hit.title, hit.id);
        if let Some(passage) = &hit.passage {
            let marks: Vec<(u32, u32)> = passage.marks.iter().map(|range| (range.start, range.end)).collect();
            let _ = writeln!(out, "      {}", marked(&passage.text, &marks));
        }
    }
    out
}

/// A decision, the most needed first: what to do, what to say, what to ask, and then why.
pub(super) fn decision(decision: &Decision, lang: Lang) -> String {
    let mut page = Page { out: String::new(), lang };
    page.headline(decision);
    page.responsible(decision);
    page.answer(decision);
    page.reasons(decision);
    page.knowledge(decision);
    let elapsed = decision.elapsed_us.unwrap_or_default();
    let outcome = match (decision.outcome, lang) {
        (Outcome::Auto, Lang::Zh) => "可自动派单",
        (Outcome::Suggest, Lang::Zh) => "建议，请人工确认",
        (Outcome::Unknown, Lang::Zh) => "未识别，请人工判断",
        (Outcome::Auto, Lang::En) => "may be dispatched by itself",
        (Outcome::Suggest, Lang::En) => "a suggestion: please confirm",
        (Outcome::Unknown, Lang::En) => "unknown: please decide",
    };
    let revision = &decision.revision;
    let _ = writeln!(page.out, "{FAINT}{outcome} · {revision} · {elapsed} µs{FAINT:#}");
    page.out
}

fn words(lang: Lang, zh: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// The passage with the found words set off.
fn marked(text: &str, marks: &[(u32, u32)]) -> String {
    let mut out = String::new();
    for (index, character) in (0u32..).zip(text.chars()) {
        if marks.iter().any(|mark| mark.0 == index) {
            let _ = write!(out, "{MARKED}");
        }
        out.push(if character == '\n' { ' ' } else { character });
        if marks.iter().any(|mark| mark.1 == index + 1) {
            let _ = write!(out, "{MARKED:#}");
        }
    }
    out
}

struct Page {
    out: String,
    lang: Lang,
}

impl Page {
    /// One labelled line; the labels of a language have one width.
    fn line(&mut self, zh: &str, en: &str, value: impl AsRef<str>) {
        let label = match self.lang {
            Lang::Zh => format!("{zh}{}", "　".repeat(4_usize.saturating_sub(zh.chars().count()))),
            Lang::En => format!("{en:<11}"),
        };
        let indent = match self.lang {
            Lang::Zh => "\n　　　　  ",
            Lang::En => "\n             ",
        };
        let value = value.as_ref().trim_end().replace('\n', indent);
        let _ = writeln!(self.out, "{FAINT}{label}{FAINT:#}  {value}");
    }

    fn headline(&mut self, decision: &Decision) {
        if decision.emergency {
            let warning = words(self.lang, "紧急：涉及人身或财产安全，先按紧急流程处置", "EMERGENCY: act on it first");
            let _ = writeln!(self.out, "{RED}{warning}{RED:#}");
        }
        let zh = |outcome| words(self.lang, outcome, "none");
        match &decision.scenario {
            Some(scenario) => {
                let from = match decision.source {
                    Some(Source::Learned) => words(self.lang, "，依据相近案例", ", from near cases"),
                    _ => "",
                };
                let (title, id, confidence) = (&scenario.title, &scenario.id, scenario.confidence);
                let value = format!("{BOLD}{title}{BOLD:#}  {FAINT}{id}  {confidence:.2}{from}{FAINT:#}");
                self.line("场景", "scenario", value);
            }
            None => self.line("场景", "scenario", zh("未识别")),
        }
        let category = decision.category.as_ref().map(|category| format!("{}  ", category.path)).unwrap_or_default();
        self.line("分类", "category", format!("{category}{FAINT}{}{FAINT:#}", decision.kind));
    }

    fn responsible(&mut self, decision: &Decision) {
        if let Some(department) = &decision.department {
            let unit = decision.unit.as_ref().map(|unit| format!(" → {}", unit.name)).unwrap_or_default();
            self.line("承办单位", "department", format!("{BOLD}{}{unit}{BOLD:#}", department.name));
            self.basis(department);
        }
        if !decision.joint.is_empty() {
            let names: Vec<&str> = decision.joint.iter().map(|named| named.name.as_str()).collect();
            self.line("协办单位", "joint", names.join("、"));
        }
        if let Some(district) = &decision.district {
            self.line("属地", "district", &district.name);
        }
        if let Some(deadline) = &decision.deadline {
            let until =
                Message { zh: format!("{}前（{}）", deadline.text, deadline.term), en: deadline.due.clone() };
            self.line("办结时限", "deadline", until.in_lang(self.lang));
        }
    }

    fn basis(&mut self, department: &DepartmentReference) {
        self.line("派单依据", "basis", &department.basis);
        if let Some(reason) = &department.reason {
            self.line("", "", format!("{FAINT}{reason}{FAINT:#}"));
        }
    }

    fn answer(&mut self, decision: &Decision) {
        for notice in &decision.notices {
            self.line(
                "公告",
                "notice",
                format!("{BOLD}{}{BOLD:#}（{} — {}）\n{}", notice.title, notice.from, notice.until, notice.text),
            );
        }
        if let Some(reply) = &decision.reply {
            self.line("答复", "reply", &reply.text);
        }
        for (index, question) in decision.questions.iter().enumerate() {
            let required = if question.required { words(self.lang, "（必问）", " (required)") } else { "" };
            let label = if index == 0 { ("追问", "questions") } else { ("", "") };
            self.line(label.0, label.1, format!("{}{required}", question.ask));
        }
        for (index, step) in decision.steps.iter().enumerate() {
            let label = if index == 0 { ("处置步骤", "steps") } else { ("", "") };
            self.line(label.0, label.1, format!("{}. {step}", index + 1));
        }
        for (index, fact) in decision.facts.iter().enumerate() {
            let label = if index == 0 { ("要素", "facts") } else { ("", "") };
            self.line(label.0, label.1, format!("{}  {FAINT}{} = {}{FAINT:#}", fact.text, fact.kind, fact.value));
        }
    }

    fn reasons(&mut self, decision: &Decision) {
        for (index, item) in decision.evidence.iter().enumerate() {
            let label = if index == 0 { ("依据词句", "evidence") } else { ("", "") };
            let line = self.evidence(item);
            self.line(label.0, label.1, line);
        }
        for matter in decision.matters.iter().skip(1) {
            let department = matter.department.as_ref().map_or("", |department| &department.name);
            self.line("另有诉求", "matter", format!("{} → {department}", matter.scenario.title));
        }
        for (index, runner_up) in decision.runners_up.iter().enumerate() {
            let label = if index == 0 { ("其他可能", "runners-up") } else { ("", "") };
            let department = runner_up.department.as_ref().map_or("", |department| &department.name);
            let because: Vec<&str> = runner_up.evidence.iter().map(|item| item.text.as_str()).collect();
            let (title, confidence) = (&runner_up.scenario.title, runner_up.scenario.confidence);
            let because = because.join("、");
            self.line(label.0, label.1, format!("{title} → {department}  {FAINT}{confidence:.2}  {because}{FAINT:#}"));
        }
    }

    fn evidence(&self, item: &EvidenceItem) -> String {
        let mut why = format!("{} · {}:{}", item.clause, item.file, item.line);
        if item.term != item.text {
            why = format!("{} · {why}", item.term);
        }
        if item.hint {
            why += words(self.lang, " · 提示词", " · hint");
        }
        if item.contradicted {
            why += words(self.lang, " · 与分词不符，降权", " · contradicted by the segmenter");
        }
        format!("{MARKED}{}{MARKED:#}  {FAINT}{why}{FAINT:#}", item.text)
    }

    fn knowledge(&mut self, decision: &Decision) {
        for (index, article) in decision.articles.iter().enumerate() {
            let label = if index == 0 { ("政策知识", "articles") } else { ("", "") };
            let basis = article.basis.join("；");
            self.line(label.0, label.1, format!("{}  {FAINT}{} {basis}{FAINT:#}", article.title, article.id));
        }
        for (index, case) in decision.cases.iter().enumerate() {
            let label = if index == 0 { ("相近案例", "cases") } else { ("", "") };
            let passage = case.passage.as_ref().map(|p| marked(&p.text, &p.marks)).unwrap_or_default();
            self.line(label.0, label.1, format!("{passage}  {FAINT}{} {:.2}{FAINT:#}", case.id, case.similarity));
        }
    }
}
