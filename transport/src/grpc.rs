//! gRPC, both sides: our own thin layer on the `h2` crate.
//!
//! Messages go in and out as bytes, without being copied where that can be helped: a message that sits in one DATA
//! frame is a slice of the read buffer, a message to send is a list of chunks that go to the socket as they are.
//!
//! What is deliberately absent: streaming calls of our own ([`Mount`] carries tonic services that stream), proxies,
//! service configs, and reflection.

mod call;
mod channel;
mod client;
mod client_config;
mod connection;
mod health;
mod keepalive;
mod message;
mod mount;
mod server;
mod server_config;
mod socket;
mod status;
mod target;
mod timeout;

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Identity, Metadata, Origin};
use http::HeaderMap;

pub use client::Client;
pub(crate) use client_config::check_headers;
pub use client_config::{ClientConfig, ClientKeepalive};
pub use mount::Mount;
pub use server::Server;
pub use server_config::{
    Dialer, EnforcementPolicy, Middleware, ServerConfig, ServerKeepalive, ServerParameters,
};
pub(crate) use server_config::{check_listener, check_middlewares};
pub use status::Status;

/// Answers unary calls.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Whether this unary method exists: `/opentelemetry.proto.collector.trace.v1.TraceService/Export`.
    fn has(&self, path: &str) -> bool;

    /// Answers one call: message in, message out. Dropped when the client gives up or its deadline passes.
    ///
    /// # Errors
    /// Sent to the client as they are.
    async fn call(&self, request: Request) -> Result<Bytes, Status>;
}

/// One unary call.
#[derive(Debug)]
pub struct Request {
    /// The method, as in [`Service::has`].
    pub path: String,
    /// The client's headers.
    pub headers: HeaderMap,
    /// Its address.
    pub peer: Option<SocketAddr>,
    /// Who it proved to be.
    pub identity: Option<Arc<Identity>>,
    /// Its headers to travel with the data, when `include_metadata` is on.
    pub metadata: Option<Arc<Metadata>>,
    /// The message, unpacked, without its frame; charged as long as a slice of it lives.
    pub message: Bytes,
}

impl Request {
    /// Where the data came from; `transport` is the receiver's word for it.
    #[must_use]
    pub fn origin(&self, transport: &'static str) -> Origin {
        Origin {
            transport,
            peer: self.peer,
            metadata: self.metadata.clone(),
            identity: self.identity.clone(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the other side of a test belongs to no component")]
mod tests;
