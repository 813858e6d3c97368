//! The four forms of a request: which one it is, and how it is read.

use formats::zipkin::{DecodeOptions, Decoded, Malformed, json, json_v1, proto, thrift};
use http::header::CONTENT_TYPE;
use http::request::Parts;

/// How the spans of a request are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    JsonV1,
    ThriftV1,
    JsonV2,
    ProtobufV2,
}

/// Why a request is of no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Path,
    ContentType,
}

impl Form {
    /// By the path, which may stand behind a prefix, and the content type. As in the Go Collector, what names no form
    /// of its own is JSON: browsers and old clients send it as plain text, or without a word.
    pub(super) fn of(head: &Parts) -> Result<Form, Unknown> {
        let path = head.uri.path().trim_end_matches('/');
        let is_thrift = has_type(head, &["application/x-thrift", "application/vnd.apache.thrift.binary"]);
        let is_protobuf = has_type(head, &["application/x-protobuf", "application/protobuf"]);
        if path.ends_with("/api/v1/spans") {
            return match (is_thrift, is_protobuf) {
                (true, _) => Ok(Form::ThriftV1),
                (false, true) => Err(Unknown::ContentType),
                (false, false) => Ok(Form::JsonV1),
            };
        }
        if path.ends_with("/api/v2/spans") {
            return match (is_protobuf, is_thrift) {
                (true, _) => Ok(Form::ProtobufV2),
                (false, true) => Err(Unknown::ContentType),
                (false, false) => Ok(Form::JsonV2),
            };
        }
        Err(Unknown::Path)
    }

    /// The word for it in the labels of metrics.
    pub(super) fn transport(self) -> &'static str {
        match self {
            Form::JsonV1 => "http_v1_json",
            Form::ThriftV1 => "http_v1_thrift",
            Form::JsonV2 => "http_v2_json",
            Form::ProtobufV2 => "http_v2_proto",
        }
    }

    pub(super) fn decode(self, body: &[u8], options: DecodeOptions) -> Result<Decoded, Malformed> {
        match self {
            Form::JsonV1 => json_v1::decode(body, options),
            Form::ThriftV1 => thrift::decode_list(body, thrift::Protocol::Binary, options),
            Form::JsonV2 => json::decode(body, options),
            Form::ProtobufV2 => proto::decode(body, options),
        }
    }
}

/// Whether the content type is one of `names`; its parameters do not matter.
fn has_type(head: &Parts, names: &[&str]) -> bool {
    let value = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or(value).trim();
    names.iter().any(|name| media_type.eq_ignore_ascii_case(name))
}
