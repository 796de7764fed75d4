//! What an explanation says to people: the same words in the terminal, over the network and in the console.

use super::draft::Edit;
use super::shown::ClauseForm;
use super::{Named, Verdict};
use crate::say;
use crate::source::Message;

/// Why one scenario stands before another, said of the first. `name` is what explanations have as `because`.
pub fn because(name: &str) -> Message {
    match name {
        "emergency" => say!("是紧急场景（priority: emergency）", "is an emergency (priority: emergency)"),
        "priority" => say!("的 priority 更高", "has a higher priority"),
        "exclusive" => say!("是 exclusive", "is exclusive"),
        "cases" => say!("更合历史案例", "agrees better with past cases"),
        "specificity" => say!("命中的词更多、更具体", "rests on more and more specific words"),
        _ => say!("编号排在前面（其余都相同）", "comes first by id (all else is equal)"),
    }
}

/// Where a scenario that fired stands, and why.
pub(super) fn standing(rank: usize, because: Option<&str>, weight: f64) -> Message {
    let because = because.map(self::because);
    match because {
        Some(Message { zh, en }) if rank == 1 => {
            say!("领先：它{zh}（词语分量 {weight}）", "leads: {en} (weight of its words {weight})")
        }
        Some(Message { zh, en }) => {
            say!("排在后面：第一名{zh}（词语分量 {weight}）", "behind: the first {en} (weight of its words {weight})")
        }
        None => say!("只有它命中（词语分量 {weight}）", "it alone fired (weight of its words {weight})"),
    }
}

/// Why a scenario does not lead.
pub(super) fn verdict(verdict: Verdict, leader: Option<&Named>, because: Option<&str>) -> Message {
    let leader = leader.map_or("", |leader| &leader.name);
    let Message { zh, en } = because.map_or_else(|| say!("", ""), self::because);
    match verdict {
        Verdict::Leads => say!("就是它：它已经排在第一", "it does lead"),
        Verdict::Outranked => {
            say!("它也命中了，但“{leader}”{zh}，排在前面", "it fired too, and `{leader}` {en}, and stands before it")
        }
        Verdict::Forbidden => {
            say!("要的词都有了，但被 none 排除", "all that it asks for is there, and its `none` forbids it")
        }
        Verdict::Missing => {
            say!("它没有命中；最接近的一条还差：", "it did not fire; by the nearest of its alternatives it lacks:")
        }
    }
}

/// What a change does.
pub(super) fn flip(edits: &[Edit], changed: usize, leads: Option<&Named>) -> Message {
    let each: Vec<Message> = edits.iter().map(edit).collect();
    let zh = each.iter().map(|message| message.zh.as_str()).collect::<Vec<_>>().join("，");
    let en = each.iter().map(|message| message.en.as_str()).collect::<Vec<_>>().join(", ");
    match leads {
        Some(Named { id, name }) => {
            say!("{zh}（{changed} 个字）→ “{name}”{id} 领先", "{en} ({changed} characters) → `{name}` {id} leads")
        }
        None => say!("{zh}（{changed} 个字）→ 没有场景命中", "{en} ({changed} characters) → no scenario fires"),
    }
}

fn edit(edit: &Edit) -> Message {
    let (removed, inserted) = (&edit.removed, &edit.inserted);
    match (removed.is_empty(), inserted.is_empty()) {
        (true, _) => say!("加上“{inserted}”", "add `{inserted}`"),
        (false, true) => say!("删去“{removed}”", "remove `{removed}`"),
        (false, false) => say!("“{removed}”改成“{inserted}”", "`{removed}` becomes `{inserted}`"),
    }
}

/// What a clause asks for, where its `wants` does not say so by itself.
pub(super) fn clause(
    form: ClauseForm,
    wants: &str,
    scope: Option<&str>,
    minimum: Option<u32>,
    within: Option<u32>,
) -> Option<Message> {
    let minimum = minimum.unwrap_or_default();
    let within = within.unwrap_or_default();
    let (scope_zh, scope_en) = match scope {
        Some("clause") => ("同一分句", "in one clause"),
        Some("sentence") => ("同一句", "in one sentence"),
        Some("title") => ("标题", "in the title"),
        _ => ("全文", "in the text"),
    };
    Some(match form {
        ClauseForm::Group if minimum > 1 => say!("{scope_zh}里至少 {minimum} 项", "at least {minimum} {scope_en}"),
        ClauseForm::Group if minimum == 1 => say!("{scope_zh}里任一项", "any {scope_en}"),
        ClauseForm::Group => say!("{scope_zh}里全部", "all {scope_en}"),
        ClauseForm::Near => say!("相隔不超过 {within} 个字", "at most {within} characters apart"),
        ClauseForm::Fact => say!("要素 {wants}", "fact {wants}"),
        _ => return None,
    })
}
