//! Connections that are bounded in number and in patience.
//!
//! A caller who sends one byte a minute, or never reads the answer, would hold a connection for ever. Here a connection
//! lives as long as answers are written to it: when none was for a while it is closed, whatever else happens on it.
//! That covers heads that trickle in, idle connections and answers that nobody takes; a request that is being worked on
//! has the shorter time limit of its own.

use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use super::app::Configuration;
use super::tls::{Encryption, Stream};

/// Accepts connections, so many at a time.
pub(super) struct Connections {
    listener: TcpListener,
    free: Arc<Semaphore>,
    patience: Duration,
    encryption: Option<Encryption>,
}

impl Connections {
    /// The connections of a listener.
    pub(super) fn new(listener: TcpListener, configuration: &Configuration) -> Connections {
        let most = configuration.most_connections.clamp(1, Semaphore::MAX_PERMITS);
        let (patience, encryption) = (configuration.connection_limit, configuration.encryption.clone());
        Connections { listener, free: Arc::new(Semaphore::new(most)), patience, encryption }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let Ok(permit) = Arc::clone(&self.free).acquire_owned().await else {
            // Nobody closes the semaphore.
            return pending().await;
        };
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // An answer is one small write; waiting for more to send with it would cost 40 ms.
        let _ = stream.set_nodelay(true);
        let stream = match &self.encryption {
            Some(encryption) => encryption.greet(stream),
            None => Stream::Plain(stream),
        };
        let patience = self.patience;
        (Connection { stream, patience, deadline: Box::pin(sleep(patience)), _permit: permit }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that is closed when nothing was written to it for a while.
pub(super) struct Connection {
    stream: Stream,
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn patient(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(bytes)) if bytes > 0)
            && let Some(deadline) = Instant::now().checked_add(self.patience)
        {
            self.deadline.as_mut().reset(deadline);
        }
        written
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.patient(context)?;
        ready!(self.stream.poll_ready(context))?.poll_read(context, to)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.patient(context)?;
        let written = ready!(self.stream.poll_ready(context))?.poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.patient(context)?;
        let written = ready!(self.stream.poll_ready(context))?.poll_write_vectored(context, bytes);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.open().map_or(Poll::Ready(Ok(())), |stream| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.open().map_or(Poll::Ready(Ok(())), |stream| stream.poll_shutdown(context))
    }
}
