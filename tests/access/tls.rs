//! Encrypted connections, with certificates that `openssl` makes; skipped with a word where there is none.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::folder::{Run, eventually};
use crate::process::{Place, Process};

/// Makes `NAME.pem` with its key `NAME.key`; false where there is no openssl.
fn certificate(place: &Place, name: &str) -> bool {
    place.0.write(
        "openssl.cnf",
        "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\nCN=localhost\n[v3]\n\
         subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n",
    );
    let file = |ending: &str| place.0.shown(&format!("{name}.{ending}"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-config", &place.0.shown("openssl.cnf"), "-keyout", &file("key"), "-out", &file("pem")])
        .output();
    match made {
        Ok(made) => {
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            true
        }
        Err(_) if std::env::var_os("JIESU_REQUIRE_ALL").is_none() => {
            eprintln!("skipped: there is no openssl");
            false
        }
        Err(error) => panic!("openssl: {error}"),
    }
}

/// The answer to a request over an encrypted connection to a server that must have this certificate.
fn asked(server: &Process, certificate: &Path) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::try_from("127.0.0.1").unwrap()).unwrap();
    let mut socket = connect(server);
    let mut stream = Stream::new(&mut connection, &mut socket);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn connect(server: &Process) -> TcpStream {
    let stream = TcpStream::connect(server.address.strip_prefix("https://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

#[test]
fn connections_are_encrypted_and_a_new_certificate_is_taken() {
    let place = Place::new();
    if !(certificate(&place, "first") && certificate(&place, "second")) {
        return;
    }
    let copy = |from: &str, to: &str| std::fs::copy(place.0.at(from), place.0.at(to)).map(drop).unwrap();
    copy("first.pem", "now.pem");
    copy("first.key", "now.key");
    place.0.write("jiesu.toml", "[tls]\ncertificate = \"now.pem\"\nkey = \"now.key\"\n");
    let server = place.serve(&["--config", &place.0.shown("jiesu.toml")]);
    // Whoever says nothing, or something else, holds up nobody.
    let silent = connect(&server);
    let mut plain = connect(&server);
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let of = |name: &str| asked(&server, &place.0.at(name));
    assert!(of("first.pem").unwrap().starts_with("HTTP/1.1 200"));
    assert!(of("second.pem").is_err(), "another certificate is none of ours");
    // Half of a change is refused, and the old pair goes on.
    copy("second.key", "now.key");
    eventually(|| server.log(), || server.log().contains("the old one goes on being used"));
    assert!(of("first.pem").is_ok());
    copy("second.pem", "now.pem");
    eventually(|| server.log(), || of("second.pem").is_ok());
    drop(silent);
    assert!(!server.log().contains("PRIVATE KEY"));
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let place = Place::new();
    if !(certificate(&place, "one") && certificate(&place, "two")) {
        return;
    }
    place.0.write("empty", "");
    for (certificate, key, expect) in [
        ("one.pem", "two.key", "cannot be used together"),
        ("empty", "one.key", "has no certificate in PEM"),
        ("one.pem", "empty", "has no private key in PEM"),
        ("one.key", "one.pem", "has no certificate in PEM"),
        ("nowhere", "one.key", "cannot be read"),
    ] {
        place.0.write("jiesu.toml", format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n"));
        let config = place.0.shown("jiesu.toml");
        let ran = Run::of(&["serve", "--bundle", &place.0.shown("bundle"), "--config", &config]).go();
        ran.ends(2, &[expect]);
    }
}
