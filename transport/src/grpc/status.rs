//! How a call ended, on the wire and off it.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use component::Code;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use prost::Message as _;

use crate::percent;

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Written without padding, read with or without (gRPC over HTTP/2, "Binary-Header").
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longer messages are cut: clients bound their headers, and one that does not fit costs the whole answer.
const MAX_MESSAGE: usize = 4 << 10;

/// Larger details are left out, for the same reason.
const MAX_DETAILS: usize = 8 << 10;

/// How a call ended, when it did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What kind of failure.
    pub code: Code,
    /// For a person.
    pub message: String,
    /// An encoded `google.rpc.Status` with more about it; may be empty.
    pub details: Bytes,
}

impl Status {
    /// A status without details.
    #[must_use]
    pub fn new(code: Code, message: impl fmt::Display) -> Status {
        Status { code, message: message.to_string(), details: Bytes::new() }
    }

    /// The same, telling the client when to try again (`google.rpc.RetryInfo`).
    #[must_use]
    pub fn with_retry_delay(mut self, delay: Duration) -> Status {
        let seconds = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX);
        let nanos = i32::try_from(delay.subsec_nanos()).unwrap_or(0);
        let info = RetryInfo { retry_delay: Some(Span { seconds, nanos }) };
        let mut status = self.as_message();
        status.details.push(Any { type_url: RETRY_INFO.to_owned(), value: info.encode_to_vec() });
        self.details = status.encode_to_vec().into();
        self
    }

    /// When the other side asked to be tried again.
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        let status = RpcStatus::decode(&self.details[..]).ok()?;
        let info = status.details.iter().find(|any| any.type_url.ends_with("/google.rpc.RetryInfo"))?;
        let delay = RetryInfo::decode(&info.value[..]).ok()?.retry_delay.unwrap_or_default();
        Some(Duration::new(
            u64::try_from(delay.seconds).ok()?,
            u32::try_from(delay.nanos).ok()?.min(999_999_999),
        ))
    }

    /// As a `google.rpc.Status`, which is the body of an OTLP/HTTP error too.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        self.as_message().encode_to_vec().into()
    }

    /// Reads a `google.rpc.Status`.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Status> {
        let status = RpcStatus::decode(bytes).ok()?;
        let code = Code::from_number(u32::try_from(status.code).unwrap_or(u32::MAX));
        let details = if status.details.is_empty() { Bytes::new() } else { Bytes::copy_from_slice(bytes) };
        Some(Status { code, message: status.message, details })
    }

    /// Writes it as trailers.
    pub(super) fn write_to(&self, headers: &mut HeaderMap) {
        headers.insert(GRPC_STATUS, HeaderValue::from(self.code.number()));
        let message = &self.message[..self.message.floor_char_boundary(MAX_MESSAGE)];
        if let Ok(value) = HeaderValue::try_from(percent::encode(message))
            && !message.is_empty()
        {
            headers.insert(GRPC_MESSAGE, value);
        }
        if self.details.is_empty() || self.details.len() > MAX_DETAILS {
            return;
        }
        if let Ok(value) = HeaderValue::try_from(BASE64.encode(&self.details)) {
            headers.insert(GRPC_DETAILS, value);
        }
    }

    /// Reads it from trailers: `None` when they have no status, `Ok` when all went well.
    pub(super) fn read_from(headers: &HeaderMap) -> Option<Result<(), Status>> {
        let number = headers.get(GRPC_STATUS)?.to_str().ok().and_then(|text| text.parse().ok());
        let code = number.map_or(Code::Unknown, Code::from_number);
        if code == Code::Ok {
            return Some(Ok(()));
        }
        let message = headers.get(GRPC_MESSAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let details = headers.get(GRPC_DETAILS).and_then(|value| BASE64.decode(value.as_bytes()).ok());
        let message = String::from_utf8_lossy(&percent::decode(message)).into_owned();
        Some(Err(Status { code, message, details: details.unwrap_or_default().into() }))
    }

    /// What an HTTP answer without a gRPC status means ("HTTP to gRPC Status Code Mapping").
    pub(super) fn from_http(status: StatusCode) -> Status {
        let code = match status.as_u16() {
            400 | 431 => Code::Internal,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::Unimplemented,
            429 | 502..=504 => Code::Unavailable,
            _ => Code::Unknown,
        };
        Status::new(code, format_args!("the server answered HTTP {status} without a gRPC status"))
    }

    fn as_message(&self) -> RpcStatus {
        let code = i32::try_from(self.code.number()).unwrap_or_default();
        let known = RpcStatus::decode(&self.details[..]).unwrap_or_default();
        RpcStatus { code, message: self.message.clone(), details: known.details }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Status {}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Span>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, prost::Message)]
struct Span {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}
