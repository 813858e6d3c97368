//! The requests that are sent: made once, as bytes.

use std::io::Write as _;

use bytes::Bytes;
use clap::ValueEnum;
use flate2::Compression;
use flate2::write::GzEncoder;
use formats::jaeger;
use formats::zipkin::{self, EncodeOptions};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use otlp::{Payload, Signal, Traces};
use prost::Message;

/// Different spans before the first comes again: about 11 MB, more than caches hold.
const POOL_SPANS: usize = 32_768;

/// Spans of one instrumentation scope.
const SCOPE_SPANS: usize = 256;

/// 2026-01-01, in nanoseconds.
const START: u64 = 1_767_225_600_000_000_000;

/// The method of OTLP/gRPC for traces.
pub(crate) const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The method of Jaeger.
pub(crate) const JAEGER_PATH: &str = "/jaeger.api_v2.CollectorService/PostSpans";

/// The path of OTLP/HTTP for traces.
pub(crate) const HTTP_PATH: &str = "/v1/traces";

/// The path of version 2 of Zipkin.
pub(crate) const ZIPKIN_PATH: &str = "/api/v2/spans";

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    Grpc,
    Http,
    /// Version 2, as JSON.
    Zipkin,
    /// Spans come as Jaeger's and go on as OTLP.
    JaegerGrpc,
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Protocol::Grpc => "grpc",
            Protocol::Http => "http",
            Protocol::Zipkin => "zipkin",
            Protocol::JaegerGrpc => "jaeger-grpc",
        }
    }

    /// The form of OTLP in which spans leave the collector, and with which the cost is compared.
    pub(crate) fn otlp(self) -> Protocol {
        match self {
            Protocol::Grpc | Protocol::Zipkin | Protocol::JaegerGrpc => Protocol::Grpc,
            Protocol::Http => Protocol::Http,
        }
    }
}

/// What a request looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) protocol: Protocol,
    pub(crate) spans: usize,
    pub(crate) gzip: bool,
}

/// Bodies to send in turn; those of gRPC with the prefix of their frame.
pub(crate) fn pool(shape: Shape) -> Vec<Bytes> {
    let count = (POOL_SPANS / shape.spans).clamp(1, 4096);
    (0..count).map(|number| body(shape, number * shape.spans)).collect()
}

fn body(shape: Shape, first: usize) -> Bytes {
    let otlp = request(first, shape.spans).encode_to_vec();
    let encoded = match shape.protocol {
        Protocol::Grpc | Protocol::Http => otlp,
        Protocol::Zipkin => zipkin(otlp),
        Protocol::JaegerGrpc => jaeger(otlp),
    };
    let message = if shape.gzip { gzip(&encoded) } else { encoded };
    match shape.protocol {
        Protocol::Http | Protocol::Zipkin => message.into(),
        Protocol::Grpc | Protocol::JaegerGrpc => {
            let length = u32::try_from(message.len()).expect("requests are small");
            let mut framed = vec![u8::from(shape.gzip)];
            framed.extend(length.to_be_bytes());
            framed.extend(message);
            framed.into()
        }
    }
}

/// The same spans as an array of JSON.
fn zipkin(otlp: Vec<u8>) -> Vec<u8> {
    let mut text = Vec::new();
    zipkin::json::encode(&traces(otlp), EncodeOptions::default(), &mut text);
    text
}

/// The same spans as a `PostSpansRequest`: the pool's requests have one resource each.
fn jaeger(otlp: Vec<u8>) -> Vec<u8> {
    jaeger::encode(&traces(otlp), usize::MAX).next().expect("it has spans").body
}

fn traces(otlp: Vec<u8>) -> Traces {
    match Payload::parse(Signal::Traces, otlp.into()) {
        Ok(Payload::Traces(traces)) => traces,
        _ => unreachable!("prost has written a request of traces"),
    }
}

/// Level 1, as the best clients use it.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(1));
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.expect("a Vec takes everything")
}

fn request(first: usize, count: usize) -> ExportTraceServiceRequest {
    let scope_spans = (first..first + count).step_by(SCOPE_SPANS).map(|start| ScopeSpans {
        scope: Some(InstrumentationScope {
            name: "io.opentelemetry.tomcat-10.0".to_owned(),
            version: "2.11.0".to_owned(),
            ..InstrumentationScope::default()
        }),
        spans: (start..(start + SCOPE_SPANS).min(first + count)).map(a_span).collect(),
        ..ScopeSpans::default()
    });
    let resource_spans = ResourceSpans {
        resource: Some(resource()),
        scope_spans: scope_spans.collect(),
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

fn resource() -> Resource {
    let attributes = vec![
        text("service.name", "checkout"),
        text("service.version", "1.42.0"),
        text("host.name", "ip-10-2-33-171.eu-west-1.compute.internal"),
        text("telemetry.sdk.language", "java"),
    ];
    Resource { attributes, ..Resource::default() }
}

/// A span as web shops make them: ten attributes, about 330 bytes.
fn a_span(number: usize) -> Span {
    let start = START + number as u64 * 1_000_003;
    Span {
        trace_id: random(number / 8, 1).to_be_bytes().to_vec(),
        span_id: (random(number, 3) as u64).to_be_bytes().to_vec(),
        parent_span_id: (random(number, 5) as u64).to_be_bytes().to_vec(),
        name: ["GET /api/orders/{id}", "POST /api/orders", "SELECT shop.orders"][number % 3].to_owned(),
        kind: span::SpanKind::Server.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1_234_567,
        attributes: attributes(number),
        status: number.is_multiple_of(7).then(|| Status { code: 2, ..Status::default() }),
        flags: 0x101,
        ..Span::default()
    }
}

fn attributes(number: usize) -> Vec<KeyValue> {
    let random = random(number, 7);
    vec![
        text("http.method", ["GET", "POST", "PUT"][number % 3]),
        text("http.route", "/api/orders/{id}"),
        text("http.target", &format!("/api/orders/{}", random % 1_000_000)),
        attribute("http.status_code", Value::IntValue([200, 404, 503][number % 3])),
        text("net.peer.ip", &format!("10.2.{}.{}", random % 256, random / 256 % 256)),
        text("user.id", &format!("u-{}", random % 100_000)),
        text("db.system", "mysql"),
        attribute("cache.hit", Value::BoolValue(number.is_multiple_of(2))),
        attribute("cart.items", Value::IntValue(number as i64 % 40)),
        attribute("cart.total", Value::DoubleValue(number as f64 * 1.37 + 0.1)),
    ]
}

/// Looks random, is not.
fn random(number: usize, salt: u128) -> u128 {
    let mixed =
        (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).wrapping_mul(salt);
    mixed ^ mixed >> 61
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

#[cfg(test)]
mod tests;
