//! One batch, once; what the server answers decides whether sending it again can help.

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, Code, ConsumeError, Consumer, Context};
use formats::zipkin::{EncodeOptions, Refused, json, proto};
use http::{StatusCode, Uri};
use otlp::{Payload, Signal, Traces};
use tracing::warn;
use transport::http::{Client, Fault, Reply};

use super::config::{Format, Own};

/// How much of a server's words is shown.
const SHOWN_BYTES: usize = 200;

/// Posts each batch.
pub(super) struct Posts {
    client: Client,
    url: Uri,
    own: Own,
    cx: Context,
}

/// A batch as Zipkin has it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    pub(super) refused: Refused,
}

impl Posts {
    pub(super) fn new(client: Client, url: Uri, own: Own, cx: Context) -> Posts {
        Posts { client, url, own, cx }
    }

    /// Books the spans that the others went without.
    fn note_refused(&self, refused: &Refused) {
        let Some(first) = refused.list.first() else { return };
        let dropped = refused.total;
        warn!(component = %self.cx.id, dropped, first = %first, "spans that Zipkin cannot hold were left out");
        self.cx.left_out(Signal::Traces, dropped, "Zipkin cannot hold it");
    }
}

#[async_trait]
impl Consumer for Posts {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let Payload::Traces(traces) = &batch.payload else {
            return Err(ConsumeError::permanent("Zipkin takes spans only"));
        };
        let Written { content_type, body, refused } = write(&self.own, traces)?;
        match self.client.post(&self.url, content_type, vec![body], &batch.origin).await {
            Ok(reply) if reply.status.is_success() => {
                self.note_refused(&refused);
                Ok(())
            }
            Ok(reply) => Err(verdict(&reply)),
            Err(Fault::Unsendable(why)) => Err(ConsumeError::permanent(why)),
            Err(Fault::Unreachable(why)) => Err(ConsumeError::retryable(why).with_code(Code::Unavailable)),
            Err(Fault::Timeout(why)) => Err(ConsumeError::retryable(why).with_code(Code::DeadlineExceeded)),
        }
    }
}

/// Translates a batch; an error when there is not one span in it that Zipkin can hold.
pub(super) fn write(own: &Own, traces: &Traces) -> Result<Written, ConsumeError> {
    let options = EncodeOptions { default_service_name: &own.default_service_name };
    let mut body = Vec::new();
    let (content_type, encoded) = match own.format {
        Format::Json => ("application/json", json::encode(traces, options, &mut body)),
        Format::Proto => ("application/x-protobuf", proto::encode(traces, options, &mut body)),
    };
    match encoded.refused.list.first() {
        Some(first) if encoded.spans == 0 => {
            Err(ConsumeError::permanent(format!("no span that Zipkin can hold: {first}")))
        }
        _ => Ok(Written { content_type, body: body.into(), refused: encoded.refused }),
    }
}

/// As the Go Collector, what is not taken is sent again, since servers and proxies answer almost anything while they
/// start or are set up. Not so what is said of the body itself: it will be the same next time.
pub(super) fn verdict(reply: &Reply) -> ConsumeError {
    let status = reply.status;
    let mut message = format!("failed the request with status code {}", status.as_u16());
    let shown = String::from_utf8_lossy(&reply.body[..reply.body.len().min(SHOWN_BYTES)]);
    if !shown.trim().is_empty() {
        message.push_str(&format!(": {}", shown.trim()));
    }
    let error = match (status, reply.retry_after().filter(|delay| !delay.is_zero())) {
        (
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY,
            _,
        ) => ConsumeError::permanent(message),
        (_, Some(delay)) => ConsumeError::retryable_after(message, delay),
        (_, None) => ConsumeError::retryable(message),
    };
    error.with_code(Code::from_http(status.as_u16()))
}
