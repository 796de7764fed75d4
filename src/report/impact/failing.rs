//! `--fail-if`: when an impact is too much, as an expression.

use crate::say;
use crate::source::Message;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Labelled cases that were right and are wrong now.
    Worse,
    /// Labelled cases that were wrong and are right now.
    Better,
    /// Cases of which anything changed.
    Changed,
    /// Cases that had an answer and have none now.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Condition {
    figure: Figure,
    /// The bound itself is enough.
    or_equal: bool,
    bound: f64,
    is_percent: bool,
}

/// An expression such as `worse > 5`, `changed >= 2% and worse > 0`: conditions joined all by `and` or all by `or`.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    conditions: Vec<Condition>,
    all: bool,
}

impl FailIf {
    /// Reads an expression.
    ///
    /// # Errors
    /// It is none; the message says how one is written.
    pub fn parse(text: &str) -> Result<FailIf, Message> {
        let spaced = text.replace(">=", " ≥ ").replace('>', " > ").replace('%', " % ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let wrong = |zh: &str, en: &str| {
            let shown: String = text.chars().take(80).collect();
            say!(
                "--fail-if 的“{shown}”看不懂：{zh}。写法：worse、better、changed 或 unknown，接 > 或 >=，再接数字或百分比，例如 'worse > 5'、'changed >= 2%'；几个条件都用 and 或都用 or 连接",
                "`{shown}` after --fail-if: {en}. Write worse, better, changed or unknown, then > or >=, then a number or a percentage, such as 'worse > 5' or 'changed >= 2%'; join several all by `and` or all by `or`"
            )
        };
        let joined = |word: &&str| matches!(word.to_ascii_lowercase().as_str(), "and" | "or");
        let joints: Vec<String> =
            words.iter().filter(|word| joined(word)).map(|word| word.to_ascii_lowercase()).collect();
        if joints.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(wrong("and 和 or 不能混用", "`and` and `or` cannot be mixed"));
        }
        let mut conditions = Vec::new();
        for part in words.split(|word| joined(word)) {
            let (part, is_percent) = match part {
                [rest @ .., "%"] => (rest, true),
                _ => (part, false),
            };
            let [figure, sign, bound] = part else {
                return Err(wrong("条件要有三部分", "a condition has three parts"));
            };
            let figure = match figure.to_ascii_lowercase().as_str() {
                "worse" => Figure::Worse,
                "better" => Figure::Better,
                "changed" => Figure::Changed,
                "unknown" => Figure::Unknown,
                other => return Err(wrong(&format!("没有“{other}”这一项"), &format!("there is no figure `{other}`"))),
            };
            let or_equal = match *sign {
                ">" => false,
                "≥" => true,
                other => return Err(wrong(&format!("“{other}”应是 > 或 >="), &format!("`{other}` should be > or >="))),
            };
            let digits = bound.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let number = bound.parse::<f64>().ok().filter(|number| digits && number.is_finite());
            let Some(bound) = number else {
                return Err(wrong(&format!("“{bound}”不是数字"), &format!("`{bound}` is no number")));
            };
            conditions.push(Condition { figure, or_equal, bound, is_percent });
        }
        let all = joints.first().is_none_or(|joint| joint == "and");
        Ok(FailIf { conditions, all })
    }

    /// Whether it is too much. `figure` gives how many there are, and of how many, for percentages.
    pub fn holds(&self, figure: impl Fn(Figure) -> (usize, usize)) -> bool {
        let holds = |condition: &Condition| {
            let (count, of) = figure(condition.figure);
            // Shares are compared as products, which are exact for whole numbers.
            let (left, right) = match condition.is_percent {
                true => (count as f64 * 100.0, condition.bound * of as f64),
                false => (count as f64, condition.bound),
            };
            // Of nothing there is no share.
            let defined = !condition.is_percent || of > 0;
            defined && (left > right || condition.or_equal && left == right)
        };
        if self.all { self.conditions.iter().all(holds) } else { self.conditions.iter().any(holds) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// 6 of 100 worse, 0 of 100 better, 30 of 300 changed, 3 of 300 unknown.
    fn figures(figure: Figure) -> (usize, usize) {
        match figure {
            Figure::Worse => (6, 100),
            Figure::Better => (0, 100),
            Figure::Changed => (30, 300),
            Figure::Unknown => (3, 300),
        }
    }

    #[test]
    fn expressions_and_what_they_say() {
        for (text, expect) in [
            ("worse > 5", true),
            ("worse>5", true),
            ("worse > 6", false),
            ("worse >= 6", true),
            ("changed >= 10%", true),
            ("changed > 10 %", false),
            ("changed > 9.9%", true),
            ("unknown > 1%", false),
            ("worse > 5 and better > 0", false),
            ("worse > 5 or better > 0", true),
            ("better > 0 OR unknown >= 3 or worse > 100", true),
            ("better >= 0 and changed >= 30 and unknown >= 1%", true),
        ] {
            assert_eq!(FailIf::parse(text).unwrap().holds(figures), expect, "{text}");
        }
    }

    #[test]
    fn shares_of_nothing_are_not_too_much() {
        assert!(!FailIf::parse("worse >= 0%").unwrap().holds(|_| (0, 0)));
        assert!(FailIf::parse("worse >= 0").unwrap().holds(|_| (0, 0)));
    }

    #[test]
    fn what_is_no_expression_is_explained() {
        for (text, why) in [
            ("", "a condition has three parts"),
            ("worse", "a condition has three parts"),
            ("worse > ", "a condition has three parts"),
            ("worse > 5 5", "a condition has three parts"),
            ("worse < 5", "`<` should be"),
            ("worse = 5", "`=` should be"),
            ("worst > 5", "no figure `worst`"),
            ("worse > five", "`five` is no number"),
            ("worse > -5", "`-5` is no number"),
            ("worse > inf", "`inf` is no number"),
            ("worse > 1e3", "`1e3` is no number"),
            ("worse > 5 and", "a condition has three parts"),
            ("worse > 5 and better > 1 or changed > 2", "cannot be mixed"),
        ] {
            let message = FailIf::parse(text).unwrap_err().en;
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a-z><=%0-9. ]{0,30}|\\PC{0,20}") {
            if let Ok(expression) = FailIf::parse(&text) {
                let _ = expression.holds(figures);
            }
        }
    }
}
