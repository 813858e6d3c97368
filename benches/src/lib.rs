//! Realistic requests for the benches: what the SDKs of a busy web shop would send.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, metric::Data, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};

/// How many items a scope holds; a resource holds two scopes.
const SCOPE_ITEMS: usize = 256;

/// 2026-01-01, in nanoseconds.
const START: u64 = 1_767_225_600_000_000_000;

/// A request of `count` spans with ten attributes each (six texts, two integers, a boolean, a double), an event on
/// every eighth; about 430 bytes a span.
pub fn traces(count: usize) -> ExportTraceServiceRequest {
    let scopes = chunked(count).map(|items| ScopeSpans {
        scope: Some(scope()),
        spans: items.map(a_span).collect(),
        schema_url: String::new(),
    });
    let resource_spans = pairs(scopes.collect()).map(|scope_spans| ResourceSpans {
        resource: Some(resource()),
        scope_spans,
        schema_url: String::new(),
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

/// A request of `count` data points: counters, gauges and histograms in turn, eight points a metric.
pub fn metrics(count: usize) -> ExportMetricsServiceRequest {
    let scopes = chunked(count).map(|items| ScopeMetrics {
        scope: Some(scope()),
        metrics: items.clone().step_by(8).map(|first| a_metric(first, items.end)).collect(),
        schema_url: String::new(),
    });
    let resource_metrics = pairs(scopes.collect()).map(|scope_metrics| ResourceMetrics {
        resource: Some(resource()),
        scope_metrics,
        schema_url: String::new(),
    });
    ExportMetricsServiceRequest { resource_metrics: resource_metrics.collect() }
}

/// A request of `count` log records with four attributes each.
pub fn logs(count: usize) -> ExportLogsServiceRequest {
    let scopes = chunked(count).map(|items| ScopeLogs {
        scope: Some(scope()),
        log_records: items.map(a_log_record).collect(),
        schema_url: String::new(),
    });
    let resource_logs = pairs(scopes.collect()).map(|scope_logs| ResourceLogs {
        resource: Some(resource()),
        scope_logs,
        schema_url: String::new(),
    });
    ExportLogsServiceRequest { resource_logs: resource_logs.collect() }
}

fn chunked(count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..count).step_by(SCOPE_ITEMS).map(move |first| first..count.min(first + SCOPE_ITEMS))
}

fn pairs<T>(scopes: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut scopes = scopes.into_iter();
    std::iter::from_fn(move || {
        let pair: Vec<T> = scopes.by_ref().take(2).collect();
        (!pair.is_empty()).then_some(pair)
    })
}

fn resource() -> Resource {
    Resource {
        attributes: vec![
            text("service.name", "checkout"),
            text("service.version", "1.42.0"),
            text("service.instance.id", "7f9c24e8-3b12-4fef-91e0-c4a1f5d3b9aa"),
            text("telemetry.sdk.language", "java"),
            text("host.name", "ip-10-2-33-171.eu-west-1.compute.internal"),
        ],
        ..Resource::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "io.opentelemetry.tomcat-10.0".to_owned(),
        version: "2.11.0-alpha".to_owned(),
        ..InstrumentationScope::default()
    }
}

fn a_span(n: usize) -> Span {
    let start = START + n as u64 * 1_000_003;
    let events = if n.is_multiple_of(8) { vec![an_event(start)] } else { Vec::new() };
    Span {
        trace_id: id(n / 8, 1).to_be_bytes().to_vec(),
        span_id: (id(n, 2) as u64).to_be_bytes().to_vec(),
        parent_span_id: (id(n, 3) as u64).to_be_bytes().to_vec(),
        name: "GET /api/v1/orders/{id}".to_owned(),
        kind: span::SpanKind::Server.into(),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1_234_567,
        attributes: span_attributes(n),
        events,
        status: Some(Status { code: (n % 3) as i32, ..Status::default() }),
        flags: 0x101,
        ..Span::default()
    }
}

fn span_attributes(n: usize) -> Vec<KeyValue> {
    vec![
        text("http.request.method", ["GET", "POST", "PUT"][n % 3]),
        text("http.route", "/api/v1/orders/{id}"),
        text("url.path", &format!("/api/v1/orders/{}", 100_000 + n * 7919 % 900_000)),
        text("server.address", "shop.example.com"),
        text("user_agent.original", "okhttp/4.12.0 (Android 15)"),
        text("network.peer.address", &format!("10.2.{}.{}", n % 256, n * 31 % 256)),
        attribute("http.response.status_code", Value::IntValue([200, 404, 503][n % 3])),
        attribute("server.port", Value::IntValue(8443)),
        attribute("cache.hit", Value::BoolValue(n.is_multiple_of(2))),
        attribute("cart.total", Value::DoubleValue(n as f64 * 1.37 + 0.1)),
    ]
}

fn an_event(time: u64) -> span::Event {
    span::Event {
        time_unix_nano: time + 1000,
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", "java.io.IOException"),
            text("exception.message", "connection \"reset\" by peer"),
        ],
        ..span::Event::default()
    }
}

fn a_metric(first: usize, end: usize) -> Metric {
    let items = first..end.min(first + 8);
    let temporality = AggregationTemporality::Cumulative.into();
    let (name, data) = match first / 8 % 3 {
        0 => {
            let data_points = items.map(a_number).collect();
            let sum = Sum { data_points, aggregation_temporality: temporality, is_monotonic: true };
            ("http.server.requests", Data::Sum(sum))
        }
        1 => ("process.memory.usage", Data::Gauge(Gauge { data_points: items.map(a_number).collect() })),
        _ => {
            let data_points = items.map(a_histogram).collect();
            let histogram = Histogram { data_points, aggregation_temporality: temporality };
            ("http.server.request.duration", Data::Histogram(histogram))
        }
    };
    Metric { name: name.to_owned(), unit: "s".to_owned(), data: Some(data), ..Metric::default() }
}

fn a_number(n: usize) -> NumberDataPoint {
    let value = if n.is_multiple_of(2) {
        number_data_point::Value::AsInt(n as i64 * 17)
    } else {
        number_data_point::Value::AsDouble(n as f64 * 0.37)
    };
    NumberDataPoint {
        attributes: point_attributes(n),
        start_time_unix_nano: START,
        time_unix_nano: START + 60_000_000_000,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn a_histogram(n: usize) -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: point_attributes(n),
        start_time_unix_nano: START,
        time_unix_nano: START + 60_000_000_000,
        count: 15 * n as u64,
        sum: Some(n as f64 * 1.7),
        bucket_counts: (0..15).map(|bucket| bucket * n as u64 % 97).collect(),
        explicit_bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]
            .to_vec(),
        min: Some(0.001),
        max: Some(9.75),
        ..HistogramDataPoint::default()
    }
}

fn point_attributes(n: usize) -> Vec<KeyValue> {
    vec![
        text("http.request.method", ["GET", "POST", "PUT"][n % 3]),
        text("http.route", "/api/v1/orders/{id}"),
        attribute("http.response.status_code", Value::IntValue([200, 404, 503][n % 3])),
    ]
}

fn a_log_record(n: usize) -> LogRecord {
    let time = START + n as u64 * 1_000_003;
    let line = format!("order {} was paid with a card ending in {:04}", 100_000 + n, n * 37 % 10_000);
    LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time + 250_000,
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: Some(AnyValue { value: Some(Value::StringValue(line)) }),
        attributes: vec![
            text("logger.name", "com.example.checkout.PaymentService"),
            text("thread.name", "http-nio-8443-exec-7"),
            attribute("thread.id", Value::IntValue(42)),
            text("user.id", &format!("u-{}", n * 7919 % 100_000)),
        ],
        trace_id: id(n / 8, 1).to_be_bytes().to_vec(),
        span_id: (id(n, 2) as u64).to_be_bytes().to_vec(),
        flags: 1,
        ..LogRecord::default()
    }
}

/// Looks random, is not.
fn id(n: usize, salt: u128) -> u128 {
    (n as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).wrapping_mul(salt | 1)
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
