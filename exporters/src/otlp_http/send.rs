//! One batch, once; what the server answers decides whether sending it again can help.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, Code, ConsumeError, Consumer, Context};
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, StatusCode, Uri};
use otlp::{Rope, Signal};
use transport::grpc::Status;
use transport::http::{Client, Fault, Reply};

use super::config::Encoding;
use crate::partial_success;

/// Posts each batch.
pub(super) struct Posts {
    client: Client,
    /// For traces, metrics and logs; an error where there is no URL for that signal.
    urls: [Result<Uri, String>; 3],
    encoding: Encoding,
    user_agent: String,
    cx: Context,
}

impl Posts {
    pub(super) fn new(
        client: Client,
        urls: [Result<Uri, String>; 3],
        encoding: Encoding,
        user_agent: String,
        cx: Context,
    ) -> Posts {
        Posts { client, urls, encoding, user_agent, cx }
    }

    fn request(&self, signal: Signal, rope: Rope) -> Result<http::Request<Vec<Bytes>>, ConsumeError> {
        let url = self.urls[signal as usize].as_ref().map_err(ConsumeError::permanent)?;
        let (content_type, body) = match self.encoding {
            Encoding::Proto => ("application/x-protobuf", rope.into_chunks().collect()),
            Encoding::Json => ("application/json", vec![to_json(signal, &rope)?]),
        };
        let user_agent = HeaderValue::from_str(&self.user_agent).map_err(ConsumeError::permanent)?;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(url.clone())
            .header(CONTENT_TYPE, content_type)
            .header(USER_AGENT, user_agent)
            .body(body);
        request.map_err(ConsumeError::permanent)
    }

    fn note_partial_success(&self, signal: Signal, reply: &Reply) {
        match reply.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) {
            Some(b"application/x-protobuf") => partial_success::note(&self.cx, signal, &reply.body),
            Some(b"application/json") => partial_success::note_json(&self.cx, signal, &reply.body),
            _ => (),
        }
    }
}

#[async_trait]
impl Consumer for Posts {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let signal = batch.payload.signal();
        let request = self.request(signal, batch.payload.into_rope())?;
        match self.client.send(request, &batch.origin).await {
            Ok(reply) if reply.status.is_success() => {
                self.note_partial_success(signal, &reply);
                Ok(())
            }
            Ok(reply) => Err(verdict(&reply)),
            Err(Fault::Unsendable(why)) => Err(ConsumeError::permanent(why)),
            Err(Fault::Unreachable(why)) => Err(ConsumeError::retryable(why).with_code(Code::Unavailable)),
            Err(Fault::Timeout(why)) => Err(ConsumeError::retryable(why).with_code(Code::DeadlineExceeded)),
        }
    }
}

fn to_json(signal: Signal, rope: &Rope) -> Result<Bytes, ConsumeError> {
    let mut text = Vec::with_capacity(rope.len() * 2);
    otlp::json::encode(signal, &rope.to_contiguous(), &mut text).map_err(ConsumeError::permanent)?;
    Ok(Bytes::from(text))
}

/// Which statuses are worth another attempt: the OTLP specification, "OTLP/HTTP response", "Retryable response codes".
fn verdict(reply: &Reply) -> ConsumeError {
    let message = match Status::decode(&reply.body) {
        Some(status) if !status.message.is_empty() => {
            format!("the server answered {}: {}", reply.status.as_u16(), status.message)
        }
        _ => format!("the server answered {}", reply.status.as_u16()),
    };
    let error = match (reply.status, delay(reply)) {
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, Some(delay)) => {
            ConsumeError::retryable_after(message, delay)
        }
        (
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT,
            _,
        ) => ConsumeError::retryable(message),
        _ => ConsumeError::permanent(message),
    };
    error.with_code(Code::from_http(reply.status.as_u16()))
}

fn delay(reply: &Reply) -> Option<Duration> {
    reply.retry_after().filter(|delay| !delay.is_zero())
}
