//! One request, from its head to its answer.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use ::http::{StatusCode, Version, request};
use bytes::Bytes;
use component::{Code, Identity, Memory, Scope};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::content::Content;
use super::cors::Cors;
use super::{Refusal, Request, Service};
use crate::auth::Guard;
use crate::compression::{DecompressError, Encoding};
use crate::headers::metadata;
use crate::intake::{Gather, NO_MEMORY, NoRoom, unpack};
use crate::refusals::Refusals;

/// What all requests of a server have in common.
pub(super) struct Door {
    pub(super) service: Arc<dyn Service>,
    pub(super) guard: Option<Guard>,
    pub(super) cors: Option<Cors>,
    /// Headers of every answer.
    pub(super) headers: HeaderMap,
    /// How bodies may be packed; none is taking them as they are.
    pub(super) encodings: Vec<Encoding>,
    pub(super) max_body: usize,
    pub(super) read_limit: Duration,
    pub(super) include_metadata: bool,
    pub(super) memory: Memory,
    pub(super) refusals: Refusals,
    pub(super) scope: Scope,
}

impl Door {
    pub(super) async fn answer(
        &self,
        request: ::http::Request<Incoming>,
        peer: Option<SocketAddr>,
    ) -> ::http::Response<Content> {
        let (head, body) = request.into_parts();
        let origin = self.cors.as_ref().map(|cors| (cors, head.headers.clone()));
        let version = head.version;
        let mut response = match origin.as_ref().and_then(|(cors, _)| cors.preflight(&head)) {
            Some(response) => response.map(Content::Whole),
            None => self.guarded(head, body, peer, version).await,
        };
        if response.status().is_client_error() || response.status().is_server_error() {
            self.refusals.count(Code::from_http(response.status().as_u16()));
        }
        if let Some((cors, headers)) = &origin {
            cors.mark(headers, response.headers_mut());
        }
        for (name, value) in &self.headers {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
        response
    }

    /// A panic costs this request, not its connection.
    async fn guarded(
        &self,
        head: request::Parts,
        body: Incoming,
        peer: Option<SocketAddr>,
        version: Version,
    ) -> ::http::Response<Content> {
        let work = AssertUnwindSafe(self.work(head, body, peer, version)).catch_unwind();
        work.await.unwrap_or_else(|panic| {
            // The scope logs and counts it.
            self.scope.spawn_request(async move { std::panic::resume_unwind(panic) });
            super::text(StatusCode::INTERNAL_SERVER_ERROR, "internal error").map(Content::Whole)
        })
    }

    async fn work(
        &self,
        mut head: request::Parts,
        body: Incoming,
        peer: Option<SocketAddr>,
        version: Version,
    ) -> ::http::Response<Content> {
        if let Some(response) = self.service.screen(&head) {
            return response.map(Content::Whole);
        }
        match self.admit(&mut head, body).await {
            Ok((body, identity)) => {
                let metadata = self.include_metadata.then(|| {
                    let authority = head.uri.authority().map(::http::uri::Authority::as_str);
                    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).or(authority);
                    Arc::new(metadata(&head.headers, host))
                });
                self.service.answer(Request { head, body, peer, identity, metadata }).await
            }
            Err(refused) => {
                let mut response = self.service.refuse(&head, &refused.refusal);
                // What is left of the body is not worth reading.
                if refused.closes && version <= Version::HTTP_11 {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response.map(Content::Whole)
            }
        }
    }

    /// The body, unpacked, of a request that may come in, and who sent it.
    async fn admit(
        &self,
        head: &mut request::Parts,
        body: Incoming,
    ) -> Result<(Bytes, Option<Arc<Identity>>), Refused> {
        let identity = match &self.guard {
            Some(guard) => Some(guard.check(&head.headers, head.uri.query()).await.map_err(|error| {
                Refused { refusal: Refusal::new(StatusCode::UNAUTHORIZED, error.to_string()), closes: true }
            })?),
            None => None,
        };
        let encoding = self.encoding(&head.headers)?;
        let packed = tokio::time::timeout(self.read_limit, self.read(body)).await;
        let packed = packed.map_err(|_| Refused {
            refusal: Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
            closes: true,
        })??;
        if encoding == Encoding::Identity {
            return Ok((packed, identity));
        }
        let unpacked = unpack(encoding, &[packed], self.max_body, &self.memory).await?;
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
        Ok((unpacked, identity))
    }

    fn encoding(&self, headers: &HeaderMap) -> Result<Encoding, Refused> {
        if self.encodings.is_empty() {
            return Ok(Encoding::Identity);
        }
        let name = headers.get(CONTENT_ENCODING).map_or(&b""[..], HeaderValue::as_bytes);
        let name = String::from_utf8_lossy(name);
        let found = Encoding::parse(&name).filter(|encoding| self.encodings.contains(encoding));
        found.ok_or_else(|| Refused {
            refusal: Refusal::new(StatusCode::BAD_REQUEST, format!("unsupported Content-Encoding: {name}")),
            closes: true,
        })
    }

    /// The body as it comes, when it is not too large.
    async fn read(&self, mut body: Incoming) -> Result<Bytes, Refused> {
        let announced = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
        if announced.is_some_and(|size| size > self.max_body) {
            return Err(too_large(self.max_body));
        }
        let mut gathered = Gather::new(&self.memory, announced.unwrap_or(self.max_body));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Refused {
                refusal: Refusal::new(StatusCode::BAD_REQUEST, format!("cannot read the body: {error}")),
                closes: true,
            })?;
            let Ok(part) = frame.into_data() else { continue };
            if gathered.len() + part.len() > self.max_body {
                return Err(too_large(self.max_body));
            }
            if !part.is_empty() {
                gathered.push(part).await.map_err(|NoRoom| no_memory())?;
            }
        }
        Ok(gathered.finish())
    }
}

/// A refusal, and whether the connection is closed after it.
struct Refused {
    refusal: Refusal,
    closes: bool,
}

impl From<DecompressError> for Refused {
    fn from(error: DecompressError) -> Refused {
        match &error {
            DecompressError::NoMemory => no_memory(),
            DecompressError::TooLarge { limit } => too_large(*limit),
            DecompressError::Corrupt(_) => {
                Refused { refusal: Refusal::new(StatusCode::BAD_REQUEST, error.to_string()), closes: false }
            }
        }
    }
}

fn too_large(limit: usize) -> Refused {
    let words = format!("request body too large: more than {limit} bytes");
    Refused { refusal: Refusal::new(StatusCode::BAD_REQUEST, words), closes: true }
}

fn no_memory() -> Refused {
    let refusal = Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: Code::Unavailable,
        message: NO_MEMORY.to_owned(),
    };
    Refused { refusal, closes: true }
}
