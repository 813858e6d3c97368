//! Telemetry to send.

use crate::backend::Export;
use crate::proto::collector::logs::v1::ExportLogsServiceRequest;
use crate::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use crate::proto::collector::trace::v1::ExportTraceServiceRequest;
use crate::proto::common::v1::any_value::Value;
use crate::proto::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use crate::proto::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use crate::proto::metrics::v1::metric::Data;
use crate::proto::metrics::v1::number_data_point::Value as Number;
use crate::proto::metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics};
use crate::proto::resource::v1::Resource;
use crate::proto::trace::v1::span::{Event, Link};
use crate::proto::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// A moment: nanoseconds since 1970.
pub const MOMENT: u64 = 1_700_000_000_123_456_789;

/// `count` spans of one resource and scope, named `<name> <number>`.
#[must_use]
pub fn spans(name: &str, count: usize) -> Export {
    Export::Traces(trace_request((0..count).map(|number| span(&format!("{name} {number}"))).collect()))
}

/// As many data points, each in a gauge of its own.
#[must_use]
pub fn points(name: &str, count: usize) -> Export {
    let metrics = (0..count).map(|number| gauge(&format!("{name}.{number}"))).collect();
    let scope = ScopeMetrics { scope: Some(scope()), metrics, schema_url: String::new() };
    let resource =
        ResourceMetrics { resource: Some(resource()), scope_metrics: vec![scope], schema_url: String::new() };
    Export::Metrics(ExportMetricsServiceRequest { resource_metrics: vec![resource] })
}

/// As many log records.
#[must_use]
pub fn records(name: &str, count: usize) -> Export {
    let log_records = (0..count).map(|number| record(&format!("{name} {number}"))).collect();
    let scope = ScopeLogs { scope: Some(scope()), log_records, schema_url: String::new() };
    let resource =
        ResourceLogs { resource: Some(resource()), scope_logs: vec![scope], schema_url: String::new() };
    Export::Logs(ExportLogsServiceRequest { resource_logs: vec![resource] })
}

/// The request of [`spans`].
#[must_use]
pub fn trace_request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope =
        ScopeSpans { scope: Some(scope()), spans, schema_url: "https://example.com/scope".to_owned() };
    let resource = ResourceSpans {
        resource: Some(resource()),
        scope_spans: vec![scope],
        schema_url: "https://example.com/resource".to_owned(),
    };
    ExportTraceServiceRequest { resource_spans: vec![resource] }
}

/// A span with something in every field.
#[must_use]
pub fn span(name: &str) -> Span {
    let (trace_id, span_id) = (vec![0x5b; 16], vec![0xee; 8]);
    Span {
        trace_id: trace_id.clone(),
        span_id: span_id.clone(),
        trace_state: "vendor=state".to_owned(),
        parent_span_id: vec![0xaa; 8],
        flags: 0x301,
        name: name.to_owned(),
        kind: 2,
        start_time_unix_nano: MOMENT,
        end_time_unix_nano: MOMENT + 1_000_000,
        attributes: attributes(),
        dropped_attributes_count: 1,
        events: vec![Event {
            time_unix_nano: MOMENT + 1,
            name: "event".to_owned(),
            attributes: attributes(),
            dropped_attributes_count: 2,
        }],
        dropped_events_count: 3,
        links: vec![Link {
            trace_id,
            span_id,
            trace_state: "linked=yes".to_owned(),
            attributes: attributes(),
            dropped_attributes_count: 4,
            flags: 0x100,
        }],
        dropped_links_count: 5,
        status: Some(Status { code: 2, message: "it broke".to_owned() }),
    }
}

/// One attribute of each type.
#[must_use]
pub fn attributes() -> Vec<KeyValue> {
    let list = ArrayValue { values: vec![any(Value::StringValue("a".to_owned())), any(Value::IntValue(-1))] };
    let map = KeyValueList { values: vec![attribute("inside", Value::BoolValue(false))] };
    vec![
        attribute("text", Value::StringValue("Zürich".to_owned())),
        attribute("truth", Value::BoolValue(true)),
        attribute("whole", Value::IntValue(i64::MAX)),
        attribute("fraction", Value::DoubleValue(0.1)),
        attribute("bytes", Value::BytesValue(vec![0, 255, 7])),
        attribute("list", Value::ArrayValue(list)),
        attribute("map", Value::KvlistValue(map)),
        KeyValue { key: "nothing".to_owned(), value: None, ..KeyValue::default() },
    ]
}

/// One attribute.
#[must_use]
pub fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn resource() -> Resource {
    let name = attribute("service.name", Value::StringValue("shop".to_owned()));
    let mut attributes = attributes();
    attributes.push(name);
    Resource { attributes, dropped_attributes_count: 6, ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "library".to_owned(),
        version: "1.2.3".to_owned(),
        attributes: attributes(),
        dropped_attributes_count: 7,
    }
}

fn gauge(name: &str) -> Metric {
    let point = NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: MOMENT - 1,
        time_unix_nano: MOMENT,
        value: Some(Number::AsInt(-42)),
        ..NumberDataPoint::default()
    };
    Metric {
        name: name.to_owned(),
        description: "a gauge".to_owned(),
        unit: "By".to_owned(),
        data: Some(Data::Gauge(Gauge { data_points: vec![point] })),
        metadata: Vec::new(),
    }
}

fn record(body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: MOMENT,
        observed_time_unix_nano: MOMENT + 5,
        severity_number: 9,
        severity_text: "Info".to_owned(),
        body: Some(any(Value::StringValue(body.to_owned()))),
        attributes: attributes(),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: vec![0x5b; 16],
        span_id: vec![0xee; 8],
        event_name: "event".to_owned(),
    }
}
