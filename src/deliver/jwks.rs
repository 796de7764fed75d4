//! The public keys of an identity provider: fetched at the start, again after a while, and when a token names one that is
//! not there; never more often than every half minute, whatever tokens say.

use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::client::Client;
use super::settings::Settings;
use crate::access::{LARGEST_KEYS, Tokens};
use crate::say;
use crate::source::Message;

/// Between two attempts, at the least.
const LEAST_PAUSE: Duration = Duration::from_secs(30);
/// The same while there are no keys at all.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Between two looks whether somebody wants keys.
const LOOK: Duration = Duration::from_millis(500);

/// Where keys come from.
enum Place {
    File(PathBuf),
    Address(Box<(Client, Settings, String)>),
}

/// Keeps the keys of [`Tokens`] fresh.
pub struct KeySource {
    tokens: Tokens,
    place: Place,
}

impl KeySource {
    /// The place that the settings name: a file, or an address. Keys go encrypted, but from this very machine.
    ///
    /// # Errors
    /// The address or the certificates cannot be used.
    pub fn new(tokens: Tokens) -> Result<KeySource, Message> {
        let named = &tokens.settings().jwks;
        let plain = named.strip_prefix("http://");
        if plain.is_none() && !named.starts_with("https://") {
            let place = Place::File(PathBuf::from(named));
            return Ok(KeySource { tokens, place });
        }
        if plain.is_some_and(|rest| !is_this_machine(rest)) {
            return Err(say!(
                "access.oidc.jwks 应为 https 地址：{named}",
                "access.oidc.jwks should be an https address: {named}"
            ));
        }
        // Whoever set the address runs the service; an identity provider often lives in the private network.
        let settings = Settings {
            allow_http: plain.is_some(),
            allow_private_targets: true,
            certificates: tokens.settings().certificates.clone(),
            ..Settings::default()
        };
        let client = Client::new(&settings)?;
        let place = Place::Address(Box::new((client, settings, named.clone())));
        Ok(KeySource { tokens, place })
    }

    /// Fetches keys until `stop` ends. What goes wrong is logged, and keys that are there stay.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let refresh = self.tokens.settings().refresh_after().unsigned_abs();
        let mut have = self.refresh().await;
        let mut tried = Instant::now();
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = sleep(LOOK) => {}
            }
            let pause = match (have, self.tokens.wants_keys()) {
                (false, _) => FIRST_PAUSE,
                (true, true) => LEAST_PAUSE,
                (true, false) => refresh,
            };
            if tried.elapsed() >= pause {
                have |= self.refresh().await;
                tried = Instant::now();
            }
        }
    }

    /// Fetches keys once; gives whether there are new ones.
    async fn refresh(&self) -> bool {
        match self.fetched().await.and_then(|set| self.tokens.take_keys(&set)) {
            Ok(keys) => {
                tracing::info!(keys, "keys of the identity provider taken");
                true
            }
            Err(why) => {
                let why = why.en;
                tracing::error!(why, "keys of the identity provider were not taken, to be tried again");
                false
            }
        }
    }

    async fn fetched(&self) -> Result<Vec<u8>, Message> {
        match &self.place {
            Place::File(file) => {
                let shown = file.display();
                let cannot = |why: &dyn std::fmt::Display| {
                    say!("公钥文件 {shown} 读不了：{why}", "the file of keys {shown} cannot be read: {why}")
                };
                let metadata = std::fs::metadata(file).map_err(|error| cannot(&error))?;
                if !metadata.is_file() || metadata.len() > LARGEST_KEYS as u64 {
                    return Err(cannot(&"it is no file, or too large"));
                }
                std::fs::read(file).map_err(|error| cannot(&error))
            }
            Place::Address(place) => {
                let (client, settings, address) = &**place;
                let cannot = |why: &dyn std::fmt::Display| {
                    say!("公钥地址 {address} 取不到：{why}", "keys cannot be fetched from {address}: {why}")
                };
                let answer = client.get(address, settings, LARGEST_KEYS).await.map_err(|trouble| cannot(&trouble))?;
                if !answer.status.is_success() {
                    return Err(cannot(&answer.status));
                }
                Ok(answer.body)
            }
        }
    }
}

/// Whether an address without its scheme leads to this machine.
fn is_this_machine(rest: &str) -> bool {
    let Ok(authority) = rest.split('/').next().unwrap_or_default().parse::<hyper::http::uri::Authority>() else {
        return false;
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
