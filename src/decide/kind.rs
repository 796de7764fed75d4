//! What the caller wants: consultation, help, complaint, report of wrongdoing, suggestion or praise.
//!
//! Words that callers and agents use to say so are added up, the last sentence (where the request stands) counting
//! more; a scenario may say what its callers usually want. The rank of two equal kinds is that of their declaration.

use std::sync::LazyLock;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use crate::rules::{Kind, denied};
use crate::text::Text;

/// Words and how much they say, at their weight in an ordinary sentence.
const CUES: &[(Kind, f32, &[&str])] = &[
    (
        Kind::Consultation,
        2.0,
        &[
            "咨询",
            "请问",
            "想问",
            "问一下",
            "想了解",
            "想知道",
            "了解一下",
            "如何办理",
            "怎么办理",
            "怎样办理",
            "需要什么材料",
            "需要哪些材料",
            "需要准备什么",
            "有什么条件",
            "什么条件",
            "是什么政策",
            "有什么政策",
            "怎么申请",
            "如何申请",
            "可不可以",
            "是否可以",
            "能不能办",
            "多长时间能",
            "去哪里办",
            "在哪里办",
        ],
    ),
    (Kind::Consultation, 0.8, &["吗", "怎么办", "如何", "呢", "什么时候", "哪里", "多少", "政策", "流程", "规定", "?"]),
    (
        Kind::Help,
        1.5,
        &[
            "求助",
            "救命",
            "帮帮",
            "帮忙",
            "请求帮助",
            "请求协助",
            "希望协助",
            "尽快维修",
            "尽快修",
            "派人",
            "来人",
            "抢修",
            "救援",
            "尽快恢复",
        ],
    ),
    (Kind::Help, 0.6, &["希望", "请尽快", "麻烦", "急"]),
    (Kind::Complaint, 2.0, &["投诉", "要个说法", "讨个说法", "维权", "退款", "赔偿", "要求退", "要求赔"]),
    (
        Kind::Complaint,
        0.8,
        &[
            "要求处理",
            "不合理",
            "态度",
            "没人管",
            "没有人管",
            "推诿",
            "扰民",
            "乱收费",
            "拖欠",
            "欺骗",
            "严重影响",
            "太过分",
            "不作为",
            "希望相关部门",
            "督促",
            "责令",
        ],
    ),
    (Kind::Report, 2.5, &["举报", "检举", "揭发"]),
    (Kind::Report, 1.0, &["无证", "违法", "违规", "偷排", "偷税", "受贿", "贪污", "非法", "黑车", "传销"]),
    (Kind::Suggestion, 2.0, &["建议", "提个意见", "提议", "倡议", "能否增设", "能否增加", "希望增设", "希望增加"]),
    (
        Kind::Praise,
        2.5,
        &["表扬", "点赞", "锦旗", "特此感谢", "非常感谢", "十分感谢", "衷心感谢", "感谢信", "好人好事"],
    ),
    (Kind::Praise, 0.8, &["热心", "感谢"]),
];

/// What a scenario's own kind counts for.
const OF_SCENARIO: f32 = 1.5;
/// How much more the last sentence and the title count.
const LAST_SENTENCE: f32 = 1.5;

static AUTOMATON: LazyLock<Option<CharwiseDoubleArrayAhoCorasick<u32>>> = LazyLock::new(|| {
    let words =
        CUES.iter().enumerate().flat_map(|(index, (_, _, words))| words.iter().map(move |w| (*w, index as u32)));
    CharwiseDoubleArrayAhoCorasick::with_values(words).ok()
});

/// The kind of a complaint. `usual` is what callers of its scenario usually want.
pub(super) fn kind(text: &Text, usual: Option<Kind>) -> Kind {
    let mut scores = [0.0_f32; Kind::ALL.len()];
    let normalised = text.normalised();
    let last = text.sentences().iter().rev().find(|s| !text.slice((*s).clone()).trim().is_empty());
    let last = last.map_or(0, |sentence| sentence.start);
    let mut seen = Vec::new();
    for hit in AUTOMATON.iter().flat_map(|automaton| automaton.find_overlapping_iter(normalised)) {
        let at = text.char_at_byte(hit.start());
        let clause = &text.clauses()[text.clause_of(at) as usize];
        let before = &normalised[text.byte_at_char(clause.start)..hit.start()];
        let word = &normalised[hit.start()..hit.end()];
        // A word said five times does not ask five times.
        if seen.contains(&word) || denied(before, word, "") {
            continue;
        }
        seen.push(word);
        let (kind, weight, _) = CUES[hit.value() as usize];
        let place = if at >= last || text.title().contains(&at) { LAST_SENTENCE } else { 1.0 };
        scores[kind as usize] += weight * place;
    }
    if let Some(usual) = usual {
        scores[usual as usize] += OF_SCENARIO;
    }
    let best = Kind::ALL
        .into_iter()
        .max_by(|a, b| scores[*a as usize].total_cmp(&scores[*b as usize]).then((*b as usize).cmp(&(*a as usize))));
    best.filter(|kind| scores[*kind as usize] >= 0.8).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_say_what_they_want() {
        assert!(AUTOMATON.is_some(), "a cue stands twice");
        for (text, usual, expect) in [
            ("请问新生儿上户口需要什么材料", None, Kind::Consultation),
            ("咨询一下公积金怎么提取", Some(Kind::Help), Kind::Consultation),
            ("家里停水三天了，希望尽快恢复供水", None, Kind::Help),
            ("我要投诉物业乱收费", None, Kind::Complaint),
            ("我不投诉，就想问一下退费流程", None, Kind::Consultation),
            ("举报有人无证开餐馆", Some(Kind::Complaint), Kind::Report),
            ("建议在学校门口增设红绿灯", None, Kind::Suggestion),
            ("昨天多亏民警同志帮忙找回孩子，特此感谢，点赞", None, Kind::Praise),
            ("路灯不亮", Some(Kind::Help), Kind::Help),
            ("路灯不亮", None, Kind::Other),
        ] {
            assert_eq!(kind(&Text::new(None, text), usual), expect, "{text}");
        }
    }
}
