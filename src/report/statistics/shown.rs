//! Statistics for people and for tables.

use std::fmt::Write;

use super::count::{ClauseFigures, Precision, ScenarioFigures, Statistics};
use crate::say;
use crate::source::{Lang, Message};

/// Scenarios among the slowest.
const SLOWEST: usize = 10;

/// For the terminal; each table has at most `limit` lines.
pub fn plain(statistics: &Statistics, limit: usize, lang: Lang) -> String {
    let mut out = String::new();
    let mut line = |message: Message| {
        let _ = writeln!(out, "{}", message.in_lang(lang));
    };
    let (cases, labelled, fired) = (statistics.cases, statistics.labelled, statistics.fired);
    line(say!(
        "{cases} 件诉求（有标注 {labelled} 件），规则命中 {fired} 件",
        "{cases} cases ({labelled} labelled), rules fire on {fired}"
    ));
    line(say!(
        "\n场景：命中 / 领先 / 命中时判对（区间）/ 最近一次 / 耗时",
        "\nscenario: hits / leads / right where it fires (interval) / last hit / cost"
    ));
    let mut scenarios: Vec<&ScenarioFigures> = statistics.scenarios.iter().collect();
    scenarios.sort_by_key(|own| (std::cmp::Reverse((own.hits, own.leads)), &own.id));
    for own in scenarios.iter().take(limit) {
        line(one(own));
    }
    more(scenarios.len(), limit).into_iter().for_each(&mut line);
    line(say!("\n最慢的场景", "\nslowest scenarios"));
    for own in statistics.slowest(SLOWEST) {
        let (id, cost) = (&own.id, own.microseconds);
        line(say!("  {cost:8.1} µs  {id}", "  {cost:8.1} µs  {id}"));
    }
    let dead = statistics.dead_clauses();
    let count = dead.len();
    line(say!("\n从未起作用的条件：{count} 个", "\nclauses that never had a part in anything: {count}"));
    for (own, clause) in dead.iter().take(limit) {
        let (id, place) = (&own.id, place(clause));
        line(say!("  {id}  {place}", "  {id}  {place}"));
    }
    more(count, limit).into_iter().for_each(&mut line);
    let count = statistics.dead_terms.len();
    line(say!("\n没有任何诉求提到的词：{count} 个", "\nterms that no case has: {count}"));
    let shown: Vec<&str> = statistics.dead_terms.iter().take(limit).map(String::as_str).collect();
    if !shown.is_empty() {
        let shown = shown.join("、");
        line(say!("  {shown}", "  {shown}"));
    }
    more(count, limit).into_iter().for_each(&mut line);
    out
}

/// One scenario in full, for the terminal.
pub fn scenario(own: &ScenarioFigures, lang: Lang) -> String {
    let mut out = String::new();
    let mut line = |message: Message| {
        let _ = writeln!(out, "{}", message.in_lang(lang));
    };
    let title = &own.title;
    line(say!("{title}", "{title}"));
    line(one(own));
    let leads = shown(&own.lead_precision);
    line(say!("领先时判对：{leads}", "right where it leads: {leads}"));
    line(say!("\n条件：命中 / 判对（区间）/ 最近一次", "\nclause: hits / right (interval) / last hit"));
    for clause in &own.clauses {
        let (place, hits, right) = (place(clause), clause.hits, shown(&clause.precision));
        let last = clause.last_hit.map_or("—".to_owned(), |day| day.to_string());
        match clause.forbids {
            true => line(say!(
                "       —  {place}  （排除条件，不计命中）",
                "       —  {place}  (forbids, hits are not counted)"
            )),
            false => line(say!("  {hits:6}  {place}  {right}  {last}", "  {hits:6}  {place}  {right}  {last}")),
        }
    }
    line(say!("\n词：有多少件诉求提到", "\nterms: cases that have them"));
    let mut terms: Vec<_> = own.terms.iter().collect();
    terms.sort_by_key(|term| (std::cmp::Reverse(term.hits), &term.term));
    let terms: Vec<String> = terms.iter().map(|term| format!("{} {}", term.term, term.hits)).collect();
    for row in terms.chunks(8) {
        let row = row.join("、");
        line(say!("  {row}", "  {row}"));
    }
    out
}

fn one(own: &ScenarioFigures) -> Message {
    let ScenarioFigures { id, hits, leads, microseconds, .. } = own;
    let right = shown(&own.precision);
    let last = own.last_hit.map_or("—".to_owned(), |day| day.to_string());
    say!(
        "  {hits:6} {leads:6}  {right:24}  {last:10}  {microseconds:7.1} µs  {id}",
        "  {hits:6} {leads:6}  {right:24}  {last:10}  {microseconds:7.1} µs  {id}"
    )
}

fn place(clause: &ClauseFigures) -> String {
    format!("{} {}  {}:{}", clause.clause, clause.what, clause.file, clause.line)
}

/// `87.5% (71.2–95.4%, 35/40)`.
fn shown(precision: &Precision) -> String {
    let Precision { labelled, right, share, lower, upper } = precision;
    let percent = |share: f64| share * 100.0;
    share.map_or("—".to_owned(), |share| {
        format!("{:.1}% ({:.0}–{:.0}%, {right}/{labelled})", percent(share), percent(*lower), percent(*upper))
    })
}

fn more(count: usize, limit: usize) -> Option<Message> {
    let left = count.saturating_sub(limit);
    (left > 0).then(|| say!("  …… 另有 {left} 个", "  … {left} more"))
}

/// As CSV, a line for every scenario, and one for every clause of it.
///
/// # Errors
/// Memory could not be written to.
pub fn csv(scenarios: &[&ScenarioFigures]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "scenario",
        "clause",
        "what",
        "file",
        "line",
        "hits",
        "leads",
        "labelled",
        "right",
        "lower",
        "upper",
        "last_hit",
        "microseconds",
    ])?;
    let day = |day: Option<crate::source::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    for own in scenarios {
        let figures = |precision: &Precision| {
            let Precision { labelled, right, lower, upper, .. } = precision;
            [labelled.to_string(), right.to_string(), format!("{lower:.4}"), format!("{upper:.4}")]
        };
        let [labelled, right, lower, upper] = figures(&own.precision);
        let cost = format!("{:.2}", own.microseconds);
        let (hits, leads, last) = (own.hits.to_string(), own.leads.to_string(), day(own.last_hit));
        writer
            .write_record([&own.id, "", "", "", "", &hits, &leads, &labelled, &right, &lower, &upper, &last, &cost])?;
        for clause in &own.clauses {
            let [labelled, right, lower, upper] = figures(&clause.precision);
            let (line, hits, last) = (clause.line.to_string(), clause.hits.to_string(), day(clause.last_hit));
            let what = inert(&clause.what);
            writer.write_record([
                &own.id,
                &clause.clause,
                &what,
                &clause.file,
                &line,
                &hits,
                "",
                &labelled,
                &right,
                &lower,
                &upper,
                &last,
                "",
            ])?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What begins like a formula is shown by spreadsheets as text when an apostrophe stands before it.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() }
}
