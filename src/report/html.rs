//! An evaluation as one page: no script, nothing fetched, readable on screen, in the dark and on paper.
//!
//! The page is well-formed as XML too. Texts in it are citizens': the template escapes whatever it fills in, and what is
//! drawn here as SVG escapes by itself.

mod charts;
mod matrix;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::figures::{ByMonth, Figures, PerLabel};
use super::judged::{Judged, RulePrecision, Run};
use super::plain::level;
use super::shown::{decimal, megabytes, microseconds, one_line, percent, seconds};
use crate::source::{Lang, Message};
use matrix::Matrix;

/// The name ends in `.html`, which makes the template escape what it fills in.
const NAME: &str = "page.html";
const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");

/// Errors that are shown.
const ERRORS: usize = 30;
/// Characters of a complaint that are quoted.
const QUOTED: usize = 120;
/// Words of evidence that are named.
const EVIDENCE: usize = 10;
/// Characters of a label.
const LABEL: usize = 80;
/// Labels in the table of labels.
const LABELS: usize = 500;
/// Months that are listed, the newest.
const MONTHS: usize = 60;
/// Rules that are listed.
const RULES: usize = 50;
/// Points of the curve that its table lists.
const POINTS: usize = 20;

/// One wrong decision.
#[derive(Serialize)]
struct ErrorShown {
    id: String,
    confidence: f64,
    predicted: Option<String>,
    truth: String,
    title: Option<String>,
    text: String,
    evidence: Vec<(String, String)>,
    opened_on: Option<String>,
    near_copy: bool,
    unseen_label: bool,
}

/// What the template fills in.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    heading: String,
    lines: Vec<String>,
    level: String,
    cases: usize,
    figures: &'a Figures,
    memory: String,
    /// SVG.
    curve: String,
    curve_points: Vec<&'a (f64, f64)>,
    /// SVG.
    reliability: String,
    matrix: Matrix,
    months: &'a [ByMonth],
    worst: Vec<ErrorShown>,
    rules: Vec<&'a RulePrecision>,
    labels: &'a [PerLabel],
    /// Labels beyond those.
    labels_left: usize,
    version: &'static str,
}

/// The page, in one language.
pub fn html(figures: &Figures, run: &Run, lang: Lang) -> String {
    let page = Serde(Page::of(figures, run, lang));
    // The template is part of the program, and the tests fill it in with all there is and with nothing at all. Should it
    // fail all the same, its own words about it are the page.
    let filled = environment(lang).and_then(|environment| environment.get_template(NAME)?.render(page));
    filled.unwrap_or_else(|error| charts::escaped(&format!("{error:#}")))
}

impl<'a> Page<'a> {
    fn of(figures: &'a Figures, run: &'a Run, lang: Lang) -> Page<'a> {
        let mut lines = run.title.lines().map(|line| one_line(line, 400));
        let newest = figures.by_month.len().saturating_sub(MONTHS);
        let shown = figures.per_label.len().min(LABELS);
        let judged: Vec<&Judged> = run.judged.iter().collect();
        let apart = figures.curve.len().div_ceil(POINTS).max(1);
        Page {
            style: STYLE,
            heading: lines.next().unwrap_or_default(),
            lines: lines.collect(),
            level: one_line(level(&run.level).in_lang(lang), LABEL),
            cases: run.cases,
            figures,
            memory: megabytes(figures.memory_bytes),
            curve: charts::curve(figures, lang),
            curve_points: figures.curve.iter().step_by(apart).collect(),
            reliability: charts::reliability(figures, &judged, lang),
            matrix: Matrix::of(figures, &judged),
            months: &figures.by_month[newest..],
            worst: run.worst_errors(ERRORS).into_iter().map(ErrorShown::of).collect(),
            rules: run.least_precise_rules(RULES),
            labels: &figures.per_label[..shown],
            labels_left: figures.per_label.len() - shown,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

fn environment(lang: Lang) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_function("say", move |zh: String, en: String| Message { zh, en }.in_lang(lang).to_owned());
    environment.add_filter("percent", percent);
    environment.add_filter("decimal", decimal);
    environment.add_filter("microseconds", microseconds);
    environment.add_filter("seconds", seconds);
    environment.add_filter("one_line", |text: String| one_line(&text, LABEL));
    environment.add_template(NAME, PAGE)?;
    Ok(environment)
}

impl ErrorShown {
    fn of(query: &Judged) -> ErrorShown {
        let evidence = query.evidence.iter().take(EVIDENCE);
        ErrorShown {
            id: one_line(&query.id, LABEL),
            confidence: query.confidence(),
            predicted: query.predicted().map(|label| one_line(label, LABEL)),
            truth: one_line(&query.truth, LABEL),
            title: query.title.as_deref().map(|title| one_line(title, LABEL)),
            text: one_line(&query.text, QUOTED),
            evidence: evidence.map(|(word, weight)| (one_line(word, LABEL), format!("{weight:+.2}"))).collect(),
            opened_on: query.opened_on.map(|day| day.to_string()),
            near_copy: query.near_copy,
            unseen_label: query.unseen_label,
        }
    }
}

#[cfg(test)]
mod tests;
