//! When a message that was not received is tried again: exponential backoff with full jitter.
//!
//! Before the attempt after the n-th a message waits a random time between nothing and the ceiling `FIRST_WAIT · 2ⁿ⁻¹`,
//! `LONGEST_WAIT` at the most; never less than `SHORTEST_WAIT`. Full jitter keeps messages that failed together from coming
//! back together (M. Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015).
//!
//! What is random is taken from a hash of the message's id and the attempt: it differs between messages, which is all that
//! jitter is for, and a test or a log can work it out again.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::tickets::{MOST_WAIT, Outcome, Trouble, Waiting};

/// The ceiling after the first attempt.
pub const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// The highest ceiling.
pub const LONGEST_WAIT: SignedDuration = MOST_WAIT;
/// How long a message is tried before it is given up.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);
/// No message comes back sooner.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// What becomes of a message after an attempt that failed. `asked` is how long the receiver asked to be left alone.
pub(super) fn after(trouble: Trouble, asked: Option<SignedDuration>, waiting: &Waiting, now: Timestamp) -> Outcome {
    if trouble.kind.is_lasting() {
        return Outcome::Dead { trouble };
    }
    let wait = wait(&waiting.message, waiting.attempts).max(asked.unwrap_or_default()).min(LONGEST_WAIT);
    let give_up = waiting.since.saturating_add(GIVE_UP_AFTER).unwrap_or(Timestamp::MAX);
    match now.checked_add(wait) {
        Ok(at) if at <= give_up => Outcome::Again { at, trouble },
        _ => Outcome::Dead { trouble },
    }
}

fn wait(message: &str, attempts: u32) -> SignedDuration {
    let doubled = 1_i64.checked_shl(attempts.saturating_sub(1).min(32)).unwrap_or(i64::MAX);
    let ceiling = FIRST_WAIT.as_millis() as f64 * doubled as f64;
    let ceiling = ceiling.min(LONGEST_WAIT.as_millis() as f64);
    let hash = Sha256::new().chain_update(message).chain_update(attempts.to_be_bytes()).finalize();
    let draw = hash.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    let part = f64::from(draw) / (f64::from(u32::MAX) + 1.0);
    SignedDuration::from_millis((ceiling * part) as i64).max(SHORTEST_WAIT)
}

/// How long a receiver asks to be left alone: the header `Retry-After`, as seconds or as a date (RFC 9110, 10.2.3). At the
/// most [`LONGEST_WAIT`].
pub(super) fn retry_after(header: &str, now: Timestamp) -> Option<SignedDuration> {
    let header = header.trim();
    let asked = match header.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header).ok()?;
            date.duration_since(now)
        }
    };
    asked.is_positive().then(|| asked.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn waits_double_are_bounded_and_differ_between_messages() {
        for attempts in [1, 2, 3, 8, 11, 12, 40, 200, u32::MAX] {
            let doubled = 2_f64.powi(i32::try_from(attempts.min(40)).unwrap() - 1);
            let ceiling = (5_000.0 * doubled).min(3_600_000.0);
            let waits: Vec<f64> = (0..2_000).map(|n| wait(&format!("m-{n}"), attempts).as_millis() as f64).collect();
            assert!(waits.iter().all(|wait| (1_000.0..=ceiling).contains(wait)), "{attempts}");
            // Full jitter: the mean is half of the ceiling, spread over all of it.
            let mean = waits.iter().sum::<f64>() / waits.len() as f64;
            assert!((mean / ceiling - 0.5).abs() < 0.06, "{attempts}: {mean} of {ceiling}");
            assert!(waits.iter().any(|wait| *wait > 0.95 * ceiling), "{attempts}");
        }
        assert_eq!(wait("m", 3), wait("m", 3));
    }

    #[test]
    fn retry_after_is_heard_and_bounded() {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        for (header, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("999999", Some(3_600)),
            ("Mon, 23 Nov 2026 00:02:00 GMT", Some(120)),
            ("Tue, 24 Nov 2026 00:00:00 GMT", Some(3_600)),
            ("Sun, 22 Nov 2026 00:00:00 GMT", None),
            ("0", None),
            ("-5", None),
            ("99999999999999", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(header, now), seconds.map(SignedDuration::from_secs), "{header}");
        }
    }
}
