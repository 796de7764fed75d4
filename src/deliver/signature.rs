//! Signatures of the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`, in base64, with `v1,` before it.
//!
//! Source: *Standard Webhooks*, specification 1.0, <https://github.com/standard-webhooks/standard-webhooks>. Its published
//! libraries verify what stands here (`tests/deliver.rs`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize, Serializer};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, as the scheme wants them.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that a receiver shares with us: `whsec_` and 24 to 64 bytes in base64. It is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The secret as it is written in settings.
    ///
    /// # Errors
    /// What it should look like, in both languages; never the secret itself.
    pub fn parse(text: &str) -> Result<Secret, String> {
        // Some write the padding, some do not.
        let bytes = text.trim().strip_prefix(PREFIX).map(|rest| rest.trim_end_matches('='));
        let bytes = bytes.and_then(|rest| STANDARD_NO_PAD.decode(rest).ok());
        bytes.filter(|bytes| BYTES.contains(&bytes.len())).map(Secret).ok_or_else(|| {
            "密钥应为 whsec_ 加 24 到 64 字节的 base64 / a secret is `whsec_` and 24 to 64 bytes in base64".to_owned()
        })
    }

    /// The signature of a body that is sent under an id at a time (seconds since 1970-01-01 UTC).
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Option<String> {
        // HMAC takes keys of any length; the error is of the trait.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

impl TryFrom<String> for Secret {
    type Error = String;

    fn try_from(text: String) -> Result<Secret, String> {
        Secret::parse(&text)
    }
}

/// Settings that are shown say that there is one, and not which.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The header `webhook-signature`: one signature for each secret, so that a receiver may change its own at leisure.
pub(super) fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let all: Vec<String> = secrets.iter().filter_map(|secret| secret.sign(id, timestamp, body)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The example that the scheme's own libraries are tested with.
    #[test]
    fn the_known_answer() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let given = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(given, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_secret_signs() {
        let secrets = [7_u8, 9].map(|byte| Secret(vec![byte; 32]));
        let both = signatures(&secrets, "a", 1, "{}");
        let apart: Vec<String> =
            secrets.iter().map(|secret| signatures(std::slice::from_ref(secret), "a", 1, "{}")).collect();
        assert_eq!(both, apart.join(" "));
        assert_ne!(apart[0], apart[1]);
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        let of = |length: usize| format!("whsec_{}", STANDARD.encode(vec![1; length]));
        for (text, right) in [
            (of(24), true),
            (of(64), true),
            (of(23), false),
            (of(65), false),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(), false),
            ("whsec_***".to_owned(), false),
            (String::new(), false),
        ] {
            let read: Result<Secret, _> = serde_json::from_value(serde_json::json!(text));
            assert_eq!(read.is_ok(), right, "{text}");
            if let Err(error) = read {
                assert!(text.is_empty() || !error.to_string().contains(&text), "{error}");
            }
        }
        assert_eq!(format!("{:?}", Secret::parse(&of(24)).unwrap()), "Secret(…)");
    }
}
