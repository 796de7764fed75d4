//! How messages are delivered. Read from `jiesu.toml`, section `[webhooks]`, by whoever starts the service; never from the
//! bundle, which editors share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::signature::Secret;

/// How messages are delivered.
///
/// ```toml
/// [webhooks]
/// centre = "https://desk.example.gov.cn/hooks/jiesu"
/// allowed_hosts = ["oa.water.local"]
///
/// [webhooks.secrets]
/// centre = ["whsec_…"]
/// "department:water-group" = ["whsec_new…", "whsec_old…"]
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the centre's own systems hear of every event. Whoever starts the service sets
    /// `tickets::Settings::central_webhook` where this is given.
    pub centre: Option<String>,
    /// What messages to a target (`centre`, `department:ID`) are signed with. Several, while a receiver changes from one to
    /// the other. A target without any gets nothing: its messages are dead letters until it has one.
    pub secrets: BTreeMap<String, Vec<Secret>>,
    /// Who sends, as the envelope says it: any URI reference.
    pub source: String,
    /// Whether messages may go out unencrypted.
    pub allow_http: bool,
    /// Whether messages may go to any address of a private network.
    pub allow_private_targets: bool,
    /// Hosts (names or addresses, as they stand in the webhook) that may have an address of a private network.
    pub allowed_hosts: Vec<String>,
    /// A file of certificates (PEM) that are trusted beside the public ones: of an authority of one's own.
    pub certificates: Option<PathBuf>,
    /// Messages on their way at one time.
    pub most_in_flight: usize,
    /// The same, to one target.
    pub most_per_target: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            centre: None,
            secrets: BTreeMap::new(),
            source: "urn:jiesu".to_owned(),
            allow_http: false,
            allow_private_targets: false,
            allowed_hosts: Vec::new(),
            certificates: None,
            most_in_flight: 256,
            most_per_target: 4,
        }
    }
}

impl Settings {
    /// What a target's messages are signed with.
    pub(super) fn secrets_of(&self, target: &str) -> &[Secret] {
        self.secrets.get(target).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a host may have an address of a private network.
    pub(super) fn may_be_private(&self, host: &str) -> bool {
        let written = |allowed: &&String| allowed.trim_matches(['[', ']']).eq_ignore_ascii_case(host);
        self.allow_private_targets || self.allowed_hosts.iter().any(|allowed| written(&allowed))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_is_allowed_that_is_not_written() {
        let settings = Settings::default();
        assert!(
            !settings.allow_http && !settings.may_be_private("10.0.0.1") && settings.secrets_of("centre").is_empty()
        );
        let settings: Settings = serde_json::from_value(serde_json::json!({
            "allowed_hosts": ["OA.water.local", "[::1]"],
            "secrets": {"centre": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]},
        }))
        .unwrap();
        for (host, allowed) in
            [("oa.water.local", true), ("water.local", false), ("::1", true), ("127.0.0.1", false), ("", false)]
        {
            assert_eq!(settings.may_be_private(host), allowed, "{host}");
        }
        assert_eq!(settings.secrets_of("centre").len(), 1);
        for wrong in [r#"{"secret": {}}"#, r#"{"secrets": {"centre": ["hunter2"]}}"#, r#"{"secrets": {"centre": "x"}}"#]
        {
            assert!(serde_json::from_str::<Settings>(wrong).is_err(), "{wrong}");
        }
    }
}
