//! Spans posted over HTTP, and what is answered.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, ConsumeError, Consumer, Context};
use formats::zipkin::{DecodeOptions, Refused};
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use otlp::{Payload, Signal};
use transport::http::{Refusal, Request, Response, Service, text};

use super::form::{Form, Unknown};
use crate::answer::{SOON, later};

/// Takes what is posted.
pub(super) struct Posts {
    options: DecodeOptions,
    next: Arc<dyn Consumer>,
    cx: Context,
}

impl Posts {
    pub(super) fn new(options: DecodeOptions, next: Arc<dyn Consumer>, cx: Context) -> Arc<Posts> {
        Arc::new(Posts { options, next, cx })
    }

    async fn take(&self, form: Form, request: Request) -> Response {
        let origin = request.origin(form.transport());
        let decoded = match form.decode(&request.body, self.options) {
            Ok(decoded) => decoded,
            Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        // The body is not needed any more, and neither is its charge.
        drop(request);
        self.cx.refused(Signal::Traces, form.transport(), decoded.refused.total);
        if decoded.spans > 0 {
            let Some(charge) = self.cx.memory.charge(decoded.traces.len()) else {
                self.cx.refused(Signal::Traces, form.transport(), decoded.spans);
                let words = "data refused due to high memory usage";
                return later(text(StatusCode::SERVICE_UNAVAILABLE, words), SOON);
            };
            let payload = match Payload::parse(Signal::Traces, charge.attach(decoded.traces)) {
                Ok(payload) => payload,
                Err(error) => return text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            };
            if let Err(error) = self.next.consume(Batch { payload, origin }).await {
                return not_taken(&error);
            }
        }
        taken(decoded.spans, &decoded.refused)
    }
}

#[async_trait]
impl Service for Posts {
    fn screen(&self, head: &Parts) -> Option<Response> {
        match Form::of(head) {
            Err(Unknown::Path) => {
                let words = "404 page not found, supported: [/api/v1/spans, /api/v2/spans]";
                Some(text(StatusCode::NOT_FOUND, words))
            }
            _ if head.method != Method::POST => {
                let words = "405 method not allowed, supported: [POST]";
                let mut response = text(StatusCode::METHOD_NOT_ALLOWED, words);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                Some(response)
            }
            Err(Unknown::ContentType) => {
                let words = "415 unsupported media type, supported: [application/json] and, with version 1, \
                             [application/x-thrift], with version 2, [application/x-protobuf]";
                Some(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words))
            }
            Ok(_) => None,
        }
    }

    async fn call(&self, request: Request) -> Response {
        match Form::of(&request.head) {
            Ok(form) => self.take(form, request).await,
            // Screened before the body was read.
            Err(_) => text(StatusCode::NOT_FOUND, "404 page not found"),
        }
    }

    fn refuse(&self, _: &Parts, refusal: &Refusal) -> Response {
        match refusal.status {
            StatusCode::SERVICE_UNAVAILABLE => later(refusal.plain(), SOON),
            _ => refusal.plain(),
        }
    }
}

/// Spans that are taken must not be sent again, so it is a success as long as there is one; the words are about the
/// others.
fn taken(spans: usize, refused: &Refused) -> Response {
    if refused.total == 0 {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::ACCEPTED;
        return response;
    }
    let status = if spans > 0 { StatusCode::ACCEPTED } else { StatusCode::BAD_REQUEST };
    text(status, complaint(spans, refused))
}

fn complaint(spans: usize, refused: &Refused) -> String {
    let mut words = format!("{} of {} spans refused", refused.total, spans + refused.total);
    for refusal in &refused.list {
        words.push_str(&format!("\n{refusal}"));
    }
    let more = refused.total - refused.list.len();
    if more > 0 {
        words.push_str(&format!("\nand {more} more"));
    }
    words
}

/// As the Go Collector, 400 for what cannot be mended; what can be is 503, or what a backend said instead.
fn not_taken(error: &ConsumeError) -> Response {
    let words = error.fault().message.clone();
    match error {
        ConsumeError::Permanent(_) => text(StatusCode::BAD_REQUEST, words),
        ConsumeError::Retryable { source, after } => {
            let status = match source.code.map(component::Code::http) {
                Some(429) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            later(text(status, words), after.unwrap_or(SOON))
        }
    }
}
