//! An evaluation as people read it in a terminal: the figures first, then what lies behind them.
//!
//! Colours are ANSI sequences; whoever prints takes them out where the terminal has none.

mod table;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::figures::{Figures, ReliabilityBin};
use super::judged::{Judged, Run};
use super::shown::{UNDEFINED, decimal, megabytes, microseconds, one_line, percent, seconds};
use crate::say;
use crate::source::{Lang, Message};
use table::{Set, cut, table, width};

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const SHORT: Style = AnsiColor::Yellow.on_default();

/// Confusions, errors and rules that are listed; the HTML page has more.
const LISTED: usize = 10;
/// Characters of a complaint that are quoted.
const QUOTED: usize = 50;
/// Words of evidence that are named.
const EVIDENCE: usize = 6;
/// Columns of a label, at the most.
const LABEL: usize = 36;
/// Columns of the bars in the calibration diagram.
const BAR: usize = 40;
/// Months that are listed, the newest.
const MONTHS: usize = 24;

/// The page, in one language, ending with a line break.
pub fn plain(figures: &Figures, run: &Run, lang: Lang) -> String {
    let mut page = Page { out: String::new(), lang };
    page.head(figures, run);
    page.targets(figures);
    page.calibration(figures);
    page.confusions(figures);
    page.worst(run);
    page.months(figures);
    page.rules(run);
    page.copies(figures);
    page.out
}

/// What a level is called.
pub(super) fn level(level: &str) -> Message {
    match level {
        "scenario" => say!("场景", "scenario"),
        "category" => say!("分类", "category"),
        "department" => say!("承办单位", "department"),
        "unit" => say!("下属单位", "unit"),
        other => say!("{other}", "{other}"),
    }
}

struct Page {
    out: String,
    lang: Lang,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn say(&mut self, message: &Message) {
        let line = message.in_lang(self.lang).to_owned();
        self.line(&line);
    }

    fn heading(&mut self, message: &Message) {
        let heading = message.in_lang(self.lang);
        let _ = write!(self.out, "\n{BOLD}{heading}{BOLD:#}\n");
    }

    /// A table with a faint head.
    fn table(&mut self, columns: &[(Message, Set)], rows: &[Vec<String>]) {
        let columns: Vec<(&str, Set)> = columns.iter().map(|(head, set)| (head.in_lang(self.lang), *set)).collect();
        let lines = table(&columns, rows);
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                let _ = writeln!(self.out, "{FAINT}{line}{FAINT:#}");
            } else {
                self.line(line);
            }
        }
    }

    fn head(&mut self, figures: &Figures, run: &Run) {
        for (index, line) in run.title.lines().enumerate() {
            let line = one_line(line, 400);
            let style = if index == 0 { BOLD } else { FAINT };
            let _ = writeln!(self.out, "{style}{line}{style:#}");
        }
        let (n, cases, labels) = (figures.n, run.cases, figures.labels);
        let level = level(&run.level);
        let (zh, en) = (level.zh, level.en);
        self.say(&say!(
            "{zh}：{n} 条诉求，由 {cases} 条案例学习，{labels} 个标签",
            "{en}: {n} complaints, learned from {cases} cases with {labels} labels"
        ));
        self.out.push('\n');
        let (accuracy, top3) = (percent(figures.accuracy), percent(figures.top3));
        let (macro_f1, ece) = (decimal(figures.macro_f1), decimal(figures.ece));
        self.fact(&say!("准确率", "accuracy"), &format!("{BOLD}{accuracy}{BOLD:#}"));
        self.fact(&say!("宏平均 F1", "macro-F1"), &format!("{BOLD}{macro_f1}{BOLD:#}"));
        self.fact(&say!("前三命中率", "among first 3"), &top3);
        let by_chance = decimal(figures.ece_by_chance);
        let calibration =
            say!("{ece}（完全准确的置信度也会有 {by_chance}）", "{ece} (exact confidences would have {by_chance})");
        self.fact(&say!("校准误差", "calibration"), calibration.in_lang(self.lang));
        let (p50, p99) = (microseconds(figures.latency_us.p50), microseconds(figures.latency_us.p99));
        self.fact(&say!("单条用时", "time each"), &format!("p50 {p50}  p99 {p99}"));
        let training = seconds(figures.train_seconds);
        self.fact(&say!("训练用时", "training"), &training);
        if figures.memory_bytes.is_some() {
            self.fact(&say!("内存", "memory"), &megabytes(figures.memory_bytes));
        }
    }

    /// One figure with its name; names of a language have one width.
    fn fact(&mut self, name: &Message, value: &str) {
        let name = name.in_lang(self.lang);
        let blanks = " ".repeat(15_usize.saturating_sub(width(name)));
        let _ = writeln!(self.out, "  {FAINT}{name}{FAINT:#}{blanks}{value}");
    }

    fn targets(&mut self, figures: &Figures) {
        if figures.targets.is_empty() {
            return;
        }
        self.heading(&say!("自动派单", "Automatic dispatch"));
        let row = |target: &super::TargetFigures| {
            let reached = match target.accuracy {
                None => UNDEFINED.to_owned(),
                Some(accuracy) if accuracy >= target.target => format!("{GOOD}✓{GOOD:#}"),
                Some(_) => format!("{SHORT}{}{SHORT:#}", say!("未达到", "missed").in_lang(self.lang)),
            };
            let (wanted, bar) = (percent(Some(target.target)), decimal(target.threshold));
            vec![wanted, bar, percent(target.coverage), percent(target.accuracy), reached]
        };
        let rows: Vec<Vec<String>> = figures.targets.iter().map(row).collect();
        let columns = [
            (say!("目标", "target"), Set::Right),
            (say!("置信度门槛", "bar"), Set::Right),
            (say!("覆盖率", "coverage"), Set::Right),
            (say!("实际准确率", "accuracy"), Set::Right),
            (say!("", ""), Set::Left),
        ];
        self.table(&columns, &rows);
    }

    fn calibration(&mut self, figures: &Figures) {
        if figures.reliability.is_empty() {
            return;
        }
        self.heading(&say!(
            "校准（每档诉求数相同；█ 实际准确率，│ 置信度）",
            "Calibration (bins of equal mass; █ accuracy, │ confidence)"
        ));
        let row = |bin: &ReliabilityBin| {
            let (confidence, accuracy) = (format!("{:.3}", bin.confidence), format!("{:.3}", bin.accuracy));
            vec![confidence, accuracy, bin.n.to_string(), bar(bin)]
        };
        let rows: Vec<Vec<String>> = figures.reliability.iter().map(row).collect();
        let columns = [
            (say!("置信度", "confidence"), Set::Right),
            (say!("准确率", "accuracy"), Set::Right),
            (say!("条数", "n"), Set::Right),
            (say!("", ""), Set::Left),
        ];
        self.table(&columns, &rows);
    }

    fn confusions(&mut self, figures: &Figures) {
        if figures.confusions.is_empty() {
            return;
        }
        self.heading(&say!("最常见的混淆", "Most frequent confusions"));
        let none = say!("（无结果）", "(nothing found)");
        let row = |one: &super::Confusion| {
            let predicted = one.predicted.as_deref().unwrap_or(none.in_lang(self.lang));
            vec![one.count.to_string(), label(&one.truth), format!("→ {}", label(predicted))]
        };
        let rows: Vec<Vec<String>> = figures.confusions.iter().take(LISTED).map(row).collect();
        let columns =
            [(say!("次数", "n"), Set::Right), (say!("正确", "true"), Set::Left), (say!("判为", "decided"), Set::Left)];
        self.table(&columns, &rows);
    }

    fn worst(&mut self, run: &Run) {
        let worst = run.worst_errors(LISTED);
        if worst.is_empty() {
            return;
        }
        self.heading(&say!("最有把握却判错的", "Wrong, and surest of it"));
        for query in worst {
            self.error(query);
        }
    }

    fn error(&mut self, query: &Judged) {
        let confidence = query.confidence();
        let (truth, id) = (label(&query.truth), one_line(&query.id, 60));
        let none = say!("（无结果）", "(nothing found)");
        let predicted = label(query.predicted().unwrap_or(none.in_lang(self.lang)));
        let is = say!("正确", "true:").in_lang(self.lang).to_owned();
        let _ = writeln!(
            self.out,
            "  {SHORT}{confidence:.3}{SHORT:#}  {predicted}  {FAINT}{is}{FAINT:#} {truth}  {FAINT}{id}{FAINT:#}"
        );
        let title = query.title.as_deref().map(|title| one_line(title, 40) + "｜").unwrap_or_default();
        let text = one_line(&query.text, QUOTED);
        let _ = writeln!(self.out, "         {title}{text}");
        if !query.evidence.is_empty() {
            let named = |(word, weight): &(String, f64)| format!("{} {weight:+.2}", one_line(word, 30));
            let evidence: Vec<String> = query.evidence.iter().take(EVIDENCE).map(named).collect();
            let evidence = evidence.join(say!("，", ", ").in_lang(self.lang));
            let _ = writeln!(self.out, "         {FAINT}{evidence}{FAINT:#}");
        }
    }

    fn months(&mut self, figures: &Figures) {
        if figures.by_month.is_empty() {
            return;
        }
        self.heading(&say!("按月份（自动派单按第一个目标）", "By month (automatic dispatch at the first target)"));
        let row = |month: &super::ByMonth| {
            let shares = [month.accuracy, month.coverage, month.automatic_accuracy].map(percent);
            [month.month.clone(), month.n.to_string()].into_iter().chain(shares).collect()
        };
        let newest = figures.by_month.len().saturating_sub(MONTHS);
        let rows: Vec<Vec<String>> = figures.by_month[newest..].iter().map(row).collect();
        let columns = [
            (say!("月份", "month"), Set::Left),
            (say!("条数", "n"), Set::Right),
            (say!("准确率", "accuracy"), Set::Right),
            (say!("覆盖率", "coverage"), Set::Right),
            (say!("自动派单准确率", "automatic accuracy"), Set::Right),
        ];
        self.table(&columns, &rows);
    }

    fn rules(&mut self, run: &Run) {
        if run.rules.is_empty() {
            return;
        }
        self.heading(&say!("最不准的规则（在案例上）", "Least precise rules (on the cases)"));
        let row = |rule: &&super::RulePrecision| {
            let (right, fired) = (rule.right, rule.fired);
            vec![label(&rule.id), format!("{right}/{fired}"), percent(Some(rule.lower))]
        };
        let rows: Vec<Vec<String>> = run.least_precise_rules(LISTED).iter().map(row).collect();
        let columns = [
            (say!("场景", "scenario"), Set::Left),
            (say!("正确/命中", "right/fired"), Set::Right),
            (say!("准确率下限", "precision at least"), Set::Right),
        ];
        self.table(&columns, &rows);
    }

    fn copies(&mut self, figures: &Figures) {
        let copies = &figures.near_copies;
        let n = copies.n;
        self.out.push('\n');
        if n == 0 {
            self.say(&say!("没有诉求与案例近似重复。", "No complaint is a near-copy of a case."));
        } else {
            let (of, without) = (percent(copies.accuracy_of), percent(copies.accuracy_without));
            let macro_f1 = decimal(copies.macro_f1_without);
            self.say(&say!(
                "{n} 条诉求与案例近似重复（准确率 {of}）；去掉后准确率 {without}，宏平均 F1 {macro_f1}。",
                "{n} complaints are near-copies of cases (accuracy {of}); without them accuracy {without}, macro-F1 {macro_f1}."
            ));
        }
        let (labels, unseen) = (figures.unseen_labels.labels, figures.unseen_labels.n);
        if unseen > 0 {
            self.say(&say!(
                "没有任何案例的标签有 {labels} 个（{unseen} 条诉求），不可能从案例学到。",
                "True labels that no case bears: {labels} (of {unseen} complaints). Cases cannot teach these."
            ));
        }
    }
}

/// A label in few columns, harmless for the terminal.
fn label(label: &str) -> String {
    cut(&one_line(label, 200), LABEL)
}

/// A bar of accuracy, with a stroke where the confidence says that it should end.
fn bar(bin: &ReliabilityBin) -> String {
    let place = |share: f64| ((share * BAR as f64).round() as usize).min(BAR);
    let (accuracy, confidence) = (place(bin.accuracy), place(bin.confidence));
    let column = |at: usize| match at {
        _ if at == confidence => '│',
        _ if at < accuracy => '█',
        _ => ' ',
    };
    (0..=BAR).map(column).collect()
}

#[cfg(test)]
mod tests;
