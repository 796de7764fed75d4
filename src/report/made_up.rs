//! A run for the tests of the pages: made up, hostile here and there, the same every time.

use super::{Judged, RulePrecision, Run};
use crate::source::Date;

const LABELS: [&str; 8] = [
    "市政/路灯照明",
    "市政/供水",
    "城管/占道经营",
    "公安/噪音扰民",
    "住建/物业管理",
    "人社/拖欠工资",
    "交通/公交",
    "市场监管/食品安全",
];
const TEXTS: [&str; 4] = [
    "小区门口的路灯一整排都不亮，晚上出门看不见路，打过电话没有人来修，请尽快派人处理。",
    "家里自来水水压很低，三楼以上基本没有水，物业说是管道老化，水务公司说不归他们管，来回推了两个星期，老人小孩用水都成问题，希望有关部门\
     协调解决，并告知大概什么时候能恢复正常供水，如果需要停水改造也请提前通知。",
    "夜市摊位占道，油烟和噪音到凌晨两点。<script>alert('x')</script> & \"引号\" \u{202E}\u{1b}[31m",
    "公司拖欠三个月工资，老板电话不接。",
];

/// Numbers that look random (the generator of Lehmer, 1951).
fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        state = state * 48_271 % 0x7FFF_FFFF;
        state % below
    }
}

/// So many queries over three months, about five in six of them right.
pub(super) fn run(n: usize) -> Run {
    let mut number = numbers(7);
    let judged = (0..n).map(|at| query(at, &mut number)).collect();
    Run {
        title: "规则包 <示例> 的派单评估\n案例：cases.jsonl\njiesu eval routing --cases cases.jsonl --queries queries.jsonl --label category".into(),
        level: "category".into(),
        cases: 1200,
        labels: 7,
        targets: vec![0.95, 0.9, 0.99],
        thresholds: vec![Some(0.85), Some(0.7), None],
        train_seconds: 1.26,
        memory_bytes: Some(123_456_789),
        judged,
        rules: vec![
            RulePrecision { id: "road/streetlight-out".into(), fired: 52, right: 51, lower: 0.9088 },
            RulePrecision { id: "noise/shop".into(), fired: 20, right: 12, lower: 0.4184 },
            RulePrecision { id: "never/fired".into(), ..RulePrecision::default() },
        ],
    }
}

fn query(at: usize, number: &mut impl FnMut(u64) -> u64) -> Judged {
    let truth = LABELS[number(8) as usize];
    let confidence = 1.0 - (number(1000) as f64 / 1000.0).powi(2) * 0.9;
    let other = LABELS[number(8) as usize];
    let right = (number(1000) as f64) < confidence * 1000.0;
    let decided = if right { truth } else { other };
    let mut ranked = vec![(decided.to_owned(), confidence)];
    ranked.extend(
        [truth, other]
            .iter()
            .filter(|label| **label != decided)
            .map(|label| ((*label).to_owned(), (1.0 - confidence) / 2.0)),
    );
    if at % 29 == 28 {
        ranked.clear();
    }
    let confidence = if ranked.is_empty() { 0.0 } else { confidence };
    Judged {
        id: format!("q{at:04}"),
        text: TEXTS[number(4) as usize].to_owned(),
        title: at.is_multiple_of(3).then(|| "反映问题<b>".to_owned()),
        truth: truth.to_owned(),
        ranked,
        automatic: vec![confidence >= 0.85, confidence >= 0.7, false],
        evidence: vec![("路灯".into(), 2.31), ("不亮".into(), 1.127), ("<i>c12</i>".into(), -0.4)],
        opened_on: Date::parse(["2026-03-07", "2026-04-30", "2026-05-01"][at * 3 / 400 % 3]),
        elapsed_us: 180.0 + number(400) as f64 * 3.0,
        near_copy: at % 20 == 3,
        unseen_label: truth == LABELS[7],
    }
}
