//! Charts as SVG, drawn by hand: a few lines, dots and words need no library. Colours come from the page's style.

use std::fmt::Write;

use super::super::figures::{Figures, ReliabilityBin, TargetFigures};
use super::super::judged::Judged;
use super::super::shown::{decimal, percent};
use crate::say;
use crate::source::{Lang, Message};

/// The width of every chart, in units of its view box.
const WIDTH: f64 = 620.0;
/// Where the plot begins and ends, from left to right.
const LEFT: f64 = 66.0;
const RIGHT: f64 = WIDTH - 28.0;
/// Where the plot begins and ends, from top to bottom.
const TOP: f64 = 40.0;
const BOTTOM: f64 = 370.0;
/// The height that the distribution of confidences has below the reliability diagram.
const STRIP: f64 = 64.0;
/// Bars of this distribution.
const BARS: usize = 20;
/// Steps of an axis that are tried, the finest first.
const STEPS: [f64; 5] = [0.01, 0.02, 0.05, 0.1, 0.2];
/// Of the curve, what covers less is left out of the choice of the axis: a few queries make any accuracy.
const FIRST_COVERAGE: f64 = 0.05;
/// The coverage from which on there is room for words to the left of a dot.
const WORDS: f64 = 0.37;

/// Text for an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A chart that is being drawn: shares from 0 to 1 across, from `lowest` to 1 upwards.
struct Chart {
    svg: String,
    lang: Lang,
    lowest: f64,
}

impl Chart {
    fn new(id: &str, height: f64, lowest: f64, lang: Lang, title: &Message, description: &Message) -> Chart {
        let (title, description) = (escaped(title.in_lang(lang)), escaped(description.in_lang(lang)));
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-title {id}-description"><title id="{id}-title">{title}</title><desc id="{id}-description">{description}</desc>"#
        );
        Chart { svg, lang, lowest }
    }

    fn x(&self, share: f64) -> f64 {
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn y(&self, share: f64) -> f64 {
        BOTTOM - (share.clamp(self.lowest, 1.0) - self.lowest) / (1.0 - self.lowest) * (BOTTOM - TOP)
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
        let text = escaped(text);
        let class = if class.is_empty() { String::new() } else { format!(r#" class="{class}""#) };
        let _ = write!(self.svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}"{class}>{text}</text>"#);
    }

    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = write!(self.svg, r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#);
    }

    fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64, title: &str) {
        let title = escaped(title);
        let _ = write!(
            self.svg,
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"><title>{title}</title></circle>"#
        );
    }

    /// Grid, ticks and the names of both axes; `below` is where the name of the horizontal one stands.
    fn axes(&mut self, across: &Message, upwards: &Message, below: f64) {
        let step = STEPS.into_iter().find(|step| (1.0 - self.lowest) / step <= 6.01).unwrap_or(0.2);
        let ticks = ((1.0 - self.lowest) / step + 0.01) as usize;
        for tick in 0..=ticks {
            let share = 1.0 - tick as f64 * step;
            let y = self.y(share);
            self.line("grid", (LEFT, y), (RIGHT, y));
            self.text(LEFT - 8.0, y + 4.5, "end", "", &format!("{:.0}%", share * 100.0));
        }
        for tick in 0..=5 {
            let share = f64::from(tick) / 5.0;
            let x = self.x(share);
            self.line("grid", (x, TOP), (x, BOTTOM));
            self.text(x, BOTTOM + 21.0, "middle", "", &format!("{:.0}%", share * 100.0));
        }
        let (across, upwards) = (across.in_lang(self.lang).to_owned(), upwards.in_lang(self.lang).to_owned());
        self.text((LEFT + RIGHT) / 2.0, below, "middle", "", &across);
        self.text(4.0, TOP - 20.0, "start", "", &upwards);
    }

    fn end(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

/// Confidence against accuracy, a dot for each bin, with the spread of confidences below.
pub(super) fn reliability(figures: &Figures, judged: &[&Judged], lang: Lang) -> String {
    let (ece, bins) = (decimal(figures.ece), figures.reliability.len());
    let mut chart = Chart::new(
        "reliability",
        BOTTOM + STRIP + 62.0,
        0.0,
        lang,
        &say!("可靠性图", "Reliability diagram"),
        &say!(
            "{bins} 档诉求的平均置信度与实际准确率，校准误差 {ece}。",
            "Mean confidence and accuracy in {bins} bins; calibration error {ece}."
        ),
    );
    chart.axes(&say!("置信度", "Confidence"), &say!("准确率", "Accuracy"), BOTTOM + STRIP + 52.0);
    chart.line("ideal", (chart.x(0.0), chart.y(0.0)), (chart.x(1.0), chart.y(1.0)));
    for bin in &figures.reliability {
        let (low, high) = wilson(bin);
        let x = chart.x(bin.confidence);
        chart.line("range", (x, chart.y(low)), (x, chart.y(high)));
        let (confidence, accuracy, n) = (decimal(Some(bin.confidence)), decimal(Some(bin.accuracy)), bin.n);
        let title = say!(
            "置信度 {confidence}，准确率 {accuracy}，{n} 条",
            "confidence {confidence}, accuracy {accuracy}, n = {n}"
        );
        chart.dot("dot", (x, chart.y(bin.accuracy)), 5.5, title.in_lang(lang));
    }
    distribution(&mut chart, judged);
    chart.end()
}

/// How many queries have which confidence, as bars of equal width.
fn distribution(chart: &mut Chart, judged: &[&Judged]) {
    let mut counts = [0_usize; BARS];
    for query in judged {
        counts[((query.confidence() * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or_default().max(1) as f64;
    let base = BOTTOM + 30.0 + STRIP;
    for (bar, count) in counts.into_iter().enumerate() {
        let [from, to] = [bar, bar + 1].map(|edge| edge as f64 / BARS as f64);
        let (x, width) = (chart.x(from) + 1.0, chart.x(to) - chart.x(from) - 2.0);
        let height = count as f64 / most * STRIP;
        let y = base - height;
        let title = say!("置信度 {from:.2} 至 {to:.2}：{count} 条", "confidence {from:.2} to {to:.2}: n = {count}");
        let title = escaped(title.in_lang(chart.lang));
        let _ = write!(
            chart.svg,
            r#"<rect class="mass" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"><title>{title}</title></rect>"#
        );
    }
    chart.line("grid", (LEFT, base), (RIGHT, base));
    let spread = say!("分布", "spread").in_lang(chart.lang).to_owned();
    chart.text(LEFT - 8.0, base - STRIP / 2.0 + 5.0, "end", "", &spread);
}

/// The interval of 95 % for the accuracy of a bin (Wilson, 1927).
fn wilson(bin: &ReliabilityBin) -> (f64, f64) {
    const Z: f64 = 1.959_964;
    let n = bin.n as f64;
    let middle = (bin.accuracy + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (bin.accuracy * (1.0 - bin.accuracy) / n + Z * Z / (4.0 * n * n)).sqrt();
    (middle - half, middle + half)
}

/// Accuracy against coverage, with the targets as lines and what each reached as a dot.
pub(super) fn curve(figures: &Figures, lang: Lang) -> String {
    let telling = figures.curve.iter().filter(|(coverage, _)| *coverage >= FIRST_COVERAGE).map(|point| point.1);
    let reached = figures.targets.iter().flat_map(|target| [Some(target.target), target.accuracy]).flatten();
    let lowest = telling.chain(reached).fold(0.9, f64::min);
    let lowest = ((lowest - 0.01) * 20.0).floor().clamp(0.0, 18.0) / 20.0;
    let (all, queries) = (percent(figures.accuracy), figures.n);
    let mut chart = Chart::new(
        "curve",
        BOTTOM + 54.0,
        lowest,
        lang,
        &say!("覆盖率—准确率曲线", "Coverage and accuracy"),
        &say!(
            "{queries} 条诉求按置信度从高到低放行时的准确率；全部放行时为 {all}。",
            "Accuracy if {queries} complaints went out from the surest on; {all} if all did."
        ),
    );
    chart.axes(&say!("覆盖率", "Coverage"), &say!("准确率", "Accuracy"), BOTTOM + 44.0);
    for target in &figures.targets {
        let y = chart.y(target.target);
        chart.line("target", (LEFT, y), (RIGHT, y));
    }
    if !figures.curve.is_empty() {
        let point = |(coverage, accuracy): &(f64, f64)| format!("{:.1},{:.1}", chart.x(*coverage), chart.y(*accuracy));
        let points: Vec<String> = figures.curve.iter().map(point).collect();
        let points = points.join(" ");
        let _ = write!(chart.svg, r#"<polyline class="curve" points="{points}"/>"#);
    }
    let mut taken = Vec::new();
    for target in &figures.targets {
        mark(&mut chart, target, &mut taken);
    }
    chart.end()
}

/// What a target reached: a dot, and words below and left of it, where a curve that falls leaves room; `taken` are the
/// heights that have words already.
fn mark(chart: &mut Chart, target: &TargetFigures, taken: &mut Vec<f64>) {
    let (Some(coverage), Some(accuracy)) = (target.coverage, target.accuracy) else { return };
    let (wanted, covered, right) = (percent(Some(target.target)), percent(Some(coverage)), percent(Some(accuracy)));
    let title = say!(
        "目标 {wanted}：覆盖率 {covered}，准确率 {right}",
        "target {wanted}: coverage {covered}, accuracy {right}"
    );
    let (x, y) = (chart.x(coverage), chart.y(accuracy));
    chart.dot("reached", (x, y), 7.0, title.in_lang(chart.lang));
    // Near the left edge the words would lie on the curve; they go to the bottom then. Where there are words already, the
    // nearest free height is taken; a dot without any has its title.
    let lowest = BOTTOM - 12.0;
    let (x, y, anchor) = if coverage > WORDS { (x, y + 26.0, "end") } else { (LEFT + 8.0, lowest, "start") };
    let near = (0..90).flat_map(|step| [y.min(lowest) + f64::from(step) * 4.0, y.min(lowest) - f64::from(step) * 4.0]);
    let free = |y: &f64| (TOP..=lowest).contains(y) && taken.iter().all(|other| (other - y).abs() >= 22.0);
    let Some(y) = near.into_iter().find(free) else { return };
    taken.push(y);
    let said = say!("目标 {wanted} → 覆盖 {covered}", "target {wanted} → covers {covered}");
    let said = said.in_lang(chart.lang).to_owned();
    chart.text(x, y, anchor, "said", &said);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::super::Run;
    use super::*;

    /// All numbers of the attributes of that name.
    fn numbers(svg: &str, attribute: &str) -> Vec<f64> {
        let begins = format!(" {attribute}=\"");
        let values = svg.split(&begins).skip(1).map(|after| after.split('"').next().unwrap());
        values.flat_map(|value| value.split([' ', ','])).map(|number| number.parse().unwrap()).collect()
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let query = |right: bool, confidence: f64, automatic: bool| Judged {
            truth: "a".into(),
            ranked: vec![(if right { "a" } else { "b" }.into(), confidence)],
            automatic: vec![automatic; 3],
            ..Judged::default()
        };
        for (name, judged) in [
            ("nothing", vec![]),
            ("one", vec![query(true, 1.0, true)]),
            ("all wrong and sure", vec![query(false, 1.0, true); 30]),
            ("beyond the scale", vec![query(true, 7.0, true), query(false, -3.0, false)]),
            ("some", (0..90_u8).map(|at| query(at % 7 > 0, f64::from(at) / 89.0, at > 40)).collect()),
        ] {
            let run = Run { targets: vec![0.0, 0.95, 1.0], judged, ..Run::default() };
            let figures = Figures::of(&run);
            let reliability = reliability(&figures, &run.judged.iter().collect::<Vec<_>>(), Lang::En);
            for svg in [curve(&figures, Lang::Zh), reliability] {
                let height = numbers(&svg, "viewBox")[3];
                for across in ["x", "x1", "x2", "cx"] {
                    assert!(numbers(&svg, across).iter().all(|x| (0.0..=WIDTH).contains(x)), "{name}: {svg}");
                }
                for down in ["y", "y1", "y2", "cy", "height"] {
                    assert!(numbers(&svg, down).iter().all(|y| (0.0..=height).contains(y)), "{name}: {svg}");
                }
            }
        }
    }

    #[test]
    fn intervals_after_wilson() {
        // From the table of Newcombe (1998), method 3.
        for (right, n, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)] {
            let bin = ReliabilityBin { confidence: 0.5, accuracy: f64::from(right) / n as f64, n };
            let (found_low, found_high) = wilson(&bin);
            assert!((found_low - low).abs() < 5e-5 && (found_high - high).abs() < 5e-5, "{found_low} {found_high}");
        }
    }
}
