//! Requests for tests, made from the schema tables and a string of arbitrary bytes.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use proptest::prelude::*;
use prost::Message as _;

use crate::Signal;
use crate::wire::schema::{self, Field, Kind, Label, Message};
use crate::write::Writer;

/// A signal, and the protobuf bytes of a request of it. A few hold an unknown field, a group or bad text.
pub(crate) fn requests() -> impl Strategy<Value = (Signal, Vec<u8>)> {
    let signal = prop_oneof![Just(Signal::Traces), Just(Signal::Metrics), Just(Signal::Logs)];
    (signal, prop::collection::vec(any::<u8>(), 0..600)).prop_map(|(signal, bytes)| {
        let mut choices = Choices { bytes: &bytes, at: 0 };
        let mut writer = Writer::new();
        fill(schema::request(signal), 0, &mut choices, &mut writer);
        (signal, writer.into_bytes())
    })
}

/// `prost`'s reading of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reference {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

impl Reference {
    pub(crate) fn read(signal: Signal, bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        match signal {
            Signal::Traces => ExportTraceServiceRequest::decode(bytes).map(Self::Traces),
            Signal::Metrics => ExportMetricsServiceRequest::decode(bytes).map(Self::Metrics),
            Signal::Logs => ExportLogsServiceRequest::decode(bytes).map(Self::Logs),
        }
    }

    pub(crate) fn items(&self) -> usize {
        match self {
            Self::Traces(request) => {
                let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
                scopes.map(|scope| scope.spans.len()).sum()
            }
            Self::Metrics(request) => {
                let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
                scopes.flat_map(|scope| &scope.metrics).map(points).sum()
            }
            Self::Logs(request) => {
                let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum()
            }
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Traces(request) => request.encode_to_vec(),
            Self::Metrics(request) => request.encode_to_vec(),
            Self::Logs(request) => request.encode_to_vec(),
        }
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
    }
}

/// Arbitrary bytes as a series of choices; zeros when they run out, so that everything ends.
struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % limit
    }

    fn number(&mut self) -> u64 {
        let word = (0..8).fold(0, |word, _| word << 8 | self.below(256) as u64);
        // Small numbers, large ones, and those with the top bit set.
        match self.below(4) {
            0 => word & 0x7f,
            1 => word & 0xffff,
            2 => word | 1 << 63,
            _ => word,
        }
    }
}

fn fill(message: &'static Message, level: u32, choices: &mut Choices<'_>, out: &mut Writer) {
    let count = if level < 3 { 1 + choices.below(4) } else { choices.below(message.fields.len() + 2) };
    for position in 0..count {
        if level > 12 || choices.at > choices.bytes.len() {
            return;
        }
        match choices.below(40) {
            0 => out.text(20_000, "an unknown field"),
            1 => out.raw(b"\xfb\x01\x08\x01\xfb\x02\x15aaaa\xfc\x02\xfc\x01"),
            // Most programs write fields in order; some do not.
            2..20 => one(&message.fields[position % message.fields.len()], level, choices, out),
            _ => one(&message.fields[choices.below(message.fields.len())], level, choices, out),
        }
    }
}

fn one(field: &'static Field, level: u32, choices: &mut Choices<'_>, out: &mut Writer) {
    let number = field.number;
    match field.kind {
        Kind::Message(message) => out.message(number, |inner| fill(message, level + 1, choices, inner)),
        Kind::Text => match choices.below(30) {
            0 => out.bytes(number, b"not \xff UTF-8"),
            1 => out.text(number, &"long ".repeat(40)),
            2 => out.text(number, "\u{1}\"quoted\\\n\tand ünïcode 🦀\u{7f}"),
            size => out.text(number, &"abcdefghijklmnopqrstuvwxyzabcdefghij"[..size]),
        },
        Kind::Bytes => out.bytes(number, &choices.number().to_be_bytes()[..choices.below(9)]),
        Kind::TraceId => out.bytes(number, &[choices.below(256) as u8; 16][..16 * choices.below(2)]),
        Kind::SpanId => out.bytes(number, &[choices.below(256) as u8; 8][..8 * choices.below(2)]),
        Kind::Fixed32 => out.fixed32(number, choices.number() as u32),
        Kind::Double => out.double(number, [0.0, 5e-324, 1.5, -1e300, 0.1, 7.0][choices.below(6)]),
        Kind::Fixed64 | Kind::Sfixed64 if field.label == Label::Repeated && choices.below(2) == 0 => {
            out.bytes(number, &[7; 40][..8 * choices.below(6)]);
        }
        Kind::Fixed64 | Kind::Sfixed64 => out.fixed64(number, choices.number()),
        Kind::Uint64 if choices.below(2) == 0 => out.bytes(number, b"\x01\x80\x01\xff\xff\x03\x00"),
        Kind::Enum(_) => out.varint(number, choices.below(7) as u64),
        Kind::Bool => out.varint(number, choices.below(2) as u64),
        Kind::Int32 | Kind::Sint32 | Kind::Uint32 => {
            out.varint(number, i64::from(choices.number() as i32 & i32::MAX) as u64);
        }
        Kind::Int64 | Kind::Uint64 => out.varint(number, choices.number()),
    }
}
