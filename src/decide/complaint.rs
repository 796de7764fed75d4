//! What comes in.

use std::fmt;

use jiff::{Timestamp, Zoned, civil, tz::TimeZone};

use crate::say;
use crate::source::Message;

/// Characters a text may have. The longest complaints seen in practice have 12,000.
pub const MAX_TEXT: usize = 30_000;
/// Characters a title may have.
pub const MAX_TITLE: usize = 500;
/// Characters of a channel or district.
const MAX_NAME: usize = 100;

/// A complaint as it comes in.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// What was said or written.
    pub text: String,
    /// Its title, where there is one.
    pub title: Option<String>,
    /// How it came in (phone, web …).
    pub channel: Option<String>,
    /// Where it is about, as a name or id; outranks what the text says.
    pub district: Option<String>,
    /// When it came in, in the bundle's time zone.
    pub at: Zoned,
}

/// Why a complaint cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComplaintError {
    /// Nothing is left of the text when blanks and invisible characters are taken away.
    Empty,
    /// A field is too long.
    TooLong {
        /// Which field.
        field: &'static str,
        /// Its length in characters.
        length: usize,
        /// The most it may have.
        most: usize,
    },
}

impl ComplaintError {
    /// What to tell people.
    pub fn message(&self) -> Message {
        match self {
            ComplaintError::Empty => {
                say!("诉求内容为空：没有可以识别的文字", "the text is empty: nothing in it can be read")
            }
            ComplaintError::TooLong { field, length, most } => say!(
                "“{field}”有 {length} 个字，最多 {most} 个；请摘要后再提交，原文可作附件",
                "`{field}` has {length} characters, {most} at the most: send a summary and attach the original"
            ),
        }
    }
}

impl fmt::Display for ComplaintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().en)
    }
}

impl std::error::Error for ComplaintError {}

/// Reads a time as people and programs give it: RFC 3339 (`2026-11-22T10:00:00+08:00`), or a date with or without a
/// time on the clock of `zone` (`2026-11-22 10:00`, `2026-11-22`, which is its first minute).
pub fn parse_time(text: &str, zone: &TimeZone) -> Option<Zoned> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.to_zoned(zone.clone()));
    }
    let civil = match text.parse::<civil::DateTime>() {
        Ok(time) => time,
        Err(_) => text.parse::<civil::Date>().ok()?.to_datetime(civil::Time::midnight()),
    };
    civil.to_zoned(zone.clone()).ok()
}

impl Complaint {
    /// Whether every field is within its bounds. (Whether anything can be read in the text shows once it is normalised.)
    pub fn check(&self) -> Result<(), ComplaintError> {
        let fields = [
            ("text", Some(&self.text), MAX_TEXT),
            ("title", self.title.as_ref(), MAX_TITLE),
            ("channel", self.channel.as_ref(), MAX_NAME),
            ("district", self.district.as_ref(), MAX_NAME),
        ];
        for (field, value, most) in fields {
            // Bytes bound characters: nearly every text is decided without counting.
            let length = value.map_or(0, |value| if value.len() <= most { 0 } else { value.chars().count() });
            if length > most {
                return Err(ComplaintError::TooLong { field, length, most });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        for (text, expect) in [
            ("2026-11-22T02:00:00Z", Some("2026-11-22T10:00:00")),
            ("2026-11-22T10:00:00+08:00", Some("2026-11-22T10:00:00")),
            ("2026-11-22 10:00", Some("2026-11-22T10:00:00")),
            ("2026-11-22", Some("2026-11-22T00:00:00")),
            ("昨天", None),
            ("2026-13-01", None),
            ("", None),
        ] {
            let read = parse_time(text, &zone).map(|at| at.datetime().to_string());
            assert_eq!(read.as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn fields_are_bounded_in_characters() {
        let complaint = |text: String| Complaint {
            text,
            title: None,
            channel: None,
            district: None,
            at: parse_time("2026-11-22", &TimeZone::UTC).unwrap(),
        };
        assert_eq!(complaint("漏".repeat(MAX_TEXT)).check(), Ok(()));
        let too_long = ComplaintError::TooLong { field: "text", length: MAX_TEXT + 1, most: MAX_TEXT };
        assert_eq!(complaint("漏".repeat(MAX_TEXT + 1)).check(), Err(too_long));
    }
}
