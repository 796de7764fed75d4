//! Tokens of an identity provider (OpenID Connect): checked with the provider's public keys, and read as who acts with
//! which scopes.
//!
//! A token is a JWS (RFC 7515) with claims (RFC 7519), taken as RFC 8725 advises: only signatures with a public key, by an
//! algorithm of a short list that fits the key; issuer, audience, expiry and subject must be there. Signatures are
//! checked by `ring`, claims by `jsonwebtoken`. Keys come in as bytes; who fetches them is above.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bucket::{Buckets, Rate};
use super::signatures;
use super::{Actor, Scope, SignIn};
use crate::say;
use crate::source::Message;

/// Bytes of a token, at the most.
const LONGEST_TOKEN: usize = 8 << 10;
/// Bytes of a set of keys, at the most.
pub const LARGEST_KEYS: usize = 256 << 10;
/// Keys of a set that are kept.
const MOST_KEYS: usize = 64;
/// Characters of a subject, at the most.
const LONGEST_SUBJECT: usize = 100;
/// Scopes that one token gives, at the most.
const MOST_SCOPES: usize = 50;
/// What the names of those who come with a token begin with; no key's name may.
pub const SUBJECT_PREFIX: &str = "oidc:";
/// Algorithms that are taken: signatures with a public key, none with a shared secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Which tokens are taken, and what they allow.
///
/// ```toml
/// [access.oidc]
/// issuer = "https://id.example.gov.cn/realms/city"
/// audience = "jiesu"
/// jwks = "https://id.example.gov.cn/realms/city/protocol/openid-connect/certs"
/// roles_claim = "realm_access.roles"
/// department_claim = "department"
///
/// [access.oidc.roles]
/// "hotline-agent" = ["agent"]
/// "hotline-admin" = ["admin"]
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// Who must have issued a token: its claim `iss`, to the letter.
    pub issuer: String,
    /// For whom it must be: one of its claim `aud`.
    pub audience: String,
    /// Where the issuer's public keys are: `https://…`, or the path of a file.
    pub jwks: String,
    /// The claim that holds roles, a list or words with blanks between; a dot leads into an object.
    #[serde(default = "roles")]
    pub roles_claim: String,
    /// Scopes by role, as those of keys are written.
    #[serde(default)]
    pub roles: BTreeMap<String, Vec<String>>,
    /// The claim with the id of the department (or a list) whose tickets its holder handles.
    #[serde(default)]
    pub department_claim: Option<String>,
    /// Seconds that the clocks of issuer and server may differ.
    #[serde(default = "leeway")]
    pub leeway_seconds: u32,
    /// Minutes after which the keys are fetched again.
    #[serde(default = "refresh")]
    pub refresh_minutes: u32,
    /// A file of certificates (PEM) that are trusted beside the public ones when keys are fetched.
    #[serde(default)]
    pub certificates: Option<PathBuf>,
    /// Where people sign in to the console; without it they paste a token or a key.
    #[serde(default)]
    pub sign_in: Option<SignIn>,
}

fn roles() -> String {
    "roles".to_owned()
}

fn leeway() -> u32 {
    60
}

fn refresh() -> u32 {
    60
}

/// Why a token is not taken. Says nothing of what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It is no token, is too long, or asks for something that is not understood.
    Malformed,
    /// Its algorithm is not taken, or is not that of its key.
    Algorithm,
    /// Its key is not (or not yet) known.
    UnknownKey,
    /// It was not signed with that key.
    Signature,
    /// Another issuer, another audience, or no subject.
    NotForUs,
    /// It is over.
    Expired,
    /// It is not valid yet.
    NotYet,
}

impl Rejected {
    /// What to tell its holder.
    pub fn message(self) -> Message {
        match self {
            Rejected::Expired => say!("登录已过期，请重新登录", "the token has expired: sign in again"),
            Rejected::NotYet => say!(
                "令牌还没有生效，请核对两边的时钟",
                "the token is not valid yet: compare the clocks of both machines"
            ),
            Rejected::NotForUs => say!(
                "令牌不是由约定的身份平台签发给本服务的",
                "the token is not for this service, or not by the issuer that was agreed on"
            ),
            Rejected::UnknownKey => say!(
                "令牌的签名密钥未知；身份平台刚换密钥时请一分钟后再试",
                "the token's key is not known: where the issuer has just changed it, try again in a minute"
            ),
            Rejected::Malformed | Rejected::Algorithm | Rejected::Signature => {
                say!("令牌无效，请重新登录", "the token is not valid: sign in again")
            }
        }
    }
}

/// A public key of the issuer.
struct PublicKey {
    id: Option<String>,
    /// The algorithms that it is for.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

struct Shared {
    settings: TokenSettings,
    scopes: BTreeMap<String, Vec<Scope>>,
    keys: ArcSwap<Vec<PublicKey>>,
    /// A token named a key that is not there: perhaps there are new ones.
    wants_keys: AtomicBool,
    /// How much of the rate is left to each who comes with tokens, by name.
    buckets: Buckets,
}

/// Checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Shared>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("issuer", &self.0.settings.issuer).finish_non_exhaustive()
    }
}

/// The claims that every token must have, beside what is read by name.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Tokens {
    /// Nothing is taken before [`Tokens::take_keys`].
    ///
    /// # Errors
    /// A setting is empty, or names a scope that there is not.
    pub fn new(settings: TokenSettings) -> Result<Tokens, Message> {
        for (key, value) in [("issuer", &settings.issuer), ("audience", &settings.audience), ("jwks", &settings.jwks)] {
            if value.trim().is_empty() {
                return Err(say!("access.oidc.{key} 不能为空", "access.oidc.{key} may not be empty"));
            }
        }
        settings.sign_in.as_ref().map_or(Ok(()), SignIn::check)?;
        let mut scopes = BTreeMap::new();
        for (role, given) in &settings.roles {
            let parsed = given.iter().map(|scope| Scope::parse(scope)).collect::<Result<Vec<_>, _>>();
            let parsed = parsed.map_err(|Message { zh, en }| {
                say!("access.oidc.roles 的“{role}”：{zh}", "`{role}` in access.oidc.roles: {en}")
            })?;
            scopes.insert(role.clone(), parsed);
        }
        signatures::install();
        let keys = ArcSwap::from_pointee(Vec::new());
        Ok(Tokens(Arc::new(Shared {
            settings,
            scopes,
            keys,
            wants_keys: AtomicBool::new(false),
            buckets: Buckets::default(),
        })))
    }

    /// What was set.
    pub fn settings(&self) -> &TokenSettings {
        &self.0.settings
    }

    /// Takes the issuer's keys (a JWK Set, RFC 7517) in place of those before; gives how many can be used.
    ///
    /// # Errors
    /// It is none, or has no key that could be used: those before stay.
    pub fn take_keys(&self, set: &[u8]) -> Result<usize, Message> {
        let unusable = || {
            say!(
                "身份平台的公钥（JWKS）读不懂，或里面没有可用的公钥",
                "the issuer's keys (JWKS) cannot be read, or none of them can be used"
            )
        };
        if set.len() > LARGEST_KEYS {
            return Err(unusable());
        }
        // Each by itself: a key of a kind that is not known here keeps none of the others out.
        let set: Value = serde_json::from_slice(set).map_err(|_| unusable())?;
        let listed = set.get("keys").and_then(Value::as_array).ok_or_else(unusable)?;
        let read = listed.iter().take(MOST_KEYS).filter_map(|key| Jwk::deserialize(key).ok());
        let set = JwkSet { keys: read.collect() };
        let keys: Vec<PublicKey> = set.keys.iter().filter_map(public_key).collect();
        if keys.is_empty() {
            return Err(unusable());
        }
        let count = keys.len();
        self.0.keys.store(Arc::new(keys));
        self.0.wants_keys.store(false, Ordering::Relaxed);
        Ok(count)
    }

    /// Whether a token named a key that is not there, since keys were taken.
    pub fn wants_keys(&self) -> bool {
        self.0.wants_keys.load(Ordering::Relaxed)
    }

    /// Whether a bearer token has the form of these tokens: three parts. Keys of this program have no dots.
    pub fn is_one(token: &str) -> bool {
        token.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// Who acts with a token.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Actor, Rejected> {
        if token.len() > LONGEST_TOKEN {
            return Err(Rejected::Malformed);
        }
        let header = decode_header(token).map_err(|_| Rejected::Malformed)?;
        // What must be understood and is not (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(Rejected::Malformed);
        }
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Rejected::Algorithm);
        }
        let keys = self.0.keys.load();
        let key = match &header.kid {
            Some(id) => keys.iter().find(|key| key.id.as_ref() == Some(id)),
            // Without a name there must be no choice.
            None if keys.len() == 1 => keys.first(),
            None => None,
        };
        let Some(key) = key else {
            self.0.wants_keys.store(true, Ordering::Relaxed);
            return Err(Rejected::UnknownKey);
        };
        if !key.algorithms.contains(&header.alg) {
            return Err(Rejected::Algorithm);
        }
        let claims =
            decode::<Claims>(token, &key.key, &self.validation(header.alg)).map_err(|error| rejected(&error))?;
        self.actor(&claims.claims, now)
    }

    /// Takes one request off what `rate` allows somebody who was verified.
    ///
    /// # Errors
    /// Nothing is left: how long until there is.
    pub fn admit(&self, actor: &Actor, now: Timestamp, rate: Rate) -> Result<(), Duration> {
        self.0.buckets.take(&actor.name, rate, now.as_millisecond())
    }

    /// Signature, issuer and audience are the library's; times are looked at here, by the time that is given.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&self.0.settings.issuer]);
        validation.set_audience(&[&self.0.settings.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub"]);
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        validation
    }

    fn actor(&self, claims: &Claims, now: Timestamp) -> Result<Actor, Rejected> {
        let leeway = f64::from(self.0.settings.leeway_seconds);
        let now = now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
        if claims.exp + leeway <= now {
            return Err(Rejected::Expired);
        }
        if ![claims.nbf, claims.iat].into_iter().flatten().all(|from| from - leeway <= now) {
            return Err(Rejected::NotYet);
        }
        let subject = claims.sub.trim();
        let length = subject.chars().count();
        if length == 0 || length > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err(Rejected::NotForUs);
        }
        let mut scopes = Vec::new();
        for role in self.texts(claims, &self.0.settings.roles_claim) {
            scopes.extend(self.0.scopes.get(role).into_iter().flatten().cloned());
        }
        if let Some(claim) = &self.0.settings.department_claim {
            let ids = self.texts(claims, claim).into_iter().filter(|id| id.chars().count() <= LONGEST_SUBJECT);
            scopes.extend(ids.map(|id| Scope::Department(id.to_owned())));
        }
        scopes.sort();
        scopes.dedup();
        scopes.truncate(MOST_SCOPES);
        Ok(Actor { name: format!("{SUBJECT_PREFIX}{subject}"), scopes })
    }

    /// The texts of a claim: a list, or one text whose words are taken where it is the claim of roles.
    fn texts<'c>(&self, claims: &'c Claims, path: &str) -> Vec<&'c str> {
        let mut parts = path.split('.');
        let mut found = parts.next().and_then(|name| claims.others.get(name));
        // A claim may have dots in its own name, as an address has.
        if let Some(whole) = claims.others.get(path) {
            found = Some(whole);
        } else {
            for part in parts {
                found = found.and_then(|value| value.get(part));
            }
        }
        match found {
            Some(Value::String(text)) if path == self.0.settings.roles_claim => text.split_whitespace().collect(),
            Some(Value::String(text)) => Some(text.trim()).filter(|text| !text.is_empty()).into_iter().collect(),
            Some(Value::Array(list)) => list.iter().take(MOST_SCOPES).filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl TokenSettings {
    /// How long keys are used before they are fetched again.
    pub fn refresh_after(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.refresh_minutes.max(1)))
    }
}

/// A key of a set that signatures can be checked with; none for others, such as those for encryption.
fn public_key(jwk: &Jwk) -> Option<PublicKey> {
    if jwk.common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
        return None;
    }
    let family: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &ALGORITHMS[..6],
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        // A secret that both share is no public key.
        _ => return None,
    };
    let algorithms: Vec<Algorithm> = match &jwk.common.key_algorithm {
        None => family.to_vec(),
        Some(own) => family.iter().copied().filter(|known| own.to_string() == format!("{known:?}")).collect(),
    };
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| !algorithms.is_empty())?;
    Some(PublicKey { id: jwk.common.key_id.clone(), algorithms, key })
}

fn rejected(error: &jsonwebtoken::errors::Error) -> Rejected {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidSignature => Rejected::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => Rejected::Algorithm,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience | ErrorKind::MissingRequiredClaim(_) => {
            Rejected::NotForUs
        }
        _ => Rejected::Malformed,
    }
}
