//! A line of the log.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::masked::{MaskedComplaint, mask_decision};
use crate::bundle::Bundle;
use crate::decide::{Complaint, ComplaintError, Decision, Options, parse_time};
use crate::say;
use crate::source::Message;

/// Bytes of a line, at the most. A complaint of 30,000 characters with everything that is said of it has a tenth of that.
pub const MOST_LINE: usize = 4 << 20;

/// The fields of a decision, each as the JSON it was written as.
pub type Fields = BTreeMap<String, Box<RawValue>>;

/// A complaint as it was decided, masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedRequest {
    /// What was said or written.
    pub text: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Where it is about, as the caller named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// When it came in, to the nanosecond (RFC 3339); the time it was decided where the caller gave none.
    pub at: String,
}

/// How it was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedOptions {
    /// Without anything learned.
    #[serde(default)]
    pub rules_only: bool,
}

/// A decision as it stands in the log. `D` is the decision: itself where a line is written, its fields where one is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry<D = Fields> {
    /// The id that the decision was handed out with.
    pub id: String,
    /// When it was decided (RFC 3339).
    pub at: String,
    /// The revision of the bundle that decided.
    pub revision: String,
    /// The engine's version.
    pub engine: String,
    /// What names the lessons of earlier cases that a bundle used which had not learned from its own yet (its revision
    /// ends in `-stale`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lessons: Option<String>,
    /// Whether anything was masked.
    pub masked: bool,
    /// The complaint.
    pub request: LoggedRequest,
    /// How it was decided.
    #[serde(default)]
    pub options: LoggedOptions,
    /// What was answered, without what is added where it is handed out.
    pub decision: D,
    /// The fields in which the decision on the masked text, under the same bundle, is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_masked: Option<Fields>,
}

/// The fields of a decision as they are written.
///
/// # Errors
/// Never, for what the engine makes; a number that is none would be one.
pub fn fields(decision: &Decision) -> serde_json::Result<Fields> {
    serde_json::from_str(&serde_json::to_string(decision)?)
}

impl Entry<Decision> {
    /// The line about a decision that a bundle made: everything masked, and where masking changes what the engine reads,
    /// with what it reads then. `at` is when it was decided. Takes about as long as deciding where there is something to
    /// mask.
    ///
    /// # Errors
    /// Something cannot be written as JSON.
    pub fn new(
        bundle: &Bundle,
        complaint: &Complaint,
        options: Options,
        decision: Decision,
        at: jiff::Timestamp,
    ) -> serde_json::Result<Entry<Decision>> {
        let masked = MaskedComplaint::new(complaint);
        let id = decision.id.clone().unwrap_or_default();
        let engine = decision.engine.clone().unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
        let revision = decision.revision.clone();
        let (decision, touched) = mask_decision(decision, &masked);
        let mut on_masked = None;
        if masked.changed {
            let again = decide_masked(bundle, &masked.complaint, options).ok();
            on_masked = again.map(|again| overlay(&decision, &again)).transpose()?.filter(|fields| !fields.is_empty());
        }
        let MaskedComplaint { complaint, changed, .. } = masked;
        let zone = complaint.at.time_zone().clone();
        Ok(Entry {
            id,
            at: at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
            revision,
            engine,
            lessons: bundle.learning.lessons.clone(),
            masked: changed || touched,
            request: LoggedRequest {
                text: complaint.text,
                title: complaint.title,
                channel: complaint.channel,
                district: complaint.district,
                at: complaint.at.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
            },
            options: LoggedOptions { rules_only: options.rules_only },
            decision,
            on_masked,
        })
    }
}

/// The decision about a complaint that is masked already, as the log has it.
///
/// # Errors
/// The complaint cannot be decided.
pub fn decide_masked(bundle: &Bundle, complaint: &Complaint, options: Options) -> Result<Decision, ComplaintError> {
    let decision = bundle.engine.decide(complaint, options)?;
    Ok(mask_decision(decision, &MaskedComplaint::as_it_is(complaint)).0)
}

/// The fields of `again` that are not those of `decision`.
fn overlay(decision: &Decision, again: &Decision) -> serde_json::Result<Fields> {
    let before = fields(decision)?;
    let mut after = fields(again)?;
    after.retain(|name, value| before.get(name).is_none_or(|own| own.get() != value.get()));
    Ok(after)
}

impl Entry {
    /// Reads a line, which may be anything.
    ///
    /// # Errors
    /// It is no line of a log: the message says where, without a word of it; and whether it only ends too early, as the
    /// last line of a process that was killed.
    pub fn read(line: &[u8]) -> Result<Entry, (Message, bool)> {
        // A half character at the end is a torn line too, and no UTF-8.
        let whole = line.trim_ascii_end();
        let is_cut = std::str::from_utf8(whole).is_err_and(|error| error.error_len().is_none());
        serde_json::from_slice(whole).map_err(|error| {
            let column = error.column();
            if is_cut || error.is_eof() {
                let length = whole.len();
                let message = say!(
                    "这一行没有写完（第 {length} 个字节处中断）",
                    "the line is torn: it ends at its byte {length}"
                );
                return (message, true);
            }
            let message = say!(
                "这一行不是判定日志（第 {column} 个字节处读不懂）",
                "no line of a decision log: wrong at byte {column}"
            );
            (message, false)
        })
    }

    /// The complaint to be decided again, on a bundle's clock.
    ///
    /// # Errors
    /// Its time is none.
    pub fn complaint(&self, zone: &TimeZone) -> Result<Complaint, Message> {
        let LoggedRequest { text, title, channel, district, at } = self.request.clone();
        let at = parse_time(&at, zone).ok_or_else(|| say!("request.at 不是时间", "`request.at` is not a time"))?;
        Ok(Complaint { text, title, channel, district, at })
    }

    /// How it was decided.
    pub fn options(&self) -> Options {
        Options { rules_only: self.options.rules_only }
    }

    /// The fields of the decision on the text as it stands in the log.
    pub fn expected(&self) -> BTreeMap<&str, &str> {
        let logged = self.decision.iter().chain(self.on_masked.iter().flatten());
        logged.map(|(name, value)| (name.as_str(), value.get())).collect()
    }
}
