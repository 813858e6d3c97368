//! HTTP, both sides, on hyper: HTTP/1.1 and HTTP/2.
//!
//! The server does, in this order: response headers, CORS, [`Service::screen`], who calls, the size of the body as it
//! comes, unpacking, the size of the body unpacked, [`Service::call`]. The client does, in this order: packing,
//! headers, credentials, cookies, the request, redirects.
//!
//! What is deliberately absent: middleware extensions, streaming bodies of requests, SOCKS proxies.

mod answer;
mod client;
mod client_config;
mod connection;
mod connector;
mod content;
mod cookies;
mod cors;
mod exchange;
mod fetch;
mod proxy;
mod server;
mod server_config;

use std::net::SocketAddr;
use std::sync::Arc;

use ::http::header::{CONTENT_TYPE, HeaderValue};
use ::http::{StatusCode, request};
use async_trait::async_trait;
use bytes::Bytes;
use component::{Code, Identity, Metadata, Origin};

pub use answer::Answer;
pub use client::{Client, Fault, Reply};
pub use client_config::{
    ClientConfig, ClientKeepAlive, CompressionParams, Cookies, Files, Manner, Redirects,
};
pub use content::Content;
pub use fetch::get;
pub use proxy::Proxies;
pub use server::Server;
pub use server_config::{CorsConfig, ServerConfig, ServerKeepAlive};

/// An answer with all of its body.
pub type Response = ::http::Response<Bytes>;

/// Answers requests.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Looked at before the body is read: an answer now (wrong path, method, content type), or `None` to go on.
    fn screen(&self, head: &request::Parts) -> Option<Response>;

    /// Answers one request.
    async fn call(&self, request: Request) -> Response;

    /// The same, where the body may be made while it is sent. [`Service::call`] when not said otherwise.
    async fn answer(&self, request: Request) -> ::http::Response<Content> {
        self.call(request).await.map(Content::Whole)
    }

    /// Words an error from before `call`: who calls, unpacking, size, memory. Plain text when not said otherwise.
    fn refuse(&self, _: &request::Parts, refusal: &Refusal) -> Response {
        refusal.plain()
    }
}

/// One request with all of its body.
#[derive(Debug)]
pub struct Request {
    /// Its method, path and headers; without those that say how the body was packed.
    pub head: request::Parts,
    /// Its body, unpacked; charged as long as a slice of it lives.
    pub body: Bytes,
    /// The client's address.
    pub peer: Option<SocketAddr>,
    /// Who it proved to be.
    pub identity: Option<Arc<Identity>>,
    /// Its headers to travel with the data, when `include_metadata` is on.
    pub metadata: Option<Arc<Metadata>>,
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

/// Why a request does not get as far as [`Service::call`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The same for protocols that speak gRPC's language.
    pub code: Code,
    /// For a person.
    pub message: String,
}

impl Refusal {
    /// A refusal with the gRPC code that goes with the status.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal { status, code: Code::from_http(status.as_u16()), message: message.into() }
    }

    /// As plain text.
    #[must_use]
    pub fn plain(&self) -> Response {
        text(self.status, self.message.clone())
    }
}

/// An answer in plain text.
pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the other side of a test belongs to no component")]
mod tests;
