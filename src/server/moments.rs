//! Moments as people of the place read them: RFC 3339 with the offset of the bundle's clock. They are stored in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Fields that hold a moment, and never what somebody wrote.
const FIELDS: &[&str] = &[
    "accepted",
    "at",
    "contacted",
    "dispatched",
    "due",
    "opened_at",
    "over",
    "paused",
    "reopened",
    "replied",
    "resolved",
    "sent_at",
    "superior_due",
    "until",
    "updated_at",
    "warn",
];

/// The same moment on the clock of a place; what is no moment as it is.
pub(super) fn local(value: &Json, zone: &TimeZone) -> Json {
    let moment = value.as_str().filter(|text| text.ends_with('Z')).and_then(|text| text.parse::<Timestamp>().ok());
    let shown = moment.map(|moment| moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string());
    shown.map_or_else(|| value.clone(), Json::String)
}

/// All moments of a ticket, a list of tickets or a history.
pub(super) fn all_local(mut value: Json, zone: &TimeZone) -> Json {
    turn(&mut value, zone);
    value
}

fn turn(value: &mut Json, zone: &TimeZone) {
    match value {
        Json::Object(fields) => {
            for (name, value) in fields {
                if value.is_string() && FIELDS.contains(&name.as_str()) {
                    *value = local(value, zone);
                }
                turn(value, zone);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| turn(item, zone)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_those_of_the_place_and_words_stay_words() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let ticket = json!({
            "opened_at": "2026-11-23T04:11:52.666Z", "text": "2026-11-23T04:11:52Z", "reopened": 2,
            "times": {"over": null, "resolved": "2026-11-23T16:00:00Z"}, "assignments": [{"sent_at": "2026-01-01T00:00:00Z"}],
        });
        let expect = json!({
            "opened_at": "2026-11-23T12:11:52.666+08:00", "text": "2026-11-23T04:11:52Z", "reopened": 2,
            "times": {"over": null, "resolved": "2026-11-24T00:00:00+08:00"},
            "assignments": [{"sent_at": "2026-01-01T08:00:00+08:00"}],
        });
        assert_eq!(all_local(ticket, &zone), expect);
    }
}
