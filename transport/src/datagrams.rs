//! A socket for datagrams, and how many of them the kernel dropped because nobody read them in time.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};

use anyhow::Context as _;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tracing::warn;

use crate::endpoint::{Transport, any_addresses, host_and_port, resolve};

/// A bound socket that datagrams are read from.
#[derive(Debug)]
pub struct Datagrams(UdpSocket);

/// Tells how many datagrams the kernel dropped of one socket.
#[derive(Clone, Copy, Debug)]
pub struct DropCount {
    /// The number by which the kernel's tables know the socket.
    inode: u64,
}

impl Datagrams {
    /// Binds `host:port`. The kernel keeps up to `buffer` bytes until they are read; 0 leaves it to the system.
    ///
    /// # Errors
    /// When the endpoint cannot be read, resolved or bound; the error names it.
    pub async fn bind(endpoint: &str, buffer: usize) -> anyhow::Result<Datagrams> {
        let bound = bind(endpoint, buffer).await;
        bound.with_context(|| format!("cannot listen on `{endpoint}` (UDP)")).map(Datagrams)
    }

    /// The address it is bound to: `127.0.0.1:6831`.
    #[must_use]
    pub fn local_addr(&self) -> String {
        self.0.local_addr().map_or_else(|_| String::new(), |addr| addr.to_string())
    }

    /// Reads the next datagram into `buffer` and gives its length and who sent it. What does not fit is cut off: a
    /// buffer that is one byte longer than the longest datagram that is wanted tells those that are longer.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await
    }

    /// How many datagrams the kernel drops of this socket; `None` where the system does not tell.
    #[must_use]
    pub fn drop_count(&self) -> Option<DropCount> {
        let inode = inode(self.0.as_raw_fd())?;
        DropCount { inode }.value().map(|_| DropCount { inode })
    }
}

impl DropCount {
    /// How many it is now; `None` when the socket is gone.
    #[must_use]
    pub fn value(&self) -> Option<u64> {
        let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"];
        tables.iter().find_map(|table| drops(&std::fs::read_to_string(table).ok()?, self.inode))
    }
}

async fn bind(endpoint: &str, buffer: usize) -> anyhow::Result<UdpSocket> {
    let (host, port) = host_and_port(endpoint)?;
    let candidates = match host.as_str() {
        "" => any_addresses(port, Transport::Tcp),
        host => resolve(host, port, Transport::Tcp).await?,
    };
    let mut failure = None;
    for addr in candidates {
        match listen(addr, buffer) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.map_or_else(|| anyhow::anyhow!("`{host}` has no address"), anyhow::Error::from))
}

fn listen(addr: SocketAddr, buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    if buffer > 0 {
        socket.set_recv_buffer_size(buffer)?;
        let granted = socket.recv_buffer_size()?;
        if granted < buffer {
            warn!(%addr, asked = buffer, granted, "the system limits the socket's buffer (net.core.rmem_max)");
        }
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    UdpSocket::from_std(socket.into())
}

/// The inode of a socket: the link of its descriptor reads `socket:[12345]`.
fn inode(descriptor: RawFd) -> Option<u64> {
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The last column of the line that has this inode in its tenth (`/proc/net/udp`, proc_net_udp(5)).
fn drops(table: &str, inode: u64) -> Option<u64> {
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut of_inode =
        lines.filter(|columns| columns.get(9).and_then(|text| text.parse().ok()) == Some(inode));
    of_inode.next()?.get(12)?.parse().ok()
}

#[cfg(test)]
mod tests;
