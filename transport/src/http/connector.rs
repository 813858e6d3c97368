//! Connections for requests: straight to the server, or through a proxy.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;

use super::proxy::{Proxies, Proxy};
use crate::endpoint::{Address, Stream};
use crate::tls::Connector;

/// As Go's default transport.
const CONNECT: Duration = Duration::from_secs(30);

/// The longest answer of a proxy to `CONNECT` that is read.
const MAX_PROXY_ANSWER: usize = 8 << 10;

/// Makes connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Dialer {
    pub(super) tls: Option<Connector>,
    pub(super) proxies: Arc<Proxies>,
}

impl Service<Uri> for Dialer {
    type Response = Dialled;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Dialled>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move {
            let late =
                || io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {CONNECT:?}"));
            tokio::time::timeout(CONNECT, dialer.dial(&uri)).await.unwrap_or_else(|_| Err(late()))
        })
    }
}

impl Dialer {
    async fn dial(&self, uri: &Uri) -> io::Result<Dialled> {
        let scheme = uri.scheme_str().unwrap_or("http");
        let host = uri.host().unwrap_or("").trim_matches(['[', ']']);
        let encrypted = scheme == "https";
        let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let proxy = self.proxies.of(scheme, host, port);
        let stream = match proxy {
            Some(proxy) if encrypted => through(proxy, host, port).await?,
            Some(proxy) => reach(&proxy.host, proxy.port).await?,
            None => reach(host, port).await?,
        };
        match &self.tls {
            Some(tls) if encrypted => {
                let stream = tls.connect(host, stream).await?;
                let http2 = speaks_http2(&stream);
                Ok(Dialled { io: TokioIo::new(stream), proxied: false, http2 })
            }
            _ => Ok(Dialled { io: TokioIo::new(stream), proxied: proxy.is_some(), http2: false }),
        }
    }
}

/// A connection, and what is known of it.
pub(super) struct Dialled {
    io: TokioIo<Stream>,
    /// Whether requests go to a proxy, which wants their whole URL.
    proxied: bool,
    http2: bool,
}

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        let connected = Connected::new().proxy(self.proxied);
        if self.http2 { connected.negotiated_h2() } else { connected }
    }
}

impl Read for Dialled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Connects to the first address that answers.
async fn reach(host: &str, port: u16) -> io::Result<Stream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "it has no address");
    for addr in tokio::net::lookup_host((host, port)).await? {
        match Address::Tcp(addr).connect(CONNECT).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Asks a proxy for a tunnel (RFC 9110, section 9.3.6).
async fn through(proxy: &Proxy, host: &str, port: u16) -> io::Result<Stream> {
    let mut stream = reach(&proxy.host, proxy.port).await?;
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        ask.extend_from_slice(b"Proxy-Authorization: ");
        ask.extend_from_slice(authorization.as_bytes());
        ask.extend_from_slice(b"\r\n");
    }
    for (name, value) in &proxy.connect {
        ask.extend_from_slice(name.as_str().as_bytes());
        ask.extend_from_slice(b": ");
        ask.extend_from_slice(value.as_bytes());
        ask.extend_from_slice(b"\r\n");
    }
    ask.extend_from_slice(b"\r\n");
    stream.write_all(&ask).await?;
    let answer = read_answer(&mut stream).await?;
    let line = answer.lines().next().unwrap_or("");
    match line.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(stream),
        _ => Err(io::Error::other(format!("the proxy answered `{line}`"))),
    }
}

/// The head of an answer. Byte by byte: what follows it belongs to the tunnel.
async fn read_answer(stream: &mut Stream) -> io::Result<String> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == MAX_PROXY_ANSWER {
            return Err(io::Error::other("the proxy's answer is too long"));
        }
        answer.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn speaks_http2(stream: &Stream) -> bool {
    match stream {
        Stream::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        Stream::Tcp(_) | Stream::Unix(_) => false,
    }
}
