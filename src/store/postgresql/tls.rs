//! Encrypted connections to PostgreSQL, as its own client understands `sslmode` and `sslrootcert`
//! (<https://www.postgresql.org/docs/current/libpq-ssl.html>, table 32.1).

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use postgres::Socket;
use postgres::config::{Config, SslMode};
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::say;
use crate::store::StoreError;

/// A database server and how it is spoken to.
#[derive(Clone)]
pub(in crate::store) struct Server {
    pub(in crate::store) config: Config,
    pub(super) encryption: Option<Encryption>,
}

/// What is asked of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Nothing: whoever listens is kept from reading, whoever pretends to be the server is not.
    Nothing,
    /// That a trusted authority signed it.
    Authority,
    /// That, and that it is the server's own by its name.
    Name,
}

impl Server {
    /// Reads an address whose `sslmode` and `sslrootcert` are as PostgreSQL's own client has them. Without `sslmode` the
    /// connection is not encrypted.
    ///
    /// # Errors
    /// It is no address; the certificates cannot be read. Says nothing of what stands in the address.
    pub(in crate::store) fn parse(address: &str) -> Result<Server, StoreError> {
        let (head, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let value = || form_urlencoded::parse(parameter.as_bytes()).next().map(|(_, value)| value.into_owned());
            match parameter.split_once('=').map_or(parameter, |(name, _)| name) {
                "sslmode" => mode = value(),
                "sslrootcert" => roots = value(),
                _ => rest.push(parameter),
            }
        }
        // The parser's reason is not repeated: it may quote the address, and with it the password.
        let mut config: Config = format!("{head}?{}", rest.join("&")).parse().map_err(|_| {
            StoreError::Address(say!(
                "数据库地址写得不对，应当像 postgres://用户:密码@主机:端口/库名",
                "not an address of PostgreSQL: write it like postgres://user:password@host:port/database"
            ))
        })?;
        let asked = match (mode.as_deref(), &roots) {
            (None | Some("disable"), _) => None,
            // With an authority of one's own `require` checks it, as PostgreSQL's client does.
            (Some("require"), None) => Some(Asked::Nothing),
            (Some("require" | "verify-ca"), _) => Some(Asked::Authority),
            (Some("verify-full"), _) => Some(Asked::Name),
            _ => {
                return Err(StoreError::Address(say!(
                    "数据库地址里的 sslmode 应为 disable、require、verify-ca 或 verify-full",
                    "sslmode in the address of the database is one of disable, require, verify-ca, verify-full"
                )));
            }
        };
        config.ssl_mode(if asked.is_some() { SslMode::Require } else { SslMode::Disable });
        let encryption = asked.map(|asked| Encryption::new(asked, roots.as_deref().map(Path::new))).transpose()?;
        Ok(Server { config, encryption })
    }
}

/// Makes encrypted connections.
#[derive(Clone)]
pub(in crate::store) struct Encryption(Arc<ClientConfig>);

impl Encryption {
    fn new(asked: Asked, roots: Option<&Path>) -> Result<Encryption, StoreError> {
        let provider = Arc::new(ring::default_provider());
        let unusable = |why: &dyn fmt::Display| {
            StoreError::Address(say!(
                "无法加密连接 PostgreSQL：{why}",
                "connections to PostgreSQL cannot be encrypted: {why}"
            ))
        };
        let authority = match asked {
            Asked::Nothing => None,
            Asked::Authority | Asked::Name => {
                let roots = Arc::new(trusted(roots)?);
                let built = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
                Some(built.map_err(|error| unusable(&error))?)
            }
        };
        let checker = Checker { authority, asked, provider: Arc::clone(&provider) };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(checker))
            .with_no_client_auth();
        Ok(Encryption(Arc::new(config)))
    }
}

/// The authorities of a file, or the public ones (Mozilla's list) where none is named.
fn trusted(file: Option<&Path>) -> Result<RootCertStore, StoreError> {
    let Some(file) = file.filter(|file| *file != Path::new("system")) else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let shown = file.display();
    let unusable = |why: &dyn fmt::Display| {
        StoreError::Address(say!(
            "sslrootcert 指定的证书文件 {shown} 不能用：{why}",
            "the certificates {shown} of sslrootcert cannot be used: {why}"
        ))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))? {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        return Err(unusable(&"no certificates"));
    }
    Ok(roots)
}

/// Checks a server's certificate as far as was asked for. Signatures of the handshake are checked always.
#[derive(Debug)]
struct Checker {
    authority: Option<Arc<WebPkiServerVerifier>>,
    asked: Asked,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Checker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(end_entity, intermediates, name, ocsp_response, now) {
            // The name is looked at last, after the chain and its dates.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.asked == Asked::Authority => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        tokio_rustls::rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        tokio_rustls::rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl MakeTlsConnect<Socket> for Encryption {
    type Stream = Encrypted;
    type TlsConnect = Connecting;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Connecting, io::Error> {
        let name = ServerName::try_from(domain.to_owned()).map_err(io::Error::other)?;
        Ok(Connecting { config: Arc::clone(&self.0), name })
    }
}

/// What is needed to encrypt one connection.
pub(in crate::store) struct Connecting {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for Connecting {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        let connecting = TlsConnector::from(self.config).connect(self.name, stream);
        Box::pin(async move { connecting.await.map(|stream| Encrypted(Box::new(stream))) })
    }
}

/// An encrypted connection.
pub(in crate::store) struct Encrypted(Box<client::TlsStream<Socket>>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
