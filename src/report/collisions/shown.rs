//! Collisions for people.

use std::fmt::Write;

use super::report::{Collisions, Implication, Made};
use super::witness::Pair;
use crate::say;
use crate::source::{Lang, Message};

/// For the terminal.
pub fn plain(collisions: &Collisions, lang: Lang) -> String {
    let mut out = String::new();
    let mut line = |message: Message| {
        let _ = writeln!(out, "{}", message.in_lang(lang));
    };
    let (cases, found, shown) = (collisions.cases, collisions.found, collisions.pairs.len());
    line(say!(
        "{cases} 件诉求中，{found} 对场景同时命中且承办单位不同，列出 {shown} 对",
        "on {cases} cases {found} pairs of scenarios fire together for different departments; {shown} are listed"
    ));
    for own in &collisions.pairs {
        pair(own).into_iter().for_each(&mut line);
    }
    let count = collisions.implications.len();
    line(say!("\n必然同时命中的场景：{count} 对", "\nscenarios that never fire alone: {count}"));
    collisions.implications.iter().flat_map(implication).for_each(&mut line);
    let count = collisions.made.len();
    line(say!(
        "\n案例没有同时出现过、或从未分开过的场景，造出的最短句子：{count} 对",
        "\nsentences made up for pairs that no case shows together, or tells apart: {count}"
    ));
    collisions.made.iter().flat_map(made).for_each(&mut line);
    out
}

fn pair(pair: &Pair) -> Vec<Message> {
    let Pair { one, other, count, one_leads, other_leads, third_leads, wrong, labelled, witness } = pair;
    let (one_department, other_department) = (&witness.one_department, &witness.other_department);
    let mut lines = vec![
        say!(
            "\n● {one}（{one_department}）与 {other}（{other_department}）：{count} 件",
            "\n● {one} ({one_department}) and {other} ({other_department}): {count}"
        ),
        say!(
            "  {one} 领先 {one_leads} 件，{other} 领先 {other_leads} 件，另有场景领先 {third_leads} 件",
            "  {one} leads {one_leads}, {other} leads {other_leads}, another scenario {third_leads}"
        ),
    ];
    if *labelled > 0 {
        lines.push(say!("  有标注的 {labelled} 件中判错 {wrong} 件", "  of {labelled} labelled {wrong} are wrong"));
    }
    let (case, text) = (&witness.case, &witness.text);
    lines.push(say!("  最短的一件 {case}：{text}", "  the shortest, {case}: {text}"));
    if let Some(leads) = &witness.leads {
        let because = because(witness.because.as_deref());
        let (zh, en) = (because.zh, because.en);
        lines.push(say!("  这一件由 {leads} 领先{zh}", "  there {leads} leads{en}"));
    }
    lines
}

/// By which rule one scenario came before another.
fn because(rule: Option<&str>) -> Message {
    match rule {
        Some("emergency") => say!("，因为它是紧急场景", ", an emergency"),
        Some("priority") => say!("，因为优先级（priority）更高", ", by priority"),
        Some("exclusive") => say!("，因为它写了 exclusive", ", being exclusive"),
        Some("cases") => say!("，因为历史案例更支持它", ", by what cases say"),
        Some("specificity") => say!("，因为命中的词更多、更少见", ", by more and rarer words"),
        Some("id") => say!("，两者不分上下，按编号先后", ", by the order of the ids: all else is equal"),
        _ => Message { zh: String::new(), en: String::new() },
    }
}

fn implication(own: &Implication) -> Vec<Message> {
    let Implication { scenario, implies, fires, .. } = own;
    let name = |department: &Option<String>| department.clone().unwrap_or_else(|| "—".to_owned());
    let (department, other) = (name(&own.department), name(&own.other_department));
    let first = match own.both_ways {
        true => say!(
            "● {scenario}（{department}）与 {implies}（{other}）的条件等价，总是同时命中（{fires} 件）",
            "● {scenario} ({department}) and {implies} ({other}) have conditions of one meaning ({fires} cases)"
        ),
        false => say!(
            "● {scenario}（{department}）命中时 {implies}（{other}）必然命中（{fires} 件）",
            "● {scenario} ({department}) never fires without {implies} ({other}) ({fires} cases)"
        ),
    };
    let mut lines = vec![first];
    if own.never_leads {
        lines.push(say!(
            "  {implies} 的优先级更高，{scenario} 永远不会领先，等于没写",
            "  {implies} always comes first, so {scenario} never leads"
        ));
    }
    lines.extend(own.sentence.as_ref().map(|text| say!("  例句：{text}", "  both fire on: {text}")));
    lines
}

fn made(own: &Made) -> Vec<Message> {
    let Made { one, other, one_department, other_department, together, sentence } = own;
    vec![
        say!(
            "● {one}（{one_department}）与 {other}（{other_department}）：{sentence}",
            "● {one} ({one_department}) and {other} ({other_department}): {sentence}"
        ),
        match together {
            0 => say!("  案例中没有同时命中过", "  no case has both"),
            _ => say!(
                "  案例中同时命中 {together} 件，从未分开过",
                "  {together} cases have both, and none has one alone"
            ),
        },
    ]
}
