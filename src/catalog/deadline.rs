//! Deadlines (办结时限), as editors write them: `24 hours`, `5 working days`, `7天`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::say;
use crate::source::Message;
use crate::text::normalise;

/// What a deadline is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadlineUnit {
    /// Minutes on the clock.
    Minutes,
    /// Hours on the clock.
    Hours,
    /// Calendar days.
    Days,
    /// Working days of the department's calendar.
    WorkingDays,
}

impl DeadlineUnit {
    /// All units.
    pub const ALL: [DeadlineUnit; 4] =
        [DeadlineUnit::Minutes, DeadlineUnit::Hours, DeadlineUnit::Days, DeadlineUnit::WorkingDays];

    /// The most of it that makes two years.
    fn most(self) -> u32 {
        match self {
            DeadlineUnit::Minutes => 730 * 24 * 60,
            DeadlineUnit::Hours => 730 * 24,
            DeadlineUnit::Days => 730,
            DeadlineUnit::WorkingDays => 500,
        }
    }

    /// English, singular.
    fn english(self) -> &'static str {
        match self {
            DeadlineUnit::Minutes => "minute",
            DeadlineUnit::Hours => "hour",
            DeadlineUnit::Days => "day",
            DeadlineUnit::WorkingDays => "working day",
        }
    }

    /// Chinese ways to write it, the preferred one first.
    fn chinese(self) -> &'static [&'static str] {
        match self {
            DeadlineUnit::Minutes => &["分钟", "分"],
            DeadlineUnit::Hours => &["小时", "个小时"],
            DeadlineUnit::Days => &["天", "日", "个自然日", "自然日"],
            DeadlineUnit::WorkingDays => &["个工作日", "工作日", "个工作天"],
        }
    }

    /// The unit written as `text`, which has no blanks around it.
    fn parse(text: &str) -> Option<DeadlineUnit> {
        DeadlineUnit::ALL
            .into_iter()
            .find(|unit| text.strip_suffix('s').unwrap_or(text) == unit.english() || unit.chinese().contains(&text))
    }
}

/// A time to answer within, from one minute to two years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deadline {
    amount: u32,
    unit: DeadlineUnit,
}

impl Deadline {
    /// Reads `24 hours`, `1 working day`, `24小时`, `5个工作日` (also in full-width characters). The error says what is
    /// wrong and what may be written.
    pub fn parse(text: &str) -> Result<Deadline, Message> {
        let normalised = normalise(text);
        let normalised = normalised.trim();
        let digits = normalised.bytes().take_while(u8::is_ascii_digit).count();
        let (amount, unit) = normalised.split_at(digits);
        let Some(unit) = DeadlineUnit::parse(unit.trim()).filter(|_| digits > 0) else {
            return Err(say!(
                "“{text}”不是时限，应写成 24 hours、30 minutes、7 days、5 working days，或 24小时、5个工作日",
                "`{text}` is not a deadline: write 24 hours, 30 minutes, 7 days or 5 working days"
            ));
        };
        let most = unit.most();
        match amount.parse().ok().filter(|amount| (1..=most).contains(amount)) {
            Some(amount) => Ok(Deadline { amount, unit }),
            None => {
                let longest = Deadline { amount: most, unit }.in_words();
                let (zh, en) = (longest.zh, longest.en);
                Err(say!(
                    "时限“{text}”不在一分钟到两年（{zh}）之间",
                    "`{text}` is not between one minute and two years ({en})"
                ))
            }
        }
    }

    /// So many of a unit; brought within the bounds of a deadline.
    pub fn of(amount: u32, unit: DeadlineUnit) -> Deadline {
        Deadline { amount: amount.clamp(1, unit.most()), unit }
    }

    /// How many units; at least one.
    pub fn amount(&self) -> u32 {
        self.amount
    }

    /// What it is counted in.
    pub fn unit(&self) -> DeadlineUnit {
        self.unit
    }

    /// 5个工作日, 5 working days.
    pub fn in_words(&self) -> Message {
        let amount = self.amount;
        let zh = self.unit.chinese()[0];
        Message { zh: format!("{amount}{zh}"), en: self.to_string() }
    }
}

/// `5 working days`, which can be read back.
impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.amount == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.amount, self.unit.english())
    }
}

impl Serialize for Deadline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Deadline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deadline::parse(&String::deserialize(deserializer)?).map_err(|message| D::Error::custom(message.en))
    }
}

impl JsonSchema for Deadline {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Deadline".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn deadlines_are_read_in_both_languages() {
        for (text, expect) in [
            ("24 hours", Some("24 hours")),
            ("1 hour", Some("1 hour")),
            ("1 hours", Some("1 hour")),
            ("30 minutes", Some("30 minutes")),
            ("7 days", Some("7 days")),
            ("1 day", Some("1 day")),
            ("5 working days", Some("5 working days")),
            ("1 working day", Some("1 working day")),
            ("5  Working  Days ", Some("5 working days")),
            ("24小时", Some("24 hours")),
            ("2个小时", Some("2 hours")),
            ("5个工作日", Some("5 working days")),
            ("5 个工作日", Some("5 working days")),
            ("15工作日", Some("15 working days")),
            ("７天", Some("7 days")),
            ("3日", Some("3 days")),
            ("30分钟", Some("30 minutes")),
            ("730 days", Some("730 days")),
            ("731 days", None),
            ("500 working days", Some("500 working days")),
            ("501 working days", None),
            ("1051200 minutes", Some("1051200 minutes")),
            ("1051201 minutes", None),
            ("0 days", None),
            ("-1 days", None),
            ("1.5 hours", None),
            ("99999999999999999999 days", None),
            ("hours", None),
            ("24", None),
            ("", None),
            ("5 weeks", None),
            ("5 workingdays", None),
            ("尽快", None),
            ("24 hours or so", None),
        ] {
            let read = Deadline::parse(text).ok();
            assert_eq!(read.map(|deadline| deadline.to_string()).as_deref(), expect, "{text}");
            if let Some(deadline) = read {
                let words = deadline.in_words();
                assert_eq!(Deadline::parse(&words.zh), Ok(deadline), "{}", words.zh);
                assert_eq!(Deadline::parse(&words.en), Ok(deadline), "{}", words.en);
            }
        }
    }

    #[test]
    fn words_are_those_people_say() {
        for (text, zh, en) in [
            ("1 working day", "1个工作日", "1 working day"),
            ("24 hours", "24小时", "24 hours"),
            ("7 days", "7天", "7 days"),
            ("30 minutes", "30分钟", "30 minutes"),
        ] {
            let words = Deadline::parse(text).unwrap().in_words();
            assert_eq!((words.zh.as_str(), words.en.as_str()), (zh, en));
        }
    }

    #[test]
    fn what_is_too_long_is_told_the_limit() {
        let error = Deadline::parse("3 years").unwrap_err();
        assert!(error.en.contains("write 24 hours"), "{}", error.en);
        let error = Deadline::parse("600个工作日").unwrap_err();
        assert_eq!(error.zh, "时限“600个工作日”不在一分钟到两年（500个工作日）之间");
    }
}
