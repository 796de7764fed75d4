//! The envelope of a message: CloudEvents 1.0 in structured mode, JSON
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).

use serde_json::json;

use crate::tickets::{Message, Waiting};

/// The media type of an envelope.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// What types of events begin with; the name of the event follows.
const TYPE: &str = "cn.jiesu.ticket.";

/// A message as it is sent: the same text at every attempt, as long as the ticket's personal data is not erased.
pub(super) fn envelope(source: &str, waiting: &Waiting, message: &Message) -> String {
    json!({
        "specversion": "1.0",
        "id": waiting.message,
        "source": source,
        "type": format!("{TYPE}{}", waiting.name),
        "subject": waiting.ticket,
        "time": message.at.to_string(),
        "datacontenttype": "application/json",
        "data": message.data,
    })
    .to_string()
}
