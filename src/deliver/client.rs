//! One request to a receiver: the address is looked up once and checked, the connection goes to what was checked, and
//! everything that comes back is bounded in size and time.
//!
//! `hyper` is in the tree with the server. A client that resolves names by itself would look a name up again after it was
//! checked, and give whoever answers for the name the chance to say something else the second time (DNS rebinding). Each
//! request has its own connection; none is kept, and no proxy of the environment is asked.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::http::uri::{Scheme, Uri};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::address::is_public;
use super::settings::Settings;
use crate::say;
use crate::source::Message;
use crate::tickets::{Trouble, TroubleKind};

/// How long an attempt may take, from looking up the name to the head of the answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long one address of several may take to be connected to.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long the body of an answer is listened to once its head has said how it went.
const BODY_LIMIT: Duration = Duration::from_secs(1);
/// Bytes of such a body that are read, so that a receiver with a short answer does not see its connection cut.
const MOST_BODY: usize = 1 << 10;
/// Bytes of an answer's head, at the most.
const MOST_HEAD: usize = 16 << 10;
/// Names that are looked up at one time: each holds a thread, for as long as the system's own resolver takes.
const LOOKUPS: usize = 16;
/// Bytes of an address, at the most.
const LONGEST_ADDRESS: usize = 2_000;

/// What is sent.
pub(super) struct Sent<'a> {
    /// The media type of the body.
    pub(super) media_type: &'static str,
    /// Further headers.
    pub(super) headers: &'a [(&'static str, String)],
    /// The body.
    pub(super) body: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The header `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// The body, as far as it was read.
    pub(super) body: Vec<u8>,
}

/// Sends requests. Shared by all that are under way.
pub(super) struct Client {
    tls: TlsConnector,
    lookups: Arc<Semaphore>,
}

/// Where a request goes.
struct Target {
    uri: Uri,
    host: String,
    port: u16,
    secure: bool,
}

impl Client {
    /// A client that trusts the public authorities (Mozilla's list), and those of the settings' file.
    pub(super) fn new(settings: &Settings) -> Result<Client, Message> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = &settings.certificates {
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|error| unusable(file, &error))?;
            }
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| say!("无法启用加密连接：{error}", "TLS cannot be used: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Client { tls: TlsConnector::from(Arc::new(config)), lookups: Arc::new(Semaphore::new(LOOKUPS)) })
    }

    /// Sends a request. Redirects are answers like any other.
    pub(super) async fn post(&self, address: &str, sent: Sent<'_>, settings: &Settings) -> Result<Answer, Trouble> {
        let target = Target::parse(address, settings)?;
        let request = target.request(sent)?;
        self.send(&target, request, settings, MOST_BODY).await
    }

    /// Asks for a document of at most so many bytes; a longer one is no answer.
    pub(super) async fn get(&self, address: &str, settings: &Settings, most: usize) -> Result<Answer, Trouble> {
        let target = Target::parse(address, settings)?;
        let request = target.asking()?;
        let answer = self.send(&target, request, settings, most + 1).await?;
        if answer.body.len() > most {
            return Err(Trouble::new(TroubleKind::Broken, format!("more than {most} bytes")));
        }
        Ok(answer)
    }

    async fn send(
        &self,
        target: &Target,
        request: Request<String>,
        settings: &Settings,
        most_body: usize,
    ) -> Result<Answer, Trouble> {
        let exchange = async {
            let (stream, checked) = self.connect(target, settings).await?;
            if !target.secure {
                return exchange(stream, request, most_body).await;
            }
            let tls = |error: &dyn std::fmt::Display| Trouble::new(TroubleKind::Tls, error);
            let name = match checked {
                Some(ip) => ServerName::IpAddress(ip.into()),
                None => ServerName::try_from(target.host.clone()).map_err(|error| tls(&error))?,
            };
            let stream = self.tls.connect(name, stream).await.map_err(|error| tls(&error))?;
            exchange(stream, request, most_body).await
        };
        timeout(TIME_LIMIT, exchange).await.unwrap_or_else(|_| Err(TroubleKind::Timeout.into()))
    }

    /// A connection to the first address that may be used and answers; with the host itself, where that is an address.
    async fn connect(&self, target: &Target, settings: &Settings) -> Result<(TcpStream, Option<IpAddr>), Trouble> {
        let literal = target.host.parse::<IpAddr>().ok();
        let found = match literal {
            Some(ip) => vec![SocketAddr::new(ip, target.port)],
            None => self.look_up(&target.host, target.port).await?,
        };
        let private = settings.may_be_private(&target.host);
        let allowed = found.iter().filter(|address| private || is_public(address.ip()));
        let refused = found.first().map(|address| address.ip().to_string()).unwrap_or_default();
        let mut trouble = Trouble::new(TroubleKind::NotPublic, refused);
        for address in allowed {
            trouble = match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok((stream, literal)),
                Ok(Err(error)) => Trouble::new(TroubleKind::Connect, error),
                Err(_) => Trouble::new(TroubleKind::Connect, "timed out"),
            };
        }
        Err(trouble)
    }

    /// The addresses of a name. A look-up that nobody waits for any more still counts, since it still has its thread.
    async fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Trouble> {
        let trouble = |why: &dyn std::fmt::Display| Trouble::new(TroubleKind::Resolve, why);
        let turn = Arc::clone(&self.lookups).acquire_owned().await.map_err(|error| trouble(&error))?;
        let host = host.to_owned();
        let looking = tokio::spawn(async move {
            let _turn = turn;
            lookup_host((host, port)).await.map(Iterator::collect::<Vec<_>>)
        });
        let found = looking.await.map_err(|error| trouble(&error))?.map_err(|error| trouble(&error))?;
        if found.is_empty() { Err(trouble(&"no address")) } else { Ok(found) }
    }
}

impl Target {
    fn parse(address: &str, settings: &Settings) -> Result<Target, Trouble> {
        let bad = || Trouble::from(TroubleKind::BadAddress);
        if address.len() > LONGEST_ADDRESS {
            return Err(bad());
        }
        let uri: Uri = address.trim().parse().map_err(|_| bad())?;
        let authority = uri.authority().ok_or_else(bad)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        // A name and a password in an address would end up in logs.
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(bad());
        }
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        if !secure && uri.scheme() != Some(&Scheme::HTTP) {
            return Err(bad());
        }
        if !secure && !settings.allow_http {
            return Err(TroubleKind::PlainHttp.into());
        }
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Target { host, port, secure, uri })
    }

    /// The request that asks for it.
    fn asking(&self) -> Result<Request<String>, Trouble> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::get(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("jiesu/", env!("CARGO_PKG_VERSION")))
            .header("connection", "close");
        request.body(String::new()).map_err(|error| Trouble::new(TroubleKind::BadAddress, error))
    }

    /// The request for it.
    fn request(&self, sent: Sent<'_>) -> Result<Request<String>, Trouble> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::post(path)
            .header(HOST, authority)
            .header(USER_AGENT, concat!("jiesu/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, sent.media_type)
            .header("connection", "close");
        for (name, value) in sent.headers {
            request = request.header(*name, value);
        }
        request.body(sent.body).map_err(|error| Trouble::new(TroubleKind::BadAddress, error))
    }
}

/// Sends a request over a connection, and reads how it went.
async fn exchange<S>(stream: S, request: Request<String>, most_body: usize) -> Result<Answer, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| Trouble::new(TroubleKind::Broken, error);
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(MOST_HEAD)
        .handshake::<_, String>(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // Ends with this function, however that ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken)?;
    let status = answer.status();
    let retry_after = answer.headers().get(RETRY_AFTER).map(HeaderValue::to_str).and_then(Result::ok);
    let retry_after = retry_after.map(str::to_owned);
    let body = timeout(BODY_LIMIT, drained(answer.into_body(), most_body)).await.unwrap_or_default();
    Ok(Answer { status, retry_after, body })
}

/// Reads a body up to its bound.
async fn drained(body: Incoming, most: usize) -> Vec<u8> {
    let mut body = std::pin::pin!(body);
    let mut read = Vec::new();
    while read.len() < most {
        let Some(Ok(frame)) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await else { break };
        if let Some(data) = frame.data_ref() {
            read.extend_from_slice(&data[..data.len().min(most - read.len())]);
        }
    }
    read
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Message> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| unusable(file, &error))?;
    if read.is_empty() { Err(unusable(file, &"no certificate in it")) } else { Ok(read) }
}

fn unusable(file: &Path, why: &dyn std::fmt::Display) -> Message {
    let file = file.display();
    say!(
        "证书文件 {file} 不能用：{why}；应为 PEM 格式",
        "the certificates in {file} cannot be used: {why}; the file should be PEM"
    )
}
