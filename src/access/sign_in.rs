//! Where people sign in to the console: the identity provider's own page, by the authorization code flow with a proof key
//! (OpenID Connect Core 1.0, section 3.1; RFC 7636), as RFC 9700 and *OAuth 2.0 for Browser-Based Applications* advise for
//! pages without a secret of their own.

use hyper::http::Uri;
use serde::{Deserialize, Serialize};

use crate::say;
use crate::source::Message;

/// What a page needs to send somebody to the identity provider and to take the token from it.
///
/// ```toml
/// [access.oidc.sign_in]
/// client_id = "jiesu-console"
/// authorize = "https://id.example.gov.cn/realms/city/protocol/openid-connect/auth"
/// token = "https://id.example.gov.cn/realms/city/protocol/openid-connect/token"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The name under which the provider knows the console: a public client, without a secret.
    pub client_id: String,
    /// The provider's page to sign in.
    pub authorize: String,
    /// Where a page asks for the token; the provider must allow the console's origin there (CORS).
    pub token: String,
    /// What is asked for, words with blanks between.
    #[serde(default = "scope")]
    pub scope: String,
}

fn scope() -> String {
    "openid".to_owned()
}

impl SignIn {
    /// Whether it can be used: codes and tokens go encrypted, but on this very machine.
    ///
    /// # Errors
    /// The client has no name, or an address is none.
    pub fn check(&self) -> Result<(), Message> {
        if self.client_id.trim().is_empty() {
            return Err(say!(
                "access.oidc.sign_in.client_id 不能为空",
                "access.oidc.sign_in.client_id may not be empty"
            ));
        }
        for (key, address) in [("authorize", &self.authorize), ("token", &self.token)] {
            if parsed(address).is_none() {
                return Err(say!(
                    "access.oidc.sign_in.{key} 应为 https 地址（本机可以用 http）：{address}",
                    "access.oidc.sign_in.{key} should be an https address (http on this machine only): {address}"
                ));
            }
        }
        Ok(())
    }

    /// Scheme, host and port of the address that a page asks for tokens: what its policy must allow.
    pub fn token_origin(&self) -> Option<String> {
        let uri = parsed(&self.token)?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }
}

fn parsed(address: &str) -> Option<Uri> {
    let uri: Uri = address.parse().ok()?;
    let authority = uri.authority()?;
    let local = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    let safe = uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && local;
    // Nothing that would say more than a host and a port where a page's policy names it.
    let plain = authority.as_str().chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    (safe && plain).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_keep_a_secret() {
        for (token, origin) in [
            ("https://id.example.gov.cn/token", Some("https://id.example.gov.cn")),
            ("https://id.example:8443/token?x=1", Some("https://id.example:8443")),
            ("http://127.0.0.1:4000/token", Some("http://127.0.0.1:4000")),
            ("http://localhost/token", Some("http://localhost")),
            ("http://id.example/token", None),
            ("https://me:word@id.example/token", None),
            ("https://", None),
            ("data:text/plain,hello", None),
            ("javascript:alert(1)", None),
            ("/token", None),
            // A blank or a semicolon would end the rule of the page's policy.
            ("https://id.example; script-src *", None),
        ] {
            let sign_in = SignIn {
                client_id: "console".to_owned(),
                authorize: "https://id.example/auth".to_owned(),
                token: token.to_owned(),
                scope: scope(),
            };
            assert_eq!(sign_in.token_origin().as_deref(), origin, "{token}");
            assert_eq!(sign_in.check().is_ok(), origin.is_some(), "{token}");
            let nameless = SignIn { client_id: " ".to_owned(), ..sign_in };
            assert!(nameless.check().is_err());
        }
    }
}
