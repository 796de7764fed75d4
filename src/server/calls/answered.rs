//! A plain yes means what was asked: "是的" after "是自来水管漏水吗？" is a caller who says that the pipe leaks.
//!
//! Only that is understood, and only where nothing else was said: whatever is longer speaks for itself.

/// Answers that say yes and nothing else.
const YES: &[&str] = &[
    "是",
    "是的",
    "对",
    "对的",
    "对对",
    "对对对",
    "嗯",
    "嗯嗯",
    "嗯是的",
    "没错",
    "是啊",
    "对啊",
    "是是是",
    "有",
    "有的",
];
/// What a question begins with that belongs to the asking.
const BEFORE: &[&str] =
    &["请问", "那", "您", "您好", "您说的", "您反映的", "您的意思", "也就是说", "是不是", "是说", "是指", "是", "就是"];
/// What it ends with.
const AFTER: &[&str] = &["对吗", "对吧", "是吗", "是吧", "是不是", "对不对", "吗", "吧", "么"];

/// What a caller says who answers `question` with `answer`, if that is a plain yes to a question of yes or no.
pub(super) fn affirmed(question: &str, answer: &str) -> Option<String> {
    let bare = |text: &str| text.trim_matches(|own: char| !own.is_alphanumeric()).to_owned();
    let plain: String = answer.chars().filter(|own| own.is_alphanumeric()).collect();
    if !YES.contains(&plain.as_str()) {
        return None;
    }
    // The last sentence is the question; what is said before it explains.
    let question = bare(question);
    let question = question.rsplit(['。', '！', '？', '!', '?', ';', '；']).next().unwrap_or_default();
    let (mut matter, asks) = match AFTER.iter().find_map(|end| question.strip_suffix(end)) {
        Some(rest) => (rest, true),
        None => (question, false),
    };
    let mut asks = asks;
    loop {
        matter = matter.trim_start_matches(|own: char| !own.is_alphanumeric());
        let Some(begin) = BEFORE.iter().filter(|begin| matter.starts_with(**begin)).max_by_key(|begin| begin.len())
        else {
            break;
        };
        asks |= *begin == "是不是";
        matter = &matter[begin.len()..];
    }
    let matter = match matter.split_once("有没有") {
        Some((before, after)) => {
            asks = true;
            format!("{before}有{after}")
        }
        None => matter.to_owned(),
    };
    let matter = bare(&matter);
    (asks && matter.chars().count() >= 2).then_some(matter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_yes_means_what_was_asked() {
        for (question, answer, expect) in [
            ("请问是自来水管漏水吗？", "是的", Some("自来水管漏水")),
            ("您反映的是不是路灯不亮？", "对，对。", Some("路灯不亮")),
            ("好的，我记下了。小区里有没有积水？", "有", Some("小区里有积水")),
            ("也就是说燃气有异味，对吗", "嗯。", Some("燃气有异味")),
            // No question of yes or no, no plain yes, or nothing asked.
            ("请问在什么位置？", "是的", None),
            ("请问是自来水管漏水吗？", "是的，漏了三天", None),
            ("请问是自来水管漏水吗？", "不是", None),
            ("请问是吗？", "是的", None),
            ("", "是", None),
            ("吗", "", None),
        ] {
            assert_eq!(affirmed(question, answer).as_deref(), expect, "{question} {answer}");
        }
    }
}
