//! What a server says of a request that it took in part.
//!
//! The request counts as delivered and is not sent again (OTLP specification, "Partial success"); what was rejected
//! is booked as dropped.

use component::Context;
use otlp::Signal;
use prost::Message;
use tracing::warn;

/// The answer to an export request; its fields are the same for all signals.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    /// Bytes rather than a string: it need not be UTF-8 to be shown.
    #[prost(bytes = "vec", tag = "2")]
    error_message: Vec<u8>,
}

/// Logs and books a partial success; an answer that cannot be read says nothing.
pub(crate) fn note(cx: &Context, signal: Signal, response: &[u8]) {
    if let Ok(ExportResponse { partial_success: Some(partial) }) = ExportResponse::decode(response) {
        report(cx, signal, partial.rejected, &String::from_utf8_lossy(&partial.error_message));
    }
}

/// The same, from a JSON answer.
pub(crate) fn note_json(cx: &Context, signal: Signal, response: &[u8]) {
    let Ok(response) = serde_json::from_slice::<serde_json::Value>(response) else { return };
    let partial = &response["partialSuccess"];
    let rejected = match signal {
        Signal::Traces => &partial["rejectedSpans"],
        Signal::Metrics => &partial["rejectedDataPoints"],
        Signal::Logs => &partial["rejectedLogRecords"],
    };
    let number = rejected.as_i64().or_else(|| rejected.as_str()?.parse().ok());
    report(cx, signal, number.unwrap_or(0), partial["errorMessage"].as_str().unwrap_or_default());
}

fn report(cx: &Context, signal: Signal, rejected: i64, message: &str) {
    if rejected == 0 && message.is_empty() {
        return;
    }
    warn!(component = %cx.id, %signal, message, dropped = rejected, "Partial success response");
    cx.rejected(signal, usize::try_from(rejected).unwrap_or(0));
}
