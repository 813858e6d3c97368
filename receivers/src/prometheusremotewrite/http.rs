//! Requests of remote write over HTTP, and what is answered.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, ConsumeError, Consumer, Context};
use formats::prometheus::remote::{DecodeOptions, Decoded, Known, Message, Refused, Written, decode};
use http::header::{ALLOW, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use otlp::{Payload, Signal};
use parking_lot::RwLock;
use transport::http::{Refusal, Request, Response, Service, text};

use crate::answer::{SOON, later};

/// The path of the Go Collector's receiver, and of Prometheus' own.
const PATH: &str = "/api/v1/write";

/// How many times the largest body a request may mean as OTLP: labels are told once for all samples of a series, and in
/// version 2 texts once for all series. What Prometheus sends grows tenfold.
const MAX_GROWTH: usize = 16;

const SAMPLES_WRITTEN: HeaderName = HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS_WRITTEN: HeaderName = HeaderName::from_static("x-prometheus-remote-write-exemplars-written");

/// Takes what is written.
pub(super) struct Writes {
    options: DecodeOptions,
    /// What requests have told of targets and metrics.
    known: RwLock<Known>,
    next: Arc<dyn Consumer>,
    cx: Context,
}

impl Writes {
    pub(super) fn new(max_body: usize, next: Arc<dyn Consumer>, cx: Context) -> Arc<Writes> {
        let options = DecodeOptions { max_bytes: max_body.saturating_mul(MAX_GROWTH) };
        Arc::new(Writes { options, known: RwLock::default(), next, cx })
    }

    async fn take(&self, message: Message, request: Request) -> Response {
        let transport = transport(message);
        let origin = request.origin(transport);
        let read = decode(message, &request.body, &self.known.read(), self.options);
        let Decoded { metrics, points, written, refused, learned } = match read {
            Ok(decoded) => decoded,
            Err(error) => {
                return told(message, text(StatusCode::BAD_REQUEST, error.to_string()), Written::default());
            }
        };
        // The body is not needed any more, and neither is its charge.
        drop(request);
        if !learned.is_empty() {
            self.known.write().learn(learned);
        }
        self.cx.refused(Signal::Metrics, transport, refused.total);
        if points > 0 {
            let Some(charge) = self.cx.memory.charge(metrics.len()) else {
                self.cx.refused(Signal::Metrics, transport, points);
                let words = "data refused due to high memory usage";
                let response = later(text(StatusCode::SERVICE_UNAVAILABLE, words), SOON);
                return told(message, response, Written::default());
            };
            let payload = match Payload::parse(Signal::Metrics, charge.attach(metrics)) {
                Ok(payload) => payload,
                Err(error) => return text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            };
            if let Err(error) = self.next.consume(Batch { payload, origin }).await {
                return told(message, not_taken(&error), Written::default());
            }
        }
        told(message, taken(&refused, points), written)
    }
}

#[async_trait]
impl Service for Writes {
    fn screen(&self, head: &Parts) -> Option<Response> {
        if head.uri.path().trim_end_matches('/') != PATH {
            return Some(text(StatusCode::NOT_FOUND, format!("404 page not found, supported: [{PATH}]")));
        }
        if head.method != Method::POST {
            let words = "405 method not allowed, supported: [POST]";
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, words);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return Some(response);
        }
        match message(head) {
            Some(_) => None,
            None => {
                let words = "415 unsupported media type, supported: [application/x-protobuf] with \
                             [proto=prometheus.WriteRequest] or [proto=io.prometheus.write.v2.Request]";
                Some(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, words))
            }
        }
    }

    async fn call(&self, request: Request) -> Response {
        match message(&request.head) {
            Some(message) => self.take(message, request).await,
            // Screened before the body was read.
            None => text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "415 unsupported media type"),
        }
    }

    fn refuse(&self, head: &Parts, refusal: &Refusal) -> Response {
        let response = match refusal.status {
            StatusCode::SERVICE_UNAVAILABLE => later(refusal.plain(), SOON),
            _ => refusal.plain(),
        };
        told(message(head).unwrap_or(Message::V1), response, Written::default())
    }
}

/// The message that the content type names; the first one when it names none.
fn message(head: &Parts) -> Option<Message> {
    let value = head.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = value.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("application/x-protobuf") {
        return None;
    }
    for part in parts {
        if let Some((name, value)) = part.split_once('=')
            && name.trim().eq_ignore_ascii_case("proto")
        {
            return match value.trim().trim_matches('"') {
                "prometheus.WriteRequest" => Some(Message::V1),
                "io.prometheus.write.v2.Request" => Some(Message::V2),
                _ => None,
            };
        }
    }
    Some(Message::V1)
}

/// The word for it in the labels of metrics.
fn transport(message: Message) -> &'static str {
    match message {
        Message::V1 => "http_v1",
        Message::V2 => "http_v2",
    }
}

/// What was taken must not be sent again, and what was refused would be refused again; so it is 400, which senders do
/// not repeat, as soon as anything was refused.
fn taken(refused: &Refused, points: usize) -> Response {
    if refused.total == 0 {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    }
    let mut words = format!("{} of {} samples refused", refused.total, points + refused.total);
    refused.reasons.iter().for_each(|reason| words.push_str(&format!("\n{reason}")));
    text(StatusCode::BAD_REQUEST, words)
}

/// 503 for what can be sent again, also where a backend said 429: by default Prometheus gives up what is answered so.
fn not_taken(error: &ConsumeError) -> Response {
    let words = error.fault().message.clone();
    match error {
        ConsumeError::Permanent(_) => text(StatusCode::BAD_REQUEST, words),
        ConsumeError::Retryable { after, .. } => {
            later(text(StatusCode::SERVICE_UNAVAILABLE, words), after.unwrap_or(SOON))
        }
    }
}

/// The same answer, saying what of a request of version 2 was written.
fn told(message: Message, mut response: Response, written: Written) -> Response {
    if message == Message::V2 {
        let headers = response.headers_mut();
        headers.insert(SAMPLES_WRITTEN, HeaderValue::from(written.samples));
        headers.insert(HISTOGRAMS_WRITTEN, HeaderValue::from(written.histograms));
        headers.insert(EXEMPLARS_WRITTEN, HeaderValue::from(written.exemplars));
    }
    response
}
