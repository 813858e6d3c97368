//! Zipkin to OTLP and back, beside what serde, prost and the Thrift library make of the same bytes.
//!
//! A yardstick does what a program with these libraries would: it reads into structs, converts them, and writes.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use formats::zipkin::{DecodeOptions, EncodeOptions, json, proto, thrift};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use otlp::{Payload, Signal, Traces};
use prost::Message;
use serde::{Deserialize, Serialize};

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [256, 4096];

const OPTIONS: DecodeOptions = DecodeOptions { parse_string_tags: false };

#[divan::bench(args = SIZES)]
fn decode_json(bencher: Bencher<'_, '_>, count: usize) {
    let body = json_body(count);
    counted(bencher, &body, count).bench(|| json::decode(black_box(&body), OPTIONS));
}

#[divan::bench(args = SIZES)]
fn yardstick_serde_decoding_json(bencher: Bencher<'_, '_>, count: usize) {
    let body = json_body(count);
    counted(bencher, &body, count).bench(|| {
        let spans: Vec<JsonSpan> = serde_json::from_slice(black_box(&body)).expect("the body is JSON");
        to_otlp(spans.into_iter().map(Plain::from)).encode_to_vec()
    });
}

#[divan::bench(args = SIZES)]
fn decode_proto(bencher: Bencher<'_, '_>, count: usize) {
    let body = proto_body(count);
    counted(bencher, &body, count).bench(|| proto::decode(black_box(&body), OPTIONS));
}

#[divan::bench(args = SIZES)]
fn yardstick_prost_decoding_proto(bencher: Bencher<'_, '_>, count: usize) {
    let body = proto_body(count);
    counted(bencher, &body, count).bench(|| {
        let list = ListOfSpans::decode(black_box(body.as_slice())).expect("the body is protobuf");
        to_otlp(list.spans.into_iter().map(Plain::from)).encode_to_vec()
    });
}

#[divan::bench(args = SIZES)]
fn decode_thrift(bencher: Bencher<'_, '_>, count: usize) {
    let body = library::write(&plain_spans(count));
    counted(bencher, &body, count)
        .bench(|| thrift::decode_list(black_box(&body), thrift::Protocol::Binary, OPTIONS));
}

#[divan::bench(args = SIZES)]
fn yardstick_library_decoding_thrift(bencher: Bencher<'_, '_>, count: usize) {
    let body = library::write(&plain_spans(count));
    counted(bencher, &body, count).bench(|| {
        let spans = library::read(black_box(&body)).expect("the body is Thrift");
        to_otlp(spans.into_iter()).encode_to_vec()
    });
}

#[divan::bench(args = SIZES)]
fn encode_json(bencher: Bencher<'_, '_>, count: usize) {
    let request = Bytes::from(benches::traces(count).encode_to_vec());
    let mut out = json_body(count);
    counted(bencher, &out.clone(), count).bench_local(|| {
        out.clear();
        json::encode(&parsed(black_box(request.clone())), EncodeOptions::default(), &mut out)
    });
}

#[divan::bench(args = SIZES)]
fn yardstick_serde_encoding_json(bencher: Bencher<'_, '_>, count: usize) {
    let request = benches::traces(count).encode_to_vec();
    let mut out = json_body(count);
    counted(bencher, &out.clone(), count).bench_local(|| {
        out.clear();
        let request = ExportTraceServiceRequest::decode(black_box(request.as_slice()));
        let spans = from_otlp(request.expect("the generator makes requests"));
        let spans: Vec<JsonSpan> = spans.into_iter().map(JsonSpan::from).collect();
        serde_json::to_writer(&mut out, &spans)
    });
}

#[divan::bench(args = SIZES)]
fn encode_proto(bencher: Bencher<'_, '_>, count: usize) {
    let request = Bytes::from(benches::traces(count).encode_to_vec());
    let mut out = proto_body(count);
    counted(bencher, &out.clone(), count).bench_local(|| {
        out.clear();
        proto::encode(&parsed(black_box(request.clone())), EncodeOptions::default(), &mut out)
    });
}

#[divan::bench(args = SIZES)]
fn yardstick_prost_encoding_proto(bencher: Bencher<'_, '_>, count: usize) {
    let request = benches::traces(count).encode_to_vec();
    let mut out = proto_body(count);
    counted(bencher, &out.clone(), count).bench_local(|| {
        out.clear();
        let request = ExportTraceServiceRequest::decode(black_box(request.as_slice()));
        let spans = from_otlp(request.expect("the generator makes requests"));
        let spans = spans.into_iter().map(ProtoSpan::from).collect();
        ListOfSpans { spans }.encode(&mut out)
    });
}

fn parsed(request: Bytes) -> Traces {
    match Payload::parse(Signal::Traces, request).expect("the generator makes requests") {
        Payload::Traces(traces) => traces,
        Payload::Metrics(_) | Payload::Logs(_) => unreachable!("the signal was given"),
    }
}

fn json_body(count: usize) -> Vec<u8> {
    let traces = parsed(benches::traces(count).encode_to_vec().into());
    let mut out = Vec::new();
    json::encode(&traces, EncodeOptions::default(), &mut out);
    out
}

fn proto_body(count: usize) -> Vec<u8> {
    let traces = parsed(benches::traces(count).encode_to_vec().into());
    let mut out = Vec::new();
    proto::encode(&traces, EncodeOptions::default(), &mut out);
    out
}

fn plain_spans(count: usize) -> Vec<Plain> {
    from_otlp(benches::traces(count))
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &[u8], items: usize) -> Bencher<'a, 'b> {
    bencher.counter(BytesCount::of_slice(bytes)).counter(ItemsCount::new(items))
}

/// What all forms have in common.
struct Plain {
    trace_id: Vec<u8>,
    id: Vec<u8>,
    parent_id: Vec<u8>,
    name: String,
    kind: i32,
    timestamp: u64,
    duration: u64,
    service_name: String,
    annotations: Vec<(u64, String)>,
    tags: Vec<(String, String)>,
}

fn to_otlp(spans: impl Iterator<Item = Plain>) -> ExportTraceServiceRequest {
    let mut services: HashMap<String, Vec<Span>> = HashMap::new();
    for mut plain in spans {
        let service = std::mem::take(&mut plain.service_name);
        services.entry(service).or_default().push(otlp_span(plain));
    }
    let resource_spans = services.into_iter().map(|(service, spans)| ResourceSpans {
        resource: Some(Resource {
            attributes: vec![text("service.name".to_owned(), service)],
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

fn otlp_span(plain: Plain) -> Span {
    let is_error = plain.tags.iter().any(|(key, _)| key == "error");
    let start = plain.timestamp * 1000;
    let events = plain.annotations.into_iter().map(|(time, name)| span::Event {
        time_unix_nano: time * 1000,
        name,
        ..span::Event::default()
    });
    Span {
        trace_id: plain.trace_id,
        span_id: plain.id,
        parent_span_id: plain.parent_id,
        name: plain.name,
        kind: plain.kind,
        start_time_unix_nano: start,
        end_time_unix_nano: start + plain.duration * 1000,
        attributes: plain.tags.into_iter().map(|(key, value)| text(key, value)).collect(),
        events: events.collect(),
        status: is_error.then(|| Status { code: 2, ..Status::default() }),
        ..Span::default()
    }
}

fn text(key: String, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value)) });
    KeyValue { key, value, ..KeyValue::default() }
}

fn from_otlp(request: ExportTraceServiceRequest) -> Vec<Plain> {
    let mut out = Vec::new();
    for group in request.resource_spans {
        let mut tags: Vec<_> = group.resource.unwrap_or_default().attributes.into_iter().map(tag).collect();
        let named = tags.iter().position(|(key, _)| key == "service.name");
        let service_name = named.map(|position| tags.remove(position).1).unwrap_or_default();
        for scope in group.scope_spans {
            out.extend(scope.spans.into_iter().map(|span| plain(span, &service_name, &tags)));
        }
    }
    out
}

fn plain(span: Span, service_name: &str, tags: &[(String, String)]) -> Plain {
    let mut tags = tags.to_vec();
    tags.extend(span.attributes.into_iter().map(tag));
    if span.status.is_some_and(|status| status.code == 2) {
        tags.push(("error".to_owned(), "true".to_owned()));
    }
    let annotations = span.events.into_iter().map(|event| (event.time_unix_nano / 1000, event.name));
    Plain {
        trace_id: span.trace_id,
        id: span.span_id,
        parent_id: span.parent_span_id,
        name: span.name,
        kind: span.kind,
        timestamp: span.start_time_unix_nano / 1000,
        duration: (span.end_time_unix_nano - span.start_time_unix_nano) / 1000,
        service_name: service_name.to_owned(),
        annotations: annotations.collect(),
        tags,
    }
}

fn tag(attribute: KeyValue) -> (String, String) {
    let value = match attribute.value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        _ => String::new(),
    };
    (attribute.key, value)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan {
    #[serde(default)]
    timestamp: u64,
    #[serde(default)]
    duration: u64,
    trace_id: String,
    id: String,
    #[serde(default)]
    parent_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    local_endpoint: Option<JsonEndpoint>,
    remote_endpoint: Option<JsonEndpoint>,
    #[serde(default)]
    annotations: Vec<JsonAnnotation>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonEndpoint {
    service_name: String,
    ipv4: String,
    ipv6: String,
    port: u16,
}

#[derive(Serialize, Deserialize)]
struct JsonAnnotation {
    timestamp: u64,
    value: String,
}

const KINDS: [&str; 6] = ["", "", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

impl From<JsonSpan> for Plain {
    fn from(span: JsonSpan) -> Self {
        let annotations = span.annotations.into_iter();
        Self {
            trace_id: from_hex(&span.trace_id),
            id: from_hex(&span.id),
            parent_id: from_hex(&span.parent_id),
            name: span.name,
            kind: KINDS.iter().position(|kind| *kind == span.kind).unwrap_or(0) as i32,
            timestamp: span.timestamp,
            duration: span.duration,
            service_name: span.local_endpoint.map(|endpoint| endpoint.service_name).unwrap_or_default(),
            annotations: annotations.map(|annotation| (annotation.timestamp, annotation.value)).collect(),
            tags: span.tags.into_iter().collect(),
        }
    }
}

impl From<Plain> for JsonSpan {
    fn from(plain: Plain) -> Self {
        let annotations = plain.annotations.into_iter();
        Self {
            timestamp: plain.timestamp,
            duration: plain.duration,
            trace_id: to_hex(&plain.trace_id),
            id: to_hex(&plain.id),
            parent_id: to_hex(&plain.parent_id),
            name: plain.name,
            kind: KINDS[plain.kind as usize].to_owned(),
            local_endpoint: Some(JsonEndpoint {
                service_name: plain.service_name,
                ..JsonEndpoint::default()
            }),
            remote_endpoint: None,
            annotations: annotations.map(|(timestamp, value)| JsonAnnotation { timestamp, value }).collect(),
            tags: plain.tags.into_iter().collect(),
        }
    }
}

fn from_hex(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    digits.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[derive(Clone, PartialEq, Message)]
struct ListOfSpans {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<ProtoSpan>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    parent_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    id: Vec<u8>,
    #[prost(int32, tag = "4")]
    kind: i32,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "6")]
    timestamp: u64,
    #[prost(uint64, tag = "7")]
    duration: u64,
    #[prost(message, optional, tag = "8")]
    local_endpoint: Option<ProtoEndpoint>,
    #[prost(message, optional, tag = "9")]
    remote_endpoint: Option<ProtoEndpoint>,
    #[prost(message, repeated, tag = "10")]
    annotations: Vec<ProtoAnnotation>,
    #[prost(btree_map = "string, string", tag = "11")]
    tags: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoEndpoint {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(bytes = "vec", tag = "2")]
    ipv4: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    ipv6: Vec<u8>,
    #[prost(int32, tag = "4")]
    port: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoAnnotation {
    #[prost(fixed64, tag = "1")]
    timestamp: u64,
    #[prost(string, tag = "2")]
    value: String,
}

/// The numbers of the kinds in OTLP, by those in Zipkin, which are the other way round as well.
const NUMBERS: [i32; 6] = [0, 3, 2, 4, 5, 0];

impl From<ProtoSpan> for Plain {
    fn from(span: ProtoSpan) -> Self {
        let annotations = span.annotations.into_iter();
        Self {
            trace_id: span.trace_id,
            id: span.id,
            parent_id: span.parent_id,
            name: span.name,
            kind: NUMBERS[span.kind as usize],
            timestamp: span.timestamp,
            duration: span.duration,
            service_name: span.local_endpoint.map(|endpoint| endpoint.service_name).unwrap_or_default(),
            annotations: annotations.map(|annotation| (annotation.timestamp, annotation.value)).collect(),
            tags: span.tags.into_iter().collect(),
        }
    }
}

impl From<Plain> for ProtoSpan {
    fn from(plain: Plain) -> Self {
        let annotations = plain.annotations.into_iter();
        let kind = NUMBERS.iter().position(|number| *number == plain.kind).unwrap_or(0);
        Self {
            trace_id: plain.trace_id,
            parent_id: plain.parent_id,
            id: plain.id,
            kind: kind as i32,
            name: plain.name,
            timestamp: plain.timestamp,
            duration: plain.duration,
            local_endpoint: Some(ProtoEndpoint { service_name: plain.service_name, ..Default::default() }),
            remote_endpoint: None,
            annotations: annotations.map(|(timestamp, value)| ProtoAnnotation { timestamp, value }).collect(),
            tags: plain.tags.into_iter().collect(),
        }
    }
}

/// Version 1 by the Thrift library.
mod library {
    use ::thrift::protocol::{
        TBinaryInputProtocol, TBinaryOutputProtocol, TFieldIdentifier, TInputProtocol, TListIdentifier,
        TOutputProtocol, TStructIdentifier, TType,
    };

    use super::Plain;

    pub(crate) fn write(spans: &[Plain]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut out = TBinaryOutputProtocol::new(&mut bytes, true);
        out.write_list_begin(&TListIdentifier::new(TType::Struct, spans.len() as i32)).expect("memory");
        spans.iter().for_each(|span| write_span(&mut out, span).expect("writing to memory does not fail"));
        bytes
    }

    fn write_span(out: &mut impl TOutputProtocol, span: &Plain) -> ::thrift::Result<()> {
        out.write_struct_begin(&TStructIdentifier::new("Span"))?;
        write_number(out, 1, number(&span.trace_id[8..]))?;
        write_text(out, 3, span.name.as_bytes())?;
        write_number(out, 4, number(&span.id))?;
        write_number(out, 5, number(&span.parent_id))?;
        write_list(out, 6, 2 + span.annotations.len())?;
        let (start, end) = (span.timestamp, span.timestamp + span.duration);
        write_annotation(out, start, "sr", &span.service_name)?;
        for (time, value) in &span.annotations {
            write_annotation(out, *time, value, &span.service_name)?;
        }
        write_annotation(out, end, "ss", &span.service_name)?;
        write_list(out, 8, span.tags.len())?;
        for (key, value) in &span.tags {
            write_text(out, 1, key.as_bytes())?;
            write_text(out, 2, value.as_bytes())?;
            out.write_field_begin(&TFieldIdentifier::new("annotation_type", TType::I32, 3))?;
            out.write_i32(6)?;
            out.write_field_stop()?;
        }
        write_number(out, 10, span.timestamp as i64)?;
        write_number(out, 11, span.duration as i64)?;
        write_number(out, 12, number(&span.trace_id[..8]))?;
        out.write_field_stop()?;
        out.write_struct_end()
    }

    fn write_annotation(
        out: &mut impl TOutputProtocol,
        time: u64,
        value: &str,
        service_name: &str,
    ) -> ::thrift::Result<()> {
        write_number(out, 1, time as i64)?;
        write_text(out, 2, value.as_bytes())?;
        out.write_field_begin(&TFieldIdentifier::new("host", TType::Struct, 3))?;
        write_text(out, 3, service_name.as_bytes())?;
        out.write_field_stop()?;
        out.write_field_stop()
    }

    fn number(id: &[u8]) -> i64 {
        id.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
    }

    fn write_number(out: &mut impl TOutputProtocol, id: i16, number: i64) -> ::thrift::Result<()> {
        out.write_field_begin(&TFieldIdentifier::new("number", TType::I64, id))?;
        out.write_i64(number)
    }

    fn write_text(out: &mut impl TOutputProtocol, id: i16, text: &[u8]) -> ::thrift::Result<()> {
        out.write_field_begin(&TFieldIdentifier::new("text", TType::String, id))?;
        out.write_bytes(text)
    }

    fn write_list(out: &mut impl TOutputProtocol, id: i16, length: usize) -> ::thrift::Result<()> {
        out.write_field_begin(&TFieldIdentifier::new("list", TType::List, id))?;
        out.write_list_begin(&TListIdentifier::new(TType::Struct, length as i32))
    }

    pub(crate) fn read(body: &[u8]) -> ::thrift::Result<Vec<Plain>> {
        let mut input = TBinaryInputProtocol::new(body, true);
        let count = input.read_list_begin()?.size;
        (0..count).map(|_| read_span(&mut input)).collect()
    }

    fn read_span(input: &mut impl TInputProtocol) -> ::thrift::Result<Plain> {
        let (mut low, mut high, mut id, mut parent) = (0, 0, 0, 0);
        let (mut name, mut service_name) = (String::new(), String::new());
        let (mut timestamp, mut duration) = (0, 0);
        let (mut annotations, mut tags) = (Vec::new(), Vec::new());
        fields(input, |input, field| {
            match field {
                1 => low = input.read_i64()?,
                3 => name = input.read_string()?,
                4 => id = input.read_i64()?,
                5 => parent = input.read_i64()?,
                6 => {
                    for _ in 0..input.read_list_begin()?.size {
                        annotations.push(read_annotation(input, &mut service_name)?);
                    }
                }
                8 => {
                    for _ in 0..input.read_list_begin()?.size {
                        tags.push(read_tag(input)?);
                    }
                }
                10 => timestamp = input.read_i64()? as u64,
                11 => duration = input.read_i64()? as u64,
                12 => high = input.read_i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        annotations.retain(|(_, value)| value != "sr" && value != "ss");
        let trace_id = [high.to_be_bytes(), low.to_be_bytes()].concat();
        let (id, parent_id) = (id.to_be_bytes().to_vec(), parent.to_be_bytes().to_vec());
        Ok(Plain {
            trace_id,
            id,
            parent_id,
            name,
            kind: 2,
            timestamp,
            duration,
            service_name,
            annotations,
            tags,
        })
    }

    fn read_annotation(
        input: &mut impl TInputProtocol,
        service_name: &mut String,
    ) -> ::thrift::Result<(u64, String)> {
        let (mut time, mut value) = (0, String::new());
        fields(input, |input, field| {
            match field {
                1 => time = input.read_i64()? as u64,
                2 => value = input.read_string()?,
                3 => fields(input, |input, field| {
                    if field == 3 {
                        *service_name = input.read_string()?;
                    }
                    Ok(field == 3)
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok((time, value))
    }

    fn read_tag(input: &mut impl TInputProtocol) -> ::thrift::Result<(String, String)> {
        let (mut key, mut value) = (String::new(), String::new());
        fields(input, |input, field| {
            match field {
                1 => key = input.read_string()?,
                2 => value = input.read_string()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok((key, value))
    }

    /// Gives `read` the ids of the fields of a struct; it says whether it took the value.
    fn fields<I: TInputProtocol>(
        input: &mut I,
        mut read: impl FnMut(&mut I, i16) -> ::thrift::Result<bool>,
    ) -> ::thrift::Result<()> {
        input.read_struct_begin()?;
        loop {
            let field = input.read_field_begin()?;
            if field.field_type == TType::Stop {
                return input.read_struct_end();
            }
            if !read(input, field.id.unwrap_or_default())? {
                input.skip(field.field_type)?;
            }
            input.read_field_end()?;
        }
    }
}
