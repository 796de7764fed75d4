//! What the YAML parser says of a file, in Chinese.

/// What its message has in it, and what that means to an editor; the first that fits counts.
const MEANINGS: &[(&str, &str)] = &[
    ("expected ',' or ']'", "方括号 [ ] 没有写完整：少了逗号或右括号"),
    ("expected ',' or '}'", "花括号 { } 没有写完整：少了逗号或右括号"),
    ("misplaced bracket", "多了一个右括号，或括号不配对"),
    ("tabs disallowed", "用了制表符（Tab）；缩进请用空格"),
    ("tab cannot be used", "用了制表符（Tab）；缩进请用空格"),
    ("found a tab", "用了制表符（Tab）；请改用空格"),
    ("cannot start with a tab", "用了制表符（Tab）；缩进请用空格"),
    ("simple key expect", "这一行应是“键: 值”，缺了冒号，或冒号后面缺一个空格"),
    ("expected ':'", "这一行应是“键: 值”，缺了冒号，或冒号后面缺一个空格"),
    ("illegal placement of ':'", "冒号的位置不对；文字里有冒号时，整句加上引号"),
    ("mapping values are not allowed", "这里不能再写“键: 值”：上一行没有写完、缩进不对，或文字里有冒号却没有加引号"),
    ("mapping keys are not allowed", "这里不能写键：检查缩进"),
    ("block sequence entries are not allowed", "这里不能写以“- ”开头的项：检查缩进"),
    ("while parsing a block mapping", "这里应是一个键；检查这一行与上面的键是否对齐"),
    ("while parsing a block collection", "这里应是以“- ”开头的项；检查这一行与上面的项是否对齐"),
    ("quoted scalar, found unexpected end of stream", "引号没有配对：到文件末尾都没有找到后一个引号"),
    ("quoted scalar, found unexpected document indicator", "引号没有配对：单独一行 --- 之前没有找到后一个引号"),
    ("unknown escape character", "双引号里的反斜杠 \\ 后面写错了；照原样写文字请用单引号"),
    ("hexadecimal number", "双引号里 \\x 或 \\u 后面应是编码数字；照原样写文字请用单引号"),
    ("invalid Unicode character escape", "双引号里 \\u 后面的编码不对；照原样写文字请用单引号"),
    ("invalid trailing content after", "后一个引号之后还有文字；文字里有引号时，外面换另一种引号"),
    ("invalid indentation in quoted", "引号里换了行，下一行没有缩进"),
    ("invalid indentation", "缩进不对：与同一级的其他行对齐"),
    ("wrongly indented line in block scalar", "| 或 > 下面的各行没有对齐"),
    ("while scanning a block scalar", "| 或 > 的后面只能换行"),
    ("plain scalar cannot start with '-'", "以 - 开头的文字要加引号"),
    ("comments must be separated", "# 前面要空一格；文字里有 # 时加上引号"),
    ("comment intercepting", "一段文字中间不能插注释"),
    ("anchor", "这里的 & 或 * 被当成 YAML 的引用；文字以它们开头时加上引号"),
    ("tag", "这里的 ! 被当成 YAML 的标签；文字以它开头时加上引号"),
    ("directive", "这里的 % 被当成 YAML 的指令；文字以它开头时加上引号"),
    ("byte order mark", "文件中间有一个看不见的 BOM 字符，请删掉"),
    ("unprintable character", "有看不见的控制字符，请删掉"),
    ("document end marker", "单独一行 ... 之后还有内容"),
    ("document start", "这里应当开始新的内容；检查上一行的引号、括号和缩进"),
    ("recursion limit", "括号或缩进套得太深"),
    ("unexpected character", "这个字符不能写在这里；文字以特殊符号开头时加上引号"),
    ("unexpected eof", "文件在这里突然结束：检查引号和括号是否配对"),
    ("node content", "这里少了内容"),
];

/// What is wrong, by what the parser says; something that is always true where it says what nobody has seen yet.
pub(super) fn in_chinese(parser_says: &str) -> &'static str {
    let meaning = MEANINGS.iter().find(|(part, _)| parser_says.contains(part));
    meaning.map_or("从这里起读不懂了；检查这一行和上一行的缩进、冒号、引号和括号", |(_, chinese)| chinese)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Document;
    use super::*;

    #[test]
    fn mistakes_that_people_make_are_told_in_plain_chinese() {
        for (yaml, word) in [
            ("a: [一, 二\n", "方括号"),
            ("a: {b: 一\n", "花括号"),
            ("a: 一]\nb: ]\n", "括号"),
            ("a:\n\t- 一\n", "制表符"),
            ("a: 一\nb 二\nc: 三\n", "冒号"),
            ("a: 一: 二\n", "冒号"),
            ("a: \"一\nb: 二\n", "引号"),
            ("a: '一' 二\n", "引号"),
            ("a: \"\\d\"\n", "反斜杠"),
            ("a: 一\n - 二\nb: 三\n", "检查"),
            ("a:\n  b: 一\n c: 二\n", "对齐"),
            ("a: %b\n", "引号"),
            ("a: @b\n", "引号"),
        ] {
            let mut findings = Vec::new();
            let parsed = Document::parse("a.yaml", yaml, &mut findings);
            let Some(first) = findings.first() else {
                // Some of these are YAML after all.
                assert!(parsed.is_some(), "{yaml}");
                continue;
            };
            let chinese = &first.message.zh;
            assert!(chinese.contains(word), "{yaml}: {chinese} / {}", first.message.en);
            let words = chinese.strip_prefix("不是合法的 YAML：").unwrap().replace("Tab", "").replace("BOM", "");
            assert!(!words.contains(|c: char| c.is_ascii_alphabetic()), "{chinese}");
        }
        assert!(in_chinese("something new").starts_with("从这里起读不懂了"));
    }

    #[test]
    fn no_meaning_hides_a_later_one() {
        for (at, (part, _)) in MEANINGS.iter().enumerate() {
            let hidden = MEANINGS[..at].iter().find(|(earlier, _)| part.contains(earlier));
            assert!(hidden.is_none(), "{part} is never reached");
        }
    }
}
