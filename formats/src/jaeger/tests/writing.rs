//! OTLP to Jaeger, by tables.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

use super::model::{self, PostSpansRequest};
use super::{hex, payload, traces};
use crate::jaeger::encode;

#[test]
fn a_batch_is_written_byte_for_byte() {
    let expected = "
        0ae101
        0ac6010a100000000000000000a1a2a3a4a5a6a7a81208b1b2b3b4b5b6b7b81a02646f221c0a100000000000000000a1a2a3a4a5
        a6a7a81208c1c2c3c4c5c6c7c832090880e2cfaa0610e8073a05080110f40342160a0f6f74656c2e73636f70652e6e616d651a03
        6c696242100a016e100228ffffffffffffffffff0142130a097370616e2e6b696e641a0673657276657242160a106f74656c2e73
        74617475735f636f64651a024f4b4a1d0a0c0880e2cfaa061080cab5ee01120d0a056576656e741a047469636b12160a03706179
        120f0a09686f73742e6e616d651a026839";
    let span = Span {
        trace_id: hex("0000000000000000a1a2a3a4a5a6a7a8"),
        span_id: hex("b1b2b3b4b5b6b7b8"),
        parent_span_id: hex("c1c2c3c4c5c6c7c8"),
        name: "do".to_owned(),
        kind: 2,
        start_time_unix_nano: 1_700_000_000_000_001_000,
        end_time_unix_nano: 1_700_000_001_000_001_500,
        attributes: vec![attribute("n", Value::IntValue(-1))],
        events: vec![event(1_700_000_000_500_000_000, "tick", vec![])],
        status: Some(Status { code: 1, message: String::new() }),
        ..Span::default()
    };
    let scope = InstrumentationScope { name: "lib".to_owned(), ..InstrumentationScope::default() };
    let group = ResourceSpans {
        resource: Some(resource(vec![text("service.name", "pay"), text("host.name", "h9")])),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans: vec![span], ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    };
    let payload = payload(&ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec());
    let mut requests = encode(traces(&payload), usize::MAX);
    let request = requests.next().unwrap();
    assert_eq!((request.body, request.spans), (hex(expected), 1));
    assert!(requests.next().is_none());
}

#[test]
fn the_parent_comes_first_and_links_follow() {
    const T: u8 = 1;
    const X: u8 = 9;
    let link = |trace: u8, span: u8, ref_type: &str| Link {
        trace_id: vec![trace; 16],
        span_id: vec![span; 8],
        attributes: if ref_type.is_empty() { vec![] } else { vec![text("opentracing.ref_type", ref_type)] },
        ..Link::default()
    };
    let span = Span {
        trace_id: vec![T; 16],
        parent_span_id: vec![5; 8],
        links: vec![link(T, 5, "follows_from"), link(X, 1, ""), link(X, 2, "child_of")],
        ..Span::default()
    };
    let references = |span| {
        let references = written(span).references.into_iter();
        references.map(|one| (one.trace_id[0], one.span_id[0], one.ref_type)).collect::<Vec<_>>()
    };
    assert_eq!(references(span.clone()), [(T, 5, 1), (X, 1, 1), (X, 2, 0)]);
    assert_eq!(references(Span { links: vec![link(T, 5, "")], ..span.clone() }), [(T, 5, 1)]);
    assert_eq!(references(Span { links: vec![link(X, 5, "")], ..span.clone() }), [(T, 5, 0), (X, 5, 1)]);
    assert_eq!(references(Span { links: vec![], ..span.clone() }), [(T, 5, 0)]);
    assert_eq!(references(Span { links: vec![], parent_span_id: vec![], ..span }), []);
}

#[test]
fn an_event_is_a_log() {
    let events = vec![
        event(0, "n", vec![text("event", "own")]),
        event(0, "", vec![]),
        event(1_000_000_001, "n", vec![attribute("a", Value::BoolValue(true))]),
    ];
    let logs = written(Span { events, ..Span::default() }).logs;
    let fields: Vec<_> = logs.iter().map(|log| log.fields.clone()).collect();
    assert_eq!(
        fields,
        [vec![model::text("event", "own")], vec![], vec![model::text("event", "n"), model::flag("a", true)]]
    );
    let time = logs[2].timestamp.unwrap();
    assert_eq!((time.seconds, time.nanos), (1, 1));
}

#[test]
fn kind_status_and_state_are_tags_behind_the_attributes() {
    let span = Span {
        kind: 4,
        trace_state: "a=1".to_owned(),
        status: Some(Status { code: 2, message: "boom".to_owned() }),
        attributes: vec![text("a", "b")],
        ..Span::default()
    };
    let expected = [
        model::text("a", "b"),
        model::text("span.kind", "producer"),
        model::text("otel.status_code", "ERROR"),
        model::flag("error", true),
        model::text("otel.status_description", "boom"),
        model::text("w3c.tracestate", "a=1"),
    ];
    assert_eq!(written(span).tags, expected);
    for kind in [0, 6, -1] {
        assert_eq!(written(Span { kind, ..Span::default() }).tags, []);
    }
}

#[test]
fn what_jaeger_has_no_type_for_is_json() {
    let list =
        ArrayValue { values: vec![any(Value::DoubleValue(2.0)), any(Value::BytesValue(vec![1, 255]))] };
    let map = vec![text("b", "<&>"), attribute("a", Value::ArrayValue(list))];
    let attributes = vec![
        attribute("map", Value::KvlistValue(KeyValueList { values: map })),
        KeyValue { key: "nothing".to_owned(), ..KeyValue::default() },
        attribute("zero", Value::IntValue(0)),
    ];
    let expected = [
        model::text("map", r#"{"a":[2,"Af8="],"b":"<&>"}"#),
        model::text("nothing", ""),
        model::int("zero", 0),
    ];
    assert_eq!(written(Span { attributes, ..Span::default() }).tags, expected);
}

#[test]
fn a_resource_is_a_process() {
    let processes = [
        (vec![], Some(("OTLPResourceNoServiceName", vec![]))),
        (vec![text("a", "b")], Some(("", vec![model::text("a", "b")]))),
        (
            vec![text("a", "b"), text("service.name", "s"), text("c", "d")],
            Some(("s", vec![model::text("a", "b"), model::text("c", "d")])),
        ),
        (vec![attribute("service.name", Value::IntValue(5))], Some(("5", vec![]))),
    ];
    for (attributes, expected) in processes {
        let batch = batches(&[group(attributes, vec![Span::default()])], usize::MAX).remove(0);
        let process = batch.process.unwrap();
        assert_eq!(Some((process.service_name.as_str(), process.tags)), expected);
    }
}

#[test]
fn a_resource_without_spans_is_a_process_alone_and_without_anything_nothing() {
    let empty = ResourceSpans::default();
    let lone = ResourceSpans { resource: Some(resource(vec![text("service.name", "s")])), ..empty.clone() };
    let batches = batches(&[empty, lone], usize::MAX);
    assert_eq!(batches.len(), 1);
    assert_eq!(
        (batches[0].spans.len(), batches[0].process.clone().unwrap().service_name),
        (0, "s".to_owned())
    );
}

#[test]
fn a_duration_that_jaeger_refuses_becomes_the_nearest() {
    let span = Span { start_time_unix_nano: u64::MAX, ..Span::default() };
    let duration = written(span).duration.unwrap();
    assert_eq!((duration.seconds, duration.nanos), (-9_223_372_036, -854_775_808));
    let span = Span { end_time_unix_nano: 1_500_000_000, ..Span::default() };
    let duration = written(span).duration.unwrap();
    assert_eq!((duration.seconds, duration.nanos), (1, 500_000_000));
}

#[test]
fn requests_stay_within_the_limit() {
    let span = |n: usize| Span { name: format!("span {n}"), trace_id: vec![1; 16], ..Span::default() };
    let groups = [
        group(vec![text("service.name", "a")], (0..20).map(span).collect()),
        group(vec![text("service.name", "b")], (20..25).map(span).collect()),
    ];
    for limit in [0, 100, 150, 500, 1000, 10_000] {
        let bytes = ExportTraceServiceRequest { resource_spans: groups.to_vec() }.encode_to_vec();
        let payload = payload(&bytes);
        let requests: Vec<_> = encode(traces(&payload), limit).collect();
        assert!(requests.iter().all(|one| one.body.len() <= limit || one.spans == 1), "{limit}");
        let batches: Vec<_> = requests.iter().map(|one| (one.spans, read(&one.body))).collect();
        assert!(batches.iter().all(|(spans, batch)| batch.spans.len() == *spans));
        let names = batches.iter().flat_map(|(_, batch)| batch.spans.iter().map(|span| &span.operation_name));
        let expected: Vec<_> = (0..25).map(|n| format!("span {n}")).collect();
        assert!(names.eq(&expected), "{limit}");
    }
}

/// The only span, as it is written.
fn written(span: Span) -> model::Span {
    batches(&[group(vec![], vec![span])], usize::MAX).remove(0).spans.remove(0)
}

fn batches(groups: &[ResourceSpans], limit: usize) -> Vec<model::Batch> {
    let payload = payload(&ExportTraceServiceRequest { resource_spans: groups.to_vec() }.encode_to_vec());
    encode(traces(&payload), limit).map(|request| read(&request.body)).collect()
}

fn read(body: &[u8]) -> model::Batch {
    PostSpansRequest::decode(body).unwrap().batch.unwrap()
}

fn group(attributes: Vec<KeyValue>, spans: Vec<Span>) -> ResourceSpans {
    ResourceSpans {
        resource: Some(resource(attributes)),
        scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }
}

fn resource(attributes: Vec<KeyValue>) -> Resource {
    Resource { attributes, ..Resource::default() }
}

fn event(time_unix_nano: u64, name: &str, attributes: Vec<KeyValue>) -> Event {
    Event { time_unix_nano, name: name.to_owned(), attributes, ..Event::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}
