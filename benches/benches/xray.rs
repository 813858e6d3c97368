//! OTLP to segment documents of AWS X-Ray, beside a program that builds the same documents as trees of values.

use std::hint::black_box;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use formats::xray::{Documents, Options};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use otlp::{Payload, Signal};
use prost::Message;
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [256, 4096];
const CLIENT: i32 = 3;
const SERVER: i32 = 2;

#[divan::bench(args = SIZES)]
fn documents(bencher: Bencher<'_, '_>, count: usize) {
    let request = request(count);
    let options = Options::default();
    counted(bencher, &request, count).bench(|| {
        let payload = Payload::parse(Signal::Traces, black_box(request.clone()));
        let payload = payload.expect("the generator makes requests");
        let traces = payload.as_traces().expect("they are spans");
        Documents::new(traces, &options).map(|document| document.text.len()).sum::<usize>()
    });
}

#[divan::bench(args = SIZES)]
fn yardstick_serde_values(bencher: Bencher<'_, '_>, count: usize) {
    let request = request(count);
    counted(bencher, &request, count).bench(|| {
        let request = ExportTraceServiceRequest::decode(black_box(request.clone()));
        let request = request.expect("the generator makes requests");
        let mut bytes = 0;
        for group in request.resource_spans {
            let resource = group.resource.unwrap_or_default();
            for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                bytes += tree(&resource, span).to_string().len();
            }
        }
        bytes
    });
}

fn request(count: usize) -> Bytes {
    Bytes::from(benches::traces(count).encode_to_vec())
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, request: &Bytes, count: usize) -> Bencher<'a, 'b> {
    bencher.counter(ItemsCount::new(count)).counter(BytesCount::new(request.len()))
}

/// The document as a tree, with a map of attributes from which each step takes what is its own.
fn tree(resource: &Resource, span: Span) -> Value {
    let mut attributes: Map<String, Value> = span.attributes.into_iter().map(pair).collect();
    let of_resource: Map<String, Value> = resource.attributes.iter().cloned().map(pair).collect();
    let trace_id = hex(&span.trace_id);
    let http = http(&mut attributes, span.kind);
    let mut document = json!({
        "name": if span.kind == SERVER { of_resource.get("service.name").cloned() } else { None }
            .unwrap_or_else(|| span.name.into()),
        "id": hex(&span.span_id),
        "start_time": span.start_time_unix_nano as f64 / 1e9,
        "end_time": span.end_time_unix_nano as f64 / 1e9,
        "trace_id": format!("1-{}-{}", &trace_id[..8], &trace_id[8..]),
        "fault": span.status.is_some_and(|status| status.code == 2),
        "error": false,
        "throttle": false,
        "aws": { "xray": { "auto_instrumentation": false,
            "sdk_version": of_resource.get("telemetry.sdk.version"),
            "sdk": of_resource.get("telemetry.sdk.name") } },
    });
    if let Some(version) = of_resource.get("service.version") {
        document["service"] = json!({ "version": version });
    }
    if let Some(http) = http {
        document["http"] = http;
    }
    if span.kind == CLIENT {
        document["namespace"] = "remote".into();
    }
    if !span.parent_span_id.is_empty() {
        document["parent_id"] = hex(&span.parent_span_id).into();
        if span.kind != SERVER {
            document["type"] = "subsegment".into();
        }
    }
    if span.kind == SERVER || span.parent_span_id.is_empty() {
        attributes
            .extend(of_resource.into_iter().map(|(key, value)| (format!("otel.resource.{key}"), value)));
    }
    document["metadata"] = json!({ "default": attributes });
    document
}

fn http(attributes: &mut Map<String, Value>, kind: i32) -> Option<Value> {
    let method = attributes.remove("http.method").or_else(|| attributes.remove("http.request.method"))?;
    let status =
        attributes.remove("http.status_code").or_else(|| attributes.remove("http.response.status_code"));
    let host = if kind == SERVER { "server.address" } else { "net.peer.name" };
    let host = attributes.remove(host).or_else(|| attributes.remove("http.host"));
    let path = attributes.remove("http.target").or_else(|| attributes.remove("url.path"));
    let mut request = json!({ "method": method });
    if let (Some(Value::String(host)), Some(Value::String(path))) = (host, path) {
        request["url"] = format!("http://{host}{path}").into();
    }
    Some(json!({ "request": request, "response": { "status": status, "content_length": 0 } }))
}

fn pair(attribute: KeyValue) -> (String, Value) {
    let value = match attribute.value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text.into(),
        Some(any_value::Value::BoolValue(flag)) => flag.into(),
        Some(any_value::Value::IntValue(number)) => number.into(),
        Some(any_value::Value::DoubleValue(number)) => number.into(),
        _ => Value::Null,
    };
    (attribute.key, value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
