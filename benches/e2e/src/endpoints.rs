//! Where a program takes gRPC and HTTP.

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::request::Protocol;

/// Where a program takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints {
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Endpoints {
    /// As one line; [`Endpoints::parse`] reads it.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.grpc, self.http)
    }

    pub(crate) fn parse(line: &str) -> anyhow::Result<Endpoints> {
        let (grpc, http) =
            line.split_once(' ').with_context(|| format!("expected two addresses, found `{line}`"))?;
        Ok(Endpoints { grpc: grpc.parse()?, http: http.parse()? })
    }

    /// Two ports that are free now. Somebody else may take them before they are bound; then the program does not
    /// start, and the bench says so.
    pub(crate) fn free() -> anyhow::Result<Endpoints> {
        let grpc = std::net::TcpListener::bind("127.0.0.1:0")?;
        let http = std::net::TcpListener::bind("127.0.0.1:0")?;
        Ok(Endpoints { grpc: grpc.local_addr()?, http: http.local_addr()? })
    }

    pub(crate) fn of(&self, protocol: Protocol) -> SocketAddr {
        match protocol {
            Protocol::Grpc | Protocol::JaegerGrpc => self.grpc,
            // The one or the other is served there.
            Protocol::Http | Protocol::Zipkin => self.http,
        }
    }
}
