//! Whether a hit is denied right before it: 没有漏水, 不是停电.
//!
//! Only what stands directly before the hit, in its clause, is looked at; a word between (没有及时停电) leaves the hit
//! standing. Questions (有没有停电, 漏不漏水), denials of denials (不是没有停电) and either-or (不是停电就是停水) are no
//! denials.

/// Words of denial, longest first where one ends another.
const DENIALS: &[&str] = &[
    "并没有",
    "从没有",
    "没有",
    "从没",
    "并没",
    "没",
    "不存在",
    "并不是",
    "不是",
    "并非",
    "绝非",
    "从未",
    "并未",
    "尚未",
    "未曾",
    "未",
    "不会",
    "不",
    "并无",
    "毫无",
    "无",
];

/// Words that may stand between the denial and the hit.
const BETWEEN: &[&str] = &["再次", "再", "出现过", "出现", "发生过", "发生", "存在", "发现", "任何", "什么", "明显"];

/// Words that end with a denying character and deny nothing.
const INNOCENT: &[&str] = &[
    "要不",
    "不得不",
    "好不",
    "差不",
    "免不",
    "动不",
    "时不",
    "巴不",
    "无不",
    "莫不",
    "忍不",
    "淹没",
    "埋没",
    "沉没",
    "出没",
    "吞没",
    "有无",
];

/// Characters of a clause that are looked at on either side of a hit, so that a clause without end costs no more.
const NEARBY: usize = 40;

/// Whether a hit is denied. `before` and `after` are what stands before and after it in its clause, `hit` is itself; all
/// normalised.
pub fn denied(before: &str, hit: &str, after: &str) -> bool {
    // Nearly every hit is decided by the character before it.
    if !before.chars().next_back().is_some_and(may_end_denial) {
        return false;
    }
    let from = before.char_indices().rev().nth(NEARBY - 1).map_or(0, |(at, _)| at);
    let to = after.char_indices().nth(NEARBY).map_or(after.len(), |(at, _)| at);
    let (before, after) = (&before[from..], &after[..to]);
    let direct = before.strip_suffix(' ').unwrap_or(before);
    let loosened = BETWEEN.iter().find_map(|word| direct.strip_suffix(word)).unwrap_or(direct);
    [direct, loosened].into_iter().any(|before| denied_directly(before, hit, after))
}

/// Whether what ends in this character may be a denial; after any other character nothing is denied.
pub fn may_end_denial(last: char) -> bool {
    "没有是不未非无会在再次现生过何么显".contains(last)
}

fn denied_directly(before: &str, hit: &str, after: &str) -> bool {
    if INNOCENT.iter().any(|word| before.ends_with(word)) {
        return false;
    }
    let Some((rest, denial)) = DENIALS.iter().find_map(|denial| Some((before.strip_suffix(denial)?, *denial))) else {
        return false;
    };
    let asked = {
        // 有没有, 是不是, 会不会; 漏不漏水.
        let previous = rest.chars().next_back();
        previous.is_some() && (previous == denial.chars().next_back() || previous == hit.chars().next())
    };
    let denied_twice = ["不是", "不能", "不可能", "并非", "不会", "不得"].iter().any(|word| rest.ends_with(word));
    let either_or = denial.ends_with("不是") && after.contains("就是");
    let rhetorical = rest.contains("难道") || rest.contains("岂");
    !(asked || denied_twice || either_or || rhetorical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_questions_and_innocent_words() {
        for (sentence, hit, expect) in [
            ("家里没有漏水", "漏水", true),
            ("没漏水", "漏水", true),
            ("不是停电", "停电", true),
            ("并不是停电", "停电", true),
            ("未停电", "停电", true),
            ("昨天没有再停电", "停电", true),
            ("没有发生停电", "停电", true),
            ("从未出现过停电", "停电", true),
            ("现场无漏水", "漏水", true),
            ("没有任何噪音", "噪音", true),
            ("家里漏水", "漏水", false),
            ("有没有停电", "停电", false),
            ("是不是停电", "停电", false),
            ("会不会停电", "停电", false),
            ("漏不漏水", "漏水", false),
            ("停没停电", "停电", false),
            ("不是没有停电", "停电", false),
            ("不能没有路灯", "路灯", false),
            ("不是停电就是停水", "停电", false),
            ("难道不是停电", "停电", false),
            ("不断停电", "停电", false),
            ("动不动停电", "停电", false),
            ("不得不停电", "停电", false),
            ("道路被淹没积水", "积水", false),
            ("没有及时处理漏水", "漏水", false),
            ("无故停电", "停电", false),
        ] {
            let at = sentence.find(hit).unwrap_or_default();
            let (before, rest) = sentence.split_at(at);
            assert_eq!(denied(before, hit, &rest[hit.len()..]), expect, "{sentence}");
        }
    }
}
