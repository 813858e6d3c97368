//! Requests for tests, made by the reference codec.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
    exponential_histogram_data_point, metric::Data, number_data_point, summary_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Few keys, so that attributes meet.
pub(crate) const KEYS: [&str; 5] = ["a", "service.name", "http.route", "x", "k8s.pod.name"];

pub(crate) fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        "[a-z ]{0,20}".prop_map(|text| Some(Value::StringValue(text))),
        "[a-z]{150,200}".prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|flag| Some(Value::BoolValue(flag))),
        any::<i64>().prop_map(|number| Some(Value::IntValue(number))),
        (-1e9..1e9f64).prop_map(|number| Some(Value::DoubleValue(number))),
        vec(any::<u8>(), 0..9).prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ];
    let value = leaf.prop_recursive(2, 6, 3, |inner| {
        let inner = inner.prop_map(|value| AnyValue { value });
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| Some(Value::ArrayValue(ArrayValue { values }))),
            vec(inner, 0..3).prop_map(|values| {
                let values = values.into_iter().map(|value| key_value("inner", Some(value))).collect();
                Some(Value::KvlistValue(KeyValueList { values }))
            }),
        ]
    });
    value.prop_map(|value| AnyValue { value })
}

pub(crate) fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let pair = (proptest::sample::select(KEYS.as_slice()), option::of(any_value()));
    vec(pair.prop_map(|(key, value)| key_value(key, value)), 0..5)
}

pub(crate) fn text_attribute(key: &str, value: &str) -> KeyValue {
    key_value(key, Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) }))
}

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope = (option::of(scope()), vec(span(), 0..6), url());
    let scope = scope.prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let group = (option::of(resource()), vec(scope, 0..3), url());
    let group = group.prop_map(|(resource, scope_spans, schema_url)| ResourceSpans {
        resource,
        scope_spans,
        schema_url,
    });
    vec(group, 0..4).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope = (option::of(scope()), vec(record(), 0..6), url());
    let scope =
        scope.prop_map(|(scope, log_records, schema_url)| ScopeLogs { scope, log_records, schema_url });
    let group = (option::of(resource()), vec(scope, 0..3), url());
    let group = group.prop_map(|(resource, scope_logs, schema_url)| ResourceLogs {
        resource,
        scope_logs,
        schema_url,
    });
    vec(group, 0..4).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

pub(crate) fn metrics() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let scope = (option::of(scope()), vec(metric(), 0..4), url());
    let scope = scope.prop_map(|(scope, metrics, schema_url)| ScopeMetrics { scope, metrics, schema_url });
    let group = (option::of(resource()), vec(scope, 0..3), url());
    let group = group.prop_map(|(resource, scope_metrics, schema_url)| ResourceMetrics {
        resource,
        scope_metrics,
        schema_url,
    });
    vec(group, 0..4).prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}

fn key_value(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn url() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("https://opentelemetry.io/schemas/1.24.0".to_owned())]
}

fn resource() -> impl Strategy<Value = Resource> {
    (attributes(), 0..3u32).prop_map(|(attributes, dropped_attributes_count)| Resource {
        attributes,
        dropped_attributes_count,
        ..Resource::default()
    })
}

fn scope() -> impl Strategy<Value = InstrumentationScope> {
    ("[a-z]{0,9}", "[0-9.]{0,5}", attributes()).prop_map(|(name, version, attributes)| InstrumentationScope {
        name,
        version,
        attributes,
        dropped_attributes_count: 1,
    })
}

fn span() -> impl Strategy<Value = Span> {
    let status = ("[a-z]{0,9}", 0..3).prop_map(|(message, code)| Status { message, code });
    let parts = (vec(event(), 0..3), vec(link(), 0..2), option::of(status));
    (any::<[u8; 16]>(), "[a-z/ ]{0,30}", any::<u64>(), attributes(), 0..6, any::<u32>(), parts).prop_map(
        |(id, name, time, attributes, kind, flags, (events, links, status))| Span {
            trace_id: id.to_vec(),
            span_id: id[..8].to_vec(),
            name,
            kind,
            flags,
            start_time_unix_nano: time,
            end_time_unix_nano: time ^ 0xffff,
            attributes,
            events,
            links,
            status,
            ..Span::default()
        },
    )
}

fn event() -> impl Strategy<Value = span::Event> {
    ("[a-z]{0,9}", any::<u64>(), attributes()).prop_map(|(name, time_unix_nano, attributes)| span::Event {
        name,
        time_unix_nano,
        attributes,
        dropped_attributes_count: 3,
    })
}

fn link() -> impl Strategy<Value = span::Link> {
    (any::<[u8; 16]>(), attributes(), any::<u32>()).prop_map(|(id, attributes, flags)| span::Link {
        trace_id: id.to_vec(),
        span_id: id[..8].to_vec(),
        trace_state: "a=b".to_owned(),
        attributes,
        flags,
        ..span::Link::default()
    })
}

fn record() -> impl Strategy<Value = LogRecord> {
    (any::<u64>(), 0..25, "[A-Z]{0,5}", option::of(any_value()), attributes(), any::<u32>()).prop_map(
        |(time_unix_nano, severity_number, severity_text, body, attributes, flags)| LogRecord {
            time_unix_nano,
            observed_time_unix_nano: time_unix_nano / 2,
            severity_number,
            severity_text,
            body,
            attributes,
            flags,
            event_name: "event".to_owned(),
            ..LogRecord::default()
        },
    )
}

fn metric() -> impl Strategy<Value = Metric> {
    let temporality = 0..3;
    let sum = (vec(number_point(), 0..4), temporality.clone(), any::<bool>());
    let data = prop_oneof![
        Just(None),
        vec(number_point(), 0..4).prop_map(|data_points| Some(Data::Gauge(Gauge { data_points }))),
        sum.prop_map(|(data_points, aggregation_temporality, is_monotonic)| {
            Some(Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic }))
        }),
        (vec(histogram_point(), 0..4), temporality.clone()).prop_map(
            |(data_points, aggregation_temporality)| {
                Some(Data::Histogram(Histogram { data_points, aggregation_temporality }))
            }
        ),
        (vec(exponential_point(), 0..4), temporality).prop_map(|(data_points, aggregation_temporality)| {
            Some(Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality }))
        }),
        vec(summary_point(), 0..4).prop_map(|data_points| Some(Data::Summary(Summary { data_points }))),
    ];
    ("[a-z.]{0,20}", "[a-z ]{0,20}", "[a-z]{0,3}", attributes(), data).prop_map(
        |(name, description, unit, metadata, data)| Metric { name, description, unit, metadata, data },
    )
}

fn number_point() -> impl Strategy<Value = NumberDataPoint> {
    let value = option::of(prop_oneof![
        any::<i64>().prop_map(number_data_point::Value::AsInt),
        (-1e9..1e9).prop_map(number_data_point::Value::AsDouble),
    ]);
    (attributes(), any::<u64>(), value, vec(exemplar(), 0..2), 0..2u32).prop_map(
        |(attributes, time_unix_nano, value, exemplars, flags)| NumberDataPoint {
            attributes,
            start_time_unix_nano: time_unix_nano / 3,
            time_unix_nano,
            exemplars,
            flags,
            value,
        },
    )
}

fn exemplar() -> impl Strategy<Value = Exemplar> {
    (attributes(), any::<u64>()).prop_map(|(filtered_attributes, time_unix_nano)| Exemplar {
        filtered_attributes,
        time_unix_nano,
        ..Exemplar::default()
    })
}

fn histogram_point() -> impl Strategy<Value = HistogramDataPoint> {
    (attributes(), any::<u64>(), vec(any::<u64>(), 0..9), option::of(0.0..1e9)).prop_map(
        |(attributes, time_unix_nano, bucket_counts, sum)| HistogramDataPoint {
            attributes,
            time_unix_nano,
            count: bucket_counts.len() as u64,
            explicit_bounds: bucket_counts.iter().map(|count| *count as f64).collect(),
            bucket_counts,
            sum,
            max: sum,
            flags: 1,
            ..HistogramDataPoint::default()
        },
    )
}

fn exponential_point() -> impl Strategy<Value = ExponentialHistogramDataPoint> {
    let buckets = (-9..9, vec(any::<u64>(), 0..9)).prop_map(|(offset, bucket_counts)| {
        exponential_histogram_data_point::Buckets { offset, bucket_counts }
    });
    (attributes(), any::<u64>(), -9..9, option::of(buckets), option::of(0.0..1e9)).prop_map(
        |(attributes, time_unix_nano, scale, positive, min)| ExponentialHistogramDataPoint {
            attributes,
            time_unix_nano,
            scale,
            zero_count: 7,
            zero_threshold: 0.5,
            positive,
            min,
            ..ExponentialHistogramDataPoint::default()
        },
    )
}

fn summary_point() -> impl Strategy<Value = SummaryDataPoint> {
    (attributes(), any::<u64>(), 0.0..1.0).prop_map(|(attributes, time_unix_nano, quantile)| {
        SummaryDataPoint {
            attributes,
            time_unix_nano,
            count: 3,
            sum: 4.5,
            quantile_values: vec![summary_data_point::ValueAtQuantile { quantile, value: 2.0 }],
            ..SummaryDataPoint::default()
        }
    })
}
