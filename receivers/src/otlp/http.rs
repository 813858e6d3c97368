//! OTLP/HTTP: requests in protobuf or JSON, posted to one path for each signal.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, Code, Memory, Outputs};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use otlp::{Payload, Signal};
use serde_json::json;
use transport::grpc::Status;
use transport::http::{Refusal, Request, Response, Service, text};

use super::answer::ACCEPTED;
use super::config::Paths;
use crate::answer::{later, status};

/// How many times its size a JSON request may take as protobuf: a list of numbers such as `1,1` has eight bytes on the
/// wire for every two in the text, and nothing grows more.
const MAX_GROWTH: usize = 4;

/// Takes what is posted.
pub(super) struct Posts {
    paths: Paths,
    outputs: Outputs,
    memory: Memory,
}

impl Posts {
    pub(super) fn new(paths: Paths, outputs: Outputs, memory: Memory) -> Arc<Posts> {
        Arc::new(Posts { paths, outputs, memory })
    }

    /// The signal that is posted to this path, if a pipeline wants it.
    fn signal(&self, path: &str) -> Option<Signal> {
        self.paths.signal(path).filter(|signal| self.outputs.of(*signal).is_some())
    }

    async fn take(&self, encoding: Encoding, request: Request) -> Result<(), Status> {
        let signal = self.signal(request.head.uri.path());
        let Some((signal, next)) = signal.and_then(|signal| Some((signal, self.outputs.of(signal)?))) else {
            return Err(Status::new(Code::Unimplemented, "no such path"));
        };
        let origin = request.origin("http");
        let payload = self.parse(signal, encoding, request.body)?;
        if payload.is_empty() {
            return Ok(());
        }
        next.consume(Batch { payload, origin }).await.map_err(|error| status(&error))
    }

    fn parse(&self, signal: Signal, encoding: Encoding, body: Bytes) -> Result<Payload, Status> {
        let bytes = match encoding {
            Encoding::Protobuf => body,
            Encoding::Json => self.decode_json(signal, &body)?,
        };
        Payload::parse(signal, bytes).map_err(|error| Status::new(Code::InvalidArgument, error))
    }

    fn decode_json(&self, signal: Signal, body: &[u8]) -> Result<Bytes, Status> {
        let limit = body.len() * MAX_GROWTH;
        let decoded = otlp::json::decode(signal, body, limit);
        let decoded = decoded.map_err(|error| Status::new(Code::InvalidArgument, error))?;
        match self.memory.charge(decoded.len()) {
            Some(charge) => Ok(charge.attach(decoded)),
            None => Err(Status::new(Code::Unavailable, "data refused due to high memory usage")),
        }
    }
}

#[async_trait]
impl Service for Posts {
    fn screen(&self, head: &Parts) -> Option<Response> {
        if self.signal(head.uri.path()).is_none() {
            return Some(text(StatusCode::NOT_FOUND, "404 page not found"));
        }
        if head.method != Method::POST {
            let message = "405 method not allowed, supported: [POST]";
            return Some(text(StatusCode::METHOD_NOT_ALLOWED, message));
        }
        if Encoding::of(head).is_none() {
            let message = "415 unsupported media type, supported: [application/json, application/x-protobuf]";
            return Some(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        None
    }

    async fn call(&self, request: Request) -> Response {
        let encoding = Encoding::of(&request.head).unwrap_or(Encoding::Json);
        match self.take(encoding, request).await {
            Ok(()) => encoding.response(StatusCode::OK, encoding.accepted()),
            Err(status) => refusal(encoding, http_status(status.code), &status),
        }
    }

    /// Errors from before the body was read are worded in the request's own encoding as well.
    fn refuse(&self, head: &Parts, refused: &Refusal) -> Response {
        let status = Status::new(refused.code, &refused.message);
        match (Encoding::of(head), head.headers.contains_key(CONTENT_TYPE)) {
            (Some(encoding), _) => refusal(encoding, refused.status, &status),
            (None, false) => refusal(Encoding::Json, refused.status, &status),
            (None, true) => {
                let body = r#"{"code": 13, "message": "failed to marshal error message"}"#;
                Encoding::Json
                    .response(StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(body.as_bytes()))
            }
        }
    }
}

/// How requests and their answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// By the content type; its parameters do not matter.
    fn of(head: &Parts) -> Option<Encoding> {
        let value = head.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next().unwrap_or(value).trim();
        if media_type.eq_ignore_ascii_case("application/x-protobuf") {
            return Some(Encoding::Protobuf);
        }
        media_type.eq_ignore_ascii_case("application/json").then_some(Encoding::Json)
    }

    fn accepted(self) -> Bytes {
        match self {
            Encoding::Protobuf => Bytes::from_static(ACCEPTED),
            Encoding::Json => Bytes::from_static(br#"{"partialSuccess":{}}"#),
        }
    }

    fn response(self, status: StatusCode, body: Bytes) -> Response {
        let content_type = match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

/// A `google.rpc.Status` in that encoding; with `Retry-After` where the status says when to come back.
fn refusal(encoding: Encoding, http: StatusCode, status: &Status) -> Response {
    let delay = status.retry_delay();
    let body = match encoding {
        Encoding::Protobuf => status.encode(),
        Encoding::Json => Bytes::from(json_status(status, delay)),
    };
    let response = encoding.response(http, body);
    let may_come_back = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&http);
    match delay.filter(|_| may_come_back) {
        Some(delay) => later(response, delay),
        None => response,
    }
}

fn json_status(status: &Status, delay: Option<Duration>) -> String {
    let mut body = json!({ "code": status.code.number(), "message": status.message });
    if let Some(delay) = delay {
        let text = format!("{}s", delay.as_secs_f64());
        let info = json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": text });
        body["details"] = json!([info]);
    }
    body.to_string()
}

fn http_status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
