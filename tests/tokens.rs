//! Tokens of an identity provider: a real server, an issuer that serves its keys on a socket, and everything that
//! somebody might send instead of a good token.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "tickets/hotline.rs"]
mod hotline;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "crash/server.rs"]
mod server;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiesu::access::{Rejected, TokenSettings, Tokens};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value as Json, json};
use server::Server;

const ISSUER: &str = "https://id.example/realms/city";

fn coded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Somebody who issues tokens, with a key of each of two kinds.
struct Issuer {
    curve: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
}

impl Issuer {
    fn new() -> Issuer {
        let random = SystemRandom::new();
        let curve = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Issuer {
            curve: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve.as_ref(), &random).unwrap(),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap(),
        }
    }

    /// Its keys as it serves them, among others that are of no use.
    fn keys(&self) -> Json {
        let point = self.curve.public_key().as_ref();
        json!({"keys": [
            {"kty": "XYZ", "kid": "strange"},
            {"kty": "oct", "kid": "shared", "k": coded("secret")},
            {"kty": "EC", "crv": "P-256", "kid": "for-encryption", "use": "enc", "x": coded(&point[1..33]), "y": coded(&point[33..])},
            {"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "alg": "ES256", "x": coded(&point[1..33]), "y": coded(&point[33..])},
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": coded(self.edwards.public_key().as_ref())},
        ]})
    }

    fn signed(&self, header: &Json, claims: &Json) -> String {
        let message = format!("{}.{}", coded(header.to_string()), coded(claims.to_string()));
        let bytes = message.as_bytes();
        let signature = match header["alg"].as_str().unwrap() {
            "ES256" => self.curve.sign(&SystemRandom::new(), bytes).unwrap().as_ref().to_vec(),
            "EdDSA" => self.edwards.sign(bytes).as_ref().to_vec(),
            // Signed with the public key as if it were a secret, which it is not.
            "HS256" => {
                let mut mac = Hmac::<sha2::Sha256>::new_from_slice(self.curve.public_key().as_ref()).unwrap();
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{message}.{}", coded(signature))
    }

    fn token(&self, claims: &Json) -> String {
        self.signed(&json!({"alg": "ES256", "kid": "ec", "typ": "at+jwt"}), claims)
    }
}

fn claims(roles: &[&str], now: Timestamp) -> Json {
    let now = now.as_second();
    json!({"iss": ISSUER, "aud": ["other", "jiesu"], "sub": "u-17", "iat": now, "nbf": now, "exp": now + 300, "realm": {"roles": roles}})
}

fn settings(jwks: &str) -> TokenSettings {
    serde_json::from_value(json!({
        "issuer": ISSUER, "audience": "jiesu", "jwks": jwks, "roles_claim": "realm.roles", "department_claim": "unit",
        "roles": {"desk": ["dispatcher"], "voice": ["agent", "submit"]},
    }))
    .unwrap()
}

/// One change to good claims.
fn with(mut claims: Json, key: &str, value: Json) -> Json {
    match value {
        Json::Null => drop(claims.as_object_mut().unwrap().remove(key)),
        value => claims[key] = value,
    }
    claims
}

#[test]
fn tokens_are_taken_for_what_they_say() {
    let (issuer, now) = (Issuer::new(), Timestamp::now());
    let tokens = Tokens::new(settings("/keys.json")).unwrap();
    let good = claims(&["desk", "unheard-of"], now);
    assert_eq!(tokens.verify(&issuer.token(&good), now), Err(Rejected::UnknownKey), "there are no keys yet");
    assert!(tokens.wants_keys());
    assert_eq!(tokens.take_keys(issuer.keys().to_string().as_bytes()), Ok(2));
    assert!(!tokens.wants_keys());
    let ed = issuer.signed(&json!({"alg": "EdDSA", "kid": "ed"}), &good);
    for (token, expect) in [
        (issuer.token(&good), "dispatcher"),
        (ed, "dispatcher"),
        (issuer.token(&with(good.clone(), "realm", json!({"roles": "voice desk"}))), "submit agent dispatcher"),
        (issuer.token(&with(good.clone(), "unit", json!("water"))), "dispatcher department:water"),
        (
            issuer.token(&with(good.clone(), "unit", json!(["water", "gas"]))),
            "dispatcher department:gas department:water",
        ),
        (issuer.token(&with(good.clone(), "realm", json!({"roles": [1, {}, "no"]}))), ""),
        (issuer.token(&with(good.clone(), "realm", Json::Null)), ""),
        (issuer.token(&with(good.clone(), "aud", json!("jiesu"))), "dispatcher"),
        (issuer.token(&with(good.clone(), "exp", json!(now.as_second() - 59))), "dispatcher"),
    ] {
        let actor = tokens.verify(&token, now).unwrap();
        let scopes: Vec<String> = actor.scopes.iter().map(ToString::to_string).collect();
        assert_eq!((actor.name.as_str(), scopes.join(" ").as_str()), ("oidc:u-17", expect));
    }
}

#[test]
fn what_is_no_good_token_is_refused() {
    let (issuer, stranger, now) = (Issuer::new(), Issuer::new(), Timestamp::now());
    let tokens = Tokens::new(settings("/keys.json")).unwrap();
    tokens.take_keys(issuer.keys().to_string().as_bytes()).unwrap();
    let good = claims(&["desk"], now);
    let token = issuer.token(&good);
    let of = |key: &str, value: Json| issuer.token(&with(good.clone(), key, value));
    let head = |header: Json| issuer.signed(&header, &good);
    let parts: Vec<&str> = token.split('.').collect();
    let other_claims = coded(with(good.clone(), "sub", json!("admin")).to_string());
    for (what, token, expect) in [
        ("no algorithm", head(json!({"alg": "none", "kid": "ec"})), Rejected::Malformed),
        ("no algorithm, in capitals", head(json!({"alg": "NONE", "kid": "ec"})), Rejected::Malformed),
        ("the public key as a secret", head(json!({"alg": "HS256", "kid": "ec"})), Rejected::Algorithm),
        ("a shared secret of the set", head(json!({"alg": "HS256", "kid": "shared"})), Rejected::Algorithm),
        ("another algorithm than the key's", head(json!({"alg": "EdDSA", "kid": "ec"})), Rejected::Algorithm),
        ("an RSA algorithm with a curve's key", head(json!({"alg": "RS256", "kid": "ec"})), Rejected::Algorithm),
        ("a key for encryption", head(json!({"alg": "ES256", "kid": "for-encryption"})), Rejected::UnknownKey),
        ("an unknown key", head(json!({"alg": "ES256", "kid": "other"})), Rejected::UnknownKey),
        ("no key named among several", head(json!({"alg": "ES256"})), Rejected::UnknownKey),
        (
            "a key that comes along",
            head(json!({"alg": "ES256", "jwk": stranger.keys()["keys"][3]})),
            Rejected::UnknownKey,
        ),
        (
            "something that must be understood",
            head(json!({"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": false})),
            Rejected::Malformed,
        ),
        ("another's signature", stranger.token(&good), Rejected::Signature),
        ("other claims under the signature", format!("{}.{other_claims}.{}", parts[0], parts[2]), Rejected::Signature),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), Rejected::Signature),
        ("a part cut off", token[..token.len() - 10].to_owned(), Rejected::Signature),
        ("expired", of("exp", json!(now.as_second() - 61)), Rejected::Expired),
        ("no expiry", of("exp", Json::Null), Rejected::Malformed),
        ("an expiry that is no number", of("exp", json!("never")), Rejected::Malformed),
        ("not yet", of("nbf", json!(now.as_second() + 61)), Rejected::NotYet),
        ("issued in the future", of("iat", json!(now.as_second() + 600)), Rejected::NotYet),
        ("another issuer", of("iss", json!("https://id.example/realms/other")), Rejected::NotForUs),
        ("an issuer that begins alike", of("iss", json!(format!("{ISSUER}/"))), Rejected::NotForUs),
        ("no issuer", of("iss", Json::Null), Rejected::NotForUs),
        ("another audience", of("aud", json!("other")), Rejected::NotForUs),
        ("no audience", of("aud", Json::Null), Rejected::NotForUs),
        ("an empty subject", of("sub", json!(" ")), Rejected::NotForUs),
        ("a long subject", of("sub", json!("x".repeat(101))), Rejected::NotForUs),
        ("a subject of two lines", of("sub", json!("a\nb")), Rejected::NotForUs),
        ("oversized", of("more", json!("x".repeat(9_000))), Rejected::Malformed),
        ("nothing", "..".to_owned(), Rejected::Malformed),
        ("no base64", "%.%.%".to_owned(), Rejected::Malformed),
    ] {
        assert_eq!(tokens.verify(&token, now), Err(expect), "{what}");
    }
    assert!(tokens.verify(&token, now).is_ok(), "the good one still is");
}

#[test]
fn keys_that_cannot_be_used_take_nobodys_place() {
    let issuer = Issuer::new();
    let tokens = Tokens::new(settings("/keys.json")).unwrap();
    tokens.take_keys(issuer.keys().to_string().as_bytes()).unwrap();
    for bad in
        ["", "[]", "{}", r#"{"keys": []}"#, r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#, &"x".repeat(300_000)]
    {
        assert!(tokens.take_keys(bad.as_bytes()).is_err());
    }
    let now = Timestamp::now();
    assert!(tokens.verify(&issuer.token(&claims(&[], now)), now).is_ok());
    for (key, value) in [("issuer", json!("")), ("roles", json!({"x": ["root"]}))] {
        let mut wrong = serde_json::to_value(settings("/k")).unwrap();
        wrong[key] = value;
        assert!(Tokens::new(serde_json::from_value(wrong).unwrap()).is_err(), "{key}");
    }
}

/// Serves keys on a socket; gives the address, and what may be changed.
fn serving(keys: &Json) -> (String, Arc<Mutex<Json>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, served) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(keys.clone())));
    let own = Arc::clone(&served);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let body = own.lock().unwrap().to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (format!("http://{address}/keys"), served)
}

/// A server that takes tokens, with its folder.
struct Served {
    server: Server,
    _folder: tempfile::TempDir,
}

impl Served {
    /// One whose issuer has its keys there, with more settings.
    fn new(keys: &str, more: &str) -> Served {
        let folder = tempfile::tempdir().unwrap();
        hotline::write_bundle(folder.path());
        let file = folder.path().join("jiesu.toml");
        let text = format!(
            "{more}\n[access.oidc]\nissuer = \"{ISSUER}\"\naudience = \"jiesu\"\njwks = \"{keys}\"\nroles_claim = \"realm.roles\"\n\n[access.oidc.roles]\ndesk = [\"dispatcher\"]\nroot = [\"admin\"]\nvoice = [\"submit\"]\n"
        );
        fs::write(&file, text).unwrap();
        let database = folder.path().join("tickets.db").display().to_string();
        let server = Server::start_with(folder.path(), &database, &["--config", file.to_str().unwrap()]);
        Served { server, _folder: folder }
    }

    /// Status and body of an address.
    fn ask(&self, token: Option<&str>, path: &str) -> (u16, String) {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let client: ureq::Agent = config.timeout_global(Some(Duration::from_secs(20))).build().into();
        let request = client.get(format!("{}{path}", self.server.address));
        let request =
            if let Some(token) = token { request.header("authorization", format!("Bearer {token}")) } else { request };
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

#[test]
fn whoever_asks_too_often_with_a_token_is_told_so_and_nobody_else() {
    let issuer = Issuer::new();
    let served = Served::new(&serving(&issuer.keys()).0, "[limits]\nrequests_per_second = 1\nburst = 3\n");
    let now = Timestamp::now();
    let token = |subject: &str| issuer.token(&with(claims(&["desk"], now), "sub", json!(subject)));
    let began = Instant::now();
    while served.ask(Some(&token("first")), "/v1/queue/review").0 == 401 {
        assert!(began.elapsed() < Duration::from_secs(20), "the keys never came");
        thread::sleep(Duration::from_millis(100));
    }
    // Each time another token, of the same person.
    let statuses: Vec<u16> = (0..6)
        .map(|at| {
            let again = with(claims(&["desk"], now), "jti", json!(at));
            served.ask(Some(&issuer.token(&with(again, "sub", json!("often")))), "/v1/queue/review").0
        })
        .collect();
    assert_eq!(statuses[..3], [200, 200, 200]);
    assert!(statuses[3..].contains(&429), "{statuses:?}");
    assert_eq!(served.ask(Some(&token("seldom")), "/v1/queue/review").0, 200);
}

#[test]
fn a_server_lets_in_who_comes_with_a_token() {
    let issuer = Issuer::new();
    let (address, _) = serving(&issuer.keys());
    let served = Served::new(&address, "");
    let (server, ask) = (&served.server, |token: Option<&str>, path: &str| served.ask(token, path));
    let now = Timestamp::now();
    let token = |roles: &[&str]| issuer.token(&claims(roles, now));
    let began = Instant::now();
    while ask(Some(&token(&["desk"])), "/v1/queue/review").0 != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", ask(Some(&token(&["desk"])), "/v1/queue/review"));
        thread::sleep(Duration::from_millis(100));
    }
    let expired = issuer.token(&with(claims(&["root"], now), "exp", json!(now.as_second() - 100)));
    for (who, given, path, expect) in [
        ("nobody", None, "/v1/queue/review", 401),
        ("a dispatcher", Some(token(&["desk"])), "/v1/audit", 403),
        ("who has no role", Some(token(&[])), "/v1/queue/review", 403),
        ("who may file alone", Some(token(&["voice"])), "/v1/queue/review", 403),
        ("an administrator", Some(token(&["root"])), "/v1/audit", 200),
        ("an administrator of yesterday", Some(expired), "/v1/audit", 401),
        ("a stranger", Some(Issuer::new().token(&claims(&["root"], now))), "/v1/audit", 401),
    ] {
        let (status, body) = ask(given.as_deref(), path);
        assert_eq!(status, expect, "{who}: {body}");
    }
    // What is done is written down under the subject.
    let client: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let filing = client.post(format!("{}/v1/tickets", server.address));
    let filing = filing.header("authorization", format!("Bearer {}", token(&["desk"])));
    assert_eq!(filing.send_json(json!({"text": hotline::LEAK})).unwrap().status(), 201);
    let (_, audit) = ask(Some(&token(&["root"])), "/v1/audit");
    assert!(audit.contains("\"oidc:u-17\""), "{audit}");
}
