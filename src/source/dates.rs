//! Dates and minutes as editors write them.

use std::fmt;

use jiff::civil;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// A calendar date, written `2026-05-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Date(pub civil::Date);

/// A minute on the clock of the bundle's time zone, written `2026-05-01 08:30` (or with a `T`). A date alone is its
/// first minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Minute(pub civil::DateTime);

impl Date {
    /// Reads `2026-05-01`. Nothing else is a date.
    pub fn parse(text: &str) -> Option<Date> {
        (text.len() == 10).then(|| text.parse().ok().map(Date)).flatten()
    }
}

impl Minute {
    /// Reads `2026-05-01 08:30`, `2026-05-01T08:30` or `2026-05-01`, with seconds where given.
    pub fn parse(text: &str) -> Option<Minute> {
        if let Some(date) = Date::parse(text) {
            return Some(Minute(date.0.to_datetime(civil::Time::midnight())));
        }
        matches!(text.len(), 16 | 19).then(|| text.parse().ok().map(Minute)).flatten()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M"))
    }
}

macro_rules! written_as_text {
    ($type:ident, $format:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $type::parse(&text).ok_or_else(|| D::Error::custom(format!("not a {}: {text}", $format)))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

written_as_text!(Date, "date");
written_as_text!(Minute, "minute");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_are_dates() {
        for (text, good) in [
            ("2026-05-01", true),
            ("2024-02-29", true),
            ("2026-02-29", false),
            ("2026-5-1", false),
            ("20260501", false),
            ("2026-05-01T00:00", false),
            ("明天", false),
        ] {
            assert_eq!(Date::parse(text).is_some(), good, "{text}");
        }
    }

    #[test]
    fn minutes_may_be_written_three_ways() {
        for (text, expect) in [
            ("2026-05-01", Some("2026-05-01 00:00")),
            ("2026-05-01 08:30", Some("2026-05-01 08:30")),
            ("2026-05-01T08:30", Some("2026-05-01 08:30")),
            ("2026-05-01 08:30:59", Some("2026-05-01 08:30")),
            ("2026-05-01 24:30", None),
            ("08:30", None),
        ] {
            assert_eq!(Minute::parse(text).map(|minute| minute.to_string()).as_deref(), expect, "{text}");
        }
    }
}
