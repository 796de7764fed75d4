//! Messages read by the published packages, and connections that are encrypted.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiesu::deliver::{Deliverer, Secret, Settings};
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::desk::{Desk, SECRET, WATER};

const NEW_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deliver").join(name)
}

/// The receiver in Python, which ends with the test.
struct Python(Child);

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_packages_read_our_messages() {
    let there = Command::new("python3").args(["-c", "import standardwebhooks, cloudevents"]).output();
    if !there.is_ok_and(|ran| ran.status.success()) {
        let required = std::env::var_os("JIESU_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "python3 -m pip install standardwebhooks cloudevents");
        println!("skipped: python3 with standardwebhooks and cloudevents is not installed");
        return;
    }
    let mut child = Command::new("python3")
        .arg(file("receiver.py"))
        .env("SECRETS", format!("{SECRET} {NEW_SECRET}"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _python = Python(child);
    let port = lines.next().unwrap().unwrap();
    let desk = Desk::with(&[(WATER, format!("http://127.0.0.1:{port}/hook"))]);
    // The package refuses what was signed more than five minutes ago.
    desk.set_clock(Timestamp::now());
    let id = desk.ticket(&[WATER], 1).await;
    let both = || vec![Secret::parse(SECRET).unwrap(), Secret::parse(NEW_SECRET).unwrap()];
    let deliverer = desk.deliverer_with(|settings| {
        settings.secrets.insert("department:water-group".to_owned(), both());
        settings.source = "https://12345.example.gov.cn".to_owned();
    });
    while deliverer.deliver_due().await > 0 {}
    assert!(desk.pending().await.is_empty());
    for name in ["dispatched", "chased"] {
        let seen: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(seen["error"], Value::Null, "{seen}");
        assert_eq!(seen["id"], seen["webhook-id"]);
        assert_eq!(seen["source"], "https://12345.example.gov.cn");
        assert_eq!(seen["type"], format!("cn.jiesu.ticket.{name}"));
        assert_eq!((&seen["subject"], &seen["data"]["ticket"]), (&Value::from(id.as_str()), &Value::from(id.as_str())));
        assert_eq!((&seen["specversion"], &seen["datacontenttype"]), (&"1.0".into(), &"application/json".into()));
        assert!(seen["time"].as_str().unwrap().starts_with(&desk.now().to_string()[..16]), "{seen}");
        assert_eq!(seen["forged"], "refused");
    }
}

/// A receiver that speaks TLS, with a certificate for `localhost` by the tests' own authority. Gives its port.
async fn encrypted() -> u16 {
    let certificates = CertificateDer::pem_file_iter(file("receiver.pem")).unwrap().collect::<Result<Vec<_>, _>>();
    let key = PrivateKeyDer::from_pem_file(file("receiver.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates.unwrap(), key)
        .unwrap();
    let (acceptor, listener) =
        (TlsAcceptor::from(Arc::new(config)), tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us is gone by now.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 16 << 10]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_connection_is_to_whom_it_says() {
    let port = encrypted().await;
    for (host, trusted, expect) in [
        ("localhost", true, "delivered"),
        ("localhost", false, "tls"),
        // The certificate is not for this name.
        ("127.0.0.1", true, "tls"),
    ] {
        let desk = Desk::with(&[(WATER, format!("https://{host}:{port}/hook"))]);
        desk.ticket(&[WATER], 0).await;
        let deliverer = desk.deliverer_with(|settings| {
            settings.allow_http = false;
            settings.certificates = trusted.then(|| file("authority.pem"));
        });
        deliverer.deliver_due().await;
        let error = desk.pending().await.first().and_then(|waiting| waiting.error.clone());
        let error = error.unwrap_or_else(|| "delivered".to_owned());
        assert!(error.starts_with(expect), "{host}, trusted {trusted}: {error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn a_file_of_certificates_that_cannot_be_used_is_named() {
    let desk = Desk::with(&[]);
    let empty = desk.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for path in [empty, desk.path().join("missing.pem")] {
        let settings = Settings { certificates: Some(path.clone()), ..Settings::default() };
        let Err(message) = Deliverer::new(desk.tickets.clone(), settings) else { panic!("{path:?} was taken") };
        assert!(message.zh.contains(path.to_str().unwrap()), "{}", message.zh);
    }
}
