//! One call, from its headers to its trailers.
//!
//! In this order, so that nothing is read from somebody who may not send it: method and content type, path, deadline,
//! packing, who calls; then the message; then the service.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use component::{Code, Identity, Memory, Scope};
use futures_util::FutureExt;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request};

use super::message::{self, Chunks, Rules};
use super::status::GRPC_STATUS;
use super::{Mount, Request, Service, Status, timeout};
use crate::auth::Guard;
use crate::compression::Encoding;
use crate::headers::metadata;
use crate::refusals::Refusals;

pub(super) const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
pub(super) const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
pub(super) const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// What all calls of a server have in common.
pub(super) struct Door {
    pub(super) service: Option<Arc<dyn Service>>,
    pub(super) mounts: Vec<Mount>,
    pub(super) guard: Option<Guard>,
    pub(super) include_metadata: bool,
    pub(super) max_message: usize,
    pub(super) memory: Memory,
    pub(super) refusals: Refusals,
    pub(super) scope: Scope,
}

/// Why a call is answered without gRPC: who sent it does not speak it.
enum Foreign {
    Method,
    ContentType,
}

impl Door {
    /// Answers a call, unless the client takes it back first.
    pub(super) async fn answer(
        self: Arc<Door>,
        request: http::Request<RecvStream>,
        mut respond: SendResponse<Chunks>,
        peer: Option<SocketAddr>,
    ) {
        let (head, body) = request.into_parts();
        if let Some(foreign) = foreign(&head) {
            return refuse_foreign(&foreign, &mut respond);
        }
        if let Some(mount) = self.mounts.iter().find(|mount| mount.serves(head.uri.path())) {
            let allowed = self.identify(&head).await;
            return match allowed {
                Ok(_) => mount.answer(&self.scope, head, body, respond).await,
                Err(status) => send_status(&status, &mut respond),
            };
        }
        let work = AssertUnwindSafe(self.work(head, body, peer)).catch_unwind();
        let Some(outcome) = unless_reset(work, &mut respond).await else { return };
        match outcome {
            Ok(Ok(message)) => send_message(&message, &mut respond),
            Ok(Err(status)) => {
                self.refusals.count(status.code);
                send_status(&status, &mut respond);
            }
            Err(panic) => {
                send_status(&Status::new(Code::Internal, "the call panicked"), &mut respond);
                // The scope logs and counts it.
                self.scope.spawn_request(async move { std::panic::resume_unwind(panic) });
            }
        }
    }

    async fn work(
        &self,
        head: request::Parts,
        body: RecvStream,
        peer: Option<SocketAddr>,
    ) -> Result<Bytes, Status> {
        let path = head.uri.path();
        let known = self.service.as_ref().filter(|service| service.has(path));
        let service =
            known.ok_or_else(|| Status::new(Code::Unimplemented, format_args!("unknown method `{path}`")))?;
        let limit = timeout::read(&head.headers).map_err(|words| Status::new(Code::Internal, words))?;
        let work = self.call(&**service, head, body, peer);
        match limit {
            None => work.await,
            Some(limit) => {
                let late =
                    |_| Status::new(Code::DeadlineExceeded, format_args!("no answer within {limit:?}"));
                tokio::time::timeout(limit, work).await.map_err(late)?
            }
        }
    }

    async fn call(
        &self,
        service: &dyn Service,
        head: request::Parts,
        mut body: RecvStream,
        peer: Option<SocketAddr>,
    ) -> Result<Bytes, Status> {
        let encoding = encoding(&head.headers)?;
        let identity = self.identify(&head).await?;
        let rules = Rules { encoding, limit: self.max_message, memory: &self.memory };
        let message = message::receive(&mut body, rules).await?;
        let message = message.ok_or_else(|| Status::new(Code::Internal, "a message is missing"))?;
        // Gives what it took back to the connection's window: from here on the memory account limits what is held.
        drop(body);
        let host = head.uri.authority().map(http::uri::Authority::as_str);
        let metadata = self.include_metadata.then(|| Arc::new(metadata(&head.headers, host)));
        let path = head.uri.path().to_owned();
        service.call(Request { path, headers: head.headers, peer, identity, metadata, message }).await
    }

    /// Who calls; nobody when nobody asks.
    async fn identify(&self, head: &request::Parts) -> Result<Option<Arc<Identity>>, Status> {
        let Some(guard) = &self.guard else { return Ok(None) };
        let identity = guard.check(&head.headers, None).await;
        identity.map(Some).map_err(|error| Status::new(Code::Unauthenticated, error))
    }
}

/// The outcome of `work`, or nothing when the client has reset the stream or gone away.
async fn unless_reset<T>(work: impl Future<Output = T>, respond: &mut SendResponse<Chunks>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => respond.poll_reset(cx).map(|_| None),
    })
    .await
}

fn foreign(head: &request::Parts) -> Option<Foreign> {
    if head.method != Method::POST {
        return Some(Foreign::Method);
    }
    let content_type = head.headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_grpc = content_type.strip_prefix(b"application/grpc").is_some_and(|rest| {
        // `application/grpc-web` is another protocol.
        rest.first().is_none_or(|next| matches!(next, b'+' | b';'))
    });
    (!is_grpc).then_some(Foreign::ContentType)
}

fn refuse_foreign(foreign: &Foreign, respond: &mut SendResponse<Chunks>) {
    let mut response = http::Response::new(());
    match foreign {
        Foreign::Method => {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        Foreign::ContentType => *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE,
    }
    // A client that is gone needs no answer.
    let _ = respond.send_response(response, true);
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Status> {
    let Some(value) = headers.get(GRPC_ENCODING) else { return Ok(Encoding::Identity) };
    let found = value.to_str().ok().and_then(message::encoding);
    found.ok_or_else(|| {
        let words = format_args!("unsupported grpc-encoding {value:?}, supported: {}", message::ACCEPTED);
        Status::new(Code::Unimplemented, words)
    })
}

fn send_message(message: &[u8], respond: &mut SendResponse<Chunks>) {
    let body = match Chunks::joined(message) {
        Ok(body) => body,
        Err(status) => return send_status(&status, respond),
    };
    let mut response = http::Response::new(());
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    // A client that is gone needs no answer.
    if let Ok(mut stream) = respond.send_response(response, false) {
        let _ = stream.send_data(body, false).and_then(|()| stream.send_trailers(trailers));
    }
}

/// Headers that are trailers at once: "Trailers-Only".
fn send_status(status: &Status, respond: &mut SendResponse<Chunks>) {
    let mut response = http::Response::new(());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, GRPC);
    if status.code == Code::Unimplemented {
        headers.insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static(message::ACCEPTED));
    }
    status.write_to(headers);
    // A client that is gone needs no answer.
    let _ = respond.send_response(response, true);
}
