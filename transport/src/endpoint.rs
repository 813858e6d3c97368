//! Addresses to listen on and to connect to, and the sockets behind them.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::{info, warn};

/// Connections that wait to be accepted; the kernel caps it (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// The pause after the first failed accept; it doubles up to [`MAX_PAUSE`], as Go's servers do.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// What carries the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the file's values")]
pub enum Transport {
    #[default]
    Tcp,
    Tcp4,
    Tcp6,
    Unix,
}

/// A listening socket. A Unix socket's file goes with it.
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Binds `endpoint`: `host:port`, or a path for [`Transport::Unix`].
    ///
    /// # Errors
    /// When the endpoint cannot be read, resolved or bound; the error names it.
    pub async fn bind(endpoint: &str, transport: Transport) -> anyhow::Result<Listener> {
        let bound = match transport {
            Transport::Unix => bind_unix(Path::new(endpoint)),
            Transport::Tcp | Transport::Tcp4 | Transport::Tcp6 => bind_tcp(endpoint, transport).await,
        };
        bound.with_context(|| format!("cannot listen on `{endpoint}`")).map(Listener)
    }

    /// The next connection. Never fails: trouble is logged when it begins and when it ends, and waited out.
    pub async fn accept(&self) -> (Stream, Option<SocketAddr>) {
        let mut failures = 0_u32;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.try_accept().await {
                Ok(accepted) => {
                    if failures > 0 {
                        info!(endpoint = %self.local_addr(), failures, "accepting connections again");
                    }
                    return accepted;
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    if failures == 0 {
                        warn!(endpoint = %self.local_addr(), %error, "cannot accept connections");
                    }
                    failures += 1;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                }
            }
        }
    }

    /// The address it is bound to: `127.0.0.1:4317`, or the path.
    #[must_use]
    pub fn local_addr(&self) -> String {
        match &self.0 {
            Kind::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| String::new(), |addr| addr.to_string())
            }
            Kind::Unix(_, file) => file.0.display().to_string(),
        }
    }

    async fn try_accept(&self) -> io::Result<(Stream, Option<SocketAddr>)> {
        match &self.0 {
            Kind::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream), Some(peer)))
            }
            Kind::Unix(listener, _) => Ok((Stream::Unix(listener.accept().await?.0), None)),
        }
    }
}

/// The file of a Unix socket, removed with the listener.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where a client connects to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Address {
    /// Connects, within `limit`.
    pub(crate) async fn connect(&self, limit: Duration) -> io::Result<Stream> {
        let connecting = async {
            match self {
                Address::Tcp(addr) => {
                    let stream = TcpStream::connect(addr).await?;
                    stream.set_nodelay(true)?;
                    Ok(Stream::Tcp(stream))
                }
                Address::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
            }
        };
        let timed_out = || io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {limit:?}"));
        tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| Err(timed_out()))
    }
}

/// Splits `host:port`; the host may be empty or an IPv6 address in brackets.
///
/// # Errors
/// When there is no port, or it is not a number from 0 to 65535.
pub fn host_and_port(endpoint: &str) -> anyhow::Result<(String, u16)> {
    let Some((host, port)) = endpoint.rsplit_once(':') else { bail!("missing port in address `{endpoint}`") };
    if let Some((scheme, address)) = endpoint.split_once("://") {
        bail!("`{scheme}://` in address `{endpoint}`; expected `{address}`");
    }
    if host.contains(':') && !(host.starts_with('[') && host.ends_with(']')) {
        bail!("too many colons in address `{endpoint}`; an IPv6 address stands in brackets: `[::1]:4317`");
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port.parse().ok().with_context(|| format!("invalid port `{port}` in address `{endpoint}`"))?;
    Ok((host.to_owned(), port))
}

/// A connection, plain or encrypted.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<tokio_rustls::TlsStream<Stream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

async fn bind_tcp(endpoint: &str, transport: Transport) -> anyhow::Result<Kind> {
    let (host, port) = host_and_port(endpoint)?;
    let candidates = match host.as_str() {
        "" => any_addresses(port, transport),
        host => resolve(host, port, transport).await?,
    };
    let mut failure = None;
    for addr in candidates {
        match listen(addr) {
            Ok(listener) => return Ok(Kind::Tcp(listener)),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.map_or_else(|| anyhow::anyhow!("`{host}` has no address of this kind"), anyhow::Error::from))
}

/// All interfaces: both families on one socket where the machine has IPv6, as Go does.
pub(crate) fn any_addresses(port: u16, transport: Transport) -> Vec<SocketAddr> {
    let v4 = SocketAddr::from(([0, 0, 0, 0], port));
    let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match transport {
        Transport::Tcp4 => vec![v4],
        Transport::Tcp6 => vec![v6],
        Transport::Tcp | Transport::Unix => vec![v6, v4],
    }
}

/// The addresses of `host`, IPv4 first, as Go prefers them for listeners.
pub(crate) async fn resolve(host: &str, port: u16, transport: Transport) -> anyhow::Result<Vec<SocketAddr>> {
    let found =
        tokio::net::lookup_host((host, port)).await.with_context(|| format!("cannot resolve `{host}`"))?;
    let mut found: Vec<SocketAddr> = found.filter(|addr| fits(addr.ip(), transport)).collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    Ok(found)
}

fn fits(ip: IpAddr, transport: Transport) -> bool {
    match transport {
        Transport::Tcp4 => ip.is_ipv4(),
        Transport::Tcp6 => ip.is_ipv6(),
        Transport::Tcp | Transport::Unix => true,
    }
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn bind_unix(path: &Path) -> anyhow::Result<Kind> {
    let bound = match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
            std::fs::remove_file(path).context("a stale socket file cannot be removed")?;
            UnixListener::bind(path)
        }
        other => other,
    };
    Ok(Kind::Unix(bound?, SocketFile(path.to_owned())))
}

/// Whether it is a socket that nobody listens on: one left by a process that was killed.
fn is_stale(path: &Path) -> bool {
    BlockingUnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Errors of `accept` that belong to the connection which was to be accepted.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidInput};
    // `set_nodelay` on a connection that is already gone is an invalid argument on some systems.
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | InvalidInput)
}

#[cfg(test)]
mod tests;
