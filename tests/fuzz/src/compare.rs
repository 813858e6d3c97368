//! Tables against the structs that prost makes of the same bytes, field by field.

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource as ResourceStruct;
use opentelemetry_proto::tonic::{logs::v1 as logs, trace::v1 as traces};
use otlp::{Attributes, Event, Link, LogRecord, Logs, Payload, Resource, Scope, Span, Traces, Value};

use crate::reference::Reference;

mod metrics;

/// Panics at the first field that differs.
pub(crate) fn same_request(payload: &Payload, reference: &Reference) {
    match (payload, reference) {
        (Payload::Traces(found), Reference::Traces(expected)) => {
            same_traces(found, &expected.resource_spans);
        }
        (Payload::Metrics(found), Reference::Metrics(expected)) => {
            metrics::same_metrics(found, &expected.resource_metrics);
        }
        (Payload::Logs(found), Reference::Logs(expected)) => same_logs(found, &expected.resource_logs),
        _ => unreachable!("both were read as one signal"),
    }
}

fn same_traces(found: &Traces, expected: &[traces::ResourceSpans]) {
    pairs(found.resources(), expected, |group, expected| {
        same_resource(group.resource(), expected.resource.as_ref());
        assert_eq!(group.schema_url(), *expected.schema_url);
        pairs(group.scopes(), &expected.scope_spans, |scope, expected| {
            same_scope(scope.scope(), expected.scope.as_ref());
            assert_eq!(scope.schema_url(), *expected.schema_url);
            pairs(scope.spans(), &expected.spans, same_span);
        });
    });
}

fn same_logs(found: &Logs, expected: &[logs::ResourceLogs]) {
    pairs(found.resources(), expected, |group, expected| {
        same_resource(group.resource(), expected.resource.as_ref());
        assert_eq!(group.schema_url(), *expected.schema_url);
        pairs(group.scopes(), &expected.scope_logs, |scope, expected| {
            same_scope(scope.scope(), expected.scope.as_ref());
            assert_eq!(scope.schema_url(), *expected.schema_url);
            pairs(scope.records(), &expected.log_records, same_record);
        });
    });
}

/// Compares two lists, one by one, and that they are equally long.
fn pairs<F, E>(
    found: impl Iterator<Item = F>,
    expected: impl IntoIterator<Item = E>,
    mut compare: impl FnMut(F, E),
) {
    let mut expected = expected.into_iter();
    for found in found {
        compare(found, expected.next().expect("prost finds as many"));
    }
    assert!(expected.next().is_none(), "prost finds more");
}

fn same_resource(found: Resource<'_>, expected: Option<&ResourceStruct>) {
    let expected = expected.cloned().unwrap_or_default();
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.dropped_attributes_count(), expected.dropped_attributes_count);
}

fn same_scope(found: Scope<'_>, expected: Option<&InstrumentationScope>) {
    let expected = expected.cloned().unwrap_or_default();
    assert_eq!(found.name(), *expected.name);
    assert_eq!(found.version(), *expected.version);
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.dropped_attributes_count(), expected.dropped_attributes_count);
}

fn same_span(found: Span<'_>, expected: &traces::Span) {
    assert_eq!(found.trace_id(), expected.trace_id);
    assert_eq!(found.span_id(), expected.span_id);
    assert_eq!(found.parent_span_id(), expected.parent_span_id);
    assert_eq!(found.trace_state(), *expected.trace_state);
    assert_eq!(found.flags(), expected.flags);
    assert_eq!(found.name(), *expected.name);
    assert_eq!(found.kind(), expected.kind);
    assert_eq!(found.start_time_unix_nano(), expected.start_time_unix_nano);
    assert_eq!(found.end_time_unix_nano(), expected.end_time_unix_nano);
    assert_eq!(found.dropped_attributes_count(), expected.dropped_attributes_count);
    assert_eq!(found.dropped_events_count(), expected.dropped_events_count);
    assert_eq!(found.dropped_links_count(), expected.dropped_links_count);
    let status = expected.status.clone().unwrap_or_default();
    assert_eq!(found.status().code, status.code);
    assert_eq!(found.status().message, *status.message);
    same_attributes(found.attributes(), &expected.attributes);
    pairs(found.events(), &expected.events, same_event);
    pairs(found.links(), &expected.links, same_link);
}

fn same_event(found: Event<'_>, expected: &traces::span::Event) {
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.name(), *expected.name);
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.dropped_attributes_count(), expected.dropped_attributes_count);
}

fn same_link(found: Link<'_>, expected: &traces::span::Link) {
    assert_eq!(found.trace_id(), expected.trace_id);
    assert_eq!(found.span_id(), expected.span_id);
    assert_eq!(found.trace_state(), *expected.trace_state);
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.dropped_attributes_count(), expected.dropped_attributes_count);
    assert_eq!(found.flags(), expected.flags);
}

fn same_record(found: LogRecord<'_>, expected: &logs::LogRecord) {
    assert_eq!(found.time_unix_nano(), expected.time_unix_nano);
    assert_eq!(found.observed_time_unix_nano(), expected.observed_time_unix_nano);
    assert_eq!(found.severity_number(), expected.severity_number);
    assert_eq!(found.severity_text(), *expected.severity_text);
    same_value(found.body(), expected.body.as_ref());
    same_attributes(found.attributes(), &expected.attributes);
    assert_eq!(found.dropped_attributes_count(), expected.dropped_attributes_count);
    assert_eq!(found.flags(), expected.flags);
    assert_eq!(found.trace_id(), expected.trace_id);
    assert_eq!(found.span_id(), expected.span_id);
    assert_eq!(found.event_name(), *expected.event_name);
}

fn same_attributes(found: Attributes<'_>, expected: &[KeyValue]) {
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.is_empty(), expected.is_empty());
    pairs(found.iter(), expected, |(key, value), expected| {
        assert_eq!(key, *expected.key);
        same_value(value, expected.value.as_ref());
        let first = expected_value(found, &expected.key);
        assert_eq!(format!("{:?}", found.get(&expected.key)), format!("{first:?}"));
    });
}

/// Found by walking over all, where `get` may take a shorter way.
fn expected_value<'a>(attributes: Attributes<'a>, key: &str) -> Option<Value<'a>> {
    attributes.iter().find(|(name, _)| *name == *key).map(|(_, value)| value)
}

fn same_value(found: Value<'_>, expected: Option<&AnyValue>) {
    match (found, expected.and_then(|expected| expected.value.as_ref())) {
        // In the dictionary that only profiles have.
        (_, Some(AnyKind::StringValueStrindex(_))) => (),
        (Value::Empty, None) => (),
        (Value::Text(found), Some(AnyKind::StringValue(expected))) => assert_eq!(found, **expected),
        (Value::Bool(found), Some(AnyKind::BoolValue(expected))) => assert_eq!(found, *expected),
        (Value::Int(found), Some(AnyKind::IntValue(expected))) => assert_eq!(found, *expected),
        (Value::Double(found), Some(AnyKind::DoubleValue(expected))) => {
            assert_eq!(found.to_bits(), expected.to_bits());
        }
        (Value::Bytes(found), Some(AnyKind::BytesValue(expected))) => assert_eq!(found, expected),
        (Value::Array(found), Some(AnyKind::ArrayValue(expected))) => {
            pairs(found.iter(), &expected.values, |found, expected| same_value(found, Some(expected)));
        }
        (Value::Map(found), Some(AnyKind::KvlistValue(expected))) => {
            same_attributes(found, &expected.values);
        }
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
    // Whatever it is, it can be shown.
    drop(found.to_text());
}
