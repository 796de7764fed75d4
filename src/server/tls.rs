//! Encrypted connections (TLS 1.2 and 1.3, by rustls): certificate and key from files, read again when they change.

use std::fmt;
use std::fs;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

use crate::say;
use crate::source::Message;

/// How often the files are looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A certificate with its key, and the files that they come from. Cheap to clone.
#[derive(Clone)]
pub struct Encryption(Arc<Shared>);

struct Shared {
    certificate: PathBuf,
    key: PathBuf,
    now: ArcSwap<ServerConfig>,
    /// The hash of both files as they were last read, good or not.
    seen: ArcSwap<[u8; 32]>,
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption").field("certificate", &self.0.certificate).finish_non_exhaustive()
    }
}

impl Encryption {
    /// Reads a chain of certificates and the private key of the first, both PEM. Blocks.
    ///
    /// # Errors
    /// A file cannot be read or holds none; the key is not that of the certificate.
    pub fn load(certificate: &Path, key: &Path) -> Result<Encryption, Message> {
        let files = Files::read(certificate, key)?;
        let (now, seen) = (ArcSwap::new(files.configuration()?), ArcSwap::from_pointee(files.hash()));
        Ok(Encryption(Arc::new(Shared { certificate: certificate.to_owned(), key: key.to_owned(), now, seen })))
    }

    /// A connection that is encrypted from its first byte on.
    pub(super) fn greet(&self, stream: TcpStream) -> Stream {
        Stream::Greeting(Box::new(TlsAcceptor::from(self.0.now.load_full()).accept(stream)))
    }

    /// Takes a new certificate when the files have changed; says whether it did. Blocks.
    ///
    /// # Errors
    /// What is wrong with the new files, once for each change; the old certificate goes on being used.
    fn look(&self) -> Result<bool, Message> {
        let files = Files::read(&self.0.certificate, &self.0.key)?;
        let hash = files.hash();
        if **self.0.seen.load() == hash {
            return Ok(false);
        }
        self.0.seen.store(Arc::new(hash));
        self.0.now.store(files.configuration()?);
        Ok(true)
    }

    /// Looks at the files for as long as the server runs.
    pub(super) async fn watch(self) {
        let mut beat = interval(LOOK_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let own = self.clone();
            match spawn_blocking(move || own.look()).await {
                Ok(Ok(true)) => tracing::info!("certificate: the new one is used"),
                Ok(Err(why)) => tracing::error!(why = why.en, "certificate: the old one goes on being used"),
                Ok(Ok(false)) | Err(_) => {}
            }
        }
    }
}

/// What stands in both files.
struct Files<'a> {
    names: (&'a Path, &'a Path),
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl<'a> Files<'a> {
    fn read(certificate: &'a Path, key: &'a Path) -> Result<Files<'a>, Message> {
        let read = |path: &Path| {
            let shown = path.display().to_string();
            fs::read(path).map_err(|error| say!("{shown} 读不了：{error}", "{shown} cannot be read: {error}"))
        };
        Ok(Files { names: (certificate, key), certificate: read(certificate)?, key: read(key)? })
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(Sha256::digest(&self.certificate)).chain_update(&self.key).finalize().into()
    }

    fn configuration(&self) -> Result<Arc<ServerConfig>, Message> {
        let (certificate, key) = (self.names.0.display(), self.names.1.display());
        let chain: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| {
            say!(
                "{certificate} 里没有 PEM 格式的证书（应有 -----BEGIN CERTIFICATE-----）",
                "{certificate} has no certificate in PEM (-----BEGIN CERTIFICATE-----)"
            )
        })?;
        // The parser's reason is not repeated, since it may quote the key.
        let own = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            say!(
                "{key} 里没有 PEM 格式的私钥（应有 -----BEGIN PRIVATE KEY-----，不带口令）",
                "{key} has no private key in PEM (-----BEGIN PRIVATE KEY-----, without a password)"
            )
        })?;
        let built = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, own));
        let mut built = built.map_err(|error| {
            say!(
                "证书 {certificate} 和私钥 {key} 不能一起使用：{error}",
                "the certificate {certificate} and the key {key} cannot be used together: {error}"
            )
        })?;
        built.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(built))
    }
}

/// The bytes of a connection, encrypted on the way or not.
pub(super) enum Stream {
    /// As they are.
    Plain(TcpStream),
    /// Keys are being agreed on. That happens as the connection is read, so that a caller who takes long over it holds
    /// up nobody.
    Greeting(Box<Accept<TcpStream>>),
    /// Encrypted.
    Encrypted(Box<TlsStream<TcpStream>>),
    /// No keys were agreed on.
    Failed,
}

/// Bytes both ways.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Stream {
    /// The stream that bytes can be read from and written to, once there is one.
    pub(super) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn Duplex>>> {
        if let Stream::Greeting(greeting) = self {
            match ready!(Pin::new(&mut **greeting).poll(context)) {
                Ok(stream) => *self = Stream::Encrypted(Box::new(stream)),
                Err(error) => {
                    *self = Stream::Failed;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(self.open().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }

    /// The same, where it is there already.
    pub(super) fn open(&mut self) -> Option<Pin<&mut dyn Duplex>> {
        match self {
            Stream::Plain(stream) => Some(Pin::new(stream)),
            Stream::Encrypted(stream) => Some(Pin::new(&mut **stream)),
            Stream::Greeting(_) | Stream::Failed => None,
        }
    }

    /// Whether several pieces are written at once.
    pub(super) fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Encrypted(stream) => stream.is_write_vectored(),
            Stream::Greeting(_) | Stream::Failed => false,
        }
    }
}
